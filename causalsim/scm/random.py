"""Random models for tests, benchmarks and simulators."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from causalsim._rng import RNG, check_rng
from causalsim.errors import OptionError
from causalsim.graph.kinds import DAG
from causalsim.graph.labels import parse_label
from causalsim.graph.random import random_dag, random_temporal_graph
from causalsim.graph.temporal import TemporalGraph
from causalsim.scm._families import BOUNDED, draw_functions, draw_weights, named_noise
from causalsim.scm._linear import spectral_radius
from causalsim.scm._scales import rescaled
from causalsim.scm.functions import Floats
from causalsim.scm.laws import FittedNoise
from causalsim.scm.static import SCM
from causalsim.scm.temporal import TemporalSCM

__all__ = ["random_regimes", "random_scm", "random_temporal_scm"]

STABLE = 0.9


def random_scm(
    nodes: int | Sequence[str] | DAG,
    *,
    degree: float | None = None,
    mechanism: str = "linear",
    noise: str | FittedNoise = "gaussian",
    weights: tuple[float, float] = (0.5, 1.5),
    scale: str = "raw",
    rng: RNG = None,
) -> SCM:
    """Draw a structural causal model.

    Variances grow along the causal order unless ``scale`` says otherwise, so that sorting by
    variance alone finds much of the graph; see [Reisach2021]_.

    Parameters
    ----------
    nodes : int, sequence of str or DAG
        How many, which, or a ready graph.
    degree : float, optional
        Expected average degree of the graph, by default that of
        :func:`causalsim.graph.random_dag`; not for a ready graph.
    mechanism : {"linear", "nonlinear", "tanh", "sin", "spline", "mixed"}
        ``"tanh"`` is a sum over parents of ``w * tanh(a x + b)``, with ``|a|`` from 0.5 to 2
        and b from -1 to 1; ``"sin"`` has the sine, ``"nonlinear"`` either, node by node.
        ``"spline"`` is a sum of random natural cubic splines, linear beyond -2 and 2, whose
        steepest slope is w. ``"mixed"`` draws linear, nonlinear or spline for each node.
    noise : str or FittedNoise
        The law of every noise. A name means mean 0 and variance 1: ``"gaussian"``,
        ``"laplace"``, ``"uniform"``, ``"student_t"`` (5 degrees of freedom), and, tabulated
        at 1,001 probabilities, ``"exponential"`` and ``"mixture"`` (two humps).
    weights : (low, high)
        Range of the size of weights w; signs are random.
    scale : {"raw", "standardised", "internal"}
        ``"raw"`` leaves variances as they come. ``"standardised"`` is the same model in units
        of mean 0 and variance 1, in which the explained share of variance still grows along
        the causal order. ``"internal"`` standardises each variable before its children see it
        [Ormaniec2024]_, which removes most of that too.
    rng : int, Generator or None

    Raises
    ------
    OptionError
        If a name is unknown, a range is empty, or ``degree`` is given with a graph.

    References
    ----------
    .. [Reisach2021] Reisach, Seiler & Weichwald, Beware of the simulated DAG!, NeurIPS 2021.
    .. [Ormaniec2024] Ormaniec, Sussex, Lorch, Schoelkopf & Krause, Standardizing structural
       causal models, arXiv:2406.11601 (ICLR 2025).

    Examples
    --------
    >>> random_scm(["X", "Y", "Z"], rng=0).sample(5, rng=0).shape
    (5, 3)
    """
    law, stream = named_noise(noise), check_rng(rng)
    if isinstance(nodes, DAG):
        _refuse_degree(degree)
        graph = nodes
    else:
        graph = random_dag(nodes, degree=degree, rng=stream)
    matrix = draw_weights(graph.directed, weights, stream)
    parents = {name: graph.parents(name) for name in graph.nodes}
    sizes = {
        name: matrix[graph.indices(labels), graph.index(name)] for name, labels in parents.items()
    }
    model = SCM(graph, draw_functions(sizes, mechanism, stream), dict.fromkeys(parents, law))
    return rescaled(model, scale, stream)


def random_temporal_scm(
    nodes: int | Sequence[str] | TemporalGraph,
    *,
    max_lag: int = 2,
    degree: float | None = None,
    mechanism: str = "linear",
    noise: str | FittedNoise = "gaussian",
    weights: tuple[float, float] = (0.3, 0.6),
    scale: str = "raw",
    rng: RNG = None,
) -> TemporalSCM:
    """Draw a stable structural causal model over time.

    Weights of a linear model at lag l are shrunk by ``c**l``, with one c for the whole model,
    where this is needed to bring its spectral radius down to 0.9; for splines, whose slopes
    vary, the radius is that of the sizes of the weights. Other models are bounded but for
    their noise.

    Parameters
    ----------
    nodes : int, sequence of str or TemporalGraph
        How many, which, or a ready graph.
    max_lag : int
        Largest lag of the graph; a ready graph has its own.
    degree : float, optional
        Expected average degree, by default that of
        :func:`causalsim.graph.random_temporal_graph`; not for a ready graph.
    mechanism, noise, weights, scale, rng
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
    law, stream = named_noise(noise), check_rng(rng)
    if isinstance(nodes, TemporalGraph):
        _refuse_degree(degree)
        graph = nodes
    else:
        graph = random_temporal_graph(nodes, max_lag=max_lag, degree=degree, rng=stream)
    cube = draw_weights(graph.directed, weights, stream)
    bound = cube if mechanism == "linear" else np.abs(cube)
    model = _over_time(graph, cube * _calming(bound, mechanism), mechanism, law, stream)
    return rescaled(model, scale, stream)


