"""From a skeleton and verdicts to arrows, with a log that ``explain`` reads.

Order of work: knowledge, then colliders that knowledge allows, then Meek's rules R1-R4. What
happens when two colliders want opposite arrows on one edge is the conflict policy:

==========  ================================================================================
policy      an edge wanted in both directions
==========  ================================================================================
mark        gets ``x-x``; all colliders, then each round of Meek arrows, count together, and
            those of them that close a directed cycle get ``x-x`` too: independent of any order
overwrite   the later collider wins
bidirect    becomes ``<->``
keep        the earlier collider wins, both its arrows or none
strength    as keep, from the smallest max p(x, z | S with y) up
==========  ================================================================================

The four last policies go by triples (x, y, z) in the order of y, then x, then z. They refuse a
Meek arrow that would close a cycle, and log it. Required arrows are never changed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, final

import numpy as np

from causalsim.discovery._colliders import Verdict, judge
from causalsim.discovery._knowledge import Resolved
from causalsim.discovery._skeleton import Policy, Skeleton, Tester
from causalsim.discovery._votes import Votes, collect_votes
from causalsim.graph.marks import Mark
from causalsim.graph.pdag import PDAG, Arrow, Triple, arrows_on_cycles, meek_rounds

__all__ = [
    "POLICIES",
    "Orientation",
    "Step",
    "by_middle",
    "leads_to",
    "mark_cycles",
    "one_by_one",
    "one_collider",
    "orient",
    "orient_by_knowledge",
    "orient_skeleton",
]

POLICIES = ("mark", "overwrite", "bidirect", "keep", "strength")


class Step(NamedTuple):
    """One entry of the log, in variable numbers.

    ``rule`` is knowledge, collider, R1 to R4, or for edges that were not oriented: conflict,
    cycle, refused. ``because`` holds the other nodes of the pattern. ``mark`` is what the step
    put at ``head``: an arrow, or in a PAG also a tail.
    """

    tail: int
    head: int
    rule: str
    because: tuple[int, ...]
    mark: Literal["arrow", "tail"] = "arrow"


@final
@dataclass(eq=False)
class Orientation:
    """The state of orientation and its log."""

    state: PDAG
    ambiguous: Collection[Triple] = ()
    votes: Votes | None = None
    steps: list[Step] = field(default_factory=list)
    known: set[tuple[int, int]] = field(default_factory=set)
    fixed: set[tuple[int, int]] = field(default_factory=set)

    def apply(self, arrow: Arrow | Step) -> None:
        """Orient an edge and log it."""
        self.state.orient(arrow.tail, arrow.head)
        self.steps.append(Step(*arrow))

    def dispute(self, step: Step, mark: Mark = Mark.CONFLICT) -> None:
        """Mark an edge as disputed and log it."""
        self.state.dispute(step.tail, step.head, mark)
        self.steps.append(step)


def orient(
    found: Collection[Collection[int]],
    colliders: list[Triple],
    ambiguous: Collection[Triple],
    knowledge: Resolved,
    conflict: str,
) -> Orientation:
    """Orient a skeleton.

    Parameters
    ----------
    found : sets of neighbours of each node
    colliders : list of (x, y, z), in the order in which sequential policies take them
    ambiguous : triples that no rule may lean on
    knowledge : Resolved
    conflict : str
        One of :data:`POLICIES`.
    """
    work = orient_by_knowledge(found, ambiguous, knowledge)
    allowed = _allowed_colliders(work, colliders, knowledge)
    if conflict == "mark":
        mark_cycles(work, work.known - work.fixed)
        _mark_together(work, [arrow for triple in allowed for arrow in _arrows(triple)])
        for arrows in meek_rounds(work.state, ambiguous):
            _mark_together(work, arrows)
    else:
        for triple in allowed:
            one_collider(work, triple, conflict)
        for arrows in meek_rounds(work.state, ambiguous):
            one_by_one(work, arrows)
    return work


def orient_skeleton(
    tester: Tester, found: Skeleton, policy: Policy, knowledge: Resolved, rules: tuple[str, str]
) -> Orientation:
    """Find the colliders of a skeleton and orient it.

    Parameters
    ----------
    tester, found, policy
        As in the search.
    knowledge : Resolved
    rules : (str, str)
        Collider rule and conflict policy.
    """
    rule, conflict = rules
    around = found.neighbours()
    may_hold = policy.subsets.may_hold
    every = [(x, y, z) for x, y, z in PDAG(around).unshielded() if may_hold(y, (x, z))]
    parted = policy.start & tester.separates(found.record.log_p)
    triples = [(x, y, z) for x, y, z in every if parted[x, z]]
    votes = None
    if rule not in ("first", "union") or conflict == "strength":
        votes = collect_votes(tester, found, triples, policy.max_cond, policy.subsets)
        found.record.n_tests += votes.n_tests
        triples = votes.triples
    verdicts = dict(zip(triples, judge(rule, triples, found, votes), strict=True))
    colliders = [t for t, verdict in verdicts.items() if verdict is Verdict.COLLIDER]
    colliders.sort(key=by_middle)
    if conflict == "strength" and votes is not None:
        strength = dict(zip(votes.triples, votes.best_in.tolist(), strict=True))
        colliders.sort(key=strength.__getitem__)
    settled = {t for t, verdict in verdicts.items() if verdict is not Verdict.AMBIGUOUS}
    work = orient(around, colliders, frozenset(every) - settled, knowledge, conflict)
    work.votes = votes
    return work


def by_middle(triple: Triple) -> Triple:
    """Order triples by (y, x, z), as causal-learn does."""
    x, y, z = triple
    return y, x, z


def _arrows(triple: Triple) -> tuple[Arrow, Arrow]:
    x, y, z = triple
    return Arrow(x, y, "collider", (z,)), Arrow(z, y, "collider", (x,))


def orient_by_knowledge(
    found: Collection[Collection[int]], ambiguous: Collection[Triple], knowledge: Resolved
) -> Orientation:
    """Put only the arrows of knowledge on a skeleton; see :func:`orient`."""
    work = Orientation(PDAG(found), ambiguous)
    p = len(work.state.adjacent)
    there = np.zeros((p, p), bool)
    for i, around in enumerate(work.state.adjacent):
        there[i, list(around)] = True
    for tail, head in knowledge.arrows(there):
        work.apply(Step(tail, head, "knowledge", ()))
        work.known.add((tail, head))
        if knowledge.fixed[tail, head]:
            work.fixed.add((tail, head))
    return work


def _allowed_colliders(
    work: Orientation, colliders: list[Triple], knowledge: Resolved
) -> list[Triple]:
    """Drop, and log, the colliders that knowledge rules out."""
    allowed = []
    for x, y, z in colliders:
        wrong = [end for end in (x, z) if knowledge.forbidden[end, y]]
        if wrong:
            other = z if wrong[0] == x else x
            work.steps.append(Step(wrong[0], y, "refused", (other,)))
        else:
            allowed.append((x, y, z))
    return allowed


def _mark_together(work: Orientation, arrows: list[Arrow]) -> None:
    """Apply arrows that count at the same time; opposite ones, and cycles, make conflicts."""
    wanted: dict[tuple[int, int], list[Arrow]] = defaultdict(list)
    for arrow in arrows:
        wanted[arrow.tail, arrow.head].append(arrow)
    for (tail, head), reasons in wanted.items():
        if (head, tail) in wanted:
            if tail < head:
                both = {k for arrow in reasons + wanted[head, tail] for k in arrow.because}
                work.dispute(Step(tail, head, "conflict", tuple(sorted(both))))
            continue
        if (min(tail, head), max(tail, head)) in work.state.disputed:
            continue
        for arrow in reasons:
            work.apply(arrow)
    mark_cycles(work, wanted.keys() - work.known)


def mark_cycles(work: Orientation, fresh: AbstractSet[tuple[int, int]]) -> None:
    """Dispute the fresh arrows on cycles; earlier arrows stand, so that none loses its premise."""
    for tail, head in arrows_on_cycles(work.state):
        if (tail, head) in fresh:
            work.dispute(Step(tail, head, "cycle", ()))


def one_collider(work: Orientation, triple: Triple, conflict: str) -> bool:
    """Orient one collider by a sequential policy; tell whether that was possible."""
    x, y, z = triple
    state = work.state
    taken = [end for end in (x, z) if end in state.children[y]]
    if conflict in ("keep", "strength") and taken:
        other = z if taken[0] == x else x
        work.steps.append(Step(taken[0], y, "refused", (other,)))
        return False
    for arrow in _arrows(triple):
        if conflict == "bidirect" and arrow.tail in state.children[y]:
            work.dispute(Step(arrow.tail, y, "conflict", arrow.because), Mark.ARROW)
        elif conflict != "bidirect" or arrow.tail in state.undirected[y]:
            work.apply(arrow)
    return True


def one_by_one(work: Orientation, arrows: list[Arrow]) -> None:
    """Apply Meek arrows in turn, unless the edge is taken or a cycle would close."""
    for arrow in arrows:
        if arrow.head not in work.state.undirected[arrow.tail]:
            continue
        if leads_to(work.state, arrow.head, arrow.tail):
            work.steps.append(Step(arrow.tail, arrow.head, "refused", arrow.because))
        else:
            work.apply(arrow)


def leads_to(state: PDAG, start: int, goal: int) -> bool:
    """Tell whether a directed path runs from ``start`` to ``goal``."""
    seen, queue = {start}, [start]
    while queue:
        for node in state.children[queue.pop()] - seen:
            if node == goal:
                return True
            seen.add(node)
            queue.append(node)
    return False
