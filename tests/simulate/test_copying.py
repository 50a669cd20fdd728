"""The copy check: fires on copies, whole or in part, and on nothing else."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalsim.errors import DataError
from causalsim.scm import TemporalSCM
from causalsim.simulate._baselines import ridge_var, stationary_bootstrap
from causalsim.simulate._copying import copy_check

FILES = [
    "AirQualityUCI_boot_4",
    "ETTh1_boot_0",
    "ETTh1_boot_1",
    "bike-usage_boot_0",
    "bike-usage_boot_1",
    "bike-usage_boot_2",
    "fMRI_sim5",
]
AR = TemporalSCM.from_weights({"X[t-1] --> X": 0.8, "X[t-1] --> Y": 0.5, "Y[t-1] --> Y": 0.6})


def steps(seed, n=400):
    return AR.sample(n, rng=seed).array[0]


def load(folder, name):
    return pd.read_csv(folder / "tcs" / f"{name}.csv.gz").to_numpy(float)


@pytest.mark.parametrize("name", FILES)
def test_published_series(reference_data, name):
    real = load(reference_data, name)
    copied = copy_check(load(reference_data, f"{name}.simulated_by_causaltime"), real)
    assert copied.alarm
    assert copied.rows == pytest.approx(0.4813 if "bike" in name else 0.475, abs=1e-4)
    assert copied.runs == pytest.approx(copied.rows, abs=1e-4)
    assert not copy_check(load(reference_data, f"{name}.simulated_by_tcs"), real).alarm
    assert copy_check(stationary_bootstrap(real, 2, 0), real).alarm


@pytest.mark.parametrize("name", [name for name in FILES if "bike" in name])
def test_counts_repeat_rows_by_chance(reference_data, name):
    real = load(reference_data, name)
    fit, held = real[:1000], real[1000:]
    honest = np.maximum(np.round(ridge_var(fit, 5, 0)), 0)
    for check in (copy_check(honest, fit), copy_check(honest, fit, held)):
        assert check.new_rows > 0.05
        assert check.run > 3
        assert not check.alarm
    assert copy_check(stationary_bootstrap(fit, 1, 0), fit, held).alarm


def test_independent_draws_are_no_copies():
    first, second = AR.sample(150, 400, rng=0).array.reshape(2, 200, 150, 2)
    alarms = [copy_check(x, y).alarm for x, y in zip(first, second, strict=True)]
    assert not any(alarms)


@settings(max_examples=15)
@given(st.floats(0.15, 1), st.integers(0, 2**32 - 1))
def test_shares_are_those_pasted_in(share, seed):
    real, path = steps(0), steps(1).copy()
    length = int(share * len(path))
    start, at = np.random.default_rng(seed).integers(0, len(path) - length + 1, 2)
    path[at : at + length] = real[start : start + length]
    check = copy_check(path, real)
    assert check.rows == check.runs == length / len(path)
    assert check.alarm


def test_copies_with_noise():
    real = steps(0)
    noisy = stationary_bootstrap(real, 2, 0)
    noisy = noisy + 0.02 * np.random.default_rng(1).normal(size=noisy.shape)
    check = copy_check(noisy, real)
    assert (check.rows, check.runs) == (0, 0)
    assert check.nearness < 0.5
    assert check.reason.startswith("rows are")


def test_single_precision_does_not_hide_a_copy():
    real = 1e3 + steps(0)
    assert copy_check(real.astype(np.float32).astype(float), real).rows == 1


def test_units_do_not_matter():
    real, path = steps(0), steps(1)
    unit = np.array([1e-3, 1e4])
    first, second = (
        copy_check(path, real, steps(2)),
        copy_check(path * unit, real * unit, steps(2) * unit),
    )
    assert first.nearness == pytest.approx(second.nearness)
    assert first.held_nearness == pytest.approx(second.held_nearness)


def test_held_rows_are_the_yardstick():
    honest = copy_check(steps(1), steps(0), steps(2))
    assert honest.held_nearness == pytest.approx(1, abs=0.2)
    copied = copy_check(steps(0)[50:], steps(0), steps(2))
    assert copied.held_nearness == 0
    assert copy_check(steps(1), steps(0)).held_nearness is None


def test_short_series_are_refused():
    with pytest.raises(DataError, match="fit has 20 steps"):
        copy_check(steps(1), steps(0)[:20])
    assert not copy_check(steps(1)[:2], steps(0)).alarm


def test_summary_says_why():
    assert copy_check(steps(1), steps(0)).summary().startswith("not copied: 0.0%")
    assert copy_check(steps(0), steps(0)).summary().startswith("copied: 100% of the steps")
