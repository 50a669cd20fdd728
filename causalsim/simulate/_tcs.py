"""TCS: a temporal causal model of a real series, in three phases.

References
----------
.. [TCS] Gkorgkolis, Kougioulis, Wang, Caglayan, Tonon, Simionato & Tsamardinos, Temporal
   causal-based simulation for realistic time-series generation, arXiv 2506.02084; the algorithm is
   TCS-SIMULATE of Kougioulis, *Large Causal Models for Temporal Causal Discovery*.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from causalsim._rng import RNG, spawn
from causalsim.data import Table, read_table
from causalsim.errors import DataError, OptionError, listing
from causalsim.graph.temporal import TemporalGraph
from causalsim.scm._series_fit import Recipe, as_list
from causalsim.scm.contest import Contest
from causalsim.scm.exogenous import Driver, as_drivers, driver_table
from causalsim.scm.mechanisms import Mechanism
from causalsim.scm.noise import NoiseModel
from causalsim.scm.temporal import TemporalSCM
from causalsim.simulate._space import Configuration
from causalsim.simulate._structure import Discovery, Structure, find_structure

__all__ = ["checked_panel", "recipe_of", "structure_of", "tcs"]

_LEAST = 5
_STILL = 0.99
_EXACT = 1e-10


def tcs(
    series: Any,
    *,
    max_lag: int,
    discovery: Discovery = "pcmci_plus",
    mechanism: str | Mechanism = "auto",
    noise: str | NoiseModel = "auto",
    joint: str = "auto",
    exogenous: Any = None,
    alpha: float | None = 0.01,
    starts: Sequence[int] | None = None,
    rng: RNG = None,
) -> TemporalSCM:
    """Fit a temporal causal model to a real series: lag structure, mechanisms, noise.

    Parameters
    ----------
    series : DataFrame, ndarray or path, or a list of them
        One row per step, oldest first; a list is a panel of independent stretches.
    max_lag : int
        Largest lag, in steps.
    discovery : {"pcmci_plus", "pcmci", "cdnod", "dense", "ar"}, TemporalGraph or callable
        Phase 1. ``"cdnod"`` is PCMCI+ with the step as a context. A callable takes (panel,
        max_lag) and gives a graph or a result with one. Directions that the data leave open are
        chosen, and ``model.notes`` names them.
    mechanism : str or Mechanism
        Phase 2; see ``causalsim.scm.MECHANISMS``. ``"auto"`` chooses for each variable by the
        forecasts of held-out stretches: :class:`causalsim.scm.Contest`.
    noise : str or NoiseModel
        Phase 3, learnt from residuals that the mechanism has not been fitted to.
    joint : {"auto", "rows", "gaussian", "none"}
        How noises depend on each other within a step, where they do beyond the edges: whole
        residual rows or a Gaussian copula. Such pairs stand in the graph as ``<->``.
    exogenous : Clock, Trend, calendar(...), DataFrame, or a list of them
        Drivers from outside, parents of the variables on which they are found to act.
    alpha : float or None
        Level of the discovery.
    starts : sequence of int, optional
        The step at which each series of a panel begins, for the clocks; 0 by default.
    rng : int, Generator or None

    Returns
    -------
    TemporalSCM

    Raises
    ------
    DataError
        If values are missing, a column is constant, or the series is shorter than
        ``5 * max_lag``.
    OptionError
        If a name or number is out of range.

    Examples
    --------
    >>> import causalsim as cs
    >>> series = cs.datasets.macro()[["realgdp", "realcons", "unemp"]]
    >>> model = cs.tcs(series, max_lag=2, mechanism="ridge", rng=0)
    >>> model.sample(40, paths=3, rng=0)
    Paths(3 x 40 steps of realgdp, realcons, unemp)
    """
    for_structure, for_fit = spawn(rng, 2)
    panel = checked_panel(series, max_lag)
    drivers = as_drivers(exogenous, max(map(len, panel)) + max(starts or [0]))
    structure = structure_of(
        panel, max_lag, discovery, drivers, alpha=alpha, starts=starts, rng=for_structure
    )
    recipe = recipe_of(Configuration(discovery, mechanism, noise, joint), structure)
    model = TemporalSCM.fit(
        structure.graph,
        panel,
        mechanism=recipe.mechanism,
        noise=recipe.noise,
        joint=recipe.joint,
        exogenous=drivers,
        starts=starts,
        rng=for_fit,
    )
    return replace(model, notes=(*structure.notes, *_doubts(panel), *model.notes))


def recipe_of(configuration: Configuration, structure: Structure) -> Recipe:
    """Give phases 2 and 3 of a configuration; "auto" is a contest, and a sum is linear."""
    mechanism = configuration.mechanism
    best = Contest() if mechanism == "auto" else mechanism
    if structure.sums:
        names = structure.graph.nodes
        best = {name: "linear" if name in structure.sums else best for name in names}
    return Recipe(best, configuration.noise, configuration.joint)


def structure_of(
    panel: Sequence[Table],
    max_lag: int,
    discovery: Discovery,
    drivers: Sequence[Driver],
    *,
    alpha: float | None,
    starts: Sequence[int] | None,
    rng: RNG,
) -> Structure:
    """Find the structure of a panel, given its drivers and its exact sums.

    What drivers explain linearly is taken out first (Frisch-Waugh), and they become parents of
    every variable. A variable that is a linear function of others at the same step is computed
    from them.
    """
    sums = exact_sums(panel)
    left = [name for name in panel[0].names if name not in sums]
    reduced = [part.select(left) for part in panel]
    found = find_structure(
        _without_drivers(reduced, drivers, starts), max_lag, discovery, alpha=alpha, rng=rng
    )
    if not sums:
        return found
    known = [name for name in found.graph.nodes if name not in sums]
    edges = [*found.graph.subgraph(known).edges]
    edges += [f"{part} --> {total}" for total, parts in sums.items() for part in parts]
    graph = TemporalGraph.from_edges(edges, panel[0].names, max_lag=found.graph.max_lag)
    told = [f"{total!r} is computed from {listing(parts)}" for total, parts in sums.items()]
    return Structure(graph, (*found.notes, *told), tuple(sums))


def _without_drivers(
    panel: Sequence[Table], drivers: Sequence[Driver], starts: Sequence[int] | None
) -> list[Table]:
    """Give what a regression on the drivers leaves of every column."""
    if not drivers:
        return list(panel)
    steps = np.concatenate([
        np.arange(start, start + len(part))
        for part, start in zip(panel, starts or [0] * len(panel), strict=True)
    ])  # fmt: skip
    outside = np.column_stack([np.ones(len(steps)), driver_table(drivers, steps)])
    whole = np.vstack([part.values for part in panel])
    rest = whole - outside @ np.linalg.lstsq(outside, whole)[0]
    pieces = np.split(rest, np.cumsum([len(part) for part in panel])[:-1])
    return [replace(part, values=piece) for part, piece in zip(panel, pieces, strict=True)]


def exact_sums(panel: Sequence[Table]) -> dict[str, tuple[str, ...]]:
    """Give columns that are linear functions of earlier ones, and of which.

    Examples
    --------
    >>> from causalsim.data import Kind
    >>> rows = np.array([[1.0, 2.0, 3.0], [0.0, 1.0, 1.0], [5.0, 1.0, 6.0], [1.0, 0.0, 1.0]])
    >>> exact_sums([Table(("A", "B", "C"), rows, (Kind.CONTINUOUS,) * 3)])
    {'C': ('A', 'B')}
    """
    whole = np.vstack([part.values for part in panel])
    names = panel[0].names
    scaled = (whole - whole.mean(axis=0)) / whole.std(axis=0)
    free: list[int] = []
    sums = {}
    for k in range(len(names)):
        weights, *_ = np.linalg.lstsq(scaled[:, free], scaled[:, k])
        rest = scaled[:, k] - scaled[:, free] @ weights
        if rest @ rest < _EXACT * len(scaled):
            behind = np.abs(weights) > 1e-6 * np.abs(weights).max()
            sums[names[k]] = tuple(names[i] for i in np.array(free)[behind])
        else:
            free.append(k)
    return sums


def checked_panel(series: Any, max_lag: int) -> list[Table]:
    """Read a panel of numbers, or say what is wrong with it.

    Counts and two-valued columns are read as numbers, too: a simulator has to give them back.
    """
    if type(max_lag) is not int or max_lag < 1:
        raise OptionError(f"max_lag={max_lag!r}: expected a whole number of steps, at least 1.")
    parts = [_numbers(part) for part in as_list(series)]
    total = sum(map(len, parts))
    if total < _LEAST * max_lag:
        raise DataError(
            f"{total} steps for max_lag={max_lag}; a fit needs at least {_LEAST} times as many. "
            "Give a longer series or a smaller max_lag."
        )
    whole = np.vstack([part.values for part in parts])
    constant = [parts[0].names[k] for k in np.flatnonzero(np.ptp(whole, axis=0) == 0).tolist()]
    if constant:
        raise DataError(
            f"constant: {listing(constant)}; nothing can be learnt of it. Leave it out: "
            f"series.drop(columns={constant!r})."
        )
    return parts


def _numbers(part: Any) -> Table:
    kinds = None if isinstance(part, Table) else "continuous"
    table = read_table(part, kinds=kinds, missing="testwise", degenerate="keep")
    holes = np.isnan(table.values).sum(axis=0)
    if holes.any():
        where = [table.names[k] for k in np.flatnonzero(holes).tolist()]
        raise DataError(
            f"missing values: {int(holes.sum())} in {listing(where)}. Fill them, such as with "
            "series.interpolate(), or cut the series at the gaps and give a list of stretches."
        )
    return table


def _doubts(panel: Sequence[Table]) -> tuple[str, ...]:
    """Name columns that hardly ever move."""
    whole = np.vstack([part.values for part in panel])
    names, notes = panel[0].names, []
    for name, column in zip(names, whole.T, strict=True):
        share = np.unique(column, return_counts=True)[1].max() / len(column)
        if share > _STILL:
            notes.append(f"{name!r} has one value in {share:.1%} of all steps")
    return tuple(notes)
