"""How well two Gram matrices agree, and what chance alone gives.

With K~ = HKH, H = I - 11'/n, and <A, B> the sum of A o B:

* centred alignment CKA = <K~, L~> / (|K~| |L~|) [Cortes2012]_;
* effective dimension ed(K) = (tr K~)^2 / |K~|^2;
* under permutation, exactly, E0 <K~, L~> = tr K~ tr L~ / (n - 1), so that
  E0 CKA = sqrt(ed(K) ed(L)) / (n - 1).

The gamma test of HSIC [Gretton2008]_ compares T = <K~, L~> with a gamma law of mean
tr K~ tr L~ / n and variance v = 2 |K~|^2 |L~|^2 / n^2. :func:`snr` takes the exact mean instead.

References
----------
.. [Cortes2012] Cortes, Mohri & Rostamizadeh, Algorithms for learning kernels based on centered
   alignment, JMLR 13.
.. [Gretton2008] Gretton et al., A kernel statistical test of independence, NIPS 20.
.. [Wang2025] Wang et al., Practical kernel selection for kernel-based conditional independence
   test, NeurIPS 2025: kernels chosen by signal-to-noise ratio.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import ArrayLike

from causalsim.errors import DataError
from causalsim.kernels._base import Floats

__all__ = [
    "Pairs",
    "alignment",
    "centred",
    "compare",
    "effective_dimension",
    "null_alignment",
    "snr",
]


def centred(gram: ArrayLike) -> Floats:
    """Give HKH with H = I - 11'/n; exactly symmetric.

    Parameters
    ----------
    gram : array of shape (n, n)
        Symmetric.

    Returns
    -------
    array of shape (n, n)

    Raises
    ------
    DataError
        If ``gram`` is not square.

    Examples
    --------
    >>> centred([[1.0, 0.0], [0.0, 1.0]]).tolist()
    [[0.5, -0.5], [-0.5, 0.5]]
    """
    return _centre(_square(gram))


def _square(gram: ArrayLike) -> Floats:
    """Check the shape of a Gram matrix."""
    matrix = np.asarray(gram, np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size:
        raise DataError(f"a Gram matrix is square; got shape {matrix.shape}.")
    return matrix


def _centre(grams: Floats) -> Floats:
    """Give HKH for each K of shape (..., n, n)."""
    means = grams.mean(axis=-2)
    both = means[..., :, None] + means[..., None, :]
    return np.asarray(grams - both + means.mean(axis=-1)[..., None, None])


@final
@dataclass(frozen=True, eq=False)
class Pairs:
    """What is compared in pairs of Gram matrices of n rows.

    Parameters
    ----------
    inner, traces, norms : arrays of shape (...)
        <K~, L~>, tr K~ tr L~ and |K~| |L~|; the last NaN if a matrix is constant.
    n : int
    """

    inner: Floats
    traces: Floats
    norms: Floats
    n: int

    @property
    def alignment(self) -> Floats:
        """<K~, L~> / (|K~| |L~|)."""
        return np.asarray(self.inner / self.norms)

    @property
    def null_alignment(self) -> Floats:
        """The mean of the alignment over all permutations."""
        return np.asarray(self.traces / self.norms / (self.n - 1))

    @property
    def snr(self) -> Floats:
        """(T - m) / sqrt(v), T and m divided by the norms."""
        return np.asarray((self.alignment - self.null_alignment) * self.n / np.sqrt(2))

    @property
    def p_value(self) -> Floats:
        """Of the gamma test of HSIC: shape m^2/v, scale v/m."""
        from scipy.special import gammaincc

        mean, variance = self.traces / self.n, 2 * (self.norms / self.n) ** 2
        inner = np.maximum(self.inner, 0.0)
        return np.asarray(gammaincc(mean**2 / variance, inner * mean / variance))


def compare(K: Floats, L: Floats) -> Pairs:
    """Compare Gram matrices of shape (..., n, n), pair by pair.

    >>> float(compare(np.eye(3), np.eye(3)).traces)
    4.0
    """
    first, second = _centre(K), _centre(L)
    inner = np.einsum("...ij,...ij->...", first, second)
    traces = np.einsum("...ii->...", first) * np.einsum("...ii->...", second)
    return Pairs(inner, traces, _norm(K, first) * _norm(L, second), K.shape[-1])


def _norm(grams: Floats, tildes: Floats) -> Floats:
    """Give |K~| for each K, NaN if K is constant but for rounding."""
    whole, norm = (np.linalg.norm(part, axis=(-2, -1)) for part in (grams, tildes))
    return np.where(norm > 1e-12 * whole, norm, np.nan)


def _pair(K: ArrayLike, L: ArrayLike) -> Pairs:
    """Compare two Gram matrices, neither of them constant."""
    first, second = _square(K), _square(L)
    if first.shape != second.shape:
        raise DataError(f"K and L have the same rows; got {len(first)} and {len(second)}.")
    pair = compare(first, second)
    if np.isnan(pair.norms):
        raise DataError(
            "a Gram matrix is constant: to this kernel all rows are alike. Drop constant columns, "
            "or choose a smaller width (a larger scale of a quantum kernel)."
        )
    return pair


def effective_dimension(gram: ArrayLike) -> float:
    """Give (tr K~)^2 / |K~|^2: between 1, for one feature, and n - 1, for unlike rows.

    Parameters
    ----------
    gram : array of shape (n, n)

    Returns
    -------
    float

    Raises
    ------
    DataError
        If ``gram`` is not square, or is constant.

    Examples
    --------
    >>> effective_dimension(np.eye(5))
    4.0
    """
    pair = _pair(gram, gram)
    return float(pair.traces / pair.norms)


def alignment(K: ArrayLike, L: ArrayLike) -> float:
    """Give the centred alignment, in [0, 1] for positive semidefinite matrices [Cortes2012]_.

    Parameters
    ----------
    K, L : arrays of shape (n, n)

    Returns
    -------
    float

    Raises
    ------
    DataError
        If the matrices are not square, differ in shape, or one is constant.

    Examples
    --------
    >>> alignment(np.eye(5), 2 * np.eye(5))
    1.0
    """
    return float(_pair(K, L).alignment)


def null_alignment(K: ArrayLike, L: ArrayLike) -> float:
    """Give the mean of the centred alignment over all permutations of one side's rows.

    Parameters
    ----------
    K, L : arrays of shape (n, n)

    Returns
    -------
    float
        sqrt(ed(K) ed(L)) / (n - 1), exactly.

    Raises
    ------
    DataError
        As in :func:`alignment`.

    Examples
    --------
    >>> null_alignment(np.eye(5), np.eye(5))
    1.0
    """
    return float(_pair(K, L).null_alignment)


def snr(K: ArrayLike, L: ArrayLike) -> float:
    """Give the signal-to-noise ratio (T - m) / sqrt(v) of HSIC [Wang2025]_.

    Parameters
    ----------
    K, L : arrays of shape (n, n)

    Returns
    -------
    float
        n (alignment - null_alignment) / sqrt(2): m = tr K~ tr L~ / (n - 1) is exact, where the
        gamma test divides by n, and v = 2 |K~|^2 |L~|^2 / n^2.

    Raises
    ------
    DataError
        As in :func:`alignment`.

    Examples
    --------
    >>> from causalsim.kernels import Gaussian
    >>> x = np.linspace(-1, 1, 50)
    >>> snr(Gaussian(1.0)(x), Gaussian(1.0)(x**2)) > 3
    True
    """
    return float(_pair(K, L).snr)
