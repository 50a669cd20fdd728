"""The picture of a string diagram: shapes in place, the same for every renderer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causalsim.diagrams.counterfactual import STAR
from causalsim.diagrams.draw._elements import Elements, Lost, elements, folded
from causalsim.diagrams.draw._layers import Plan, plan
from causalsim.diagrams.draw._shapes import (
    CUT,
    PLAIN,
    STATE,
    WIRE,
    Ink,
    body,
    frame,
    frame_name,
    frame_width,
    stub,
)
from causalsim.diagrams.draw._sheet import sheet
from causalsim.diagrams.syntax import Diagram
from causalsim.errors import NameNotFoundError
from causalsim.graph._base import Names, as_names
from causalsim.graph.draw._links import LINE_HEIGHT
from causalsim.graph.draw._picture import Picture
from causalsim.graph.draw._shapes import INK, Curve, Group

__all__ = ["Frames", "picture"]

Floats = NDArray[np.float64]
Frames = Mapping[str, Names]

_FRAME = 12.0
_ENDS = frozenset({"input", "output", "ground"})
_INKS = {"f": Ink("#0072B2", "#E9F3FA"), "g": Ink("#C77700", "#FDF2DF")}
_OTHER = Ink("#6B7580", "#F7F8FA")


def picture(
    diagram: Diagram,
    *,
    highlight: Names = (),
    regions: Frames | None = None,
    keep: Names = (),
    title: str | None = None,
    lost: Lost = (),
) -> Picture:
    r"""Compose the picture of a string diagram, read from top to bottom.

    Parameters
    ----------
    diagram : Diagram
        Boxes whose name ends in a star are drawn as a second world.
    highlight : str or sequence of str
        Names of boxes to draw in red.
    regions : mapping of str to sequence of str, optional
        Names of boxes by region, drawn as dashed frames in columns; ``f`` is blue, ``g`` orange.
    keep : str or sequence of str
        Outputs to keep; what they do not depend on is left out. None keeps all.
    title : str, optional
    lost : sequence of (Port, str)
        Wires that end in a discard of their own, each above the box of a name.

    Returns
    -------
    Picture

    Raises
    ------
    NameNotFoundError
        If a box or an output does not exist.

    Examples
    --------
    >>> drawn = picture(Diagram.parse("S = S()\nT = T(S)\nreturn S, T"))
    >>> [group.name for group in drawn.groups if group.kind == "box"]
    ['S', 'T']
    """
    parts = {name: as_names(boxes) for name, boxes in (regions or {}).items()}
    for name in (*as_names(highlight), *(box for boxes in parts.values() for box in boxes)):
        if name not in diagram.boxes:
            raise NameNotFoundError.from_names("box", name, diagram.boxes)
    part = folded(diagram, keep)
    shown = elements(part, lost)
    parts = parts or _worlds(part)
    home = {box: k for k, boxes in enumerate(parts.values()) for box in boxes}
    least = [frame_width(name) - 2 * _FRAME for name in parts]
    places = plan(shown, _columns(shown, home, len(parts)), least)
    drawing = _Drawing(shown, places, as_names(highlight))
    frames = list(drawing.frames(parts))
    names = [frame_name(group, right=k > 0) for k, group in enumerate(frames)]
    return sheet([*frames, *drawing.wires(), *drawing.bodies(), *names], title)


def _worlds(diagram: Diagram) -> dict[str, tuple[str, ...]]:
    """Give the boxes of the two worlds of a twin diagram, and those that both share."""
    stars = [name for name in diagram.order if name.endswith(STAR)]
    if not stars:
        return {}
    above = set(stars)
    for name in reversed(diagram.order):
        if name in above:
            above.update(port.box for port in diagram.boxes[name].sources)
    twins = {name.removesuffix(STAR) for name in stars}
    shared = [name for name in diagram.order if name in above - twins - set(stars)]
    fact = [name for name in diagram.order if name not in {*shared, *stars}]
    worlds = {"fact": tuple(fact), "shared": tuple(shared), "counterfactual": tuple(stars)}
    return {name: boxes for name, boxes in worlds.items() if boxes}


def _columns(shown: Elements, home: Mapping[str, int], rest: int) -> list[int]:
    """Give the column of each element: of its region, or of what it is joined to."""
    column = [
        home.get(item.name, rest) if item.kind not in _ENDS else rest for item in shown.items
    ]
    for wire in shown.wires:
        if shown.items[wire.target].kind == "output":
            column[wire.target] = column[wire.source]
        if shown.items[wire.source].kind == "input":
            column[wire.source] = min(column[wire.source], column[wire.target])
    for ground, below in shown.ties:
        column[ground] = column[below]
    return column


@dataclass(frozen=True, eq=False)
class _Drawing:
    """Elements, their places, and which are red."""

    shown: Elements
    plan: Plan
    red: tuple[str, ...]

    def _ink(self, v: int) -> Ink:
        item = self.shown.items[v]
        if item.kind == "ground" or (item.name in self.red and item.kind not in _ENDS):
            return CUT
        return PLAIN if item.kind == "box" else STATE

    def frames(self, parts: Mapping[str, Sequence[str]]) -> Iterator[Group]:
        """Draw a frame around each region."""
        for k, (name, boxes) in enumerate(parts.items()):
            inside = [
                v
                for v, item in enumerate(self.shown.items)
                if item.name in boxes and item.kind not in _ENDS
            ]
            if inside:
                left, right = self.plan.spans[k]
                top, bottom = self.plan.tops[inside].min(), self.plan.stubs[inside].max()
                low = np.array([left, top - LINE_HEIGHT]) - _FRAME
                high = np.array([right, bottom]) + _FRAME
                yield frame(name, low, high, _INKS.get(name, _OTHER))

    def wires(self) -> Iterator[Group]:
        """Draw wires from where they leave a shape, with their copies and discards."""
        readers = Counter((wire.source, wire.slot) for wire in self.shown.wires)
        for wire, route in zip(self.shown.wires, self.plan.routes, strict=True):
            a, b = self.shown.items[wire.source], self.shown.items[wire.target]
            colour = CUT.line if b.kind == "ground" else INK
            yield Group("wire", f"{a.name} to {b.name}", (Curve(route, colour, WIRE),))
        for v, item in enumerate(self.shown.items):
            for slot, (at, name) in enumerate(zip(item.slots, item.wires, strict=True)):
                top = np.array([self.plan.x[v] + at, self.plan.tops[v] + item.size[1]])
                shapes = stub(top, self.plan.stubs[v], name, readers[v, slot], INK)
                yield Group("wire", f"from {item.name}", tuple(shapes))

    def bodies(self) -> Iterator[Group]:
        """Draw the shapes themselves."""
        for v, item in enumerate(self.shown.items):
            at = np.array([self.plan.x[v], self.plan.tops[v]])
            shapes = body(item, at, self.plan.widths[v], self._ink(v))
            yield Group(item.kind, item.name, tuple(shapes))
