"""What a drawing shows of a diagram: boxes, states, effects, open ends, and the wires between."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from causalsim.diagrams.counterfactual import STAR
from causalsim.diagrams.syntax import INPUT, Diagram, Evidence, Placed, Point, Port, Uniform
from causalsim.errors import NameNotFoundError
from causalsim.graph._base import Names, as_names
from causalsim.graph.draw._links import FONT, LINE_HEIGHT, SMALL, text_width, wrap

__all__ = ["Element", "Elements", "Lost", "Wire", "elements", "folded", "kept", "wire_name"]

Floats = NDArray[np.float64]
Kind = Literal["box", "state", "effect", "input", "output", "ground"]
Lost = Sequence[tuple[Port, str]]

STUB, ASIDE = 20.0, 6.0
_PAD, _NARROWEST, _END, _PORTS = 11.0, 44.0, 14.0, 26.0
_LONGEST = 44.0


class Element(NamedTuple):
    """Something to draw.

    ``lines`` are written inside, ``wires`` beside the wires that leave it (empty where that
    would say nothing new), ``below`` under an effect.
    """

    kind: Kind
    name: str
    lines: tuple[str, ...] = ()
    wires: tuple[str, ...] = ()
    below: str = ""

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the shape, without the inputs it must have room for."""
        if self.kind == "ground":
            return 24.0, 10.0
        widest = max((text_width(line, FONT) for line in self.lines), default=0.0)
        if self.kind in {"input", "output"}:
            return widest, LINE_HEIGHT
        if self.kind in {"state", "effect"}:
            return max(36.0, 2.1 * widest), 30.0
        return max(_NARROWEST, widest + 2 * _PAD), LINE_HEIGHT * len(self.lines) + _PAD

    @property
    def slots(self) -> Floats:
        """Where its wires leave, from its centre to the right."""
        names = [text_width(name, SMALL) + 2 * ASIDE for name in self.wires[:-1]]
        places: Floats = np.arange(len(self.wires), dtype=np.float64) - (len(self.wires) - 1) / 2
        return places * max([_PORTS, *names])

    @property
    def reach(self) -> float:
        """Half the width that it needs, with the names of its wires."""
        sides = [text_width(self.below, SMALL) / 2]
        for at, name in zip(self.slots.tolist(), self.wires, strict=True):
            sides.append(at + (ASIDE + text_width(name, SMALL) if name else 0.0))
        return max(sides)


class Wire(NamedTuple):
    """A wire from slot ``slot`` of an element to another element."""

    source: int
    slot: int
    target: int


@dataclass(frozen=True)
class Elements:
    """All elements and wires; ``ties`` are pairs of which the second should stand below."""

    items: tuple[Element, ...]
    wires: tuple[Wire, ...]
    ties: tuple[tuple[int, int], ...]

    @property
    def widths(self) -> Floats:
        """Width of each shape, with room for the ends of wires."""
        ends = np.zeros(len(self.items))
        np.add.at(ends, np.array([wire.target for wire in self.wires], dtype=int), 1)
        wide = [item.size[0] for item in self.items]
        for v, item in enumerate(self.items):
            if item.kind == "box":
                leaving = float(np.ptp(item.slots)) + 2 * _PAD if item.wires else 0.0
                wide[v] = max(wide[v], _END * (ends[v] + 1), leaving)
        return np.array(wide)


def kept(diagram: Diagram, keep: Names) -> list[int]:
    """Give the positions of the outputs to keep, all if none is named.

    Parameters
    ----------
    diagram : Diagram
    keep : str or sequence of str
        Names of wires.
    """
    names = [wire_name(diagram, port) for port in diagram.outputs]
    wanted = as_names(keep)
    for name in wanted:
        if name not in names:
            raise NameNotFoundError.from_names("output", name, sorted(set(names)))
    return [k for k, name in enumerate(names) if name in wanted or not wanted]


def folded(diagram: Diagram, keep: Names) -> Diagram:
    """Leave out what the outputs to keep do not depend on; nothing if none is named.

    Parameters
    ----------
    diagram : Diagram
    keep : str or sequence of str
        Names of wires.
    """
    return diagram.keep(kept(diagram, keep)).pruned() if as_names(keep) else diagram


def wire_name(diagram: Diagram, port: Port) -> str:
    """Name the variable on a wire: its type, with the stars and primes of its box."""
    kind = diagram.type_of(port)
    return port.box if port.box.rstrip(f"{STAR}'") == kind else kind


def elements(diagram: Diagram, lost: Lost = ()) -> Elements:
    """List what to draw: inputs, boxes, outputs, and wires that surgery has cut off.

    Parameters
    ----------
    diagram : Diagram
    lost : sequence of (Port, str)
        Wires that end in a discard of their own, each above the box of a name (or none).
    """
    ends = [Element("input", kind, (kind,), ("",)) for kind in diagram.dom]
    boxes = [_element(diagram, name, diagram.boxes[name]) for name in diagram.order]
    place = {name: len(ends) + k for k, name in enumerate(diagram.order)}
    read = [(port, place[name]) for name in diagram.order for port in diagram.boxes[name].sources]
    first = len(ends) + len(boxes)
    read += [(port, first + k) for k, port in enumerate(diagram.outputs)]
    names = [wire_name(diagram, port) for port in diagram.outputs]
    outputs = [Element("output", name, (name,)) for name in names]
    first += len(outputs)
    read += [(port, first + k) for k, (port, _) in enumerate(lost)]
    grounds = [Element("ground", f"{wire_name(diagram, port)} discarded") for port, _ in lost]
    ties = tuple((first + k, place[name]) for k, (_, name) in enumerate(lost) if name in place)
    return Elements((*ends, *boxes, *outputs, *grounds), tuple(_wires(read, place)), ties)


def _wires(read: Iterable[tuple[Port, int]], place: dict[str, int]) -> Iterable[Wire]:
    """Turn ports into places."""
    for port, target in read:
        inside = port.box != INPUT
        source = place[port.box] if inside else port.slot
        yield Wire(source, port.slot if inside else 0, target)


def _element(diagram: Diagram, name: str, placed: Placed) -> Element:
    """Give the shape of a box and the words on it."""
    box = placed.box
    wires = [wire_name(diagram, Port(name, k)) for k in range(len(box.cod))]
    match box.label:
        case Uniform():
            return Element("state", name, (), tuple(wires))
        case Point(value):
            inside, beside = _value(value, wires[0])
            return Element("state", name, inside, (beside,))
        case Evidence(value):
            inside, below = _value(value, wire_name(diagram, placed.sources[0]))
            return Element("effect", name, inside, (), below)
        case str(label):
            shown = tuple("" if wire == label else wire for wire in wires)
            return Element("box", name, wrap(label), shown)


def _value(value: object, variable: str) -> tuple[tuple[str, ...], str]:
    """Write a value into its triangle and the variable beside it, or both beside if too long."""
    text = str(value)
    if text_width(text, FONT) > _LONGEST:
        return (), f"{variable} = {text}"
    return (text,), variable
