"""dagitty text: ``dag``, ``pdag``, ``mag`` and ``pag`` with ``->``, ``<->``, ``--``, ``@->``."""

from __future__ import annotations

from causalsim.errors import FormatError, GraphError
from causalsim.graph.io._common import (
    STATIC,
    StaticGraph,
    check_kind,
    edges_of,
    kind_of,
    refuse_conflicts,
    refuse_temporal,
)
from causalsim.graph.io._statements import Link, quote, read_statements
from causalsim.graph.kinds import CPDAG
from causalsim.graph.marks import Edge, Mark

__all__ = ["from_dagitty", "to_dagitty"]

_HEADERS = {"DAG": "dag", "ADMG": "dag", "CPDAG": "pdag", "PAG": "pag"}
_KINDS = {"pdag": "CPDAG", "pag": "PAG"}
_TYPES = ("dag", "pdag", "mag", "pag", "graph", "digraph")
_LEFT = {Mark.ARROW: "<", Mark.TAIL: "", Mark.CIRCLE: "@"}
_RIGHT = {Mark.ARROW: ">", Mark.TAIL: "", Mark.CIRCLE: "@"}
_ENDS = {"<": Mark.ARROW, ">": Mark.ARROW, "@": Mark.CIRCLE, "-": Mark.TAIL}
_ARROWS = {
    (at_x, at_y): {"-": "--", "@-": "@--", "-@": "--@"}.get(f"{left}-{right}", f"{left}-{right}")
    for at_x, left in _LEFT.items()
    for at_y, right in _RIGHT.items()
}


def to_dagitty(graph: StaticGraph) -> str:
    """Write a static graph as dagitty text.

    Parameters
    ----------
    graph : DAG, CPDAG, ADMG or PAG
        A DAG and an ADMG become ``dag``, a CPDAG ``pdag``, a PAG ``pag``.

    Raises
    ------
    GraphError
        For a temporal graph, and for a CPDAG with ``x-x`` or ``<->``: dagitty reads ``<->`` as
        a hidden common cause.

    Examples
    --------
    >>> from causalsim.graph import ADMG
    >>> print(to_dagitty(ADMG.from_edges(["X --> Y", "X <-> Y"])))
    dag {
    "X"
    "Y"
    "X" -> "Y"
    "X" <-> "Y"
    }
    """
    refuse_temporal(graph, "dagitty text")
    refuse_conflicts(graph, "dagitty")
    if isinstance(graph, CPDAG) and graph.conflicts:
        raise GraphError(
            f"{graph.conflicts[0]!r} in a CPDAG is a conflict, but dagitty reads '<->' as a "
            "hidden common cause. Settle it first, or write ADMG.from_edges(...) if it is meant."
        )
    lines = [quote(name) for name in graph.nodes]
    lines += [
        f"{quote(edge.x)} {_ARROWS[edge.at_x, edge.at_y]} {quote(edge.y)}"
        for edge in edges_of(graph)
    ]
    return "\n".join([f"{_HEADERS[type(graph).__name__]} {{", *lines, "}", ""])


def from_dagitty(text: str, *, kind: str | None = None) -> StaticGraph:
    """Read dagitty text.

    Parameters
    ----------
    text : str
        Positions and roles in brackets are left out. A node marked ``latent`` stays a node:
        hide it with ``graph.project``.
    kind : {"DAG", "CPDAG", "ADMG", "PAG"}, optional
        By default ``pdag`` gives a CPDAG and ``pag`` a PAG. In ``dag`` and ``mag`` the marks
        decide: a circle makes a PAG, ``--`` a CPDAG (in a ``mag`` a PAG), ``<->`` an ADMG,
        arrows alone a DAG.

    Raises
    ------
    FormatError
        If the text is no dagitty text, with the line.
    GraphError
        If the edges break a rule of the kind, such as a cycle in a DAG.

    Examples
    --------
    >>> from_dagitty("dag { X [exposure] Y [outcome] X -> Y ; X <-> Y }")
    ADMG.from_edges(['X --> Y', 'X <-> Y'])
    """
    found = read_statements(text)
    if found.header not in _TYPES:
        raise FormatError(
            f"dagitty text begins with one of {', '.join(_TYPES)}; got {found.header!r}."
        )
    edges = [_edge(link) for link in found.links]
    chosen = kind or _KINDS.get(found.header) or kind_of((e.at_x, e.at_y) for e in edges)
    if kind is None and found.header == "mag" and chosen == "CPDAG":
        chosen = "PAG"
    graph_type = STATIC[check_kind(chosen, STATIC)]
    return graph_type.from_edges([str(edge) for edge in edges], list(found.nodes))


def _edge(link: Link) -> Edge:
    return Edge(link.x, link.y, _ENDS[link.arrow[0]], _ENDS[link.arrow[-1]])
