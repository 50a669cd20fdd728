"""Identification as rewriting: sum out, take apart, until the wanted regions are left.

``P(y | do x)`` is a sum over the product of Q[D_i], the districts of the graph over the ancestors
D of Y without X [Tian]_. Each Q[D_i] is isolated from an available law: sum out everything but
ancestors, keep the district, and so on. If neither shrinks the region any more, it is a hedge and
nothing can [ShpitserPearl]_. With laws from experiments each region may start from any of them
[Lee]_. A conditional query first turns observed variables into set ones where rule 2 of
do-calculus allows it [ShpitserPearl2]_.

References
----------
.. [Tian] Tian & Pearl, On the identification of causal effects, technical report R-290-L, UCLA
   (2003).
.. [ShpitserPearl] Shpitser & Pearl, Identification of joint interventional distributions in
   recursive semi-Markovian causal models, AAAI 2006.
.. [ShpitserPearl2] Shpitser & Pearl, Identification of conditional interventional distributions,
   UAI 2006.
.. [Lee] Lee, Correa & Bareinboim, General identifiability with arbitrary surrogate experiments,
   UAI 2019.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from causalsim.diagrams._bits import Bits, members
from causalsim.diagrams._certificate import Move, Tape

__all__ = ["Failure", "Query", "derive", "exchange"]


class Query(NamedTuple):
    """P(outcome | do, given) as bit sets."""

    outcome: int
    do: int
    given: int = 0


class Failure(NamedTuple):
    """A region that no law isolates; for each law, where it got stuck: (do, F, F')."""

    region: int
    hedges: tuple[tuple[int, int, int], ...]


def exchange(bits: Bits, query: Query, tape: Tape | None = None) -> Query:
    """Set observed variables instead of conditioning on them, where that is the same."""
    outcome, do, given = query
    moved = True
    while moved:
        moved = False
        for node in members(given):
            bit = 1 << node
            rest = given & ~bit
            if bits.cut(do, bit).separated(outcome, bit, do | rest):
                if tape is not None:
                    tape.add(Move("exchange", (), given, rest))
                do, given, moved = do | bit, rest, True
    return Query(outcome, do, given)


def derive(bits: Bits, query: Query, experiments: Sequence[int] = ()) -> list[Move] | Failure:
    """Find a certificate, or the hedge that forbids one.

    Parameters
    ----------
    bits : Bits
    query : Query
    experiments : sequence of int
        Sets Z for which P(V | do Z) is known; P(V) always is.
    """
    tape = Tape()
    outcome, do, given = exchange(bits, query, tape) if query.given else query
    wanted = outcome | given
    inner = bits.ancestors(wanted, bits.every & ~do)
    parts = []
    for region in bits.districts(inner):
        found = _isolate(bits, region, wanted, (0, *experiments), tape)
        if isinstance(found, Failure):
            return found
        parts.append(found)
    value = tape.discard(tape.multiply(parts, inner), inner, wanted)
    if given:
        tape.add(Move("normalise", (value,), wanted, wanted, ((outcome, given),)))
    return _needed(tape.moves)


def _isolate(
    bits: Bits, region: int, wanted: int, laws: Sequence[int], tape: Tape
) -> int | Failure:
    """Get Q[region] from the first law that gives it."""
    hedges = []
    for do in laws:
        if do & region:
            continue
        all_seen = bits.every & ~do
        start = bits.ancestors(wanted, all_seen)
        if region & ~start:
            start = bits.ancestors(region, all_seen)
        inside = bits.district(region, start)
        found = _shrink(bits, region, inside)
        if found is None:
            value = tape.discard(tape.source(all_seen, do), all_seen, start)
            return _record(bits, region, (start, inside), value, tape)
        hedges.append((do, found, region))
    return Failure(region, tuple(hedges))


def _shrink(bits: Bits, region: int, inside: int) -> int | None:
    """Give the hedge in which a district gets stuck, or None."""
    while True:
        needed = bits.ancestors(region, inside)
        if needed == region:
            return None
        if needed == inside:
            return inside
        inside = bits.district(region, needed)


def _record(bits: Bits, region: int, start: tuple[int, int], value: int, tape: Tape) -> int:
    """Write down the moves that lead to a region."""
    before, inside = start
    while True:
        value = tape.disintegrate(value, before, inside)
        before = bits.ancestors(region, inside)
        value = tape.discard(value, inside, before)
        if before == region:
            return value
        inside = bits.district(region, before)


def _needed(moves: list[Move]) -> list[Move]:
    """Leave out moves whose value is not used; exchanges stay, in front."""
    if not moves:
        return moves
    used = {len(moves) - 1} | {k for k, move in enumerate(moves) if move.rule == "exchange"}
    for k in range(len(moves) - 1, -1, -1):
        if k in used:
            used.update(moves[k].inputs)
    place = {k: n for n, k in enumerate(sorted(used))}
    return [moves[k]._replace(inputs=tuple(place[i] for i in moves[k].inputs)) for k in place]
