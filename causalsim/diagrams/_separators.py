"""Separators of two sets in a DAG or ADMG: all, all minimal ones, and the one nearest a side.

A minimal separator lies among the ancestors of the two sides. There, separation is separation in
an undirected graph that joins all nodes of a district and its parents; nodes that may not be used
are taken out of it and their neighbours joined. Each minimal separator is the border of a
connected set around one side, and branching over border nodes (in the set, or kept as border)
meets every such set once, with polynomial delay.

References
----------
.. [Takata2010] Takata, Space-optimal, backtracking algorithms to list the minimal vertex
   separators of a graph, Discrete Applied Mathematics 158.
.. [VanderZander2019] van der Zander, Liskiewicz & Textor, Separators and adjustment sets in
   causal graphs: complete criteria and an algorithmic framework, Artificial Intelligence 270.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from causalsim.diagrams._causal_paths import reach
from causalsim.graph._base import IndexSets
from causalsim.graph.kinds import ADMG, DAG
from causalsim.graph.separation import walk

__all__ = ["Walk", "all_separators", "minimal_separators", "nearest_separator", "open_walk"]

Nodes = frozenset[int]
_State = tuple[int, bool]
_Trail = dict[_State, tuple[_State, str] | None]


@dataclass(frozen=True)
class _Moral:
    """An undirected graph with two ends that are joined to ``sides``."""

    adjacent: IndexSets
    sides: tuple[Nodes, Nodes]


def _moral(graph: DAG | ADMG, x: Nodes, y: Nodes, allowed: Nodes) -> _Moral | None:
    """Join districts with their parents, contract x and y, take out what is not allowed."""
    p = len(graph)
    above = reach(x | y, graph.parent_sets)
    spouses = tuple(found & above for found in graph.spouse_sets)
    merged = dict.fromkeys(x, p) | dict.fromkeys(y, p + 1)
    adjacent: list[set[int]] = [set() for _ in range(p + 2)]
    for node in above:
        district = reach([node], spouses)
        clique = district.union(*(graph.parent_sets[i] for i in district))
        clique_ends = {merged.get(i, i) for i in clique}
        for i in clique_ends:
            adjacent[i] |= clique_ends - {i}
    for gone in above - allowed - x - y:
        around = adjacent[gone]
        for i in around:
            adjacent[i] |= around - {i}
            adjacent[i].discard(gone)
        adjacent[gone] = set()
    if p + 1 in adjacent[p]:
        return None
    solid = tuple(map(frozenset, adjacent))
    return _Moral(solid, (solid[p], solid[p + 1]))


def _border(moral: _Moral, region: Nodes) -> Nodes:
    return frozenset[int]().union(*(moral.adjacent[i] for i in region)) - region


def _fill(moral: _Moral, region: Nodes, far: int) -> tuple[Nodes, Nodes]:
    """Give the smallest region around ``region`` whose whole border touches the far side."""
    beyond = reach([far], moral.adjacent, _border(moral, region))
    border = _border(moral, beyond)
    return reach(region, moral.adjacent, border), border


def minimal_separators(
    graph: DAG | ADMG, x: Nodes, y: Nodes, allowed: Nodes
) -> Iterator[frozenset[int]]:
    """Give every minimal set among ``allowed`` that separates x and y, in a fixed order."""
    moral = _moral(graph, x, y, allowed)
    if moral is None:
        return
    near, far = len(graph), len(graph) + 1
    stack: list[tuple[Nodes, Nodes]] = [(frozenset([near]), frozenset())]
    while stack:
        region, kept = stack.pop()
        region, border = _fill(moral, region, far)
        if region & kept:
            continue
        free = border - kept - moral.sides[1]
        if not free:
            yield border
            continue
        node = min(free)
        stack += [(region | {node}, kept), (region, kept | {node})]


def nearest_separator(
    graph: DAG | ADMG, x: Nodes, y: Nodes, allowed: Nodes
) -> frozenset[int] | None:
    """Give the minimal separator nearest to ``y``, or None if nothing separates."""
    moral = _moral(graph, x, y, allowed)
    if moral is None:
        return None
    return _fill(moral, frozenset([len(graph) + 1]), len(graph))[1]


def all_separators(
    graph: DAG | ADMG, x: Nodes, y: Nodes, allowed: Nodes
) -> Iterator[frozenset[int]]:
    """Give every set among ``allowed`` that separates x and y, with polynomial delay."""
    stack: list[tuple[Nodes, Nodes]] = [(frozenset(), allowed)]
    while stack:
        must, may = stack.pop()
        largest = must | (reach(x | y | must, graph.parent_sets) & may)
        if not walk(graph, x, largest).isdisjoint(y):
            continue
        if must == may:
            yield must
            continue
        node = min(may - must)
        stack += [(must | {node}, may), (must, may - {node})]


class Walk(NamedTuple):
    """A walk: its inner nodes by position, and its text, empty if there is none."""

    inner: Nodes
    text: str


def open_walk(graph: DAG | ADMG, x: Nodes, y: Nodes, given: Collection[int]) -> Walk:
    """Give a shortest open walk from x to y."""
    came: _Trail = {(i, False): None for i in sorted(x)}
    queue = deque(came)
    while queue:
        state = queue.popleft()
        if state[0] in y:
            return _written(graph, came, state)
        for node, head, edge in _steps(graph, *state, given):
            if (node, head) not in came:
                came[node, head] = (state, edge)
                queue.append((node, head))
    return Walk(frozenset(), "")


def _steps(
    graph: DAG | ADMG, node: int, head: bool, given: Collection[int]
) -> Iterator[tuple[int, bool, str]]:
    """Give where an open walk can go on from ``node``, entered by an arrowhead or not."""
    observed = node in given
    if not observed:
        yield from ((j, True, " --> ") for j in sorted(graph.child_sets[node]))
    if head == observed:
        yield from ((j, False, " <-- ") for j in sorted(graph.parent_sets[node]))
        yield from ((j, True, " <-> ") for j in sorted(graph.spouse_sets[node]))


def _written(graph: DAG | ADMG, came: _Trail, state: _State) -> Walk:
    """Follow the trail back to its start."""
    visited, text = [state[0]], graph.nodes[state[0]]
    step = came[state]
    while step is not None:
        visited.append(step[0][0])
        text = graph.nodes[step[0][0]] + step[1] + text
        step = came[step[0]]
    return Walk(frozenset(visited[1:-1]), text)
