"""Noise models: frozen specs that learn a law from residuals.

``spec.fit(residuals)`` gives one of :mod:`causalsim.scm.laws`. A new model is a class with ``fit``
and a line in ``NOISES``.

>>> Laplace().fit(np.array([-1.0, 0.0, 1.0])).mean
0.0
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np

from causalsim.errors import OptionError
from causalsim.scm.functions import Floats
from causalsim.scm.laws import (
    EmpiricalNoise,
    FittedNoise,
    GaussianNoise,
    LaplaceNoise,
    UniformNoise,
)

__all__ = [
    "NOISES",
    "AutoNoise",
    "Empirical",
    "Gaussian",
    "Laplace",
    "NoiseModel",
    "Uniform",
    "get_noise",
]


@dataclass(frozen=True)
class NoiseModel(ABC):
    """How a law is learnt from residuals; abstract."""

    @abstractmethod
    def fit(self, residuals: Floats) -> FittedNoise:
        """Learn the law of residuals, shape (n,), not all equal."""


@final
@dataclass(frozen=True)
class Gaussian(NoiseModel):
    """Mean and standard deviation."""

    def fit(self, residuals: Floats) -> FittedNoise:
        """Learn the law."""
        return GaussianNoise(float(residuals.std(ddof=1)), float(residuals.mean()))


@final
@dataclass(frozen=True)
class Laplace(NoiseModel):
    """Maximum likelihood: median, and mean absolute deviation from it."""

    def fit(self, residuals: Floats) -> FittedNoise:
        """Learn the law."""
        middle = float(np.median(residuals))
        return LaplaceNoise(float(np.sqrt(2) * np.abs(residuals - middle).mean()), middle)


@final
@dataclass(frozen=True)
class Uniform(NoiseModel):
    """The range of the residuals, widened by (n + 1) / (n - 1) to be unbiased."""

    def fit(self, residuals: Floats) -> FittedNoise:
        """Learn the law."""
        low, high, n = float(residuals.min()), float(residuals.max()), len(residuals)
        half = (high - low) / 2 * (n + 1) / (n - 1)
        return UniformNoise(float(half / np.sqrt(3)), (low + high) / 2)


@final
@dataclass(frozen=True)
class Empirical(NoiseModel):
    """The residuals themselves; see :class:`EmpiricalNoise`."""

    def fit(self, residuals: Floats) -> FittedNoise:
        """Learn the law."""
        return EmpiricalNoise(tuple(residuals))


@final
@dataclass(frozen=True)
class AutoNoise(NoiseModel):
    """Gaussian, unless skewness and kurtosis speak against it at level 0.01.

    The test is that of Jarque and Bera (1987): n / 6 (S^2 + (K - 3)^2 / 4) is chi-squared with
    two degrees of freedom. Otherwise :class:`Empirical`.
    """

    def fit(self, residuals: Floats) -> FittedNoise:
        """Choose a law and learn it."""
        z = (residuals - residuals.mean()) / residuals.std()
        statistic = len(z) / 6 * ((z**3).mean() ** 2 + ((z**4).mean() - 3) ** 2 / 4)
        normal = np.exp(-statistic / 2) > 0.01
        return (Gaussian() if normal else Empirical()).fit(residuals)


NOISES: Mapping[str, NoiseModel] = {
    "auto": AutoNoise(),
    "gaussian": Gaussian(),
    "laplace": Laplace(),
    "uniform": Uniform(),
    "empirical": Empirical(),
}


def get_noise(noise: str | NoiseModel) -> NoiseModel:
    """Find a noise model by name; a spec is given back.

    >>> get_noise("laplace")
    Laplace()
    """
    if isinstance(noise, NoiseModel):
        return noise
    if noise not in NOISES:
        raise OptionError.from_choice("noise", noise, NOISES)
    return NOISES[noise]
