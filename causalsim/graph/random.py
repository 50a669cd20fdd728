"""Random graphs, static and over time, for tests, benchmarks and simulators.

All generators draw edges without replacement among the places a causal order allows, so the
number of edges can be fixed or left to chance, and the cost grows with p squared at most.

References
----------
.. [Erdos1959] Erdos & Renyi, On random graphs I, 1959; oriented along a random order.
.. [Barabasi1999] Barabasi & Albert, Emergence of scaling in random networks, Science 286.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from causalsim._rng import RNG, check_rng
from causalsim.errors import OptionError
from causalsim.graph.kinds import DAG
from causalsim.graph.labels import check_names
from causalsim.graph.marks import Mark
from causalsim.graph.temporal import TemporalGraph

__all__ = ["random_dag", "random_temporal_graph"]

KINDS = ("erdos_renyi", "scale_free", "ordered")


def random_dag(
    nodes: int | Sequence[str],
    *,
    degree: float | None = None,
    edges: int | None = None,
    kind: str = "erdos_renyi",
    rng: RNG = None,
) -> DAG:
    """Draw a DAG.

    Parameters
    ----------
    nodes : int or sequence of str
        Names, or their number p for ``X0`` to ``X{p-1}``.
    degree : float, optional
        Expected average degree, ``2 * n_edges / p``; by default 2, or less where p is small.
    edges : int, optional
        Exact number of edges, instead of ``degree``.
    kind : {"erdos_renyi", "scale_free", "ordered"}
        ``"erdos_renyi"``: all pairs are equally likely. ``"scale_free"``: each node takes its
        parents among earlier ones in proportion to their degree plus one, so that a few hubs
        cause many; the number of edges is then ``degree * p / 2``, rounded. In both the node
        order says nothing about the causal order. ``"ordered"``: as Erdos-Renyi, with causes
        before effects in node order.
    rng : int, Generator or None
        Random stream.

    Raises
    ------
    OptionError
        If the kind is unknown, or both or impossible numbers of edges are given.

    References
    ----------
    [Erdos1959]_, [Barabasi1999]_.

    Examples
    --------
    >>> random_dag(4, edges=3, kind="ordered", rng=0).n_edges
    3
    """
    if kind not in KINDS:
        raise OptionError.from_choice("kind", kind, KINDS)
    if degree is not None and edges is not None:
        raise OptionError(f"degree={degree} and edges={edges}: give one of them.")
    names, stream = _names(nodes), check_rng(rng)
    places = np.triu(np.ones((len(names), len(names)), bool), 1)
    if edges is not None:
        count = _checked_edges(edges, int(places.sum()))
    else:
        count = _draw_count(places, degree, None if kind == "scale_free" else stream)
    directed = (
        _hubs(len(names), count, stream) if kind == "scale_free" else _pick(places, count, stream)
    )
    if kind != "ordered":
        order = stream.permutation(len(names))
        directed = directed[np.ix_(order, order)]
    return DAG.from_directed(names, directed)


def random_temporal_graph(
    nodes: int | Sequence[str],
    *,
    max_lag: int,
    degree: float | None = None,
    contemporaneous: bool = True,
    autoregressive: bool = True,
    rng: RNG = None,
) -> TemporalGraph:
    """Draw a temporal graph of directed edges, acyclic at lag 0.

    Parameters
    ----------
    nodes : int or sequence of str
        Names, or their number p for ``X0`` to ``X{p-1}``.
    max_lag : int
        Largest lag, at least 1.
    degree : float, optional
        Expected average degree of edges between different variables, ``2 * n_edges / p``;
        by default 2, or less where there is no room. All places are equally likely, and two
        variables may be joined at several lags.
    contemporaneous : bool
        Whether edges at lag 0 may occur, along a random order.
    autoregressive : bool
        Whether each variable has an edge from its own last step.
    rng : int, Generator or None
        Random stream.

    Raises
    ------
    OptionError
        If ``max_lag`` is below 1 or the degree does not fit.

    Examples
    --------
    >>> graph = random_temporal_graph(["X", "Y"], max_lag=2, degree=0, rng=0)
    >>> graph
    TemporalGraph.from_edges(['X[t-1] --> X', 'Y[t-1] --> Y'], max_lag=2)
    """
    if max_lag < 1:
        raise OptionError(f"max_lag={max_lag}: expected at least 1; random_dag has no time.")
    names, stream = _names(nodes), check_rng(rng)
    p = len(names)
    rank = stream.permutation(p)
    places = np.repeat(~np.eye(p, dtype=bool)[:, :, None], max_lag + 1, axis=2)
    places[:, :, 0] = contemporaneous & (rank[:, None] < rank[None, :])
    directed = _pick(places, _draw_count(places, degree, stream), stream)
    if autoregressive:
        directed[range(p), range(p), 1] = True
    marks = np.where(directed, Mark.ARROW, Mark.NONE)
    past = np.where(directed, Mark.TAIL, Mark.NONE)
    marks[:, :, 0] += past[:, :, 0].T
    past[:, :, 0] = marks[:, :, 0].T
    return TemporalGraph(names, marks, past)


def _names(nodes: int | Sequence[str]) -> tuple[str, ...]:
    """Read names, or make ``X0`` to ``X{p-1}``."""
    if not isinstance(nodes, int | np.integer):
        return check_names(nodes)
    if isinstance(nodes, bool) or nodes < 0:
        raise OptionError(f"nodes={nodes!r}: expected names or how many nodes to make.")
    return tuple(f"X{i}" for i in range(nodes))


def _checked_edges(edges: int, places: int) -> int:
    """Refuse a number of edges that does not fit."""
    if not 0 <= edges <= places:
        raise OptionError(f"edges={edges}: these nodes have room for 0 to {places} edges.")
    return edges


def _draw_count(
    places: NDArray[np.bool_], degree: float | None, stream: np.random.Generator | None
) -> int:
    """Give the number of edges for an average degree: drawn, or rounded without a stream."""
    p, room = len(places), int(places.sum())
    most = 2 * room / max(p, 1)
    wanted = min(2.0, most) if degree is None else degree
    if not 0 <= wanted <= most:
        raise OptionError(f"degree={degree}: these nodes have room for degrees 0 to {most:.4g}.")
    if stream is None:
        return round(wanted * p / 2)
    return int(stream.binomial(room, wanted / most)) if room else 0


def _pick(places: NDArray[np.bool_], count: int, stream: np.random.Generator) -> NDArray[np.bool_]:
    """Choose ``count`` of the true cells, each set of them equally likely."""
    chosen = np.zeros_like(places)
    cells = np.flatnonzero(places)
    chosen.flat[stream.choice(cells, count, replace=False)] = True
    return chosen


def _hubs(p: int, count: int, stream: np.random.Generator) -> NDArray[np.bool_]:
    """Give each node parents among earlier ones in proportion to their degree plus one."""
    directed = np.zeros((p, p), bool)
    weight = np.ones(p)
    for node, share in enumerate(_shares(p, count)):
        if share:
            chance = weight[:node] / weight[:node].sum()
            chosen = stream.choice(node, share, replace=False, p=chance)
            directed[chosen, node] = True
            weight[chosen] += 1
            weight[node] += share
    return directed


def _shares(p: int, count: int) -> list[int]:
    """Spread ``count`` parents evenly over the nodes, node k having room for k.

    >>> _shares(4, 3), _shares(4, 5)
    ([0, 1, 1, 1], [0, 1, 2, 2])
    """
    shares = [0] * p
    for node in reversed(range(1, p)):
        room_before = node * (node - 1) // 2
        shares[node] = max(-(-count // node), count - room_before)
        count -= shares[node]
    return shares
