"""Noise whose size depends on the parents.

References
----------
.. [DavidianCarroll1987] Davidian & Carroll, Variance function estimation, JASA 82: regression of
   absolute residuals.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import numpy as np

from causalsim.errors import OptionError
from causalsim.scm._program import Program
from causalsim.scm.bounded import BoundedFunction
from causalsim.scm.functions import FittedMechanism, Floats
from causalsim.scm.mechanisms import Mechanism, expect, get_mechanism

__all__ = ["Scaled", "ScaledFunction"]


@final
@dataclass(frozen=True)
class ScaledFunction(FittedMechanism):
    """``mean(parents) + scale(parents) * noise``.

    Parameters
    ----------
    mean : FittedMechanism
        Its noise is additive.
    scale : FittedMechanism
        Its predictions are positive; bound it with
        :class:`~causalsim.scm.bounded.BoundedFunction`.

    Raises
    ------
    OptionError
        If the two take different numbers of parents.

    Examples
    --------
    >>> from causalsim.scm.functions import LinearFunction
    >>> f = ScaledFunction(LinearFunction((1.0,)), LinearFunction((0.0,), intercept=2.0))
    >>> f.value(np.array([[1.0]]), np.array([0.5]))
    array([2.])
    """

    mean: FittedMechanism
    scale: FittedMechanism

    def __post_init__(self) -> None:
        if self.mean.arity != self.scale.arity:
            raise OptionError(
                f"the mean takes {self.mean.arity} parents and the scale {self.scale.arity}; "
                "give both the same."
            )

    @property
    def arity(self) -> int:
        """Number of parents that it takes."""
        return self.mean.arity

    def effect(self, parents: Floats) -> Floats:
        """Give the mean."""
        return self.mean.predict(parents)

    def value(self, parents: Floats, noise: Floats) -> Floats:
        """Give the values of the child, shape (n,)."""
        return self.predict(parents) + self.scale.predict(parents) * noise

    def residual(self, parents: Floats, child: Floats) -> Floats:
        """Give the noise behind observed values, shape (n,)."""
        return (child - self.predict(parents)) / self.scale.predict(parents)

    def program(self) -> Program | None:
        """Give the function as numbers for the compiled rollout, if both parts have a form."""
        mean, scale = self.mean.shifted(self.intercept).program(), self.scale.program()
        if mean is None or scale is None or not (mean.predicts and scale.predicts):
            return None
        return None if mean.bounded else replace(mean, scale=scale)


@final
@dataclass(frozen=True)
class Scaled(Mechanism):
    """A mean and the size of the noise around it, one after the other.

    The size is a regression of sqrt(pi / 2) times the absolute residuals on the parents
    [DavidianCarroll1987]_, which for Gaussian noise estimates its standard deviation. It is kept
    between a fifth and five times the mean size, so that a simulation cannot run away.

    Parameters
    ----------
    mean : str or Mechanism
        Of additive noise.
    scale : str or Mechanism
        By default splines, since noise often grows on both sides.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(5000, 1))
    >>> y = x[:, 0] + np.exp(x[:, 0] / 2) * rng.normal(size=5000)
    >>> function = Scaled().fit(x, y, rng)
    >>> function.scale.predict(np.array([[-1.0], [1.0]])) / np.exp([-0.5, 0.5])
    array([1.0, 1.0])
    """

    mean: str | Mechanism = "auto"
    scale: str | Mechanism = "additive"

    def choose(self, parents: Floats, child: Floats, rng: np.random.Generator) -> Mechanism:
        """Give the same with the mean that these rows are to be learnt with."""
        return replace(self, mean=get_mechanism(self.mean).choose(parents, child, rng))

    def fit(self, parents: Floats, child: Floats, rng: np.random.Generator) -> FittedMechanism:
        """Learn the mean and the scale.

        Raises
        ------
        OptionError
            If the noise of the mean is not additive.
        """
        mechanism = get_mechanism(self.mean).choose(parents, child, rng)
        mean = mechanism.fit(parents, child, rng)
        if mean.law is not None:
            raise OptionError(
                f"mean={self.mean!r} has a noise of its own; Scaled() needs one that adds it."
            )
        size = np.abs(mechanism.honest_residuals(mean, parents, child, rng)) * np.sqrt(np.pi / 2)
        typical = float(size.mean()) or 1.0
        scale = get_mechanism(self.scale).fit(parents, size, rng)
        bounded = BoundedFunction(scale, typical / 5, typical * 5)
        return ScaledFunction(mean, bounded, freedom=mean.freedom)

    def honest_residuals(
        self,
        function: FittedMechanism,
        parents: Floats,
        child: Floats,
        rng: np.random.Generator,
    ) -> Floats:
        """Give the honest residuals of the mean, in units of the scale."""
        own = expect(function, ScaledFunction)
        target = child - own.intercept
        around = get_mechanism(self.mean).honest_residuals(own.mean, parents, target, rng)
        return np.asarray(around / own.scale.predict(parents))
