"""Random and exhaustive graphs for property tests, and small oracles that list paths.

Nodes are called A, B, C, ... in node order; the causal order is another one.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import combinations, pairwise, product

import numpy as np
from hypothesis import strategies as st

from causalsim.graph import ADMG, CPDAG, DAG, PAG, DiscreteNetwork, TemporalGraph
from causalsim.graph._base import find_cycle, index_sets
from causalsim.graph.marks import Mark

__all__ = [
    "admgs",
    "all_dags",
    "class_cpdags",
    "cpdags",
    "dags",
    "discrete_networks",
    "edge_list",
    "is_open",
    "names",
    "pags",
    "paths",
    "separated_by_paths",
    "subsets",
    "temporal_graphs",
    "triples",
]


def names(p):
    return tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ"[:p])


def subsets(items):
    """Give every subset as a tuple, small ones first."""
    items = tuple(items)
    return [s for size in range(len(items) + 1) for s in combinations(items, size)]


def triples(nodes) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Give every unordered pair with every set of other nodes."""
    for x, y in combinations(nodes, 2):
        for given in subsets(n for n in nodes if n not in (x, y)):
            yield x, y, given


@cache
def all_dags(p):
    """Give every DAG on p named nodes: 1, 3, 25, 543, 29281 for p = 1 ... 5."""
    pairs = list(combinations(range(p), 2))
    found = []
    for choice in product((0, 1, 2), repeat=len(pairs)):
        directed = np.zeros((p, p), bool)
        for (i, j), way in zip(pairs, choice, strict=True):
            directed[i, j], directed[j, i] = way == 1, way == 2
        if not find_cycle(index_sets(directed)):
            found.append(DAG.from_directed(names(p), directed))
    return tuple(found)


@st.composite
def _ordered_relation(draw, p):
    """Draw an acyclic relation: any pairs along any causal order."""
    order = draw(st.permutations(range(p)))
    directed = np.zeros((p, p), bool)
    for i, j in combinations(range(p), 2):
        directed[order[i], order[j]] = draw(st.booleans())
    return directed


@st.composite
def _symmetric_relation(draw, p):
    """Draw a symmetric relation without a diagonal."""
    related = np.zeros((p, p), bool)
    for i, j in combinations(range(p), 2):
        related[i, j] = related[j, i] = draw(st.booleans())
    return related


@st.composite
def dags(draw, min_nodes=1, max_nodes=6):
    """Draw a DAG."""
    p = draw(st.integers(min_nodes, max_nodes))
    return DAG.from_directed(names(p), draw(_ordered_relation(p)))


@st.composite
def admgs(draw, min_nodes=1, max_nodes=5):
    """Draw an ADMG; pairs may have both a directed and a bidirected edge."""
    p = draw(st.integers(min_nodes, max_nodes))
    return ADMG.from_relations(names(p), draw(_ordered_relation(p)), draw(_symmetric_relation(p)))


@st.composite
def _marks(draw, p, kinds, forward_only=frozenset()):
    """Draw marks of shape (p, p): each pair holds one of ``kinds`` (at_i, at_j) or nothing.

    Kinds in ``forward_only`` run along a drawn order, so that arrows make no cycle.
    """
    order = draw(st.permutations(range(p)))
    marks = np.zeros((p, p), np.uint8)
    one = st.sampled_from([(Mark.NONE, Mark.NONE), *kinds])
    for i, j in combinations(range(p), 2):
        at_i, at_j = draw(one)
        if (at_j, at_i) in forward_only:
            at_i, at_j = at_j, at_i
        marks[order[i], order[j]], marks[order[j], order[i]] = at_j, at_i
    return marks


FORWARD = (Mark.TAIL, Mark.ARROW)
PARTLY_DIRECTED = (
    FORWARD,
    FORWARD[::-1],
    (Mark.TAIL, Mark.TAIL),
    (Mark.ARROW, Mark.ARROW),
    (Mark.CONFLICT, Mark.CONFLICT),
)
CIRCLES = tuple(product((Mark.CIRCLE, Mark.ARROW, Mark.TAIL), repeat=2))


