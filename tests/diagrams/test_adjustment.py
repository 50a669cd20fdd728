"""Adjustment: every graph of up to four nodes against regression in linear models."""

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalsim.citest.oracle import Oracle
from causalsim.diagrams import Distribution
from causalsim.diagrams.adjusted import adjust, find_adjustment
from causalsim.diagrams.adjustment import (
    adjustment_sets,
    is_adjustment_set,
    optimal_adjustment_set,
)
from causalsim.diagrams.front_door import front_door_adjust, front_door_sets
from causalsim.discovery import fci
from causalsim.errors import (
    GraphError,
    LimitError,
    NameNotFoundError,
    NotAClassError,
    OptionError,
    PositivityError,
)
from causalsim.graph import ADMG, CPDAG, DAG, PAG, TemporalGraph
from causalsim.graph.pdag import PDAG, meek_rounds
from causalsim.graph.separation import is_separated
from tests.diagrams.models import LatentModel
from tests.strategies import admgs, all_dags, dags, names, subsets

PEARL_80 = DAG.from_edges(
    [
        *("Z1 --> Z2", "Z1 --> Z3", "Z2 --> X", "Z3 --> X", "Z4 --> Z3", "Z4 --> Z5"),
        *("Z5 --> Y", "X --> Z0", "Z0 --> Y", "Z3 --> Y"),
    ]
)


def queries(graph):
    """Every ordered pair with every set of others."""
    for x, y in ((x, y) for x in graph.nodes for y in graph.nodes if x != y):
        for z in subsets(n for n in graph.nodes if n not in (x, y)):
            yield x, y, z


def linear_model(graph, seed=0):
    """A random linear model of a DAG or ADMG: covariance and total effects."""
    rng = np.random.default_rng(seed)
    p = len(graph)
    weights = graph.directed * rng.uniform(0.5, 1.5, (p, p)) * rng.choice([-1, 1], (p, p))
    total = np.linalg.inv(np.eye(p) - weights)
    loadings = [np.diag(rng.uniform(0.5, 1.5, p))]
    for i, j in np.argwhere(np.triu(graph.bidirected)).tolist():
        column = np.zeros((p, 1))
        column[[i, j], 0] = rng.uniform(0.5, 1.5, 2)
        loadings.append(column)
    noise = np.hstack(loadings)
    return total.T @ noise @ noise.T @ total, total


def regression_is_right(graph, cov, total, x, y, z):
    at = graph.indices([x, *z])
    row = np.linalg.solve(cov[np.ix_(at, at)], cov[at, graph.index(y)])
    return abs(row[0] - total[graph.index(x), graph.index(y)]) < 1e-9


def valid_everywhere(members, x, y, z):
    return all(is_adjustment_set(graph, x, y, z) for graph in members)


def test_exactly_the_adjustment_sets_give_the_effect_in_every_dag_of_four_nodes():
    for graph in all_dags(4)[::20]:
        cov, total = linear_model(graph)
        for x, y, z in queries(graph):
            right = regression_is_right(graph, cov, total, x, y, z)
            assert bool(is_adjustment_set(graph, x, y, z)) == right, (graph, x, y, z)


@settings(max_examples=50, deadline=None)
@given(admgs(min_nodes=2, max_nodes=4), st.integers(0, 10**6))
def test_exactly_the_adjustment_sets_give_the_effect_with_hidden_causes(graph, seed):
    cov, total = linear_model(graph, seed)
    for x, y, z in queries(graph):
        right = regression_is_right(graph, cov, total, x, y, z)
        verdict = is_adjustment_set(graph, x, y, z)
        assert bool(verdict) == right
        assert bool(verdict.reason) != right


def test_a_cpdag_adjusts_exactly_where_all_its_members_do():
    for graph in dict.fromkeys(dag.to_cpdag() for dag in all_dags(4)[::27]):
        members = graph.members()
        for x, y, z in queries(graph):
            assert bool(is_adjustment_set(graph, x, y, z)) == valid_everywhere(members, x, y, z)


def with_knowledge(dag, share, rng):
    """The CPDAG of a DAG, with some of its other arrows added and closed under Meek's rules."""
    state = PDAG.from_graph(dag.to_cpdag())
    for i, j in state.undirected_pairs():
        if rng.random() < share:
            state.orient(*((i, j) if dag.directed[i, j] else (j, i)))
    for arrows in meek_rounds(state):
        for arrow in arrows:
            state.orient(arrow.tail, arrow.head)
    return CPDAG(dag.nodes, state.to_marks())


