"""Random models for tests, benchmarks and simulators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from causalsim._rng import RNG, check_rng
from causalsim.errors import OptionError
from causalsim.graph.kinds import DAG
from causalsim.graph.labels import parse_label
from causalsim.graph.random import random_dag, random_temporal_graph
from causalsim.graph.temporal import TemporalGraph
from causalsim.scm._linear import spectral_radius
from causalsim.scm.functions import (
    ACTIVATIONS,
    FeatureFunction,
    FittedMechanism,
    Floats,
    LinearFunction,
)
from causalsim.scm.laws import FittedNoise, unit_noise
from causalsim.scm.static import SCM
from causalsim.scm.temporal import TemporalSCM

__all__ = ["random_scm", "random_temporal_scm"]

FORMS = ("linear", "nonlinear")
STABLE = 0.9


def random_scm(
    nodes: int | Sequence[str] | DAG,
    *,
    degree: float | None = None,
    mechanism: str = "linear",
    noise: str | FittedNoise = "gaussian",
    weights: tuple[float, float] = (0.5, 1.5),
    rng: RNG = None,
) -> SCM:
    """Draw a structural causal model.

    Variances grow along the causal order unless columns are rescaled afterwards, so that
    sorting by variance alone finds much of the graph; see [Reisach2021]_.

    Parameters
    ----------
    nodes : int, sequence of str or DAG
        How many, which, or a ready graph.
    degree : float, optional
        Expected average degree of the graph, by default that of
        :func:`causalsim.graph.random_dag`; not for a ready graph.
    mechanism : {"linear", "nonlinear"}
        ``"nonlinear"`` is a sum over parents of ``w * tanh(a x + b)``, or of
        ``w * sin(a x + b)``, with ``|a|`` from 0.5 to 2 and b from -1 to 1.
    noise : {"gaussian", "laplace", "uniform"} or FittedNoise
        The law of every noise; a name means mean 0 and variance 1.
    weights : (low, high)
        Range of the size of weights w; signs are random.
    rng : int, Generator or None

    Raises
    ------
    OptionError
        If a name is unknown, a range is empty, or ``degree`` is given with a graph.

    References
    ----------
    .. [Reisach2021] Reisach, Seiler & Weichwald, Beware of the simulated DAG!, NeurIPS 2021.

    Examples
    --------
    >>> random_scm(["X", "Y", "Z"], rng=0).sample(5, rng=0).shape
    (5, 3)
    """
    law, stream = unit_noise(noise), check_rng(rng)
    if isinstance(nodes, DAG):
        _refuse_degree(degree)
        graph = nodes
    else:
        graph = random_dag(nodes, degree=degree, rng=stream)
    matrix = _draw_weights(graph.directed, weights, stream)
    parents = {name: graph.parents(name) for name in graph.nodes}
    sizes = {
        name: matrix[graph.indices(labels), graph.index(name)] for name, labels in parents.items()
    }
    return SCM(graph, _functions(sizes, mechanism, stream), dict.fromkeys(parents, law))


def random_temporal_scm(
    nodes: int | Sequence[str] | TemporalGraph,
    *,
    max_lag: int = 2,
    degree: float | None = None,
    mechanism: str = "linear",
    noise: str | FittedNoise = "gaussian",
    weights: tuple[float, float] = (0.3, 0.6),
    rng: RNG = None,
) -> TemporalSCM:
    """Draw a stable structural causal model over time.

    Weights of a linear model at lag l are shrunk by ``c**l``, with one c for the whole model,
    where this is needed to bring its spectral radius down to 0.9. Nonlinear models are bounded
    but for their noise.

    Parameters
    ----------
    nodes : int, sequence of str or TemporalGraph
        How many, which, or a ready graph.
    max_lag : int
        Largest lag of the graph; a ready graph has its own.
    degree : float, optional
        Expected average degree, by default that of
        :func:`causalsim.graph.random_temporal_graph`; not for a ready graph.
    mechanism, noise, weights, rng
        As in :func:`random_scm`.

    Raises
    ------
    OptionError
        If a name is unknown, a range is empty, or ``degree`` is given with a graph.

    Examples
    --------
    >>> random_temporal_scm(["X", "Y"], rng=0).sample(50, paths=2, rng=0)
    Paths(2 x 50 steps of X, Y)
    """
    law, stream = unit_noise(noise), check_rng(rng)
    if isinstance(nodes, TemporalGraph):
        _refuse_degree(degree)
        graph = nodes
    else:
        graph = random_temporal_graph(nodes, max_lag=max_lag, degree=degree, rng=stream)
    cube = _draw_weights(graph.directed, weights, stream)
    if mechanism == "linear":
        shrink = min(1.0, STABLE / max(spectral_radius(cube), STABLE))
        cube *= shrink ** np.arange(graph.max_lag + 1)
    parents = {name: graph.parents(name) for name in graph.nodes}
    sizes = {
        name: np.array([_at(cube, graph, label, name) for label in labels])
        for name, labels in parents.items()
    }
    return TemporalSCM(graph, _functions(sizes, mechanism, stream), dict.fromkeys(parents, law))


def _refuse_degree(degree: float | None) -> None:
    if degree is not None:
        raise OptionError(f"degree={degree}: a ready graph has its own; leave degree out.")


def _at(cube: Floats, graph: TemporalGraph, label: str, child: str) -> float:
    parent, lag = parse_label(label)
    return float(cube[graph.index(parent), graph.index(child), lag])


def _draw_weights(
    directed: NDArray[np.bool_], sizes: tuple[float, float], stream: np.random.Generator
) -> Floats:
    """Draw a weight with a random sign for each edge, 0 elsewhere."""
    low, high = sizes
    if not 0 <= low <= high:
        raise OptionError(f"weights={sizes}: expected (low, high) with 0 <= low <= high.")
    count = int(directed.sum())
    drawn = np.zeros(directed.shape)
    drawn[directed] = stream.uniform(low, high, count) * stream.choice([-1.0, 1.0], count)
    return drawn


def _functions(
    sizes: Mapping[str, Floats], mechanism: str, stream: np.random.Generator
) -> dict[str, FittedMechanism]:
    """Give a function for each node from the weights of its parents."""
    if mechanism not in FORMS:
        raise OptionError.from_choice("mechanism", mechanism, FORMS)
    if mechanism == "linear":
        return {name: LinearFunction(tuple(row)) for name, row in sizes.items()}
    return {name: _nonlinear(row, stream) for name, row in sizes.items()}


def _nonlinear(weights: Floats, stream: np.random.Generator) -> FittedMechanism:
    k = len(weights)
    if k == 0:
        return LinearFunction(())
    slopes = stream.uniform(0.5, 2.0, k) * stream.choice([-1.0, 1.0], k)
    offsets = stream.uniform(-1, 1, k)
    activation = str(stream.choice(sorted(ACTIVATIONS)))
    return FeatureFunction(tuple(weights), tuple(slopes), tuple(offsets), activation)
