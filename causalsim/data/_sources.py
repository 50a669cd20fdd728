"""Every accepted form of data, opened as one raw table."""

from __future__ import annotations

import gzip
import os
import re
import warnings
import zlib
from collections.abc import Sequence
from io import BytesIO
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from causalsim import _lazy
from causalsim._files import reason
from causalsim.data._raw import Floats, Origin, Raw, encode, unique_names
from causalsim.errors import DataError, OptionError, listing

if TYPE_CHECKING:
    import narwhals as nw
    import pandas as pd

__all__ = ["open_source", "read_file"]

_SEPARATORS = {".csv": ",", ".tsv": "\t"}
_LONGER = re.compile(r"Expected (\d+) fields in line (\d+), saw (\d+)")
_ACCEPTED = (
    "a pandas, polars or pyarrow DataFrame, a 2-D array, or a path to .csv, .tsv or .parquet"
)


def open_source(data: Any, names: Sequence[str] | None) -> Raw:
    """Open data of any accepted form."""
    if isinstance(data, np.ndarray):
        return _from_array(data, names)
    if names is not None:
        raise OptionError(
            "names= is for arrays; a table brings its own names: rename its columns."
        )
    if isinstance(data, str | os.PathLike):
        frame, notes = read_file(Path(data))
        return _from_frame(frame, notes)
    if _all_floats(data):
        values = np.array(data.to_numpy(), np.float64, order="C")
        return Raw(unique_names(list(data.columns)), values, (Origin.FLOAT,) * data.shape[1])
    return _from_frame(data, ())


def _all_floats(data: object) -> bool:
    """Tell whether a pandas frame holds numpy floats only, so that it needs no translation."""
    import narwhals as nw

    if not nw.dependencies.is_pandas_dataframe(data):
        return False
    return all(isinstance(kind, np.dtype) and kind.kind == "f" for kind in set(data.dtypes))


def _from_array(data: NDArray[Any], names: Sequence[str] | None) -> Raw:
    if data.ndim != 2:
        raise DataError(
            f"got an array of shape {data.shape}; expected (rows, columns)."
            + (" Write data[:, None] for one column." if data.ndim == 1 else "")
        )
    if isinstance(names, str) or (names is not None and len(names) != data.shape[1]):
        raise DataError(f"names={names!r}: expected {data.shape[1]} names, one per column.")
    labels = unique_names(names if names is not None else [f"x{i}" for i in range(data.shape[1])])
    origin = _array_origin(data.dtype)
    if origin is None:
        return _from_objects(data, labels)
    values = np.array(data, np.float64, order="C")
    if isinstance(data, np.ma.MaskedArray):
        values[np.ma.getmaskarray(data)] = np.nan
    return Raw(labels, values, (origin,) * len(labels))


def _array_origin(dtype: np.dtype[Any]) -> Origin | None:
    if dtype.kind in "OUS":
        return None
    if dtype.kind not in "fiub":
        raise DataError(f"got an array of {dtype}; expected numbers, booleans or text.")
    return {"f": Origin.FLOAT, "b": Origin.BOOLEAN}.get(dtype.kind, Origin.INTEGER)


def _from_objects(data: NDArray[Any], names: tuple[str, ...]) -> Raw:
    import pandas as pd

    return _from_frame(pd.DataFrame(data.astype(object), columns=list(names)), ())


def read_file(path: Path) -> tuple[Any, tuple[str, ...]]:
    """Read a file into a table, with notes on what was left out."""
    suffix = path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix
    if suffix.lower() not in {*_SEPARATORS, ".parquet"}:
        raise OptionError(
            f"cannot tell the format of {path}; expected a name that ends in .csv, .tsv (or "
            f"either with .gz) or .parquet."
        )
    try:
        content = path.read_bytes()
        if path.suffix.lower() == ".gz":
            content = gzip.decompress(content)
        if not content.strip():
            raise DataError("it is empty; expected a row of column names, then rows of values")
        if suffix.lower() == ".parquet":
            return _read_parquet(content)
        return _read_text(content, _SEPARATORS[suffix.lower()])
    except (OSError, EOFError, ValueError, zlib.error, Warning) as error:
        raise DataError(f"cannot read {path}: {_reason(error).rstrip('.')}.") from error


