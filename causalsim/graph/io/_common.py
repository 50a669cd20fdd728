"""What the formats share: kinds by name, the default kind, and refusals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from causalsim.errors import FormatError, GraphError, NameNotFoundError, OptionError, listing
from causalsim.graph.kinds import ADMG, CPDAG, DAG, PAG
from causalsim.graph.labels import parse_label
from causalsim.graph.marks import Edge, Mark, parse_edge
from causalsim.graph.network import DiscreteNetwork
from causalsim.graph.temporal import TemporalGraph

__all__ = [
    "KINDS",
    "STATIC",
    "AnyGraph",
    "StaticGraph",
    "build",
    "check_kind",
    "edges_of",
    "integer",
    "kind_of",
    "only_text",
    "refuse_conflicts",
    "refuse_network",
    "refuse_temporal",
    "split_lags",
    "square",
    "static",
    "stored_kind",
]

StaticGraph = DAG | CPDAG | ADMG | PAG
AnyGraph = StaticGraph | TemporalGraph
STATIC: dict[str, type[StaticGraph]] = {"DAG": DAG, "CPDAG": CPDAG, "ADMG": ADMG, "PAG": PAG}
KINDS = (*STATIC, "TemporalGraph")


def kind_of(ends: Iterable[tuple[Mark, Mark]]) -> str:
    """Give the default kind for edges with these end marks.

    >>> kind_of([(Mark.TAIL, Mark.ARROW), (Mark.TAIL, Mark.TAIL)])
    'CPDAG'
    """
    pairs = set(ends)
    if any(Mark.CIRCLE in pair for pair in pairs):
        return "PAG"
    if pairs & {(Mark.TAIL, Mark.TAIL), (Mark.CONFLICT, Mark.CONFLICT)}:
        return "CPDAG"
    return "ADMG" if (Mark.ARROW, Mark.ARROW) in pairs else "DAG"


def check_kind(kind: str, choices: Iterable[str] = KINDS) -> str:
    """Refuse a kind that the format does not know."""
    if kind not in choices:
        raise OptionError.from_choice("kind", kind, choices)
    return kind


def edges_of(graph: AnyGraph) -> list[Edge]:
    """Give the edges as :class:`Edge`, each once, tail on the left."""
    return [parse_edge(text) for text in graph.edges]


def split_lags(graph: AnyGraph) -> Iterator[tuple[Edge, int]]:
    """Give the edges between plain names, each with its lag (0 in a static graph)."""
    temporal = isinstance(graph, TemporalGraph)
    for edge in edges_of(graph):
        name, lag = parse_label(edge.x) if temporal else (edge.x, 0)
        yield edge._replace(x=name), lag


def stored_kind(kind: str | None, stored: object) -> str | None:
    """Prefer the caller's kind to the one a file or object carries, and check either."""
    if kind is None and stored is not None and stored not in KINDS:
        raise FormatError(f"kind {stored!r} is unknown; expected one of {listing(KINDS)}.")
    return check_kind(kind) if kind is not None else cast("str | None", stored)


def only_text(text: object) -> str:
    """Refuse what is no text, such as a path."""
    if not isinstance(text, str):
        raise FormatError(f"expected text, got a {type(text).__name__}; files: graph.io.read.")
    return text


def integer(value: Any, what: str) -> int:
    """Read a whole number that is not negative."""
    try:
        number = int(str(value))
    except ValueError:
        number = -1
    if number < 0:
        raise FormatError(f"{what}={value!r}: expected 0, 1, 2, ...")
    return number


def build(
    kind: str | None,
    nodes: Sequence[str],
    edges: Sequence[Edge],
    *,
    max_lag: int | None = None,
    roles: Mapping[str, str] | None = None,
) -> AnyGraph:
    """Build a graph of a kind, or of the default kind, from what a format holds."""
    lagged = max_lag is not None
    chosen = kind or ("TemporalGraph" if lagged else kind_of((e.at_x, e.at_y) for e in edges))
    texts = [str(edge) for edge in edges]
    try:
        if chosen == "TemporalGraph":
            return TemporalGraph.from_edges(texts, nodes, max_lag=max_lag, roles=roles)
        return STATIC[chosen].from_edges(texts, nodes)
    except (NameNotFoundError, OptionError) as error:
        raise FormatError(str(error)) from error


def static(kind: str | None, nodes: Sequence[str], marks: NDArray[np.uint8]) -> StaticGraph:
    """Build a static graph of a kind, or of the default kind, from our marks."""
    if kind is None:
        there = np.argwhere(marks).tolist()
        kind = kind_of((Mark(int(marks[j, i])), Mark(int(marks[i, j]))) for i, j in there)
    return STATIC[check_kind(kind, STATIC)](tuple(nodes), marks)


def square(matrix: Any, nodes: Sequence[str] | None, what: str) -> tuple[NDArray[Any], list[str]]:
    """Check that ``matrix`` is square; give it with its node names (by default X1, X2, ...)."""
    if nodes is None:
        nodes = getattr(matrix, "columns", None)
    array = np.asarray(matrix)
    if array.ndim != 2 or array.shape[0] != array.shape[1]:
        raise FormatError(f"a {what} is a square matrix; got shape {array.shape}.")
    if not np.issubdtype(array.dtype, np.number) and array.dtype != bool:
        raise FormatError(f"a {what} holds integers; got dtype {array.dtype}.")
    names = [f"X{i + 1}" for i in range(len(array))] if nodes is None else list(nodes)
    if len(names) != len(array):
        raise FormatError(f"{len(names)} node names for a {what} of shape {array.shape}.")
    return array, names


def refuse_network(graph: object, what: str) -> None:
    """Refuse what is no graph, naming where its tables would fit."""
    if isinstance(graph, DiscreteNetwork):
        raise FormatError(
            f"{what} cannot hold the tables of a DiscreteNetwork; write network.dag, or the "
            "network itself as JSON or BIF."
        )
    if not isinstance(graph, AnyGraph):
        raise FormatError(f"expected a graph, got a {type(graph).__name__}.")


def refuse_temporal(graph: object, what: str) -> None:
    """Refuse a temporal graph, and all that is no graph."""
    refuse_network(graph, what)
    if isinstance(graph, TemporalGraph):
        raise GraphError(f"{what} has no lags; write graph.window(), or use JSON or DOT.")


def refuse_conflicts(graph: StaticGraph, what: str) -> None:
    """Refuse ``x-x``: as ``<->`` it would claim a hidden common cause."""
    conflicts = [edge for edge in graph.edges if " x-x " in edge]
    if conflicts:
        raise GraphError(
            f"{what} has no mark for the conflict {conflicts[0]!r}, and '<->' would claim a "
            "hidden common cause. Settle it first (conflict='overwrite' in pc), or keep it in "
            "JSON, DOT, GraphML or networkx."
        )
