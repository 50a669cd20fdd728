"""Diagrams as text: one line for each box, which reads like a program.

``name: type = label(wire, ...)``, where the type is left out if it is the name; several outputs
stand as ``name: (A, B)``, and are then the wires ``name.0`` and ``name.1``. ``|x>`` is a point
state, ``uniform`` the uniform one and ``<x|(wire)`` evidence. Inputs come first, as
``given type, ...``, and are the wires ``in.0``, ``in.1``; the last line is ``return wire, ...``.
"""

from __future__ import annotations

import re
from ast import literal_eval
from collections.abc import Hashable

from causalsim.diagrams.syntax import INPUT, Box, Diagram, Evidence, Placed, Point, Port, Uniform
from causalsim.errors import FormatError

__all__ = ["read", "write"]

_LINE = re.compile(r"(?P<name>[^:=]+?)(:\s*(?P<cod>[^=]*?))?\s*=\s*(?P<what>.*)")
_APPLIED = re.compile(r"(?P<label>.*?)\((?P<sources>(?:[^()]|\([^()]*\))*)\)")


def write(diagram: Diagram) -> str:
    """Give the text of a diagram.

    >>> print(write(Diagram.point("X", 1) >> Diagram.of(Box("f", ("X",), ("Y", "Z")))))
    X = |1>
    f: (Y, Z) = f(X)
    return f.0, f.1
    """
    lines = [f"given {', '.join(diagram.dom)}"] if diagram.dom else []
    lines += [f"{_head(diagram, name)} = {_body(diagram, name)}" for name in diagram.order]
    return "\n".join([*lines, " ".join(["return", _wires(diagram, diagram.outputs)]).rstrip()])


def _head(diagram: Diagram, name: str) -> str:
    cod = diagram.boxes[name].box.cod
    if cod == (name,):
        return name
    return f"{name}: {cod[0]}" if len(cod) == 1 else f"{name}: ({', '.join(cod)})"


def _body(diagram: Diagram, name: str) -> str:
    box, sources = diagram.boxes[name]
    match box.label:
        case Uniform():
            return "uniform"
        case Point(value):
            return f"|{value!r}>"
        case Evidence(value):
            return f"<{value!r}|({_wires(diagram, sources)})"
        case label:
            return f"{label}({_wires(diagram, sources)})"


def _wires(diagram: Diagram, ports: tuple[Port, ...]) -> str:
    return ", ".join(_wire(diagram, port) for port in ports)


def _wire(diagram: Diagram, port: Port) -> str:
    if port.box == INPUT:
        return f"in.{port.slot}"
    single = len(diagram.boxes[port.box].box.cod) == 1
    return port.box if single else f"{port.box}.{port.slot}"


def read(text: str) -> Diagram:
    r"""Read a diagram; the opposite of :func:`write`.

    Raises
    ------
    FormatError
        If a line cannot be read; it names the line.

    Examples
    --------
    >>> read("given X\nY = f(in.0)\nreturn Y, in.0")
    Diagram((X) -> (Y, X), 1 boxes)
    """
    dom: tuple[str, ...] = ()
    boxes: dict[str, Placed] = {}
    types: dict[Port, str] = {}
    for number, line in enumerate(text.strip().splitlines(), 1):
        line = line.strip()
        if line.startswith("return"):
            return Diagram(dom, boxes, _ports(line.removeprefix("return"), types, number))
        if line.startswith("given "):
            dom = _split(line.removeprefix("given "))
            types |= {Port(INPUT, k): kind for k, kind in enumerate(dom)}
        elif line:
            name, placed = _box(line, types, number)
            boxes[name] = placed
            types |= {Port(name, k): kind for k, kind in enumerate(placed.box.cod)}
    raise FormatError("the diagram has no last line; write 'return' and its outputs.")


def _box(line: str, types: dict[Port, str], number: int) -> tuple[str, Placed]:
    match = _LINE.fullmatch(line)
    if match is None:
        raise FormatError(f"line {number}: {line!r}; expected name = label(wire, ...).")
    name, cod = match["name"].strip(), match["cod"]
    outputs = (name,) if cod is None else _split(cod.strip().removeprefix("(").removesuffix(")"))
    what = match["what"].strip()
    if what == "uniform":
        return name, Placed(Box(Uniform(), (), outputs), ())
    if what.startswith("|") and what.endswith(">"):
        return name, Placed(Box(Point(_value(what[1:-1], number)), (), outputs), ())
    applied = _APPLIED.fullmatch(what) if not what.startswith("<") else None
    label: str | Evidence
    if what.startswith("<") and "|(" in what and what.endswith(")"):
        value, _, wires = what[1:-1].rpartition("|(")
        label = Evidence(_value(value, number))
    elif applied is not None:
        label, wires = applied["label"], applied["sources"]
    else:
        raise FormatError(f"line {number}: {what!r}; expected label(wire, ...).")
    sources = _ports(wires, types, number)
    return name, Placed(Box(label, tuple(types[port] for port in sources), outputs), sources)


def _value(text: str, number: int) -> Hashable:
    try:
        value: Hashable = literal_eval(text)
    except (ValueError, SyntaxError) as error:
        raise FormatError(f"line {number}: {text!r} is no value; quote texts.") from error
    return value


def _split(text: str) -> tuple[str, ...]:
    """Split at commas outside brackets."""
    return tuple(part.strip() for part in re.split(r",(?![^()]*\))", text) if part.strip())


def _ports(text: str, types: dict[Port, str], number: int) -> tuple[Port, ...]:
    return tuple(_port(wire, types, number) for wire in _split(text))


def _port(wire: str, types: dict[Port, str], number: int) -> Port:
    start, dot, index = wire.rpartition(".")
    if dot and index.isdigit():
        port = Port(INPUT if start == "in" else start, int(index))
        if port in types:
            return port
    if Port(wire) not in types:
        raise FormatError(f"line {number}: the wire {wire!r} does not start above.")
    return Port(wire)
