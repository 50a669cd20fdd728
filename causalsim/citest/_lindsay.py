"""A weighted sum of chi-squareds as a mixture of four gammas that has its first eight moments.

References
----------
.. [Lindsay2000] Lindsay, Pilla & Basak, Moment-based approximations of distributions using
   mixtures: theory and applications, Annals of the Institute of Statistical Mathematics 52(2).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from causalsim.citest._base import Floats
from causalsim.citest._tails import log_gamma_tail

__all__ = ["log_lpb4_tail"]

_COMPONENTS = 4
_GAP = 1e-3
_SAME = 1e-6


def log_lpb4_tail(statistic: float, k: ArrayLike) -> float:
    """Give log P(X >= statistic) by Lindsay, Pilla and Basak's mixture of gammas [Lindsay2000]_.

    The mixture of four gammas of one shape 1/lambda that has the first eight moments. Where the
    weights are so alike that rounding leaves no such law, the largest smaller mixture: a single
    gamma, which is then exact, for equal weights.

    Parameters
    ----------
    statistic : float
    k : array of shape (8,)
        Cumulants; see :func:`~causalsim.citest._nulls.cumulants`.

    Returns
    -------
    float

    Examples
    --------
    >>> from causalsim.citest._nulls import cumulants
    >>> log_lpb4_tail(2.0, cumulants([1.0, 1.0]))  # chi2(2)
    -1.0
    >>> float(np.exp(log_lpb4_tail(10.203, cumulants([1.5, 1.5, 0.5, 0.5]))))
    0.0500
    """
    from scipy.special import logsumexp

    all_k = np.asarray(k, np.float64)
    if not all_k[1] > 0:
        return 0.0
    moments = _moments(all_k / all_k[0] ** np.arange(1, len(all_k) + 1))
    lam, means, shares = _largest_mixture(moments)
    tails = log_gamma_tail(1 / lam, statistic / all_k[0] / (lam * means))
    return min(float(logsumexp(tails, b=shares)), 0.0)


def _moments(k: Floats) -> Floats:
    """Give the moments m_0, ..., m_r about 0 from the cumulants k_1, ..., k_r."""
    from scipy.special import comb

    m = np.ones(len(k) + 1)
    for r in range(1, len(m)):
        i = np.arange(1, r + 1)
        m[r] = (comb(r - 1, i - 1) * k[i - 1] * m[r - i]).sum()
    return m


def _divided(moments: Floats, lam: float) -> Floats:
    """Give what moments the means of the gammas have: m_r / prod_{i<r} (1 + i lam)."""
    return np.asarray(moments / np.cumprod([1.0, *(1 + lam * np.arange(len(moments) - 1))]))


def _hankel(m: Floats, size: int) -> Floats:
    """Give the matrix m_{i+j} for i, j = 0, ..., size."""
    i = np.arange(size + 1)
    return np.asarray(m[i[:, None] + i])


def _largest_mixture(moments: Floats) -> tuple[float, Floats, Floats]:
    """Give lambda, means and shares of the largest mixture that is a law up to rounding."""
    lam = float(moments[2] / moments[1] ** 2 - 1)
    best = lam, np.ones(1), np.ones(1)
    for size in range(2, _COMPONENTS + 1):
        lam = _next_lambda(moments, best[0], size)
        means, shares = _mixture(_divided(moments, lam), size)
        if not (shares > 0).all():
            break
        best = lam, means, shares
    return best


def _next_lambda(moments: Floats, lam: float, size: int) -> float:
    """Give the root of det Delta_size below the last lambda, or that where there is none."""
    from scipy.optimize import brentq

    steps = np.arange(2 * size)
    scale = np.sqrt(np.diag(_hankel(_divided(moments, lam), size)))
    over = _hankel(moments, size) / np.outer(scale, scale)

    def det(at: float) -> float:
        under = np.ones(2 * size + 1)
        np.cumprod(1 + at * steps, out=under[1:])
        return float(np.linalg.det(over / _hankel(under, size)))

    if not det(0.0) > 0 > det(lam):
        return lam
    return float(brentq(det, 0.0, lam, xtol=1e-13, rtol=1e-13))


def _mixture(m: Floats, size: int) -> tuple[Floats, Floats]:
    """Give means and shares of the discrete law with these moments; share NaN if none is."""
    hankel = _hankel(m, size)[:size]
    minors = [np.linalg.det(np.delete(hankel, i, axis=1)) for i in range(size + 1)]
    signs = (-1.0) ** np.arange(size, -1, -1)
    roots = np.polynomial.polynomial.polyroots(signs * minors)
    means = np.asarray(roots.real, np.float64)
    apart = len(means) == size and (np.diff(means, prepend=0.0) > _GAP).all()
    if np.iscomplexobj(roots) or not apart:
        return np.ones(size), np.full(size, np.nan)
    powers = means ** np.arange(2 * size)[:, None]
    shares = np.asarray(np.linalg.solve(powers[:size], m[:size]), np.float64)
    same = np.allclose(powers @ shares, m[: 2 * size], rtol=_SAME, atol=0.0)
    return means, shares if same else np.full(size, np.nan)
