"""Linear maps with Gaussian noise: a CD category with conditionals, but no uniform states.

An arrow sends x to ``slope @ x + offset`` plus noise of covariance ``cov`` [Fritz2020]_. The line
has no uniform law, so a variable is cut by a point state: ``set_state`` instead of ``cut``.

References
----------
.. [Fritz2020] Fritz, A synthetic approach to Markov kernels, conditional independence and
   theorems on sufficient statistics, section 6.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Never, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causalsim.diagrams.functor import Functor, fold
from causalsim.diagrams.syntax import Diagram
from causalsim.errors import DataError, NameNotFoundError, OptionError, PositivityError
from causalsim.graph._base import Names, as_names

__all__ = ["Gaussian", "LinearGaussian", "LinearMap"]

Floats = NDArray[np.float64]


@final
@dataclass(frozen=True, eq=False)
class LinearMap:
    """A linear map with Gaussian noise.

    Parameters
    ----------
    slope : array of shape (outputs, inputs)
    offset : array of shape (outputs,)
    cov : array of shape (outputs, outputs)
        Covariance of the noise.

    Raises
    ------
    DataError
        If the shapes do not fit.
    """

    slope: Floats
    offset: Floats
    cov: Floats

    def __post_init__(self) -> None:
        slope = np.asarray(self.slope, np.float64)
        offset, cov = np.asarray(self.offset, np.float64), np.asarray(self.cov, np.float64)
        outputs = offset.size
        if slope.ndim != 2 or slope.shape[0] != outputs or cov.shape != (outputs, outputs):
            raise DataError(
                f"slope {slope.shape}, offset {offset.shape} and cov {cov.shape} do not fit."
            )
        for name, value in (("slope", slope), ("offset", offset), ("cov", cov)):
            object.__setattr__(self, name, value)


@final
@dataclass(frozen=True)
class LinearGaussian:
    """The category of linear maps with Gaussian noise; a space is the line, written ``None``.

    Examples
    --------
    >>> noisy = LinearMap([[2.0]], [1.0], [[0.5]])
    >>> twice = LinearGaussian().then(noisy, noisy)
    >>> twice.slope, twice.offset, twice.cov
    (array([[4.]]), array([3.]), array([[2.5]]))
    """

    def then(self, first: LinearMap, second: LinearMap) -> LinearMap:
        """Compose."""
        return LinearMap(
            second.slope @ first.slope,
            second.slope @ first.offset + second.offset,
            second.slope @ first.cov @ second.slope.T + second.cov,
        )

    def tensor(self, first: LinearMap, second: LinearMap) -> LinearMap:
        """Put side by side."""
        return LinearMap(
            _blocks(first.slope, second.slope),
            np.concatenate([first.offset, second.offset]),
            _blocks(first.cov, second.cov),
        )

    def wires(self, spaces: Sequence[None], picks: Sequence[int]) -> LinearMap:
        """Give copies, discards and swaps."""
        slope = np.eye(len(spaces))[list(picks)]
        return LinearMap(slope, np.zeros(len(picks)), np.zeros((len(picks), len(picks))))

    def uniform(self, space: None) -> Never:
        """Refuse: there is no uniform law on the line."""
        raise OptionError(
            f"no uniform state ({space}) among Gaussians; cut with set_state({{name: value}}), "
            "which puts a point state there."
        )

    def point(self, space: None, value: Hashable) -> LinearMap:
        """Give the law that is certain of a number."""
        if not isinstance(value, int | float | np.number):
            raise DataError(f"{value!r} is no number ({space}); a Gaussian variable needs one.")
        return LinearMap(np.zeros((1, 0)), np.array([float(value)]), np.zeros((1, 1)))

    def evidence(self, space: None, value: Hashable) -> Never:
        """Refuse: Gaussians are conditioned as a whole, by :meth:`Gaussian.condition`."""
        raise OptionError(
            f"evidence {value!r} inside a Gaussian diagram ({space}); condition its law instead."
        )

    def contract(self, diagram: Diagram, functor: Functor[None, LinearMap]) -> LinearMap:
        """Evaluate box by box."""
        return fold(diagram, functor)


def _blocks(first: Floats, second: Floats) -> Floats:
    both = np.zeros((first.shape[0] + second.shape[0], first.shape[1] + second.shape[1]))
    both[: first.shape[0], : first.shape[1]] = first
    both[first.shape[0] :, first.shape[1] :] = second
    return both


@final
@dataclass(frozen=True, eq=False, repr=False)
class Gaussian:
    """A multivariate normal law with named variables.

    Parameters
    ----------
    mean : array of shape (variables,)
    cov : array of shape (variables, variables)
    variables : str or sequence of str

    Examples
    --------
    >>> both = Gaussian([0, 0], [[1, 0.5], [0.5, 1]], ["X", "Y"])
    >>> both.condition(X=2)
    Gaussian(Y: mean 1, sd 0.866)
    """

    mean: Floats
    cov: Floats
    variables: tuple[str, ...]

    def __init__(self, mean: ArrayLike, cov: ArrayLike, variables: Names) -> None:
        names = as_names(variables)
        centre, spread = np.array(mean, np.float64), np.array(cov, np.float64)
        size = len(names)
        if centre.shape != (size,) or spread.shape != (size, size):
            raise DataError(
                f"mean {centre.shape} and cov {spread.shape}; {size} variables need "
                f"({size},) and ({size}, {size})."
            )
        object.__setattr__(self, "mean", centre)
        object.__setattr__(self, "cov", (spread + spread.T) / 2)
        object.__setattr__(self, "variables", names)

    def __repr__(self) -> str:
        spreads = np.sqrt(np.maximum(np.diag(self.cov), 0))
        parts = [
            f"{name}: mean {centre:.4g}, sd {spread:.4g}"
            for name, centre, spread in zip(self.variables, self.mean, spreads, strict=True)
        ]
        return f"Gaussian({'; '.join(parts)})"

    def _positions(self, names: Sequence[str]) -> list[int]:
        for name in names:
            if name not in self.variables:
                raise NameNotFoundError.from_names("variable", name, self.variables)
        return [self.variables.index(name) for name in names]

    def marginal(self, variables: Names) -> Gaussian:
        """Leave out all but these variables, in the order named."""
        names = as_names(variables)
        rows = self._positions(names)
        return Gaussian(self.mean[rows], self.cov[np.ix_(rows, rows)], names)

    def condition(self, values: Mapping[str, float] | None = None, /, **named: float) -> Gaussian:
        """Condition on values of some variables, by the Schur complement.

        Raises
        ------
        PositivityError
            If a variable without variance is given another value than its own.
        """
        chosen = {**(values or {}), **named}
        seen = self._positions(tuple(chosen))
        rest = [k for k in range(len(self.variables)) if k not in seen]
        inverse = np.linalg.pinv(self.cov[np.ix_(seen, seen)], hermitian=True)
        surprise = np.array([float(v) for v in chosen.values()]) - self.mean[seen]
        explained = self.cov[np.ix_(seen, seen)] @ inverse @ surprise
        if not np.allclose(explained, surprise, atol=1e-9 * (1 + np.abs(surprise).max(initial=0))):
            raise PositivityError(
                f"{chosen} cannot occur: these variables are certain, or bound to each other."
            )
        gain = self.cov[np.ix_(rest, seen)] @ inverse
        return Gaussian(
            self.mean[rest] + gain @ surprise,
            self.cov[np.ix_(rest, rest)] - gain @ self.cov[np.ix_(seen, rest)],
            tuple(self.variables[k] for k in rest),
        )

    def to_dict(self) -> dict[str, Any]:
        """Give plain values."""
        return {
            "mean": self.mean.tolist(),
            "cov": self.cov.tolist(),
            "variables": list(self.variables),
        }

    @classmethod
    def from_dict(cls, payload: Mapping[str, Any]) -> Gaussian:
        """Rebuild a law from :meth:`to_dict`."""
        return cls(payload["mean"], payload["cov"], payload["variables"])
