"""What a kernel is: frozen settings that turn rows into a Gram matrix.

``kernel(rows)`` gives the symmetric (n, n) Gram matrix, ``kernel(rows, other)`` the (n, m) block
between ``rows`` and ``other``. Whatever a kernel reads off the data (means, standard deviations,
a median distance) it reads off ``rows`` in both cases, so that a block equals the same cells of
the whole.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causalsim.errors import DataError

__all__ = ["Floats", "Kernel", "as_rows", "standardised"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Kernel(ABC):
    """A positive semidefinite function of two rows; abstract.

    Attributes
    ----------
    name : str
        Of the class.

    Examples
    --------
    >>> from causalsim.kernels import Linear
    >>> Linear(standardise=False)([[1.0], [2.0]]).tolist()
    [[1.0, 2.0], [2.0, 4.0]]
    """

    name: ClassVar[str]

    def __call__(self, rows: ArrayLike, other: ArrayLike | None = None) -> Floats:
        """Give the Gram matrix of ``rows``, or the block between ``rows`` and ``other``.

        Parameters
        ----------
        rows : array of shape (n, d) or (n,)
            Finite numbers; one row a draw.
        other : array of shape (m, d) or (m,), optional

        Returns
        -------
        array of shape (n, n) or (n, m)

        Raises
        ------
        DataError
            If there are no rows, a value is not finite, or the two differ in columns.
        """
        first = as_rows(rows)
        if other is None:
            return self._gram(first, first)
        second = as_rows(other)
        if second.shape[1] != first.shape[1]:
            raise DataError(
                f"a kernel compares rows of one length; got {first.shape[1]} and "
                f"{second.shape[1]} columns."
            )
        return self._gram(first, second)

    @abstractmethod
    def _gram(self, rows: Floats, other: Floats) -> Floats:
        """Give the block between ``rows`` and ``other``; settings read off ``rows``.

        ``other is rows`` asks for the whole, which must come out exactly symmetric.
        """

    def diagonal(self, rows: ArrayLike) -> Floats:
        """Give k(row, row) for each row, without the rest of the matrix.

        Parameters
        ----------
        rows : array of shape (n, d) or (n,)

        Returns
        -------
        array of shape (n,)
        """
        return np.ones(len(as_rows(rows)))


def as_rows(rows: ArrayLike) -> Floats:
    """Give finite rows as a float64 array of shape (n, d).

    >>> as_rows([1, 2, 3]).shape
    (3, 1)
    """
    array = np.asarray(rows, np.float64)
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or 0 in array.shape:
        raise DataError(f"a kernel takes rows, shape (n, d) or (n,); got shape {array.shape}.")
    if not np.isfinite(array).all():
        raise DataError("a kernel takes finite numbers; drop or fill missing values first.")
    return np.ascontiguousarray(array)


def standardised(rows: Floats, other: Floats) -> tuple[Floats, Floats]:
    """Give both with the columns of ``rows`` at mean 0 and variance 1 (ddof=1).

    A constant column becomes 0. ``other is rows`` is kept, so that a Gram stays symmetric.

    >>> standardised(np.array([[1.0], [3.0]]), np.array([[2.0]]))[1].tolist()
    [[0.0]]
    """
    centre = rows.mean(axis=0)
    spread = rows.std(axis=0, ddof=1) if len(rows) > 1 else np.zeros_like(centre)
    tiny = 1e-12 * np.maximum(np.abs(centre), np.finfo(np.float64).tiny)
    scale = np.where(spread > tiny, spread, np.inf)
    first = (rows - centre) / scale
    return first, first if other is rows else (other - centre) / scale
