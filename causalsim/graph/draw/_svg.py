"""The picture of a graph as SVG text: plain elements, no scripts, no external references."""

from __future__ import annotations

from collections.abc import Iterable
from functools import singledispatch
from html import escape

import numpy as np
from numpy.typing import NDArray

from causalsim.graph.draw._links import Drawable
from causalsim.graph.draw._picture import Picture, Strengths, picture
from causalsim.graph.draw._shapes import PAPER, Box, Curve, Disc, Group, Polygon, Text, moved

__all__ = ["to_svg", "write"]

_BASELINE = 0.35


def to_svg(
    graph: Drawable,
    *,
    strengths: Strengths | None = None,
    title: str | None = None,
    legend: bool = True,
    highlight: Iterable[str] = (),
) -> str:
    """Draw a graph as SVG.

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
    str
        A complete ``<svg>`` element on white ground; nodes and edges carry their text as
        ``<title>``, which browsers show under the pointer.

    Raises
    ------
    NameNotFoundError
        If ``strengths`` or ``highlight`` names an unknown node.

    Examples
    --------
    >>> from causalsim.graph import DAG
    >>> text = to_svg(DAG.from_edges(["X --> Y"]), title="two nodes")
    >>> text.startswith("<svg"), "X causes Y" in text
    (True, True)
    """
    drawn = picture(graph, strengths=strengths, title=title, legend=legend, highlight=highlight)
    return write(drawn, title or f"{type(graph).__name__} with {len(graph)} nodes")


def write(drawn: Picture, name: str) -> str:
    """Write a picture as an SVG element.

    Parameters
    ----------
    drawn : Picture
    name : str
        What the picture shows, for readers who do not see it.
    """
    width, height = f"{drawn.width:.0f}", f"{drawn.height:.0f}"
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img" font-family="sans-serif">'
    )
    sheet = f'<rect width="100%" height="100%" fill="{PAPER}"/>'
    body = map(_group, drawn.groups)
    return "\n".join([head, f"<title>{_clean(name)}</title>", sheet, *body, "</svg>"]) + "\n"


def _clean(text: str) -> str:
    """Escape text for XML and replace characters that XML cannot hold."""
    allowed = (c if c >= " " and c not in "\ufffe\uffff" else "\ufffd" for c in text)
    return escape("".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in allowed))


def _group(group: Group) -> str:
    """Write a group with its name as title."""
    shapes = "".join(_write(shape) for shape in group.shapes)
    return f'<g class="{group.kind}"><title>{_clean(group.name)}</title>{shapes}</g>'


def _at(point: NDArray[np.float64]) -> str:
    """Write a point."""
    return f"{point[0]:.1f},{point[1]:.1f}"


@singledispatch
def _write(shape: object) -> str:
    """Write a shape as an element."""
    raise TypeError(f"{type(shape).__name__} is no shape.")


@_write.register
def _(shape: Curve) -> str:
    pieces = " ".join(map(_at, shape.points[1:]))
    dash = ' stroke-dasharray="6 4"' if shape.dashed else ""
    return (
        f'<path d="M{_at(shape.points[0])} C{pieces}" fill="none" stroke="{shape.colour}" '
        f'stroke-width="{shape.width:.2f}"{dash}/>'
    )


@_write.register
def _(shape: Polygon) -> str:
    return f'<polygon points="{" ".join(map(_at, shape.points))}" fill="{shape.colour}"/>'


@_write.register
def _(shape: Disc) -> str:
    x, y = shape.centre
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{shape.radius:.1f}" fill="{PAPER}" '
        f'stroke="{shape.colour}" stroke-width="{shape.width}"/>'
    )


@_write.register
def _(shape: Box) -> str:
    (x, y), (w, h) = shape.centre - shape.size / 2, shape.size
    dash = ' stroke-dasharray="4 3"' if shape.dashed else ""
    border = f' stroke="{shape.colour}" stroke-width="{shape.width}"' if shape.colour else ""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" '
        f'rx="{shape.radius:.1f}" fill="{shape.fill}"{border}{dash}/>'
    )


@_write.register
def _(shape: Text) -> str:
    x, y = moved(shape.at, y=_BASELINE * shape.size)
    anchor = ' text-anchor="middle"' if shape.centred else ""
    bold = ' font-weight="bold"' if shape.bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{shape.size:.0f}" '
        f'fill="{shape.colour}"{anchor}{bold}>{_clean(shape.text)}</text>'
    )
