"""networkx, and GraphML through it: end marks, lags and roles as attributes.

Graph: ``kind`` and ``max_lag``; nodes: ``role``; edges: ``at_source``, ``at_target`` (circle,
arrow, tail, conflict) and ``lag``. Only what differs from the plain reading is written for a
DAG, whose edges are plain.
"""

from __future__ import annotations

import re
from typing import Any

from causalsim.errors import FormatError
from causalsim.graph.io._common import (
    AnyGraph,
    build,
    integer,
    only_text,
    refuse_network,
    split_lags,
    stored_kind,
)
from causalsim.graph.kinds import DAG
from causalsim.graph.labels import check_names, label
from causalsim.graph.marks import Edge, Mark
from causalsim.graph.temporal import TemporalGraph

__all__ = ["from_graphml", "from_networkx", "to_graphml", "to_networkx"]

_NAMES: dict[Mark, str] = {mark: mark.name.lower() for mark in Mark if mark != Mark.NONE}
_MARKS = {name: mark for mark, name in _NAMES.items()}
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_networkx(graph: AnyGraph) -> Any:
    """Write a graph as a ``DiGraph`` (DAG) or ``MultiDiGraph`` (any other kind).

    Parameters
    ----------
    graph : DAG, CPDAG, ADMG, PAG or TemporalGraph

    Returns
    -------
    networkx.DiGraph or networkx.MultiDiGraph
        With the attribute ``kind``. In a MultiDiGraph every edge carries ``at_source`` and
        ``at_target``; a pair with ``-->`` and ``<->`` has two edges. A temporal graph keeps
        its variables as nodes (``role``) and writes ``lag`` at each edge.

    Examples
    --------
    >>> from causalsim.graph import CPDAG, DAG
    >>> list(to_networkx(DAG.from_edges(["X --> Y"])).edges)
    [('X', 'Y')]
    >>> list(to_networkx(CPDAG.from_edges(["X --- Y"])).edges(data=True))
    [('X', 'Y', {'at_source': 'tail', 'at_target': 'tail'})]
    """
    import networkx as nx

    refuse_network(graph, "networkx")
    plain, temporal = isinstance(graph, DAG), isinstance(graph, TemporalGraph)
    result = (nx.DiGraph if plain else nx.MultiDiGraph)(kind=type(graph).__name__)
    result.add_nodes_from(graph.nodes)
    for edge, lag in split_lags(graph):
        ends = {"at_source": _NAMES[edge.at_x], "at_target": _NAMES[edge.at_y]}
        result.add_edge(
            edge.x, edge.y, **({} if plain else ends), **({"lag": lag} if temporal else {})
        )
    if isinstance(graph, TemporalGraph):
        result.graph["max_lag"] = graph.max_lag
        for name, role in zip(graph.nodes, graph.roles, strict=True):
            result.nodes[name]["role"] = role
    return result


def from_networkx(graph: Any, *, kind: str | None = None) -> AnyGraph:
    """Read a networkx graph.

    Parameters
    ----------
    graph : networkx.Graph, DiGraph, MultiGraph or MultiDiGraph
        Without mark attributes an arc is ``-->`` and an undirected edge ``---``. Node names
        become strings.
    kind : {"DAG", "CPDAG", "ADMG", "PAG", "TemporalGraph"}, optional
        By default the attribute ``kind``, or what the marks ask for: a circle makes a PAG,
        ``---`` or ``x-x`` a CPDAG, ``<->`` an ADMG, arcs alone a DAG.

    Raises
    ------
    FormatError
        If ``graph`` is no networkx graph or an attribute is unknown.
    GraphError
        If the edges break a rule of the kind, such as a cycle in a DAG.

    Examples
    --------
    >>> import networkx as nx
    >>> from_networkx(nx.DiGraph([("X", "Y")]))
    DAG.from_edges(['X --> Y'])
    """
    import networkx as nx

    if not isinstance(graph, nx.Graph):
        raise FormatError(f"expected a networkx graph, got a {type(graph).__name__}.")
    names, directed = check_names([str(name) for name in graph.nodes]), graph.is_directed()
    edges = [_edge(str(x), str(y), data, directed) for x, y, data in graph.edges(data=True)]
    depth = graph.graph.get("max_lag")
    return build(
        stored_kind(kind, graph.graph.get("kind")),
        names,
        edges,
        max_lag=None if depth is None else integer(depth, "max_lag"),
        roles={str(n): data["role"] for n, data in graph.nodes(data=True) if "role" in data},
    )


def _edge(x: str, y: str, data: dict[str, Any], directed: bool) -> Edge:
    """Read one edge from its attributes."""
    at_source = data.get("at_source", "tail")
    at_target = data.get("at_target", "arrow" if directed else "tail")
    for name in (at_source, at_target):
        if name not in _MARKS:
            raise FormatError(
                f"edge {x!r}, {y!r}: mark {name!r} is unknown; expected one of {sorted(_MARKS)}."
            )
    if not directed and at_source != at_target:
        raise FormatError(
            f"edge {x!r}, {y!r}: an undirected networkx graph has no source; use a MultiDiGraph "
            "for edges with different end marks."
        )
    lag = integer(data.get("lag", 0), f"edge {x!r}, {y!r}: lag")
    return Edge(label(x, lag), y, _MARKS[at_source], _MARKS[at_target])


def to_graphml(graph: AnyGraph) -> str:
    """Write a graph as GraphML text, with the attributes of :func:`to_networkx`.

    Parameters
    ----------
    graph : DAG, CPDAG, ADMG, PAG or TemporalGraph

    Raises
    ------
    FormatError
        If a name holds a control character, which XML forbids.

    Examples
    --------
    >>> from causalsim.graph import PAG
    >>> from_graphml(to_graphml(PAG.from_edges(["X o-> Y"])))
    PAG.from_edges(['X o-> Y'])
    """
    import networkx as nx

    converted = to_networkx(graph)
    for name in graph.nodes:
        if _NOT_XML.search(name):
            raise FormatError(f"GraphML cannot hold the name {name!r}; use rename or JSON.")
    return "\n".join(nx.generate_graphml(converted)) + "\n"


def from_graphml(text: str, *, kind: str | None = None) -> AnyGraph:
    """Read GraphML text; attributes, ``kind`` and defaults as in :func:`from_networkx`.

    Raises
    ------
    FormatError
        If the text is no GraphML, with the line, or declares a document type (entities are
        not expanded).
    GraphError
        If the edges break a rule of the kind.

    Examples
    --------
    >>> from_graphml("<graphml>")
    Traceback (most recent call last):
    ...
    causalsim.errors.FormatError: no GraphML: no element found: line 1, column 9
    """
    from xml.etree.ElementTree import ParseError

    import networkx as nx

    if "<!DOCTYPE" in only_text(text):
        raise FormatError("GraphML with a DOCTYPE is not read; remove that line.")
    try:
        found = nx.parse_graphml(text, force_multigraph=True)
    except (ParseError, nx.NetworkXError, KeyError, ValueError) as error:
        raise FormatError(f"no GraphML: {error}") from error
    return from_networkx(found, kind=kind)
