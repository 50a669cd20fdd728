"""String diagrams as hypergraphs: boxes joined by wires, and nothing else.

A wire *is* the port it starts from: an output of a box, or an input of the whole diagram. Who
reads a port reads it as often as needed, so that copies, discards and swaps are implicit and two
diagrams are equal up to the comonoid laws exactly if their data are equal. These are the
morphisms of the free CDU category of [JKZ]_ on the boxes.

References
----------
.. [JKZ] Jacobs, Kissinger & Zanasi, Causal inference by string diagram surgery, FoSSaCS 2019.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import NamedTuple, Self, final

from causalsim.errors import CycleError, GraphError, NameNotFoundError, listing
from causalsim.graph._base import Names, as_names, find_cycle
from causalsim.graph.kinds import ADMG, DAG

__all__ = ["Box", "Diagram", "Evidence", "Placed", "Point", "Port", "Uniform"]

INPUT = ""


class Port(NamedTuple):
    """Where a wire starts: output ``slot`` of a box, or an input of the diagram."""

    box: str
    slot: int = 0


@final
@dataclass(frozen=True)
class Uniform:
    """The uniform state of a type: each value alike."""


@final
@dataclass(frozen=True)
class Point:
    """The state that is certain of one value."""

    value: Hashable


@final
@dataclass(frozen=True)
class Evidence:
    """The effect that keeps one value: what was seen."""

    value: Hashable


@final
@dataclass(frozen=True)
class Box:
    """A generator: something with typed inputs and outputs.

    Parameters
    ----------
    label : str, Uniform, Point or Evidence
        What it stands for. A functor looks texts up; the others have a fixed meaning.
    dom, cod : tuple of str
        Types of inputs and outputs.

    Examples
    --------
    >>> Box("C", ("T", "H"), ("C",))
    Box(label='C', dom=('T', 'H'), cod=('C',))
    """

    label: str | Uniform | Point | Evidence
    dom: tuple[str, ...]
    cod: tuple[str, ...]


class Placed(NamedTuple):
    """A box in a diagram, and the ports its inputs read."""

    box: Box
    sources: tuple[Port, ...]


@final
@dataclass(frozen=True, eq=False, repr=False)
class Diagram:
    """A string diagram.

    Parameters
    ----------
    dom : tuple of str
        Types of the inputs.
    boxes : mapping of str to Placed
        By name; a label may occur under several names.
    outputs : tuple of Port

    Raises
    ------
    GraphError
        If a port does not exist or has another type than the box that reads it.
    CycleError
        If boxes feed each other.

    Examples
    --------
    >>> coin, copy = Diagram.of(Box("coin", (), ("A",))), Diagram.copy("A")
    >>> print(coin >> copy)
    coin: A = coin()
    return coin, coin
    >>> coin >> copy >> (Diagram.discard("A") @ Diagram.identity("A")) == coin
    True
    """

    dom: tuple[str, ...]
    boxes: Mapping[str, Placed]
    outputs: tuple[Port, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "boxes", MappingProxyType(dict(self.boxes)))
        for name, (box, sources) in self.boxes.items():
            found = tuple(self.type_of(port) for port in sources)
            if found != box.dom:
                raise GraphError(
                    f"box {name!r} reads wires of types ({listing(found)}); "
                    f"its inputs are ({listing(box.dom)})."
                )
        for port in self.outputs:
            self.type_of(port)
        _ = self.order

    def type_of(self, port: Port) -> str:
        """Give the type of a wire."""
        types = self.dom
        if port.box != INPUT:
            if port.box not in self.boxes:
                raise NameNotFoundError.from_names("box", port.box, self.boxes)
            types = self.boxes[port.box].box.cod
        if not 0 <= port.slot < len(types):
            raise GraphError(f"{port.box!r} has {len(types)} wires; there is no {port.slot}.")
        return types[port.slot]

    @cached_property
    def cod(self) -> tuple[str, ...]:
        """Types of the outputs."""
        return tuple(self.type_of(port) for port in self.outputs)

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Names of the boxes, each after those it reads from."""
        waiting = {
            name: {port.box for port in placed.sources if port.box != INPUT}
            for name, placed in self.boxes.items()
        }
        readers: dict[str, list[str]] = {name: [] for name in waiting}
        for name, sources in waiting.items():
            for source in sources:
                readers[source].append(name)
        ready = [name for name, sources in waiting.items() if not sources]
        for name in ready:
            for reader in readers[name]:
                waiting[reader].discard(name)
                if not waiting[reader]:
                    ready.append(reader)
        if len(ready) < len(waiting):
            names = list(waiting)
            children = [[names.index(reader) for reader in readers[name]] for name in names]
            raise CycleError.from_cycle([names[k] for k in find_cycle(children)])
        return tuple(ready)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Diagram):
            return NotImplemented
        return (self.dom, self.outputs, self.boxes) == (other.dom, other.outputs, other.boxes)

    def __hash__(self) -> int:
        return hash((self.dom, self.outputs, frozenset(self.boxes.items())))

    def __reduce__(self) -> tuple[object, ...]:
        return Diagram, (self.dom, dict(self.boxes), self.outputs)

    def __repr__(self) -> str:
        dom, cod = ", ".join(self.dom), ", ".join(self.cod)
        return f"Diagram(({dom}) -> ({cod}), {len(self.boxes)} boxes)"

    def __str__(self) -> str:
        from causalsim.diagrams.text import write

        return write(self)

    def _repr_html_(self) -> str:
        from causalsim.diagrams.draw import to_svg

        return to_svg(self)

    @classmethod
    def parse(cls, text: str) -> Diagram:
        """Read what ``str(diagram)`` writes; see :mod:`causalsim.diagrams.text`.

        >>> diagram = Diagram.from_dag(DAG.from_edges(["S --> T"]))
        >>> Diagram.parse(str(diagram)) == diagram
        True
        """
        from causalsim.diagrams.text import read

        return read(text)

    @classmethod
    def of(cls, box: Box, name: str | None = None) -> Diagram:
        """Make a diagram of one box, named by its label if no name is given."""
        called = name or (box.label if isinstance(box.label, str) else "".join(box.cod))
        inputs = tuple(Port(INPUT, k) for k in range(len(box.dom)))
        outputs = tuple(Port(called, k) for k in range(len(box.cod)))
        return cls(box.dom, {called: Placed(box, inputs)}, outputs)

    @classmethod
    def wires(cls, types: Names, picks: Sequence[int]) -> Diagram:
        """Make a diagram without boxes: output k is input ``picks[k]``.

        >>> Diagram.wires(["A", "B"], [1, 0, 0]).cod
        ('B', 'A', 'A')
        """
        return cls(as_names(types), {}, tuple(Port(INPUT, k) for k in picks))

    @classmethod
    def identity(cls, types: Names) -> Diagram:
        """Make wires that do nothing."""
        return cls.wires(types, range(len(as_names(types))))

    @classmethod
    def copy(cls, types: Names, times: int = 2) -> Diagram:
        """Make copies of a bundle of wires."""
        return cls.wires(types, list(range(len(as_names(types)))) * times)

    @classmethod
    def discard(cls, types: Names) -> Diagram:
        """Make wires that end."""
        return cls.wires(types, ())

    @classmethod
    def swap(cls, first: str, second: str) -> Diagram:
        """Make two wires that cross."""
        return cls.wires([first, second], (1, 0))

    @classmethod
    def uniform(cls, kind: str) -> Diagram:
        """Make the uniform state of a type."""
        return cls.of(Box(Uniform(), (), (kind,)))

    @classmethod
    def point(cls, kind: str, value: Hashable) -> Diagram:
        """Make the state that is certain of a value."""
        return cls.of(Box(Point(value), (), (kind,)))

    @classmethod
    def from_dag(cls, dag: DAG, hidden: Names = ()) -> Diagram:
        """Give the state of Syn_G: one box for each node, its wire copied to its children.

        Parameters
        ----------
        dag : DAG
        hidden : str or sequence of str
            Nodes whose wire is no output.

        Examples
        --------
        >>> print(Diagram.from_dag(DAG.from_edges(["H --> S", "H --> C", "S --> C"]), "H"))
        H = H()
        S = S(H)
        C = C(H, S)
        return S, C
        """
        without = set(as_names(hidden))
        for name in without:
            dag.index(name)
        boxes = {
            name: Placed(
                Box(name, dag.parents(name), (name,)), tuple(map(Port, dag.parents(name)))
            )
            for name in dag.topological_order()
        }
        return cls((), boxes, tuple(Port(name) for name in dag.nodes if name not in without))

    @classmethod
    def from_admg(cls, graph: ADMG) -> Diagram:
        """Give the state of a graph with hidden common causes, each of them a root.

        Each largest set of variables that are all joined by ``<->`` shares one root, named by
        them; its wire is no output.

        Examples
        --------
        >>> print(Diagram.from_admg(ADMG.from_edges(["S --> T", "T --> C", "S <-> C"])))
        U(S,C) = U(S,C)()
        S = S(U(S,C))
        T = T(S)
        C = C(T, U(S,C))
        return S, T, C
        """
        roots = {f"U({','.join(each)})": each for each in _bidirected_cliques(graph)}
        boxes = {root: Placed(Box(root, (), (root,)), ()) for root in roots}
        for name in graph.topological_order():
            causes = [*graph.parents(name), *(r for r, below in roots.items() if name in below)]
            boxes[name] = Placed(Box(name, tuple(causes), (name,)), tuple(map(Port, causes)))
        return cls((), boxes, tuple(map(Port, graph.nodes)))

    def then(self, other: Diagram) -> Diagram:
        """Join the outputs to the inputs of another diagram; ``self >> other``.

        Boxes of ``other`` whose name is taken get primes.

        Raises
        ------
        GraphError
            If the types differ.
        """
        if self.cod != other.dom:
            raise GraphError(
                f"outputs ({listing(self.cod)}) do not meet inputs ({listing(other.dom)})."
            )
        return self._joined(other, self.outputs, self.dom, after=False)

    __rshift__ = then

    def tensor(self, other: Diagram) -> Diagram:
        """Put another diagram beside; ``self @ other``."""
        shifted = tuple(Port(INPUT, len(self.dom) + k) for k in range(len(other.dom)))
        return self._joined(other, shifted, self.dom + other.dom, after=True)

    __matmul__ = tensor

    def _joined(
        self, other: Diagram, inputs: Sequence[Port], dom: tuple[str, ...], *, after: bool
    ) -> Diagram:
        names = fresh(other.boxes, self.boxes)
        moved = other.moved(names, inputs)
        outputs = tuple(_move(port, names, inputs) for port in other.outputs)
        return Diagram(dom, {**self.boxes, **moved}, self.outputs + outputs if after else outputs)

    def moved(self, names: Mapping[str, str], inputs: Sequence[Port]) -> dict[str, Placed]:
        """Give the boxes with other names, and their inputs joined to ports.

        Parameters
        ----------
        names : mapping of str to str
            New name of each box.
        inputs : sequence of Port
            What the inputs of this diagram become.
        """
        return {
            names[name]: Placed(box, tuple(_move(port, names, inputs) for port in sources))
            for name, (box, sources) in self.boxes.items()
        }

    def renamed(self, names: Mapping[str, str]) -> Diagram:
        """Give boxes other names; their labels stay.

        Parameters
        ----------
        names : mapping of str to str
            New name by old one.
        """
        every = {name: names.get(name, name) for name in self.boxes}
        if len(set(every.values())) < len(every):
            raise GraphError("two boxes would have the same name.")
        inputs = [Port(INPUT, k) for k in range(len(self.dom))]
        outputs = tuple(_move(port, every, inputs) for port in self.outputs)
        return Diagram(self.dom, self.moved(every, inputs), outputs)

    def substituted(self, parts: Mapping[str, Diagram]) -> Diagram:
        """Put diagrams in the place of boxes with the same inputs and outputs.

        Parameters
        ----------
        parts : mapping of str to Diagram
            By name of the box.
        """
        boxes: dict[str, Placed] = {}
        ports: dict[Port, Port] = {Port(INPUT, k): Port(INPUT, k) for k in range(len(self.dom))}
        taken = set(self.boxes) - set(parts)
        for name in self.order:
            box, sources = self.boxes[name]
            inputs = [ports[port] for port in sources]
            part = parts.get(name)
            if part is None:
                boxes[name] = Placed(box, tuple(inputs))
                outputs = tuple(Port(name, k) for k in range(len(box.cod)))
            else:
                if (part.dom, part.cod) != (box.dom, box.cod):
                    raise GraphError(f"{part!r} does not fit in the place of {box}.")
                names = fresh(part.boxes, taken)
                taken |= set(names.values())
                boxes |= part.moved(names, inputs)
                outputs = tuple(_move(port, names, inputs) for port in part.outputs)
            ports |= {Port(name, k): port for k, port in enumerate(outputs)}
        return Diagram(self.dom, boxes, tuple(ports[port] for port in self.outputs))

    def keep(self, outputs: Iterable[int]) -> Diagram:
        """Discard all outputs but some, given by position."""
        return Diagram(self.dom, self.boxes, tuple(self.outputs[k] for k in outputs))

    def pruned(self) -> Self:
        """Leave out boxes that no output depends on.

        This is the law that a channel followed by discards is a discard, so it holds where
        every box is normalised. Boxes without outputs, such as evidence, are kept.
        """
        needed = [port.box for port in self.outputs]
        needed += [name for name, placed in self.boxes.items() if not placed.box.cod]
        alive: set[str] = set()
        while needed:
            name = needed.pop()
            if name != INPUT and name not in alive:
                alive.add(name)
                needed += [port.box for port in self.boxes[name].sources]
        boxes = {name: placed for name, placed in self.boxes.items() if name in alive}
        return type(self)(self.dom, boxes, self.outputs)

    def port(self, variable: str) -> Port:
        """Give the wire of a variable: the output of the box of that name."""
        if variable not in self.boxes:
            raise NameNotFoundError.from_names("box", variable, self.boxes)
        return Port(variable)


