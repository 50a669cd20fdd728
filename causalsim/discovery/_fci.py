"""FCI and RFCI: what can be said where hidden causes and selection are allowed for.

FCI ([Spirtes2000]_; [Colombo2012]_, algorithm 3.1) searches as PC does (:mod:`._skeleton`), puts
provisional colliders on the skeleton, searches again among sets beyond the neighbours
(:mod:`._possible_dsep`), and orients anew: colliders, then Zhang's rules (:mod:`._pag_rules`).
RFCI (algorithm 3.2) leaves the second search out. This module puts the steps together.

Knowledge in a graph with hidden causes speaks about ancestors. ``X --> Y`` forbidden, by a rule
or a tier, says that X is no cause of Y, and so puts an arrow at X: ``X <-* Y``. It puts no tail
at Y, since a hidden cause of both may be behind the edge. ``X --> Y`` required puts both marks.
A pair forbidden both ways is not joined, not even by ``<->``.

References
----------
.. [Spirtes2000] Spirtes, Glymour & Scheines, Causation, Prediction, and Search, 2nd ed., 2000.
.. [Colombo2012] Colombo, Maathuis, Kalisch & Richardson, Learning high-dimensional directed
   acyclic graphs with latent and selection variables, Annals of Statistics 40 (2012).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, final

import numpy as np

from causalsim._parallel import Progress, check_n_jobs
from causalsim._rng import RNG, check_rng
from causalsim.citest import BoundTest, CITest, bind
from causalsim.discovery._colliders import Verdict, judge
from causalsim.discovery._describe import Run, describe
from causalsim.discovery._knowledge import Knowledge, Resolved, as_knowledge, resolve
from causalsim.discovery._options import as_whole, check_counts, check_levels, check_record
from causalsim.discovery._orientation import Step, by_middle
from causalsim.discovery._pag_marks import Marking
from causalsim.discovery._pag_rules import close
from causalsim.discovery._possible_dsep import (
    Pruner,
    beyond_neighbours,
    possible_dsep_sets,
    search_pools,
    unshielded,
)
from causalsim.discovery._result import DiscoveryResult
from causalsim.discovery._search import read_rows, search
from causalsim.discovery._skeleton import Policy, Skeleton, Tester
from causalsim.discovery._subsets import Set
from causalsim.discovery._votes import Votes, collect_votes
from causalsim.errors import InterruptedRunError, OptionError
from causalsim.graph import PAG, Mark
from causalsim.graph._base import true_cells
from causalsim.graph.pdag import Triple

__all__ = ["fci"]

RULES = ("first", "majority", "conservative", "max_p")
SHORTCUTS = ("rfci",)


def fci(
    data: object,
    test: str | CITest | type[CITest] | BoundTest = "auto",
    *,
    alpha: float = 0.05,
    knowledge: Knowledge | Mapping[str, Any] | None = None,
    sepset: str = "conservative",
    max_cond: int | None = None,
    possible_dsep: bool | int = True,
    shortcut: Literal["rfci"] | None = None,
    missing: str = "error",
    record: str = "decisive",
    kinds: Mapping[str, str] | str | None = None,
    degenerate: str = "error",
    n_jobs: int = 1,
    progress: bool | Progress = False,
    rng: RNG = None,
) -> DiscoveryResult[PAG]:
    """Discover a PAG by FCI: hidden common causes and selection are allowed for.

    An arrow at Y says that Y is no cause of the other end nor of selection into the data, a
    tail that it is a cause of one of them, a circle that the data leave it open. So ``X <-> Y``
    means a hidden common cause, ``X --- Y`` selection by both, and ``X --> Y`` that X is a cause
    of Y, which a hidden common cause may join as well.

    Parameters
    ----------
    data : DataFrame, array, Table, path, or None with a bound test or an oracle
        Rows are draws, columns are variables.
    test : str, CITest, or BoundTest
        As in :func:`causalsim.pc`.
    alpha : float
        A pair is called independent when p > alpha.
    knowledge : Knowledge or mapping, optional
        ``X --> Y`` forbidden, by itself or by tiers, says that X is no cause of Y, also not
        through others, nor of selection: it puts an arrow at X. Required, it puts tail and arrow.
        A pair forbidden both ways is not joined at all, which rules hidden common causes out.
    sepset : {"conservative", "majority", "max_p", "first"}
        How colliders are found, and what discriminating paths say. ``"first"`` goes by the set
        that separated a pair; the others ask all subsets of its neighbours, and that set only
        where none of them separates.
    max_cond : int, optional
        Largest conditioning set.
    possible_dsep : bool or int
        Search again among sets beyond the neighbours: all of them, or those of at most so many
        nodes. Without it, or with a cap, edges can stay that FCI would remove, and then marks
        can be wrong; ``shortcut`` is the safe way to save these tests.
    shortcut : {"rfci"}, optional
        RFCI: instead of that search, check the edges that colliders and discriminating paths
        lean on. Far fewer tests; every mark remains true, but edges may stay that FCI removes.
    missing, record, kinds, degenerate, n_jobs, progress, rng
        As in :func:`causalsim.pc`.

    Returns
    -------
    DiscoveryResult
        ``.graph`` is a PAG over the column names.

    Raises
    ------
    DataError, OptionError, KnowledgeError, NameNotFoundError
        With what was got, expected, and what to write instead.
    InterruptedRunError
        On Ctrl-C; ``.partial`` holds the skeleton found so far.

    Notes
    -----
    Assumes no causal cycles, faithfulness, and rows that are independent draws from one
    distribution; hidden common causes and selection are allowed for. ``alpha`` is the level of
    each test, not of the graph.

    Two colliders that share an edge make it ``<->``, which is a claim, not a conflict. Where
    tests contradict each other otherwise, a mark that was set earlier stays, and an end for
    which rules want both marks in one round, or that would close a directed cycle, stays a
    circle; ``events`` hold what was refused, and ``notes`` how many marks. Selection needs no
    switch: without it the rules about it find nothing to do.

    References
    ----------
    [Spirtes2000]_, [Colombo2012]_; Zhang, Artificial Intelligence 172 (2008).

    Examples
    --------
    >>> from causalsim.citest import Oracle
    >>> from causalsim.graph import ADMG
    >>> truth = ADMG.from_edges(["A --> B", "D --> C", "B <-> C"])
    >>> fci(None, Oracle(truth)).graph.edges
    ('A o-> B', 'B <-> C', 'D o-> C')
    """
    check_levels(alpha=alpha)
    check_counts(max_cond=max_cond)
    check_record(record)
    _check_own(sepset, possible_dsep, shortcut)
    check_rng(rng)
    table = read_rows(data, test, missing=missing, kinds=kinds, degenerate=degenerate)
    known = resolve(knowledge, bind(test, None).names if table is None else table.names)
    bound = bind(test, table)
    policy = Policy(
        start=~(np.eye(len(bound.names), dtype=bool) | known.apart),
        fixed=known.fixed,
        max_cond=min(m for m in (max_cond, bound.max_cond, len(bound.names)) if m is not None),
    )
    tester = Tester(bound, alpha, check_n_jobs(n_jobs))
    found = search(tester, policy, record == "all", progress)
    pruner = Pruner(tester, policy, found) if shortcut else None
    site = _Site(tester, policy, found, known, sepset, pruner)
    try:
        work = _finish(site, possible_dsep, progress)
    except KeyboardInterrupt as error:
        raise InterruptedRunError(
            f"interrupted after {found.record.n_tests} tests, beyond the first skeleton; "
            "error.partial holds the skeleton so far.",
            found,
        ) from error
    options = {
        "alpha": alpha,
        "sepset": sepset,
        "max_cond": max_cond,
        "possible_dsep": possible_dsep,
        "shortcut": shortcut,
        "missing": missing,
        "degenerate": degenerate,
        "kinds": dict(kinds) if isinstance(kinds, Mapping) else kinds,
        "record": record,
        "knowledge": None if knowledge is None else as_knowledge(knowledge).to_dict(),
    }
    said = tuple(_notes(work, possible_dsep, shortcut))
    run = Run("fci", tester, table, found, work, options, said)
    return describe(PAG(bound.names, work.marks), run)


def _check_own(sepset: str, wide: object, shortcut: str | None) -> None:
    if sepset not in RULES:
        raise OptionError.from_choice("sepset", sepset, RULES)
    if shortcut is not None and shortcut not in SHORTCUTS:
        raise OptionError.from_choice("shortcut", shortcut, SHORTCUTS)
    if not isinstance(wide, bool) and as_whole(wide) < 0:
        raise OptionError(
            f"possible_dsep={wide!r}: expected True, False, or the size of the largest set."
        )
    if shortcut and not isinstance(wide, bool):
        raise OptionError(
            f"possible_dsep={wide!r} with shortcut={shortcut!r}: the shortcut replaces that "
            "search; leave one of them out."
        )


def _notes(work: Marking, wide: bool | int, shortcut: str | None) -> Iterator[str]:
    refused = sum(step.rule == "refused" for step in work.steps)
    if refused:
        yield f"{refused} marks were refused, for earlier marks, each other or a directed cycle"
    if shortcut is None and wide is not True:
        yield "not all possible-d-sep sets were tried: edges may be left, and marks be wrong"


def _finish(site: _Site, wide: bool | int, progress: bool | Progress) -> Marking:
    """Correct the first skeleton for hidden causes, and orient it."""
    if site.pruner is not None:
        site.pruner.prune_triples()
    work = site.marking()
    if site.pruner is None and wide and site.search_again(work, wide, progress):
        site = replace(site, verdicts={})
        work = site.marking()
    close(work, site.judge_path, lambda: site.follow(work))
    return work


@final
@dataclass(frozen=True, eq=False)
class _Site:
    """A skeleton in the making, and what its triples and paths are judged to be."""

    tester: Tester
    policy: Policy
    found: Skeleton
    known: Resolved
    rule: str
    pruner: Pruner | None
    verdicts: dict[Triple, Verdict] = field(default_factory=dict)

    def marking(self) -> Marking:
        """Put knowledge and colliders on the skeleton; other ends are circles."""
        work = Marking(np.where(self.found.adjacency, Mark.CIRCLE, Mark.NONE).astype(np.uint8))
        work.put_together(self._known_marks())
        work.votes = self.put_colliders(work)
        return work

    def _known_marks(self) -> Iterator[Step]:
        for i, j in true_cells(self.found.adjacency).tolist():
            if self.known.forbidden[j, i]:
                yield Step(i, j, "knowledge", ())
            if self.known.required[i, j]:
                yield Step(j, i, "knowledge", (), "tail")

    def put_colliders(self, work: Marking) -> Votes | None:
        """Apply R0, but where knowledge has a tail at the middle; give the votes."""
        every, parted = unshielded(self.tester, self.policy, self.found)
        votes = self._learn(parted)
        verdicts = {triple: self.verdicts[triple] for triple in parted}
        settled = {t for t, verdict in verdicts.items() if verdict is not Verdict.AMBIGUOUS}
        work.ambiguous = set(every) - settled
        wanted = []
        colliders = [t for t, verdict in verdicts.items() if verdict is Verdict.COLLIDER]
        for x, y, z in sorted(colliders, key=by_middle):
            arrows = [Step(x, y, "collider", (z,)), Step(z, y, "collider", (x,))]
            wrong = [step for step in arrows if work.marks[step.tail, y] == Mark.TAIL]
            for step in wrong:
                work.refuse(step)
            wanted += [] if wrong else arrows
        work.put_together(wanted)
        return votes

    def _learn(self, triples: list[Triple]) -> Votes | None:
        """Judge the triples that were not judged before; see :data:`RULES`."""
        triples = [triple for triple in triples if triple not in self.verdicts]
        if self.rule == "first":
            verdicts = judge("first", triples, self.found, None)
            self.verdicts.update(zip(triples, verdicts, strict=True))
            return None
        votes = collect_votes(self.tester, self.found, triples, self.policy.max_cond)
        self.found.record.n_tests += votes.n_tests
        voted = judge(self.rule, votes.triples, self.found, votes)
        own = judge("first", votes.triples, self.found, None)
        rows = zip(votes.triples, voted, own, votes.separating.tolist(), strict=True)
        for triple, verdict, alone, total in rows:
            if total and self.pruner is not None and verdict is not alone:
                verdict = Verdict.AMBIGUOUS  # the lemmas speak of the own set
            self.verdicts[triple] = verdict if total else alone
        return votes

    def search_again(self, work: Marking, wide: bool | int, progress: bool | Progress) -> bool:
        """Search among possible-d-sep sets; tell whether edges went."""
        reached = possible_dsep_sets(work.marks, work.ambiguous)
        most = self.policy.max_cond if wide is True else min(wide, self.policy.max_cond)
        policy = replace(self.policy, max_cond=most)
        pools = beyond_neighbours(self.found, reached)
        return search_pools(self.tester, policy, self.found, pools, progress)

    def judge_path(self, path: Set) -> Verdict:
        """Say what a path t, ..., a, b, c that discriminates b makes of b."""
        x, z = sorted((path[0], path[-1]))
        parted = self.policy.start & self.tester.separates(self.found.record.log_p)
        if not parted[x, z] or (self.pruner is not None and self.pruner.prune_path(path)):
            return Verdict.AMBIGUOUS
        triple = (x, path[-2], z)
        self._learn([triple])
        return self.verdicts[triple]

    def follow(self, work: Marking) -> bool:
        """Take out the edges that were removed while paths were judged."""
        gone = (work.marks != Mark.NONE) & ~self.found.adjacency
        work.marks[gone] = Mark.NONE
        if gone.any():
            self.put_colliders(work)
        return bool(gone.any())
