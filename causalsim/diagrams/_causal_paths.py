"""What adjustment asks of a graph: possibly causal paths, what they forbid, what stays open.

A path from X is *proper* if only its first node is in X, *possibly causal* if no edge on it
points back. Where a CPDAG holds arrows that its v-structures do not imply, possibly causal paths
cannot be joined end to end, and its members are asked one by one.

References
----------
.. [Perkovic2018] Perkovic, Textor, Kalisch & Maathuis, Complete graphical characterization and
   construction of adjustment sets in Markov equivalence classes of ancestral graphs, JMLR 18.
.. [Perkovic2017] Perkovic, Kalisch & Maathuis, Interpreting and using CPDAGs with background
   knowledge, UAI 2017.
.. [Zhang2008] Zhang, Causal reasoning with ancestral graphs, JMLR 9: visible edges, and a member
   of the class of a PAG.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import reduce

import numpy as np

from causalsim.errors import GraphError, NotAClassError
from causalsim.graph._base import IndexSets, MarkedGraph, Names, index_sets
from causalsim.graph.kinds import ADMG, CPDAG, DAG, PAG
from causalsim.graph.marks import Mark
from causalsim.graph.pdag import PDAG, implied_arrows

__all__ = [
    "CausalPaths",
    "causal_paths",
    "disjoint",
    "is_chain",
    "member_of",
    "possibly_ahead",
    "reach",
    "refuse_no_class",
]


@dataclass(frozen=True)
class CausalPaths:
    """Proper possibly causal paths from ``x`` to ``y``, as positions.

    ``on`` holds their nodes without ``x``, ``forbidden`` the possible descendants of those,
    ``unsure`` the first edges that may not point away from ``x``, or hide a common cause;
    ``back_door`` is a member of the class without the first edges of its own causal paths.
    """

    x: frozenset[int]
    y: frozenset[int]
    on: frozenset[int]
    forbidden: frozenset[int]
    unsure: tuple[tuple[int, int], ...]
    back_door: DAG | ADMG


def disjoint(graph: MarkedGraph, **groups: Names) -> list[frozenset[int]]:
    """Give the positions of groups of nodes; they must not overlap."""
    if not isinstance(graph, MarkedGraph):
        raise GraphError(f"a {type(graph).__name__} has its nodes in time; unroll it first.")
    sets = {role: frozenset(graph.indices(names)) for role, names in groups.items()}
    roles = list(sets)
    for k, first in enumerate(roles):
        for second in roles[:k]:
            both = sets[first] & sets[second]
            if both:
                name = graph.nodes[min(both)]
                raise GraphError(f"{name!r} stands in {second} and in {first}; keep them apart.")
    for role in ("x", "y"):
        if role in sets and not sets[role]:
            raise GraphError(f"{role} is empty; name at least one node.")
    return list(sets.values())


def reach(start: Iterable[int], step: IndexSets, avoid: Collection[int] = ()) -> frozenset[int]:
    """Give what can be reached from ``start`` (included) without entering ``avoid``."""
    found = set(start)
    queue = list(found)
    while queue:
        fresh = step[queue.pop()] - found - set(avoid)
        found |= fresh
        queue += fresh
    return frozenset(found)


def refuse_no_class(graph: CPDAG) -> None:
    """Raise NotAClassError, naming the edges at fault, if a graph stands for no class."""
    graph.extension()
    arrows = implied_arrows(PDAG.from_graph(graph))
    if arrows:
        tail, head = graph.nodes[arrows[0].tail], graph.nodes[arrows[0].head]
        raise NotAClassError(
            f"not closed under Meek's rules: {arrows[0].rule} orients {tail} --> {head}."
        )


def is_chain(graph: CPDAG) -> bool:
    """Tell whether undirected neighbours always share their parents, as in a pure CPDAG."""
    pairs = np.argwhere(np.triu(graph.undirected)).tolist()
    return all(graph.parent_sets[i] == graph.parent_sets[j] for i, j in pairs)


def possibly_ahead(graph: MarkedGraph) -> IndexSets:
    """Give for each node the neighbours that it may cause: no arrow here, no tail there."""
    if not isinstance(graph, PAG):
        return index_sets(graph.directed | graph.undirected)
    here, there = graph.marks.T, graph.marks
    return index_sets(graph.skeleton & (here != Mark.ARROW) & (there != Mark.TAIL))


def member_of(graph: MarkedGraph) -> DAG | ADMG:
    """Give one graph of the class, the graph itself if it is its only member.

    Raises
    ------
    GraphError
        If the graph has no member, or is of a kind that has none.
    """
    if isinstance(graph, DAG | ADMG):
        return graph
    if isinstance(graph, CPDAG):
        refuse_no_class(graph)
        return graph.extension()
    if isinstance(graph, PAG):
        return _maximal_ancestral(graph)
    raise GraphError(f"effects in a {type(graph).__name__} are not defined.")


def _maximal_ancestral(graph: PAG) -> ADMG:
    """Make every ``o->`` an arrow and orient the ``o-o`` edges without new colliders."""
    circle = graph.marks == Mark.CIRCLE
    tail = graph.marks == Mark.TAIL
    chosen = tail & (tail.T | circle.T)
    if chosen.any():
        i, j = np.argwhere(chosen)[0]
        raise GraphError(
            f"the edge between {graph.nodes[i]!r} and {graph.nodes[j]!r} has no arrow and a tail,"
            " a sign of selection; effects in a PAG are defined without selection."
        )
    open_marks = np.where(circle & circle.T, Mark.TAIL, Mark.NONE)
    oriented = CPDAG(graph.nodes, open_marks).extension().directed
    half = (graph.marks == Mark.ARROW) & circle.T
    mag = ADMG.from_relations(graph.nodes, graph.directed | half | oriented, graph.bidirected)
    for i, spouses in enumerate(mag.spouse_sets):
        above = reach([i], mag.parent_sets) & spouses
        if above:
            names = f"{mag.nodes[min(above)]!r} and {mag.nodes[i]!r}"
            raise GraphError(f"one of {names} is an ancestor of the other; remove the <-> edge.")
    return mag


def causal_paths(graph: MarkedGraph, x: frozenset[int], y: frozenset[int]) -> CausalPaths:
    """Read off what the generalised adjustment criterion needs [Perkovic2018]_."""
    member = member_of(graph)
    if isinstance(graph, CPDAG) and not is_chain(graph):
        return _over_members(graph, x, y)
    on, first = _between(possibly_ahead(graph), x, y)
    forbidden = reach(on, possibly_ahead(graph))
    unsure = tuple(edge for edge in sorted(first) if not _points_away(graph, *edge))
    return CausalPaths(x, y, on, forbidden, unsure, _without_first(member, x, y))


def _over_members(graph: CPDAG, x: frozenset[int], y: frozenset[int]) -> CausalPaths:
    """Join what holds in the members [Perkovic2017]_."""
    members = graph.members()
    found = [causal_paths(dag, x, y) for dag in members]
    first = frozenset[tuple[int, int]]().union(*(_between(d.child_sets, x, y)[1] for d in members))
    unsure = tuple(edge for edge in sorted(first) if not _points_away(graph, *edge))
    none = frozenset[int]()
    on = reduce(frozenset.union, (paths.on for paths in found), none)
    forbidden = reduce(frozenset.union, (paths.forbidden for paths in found), none)
    return CausalPaths(x, y, on, forbidden, unsure, found[0].back_door)


def _between(
    ahead: IndexSets, x: frozenset[int], y: frozenset[int]
) -> tuple[frozenset[int], frozenset[tuple[int, int]]]:
    """Give the nodes on proper paths along ``ahead``, and their first edges."""
    behind = _reverse(ahead)
    starts = frozenset[int]().union(*(ahead[i] for i in x)) - x
    on = reach(starts, ahead, x) & reach(y, behind, x)
    return on, frozenset((i, j) for i in x for j in ahead[i] & on)


def _reverse(step: IndexSets) -> IndexSets:
    back: list[set[int]] = [set() for _ in step]
    for i, found in enumerate(step):
        for j in found:
            back[j].add(i)
    return tuple(map(frozenset, back))


def _without_first(graph: DAG | ADMG, x: frozenset[int], y: frozenset[int]) -> DAG | ADMG:
    """Give the proper back-door graph: no first edges of causal paths."""
    directed = graph.directed.copy()
    for i, j in _between(graph.child_sets, x, y)[1]:
        directed[i, j] = False
    if isinstance(graph, DAG):
        return DAG.from_directed(graph.nodes, directed)
    return ADMG.from_relations(graph.nodes, directed, graph.bidirected)


def _points_away(graph: MarkedGraph, i: int, j: int) -> bool:
    """Tell whether an edge is ``i --> j`` in every member, with no common cause besides."""
    if not graph.directed[i, j]:
        return False
    return not isinstance(graph, PAG) or _is_visible(graph, i, j)


def _is_visible(graph: PAG, i: int, j: int) -> bool:
    """Tell whether ``i --> j`` cannot hide a common cause [Zhang2008]_, definition 8."""
    spouses = tuple(found & graph.parent_sets[j] for found in graph.spouse_sets)
    heads = graph.marks == Mark.ARROW
    outside = ~graph.skeleton[j]
    outside[j] = False
    return any((heads[:, k] & outside).any() for k in reach([i], spouses))
