"""Effects in a class: one estimand or many values, against every member."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalsim.diagrams.class_effects import Bucket, class_effect
from causalsim.diagrams.distribution import Distribution
from causalsim.diagrams.ida import ida, joint_ida, possible_parents
from causalsim.diagrams.semantics import Gaussian
from causalsim.errors import GraphError, LimitError, NotAClassError, PositivityError
from causalsim.graph import CPDAG, DAG, PAG
from tests.diagrams.models import LatentModel
from tests.diagrams.test_adjustment import linear_model, with_knowledge
from tests.strategies import dags


def effect_in(dag, joint, x, y):
    """P(y | do x) by truncated factorisation along one member, axes x, then y."""
    operands = []
    for i, name in enumerate(dag.nodes):
        axes = sorted({*dag.parent_sets[i], i})
        names = [dag.nodes[k] for k in axes]
        family = joint.marginal(names).condition(dag.parents(name)).array(*names)
        operands += [np.ones(2) if name in x else family, [i] if name in x else axes]
    return np.einsum(*operands, dag.indices([*x, *y]))


@st.composite
def classes(draw, min_nodes=2, max_nodes=5):
    """A DAG and a graph of its class, some with arrows from knowledge."""
    dag = draw(dags(min_nodes, max_nodes))
    if draw(st.booleans()):
        return dag, dag.to_cpdag()
    return dag, with_knowledge(dag, 0.4, np.random.default_rng(draw(st.integers(0, 10**6))))


@st.composite
def questions(draw):
    dag, graph = draw(classes())
    order = draw(st.permutations(graph.nodes))
    cut = draw(st.integers(1, len(order) - 1))
    x, y = tuple(order[:cut]), tuple(order[cut : draw(st.integers(cut + 1, len(order)))])
    return dag, graph, x, y, draw(st.integers(0, 10**6))


@settings(max_examples=60, deadline=None)
@given(questions())
def test_an_effect_is_shared_exactly_if_all_members_agree(question):
    dag, graph, x, y, seed = question
    joint = LatentModel(dag, np.random.default_rng(seed)).joint
    truths = [effect_in(member, joint, x, y) for member in graph.members()]
    found = class_effect(graph, x, y)
    spread = np.ptp(np.array(truths), axis=0).max()
    assert bool(found) == (spread < 1e-12)
    if found:
        value = found.evaluate(joint)
        assert value.given == x
        np.testing.assert_allclose(value.array(*x, *y), truths[0], atol=1e-12)
        cov, _ = linear_model(dag, seed)
        slopes = found.slopes(Gaussian(np.zeros(len(dag)), cov, dag.nodes))
        truth = total_effects(dag, cov, list(x))[:, dag.indices(y)]
        np.testing.assert_allclose(slopes, truth, atol=1e-7)
    else:
        assert " --- " in found.reason


@settings(max_examples=40, deadline=None)
@given(classes())
def test_possible_parents_are_those_of_the_members(pair):
    _, graph = pair
    for x in graph.nodes:
        found = possible_parents(graph, x)
        assert len(set(found)) == len(found)
        assert set(found) == {member.parents(x) for member in graph.members()}


@settings(max_examples=40, deadline=None)
@given(classes(), st.integers(0, 10**6))
def test_ida_gives_the_effect_in_each_member(pair, seed):
    dag, graph = pair
    joint = LatentModel(dag, np.random.default_rng(seed)).joint
    cov, _ = linear_model(dag, seed)
    law = Gaussian(np.zeros(len(dag)), cov, dag.nodes)
    x, y = graph.nodes[0], graph.nodes[-1]
    slope = {each.parents[0]: each.effect[0] for each in ida(graph, x, y, law).effects}
    table = {each.parents[0]: each.effect for each in ida(graph, x, y, joint).effects}
    for member in graph.members():
        truth = total_effects(member, cov, [x])[0, -1]
        assert slope[member.parents(x)] == pytest.approx(truth, abs=1e-8)
        found = table[member.parents(x)].array(x, y)
        np.testing.assert_allclose(found, effect_in(member, joint, [x], [y]), atol=1e-12)


def total_effects(dag, cov, held):
    """Effects of the held nodes by powers of the regression weights, shape (held, nodes)."""
    p = len(dag)
    weights = np.zeros((p, p))
    for i, parents in enumerate(map(sorted, dag.parent_sets)):
        if dag.nodes[i] not in held:
            weights[parents, i] = np.linalg.solve(cov[np.ix_(parents, parents)], cov[parents, i])
    paths = sum(np.linalg.matrix_power(weights, k) for k in range(p))
    return paths[dag.indices(held)]


@settings(max_examples=40, deadline=None)
@given(classes(min_nodes=3), st.integers(0, 10**6))
def test_joint_effects_and_how_many_members_have_them(pair, seed):
    dag, graph = pair
    cov, _ = linear_model(dag, seed)
    law = Gaussian(np.zeros(len(dag)), cov, dag.nodes)
    joint = LatentModel(dag, np.random.default_rng(seed)).joint
    x, y = graph.nodes[:2], graph.nodes[-1]
    members = graph.members()
    linear, discrete = joint_ida(graph, x, y, law), joint_ida(graph, x, y, joint)
    assert sum(each.members for each in linear.effects) == len(members)
    slope = {each.parents: each.effect for each in linear.effects}
    table = {each.parents: each.effect for each in discrete.effects}
    for member in members:
        parents = tuple(member.parents(name) for name in x)
        truth = total_effects(member, cov, list(x))[:, -1]
        np.testing.assert_allclose(slope[parents], truth, atol=1e-7)
        found = table[parents].array(*x, y)
        np.testing.assert_allclose(found, effect_in(member, joint, x, [y]), atol=1e-12)


def test_multiplicities_are_not_those_of_the_parent_sets():
    graph = CPDAG.from_edges(["X --- A", "A --- B", "B --- C"])
    law = Gaussian(np.zeros(4), linear_model(graph.extension())[0], graph.nodes)
    assert [each.members for each in ida(graph, "X", "C", law).effects] == [None, None]
    counted = {e.parents: e.members for e in joint_ida(graph, "X", "C", law).effects}
    assert counted == {((),): 1, (("A",),): 3}


def test_distinct_values():
    graph = CPDAG.from_edges(["A --- X", "X --- B", "X --- Y"])
    law = Gaussian(np.zeros(4), linear_model(graph.extension())[0], graph.nodes)
    found = ida(graph, "X", "Y", law)
    assert found.values.shape == (4, 1)
    assert len(found.distinct()) == 2
    assert 0.0 in found.distinct()


def test_known_estimands():
    graph = CPDAG.from_edges(["A --- B", "A --> X", "B --> X", "X --> Y", "A --> Y", "B --> Y"])
    found = class_effect(graph, "X", "Y")
    assert found.factors == (Bucket(("A", "B"), ()), Bucket(("Y",), ("A", "B", "X")))
    none = class_effect(DAG.from_edges(["Y --> C", "X --> C"]).to_cpdag(), "X", "Y")
    assert str(none) == "P(Y)"
    table = none.evaluate(Distribution([[0.1, 0.2], [0.3, 0.4]], ["X", "Y"]))
    np.testing.assert_allclose(table.array("X", "Y"), [[0.4, 0.6], [0.4, 0.6]])
    beside = CPDAG.from_edges(["A --- B", "B --- C", "X --> D", "E --> D"])
    assert class_effect(beside, "X", ["A", "C"]).factors == (Bucket(("A", "C"), ()),)


def test_graphs_that_are_no_class():
    bad = CPDAG.from_edges(["X --> Y", "Y --- Z"])
    law = Distribution(np.full((2, 2, 2), 0.125), ["X", "Y", "Z"])
    for question in (
        lambda: class_effect(bad, "X", "Z"),
        lambda: ida(bad, "X", "Z", law),
        lambda: joint_ida(bad, ["X", "Y"], "Z", law),
    ):
        with pytest.raises(NotAClassError, match="R1 orients Y --> Z"):
            question()
    with pytest.raises(NotAClassError, match="conflicting marks on 'X x-x Y'"):
        possible_parents(CPDAG.from_edges(["X x-x Y"]), "X")


def test_bad_questions():
    with pytest.raises(GraphError, match="not a PAG"):
        class_effect(PAG.from_edges(["X o-o Y"]), "X", "Y")
    with pytest.raises(GraphError, match="not a DAG"):
        possible_parents(DAG.from_edges(["X --> Y"]), "X")
    graph = CPDAG.from_edges(["X --- Y"])
    law = Distribution([[0.5, 0.0], [0.25, 0.25]], ["X", "Y"])
    with pytest.raises(GraphError, match="'X' stands in x and in y"):
        ida(graph, "X", "X", law)
    with pytest.raises(LimitError, match="limit=1"):
        joint_ida(graph, "X", "Y", law, limit=1)
    with pytest.raises(PositivityError, match=r"P\(X=0, Y=1\) is 0"):
        ida(graph, "X", "Y", law)
