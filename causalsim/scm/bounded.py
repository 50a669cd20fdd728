"""Values that stay in an interval and on a grid: counts, shares, rounded measurements."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple, final

import numpy as np

from causalsim.errors import OptionError
from causalsim.scm._program import Program
from causalsim.scm.functions import FittedMechanism, Floats
from causalsim.scm.laws import FittedNoise
from causalsim.scm.mechanisms import Mechanism, expect, get_mechanism

__all__ = ["Bounded", "BoundedFunction", "Bounds", "fit_bounds"]

HARD = 0.01
REACH = 3.0
REPEATS = 4
EXACT = 1e-6


class Bounds(NamedTuple):
    """An interval, and the step of a grid through 0; a step of 0 means none."""

    low: float
    high: float
    grid: float


@final
@dataclass(frozen=True)
class BoundedFunction(FittedMechanism):
    """Another function, rounded to multiples of ``grid`` and then clipped to an interval.

    Its noise is that of the inner function. What it gives back for an observed value need not
    be the noise that was drawn, but leads to the same value, if that lies on the grid and in the
    interval. The intercept is added afterwards, so that a shift moves the interval too.

    Parameters
    ----------
    inner : FittedMechanism
    low, high : float
        The interval.
    grid : float
        0 for none.

    Raises
    ------
    OptionError
        If the interval is empty or the step negative.

    Examples
    --------
    >>> from causalsim.scm.functions import LinearFunction
    >>> count = BoundedFunction(LinearFunction((1.0,)), low=0.0, grid=1.0)
    >>> count.value(np.array([[2.0], [2.0]]), np.array([0.7, -9.0]))
    array([3., 0.])
    """

    inner: FittedMechanism
    low: float = -np.inf
    high: float = np.inf
    grid: float = 0.0

    def __post_init__(self) -> None:
        for part in ("low", "high", "grid"):
            object.__setattr__(self, part, float(getattr(self, part)))
        if not self.low <= self.high or not 0 <= self.grid < np.inf:
            raise OptionError(
                f"low={self.low}, high={self.high}, grid={self.grid}: expected low <= high and "
                "a grid of 0 or more."
            )

    @property
    def arity(self) -> int:
        """Number of parents that it takes."""
        return self.inner.arity

    @property
    def law(self) -> FittedNoise | None:
        """The law of the inner function."""
        return self.inner.law

    def _snapped(self, values: Floats) -> Floats:
        steps = np.rint(values / self.grid) * self.grid if self.grid else values
        return np.clip(steps, self.low, self.high)

    def effect(self, parents: Floats) -> Floats:
        """Give the inner prediction, on the grid and in the interval."""
        return self._snapped(self.inner.predict(parents))

    def value(self, parents: Floats, noise: Floats) -> Floats:
        """Give the values of the child, shape (n,)."""
        return self.intercept + self._snapped(self.inner.value(parents, noise))

    def residual(self, parents: Floats, child: Floats) -> Floats:
        """Give a noise that leads to the observed values, shape (n,)."""
        return self.inner.residual(parents, child - self.intercept)

    def program(self) -> Program | None:
        """Give the function as numbers for the compiled rollout, if the inner one has such a form.

        A shifted grid and a bounded function inside another have none.
        """
        inner = self.inner.program()
        if inner is None or isinstance(self.inner, BoundedFunction):
            return None
        if not self.intercept:
            return replace(inner, low=self.low, high=self.high, grid=self.grid)
        moved = self.inner.shifted(self.intercept).program()
        if moved is None or self.grid:
            return None
        return replace(moved, low=self.low + self.intercept, high=self.high + self.intercept)


@final
@dataclass(frozen=True)
class Bounded(Mechanism):
    """A mechanism whose values stay within the bounds of the data; see :func:`fit_bounds`.

    Parameters
    ----------
    inner : str or Mechanism

    Examples
    --------
    >>> x = np.arange(20.0)[:, None]
    >>> Bounded("linear").fit(x, np.floor(x[:, 0] / 2), np.random.default_rng(0)).grid
    1.0
    """

    inner: str | Mechanism = "auto"

    def choose(self, parents: Floats, child: Floats, rng: np.random.Generator) -> Mechanism:
        """Give the same with the inner mechanism that these rows are to be learnt with."""
        return Bounded(get_mechanism(self.inner).choose(parents, child, rng))

    def fit(self, parents: Floats, child: Floats, rng: np.random.Generator) -> FittedMechanism:
        """Learn the inner function and the bounds."""
        inner = get_mechanism(self.inner).fit(parents, child, rng)
        return BoundedFunction(inner, *fit_bounds(child), freedom=inner.freedom)

    def honest_residuals(
        self,
        function: FittedMechanism,
        parents: Floats,
        child: Floats,
        rng: np.random.Generator,
    ) -> Floats:
        """Give those of the inner mechanism."""
        own = expect(function, BoundedFunction)
        target = child - own.intercept
        return get_mechanism(self.inner).honest_residuals(own.inner, parents, target, rng)


def fit_bounds(values: Floats) -> Bounds:
    """Find the interval and the grid of observed values.

    A smallest or largest value that at least 1 % of the rows share is a hard bound. Elsewhere
    the bound only keeps a simulation from running away: three interquartile ranges (standard
    deviations, where that range is 0) beyond the data. The grid is the greatest common divisor
    of integers; of other values, the smallest gap between two, if all are multiples of it and
    repeat four times on average.

    Parameters
    ----------
    values : array of shape (n,)

    Returns
    -------
    Bounds
        ``low``, ``high`` and ``grid``.

    Examples
    --------
    >>> fit_bounds(np.repeat([0.0, 0.5, 1.5], 5))
    Bounds(low=0.0, high=1.5, grid=0.5)
    """
    levels, counts = np.unique(values, return_counts=True)
    low, high = float(levels[0]), float(levels[-1])
    quartiles = np.quantile(values, [0.25, 0.75])
    reach = REACH * float(np.ptp(quartiles) or values.std())
    least = max(HARD * len(values), 2)
    return Bounds(
        low if counts[0] >= least else low - reach,
        high if counts[-1] >= least else high + reach,
        _grid(levels, len(values)),
    )


def _grid(levels: Floats, n: int) -> float:
    """Give the step whose multiples all levels are, or 0."""
    largest = float(np.abs(levels).max())
    if largest < 2**53 and (levels == np.rint(levels)).all():
        return float(np.gcd.reduce(np.abs(levels).astype(np.int64)))
    if len(levels) * REPEATS > n:
        return 0.0
    gap = float(np.diff(np.union1d(levels, 0.0)).min())
    step = largest / round(largest / gap)
    return step if np.abs(levels / step - np.rint(levels / step)).max() < EXACT else 0.0
