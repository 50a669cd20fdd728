"""What a discovery run returns: a graph that can say where each mark comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any, Self, final

import numpy as np

from causalsim import _files
from causalsim._version import __version__
from causalsim.citest import BoundTest, CorrelationTest
from causalsim.data import Table
from causalsim.discovery._orientation import Orientation
from causalsim.discovery._record import Record
from causalsim.discovery._skeleton import Skeleton, Tester
from causalsim.discovery._votes import Votes
from causalsim.graph import CPDAG
from causalsim.graph._base import true_cells
from causalsim.graph.labels import index_of

if TYPE_CHECKING:
    import pandas as pd

    from causalsim.discovery._explain import Explanation

__all__ = ["DiscoveryResult", "Event", "Sepsets", "describe", "provenance"]

VERSION = 1
ASSUMPTIONS = (
    "no hidden common causes and no selection",
    "no causal cycles",
    "faithfulness: every independence in the population comes from the graph",
    "rows are independent draws from one distribution",
)


@final
@dataclass(frozen=True)
class Event:
    """One step of orientation.

    Parameters
    ----------
    tail, head : str
        The arrow tail --> head that the step set, or wanted to set.
    rule : str
        ``knowledge``, ``collider``, ``R1`` to ``R4``; or why no arrow was set: ``conflict``,
        ``cycle``, ``refused``.
    because : tuple of str
        The other nodes of the pattern.
    """

    tail: str
    head: str
    rule: str
    because: tuple[str, ...]


@final
class Sepsets(Mapping[frozenset[str], tuple[str, ...] | None]):
    """Separating sets by pair of names; None where knowledge kept the pair apart.

    Pairs that are joined are absent.
    """

    def __init__(
        self,
        names: tuple[str, ...],
        adjacency: np.ndarray,
        tested: np.ndarray,
        sepset: Callable[[int, int], tuple[int, ...]],
    ) -> None:
        self._names = names
        self._index = {name: i for i, name in enumerate(names)}
        self._adjacency = adjacency
        self._tested = tested
        self._sepset = sepset

    def __getitem__(self, pair: frozenset[str]) -> tuple[str, ...] | None:
        if len(pair) != 2:
            raise KeyError(f"{set(pair)}: a pair is a frozenset of two names")
        i, j = sorted(index_of(name, self._index) for name in pair)
        if self._adjacency[i, j]:
            ends = " and ".join(self._names[k] for k in (i, j))
            raise KeyError(f"{ends} are joined, so no set separates them")
        if not self._tested[i, j]:
            return None
        return tuple(self._names[k] for k in self._sepset(i, j))

    def __iter__(self) -> Iterator[frozenset[str]]:
        for i, j in true_cells(np.triu(~self._adjacency, 1)).tolist():
            yield frozenset((self._names[i], self._names[j]))

    def __len__(self) -> int:
        return int(np.triu(~self._adjacency, 1).sum())


@final
@dataclass(frozen=True, eq=False, repr=False)
class DiscoveryResult:
    """A discovered graph and everything that led to it.

    Attributes
    ----------
    graph : CPDAG
    sepsets : mapping of frozenset of two names to tuple of names, or None
    events : tuple of Event
        Every orientation, in order.
    ambiguous : tuple of (x, y, z)
        Unshielded triples that the collider rule left open.
    strengths : mapping of edge text to float
        Effect in the decisive test of each edge (partial correlation, Cramer's V, ...).
    n_tests, n : int
        Tests made, rows used.
    detectable : mapping of int to float
        Smallest effect found with power .8, by size of the conditioning set.
    options, provenance : mapping
        Settings; versions and a fingerprint of the data.
    assumptions, notes : tuple of str
    """

    graph: CPDAG
    algorithm: str
    test: str
    n: int
    n_tests: int
    record: Record = field(repr=False)
    unions: dict[tuple[int, int], tuple[int, ...]] = field(repr=False)
    votes: Votes | None = field(repr=False)
    events: tuple[Event, ...]
    ambiguous: tuple[tuple[str, str, str], ...]
    strengths: Mapping[str, float]
    detectable: Mapping[int, float]
    options: Mapping[str, Any]
    assumptions: tuple[str, ...]
    notes: tuple[str, ...]
    provenance: Mapping[str, Any]

    @cached_property
    def sepsets(self) -> Sepsets:
        """Separating sets by pair."""
        tested = ~np.isnan(self.record.log_p)
        return Sepsets(self.graph.nodes, self.graph.skeleton, tested, self._sepset)

    def _sepset(self, i: int, j: int) -> tuple[int, ...]:
        return self.unions.get((i, j)) or self.record.given(i, j)

    @cached_property
    def tests(self) -> pd.DataFrame:
        """The tests: x, y, given, statistic, p_value, log_p, depth."""
        return self.record.frame(self.graph.nodes)

    @property
    def conflicts(self) -> tuple[str, ...]:
        """Edges on which rules disagreed."""
        return self.graph.conflicts

    @cached_property
    def edges(self) -> pd.DataFrame:
        """The edges: edge, strength, p_value (the largest over the edge's tests), rule."""
        import pandas as pd

        graph, rows = self.graph, []
        rules = {frozenset((e.tail, e.head)): e.rule for e in self.events if e.rule != "refused"}
        for edge, (i, j) in zip(graph.edges, self.pairs(), strict=True):
            rule = rules.get(frozenset((graph.nodes[i], graph.nodes[j])), "")
            p = float(np.exp(self.record.log_p[i, j]))
            rows.append((edge, self.strengths.get(edge, np.nan), p, rule))
        return pd.DataFrame(rows, columns=["edge", "strength", "p_value", "rule"])

    def pairs(self) -> list[tuple[int, int]]:
        """Give the joined pairs in the order of ``graph.edges``."""
        return [(i, j) for i, j in true_cells(np.triu(self.graph.skeleton)).tolist()]

    def explain(self, x: str, y: str) -> Explanation:
        """Say in words why x and y are joined as they are, or why they are not.

        Returns
        -------
        Explanation
            Prints as text; ``.certificate`` holds the independence facts behind an arrow and
            the range of alpha over which it stands.
        """
        from causalsim.discovery._explain import explain

        return explain(self, x, y)

    def summary(self) -> str:
        """Give the result as text."""
        from causalsim.discovery._explain import summary

        return summary(self)

    def __repr__(self) -> str:
        return self.summary()

    # -- pictures -------------------------------------------------------------------------

    def to_svg(self) -> str:
        """Draw the graph, edge width by strength."""
        from causalsim.graph.draw import to_svg

        return to_svg(self.graph, strengths={k: abs(v) for k, v in self.strengths.items()})

    def to_html(self) -> str:
        """Give one self-contained page: graph, edges, tests, provenance."""
        from causalsim.discovery._html import page

        return page(self)

    def _repr_html_(self) -> str:
        from causalsim.discovery._html import fragment

        return fragment(self)

    # -- files ----------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Give the result as plain values, readable by :meth:`from_dict`."""
        names = self.graph.nodes
        return _files.versioned(
            "discovery",
            VERSION,
            {
                "algorithm": self.algorithm,
                "test": self.test,
                "n": self.n,
                "n_tests": self.n_tests,
                "nodes": list(names),
                "edges": list(self.graph.edges),
                "strengths": dict(self.strengths),
                "unions": [[i, j, list(given)] for (i, j), given in sorted(self.unions.items())],
                "tests": self.record.to_lists(),
                "votes": None if self.votes is None else self.votes.to_lists(),
                "events": [[e.tail, e.head, e.rule, list(e.because)] for e in self.events],
                "ambiguous": [list(triple) for triple in self.ambiguous],
                "detectable": {str(k): v for k, v in self.detectable.items()},
                "options": dict(self.options),
                "assumptions": list(self.assumptions),
                "notes": list(self.notes),
                "provenance": dict(self.provenance),
            },
        )

    @classmethod
    def from_dict(cls, payload: Mapping[str, Any]) -> Self:
        """Rebuild a result from :meth:`to_dict`."""
        plain = _files.open_versioned(payload, "discovery", VERSION)
        nodes = plain["nodes"]
        return cls(
            graph=CPDAG.from_edges(plain["edges"], nodes),
            algorithm=plain["algorithm"],
            test=plain["test"],
            n=plain["n"],
            n_tests=plain["n_tests"],
            record=Record.from_lists(len(nodes), plain["n_tests"], plain["tests"]),
            unions={(i, j): tuple(given) for i, j, given in plain["unions"]},
            votes=None if plain["votes"] is None else Votes.from_lists(plain["votes"]),
            events=tuple(Event(t, h, rule, tuple(b)) for t, h, rule, b in plain["events"]),
            ambiguous=tuple((x, y, z) for x, y, z in plain["ambiguous"]),
            strengths=plain["strengths"],
            detectable={int(k): v for k, v in plain["detectable"].items()},
            options=plain["options"],
            assumptions=tuple(plain["assumptions"]),
            notes=tuple(plain["notes"]),
            provenance=plain["provenance"],
        )

    def save(self, path: str | PathLike[str]) -> None:
        """Write the result as JSON; the file appears whole or not at all.

        Of the tests it keeps the decisive ones, also after ``record="all"``.
        """
        _files.write_text(path, _files.dump_json(self.to_dict()))

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Self:
        """Read a result written by :meth:`save`."""
        return cls.from_dict(_files.load_json(path))


def describe(
    tester: Tester,
    table: Table | None,
    found: Skeleton,
    work: Orientation,
    options: Mapping[str, Any],
) -> DiscoveryResult:
    """Put what a run of PC left behind into names."""
    test = tester.test
    names = test.names
    graph = CPDAG(names, work.state.to_marks())
    events = tuple(
        Event(names[s.tail], names[s.head], s.rule, tuple(names[k] for k in s.because))
        for s in work.steps
    )
    notes = list(table.notes if table is not None else ())
    if work.votes is not None and work.votes.capped:
        pairs = ", ".join(f"{names[x]} and {names[z]}" for x, z in work.votes.capped[:5])
        notes.append(f"too many subsets to vote on the largest for {pairs}; they were left out")
    if options.get("sepset") in ("first", "union") or options.get("conflict") != "mark":
        notes.append("the orientation depends on the order of columns")
    return DiscoveryResult(
        graph=graph,
        algorithm="pc",
        test=repr(test.spec),
        n=test.n,
        n_tests=found.record.n_tests,
        record=found.record,
        unions=found.unions,
        votes=work.votes,
        events=events,
        ambiguous=tuple((names[x], names[y], names[z]) for x, y, z in sorted(work.ambiguous)),
        strengths=_strengths(test, graph, found.record),
        detectable=_detectable(tester, max(0, found.depth)),
        options=options,
        assumptions=ASSUMPTIONS,
        notes=tuple(notes),
        provenance=provenance(table),
    )


def _strengths(test: BoundTest, graph: CPDAG, record: Record) -> dict[str, float]:
    """Give the effect in the decisive test of every edge, sets of one size at a time."""
    pairs = true_cells(np.triu(graph.skeleton))
    sets = [record.given(i, j) for i, j in pairs.tolist()]
    sizes = np.array([len(s) for s in sets], np.intp)
    effects = np.full(len(pairs), np.nan)
    for size in np.unique(sizes):
        at = np.flatnonzero((sizes == size) & ~np.isnan(record.log_p[tuple(pairs.T)]))
        given = np.array([sets[k] for k in at], np.intp).reshape(len(at), size)
        effects[at] = test.effects(pairs[at, 0], pairs[at, 1], given)
    return {e: float(v) for e, v in zip(graph.edges, effects, strict=True) if not np.isnan(v)}


def _detectable(tester: Tester, depth: int) -> dict[int, float]:
    """Give the smallest partial correlation found with power .8, for each set size."""
    test, alpha = tester.test, tester.alpha
    if not isinstance(test, CorrelationTest):
        return {}
    z = np.arctanh(min(test.critical(0, alpha), 1 - 1e-12)) * np.sqrt(max(test.n - 3, 1))
    rooms = ((k, test.n - k - 3) for k in range(depth + 1))
    return {k: float(np.tanh((z + 0.8416) / np.sqrt(room))) for k, room in rooms if room > 0}


def provenance(table: Table | None) -> dict[str, Any]:
    """Give versions, and a fingerprint of the data."""
    import hashlib

    versions = {"causalsim": __version__, "numpy": np.__version__}
    if table is None:
        return versions
    digest = hashlib.blake2b(np.ascontiguousarray(table.values).data, digest_size=16)
    return {**versions, "data": digest.hexdigest(), "rows": len(table)}
