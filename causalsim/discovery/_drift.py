"""Drift of columns over time, told from autocorrelation by its cosine coefficients.

A drift is slow: of a column of independent rows with one, the power of the cosine coefficients
beyond some frequency is the same everywhere. A stationary autoregression wanders like a drift
too, but its power falls off beyond any frequency. One that is slower than that and stands under
white noise cannot be told from a drift over a few hundred rows, nor can slow volatility.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causalsim.citest._correlation import unit_columns

__all__ = ["SLOWEST", "autocorrelated", "drift_width", "volatile"]

SLOWEST = 30
LEVEL, LEVEL_WITHIN = 0.01, 0.001
LEAST_SCALE, FEWEST_WAVES = 1e-6, 16
SHARES = np.geomspace(0.1, 0.01, 10)
FEWEST_WIDE = 3
Floats = NDArray[np.float64]


def autocorrelated(
    values: Floats, domains: ArrayLike | None = None, *, both_ways: bool = False
) -> NDArray[np.bool_]:
    """Tell which columns are autocorrelated beyond a slow drift, at .01 over all of them.

    Within domains at .001, since their rows are more often independent.

    Cosines of periods from ``SLOWEST`` rows up are left to the drift, and a scale that drifts is
    divided out. The mean power in the lowest eighth, quarter and half of the others is compared
    with that in the rest; the ratios follow F laws if rows are independent.

    Parameters
    ----------
    values : array of shape (n, p)
        Rows in the order of time, one apart.
    domains : array of shape (n,), optional
        Rows of one domain follow each other; power is pooled over domains.
    both_ways : bool
        Also find power that rises with frequency, as too simple an autoregression leaves it.

    Examples
    --------
    >>> e = np.random.default_rng(0).normal(size=(400, 2))
    >>> e[1:, 1] += 0.7 * e[:-1, 1]
    >>> autocorrelated(e + np.sin(np.arange(400) / 20)[:, None]).tolist()
    [False, True]
    """
    groups = _groups(values, domains)
    return _coloured(_steady(values, groups), groups, both_ways=both_ways)


def volatile(values: Floats, domains: ArrayLike | None = None) -> NDArray[np.bool_]:
    """Tell which columns have a scale that wanders faster than a slow drift, at .01 over all.

    The same check, of absolute values.

    Examples
    --------
    >>> e, swing = np.random.default_rng(0).normal(size=(400, 2)), np.sin(np.arange(400) / 2.5)
    >>> e[:, 1] *= np.exp(swing)
    >>> volatile(e).tolist(), autocorrelated(e).tolist()
    ([False, True], [False, False])
    """
    groups = _groups(values, domains)
    return _coloured(np.abs(_steady(values, groups)), groups, both_ways=False)


def _groups(values: Floats, domains: ArrayLike | None) -> list[NDArray[np.intp]]:
    """Give the rows of each domain, in order."""
    codes = np.zeros(len(values)) if domains is None else np.asarray(domains)
    return [np.flatnonzero(codes == code) for code in np.unique(codes)]


def _slow(m: int) -> int:
    """Count the cosines over m rows that are left to a drift, the constant among them."""
    return 1 + round(2 * m / SLOWEST)


def _steady(values: Floats, groups: list[NDArray[np.intp]]) -> Floats:
    """Take a drift of level and of scale out of each domain."""
    from scipy.fft import dct, idct
    from scipy.ndimage import gaussian_filter1d

    found = np.empty_like(values)
    least = np.maximum(LEAST_SCALE * values.std(axis=0), np.finfo(np.float64).tiny)
    for rows in groups:
        waves = dct(values[rows], axis=0, norm="ortho")
        waves[: _slow(len(rows))] = 0.0
        rest = idct(waves, axis=0, norm="ortho")
        sizes = np.log(np.maximum(np.abs(rest), least))
        found[rows] = rest / np.exp(gaussian_filter1d(sizes, SLOWEST / 2, axis=0))
    return found


def _coloured(
    values: Floats, groups: list[NDArray[np.intp]], *, both_ways: bool
) -> NDArray[np.bool_]:
    """Tell which columns have uneven power beyond a drift."""
    from scipy.fft import dct
    from scipy.special import fdtr, fdtrc

    powers, places = [], []
    for rows in groups:
        first = _slow(len(rows))
        powers.append(dct(values[rows], axis=0, norm="ortho")[first:] ** 2)
        places.append(np.arange(first, len(rows)) / len(rows))
    power = np.vstack(powers)[np.argsort(np.concatenate(places), kind="stable")]
    left, p = power.shape
    found = np.zeros(p, np.bool_)
    level = (LEVEL if len(groups) == 1 else LEVEL_WITHIN) / (3 * p * (1 + both_ways))
    for low in (left // 8, left // 4, left // 2) if left >= FEWEST_WAVES else ():
        ratio = power[:low].mean(axis=0) / power[low:].mean(axis=0)
        found |= fdtrc(low, left - low, ratio) < level
        if both_ways:
            found |= fdtr(low, left - low, ratio) < level
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
