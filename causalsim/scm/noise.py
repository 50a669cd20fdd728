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

from causalsim.errors import DataError, OptionError
from causalsim.scm.functions import Floats
from causalsim.scm.laws import (
    EmpiricalNoise,
    FittedNoise,
    GaussianNoise,
    LaplaceNoise,
    StudentTNoise,
    UniformNoise,
)
from causalsim.scm.learnt_laws import KernelNoise, SplineNoise

__all__ = [
    "KDE",
    "NOISES",
    "AutoNoise",
    "Empirical",
    "Gaussian",
    "Laplace",
    "NoiseModel",
    "Spline",
    "StudentT",
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
class StudentT(NoiseModel):
    """Maximum likelihood of location, scale and degrees of freedom (from 2.1 to 1000).

    >>> law = StudentT().fit(np.random.default_rng(0).standard_t(4, 5000))
    >>> round(law.dof), round(law.variance)
    (4, 2)
    """

    def fit(self, residuals: Floats) -> FittedNoise:
        """Learn the law."""
        from scipy import optimize, stats

        middle, unit = float(np.median(residuals)), float(residuals.std())
        z = (residuals - middle) / unit
        surprise = lambda p: -stats.t.logpdf(z, np.exp(p[2]), p[0], np.exp(p[1])).mean()
        bounds = [(-1, 1), (-9, 1), (np.log(2.1), np.log(1000))]
        place, scale, dof = optimize.minimize(surprise, [0, -0.3, 1.5], bounds=bounds).x
        sd = np.exp(scale) * np.sqrt(np.exp(dof) / (np.exp(dof) - 2))
        return StudentTNoise(float(unit * sd), float(middle + unit * place), float(np.exp(dof)))


@final
@dataclass(frozen=True)
class KDE(NoiseModel):
    """A Gaussian kernel density; see :class:`KernelNoise`.

    Parameters
    ----------
    bandwidth : float, optional
        By default Silverman's rule [Silverman1986]_: 0.9 n^(-1/5) times the smaller of the
        standard deviation and the interquartile range / 1.34.

    References
    ----------
    .. [Silverman1986] Silverman, *Density Estimation*, equation 3.31.
    """

    bandwidth: float | None = None

    def fit(self, residuals: Floats) -> FittedNoise:
        """Learn the law."""
        return KernelNoise(tuple(residuals), self.bandwidth or _silverman(residuals))


def _silverman(values: Floats) -> float:
    low, high = np.quantile(values, [0.25, 0.75])
    spreads = [float(values.std(ddof=1)), float(high - low) / 1.34]
    return float(0.9 * min(s for s in spreads if s > 0) * len(values) ** -0.2)


@final
@dataclass(frozen=True)
class Spline(NoiseModel):
    """A monotone spline through quantiles, with exponential tails; see :class:`SplineNoise`.

    A cheap substitute of a spline flow.

    Parameters
    ----------
    knots : int
        Quantiles, at the middles of as many equal parts of the probability.
    """

    knots: int = 16

    def __post_init__(self) -> None:
        if self.knots < 2:
            raise OptionError(f"knots={self.knots}: a spline needs at least 2.")

    def fit(self, residuals: Floats) -> FittedNoise:
        """Learn the law.

        Raises
        ------
        DataError
            If nearly all residuals are equal.
        """
        levels = (np.arange(self.knots) + 0.5) / self.knots
        at, same = np.unique(np.quantile(residuals, levels), return_inverse=True)
        if len(at) < 2:
            raise DataError(
                "nearly all residuals are equal, so that their quantiles span no spline; use "
                "noise='empirical'."
            )
        tails = (
            _mean_excess(at[0] - residuals, at[1] - at[0]),
            _mean_excess(residuals - at[-1], at[-1] - at[-2]),
        )
        return SplineNoise(tuple(at), tuple(np.bincount(same, levels) / np.bincount(same)), tails)


def _mean_excess(beyond: Floats, otherwise: float) -> float:
    return float(beyond[beyond > 0].mean()) if (beyond > 0).any() else float(otherwise)


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
    "student_t": StudentT(),
    "kde": KDE(),
    "spline": Spline(),
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
