"""The test that chooses a test: by the kinds of the columns, their shape and their number."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, final

import numpy as np

from causalsim.citest._base import BoundTest, CITest
from causalsim.citest._correlation import unit_columns
from causalsim.citest._self_check import self_check
from causalsim.citest.contingency import GSquared
from causalsim.citest.gaussian import FisherZ
from causalsim.citest.kernel import KernelCI
from causalsim.citest.mixed import Mixed
from causalsim.citest.residual import GCM
from causalsim.data import Kind, Table
from causalsim.errors import DataError, listing

__all__ = ["Auto", "Choice", "bent_pairs"]

MOST_ROWS, MOST_COLUMNS = 500, 8
MEDIUM_ROWS, MEDIUM_COLUMNS = 5000, 30
FEW_ROWS, MEASURED_ROWS = 200, 1000
CAPS = {"kci": {20: 3}, "gcm": {50: 2, 100: 3}}
_ACCEPTED = 0.08
_BENT, _MAYBE_BENT = 1e-3, 1e-2


@final
@dataclass(frozen=True)
class Choice:
    """A test for a table, and why.

    Parameters
    ----------
    spec : CITest
    reason : str
    max_cond : int, optional
        Largest conditioning set on which the test's level was seen to hold at this n.
    """

    spec: CITest
    reason: str
    max_cond: int | None = None


@final
@dataclass(frozen=True)
class Auto(CITest):
    """Choose a test by the columns; the bound test's ``spec`` is the choice, ``notes`` say why.

    - Codes only: :class:`GSquared`.
    - Numbers whose pairs bend no line: :class:`FisherZ`. Up to 200 rows few bends can be seen;
      up to 8 columns the look is then less strict, at .01 for each pair.
    - Numbers that bend, or numbers and codes together, up to 500 rows and 8 columns:
      :class:`KernelCI`, with sets no larger than those on which its level was seen to hold
      (docs/calibration.md), and no larger than those for which :func:`self_check` finds a level
      of at most .08 on tables like this one, 100 of them up to 200 rows and 50 beyond.
    - The same up to 5000 rows and 30 columns: :class:`GCM`, which sees less, with sets no larger
      than those on which its own level was seen to hold: none below 50 rows, two columns below
      100, three above; it was measured up to 1000 rows.
    - Larger still: :class:`FisherZ` for numbers, :class:`Mixed` with one column in a set for
      mixed tables, fast but known to reject too often on bent relations; ``notes`` say so.

    Raises
    ------
    DataError
        If a column is a time, or values are missing in a table of numbers and codes.

    Examples
    --------
    >>> data = np.random.default_rng(0).normal(size=(50, 2))
    >>> Auto()(data).spec
    FisherZ(shrinkage=None)
    """

    name: ClassVar[str] = "auto"
    accepts: ClassVar[frozenset[Kind]] = frozenset(Kind)

    def bind(self, table: Table) -> BoundTest:
        """Bind the chosen test."""
        choice = self.choose(table)
        notes = (f"test = {choice.spec.name}: {choice.reason}",)
        bound = replace(choice.spec(table), notes=notes, max_cond=choice.max_cond)
        return _checked(bound, table) if isinstance(choice.spec, KernelCI) else bound

    def choose(self, table: Table) -> Choice:
        """Choose by kinds, shape and size.

        Parameters
        ----------
        table : Table

        Returns
        -------
        Choice

        Raises
        ------
        DataError
            If a column is a time.
        """
        kinds = set(table.kinds)
        if Kind.TIME in kinds:
            raise _untestable(table)
        if kinds <= GSquared.accepts:
            return Choice(GSquared(), "all columns hold codes")
        if kinds <= FisherZ.accepts:
            return _for_numbers(table)
        return _by_size(table, "numbers and codes together", Choice(Mixed(), "", 1))


def _for_numbers(table: Table) -> Choice:
    n, p = len(table), len(table.names)
    level = _BENT / max(p * (p - 1), 1)
    if n <= FEW_ROWS and p <= MOST_COLUMNS:
        level = max(level, _MAYBE_BENT)
    bent = [] if table.has_missing else bent_pairs(table, level)
    if not bent:
        few = f"; {n} rows show few bends: if there may be some, write test='kci'"
        said = "numbers, and no pair of columns visibly bends a line"
        return Choice(FisherZ(), said + few * (n <= FEW_ROWS))
    x, y = bent[0]
    seen = f"{len(bent)} pairs of columns bend a line, such as {y} over {x}"
    return _by_size(table, seen, Choice(FisherZ(), ""))


def _by_size(table: Table, reason: str, fallback: Choice) -> Choice:
    """Choose the kernel test, the residual test or a fast one, by what a search would take."""
    n, p = len(table), len(table.names)
    size = f"{reason}, {n} rows and {p} columns"
    if n > MEDIUM_ROWS or p > MEDIUM_COLUMNS:
        said = "too many for tests that hold their level on bent relations; this one may not"
        return replace(fallback, reason=f"{size}: {said}. Write test='gcm' or 'kci' to wait")
    if n <= MOST_ROWS and p <= MOST_COLUMNS:
        return _capped(KernelCI(), size, n)
    sees = "it sees residual covariance only; test='kci' sees more and takes longer"
    untried = f"; its level was measured up to {MEASURED_ROWS} rows" * (n > MEASURED_ROWS)
    return _capped(GCM(), f"{size}: {sees}{untried}", n)


def _capped(spec: CITest, reason: str, n: int) -> Choice:
    """Choose a test, with sets no larger than its level was seen to hold on at n rows."""
    cap = max((k for rows, k in CAPS[spec.name].items() if rows <= n), default=0)
    sets = f"conditioning sets up to {cap}, beyond which its level was not seen to hold"
    return Choice(spec, f"{reason}; {sets}", cap)


def _untestable(table: Table) -> DataError:
    times = [n for n, kind in zip(table.names, table.kinds, strict=True) if kind is Kind.TIME]
    return DataError(
        f"no test takes times; {listing(times)} are of kind 'time'. Drop them, or override the "
        f"kinds: kinds={{'column': 'continuous'}}.{table.guesses}"
    )


def bent_pairs(table: Table, level: float) -> list[tuple[str, str]]:
    """Give the ordered pairs (x, y) in which y = a + b x gains from x^2 and x^3, worst first.

    An F test on columns cut at three standard deviations; Ramsey's RESET for one regressor.

    Parameters
    ----------
    table : Table
        Without missing values.
    level : float
        Of each pair's test.

    Examples
    --------
    >>> x, e = np.random.default_rng(0).normal(size=(2, 100))
    >>> values = np.column_stack([x, x**2 + e])
    >>> bent_pairs(Table(("A", "B"), values, (Kind.CONTINUOUS,) * 2), 1e-3)[0]
    ('A', 'B')
    """
    from scipy.special import fdtrc

    n, p = table.values.shape
    if n < 10:
        return []
    columns = np.clip(unit_columns(table.values) * np.sqrt(n), -3, 3)
    worst = np.ones((p, p))
    for i, x in enumerate(columns.T):
        powers = np.column_stack([np.ones(n), x, x**2, x**3])
        basis, corner = np.linalg.qr(powers)
        if np.abs(corner.diagonal()).min() < 1e-6 * np.sqrt(n):
            continue  # two or three distinct values bend nothing
        parts = (basis.T @ columns) ** 2
        rest = np.maximum((columns**2).sum(axis=0) - parts.sum(axis=0), 1e-12)
        worst[i] = fdtrc(2, n - 4, parts[2:].sum(axis=0) / 2 / (rest / (n - 4)))
    np.fill_diagonal(worst, 1.0)
    order = np.argsort(worst, axis=None, kind="stable")
    order = order[worst.ravel()[order] < level]
    return [(table.names[k // p], table.names[k % p]) for k in order.tolist()]


def _checked(bound: BoundTest, table: Table) -> BoundTest:
    """Lower the cap until the level holds on simulated tables like this one."""
    top = min(bound.max_cond or 0, len(table.names) - 2)
    twins = 100 if len(table) <= FEW_ROWS else 50
    like = f"on {twins} simulated tables like this one its level"
    for k in range(top, 0, -1):
        level = _level(bound, table, k, twins)
        if level <= _ACCEPTED:
            said = f"{like} is {level:.2f} with {k} columns"
            return replace(bound, notes=(*bound.notes, said), max_cond=k)
    said = f"{like} does not hold with any set: none is used"
    return replace(bound, notes=(*bound.notes, said), max_cond=0) if top else bound


def _level(bound: BoundTest, table: Table, k: int, twins: int) -> float:
    """Give the level with k columns; infinite where the test has no answer."""
    x, y, given = _hardest(bound, k)
    try:
        return self_check(bound.spec, table, x, y, given, repetitions=twins, rng=0).level
    except DataError:
        return np.inf


def _hardest(bound: BoundTest, k: int) -> tuple[str, str, list[str]]:
    """Give the most dependent pair, and the k columns that say most about it."""
    p = len(bound.names)
    x, y = np.triu_indices(p, 1)
    strength = np.zeros((p, p))
    strength[x, y] = strength[y, x] = bound.effects(x, y, np.empty((len(x), 0), np.intp))
    best = int(strength[x, y].argmax())
    i, j = int(x[best]), int(y[best])
    rest = np.minimum(strength[i], strength[j])
    rest[[i, j]] = -np.inf
    given = np.argsort(-rest, kind="stable")[:k]
    return bound.names[i], bound.names[j], [bound.names[g] for g in given]
