"""A discovered graph as text: what was run, what was found, what it rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from causalsim.discovery._spec_text import spoken
from causalsim.graph import CPDAG, PAG, Mark, TemporalGraph

if TYPE_CHECKING:
    from causalsim.discovery._result import AnyResult

__all__ = ["TITLES", "summary"]

TITLES = {"pc": "PC", "fci": "FCI", "cdnod": "CD-NOD", "pcmci": "PCMCI", "pcmci_plus": "PCMCI+"}
_SIZES = 4
_SHOWN = ("alpha", "context", "max_lag", "pc_alpha", "sepset", "conflict", "max_cond", "fdr")


def summary(result: AnyResult) -> str:
    """Write a result as text; see :meth:`DiscoveryResult.summary`."""
    graph, options = result.graph, result.options
    rows = f"{result.n} rows" if result.n else "no data"
    shown = [key for key in _SHOWN if options.get(key) is not None]
    settings = ", ".join(f"{key} = {options[key]}" for key in shown)
    title = TITLES[result.algorithm]
    lines = [
        f"{title} on {len(graph)} variables, {rows}: {spoken(result.test)}, {settings}",
        f"{_number(graph.n_edges, 'edge')} after {_number(result.n_tests, 'test')}: "
        + _counts(result),
        _class_words(result),
        "",
        *_edge_lines(result),
    ]
    if result.detectable:
        sizes = sorted(result.detectable)
        few = sizes if len(sizes) <= _SIZES else [*sizes[: _SIZES - 1], sizes[-1]]
        reach = ", ".join(f"{k}: {result.detectable[k]:.3g}" for k in few)
        lines += ["", f"power .8 in one test needs a partial correlation, by set size, of {reach}"]
        lines.append("an edge must pass all its tests, so it needs more")
    lines += ["", "a pair without an edge may still be joined by something too weak to see here"]
    lines += ["observational data; arrows stand only under these assumptions:"]
    lines += [f"  {text}" for text in result.assumptions]
    lines += [f"note: {note}" for note in result.notes]
    return "\n".join(lines)


def _number(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _counts(result: AnyResult) -> str:
    static = result.static
    circled = (static.marks == Mark.CIRCLE) | (static.marks.T == Mark.CIRCLE)
    hidden = static.bidirected if isinstance(static, PAG) else np.zeros((0, 0))
    parts = [
        (int(static.directed.sum()), "directed"),
        (int(np.triu(static.undirected).sum()), "undirected"),
        (int(np.triu(hidden).sum()), "bidirected"),
        (int(np.triu(circled).sum()), "with circles"),
        (len(result.conflicts), "in conflict"),
        (len(result.ambiguous), "ambiguous triples"),
    ]
    return ", ".join(f"{count} {word}" for count, word in parts if count or word == "directed")


def _class_words(result: AnyResult) -> str:
    static = result.static
    if isinstance(static, PAG):
        return (
            "a tail is a cause of the other end or of selection, an arrowhead is neither, a "
            "circle is open; <-> has a hidden cause"
        )
    if result.algorithm == "pcmci":
        return "arrows run forward in time; what happens within a step has no direction here"
    count = sum(
        y in static.neighbours(x) or y in static.neighbours(z) for x, y, z in result.ambiguous
    )
    if result.conflicts:
        return "rules disagree, so the graph stands for no class; see .conflicts"
    if count:
        open_ones = f"{count} open ambiguous triple{'s' if count > 1 else ''}"
        return f"with {open_ones} the graph stands for several classes; see .ambiguous"
    if isinstance(static, CPDAG) and not static.is_class():
        return "no DAG fits all its marks, so the graph stands for no class"
    return f"the graph stands for {_part(result)}"


def _part(result: AnyResult) -> str:
    """Say of which class the graph stands, or which part of it."""
    part = "the part of a Markov equivalence class that"
    if isinstance(result.graph, TemporalGraph):
        return f"{part} time allows"
    if result.algorithm == "cdnod":
        return f"{part} contexts allow"
    if result.options.get("knowledge") is not None:
        return f"{part} knowledge allows"
    return "a Markov equivalence class"


def _evidence(strength: float, p: float) -> str:
    return "not tested" if np.isnan(p) else f"strength {strength:+.3f}  max p {p:.2g}"


def _edge_lines(result: AnyResult, limit: int = 60) -> list[str]:
    frame = result.edges
    width = max((len(edge) for edge in frame["edge"][:limit]), default=0)
    lines = [
        f"  {edge:<{width}}  {_evidence(strength, p)}  {rule}".rstrip()
        for edge, strength, p, rule in frame[:limit].itertuples(index=False)
    ]
    return lines + ([f"  ... {len(frame) - limit} more"] if len(frame) > limit else [])
