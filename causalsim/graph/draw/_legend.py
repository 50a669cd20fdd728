"""The legend: only what occurs in the drawing, in plain words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from causalsim.graph.draw._links import SMALL, Drawable, Link, captions, text_width
from causalsim.graph.draw._shapes import (
    HIDDEN,
    INK,
    OPEN,
    WARNING,
    Group,
    Polygon,
    Shape,
    Text,
    edge_shapes,
    moved,
    node_box,
    straight,
)
from causalsim.graph.kinds import CPDAG, PAG
from causalsim.graph.marks import Edge, parse_edge
from causalsim.graph.temporal import TemporalGraph

__all__ = ["Row", "colour_of", "legend_rows"]

_SAMPLE = 70.0

_MEANING = {
    "-->": "X causes Y",
    "---": "direction not determined",
    "x-x": "rules disagree on the direction",
    "<->": "X and Y share a hidden common cause",
    "o->": "Y does not cause X; the rest is open",
    "o-o": "direction open, perhaps a hidden common cause",
    "--o": "X causes Y or was selected on; the rest is open",
}
_SPECIAL: dict[tuple[type[Drawable], str], str] = {
    (CPDAG, "<->"): "rules disagree: arrows from both sides",
    (PAG, "-->"): "X causes Y, directly or through others",
    (PAG, "---"): "X and Y are joined by selection",
}


class Row(NamedTuple):
    """A row of the legend: how to draw the sample from its left end, and the words."""

    sample: Callable[[NDArray[np.float64]], tuple[Shape, ...]]
    text: str

    @property
    def width(self) -> float:
        """Width of sample and words."""
        return _SAMPLE + 12 + text_width(self.text, SMALL)

    def group(self, at: NDArray[np.float64]) -> Group:
        """Draw the row with the middle of its left end at a place."""
        words = Text(moved(at, _SAMPLE + 12), self.text, SMALL, centred=False)
        return Group("legend", self.text, (*self.sample(at), words))


def glyph_of(edge: Edge) -> str:
    """Give the glyph of an edge as the blackboard writes it, such as ``"-->"``."""
    return str(edge._replace(x="X", y="Y")).split(" ")[1]


def colour_of(graph: Drawable, edge: Edge) -> str:
    """Give an edge's colour: settled, open, hidden common cause, or conflict."""
    glyph = glyph_of(edge)
    if glyph == "x-x" or (glyph == "<->" and isinstance(graph, CPDAG)):
        return WARNING
    if glyph == "<->":
        return HIDDEN
    return INK if glyph == "-->" else OPEN


def legend_rows(
    graph: Drawable, links: Sequence[Link], span: tuple[float, float] | None
) -> tuple[Row, ...]:
    """List the rows for what occurs; ``span`` is the range of strengths, if drawn."""
    seen = {glyph_of(link.edge) for link in links}
    rows = [
        Row(partial(_edge_sample, graph, parse_edge(f"X {glyph} Y")), _words(graph, glyph))
        for glyph in _MEANING
        if glyph in seen
    ]
    rows.extend(_temporal_rows(graph, links))
    if span:
        known = " to ".join(dict.fromkeys(f"{value:.2g}" for value in span))
        rows.append(Row(_wedge, f"line width: strength, {known}"))
    return tuple(rows)


def _words(graph: Drawable, glyph: str) -> str:
    """Give the meaning of a glyph in a graph of this kind."""
    return _SPECIAL.get((type(graph), glyph), _MEANING[glyph])


def _temporal_rows(graph: Drawable, links: Sequence[Link]) -> Iterator[Row]:
    """Explain lags and roles where they occur."""
    if not isinstance(graph, TemporalGraph):
        return
    if links:
        yield Row(partial(_text, "1, 2"), "lags in time steps; 0 is the same step")
    if any(caption.own for caption in captions(graph)):
        yield Row(partial(_text, "self 1"), "joined to its own past, at these lags")
    for role in ("context", "latent"):
        if role in graph.roles:
            yield Row(partial(_box, role), f"{role} variable")


def _edge_sample(graph: Drawable, edge: Edge, at: NDArray[np.float64]) -> tuple[Shape, ...]:
    """Draw X, the glyph, and Y."""
    route = straight(moved(at, 16.0), moved(at, _SAMPLE - 16))
    ends = (Text(moved(at, 7.0), "X", SMALL), Text(moved(at, _SAMPLE - 7), "Y", SMALL))
    return (*ends, *edge_shapes(route, edge, colour_of(graph, edge), 1.6))


def _text(text: str, at: NDArray[np.float64]) -> tuple[Shape, ...]:
    """Draw a sample of a small text."""
    return (Text(moved(at, _SAMPLE / 2), text, SMALL),)


def _box(role: str, at: NDArray[np.float64]) -> tuple[Shape, ...]:
    """Draw a sample of a node with a role."""
    return (node_box(moved(at, _SAMPLE / 2), np.array([34.0, 15.0]), role),)


def _wedge(at: NDArray[np.float64]) -> tuple[Shape, ...]:
    """Draw a line that grows."""
    tip, end = moved(at, 8.0), moved(at, _SAMPLE - 8)
    return (Polygon(np.array([tip, moved(end, y=2.5), moved(end, y=-2.5)]), INK),)
