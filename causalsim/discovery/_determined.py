"""Contexts that determine another context, and variables that repeat one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from causalsim.data import Table
from causalsim.errors import DataError

__all__ = ["refuse_determined", "screen_recoded"]

Floats = NDArray[np.float64]


def refuse_determined(table: Table, names: Sequence[str], timed: Sequence[str]) -> None:
    """Refuse a context that is a function of another one.

    Parameters
    ----------
    table : Table
    names, timed : sequence of str
        The contexts, and those that are times.

    Raises
    ------
    DataError

    Examples
    --------
    >>> import pandas as pd
    >>> from causalsim.data import read_table
    >>> table = read_table(pd.DataFrame({"a": list("pqpq"), "b": list("uuvv")}))
    >>> refuse_determined(table, ["a", "b"], [])
    """
    columns = {name: table.values[:, table.index(name)] for name in names}
    for a, b in permutations(names, 2):
        if _determines(columns[a], columns[b], a in timed, b in timed):
            raise DataError(
                f"the context {a!r} determines the context {b!r}, so that their effects cannot "
                "be told apart; give one of them."
            )


def _determines(a: Floats, b: Floats, a_time: bool, b_time: bool) -> bool:
    """Tell whether b is a function of a; of a time, if monotone or with an interval a level."""
    if not a_time:
        pairs = np.unique(np.column_stack([a, b]), axis=0)
        return not b_time and len(pairs) == len(np.unique(a))
    in_order = b[np.argsort(a, kind="stable")]
    if b_time:
        steps = np.diff(in_order)
        return bool((steps > 0).all() or (steps < 0).all())
    return int((in_order[1:] != in_order[:-1]).sum()) + 1 == len(np.unique(b))


def screen_recoded(
    table: Table, domains: Sequence[str], rest: Sequence[str], policy: str
) -> Table:
    """Refuse, drop or keep variables that are a context under other names of its levels.

    Parameters
    ----------
    table : Table
    domains : sequence of str
        Contexts that are no times.
    rest : sequence of str
        The variables.
    policy : {"error", "drop", "keep"}

    Returns
    -------
    Table
        Without them, after ``"drop"``; a note says so.

    Raises
    ------
    DataError

    Examples
    --------
    >>> import pandas as pd
    >>> from causalsim.data import read_table
    >>> frame = pd.DataFrame({"site": list("aabb"), "x": [1.5, 1.5, 2.5, 2.5]})
    >>> table = read_table(frame, degenerate="keep")
    >>> screen_recoded(table, ["site"], ["x"], "drop").notes
    ("dropped: 'x' repeats the context 'site'",)
    """
    found = {} if policy == "keep" else _recoded(table, domains, rest)
    if not found:
        return table
    said = [f"{name!r} repeats the context {context!r}" for name, context in found.items()]
    if policy == "error":
        raise DataError(
            f"{'; '.join(said)}, be it in other words or numbers. Remove these columns, or choose "
            "degenerate='drop' or degenerate='keep'."
        )
    kept = table.select([name for name in table.names if name not in found])
    return replace(kept, notes=(*kept.notes, *(f"dropped: {words}" for words in said)))


def _recoded(table: Table, domains: Sequence[str], rest: Sequence[str]) -> dict[str, str]:
    """Give the variables that have one value in each domain, and another one in each."""
    columns = {name: table.values[:, table.index(name)] for name in (*domains, *rest)}
    return {
        name: context
        for name in rest
        for context in domains
        if _same_partition(columns[context], columns[name])
    }


def _same_partition(codes: Floats, column: Floats) -> bool:
    """Tell whether two columns split the rows alike, where the second has values."""
    present = ~np.isnan(column)
    codes, column = codes[present], column[present]
    first, second = np.unique(codes), np.unique(column)
    if not len(first) == len(second) > 1:
        return False
    return len(np.unique(np.column_stack([codes, column]), axis=0)) == len(first)
