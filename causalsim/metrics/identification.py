"""How far an estimated graph misleads about effects, rather than about edges.

The structural intervention distance counts the ordered pairs (i, j) for which adjusting for
the estimate's parents of i would give a wrong effect of i on j. Adjusting for a set Z is right
for (i, j) in a DAG if and only if every directed path from i to j avoids Z, and Z blocks every
other walk from i to j that does not come back to i. Whether that holds for all j at once is one
walk through the graph for each i, so that the whole distance is quadratic.

References
----------
.. [Peters2015] Peters & Buehlmann, Structural intervention distance for evaluating causal
   graphs, Neural Computation 27(3).
.. [Henckel2024] Henckel, Wuertzen & Weichwald, Adjustment identification distance: a gadjid
   for causal structure learning, UAI 2024.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray

from causalsim import _lazy
from causalsim.errors import GraphError, NotAClassError, OptionError
from causalsim.graph import CPDAG, DAG
from causalsim.graph.separation import walk
from causalsim.metrics.graphs import refuse_other_nodes

__all__ = ["adjustment_distance", "sid", "sid_bounds"]

KINDS = ("ancestor", "parent", "oset")


def sid(estimate: DAG, truth: DAG) -> int:
    """Count the ordered pairs whose effect the estimate's parents get wrong.

    Parameters
    ----------
    estimate, truth : DAG
        Over the same names, in any order. Not symmetric.

    Returns
    -------
    int
        Between 0 and p * (p - 1). 0 also where the estimate only has superfluous edges.

    Raises
    ------
    GraphError
        If either is no DAG, or the names differ.

    References
    ----------
    [Peters2015]_.

    Examples
    --------
    >>> truth = DAG.from_edges(["X --> Y", "Y --> Z"])
    >>> sid(DAG.from_edges(["X --> Y", "X --> Z", "Y --> Z"]), truth)
    0
    >>> sid(DAG.from_edges(["Z --> Y", "Y --> X"]), truth)
    6
    """
    _refuse_other_kinds(estimate, DAG, hint="sid_bounds takes an estimated CPDAG")
    return sid_bounds(estimate, truth)[0]


def sid_bounds(estimate: DAG | CPDAG, truth: DAG, *, limit: int = 10_000) -> tuple[int, int]:
    """Give the smallest and largest :func:`sid` of the members of an estimated class.

    Parameters
    ----------
    estimate : CPDAG or DAG
    truth : DAG
    limit : int
        The most members to list.

    Raises
    ------
    GraphError
        If the kinds or names do not fit.
    NotAClassError
        If the estimate stands for no class.
    LimitError
        If its class is larger than ``limit``.

    References
    ----------
    [Peters2015]_, section 2.4.

    Examples
    --------
    >>> sid_bounds(CPDAG.from_edges(["X --- Y"]), DAG.from_edges(["X --> Y"]))
    (0, 2)
    """
    _refuse_other_kinds(estimate, DAG, CPDAG, hint="SID is not defined for it")
    _refuse_other_kinds(truth, DAG, hint="adjustment_distance takes a true CPDAG")
    refuse_other_nodes(estimate, truth)
    matched = estimate.reorder(truth.nodes)
    members = (matched,) if isinstance(matched, DAG) else matched.members(limit)
    n_wrong = cache(partial(_n_wrong, truth))
    totals = [sum(map(n_wrong, range(len(truth)), dag.parent_sets)) for dag in members]
    return min(totals), max(totals)


def adjustment_distance(
    estimate: DAG | CPDAG, truth: DAG | CPDAG, *, kind: str = "ancestor"
) -> int:
    """Count the ordered pairs whose effect the estimate identifies wrongly, through ``gadjid``.

    Parameters
    ----------
    estimate, truth : DAG or CPDAG
        Over the same names, in any order. A CPDAG must stand for a class. Not symmetric.
    kind : {"ancestor", "parent", "oset"}
        Which adjustment set is read off the estimate: the ancestors of the cause, its parents
        (in DAGs this is :func:`sid`), or the optimal set of the pair.

    Returns
    -------
    int
        Between 0 and p * (p - 1).

    Raises
    ------
    GraphError
        If the kinds or names do not fit.
    NotAClassError
        If a CPDAG stands for no class.
    MissingExtraError
        If ``gadjid`` is not installed.

    References
    ----------
    [Henckel2024]_.

    Examples
    --------
    >>> truth = DAG.from_edges(["X --> Y", "Y --> Z"])
    >>> adjustment_distance(truth, truth)
    0
    """
    if kind not in KINDS:
        raise OptionError.from_choice("kind", kind, KINDS)
    refuse_other_nodes(estimate, truth)
    for graph in (estimate, truth):
        _refuse_no_class(graph)
    gadjid = _lazy.optional("gadjid", "peers", "adjustment_distance")
    count = getattr(gadjid, f"{kind}_aid")
    codes = (_codes(truth), _codes(estimate.reorder(truth.nodes)))
    return int(count(*codes, edge_direction="from row to column")[1])


def _n_wrong(truth: DAG, i: int, adjusted: frozenset[int]) -> int:
    """Count the effects of i on others that adjusting for ``adjusted`` gets wrong."""
    parents, children = truth.parent_sets, truth.child_sets
    caused = _below(truth, children[i], adjusted)
    hits = caused & adjusted
    cut_off = _below(truth, set().union(*(children[hit] for hit in hits)), ())
    turns = parents[i].union(*(parents[hit] for hit in hits)) - {i}
    misled = walk(truth, turns, adjusted | {i})
    denied = adjusted & (caused | cut_off)
    return len((((misled | cut_off) - adjusted) | denied) - {i})


def _below(truth: DAG, start: Iterable[int], stop: Collection[int]) -> set[int]:
    """Give the nodes reached from ``start`` (included) downwards, not going on from ``stop``."""
    found = set(start)
    queue = list(found)
    while queue:
        node = queue.pop()
        if node not in stop:
            fresh = truth.child_sets[node] - found
            found |= fresh
            queue += fresh
    return found


def _refuse_other_kinds(graph: object, *kinds: type, hint: str) -> None:
    """Let a graph of one of these kinds pass."""
    if not isinstance(graph, kinds):
        expected = " or ".join(kind.__name__ for kind in kinds)
        raise GraphError(f"expected {expected}, got {type(graph).__name__}; {hint}.")


def _refuse_no_class(graph: DAG | CPDAG) -> None:
    """Let a DAG or the CPDAG of a class pass."""
    _refuse_other_kinds(graph, DAG, CPDAG, hint="no distance is defined for it")
    if isinstance(graph, CPDAG):
        graph.extension()
        if not graph.is_class():
            raise NotAClassError(
                "the CPDAG is not closed under Meek's rules; write "
                "graph.extension().to_cpdag() for the class that it lies in."
            )


def _codes(graph: DAG | CPDAG) -> NDArray[np.int8]:
    """Write 1 in row i and column j for ``i --> j``, and 2 once for ``i --- j``."""
    return (graph.directed + 2 * np.triu(graph.undirected)).astype(np.int8)