def fresh(names: Iterable[str], taken: Collection[str]) -> dict[str, str]:
    """Give names that are not taken, with primes where needed.

    >>> fresh(["a", "b"], ["a", "a'"])
    {'a': "a''", 'b': 'b'}
    """
    used, chosen = set(taken), {}
    for name in names:
        new = name
        while new in used:
            new += "'"
        used.add(new)
        chosen[name] = new
    return chosen


def _move(port: Port, names: Mapping[str, str], inputs: Sequence[Port]) -> Port:
    return inputs[port.slot] if port.box == INPUT else Port(names[port.box], port.slot)


def _bidirected_cliques(graph: ADMG) -> list[tuple[str, ...]]:
    """Give the largest sets of variables that are all joined by ``<->``, in node order."""
    spouses = graph.spouse_sets
    found: list[tuple[int, ...]] = []

    def grow(clique: tuple[int, ...], more: set[int], past: set[int]) -> None:
        if not more and not past and len(clique) > 1:
            found.append(tuple(sorted(clique)))
        for node in sorted(more):
            grow((*clique, node), more & set(spouses[node]), past & set(spouses[node]))
            more, past = more - {node}, past | {node}

    grow((), set(range(len(graph.nodes))), set())
    return [tuple(graph.nodes[k] for k in clique) for clique in sorted(found)]
