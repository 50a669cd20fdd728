"""The shapes of a string diagram: boxes, triangles, grounds, dots and frames."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from causalsim.diagrams.draw._elements import ASIDE, Element
from causalsim.graph.draw._links import FONT, LINE_HEIGHT, SMALL, text_width
from causalsim.graph.draw._shapes import (
    INK,
    NODE,
    PAPER,
    Box,
    Curve,
    Disc,
    Group,
    Polygon,
    Shape,
    Text,
    moved,
    straight,
)

__all__ = [
    "CUT",
    "PLAIN",
    "STATE",
    "WIRE",
    "Ink",
    "body",
    "discard",
    "frame",
    "frame_name",
    "frame_width",
    "stub",
]

Floats = NDArray[np.float64]


class Ink(NamedTuple):
    """Colours of a shape: its border and what fills it."""

    line: str
    fill: str


PLAIN, STATE, CUT = Ink(INK, NODE), Ink(INK, PAPER), Ink("#C21E1E", "#FBE3E1")
WIRE = 1.4
_BARS, _STEP, _DOT, _BOLD = (11.0, 7.0, 3.0), 3.5, 1.9, 1.08


def body(item: Element, at: Floats, width: float, ink: Ink) -> Iterator[Shape]:
    """Draw an element; ``at`` is the middle of its upper side."""
    height = item.size[1]
    middle = moved(at, y=height / 2)
    match item.kind:
        case "ground":
            yield from discard(at, ink.line)
        case "state":
            yield from _triangle(moved(at, y=height), width, -height, ink)
            yield from (Text(moved(at, y=0.66 * height), t, SMALL, ink.line) for t in item.lines)
        case "effect":
            yield from _triangle(at, width, height, ink)
            yield from (Text(moved(at, y=0.34 * height), t, SMALL, ink.line) for t in item.lines)
            below = moved(at, y=height + LINE_HEIGHT / 2)
            yield from [Text(below, item.below, SMALL, ink.line)] if item.below else []
        case _:
            if item.kind == "box":
                yield Box(middle, np.array([width, height]), ink.fill, ink.line, 1.2, 3.0)
            first = LINE_HEIGHT * (1 - len(item.lines)) / 2
            for k, line in enumerate(item.lines):
                yield Text(moved(middle, y=first + LINE_HEIGHT * k), line, FONT, ink.line)


def _triangle(at: Floats, width: float, height: float, ink: Ink) -> Iterator[Shape]:
    """Draw a triangle from the middle of its flat side to the tip, ``height`` down."""
    left, right, tip = moved(at, -width / 2), moved(at, width / 2), moved(at, y=height)
    yield Polygon(np.array([left, right, tip]), ink.fill)
    sides = [straight(a, b)[1:] for a, b in pairwise([at, right, tip, left, at])]
    yield Curve(np.concatenate([[at], *sides]), ink.line, 1.2)


def discard(at: Floats, colour: str) -> Iterator[Shape]:
    """Draw the ground symbol, downwards from a place."""
    for k, half in enumerate(_BARS):
        bar = moved(at, y=_STEP * k)
        yield Curve(straight(moved(bar, -half), moved(bar, half)), colour, 1.6)


def stub(top: Floats, end: float, name: str, readers: int, colour: str) -> Iterator[Shape]:
    """Draw where a wire leaves: down to ``end``, there copied or discarded, its name beside."""
    foot = np.array([top[0], end])
    if readers == 0:
        foot = moved(foot, y=-_STEP * len(_BARS))
        yield from discard(foot, colour)
    yield Curve(straight(top, foot), colour, WIRE)
    if readers > 1:
        yield Disc(foot, _DOT, colour, 2 * _DOT)
    if name:
        yield Text(moved(top, ASIDE, LINE_HEIGHT / 2), name, SMALL, colour, centred=False)


def frame(name: str, low: Floats, high: Floats, ink: Ink) -> Group:
    """Draw a dashed frame."""
    box = Box((low + high) / 2, high - low, ink.fill, ink.line, 1.3, 9.0, dashed=True)
    return Group("region", name, (box,))


def frame_name(group: Group, *, right: bool) -> Group:
    """Write the name of a frame into an upper corner, above the wires that pass."""
    shapes: list[Shape] = []
    for box in group.shapes:
        if isinstance(box, Box):
            wide = text_width(group.name, SMALL) * _BOLD
            aside = box.size[0] - wide - 8.0 if right else 8.0
            at = moved(box.centre - box.size / 2, aside, LINE_HEIGHT / 2 + 2)
            size = np.array([wide + 2, LINE_HEIGHT - 2])
            shapes += [Box(moved(at, wide / 2), size, box.fill, radius=2.0)]
            shapes += [Text(at, group.name, SMALL, box.colour, centred=False, bold=True)]
    return group._replace(shapes=tuple(shapes))


def frame_width(name: str) -> float:
    """Give the width that the name of a frame needs."""
    return text_width(name, SMALL) * _BOLD + 16
