"""Are rows independent but for a drift? If not, mechanisms seem to change that do not.

A stationary autoregression wanders like a drift over time, and differs between domains of
consecutive rows. Volatility that wanders is noted, since it moves spread as a change would.
"""

from __future__ import annotations

import numpy as np

from causalsim.citest._base import Floats
from causalsim.data import Kind, Table
from causalsim.discovery._context import Context
from causalsim.discovery._drift import SLOWEST, autocorrelated, volatile
from causalsim.errors import DataError, listing
from causalsim.graph.labels import parse_label

__all__ = ["check_rows", "innovations"]


def innovations(context: Context, table: Table) -> dict[str, Floats]:
    """Give what a linear autoregression leaves of each numeric variable; none with holes.

    Means of domains are taken out on both sides.

    Parameters
    ----------
    context : Context
    table : Table
        With the past behind the columns of the context's table.

    Examples
    --------
    >>> import pandas as pd
    >>> from causalsim.discovery._context import read_context
    >>> frame = pd.DataFrame({"X": np.arange(10.0), "lab": list("aaaaabbbbb")})
    >>> read = read_context(frame, "lab")
    >>> innovations(read, read.table)["X"].tolist()
    [-2.0, -1.0, 0.0, 1.0, 2.0, -2.0, -1.0, 0.0, 1.0, 2.0]
    """
    domains = np.zeros(len(table)) if context.domains is None else context.domains
    codes = np.unique(domains, return_inverse=True)[1].ravel()
    counts, found = np.bincount(codes)[:, None], {}
    for i, name in enumerate(context.variables):
        if table.kinds[i] is Kind.DISCRETE or np.isnan(table.values[:, i]).any():
            continue
        past = [k for k, other in enumerate(table.names) if parse_label(other)[0] == name][1:]
        rows = table.values[:, [i, *past]]
        sums = np.zeros((len(counts), rows.shape[1]))
        np.add.at(sums, codes, rows)
        rows = rows - (sums / counts)[codes]
        fitted = np.linalg.lstsq(rows[:, 1:], rows[:, 0], rcond=None)[0]
        found[name] = rows[:, 0] - rows[:, 1:] @ fitted
    return found


def check_rows(new: dict[str, Floats], context: Context, lags: int) -> list[str]:
    """Refuse autocorrelated rows; once their past is given, only say what is left of it.

    Parameters
    ----------
    new : dict of str to array of shape (n,)
        Innovations of the variables.
    context : Context
    lags : int

    Returns
    -------
    list of str
        Notes, also on volatility.

    Raises
    ------
    DataError
        If rows are autocorrelated and ``lags`` is 0.

    Examples
    --------
    >>> import pandas as pd
    >>> from causalsim.discovery._context import read_context
    >>> noise = np.random.default_rng(0).normal(size=90)
    >>> read = read_context(pd.DataFrame({"X": noise}), "time")
    >>> check_rows(innovations(read, read.table), read, 0)
    []
    """
    if not new:
        return ["autocorrelation was not checked: no numeric column is complete"]
    values = np.column_stack(list(new.values()))
    flags = autocorrelated(values, context.domains, both_ways=lags > 0)
    found = [name for name, flag in zip(new, flags.tolist(), strict=True) if flag]
    if found and not lags:
        raise DataError(_refusal(listing(found), context))
    notes = []
    if found:
        notes.append(
            f"rows are autocorrelated in {listing(found)}, also given lags={lags}. Where the "
            "level drifts that is no harm; an autoregression under noise, or of more lags, "
            "seems to change: try more lags"
        )
    clustered = volatile(values, context.domains) & ~flags
    if clustered.any():
        some = listing([name for name, flag in zip(new, clustered.tolist(), strict=True) if flag])
        notes.append(
            f"the spread of {some} comes in clusters, beyond a drift slower than {SLOWEST} rows: "
            "volatility that is stationary looks like a changing mechanism"
        )
    return notes


def _refusal(names: str, context: Context) -> str:
    """Say why autocorrelated rows are refused, and the way out."""
    said, beyond = f"rows are autocorrelated in {names}", f"a drift slower than {SLOWEST} rows"
    if context.domains is None:
        return (
            f"{said} beyond {beyond}. With time as the only context a stationary autoregression "
            "looks like a changing mechanism (37 to 95 % of the time). Write lags=1 or more to "
            "condition on each variable's own past, or use pcmci_plus."
        )
    return (
        f"{said} within domains, in the order of rows, beyond {beyond}. Domains then differ by "
        "more than independent rows would, and mechanisms seem to change (82 to 100 % of the "
        "time). Write lags=1 or more to condition on each variable's own past; if the order of "
        "rows within a domain means nothing, shuffle them."
    )
