"""The compiled pivoted Cholesky factor of a Gaussian kernel; imported when first needed."""

# mypy: disable-error-code="no-untyped-def, untyped-decorator"
from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["gaussian_cholesky"]


@njit(cache=True, nogil=True)
def gaussian_cholesky(rows, start, rank, tolerance):
    """Factor exp(-|a - b|^2 / 2) over rows, shape (n, d), as L L^T; give L and its pivots."""
    n, d = rows.shape
    left, rest = np.zeros((n, rank)), np.ones(n)
    pivots = np.empty(rank, np.int64)
    pivot, m = start, 0
    while m < rank and rest[pivot] > tolerance:
        root = np.sqrt(rest[pivot])
        rest[pivot] = 0.0
        left[pivot, m] = root
        furthest = pivot
        for r in range(n):
            if rest[r] <= 0.0:
                continue
            square = 0.0
            for k in range(d):
                apart = rows[r, k] - rows[pivot, k]
                square += apart * apart
            value = np.exp(-0.5 * square)
            for k in range(m):
                value -= left[r, k] * left[pivot, k]
            value /= root
            left[r, m] = value
            rest[r] = max(rest[r] - value * value, 0.0)
            if rest[r] > rest[furthest]:
                furthest = r
        pivots[m] = pivot
        pivot = furthest
        m += 1
    return left[:, :m].copy(), pivots[:m].copy()
