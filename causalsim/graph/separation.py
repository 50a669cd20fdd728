"""Open and blocked paths: d-separation in DAGs, m-separation in ADMGs.

A graph says which variables can carry information about each other. Information travels along
paths, whatever way the arrows point, and each inner node of a path decides whether it passes.

* In a chain ``X --> Z --> Y`` and a fork ``X <-- Z --> Y`` the node Z lets it pass, until Z is
  known: rain tells about a wet street through clouds seen, but not once rain itself is known.
* In a collider ``X --> Z <-- Y`` two arrowheads meet at Z, and Z blocks: two causes of one
  effect need not know of each other. Once Z, or an effect of Z, is known, the path opens: if
  the street is wet and it did not rain, somebody used a hose.

A path is *open* given a set S if every collider on it is in S or has a descendant in S, and no
other inner node is in S. X and Y are *separated* by S if no path between them is open; then
every distribution that factorises along the graph has X and Y independent given S, and in a
faithful one the reverse holds too. An edge ``X <-> Y`` stands for a hidden common cause, and
so has an arrowhead at both ends; nothing else changes, and the rule is then called
m-separation.

There can be exponentially many paths, and nobody needs to list them. A *walk* may visit nodes
twice; if a descendant of a collider is in S, a walk may go down to it and come back. So some
path is open exactly if some walk is whose colliders are all in S and whose other inner nodes
are not. Whether a walk can go on depends only on where it is and on whether it came in by an
arrowhead: two states a node, each visited once, time linear in the number of edges. That is
:func:`walk`, the whole of this module. A separating set costs two of them: among
the ancestors of X, Y and what must be included, first keep what X reaches, and then, given
that, what Y reaches.

References
----------
.. [Pearl1988] Pearl, Probabilistic Reasoning in Intelligent Systems, chapter 3: d-separation.
.. [Shachter1998] Shachter, Bayes-Ball, UAI 1998: the linear-time walk.
.. [Richardson2003] Richardson, Markov properties for acyclic directed mixed graphs,
   Scandinavian Journal of Statistics 30(1): m-separation.
.. [VanderZander2020] van der Zander & Liskiewicz, Finding minimal d-separators in linear time
   and applications, UAI 2019, PMLR 115 (2020): :func:`separating_set`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from causalsim.errors import GraphError
from causalsim.graph._base import MarkedGraph, Names
from causalsim.graph.kinds import ADMG, CPDAG, DAG, PAG

__all__ = ["connected_to", "is_separated", "reachable", "separating_set", "walk"]


def is_separated(graph: MarkedGraph, x: Names, y: Names, given: Names = ()) -> bool:
    """Tell whether ``given`` blocks every path between ``x`` and ``y``.

    Parameters
    ----------
    graph : DAG, ADMG or CPDAG
        A CPDAG answers for any of its members, which all agree. Unroll a TemporalGraph first.
    x, y, given : str or sequence of str
        Disjoint sets of nodes.

    Raises
    ------
    GraphError
        If a node stands in two of the sets, or for a PAG or TemporalGraph.
    NotAClassError
        If a CPDAG has no member.
    NameNotFoundError
        If a node does not exist.

    References
    ----------
    [Pearl1988]_, [Shachter1998]_, [Richardson2003]_.

    Examples
    --------
    >>> dag = DAG.from_edges(["X --> Z", "Y --> Z", "Z --> W"])
    >>> is_separated(dag, "X", "Y"), is_separated(dag, "X", "Y", given="W")
    (True, False)
    """
    solid = _solid(graph)
    xs, ys, givens = _disjoint(solid, x, y, given)
    return walk(solid, xs, givens).isdisjoint(ys)


def reachable(graph: MarkedGraph, x: Names, given: Names = ()) -> tuple[str, ...]:
    """Give the nodes that have an open path to ``x``, in node order.

    Parameters
    ----------
    graph : DAG, ADMG or CPDAG
    x, given : str or sequence of str
        Disjoint sets of nodes; neither is part of the result.

    Raises
    ------
    GraphError
        If a node stands in both sets, or for a PAG or TemporalGraph.

    Examples
    --------
    >>> reachable(DAG.from_edges(["X --> Z", "Y --> Z", "Z --> W"]), "X")
    ('Z', 'W')
    """
    solid = _solid(graph)
    xs, _, givens = _disjoint(solid, x, (), given)
    found = walk(solid, xs, givens) - givens - xs
    return tuple(solid.nodes[i] for i in sorted(found))


def connected_to(graph: DAG | ADMG, i: int, given: Collection[int] = ()) -> set[int]:
    """Give the positions of all nodes m-connected to position ``i``; for inner loops.

    Parameters
    ----------
    graph : DAG or ADMG
    i : int
        Position of a node that is not in ``given``.
    given : collection of int
        Positions that are conditioned on; a set is fastest.

    Examples
    --------
    >>> sorted(connected_to(DAG.from_edges(["X --> Z", "Y --> Z"]), 0, {1}))
    [2]
    """
    found = walk(graph, (i,), given)
    found.difference_update(given)
    found.discard(i)
    return found


def walk(graph: DAG | ADMG, start: Iterable[int], given: Collection[int]) -> set[int]:
    """Give the positions that open walks from ``start`` enter, start and ``given`` included.

    Parameters
    ----------
    graph : DAG or ADMG
    start : iterable of int
        Where walks begin, as if they had come there by a tail.
    given : collection of int
        Positions that are conditioned on; a set is fastest.

    Examples
    --------
    >>> sorted(walk(DAG.from_edges(["X --> Z", "Y --> Z", "Z --> W"]), [0], ()))
    [0, 1, 3]
    """
    parents, children, spouses = graph.parent_sets, graph.child_sets, graph.spouse_sets
    by_tail, by_head = set(start), set[int]()
    rising, falling = list(by_tail), list[int]()
    while rising or falling:
        head = not rising
        node = falling.pop() if head else rising.pop()
        observed = node in given
        down = children[node] - by_head if not observed else set[int]()
        if head == observed:
            up = parents[node] - by_tail
            by_tail |= up
            rising += up
            down |= spouses[node] - by_head
        by_head |= down
        falling += down
    return by_tail | by_head


def separating_set(
    graph: MarkedGraph,
    x: Names,
    y: Names,
    *,
    include: Names = (),
    within: Names | None = None,
) -> tuple[str, ...] | None:
    """Give a minimal set that separates ``x`` and ``y``, or None if there is none.

    Parameters
    ----------
    graph : DAG, ADMG or CPDAG
    x, y : str or sequence of str
        Disjoint sets of nodes.
    include : str or sequence of str
        Nodes that the set must contain.
    within : str or sequence of str, optional
        Nodes it may contain besides; by default all but ``x`` and ``y``.

    Returns
    -------
    tuple of str or None
        In node order. No proper subset of it that contains ``include`` separates. None if
        nothing does, as between adjacent nodes.

    Raises
    ------
    GraphError
        If ``x``, ``y`` and ``include`` overlap, or for a PAG or TemporalGraph.

    References
    ----------
    [VanderZander2020]_, algorithm FINDMINSEP.

    Examples
    --------
    >>> dag = DAG.from_edges(["X --> A", "A --> B", "B --> Y", "X --> W", "Y --> W"])
    >>> separating_set(dag, "X", "Y"), separating_set(dag, "X", "Y", include="B")
    (('A',), ('B',))
    >>> separating_set(dag, "X", "A") is None
    True
    """
    solid = _solid(graph)
    xs, ys, must = _disjoint(solid, x, y, include)
    may = set(range(len(solid))) if within is None else set(solid.indices(within))
    ends = [solid.nodes[i] for i in xs | ys | must]
    above = must.union(solid.indices(solid.ancestors(ends)))
    largest = ((may | must) & above) - xs - ys
    from_x = walk(solid, xs, largest)
    if not from_x.isdisjoint(ys):
        return None
    smaller = largest & (from_x | must)
    smallest = smaller & (walk(solid, ys, smaller) | must)
    return tuple(solid.nodes[i] for i in sorted(smallest))


def _solid(graph: MarkedGraph) -> DAG | ADMG:
    """Give a graph whose marks are all decided, with the same separations."""
    if isinstance(graph, DAG | ADMG):
        return graph
    if isinstance(graph, CPDAG):
        return graph.extension()
    hint = "use a DAG or ADMG of its class" if isinstance(graph, PAG) else "unroll it first"
    raise GraphError(f"separation in a {type(graph).__name__} is not defined here; {hint}.")


def _disjoint(graph: DAG | ADMG, *groups: Names) -> tuple[set[int], ...]:
    """Give the positions of groups of nodes that must not overlap."""
    sets = tuple(set(graph.indices(group)) for group in groups)
    seen: set[int] = set()
    for group in sets:
        if seen & group:
            name = graph.nodes[min(seen & group)]
            raise GraphError(f"{name!r} stands in two of the sets; x, y and given are disjoint.")
        seen |= group
    return sets
