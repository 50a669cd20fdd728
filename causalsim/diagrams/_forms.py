"""Short certificates, tried in this order: back-door, front-door, comb.

A set Z adjusts for confounding if it has no node on a proper causal path from X to Y or below
one, and blocks all other paths [Shpitser]_; the smallest one is a smallest vertex cut. Front-door
sets are Pearl's [Pearl]_, of at most three variables. A comb is the closed form for a treatment
without hidden paths to its children [Tian]_.

References
----------
.. [Shpitser] Shpitser, VanderWeele & Robins, On the validity of covariate adjustment for
   estimating causal effects, UAI 2010.
.. [Pearl] Pearl, Causality (2009), section 3.3.
.. [Tian] Tian & Pearl, A general identification condition for causal effects, AAAI 2002.
"""

from __future__ import annotations

from itertools import combinations, pairwise

from causalsim.diagrams._bits import Bits, members
from causalsim.diagrams._certificate import Move, Tape
from causalsim.diagrams._engine import Query

__all__ = ["adjustment", "back_door", "comb", "front_door"]

Half = tuple[int, int]
MOST = 3


def adjustment(bits: Bits, query: Query) -> int | None:
    """Give a smallest adjustment set, the one nearest to the outcome, or None.

    Examples
    --------
    >>> from causalsim.graph import DAG
    >>> bits = Bits.of(DAG.from_edges(["Z --> X", "Z --> Y", "X --> Y"]))
    >>> bits.named(adjustment(bits, Query(bits.mask(["Y"]), bits.mask(["X"]))))
    ('Z',)
    """
    outcome, do, given = query
    below = bits.cut(into=do).descendants(do)
    causal = below & bits.ancestors(outcome, bits.every & ~do) & ~do
    forbidden = bits.descendants(causal) | do
    if given & (forbidden | bits.descendants(do)):
        return None
    parents = tuple(
        [each & ~do if causal >> k & 1 else each for k, each in enumerate(bits.parents)]
    )
    proper = Bits(bits.names, parents, bits.spouses)
    region = proper.ancestors(outcome | do | given)
    near = [0] * len(bits.names)
    for block in proper.blocks(region):
        for node in members(block & ~given):
            near[node] |= block & ~given
    return _cut(near, outcome, do, region & ~(forbidden | given | outcome))


def _cut(near: list[int], start: int, end: int, allowed: int) -> int | None:
    """Give the smallest vertex cut between two sets, nearest to ``start``; Menger's theorem."""
    flow: dict[tuple[int, int], int] = {}
    while True:
        seen, path = _search(near, start, end, allowed, flow)
        if path is None:
            return sum(1 << k for k in members(allowed) if (k, 0) in seen and (k, 1) not in seen)
        if not path:
            return None
        for one, other in pairwise(path):
            step = (one[0] * 2 + one[1], other[0] * 2 + other[1])
            back = step[::-1]
            if flow.get(back):
                flow[back] -= 1
            else:
                flow[step] = flow.get(step, 0) + 1


def _search(
    near: list[int], start: int, end: int, allowed: int, flow: dict[tuple[int, int], int]
) -> tuple[dict[Half, Half | None], list[Half] | None]:
    """Look for a path with room; (k, 0) is where node k is entered and (k, 1) where it is left.

    An empty path means that no cut exists.
    """
    seen: dict[Half, Half | None] = dict.fromkeys(((k, 1) for k in members(start)), None)
    queue = list(seen)
    for half in queue:
        for to in _steps(half, near, allowed & ~end, flow):
            if to in seen or start >> to[0] & 1:
                continue
            seen[to] = half
            if end >> to[0] & 1:
                path: list[Half] = []
                at: Half | None = to
                while at is not None:
                    path.append(at)
                    at = seen[at]
                inner = {k for k, _ in path[1:-1]}
                free = not any(allowed >> k & 1 for k in inner)
                return seen, [] if free else path[::-1]
            queue.append(to)
    return seen, None


def _steps(
    half: Half, near: list[int], allowed: int, flow: dict[tuple[int, int], int]
) -> list[Half]:
    node, side = half
    here = node * 2 + side
    room = not allowed >> node & 1 or not flow.get((node * 2, node * 2 + 1))
    if side:
        found = [(k, 0) for k in members(near[node] & ~(1 << node))]
        back = bool(flow.get((node * 2, here)))
        return [*found, (node, 0)] if back else found
    found = [(node, 1)] if room else []
    return found + [(k, 1) for k in members(near[node]) if flow.get((k * 2 + 1, here))]


def back_door(bits: Bits, query: Query) -> tuple[int, list[Move]] | None:
    """Give a smallest adjustment set and the certificate."""
    outcome, do, given = query
    chosen = adjustment(bits, query)
    if chosen is None:
        return None
    tape, every = Tape(), bits.every
    source = tape.source(every)
    over = do | chosen | given
    parts = [tape.conditional(source, every, outcome, over)]
    if chosen:
        parts.append(tape.conditional(source, every, chosen, given))
    tape.discard(tape.multiply(parts, outcome | chosen), outcome | chosen, outcome)
    return chosen, tape.moves


def front_door(bits: Bits, query: Query) -> tuple[int, list[Move]] | None:
    """Give a smallest front-door set and the certificate."""
    outcome, do, given = query
    if given:
        return None
    between = bits.descendants(do) & bits.ancestors(outcome) & ~(do | outcome)
    quiet = bits.cut(out_of=do)
    places = [k for k in members(between) if quiet.separated(do, 1 << k, 0)]
    for size in range(1, MOST + 1):
        for nodes in combinations(places, size):
            chosen = sum(1 << k for k in nodes)
            if bits.descendants(do, bits.every & ~chosen) & outcome:
                continue
            if bits.cut(out_of=chosen).separated(chosen, outcome, do):
                return chosen, _front_door_moves(bits, query, chosen)
    return None


def _front_door_moves(bits: Bits, query: Query, chosen: int) -> list[Move]:
    outcome, do, _ = query
    tape, every = Tape(), bits.every
    source = tape.source(every)
    first = tape.conditional(source, every, chosen, do)
    second = tape.conditional(source, every, outcome, do | chosen)
    law = tape.conditional(source, every, do, 0)
    joined = tape.multiply([second, law], outcome | do)
    inner = tape.discard(joined, outcome | do, outcome)
    tape.discard(tape.multiply([first, inner], outcome | chosen), outcome | chosen, outcome)
    return tape.moves


def comb(bits: Bits, query: Query) -> list[Move] | None:
    """Give the closed form of one treatment without hidden paths to its children."""
    outcome, do, given = query
    region = bits.ancestors(outcome)
    if given or do.bit_count() != 1 or not do & region:
        return None
    own = bits.district(do, region)
    if any(bits.parents[k] & do for k in members(own)):
        return None
    tape = Tape()
    law = tape.discard(tape.source(bits.every), bits.every, region)
    inner = tape.discard(tape.disintegrate(law, region, own), own, own & ~do)
    parts = [inner]
    if region & ~own:
        parts.append(tape.disintegrate(law, region, region & ~own))
    whole = region & ~do
    tape.discard(tape.multiply(parts, whole), whole, outcome)
    return tape.moves
