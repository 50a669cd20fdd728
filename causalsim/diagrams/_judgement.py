"""The three conditions of the adjustment criterion, and what to say when one fails."""

from __future__ import annotations

from causalsim.diagrams._causal_paths import CausalPaths, possibly_ahead
from causalsim.diagrams._separators import open_walk
from causalsim.diagrams.verdict import Verdict
from causalsim.graph._base import MarkedGraph, Names

__all__ = ["allowed", "judge", "not_amenable"]


def judge(graph: MarkedGraph, paths: CausalPaths, z: frozenset[int]) -> Verdict:
    """Check amenability, forbidden nodes and open paths, in this order."""
    reason = not_amenable(graph, paths) or _forbidden(graph, paths, z)
    if not reason:
        walk = open_walk(paths.back_door, paths.x, paths.y, z)
        verb = "adjusting opens" if walk.inner & z else "the set leaves open"
        reason = f"{verb} the path {walk.text}" if walk.text else ""
    return Verdict(reason)


def not_amenable(graph: MarkedGraph, paths: CausalPaths) -> str:
    """Name a first edge that may not point away from the causes, or nothing."""
    if not paths.unsure:
        return ""
    i, j = paths.unsure[0]
    edge = graph.subgraph([graph.nodes[i], graph.nodes[j]]).edges[0]
    start = f"{edge} starts a possibly causal path to {_text(graph, paths.y)}"
    if graph.directed[i, j]:
        return f"{start} and may hide a common cause, so no set adjusts in the whole class"
    return f"{start} and may point either way, so no set adjusts in the whole class"


def _text(graph: MarkedGraph, positions: frozenset[int]) -> str:
    return ", ".join(graph.nodes[i] for i in sorted(positions))


def _forbidden(graph: MarkedGraph, paths: CausalPaths, z: frozenset[int]) -> str:
    bad = z & paths.forbidden
    if not bad:
        return ""
    name, ends = graph.nodes[min(bad)], f"{_text(graph, paths.x)} to {_text(graph, paths.y)}"
    possibly = "" if possibly_ahead(graph) == graph.child_sets else "possibly "
    if bad & paths.on:
        name = graph.nodes[min(bad & paths.on)]
        return f"{name!r} lies on a {possibly}causal path from {ends}"
    return f"{name!r} is {possibly}a descendant of a node on a {possibly}causal path from {ends}"


def allowed(graph: MarkedGraph, paths: CausalPaths, within: Names | None) -> frozenset[int]:
    """Give the nodes that an adjustment set may hold."""
    may = range(len(graph)) if within is None else graph.indices(within)
    return frozenset(may) - paths.x - paths.y - paths.forbidden
