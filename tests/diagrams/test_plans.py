"""Exact answers of discrete networks against the full joint table."""

import gc
import weakref
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import dags

from causalsim.datasets import network
from causalsim.diagrams._calibration import marginals
from causalsim.diagrams._plans import Evaluator
from causalsim.errors import GraphError, NameNotFoundError, PositivityError
from causalsim.graph import DAG, DiscreteNetwork


@st.composite
def networks(draw, max_nodes=7):
    """Draw a network with a third of the entries of some tables zero."""
    dag = draw(dags(1, max_nodes))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    holes = draw(st.booleans())
    states = {name: [f"s{k}" for k in range(rng.integers(1, 4))] for name in dag.nodes}
    tables = {}
    for name in dag.nodes:
        table = rng.dirichlet(
            np.ones(len(states[name])), [len(states[p]) for p in dag.parents(name)]
        )
        if holes:
            table *= rng.random(table.shape) > 1 / 3
            table[..., 0] += table.sum(axis=-1) == 0
            table /= table.sum(axis=-1, keepdims=True)
        tables[name] = table
    return DiscreteNetwork(dag, states, tables)


def joint(net, do):
    """Give the table over all variables with intervened ones held; axes in node order."""
    place = {name: k for k, name in enumerate(net.nodes)}
    operands = []
    for name in net.nodes:
        if name in do:
            point = np.zeros(len(net.states[name]))
            point[do[name]] = 1
            operands += [point, [place[name]]]
        else:
            operands += [net.tables[name], [place[p] for p in (*net.dag.parents(name), name)]]
    return np.einsum(*operands, list(range(len(place))))


def truth(net, outcome, do, seen):
    """Give P(outcome | do, seen) unnormalised, by the sum over everything."""
    index = tuple(seen.get(name, slice(None)) for name in net.nodes)
    left = [name for name in net.nodes if name not in seen]
    return np.einsum(
        joint(net, do)[index], list(range(len(left))), [left.index(name) for name in outcome]
    )


@st.composite
def questions(draw):
    """Draw a network and a query: outcome, do, given, with states."""
    net = draw(networks())
    roles = [draw(st.sampled_from(["outcome", "do", "given", ""])) for _ in net.nodes]
    roles[draw(st.integers(0, len(roles) - 1))] = "outcome"
    parts = {
        role: [name for name, each in zip(net.nodes, roles, strict=True) if each == role]
        for role in ("outcome", "do", "given")
    }
    outcome = draw(st.permutations(parts["outcome"]))
    codes = {
        name: draw(st.integers(0, len(net.states[name]) - 1))
        for name in parts["do"] + parts["given"]
    }
    return net, outcome, parts["do"], parts["given"], codes


def chosen(codes, names):
    return {name: codes[name] for name in names}


@given(questions())
def test_a_plan_gives_the_truth_for_every_state(question):
    net, outcome, do, seen, _ = question
    plan = Evaluator.from_network(net).plan(outcome, do, seen)
    for codes in product(*(range(len(net.states[name])) for name in (*do, *seen))):
        states = dict(zip((*do, *seen), codes, strict=True))
        table = truth(net, outcome, chosen(states, do), chosen(states, seen))
        if table.sum() > 1e-12:
            np.testing.assert_allclose(plan(states), table / table.sum(), atol=1e-12)
        elif table.sum() == 0:
            with pytest.raises(PositivityError, match="is 0, so nothing"):
                plan(states)


@given(questions(), st.data())
def test_all_states_at_once_are_those_one_by_one(question, data):
    net, outcome, do, seen, codes = question
    over = [name for name in (*do, *seen) if data.draw(st.booleans())]
    model = Evaluator.from_network(net)
    one, many = model.plan(outcome, do, seen), model.plan(outcome, do, seen, over)
    try:
        whole = many(codes)
    except PositivityError:
        cells = product(*(range(len(net.states[name])) for name in over))
        with pytest.raises(PositivityError, match="is 0"):  # noqa: PT012  -- some cell raises
            for cell in cells:
                one({**codes, **dict(zip(over, cell, strict=True))})
        return
    for cell in product(*(range(len(net.states[name])) for name in over)):
        states = {**codes, **dict(zip(over, cell, strict=True))}
        np.testing.assert_allclose(whole[cell], one(states), atol=1e-12)


