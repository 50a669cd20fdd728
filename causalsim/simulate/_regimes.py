"""Regimes of a real series: known or found, one graph for all, mechanisms for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from causalsim._rng import RNG, check_rng
from causalsim.data import Kind, Table
from causalsim.errors import DataError, GraphError, NameNotFoundError, OptionError, listing
from causalsim.graph.temporal import TemporalGraph
from causalsim.scm._nodes import mechanism_of
from causalsim.scm._series_fit import Recipe, as_list
from causalsim.scm.switching import Markov, Switching
from causalsim.simulate._jumps import jump_model
from causalsim.simulate._panel import checked_panel, exact_sums, reduced
from causalsim.simulate._structure import Structure

__all__ = [
    "REGIME",
    "Regimes",
    "find_regimes",
    "found_regimes",
    "in_regimes",
    "known_regimes",
    "shared_structure",
]

Integers = NDArray[np.intp]
REGIME = "regime"
_ROWS_PER_NUMBER = 3
_FEWEST = 30


@final
@dataclass(frozen=True, eq=False)
class Regimes:
    """The regime of every step of each series, numbered from 0, and the column's name."""

    name: str
    labels: list[Integers]
    notes: tuple[str, ...]
    doubts: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """Number of regimes."""
        return 1 + max(int(part.max()) for part in self.labels)


def known_regimes(series: Any, column: str) -> tuple[list[Any], Regimes]:
    """Take the column of labels out of a panel of frames; regimes are numbered in sorted order.

    Raises
    ------
    NameNotFoundError
        If a series has no such column.
    DataError
        If a label is missing, or there is only one.

    Examples
    --------
    >>> import pandas as pd
    >>> rest, known = known_regimes(pd.DataFrame({"X": [1.0, 2.0], "s": ["b", "a"]}), "s")
    >>> known.labels, known.notes
    ([array([1, 0])], ("regime 0 is 'a', 1 is 'b'",))
    """
    parts = as_list(series)
    for part in parts:
        if column not in getattr(part, "columns", ()):
            raise NameNotFoundError.from_names("column", column, getattr(part, "columns", ()))
    lengths = [len(part) for part in parts]
    given = [label for part in parts for label in part[column]]
    if any(label != label or label is None for label in given):  # noqa: PLR0124  NaN alone
        raise DataError(f"regimes={column!r}: some labels are missing; give one for each step.")
    names = sorted(set(given))
    if len(names) < 2:
        raise DataError(f"regimes={column!r}: {names} is the only label; leave regimes= out.")
    labels = np.array([names.index(label) for label in given], np.intp)
    told = ", ".join(f"{k} is {name!r}" for k, name in enumerate(names))
    split = np.split(labels, np.cumsum(lengths)[:-1])
    return [part.drop(columns=column) for part in parts], Regimes(
        column, split, (f"regime {told}",)
    )


def find_regimes(series: Any, count: int, *, max_lag: int, rng: RNG = None) -> list[Integers]:
    """Label the steps of a series by regime: stretches that one linear autoregression explains.

    A jump model [Bemporad2018]_ [Nystrup2020]_ by hard EM; a jump costs log n, a regime may have
    other weights, another mean or other noise. Works on the raw series; drivers and exact sums
    are for :func:`causalsim.tcs` with ``regimes=count``.

    Parameters
    ----------
    series : DataFrame, ndarray or path, or a list of them
    count : int
        Number of regimes, at least 2; fewer are found where they explain too little.
    max_lag : int
    rng : int, Generator or None

    Returns
    -------
    list of array of int, shape (steps,)
        For each series, the regime of each step; 0 is the first to occur.

    Raises
    ------
    DataError
        If values are missing, a column is constant, or steps are too few.
    OptionError
        If fewer than two are asked for.

    References
    ----------
    .. [Bemporad2018] Bemporad, Breschi, Piga & Boyd, Fitting jump models, Automatica 96, 2018.
    .. [Nystrup2020] Nystrup, Lindström & Madsen, Learning hidden Markov models with persistent
       states by penalizing jumps, Expert Systems with Applications 150, 2020.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=400)
    >>> x[250:] += 6
    >>> (labels,) = find_regimes(x[:, None], 2, max_lag=1, rng=0)
    >>> np.flatnonzero(np.diff(labels))
    array([249])
    """
    panel = checked_panel(series, max_lag)
    rest = reduced(panel, exact_sums(panel), (), None)
    return found_regimes(rest, count, max_lag, rng=rng).labels


