"""Flat forests: scikit-learn as the oracle."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import ExtraTreesRegressor, RandomForestRegressor

from causalsim.scm._trees import Forest


def inputs(kind, rng, n):
    """Draw features of shape (n, 3)."""
    if kind == "gaussian":
        return rng.normal(size=(n, 3))
    if kind == "integer":
        return rng.integers(-3, 4, (n, 3)).astype(float)
    step = float(np.spacing(np.float32(1.0)))
    return 1.0 + step / 4 * rng.integers(0, 40, (n, 3))


@settings(max_examples=15)
@given(
    st.sampled_from(["gaussian", "integer", "near"]),
    st.sampled_from([ExtraTreesRegressor, RandomForestRegressor]),
    st.integers(0, 2**31),
)
def test_flat_trees_equal_scikit_learn(kind, learner, seed):
    rng = np.random.default_rng(seed)
    x, new = inputs(kind, rng, 80), inputs(kind, rng, 60)
    model = learner(8, min_samples_leaf=2, random_state=seed).fit(x, rng.normal(size=80))
    forest = Forest.flatten(list(model.estimators_), 3)
    for rows in (x, new):
        assert np.abs(forest.mean(rows) - model.predict(rows)).max() < 1e-12
        local = forest.leaves(rows) - forest.roots
        assert (local == model.apply(rows)).all()


def test_weights_are_those_of_meinshausen_by_hand():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(50, 2)), rng.normal(size=50).round(1)
    model = ExtraTreesRegressor(7, min_samples_leaf=3, random_state=0).fit(x, y)
    forest = Forest.flatten(list(model.estimators_), 2).holding(x, y)
    new = rng.normal(size=(20, 2))
    same = model.apply(new)[:, None] == model.apply(x)
    oracle = (same / same.sum(axis=1, keepdims=True)).sum(axis=2)
    assert forest.weights(new) == pytest.approx(oracle[:, np.argsort(y, kind="stable")])


def test_forests_compare_by_value_and_cannot_be_changed():
    one, two = Forest.leaf(np.array([1.0, 2.0])), Forest.leaf(np.array([2.0, 1.0]))
    assert one == two
    assert hash(one) == hash(two)
    assert one != Forest.leaf(np.array([1.0, 3.0]))
    with pytest.raises(ValueError, match="read-only"):
        one.value[0] = 0.0
