"""How the subsets of both neighbourhoods separate the ends of an unshielded triple x - y - z.

Every subset of adj(x) and of adj(z) is tested once. Where a node has so many neighbours that
its subsets exceed ``MAX_SETS``, the largest sets are left out and the result says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import comb
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from causalsim._parallel import interruptible
from causalsim.citest import CorrelationTest
from causalsim.discovery._record import plain
from causalsim.discovery._skeleton import COMPILE_FROM, Skeleton, Tester
from causalsim.discovery._subsets import Set, Subsets, by_length
from causalsim.graph.pdag import Triple

__all__ = ["Votes", "collect_votes"]

MAX_SETS = 2**16
_CHUNK = 200_000

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


@final
@dataclass(frozen=True, eq=False)
class Votes:
    """The count for each triple.

    Parameters
    ----------
    triples : list of (x, y, z)
    separating, containing : arrays of int, shape (m,)
        Sets that separate x and z, and those of them that hold y.
    best_in, best_out : arrays, shape (m,)
        Largest log p given a set with y, and without; ``-inf`` if there was none.
    n_tests : int
    capped : tuple of (x, z)
        Pairs whose largest sets were left out.
    """

    triples: list[Triple]
    separating: Ints
    containing: Ints
    best_in: Floats
    best_out: Floats
    n_tests: int
    capped: tuple[tuple[int, int], ...]

    def to_lists(self) -> list[list[Any]]:
        """Give rows of [x, y, z, separating, containing, best_in, best_out]."""
        counts = zip(self.separating.tolist(), self.containing.tolist(), strict=True)
        best = zip(map(plain, self.best_in), map(plain, self.best_out), strict=True)
        rows = zip(self.triples, counts, best, strict=True)
        return [[*triple, *count, *most] for triple, count, most in rows]

    @classmethod
    def from_lists(cls, rows: list[list[Any]]) -> Votes:
        """Rebuild the counts from :meth:`to_lists`."""
        counts = np.array([row[3:5] for row in rows], np.intp).reshape(-1, 2)
        best = np.array([row[5:] for row in rows], np.float64).reshape(-1, 2)
        triples = [(x, y, z) for x, y, z, *_ in rows]
        return cls(triples, counts[:, 0], counts[:, 1], best[:, 0], best[:, 1], 0, ())


@final
@dataclass(frozen=True, eq=False)
class _Ballot:
    """The unjoined pairs (x, z) to vote on, and the middle nodes of each.

    The middle nodes of pair e are ``middles[first[e]:first[e + 1]]``; its sets draw at most
    ``cap[e]`` neighbours.
    """

    adjacency: NDArray[np.bool_]
    subsets: Subsets
    around: list[set[int]]
    pairs: Ints
    first: Ints
    middles: Ints
    cap: Ints


Counts = tuple[int, Ints, Ints, Floats, Floats]


def collect_votes(
    tester: Tester,
    found: Skeleton,
    triples: list[Triple],
    max_cond: int,
    subsets: Subsets | None = None,
) -> Votes:
    """Test x and z given every subset of adj(x) and of adj(z), for all triples.

    Parameters
    ----------
    tester, found
        As in the search.
    triples : list of (x, y, z)
    max_cond : int
        Most neighbours in a conditioning set.
    subsets : Subsets, optional
        The sets to try, where they are not the subsets of all neighbours.
    """
    subsets = subsets or Subsets()
    groups: dict[tuple[int, int], list[int]] = {}
    for x, y, z in triples:
        groups.setdefault((x, z), []).append(y)
    around = subsets.neighbours(found.adjacency)
    pairs = np.array(list(groups), np.intp).reshape(-1, 2)
    counts = np.array([len(group) for group in groups.values()], np.intp)
    degree = np.array([max(len(around[x]), len(around[z])) for x, z in groups], np.intp)
    ballot = _Ballot(
        found.adjacency,
        subsets,
        around,
        pairs,
        first=np.concatenate([np.zeros(1, np.intp), np.cumsum(counts)]),
        middles=np.array([y for group in groups.values() for y in group], np.intp),
        cap=_by_value(degree, lambda d: _largest(d, max_cond)),
    )
    compiled = subsets.plain and tester.on_correlations and len(around) >= COMPILE_FROM
    count = _count_compiled if compiled and len(pairs) else _count_batched
    tests, separating, containing, best_in, best_out = count(tester, ballot)
    capped = pairs[ballot.cap < np.minimum(degree, max_cond)]
    return Votes(
        [(x, y, z) for (x, z), group in groups.items() for y in group],
        np.repeat(separating, counts),
        containing,
        best_in,
        best_out,
        tests,
        tuple((x, z) for x, z in capped.tolist()),
    )


def _by_value(values: Ints, function: Callable[[int], int]) -> Ints:
    """Apply a function of one integer, once for each value that occurs."""
    distinct, inverse = np.unique(values, return_inverse=True)
    return np.array([function(d) for d in distinct.tolist()], np.intp)[inverse]


def _largest(d: int, max_cond: int) -> int:
    """Give the largest set size for which d neighbours have at most ``MAX_SETS`` subsets."""
    total, size = 1, 0
    while size < min(d, max_cond) and total + comb(d, size + 1) <= MAX_SETS:
        size += 1
        total += comb(d, size)
    return size


def _count_compiled(tester: Tester, ballot: _Ballot) -> Counts:
    from causalsim.discovery._compiled import vote

    test = tester.test
    assert isinstance(test, CorrelationTest)  # noqa: S101  -- for the type checker
    start = np.concatenate([np.zeros(1, np.intp), np.cumsum(ballot.adjacency.sum(axis=1))])
    sizes = range(int(ballot.cap.max()) + 1)
    limits = np.array([test.critical(k, tester.alpha) for k in sizes])
    limits[np.isinf(limits)] = 0.0  # with too few rows nothing separates
    tests, separating, containing, least_in, least_out = interruptible(
        vote,
        test.matrix,
        start,
        np.flatnonzero(ballot.adjacency) % len(ballot.adjacency),
        ballot.pairs,
        ballot.first,
        ballot.middles,
        ballot.cap,
        limits,
        steps=float((2.0**ballot.cap).sum()),
    )
    best_in, best_out = (np.full(len(ballot.middles), -np.inf) for _ in range(2))
    for k in sizes:
        for log_p, least in ((best_in, least_in[:, k]), (best_out, least_out[:, k])):
            there = np.isfinite(least)
            log_p[there] = np.maximum(log_p[there], test.score(least[there], k, test.n)[1])
    return int(tests), separating, containing, best_in, best_out


def _count_batched(tester: Tester, ballot: _Ballot) -> Counts:
    separating = np.zeros(len(ballot.pairs), np.intp)
    containing = np.zeros(len(ballot.middles), np.intp)
    best_in, best_out = (np.full(len(ballot.middles), -np.inf) for _ in range(2))
    tests = 0
    for k in range(int(ballot.cap.max(initial=-1)) + 1):
        for owners, asked in _questions(ballot, k):
            _, log_p = tester.ask(asked)
            tests += len(asked)
            pairs, starts = np.unique(owners, return_index=True)
            ends = [*starts[1:].tolist(), len(owners)]
            for e, start, end in zip(pairs.tolist(), starts.tolist(), ends, strict=True):
                sets, p = asked[start:end, 2:], log_p[start:end]
                separates = tester.separates(p)
                separating[e] += int(separates.sum())
                for t in range(ballot.first[e], ballot.first[e + 1]):
                    inside = (sets == ballot.middles[t]).any(axis=1)
                    containing[t] += int((separates & inside).sum())
                    best_in[t] = max(best_in[t], p[inside].max(initial=-np.inf))
                    best_out[t] = max(best_out[t], p[~inside].max(initial=-np.inf))
    return tests, separating, containing, best_in, best_out


def _questions(ballot: _Ballot, size: int) -> Iterator[tuple[Ints, Ints]]:
    """Give (pair numbers, rows of (x, z, *set)) for sets of one size; pair numbers ascend."""
    for owners, rows in _chunks(ballot, size):
        for at, asked in by_length(rows):
            yield owners[at], asked


def _chunks(ballot: _Ballot, size: int) -> Iterator[tuple[Ints, list[Set]]]:
    """Give pair numbers and rows for all sets that draw ``size`` neighbours."""
    owners: list[int] = []
    rows: list[Set] = []
    for e, (x, z) in enumerate(ballot.pairs.tolist()):
        if size > ballot.cap[e]:
            continue
        sets = list(ballot.subsets.of_size(ballot.around, (x, z), size))
        owners.extend([e] * len(sets))
        rows.extend((x, z, *s) for s in sets)
        if len(rows) >= _CHUNK:
            yield np.array(owners), rows
            owners, rows = [], []
    if rows:
        yield np.array(owners), rows
