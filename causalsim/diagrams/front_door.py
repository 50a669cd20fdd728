"""Front-door sets: mediators that carry the whole effect and share no hidden cause with X.

If Z lies on every causal path from X to Y, nothing open joins X and Z but causal paths, and X
blocks everything else that joins Z and Y, then P(y | do x) is the sum over z of P(z | x) times
the sum over x' of P(y | x', z) P(x'). The conditions are sufficient, not necessary: where no
such set exists the effect may be identified otherwise.

Each of the last two conditions is met by a largest set, and the first by all larger sets too, so
that one question settles whether any set exists between two bounds: the lists branch on it.

References
----------
.. [Pearl1995] Pearl, Causal diagrams for empirical research, Biometrika 82.
.. [Jeong2022] Jeong, Tian & Bareinboim, Finding and listing front-door adjustment sets, NeurIPS.
.. [Wienobst2024] Wienobst, van der Zander & Liskiewicz, Linear-time algorithms for front-door
   adjustment in causal graphs, AAAI.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from causalsim.diagrams import _formulas
from causalsim.diagrams._causal_paths import disjoint, reach
from causalsim.diagrams._separators import open_walk
from causalsim.diagrams.adjustment import at_most
from causalsim.diagrams.distribution import Distribution
from causalsim.diagrams.verdict import Verdict
from causalsim.errors import GraphError, OptionError
from causalsim.graph._base import MarkedGraph, Names, as_names
from causalsim.graph.kinds import ADMG, DAG
from causalsim.graph.separation import walk

__all__ = ["front_door_adjust", "front_door_set", "front_door_sets", "is_front_door_set"]

Nodes = frozenset[int]


@dataclass(frozen=True)
class _Door:
    """A question about front-door sets, by position."""

    graph: DAG | ADMG
    x: Nodes
    y: Nodes

    def without_out(self, nodes: Nodes) -> ADMG:
        """Give the graph without the arrows out of some nodes."""
        directed = self.graph.directed.copy()
        directed[list(nodes)] = False
        return ADMG.from_relations(self.graph.nodes, directed, self.graph.bidirected)

    def gap(self, z: Nodes) -> str:
        """Write a causal path from x to y that avoids z, or nothing."""
        free = z | self.x
        for start in sorted(self.x):
            trail: dict[int, tuple[int, ...]] = {start: (start,)}
            queue = [start]
            for node in queue:
                for child in sorted(self.graph.child_sets[node] - free - trail.keys()):
                    trail[child] = (*trail[node], child)
                    queue.append(child)
                    if child in self.y:
                        return " --> ".join(self.graph.nodes[i] for i in trail[child])
        return ""

    def largest(self, may: Nodes) -> Nodes:
        """Give the largest set in ``may`` that meets the two back-door conditions."""
        may = may - walk(self.without_out(self.x), self.x, ())
        while True:
            joined = walk(self.without_out(may), self.y, self.x)
            if may.isdisjoint(joined):
                return may
            may = may - joined

    def exists(self, must: Nodes, may: Nodes) -> bool:
        """Tell whether there is a front-door set between two sets."""
        largest = self.largest(may)
        if not must <= largest:
            return False
        open_nodes = reach(self.x, self.graph.child_sets, largest)
        return self.y.isdisjoint(open_nodes)


def _door(graph: MarkedGraph, x: Names, y: Names) -> _Door:
    if not isinstance(graph, DAG | ADMG):
        raise GraphError(
            f"front-door sets of a {type(graph).__name__} are not defined; use a DAG or ADMG."
        )
    return _Door(graph, *disjoint(graph, x=x, y=y))


def is_front_door_set(graph: MarkedGraph, x: Names, y: Names, z: Names) -> Verdict:
    """Tell whether ``z`` meets the front-door criterion.

    Parameters
    ----------
    graph : DAG or ADMG
    x, y, z : str or sequence of str
        Disjoint sets of nodes.

    Raises
    ------
    GraphError
        If the sets overlap or the graph is of another kind.

    References
    ----------
    [Pearl1995]_.

    Examples
    --------
    >>> smoke = ADMG.from_edges(["S --> T", "T --> C", "S <-> C"])
    >>> bool(is_front_door_set(smoke, "S", "C", "T"))
    True
    >>> is_front_door_set(smoke, "S", "C", ()).reason
    'the causal path S --> T --> C avoids the set'
    """
    door = _door(graph, x, y)
    _, _, zs = disjoint(graph, x=x, y=y, z=z)
    gap = door.gap(zs)
    if gap:
        return Verdict(f"the causal path {gap} avoids the set")
    path = open_walk(door.without_out(door.x), door.x, zs, ()).text
    if path:
        return Verdict(f"the back-door path {path} joins cause and set")
    path = open_walk(door.without_out(zs), zs, door.y, door.x).text
    if path:
        return Verdict(f"the back-door path {path} joins set and outcome")
    return Verdict()


def front_door_sets(
    graph: MarkedGraph,
    x: Names,
    y: Names,
    *,
    minimal: bool = True,
    within: Names | None = None,
    limit: int = 10_000,
) -> Iterator[tuple[str, ...]]:
    """List the front-door sets, lazily.

    Parameters
    ----------
    graph : DAG or ADMG
    x, y : str or sequence of str
        Disjoint sets of nodes.
    minimal : bool
        Only sets of which no part is one. The delay is polynomial for ``minimal=False``.
    within : str or sequence of str, optional
        Nodes that may be used.
    limit : int
        The most sets to list.

    Yields
    ------
    tuple of str
        In node order.

    Raises
    ------
    LimitError
        In place of set number ``limit + 1``.
    GraphError
        As in :func:`is_front_door_set`.

    References
    ----------
    [Jeong2022]_.

    Examples
    --------
    >>> chain = ADMG.from_edges(["X --> A", "A --> B", "B --> Y", "X <-> Y"])
    >>> list(front_door_sets(chain, "X", "Y"))
    [('A',), ('B',)]
    >>> list(front_door_sets(chain, "X", "Y", minimal=False))
    [('A', 'B'), ('A',), ('B',)]
    """
    if limit < 1:
        raise OptionError(f"limit={limit}: list at least one set.")
    door = _door(graph, x, y)
    found = _listed(door, _candidates(door, within), minimal)
    return at_most(limit, (tuple(graph.nodes[i] for i in sorted(each)) for each in found))


def _candidates(door: _Door, within: Names | None) -> Nodes:
    may = range(len(door.graph)) if within is None else door.graph.indices(within)
    return door.largest(frozenset(may) - door.x - door.y)


def _listed(door: _Door, candidates: Nodes, minimal: bool) -> Iterator[Nodes]:
    stack: list[tuple[Nodes, Nodes]] = [(frozenset(), candidates)]
    while stack:
        must, may = stack.pop()
        if not door.exists(must, may) or (minimal and _has_spare(door, must)):
            continue
        if must == may:
            yield must
            continue
        node = min(may - must)
        stack += [(must, may - {node}), (must | {node}, may)]


def _has_spare(door: _Door, z: Nodes) -> bool:
    """Tell whether a proper part of z is a front-door set."""
    return any(door.exists(frozenset(), z - {i}) for i in z)


def front_door_set(
    graph: MarkedGraph, x: Names, y: Names, *, within: Names | None = None
) -> tuple[str, ...] | None:
    """Give one minimal front-door set in polynomial time, or None.

    Parameters
    ----------
    graph, x, y, within
        As in :func:`front_door_sets`.

    References
    ----------
    [Wienobst2024]_ (there in linear time).

    Examples
    --------
    >>> smoke = ADMG.from_edges(["S --> T", "T --> C", "S <-> C"])
    >>> front_door_set(smoke, "S", "C")
    ('T',)
    """
    door = _door(graph, x, y)
    kept = _candidates(door, within)
    if not door.exists(frozenset(), kept):
        return None
    for node in sorted(kept):
        if node in kept and door.exists(frozenset(), kept - {node}):
            kept = door.largest(kept - {node})
    return tuple(graph.nodes[i] for i in sorted(kept))


def front_door_adjust(joint: Distribution, x: Names, y: Names, z: Names) -> Distribution:
    """Give the sum over z of P(z | x) times the sum over x' of P(y | x', z) P(x').

    Parameters
    ----------
    joint : Distribution
        Over at least x, y and z.
    x, y, z : str or sequence of str

    Returns
    -------
    Distribution
        P(y | do x), with ``given=x``.

    Raises
    ------
    PositivityError
        If P(x) is 0, or P(x, z) where P(z) is not.

    Examples
    --------
    >>> table = [[[0.5, 0.1], [0.01, 0.02]], [[0.1, 0.05], [0.02, 0.2]]]
    >>> cancer = front_door_adjust(Distribution(table, ["S", "T", "C"]), "S", "C", "T")
    >>> cancer.array("S", "C").round(8)
    array([[0.74652237, 0.25347763],
           [0.4577027 , 0.5422973 ]])
    """
    return _formulas.front_door(joint, as_names(x), as_names(y), as_names(z))
