"""Memory that a search over lags leaves unexplained.

Tests of links lean on independent noise. Where a variable remembers further back than the search
looks, what its conditions leave of it is autocorrelated, and so are the links between independent
variables that both do. Each variable is regressed on its conditions, and the residual on its own
past beside them [Breusch1978]_ [Godfrey1978]_.

References
----------
.. [Breusch1978] Breusch, Testing for autocorrelation in dynamic linear models, Australian
   Economic Papers 17, 334-355.
.. [Godfrey1978] Godfrey, Testing against general autoregressive and moving average error models
   when the regressors include lagged dependent variables, Econometrica 46, 1293-1301.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from causalsim.citest._correlation import SINGULAR, unit_columns
from causalsim.data import Kind, Table
from causalsim.discovery._fixed_effects import log_f_tail, project_out
from causalsim.discovery._window import Window
from causalsim.errors import listing

__all__ = ["log_p_of_memory", "memory_notes"]

LEVEL = 0.01
BEYOND = 10
Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


def memory_notes(window: Window, chosen: Sequence[Ints]) -> tuple[str, ...]:
    """Name the variables that remember more than the search conditions on.

    Parameters
    ----------
    window : Window
        Without a table nothing is said.
    chosen : sequence of int arrays
        Lagged conditions of each variable, as columns of the lagged table.

    Returns
    -------
    tuple of str
        One note, or none. Contexts and variables with labels are not looked at.
    """
    table = window.table
    if table is None or table.origin is None:
        return ()
    steps, most = table.origin.rows[:, 0], window.max_lag + BEYOND
    outside = [window.names.index(name) for name in window.contexts.names]
    asked = [
        j
        for j in range(len(window.names))
        if j not in outside and table.kinds[j] is not Kind.DISCRETE
    ]
    own = len(window.names) * np.arange(1, window.max_lag + 1)
    families = [(j, *{*outside, *chosen[j].tolist(), *(own + j).tolist()}) for j in asked]
    log_p = [log_p_of_memory(*_columns(table, family, steps), most) for family in families]
    bar = np.log(LEVEL / max(1, len(asked)))
    found = [window.names[j] for j, value in zip(asked, log_p, strict=True) if value < bar]
    if not found:
        return ()
    note = (
        f"what their conditions linearly leave of {listing(found)} is still autocorrelated (lags "
        f"1 to {most}, .01 over all variables), so links of these may be false: raise max_lag="
        f"{window.max_lag}. With max_lag=1 and a memory of 3 steps, independent series were "
        "linked in 133 of 200 runs"
    )
    return (note,)


def log_p_of_memory(values: Floats, codes: Sequence[Ints], steps: Ints, most: int) -> float:
    """Test whether a column is autocorrelated given others (Breusch and Godfrey's F test).

    Parameters
    ----------
    values : array of shape (n, 1 + k)
        The column, then numbers it is regressed on.
    codes : sequence of int arrays of shape (n,)
        Labels it is regressed on as well, as fixed effects.
    steps : array of int, shape (n,)
        When the rows were taken; residuals across a gap are no neighbours.
    most : int
        Residuals up to this many steps back are looked at, and at most n / 5.

    Returns
    -------
    float
        Log of the p-value; 0 where rows are too few, or nothing is left of the column.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=300)
    >>> for t in range(3, 300):
    ...     x[t] += 0.6 * x[t - 3]
    >>> now, one, three, steps = x[3:, None], x[2:-1, None], x[:-3, None], np.arange(297)
    >>> log_p_of_memory(np.hstack([now, one]), [], steps, 10) < -20
    True
    >>> log_p_of_memory(np.hstack([now, one, three]), [], steps, 10) > -3
    True
    """
    unit, rank = project_out(codes, unit_columns(values))
    given = unit[:, 1:]
    left = _residual(given, unit[:, 0])
    most = min(most, len(left) // 5)
    room = len(left) - 1 - rank - given.shape[1] - most
    before = np.linalg.norm(left)
    if most < 1 or room < 1 or before < SINGULAR:
        return 0.0
    past = _earlier(left, steps, most)
    past, _ = project_out(codes, past - past.mean(axis=0))
    after = np.linalg.norm(_residual(np.hstack([given, past]), left))
    share = np.clip([(after / before) ** 2], SINGULAR, 1.0)
    return float(log_f_tail(share, float(most), float(room))[0])


def _columns(
    table: Table, family: tuple[int, ...], steps: Ints
) -> tuple[Floats, list[Ints], Ints]:
    """Give numbers, labels and steps of the samples in which a family is complete."""
    rows = table.values[:, family]
    whole = ~np.isnan(rows).any(axis=1)
    rows = rows if whole.all() else rows[whole]
    labelled = np.array([table.kinds[k] is Kind.DISCRETE for k in family])
    codes = [np.unique(column, return_inverse=True)[1] for column in rows[:, labelled].T]
    return rows[:, ~labelled], codes, steps[whole]


def _residual(given: Floats, target: Floats) -> Floats:
    """Give what columns of length 1 or less linearly leave of another one, shape (n,)."""
    gram = given.T @ given
    gram.flat[:: len(gram) + 1] += SINGULAR
    return np.asarray(target - given @ np.linalg.solve(gram, given.T @ target))


def _earlier(left: Floats, steps: Ints, most: int) -> Floats:
    """Give residuals 1, 2, ... steps ago, shape (n, most); 0, their mean, beyond a gap."""
    lags = np.arange(1, most + 1)
    at = np.arange(len(left))[:, None] - lags
    return np.where((at >= 0) & (steps[at] == steps[:, None] - lags), left[at], 0.0)
