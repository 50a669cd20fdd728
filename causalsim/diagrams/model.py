"""Causal models: a graph, and what its boxes mean or what was observed of them."""

from __future__ import annotations

import os
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, final

import numpy as np
from numpy.typing import ArrayLike

from causalsim.diagrams._estimand import Estimand
from causalsim.diagrams._identify import identify
from causalsim.diagrams._sources import (
    EVERY,
    Joint,
    Source,
    Tables,
    fitted_network,
    fixed,
    observed_law,
)
from causalsim.diagrams.distribution import Distribution
from causalsim.diagrams.hedge import NotIdentifiable
from causalsim.diagrams.surgery import set_state
from causalsim.diagrams.syntax import Diagram
from causalsim.errors import DataError, OptionError, PositivityError
from causalsim.graph._base import Names, as_names
from causalsim.graph.intervention import Set, interventions
from causalsim.graph.kinds import ADMG, DAG
from causalsim.graph.network import DiscreteNetwork

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CausalModel"]

Values = Mapping[str, Hashable]


@final
@dataclass(frozen=True, eq=False, repr=False)
class CausalModel:
    """A causal graph with a meaning: it answers what is seen, and what would be after surgery.

    Made by :meth:`from_cpts`, :meth:`from_bif` and :meth:`from_network` (every box has a table),
    by :meth:`from_joint` (only the law of what is observed is known, and effects are identified
    first), or by :meth:`fit`.

    Parameters
    ----------
    source : Source
    done : mapping of str to state
        Variables that are held.

    Examples
    --------
    >>> joint = [[[0.5, 0.1], [0.01, 0.02]], [[0.1, 0.05], [0.02, 0.2]]]
    >>> smoking = ADMG.from_edges(["S --> T", "T --> C", "S <-> C"])
    >>> model = CausalModel.from_joint(smoking, joint)
    >>> model.query("C", do={"S": 1})
    Distribution(C: 0: 0.4577, 1: 0.5423)
    >>> model.query("C", given={"S": 1})
    Distribution(C: 0: 0.3243, 1: 0.6757)
    >>> round(model.ate("S", "C", 1, 0), 4)
    0.2888
    >>> print(model.do(S=1).diagram)
    U(S,C) = U(S,C)()
    S = |1>
    T = T(S)
    C = C(T, U(S,C))
    return S, T, C
    """

    source: Source
    done: Values = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "done", MappingProxyType(dict(self.done)))

    @classmethod
    def from_joint(cls, graph: DAG | ADMG, joint: Distribution | ArrayLike) -> CausalModel:
        """Start from the joint law of all nodes, whatever else is hidden.

        Parameters
        ----------
        graph : DAG or ADMG
        joint : Distribution or array
            An array has its axes in the order of the nodes.
        """
        law = joint if isinstance(joint, Distribution) else Distribution(joint, graph.nodes)
        if set(law.variables) != set(graph.nodes) or law.given:
            raise DataError(
                f"{law!r} for a graph of {graph.nodes}; expected the joint law of all its nodes."
            )
        return cls(Joint(graph, law))

    @classmethod
    def from_network(cls, network: DiscreteNetwork) -> CausalModel:
        """Start from a network, such as ``causalsim.datasets.network("asia")``."""
        return cls(Tables(network))

    @classmethod
    def from_cpts(
        cls,
        dag: DAG,
        tables: Mapping[str, ArrayLike],
        states: Mapping[str, Any] | None = None,
    ) -> CausalModel:
        """Start from conditional probability tables.

        Parameters
        ----------
        dag : DAG
        tables : mapping of str to array
            One axis for each parent in the order of ``dag.parents``, and last one for the node.
        states : mapping of str to sequence, optional
            Names of the states; "0", "1", ... if left out.
        """
        arrays = {name: np.asarray(table, np.float64) for name, table in tables.items()}
        known = {name: tuple(map(str, range(t.shape[-1]))) for name, t in arrays.items()}
        return cls.from_network(DiscreteNetwork(dag, {**known, **(states or {})}, arrays))

    @classmethod
    def from_bif(cls, path: str | os.PathLike[str]) -> CausalModel:
        """Start from a BIF file."""
        from causalsim.graph.io import from_bif

        return cls.from_network(from_bif(Path(path).read_text(encoding="utf-8")))

    @classmethod
    def fit(
        cls,
        graph: DAG | ADMG,
        data: pd.DataFrame,
        *,
        latents: Names = (),
        smoothing: float = 0,
    ) -> CausalModel:
        """Learn from rows of discrete columns by counting.

        Parameters
        ----------
        graph : DAG or ADMG
            With an ADMG or ``latents`` only the joint law is learnt, and effects are identified.
        data : DataFrame
        latents : str or sequence of str
            Nodes that were not observed.
        smoothing : float
            Added to the count of every cell of every table; only for a DAG without latents.

        Raises
        ------
        PositivityError
            If a state of some parents never occurs and there is no smoothing.
        """
        hidden = as_names(latents)
        if isinstance(graph, DAG) and not hidden:
            return cls.from_network(fitted_network(graph, data, smoothing))
        if smoothing:
            raise OptionError("smoothing= is for a DAG without latents; positivity needs counts.")
        seen = graph.project(hidden) if hidden else graph
        return cls(Joint(seen, observed_law(seen, data)))

    def __repr__(self) -> str:
        kind = "joint law" if isinstance(self.source, Joint) else "tables"
        held = "".join(f", {name}={value!r} held" for name, value in self.done.items())
        return f"CausalModel({kind} of {len(self.graph)} variables{held})"

    def _repr_html_(self) -> str | None:
        return self.graph._repr_html_()

    @property
    def graph(self) -> DAG | ADMG:
        """The graph, without the edges that surgery has cut."""
        return self.source.graph.do(tuple(self.done)) if self.done else self.source.graph

    @property
    def diagram(self) -> Diagram:
        """The string diagram, after surgery."""
        return set_state(self.done)(self.source.diagram) if self.done else self.source.diagram

    def do(self, values: Values | None = None, /, **named_values: Hashable) -> CausalModel:
        """Hold variables at states: a new model, whose diagram is cut there.

        Parameters
        ----------
        values, **named_values
            State by variable; a later value for a variable replaces an earlier one.

        Raises
        ------
        OptionError
            For an intervention that is no ``Set``.
        """
        found = interventions(values, known=self.source.states, **named_values)
        held = {}
        for name, each in found.items():
            if not isinstance(each, Set):
                raise OptionError(f"{name}={each!r}: tables take states; write {name}=state.")
            held[name] = each.value
        return CausalModel(self.source, {**self.done, **fixed(held, self.source.states)})

    def query(
        self,
        outcome: Names,
        do: Values | Names | None = None,
        given: Values | Names | None = None,
    ) -> Distribution:
        """Give P(outcome | do, given).

        Parameters
        ----------
        outcome : str or sequence of str
        do, given : mapping of str to state, or names
            Names alone keep all their states as axes. What is held already stays held; another
            state here replaces it.

        Returns
        -------
        Distribution

        Raises
        ------
        NotIdentifiableError
            If a joint law and the graph do not determine it.
        PositivityError
            If it asks for what has probability zero.
        """
        states = self.source.states
        held = {**self.done, **fixed(do, states)}
        seen, wanted = fixed(given, states), as_names(outcome)
        for name in wanted:
            if name in held or name in seen:
                raise OptionError(f"{name!r} is held or given; ask for another variable.")
        for name in held.keys() & seen.keys():
            if EVERY in {held[name], seen[name]}:
                raise OptionError(f"{name!r} is held and given; name one state, or leave one out.")
            if seen[name] != held[name]:
                raise PositivityError(
                    f"{name}={seen[name]} cannot be seen under do({name}={held[name]})."
                )
            del seen[name]
        return self.source.law(wanted, held, seen)

    def identify(
        self, outcome: Names, do: Names = (), given: Names = ()
    ) -> Estimand | NotIdentifiable:
        """Express an effect in what can be observed; see :func:`causalsim.identify`."""
        return identify(self.source.graph, outcome, do, given)

    def ate(
        self,
        treatment: str,
        outcome: str,
        treated: Hashable = 1,
        control: Hashable = 0,
        *,
        scores: Mapping[Hashable, float] | None = None,
    ) -> float:
        """Give the difference that the treatment makes to the mean of the outcome.

        Parameters
        ----------
        treatment, outcome : str
        treated, control : state
        scores : mapping of state to float, optional
            Number of each state of the outcome; by default the states as numbers.

        Raises
        ------
        OptionError
            If the states of the outcome are no numbers and there are no scores.
        """
        states = self.source.states[self.graph.nodes[self.graph.index(outcome)]]
        try:
            numbers = np.array([float((scores or {}).get(s, s)) for s in states])  # type: ignore[arg-type]
        except (TypeError, ValueError) as error:
            example = {state: k for k, state in enumerate(states)}
            raise OptionError(
                f"the states of {outcome!r} are no numbers: {states}; give scores={example}."
            ) from error
        first, second = (
            self.query(outcome, do={treatment: state}).array() for state in (treated, control)
        )
        return float((first - second) @ numbers)
