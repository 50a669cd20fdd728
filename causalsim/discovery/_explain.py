"""Plain words for a discovered graph: why this edge, why this arrow, how firmly."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, final

import numpy as np

from causalsim.discovery._knowledge import Knowledge, Resolved
from causalsim.discovery._pag_words import pag_words
from causalsim.errors import NameNotFoundError, OptionError
from causalsim.graph import PAG, TemporalGraph
from causalsim.graph.labels import label, parse_label
from causalsim.graph.marks import Mark

if TYPE_CHECKING:
    from causalsim.discovery._result import AnyResult, Event

Link = tuple[str, str]
Triple = tuple[str, str, str]

__all__ = ["Certificate", "Explanation", "Fact", "explain"]


@final
@dataclass(frozen=True)
class Fact:
    """One answer of the test that an arrow leans on.

    ``independent`` facts hold while p > alpha, dependent ones while p <= alpha. Where a rule
    asked all sets of neighbours, ``given`` says in words which of them the p belongs to.
    """

    x: str
    y: str
    given: tuple[str, ...]
    p_value: float
    independent: bool

    def __str__(self) -> str:
        sign = "_||_" if self.independent else "not _||_"
        return f"{self.x} {sign} {self.y}{_given(self.given)} (p = {self.p_value:.3g})"


@final
@dataclass(frozen=True)
class Certificate:
    """The fewest facts from which an arrow follows, and the alphas between which they hold.

    The smallest set among the derivations in the log. Outside ``(alpha_low, alpha_high)`` one
    of the facts flips: at a larger alpha an independence is lost, at a smaller one a
    dependence. Inside, the arrow can still change if edges around it come or go.
    """

    facts: tuple[Fact, ...]
    alpha_low: float
    alpha_high: float


@final
@dataclass(frozen=True)
class Explanation:
    """Why two variables are joined as they are. Prints as text."""

    x: str
    y: str
    edge: str | None
    lines: tuple[str, ...]
    certificate: Certificate | None

    def __str__(self) -> str:
        return "\n".join(self.lines)

    def __repr__(self) -> str:
        return str(self)


def _given(names: Iterable[str]) -> str:
    inside = ", ".join(names)
    return f" | {inside}" if inside else ""


def _given_words(names: tuple[str, ...]) -> str:
    return f"given {{{', '.join(names)}}}" if names else "without conditioning"


class _Reader:
    """Looks things up in one result by name."""

    def __init__(self, result: AnyResult) -> None:
        self.result = result
        self.graph = result.static
        self._alpha = float(result.options["alpha"])
        self.derivations: dict[tuple[str, str], list[Event]] = {}
        for event in result.events:
            if event.rule not in ("conflict", "cycle", "refused") and event.mark == "arrow":
                self.derivations.setdefault((event.tail, event.head), []).append(event)

    def fact(self, x: str, y: str) -> Fact:
        """Give the decisive test of a pair."""
        record, graph = self.result.record, self.graph
        i, j = sorted((graph.index(x), graph.index(y)))
        apart = not graph.skeleton[i, j]
        given = record.given(i, j)
        names = tuple(graph.nodes[k] for k in sorted(given))
        x, y = graph.nodes[i], graph.nodes[j]
        return Fact(x, y, names, record.p_value(i, j), apart)

    def verdict(self, triple: Triple, collider: bool) -> list[Fact]:
        """Give what separates the ends of a triple, and by which sets the middle was judged."""
        y, (x, z) = triple[1], sorted((triple[0], triple[2]), key=self.graph.index)
        place, votes, alpha = self.votes.get((x, y, z)), self.result.votes, self._alpha
        if place is None or votes is None:
            return [self.fact(x, z)]
        within, without = (float(np.exp(best[place])) for best in (votes.best_in, votes.best_out))
        for_it, against = (without, within) if collider else (within, without)
        word, other = ("without", "with") if collider else ("with", "without")
        if for_it <= alpha:
            return [self.fact(x, z)]
        facts = [Fact(x, z, (f"a set {word} {y}",), for_it, independent=True)]
        if against <= alpha:
            facts.append(Fact(x, z, (f"every set {other} {y}",), against, independent=False))
        return facts

    @cached_property
    def votes(self) -> dict[Triple, int]:
        """The place of each triple that was put to the vote."""
        votes, names = self.result.votes, self.result.labels
        if votes is None or self.result.options["sepset"] in ("first", "union"):
            return {}
        return {(names[x], names[y], names[z]): at for at, (x, y, z) in enumerate(votes.triples)}

    def facts(self, tail: str, head: str, above: frozenset[tuple[str, str]]) -> frozenset[Fact]:
        """Give the fewest facts behind an arrow; ``above`` guards against going in circles."""
        options = [
            found
            for event in self.derivations.get((tail, head), [])
            if (found := self._behind(event, above | {(tail, head)})) is not None
        ]
        return min(options, key=_size, default=frozenset())

    def _behind(self, event: Event, above: frozenset[tuple[str, str]]) -> frozenset[Fact] | None:
        """Give the facts behind one derivation, or None if it goes in a circle."""
        arrows, pairs, triple = _pattern(event)
        if any(arrow in above for arrow in arrows):
            return None
        facts = [self.fact(*pair) for pair in pairs]
        if triple is not None:
            facts += self.verdict(triple, collider=event.rule == "collider")
        found = {fact for fact in facts if not np.isnan(fact.p_value)}
        for tail, head in arrows:
            found |= self.facts(tail, head, above)
        return frozenset(found)

    def knowledge(self, x: str, y: str) -> list[str]:
        """Give the rules of knowledge about a pair."""
        rules = self.result.options.get("knowledge")
        if not rules:
            return []
        i, j = self.graph.index(x), self.graph.index(y)
        resolved = self._resolve(Knowledge.from_dict(rules))
        if max(i, j) >= len(resolved.joined):
            return []
        return list(dict.fromkeys(resolved.about(i, j)))

    def _resolve(self, rules: Knowledge) -> Resolved:
        graph = self.result.graph
        if isinstance(graph, TemporalGraph):
            return rules.resolve_lagged(graph.nodes, graph.max_lag)
        return rules.resolve(graph.nodes)


def _pattern(event: Event) -> tuple[list[Link], list[Link], Triple | None]:
    """Give the arrows, the joined pairs, and the judged triple that a step leans on."""
    a, b, others = event.tail, event.head, event.because
    if event.rule in ("knowledge", "time", "context", "change"):
        return [], [(a, b)], None
    if event.rule == "collider":
        return [], [(a, b), (others[0], b)], (a, b, others[0])
    if event.rule == "R1":
        return [(others[0], a)], [(a, b)], (others[0], a, b)
    if event.rule == "R2":
        return [(a, others[0]), (others[0], b)], [(a, b)], None
    c, d = others
    if event.rule == "R3":
        return [(c, b), (d, b)], [(a, b), (a, c), (a, d)], (c, a, d)
    return [(c, d), (d, b)], [(a, b), (a, c), (a, d)], (c, a, b)


def _size(facts: frozenset[Fact]) -> tuple[int, int, list[str]]:
    return sum(fact.independent for fact in facts), len(facts), sorted(map(str, facts))


def explain(result: AnyResult, x: str, y: str) -> Explanation:
    """Explain one pair of a result; see :meth:`DiscoveryResult.explain`."""
    reader, graph = _Reader(result), result.static
    if isinstance(result.graph, TemporalGraph):
        x, y = _in_window(result.graph, x, y)
    i, j = graph.index(x), graph.index(y)
    if i == j:
        raise OptionError(f"explain({x!r}, {y!r}): give two different variables.")
    known = [f"knowledge: {rule}" for rule in reader.knowledge(x, y)]
    if not graph.skeleton[i, j]:
        lines = [f"{x} and {y} are not joined.", *_apart(reader, x, y), *known]
        return Explanation(x, y, None, tuple(lines), None)
    edge = graph.edges[result.pairs().index((min(i, j), max(i, j)))]
    lines = [edge, *_joined(reader, x, y), *known]
    events = [event for event in result.events if {event.tail, event.head} == {x, y}]
    lines += dict.fromkeys(_event_words(reader, event) for event in events)
    certificate = None
    if isinstance(graph, PAG):
        lines += [] if events else ["No rule set a mark on this edge."]
    elif graph.directed[i, j] or graph.directed[j, i]:
        certificate = _certificate(reader, *((x, y) if graph.directed[i, j] else (y, x)))
        lines += _certificate_words(certificate, result.options["alpha"])
    elif graph.marks[i, j] == Mark.TAIL:
        lines += _undirected(result, x, y)
    return Explanation(x, y, edge, tuple(lines), certificate)


def _in_window(graph: TemporalGraph, x: str, y: str) -> tuple[str, str]:
    """Write two labels as the nodes of the search; refuse what it did not look at."""
    ends = [parse_label(x), parse_label(y)]
    for name, lag in ends:
        if name not in graph.nodes:
            raise NameNotFoundError.from_names("variable", name, graph.nodes)
        if lag > graph.max_lag:
            raise OptionError(
                f"explain({x!r}, {y!r}): {lag} steps lie beyond max_lag={graph.max_lag}, so no "
                f"link was looked for; ask about lags from 0 to {graph.max_lag}, or search with a "
                "larger max_lag."
            )
    if all(lag for _, lag in ends):
        raise OptionError(f"explain({x!r}, {y!r}): one end lies in the present; drop its lag.")
    first, second = (label(*end) for end in ends)
    return first, second


def _apart(reader: _Reader, x: str, y: str) -> list[str]:
    fact, options = reader.fact(x, y), reader.result.options
    if np.isnan(fact.p_value) and options.get("knowledge") is None:
        return ["Time or a context keeps them apart; the pair was not tested."]
    if np.isnan(fact.p_value):
        return ["Knowledge keeps them apart; the pair was not tested."]
    text = f"{_given_words(fact.given)}: p = {fact.p_value:.3g}."
    if fact.p_value <= options["alpha"] and options.get("fdr") is None:
        return [f"Knowledge keeps them apart; they look dependent {text}"]
    if fact.p_value <= options["alpha"]:
        return [f"Dropped to hold the false-discovery rate at {options['fdr']}, {text}"]
    return [f"They are independent {text}"]


def _joined(reader: _Reader, x: str, y: str) -> list[str]:
    fact = reader.fact(x, y)
    if np.isnan(fact.p_value):
        i, j = sorted((reader.graph.index(x), reader.graph.index(y)))
        if np.isnan(reader.result.record.log_p[i, j]):
            return ["Knowledge requires the edge; the pair was not tested."]
        return ["No test could tell, for too few rows or an exact relation; the edge was left in."]
    alpha, nearest = reader.result.options["alpha"], f"p = {fact.p_value:.3g}"
    text = (
        f"No set of neighbours made them independent at alpha = {alpha:g}; nearest was {nearest}"
    )
    return [f"{text} {_given_words(fact.given)}."]


_RULE_WORDS = {
    "knowledge": "{arrow} by knowledge.",
    "time": "{arrow} by time: no cause follows its effect.",
    "context": "{arrow} since nothing causes a context.",
    "change": "{arrow} because the two mechanisms change independently that way, but not the "
    "other; see .directions.",
    "R1": "{arrow} by Meek's R1: otherwise {others} --> {a} <-- {b} would be a new collider.",
    "R2": "{arrow} by Meek's R2: otherwise {a} --> {others} --> {b} would close a cycle.",
    "R3": "{arrow} by Meek's R3, through {others}: otherwise both would point at {a}, a new "
    "collider, or a cycle would close.",
    "R4": "{arrow} by Meek's R4, through {others}: otherwise a new collider would point at {a}, "
    "or a cycle would close.",
    "conflict": "Rules disagree: some want {arrow}, some {b} --> {a} (with {others}).",
    "cycle": "{arrow} was wanted but lies on a directed cycle, so it is marked as a conflict.",
    "refused": "{arrow} was wanted (with {others}) and refused: knowledge or an earlier arrow "
    "stands against it.",
}


def _event_words(reader: _Reader, event: Event) -> str:
    a, b, others = event.tail, event.head, " and ".join(event.because)
    if event.rule == "collider" and not isinstance(reader.graph, PAG):
        fact = reader.fact(a, others)
        return (
            f"{a} --> {b} as part of the collider {a} --> {b} <-- {others}: {a} and {others} are "
            f"independent {_given_words(fact.given)} (p = {fact.p_value:.3g}), and the rule "
            f"{reader.result.options['sepset']!r} finds {b} not to separate them."
        )
    if isinstance(reader.graph, PAG):
        return pag_words(event, reader.fact, reader.result.options["sepset"])
    return _RULE_WORDS[event.rule].format(arrow=f"{a} --> {b}", a=a, b=b, others=others)


def _certificate(reader: _Reader, tail: str, head: str) -> Certificate:
    facts = reader.facts(tail, head, frozenset())
    high = min((fact.p_value for fact in facts if fact.independent), default=1.0)
    low = max((fact.p_value for fact in facts if not fact.independent), default=0.0)
    ordered = sorted(facts, key=lambda fact: (not fact.independent, str(fact)))
    return Certificate(tuple(ordered), low, high)


def _certificate_words(certificate: Certificate, alpha: float) -> list[str]:
    if not certificate.facts:
        return ["The arrow rests on knowledge alone."]
    facts = [f"  {fact}" for fact in certificate.facts]
    low, high = certificate.alpha_low, certificate.alpha_high
    return [
        "The arrow rests on:",
        *facts,
        f"These facts hold for alpha between {low:.3g} and {high:.3g} (now {alpha:g}); the arrow",
        "can still change inside, if edges or votes around it do.",
    ]


def _undirected(result: AnyResult, x: str, y: str) -> list[str]:
    open_ones = [t for t in result.ambiguous if {x, y} <= set(t) and t[1] in (x, y)]
    lines = [
        f"Ambiguous triple {a} - {b} - {c}: "
        + (
            f"no test separated {a} and {c}, so none speaks about {b}."
            if result.sepsets[frozenset((a, c))] is None
            else f"the separating sets do not agree about {b}."
        )
        for a, b, c in open_ones
    ]
    return [*lines, "The data leave the direction open: no collider or rule decides it."]
