"""End marks, and the text form of an edge.

``marks[i, j]`` is the mark *at j* of the edge between i and j. The codes 0 to 3 are those of
pcalg's PAG matrices; 4 is ours: two rules wanted opposite arrows.

>>> parse_edge("X o-> Y")
Edge(x='X', y='Y', at_x=<Mark.CIRCLE: 1>, at_y=<Mark.ARROW: 2>)
>>> str(parse_edge("Y <-- X"))
'X --> Y'
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import NamedTuple

from causalsim.errors import FormatError

__all__ = ["Edge", "Mark", "parse_edge", "split_edge"]


class Mark(IntEnum):
    """The mark at one end of an edge."""

    NONE = 0
    CIRCLE = 1
    ARROW = 2
    TAIL = 3
    CONFLICT = 4


LEFT = {Mark.CIRCLE: "o", Mark.ARROW: "<", Mark.TAIL: "-", Mark.CONFLICT: "x"}
RIGHT = {Mark.CIRCLE: "o", Mark.ARROW: ">", Mark.TAIL: "-", Mark.CONFLICT: "x"}
_FROM_LEFT = {glyph: mark for mark, glyph in LEFT.items()}
_FROM_RIGHT = {glyph: mark for mark, glyph in RIGHT.items()}
_EDGE = re.compile(
    r"\s*(?P<x>\S.*?)\s+(?P<at_x>[o<x-])-(?P<at_y>[o>x-])\s+(?P<y>\S.*?)\s*", re.DOTALL
)
GLYPH_IN_NAME = re.compile(r"(^|\s)[o<x-]-[o>x-](\s|$)")


class Edge(NamedTuple):
    """An edge with its two end marks; ``str`` writes it with the tail on the left."""

    x: str
    y: str
    at_x: Mark
    at_y: Mark

    def __str__(self) -> str:
        if _backwards(self.at_x, self.at_y):
            return str(Edge(self.y, self.x, self.at_y, self.at_x))
        return f"{self.x} {LEFT[self.at_x]}-{RIGHT[self.at_y]} {self.y}"


def _backwards(at_x: Mark, at_y: Mark) -> bool:
    """Tell whether the blackboard would draw this edge from y to x."""
    return (at_x, at_y) in {
        (Mark.ARROW, Mark.TAIL),
        (Mark.ARROW, Mark.CIRCLE),
        (Mark.CIRCLE, Mark.TAIL),
    }


def split_edge(text: str) -> Edge:
    """Read an edge as :func:`parse_edge`, whatever its two ends say.

    Raises
    ------
    FormatError
        If the text is no edge.
    """
    found = _EDGE.fullmatch(str(text))
    if found is None:
        raise FormatError(
            f"{text!r} is no edge; write it with spaces around the marks, as in 'X --> Y', "
            "'X --- Y', 'X <-> Y', 'X o-> Y' or 'X x-x Y'."
        )
    return Edge(found["x"], found["y"], _FROM_LEFT[found["at_x"]], _FROM_RIGHT[found["at_y"]])


def parse_edge(text: str) -> Edge:
    """Read an edge such as ``"X --> Y"``, ``"X --- Y"``, ``"X <-> Y"`` or ``"X o-> Y"``.

    Raises
    ------
    FormatError
        If the text is no edge, joins a node to itself, or has a conflict mark at one end only.
    """
    edge = split_edge(text)
    if edge.x == edge.y:
        raise FormatError(f"{text!r} joins {edge.x!r} to itself; an edge needs two nodes.")
    if (edge.at_x == Mark.CONFLICT) != (edge.at_y == Mark.CONFLICT):
        raise FormatError(f"{text!r}: a conflict stands at both ends; write 'X x-x Y'.")
    return edge
