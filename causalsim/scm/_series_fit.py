"""Learning a temporal model: from a panel of series to rows of every variable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, final

import numpy as np

from causalsim._rng import RNG, spawn
from causalsim.data import Table, read_table
from causalsim.errors import DataError, GraphError, OptionError, listing
from causalsim.graph.labels import parse_label
from causalsim.graph.marks import Mark
from causalsim.graph.temporal import TemporalGraph
from causalsim.scm import _nodes
from causalsim.scm._nodes import FittedNode
from causalsim.scm.copula import Copula, fit_copula
from causalsim.scm.exogenous import Driver, as_drivers, driver_names, driver_table
from causalsim.scm.functions import Floats
from causalsim.scm.mechanisms import Mechanism
from causalsim.scm.noise import NoiseModel, get_noise
from causalsim.scm.paths import Paths

__all__ = [
    "Choice",
    "Panel",
    "Recipe",
    "Start",
    "as_list",
    "columns_of",
    "joined",
    "lagged_rows",
    "read_panel",
    "read_window",
    "refuse_open_edges",
    "with_drivers",
    "without_dependence",
]

Choice = str | Mechanism | Mapping[str, str | Mechanism]
Start = Any
"""Where sampled series begin: ``"noise"``, or a series that they go on from."""


class Panel(NamedTuple):
    """Series as arrays of shape (steps, nodes), drivers included, and the step each begins at."""

    series: list[Floats]
    starts: tuple[int, ...]


def as_list(series: Any) -> list[Any]:
    """Give a panel as a list of series; one series is a panel of one."""
    panel = list(series) if isinstance(series, list | tuple | Paths) else [series]
    if not panel:
        raise DataError("series is an empty list; give at least one series.")
    return panel


def read_panel(
    series: Any, graph: TemporalGraph, drivers: Sequence[Driver], starts: Sequence[int] | None
) -> Panel:
    """Read the columns of a graph, and put in those of its drivers.

    Raises
    ------
    DataError
        If a column is missing or not continuous, or a series is not longer than the max lag.
    OptionError
        If there is not one start for each series.
    """
    panel = as_list(series)
    begin = tuple(starts) if starts is not None else (0,) * len(panel)
    if len(begin) != len(panel):
        raise OptionError(f"{len(begin)} starts for {len(panel)} series; give one each.")
    outside = set(driver_names(drivers))
    variables = [name for name in graph.nodes if name not in outside]
    columns = [_nodes.continuous(part, variables) for part in panel]
    short = [len(part) for part in columns if len(part) <= graph.max_lag]
    if short:
        raise DataError(f"a series has {short[0]} rows; lag {graph.max_lag} needs more.")
    full = [
        columns_of(part, variables, graph, drivers, start)
        for part, start in zip(columns, begin, strict=True)
    ]
    return Panel(full, begin)


def read_window(start: Any, variables: Sequence[str], rows: int) -> tuple[Floats, int]:
    """Read the last rows of a series to go on from, shape (rows, variables), and its length.

    Raises
    ------
    DataError
        If it has fewer rows, or a value is missing in the last ones.
    NameNotFoundError
        If it lacks a variable.
    OptionError
        If it is a text other than "noise".
    """
    if isinstance(start, str):
        raise OptionError(f"start={start!r}: expected 'noise' or a series to go on from.")
    if not isinstance(start, Table):
        names = variables if isinstance(start, np.ndarray) else None
        kinds = dict.fromkeys(variables, "continuous")
        start = read_table(start, names=names, kinds=kinds, missing="testwise", degenerate="keep")
    window = _nodes.columns(start, variables)[-rows:]
    if len(window) < rows:
        raise DataError(f"start has {len(window)} rows; the model looks back {rows} steps.")
    holes = [variables[k] for k in np.flatnonzero(np.isnan(window).any(axis=0)).tolist()]
    if holes:
        raise DataError(
            f"missing values of {listing(holes)} in the last {rows} rows of start; fill them, or "
            "cut the series before them."
        )
    return window, len(start)


def columns_of(
    values: Floats,
    variables: Sequence[str],
    graph: TemporalGraph,
    drivers: Sequence[Driver],
    start: int,
) -> Floats:
    """Give values of all nodes in graph order, shape (steps, nodes), from step ``start`` on."""
    steps = np.arange(start, start + len(values))
    names = [*variables, *driver_names(drivers)]
    both = np.hstack([values, driver_table(drivers, steps)])
    return np.ascontiguousarray(both[:, [names.index(name) for name in graph.nodes]])


def lagged_rows(panel: Sequence[Floats], graph: TemporalGraph, name: str) -> tuple[Floats, Floats]:
    """Give the rows of one variable: parents of shape (n, k) and child of shape (n,)."""
    depth = graph.max_lag
    labels = [parse_label(text) for text in graph.parents(name)]
    at = [(graph.index(parent), lag) for parent, lag in labels]
    parents = [
        np.array([part[depth - lag : len(part) - lag, i] for i, lag in at]).reshape(len(at), -1).T
        if at
        else np.empty((len(part) - depth, 0))
        for part in panel
    ]
    return np.vstack(parents), np.concatenate([part[depth:, graph.index(name)] for part in panel])


def with_drivers(graph: TemporalGraph, drivers: Sequence[Driver]) -> TemporalGraph:
    """Give a graph whose nodes include all columns of some drivers, as contexts.

    A column that the graph does not have becomes a parent of every variable.

    Examples
    --------
    >>> from causalsim.scm.exogenous import Trend
    >>> with_drivers(TemporalGraph.from_edges(["X[t-1] --> X"]), [Trend(2)]).edges
    ('X[t-1] --> X', 'trend.1 --> X')
    """
    names = driver_names(drivers)
    if not names:
        return graph
    new = [name for name in names if name not in graph.nodes]
    variables = [name for name in graph.nodes if name not in names]
    edges = [*graph.edges, *(f"{driver} --> {name}" for driver in new for name in variables)]
    roles: Mapping[str, str] = {
        **dict(zip(graph.nodes, graph.roles, strict=True)),
        **dict.fromkeys(names, "context"),
    }
    nodes = [*graph.nodes, *new]
    return TemporalGraph.from_edges(edges, nodes, max_lag=graph.max_lag, roles=roles)


# -- learning -----------------------------------------------------------------------------


@final
@dataclass(frozen=True)
class Recipe:
    """How a model is fitted to series, so that the same can be done to others.

    Parameters
    ----------
    mechanism : str, Mechanism, or mapping of str to either
        For all variables, or by name.
    noise : str or NoiseModel
    joint : {"auto", "rows", "gaussian", "none"}
        See :func:`causalsim.scm.fit_copula`.
    """

    mechanism: Choice = "auto"
    noise: str | NoiseModel = "auto"
    joint: str = "none"

    def learn(
        self,
        graph: TemporalGraph,
        series: Any,
        exogenous: Any,
        starts: Sequence[int] | None,
        rng: RNG,
    ) -> tuple[TemporalGraph, dict[str, FittedNode], Recipe, tuple[Driver, ...]]:
        """Fit the variables of a graph: what :meth:`TemporalSCM.assembled` puts together."""
        parts = as_list(series)
        drivers = as_drivers(exogenous, max(len(part) for part in parts) + max(starts or [0]))
        whole = with_drivers(graph, drivers)
        panel = read_panel(parts, whole, drivers, starts)
        outside = driver_names(drivers)
        variables = [name for name in whole.nodes if name not in outside]
        tasks = self.tasks(whole, panel.series, variables, rng)
        return whole, {name: _nodes.fit_node(*task) for name, task in tasks.items()}, self, drivers

    def tasks(
        self, graph: TemporalGraph, panel: Sequence[Floats], variables: Sequence[str], rng: RNG
    ) -> dict[str, tuple[Any, ...]]:
        """Give the arguments of :func:`_nodes.fit_node` for each variable.

        A variable has its own random stream, so that models that share its parents share its
        fit.
        """
        model, streams = get_noise(self.noise), spawn(rng, len(graph))
        return {
            name: (
                *lagged_rows(panel, graph, name),
                _nodes.mechanism_of(self.mechanism, name),
                model,
                streams[graph.index(name)],
            )
            for name in variables
        }

    def copula(self, fitted: Mapping[str, FittedNode]) -> Copula | None:
        """Learn how the noises of fitted nodes depend on each other within a step."""
        known = {name: node.residuals for name, node in fitted.items()}
        residuals = {name: r for name, r in known.items() if r is not None and np.ptp(r) > 0}
        if self.joint == "none" or len(residuals) < 2:
            return None
        return fit_copula(
            residuals, self.joint, laws={name: fitted[name].law for name in residuals}
        )


def refuse_open_edges(graph: TemporalGraph, copula: Copula | None) -> None:
    """Refuse edges without a direction, and ``<->`` without dependent noises behind it."""
    dependent = {frozenset(pair) for pair in copula.pairs()} if copula else set()
    hidden = [edge for edge in graph.edges if " <-> " in edge]
    wrong = [edge for edge in hidden if frozenset(edge.split(" <-> ")) not in dependent]
    wrong += [edge for edge in graph.edges if " --- " in edge or " x-x " in edge]
    if wrong:
        raise GraphError(
            f"a mechanism needs directed edges; {listing(wrong)} are not. Choose a direction, "
            "leave these edges out, or let causalsim.tcs(series, discovery=graph) do both."
        )


def without_dependence(graph: TemporalGraph) -> TemporalGraph:
    """Give the graph without ``<->``: what :func:`joined` had before it.

    >>> without_dependence(TemporalGraph.from_edges(["X[t-1] --> X", "X <-> Y"])).edges
    ('X[t-1] --> X',)
    """
    directed = [edge for edge in graph.edges if " --> " in edge]
    roles = dict(zip(graph.nodes, graph.roles, strict=True))
    return TemporalGraph.from_edges(directed, graph.nodes, max_lag=graph.max_lag, roles=roles)


def joined(graph: TemporalGraph, copula: Copula | None) -> TemporalGraph:
    """Give the graph with ``<->`` for pairs of dependent noises that no edge of the step joins."""
    if copula is None:
        return graph
    marks, past = graph.marks.copy(), graph.past_marks.copy()
    for a, b in copula.pairs():
        i, j = graph.index(a), graph.index(b)
        if not marks[i, j, 0] and not marks[j, i, 0]:
            marks[i, j, 0] = marks[j, i, 0] = past[i, j, 0] = past[j, i, 0] = Mark.ARROW
    return TemporalGraph(graph.nodes, marks, past, graph.roles)
