"""Causal structure of exchangeable data: many small environments with mechanisms of their own.

If mechanisms change between environments independently of each other, then a cause in one row
and its effect in another are independent given the cause in that other row, and not the other
way round [Guo2023]_. Sinks are found by this test and peeled off, layer by layer; then the edges
between layers are tested. Here no sink is taken, and no edge directed, that the tests do not
bear out: a set of variables without any sink refutes the assumption.

References
----------
.. [Guo2023] Guo, Toth, Schoelkopf & Huszar, Causal de Finetti: on the identification of invariant
   causal structure in exchangeable data, NeurIPS 2023, arXiv 2203.15756.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import final

import numpy as np

from causalsim._parallel import Lasting, Progress, check_n_jobs, check_progress, parallel_map
from causalsim._rng import RNG, check_rng
from causalsim.citest import CITest
from causalsim.discovery._environment_test import EnvironmentTest, Question, bind_environments
from causalsim.discovery._environments import read_environments
from causalsim.discovery._exchangeable_result import Decision, ExchangeableResult
from causalsim.discovery._result import provenance
from causalsim.errors import InterruptedRunError, OptionError
from causalsim.graph import CPDAG, DAG

__all__ = ["exchangeable"]

Edge = tuple[int, int]


def exchangeable(
    data: object,
    context: str,
    test: str | CITest | type[CITest] = "auto",
    *,
    alpha: float = 0.05,
    abstain: bool = True,
    kinds: Mapping[str, str] | str | None = None,
    n_jobs: int = 1,
    progress: bool | Progress = False,
    rng: RNG = None,
) -> ExchangeableResult:
    """Discover a DAG from many environments whose mechanisms change independently.

    Parameters
    ----------
    data : DataFrame, array, Table or path
        Rows are draws, grouped by ``context``; other columns are variables.
    context : str
        The column that says which rows were taken in one environment. Each environment counts
        as one draw and has at least two rows; their numbers may differ.
    test : str or CITest
        ``"auto"`` uses all rows of an environment at once. Any test of
        :func:`causalsim.citest.names` is put to tables with two rows of each environment.
    alpha : float
        A pair is called independent when p > alpha.
    abstain : bool
        Leave an edge undirected where both or neither of its directions pass. False takes the
        direction with the larger p instead.
    kinds : str or mapping of str to str, optional
        As in :func:`causalsim.data.read_table`.
    n_jobs : int
        Workers for the tests of a step; the result does not depend on it.
    progress : bool or callable(done, total, message)
        True writes to stderr.
    rng : int, Generator or None
        For tests that draw random numbers.

    Returns
    -------
    ExchangeableResult
        ``.graph`` is a DAG over the variables, or a CPDAG if an edge is left undirected;
        ``.layers`` from causes to sinks; ``.refuted``; ``.tests`` with the p-value of every
        decision.

    Raises
    ------
    DataError
        If there are fewer than 20 environments, one has a single row, or there are fewer than
        two variables.
    NameNotFoundError, OptionError
        If a name or an option is unknown.
    InterruptedRunError
        On Ctrl-C; ``.partial`` holds the decisions so far.

    Notes
    -----
    X_{i;s} is variable i in row s of an environment. Variable i is a sink of the set R if
    X_{i;1} _||_ X_{k;2} | {X_{m;1} : m in R, m != i} for each other k in R, at alpha over all k
    by Bonferroni. Of sinks that depend on each other the one with the larger p goes first. The
    edge j - k between layers is tested given all layers above that of j, the parents of k
    between the two, and those in the layer of j that share such a parent as a child. Neither
    the order of columns nor that of rows changes the result.

    The tests rest on mechanisms that change, and independently of each other. Changes that go
    together refute the assumption at best, and give a wrong direction at worst.

    Examples
    --------
    >>> import pandas as pd
    >>> rng = np.random.default_rng(0)
    >>> shift, scale = rng.normal(size=200).repeat(2), rng.exponential(size=200).repeat(2)
    >>> x = shift + rng.normal(size=400)
    >>> frame = pd.DataFrame({"X": x, "Y": scale * x, "place": np.arange(400) // 2})
    >>> found = exchangeable(frame, "place")
    >>> found.graph, found.layers
    (DAG.from_edges(['X --> Y']), (('X',), ('Y',)))
    """
    _check_options(context, alpha, abstain)
    check_rng(rng)
    environments = read_environments(data, context, kinds)
    names = environments.table.names
    search = _Search(
        bind_environments(test, environments),
        names,
        float(np.log(alpha)),
        check_n_jobs(n_jobs),
        check_progress(progress),
    )
    peeling = _peel(search)
    edges = _join(search, peeling.layers)
    directed = edges if not abstain else [edge for edge in edges if edge in peeling.clear]
    texts = [f"{names[j]} {'-->' if (j, k) in directed else '---'} {names[k]}" for j, k in edges]
    kind = DAG if len(directed) == len(edges) else CPDAG
    return ExchangeableResult(
        graph=kind.from_edges(texts, names),
        layers=tuple(_named(layer, names) for layer in reversed(peeling.layers)),
        refuted=_named(peeling.refuted, names),
        decisions=search.decisions(),
        context=context,
        test=search.tester.name,
        n_environments=len(environments.sizes),
        n=len(environments.table),
        options={
            "alpha": alpha,
            "abstain": abstain,
            "kinds": dict(kinds) if isinstance(kinds, Mapping) else kinds,
        },
        provenance=provenance(environments.table),
        notes=environments.table.notes,
    )


def _check_options(context: object, alpha: object, abstain: object) -> None:
    if not isinstance(context, str):
        raise OptionError(
            f"context={context!r}: expected the name of one column; join several columns into "
            "one that says which rows were taken together."
        )
    if isinstance(alpha, bool) or not isinstance(alpha, int | float) or not 0 < alpha < 1:
        raise OptionError(f"alpha={alpha!r}: expected a number between 0 and 1, such as 0.05.")
    if not isinstance(abstain, bool):
        raise OptionError(f"abstain={abstain!r}: expected True or False.")


def _named(members: Iterable[int], names: Sequence[str]) -> tuple[str, ...]:
    return tuple(names[i] for i in sorted(members))


@final
@dataclass(frozen=True, eq=False)
class _Search:
    """Asks questions, each once, and keeps the answers."""

    tester: EnvironmentTest
    names: tuple[str, ...]
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
            raise InterruptedRunError(
                f"interrupted after {len(self.answers)} tests; error.partial holds them.",
                self.decisions(),
            ) from error
        self.answers.update(zip(new, found, strict=True))
        return [self.answers[question] for question in questions]

    def dependent(self, pairs: Sequence[tuple[int, int, frozenset[int]]]) -> list[bool]:
        """Tell which pairs depend on each other within a row, given a set."""
        questions = []
        for i, k, given in pairs:
            x, y = sorted((i, k), key=lambda column: self.names[column])
            questions.append(Question(x, y, self.ordered(given), across=False))
        return [log_p <= self.level for log_p in self.ask(questions, "edges")]

    def ordered(self, members: Iterable[int]) -> tuple[int, ...]:
        """Sort columns by name, so that their order in the table does not matter."""
        return tuple(sorted(members, key=lambda column: self.names[column]))

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
class _Peeling:
    """Layers from sinks to causes, edges whose direction is clear, a set without a sink.

    ``guessed``: sinks that depend on each other were put in an order. ``lost``: no sink passed,
    so that nothing is clear from there on; this refutes the assumption unless guesses led there.
    """

    layers: list[frozenset[int]] = field(default_factory=list)
    clear: set[Edge] = field(default_factory=set)
    refuted: frozenset[int] = frozenset()
    guessed: bool = False
    lost: bool = False


def _peel(search: _Search) -> _Peeling:
    """Take sinks off, layer by layer."""
    found, rest = _Peeling(), frozenset(range(len(search.names)))
    while len(rest) > 1:
        log_p = _sinks(search, rest)
        best = sorted(rest, key=lambda i: (-log_p[i], search.names[i]))
        passed = [i for i in best if log_p[i] > search.level]
        if not passed and not found.lost:
            found.lost = True
            found.refuted = frozenset() if found.guessed else rest
        layer = _layer(search, rest, passed or best[:1])
        found.guessed |= len(passed) > len(layer)
        if not found.lost:
            found.clear |= _clear(search, rest, layer)
        found.layers.append(layer)
        rest -= layer
    if rest:
        found.layers.append(rest)
    return found


def _across(search: _Search, rest: frozenset[int], k: int, i: int) -> Question:
    """Ask whether k in another row says something of i beyond the rest of its row."""
    return Question(k, i, search.ordered(rest - {i}), across=True)


def _sinks(search: _Search, rest: frozenset[int]) -> dict[int, float]:
    """Give for each variable the log p-value of being a sink, over all others by Bonferroni."""
    pairs = [(k, i) for i in search.ordered(rest) for k in search.ordered(rest - {i})]
    answers = search.ask([_across(search, rest, k, i) for k, i in pairs], "sinks")
    least = dict.fromkeys(rest, 0.0)
    for (_, i), log_p in zip(pairs, answers, strict=True):
        least[i] = min(least[i], log_p + float(np.log(len(rest) - 1)))
    return least


def _layer(search: _Search, rest: frozenset[int], passed: Sequence[int]) -> frozenset[int]:
    """Keep those sinks, the best first, that do not depend on each other."""
    layer, above = [passed[0]], rest - set(passed)
    for i in passed[1:]:
        if not any(search.dependent([(i, k, above) for k in layer])):
            layer.append(i)
    return frozenset(layer)


def _clear(search: _Search, rest: frozenset[int], layer: frozenset[int]) -> set[Edge]:
    """Give the edges j --> i into sinks whose opposite is rejected."""
    pairs = [(j, i) for i in layer for j in rest - layer]
    answers = search.ask([_across(search, rest, i, j) for j, i in pairs], "sinks")
    return {pair for pair, log_p in zip(pairs, answers, strict=True) if log_p <= search.level}


def _join(search: _Search, layers: Sequence[frozenset[int]]) -> list[Edge]:
    """Test the edges between layers, the nearest first; give (cause, effect)."""
    edges: list[Edge] = []
    for distance in range(1, len(layers)):
        pairs = [
            (j, k, _separator(edges, layers, n, j, k))
            for n in range(distance, len(layers))
            for j in layers[n]
            for k in layers[n - distance]
        ]
        kept = search.dependent(pairs)
        edges += [(j, k) for (j, k, _), keep in zip(pairs, kept, strict=True) if keep]
    return sorted(edges)


def _separator(
    edges: Sequence[Edge], layers: Sequence[frozenset[int]], n: int, j: int, k: int
) -> frozenset[int]:
    """Give what separates j, of layer n, from k below it unless they are joined.

    All causes of k are in it, and no effect. The paper takes only those members of layer n that
    share a child with j among the causes of k; others may open j through an effect of such a
    child (A --> C <-- B --> F, C --> E --> F: E opens A and F unless B is given).
    """
    above = frozenset().union(*layers[n + 1 :])
    between = {u for u, v in edges if v == k} - above - layers[n]
    return above | between | (layers[n] - {j} if between else frozenset())
