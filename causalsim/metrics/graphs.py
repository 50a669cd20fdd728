"""How far an estimated graph is from a true one, edge by edge.

Two graphs are compared place by place. A place is a pair of nodes, matched by name; in a
TemporalGraph it is a pair at a lag. What stands there are two end marks, or nothing:

* an *adjacency* is any edge, ``x-x`` and ``<->`` included;
* an *arrowhead* is a mark ``>`` at one end: ``-->`` has one, ``<->`` two, ``---``, ``o-o`` and
  the conflict ``x-x`` have none. In an ADMG a pair with both ``-->`` and ``<->`` has two.

A DAG and a CPDAG may be compared, marks as they stand; what PC can know at best is the class,
so compare its result with ``truth.to_cpdag()``.

References
----------
.. [Tsamardinos2006] Tsamardinos, Brown & Aliferis, The max-min hill-climbing Bayesian network
   structure learning algorithm, Machine Learning 65: SHD between partially directed graphs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from causalsim.errors import GraphError, OptionError, listing
from causalsim.graph import ADMG, Mark, TemporalGraph
from causalsim.graph._base import MarkedGraph

__all__ = ["Scores", "arrowhead_scores", "graph_scores", "shd", "skeleton_scores"]

Graph = MarkedGraph | TemporalGraph
_COST_OF_UNDIRECTED = {"one": 1.0, "half": 0.5}


@final
@dataclass(frozen=True)
class Scores:
    """Counts of what an estimate got right, and the rates they make.

    Parameters
    ----------
    tp, fp, fn : int
        True positives, false positives, false negatives.

    Examples
    --------
    >>> scores = Scores(tp=2, fp=1, fn=0)
    >>> scores.precision, scores.recall, scores.f1
    (0.67, 1.0, 0.8)
    """

    tp: int
    fp: int
    fn: int

    @property
    def precision(self) -> float:
        """Share of what was claimed that is true; 1 where nothing was claimed."""
        return _share(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float:
        """Share of what is true that was found; 1 where there was nothing to find."""
        return _share(self.tp, self.tp + self.fn)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 1 where nothing was claimed or to be found."""
        return _share(2 * self.tp, 2 * self.tp + self.fp + self.fn)


def shd(estimate: Graph, truth: Graph, *, undirected: str = "one") -> float:
    """Count the pairs on which two graphs differ: structural Hamming distance.

    Parameters
    ----------
    estimate, truth : graph
        Of any kind, over the same names in any order; two TemporalGraphs may differ in
        ``max_lag``.
    undirected : {"one", "half"}
        ``"one"``: each pair whose two end marks differ costs 1, a missing, an extra, a reversed
        and an undirected edge alike. ``"half"``: a pair joined in both graphs costs 1/2 if one
        of its edges has no arrowhead (``---``, ``o-o``, ``x-x``).

    Returns
    -------
    float
        0 if and only if all marks agree; symmetric.

    Raises
    ------
    GraphError
        If the names differ, or one graph is over time and the other is not.

    References
    ----------
    [Tsamardinos2006]_.

    Examples
    --------
    >>> from causalsim.graph import CPDAG, DAG
    >>> truth = DAG.from_edges(["X --> Y", "Y --> Z"])
    >>> estimate = CPDAG.from_edges(["X --- Y", "X --> Z"], nodes=["X", "Y", "Z"])
    >>> shd(estimate, truth), shd(estimate, truth, undirected="half")
    (3.0, 2.5)
    """
    if undirected not in _COST_OF_UNDIRECTED:
        raise OptionError.from_choice("undirected", undirected, _COST_OF_UNDIRECTED)
    first, second = _places(estimate, truth)
    different = (first.marks != second.marks).any(axis=0)
    headless = ~first.arrowheads.any(axis=0) | ~second.arrowheads.any(axis=0)
    cheap = different & first.adjacent & second.adjacent & headless
    saved = 1 - _COST_OF_UNDIRECTED[undirected]
    return float(different.sum() - saved * cheap.sum())


def skeleton_scores(estimate: Graph, truth: Graph) -> Scores:
    """Compare adjacencies, whatever their marks.

    Parameters
    ----------
    estimate, truth : graph
        As in :func:`shd`.

    Raises
    ------
    GraphError
        As in :func:`shd`.

    Examples
    --------
    >>> from causalsim.graph import CPDAG, DAG
    >>> skeleton_scores(CPDAG.from_edges(["X --- Y"]), DAG.from_edges(["Y --> X"]))
    Scores(tp=1, fp=0, fn=0)
    """
    first, second = _places(estimate, truth)
    return _scores(first.adjacent, second.adjacent)


def arrowhead_scores(estimate: Graph, truth: Graph) -> Scores:
    """Compare arrowheads: each end of each pair counts by itself, joined in both or not.

    Parameters
    ----------
    estimate, truth : graph
        As in :func:`shd`.

    Raises
    ------
    GraphError
        As in :func:`shd`.

    Examples
    --------
    >>> from causalsim.graph import CPDAG, DAG
    >>> truth = DAG.from_edges(["X --> Z", "Y --> Z"])
    >>> arrowhead_scores(CPDAG.from_edges(["X <-> Z", "Y --- Z"]), truth)
    Scores(tp=1, fp=1, fn=1)
    """
    first, second = _places(estimate, truth)
    return _scores(first.arrowheads, second.arrowheads)