@settings(max_examples=25, deadline=None)
@given(dags(min_nodes=3, max_nodes=4), st.integers(0, 10**6))
def test_arrows_from_knowledge_are_used(dag, seed):
    graph = with_knowledge(dag, 0.4, np.random.default_rng(seed))
    members = graph.members()
    for x, y, z in queries(graph):
        assert bool(is_adjustment_set(graph, x, y, z)) == valid_everywhere(members, x, y, z)


def independences(graph):
    return tuple(
        is_separated(graph, x, y, z)
        for x, y in combinations(graph.nodes, 2)
        for z in subsets(n for n in graph.nodes if n not in (x, y))
    )


def all_admgs(p):
    pairs = list(combinations(range(p), 2))
    for dag in all_dags(p):
        for chosen in subsets(pairs):
            both = np.zeros((p, p), bool)
            for i, j in chosen:
                both[i, j] = both[j, i] = True
            yield ADMG.from_relations(names(p), dag.directed, both)


def pag_of(graph):
    return fci(None, Oracle(graph)).graph


def test_a_pag_adjusts_exactly_where_all_mixed_graphs_of_its_class_do():
    classes = {}
    for graph in all_admgs(3):
        classes.setdefault(independences(graph), []).append(graph)
    for members in classes.values():
        pag = pag_of(members[0])
        for x, y, z in queries(pag):
            found = bool(is_adjustment_set(pag, x, y, z))
            assert found == valid_everywhere(members, x, y, z), (pag, x, y, z)


@settings(max_examples=15, deadline=None)
@given(admgs(min_nodes=4, max_nodes=4))
def test_what_a_pag_adjusts_for_is_right_in_the_graph_it_came_from(graph):
    pag = pag_of(graph)
    for x, y, z in queries(pag):
        if is_adjustment_set(pag, x, y, z):
            assert is_adjustment_set(graph, x, y, z)


@settings(max_examples=60, deadline=None)
@given(st.one_of(dags(2, 6), admgs(2, 5)), st.data())
def test_the_lists_hold_every_set_once(graph, data):
    x, y = data.draw(st.permutations(graph.nodes))[:2]
    others = [n for n in graph.nodes if n not in (x, y)]
    within = data.draw(st.lists(st.sampled_from(others), unique=True)) if others else []
    valid = [z for z in subsets(sorted(within)) if is_adjustment_set(graph, x, y, z)]
    found = list(adjustment_sets(graph, x, y, minimal=False, within=within))
    assert sorted(found) == sorted(valid)
    assert len(set(found)) == len(found)
    least = [z for z in valid if not any(set(w) < set(z) for w in valid)]
    assert sorted(adjustment_sets(graph, x, y, within=within)) == sorted(least)
    best = optimal_adjustment_set(graph, x, y, within=within)
    assert best in least if least else best is None


@settings(max_examples=60, deadline=None)
@given(st.one_of(dags(3, 6), admgs(3, 5)), st.data())
def test_lists_for_sets_of_causes_and_outcomes(graph, data):
    order = data.draw(st.permutations(graph.nodes))
    x, y = order[:2], order[2 : data.draw(st.integers(3, len(order)))]
    others = sorted(set(graph.nodes) - {*x, *y})
    valid = [z for z in subsets(others) if is_adjustment_set(graph, x, y, z)]
    assert sorted(adjustment_sets(graph, x, y, minimal=False)) == sorted(valid)
    least = [z for z in valid if not any(set(w) < set(z) for w in valid)]
    assert sorted(adjustment_sets(graph, x, y)) == sorted(least)


def slope_variance(graph, cov, x, y, z):
    """The asymptotic variance of the slope of x, times n."""
    at = graph.indices([x, *z])
    inner = np.linalg.inv(cov[np.ix_(at, at)])
    j = graph.index(y)
    return inner[0, 0] * (cov[j, j] - cov[j, at] @ inner @ cov[at, j])


