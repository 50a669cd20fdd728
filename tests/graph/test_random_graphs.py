from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causalsim.errors import GraphError, OptionError
from causalsim.graph import DAG, TemporalGraph, random_dag, random_temporal_graph

KINDS = ["erdos_renyi", "scale_free", "ordered"]


@given(st.integers(0, 12), st.data(), st.sampled_from(KINDS))
def test_the_exact_number_of_edges(p, data, kind):
    edges = data.draw(st.integers(0, p * (p - 1) // 2))
    dag = random_dag(p, edges=edges, kind=kind, rng=data.draw(st.integers(0, 99)))
    assert isinstance(dag, DAG)
    assert dag.nodes == tuple(f"X{i}" for i in range(p))
    assert dag.n_edges == edges


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_graph(kind):
    first, again, other = (random_dag(20, kind=kind, rng=seed) for seed in (3, 3, 4))
    assert first == again
    assert first != other
    assert random_dag(20, kind=kind, rng=np.random.default_rng(3)) == first


def test_erdos_renyi_joins_every_pair_alike():
    from scipy.stats import binomtest

    rng = np.random.default_rng(0)
    graphs = [random_dag(5, degree=2, rng=rng) for _ in range(600)]
    joined = sum(g.skeleton.astype(int) for g in graphs)
    forward = sum(g.directed.astype(int) for g in graphs)
    for i, j in zip(*np.triu_indices(5, 1), strict=True):
        assert binomtest(int(joined[i, j]), 600, 2 / 4).pvalue > 1e-3
        assert binomtest(int(forward[i, j]), int(joined[i, j]), 0.5).pvalue > 1e-3
    counts = np.array([g.n_edges for g in graphs])
    assert counts.std() > 1


def test_ordered_graphs_have_causes_first():
    dag = random_dag(30, degree=4, kind="ordered", rng=0)
    assert not np.tril(dag.directed).any()
    assert dag.topological_order() == dag.nodes
    assert random_dag(30, degree=4, rng=0).topological_order() != dag.nodes


def test_scale_free_graphs_have_hubs():
    p, edges = 300, 600
    hubs = random_dag(p, edges=edges, kind="scale_free", rng=0)
    even = random_dag(p, edges=edges, rng=0)
    out_hubs, out_even = (g.directed.sum(axis=1).max() for g in (hubs, even))
    assert out_hubs > 2 * out_even
    assert hubs.directed.sum(axis=0).max() <= 3
    assert random_dag(p, degree=4, kind="scale_free", rng=1).n_edges == edges


def test_default_degree_and_given_names():
    assert random_dag(2, kind="scale_free", rng=0).n_edges == 1
    assert random_dag(["a", "b"], edges=1, kind="ordered", rng=0) == DAG.from_edges(["a --> b"])
    assert random_dag(0, rng=0).nodes == ()
    mean = np.mean([random_dag(50, rng=seed).n_edges for seed in range(40)])
    assert mean == pytest.approx(50, abs=4 * np.sqrt(50 / 40))


def test_large_graphs():
    dag = random_dag(2000, edges=3000, rng=0)
    assert (len(dag), dag.n_edges) == (2000, 3000)


@given(st.integers(0, 5), st.integers(1, 4), st.booleans(), st.booleans(), st.integers(0, 99))
def test_temporal_graphs_are_directed_and_acyclic(p, max_lag, now, own, seed):
    graph = random_temporal_graph(
        p, max_lag=max_lag, contemporaneous=now, autoregressive=own, rng=seed
    )
    assert isinstance(graph, TemporalGraph)
    assert graph.max_lag == max_lag
    assert isinstance(graph.window(), DAG)
    assert graph.directed.sum() == graph.n_edges
    assert now or not graph.marks[:, :, 0].any()
    itself = graph.directed[range(p), range(p)]
    assert itself[:, 1].all() == (own or p == 0)
    assert not itself[:, 2:].any()


def test_temporal_degree_counts_edges_between_variables():
    from scipy.stats import binomtest

    rng = np.random.default_rng(0)
    graphs = [
        random_temporal_graph(6, max_lag=2, degree=3, autoregressive=False, rng=rng)
        for _ in range(200)
    ]
    places = 6 * 5 * 2 + 6 * 5 // 2
    found = sum(g.n_edges for g in graphs)
    assert binomtest(found, 200 * places, 9 / places).pvalue > 1e-3
    at_lag_0 = sum(int(g.directed[:, :, 0].sum()) for g in graphs)
    assert binomtest(at_lag_0, found, 15 / places).pvalue > 1e-3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(kind="erdos"), r"kind='erdos' is unknown.*Did you mean 'erdos_renyi'"),
        (dict(degree=1, edges=2), r"degree=1 and edges=2: give one of them"),
        (dict(edges=7), r"edges=7: these nodes have room for 0 to 6 edges"),
        (dict(edges=-1), r"edges=-1: these nodes have room for 0 to 6 edges"),
        (dict(degree=3.5), r"degree=3.5: these nodes have room for degrees 0 to 3\."),
        (dict(degree=-1), r"degree=-1: these nodes have room for degrees 0 to 3\."),
    ],
)
def test_impossible_options_are_refused(options, message):
    with pytest.raises(OptionError, match=message):
        random_dag(4, rng=0, **options)


def test_more_refusals():
    with pytest.raises(OptionError, match="nodes=-1: expected names or how many"):
        random_dag(-1)
    with pytest.raises(OptionError, match="nodes=True: expected names or how many"):
        random_dag(True)
    with pytest.raises(GraphError, match="'a' stands more than once"):
        random_dag(["a", "a"])
    with pytest.raises(OptionError, match="max_lag=0: expected at least 1"):
        random_temporal_graph(3, max_lag=0)
    with pytest.raises(OptionError, match="room for degrees 0 to 12"):
        random_temporal_graph(3, max_lag=3, contemporaneous=False, degree=12.5)
