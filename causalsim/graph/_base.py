"""The base of all static graph kinds: node names and one read-only matrix of end marks.

Names at the border, integers inside: public verbs (``parents``, ``ancestors``, ...) take and
give names in node order; ``*_sets`` give tuples of integer sets for algorithms.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causalsim.errors import CycleError, GraphError
from causalsim.graph.labels import check_names, index_of
from causalsim.graph.marks import Edge, Mark, parse_edge

__all__ = [
    "MarkedGraph",
    "Names",
    "as_marks",
    "as_names",
    "closure",
    "find_cycle",
    "parse_edges",
    "read_edges",
]

Names = str | Iterable[str]
IndexSets = tuple[frozenset[int], ...]


def as_names(names: Names) -> tuple[str, ...]:
    """Read one name or several.

    >>> as_names("X"), as_names(["X", "Y"])
    (('X',), ('X', 'Y'))
    """
    return (names,) if isinstance(names, str) else tuple(names)


def as_marks(marks: ArrayLike, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Copy marks into a read-only ``uint8`` array of the given shape."""
    given = np.asarray(marks)
    if given.shape != shape:
        raise GraphError(f"marks have shape {given.shape}; {shape} fits the nodes.")
    if given.size and (given.min() < 0 or given.max() > max(Mark) or (given % 1 != 0).any()):
        raise GraphError(
            "marks must be 0 (none), 1 (circle), 2 (arrow), 3 (tail) or 4 (conflict)."
        )
    fixed = given.astype(np.uint8)
    fixed.flags.writeable = False
    return fixed


def parse_edges(edges: Iterable[str]) -> list[Edge]:
    """Parse a sequence of edge texts."""
    if isinstance(edges, str):
        raise GraphError(f"edges={edges!r}: expected a sequence; write [{edges!r}].")
    return [parse_edge(text) for text in edges]


def read_edges(
    edges: Iterable[str], nodes: Sequence[str] | None
) -> tuple[tuple[str, ...], list[Edge]]:
    """Parse edges; without ``nodes`` the names come in order of appearance."""
    parsed = parse_edges(edges)
    if nodes is None:
        nodes = list(dict.fromkeys(name for edge in parsed for name in (edge.x, edge.y)))
    return check_names(nodes), parsed


