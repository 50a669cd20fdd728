"""Baselines: what each keeps of the real series, and what it destroys."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from causalsim.errors import DataError, OptionError
from causalsim.scm import TemporalSCM
from causalsim.simulate._baselines import (
    BASELINES,
    phase_surrogate,
    ridge_var,
    row_shuffle,
    stationary_bootstrap,
    var_residuals,
)

SEEDS = st.integers(0, 2**32 - 1)


def series(seed=0, steps=400):
    """Draw X and Y, which share noise within a step through X --> Y."""
    model = TemporalSCM.from_weights(
        {"X[t-1] --> X": 0.7, "X --> Y": 0.8, "Y[t-1] --> Y": 0.5, "X[t-2] --> Y": -0.4}
    )
    return model.sample(steps, rng=seed).array[0]


@pytest.mark.parametrize("name", BASELINES)
def test_shape_seed_and_role(name):
    real, simulate = series(), BASELINES[name].simulate
    first = simulate(real, 3, 7)
    assert first.shape == (3, *real.shape)
    assert np.array_equal(first, simulate(real, 3, 7))
    assert not np.array_equal(first, simulate(real, 3, 8))
    assert not np.array_equal(first[0], first[1])
    assert np.isfinite(first).all()
    assert BASELINES[name].role


@given(SEEDS, st.integers(2, 60), st.floats(1, 30))
def test_bootstrap_pastes_blocks_of_the_circle(seed, steps, mean_block):
    path = stationary_bootstrap(np.arange(float(steps))[:, None], 2, seed, mean_block=mean_block)
    jumps = np.diff(path[:, :, 0], axis=1) % steps != 1
    assert np.isin(path, np.arange(steps)).all()
    if mean_block == 1 and steps > 30:
        assert jumps.any()


@pytest.mark.parametrize("mean_block", [5, 20])
def test_blocks_have_the_mean_length_asked_for(mean_block):
    steps = 4000
    path = stationary_bootstrap(np.arange(float(steps))[:, None], 5, 0, mean_block=mean_block)
    jumps = int((np.diff(path[:, :, 0], axis=1) % steps != 1).sum())
    rate = (1 - 1 / steps) / mean_block
    assert binomtest(jumps, 5 * (steps - 1), rate).pvalue > 1e-3


@given(SEEDS, st.sampled_from([50, 51]))
def test_surrogates_keep_all_spectra(seed, steps):
    real = series(seed, steps)
    waves = np.fft.rfft(real, axis=0)
    own = np.fft.rfft(phase_surrogate(real, 2, seed), axis=1)
    cross = lambda w: w[..., :, None] * w[..., None, :].conj()
    assert np.allclose(cross(own), cross(waves), atol=1e-7 * np.abs(waves).max() ** 2)
    assert np.allclose(own[:, 0], waves[0])


@given(SEEDS)
def test_shuffle_keeps_rows_and_nothing_else(seed):
    real = series(0, 30)
    path = row_shuffle(real, 1, seed)[0]
    assert np.array_equal(path[np.argsort(path[:, 0])], real[np.argsort(real[:, 0])])


def test_ridge_var_keeps_second_moments():
    real = series(1, 3000)
    paths = ridge_var(real, 40, 0)
    for lag in (0, 1, 3):
        cross = lambda x, lag=lag: np.corrcoef(x[lag:].T, x[: len(x) - lag].T)[:2, 2:]
        mine = np.array([cross(path) for path in paths])
        error = mine.std(axis=0) * np.sqrt(1 / 40 + 1)  # the real series is one draw too
        assert (np.abs(mine.mean(axis=0) - cross(real)) < 4 * error).all()


def test_residual_rows_are_drawn_together():
    real = series(2, 2000)
    kept, broken = ridge_var(real, 1, 0)[0], ridge_var(real, 1, 0)[0].copy()
    broken[:, 1] = ridge_var(real, 1, 1)[0][:, 1]
    shared = lambda x: np.corrcoef(var_residuals(x, 3).T)[0, 1]
    assert shared(real) == pytest.approx(0.8 / np.sqrt(1.64), abs=0.05)
    assert shared(kept) == pytest.approx(shared(real), abs=0.06)
    assert abs(shared(broken)) < 0.1


def test_residuals_have_the_size_of_errors_out_of_sample():
    sizes = [
        var_residuals(np.random.default_rng(seed).normal(size=(60, 4)), 3).var()
        for seed in range(200)
    ]
    error = np.std(sizes) / np.sqrt(200)
    assert abs(np.mean(sizes) - 1) < 4 * error + 1 / 60
    # least squares without the leverage would leave 1 - 13/57 of the variance
    assert np.mean(sizes) > 0.9


def test_an_explosive_fit_is_shrunk():
    growing = 1.05 ** np.arange(120.0)[:, None] + np.random.default_rng(0).normal(size=(120, 1))
    paths = ridge_var(growing, 4, 0, max_lag=1)
    assert np.isfinite(paths).all()
    assert np.abs(paths).max() < 100 * np.abs(growing).max()


def test_a_column_that_hardly_moves_survives():
    real = series(3, 300).copy()
    real[:, 1] = 0.1
    real[7, 1] = 0.2
    assert np.isfinite(ridge_var(real, 2, 0)).all()


def test_refusals():
    real = series(0, 60)
    with pytest.raises(OptionError, match="paths=0"):
        row_shuffle(real, 0)
    with pytest.raises(OptionError, match="mean_block=0.5"):
        stationary_bootstrap(real, 1, mean_block=0.5)
    with pytest.raises(OptionError, match="max_lag=0"):
        ridge_var(real, 1, max_lag=0)
    with pytest.raises(DataError, match="give more than"):
        ridge_var(real[:10], 1)
    with pytest.raises(DataError, match="2 series; a baseline imitates one"):
        phase_surrogate([real, real], 1)
