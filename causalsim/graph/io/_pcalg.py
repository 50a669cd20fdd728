"""pcalg's two matrices (its manual page ``amatType``).

``amat.cpdag`` (DAG, CPDAG): ``amat[a, b]`` is the mark at the *row* a: 1 arrow, 0 tail or no
edge; 1 at both ends is undirected, 2 at both ends a conflict (``solve.confl=TRUE``).
``amat.pag`` (ADMG, PAG): the mark at the *column* b: 0 none, 1 circle, 2 arrow, 3 tail.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalsim.errors import FormatError, GraphError
from causalsim.graph.io._common import STATIC, StaticGraph, check_kind, refuse_temporal, square
from causalsim.graph.kinds import ADMG, PAG
from causalsim.graph.marks import Mark

__all__ = ["from_pcalg", "to_pcalg"]

_PAIRS = {
    (0, 1): (Mark.TAIL, Mark.ARROW),
    (1, 0): (Mark.ARROW, Mark.TAIL),
    (1, 1): (Mark.TAIL, Mark.TAIL),
    (2, 2): (Mark.CONFLICT, Mark.CONFLICT),
}


def to_pcalg(graph: StaticGraph) -> NDArray[np.int64]:
    """Write a DAG or CPDAG as ``amat.cpdag``, an ADMG or PAG as ``amat.pag``.

    Parameters
    ----------
    graph : DAG, CPDAG, ADMG or PAG

    Returns
    -------
    array of int, shape (p, p)
        In node order; names are not part of it.

    Raises
    ------
    GraphError
        For a temporal graph, for an ADMG with both edges on one pair, and for ``<->`` in a
        CPDAG: pcalg has one code for a conflict, which is read as ``x-x``.

    Examples
    --------
    >>> from causalsim.graph import DAG, PAG
    >>> to_pcalg(DAG.from_edges(["X --> Y"]))
    array([[0, 0],
           [1, 0]])
    >>> to_pcalg(PAG.from_edges(["X o-> Y"]))
    array([[0, 2],
           [1, 0]])
    """
    refuse_temporal(graph, "pcalg's matrix")
    if isinstance(graph, ADMG) and graph.bows.any():
        i, j = np.argwhere(graph.bows)[0]
        raise GraphError(
            f"pcalg holds one edge on a pair; {graph.nodes[i]!r} and {graph.nodes[j]!r} have "
            "both '-->' and '<->'. Use JSON, dagitty or causal-learn's matrix."
        )
    if isinstance(graph, ADMG | PAG):
        return graph.marks.astype(np.int64)
    if graph.bidirected.any():
        i, j = np.argwhere(graph.bidirected)[0]
        raise GraphError(
            f"amat.cpdag has no '<->'; write the conflict between {graph.nodes[i]!r} and "
            f"{graph.nodes[j]!r} as 'x-x' (conflict='mark' in pc)."
        )
    conflict = graph.marks == Mark.CONFLICT
    return np.where(conflict, 2, graph.directed.T | graph.undirected).astype(np.int64)


def from_pcalg(
    amat: Any, nodes: Sequence[str] | None = None, *, kind: str = "CPDAG"
) -> StaticGraph:
    """Read a matrix of pcalg.

    Parameters
    ----------
    amat : array of shape (p, p), or a data frame
    nodes : sequence of str, optional
        By default the frame's columns, or ``X1``, ``X2``, ...
    kind : {"CPDAG", "DAG", "PAG", "ADMG"}
        The first two read ``amat.cpdag``, the others ``amat.pag``. It is never guessed: the
        two codes share numbers and mean different edges by them.

    Raises
    ------
    FormatError
        If the matrix is not square or holds codes of the other type.
    GraphError
        If the edges break a rule of the kind, such as a cycle in a DAG.

    Examples
    --------
    >>> from_pcalg([[0, 0], [1, 0]])
    CPDAG.from_edges(['X1 --> X2'])
    >>> from_pcalg([[0, 2], [1, 0]], ["X", "Y"], kind="PAG")
    PAG.from_edges(['X o-> Y'])
    """
    check_kind(kind, STATIC)
    matrix, names = square(amat, nodes, "pcalg matrix")
    marks = _pag_marks(matrix) if kind in {"PAG", "ADMG"} else _cpdag_marks(matrix, names)
    return STATIC[kind](tuple(names), marks)


def _pag_marks(matrix: NDArray[Any]) -> NDArray[np.uint8]:
    unknown = ~np.isin(matrix, [0, 1, 2, 3])
    if unknown.any():
        a, b = np.argwhere(unknown)[0]
        raise FormatError(
            f"code {matrix[a, b]} in row {a}, column {b} is unknown; amat.pag holds 0 (none), "
            "1 (circle), 2 (arrow) and 3 (tail)."
        )
    return matrix.astype(np.uint8)


def _cpdag_marks(matrix: NDArray[Any], names: Sequence[str]) -> NDArray[np.uint8]:
    marks = np.zeros(matrix.shape, np.uint8)
    for a, b in np.argwhere((matrix != 0) | (matrix.T != 0)).tolist():
        codes = (matrix[a, b], matrix[b, a])
        if codes not in _PAIRS or a == b:
            raise FormatError(
                f"codes {codes[0]} and {codes[1]} between {names[a]!r} and {names[b]!r} are no "
                "edge of amat.cpdag (0, 1; 2 at both ends); for amat.pag write kind='PAG'."
            )
        marks[b, a], marks[a, b] = _PAIRS[codes]
    return marks
