"""Which unshielded triples x - y - z are colliders, by rule.

==============  ==========================================================================
rule            collider if
==============  ==========================================================================
first, union    y is not in the sepset of (x, z)
max_p           max p(x, z | S without y) > max p(x, z | S with y)  (Ramsey 2016, PC-Max)
majority        fewer than half of the separating sets hold y (Colombo & Maathuis 2014)
conservative    none does; all: non-collider; else ambiguous (Ramsey, Zhang & Spirtes 2006)
==============  ==========================================================================

The last three ask every subset of adj(x) and of adj(z) (:mod:`._votes`), so they do not depend
on the order in which tests were made.
"""

from __future__ import annotations

from enum import StrEnum

from causalsim.discovery._skeleton import Skeleton
from causalsim.discovery._votes import Votes
from causalsim.graph.pdag import Triple

__all__ = ["RULES", "Verdict", "judge"]

RULES = ("first", "union", "majority", "conservative", "max_p")


class Verdict(StrEnum):
    """What a rule says of a triple."""

    COLLIDER = "collider"
    NON_COLLIDER = "non-collider"
    AMBIGUOUS = "ambiguous"


def judge(rule: str, triples: list[Triple], found: Skeleton, votes: Votes | None) -> list[Verdict]:
    """Give the verdict of a rule on each triple; ``votes`` are needed by all but the first two."""
    if rule in ("first", "union") or votes is None:
        return [
            Verdict.NON_COLLIDER if y in found.sepset(x, z) else Verdict.COLLIDER
            for x, y, z in triples
        ]
    if rule == "max_p":
        return [
            Verdict.COLLIDER if out > within else Verdict.NON_COLLIDER
            for within, out in zip(votes.best_in, votes.best_out, strict=True)
        ]
    return [
        _count_votes(rule, int(total), int(holding))
        for total, holding in zip(votes.separating, votes.containing, strict=True)
    ]


def _count_votes(rule: str, total: int, holding: int) -> Verdict:
    share = holding / total if total else 0.5
    low, high = (0.5, 0.5) if rule == "majority" else (0.0, 1.0)
    if rule == "majority" and share == 0.5:
        return Verdict.AMBIGUOUS
    if total and share <= low:
        return Verdict.COLLIDER
    return Verdict.NON_COLLIDER if total and share >= high else Verdict.AMBIGUOUS
