"""Reading a table: the one place where user data are opened, checked and coded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

from causalsim.data._misread import mark_whole, refuse_misread
from causalsim.data._quality import Degenerate, Missing, check_finite, drop_missing, screen
from causalsim.data._raw import Raw
from causalsim.data._sources import open_source
from causalsim.data.kinds import KindsLike, convert_labels, settle, told_kinds
from causalsim.data.table import Table
from causalsim.errors import DataError, OptionError, listing

__all__ = ["read_table"]


def read_table(
    data: Any,
    *,
    names: Sequence[str] | None = None,
    kinds: KindsLike = None,
    missing: Missing = "error",
    degenerate: Degenerate = "error",
    min_columns: int = 1,
) -> Table:
    """Read data of any accepted form into named, checked columns of numbers.

    One table gives equal results whether it comes as a pandas, polars or pyarrow DataFrame, as an
    array or as a file. Codes depend on the values alone, never on the order of rows.

    Parameters
    ----------
    data : DataFrame, ndarray, path or Table
        A pandas, polars or pyarrow DataFrame; an array of shape (n, p); a path to ``.csv``,
        ``.tsv`` (either also with ``.gz``) or ``.parquet``. A :class:`Table` is checked and given
        back. Row indices are ignored.
    names : sequence of str, optional
        Names of the columns of an array; ``x0``, ``x1``, ... if left out.
    kinds : str or mapping of str to str, optional
        ``"continuous"``, ``"discrete"``, ``"binary"`` or ``"time"``, for all columns or by name.
        Columns not named are inferred, see Notes.
    missing : {"error", "listwise", "testwise"}
        Refuse missing values; drop the rows that have any; or keep them as NaN for tests that
        look only at the rows complete in their own columns.
    degenerate : {"error", "drop", "keep"}
        What to do with columns that are constant (up to rounding), that repeat another column
        (for labels: split the rows alike), or that are a linear function of earlier columns (only
        continuous columns, judged on complete rows).
    min_columns : int
        Fewest columns that the caller can use.

    Returns
    -------
    Table
        ``values`` is C-contiguous. Codes of discrete columns follow ``levels``: numbers by value,
        categories in their declared order (pandas, and polars ``Enum``), other labels by text;
        levels that do not occur are left out. Times are seconds since 1970-01-01 UTC. ``notes``
        says what was dropped, kept or guessed.

    Raises
    ------
    DataError
        If the data cannot be used, with columns, counts and rows named.

    Warns
    -----
    KindWarning
        Once, if kinds had to be guessed.

    Notes
    -----
    Kinds by type: floating point is continuous, also where all values are whole; booleans are
    binary; dates and times are time; text and categories are discrete, or binary with two levels.
    Integers with at most two distinct values are binary; with 3 to 10 distinct values and at least
    ten rows for each they are discrete; all others are continuous. Integers with 3 to 20 distinct
    values may be either and warn, as do floats without fractions beside missing values (pandas
    makes them of integers) and text of which most levels are numbers or all are dates. A whole
    number in a file is an integer, whatever is missing. Text with more than 20 labels of which
    nearly every row has its own is refused, as are integers beyond 2^53, which floats cannot hold.

    With no more complete rows than columns plus one, every column is a linear function of the
    others; then only copies up to shift and scale are looked for. A column counts as
    determined if less than 1e-10 of its variance is left.

    Examples
    --------
    >>> import numpy as np
    >>> table = read_table(np.array([[0.5, 1.0], [0.1, 3.0], [0.7, 2.0]]), names=["A", "B"])
    >>> table.names, [str(kind) for kind in table.kinds]
    (('A', 'B'), ['continuous', 'continuous'])
    >>> read_table(np.array([[1.0, 2.0], [np.nan, 3.0], [2.0, 5.0]]))
    Traceback (most recent call last):
    causalsim.errors.DataError: missing values: 'x0' 1 (of 3 rows). Choose missing='listwise' ...
    """
    _check_options(missing, degenerate)
    if isinstance(data, Table):
        if names is not None or kinds is not None:
            raise OptionError("a Table has names and kinds already; leave out names= and kinds=.")
        check_finite(data.names, data.values)
        table = drop_missing(data, missing)
    else:
        raw = open_source(data, names)
        if not raw.values.size:
            raise DataError(f"the data have {_size(raw)}; expected at least one of each.")
        told = told_kinds(kinds, raw.names)
        refuse_misread(raw, told)
        raw = convert_labels(raw, told)
        check_finite(raw.names, raw.values)
        raw = mark_whole(raw)
        table = screen(settle(drop_missing(raw, missing), told), degenerate)
    if len(table.names) < min_columns:
        dropped = "".join(f" ({note})" for note in table.notes)
        raise DataError(
            f"{len(table.names)} usable column(s): {listing(table.names)}{dropped}; expected at "
            f"least {min_columns}."
        )
    return table


def _size(raw: Raw) -> str:
    return f"{raw.values.shape[0]} rows and {raw.values.shape[1]} columns"


def _check_options(missing: str, degenerate: str) -> None:
    for option, got, choices in (
        ("missing", missing, get_args(Missing)),
        ("degenerate", degenerate, get_args(Degenerate)),
    ):
        if got not in choices:
            raise OptionError.from_choice(option, got, choices)
