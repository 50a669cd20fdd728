"""Hurdles: a value that is taken exactly, again and again, beside values that never repeat.

References
----------
.. [Cragg1971] Cragg, Some statistical models for limited dependent variables, Econometrica 39.
.. [DunnSmyth1996] Dunn & Smyth, Randomized quantile residuals, Journal of Computational and
   Graphical Statistics 5.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import numpy as np
from numpy.typing import NDArray

from causalsim.errors import OptionError
from causalsim.scm import _program
from causalsim.scm._program import Program
from causalsim.scm.bounded import BoundedFunction
from causalsim.scm.functions import FittedMechanism, Floats, LinearFunction
from causalsim.scm.laws import UNIT_INTERVAL, FittedNoise, InvertibleNoise
from causalsim.scm.learnt_laws import CurveNoise
from causalsim.scm.mechanisms import Mechanism, expect, get_mechanism
from causalsim.scm.noise import NoiseModel, get_noise

__all__ = ["AtomFunction", "Hurdle", "find_atom"]

SHARE = 0.05
TIMES = 5.0
STEEPEST = 7.0
BELOW_ONE = float(np.nextafter(1.0, 0.0))


@final
@dataclass(frozen=True)
class AtomFunction(FittedMechanism):
    """The atom with a probability p that depends on the parents, otherwise another function.

    The noise u is uniform between 0 and 1: up to p it means the atom; the rest of the interval
    is stretched to one and taken by the quantile function of the other noise, cut to where the
    other function stays between ``low`` and ``high`` [Cragg1971]_.

    Parameters
    ----------
    inner : FittedMechanism
        Increasing in its noise.
    noise : InvertibleNoise
        The law of the inner noise.
    atom : float
    logit : FittedMechanism
        Predicts log(p / (1 - p)).
    low, high : float
        Where the inner values lie.

    Raises
    ------
    OptionError
        If the interval is empty, or the inner function and the logit take different numbers of
        parents.

    Examples
    --------
    >>> from causalsim.scm.laws import GaussianNoise
    >>> even = LinearFunction(())
    >>> f = AtomFunction(even, GaussianNoise(), atom=-9.0, logit=even)
    >>> f.value(np.empty((2, 0)), np.array([0.3, 0.75]))
    array([-9.,  0.])
    """

    inner: FittedMechanism
    noise: InvertibleNoise
    atom: float
    logit: FittedMechanism
    low: float = -np.inf
    high: float = np.inf

    def __post_init__(self) -> None:
        for part in ("atom", "low", "high"):
            object.__setattr__(self, part, float(getattr(self, part)))
        if self.inner.arity != self.logit.arity or not self.low < self.high:
            raise OptionError(
                f"inner takes {self.inner.arity} parents and logit {self.logit.arity}, "
                f"low={self.low}, high={self.high}: give both the same parents, and low < high."
            )

    @property
    def arity(self) -> int:
        """Number of parents that it takes."""
        return self.inner.arity

    @property
    def law(self) -> FittedNoise:
        """The uniform law between 0 and 1."""
        return UNIT_INTERVAL

    def _chance(self, parents: Floats) -> Floats:
        """Give the probability of the atom; scipy's function rounds a row alike in any batch."""
        from scipy.special import expit

        return np.asarray(expit(self.logit.predict(parents)))

    def _cut(self, parents: Floats) -> tuple[Floats, Floats]:
        """Give the probabilities of the inner noise below ``low`` and between the bounds."""
        below, up = np.zeros(len(parents)), np.ones(len(parents))
        if np.isfinite(self.low):
            below = self.noise.cdf(self.inner.residual(parents, np.full(len(below), self.low)))
        if np.isfinite(self.high):
            up = self.noise.cdf(self.inner.residual(parents, np.full(len(up), self.high)))
        return below, np.maximum(up - below, 1e-12)

    def effect(self, parents: Floats) -> Floats:
        """Give the mean of the atom and the inner prediction, by their probabilities."""
        p = self._chance(parents)
        return p * self.atom + (1 - p) * self.inner.predict(parents)

    def value(self, parents: Floats, noise: Floats) -> Floats:
        """Give the values of the child, shape (n,), from uniform noise."""
        p, values = self._chance(parents), np.full(len(noise), self.atom)
        rows = noise > p
        below, between = self._cut(parents[rows])
        inside = below + between * (noise[rows] - p[rows]) / (1 - p[rows])
        drawn = self.noise.quantile(np.clip(inside, 1e-300, BELOW_ONE))
        values[rows] = self.inner.value(parents[rows], drawn)
        return self.intercept + values

    def residual(self, parents: Floats, child: Floats) -> Floats:
        """Give a noise that leads to the observed values, shape (n,); at the atom p / 2."""
        p, target = self._chance(parents), child - self.intercept
        noise, rows = p / 2, target != self.atom
        below, between = self._cut(parents[rows])
        inside = self.noise.cdf(self.inner.residual(parents[rows], target[rows]))
        share = np.clip((inside - below) / between, 0.0, 1.0)
        stretched = p[rows] + (1 - p[rows]) * share
        noise[rows] = np.maximum(stretched, np.nextafter(p[rows], 1.0))
        return noise

    def program(self) -> Program | None:
        """Give the function as numbers for the compiled rollout.

        There are some if the inner noise is added to a compiled prediction, perhaps scaled, and
        its law is a curve: a :class:`SplineNoise` or :class:`KernelNoise`.
        """
        inner, odds = self.inner.program(), self.logit.program()
        if inner is None or odds is None or not isinstance(self.noise, CurveNoise):
            return None
        if not (odds.predicts and replace(inner, scale=None).predicts):
            return None
        gate = _program.hurdle(self.intercept, self.atom, (self.low, self.high), self.noise)
        bounds = {name: getattr(inner, name) for name in ("low", "high", "grid")}
        free = Program(inner.kind, inner.ints, inner.floats, inner.scale)
        return replace(free, odds=odds, hurdle=replace(gate, **bounds))


