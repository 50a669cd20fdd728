"""Which columns depend on each other: rank correlations of values and of sizes.

References
----------
.. [Fieller1957] Fieller, Hartley & Pearson, Tests for rank correlation coefficients, Biometrika
   44.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from causalsim.errors import DataError
from causalsim.scm.functions import Floats

__all__ = ["components", "dependent", "normal_correlation", "ranks_of", "table_of"]

SMALLEST = 10


def table_of(residuals: Mapping[str, Floats]) -> Floats:
    """Give columns of one length, shape (n, p)."""
    lengths = {len(column) for column in residuals.values()}
    if len(lengths) > 1 or min(lengths) < SMALLEST:
        raise DataError(
            f"residuals have {sorted(lengths)} rows; give all the same number, at least "
            f"{SMALLEST}."
        )
    table = np.column_stack(list(residuals.values()))
    if not np.isfinite(table).all():
        raise DataError("residuals are not finite; leave rows without a value out of all columns.")
    return table


def ranks_of(table: Floats) -> Floats:
    """Give ranks from 0, those of ties averaged."""
    from scipy.stats import rankdata

    return np.asarray(rankdata(table, axis=0) - 1)


def _correlation(table: Floats) -> Floats:
    """Give correlations, 0 for columns that do not vary."""
    centred = table - table.mean(axis=0)
    sizes = np.linalg.norm(centred, axis=0)
    scaled = centred / np.where(sizes > 0, sizes, 1.0)
    return np.asarray(np.clip(scaled.T @ scaled, -1.0, 1.0))


def dependent(table: Floats, alpha: float) -> NDArray[np.bool_]:
    """Say which pairs of columns depend, shape (p, p); see [Fieller1957]_ for the variance."""
    from scipy.special import ndtr

    n, p = table.shape
    sizes = np.abs(table - np.median(table, axis=0))
    tests = np.stack([_correlation(ranks_of(part)) for part in (table, sizes)])
    z = np.arctanh(np.clip(tests, -1 + 1e-12, 1 - 1e-12)) * np.sqrt((n - 3) / 1.06)
    smallest = 2 * ndtr(-np.abs(z).max(axis=0))
    np.fill_diagonal(smallest, 1.0)
    return np.asarray(smallest * p * (p - 1) <= alpha)


def components(linked: NDArray[np.bool_]) -> list[list[int]]:
    """Give the connected components of two or more, in order of their first members."""
    from scipy.sparse.csgraph import connected_components

    _, labels = connected_components(linked, directed=False)
    groups = [np.flatnonzero(labels == label).tolist() for label in dict.fromkeys(labels.tolist())]
    return [group for group in groups if len(group) > 1]


def normal_correlation(table: Floats) -> tuple[tuple[float, ...], ...]:
    """Give the correlation of normal scores."""
    from scipy.special import ndtri

    matrix = _correlation(np.asarray(ndtri((ranks_of(table) + 0.5) / len(table))))
    matrix = (matrix + matrix.T) / 2
    np.fill_diagonal(matrix, 1.0)
    return tuple(tuple(row) for row in matrix.tolist())
