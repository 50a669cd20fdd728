"""Wilks' statistic of stacked covariances of two blocks, rank-deficient ones included.

With M = L_x^-1 S_xy L_y^-T, where S = L L' is a Cholesky factorisation that leaves out what
earlier columns determine, the singular values of M are the canonical correlations r_i and
-log Lambda = -sum log(1 - r_i^2) [Mardia1979]_. They are cut at r^2 = 1 - 1e-10, so that columns
that determine each other have a large but finite statistic.

References
----------
.. [Mardia1979] Mardia, Kent & Bibby, Multivariate Analysis, sections 5.3.3 and 10.2.
"""

from __future__ import annotations

import numpy as np

from causalsim.citest._base import Floats, Ints
from causalsim.citest._correlation import SINGULAR

__all__ = ["half_solve", "log_wilks"]


def half_solve(matrix: Floats, right: Floats) -> tuple[Floats, Ints]:
    """Give L^-1 B of stacked matrices S = L L', with rows of 0 for dependent columns.

    Parameters
    ----------
    matrix : array of shape (m, d, d)
        Covariances S of columns of variance at most 1; a remainder below ``SINGULAR`` is none.
    right : array of shape (m, d, e)
        B, the covariances with other columns.

    Returns
    -------
    half : array of shape (m, d, e)
        half' half is then B' S^+ B.
    rank : array of int, shape (m,)

    Examples
    --------
    >>> half, rank = half_solve(np.array([[[1.0, 1.0], [1.0, 1.0]]]), np.array([[[0.5], [0.5]]]))
    >>> half.tolist(), rank.tolist()
    ([[[0.5], [0.0]]], [1])
    """
    d = matrix.shape[1]
    stack = np.concatenate([matrix, right], axis=2)
    half, rank = np.empty_like(right), np.zeros(len(right), np.intp)
    for j in range(d):
        pivot = stack[:, j, j]
        fine = pivot > SINGULAR
        row = stack[:, j] / np.sqrt(np.where(fine, pivot, np.inf))[:, None]
        half[:, j] = row[:, d:]
        rank += fine
        stack[:, j + 1 :] -= row[:, j + 1 : d, None] * row[:, None, :]
    return half, rank


def log_wilks(covariance: Floats, width: int) -> tuple[Floats, Ints, Ints]:
    """Give -log Lambda and the ranks of both blocks.

    Parameters
    ----------
    covariance : array of shape (m, d, d)
        Of both blocks side by side.
    width : int
        Columns of the first block.

    Returns
    -------
    log_ratio : array of shape (m,)
    rank_x, rank_y : arrays of int, shape (m,)

    Examples
    --------
    >>> log_ratio, _, _ = log_wilks(np.array([[[1.0, 0.6], [0.6, 1.0]]]), 1)
    >>> float(np.exp(-log_ratio[0]))
    0.64
    """
    x, y = slice(None, width), slice(width, None)
    half, rank_x = half_solve(covariance[:, x, x], covariance[:, x, y])
    whitened, rank_y = half_solve(covariance[:, y, y], np.swapaxes(half, 1, 2))
    if min(whitened.shape[1:]) <= 1:
        squares = np.einsum("mij,mij->m", whitened, whitened)[:, None]
    else:
        squares = np.linalg.svd(whitened, compute_uv=False) ** 2
    return -np.log1p(-np.minimum(squares, 1 - SINGULAR)).sum(axis=1), rank_x, rank_y
