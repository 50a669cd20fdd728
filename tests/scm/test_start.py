"""Paths that go on from a real series."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causalsim import TemporalGraph, TemporalSCM, random_temporal_scm
from causalsim.errors import DataError, NameNotFoundError, OptionError
from causalsim.graph import Policy, Set
from causalsim.scm import Clock, Trend, ZeroNoise

SEEDS = st.integers(0, 2**32 - 1)


def silent(model):
    return TemporalSCM(model.graph, model.mechanisms, dict.fromkeys(model.variables, ZeroNoise()))


def forecast(cube, window, steps):
    """Give x[t] = (I - W0')^-1 sum over l of Wl' x[t-l], step by step."""
    past, lags = list(window), range(1, cube.shape[2])
    total = np.linalg.inv(np.eye(len(cube)) - cube[:, :, 0].T)
    for _ in range(steps):
        past.append(total @ sum(cube[:, :, lag].T @ past[-lag] for lag in lags))
    return np.array(past[len(window) :])


@given(SEEDS, st.integers(1, 3), st.integers(0, 4))
def test_without_noise_it_is_the_recursion_by_hand(seed, lag, more):
    model = silent(random_temporal_scm(3, max_lag=lag, rng=seed))
    depth = model.graph.max_lag
    window = np.random.default_rng(seed).normal(size=(max(depth, 1) + more, 3))
    made = model.sample(12, paths=2, start=window, rng=0).array
    expected = forecast(model.weights(), window, 12)
    np.testing.assert_allclose(made, [expected, expected], atol=1e-10)


def test_the_mean_of_many_paths_is_the_forecast():
    model = random_temporal_scm(4, max_lag=2, rng=3)
    window = np.random.default_rng(0).normal(3.0, 1.0, size=(5, 4))
    paths = model.sample(8, 4000, start=window, rng=1).array
    error = paths.std(axis=0) / np.sqrt(len(paths))
    assert (np.abs(paths.mean(axis=0) - forecast(model.weights(), window, 8)) < 4 * error).all()


@given(SEEDS, st.sampled_from(["linear", "nonlinear", "spline"]))
def test_going_on_is_as_if_one_had_never_stopped(seed, mechanism):
    model = silent(random_temporal_scm(3, max_lag=2, mechanism=mechanism, rng=seed))
    window = np.random.default_rng(seed).normal(size=(2, 3))
    whole = model.sample(20, start=window).frame()
    first, rest = whole.iloc[:9], whole.iloc[9:]
    np.testing.assert_allclose(model.sample(11, start=first).frame(), rest, atol=1e-9)


def test_compiled_paths_start_there_too():
    model = silent(random_temporal_scm(3, max_lag=2, rng=5))
    window = np.random.default_rng(5).normal(size=(2, 3))
    made = model.sample(3000, 3, start=window, n_jobs=2).array
    expected = forecast(model.weights(), window, 3000)
    np.testing.assert_allclose(made, [expected] * 3, atol=1e-10)


def test_columns_are_found_by_name_and_others_ignored():
    model = silent(TemporalSCM.from_weights({"X[t-1] --> Y": 2.0, "Y[t-1] --> X": 1.0}))
    frame = pd.DataFrame({"when": ["a", "b"], "Y": [0.0, 3.0], "X": [0.0, 5.0]})
    assert model.sample(1, start=frame).array.tolist() == [[[3.0, 10.0]]]


# -- interventions and drivers ------------------------------------------------------------


def test_an_intervention_begins_after_the_window():
    model = silent(TemporalSCM.from_weights({"X[t-1] --> Y": 2.0, "X[t-1] --> X": 1.0}))
    seen = np.array([[7.0, 0.0]])
    always = model.do(X=1.0).sample(2, start=seen)
    assert always.frame()["Y"].tolist() == [14.0, 2.0]
    late = model.do(X=Set((4.0,), window=(1, 2))).sample(3, start=seen).frame()
    assert late["X"].tolist() == [7.0, 4.0, 4.0]
    assert late["Y"].tolist() == [14.0, 14.0, 8.0]


def test_a_policy_sees_the_window_even_in_a_model_without_lags():
    model = silent(TemporalSCM.from_weights({"X --> Y": 1.0}))
    held = model.do(X=Policy(lambda before: before["Y"] + 1, window=(0, None)))
    assert held.sample(2, start=np.array([[0.0, 4.0]])).frame()["Y"].tolist() == [5.0, 6.0]


def test_an_impulse_after_a_given_past():
    graph = TemporalGraph.from_edges(["X[t-1] --> X"])
    rng = np.random.default_rng(0)
    x = rng.uniform(-3, 3, 3000)
    series = [pd.DataFrame({"X": [a, np.tanh(a)]}) for a in x[:1500]]
    model = TemporalSCM.fit(graph, series, mechanism="additive", rng=0)
    steep, flat = (
        model.impulse_response("X", 0.5, steps=2, paths=1, start=np.array([[at]]), rng=0)["X"]
        for at in (0.0, 2.5)
    )
    assert [steep[0], flat[0]] == pytest.approx([0.5, 0.5])
    assert steep[1] > 2 * abs(flat[1])


def test_clocks_and_trends_go_on_at_the_right_phase():
    t = np.arange(120)
    wave = pd.DataFrame({"X": np.sin(2 * np.pi * t / 12) + 0.01 * t})
    graph = TemporalGraph.from_edges(["X[t-1] --> X"])
    drivers = [Clock(12, 1), Trend(2)]
    model = TemporalSCM.fit(graph, wave, mechanism="linear", exogenous=drivers, rng=0)
    expected = np.sin(2 * np.pi * np.arange(100, 120) / 12) + 0.01 * np.arange(100, 120)
    for options in (
        {"start": wave.iloc[:100]},
        {"start": wave.iloc[95:100], "first_step": 100},
    ):
        made = model.sample(20, rng=0, **options).frame()["X"]
        np.testing.assert_allclose(made, expected, atol=1e-6)
    off = model.sample(20, start=wave.iloc[95:100], rng=0).frame()["X"]
    assert np.abs(off - expected).max() > 0.5


# -- errors -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "error", "match"),
    [
        (np.zeros((1, 2)), DataError, "start has 1 rows; the model looks back 2 steps"),
        (np.zeros((0, 2)), DataError, "rows"),
        (np.zeros((4, 3)), DataError, "names"),
        (pd.DataFrame({"X": [0.0, 1], "Z": [0.0, 1]}), NameNotFoundError, "no column 'Y'"),
        (
            pd.DataFrame({"X": [0.0, np.nan, 1], "Y": [0.0, 1, 2]}),
            DataError,
            "missing values of 'X' in the last 2 rows of start",
        ),
        ("window", OptionError, "start='window': expected 'noise' or a series"),
    ],
)
def test_a_start_that_cannot_be_used_is_refused(start, error, match):
    model = TemporalSCM.from_weights({"X[t-2] --> Y": 2.0}, ["X", "Y"])
    with pytest.raises(error, match=match):
        model.sample(3, start=start)


def test_a_hole_before_the_window_does_not_matter():
    model = silent(TemporalSCM.from_weights({"X[t-1] --> X": 2.0}))
    start = pd.DataFrame({"X": [np.nan, 3.0]})
    assert model.sample(1, start=start).array.item() == 6.0
