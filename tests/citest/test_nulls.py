"""Laws of weighted sums of chi-squareds, against exact laws, simulation and momentchi2."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from causalsim.citest._lindsay import _largest_mixture, _moments, log_lpb4_tail
from causalsim.citest._nulls import (
    cumulants,
    log_cauchy_combination,
    log_gamma_tail_from_moments,
    log_hbe_tail,
    log_spectral_tail,
)

WEIGHTS = st.lists(st.floats(0.01, 10), min_size=1, max_size=12)
CAUCHY = st.lists(st.floats(1e-6, 0.98), min_size=1, max_size=6)


def by_gamma(statistic, weights):
    k = cumulants(weights)
    return float(log_gamma_tail_from_moments(statistic, k[0], k[1]))


def by_hbe(statistic, weights):
    return float(log_hbe_tail(statistic, cumulants(weights)))


def by_lpb4(statistic, weights):
    return log_lpb4_tail(statistic, cumulants(weights))


tails = pytest.mark.parametrize("tail", [by_gamma, by_hbe, by_lpb4])


@given(WEIGHTS)
def test_cumulants_are_traces_of_powers(weights):
    matrix = np.diag(weights)
    powers = [np.trace(np.linalg.matrix_power(matrix, r)) for r in range(1, 5)]
    np.testing.assert_allclose(cumulants(weights, 4), np.array([1, 2, 8, 48]) * powers)


def test_cumulants_of_stacked_weights():
    weights = np.random.default_rng(0).gamma(1, size=(3, 5))
    stacked = cumulants(weights, 3)
    for row, alone in zip(stacked, weights, strict=True):
        np.testing.assert_allclose(row, cumulants(alone, 3))


@tails
@given(st.floats(0.01, 100), st.integers(1, 9), st.floats(0.01, 1000))
def test_equal_weights_are_a_scaled_chi_squared(tail, weight, k, point):
    expected = stats.chi2.logsf(point, k)
    assert tail(weight * point, [weight] * k) == pytest.approx(expected, rel=1e-6, abs=1e-9)


@tails
@given(WEIGHTS, st.floats(0.01, 50), st.floats(0.001, 1000))
def test_units_do_not_matter(tail, weights, statistic, unit):
    scaled = tail(statistic * unit, np.multiply(weights, unit))
    assert scaled == pytest.approx(tail(statistic, weights), rel=1e-4, abs=1e-6)


@tails
@given(WEIGHTS)
def test_a_larger_statistic_has_a_smaller_p(tail, weights):
    log_p = [tail(t * sum(weights), weights) for t in (0.1, 0.5, 1, 3, 10, 100, 1e4)]
    assert np.isfinite(log_p).all()
    assert (np.diff(log_p) <= 1e-9).all()
    assert log_p[0] <= 0


@given(WEIGHTS)
def test_the_mixture_has_the_moments_of_the_sum(weights):
    k = cumulants(weights)
    moments = _moments(k / k[0] ** np.arange(1, 9))
    lam, means, shares = _largest_mixture(moments)
    for r in range(2 * len(means)):
        gamma_moments = (lam * means) ** r * np.prod(1 / lam + np.arange(r))
        assert (shares @ gamma_moments) == pytest.approx(moments[r], rel=1e-5)
    assert (shares > 0).all()


def test_published_values_of_a_sum_of_four():
    """Johnson, Kotz & Balakrishnan (1994), table 18.6: lower tails .05 and .95."""
    weights = [1.5, 1.5, 0.5, 0.5]
    for point, lower in ((0.627, 0.05), (10.203, 0.95)):
        assert np.exp(by_lpb4(point, weights)) == pytest.approx(1 - lower, abs=5e-5)


def test_agrees_with_momentchi2(monkeypatch):
    momentchi2 = pytest.importorskip("momentchi2")
    monkeypatch.setattr(np, "math", math, raising=False)  # its lpb4 needs what numpy 2 dropped
    rng = np.random.default_rng(0)
    for _ in range(30):
        weights = rng.gamma(1, size=rng.integers(5, 25))
        point = float(weights @ rng.chisquare(1, len(weights)))
        for tail, theirs in (
            (by_gamma, momentchi2.sw),
            (by_hbe, momentchi2.hbe),
            (by_lpb4, momentchi2.lpb4),
        ):
            expected = 1 - theirs(weights, point)
            assert np.exp(tail(point, weights)) == pytest.approx(expected, abs=1e-6)


@pytest.mark.stats
@pytest.mark.parametrize(("tail", "worst"), [(by_gamma, 0.1), (by_hbe, 0.04), (by_lpb4, 0.005)])
def test_close_to_simulated_tails(tail, worst):
    rng = np.random.default_rng(1)
    for k in (2, 5, 20):
        weights = rng.gamma(0.5, size=k)
        sums = rng.chisquare(1, size=(100_000, k)) @ weights
        for share in (0.5, 0.1, 0.05, 0.01):
            point = float(np.quantile(sums, 1 - share))
            assert np.exp(tail(point, weights)) == pytest.approx(share, abs=worst)


@tails
def test_far_tails_stay_finite_and_fall_in_proportion(tail):
    """Far out, log p falls at the constant rate of a gamma's scale."""
    near, middle, far = (tail(t, [2.0, 1.0, 0.5]) for t in (1e5, 2e5, 3e5))
    assert np.isfinite([near, middle, far]).all()
    assert far - middle == pytest.approx(middle - near, rel=1e-3)


