from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import admgs, cpdags, dags, pags, temporal_graphs

from causalsim.errors import GraphError, OptionError
from causalsim.graph import ADMG, CPDAG, DAG, PAG, TemporalGraph
from causalsim.metrics import Scores, arrowhead_scores, graph_scores, shd, skeleton_scores

NODES = ["X", "Y", "Z"]


def same_size(strategy):
    """Three graphs of one kind over the same four nodes."""
    return st.tuples(*[strategy(min_nodes=4, max_nodes=4)] * 3)


several = st.one_of([same_size(s) for s in (dags, cpdags, admgs, pags, temporal_graphs)])


@pytest.mark.parametrize(
    ("estimate", "truth", "one", "half"),
    [
        ("X --> Y", "X --> Y", 0, 0),
        ("Y --> X", "X --> Y", 1, 1),
        ("X --- Y", "X --> Y", 1, 0.5),
        ("X x-x Y", "X --> Y", 1, 0.5),
        ("X x-x Y", "X --- Y", 1, 0.5),
        ("X <-> Y", "X --> Y", 1, 1),
        ("X --- Y", "X --- Z", 2, 2),
        ("X --> Y", None, 1, 1),
        (None, "X --- Y", 1, 1),
        (None, None, 0, 0),
    ],
)
def test_shd_pair_by_pair(estimate, truth, one, half):
    graphs = [CPDAG.from_edges([e] if e else [], NODES) for e in (estimate, truth)]
    assert shd(*graphs) == shd(*graphs[::-1]) == one
    assert shd(*graphs, undirected="half") == half


def test_shd_of_circles_and_bows():
    circle, arrow = PAG.from_edges(["X o-> Y"]), PAG.from_edges(["X --> Y"])
    open_end = PAG.from_edges(["X o-o Y"])
    assert shd(circle, arrow, undirected="half") == 1
    assert shd(circle, open_end, undirected="half") == 0.5
    bow, plain = ADMG.from_edges(["X --> Y", "X <-> Y"]), DAG.from_edges(["X --> Y"])
    assert shd(bow, plain) == shd(plain, bow) == 1
    assert arrowhead_scores(bow, plain) == Scores(tp=1, fp=1, fn=0)


@given(several, st.sampled_from(["one", "half"]))
def test_shd_is_a_distance(graphs, undirected):
    first, second, third = graphs
    between = [
        shd(a, b, undirected=undirected)
        for a, b in ((first, second), (second, third), (first, third))
    ]
    assert shd(first, first, undirected=undirected) == 0
    assert shd(second, first, undirected=undirected) == between[0]
    assert between[2] <= between[0] + between[1]
    if isinstance(first, TemporalGraph):
        equal = set(first.edges) == set(second.edges)
    else:
        equal = first == second
    assert (between[0] == 0) == equal


@given(cpdags(min_nodes=4, max_nodes=4), cpdags(min_nodes=4, max_nodes=4))
def test_shd_counts_the_pairs_whose_marks_differ(estimate, truth):
    different = (estimate.marks != truth.marks) | (estimate.marks != truth.marks).T
    assert shd(estimate, truth) == np.triu(different).sum()


@pytest.mark.peer
@given(dags(min_nodes=5, max_nodes=5), dags(min_nodes=5, max_nodes=5), st.booleans())
def test_shd_agrees_with_gadjid(estimate, truth, classes):
    gadjid = pytest.importorskip("gadjid")
    if classes:
        estimate, truth = estimate.to_cpdag(), truth.to_cpdag()
    codes = [(g.directed + 2 * np.triu(g.undirected)).astype(np.int8) for g in (estimate, truth)]
    assert shd(estimate, truth) == gadjid.shd(*codes)[1]


@given(several, st.data())
def test_nodes_are_matched_by_name(graphs, data):
    estimate, truth, _ = graphs
    moved = estimate.reorder(data.draw(st.permutations(estimate.nodes)))
    assert graph_scores(moved, truth) == graph_scores(estimate, truth)
    both = [g.reorder(moved.nodes) for g in (estimate, truth)]
    assert graph_scores(*both) == graph_scores(estimate, truth)


