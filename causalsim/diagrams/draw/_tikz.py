"""The picture of a string diagram as TikZ; the document needs the package ``tikz`` only."""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch

import numpy as np
from numpy.typing import NDArray

from causalsim.diagrams.draw._picture import Frames, picture
from causalsim.diagrams.syntax import Diagram
from causalsim.graph._base import Names
from causalsim.graph.draw._picture import Picture
from causalsim.graph.draw._shapes import PAPER, Box, Curve, Disc, Polygon, Shape, Text

__all__ = ["to_tikz", "write"]

_PT = 0.75
_SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    **{sign: "\\" + sign for sign in "{}_&%$#"},
}


def to_tikz(
    diagram: Diagram,
    *,
    highlight: Names = (),
    regions: Frames | None = None,
    keep: Names = (),
    title: str | None = None,
) -> str:
    r"""Draw a string diagram as a ``tikzpicture``, the same picture as :func:`to_svg`.

    Parameters
    ----------
    diagram, highlight, regions, keep, title
        As in :func:`to_svg`.

    Returns
    -------
    str
        For a document with ``\usepackage{tikz}``.

    Raises
    ------
    NameNotFoundError
        If a box or an output does not exist.

    Examples
    --------
    >>> text = to_tikz(Diagram.parse("S = S()\nreturn S"))
    >>> print(text.splitlines()[0])
    \begin{tikzpicture}[x=0.75pt, y=-0.75pt]
    """
    return write(picture(diagram, highlight=highlight, regions=regions, keep=keep, title=title))


def write(drawn: Picture) -> str:
    """Write a picture as a ``tikzpicture``.

    Parameters
    ----------
    drawn : Picture
    """
    shapes = [shape for group in drawn.groups for shape in group.shapes]
    colours = sorted({colour for shape in shapes for colour in _colours(shape)})
    return "\n".join(
        [
            rf"\begin{{tikzpicture}}[x={_PT}pt, y=-{_PT}pt]",
            *(rf"  \definecolor{{{_named(c)}}}{{HTML}}{{{c[1:].upper()}}}" for c in colours),
            *(f"  {_write(shape)}" for shape in shapes),
            r"\end{tikzpicture}",
            "",
        ]
    )


def _colours(shape: Shape) -> Iterator[str]:
    """List the colours of a shape."""
    if shape.colour:
        yield shape.colour
    if isinstance(shape, Box):
        yield shape.fill
    if isinstance(shape, Disc):
        yield PAPER


def _named(colour: str) -> str:
    """Name a colour such as ``#333333``."""
    return f"c{colour[1:].upper()}"


def _at(point: NDArray[np.float64]) -> str:
    """Write a point."""
    return f"({point[0]:.1f},{point[1]:.1f})"


def _line(colour: str, width: float, dashed: bool) -> str:
    """Write the options of a line."""
    return f"draw={_named(colour)}, line width={_PT * width:.2f}pt" + dashed * ", dashed"


def _plain(text: str) -> str:
    """Write text so that TeX prints it as it is, control characters as question marks."""
    return "".join(_SPECIAL.get(sign, sign if sign >= " " else "?") for sign in text)


@singledispatch
def _write(shape: object) -> str:
    """Write a shape as a command."""
    raise TypeError(f"{type(shape).__name__} is no shape.")


@_write.register
def _(shape: Curve) -> str:
    pieces = "".join(
        f" .. controls {_at(a)} and {_at(b)} .. {_at(c)}"
        for a, b, c in shape.points[1:].reshape(-1, 3, 2)
    )
    options = _line(shape.colour, shape.width, shape.dashed)
    return rf"\draw[{options}] {_at(shape.points[0])}{pieces};"


@_write.register
def _(shape: Polygon) -> str:
    return rf"\fill[{_named(shape.colour)}] {' -- '.join(map(_at, shape.points))} -- cycle;"


@_write.register
def _(shape: Disc) -> str:
    options = f"{_line(shape.colour, shape.width, dashed=False)}, fill={_named(PAPER)}"
    return rf"\draw[{options}] {_at(shape.centre)} circle[radius={_PT * shape.radius:.2f}pt];"


@_write.register
def _(shape: Box) -> str:
    low, high = shape.centre - shape.size / 2, shape.centre + shape.size / 2
    border = f", {_line(shape.colour, shape.width, shape.dashed)}" if shape.colour else ""
    options = f"fill={_named(shape.fill)}, rounded corners={_PT * shape.radius:.2f}pt{border}"
    return rf"\path[{options}] {_at(low)} rectangle {_at(high)};"


@_write.register
def _(shape: Text) -> str:
    size = _PT * shape.size
    font = rf"\fontsize{{{size:.2f}}}{{{1.2 * size:.2f}}}\selectfont\sffamily"
    side = "" if shape.centred else ", anchor=west"
    options = f"inner sep=0pt, text={_named(shape.colour)}{side}, font={font}"
    bold = r"\bfseries " if shape.bold else ""
    return rf"\node[{options}] at {_at(shape.at)} {{{bold}{_plain(shape.text)}}};"
