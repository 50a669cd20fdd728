"""What an intervention does to a model: new parents, new functions, new noises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from causalsim.errors import OptionError
from causalsim.graph.intervention import Intervention, Policy, Replace, Set, Shift
from causalsim.graph.kinds import DAG
from causalsim.graph.temporal import TemporalGraph
from causalsim.scm.functions import FittedMechanism, LinearFunction, RuleFunction
from causalsim.scm.laws import FittedNoise, SamplerNoise, ZeroNoise

__all__ = ["Actions", "StaticParts", "TemporalParts", "operate", "operate_in_time"]

Actions = tuple[tuple[str, Intervention], ...]


class StaticParts(NamedTuple):
    """What a static model is made of."""

    graph: DAG
    mechanisms: Mapping[str, FittedMechanism]
    noises: Mapping[str, FittedNoise]


class TemporalParts(NamedTuple):
    """What a temporal model is made of."""

    graph: TemporalGraph
    mechanisms: Mapping[str, FittedMechanism]
    noises: Mapping[str, FittedNoise]
    actions: Actions


def _as_number(name: str, value: Any) -> float:
    """Read the value a variable is set to."""
    try:
        return float(value)
    except (TypeError, ValueError):
        raise OptionError(
            f"do {name!r}={value!r}: expected a number, Set, Shift, Replace or Policy."
        ) from None


def _replacement(
    name: str, action: Intervention, visible: Sequence[str]
) -> tuple[Sequence[str], FittedMechanism, FittedNoise]:
    """Give parents, function and noise; a policy may look at the ``visible`` variables."""
    if isinstance(action, Set):
        return (), LinearFunction((), intercept=_as_number(name, action.value)), ZeroNoise()
    if isinstance(action, Replace):
        return (), LinearFunction(()), SamplerNoise(action.sampler)
    if isinstance(action, Policy):
        return visible, RuleFunction(action.rule, tuple(visible)), ZeroNoise()
    raise OptionError(f"do {name!r}={action!r}: expected Set, Shift, Replace or Policy.")


def operate(parts: StaticParts, name: str, action: Intervention) -> StaticParts:
    """Apply one intervention to a static model."""
    graph, mechanisms, noises = parts
    if action.window is not None:
        raise OptionError(
            f"{name!r} has window={action.window}, but an SCM has no time; leave the window out "
            "or use a TemporalSCM."
        )
    if isinstance(action, Shift):
        return StaticParts(
            graph, {**mechanisms, name: mechanisms[name].shifted(action.by)}, noises
        )
    order = graph.topological_order()
    before = set(order[: order.index(name)])
    visible = [node for node in graph.nodes if node in before]
    parents, function, noise = _replacement(name, action, visible)
    directed = graph.directed.copy()
    directed[:, graph.index(name)] = False
    directed[graph.indices(parents), graph.index(name)] = True
    return StaticParts(
        DAG.from_directed(graph.nodes, directed),
        {**mechanisms, name: function},
        {**noises, name: noise},
    )


def operate_in_time(
    parts: TemporalParts, name: str, given: Intervention, variables: Sequence[str]
) -> TemporalParts:
    """Apply one intervention to a temporal model: by surgery if it acts always.

    A policy may look at the ``variables``.
    """
    graph, mechanisms, noises, actions = parts
    action = _tidy(name, given)
    busy = any(other == name for other, _ in actions)
    if action.window is not None or (isinstance(action, Shift) and busy):
        return parts._replace(actions=(*actions, (name, action)))
    if isinstance(action, Shift):
        return parts._replace(mechanisms={**mechanisms, name: mechanisms[name].shifted(action.by)})
    by_step = isinstance(action, Set) and isinstance(action.value, tuple)
    parents, function, noise = _replacement(name, Set(0.0) if by_step else action, variables)
    others = tuple(item for item in actions if item[0] != name)
    return TemporalParts(
        _rewired(graph, name, parents),
        {**mechanisms, name: function},
        {**noises, name: noise},
        (*others, (name, action)) if by_step else others,
    )


def _tidy(name: str, action: Intervention) -> Intervention:
    """Turn what a ``Set`` holds into a number or a tuple, so that models compare and save."""
    if not isinstance(action, Set):
        return action
    value = action.value
    if np.ndim(value) == 1 and len(value):
        return Set(tuple(_as_number(name, one) for one in value), window=action.window)
    return Set(_as_number(name, value), window=action.window)


def _rewired(graph: TemporalGraph, name: str, parents: Sequence[str]) -> TemporalGraph:
    """Give the graph in which ``name`` has only ``parents``, one step ago."""
    ends = (f" --> {name}", f" <-> {name}")
    edges = [
        edge
        for edge in graph.edges
        if not edge.endswith(ends) and not edge.startswith(f"{name} <-> ")
    ]
    return TemporalGraph.from_edges(
        [*edges, *(f"{parent}[t-1] --> {name}" for parent in parents)],
        graph.nodes,
        max_lag=max(graph.max_lag, 1) if parents else graph.max_lag,
        roles=dict(zip(graph.nodes, graph.roles, strict=True)),
    )
