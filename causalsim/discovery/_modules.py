"""Changing modules: a variable, its parents, and where its rows stand in a context."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Self, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causalsim.discovery._time_width import smooth
from causalsim.errors import DataError
from causalsim.kernels import Gaussian

__all__ = ["MOST_POINTS", "Module", "Positions"]

Floats = NDArray[np.float64]

MOST_POINTS, FEW_POINTS = 1500, 500


@final
@dataclass(frozen=True, eq=False)
class Positions:
    """Where the rows stand in the context.

    Parameters
    ----------
    values : array of shape (n,)
        Increasing times, or domains as codes from 0 on, all of which occur.
    kind : {"time", "domain"}

    Examples
    --------
    >>> Positions.domains(["b", "a", "b"]).values.tolist()
    [1.0, 0.0, 1.0]
    """

    values: Floats
    kind: Literal["time", "domain"]

    @classmethod
    def times(cls, values: ArrayLike) -> Self:
        """Take times, one a row.

        Raises
        ------
        DataError
            If they do not increase.
        """
        found = np.asarray(values, np.float64)
        if found.ndim != 1 or len(found) < 2 or not (np.diff(found) > 0).all():
            raise DataError(
                f"times of shape {found.shape}: expected one a row, finite and increasing; sort "
                "the rows by time and keep one for each."
            )
        return cls(found, "time")

    @classmethod
    def domains(cls, codes: ArrayLike) -> Self:
        """Take domains, one a row, of any names.

        Raises
        ------
        DataError
            If there is one only.
        """
        levels, found = np.unique(np.asarray(codes), return_inverse=True)
        if len(levels) < 2:
            raise DataError(f"domains hold the one value {levels.tolist()}; a change needs two.")
        return cls(found.ravel().astype(np.float64), "domain")

    def __len__(self) -> int:
        return len(self.values)

    @cached_property
    def members(self) -> Floats:
        """Indicators of the domains, shape (n, m)."""
        return np.asarray(self.values[:, None] == np.unique(self.values), np.float64)

    @cached_property
    def points(self) -> Floats:
        """The domains, or the times: of more than 1500, 500 evenly spaced among the rows."""
        if self.kind == "domain":
            return np.unique(self.values)
        last = len(self) - 1
        count = len(self) if len(self) <= MOST_POINTS else FEW_POINTS
        return self.values[np.linspace(0, last, count).round().astype(np.intp)]

    def near(self, rows: slice, time_width: float) -> Floats:
        """Give the kernel between some rows and all points."""
        if self.kind == "domain":
            return self.members[rows]
        kernel = Gaussian(time_width, standardise=False)
        return kernel(self.values[rows, None], self.points[:, None])

    def sums(self, values: Floats, time_width: float) -> Floats:
        """Sum up values, shape (n, q), under the kernel around each point, shape (c, q)."""
        if self.kind == "domain":
            return np.asarray(self.members.T @ values)
        return smooth(self.points, self.values, time_width, values)


@final
@dataclass(frozen=True, eq=False)
class Module:
    """A variable, its parents, and where its rows were taken.

    Parameters
    ----------
    parents : array of shape (n, d)
        d = 0 for none.
    y : array of shape (n,)
    context : Positions

    Raises
    ------
    DataError
        If the shapes differ, a value is missing, or y does not vary.
    """

    parents: Floats
    y: Floats
    context: Positions

    def __post_init__(self) -> None:
        shapes = (np.shape(self.parents)[:1], np.shape(self.y))
        if np.ndim(self.parents) != 2 or shapes != ((len(self.context),),) * 2:
            raise DataError(
                f"a module with parents of shape {np.shape(self.parents)}, y of "
                f"{np.shape(self.y)} and {len(self.context)} positions; expected (n, d), (n,), n."
            )
        if not np.isfinite(self.parents).all() or not np.isfinite(self.y).all():
            raise DataError("a module has missing or infinite values; drop these rows.")
        if np.ptp(self.y) == 0:
            raise DataError("the variable of a module does not vary; drop it.")
