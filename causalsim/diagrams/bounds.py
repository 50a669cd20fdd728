"""Sharp bounds on effects of discrete variables, by linear programming over response types.

All that hidden causes can do to the variables of a district is to decide how each responds to its
parents: a *response type* is one function for each variable. The law of the types is free, but
for what the data say: the c-factor of the district, P(s | do(parents of s)). An effect is linear
in that law, and its least and greatest values are two linear programs.

The bounds are sharp if the district is a clique of ``<->`` edges (one common cause of all) and
valid otherwise. For an instrument they are those of Balke & Pearl, for a bow those of Manski.

References
----------
.. [Balke1997] Balke & Pearl, Bounds on treatment effects from studies with imperfect
   compliance, JASA 92.
.. [Manski1990] Manski, Nonparametric bounds on treatment effects, American Economic Review 80.
.. [Sachs2023] Sachs, Jonzon, Sjolander & Gabriel, A general method for deriving tight symbolic
   bounds on causal effects, JCGS 32.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from itertools import combinations
from typing import NamedTuple

from causalsim.diagrams._formulas import contract
from causalsim.diagrams._response_types import Factor
from causalsim.diagrams.distribution import Distribution
from causalsim.errors import GraphError, NotIdentifiableError, OptionError
from causalsim.graph.kinds import ADMG, DAG

__all__ = ["Bounds", "bounds"]

State = Mapping[str, Hashable]
_POINT = 1e-9


class Bounds(NamedTuple):
    """The least and the greatest value; ``sharp`` if both occur in a model that fits the data."""

    lower: float
    upper: float
    sharp: bool


def bounds(
    graph: DAG | ADMG, joint: Distribution, outcome: State, do: State, *, limit: int = 20_000
) -> Bounds:
    """Bound P(outcome | do) from the law of the observed variables.

    Parameters
    ----------
    graph : DAG or ADMG
        Over the variables of ``joint``.
    joint : Distribution
    outcome, do : mapping of str to state
    limit : int
        The most response types of one district.

    Raises
    ------
    LimitError
        If a district has more response types.
    NotIdentifiableError
        If two districts leave their factors open: the effect is then no linear function.
    DataError
        If no model of the graph gives this law.
    GraphError
        If the graph is of another kind, or a variable stands in ``outcome`` and ``do``.

    References
    ----------
    [Balke1997]_, [Manski1990]_, [Sachs2023]_.

    Examples
    --------
    >>> bow = ADMG.from_edges(["X --> Y", "X <-> Y"])
    >>> joint = Distribution([[0.4, 0.1], [0.2, 0.3]], ["X", "Y"])
    >>> bounds(bow, joint, {"Y": 1}, do={"X": 1})
    Bounds(lower=0.3, upper=0.8, sharp=True)
    """
    _check(graph, joint, outcome, do, limit)
    free = _needed(graph, outcome, do)
    law = joint.marginal(graph.nodes)
    held = {name: law.code(name, state) for name, state in {**outcome, **do}.items()}
    districts = [d for d in graph.districts() if free & set(d)]
    factors = [Factor.read(graph, law, d, free, held) for d in districts]
    known = [factor.closed_form() for factor in factors]
    for k, factor in enumerate(factors):
        if known[k] is None:
            known[k] = factor.point(limit, _POINT)
    unknown = [k for k, table in enumerate(known) if table is None]
    if len(unknown) > 1:
        names = " and ".join(repr(districts[k]) for k in unknown)
        raise NotIdentifiableError(
            f"the districts {names} both leave their factors open; their product is not linear. "
            "Ask for an effect that needs only one of them, such as one with more variables held."
        )
    tables = [table for table in known if table is not None]
    if not unknown:
        value = float(contract(tables, ()))
        return Bounds(value, value, sharp=True)
    factor = factors[unknown[0]]
    lower, upper = factor.extremes(contract(tables, factor.names), limit)
    sharp = all(b in graph.spouses(a) for a, b in combinations(factor.district, 2))
    return Bounds(lower, upper, sharp)


def _check(graph: DAG | ADMG, joint: Distribution, outcome: State, do: State, limit: int) -> None:
    if not isinstance(graph, DAG | ADMG):
        raise GraphError(f"bounds in a {type(graph).__name__} are not defined; use an ADMG.")
    both = sorted(outcome.keys() & do.keys())
    if both or not outcome:
        what = f"{both[0]!r} stands in outcome and in do" if both else "outcome is empty"
        raise GraphError(f"{what}; name at least one outcome that is not held.")
    if limit < 1:
        raise OptionError(f"limit={limit}: allow at least one response type.")
    for name in graph.nodes:
        joint.axis(name)


def _needed(graph: DAG | ADMG, outcome: State, do: State) -> set[str]:
    """Give the outcomes and their ancestors that are not held, once ``do`` is cut."""
    cut = graph.do(tuple(do))
    return (set(cut.ancestors(tuple(outcome))) | set(outcome)) - set(do)
