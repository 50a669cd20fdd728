"""The search in exchangeable data: ask, peel sinks off, join the layers.

X_{i;s} is variable i in row s of an environment. Variable i is a sink of a set R if
X_{i;1} _||_ X_{k;2} | {X_{m;1} : m in R, m != i} for each other k in R; see
:mod:`._exchangeable`. Knowledge narrows down who can be a sink; see :mod:`._exchangeable_order`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar, final

import numpy as np

from causalsim._parallel import Lasting, Progress, parallel_map
from causalsim.discovery._environment_test import EnvironmentTest, Question
from causalsim.discovery._exchangeable_order import Order
from causalsim.discovery._exchangeable_result import Decision
from causalsim.errors import InterruptedRunError

__all__ = ["Peeling", "Search", "join", "peel", "separator"]

Edge = tuple[int, int]
Node = TypeVar("Node", int, str)


@final
@dataclass(frozen=True, eq=False)
class Search:
    """Asks questions, each once, and keeps the answers."""

    tester: EnvironmentTest
    names: tuple[str, ...]
    order: Order
    level: float
    n_jobs: int
    report: Progress
    answers: dict[Question, float] = field(default_factory=dict)

    def ask(self, questions: Sequence[Question], message: str) -> list[float]:
        """Give the log p-value of each question."""
        new = [q for q in dict.fromkeys(questions) if q not in self.answers]
        lasting = Lasting(self.tester)
        tasks = [(lasting, question) for question in new]
        try:
            found = parallel_map(
                _answer, tasks, n_jobs=self.n_jobs, progress=self.report, message=message
            )
        except InterruptedRunError as error:
            done: list[float] = error.partial if isinstance(error.partial, list) else []
            self.answers.update(zip(new, done, strict=False))
            raise InterruptedRunError(self._so_far(), self.decisions()) from error
        self.answers.update(zip(new, found, strict=True))
        return [self.answers[question] for question in questions]

    def _so_far(self) -> str:
        count = len(self.answers)
        at = f"after {count} test{'s' * (count > 1)}" if count else "before the first test"
        return f"interrupted {at}; error.partial holds the decisions so far, and no graph."

    def within(self, i: int, k: int, given: Iterable[int]) -> Question:
        """Ask whether i and k of one row depend on each other given a set."""
        x, y = self.ordered((i, k))
        return Question(x, y, self.ordered(given), across=False)

    def across(self, rest: frozenset[int], k: int, i: int) -> Question:
        """Ask whether k in another row says something of i beyond the rest of its row."""
        return Question(k, i, self.ordered(rest - {i}), across=True)

    def ordered(self, members: Iterable[int]) -> tuple[int, ...]:
        """Sort columns by name, so that their order in the table does not matter."""
        return tuple(sorted(members, key=lambda column: self.names[column]))

    def dependent(self, pairs: Sequence[tuple[int, int, frozenset[int]]]) -> list[bool]:
        """Tell which pairs depend on each other within a row, given a set."""
        questions = [self.within(*pair) for pair in pairs]
        return [log_p <= self.level for log_p in self.ask(questions, "edges")]

    def decisions(self) -> tuple[Decision, ...]:
        """Give the answers by name."""
        named = self.names
        return tuple(
            Decision(
                "sink" if q.across else "edge",
                named[q.x],
                named[q.y],
                tuple(named[g] for g in q.given),
                log_p,
                rejected=log_p <= self.level,
            )
            for q, log_p in self.answers.items()
        )


def _answer(tester: Lasting[EnvironmentTest], question: Question) -> float:
    return tester.kept().log_p(question)


@final
@dataclass(eq=False)
class Peeling:
    """Layers from sinks to causes, edges whose direction is clear, a set without a sink.

    ``guessed``: sinks that depend on each other were put in an order. ``lost``: no sink passed,
    so that nothing is clear from there on; this refutes the assumption unless guesses led there.
    """

    layers: list[frozenset[int]] = field(default_factory=list)
    clear: set[Edge] = field(default_factory=set)
    refuted: frozenset[int] = frozenset()
    guessed: bool = False
    lost: bool = False


def peel(search: Search) -> Peeling:
    """Take sinks off, layer by layer; sinks by knowledge are not tested."""
    found, rest = Peeling(), frozenset(range(len(search.names)))
    while rest:
        layer = search.order.sinks(rest) or _tested(search, rest, found)
        if not found.lost:
            found.clear |= _clear(search, rest, layer)
        found.layers.append(layer)
        rest -= layer
    return found


def _tested(search: Search, rest: frozenset[int], found: Peeling) -> frozenset[int]:
    """Give the next layer by tests; note in ``found`` what speaks against it."""
    log_p = _sinks(search, rest)
    best = sorted(log_p, key=lambda i: (-log_p[i], search.names[i]))
    passed = [i for i in best if log_p[i] > search.level]
    if not passed and not found.lost:
        found.lost = True
        found.refuted = frozenset() if found.guessed else rest
    layer, guessed = _layer(search, rest, passed or best[:1])
    found.guessed |= guessed
    return layer


def _sinks(search: Search, rest: frozenset[int]) -> dict[int, float]:
    """Give for each candidate the log p-value of being a sink, by Bonferroni.

    Its own row counts too where knowledge would leave an edge no other direction.
    """
    questions = {
        i: [search.across(rest, k, i) for k in search.ordered(rest - {i})]
        + [
            search.within(i, k, rest - {i, k})
            for k in search.ordered(rest - {i})
            if search.order.one_way(i, k)
        ]
        for i in search.ordered(search.order.candidates(rest))
    }
    search.ask([q for asked in questions.values() for q in asked], "sinks")
    return {
        i: min(0.0, min(search.answers[q] for q in asked) + float(np.log(len(asked))))
        for i, asked in questions.items()
    }


def _layer(
    search: Search, rest: frozenset[int], passed: Collection[int]
) -> tuple[frozenset[int], bool]:
    """Keep those sinks, the best first, that are not joined; tell whether others might be first.

    An effect by knowledge goes before its cause.
    """
    layer: list[int] = []
    waiting, above, guessed = list(passed), rest - set(passed), False
    while waiting:
        last = [i for i in waiting if not any(search.order.one_way(i, k) for k in waiting)]
        i = (last or waiting)[0]
        waiting.remove(i)
        joined = _joined(search, i, layer, above)
        guessed |= any(search.order.allowed[k, i] for k in joined)
        if not joined:
            layer.append(i)
    return frozenset(layer), guessed


def _joined(search: Search, i: int, layer: Sequence[int], above: frozenset[int]) -> list[int]:
    """Give the members of a layer that i is joined to."""
    fixed = [k for k in layer if search.order.fixed[i, k]]
    if fixed:
        return fixed
    asked = [k for k in layer if not search.order.apart(i, k)]
    found = search.dependent([(i, k, above) for k in asked])
    return [k for k, keep in zip(asked, found, strict=True) if keep]


def _clear(search: Search, rest: frozenset[int], layer: frozenset[int]) -> set[Edge]:
    """Give the edges j --> i into sinks whose opposite is rejected, or cannot be."""
    order = search.order
    pairs = [(j, i) for i in layer for j in rest - layer if order.open(i, j)]
    answers = search.ask([search.across(rest, i, j) for j, i in pairs], "sinks")
    return {pair for pair, log_p in zip(pairs, answers, strict=True) if log_p <= search.level}


def join(search: Search, layers: Sequence[frozenset[int]]) -> list[Edge]:
    """Find the edges between layers, the nearest first; give (cause, effect)."""
    order = search.order
    edges: list[Edge] = []
    for distance in range(1, len(layers)):
        pairs = [
            (j, k)
            for n in range(distance, len(layers))
            for j in layers[n]
            for k in layers[n - distance]
            if order.allowed[j, k]
        ]
        asked = [pair for pair in pairs if not order.fixed[pair]]
        kept = search.dependent([(j, k, separator(edges, layers, j, k)) for j, k in asked])
        edges += [pair for pair in pairs if order.fixed[pair]]
        edges += [pair for pair, keep in zip(asked, kept, strict=True) if keep]
    return sorted(edges)


def separator(
    edges: Collection[tuple[Node, Node]], layers: Sequence[frozenset[Node]], j: Node, k: Node
) -> frozenset[Node]:
    """Give what separates j from k, of a layer nearer the sinks, unless they are joined.

    All causes of k are in it, and no effect. The paper takes only those members of the layer of
    j that share a child with j among the causes of k; others may open j through an effect of
    such a child (A --> C <-- B --> F, C --> E --> F: E opens A and F unless B is given).
    """
    n = next(n for n, layer in enumerate(layers) if j in layer)
    above: frozenset[Node] = frozenset().union(*layers[n + 1 :])
    between = {u for u, v in edges if v == k} - above - layers[n]
    return above | between | (layers[n] - {j} if between else frozenset())
