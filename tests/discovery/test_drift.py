"""The check of rows keeps its level under drifts of level and scale, also within domains."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter
from scipy.stats import binomtest

from causalsim.discovery._drift import autocorrelated, volatile

DRAWS = 300


def autoregression(rng, n, phi):
    return lfilter([1], [1, -phi], rng.normal(size=n + 100))[100:]


def found(check, make, n=300, draws=DRAWS):
    """Count draws that are found."""
    t = np.linspace(-1, 1, n)
    return sum(
        bool(check(make(np.random.default_rng([5, s]), t)[:, None])[0]) for s in range(draws)
    )


def at_most_the_level(hits):
    return binomtest(hits, DRAWS, 0.015, alternative="greater").pvalue > 1e-3


SCALES = {
    "none": lambda t: 1 + 0 * t,
    "trend": np.exp,
    "step": lambda t: np.where(t > 0.2, 3.0, 1.0),
    "wave": lambda t: np.exp(0.8 * np.sin(25 * t)),
}


@pytest.mark.parametrize("check", [autocorrelated, volatile])
@pytest.mark.parametrize(
    ("scale", "n"), [*((scale, 600) for scale in SCALES), ("trend", 100), ("step", 100)]
)
def test_a_drift_of_scale_is_neither_autocorrelation_nor_volatility(check, scale, n):
    hits = found(check, lambda rng, t: SCALES[scale](t) * rng.normal(size=len(t)), n)
    assert at_most_the_level(hits)


def test_heavy_tails_are_no_autocorrelation():
    assert at_most_the_level(found(autocorrelated, lambda rng, t: np.exp(rng.normal(size=len(t)))))


@pytest.mark.parametrize(("each", "count"), [(6, 50), (30, 10), (100, 3)])
def test_independent_rows_of_domains_pass_whatever_their_levels_and_scales(each, count):
    codes = np.repeat(np.arange(count), each)

    def make(rng, t):
        levels, scales = rng.normal(size=count), np.exp(rng.normal(size=count))
        return levels[codes] + scales[codes] * rng.normal(size=len(t))

    hits = found(lambda v: autocorrelated(v, codes), make, each * count)
    assert at_most_the_level(hits)


@pytest.mark.parametrize(("each", "phi"), [(30, 0.5), (100, 0.5), (10, 0.9), (6, 0.9)])
def test_autoregressions_cut_into_domains_are_found(each, phi):
    codes = np.arange(300) // each
    hits = found(
        lambda v: autocorrelated(v, codes),
        lambda rng, t: autoregression(rng, len(t), phi),
        draws=60,
    )
    assert hits >= 54


def test_domains_with_one_row_or_one_value_are_no_evidence():
    values = np.random.default_rng(0).normal(size=(200, 1))
    codes = np.r_[np.zeros(80), np.full(80, 1.0), np.arange(2, 42)]
    values[:80] = 3.0
    assert not autocorrelated(values, codes)[0]
    assert not volatile(values[:5])[0]


def test_power_that_rises_with_frequency_is_found_when_asked_for():
    e = np.random.default_rng(0).normal(size=(401, 1))
    rough = e[1:] - 0.6 * e[:-1]
    assert not autocorrelated(rough)[0]
    assert autocorrelated(rough, both_ways=True)[0]
    assert not autocorrelated(e, both_ways=True)[0]


def test_stationary_volatility_is_found():
    def make(rng, t):
        return np.exp(0.35 * autoregression(rng, len(t), 0.9)) * rng.normal(size=len(t))

    assert found(volatile, make, 600, 60) >= 40
