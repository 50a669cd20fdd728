"""causal-learn's matrix: ``graph[a, b]`` is the mark at *a* of the edge between a and b.

Codes: -1 tail, 0 none, 1 arrow, 2 circle; on a pair with both ``-->`` and ``<->`` the end with
tail and arrow is 4, the end with two arrows 5. Ours is the transpose, with other codes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalsim.errors import FormatError
from causalsim.graph.io._common import (
    StaticGraph,
    kind_of,
    refuse_conflicts,
    refuse_temporal,
    square,
    static,
)
from causalsim.graph.kinds import ADMG
from causalsim.graph.marks import Mark

__all__ = ["from_causal_learn", "to_causal_learn"]

_CODES = {Mark.NONE: 0, Mark.CIRCLE: 2, Mark.ARROW: 1, Mark.TAIL: -1}
_MARKS = {code: mark for mark, code in _CODES.items()} | {4: Mark.TAIL, 5: Mark.ARROW}
_TAIL_AND_ARROW, _TWO_ARROWS = 4, 5


def to_causal_learn(graph: StaticGraph) -> NDArray[np.int64]:
    """Write a static graph as causal-learn's matrix, in node order.

    Parameters
    ----------
    graph : DAG, CPDAG, ADMG or PAG
        A CPDAG's ``<->`` (``conflict="bidirect"``) is written as causal-learn's own PC does.

    Returns
    -------
    array of int, shape (p, p)
        Entry (a, b) is the mark at a. Node names are not part of it: keep ``graph.nodes``.

    Raises
    ------
    GraphError
        For a temporal graph, and for a conflict ``x-x``, which causal-learn cannot write.

    Examples
    --------
    >>> from causalsim.graph import DAG
    >>> to_causal_learn(DAG.from_edges(["X --> Y"]))
    array([[ 0, -1],
           [ 1,  0]])
    """
    refuse_temporal(graph, "causal-learn's matrix")
    refuse_conflicts(graph, "causal-learn")
    table = np.array([_CODES.get(mark, 0) for mark in Mark], np.int64)
    matrix = table[graph.marks].T.copy()
    if isinstance(graph, ADMG):
        matrix[graph.bows & (matrix == _CODES[Mark.TAIL])] = _TAIL_AND_ARROW
        matrix[graph.bows & (matrix == _CODES[Mark.ARROW])] = _TWO_ARROWS
    return matrix


def from_causal_learn(
    graph: Any, nodes: Sequence[str] | None = None, *, kind: str | None = None
) -> StaticGraph:
    """Read causal-learn's matrix, ``GeneralGraph`` or ``CausalGraph``.

    Parameters
    ----------
    graph : array of shape (p, p), or an object of causal-learn
        By default a ``CausalGraph`` (from ``pc``) becomes a CPDAG, with ``<->`` as conflicts,
        and a ``GeneralGraph`` from ``fci`` a PAG.
    nodes : sequence of str, optional
        By default the names the object or the columns carry, or ``X1``, ``X2``, ...
    kind : {"DAG", "CPDAG", "ADMG", "PAG"}, optional
        For other inputs by default what the marks ask for: a circle makes a PAG, ``---`` a
        CPDAG, ``<->`` an ADMG, arrows alone a DAG.

    Raises
    ------
    FormatError
        If the matrix is not square, or a code is unknown or contradicts the other end.
    GraphError
        If the edges break a rule of the kind, such as a cycle in a DAG.

    Examples
    --------
    >>> import numpy as np
    >>> from_causal_learn(np.array([[0, -1], [1, 0]]), ["X", "Y"])
    DAG.from_edges(['X --> Y'])
    """
    given, own_nodes, own_kind = _unwrap(graph)
    kind = kind or own_kind
    matrix, names = square(given, own_nodes if nodes is None else nodes, "causal-learn matrix")
    bows = _bows(matrix, names)
    marks = np.zeros(matrix.shape, np.uint8)
    for a, b in np.argwhere(matrix).tolist():
        marks[b, a] = _mark(matrix[a, b], names[a], names[b])
    if not bows.any():
        return static(kind, names, marks)
    wanted = kind or kind_of([(Mark.ARROW, Mark.ARROW)])
    if wanted != "ADMG":
        raise FormatError(f"codes 4 and 5 join a pair twice, which a {wanted} cannot hold.")
    return ADMG(tuple(names), marks, bows)


def _unwrap(graph: Any) -> tuple[Any, list[str] | None, str | None]:
    """Give the matrix, the names and the kind that an object of causal-learn carries."""
    if not type(graph).__module__.startswith("causallearn."):
        return graph, None, None
    general = getattr(graph, "G", graph)
    pag = getattr(general, "pag", False)
    kind = "CPDAG" if general is not graph else "PAG" if pag else None
    return general.graph, [node.get_name() for node in general.get_nodes()], kind


def _mark(code: float, at: str, other: str) -> Mark:
    """Translate one code, or name the cell where it stands."""
    if code not in _MARKS:
        raise FormatError(
            f"causal-learn's code {code:g} at {at!r} (towards {other!r}) is unknown; expected "
            "-1 (tail), 0, 1 (arrow), 2 (circle), 4 or 5."
        )
    return _MARKS[int(code)]


def _bows(matrix: NDArray[Any], names: Sequence[str]) -> NDArray[np.bool_]:
    """Find the pairs with both ``-->`` and ``<->``: 4 at one end, 5 at the other."""
    tail, arrow = matrix == _TAIL_AND_ARROW, matrix == _TWO_ARROWS
    wrong = (tail & ~arrow.T) | (arrow & ~tail.T)
    if wrong.any():
        a, b = np.argwhere(wrong)[0]
        raise FormatError(
            f"codes {matrix[a, b]:g} and {matrix[b, a]:g} between {names[a]!r} and {names[b]!r}: "
            "a pair with both '-->' and '<->' has 4 at its tail and 5 at its arrow."
        )
    found: NDArray[np.bool_] = tail | arrow
    return found
