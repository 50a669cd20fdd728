"""Plain words for an edge that was found in exchangeable data: which tests decided what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, final

import numpy as np

from causalsim.discovery._exchangeable_order import Order
from causalsim.discovery._exchangeable_search import separator
from causalsim.discovery._explain import Explanation
from causalsim.discovery._knowledge import resolve
from causalsim.errors import OptionError
from causalsim.graph import parse_edge

if TYPE_CHECKING:
    from causalsim.discovery._exchangeable_result import Decision, ExchangeableResult

__all__ = ["explain"]


def explain(result: ExchangeableResult, x: str, y: str) -> Explanation:
    """Explain one pair of a result; see :meth:`ExchangeableResult.explain`."""
    i, j = result.graph.index(x), result.graph.index(y)
    if i == j:
        raise OptionError(f"explain({x!r}, {y!r}): give two different variables.")
    reader = _Reader(result)
    edge = next((e for e in result.graph.edges if {x, y} == set(parse_edge(e)[:2])), None)
    lines = [edge or f"{x} and {y} are not joined.", reader.edge(x, y)]
    if reader.place[x] == reader.place[y]:
        lines.append("They lie in one layer: neither was found to cause the other.")
    else:
        lines += reader.direction(*sorted((x, y), key=reader.place.__getitem__))
    lines += [f"knowledge: {rule}" for rule in reader.knowledge(x, y)]
    return Explanation(x, y, edge, tuple(lines), None)


@final
class _Reader:
    """Looks decisions up by the sets that the search must have asked for."""

    def __init__(self, result: ExchangeableResult) -> None:
        self.result = result
        self.layers = [frozenset(layer) for layer in reversed(result.layers)]
        self.place = {name: n for n, layer in enumerate(result.layers) for name in layer}
        self.known = resolve(result.options.get("knowledge"), result.graph.nodes)
        self.order = Order.of(self.known)

    def edge(self, x: str, y: str) -> str:
        """Say what joins a pair, or keeps it apart."""
        i, j = self.result.graph.index(x), self.result.graph.index(y)
        if self.order.fixed[i, j]:
            return "Knowledge requires the edge; the pair was not tested."
        found = self._tested(x, y)
        if found is None:
            return "Knowledge keeps them apart; the pair was not tested."
        if found.rejected and not self._joined(x, y):
            cause, effect = sorted((x, y), key=self.place.__getitem__)
            return (
                f"Within a row dependence was found {_given(found.given)}: {_p(found.log_p)}; but "
                f"knowledge forbids {cause} --> {effect}, all that the layers leave."
            )
        verb = "depend on" if found.rejected else "are independent of"
        return f"Within a row they {verb} each other {_given(found.given)}: {_p(found.log_p)}."

    def _tested(self, x: str, y: str) -> Decision | None:
        """Give the test that joined a pair or kept it apart."""
        tests = [d for d in self.result.decisions if d.about == "edge" and {d.x, d.y} == {x, y}]
        cause, effect = sorted((x, y), key=self.place.__getitem__)
        if self.place[x] == self.place[y]:
            return min(tests, key=lambda d: len(d.given), default=None)
        arrows = [sorted(parse_edge(e)[:2], key=self.place.__getitem__) for e in self._edges]
        given = separator([(u, v) for u, v in arrows], self.layers, cause, effect)
        return next((d for d in tests if set(d.given) == given), None)

    def _joined(self, x: str, y: str) -> bool:
        return any({x, y} == set(parse_edge(edge)[:2]) for edge in self._edges)

    @property
    def _edges(self) -> tuple[str, ...]:
        return self.result.graph.edges

    def direction(self, cause: str, effect: str) -> Iterator[str]:
        """Say what was found of two variables as sinks, when the later one was taken off."""
        rest = {name for name, n in self.place.items() if n <= self.place[effect]}
        yield self._taken(effect, rest)
        backward = self._as_sink(cause, rest).get(f"{effect} in another row")
        if backward is not None:
            word = self._verdict(backward)
            then = f"{cause} comes first" if word == "rejected" else "it may come last as well"
            yield f"{cause} as a sink: {word} by {effect} in another row, {_p(backward)}; {then}."
        if {cause, effect} <= set(self.result.refuted):
            yield "No variable there passes as a sink: the assumption is refuted."

    def _taken(self, name: str, rest: set[str]) -> str:
        """Say why a variable was taken as a sink of a set."""
        found = self._as_sink(name, rest)
        if self.result.graph.index(name) in self.order.sinks(map(self.result.graph.index, rest)):
            return (
                f"{name} is a sink of {_set(rest)} by knowledge: it can cause nothing else there. "
                "That was not tested."
            )
        nearest = min(sorted(found), key=found.__getitem__)
        word = self._verdict(found[nearest] + np.log(len(found)))
        return (
            f"{name} as a sink of {_set(rest)}: {word}, {_p(found[nearest])} for {nearest}, the "
            f"smallest of {len(found)} that share alpha = {self.result.options['alpha']:g}."
        )

    def _verdict(self, log_p: float) -> str:
        return "rejected" if log_p <= np.log(self.result.options["alpha"]) else "not rejected"

    def _as_sink(self, name: str, rest: set[str]) -> dict[str, float]:
        """Give the log p-values of a variable as a sink of a set, by what it was tested with."""
        index, found = self.result.graph.index, {}
        for d in self.result.decisions:
            other = d.x if d.y == name else d.y
            if d.about == "sink" and d.y == name and {name, *d.given} == rest:
                found[f"{other} in another row"] = d.log_p
            own_row = d.about == "edge" and {d.x, d.y, *d.given} == rest
            if own_row and name in (d.x, d.y) and self.order.one_way(index(name), index(other)):
                found[f"{other} in its own row"] = d.log_p
        return found

    def knowledge(self, x: str, y: str) -> list[str]:
        """Give the rules of knowledge about a pair."""
        i, j = self.result.graph.index(x), self.result.graph.index(y)
        rules = self.known.about(i, j)
        for (a, u), (b, v) in (((i, x), (j, y)), ((j, y), (i, x))):
            if not self.order.allowed[a, b] and not self.known.forbidden[a, b]:
                rules.append(f"required edges lead from {v} to {u}")
        return list(dict.fromkeys(rules))


def _set(names: set[str]) -> str:
    return f"{{{', '.join(sorted(names))}}}"


def _given(names: tuple[str, ...]) -> str:
    return f"given {_set(set(names))}" if names else "without conditioning"


def _p(log_p: float) -> str:
    return f"p = {np.exp(log_p):.3g}"
