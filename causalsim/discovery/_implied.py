"""What a graph claims about data: an independence for each open pair, a dependence for each edge.

For a pair that is not joined the claim is ``x _||_ y | S`` with S a minimal separating set. For
an edge it is that ``x _||_ y | S`` fails, with S what would separate the pair if the edge were
not there: the other parents of its head, where they do.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from causalsim.graph import ADMG, DAG
from causalsim.graph.separation import separating_set

__all__ = ["Question", "edge_questions", "implied_questions"]


class Question(NamedTuple):
    """Is x independent of y given a set? None where no set of the graph's nodes would do."""

    x: str
    y: str
    given: tuple[str, ...] | None


def implied_questions(graph: DAG | ADMG) -> Iterator[Question]:
    """Give the implied independence of each pair that is not joined.

    Of the minimal sets nearest to x and nearest to y the smaller one is taken.

    >>> list(implied_questions(DAG.from_edges(["X --> Y", "Y --> Z"])))
    [Question(x='X', y='Z', given=('Y',))]
    """
    for i, j in np.argwhere(np.triu(~graph.skeleton, 1)).tolist():
        x, y = graph.nodes[i], graph.nodes[j]
        near_x = separating_set(graph, x, y)
        near_y = None if near_x is None else separating_set(graph, y, x)
        found = [s for s in (near_x, near_y) if s is not None]
        yield Question(x, y, min(found, key=len, default=None))


def edge_questions(graph: DAG | ADMG) -> Iterator[Question]:
    """Give for each joined pair the independence that would hold without its edges.

    >>> list(edge_questions(DAG.from_edges(["X --> Z", "Y --> Z"])))
    [Question(x='X', y='Z', given=('Y',)), Question(x='Y', y='Z', given=('X',))]
    """
    for i, j in np.argwhere(np.triu(graph.skeleton)).tolist():
        tail, head = (j, i) if graph.directed[j, i] else (i, j)
        directed, bidirected = graph.directed.copy(), graph.bidirected.copy()
        for relation in (directed, bidirected):
            relation[i, j] = relation[j, i] = False
        bare = ADMG.from_relations(graph.nodes, directed, bidirected)
        x, y = graph.nodes[tail], graph.nodes[head]
        with_parents = separating_set(bare, x, y, include=bare.parents(y))
        given = separating_set(bare, x, y) if with_parents is None else with_parents
        yield Question(x, y, given)
