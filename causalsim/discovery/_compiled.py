"""Compiled search loops for tests that decide by |r|; imported only when the table is wide.

Both loops walk over conditioning sets with an incremental Cholesky factor: row k of the factor
belongs to the k-th member of the set, and the last two rows to the pair. What is left of the
pair's product after those rows is the partial correlation. A singular set, or one that
determines x or y, gives NaN and separates nothing.
"""

# mypy: disable-error-code="no-untyped-def, untyped-decorator"
from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["search_level", "vote"]

TINY = 1e-10


@njit(cache=True, nogil=True)
def _add_member(matrix, members, k, factor, x, y):
    """Extend the factor by member k, and the rows of x and y by one entry; False if singular."""
    node = members[k]
    rest = 1.0
    for m in range(k):
        value = matrix[node, members[m]]
        for t in range(m):
            value -= factor[k, t] * factor[m, t]
        value /= factor[m, m]
        factor[k, m] = value
        rest -= value * value
    if rest < TINY:
        return False
    factor[k, k] = np.sqrt(rest)
    last = factor.shape[0]
    for row, end in ((last - 2, x), (last - 1, y)):
        value = matrix[end, node]
        for t in range(k):
            value -= factor[row, t] * factor[k, t]
        factor[row, k] = value / factor[k, k]
    return True


@njit(cache=True, nogil=True)
def _left_over(matrix, factor, k, x, y):
    """Give the partial correlation of x and y given k members."""
    cov, var_x, var_y = matrix[x, y], 1.0, 1.0
    last = factor.shape[0]
    for t in range(k):
        cov -= factor[last - 2, t] * factor[last - 1, t]
        var_x -= factor[last - 2, t] ** 2
        var_y -= factor[last - 1, t] ** 2
    if var_x < TINY or var_y < TINY:
        return np.nan
    return cov / np.sqrt(var_x * var_y)


@njit(cache=True, nogil=True)
def _search_singles(matrix, pool, count, x, y, known, threshold, chosen, least):
    """Search sets of one member by the closed form, comparing squares without division."""
    limit = threshold * threshold
    square, over, signed, best = np.inf, 1.0, 0.0, -1
    tests, found = 0, False
    for t in range(count):
        k = pool[t]
        if known[k]:
            continue
        tests += 1
        a, b = matrix[x, k], matrix[y, k]
        rest_x, rest_y = 1.0 - a * a, 1.0 - b * b
        if rest_x < TINY or rest_y < TINY:
            continue
        num, den = matrix[x, y] - a * b, rest_x * rest_y
        if num * num * over < square * den:
            square, over, signed, best = num * num, den, num, k
            if square < limit * over:
                found = True
                break
    if best >= 0:
        r = signed / np.sqrt(over)
        if abs(r) < abs(least):
            least = r
            chosen[0] = best
    return tests, found, least


@njit(cache=True, nogil=True)
def _advance(at, count):
    """Step to the next combination in lexicographic order; give the first place that changed."""
    size = len(at)
    k = size - 1
    while k >= 0 and at[k] == count - size + k:
        k -= 1
    if k >= 0:
        at[k] += 1
        for t in range(k + 1, size):
            at[t] = at[t - 1] + 1
    return k


@njit(cache=True, nogil=True)
def _search_sets(matrix, pool, count, x, y, known, threshold, chosen, least, stop):
    """Search sets of two and more members in lexicographic order; the first to separate wins."""
    size = len(chosen)
    members, at = np.empty(size, np.int64), np.arange(size)
    factor = np.empty((size + 2, size))
    valid, tests = 0, 0
    while valid >= 0 and not stop[0]:
        old = True
        for k in range(size):
            members[k] = pool[at[k]]
            old = old and known[members[k]]
        regular = True
        while regular and valid < size:
            regular = _add_member(matrix, members, valid, factor, x, y)
            if regular:
                valid += 1
        if not old:
            tests += 1
            r = _left_over(matrix, factor, size, x, y) if regular else np.nan
            if abs(r) < abs(least):
                least = r
                chosen[:] = members
            if abs(r) < threshold:
                return tests, True, least
        valid = min(valid, _advance(at, count))
    return tests, False, least


@njit(cache=True, nogil=True)
def _fill_pool(start, neighbours, node, other, pool):
    """List the neighbours of ``node`` but ``other``; give their number."""
    count = 0
    for t in range(start[node], start[node + 1]):
        if neighbours[t] != other:
            pool[count] = neighbours[t]
            count += 1
    return count


