"""The width over time is found by predicting rows that were left out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causalsim.discovery._time_width import best_fit, design, overall, smooth, time_width


def driven(kind, n, period, seed):
    rng = np.random.default_rng(seed)
    x, e = rng.normal(size=(2, n))
    d = np.sin(2 * np.pi * np.arange(n) / period + rng.uniform(0, 6))
    if kind == "slope":
        return x[:, None], (1 + 0.9 * d) * x + 0.3 * e
    if kind == "intercept":
        return x[:, None], x + 1.2 * d + 0.3 * e
    return x[:, None], x + 0.4 * np.exp(0.9 * d) * e


@given(st.integers(2, 90), st.floats(0.05, 40), st.booleans(), st.integers(0, 99))
def test_smooth_sums_under_gaussian_weights(n, width, alone, seed):
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.uniform(0.1, 2, n))
    values = rng.normal(size=(n, 2))
    weights = np.exp(-0.5 * ((times[:, None] - times) / width) ** 2)
    if alone:
        np.fill_diagonal(weights, 0.0)
    found = smooth(times, times, width, values, without_self=alone)
    np.testing.assert_allclose(found, weights @ values, atol=1e-6 * n)


def test_errors_are_those_of_regressions_without_the_row():
    parents, y = driven("slope", 60, 30, 0)
    module, times = design(parents, y, overall), np.arange(60.0)
    sums = smooth(times, times, 5.0, module.products, without_self=True)
    errors, unbiased = module.left_out(sums)
    k = module.columns.shape[1]
    for row in (0, 17, 59):
        for weight, inside in ((0.0, False), (1.0, True)):
            weights = np.exp(-0.5 * ((times - row) / 5.0) ** 2)
            weights[row] = weight
            weighted = module.columns * weights[:, None]
            gram = weighted.T @ module.columns + np.eye(k)
            beta = np.linalg.solve(gram, weighted.T @ module.rest)
            error = module.rest[row] - module.columns[row] @ beta
            expected = unbiased[row] / errors[row] if inside else errors[row]
            assert error == pytest.approx(expected, rel=1e-5)


@given(st.integers(1, 3), st.integers(0, 99))
def test_columns_of_a_design_are_uncorrelated(d, seed):
    rng = np.random.default_rng(seed)
    parents = rng.normal(size=(50, d)) @ rng.normal(size=(d, d))
    columns = design(parents, np.sin(parents.sum(axis=1)) + rng.normal(size=50), overall).columns
    np.testing.assert_allclose(columns.T @ columns / 50, np.eye(columns.shape[1]), atol=1e-9)


@pytest.mark.parametrize("kind", ["slope", "intercept", "noise"])
@pytest.mark.parametrize("period", [50, 150, 600])
def test_width_follows_the_period(kind, period):
    widths = [time_width(*driven(kind, 600, period, seed), np.arange(600.0)) for seed in range(2)]
    assert 0.04 < np.mean(widths) / period < 0.4


def test_width_has_the_unit_of_time():
    parents, y = driven("intercept", 200, 60, 1)
    steps = time_width(parents, y, np.arange(200.0))
    assert time_width(parents, y, 1990 + np.arange(200.0) / 12) == pytest.approx(steps / 12)


def test_modules_without_change_have_no_width():
    flat = 0
    for seed in range(12):
        x, e = np.random.default_rng(seed).normal(size=(2, 200))
        flat += np.isinf(best_fit(x[:, None], x + e, np.arange(200.0)).width)
        assert time_width(x[:, None], x + e, np.arange(200.0)) <= 199 / 5 + 1e-9
    assert flat >= 7


def test_a_variable_that_is_its_parent_is_fitted():
    x = np.random.default_rng(0).normal(size=100)
    assert np.isfinite(time_width(x[:, None], x, np.arange(100.0)))
