"""Families of random mechanisms and of noises of mean 0 and variance 1."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from causalsim.errors import OptionError
from causalsim.scm.functions import (
    ACTIVATIONS,
    AdditiveFunction,
    FeatureFunction,
    FittedMechanism,
    Floats,
    LinearFunction,
    natural_spline,
)
from causalsim.scm.laws import EmpiricalNoise, FittedNoise, StudentTNoise, unit_noise

__all__ = ["BOUNDED", "FORMS", "NOISES", "draw_functions", "draw_weights", "named_noise"]

BOUNDED = ("nonlinear", *sorted(ACTIVATIONS))
MIXED = ("linear", "nonlinear", "spline")
FORMS = ("linear", *BOUNDED, "spline", "mixed")
KNOTS = np.linspace(-2, 2, 6)
NOISES = ("gaussian", "laplace", "uniform", "student_t", "exponential", "mixture")
HEAVY = StudentTNoise(dof=5.0)
TABULATED = 1001


def draw_weights(
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


def draw_functions(
    sizes: Mapping[str, Floats], mechanism: str, stream: np.random.Generator
) -> dict[str, FittedMechanism]:
    """Give a function for each node from the weights of its parents."""
    if mechanism not in FORMS:
        raise OptionError.from_choice("mechanism", mechanism, FORMS)
    return {name: _function(row, mechanism, stream) for name, row in sizes.items()}


def _function(weights: Floats, mechanism: str, stream: np.random.Generator) -> FittedMechanism:
    if mechanism == "mixed":
        mechanism = str(stream.choice(MIXED))
    if mechanism == "linear" or not len(weights):
        return LinearFunction(tuple(weights))
    if mechanism == "spline":
        return _spline(weights, stream)
    return _features(weights, mechanism, stream)


def _features(weights: Floats, mechanism: str, stream: np.random.Generator) -> FeatureFunction:
    k = len(weights)
    slopes = stream.uniform(0.5, 2.0, k) * stream.choice([-1.0, 1.0], k)
    offsets = stream.uniform(-1, 1, k)
    names = sorted(ACTIVATIONS) if mechanism == "nonlinear" else [mechanism]
    activation = str(stream.choice(names))
    return FeatureFunction(tuple(weights), tuple(slopes), tuple(offsets), activation)


def _spline(weights: Floats, stream: np.random.Generator) -> AdditiveFunction:
    """Draw a curve for each parent, divided by its steepest slope."""
    grid = np.linspace(KNOTS[0], KNOTS[-1], 201)
    basis = natural_spline(grid, KNOTS)
    rows = []
    for weight in weights:
        drawn = stream.normal(size=basis.shape[1])
        steepest = np.abs(np.gradient(basis @ drawn, grid)).max()
        rows.append(tuple(weight * drawn / steepest))
    return AdditiveFunction((tuple(KNOTS),) * len(weights), tuple(rows))


def named_noise(noise: str | FittedNoise) -> FittedNoise:
    """Give the law of mean 0 and variance 1 by name; a law is given back.

    ``"student_t"`` has 5 degrees of freedom; ``"exponential"`` is skewed to the right;
    ``"mixture"`` is two normal laws of equal weight whose means lie 4 of their standard
    deviations apart. The last two are tabulated at 1,001 probabilities and end at the outer
    ones, 1 in 2,002.

    >>> named_noise("student_t")
    StudentTNoise(sd=1.0, mean=0.0, dof=5.0)
    """
    if isinstance(noise, FittedNoise):
        return noise
    if noise not in NOISES:
        raise OptionError.from_choice("noise", noise, NOISES)
    if noise == "student_t":
        return HEAVY
    if noise in {"exponential", "mixture"}:
        return _tabulated(_quantiles(noise))
    return unit_noise(noise)


def _quantiles(noise: str) -> Floats:
    """Give the values of a law, but for location and scale, at equally spaced probabilities."""
    from scipy.special import ndtr

    chances = (np.arange(TABULATED) + 0.5) / TABULATED
    if noise == "exponential":
        return -np.log1p(-chances)
    grid = np.linspace(-7, 7, 7001)
    return np.interp(chances, (ndtr(grid - 2) + ndtr(grid + 2)) / 2, grid)


def _tabulated(values: Floats) -> EmpiricalNoise:
    """Give the law of some quantiles with mean 0 and variance 1."""
    mean = (values[:-1] + values[1:]).mean() / 2
    centred = EmpiricalNoise(tuple(values - mean))
    return EmpiricalNoise(tuple(np.array(centred.values) / np.sqrt(centred.variance)))
