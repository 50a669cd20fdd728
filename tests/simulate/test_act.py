"""Adversarial tuning: the split, the rounds, the penalty, the leaderboard on disk."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

import causalsim as cs
from causalsim.errors import DataError, FitWarning, FormatError, OptionError
from causalsim.simulate import Configuration, Round
from causalsim.simulate._leaderboard import Entry, Store
from causalsim.simulate._penalty import Scores, sparsest, swap_p_value
from causalsim.simulate._space import default_space, get_space, seasonal_period
from causalsim.simulate._tuning import Split

QUICK = (Round("logistic_quadratic", 2, 2), Round("logistic_quadratic", 3))


def _nothing(panel, max_lag):
    return None


@pytest.fixture(scope="module")
def series():
    model = cs.TemporalSCM.from_weights(
        {"X[t-1] --> X": 0.9, "X[t-1] --> Y": 1.0}, noise="laplace"
    )
    return model.sample(600, rng=0).frame()


@pytest.fixture(scope="module")
def space():
    """A right structure, one without the edge between, and one that cannot be fitted."""
    right = cs.TemporalGraph.from_edges(["X[t-1] --> X", "X[t-1] --> Y"])
    return [
        Configuration(right, "ridge", label="right"),
        Configuration("ar", "ridge", label="ar"),
        Configuration("dense", "ridge", label="dense"),
        Configuration(_nothing, "ridge", label="broken"),
    ]


@pytest.fixture(scope="module")
def result(series, space):
    return cs.act(series, max_lag=1, space=space, rounds=QUICK, rng=0)


def test_the_wrong_structure_is_told(result):
    board = result.leaderboard.set_index("label")
    assert board.loc["ar", "auc"] > board.loc["right", "auc"] + 0.05
    assert not board.loc["ar", "chosen"]
    assert result.configuration.label in {"right", "dense"}


def test_a_failure_stands_in_the_leaderboard_and_shifts_no_other(result):
    assert [entry.label for entry in result.entries] == ["right", "ar", "dense", "broken"]
    assert "GraphError: discovery gave a NoneType" in result.entries[3].failure
    assert result.entries[3].auc is None
    assert [bool(entry.failure) for entry in result.entries[:3]] == [False] * 3


def test_only_the_best_go_on(result):
    assert sorted(entry.round for entry in result.entries) == [0, 1, 2, 2]
    assert result.entries[1].round == 1
    assert (result.pareto["round"] == 2).all()


def test_the_result_speaks(result):
    assert "AUC" in result.summary()
    assert repr(result).startswith("TuningResult(")
    assert result.best.variables == ("X", "Y")


def test_same_seed_same_result_for_any_number_of_workers(series, space, result):
    again = cs.act(series, max_lag=1, space=space[:3], rounds=QUICK, rng=0, n_jobs=2)
    assert [e.auc for e in again.entries] == [e.auc for e in result.entries[:3]]
    assert again.best == result.best


def test_a_search_goes_on_where_it_was_stopped(series, space, tmp_path, monkeypatch):
    board = tmp_path / "board.json"
    options = dict(max_lag=1, space=space[:2], rounds=QUICK, leaderboard=board, rng=0)
    first = cs.act(series, **options)
    monkeypatch.setattr("causalsim.simulate._act._judge", None)
    second = cs.act(series, **options)
    assert second.entries == first.entries
    board.write_text("{}")
    with pytest.raises(FormatError, match="expected format 'causalsim/leaderboard'"):
        cs.act(series, **options)


@pytest.mark.parametrize("penalty", ["permutation", "none"])
def test_other_penalties(series, space, penalty):
    found = cs.act(series, max_lag=1, space=space[:2], rounds=QUICK[:1], penalty=penalty, rng=0)
    assert found.configuration.label == "right"


def test_the_published_protocol_takes_every_row(series, space):
    found = cs.act(series, max_lag=1, space=space[:2], protocol="published", rng=0)
    assert found.split == Split((slice(0, 600),), None, None)
    assert found.entries[0].paths == 1


def test_a_budget_of_configurations_and_of_time(series, space):
    one = cs.act(series, max_lag=1, space=space[:3], rounds=QUICK[:1], budget=1, rng=0)
    assert len(one.entries) == 1
    soon = cs.act(series, max_lag=1, space=space[:3], rounds=QUICK, budget="0 s", rng=0)
    assert [entry.round for entry in soon.entries] == [1, 0, 0]


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"penalty": "bic"}, "penalty"),
        ({"budget": 0}, "budget=0: expected a number of configurations, or '90 s'"),
        ({"budget": "soon"}, "budget='soon': expected"),
        ({"space": "large"}, "space"),
        ({"space": []}, "space holds nothing; expected"),
        ({"space": ["ridge"]}, "space holds str; expected"),
    ],
)
def test_bad_options_are_refused(series, options, match):
    with pytest.raises(OptionError, match=match):
        cs.act(series, max_lag=1, **options)


def test_a_series_too_short_to_split_is_refused(series):
    with pytest.raises(DataError, match=r"200 steps make 4 blocks of 50; .* block=25"):
        cs.act(series.iloc[:200], max_lag=1)
    with pytest.raises(DataError, match="no configuration could be fitted; the first: GraphError"):
        cs.act(series, max_lag=1, space=[Configuration(_nothing)])


def test_a_winner_that_explodes_is_told():
    rng, x = np.random.default_rng(0), np.ones(400)
    for t in range(1, 400):
        x[t] = 1.01 * x[t - 1] + rng.normal()
    space = [Configuration("ar", "linear")]
    with pytest.warns(FitWarning) as told:
        cs.act(x[:, None], max_lag=1, space=space, rounds=QUICK[:1], protocol="published", rng=0)
    assert any("explosive: its series grow" in str(one.message) for one in told)
    assert {one.filename for one in told} == {__file__}


def test_a_panel_is_fitted_with_what_one_of_its_series_found(series, result):
    panel = [series.iloc[:300], series.iloc[300:]]
    with pytest.raises(DataError, match=r"2 series; act judges one\. .*best\.refit\(series\)"):
        cs.act(panel, max_lag=1)
    model = result.best.refit(panel, rng=0)
    assert model.graph == result.best.graph
    assert model.weights() == pytest.approx(result.best.weights(), abs=0.05)


# -- parts --------------------------------------------------------------------------------


@given(st.integers(8, 60), st.integers(10, 80))
def test_a_split_covers_every_row_once(blocks, block):
    steps = blocks * block + block // 2
    split = Split.of(steps, block, "blocked")
    rows = np.concatenate([np.arange(steps)[r] for r in (*split.fit, *split.select, *split.held)])
    assert sorted(rows) == list(range(steps))
    lengths = [sum(r.stop - r.start for r in part) for part in (split.fit, split.select)]
    assert abs(lengths[0] - steps / 2) <= 1.5 * block
    assert abs(lengths[1] - steps / 4) <= 1.5 * block


def test_the_swap_test_holds_its_level():
    rng = np.random.default_rng(0)
    y = np.arange(80) % 2 == 1
    block = np.arange(80) // 8
    rejected = 0
    for _ in range(200):
        shared = rng.normal(size=10)[block]
        one, other = (
            Scores(y, y + shared + rng.normal(size=10)[block] + rng.normal(size=80), block)
            for _ in range(2)
        )
        rejected += swap_p_value(one, other, swaps=19, rng=rng) <= 0.05
    assert binomtest(rejected, 200, 0.05, alternative="greater").pvalue > 1e-3


@given(st.lists(st.tuples(st.integers(0, 5), st.floats(0, 1), st.booleans()), min_size=1))
def test_the_sparsest_of_the_equivalent(items):
    edges, aucs, fine = zip(*items, strict=True)
    if any(fine):
        k = sparsest(edges, aucs, fine)
        rivals = [j for j in range(len(items)) if fine[j]]
        assert fine[k]
        assert (edges[k], aucs[k]) == min((edges[j], aucs[j]) for j in rivals)


@pytest.mark.parametrize("period", [7, 12, 24])
def test_a_season_is_seen_and_none_is_not_made_up(period):
    rng = np.random.default_rng(0)
    t = np.arange(1000)
    noisy = np.sin(2 * np.pi * t / period)[:, None] + rng.normal(size=(1000, 3))
    assert seasonal_period(noisy) == period
    walk = cs.TemporalSCM.from_weights({"X[t-1] --> X": 0.9}).sample(1000, rng=0).array[0]
    assert seasonal_period(walk) is None


def test_the_default_space_has_its_size():
    rng = np.random.default_rng(0)
    assert len(set(default_space(rng.normal(size=(300, 2))))) == 24
    assert len(get_space("small", rng.normal(size=(300, 2)))) == 6


def test_entries_of_another_form_are_refused(tmp_path):
    path = tmp_path / "board.json"
    Store(path).put("key", Entry("a", 3))
    assert Store(path).get("key") == Entry("a", 3)
    path.write_text(path.read_text().replace('"label"', '"name"'))
    with pytest.raises(FormatError, match="entries of another form"):
        Store(path)


def test_pareto_has_no_dominated_row(result):
    front = result.pareto
    assert front["auc"].is_monotonic_decreasing
    assert front["edges"].is_monotonic_increasing
    assert isinstance(front, pd.DataFrame)
