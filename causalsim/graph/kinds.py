"""The four static kinds of causal graph. All are final, frozen and validated.

========  ==================================  =================================================
kind      edges                               stands for
========  ==================================  =================================================
DAG       ``-->``                             one causal order without hidden common causes
CPDAG     ``-->`` ``---`` ``x-x`` ``<->``     what PC returns; a Markov class if ``is_class()``
ADMG      ``-->`` ``<->``, both on one pair   hidden common causes written as ``<->``
PAG       ``-->`` ``<->`` ``o->`` ``o-o`` ... a class of graphs with hidden causes
========  ==================================  =================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Self, final

import numpy as np
from numpy.typing import NDArray

from causalsim.errors import GraphError
from causalsim.graph._base import MarkedGraph, Names, read_edges, refuse_cycle
from causalsim.graph.labels import index_of
from causalsim.graph.marks import Edge, Mark

__all__ = ["ADMG", "CPDAG", "DAG", "PAG"]

_DIRECTED = frozenset({(Mark.TAIL, Mark.ARROW), (Mark.ARROW, Mark.TAIL)})
_BIDIRECTED = (Mark.ARROW, Mark.ARROW)


def _topological(graph: MarkedGraph) -> tuple[str, ...]:
    """Order nodes so that parents come first; ties by node order."""
    import heapq

    waiting = [len(parents) for parents in graph.parent_sets]
    ready = [i for i, count in enumerate(waiting) if count == 0]
    order: list[int] = []
    while ready:
        order.append(heapq.heappop(ready))
        for child in graph.child_sets[order[-1]]:
            waiting[child] -= 1
            if waiting[child] == 0:
                heapq.heappush(ready, child)
    return tuple(graph.nodes[i] for i in order)


@final
@dataclass(frozen=True, eq=False, repr=False)
class DAG(MarkedGraph):
    """A directed acyclic graph.

    Examples
    --------
    >>> dag = DAG.from_edges(["X --> Y", "Y --> Z"])
    >>> dag.parents("Z"), dag.ancestors("Z"), dag.topological_order()
    (('Y',), ('X', 'Y'), ('X', 'Y', 'Z'))
    >>> DAG.from_edges(["X --> Y", "Y --> X"])
    Traceback (most recent call last):
    ...
    causalsim.errors.GraphError: 'Y' and 'X' are joined twice; give one edge.
    >>> DAG.from_edges(["X --> Y", "Y --> Z", "Z --> X"])
    Traceback (most recent call last):
    ...
    causalsim.errors.CycleError: directed cycle: X --> Y --> Z --> X. Remove or turn one of ...
    """

    @staticmethod
    def _allows(at_x: Mark, at_y: Mark) -> bool:
        return (at_x, at_y) in _DIRECTED

    @staticmethod
    def _allowed_text() -> str:
        return "'-->' only"

    def _check(self) -> None:
        refuse_cycle(self)

    @classmethod
    def from_directed(cls, nodes: Sequence[str], directed: NDArray[np.bool_]) -> Self:
        """Build a DAG from a boolean matrix with ``directed[i, j]`` for ``i --> j``.

        >>> DAG.from_directed(["X", "Y"], np.array([[False, True], [False, False]]))
        DAG.from_edges(['X --> Y'])
        """
        there = np.asarray(directed, bool)
        if (there & there.T).any():
            i, j = np.argwhere(there & there.T)[0]
            raise GraphError(f"{nodes[i]!r} and {nodes[j]!r} are joined in both directions.")
        return cls(tuple(nodes), np.where(there, Mark.ARROW, np.where(there.T, Mark.TAIL, 0)))

    def topological_order(self) -> tuple[str, ...]:
        """Order the nodes so that parents come first; ties by node order."""
        return _topological(self)

    def do(self, names: Names) -> DAG:
        """Cut every edge into ``names``: the graph after an intervention.

        >>> DAG.from_edges(["X --> Y", "Y --> Z"]).do("Y")
        DAG.from_edges(['Y --> Z'], nodes=['X', 'Y', 'Z'])
        """
        directed = self.directed.copy()
        directed[:, self.indices(names)] = False
        return DAG.from_directed(self.nodes, directed)

    def to_cpdag(self) -> CPDAG:
        """Give the graph of this DAG's Markov equivalence class.

        >>> DAG.from_edges(["X --> Y", "Y --> Z"]).to_cpdag()
        CPDAG.from_edges(['X --- Y', 'Y --- Z'])
        """
        from causalsim.graph.equivalence import dag_to_cpdag

        return dag_to_cpdag(self)

    def project(self, latents: Names) -> ADMG:
        """Hide ``latents``: the latent projection over the other nodes.

        >>> DAG.from_edges(["L --> X", "L --> Y"]).project("L")
        ADMG.from_edges(['X <-> Y'])
        """
        from causalsim.graph.projection import latent_projection

        return latent_projection(self, latents)


@final
@dataclass(frozen=True, eq=False, repr=False)
class CPDAG(MarkedGraph):
    """A partially directed graph: what PC returns.

    Only marks are validated, since finite data often give a graph that is no equivalence
    class; :meth:`is_class` tells, and :meth:`extension` and :meth:`members` refuse otherwise.

    Examples
    --------
    >>> chain = CPDAG.from_edges(["X --- Y", "Y --- Z"])
    >>> chain.is_class(), len(chain.members())
    (True, 3)
    >>> CPDAG.from_edges(["X --> Y", "Z x-x Y"]).is_class()
    False
    """

    @staticmethod
    def _allows(at_x: Mark, at_y: Mark) -> bool:
        pair = (at_x, at_y)
        both = {_BIDIRECTED, (Mark.TAIL, Mark.TAIL), (Mark.CONFLICT, Mark.CONFLICT)}
        return pair in _DIRECTED or pair in both

    @staticmethod
    def _allowed_text() -> str:
        return "'-->', '---', 'x-x' and, as a conflict, '<->'"

    def _check(self) -> None:
        """Hold any mixture of marks."""

    @cached_property
    def conflicts(self) -> tuple[str, ...]:
        """Edges on which rules disagreed (``x-x`` or ``<->``)."""
        return tuple(edge for edge in self.edges if " x-x " in edge or " <-> " in edge)

    def is_class(self) -> bool:
        """Tell whether the graph stands for a class: extendable to a DAG, closed under R1-R4."""
        from causalsim.graph.equivalence import is_class

        return is_class(self)

    def extension(self) -> DAG:
        """Give one DAG with the same skeleton, arrows and no further v-structures.

        Raises
        ------
        NotAClassError
            Naming the edges at fault, if there is none.
        """
        from causalsim.graph.equivalence import consistent_extension

        return consistent_extension(self)

    def members(self, limit: int = 10_000) -> tuple[DAG, ...]:
        """List every DAG of the class, at most ``limit``.

        Raises
        ------
        NotAClassError
            If the graph stands for no class.
        LimitError
            If there are more members than ``limit``.
        """
        from causalsim.graph.equivalence import class_members

        return class_members(self, limit)


@final
@dataclass(frozen=True, eq=False, repr=False)
class ADMG(MarkedGraph):
    """An acyclic directed mixed graph: ``-->`` and ``<->``, also both on one pair.

    Parameters
    ----------
    nodes, marks
        As in every kind. On a pair with both edges ``marks`` holds the directed one.
    bows : array of bool, shape (p, p), optional
        Pairs that are joined by ``<->`` besides their directed edge.

    Examples
    --------
    >>> smoke = ADMG.from_edges(["S --> T", "T --> C", "S <-> C"])
    >>> smoke.districts()
    (('S', 'C'), ('T',))
    >>> ADMG.from_edges(["X --> Y", "X <-> Y"])
    ADMG.from_edges(['X --> Y', 'X <-> Y'])
    """

    bows: NDArray[np.bool_] = field(default_factory=lambda: np.zeros((0, 0), bool))

    @staticmethod
    def _allows(at_x: Mark, at_y: Mark) -> bool:
        return (at_x, at_y) in _DIRECTED or (at_x, at_y) == _BIDIRECTED

    @staticmethod
    def _allowed_text() -> str:
        return "'-->' and '<->'"

    def _check(self) -> None:
        p = len(self.nodes)
        bows = np.array(self.bows if np.size(self.bows) else np.zeros((p, p)), bool)
        if bows.shape != (p, p) or (bows != bows.T).any():
            raise GraphError(f"bows must be symmetric of shape {(p, p)}; got {bows.shape}.")
        if (bows & ~(self.directed | self.directed.T)).any():
            raise GraphError("bows may only stand on pairs joined by a directed edge.")
        bows.flags.writeable = False
        object.__setattr__(self, "bows", bows)
        refuse_cycle(self)

    @classmethod
    def from_edges(cls, edges: Iterable[str], nodes: Sequence[str] | None = None) -> Self:
        """Build an ADMG from edge texts; a pair may have both ``-->`` and ``<->``."""
        names, parsed = read_edges(edges, nodes)
        index = {name: i for i, name in enumerate(names)}
        p = len(names)
        directed, bidirected = np.zeros((p, p), bool), np.zeros((p, p), bool)
        for edge in parsed:
            i, j = index_of(edge.x, index), index_of(edge.y, index)
            if not cls._allows(edge.at_x, edge.at_y):
                raise GraphError(f"an ADMG cannot hold {str(edge)!r}; it holds '-->' and '<->'.")
            if (edge.at_x, edge.at_y) == _BIDIRECTED:
                bidirected[i, j] = bidirected[j, i] = True
            else:
                i, j = (i, j) if edge.at_y == Mark.ARROW else (j, i)
                directed[i, j] = True
        return cls.from_relations(names, directed, bidirected)

    @classmethod
    def from_relations(
        cls, nodes: Sequence[str], directed: NDArray[np.bool_], bidirected: NDArray[np.bool_]
    ) -> Self:
        """Build an ADMG from two boolean matrices, ``directed[i, j]`` for ``i --> j``."""
        if (directed & directed.T).any():
            i, j = np.argwhere(directed & directed.T)[0]
            raise GraphError(f"directed cycle: {nodes[i]} --> {nodes[j]} --> {nodes[i]}.")
        marks = np.where(bidirected, Mark.ARROW, Mark.NONE)
        marks[directed] = Mark.ARROW
        marks[directed.T] = Mark.TAIL
        return cls(tuple(nodes), marks, bidirected & (directed | directed.T))

    def _edges(self) -> Iterator[Edge]:
        yield from MarkedGraph._edges(self)  # noqa: SLF001
        if np.size(self.bows):
            for i, j in np.argwhere(np.triu(self.bows)).tolist():
                yield Edge(self.nodes[i], self.nodes[j], Mark.ARROW, Mark.ARROW)

    @cached_property
    def bidirected(self) -> NDArray[np.bool_]:
        """``bidirected[i, j]`` tells whether ``i <-> j``, bows included; shape (p, p)."""
        return self._pairs(Mark.ARROW, Mark.ARROW) | self.bows

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ADMG):
            return NotImplemented
        return MarkedGraph.__eq__(self, other) and np.array_equal(self.bows, other.bows)

    def __hash__(self) -> int:
        return hash((ADMG, self.nodes, self.marks.tobytes(), self.bows.tobytes()))

    def _like(self, nodes: tuple[str, ...], positions: Sequence[int]) -> Self:
        at = np.ix_(positions, positions)
        return type(self)(nodes, self.marks[at], self.bows[at])

    def topological_order(self) -> tuple[str, ...]:
        """Order the nodes so that parents come first; ties by node order."""
        return _topological(self)

    def do(self, names: Names) -> ADMG:
        """Cut every edge with an arrow at ``names``: the graph after an intervention.

        >>> ADMG.from_edges(["S --> T", "S <-> C"]).do("S")
        ADMG.from_edges(['S --> T'], nodes=['S', 'T', 'C'])
        """
        directed, bidirected = self.directed.copy(), self.bidirected.copy()
        at = self.indices(names)
        directed[:, at] = False
        bidirected[:, at] = bidirected[at, :] = False
        return ADMG.from_relations(self.nodes, directed, bidirected)

    def project(self, latents: Names) -> ADMG:
        """Hide ``latents``: the latent projection over the other nodes."""
        from causalsim.graph.projection import latent_projection

        return latent_projection(self, latents)


@final
@dataclass(frozen=True, eq=False, repr=False)
class PAG(MarkedGraph):
    """A partial ancestral graph: circles where the class leaves a mark open.

    Examples
    --------
    >>> PAG.from_edges(["X o-> Y", "Z o-> Y"]).edges
    ('X o-> Y', 'Z o-> Y')
    """

    @staticmethod
    def _allows(at_x: Mark, at_y: Mark) -> bool:
        return Mark.CONFLICT not in (at_x, at_y)

    @staticmethod
    def _allowed_text() -> str:
        return "circles, arrows and tails"

    def _check(self) -> None:
        refuse_cycle(self)
