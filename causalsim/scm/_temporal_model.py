"""What a model over time is made of, and how it runs.

Step 0 is the first step that :meth:`TemporalModel.sample` returns; the burn-in, or the series that
paths go on from, lies before it. An intervention without a window acts at every step, burn-in
included, so that its sample is in the intervened regime from the start; one with
``window=(0, None)`` begins at step 0. A given series is never changed.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import numpy as np

from causalsim._rng import RNG
from causalsim.errors import GraphError
from causalsim.graph.intervention import interventions
from causalsim.graph.temporal import TemporalGraph
from causalsim.scm import _nodes, _rollout
from causalsim.scm._series_fit import Recipe, Start, read_window, refuse_open_edges
from causalsim.scm._surgery import Actions, TemporalParts, operate_in_time
from causalsim.scm.copula import Copula
from causalsim.scm.exogenous import Driver, driver_names
from causalsim.scm.functions import FittedMechanism, Floats
from causalsim.scm.laws import FittedNoise
from causalsim.scm.paths import Paths

__all__ = ["TemporalModel"]


@dataclass(frozen=True)
class TemporalModel(ABC):
    """A structural causal model over a temporal graph; abstract.

    Parameters
    ----------
    graph, mechanisms, noises, actions, copula, drivers, recipe, notes
        As of :class:`causalsim.TemporalSCM`, which adds fitting and files.
    """

    graph: TemporalGraph
    mechanisms: Mapping[str, FittedMechanism]
    noises: Mapping[str, FittedNoise]
    actions: Actions = ()
    copula: Copula | None = None
    drivers: tuple[Driver, ...] = ()
    recipe: Recipe | None = field(default=None, compare=False, repr=False)
    notes: tuple[str, ...] = field(default=(), compare=False, repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.graph, TemporalGraph):
            raise GraphError(
                f"graph is a {type(self.graph).__name__}; a TemporalSCM needs a TemporalGraph."
            )
        refuse_open_edges(self.graph, self.copula)
        object.__setattr__(self, "drivers", tuple(self.drivers))
        object.__setattr__(self, "notes", tuple(self.notes))
        for name in driver_names(self.drivers):
            self.graph.index(name)
        mechanisms, noises = _nodes.check_parts(self._parents, self.mechanisms, self.noises)
        object.__setattr__(self, "mechanisms", mechanisms)
        object.__setattr__(self, "noises", noises)
        object.__setattr__(self, "actions", tuple((name, act) for name, act in self.actions))
        for name, _ in self.actions:
            self.graph.index(name)

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        lines = [
            _nodes.equation(n, self._parents[n], self.mechanisms[n], self.noises[n])
            for n in self.variables
        ]
        groups = self.copula.groups if self.copula else ()
        lines += [f"dependent noise: {', '.join(group)}" for group in groups]
        return "\n".join([*lines, *(f"do {name}: {action}" for name, action in self.actions)])

    @cached_property
    def variables(self) -> tuple[str, ...]:
        """Names of what is simulated: the nodes without the drivers."""
        outside = set(driver_names(self.drivers))
        return tuple(name for name in self.graph.nodes if name not in outside)

    @cached_property
    def _parents(self) -> dict[str, tuple[str, ...]]:
        return {name: self.graph.parents(name) for name in self.variables}

    @cached_property
    def _plan(self) -> _rollout.Plan:
        return _rollout.plan(
            self.graph, self.mechanisms, self.noises, self.actions, self.copula, self.drivers
        )

    def sample(
        self,
        steps: int,
        paths: int = 1,
        *,
        start: Start = "noise",
        burn_in: int = 200,
        first_step: int | None = None,
        rng: RNG = None,
        n_jobs: int = 1,
    ) -> Paths:
        """Draw series, from nothing or as the future of a given one.

        Path k is the same for any number of paths, and two models over the same
        variables share their noise under the same seed.

        Parameters
        ----------
        steps, paths : int
        start : "noise", DataFrame, ndarray, path or Table
            ``"noise"`` begins at 0 and burns in. Every path goes on from the last rows of a
            series, one at least and ``max_lag``, without burn-in; interventions, whose step 0 is
            the first step returned, leave it as it is.
        burn_in : int
            Steps before the first one returned, without a given series alone.
        first_step : int, optional
            Where clocks, trends and given columns stand at the first step returned; 0 is the
            first row of the series that the model was fitted to. By default 0, or the number of
            rows of the given series, whose first row is then step 0.
        rng : int, Generator or None
        n_jobs : int
            Threads over which the paths are spread, -1 for all cores; no value depends on it.

        Raises
        ------
        DivergenceError
            If values grow beyond all numbers.
        DataError
            If the given series has too few rows, or a value is missing in its last ones.
        OptionError
            If an array of ``Set`` values is shorter than its window, or a given column ends.

        Examples
        --------
        >>> from causalsim.scm import TemporalSCM
        >>> scm = TemporalSCM.from_weights({"X[t-1] --> X": 0.5})
        >>> future = scm.sample(2, 10_000, start=np.array([[8.0]]), rng=0)
        >>> future.array.mean(axis=0).round(1)
        array([[4.],
               [2.]])
        """
        for what, count, least in (
            ("steps", steps, 1),
            ("paths", paths, 1),
            ("burn_in", burn_in, 0),
        ):
            _nodes.check_count(what, count, least)
        history, known = self._history(start)
        values = _rollout.roll(
            self._plan,
            steps,
            paths,
            burn_in=burn_in if history is None else 0,
            history=history,
            first_step=known if first_step is None else first_step,
            rng=rng,
            n_jobs=n_jobs,
        )
        return self._paths(values)

    def _history(self, start: Start) -> tuple[Floats | None, int]:
        """Give what paths go on from, shape (past, nodes), and how many steps are known."""
        if isinstance(start, str) and start == "noise":
            return None, 0
        window, known = read_window(start, self.variables, self._plan.past)
        history = np.zeros((len(window), len(self.graph)))
        history[:, [self.graph.index(name) for name in self.variables]] = window
        return history, known

    def _paths(self, values: Floats) -> Paths:
        """Keep the variables of simulated nodes, shape (paths, steps, nodes)."""
        at = [self.graph.index(name) for name in self.variables]
        return Paths(np.ascontiguousarray(values[:, :, at]), self.variables)

    def do(self, values: Mapping[str, Any] | None = None, /, **named: Any) -> Self:
        """Give the model after an intervention, at all times or in a window.

        Without a window a number, ``Set`` and ``Replace`` cut the edges into a variable; under
        a ``Policy`` its parents are all variables one step ago, which its rule sees. In a
        window the graph stays, since it holds outside. Later interventions act after earlier
        ones.

        Parameters
        ----------
        values : mapping of str to value or Intervention, optional
            ``Set`` also takes one value per step, counted from the start of its window, or from
            step 0 (with the first value during the burn-in).
        **named
            The same by keyword.

        Raises
        ------
        NameNotFoundError
            If a variable does not exist.
        OptionError
            If a value is neither a number nor an array of them.

        Examples
        --------
        >>> from causalsim.graph import Set
        >>> from causalsim.scm import TemporalSCM, ZeroNoise
        >>> scm = TemporalSCM.from_weights({"X[t-1] --> Y": 2.0}, noise=ZeroNoise())
        >>> scm.do(X=Set(1, window=(1, 2))).sample(4).array[0, :, 1]
        array([0., 0., 2., 0.])
        """
        parts = TemporalParts(self.graph, self.mechanisms, self.noises, self.actions)
        for name, action in interventions(values, known=self.variables, **named).items():
            parts = operate_in_time(parts, name, action, self.variables)
        return type(self)(*parts, self.copula, self.drivers)