@settings(max_examples=40, deadline=None)
@given(st.one_of(dags(2, 5), admgs(2, 5)), st.integers(0, 10**6))
def test_no_set_has_a_smaller_variance_than_the_optimal_one(graph, seed):
    cov, _ = linear_model(graph, seed)
    for x, y in ((x, y) for x in graph.nodes for y in graph.nodes if x != y):
        best = optimal_adjustment_set(graph, x, y)
        rivals = list(adjustment_sets(graph, x, y, minimal=isinstance(graph, ADMG)))
        assert (best is None) == (not rivals)
        if y in graph.descendants(x):
            for z in rivals:
                least = slope_variance(graph, cov, x, y, best)
                assert least <= slope_variance(graph, cov, x, y, z) * (1 + 1e-9)


def test_known_optimal_sets():
    edges = ["C --> X", "X --> F", "X --> D", "A --> X", "A --> K", "K --> Y", "D --> Y"]
    dag = DAG.from_edges([*edges, "D --> G", "Y --> H"])
    assert optimal_adjustment_set(dag, "X", "Y") == ("K",)
    assert is_adjustment_set(dag, "X", "Y", dag.parents("X"))
    assert optimal_adjustment_set(dag, "X", "Y", within=["C", "A"]) == ("A",)


def test_pearls_six_sets():
    for z in (["Z2", "Z3"], ["Z1", "Z3"], ["Z4", "Z3"], ["Z3", "Z5"]):
        assert is_adjustment_set(PEARL_80, "X", "Y", z)
    assert is_adjustment_set(PEARL_80, "X", "Y", "Z3").reason == (
        "adjusting opens the path X <-- Z2 <-- Z1 --> Z3 <-- Z4 --> Z5 --> Y"
    )
    assert set(adjustment_sets(PEARL_80, "X", "Y")) == {
        *(("Z1", "Z3"), ("Z2", "Z3"), ("Z3", "Z4"), ("Z3", "Z5")),
    }


def test_bareinboims_graph_by_adjustment_and_by_the_front_door():
    edges = "Z1 --> Z2, Z1 --> Z3, Z2 --> X, Z3 --> X, X --> W0, W0 --> Y, Z4 --> Z3, Z4 --> Z5"
    more = "Z5 --> Y, X --> W1, W1 --> W2, W2 --> Y, Z3 --> Y, Z1 <-> X, Z2 <-> Z3, Z3 <-> Z5"
    graph = ADMG.from_edges([*edges.split(", "), *more.split(", "), "Z4 <-> Y"])
    model = LatentModel(graph, np.random.default_rng(0))
    joint, truth = model.joint, model.effect(["X"], ["Y"])
    assert list(adjustment_sets(graph, "X", "Y")) == [("Z1", "Z2", "Z3"), ("Z3", "Z4", "Z5")]
    for z in adjustment_sets(graph, "X", "Y"):
        np.testing.assert_allclose(adjust(joint, "X", "Y", z).array("X", "Y"), truth, atol=1e-12)
    for z in front_door_sets(graph, "X", "Y"):
        found = front_door_adjust(joint, "X", "Y", z).array("X", "Y")
        np.testing.assert_allclose(found, truth, atol=1e-12)


def test_names_with_spaces():
    bias = ADMG.from_edges(["drug A --> Y", "drug A <-> blood count", "Y <-> blood count"])
    assert is_adjustment_set(bias, "drug A", "Y", "blood count").reason == (
        "adjusting opens the path drug A <-> blood count <-> Y"
    )
    reason = find_adjustment(CPDAG.from_edges(["drug A --- my Y"]), "drug A", "my Y").reason
    assert reason.startswith("drug A --- my Y starts")


def test_delay_does_not_grow_with_the_number_of_sets():
    edges = [e for k in range(40) for e in (f"A{k} --> X", f"A{k} --> B{k}", f"B{k} --> Y")]
    graph = DAG.from_edges([*edges, "X --> Y"])
    sets = adjustment_sets(graph, "X", "Y")
    firsts = [next(sets) for _ in range(20)]
    assert len(set(firsts)) == 20
    assert all(len(z) == 40 for z in firsts)


@pytest.mark.parametrize(
    ("edges", "z", "reason"),
    [
        (["X --> M", "M --> Y"], "M", "'M' lies on a causal path from X to Y"),
        (
            ["X --> M", "M --> Y", "M --> W"],
            "W",
            "'W' is a descendant of a node on a causal path from X to Y",
        ),
        (["Z --> X", "Z --> Y", "X --> Y"], (), "the set leaves open the path X <-- Z --> Y"),
    ],
)
def test_reasons(edges, z, reason):
    assert is_adjustment_set(DAG.from_edges(edges), "X", "Y", z).reason == reason


