"""Binding a test to variables and contexts: its kernel over times, and the past of each variable.

A stationary autoregression wanders like a drift, so that with time as the context its mechanism
seems to change; cut into domains of consecutive rows it differs between them. Such data are
refused unless each variable's own past joins the sets.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causalsim.citest import BoundTest, CITest, GSquared, KernelTest, bind
from causalsim.citest._base import Floats, Ints, questions
from causalsim.citest.kernel._bound import TARGET_WIDTH
from causalsim.data import Kind, Table
from causalsim.discovery._context import Context
from causalsim.discovery._drift import drift_width
from causalsim.discovery._row_check import check_rows, innovations
from causalsim.errors import DataError, OptionError, listing
from causalsim.graph.labels import label
from causalsim.kernels._widths import width_of

__all__ = ["GivenOwnPast", "bind_context", "with_past"]

MOST_ROWS = 1000
WIDEST = 0.1
Tests = str | CITest | type[CITest] | BoundTest


def bind_context(
    test: Tests, context: Context, lags: int, time_kernel: float | str
) -> tuple[BoundTest, Context]:
    """Bind a test; give it with the rows that it sees.

    Parameters
    ----------
    test : str, CITest or BoundTest
        A bound test is taken as it is.
    context : Context
    lags : int
    time_kernel : float or "auto"

    Raises
    ------
    DataError
        If rows are autocorrelated, over time or within domains, and ``lags`` is 0.

    Examples
    --------
    >>> import pandas as pd
    >>> from causalsim.discovery._context import read_context
    >>> e = np.random.default_rng(0).normal(size=100)
    >>> bound, _ = bind_context("kci", read_context(pd.DataFrame({"X": e}), "time"), 1, "auto")
    >>> bound.names, bound.n
    (('X', 'time'), 99)
    """
    names, table = context.table.names, context.table
    if isinstance(test, BoundTest):
        _refuse_foreign(test, names, lags)
        return test, context
    _check_lags(lags, len(table))
    if lags:
        table, kept = with_past(context, lags)
        context = replace(
            context,
            table=table.select(names),
            domains=None if context.domains is None else context.domains[kept],
            clock=None if context.clock is None else context.clock[kept],
            labels=None if context.labels is None else context.labels[kept],
        )
    new = innovations(context, table)
    notes = check_rows(new, context, lags)
    if test == "auto":
        test, why = _choose(context)
        notes.append(why)
    bound = bind(test, table)
    bound = replace(bound, notes=(*bound.notes, *notes))
    if context.clock is not None:
        values = np.column_stack(list(new.values())) if new else None
        bound = _with_time_kernel(bound, context, values, time_kernel)
    if lags:
        p, k = len(context.variables), len(names)
        past = tuple(tuple(range(k + i, k + i + lags * p, p)) if i < p else () for i in range(k))
        bound = GivenOwnPast(
            bound, bound.spec, names, bound.n, past, notes=bound.notes, max_cond=bound.max_cond
        )
    return bound, context


def _refuse_foreign(test: BoundTest, names: tuple[str, ...], lags: int) -> None:
    """Refuse a bound test over other columns, or one that is to be given the past."""
    if sorted(test.names) != sorted(names):
        raise DataError(
            f"the bound test has the columns {listing(test.names)}, the data {listing(names)}; "
            "bind it to these, or give a name such as 'kci'."
        )
    if lags:
        raise OptionError(f"lags={lags} with a bound test: give its name or spec instead.")


def _choose(context: Context) -> tuple[str, str]:
    """Choose a test by kinds of columns and rows."""
    n = len(context.table)
    if set(context.table.kinds) <= GSquared.accepts:
        return "g_squared", "test = g_squared: all columns hold codes"
    if n <= MOST_ROWS:
        return "kci", f"test = kci: {n} rows, and it sees changes of any kind"
    if context.domains is None:
        return "kci_low_rank", f"test = kci_low_rank: {n} rows, and it sees changes of any kind"
    return "mixed", (
        f"test = mixed: {n} rows; it sees changes of means only. Write test='kci_low_rank' to wait"
    )


def _with_time_kernel(
    bound: BoundTest, context: Context, new: Floats | None, width: float | str
) -> BoundTest:
    """Give the times a kernel width of their own, by stretching their columns."""
    if not isinstance(bound, KernelTest):
        said = f"{bound.spec.name} sees a drift in time only as far as it is linear"
        return replace(bound, notes=(*bound.notes, said))
    table, blocks, notes = context.table, list(bound.columns.blocks), list(bound.notes)
    for i in range(len(context.variables), len(table.names)):
        if table.kinds[i] is not Kind.CONTINUOUS:
            continue
        clock = table.values[:, i]
        wide = width
        if isinstance(wide, str):
            in_order = None if new is None else new[np.argsort(clock, kind="stable")]
            wide = float(np.ptp(clock)) * (WIDEST if in_order is None else drift_width(in_order))
        zhang = bound.spec.form == "zhang"
        plain = width_of("empirical", blocks[i]) if zhang else TARGET_WIDTH
        blocks[i] = blocks[i] * (plain * clock.std() / wide)
        notes.append(f"the kernel over {table.names[i]!r} has the width {wide:.3g}")
    columns = replace(bound.columns, blocks=tuple(blocks))
    return replace(bound, columns=columns, notes=tuple(notes))


def _check_lags(lags: object, n: int) -> None:
    if type(lags) is not int or lags < 0:
        raise OptionError(f"lags={lags!r}: expected a whole number from 0 on.")
    if lags >= n / 4:
        raise OptionError(f"lags={lags}: expected less than a quarter of the {n} rows.")


def with_past(context: Context, lags: int) -> tuple[Table, NDArray[np.bool_]]:
    """Add each variable's own past as columns; no lag crosses from one domain to another.

    Parameters
    ----------
    context : Context
        Rows in the order of time, within each domain.
    lags : int

    Returns
    -------
    table : Table
        ``X[t-1]``, ``X[t-2]``, ... behind the columns of the context's table; the rows that
        have a whole past.
    kept : array of bool, shape (n,)
        Which rows these are.

    Examples
    --------
    >>> import pandas as pd
    >>> from causalsim.discovery._context import read_context
    >>> frame = pd.DataFrame(np.random.default_rng(0).normal(size=(20, 2)), columns=["X", "Y"])
    >>> with_past(read_context(frame, "time"), 1)[0].names
    ('X', 'Y', 'time', 'X[t-1]', 'Y[t-1]')
    """
    table, p = context.table, len(context.variables)
    domains = np.zeros(len(table)) if context.domains is None else context.domains
    order = np.argsort(domains, kind="stable")
    past = np.full((len(table), lags * p), np.nan)
    for lag in range(1, lags + 1):
        moved = table.values[order[:-lag], :p]
        moved[domains[order[lag:]] != domains[order[:-lag]]] = np.nan
        past[order[lag:], (lag - 1) * p : lag * p] = moved
    kept = ~np.isnan(past).any(axis=1)
    if not kept.any():
        raise DataError(f"lags={lags}: no domain has more than {lags} rows.")
    added = [(label(name, lag), name) for lag in range(1, lags + 1) for name in context.variables]
    levels = {lagged: table.levels[name] for lagged, name in added if name in table.levels}
    whole = Table(
        (*table.names, *(lagged for lagged, _ in added)),
        np.hstack([table.values, past])[kept],
        (*table.kinds, *(lags * table.kinds[:p])),
        {**table.levels, **levels},
        (*table.notes, f"{int((~kept).sum())} rows serve only as the past of others"),
    )
    return whole, kept


@final
@dataclass(frozen=True, eq=False)
class GivenOwnPast(BoundTest):
    """A test whose every set also holds the past of x and of y (Runge et al. 2019, MCI).

    Parameters
    ----------
    inner : BoundTest
        Over ``names`` and their past.
    spec : CITest
    names : tuple of str
    n : int
    past : tuple of tuples of int
        For each name, the columns of ``inner`` that hold its past.

    Examples
    --------
    >>> from causalsim.citest import FisherZ
    >>> inner = FisherZ()(np.random.default_rng(0).normal(size=(50, 3)))
    >>> test = GivenOwnPast(inner, inner.spec, ("x0", "x1"), 50, ((2,), ()))
    >>> test("x0", "x1").p_value == inner("x0", "x1", "x2").p_value
    True
    """

    inner: BoundTest
    spec: CITest
    names: tuple[str, ...]
    n: int
    past: tuple[tuple[int, ...], ...]

    def batch(self, xs: ArrayLike, ys: ArrayLike, givens: ArrayLike) -> tuple[Floats, Floats]:
        """Ask the inner test, the questions with equally long pasts together."""
        answers = np.empty((len(questions(xs, ys, givens)[0]), 2))
        for at, asked in self._asked(xs, ys, givens):
            answers[at] = np.column_stack(self.inner.batch(*asked))
        return answers[:, 0], answers[:, 1]

    def effects(self, xs: ArrayLike, ys: ArrayLike, givens: ArrayLike) -> Floats:
        """Ask the inner test."""
        found = np.empty(len(questions(xs, ys, givens)[0]))
        for at, asked in self._asked(xs, ys, givens):
            found[at] = self.inner.effects(*asked)
        return found

    def sparse(self, xs: ArrayLike, ys: ArrayLike, givens: ArrayLike) -> NDArray[np.bool_]:
        """Ask the inner test."""
        found = np.empty(len(questions(xs, ys, givens)[0]), np.bool_)
        for at, asked in self._asked(xs, ys, givens):
            found[at] = self.inner.sparse(*asked)
        return found

    def _asked(
        self, xs: ArrayLike, ys: ArrayLike, givens: ArrayLike
    ) -> Iterator[tuple[Ints, tuple[Ints, Ints, Ints]]]:
        """Give (places, question) with the pasts in the sets, by their length."""
        x, y, s = questions(xs, ys, givens)
        pasts = [
            tuple(chain(self.past[i], self.past[j]))
            for i, j in zip(x.tolist(), y.tolist(), strict=True)
        ]
        lengths = np.array([len(past) for past in pasts], np.intp)
        for length in np.unique(lengths).tolist():
            at = np.flatnonzero(lengths == length)
            more = np.array([pasts[k] for k in at.tolist()], np.intp).reshape(len(at), length)
            yield at, (x[at], y[at], np.hstack([s[at], more]))

    def _details(self, x: int, y: int, given: tuple[int, ...]) -> tuple[float, float, int]:
        return self.inner._details(x, y, (*given, *self.past[x], *self.past[y]))  # noqa: SLF001
