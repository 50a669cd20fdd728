"""causal-learn's PC rebuilt from our parts, rule by rule and code by code.

Our search, tests and votes give the skeleton, its separating sets and every p-value. What is
particular to causal-learn 0.1.4 stands here: rule 2 ("definite"), the order in which triples are
taken, strengths from p-values that underflow to 0, and Meek's rules R1-R3 one arrow at a time
with a cycle check and without R4.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from causalsim.citest import ChiSquared, CITest, FisherZ, GSquared
from causalsim.data import read_table
from causalsim.discovery._orientation import by_middle
from causalsim.discovery._search import search
from causalsim.discovery._skeleton import Policy, Skeleton, Tester
from causalsim.discovery._votes import Votes, collect_votes
from causalsim.errors import OptionError
from causalsim.graph.io import to_causal_learn
from causalsim.graph.kinds import CPDAG
from causalsim.graph.marks import Mark
from causalsim.graph.pdag import PDAG, Triple

__all__ = ["causal_learn_pc"]

_TESTS: dict[str, tuple[CITest, str]] = {
    "fisherz": (FisherZ(), "continuous"),
    "chisq": (ChiSquared(), "discrete"),
    "gsq": (GSquared(), "discrete"),
}
Kite = tuple[int, int, int, int]
_DEFAULT_PRIORITY = {0: 3, 1: 3, 2: 4}
_POLICIES = {0: "overwrite", 1: "bidirect", 2: "keep", 3: "keep", 4: "keep"}


class _Call(NamedTuple):
    """What rule and priority make of the triples."""

    colliders: list[Triple]
    non_colliders: list[Triple]


def causal_learn_pc(
    data: object,
    test: str = "fisherz",
    alpha: float = 0.05,
    uc_rule: int = 0,
    uc_priority: int = 2,
    *,
    max_k: int | None = None,
) -> NDArray[np.int64]:
    """Run PC as causal-learn 0.1.4 does and give its matrix.

    Parameters
    ----------
    data : DataFrame, array or path
    test : {"fisherz", "chisq", "gsq"}
    alpha : float
    uc_rule : {0, 1, 2}
        0 union of sepsets, 1 max p, 2 definite max p.
    uc_priority : {-1, 0, 1, 2, 3, 4}
        0 overwrite, 1 bidirected, 2 existing, 3 stronger, 4 stronger*; -1 is the rule's default
        (3, 3, 4).
    max_k : int, optional
        Largest conditioning set.

    Returns
    -------
    array of int, shape (p, p)
        ``matrix[i, j]`` is the mark *at i*: -1 tail, 1 arrow, 0 no edge.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x, y, e = rng.normal(size=(3, 500))
    >>> causal_learn_pc(np.column_stack([x, y, x + y + e]))
    array([[ 0,  0, -1],
           [ 0,  0, -1],
           [ 1,  1,  0]])
    """
    if test not in _TESTS:
        raise OptionError.from_choice("test", test, _TESTS)
    if uc_rule not in _DEFAULT_PRIORITY:
        raise OptionError(f"uc_rule={uc_rule!r}: expected 0, 1 or 2.")
    priority = _DEFAULT_PRIORITY[uc_rule] if uc_priority == -1 else uc_priority
    if priority not in _POLICIES or (uc_rule == 2 and priority < 2):
        raise OptionError(f"uc_priority={uc_priority!r} does not go with uc_rule={uc_rule}.")
    spec, kinds = _TESTS[test]
    bound = spec(read_table(data, kinds=kinds, degenerate="keep"))
    p = len(bound.names)
    start, fixed = ~np.eye(p, dtype=bool), np.zeros((p, p), bool)
    policy = Policy(start, fixed, p if max_k is None else max_k, every=True)
    tester = Tester(bound, alpha)
    found = search(tester, policy)
    triples = sorted(PDAG(found.neighbours()).unshielded(), key=by_middle)
    votes = collect_votes(tester, found, triples, p) if uc_rule or priority > 2 else None
    called = _call(uc_rule, priority, triples, found, votes, test)
    work = _Work(PDAG(found.neighbours()))
    done = [t for t in called.colliders if _collide(work, t, _POLICIES[priority])]
    if uc_rule == 2:
        order = _edge_order(work.state)
        kites = _definite_kites(_kites(work.state, order), done, called.non_colliders)
        both_ways = [t for x, y, z in called.non_colliders for t in ((x, y, z), (z, y, x))]
        _meek(work, both_ways, order, kites, definite=True)
    order = _edge_order(work.state)
    _meek(work, _unshielded(work.state, order), order, _kites(work.state, order))
    return to_causal_learn(CPDAG(bound.names, work.state.to_marks()))


class _Work:
    """A graph with causal-learn's table of ancestors, kept the way causal-learn keeps it.

    ``ahead[j, i]`` tells whether i is known to lead to j. A new arrow i --> j passes on what
    leads to i, and what j leads to, but not the pairs of both: the table misses some paths.
    """

    def __init__(self, state: PDAG) -> None:
        self.state = state
        self.ahead = np.eye(len(state.adjacent), dtype=bool)

    def orient(self, tail: int, head: int) -> None:
        """Set an arrow; an edge that was directed is taken out first."""
        directed = tail in self.state.children[head] or head in self.state.children[tail]
        if directed:
            self.state.detach(tail, head)
            self.rebuild()
        self.state.orient(tail, head)
        self._add(tail, head)

    def rebuild(self) -> None:
        """Make the table anew from the directed edges, the last first."""
        self.ahead = np.eye(len(self.ahead), dtype=bool)
        for tail, head in sorted(self.state.arrows(), key=sorted, reverse=True):
            self._add(tail, head)

    def _add(self, tail: int, head: int) -> None:
        before, after = self.ahead[tail].copy(), self.ahead[:, head].copy()
        self.ahead[head] |= before
        self.ahead[:, tail] |= after


def _collide(work: _Work, triple: Triple, policy: str) -> bool:
    """Orient one collider; tell whether the policy allowed it."""
    x, y, z = triple
    if policy == "keep" and {x, z} & work.state.children[y]:
        return False
    for end in (x, z):
        if policy == "bidirect" and end in work.state.children[y]:
            work.state.dispute(end, y, Mark.ARROW)
            work.rebuild()
        elif policy != "bidirect" or end in work.state.undirected[y]:
            work.orient(end, y)
    return True


def _as_p(log_p: NDArray[np.float64], test: str) -> NDArray[np.float64]:
    """Give p as causal-learn computes it: Fisher-Z by 2 (1 - cdf), which rounds to 2^-52."""
    p = np.exp(log_p)
    return np.round(p * 2.0**52) / 2.0**52 if test == "fisherz" else p


def _call(
    rule: int,
    priority: int,
    triples: list[Triple],
    found: Skeleton,
    votes: Votes | None,
    test: str,
) -> _Call:
    """Apply a collider rule and put the colliders into the order of the priority."""
    by_sepset = [t for t in triples if t[1] not in found.sepset(t[0], t[2])]
    if votes is None:
        return _Call(by_sepset, [])
    within = dict(zip(votes.triples, _as_p(votes.best_in, test).tolist(), strict=True))
    without = dict(zip(votes.triples, _as_p(votes.best_out, test).tolist(), strict=True))
    holding = dict(zip(votes.triples, votes.containing.tolist(), strict=True))
    total = dict(zip(votes.triples, votes.separating.tolist(), strict=True))
    others: list[Triple] = []
    if rule == 0:
        colliders = by_sepset
    elif rule == 1:
        colliders = [t for t in triples if without[t] > within[t]]
    else:
        colliders = [t for t in triples if not holding[t] and (total[t] or without[t] > within[t])]
        others = [t for t in triples if total[t] == holding[t] and t not in set(colliders)]
    if priority == 3:
        colliders = sorted(colliders, key=within.__getitem__)
    elif priority == 4:
        colliders = sorted(colliders, key=without.__getitem__, reverse=True)
    return _Call(colliders, others)


def _edge_order(state: PDAG) -> list[tuple[int, int]]:
    """Give all joined (i, j), by j, those with a tail at j first: the order of causal-learn."""
    joined = [(i, j) for j, around in enumerate(state.adjacent) for i in sorted(around)]
    tail = [(i, j) for i, j in joined if i in state.undirected[j] or i in state.children[j]]
    seen = set(tail)
    return tail + [pair for pair in joined if pair not in seen]


def _steps(order: list[tuple[int, int]]) -> Iterator[Triple]:
    """Give all i, j, k with i - j and j - k joined and i not k, in the given order of edges."""
    onward: dict[int, list[int]] = {}
    for i, j in order:
        onward.setdefault(i, []).append(j)
    for i, j in order:
        yield from ((i, j, k) for k in onward[j] if k != i)


def _unshielded(state: PDAG, order: list[tuple[int, int]]) -> list[Triple]:
    return [(i, j, k) for i, j, k in _steps(order) if k not in state.adjacent[i]]


def _triangles(state: PDAG, order: list[tuple[int, int]]) -> list[Triple]:
    return [(i, j, k) for i, j, k in _steps(order) if k in state.adjacent[i]]


def _kites(state: PDAG, order: list[tuple[int, int]]) -> list[Kite]:
    """Give (i, j, k, l): triangles i j l and i k l with j < k not joined."""
    found = []
    ends: dict[tuple[int, int], list[int]] = {}
    triangles = _triangles(state, order)
    for i, j, last in triangles:
        ends.setdefault((i, last), []).append(j)
    for i, j, last in triangles:
        others = ends[i, last]
        found += [(i, j, k, last) for k in others if j < k and k not in state.adjacent[j]]
    return found


def _definite_kites(
    kites: list[Kite], colliders: list[Triple], non_colliders: list[Triple]
) -> list[Kite]:
    into, through = set(colliders), set(non_colliders)
    return [(i, j, k, m) for i, j, k, m in kites if (j, m, k) in into and (j, i, k) in through]


def _meek(
    work: _Work,
    triples: list[Triple],
    order: list[tuple[int, int]],
    kites: list[Kite],
    definite: bool = False,
) -> None:
    """Apply R1 over ``triples``, R2, and R3 over ``kites``, one arrow at a time, to closure.

    ``definite`` kites are known to be of the pattern of R3, whatever their marks are now.
    """
    state = work.state
    triangles = _triangles(state, order)
    changed = True
    while changed:
        changed = False
        for i, j, k in triples:  # R1
            if j in state.children[i]:
                changed |= _arrow(work, j, k)
        for i, j, k in triangles:  # R2
            if j in state.children[i] and k in state.children[j]:
                changed |= _arrow(work, i, k)
        for i, j, k, last in kites:  # R3
            spread = {j, k} <= state.undirected[i] and {j, k} <= state.parents[last]
            if definite or spread:
                changed |= _arrow(work, i, last)


def _arrow(work: _Work, tail: int, head: int) -> bool:
    """Orient an undirected edge unless the table says that a cycle would close."""
    if head not in work.state.undirected[tail] or work.ahead[tail, head]:
        return False
    work.orient(tail, head)
    return True