def test_the_mixture_falls_nearly_at_the_rate_of_the_largest_weight():
    """The sum falls at 1 / (2 max w); the mixture's eight moments come closest to it."""
    rates = [
        (tail(1e5, [2.0, 1.0, 0.5]) - tail(2e5, [2.0, 1.0, 0.5])) / 1e5
        for tail in (by_lpb4, by_hbe, by_gamma)
    ]
    assert rates == sorted(rates)
    assert rates[0] == pytest.approx(1 / 4, rel=0.1)


def test_a_sum_without_weight_says_nothing():
    assert by_gamma(0.0, [0.0, 0.0]) == by_hbe(0.0, [0.0, 0.0]) == by_lpb4(0.0, [0.0]) == 0


@given(st.lists(st.floats(0.1, 5), min_size=1, max_size=5), st.floats(0, 20), st.integers(0, 9))
def test_spectral_tail_counts_its_draws(weights, statistic, seed):
    log_p = log_spectral_tail(statistic, weights, draws=50, rng=np.random.default_rng(seed))
    drawn = np.random.default_rng(seed).chisquare(1, size=(50, len(weights))) @ np.array(weights)
    assert np.exp(log_p) == pytest.approx((1 + (drawn >= statistic).sum()) / 51)


@pytest.mark.stats
def test_spectral_tail_never_rejects_too_often():
    rng = np.random.default_rng(0)
    weights = rng.gamma(1, size=6)
    sums = rng.chisquare(1, size=(1000, 6)) @ weights
    hits = sum(
        np.exp(log_spectral_tail(t, weights, draws=99, rng=child)) <= 0.05
        for t, child in zip(sums, rng.spawn(1000), strict=True)
    )
    assert stats.binomtest(hits, 1000, 0.05).pvalue > 1e-3


@given(CAUCHY)
def test_cauchy_combination_is_its_formula(p):
    expected = stats.cauchy.sf(np.mean(stats.cauchy.isf(p)))
    assert np.exp(log_cauchy_combination(np.log(p))) == pytest.approx(expected, rel=1e-6)


@given(st.lists(st.floats(-600, -200), min_size=2, max_size=6))
def test_cauchy_combination_is_a_harmonic_mean_far_out(log_p):
    expected = -np.log(np.mean(np.exp(-np.array(log_p))))
    assert log_cauchy_combination(log_p) == pytest.approx(expected, rel=1e-9)


def test_cauchy_combination_has_no_step_where_the_formula_changes():
    either = [log_cauchy_combination([end, -1.0]) for end in (-99.999999, -100.000001)]
    assert either[0] == pytest.approx(either[1], abs=1e-5)


def test_one_certain_draw_does_not_outweigh_the_others():
    assert log_cauchy_combination([0.0, -20.0, -20.0, -20.0]) < -15
