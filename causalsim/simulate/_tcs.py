"""TCS: a temporal causal model of a real series, in three phases.

References
----------
.. [TCS] Gkorgkolis, Kougioulis, Wang, Caglayan, Tonon, Simionato & Tsamardinos, Temporal
   causal-based simulation for realistic time-series generation, arXiv 2506.02084; the algorithm is
   TCS-SIMULATE of Kougioulis, *Large Causal Models for Temporal Causal Discovery*.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from causalsim._rng import RNG, spawn
from causalsim.data import Table
from causalsim.errors import listing
from causalsim.graph.temporal import TemporalGraph
from causalsim.scm._series_fit import Recipe, with_drivers
from causalsim.scm.contest import Contest
from causalsim.scm.exogenous import Driver, as_drivers
from causalsim.scm.mechanisms import Mechanism
from causalsim.scm.noise import NoiseModel
from causalsim.scm.temporal import TemporalSCM
from causalsim.simulate._doubts import doubted, doubts_of_data
from causalsim.simulate._panel import checked_panel, exact_sums, reduced
from causalsim.simulate._regimes import (
    Regimes,
    found_regimes,
    in_regimes,
    known_regimes,
    shared_structure,
)
from causalsim.simulate._space import Configuration
from causalsim.simulate._structure import Discovery, Structure, find_structure

__all__ = ["checked_panel", "recipe_of", "structure_of", "tcs"]


def tcs(
    series: Any,
    *,
    max_lag: int,
    discovery: Discovery = "pcmci_plus",
    mechanism: str | Mechanism = "auto",
    noise: str | NoiseModel = "auto",
    joint: str = "auto",
    exogenous: Any = None,
    regimes: str | int | None = None,
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
    regimes : str or int, optional
        The column of a DataFrame that holds the regime of each step, or how many regimes to find
        by their dynamics: :func:`causalsim.simulate.find_regimes`. The graph holds what acts in
        any regime; each has mechanisms and noise of its own. The regime becomes the first
        variable of the model, a Markov chain over 0, 1, ..., which begins at 0;
        ``model.do(regime=labels)`` switches at given dates instead.
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

    Warns
    -----
    FitWarning
        If a column hardly ever moves, the steps are worth too few independent ones, the model
        is explosive or close to a unit root, or regimes are fewer than asked for.

    Examples
    --------
    >>> import causalsim as cs
    >>> series = cs.datasets.macro()[["realgdp", "realcons", "unemp"]]
    >>> model = cs.tcs(series, max_lag=2, mechanism="ridge", rng=0)
    >>> model.sample(40, paths=3, rng=0)
    Paths(3 x 40 steps of realgdp, realcons, unemp)
    """
    streams = spawn(rng, 4)
    known: Regimes | None = None
    if isinstance(regimes, str):
        series, known = known_regimes(series, regimes)
    panel = checked_panel(series, max_lag)
    begin = list(starts or [0] * len(panel))
    drivers = as_drivers(exogenous, max(map(len, panel)) + max(begin))
    if regimes is not None and not isinstance(regimes, str):
        rest = reduced(panel, exact_sums(panel), drivers, begin)
        known = found_regimes(rest, regimes, max_lag, rng=streams[2])

    def find(some: Sequence[Table], where: Sequence[int]) -> Structure:
        return structure_of(
            some, max_lag, discovery, drivers, alpha=alpha, starts=where, rng=streams[0]
        )

    doubts = [*(known.doubts if known else ()), *doubts_of_data(panel)]
    notes = known.notes if known else ()
    structure = (
        shared_structure(panel, begin, known, max_lag, find) if known else find(panel, begin)
    )
    recipe = recipe_of(Configuration(discovery, mechanism, noise, joint), structure)
    graph = with_drivers(structure.graph, drivers)
    if known and known.count > 1:
        graph, panel, recipe = in_regimes(graph, panel, recipe, known)
    learnt = recipe.learn(graph, panel, drivers, starts, streams[1])
    model = TemporalSCM.assembled(*learnt, (*structure.notes, *notes))
    return doubted(model, doubts, panel, begin, streams[3])


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
    rest = reduced(panel, sums, drivers, starts)
    found = find_structure(rest, max_lag, discovery, alpha=alpha, rng=rng)
    if not sums:
        return found
    known = [name for name in found.graph.nodes if name not in sums]
    edges = [*found.graph.subgraph(known).edges]
    edges += [f"{part} --> {total}" for total, parts in sums.items() for part in parts]
    graph = TemporalGraph.from_edges(edges, panel[0].names, max_lag=found.graph.max_lag)
    told = [f"{total!r} is computed from {listing(parts)}" for total, parts in sums.items()]
    return Structure(graph, (*found.notes, *told), tuple(sums))
