"""Layers of a drawing: which node stands in which row, and in which order.

The classical steps of layered drawing [Sugiyama1981]_: orient every link downwards, assign
layers, cut long links by dummy vertices, and reduce crossings by barycentre sweeps with
exchanges of neighbours [Gansner1993]_.

References
----------
.. [Sugiyama1981] K. Sugiyama, S. Tagawa, M. Toda. Methods for visual understanding of
   hierarchical system structures. IEEE Trans. SMC 11 (1981) 109-125.
.. [Gansner1993] E. R. Gansner, E. Koutsofios, S. C. North, K.-P. Vo. A technique for drawing
   directed graphs. IEEE Trans. Software Eng. 19 (1993) 214-230.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from causalsim.graph.draw._links import Link
from causalsim.graph.marks import Mark

__all__ = ["Rows", "arrange", "neighbours"]

Arc = tuple[int, int]
_SWEEPS = 24


@dataclass(frozen=True)
class Rows:
    """Ordered rows of vertices, top first; the first ``p`` vertices are nodes, others dummies.

    ``chains[e]`` lists the vertices on link e from top to bottom.
    """

    rows: tuple[tuple[int, ...], ...]
    chains: tuple[tuple[int, ...], ...]

    @property
    def segments(self) -> list[Arc]:
        """The pieces of all chains between neighbouring rows."""
        return [arc for chain in self.chains for arc in pairwise(chain)]


def arrange(p: int, links: Sequence[Link]) -> Rows:
    """Assign rows to nodes 0 to p - 1 and order them with few crossings."""
    place = {node: k for k, node in enumerate(_order(p, links))}
    arcs = [(k.i, k.j) if place[k.i] < place[k.j] else (k.j, k.i) for k in links]
    spans = [2 if link.label else 1 for link in links]
    rank = _ranks(sorted(range(p), key=place.__getitem__), arcs, spans)
    chains, rank = _chains(arcs, rank)
    return _untangle(rank, chains)


def _order(p: int, links: Sequence[Link]) -> list[int]:
    """Order nodes so that causes come first, breadth first along links of no direction.

    Where arrows form a cycle, the node with the largest surplus of outgoing arrows goes next.
    """
    children: list[set[int]] = [set() for _ in range(p)]
    parents: list[set[int]] = [set() for _ in range(p)]
    near: list[set[int]] = [set() for _ in range(p)]
    for link in links:
        near[link.i].add(link.j)
        near[link.j].add(link.i)
        for a, b in _downward(link):
            children[a].add(b)
            parents[b].add(a)
    first_seen = [p] * p
    left = set(range(p))
    order: list[int] = []
    while left:
        node = min(left, key=lambda v: (_surplus(v, parents, children, left), first_seen[v], v))
        left.remove(node)
        for other in near[node]:
            first_seen[other] = min(first_seen[other], len(order))
        order.append(node)
    return order


def _surplus(
    v: int, parents: Sequence[set[int]], children: Sequence[set[int]], left: set[int]
) -> tuple[bool, int]:
    """Rank a node for going next: free of unplaced parents, or else with most children."""
    waiting = len(parents[v] & left)
    return (waiting > 0, waiting - len(children[v] & left) if waiting else 0)


def _downward(link: Link) -> Iterable[Arc]:
    """Give the direction in which a link should point down, if it has one."""
    if link.edge.at_y == Mark.ARROW != link.edge.at_x:
        yield link.i, link.j
    elif link.edge.at_x == Mark.ARROW != link.edge.at_y:
        yield link.j, link.i


def _ranks(order: Sequence[int], arcs: Sequence[Arc], spans: Sequence[int]) -> list[int]:
    """Assign layers: longest path, then nodes moved towards where most of their links end."""
    above: list[list[Arc]] = [[] for _ in order]
    below: list[list[Arc]] = [[] for _ in order]
    for (a, b), span in zip(arcs, spans, strict=True):
        above[b].append((a, span))
        below[a].append((b, span))
    rank = [0] * len(order)
    for v in order:
        rank[v] = max((rank[a] + span for a, span in above[v]), default=0)
    moved = True
    while moved:
        moved = False
        for v in [*order, *reversed(order)]:
            goal = rank[v]
            if len(below[v]) > len(above[v]):
                goal = min(rank[b] - span for b, span in below[v])
            elif len(above[v]) > len(below[v]):
                goal = max(rank[a] + span for a, span in above[v])
            moved |= goal != rank[v]
            rank[v] = goal
    top = min(rank, default=0)
    return [r - top for r in rank]


def _chains(
    arcs: Sequence[Arc], rank: Sequence[int]
) -> tuple[tuple[tuple[int, ...], ...], list[int]]:
    """Cut arcs over several rows by dummy vertices; give chains and the ranks of all vertices."""
    ranks = list(rank)
    chains = []
    for a, b in arcs:
        steps = range(rank[a] + 1, rank[b])
        chains.append((a, *range(len(ranks), len(ranks) + len(steps)), b))
        ranks.extend(steps)
    return tuple(chains), ranks


def _untangle(rank: Sequence[int], chains: tuple[tuple[int, ...], ...]) -> Rows:
    """Order the rows by alternating sweeps and keep the order with the fewest crossings."""
    segments = Rows((), chains).segments
    sides = neighbours(len(rank), segments)
    best: tuple[tuple[int, ...], ...] = ()
    fewest = -1
    for downwards in (True, False):
        rows = _first_rows(rank, sides, downwards=downwards)
        for sweep in range(_SWEEPS):
            _sweep(rows, sides, downwards=(sweep % 2 == 0) == downwards)
            _exchange(rows, sides)
            crossings = _crossings(rows, segments)
            if fewest < 0 or crossings < fewest:
                fewest, best = crossings, tuple(map(tuple, rows))
            if fewest == 0:
                break
    return Rows(best, chains)


Sides = tuple[list[list[int]], list[list[int]]]


def neighbours(size: int, segments: Iterable[Arc]) -> Sides:
    """Give the neighbours above and below of each vertex."""
    above: list[list[int]] = [[] for _ in range(size)]
    below: list[list[int]] = [[] for _ in range(size)]
    for a, b in segments:
        above[b].append(a)
        below[a].append(b)
    return above, below


def _first_rows(rank: Sequence[int], sides: Sides, *, downwards: bool) -> list[list[int]]:
    """Fill the rows in breadth-first order from the top or from the bottom."""
    rows: list[list[int]] = [[] for _ in range(max(rank, default=-1) + 1)]
    sign = 1 if downwards else -1
    seen: set[int] = set()
    for root in sorted(range(len(rank)), key=lambda v: (sign * rank[v], v)):
        queue = [] if root in seen else [root]
        seen.add(root)
        for v in queue:
            rows[rank[v]].append(v)
            fresh = [w for w in sides[0][v] + sides[1][v] if w not in seen]
            queue.extend(dict.fromkeys(fresh))
            seen.update(fresh)
    return rows


def _sweep(rows: list[list[int]], sides: Sides, *, downwards: bool) -> None:
    """Sort each row by the mean position of the neighbours in the row before."""
    toward = sides[0] if downwards else sides[1]
    order = range(1, len(rows)) if downwards else range(len(rows) - 2, -1, -1)
    for r in order:
        fixed = rows[r - 1] if downwards else rows[r + 1]
        at = {v: k / len(fixed) for k, v in enumerate(fixed)}
        own = {v: k / len(rows[r]) for k, v in enumerate(rows[r])}
        means = {
            v: sum(at[w] for w in toward[v]) / len(toward[v]) if toward[v] else own[v]
            for v in rows[r]
        }
        rows[r].sort(key=means.__getitem__)


def _exchange(rows: list[list[int]], sides: Sides) -> None:
    """Exchange neighbours in a row while that removes crossings."""
    improved = True
    while improved:
        improved = False
        at = {v: k for row in rows for k, v in enumerate(row)}
        for row in rows:
            for k in range(len(row) - 1):
                v, w = row[k], row[k + 1]
                if _pair(v, w, sides, at) > _pair(w, v, sides, at):
                    row[k], row[k + 1] = w, v
                    at[v], at[w] = k + 1, k
                    improved = True


def _pair(v: int, w: int, sides: Sides, at: dict[int, int]) -> int:
    """Count the crossings among the links of v and w when v stands left of w."""
    return sum(at[a] > at[b] for side in sides for a in side[v] for b in side[w])


def _crossings(rows: Sequence[Sequence[int]], segments: Sequence[Arc]) -> int:
    """Count the crossings between segments of the same two rows."""
    at = {v: (r, k) for r, row in enumerate(rows) for k, v in enumerate(row)}
    ends = np.array([(*at[a], at[b][1]) for a, b in segments], dtype=int).reshape(-1, 3)
    total = 0
    for r in range(len(rows) - 1):
        here = ends[ends[:, 0] == r]
        left = np.subtract.outer(here[:, 1], here[:, 1])
        right = np.subtract.outer(here[:, 2], here[:, 2])
        total += int((left * right < 0).sum()) // 2
    return total
