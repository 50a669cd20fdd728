"""causalsim's own JSON: every kind, and discrete networks with their tables. Version 1."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from causalsim._files import dump_json, open_versioned, versioned
from causalsim.errors import FormatError, NameNotFoundError
from causalsim.graph.io._common import KINDS, AnyGraph, build, integer, only_text
from causalsim.graph.marks import parse_edge
from causalsim.graph.network import DiscreteNetwork
from causalsim.graph.temporal import TemporalGraph

__all__ = ["from_json", "to_json"]

_VERSION = 1
_NETWORK = "DiscreteNetwork"


def to_json(graph: AnyGraph | DiscreteNetwork) -> str:
    """Write a graph or a discrete network as JSON text.

    Parameters
    ----------
    graph : DAG, CPDAG, ADMG, PAG, TemporalGraph or DiscreteNetwork

    Returns
    -------
    str
        An object with ``format`` ("causalsim/graph"), ``version``, ``kind``, ``nodes`` and
        ``edges``; a temporal graph adds ``max_lag`` and ``roles``, a network ``states`` and
        ``tables``.

    Examples
    --------
    >>> from causalsim.graph import TemporalGraph
    >>> from_json(to_json(TemporalGraph.from_edges(["X[t-1] --> X"], max_lag=2)))
    TemporalGraph.from_edges(['X[t-1] --> X'], max_lag=2)
    """
    if isinstance(graph, DiscreteNetwork):
        content = {"kind": _NETWORK, **graph.to_dict()}
    elif isinstance(graph, AnyGraph):
        kind = type(graph).__name__
        content = {"kind": kind, "nodes": list(graph.nodes), "edges": list(graph.edges)}
    else:
        raise FormatError(f"expected a graph or a network, got a {type(graph).__name__}.")
    if isinstance(graph, TemporalGraph):
        content |= {"max_lag": graph.max_lag, "roles": list(graph.roles)}
    return dump_json(versioned("graph", _VERSION, content))


def from_json(text: str) -> AnyGraph | DiscreteNetwork:
    """Read what :func:`to_json` writes, of this or an older version.

    Raises
    ------
    FormatError
        If the text is no JSON (with the line), of another format or a newer version, or a
        field is missing or has the wrong type.
    GraphError
        If the edges or tables break a rule of the kind.

    Examples
    --------
    >>> from_json('{"format": "causalsim/graph", "version": 1, "kind": "DAG", "nodes": ["X"]}')
    Traceback (most recent call last):
    ...
    causalsim.errors.FormatError: causalsim/graph: 'edges' is missing or no list.
    """
    try:
        payload = open_versioned(json.loads(only_text(text)), "graph", _VERSION)
    except (json.JSONDecodeError, RecursionError) as error:
        raise FormatError(f"no JSON: {error}") from error
    kind = payload.get("kind")
    nodes, edges = _texts(payload, "nodes"), _texts(payload, "edges")
    if kind == _NETWORK:
        return _network(payload)
    if kind not in KINDS:
        raise FormatError(f"kind {kind!r} is unknown; expected one of {[*KINDS, _NETWORK]}.")
    temporal = kind == "TemporalGraph"
    return build(
        kind,
        nodes,
        [parse_edge(edge) for edge in edges],
        max_lag=integer(payload.get("max_lag"), "max_lag") if temporal else None,
        roles=_roles(payload, nodes) if temporal else None,
    )


def _field(payload: dict[str, Any], name: str, kind: type) -> Any:
    """Give a field, or say that it is missing or of another type."""
    if not isinstance(payload.get(name), kind):
        what = "list" if kind is list else "object"
        raise FormatError(f"causalsim/graph: {name!r} is missing or no {what}.")
    return payload[name]


def _texts(payload: dict[str, Any], name: str) -> list[str]:
    found = _field(payload, name, list)
    if not all(isinstance(text, str) for text in found):
        raise FormatError(f"causalsim/graph: {name!r} must be a list of texts.")
    return list(found)


def _roles(payload: dict[str, Any], nodes: list[str]) -> dict[str, str]:
    roles = _texts(payload, "roles")
    if len(roles) != len(nodes):
        raise FormatError(f"causalsim/graph: {len(roles)} roles for {len(nodes)} nodes.")
    return dict(zip(nodes, roles, strict=True))


def _network(payload: dict[str, Any]) -> DiscreteNetwork:
    """Read states and tables; numbers and lengths are checked here, sums by the network."""
    states, tables = _field(payload, "states", dict), _field(payload, "tables", dict)
    for name in states:
        _texts(states, name)
    for name, table in tables.items():
        try:
            np.array(table, np.float64)
        except (TypeError, ValueError) as error:
            raise FormatError(f"the table of {name!r} is no array of numbers: {error}") from error
    try:
        return DiscreteNetwork.from_dict(payload)
    except NameNotFoundError as error:
        raise FormatError(f"causalsim/graph: {error}") from error
