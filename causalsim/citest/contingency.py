"""Tests on counts: G-squared and Pearson's chi-squared.

With counts N_xys of each stratum s and E = N_x+s N_+ys / N_++s,
X2 = sum (N - E)^2 / E and G2 = 2 sum N log(N / E); empty rows and columns are skipped. The
rule for the degrees of freedom is part of the test:

* ``observed``: over observed strata, (non-empty rows - 1)(non-empty columns - 1); causal-learn's
* ``full``: (k_x - 1)(k_y - 1) times the number of possible strata (pcalg)
* ``adaptive``: full minus one per zero cell, at least 1 (pcalg's ``adaptDF``)

Under ``full`` and ``adaptive``, p = 1 if n < 10 times the ``full`` dof, as in pcalg: no rejection,
and no evidence of independence either.

Strata are re-indexed by what occurs in the data, and the table of a test is filled for so many
strata at a time that it stays small; no table over all configurations is built.

When rows spread over many strata, the degrees of freedom of ``observed`` and the power go to
zero together, and p to 1. :meth:`CountTest.sparse` flags such tests by the rule n < 10 dof with
the dof of the full table, whatever rule is chosen.

Before the power goes, the level does. Where cells expect few rows, G2 and ``adaptive`` are too
*liberal*: they reject true independencies far more often than at alpha, also where nothing is
flagged. X2 with ``observed`` keeps its level best. Share of true independencies rejected at .05
(all states equally likely, 300 tables each):

=====  ========  ======  ===  ===========  =======  ===========  ===========  ===========
n      k_x, k_y  k of S  |S|  G2 observed  G2 full  G2 adaptive  X2 observed  X2 adaptive
=====  ========  ======  ===  ===========  =======  ===========  ===========  ===========
200    3, 3      3       1    .08          .08      .08          .06          .06
360    3, 3      3       2    .16          .16      .19          .07          .10
1440   4, 4      4       2    .13          .13      .16          .04          .05
320    2, 2      2       5    .37          .32      .76          .08          .57
200    3, 3      3       2    .26          .00      .00          .08          .00
500    4, 4      4       2    .58          .00      .00          .06          .00
200    2, 2      2       5    .53          .00      .00          .18          .00
1000   3, 3      3       4    .99          .00      .00          .27          .00
=====  ========  ======  ===  ===========  =======  ===========  ===========  ===========

Without the answer p = 1 on few rows, ``adaptive`` would reject .28 to 1.00 where it now has .00.
With *rare* states it is X2 that fails, in its far tail: one row in a cell that expects 0.01 adds
98 to it. :meth:`CountTest.smallest_expected` tells.

References
----------
.. [Agresti2002] Agresti, Categorical Data Analysis, sections 3.2 and 6.3: both statistics.
.. [Kalisch2012] Kalisch et al., Causal inference using graphical models with the R package
   pcalg, Journal of Statistical Software 47(11): the rules ``full`` and ``adaptive``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import ClassVar, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causalsim.citest._base import BoundTest, CITest, Floats, Ints, questions
from causalsim.citest._tails import log_chi2_tail
from causalsim.data import Kind, Table
from causalsim.errors import OptionError

__all__ = ["ChiSquared", "CountTest", "GSquared"]

Codes = NDArray[np.int32]
_DOF_RULES = ("observed", "full", "adaptive")
_COMPILE_FROM = 2_000_000
_CELLS = 1 << 18
_ROWS_PER_DOF = 10
MISSING = -1


def _strata(codes: Codes, given: Ints, levels: Ints) -> tuple[NDArray[np.int64], int]:
    """Number the observed configurations of ``given``; rows with a hole get ``MISSING``."""
    n = codes.shape[1]
    stratum, count = np.zeros(n, np.int64), 1
    whole = np.ones(n, bool)
    for column in given:
        whole &= codes[column] != MISSING
        stratum = stratum * levels[column] + codes[column]
        count *= int(levels[column])
        if count > 4 * n:
            stratum, count = _renumber(stratum)
    if count > 1:
        stratum, count = _renumber(stratum)
    return np.where(whole, stratum, MISSING), count


def _renumber(stratum: NDArray[np.int64]) -> tuple[NDArray[np.int64], int]:
    values, inverse = np.unique(stratum, return_inverse=True)
    return inverse.astype(np.int64), len(values)


def _sums(
    stratum: NDArray[np.int64],
    count: int,
    pair: tuple[Codes, Codes],
    sizes: tuple[int, int],
    *,
    log_ratio: bool,
) -> Floats:
    """Give statistic, observed dof, empty cells, rows and strata of one test."""
    (x, y), (kx, ky) = pair, sizes
    cells = kx * ky
    whole = (x != MISSING) & (y != MISSING) & (stratum != MISSING)
    place = ((stratum * kx + x) * ky + y)[whole]
    step = min(count, max(1, _CELLS // cells))
    if step < count:
        place.sort()
    sums = np.zeros(5)
    for first in range(0, count, step):
        low, high = first * cells, (first + step) * cells
        part = place if step == count else place[slice(*np.searchsorted(place, (low, high)))]
        table = np.bincount(part - low, minlength=high - low).reshape(step, kx, ky)
        sums += _sum_strata(table, log_ratio=log_ratio)
    return sums


def _sum_strata(counts: NDArray[np.intp], *, log_ratio: bool) -> Floats:
    """Give the same for tables of shape (strata, k_x, k_y); empty strata add nothing."""
    rows, columns = counts.sum(axis=2), counts.sum(axis=1)
    total = rows.sum(axis=1)
    seen = total > 0
    expected = rows[:, :, None] * columns[:, None, :] / np.maximum(total, 1)[:, None, None]
    if log_ratio:
        ratio = np.divide(counts, expected, out=np.ones_like(expected), where=counts > 0)
        statistic = 2 * (counts * np.log(ratio)).sum()
    else:
        gap = (counts - expected) ** 2
        statistic = np.divide(gap, expected, out=np.zeros_like(gap), where=expected > 0).sum()
    dof = ((rows[seen] > 0).sum(axis=1) - 1) * ((columns[seen] > 0).sum(axis=1) - 1)
    empty = (counts[seen] == 0).sum()
    return np.array([statistic, dof.sum(), empty, total.sum(), seen.sum()], np.float64)


def _margins(stratum: NDArray[np.int64], count: int, codes: Codes, levels: int) -> Ints:
    """Give the rows of each stratum by state, shape (count, levels)."""
    return np.bincount(stratum * levels + codes, minlength=count * levels).reshape(count, levels)


def _count_tests(
    codes: Codes, xs: Ints, ys: Ints, givens: Ints, levels: Ints, log_ratio: bool
) -> Floats:
    """Do in numpy what :mod:`causalsim.citest._count_kernel` does compiled; shape (m, 5)."""
    sums = np.empty((len(xs), 5))
    stratum, count = np.zeros(codes.shape[1], np.int64), 1
    for m, (x, y) in enumerate(zip(xs, ys, strict=True)):
        if m == 0 or (givens[m] != givens[m - 1]).any():
            stratum, count = _strata(codes, givens[m], levels)
        pair, sizes = (codes[x], codes[y]), (int(levels[x]), int(levels[y]))
        sums[m] = _sums(stratum, count, pair, sizes, log_ratio=log_ratio)
    return sums


@final
@dataclass(frozen=True, eq=False)
class CountTest(BoundTest):
    """A count test bound to codes; a hole is -1 and left out test-wise.

    Parameters
    ----------
    spec : CITest
    names : tuple of str
    codes : array of int32, shape (p, n)
    levels : array of int, shape (p,)
        Number of codes of each column.
    n : int
    log_ratio : bool
        G-squared instead of Pearson's statistic.
    dof_rule : {"observed", "full", "adaptive"}

    Examples
    --------
    >>> from causalsim.data import read_table
    >>> data = read_table(np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 25), kinds="discrete")
    >>> statistic, log_p = ChiSquared()(data).batch([0], [1], [()])
    >>> float(statistic[0]), float(log_p[0])
    (0.0, 0.0)
    """

    spec: CITest
    names: tuple[str, ...]
    codes: Codes
    levels: Ints
    n: int
    log_ratio: bool
    dof_rule: str

    def batch(self, xs: ArrayLike, ys: ArrayLike, givens: ArrayLike) -> tuple[Floats, Floats]:
        """Test many pairs at once; see :class:`~causalsim.citest.BoundTest`."""
        asked = questions(xs, ys, givens)
        statistic, dof, rows = self._raw(*asked)
        log_p = log_chi2_tail(statistic, dof)
        if self.dof_rule != "observed":
            needed = _ROWS_PER_DOF * self._full_dof(*asked)
            log_p = np.where(rows < needed, 0.0, log_p)
        return np.where(rows > 0, statistic, np.nan), np.where(rows > 0, log_p, -np.inf)

    def effects(self, xs: ArrayLike, ys: ArrayLike, givens: ArrayLike) -> Floats:
        """Give sqrt(statistic / n / (min(k_x, k_y) - 1)), shape (m,).

        For chi-squared without a conditioning set this is Cramer's V; G-squared's analogue can
        exceed 1.
        """
        x, y, s = questions(xs, ys, givens)
        statistic, _, rows = self._raw(x, y, s)
        return self._effect(x, y, statistic, rows)

    def sparse(self, xs: ArrayLike, ys: ArrayLike, givens: ArrayLike) -> NDArray[np.bool_]:
        """Flag tests with n < 10 dof of the full table, or without any dof, shape (m,)."""
        x, y, s = questions(xs, ys, givens)
        rows = self._raw(x, y, s)[2] if self._has_holes else self.n
        dof = self._full_dof(x, y, s)
        return np.asarray((rows < _ROWS_PER_DOF * dof) | (dof == 0), np.bool_)

    def smallest_expected(self, xs: ArrayLike, ys: ArrayLike, givens: ArrayLike) -> Floats:
        """Give the smallest E of each test over non-empty rows and columns, shape (m,)."""
        asked = zip(*questions(xs, ys, givens), strict=True)
        return np.array([self._least(int(x), int(y), given) for x, y, given in asked], np.float64)

    def _least(self, x: int, y: int, given: Ints) -> float:
        """Give the smallest E of one test; it lies where a stratum's smallest margins cross."""
        stratum, count = _strata(self.codes, given, self.levels)
        whole = (self.codes[[x, y]] != MISSING).all(axis=0) & (stratum != MISSING)
        rows, columns = (
            _margins(stratum[whole], count, self.codes[end, whole], int(self.levels[end]))
            for end in (x, y)
        )
        total = rows.sum(axis=1)
        least = [np.where(part > 0, part, np.inf).min(axis=1) for part in (rows, columns)]
        expected = np.divide(
            least[0] * least[1], total, out=np.full(count, np.inf), where=total > 0
        )
        return float(expected.min())

    def _details(self, x: int, y: int, given: tuple[int, ...]) -> tuple[float, float, int]:
        xs, ys, givens = questions([x], [y], [given])
        statistic, dof, rows = self._raw(xs, ys, givens)
        effect = self._effect(xs, ys, statistic, rows)
        return float(effect[0]), float(dof[0]), int(rows[0])

    def _effect(self, xs: Ints, ys: Ints, statistic: Floats, rows: Ints) -> Floats:
        smaller = np.maximum(np.minimum(self.levels[xs], self.levels[ys]) - 1, 1)
        known = np.where(rows > 0, rows, np.nan)
        return np.asarray(np.sqrt(np.maximum(statistic, 0) / known / smaller), np.float64)

    def _raw(self, xs: Ints, ys: Ints, givens: Ints) -> tuple[Floats, Floats, Ints]:
        """Give statistic, dof and rows of each test."""
        order = np.lexsort(givens.T) if givens.shape[1] else np.arange(len(xs))
        sums = np.empty((len(xs), 5))
        compiled = len(xs) * self.n >= _COMPILE_FROM or "_count_kernel" in self.__dict__
        count = self._count_kernel if compiled else _count_tests
        sums[order] = count(
            self.codes, xs[order], ys[order], givens[order], self.levels, self.log_ratio
        )
        statistic, observed, empty, rows, strata = sums.T
        if self.dof_rule == "observed":
            return statistic, observed, rows.astype(np.intp)
        dof = self._full_dof(xs, ys, givens)
        if self.dof_rule == "adaptive":
            unseen = self._possible_strata(givens) - strata
            empty = empty + unseen * self.levels[xs] * self.levels[ys]
            dof = np.maximum(dof - empty, 1)
        return statistic, dof, rows.astype(np.intp)

    def _possible_strata(self, givens: Ints) -> Floats:
        return np.asarray(self.levels[givens].prod(axis=1, dtype=np.float64))

    def _full_dof(self, xs: Ints, ys: Ints, givens: Ints) -> Floats:
        table = (self.levels[xs] - 1) * (self.levels[ys] - 1)
        return np.asarray(table * self._possible_strata(givens))

    @cached_property
    def _has_holes(self) -> bool:
        return bool((self.codes == MISSING).any())

    @cached_property
    def _count_kernel(self) -> Callable[..., Floats]:
        """The compiled counter, loaded when there is enough work for it."""
        from causalsim.citest._count_kernel import count_tests, pack

        return partial(count_tests, packed=pack(self.codes, self.levels))


