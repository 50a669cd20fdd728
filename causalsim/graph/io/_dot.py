"""DOT (Graphviz): arrow shapes are the end marks, so that the drawing shows them."""

from __future__ import annotations

from causalsim.errors import FormatError, OptionError
from causalsim.graph.io._common import (
    AnyGraph,
    build,
    integer,
    refuse_network,
    split_lags,
    stored_kind,
)
from causalsim.graph.io._statements import Link, quote, read_statements
from causalsim.graph.labels import label
from causalsim.graph.marks import Edge, Mark
from causalsim.graph.temporal import TemporalGraph

__all__ = ["from_dot", "to_dot"]

_SHAPES = {Mark.TAIL: "none", Mark.ARROW: "normal", Mark.CIRCLE: "odot", Mark.CONFLICT: "box"}
_MARKS = {shape: mark for mark, shape in _SHAPES.items()}
_ARROWS = {"digraph": "->", "graph": "--"}
_DIRECTIONS = ("forward", "back", "both", "none")


def to_dot(graph: AnyGraph) -> str:
    """Write a graph as DOT text.

    Parameters
    ----------
    graph : DAG, CPDAG, ADMG, PAG or TemporalGraph

    Returns
    -------
    str
        Marks stand as ``arrowtail`` and ``arrowhead``: none (tail), normal (arrow), odot
        (circle), box (conflict). The kind is a graph attribute; a temporal graph writes the
        attributes ``max_lag``, ``role`` (nodes) and ``lag`` (edges).

    Examples
    --------
    >>> from causalsim.graph import CPDAG
    >>> print(to_dot(CPDAG.from_edges(["X --> Y", "Y --- Z"])))
    digraph {
      kind="CPDAG";
      "X";
      "Y";
      "Z";
      "X" -> "Y";
      "Y" -> "Z" [dir=both, arrowtail=none, arrowhead=none];
    }
    """
    refuse_network(graph, "DOT")
    lines = [f'  kind="{type(graph).__name__}";']
    roles = dict.fromkeys(graph.nodes, "")
    if isinstance(graph, TemporalGraph):
        lines.append(f"  max_lag={graph.max_lag};")
        roles = {n: f" [role={role}]" for n, role in zip(graph.nodes, graph.roles, strict=True)}
    lines += [f"  {quote(name)}{role};" for name, role in roles.items()]
    lines += [f"  {_line(edge, lag)};" for edge, lag in split_lags(graph)]
    return "\n".join(["digraph {", *lines, "}", ""])


def _line(edge: Edge, lag: int) -> str:
    """Write one edge; a plain arrow needs no attributes."""
    given = []
    if (edge.at_x, edge.at_y) != (Mark.TAIL, Mark.ARROW):
        given += ["dir=both", f"arrowtail={_SHAPES[edge.at_x]}", f"arrowhead={_SHAPES[edge.at_y]}"]
    if lag:
        given += [f"lag={lag}", f'label="{lag}"']
    attributes = f" [{', '.join(given)}]" if given else ""
    return f"{quote(edge.x)} -> {quote(edge.y)}{attributes}"


def from_dot(text: str, *, kind: str | None = None) -> AnyGraph:
    """Read DOT text.

    Parameters
    ----------
    text : str
        Chains, groups, subgraphs, edge defaults and comments are understood; an arrow shape
        other than none, odot and box counts as an arrow. Other attributes are left out.
    kind : {"DAG", "CPDAG", "ADMG", "PAG", "TemporalGraph"}, optional
        By default the attribute ``kind`` of the text, or what the marks ask for: a circle
        makes a PAG, ``---`` or ``x-x`` a CPDAG, ``<->`` an ADMG, arrows alone a DAG.

    Raises
    ------
    FormatError
        If the text is no DOT, with the line.
    GraphError
        If the edges break a rule of the kind, such as a cycle in a DAG.

    Examples
    --------
    >>> from_dot("digraph { X -> Y -> Z }")
    DAG.from_edges(['X --> Y', 'Y --> Z'])
    """
    found = read_statements(text)
    if found.header not in _ARROWS:
        raise FormatError(
            f"DOT begins with 'digraph' or 'graph', not {found.header!r}; read 'dag {{...}}' "
            "with from_dagitty."
        )
    depth = found.attributes.get("max_lag")
    return build(
        stored_kind(kind, found.attributes.get("kind")),
        list(found.nodes),
        [_edge(link, found.header) for link in found.links],
        max_lag=None if depth is None else integer(depth, "max_lag"),
        roles={name: given["role"] for name, given in found.nodes.items() if "role" in given},
    )


def _edge(link: Link, header: str) -> Edge:
    """Read the end marks of one edge from its direction and arrow shapes."""
    if link.arrow != _ARROWS[header]:
        raise FormatError(
            f"line {link.line}: {link.arrow!r} is no edge of a {header}; write "
            f"{_ARROWS[header]!r} (marks are attributes in DOT)."
        )
    direction = link.attributes.get("dir", "forward" if header == "digraph" else "none")
    if direction not in _DIRECTIONS:
        raise FormatError(
            f"line {link.line}: {OptionError.from_choice('dir', direction, _DIRECTIONS)}"
        )
    tail, head = (
        _MARKS.get(link.attributes.get(end, "normal"), Mark.ARROW)
        for end in ("arrowtail", "arrowhead")
    )
    lag = integer(link.attributes.get("lag", 0), f"line {link.line}: lag")
    return Edge(
        label(link.x, lag),
        link.y,
        tail if direction in {"back", "both"} else Mark.TAIL,
        head if direction in {"forward", "both"} else Mark.TAIL,
    )
