"""Tests in which an environment is one independent draw.

A :class:`Question` asks whether ``x _||_ y | given``, with y and the set in one row and x in the
same row or in another row of the environment. Two tests answer it: :class:`ClusteredTest` with
all rows, :class:`PairedTest` with any test of :mod:`causalsim.citest` on tables that hold two
rows of each environment.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from causalsim.citest import BoundTest, CITest, Oracle, bind
from causalsim.citest._mixed_basis import adjustment
from causalsim.citest._nulls import cumulants, log_cauchy_combination, log_hbe_tail
from causalsim.citest.kernel._ridge import Tuning, gaussian_spaces, tune
from causalsim.data import Kind, Table
from causalsim.discovery._environments import Environments
from causalsim.errors import DataError, OptionError, listing

__all__ = ["ClusteredTest", "EnvironmentTest", "PairedTest", "Question", "bind_environments"]

WAVES, DECAY = 5, 0.7
PAIRINGS = 8
FEWEST_PER_STRATUM = 5

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


@final
class Question(NamedTuple):
    """Whether ``x _||_ y | given``; ``across``: x is of another row than y and the set."""

    x: int
    y: int
    given: tuple[int, ...]
    across: bool


@final
@dataclass(frozen=True, eq=False)
class ClusteredTest:
    """A test with all rows, and environments as the independent draws.

    Each column becomes features: cosines of ranks, or indicators of levels. What the set
    explains is taken out of the features of y, and out of those of x, averaged over the other
    rows. In every environment the products of both, averaged over rows, then have mean 0 under
    independence, and their covariance between environments gives the law of the squared mean: a
    weighted sum of chi-squared variables, by three moments.

    Discrete members of a set split the products by stratum, numbers do not: dependence that
    cancels out over a number of the set is not seen.

    Parameters
    ----------
    environments : Environments
    """

    environments: Environments
    name: ClassVar[str] = "clustered"

    def log_p(self, question: Question) -> float:
        """Give the logarithm of the p-value."""
        at = self.environments
        x, y = self._features[question.x], self._features[question.y]
        left, right = self._residuals(question.given, at.others(x) if question.across else x, y)
        strata = self._strata(question.given)
        products = np.einsum("na,nb,nc->nabc", left, right, strata)
        return _squared_mean(at.means(products.reshape(len(products), -1)))

    @cached_property
    def _ranks(self) -> Floats:
        """Average ranks of each column on (0, 1), shape (n, p)."""
        from scipy.stats import rankdata

        values = self.environments.table.values
        return np.asarray((rankdata(values, axis=0) - 0.5) / len(values))

    @cached_property
    def _scores(self) -> Floats:
        """Normal scores of each column, shape (n, p)."""
        from scipy.special import ndtri

        return np.asarray(ndtri(self._ranks))

    @cached_property
    def _features(self) -> tuple[Floats, ...]:
        table, waves = self.environments.table, np.arange(1, WAVES + 1)
        return tuple(
            np.sqrt(2) * DECAY ** (waves - 1) * np.cos(np.pi * ranks[:, None] * waves)
            if kind is Kind.CONTINUOUS
            else _levels(values)
            for kind, ranks, values in zip(table.kinds, self._ranks.T, table.values.T, strict=True)
        )

    def _parted(self, given: tuple[int, ...]) -> tuple[Floats, list[int]]:
        """Part a set into codes, shape (n, c), and the numbers of its continuous columns."""
        table = self.environments.table
        smooth = [i for i in given if table.kinds[i] is Kind.CONTINUOUS]
        return table.values[:, [i for i in given if i not in smooth]], smooth

    def _strata(self, given: tuple[int, ...]) -> Floats:
        """Give indicators of the strata of a set, shape (n, s)."""
        codes, _ = self._parted(given)
        if not codes.shape[1]:
            return np.ones((len(codes), 1))
        found, place = np.unique(codes, axis=0, return_inverse=True)
        if len(codes) < FEWEST_PER_STRATUM * len(found):
            names = [self.environments.table.names[i] for i in given]
            raise DataError(
                f"the levels of {listing(names)} split {len(codes)} rows into {len(found)} "
                f"strata; {FEWEST_PER_STRATUM} rows for each are the fewest. Merge levels, leave "
                "columns out, or write test='mixed'."
            )
        return np.eye(len(found))[place.ravel()]

    def _residuals(self, given: tuple[int, ...], *targets: Floats) -> list[Floats]:
        """Take out of targets of shape (n, d) what a set explains.

        Exact for codes and one number, by splines in strata; kernel ridge for more numbers.
        """
        centred = [target - target.mean(axis=0) for target in targets]
        codes, smooth = self._parted(given)
        if not given:
            return centred
        if len(smooth) < 2:
            span = adjustment(codes, list(self._scores[:, smooth].T))
            return [target - span @ (span.T @ target) for target in centred]
        levels = [_levels(column) for column in codes.T]
        rows, tuning = np.hstack([self._scores[:, smooth], *levels]), Tuning(rounds=0)
        spaces = gaussian_spaces(rows, tuning)
        return [tune(rows, target, tuning, spaces).residual(target) for target in centred]


def _levels(column: Floats) -> Floats:
    """Give an indicator of each level, variances summing to 1 or 0, shape (n, levels)."""
    indicators = (column[:, None] == np.unique(column)).astype(np.float64)
    return np.asarray(indicators / np.sqrt(indicators.var(axis=0).sum() or 1.0))


def _squared_mean(draws: Floats) -> float:
    """Give the log p-value of mean 0, from n |mean|^2 of independent draws of shape (n, d)."""
    n, mean = len(draws), draws.mean(axis=0)
    apart = draws - mean
    second = apart @ apart.T if n < draws.shape[1] else apart.T @ apart
    weights = np.maximum(np.linalg.eigvalsh(second / n), 0.0)
    return float(log_hbe_tail(n * (mean @ mean), cumulants(weights, 3)))


@final
@dataclass(frozen=True, eq=False)
class PairedTest:
    """Any conditional-independence test, on tables with two rows of each environment.

    Each table has a column of either row for every variable and one line per environment, so
    that lines are independent draws. The p-values of up to eight such tables, in which rows
    take turns, are combined as Cauchy variables, whatever their dependence. Rows are shuffled
    by a stream that hangs on the content of all rows.

    Parameters
    ----------
    environments : Environments
    test : str, CITest or subclass of CITest
    """

    environments: Environments
    test: str | CITest | type[CITest]

    @property
    def name(self) -> str:
        """The test."""
        return self.test.name if isinstance(self.test, type) else str(self.test)

    def log_p(self, question: Question) -> float:
        """Give the logarithm of the p-value."""
        own = len(self.environments.table.names) * question.across
        asked = [question.x + own], [question.y], [question.given]
        statistics, logs = np.array([bound.batch(*asked) for bound in self._bound])[:, :, 0].T
        if np.isnan(statistics).any():
            names = self.environments.table.names
            raise DataError(
                f"{len(self.environments.sizes)} environments are too few for a test of "
                f"{names[question.x]!r} and {names[question.y]!r} given {len(question.given)} "
                "columns; give more environments, fewer columns, or test='auto' for all rows."
            )
        return log_cauchy_combination(logs)

    @cached_property
    def _bound(self) -> tuple[BoundTest, ...]:
        rounds = range(min(int(self.environments.sizes.max()), PAIRINGS))
        return tuple(bind(self.test, self._table(turn)) for turn in rounds)

    @cached_property
    def _shuffled(self) -> list[Ints]:
        """Shuffle the rows of each environment."""
        at = self.environments
        stream = np.random.default_rng(at.key)
        parts = zip(at.starts, at.sizes, strict=True)
        return [start + stream.permutation(size) for start, size in parts]

    def _table(self, turn: int) -> Table:
        """Put two rows of each environment side by side; the second makes first next turn."""
        table = self.environments.table
        first, second = (
            table.values[[rows[(turn + step) % len(rows)] for rows in self._shuffled]]
            for step in (0, 1)
        )
        names = (*table.names, *(f"{name} (other row)" for name in table.names))
        levels = {f"{name} (other row)": levels for name, levels in table.levels.items()}
        return Table(
            names, np.hstack([first, second]), table.kinds * 2, {**table.levels, **levels}
        )


EnvironmentTest = ClusteredTest | PairedTest


def bind_environments(
    test: str | CITest | type[CITest], environments: Environments
) -> EnvironmentTest:
    """Make the test that answers questions about environments: by all rows, or by pairs.

    Raises
    ------
    OptionError
        If the test has data of its own.
    """
    if isinstance(test, BoundTest | Oracle) or test is Oracle:
        raise OptionError(
            f"test={test!r} holds data of its own, without environments; give a name or a spec, "
            "such as test='kci'."
        )
    if isinstance(test, str) and test == "auto":
        return ClusteredTest(environments)
    return PairedTest(environments, test)
