"""A memory for arrays that a search needs again, within a budget of bytes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, TypeVar, final

import numpy as np

__all__ = ["Store", "size"]

Value = TypeVar("Value")


def size(value: Any) -> int:
    """Give the bytes of the arrays in a value, however nested.

    >>> size([np.zeros(2), (np.zeros(3), None)])
    40
    """
    if isinstance(value, np.ndarray):
        return int(value.nbytes)
    if isinstance(value, list | tuple):
        return sum(map(size, value))
    if is_dataclass(value):
        return sum(size(getattr(value, part.name)) for part in fields(value))
    return 0


@final
@dataclass(eq=False)
class Store:
    """Values by key; those used least recently go when the budget is spent.

    A value larger than the budget is given but not kept. A copy sent to another process starts
    empty.

    Parameters
    ----------
    budget : int
        Bytes.
    """

    budget: int
    used: int = 0
    _held: OrderedDict[Hashable, tuple[Any, int]] = field(default_factory=OrderedDict)

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """Give the value of a key, made if it is not held."""
        if key in self._held:
            self._held.move_to_end(key)
            found: Value = self._held[key][0]
            return found
        value = make()
        self._keep(key, value, size(value))
        return value

    def _keep(self, key: Hashable, value: Any, cost: int) -> None:
        if cost > self.budget:
            return
        self._held[key] = value, cost
        self.used += cost
        while self.used > self.budget:
            _, (_, freed) = self._held.popitem(last=False)
            self.used -= freed

    def __len__(self) -> int:
        return len(self._held)

    def __reduce__(self) -> tuple[type[Store], tuple[int]]:
        return Store, (self.budget,)
