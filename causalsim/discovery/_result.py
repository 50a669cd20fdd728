"""What a discovery run returns: a graph that can say where each mark comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any, Generic, Literal, Self, TypeVar, cast, final

import numpy as np

from causalsim import _files
from causalsim._version import __version__
from causalsim.data import Table
from causalsim.discovery._record import Record
from causalsim.discovery._votes import Votes
from causalsim.graph import CPDAG, DAG, PAG, TemporalGraph
from causalsim.graph._base import MarkedGraph, true_cells
from causalsim.graph.labels import index_of, label

if TYPE_CHECKING:
    import pandas as pd

    from causalsim.discovery._explain import Explanation

__all__ = [
    "AnyResult",
    "DiscoveryResult",
    "Event",
    "Found_co",
    "Sepsets",
    "over_labels",
    "provenance",
    "read_fields",
]

VERSION = 1
Found_co = TypeVar("Found_co", bound=CPDAG | DAG | PAG | TemporalGraph, covariant=True)


@final
@dataclass(frozen=True)
class Event:
    """One step of orientation.

    Parameters
    ----------
    tail, head : str
        The arrow tail --> head that the step set, or wanted to set.
    rule : str
        ``knowledge``, ``time``, ``context``, ``change``, ``collider``, ``R1`` and so on; or why no
        arrow was set: ``conflict``, ``cycle``, ``refused``.
    because : tuple of str
        The other nodes of the pattern.
    mark : {"arrow", "tail"}
        What the step put at ``head``; tails only in a PAG.
    """

    tail: str
    head: str
    rule: str
    because: tuple[str, ...]
    mark: Literal["arrow", "tail"] = "arrow"


@final
class Sepsets(Mapping[frozenset[str], tuple[str, ...] | None]):
    """Separating sets by pair of names; None where no test separated the pair.

    That is where knowledge kept it apart, or the control of the false-discovery rate dropped it.
    Pairs that are joined are absent. A set is the first that separated its pair, so it may
    depend on the order of columns, also where the graph does not.
    """

    def __init__(
        self,
        names: tuple[str, ...],
        adjacency: np.ndarray,
        parted: np.ndarray,
        sepset: Callable[[int, int], tuple[int, ...]],
    ) -> None:
        self._names = names
        self._index = {name: i for i, name in enumerate(names)}
        self._adjacency = adjacency
        self._parted = parted
        self._sepset = sepset

    def __getitem__(self, pair: frozenset[str]) -> tuple[str, ...] | None:
        if len(pair) != 2:
            raise KeyError(f"{set(pair)}: a pair is a frozenset of two names")
        i, j = sorted(index_of(name, self._index) for name in pair)
        if self._adjacency[i, j]:
            ends = " and ".join(self._names[k] for k in (i, j))
            raise KeyError(f"{ends} are joined, so no set separates them")
        if not self._parted[i, j]:
            return None
        return tuple(self._names[k] for k in self._sepset(i, j))

    def __iter__(self) -> Iterator[frozenset[str]]:
        for i, j in true_cells(np.triu(~self._adjacency, 1)).tolist():
            yield frozenset((self._names[i], self._names[j]))

    def __len__(self) -> int:
        return int(np.triu(~self._adjacency, 1).sum())


@dataclass(frozen=True, eq=False, repr=False)
class DiscoveryResult(Generic[Found_co]):
    """A discovered graph and everything that led to it.

    Attributes
    ----------
    graph : CPDAG, DAG, PAG or TemporalGraph
        By algorithm: ``pc`` gives a CPDAG, ``fci`` a PAG, ``pcmci_plus`` a TemporalGraph.
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
        Smallest population partial correlation that one test at alpha finds with power .8, by
        size of the conditioning set. An edge must pass all its tests, so it needs more. Empty
        for other tests, incomplete rows, shrinkage and ``fdr``.
    options, provenance : mapping
        Settings; versions and a fingerprint of the data.
    assumptions, notes : tuple of str
    """

    graph: Found_co
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
    def labels(self) -> tuple[str, ...]:
        """What the tests were about: the nodes, in time series at lags 0 to twice ``max_lag``."""
        graph = self.graph
        if not isinstance(graph, TemporalGraph):
            return graph.nodes
        return tuple(
            label(name, lag) for lag in range(2 * graph.max_lag + 1) for name in graph.nodes
        )

    @cached_property
    def static(self) -> CPDAG | DAG | PAG:
        """The graph over ``labels``; of a TemporalGraph, its edges into the present."""
        graph = self.graph
        return over_labels(graph, self.labels) if isinstance(graph, TemporalGraph) else graph

    @cached_property
    def sepsets(self) -> Sepsets:
        """Separating sets by pair."""
        parted = self.record.log_p > np.log(self.options["alpha"])
        return Sepsets(self.labels, self.static.skeleton, parted, self._sepset)

    def _sepset(self, i: int, j: int) -> tuple[int, ...]:
        return self.unions.get((i, j)) or self.record.given(i, j)

    @cached_property
    def tests(self) -> pd.DataFrame:
        """The tests: x, y, given, statistic, p_value, log_p, depth."""
        return self.record.frame(self.labels)

    @property
    def conflicts(self) -> tuple[str, ...]:
        """Edges on which rules disagreed."""
        static = self.static
        return static.conflicts if isinstance(static, CPDAG) else ()

    @cached_property
    def edges(self) -> pd.DataFrame:
        """The edges: edge, strength, p_value (the largest over the edge's tests), rule."""
        import pandas as pd

        graph, rows = self.static, []
        oriented = [event for event in self.events if event.rule != "refused"]
        oriented.sort(key=lambda event: event.rule in ("knowledge", "time", "context"))
        rules = {frozenset((event.tail, event.head)): event.rule for event in oriented}
        for edge, (i, j) in zip(graph.edges, self.pairs(), strict=True):
            rule = rules.get(frozenset((graph.nodes[i], graph.nodes[j])), "")
            p = self.record.p_value(i, j)
            rows.append((edge, self.strengths.get(edge, np.nan), p, rule))
        return pd.DataFrame(rows, columns=["edge", "strength", "p_value", "rule"])

    def pairs(self) -> list[tuple[int, int]]:
        """Give the joined pairs in the order of ``static.edges``."""
        return [(i, j) for i, j in true_cells(np.triu(self.static.skeleton)).tolist()]

    def explain(self, x: str, y: str) -> Explanation:
        """Say in words why x and y are joined as they are, or why they are not.

        Returns
        -------
        Explanation
            Prints as text; ``.certificate`` holds the independence facts behind an arrow and
            the range of alpha over which these facts hold.
        """
        from causalsim.discovery._explain import explain

        return explain(self, x, y)

    def summary(self) -> str:
        """Give the result as text."""
        from causalsim.discovery._summary import summary

        return summary(self)

    def __repr__(self) -> str:
        return self.summary()

    def __eq__(self, other: object) -> bool:
        """Tell whether two results are of one class and write the same file."""
        if not isinstance(other, DiscoveryResult) or type(self) is not type(other):
            return NotImplemented
        return _files.dump_json(self.to_dict()) == _files.dump_json(other.to_dict())

    def __hash__(self) -> int:
        return hash((self.algorithm, self.n_tests, self.graph.edges))

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
        return _files.versioned(
            "discovery",
            VERSION,
            {
                **_write_graph(self.graph),
                "algorithm": self.algorithm,
                "test": self.test,
                "n": self.n,
                "n_tests": self.n_tests,
                "strengths": dict(self.strengths),
                "unions": [[i, j, list(given)] for (i, j), given in sorted(self.unions.items())],
                "tests": self.record.to_lists(),
                "votes": None if self.votes is None else self.votes.to_lists(),
                "events": [[e.tail, e.head, e.rule, list(e.because), e.mark] for e in self.events],
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
        """Rebuild a result from :meth:`to_dict`; that of CD-NOD is a CDNODResult."""
        from causalsim.discovery._cdnod_result import CDNODResult

        shared = read_fields(payload)
        if cls is DiscoveryResult and shared["algorithm"] == "cdnod":
            return cast("Self", CDNODResult.from_dict(payload))
        return cls(**shared)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the result as JSON; the file appears whole or not at all.

        Of the tests it keeps the decisive ones, also after ``record="all"``.
        """
        _files.write_text(path, _files.dump_json(self.to_dict()))

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Self:
        """Read a result written by :meth:`save`; see :meth:`from_dict`."""
        return cls.from_dict(_files.load_json(path))


AnyResult = DiscoveryResult[CPDAG | DAG | PAG | TemporalGraph]


def read_fields(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Give the fields that all results share, out of what :meth:`DiscoveryResult.to_dict` gave."""
    plain = _files.open_versioned(payload, "discovery", VERSION)
    graph: Any = _read_graph(plain)
    lags = 2 * graph.max_lag + 1 if isinstance(graph, TemporalGraph) else 1
    return {
        "graph": graph,
        "algorithm": plain["algorithm"],
        "test": plain["test"],
        "n": plain["n"],
        "n_tests": plain["n_tests"],
        "record": Record.from_lists(lags * len(graph), plain["n_tests"], plain["tests"]),
        "unions": {(i, j): tuple(given) for i, j, given in plain["unions"]},
        "votes": None if plain["votes"] is None else Votes.from_lists(plain["votes"]),
        "events": tuple(
            Event(t, h, rule, tuple(b), *mark) for t, h, rule, b, *mark in plain["events"]
        ),
        "ambiguous": tuple((x, y, z) for x, y, z in plain["ambiguous"]),
        "strengths": plain["strengths"],
        "detectable": {int(k): v for k, v in plain["detectable"].items()},
        "options": plain["options"],
        "assumptions": tuple(plain["assumptions"]),
        "notes": tuple(plain["notes"]),
        "provenance": plain["provenance"],
    }


def over_labels(graph: TemporalGraph, labels: tuple[str, ...]) -> CPDAG:
    """Give the edges into the present as a static graph over lagged labels."""
    p, lags = len(graph), graph.max_lag + 1
    marks = np.zeros((len(labels), len(labels)), np.uint8)
    marks[: lags * p, :p] = graph.marks.transpose(2, 0, 1).reshape(-1, p)
    marks[:p, : lags * p] = graph.past_marks.transpose(2, 0, 1).reshape(-1, p).T
    return CPDAG(labels, marks)


def _write_graph(graph: MarkedGraph | TemporalGraph) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "kind": type(graph).__name__,
        "nodes": list(graph.nodes),
        "edges": list(graph.edges),
    }
    if isinstance(graph, TemporalGraph):
        roles = dict(zip(graph.nodes, graph.roles, strict=True))
        plain |= {"max_lag": graph.max_lag, "roles": roles}
    return plain


def _read_graph(plain: Mapping[str, Any]) -> CPDAG | DAG | PAG | TemporalGraph:
    """Read a graph; the first version knew only CPDAGs."""
    kind, edges, nodes = plain.get("kind", "CPDAG"), plain["edges"], plain["nodes"]
    if kind == "TemporalGraph":
        lags, roles = plain["max_lag"], plain["roles"]
        return TemporalGraph.from_edges(edges, nodes, max_lag=lags, roles=roles)
    static: dict[str, type[CPDAG | DAG | PAG]] = {"CPDAG": CPDAG, "DAG": DAG, "PAG": PAG}
    return static[kind].from_edges(edges, nodes)


def provenance(table: Table | None) -> dict[str, Any]:
    """Give versions, and a fingerprint of the data."""
    import hashlib

    versions = {"causalsim": __version__, "numpy": np.__version__}
    if table is None:
        return versions
    digest = hashlib.blake2b(np.ascontiguousarray(table.values).data, digest_size=16)
    return {**versions, "data": digest.hexdigest(), "rows": len(table)}
