"""Lines to draw: their arrays against plain computations, and files."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import welch

from causalsim._files import dump_json
from causalsim.errors import DataError
from causalsim.simulate._curves import Curves, curves


def persistent(steps, seed, weight=0.8, p=2):
    shocks = np.random.default_rng(seed).normal(size=(steps + 50, p))
    for t in range(1, len(shocks)):
        shocks[t] += weight * shocks[t - 1]
    return shocks[50:]


@given(st.integers(40, 700), st.integers(0, 99))
@settings(max_examples=15)
def test_spectra_are_those_of_welch_and_quantiles_those_of_numpy(steps, seed):
    real, paths = (
        persistent(steps, seed),
        [persistent(steps, seed + 1), persistent(steps, seed + 2)],
    )
    found = curves(real, paths, ["X", "Y"], replicates=2, rng=0)
    n = min(256, steps // 4)
    asked = dict(window="hann", nperseg=n, noverlap=n - n // 2, axis=0)
    expected = [welch(one, **asked) for one in (real, *paths)]
    inside = (expected[0][0] > 0) & (expected[0][0] < 0.5)
    np.testing.assert_allclose(found.frequencies, expected[0][0][inside])
    powers = np.stack([power[inside] for _, power in expected])
    np.testing.assert_allclose(found.spectra[0], powers[0])
    np.testing.assert_allclose(found.spectra[1], powers[1:].mean(axis=0))
    np.testing.assert_array_equal(found.series, np.stack([real, paths[0]])[:, :500])
    np.testing.assert_allclose(
        found.quantiles[1, [0, -1]], np.quantile(np.vstack(paths), [0.01, 0.99], axis=0)
    )


def test_the_band_lies_around_the_real_line_and_mostly_covers_the_law():
    covered, law = [], 0.6 ** np.arange(1, 21)
    for seed in range(200):
        real = persistent(400, 3 * seed, weight=0.6, p=1)
        found = curves(real, real[None], replicates=60, rng=seed)
        low, high = found.band[:, :, 0]
        line = found.autocorrelations[0, :, 0]
        assert ((low <= line) & (line <= high)).mean() > 0.9
        covered.append((low[1:21] <= law) & (law <= high[1:21]))
    assert 0.85 < np.mean(covered) < 0.99


def test_a_season_stays_within_its_own_band():
    wave = np.sin(2 * np.pi * np.arange(960) / 24)[:, None]
    real = wave + 0.1 * np.random.default_rng(0).normal(size=wave.shape)
    found = curves(real, real[None], rng=0)
    assert found.autocorrelations[0, 48, 0] > 0.9
    assert found.band[0, 48, 0] > 0.5
    assert found.frequencies[found.spectra[0, :, 0].argmax()] == pytest.approx(1 / 24, abs=1 / 240)


def test_lines_come_back_from_plain_values():
    found = curves(persistent(60, 0), persistent(60, 1)[None], ["X", "<Y>"], replicates=5, rng=0)
    back = Curves.from_dict(found.to_dict())
    assert back.names == ("X", "<Y>")
    assert dump_json(back.to_dict()) == dump_json(found.to_dict())
    np.testing.assert_array_equal(back.band, found.band)


def test_a_short_series_is_refused():
    with pytest.raises(DataError, match="the shortest series has 39 steps; give at least 40"):
        curves(persistent(50, 0), [persistent(39, 1)])
