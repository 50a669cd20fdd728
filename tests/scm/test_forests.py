"""Forests as mechanisms: what their noise means and how it is told again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest
from sklearn.ensemble import RandomForestRegressor

from causalsim.errors import DataError, OptionError
from causalsim.scm.forests import ExtraTrees, ForestSampler, QuantileForest, RandomForest


def wavy(seed, n=300):
    """Draw parents of shape (n, 2) and a child with noise that grows."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 2))
    return x, np.sin(2 * x[:, 0]) + np.exp(x[:, 1] / 2) * rng.normal(size=n) / 3


@settings(max_examples=10)
@given(st.integers(0, 2**31), st.sampled_from([0, 1, 9]))
def test_every_child_has_a_quantile_noise(seed, digits):
    x, y = wavy(seed, 80)
    y = y.round(digits)
    function = QuantileForest(10).fit(x, y, np.random.default_rng(seed)).shifted(0.5)
    new = np.random.default_rng(seed).normal(size=80) * 9
    for child in (y + 0.5, new):
        noise = function.residual(x[::-1], child)
        assert np.abs(function.value(x[::-1], noise) - child).max() < 1e-9


def level_by_hand(responses, levels, y):
    """Give the noise of one child among responses with their levels."""
    if y < responses[0]:
        return y - responses[0]
    if y > responses[-1]:
        return 1 + y - responses[-1]
    atom = levels[responses == y]
    return (atom[0] + atom[-1]) / 2 if len(atom) else np.interp(y, responses, levels)


@settings(max_examples=10)
@given(st.integers(0, 2**31), st.sampled_from([0, 1, 9]))
def test_quantiles_are_those_of_each_row_by_hand(seed, digits):
    x, y = wavy(seed, 60)
    y = y.round(digits)
    rng = np.random.default_rng(seed)
    function = QuantileForest(8).fit(x, y, rng)
    new, u, child = rng.normal(size=(40, 2)), rng.uniform(-0.2, 1.2, 40), rng.choice(y, 40)
    child[::2] += rng.normal(size=20)
    value, noise = function.value(new, u), function.residual(new, child)
    for i, weights in enumerate(function.forest.weights(new)):
        seen = weights > 0
        responses, weights = function.forest.responses[seen], weights[seen]
        middle = np.cumsum(weights) - weights / 2
        levels = (middle - middle[0]) / (middle[-1] - middle[0])
        inside = np.clip(u[i], 0, 1)
        assert value[i] == pytest.approx(np.interp(inside, levels, responses) + u[i] - inside)
        assert noise[i] == pytest.approx(level_by_hand(responses, levels, child[i]))
        assert function.value(new[i : i + 1], u[i : i + 1]) == value[i]
        assert function.residual(new[i : i + 1], child[i : i + 1]) == noise[i]


def test_the_quantile_grows_with_its_noise():
    x, y = wavy(0)
    function = QuantileForest(20).fit(x, y, np.random.default_rng(0))
    levels = np.linspace(-0.5, 1.5, 200)
    drawn = np.array([function.value(x[:30], np.full(30, u)) for u in levels])
    assert (np.diff(drawn, axis=0) > 0).all()


def test_without_parents_the_quantile_is_that_of_the_rows():
    y = np.array([3.0, 1.0, 1.0, 2.0])
    function = QuantileForest().fit(np.empty((4, 0)), y, np.random.default_rng(0))
    told = function.value(np.empty((4, 0)), np.array([0.0, 0.2, 0.5, 1.0]))
    assert told == pytest.approx([1.0, 1.0, 1.5, 3.0])
    atom = function.residual(np.empty((1, 0)), np.array([1.0]))
    assert atom == pytest.approx([1 / 6])


def test_leaf_draws_are_the_rows_of_leaves():
    x, y = wavy(1)
    function = ForestSampler(10).fit(x, y, np.random.default_rng(0))
    drawn = function.value(x, np.random.default_rng(1).random(len(x)))
    assert np.isin(drawn, y).all()
    leaf = function.forest.leaves(x[:1])[0]
    held = [
        function.forest.responses[function.forest.rows[a:b]]
        for a, b in zip(
            function.forest.starts[leaf], function.forest.starts[leaf + 1], strict=True
        )
    ]
    many = (np.arange(20000) + 0.5) / 20000
    mean = function.value(np.repeat(x[:1], 20000, axis=0), many).mean()
    assert mean == pytest.approx(np.mean([one.mean() for one in held]), abs=0.01)
    assert function.predict(x[:1]) == pytest.approx(np.mean([one.mean() for one in held]))
    with pytest.raises(OptionError, match="one value from many noises"):
        function.residual(x, y)


def test_laws_and_honest_residuals():
    x, y = wavy(2, 600)
    rng = np.random.default_rng(0)
    for spec in (ForestSampler(5), QuantileForest(5)):
        law = spec.fit(x, y, rng).law
        assert law.quantile(np.array([0.0, 1.0])) == pytest.approx([0.0, 1.0])
    for spec in (ExtraTrees(20), RandomForest(20)):
        function = spec.fit(x, y, rng)
        assert function.law is None
        honest = spec.honest_residuals(function, x, y, rng)
        assert honest.std() > 1.15 * function.residual(x, y).std()
    levels = QuantileForest(50).honest_residuals(function, x, y, rng)
    assert kstest(levels[(levels > 0) & (levels < 1)], "uniform").pvalue > 1e-3


def test_random_forest_is_the_learners():
    x, y = wavy(3)
    rng = np.random.default_rng(5)
    state = int(np.random.default_rng(5).integers(2**31))
    peer = RandomForestRegressor(10, min_samples_leaf=5, random_state=state).fit(x, y)
    function = RandomForest(10).fit(x, y, rng)
    assert function.predict(x) == pytest.approx(peer.predict(x), abs=1e-12)
    assert function == RandomForest(10).fit(x, y, np.random.default_rng(5))


@pytest.mark.parametrize("spec", [ExtraTrees, RandomForest, ForestSampler, QuantileForest])
def test_rows_that_trees_cannot_use_are_refused(spec):
    x, y = wavy(0, 20)
    rng = np.random.default_rng(0)
    with pytest.raises(DataError, match="3 rows for 2 parents; a mechanism needs at least 4"):
        spec(3).fit(x[:3], y[:3], rng)
    x[4, 1] = -1e39
    with pytest.raises(DataError, match=r"parent 1 is -1e\+39 in row 4; .* Divide the column"):
        spec(3).fit(x, y, rng)


def test_impossible_forests_are_refused():
    for options in ({"trees": 0}, {"leaf": 0}, {"features": 0.0}):
        with pytest.raises(OptionError, match="at least 1 tree"):
            ExtraTrees(**options)
