"""Rows grouped by environment: environments are independent draws, their rows are not.

Rows of one environment share its mechanisms, so they depend on each other; environments do not.
:mod:`._environment_test` puts questions to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from causalsim.data import Kind, Table, read_table
from causalsim.data._quality import screen
from causalsim.discovery._dates import refuse_index
from causalsim.errors import DataError, OptionError, listing

__all__ = ["Environments", "read_environments"]

FEWEST = 20

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


@final
@dataclass(frozen=True, eq=False)
class Environments:
    """Variables, with the rows of an environment next to each other.

    The order of environments and of rows hangs on their values alone, whatever it was.

    Parameters
    ----------
    table : Table
        Without the context.
    sizes : array of int, shape (m,)
        Rows of each environment, at least 2.
    key : int
        A digest of all rows.
    """

    table: Table
    sizes: Ints
    key: int

    @cached_property
    def starts(self) -> Ints:
        """The first row of each environment."""
        return np.asarray(np.cumsum(self.sizes) - self.sizes, np.intp)

    def means(self, rows: Floats) -> Floats:
        """Average rows over each environment: (n, ...) to (m, ...)."""
        sums = np.add.reduceat(rows, self.starts, axis=0)
        return np.asarray(sums / self.sizes.reshape(-1, *[1] * (rows.ndim - 1)))

    def others(self, rows: Floats) -> Floats:
        """Average over the other rows of each row's environment, shape (n, d)."""
        size = np.repeat(self.sizes, self.sizes)[:, None]
        sums = np.add.reduceat(rows, self.starts, axis=0)
        return np.asarray((np.repeat(sums, self.sizes, axis=0) - rows) / (size - 1))


def read_environments(
    data: Any,
    context: str,
    *,
    missing: str = "error",
    kinds: Mapping[str, str] | str | None = None,
    degenerate: str = "error",
) -> Environments:
    """Read data whose rows a column groups by environment.

    Parameters
    ----------
    data : DataFrame, array, Table or path
    context : str
    missing : {"error", "listwise"}
    kinds, degenerate
        As in :func:`causalsim.data.read_table`; the context is discrete unless kinds says
        otherwise.

    Returns
    -------
    Environments

    Raises
    ------
    DataError
        If there are fewer than 20 environments, one has a single row, there are fewer than two
        variables, one is a time, or the data cannot be read.
    NameNotFoundError
        If there is no such column.
    OptionError
        If missing values are left to each test: every test takes whole environments.

    Examples
    --------
    >>> rows = np.column_stack([np.arange(40) // 2, np.random.default_rng(0).normal(size=(40, 2))])
    >>> found = read_environments(rows, "x0", kinds="continuous")
    >>> found.table.names, len(found.sizes)
    (('x1', 'x2'), 20)
    """
    if missing == "testwise":
        raise OptionError(
            "missing='testwise' would leave each test other environments; write "
            "missing='listwise' to drop rows with missing values, or fill them in."
        )
    refuse_index(data, [context], getattr(data, "columns", ()))
    if not isinstance(data, Table) and not isinstance(kinds, str):
        kinds = {context: Kind.DISCRETE, **(kinds or {})}
    whole = read_table(data, missing=missing, kinds=kinds, degenerate="keep")  # type: ignore[arg-type]
    column = whole.values[:, whole.index(context)]
    rest = [name for name in whole.names if name != context]
    table = screen(replace(whole.select(rest), notes=whole.notes), degenerate)  # type: ignore[arg-type]
    if len(table.names) < 2:
        raise DataError(
            f"beside the context {context!r} the data have {len(table.names)} columns; expected "
            "at least two variables."
        )
    times = [n for n, kind in zip(table.names, table.kinds, strict=True) if kind is Kind.TIME]
    if times:
        raise DataError(f"{listing(times)} are times, which no test takes; drop them.")
    _refuse_sizes(column, context, whole, "data = data.dropna(); " * (missing == "listwise"))
    return _sorted(table, column)


def _refuse_sizes(column: Floats, context: str, table: Table, first: str) -> None:
    """Refuse environments that are too few or have one row; ``first`` is to be written first."""
    levels, sizes = np.unique(column, return_counts=True)
    if len(levels) == 1:
        raise DataError(
            f"the context {context!r} has one level in {len(column)} rows, so nothing changes; "
            "name the column that says which rows were taken together, or use pc(data)."
        )
    if sizes.min() < 2:
        labels = table.levels.get(context, tuple(f"{level:g}" for level in levels))
        single = [label for label, size in zip(labels, sizes, strict=True) if size < 2]
        raise DataError(
            f"{len(single)} of {len(levels)} environments have one row: {listing(single, 5)}; two "
            f"rows are needed to tell an environment from chance. Drop them: "
            f"{first}data[data.groupby({context!r})[{context!r}].transform('size') > 1]."
        )
    if len(levels) < FEWEST:
        raise DataError(
            f"the context {context!r} has {len(levels)} environments; each counts as one draw, "
            f"and {FEWEST} are the fewest. Use cdnod(data, {context!r}) for few large domains."
        )


def _sorted(table: Table, column: Floats) -> Environments:
    """Sort rows within environments and environments by their content."""
    names, values = table.names, table.values
    ascending = [(np.sort(values[:, i]).tobytes(), names[i], i) for i in range(len(names))]
    by_content = [i for *_, i in sorted(ascending)]
    order = np.lexsort((*values[:, by_content].T, column))
    sizes = np.unique(column, return_counts=True)[1]
    found = []
    for rows in np.split(order, np.cumsum(sizes)[:-1]):
        content = np.ascontiguousarray(values[rows][:, by_content]).tobytes()
        found.append((blake2b(content, digest_size=16).digest(), rows))
    found.sort(key=lambda part: part[0])
    rows = np.concatenate([rows for _, rows in found])
    whole = blake2b(b"".join(digest for digest, _ in found), digest_size=16).digest()
    return Environments(
        replace(table, values=np.ascontiguousarray(values[rows])),
        np.array([len(rows) for _, rows in found]),
        int.from_bytes(whole, "little"),
    )
