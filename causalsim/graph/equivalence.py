"""Markov equivalence: DAG to CPDAG, consistent extension, enumeration of a class.

Two DAGs are equivalent when they have the same skeleton and the same v-structures
(Verma & Pearl 1990). A CPDAG shows what all members share (Andersson et al. 1997).
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

from causalsim.errors import LimitError, NotAClassError, OptionError, listing
from causalsim.graph.kinds import CPDAG, DAG
from causalsim.graph.marks import Mark
from causalsim.graph.pdag import PDAG, arrows_on_cycles, implied_arrows, meek_rounds

__all__ = ["class_members", "consistent_extension", "dag_to_cpdag", "is_class", "v_structures"]


def v_structures(graph: DAG | CPDAG) -> frozenset[tuple[str, str, str]]:
    """Give the triples x --> y <-- z with x, z not joined, as (x, y, z) with x before z.

    >>> sorted(v_structures(DAG.from_edges(["X --> Y", "Z --> Y"])))
    [('X', 'Y', 'Z')]
    """
    found = set()
    for y, parents in enumerate(graph.parent_sets):
        for x, z in combinations(sorted(parents), 2):
            if z not in graph.adjacent_sets[x]:
                found.add((graph.nodes[x], graph.nodes[y], graph.nodes[z]))
    return frozenset(found)


def _close(state: PDAG) -> None:
    """Apply Meek's rules to a state in which they cannot disagree."""
    for arrows in meek_rounds(state):
        for arrow in arrows:
            state.orient(arrow.tail, arrow.head)


def dag_to_cpdag(dag: DAG) -> CPDAG:
    """Give the CPDAG of a DAG's class: its v-structures, closed under Meek's rules.

    >>> dag_to_cpdag(DAG.from_edges(["X --> Y", "Z --> Y", "Y --> W"]))
    CPDAG.from_edges(['X --> Y', 'Z --> Y', 'Y --> W'])
    """
    state = PDAG(dag.adjacent_sets)
    for triple in v_structures(dag):
        x, y, z = dag.indices(triple)
        state.orient(x, y)
        state.orient(z, y)
    _close(state)
    return CPDAG(dag.nodes, state.to_marks())


def _refuse_disputes(graph: CPDAG) -> None:
    if graph.conflicts:
        raise NotAClassError(
            f"conflicting marks on {listing(graph.conflicts)}; a class has none. Decide these "
            "edges with Knowledge, or run pc with conflict='keep'."
        )


def consistent_extension(graph: CPDAG) -> DAG:
    """Give one DAG with the graph's skeleton, arrows and v-structures (Dor & Tarsi 1992).

    Parameters
    ----------
    graph : CPDAG

    Returns
    -------
    DAG
        Deterministic: among nodes that can be last, the latest in node order is taken.

    Raises
    ------
    NotAClassError
        Naming the edges among which no order exists.

    Examples
    --------
    >>> consistent_extension(CPDAG.from_edges(["X --- Y", "Y --- Z"]))
    DAG.from_edges(['X --> Y', 'Y --> Z'])
    """
    _refuse_disputes(graph)
    cyclic = arrows_on_cycles(PDAG.from_graph(graph))
    if cyclic:
        names = [f"{graph.nodes[i]} --> {graph.nodes[j]}" for i, j in cyclic]
        raise NotAClassError(f"directed cycle among {listing(names)}; a class has none.")
    adjacent = [set(found) for found in graph.adjacent_sets]
    undirected = [set(found) for found in graph.neighbour_sets]
    children = [set(found) for found in graph.child_sets]
    directed = graph.directed.copy()
    remaining, queue = set(range(len(graph))), set(range(len(graph)))
    while queue:
        x = max(queue)
        queue.discard(x)
        if children[x] or any(adjacent[x] - {y} - adjacent[y] for y in undirected[x]):
            continue
        for y in undirected[x]:
            directed[y, x] = True
            undirected[y].discard(x)
        for y in adjacent[x]:
            adjacent[y].discard(x)
            children[y].discard(x)
        remaining.discard(x)
        queue = (queue | adjacent[x]) & remaining
    if remaining:
        stuck = graph.subgraph([graph.nodes[i] for i in remaining]).edges
        raise NotAClassError(
            f"no DAG has these edges without a new v-structure or cycle: {listing(stuck)}."
        )
    return DAG.from_directed(graph.nodes, directed)


def is_class(graph: CPDAG) -> bool:
    """Tell whether a graph is extendable to a DAG and closed under Meek's rules R1-R4.

    Results that hold arrows from knowledge or context count as classes too.

    >>> is_class(CPDAG.from_edges(["X --> Y", "Y --- Z"]))
    False
    """
    try:
        consistent_extension(graph)
    except NotAClassError:
        return False
    return not implied_arrows(PDAG.from_graph(graph))


def _branch(state: PDAG) -> Iterable[PDAG]:
    """Orient the first undirected edge either way, and close."""
    i, j = state.undirected_pairs()[0]
    for tail, head in ((j, i), (i, j)):
        twin = state.copy()
        twin.orient(tail, head)
        _close(twin)
        yield twin


def class_members(graph: CPDAG, limit: int = 10_000) -> tuple[DAG, ...]:
    """List every DAG of a class.

    Parameters
    ----------
    graph : CPDAG
    limit : int
        The most members to list.

    Raises
    ------
    NotAClassError
        If the graph stands for no class.
    LimitError
        If the class is larger than ``limit``.

    Examples
    --------
    >>> for dag in class_members(CPDAG.from_edges(["X --- Y"])):
    ...     dag
    DAG.from_edges(['X --> Y'])
    DAG.from_edges(['Y --> X'], nodes=['X', 'Y'])
    """
    if limit < 1:
        raise OptionError(f"limit={limit}: list at least one member.")
    consistent_extension(graph)
    start = PDAG.from_graph(graph)
    open_arrows = implied_arrows(start)
    if open_arrows:
        first = open_arrows[0]
        raise NotAClassError(
            f"not closed under Meek's rules: {first.rule} orients "
            f"{graph.nodes[first.tail]} --> {graph.nodes[first.head]}."
        )
    members: list[DAG] = []
    stack = [start]
    while stack:
        state = stack.pop()
        if any(state.undirected):
            stack.extend(_branch(state))
            continue
        if len(members) == limit:
            raise LimitError(
                f"the class has more than limit={limit} members; raise limit, or use "
                "extension() for one of them."
            )
        members.append(DAG.from_directed(graph.nodes, state.to_marks() == Mark.ARROW))
    return tuple(members)
