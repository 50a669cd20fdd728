"""Dates: written as people write them, and refused where they came as text."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from causalsim.errors import DataError, NameNotFoundError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Texts", "date_texts", "index_dates", "refuse_date_texts", "refuse_index"]

Texts = NDArray[np.str_]

_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T].*)?")


def date_texts(seconds: NDArray[np.float64]) -> Texts:
    """Write times, in seconds since 1970, as ISO dates no longer than they need be.

    >>> date_texts(np.array([0.0, 86400.0])).tolist()
    ['1970-01-01', '1970-01-02']
    >>> date_texts(np.array([0.0, 60.5])).tolist()
    ['1970-01-01T00:00:00.000000', '1970-01-01T00:01:00.500000']
    """
    return _as_texts((seconds * 1e6).round().astype(np.int64).astype("datetime64[us]"))


def _as_texts(times: NDArray[np.datetime64]) -> Texts:
    units = (times.astype(f"datetime64[{unit}]") for unit in ("D", "s"))
    return np.datetime_as_string(next((short for short in units if (short == times).all()), times))


def index_dates(data: Any) -> Texts | None:
    """Write the dates of an index of dates; None of another index.

    >>> import pandas as pd
    >>> index_dates(pd.DataFrame(index=pd.period_range("2020Q4", periods=2, freq="Q"))).tolist()
    ['2020-10-01', '2021-01-01']
    """
    import pandas as pd

    index: pd.Index[Any] | None = data.index if isinstance(data, pd.DataFrame) else None
    if isinstance(index, pd.PeriodIndex):
        index = index.to_timestamp()
    if not isinstance(index, pd.DatetimeIndex) or index.hasnans:
        return None
    return _as_texts(index.tz_localize(None).to_numpy().astype("datetime64[us]"))


def refuse_date_texts(data: Any, told: Collection[str], then: str = "") -> None:
    """Refuse columns of a pandas frame that hold dates as text, unless their kind is ``told``.

    Parameters
    ----------
    data : DataFrame or anything else
    told : collection of str
    then : str
        What to do with the times, with ``{name}`` for the column.

    Raises
    ------
    DataError

    Examples
    --------
    >>> import pandas as pd
    >>> refuse_date_texts(pd.DataFrame({"when": ["1.5", "2.5"]}), ())
    """
    import pandas as pd

    if not isinstance(data, pd.DataFrame):
        return
    for name, dtype in data.dtypes.items():
        text = isinstance(dtype, pd.StringDtype) or pd.api.types.is_object_dtype(dtype)
        if text and name not in told and _holds_dates(data[name]):
            raise DataError(
                f"column {name!r} holds dates as text, such as {data[name].dropna().iloc[0]!r}. "
                f"Read them as times: pandas.read_csv(..., parse_dates=[{name!r}])"
                f"{then.format(name=repr(name))}."
            )


def _holds_dates(column: pd.Series[Any]) -> bool:
    present = column.dropna()
    return bool(len(present)) and all(_DATE.fullmatch(str(value)) for value in present.unique())


def refuse_index(data: Any, names: Collection[str], columns: Collection[str]) -> None:
    """Refuse names that are no columns of a pandas frame, but its index.

    Raises
    ------
    NameNotFoundError

    Examples
    --------
    >>> import pandas as pd
    >>> refuse_index(pd.DataFrame(index=pd.Index([0, 1], name="day")), ["X"], ["X"])
    """
    import pandas as pd

    for name in names:
        if name not in columns and isinstance(data, pd.DataFrame) and name in data.index.names:
            raise NameNotFoundError(
                f"no column {name!r}: it is the index of the frame. Write frame.reset_index(), so "
                "that it is a column."
            )
