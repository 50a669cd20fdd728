"""Two distances between laws of windows, MMD and energy, with p-values from whole blocks.

Both are one formula with two kernels [Sejdinovic2013]_: 2 times the mean of -k between the sides,
less the means of -k within each. For the energy distance k = -|x - y|; for MMD [Gretton2012]_ k is
the mean of five Gaussian kernels around the median distance.

Windows of one block of time are dependent. Means within a side are therefore taken over pairs
from *different* blocks, which makes the estimate unbiased if blocks are independent (for blocks
of one window it is the usual U-statistic), and the null permutes whole blocks: single windows
permuted would be told apart by persistence alone.

References
----------
.. [Gretton2012] Gretton, Borgwardt, Rasch, Schoelkopf & Smola, A kernel two-sample test, JMLR 13,
   eq. (3).
.. [Sejdinovic2013] Sejdinovic, Sriperumbudur, Gretton & Fukumizu, Equivalence of distance-based
   and RKHS-based statistics in hypothesis testing, Annals of Statistics 41, theorem 22.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self, final

import numpy as np
from numpy.typing import NDArray

from causalsim._rng import RNG, check_rng
from causalsim.errors import DataError, OptionError
from causalsim.simulate._windows import (
    autocorrelation_time,
    read_series,
    window_starts,
    windows,
)

__all__ = ["WindowDistance", "block_statistic", "window_distance"]

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]

_SCALES = (0.25, 0.5, 1.0, 2.0, 4.0)
_MOST = 3000
_FEWEST = 3


@final
@dataclass(frozen=True)
class WindowDistance:
    """How far the law of simulated windows is from that of real ones.

    Parameters
    ----------
    mmd : float
        Unbiased squared MMD: about 0 for equal laws, also below.
    mmd_p : float
        By permuting whole blocks.
    energy : float
        Energy distance, in standard deviations; unbiased too.
    energy_p : float
    width : int
        Steps of a window.
    block : int
        Steps of a block.
    real_blocks, simulated_blocks : int
    notes : tuple of str

    Examples
    --------
    >>> WindowDistance(0.01, 0.2, 0.03, 0.25, 6, 100, 10, 10).mmd_p
    0.2
    """

    mmd: float
    mmd_p: float
    energy: float
    energy_p: float
    width: int
    block: int
    real_blocks: int
    simulated_blocks: int
    notes: tuple[str, ...] = ()

    def summary(self) -> str:
        """Give the result in plain words."""
        lines = [
            f"windows of {self.width} steps, blocks of {self.block}",
            f"{self.real_blocks} real blocks, {self.simulated_blocks} simulated",
            f"squared MMD {self.mmd:.4f}, p = {self.mmd_p:.3g}",
            f"energy distance {self.energy:.4f}, p = {self.energy_p:.3g}",
        ]
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])

    def to_dict(self) -> dict[str, Any]:
        """Give plain values."""
        return asdict(self) | {"notes": list(self.notes)}

    @classmethod
    def from_dict(cls, payload: Mapping[str, Any]) -> Self:
        """Rebuild what :meth:`to_dict` gave."""
        return cls(**{**payload, "notes": tuple(payload["notes"])})


def window_distance(
    real: Any,
    paths: Any,
    *,
    width: int = 6,
    block: int = 100,
    held: Sequence[slice] | None = None,
    permutations: int = 999,
    rng: RNG = None,
) -> WindowDistance:
    """Compare the laws of real and simulated windows by MMD and energy distance.

    Parameters
    ----------
    real : DataFrame or array of shape (steps, variables)
    paths : Paths, DataFrame, array, or a list of DataFrames or of arrays
        All are pooled.
    width : int
        Steps of a window. Windows follow each other without overlap, further apart where all
        series together would give more than 3000.
    block : int
        Steps of a block; the autocorrelation time of the real series if that is longer.
    held : sequence of slice, optional
        Rows compared, on both sides; all if left out.
    permutations : int
    rng : int, Generator or None

    Returns
    -------
    WindowDistance

    Raises
    ------
    DataError
        If either side has fewer than three blocks, or variables differ.
    OptionError
        If an option is out of range.

    Notes
    -----
    The smallest p is limited by the number of ways to choose the real blocks: with ten of each
    there are 184756.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> real, same, wide = rng.normal(size=(3, 600, 1))
    >>> [window_distance(real, x, rng=0).mmd_p < 0.05 for x in (same, 3 * wide)]
    [False, True]
    """
    for option, got in (("block", block), ("permutations", permutations)):
        if type(got) is not int or got < 1:
            raise OptionError(f"{option}={got!r}: expected a whole number from 1 on.")
    several, names = read_series(real)
    if len(several) != 1:
        raise DataError(f"{len(several)} real series; give one, or compare each by itself.")
    simulated, _ = read_series(paths, names)
    rows = tuple(held or [slice(0, len(several[0]))])
    length = max(block, width, int(np.ceil(autocorrelation_time(several[0]))))
    apart = max(width, sum(map(len, (*several, *simulated))) // _MOST)
    cut = [_blocked(one, rows, width, length, apart) for one in (*several, *simulated)]
    counts = [numbers[-1] + 1 if len(numbers) else 0 for _, numbers in cut]
    if min(counts[0], sum(counts[1:])) < _FEWEST:
        raise DataError(
            f"{counts[0]} real and {sum(counts[1:])} simulated blocks of {length} steps; expected "
            f"at least {_FEWEST} of each. Lower block=, or give more steps."
        )
    first = np.cumsum([0, *counts[:-1]])
    numbers = np.concatenate([own + start for (_, own), start in zip(cut, first, strict=True)])
    real_blocks = np.arange(sum(counts)) < counts[0]
    answers = _tests(np.concatenate([x for x, _ in cut]), numbers, real_blocks, permutations, rng)
    notes = () if length == block else (f"blocks of {length} steps: the autocorrelation time",)
    return WindowDistance(
        *answers, width, length, int(counts[0]), int(sum(counts[1:])), notes
    )  # fmt: skip


def _blocked(
    series: Floats, rows: Sequence[slice], width: int, length: int, apart: int
) -> tuple[Floats, Integers]:
    """Give windows ``apart`` steps from each other, none over a border, and their blocks."""
    inside = [slice(row.start, min(row.stop, len(series))) for row in rows]
    pieces = [
        slice(start, min(start + length, row.stop))
        for row in inside
        for start in range(row.start, row.stop, length)
    ]
    starts = [window_starts([piece], width)[::apart] for piece in pieces]
    kept = [own for own in starts if len(own)]
    numbers = np.repeat(np.arange(len(kept)), [len(own) for own in kept])
    chosen = np.concatenate([np.empty(0, np.intp), *kept])
    return windows(series, width, chosen), numbers


def _tests(
    x: Floats, numbers: Integers, real: NDArray[np.bool_], permutations: int, rng: RNG
) -> tuple[float, float, float, float]:
    """Give MMD, its p, energy distance, its p; the same permutations serve both."""
    from scipy.spatial.distance import pdist, squareform

    scale = x.std(axis=0)
    far = pdist(x / np.where(scale > 0, scale, 1.0))
    median = float(np.median(far[far > 0])) if (far > 0).any() else 1.0
    gaussian = sum(np.exp(-0.5 * (far / (c * median)) ** 2) for c in _SCALES) / len(_SCALES)
    sizes = np.bincount(numbers)
    shuffled = check_rng(rng).permuted(np.tile(real, (permutations, 1)), axis=1)
    sides = np.vstack([real, shuffled])
    answers: list[float] = []
    for kernel in (np.asarray(gaussian), -far):
        values = block_statistic(_block_sums(squareform(kernel), numbers), sizes, sides)
        hits = int((values[1:] >= values[0] - 1e-12).sum())
        answers += [float(values[0]), (1 + hits) / (1 + permutations)]
    return answers[0], answers[1], answers[2], answers[3]


def _block_sums(kernel: Floats, numbers: Integers) -> Floats:
    """Add a kernel up over pairs of blocks; ``numbers`` ascend."""
    edges = np.flatnonzero(np.diff(numbers, prepend=-1))
    return np.add.reduceat(np.add.reduceat(kernel, edges, axis=0), edges, axis=1)


def block_statistic(sums: Floats, sizes: Integers, sides: NDArray[np.bool_]) -> Floats:
    """Give the squared distance for each choice of the real blocks.

    Parameters
    ----------
    sums : array of shape (blocks, blocks)
        Of the kernel over pairs of windows; the diagonal is not looked at.
    sizes : array of int, shape (blocks,)
        Windows of each block.
    sides : array of bool, shape (choices, blocks)
        Which blocks are real; at least two are, and two are not.

    Returns
    -------
    array of shape (choices,)

    Examples
    --------
    >>> near = np.kron(np.eye(2), np.ones((2, 2)))
    >>> block_statistic(near, np.ones(4, int), np.array([[True, True, False, False]]))
    array([2.])
    """
    pairs = np.outer(sizes, sizes).astype(np.float64)
    apart = 1.0 - np.eye(len(sizes))
    one = sides.astype(np.float64)
    other = 1.0 - one

    def mean(left: Floats, right: Floats) -> Floats:
        """Average the kernel over pairs of windows from different blocks of two sides."""
        top, bottom = (((left @ (part * apart)) * right).sum(axis=1) for part in (sums, pairs))
        return np.asarray(top / bottom)

    return mean(one, one) + mean(other, other) - 2 * mean(one, other)
