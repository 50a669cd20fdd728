"""Put what a run left behind into names, with what must be said about it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, final

import numpy as np
from numpy.typing import NDArray

from causalsim.citest import BoundTest, CorrelationTest
from causalsim.data import Kind, Table
from causalsim.discovery._orientation import Step
from causalsim.discovery._record import Record
from causalsim.discovery._result import DiscoveryResult, Event, over_labels, provenance
from causalsim.discovery._skeleton import Skeleton, Tester
from causalsim.discovery._votes import Votes
from causalsim.errors import listing
from causalsim.graph import CPDAG, DAG, PAG, TemporalGraph
from causalsim.graph._base import MarkedGraph, true_cells
from causalsim.graph.labels import parse_label
from causalsim.graph.pdag import Triple

__all__ = ["Oriented", "Run", "describe"]

_NO_HIDDEN = "no hidden common causes and no selection"
_NO_CYCLES = "no causal cycles"
_FAITHFUL = "faithfulness: every independence in the population comes from the graph"
_ROWS = "rows are independent draws from one distribution"
_TESTS = "the tests decide rightly at this number of rows"
_SERIES = (
    "no hidden common causes and no selection; with hidden causes an arrow need not be causal",
    "no contemporaneous cycles, and no cause further back than max_lag",
    _FAITHFUL,
    "the same links, mechanisms and noise at all times",
    _TESTS,
)
_ASSUMPTIONS = {
    "pc": (_NO_HIDDEN, _NO_CYCLES, _FAITHFUL, _ROWS, _TESTS),
    "fci": (
        _NO_CYCLES,
        "none about hidden common causes and selection: both may be there",
        _FAITHFUL,
        _ROWS,
        _TESTS,
    ),
    "cdnod": (
        "hidden common causes, if any, are functions of the context (pseudo causal sufficiency)",
        _NO_CYCLES,
        "faithfulness of the graph with the context in it",
        "rows are independent draws given the context",
        _TESTS,
    ),
    "pcmci": (*_SERIES[:1], "no links within a time step", *_SERIES[2:]),
    "pcmci_plus": _SERIES,
}
AnyFound = TypeVar("AnyFound", bound=CPDAG | DAG | PAG | TemporalGraph)
_ORDERED = "depends on the order of columns"


class Oriented(Protocol):
    """What an orientation leaves behind beside the graph."""

    steps: list[Step]
    ambiguous: Collection[Triple]
    votes: Votes | None


@final
@dataclass(frozen=True, eq=False)
class Run:
    """All that a run leaves behind; ``said`` are notes that the algorithm adds."""

    algorithm: str
    tester: Tester
    table: Table | None
    found: Skeleton
    work: Oriented
    options: Mapping[str, Any]
    said: tuple[str, ...] = ()


def describe(graph: AnyFound, run: Run) -> DiscoveryResult[AnyFound]:
    """Make the result of a run.

    Parameters
    ----------
    graph : CPDAG, DAG or PAG over the names of the test, or a TemporalGraph over its labels
    run : Run
    """
    tester, found, work = run.tester, run.found, run.work
    test, names = tester.test, tester.test.names
    static = over_labels(graph, names) if isinstance(graph, TemporalGraph) else graph
    return DiscoveryResult(
        graph=graph,
        algorithm=run.algorithm,
        test=repr(test.spec),
        n=test.n,
        n_tests=found.record.n_tests,
        record=found.record,
        unions=found.unions,
        votes=work.votes,
        events=tuple(_event(step, names, _contexts(graph)) for step in work.steps),
        ambiguous=tuple((names[x], names[y], names[z]) for x, y, z in sorted(work.ambiguous)),
        strengths=_strengths(test, static, found.record),
        detectable=_detectable(tester, max(0, found.depth), run.options),
        options=run.options,
        assumptions=tuple(_assumptions(run)),
        notes=(*test.notes, *run.said, *_notes(run)),
        provenance=provenance(run.table),
    )


def _contexts(graph: object) -> frozenset[str]:
    """Give the contexts of a temporal graph."""
    if not isinstance(graph, TemporalGraph):
        return frozenset()
    roles = zip(graph.nodes, graph.roles, strict=True)
    return frozenset(name for name, role in roles if role == "context")


def _event(step: Step, names: tuple[str, ...], contexts: frozenset[str]) -> Event:
    """Name the nodes of a step; an arrow out of a context is no knowledge of the user."""
    tail, head = names[step.tail], names[step.head]
    by_context = step.rule in ("knowledge", "time") and parse_label(tail)[0] in contexts
    rule = "context" if by_context else step.rule
    return Event(tail, head, rule, tuple(names[k] for k in step.because), step.mark)


def _assumptions(run: Run) -> Iterator[str]:
    yield from _ASSUMPTIONS[run.algorithm]
    if run.tester.test.spec.assumes:
        yield run.tester.test.spec.assumes
    if run.options["missing"] != "error":
        yield "values are missing completely at random"


def _notes(run: Run) -> Iterator[str]:
    tester, table, found, work, options = run.tester, run.table, run.found, run.work, run.options
    names = tester.test.names
    yield from table.notes if table is not None else ()
    numbers = _as_numbers(tester.test, table)
    if numbers:
        yield f"two-valued columns count as the numbers 0 and 1: {listing(numbers)}"
    if work.votes is not None and work.votes.capped:
        pairs = ", ".join(f"{names[x]} and {names[z]}" for x, z in work.votes.capped[:5])
        yield f"too many subsets to vote on the largest for {pairs}; they were left out"
    if not options.get("stable", True):
        yield f"the skeleton {_ORDERED}"
    elif _ordered(options):
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


def _ordered(options: Mapping[str, Any]) -> bool:
    """Tell whether a rule or policy goes by the order of columns."""
    return options.get("sepset") in ("first", "union") or options.get("conflict", "mark") != "mark"


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


def _strengths(test: BoundTest, graph: MarkedGraph, record: Record) -> dict[str, float]:
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
    if options.get("fdr") is not None or getattr(test.spec, "shrinkage", None):
        return {}
    z = np.arctanh(min(test.critical(0, alpha), 1 - 1e-12)) * np.sqrt(max(test.n - 3, 1))
    rooms = ((k, test.n - k - 3) for k in range(depth + 1))
    return {k: float(np.tanh((z + 0.8416) / np.sqrt(room))) for k, room in rooms if room > 0}
