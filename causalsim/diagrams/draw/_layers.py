"""Layers of a string diagram: ranks, columns, coordinates and routes.

Rows are ranks of the topological order with few crossings, as for graphs. Columns keep the parts
of a diagram apart: the regions of a comb, or the two worlds of a twin, whose boxes stand in the
same row as their twins.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

from causalsim.diagrams.counterfactual import STAR
from causalsim.diagrams.draw._elements import STUB, Elements
from causalsim.graph._base import find_cycle
from causalsim.graph.draw._coordinates import _smooth, _spread, across, down
from causalsim.graph.draw._layers import Rows, _chains, _order, _ranks, _untangle
from causalsim.graph.draw._links import Link
from causalsim.graph.marks import parse_edge

__all__ = ["Plan", "plan"]

Floats = NDArray[np.float64]
Arc = tuple[int, int]

_BETWEEN = 44.0
_POINTED = 20.0
_ARROW = parse_edge("X --> Y")


@dataclass(frozen=True, eq=False)
class Plan:
    """Where everything stands, in pixels, y pointing down.

    Parameters
    ----------
    x, tops, stubs : arrays of shape (n_elements,)
        Centre across and upper side of each shape, and where the upright part of the wires that
        leave it ends.
    widths : array of shape (n_elements,)
    spans : dict of int to (float, float)
        Left and right side of each column.
    routes : tuple of arrays of shape (3 k + 1, 2)
        Bézier pieces of each wire, from that place down to the shape that reads it.
    """

    x: Floats
    tops: Floats
    stubs: Floats
    widths: Floats
    spans: dict[int, tuple[float, float]]
    routes: tuple[Floats, ...]


def plan(shown: Elements, columns: Sequence[int], least: Sequence[float] = ()) -> Plan:
    """Lay out the elements of a diagram, those of a column left of those of the next.

    Parameters
    ----------
    shown : Elements
    columns : sequence of int
        Column of each element.
    least : sequence of float
        Width that the first columns need at least.
    """
    arcs = [(wire.source, wire.target) for wire in shown.wires] + list(shown.ties)
    chains, rank = _chains(arcs, _rank(shown, arcs))
    column = list(columns) + [0] * (len(rank) - len(columns))
    for chain in chains:
        for v in chain[1:-1]:
            column[v] = column[chain[0]]
    loose = _facing(shown, _untangle(rank, chains).rows)
    rows = Rows(tuple(tuple(sorted(row, key=column.__getitem__)) for row in loose), chains)
    room = _room(shown, len(rank))
    x = across(rows, room[:, 0], len(columns), np.zeros(len(rank)))
    x, spans = _apart(x, room[:, 0], np.array(column, dtype=int), least)
    tops, bottoms = down(rows, room[:, 1], x)
    row_of = {v: r for r, row in enumerate(rows.rows) for v in row}
    band = np.array([(tops[row_of[v]], bottoms[row_of[v]]) for v in range(len(x))]).reshape(-1, 2)
    p = len(columns)
    routes = _routes(shown, rows, x, band)
    return Plan(x[:p], band[:p, 0], band[:p, 1], shown.widths, spans, routes)


def _room(shown: Elements, count: int) -> Floats:
    """Give width and height of every vertex; dummies are narrow."""
    room = np.tile([2.0, 0.0], (count, 1))
    for v, (item, width) in enumerate(zip(shown.items, shown.widths, strict=True)):
        below = STUB if item.wires or item.below else 0.0
        room[v] = max(width, 2 * item.reach), item.size[1] + below
    return room


def _rank(shown: Elements, arcs: Sequence[Arc]) -> list[int]:
    """Give ranks: inputs first, outputs last, twins alike."""
    inner = [v for v, item in enumerate(shown.items) if item.kind not in {"input", "output"}]
    rank = _merged(shown, inner, arcs, twins=True) or _merged(shown, inner, arcs, twins=False)
    last = max(rank.values(), default=-1) + 1
    ends = {"input": -1, "output": last}
    every = [rank.get(v, ends.get(item.kind, 0)) for v, item in enumerate(shown.items)]
    top = min(every, default=0)
    return [r - top for r in every]


def _merged(
    shown: Elements, inner: Iterable[int], arcs: Iterable[Arc], *, twins: bool
) -> dict[int, int]:
    """Rank boxes, each together with its twin; nothing if that gives a cycle."""
    seats: dict[object, int] = {}
    home = {}
    for v in inner:
        item = shown.items[v]
        key = item.name.removesuffix(STAR) if twins and item.kind != "ground" else v
        home[v] = seats.setdefault(key, len(seats))
    short = [(home[a], home[b]) for a, b in arcs if a in home and b in home]
    children: list[set[int]] = [set() for _ in seats]
    for a, b in short:
        children[a].add(b)
    if find_cycle(children):
        return {}
    order = _order(len(seats), [Link(a, b, _ARROW, "", ()) for a, b in short])
    rank = _ranks(sorted(range(len(seats)), key=order.index), short, [1] * len(short))
    return {v: rank[seat] for v, seat in home.items()}


def _facing(shown: Elements, rows: Sequence[Sequence[int]]) -> Sequence[Sequence[int]]:
    """Mirror rows if more outputs stand in the order of the diagram then."""
    ends = [v for v in rows[-1] if shown.items[v].kind == "output"] if rows else []
    turned = sum(a > b for a, b in combinations(ends, 2))
    return [row[::-1] for row in rows] if 2 * turned > comb(len(ends), 2) else rows


def _apart(
    x: Floats, widths: Floats, column: NDArray[np.intp], least: Sequence[float]
) -> tuple[Floats, dict[int, tuple[float, float]]]:
    """Move columns so that each begins where the one before ends; tell where they lie."""
    moved, edge, spans = x.copy(), 0.0, {}
    for k in sorted(set(column.tolist())):
        here = column == k
        low, high = (x - widths / 2)[here].min(), (x + widths / 2)[here].max()
        wide = max(float(high - low), least[k] if k < len(least) else 0.0)
        moved[here] += edge + (wide - low - high) / 2
        spans[k] = edge, edge + wide
        edge += wide + _BETWEEN
    return moved, spans


def _routes(shown: Elements, rows: Rows, x: Floats, band: Floats) -> tuple[Floats, ...]:
    """Route each wire: upright through rows, bent between them."""
    chains = rows.chains[: len(shown.wires)]
    ports = np.array(
        [
            width if item.kind == "box" else _POINTED
            for item, width in zip(shown.items, shown.widths, strict=True)
        ]
    )
    starts = [x[wire.source] + shown.items[wire.source].slots[wire.slot] for wire in shown.wires]
    short = np.array([len(chain) == 2 for chain in chains], dtype=bool)
    goal = np.where(short, starts, [x[chain[-2]] for chain in chains])
    ends = _spread([chain[:-3:-1] for chain in chains], goal, x, ports)
    drawn = []
    for chain, start, end in zip(chains, starts, ends, strict=True):
        inside = [(x[v], y) for v in chain[1:-1] for y in dict.fromkeys(band[v].tolist())]
        first, last = (start, band[chain[0], 1]), (end, band[chain[-1], 0])
        drawn.append(_smooth(np.array([first, *inside, last]), 0.0))
    return tuple(drawn)
