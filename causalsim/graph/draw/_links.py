"""What a drawing shows of a graph: one link per edge, one caption per node.

A temporal graph is drawn as its summary: one node per variable, edges that differ only in
their lag merged into one link labelled with the lags, own lags written into the node.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from causalsim.graph._base import MarkedGraph
from causalsim.graph.labels import label, parse_label
from causalsim.graph.marks import Edge, Mark, parse_edge
from causalsim.graph.temporal import TemporalGraph

__all__ = [
    "FONT",
    "LINE_HEIGHT",
    "SMALL",
    "Caption",
    "Drawable",
    "Link",
    "captions",
    "links",
    "text_width",
    "wrap",
]

FONT, SMALL, LINE_HEIGHT = 13.0, 11.0, 16.0

Drawable = MarkedGraph | TemporalGraph

_JOINT = re.compile(r"(?<=[_./:-])(?=\w)|(?<=[a-z])(?=[A-Z])")
_LINE = 20
_LINES = 4
_NARROW = frozenset("iljtfrI.,:;|!'`()[]{} -")
_WIDE = frozenset("mwMW@%<>=+~")


class Link(NamedTuple):
    """An edge to draw between nodes ``i`` and ``j``, and the edge texts it stands for."""

    i: int
    j: int
    edge: Edge
    label: str
    texts: tuple[str, ...]


class Caption(NamedTuple):
    """The lines of a node's name, and the lags at which it is joined to itself."""

    lines: tuple[str, ...]
    own: str

    @property
    def height(self) -> float:
        """Height of all lines."""
        return LINE_HEIGHT * (len(self.lines) + bool(self.own))

    @property
    def width(self) -> float:
        """Width of the longest line."""
        return max(text_width(self.own, SMALL), *(text_width(line, FONT) for line in self.lines))


def links(graph: Drawable) -> tuple[Link, ...]:
    """List the links of a graph, in the order of its edges."""
    if isinstance(graph, TemporalGraph):
        return _temporal_links(graph)
    found = []
    for text in graph.edges:
        edge = parse_edge(text)
        found.append(Link(graph.index(edge.x), graph.index(edge.y), edge, "", (text,)))
    return tuple(found)


def _temporal_links(graph: TemporalGraph) -> tuple[Link, ...]:
    """Merge edges between two variables that differ in their lag only."""
    groups: dict[tuple[str, str, Mark, Mark, bool], list[tuple[int, str]]] = {}
    for text in graph.edges:
        edge, lag = _untimed(parse_edge(text))
        if edge.x != edge.y:
            mutual = edge.at_x == edge.at_y and lag > 0
            groups.setdefault((*edge, mutual), []).append((lag, text))
    found = []
    for (x, y, at_x, at_y, mutual), members in groups.items():
        lags = sorted(lag for lag, _ in members)
        written = [label(x, lag) if mutual else str(lag) for lag in lags]
        texts = tuple(text for _, text in members)
        edge = Edge(x, y, at_x, at_y)
        found.append(Link(graph.index(x), graph.index(y), edge, ", ".join(written), texts))
    return tuple(found)


def _untimed(edge: Edge) -> tuple[Edge, int]:
    """Give the edge between variables, past end first, and its lag."""
    (x, lag_x), (y, lag_y) = parse_label(edge.x), parse_label(edge.y)
    if lag_y:
        return Edge(y, x, edge.at_y, edge.at_x), lag_y
    return Edge(x, y, edge.at_x, edge.at_y), lag_x


def captions(graph: Drawable) -> tuple[Caption, ...]:
    """Give the text to write into each node."""
    if isinstance(graph, TemporalGraph):
        return tuple(Caption(wrap(name), _own_lags(graph, name)) for name in graph.nodes)
    return tuple(Caption(wrap(name), "") for name in graph.nodes)


def _own_lags(graph: TemporalGraph, name: str) -> str:
    """Write the lags at which a variable is joined to itself."""
    at = graph.index(name)
    past = graph.past_marks[at, at].tolist()
    lags = [
        f"<-> {lag}" if mark == Mark.ARROW else f"{lag}" for lag, mark in enumerate(past) if mark
    ]
    return f"self {', '.join(lags)}" if lags else ""


def wrap(name: str) -> tuple[str, ...]:
    """Break a long name at spaces and joints, into at most four lines.

    >>> wrap("systolic blood pressure, 24 h mean")
    ('systolic blood', 'pressure, 24 h mean')
    """
    lines = [""]
    for piece in _pieces(name):
        if lines[-1] and len(lines[-1] + piece.rstrip()) > _LINE:
            lines.append("")
        lines[-1] += piece
    lines = [line.strip() for line in lines]
    if len(lines) > _LINES:
        lines = [*lines[: _LINES - 1], lines[_LINES - 1][: _LINE - 1] + "…"]
    return tuple(lines)


def _pieces(name: str) -> list[str]:
    """Cut a name at spaces, and what is too long also at joints and at last anywhere."""
    words = re.findall(r"\S+\s*", name)
    parts = [p for word in words for p in (_JOINT.split(word) if len(word) > _LINE else [word])]
    return [part[k : k + _LINE] for part in parts for k in range(0, len(part), _LINE)]


def text_width(text: str, size: float) -> float:
    """Estimate the width of sans-serif text, on the safe side of common fonts."""
    return size * sum(_em(char) for char in text)


def _em(char: str) -> float:
    """Estimate the width of one character, as a fraction of the font size."""
    if char in _NARROW:
        return 0.4
    if unicodedata.east_asian_width(char) in "WF":
        return 1.05
    if char in _WIDE:
        return 0.98
    return 0.75 if char.isupper() else 0.63
