"""Shots and noise: the law of the entries, the stream's keys, and the repair."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest, chi2, gamma, kstest

from causalsim.kernels import centred
from causalsim.kernels.quantum import QuantumKernel
from causalsim.kernels.quantum._sampling import _uniforms, clipped, repaired, row_keys

PUBLISHED = {128: 0.0342, 1024: 0.0120, 8192: 0.0043}


def data(n=30, d=2, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d))


def zz(**options):
    return QuantumKernel("zz", scale=1.0, **options)


def rmse(gram, exact):
    return np.sqrt(np.mean((gram - exact) ** 2))


@pytest.mark.parametrize("shots", PUBLISHED)
def test_error_of_shots_before_and_after_repair(shots):
    """A block is left as measured; a whole is repaired."""
    x = data()
    exact = zz()(x)
    raw, after = [], []
    for seed in range(10):
        kernel = zz(shots=shots, seed=seed)
        raw.append(rmse(kernel(x, x.copy()), exact))
        after.append(rmse(kernel(x), exact))
    assert abs(np.mean(raw) / PUBLISHED[shots] - 1) < 0.1
    assert (np.array(after) <= raw).all()


def test_a_sampled_gram_is_symmetric_where_the_statevector_kernel_is_not():
    from qiskit.circuit.library import zz_feature_map
    from qiskit_machine_learning.kernels import FidelityStatevectorKernel

    x = data(10)
    ours = zz(shots=1024)
    for gram in (ours(x), ours(x, x.copy())):
        assert np.array_equal(gram, gram.T)
        assert (np.diagonal(gram) == 1).all()
    theirs = FidelityStatevectorKernel(
        feature_map=zz_feature_map(2), shots=1024, enforce_psd=False
    )
    gram = theirs.evaluate(x)
    assert np.abs(gram - gram.T).max() > 0.01


@given(
    st.integers(0, 2**32 - 1), st.integers(2, 25), st.integers(1, 3),
    st.sampled_from([1, 16, 128, 8192, 10**6]), st.sampled_from([0.1, 0.25, 1.0]),
)  # fmt: skip
def test_repair_never_raises_the_error(seed, n, d, shots, scale):
    x = data(n, d, seed)
    exact = QuantumKernel("zz", scale=scale)(x)
    raw = QuantumKernel("zz", scale=scale, shots=shots, seed=seed)(x, x.copy())
    for better in (clipped(raw), repaired(raw)):
        assert np.linalg.eigvalsh(better)[0] > -1e-12
        assert rmse(better, exact) <= rmse(raw, exact) * (1 + 1e-9)
    assert (np.diagonal(repaired(raw)) == 1).all()


def test_repair_halves_the_error_of_one_qubit():
    """Four features behind 100 rows: most of the noise lies outside both sets."""
    x = data(100, 1)
    kernel = QuantumKernel("zz", scale=0.25, shots=1024)
    exact = replace(kernel, shots=None)(x)
    assert rmse(kernel(x), exact) < 0.5 * rmse(kernel(x, x.copy()), exact)


def test_a_gram_that_needs_no_repair_is_kept():
    exact = zz()(data())
    np.testing.assert_allclose(repaired(exact), exact, atol=1e-9)


def test_the_stream_is_keyed_by_the_content_of_two_rows():
    x = data(20)
    kernel = QuantumKernel("angle", scale=1.0, standardise=False, shots=50)
    block = kernel(x, x[5:9])
    assert np.array_equal(kernel(x[3:12], x[5:9]), block[3:12])
    assert np.array_equal(kernel(x[5:9], x), block.T)
    assert np.array_equal(kernel(x, x[5:9]), block)
    assert not np.array_equal(replace(kernel, seed=1)(x, x[5:9]), block)


def test_shares_follow_the_binomial_law():
    """All entries have one fidelity, 1/2; their shares times shots are binomial."""
    shots, x = 10, np.arange(400.0)
    kernel = QuantumKernel(
        "angle", reps=1, scale=1.0, standardise=False, shots=shots, noise=1.0
    )  # (1 - p) k + p / 2 = 1/2
    counts = np.rint(kernel(x[:200], x[200:]) * shots).astype(int).ravel()
    expected = binom.pmf(range(shots + 1), shots, 0.5) * counts.size
    observed = np.bincount(counts, minlength=shots + 1)
    assert chi2.sf(((observed - expected) ** 2 / expected).sum(), shots) > 1e-3


def test_uniforms_are_uniform_and_uncorrelated_over_neighbours():
    keys = row_keys(np.arange(300.0)[:, None], seed=3)
    uniforms = _uniforms(keys, keys)
    upper = uniforms[np.triu_indices(300, 1)]
    assert kstest(upper, "uniform").pvalue > 1e-3
    for lag in (1, 2, 300):
        shifted = np.corrcoef(upper[:-lag], upper[lag:])[0, 1]
        assert abs(shifted) * np.sqrt(len(upper)) < 3.5


@given(st.floats(0, 1), st.integers(1, 3))
def test_depolarising_noise(p, d):
    x = data(6, d)
    expected = (1 - p) * zz()(x) + p / 2**d
    np.fill_diagonal(expected, 1)
    np.testing.assert_allclose(zz(noise=p)(x), expected, atol=1e-12)


def test_equal_rows_are_known_to_be_equal():
    x = np.array([[0.5], [2.0], [0.5], [-0.0], [0.0]])
    for kernel in (zz(noise=0.5), zz(shots=10)):
        gram = kernel(x)
        assert gram[0, 2] == pytest.approx(1)
        assert gram[3, 4] == pytest.approx(1)
        assert gram[0, 1] < 1


def marginal_p(K, L):
    """Give the gamma p-value of the marginal statistic (Zhang 2011)."""
    n, K, L = len(K), centred(K), centred(L)
    mean = np.trace(K) * np.trace(L) / n
    variance = 2 * (K * K).sum() * (L * L).sum() / n**2
    return gamma.sf((K * L).sum(), mean**2 / variance, scale=variance / mean)


def test_the_marginal_test_keeps_its_level_under_shots():
    kernel, hits = QuantumKernel("zz", scale=0.25, shots=64), 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        x, y = rng.normal(size=30), rng.normal(size=30) if seed % 2 else rng.exponential(size=30)
        hits += marginal_p(kernel(x), kernel(y)) < 0.05
    assert 0.02 <= hits / 300 <= 0.08
    assert binomtest(hits, 300, 0.05).pvalue > 1e-3
