"""Adjustment sets: which variables to hold fixed so that association is effect.

Adjusting for Z means P(y | do x) = sum over z of P(y | x, z) P(z). By the generalised adjustment
criterion that is right, in every model of a graph or of every graph of a class, exactly if

* *amenability*: every proper possibly causal path from X to Y starts with an edge that points away
  from X in every member and, in a PAG, hides no common cause;
* *forbidden nodes*: Z holds no possible descendant of a node on such a path;
* *blocking*: Z separates X from Y once the first edges of causal paths are cut.

The criterion is sound and complete for DAGs, ADMGs, CPDAGs (with arrows from knowledge too) and
PAGs. Where no set exists, the effect may still be identified by other means.

References
----------
.. [Shpitser2010] Shpitser, VanderWeele & Robins, On the validity of covariate adjustment for
   estimating causal effects, UAI 2010.
.. [Perkovic2018] Perkovic, Textor, Kalisch & Maathuis, Complete graphical characterization and
   construction of adjustment sets in Markov equivalence classes of ancestral graphs, JMLR 18.
.. [Henckel2022] Henckel, Perkovic & Maathuis, Graphical criteria for efficient total effect
   estimation via adjustment in causal linear models, JRSS B 84.
.. [Smucler2022] Smucler, Sapienza & Rotnitzky, Efficient adjustment sets in causal graphical
   models with hidden variables, Biometrika 109.
"""

from __future__ import annotations

from collections.abc import Iterator

from causalsim.diagrams._causal_paths import causal_paths, disjoint
from causalsim.diagrams._judgement import allowed, judge
from causalsim.diagrams._separators import all_separators, minimal_separators, nearest_separator
from causalsim.diagrams.verdict import Verdict
from causalsim.errors import LimitError, OptionError
from causalsim.graph._base import MarkedGraph, Names
from causalsim.graph.kinds import CPDAG, DAG

__all__ = ["adjustment_sets", "at_most", "is_adjustment_set", "optimal_adjustment_set"]


def is_adjustment_set(graph: MarkedGraph, x: Names, y: Names, z: Names = ()) -> Verdict:
    """Tell whether adjusting for ``z`` gives the effect of ``x`` on ``y``.

    Parameters
    ----------
    graph : DAG, ADMG, CPDAG or PAG
    x, y, z : str or sequence of str
        Disjoint sets of nodes.

    Returns
    -------
    Verdict
        With the edge, node or path at fault.

    Raises
    ------
    GraphError
        If the sets overlap, or a PAG or CPDAG has no member (``NotAClassError``).

    References
    ----------
    [Shpitser2010]_, [Perkovic2018]_.

    Examples
    --------
    >>> from causalsim.graph import ADMG
    >>> bias = ADMG.from_edges(["X --> Y", "X <-> Z", "Y <-> Z"])
    >>> bool(is_adjustment_set(bias, "X", "Y"))
    True
    >>> is_adjustment_set(bias, "X", "Y", "Z").reason
    'adjusting opens the path X <-> Z <-> Y'
    """
    xs, ys, zs = disjoint(graph, x=x, y=y, z=z)
    paths = causal_paths(graph, xs, ys)
    return judge(graph, paths, zs)


def adjustment_sets(
    graph: MarkedGraph,
    x: Names,
    y: Names,
    *,
    minimal: bool = True,
    within: Names | None = None,
    limit: int = 10_000,
) -> Iterator[tuple[str, ...]]:
    """List the adjustment sets, lazily and with polynomial delay.

    Parameters
    ----------
    graph : DAG, ADMG, CPDAG or PAG
    x, y : str or sequence of str
        Disjoint sets of nodes.
    minimal : bool
        Only sets of which no part adjusts; else all.
    within : str or sequence of str, optional
        Nodes that may be used, such as those that are measured.
    limit : int
        The most sets to list.

    Yields
    ------
    tuple of str
        In node order. Nothing if no set adjusts.

    Raises
    ------
    LimitError
        In place of set number ``limit + 1``.
    GraphError
        As in :func:`is_adjustment_set`.

    References
    ----------
    van der Zander, Liskiewicz & Textor 2019, Artificial Intelligence 270.

    Examples
    --------
    >>> from causalsim.graph import DAG
    >>> dag = DAG.from_edges(["A --> X", "A --> B", "B --> Y", "X --> Y"])
    >>> list(adjustment_sets(dag, "X", "Y"))
    [('A',), ('B',)]
    >>> len(list(adjustment_sets(dag, "X", "Y", minimal=False)))
    3
    """
    if limit < 1:
        raise OptionError(f"limit={limit}: list at least one set.")
    xs, ys = disjoint(graph, x=x, y=y)
    paths = causal_paths(graph, xs, ys)
    may = allowed(graph, paths, within)
    listed = minimal_separators if minimal else all_separators
    if paths.unsure:
        return iter(())
    found = listed(paths.back_door, xs, ys, may)
    return at_most(limit, (_names(graph, each) for each in found))


def _names(graph: MarkedGraph, positions: frozenset[int]) -> tuple[str, ...]:
    return tuple(graph.nodes[i] for i in sorted(positions))


def at_most(limit: int, sets: Iterator[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """Give the sets one by one and refuse to go on after ``limit`` of them."""
    for count, each in enumerate(sets):
        if count == limit:
            raise LimitError(
                f"there are more than limit={limit} sets; raise limit, narrow them with "
                "within=..., or take the first with next()."
            )
        yield each


def optimal_adjustment_set(
    graph: MarkedGraph, x: Names, y: Names, *, within: Names | None = None
) -> tuple[str, ...] | None:
    """Give the adjustment set with the smallest asymptotic variance.

    Parameters
    ----------
    graph : DAG, ADMG, CPDAG or PAG
    x, y : str or sequence of str
        Disjoint sets of nodes.
    within : str or sequence of str, optional
        Nodes that may be used.

    Returns
    -------
    tuple of str or None
        In a DAG or CPDAG with all nodes at hand the parents of the causal nodes, the best of all
        sets. With hidden variables (ADMG, PAG, ``within``) no best of all need exist; given is
        the minimal set nearest to ``y``, the best of the minimal ones. None if no set adjusts.

    References
    ----------
    [Henckel2022]_, [Smucler2022]_ (one cause and one outcome).

    Examples
    --------
    >>> from causalsim.graph import DAG
    >>> dag = DAG.from_edges(["A --> X", "A --> K", "K --> Y", "X --> Y"])
    >>> optimal_adjustment_set(dag, "X", "Y")
    ('K',)
    """
    xs, ys = disjoint(graph, x=x, y=y)
    paths = causal_paths(graph, xs, ys)
    if paths.unsure:
        return None
    if within is None and isinstance(graph, DAG | CPDAG):
        above = frozenset[int]().union(*(graph.parent_sets[i] for i in paths.on))
        best = above - paths.forbidden - xs - ys
        if judge(graph, paths, best):
            return _names(graph, best)
    found = nearest_separator(paths.back_door, xs, ys, allowed(graph, paths, within))
    return None if found is None else _names(graph, found)
