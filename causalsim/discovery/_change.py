"""Directions from changes: causes and mechanisms change independently of each other.

If x causes y, the changes of P(x) say nothing about those of P(y | x). P(y) and P(x | y) both
hold the changes of x and of the mechanism, and so change together [Huang2020]_. Which of the two
holds is asked of trajectories: the coefficients and the log variance of a local regression along
time (:mod:`._time_width`), or one in each domain. Their dependence is the HSIC of two Gaussian
kernels on standardised trajectories, of width 1.5 sqrt(k) for k coordinates: narrower ones see
that estimates are noisier where the cause varies little, and reject the truth.

Its reference keeps each trajectory as smooth as it is: the one is shifted against the other in a
circle, or domains are permuted. Two drifts that rise and fall a few times only go together by
chance more often than their many rows suggest, and the shifts know that.

A direction is decided if the other one is rejected at ``level`` and it is not even at twice that
level. So neither two modules without change, nor two that one driver moves, nor those whose
changes look independent in both directions (as drifting means of linear Gaussian variables with
equal drift-to-noise ratios do, by symmetry) are decided, but for a share of about 2 ``level``.

The published scores (:mod:`._embedding`) are given beside; they are not used, since their sign
hangs on the widths of the kernels.

References
----------
.. [Huang2020] Huang et al., Causal discovery from heterogeneous/nonstationary data, Journal of
   Machine Learning Research 21(89): section 4.2.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, final

import numpy as np
from numpy.typing import NDArray

from causalsim._rng import RNG, check_rng
from causalsim.discovery._embedding import Published, embedding, published
from causalsim.discovery._modules import Module, Positions
from causalsim.discovery._time_width import best_fit, design, shrunk_variance, smooth, unit
from causalsim.errors import OptionError
from causalsim.kernels import Gaussian, centred

__all__ = ["Comparison", "Direction", "compare_changes", "direction", "trajectory", "verdict_of"]

Floats = NDArray[np.float64]
Verdict = Literal["forward", "backward", "undecided"]

POINTS = 150
PERMUTATIONS, ENTRIES = 999, 1_000_000
WIDTH = 1.5
LEVEL = 0.05
NONE = np.empty((0, 0))


@final
@dataclass(frozen=True)
class Comparison:
    """How two modules change together.

    Parameters
    ----------
    dependence : float
        HSIC of the two trajectories over the geometric mean of their own, from 0 to 1.
    p_value : float
        Of as large a dependence, if the two change independently; 1 if one does not change.
    """

    dependence: float
    p_value: float


@final
@dataclass(frozen=True)
class Direction:
    """What changes say about x --> y (forward) and y --> x (backward).

    Parameters
    ----------
    forward, backward : float
        Dependence of the changes under that direction, from 0 to 1; the smaller is likelier.
    margin : float
        (backward - forward) over their sum, from -1 to 1.
    p_forward, p_backward : float
        Of that direction: small if its changes are dependent.
    verdict : {"forward", "backward", "undecided"}
    published : tuple of Published
        The published scores, forward and backward.
    """

    forward: float
    backward: float
    margin: float
    p_forward: float
    p_backward: float
    verdict: Verdict
    published: tuple[Published, Published]

    def to_dict(self) -> dict[str, Any]:
        """Give plain values."""
        return asdict(self)


def direction(
    x: Floats,
    y: Floats,
    context: Positions,
    *,
    x_parents: Floats = NONE,
    y_parents: Floats = NONE,
    level: float = LEVEL,
    rng: RNG = None,
) -> Direction:
    """Compare x --> y with y --> x by the independence of changes.

    Parameters
    ----------
    x, y : array of shape (n,)
        Two variables that both change with the context.
    context : Positions
    x_parents, y_parents : array of shape (n, d), optional
        Known parents beside each other.
    level : float
    rng : int, Generator or None
        For permutations of domains; nothing is random over time.

    Returns
    -------
    Direction

    Raises
    ------
    DataError
        If shapes differ, values are missing, or a variable does not vary.
    OptionError
        If ``level`` is not between 0 and .5.

    Examples
    --------
    >>> rng, t = np.random.default_rng(4), np.arange(600) / 6
    >>> x = np.sin(t) + 0.5 * rng.normal(size=600)
    >>> slope = 1 + 0.6 * np.sin(0.7 * t) * np.cos(0.3 * t)
    >>> y = slope * np.tanh(x) + 0.3 * rng.normal(size=600)
    >>> direction(x, y, Positions.times(np.arange(600))).verdict
    'forward'
    """
    check_level(level)
    of_x, of_y = _as_parents(x_parents, context), _as_parents(y_parents, context)
    pairs = [
        (Module(above, cause, context), Module(np.column_stack([cause, beside]), effect, context))
        for cause, effect, above, beside in ((x, y, of_x, of_y), (y, x, of_y, of_x))
    ]
    seed = int(check_rng(rng).integers(2**63))
    there, back = (
        compare_changes(trajectory(first), trajectory(second), context.kind, rng=seed)
        for first, second in pairs
    )
    scores = [published(embedding(first), embedding(second)) for first, second in pairs]
    total = there.dependence + back.dependence
    return Direction(
        there.dependence,
        back.dependence,
        (back.dependence - there.dependence) / total if total > 0 else 0.0,
        there.p_value,
        back.p_value,
        verdict_of(there.p_value, back.p_value, level),
        (scores[0], scores[1]),
    )


def check_level(level: float) -> None:
    """Refuse what is no level.

    >>> check_level(0.05)
    """
    if not 0 < level < 0.5:
        raise OptionError(f"level={level!r}: expected a number between 0 and .5; write .05.")


def verdict_of(p_forward: float, p_backward: float, level: float = LEVEL) -> Verdict:
    """Decide for the direction that stands while the other one falls.

    Examples
    --------
    >>> verdict_of(0.6, 0.01), verdict_of(0.07, 0.01), verdict_of(0.02, 0.4)
    ('forward', 'undecided', 'backward')
    """
    if p_backward <= level and p_forward > 2 * level:
        return "forward"
    return "backward" if p_forward <= level and p_backward > 2 * level else "undecided"


def trajectory(module: Module) -> Floats:
    """Follow a module through the context.

    Parameters
    ----------
    module : Module

    Returns
    -------
    array of shape (c, k)
        Coefficients, and log variance of what they leave, at 150 times evenly spaced or in each
        domain. k = 0 if no change over time is visible.

    Examples
    --------
    >>> y = np.array([0.0, 2.0, 5.0, 9.0])
    >>> trajectory(Module(np.empty((4, 0)), y, Positions.domains(list("aabb")))).shape
    (2, 2)
    """
    context = module.context
    if context.kind == "domain":
        rows, sizes = context.values.astype(np.intp), context.members.sum(axis=0)[:, None]
        found = design(module.parents, module.y, lambda v: (context.members.T @ v / sizes)[rows])
        sums = context.members.T @ found.products
        squares = found.left_out(sums[rows] - found.products)[1]
        near = np.column_stack([squares, np.ones(len(rows))])
        spread = context.members.T @ near
    else:
        times = context.values
        fit = best_fit(module.parents, module.y, times)
        points = np.linspace(times[0], times[-1], min(POINTS, len(times)))
        if np.isinf(fit.width):
            return np.empty((len(points), 0))
        found, squares = fit.module, fit.squares
        sums = smooth(points, times, fit.width, found.products)
        near = np.column_stack([squares, np.ones(len(times))])
        spread = smooth(points, times, fit.width, near)
    variance = shrunk_variance(spread[:, 0], spread[:, 1], squares)
    tiny = np.finfo(np.float64).tiny
    return np.column_stack([found.coefficients(sums), np.log(np.maximum(variance, tiny))])


def compare_changes(
    first: Floats, second: Floats, kind: Literal["time", "domain"], *, rng: RNG = None
) -> Comparison:
    """Measure and test the dependence of two trajectories.

    Parameters
    ----------
    first, second : array of shape (c, k)
    kind : {"time", "domain"}
        Along time all c circular shifts are the reference, and 999 permutations over domains.
    rng : int, Generator or None

    Examples
    --------
    >>> path = np.random.default_rng(0).normal(size=(20, 1))
    >>> compare_changes(path, path**2, "domain", rng=0).p_value < 0.05
    True
    >>> compare_changes(path, path[:, :0], "domain", rng=0)
    Comparison(dependence=0.0, p_value=1.0)
    """
    if not first.shape[1] or not second.shape[1]:
        return Comparison(0.0, 1.0)
    left, right = _gram(first), _gram(second)
    if kind == "time":
        reference = _shifted_products(left, right)
    else:
        reference = _permuted_products(left, right, check_rng(rng))
    own = np.sqrt((left * left).sum() * (right * right).sum())
    rounding = 1e-9 * own
    share = float(np.mean(reference >= reference[0] - rounding))
    return Comparison(float(reference[0] / own), share)


def _gram(path: Floats) -> Floats:
    width = WIDTH * float(np.sqrt(path.shape[1]))
    return np.asarray(centred(Gaussian(width, standardise=False)(unit(path))))


def _shifted_products(left: Floats, right: Floats) -> Floats:
    """Give the sums of left[i, j] right[i + s, j + s] for every s, by Fourier transforms."""
    product = np.conj(np.fft.fft2(left)) * np.fft.fft2(right)
    return np.asarray(np.fft.ifft2(product).real.diagonal())


def _permuted_products(left: Floats, right: Floats, stream: np.random.Generator) -> Floats:
    """Give the sum of left * right, as it stands and for permutations of the one."""
    m = len(left)
    found = [np.atleast_1d((left * right).sum())]
    most = max(ENTRIES // m**2, 1)
    for first in range(0, PERMUTATIONS, most):
        count = min(most, PERMUTATIONS - first)
        orders = stream.permuted(np.tile(np.arange(m), (count, 1)), axis=1)
        moved = right[orders[:, :, None], orders[:, None, :]]
        found.append(np.einsum("ij,kij->k", left, moved))
    return np.concatenate(found)


def _as_parents(parents: Floats, context: Positions) -> Floats:
    return np.empty((len(context), 0)) if parents is NONE else parents
