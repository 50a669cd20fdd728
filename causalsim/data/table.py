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

__all__ = ["Kind", "Table"]


class Kind(StrEnum):
    """What a column measures."""

    CONTINUOUS = "continuous"
    DISCRETE = "discrete"
    BINARY = "binary"
    TIME = "time"


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
    """

    names: tuple[str, ...]
    values: NDArray[np.float64]
    kinds: tuple[Kind, ...]
    levels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

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
