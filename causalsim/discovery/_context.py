"""Reading contexts: what sets the rows apart, as columns that no variable can cause.

A context is a domain (codes without order), a time (numbers that increase), or several of them.
Domains are never numbers: kernel tests compare their codes for equality, mixed tests give them a
degree of freedom per level. Interventions that are known become one two-valued context each, with
arrows to their targets (Mooij, Magliacane & Claassen 2020, joint causal inference).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from causalsim.data import Kind, Table, read_table
from causalsim.data._quality import screen
from causalsim.discovery._dates import (
    Texts,
    date_texts,
    index_dates,
    refuse_date_texts,
    refuse_index,
)
from causalsim.discovery._determined import refuse_determined, screen_recoded
from causalsim.discovery._knowledge import Resolved
from causalsim.discovery._series import check_index
from causalsim.errors import DataError, KnowledgeError, NameNotFoundError, OptionError, listing

__all__ = ["Context", "Targets", "context_names", "protect", "read_context"]

FEWEST_ROWS = 5
FEWEST_STEPS = 20
ROW_NUMBER = "time"
_THEN = (
    "; a column of times can be the context. Else drop it, or write kinds={{{name}: 'discrete'}} "
    "if it stands for domains"
)

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Targets = Mapping[str, Sequence[str] | None]


@final
@dataclass(frozen=True, eq=False)
class Context:
    """Variables, then contexts, as one table.

    Parameters
    ----------
    table : Table
        Domains are binary or discrete, times are continuous.
    names : tuple of str
        The contexts, the last columns of the table.
    domains : array of int, shape (n,), or None
        The domain of each row, over all domain columns.
    clock : array of shape (n,), or None
        The time of each row.
    labels : array of str, shape (n,), or None
        The domain of each row by name, or its date; None for times that are no dates.
    targets : mapping of str to tuple of str
        Contexts that are known interventions, with their targets.
    """

    table: Table
    names: tuple[str, ...]
    domains: Ints | None
    clock: Floats | None
    labels: Texts | None = None
    targets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the other columns."""
        return self.table.names[: -len(self.names)]


def read_context(
    data: Any,
    context: str | Sequence[str],
    *,
    targets: Targets | None = None,
    missing: str = "error",
    kinds: Mapping[str, str] | str | None = None,
    degenerate: str = "error",
) -> Context:
    """Read data with contexts.

    Parameters
    ----------
    data : DataFrame, array, Table or path
    context : str or sequence of str
        Columns. Texts, booleans and whole numbers that repeat are domains; dates and other
        numbers are times, unless ``kinds`` says otherwise. ``"time"`` without such a column is
        the row number, also beside other contexts; an index of numbers or times must then
        increase.
    targets : mapping of str to sequence of str or None, optional
        Levels of the one domain column, or two-valued contexts, to the variables they act on;
        None where these are unknown. Levels that are left out are the reference.
    missing, kinds, degenerate
        As in :func:`causalsim.data.read_table`. A variable that is a domain under other names
        is degenerate too.

    Returns
    -------
    Context

    Raises
    ------
    DataError
        If a context has one level or a domain few rows, one context determines another, a time
        does not increase, or the data cannot be read.
    NameNotFoundError, OptionError
        If a context or target does not exist.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame(
    ...     {"X": np.random.default_rng(0).normal(size=20), "lab": list("ab") * 10}
    ... )
    >>> found = read_context(frame, "lab")
    >>> found.variables, found.domains[:4].tolist()
    (('X',), [0, 1, 0, 1])
    """
    names = context_names(context)
    told = kinds if isinstance(kinds, Mapping) else {}
    read = _opened(data, names, missing, kinds)
    timed = tuple(name for name in names if _is_time(read, name, told))
    table = read
    for name in names:
        table = _as_time(table, name) if name in timed else _as_domain(table, name)
    single = [name for name in names if name not in timed]
    clock, domains = _clock(table, timed), _domains(table, single)
    dates = _dates(read, timed[0], data) if timed else None
    if clock is not None:
        _refuse_disorder(clock, domains, timed[0], dates)
    labels = _labels(table, single) if single else dates
    table, acting = _interventions(table, names, timed, targets)
    names = tuple(dict.fromkeys((*(n for n in names if n in table.names), *acting)))
    refuse_determined(table, names, timed)
    table = _screened(table, names, timed, degenerate)
    rest = [name for name in table.names if name not in names]
    if not rest:
        raise DataError(f"the data have no column beside the context {listing(names)}.")
    for name in {target for found in acting.values() for target in found} - set(rest):
        raise NameNotFoundError.from_names("variable (in targets)", name, rest)
    known = {name: found for name, found in acting.items() if found}
    return Context(table.select([*rest, *names]), names, domains, clock, labels, known)


