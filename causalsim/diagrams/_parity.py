"""Models of bits and parities made from a hedge; :mod:`.witness` says how and checks them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from causalsim.diagrams._bits import Bits, members
from causalsim.diagrams._engine import Query
from causalsim.graph import DAG
from causalsim.graph.network import DiscreteNetwork

__all__ = ["parity_models"]

FLIP, BIASED = 0.1, 0.25
Floats = NDArray[np.float64]
Reads = list[tuple[str, int]]


class _Bit(NamedTuple):
    """The parity of other bits, turned over with some probability."""

    inputs: frozenset[tuple[str, int]]
    flip: float


@dataclass
class _Plan:
    """Bits of each variable in the making; bit 0 of variables in F is their place in the hedge."""

    bits: dict[str, list[_Bit]] = field(default_factory=dict)

    def add(self, name: str, inputs: Sequence[tuple[str, int]], flip: float) -> tuple[str, int]:
        own = self.bits.setdefault(name, [])
        own.append(_Bit(frozenset(inputs), flip))
        return name, len(own) - 1

    def network(self) -> DiscreteNetwork:
        """Make tables."""
        edges = sorted(
            {
                f"{a} --> {name}"
                for name, own in self.bits.items()
                for b in own
                for a, _ in b.inputs
            }
        )
        dag = DAG.from_edges(edges, list(self.bits))
        states = {
            name: tuple("".join(each) for each in product("01", repeat=len(own)))
            for name, own in self.bits.items()
        }
        return DiscreteNetwork(
            dag, states, {name: self._table(name, dag.parents(name)) for name in self.bits}
        )

    def _table(self, name: str, parents: tuple[str, ...]) -> Floats:
        axes = [(each, k) for each in parents for k in range(len(self.bits[each]))]
        own = self.bits[name]
        table = np.ones([2] * (len(axes) + len(own)))
        cells = np.indices(table.shape)
        for k, bit in enumerate(own):
            ends = [cells[axes.index(each)] for each in bit.inputs] + [cells[len(axes) + k]]
            odd = np.sum(ends, axis=0) % 2
            table = table * np.where(odd == 1, bit.flip, 1 - bit.flip)
        shape = [2 ** len(self.bits[each]) for each in (*parents, name)]
        return table.reshape(shape)


def parity_models(
    bits: Bits, query: Query, outer: int, inner: int, stream: np.random.Generator | None
) -> tuple[DiscreteNetwork, DiscreteNetwork]:
    """Make two models that agree on observations.

    Parameters
    ----------
    bits : Bits
    query : Query
        Its outcome and conditions are what the ends of F' are carried to.
    outer, inner : int
        F and F'.
    stream : Generator or None
        None carries parities only; else all bits outside F also read others at random.
    """
    ways = _Ways(bits, query, outer, inner, stream)
    first, second = _plan(ways, same=True), _plan(ways, same=False)
    return first.network(), second.network()


class _Extra(NamedTuple):
    """What a bit outside the hedge also reads, and what an end of F' does."""

    bits: list[tuple[int, int]]
    hidden: list[tuple[int, int]]
    hidden_at_end: list[tuple[int, int]]
    bits_at_end: list[tuple[int, int]]


