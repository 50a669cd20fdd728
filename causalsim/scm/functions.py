"""Structural functions: the f in ``x = f(parents, noise)``, with known numbers inside.

Most add their noise: ``x = predict(parents) + noise``. All are frozen, compare by value and, but
for :class:`RuleFunction`, can be saved.

>>> f = LinearFunction((2.0, -1.0), intercept=0.5)
>>> f.value(np.array([[1.0, 1.0]]), np.array([0.25]))
array([1.75])
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self, final

import numpy as np
from numpy.typing import NDArray

from causalsim.errors import DataError, OptionError
from causalsim.scm import _program
from causalsim.scm._program import Program

if TYPE_CHECKING:
    from causalsim.scm.laws import FittedNoise

__all__ = [
    "AdditiveFunction",
    "FeatureFunction",
    "FittedMechanism",
    "Floats",
    "LinearFunction",
    "RuleFunction",
]

Floats = NDArray[np.float64]
Vector = tuple[float, ...]
Matrix = tuple[Vector, ...]
ACTIVATIONS: Mapping[str, Callable[[Floats], Floats]] = {"tanh": np.tanh, "sin": np.sin}


def _vector(values: Sequence[float]) -> Vector:
    return tuple(float(value) for value in values)


def _matrix(rows: Sequence[Sequence[float]]) -> Matrix:
    return tuple(_vector(row) for row in rows)


@dataclass(frozen=True)
class FittedMechanism(ABC):
    """A function of the parents and a noise; abstract.

    The noise is added unless a subclass has its own ``value`` and ``residual``.

    Parameters
    ----------
    intercept : float
        Added to what the parents contribute.
    freedom : float
        Degrees of freedom that learning it took from the residuals, beside the intercept's; 0
        if it was not learnt. Not part of the function: equal functions may differ in it.
    """

    intercept: float = field(default=0.0, kw_only=True)
    freedom: float = field(default=0.0, kw_only=True, repr=False, compare=False)

    @property
    @abstractmethod
    def arity(self) -> int:
        """Number of parents that it takes."""

    @abstractmethod
    def effect(self, parents: Floats) -> Floats:
        """Give what the parents, shape (n, k), add to the intercept, shape (n,)."""

    def predict(self, parents: Floats) -> Floats:
        """Give the value without noise.

        Parameters
        ----------
        parents : array of shape (n, k)
            One column per parent, in the graph's order.

        Returns
        -------
        array of shape (n,)
        """
        return self.intercept + self.effect(parents)

    def value(self, parents: Floats, noise: Floats) -> Floats:
        """Give the values of the child, shape (n,).

        Parameters
        ----------
        parents : array of shape (n, k)
        noise : array of shape (n,)
        """
        return self.predict(parents) + noise

    def residual(self, parents: Floats, child: Floats) -> Floats:
        """Give the noise behind observed values, shape (n,): ``value`` turns it back into them.

        Raises
        ------
        OptionError
            If the noise cannot be known from what is observed.
        """
        return child - self.predict(parents)

    @property
    def invertible(self) -> bool:
        """Whether :meth:`residual` knows the noise behind observed values."""
        return True

    @property
    def law(self) -> FittedNoise | None:
        """The law of the noise, if it belongs to the function; None if residuals tell it."""
        return None

    def program(self) -> Program | None:
        """Give the function as numbers for the compiled rollout; None if it has no such form."""
        return None

    def shifted(self, by: float) -> Self:
        """Give the same function plus a constant.

        >>> LinearFunction((2.0,)).shifted(1)
        LinearFunction(intercept=1.0, weights=(2.0,))
        """
        return replace(self, intercept=self.intercept + by)


@final
@dataclass(frozen=True)
class LinearFunction(FittedMechanism):
    """A weighted sum of the parents.

    Parameters
    ----------
    weights : sequence of float
        One per parent, in the graph's order.
    """

    weights: Vector = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", _vector(self.weights))

    @property
    def arity(self) -> int:
        """Number of parents that it takes."""
        return len(self.weights)

    def effect(self, parents: Floats) -> Floats:
        """Give the weighted sum."""
        return weighted_sum(parents, self.weights)

    def program(self) -> Program:
        """Give the function as numbers for the compiled rollout."""
        return _program.linear(self.intercept, self.weights)


def weighted_sum(columns: Floats, weights: Vector) -> Floats:
    """Give ``columns @ weights`` term by term, shape (n,).

    Matrix products round a row differently with the number of rows; this does not, so that a
    simulated path is the same in any batch.
    """
    total = np.zeros(len(columns))
    for column, weight in zip(columns.T, weights, strict=True):
        total += weight * column
    return total


def natural_spline(x: Floats, knots: Floats) -> Floats:
    """Evaluate the natural cubic spline basis without its constant, shape (n, n_knots - 1).

    Linear beyond the outer knots, so that extrapolation stays tame. Hastie, Tibshirani and
    Friedman, *The Elements of Statistical Learning*, equations 5.4 and 5.5, on a scale on
    which the knots span 0 to 1.
    """
    z = (x - knots[0]) / (knots[-1] - knots[0])
    at = (knots - knots[0]) / (knots[-1] - knots[0])
    beyond = np.maximum(z[:, None] - at, 0.0)
    cubes = beyond * beyond * beyond
    slopes = (cubes[:, :-1] - cubes[:, -1:]) / (at[-1] - at[:-1])
    return np.column_stack([z, slopes[:, :-1] - slopes[:, -1:]])


@final
@dataclass(frozen=True)
class AdditiveFunction(FittedMechanism):
    """A sum of smooth one-dimensional functions, one per parent.

    Parameters
    ----------
    knots : sequence of sequences of float
        Increasing knots of each parent's natural cubic spline, at least two.
    weights : sequence of sequences of float
        Weights of each parent's basis, one fewer than its knots.
    """

    knots: Matrix = ()
    weights: Matrix = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "knots", _matrix(self.knots))
        object.__setattr__(self, "weights", _matrix(self.weights))
        sizes = [len(row) - 1 for row in self.knots]
        if sizes != [len(row) for row in self.weights] or min(sizes, default=1) < 1:
            raise OptionError(
                f"{[len(row) for row in self.weights]} weights for {[s + 1 for s in sizes]} "
                "knots; give each parent at least two knots and one weight fewer than knots."
            )

    @property
    def arity(self) -> int:
        """Number of parents that it takes."""
        return len(self.knots)

    def effect(self, parents: Floats) -> Floats:
        """Give the sum of the splines."""
        total = np.zeros(len(parents))
        for column, knots, weights in zip(parents.T, self.knots, self.weights, strict=True):
            total += weighted_sum(natural_spline(column, np.array(knots)), weights)
        return total

    def program(self) -> Program:
        """Give the function as numbers for the compiled rollout."""
        return _program.spline(self.intercept, self.knots, self.weights)


@final
@dataclass(frozen=True)
class FeatureFunction(FittedMechanism):
    """A sum of bounded features: ``weights * activation(slopes * parents + offsets)``.

    What random nonlinear models are made of.

    Parameters
    ----------
    weights, slopes, offsets : sequences of float
        One of each per parent, in the graph's order.
    activation : {"tanh", "sin"}
    """

    weights: Vector
    slopes: Vector
    offsets: Vector
    activation: str = "tanh"

    def __post_init__(self) -> None:
        for part in ("weights", "slopes", "offsets"):
            object.__setattr__(self, part, _vector(getattr(self, part)))
        if self.activation not in ACTIVATIONS:
            raise OptionError.from_choice("activation", self.activation, ACTIVATIONS)
        if not len(self.weights) == len(self.slopes) == len(self.offsets):
            raise OptionError(
                f"{len(self.weights)} weights, {len(self.slopes)} slopes and "
                f"{len(self.offsets)} offsets; give one of each per parent."
            )

    @property
    def arity(self) -> int:
        """Number of parents that it takes."""
        return len(self.weights)

    def effect(self, parents: Floats) -> Floats:
        """Give the weighted sum of the features."""
        inside = parents * np.array(self.slopes) + np.array(self.offsets)
        return weighted_sum(ACTIVATIONS[self.activation](inside), self.weights)

    def program(self) -> Program:
        """Give the function as numbers for the compiled rollout."""
        hidden = np.diag(self.slopes)
        return _program.network(
            self.intercept, self.weights, hidden, self.offsets, self.activation
        )


@final
@dataclass(frozen=True)
class RuleFunction(FittedMechanism):
    """A Python function of the parents by name; what a policy becomes. It cannot be saved.

    Parameters
    ----------
    rule : callable
        ``rule(values) -> array of shape (n,)`` or a number, where ``values[name]`` has shape
        (n,).
    parents : sequence of str
        Names of the parents, in the graph's order.

    Examples
    --------
    >>> RuleFunction(lambda v: v["X"] ** 2, ["X"]).predict(np.array([[3.0]]))
    array([9.])
    """

    rule: Callable[[Mapping[str, Any]], Any]
    parents: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "parents", tuple(self.parents))

    @property
    def arity(self) -> int:
        """Number of parents that it takes."""
        return len(self.parents)

    def effect(self, parents: Floats) -> Floats:
        """Give what the rule says."""
        answer = self.rule(dict(zip(self.parents, parents.T, strict=True)))
        return as_column(answer, len(parents), "a policy or rule")


def as_column(answer: Any, n: int, what: str) -> Floats:
    """Read what a user's function gave as n numbers.

    Raises
    ------
    DataError
        If it is neither a number nor n numbers.
    """
    try:
        return np.broadcast_to(np.asarray(answer, np.float64), (n,))
    except (TypeError, ValueError):
        raise DataError(
            f"{what} gave {type(answer).__name__} of shape {np.shape(answer)}; "
            f"expected a number or an array of shape ({n},)."
        ) from None
