"""Zhang's rules: which circles of a partial ancestral graph follow from its other marks.

Marks are claims. In ``X *-> Y`` the arrow says that Y is no cause of X (nor of selection), in
``X --* Y`` the tail says that X is a cause of Y (or of selection); a circle leaves it open. The
star stands for any mark. Rules R1 to R10 are those of [Zhang2008]_, in his letters and order:

===  ===============================================================  ========================
R1   a *-> b o-* c, a and c not joined                                b --> c
R2   a --> b *-> c or a *-> b --> c, and a *-o c                      a *-> c
R3   a *-> b <-* c, a *-o d o-* c, a and c not joined, d *-o b        d *-> b
R4   a path t, ..., a, b, c that discriminates b, and b o-* c         b --> c or a <-> b <-> c
R5   a o-o b, closed to an uncovered circle by a path of ``o-o``      all of it ``---``
R6   a --- b o-* c                                                    b --* c
R7   a --o b o-* c, a and c not joined                                b --* c
R8   a --> b --> c or a --o b --> c, and a o-> c                      a --> c
R9   a o-> c, an uncovered possibly directed path a, b, ..., c        a --> c
R10  a o-> c, such paths from a by m and by w to parents of c         a --> c
===  ===============================================================  ========================

R5 to R7 answer selection: without it they find nothing to do. Together the rules are sound and
complete. On finite data they can disagree, since a test may err; then a mark that is set stays,
and an end that rules want both ways at once, or that would close a directed cycle, stays a
circle. A round looks all rules of a stage up together and applies them together, so that the
order of nodes plays no part.

References
----------
.. [Zhang2008] Zhang, On the completeness of orientation rules for causal discovery in the
   presence of latent confounders and selection bias, Artificial Intelligence 172 (2008).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator
from itertools import combinations, pairwise

from causalsim.discovery._colliders import Verdict
from causalsim.discovery._orientation import Step
from causalsim.discovery._pag_marks import Judge, Marking, Path, Pattern, Sets

__all__ = ["close"]


def close(work: Marking, judge: Judge, follow: Callable[[], bool] = lambda: False) -> None:
    """Apply the rules until none finds an open circle; earlier stages go first.

    Parameters
    ----------
    work : Marking
    judge : callable(path) -> Verdict
        Asked about paths t, ..., a, b, c that discriminate b.
    follow : callable() -> bool
        Called after each round of questions: takes out of ``work`` the edges that ``judge``
        removed, and tells whether there were any.

    Examples
    --------
    >>> import numpy as np
    >>> marks = np.array([[0, 2, 0, 0], [1, 0, 1, 1], [0, 2, 0, 0], [0, 1, 0, 0]], np.uint8)
    >>> marks[2, 1] = 2  # X0 *-> X1 <-* X2 and X1 o-o X3
    >>> work = Marking(marks)
    >>> close(work, lambda path: Verdict.AMBIGUOUS)
    >>> [(step.rule, step.tail, step.head, step.mark) for step in work.steps]
    [('R1', 3, 1, 'tail'), ('R1', 1, 3, 'arrow')]
    """
    steps = _next_round(work, judge)
    while follow() or steps:
        work.put_together(steps)
        steps = _next_round(work, judge)


def _next_round(work: Marking, judge: Judge) -> list[Step]:
    """Give what the first stage wants that can still set a mark."""
    now = Pattern(work.marks.copy(), work.ambiguous, judge)
    for stage in STAGES:
        steps = [step for rule in stage for step in rule(now)]
        if any(map(work.is_open, steps)):
            return steps
    return []


# -- the rules: each gives steps, some of which may be taken already ----------------------------


def _directed(tail: int, head: int, rule: str, because: tuple[int, ...]) -> tuple[Step, Step]:
    return Step(head, tail, rule, because, "tail"), Step(tail, head, rule, because)


def _rule_1(g: Pattern) -> Iterator[Step]:
    for b, around in enumerate(g.circles):
        for c in sorted(around):
            a = next((a for a in sorted(g.arrows[b]) if g.passes(a, b, c)), None)
            if a is not None:
                yield from _directed(b, c, "R1", (a,))


def _rule_2(g: Pattern) -> Iterator[Step]:
    for c, around in enumerate(g.circles):
        for a in sorted(around):
            for b in sorted(g.arrows[c]):
                if a in g.arrows[b] and (a in g.parents[b] or b in g.parents[c]):
                    yield Step(a, c, "R2", (b,))


def _rule_3(g: Pattern) -> Iterator[Step]:
    for b, around in enumerate(g.circles):
        for d in sorted(around):
            for a, c in combinations(sorted(g.arrows[b] & g.circles[d]), 2):
                if g.passes(a, d, c):
                    yield Step(d, b, "R3", (a, c))


def _rule_4(g: Pattern) -> Iterator[Step]:
    for b, around in enumerate(g.circles):
        for c in sorted(around):
            for path in _discriminating(g, b, c):
                yield from _judged(path, g.judge(path))


def _judged(path: Path, verdict: Verdict) -> Iterator[Step]:
    """Say what R4 makes of a path t, ..., a, b, c."""
    a, b, c = path[-3:]
    if verdict is Verdict.NON_COLLIDER:
        yield from _directed(b, c, "R4", path[:-2])
    elif verdict is Verdict.COLLIDER:
        yield Step(a, b, "R4", (*path[:-3], c))
        yield Step(c, b, "R4", path[:-2])
        yield Step(b, c, "R4", path[:-2])


def _discriminating(g: Pattern, b: int, c: int) -> Iterator[Path]:
    """Give a shortest path t, ..., a, b, c for each t and a, inner nodes colliders, parents of c.

    The ends t and c are not joined.
    """
    for a in sorted(g.parents[c]):
        if b not in g.arrows[a]:
            continue
        seen, queue = {a, b, c}, deque[Path]([(a, b, c)])
        while queue:
            path = queue.popleft()
            for t in sorted(g.arrows[path[0]] - seen):
                seen.add(t)
                if t not in g.adjacent[c]:
                    yield (t, *path)
                elif t in g.parents[c] and path[0] in g.arrows[t]:
                    queue.append((t, *path))


def _rule_5(g: Pattern) -> Iterator[Step]:
    for b, around in enumerate(g.on_circles):
        for a in sorted(around):
            if a > b:
                closing = {(t, b) for t in around if g.passes(t, b, a)}
                path = _uncovered(g, g.on_circles, (b, a), closing)
                for i, j in pairwise(path):
                    yield Step(i, j, "R5", path[:-1], "tail")
                    yield Step(j, i, "R5", path[:-1], "tail")


def _rule_6(g: Pattern) -> Iterator[Step]:
    for b, around in enumerate(g.circles):
        line = next((a for a in sorted(g.tails[b]) if b in g.tails[a]), None)
        if line is not None:
            for c in sorted(around):
                yield Step(c, b, "R6", (line,), "tail")


def _rule_7(g: Pattern) -> Iterator[Step]:
    for b, around in enumerate(g.circles):
        starts = [a for a in sorted(around) if b in g.tails[a]]
        for c in sorted(around):
            a = next((a for a in starts if g.passes(a, b, c)), None)
            if a is not None:
                yield Step(c, b, "R7", (a,), "tail")


def _half_open(g: Pattern) -> Iterator[tuple[int, int]]:
    """Give all (a, c) with ``a o-> c``."""
    for a, around in enumerate(g.circles):
        for c in sorted(around):
            if a in g.arrows[c]:
                yield a, c


def _rule_8(g: Pattern) -> Iterator[Step]:
    for a, c in _half_open(g):
        for b in sorted(g.parents[c]):
            if b in g.tails[a] and a not in g.tails[b]:
                yield Step(c, a, "R8", (b,), "tail")


def _rule_9(g: Pattern) -> Iterator[Step]:
    for a, c in _half_open(g):
        path = _uncovered(g, g.ahead, (c, a), {(t, c) for t in g.adjacent[c]})
        if path:
            yield Step(c, a, "R9", path[2:-1], "tail")


def _rule_10(g: Pattern) -> Iterator[Step]:
    for a, c in _half_open(g):
        into = g.parents[c]
        last = {(t, v) for v in into for t in g.adjacent[v]}
        starts = [
            m
            for m in sorted(g.ahead[a] - {c})
            if m in into or _uncovered(g, g.ahead, (a, m), last)
        ]
        for m, w in combinations(starts, 2):
            if g.passes(m, a, w):
                yield Step(c, a, "R10", (m, w), "tail")


def _uncovered(
    g: Pattern, ahead: Sets, start: tuple[int, int], ends: Collection[tuple[int, int]]
) -> Path:
    """Continue ``start`` along ``ahead`` by unshielded triples to one of the pairs ``ends``.

    No node comes twice, but that the last may be the first. An empty path, if there is none.
    """
    if not _walks(g, ahead, start).intersection(ends):
        return ()
    stack: list[Path] = [start]
    while stack:
        path = stack.pop()
        for node in sorted(ahead[path[-1]], reverse=True):
            if g.passes(path[-2], path[-1], node):
                if (path[-1], node) in ends:
                    return (*path, node)
                if node not in path:
                    stack.append((*path, node))
    return ()


def _walks(g: Pattern, ahead: Sets, start: tuple[int, int]) -> set[tuple[int, int]]:
    """Give the pairs that uncovered walks reach; far fewer than there are paths."""
    seen, queue = {start}, [start]
    while queue:
        a, b = queue.pop()
        fresh = {(b, c) for c in ahead[b] if g.passes(a, b, c)} - seen
        seen |= fresh
        queue.extend(fresh)
    return seen


STAGES = (
    (_rule_1, _rule_2, _rule_3, _rule_4),
    (_rule_5,),
    (_rule_6, _rule_7),
    (_rule_8, _rule_9, _rule_10),
)
