"""Bounds: the closed forms of Balke & Pearl and of Manski, and truth of random models inside."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from causalsim.diagrams.bounds import bounds
from causalsim.diagrams.distribution import Distribution
from causalsim.errors import (
    DataError,
    GraphError,
    LimitError,
    NameNotFoundError,
    NotIdentifiableError,
    OptionError,
)
from causalsim.graph import ADMG, DAG, PAG
from tests.diagrams.models import LatentModel
from tests.strategies import admgs, dags

INSTRUMENT = ADMG.from_edges(["Z --> X", "X --> Y", "X <-> Y"])
BOW = ADMG.from_edges(["X --> Y", "X <-> Y"])


def balke_pearl(joint):
    """Bounds on P(Y=1 | do X=1) and P(Y=1 | do X=0), from P(y, x | z)."""
    p = joint.condition("Z").array("Y", "X", "Z")
    with_x = (
        max(
            p[1, 1, 0],
            p[1, 1, 1],
            p[0, 0, 1] + p[1, 1, 1] - p[0, 0, 0] - p[0, 1, 0],
            p[1, 0, 1] + p[1, 1, 1] - p[0, 1, 0] - p[1, 0, 0],
        ),
        min(
            1 - p[0, 1, 1],
            1 - p[0, 1, 0],
            p[0, 0, 0] + p[1, 1, 0] + p[1, 0, 1] + p[1, 1, 1],
            p[1, 0, 0] + p[1, 1, 0] + p[0, 0, 1] + p[1, 1, 1],
        ),
    )
    without = (
        max(
            p[1, 0, 1],
            p[1, 0, 0],
            p[1, 0, 0] + p[1, 1, 0] - p[0, 0, 1] - p[1, 1, 1],
            p[0, 1, 0] + p[1, 0, 0] - p[0, 0, 1] - p[0, 1, 1],
        ),
        min(
            1 - p[0, 0, 1],
            1 - p[0, 0, 0],
            p[0, 1, 0] + p[1, 0, 0] + p[1, 0, 1] + p[1, 1, 1],
            p[1, 0, 0] + p[1, 1, 0] + p[0, 1, 1] + p[1, 0, 1],
        ),
    )
    return with_x, without


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_an_instrument_gives_the_bounds_of_balke_and_pearl(seed):
    model = LatentModel(INSTRUMENT, np.random.default_rng(seed))
    for state, expected in zip((1, 0), balke_pearl(model.joint), strict=True):
        found = bounds(INSTRUMENT, model.joint, {"Y": 1}, {"X": state})
        assert found.sharp
        np.testing.assert_allclose(found[:2], expected, atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 3))
def test_a_bow_gives_the_bounds_of_manski(seed, states):
    joint = LatentModel(BOW, np.random.default_rng(seed), states).joint
    table = joint.array("X", "Y")
    found = bounds(BOW, joint, {"Y": 1}, {"X": 0})
    np.testing.assert_allclose(found[:2], [table[0, 1], table[0, 1] + table[1:].sum()], atol=1e-9)
    assert found.sharp


@settings(max_examples=60, deadline=None)
@given(admgs(min_nodes=2, max_nodes=4), st.data())
def test_the_truth_lies_within(graph, data):
    model = LatentModel(graph, np.random.default_rng(data.draw(st.integers(0, 10**6))))
    order = data.draw(st.permutations(graph.nodes))
    cut = data.draw(st.integers(1, len(order) - 1))
    y, x = order[:1], order[1 : 1 + cut]
    try:
        found = bounds(graph, model.joint, {y[0]: 1}, dict.fromkeys(x, 0), limit=5000)
    except (LimitError, NotIdentifiableError):
        assume(False)
    truth = model.effect(x, y)[(*[0] * len(x), 1)]
    assert found.lower - 1e-9 <= truth <= found.upper + 1e-9


@settings(max_examples=40, deadline=None)
@given(dags(min_nodes=2, max_nodes=5), st.integers(0, 10**6))
def test_without_hidden_causes_the_bounds_are_the_effect(graph, seed):
    model = LatentModel(graph, np.random.default_rng(seed))
    x, y, z = graph.nodes[0], graph.nodes[1], graph.nodes[2:]
    found = bounds(graph, model.joint, {y: 1, **dict.fromkeys(z[:1], 0)}, {x: 1})
    truth = model.effect([x], [y, *z[:1]])[(1, 1, 0)[: 2 + len(z[:1])]]
    assert found == pytest.approx((truth, truth, True), abs=1e-12)


def test_identified_with_hidden_causes():
    graph = ADMG.from_edges(["S --> T", "T --> C", "S <-> C"])
    table = [[[0.5, 0.1], [0.01, 0.02]], [[0.1, 0.05], [0.02, 0.2]]]
    found = bounds(graph, Distribution(table, ["S", "T", "C"]), {"C": 1}, {"S": 1})
    assert found[:2] == pytest.approx((0.5422973, 0.5422973), abs=1e-8)


def test_a_proxy_of_the_hidden_cause_narrows_an_instrument():
    edges = [*INSTRUMENT.edges, "X <-> W", "Y <-> W"]
    graph = ADMG.from_edges(edges)
    for seed in range(5):
        joint = LatentModel(graph, np.random.default_rng(seed)).joint
        wide = bounds(INSTRUMENT, joint.marginal(["X", "Y", "Z"]), {"Y": 1}, {"X": 1})
        close = bounds(graph, joint, {"Y": 1}, {"X": 1})
        assert close.lower >= wide.lower - 1e-9
        assert close.upper <= wide.upper + 1e-9


def test_a_district_that_is_no_clique_is_not_called_sharp():
    graph = ADMG.from_edges(["W --> X", "X --> Y", "X <-> W", "W <-> Y"])
    joint = LatentModel(graph, np.random.default_rng(0)).joint
    found = bounds(graph, joint, {"Y": 1}, {"X": 1})
    assert found.lower < found.upper
    assert not found.sharp


def test_a_state_of_the_instrument_without_mass_is_no_evidence():
    table = np.zeros((2, 2, 2))
    table[0] = [[0.4, 0.1], [0.2, 0.3]]
    found = bounds(INSTRUMENT, Distribution(table, ["Z", "X", "Y"]), {"Y": 1}, {"X": 1})
    assert found[:2] == pytest.approx((0.3, 0.8))


def test_laws_and_questions_without_an_answer():
    table = np.zeros((2, 2, 2))
    table[0, 0, 0] = table[1, 0, 1] = 0.5
    with pytest.raises(DataError, match="no model of the graph gives this law"):
        bounds(INSTRUMENT, Distribution(table, ["Z", "X", "Y"]), {"Y": 1}, {"X": 1})
    twice = ADMG.from_edges([*BOW.edges, "A --> B", "A <-> B"])
    joint = LatentModel(twice, np.random.default_rng(0)).joint
    with pytest.raises(NotIdentifiableError, match="their product is not linear"):
        bounds(twice, joint, {"Y": 1, "B": 1}, {"X": 1, "A": 1})
    joint = LatentModel(BOW, np.random.default_rng(0)).joint
    with pytest.raises(LimitError, match="has 8 response types"):
        bounds(BOW, joint, {"Y": 1}, {"X": 1}, limit=7)


def test_bad_questions():
    joint = LatentModel(BOW, np.random.default_rng(0)).joint
    with pytest.raises(GraphError, match="'Y' stands in outcome and in do"):
        bounds(BOW, joint, {"Y": 1}, {"Y": 1})
    with pytest.raises(GraphError, match="outcome is empty"):
        bounds(BOW, joint, {}, {"X": 1})
    with pytest.raises(OptionError, match="limit=0"):
        bounds(BOW, joint, {"Y": 1}, {"X": 1}, limit=0)
    with pytest.raises(GraphError, match="use an ADMG"):
        bounds(PAG.from_edges(["X o-o Y"]), joint, {"Y": 1}, {"X": 1})
    with pytest.raises(NameNotFoundError, match="'W'"):
        bounds(DAG.from_edges(["W --> Y", "X --> Y"]), joint, {"Y": 1}, {"X": 1})
