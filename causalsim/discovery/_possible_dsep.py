"""What hidden causes add to the search for a skeleton: sets beyond the neighbours of a pair.

With hidden common causes, two nodes may be separated only by sets that hold nodes joined to
neither. FCI looks for them among what an open path could reach, the possible-d-sep sets
([Spirtes2000]_; [Colombo2012]_, algorithm 3.1 steps 2-3, algorithm 4.3). There can be many of
them. RFCI leaves an edge that needs such a set where it is, and only takes care that no arrow
leans on it ([Colombo2012]_, algorithm 3.2, lemmas 3.1 and 3.2).

References
----------
.. [Spirtes2000] Spirtes, Glymour & Scheines, Causation, Prediction, and Search, 2nd ed., 2000.
.. [Colombo2012] Colombo, Maathuis, Kalisch & Richardson, Learning high-dimensional directed
   acyclic graphs with latent and selection variables, Annals of Statistics 40 (2012).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, pairwise
from typing import final

import numpy as np
from numpy.typing import NDArray

from causalsim._parallel import Progress
from causalsim.discovery._skeleton import Policy, Skeleton, Tester, skeleton
from causalsim.discovery._subsets import Ints, Pair, Set, Subsets, by_length
from causalsim.graph._base import index_sets, true_cells
from causalsim.graph.marks import Mark
from causalsim.graph.pdag import PDAG, Triple

__all__ = [
    "Pools",
    "Pruner",
    "beyond_neighbours",
    "possible_dsep_sets",
    "search_pools",
    "unshielded",
]

Pool = frozenset[int]


@final
@dataclass(frozen=True, eq=False)
class Pools(Subsets):
    """Subsets of pools that each pair brings along, whatever its neighbours.

    Parameters
    ----------
    pools : dict of (i, j) with i < j to sequence of frozenset
    tried : dict of (i, j) with i < j to sequence of frozenset
        Sets whose subsets are known not to separate the pair.

    Examples
    --------
    >>> sets = Pools(pools={(0, 1): [frozenset({2, 3})]}, tried={(0, 1): [frozenset({2})]})
    >>> list(sets.of_size([], (0, 1), 1))
    [(3,)]
    """

    pools: Mapping[Pair, Sequence[Pool]] = field(default_factory=dict)
    tried: Mapping[Pair, Sequence[Pool]] = field(default_factory=dict)

    @property
    def plain(self) -> bool:
        """The sets are not those of neighbours."""
        return False

    def remain(self, adjacency: NDArray[np.bool_], pairs: Ints, size: int) -> NDArray[np.bool_]:  # noqa: ARG002
        """Tell which pairs, shape (m, 2), have a pool of ``size`` nodes with untried subsets."""
        room = [self.room((i, j)) for i, j in pairs.tolist()]
        return np.asarray(np.array(room, np.intp) >= size)

    def room(self, pair: Pair) -> int:
        """Give the size of the largest pool with untried subsets, -1 without one."""
        return max((len(pool) for pool, _ in self._untried(pair)), default=-1)

    def of_size(self, around: list[set[int]], pair: Pair, size: int) -> Iterator[Set]:  # noqa: ARG002
        """Give the sets of one size, in order; none twice, and none that was tried."""
        for pool, tried in self._untried(pair):
            for chosen in combinations(sorted(pool), size):
                if not any(old.issuperset(chosen) for old in tried):
                    yield chosen

    def _untried(self, pair: Pair) -> Iterator[tuple[Pool, tuple[Pool, ...]]]:
        """Give the pools, each with what was tried before it."""
        tried = tuple(self.tried.get(pair, ()))
        for pool in self.pools[pair]:
            if not any(old >= pool for old in tried):
                yield pool, tried
                tried += (pool,)


def search_pools(
    tester: Tester,
    policy: Policy,
    found: Skeleton,
    pools: Pools,
    progress: bool | Progress = False,
) -> bool:
    """Test pairs given the subsets of their pools; tell whether edges went.

    Parameters
    ----------
    tester, policy, found, progress
        As in :func:`~causalsim.discovery._skeleton.skeleton`; ``found`` is changed in place.
    pools : Pools
        Pairs without a pool are left alone.
    """
    fixed = np.ones_like(policy.fixed)
    for pair in pools.pools:
        fixed[pair] = policy.fixed[pair]
    before = int(found.adjacency.sum())
    skeleton(tester, replace(policy, fixed=fixed, subsets=pools), found, progress)
    return int(found.adjacency.sum()) < before


# -- FCI -------------------------------------------------------------------------------------


def possible_dsep_sets(
    marks: NDArray[np.uint8], ambiguous: Collection[Triple] = frozenset()
) -> NDArray[np.bool_]:
    """Find the possible-d-sep set of each node ([Colombo2012]_, definition 3.3).

    Parameters
    ----------
    marks : array of uint8, shape (p, p)
        With all arrows from colliders; ``marks[i, j]`` is the mark at j.
    ambiguous : collection of (x, y, z) with x < z
        Unshielded triples that may be colliders.

    Returns
    -------
    array of bool, shape (p, p)
        Row x tells which nodes a path joins to x, each inner node of which is a collider, an
        ambiguous middle, or has neighbours on the path that are joined.

    Examples
    --------
    >>> chain = np.array([[0, 2, 0], [1, 0, 1], [0, 2, 0]], np.uint8)  # X0 o-> X1 <-o X2
    >>> possible_dsep_sets(chain)[0].tolist()
    [False, True, True]
    """
    joined, arrow = marks != Mark.NONE, marks == Mark.ARROW
    adjacent = index_sets(joined)
    reached: NDArray[np.bool_] = joined.copy()
    for x, around in enumerate(adjacent):
        seen = {(x, node) for node in around}
        queue = list(seen)
        while queue:
            a, b = queue.pop()
            fresh = {
                (b, c)
                for c in adjacent[b] - {a, x}
                if joined[a, c]
                or (arrow[a, b] and arrow[c, b])
                or (min(a, c), b, max(a, c)) in ambiguous
            } - seen
            seen |= fresh
            queue.extend(fresh)
        reached[x, [node for _, node in seen]] = True
    return reached


def beyond_neighbours(found: Skeleton, reached: NDArray[np.bool_]) -> Pools:
    """Give what is still to be tried for each edge: what is reached, beyond the neighbours."""
    pools: dict[Pair, list[Pool]] = {}
    tried: dict[Pair, list[Pool]] = {}
    for i, j in true_cells(np.triu(found.adjacency)).tolist():
        pools[i, j], tried[i, j] = (
            [frozenset(np.flatnonzero(relation[end]).tolist()) - {i, j} for end in (i, j)]
            for relation in (reached, found.adjacency)
        )
    return Pools(pools=pools, tried=tried)


# -- RFCI ------------------------------------------------------------------------------------


@final
@dataclass(eq=False)
class Pruner:
    """Removes the edges that no arrow may lean on.

    Parameters
    ----------
    tester, policy, found
        As in the search.
    """

    tester: Tester
    policy: Policy
    found: Skeleton
    checked: set[Triple] = field(default_factory=set)
    walked: set[tuple[Pair, Pool]] = field(default_factory=set)

    def prune_triples(self) -> None:
        """Check all unshielded triples x - y - z, until no edge goes (algorithm 4.4).

        Both edges must stay given the separating set S of x and z without y (lemma 3.1); one
        that does not is removed, by a smallest subset of S that separates its ends.
        """
        while fresh := self._unchecked():
            self.checked.update(fresh)
            asked: dict[Set, None] = {}
            for x, y, z in fresh:
                given = sorted({*self.found.sepset(x, z)} - {y})
                asked.update({(min(x, y), max(x, y), *given): None})
                asked.update({(min(y, z), max(y, z), *given): None})
            pools: dict[Pair, list[Pool]] = {}
            for _, rows in by_length(list(asked)):
                _, log_p = self.tester.ask(rows)
                self.found.record.n_tests += len(rows)
                for i, j, *given in rows[self.tester.separates(log_p)].tolist():
                    pools.setdefault((i, j), []).append(frozenset(given))
            self._prune(pools)

    def prune_path(self, path: Set) -> bool:
        """Check a discriminating path, and the triples it leaves; tell whether it is gone.

        Its edges must stay given every subset of what separates its ends (lemma 3.2).
        """
        pairs = [(min(ends), max(ends)) for ends in pairwise(path)]
        given = frozenset(self.found.sepset(path[0], path[-1]))
        pools = {
            pair: [given.difference(pair)] for pair in pairs if (pair, given) not in self.walked
        }
        self.walked.update((pair, given) for pair in pairs)
        if self._prune(pools):
            self.prune_triples()
        return not all(self.found.adjacency[pair] for pair in pairs)

    def _prune(self, pools: Mapping[Pair, Sequence[Pool]]) -> bool:
        if not pools:
            return False
        return search_pools(self.tester, self.policy, self.found, Pools(pools=pools))

    def _unchecked(self) -> list[Triple]:
        _, parted = unshielded(self.tester, self.policy, self.found)
        return [triple for triple in parted if triple not in self.checked]


def unshielded(
    tester: Tester, policy: Policy, found: Skeleton
) -> tuple[list[Triple], list[Triple]]:
    """Give all unshielded triples (x, y, z) with x < z, and those whose ends a test parted."""
    parted = policy.start & tester.separates(found.record.log_p)
    every = list(PDAG(found.neighbours()).unshielded())
    return every, [(x, y, z) for x, y, z in every if parted[x, z]]
