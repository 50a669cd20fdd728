"""Gram matrices as a few columns: pivoted Cholesky factors and their centred bases.

K is close to L L^T with L of shape (n, m), found one pivot row at a time [Fine2001]_; smooth
kernels need few. Everything downstream costs O(n m^2) and never forms K.

References
----------
.. [Fine2001] Fine & Scheinberg, Efficient SVM training using low-rank kernel representations,
   Journal of Machine Learning Research 2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np

from causalsim.citest._base import Floats, Ints
from causalsim.kernels import Kernel

__all__ = [
    "Basis",
    "Factor",
    "NarrowRidge",
    "basis",
    "centred",
    "exact_factor",
    "factor",
    "gaussian_factor",
    "kernel_factor",
]

_DENSE = 2048
_NEGLIGIBLE = 1e-12
_EXACT = 1e-12


@final
@dataclass(frozen=True, eq=False)
class Factor:
    """A Gram matrix as L L^T.

    Parameters
    ----------
    columns : array of shape (n, m)
        L; its pivot rows form a lower triangle.
    pivots : array of int, shape (m,)
    """

    columns: Floats
    pivots: Ints


@final
@dataclass(frozen=True, eq=False)
class Basis:
    """The eigenvectors of a centred Gram matrix, H L L^T H = Q diag(values) Q^T.

    Parameters
    ----------
    values : array of shape (m,)
    vectors : array of shape (n, m)
        Q.
    mixing : array of shape (m', m)
        Q = (L - mean) mixing.
    mean : array of shape (m',)
        Of the columns of L.
    """

    values: Floats
    vectors: Floats
    mixing: Floats
    mean: Floats


@final
@dataclass(frozen=True, eq=False)
class NarrowRidge:
    """Regression at a fixed ridge on a Gram matrix of low rank: R = epsilon (K + epsilon I)^-1.

    With K = L L^T and C C^T = L^T L + epsilon I, R = I - W W^T where W = L C^-T (Woodbury).

    Parameters
    ----------
    weights : array of shape (n, m)
        W.
    """

    weights: Floats

    @classmethod
    def of(cls, left: Floats, epsilon: float) -> NarrowRidge:
        """Factor what a centred factor L, shape (n, m), spans."""
        from scipy.linalg.lapack import dtrtrs

        inner = left.T @ left
        inner.flat[:: len(inner) + 1] += epsilon
        return cls(dtrtrs(np.linalg.cholesky(inner), left.T, lower=1)[0].T)

    def __call__(self, target: Floats) -> Floats:
        """Give R P, shape (n, r)."""
        return np.asarray(target - self.weights @ (self.weights.T @ target))


def factor(
    column: Callable[[int], Floats], diagonal: Floats, start: int, rank: int, tolerance: float
) -> Factor:
    """Factor a Gram matrix by pivoted Cholesky.

    Parameters
    ----------
    column : callable
        Gives K[:, i], shape (n,).
    diagonal : array of shape (n,)
    start : int
        The first pivot; the others are those with the largest remaining diagonal.
    rank : int
        Most columns.
    tolerance : float
        Stop when what remains of the diagonal is below this share of its largest entry.
    """
    rank = min(rank, len(diagonal))
    left, rest = np.empty((rank, len(diagonal))), diagonal.copy()
    least, pivot = tolerance * rest.max(), start
    pivots: list[int] = []
    while len(pivots) < rank and rest[pivot] > least:
        m = len(pivots)
        row = column(pivot) - left[:m, pivot] @ left[:m]
        row[pivots] = 0.0
        row /= np.sqrt(rest[pivot])
        left[m] = row
        rest -= row * row
        pivots.append(pivot)
        rest[pivots] = 0.0
        pivot = int(rest.argmax())
    return Factor(np.ascontiguousarray(left[: len(pivots)].T), np.array(pivots, np.intp))


def gaussian_factor(rows: Floats, width: float, rank: int, tolerance: float) -> Factor:
    """Factor the Gaussian kernel exp(-|a - b|^2 / (2 w^2)) of some rows.

    >>> left = gaussian_factor(np.array([[0.0], [1.0]]), 1.0, 2, 1e-12).columns
    >>> (left @ left.T).round(3).tolist()
    [[1.0, 0.607], [0.607, 1.0]]
    """
    from causalsim.citest.kernel._compiled import gaussian_cholesky

    most = min(rank, len(rows))
    return Factor(*gaussian_cholesky(rows / width, _middle(rows), most, tolerance))


def kernel_factor(kernel: Kernel, rows: Floats, rank: int, tolerance: float) -> Factor:
    """Factor any kernel; from 2048 rows on without its whole Gram matrix."""
    if len(rows) <= _DENSE:
        gram = kernel(rows)
        return factor(gram.__getitem__, gram.diagonal(), _middle(rows), rank, tolerance)
    diagonal = kernel.diagonal(rows)

    def column(i: int) -> Floats:
        return kernel(rows, rows[[i]])[:, 0]

    return factor(column, diagonal, _middle(rows), rank, tolerance)


def exact_factor(gram: Floats, tolerance: float = _EXACT) -> Floats:
    """Give L with L L^T equal to a Gram matrix but for a small share of its diagonal, by LAPACK.

    >>> left = exact_factor(np.array([[1.0, 0.5], [0.5, 1.0]]))
    >>> (left @ left.T).round(12).tolist()
    [[1.0, 0.5], [0.5, 1.0]]
    """
    from scipy.linalg.lapack import dpstrf

    packed, order, rank, _ = dpstrf(gram.T, tol=tolerance * gram.diagonal().max(), lower=1)
    return np.asarray(np.triu(packed.T[:rank]).take(order.argsort(), axis=1).T)


def _middle(rows: Floats) -> int:
    """Give the row nearest to the mean, a start that does not depend on the order of rows."""
    apart = rows - rows.mean(axis=0)
    return int((apart * apart).sum(axis=1).argmin())


def centred(columns: Floats) -> Floats:
    """Subtract the mean of each column: the factor of H K H."""
    return np.asarray(columns - columns.mean(axis=0))


def basis(columns: Floats) -> Basis:
    """Give the eigenvectors of the centred Gram matrix of a factor.

    >>> basis(np.array([[1.0], [3.0]])).values.tolist()
    [2.0]
    """
    left = centred(columns)
    values, vectors = np.linalg.eigh(left.T @ left)
    kept = values > _NEGLIGIBLE * max(values[-1], 1.0)
    mixing = vectors[:, kept] / np.sqrt(values[kept])
    return Basis(values[kept], left @ mixing, mixing, columns.mean(axis=0))
