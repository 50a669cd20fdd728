"""Classical kernels: Gaussian, linear, polynomial, and equality of codes.

All but :class:`Delta` standardise the columns first, with the means and standard deviations of
``rows``, so that a Gram matrix does not depend on the units of measurement.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
from numpy.typing import ArrayLike

from causalsim.errors import OptionError
from causalsim.kernels._base import Floats, Kernel, as_rows, standardised
from causalsim.kernels._widths import Width, check_width, width_of

__all__ = ["Delta", "Gaussian", "Linear", "Polynomial"]


def _squared_distances(rows: Floats, other: Floats) -> Floats:
    """Give |a - b|^2; exactly symmetric with an exact zero diagonal if ``other is rows``."""
    if rows.shape[1] == 1:
        return np.asarray(np.square(rows - other.T))
    centre = rows.mean(axis=0)
    first = rows - centre
    second = first if other is rows else other - centre
    cross = first @ second.T
    if second is first:
        left = right = cross.diagonal().copy()
    else:
        left, right = (np.einsum("ij,ij->i", part, part) for part in (first, second))
    cross *= -2
    cross += left[:, None] + right
    return np.asarray(np.maximum(cross, 0.0, out=cross))


@final
@dataclass(frozen=True)
class Gaussian(Kernel):
    """The kernel exp(-|a - b|^2 / (2 w^2)), characteristic for every width w.

    Parameters
    ----------
    width : float, "median", "empirical" or "empirical_marginal"
        A number is w on the standardised scale. ``"median"`` is the median non-zero distance
        between rows; of more than 1000 rows, 1000 are taken evenly spaced from the sorted rows,
        whatever the order of the table. (causal-learn takes sqrt(2) times the median.)
        ``"empirical"`` is w sqrt(d) with w = 1.2 below 200 rows, 0.7 below 1200, else 0.4, for d
        columns: causal-learn's rule for conditional tests. ``"empirical_marginal"`` is
        w / sqrt(d) with w = 0.8, 0.5, 0.3: its rule for marginal tests [Zhang2011]_.
    standardise : bool
        Bring the columns to mean 0 and variance 1 first.

    Raises
    ------
    OptionError
        If ``width`` is neither a rule nor a positive number.

    Notes
    -----
    Rows that are all equal have no median distance; then k = 1.

    References
    ----------
    .. [Zhang2011] Zhang, Peters, Janzing & Schoelkopf, Kernel-based conditional independence test
       and application in causal discovery, UAI 2011.

    Examples
    --------
    >>> Gaussian(width=1.0, standardise=False)([0.0, 1.0]).round(3).tolist()
    [[1.0, 0.607], [0.607, 1.0]]
    """

    width: Width = "median"
    standardise: bool = True

    name: ClassVar[str] = "gaussian"

    def __post_init__(self) -> None:
        check_width(self.width)

    def _gram(self, rows: Floats, other: Floats) -> Floats:
        if self.standardise:
            rows, other = standardised(rows, other)
        gram = _squared_distances(rows, other)
        gram *= -0.5 / width_of(self.width, rows) ** 2
        return np.asarray(np.exp(gram, out=gram))


@final
@dataclass(frozen=True)
class Linear(Kernel):
    """The inner product of two rows; sees linear dependence only.

    Parameters
    ----------
    standardise : bool
        Bring the columns to mean 0 and variance 1 first.

    Examples
    --------
    >>> Linear()([1.0, 3.0]).round(3).tolist()
    [[0.5, -0.5], [-0.5, 0.5]]
    """

    standardise: bool = True

    name: ClassVar[str] = "linear"

    def _gram(self, rows: Floats, other: Floats) -> Floats:
        if self.standardise:
            rows, other = standardised(rows, other)
        return np.asarray(rows @ other.T)

    def diagonal(self, rows: ArrayLike) -> Floats:
        """Give the squared length of each row, shape (n,)."""
        array = as_rows(rows)
        if self.standardise:
            array = standardised(array, array)[0]
        return np.asarray(np.einsum("ij,ij->i", array, array))


@final
@dataclass(frozen=True)
class Polynomial(Kernel):
    """The kernel (offset + <a, b>)^degree: all monomials up to the degree.

    It is not scaled to a unit diagonal, as in causal-learn: the length of a row is part of what
    it sees, and with a unit diagonal degree 1 of one column would see little but the sign.

    Parameters
    ----------
    degree : int
        At least 1.
    offset : float
        Not negative; at 0 only the monomials of exactly the degree remain.
    standardise : bool
        Bring the columns to mean 0 and variance 1 first.

    Raises
    ------
    OptionError
        If ``degree`` or ``offset`` is out of range, which would not be positive semidefinite.

    Examples
    --------
    >>> Polynomial(degree=2, standardise=False)([1.0, 2.0]).tolist()
    [[4.0, 9.0], [9.0, 25.0]]
    """

    degree: int = 2
    offset: float = 1.0
    standardise: bool = True

    name: ClassVar[str] = "polynomial"

    def __post_init__(self) -> None:
        if isinstance(self.degree, bool) or self.degree != int(self.degree) or self.degree < 1:
            raise OptionError(f"degree={self.degree!r}: expected a whole number of at least 1.")
        if not 0 <= self.offset < np.inf:
            raise OptionError(f"offset={self.offset!r}: expected a finite number, at least 0.")

    def _gram(self, rows: Floats, other: Floats) -> Floats:
        return self._power(Linear(self.standardise)._gram(rows, other))  # noqa: SLF001 own module

    def diagonal(self, rows: ArrayLike) -> Floats:
        """Give (offset + |a|^2)^degree for each row, shape (n,)."""
        return self._power(Linear(self.standardise).diagonal(rows))

    def _power(self, inner: Floats) -> Floats:
        return np.asarray((self.offset + inner) ** self.degree)


@final
@dataclass(frozen=True)
class Delta(Kernel):
    """The kernel that is 1 for equal rows and 0 for others: codes of discrete columns.

    The order and the distance of codes play no part, and neither does the unit.

    Examples
    --------
    >>> Delta()([0, 2, 0]).tolist()
    [[1.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 1.0]]
    """

    name: ClassVar[str] = "delta"

    def _gram(self, rows: Floats, other: Floats) -> Floats:
        equal = np.ones((len(rows), len(other)), np.bool_)
        for column, others in zip(rows.T, other.T, strict=True):
            equal &= np.equal.outer(column, others)
        return equal.astype(np.float64)