@given(questions())
def test_marginals_are_those_of_single_queries(question):
    net, _, do, seen, codes = question
    model = Evaluator.from_network(net)
    table = joint(net, chosen(codes, do))
    index = tuple(slice(codes[n], codes[n] + 1) if n in seen else slice(None) for n in net.nodes)
    total = table[index].sum()
    if total == 0:
        with pytest.raises(PositivityError, match="is 0, so nothing"):
            marginals(model, chosen(codes, do), chosen(codes, seen))
        return
    assume(total > 1e-12)
    found = marginals(model, chosen(codes, do), chosen(codes, seen))
    left = [name for name in net.nodes if name not in codes]
    assert list(found) == left
    for name in left:
        axes = tuple(k for k, other in enumerate(net.nodes) if other != name)
        expected = table[index].sum(axis=axes) / total
        np.testing.assert_allclose(found[name], expected, atol=1e-12)


@given(questions())
def test_doing_to_what_is_no_ancestor_changes_nothing(question):
    net, outcome, _, _, _ = question
    model = Evaluator.from_network(net)
    above = {*outcome, *net.dag.ancestors(outcome)}
    others = [name for name in net.nodes if name not in above]
    plain = model.plan(outcome)({})
    np.testing.assert_array_equal(model.plan(outcome, others)(dict.fromkeys(others, 0)), plain)


def chain(length, stay=0.9):
    """Give a chain of hidden states, each of them seen with noise."""
    dag = DAG.from_edges(
        [f"H{t} --> H{t + 1}" for t in range(length - 1)]
        + [f"H{t} --> S{t}" for t in range(length)]
    )
    turn = [[stay, 1 - stay], [1 - stay, stay]]
    rare = [[1e-3, 1 - 1e-3], [2e-3, 1 - 2e-3]]
    tables = {name: turn if name[0] == "H" else rare for name in dag.nodes}
    return DiscreteNetwork(dag, dict.fromkeys(dag.nodes, "ab"), {**tables, "H0": [0.5, 0.5]})


def test_long_evidence_does_not_underflow():
    length = 200
    net = chain(length)
    seen = {f"S{t}": 0 for t in range(length)}
    forward = np.array([0.5, 0.5])
    for _ in range(length - 1):
        forward = (forward * [1, 2]) @ net.tables["H1"]
        forward /= forward.sum()
    last = forward * [1, 2] / (forward * [1, 2]).sum()
    model = Evaluator.from_network(net)
    plan = model.plan(f"H{length - 1}", (), tuple(seen))
    np.testing.assert_allclose(plan(seen), last, rtol=1e-10)
    np.testing.assert_allclose(marginals(model, {}, seen)[f"H{length - 1}"], last, rtol=1e-10)


@pytest.mark.parametrize("hidden", [False, True])
def test_much_evidence_on_one_cause_does_not_underflow(hidden):
    seen = [f"S{k}" for k in range(300)]
    dag = DAG.from_edges([f"C --> {name}" for name in seen] + ["C --> Y"])
    rare = [[1e-3, 1 - 1e-3], [1.001e-3, 1 - 1.001e-3]]
    tables = {**dict.fromkeys(seen, rare), "C": [0.5, 0.5], "Y": [[0.9, 0.1], [0.2, 0.8]]}
    model = Evaluator.from_network(DiscreteNetwork(dag, dict.fromkeys(dag.nodes, "ab"), tables))
    codes = dict.fromkeys(seen, 0)
    cause = np.array([1, 1.001**300]) / (1 + 1.001**300)
    expected = cause @ tables["Y"] if hidden else cause
    name = "Y" if hidden else "C"
    np.testing.assert_allclose(model.plan(name, (), seen)(codes), expected, rtol=1e-9)
    np.testing.assert_allclose(marginals(model, {}, codes)[name], expected, rtol=1e-9)


