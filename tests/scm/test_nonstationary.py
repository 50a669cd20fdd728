"""Mechanisms that change: chains, switches, drifts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causalsim.errors import OptionError
from causalsim.scm import LinearFunction
from causalsim.scm.nonstationary import (
    CHAIN_NOISE,
    ChainFunction,
    DriftFunction,
    SwitchFunction,
)


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
    with pytest.raises(OptionError, match="on='noise' is unknown"):
        DriftFunction(LinearFunction(()), on="noise")
