"""Contexts of series: columns that nothing causes, and the numbers of series and of steps.

The number of the series stands for all that is constant in each, the number of the step for all
that the series of a panel share at a time, observed or hidden (Günther, Ninad & Runge 2023). Both
act within a step: the number now says what it was before. Contexts are exogenous, so that no edge
points into one and none joins two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np
from numpy.typing import NDArray

from causalsim.data import Kind, Table
from causalsim.discovery._context import context_names
from causalsim.discovery._knowledge import Knowledge
from causalsim.discovery._series import Series
from causalsim.errors import DataError, NameNotFoundError, listing

__all__ = ["NUMBERS", "Contexts", "add_contexts"]

SPACE, TIME = NUMBERS = ("space", "time")
Floats = NDArray[np.float64]


@final
@dataclass(frozen=True)
class Contexts:
    """Contexts among the variables of a search over lags.

    Parameters
    ----------
    names : tuple of str
    static : tuple of str
        Those that act within a step only. They join every set: what nothing causes opens no
        path, and a cause that is shared cannot slip through for want of a significant link.

    Examples
    --------
    >>> Contexts(("C", "space"), ("space",)).protect(Knowledge()).forbidden
    ('/.*/ --> C', '/.*/ --> space', 'space[t-*] --> /.*/')
    """

    names: tuple[str, ...] = ()
    static: tuple[str, ...] = ()

    def protect(self, known: Knowledge) -> Knowledge:
        """Add that nothing points into a context, and that a static one has no lag."""
        rules = [f"/.*/ --> {name}" for name in self.names]
        rules += [f"{name}[t-*] --> /.*/" for name in self.static]
        return replace(known, forbidden=(*known.forbidden, *rules))

    def check(self, names: Sequence[str]) -> None:
        """Refuse contexts that are no variables, or all of them.

        Raises
        ------
        NameNotFoundError, DataError
        """
        for name in self.names:
            if name not in names:
                raise NameNotFoundError.from_names("context", name, names)
        if len(self.names) == len(names):
            raise DataError(f"the series have no column beside the context {listing(self.names)}.")


def add_contexts(series: Series, context: str | Sequence[str] | None) -> tuple[Series, Contexts]:
    """Read contexts, and add the numbers of series or steps as columns.

    Parameters
    ----------
    series : Series
    context : str, sequence of str, or None
        Columns; without a column of that name, ``"space"`` is the number of the series and
        ``"time"`` that of the step, a label in a panel and a number in one series.

    Returns
    -------
    series : Series
    contexts : Contexts

    Raises
    ------
    DataError
        If there is one series to number, the steps of unequal series are to be numbered, one
        context determines another.

    Examples
    --------
    >>> from causalsim.discovery._series import read_series
    >>> panel = np.random.default_rng(0).normal(size=(3, 20, 2))
    >>> added, contexts = add_contexts(read_series(panel), "space")
    >>> added.table.names, added.table.levels, contexts.static
    (('x0', 'x1', 'space'), {'space': ('0', '1', '2')}, ('space',))
    """
    if context is None:
        return series, Contexts()
    names = context_names(context)
    own = [name for name in NUMBERS if name in names and name not in series.table.names]
    table = series.table
    for name in own:
        table = _with_space(series, table) if name == SPACE else _with_time(series, table)
    series = replace(series, table=table)
    static = (*own, *(n for n in names if n not in own and _is_constant(series, n)))
    contexts = Contexts(names, static)
    for name in own:
        _refuse_determined(table, name, names)
    return series, contexts


def _with_space(series: Series, table: Table) -> Table:
    """Add the number of the series."""
    count = len(series.lengths)
    if count < 2:
        raise DataError(
            "context='space' is the number of the series in a panel; got one series. Give a list "
            "of series, or the name of a column."
        )
    said = "'space' is the number of the series: it stands for all that is constant in each"
    return _with_labels(table, SPACE, np.repeat(np.arange(count), series.lengths), said)


def _with_time(series: Series, table: Table) -> Table:
    """Add the number of the step."""
    steps = np.concatenate([np.arange(length) for length in series.lengths])
    if len(series.lengths) == 1:
        said = "'time' is the number of the step: linear tests see only a drift along a line"
        columns = np.column_stack([table.values, steps])
        kinds = (*table.kinds, Kind.CONTINUOUS)
        return Table((*table.names, TIME), columns, kinds, table.levels, (*table.notes, said))
    if len(set(series.lengths)) > 1:
        raise DataError(
            "context='time' in a panel is the step that its series share; got series of "
            f"{min(series.lengths)} to {max(series.lengths)} steps. Cut them to the same steps."
        )
    said = "'time' is the number of the step: it stands for all that the series share at a time"
    return _with_labels(table, TIME, steps, said)


def _with_labels(table: Table, name: str, codes: NDArray[np.intp], said: str) -> Table:
    """Add a column of labels."""
    levels = tuple(map(str, range(int(codes.max()) + 1)))
    kind = Kind.BINARY if len(levels) == 2 else Kind.DISCRETE
    return Table(
        (*table.names, name),
        np.column_stack([table.values, codes]),
        (*table.kinds, kind),
        {**table.levels, name: levels},
        (*table.notes, said),
    )


def _is_constant(series: Series, name: str) -> bool:
    """Tell whether a column is constant in every series."""
    if name not in series.table.names:
        return False
    column = series.table.values[:, series.table.index(name)]
    parts = np.split(column, np.cumsum(series.lengths)[:-1])
    return all(bool((part == part[0]).all()) for part in parts)


def _refuse_determined(table: Table, name: str, names: Sequence[str]) -> None:
    """Refuse a context that is a function of the number of the series, or of the step."""
    codes = table.values[:, table.index(name)]
    for other in names:
        pairs = np.column_stack([codes, table.values[:, table.index(other)]])
        if other != name and len(np.unique(pairs, axis=0)) == len(np.unique(codes)):
            raise DataError(
                f"the context {name!r} determines the context {other!r}, so that their effects "
                "cannot be told apart; give one of them."
            )
