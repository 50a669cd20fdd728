"""Forests: the mean of trees, draws from their leaves, or their conditional quantiles.

References
----------
.. [Breiman2001] Breiman, Random forests, Machine Learning 45.
.. [Geurts2006] Geurts, Ernst & Wehenkel, Extremely randomized trees, Machine Learning 63.
.. [Meinshausen2006] Meinshausen, Quantile regression forests, JMLR 7.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from causalsim.errors import DataError, OptionError
from causalsim.scm import _program
from causalsim.scm._program import Program
from causalsim.scm._quantiles import Quantiles
from causalsim.scm._trees import Forest
from causalsim.scm.functions import FittedMechanism, Floats
from causalsim.scm.laws import UNIT_INTERVAL, FittedNoise
from causalsim.scm.mechanisms import Mechanism, refuse_few_rows

__all__ = [
    "ExtraTrees",
    "ForestFunction",
    "ForestSampler",
    "LeafFunction",
    "QuantileForest",
    "QuantileFunction",
    "RandomForest",
]

_FOLDS = 5
_CHUNK = 4_000_000


@dataclass(frozen=True)
class _Trees(FittedMechanism):
    """A function of a forest; abstract."""

    forest: Forest

    @property
    def arity(self) -> int:
        """Number of parents that it takes."""
        return self.forest.arity

    def effect(self, parents: Floats) -> Floats:
        """Give the mean of the trees."""
        return self.forest.mean(parents)


def _refuse_empty_leaves(forest: Forest) -> None:
    held = np.diff(forest.starts)[forest.feature < 0]
    if not held.all():
        raise OptionError(
            f"{forest!r} has leaves without training rows; give forest.holding(parents, child)."
        )


@final
@dataclass(frozen=True)
class ForestFunction(_Trees):
    """The mean of the trees, plus noise.

    Parameters
    ----------
    forest : Forest
    """

    def program(self) -> Program:
        """Give the function as numbers for the compiled rollout."""
        return _program.forest(_program.FOREST, self.intercept, self.forest)


@final
@dataclass(frozen=True)
class LeafFunction(_Trees):
    """A training response from the leaf of a tree, both drawn by one uniform noise.

    Spread, skewness, several modes, atoms and whole numbers of the child given its parents come
    by themselves. Many noises give one value, so the noise behind a value cannot be known.

    Parameters
    ----------
    forest : Forest
        With its training rows.

    Raises
    ------
    OptionError
        If a leaf holds no training row.
    """

    def __post_init__(self) -> None:
        _refuse_empty_leaves(self.forest)

    @property
    def invertible(self) -> bool:
        """False."""
        return False

    @property
    def law(self) -> FittedNoise:
        """Uniform on (0, 1)."""
        return UNIT_INTERVAL

    def value(self, parents: Floats, noise: Floats) -> Floats:
        """Give a response of a leaf: u chooses the tree, what is left the response."""
        trees = len(self.forest.roots)
        at = np.clip(noise, 0.0, np.nextafter(1.0, 0.0)) * trees
        tree = at.astype(np.intp)
        leaf = self.forest.leaf_of(parents, tree)
        first = self.forest.starts[leaf]
        size = self.forest.starts[leaf + 1] - first
        row = first + ((at - tree) * size).astype(np.intp)
        return self.intercept + self.forest.responses[self.forest.rows[row]]

    def residual(self, parents: Floats, child: Floats) -> Floats:  # noqa: ARG002  the contract
        """Refuse.

        Raises
        ------
        OptionError
            Always.
        """
        raise OptionError(
            "a LeafFunction gives one value from many noises, so the noise behind a value cannot "
            'be told; fit with mechanism="quantile_forest", which can.'
        )

    def program(self) -> Program:
        """Give the function as numbers for the compiled rollout."""
        return _program.forest(_program.LEAF, self.intercept, self.forest)


@final
@dataclass(frozen=True)
class QuantileFunction(_Trees):
    """The conditional quantile of a forest at a noise that is uniform on (0, 1).

    The quantile runs linearly between the weighted responses, from the smallest to the largest.
    Noise beyond 0 and 1 goes on with slope one, so that every observed value has a noise.

    Parameters
    ----------
    forest : Forest
        With its training rows.

    Raises
    ------
    OptionError
        If a leaf holds no training row.
    """

    def __post_init__(self) -> None:
        _refuse_empty_leaves(self.forest)

    @property
    def law(self) -> FittedNoise:
        """Uniform on (0, 1)."""
        return UNIT_INTERVAL

    def value(self, parents: Floats, noise: Floats) -> Floats:
        """Give the conditional quantile."""
        inside = np.clip(noise, 0.0, 1.0)
        answer = np.empty(len(parents))
        for part in self._blocks(len(parents)):
            known = Quantiles.of(self.forest, parents[part])
            answer[part] = known.responses_at(inside[part])
        return self.intercept + answer + (noise - inside)

    def residual(self, parents: Floats, child: Floats) -> Floats:
        """Give the noise; at an atom, the middle of those that lead to it."""
        given = child - self.intercept
        answer = np.empty(len(parents))
        for part in self._blocks(len(parents)):
            answer[part] = Quantiles.of(self.forest, parents[part]).levels_at(given[part])
        return answer

    def _blocks(self, n: int) -> list[slice]:
        """Give blocks of rows whose weights fit into memory."""
        block = max(_CHUNK // len(self.forest.responses), 1)
        return [slice(start, start + block) for start in range(0, n, block)]

    def program(self) -> Program:
        """Give the function as numbers for the compiled rollout."""
        return _program.forest(_program.QUANTILE, self.intercept, self.forest)


def _refuse_beyond_float32(parents: Floats) -> None:
    limit = float(np.finfo(np.float32).max)
    wrong = np.argwhere(np.abs(parents) > limit)
    if len(wrong):
        row, column = wrong[0]
        raise DataError(
            f"parent {column} is {parents[row, column]:.3g} in row {row}; trees compare float32, "
            f"which ends at {limit:.3g}. Divide the column by a constant or take its logarithm."
        )


@dataclass(frozen=True)
class _ForestSpec(Mechanism):
    """How a forest is grown; abstract.

    Parameters
    ----------
    trees : int
    leaf : int
        Fewest training rows in a leaf.
    features : float
        Share of the parents tried at each split.
    """

    trees: int = 100
    leaf: int = 5
    features: float = 1.0
    extra: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.trees < 1 or self.leaf < 1 or not 0 < self.features <= 1:
            raise OptionError(
                f"{self!r}: expected at least 1 tree, 1 row a leaf, and features in (0, 1]."
            )

    def grown(self, parents: Floats, child: Floats, rng: np.random.Generator) -> Forest:
        """Grow the trees; without parents there is one leaf.

        Raises
        ------
        DataError
            If there are too few rows, or a parent is too large for float32.
        """
        refuse_few_rows(parents)
        _refuse_beyond_float32(parents)
        if parents.shape[1] == 0:
            return Forest.leaf(child)
        from sklearn.ensemble import ExtraTreesRegressor, RandomForestRegressor

        kind = ExtraTreesRegressor if self.extra else RandomForestRegressor
        model = kind(
            self.trees,
            min_samples_leaf=self.leaf,
            max_features=self.features,
            n_jobs=1,
            random_state=int(rng.integers(2**31)),
        ).fit(parents, child)
        return Forest.flatten(list(model.estimators_), parents.shape[1])

    @abstractmethod
    def fit(self, parents: Floats, child: Floats, rng: np.random.Generator) -> FittedMechanism:
        """Learn the function."""

    def honest_residuals(
        self,
        function: FittedMechanism,  # noqa: ARG002  of the same rows; new ones are learnt
        parents: Floats,
        child: Floats,
        rng: np.random.Generator,
    ) -> Floats:
        """Give residuals of each fifth of the rows from a forest of the others, shape (n,)."""
        fold_of = np.arange(len(child)) * _FOLDS // len(child)
        residuals = np.empty(len(child))
        for fold in range(_FOLDS):
            out = fold_of == fold
            learnt = self.fit(parents[~out], child[~out], rng)
            residuals[out] = learnt.residual(parents[out], child[out])
        return residuals


@final
@dataclass(frozen=True)
class ExtraTrees(_ForestSpec):
    """The mean of extremely randomised trees."""

    def fit(self, parents: Floats, child: Floats, rng: np.random.Generator) -> FittedMechanism:
        """Learn the trees."""
        return ForestFunction(self.grown(parents, child, rng))


@final
@dataclass(frozen=True)
class RandomForest(_ForestSpec):
    """The mean of a random forest."""

    extra: ClassVar[bool] = False

    def fit(self, parents: Floats, child: Floats, rng: np.random.Generator) -> FittedMechanism:
        """Learn the trees."""
        return ForestFunction(self.grown(parents, child, rng))


@final
@dataclass(frozen=True)
class ForestSampler(_ForestSpec):
    """Draws from the leaves of extremely randomised trees."""

    def fit(self, parents: Floats, child: Floats, rng: np.random.Generator) -> FittedMechanism:
        """Learn the trees, and keep their rows."""
        return LeafFunction(self.grown(parents, child, rng).holding(parents, child))


@final
@dataclass(frozen=True)
class QuantileForest(_ForestSpec):
    """Conditional quantiles by extremely randomised trees; invertible."""

    def fit(self, parents: Floats, child: Floats, rng: np.random.Generator) -> FittedMechanism:
        """Learn the trees, and keep their rows."""
        return QuantileFunction(self.grown(parents, child, rng).holding(parents, child))
