"""Interventions: known distances, graphs found again, and twins that the data cannot tell."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from series import colliders
from strategies import temporal_graphs

from causalsim.errors import GraphError, LimitError, NameNotFoundError, OptionError
from causalsim.graph import TemporalGraph
from causalsim.scm import TemporalSCM, random_temporal_scm
from causalsim.scm.exogenous import Clock
from causalsim.simulate._interventional import (
    _members,
    effect_range,
    interventional_distance,
    recovery,
    twins,
)

PAIR = TemporalSCM.from_weights({"X --> Y": 1.0, "Y[t-1] --> Z": 0.5})


def test_distance_of_a_shift_is_the_shift():
    truth = TemporalSCM.from_weights({"X --> Y": 1.0})
    double = TemporalSCM.from_weights({"X --> Y": 2.0})
    low, high = interventional_distance(double, truth, steps=1000, rng=0)
    for row, level in ((low, 0.1), (high, 0.9)):
        assert (row.treatment, row.outcome, row.level) == ("X", "Y", level)
        assert row.value == pytest.approx(norm.ppf(level), abs=0.05)
        # under do(X = v) the means are 2 v and v, the laws otherwise the same; sd of Y: sqrt(2)
        assert row.distance == pytest.approx(abs(row.value) / np.sqrt(2), abs=0.03)
        assert row.reference < 0.05


def test_the_truth_is_within_the_reference():
    rows = interventional_distance(PAIR, PAIR, paths=10, rng=0)
    assert {(row.treatment, row.outcome) for row in rows} == {("X", "Y"), ("X", "Z"), ("Y", "Z")}
    assert all(row.distance < 3 * row.reference + 0.01 for row in rows)


def test_descendants_of_either_graph_are_compared():
    reverse = TemporalSCM.from_weights({"Y --> X": 0.5, "Y[t-1] --> Z": 0.5})
    rows = interventional_distance(reverse, PAIR, rng=0)
    found = {(row.treatment, row.outcome): row for row in rows}
    assert set(found) == {("X", "Y"), ("X", "Z"), ("Y", "X"), ("Y", "Z")}
    assert found["X", "Y"].distance > 10 * found["X", "Y"].reference
    assert found["Y", "X"].distance > 10 * found["Y", "X"].reference


def test_recovery_of_a_clear_graph():
    model = TemporalSCM.from_weights(
        {"X[t-1] --> X": 0.6, "X[t-1] --> Y": 0.6, "Z[t-1] --> Z": 0.5, "Y --> Z": 0.7}
    )
    rows = {row["lag"]: row for row in recovery(model, steps=3000, alpha=1e-4, rng=0)}
    assert list(rows) == ["all", 0, 1]
    assert rows["all"]["true_edges"] == 4
    assert rows["all"]["skeleton_f1"] == rows[1]["arrowhead_f1"] == 1
    assert rows["all"]["shd"] == rows[0]["shd"] + rows[1]["shd"]
    poor = {row["lag"]: row for row in recovery(model, steps=30, alpha=1e-4, rng=0)}
    assert poor["all"]["skeleton_recall"] < 1


def orientations(graph):
    """Give all ways to turn edges within a step that keep skeleton and unshielded colliders."""
    within = [(i, j) for i, j in np.argwhere(graph.directed[:, :, 0]).tolist()]
    lagged = [edge for edge in graph.edges if "[t-" in edge]
    names, truth, found = graph.nodes, colliders(graph), []
    for turn in range(2 ** len(within)):
        arrows = [
            f"{names[j]} --> {names[i]}" if turn >> k & 1 else f"{names[i]} --> {names[j]}"
            for k, (i, j) in enumerate(within)
        ]
        try:
            other = TemporalGraph.from_edges([*lagged, *arrows], names, max_lag=graph.max_lag)
        except GraphError:
            continue
        if colliders(other) == truth:
            found.append(other)
    return found


@given(temporal_graphs(max_lag=2, directed=True))
def test_members_are_the_class_by_force(graph):
    members = _members(graph, 100)
    assert members[0] == graph
    assert len(members) == len(set(members))
    assert set(members) == set(orientations(graph))


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1))
def test_twins_fit_the_series_equally_well(seed):
    model = random_temporal_scm(3, max_lag=1, degree=2, rng=seed)
    series = model.sample(300, rng=seed).frame()
    laws = []
    for twin in twins(model, series):
        weights = twin.weights()
        total = np.linalg.inv(np.eye(3) - weights[:, :, 0].T)
        noise = np.diag([law.variance for law in twin.noises.values()])
        laws.append((total @ weights[:, :, 1].T, total @ noise @ total.T))
    for step, shock in laws:
        assert np.allclose(step, laws[0][0], atol=1e-8)
        assert np.allclose(shock, laws[0][1], rtol=0.05, atol=0.02)


def test_effects_differ_over_twins():
    model = TemporalSCM.from_weights({"X --> Y": 1.0})
    both = twins(model, model.sample(5000, rng=0).frame())
    assert [str(twin.graph) for twin in both] == ["X --> Y", "Y --> X"]
    low, high = effect_range(both, "X", "Y", 3.0, 0, paths=1000, rng=0)
    assert low == 0
    assert high == pytest.approx(3, abs=0.15)
    assert effect_range(both, "X", "Y", 3.0, 0, paths=50, rng=0) == effect_range(
        both[::-1], "X", "Y", 3.0, 0, paths=50, rng=0
    )


def test_effect_at_a_horizon():
    model = TemporalSCM.from_weights({"X[t-1] --> Y": 0.5, "Y[t-1] --> Y": 0.5})
    for horizon, factor in enumerate([0, 0.5, 0.75, 0.875]):
        low, high = effect_range([model], "X", "Y", 4.0, horizon, paths=1000, rng=1)
        assert low == high
        assert low == pytest.approx(4 * factor, abs=0.13)


def test_dependent_noise_and_drivers_stay():
    rng = np.random.default_rng(0)
    noise = rng.multivariate_normal([0, 0, 0], [[1, 0.7, 0], [0.7, 1, 0], [0, 0, 1]], 1500)
    steps = pd.DataFrame(noise, columns=list("XYZ"))
    steps["W"] = steps["Z"] + rng.normal(size=1500)
    graph = TemporalGraph.from_edges(["Z --> W", "X[t-1] --> Y"], list("XYZW"))
    model = TemporalSCM.fit(
        graph, steps, mechanism="linear", noise="gaussian", joint="gaussian", rng=0
    )
    both = twins(model, steps)
    assert "X <-> Y" in model.graph.edges
    assert all("X <-> Y" in twin.graph.edges for twin in both)
    assert {"Z --> W", "W --> Z"} == {e for t in both for e in t.graph.edges if "W" in e}
    steps[["X", "Z"]] += np.sin(2 * np.pi * np.arange(1500) / 24)[:, None]
    driven = TemporalSCM.fit(
        graph, steps, mechanism="linear", noise="gaussian", exogenous=Clock(24), rng=0
    )
    for twin in twins(driven, steps):
        assert twin.variables == driven.variables
        clock = set(twin.graph.nodes) - set(twin.variables)
        assert clock
        assert not any(twin.graph.parents(name) for name in clock)
    rows = interventional_distance(driven, driven, steps=50, paths=2, rng=0)
    assert {row.treatment for row in rows} <= set("XYZW")
    assert recovery(driven, steps=200, rng=0)[0]["true_edges"] == 2


def test_a_determined_model_has_no_twin():
    model = TemporalSCM.from_weights({"X --> Z": 1.0, "Y --> Z": 1.0})
    assert len(twins(model, model.sample(100, rng=0).frame())) == 1


def test_refusals():
    series = PAIR.sample(100, rng=0).frame()
    with pytest.raises(LimitError, match="more than limit=1 members"):
        twins(TemporalSCM.from_weights({"X --> Y": 1.0}), series, limit=1)
    with pytest.raises(OptionError, match="only for linear mechanisms"):
        twins(random_temporal_scm(["X", "Y"], mechanism="nonlinear", degree=1, rng=0), series)
    with pytest.raises(GraphError, match="compare models of the same variables"):
        interventional_distance(PAIR, TemporalSCM.from_weights({"X --> Y": 1.0}))
    with pytest.raises(OptionError, match="models is empty"):
        effect_range([], "X", "Y", 1.0, 0)
    with pytest.raises(OptionError, match="horizon=-1"):
        effect_range([PAIR], "X", "Y", 1.0, -1)
    with pytest.raises(NameNotFoundError, match="W"):
        effect_range([PAIR], "X", "W", 1.0, 1)
