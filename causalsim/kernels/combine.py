"""Kernels made of kernels: products for mixed blocks of columns, convex sums for fusion.

Products and convex sums of positive semidefinite kernels are positive semidefinite: the first by
the Schur product theorem.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from typing import ClassVar, final

import numpy as np
from numpy.typing import ArrayLike

from causalsim.errors import DataError, OptionError
from causalsim.kernels._base import Floats, Kernel, as_rows

__all__ = ["Part", "Product", "Sum"]


@final
@dataclass(frozen=True)
class Part:
    """A kernel and the columns that it sees.

    Parameters
    ----------
    kernel : Kernel
    columns : tuple of int, optional
        Distinct column numbers from 0; all columns if left out.

    Raises
    ------
    OptionError
        If ``kernel`` is not a kernel, or ``columns`` are not distinct numbers from 0.

    Examples
    --------
    >>> from causalsim.kernels import Delta
    >>> Part(Delta(), (1,)).select(np.array([[5.0, 7.0]])).tolist()
    [[7.0]]
    """

    kernel: Kernel
    columns: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.kernel, Kernel):
            raise OptionError(f"a part needs a kernel such as Gaussian(); got {self.kernel!r}.")
        if self.columns is None:
            return
        distinct = set(self.columns)
        if not distinct or len(distinct) < len(self.columns) or min(distinct) < 0:
            raise OptionError(
                f"columns={self.columns!r}: expected distinct column numbers from 0, such as "
                "(0, 2); leave columns out for all of them."
            )

    def select(self, rows: Floats) -> Floats:
        """Give the columns that the kernel sees.

        Parameters
        ----------
        rows : array of shape (n, d)

        Returns
        -------
        array of shape (n, len(columns))

        Raises
        ------
        DataError
            If the rows have no such column.
        """
        if self.columns is None:
            return rows
        if max(self.columns) >= rows.shape[1]:
            raise DataError(
                f"{type(self.kernel).__name__} sees columns {self.columns}; the rows have "
                f"{rows.shape[1]}, numbered from 0."
            )
        return rows[:, list(self.columns)]

    def gram(self, rows: Floats, other: Floats) -> Floats:
        """Give the block of the kernel on its columns.

        Parameters
        ----------
        rows : array of shape (n, d)
        other : array of shape (m, d)
            ``rows`` itself for the whole.

        Returns
        -------
        array of shape (n, m)
        """
        return self.kernel(self.select(rows), None if other is rows else self.select(other))


@dataclass(frozen=True)
class _Combination(Kernel):
    """A kernel made of parts; abstract."""

    parts: tuple[Part, ...]

    def __post_init__(self) -> None:
        if not self.parts or not all(isinstance(part, Part) for part in self.parts):
            raise OptionError(
                f"{type(self).__name__} takes a tuple of parts, such as (Part(Gaussian(), (0,)), "
                f"Part(Delta(), (1,))); got {self.parts!r}."
            )

    @abstractmethod
    def _combine(self, values: Iterable[Floats]) -> Floats:
        """Make one array of the parts' arrays, elementwise."""

    def _gram(self, rows: Floats, other: Floats) -> Floats:
        return self._combine(part.gram(rows, other) for part in self.parts)

    def diagonal(self, rows: ArrayLike) -> Floats:
        """Give k(row, row) from the parts' diagonals, shape (n,)."""
        array = as_rows(rows)
        return self._combine(part.kernel.diagonal(part.select(array)) for part in self.parts)


@final
@dataclass(frozen=True)
class Product(_Combination):
    """The product of kernels, each on its own columns: rows are alike if all parts agree.

    A column that no part names plays no role.

    Parameters
    ----------
    parts : tuple of Part

    Raises
    ------
    OptionError
        If ``parts`` is not a tuple of at least one part.

    Examples
    --------
    A Gaussian on two measured columns, equality on a code between them:

    >>> from causalsim.kernels import Delta, Gaussian
    >>> kernel = Product((Part(Gaussian(), (0, 2)), Part(Delta(), (1,))))
    >>> kernel([[0.1, 0, 1.5], [0.1, 1, 1.5], [0.1, 0, 1.5]])[0].tolist()
    [1.0, 0.0, 1.0]
    """

    name: ClassVar[str] = "product"

    def _combine(self, values: Iterable[Floats]) -> Floats:
        return reduce(np.multiply, values)


@final
@dataclass(frozen=True)
class Sum(_Combination):
    """A convex combination of kernels: several widths, or several kinds of kernel, at once.

    Parameters
    ----------
    parts : tuple of Part
    weights : tuple of float, optional
        One for each part, not negative, of sum 1; equal if left out.

    Raises
    ------
    OptionError
        If ``parts`` is not a tuple of at least one part, or ``weights`` are not convex.

    Examples
    --------
    >>> from causalsim.kernels import Delta, Linear
    >>> fused = Sum((Part(Delta()), Part(Linear(standardise=False))), weights=(0.75, 0.25))
    >>> fused([1.0, 2.0]).tolist()
    [[1.0, 0.5], [0.5, 1.75]]
    """

    weights: tuple[float, ...] | None = None

    name: ClassVar[str] = "sum"

    def __post_init__(self) -> None:
        _Combination.__post_init__(self)
        if self.weights is None:
            return
        ours, total = len(self.parts), sum(self.weights)
        if len(self.weights) != ours or min(self.weights) < 0 or not np.isclose(total, 1.0):
            raise OptionError(
                f"weights={self.weights!r}: expected {ours} numbers, one for each part, none "
                "negative, of sum 1."
            )

    def _combine(self, values: Iterable[Floats]) -> Floats:
        weights = self.weights or (1 / len(self.parts),) * len(self.parts)
        return reduce(np.add, (w * value for w, value in zip(weights, values, strict=True)))
