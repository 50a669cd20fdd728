"""Sheets: groups of shapes moved to where they fit, under a title or side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from causalsim.graph.draw._links import text_width
from causalsim.graph.draw._picture import Picture
from causalsim.graph.draw._shapes import Box, Curve, Disc, Group, Polygon, Shape, Text

__all__ = ["beside", "sheet"]

Floats = NDArray[np.float64]

_MARGIN, _TITLE, _BOLD = 18.0, 15.0, 1.08


def sheet(groups: Sequence[Group], title: str | None = None) -> Picture:
    """Put groups on a sheet of their size, under a title.

    Parameters
    ----------
    groups : sequence of Group
    title : str, optional

    Examples
    --------
    >>> dot = Group("dot", "", (Disc(np.array([50.0, 0.0]), 4.0, "#000000", 1.0),))
    >>> drawn = sheet([dot])
    >>> drawn.width, drawn.height
    (44.0, 44.0)
    """
    corners = [_corners(shape) for group in groups for shape in group.shapes]
    every = np.concatenate([*corners, np.zeros((0 if corners else 1, 2))])
    low, high = every.min(axis=0), every.max(axis=0)
    words = text_width(title or "", _TITLE) * _BOLD
    wide = max(float(high[0] - low[0]), words)
    top = _MARGIN + (_TITLE + _MARGIN if title else 0.0)
    by = np.array([_MARGIN + (wide - high[0] - low[0]) / 2, top - low[1]])
    at = np.array([_MARGIN + wide / 2, _MARGIN + _TITLE / 2])
    heading = (Group("title", title, (Text(at, title, _TITLE, bold=True),)),) if title else ()
    height = top + float(high[1] - low[1]) + _MARGIN
    moved = tuple(_moved(group, by) for group in groups)
    return Picture(wide + 2 * _MARGIN, height, (*heading, *moved))


def beside(pictures: Sequence[Picture]) -> Picture:
    """Put pictures on one sheet, side by side.

    Parameters
    ----------
    pictures : sequence of Picture

    Examples
    --------
    >>> beside([sheet([]), sheet([])]).width
    72.0
    """
    groups: list[Group] = []
    x = 0.0
    for drawn in pictures:
        groups += [_moved(group, np.array([x, 0.0])) for group in drawn.groups]
        x += drawn.width
    return Picture(x, max((drawn.height for drawn in pictures), default=0.0), tuple(groups))


def _corners(shape: Shape) -> Floats:
    """Give points that bound a shape."""
    match shape:
        case Curve() | Polygon():
            return shape.points
        case Disc():
            half = np.full(2, shape.radius)
            return np.array([shape.centre - half, shape.centre + half])
        case Box():
            return np.array([shape.centre - shape.size / 2, shape.centre + shape.size / 2])
        case Text():
            size = np.array([text_width(shape.text, shape.size), shape.size])
            low = shape.at - size * (0.5 if shape.centred else 0.0, 0.5)
            return np.array([low, low + size])


def _moved(group: Group, by: Floats) -> Group:
    """Move all shapes of a group."""
    return group._replace(shapes=tuple(_shifted(shape, by) for shape in group.shapes))


def _shifted(shape: Shape, by: Floats) -> Shape:
    """Move a shape."""
    match shape:
        case Curve() | Polygon():
            return shape._replace(points=shape.points + by)
        case Disc() | Box():
            return shape._replace(centre=shape.centre + by)
        case Text():
            return shape._replace(at=shape.at + by)