def _opened(
    data: Any, names: tuple[str, ...], missing: str, kinds: Mapping[str, str] | str | None
) -> Table:
    """Read all columns, and the row number if it is asked for."""
    if not isinstance(kinds, str):
        refuse_date_texts(data, kinds or {}, _THEN)
    keep: Any = {"missing": missing, "degenerate": "keep"}
    read = read_table(data, kinds=kinds, **keep)
    if ROW_NUMBER in names and ROW_NUMBER not in read.names:
        read = _numbered(read, data)
    refuse_index(data, names, read.names)
    return read


def _screened(table: Table, names: Sequence[str], timed: Sequence[str], degenerate: str) -> Table:
    """Apply ``degenerate`` to the variables; contexts come first, so that they stay."""
    rest = [name for name in table.names if name not in names]
    table = screen_recoded(table, [name for name in names if name not in timed], rest, degenerate)
    rest = [name for name in rest if name in table.names]
    return screen(table.select([*names, *rest]), degenerate)  # type: ignore[arg-type]


def protect(
    known: Resolved,
    contexts: Sequence[str],
    targets: Mapping[str, Sequence[str]],
    names: Sequence[str],
) -> Resolved:
    """Add to knowledge that nothing causes a context, and what interventions act on.

    Parameters
    ----------
    known : Resolved
    contexts : sequence of str
    targets : mapping of str to sequence of str
        Contexts that act on these variables and on no others.
    names : sequence of str
        All nodes, as numbered in ``known``.

    Raises
    ------
    KnowledgeError
        If the two contradict each other.

    Examples
    --------
    >>> none = np.zeros((2, 2), bool)
    >>> protect(Resolved(none, none, none), ["C"], {}, ["X", "C"]).forbidden.tolist()
    [[False, True], [False, False]]
    """
    at = [names.index(name) for name in contexts]
    cannot, must = np.zeros_like(known.forbidden), np.zeros_like(known.required)
    cannot[:, at] = True
    for name, hit in targets.items():
        must[names.index(name)] = np.isin(names, list(hit))
        cannot[names.index(name)] = ~must[names.index(name)]
    np.fill_diagonal(cannot, val=False)
    found = Resolved(known.forbidden | cannot, known.required | must, known.joined, known.rules)
    wrong = np.argwhere((found.required & found.forbidden) | (found.joined & found.apart))
    for i, j in wrong.tolist():
        raise KnowledgeError(
            f"knowledge and contexts disagree about {names[i]} and {names[j]} "
            f"({known.rules.get((i, j), 'required')}): nothing causes a context, and an "
            "intervention acts on its targets only."
        )
    return found


# -- columns ---------------------------------------------------------------------------------


def context_names(context: object) -> tuple[str, ...]:
    """Read one name or several.

    >>> context_names("lab")
    ('lab',)
    """
    names = (context,) if isinstance(context, str) else context
    if not isinstance(names, Sequence) or not names or not all(isinstance(n, str) for n in names):
        raise OptionError(
            f"context={context!r}: expected the name of a column, or a list of names."
        )
    if len(set(names)) < len(names):
        raise OptionError(f"context={context!r}: a column is named twice.")
    return tuple(names)


def _numbered(table: Table, data: object) -> Table:
    """Add the row number as a time."""
    notes = (*table.notes, *check_index(data))
    steps = np.arange(len(table), dtype=np.float64)[:, None]
    kinds = (*table.kinds, Kind.CONTINUOUS)
    return Table(
        (*table.names, ROW_NUMBER), np.hstack([table.values, steps]), kinds, table.levels, notes
    )


def _is_time(table: Table, name: str, told: Mapping[str, str]) -> bool:
    """Tell a time from a domain."""
    i = table.index(name)
    column, kind = table.values[:, i], table.kinds[i]
    if np.isnan(column).any():
        raise DataError(
            f"the context {name!r} is missing in {int(np.isnan(column).sum())} rows; choose "
            "missing='listwise', or fill it in."
        )
    if kind is not Kind.CONTINUOUS or name in told:
        return kind in {Kind.CONTINUOUS, Kind.TIME}
    whole = bool((column == np.round(column)).all())
    return not whole or len(np.unique(column)) * FEWEST_ROWS > len(column)


def _as_time(table: Table, name: str) -> Table:
    if len(table) < FEWEST_STEPS:
        raise DataError(
            f"the time {name!r} has {len(table)} steps; expected at least {FEWEST_STEPS}, since "
            "a drift must be told from noise."
        )
    kinds = list(table.kinds)
    kinds[table.index(name)] = Kind.CONTINUOUS
    return replace(table, kinds=tuple(kinds))


