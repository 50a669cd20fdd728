"""One suite over every mechanism by name: inverse, residuals, compiled form, plain values."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

from causalsim import TemporalGraph, TemporalSCM
from causalsim.errors import OptionError
from causalsim.scm import (
    MECHANISMS,
    AtomFunction,
    Bounded,
    BoundedFunction,
    ElasticNet,
    Fourier,
    GaussianNoise,
    Hurdle,
    LinearFunction,
    Perceptron,
    Ridge,
    Scaled,
    ScaledFunction,
    get_mechanism,
)
from causalsim.scm._codec import decode_parts, encode_parts
from causalsim.scm.atoms import find_atom
from causalsim.scm.bounded import fit_bounds

SPECS = {
    **{name: get_mechanism(name) for name in MECHANISMS},
    "bounded": Bounded("linear"),
    "hurdle": Hurdle("linear"),
    "network": Perceptron(units=8, epochs=100),
}
NEEDS_TORCH = pytest.mark.skipif(not find_spec("torch"), reason="torch is an optional extra")
every = pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=NEEDS_TORCH if name == "network" else ()) for name in sorted(SPECS)],
)


@pytest.fixture(scope="module")
def rows():
    """Two parents and a child that bends, spreads, and has an atom at 0."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 2))
    y = np.maximum(x[:, 0] + 0.5 * x[:, 1] ** 2 + np.exp(x[:, 1] / 3) * rng.normal(size=400), 0.0)
    return x, y


@pytest.fixture(scope="module")
def learnt(rows):
    return {
        name: spec.fit(*rows, np.random.default_rng(1))
        for name, spec in SPECS.items()
        if name != "network" or find_spec("torch")
    }


@every
def test_noise_of_what_was_seen_leads_back_to_it(name, rows, learnt):
    x, y = rows
    function = learnt[name]
    if not function.invertible:
        with pytest.raises(OptionError, match="many noises"):
            function.residual(x, y)
        return
    np.testing.assert_allclose(function.value(x, function.residual(x, y)), y, atol=1e-8)


@every
def test_a_row_has_the_same_value_in_any_batch(name, rows, learnt):
    x, _ = rows
    noise = np.random.default_rng(2).random(len(x))
    function = learnt[name]
    alone = [function.value(x[k : k + 1], noise[k : k + 1])[0] for k in range(5)]
    assert (function.value(x, noise)[:5] == alone).all()


@every
def test_a_shift_adds_to_every_value(name, rows, learnt):
    x, _ = rows
    noise = np.random.default_rng(2).random(len(x))
    function = learnt[name]
    moved = function.shifted(1.5).value(x, noise)
    np.testing.assert_allclose(moved, function.value(x, noise) + 1.5, atol=1e-12)


@every
def test_draws_have_the_spread_of_the_data(name, rows, learnt):
    x, y = rows
    spec, function = SPECS[name], learnt[name]
    rng = np.random.default_rng(3)
    if function.law is None:
        noise = rng.choice(spec.honest_residuals(function, x, y, rng), len(x))
    else:
        noise = function.law.sample(len(x), rng)
    drawn = function.value(x, noise)
    assert drawn.std() == pytest.approx(y.std(), rel=0.25)
    assert drawn.mean() == pytest.approx(y.mean(), abs=0.25)


@every
def test_the_same_seed_learns_the_same(name, rows, learnt):
    assert SPECS[name].fit(*rows, np.random.default_rng(1)) == learnt[name]


@every
def test_long_and_short_runs_agree(name):
    """A short run is numpy's, a long one compiled; both begin with the same steps."""
    series = TemporalSCM.from_weights({"X[t-1] --> X": 0.6, "X --> Y": 1.0}).sample(300, rng=0)
    graph = TemporalGraph.from_edges(["X[t-1] --> X", "X --> Y"])
    model = TemporalSCM.fit(graph, series, mechanism=SPECS[name], noise="gaussian", rng=0)
    short, long = (model.sample(steps, burn_in=50, rng=1).array for steps in (100, 2400))
    assert short.shape == (1, 100, 2)
    assert np.isfinite(long).all()
    done = model.do(Y=0.0).sample(2400, burn_in=50, rng=1).array
    assert (done[:, :, 0] == long[:, :, 0]).all()


@every
def test_functions_come_back_from_plain_values(name, learnt):
    parts = {"Y": learnt[name]}
    noises = {"Y": GaussianNoise()}
    again, _ = decode_parts(encode_parts(parts, noises))
    assert again == parts


# -- each by itself -----------------------------------------------------------------------


def test_ridge_is_least_squares_with_many_rows():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(5000, 3))
    y = x @ [1.0, -2.0, 0.0] + rng.normal(size=5000)
    np.testing.assert_allclose(Ridge().fit(x, y, rng).weights, [1, -2, 0], atol=0.06)


def test_an_elastic_net_drops_what_does_nothing():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 12))
    weights = ElasticNet().fit(x, 3 * x[:, 0] + rng.normal(size=300), rng).weights
    assert sum(abs(w) < 0.15 for w in weights) == 11
    assert weights[0] == pytest.approx(3.0, abs=0.2)


def test_random_features_learn_a_product():
    rng = np.random.default_rng(0)
    x = rng.uniform(-2, 2, (800, 2))
    fitted = Fourier().fit(x, x[:, 0] * x[:, 1] + 0.1 * rng.normal(size=800), rng)
    new = rng.uniform(-1.5, 1.5, (200, 2))
    assert np.corrcoef(fitted.predict(new), new[:, 0] * new[:, 1])[0, 1] > 0.98


def test_spread_that_depends_on_parents_is_learnt():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4000, 1))
    y = x[:, 0] + np.exp(x[:, 0] / 2) * rng.normal(size=4000)
    function = Scaled("linear").fit(x, y, rng)
    assert isinstance(function, ScaledFunction)
    z = function.residual(x, y)
    assert z[x[:, 0] > 1].std() == pytest.approx(z[x[:, 0] < -1].std(), rel=0.15)


@pytest.mark.parametrize(
    ("values", "bounds"),
    [
        (np.repeat([0.0, 1.0, 2.0, 5.0], 10), (0.0, 5.0, 1.0)),
        (np.repeat([0.0, 0.25, 1.5], 10), (0.0, 1.5, 0.25)),
    ],
)
def test_bounds_and_grid_are_those_of_the_data(values, bounds):
    assert fit_bounds(values) == bounds


def test_a_bounded_function_stays_in_bounds_and_on_the_grid():
    function = BoundedFunction(LinearFunction((1.0,)), low=0.0, high=3.0, grid=0.5)
    x = np.linspace(-2, 5, 50)[:, None]
    values = function.value(x, np.zeros(50))
    assert values.min() == 0.0
    assert values.max() == 3.0
    assert set(values * 2) <= set(range(7))
    with pytest.raises(OptionError, match="expected low <= high"):
        BoundedFunction(LinearFunction(()), low=1.0, high=0.0)


def test_an_atom_comes_as_often_as_its_parents_say():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(3000, 1))
    rain = np.maximum(x[:, 0] + rng.normal(size=3000), 0.0)
    assert find_atom(rain) == 0.0
    function = Hurdle("linear").fit(x, rain, rng)
    assert isinstance(function, AtomFunction)
    drawn = function.value(x, function.law.sample(3000, rng))
    assert drawn.min() >= 0
    for part in (x[:, 0] < -0.5, x[:, 0] > 0.5):
        assert (drawn[part] == 0).mean() == pytest.approx((rain[part] == 0).mean(), abs=0.05)