def test_scores_by_hand():
    truth = DAG.from_edges(["A --> C", "B --> C", "C --> D"])
    estimate = CPDAG.from_edges(["A --> C", "B --- C", "B --> D", "A x-x D"])
    assert skeleton_scores(estimate, truth) == Scores(tp=2, fp=2, fn=1)
    assert arrowhead_scores(estimate, truth) == Scores(tp=1, fp=1, fn=2)
    assert graph_scores(estimate, truth) == {
        "shd": 4.0,
        "edges": 4.0,
        "true_edges": 3.0,
        "skeleton_precision": 0.5,
        "skeleton_recall": pytest.approx(2 / 3),
        "skeleton_f1": pytest.approx(4 / 7),
        "arrowhead_precision": 0.5,
        "arrowhead_recall": pytest.approx(1 / 3),
        "arrowhead_f1": pytest.approx(0.4),
    }


def test_a_reversed_arrow_is_a_false_and_a_missed_arrowhead():
    scores = arrowhead_scores(DAG.from_edges(["X --> Y"]), DAG.from_edges(["Y --> X"]))
    assert scores == Scores(tp=0, fp=1, fn=1)


def test_rates_of_nothing():
    empty, edge = DAG.from_edges([], NODES), DAG.from_edges(["X --> Y"], NODES)
    nothing = skeleton_scores(empty, empty)
    assert (nothing.precision, nothing.recall, nothing.f1) == (1, 1, 1)
    silent = skeleton_scores(empty, edge)
    assert (silent.precision, silent.recall, silent.f1) == (1, 0, 0)
    noisy = skeleton_scores(edge, empty)
    assert (noisy.precision, noisy.recall, noisy.f1) == (0, 1, 0)


def test_graphs_over_time():
    truth = TemporalGraph.from_edges(["X[t-1] --> X", "X[t-2] --> Y", "X --> Y"])
    estimate = TemporalGraph.from_edges(["X[t-1] --> X", "X[t-1] --> Y", "X --- Y"], ["Y", "X"])
    assert shd(estimate, truth) == shd(truth, estimate) == 3
    assert shd(estimate, truth, undirected="half") == 2.5
    assert skeleton_scores(estimate, truth) == Scores(tp=2, fp=1, fn=1)
    assert arrowhead_scores(estimate, truth) == Scores(tp=1, fp=1, fn=2)
    longer = TemporalGraph.from_edges(truth.edges, max_lag=5)
    assert shd(longer, truth) == 0
    assert graph_scores(estimate, truth)["true_edges"] == 3


@given(temporal_graphs(directed=True), st.integers(0, 2))
def test_the_skeleton_of_a_graph_over_time_has_its_edges(graph, more):
    longer = TemporalGraph.from_edges(graph.edges, graph.nodes, max_lag=graph.max_lag + more)
    assert skeleton_scores(longer, graph) == Scores(tp=graph.n_edges, fp=0, fn=0)
    assert arrowhead_scores(graph, longer) == Scores(tp=graph.n_edges, fp=0, fn=0)


def test_refusals():
    dag = DAG.from_edges(["X --> Y"])
    with pytest.raises(GraphError, match="'Y' only in the truth, 'Z' only in the estimate"):
        shd(DAG.from_edges(["X --> Z"]), dag)
    with pytest.raises(GraphError, match="none only in the truth, 'Z' only in the estimate"):
        skeleton_scores(DAG.from_edges(["X --> Y"], NODES), dag)
    series = TemporalGraph.from_edges(["X --> Y"])
    with pytest.raises(GraphError, match="DAG and TemporalGraph cannot be compared"):
        arrowhead_scores(dag, series)
    with pytest.raises(GraphError, match="TemporalGraph and DAG cannot be compared"):
        graph_scores(series, dag)
    with pytest.raises(OptionError, match="undirected='two' is unknown"):
        shd(dag, dag, undirected="two")
