"""A graph as bit sets: sets of nodes are integers, so that set algebra costs nothing.

Bit k stands for the k-th node in topological order, so that a loop over bits is a loop in causal
order and parents always have smaller bits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self, final

from causalsim.graph import ADMG, DAG

__all__ = ["Bits", "members"]


def members(mask: int) -> Iterator[int]:
    """Give the positions of the bits that are set, in order.

    >>> list(members(0b1101))
    [0, 2, 3]
    """
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


@final
@dataclass(frozen=True, slots=True)
class Bits:
    """Parents and spouses of each node as bit sets.

    Parameters
    ----------
    names : tuple of str
        In topological order.
    parents, spouses : tuple of int
        For each node the set of nodes with ``-->`` into it, or joined to it by ``<->``.

    Examples
    --------
    >>> bits = Bits.of(ADMG.from_edges(["S --> T", "T --> C", "S <-> C"]))
    >>> bits.named(bits.ancestors(bits.mask(["T"]))), bits.named(bits.district(bits.mask(["S"])))
    (('S', 'T'), ('S', 'C'))
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    spouses: tuple[int, ...]

    @classmethod
    def of(cls, graph: DAG | ADMG) -> Self:
        """Read a graph."""
        order = graph.topological_order()
        place = [0] * len(order)
        for k, name in enumerate(order):
            place[graph.index(name)] = k
        rows: list[list[int]] = []
        for each in (graph.parent_sets, graph.spouse_sets):
            row = [0] * len(order)
            for i, others in enumerate(each):
                row[place[i]] = sum(1 << place[j] for j in others)
            rows.append(row)
        return cls(order, tuple(rows[0]), tuple(rows[1]))

    @property
    def every(self) -> int:
        """All nodes."""
        return (1 << len(self.names)) - 1

    def mask(self, names: Iterable[str]) -> int:
        """Give the set of some names, all of which exist."""
        wanted = set(names)
        return sum(1 << k for k, name in enumerate(self.names) if name in wanted)

    def named(self, mask: int) -> tuple[str, ...]:
        """Give the names in a set, in topological order."""
        return tuple([self.names[k] for k in members(mask)])

    def ancestors(self, targets: int, within: int = -1) -> int:
        """Give the ancestors of a set in the subgraph over ``within``, with the set itself."""
        found = targets & within
        todo = found
        while todo:
            node = todo.bit_length() - 1
            todo ^= 1 << node
            new = self.parents[node] & within & ~found
            found |= new
            todo |= new
        return found

    def descendants(self, sources: int, within: int = -1) -> int:
        """Give the descendants of a set in the subgraph over ``within``, with the set itself."""
        found = sources & within
        for node, parents in enumerate(self.parents):
            if parents & found and within >> node & 1:
                found |= 1 << node
        return found

    def district(self, start: int, within: int = -1) -> int:
        """Give what a set reaches by ``<->`` in the subgraph over ``within``."""
        found = todo = start & within
        while todo:
            node = todo.bit_length() - 1
            todo ^= 1 << node
            new = self.spouses[node] & within & ~found
            found |= new
            todo |= new
        return found

    def districts(self, within: int) -> list[int]:
        """Give all districts of the subgraph over ``within``, by their first node."""
        found = []
        while within:
            found.append(self.district(within & -within, within))
            within &= ~found[-1]
        return found

    def parents_of(self, mask: int) -> int:
        """Give the union of the parents of a set."""
        found = 0
        for node in members(mask):
            found |= self.parents[node]
        return found

    def blanket(self, node: int, within: int) -> int:
        """Give what shields a node from all others of ``within`` that come before it.

        That is its district among the nodes up to it, and the parents of this district, which
        may lie outside ``within``.
        """
        bit = 1 << node
        own = self.district(bit, within & (bit - 1) | bit)
        return (own | self.parents_of(own)) & ~bit

    def cut(self, into: int = 0, out_of: int = 0) -> Bits:
        """Remove the arrows at some nodes, and those that leave some nodes."""
        parents = tuple(
            [0 if into >> k & 1 else each & ~out_of for k, each in enumerate(self.parents)]
        )
        spouses = tuple(
            [0 if into >> k & 1 else each & ~into for k, each in enumerate(self.spouses)]
        )
        return Bits(self.names, parents, spouses)

    def blocks(self, within: int) -> list[int]:
        """Give sets of nodes that are joined once their common effects are known.

        These are the districts of the subgraph over an ancestral set, each with its parents.
        """
        return [one | self.parents_of(one) & within for one in self.districts(within)]

    def separated(self, x: int, y: int, given: int) -> bool:
        """Tell whether ``given`` blocks all paths between two sets (m-separation)."""
        blocks = self.blocks(self.ancestors(x | y | given))
        reached = x & ~given
        while True:
            rest, start = [], reached
            for block in blocks:
                if block & reached:
                    reached |= block & ~given
                else:
                    rest.append(block)
            if reached & y:
                return False
            if reached == start:
                return True
            blocks = rest

    def with_roots(self, pairs: Sequence[tuple[int, int]], names: Sequence[str]) -> Bits:
        """Put an observed common cause in the place of some ``<->``; it comes first."""
        shift = len(pairs)
        parents, spouses = [0] * shift, [0] * shift
        parents += [each << shift for each in self.parents]
        spouses += [each << shift for each in self.spouses]
        for k, (i, j) in enumerate(pairs):
            for one, other in ((i + shift, j + shift), (j + shift, i + shift)):
                parents[one] |= 1 << k
                spouses[one] &= ~(1 << other)
        return Bits((*names, *self.names), tuple(parents), tuple(spouses))
