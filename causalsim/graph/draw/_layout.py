"""Layout of a graph: each component in layers, components side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causalsim.graph.draw._coordinates import SPACE, across, arcs, down, trace
from causalsim.graph.draw._layers import Rows, arrange
from causalsim.graph.draw._links import (
    LINE_HEIGHT,
    SMALL,
    Drawable,
    Link,
    captions,
    links,
    text_width,
)

__all__ = ["Layout", "layout"]

Floats = NDArray[np.float64]

_PAD, _NARROWEST, _END = 11.0, 44.0, 10.0


@dataclass(frozen=True, eq=False)
class Layout:
    """Where everything stands, in pixels, y pointing down.

    Parameters
    ----------
    nodes : tuple of str
        Node names, in the graph's order.
    positions, sizes : arrays of shape (p, 2)
        Centre (x, y) of each box, and its width and height.
    links : tuple of Link
        One per drawn edge: ``edge`` with its marks, ``label``, and the ``texts`` it stands for.
    routes : tuple of arrays of shape (3 k + 1, 2)
        Control points of the k cubic Bézier pieces of each link, from ``edge.x`` to ``edge.y``.
    anchors : array of shape (n_links, 2)
        Where the label of a link stands.
    width, height : float
        Size of the drawing.
    """

    nodes: tuple[str, ...]
    positions: Floats
    sizes: Floats
    links: tuple[Link, ...]
    routes: tuple[Floats, ...]
    anchors: Floats
    width: float
    height: float


def layout(graph: Drawable) -> Layout:
    """Lay a graph out in layers, causes above effects; the same for every call.

    Parameters
    ----------
    graph : DAG, CPDAG, ADMG, PAG or TemporalGraph
        A temporal graph is laid out as its summary, one node per variable.

    Returns
    -------
    Layout
        Boxes do not overlap and no link runs through a box.

    Examples
    --------
    >>> from causalsim.graph import DAG
    >>> drawn = layout(DAG.from_edges(["X --> Y", "Y --> Z"]))
    >>> bool((np.diff(drawn.positions[:, 1]) > 0).all())
    True
    """
    found = links(graph)
    sizes = _sizes(graph, found)
    positions, anchors = np.zeros_like(sizes), np.zeros((len(found), 2))
    routes = [np.zeros((0, 2))] * len(found)
    parts = [_part(members, sizes, found) for members in _components(len(graph), found)]
    linked = sum(len(part.members) > 1 for part in parts)
    corners, width, height = _pack([part.size for part in parts], linked)
    for part, corner in zip(parts, corners, strict=True):
        positions[part.members] = part.positions + corner
        sizes[part.members, 1] = part.heights
        for e, route, anchor in zip(part.links, part.routes, part.anchors, strict=True):
            routes[e], anchors[e] = route + corner, anchor + corner
    return Layout(graph.nodes, positions, sizes, found, tuple(routes), anchors, width, height)


def _sizes(graph: Drawable, found: Sequence[Link]) -> Floats:
    """Give each box room for its caption and for the ends of its links."""
    degree = np.zeros(len(graph))
    for link in found:
        degree[[link.i, link.j]] += 1
    sizes = [
        (
            max(caption.width + 2 * _PAD, _NARROWEST, _END * (ends + 1)),
            caption.height + _PAD,
        )
        for caption, ends in zip(captions(graph), degree, strict=True)
    ]
    return np.array(sizes).reshape(-1, 2)


def _components(p: int, found: Sequence[Link]) -> list[list[int]]:
    """Split nodes into connected components, the largest first."""
    home = list(range(p))
    for link in found:
        old, new = home[link.j], home[link.i]
        home = [new if h == old else h for h in home]
    groups: dict[int, list[int]] = {}
    for node, h in enumerate(home):
        groups.setdefault(h, []).append(node)
    return sorted(groups.values(), key=lambda members: -len(members))


@dataclass(frozen=True, eq=False)
class _Part:
    """A component laid out with its upper left corner at the origin."""

    members: list[int]
    links: list[int]
    positions: Floats
    heights: Floats
    routes: list[Floats]
    anchors: Floats
    size: tuple[float, float]


def _part(members: list[int], sizes: Floats, found: Sequence[Link]) -> _Part:
    """Lay out one component."""
    local = {node: k for k, node in enumerate(members)}
    here = [e for e, link in enumerate(found) if link.i in local]
    inner = [found[e]._replace(i=local[found[e].i], j=local[found[e].j]) for e in here]
    rows = arrange(len(members), inner)
    room = _room(rows, sizes[members], inner)
    x = across(rows, room[:, 0], len(members), arcs(rows, inner))
    tops, bottoms = down(rows, room[:, 1], x)
    row_of = {v: r for r, row in enumerate(rows.rows) for v in row}
    band = np.array([(tops[row_of[v]], bottoms[row_of[v]]) for v in range(len(x))]).reshape(-1, 2)
    routes = trace(rows, inner, x, band, room[: len(members), 0])
    anchors = np.array([_anchor(chain, x, band) for chain in rows.chains]).reshape(-1, 2)
    centres = np.column_stack([x, band.mean(axis=1)])
    boxes = [centres - room / 2, centres + room / 2]
    everything = np.concatenate([*boxes, *routes])
    corner, far = everything.min(axis=0), everything.max(axis=0)
    return _Part(
        members,
        here,
        centres[: len(members)] - corner,
        np.diff(band[: len(members)], axis=1)[:, 0],
        [route - corner for route in routes],
        anchors - corner,
        (float(far[0] - corner[0]), float(far[1] - corner[1])),
    )


def _room(rows: Rows, sizes: Floats, inner: Sequence[Link]) -> Floats:
    """Give width and height of every vertex; a dummy in mid-chain holds the link's label."""
    count = sum(map(len, rows.rows))
    room = np.tile([2.0, 0.0], (count, 1))
    room[: len(sizes)] = sizes
    for chain, link in zip(rows.chains, inner, strict=True):
        if link.label:
            room[chain[len(chain) // 2]] = text_width(link.label, SMALL) + 8, LINE_HEIGHT
    return room


def _anchor(chain: Sequence[int], x: Floats, band: Floats) -> Floats:
    """Give the place of a link's label."""
    middle = chain[len(chain) // 2]
    return np.array([x[middle], band[middle].mean()])


def _pack(sizes: Sequence[tuple[float, float]], linked: int) -> tuple[Floats, float, float]:
    """Place components side by side, in lines of similar width; nodes alone on lines below."""
    area = sum((w + 2 * SPACE) * (h + 2 * SPACE) for w, h in sizes)
    limit = max([1.8 * area**0.5, *(w for w, _ in sizes)], default=0.0)
    corners, x, y, tall, wide = [], 0.0, 0.0, 0.0, 0.0
    for k, (w, h) in enumerate(sizes):
        space = 2 * SPACE if k <= linked else SPACE
        if x and (x + w > limit or k == linked):
            x, y, tall = 0.0, y + tall + space, 0.0
        corners.append((x, y))
        wide, tall = max(wide, x + w), max(tall, h)
        x += w + (2 * SPACE if k < linked else SPACE)
    return np.array(corners).reshape(-1, 2), wide, y + tall
