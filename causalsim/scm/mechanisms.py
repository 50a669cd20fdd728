"""Mechanisms: frozen specs that learn a structural function from data.

``spec.fit(parents, child, rng)`` gives one of :mod:`causalsim.scm.functions`. A new mechanism is
a class with ``fit`` and a line in ``MECHANISMS``.

>>> x = np.array([[0.0], [1.0], [2.0]])
>>> Linear().fit(x, 1 + 2 * x[:, 0], np.random.default_rng(0)).weights
(2.0,)
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from causalsim.errors import DataError, OptionError
from causalsim.scm.functions import (
    AdditiveFunction,
    FittedMechanism,
    Floats,
    LinearFunction,
    natural_spline,
)

__all__ = ["MECHANISMS", "Additive", "AutoMechanism", "Linear", "Mechanism", "get_mechanism"]


@dataclass(frozen=True)
class Mechanism(ABC):
    """How a child is predicted from its parents; abstract."""

    @abstractmethod
    def fit(self, parents: Floats, child: Floats, rng: np.random.Generator) -> FittedMechanism:
        """Learn the function.

        Parameters
        ----------
        parents : array of shape (n, k)
        child : array of shape (n,)
        rng : Generator
            For mechanisms that draw, such as random folds; others ignore it.

        Raises
        ------
        DataError
            If there are too few rows.
        """


def _refuse_few_rows(parents: Floats) -> None:
    n, k = parents.shape
    if n < k + 2:
        raise DataError(f"{n} rows for {k} parents; a mechanism needs at least {k + 2} rows.")


@final
@dataclass(frozen=True)
class Linear(Mechanism):
    """Least squares with an intercept."""

    def fit(
        self,
        parents: Floats,
        child: Floats,
        rng: np.random.Generator,  # noqa: ARG002  the contract of all mechanisms
    ) -> FittedMechanism:
        """Learn weights and intercept."""
        _refuse_few_rows(parents)
        centre = parents.mean(axis=0)
        weights, _, rank, _ = np.linalg.lstsq(parents - centre, child - child.mean())
        return LinearFunction(
            tuple(weights),
            intercept=float(child.mean() - centre @ weights),
            freedom=float(rank),
        )


@final
@dataclass(frozen=True)
class Additive(Mechanism):
    """A sum of natural cubic splines, by ridge regression on their bases.

    The penalty is chosen by generalised cross-validation (Golub, Heath and Wahba 1979); the
    degrees of freedom are those of Hastie and Tibshirani (1990).

    Parameters
    ----------
    knots : int
        Knots per parent, at quantiles; fewer where values repeat.
    """

    knots: int = 12

    def __post_init__(self) -> None:
        if self.knots < 2:
            raise OptionError(f"knots={self.knots}: a spline needs at least 2.")

    def fit(
        self,
        parents: Floats,
        child: Floats,
        rng: np.random.Generator,  # noqa: ARG002  the contract of all mechanisms
    ) -> FittedMechanism:
        """Learn the splines."""
        _refuse_few_rows(parents)
        knots = [self._place(column) for column in parents.T]
        if not knots:
            return AdditiveFunction(intercept=float(child.mean()))
        bases = [natural_spline(x, at) for x, at in zip(parents.T, knots, strict=True)]
        basis = np.hstack(bases)
        centre, scale = basis.mean(axis=0), basis.std(axis=0)
        scale[scale == 0] = 1.0
        weights, freedom = _ridge((basis - centre) / scale, child - child.mean())
        weights = weights / scale
        ends = np.cumsum([part.shape[1] for part in bases])[:-1]
        return AdditiveFunction(
            tuple(tuple(at) for at in knots),
            tuple(tuple(part) for part in np.split(weights, ends)),
            intercept=float(child.mean() - centre @ weights),
            freedom=freedom,
        )

    def _place(self, column: Floats) -> Floats:
        at = np.unique(np.quantile(column, np.linspace(0, 1, self.knots)))
        return at if len(at) > 1 else np.array([at[0] - 1.0, at[0] + 1.0])


def _ridge(basis: Floats, target: Floats) -> tuple[Floats, float]:
    """Give weights, and what they take from the residuals, at the penalty with the best GCV.

    The smoother S leaves n - tr(2 S - S S') degrees of freedom to the residuals.
    """
    values, vectors = np.linalg.eigh(basis.T @ basis)
    values = np.maximum(values, 0.0)
    along = vectors.T @ (basis.T @ target)
    damped = values + len(target) * np.logspace(-6, 1, 22)[:, None]
    errors = target @ target + ((values / damped - 2) * along**2 / damped).sum(axis=1)
    kept = values / damped
    left = np.maximum(len(target) - 1 - kept.sum(axis=1), 1e-9)
    best = int(np.argmin(np.maximum(errors, 0.0) / left**2))
    return np.asarray(vectors @ (along / damped[best])), float((2 - kept[best]) @ kept[best])


@final
@dataclass(frozen=True)
class AutoMechanism(Mechanism):
    """Linear, unless the additive form predicts clearly better.

    Clearly means: a squared error on held-out rows (five random folds) that is lower by more
    than two standard errors.
    """

    def fit(self, parents: Floats, child: Floats, rng: np.random.Generator) -> FittedMechanism:
        """Choose a form and learn it on all rows."""
        n, k = parents.shape
        if k == 0 or n < 5 * (k + 2):
            return Linear().fit(parents, child, rng)
        folds = rng.permutation(n) % 5
        gain = _held_out(Linear(), parents, child, folds, rng)
        gain -= _held_out(Additive(), parents, child, folds, rng)
        better = gain.mean() > 2 * gain.std() / np.sqrt(n)
        return (Additive() if better else Linear()).fit(parents, child, rng)


def _held_out(
    spec: Mechanism,
    parents: Floats,
    child: Floats,
    folds: NDArray[np.intp],
    rng: np.random.Generator,
) -> Floats:
    """Give each row's squared error under the function learnt on the other folds."""
    errors = np.empty(len(child))
    for fold in range(5):
        out = folds == fold
        function = spec.fit(parents[~out], child[~out], rng)
        errors[out] = function.residual(parents[out], child[out]) ** 2
    return errors


MECHANISMS: Mapping[str, Mechanism] = {
    "auto": AutoMechanism(),
    "linear": Linear(),
    "additive": Additive(),
}


def get_mechanism(mechanism: str | Mechanism) -> Mechanism:
    """Find a mechanism by name; a spec is given back.

    >>> get_mechanism("linear")
    Linear()
    """
    if isinstance(mechanism, Mechanism):
        return mechanism
    if mechanism not in MECHANISMS:
        raise OptionError.from_choice("mechanism", mechanism, MECHANISMS)
    return MECHANISMS[mechanism]
