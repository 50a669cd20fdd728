"""What static and temporal models share: checking, fitting and writing their nodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from causalsim._rng import RNG, spawn
from causalsim.data import Kind, Table, read_table
from causalsim.errors import (
    DataError,
    FormatError,
    GraphError,
    NameNotFoundError,
    OptionError,
    listing,
)
from causalsim.graph._base import MarkedGraph
from causalsim.graph.kinds import CPDAG, DAG
from causalsim.scm.functions import (
    AdditiveFunction,
    FeatureFunction,
    FittedMechanism,
    Floats,
    LinearFunction,
    RuleFunction,
)
from causalsim.scm.laws import (
    EmpiricalNoise,
    FittedNoise,
    GaussianNoise,
    LaplaceNoise,
    SamplerNoise,
    UniformNoise,
    ZeroNoise,
)
from causalsim.scm.mechanisms import Mechanism, get_mechanism
from causalsim.scm.noise import NoiseModel, get_noise

__all__ = [
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
    "fit_parts",
    "linear_parts",
]

Mechanisms = dict[str, FittedMechanism]
Noises = dict[str, FittedNoise]
Parents = Mapping[str, Sequence[str]]

_SAVED = {
    kind.__name__: kind
    for kind in (
        LinearFunction,
        AdditiveFunction,
        FeatureFunction,
        GaussianNoise,
        LaplaceNoise,
        UniformNoise,
        EmpiricalNoise,
        ZeroNoise,
    )
}


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


def fit_parts(
    rows: Mapping[str, tuple[Floats, Floats]],
    mechanism: str | Mechanism,
    noise: str | NoiseModel,
    rng: RNG,
) -> tuple[Mechanisms, Noises]:
    """Learn every node from its rows (parents of shape (n, k), child of shape (n,))."""
    learner, model = get_mechanism(mechanism), get_noise(noise)
    mechanisms: Mechanisms = {}
    noises: Noises = {}
    for (name, (parents, child)), stream in zip(rows.items(), spawn(rng, len(rows)), strict=True):
        function = learner.fit(parents, child, stream)
        residual = function.residual(parents, child)
        mechanisms[name] = function
        noises[name] = ZeroNoise()
        if np.ptp(residual) > 0:
            noises[name] = model.fit(residual * _inflation(len(child), function.freedom))
    return mechanisms, noises


def _inflation(n: int, freedom: float) -> float:
    """Give the factor that takes n residuals to the size of the noise behind them."""
    return float(np.sqrt((n - 1) / max(n - 1 - freedom, 1.0)))


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

    >>> equation("Y", ["X"], LinearFunction((2.0,)), GaussianNoise())
    'Y = 2 X + GaussianNoise(sd=1.0, mean=0.0)'
    """
    terms = [f"f({', '.join(labels)})"] if labels else []
    if isinstance(function, LinearFunction):
        terms = [f"{w:.4g} {label}" for w, label in zip(function.weights, labels, strict=True)]
    start = [f"{function.intercept:.4g}"] if function.intercept or not terms else []
    written = " + ".join([*start, *terms]).replace("+ -", "- ")
    if isinstance(noise, ZeroNoise):
        return f"{name} = {written}"
    law = "EmpiricalNoise(...)" if isinstance(noise, EmpiricalNoise) else repr(noise)
    return f"{name} = {law}" if written == "0" else f"{name} = {written} + {law}"


# -- plain values -------------------------------------------------------------------------


def _encode(name: str, part: FittedMechanism | FittedNoise) -> dict[str, Any]:
    if isinstance(part, RuleFunction | SamplerNoise):
        raise FormatError(
            f"{name!r} follows a Python function ({type(part).__name__}), which a file cannot "
            "hold. Save the model before that intervention and apply it after loading."
        )
    if type(part).__name__ not in _SAVED:
        raise FormatError(f"{name!r} has a {type(part).__name__}; expected one of {list(_SAVED)}.")
    return {
        "type": type(part).__name__,
        **{f.name: getattr(part, f.name) for f in fields(part)},  # type: ignore[arg-type]
    }


def _decode(payload: Mapping[str, Any]) -> Any:
    options = dict(payload)
    kind = options.pop("type", None)
    if kind not in _SAVED:
        raise FormatError(f"type={kind!r} of a node is unknown; expected one of {list(_SAVED)}.")
    return _SAVED[kind](**options)


def encode_parts(
    mechanisms: Mapping[str, FittedMechanism], noises: Mapping[str, FittedNoise]
) -> dict[str, Any]:
    """Give mechanisms and noises as plain values."""
    return {
        "mechanisms": {name: _encode(name, part) for name, part in mechanisms.items()},
        "noises": {name: _encode(name, part) for name, part in noises.items()},
    }


def decode_parts(payload: Mapping[str, Any]) -> tuple[Mechanisms, Noises]:
    """Rebuild mechanisms and noises from :func:`encode_parts`."""
    return (
        {name: _decode(part) for name, part in payload["mechanisms"].items()},
        {name: _decode(part) for name, part in payload["noises"].items()},
    )
