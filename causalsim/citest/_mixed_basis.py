"""Columns as blocks of numbers, and functions of a conditioning set to adjust for.

A discrete column with L observed states becomes L - 1 indicators, any other column a block of
one. What a set explains is spanned by an indicator of each stratum of its discrete columns, a
natural cubic spline of each continuous column in every stratum, and the products of any two
continuous columns.

References
----------
.. [Hastie2009] Hastie, Tibshirani & Friedman, The Elements of Statistical Learning, 2nd edition,
   section 5.2.1: natural cubic splines.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from causalsim.citest._base import Floats
from causalsim.citest._correlation import unit_columns

__all__ = ["adjustment", "indicators", "natural_spline"]

_RANK = 1e-6


def indicators(codes: Floats) -> Floats:
    """Give one indicator for each state but the first, shape (n, L - 1).

    >>> indicators(np.array([0.0, 2.0, 5.0])).tolist()
    [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]
    """
    return np.asarray(codes[:, None] == np.unique(codes)[1:], np.float64)


def natural_spline(values: Floats, knots: int) -> Floats:
    """Give a basis, without the constant, of natural cubic splines [Hastie2009]_.

    Parameters
    ----------
    values : array of shape (n,)
    knots : int
        Number K of knots, put at the quantiles 1/(2K), 3/(2K), ...; those that coincide count
        once.

    Returns
    -------
    array of shape (n, K - 1)
        The values first; only they where fewer than three knots differ.

    Examples
    --------
    >>> natural_spline(np.linspace(0, 1, 50), 4).shape
    (50, 3)
    """
    at = np.unique(np.quantile(values, (np.arange(knots) + 0.5) / knots))
    if len(at) < 3:
        return values[:, None]
    cubes = np.maximum(values[:, None] - at, 0) ** 3
    slopes = (cubes[:, :-1] - cubes[:, -1:]) / (at[-1] - at[:-1])
    return np.column_stack([values, slopes[:, :-1] - slopes[:, -1:]])


def adjustment(codes: Floats, numbers: Sequence[Floats]) -> Floats:
    """Give an orthonormal basis of what a conditioning set explains beyond a constant.

    The knots are round((n / strata)^(1/3)) + 2 for each continuous column, so that they grow
    with the rows of a stratum.

    Parameters
    ----------
    codes : array of shape (n, c)
        Discrete columns; c may be 0.
    numbers : sequence of arrays of shape (n,)
        Continuous columns.

    Returns
    -------
    array of shape (n, rank)

    Examples
    --------
    >>> adjustment(np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), []).shape
    (4, 3)
    """
    stratum = _strata(codes)
    n, count = stratum.shape
    knots = round((n / count) ** (1 / 3)) + 2
    smooth = [_orthonormal(unit_columns(natural_spline(values, knots))) for values in numbers]
    within = [(stratum[:, :, None] * basis[:, None, :]).reshape(n, -1) for basis in smooth]
    products = [unit_columns((one * other)[:, None]) for one, other in combinations(numbers, 2)]
    columns = np.column_stack([stratum / np.sqrt(n), *within, *products])
    return _orthonormal(columns - columns.mean(axis=0))


def _orthonormal(columns: Floats) -> Floats:
    """Give an orthonormal basis of the same span; directions shorter than 1e-6 count for none."""
    left, size, _ = np.linalg.svd(columns, full_matrices=False)
    return np.asarray(left[:, size > _RANK])


def _strata(codes: Floats) -> NDArray[np.float64]:
    """Give one indicator for each observed configuration, shape (n, strata)."""
    if codes.shape[1] == 0:
        return np.ones((len(codes), 1))
    configurations, place = np.unique(codes, axis=0, return_inverse=True)
    return np.eye(len(configurations))[place.ravel()]
