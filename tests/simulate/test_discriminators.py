"""Discriminators: each sees what it should, scores follow ranks, importance finds the culprit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causalsim.errors import NameNotFoundError, OptionError
from causalsim.simulate._classifiers import standardised
from causalsim.simulate._discriminators import (
    DISCRIMINATORS,
    KNN,
    SVC,
    ExtraTrees,
    Logistic,
    LogisticQuadratic,
    get_panel,
    importance,
    placements,
)

LIGHT = [Logistic(), LogisticQuadratic(), SVC(), ExtraTrees(trees=30), KNN()]


def classes(n, shift=0.0, scale=1.0, seed=0):
    """Draw windows of 3 steps of 2 variables; those of label True are shifted and scaled."""
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(n, 3, 2)), np.arange(n) % 2 == 1
    x[y] = scale * x[y] + shift
    return x, y


def area(member, train, test, seed=0):
    scores = member.scores(*train, test[0], np.random.default_rng(seed))
    return placements(scores, test[1])[test[1]].mean()


@given(st.lists(st.integers(0, 4), min_size=2, max_size=12), st.integers(1, 2**12))
def test_placements_by_counting_pairs(values, bits):
    scores = np.array(values, float)
    y = np.array([bits >> k & 1 for k in range(len(values))], bool)
    if y.all() or not y.any():
        return
    placed = placements(scores, y)
    wins = scores[y][:, None] > scores[~y]
    ties = scores[y][:, None] == scores[~y]
    table = wins + 0.5 * ties
    np.testing.assert_allclose(placed[y], table.mean(axis=1))
    np.testing.assert_allclose(placed[~y], table.mean(axis=0))


@pytest.mark.parametrize("member", LIGHT, ids=lambda member: member.name)
def test_a_shift_is_seen_and_equal_laws_are_not(member):
    train, test = classes(300, shift=1.0), classes(300, shift=1.0, seed=1)
    assert area(member, train, test) > 0.9
    assert abs(area(member, classes(300), classes(300, seed=1)) - 0.5) < 0.12


@pytest.mark.parametrize("member", LIGHT[1:], ids=lambda member: member.name)
def test_a_scale_is_seen_by_all_but_the_linear_one(member):
    train, test = classes(300, scale=2.0), classes(300, scale=2.0, seed=1)
    assert area(member, train, test) > 0.75
    assert area(Logistic(), train, test) < 0.65


@pytest.mark.parametrize("member", LIGHT, ids=lambda member: member.name)
def test_units_do_not_matter_and_scores_repeat(member):
    (x, y), (test, _) = classes(80, shift=1.0), classes(80, seed=1)
    first = member.scores(x, y, test, np.random.default_rng(0))
    again = member.scores(x, y, test, np.random.default_rng(0))
    np.testing.assert_array_equal(first, again)
    if not isinstance(member, LogisticQuadratic):
        other = member.scores(8 * x, y, 8 * test, np.random.default_rng(0))
        np.testing.assert_allclose(other, first, atol=1e-9)


@pytest.mark.parametrize("member", LIGHT, ids=lambda member: member.name)
def test_a_constant_variable_does_no_harm(member):
    x, y = classes(80, shift=1.0)
    x[:, :, 1] = 0.1
    assert area(member, (x, y), (x, y)) > 0.8


@given(st.floats(-1e6, 1e6), st.integers(2, 9))
def test_standardised_constants_become_zero(value, n):
    column = np.full((n, 1), value)
    np.testing.assert_array_equal(standardised(column, column)[0], np.zeros((n, 1)))


def test_panels_by_name():
    assert get_panel("svc") == (SVC(),)
    assert get_panel([SVC(C=0.5), "knn"]) == (SVC(C=0.5), KNN())
    assert {each.name for each in get_panel()} == set(DISCRIMINATORS) - {"lstm"}
    with pytest.raises(NameNotFoundError, match="Did you mean 'logistic'"):
        get_panel("logistik")
    with pytest.raises(OptionError, match="empty panel"):
        get_panel([])
    with pytest.raises(OptionError, match="panel member 3"):
        get_panel([3])


def test_importance_finds_variable_and_lag():
    train, test = classes(400), classes(400, seed=1)
    for x, y in (train, test):
        x[y, 1, 0] += 2.0
    drop = importance(SVC(), train, test, np.random.default_rng(0))
    assert drop.shape == (3, 2)
    assert np.unravel_index(drop.argmax(), drop.shape) == (1, 0)
    assert drop[1, 0] > 0.3
    assert np.abs(np.delete(drop.ravel(), 2)).max() < 0.05
