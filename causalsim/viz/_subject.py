"""What is to be drawn: a graph, or the graph of a result."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from causalsim.errors import GraphError
from causalsim.graph._base import MarkedGraph
from causalsim.graph.draw import Drawable, Strengths
from causalsim.graph.temporal import TemporalGraph

__all__ = ["subject"]


@runtime_checkable
class _HasGraph(Protocol):
    """A result of discovery, a model, ..."""

    @property
    def graph(self) -> Any: ...


@runtime_checkable
class _HasStrengths(Protocol):
    """A result that knows how strong its edges are."""

    @property
    def strengths(self) -> Strengths: ...


def subject(source: object, strengths: Strengths | None) -> tuple[Drawable, Strengths | None]:
    """Find the graph to draw and the strengths of its edges."""
    graph = source.graph if isinstance(source, _HasGraph) else source
    if not isinstance(graph, MarkedGraph | TemporalGraph):
        raise GraphError(
            f"cannot draw a {type(source).__name__}; expected a DAG, CPDAG, ADMG, PAG or "
            "TemporalGraph, or a result with one as .graph."
        )
    if strengths is None and isinstance(source, _HasStrengths):
        return graph, source.strengths
    return graph, strengths
