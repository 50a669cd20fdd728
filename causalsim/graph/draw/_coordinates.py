"""Coordinates of a drawing: vertices across and down, and the routes of links.

Rows of boxes are separated by gaps. Links bend only in the gaps and pass a row upright at the
place of their dummy vertex, so no link runs through a box.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from causalsim.graph.draw._layers import Rows, neighbours
from causalsim.graph.draw._links import Link
from causalsim.graph.marks import Mark

__all__ = ["SPACE", "across", "arcs", "down", "separated", "trace"]

Floats = NDArray[np.float64]

SPACE = 26.0
_PORT, _CORNER, _FACING = 15.0, 10.0, 8
_GAP, _WIDEST_GAP, _SLOPE = 46.0, 96.0, 0.2
_BULGE, _ARC, _LEAN = 24.0, 40.0, 0.4
_STRAIGHT, _SOFT, _FIXED = (1.0, 3.0, 8.0), 4.0, 1e6
_SWEEPS = 120


def across(rows: Rows, widths: Floats, p: int, arc: Floats) -> Floats:
    """Place vertices across: close to their neighbours, in order, without overlap.

    Minimises the squared width of segments row by row, each an isotonic regression; in the
    second half of the sweeps about the absolute width where there are dummies, which moves the
    bends of a long link into one place.
    """
    above, below = neighbours(len(widths), rows.segments)
    gaps = [_separations(row, widths, p) for row in rows.rows]
    members = [list(row) for row in rows.rows]
    x = np.zeros(len(widths))
    for row, gap in zip(members, gaps, strict=True):
        place = np.concatenate([[0.0], np.cumsum(gap)])
        x[row] = place - place[-1] / 2
    for sweep in range(_SWEEPS):
        soft = _SOFT if 2 * sweep >= _SWEEPS else np.inf
        for r in range(len(gaps)) if sweep % 2 == 0 else reversed(range(len(gaps))):
            row = members[r]
            pulls = np.array([_pull(v, above[v] + below[v], x - arc, p, soft) for v in row])
            x[row] = separated(pulls[:, 0] + arc[row], pulls[:, 1], gaps[r])
    for row, gap in zip(members, gaps, strict=True):
        goal = [x[v] if v < p else _below(v, above[v][0], x - arc, p) + arc[v] for v in row]
        fixed = np.array([_FIXED if v < p else 1.0 for v in row])
        x[row] = separated(np.array(goal), fixed, gap)
    return x


def _below(v: int, over: int, flat: Floats, p: int) -> float:
    """Give the place of a dummy under the dummy above it, or its own."""
    return float(flat[over] if over >= p else flat[v])


def _pull(v: int, near: Sequence[int], x: Floats, p: int, soft: float) -> tuple[float, float]:
    """Give where its neighbours want a vertex, and how strongly; nodes alone stay."""
    goal = total = 0.0
    for u in near:
        weight = _STRAIGHT[(u >= p) + (v >= p)]
        if max(u, v) >= p and soft < np.inf:
            weight *= soft / (soft + abs(x[u] - x[v]))
        goal, total = goal + weight * x[u], total + weight
    return (goal / total, total) if total else (float(x[v]), 1.0)


def arcs(rows: Rows, inner: Sequence[Link]) -> Floats:
    """Give the dummies of a hidden common cause their offset in an arc, outwards."""
    side = {v: (k + 0.5) / len(row) - 0.5 for row in rows.rows for k, v in enumerate(row)}
    arc = np.zeros(len(side))
    for chain, link in zip(rows.chains, inner, strict=True):
        if _mutual(link) and len(chain) > 2:
            inside = list(chain[1:-1])
            height = _ARC if sum(side[v] for v in inside) >= 0 else -_ARC
            along = np.arange(1, len(chain) - 1) / (len(chain) - 1)
            arc[inside] = 4 * height * along * (1 - along)
    return arc


def _mutual(link: Link) -> bool:
    """Tell whether a link has arrows at both ends."""
    return link.edge.at_x == link.edge.at_y == Mark.ARROW


def _separations(row: Sequence[int], widths: Floats, p: int) -> Floats:
    """Give the smallest distances between the centres of neighbours in a row."""
    space = [SPACE if a < p and b < p else SPACE / 2 for a, b in pairwise(row)]
    wide = widths[list(row)]
    return np.array(space) + (wide[:-1] + wide[1:]) / 2


def separated(
    goal: Floats, weights: Floats, gaps: Floats, low: float = -np.inf, high: float = np.inf
) -> Floats:
    """Give the closest positions to ``goal`` in weighted squares with given gaps in between.

    Pool adjacent violators on ``goal`` less the summed gaps; bounds by clipping.

    >>> separated(np.array([1.0, 0.0]), np.ones(2), np.array([2.0]))
    array([-0.5,  1.5])
    """
    shift = np.concatenate([[0.0], np.cumsum(gaps)])
    blocks: list[tuple[float, float, int]] = []
    for value, weight in zip(goal - shift, weights, strict=True):
        mean, total, count = float(value), float(weight), 1
        while blocks and blocks[-1][0] > mean:
            before, heavy, many = blocks.pop()
            mean = (before * heavy + mean * total) / (heavy + total)
            total, count = total + heavy, count + many
        blocks.append((mean, total, count))
    flat: Floats = np.repeat([mean for mean, _, _ in blocks], [n for _, _, n in blocks])
    return shift + np.clip(flat, low, max(low, high - shift[-1]))


def down(rows: Rows, heights: Floats, x: Floats) -> tuple[list[float], list[float]]:
    """Give top and bottom of each row; gaps grow where links run far across."""
    row_of = {v: r for r, row in enumerate(rows.rows) for v in row}
    gaps = [_GAP] * len(rows.rows)
    for a, b in rows.segments:
        wanted = min(_WIDEST_GAP, _SLOPE * abs(float(x[a] - x[b])))
        gaps[row_of[a]] = max(gaps[row_of[a]], wanted)
    tops, bottoms, y = [], [], 0.0
    for row, gap in zip(rows.rows, gaps, strict=True):
        tops.append(y)
        bottoms.append(y + float(heights[list(row)].max()))
        y = bottoms[-1] + gap
    return tops, bottoms


def trace(
    rows: Rows, inner: Sequence[Link], x: Floats, band: Floats, widths: Floats
) -> list[Floats]:
    """Route each link from the box of ``edge.x`` to that of ``edge.y``."""
    starts, ends = _ports(rows.chains, x, widths)
    drawn = []
    for e, (chain, link) in enumerate(zip(rows.chains, inner, strict=True)):
        inside = [(x[v], y) for v in chain[1:-1] for y in dict.fromkeys(band[v].tolist())]
        first = (starts[e], band[chain[0], 1])
        stops = np.array([first, *inside, (ends[e], band[chain[-1], 0])])
        route = _smooth(stops, _BULGE if _mutual(link) and len(chain) == 2 else 0.0)
        drawn.append(route if chain[0] == link.i else route[::-1])
    return drawn


def _ports(chains: Sequence[Sequence[int]], x: Floats, widths: Floats) -> tuple[Floats, Floats]:
    """Spread the ends of links along the lower and upper sides of boxes, facing each other."""
    heads = [chain[:2] for chain in chains]
    tails = [chain[:-3:-1] for chain in chains]
    short = np.array([len(chain) == 2 for chain in chains], dtype=bool)
    upper = np.array([x[beside] for _, beside in heads])
    lower = np.array([x[beside] for _, beside in tails])
    starts, ends = upper, lower
    for _ in range(_FACING):
        starts = _spread(heads, np.where(short, ends, upper), x, widths)
        ends = _spread(tails, np.where(short, starts, lower), x, widths)
    return starts, ends


def _spread(steps: Sequence[Sequence[int]], goal: Floats, x: Floats, widths: Floats) -> Floats:
    """Place link ends on one side of each box close to their goals, in the order of the rows."""
    ports = np.zeros(len(steps))
    for node in {node for node, _ in steps}:
        mine = [e for e, step in enumerate(steps) if step[0] == node]
        mine.sort(key=lambda e: x[steps[e][1]])
        half = widths[node] / 2 - _CORNER
        spacing = min(_PORT, 2 * half / max(1, len(mine) - 1))
        gaps = np.full(len(mine) - 1, spacing)
        low, high = x[node] - half, x[node] + half
        ports[mine] = separated(goal[mine], np.ones(len(mine)), gaps, low, high)
    return ports


def _smooth(stops: Floats, bulge: float) -> Floats:
    """Join stops by Bézier pieces that leave and arrive upright, hence stay between the stops.

    All pieces in a gap share one shape, so two links cross only if their ends change sides.
    """
    pieces = [stops[:1]]
    for a, b in pairwise(stops):
        lean = np.array([bulge, (b[1] - a[1]) * _LEAN])
        pieces.append(np.array([a + lean, b - lean * (-1.0, 1.0), b]))
    return np.concatenate(pieces)