@njit(cache=True, nogil=True)
def search_level(matrix, start, neighbours, pairs, threshold, chosen, least, stop):
    """Search one level of the stable PC skeleton with early stop.

    Parameters
    ----------
    matrix : (p, p) correlations
    start, neighbours : the neighbours of node i are ``neighbours[start[i]:start[i + 1]]``, frozen
    pairs : (m, 2) edges, smaller node first
    threshold : |r| below which a pair is separated
    chosen : (m, size), receives the set of least |r|
    least : (m,), receives that partial correlation, or infinity if no set was tested
    stop : (1,) flag; set from outside, it ends the search early

    Returns
    -------
    tests : int
    removed : (m,) bool
    """
    removed = np.zeros(len(pairs), np.bool_)
    known = np.zeros(len(matrix), np.bool_)
    pool = np.empty(len(matrix), np.int64)
    size = chosen.shape[1]
    tests = 0
    for e in range(len(pairs)):
        least[e] = np.inf
        for side in range(2):
            x, y = pairs[e, side], pairs[e, 1 - side]
            count = _fill_pool(start, neighbours, x, y, pool)
            if count >= size:
                if size == 1:
                    done, removed[e], least[e] = _search_singles(
                        matrix, pool, count, x, y, known, threshold, chosen[e], least[e]
                    )
                else:
                    done, removed[e], least[e] = _search_sets(
                        matrix, pool, count, x, y, known, threshold, chosen[e], least[e], stop
                    )
                tests += done
            if removed[e]:
                break
            for t in range(count):
                known[pool[t]] = side == 0
        for t in range(start[pairs[e, 0]], start[pairs[e, 0] + 1]):
            known[neighbours[t]] = False
    return tests, removed


@njit(cache=True, nogil=True)
def _tally(r, size, threshold, inside, slots, separating, containing, least_in, least_out):
    """Book one conditioning set of the pair: who is inside, and whether it separates."""
    r = abs(r)
    separates = r < threshold
    separating[0] += separates
    for t in range(len(slots)):
        if inside[slots[t]]:
            containing[t] += separates
            least_in[t, size] = min(least_in[t, size], r)
        elif r < least_out[t, size]:
            least_out[t, size] = r


@njit(cache=True, nogil=True)
def _walk(matrix, pool, count, cap, x, z, known, again, thresholds, slots, books, stop):
    """Visit every subset of the pool up to ``cap`` members, depth first, one new row each."""
    cap = min(cap, count)
    factor = np.empty((cap + 2, cap))
    members, at = np.empty(cap, np.int64), np.zeros(cap + 1, np.int64)
    fresh = np.zeros(cap + 1, np.int64)
    inside = np.zeros(len(matrix), np.bool_)
    tests = depth = 0
    if not again:
        tests = 1
        _tally(matrix[x, z], 0, thresholds[0], inside, slots, *books)
    while depth >= 0 and not stop[0]:
        if depth == cap or at[depth] == count:
            depth -= 1
            if depth >= 0:
                inside[members[depth]] = False
                at[depth] += 1
            continue
        members[depth] = pool[at[depth]]
        fresh[depth + 1] = fresh[depth] + (not known[members[depth]])
        if not _add_member(matrix, members, depth, factor, x, z):
            at[depth] += 1
            continue
        inside[members[depth]] = True
        depth += 1
        if fresh[depth] > 0:
            tests += 1
            r = _left_over(matrix, factor, depth, x, z)
            _tally(r, depth, thresholds[depth], inside, slots, *books)
        at[depth] = at[depth - 1] + 1
    return tests


@njit(cache=True, nogil=True)
def vote(matrix, start, neighbours, pairs, first, middles, cap, thresholds, stop):
    """Test every subset of adj(x) and of adj(z), and count where each middle node stands.

    Parameters
    ----------
    matrix, start, neighbours : as in :func:`search_level`
    pairs : (m, 2) unconnected pairs (x, z)
    first, middles : common neighbours of pair e are ``middles[first[e]:first[e + 1]]``
    cap : (m,) largest set for each pair
    thresholds : (max(cap) + 1,) |r| below which a set of each size separates
    stop : (1,) flag; set from outside, it ends the count early

    Returns
    -------
    tests : int
    separating : (m,) sets that separate the pair
    containing : (len(middles),) those that contain the middle node
    least_in, least_out : (len(middles), sizes) least |r| with and without it
    """
    separating = np.zeros(len(pairs), np.int64)
    containing = np.zeros(len(middles), np.int64)
    least_in = np.full((len(middles), len(thresholds)), np.inf)
    least_out = np.full((len(middles), len(thresholds)), np.inf)
    known = np.zeros(len(matrix), np.bool_)
    pool = np.empty(len(matrix), np.int64)
    tests = 0
    for e in range(len(pairs)):
        x, z = pairs[e]
        mine = slice(first[e], first[e + 1])
        books = (separating[e : e + 1], containing[mine], least_in[mine], least_out[mine])
        for side in range(2):
            count = _fill_pool(start, neighbours, pairs[e, side], pairs[e, 1 - side], pool)
            tests += _walk(
                matrix, pool, count, cap[e], x, z, known, side == 1,
                thresholds, middles[mine], books, stop,
            )  # fmt: skip
            for t in range(count):
                known[pool[t]] = side == 0
        for t in range(start[x], start[x + 1]):
            known[neighbours[t]] = False
    return tests, separating, containing, least_in, least_out
