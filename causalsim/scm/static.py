"""Structural causal models without time: ``x = f(parents) + noise``, node by node.

A model says what the data would be under an intervention, and, unlike a joint distribution,
what one row would have been. It is an assumption: other models with other arrows can give the
same data, so a good fit proves no arrow.

References
----------
.. [Pearl2009] Pearl, *Causality*, 2nd edition: definition 7.1.1 (models), 7.1.2 (submodels,
   :meth:`SCM.do`) and theorem 7.1.7 (abduction, action, prediction, :meth:`SCM.counterfactual`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, Self, final

import numpy as np

from causalsim import _files
from causalsim._rng import RNG, spawn
from causalsim.data import Table, read_table
from causalsim.errors import GraphError
from causalsim.graph._base import MarkedGraph
from causalsim.graph.intervention import interventions
from causalsim.graph.kinds import DAG
from causalsim.scm import _linear, _nodes
from causalsim.scm._surgery import StaticParts, operate
from causalsim.scm.functions import FittedMechanism, Floats
from causalsim.scm.laws import FittedNoise, unit_noise
from causalsim.scm.mechanisms import Mechanism
from causalsim.scm.noise import NoiseModel

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SCM"]

VERSION = 1


class _Step(NamedTuple):
    """One node of the computation, by position."""

    at: int
    parents: list[int]
    function: FittedMechanism


@final
@dataclass(frozen=True)
class SCM:
    """A structural causal model over a DAG, with independent additive noises.

    Parameters
    ----------
    graph : DAG
    mechanisms : mapping of str to FittedMechanism
        A function for each node; its inputs are ``graph.parents(node)``, in that order.
    noises : mapping of str to FittedNoise
        The law of each node's noise.

    Raises
    ------
    GraphError
        If the graph is no DAG, a node has no mechanism or noise, or a mechanism takes another
        number of parents.

    Examples
    --------
    >>> scm = SCM.from_weights({"X --> Y": 2.0, "Y --> Z": -1.0})
    >>> print(scm.do(Y=1))
    X = GaussianNoise(sd=1.0, mean=0.0)
    Y = 1
    Z = -1 Y + GaussianNoise(sd=1.0, mean=0.0)
    >>> scm.sample(3, rng=0).shape, round(scm.ate("X", "Z", 1, 0, rng=0), 6)
    ((3, 3), -2.0)
    """

    graph: DAG
    mechanisms: Mapping[str, FittedMechanism]
    noises: Mapping[str, FittedNoise]

    def __post_init__(self) -> None:
        if not isinstance(self.graph, DAG):
            raise GraphError(f"graph is a {type(self.graph).__name__}; an SCM needs a DAG.")
        parents = {name: self.graph.parents(name) for name in self.graph.nodes}
        mechanisms, noises = _nodes.check_parts(parents, self.mechanisms, self.noises)
        object.__setattr__(self, "mechanisms", mechanisms)
        object.__setattr__(self, "noises", noises)

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return "\n".join(
            _nodes.equation(n, self.graph.parents(n), self.mechanisms[n], self.noises[n])
            for n in self.graph.nodes
        )

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
            Such as ``{"X --> Y": 2.0}``.
        nodes : sequence of str, optional
            Names and their order; by default the order of appearance.
        noise : {"gaussian", "laplace", "uniform"} or FittedNoise
            The law of every noise; a name means mean 0 and variance 1.
        """
        graph = DAG.from_edges(weights, nodes)
        by_edge = {DAG.from_edges([edge]).edges[0]: w for edge, w in weights.items()}
        parents = {name: graph.parents(name) for name in graph.nodes}
        weight = lambda parent, child: by_edge[f"{parent} --> {child}"]
        return cls(graph, *_nodes.linear_parts(parents, weight, unit_noise(noise)))

    @classmethod
    def fit(
        cls,
        graph: MarkedGraph,
        data: Any,
        *,
        mechanism: str | Mechanism = "auto",
        noise: str | NoiseModel = "auto",
        rng: RNG = None,
    ) -> Self:
        """Learn mechanisms and noises of a given graph from continuous columns.

        Parameters
        ----------
        graph : DAG, or any static graph with directed edges only
        data : DataFrame, ndarray, path or Table
            Has a column for every node; other columns are ignored.
        mechanism : {"auto", "linear", "additive"} or Mechanism
            ``"auto"`` is linear unless splines predict held-out rows clearly better.
        noise : {"auto", "gaussian", "laplace", "uniform", "empirical"} or NoiseModel
            ``"auto"`` is Gaussian unless the residuals speak against it, then empirical.
            Residuals are those of the rows that the mechanism was learnt from, enlarged by
            sqrt((n - 1) / (n - 1 - df)) for the df degrees of freedom that learning took.
        rng : int, Generator or None
            For the folds of ``mechanism="auto"``.

        Raises
        ------
        GraphError
            If an edge has no single direction.
        DataError
            If a column is missing or not continuous.

        Examples
        --------
        >>> truth = SCM.from_weights({"X --> Y": 2.0})
        >>> model = SCM.fit(truth.graph, truth.sample(2000, rng=0), rng=0)
        >>> model.weights()[0, 1].round(1)
        np.float64(2.0)
        """
        dag = _nodes.as_dag(graph)
        values = _nodes.continuous(data, dag.nodes)
        rows = {
            name: (values[:, dag.indices(dag.parents(name))], values[:, i])
            for i, name in enumerate(dag.nodes)
        }
        fitted = _nodes.fit_parts(rows, mechanism, noise, rng)
        functions = {name: node.function for name, node in fitted.items()}
        return cls(dag, functions, {name: node.law for name, node in fitted.items()})

    # -- sampling -------------------------------------------------------------------------

    @cached_property
    def _steps(self) -> list[_Step]:
        graph = self.graph
        return [
            _Step(graph.index(n), graph.indices(graph.parents(n)), self.mechanisms[n])
            for n in graph.topological_order()
        ]

    def _draw(self, n: int, rng: RNG) -> Floats:
        """Draw noise, shape (p, n); every node has its own stream, so that models share them."""
        streams = spawn(rng, len(self.graph))
        noise = np.empty((len(self.graph), n))
        for row, law, stream in zip(noise, self.noises.values(), streams, strict=True):
            row[:] = law.sample(n, stream)
        return noise

    def _run(self, noise: Floats) -> Floats:
        """Compute all nodes from their noises, shape (p, n)."""
        values = noise.copy()
        for at, parents, function in self._steps:
            values[at] = function.value(values[parents].T, values[at])
        return values

    def _frame(self, values: Floats) -> pd.DataFrame:
        import pandas as pd

        return pd.DataFrame(values.T, columns=list(self.graph.nodes))

    def sample(self, n: int, *, rng: RNG = None) -> pd.DataFrame:
        """Draw n rows.

        Two models over the same nodes share their noise under the same seed: with
        ``rng=0``, rows of ``scm`` and of ``scm.do(...)`` differ by the intervention alone.

        Parameters
        ----------
        n : int
        rng : int, Generator or None

        Returns
        -------
        DataFrame of shape (n, p)
            Columns in node order.
        """
        _nodes.check_count("n", n, 0)
        return self._frame(self._run(self._draw(n, rng)))

    # -- intervention ---------------------------------------------------------------------

    def do(self, values: Mapping[str, Any] | None = None, /, **named: Any) -> SCM:
        """Give the model after an intervention.

        A number or ``Set`` and ``Replace`` cut the edges into a variable, ``Shift`` keeps them.
        Under a ``Policy`` a variable's parents are all variables before it in
        ``graph.topological_order()``, since its rule may look at each of them.

        Parameters
        ----------
        values : mapping of str to value or Intervention, optional
            For names that are no Python identifiers.
        **named
            The same by keyword.

        Raises
        ------
        NameNotFoundError
            If a variable does not exist.
        OptionError
            If a value is no number, or an intervention has a time window.

        Examples
        --------
        >>> from causalsim.graph import Shift
        >>> scm = SCM.from_weights({"X --> Y": 2.0})
        >>> scm.do(Y=3).graph == scm.graph.do("Y"), scm.do(Y=Shift(3)).graph == scm.graph
        (True, True)
        """
        parts = StaticParts(self.graph, self.mechanisms, self.noises)
        for name, action in interventions(values, known=self.graph.nodes, **named).items():
            parts = operate(parts, name, action)
        return SCM(*parts)

    def ate(
        self,
        treatment: str,
        outcome: str,
        treated: float = 1.0,
        control: float = 0.0,
        *,
        n: int = 10_000,
        rng: RNG = None,
    ) -> float:
        """Give the average effect of setting ``treatment`` to one value rather than another.

        Both arms use the same n draws of noise, so for linear models the answer is exact.

        Parameters
        ----------
        treatment, outcome : str
        treated, control : float
            The two values.
        n : int
            Draws.
        rng : int, Generator or None
        """
        _nodes.check_count("n", n, 1)
        at, noise = self.graph.index(outcome), self._draw(n, rng)
        arms = [
            self._carried(self.do({treatment: value}), noise, None)[at].mean()
            for value in (treated, control)
        ]
        return float(arms[0] - arms[1])

    # -- counterfactuals ------------------------------------------------------------------

    def _observed(self, data: Any) -> Floats:
        """Read rows of all nodes, shape (p, n); a single row is enough."""
        nodes = self.graph.nodes
        if not isinstance(data, Table):
            data = read_table(data, kinds=dict.fromkeys(nodes, "continuous"), degenerate="keep")
        return _nodes.columns(data, nodes).T

    def _abducted(self, data: Any) -> Floats:
        values = self._observed(data)
        noise = np.empty_like(values)
        for at, parents, function in self._steps:
            noise[at] = function.residual(values[parents].T, values[at])
        return noise

    def _carried(self, changed: SCM, noise: Floats, rng: RNG) -> Floats:
        """Run a changed model with this model's noises, drawing only those that it replaced."""
        carried = noise.copy()
        streams = spawn(rng, len(self.graph))
        for i, (name, stream) in enumerate(zip(self.graph.nodes, streams, strict=True)):
            if changed.noises[name] is not self.noises[name]:
                carried[i] = changed.noises[name].sample(noise.shape[1], stream)
        return changed._run(carried)

    def noise_of(self, data: Any) -> pd.DataFrame:
        """Give the noises behind observed rows (abduction): the residuals.

        Parameters
        ----------
        data : DataFrame, ndarray, path or Table
            Rows of all variables, without missing values.

        Returns
        -------
        DataFrame of shape (n, p)
        """
        return self._frame(self._abducted(data))

    def counterfactual(
        self, data: Any, do: Mapping[str, Any] | None = None, /, *, rng: RNG = None
    ) -> pd.DataFrame:
        """Say what observed rows would have been under an intervention.

        Abduction, action, prediction: each row keeps its own noises. Exact if the model is
        true; no data can test a counterfactual of a single row.

        Parameters
        ----------
        data : DataFrame, ndarray, path or Table
            Rows of all variables, without missing values.
        do : mapping of str to value or Intervention
        rng : int, Generator or None
            For ``Replace`` only.

        Returns
        -------
        DataFrame of shape (n, p)

        Examples
        --------
        >>> import pandas as pd
        >>> scm = SCM.from_weights({"X --> Y": 2.0})
        >>> scm.counterfactual(pd.DataFrame({"X": [1.0], "Y": [2.5]}), {"X": 0})
             X    Y
        0  0.0  0.5
        """
        return self._frame(self._carried(self.do(do), self._abducted(data), rng))

    # -- linear models --------------------------------------------------------------------

    def weights(self) -> Floats:
        """Give the weights of a linear model: ``weights[i, j]`` of ``i --> j``, shape (p, p).

        Raises
        ------
        OptionError
            If some mechanism is not linear.
        """
        return _linear.static_weights(self.graph, self.mechanisms)

    def covariance(self) -> Floats:
        """Give the population covariance of a linear model, shape (p, p).

        With B[j, i] the weight of ``i --> j`` and D the noise variances: (I - B)^-1 D (I - B)^-T.

        Raises
        ------
        OptionError
            If a mechanism is not linear, or the variance of a noise is not known.

        Examples
        --------
        >>> SCM.from_weights({"X --> Y": 2.0}).covariance()
        array([[1., 2.],
               [2., 5.]])
        """
        return _linear.covariance(self.graph, self.mechanisms, self.noises)

    # -- files ----------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Give the model as plain values, and forests as arrays.

        Raises
        ------
        FormatError
            If a node follows a Python function (``Replace``, ``Policy``, ``RuleFunction``).
        """
        content = {
            "nodes": list(self.graph.nodes),
            "edges": list(self.graph.edges),
            **_nodes.encode_parts(self.mechanisms, self.noises),
        }
        return _files.versioned("scm", VERSION, content)

    @classmethod
    def from_dict(cls, payload: Mapping[str, Any]) -> Self:
        """Rebuild a model from :meth:`to_dict`."""
        content = _files.open_versioned(payload, "scm", VERSION)
        graph = DAG.from_edges(content["edges"], content["nodes"])
        return cls(graph, *_nodes.decode_parts(content))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model: an npz if the path ends in ``.npz``, JSON otherwise.

        An npz is far smaller for forests. See :meth:`to_dict` for what cannot be written.
        """
        _files.write_content(path, self.to_dict())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a model written by :meth:`save`."""
        return cls.from_dict(_files.read_content(path))
