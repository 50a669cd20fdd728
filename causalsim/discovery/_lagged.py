"""The lagged table: column ``lag * p + i`` holds variable i, ``lag`` steps ago.

All tests of a search over lags 0 to L use the same samples: conditions of a variable L steps ago
reach back 2 L steps, so the first 2 L steps of every series are cut (Runge et al. 2019). Any test
of conditional independence binds to that table; nothing else knows of time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causalsim.data import Shifts, Table
from causalsim.discovery._series import Series
from causalsim.errors import DataError, OptionError, listing
from causalsim.graph.labels import label

__all__ = ["lagged_table"]

FEWEST, FEW = 4, 10
ROUNDING = 4 * float(np.finfo(np.float64).eps)


def lagged_table(series: Series, max_lag: int, missing: str = "error") -> Table:
    """Give every sample with its past, shape (samples, p (2 max_lag + 1)).

    Parameters
    ----------
    series : Series
    max_lag : int
    missing : {"error", "listwise", "testwise"}
        ``"listwise"`` keeps the samples without a hole in their 2 ``max_lag`` + 1 steps.

    Returns
    -------
    Table
        Named ``X``, ``X[t-1]``, ...; no sample crosses the border of two series. Its ``origin``
        holds the steps, so that a test can work on each once.

    Raises
    ------
    OptionError
        If ``max_lag`` is not below a quarter of the shortest series.
    DataError
        If a series is too short for any lag, fewer than 2 ``max_lag`` + 4 samples are left, or a
        variable is constant in those that are.

    Notes
    -----
    A link is tested given the own past of its two ends, up to 2 ``max_lag`` values, which a
    partial correlation needs 4 more samples for: fewer are refused. Below 10 samples for each of
    these values a note says that only strong links can be seen.

    Examples
    --------
    >>> from causalsim.discovery._series import read_series
    >>> steps = np.random.default_rng(0).normal(size=(20, 2))
    >>> table = lagged_table(read_series(steps), max_lag=2)
    >>> table.values.shape, table.names[:3]
    ((16, 10), ('x0', 'x1', 'x0[t-1]'))
    """
    _check_length(max_lag, series.lengths)
    table, reach = series.table, 2 * max_lag
    starts = np.cumsum([0, *series.lengths[:-1]])
    ranges = [np.arange(a + reach, a + n) for a, n in zip(starts, series.lengths, strict=True)]
    present = np.concatenate(ranges)
    usable = series.usable[present]
    present = present[usable]
    rows = present[:, None] - np.arange(reach + 1)
    notes = table.notes
    if not usable.all():
        notes += (f"{int((~usable).sum())} of {len(usable)} samples masked",)
    if missing == "listwise" and table.has_missing:
        whole = ~np.isnan(table.values[rows]).any(axis=(1, 2))
        notes = tuple(note for note in notes if not note.startswith("missing values kept"))
        notes += (f"{int((~whole).sum())} of {len(whole)} samples dropped for missing values",)
        rows = rows[whole]
    notes += _check_samples(len(rows), max_lag)
    _refuse_constant(table.values[rows[:, 0]], table.names)
    names = tuple(label(name, lag) for lag in range(reach + 1) for name in table.names)
    levels = {
        label(name, lag): found for name, found in table.levels.items() for lag in range(reach + 1)
    }
    used, places = np.unique(rows, return_inverse=True)
    shifts = Shifts(table.values[used], places.reshape(rows.shape))
    return Table.from_shifts(names, shifts, table.kinds * (reach + 1), levels, notes)


def _check_length(max_lag: int, lengths: tuple[int, ...]) -> None:
    shortest = min(lengths)
    where = f"series {lengths.index(shortest)} of the panel" if len(lengths) > 1 else "the series"
    if shortest < 5:
        raise DataError(f"{where} has {shortest} steps; a search over lags needs at least 5.")
    if max_lag >= shortest / 4:
        raise OptionError(
            f"max_lag={max_lag}: {where} has {shortest} steps, of which 2 max_lag are cut at the "
            "start; expected max_lag below a quarter of the steps, so at most "
            f"max_lag={-(-shortest // 4) - 1}."
        )


def _check_samples(n: int, max_lag: int) -> tuple[str, ...]:
    """Refuse too few samples for the past of two variables; note few."""
    if not n:
        raise DataError("no sample is left: mask and missing values take all; relax one of them.")
    past = 2 * max_lag
    if n < past + FEWEST:
        raise DataError(
            f"{n} samples are left by max_lag={max_lag}, mask and missing values; expected at "
            f"least 2 max_lag + {FEWEST} = {past + FEWEST}, to test a link given the past of its "
            "ends. Give longer series, or a smaller max_lag."
        )
    weak = (
        f"{n} samples are few for tests given up to {past} values of the past (2 max_lag): only "
        "strong links can be seen, and a missing link says little"
    )
    return (weak,) if n < FEW * past else ()


def _refuse_constant(values: NDArray[np.float64], names: tuple[str, ...]) -> None:
    """Refuse what mask and holes have made constant."""
    low, high = np.fmin.reduce(values, axis=0), np.fmax.reduce(values, axis=0)
    flat = ~(high - low > ROUNDING * np.maximum(np.abs(low), np.abs(high)))
    if flat.any():
        found = [name for name, still in zip(names, flat.tolist(), strict=True) if still]
        raise DataError(
            f"{listing(found)} does not vary in the {len(values)} samples left by max_lag, mask "
            "and missing values; remove it, or keep more samples."
        )
