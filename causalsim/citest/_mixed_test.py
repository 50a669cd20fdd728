"""The bound forms of :mod:`causalsim.citest.mixed`, where the statistic is explained."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Self, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causalsim.citest._base import BoundTest, CITest, Floats, Ints, questions
from causalsim.citest._correlation import blocks, correlation, unit_columns
from causalsim.citest._mixed_basis import adjustment, indicators
from causalsim.citest._mixed_wilks import half_solve, log_wilks
from causalsim.citest._tails import log_chi2_tail
from causalsim.data import Kind, Table

__all__ = ["LinearTest", "MixedTest", "SplineTest"]

_ROWS_PER_DOF = 10
_LEAST_FREE = 1e-3


class _Remainder(NamedTuple):
    """What sets leave to questions: covariances, columns taken out, and the inflation c."""

    rows: Ints
    covariance: Floats
    taken: Ints
    inflation: Floats


class _Answers(NamedTuple):
    """One entry a question; ``log_ratio`` is NaN where it is untestable."""

    log_ratio: Floats
    dof: Ints
    room: Ints
    factor: Floats

    @property
    def effect(self) -> Floats:
        return np.sqrt(-np.expm1(-self.log_ratio))


def _alike(rows: Ints) -> Iterator[tuple[Ints, Ints]]:
    """Give each distinct row of an array of shape (m, c), after the places where it stands."""
    if len(rows) == 0:
        return
    distinct, member = np.unique(rows, axis=0, return_inverse=True)
    order = np.argsort(member.ravel(), kind="stable")
    cuts = np.cumsum(np.bincount(member.ravel(), minlength=len(distinct)))[:-1]
    yield from zip(np.split(order, cuts), distinct, strict=True)


@dataclass(frozen=True, eq=False)
class MixedTest(BoundTest):
    """A test of the canonical correlations between two columns' blocks; abstract.

    Parameters
    ----------
    spec : CITest
    names : tuple of str
    n : int
    table : Table
        Complete.
    unit : array of shape (n, b)
        The blocks side by side, each column of them centred and of length 1.
    starts, sizes : arrays of int, shape (p,)
        Where a column's block stands in ``unit``; a constant column has size 0.

    Examples
    --------
    >>> from causalsim.citest.mixed import Mixed
    >>> from causalsim.data import read_table
    >>> values = np.array([[0, 0.5], [1, 1.0], [2, 0.0], [0, 0.0]] * 10)
    >>> table = read_table(values, kinds={"x0": "discrete", "x1": "continuous"})
    >>> test = Mixed()(table)
    >>> test.sizes.tolist(), test("x0", "x1").dof
    ([2, 1], 2.0)
    """

    spec: CITest
    names: tuple[str, ...]
    n: int
    table: Table
    unit: Floats
    starts: Ints
    sizes: Ints

    @classmethod
    def from_table(cls, spec: CITest, table: Table) -> Self:
        """Lay the blocks of a complete table side by side."""
        discrete = [kind is not Kind.CONTINUOUS for kind in table.kinds]
        parts = [
            indicators(column) if coded else unit_columns(column[:, None])
            for column, coded in zip(table.values.T, discrete, strict=True)
        ]
        parts = [part[:, part.any(axis=0)] for part in parts]
        sizes = np.array([part.shape[1] for part in parts], np.intp)
        unit = unit_columns(np.column_stack(parts))
        return cls(spec, table.names, len(table), table, unit, np.cumsum(sizes) - sizes, sizes)

    @abstractmethod
    def _remainders(self, x: Ints, y: Ints, given: Ints) -> Iterator[_Remainder]:
        """Take out the sets of questions, those of one shape at a time."""

    def batch(self, xs: ArrayLike, ys: ArrayLike, givens: ArrayLike) -> tuple[Floats, Floats]:
        """Test many pairs at once; see :class:`~causalsim.citest.BoundTest`."""
        log_ratio, dof, _, factor = self._answers(*questions(xs, ys, givens))
        statistic = factor * log_ratio
        untestable = np.isnan(statistic)
        log_p = log_chi2_tail(np.where(untestable, 0.0, statistic), dof)
        return statistic, np.where(untestable, -np.inf, log_p)

    def effects(self, xs: ArrayLike, ys: ArrayLike, givens: ArrayLike) -> Floats:
        """Give sqrt(1 - prod(1 - r_i^2)), shape (m,); |partial correlation| of two numbers."""
        return self._answers(*questions(xs, ys, givens)).effect

    def sparse(self, xs: ArrayLike, ys: ArrayLike, givens: ArrayLike) -> NDArray[np.bool_]:
        """Flag tests with n - 1 - k < 10 dof, or without any dof, shape (m,)."""
        _, dof, room, _ = self._answers(*questions(xs, ys, givens))
        return np.asarray((room < _ROWS_PER_DOF * dof) | (dof == 0), np.bool_)

    def _details(self, x: int, y: int, given: tuple[int, ...]) -> tuple[float, float, int]:
        answers = self._answers(*questions([x], [y], [given]))
        return float(answers.effect[0]), float(answers.dof[0]), self.n

    def _answers(self, xs: Ints, ys: Ints, givens: Ints) -> _Answers:
        """Answer with x before y and a sorted set, so that their order leaves no trace."""
        x, y, given = np.minimum(xs, ys), np.maximum(xs, ys), np.sort(givens, axis=1)
        log_ratio = np.empty(len(x))
        inflation, (rank_x, rank_y, taken) = np.empty(len(x)), np.empty((3, len(x)), np.intp)
        for part in self._remainders(x, y, given):
            at, width = part.rows, int(self.sizes[x[part.rows[0]]])
            log_ratio[at], rank_x[at], rank_y[at] = log_wilks(part.covariance, width)
            taken[at], inflation[at] = part.taken, part.inflation
        room, dof = self.n - 1 - taken, rank_x * rank_y
        constant = (self.sizes[x] == 0) | (self.sizes[y] == 0)
        testable = constant | ((dof > 0) & (room > rank_x + rank_y))
        factor = (room - (rank_x + rank_y + 1) / 2) / inflation
        return _Answers(np.where(testable, log_ratio, np.nan), dof, room, factor)

    def _by_shape(self, asked: Ints) -> Iterator[tuple[Ints, Ints]]:
        """Give questions with blocks of equal sizes, and their columns of ``unit``."""
        for rows, shape in _alike(self.sizes[asked]):
            for piece in blocks(len(rows), int(shape.sum()) ** 2):
                firsts = self.starts[asked[rows[piece]]]
                spans = [firsts[:, [j]] + np.arange(size) for j, size in enumerate(shape)]
                yield rows[piece], np.concatenate(spans, axis=1)


@final
@dataclass(frozen=True, eq=False)
class LinearTest(MixedTest):
    """Take out the blocks of the set, by elimination in one matrix over all blocks."""

    @cached_property
    def _matrix(self) -> Floats:
        return correlation(self.unit)

    def _remainders(self, x: Ints, y: Ints, given: Ints) -> Iterator[_Remainder]:
        by_size = np.argsort(self.sizes[given], axis=1, kind="stable")
        asked = np.column_stack([np.take_along_axis(given, by_size, axis=1), x, y])
        for rows, columns in self._by_shape(asked):
            stack = self._matrix[columns[:, :, None], columns[:, None, :]]
            k = int(self.sizes[given[rows[0]]].sum())
            half, rank = half_solve(stack[:, :k, :k], stack[:, :k, k:])
            rest = stack[:, k:, k:] - np.swapaxes(half, 1, 2) @ half
            yield _Remainder(rows, rest, rank, np.ones(len(rows)))


@final
@dataclass(frozen=True, eq=False)
class SplineTest(MixedTest):
    """Take out splines in strata, one set at a time, and correct for changing variances."""

    def _remainders(self, x: Ints, y: Ints, given: Ints) -> Iterator[_Remainder]:
        pairs = np.column_stack([x, y])
        for rows, members in _alike(given):
            basis = self._adjustment(members)
            inflation = self._inflation(basis, pairs[rows])
            for part, columns in self._by_shape(pairs[rows]):
                used, place = np.unique(columns, return_inverse=True)
                rest, at = self._rest(basis, used), place.reshape(columns.shape)
                stack = (rest.T @ rest)[at[:, :, None], at[:, None, :]]
                taken = np.full(len(part), basis.shape[1])
                yield _Remainder(rows[part], stack, taken, inflation[part])

    def _rest(self, basis: Floats, columns: Ints) -> Floats:
        """Give what a basis leaves of some columns of ``unit``."""
        block = self.unit[:, columns]
        return np.asarray(block - basis @ (basis.T @ block))

    def _inflation(self, basis: Floats, pairs: Ints) -> Floats:
        """Give c of each pair; 1 without a set, and where a weight is zero throughout."""
        if basis.shape[1] == 0:
            return np.ones(len(pairs))
        used, place = np.unique(pairs, return_inverse=True)
        scale = np.maximum(1 - 1 / self.n - np.einsum("ij,ij->i", basis, basis), _LEAST_FREE)
        weights = np.stack([self._lengths(basis, column) for column in used]) / scale
        total = weights.sum(axis=1, keepdims=True)
        weights /= np.where(total > 0, total, 1)
        c = self.n * (weights @ weights.T)[tuple(place.reshape(pairs.shape).T)]
        return np.asarray(np.where(c > 0, c, 1.0), np.float64)

    def _lengths(self, basis: Floats, column: int) -> Floats:
        """Give |a_i|^2 of each row, from what the basis leaves of one column's block."""
        rest = self._rest(basis, self.starts[column] + np.arange(self.sizes[column]))
        half, _ = half_solve((rest.T @ rest)[None], rest.T[None])
        return np.asarray(np.einsum("ij,ij->j", half[0], half[0]), np.float64)

    def _adjustment(self, given: Ints) -> Floats:
        discrete = [i for i in given if self.table.kinds[i] is not Kind.CONTINUOUS]
        numbers = [i for i in given if i not in discrete and self.sizes[i]]
        columns = [self.unit[:, self.starts[i]] for i in numbers]
        return adjustment(self.table.values[:, discrete], columns)
