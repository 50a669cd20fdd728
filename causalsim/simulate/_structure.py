"""Phase one of a simulator: which past and present values each variable is computed from.

Kougioulis, *Large Causal Models for Temporal Causal Discovery*, algorithm TCS-SIMULATE, step 1;
here with contemporaneous edges, which that algorithm drops.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from causalsim._rng import RNG
from causalsim.data import Table
from causalsim.errors import GraphError, NotAClassError, OptionError, listing
from causalsim.graph.kinds import CPDAG, DAG
from causalsim.graph.marks import Mark
from causalsim.graph.temporal import TemporalGraph
from causalsim.simulate._windows import as_frame

__all__ = ["DISCOVERIES", "Discovery", "Structure", "directed_graph", "find_structure"]

Discovery = str | TemporalGraph | Callable[[Any, int], Any]
DISCOVERIES = ("pcmci_plus", "pcmci", "cdnod", "dense", "ar")


class Structure(NamedTuple):
    """Directed edges to fit, what was decided on the way, and variables that are exact sums."""

    graph: TemporalGraph
    notes: tuple[str, ...]
    sums: tuple[str, ...] = ()


def find_structure(
    panel: Sequence[Table],
    max_lag: int,
    discovery: Discovery,
    *,
    contexts: Sequence[str] = (),
    alpha: float | None = 0.01,
    rng: RNG = None,
) -> Structure:
    """Give the directed graph of a simulator.

    Parameters
    ----------
    panel : sequence of Table
        Series over the same columns.
    max_lag : int
    discovery : {"pcmci_plus", "pcmci", "cdnod", "dense", "ar"}, TemporalGraph or callable
        ``"dense"`` joins every variable at every lag and, in column order, at lag 0; ``"ar"``
        has self-lags alone. A callable takes (list of DataFrame, max_lag) and gives a graph, or
        a result with one.
    contexts : sequence of str
        Columns that are exogenous: parents of every variable that they are found to act on.
    alpha : float or None
        For the methods of this package.

    Raises
    ------
    OptionError, GraphError
        With what was got, and what to give instead.
    """
    if isinstance(discovery, TemporalGraph):
        found: Any = discovery
    elif callable(discovery):
        found = discovery([as_frame(part.values, part.names) for part in panel], max_lag)
    elif discovery in DISCOVERIES:
        found = _built_in(panel, max_lag, discovery, contexts, alpha, rng)
    else:
        raise OptionError.from_choice("discovery", discovery, DISCOVERIES)
    graph = getattr(found, "graph", found)
    if not isinstance(graph, TemporalGraph):
        raise GraphError(
            f"discovery gave a {type(graph).__name__}; expected a TemporalGraph, or a result "
            "whose .graph is one."
        )
    structure = directed_graph(graph)
    return Structure(_with_self_lags(structure.graph, contexts), structure.notes)


def _built_in(
    panel: Sequence[Table],
    max_lag: int,
    method: str,
    contexts: Sequence[str],
    alpha: float | None,
    rng: RNG,
) -> Any:
    from causalsim.discovery import pcmci, pcmci_plus

    if method in {"dense", "ar"}:
        return _without_data(panel[0].names, max_lag, contexts, dense=method == "dense")
    frames = [as_frame(part.values, part.names) for part in panel]
    series = frames if len(frames) > 1 else frames[0]
    if method == "pcmci":
        if contexts:
            raise OptionError(
                f"pcmci has no contexts, but {listing(contexts)} are exogenous; write "
                'discovery="pcmci_plus".'
            )
        level = 0.05 if alpha is None else alpha
        return pcmci(series, max_lag, alpha=level, kinds="continuous", rng=rng)
    context = [*contexts, "time"] if method == "cdnod" else list(contexts)
    return pcmci_plus(
        series, max_lag, context=context or None, alpha=alpha, kinds="continuous", rng=rng
    )


def _without_data(
    columns: Sequence[str], max_lag: int, contexts: Sequence[str], *, dense: bool
) -> TemporalGraph:
    """Join everything with everything at every lag, or each variable with its own past."""
    own = [name for name in columns if name not in set(contexts)]
    lags = range(1, max_lag + 1)
    edges = [
        f"{cause}[t-{lag}] --> {effect}"
        for effect in own
        for cause in (own if dense else [effect])
        for lag in lags
    ]
    edges += [f"{driver} --> {effect}" for driver in contexts for effect in own]
    if dense:
        edges += [f"{a} --> {b}" for k, b in enumerate(own) for a in own[:k]]
    roles = dict.fromkeys(contexts, "context")
    return TemporalGraph.from_edges(edges, columns, max_lag=max_lag, roles=roles)


def directed_graph(graph: TemporalGraph) -> Structure:
    """Choose a direction for every open edge of the present; ``<->`` becomes no edge.

    Where the edges within a step are an equivalence class, one of its members is taken (Dor
    and Tarsi 1992); else open edges follow an order that agrees with the directed ones.

    Returns
    -------
    Structure
        With a note that names the edges whose direction is a choice.

    Examples
    --------
    >>> found = directed_graph(TemporalGraph.from_edges(["X[t-1] --> X", "X --- Y"]))
    >>> found.graph.edges, len(found.notes)
    (('X[t-1] --> X', 'X --> Y'), 1)
    """
    open_edges = [e for e in graph.edges if " --- " in e or " x-x " in e]
    hidden = [e for e in graph.edges if " <-> " in e]
    notes = []
    if open_edges:
        notes.append(f"the data leave the direction of {listing(open_edges)} open; one was chosen")
    if hidden:
        notes.append(f"{listing(hidden)} became correlated noise, not a mechanism")
    now = graph.marks[:, :, 0].copy()
    now[(now == Mark.ARROW) & (now.T == Mark.ARROW)] = Mark.NONE
    now[now == Mark.CONFLICT] = Mark.TAIL
    member = _member(CPDAG(graph.nodes, now))
    marks, past = graph.marks.copy(), graph.past_marks.copy()
    lagged_hidden = past == Mark.ARROW
    marks[lagged_hidden] = past[lagged_hidden] = Mark.NONE
    marks[:, :, 0], past[:, :, 0] = member.marks, member.marks.T
    return Structure(TemporalGraph(graph.nodes, marks, past, graph.roles), tuple(notes))


def _member(graph: CPDAG) -> DAG:
    try:
        return graph.extension()
    except NotAClassError:
        order = DAG.from_directed(graph.nodes, graph.directed).topological_order()
        place = np.array([order.index(name) for name in graph.nodes])
        open_pairs = (graph.marks == Mark.TAIL) & (graph.marks.T == Mark.TAIL)
        along = open_pairs & (place[:, None] < place[None, :])
        return DAG.from_directed(graph.nodes, graph.directed | along)


def _with_self_lags(graph: TemporalGraph, contexts: Sequence[str]) -> TemporalGraph:
    """Let a variable without lagged parents remember its last step: it would be white noise."""
    if graph.max_lag == 0:
        return graph
    edges, roles = list(graph.edges), dict(zip(graph.nodes, graph.roles, strict=True))
    for name in graph.nodes:
        lagged = graph.directed[:, graph.index(name), 1:]
        if roles[name] == "variable" and name not in contexts and not lagged.any():
            edges.append(f"{name}[t-1] --> {name}")
    return TemporalGraph.from_edges(edges, graph.nodes, max_lag=graph.max_lag, roles=roles)
