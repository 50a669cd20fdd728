"""Logarithms of tail probabilities that stay finite where the probability underflows.

Far out, p is written as a factor whose logarithm is exact times a continued fraction: Lentz's
for the incomplete beta function (Numerical Recipes, section 6.4) and Legendre's for the
incomplete gamma function (DLMF 8.9.2).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from causalsim.citest._base import Floats

__all__ = ["log_chi2_tail", "log_gamma_tail", "log_normal_tails", "log_t_tails"]

_SMALL = 1e-290
_TERMS = 200


def log_normal_tails(z: ArrayLike) -> Floats:
    """Give log P(|Z| >= |z|) of a standard normal Z.

    >>> float(log_normal_tails(40.0))
    -803.9
    """
    from scipy.special import log_ndtr

    return np.asarray(np.log(2) + log_ndtr(-np.abs(z)), np.float64)


def log_t_tails(t: ArrayLike, dof: ArrayLike) -> Floats:
    """Give log P(|T| >= |t|) of Student's t.

    >>> float(log_t_tails(0.0, 5.0)), float(log_t_tails(100.0, 1000.0))
    (0.0, -1202.6)
    """
    from scipy.special import betainc, betaincc

    t, dof = np.broadcast_arrays(np.abs(np.asarray(t, np.float64)), np.asarray(dof, np.float64))
    with np.errstate(over="ignore"):
        odds = t * t / dof
    a, small = dof / 2, np.minimum(odds, 1.0)
    near, beyond = betaincc(0.5, a, small / (1 + small)), betainc(a, 0.5, 1 / (1 + odds))
    return _log_far(np.where(odds < 1, near, beyond), _log_beta_fraction, a, odds)


def log_chi2_tail(statistic: ArrayLike, dof: ArrayLike) -> Floats:
    """Give log P(X >= statistic) of a chi-squared X.

    A test with no degrees of freedom says nothing and has log p = 0.

    >>> float(log_chi2_tail(0.0, 3.0)), float(log_chi2_tail(3000.0, 2.0))
    (0.0, -1500.0)
    """
    half = np.maximum(np.asarray(dof, np.float64), 1) / 2
    log_p = log_gamma_tail(half, np.asarray(statistic, np.float64) / 2)
    return np.where(np.asarray(dof) > 0, log_p, 0.0)


def log_gamma_tail(a: ArrayLike, x: ArrayLike) -> Floats:
    """Give log Q(a, x), the upper tail of a standard gamma law of shape a; 0 for x <= 0.

    >>> float(log_gamma_tail(1.0, 3.0)), float(log_gamma_tail(1.0, 3000.0))
    (-3.0, -3000.0)
    """
    from scipy.special import gammaincc

    shape, point = np.broadcast_arrays(
        np.asarray(a, np.float64), np.maximum(np.asarray(x, np.float64), 0)
    )
    return _log_far(gammaincc(shape, point), _log_gamma_fraction, shape, point)


def _log_far(
    p: ArrayLike, tail: Callable[[Floats, Floats], Floats], a: Floats, x: Floats
) -> Floats:
    """Give log p, by ``tail(a, x)`` where p is too small."""
    p = np.asarray(p, np.float64)
    with np.errstate(divide="ignore"):
        log_p = np.asarray(np.log(p))
        far = p < _SMALL
        if far.any():
            log_p[far] = tail(a[far], x[far])
    return log_p


def _log_beta_fraction(a: Floats, odds: Floats) -> Floats:
    """Give log I_x(a, 1/2) at x = 1 / (1 + odds), the fraction from its last term to its first."""
    from scipy.special import betaln

    log_x, y = -np.log1p(odds), -np.expm1(-np.log1p(odds))
    x = np.exp(log_x)
    rest = np.ones_like(x)
    for m in range(_TERMS, 0, -1):
        even = m * (0.5 - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m - 1) * (a + m - 0.5) * x / ((a + 2 * m - 2) * (a + 2 * m - 1))
        rest = 1 + odd / (1 + even / rest)
    return np.asarray(a * log_x + 0.5 * np.log(y) - np.log(a) - betaln(a, 0.5) - np.log(rest))


def _log_gamma_fraction(a: Floats, x: Floats) -> Floats:
    """Give log Q(a, x) for x > a + 1, by Lentz's way through the continued fraction."""
    from scipy.special import gammaln

    bottom = x - a + 1
    ahead, back = np.full_like(x, np.inf), 1 / bottom
    fraction = back.copy()
    for k in range(1, 1000):
        top = -k * (k - a)
        bottom = bottom + 2
        back = 1 / (top * back + bottom)
        ahead = bottom + top / ahead
        factor = ahead * back
        fraction *= factor
        if (np.abs(factor - 1) < 1e-15).all():
            break
    return np.asarray(a * np.log(x) - x - gammaln(a) + np.log(fraction))
