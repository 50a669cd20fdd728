"""Sortability: known answers, a path count by force, and what units change."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import dags

from causalsim.errors import DataError, GraphError, NameNotFoundError
from causalsim.graph import DAG, TemporalGraph
from causalsim.metrics.sortability import r2_sortability, temporal_sortability, varsortability
from causalsim.scm import SCM, TemporalSCM, random_scm

CHAIN = DAG.from_edges(["A --> B", "B --> C", "C --> D"])
SEEDS = st.integers(0, 2**32 - 1)


def chain_data(seed=0, n=2000):
    """Draw a chain whose variances are 1, 2, 3, 4."""
    return np.random.default_rng(seed).normal(size=(n, 4)).cumsum(axis=1)


def test_a_chain_of_growing_variance():
    data = chain_data()
    assert varsortability(CHAIN, data) == 1
    assert varsortability(CHAIN, data * [4, 3, 2, 1] / data.std(axis=0)) == 0
    assert varsortability(CHAIN, data / data.std(axis=0)) == 0.5


def test_each_length_counts_once():
    # A --> B --> C and A --> C: paths A-B, B-C, A-C of one edge and A-C of two
    graph = DAG.from_edges(["A --> B", "B --> C", "A --> C"])
    data = np.random.default_rng(0).normal(size=(500, 3))
    data *= np.array([2, 1, 3]) / data.std(axis=0)
    assert varsortability(graph, data) == 3 / 4


def test_r2_of_a_chain():
    # R2 of a Gaussian chain from its precision matrix: ends 1/2, inner nodes 1 - 1 / (2 var)
    data = chain_data(0, 50_000)
    explained = [1 / 2, 3 / 4, 5 / 6, 3 / 4]
    pairs = [(0, 1), (1, 2), (2, 3), (0, 2), (1, 3), (0, 3)]
    agree = [0.5 * (np.sign(explained[j] - explained[i]) + 1) for i, j in pairs]
    got = r2_sortability(CHAIN, data)
    assert min(abs(got - (sum(agree) + half) / 6) for half in (-0.5, 0.5)) < 1e-12


@given(SEEDS, st.floats(0.01, 100))
def test_units_change_variances_only(seed, unit):
    data = random_scm(CHAIN, rng=seed).sample(200, rng=seed).to_numpy()
    scaled = data * np.array([1, unit, 1, 1])
    assert r2_sortability(CHAIN, scaled) == r2_sortability(CHAIN, data)


@given(dags(2, 6), SEEDS)
def test_paths_by_force(graph, seed):
    data = np.random.default_rng(seed).normal(size=(40, len(graph)))
    if not graph.n_edges:
        with pytest.raises(GraphError, match="no edges"):
            varsortability(graph, data)
        return
    scores, joined = data.var(axis=0), set()

    def walk(start, node, length):
        for child in np.flatnonzero(graph.directed[node]).tolist():
            joined.add((start, child, length + 1))
            walk(start, child, length + 1)

    for start in range(len(graph)):
        walk(start, start, 0)
    rising = np.mean([scores[j] > scores[i] for i, j, _ in joined])
    assert varsortability(graph, data) == pytest.approx(rising)


def test_columns_go_by_name():
    frame = SCM.from_weights({"X --> Y": 2.0}).sample(300, rng=0)
    assert varsortability(DAG.from_edges(["X --> Y"]), frame[["Y", "X"]]) == 1


def test_over_time_and_within_a_step():
    model = TemporalSCM.from_weights(
        {"X[t-1] --> Y": 2.0, "Y[t-1] --> Y": 0.5, "Y --> Z": 0.1, "X[t-1] --> X": 0.3}
    )
    series = model.sample(2000, rng=0).frame()
    series["Z"] /= 10
    lagged, now = temporal_sortability(model.graph, series)
    assert (lagged.edges, now.edges) == ("lagged", "contemporaneous")
    assert now.variance == 0  # Y varies more than Z
    # pairs apart in time and name: X[t-1] --> Y, by two edges to Z, and Y[t-1] --> Z
    assert lagged.variance == 1 / 3
    assert 0 <= lagged.r2 <= 1


def test_self_edges_alone_sort_nothing():
    graph = TemporalGraph.from_edges(["X[t-1] --> X"])
    with pytest.raises(GraphError, match="no edge leads from one variable to another"):
        temporal_sortability(graph, np.random.default_rng(0).normal(size=(50, 1)))


def test_refusals():
    data = chain_data(n=50)
    with pytest.raises(NameNotFoundError, match="'D'"):
        varsortability(CHAIN, pd.DataFrame(data[:, :3], columns=list("ABC")))
    with pytest.raises(DataError, match="determine each other"):
        r2_sortability(CHAIN, data[:, [0, 1, 2, 2]])
    data[:, 1] = 0
    with pytest.raises(DataError, match="do not vary"):
        r2_sortability(CHAIN, data)
    open_edge = TemporalGraph.from_edges(["X --- Y"])
    with pytest.raises(GraphError, match="directed edges"):
        temporal_sortability(open_edge, data[:, :2])
    lags = TemporalGraph.from_edges(["X[t-3] --> Y"])
    with pytest.raises(DataError, match="too few for 3 lags"):
        temporal_sortability(lags, data[:10, :2])
