"""Networks: one hidden layer by hand, and the perceptron that torch trains."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causalsim import TemporalSCM, datasets, tcs
from causalsim.errors import MissingExtraError, OptionError
from causalsim.scm import LinearFunction, NetworkFunction, Perceptron


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="torch is an optional extra")


def bent(n=400, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.uniform(-2, 2, (n, 2))
    return x, np.sin(2 * x[:, 0]) + x[:, 1] + 0.1 * rng.normal(size=n)


@given(st.integers(1, 4), st.integers(1, 3), st.sampled_from(["tanh", "sin"]))
def test_a_network_is_its_formula(units, arity, activation):
    rng = np.random.default_rng(units + 10 * arity)
    hidden, offsets = rng.normal(size=(units, arity)), rng.normal(size=units)
    out, x = rng.normal(size=units), rng.normal(size=(6, arity))
    function = NetworkFunction(hidden, offsets, out, activation, intercept=0.5)
    expected = 0.5 + getattr(np, activation)(x @ hidden.T + offsets) @ out
    np.testing.assert_allclose(function.predict(x), expected, atol=1e-12)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (dict(weights=((1.0,),), offsets=(0.0, 1.0), out=(1.0,)), "give one of each per unit"),
        (dict(weights=((1.0,), (1.0, 2.0)), offsets=(0, 0), out=(1, 1)), "rows of one length"),
        (dict(weights=((1.0,),), offsets=(0.0,), out=(1.0,), activation="step"), "activation"),
    ],
)
def test_parts_that_do_not_fit_are_refused(parts, message):
    with pytest.raises(OptionError, match=message):
        NetworkFunction(**parts)


@pytest.mark.parametrize("wrong", [{"units": 0}, {"epochs": 0}, {"rate": 0.0}, {"decay": -1.0}])
def test_numbers_out_of_range_are_refused(wrong):
    with pytest.raises(OptionError, match="expected positive numbers"):
        Perceptron(**wrong)


def test_without_torch_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    series = datasets.macro()[["realgdp", "unemp"]]
    with pytest.raises(MissingExtraError, match=r"pip install 'causalsim\[torch\]'"):
        tcs(series, max_lag=1, discovery="ar", mechanism="network", rng=0)


def test_without_parents_or_spread_torch_is_not_needed(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    rng, x = np.random.default_rng(0), np.ones((9, 1))
    assert Perceptron().fit(x[:, :0], np.arange(9.0), rng) == LinearFunction((), intercept=4.0)
    assert Perceptron().fit(x, np.full(9, 2.0), rng) == LinearFunction((0.0,), intercept=2.0)


def test_it_learns_what_is_not_linear(torch):
    (x, y), (new, target) = bent(), bent(seed=1)
    fitted = Perceptron(epochs=300).fit(x, y, np.random.default_rng(0))
    assert np.std(fitted.predict(new) - target) < 0.25


def test_units_of_measurement_and_constant_parents_do_not_matter(torch):
    x, y = bent(100)
    padded = np.column_stack([1000 * x, np.ones(100)])
    few = Perceptron(units=4, epochs=20)
    plain = few.fit(np.column_stack([x, np.ones(100)]), y, np.random.default_rng(0))
    scaled = few.fit(padded, 5 * y, np.random.default_rng(0))
    np.testing.assert_allclose(
        scaled.predict(padded), 5 * plain.predict(np.column_stack([x, np.ones(100)])), atol=1e-3
    )


def test_fits_repeat_and_torch_is_left_as_it_was(torch):
    x, y = bent(60)
    few = Perceptron(units=4, epochs=20)
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    fits = [few.fit(x, y, np.random.default_rng(seed)) for seed in (0, 0, 1)]
    assert torch.equal(state, torch.get_rng_state())
    assert torch.get_num_threads() == threads
    assert fits[0] == fits[1] != fits[2]
    torch.set_default_dtype(torch.float64)
    try:
        with torch.no_grad():
            assert few.fit(x, y, np.random.default_rng(0)) == fits[0]
    finally:
        torch.set_default_dtype(torch.float32)


def test_a_model_of_a_real_series_comes_back_from_a_file(torch, tmp_path, monkeypatch):
    series = datasets.macro()[["realgdp", "unemp"]].diff().dropna()
    few = Perceptron(units=4, epochs=30)
    model, again = (tcs(series, max_lag=1, mechanism=few, rng=0) for _ in range(2))
    assert model == again
    monkeypatch.setitem(sys.modules, "torch", None)
    for name in ("model.json", "model.npz"):
        model.save(tmp_path / name)
        assert TemporalSCM.load(tmp_path / name) == model
    assert np.isfinite(model.sample(100, paths=2, rng=0).array).all()
