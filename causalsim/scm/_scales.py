"""Scales of random models: none, standardised afterwards, or standardised while generating.

In a random model variances, and the share of variance that other variables explain, grow along
the causal order, so that sorting by either finds much of the graph. Standardising the finished
data hides the first and keeps the second. Standardising every variable before its children see
it (internal standardisation) tames both. Here means and standard deviations come from a pilot
simulation and go into the mechanisms, so that the rescaled model is a model like any other.

References
----------
.. [Reisach2021] Reisach, Seiler & Weichwald, Beware of the simulated DAG!, NeurIPS 2021.
.. [Reisach2023] Reisach, Tami, Seiler, Chambaz & Weichwald, A scale-invariant sorting criterion
   to find a causal order in additive noise models, NeurIPS 2023.
.. [Ormaniec2024] Ormaniec, Sussex, Lorch, Schoelkopf & Krause, Standardizing structural causal
   models, arXiv:2406.11601 (ICLR 2025).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from causalsim._rng import RNG, spawn
from causalsim.errors import OptionError
from causalsim.graph.kinds import DAG
from causalsim.graph.labels import parse_label
from causalsim.graph.temporal import TemporalGraph
from causalsim.scm.functions import (
    AdditiveFunction,
    FeatureFunction,
    FittedMechanism,
    Floats,
    LinearFunction,
)
from causalsim.scm.laws import EmpiricalNoise, FittedNoise, ZeroNoise
from causalsim.scm.nonstationary import DriftFunction, SwitchFunction
from causalsim.scm.static import SCM
from causalsim.scm.temporal import TemporalSCM

__all__ = ["SCALES", "rescaled"]

SCALES = ("raw", "standardised", "internal")
ROWS = 20_000
PATHS, BURN_IN, KEPT = 500, 200, 100

Model = TypeVar("Model", SCM, TemporalSCM)


class _Node(NamedTuple):
    """One variable by position; a context keeps its scale."""

    name: str
    at: int
    parents: NDArray[np.intp]
    lags: NDArray[np.intp]
    context: bool


def rescaled(model: Model, scale: str, rng: RNG = None) -> Model:
    """Give a model whose variables have mean 0 and variance 1, or the model itself.

    Parameters
    ----------
    model : SCM or TemporalSCM
        Contexts of a temporal model keep their scale.
    scale : {"raw", "standardised", "internal"}
        ``"raw"``: as it is. ``"standardised"``: the same model in other units.
        ``"internal"``: each variable is standardised before its children see it, which is
        another model over the same graph.
    rng : int, Generator or None
        For the pilot: 20,000 rows, or 500 paths of 300 steps of which the last 100 count.

    Raises
    ------
    OptionError
        If the scale is unknown, or a law or function cannot be rescaled.

    Examples
    --------
    >>> scm = SCM.from_weights({"X --> Y": 1.0})
    >>> rescaled(scm, "internal", rng=0).weights()[0, 1].round(1)  # 1 / sqrt(1 + 1)
    np.float64(0.7)
    """
    if scale not in SCALES:
        raise OptionError.from_choice("scale", scale, SCALES)
    if scale == "raw":
        return model
    nodes = _nodes_of(model.graph)
    means, sds = _pilot(model, nodes, rng, internal=scale == "internal")
    mechanisms, noises = {}, {}
    for node in nodes:
        function = model.mechanisms[node.name]
        if scale == "standardised":
            function = _seen(function, means[node.parents], sds[node.parents])
        mechanisms[node.name] = _given(function, means[node.at], sds[node.at])
        noises[node.name] = _shrunk(node.name, model.noises[node.name], sds[node.at])
    return replace(model, mechanisms=mechanisms, noises=noises)


def _nodes_of(graph: DAG | TemporalGraph) -> list[_Node]:
    """Give the nodes in causal order."""
    if isinstance(graph, DAG):
        order = graph.topological_order()
        labels = {n: [(parent, 0) for parent in graph.parents(n)] for n in order}
        contexts: set[str] = set()
    else:
        order = DAG.from_directed(graph.nodes, graph.directed[:, :, 0]).topological_order()
        labels = {n: [parse_label(text) for text in graph.parents(n)] for n in order}
        contexts = {n for n, r in zip(graph.nodes, graph.roles, strict=True) if r == "context"}
    return [
        _Node(
            name,
            graph.index(name),
            np.array([graph.index(parent) for parent, _ in labels[name]], np.intp),
            np.array([lag for _, lag in labels[name]], np.intp),
            name in contexts,
        )
        for name in order
    ]


def _pilot(
    model: SCM | TemporalSCM, nodes: Sequence[_Node], rng: RNG, *, internal: bool
) -> tuple[Floats, Floats]:
    """Simulate and give means and standard deviations by position, each of shape (p,)."""
    static = isinstance(model.graph, DAG)
    depth = 0 if isinstance(model.graph, DAG) else model.graph.max_lag
    steps, draws = (1, ROWS) if static else (BURN_IN + KEPT, PATHS)
    values = np.zeros((depth + steps, len(nodes), draws))
    for i, (law, own) in enumerate(
        zip(model.noises.values(), spawn(rng, len(nodes)), strict=True)
    ):
        values[depth:, i] = law.sample(steps * draws, own).reshape(steps, draws)
    means, sds = np.zeros((steps, len(nodes))), np.ones((steps, len(nodes)))
    for step in range(steps):
        now = depth + step
        for node in nodes:
            drawn = model.mechanisms[node.name].value(
                values[now - node.lags, node.parents].T, values[now, node.at]
            )
            if not node.context:
                means[step, node.at] = drawn.mean()
                sds[step, node.at] = _positive(float(drawn.std()), node.name)
            if internal:
                drawn = (drawn - means[step, node.at]) / sds[step, node.at]
            values[now, node.at] = drawn
    return means[-KEPT:].mean(axis=0), np.sqrt((sds[-KEPT:] ** 2).mean(axis=0))


def _positive(sd: float, name: str) -> float:
    if not sd > 0:
        raise OptionError(f"{name!r} does not vary, so it has no scale; write scale='raw'.")
    return sd


def _seen(function: FittedMechanism, means: Floats, sds: Floats) -> FittedMechanism:
    """Give the function whose parents x are given as (x - mean) / sd."""
    if not means.any() and (sds == 1).all():
        return function
    if isinstance(function, LinearFunction):
        weights = np.array(function.weights)
        moved = function.intercept + float(weights @ means)
        return replace(function, weights=tuple(weights * sds), intercept=moved)
    if isinstance(function, FeatureFunction):
        slopes = np.array(function.slopes)
        offsets = np.array(function.offsets) + slopes * means
        return replace(function, slopes=tuple(slopes * sds), offsets=tuple(offsets))
    if isinstance(function, AdditiveFunction):
        rows = zip(function.knots, means, sds, strict=True)
        return replace(function, knots=tuple(tuple((np.array(k) - m) / s) for k, m, s in rows))
    if isinstance(function, SwitchFunction | DriftFunction):
        return _inside(function, lambda inner: _seen(inner, means[1:], sds[1:]))
    return _unscalable(function)


def _given(function: FittedMechanism, mean: float, sd: float) -> FittedMechanism:
    """Give the function whose value x is given as (x - mean) / sd."""
    if (mean, sd) == (0, 1):
        return function
    if isinstance(function, DriftFunction) and function.on == "mean":
        function = replace(function, size=float(function.size / sd))
    if isinstance(function, SwitchFunction | DriftFunction):
        return _inside(function, lambda inner: _given(inner, mean, sd))
    intercept = float((function.intercept - mean) / sd)
    if isinstance(function, LinearFunction | FeatureFunction):
        return replace(
            function, weights=tuple(np.array(function.weights) / sd), intercept=intercept
        )
    if isinstance(function, AdditiveFunction):
        rows = tuple(tuple(np.array(row) / sd) for row in function.weights)
        return replace(function, weights=rows, intercept=intercept)
    return _unscalable(function)


def _inside(
    function: SwitchFunction | DriftFunction,
    change: Callable[[FittedMechanism], FittedMechanism],
) -> FittedMechanism:
    """Change the functions that a regime chooses from, or that a drift moves."""
    if isinstance(function, SwitchFunction):
        return replace(function, branches=tuple(change(one) for one in function.branches))
    return replace(function, base=change(function.base))


def _unscalable(function: FittedMechanism) -> FittedMechanism:
    raise OptionError(f"a {type(function).__name__} cannot be rescaled; write scale='raw'.")


def _shrunk(name: str, law: FittedNoise, sd: float) -> FittedNoise:
    """Give the law of a noise divided by a standard deviation."""
    if isinstance(law, EmpiricalNoise):
        return EmpiricalNoise(tuple(np.array(law.values) / sd))
    options: dict[str, Any] = {
        f.name: float(getattr(law, f.name) / sd)
        for f in fields(law)  # type: ignore[arg-type]
        if f.name in {"sd", "mean"}
    }
    if sd == 1 or isinstance(law, ZeroNoise):
        return law
    if "sd" not in options:
        raise OptionError(
            f"the noise of {name!r}, a {type(law).__name__}, has no sd to rescale; choose a law "
            "by name, or write scale='raw'."
        )
    return replace(law, **options)  # type: ignore[type-var]