@dataclass(frozen=True)
class _Counts(CITest):
    """Settings shared by the two tests; abstract."""

    dof: str = "observed"

    accepts: ClassVar[frozenset[Kind]] = frozenset({Kind.DISCRETE, Kind.BINARY})
    assumes: ClassVar[str] = "tables are full enough for the chi-squared law"
    log_ratio: ClassVar[bool]

    def __post_init__(self) -> None:
        if self.dof not in _DOF_RULES:
            raise OptionError.from_choice("dof", self.dof, _DOF_RULES)

    def bind(self, table: Table) -> BoundTest:
        """Keep the codes column by column."""
        codes = np.where(np.isnan(table.values), MISSING, table.values).T.astype(np.int32)
        levels = np.maximum(codes.max(axis=1).astype(np.intp) + 1, 1)
        codes = np.ascontiguousarray(codes)
        return CountTest(self, table.names, codes, levels, len(table), self.log_ratio, self.dof)


@final
@dataclass(frozen=True)
class GSquared(_Counts):
    """The G-squared likelihood-ratio test on counts [Agresti2002]_.

    Parameters
    ----------
    dof : {"observed", "full", "adaptive"}
        Rule for the degrees of freedom; see the module's text.

    Raises
    ------
    OptionError
        If there is no such rule.

    Notes
    -----
    Too liberal at moderate sparsity, where :class:`ChiSquared` keeps its level better; see the
    table in the module's text.

    Examples
    --------
    >>> from causalsim.data import read_table
    >>> data = read_table(np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 25), kinds="discrete")
    >>> GSquared()(data)("x0", "x1").p_value
    1.0
    """

    name: ClassVar[str] = "g_squared"
    log_ratio: ClassVar[bool] = True


@final
@dataclass(frozen=True)
class ChiSquared(_Counts):
    """Pearson's chi-squared test on counts [Agresti2002]_.

    Parameters
    ----------
    dof : {"observed", "full", "adaptive"}
        Rule for the degrees of freedom; see the module's text.

    Raises
    ------
    OptionError
        If there is no such rule.

    Notes
    -----
    With rare states its smallest p-values are far too small, so that it fails where many
    p-values are compared or alpha is small; see the module's text.

    Examples
    --------
    >>> from causalsim.data import read_table
    >>> data = read_table(np.array([[0, 0], [0, 1], [1, 1], [1, 1]] * 25), kinds="discrete")
    >>> ChiSquared()(data)("x0", "x1").statistic
    33.3
    """

    name: ClassVar[str] = "chi_squared"
    log_ratio: ClassVar[bool] = False