def random_regimes(
    graph: TemporalGraph,
    count: int,
    *,
    mechanism: str = "linear",
    noise: str | FittedNoise = "gaussian",
    weights: tuple[float, float] = (0.3, 0.6),
    rng: RNG = None,
) -> tuple[TemporalSCM, ...]:
    """Draw several models of one graph that stay stable however a series switches between them.

    Lagged weights are shrunk, by one ``c**l`` for all models, until the matrix of the largest
    sizes among them has spectral radius 0.9: it bounds any product of their one-step maps. For
    the same reason a model may weaken its weights, or turn their signs, as time goes on.

    Parameters
    ----------
    graph : TemporalGraph
        Directed edges only.
    count : int
        Number of models.
    mechanism, noise, weights, rng
        As in :func:`random_scm`.

    Raises
    ------
    OptionError
        If a name is unknown or a range is empty.

    Examples
    --------
    >>> graph = TemporalGraph.from_edges(["X[t-1] --> X", "X[t-1] --> Y"])
    >>> calm, wild = random_regimes(graph, 2, rng=0)
    >>> calm.graph == wild.graph, calm == wild
    (True, False)
    """
    law, stream = named_noise(noise), check_rng(rng)
    cubes = [draw_weights(graph.directed, weights, stream) for _ in range(count)]
    factor = _calming(np.max(np.abs(cubes), axis=0), mechanism)
    return tuple(_over_time(graph, cube * factor, mechanism, law, stream) for cube in cubes)


def _calming(bound: Floats, mechanism: str) -> Floats:
    """Give the factor of each lag, shape (max_lag + 1,), that brings a radius down to 0.9."""
    radius = 0.0 if mechanism in BOUNDED else spectral_radius(bound)
    return np.asarray(min(1.0, STABLE / max(radius, STABLE)) ** np.arange(bound.shape[2]))


def _over_time(
    graph: TemporalGraph,
    cube: Floats,
    mechanism: str,
    law: FittedNoise,
    stream: np.random.Generator,
) -> TemporalSCM:
    parents = {name: graph.parents(name) for name in graph.nodes}
    sizes = {
        name: np.array([_at(cube, graph, label, name) for label in labels])
        for name, labels in parents.items()
    }
    return TemporalSCM(
        graph, draw_functions(sizes, mechanism, stream), dict.fromkeys(parents, law)
    )


def _refuse_degree(degree: float | None) -> None:
    if degree is not None:
        raise OptionError(f"degree={degree}: a ready graph has its own; leave degree out.")


def _at(cube: Floats, graph: TemporalGraph, label: str, child: str) -> float:
    parent, lag = parse_label(label)
    return float(cube[graph.index(parent), graph.index(child), lag])