def closure(adjacency: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Give the transitive closure (paths of length one or more) of a directed relation."""
    reach = adjacency.copy()
    for k in range(len(reach)):
        reach[reach[:, k]] |= reach[k]
    return reach


def find_cycle(children: Sequence[Collection[int]]) -> list[int]:
    """Give the nodes of some directed cycle, or an empty list. Iterative depth-first search."""
    state = [0] * len(children)
    for root in range(len(children)):
        if state[root]:
            continue
        path, stack = [root], [iter(sorted(children[root]))]
        state[root] = 1
        while stack:
            step = next(stack[-1], None)
            if step is None:
                stack.pop()
                state[path.pop()] = 2
            elif state[step] == 1:
                return path[path.index(step) :]
            elif state[step] == 0:
                state[step] = 1
                path.append(step)
                stack.append(iter(sorted(children[step])))
    return []


@dataclass(frozen=True, eq=False, repr=False)
class MarkedGraph(ABC):
    """Nodes and end marks; abstract.

    Parameters
    ----------
    nodes : sequence of str
        Distinct names; their order is the order of rows and columns.
    marks : array of shape (p, p)
        ``marks[i, j]`` is the mark at j of the edge between i and j; see
        :class:`~causalsim.graph.marks.Mark`. Copied and made read-only.
    """

    nodes: tuple[str, ...]
    marks: NDArray[np.uint8]

    def __post_init__(self) -> None:
        object.__setattr__(self, "nodes", check_names(self.nodes))
        p = len(self.nodes)
        object.__setattr__(self, "marks", as_marks(self.marks, (p, p)))
        if self.marks.diagonal().any():
            node = self.nodes[int(np.flatnonzero(self.marks.diagonal())[0])]
            raise GraphError(f"{node!r} is joined to itself; the diagonal of marks must be 0.")
        half = (self.marks == Mark.NONE) != (self.marks.T == Mark.NONE)
        if half.any():
            i, j = np.argwhere(half)[0]
            raise GraphError(
                f"the edge between {self.nodes[i]!r} and {self.nodes[j]!r} has a mark at one "
                "end only; marks[i, j] and marks[j, i] must both be 0 or both be set."
            )
        self._refuse_marks()
        self._check()

    def _refuse_marks(self) -> None:
        """Refuse an edge that this kind cannot hold."""
        pairs = np.unique(
            self.marks[self.skeleton] * np.uint8(len(Mark)) + self.marks.T[self.skeleton]
        )
        kinds = [(Mark(code // len(Mark)), Mark(code % len(Mark))) for code in pairs.tolist()]
        if all(self._allows(at_x, at_y) for at_x, at_y in kinds):
            return
        bad = next(edge for edge in self._edges() if not self._allows(edge.at_x, edge.at_y))
        raise GraphError(
            f"a {type(self).__name__} cannot hold {str(bad)!r}; it holds {self._allowed_text()}."
        )

    # -- what each kind decides ------------------------------------------------------------

    @staticmethod
    @abstractmethod
    def _allows(at_x: Mark, at_y: Mark) -> bool:
        """Tell whether this kind may hold an edge with these marks."""

    @staticmethod
    @abstractmethod
    def _allowed_text() -> str:
        """Name the edges this kind may hold."""

    @abstractmethod
    def _check(self) -> None:
        """Check what single edges cannot show, such as acyclicity."""

    # -- construction and text ------------------------------------------------------------

    @classmethod
    def from_edges(cls, edges: Iterable[str], nodes: Sequence[str] | None = None) -> Self:
        """Build a graph from edge texts.

        Parameters
        ----------
        edges : iterable of str
            Such as ``"X --> Y"``; see :func:`~causalsim.graph.marks.parse_edge`.
        nodes : sequence of str, optional
            Names and their order. By default the order of appearance in ``edges``.

        Raises
        ------
        FormatError, GraphError, NameNotFoundError
            If a text is no edge, a kind's rule is broken, or an edge names an unknown node.

        Examples
        --------
        >>> from causalsim.graph import DAG
        >>> DAG.from_edges(["X --> Y"], nodes=["X", "Y", "Z"])
        DAG.from_edges(['X --> Y'], nodes=['X', 'Y', 'Z'])
        """
        names, parsed = read_edges(edges, nodes)
        index = {name: i for i, name in enumerate(names)}
        marks = np.zeros((len(names), len(names)), np.uint8)
        for edge in parsed:
            i, j = index_of(edge.x, index), index_of(edge.y, index)
            if marks[i, j]:
                raise GraphError(f"{edge.x!r} and {edge.y!r} are joined twice; give one edge.")
            marks[i, j], marks[j, i] = edge.at_y, edge.at_x
        return cls(names, marks)

    def _edges(self) -> Iterator[Edge]:
        i, j = true_cells(np.triu(self.skeleton)).T
        ends = zip(self.marks[j, i].tolist(), self.marks[i, j].tolist(), strict=True)
        for x, y, (at_x, at_y) in zip(i.tolist(), j.tolist(), ends, strict=True):
            yield Edge(self.nodes[x], self.nodes[y], Mark(at_x), Mark(at_y))

    @cached_property
    def edges(self) -> tuple[str, ...]:
        """The edges as texts, by node order.

        >>> from causalsim.graph import DAG
        >>> DAG.from_edges(["X --> Y", "Z --> Y"]).edges
        ('X --> Y', 'Z --> Y')
        """
        return tuple(str(edge) for edge in self._edges())

    @property
    def n_edges(self) -> int:
        """Number of edges."""
        return len(self.edges)

    def __len__(self) -> int:
        return len(self.nodes)

    def __contains__(self, name: object) -> bool:
        return name in self._index

    def __repr__(self) -> str:
        implied, _ = read_edges(self.edges, None)
        nodes = "" if implied == self.nodes else f", nodes={list(self.nodes)!r}"
        return f"{type(self).__name__}.from_edges({list(self.edges)!r}{nodes})"

    def __str__(self) -> str:
        lonely = [name for name in self.nodes if not self.adjacent(name)]
        return "\n".join([*self.edges, *lonely])

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self.nodes == other.nodes and np.array_equal(self.marks, other.marks)

    def __hash__(self) -> int:
        return hash((type(self), self.nodes, self.marks.tobytes()))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple(getattr(self, name) for name in self.__dataclass_fields__)

    # -- integers inside ------------------------------------------------------------------

    @cached_property
    def _index(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.nodes)}

    def index(self, name: str) -> int:
        """Give the position of a node.

        Raises
        ------
        NameNotFoundError
            With the nearest existing name.
        """
        return index_of(name, self._index)

    def indices(self, names: Names) -> list[int]:
        """Give the positions of one node or several."""
        return [self.index(name) for name in as_names(names)]

    def _pairs(self, at_i: Mark, at_j: Mark) -> NDArray[np.bool_]:
        """Tell for each pair (i, j) whether its edge has these marks; shape (p, p)."""
        return np.equal(self.marks.T, at_i) & np.equal(self.marks, at_j)

    @cached_property
    def skeleton(self) -> NDArray[np.bool_]:
        """Adjacency, shape (p, p), symmetric."""
        return np.not_equal(self.marks, Mark.NONE)

    @cached_property
    def directed(self) -> NDArray[np.bool_]:
        """``directed[i, j]`` tells whether ``i --> j``; shape (p, p)."""
        return self._pairs(Mark.TAIL, Mark.ARROW)

    @cached_property
    def bidirected(self) -> NDArray[np.bool_]:
        """``bidirected[i, j]`` tells whether ``i <-> j``; shape (p, p)."""
        return self._pairs(Mark.ARROW, Mark.ARROW)

    @cached_property
    def undirected(self) -> NDArray[np.bool_]:
        """``undirected[i, j]`` tells whether ``i --- j``; shape (p, p)."""
        return self._pairs(Mark.TAIL, Mark.TAIL)

    @cached_property
    def parent_sets(self) -> IndexSets:
        """Positions of the parents of each node."""
        return index_sets(self.directed.T)

    @cached_property
    def child_sets(self) -> IndexSets:
        """Positions of the children of each node."""
        return index_sets(self.directed)

    @cached_property
    def spouse_sets(self) -> IndexSets:
        """Positions of the nodes joined to each node by ``<->``."""
        return index_sets(self.bidirected)

    @cached_property
    def neighbour_sets(self) -> IndexSets:
        """Positions of the nodes joined to each node by ``---``."""
        return index_sets(self.undirected)

    @cached_property
    def adjacent_sets(self) -> IndexSets:
        """Positions of the nodes joined to each node by any edge."""
        return index_sets(self.skeleton)

    def _names(self, positions: Iterable[int]) -> tuple[str, ...]:
        return tuple(self.nodes[i] for i in sorted(set(positions)))

    def _walk(self, start: Names, step: IndexSets) -> set[int]:
        """Give the positions reached from ``start`` (included) along ``step``."""
        found = set(self.indices(start))
        queue = list(found)
        while queue:
            fresh = step[queue.pop()] - found
            found |= fresh
            queue.extend(fresh)
        return found

    # -- names at the border --------------------------------------------------------------

    def adjacent(self, name: str) -> tuple[str, ...]:
        """Nodes joined to ``name`` by any edge."""
        return self._names(self.adjacent_sets[self.index(name)])

    def parents(self, name: str) -> tuple[str, ...]:
        """Nodes with ``--> name``.

        >>> from causalsim.graph import DAG
        >>> DAG.from_edges(["X --> Y", "Z --> Y"]).parents("Y")
        ('X', 'Z')
        """
        return self._names(self.parent_sets[self.index(name)])

    def children(self, name: str) -> tuple[str, ...]:
        """Nodes with ``name -->``."""
        return self._names(self.child_sets[self.index(name)])

    def neighbours(self, name: str) -> tuple[str, ...]:
        """Nodes with ``name ---``."""
        return self._names(self.neighbour_sets[self.index(name)])

    def spouses(self, name: str) -> tuple[str, ...]:
        """Nodes with ``name <->``."""
        return self._names(self.spouse_sets[self.index(name)])

    def ancestors(self, names: Names) -> tuple[str, ...]:
        """Nodes with a directed path into ``names``, without ``names`` themselves.

        >>> from causalsim.graph import DAG
        >>> DAG.from_edges(["X --> Y", "Y --> Z"]).ancestors("Z")
        ('X', 'Y')
        """
        return self._names(self._walk(names, self.parent_sets) - set(self.indices(names)))

    def descendants(self, names: Names) -> tuple[str, ...]:
        """Nodes with a directed path from ``names``, without ``names`` themselves."""
        return self._names(self._walk(names, self.child_sets) - set(self.indices(names)))

    def district(self, name: str) -> tuple[str, ...]:
        """Nodes joined to ``name`` by a path of ``<->`` edges, with ``name`` (c-component)."""
        return self._names(self._walk(name, self.spouse_sets))

    def districts(self) -> tuple[tuple[str, ...], ...]:
        """All districts, by their first node."""
        return tuple(dict.fromkeys(self.district(name) for name in self.nodes))

    def markov_blanket(self, name: str) -> tuple[str, ...]:
        """Nodes that shield ``name`` from all others.

        In a DAG: parents, children and the children's other parents. In an ADMG: the districts
        of the node and of its children, with the parents of those districts; sufficient, and
        in a DAG minimal. Undirected neighbours count as parents and children.

        >>> from causalsim.graph import DAG
        >>> DAG.from_edges(["X --> Y", "Z --> Y", "Y --> W"]).markov_blanket("X")
        ('Y', 'Z')
        """
        start = {self.index(name)}
        down = start | self.child_sets[self.index(name)] | self.neighbour_sets[self.index(name)]
        region = self._walk([self.nodes[i] for i in down], self.spouse_sets)
        around = {k for i in region for k in self.parent_sets[i] | self.neighbour_sets[i]}
        return self._names((region | around) - start)

    def subgraph(self, names: Names) -> Self:
        """Induced subgraph over ``names``, in this graph's node order.

        >>> from causalsim.graph import DAG
        >>> DAG.from_edges(["X --> Y", "Y --> Z"]).subgraph(["Z", "Y"])
        DAG.from_edges(['Y --> Z'])
        """
        keep = sorted(set(self.indices(names)))
        return self._like(tuple(self.nodes[i] for i in keep), keep)

    def reorder(self, nodes: Sequence[str]) -> Self:
        """Give the same graph with its nodes in another order.

        >>> from causalsim.graph import DAG
        >>> DAG.from_edges(["X --> Y"]).reorder(["Y", "X"]).nodes
        ('Y', 'X')
        """
        if sorted(nodes) != sorted(self.nodes):
            raise GraphError(f"reorder needs the nodes {list(self.nodes)}, got {list(nodes)}.")
        return self._like(tuple(nodes), self.indices(nodes))

    def rename(self, names: dict[str, str]) -> Self:
        """Give the same graph with new names for some nodes.

        >>> from causalsim.graph import DAG
        >>> DAG.from_edges(["X --> Y"]).rename({"X": "A"})
        DAG.from_edges(['A --> Y'])
        """
        self.indices(names)
        renamed = tuple(names.get(name, name) for name in self.nodes)
        return self._like(renamed, range(len(self.nodes)))

    def _like(self, nodes: tuple[str, ...], positions: Sequence[int]) -> Self:
        """Give a graph of this kind with the rows and columns at ``positions``."""
        return type(self)(nodes, self.marks[np.ix_(positions, positions)])

    def _repr_html_(self) -> str:
        from causalsim.graph.draw import to_svg

        return to_svg(self)


def true_cells(relation: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Give the true cells of a square relation row by row, shape (m, 2); faster than argwhere."""
    flat = np.flatnonzero(relation)
    return np.column_stack(np.divmod(flat, max(1, len(relation))))


def index_sets(relation: NDArray[np.bool_]) -> IndexSets:
    """Give the true positions of each row as a set."""
    sets: list[set[int]] = [set() for _ in range(len(relation))]
    for i, j in true_cells(relation).tolist():
        sets[i].add(j)
    return tuple(frozenset(found) for found in sets)


def refuse_cycle(graph: MarkedGraph) -> None:
    """Raise with the nodes of a directed cycle, if there is one.

    Raises
    ------
    CycleError
        Naming the cycle.
    """
    cycle = find_cycle(graph.child_sets)
    if cycle:
        raise CycleError.from_cycle([graph.nodes[i] for i in cycle])
