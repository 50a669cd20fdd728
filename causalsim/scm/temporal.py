"""Structural causal models over time: ``x[t] = f(parents up to t) + noise[t]``.

Step 0 is the first step that :meth:`TemporalSCM.sample` returns; the burn-in lies before it.
An intervention without a window acts at every step, burn-in included, so that its sample is in
the intervened regime from the start; one with ``window=(0, None)`` begins at step 0.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self, final

import numpy as np

from causalsim import _files
from causalsim._rng import RNG
from causalsim.errors import DataError, GraphError, listing
from causalsim.graph.intervention import interventions
from causalsim.graph.labels import parse_label
from causalsim.graph.temporal import TemporalGraph
from causalsim.scm import _linear, _nodes, _rollout
from causalsim.scm._surgery import Actions, TemporalParts, operate_in_time
from causalsim.scm.functions import FittedMechanism, Floats
from causalsim.scm.laws import FittedNoise, unit_noise
from causalsim.scm.mechanisms import Mechanism
from causalsim.scm.noise import NoiseModel
from causalsim.scm.paths import Paths

__all__ = ["TemporalSCM"]

VERSION = 1


@final
@dataclass(frozen=True)
class TemporalSCM:
    """A structural causal model over a temporal graph, with independent additive noises.

    Parameters
    ----------
    graph : TemporalGraph
        Directed edges only.
    mechanisms : mapping of str to FittedMechanism
        A function for each variable; its inputs are ``graph.parents(variable)`` in that order,
        labels such as ``"X[t-1]"``.
    noises : mapping of str to FittedNoise
        The law of each variable's noise, independent over time.
    actions : sequence of (str, Intervention)
        Interventions in a time window, in the order in which they act; written by :meth:`do`.

    Raises
    ------
    GraphError
        If an edge is not directed, a variable has no mechanism or noise, or a mechanism takes
        another number of parents.

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

    def __post_init__(self) -> None:
        if not isinstance(self.graph, TemporalGraph):
            raise GraphError(
                f"graph is a {type(self.graph).__name__}; a TemporalSCM needs a TemporalGraph."
            )
        other = [edge for edge in self.graph.edges if " --> " not in edge]
        if other:
            raise GraphError(
                f"a mechanism needs directed edges; {listing(other)} are not. Choose a "
                "direction, or leave these edges out."
            )
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
            for n in self.graph.nodes
        ]
        return "\n".join([*lines, *(f"do {name}: {action}" for name, action in self.actions)])

    @cached_property
    def _parents(self) -> dict[str, tuple[str, ...]]:
        return {name: self.graph.parents(name) for name in self.graph.nodes}

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
        mechanism: str | Mechanism = "auto",
        noise: str | NoiseModel = "auto",
        rng: RNG = None,
    ) -> Self:
        """Learn mechanisms and noises of a given temporal graph.

        Parameters
        ----------
        graph : TemporalGraph
            Directed edges only.
        series : DataFrame, ndarray, path or Table, or a list of them
            One row per step, oldest first; a list is a panel of independent series.
        mechanism, noise, rng
            As in :meth:`causalsim.SCM.fit`.

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
        panel = list(series) if isinstance(series, list | tuple | Paths) else [series]
        if not panel:
            raise DataError("series is an empty list; give at least one series.")
        columns = [_nodes.continuous(part, graph.nodes) for part in panel]
        short = [len(part) for part in columns if len(part) <= graph.max_lag]
        if short:
            raise DataError(f"a series has {short[0]} rows; lag {graph.max_lag} needs more.")
        rows = {name: _lagged_rows(columns, graph, name) for name in graph.nodes}
        return cls(graph, *_nodes.fit_parts(rows, mechanism, noise, rng))

    # -- sampling and intervention --------------------------------------------------------

    @cached_property
    def _plan(self) -> _rollout.Plan:
        return _rollout.plan(self.graph, self.mechanisms, self.noises, self.actions)

    def sample(self, steps: int, paths: int = 1, *, burn_in: int = 200, rng: RNG = None) -> Paths:
        """Draw series.

        Path k is the same for any number of paths, and two models over the same variables
        share their noise under the same seed.

        Parameters
        ----------
        steps, paths : int
        burn_in : int
            Steps before the first one returned. The history before them is 0.
        rng : int, Generator or None

        Raises
        ------
        DivergenceError
            If values grow beyond all numbers.
        OptionError
            If an array of ``Set`` values is shorter than its window.
        """
        for what, count, least in (
            ("steps", steps, 1),
            ("paths", paths, 1),
            ("burn_in", burn_in, 0),
        ):
            _nodes.check_count(what, count, least)
        values = _rollout.roll(self._plan, steps, paths, burn_in=burn_in, rng=rng)
        return Paths(values, self.graph.nodes)

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
        for name, action in interventions(values, known=self.graph.nodes, **named).items():
            parts = operate_in_time(parts, name, action)
        return TemporalSCM(*parts)

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
        """Give the model as plain values.

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
            **_nodes.encode_parts(self.mechanisms, self.noises),
            "actions": [_rollout.encode_action(name, action) for name, action in self.actions],
        }
        return _files.versioned("temporal_scm", VERSION, content)

    @classmethod
    def from_dict(cls, payload: Mapping[str, Any]) -> Self:
        """Rebuild a model from :meth:`to_dict`."""
        content = _files.open_versioned(payload, "temporal_scm", VERSION)
        graph = TemporalGraph.from_edges(
            content["edges"], content["nodes"], max_lag=content["max_lag"], roles=content["roles"]
        )
        actions = tuple(_rollout.decode_action(action) for action in content["actions"])
        return cls(graph, *_nodes.decode_parts(content), actions)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model as JSON; see :meth:`to_dict` for what cannot be written."""
        _files.write_text(path, _files.dump_json(self.to_dict()))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a model written by :meth:`save`."""
        return cls.from_dict(_files.load_json(path))


def _lagged_rows(
    panel: Sequence[Floats], graph: TemporalGraph, name: str
) -> tuple[Floats, Floats]:
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
