"""Smooth laws of noise that follow data: a kernel density and a spline.

Both have a distribution function made of monotone cubic pieces, so that ``cdf`` and ``quantile``
are fast and undo each other to rounding.

References
----------
.. [FritschCarlson1980] Fritsch & Carlson, Monotone piecewise cubic interpolation, SIAM Journal
   on Numerical Analysis 17.
.. [Silverman1986] Silverman, *Density Estimation for Statistics and Data Analysis*.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np
from numpy.typing import NDArray

from causalsim.errors import DataError, OptionError
from causalsim.scm.functions import Floats
from causalsim.scm.laws import InvertibleNoise

__all__ = ["CurveNoise", "KernelNoise", "SplineNoise"]

Places = NDArray[np.intp]

_PER_BANDWIDTH = 10
_REACH = 86
_BLOCK = 2_000_000


@final
@dataclass(frozen=True, eq=False)
class MonotoneCubic:
    """A nondecreasing function in cubic pieces, by its heights and slopes at increasing points."""

    at: Floats
    heights: Floats
    slopes: Floats

    @classmethod
    def through(cls, at: Floats, heights: Floats) -> MonotoneCubic:
        """Take the slopes of PCHIP."""
        from scipy.interpolate import PchipInterpolator

        return cls(at, heights, np.asarray(PchipInterpolator(at, heights).derivative()(at)))

    def piece(self, i: Places, t: Floats) -> tuple[Floats, Floats]:
        """Give value and slope in t at places t in [0, 1] of pieces i."""
        width, rise = self.at[i + 1] - self.at[i], self.heights[i + 1] - self.heights[i]
        left, right = width * self.slopes[i], width * self.slopes[i + 1]
        square, cube = 3 * rise - 2 * left - right, left + right - 2 * rise
        value = self.heights[i] + t * (left + t * (square + t * cube))
        return value, left + t * (2 * square + 3 * t * cube)

    def _locate(self, known: Floats, value: Floats) -> Places:
        return np.clip(np.searchsorted(known, value) - 1, 0, len(known) - 2)

    def __call__(self, x: Floats) -> Floats:
        i = self._locate(self.at, x)
        t = (x - self.at[i]) / (self.at[i + 1] - self.at[i])
        return self.piece(i, np.clip(t, 0.0, 1.0))[0]

    def inverse(self, y: Floats) -> Floats:
        """Give the smallest x of height y: Newton's method, kept inside a shrinking bracket.

        A place that has settled moves no more, so that it is the same in any batch.
        """
        i = self._locate(self.heights, y)
        low, high = np.zeros(y.shape), np.ones(y.shape)
        t, settled = np.full(y.shape, 0.5), np.zeros(y.shape, np.bool_)
        for _ in range(60):
            value, slope = self.piece(i, t)
            over = value >= y
            low, high = np.where(over, low, t), np.where(over, t, high)
            step = t - (value - y) / np.where(slope > 0, slope, np.inf)
            step = np.where((low < step) & (step < high), step, (low + high) / 2)
            settled |= np.abs(step - t) < 1e-15
            if settled.all():
                break
            t = np.where(settled, t, step)
        return np.asarray(self.at[i] + t * (self.at[i + 1] - self.at[i]))


class CurveNoise(InvertibleNoise):
    """A law whose distribution function is a monotone cubic spline with tails; abstract."""

    tails: tuple[float, ...] = (1.0, 1.0)
    """Mean distance of what lies below and above the curve; any if nothing does."""

    @cached_property
    @abstractmethod
    def curve(self) -> MonotoneCubic:
        """The distribution function without its tails."""


@final
@dataclass(frozen=True)
class KernelNoise(CurveNoise):
    """A Gaussian kernel density of observed values.

    Its distribution function is tabulated at tenths of the bandwidth and interpolated by cubics
    of the right heights and slopes, which differs from the exact one by less than 1e-6.

    Parameters
    ----------
    values : sequence of float
        At least two; kept sorted.
    bandwidth : float
        Standard deviation of each kernel.

    Raises
    ------
    DataError
        If there are fewer than two values.
    OptionError
        If the bandwidth is not positive.

    Examples
    --------
    >>> KernelNoise((-1.0, 1.0), bandwidth=0.5).cdf(np.array([0.0, 9.0]))
    array([0.5, 1. ])
    """

    values: tuple[float, ...]
    bandwidth: float

    def __post_init__(self) -> None:
        ordered = np.sort(np.asarray(self.values, np.float64))
        if len(ordered) < 2:
            raise DataError(f"{len(ordered)} values; a kernel density needs at least 2.")
        if not 0 < self.bandwidth < np.inf:
            raise OptionError(f"bandwidth={self.bandwidth}: expected a positive number.")
        object.__setattr__(self, "values", tuple(ordered.tolist()))

    @property
    def variance(self) -> float:
        """Its variance: that of the values plus that of the kernel."""
        return float(np.var(self.values) + self.bandwidth**2)

    @cached_property
    def curve(self) -> MonotoneCubic:
        """The distribution function."""
        values, step = np.array(self.values), self.bandwidth / _PER_BANDWIDTH
        cells = np.unique(np.floor(values / step))
        grid: Floats = step * np.unique(cells[:, None] + np.arange(-_REACH, _REACH + 2.0))
        heights, slopes = self._exact(values, grid)
        heights[0], heights[-1] = 0.0, 1.0
        heights = np.maximum.accumulate(heights)
        secants = np.diff(heights) / np.diff(grid)
        steepest = 3 * np.minimum(np.append(secants, np.inf), np.insert(secants, 0, np.inf))
        return MonotoneCubic(grid, heights, np.minimum(slopes, steepest))

    def _exact(self, values: Floats, grid: Floats) -> tuple[Floats, Floats]:
        """Give distribution function and density on a grid, in blocks of bounded memory."""
        from scipy.special import ndtr

        parts = []
        for block in np.array_split(grid, 1 + len(grid) * len(values) // _BLOCK):
            z = (block[:, None] - values) / self.bandwidth
            parts.append((ndtr(z).mean(axis=1), np.exp(-z * z / 2).mean(axis=1)))
        heights, bells = (np.concatenate(part) for part in zip(*parts, strict=True))
        return heights, bells / (self.bandwidth * np.sqrt(2 * np.pi))

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        """Draw n values."""
        return self.quantile(rng.random(n))

    def cdf(self, x: Floats) -> Floats:
        """Give P(noise <= x)."""
        return self.curve(np.asarray(x, np.float64))

    def quantile(self, u: Floats) -> Floats:
        """Invert the distribution function."""
        return self.curve.inverse(np.asarray(u, np.float64))


@final
@dataclass(frozen=True)
class SplineNoise(CurveNoise):
    """A distribution function through given points, with exponential tails.

    Between the points it is a monotone cubic spline [FritschCarlson1980]_.

    Parameters
    ----------
    points : sequence of float
        Increasing, at least two.
    probabilities : sequence of float
        The distribution function at the points: increasing, between 0 and 1.
    tails : (float, float)
        Mean distance from the outer points of what lies below and above them.

    Raises
    ------
    OptionError
        If the points or probabilities do not increase, or a tail is not positive.

    Examples
    --------
    >>> law = SplineNoise((-1.0, 1.0), (0.25, 0.75), (1.0, 1.0))
    >>> law.cdf(np.array([-1.0, 0.0])), law.quantile(np.array([0.75]))
    (array([0.25, 0.5 ]), array([1.]))
    """

    points: tuple[float, ...]
    probabilities: tuple[float, ...]
    tails: tuple[float, ...] = (1.0, 1.0)

    def __post_init__(self) -> None:
        for part in ("points", "probabilities", "tails"):
            object.__setattr__(self, part, tuple(float(v) for v in getattr(self, part)))
        x, p = np.array(self.points), np.array(self.probabilities)
        if len(x) != len(p) or len(x) < 2 or (np.diff(x) <= 0).any() or (np.diff(p) <= 0).any():
            raise OptionError(
                f"{len(x)} points and {len(p)} probabilities; give at least two of each, "
                "both increasing."
            )
        if p[0] < 0 or p[-1] > 1 or len(self.tails) != 2 or not min(self.tails) > 0:
            raise OptionError(
                f"probabilities from {p[0]} to {p[-1]} and tails={self.tails}; expected "
                "probabilities in [0, 1] and two positive tails."
            )

    @cached_property
    def curve(self) -> MonotoneCubic:
        """The distribution function between the outer points."""
        return MonotoneCubic.through(np.array(self.points), np.array(self.probabilities))

    @property
    def variance(self) -> float:
        """Its variance: exact, by three-point quadrature of every piece and the tails' own."""
        nodes, weights = np.polynomial.legendre.leggauss(3)
        pieces, t = np.arange(len(self.points) - 1)[:, None], (nodes + 1) / 2
        x, mass = self.curve.at[pieces] + t * np.diff(self.curve.at)[:, None], weights / 2
        mass = mass * self.curve.piece(pieces, np.broadcast_to(t, x.shape))[1]
        ends = np.array([self.points[0] - self.tails[0], self.points[-1] + self.tails[1]])
        share = np.array([self.probabilities[0], 1 - self.probabilities[-1]])
        mean = (x * mass).sum() + share @ ends
        spread = (ends - mean) ** 2 + np.square(self.tails)
        return float(((x - mean) ** 2 * mass).sum() + share @ spread)

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        """Draw n values."""
        return self.quantile(rng.random(n))

    def cdf(self, x: Floats) -> Floats:
        """Give P(noise <= x)."""
        z = np.asarray(x, np.float64)
        below = np.minimum(z - self.points[0], 0) / self.tails[0]
        above = np.maximum(z - self.points[-1], 0) / self.tails[1]
        left = self.probabilities[0] * np.exp(below)
        right = 1 - (1 - self.probabilities[-1]) * np.exp(-above)
        return np.where(below < 0, left, np.where(above > 0, right, self.curve(z)))

    def quantile(self, u: Floats) -> Floats:
        """Invert the distribution function."""
        p = np.asarray(u, np.float64)
        first, last = self.probabilities[0], self.probabilities[-1]
        with np.errstate(divide="ignore", invalid="ignore"):
            left = self.points[0] + self.tails[0] * np.log(p / first)
            right = self.points[-1] - self.tails[1] * np.log((1 - p) / (1 - last))
        inside = self.curve.inverse(np.clip(p, first, last))
        return np.where(p < first, left, np.where(p > last, right, inside))