class _Ways:
    """A forest over F, a tree of hidden causes, and where the ends of F' are carried."""

    def __init__(
        self, bits: Bits, query: Query, outer: int, inner: int, stream: np.random.Generator | None
    ) -> None:
        self.bits, self.outer, self.inner = bits, outer, inner
        self.query = query
        self.child = self._forest()
        self.tree = [*self._tree(inner & -inner, inner), *self._tree(inner, outer)]
        self.ends = [k for k in members(inner) if k not in self.child]
        self.next = self._carriers()
        self.extras = self._extras(stream) if stream is not None else None

    def _forest(self) -> dict[int, int]:
        """Give the one child of each node in F, towards the ends of F'."""
        parents, child = self.bits.parents, {}
        for k in members(self.inner):
            below = next((j for j in members(self.inner) if parents[j] >> k & 1), None)
            if below is not None:
                child[k] = below
        queue = list(members(self.inner))
        for node in queue:
            for k in members(parents[node] & self.outer & ~self.inner):
                if k not in child:
                    child[k] = node
                    queue.append(k)
        return child

    def _tree(self, reached: int, within: int) -> Iterator[tuple[int, int]]:
        """Give hidden causes that join the rest of a set to what is reached."""
        queue = list(members(reached))
        for node in queue:
            for k in members(self.bits.spouses[node] & within & ~reached):
                reached |= 1 << k
                queue.append(k)
                yield node, k

    def _carriers(self) -> dict[int, int]:
        """Give for each node the next one on a way to the query that avoids what is set."""
        goals = self.query.outcome | self.query.given
        queue = list(members(goals))
        reached, following = goals, {}
        for node in queue:
            for k in members(self.bits.parents[node] & ~reached & ~self.query.do):
                reached |= 1 << k
                following[k] = node
                queue.append(k)
        return following

    def _extras(self, stream: np.random.Generator) -> dict[int, _Extra]:
        """Draw what else each bit reads: bits of parents, and hidden causes of their own."""
        bits, found = self.bits, {}
        wanted = self.query.outcome | self.query.given
        region = bits.ancestors(wanted, bits.every & ~self.query.do)
        for k in members(region):
            arcs = [(min(k, j), max(k, j)) for j in members(bits.spouses[k] & region)]
            reads = [
                (j, slot)
                for j in members(bits.parents[k])
                for slot in range(1 + bool((self.outer & region) >> j & 1))
            ]
            found[k] = _Extra(
                [each for each in reads if stream.random() < 0.5],
                [each for each in arcs if stream.random() < 0.5],
                [each for each in arcs if stream.random() < 0.5],
                [each for each in reads if stream.random() < 0.5],
            )
        return found


def _plan(ways: _Ways, *, same: bool) -> _Plan:
    """Write down the bits; in the second model F' ignores what lies outside it."""
    names, plan = ways.bits.names, _Plan()
    hidden = {pair: f"U({','.join(sorted(names[k] for k in pair))})" for pair in ways.tree}
    for name in hidden.values():
        plan.add(name, (), 0.5)
    inputs: dict[int, list[tuple[str, int]]] = {k: [] for k in members(ways.outer)}
    for k, child in ways.child.items():
        if same or not ways.inner >> child & 1 or ways.inner >> k & 1:
            inputs[child].append((names[k], 0))
    for (i, j), name in hidden.items():
        for one, other in ((i, j), (j, i)):
            if same or not ways.inner >> one & 1 or ways.inner >> other & 1:
                inputs[one].append((name, 0))
    for k in range(len(names)):
        inside = ways.outer >> k & 1
        noise = FLIP if k == ways.ends[0] else 0.0
        plan.add(names[k], inputs[k] if inside else (), noise if inside else 0.5)
    if ways.extras is None:
        _carry(ways, plan)
    else:
        _mix(ways, ways.extras, plan)
    return plan


def _mix(ways: _Ways, extras: Mapping[int, _Extra], plan: _Plan) -> None:
    """Add bits that read at random; whatever reads observed bits only keeps the agreement."""
    names = ways.bits.names
    arcs = dict.fromkeys(
        arc for each in extras.values() for arc in (*each.hidden, *each.hidden_at_end)
    )
    hidden = {arc: plan.add(f"U'({names[arc[0]]},{names[arc[1]]})", (), BIASED) for arc in arcs}
    for k, extra in extras.items():
        if k in ways.ends:
            own = plan.bits[names[k]][0]
            more = {hidden[arc] for arc in extra.hidden_at_end}
            more |= {(names[j], slot) for j, slot in extra.bits_at_end}
            plan.bits[names[k]][0] = own._replace(inputs=own.inputs ^ more)
        elif not ways.outer >> k & 1:
            plan.bits[names[k]] = []
        reads = [(names[j], slot) for j, slot in extra.bits]
        plan.add(names[k], [*reads, *(hidden[arc] for arc in extra.hidden)], FLIP)


def _carry(ways: _Ways, plan: _Plan) -> None:
    """Carry the ends of F' to the query; a variable outside F needs no bit but the carried one."""
    names = ways.bits.names
    incoming: dict[int, list[int]] = {}
    todo = list(ways.ends)
    for node in todo:
        if node in ways.next:
            to = ways.next[node]
            if to not in incoming:
                todo.append(to)
            incoming.setdefault(to, []).append(node)
    carried: dict[int, tuple[str, int]] = {}
    for node in sorted(incoming):
        sources = []
        for k in incoming[node]:
            if k in ways.ends:
                sources.append((names[k], 0))
            if k in carried:
                sources.append(carried[k])
        if not ways.outer >> node & 1:
            plan.bits[names[node]] = []
        carried[node] = plan.add(names[node], sources, FLIP)
