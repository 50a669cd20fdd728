"""One table of numbers with names and column kinds: what every learner receives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import final

import numpy as np
from numpy.typing import NDArray

from causalsim.errors import DataError, NameNotFoundError

GUESSED = "column kinds were guessed"

__all__ = ["Kind", "Shifts", "Table"]


class Kind(StrEnum):
    """What a column measures."""

    CONTINUOUS = "continuous"
    DISCRETE = "discrete"
    BINARY = "binary"
    TIME = "time"


@final
@dataclass(frozen=True, eq=False)
class Shifts:
    """What a lagged table is made of: column ``lag * p + i`` is variable i, ``lag`` steps ago.

    Parameters
    ----------
    steps : array of shape (steps, p), float64
        The steps that a sample uses, each once.
    rows : array of int, shape (n, lags)
        The step that each sample sees at each lag.

    Examples
    --------
    >>> Shifts(np.array([[1.0], [2.0], [3.0]]), np.array([[1, 0], [2, 1]])).values.tolist()
    [[2.0, 1.0], [3.0, 2.0]]
    """

    steps: NDArray[np.float64]
    rows: NDArray[np.intp]

    @property
    def values(self) -> NDArray[np.float64]:
        """Give the lagged columns, shape (n, lags p)."""
        return self.steps[self.rows].reshape(len(self.rows), -1)


@final
@dataclass(frozen=True, eq=False)
class Table:
    """Named columns of numbers; discrete columns hold codes 0, 1, ....

    Parameters
    ----------
    names : tuple of str
    values : array of shape (n, p), float64
        Missing values are NaN and only there if the reader was asked to keep them.
    kinds : tuple of Kind
    levels : mapping of str to tuple of str
        For discrete and binary columns: the label of each code.
    notes : tuple of str
        What the reader did to the data, in plain words.

    Attributes
    ----------
    origin : Shifts or None
        What a table of :meth:`from_shifts` was made of. No table made from it, by
        :meth:`select` or :func:`dataclasses.replace`, has an origin.
    """

    names: tuple[str, ...]
    values: NDArray[np.float64]
    kinds: tuple[Kind, ...]
    levels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    origin: Shifts | None = field(default=None, init=False, repr=False)

    @classmethod
    def from_shifts(
        cls,
        names: tuple[str, ...],
        shifts: Shifts,
        kinds: tuple[Kind, ...],
        levels: Mapping[str, tuple[str, ...]],
        notes: tuple[str, ...] = (),
    ) -> Table:
        """Give the lagged table of a series, which knows where it comes from.

        Parameters
        ----------
        names, kinds, levels, notes
            As of any table, for all lags.
        shifts : Shifts

        Examples
        --------
        >>> shifts = Shifts(np.array([[1.0], [2.0]]), np.array([[1, 0]]))
        >>> table = Table.from_shifts(("X", "X[t-1]"), shifts, (Kind.CONTINUOUS,) * 2, {})
        >>> table.values.tolist(), table.origin is shifts, table.select(["X"]).origin
        ([[2.0, 1.0]], True, None)
        """
        table = cls(names, shifts.values, kinds, levels, notes)
        object.__setattr__(table, "origin", shifts)
        return table

    def __post_init__(self) -> None:
        shape, p = self.values.shape, len(self.names)
        if shape[1:] != (p,) or len(self.kinds) != p or len(set(self.names)) < p:
            raise DataError(
                f"got values of shape {shape}, {p} names and {len(self.kinds)} kinds; expected "
                f"shape (rows, columns) with a distinct name and a kind for each column."
            )

    def __len__(self) -> int:
        return len(self.values)

    @cached_property
    def _index(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.names)}

    def index(self, name: str) -> int:
        """Give the position of a column, or name the nearest one."""
        if name not in self._index:
            raise NameNotFoundError.from_names("column", name, self.names)
        return self._index[name]

    def select(self, names: Sequence[str]) -> Table:
        """Give the table of some columns, in the order asked for."""
        columns = [self.index(name) for name in names]
        return Table(
            tuple(names),
            np.ascontiguousarray(self.values[:, columns]),
            tuple(self.kinds[i] for i in columns),
            {name: self.levels[name] for name in names if name in self.levels},
            self.notes,
        )

    @property
    def guesses(self) -> str:
        """Give the reader's note on guessed kinds in brackets, to end a message; or nothing."""
        return "".join(f" ({note})" for note in self.notes if note.startswith(GUESSED))

    @cached_property
    def has_missing(self) -> bool:
        """Tell whether any value is NaN."""
        return bool(np.isnan(self.values).any())