def _as_domain(table: Table, name: str) -> Table:
    """Make a column codes of domains; refuse one domain, or few rows in one."""
    i = table.index(name)
    found, codes, counts = np.unique(table.values[:, i], return_inverse=True, return_counts=True)
    levels = table.levels.get(name) or tuple(f"{value:g}" for value in found.tolist())
    if len(found) < 2:
        raise DataError(f"the context {name!r} has one level, {levels[0]!r}; a change needs two.")
    if counts.min() < FEWEST_ROWS:
        few = [f"{levels[k]!r} ({counts[k]})" for k in np.flatnonzero(counts < FEWEST_ROWS)]
        raise DataError(
            f"the context {name!r} has domains with fewer than {FEWEST_ROWS} rows: "
            f"{', '.join(few[:12])}. Drop or merge them; write kinds={{{name!r}: 'continuous'}} "
            "if it is a time."
        )
    kinds, values = list(table.kinds), table.values.copy()
    kinds[i] = Kind.BINARY if len(found) == 2 else Kind.DISCRETE
    values[:, i] = codes
    return replace(table, values=values, kinds=tuple(kinds), levels={**table.levels, name: levels})


def _clock(table: Table, timed: Sequence[str]) -> Floats | None:
    return table.values[:, table.index(timed[0])] if timed else None


def _domains(table: Table, names: Sequence[str]) -> Ints | None:
    """Number the combinations of levels that occur."""
    if not names:
        return None
    codes = table.values[:, [table.index(name) for name in names]]
    return np.asarray(np.unique(codes, axis=0, return_inverse=True)[1].ravel(), np.intp)


def _labels(table: Table, names: Sequence[str]) -> Texts:
    """Name the domain of each row."""
    columns = [
        np.array(table.levels[name])[table.values[:, table.index(name)].astype(np.intp)]
        for name in names
    ]
    return np.array([", ".join(parts) for parts in zip(*columns, strict=True)])


def _dates(read: Table, name: str, data: object) -> Texts | None:
    """Give the dates of a time, or of the index behind row numbers; None if there are none."""
    if read.kinds[read.index(name)] is Kind.TIME:
        return date_texts(read.values[:, read.index(name)])
    found = index_dates(data) if name == ROW_NUMBER else None
    return found if found is not None and len(found) == len(read) else None


def _refuse_disorder(clock: Floats, domains: Ints | None, name: str, dates: Texts | None) -> None:
    """Refuse times that do not increase, in each domain."""
    everything = np.arange(len(clock))
    parts = [everything]
    if domains is not None:
        parts = [everything[domains == domain] for domain in np.unique(domains)]
    for rows in parts:
        steps = np.diff(clock[rows])
        at = int(np.argmin(steps > 0))
        if steps[at] > 0:
            continue
        i, j = rows[at : at + 2].tolist()
        first, second = (f"{clock[k]:.15g}" if dates is None else str(dates[k]) for k in (i, j))
        word = f"stands in rows {i} and {j}"
        if steps[at] < 0:
            word = f"(row {i}) stands before {second} (row {j})"
        raise DataError(
            f"the time {name!r} does not increase: {first} {word}; the first row is 0. Sort the "
            f"rows by it and keep one row for each; if it is a domain, write kinds={{{name!r}: "
            "'discrete'}, and if several series lie side by side, name their column as a context "
            "too."
        )


# -- several contexts ------------------------------------------------------------------------


def _interventions(
    table: Table, names: Sequence[str], timed: Sequence[str], targets: Targets | None
) -> tuple[Table, dict[str, tuple[str, ...]]]:
    """Replace named levels by two-valued contexts; give the targets of each context."""
    acting: dict[str, tuple[str, ...]] = {}
    levels = {level: name for name in names if name not in timed for level in table.levels[name]}
    single = [name for name in names if name not in timed]
    split = False
    for key, found in (targets or {}).items():
        name = str(key)
        if isinstance(found, str):
            raise OptionError(
                f"targets={{{name!r}: {found!r}}}: expected a list of variables; write "
                f"{{{name!r}: [{found!r}]}}."
            )
        if name not in names:
            if name not in levels:
                known = [*single, *levels]
                raise NameNotFoundError.from_names("context or level (in targets)", name, known)
            table, name = _indicator(table, levels[name], name)
            split = True
        acting[name] = () if found is None else tuple(found)
    if split:
        table = _without_reference(table, single, acting)
    return table, acting


def _indicator(table: Table, name: str, level: str) -> tuple[Table, str]:
    """Add the column that is 1 at one level."""
    added = f"{name}={level}"
    at = table.values[:, table.index(name)] == table.levels[name].index(level)
    return Table(
        (*table.names, added),
        np.hstack([table.values, at[:, None].astype(np.float64)]),
        (*table.kinds, Kind.BINARY),
        {**table.levels, added: ("no", "yes")},
        table.notes,
    ), added


def _without_reference(table: Table, names: Sequence[str], acting: Mapping[str, Any]) -> Table:
    """Drop a domain column whose levels have columns of their own; the others are pooled."""
    for name in names:
        left = [level for level in table.levels[name] if f"{name}={level}" not in acting]
        if len(left) == len(table.levels[name]):
            continue
        if not left:
            raise OptionError(
                f"targets names every level of {name!r}; leave out the one without intervention."
            )
        kept = table.select([column for column in table.names if column != name])
        said = f"the levels {listing(left)} of {name!r} are pooled as the reference"
        table = replace(kept, notes=(*kept.notes, said))
    return table