@st.composite
def cpdags(draw, min_nodes=1, max_nodes=6, kinds=PARTLY_DIRECTED):
    """Draw any CPDAG: arrows, undirected edges and conflicts anywhere, cycles too."""
    p = draw(st.integers(min_nodes, max_nodes))
    return CPDAG(names(p), draw(_marks(p, kinds)))


def class_cpdags(min_nodes=1, max_nodes=6):
    """Draw the CPDAG of some DAG's Markov equivalence class."""
    return dags(min_nodes, max_nodes).map(DAG.to_cpdag)


@st.composite
def pags(draw, min_nodes=1, max_nodes=6):
    """Draw any PAG: circles, arrows and tails anywhere, without a directed cycle."""
    p = draw(st.integers(min_nodes, max_nodes))
    return PAG(names(p), draw(_marks(p, CIRCLES, forward_only={FORWARD[::-1]})))


@st.composite
def temporal_graphs(draw, min_nodes=1, max_nodes=4, max_lag=3, *, directed=False):
    """Draw a temporal graph, with ``directed`` of arrows from the past and at lag 0 only."""
    p = draw(st.integers(min_nodes, max_nodes))
    depth = draw(st.integers(0, max_lag))
    now = (FORWARD,) if directed else PARTLY_DIRECTED
    lagged = (FORWARD,) if directed else (FORWARD, (Mark.ARROW, Mark.ARROW))
    marks = np.zeros((p, p, depth + 1), np.uint8)
    past = marks.copy()
    marks[:, :, 0] = draw(_marks(p, now, forward_only={FORWARD[::-1]}))
    past[:, :, 0] = marks[:, :, 0].T
    one = st.sampled_from([(Mark.NONE, Mark.NONE), *lagged])
    for cell in product(range(p), range(p), range(1, depth + 1)):
        past[cell], marks[cell] = draw(one)
    return TemporalGraph(names(p), marks, past)


@st.composite
def discrete_networks(draw, min_nodes=1, max_nodes=4, max_states=3):
    """Draw a DAG with states s0, s1, ... and tables from a flat Dirichlet distribution."""
    dag = draw(dags(min_nodes, max_nodes))
    sizes = {n: draw(st.integers(1, max_states)) for n in dag.nodes}
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    tables = {
        n: rng.dirichlet(np.ones(sizes[n]), size=[sizes[p] for p in dag.parents(n)])
        for n in dag.nodes
    }
    states = {n: [f"s{k}" for k in range(sizes[n])] for n in dag.nodes}
    return DiscreteNetwork(dag, states, tables)


# -- oracles by listing paths ----------------------------------------------------------------


def edge_list(graph):
    """Give each edge of a DAG or ADMG as (x, y, arrow at x, arrow at y), from either end."""
    found = []
    for i, j in np.argwhere(graph.directed).tolist():
        found += [(i, j, False, True), (j, i, True, False)]
    found += [(i, j, True, True) for i, j in np.argwhere(graph.bidirected).tolist()]
    return found


def paths(graph, x, y):
    """Give every path from position x to y, as lists of edges; no node twice."""
    edges = edge_list(graph)

    def extend(node, visited, taken):
        if node == y:
            yield taken
            return
        for edge in edges:
            if edge[0] == node and edge[1] not in visited:
                yield from extend(edge[1], visited | {edge[1]}, [*taken, edge])

    yield from extend(x, {x}, [])


def is_open(graph, path, given):
    """Judge a path by the collider rule: colliders are ancestors of S, others not in S."""
    above = set(graph.indices([*given, *graph.ancestors(given)]))
    given = set(graph.indices(given))
    return all(
        (into[1] in above) if into[3] and out[2] else (into[1] not in given)
        for into, out in pairwise(path)
    )


def separated_by_paths(graph, x, y, given):
    """Tell by listing all paths whether ``given`` separates the nodes x and y."""
    return not any(
        is_open(graph, path, given) for path in paths(graph, graph.index(x), graph.index(y))
    )
