"""Hidden common causes: adding them to a graph, and what the graph looks like without them.

A hidden variable over time has no memory of its own here, so that two variables which share it
are joined at one lag only: ``L --> X`` and ``L[t-2] --> Y`` become ``X[t-2] <-> Y``. With a
memory it would join them at all lags, and no graph with a largest lag would be true.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from causalsim.errors import GraphError, OptionError, listing
from causalsim.graph.kinds import DAG
from causalsim.graph.labels import label
from causalsim.graph.marks import Mark
from causalsim.graph.temporal import TemporalGraph

__all__ = ["confounded", "confounded_in_time", "temporal_projection"]


def confounded(graph: DAG, count: int, stream: np.random.Generator) -> DAG:
    """Add hidden causes of two nodes each, in front of the others.

    Parameters
    ----------
    graph : DAG
    count : int
        Number of hidden causes; no two have the same effects.
    stream : Generator

    Raises
    ------
    OptionError
        If there are fewer pairs than hidden causes.

    Examples
    --------
    >>> confounded(DAG.from_edges(["X --> Y"]), 1, np.random.default_rng(0))
    DAG.from_edges(['hidden0 --> X', 'hidden0 --> Y', 'X --> Y'])
    """
    pairs = list(combinations(graph.nodes, 2))
    hidden = _hidden(count, len(pairs))
    chosen = stream.choice(len(pairs), count, replace=False)
    edges = [
        f"{name} --> {child}" for name, k in zip(hidden, chosen, strict=True) for child in pairs[k]
    ]
    return DAG.from_edges([*edges, *graph.edges], [*hidden, *graph.nodes])


def confounded_in_time(
    graph: TemporalGraph, count: int, stream: np.random.Generator
) -> TemporalGraph:
    """Add hidden causes without memory in front of the others, each in a place of its own.

    A place is a pair of variables and a lag that no edge takes, because a
    :class:`TemporalGraph` holds one edge there.

    Parameters
    ----------
    graph : TemporalGraph
    count : int
        Number of hidden causes.
    stream : Generator

    Raises
    ------
    OptionError
        If there are fewer free places than hidden causes.

    Examples
    --------
    >>> graph = TemporalGraph.from_edges(["X --> Y", "X[t-1] --> Y"])
    >>> confounded_in_time(graph, 1, np.random.default_rng(0)).edges[:2]
    ('hidden0[t-1] --> X', 'hidden0 --> Y')
    """
    free = np.equal(graph.marks, Mark.NONE)
    free[range(len(graph)), range(len(graph))] = False
    free[:, :, 0] = np.triu(free[:, :, 0])
    places = np.argwhere(free)
    hidden = _hidden(count, len(places))
    chosen = places[stream.choice(len(places), count, replace=False)].tolist()
    edges = [
        f"{label(name, late)} --> {graph.nodes[node]}"
        for name, (i, j, lag) in zip(hidden, chosen, strict=True)
        for node, late in ((i, 0), (j, lag))
    ]
    return TemporalGraph.from_edges(
        [*edges, *graph.edges],
        [*hidden, *graph.nodes],
        max_lag=graph.max_lag,
        roles=dict.fromkeys(hidden, "latent"),
    )


def _hidden(count: int, room: int) -> list[str]:
    if count > room:
        raise OptionError(
            f"latent={count}: there is room for {room} hidden causes; ask for fewer, or for a "
            "lower degree or more nodes."
        )
    return [f"hidden{k}" for k in range(count)]


def temporal_projection(graph: TemporalGraph) -> TemporalGraph:
    """Hide the nodes of role ``"latent"``: latent projection for causes without memory.

    Parameters
    ----------
    graph : TemporalGraph
        Directed edges only; latent nodes have no parents.

    Returns
    -------
    TemporalGraph
        Over the other nodes; two that share a hidden cause at lags a <= b are joined by
        ``X[t-(b-a)] <-> Y``.

    Raises
    ------
    GraphError
        If a latent node has parents (the projection might have no largest lag), or two edges
        would stand in one place.

    References
    ----------
    As :func:`causalsim.graph.latent_projection`, read off the repeated graph.

    Examples
    --------
    >>> graph = TemporalGraph.from_edges(
    ...     ["L --> X", "L[t-1] --> Y", "X[t-2] --> Y"], roles={"L": "latent"}
    ... )
    >>> temporal_projection(graph)
    TemporalGraph.from_edges(['X[t-1] <-> Y', 'X[t-2] --> Y'])
    """
    latent = [n for n, role in zip(graph.nodes, graph.roles, strict=True) if role == "latent"]
    caused = [name for name in latent if graph.parents(name)]
    if caused:
        raise GraphError(
            f"{listing(caused)} are latent and have parents; only hidden causes without parents "
            "have a projection of bounded lag."
        )
    marks, past = graph.marks.copy(), graph.past_marks.copy()
    for name in latent:
        effects = np.argwhere(graph.directed[graph.index(name)]).tolist()
        for one, other in combinations(effects, 2):
            _join(marks, past, *sorted((one, other), key=lambda effect: effect[1]))
    seen = [i for i, role in enumerate(graph.roles) if role != "latent"]
    at = np.ix_(seen, seen)
    return TemporalGraph(
        tuple(graph.nodes[i] for i in seen),
        marks[at],
        past[at],
        tuple(graph.roles[i] for i in seen),
    )


def _join(
    marks: NDArray[np.uint8], past: NDArray[np.uint8], early: list[int], late: list[int]
) -> None:
    """Put ``<->`` between two effects (node, lag) of one hidden cause, in place."""
    (i, first), (j, second) = early, late
    cells = [(i, j, second - first)] if second > first else [(i, j, 0), (j, i, 0)]
    for cell in cells:
        if marks[cell] not in {Mark.NONE, Mark.ARROW} or past[cell] not in {Mark.NONE, Mark.ARROW}:
            raise GraphError(
                f"a directed edge and a hidden common cause meet at lag {second - first} of one "
                "pair; a TemporalGraph holds one edge there."
            )
        marks[cell] = past[cell] = Mark.ARROW
