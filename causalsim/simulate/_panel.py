"""Reading a panel of real series, and what is left of it without its drivers and sums."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from causalsim.data import Table, read_table
from causalsim.errors import DataError, OptionError, listing
from causalsim.scm._series_fit import as_list
from causalsim.scm.exogenous import Driver, driver_table

__all__ = ["checked_panel", "exact_sums", "reduced"]

_LEAST = 5
_EXACT = 1e-10


def reduced(
    panel: Sequence[Table],
    sums: Container[str],
    drivers: Sequence[Driver],
    starts: Sequence[int] | None,
) -> list[Table]:
    """Give what a regression on the drivers leaves of every column that is no sum."""
    left = [name for name in panel[0].names if name not in sums]
    panel = [part.select(left) for part in panel]
    if not drivers:
        return panel
    steps = np.concatenate([
        np.arange(start, start + len(part))
        for part, start in zip(panel, starts or [0] * len(panel), strict=True)
    ])  # fmt: skip
    outside = np.column_stack([np.ones(len(steps)), driver_table(drivers, steps)])
    whole = np.vstack([part.values for part in panel])
    rest = whole - outside @ np.linalg.lstsq(outside, whole)[0]
    pieces = np.split(rest, np.cumsum([len(part) for part in panel])[:-1])
    return [replace(part, values=piece) for part, piece in zip(panel, pieces, strict=True)]


def exact_sums(panel: Sequence[Table]) -> dict[str, tuple[str, ...]]:
    """Give columns that are linear functions of earlier ones, and of which.

    Examples
    --------
    >>> from causalsim.data import Kind
    >>> rows = np.array([[1.0, 2.0, 3.0], [0.0, 1.0, 1.0], [5.0, 1.0, 6.0], [1.0, 0.0, 1.0]])
    >>> exact_sums([Table(("A", "B", "C"), rows, (Kind.CONTINUOUS,) * 3)])
    {'C': ('A', 'B')}
    """
    whole = np.vstack([part.values for part in panel])
    names = panel[0].names
    scaled = (whole - whole.mean(axis=0)) / whole.std(axis=0)
    free: list[int] = []
    sums = {}
    for k in range(len(names)):
        weights, *_ = np.linalg.lstsq(scaled[:, free], scaled[:, k])
        rest = scaled[:, k] - scaled[:, free] @ weights
        if rest @ rest < _EXACT * len(scaled):
            behind = np.abs(weights) > 1e-6 * np.abs(weights).max()
            sums[names[k]] = tuple(names[i] for i in np.array(free)[behind])
        else:
            free.append(k)
    return sums


def checked_panel(series: Any, max_lag: int) -> list[Table]:
    """Read a panel of numbers, or say what is wrong with it.

    Counts and two-valued columns are read as numbers, too: a simulator has to give them back.
    """
    if type(max_lag) is not int or max_lag < 1:
        raise OptionError(f"max_lag={max_lag!r}: expected a whole number of steps, at least 1.")
    parts = [_numbers(part) for part in as_list(series)]
    total = sum(map(len, parts))
    if total < _LEAST * max_lag:
        raise DataError(
            f"{total} steps for max_lag={max_lag}; a fit needs at least {_LEAST} times as many. "
            "Give a longer series or a smaller max_lag."
        )
    whole = np.vstack([part.values for part in parts])
    constant = [parts[0].names[k] for k in np.flatnonzero(np.ptp(whole, axis=0) == 0).tolist()]
    if constant:
        raise DataError(
            f"constant: {listing(constant)}; nothing can be learnt of it. Leave it out: "
            f"series.drop(columns={constant!r})."
        )
    return parts


def _numbers(part: Any) -> Table:
    kinds = None if isinstance(part, Table) else "continuous"
    table = read_table(part, kinds=kinds, missing="testwise", degenerate="keep")
    holes = np.isnan(table.values).sum(axis=0)
    if holes.any():
        where = [table.names[k] for k in np.flatnonzero(holes).tolist()]
        raise DataError(
            f"missing values: {int(holes.sum())} in {listing(where)}. Fill them, such as with "
            "series.interpolate(), or cut the series at the gaps and give a list of stretches."
        )
    return table
