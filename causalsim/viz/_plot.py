"""Draw a graph into matplotlib axes, and save it as a file."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import singledispatch
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from causalsim._files import atomic, write_text
from causalsim.errors import OptionError
from causalsim.graph.draw import Picture, Strengths, picture, to_svg
from causalsim.graph.draw._shapes import PAPER, Box, Curve, Disc, Polygon, Text
from causalsim.viz._subject import subject

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot", "save"]

_INCH, _POINT = 96.0, 72.0
_FORMATS = (".svg", ".png", ".pdf")


def plot(
    source: object,
    *,
    ax: Axes | None = None,
    strengths: Strengths | None = None,
    title: str | None = None,
    legend: bool = True,
    highlight: Iterable[str] = (),
) -> Axes:
    """Draw a graph, or the graph of a result, with matplotlib.

    Parameters
    ----------
    source : graph or result
        A DAG, CPDAG, ADMG, PAG or TemporalGraph, or an object with one as ``.graph``.
    ax : matplotlib Axes, optional
        Where to draw; text and lines are scaled to its present size. By default a new figure
        of the drawing's own size.
    strengths : mapping, optional
        Strength of an edge by its text or by the set of its two labels, drawn as line width.
        By default those of the result, if it has ``strengths``.
    title : str, optional
        A line above the graph.
    legend : bool
        Whether to explain the glyphs that occur.
    highlight : iterable of str
        Nodes and edge texts to mark.

    Returns
    -------
    matplotlib Axes
        In pixels of the drawing, y pointing down.

    Raises
    ------
    GraphError
        If ``source`` is no graph and has none.
    NameNotFoundError
        If ``strengths`` or ``highlight`` names an unknown node.

    Examples
    --------
    >>> import causalsim as cs
    >>> from matplotlib.figure import Figure
    >>> axes = cs.viz.plot(cs.DAG.from_edges(["X --> Y"]), ax=Figure().add_subplot())
    >>> sorted(text.get_text() for text in axes.texts)
    ['X', 'X', 'X causes Y', 'Y', 'Y']
    """
    graph, known = subject(source, strengths)
    drawn = picture(graph, strengths=known, title=title, legend=legend, highlight=highlight)
    if ax is None:
        from matplotlib import pyplot as plt

        ax = plt.figure(figsize=_inches(drawn)).add_axes((0.0, 0.0, 1.0, 1.0))
    _render(drawn, ax)
    return ax


def save(
    source: object,
    path: str | os.PathLike[str],
    *,
    strengths: Strengths | None = None,
    title: str | None = None,
    legend: bool = True,
    highlight: Iterable[str] = (),
    dpi: float = 192.0,
) -> None:
    """Write the picture of a graph to an SVG, PNG or PDF file, by the path's extension.

    Parameters
    ----------
    source, strengths, title, legend, highlight
        As in :func:`plot`.
    path : str or path
        Ends in ``.svg``, ``.png`` or ``.pdf``.
    dpi : float
        Resolution of a PNG.

    Raises
    ------
    OptionError
        If the extension is another.
    FormatError
        If the folder does not exist.

    Examples
    --------
    >>> import causalsim as cs
    >>> cs.viz.save(cs.DAG.from_edges(["X --> Y"]), "graph.gif")
    Traceback (most recent call last):
    ...
    causalsim.errors.OptionError: file extension='.gif' is unknown; expected one of '.svg', ...
    """
    kind = Path(path).suffix.lower()
    if kind not in _FORMATS:
        raise OptionError.from_choice("file extension", kind, _FORMATS)
    graph, known = subject(source, strengths)
    if kind == ".svg":
        text = to_svg(graph, strengths=known, title=title, legend=legend, highlight=highlight)
        write_text(path, text)
        return
    from matplotlib.figure import Figure

    drawn = picture(graph, strengths=known, title=title, legend=legend, highlight=highlight)
    figure = Figure(figsize=_inches(drawn))
    _render(drawn, figure.add_axes((0.0, 0.0, 1.0, 1.0)))
    with atomic(path) as file:
        figure.savefig(file, format=kind[1:], dpi=dpi, facecolor=PAPER)


def _inches(drawn: Picture) -> tuple[float, float]:
    """Give the size of a figure that fits the picture."""
    return drawn.width / _INCH, drawn.height / _INCH


def _render(drawn: Picture, ax: Axes) -> None:
    """Add the shapes of a picture to axes, scaled to their present size."""
    ax.set_axis_off()
    ax.set_xlim(0, drawn.width)
    ax.set_ylim(drawn.height, 0)
    ax.set_aspect("equal")
    extent = ax.get_window_extent()
    pixels = min(extent.width / drawn.width, extent.height / drawn.height)
    scale = pixels * _POINT / ax.figure.dpi
    for group in drawn.groups:
        for shape in group.shapes:
            _add(shape, ax, scale)


@singledispatch
def _add(shape: object, ax: Axes, scale: float) -> None:  # noqa: ARG001
    """Add a shape to axes with ``scale`` points to the pixel."""
    raise TypeError(f"{type(shape).__name__} is no shape.")


@_add.register(Curve)
def _(shape: Curve, ax: Axes, scale: float) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path as Line

    codes = np.full(len(shape.points), Line.CURVE4)
    codes[0] = Line.MOVETO
    dashes = (0, (6 / shape.width, 4 / shape.width)) if shape.dashed else "solid"
    ax.add_patch(
        PathPatch(
            Line(shape.points, codes),
            fill=False,
            edgecolor=shape.colour,
            linewidth=shape.width * scale,
            linestyle=dashes,
            capstyle="butt",
            zorder=2,
        )
    )


@_add.register(Polygon)
def _(shape: Polygon, ax: Axes, scale: float) -> None:  # noqa: ARG001
    from matplotlib.patches import Polygon as Patch

    ax.add_patch(Patch(shape.points, facecolor=shape.colour, linewidth=0, zorder=2))


@_add.register(Disc)
def _(shape: Disc, ax: Axes, scale: float) -> None:
    from matplotlib.patches import Circle

    ax.add_patch(
        Circle(
            tuple(shape.centre),
            shape.radius,
            facecolor=PAPER,
            edgecolor=shape.colour,
            linewidth=shape.width * scale,
            zorder=2,
        )
    )


@_add.register(Box)
def _(shape: Box, ax: Axes, scale: float) -> None:
    from matplotlib.patches import FancyBboxPatch

    ax.add_patch(
        FancyBboxPatch(
            tuple(shape.centre - shape.size / 2),
            float(shape.size[0]),
            float(shape.size[1]),
            boxstyle=f"round,pad=0,rounding_size={shape.radius}"
            if shape.radius
            else "square,pad=0",
            facecolor=shape.fill,
            edgecolor=shape.colour or "none",
            linewidth=shape.width * scale,
            linestyle="dashed" if shape.dashed else "solid",
            zorder=2,
        )
    )


@_add.register(Text)
def _(shape: Text, ax: Axes, scale: float) -> None:
    ax.text(
        float(shape.at[0]),
        float(shape.at[1]),
        shape.text,
        size=shape.size * scale,
        color=shape.colour,
        ha="center" if shape.centred else "left",
        va="center_baseline",
        weight="bold" if shape.bold else "normal",
        family="sans-serif",
        parse_math=False,
        zorder=2,
    )
