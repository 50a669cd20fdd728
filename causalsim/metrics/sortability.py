"""How far the scale of the data alone gives the causal order away.

Simulated data often have variances, or shares of explained variance, that grow along the causal
order; a method that sorts by them then looks good and has learnt nothing. Both measures are the
share of directed paths that lead from a smaller to a larger score: 1 sorts the graph perfectly,
0 backwards, 0.5 not at all.

References
----------
.. [Reisach2021] Reisach, Seiler & Weichwald, Beware of the simulated DAG! Causal discovery
   benchmarks may be easy to game, NeurIPS 2021, section 3.1.
.. [Reisach2023] Reisach, Tami, Seiler, Chambaz & Weichwald, A scale-invariant sorting criterion
   to find a causal order in additive noise models, NeurIPS 2023, equation 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from causalsim.data import read_table
from causalsim.errors import DataError, GraphError
from causalsim.graph import DAG, TemporalGraph
from causalsim.graph.labels import parse_label

__all__ = ["Sortability", "r2_sortability", "temporal_sortability", "varsortability"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

TIE = 1e-9


def varsortability(graph: DAG, data: Any) -> float:
    """Give the share of directed paths from a smaller to a larger variance.

    For every length, each pair of nodes that a path of that length joins counts once; equal
    variances count a half.

    Parameters
    ----------
    graph : DAG
    data : DataFrame, Table or array of shape (n, p)
        Columns of an array are in the order of the nodes.

    Returns
    -------
    float

    Raises
    ------
    GraphError
        If the graph has no edge.
    DataError
        If a column is missing or no complete numbers.

    References
    ----------
    [Reisach2021]_.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(1000, 2))
    >>> data = np.column_stack([x[:, 0], x[:, 0] + x[:, 1]])
    >>> varsortability(DAG.from_edges(["X --> Y"]), data)
    1.0
    """
    return _sorted_share(_edges(graph), _columns(graph.nodes, data).var(axis=0))


def r2_sortability(graph: DAG, data: Any) -> float:
    """Give the share of directed paths from a smaller to a larger R2.

    R2 is what a linear regression of a variable on all others explains; it does not depend on
    the units.

    Parameters
    ----------
    graph, data
        As in :func:`varsortability`.

    Returns
    -------
    float

    Raises
    ------
    GraphError, DataError
        As in :func:`varsortability`, and if columns do not vary or determine each other.

    References
    ----------
    [Reisach2023]_.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(1000, 2))
    >>> data = np.column_stack([x[:, 0], x[:, 0] + x[:, 1]])
    >>> r2_sortability(DAG.from_edges(["X --> Y"]), data)  # two variables explain each other
    0.5
    """
    return _sorted_share(_edges(graph), _explained(_columns(graph.nodes, data), graph.nodes))


@final
@dataclass(frozen=True)
class Sortability:
    """Sortability of the lagged or of the contemporaneous part of a graph over time.

    Parameters
    ----------
    edges : {"lagged", "contemporaneous"}
    variance, r2 : float
        0.5: not at all.
    """

    edges: str
    variance: float
    r2: float


def temporal_sortability(graph: TemporalGraph, series: Any) -> tuple[Sortability, ...]:
    """Give both measures for the edges over time and for those within a step.

    Over time, the nodes are those of the window, ``X[t-1]`` beside ``X``, and R2 is that of a
    label given all others of the window; paths that end at their own step or their own variable
    are left out, since time orders the latter. Within a step, the nodes are the variables, and
    R2 is that of a variable given the others at the same step.

    Parameters
    ----------
    graph : TemporalGraph
        Directed edges only.
    series : DataFrame, Table or array of shape (steps, p)
        Columns of an array are in the order of the nodes.

    Returns
    -------
    tuple of Sortability
        Lagged, then contemporaneous; only those of which the graph has edges.

    Raises
    ------
    GraphError
        If an edge is not directed, or none leads from one variable to another.
    DataError
        As in :func:`r2_sortability`, or if the series is too short.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(500, 2))
    >>> series = np.column_stack([x[1:, 0], 2 * x[:-1, 0] + x[1:, 1]])
    >>> (lagged,) = temporal_sortability(TemporalGraph.from_edges(["X[t-1] --> Y"]), series)
    >>> lagged.edges, lagged.variance
    ('lagged', 1.0)
    """
    window = graph.window()
    if not isinstance(window, DAG):
        raise GraphError("sortability needs directed edges; choose a direction for the others.")
    steps, depth = _columns(graph.nodes, series), graph.max_lag
    if len(steps) <= (depth + 1) * (len(graph) + 1):
        raise DataError(f"{len(steps)} steps are too few for {depth} lags of {len(graph)}.")
    found = []
    at = [parse_label(label) for label in window.nodes]
    apart = np.array([[a[0] != b[0] and a[1] != b[1] for b in at] for a in at])
    if _joined(window.directed, apart):
        rows = np.hstack([steps[depth - lag : len(steps) - lag] for lag in range(depth, -1, -1)])
        scores = np.tile(steps.var(axis=0), depth + 1), _explained(rows, window.nodes)
        shares = (_sorted_share(window.directed, score, apart) for score in scores)
        found.append(Sortability("lagged", *shares))
    now = graph.directed[:, :, 0]
    if now.any():
        both = steps.var(axis=0), _explained(steps, graph.nodes)
        found.append(Sortability("contemporaneous", *(_sorted_share(now, s) for s in both)))
    if not found:
        raise GraphError("no edge leads from one variable to another; there is nothing to sort.")
    return tuple(found)


def _edges(graph: DAG) -> Bools:
    if not graph.n_edges:
        raise GraphError("the graph has no edges; there is nothing to sort.")
    return graph.directed


def _columns(nodes: tuple[str, ...], data: Any) -> Floats:
    """Read the columns of the nodes, in their order; shape (n, p)."""
    own = nodes if isinstance(data, np.ndarray) and data.shape[1:] == (len(nodes),) else None
    table = read_table(data, names=own, kinds="continuous", degenerate="keep")
    return np.column_stack([table.values[:, table.index(name)] for name in nodes])


def _explained(columns: Floats, names: tuple[str, ...]) -> Floats:
    """Give R2 of each column given the others: 1 - 1 / diag(inverse correlation)."""
    constant = [name for name, sd in zip(names, columns.std(axis=0), strict=True) if sd == 0]
    if constant:
        raise DataError(f"{constant} do not vary and have no R2; leave them out.")
    correlation = np.atleast_2d(np.corrcoef(columns.T))
    if np.linalg.eigvalsh(correlation)[0] < 1e-10:
        raise DataError("columns determine each other, so every R2 is 1; leave some out.")
    return np.asarray(1 - 1 / np.diag(np.linalg.inv(correlation)))


def _powers(edges: Bools, counted: Bools | None) -> list[Bools]:
    """Tell which pairs paths of 1, 2, ... edges join, as far as pairs are counted."""
    found, power = [], edges
    while power.any():
        found.append(power if counted is None else power & counted)
        power = (power.astype(np.intp) @ edges.astype(np.intp)) > 0
    return found


def _joined(edges: Bools, counted: Bools) -> bool:
    return any(power.any() for power in _powers(edges, counted))


def _sorted_share(edges: Bools, scores: Floats, counted: Bools | None = None) -> float:
    """Give the share of paths from a smaller to a larger score, ties counting a half."""
    gap = scores - scores[:, None]
    tie = np.abs(gap) <= TIE * np.maximum(np.abs(scores), np.abs(scores[:, None]))
    agreement = np.where(tie, 0.5, gap > 0)
    powers = np.sum(_powers(edges, counted), axis=0)
    return float((powers * agreement).sum() / powers.sum())
