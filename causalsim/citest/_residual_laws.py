"""Laws of the mean of residual products: a quadratic form, or the largest component.

See :mod:`causalsim.citest.residual` for what the products are.
"""

from __future__ import annotations

import numpy as np

from causalsim.citest._base import Floats
from causalsim.citest._correlation import blocks
from causalsim.citest._tails import log_chi2_tail

__all__ = ["maximum", "quadratic", "signs"]

_CUTS = np.arange(1, 8) / 8
_RANK = 1e-8


def quadratic(products: Floats) -> tuple[float, float, float, float]:
    """Test mean 0 by n r^2 / (1 - r^2), r^2 = mean' M^+ mean, M the second moments.

    That is n mean' Cov^+ mean where Cov is regular, and large rather than lost where x fixes y.

    Parameters
    ----------
    products : array of shape (n, d)

    Returns
    -------
    statistic, log_p, effect, dof : float
        The effect is r.

    Examples
    --------
    >>> statistic, _, effect, dof = quadratic(np.array([[1.0], [3.0]]))
    >>> statistic, effect, dof
    (8.0, 0.89, 1)
    """
    n, mean = len(products), products.mean(axis=0)
    e, v = np.linalg.eigh(products.T @ products / n)
    kept = e > _RANK * e[-1]
    r2 = float((((v[:, kept].T @ mean) ** 2) / e[kept]).sum())
    statistic = n * r2 / max(1 - r2, float(np.finfo(np.float64).eps))
    dof = int(kept.sum())
    return statistic, float(log_chi2_tail(statistic, dof)), min(r2, 1.0) ** 0.5, dof


def signs(z: Floats) -> Floats:
    """Give the weights: 1, and the sign of each column's distance to its octiles, shape (n, w).

    >>> signs(np.arange(8.0)[:, None]).sum(axis=0)
    array([ 8., 6., 4., 2., 0., -2., -4., -6.])
    """
    cuts = np.quantile(z, _CUTS, axis=0)
    signs = np.where(z[:, None, :] > cuts[None], 1.0, -1.0).reshape(len(z), -1)
    return np.hstack([np.ones((len(z), 1)), signs])


def maximum(
    products: Floats, draws: int, rng: np.random.Generator
) -> tuple[float, float, float, float]:
    """Compare the largest |T| with that of normal vectors of the same correlations.

    Parameters
    ----------
    products : array of shape (n, d)
    draws : int
    rng : numpy Generator

    Returns
    -------
    statistic, log_p, effect, dof : float
        The effect is the largest r; the degrees of freedom are NaN.

    Examples
    --------
    >>> maximum(np.ones((5, 1)) + np.eye(5)[:, :1], 9, np.random.default_rng(0))[0]
    6.71
    """
    n, mean = len(products), products.mean(axis=0)
    square = (products * products).mean(axis=0)
    r2 = mean * mean / square
    least = float(np.finfo(np.float64).eps)
    statistic = float(np.sqrt((n * r2 / np.maximum(1 - r2, least)).max()))
    scaled = (products - mean) / np.sqrt(np.maximum(square - mean * mean, least * square))
    e, v = np.linalg.eigh(scaled.T @ scaled / n)
    root = (v * np.sqrt(np.maximum(e, 0))) @ v.T
    beyond = 0
    for part in blocks(draws, len(e)):
        normal = rng.normal(size=(part.stop - part.start, len(e))) @ root
        beyond += int((np.abs(normal).max(axis=1) >= statistic).sum())
    return statistic, float(np.log1p(beyond) - np.log1p(draws)), float(np.sqrt(r2.max())), np.nan
