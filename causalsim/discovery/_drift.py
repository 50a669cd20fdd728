"""Drift of columns over time, told from autocorrelation by its cosine coefficients.

A drift is slow: of a column of independent rows with one, the power of the cosine coefficients
beyond some frequency is the same everywhere. A stationary autoregression wanders like a drift
too, but its power falls off beyond any frequency.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causalsim.citest._correlation import unit_columns

__all__ = ["SLOWEST", "autocorrelated", "drift_width"]

SLOWEST = 30
LEVEL = 0.01
SHARES = np.geomspace(0.1, 0.01, 10)
FEWEST_WIDE = 3
Floats = NDArray[np.float64]


def autocorrelated(values: Floats) -> NDArray[np.bool_]:
    """Tell which columns are autocorrelated beyond a slow drift, at .01 over all of them.

    Cosines of periods from ``SLOWEST`` rows up are left to the drift. The mean power in the
    lowest eighth, quarter and half of the others is compared with that in the rest; the ratios
    follow F laws if rows are independent.

    Parameters
    ----------
    values : array of shape (n, p)
        Rows in the order of time, one apart.

    Examples
    --------
    >>> e = np.random.default_rng(0).normal(size=(400, 2))
    >>> e[1:, 1] += 0.7 * e[:-1, 1]
    >>> autocorrelated(e + np.sin(np.arange(400) / 20)[:, None]).tolist()
    [False, True]
    """
    from scipy.fft import dct
    from scipy.special import fdtrc

    n, p = values.shape
    power = dct(values, axis=0, norm="ortho") ** 2
    power = power[1 + round(2 * n / SLOWEST) :]
    left = len(power)
    found = np.zeros(p, np.bool_)
    for low in (left // 8, left // 4, left // 2):
        ratio = power[:low].mean(axis=0) / power[low:].mean(axis=0)
        found |= fdtrc(low, left - low, ratio) < LEVEL / (3 * p)
    return found


def drift_width(values: Floats) -> float:
    """Choose a Gaussian's width over time by how its smoother predicts level and scale.

    Each column, and what the others linearly leave of it, and the absolute values of both are
    smoothed; the width has the least sum of log generalised cross-validation errors [Craven1979]_.
    It comes out at an eighth of a driver's period, and at a tenth of the range without a drift.

    Parameters
    ----------
    values : array of shape (n, p)
        Rows in the order of time, one apart.

    Returns
    -------
    float
        As a share of the range of time, from .01 to .1.

    References
    ----------
    .. [Craven1979] Craven & Wahba, Smoothing noisy data with spline functions, Numerische
       Mathematik 31, 377-403.

    Examples
    --------
    >>> t, e = np.arange(500), np.random.default_rng(0).normal(size=(500, 2))
    >>> drift_width(e), drift_width(e * (1.5 + np.sin(2 * np.pi * t / 100))[:, None])
    (0.1, 0.02)
    """
    from scipy.fft import dct

    n = len(values)
    unit = unit_columns(values)
    partial = np.linalg.pinv(unit.T @ unit, hermitian=True)
    features = np.hstack([unit, unit @ partial])
    features = unit_columns(np.hstack([features, np.abs(features)]))
    power = dct(features, axis=0, norm="ortho")[1:] ** 2
    shares = SHARES[(SHARES * n >= FEWEST_WIDE) | (np.arange(len(SHARES)) == 0)]
    kept = np.exp(-0.5 * np.outer(shares, np.pi * np.arange(1, n)) ** 2)
    freedom = 1 + kept.sum(axis=1, keepdims=True)
    errors = ((1 - kept) ** 2 @ power) / (1 - freedom / n) ** 2
    tiny = np.finfo(np.float64).tiny
    return float(shares[np.log(np.maximum(errors, tiny)).sum(axis=1).argmin()])