def _reason(error: Exception) -> str:
    """Say why a file could not be read, in words of its rows where pandas counts fields."""
    text = " ".join(reason(error).removeprefix("Error tokenizing data. C error: ").split())
    if found := _LONGER.search(text):
        return f"row {found[2]} (the names are row 1) has {found[3]} cells for {found[1]} names"
    if "loss of data" in text:
        return "a row has more cells than there are column names"
    return text


def _read_parquet(content: bytes) -> tuple[Any, tuple[str, ...]]:
    parquet = _lazy.optional("pyarrow.parquet", "scale", "reading Parquet files")
    table = parquet.ParquetFile(BytesIO(content)).read()
    index = [name for name in table.column_names if name.startswith("__index_level_")]
    notes = (f"row index {listing(index)} ignored",) if index else ()
    return table.drop_columns(index), notes


def _read_text(content: bytes, separator: str) -> tuple[pd.DataFrame, tuple[str, ...]]:
    import pandas as pd

    written = _header(content, separator)
    labels = [label.strip() for label in written]
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        body = pd.read_csv(
            BytesIO(content),
            sep=separator,
            encoding="utf-8-sig",
            header=0,
            names=range(len(labels)),
            index_col=False,
            low_memory=False,
            dtype_backend="numpy_nullable",
        )
    indexed = int(labels[0] == "" and len(labels) > 1)
    if "" in labels[indexed:]:
        raise DataError(f"column {labels.index('', indexed) + 1} has no name")
    body = body.iloc[:, indexed:].set_axis(unique_names(labels[indexed:]), axis=1)
    notes = {
        "the first column has no name: taken as a row index and ignored": indexed,
        "spaces around column names were removed": labels != written,
    }
    return body, tuple(note for note, holds in notes.items() if holds)


def _header(content: bytes, separator: str) -> list[str]:
    """Read the row of column names."""
    import pandas as pd

    header = pd.read_csv(
        BytesIO(content),
        sep=separator,
        encoding="utf-8-sig",
        header=None,
        nrows=1,
        dtype=str,
        keep_default_na=False,
    )
    labels: list[str] = header.iloc[0].tolist()
    other = [sign for sign in (";", "\t", ",") if sign in labels[0]]
    if len(labels) == 1 and other:
        raise DataError(
            f"the columns seem to be separated by {other[0]!r}; expected {separator!r} "
            f"(.csv holds commas, .tsv tabs)"
        )
    return labels


def _from_frame(data: Any, notes: tuple[str, ...]) -> Raw:
    frame = _narwhals(data)
    names = tuple(frame.columns)
    n_rows, n_columns = frame.shape
    values = np.empty((n_rows, n_columns))
    kinds = [_origin(name, dtype) for name, dtype in frame.schema.items()]
    _fill_numbers(frame, kinds, values)
    origins = list(kinds)
    levels: dict[str, tuple[str, ...]] = {}
    for i in (i for i, kind in enumerate(kinds) if kind is Origin.LABEL):
        values[:, i], origins[i], found = _labels(frame.get_column(names[i]))
        if origins[i] in {Origin.LABEL, Origin.CATEGORY}:
            levels[names[i]] = found
    return Raw(names, values, tuple(origins), levels, notes)


def _narwhals(data: Any) -> nw.DataFrame[Any]:
    import narwhals as nw

    if nw.dependencies.is_pandas_dataframe(data):
        return nw.from_native(_plain_pandas(data), eager_only=True)
    unique_names(getattr(data, "column_names", ()))
    try:
        return nw.from_native(data, eager_only=True)
    except TypeError as error:
        lazy = " Write data.collect() first." if hasattr(data, "collect") else ""
        raise DataError(f"got {type(data).__name__}; expected {_ACCEPTED}.{lazy}") from error


