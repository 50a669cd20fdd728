"""Reading series: frames of the same variables, one row a time step, samples never across two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causalsim.data import Kind, Table, read_table
from causalsim.discovery._dates import refuse_date_texts
from causalsim.errors import DataError, OptionError, listing
from causalsim.graph import TemporalGraph
from causalsim.scm import Paths

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Series", "check_index", "read_series"]

_UNEVEN = 1.5
Bools = NDArray[np.bool_]


@final
@dataclass(frozen=True, eq=False)
class Series:
    """One series, or several of the same variables.

    Parameters
    ----------
    table : Table
        The steps of all series, one series after the other.
    lengths : tuple of int
        Steps of each.
    usable : array of bool, shape (steps,)
        Whether a step may be the present of a sample.
    """

    table: Table
    lengths: tuple[int, ...]
    usable: Bools = field(repr=False)


def read_series(
    data: Any,
    *,
    mask: ArrayLike | Sequence[ArrayLike] | None = None,
    missing: str = "error",
    kinds: Mapping[str, str] | str | None = None,
) -> Series:
    """Read one series or a panel.

    Parameters
    ----------
    data : DataFrame, array, path, Table, Paths or a list of DataFrames or of arrays
        One row a step, oldest first; a list, and an array of shape (series, steps, variables),
        is a panel. An index of numbers or times must increase.
    mask : array of bool, shape (steps,), or a list of them, optional
        True where a step is no present of a sample; it may still be the past of one. A pandas
        Series goes by its index, which must hold the labels of the data.
    missing : {"error", "listwise", "testwise"}
        With the last two, missing values are kept here; see :func:`._lagged.lagged_table`.
    kinds : mapping or str, optional
        As in :func:`causalsim.data.read_table`.

    Returns
    -------
    Series

    Raises
    ------
    DataError
        If the index does not increase, the columns of a panel differ, a column holds times, or
        :func:`causalsim.data.read_table` refuses a column.
    OptionError
        If the mask has another shape or other labels, or an option is unknown.

    Examples
    --------
    >>> steps = np.random.default_rng(0).normal(size=(20, 2))
    >>> read_series([steps, steps[:8]]).lengths
    (20, 8)
    """
    frames = _frames(data)
    notes = [note for frame in frames for note in check_index(frame)]
    if not isinstance(kinds, str):
        refuse_date_texts(frames[0] if frames else None, kinds or {}, ".set_index({name})")
    keep: Any = "testwise" if missing == "listwise" else missing
    source = frames[0] if len(frames) == 1 else _stack(frames)
    table = read_table(source, missing=keep, kinds=kinds)
    _refuse_times(table)
    TemporalGraph.from_edges([], table.names)  # refuses names with a lag
    lengths = tuple(map(len, frames)) if len(frames) > 1 else (len(table),)
    if len(frames) > 1:
        notes.append(f"a panel of {len(frames)} series of {_between(lengths)} steps")
    said = tuple(dict.fromkeys((*table.notes, *notes)))
    whole = Table(table.names, table.values, table.kinds, table.levels, said)
    return Series(whole, lengths, _read_mask(mask, frames, lengths))


def _between(lengths: tuple[int, ...]) -> str:
    low, high = min(lengths), max(lengths)
    return str(low) if low == high else f"{low} to {high}"


def _frames(data: Any) -> list[Any]:
    """Give the series of a panel, or the one there is."""
    if isinstance(data, dict) and data and all(np.ndim(part) == 2 for part in data.values()):
        raise DataError(
            f"a mapping of {len(data)} tables; a panel is a list of them: write "
            "list(data.values())."
        )
    cube = isinstance(data, np.ndarray) and data.ndim == 3
    return list(data) if cube or isinstance(data, list | tuple | Paths) else [data]


def _stack(frames: list[Any]) -> Any:
    """Put the frames of a panel below each other."""
    import narwhals as nw
    import pandas as pd

    if frames and all(isinstance(frame, np.ndarray) and frame.ndim == 2 for frame in frames):
        _same_columns([list(range(frame.shape[1])) for frame in frames])
        return np.concatenate(frames)
    if not frames or not all(nw.dependencies.is_into_dataframe(frame) for frame in frames):
        kinds = sorted({type(frame).__name__ for frame in frames})
        raise DataError(f"a panel is a list of DataFrames or of 2-D arrays; got one of {kinds}.")
    order = _same_columns([list(frame.columns) for frame in frames])
    if all(isinstance(frame, pd.DataFrame) for frame in frames):
        return pd.concat([frame[order] for frame in frames], ignore_index=True)
    opened = [nw.from_native(frame, eager_only=True).select(order) for frame in frames]
    return nw.concat(opened).to_native()


def _same_columns(columns: list[list[Any]]) -> list[Any]:
    """Refuse unequal columns; give those of the first frame."""
    for k, names in enumerate(columns):
        if sorted(map(str, names)) != sorted(map(str, columns[0])):
            raise DataError(
                f"series 0 of the panel has the columns {listing(columns[0])}, series {k} has "
                f"{listing(names)}; give all the same columns."
            )
    return columns[0]


def check_index(frame: Any) -> list[str]:
    """Refuse an index of numbers or times that does not increase; note uneven steps."""
    import pandas as pd

    if not isinstance(frame, pd.DataFrame) or len(frame) < 2:
        return []
    index: pd.Index[Any] = frame.index
    timed = isinstance(index, pd.DatetimeIndex | pd.PeriodIndex | pd.TimedeltaIndex)
    if not (timed or pd.api.types.is_numeric_dtype(index.dtype)):
        return []
    if index.hasnans:
        raise DataError("the index has missing values; fill them, or write frame.reset_index().")
    called = "the index" if index.name is None else f"the index {index.name!r}"
    if not index.is_unique:
        stamp = index[index.duplicated()][0]
        rows = [str(row) for row in np.flatnonzero(index == stamp)[:5]]
        raise DataError(
            f"{called} does not increase: the time {_said(stamp)} stands in rows "
            f"{' and '.join(rows)}; the first row is 0. Keep one of them, or give a list of "
            "DataFrames for a panel."
        )
    if not index.is_monotonic_increasing:
        late = int(np.flatnonzero(index[1:] < index[:-1])[0])
        raise DataError(
            f"{called} does not increase: {_said(index[late])} (row {late}) stands before "
            f"{_said(index[late + 1])} (row {late + 1}); the first row is 0. Write "
            "frame.sort_index() if its values are times, frame.reset_index(drop=True) if not."
        )
    return _uneven(index, np.diff(index.asi8 if timed else index.to_numpy()))  # type: ignore[attr-defined]


def _uneven(index: Any, steps: NDArray[Any]) -> list[str]:
    """Note uneven steps, and how to keep samples from spanning a gap."""
    import pandas as pd

    if steps.max() <= _UNEVEN * steps.min():
        return []
    at = int(np.argmax(steps))
    advice = "to keep samples from spanning a gap, give the parts as a panel (a list of frames)"
    if isinstance(index, pd.DatetimeIndex) and not (steps % steps.min()).any():
        step = (index[1:] - index[:-1]).min()
        day = step == pd.Timedelta(days=1)
        freq = "D" if day else pd.tseries.frequencies.to_offset(step).freqstr
        advice += f", or write frame.asfreq({freq!r}) and missing='listwise'"
    longest = f"the longest is from {_said(index[at])} to {_said(index[at + 1])}"
    return [f"lags count rows, but the steps of the index are uneven: {longest}; {advice}"]


def _said(stamp: object) -> str:
    """Write a label of an index, a date without its midnight."""
    return str(stamp).removesuffix(" 00:00:00")


def _refuse_times(table: Table) -> None:
    times = [n for n, kind in zip(table.names, table.kinds, strict=True) if kind is Kind.TIME]
    if times:
        raise DataError(
            f"{listing(times)} holds times; lags count rows. Write frame.set_index({times[0]!r})."
        )


def _read_mask(mask: Any, frames: list[Any], lengths: tuple[int, ...]) -> Bools:
    """Give the usable steps of all series, one series after the other."""
    if mask is None:
        return np.ones(sum(lengths), bool)
    parts = mask if isinstance(mask, list | tuple) and np.ndim(mask[:1]) > 1 else [mask]
    if len(parts) == len(frames):
        parts = [_aligned(*pair) for pair in zip(parts, frames, strict=True)]
    flags = [np.asarray(part) for part in parts]
    got = [part.shape for part in flags]
    if got != [(length,) for length in lengths] or any(part.dtype != bool for part in flags):
        types = sorted({str(part.dtype) for part in flags})
        advice = ""
        if any(part.ndim == 2 for part in flags):
            advice = " A step is masked as a whole: write mask.any(axis=1)."
        elif any(part.dtype != bool for part in flags):
            advice = " Write mask.astype(bool)."
        raise OptionError(
            f"mask of shape {got} and type {types}: expected booleans, one for each step, so of "
            f"shape {[(length,) for length in lengths]}.{advice}"
        )
    return ~np.concatenate(flags)


def _aligned(mask: Any, frame: Any) -> Any:
    """Put a mask that is a pandas Series into the order of the rows that it speaks of."""
    import pandas as pd

    if not isinstance(mask, pd.Series):
        return mask
    rows = frame.index if isinstance(frame, pd.DataFrame) else pd.RangeIndex(len(mask))
    if mask.index.equals(rows) or len(mask) != len(rows):
        return mask
    if mask.index.is_unique and mask.index.isin(rows).all():
        return mask.reindex(rows)
    raise OptionError(
        f"mask: its index (from {_said(mask.index[0])!r} on) does not hold the labels of the data "
        f"(from {_said(rows[0])!r} on); write mask.reindex(frame.index), or "
        "mask.to_numpy() if it goes by position."
    )
