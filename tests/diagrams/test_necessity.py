"""Necessity and sufficiency: every bound against a linear program over response types."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from causalsim.diagrams.distribution import Distribution
from causalsim.diagrams.necessity import probabilities_of_causation
from causalsim.errors import DataError, OptionError, PositivityError

# All (x, y without x, y with x).
TYPES = [(x, without, with_x) for x in (0, 1) for without in (0, 1) for with_x in (0, 1)]
CAUSE = {"X": 1}, {"Y": 1}


def laws(q):
    table, acted = np.zeros((2, 2)), np.zeros((2, 2))
    for (x, *response), weight in zip(TYPES, q, strict=True):
        table[x, response[x]] += weight
        for act in (0, 1):
            acted[act, response[act]] += weight
    return (
        Distribution(table, ["X", "Y"]),
        Distribution(acted, ["X", "Y"], given="X"),
    )


def extremes(cost, q):
    rows = [[x == a and r[x] == b for x, *r in TYPES] for a in (0, 1) for b in (0, 1)]
    rows += [[r[a] == 1 for _, *r in TYPES] for a in (0, 1)]
    matrix = np.array(rows, float)
    ends = [linprog(sign * cost, A_eq=matrix, b_eq=matrix @ q, method="highs") for sign in (1, -1)]
    return ends[0].fun, -ends[1].fun


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_bounds_are_the_least_and_greatest_values(seed):
    q = np.random.default_rng(seed).dirichlet(np.ones(8))
    joint, acted = laws(q)
    found = probabilities_of_causation(joint, acted, *CAUSE)
    helped = np.array([without == 0 and with_x == 1 for _, without, with_x in TYPES], float)
    x = np.array([x for x, *_ in TYPES])
    for interval, cost in (
        (found.pns, helped),
        (found.pn, helped * x / joint.at(X=1, Y=1)),
        (found.ps, helped * (1 - x) / joint.at(X=0, Y=0)),
    ):
        np.testing.assert_allclose(interval[:2], extremes(cost, q), atol=1e-9)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_values_under_monotonicity(seed):
    q = np.random.default_rng(seed).dirichlet(np.ones(8))
    q *= [(without, with_x) != (1, 0) for _, without, with_x in TYPES]
    q /= q.sum()
    joint, acted = laws(q)
    found = probabilities_of_causation(joint, acted, *CAUSE)
    helped = np.array([without == 0 and with_x == 1 for _, without, with_x in TYPES])
    x = np.array([x for x, *_ in TYPES])
    assert found.pns.monotone == pytest.approx(q @ helped)
    assert found.pn.monotone == pytest.approx(q @ (helped * x) / joint.at(X=1, Y=1))
    assert found.ps.monotone == pytest.approx(q @ (helped * (1 - x)) / joint.at(X=0, Y=0))


def test_smoking():
    joint = Distribution([[0.51, 0.12], [0.12, 0.25]], ["S", "C"], {"S": ["no", "yes"]})
    chance = [0.25347763347763343, 0.5422972972972973]
    acted = Distribution([[1 - c, c] for c in chance], ["S", "C"], {"S": ["no", "yes"]}, "S")
    found = probabilities_of_causation(joint, acted, {"S": "yes"}, {"C": 1})
    assert found.pns == pytest.approx((0.28881966, 0.52881966, 0.28881966), abs=1e-8)
    assert found.pn.monotone == pytest.approx(0.46608947, abs=1e-8)
    assert found.ps.monotone == pytest.approx(0.33783784, abs=1e-8)
    swapped = probabilities_of_causation(joint, acted, {"S": "no"}, {"C": 0})
    assert swapped.pns[:2] == pytest.approx(found.pns[:2])
    assert swapped.pn == pytest.approx(found.ps)


def test_laws_that_rule_monotonicity_out():
    joint, acted = laws([0.1, 0.1, 0.2, 0.1, 0.1, 0.1, 0.2, 0.1])
    found = probabilities_of_causation(joint, acted, *CAUSE)
    assert found.pns.monotone is None
    assert found.pn.lower == 0


def test_bad_laws():
    joint, acted = laws([0.125] * 8)
    with pytest.raises(OptionError, match="name one variable"):
        probabilities_of_causation(joint, acted, {}, {"Y": 1})
    with pytest.raises(DataError, match=r"experiment is given \(\)"):
        probabilities_of_causation(joint, joint, *CAUSE)
    wide = Distribution(np.full((2, 3), 1 / 6), ["X", "Y"])
    with pytest.raises(DataError, match="must be binary"):
        probabilities_of_causation(wide, acted, *CAUSE)
    low = Distribution([[0.9, 0.1], [0.9, 0.1]], ["X", "Y"], given="X")
    with pytest.raises(DataError, match="no model has both laws"):
        probabilities_of_causation(joint, low, *CAUSE)
    sure = Distribution([[0.5, 0.0], [0.5, 0.0]], ["X", "Y"])
    never = Distribution([[1, 0], [1, 0]], ["X", "Y"], given="X")
    with pytest.raises(PositivityError, match="has no cases"):
        probabilities_of_causation(sure, never, *CAUSE)