def test_more_than_52_variables_in_one_product():
    net = chain(80)
    found = Evaluator.from_network(net).plan("H79", "S3", "H0")({"S3": 0, "H0": 0})
    np.testing.assert_allclose(found, np.linalg.matrix_power(net.tables["H1"], 79)[0])


def test_zero_evidence_far_from_the_outcome_is_still_refused():
    net = DiscreteNetwork(
        DAG.from_edges(["A --> B"], ["A", "B", "Y"]),
        {"A": "ab", "B": ["no", "yes"], "Y": "ab"},
        {"A": [1, 0], "B": [[1, 0], [0.5, 0.5]], "Y": [0.25, 0.75]},
    )
    model = Evaluator.from_network(net)
    np.testing.assert_allclose(model.plan("Y", given="B")({"B": 0}), [0.25, 0.75])
    with pytest.raises(PositivityError, match=r"P\(B=yes\) is 0, so nothing"):
        model.plan("Y", given="B")({"B": 1})
    with pytest.raises(PositivityError, match=r"P\(B=yes \| do\(A=a\)\) is 0"):
        model.query("Y", do={"A": "a"}, given={"B": "yes"})
    assert model.query("Y", do={"A": "b"}, given={"B": "yes"}).at(Y="b") == 0.75


def test_surgery_differs_from_sight_where_there_is_a_common_cause():
    model = Evaluator.from_network(network("asia"))
    done = model.query("dysp", do={"bronc": "yes"})
    seen = model.query("dysp", given={"bronc": "yes"})
    assert done.at(dysp="yes") < seen.at(dysp="yes") - 1e-3


def test_labelled_tables_over_all_states():
    table = Evaluator.from_network(network("asia")).query("dysp", over="bronc")
    assert table.given == ("bronc",)
    assert table.variables == ("bronc", "dysp")


def test_plans_are_kept_but_not_for_ever():
    model = Evaluator.from_network(network("sachs"))
    plan = model.plan("Akt", "PKA")
    assert model.plan(["Akt"], ["PKA"]) is plan
    nodes = [name for name in model.names if name != "Akt"]
    gone = weakref.ref(plan)
    del plan
    for k in range(130):
        seen = [name for bit, name in enumerate(nodes) if k >> bit & 1]
        model.plan("Akt", (), seen)
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda m: m.plan("nobody"), NameNotFoundError, "no node 'nobody'"),
        (lambda m: m.plan("dysp", "dysp"), GraphError, "'dysp' is named twice"),
        (lambda m: m.plan("dysp", over="smoke"), GraphError, "must be in do or given"),
        (lambda m: m.plan(()), GraphError, "name a node"),
        (lambda m: m.plan("dysp", "smoke")({}), NameNotFoundError, "no state of 'smoke'"),
        (lambda m: m.plan("dysp", "smoke")({"smoke": 2}), NameNotFoundError, "'smoke' 2"),
        (lambda m: m.plan("dysp", "smoke")({"smoke": -1}), NameNotFoundError, "'smoke' -1"),
        (lambda m: m.query("dysp", {"smoke": "maybe"}), NameNotFoundError, "'smoke' 'maybe'"),
        (lambda m: marginals(m, {"smoke": 0}, {"smoke": 0}), GraphError, "named twice"),
    ],
)
def test_refusals(call, error, words):
    with pytest.raises(error, match=words):
        call(Evaluator.from_network(network("asia")))


def test_tables_need_no_network():
    model = Evaluator.from_tables(
        {"A": (np.array([0.5, 0.5]), ()), "B": (np.array([[0.9, 0.1], [0.2, 0.8]]), ("A",))},
        {"A": ("no", "yes"), "B": ("no", "yes")},
    )
    np.testing.assert_allclose(model.plan("A", given="B")({"B": 1}), [1 / 9, 8 / 9])
    np.testing.assert_allclose(model.plan("A", "B")({"B": 1}), [0.5, 0.5])
