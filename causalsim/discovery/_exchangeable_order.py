"""What background knowledge says of the order in which sinks are peeled off."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self, final

import numpy as np
from numpy.typing import NDArray

from causalsim.discovery._knowledge import Resolved
from causalsim.graph._base import closure

__all__ = ["Order"]

Bools = NDArray[np.bool_]


@final
@dataclass(frozen=True, eq=False)
class Order:
    """Arrows that can be and must be, where required edges also rule out what closes a cycle.

    Parameters
    ----------
    allowed : array of bool, shape (p, p)
        Whether ``i --> j`` can be.
    must : array of bool, shape (p, p)
        Whether ``i --> j`` is there for sure; without cycles, and allowed.
    fixed : array of bool, shape (p, p)
        Pairs that must be joined, in whichever direction.

    Examples
    --------
    >>> from causalsim.discovery import Knowledge
    >>> known = Knowledge(required=["A --> B", "B --> C"]).resolve(["A", "B", "C"])
    >>> Order.of(known).allowed.astype(int).tolist()
    [[0, 1, 1], [0, 0, 1], [0, 0, 0]]
    """

    allowed: Bools
    must: Bools
    fixed: Bools

    @classmethod
    def of(cls, known: Resolved) -> Self:
        """Take the order out of knowledge."""
        must = known.required | (known.joined & known.forbidden.T & ~known.forbidden)
        allowed = ~(known.forbidden | closure(must).T | np.eye(len(must), dtype=bool))
        return cls(allowed, must, known.fixed)

    def one_way(self, i: int, k: int) -> bool:
        """Tell whether ``i --> k`` can be, and ``k --> i`` cannot."""
        return bool(self.allowed[i, k] and not self.allowed[k, i])

    def apart(self, i: int, k: int) -> bool:
        """Tell whether i and k cannot be joined."""
        return not (self.allowed[i, k] or self.allowed[k, i])

    def open(self, i: int, k: int) -> bool:
        """Tell whether i and k can be joined in either direction."""
        return bool(self.allowed[i, k] and self.allowed[k, i])

    def sinks(self, rest: Iterable[int]) -> frozenset[int]:
        """Give those that can cause nothing else in a set."""
        members = sorted(rest)
        causes = self.allowed[np.ix_(members, members)].any(axis=1)
        return frozenset(members[at] for at in np.flatnonzero(~causes))

    def candidates(self, rest: Iterable[int]) -> frozenset[int]:
        """Give those that can be the first sink of a set; there always is one.

        They must cause nothing in it, and whatever they can reach along arrows that can be
        reaches them too: i with ``i --> k`` alone allowed waits for k, but not where k may cause
        i through a third variable.
        """
        members = sorted(rest)
        inside = np.ix_(members, members)
        reach = closure(self.allowed[inside])
        first = ~(reach & ~reach.T).any(axis=1) & ~self.must[inside].any(axis=1)
        return frozenset(members[at] for at in np.flatnonzero(first))
