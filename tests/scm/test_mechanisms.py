"""Mechanisms and structural functions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.interpolate import CubicSpline
from scipy.stats import binomtest

from causalsim.errors import DataError, OptionError
from causalsim.scm import (
    Additive,
    AdditiveFunction,
    AutoMechanism,
    FeatureFunction,
    Linear,
    LinearFunction,
    RuleFunction,
    get_mechanism,
)
from causalsim.scm.functions import natural_spline

RNG = np.random.default_rng(0)
START = RNG.bit_generator.state


@pytest.fixture(autouse=True)
def same_stream():
    """Start every test at the same place of the stream, in whatever order they run."""
    RNG.bit_generator.state = START


FUNCTIONS = [
    LinearFunction((2.0, -1.0, 0.3), intercept=0.5),
    FeatureFunction((1.0, 2.0, 0.1), (0.5, -1.0, 2.0), (0.1, 0.2, 0.3)),
    FeatureFunction((1.0, 2.0, 0.1), (0.5, -1.0, 2.0), (0.1, 0.2, 0.3), "sin"),
    AdditiveFunction(((0, 1), (0, 1, 2), (0, 2, 3)), ((1,), (1, 2), (0.5, 0.1)), intercept=1.0),
    RuleFunction(lambda v: v["a"] * v["b"] + v["c"], ("a", "b", "c")),
]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: type(f).__name__)
def test_every_function_keeps_its_contract(function):
    parents = RNG.normal(size=(50, 3))
    value = function.predict(parents)
    assert value.shape == (50,)
    assert function.arity == 3
    assert np.allclose(function.residual(parents, value + 1), 1)
    assert np.allclose(function.shifted(2.5).predict(parents), value + 2.5)
    assert function.shifted(0) == function
    assert len({function, function.shifted(0)}) == 1


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: type(f).__name__)
def test_a_row_does_not_depend_on_the_other_rows(function):
    columns = RNG.normal(size=(3, 257))
    together = function.predict(columns.T)
    alone = [function.predict(columns[:, [i]].T)[0] for i in range(257)]
    assert (together == alone).all()


def test_no_parents():
    assert (LinearFunction((), intercept=2).predict(np.empty((3, 0))) == 2).all()
    assert (AdditiveFunction(intercept=2).predict(np.empty((3, 0))) == 2).all()


def test_degrees_of_freedom():
    x = RNG.normal(size=(60, 3))
    y = x.sum(axis=1) + RNG.normal(size=60)
    doubled = np.column_stack([x, x[:, 0]])
    assert Linear().fit(x, y, RNG).freedom == Linear().fit(doubled, y, RNG).freedom == 3
    assert Linear().fit(np.empty((60, 0)), y, RNG).freedom == 0
    assert Additive(knots=2).fit(x, y, RNG).freedom == pytest.approx(3, abs=0.01)
    assert 3 < Additive().fit(x, y, RNG).freedom < 33
    assert Linear().fit(x, y, RNG).shifted(1).freedom == 3
    assert LinearFunction((1.0,), freedom=1) == LinearFunction((1.0,))


@given(st.integers(3, 8), st.integers(0, 10_000))
def test_spline_basis_spans_the_natural_cubic_splines(n_knots, seed):
    rng = np.random.default_rng(seed)
    knots = np.cumsum(rng.uniform(0.5, 1.5, n_knots))
    heights = rng.normal(size=n_knots)
    oracle = CubicSpline(knots, heights, bc_type="natural")
    at_knots = np.column_stack([np.ones(n_knots), natural_spline(knots, knots)])
    weights = np.linalg.solve(at_knots, heights)
    x = np.linspace(knots[0], knots[-1], 40)
    ours = weights[0] + natural_spline(x, knots) @ weights[1:]
    assert np.allclose(ours, oracle(x), atol=1e-6)


def test_spline_is_linear_beyond_its_knots():
    knots = np.array([0.0, 1.0, 3.0, 4.0])
    for side in (np.array([-3.0, -2.0, -1.0]), np.array([5.0, 6.0, 7.0])):
        assert np.allclose(np.diff(natural_spline(side, knots), 2, axis=0), 0, atol=1e-9)


def test_linear_is_least_squares():
    x = RNG.normal(size=(200, 3)) + 5
    y = 1 + x @ [1.0, -2.0, 0.0] + RNG.normal(size=200)
    function = Linear().fit(x, y, RNG)
    oracle = np.linalg.lstsq(np.column_stack([np.ones(200), x]), y)[0]
    assert np.allclose([function.intercept, *function.weights], oracle)


def test_additive_follows_a_smooth_sum():
    x = RNG.uniform(-2, 2, size=(2000, 2))
    truth = np.sin(2 * x[:, 0]) + x[:, 1] ** 2
    function = Additive().fit(x, truth + 0.3 * RNG.normal(size=2000), RNG)
    assert np.mean((function.predict(x) - truth) ** 2) < 0.01


def test_additive_shrinks_noise():
    x = RNG.normal(size=(300, 3))
    function = Additive().fit(x, RNG.normal(size=300), RNG)
    assert function.predict(x).std() < 0.2


def test_additive_takes_columns_with_few_values():
    x = np.column_stack([np.repeat([0.0, 1.0], 50), np.full(100, 3.0)])
    function = Additive().fit(x, x[:, 0] * 2, RNG)
    assert np.allclose(function.predict(x), x[:, 0] * 2, atol=0.01)


@pytest.mark.parametrize(("bend", "kind"), [(0.0, LinearFunction), (1.0, AdditiveFunction)])
def test_auto_bends_only_where_the_data_bend(bend, kind):
    trials, hits = 40, 0
    for seed in range(trials):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(200, 2))
        y = x[:, 0] + bend * np.abs(x[:, 1]) + 0.5 * rng.normal(size=200)
        hits += isinstance(AutoMechanism().fit(x, y, rng), kind)
    assert binomtest(hits, trials, 0.9, alternative="less").pvalue > 1e-3


def test_bad_options_are_refused():
    assert get_mechanism(Linear()) == get_mechanism("linear")
    with pytest.raises(OptionError, match="mechanism='cubic' is unknown"):
        get_mechanism("cubic")
    with pytest.raises(OptionError, match="knots=1: a spline needs at least 2"):
        Additive(knots=1)
    with pytest.raises(OptionError, match="activation='tan' is unknown"):
        FeatureFunction((1,), (1,), (1,), "tan")
    with pytest.raises(OptionError, match="1 weights, 2 slopes and 1 offsets"):
        FeatureFunction((1,), (1, 2), (1,))
    with pytest.raises(OptionError, match=r"\[2\] weights for \[2\] knots"):
        AdditiveFunction(((0, 1),), ((1, 2),))
    with pytest.raises(DataError, match="3 rows for 2 parents; a mechanism needs at least 4"):
        Linear().fit(np.zeros((3, 2)), np.zeros(3), RNG)
