"""Which conditioning sets a search tries for a pair, and questions of unequal length.

In PC they are the subsets of the neighbours of either end. Over time only contemporaneous
neighbours are drawn from, and what a selection step found joins every set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, combinations

import numpy as np
from numpy.typing import NDArray

from causalsim.graph._base import true_cells

__all__ = ["Subsets", "by_length"]

Bools = NDArray[np.bool_]
Ints = NDArray[np.intp]
Pair = tuple[int, int]
Set = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Subsets:
    """Subsets of the neighbours of either end, and nodes that every set of the pair holds.

    Parameters
    ----------
    pool : array of bool, shape (p, p), optional
        Whether j may be drawn as a neighbour of i; by default every neighbour may.
    always : callable(pair) -> tuple of int, optional
        What joins every set; never a node that ``pool`` lets be drawn for the pair.

    Examples
    --------
    >>> around = [{1, 2}, {0}, {0}]
    >>> list(Subsets(always=lambda pair: (7,)).of_size(around, (0, 1), 1))
    [(2, 7)]
    """

    pool: Bools | None = None
    always: Callable[[Pair], Set] | None = None

    @property
    def plain(self) -> bool:
        """Whether the sets are the subsets of all neighbours, and no more."""
        return self.pool is None and self.always is None

    def neighbours(self, adjacency: Bools) -> list[set[int]]:
        """Give, for each node, the neighbours to draw from."""
        found: list[set[int]] = [set() for _ in adjacency]
        for i, j in true_cells(self._drawn(adjacency)).tolist():
            found[i].add(j)
        return found

    def remain(self, adjacency: Bools, pairs: Ints, size: int) -> Bools:
        """Tell which pairs, shape (m, 2), have a set that draws ``size`` neighbours."""
        drawn = self._drawn(adjacency)
        room = drawn.sum(axis=1)
        i, j = pairs.T
        return np.asarray(np.maximum(room[i] - drawn[i, j], room[j] - drawn[j, i]) >= size)

    def of_size(self, around: list[set[int]], pair: Pair, size: int) -> Iterator[Set]:
        """Give the sets that draw ``size`` neighbours, in order; none twice."""
        drawn = self._combinations(around, pair, size) if size else iter([()])
        if self.always is None:
            return drawn
        more = self.always(pair)
        return (chosen + more for chosen in drawn)

    def may_hold(self, y: int, pair: Pair) -> bool:
        """Tell whether y, a neighbour of both ends, may be drawn for the pair."""
        return self.pool is None or bool(self.pool[pair[0], y] or self.pool[pair[1], y])

    def _drawn(self, adjacency: Bools) -> Bools:
        return adjacency if self.pool is None else adjacency & self.pool

    @staticmethod
    def _combinations(around: list[set[int]], pair: Pair, size: int) -> Iterator[Set]:
        i, j = pair
        mine, other = around[i] - {j}, around[j] - {i}
        both = mine & other
        fresh = (s for s in combinations(sorted(other), size) if not both.issuperset(s))
        return chain(combinations(sorted(mine), size), fresh)


def by_length(rows: Sequence[Set]) -> Iterator[tuple[Ints, Ints]]:
    """Give (places, array of shape (m, length)) for the rows of each length.

    >>> [(at.tolist(), part.tolist()) for at, part in by_length([(1,), (2, 3), (4,)])]
    [([0, 2], [[1], [4]]), ([1], [[2, 3]])]
    """
    lengths = np.fromiter(map(len, rows), np.intp, len(rows))
    for length in np.unique(lengths).tolist():
        at = np.flatnonzero(lengths == length)
        yield at, np.array([rows[k] for k in at.tolist()], np.intp)
