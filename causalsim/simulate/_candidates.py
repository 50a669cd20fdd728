"""Fitting many configurations at once: what they share is found and learnt once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np

from causalsim._parallel import Progress, parallel_map
from causalsim.data import Table
from causalsim.errors import CausalSimError
from causalsim.scm import _nodes
from causalsim.scm._series_fit import read_panel, with_drivers
from causalsim.scm.exogenous import Driver, as_drivers, driver_names
from causalsim.scm.temporal import TemporalSCM
from causalsim.simulate._space import Configuration
from causalsim.simulate._structure import Structure
from causalsim.simulate._tcs import recipe_of, structure_of

__all__ = ["Candidate", "fit_candidates"]

Result = TypeVar("Result")
Failure = str


class Candidate(NamedTuple):
    """A fitted configuration, or why it could not be fitted."""

    configuration: Configuration
    model: TemporalSCM | None
    error: Failure = ""


def fit_candidates(
    configurations: Sequence[Configuration],
    panel: Sequence[Table],
    starts: Sequence[int],
    steps: int,
    max_lag: int,
    *,
    seed: int,
    n_jobs: int = 1,
    progress: bool | Progress = False,
) -> list[Candidate]:
    """Fit every configuration to the same panel.

    Configurations with the same discovery and drivers share a structure; nodes with the same
    parents, mechanism and noise are learnt once. A failure is recorded and harms no other.

    Parameters
    ----------
    configurations : sequence of Configuration
    panel : sequence of Table
    starts : sequence of int
        Step at which each series begins.
    steps : int
        Length of the whole series, which trends span.
    max_lag : int
    seed : int
    n_jobs : int
    progress : bool or callable

    Returns
    -------
    list of Candidate
        In the order of the configurations.
    """
    drivers = [as_drivers(each.exogenous, steps) for each in configurations]
    keys = [_structure_key(c, d) for c, d in zip(configurations, drivers, strict=True)]
    structures = _each_once(
        _structure,
        {
            key: (panel, starts, max_lag, each, outside, seed)
            for key, each, outside in zip(keys, configurations, drivers, strict=True)
        },
        n_jobs,
        progress,
        "structures",
    )
    plans = [
        _plan(each, structures[key], outside, panel, starts, seed)
        for each, key, outside in zip(configurations, keys, drivers, strict=True)
    ]
    jobs = {key: task for plan in plans for key, task in plan.jobs.items()}
    nodes = _each_once(_node, jobs, n_jobs, progress, "mechanisms")
    return [plan.assembled(nodes) for plan in plans]


class _Plan(NamedTuple):
    """A configuration with a structure: which nodes it needs, and what they are to become."""

    configuration: Configuration
    structure: Structure | None
    drivers: tuple[Driver, ...]
    keys: Mapping[str, Hashable]
    jobs: Mapping[Hashable, tuple[Any, ...]]
    error: Failure = ""

    def assembled(self, nodes: Mapping[Hashable, Any]) -> Candidate:
        failed = [nodes[key] for key in self.keys.values() if isinstance(nodes[key], Failure)]
        if self.structure is None or failed:
            return Candidate(self.configuration, None, self.error or failed[0])
        fitted = {name: nodes[key] for name, key in self.keys.items()}
        recipe = recipe_of(self.configuration, self.structure)
        try:
            model = TemporalSCM.assembled(
                self.structure.graph, fitted, recipe, self.drivers, self.structure.notes
            )
        except CausalSimError as error:
            return Candidate(self.configuration, None, str(error))
        return Candidate(self.configuration, model)


def _plan(
    configuration: Configuration,
    structure: Structure | Failure,
    drivers: tuple[Driver, ...],
    panel: Sequence[Table],
    starts: Sequence[int],
    seed: int,
) -> _Plan:
    if isinstance(structure, Failure):
        return _Plan(configuration, None, drivers, {}, {}, structure)
    graph = with_drivers(structure.graph, drivers)
    recipe = recipe_of(configuration, structure)
    columns = read_panel(panel, graph, drivers, starts).series
    variables = [name for name in graph.nodes if name not in driver_names(drivers)]
    try:
        tasks = recipe.tasks(graph, columns, variables, seed)
    except CausalSimError as error:
        return _Plan(configuration, None, drivers, {}, {}, str(error))
    keys = {
        name: (name, graph.parents(name), task[2], task[3], drivers)
        for name, task in tasks.items()
    }
    return _Plan(
        configuration,
        structure._replace(graph=graph),
        drivers,
        keys,
        {keys[name]: task for name, task in tasks.items()},
    )


def _structure_key(configuration: Configuration, drivers: tuple[Driver, ...]) -> Hashable:
    return configuration.discovery, configuration.alpha, drivers


def _structure(
    panel: Sequence[Table],
    starts: Sequence[int],
    max_lag: int,
    configuration: Configuration,
    drivers: tuple[Driver, ...],
    seed: int,
) -> Structure | Failure:
    alpha, discovery = configuration.alpha, configuration.discovery
    try:
        return structure_of(
            panel, max_lag, discovery, drivers, alpha=alpha, starts=starts, rng=seed
        )
    except (CausalSimError, np.linalg.LinAlgError) as error:
        return f"{type(error).__name__}: {error}"


def _node(*task: Any) -> _nodes.FittedNode | Failure:
    try:
        return _nodes.fit_node(*task)
    except (CausalSimError, np.linalg.LinAlgError) as error:
        return f"{type(error).__name__}: {error}"


def _each_once(
    function: Callable[..., Result],
    tasks: Mapping[Hashable, tuple[Any, ...]],
    n_jobs: int,
    progress: bool | Progress,
    message: str,
) -> dict[Hashable, Result]:
    results = parallel_map(
        function, list(tasks.values()), n_jobs=n_jobs, progress=progress, message=message
    )
    return dict(zip(tasks, results, strict=True))
