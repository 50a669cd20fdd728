"""Logarithms of tail probabilities, near and far."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.special import gammaln

from causalsim.citest._tails import (
    log_chi2_tail,
    log_gamma_tail,
    log_normal_tails,
    log_t_tails,
)

dofs = st.floats(1, 1e6)


@given(st.floats(0, 1e3), dofs)
def test_near_tails_agree_with_scipy(x, dof):
    for ours, theirs in (
        (log_chi2_tail(x, dof), stats.chi2.sf(x, dof)),
        (log_t_tails(x, dof), 2 * stats.t.sf(x, dof)),
        (log_normal_tails(x), 2 * stats.norm.sf(x)),
    ):
        if theirs > 1e-280:
            assert ours == pytest.approx(np.log(theirs), rel=1e-9, abs=1e-10)


@given(st.floats(0.05, 1e4), st.floats(1e-3, 1e3))
def test_the_gamma_tail_of_any_shape_agrees_with_scipy(shape, ratio):
    theirs = stats.gamma.sf(shape * ratio, shape)
    if theirs > 1e-280:
        assert log_gamma_tail(shape, shape * ratio) == pytest.approx(
            np.log(theirs), rel=1e-9, abs=1e-10
        )
    assert log_gamma_tail(shape, -ratio) == 0


@pytest.mark.parametrize("x", [1400.0, 3e3, 1e5, 1e8])
def test_far_chi2_of_even_dof_is_a_poisson_sum(x):
    for dof in (2, 4, 10, 40, 300):
        k = np.arange(dof // 2)
        terms = k * np.log(x / 2) - gammaln(k + 1)
        assert log_chi2_tail(x, dof) == pytest.approx(
            np.logaddexp.reduce(terms) - x / 2, rel=1e-13
        )


@pytest.mark.parametrize("x", [1400.0, 3e3, 1e5, 1e8])
def test_far_chi2_of_one_dof_is_normal(x):
    assert log_chi2_tail(x, 1) == pytest.approx(log_normal_tails(np.sqrt(x)), rel=1e-12)


@pytest.mark.parametrize("t", [1e8, 1e20, 1e120])
@pytest.mark.parametrize("dof", [40, 101])
def test_far_t_of_few_dof_is_a_power(t, dof):
    constant = gammaln((dof + 1) / 2) - gammaln(dof / 2) - np.log(dof * np.pi) / 2
    expected = np.log(2) + constant + (dof - 1) / 2 * np.log(dof) - dof * np.log(t)
    assert log_t_tails(t, dof) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("t", "dof", "expected"),
    [
        (40, 1e4, -745.9411352976470),
        (40, 1e6, -803.2751775697820),
        (40, 1e9, -803.9146540341259),
        (100, 1000, -1202.5800000769477),
        (60, 900, -727.7630323023013),
    ],
)
def test_far_t_agrees_with_integration_at_forty_digits(t, dof, expected):
    assert log_t_tails(t, dof) == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize(
    ("x", "dof", "expected"),
    [
        (5000, 1000, -1200.6943717304725),
        (20_000, 10_000, -1539.4420486763690),
        (120_000, 100_000, -888.6421508942476),
        (1.1e6, 1e6, -2350.0878530166720),
    ],
)
def test_far_chi2_agrees_with_integration_at_forty_digits(x, dof, expected):
    assert log_chi2_tail(x, dof) == pytest.approx(expected, rel=1e-11)


@given(st.lists(st.floats(0, 1e4), min_size=2, max_size=20), st.integers(1, 200))
def test_larger_statistics_are_less_likely(values, dof):
    ordered = np.sort(values)
    for tail in (log_chi2_tail, log_t_tails):
        assert (np.diff(tail(ordered, float(dof))) <= 1e-9).all()


def test_ends():
    assert log_t_tails(np.inf, 5) == log_normal_tails(np.inf) == -np.inf
    assert log_t_tails(0, 5) == log_normal_tails(0) == log_chi2_tail(0, 5) == 0
    assert log_chi2_tail(100, 0) == 0
    assert log_t_tails(-2, 5) == log_t_tails(2, 5)
    assert log_t_tails(1e-6, 1) == pytest.approx(np.log1p(-2 / np.pi * np.arctan(1e-6)), rel=1e-9)
