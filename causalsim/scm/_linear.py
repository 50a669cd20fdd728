"""Closed forms of linear models."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from causalsim.errors import OptionError, listing
from causalsim.graph.kinds import DAG
from causalsim.graph.labels import parse_label
from causalsim.graph.temporal import TemporalGraph
from causalsim.scm.functions import FittedMechanism, Floats, LinearFunction
from causalsim.scm.laws import FittedNoise, InvertibleNoise

__all__ = [
    "covariance",
    "spectral_radius",
    "stability_notes",
    "static_weights",
    "temporal_weights",
]

_CLOSE = 0.995


def _weights_of(name: str, function: FittedMechanism) -> tuple[float, ...]:
    if not isinstance(function, LinearFunction):
        raise OptionError(
            f"{name!r} is a {type(function).__name__}; weights exist only for linear mechanisms."
        )
    return function.weights


def static_weights(graph: DAG, mechanisms: Mapping[str, FittedMechanism]) -> Floats:
    """Give ``weights[i, j]`` of ``i --> j``, shape (p, p)."""
    matrix = np.zeros((len(graph), len(graph)))
    for j, (name, function) in enumerate(mechanisms.items()):
        matrix[graph.indices(graph.parents(name)), j] = _weights_of(name, function)
    return matrix


def temporal_weights(graph: TemporalGraph, mechanisms: Mapping[str, FittedMechanism]) -> Floats:
    """Give ``weights[i, j, l]`` of ``i[t-l] --> j``, shape (p, p, max_lag + 1)."""
    cube = np.zeros(graph.marks.shape)
    for name, function in mechanisms.items():
        for text, weight in zip(graph.parents(name), _weights_of(name, function), strict=True):
            parent, lag = parse_label(text)
            cube[graph.index(parent), graph.index(name), lag] = weight
    return cube


def covariance(
    graph: DAG, mechanisms: Mapping[str, FittedMechanism], noises: Mapping[str, FittedNoise]
) -> Floats:
    """Give (I - B)^-1 D (I - B)^-T, shape (p, p), or name the nodes that have no closed form."""
    known = {n: law.variance for n, law in noises.items() if isinstance(law, InvertibleNoise)}
    wrong = [
        name
        for name, function in mechanisms.items()
        if not isinstance(function, LinearFunction) or name not in known
    ]
    if wrong:
        raise OptionError(
            "covariance() is exact for linear mechanisms and noise of known variance; "
            f"{listing(wrong)} are other. Write scm.sample(n).cov()."
        )
    total = np.linalg.inv(np.eye(len(graph)) - static_weights(graph, mechanisms).T)
    return np.asarray(total * np.array(list(known.values())) @ total.T)


def spectral_radius(weights: Floats) -> float:
    """Give the largest modulus among the eigenvalues of a linear model's one-step map.

    Below 1 the model is stable: its series have one stationary law.

    Parameters
    ----------
    weights : array of shape (p, p, max_lag + 1)
        As :meth:`causalsim.TemporalSCM.weights` gives them.

    Returns
    -------
    float

    Examples
    --------
    >>> spectral_radius(np.array([[[0.0, 0.5]]]))
    0.5
    """
    p, depth = weights.shape[0], weights.shape[2] - 1
    if p == 0 or depth == 0:
        return 0.0
    total = np.linalg.inv(np.eye(p) - weights[:, :, 0].T)
    companion = np.eye(p * depth, k=-p)
    companion[:p] = np.hstack([total @ weights[:, :, lag].T for lag in range(1, depth + 1)])
    return float(np.abs(np.linalg.eigvals(companion)).max())


def stability_notes(
    graph: TemporalGraph, mechanisms: Mapping[str, FittedMechanism]
) -> tuple[str, ...]:
    """Say that a linear model is explosive or close to it; nothing for other models."""
    if not all(isinstance(function, LinearFunction) for function in mechanisms.values()):
        return ()
    at = [graph.index(name) for name in mechanisms]
    radius = spectral_radius(temporal_weights(graph, mechanisms)[np.ix_(at, at)])
    if radius < _CLOSE:
        return ()
    what = "explosive: its series grow without bound" if radius >= 1 else "close to a unit root"
    return (f"spectral radius {radius:.3f}: the model is {what}; difference the series first",)
