"""Directions from changes: causes and mechanisms change independently of each other.

If x causes y, the changes of P(x) say nothing about those of P(y | x). P(y) and P(x | y) both
hold the changes of x and of the mechanism, and so change together [Huang2020]_. Which of the two
holds is asked of trajectories: the coefficients and the log variance of a local regression along
time (:mod:`._time_width`), or one in each domain. :mod:`._comparison` compares them.

Over time nothing is decided where under either direction both modules mostly go one way, rise or
fall for good: two trends, or two steps, match whatever causes what. The measure, a share of more
than .6 of some coordinate's variance in the two slowest cosines, costs paths that swing some ten
times nothing; it was chosen on trends, steps and random walks (benchmarks/changing_modules.py).

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
from causalsim.discovery._comparison import Comparison, compare_changes
from causalsim.discovery._embedding import Published, embedding, published
from causalsim.discovery._modules import Module, Positions
from causalsim.discovery._time_width import best_fit, design, shrunk_variance, smooth
from causalsim.errors import OptionError

__all__ = ["Direction", "direction", "trajectory", "verdict_of", "weigh"]

Floats = NDArray[np.float64]
Verdict = Literal["forward", "backward", "undecided", "one_way"]

POINTS = 150
LEVEL = 0.05
ONE_WAY = 0.6
NONE = np.empty((0, 0))


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
    one_way : float
        Of either direction's two modules, how far both go one way, from 0 to 1; the larger.
    verdict : {"forward", "backward", "undecided", "one_way"}
        ``"one_way"`` if the last is more than .6.
    published : tuple of Published
        The published scores, forward and backward.
    """

    forward: float
    backward: float
    margin: float
    p_forward: float
    p_backward: float
    one_way: float
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
        max(there.one_way, back.one_way),
        weigh(there, back, level),
        (scores[0], scores[1]),
    )


def check_level(level: float) -> None:
    """Refuse what is no level.

    >>> check_level(0.05)
    """
    if not 0 < level < 0.5:
        raise OptionError(f"level={level!r}: expected a number between 0 and .5; write .05.")


def weigh(forward: Comparison, backward: Comparison, level: float = LEVEL) -> Verdict:
    """Decide, unless under either direction both modules go one way.

    Parameters
    ----------
    forward, backward : Comparison
        Of the modules under x --> y, and under y --> x.
    level : float

    Examples
    --------
    >>> weigh(Comparison(0.1, 0.6, 0.3), Comparison(0.7, 0.01, 0.4))
    'forward'
    >>> weigh(Comparison(0.1, 0.6, 0.3), Comparison(0.7, 0.01, 0.9))
    'one_way'
    """
    if max(forward.one_way, backward.one_way) > ONE_WAY:
        return "one_way"
    return verdict_of(forward.p_value, backward.p_value, level)


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


def _as_parents(parents: Floats, context: Positions) -> Floats:
    return np.empty((len(context), 0)) if parents is NONE else parents
