"""The models behind synthetic benchmarks."""

from __future__ import annotations

from typing import Any

import numpy as np

from causalsim.graph.intervention import Set
from causalsim.graph.kinds import ADMG, DAG
from causalsim.graph.projection import latent_projection
from causalsim.graph.random import random_dag, random_temporal_graph
from causalsim.graph.temporal import TemporalGraph
from causalsim.scm._scales import rescaled
from causalsim.scm.functions import FittedMechanism, LinearFunction
from causalsim.scm.laws import FittedNoise, ZeroNoise
from causalsim.scm.nonstationary import (
    CHAIN_NOISE,
    ChainFunction,
    DriftFunction,
    SwitchFunction,
)
from causalsim.scm.random import random_regimes, random_scm, random_temporal_scm
from causalsim.scm.static import SCM
from causalsim.scm.temporal import TemporalSCM
from causalsim.simulate._latent import confounded, confounded_in_time, temporal_projection
from causalsim.simulate._synthetic_parts import Drift
from causalsim.simulate._synthetic_spec import SyntheticSpec

__all__ = ["draw_series_model", "draw_table_model", "table_truth"]

REGIME, DRIFT = "regime", "drift"


def draw_table_model(spec: SyntheticSpec, rng: np.random.Generator) -> SCM:
    """Draw the model of a table, hidden causes included.

    >>> spec = SyntheticSpec("table", nodes=2, latent=1)
    >>> draw_table_model(spec, np.random.default_rng(0)).graph.nodes
    ('hidden0', 'X0', 'X1')
    """
    graph = random_dag(spec.names, degree=spec.degree, rng=rng)
    full = confounded(graph, spec.latent, rng)
    return random_scm(full, **_options(spec), scale=spec.scale, rng=rng)


def table_truth(model: SCM, spec: SyntheticSpec) -> DAG | ADMG:
    """Give the graph of the visible columns: a DAG where nothing is hidden."""
    hidden = [name for name in model.graph.nodes if name not in spec.names]
    return latent_projection(model.graph, hidden) if hidden else model.graph


def draw_series_model(
    spec: SyntheticSpec, rng: np.random.Generator
) -> tuple[TemporalSCM, TemporalGraph]:
    """Draw the model of a series, hidden causes included, and the graph of what is seen.

    >>> spec = SyntheticSpec(nodes=2, latent=1)
    >>> model, seen = draw_series_model(spec, np.random.default_rng(0))
    >>> model.graph.nodes, seen.nodes
    (('hidden0', 'X0', 'X1'), ('X0', 'X1'))
    """
    graph = random_temporal_graph(
        spec.names,
        max_lag=spec.max_lag,
        degree=spec.degree,
        contemporaneous=spec.contemporaneous,
        rng=rng,
    )
    full = confounded_in_time(graph, spec.latent, rng)
    if spec.regimes is None and spec.drift is None:
        model = random_temporal_scm(full, **_options(spec), scale=spec.scale, rng=rng)
    else:
        model = rescaled(_changing(full, spec, rng), spec.scale, rng)
    seen = temporal_projection(model.graph)
    if spec.drift is not None:
        model = model.do({DRIFT: Set(_course(spec.drift, spec.length))})
    return model, seen


def _options(spec: SyntheticSpec) -> dict[str, Any]:
    chosen = {} if spec.weights is None else {"weights": spec.weights}
    return {"mechanism": spec.mechanism, "noise": spec.noise, **chosen}


def _changing(graph: TemporalGraph, spec: SyntheticSpec, rng: np.random.Generator) -> TemporalSCM:
    """Draw a model whose visible mechanisms have a regime, a drift or both as first parents."""
    models = random_regimes(
        graph, spec.regimes.count if spec.regimes else 1, **_options(spec), rng=rng
    )
    mechanisms: dict[str, FittedMechanism] = {}
    noises: dict[str, FittedNoise] = {}
    edges: list[str] = []
    if spec.regimes:
        mechanisms[REGIME] = ChainFunction(spec.regimes.count, spec.regimes.stay)
        noises[REGIME] = CHAIN_NOISE
        edges.append(f"{REGIME}[t-1] --> {REGIME}")
    if spec.drift:
        mechanisms[DRIFT], noises[DRIFT] = LinearFunction(()), ZeroNoise()
    contexts = list(mechanisms)
    for name in graph.nodes:
        functions = [model.mechanisms[name] for model in models]
        mechanisms[name], noises[name] = functions[0], models[0].noises[name]
        if name in spec.names:
            mechanisms[name] = _changed(functions, spec, rng)
            edges.extend(f"{context} --> {name}" for context in contexts)
    roles = dict(zip(graph.nodes, graph.roles, strict=True)) | dict.fromkeys(contexts, "context")
    whole = TemporalGraph.from_edges(
        [*edges, *graph.edges], list(mechanisms), max_lag=graph.max_lag, roles=roles
    )
    return TemporalSCM(whole, mechanisms, noises)


def _changed(
    functions: list[FittedMechanism], spec: SyntheticSpec, rng: np.random.Generator
) -> FittedMechanism:
    """Give one function that drifts, and chooses among the functions by the regime."""
    if spec.drift:
        sign = float(rng.choice([-1.0, 1.0])) if spec.drift.on == "mean" else 1.0
        functions = [DriftFunction(f, spec.drift.on, sign * spec.drift.size) for f in functions]
    return SwitchFunction(tuple(functions)) if spec.regimes else functions[0]


def _course(drift: Drift, steps: int) -> tuple[float, ...]:
    """Give how far a drift has come at each step, between 0 and 1."""
    share = np.arange(steps) / (steps - 1)
    courses = {
        "linear": share,
        "sine": (1 - np.cos(2 * np.pi * share)) / 2,
        "step": np.where(share < 0.5, 0.0, 1.0),
    }
    return tuple(courses[drift.shape].tolist())
