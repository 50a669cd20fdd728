"""Plain words for the marks of a partial ancestral graph: which rule set them, and on what."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from causalsim.discovery._result import Event

__all__ = ["pag_words"]

_RULES = {
    "R2": "R2: arrows lead from {tail} through {others} to {head}; a tail at {head} would make "
    "one of them a cause of what it is no cause of",
    "R3": "R3: {others} point at {head} and do not collide at {tail}; a tail at {head} would "
    "make {head} a cause of what it is no cause of",
    "R4": "R4: a path through {others} tells whether the edges collide where they meet",
    "R5": "R5: a circle of undetermined edges without shortcuts, through {others}, is selected",
    "R6": "R6: {others} --- {head} shows selection, which {head} has a part in",
    "R7": "R7: {others} --o {head} without an edge to {tail}, so they do not collide at {head}",
    "R8": "R8: {head} --> {others} --> {tail}, and {head} o-> {tail}",
    "R9": "R9: from {head} possible causes lead to {tail} through {others}, without shortcuts",
    "R10": "R10: from {head} possible causes lead by {others} to two parents of {tail}",
}


def pag_words(event: Event, fact: Callable[[str, str], Any], sepset: str) -> str:
    """Say which rule put which mark at the head of an edge, and what it rests on.

    Parameters
    ----------
    event : Event
    fact : callable(x, y) -> Fact
        The decisive test of a pair.
    sepset : str
        The rule that judged triples.

    Returns
    -------
    str

    Examples
    --------
    >>> from causalsim.discovery._result import Event
    >>> print(pag_words(Event("X", "Y", "R8", ("Z",), "tail"), lambda x, y: None, "first"))
    tail at Y, so Y is a cause of X, or of selection: by R8: Y --> Z --> X, and Y o-> X.
    """
    others = " and ".join(event.because)
    if event.rule == "refused":
        through = f", through {others}" if others else ""
        return f"a mark at {event.head} ({event.mark}) was wanted{through} and refused."
    role = f"no cause of {event.tail}"
    if event.mark == "tail":
        role = f"a cause of {event.tail}, or of selection"
    why = _why(event, fact, sepset)
    return f"{event.mark} at {event.head}, so {event.head} is {role}: by {why}."


def _why(event: Event, fact: Callable[[str, str], Any], sepset: str) -> str:
    a, b, others = event.tail, event.head, event.because
    if event.rule == "knowledge":
        return "knowledge"
    if event.rule == "collider":
        (z,) = others
        return (
            f"a collider {a} *-> {b} <-* {z}: {_apart(fact(a, z))}, and the rule {sepset!r} finds "
            f"{b} not to separate them"
        )
    if event.rule == "R1":
        middle, end = (b, a) if event.mark == "tail" else (a, b)
        return (
            f"R1: {others[0]} *-> {middle} <-* {end} would else be a new collider, but "
            f"{_apart(fact(others[0], end))}, and the rule {sepset!r} finds {middle} to separate "
            "them"
        )
    return _RULES[event.rule].format(tail=a, head=b, others=" and ".join(others))


def _apart(fact: Any) -> str:
    given = f"given {{{', '.join(fact.given)}}}" if fact.given else "without conditioning"
    return f"{fact.x} and {fact.y} are independent {given} (p = {fact.p_value:.3g})"
