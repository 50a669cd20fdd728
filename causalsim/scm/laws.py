"""Laws of noise, with known numbers inside.

What a law can do is its type: every :class:`FittedNoise` samples; an :class:`InvertibleNoise`
also has ``cdf``, ``quantile`` and ``variance``. The spread of a law is always given as its
standard deviation ``sd``, so that laws can be exchanged without changing the signal to noise.

>>> GaussianNoise(sd=2.0).quantile(np.array([0.5])), LaplaceNoise(sd=2.0).variance
(array([0.]), 4.0)
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import numpy as np

from causalsim.errors import DataError, OptionError
from causalsim.scm.functions import Floats, as_column

__all__ = [
    "UNIT_INTERVAL",
    "EmpiricalNoise",
    "FittedNoise",
    "GaussianNoise",
    "InvertibleNoise",
    "LaplaceNoise",
    "SamplerNoise",
    "StudentTNoise",
    "UniformNoise",
    "ZeroNoise",
    "unit_noise",
]


class FittedNoise(ABC):
    """A law that can be sampled; abstract."""

    @abstractmethod
    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        """Draw n values, shape (n,)."""


class InvertibleNoise(FittedNoise):
    """A law with a known distribution function; abstract."""

    @property
    @abstractmethod
    def variance(self) -> float:
        """Its variance."""

    @abstractmethod
    def cdf(self, x: Floats) -> Floats:
        """Give P(noise <= x)."""

    @abstractmethod
    def quantile(self, u: Floats) -> Floats:
        """Invert :meth:`cdf` at probabilities in [0, 1]."""


@dataclass(frozen=True)
class _LocationScale(InvertibleNoise):
    """A law given by standard deviation and mean; abstract."""

    sd: float = 1.0
    mean: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.sd < np.inf:
            raise OptionError(f"sd={self.sd}: expected a positive number; for none, ZeroNoise().")

    @property
    def variance(self) -> float:
        """Its variance."""
        return self.sd**2


@final
@dataclass(frozen=True)
class GaussianNoise(_LocationScale):
    """The normal law."""

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        """Draw n values."""
        return rng.normal(self.mean, self.sd, n)

    def cdf(self, x: Floats) -> Floats:
        """Give P(noise <= x)."""
        from scipy.special import ndtr

        return np.asarray(ndtr((np.asarray(x) - self.mean) / self.sd))

    def quantile(self, u: Floats) -> Floats:
        """Invert the distribution function."""
        from scipy.special import ndtri

        return np.asarray(self.mean + self.sd * ndtri(u))


@final
@dataclass(frozen=True)
class LaplaceNoise(_LocationScale):
    """The double exponential law; its usual scale is ``sd / sqrt(2)``."""

    @property
    def _scale(self) -> float:
        return float(self.sd / np.sqrt(2))

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        """Draw n values."""
        return np.asarray(rng.laplace(self.mean, self._scale, n))

    def cdf(self, x: Floats) -> Floats:
        """Give P(noise <= x)."""
        z = (np.asarray(x) - self.mean) / self._scale
        tail = 0.5 * np.exp(-np.abs(z))
        return np.asarray(np.where(z < 0, tail, 1 - tail))

    def quantile(self, u: Floats) -> Floats:
        """Invert the distribution function."""
        centred = np.asarray(u) - 0.5
        with np.errstate(divide="ignore"):
            size = -np.log1p(-2 * np.abs(centred))
        return np.asarray(self.mean + self._scale * np.sign(centred) * size)


@final
@dataclass(frozen=True)
class StudentTNoise(_LocationScale):
    """Student's t law, scaled to its standard deviation.

    Parameters
    ----------
    sd, mean : float
    dof : float
        Degrees of freedom, more than 2; the fewer, the heavier its tails.

    Examples
    --------
    >>> StudentTNoise(sd=2.0, dof=4).variance
    4.0
    """

    dof: float = 5.0

    def __post_init__(self) -> None:
        _LocationScale.__post_init__(self)
        if not 2 < self.dof < np.inf:
            raise OptionError(
                f"dof={self.dof}: expected more than 2, else there is no variance; for the "
                "normal law, GaussianNoise()."
            )

    @property
    def _scale(self) -> float:
        return float(self.sd * np.sqrt((self.dof - 2) / self.dof))

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        """Draw n values."""
        return np.asarray(self.mean + self._scale * rng.standard_t(self.dof, n))

    def cdf(self, x: Floats) -> Floats:
        """Give P(noise <= x)."""
        from scipy.special import stdtr

        return np.asarray(stdtr(self.dof, (np.asarray(x) - self.mean) / self._scale))

    def quantile(self, u: Floats) -> Floats:
        """Invert the distribution function."""
        from scipy.special import stdtrit

        return np.asarray(self.mean + self._scale * stdtrit(self.dof, u))


@final
@dataclass(frozen=True)
class UniformNoise(_LocationScale):
    """The uniform law on ``mean`` plus or minus ``sqrt(3) sd``."""

    @property
    def _half(self) -> float:
        return float(self.sd * np.sqrt(3))

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        """Draw n values."""
        return self.quantile(rng.random(n))

    def cdf(self, x: Floats) -> Floats:
        """Give P(noise <= x)."""
        return np.asarray(np.clip((np.asarray(x) - self.mean) / (2 * self._half) + 0.5, 0, 1))

    def quantile(self, u: Floats) -> Floats:
        """Invert the distribution function."""
        return self.mean + 2 * self._half * (np.asarray(u) - 0.5)


UNIT_INTERVAL = UniformNoise(sd=float(1 / np.sqrt(12)), mean=0.5)
"""The law between 0 and 1: of the noise of a function that turns probabilities into values."""


@final
@dataclass(frozen=True)
class EmpiricalNoise(InvertibleNoise):
    """The law of observed values.

    Its distribution function runs linearly from 0 at the smallest value to 1 at the largest,
    through the order statistics at equal steps; ``sample``, ``cdf``, ``quantile`` and
    ``variance`` all belong to this one law, which has no tails beyond the data.

    Parameters
    ----------
    values : sequence of float
        At least two; kept sorted.
    """

    values: tuple[float, ...]

    def __post_init__(self) -> None:
        ordered = np.sort(np.asarray(self.values, np.float64))
        if len(ordered) < 2:
            raise DataError(f"{len(ordered)} values; an empirical law needs at least 2.")
        object.__setattr__(self, "values", tuple(ordered.tolist()))

    @cached_property
    def _values(self) -> Floats:
        return np.array(self.values)

    @cached_property
    def _steps(self) -> Floats:
        return np.linspace(0, 1, len(self.values))

    @property
    def variance(self) -> float:
        """Its variance: a mixture of equally likely uniform pieces."""
        a, b = self._values[:-1], self._values[1:]
        mean = ((a + b) / 2).mean()
        return float((((a - mean) ** 2 + (a - mean) * (b - mean) + (b - mean) ** 2) / 3).mean())

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        """Draw n values."""
        return self.quantile(rng.random(n))

    def cdf(self, x: Floats) -> Floats:
        """Give P(noise <= x)."""
        return np.interp(x, self._values, self._steps)

    def quantile(self, u: Floats) -> Floats:
        """Invert the distribution function."""
        return np.interp(u, self._steps, self._values)


@final
@dataclass(frozen=True)
class ZeroNoise(InvertibleNoise):
    """No noise at all: what a variable has that is set, or follows a policy."""

    @property
    def variance(self) -> float:
        """Its variance."""
        return 0.0

    def sample(self, n: int, rng: np.random.Generator) -> Floats:  # noqa: ARG002  all laws
        """Give n zeros."""
        return np.zeros(n)

    def cdf(self, x: Floats) -> Floats:
        """Give P(noise <= x): a step at 0."""
        return (np.asarray(x) >= 0).astype(np.float64)

    def quantile(self, u: Floats) -> Floats:
        """Give zeros."""
        return np.zeros(np.shape(u))


@final
@dataclass(frozen=True)
class SamplerNoise(FittedNoise):
    """A law given by a Python function ``sampler(n, rng)``. It cannot be saved."""

    sampler: Callable[[int, Any], Any]

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        """Draw n values."""
        return as_column(self.sampler(n, rng), n, "a sampler")


_UNIT: Mapping[str, FittedNoise] = {
    "gaussian": GaussianNoise(),
    "laplace": LaplaceNoise(),
    "uniform": UniformNoise(),
}


def unit_noise(noise: str | FittedNoise) -> FittedNoise:
    """Give the law of mean 0 and variance 1 by name; a law is given back.

    >>> unit_noise("uniform")
    UniformNoise(sd=1.0, mean=0.0)
    """
    if isinstance(noise, FittedNoise):
        return noise
    if noise not in _UNIT:
        raise OptionError.from_choice("noise", noise, _UNIT)
    return _UNIT[noise]
