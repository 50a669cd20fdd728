"""Widths of a Gaussian kernel: rules that read one off the rows.

The empirical bands are those of [Zhang2011]_ as causal-learn has them: on columns of variance 1,
k = exp(-theta |a - b|^2 / 2) with theta = 1/(w^2 d) for conditional tests and theta = d/w^2 for
marginal ones, where w falls with the number of rows n and d is the number of columns.

References
----------
.. [Zhang2011] Zhang, Peters, Janzing & Schoelkopf, Kernel-based conditional independence test and
   application in causal discovery, UAI 2011.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from causalsim.errors import OptionError
from causalsim.kernels._base import Floats

__all__ = ["RULES", "Width", "check_width", "content_order", "width_of"]

Width = Literal["median", "empirical", "empirical_marginal"] | float
MOST_ROWS = 1000


def content_order(rows: Floats) -> NDArray[np.intp]:
    """Give the order that sorts rows by their first column, ties by the next, and so on.

    Rows taken in this order do not depend on how the table was sorted.

    >>> content_order(np.array([[2.0, 0.0], [1.0, 5.0], [1.0, 4.0]])).tolist()
    [2, 1, 0]
    """
    return np.lexsort(rows.T[::-1])


def _band(n: int, small: float, middle: float, large: float) -> float:
    """Give the empirical width for n rows."""
    return small if n < 200 else middle if n < 1200 else large


def _empirical(rows: Floats) -> float:
    n, d = rows.shape
    return float(_band(n, 1.2, 0.7, 0.4) * np.sqrt(d))


def _empirical_marginal(rows: Floats) -> float:
    n, d = rows.shape
    return float(_band(n, 0.8, 0.5, 0.3) / np.sqrt(d))


def _median(rows: Floats) -> float:
    """Give the median non-zero distance, infinite if all rows are equal.

    Of more than 1000 rows, 1000 are taken evenly spaced from the sorted rows.
    """
    from scipy.spatial.distance import pdist

    if len(rows) > MOST_ROWS:
        spaced = np.linspace(0, len(rows) - 1, MOST_ROWS).round().astype(np.intp)
        rows = rows[content_order(rows)[spaced]]
    distances = pdist(rows)
    distances = distances[distances > 0]
    return float(np.median(distances)) if len(distances) else np.inf


RULES: Mapping[str, Callable[[Floats], float]] = {
    "median": _median,
    "empirical": _empirical,
    "empirical_marginal": _empirical_marginal,
}


def check_width(width: Width) -> None:
    """Refuse what is neither a rule nor a positive number.

    >>> check_width("median")
    """
    if isinstance(width, str):
        if width not in RULES:
            raise OptionError.from_choice("width", width, RULES)
    elif isinstance(width, bool) or not 0 < width < np.inf:
        raise OptionError(
            f"width={width!r}: expected a positive number, or a rule such as 'median'."
        )


def width_of(width: Width, rows: Floats) -> float:
    """Give the w of exp(-|a - b|^2 / (2 w^2)), by rule or as given.

    >>> width_of("median", np.array([[0.0], [0.0], [3.0]]))
    3.0
    """
    return RULES[width](rows) if isinstance(width, str) else float(width)