@final
@dataclass(frozen=True)
class Hurdle(Mechanism):
    """Whether the child takes its atom by logistic regression, otherwise an inner mechanism.

    Without an atom (see :func:`find_atom`) it is the inner mechanism. An atom at an end of the
    data is a bound of the other values. For two atoms, write ``Hurdle(Hurdle())``; such a pair
    has no bounds.

    Parameters
    ----------
    inner : str or Mechanism
        Learnt from the rows off the atom.
    noise : str or NoiseModel
        The law of the inner noise; must be invertible. With tails, other rows can be abducted.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(2000, 1))
    >>> rain = np.maximum(x[:, 0] + rng.normal(size=2000), 0)
    >>> function = Hurdle("linear").fit(x, rain, rng)
    >>> function.atom, function.low
    (0.0, 0.0)
    """

    inner: str | Mechanism = "auto"
    noise: str | NoiseModel = "spline"

    def choose(self, parents: Floats, child: Floats, rng: np.random.Generator) -> Mechanism:
        """Give the inner mechanism if there is no atom; with one, the same with it chosen."""
        inner, atom = get_mechanism(self.inner), find_atom(child)
        if atom is None:
            return inner.choose(parents, child, rng)
        rows = child != atom
        return replace(self, inner=inner.choose(parents[rows], child[rows], rng))

    def fit(self, parents: Floats, child: Floats, rng: np.random.Generator) -> FittedMechanism:
        """Learn the chance of the atom, and the inner function off it.

        Raises
        ------
        OptionError
            If the law of the inner noise is not invertible.
        """
        atom = find_atom(child)
        if atom is None:
            return get_mechanism(self.inner).fit(parents, child, rng)
        rows = child != atom
        inner, law = self._fit_inner(parents[rows], child[rows], rng)
        nested = isinstance(inner, AtomFunction)
        low = atom if atom < child[rows].min() and not nested else -np.inf
        high = atom if atom > child[rows].max() and not nested else np.inf
        return AtomFunction(inner, law, atom, _logistic(parents, ~rows), low, high)

    def honest_residuals(
        self,
        function: FittedMechanism,
        parents: Floats,
        child: Floats,
        rng: np.random.Generator,
    ) -> Floats:
        """Give noises that are uniform: at the atom, drawn between 0 and its probability.

        These are the randomised residuals of [DunnSmyth1996]_. Without an atom they are those
        of the inner mechanism.
        """
        if find_atom(child) is None:
            inner = get_mechanism(self.inner)
            return inner.honest_residuals(function, parents, child, rng)
        own = expect(function, AtomFunction)
        noise, share = own.residual(parents, child), rng.random(len(child))
        return np.where(child - own.intercept == own.atom, 2 * noise * share, noise)

    def _fit_inner(
        self, parents: Floats, child: Floats, rng: np.random.Generator
    ) -> tuple[FittedMechanism, InvertibleNoise]:
        mechanism = get_mechanism(self.inner).choose(parents, child, rng)
        inner = mechanism.fit(parents, child, rng)
        law = inner.law
        if law is None:
            residuals = mechanism.honest_residuals(inner, parents, child, rng)
            law = get_noise(self.noise).fit(residuals)
        if not isinstance(law, InvertibleNoise):
            raise OptionError(
                f"noise={self.noise!r} gives a {type(law).__name__}, which cannot be inverted; "
                "use 'spline'."
            )
        return inner, law


def _logistic(parents: Floats, hit: NDArray[np.bool_]) -> BoundedFunction:
    """Learn log-odds, linear in the parents, within plus and minus seven."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    k = parents.shape[1]
    if k == 0:
        odds = float(np.log(hit.sum() / (~hit).sum()))
        return BoundedFunction(LinearFunction((), intercept=odds), -STEEPEST, STEEPEST)
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(parents, hit)
    start, *slopes = model.decision_function(np.vstack([np.zeros(k), np.eye(k)]))
    weights = tuple(float(slope - start) for slope in slopes)
    line = LinearFunction(weights, intercept=float(start))
    return BoundedFunction(line, -STEEPEST, STEEPEST)


def find_atom(values: Floats) -> float | None:
    """Give the value that repeats as no other: an atom of the distribution.

    At least 5 % of the rows take it exactly, at least five times as many as take the median
    level. The levels of a count or of a class are no atoms, unless one stands out.

    Parameters
    ----------
    values : array of shape (n,)

    Returns
    -------
    float or None
        The most frequent such value; None also if there is no other value.

    Examples
    --------
    >>> find_atom(np.array([0.0, 0.0, 0.0, 0.0, 0.0, 1.5, 2.5])), find_atom(np.arange(9.0))
    (0.0, None)
    """
    levels, counts = np.unique(values, return_counts=True)
    most = int(np.argmax(counts))
    needed = max(SHARE * len(values), TIMES * float(np.median(counts)))
    return float(levels[most]) if len(levels) > 1 and counts[most] >= needed else None
