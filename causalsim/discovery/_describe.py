"""Put what a run of PC left behind into names, with what must be said about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalsim.citest import BoundTest, CorrelationTest
from causalsim.data import Kind, Table
from causalsim.discovery._orientation import Orientation
from causalsim.discovery._record import Record
from causalsim.discovery._result import DiscoveryResult, Event, provenance
from causalsim.discovery._skeleton import Skeleton, Tester
from causalsim.errors import listing
from causalsim.graph import CPDAG
from causalsim.graph._base import true_cells

__all__ = ["describe"]

_ASSUMPTIONS = (
    "no hidden common causes and no selection",
    "no causal cycles",
    "faithfulness: every independence in the population comes from the graph",
    "rows are independent draws from one distribution",
    "the tests decide rightly at this number of rows",
)
_ORDERED = "depends on the order of columns"


def describe(
    tester: Tester,
    table: Table | None,
    found: Skeleton,
    work: Orientation,
    options: Mapping[str, Any],
    said: tuple[str, ...] = (),
) -> DiscoveryResult:
    """Make the result of a run; ``said`` are notes that the caller adds."""
    test, names = tester.test, tester.test.names
    graph = CPDAG(names, work.state.to_marks())
    return DiscoveryResult(
        graph=graph,
        algorithm="pc",
        test=repr(test.spec),
        n=test.n,
        n_tests=found.record.n_tests,
        record=found.record,
        unions=found.unions,
        votes=work.votes,
        events=tuple(
            Event(names[s.tail], names[s.head], s.rule, tuple(names[k] for k in s.because))
            for s in work.steps
        ),
        ambiguous=tuple((names[x], names[y], names[z]) for x, y, z in sorted(work.ambiguous)),
        strengths=_strengths(test, graph, found.record),
        detectable=_detectable(tester, max(0, found.depth), options),
        options=options,
        assumptions=tuple(_assumptions(test, options)),
        notes=(*test.notes, *said, *_notes(tester, table, found, work, options)),
        provenance=provenance(table),
    )


def _assumptions(test: BoundTest, options: Mapping[str, Any]) -> Iterator[str]:
    yield from _ASSUMPTIONS
    if test.spec.assumes:
        yield test.spec.assumes
    if options["missing"] != "error":
        yield "values are missing completely at random"


def _notes(
    tester: Tester,
    table: Table | None,
    found: Skeleton,
    work: Orientation,
    options: Mapping[str, Any],
) -> Iterator[str]:
    names = tester.test.names
    yield from table.notes if table is not None else ()
    numbers = _as_numbers(tester.test, table)
    if numbers:
        yield f"two-valued columns count as the numbers 0 and 1: {listing(numbers)}"
    if options["fdr"] is not None:
        yield (
            f"edges dropped at a false-discovery rate of {options['fdr']:g}; it is held as far as "
            "no test misses a dependence"
        )
    if work.votes is not None and work.votes.capped:
        pairs = ", ".join(f"{names[x]} and {names[z]}" for x, z in work.votes.capped[:5])
        yield f"too many subsets to vote on the largest for {pairs}; they were left out"
    if not options["stable"]:
        yield f"the skeleton {_ORDERED}"
    elif options["sepset"] in ("first", "union") or options["conflict"] != "mark":
        yield f"the orientation {_ORDERED}"
    untested = int((found.adjacency & _untestable(found.record)).sum())
    if untested:
        yield (
            f"{untested} pairs could not be tested, for too few rows in common or an exact linear "
            "relation; their edges were left in"
        )
    sparse, asked = _sparse(tester.test, found.record)
    if sparse:
        yield (
            f"{sparse} of {asked} decisive tests had fewer than 10 rows per degree of freedom: "
            "independence may be lack of data there, and G-squared finds too much dependence"
        )


def _as_numbers(test: BoundTest, table: Table | None) -> list[str]:
    """Give the two-valued columns that a test of correlation reads as numbers."""
    if table is None or not isinstance(test, CorrelationTest):
        return []
    return [n for n, kind in zip(table.names, table.kinds, strict=True) if kind is Kind.BINARY]


def _untestable(record: Record) -> NDArray[np.bool_]:
    """Tell which pairs were asked about in vain."""
    return np.asarray(np.isnan(record.statistic) & ~np.isnan(record.log_p))


def _by_size(record: Record, pairs: NDArray[np.intp]) -> Iterator[tuple[NDArray[np.intp], Any]]:
    """Give (places among ``pairs``, sets) of the decisive tests, sets of one size at a time."""
    tested = np.flatnonzero(~np.isnan(record.statistic[tuple(pairs.T)]))
    sets = [record.given(i, j) for i, j in pairs[tested].tolist()]
    sizes = np.array([len(s) for s in sets], np.intp)
    for size in np.unique(sizes).tolist():
        places = np.flatnonzero(sizes == size)
        given = np.array([sets[k] for k in places], np.intp).reshape(len(places), size)
        yield tested[places], given


def _strengths(test: BoundTest, graph: CPDAG, record: Record) -> dict[str, float]:
    """Give the effect in the decisive test of every edge."""
    pairs = true_cells(np.triu(graph.skeleton))
    effects = np.full(len(pairs), np.nan)
    for at, given in _by_size(record, pairs):
        effects[at] = test.effects(pairs[at, 0], pairs[at, 1], given)
    return {e: float(v) for e, v in zip(graph.edges, effects, strict=True) if not np.isnan(v)}


def _sparse(test: BoundTest, record: Record) -> tuple[int, int]:
    """Count the decisive tests on tables with too few rows, and all decisive tests."""
    if isinstance(test, CorrelationTest):
        return 0, 0
    pairs = true_cells(np.triu(~np.isnan(record.statistic), 1))
    flags = [test.sparse(pairs[at, 0], pairs[at, 1], s).sum() for at, s in _by_size(record, pairs)]
    return int(sum(flags)), len(pairs)


def _detectable(tester: Tester, depth: int, options: Mapping[str, Any]) -> dict[int, float]:
    """Give the smallest partial correlation one test finds with power .8, for each set size."""
    test, alpha = tester.test, tester.alpha
    if not isinstance(test, CorrelationTest) or test.holes is not None:
        return {}
    if options["fdr"] is not None or getattr(test.spec, "shrinkage", None):
        return {}
    z = np.arctanh(min(test.critical(0, alpha), 1 - 1e-12)) * np.sqrt(max(test.n - 3, 1))
    rooms = ((k, test.n - k - 3) for k in range(depth + 1))
    return {k: float(np.tanh((z + 0.8416) / np.sqrt(room))) for k, room in rooms if room > 0}
