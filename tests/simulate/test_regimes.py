"""Regimes of a real series: found, known, fitted, simulated."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import causalsim as cs
from causalsim.errors import DataError, FitWarning, NameNotFoundError, OptionError
from causalsim.scm import Clock
from causalsim.simulate._jumps import Jumps, best_labels, jump_model
from causalsim.simulate._regimes import find_regimes, known_regimes

CALM = np.array([[0.7, 0.0, 0.0], [0.6, 0.3, 0.0], [0.0, 0.0, 0.5]])
WILD = np.array([[-0.6, 0.0, 0.0], [-0.6, 0.3, 0.0], [0.0, 0.7, 0.3]])


def switching(steps, seed, *, stay=0.99):
    """Two autoregressions in turn; X drives Y with either sign, Y drives Z in one of them."""
    rng, state, x = np.random.default_rng(seed), 0, np.zeros(3)
    rows, states = [], []
    for _ in range(steps):
        state = state if rng.random() < stay else 1 - state
        x = (CALM, WILD)[state] @ x + rng.normal(size=3) * (1 + state)
        rows.append(x)
        states.append(state)
    return pd.DataFrame(rows, columns=list("XYZ")), np.array(states)


@pytest.fixture(scope="module")
def planted():
    return switching(2000, 1)


@pytest.fixture(scope="module")
def model(planted):
    return cs.tcs(planted[0], max_lag=1, mechanism="ridge", regimes=2, rng=0)


# -- finding ------------------------------------------------------------------------------


@given(st.integers(0, 10**6), st.integers(2, 6), st.integers(1, 3), st.floats(0, 3))
def test_the_best_labels_are_those_of_all(seed, n, count, price):
    rng = np.random.default_rng(seed)
    losses, opens = rng.random((n, 2, count)), rng.random(n) < 0.2
    labels, costs = best_labels(losses, opens, price)

    def cost(k, path):
        jumps = (np.diff(path) != 0) & ~opens[1:]
        return losses[np.arange(n), k, list(path)].sum() + price * jumps.sum()

    for k in range(2):
        assert costs[k] == pytest.approx(cost(k, labels[:, k]))
        assert costs[k] == pytest.approx(
            min(cost(k, path) for path in product(range(count), repeat=n))
        )


@pytest.mark.parametrize("seed", range(5))
def test_planted_regimes_are_found(seed):
    series, states = switching(1500, seed)
    (labels,) = find_regimes(series, 2, max_lag=1, rng=0)
    right = max(np.mean(np.array(names)[labels] == states) for names in permutations(range(2)))
    assert right > 0.95
    assert labels[0] == 0


def test_three_regimes_of_a_panel_are_found():
    rng = np.random.default_rng(0)
    states = np.repeat([0, 1, 2, 0, 2, 1], 150)
    x = np.array([0.0, 3.0, -4.0])[states] + rng.normal(size=900)
    parts = find_regimes([x[:450, None], x[450:, None]], 3, max_lag=1, rng=0)
    assert [len(part) for part in parts] == [450, 450]
    assert np.mean(np.concatenate(parts) == states) > 0.97


def test_a_series_without_regimes_has_a_worse_bic():
    x = cs.random_temporal_scm(3, max_lag=1, rng=0).sample(1000, rng=0).array[0]
    assert jump_model([x], 2, order=1, least=30, rng=np.random.default_rng(0)).gain < 0


# -- fitting ------------------------------------------------------------------------------


def test_each_regime_has_its_mechanism_and_the_graph_holds_all(model, planted):
    assert model.variables == ("regime", "X", "Y", "Z")
    edges = {"X[t-1] --> X", "X[t-1] --> Y", "Y[t-1] --> Y", "Y[t-1] --> Z", "Z[t-1] --> Z"}
    assert edges | {"regime[t-1] --> regime", "regime --> Z"} <= set(model.graph.edges)
    at = [label[0] for label in model.graph.parents("Y")[1:]].index("X")
    weights = [branch.weights[at] for branch in model.mechanisms["Y"].branches]
    assert weights == pytest.approx([0.6, -0.6], abs=0.08)
    spreads = [law.variance**0.5 for law in model.mechanisms["Y"].laws]
    assert spreads == pytest.approx([1, 2], rel=0.1)
    stay = np.diag(model.mechanisms["regime"].rows)
    assert stay == pytest.approx([0.99, 0.99], abs=0.006)
    assert "regimes found in" in " ".join(model.notes)


def test_simulated_regimes_look_like_the_real_ones(model, planted):
    series, states = planted
    drawn = pd.concat(list(model.sample(1500, 3, rng=0)))
    for k in (0, 1):
        mine = drawn.loc[drawn["regime"] == k, ["X", "Y", "Z"]]
        assert len(mine) > 300
        np.testing.assert_allclose(mine.std(), series[states == k].std(), rtol=0.15)


def test_it_is_a_model_like_any_other(model, planted, tmp_path):
    series, states = planted
    model.save(tmp_path / "model.json")
    loaded = cs.TemporalSCM.load(tmp_path / "model.json")
    assert loaded == model
    assert (loaded.sample(40, rng=3).array == model.sample(40, rng=3).array).all()
    dated = model.do(regime=states[:300].tolist()).sample(300, rng=0).frame()
    assert (dated["regime"] == states[:300]).all()
    held = model.do(X=1.0, regime=1).sample(50, rng=0).frame()
    assert (held["X"] == 1).all() and (held["regime"] == 1).all()  # noqa: PT018
    last = series.assign(regime=states)
    future = model.do(regime=0).sample(1, 300, start=last, rng=0).array[:, 0]
    mean = CALM @ series.iloc[-1].to_numpy()
    assert (np.abs(future[:, 1:].mean(axis=0) - mean) < 0.3).all()
    with pytest.raises(OptionError, match="regime 2 is unknown; expected .* from 0 to 1"):
        model.do(regime=2).sample(3)


def test_known_labels_and_fitting_again(planted):
    series, states = planted
    told = series.assign(mode=np.where(states == 0, "calm", "wild"))
    model = cs.tcs(told, max_lag=1, mechanism="ridge", regimes="mode", rng=0)
    assert "regime 0 is 'calm', 1 is 'wild'" in model.notes
    assert model.variables[0] == "mode"
    coded = cs.data.read_table(series.assign(mode=states), kinds="continuous")
    assert model.refit(coded, rng=1).mechanisms["mode"] == model.mechanisms["mode"]


def test_a_panel_with_a_clock_and_labels():
    rng = np.random.default_rng(0)
    panel = []
    for start in (0, 400):
        t = start + np.arange(300)
        states = (t // 60) % 2
        x = 3 * np.sin(2 * np.pi * t / 12) + np.where(states == 0, 1, 4) * rng.normal(size=300)
        panel.append(pd.DataFrame({"X": x, "mode": states}))
    model = cs.tcs(
        panel, max_lag=1, mechanism="ridge", regimes="mode", exogenous=Clock(12, 1),
        starts=[0, 400], rng=0,
    )  # fmt: skip
    assert model.graph.parents("X")[0] == "mode"
    assert not any("clock" in label for label in model.graph.parents("mode"))
    spreads = [law.variance**0.5 for law in model.mechanisms["X"].laws]
    assert spreads == pytest.approx([1, 4], rel=0.15)
    wave = model.do(mode=0).sample(48, 200, rng=0).array[:, :, 1].mean(axis=0)
    assert np.corrcoef(wave, np.sin(2 * np.pi * np.arange(48) / 12))[0, 1] > 0.95


def test_regimes_too_short_for_a_graph_take_that_of_the_whole():
    series, _ = switching(600, 3)
    weekend = np.arange(600) % 7 >= 5
    model = cs.tcs(
        series.assign(free=weekend), max_lag=1, mechanism="ridge", regimes="free", rng=0
    )
    assert "X[t-1] --> X" in model.graph.edges
    assert np.array(model.mechanisms["free"].rows)[1] == pytest.approx([0.5, 0.5], abs=0.02)


@settings(max_examples=5)
@given(st.integers(0, 1000))
def test_a_series_without_regimes_can_be_asked_for_some(seed):
    series = cs.random_temporal_scm(2, max_lag=1, rng=seed).sample(300, rng=seed).frame()
    with pytest.warns(FitWarning, match="fewer than 2 regimes|instead of 2 regimes"):
        model = cs.tcs(series, max_lag=1, mechanism="ridge", discovery="dense", regimes=2, rng=0)
    assert np.isfinite(model.sample(50, rng=0).array).all()


def test_a_single_regime_found_is_an_ordinary_model(monkeypatch):
    series, _ = switching(400, 0, stay=1.0)
    alone = Jumps([np.zeros(400, np.intp)], 0.0)
    monkeypatch.setattr("causalsim.simulate._regimes.jump_model", lambda *_, **__: alone)
    with pytest.warns(FitWarning, match="1 instead of 2 regimes were found"):
        model = cs.tcs(series, max_lag=1, mechanism="ridge", regimes=2, rng=0)
    assert model.variables == ("X", "Y", "Z")


# -- errors -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("regimes", "error", "match"),
    [
        (1, OptionError, "regimes=1: expected the column .*, or a number of at least 2"),
        (True, OptionError, "regimes=True: expected"),
        ("moed", NameNotFoundError, "no column 'moed'.*Did you mean 'mode'"),
        (40, DataError, "steps for 40 regimes; each needs at least"),
    ],
)
def test_bad_regimes_are_refused(regimes, error, match):
    series, states = switching(200, 0)
    with pytest.raises(error, match=match):
        cs.tcs(series.assign(mode=states), max_lag=1, regimes=regimes)


def test_bad_labels_are_refused():
    series, _ = switching(200, 0)
    with pytest.raises(DataError, match="some labels are missing"):
        known_regimes(series.assign(s=[None] + ["a"] * 199), "s")
    with pytest.raises(DataError, match="is the only label; leave regimes= out"):
        known_regimes(series.assign(s="a"), "s")
    with pytest.raises(OptionError, match="a column is called 'regime' already"):
        cs.tcs(series.assign(regime=series["X"]), max_lag=1, regimes=2)
    rare = series.assign(s=["a"] + ["b"] * 199)
    with pytest.raises(DataError, match="regime 0 has 0 rows; . parents need at least"):
        cs.tcs(rare, max_lag=1, mechanism="ridge", discovery="ar", regimes="s")