def graph_scores(estimate: Graph, truth: Graph) -> dict[str, float]:
    """Give the scores of this module as one flat row for a table.

    Parameters
    ----------
    estimate, truth : graph
        As in :func:`shd`.

    Returns
    -------
    dict of str to float
        ``shd``, ``edges``, ``true_edges``, and precision, recall and f1 of ``skeleton_`` and
        ``arrowhead_``. SID and adjustment distances ask for classes: call them yourself.

    Raises
    ------
    GraphError
        As in :func:`shd`.

    Examples
    --------
    >>> from causalsim.graph import DAG
    >>> row = graph_scores(DAG.from_edges(["X --> Y"]), DAG.from_edges(["Y --> X"]))
    >>> row["shd"], row["skeleton_f1"], row["arrowhead_f1"]
    (1.0, 1.0, 0.0)
    """
    row = {
        "shd": shd(estimate, truth),
        "edges": float(estimate.n_edges),
        "true_edges": float(truth.n_edges),
    }
    parts = {
        "skeleton": skeleton_scores(estimate, truth),
        "arrowhead": arrowhead_scores(estimate, truth),
    }
    for part, scores in parts.items():
        row[f"{part}_precision"] = scores.precision
        row[f"{part}_recall"] = scores.recall
        row[f"{part}_f1"] = scores.f1
    return row


class _Places(NamedTuple):
    """What stands at each of n places: marks (3, n), adjacent (n,), arrowheads (2, n).

    The rows of ``marks`` are the mark at either end, and whether a second edge, a ``<->``,
    stands there too.
    """

    marks: NDArray[np.uint8]
    adjacent: NDArray[np.bool_]
    arrowheads: NDArray[np.bool_]


def refuse_other_nodes(estimate: Graph, truth: Graph) -> None:
    """Let graphs over the same names pass.

    Raises
    ------
    GraphError
        Naming the nodes that only one of them has.
    """
    missing = [name for name in truth.nodes if name not in estimate.nodes]
    extra = [name for name in estimate.nodes if name not in truth.nodes]
    if missing or extra:
        raise GraphError(
            f"the graphs have different nodes: {listing(missing) or 'none'} only in the truth, "
            f"{listing(extra) or 'none'} only in the estimate; use subgraph or rename."
        )


def _places(estimate: Graph, truth: Graph) -> tuple[_Places, _Places]:
    """Put two graphs over the same names side by side."""
    refuse_other_nodes(estimate, truth)
    if isinstance(estimate, TemporalGraph) and isinstance(truth, TemporalGraph):
        depth = max(estimate.max_lag, truth.max_lag)
        return _over_time(estimate.reorder(truth.nodes), depth), _over_time(truth, depth)
    if isinstance(estimate, TemporalGraph) or isinstance(truth, TemporalGraph):
        raise GraphError(
            f"{type(estimate).__name__} and {type(truth).__name__} cannot be compared; "
            "give two graphs over time, or unroll both."
        )
    return _static(estimate.reorder(truth.nodes)), _static(truth)


def _static(graph: MarkedGraph) -> _Places:
    """Read the pairs of a static graph."""
    upper = np.triu_indices(len(graph), 1)
    bows = graph.bows if isinstance(graph, ADMG) else np.zeros_like(graph.marks)
    return _read(graph.marks[upper], graph.marks.T[upper], bows[upper])


def _over_time(graph: TemporalGraph, depth: int) -> _Places:
    """Read the pairs of a temporal graph: at lag 0 once, at other lags from i to j."""
    missing_lags = ((0, 0), (0, 0), (0, depth - graph.max_lag))
    now, past = (np.pad(marks, missing_lags) for marks in (graph.marks, graph.past_marks))
    once = np.ones(now.shape, bool)
    once[:, :, 0] = np.triu(once[:, :, 0], 1)
    return _read(now[once], past[once], np.zeros_like(now[once]))


def _read(here: NDArray[Any], there: NDArray[Any], bows: NDArray[Any]) -> _Places:
    """Read adjacencies and arrowheads off the marks at both ends."""
    ends = np.stack([here, there])
    return _Places(
        np.stack([here, there, bows.astype(np.uint8)]),
        np.not_equal(here, Mark.NONE),
        np.equal(ends, Mark.ARROW) | bows.astype(bool),
    )


def _scores(claimed: NDArray[np.bool_], true: NDArray[np.bool_]) -> Scores:
    """Count hits, false alarms and misses."""
    return Scores(
        tp=int((claimed & true).sum()),
        fp=int((claimed & ~true).sum()),
        fn=int((~claimed & true).sum()),
    )


def _share(part: int, whole: int) -> float:
    """Divide, with nothing out of nothing being all of it."""
    return part / whole if whole else 1.0
