"""Correlations and partial correlations of many pairs at once, on complete or holed data.

The partial correlation of x and y given S is the correlation that is left in their Schur
complement after the members of S are eliminated one by one. A pivot below ``SINGULAR`` means
that a member is a linear function of earlier ones; the result is then NaN, as it is where x or
y is such a function of S. A constant column correlates with nothing.

References
----------
.. [Schafer2005] Schafer & Strimmer, A shrinkage approach to large-scale covariance matrix
   estimation, Statistical Applications in Genetics and Molecular Biology 4(1), article 32.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from causalsim.citest._base import Floats, Ints

__all__ = [
    "complete_correlations",
    "correlation",
    "partial_correlations",
    "shrink",
    "shrinkage_estimate",
    "unit_columns",
]

_BLOCK = 1 << 18
SINGULAR = 1e-10
ROUNDING = 4 * float(np.finfo(np.float64).eps)


def standardised(values: Floats) -> Floats:
    """Scale each column to [-1, 1], or to 0 if it is constant up to rounding."""
    low, high = np.fmin.reduce(values, axis=0), np.fmax.reduce(values, axis=0)
    half = high / 2 - low / 2
    varies = half > ROUNDING * np.maximum(np.abs(low), np.abs(high))
    scaled: Floats = values - (high / 2 + low / 2)
    scaled /= np.where(varies, half, np.inf)
    return scaled


def unit_columns(values: Floats) -> Floats:
    """Give the columns centred and of length 1, or 0 if constant."""
    unit = standardised(values)
    unit -= unit.mean(axis=0)
    length = np.sqrt(np.einsum("ij,ij->j", unit, unit))
    unit /= np.where(length > 0, length, 1)
    return unit


def correlation(unit: Floats) -> Floats:
    """Give the correlations of :func:`unit_columns`, shape (p, p), with an exact unit diagonal."""
    matrix = np.asarray(unit.T @ unit)
    np.fill_diagonal(matrix, 1.0)
    return np.clip(matrix, -1.0, 1.0, out=matrix)


def shrink(matrix: Floats, amount: float) -> Floats:
    """Pull correlations towards zero: (1 - amount) R + amount I."""
    shrunk = matrix * (1 - amount)
    np.fill_diagonal(shrunk, 1.0)
    return shrunk


def shrinkage_estimate(unit: Floats) -> float:
    """Give Schafer & Strimmer's amount of shrinkage (2005, target D with unit variances).

    The estimate is the sum of the correlations' sampling variances over the sum of their
    squares, cut to [0, 1].

    >>> shrinkage_estimate(
    ...     unit_columns(np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 2.0], [3.0, 3.0]]))
    ... )
    0.19
    """
    n = len(unit)
    matrix = unit.T @ unit
    off = ~np.eye(len(matrix), dtype=bool)
    squares = (matrix[off] ** 2).sum()
    if not squares > 0:
        return 1.0
    variance = ((unit**2).T @ unit**2 - matrix**2 / n) * n / (n - 1)
    return float(np.clip(variance[off].sum() / squares, 0, 1))


def blocks(m: int, width: int) -> Iterator[slice]:
    """Cut m tests of ``width`` numbers each into slices of bounded memory."""
    step = max(1, _BLOCK // max(1, width))
    for start in range(0, m, step):
        yield slice(start, min(m, start + step))


def _schur(stack: Floats, k: int) -> Floats:
    """Give the covariance of (x, y) given S from stacked matrices over (S, x, y).

    One elimination step for each member of S; a pivot is what the earlier members leave of its
    variance, and NaN if that is nothing.
    """
    for _ in range(k):
        pivot = np.where(stack[:, 0, 0] > SINGULAR, stack[:, 0, 0], np.nan)
        row = stack[:, 0, 1:] / np.sqrt(pivot)[:, None]
        stack = stack[:, 1:, 1:] - row[:, :, None] * row[:, None, :]
    return stack


def _pair_correlation(cov: Floats) -> Floats:
    """Give the correlation in stacked 2 x 2 covariances; NaN where a variance vanishes."""
    fine = (cov[:, 0, 0] > SINGULAR) & (cov[:, 1, 1] > SINGULAR)
    product = np.where(fine, cov[:, 0, 0] * cov[:, 1, 1], np.nan)
    return np.asarray(np.clip(cov[:, 0, 1] / np.sqrt(product), -1, 1))


def partial_correlations(matrix: Floats, xs: Ints, ys: Ints, givens: Ints) -> Floats:
    """Give the partial correlation of each pair given its set.

    Parameters
    ----------
    matrix : array of shape (p, p)
        Correlations.
    xs, ys : arrays of int, shape (m,)
    givens : array of int, shape (m, k)

    Returns
    -------
    array of shape (m,)
        NaN where x or y is a linear function of the set, or the set is singular.

    Examples
    --------
    >>> r = np.array([[1.0, 0.5, 0.5], [0.5, 1.0, 0.25], [0.5, 0.25, 1.0]])
    >>> partial_correlations(r, np.array([1]), np.array([2]), np.array([[0]]))
    array([0.])
    """
    k = givens.shape[1]
    if k == 0:
        return matrix[xs, ys]
    r = np.empty(len(xs))
    for part in blocks(len(xs), (k + 2) ** 2):
        columns = np.column_stack([givens[part], xs[part], ys[part]])
        sub = matrix[columns[:, :, None], columns[:, None, :]]
        r[part] = _pair_correlation(_schur(sub, k))
    return r


def complete_correlations(values: Floats, xs: Ints, ys: Ints, givens: Ints) -> tuple[Floats, Ints]:
    """Give partial correlations on the rows complete in (x, y, S), and those rows' number."""
    there = ~np.isnan(values)
    filled = np.where(there, standardised(values), 0.0)
    k = givens.shape[1]
    r, n = np.empty(len(xs)), np.empty(len(xs), np.intp)
    for part in blocks(len(xs), len(values) * (k + 3)):
        columns = np.column_stack([givens[part], xs[part], ys[part]])
        whole = np.asarray(there.T[columns].all(axis=1), np.float64)
        rows = whole.sum(axis=1)
        n[part] = rows.astype(np.intp)
        chosen = filled.T[columns]
        mean = (chosen @ whole[:, :, None]) / np.maximum(rows, 1)[:, None, None]
        centred = (chosen - mean) * whole[:, None, :]
        length = np.sqrt(np.einsum("mkn,mkn->mk", centred, centred))
        least = ROUNDING * np.sqrt(rows[:, None])
        centred /= np.where(length > least, length, np.inf)[:, :, None]
        stack = centred @ np.swapaxes(centred, 1, 2)
        stack[:, range(k + 2), range(k + 2)] = 1.0
        r[part] = _pair_correlation(_schur(stack, k))
    return r, n
