"""Do two modules change together? The dependence of their trajectories, and its reference.

Dependence is the HSIC of two Gaussian kernels on standardised trajectories, of width 1.5 sqrt(k)
for k coordinates: narrower ones see that estimates are noisier where the cause varies little, and
reject the truth. Its reference keeps each trajectory as smooth as it is: the one is shifted
against the other in a circle, or domains are permuted. Two drifts that rise and fall a few times
go together by chance more often than their many rows suggest, and the shifts know that.

They do not know it of paths that go one way, rise or fall for good, whose ends do not meet: any
two of them match best unshifted. So a comparison over time also says how much of its paths is so
slow, and :mod:`._change` decides nothing where that is most of both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, final

import numpy as np
from numpy.typing import NDArray

from causalsim._rng import RNG, check_rng
from causalsim.discovery._time_width import unit
from causalsim.kernels import Gaussian, centred

__all__ = ["Comparison", "compare_changes", "one_way"]

Floats = NDArray[np.float64]

PERMUTATIONS, ENTRIES = 999, 1_000_000
WIDTH = 1.5
SLOW_WAVES = 2


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
    one_way : float
        Of the two modules' shares of change that goes one way the smaller; 0 over domains, whose
        order means nothing.
    """

    dependence: float
    p_value: float
    one_way: float


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
    Comparison(dependence=0.0, p_value=1.0, one_way=0.0)
    """
    if not first.shape[1] or not second.shape[1]:
        return Comparison(0.0, 1.0, 0.0)
    left, right = _gram(first), _gram(second)
    if kind == "time":
        reference, slow = _shifted_products(left, right), min(one_way(first), one_way(second))
    else:
        reference, slow = _permuted_products(left, right, check_rng(rng)), 0.0
    own = np.sqrt((left * left).sum() * (right * right).sum())
    rounding = 1e-9 * own
    share = float(np.mean(reference >= reference[0] - rounding))
    return Comparison(float(reference[0] / own), share, slow)


def one_way(path: Floats) -> float:
    """Give the largest share of a coordinate's variance in half a wave and one wave.

    Near 1 for trends, .8 and more for a step; .5 on average for random walks, .2 for paths that
    swing ten times.

    Parameters
    ----------
    path : array of shape (c, k), k > 0

    Examples
    --------
    >>> t = np.linspace(0, 1, 150)
    >>> paths = t, t > 0.4, np.sin(30 * t)
    >>> [round(one_way(path[:, None].astype(float)), 2) for path in paths]
    [1.0, 0.9, 0.0]
    """
    from scipy.fft import dct

    power = dct(unit(path), axis=0, norm="ortho")[1:] ** 2
    whole = np.maximum(power.sum(axis=0), np.finfo(np.float64).tiny)
    return float((power[:SLOW_WAVES].sum(axis=0) / whole).max())


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
