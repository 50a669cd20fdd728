"""The compiled counter behind :mod:`causalsim.citest.contingency`; imported only when it pays.

The table of a test is filled for so many strata at a time that it stays small.
"""

# mypy: disable-error-code="no-untyped-def, untyped-decorator"
from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["count_tests"]

CELLS = 1 << 18


@njit(cache=True)
def _number_strata(codes, given, levels, stratum, table):
    """Write the number of each row's observed stratum; -1 where a value is missing."""
    n = codes.shape[1]
    count = 1
    stratum[:] = 0
    for k in range(len(given)):
        column = given[k]
        size = count * levels[column]
        if size > len(table):
            table = np.empty(size, np.int64)
        table[:size] = -1
        count = 0
        for row in range(n):
            code = codes[column, row]
            if code < 0 or stratum[row] < 0:
                stratum[row] = -1
                continue
            cell = stratum[row] * levels[column] + code
            if table[cell] < 0:
                table[cell] = count
                count += 1
            stratum[row] = table[cell]
    return count, table


@njit(cache=True)
def _sum_stratum(counts, rows, columns, log_ratio, sums):
    """Add one stratum's statistic, dof, empty cells, rows and itself to ``sums``."""
    kx, ky = len(rows), len(columns)
    total = 0
    rows[:] = 0
    columns[:] = 0
    for i in range(kx):
        for j in range(ky):
            value = counts[i * ky + j]
            rows[i] += value
            columns[j] += value
            total += value
    if total == 0:
        return
    statistic, filled = 0.0, 0
    for i in range(kx):
        if rows[i] == 0:
            continue
        for j in range(ky):
            value = float(counts[i * ky + j])
            expected = rows[i] * columns[j] / total
            filled += value > 0
            if log_ratio:
                if value > 0:
                    statistic += 2 * value * np.log(value / expected)
            elif expected > 0:
                statistic += (value - expected) ** 2 / expected
    sums[0] += statistic
    sums[1] += (np.sum(rows > 0) - 1) * (np.sum(columns > 0) - 1)
    sums[2] += kx * ky - filled
    sums[3] += total
    sums[4] += 1


@njit(cache=True)
def _count_pair(x, y, stratum, first, end, counts, ky):
    """Fill the tables of the strata from ``first`` up to ``end``."""
    cells = len(counts) // (end - first)
    counts[:] = 0
    for row in range(len(stratum)):
        s = stratum[row]
        if x[row] >= 0 and y[row] >= 0 and first <= s < end:
            counts[(s - first) * cells + x[row] * ky + y[row]] += 1


@njit(cache=True)
def _count_tests(codes, xs, ys, givens, levels, log_ratio):
    out = np.zeros((len(xs), 5))
    stratum = np.zeros(codes.shape[1], np.int64)
    table, counts = np.empty(1024, np.int64), np.empty(1024, np.int64)
    strata = 1
    for m in range(len(xs)):
        if m == 0 or np.any(givens[m] != givens[m - 1]):
            strata, table = _number_strata(codes, givens[m], levels, stratum, table)
        kx, ky = levels[xs[m]], levels[ys[m]]
        cells = kx * ky
        step = max(1, CELLS // cells)
        rows, columns = np.empty(kx, np.int64), np.empty(ky, np.int64)
        for first in range(0, strata, step):
            end = min(strata, first + step)
            if (end - first) * cells > len(counts):
                counts = np.empty((end - first) * cells, np.int64)
            part = counts[: (end - first) * cells]
            _count_pair(codes[xs[m]], codes[ys[m]], stratum, first, end, part, ky)
            for s in range(end - first):
                _sum_stratum(part[s * cells : (s + 1) * cells], rows, columns, log_ratio, out[m])
    return out


def count_tests(
    codes: NDArray[np.int32],
    xs: NDArray[np.intp],
    ys: NDArray[np.intp],
    givens: NDArray[np.intp],
    levels: NDArray[np.intp],
    log_ratio: bool,
) -> NDArray[np.float64]:
    """Give statistic, observed dof, empty cells, rows and strata of each test, shape (m, 5).

    Tests that share a conditioning set should stand together: the strata are numbered once.
    """
    sums: NDArray[np.float64] = _count_tests(codes, xs, ys, givens, levels, log_ratio)
    return sums
