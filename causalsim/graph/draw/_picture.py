"""The picture of a graph: shapes in place, the same for every renderer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causalsim.graph.draw._layout import Layout, layout
from causalsim.graph.draw._legend import colour_of, legend_rows
from causalsim.graph.draw._links import (
    FONT,
    LINE_HEIGHT,
    SMALL,
    Caption,
    Drawable,
    Link,
    captions,
    text_width,
)
from causalsim.graph.draw._shapes import (
    PAPER,
    Box,
    Group,
    Shape,
    Text,
    edge_shapes,
    moved,
    node_box,
)
from causalsim.graph.labels import parse_label
from causalsim.graph.marks import GLYPH_IN_NAME, parse_edge
from causalsim.graph.temporal import TemporalGraph

__all__ = ["Picture", "Strengths", "picture"]

Strengths = Mapping[str | frozenset[str], float]

_MARGIN, _TITLE, _ROW = 18.0, 15.0, 20.0
_PLAIN, _THIN, _THICK = 1.6, 1.0, 4.6


@dataclass(frozen=True, eq=False)
class Picture:
    """Groups of shapes on a white sheet of ``width`` times ``height`` pixels, y down."""

    width: float
    height: float
    groups: tuple[Group, ...]


def picture(
    graph: Drawable,
    *,
    strengths: Strengths | None = None,
    title: str | None = None,
    legend: bool = True,
    highlight: Iterable[str] = (),
) -> Picture:
    """Compose the picture of a graph: edges, nodes, title and legend.

    Parameters
    ----------
    graph : DAG, CPDAG, ADMG, PAG or TemporalGraph
        A temporal graph is drawn as its summary, with lags written on the edges.
    strengths : mapping, optional
        Strength of an edge by its text (``"X --> Y"``, in either direction) or by the set of
        its two labels; drawn as line width, by absolute value. Others stay thin.
    title : str, optional
        A line above the graph.
    legend : bool
        Whether to explain the glyphs that occur.
    highlight : iterable of str
        Nodes and edge texts to mark.

    Returns
    -------
    Picture
        For a renderer such as :func:`to_svg`.

    Raises
    ------
    NameNotFoundError
        If ``strengths`` or ``highlight`` names an unknown node.

    Examples
    --------
    >>> from causalsim.graph import DAG
    >>> drawn = picture(DAG.from_edges(["X --> Y"]))
    >>> [(group.kind, group.name) for group in drawn.groups]
    [('edge', 'X --> Y'), ('node', 'X'), ('node', 'Y'), ('legend', 'X causes Y')]
    """
    plan = layout(graph)
    weights = _weights(graph, plan.links, strengths)
    nodes, edges = _marked(graph, [highlight] if isinstance(highlight, str) else highlight)
    known = [abs(w) for w in weights if w is not None]
    rows = legend_rows(graph, plan.links, (min(known), max(known)) if known else None)
    rows = rows if legend else ()
    words = text_width(title or "", _TITLE) * 1.08
    inner = max([plan.width, words, *(row.width for row in rows)], default=0.0)
    top = _MARGIN + (_TITLE + _MARGIN if title else 0.0)
    shift = np.array([_MARGIN + (inner - plan.width) / 2, top])
    below = top + plan.height + (_MARGIN if rows and plan.nodes else 0.0)
    heading = Text(np.array([_MARGIN + inner / 2, _MARGIN + _TITLE / 2]), title or "", _TITLE)
    groups = [
        *([Group("title", title, (heading._replace(bold=True),))] if title else []),
        *_edge_groups(graph, plan, weights, edges, shift),
        *_node_groups(graph, plan, nodes, shift),
        *(row.group(np.array([_MARGIN, below + _ROW * (k + 0.5)])) for k, row in enumerate(rows)),
    ]
    return Picture(inner + 2 * _MARGIN, below + _ROW * len(rows) + _MARGIN, tuple(groups))


Key = frozenset[tuple[str, int]]


def _key(text: str) -> Key:
    """Give the ends of an edge with their marks, whichever way it is written."""
    edge = parse_edge(text)
    return frozenset({(edge.x, int(edge.at_x)), (edge.y, int(edge.at_y))})


def _refuse_unknown(graph: Drawable, labels: Iterable[str]) -> None:
    """Raise if a label names no node of the graph."""
    for text in labels:
        graph.index(parse_label(text)[0] if isinstance(graph, TemporalGraph) else text)


def _weights(
    graph: Drawable, links: Sequence[Link], strengths: Strengths | None
) -> list[float | None]:
    """Give each link the strength of the largest size among the edges it stands for."""
    by_edge: dict[Key, float] = {}
    by_pair: dict[frozenset[str], float] = {}
    for name, value in (strengths or {}).items():
        if isinstance(name, str):
            by_edge[_key(name)] = float(value)
            _refuse_unknown(graph, (end for end, _ in _key(name)))
        else:
            by_pair[frozenset(name)] = float(value)
            _refuse_unknown(graph, name)
    found: list[float | None] = []
    for link in links:
        keys = [_key(text) for text in link.texts]
        pairs = [frozenset(end for end, _ in key) for key in keys]
        values = [by_edge.get(k, by_pair.get(q)) for k, q in zip(keys, pairs, strict=True)]
        finite = [v for v in values if v is not None and np.isfinite(v)]
        found.append(max(finite, key=abs, default=None))
    return found


def _marked(graph: Drawable, highlight: Iterable[str]) -> tuple[set[str], set[Key]]:
    """Split what to highlight into nodes and edges."""
    nodes, edges = set(), set()
    for name in highlight:
        if GLYPH_IN_NAME.search(name):
            edges.add(_key(name))
            _refuse_unknown(graph, (end for end, _ in _key(name)))
        else:
            nodes.add(name)
            _refuse_unknown(graph, [name])
    return nodes, edges


def _edge_groups(
    graph: Drawable,
    plan: Layout,
    weights: Sequence[float | None],
    marked: set[Key],
    shift: NDArray[np.float64],
) -> Iterator[Group]:
    """Draw each link with its marks and its label."""
    largest = max((abs(w) for w in weights if w is not None), default=0.0)
    for link, route, anchor, weight in zip(
        plan.links, plan.routes, plan.anchors, weights, strict=True
    ):
        colour, width = colour_of(graph, link.edge), _line_width(weight, largest)
        marker = any(_key(text) in marked for text in link.texts)
        shapes = edge_shapes(route + shift, link.edge, colour, width, marker=marker)
        name = "; ".join(link.texts) + ("" if weight is None else f" ({weight:.3g})")
        yield Group("edge", name, (*shapes, *_label(link.label, anchor + shift, colour)))


def _line_width(weight: float | None, largest: float) -> float:
    """Give the width of a line: plain without strengths, else by share of the largest."""
    if largest == 0:
        return _PLAIN
    return _THIN + (_THICK - _THIN) * abs(weight or 0.0) / largest


def _label(text: str, at: NDArray[np.float64], colour: str) -> tuple[Shape, ...]:
    """Write a label on a patch of paper, or nothing."""
    if not text:
        return ()
    patch = Box(at, np.array([text_width(text, SMALL) + 4, LINE_HEIGHT]), PAPER, radius=2.0)
    return patch, Text(at, text, SMALL, colour)


def _node_groups(
    graph: Drawable, plan: Layout, marked: set[str], shift: NDArray[np.float64]
) -> Iterator[Group]:
    """Draw each node as a box with its caption."""
    roles = graph.roles if isinstance(graph, TemporalGraph) else ["variable"] * len(graph)
    for name, role, caption, centre, size in zip(
        graph.nodes, roles, captions(graph), plan.positions + shift, plan.sizes, strict=True
    ):
        box = node_box(centre, size, role, marker=name in marked)
        yield Group("node", name, (box, *_caption(caption, centre)))


def _caption(caption: Caption, centre: NDArray[np.float64]) -> Iterator[Text]:
    """Write the lines of a node around its centre."""
    lines = [(line, FONT) for line in caption.lines]
    lines += [(caption.own, SMALL)] if caption.own else []
    first = (LINE_HEIGHT - caption.height) / 2
    for k, (line, size) in enumerate(lines):
        yield Text(moved(centre, y=first + LINE_HEIGHT * k), line, size)
