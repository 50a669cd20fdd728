"""Marginals and dynamics: distances against other packages, their reference, and their laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import signal, stats
from statsmodels.tsa.stattools import acf

from causalsim.errors import DataError, OptionError
from causalsim.simulate._baselines import phase_surrogate, row_shuffle
from causalsim.simulate._dynamics import (
    MEASURES,
    autocorrelation,
    cross_correlation,
    cross_spectrum,
    distances,
    stationarity,
)
from causalsim.simulate._marginals import atoms, kolmogorov, marginals, read_pair, wasserstein

SEEDS = st.integers(0, 2**32 - 1)


def ar(seed, phi=0.7, steps=600, paths=1):
    """Draw two AR(1) processes that share half of their noise."""
    noise = np.random.default_rng(seed).normal(size=(paths, steps + 100, 2))
    noise[..., 1] += noise[..., 0]
    return signal.lfilter([1], [1, -phi], noise, axis=1)[:, 100:]


def by_measure(rows):
    found = {}
    for row in rows:
        found.setdefault(row.measure, []).append(row)
    return found


@given(SEEDS, st.integers(1, 40), st.integers(1, 40))
def test_marginal_distances_are_scipys(seed, n, m):
    rng = np.random.default_rng(seed)
    first, second = rng.integers(0, 9, (n, 2)).astype(float), rng.normal(4, 2, (m, 2))
    for i in range(2):
        x, y = first[:, i], second[:, i]
        assert kolmogorov(first, second)[i] == pytest.approx(stats.ks_2samp(x, y).statistic)
        assert wasserstein(first, second, np.array([2.0, 4.0]))[i] == pytest.approx(
            stats.wasserstein_distance(x, y) / (2 + 2 * i)
        )


@given(SEEDS, st.integers(20, 90))
def test_autocorrelation_is_that_of_statsmodels(seed, steps):
    x = np.random.default_rng(seed).normal(size=(steps, 2)).cumsum(axis=0)
    for i in range(2):
        assert np.allclose(autocorrelation(x, 9)[i], acf(x[:, i], nlags=9))
    assert np.allclose(cross_correlation(x, 9)[0, 0], autocorrelation(x, 9)[0])


@given(SEEDS)
def test_spectra_are_welchs(seed):
    x = ar(seed, steps=300)[0]
    mine = cross_spectrum(x, 32)
    _, oracle = signal.csd(
        x[:, 0], x[:, 1], nperseg=32, detrend="constant", scaling="spectrum", return_onesided=False
    )
    hann = signal.get_window("hann", 32).sum() ** 2
    assert np.allclose(mine[:, 0, 1], oracle[:17] * hann)
    assert np.allclose(mine, mine.conj().transpose(0, 2, 1))


def test_a_constant_column_has_no_dynamics():
    x = np.full((50, 2), 0.1)
    x[:, 1] = np.arange(50)
    assert (autocorrelation(x, 3)[0] == 0).all()
    assert (cross_correlation(x, 3)[0] == 0).all()
    rows = distances(ar(0)[0], np.full((1, 600, 2), 0.1), replicates=2, rng=0)
    assert np.isfinite([[row.value, row.halves, row.reference] for row in rows]).all()


def test_a_copy_is_at_distance_nought():
    real = ar(0)[0]
    for row in distances(real, real, ["X", "Y"], replicates=2, rng=0):
        assert (row.value, row.low, row.high) == (0, 0, 0)
        assert row.variable in {"X", "Y", "all"}
        assert min(row.halves, row.reference) > 0


@pytest.mark.parametrize("phi", [0.0, 0.7])
def test_reference_is_what_the_same_law_shows(phi):
    above, all_rows = dict.fromkeys(MEASURES, 0), dict.fromkeys(MEASURES, 0)
    for seed in range(20):
        first, *others = ar(seed, phi, 400, paths=2)
        for row in distances(first, np.array(others), replicates=15, rng=seed):
            above[row.measure] += row.value > row.reference
            all_rows[row.measure] += 1
    for measure, count in above.items():
        assert stats.binomtest(count, all_rows[measure], 0.15, "greater").pvalue > 1e-3, measure


def test_each_measure_sees_its_own_fault():
    real = ar(1)[0]
    rows = by_measure(distances(real, row_shuffle(real, 4, 0), replicates=15, rng=0))
    beyond = lambda name: all(row.low > row.reference for row in rows[name])
    assert all(row.value == 0 for name in ("ks", "wasserstein") for row in rows[name])
    assert beyond("acf")
    assert beyond("log_spectrum")
    assert beyond("ccf")
    apart = ar(1, paths=4)
    apart[:, :, 1] = ar(2, paths=4)[:, :, 1]
    rows = by_measure(distances(real, apart, replicates=15, rng=0))
    assert beyond("coherence")
    assert beyond("residual_correlation")
    assert not beyond("acf")
    rows = by_measure(distances(real, phase_surrogate(real, 2, 0), replicates=5, rng=0))
    assert all(row.value < 0.3 * row.reference for row in rows["acf"])
    rows = by_measure(distances(real, ar(3) * 2 + 5, replicates=15, rng=0))
    assert beyond("ks")
    assert beyond("wasserstein")
    assert not beyond("acf")


def test_seed_decides():
    real, path = ar(0)[0], ar(1)
    one = distances(real, path, replicates=3, rng=5)
    assert one == distances(real, path, replicates=3, rng=5)
    assert one != distances(real, path, replicates=3, rng=6)


def test_atoms_and_tails():
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(500, 2)), rng.normal(size=(2, 400, 2))
    real[:200, 1], fake[0, :, 1] = 0.0, 3.0
    found = {(atom.variable, atom.value): atom for atom in atoms(real, fake, ["X", "Y"])}
    assert set(found) == {("Y", 0.0), ("Y", 3.0)}
    assert (found["Y", 0.0].share, found["Y", 0.0].simulated_share) == (0.4, 0.0)
    assert (found["Y", 3.0].share, found["Y", 3.0].simulated_share) == (0.0, 0.5)
    row = marginals(real, fake, ["X", "Y"])[1]
    assert (row.variable, row.zeros, row.simulated_zeros) == ("Y", 0.4, 0.0)
    assert row.q01 == np.quantile(real[:, 1], 0.01)
    assert row.simulated_q99 == np.quantile(fake[:, :, 1], 0.99)


def test_stationarity_flags():
    noise = np.random.default_rng(0).normal(size=(4, 500, 1))
    quiet, walk = noise[0], noise.cumsum(axis=1)
    row = stationarity(quiet, walk, ["X"])[0]
    assert (row.variable, row.adf, row.kpss) == ("X", True, False)
    assert row.simulated_adf <= 0.25
    assert row.simulated_kpss >= 0.75
    still = stationarity(quiet, np.zeros((1, 50, 1)))[0]
    assert (still.simulated_adf, still.simulated_kpss) == (1, 0)


def test_refusals():
    real = ar(0)[0]
    with pytest.raises(DataError, match="do not vary"):
        read_pair(np.zeros((50, 2)), real)
    with pytest.raises(DataError, match="2 real series"):
        marginals([real, real], real)
    with pytest.raises(DataError, match="has 20 steps"):
        distances(real, real[:20])
    with pytest.raises(OptionError, match="replicates=0"):
        distances(real, real, replicates=0)
