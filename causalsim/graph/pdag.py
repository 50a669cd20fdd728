"""Working state of orientation: a partially directed graph as integer sets, and Meek's rules.

Meek (1995), "Causal inference and causal explanation with background knowledge". For an
undirected edge a --- b the rules below give a --> b; "adj" means joined by any edge.

* R1: c --> a, c not adj b
* R2: a --> c --> b
* R3: a --- c --> b, a --- d --> b, c not adj d
* R4: a --- d, d --> c --> b, d not adj b, a adj c (needed only when arrows come from knowledge)

A rule that leans on an unshielded triple is skipped where that triple is ambiguous. Rules are
looked up together and their arrows applied together, so that the order of nodes plays no part.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import combinations
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from causalsim.graph._base import MarkedGraph, closure
from causalsim.graph.marks import Mark

__all__ = ["PDAG", "Arrow", "Triple", "arrows_on_cycles", "implied_arrows", "meek_rounds"]

Triple = tuple[int, int, int]
NO_TRIPLES: frozenset[Triple] = frozenset()


class Arrow(NamedTuple):
    """An arrow tail --> head, the rule behind it, and the other nodes of the pattern."""

    tail: int
    head: int
    rule: str
    because: tuple[int, ...]


class PDAG:
    """Mutable adjacency sets of directed, undirected and disputed edges."""

    def __init__(self, adjacent: Iterable[Collection[int]]) -> None:
        self.adjacent = tuple(frozenset(found) for found in adjacent)
        self.undirected = [set(found) for found in self.adjacent]
        self.parents: list[set[int]] = [set() for _ in self.adjacent]
        self.children: list[set[int]] = [set() for _ in self.adjacent]
        self.disputed: dict[tuple[int, int], Mark] = {}

    @classmethod
    def from_graph(cls, graph: MarkedGraph) -> Self:
        """Copy the directed and undirected edges of a graph; others are disputed."""
        state = cls(graph.adjacent_sets)
        state.undirected = [set(found) for found in graph.neighbour_sets]
        state.parents = [set(found) for found in graph.parent_sets]
        state.children = [set(found) for found in graph.child_sets]
        rest = graph.skeleton & ~(graph.undirected | graph.directed | graph.directed.T)
        for i, j in np.argwhere(np.triu(rest)).tolist():
            state.disputed[i, j] = Mark(int(graph.marks[i, j]))
        return state

    def copy(self) -> PDAG:
        """Give an independent copy."""
        twin = PDAG(())
        twin.adjacent = self.adjacent
        twin.undirected = [set(found) for found in self.undirected]
        twin.parents = [set(found) for found in self.parents]
        twin.children = [set(found) for found in self.children]
        twin.disputed = dict(self.disputed)
        return twin

    def detach(self, i: int, j: int) -> None:
        """Forget how the edge between i and j is marked."""
        for mine, other in ((i, j), (j, i)):
            self.undirected[mine].discard(other)
            self.parents[mine].discard(other)
            self.children[mine].discard(other)
        self.disputed.pop((min(i, j), max(i, j)), None)

    def orient(self, tail: int, head: int) -> None:
        """Mark the edge tail --> head, whatever it was."""
        if head in self.children[tail]:
            return
        self.detach(tail, head)
        self.children[tail].add(head)
        self.parents[head].add(tail)

    def dispute(self, i: int, j: int, mark: Mark = Mark.CONFLICT) -> None:
        """Mark both ends of the edge as disputed (``x-x``, or ``<->`` with Mark.ARROW)."""
        self.detach(i, j)
        self.disputed[min(i, j), max(i, j)] = mark

    def arrows(self) -> Iterator[tuple[int, int]]:
        """Give all directed edges as (tail, head)."""
        for tail, heads in enumerate(self.children):
            for head in sorted(heads):
                yield tail, head

    def undirected_pairs(self) -> list[tuple[int, int]]:
        """Give all undirected edges, the smaller node first."""
        return [(i, j) for i, found in enumerate(self.undirected) for j in sorted(found) if i < j]

    def unshielded(self) -> Iterator[Triple]:
        """Give all triples x - y - z with x < z and x, z not joined, by (x, y, z)."""
        for x, around in enumerate(self.adjacent):
            for y in sorted(around):
                for z in sorted(self.adjacent[y] - around):
                    if x < z:
                        yield x, y, z

    def to_marks(self) -> NDArray[np.uint8]:
        """Write the state as a matrix of end marks."""
        p = len(self.adjacent)
        marks = np.zeros((p, p), np.uint8)
        for i, j in self.undirected_pairs():
            marks[i, j] = marks[j, i] = Mark.TAIL
        for tail, head in self.arrows():
            marks[tail, head], marks[head, tail] = Mark.ARROW, Mark.TAIL
        for (i, j), mark in self.disputed.items():
            marks[i, j] = marks[j, i] = mark
        return marks


def _is_open(ambiguous: Collection[Triple], x: int, y: int, z: int) -> bool:
    return (min(x, z), y, max(x, z)) in ambiguous


def _rule_1(g: PDAG, a: int, b: int, ambiguous: Collection[Triple]) -> Arrow | None:
    for c in sorted(g.parents[a] - g.adjacent[b] - {b}):
        if not _is_open(ambiguous, c, a, b):
            return Arrow(a, b, "R1", (c,))
    return None


def _rule_2(g: PDAG, a: int, b: int, ambiguous: Collection[Triple]) -> Arrow | None:  # noqa: ARG001
    between = g.children[a] & g.parents[b]
    return Arrow(a, b, "R2", (min(between),)) if between else None


def _rule_3(g: PDAG, a: int, b: int, ambiguous: Collection[Triple]) -> Arrow | None:
    for c, d in combinations(sorted(g.undirected[a] & g.parents[b]), 2):
        if d not in g.adjacent[c] and not _is_open(ambiguous, c, a, d):
            return Arrow(a, b, "R3", (c, d))
    return None


def _rule_4(g: PDAG, a: int, b: int, ambiguous: Collection[Triple]) -> Arrow | None:
    for c in sorted(g.parents[b] & g.adjacent[a]):
        for d in sorted((g.parents[c] & g.undirected[a]) - g.adjacent[b] - {b}):
            if not _is_open(ambiguous, d, a, b):
                return Arrow(a, b, "R4", (d, c))
    return None


RULES: tuple[Callable[[PDAG, int, int, Collection[Triple]], Arrow | None], ...] = (
    _rule_1,
    _rule_2,
    _rule_3,
    _rule_4,
)


def implied_arrows(
    state: PDAG,
    pairs: Iterable[tuple[int, int]] | None = None,
    ambiguous: Collection[Triple] = NO_TRIPLES,
) -> list[Arrow]:
    """Give the arrows that Meek's rules put on undirected edges, in both directions if so.

    Parameters
    ----------
    state : PDAG
        Not changed.
    pairs : iterable of (int, int), optional
        Undirected edges to look at; by default all.
    ambiguous : collection of (x, y, z) with x < z
        Unshielded triples that no rule may lean on.
    """
    found = []
    for i, j in state.undirected_pairs() if pairs is None else pairs:
        for a, b in ((i, j), (j, i)):
            hits = (rule(state, a, b, ambiguous) for rule in RULES)
            arrow = next((hit for hit in hits if hit is not None), None)
            if arrow is not None:
                found.append(arrow)
    return found


def _touched(state: PDAG, arrows: Iterable[Arrow]) -> list[tuple[int, int]]:
    """Give the undirected edges on which a rule may newly fire after ``arrows``."""
    nodes: set[int] = set()
    for arrow in arrows:
        nodes |= {arrow.tail, arrow.head} | state.children[arrow.head]
    pairs = {(min(i, j), max(i, j)) for i in nodes for j in state.undirected[i]}
    return sorted(pairs)


def meek_rounds(state: PDAG, ambiguous: Collection[Triple] = NO_TRIPLES) -> Iterator[list[Arrow]]:
    """Give the implied arrows round by round, until there are none.

    The caller applies each round to ``state`` before asking for the next one; an arrow that it
    leaves out is not given again.
    """
    asked: set[tuple[int, int]] = set()
    arrows = implied_arrows(state, None, ambiguous)
    while arrows:
        yield arrows
        asked.update((arrow.tail, arrow.head) for arrow in arrows)
        following = implied_arrows(state, _touched(state, arrows), ambiguous)
        arrows = [arrow for arrow in following if (arrow.tail, arrow.head) not in asked]


def arrows_on_cycles(state: PDAG) -> list[tuple[int, int]]:
    """Give the directed edges that lie on a directed cycle, as (tail, head)."""
    core = set(range(len(state.adjacent)))
    for ahead, back in ((state.children, state.parents), (state.parents, state.children)):
        waiting = {i: len(back[i] & core) for i in core}
        ready = [i for i in core if waiting[i] == 0]
        while ready:
            node = ready.pop()
            core.discard(node)
            for other in ahead[node] & core:
                waiting[other] -= 1
                if waiting[other] == 0:
                    ready.append(other)
    if not core:
        return []
    order = sorted(core)
    relation = np.array([[j in state.children[i] for j in order] for i in order])
    both = relation & closure(relation).T
    return [(order[i], order[j]) for i, j in np.argwhere(both).tolist()]
