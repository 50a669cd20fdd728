"""The compiled counter behind :mod:`causalsim.citest.contingency`; imported only when it pays.

Small tables are counted by the overlap of row masks, 64 rows at a time; larger ones row by row,
for so many strata at a time that the table stays small.
"""

# mypy: disable-error-code="no-untyped-def, untyped-decorator, call-arg"
from __future__ import annotations

import numpy as np
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

__all__ = ["count_tests", "pack"]

CELLS = 1 << 18
BIT_CELLS = 512
BIT_STRATA = 128

Packed = tuple[NDArray[np.uint64], NDArray[np.intp]]


@intrinsic
def popcount(typing_context, word):  # noqa: ARG001  -- numba's signature
    """Count the bits of a word, by the machine's own instruction."""

    def generate(_context, builder, _signature, arguments):
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate


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
def _mask_strata(bits, start, given, levels, masks, spare):
    """Write the row masks of the observed strata; give their number and the buffer they are in."""
    count = 1
    masks[0] = ~np.uint64(0)
    for column in given:
        fresh = 0
        for s in range(count):
            for code in range(levels[column]):
                if _both(masks[s], bits[start[column] + code], spare[fresh]) > 0:
                    fresh += 1
        count = fresh
        masks, spare = spare, masks
    return count, masks


@njit(cache=True)
def _both(a, b, out):
    """Write the rows in both masks; give their number."""
    count = 0
    for word in range(len(a)):
        out[word] = a[word] & b[word]
        count += popcount(out[word])
    return count


@njit(cache=True)
def _overlap(a, b):
    """Count the rows in both masks."""
    count = 0
    for word in range(len(a)):
        count += popcount(a[word] & b[word])
    return count


@njit(cache=True)
def _count_masked(mask, x_bits, y_bits, counts, scratch):
    """Fill the table of one stratum."""
    ky = len(y_bits)
    for i in range(len(x_bits)):
        there = _both(mask, x_bits[i], scratch)
        for j in range(ky):
            counts[i * ky + j] = _overlap(scratch, y_bits[j]) if there else 0


@njit(cache=True)
def _possible_strata(given, levels):
    """Count the possible strata, up to more than the masks can hold."""
    possible = 1
    for column in given:
        possible = min(possible * levels[column], BIT_STRATA + 1)
    return possible


@njit(cache=True)
def _count_tests(codes, bits, start, xs, ys, givens, levels, log_ratio):
    out = np.zeros((len(xs), 5))
    stratum = np.zeros(codes.shape[1], np.int64)
    table, counts = np.empty(1024, np.int64), np.empty(1024, np.int64)
    buffers = np.empty((2, BIT_STRATA, bits.shape[1]), np.uint64)
    scratch, masks = np.empty(bits.shape[1], np.uint64), buffers[0]
    strata = masked = -1
    possible = 1
    for m in range(len(xs)):
        if m == 0 or np.any(givens[m] != givens[m - 1]):
            strata = masked = -1
            possible = _possible_strata(givens[m], levels)
        x, y = xs[m], ys[m]
        kx, ky = levels[x], levels[y]
        cells = kx * ky
        rows, columns = np.empty(kx, np.int64), np.empty(ky, np.int64)
        if possible <= BIT_STRATA and possible * cells <= BIT_CELLS:
            if masked < 0:
                masked, masks = _mask_strata(
                    bits, start, givens[m], levels, buffers[0], buffers[1]
                )
            x_bits, y_bits = bits[start[x] : start[x + 1]], bits[start[y] : start[y + 1]]
            for s in range(masked):
                _count_masked(masks[s], x_bits, y_bits, counts, scratch)
                _sum_stratum(counts[:cells], rows, columns, log_ratio, out[m])
            continue
        if strata < 0:
            strata, table = _number_strata(codes, givens[m], levels, stratum, table)
        step = max(1, CELLS // cells)
        for first in range(0, strata, step):
            end = min(strata, first + step)
            if (end - first) * cells > len(counts):
                counts = np.empty((end - first) * cells, np.int64)
            part = counts[: (end - first) * cells]
            _count_pair(codes[x], codes[y], stratum, first, end, part, ky)
            for s in range(end - first):
                _sum_stratum(part[s * cells : (s + 1) * cells], rows, columns, log_ratio, out[m])
    return out


def pack(codes: NDArray[np.int32], levels: NDArray[np.intp]) -> Packed:
    """Write one row mask per level of each column, 64 rows a word; a hole is in none.

    Returns
    -------
    bits : array of uint64, shape (sum of levels, words)
    start : array of int, shape (p + 1,)
        The masks of column i are ``bits[start[i]:start[i + 1]]``.
    """
    words = -(-codes.shape[1] // 64)
    start = np.concatenate([np.zeros(1, np.intp), np.cumsum(levels)])
    packed = np.zeros((int(start[-1]), words * 8), np.uint8)
    for column, first, count in zip(codes, start, levels, strict=False):
        masks = np.packbits(column == np.arange(count, dtype=np.int32)[:, None], axis=1)
        packed[first : first + count, : masks.shape[1]] = masks
    return packed.view(np.uint64), start


def count_tests(
    codes: NDArray[np.int32],
    xs: NDArray[np.intp],
    ys: NDArray[np.intp],
    givens: NDArray[np.intp],
    levels: NDArray[np.intp],
    log_ratio: bool,
    *,
    packed: Packed | None = None,
) -> NDArray[np.float64]:
    """Give statistic, observed dof, empty cells, rows and strata of each test, shape (m, 5).

    Tests that share a conditioning set should stand together: the strata are found once.
    ``packed`` is what :func:`pack` gives, if it is at hand.
    """
    bits, start = pack(codes, levels) if packed is None else packed
    sums: NDArray[np.float64] = _count_tests(codes, bits, start, xs, ys, givens, levels, log_ratio)
    return sums
