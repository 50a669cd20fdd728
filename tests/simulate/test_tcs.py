"""TCS from series to model: what it finds, what it keeps, what it refuses."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

import causalsim as cs
from causalsim.errors import DataError, FitWarning, OptionError
from causalsim.scm import AdditiveFunction, GaussianNoise
from causalsim.scm.exogenous import Clock
from causalsim.simulate._doubts import doubts_of_model
from causalsim.simulate._tcs import exact_sums


@pytest.fixture(scope="module")
def truth():
    return cs.TemporalSCM.from_weights(
        {"X[t-1] --> X": 0.6, "X[t-1] --> Y": 0.8, "Y[t-1] --> Z": -0.7}
    )


@pytest.fixture(scope="module")
def series(truth):
    return truth.sample(1500, rng=0).frame()


def test_a_linear_model_is_found_again(truth, series):
    model = cs.tcs(series, max_lag=1, mechanism="ridge", alpha=0.001, rng=0)
    assert set(truth.graph.edges) <= set(model.graph.edges)
    at = truth.graph.directed
    np.testing.assert_allclose(model.weights()[at], truth.weights()[at], atol=0.08)


def test_auto_is_linear_where_the_world_is(series):
    model = cs.tcs(series, max_lag=1, rng=0)
    kinds = {type(function).__name__ for function in model.mechanisms.values()}
    assert kinds == {"LinearFunction"}


def test_simulated_series_look_like_the_real_one(series):
    paths = cs.tcs(series, max_lag=1, rng=0).sample(1500, 4, rng=1)
    together = np.vstack(list(paths.array))
    np.testing.assert_allclose(together.std(axis=0), series.std(), rtol=0.1)
    np.testing.assert_allclose(np.corrcoef(together.T), series.corr(), atol=0.1)


def test_an_exact_sum_is_computed():
    rng = np.random.default_rng(0)
    parts = rng.poisson(5, (600, 2)).astype(float)
    series = pd.DataFrame(parts, columns=["casual", "member"]).assign(
        all=lambda d: d["casual"] + d["member"]
    )
    model = cs.tcs(series, max_lag=1, mechanism="forest_sampler", rng=0)
    assert {"casual --> all", "member --> all"} <= set(model.graph.edges)
    assert any("'all' is computed from" in note for note in model.notes)
    made = model.sample(200, rng=1).frame()
    np.testing.assert_allclose(made["all"], made["casual"] + made["member"], atol=1e-8)
    assert set(made["casual"]) <= set(series["casual"])


def test_sums_are_found_by_their_parts():
    rng = np.random.default_rng(0)
    a, b, c = rng.normal(size=(3, 100))
    frame = pd.DataFrame({"a": a, "b": b, "c": c, "d": a - 2 * c + 1, "e": b})
    table = cs.data.read_table(frame, degenerate="keep")
    assert exact_sums([table]) == {"d": ("a", "c"), "e": ("b",)}


def test_drivers_do_not_hide_in_the_graph(series):
    t = np.arange(len(series))
    seasonal = series.add(4 * np.sin(2 * np.pi * t / 24), axis=0)
    model = cs.tcs(
        seasonal, max_lag=1, mechanism="ridge", alpha=0.001, exogenous=Clock(24, 1), rng=0
    )
    found = {edge for edge in model.graph.edges if "clock" not in edge}
    assert {"X[t-1] --> X", "X[t-1] --> Y", "Y[t-1] --> Z"} <= found
    assert len(found) <= 6


@pytest.mark.parametrize(
    ("spoil", "match"),
    [
        (lambda s: s.assign(X=1.0), r"constant: 'X'; .*series\.drop\(columns=\['X'\]\)"),
        (
            lambda s: s.assign(X=s["X"].where(s.index != 3)),
            r"missing values: 1 in 'X'.*series\.interpolate\(\)",
        ),
        (lambda s: s.iloc[:9], "9 steps for max_lag=2; a fit needs at least 5 times as many"),
    ],
)
def test_series_that_cannot_be_used_are_refused(series, spoil, match):
    with pytest.raises(DataError, match=match):
        cs.tcs(spoil(series), max_lag=2)


def test_a_column_that_hardly_moves_is_told(series):
    still = np.zeros(len(series))
    still[::200] = np.arange(len(still[::200]))
    with pytest.warns(FitWarning, match="'S' has one value in 99.5% of all steps; leave it out"):
        model = cs.tcs(series.assign(S=still), max_lag=1, mechanism="ridge", rng=0)
    assert any("'S' has one value in 99.5% of all steps" in note for note in model.notes)


@pytest.mark.parametrize(
    ("phi", "match"), [(1.01, "explosive: its series grow"), (0.999, "unit root")]
)
def test_an_explosive_linear_model_and_a_unit_root_are_told(phi, match):
    rng, x = np.random.default_rng(0), np.ones(400)
    for t in range(1, 400):
        x[t] = phi * x[t - 1] + 0.1 * rng.normal()
    with pytest.warns(FitWarning) as told:
        model = cs.tcs(x[:, None], max_lag=1, mechanism="linear", discovery="ar", rng=0)
    texts = [str(one.message) for one in told]
    assert any(re.search(match, text) for text in texts)
    assert any("independent ones, fewer than 10; give more steps" in text for text in texts)
    assert set(texts) <= set(model.notes)
    assert {one.filename for one in told} == {__file__}


@pytest.mark.parametrize(
    ("slope", "match"), [(1.02, r"\['X'\] go 10 times as far as the data"), (1e9, "all numbers")]
)
def test_an_explosive_model_of_another_kind_is_told(series, slope, match):
    graph = cs.TemporalGraph.from_edges(["X[t-1] --> X", "X[t-9] --> Y"])
    line, flat = (AdditiveFunction(((0.0, 1.0),), ((k,),)) for k in (slope, 0.0))
    model = cs.TemporalSCM(graph, {"X": line, "Y": flat}, dict.fromkeys("XY", GaussianNoise()))
    panel = [cs.data.read_table(series[["X", "Y"]])]
    (doubt,) = doubts_of_model(model, panel, [0], np.random.default_rng(0))
    assert re.search(f"explosive: simulated values .*{match}", doubt)


def test_a_sound_model_is_not_doubted(series):
    model = cs.tcs(series, max_lag=1, mechanism="additive", rng=0)  # a warning is an error
    assert not [note for note in model.notes if "explosive" in note or "short" in note]


def test_lags_are_whole_steps(series):
    with pytest.raises(OptionError, match="max_lag=0: expected a whole number"):
        cs.tcs(series, max_lag=0)
