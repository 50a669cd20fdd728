"""Mechanisms: frozen specs that learn a structural function from data.

``spec.fit(parents, child, rng)`` gives a structural function, and ``spec.honest_residuals`` the
residuals from which its noise is learnt. A new mechanism is a class with ``fit`` and a line in
``MECHANISMS``.

>>> x = np.array([[0.0], [1.0], [2.0]])
>>> Linear().fit(x, 1 + 2 * x[:, 0], np.random.default_rng(0)).weights
(2.0,)
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TypeVar, final

import numpy as np
from numpy.typing import NDArray

from causalsim.errors import DataError, OptionError
from causalsim.scm._ridge import ridge, standardised
from causalsim.scm.functions import (
    AdditiveFunction,
    FittedMechanism,
    Floats,
    LinearFunction,
    natural_spline,
)

__all__ = [
    "MECHANISMS",
    "Additive",
    "AutoMechanism",
    "Linear",
    "Mechanism",
    "blocks",
    "expect",
    "get_mechanism",
    "held_out",
    "refuse_few_rows",
]

FOLDS = ("random", "blocks")
Function = TypeVar("Function", bound=FittedMechanism)


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

    def choose(
        self,
        parents: Floats,  # noqa: ARG002  for those that look
        child: Floats,  # noqa: ARG002
        rng: np.random.Generator,  # noqa: ARG002
    ) -> Mechanism:
        """Give the mechanism that these rows are to be learnt with: itself, unless it decides.

        ``fit`` chooses too; choosing first lets the same mechanism give the residuals.

        Parameters
        ----------
        parents, child, rng
            As for :meth:`fit`.

        Returns
        -------
        Mechanism
        """
        return self

    def honest_residuals(
        self,
        function: FittedMechanism,
        parents: Floats,
        child: Floats,
        rng: np.random.Generator,  # noqa: ARG002  for those that learn again without some rows
    ) -> Floats:
        """Give residuals as large as on new rows, although the function has seen these.

        Here they are enlarged by sqrt((n - 1) / (n - 1 - df)) for the df degrees of freedom
        that learning took.

        Parameters
        ----------
        function : FittedMechanism
            What :meth:`fit` learnt from these rows.
        parents, child, rng
            As for :meth:`fit`.

        Returns
        -------
        array of shape (n,)

        Examples
        --------
        >>> x, y = np.array([[0.0], [1.0], [2.0]]), np.array([0.0, 3.0, 0.0])
        >>> function = Linear().fit(x, y, np.random.default_rng(0))
        >>> Linear().honest_residuals(function, x, y, np.random.default_rng(0)).round(2)
        array([-1.41,  2.83, -1.41])
        """
        n = len(child)
        inflation = np.sqrt((n - 1) / max(n - 1 - function.freedom, 1.0))
        return np.asarray(function.residual(parents, child) * inflation)


def expect(function: FittedMechanism, kind: type[Function]) -> Function:
    """Give a function back if it is of the kind that a mechanism learns, or refuse it.

    >>> expect(LinearFunction((1.0,)), LinearFunction)
    LinearFunction(intercept=0.0, weights=(1.0,))
    """
    if not isinstance(function, kind):
        raise OptionError(
            f"function is a {type(function).__name__}; give the {kind.__name__} that this "
            "mechanism has learnt from these rows."
        )
    return function


def refuse_few_rows(parents: Floats) -> None:
    """Refuse fewer rows than the parents, shape (n, k), and two more.

    >>> refuse_few_rows(np.zeros((4, 2)))
    """
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
        refuse_few_rows(parents)
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
        refuse_few_rows(parents)
        knots = [self._place(column) for column in parents.T]
        if not knots:
            return AdditiveFunction(intercept=float(child.mean()))
        bases = [natural_spline(x, at) for x, at in zip(parents.T, knots, strict=True)]
        basis, centre, scale = standardised(np.hstack(bases))
        weights, freedom = ridge(basis, child - child.mean())
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


@final
@dataclass(frozen=True)
class AutoMechanism(Mechanism):
    """The simplest of several mechanisms that no richer one clearly beats.

    One after the other, a richer candidate takes the place of the best so far if its squared
    error on held-out rows (five folds) is lower by more than two standard errors.

    Parameters
    ----------
    candidates : sequence of Mechanism
        From the simplest to the richest. The first is taken unseen where there are no parents,
        or fewer than five rows for each and for two more.
    folds : {"random", "blocks"}
        Rows of a table are drawn into folds at random. Steps of a series depend on their
        neighbours and are better held out as five contiguous blocks.

    Examples
    --------
    >>> x = np.linspace(-1, 1, 100)[:, None]
    >>> auto, rng = AutoMechanism(folds="blocks"), np.random.default_rng(0)
    >>> auto.choose(x, x[:, 0] + rng.normal(size=100), rng)
    Linear()
    """

    candidates: tuple[Mechanism, ...] = (Linear(), Additive())
    folds: str = "random"

    def __post_init__(self) -> None:
        object.__setattr__(self, "candidates", tuple(self.candidates))
        if not self.candidates:
            raise OptionError("candidates=(): give at least one mechanism.")
        if self.folds not in FOLDS:
            raise OptionError.from_choice("folds", self.folds, FOLDS)

    def fit(self, parents: Floats, child: Floats, rng: np.random.Generator) -> FittedMechanism:
        """Choose a mechanism and learn it on all rows."""
        return self.choose(parents, child, rng).fit(parents, child, rng)

    def choose(self, parents: Floats, child: Floats, rng: np.random.Generator) -> Mechanism:
        """Give the candidate that predicts held-out rows best; see :meth:`Mechanism.choose`."""
        best, *richer = self.candidates
        n, k = parents.shape
        if k == 0 or n < 5 * (k + 2) or not richer:
            return best.choose(parents, child, rng)
        folds = self._folds(n, rng)
        errors = held_out(best, parents, child, folds, rng) ** 2
        for candidate in richer:
            others = held_out(candidate, parents, child, folds, rng) ** 2
            gain = errors - others
            if gain.mean() > 2 * gain.std() / np.sqrt(n):
                best, errors = candidate, others
        return best.choose(parents, child, rng)

    def honest_residuals(
        self,
        function: FittedMechanism,  # noqa: ARG002  which candidate it is from is not known
        parents: Floats,
        child: Floats,
        rng: np.random.Generator,
    ) -> Floats:
        """Give what is left of held-out rows; those of the choice are in its own hands."""
        folds = self._folds(len(child), rng)
        return held_out(self, parents, child, folds, rng)

    def _folds(self, n: int, rng: np.random.Generator) -> NDArray[np.intp]:
        return rng.permutation(n) % 5 if self.folds == "random" else blocks(n)


def blocks(n: int) -> NDArray[np.intp]:
    """Give the folds of n rows: five contiguous blocks.

    >>> blocks(8)
    array([0, 0, 1, 1, 2, 3, 3, 4])
    """
    return np.arange(n) * 5 // n


def held_out(
    spec: Mechanism,
    parents: Floats,
    child: Floats,
    folds: NDArray[np.intp],
    rng: np.random.Generator,
) -> Floats:
    """Give each row's distance from the prediction of a function that has not seen its fold.

    Parameters
    ----------
    spec : Mechanism
    parents, child, rng
        As for :meth:`Mechanism.fit`.
    folds : array of shape (n,)
        Number of each row's fold.

    Returns
    -------
    array of shape (n,)

    Examples
    --------
    >>> x, y, folds = np.zeros((6, 0)), np.array([0.0, 0, 0, 3, 3, 3]), np.arange(6) // 3
    >>> held_out(Linear(), x, y, folds, np.random.default_rng(0))
    array([-3., -3., -3.,  3.,  3.,  3.])
    """
    errors = np.empty(len(child))
    for fold in np.unique(folds):
        out = folds == fold
        function = spec.fit(parents[~out], child[~out], rng)
        errors[out] = child[out] - function.predict(parents[out])
    return errors


MECHANISMS: Mapping[str, str] = {
    "auto": "mechanisms.AutoMechanism",
    "linear": "mechanisms.Linear",
    "additive": "mechanisms.Additive",
    "ridge": "penalised.Ridge",
    "elastic_net": "penalised.ElasticNet",
    "fourier": "fourier.Fourier",
    "network": "network.Perceptron",
    "scaled": "scaled.Scaled",
    "extra_trees": "forests.ExtraTrees",
    "random_forest": "forests.RandomForest",
    "forest_sampler": "forests.ForestSampler",
    "quantile_forest": "forests.QuantileForest",
    "best": "contest.Contest",
}


def get_mechanism(mechanism: str | Mechanism) -> Mechanism:
    """Find a mechanism by name, with its defaults; a spec is given back.

    ``MECHANISMS`` says in which module of this package each stands.

    >>> get_mechanism("linear")
    Linear()
    """
    if isinstance(mechanism, Mechanism):
        return mechanism
    if mechanism not in MECHANISMS:
        raise OptionError.from_choice("mechanism", mechanism, MECHANISMS)
    module, kind = MECHANISMS[mechanism].split(".")
    spec: Mechanism = getattr(import_module(f"causalsim.scm.{module}"), kind)()
    return spec
