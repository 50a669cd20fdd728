"""Functors: maps of diagrams that preserve composition, copy and discard.

A functor says what each type becomes and what each box becomes; all else follows. Into another
category (:mod:`causalsim.diagrams.semantics`) it gives meaning to diagrams, and into diagrams it
rewrites them, as surgery does.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar, final

from causalsim.diagrams.syntax import (
    INPUT,
    Box,
    Diagram,
    Evidence,
    Placed,
    Point,
    Port,
    Uniform,
)

__all__ = ["Category", "Functor", "Syntax", "fold"]

Space = TypeVar("Space")
Arrow = TypeVar("Arrow")


class Category(Protocol[Space, Arrow]):
    """What a semantics has to offer: a CD category, whose arrows go between lists of spaces.

    Copies, discards and swaps are one thing, :meth:`wires`. A category without uniform states
    raises in :meth:`uniform`, and so on.
    """

    def then(self, first: Arrow, second: Arrow) -> Arrow:
        """Compose: do the first, then the second."""

    def tensor(self, first: Arrow, second: Arrow) -> Arrow:
        """Put side by side."""

    def wires(self, spaces: Sequence[Space], picks: Sequence[int]) -> Arrow:
        """Give the arrow whose output k is a copy of input ``picks[k]``."""

    def uniform(self, space: Space) -> Arrow:
        """Give the uniform state."""

    def point(self, space: Space, value: Hashable) -> Arrow:
        """Give the state that is certain of a value."""

    def evidence(self, space: Space, value: Hashable) -> Arrow:
        """Give the effect that keeps a value."""

    def contract(self, diagram: Diagram, functor: Functor[Space, Arrow]) -> Arrow:
        """Evaluate a whole diagram; :func:`fold` does, if there is no faster way."""


@final
@dataclass(frozen=True)
class Functor(Generic[Space, Arrow]):
    """A functor from diagrams to a category.

    Parameters
    ----------
    category : Category
    space : callable
        Gives the space of a type.
    arrow : callable
        Gives the arrow of a box whose label is a text.

    Examples
    --------
    >>> from causalsim.diagrams.semantics import Channel, Stochastic
    >>> coin = Channel([0.5, 0.5], (), (2,))
    >>> flip = Functor(Stochastic(), lambda kind: 2, lambda box: coin)
    >>> flip(Diagram.of(Box("coin", (), ("A",))) >> Diagram.copy("A")).values
    array([[0.5, 0. ],
           [0. , 0.5]])
    """

    category: Category[Space, Arrow]
    space: Callable[[str], Space]
    arrow: Callable[[Box], Arrow]

    def __call__(self, diagram: Diagram) -> Arrow:
        """Give the meaning of a diagram."""
        return self.category.contract(diagram, self)

    def box(self, box: Box) -> Arrow:
        """Give the arrow of a box, states and evidence included."""
        match box.label:
            case Uniform():
                return self.category.uniform(self.space(box.cod[0]))
            case Point(value):
                return self.category.point(self.space(box.cod[0]), value)
            case Evidence(value):
                return self.category.evidence(self.space(box.dom[0]), value)
            case _:
                return self.arrow(box)

    def wires(self, types: Sequence[str], picks: Sequence[int]) -> Arrow:
        """Give copies, discards and swaps."""
        return self.category.wires([self.space(kind) for kind in types], picks)


def fold(diagram: Diagram, functor: Functor[Space, Arrow]) -> Arrow:
    """Evaluate box by box, with the operations of the category alone.

    Wires are copied when a box reads them and discarded after their last use.

    Parameters
    ----------
    diagram : Diagram
    functor : Functor
    """
    category = functor.category
    live = [Port(INPUT, k) for k in range(len(diagram.dom))]
    arrow = functor.wires(diagram.dom, range(len(live)))
    left = _readers(diagram)
    for name in diagram.order:
        box, sources = diagram.boxes[name]
        for port in sources:
            left[port] -= 1
        kept = [port for port in live if left.get(port)]
        picks = [live.index(port) for port in (*kept, *sources)]
        types = [diagram.type_of(port) for port in live]
        inner = category.tensor(
            functor.wires([diagram.type_of(port) for port in kept], range(len(kept))),
            functor.box(box),
        )
        arrow = category.then(category.then(arrow, functor.wires(types, picks)), inner)
        live = [*kept, *(Port(name, k) for k in range(len(box.cod)))]
    types = [diagram.type_of(port) for port in live]
    picks = [live.index(port) for port in diagram.outputs]
    return category.then(arrow, functor.wires(types, picks))


def _readers(diagram: Diagram) -> dict[Port, int]:
    """Count how often each wire is read."""
    read = [port for placed in diagram.boxes.values() for port in placed.sources]
    counts: dict[Port, int] = {}
    for port in (*read, *diagram.outputs):
        counts[port] = counts.get(port, 0) + 1
    return counts


@final
@dataclass(frozen=True)
class Syntax:
    """The category of diagrams themselves: functors into it rewrite.

    Examples
    --------
    >>> def forget(box):
    ...     return Diagram.uniform("A") if box.label == "coin" else Diagram.of(box)
    >>> rewrite = Functor(Syntax(), lambda kind: kind, forget)
    >>> print(rewrite(Diagram.of(Box("coin", (), ("A",)))))
    A = uniform
    return A
    """

    def then(self, first: Diagram, second: Diagram) -> Diagram:
        """Compose."""
        return first >> second

    def tensor(self, first: Diagram, second: Diagram) -> Diagram:
        """Put side by side."""
        return first @ second

    def wires(self, spaces: Sequence[str], picks: Sequence[int]) -> Diagram:
        """Give wires alone."""
        return Diagram.wires(tuple(spaces), picks)

    def uniform(self, space: str) -> Diagram:
        """Give the uniform state."""
        return Diagram.uniform(space)

    def point(self, space: str, value: Hashable) -> Diagram:
        """Give a point state."""
        return Diagram.point(space, value)

    def evidence(self, space: str, value: Hashable) -> Diagram:
        """Give evidence."""
        return Diagram.of(Box(Evidence(value), (space,), ()), f"<{space}|")

    def contract(self, diagram: Diagram, functor: Functor[str, Diagram]) -> Diagram:
        """Rewrite at once; boxes that stay keep their names."""
        boxes, parts = {}, {}
        for name, (box, sources) in diagram.boxes.items():
            dom, cod = (tuple(map(functor.space, types)) for types in (box.dom, box.cod))
            boxes[name] = Placed(Box(box.label, dom, cod), sources)
            part = functor.box(box)
            if [placed.box for placed in part.boxes.values()] != [boxes[name].box]:
                parts[name] = part
        dom = tuple(map(functor.space, diagram.dom))
        return Diagram(dom, boxes, diagram.outputs).substituted(parts)
