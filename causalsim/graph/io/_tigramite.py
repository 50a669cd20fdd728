"""tigramite's array of strings, shape (p, p, tau_max + 1), as of version 5.

``graph[i, j, tau]`` is the edge from i[t-tau] to j[t], read from left to right; at tau = 0 the
edge stands twice, mirrored. Undetermined is ``o-o`` there and ``---`` here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalsim.errors import FormatError, GraphError
from causalsim.graph.io._common import refuse_network
from causalsim.graph.labels import label
from causalsim.graph.marks import Mark
from causalsim.graph.temporal import TemporalGraph

__all__ = ["from_tigramite", "to_tigramite"]

_TEXTS = {
    (Mark.NONE, Mark.NONE): "",
    (Mark.TAIL, Mark.ARROW): "-->",
    (Mark.ARROW, Mark.TAIL): "<--",
    (Mark.ARROW, Mark.ARROW): "<->",
    (Mark.TAIL, Mark.TAIL): "o-o",
    (Mark.CONFLICT, Mark.CONFLICT): "x-x",
}
_MARKS = {text: marks for marks, text in _TEXTS.items()} | {"---": (Mark.TAIL, Mark.TAIL)}


def to_tigramite(graph: TemporalGraph) -> NDArray[np.str_]:
    """Write a temporal graph as tigramite's array of strings.

    Parameters
    ----------
    graph : TemporalGraph

    Returns
    -------
    array of str, shape (p, p, max_lag + 1)
        Names and roles are not part of it.

    Raises
    ------
    GraphError
        For a static graph.

    Examples
    --------
    >>> from causalsim.graph import TemporalGraph
    >>> to_tigramite(TemporalGraph.from_edges(["X[t-1] --> Y", "X --- Y"]))[0, 1]
    array(['o-o', '-->'], dtype='<U3')
    """
    refuse_network(graph, "tigramite's array")
    if not isinstance(graph, TemporalGraph):
        raise GraphError(
            f"tigramite's array holds a TemporalGraph, got a {type(graph).__name__}; write "
            "TemporalGraph.from_edges(graph.edges, graph.nodes)."
        )
    array = np.full(graph.marks.shape, "", "<U3")
    for cell in map(tuple, np.argwhere(graph.marks).tolist()):
        array[cell] = _TEXTS[Mark(int(graph.past_marks[cell])), Mark(int(graph.marks[cell]))]
    return array


def from_tigramite(graph: Any, nodes: Sequence[str] | None = None) -> TemporalGraph:
    """Read tigramite's array of strings.

    Parameters
    ----------
    graph : array of str, shape (p, p, tau_max + 1)
        Such as ``results["graph"]`` of PCMCI+.
    nodes : sequence of str, optional
        By default ``X1``, ``X2``, ...

    Raises
    ------
    FormatError
        If the shape is wrong, an edge is unknown (circles and ``+->`` have no place in a
        TemporalGraph), or the two entries of a contemporaneous edge disagree.
    GraphError
        If the contemporaneous edges form a cycle.

    Examples
    --------
    >>> import numpy as np
    >>> array = np.full((2, 2, 2), "", "<U3")
    >>> array[0, 1, 1] = "-->"
    >>> from_tigramite(array, ["X", "Y"])
    TemporalGraph.from_edges(['X[t-1] --> Y'])
    """
    array = np.asarray(graph)
    if array.ndim != 3 or array.shape[0] != array.shape[1] or not array.shape[2]:
        raise FormatError(f"expected shape (p, p, tau_max + 1), got {array.shape}.")
    names = [f"X{i + 1}" for i in range(len(array))] if nodes is None else list(nodes)
    if len(names) != len(array):
        raise FormatError(f"{len(names)} node names for an array of shape {array.shape}.")
    marks, past = np.zeros(array.shape, np.uint8), np.zeros(array.shape, np.uint8)
    for i, j, lag in np.ndindex(array.shape):
        past[i, j, lag], marks[i, j, lag] = _ends(array[i, j, lag], names[i], names[j], lag)
    _check_mirror(past, marks, names)
    return TemporalGraph(tuple(names), marks, past)


def _ends(text: object, x: str, y: str, lag: int) -> tuple[Mark, Mark]:
    """Translate one entry; a lagged edge must point into the present."""
    ends = _MARKS.get(str(text))
    if ends is None or (lag and text not in {"", "-->", "<->"}):
        raise FormatError(
            f"{str(text)!r} from {label(x, lag)} to {y} has no place in a TemporalGraph: "
            "lagged edges are '-->' or '<->'; at lag 0 also '<--', 'o-o' and 'x-x'."
        )
    return ends


def _check_mirror(past: NDArray[np.uint8], marks: NDArray[np.uint8], names: Sequence[str]) -> None:
    """Refuse contemporaneous entries that are no mirror image of each other."""
    wrong = past[:, :, 0] != marks[:, :, 0].T
    if wrong.any():
        i, j = np.argwhere(wrong)[0]
        raise FormatError(
            f"at lag 0 the entries for {names[i]!r}, {names[j]!r} and {names[j]!r}, {names[i]!r} "
            "disagree; '-->' in one needs '<--' in the other."
        )
