"""Twins: models that the series cannot tell, and the effects that they leave open."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from series import colliders
from strategies import temporal_graphs

from causalsim.errors import GraphError, LimitError, NameNotFoundError, OptionError
from causalsim.graph import TemporalGraph
from causalsim.scm import GaussianCopula, TemporalSCM, random_temporal_scm
from causalsim.scm.exogenous import Clock
from causalsim.simulate._interventional import interventional_distance, recovery
from causalsim.simulate._ranges import LOOKED_AT, ranges
from causalsim.simulate._twins import _members, effect_range, effects, family, twins

PAIR = TemporalSCM.from_weights({"X --> Y": 1.0, "Y[t-1] --> Z": 0.5})


def dependent(weights, nodes, groups, correlation):
    """Give a linear model whose unit noises depend on each other."""
    plain = TemporalSCM.from_weights(weights, nodes)
    copula = GaussianCopula(groups, correlation)
    hidden = [f"{a} <-> {b}" for a, b in copula.pairs()]
    graph = TemporalGraph.from_edges(
        [*plain.graph.edges, *hidden], nodes, max_lag=plain.graph.max_lag
    )
    return TemporalSCM(graph, plain.mechanisms, plain.noises, (), copula)


CONFOUNDED = dependent(
    {"X[t-1] --> X": 0.5, "Y[t-1] --> Y": 0.3}, ["X", "Y"], [["X", "Y"]], [[1, 0.6], [0.6, 1]]
)


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
    members, complete = _members(graph, 100, turn=True)
    assert complete
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
    low, high = effect_range(both, "X", "Y", 3.0, 0, paths=400, rng=0)
    assert low == 0
    assert high == pytest.approx(3, abs=0.15)
    assert effect_range(both, "X", "Y", 3.0, 0, paths=50, rng=0) == effect_range(
        both[::-1], "X", "Y", 3.0, 0, paths=50, rng=0
    )


def test_effect_at_a_horizon():
    model = TemporalSCM.from_weights({"X[t-1] --> Y": 0.5, "Y[t-1] --> Y": 0.5})
    for horizon, factor in enumerate([0, 0.5, 0.75, 0.875]):
        low, high = effect_range([model], "X", "Y", 4.0, horizon, paths=400, rng=1)
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
    assert len(both) == 8
    assert sum("X <-> Y" in twin.graph.edges for twin in both) == 2
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


def law(twin):
    """Give the matrix of one step, and the covariance of shocks, of a linear model of lag 1."""
    weights, p = twin.weights(), len(twin.variables)
    total = np.linalg.inv(np.eye(p) - weights[:, :, 0].T)
    correlation = np.eye(p)
    if twin.copula is not None:
        at = [twin.variables.index(name) for name in twin.copula.names]
        correlation[np.ix_(at, at)] = twin.copula.correlation
    sd = np.sqrt([noise.variance for noise in twin.noises.values()])
    return total @ weights[:, :, 1].T, total @ (correlation * np.outer(sd, sd)) @ total.T


TRIPLE = dependent(
    {"X[t-1] --> X": 0.5, "Y[t-1] --> X": 0.4, "Y[t-1] --> Y": 0.3, "Z[t-1] --> Z": 0.6},
    ["X", "Y", "Z"],
    [["X", "Y", "Z"]],
    [[1, 0.5, 0.4], [0.5, 1, 0.6], [0.4, 0.6, 1]],
)


def test_readings_of_dependent_noise_give_the_same_law():
    series = TRIPLE.sample(2000, rng=0).frame()
    models = twins(TRIPLE, series)
    assert len(models) > 9
    expected = law(TRIPLE)
    for twin in models:
        step, shock = law(twin)
        np.testing.assert_allclose(step, expected[0], atol=0.12)
        np.testing.assert_allclose(shock, expected[1], atol=0.12)
    directed = {sum(" --> " in e and "[" not in e for e in t.graph.edges) for t in models}
    assert directed == {0, 1, 2, 3}


def test_dependent_noise_is_read_either_way_and_effects_widen():
    series = CONFOUNDED.sample(4000, rng=0).frame()
    models = twins(CONFOUNDED, series)
    now = [[edge for edge in twin.graph.edges if "[" not in edge] for twin in models]
    assert now == [["X <-> Y"], ["X --> Y"], ["Y --> X"]]
    assert set(models[1].graph.parents("Y")) == {"X", "X[t-1]", "Y[t-1]"}
    low, high = effect_range(models, "X", "Y", 2.0, paths=600, rng=0)
    assert low == 0
    assert high == pytest.approx(0.6 * 2, abs=0.15)


def test_no_reading_closes_a_cycle():
    chain = ["X --> Z", "Z --> Y", "X <-> Y"]
    graphs, complete = _members(TemporalGraph.from_edges(chain), 10, turn=False)
    assert complete
    assert [set(graph.edges) for graph in graphs] == [set(chain), {*chain[:2], "X --> Y"}]


def test_a_pair_with_a_parent_is_read_first():
    graph = TemporalGraph.from_edges(["P --> X", "P <-> Y", "X <-> Y"])
    graphs, complete = _members(graph, 20, turn=False)
    assert complete
    found = {frozenset(one.edges) for one in graphs}
    assert frozenset(["P --> X", "P <-> Y", "X --> Y"]) not in found
    assert frozenset(["P --> X", "P --> Y", "X --> Y"]) in found


@given(temporal_graphs(min_nodes=2, max_lag=2, directed=True), st.data())
def test_members_keep_adjacent_what_was_and_close_no_cycle(graph, data):
    p = len(graph)
    free = [(i, j) for i in range(p) for j in range(i) if not graph.marks[[i, j], [j, i], 0].any()]
    pairs = data.draw(st.lists(st.sampled_from(free), unique=True)) if free else []
    hidden = [f"{graph.nodes[i]} <-> {graph.nodes[j]}" for i, j in pairs]
    whole = TemporalGraph.from_edges([*graph.edges, *hidden], graph.nodes, max_lag=graph.max_lag)
    for member in _members(whole, 60, turn=True)[0]:
        assert ((whole.marks != 0) <= (member.marks != 0)).all()
        past = [edge for edge in member.edges if " <-> " not in edge]
        TemporalGraph.from_edges(past, member.nodes, max_lag=graph.max_lag)
        assert {edge for edge in member.edges if " <-> " in edge} <= set(whole.edges)


def test_many_readings_are_bounded_and_begin_with_the_extremes():
    names = list("ABCDEF")
    graph = TemporalGraph.from_edges(
        [f"{a} <-> {b}" for k, a in enumerate(names) for b in names[k + 1 :]], names
    )
    graphs, complete = _members(graph, 50, turn=True)
    assert not complete
    assert len(graphs) == len(set(graphs)) == 50
    assert graphs[0] == graph
    for first, one in zip(names, graphs[1:7], strict=True):
        assert {edge for edge in one.edges if first in edge} == {
            f"{first} --> {name}" for name in names if name != first
        }
        assert not any(" <-> " in edge for edge in one.edges)


def test_of_nonlinear_models_only_dependent_noise_is_read():
    rng = np.random.default_rng(0)
    noise = rng.multivariate_normal([0, 0], [[1, 0.7], [0.7, 1]], 600)
    frame = pd.DataFrame(noise, columns=["X", "Y"])
    frame["Z"] = np.tanh(2 * frame["X"]) + 0.3 * rng.normal(size=600)
    graph = TemporalGraph.from_edges(["X --> Z"], ["X", "Y", "Z"], max_lag=1)
    model = TemporalSCM.fit(graph, frame, mechanism="additive", joint="gaussian", rng=0)
    models = twins(model, frame)
    now = [set(twin.graph.edges) for twin in models]
    assert now[0] == set(model.graph.edges)
    assert {"X --> Y", "X --> Z"} in now
    assert all("X --> Z" in edges for edges in now)
    assert models[0].recipe == model.recipe


def test_effects_are_those_of_each_treatment_by_itself():
    found = effects([PAIR, PAIR], {"X": 1.0, "Y": 2.0}, ["Z", "Y"], 1, paths=50, rng=0)
    assert found.shape == (2, 2, 2, 2)
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0, :, 0, 0], 0)
    apart = effects(
        [PAIR], {"X": 1.0, "Y": 2.0}, ["Z", "Y"], 1, against={"X": 0.0, "Y": 1.0}, paths=2, rng=0
    )
    np.testing.assert_allclose(apart[0], [[[0, 1], [0.5, 1]], [[0, 1], [0.5, 1]]], atol=1e-12)
    low, high = effect_range([PAIR], "Y", "Z", 2.0, 1, paths=50, rng=0)
    assert low == high == pytest.approx(found[0, 1, 1, 0])


def test_ranges_tell_how_many_twins_there_are():
    series = CONFOUNDED.sample(500, rng=0).frame()
    rows, said = ranges(CONFOUNDED, series, rng=0)
    assert said == "twins: all 3 models of the same series looked at"
    assert rows[0].models == 3
    assert rows[0].high - rows[0].low > 0.3
    assert {row.do[0] for row in rows} == {"X", "Y"}
    names = [f"V{k}" for k in range(7)]
    many = dependent({}, names, [names], np.full((7, 7), 0.5) + 0.5 * np.eye(7))
    rows, said = ranges(many, many.sample(300, rng=0).frame(), rng=0)
    assert said == f"twins: {LOOKED_AT} of more than 200 models of the same series looked at"
    assert len(rows) == 42
    # each may cause all others, or nothing: one deviation more makes half a deviation more
    assert all(row.low < 0.1 for row in rows)
    assert min(row.high for row in rows) > 0.25


def test_ranges_are_widened_by_given_models():
    series = PAIR.sample(300, rng=0).frame()
    other = TemporalSCM.from_weights({"X[t-1] --> Z": 2.0}, ["X", "Y", "Z"])
    narrow, _ = ranges(PAIR, series, rng=0)
    wide, said = ranges(PAIR, series, [other], rng=0)
    assert said == (
        "twins: all 2 models of the same series looked at, and 1 tied or given beside them"
    )
    widths = [
        {(row.do, row.outcome): row.high - row.low for row in rows} for rows in (narrow, wide)
    ]
    assert all(widths[1][key] >= widths[0][key] for key in widths[0])
    alone = TemporalSCM.from_weights({"X[t-1] --> Z": 1.0})
    with pytest.raises(OptionError, match="the class of this graph has no other member"):
        ranges(alone, alone.sample(100, rng=0).frame())
    nonlinear = random_temporal_scm(["X", "Y", "Z"], mechanism="nonlinear", degree=1, rng=0)
    with pytest.raises(OptionError, match="no member of the class is known: .*only for linear"):
        ranges(nonlinear, series)
    rows, said = ranges(nonlinear, series, [other], rng=0)
    assert rows[0].models == 2
    assert said.endswith("and 1 tied or given beside them")


def test_refusals():
    series = PAIR.sample(100, rng=0).frame()
    with pytest.raises(LimitError, match="more than limit=1 twins"):
        twins(TemporalSCM.from_weights({"X --> Y": 1.0}), series, limit=1)
    assert not family(CONFOUNDED, 1).complete
    with pytest.raises(OptionError, match="only for linear mechanisms"):
        twins(random_temporal_scm(["X", "Y"], mechanism="nonlinear", degree=1, rng=0), series)
    with pytest.raises(OptionError, match="models is empty"):
        effect_range([], "X", "Y", 1.0, 0)
    with pytest.raises(OptionError, match="horizon=-1"):
        effect_range([PAIR], "X", "Y", 1.0, -1)
    with pytest.raises(NameNotFoundError, match="W"):
        effect_range([PAIR], "X", "W", 1.0, 1)
