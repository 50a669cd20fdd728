"""Windows over series: how they are read, cut, and split over time without a leak.

Overlapping windows share rows, and neighbouring windows of a persistent series are nearly the
same even where they share none. Whatever is trained on some windows and judged on others is
therefore split by *contiguous* stretches of time, and windows closer than a gap to the judged
stretch are left out of training. A window is known by its first step.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from causalsim.data import read_table
from causalsim.errors import DataError, OptionError, listing
from causalsim.scm import Paths

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "as_frame",
    "autocorrelation_time",
    "complement",
    "fold_numbers",
    "interleaved",
    "lag_products",
    "purge_gap",
    "read_series",
    "time_splits",
    "window_starts",
    "windows",
]

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]
Split = tuple[Integers, Integers]


def read_series(
    data: Any, names: Sequence[str] | None = None
) -> tuple[list[Floats], tuple[str, ...]]:
    """Read one series or several of the same variables.

    Parameters
    ----------
    data : DataFrame, ndarray, Paths, or a list of DataFrames or of arrays
        One row a step, oldest first. An array of shape (series, steps, variables) holds several.
    names : sequence of str, optional
        The variables wanted, in order: those of a DataFrame must be the same, columns of an
        array get these names.

    Returns
    -------
    list of arrays of shape (steps, variables), tuple of str

    Raises
    ------
    DataError
        If values are missing or no numbers, or if variables differ.

    Examples
    --------
    >>> series, names = read_series(np.zeros((2, 5, 3)))
    >>> [one.shape for one in series], names
    ([(5, 3), (5, 3)], ('x0', 'x1', 'x2'))
    """
    if isinstance(data, Paths):
        return _wanted_order(list(data.array), data.names, names)
    cube = isinstance(data, np.ndarray) and data.ndim == 3
    parts = list(data) if cube or isinstance(data, list | tuple) else [data]
    if not parts:
        raise DataError("no series at all; give at least one table of steps and variables.")
    series = []
    for part in parts:
        values, names = _read_one(part, names)
        series.append(values)
    return series, tuple(names or ())


def as_frame(rows: Floats, names: Sequence[str]) -> pd.DataFrame:
    """Give rows of shape (steps, variables) as a DataFrame.

    >>> as_frame(np.zeros((2, 1)), ["X"]).columns.to_list()
    ['X']
    """
    import pandas as pd

    return pd.DataFrame(np.asarray(rows), columns=list(names))


def _read_one(part: Any, names: Sequence[str] | None) -> tuple[Floats, tuple[str, ...]]:
    """Read one table, its columns in the order of ``names``."""
    own = names if isinstance(part, np.ndarray) and part.ndim == 2 else None
    table = read_table(part, names=own, kinds="continuous", missing="testwise", degenerate="keep")
    holes: NDArray[np.bool_] = np.isnan(table.values)
    if holes.any():
        where = [table.names[j] for j in np.flatnonzero(holes.any(axis=0))]
        raise DataError(
            f"{int(holes.any(axis=1).sum())} of {len(holes)} steps have missing values, in "
            f"{listing(where)}. Fill them first, with frame.interpolate(), or keep a stretch "
            "without any."
        )
    rows = np.asarray(table.values)
    series, found = _wanted_order([rows], table.names, names)
    return series[0], found


def _wanted_order(
    series: list[Floats], found: tuple[str, ...], names: Sequence[str] | None
) -> tuple[list[Floats], tuple[str, ...]]:
    """Put columns in the order of ``names``, or refuse other ones."""
    if names is None or tuple(names) == found:
        return series, found
    if sorted(names) != sorted(found):
        raise DataError(
            f"the series have the variables {listing(found)}, expected {listing(names)}. Rename "
            "the columns, or give an array: frame.to_numpy()."
        )
    order = [found.index(name) for name in names]
    return [one[:, order] for one in series], tuple(names)


def window_starts(rows: Iterable[slice], width: int) -> Integers:
    """Give the first steps of all windows that stay within one stretch of rows.

    Parameters
    ----------
    rows : iterable of slice
        Stretches of steps, with whole bounds.
    width : int
        Steps of a window.

    Returns
    -------
    array of shape (windows,)

    Examples
    --------
    >>> window_starts([slice(0, 4), slice(8, 11)], 3)
    array([0, 1, 8])
    """
    starts = [np.arange(row.start, row.stop - width + 1, dtype=np.intp) for row in rows]
    return np.concatenate([np.empty(0, np.intp), *starts])


def windows(series: Floats, width: int, starts: Integers | None = None) -> Floats:
    """Give the windows of a series as rows.

    Parameters
    ----------
    series : array of shape (steps, variables)
    width : int
        Steps of a window.
    starts : array of shape (n,), optional
        First steps; all of them, steps - width + 1, if left out.

    Returns
    -------
    array of shape (n, width * variables)
        The variables of the oldest step first; reshape to (n, width, variables) to tell them.

    Raises
    ------
    DataError
        If the series is shorter than a window.

    Examples
    --------
    >>> windows(np.arange(6.0).reshape(3, 2), 2)
    array([[0., 1., 2., 3.],
           [2., 3., 4., 5.]])
    """
    if type(width) is not int or width < 1:
        raise OptionError(f"width={width!r}: expected a whole number of steps from 1 on.")
    if len(series) < width:
        raise DataError(f"{len(series)} steps hold no window of {width}; give a longer series.")
    views = np.lib.stride_tricks.sliding_window_view(series, width, axis=0)
    chosen = views if starts is None else views[starts]
    return chosen.transpose(0, 2, 1).reshape(len(chosen), -1)


def lag_products(cut: Floats) -> Floats:
    """Add to windows the products of their last step with every step, squares included.

    Parameters
    ----------
    cut : array of shape (n, width, variables)

    Returns
    -------
    array of shape (n, features)
        The windows, then x_i[t] x_j[t - l] for every lag l, at lag 0 each pair once.

    Examples
    --------
    >>> lag_products(np.array([[[2.0], [3.0]]]))
    array([[2., 3., 6., 9.]])
    """
    n, width, p = cut.shape
    products = cut[:, -1, :, None, None] * cut.transpose(0, 2, 1)[:, None]
    earlier = products[..., :-1].reshape(n, p * p * (width - 1))
    first, second = np.triu_indices(p)
    return np.hstack([cut.reshape(n, -1), earlier, products[:, first, second, -1]])


def autocorrelation_time(series: Floats) -> float:
    """Estimate the integrated autocorrelation time, the largest over the variables.

    A mean over T steps is as exact as one over T / tau independent ones, with
    tau = 1 + 2 sum_k rho_k. The sum is cut by the initial positive sequence of [Geyer1992]_:
    before the first k with rho_2k + rho_2k+1 <= 0.

    Parameters
    ----------
    series : array of shape (steps, variables)

    Returns
    -------
    float
        In steps, at least 1.

    References
    ----------
    .. [Geyer1992] Geyer, Practical Markov chain Monte Carlo, Statistical Science 7(4), sec. 3.3.

    Examples
    --------
    >>> autocorrelation_time(np.tile([0.0, 1.0], 50)[:, None])
    1.0
    >>> autocorrelation_time(np.repeat(np.random.default_rng(0).normal(size=200), 10)[:, None])
    12.4
    """
    n = len(series)
    if n < 2:
        return 1.0
    centred = series - series.mean(axis=0)
    spectrum = np.abs(np.fft.rfft(centred, 2 * n, axis=0)) ** 2
    covariance = np.fft.irfft(spectrum, axis=0)[: n // 2 * 2]
    variance = covariance[0]
    moving = covariance[:, variance > 1e-24 * np.maximum(n * (series**2).mean(axis=0), 1e-300)]
    if not moving.size:
        return 1.0
    pairs = (moving / moving[0]).reshape(n // 2, 2, -1).sum(axis=1)
    kept = np.logical_and.accumulate(pairs > 0, axis=0)
    return float(max(1.0, (2 * np.where(kept, pairs, 0).sum(axis=0) - 1).max()))


def interleaved(steps: int, block: int = 100) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Split time into alternating blocks: some to fit on, the others held out.

    A contiguous last part of a drifting series would measure the drift; blocks in turns do not.

    Parameters
    ----------
    steps : int
    block : int
        Steps of a block.

    Returns
    -------
    fit, held : tuples of slice
        The first block is for fitting; a last one shorter than half a block joins its neighbour.

    Raises
    ------
    DataError
        If there are less than two blocks.

    Examples
    --------
    >>> interleaved(230)
    ((slice(0, 100, None),), (slice(100, 230, None),))
    """
    if type(block) is not int or block < 1:
        raise OptionError(f"block={block!r}: expected a whole number of steps from 1 on.")
    count = (steps + block // 2) // block
    if count < 2:
        raise DataError(f"{steps} steps make no two blocks of {block}; lower block=.")
    borders = [*range(0, count * block, block), steps]
    blocks = [slice(a, b) for a, b in pairwise(borders)]
    return tuple(blocks[::2]), tuple(blocks[1::2])


def complement(rows: Sequence[slice], steps: int) -> tuple[slice, ...]:
    """Give the stretches of 0..steps that ``rows`` leave out.

    >>> complement([slice(2, 4), slice(6, 8)], 8)
    (slice(0, 2, None), slice(4, 6, None))
    """
    order = sorted(rows, key=lambda row: row.start)
    ends = [0, *(row.stop for row in order)]
    starts = [*(row.start for row in order), steps]
    return tuple(slice(a, b) for a, b in zip(ends, starts, strict=True) if a < b)


def purge_gap(series: Floats, width: int, *, max_lag: int, folds: int) -> tuple[int, str]:
    """Choose the steps left out between training and judged windows.

    At least width - 1 + max_lag, so that no row and no cause is shared, and at least the
    integrated autocorrelation time, but no more than leaves half of the rest for training.

    Parameters
    ----------
    series : array of shape (steps, variables)
    width, max_lag : int
    folds : int

    Returns
    -------
    gap : int
    note : str
        What was cut short; empty if nothing.

    Raises
    ------
    DataError
        If the series is too short for windows of that width.

    Examples
    --------
    >>> purge_gap(np.random.default_rng(0).normal(size=(500, 2)), 6, max_lag=2, folds=5)
    (7, '')
    """
    steps, least = len(series), width - 1 + max_lag
    most = int(steps * (1 - 1 / folds) / 4)
    if least > most:
        raise DataError(
            f"{steps} steps are too short for {folds} folds of windows of {width} steps with "
            f"max_lag={max_lag}; give at least {4 * least * folds // (folds - 1) + 1} steps."
        )
    tau = autocorrelation_time(series)
    wanted = max(least, int(np.ceil(tau)) if tau > 1 else 0)
    note = (
        f"the gap between training and judged windows is {most} steps; the autocorrelation "
        f"time asks for {wanted}"
    )
    return min(wanted, most), note if wanted > most else ""


def fold_numbers(starts: Integers, folds: int) -> Integers:
    """Number the contiguous stretches of time that windows fall into, of equal counts.

    >>> fold_numbers(np.array([0, 1, 2, 9, 10, 11]), 3)
    array([0, 0, 1, 1, 2, 2])
    """
    order = np.argsort(np.argsort(starts, kind="stable"), kind="stable")
    return (order * folds // max(len(starts), 1)).astype(np.intp)


def time_splits(starts: Integers, numbers: Integers, gap: int) -> list[Split]:
    """Give (training, judged) windows for each stretch of time.

    Parameters
    ----------
    starts, numbers : arrays of shape (n,)
        First step and stretch of each window.
    gap : int
        A training window starts more than this before, or after, every judged window.

    Returns
    -------
    list of (array, array)
        Positions of training and judged windows.

    Examples
    --------
    >>> train, judged = time_splits(np.arange(6), np.arange(6) // 2, 1)[0]
    >>> train, judged
    (array([3, 4, 5]), array([0, 1]))
    """
    splits = []
    for number in np.unique(numbers):
        judged = np.flatnonzero(numbers == number)
        low, high = starts[judged].min() - gap, starts[judged].max() + gap
        splits.append((np.flatnonzero((starts < low) | (starts > high)), judged))
    return splits
