"""Structural causal models over time: ``x[t] = f(parents up to t, noise[t])``."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, Self, final

from causalsim import _files
from causalsim._rng import RNG
from causalsim.errors import OptionError
from causalsim.graph.temporal import TemporalGraph
from causalsim.scm import _linear, _nodes
from causalsim.scm._abduction import Counterfactuals
from causalsim.scm._codec import (
    decode_action,
    decode_copula,
    decode_parts,
    encode_action,
    encode_copula,
    encode_parts,
)
from causalsim.scm._nodes import FittedNode
from causalsim.scm._series_fit import Choice, Recipe, joined, without_dependence
from causalsim.scm.exogenous import Driver, decode_driver, encode_driver
from causalsim.scm.functions import Floats
from causalsim.scm.laws import FittedNoise, unit_noise
from causalsim.scm.noise import NoiseModel

__all__ = ["TemporalSCM"]

VERSION = 2


@final
class TemporalSCM(Counterfactuals):
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
        """Repeat the fit on other series: the same directed edges, drivers and recipe.

        What the recipe leaves open is chosen anew, such as ``"auto"`` mechanisms and which noises
        depend on each other (``<->``).

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
