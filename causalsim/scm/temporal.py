"""Structural causal models over time: ``x[t] = f(parents up to t, noise[t])``.

Step 0 is the first step that :meth:`TemporalSCM.sample` returns; the burn-in lies before it.
An intervention without a window acts at every step, burn-in included, so that its sample is in
the intervened regime from the start; one with ``window=(0, None)`` begins at step 0.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self, final

import numpy as np

from causalsim import _files
from causalsim._rng import RNG, check_rng
from causalsim.errors import GraphError, OptionError
from causalsim.graph.intervention import Shift, interventions
from causalsim.graph.temporal import TemporalGraph
from causalsim.scm import _abduction, _linear, _nodes, _rollout
from causalsim.scm._codec import (
    decode_action,
    decode_copula,
    decode_parts,
    encode_action,
    encode_copula,
    encode_parts,
)
from causalsim.scm._nodes import FittedNode
from causalsim.scm._series_fit import (
    Choice,
    Recipe,
    joined,
    refuse_open_edges,
    without_dependence,
)
from causalsim.scm._surgery import Actions, TemporalParts, operate_in_time
from causalsim.scm.copula import Copula
from causalsim.scm.exogenous import (
    Driver,
    decode_driver,
    driver_names,
    encode_driver,
)
from causalsim.scm.functions import FittedMechanism, Floats
from causalsim.scm.laws import FittedNoise, unit_noise
from causalsim.scm.noise import NoiseModel
from causalsim.scm.paths import Paths

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TemporalSCM"]

VERSION = 2


@final
@dataclass(frozen=True)
class TemporalSCM:
    """A structural causal model over a temporal graph.

    Parameters
    ----------
    graph : TemporalGraph
        Directed edges, and ``<->`` within a step where noises depend on each other.
    mechanisms : mapping of str to FittedMechanism
        A function for each variable; its inputs are ``graph.parents(variable)`` in that order,
        labels such as ``"X[t-1]"``.
    noises : mapping of str to FittedNoise
        The law of each variable's noise, independent over time.
    actions : sequence of (str, Intervention)
        Interventions in a time window, in the order in which they act; written by :meth:`do`.
    copula : Copula, optional
        How noises of one step depend on each other; by default they do not.
    drivers : sequence of Driver
        Clocks, trends and given columns: nodes of role ``"context"``, without mechanism.
    recipe : Recipe, optional
        How the model was fitted, for :meth:`refit`. Not part of the model's value.
    notes : sequence of str
        What was decided while fitting. Not part of the model's value.

    Raises
    ------
    GraphError
        If an edge is not directed and no dependent noises are behind it, a variable has no
        mechanism or noise, or a mechanism takes another number of parents.

    Examples
    --------
    >>> scm = TemporalSCM.from_weights({"X[t-1] --> X": 0.5, "X[t-1] --> Y": 2.0})
    >>> print(scm.do(X=1))
    X = 1
    Y = 2 X[t-1] + GaussianNoise(sd=1.0, mean=0.0)
    >>> scm.sample(100, paths=3, rng=0)
    Paths(3 x 100 steps of X, Y)
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

    # -- construction ---------------------------------------------------------------------

    @classmethod
    def from_weights(
        cls,
        weights: Mapping[str, float],
        nodes: Sequence[str] | None = None,
        *,
        noise: str | FittedNoise = "gaussian",
    ) -> Self:
        """Build a linear model from weighted edges.

        Parameters
        ----------
        weights : mapping of str to float
            Such as ``{"X[t-1] --> Y": 2.0}``.
        nodes : sequence of str, optional
            Variables and their order; by default the order of appearance.
        noise : {"gaussian", "laplace", "uniform"} or FittedNoise
            The law of every noise; a name means mean 0 and variance 1.
        """
        graph = TemporalGraph.from_edges(weights, nodes)
        by_edge = {TemporalGraph.from_edges([e]).edges[0]: w for e, w in weights.items()}
        parents = {name: graph.parents(name) for name in graph.nodes}
        weight = lambda label, child: by_edge[f"{label} --> {child}"]
        return cls(graph, *_nodes.linear_parts(parents, weight, unit_noise(noise)))

    @classmethod
    def fit(
        cls,
        graph: TemporalGraph,
        series: Any,
        *,
        mechanism: Choice = "auto",
        noise: str | NoiseModel = "auto",
        joint: str = "none",
        exogenous: Any = None,
        starts: Sequence[int] | None = None,
        rng: RNG = None,
    ) -> Self:
        """Learn mechanisms and noises of a given temporal graph.

        Parameters
        ----------
        graph : TemporalGraph
            Directed edges only.
        series : DataFrame, ndarray, path or Table, or a list of them
            One row per step, oldest first; a list is a panel of independent series.
        mechanism : str, Mechanism, or mapping of str to either
            For all variables, or by name; see ``causalsim.scm.MECHANISMS``.
        noise, rng
            As in :meth:`causalsim.SCM.fit`.
        joint : {"none", "auto", "rows", "gaussian"}
            Whether noises of one step may depend on each other, and how; see
            :func:`causalsim.scm.fit_copula`. Dependent pairs become ``<->``, unless an edge of
            the step joins them already.
        exogenous : Clock, Trend, calendar(...), DataFrame, or a list of them
            Drivers; those that the graph does not have become parents of every variable.
        starts : sequence of int, optional
            The step at which each series begins, for clocks and trends; 0 by default.

        Raises
        ------
        GraphError
            If an edge has no single direction.
        DataError
            If a column is missing or not continuous, or a series is not longer than the
            largest lag.

        Examples
        --------
        >>> truth = TemporalSCM.from_weights({"X[t-1] --> X": 0.5})
        >>> model = TemporalSCM.fit(truth.graph, truth.sample(5000, rng=0).frame(), rng=0)
        >>> model.weights().round(1)
        array([[[0. , 0.5]]])
        """
        recipe = Recipe(mechanism, noise, joint)
        return cls.assembled(*recipe.learn(graph, series, exogenous, starts, rng))

    @classmethod
    def assembled(
        cls,
        graph: TemporalGraph,
        fitted: Mapping[str, FittedNode],
        recipe: Recipe,
        drivers: Sequence[Driver] = (),
        notes: Sequence[str] = (),
    ) -> Self:
        """Put fitted nodes together, and learn how their noises depend on each other.

        Parameters
        ----------
        graph : TemporalGraph
            With the columns of the drivers.
        fitted : mapping of str to FittedNode
            One for each variable.
        recipe : Recipe
        drivers : sequence of Driver
        notes : sequence of str
        """
        copula = recipe.copula(fitted)
        functions = {name: node.function for name, node in fitted.items()}
        laws = {name: node.law for name, node in fitted.items()}
        whole = joined(graph, copula)
        told = (*notes, *_linear.stability_notes(whole, functions))
        return cls(whole, functions, laws, (), copula, tuple(drivers), recipe, told)

    def refit(self, series: Any, *, starts: Sequence[int] | None = None, rng: RNG = None) -> Self:
        """Fit the same graph, drivers and kinds of mechanism to other series.

        Parameters
        ----------
        series, starts, rng
            As in :meth:`fit`.

        Raises
        ------
        OptionError
            If the model was not fitted, or is under an intervention.
        """
        if self.recipe is None or self.actions:
            why = "is under an intervention" if self.actions else "was not fitted to data"
            raise OptionError(
                f"this model {why}, so there is nothing to repeat; write "
                "TemporalSCM.fit(model.graph, series)."
            )
        graph = without_dependence(self.graph)
        learnt = self.recipe.learn(graph, series, self.drivers, starts, rng)
        return type(self).assembled(*learnt)

    # -- sampling and intervention --------------------------------------------------------

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
        burn_in: int = 200,
        first_step: int = 0,
        rng: RNG = None,
        n_jobs: int = 1,
    ) -> Paths:
        """Draw series.

        Path k is the same for any number of paths, and two models over the same
        variables share their noise under the same seed.

        Parameters
        ----------
        steps, paths : int
        burn_in : int
            Steps before the first one returned. The history before them is 0.
        first_step : int
            Where clocks, trends and given columns stand at the first step returned; 0 is the
            first row of the series that the model was fitted to.
        rng : int, Generator or None
        n_jobs : int
            Threads over which the paths are spread, -1 for all cores; no value depends on it.

        Raises
        ------
        DivergenceError
            If values grow beyond all numbers.
        OptionError
            If an array of ``Set`` values is shorter than its window, or a given column ends.
        """
        for what, count, least in (
            ("steps", steps, 1),
            ("paths", paths, 1),
            ("burn_in", burn_in, 0),
        ):
            _nodes.check_count(what, count, least)
        values = _rollout.roll(
            self._plan,
            steps,
            paths,
            burn_in=burn_in,
            first_step=first_step,
            rng=rng,
            n_jobs=n_jobs,
        )
        return self._paths(values)

    def _paths(self, values: Floats) -> Paths:
        """Keep the variables of simulated nodes, shape (paths, steps, nodes)."""
        at = [self.graph.index(name) for name in self.variables]
        return Paths(np.ascontiguousarray(values[:, :, at]), self.variables)

    def do(self, values: Mapping[str, Any] | None = None, /, **named: Any) -> TemporalSCM:
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
        >>> from causalsim.scm import ZeroNoise
        >>> scm = TemporalSCM.from_weights({"X[t-1] --> Y": 2.0}, noise=ZeroNoise())
        >>> scm.do(X=Set(1, window=(1, 2))).sample(4).array[0, :, 1]
        array([0., 0., 2., 0.])
        """
        parts = TemporalParts(self.graph, self.mechanisms, self.noises, self.actions)
        for name, action in interventions(values, known=self.variables, **named).items():
            parts = operate_in_time(parts, name, action, self.variables)
        return TemporalSCM(*parts, self.copula, self.drivers)

    # -- counterfactuals ------------------------------------------------------------------

    def noise_of(self, series: Any, *, first_step: int = 0) -> pd.DataFrame:
        """Give the noises behind an observed series (abduction).

        Parameters
        ----------
        series : DataFrame, ndarray, path or Table
            Of all variables, without missing values.
        first_step : int
            As in :meth:`sample`.

        Returns
        -------
        DataFrame of shape (T - max_lag, variables)
            From row ``max_lag`` on, the first whose past is known.

        Raises
        ------
        OptionError
            If the noise of a variable cannot be known from what is observed.
        """
        import pandas as pd

        values = _abduction.observed(self, series, first_step)
        noise = self._paths(_abduction.abducted(self, self._plan, values)).array[0]
        depth = self.graph.max_lag
        index = range(depth, depth + len(noise))
        return pd.DataFrame(noise, columns=list(self.variables), index=index)

    def counterfactual(
        self,
        series: Any,
        do: Mapping[str, Any] | None = None,
        /,
        *,
        first_step: int = 0,
        rng: RNG = None,
    ) -> pd.DataFrame:
        """Say what an observed series would have been under an intervention.

        Abduction, action, prediction [Pearl2009]_: every step keeps its noises. Row t of the
        series is step t of the intervention's window. The first ``max_lag`` rows are history
        and stay, since their causes are not seen. Exact if the model is true; that doing
        nothing gives the series back is an identity and no evidence for the model.

        Parameters
        ----------
        series : DataFrame, ndarray, path or Table
            Of all variables, without missing values.
        do : mapping of str to value or Intervention
        first_step : int
            As in :meth:`sample`.
        rng : int, Generator or None
            For ``Replace`` only.

        Returns
        -------
        DataFrame of shape (T, variables)

        Raises
        ------
        OptionError
            If the noise of a variable cannot be known from what is observed.

        References
        ----------
        .. [Pearl2009] Pearl, *Causality*, 2nd edition, theorem 7.1.7.

        Examples
        --------
        >>> import pandas as pd
        >>> from causalsim.graph import Set
        >>> scm = TemporalSCM.from_weights({"X[t-1] --> Y": 2.0})
        >>> seen = pd.DataFrame({"X": [1.0, 0.0, 3.0], "Y": [0.5, 2.5, 1.0]})
        >>> scm.counterfactual(seen, {"X": Set(5, window=(1, 2))})
             X     Y
        0  1.0   0.5
        1  5.0   2.5
        2  3.0  11.0
        """
        values = _abduction.observed(self, series, first_step)
        changed = self.do(do)
        noise = _abduction.abducted(self, self._plan, values)
        plan = changed._plan  # noqa: SLF001  another instance of this class
        return self._paths(_abduction.carried(self, changed, plan, values, noise, rng)).frame()

    def impulse_response(
        self,
        variable: str,
        size: float = 1.0,
        *,
        steps: int = 20,
        paths: int = 200,
        burn_in: int = 200,
        rng: RNG = None,
    ) -> pd.DataFrame:
        """Give the mean effect of adding ``size`` to a variable at step 0.

        Both arms share their noise, so that the answer is exact for a linear model.

        Parameters
        ----------
        variable : str
        size : float
        steps, paths, burn_in, rng
            As in :meth:`sample`.

        Returns
        -------
        DataFrame of shape (steps, variables)

        Examples
        --------
        >>> scm = TemporalSCM.from_weights({"X[t-1] --> X": 0.5, "X[t-1] --> Y": 2.0})
        >>> scm.impulse_response("X", steps=3, paths=1, rng=0).round(9)
              X    Y
        0  1.00  0.0
        1  0.50  2.0
        2  0.25  1.0
        """
        import pandas as pd

        seed = check_rng(rng).integers(2**63)
        arms = [
            model.sample(steps, paths, burn_in=burn_in, rng=int(seed)).array
            for model in (self.do({variable: Shift(size, window=(0, 1))}), self)
        ]
        mean = (arms[0] - arms[1]).mean(axis=0)
        return pd.DataFrame(mean, columns=list(self.variables))

    # -- linear models --------------------------------------------------------------------

    def weights(self) -> Floats:
        """Give the weights of a linear model, shape (p, p, max_lag + 1).

        ``weights[i, j, l]`` belongs to ``i[t-l] --> j``, as ``graph.marks`` does.

        Raises
        ------
        OptionError
            If some mechanism is not linear.
        """
        return _linear.temporal_weights(self.graph, self.mechanisms)

    # -- files ----------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Give the model as plain values, and forests as arrays.

        Raises
        ------
        FormatError
            If a variable follows a Python function (``Replace``, ``Policy``).
        """
        content = {
            "nodes": list(self.graph.nodes),
            "edges": list(self.graph.edges),
            "max_lag": self.graph.max_lag,
            "roles": dict(zip(self.graph.nodes, self.graph.roles, strict=True)),
            **encode_parts(self.mechanisms, self.noises),
            "actions": [encode_action(name, action) for name, action in self.actions],
            "copula": None if self.copula is None else encode_copula(self.copula),
            "drivers": [encode_driver(driver) for driver in self.drivers],
            "notes": list(self.notes),
        }
        return _files.versioned("temporal_scm", VERSION, content)

    @classmethod
    def from_dict(cls, payload: Mapping[str, Any]) -> Self:
        """Rebuild a model from :meth:`to_dict`."""
        content = _files.open_versioned(payload, "temporal_scm", VERSION)
        graph = TemporalGraph.from_edges(
            content["edges"], content["nodes"], max_lag=content["max_lag"], roles=content["roles"]
        )
        actions = tuple(decode_action(action) for action in content["actions"])
        copula = content.get("copula")
        return cls(
            graph,
            *decode_parts(content),
            actions,
            None if copula is None else decode_copula(copula),
            tuple(decode_driver(driver) for driver in content.get("drivers", ())),
            notes=tuple(content.get("notes", ())),
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model: an npz if the path ends in ``.npz``, JSON otherwise.

        An npz is far smaller for forests. See :meth:`to_dict` for what cannot be written.
        """
        _files.write_content(path, self.to_dict())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a model written by :meth:`save`."""
        return cls.from_dict(_files.read_content(path))
