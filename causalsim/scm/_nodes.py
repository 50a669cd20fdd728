"""What static and temporal models share: checking, fitting and writing their nodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from causalsim._rng import RNG, spawn
from causalsim.data import Kind, Table, read_table
from causalsim.errors import (
    DataError,
    GraphError,
    NameNotFoundError,
    OptionError,
    listing,
)
from causalsim.graph._base import MarkedGraph
from causalsim.graph.kinds import CPDAG, DAG
from causalsim.scm._codec import decode_parts, encode_parts
from causalsim.scm.functions import FittedMechanism, Floats, LinearFunction
from causalsim.scm.laws import EmpiricalNoise, FittedNoise, ZeroNoise
from causalsim.scm.learnt_laws import KernelNoise, SplineNoise
from causalsim.scm.mechanisms import Mechanism, get_mechanism
from causalsim.scm.noise import NoiseModel, get_noise

__all__ = [
    "FittedNode",
    "Mechanisms",
    "Noises",
    "as_dag",
    "check_count",
    "check_parts",
    "columns",
    "continuous",
    "decode_parts",
    "encode_parts",
    "equation",
    "fit_node",
    "fit_parts",
    "linear_parts",
    "mechanism_of",
]

Mechanisms = dict[str, FittedMechanism]
Noises = dict[str, FittedNoise]
Parents = Mapping[str, Sequence[str]]


def check_count(what: str, count: object, least: int) -> None:
    """Refuse what is no whole number of rows, steps or paths."""
    if isinstance(count, bool) or not isinstance(count, int | np.integer) or count < least:
        raise OptionError(f"{what}={count!r}: expected a whole number, at least {least}.")


def check_parts(
    parents: Parents,
    mechanisms: Mapping[str, FittedMechanism],
    noises: Mapping[str, FittedNoise],
) -> tuple[Mechanisms, Noises]:
    """Give mechanisms and noises in node order, one per node and of the right arity."""
    for what, given, kind in (
        ("mechanism", mechanisms, FittedMechanism),
        ("noise", noises, FittedNoise),
    ):
        for name in given:
            if name not in parents:
                raise NameNotFoundError.from_names(f"node for a {what}", name, parents)
        for name in parents:
            if not isinstance(given.get(name), kind):
                raise GraphError(
                    f"the {what} of {name!r} is {given.get(name)!r}; every node needs a "
                    f"{kind.__name__}."
                )
    for name, labels in parents.items():
        if mechanisms[name].arity != len(labels):
            raise GraphError(
                f"{name!r} has {len(labels)} parents {tuple(labels)}, but its mechanism takes "
                f"{mechanisms[name].arity}."
            )
    return {n: mechanisms[n] for n in parents}, {n: noises[n] for n in parents}


def as_dag(graph: MarkedGraph) -> DAG:
    """Give a graph of directed edges as a DAG, or name the edges that are none."""
    if not isinstance(graph, MarkedGraph):
        raise GraphError(f"graph is a {type(graph).__name__}; expected a DAG.")
    other = [edge for edge in graph.edges if " --> " not in edge]
    if other:
        hint = (
            "Choose a direction: graph.extension() gives one DAG, graph.members() all of them"
            if isinstance(graph, CPDAG)
            else "This model has no hidden common causes; give a DAG"
        )
        raise GraphError(f"a mechanism needs directed edges; {listing(other)} are not. {hint}.")
    return DAG.from_directed(graph.nodes, graph.directed)


def columns(table: Table, nodes: Sequence[str]) -> Floats:
    """Give the columns of some nodes, shape (n, p)."""
    return table.values[:, [table.index(name) for name in nodes]]


def continuous(data: Any, nodes: Sequence[str]) -> Floats:
    """Read the columns of some nodes, shape (n, p), refusing those that are not continuous."""
    table = data if isinstance(data, Table) else read_table(data)
    at = [table.index(name) for name in nodes]
    wrong = [
        f"{table.names[i]!r} ({table.kinds[i]})" for i in at if table.kinds[i] != Kind.CONTINUOUS
    ]
    if wrong:
        raise DataError(
            f"mechanisms are learnt for continuous columns; got {', '.join(wrong)}. Leave these "
            "nodes out of the graph, or, if they are measurements, pass "
            "causalsim.data.read_table(data, kinds={'column': 'continuous'})."
        )
    return columns(table, nodes)


class FittedNode(NamedTuple):
    """What was learnt of a node; residuals of shape (n,), None where noise cannot be known."""

    function: FittedMechanism
    law: FittedNoise
    residuals: Floats | None


def fit_parts(
    rows: Mapping[str, tuple[Floats, Floats]],
    mechanism: str | Mechanism | Mapping[str, str | Mechanism],
    noise: str | NoiseModel,
    rng: RNG,
) -> dict[str, FittedNode]:
    """Learn every node from its rows (parents of shape (n, k), child of shape (n,))."""
    model = get_noise(noise)
    fitted = {}
    for (name, (parents, child)), stream in zip(rows.items(), spawn(rng, len(rows)), strict=True):
        learner = mechanism_of(mechanism, name)
        fitted[name] = fit_node(parents, child, learner, model, stream)
    return fitted


def mechanism_of(
    mechanism: str | Mechanism | Mapping[str, str | Mechanism], name: str
) -> Mechanism:
    """Give the mechanism of a node: the same for all, or by name.

    Raises
    ------
    NameNotFoundError
        If a mapping has none for it.
    """
    if not isinstance(mechanism, Mapping):
        return get_mechanism(mechanism)
    if name not in mechanism:
        raise NameNotFoundError.from_names("node of the mapping mechanism=", name, mechanism)
    return get_mechanism(mechanism[name])


def fit_node(
    parents: Floats,
    child: Floats,
    learner: Mechanism,
    model: NoiseModel,
    rng: np.random.Generator,
) -> FittedNode:
    """Learn the function of one node, and its law: its own, or that of the honest residuals."""
    chosen = learner.choose(parents, child, rng)
    function = chosen.fit(parents, child, rng)
    if not function.invertible and function.law is not None:
        return FittedNode(function, function.law, None)
    residuals = chosen.honest_residuals(function, parents, child, rng)
    law = function.law
    if law is None:
        law = model.fit(residuals) if np.ptp(residuals) > 0 else ZeroNoise()
    return FittedNode(function, law, residuals)


def linear_parts(
    parents: Parents, weight: Callable[[str, str], float], noise: FittedNoise
) -> tuple[Mechanisms, Noises]:
    """Give linear mechanisms with ``weight(parent, child)``, and the same noise everywhere."""
    mechanisms: Mechanisms = {
        name: LinearFunction(tuple(weight(label, name) for label in labels))
        for name, labels in parents.items()
    }
    return mechanisms, dict.fromkeys(parents, noise)


def equation(name: str, labels: Sequence[str], function: FittedMechanism, noise: object) -> str:
    """Write a node as on the blackboard.

    >>> equation("Y", ["X"], LinearFunction((2.0,)), EmpiricalNoise((0.0, 1.0)))
    'Y = 2 X + EmpiricalNoise(...)'
    """
    long = isinstance(noise, EmpiricalNoise | KernelNoise | SplineNoise)
    law = f"{type(noise).__name__}(...)" if long else repr(noise)
    if type(function).value is not FittedMechanism.value:
        return f"{name} = f({', '.join([*labels, law])})"
    terms = [f"f({', '.join(labels)})"] if labels else []
    if isinstance(function, LinearFunction):
        terms = [f"{w:.4g} {label}" for w, label in zip(function.weights, labels, strict=True)]
    start = [f"{function.intercept:.4g}"] if function.intercept or not terms else []
    written = " + ".join([*start, *terms]).replace("+ -", "- ")
    if isinstance(noise, ZeroNoise):
        return f"{name} = {written}"
    return f"{name} = {law}" if written == "0" else f"{name} = {written} + {law}"
