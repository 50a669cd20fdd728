"""Tests of partial correlation with labels among their columns, by fixed effects.

A label with L levels is a block of L - 1 indicators. In a set, it is projected out of all columns
first: for each group of labels that occurs there is one covariance matrix of what is left, and
the degrees of freedom fall by the rank of the indicators. Against a number it is tested by the F
statistic of adding its indicators to the regression of the number on the set.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import final

import numpy as np
from numpy.typing import ArrayLike

from causalsim.citest import BoundTest, CITest, CorrelationTest, FisherZ, ParCorr, bind, get
from causalsim.citest._base import Floats, Ints, questions
from causalsim.citest._correlation import SINGULAR, _pair_correlation, _schur, blocks, unit_columns
from causalsim.citest._mixed_basis import indicators
from causalsim.data import Kind, Table
from causalsim.errors import DataError, OptionError, listing
from causalsim.graph.labels import parse_label

__all__ = ["FixedEffects", "bind_labelled", "log_f_tail"]

Tests = str | CITest | type[CITest] | BoundTest
Labels = tuple[int, ...]
Answers = tuple[Floats, Floats, Floats, Floats]
_SMALL = 1e-290


@final
@dataclass(frozen=True, eq=False)
class FixedEffects(BoundTest):
    """A test of partial correlation over numbers and labels.

    Parameters
    ----------
    base : CorrelationTest
        The test over the numbers alone; it says what a partial correlation means.
    spec : CITest
    names : tuple of str
    n : int
    unit : array of shape (n, p)
        The columns centred and of length 1.
    codes : mapping of int to array of shape (n,)
        The columns that hold labels.

    Examples
    --------
    >>> from causalsim.data import read_table
    >>> rng = np.random.default_rng(0)
    >>> lab = rng.integers(3, size=90)
    >>> values = np.column_stack([lab + rng.normal(size=90), lab + rng.normal(size=90), lab])
    >>> table = read_table(values, kinds={"x2": "discrete"})
    >>> test = bind_labelled("par_corr", table, ["x2"])
    >>> test("x0", "x1", "x2").dof, test("x0", "x2").dof
    (86.0, 2.0)
    """

    base: CorrelationTest
    spec: CITest
    names: tuple[str, ...]
    n: int
    unit: Floats = field(repr=False)
    codes: dict[int, Ints] = field(repr=False)
    _left: dict[Labels, tuple[Floats, int]] = field(default_factory=dict, repr=False)

    def batch(self, xs: ArrayLike, ys: ArrayLike, givens: ArrayLike) -> tuple[Floats, Floats]:
        """Test many pairs at once; see :class:`~causalsim.citest.BoundTest`."""
        return self._answers(xs, ys, givens)[1:3]

    def effects(self, xs: ArrayLike, ys: ArrayLike, givens: ArrayLike) -> Floats:
        """Give partial correlations, and multiple ones of a number and a label, shape (m,)."""
        return self._answers(xs, ys, givens)[0]

    def _details(self, x: int, y: int, given: tuple[int, ...]) -> tuple[float, float, int]:
        effect, _, _, dof = self._answers([x], [y], [given])
        return float(effect[0]), float(dof[0]), self.n

    def _answers(self, xs: ArrayLike, ys: ArrayLike, givens: ArrayLike) -> Answers:
        """Give effect, statistic, log p and degrees of freedom; NaN for two labels."""
        x, y, s = questions(xs, ys, givens)
        answers = np.full((4, len(x)), np.nan)
        answers[2] = -np.inf
        for at, kinds in self._groups(np.column_stack([x, y, s])):
            outside, inside = (
                tuple(k for k, kind in zip(self.codes, kinds, strict=True) if kind == what)
                for what in (1, 2)
            )
            numbers = s[at][~np.isin(s[at], inside)].reshape(len(at), -1)
            if not outside:
                answers[:, at] = self._numbers(x[at], y[at], numbers, inside)
            elif len(outside) == 1:
                number = np.where(x[at] == outside[0], y[at], x[at])
                answers[:, at] = self._label(outside[0], number, numbers, inside)
        return answers[0], answers[1], answers[2], answers[3]

    def _groups(self, asked: Ints) -> Iterator[tuple[Ints, tuple[int, ...]]]:
        """Give (places, where each label stands): 0 nowhere, 1 at an end, 2 in the set."""
        columns = np.array([*self.codes], np.intp)
        hits = asked[:, :, None] == columns
        where = hits[:, :2].any(axis=1) + 2 * hits[:, 2:].any(axis=1)
        kinds, group = np.unique(where, axis=0, return_inverse=True)
        for k, row in enumerate(kinds.tolist()):
            yield np.flatnonzero(group.ravel() == k), tuple(row)

    def _numbers(self, x: Ints, y: Ints, s: Ints, inside: Labels) -> Floats:
        """Test two numbers."""
        matrix, rank = self._without(inside)
        r = _pair_correlation(_remaining(matrix, s, np.column_stack([x, y])))
        used = s.shape[1] + rank
        statistic, log_p = self.base.score(r, used, self.n)
        return np.array([r, statistic, log_p, np.full(len(r), self.n - used - 2.0)])

    def _label(self, label: int, x: Ints, s: Ints, inside: Labels) -> Floats:
        """Test a number against a label."""
        before, rank = self._without(inside)
        after, more = self._without(tuple(sorted({*inside, label})))
        whole, rest = (_remaining(m, s, x[:, None])[:, 0, 0] for m in (before, after))
        dof, room = float(more - rank), float(self.n - 1 - more - s.shape[1])
        answers = np.full((4, len(x)), np.nan)
        answers[2] = -np.inf
        answers[3] = dof
        fine = (whole > SINGULAR) & ~np.isnan(rest) & (dof > 0) & (room > 0)
        if not fine.any():
            return answers
        share = np.clip(rest[fine] / whole[fine], SINGULAR, 1.0)
        statistic = (1 / share - 1) / dof * room
        answers[:3, fine] = np.sqrt(1 - share), statistic, log_f_tail(share, dof, room)
        return answers

    def _without(self, labels: Labels) -> tuple[Floats, int]:
        """Give the covariances that labels leave, and the rank of their indicators."""
        if labels not in self._left:
            left, rank = project_out([self.codes[k] for k in labels], self.unit)
            self._left[labels] = left.T @ left, rank
        return self._left[labels]


def bind_labelled(test: Tests, table: Table, contexts: Sequence[str]) -> BoundTest:
    """Bind a test to a lagged table; labels among the contexts are fixed effects if it is linear.

    Parameters
    ----------
    test : str, CITest, class of one, or BoundTest
    table : Table
    contexts : sequence of str
        Without lags.

    Raises
    ------
    DataError
        If values are missing where labels are fixed effects.
    OptionError
        If the test shrinks there.
    """
    columns = zip(table.names, table.kinds, strict=True)
    labels = [
        name
        for name, kind in columns
        if kind is Kind.DISCRETE and parse_label(name)[0] in contexts
    ]
    spec = get(test) if isinstance(test, str) else test
    spec = spec() if isinstance(spec, type) and issubclass(spec, FisherZ | ParCorr) else spec
    if not labels or not isinstance(spec, FisherZ | ParCorr):
        return bind(test, table)
    if spec.shrinkage is not None:
        raise OptionError("shrinkage is not defined with labels; write shrinkage=None.")
    base = spec(table.select([name for name in table.names if name not in labels]))
    if not isinstance(base, CorrelationTest) or table.has_missing:
        raise DataError("labels need complete rows in this test; write missing='listwise'.")
    codes = {
        k: np.unique(table.values[:, k], return_inverse=True)[1] for k in map(table.index, labels)
    }
    said = f"{spec.name} takes labels for fixed effects: {listing(contexts)}"
    unit = unit_columns(table.values)
    return FixedEffects(base, spec, table.names, len(table), unit, codes, notes=(said,))


def log_f_tail(share: Floats, dof: float, room: float) -> Floats:
    """Give log P(F >= f) of an F law, with share = 1 / (1 + f dof / room).

    >>> float(log_f_tail(np.array([1.0]), 2.0, 30.0)[0])
    0.0
    """
    from scipy.special import betainc, betaln, hyp2f1

    a, b = room / 2, dof / 2
    with np.errstate(divide="ignore"):
        log_p = np.log(betainc(a, b, share))
    far = log_p < np.log(_SMALL)
    x = share[far]
    series = np.log(hyp2f1(a + b, 1.0, a + 1.0, x))
    log_p[far] = a * np.log(x) + b * np.log1p(-x) - np.log(a) - betaln(a, b) + series
    return np.asarray(log_p)


def _remaining(matrix: Floats, given: Ints, ends: Ints) -> Floats:
    """Give the covariances of ``ends``, shape (m, e), given ``given``, shape (m, k)."""
    columns, k = np.hstack([given, ends]), given.shape[1]
    left = np.empty((len(ends), ends.shape[1], ends.shape[1]))
    for part in blocks(len(ends), columns.shape[1] ** 2):
        chosen = columns[part]
        left[part] = _schur(matrix[chosen[:, :, None], chosen[:, None, :]], k)
    return left


def project_out(labels: Sequence[Ints], values: Floats) -> tuple[Floats, int]:
    """Give what labels leave of centred columns, and the rank of their indicators.

    Columns are centred within the levels of the label with most; what is left of the other
    labels is projected out by least squares.
    """
    if not labels:
        return values, 0
    first, *others = sorted(labels, key=np.max, reverse=True)
    left, rank = _centred(values, first), int(first.max())
    if not others:
        return left, rank
    block = _centred(np.hstack([indicators(codes.astype(np.float64)) for codes in others]), first)
    slopes, _, more, _ = np.linalg.lstsq(block, left, rcond=None)
    return left - block @ slopes, rank + int(more)


def _centred(values: Floats, codes: Ints) -> Floats:
    """Take the mean within each level out of columns."""
    order = np.argsort(codes, kind="stable")
    starts = np.searchsorted(codes[order], np.arange(codes.max() + 1))
    means = np.add.reduceat(values[order], starts, axis=0) / np.bincount(codes)[:, None]
    return np.asarray(values - means[codes])
