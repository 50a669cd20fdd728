"""Plain shapes that every renderer understands, and the glyphs of edges made of them.

Marks are real glyphs: arrow heads, circles, crosses; a tail is nothing. Colours are from the
palette of Okabe and Ito, safe for colour-blind readers.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from causalsim.graph.marks import Edge, Mark

__all__ = ["Box", "Curve", "Disc", "Group", "Polygon", "Shape", "Text", "edge_shapes"]

Floats = NDArray[np.float64]

INK, OPEN, HIDDEN, WARNING = "#333333", "#0072B2", "#008060", "#D55E00"
PAPER, NODE, CONTEXT, MARKER = "#FFFFFF", "#F2F5F8", "#FBF1DC", "#F0E442"

_CIRCLE, _CROSS = 4.0, 4.5


class Curve(NamedTuple):
    """An open line of cubic Bézier pieces; ``points`` has shape (3 k + 1, 2)."""

    points: Floats
    colour: str
    width: float
    dashed: bool = False


class Polygon(NamedTuple):
    """A filled area; ``points`` has shape (k, 2)."""

    points: Floats
    colour: str


class Disc(NamedTuple):
    """A circle filled with paper."""

    centre: Floats
    radius: float
    colour: str
    width: float


class Box(NamedTuple):
    """A rectangle with rounded corners around ``centre``; no border if ``colour`` is empty."""

    centre: Floats
    size: Floats
    fill: str
    colour: str = ""
    width: float = 1.2
    radius: float = 7.0
    dashed: bool = False


class Text(NamedTuple):
    """One line of text; ``at`` is its middle, or the middle of its left end."""

    at: Floats
    text: str
    size: float
    colour: str = INK
    centred: bool = True
    bold: bool = False


Shape = Curve | Polygon | Disc | Box | Text


class Group(NamedTuple):
    """Shapes that belong together: a node, an edge, a row of the legend, the title."""

    kind: str
    name: str
    shapes: tuple[Shape, ...]


def edge_shapes(
    route: Floats, edge: Edge, colour: str, width: float, *, marker: bool = False
) -> tuple[Shape, ...]:
    """Draw an edge along a route from ``edge.x`` to ``edge.y`` with its two end marks."""
    line = route.copy()
    shapes: list[Shape] = []
    for mark, end, inner in ((edge.at_x, 0, 1), (edge.at_y, -1, -2)):
        back = _unit(route[inner] - route[end])
        glyph, length = _glyph(mark, route[end], back, colour, width)
        line[[end, inner]] += back * length
        shapes.extend(glyph)
    mutual = edge.at_x == edge.at_y == Mark.ARROW
    under = (Curve(route, MARKER, width + 9),) if marker else ()
    return (*under, Curve(line, colour, width, dashed=mutual), *shapes)


def _unit(vector: Floats) -> Floats:
    """Scale a vector to length one."""
    return vector / max(float(np.hypot(*vector)), 1e-9)


def _glyph(
    mark: Mark, tip: Floats, back: Floats, colour: str, width: float
) -> tuple[tuple[Shape, ...], float]:
    """Draw a mark at the tip of a line, and tell by how much the line stops short of it."""
    across = np.array([-back[1], back[0]])
    if mark == Mark.ARROW:
        length, half = 7.5 + 1.6 * width, 3.0 + 0.9 * width
        base = tip + back * length
        return (Polygon(np.array([tip, base + across * half, base - across * half]), colour),), (
            length - 1.0
        )
    if mark == Mark.CIRCLE:
        radius = _CIRCLE + 0.3 * width
        return (Disc(tip + back * (radius + 1), radius, colour, 1.6),), 2 * radius + 1
    if mark == Mark.CONFLICT:
        centre, stub = tip + back * (_CROSS + 3), tip + back * 2 * (_CROSS + 3)
        arms = [(back + across) * _CROSS, (back - across) * _CROSS]
        lines = [(centre - arm, centre + arm, 2.2) for arm in arms] + [(tip, stub, width)]
        glyph = tuple(Curve(straight(a, b), colour, thick) for a, b, thick in lines)
        return glyph, 2 * (_CROSS + 3)
    return (), 0.0


def node_box(centre: Floats, size: Floats, role: str = "variable", *, marker: bool = False) -> Box:
    """Draw the box of a node; a context variable has sharp corners, a latent one dashes."""
    fill = {"context": CONTEXT, "latent": PAPER}.get(role, NODE)
    radius = 0.0 if role == "context" else min(7.0, float(size[1]) / 3)
    width = 2.4 if marker else 1.2
    return Box(centre, size, MARKER if marker else fill, INK, width, radius, role == "latent")


def moved(at: Floats, x: float = 0.0, y: float = 0.0) -> Floats:
    """Give the place to the right of and below another."""
    return np.array([at[0] + x, at[1] + y])


def straight(a: Floats, b: Floats) -> Floats:
    """Give the control points of a straight line."""
    return np.array([a, a + (b - a) / 3, b - (b - a) / 3, b])