def found_regimes(panel: Sequence[Table], count: int, max_lag: int, *, rng: RNG) -> Regimes:
    """Find regimes by a jump model; its lags are fewer where rows are too few for all.

    Raises
    ------
    OptionError
        If fewer than two are asked for.
    DataError
        If there are too few steps.
    """
    if type(count) is not int or count < 2:
        raise OptionError(
            f"regimes={count!r}: expected the column of their labels, or a number of at least 2."
        )
    rows, p = sum(map(len, panel)), len(panel[0].names)
    affordable = (rows // (2 * count * _ROWS_PER_NUMBER) - 1) // p
    order = int(np.clip(affordable, 1, max_lag))
    least = max(_FEWEST, 5 * max_lag, _ROWS_PER_NUMBER * (p * order + 1))
    arrays = [part.values for part in panel]
    found = jump_model(arrays, count, order=order, least=least, rng=check_rng(rng))
    seen = np.bincount(np.concatenate(found.labels))
    doubts: tuple[str, ...] = ()
    if len(seen) < count:
        doubts = (f"{len(seen)} instead of {count} regimes were found",)
    elif found.gain < 0:
        doubts = (f"by the BIC the series has fewer than {count} regimes",)
    shares = listing(f"{share:.0%}" for share in seen / rows).replace("'", "")
    return Regimes(REGIME, found.labels, (f"regimes found in {shares} of steps",), doubts)


def shared_structure(
    panel: Sequence[Table],
    starts: Sequence[int],
    regimes: Regimes,
    max_lag: int,
    find: Callable[[Sequence[Table], Sequence[int]], Structure],
) -> Structure:
    """Give the edges found in any regime: in one they may cancel what they are in another.

    Stretches of one regime are its panel. A regime with too few long ones, or with a column that
    stands still, has no graph of its own; then the whole panel gives one more. An edge within a
    step that would close a cycle with those of regimes before is left out.
    """
    found = []
    for k in range(regimes.count):
        pieces = list(_stretches(panel, starts, regimes, k, 4 * max_lag + 1))
        own = [part for part, _ in pieces]
        if _enough(own, max_lag):
            found.append(find(own, [start for _, start in pieces]))
    if len(found) < regimes.count:
        found.append(find(panel, starts))
    graph, left_out = _union([each.graph for each in found], max_lag)
    notes = dict.fromkeys(note for each in found for note in each.notes)
    told = [f"{listing(left_out)} would close a cycle and was left out"] if left_out else []
    sums = [name for name in found[0].sums if all(name in each.sums for each in found)]
    return Structure(graph, (*notes, *told), tuple(sums))


def _stretches(
    panel: Sequence[Table], starts: Sequence[int], regimes: Regimes, k: int, least: int
) -> list[tuple[Table, int]]:
    """Give stretches of one regime, of some length at least, and the step each begins at."""
    found = []
    for part, start, labels in zip(panel, starts, regimes.labels, strict=True):
        edges = np.flatnonzero(np.diff(labels == k, prepend=False, append=False))
        for a, b in edges.reshape(-1, 2).tolist():
            if b - a >= max(least, 5):
                found.append((replace(part, values=part.values[a:b]), start + a))
    return found


def _enough(panel: Sequence[Table], max_lag: int) -> bool:
    rows = sum(len(part) - 2 * max_lag for part in panel)
    if rows < 2 * max_lag + _FEWEST:
        return False
    return bool((np.ptp(np.vstack([part.values for part in panel]), axis=0) > 0).all())


def _union(graphs: Sequence[TemporalGraph], max_lag: int) -> tuple[TemporalGraph, list[str]]:
    """Join directed graphs over the same variables; give edges that would close a cycle, too."""
    first = whole = graphs[0]
    roles, left_out = dict(zip(first.nodes, first.roles, strict=True)), []
    for edge in dict.fromkeys(edge for graph in graphs[1:] for edge in graph.edges):
        edges = dict.fromkeys([*whole.edges, edge])
        try:
            whole = TemporalGraph.from_edges(edges, first.nodes, max_lag=max_lag, roles=roles)
        except GraphError:
            left_out.append(edge)
    return whole, left_out


def in_regimes(
    graph: TemporalGraph, panel: Sequence[Table], recipe: Recipe, regimes: Regimes
) -> tuple[TemporalGraph, list[Table], Recipe]:
    """Give graph, panel and recipe with the regime: the first column, and a parent of all others.

    Parameters
    ----------
    graph : TemporalGraph
        With the columns of the drivers, on which the regime does not depend.
    panel : sequence of Table
    recipe : Recipe
    regimes : Regimes

    Raises
    ------
    OptionError
        If another column is called as that of the regimes.
    """
    if regimes.name in graph.nodes:
        raise OptionError(
            f"a column is called {regimes.name!r} already, as that of the regimes; rename it, or "
            f"write regimes={regimes.name!r} if it holds the labels."
        )
    name, variables = regimes.name, panel[0].names
    edges = [f"{name}[t-1] --> {name}", *(f"{name} --> {other}" for other in variables)]
    roles = dict(zip(graph.nodes, graph.roles, strict=True)) | {name: "context"}
    whole = TemporalGraph.from_edges(
        [*edges, *graph.edges], [name, *graph.nodes], max_lag=graph.max_lag, roles=roles
    )
    tables = [
        Table(
            (name, *variables),
            np.column_stack([labels, part.values]),
            (Kind.CONTINUOUS, *part.kinds),
        )
        for part, labels in zip(panel, regimes.labels, strict=True)
    ]
    learners = {
        other: Switching(regimes.count, mechanism_of(recipe.mechanism, other), recipe.noise)
        for other in variables
    }
    chosen = {name: Markov(regimes.count), **learners}
    return whole, tables, replace(recipe, mechanism=chosen)
