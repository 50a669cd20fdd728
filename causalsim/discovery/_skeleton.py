"""The skeleton search that every constraint-based algorithm shares.

Reference semantics, PC-stable (Colombo & Maathuis 2014, algorithm 4.1): at level l = 0, 1, ...
the neighbours are frozen; each pair still joined is tested given every set S of l neighbours of
its first node, then of its second; the first S with p > alpha removes the edge at once and is
its sepset. The search stops when no node has enough neighbours. A level is one batch: pairs take
part in rounds of sets until they are separated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from math import comb
from typing import final

import numpy as np
from numpy.typing import NDArray

from causalsim._parallel import Progress, check_progress, interruptible
from causalsim.citest import CorrelationTest
from causalsim.discovery._record import Record
from causalsim.discovery._subsets import Ints, Pair, Set, Subsets, by_length
from causalsim.discovery._tester import Tester
from causalsim.errors import DataError
from causalsim.graph._base import true_cells

__all__ = ["COMPILE_FROM", "Policy", "Skeleton", "Tester", "skeleton"]

COMPILE_FROM = 31


@dataclass(frozen=True, eq=False)
class Policy:
    """What an algorithm lets the search do.

    Parameters
    ----------
    start : array of bool, shape (p, p)
        Pairs that may be joined; others are never tested.
    fixed : array of bool, shape (p, p)
        Pairs that stay joined; never tested either.
    max_cond : int
        Most neighbours in a conditioning set.
    stable : bool
        Freeze the neighbours of a level (PC-stable), or use them as they are now (original).
    every : bool
        Test all sets of a level and keep the union of those that separate.
    subsets : Subsets
        The sets to try.
    """

    start: NDArray[np.bool_]
    fixed: NDArray[np.bool_]
    max_cond: int
    stable: bool = True
    every: bool = False
    subsets: Subsets = field(default_factory=Subsets)


@dataclass(eq=False)
class Skeleton:
    """What a search found so far.

    Parameters
    ----------
    adjacency : array of bool, shape (p, p)
    record : Record
        The decisive test of each pair.
    unions : dict
        (i, j) with i < j to the union of the sets that separate it, if the policy asks for all.
    depth : int
        Largest conditioning set tried, -1 before the first.
    """

    adjacency: NDArray[np.bool_]
    record: Record
    unions: dict[Pair, Set] = field(default_factory=dict)
    depth: int = -1

    def part(self, pairs: Ints) -> None:
        """Remove edges, shape (m, 2)."""
        i, j = pairs.T
        self.adjacency[i, j] = self.adjacency[j, i] = False

    def sepset(self, i: int, j: int) -> Set:
        """Give the separating set of a pair that a test removed: that of its decisive test."""
        return self.unions.get((min(i, j), max(i, j))) or self.record.given(i, j)

    def neighbours(self) -> list[set[int]]:
        """Give the neighbours of each node."""
        return Subsets().neighbours(self.adjacency)


@final
@dataclass(frozen=True)
class _Level:
    """Progress within one level, in pairs that are settled."""

    report: Progress
    size: int
    total: int

    def __call__(self, *settled: int) -> None:
        """Tell how far the level is; its end is told once, by :meth:`end`."""
        if sum(settled) < self.total:
            self._tell(sum(settled))

    def end(self) -> None:
        self._tell(self.total)

    def _tell(self, done: int) -> None:
        self.report(done, self.total, f"pairs at conditioning sets of {self.size}")


def skeleton(
    tester: Tester, policy: Policy, found: Skeleton, progress: bool | Progress = False
) -> Skeleton:
    """Search for the skeleton.

    Parameters
    ----------
    tester : Tester
    policy : Policy
    found : Skeleton
        Filled in place, so that an interrupted search can be read.
    progress : bool or callable(done, total, message)
        Told, about each second and at the end of each level, how many of the pairs joined at its
        start are settled: separated, or out of sets.
    """
    report = check_progress(progress)
    bare = policy.subsets.plain
    plain = bare and policy.stable and not policy.every and found.record.everything is None
    compiled = plain and tester.on_correlations and len(found.adjacency) >= COMPILE_FROM
    edges = true_cells(np.triu(found.adjacency & ~policy.fixed))
    for level in range(policy.max_cond + 1):
        edges = edges[found.adjacency[tuple(edges.T)]]
        pairs = edges[policy.subsets.remain(found.adjacency, edges, level)]
        if not len(pairs):
            break
        _refuse_few_rows(tester, level)
        found.depth = max(found.depth, level)
        tell = _Level(report, level, len(pairs))
        if level == 0 and bare:
            _level_zero(tester, found, pairs, tell)
        elif compiled:
            _level_compiled(tester, found, pairs, level)
        else:
            _level_batched(tester, policy, found, pairs, tell)
        tell.end()
    return found


def _refuse_few_rows(tester: Tester, level: int) -> None:
    """Refuse a level that no test could pass, which would leave every edge."""
    test = tester.test
    if not isinstance(test, CorrelationTest) or test.holes is not None:
        return
    if not np.isfinite(test.critical(level, tester.alpha)):
        hint = f", or write max_cond={level - 1}" if level else ""
        raise DataError(
            f"{test.n} rows are too few for a test with {level} conditioning variables; give "
            f"more than {level + 3} rows{hint}."
        )


def _level_zero(tester: Tester, found: Skeleton, pairs: Ints, tell: _Level) -> None:
    done = 0
    for rows, statistic, log_p in tester.answers(pairs):
        found.record.add_level(pairs[rows], statistic, log_p)
        found.part(pairs[rows[tester.separates(log_p)]])
        done += len(rows)
        tell(done)


def _level_compiled(tester: Tester, found: Skeleton, pairs: Ints, level: int) -> None:
    from causalsim.discovery._compiled import search_level

    test = tester.test
    assert isinstance(test, CorrelationTest)  # noqa: S101  -- for the type checker
    start = np.concatenate([np.zeros(1, np.intp), np.cumsum(found.adjacency.sum(axis=1))])
    neighbours = np.flatnonzero(found.adjacency) % len(found.adjacency)
    chosen, least = np.empty((len(pairs), level), np.int64), np.empty(len(pairs))
    critical = test.critical(level, tester.alpha)
    steps = len(pairs) * comb(int(np.diff(start).max()), level)
    tests, gone = interruptible(
        search_level, test.matrix, start, neighbours, pairs, critical, chosen, least, steps=steps
    )
    tested = np.isfinite(least)
    statistic, log_p = test.score(least[tested], level, test.n)
    found.record.n_tests += int(tests)
    found.record.add_best(pairs[tested], chosen[tested], statistic, log_p)
    found.part(pairs[gone])


def _level_batched(
    tester: Tester, policy: Policy, found: Skeleton, pairs: Ints, tell: _Level
) -> None:
    """Test one level in rounds of growing size; in the original PC, pair after pair."""
    settled = 0
    for group in [pairs] if policy.stable else pairs[:, None]:
        around = policy.subsets.neighbours(found.adjacency)
        waiting = {
            (i, j): policy.subsets.of_size(around, (i, j), tell.size) for i, j in group.tolist()
        }
        share = 1
        while waiting:
            batch = {pair: list(islice(sets, share)) for pair, sets in waiting.items()}
            waiting = {pair: waiting[pair] for pair, sets in batch.items() if len(sets) == share}
            for pair in _round(tester, policy, found, batch, partial(tell, settled)):
                waiting.pop(pair, None)
            settled += len(batch) - len(waiting)
            tell(settled)
            share = min(2 * share, 4096)


def _round(
    tester: Tester,
    policy: Policy,
    found: Skeleton,
    batch: dict[Pair, list[Set]],
    tell: Callable[[int], None],
) -> list[Pair]:
    """Test some sets of every pair and book the outcome; give the pairs that are done."""
    asked = [(*pair, *given) for pair, sets in batch.items() for given in sets]
    pairs, groups = list(batch), list(by_length(asked))
    owner = np.repeat(np.arange(len(pairs)), [len(sets) for sets in batch.values()])
    statistic, log_p = np.full((2, len(asked)), -np.inf)
    for at, rows in groups:
        found.depth = max(found.depth, rows.shape[1] - 2)
        for part, *answer in tester.answers(rows):
            statistic[at[part]], log_p[at[part]] = answer
            if len(part) < len(asked) and not policy.every:
                tell(len(np.unique(owner[tester.separates(log_p)])))
    hits = np.flatnonzero(tester.separates(log_p))
    gone = np.unique(owner[hits]).tolist()
    last = np.full(len(pairs), len(asked))
    if policy.every:
        for hit in hits.tolist():
            pair = pairs[owner[hit]]
            found.unions[pair] = tuple(sorted({*found.unions.get(pair, ()), *asked[hit][2:]}))
    else:
        np.minimum.at(last, owner[hits], hits)
    if gone:
        found.part(np.array([pairs[g] for g in gone]))
    use = np.arange(len(asked)) <= last[owner]
    found.record.n_tests += len(asked)
    for at, rows in groups:
        kept = use[at]
        found.record.add_tests(rows[kept], statistic[at[kept]], log_p[at[kept]])
    return [] if policy.every else [pairs[g] for g in gone]