def _plain_pandas(data: pd.DataFrame) -> pd.DataFrame:
    """Give text names and UTC times: narwhals reads neither other names nor all time zones."""
    named = data.set_axis(unique_names(list(data.columns)), axis=1)
    zoned = named.select_dtypes("datetimetz").columns
    return named.assign(**{name: named[name].dt.tz_convert("UTC") for name in zoned})


def _origin(name: str, dtype: nw.dtypes.DType) -> Origin:
    import narwhals as nw

    if dtype.is_integer():
        return Origin.INTEGER
    if dtype.is_numeric():
        return Origin.FLOAT
    if isinstance(dtype, nw.Boolean):
        return Origin.BOOLEAN
    if isinstance(dtype, nw.Date | nw.Datetime | nw.Duration):
        return Origin.TIME
    if isinstance(dtype, nw.String | nw.Object | nw.Categorical | nw.Enum | nw.Unknown):
        return Origin.LABEL
    raise DataError(f"column {name!r} has type {dtype}; expected numbers, labels or times.")


def _fill_numbers(frame: nw.DataFrame[Any], origins: Sequence[Origin], out: Floats) -> None:
    import narwhals as nw

    types, names = list(frame.schema.values()), frame.columns
    numeric = {Origin.FLOAT, Origin.INTEGER, Origin.BOOLEAN}
    where = [i for i, origin in enumerate(origins) if origin in numeric]
    other = [nw.col(names[i]).cast(nw.Float64) for i in where if types[i] != nw.Float64]
    if where:
        out[:, where] = frame.with_columns(other).select([names[i] for i in where]).to_numpy()
    for i in (i for i, origin in enumerate(origins) if origin is Origin.TIME):
        column = frame.get_column(names[i])
        ticks = (
            column.dt.total_microseconds()
            if column.dtype == nw.Duration
            else column.dt.timestamp("us")
        )
        out[:, i] = ticks.cast(nw.Float64).to_numpy() / 1e6


def _labels(column: nw.Series[Any]) -> tuple[Floats, Origin, tuple[str, ...]]:
    """Encode a label column; Python numbers and booleans in it count as what they are."""
    import narwhals as nw

    if isinstance(column.dtype, nw.Categorical | nw.Enum):
        return _categories(column)
    labels, missing = np.asarray(column.to_numpy(), object), column.is_null().to_numpy()
    present = labels[~missing]
    if isinstance(column.dtype, nw.Unknown) and len(present):
        raise DataError(
            f"column {column.name!r} holds {type(present[0]).__name__}; expected numbers, labels "
            f"or times."
        )
    origin = _object_origin(present)
    if origin is Origin.LABEL:
        codes, levels = encode(labels, missing)
        return codes, origin, levels
    values = np.full(len(labels), np.nan)
    values[~missing] = present.astype(np.float64)
    return values, origin, ()


def _categories(column: nw.Series[Any]) -> tuple[Floats, Origin, tuple[str, ...]]:
    """Encode a categorical column; only pandas and ``Enum`` declare an order of the levels."""
    import narwhals as nw

    if column.implementation.is_pandas_like():
        native = column.to_native().cat
        codes = native.codes.to_numpy().astype(np.float64)
        levels = tuple(str(category) for category in native.categories)
        return np.where(codes < 0, np.nan, codes), Origin.CATEGORY, levels
    codes, levels = encode(column.to_numpy(), column.is_null().to_numpy())
    if not isinstance(column.dtype, nw.Enum):
        return codes, Origin.LABEL, levels
    declared = tuple(column.dtype.categories)
    place = np.array([*map(declared.index, levels), np.nan])
    return place[np.nan_to_num(codes, nan=-1).astype(np.intp)], Origin.CATEGORY, declared


def _object_origin(values: NDArray[Any]) -> Origin:
    if all(isinstance(value, Real | np.bool_) for value in values):
        booleans = [isinstance(value, bool | np.bool_) for value in values]
        if not any(booleans):
            whole = len(values) and all(isinstance(value, Integral) for value in values)
            return Origin.INTEGER if whole else Origin.FLOAT
        if all(booleans):
            return Origin.BOOLEAN
    return Origin.LABEL
