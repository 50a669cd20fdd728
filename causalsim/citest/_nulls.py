"""Laws of weighted sums of chi-squared variables: sum_i w_i X_i with X_i ~ chi2(1), w_i >= 0.

The statistics of kernel tests follow such a law under independence. Its cumulants are
k_r = 2^(r-1) (r-1)! sum_i w_i^r, so that traces of powers of a matrix serve where its
eigenvalues w are not known. From the cumulants, each function gives the logarithm of an upper
tail that stays finite where the probability underflows: two moments (Satterthwaite-Welch), three
(Hall-Buckley-Eagleson [Buckley1988]_); :mod:`causalsim.citest._lindsay` fits eight.

References
----------
.. [Buckley1988] Buckley & Eagleson, An approximation to the distribution of quadratic forms in
   normal random variables, Australian Journal of Statistics 30A.
.. [Liu2020] Liu & Xie, Cauchy combination test, Journal of the American Statistical Association
   115.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from causalsim.citest._base import Floats
from causalsim.citest._correlation import blocks
from causalsim.citest._tails import log_gamma_tail

__all__ = [
    "cumulants",
    "log_cauchy_combination",
    "log_gamma_tail_from_moments",
    "log_hbe_tail",
    "log_spectral_tail",
]

_MOST_P = 0.99
_LEAST_LOG_P = -100.0


def cumulants(weights: ArrayLike, order: int = 8) -> Floats:
    """Give the first cumulants of a weighted sum.

    Parameters
    ----------
    weights : array of shape (..., k)
        Not negative.
    order : int

    Returns
    -------
    array of shape (..., order)

    Examples
    --------
    >>> cumulants([1.0, 1.0], order=3).tolist()
    [2.0, 4.0, 16.0]
    """
    w = np.asarray(weights, np.float64)
    r = np.arange(1, order + 1)
    factor = np.cumprod(np.maximum(2.0 * (r - 1), 1.0))
    return np.asarray(factor * (w[..., None] ** r).sum(axis=-2))


def log_gamma_tail_from_moments(
    statistic: ArrayLike, mean: ArrayLike, variance: ArrayLike
) -> Floats:
    """Give log P(X >= statistic) of a gamma X with this mean and variance.

    A variable without variance says nothing and has log p = 0.

    Parameters
    ----------
    statistic, mean, variance : arrays that broadcast
        Of a sum that is not negative: ``sum(w)`` and ``2 sum(w^2)`` for one of chi-squareds.

    Returns
    -------
    array

    Examples
    --------
    >>> float(log_gamma_tail_from_moments(2.0, 2.0, 4.0))  # chi2(2)
    -1.0
    >>> float(log_gamma_tail_from_moments(3000.0, 2.0, 4.0))
    -1500.0
    """
    t, m, v = np.broadcast_arrays(
        *(np.asarray(part, np.float64) for part in (statistic, mean, variance))
    )
    there = v > 0
    safe = np.where(there, v, 1.0)
    return np.where(there, log_gamma_tail(m * m / safe, t * m / safe), 0.0)


def log_hbe_tail(statistic: ArrayLike, k: ArrayLike) -> Floats:
    """Give log P(X >= statistic) by Hall, Buckley and Eagleson's three moments [Buckley1988]_.

    A chi-squared variable of nu = 8 k2^3 / k3^2 degrees of freedom, moved and scaled to mean k1
    and variance k2.

    Parameters
    ----------
    statistic : array of shape (...)
    k : array of shape (..., r), r >= 3
        Cumulants; see :func:`cumulants`.

    Returns
    -------
    array of shape (...)

    Examples
    --------
    >>> float(log_hbe_tail(2.0, cumulants([1.0, 1.0])))  # chi2(2)
    -1.0
    """
    t, all_k = np.asarray(statistic, np.float64), np.asarray(k, np.float64)
    there = all_k[..., 1] > 0
    k1, k2, k3 = (np.where(there, all_k[..., i], 1.0) for i in range(3))
    nu = 8 * k2**3 / k3**2
    point = (t - k1) * np.sqrt(2 * nu / k2) + nu
    return np.where(there, log_gamma_tail(nu / 2, point / 2), 0.0)


def log_spectral_tail(
    statistic: ArrayLike, weights: ArrayLike, *, draws: int, rng: np.random.Generator
) -> Floats:
    """Give log (1 + #{draws >= statistic}) / (1 + draws), which never rejects too often.

    Parameters
    ----------
    statistic : array of shape (...)
    weights : array of shape (k,)
    draws : int
    rng : numpy Generator

    Returns
    -------
    array of shape (...)

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> float(np.exp(log_spectral_tail(1e9, [1.0, 0.5], draws=99, rng=rng)))
    0.01
    """
    w = np.asarray(weights, np.float64)
    sums = np.empty(draws)
    for part in blocks(draws, len(w)):
        sums[part] = rng.chisquare(1, size=(part.stop - part.start, len(w))) @ w
    sums.sort()
    beyond = draws - np.searchsorted(sums, np.asarray(statistic, np.float64), side="left")
    return np.asarray(np.log1p(beyond) - np.log1p(draws))


def log_cauchy_combination(log_p: ArrayLike) -> float:
    """Combine p-values of one hypothesis, however they depend on each other [Liu2020]_.

    p = P(C >= mean_i cot(pi p_i)) for a standard Cauchy C, which keeps a small level; p_i is
    taken as at most 0.99, so that a single 1 does not outweigh all others.

    Parameters
    ----------
    log_p : array of shape (k,)

    Returns
    -------
    float
        One p-value alone comes back as it is.

    Examples
    --------
    >>> float(np.exp(log_cauchy_combination(np.log([0.02, 0.02]))))
    0.02
    >>> log_cauchy_combination([-1000.0, -1000.0])
    -1000.0
    """
    from scipy.special import logsumexp

    logs = np.asarray(log_p, np.float64)
    if len(logs) == 1:
        return float(logs[0])
    if logs.min() < _LEAST_LOG_P:  # cot(pi p) = 1 / (pi p) there
        return float(np.log(len(logs)) - logsumexp(-logs))
    p = np.minimum(np.exp(logs), _MOST_P)
    return float(np.log(np.arctan2(1.0, np.mean(1 / np.tan(np.pi * p))) / np.pi))
