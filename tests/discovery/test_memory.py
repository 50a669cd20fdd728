"""The note on memory beyond max_lag: its test against statsmodels, its level and its power."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from statsmodels.regression.linear_model import OLS

from causalsim.discovery._memory import _earlier, log_p_of_memory
from causalsim.discovery._pcmci import pcmci
from causalsim.discovery._pcmci_plus import pcmci_plus

SEEDS = st.integers(0, 2**32 - 1)
SEARCHES = pytest.mark.parametrize("search", [pcmci, pcmci_plus])


def remembering(seed, memory, slope, steps=500, p=2):
    """Draw independent series x[t] = slope x[t - memory] + e."""
    x = np.random.default_rng(seed).normal(size=(steps + 100, p))
    for t in range(memory, len(x)):
        x[t] += slope * x[t - memory]
    return x[100:]


def notes_of(found):
    """Give the notes on memory."""
    return [note for note in found.notes if "still autocorrelated" in note]


@given(SEEDS, st.integers(0, 3), st.integers(1, 8))
def test_the_test_is_the_f_test_of_adding_past_residuals(seed, k, most):
    values = np.random.default_rng(seed).normal(size=(60, 1 + k)).cumsum(axis=0)
    short = OLS(values[:, 0], np.column_stack([np.ones(60), values[:, 1:]])).fit()
    past = [np.concatenate([np.zeros(lag), short.resid[:-lag]]) for lag in range(1, most + 1)]
    full = OLS(values[:, 0], np.column_stack([np.ones(60), values[:, 1:], *past])).fit()
    expected = np.log(full.compare_f_test(short)[1])
    log_p = log_p_of_memory(values, [], np.arange(60), most)
    assert log_p == pytest.approx(expected, rel=1e-5, abs=1e-5)


@given(SEEDS, st.integers(2, 6))
def test_labels_are_indicators(seed, levels):
    rng = np.random.default_rng(seed)
    values, codes = rng.normal(size=(80, 3)).cumsum(axis=0), np.arange(80) % levels
    dummies = (codes[:, None] == np.arange(1, levels)).astype(float)
    labelled = log_p_of_memory(values, [codes], np.arange(80), 5)
    numbers = log_p_of_memory(np.hstack([values, dummies]), [], np.arange(80), 5)
    assert labelled == pytest.approx(numbers, rel=1e-4, abs=1e-4)


@given(SEEDS, st.integers(1, 6))
def test_residuals_beyond_a_gap_are_no_neighbours(seed, most):
    rng = np.random.default_rng(seed)
    steps = np.flatnonzero(rng.random(30) < 0.8)
    left = dict(zip(steps.tolist(), rng.normal(size=len(steps)), strict=True))
    found = _earlier(np.array([*left.values()]), steps, most)
    for row, t in enumerate(left):
        for lag in range(1, most + 1):
            between = all(t - back in left for back in range(lag + 1))
            assert found[row, lag - 1] == (left[t - lag] if between else 0.0)


def test_too_few_rows_and_exact_relations_say_nothing():
    x = np.random.default_rng(0).normal(size=(12, 1))
    assert log_p_of_memory(np.hstack([x, x]), [], np.arange(12), 2) == 0.0
    assert log_p_of_memory(x[:4], [], np.arange(4), 2) == 0.0
    assert log_p_of_memory(x, [np.arange(12)], np.arange(12), 2) == 0.0


@SEARCHES
def test_the_note_names_the_variables_that_remember_more(search):
    x = remembering(0, 3, 0.85)
    x[:, 1] = np.random.default_rng(1).normal(size=len(x))
    frame = pd.DataFrame(x, columns=["slow", "quick"])
    (note,) = notes_of(search(frame, 1))
    assert "leave of 'slow' is still" in note
    assert "raise max_lag=1." in note
    assert notes_of(search(frame, 3)) == []
    (panel,) = notes_of(search([frame[:250], frame[250:].reset_index(drop=True)], 1))
    assert "leave of 'slow' is still" in panel
    holes = frame.mask(np.random.default_rng(2).random(frame.shape) < 0.02)
    assert len(notes_of(search(holes, 1, missing="testwise"))) == 1


def test_contexts_and_labels_are_not_looked_at():
    x = remembering(0, 3, 0.85)
    frame = pd.DataFrame({"C": x[:, 0], "X": np.random.default_rng(1).normal(size=500)})
    frame["X"] += frame["C"]
    assert len(notes_of(pcmci_plus(frame, 1))) == 1
    assert notes_of(pcmci_plus(frame, 1, context="C")) == []
    pair = [part.reset_index(drop=True) for part in (frame[:250], frame[250:])]
    assert len(notes_of(pcmci_plus(pair, 1, context="space"))) == 1


@pytest.mark.stats
@SEARCHES
def test_series_that_the_search_reaches_are_noted_at_the_level(search):
    noted = sum(bool(notes_of(search(remembering(seed, 1, 0.8, 120), 1))) for seed in range(200))
    assert binomtest(noted, 200, 0.01, "greater").pvalue > 1e-3


@pytest.mark.stats
@SEARCHES
def test_memory_beyond_the_search_makes_false_links_and_is_noted(search):
    linked = noted = 0
    for seed in range(200):
        found = search(remembering(seed, 3, 0.85, 200), 1, alpha=0.01)
        linked += any("x0" in edge and "x1" in edge for edge in found.graph.edges)
        noted += bool(notes_of(found))
    assert linked > 100
    assert noted == 200
