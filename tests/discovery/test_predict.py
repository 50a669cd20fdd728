"""Predictions of a condition that was held out: scores by brute force, gains where known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, norm

from causalsim.data import read_table
from causalsim.discovery._predict import energy_scores, predict
from causalsim.graph import CPDAG

SEEDS = st.integers(0, 2**32 - 1)
CHAIN = CPDAG.from_edges(["X --> Y", "Y --> Z"])


def rows_of(seed, n=300, shift=0.0, slope=1.0):
    """Draw X --> Y --> Z."""
    x, d, e = np.random.default_rng(seed).normal(size=(3, n))
    y = slope * (x + shift) + d
    return read_table(
        np.column_stack([x + shift, y, y + e / 2]), names=["X", "Y", "Z"], degenerate="keep"
    )


@given(SEEDS, st.integers(1, 4), st.integers(2, 9))
def test_energy_scores_are_means_of_distances(seed, p, m):
    rng = np.random.default_rng(seed)
    values, cloud = rng.normal(size=(5, p)), rng.normal(size=(m, p))
    inside = [np.linalg.norm(a - b) for k, a in enumerate(cloud) for b in cloud[:k]]
    for value, score in zip(values, energy_scores(values, cloud), strict=True):
        distance = np.mean([np.linalg.norm(value - other) for other in cloud])
        assert score == pytest.approx(distance - np.mean(inside) / 2)


def test_the_score_of_a_normal_is_the_known_crps():
    x = np.array([[-1.0], [0.0], [2.5]])
    cloud = norm.ppf((np.arange(2000) + 0.5) / 2000)[:, None]
    z = x[:, 0]
    crps = z * (2 * norm.cdf(z) - 1) + 2 * norm.pdf(z) - 1 / np.sqrt(np.pi)
    np.testing.assert_allclose(energy_scores(x, cloud), crps, atol=2e-3)


def test_a_target_moves_what_follows_from_it():
    found = predict(CHAIN, rows_of(0), rows_of(1, shift=5.0), ["X"], [], rng=0)
    assert found.condition.index.tolist() == ["Y", "Z", "(joint)"]
    assert (found.condition["gain"] > 20 * found.condition["se"]).all()
    assert found.mechanisms["role"].tolist() == ["target", "invariant", "invariant"]
    assert found.mechanisms["parents"].tolist() == ["", "X", "Y"]
    assert found.notes == ()
    assert found.summary().count("\n") == 11


def test_without_targets_nothing_is_new():
    found = predict(CHAIN, rows_of(0), rows_of(1, shift=5.0), [], ["X"], rng=0)
    assert found.mechanisms["role"].tolist() == ["changing", "invariant", "invariant"]
    assert found.condition["gain"].abs().max() < 0.1
    assert found.mechanisms["gain"].min() == 0.0
    assert (found.mechanisms["gain"].iloc[1:] > 5).all()


def test_roots_have_no_gain_and_a_broken_mechanism_loses():
    found = predict(CHAIN, rows_of(0), rows_of(1, shift=5.0, slope=-1.0), ["X"], [], rng=0)
    assert found.mechanisms.loc["X", ["gain", "se"]].tolist() == [0.0, 0.0]
    assert found.mechanisms.loc["Y", "gain"] < 0
    assert found.condition.loc["Y", "gain"] < 0


def test_if_all_are_targets_no_condition_is_left_to_predict():
    found = predict(CHAIN, rows_of(0), rows_of(1), ["X", "Y", "Z"], [], rng=0)
    assert found.condition.empty
    assert len(found.mechanisms) == 3


def test_one_row_has_no_standard_error():
    one = predict(CHAIN, rows_of(0), rows_of(1, n=1), ["X"], [], rng=0)
    assert np.isnan(one.condition["se"].to_numpy(float)).all()
    assert np.isnan(one.mechanisms["se"].to_numpy(float)).all()


def test_open_directions_are_said():
    open_ends = CPDAG.from_edges(["X --- Y", "Y --- Z"])
    (note,) = predict(open_ends, rows_of(0), rows_of(1), [], [], rng=0).notes
    assert note.startswith("the found graph leaves directions open; these were taken: ")
    cycle = CPDAG.from_edges(["X --> Y", "Y --> Z", "Z --> X"])
    (note,) = predict(cycle, rows_of(0), rows_of(1), [], [], rng=0).notes
    assert "extends to no DAG" in note


def test_a_seed_gives_the_same_prediction():
    one, two = (predict(CHAIN, rows_of(0), rows_of(1), ["X"], [], rng=3) for _ in range(2))
    assert one.condition.equals(two.condition)


@pytest.mark.stats
def test_errors_of_the_gain_cover_it():
    """Gains of Z given Y, in 200 draws of new rows, against their mean over many rows."""
    learned = rows_of(0)

    def gain_of(seed, n):
        found = predict(CHAIN, learned, rows_of(seed, n), CHAIN.nodes, [], rng=0)
        return found.mechanisms.loc["Z"]

    truth = gain_of(10**6, 40_000)["gain"]
    covered = 0
    for seed in range(200):
        row = gain_of(1 + seed, 200)
        covered += abs(row["gain"] - truth) < 1.96 * row["se"]
    assert binomtest(covered, 200, 0.95).pvalue > 1e-3
