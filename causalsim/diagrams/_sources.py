"""What a causal model computes from: tables of every box, or the joint law of what is observed."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Protocol, final

import numpy as np

from causalsim.diagrams._estimand import Estimand
from causalsim.diagrams._identify import identify
from causalsim.diagrams._plans import Evaluator
from causalsim.diagrams.distribution import Distribution
from causalsim.diagrams.syntax import Diagram
from causalsim.errors import DataError, NameNotFoundError, NotIdentifiableError, PositivityError
from causalsim.graph._base import Names, as_names
from causalsim.graph.kinds import ADMG, DAG
from causalsim.graph.network import DiscreteNetwork

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["EVERY", "Joint", "Source", "Tables", "fitted_network", "fixed", "observed_law"]

States = Mapping[str, tuple[Hashable, ...]]
Fixed = Mapping[str, Hashable]
EVERY = None


class Source(Protocol):
    """One regime of a causal model."""

    @property
    def graph(self) -> DAG | ADMG:
        """The graph."""

    @property
    def states(self) -> States:
        """The states of each observed variable."""

    @property
    def diagram(self) -> Diagram:
        """The state of the graph as a string diagram."""

    def law(self, outcome: tuple[str, ...], do: Fixed, given: Fixed) -> Distribution:
        """Give P(outcome | do, given); variables without a state keep theirs as axes."""


@final
class Tables:
    """Complete: every box has a table.

    Parameters
    ----------
    network : DiscreteNetwork
    """

    def __init__(self, network: DiscreteNetwork) -> None:
        self.network = network
        self.graph = network.dag
        self.states: States = network.states

    @cached_property
    def diagram(self) -> Diagram:
        """The state of the graph as a string diagram."""
        return Diagram.from_dag(self.graph)

    @cached_property
    def evaluator(self) -> Evaluator:
        """The compiled tables."""
        return Evaluator.from_network(self.network)

    def law(self, outcome: tuple[str, ...], do: Fixed, given: Fixed) -> Distribution:
        """Contract the tables after surgery."""
        every = {**do, **given}
        over = tuple(name for name, state in every.items() if state is EVERY)
        plan = self.evaluator.plan(outcome, tuple(do), tuple(given), over)
        codes = {n: self.states[n].index(state) for n, state in every.items() if n not in over}
        names = (*over, *outcome)
        return Distribution(plan(codes), names, {n: self.states[n] for n in names}, over)


@final
class Joint:
    """Observational: the joint law of what is observed, and a graph that may hide causes.

    Parameters
    ----------
    graph : DAG or ADMG
    joint : Distribution
    """

    def __init__(self, graph: DAG | ADMG, joint: Distribution) -> None:
        self.graph = graph
        self.joint = joint
        self.states: States = joint.states

    @cached_property
    def diagram(self) -> Diagram:
        """The state of the graph as a string diagram; hidden causes are roots."""
        graph = self.graph
        return Diagram.from_dag(graph) if isinstance(graph, DAG) else Diagram.from_admg(graph)

    def law(self, outcome: tuple[str, ...], do: Fixed, given: Fixed) -> Distribution:
        """Identify, and evaluate the estimand on the joint law.

        Raises
        ------
        NotIdentifiableError
            If graph and joint law do not determine it; it names the hedge.
        """
        found = identify(self.graph, outcome, tuple(do), tuple(given))
        if not isinstance(found, Estimand):
            raise NotIdentifiableError(found.summary())
        chosen = {n: state for n, state in {**do, **given}.items() if state is not EVERY}
        return found.evaluate(self.joint, at=chosen)


def observed_law(graph: DAG | ADMG, data: pd.DataFrame) -> Distribution:
    """Count the rows of the variables of a graph.

    Raises
    ------
    DataError
        If a node is no column.
    """
    missing = [name for name in graph.nodes if name not in data.columns]
    if missing:
        raise DataError(
            f"{missing[0]!r} is in the graph and not in the data; if it was never observed, "
            f"declare it: latents={missing!r}."
        )
    return Distribution.from_frame(data, graph.nodes)


def fitted_network(dag: DAG, data: pd.DataFrame, smoothing: float) -> DiscreteNetwork:
    """Learn every table by counting.

    Parameters
    ----------
    dag : DAG
    data : DataFrame
    smoothing : float
        Added to the count of every cell.

    Raises
    ------
    PositivityError
        Without smoothing, if a state of some parents never occurs; it names the state.
    """
    law, tables = observed_law(dag, data), {}
    for name in dag.nodes:
        names = (*dag.parents(name), name)
        counts = law.marginal(names).array(*names) * len(data) + smoothing
        total = counts.sum(axis=-1, keepdims=True)
        if (total == 0).any():
            empty = np.argwhere(total[..., 0] == 0)[0]
            cell = ", ".join(
                f"{parent}={law.states[parent][k]}"
                for parent, k in zip(names, empty, strict=False)
            )
            raise PositivityError(
                f"no row has {cell}, so P({name} | {cell}) is unknown; give smoothing=1, or merge "
                "states."
            )
        tables[name] = counts / total
    states = {name: tuple(map(str, law.states[name])) for name in dag.nodes}
    return DiscreteNetwork(dag, states, tables)


def fixed(values: Mapping[str, Hashable] | Names | None, states: States) -> dict[str, Hashable]:
    """Give the state of each variable of ``do`` or ``given``, as the model writes it.

    Parameters
    ----------
    values : mapping of str to state, or names, or None
        Names alone stand for all their states.
    states : mapping of str to tuple
    """
    chosen = (
        values if isinstance(values, Mapping) else dict.fromkeys(as_names(values or ()), EVERY)
    )
    found = {}
    for name, value in chosen.items():
        if name not in states:
            raise NameNotFoundError.from_names("variable", name, states)
        texts = {str(state): state for state in states[name]}
        if value is not EVERY and value not in states[name] and str(value) not in texts:
            raise NameNotFoundError.from_names(f"state of {name!r}", value, texts)
        known = value is EVERY or value in states[name]
        found[name] = value if known else texts[str(value)]
    return found
