"""Surgery: functors from diagrams to diagrams that change one mechanism and leave all else.

``cut("X")`` is the endofunctor of [JKZ]_ that sends the box of X to "discard the parents, then the
uniform state"; it is idempotent, and cuts commute. The other kinds of intervention put something
else in the place of the box. None of them knows what a diagram means.

Examples
--------
>>> from causalsim.graph import DAG
>>> smoking = Diagram.from_dag(DAG.from_edges(["H --> S", "S --> T"]), hidden="H")
>>> print(cut("S")(smoking))
H = H()
S = uniform
T = T(S)
return S, T
>>> cut("S")(cut("T")(smoking)) == cut("S", "T")(smoking)
True

References
----------
.. [JKZ] Jacobs, Kissinger & Zanasi, Causal inference by string diagram surgery, FoSSaCS 2019.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence

from causalsim.diagrams.functor import Functor, Syntax
from causalsim.diagrams.syntax import Box, Diagram
from causalsim.errors import GraphError

__all__ = ["conditional", "cut", "policy", "set_state", "shift", "soft"]

Surgery = Functor[str, Diagram]


def _surgery(names: Sequence[str], change: Callable[[Box, str], Diagram]) -> Surgery:
    """Make the functor that changes the boxes of some labels."""

    def arrow(box: Box) -> Diagram:
        label = str(box.label)
        return change(box, label) if label in names else Diagram.of(box)

    return Functor(Syntax(), str, arrow)


def cut(*names: str) -> Surgery:
    """Cut variables from their causes: their boxes become discards and uniform states.

    Parameters
    ----------
    *names : str
        Labels of boxes with one output.
    """
    return _surgery(names, lambda box, _: Diagram.discard(box.dom) >> Diagram.uniform(box.cod[0]))


def set_state(values: Mapping[str, Hashable]) -> Surgery:
    """Hold variables at values: their boxes become discards and point states.

    Parameters
    ----------
    values : mapping of str to state
    """
    return _surgery(
        tuple(values),
        lambda box, name: Diagram.discard(box.dom) >> Diagram.point(box.cod[0], values[name]),
    )


def policy(states: Mapping[str, str]) -> Surgery:
    """Draw variables from states of their own: a stochastic policy.

    Parameters
    ----------
    states : mapping of str to str
        Label of the new state by variable.

    Examples
    --------
    >>> print(policy({"T": "dice"})(Diagram.of(Box("T", ("S",), ("T",)))))
    given S
    dice: T = dice()
    return dice
    """
    return conditional(states, dict.fromkeys(states, ()))


def conditional(channels: Mapping[str, str], reads: Mapping[str, Sequence[str]]) -> Surgery:
    """Let variables follow channels from some of their causes; the others are discarded.

    Parameters
    ----------
    channels : mapping of str to str
        Label of the new channel by variable.
    reads : mapping of str to sequence of str
        Types of the causes that it reads, in the order of its inputs.

    Raises
    ------
    GraphError
        When applied to a box that has no such input.
    """

    def change(box: Box, name: str) -> Diagram:
        wanted = tuple(reads[name])
        missing = [kind for kind in wanted if kind not in box.dom]
        if missing:
            raise GraphError(
                f"{name!r} does not read {missing[0]!r}, only {box.dom}; "
                "a surgery changes a box and not its wires, so add the edge to the graph."
            )
        picks = [box.dom.index(kind) for kind in wanted]
        new = Diagram.of(Box(channels[name], wanted, box.cod))
        return Diagram.wires(box.dom, picks) >> new

    return _surgery(tuple(channels), change)


def soft(channels: Mapping[str, str]) -> Surgery:
    """Give variables new mechanisms from the same causes.

    Parameters
    ----------
    channels : mapping of str to str
        Label of the new channel by variable.
    """
    return _surgery(
        tuple(channels),
        lambda box, name: Diagram.of(Box(channels[name], box.dom, box.cod)),
    )


def shift(channels: Mapping[str, str]) -> Surgery:
    """Pass variables through channels after their mechanisms.

    Parameters
    ----------
    channels : mapping of str to str
        Label of a channel from the variable to itself, by variable.
    """
    return _surgery(
        tuple(channels),
        lambda box, name: Diagram.of(box) >> Diagram.of(Box(channels[name], box.cod, box.cod)),
    )