def test_reasons_in_classes():
    cpdag = CPDAG.from_edges(["X --- Y"])
    assert "X --- Y starts a possibly causal path to Y" in find_adjustment(cpdag, "X", "Y").reason
    pag = PAG.from_edges(["A o-> B", "C o-> B", "B --> D"])
    assert find_adjustment(pag, "B", "D").z == ()
    found = find_adjustment(pag, "A", "D")
    assert not found
    assert "A o-> B starts a possibly causal path to D" in found.reason
    hidden = PAG.from_edges(["A --> B", "A --> C"])
    assert "may hide a common cause" in find_adjustment(hidden, "A", "B").reason


def test_reasons_where_nothing_adjusts():
    bow = ADMG.from_edges(["X --> Y", "X <-> Y"])
    assert find_adjustment(bow, "X", "Y").reason == (
        "even the largest candidate fails: the set leaves open the path X <-> Y"
    )
    assert "P(y | do x) = P(y)" in find_adjustment(DAG.from_edges(["Y --> X"]), "X", "Y").reason


def test_the_adjusted_law_is_the_law_after_surgery():
    rng = np.random.default_rng(5)
    z, x, y = (rng.dirichlet(np.ones(3), size) for size in ((), (3,), (3, 3)))
    joint = Distribution(np.einsum("z,zx,xzy->xyz", z, x, y), ["X", "Y", "Z"])
    graph = DAG.from_edges(["Z --> X", "Z --> Y", "X --> Y"])
    found = find_adjustment(graph, "X", "Y")
    truth = np.einsum("z,xzy->xy", z, y)
    np.testing.assert_allclose(found.effect(joint).array("X", "Y"), truth, atol=1e-14)


def test_a_cell_without_mass_is_named():
    table = np.array([[[0.5, 0.0], [0.0, 0.0]], [[0.1, 0.1], [0.2, 0.1]]])
    joint = Distribution(table, ["Z", "X", "Y"], {"Z": ["low", "high"]})
    with pytest.raises(PositivityError, match=r"P\(X=1, Z=low\) is 0"):
        adjust(joint, "X", "Y", "Z")
    empty = Distribution(table * [[[0]], [[2]]], ["Z", "X", "Y"])
    assert adjust(empty, "X", "Y", "Z").at(X=0, Y=0) == pytest.approx(0.5)


def test_bad_questions():
    dag = DAG.from_edges(["X --> Y", "Z --> Y"])
    with pytest.raises(GraphError, match="'Y' stands in y and in z"):
        is_adjustment_set(dag, "X", "Y", "Y")
    with pytest.raises(NameNotFoundError, match="'W'"):
        is_adjustment_set(dag, "X", "W")
    with pytest.raises(GraphError, match="x is empty"):
        is_adjustment_set(dag, (), "Y")
    with pytest.raises(OptionError, match="limit=0"):
        adjustment_sets(dag, "X", "Y", limit=0)
    with pytest.raises(LimitError, match="limit=1"):
        list(adjustment_sets(dag, "X", "Y", minimal=False, limit=1))


def test_graphs_that_stand_for_no_class():
    with pytest.raises(NotAClassError, match="R1 orients Y --> Z"):
        is_adjustment_set(CPDAG.from_edges(["X --> Y", "Y --- Z"]), "X", "Y")
    with pytest.raises(NotAClassError, match="conflicting marks on 'X x-x Y'"):
        is_adjustment_set(CPDAG.from_edges(["X x-x Y"]), "X", "Y")
    with pytest.raises(GraphError, match="a sign of selection"):
        is_adjustment_set(PAG.from_edges(["X --- Y"]), "X", "Y")
    with pytest.raises(GraphError, match="remove the <-> edge"):
        is_adjustment_set(PAG.from_edges(["X --> Z", "Z --> Y", "X <-> Y"]), "X", "Y")
    square = [f"{a} o-o {b}" for a, b in pairwise("ABCDA")]
    with pytest.raises(NotAClassError, match="no DAG has these edges"):
        is_adjustment_set(PAG.from_edges(square), "A", "C")
    with pytest.raises(GraphError, match="unroll it first"):
        is_adjustment_set(TemporalGraph.from_edges(["X(t-1) --> Y(t)"]), "X", "Y")
