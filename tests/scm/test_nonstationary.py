"""Mechanisms that change: chains, switches, drifts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causalsim.errors import DataError, OptionError
from causalsim.scm import GaussianNoise, LaplaceNoise, LinearFunction, ZeroNoise
from causalsim.scm.nonstationary import (
    CHAIN_NOISE,
    ChainFunction,
    DriftFunction,
    MarkovFunction,
    SwitchFunction,
)
from causalsim.scm.switching import Markov, Switching


def test_chain_noise_runs_from_0_to_1():
    assert CHAIN_NOISE.quantile(np.array([0.0, 0.5, 1.0])) == pytest.approx([0, 0.5, 1])


@given(st.integers(2, 5), st.floats(0, 0.99), st.integers(0, 4))
def test_transitions_have_their_probabilities(states, stay, start):
    start %= states
    noise = (np.arange(20_000) + 0.5) / 20_000
    chain = ChainFunction(states, stay)
    moved = chain.value(np.full((len(noise), 1), float(start)), noise)
    shares = np.bincount(moved.astype(int), minlength=states) / len(noise)
    expected = np.full(states, (1 - stay) / (states - 1))
    expected[start] = stay
    assert shares == pytest.approx(expected, abs=2e-4)


@given(st.integers(1, 4), st.integers(0, 10**6))
def test_a_fitted_chain_moves_as_its_rows_say(count, seed):
    rng = np.random.default_rng(seed)
    chain = MarkovFunction.of(*rng.integers(0, count, (2, 30)).astype(float), count)
    noise = (np.arange(20_000) + 0.5) / 20_000
    for state, row in enumerate(chain.rows):
        moved = chain.value(np.full((len(noise), 1), float(state)), noise).astype(int)
        assert np.bincount(moved, minlength=count) / len(noise) == pytest.approx(row, abs=2e-4)
        assert row[int(chain.predict(np.array([[float(state)]]))[0])] == max(row)


def test_a_chain_learns_its_rows():
    truth = MarkovFunction(((0.9, 0.1, 0.0), (0.2, 0.5, 0.3), (0.0, 0.4, 0.6)))
    rng, states = np.random.default_rng(0), np.zeros(20_001)
    for t, noise in enumerate(rng.random(20_000)):
        states[t + 1] = truth.value(states[t, None, None], np.array([noise]))[0]
    learnt = Markov(3).fit(states[:-1, None], states[1:], rng)
    np.testing.assert_allclose(learnt.rows, truth.rows, atol=0.02)
    assert min(map(min, learnt.rows)) > 0


@given(st.integers(0, 10**6))
def test_a_switch_with_laws_is_its_branches_with_their_noise(seed):
    rng = np.random.default_rng(seed)
    branches = LinearFunction((1.0,)), LinearFunction((-2.0,), intercept=1.0)
    laws = GaussianNoise(0.5), LaplaceNoise(2.0)
    switch = SwitchFunction(branches, laws, intercept=3.0)
    parents = np.column_stack([rng.integers(0, 2, 40), rng.normal(size=40)])
    noise = rng.uniform(0.01, 0.99, 40)
    value = switch.value(parents, noise)
    for k in (0, 1):
        rows = parents[:, 0] == k
        by_hand = branches[k].predict(parents[rows, 1:]) + laws[k].quantile(noise[rows]) + 3
        np.testing.assert_allclose(value[rows], by_hand)
    np.testing.assert_allclose(switch.residual(parents, value), noise)
    assert switch.law == CHAIN_NOISE
    assert SwitchFunction(branches).law is None


def test_a_regime_without_noise_is_learnt_exactly():
    rng = np.random.default_rng(0)
    parents = np.column_stack([np.arange(60) % 2, rng.normal(size=60)])
    y = np.where(parents[:, 0] == 0, 5.0, parents[:, 1] + rng.normal(size=60))
    switch = Switching(2, "linear").fit(parents, y, rng)
    assert switch.laws[0] == ZeroNoise()
    assert switch.value(parents[::2], rng.random(30)) == pytest.approx(5.0)


def test_switch_and_drift_by_hand():
    rng = np.random.default_rng(0)
    parents = np.column_stack([rng.integers(0, 2, 50), rng.random(50), rng.normal(size=(50, 2))])
    one, other = LinearFunction((1.0, 2.0), intercept=3.0), LinearFunction((0.5, -1.0))
    switch = SwitchFunction(
        (DriftFunction(one, "weights", 0.5), DriftFunction(other, "mean", -2.0))
    )
    regime, drift, x, y = parents.T
    by_hand = np.where(regime == 0, 3 + (1 - 0.5 * drift) * (x + 2 * y), 0.5 * x - y - 2 * drift)
    assert switch.predict(parents) == pytest.approx(by_hand)
    noise = rng.normal(size=50)
    value = switch.value(parents, noise)
    assert switch.residual(parents, value) == pytest.approx(noise)
    assert switch.arity == 4


def test_bad_mechanisms_are_refused():
    with pytest.raises(OptionError, match="expected at least 2 states"):
        ChainFunction(1)
    with pytest.raises(OptionError, match="cannot be known from"):
        ChainFunction().residual(np.zeros((2, 1)), np.zeros(2))
    with pytest.raises(OptionError, match=r"branches take \[\] parents"):
        SwitchFunction(())
    with pytest.raises(OptionError, match=r"branches take \[0, 1\] parents"):
        SwitchFunction((LinearFunction(()), LinearFunction((1.0,))))
    with pytest.raises(OptionError, match="1 laws for 2 branches; give none, or one each"):
        SwitchFunction((LinearFunction(()), LinearFunction(())), (ZeroNoise(),))
    with pytest.raises(OptionError, match="regime 2 is unknown; expected .* from 0 to 1"):
        SwitchFunction((LinearFunction(()), LinearFunction(()))).predict(np.array([[2.0]]))
    with pytest.raises(OptionError, match=r"regime 0\.5 is unknown"):
        MarkovFunction(((0.5, 0.5), (0, 1))).predict(np.array([[0.5]]))
    for rows in ((), ((0.5, 0.5),), ((2.0, -1.0), (0, 1)), ((0.5, 0.4), (0, 1))):
        with pytest.raises(OptionError, match="expected a square matrix of probabilities"):
            MarkovFunction(rows)
    with pytest.raises(OptionError, match="cannot be known from"):
        MarkovFunction(((1.0,),)).residual(np.zeros((2, 1)), np.zeros(2))
    with pytest.raises(DataError, match="regime 1 has 0 rows; 1 parents need at least 3"):
        Switching(2, "linear").fit(np.zeros((9, 2)), np.arange(9.0), np.random.default_rng(0))
    with pytest.raises(OptionError, match="count=0: expected a whole number, at least 1"):
        Markov(0)
    with pytest.raises(OptionError, match="on='noise' is unknown"):
        DriftFunction(LinearFunction(()), on="noise")
