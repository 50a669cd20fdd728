from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import all_dags, class_cpdags, dags, is_open, paths

from causalsim.errors import (
    GraphError,
    LimitError,
    MissingExtraError,
    NotAClassError,
    OptionError,
)
from causalsim.graph import ADMG, CPDAG, DAG, random_dag
from causalsim.metrics import adjustment_distance, sid, sid_bounds

KINDS = ("parent", "ancestor", "oset")


def adjusts(truth, i, j, adjusted):
    """The adjustment criterion, by listing paths (Shpitser, VanderWeele & Robins 2010)."""
    between = list(paths(truth, truth.index(i), truth.index(j)))
    causal = [path for path in between if all(at_y for _, _, _, at_y in path)]
    on_the_way = {truth.nodes[edge[1]] for path in causal for edge in path}
    forbidden = {*on_the_way, *truth.descendants(on_the_way)}
    others = [path for path in between if path not in causal]
    return not forbidden & set(adjusted) and not any(is_open(truth, p, adjusted) for p in others)


def sid_by_paths(estimate, truth):
    wrong = 0
    for i in truth.nodes:
        for j in truth.nodes:
            if i == j:
                continue
            if j in estimate.parents(i):
                wrong += j in truth.descendants(i)
            else:
                wrong += not adjusts(truth, i, j, estimate.parents(i))
    return wrong


def test_sid_of_all_dags_on_three_nodes_and_some_on_four():
    some = all_dags(4)[::31]
    for graphs in (all_dags(3), some):
        for truth in graphs:
            for estimate in graphs:
                assert sid(estimate, truth) == sid_by_paths(estimate, truth)


@given(st.tuples(*[dags(min_nodes=5, max_nodes=5)] * 2))
def test_sid_agrees_with_the_adjustment_criterion_by_paths(pair):
    assert sid(*pair) == sid_by_paths(*pair)


@pytest.mark.peer
@pytest.mark.parametrize("seed", range(5))
def test_sid_agrees_with_gadjid(seed):
    gadjid = pytest.importorskip("gadjid")
    estimate, truth = (random_dag(30, degree=3, rng=10 * seed + k) for k in (0, 1))
    codes = [g.directed.astype("int8") for g in (truth, estimate)]
    expected = gadjid.sid(*codes, edge_direction="from row to column")[1]
    assert sid(estimate, truth) == expected
    assert adjustment_distance(estimate, truth, kind="parent") == expected


def test_the_examples_of_the_paper():
    """Figure 1 of Peters & Buehlmann: both estimates have SHD 1 from G, SID 0 and 8."""
    nodes = ["X1", "X2", "Y1", "Y2", "Y3"]
    down = [f"{x} --> {y}" for x in nodes[:2] for y in nodes[2:]]
    truth = DAG.from_edges(["X1 --> X2", *down], nodes)
    extra = DAG.from_edges(["X1 --> X2", *down, "Y1 --> Y2"], nodes)
    turned = DAG.from_edges(["X2 --> X1", *down], nodes)
    assert sid(extra, truth) == 0
    assert sid(turned, truth) == 8


@given(dags(min_nodes=2, max_nodes=5), st.data())
def test_supergraphs_in_the_same_order_mislead_nobody(truth, data):
    order = truth.topological_order()
    full = [f"{a} --> {b}" for k, a in enumerate(order) for b in order[k + 1 :]]
    missing = [edge for edge in full if edge not in truth.edges]
    more = data.draw(st.lists(st.sampled_from(missing), unique=True)) if missing else []
    assert sid(DAG.from_edges([*truth.edges, *more], truth.nodes), truth) == 0


@given(class_cpdags(min_nodes=4, max_nodes=4), dags(min_nodes=4, max_nodes=4))
def test_bounds_are_those_over_the_members(cpdag, truth):
    each = [sid(member, truth) for member in cpdag.members()]
    assert sid_bounds(cpdag, truth) == (min(each), max(each))
    assert sid_bounds(truth.to_cpdag(), truth)[0] == 0


@given(st.tuples(*[dags(min_nodes=5, max_nodes=5)] * 2), st.permutations(range(5)))
def test_nodes_are_matched_by_name(pair, order):
    estimate, truth = pair
    moved = estimate.reorder([estimate.nodes[k] for k in order])
    assert sid(moved, truth) == sid(estimate, truth)


@pytest.mark.peer
@given(dags(min_nodes=2, max_nodes=6), st.sampled_from(KINDS))
def test_a_graph_and_its_class_are_at_distance_zero_from_themselves(dag, kind):
    pytest.importorskip("gadjid")
    cpdag = dag.to_cpdag()
    assert adjustment_distance(dag, dag, kind=kind) == 0
    assert adjustment_distance(cpdag, cpdag, kind=kind) == 0


@pytest.mark.peer
def test_adjustment_distance_by_hand():
    pytest.importorskip("gadjid")
    truth = DAG.from_edges(["X --> Y", "Y --> Z"])
    assert adjustment_distance(DAG.from_edges(["Z --> Y", "Y --> X"]), truth) == 6
    moved = DAG.from_edges(["Y --> X"], nodes=["Z", "Y", "X"])
    assert adjustment_distance(moved, DAG.from_edges(["Y --> X"], ["X", "Y", "Z"])) == 0
    for kind in KINDS:
        assert adjustment_distance(DAG.from_edges(["X --> Y"], truth.nodes), truth, kind=kind) == 2
        open_pair = CPDAG.from_edges(["X --- Y"])
        assert adjustment_distance(open_pair, DAG.from_edges(["X --> Y"]), kind=kind) == 2


def test_refusals():
    dag, cpdag = DAG.from_edges(["X --> Y"]), CPDAG.from_edges(["X --- Y"])
    with pytest.raises(GraphError, match="expected DAG, got CPDAG; sid_bounds takes"):
        sid(cpdag, dag)
    with pytest.raises(GraphError, match="got CPDAG; adjustment_distance takes a true CPDAG"):
        sid_bounds(dag, cpdag)
    with pytest.raises(GraphError, match="expected DAG or CPDAG, got ADMG; SID is not"):
        sid_bounds(ADMG.from_edges(["X --> Y"]), dag)
    with pytest.raises(GraphError, match="'Y' only in the truth, 'Z' only in the estimate"):
        sid(DAG.from_edges(["X --> Z"]), dag)
    with pytest.raises(LimitError, match="limit=1"):
        sid_bounds(cpdag, dag, limit=1)
    with pytest.raises(NotAClassError, match="X x-x Y"):
        sid_bounds(CPDAG.from_edges(["X x-x Y"]), dag)


def test_refusals_of_adjustment_distance(monkeypatch):
    chain = DAG.from_edges(["X --> Y", "Y --> Z"])
    open_chain = CPDAG.from_edges(["X --> Y", "Y --- Z"])
    with pytest.raises(OptionError, match=r"kind='parents' is unknown.*Did you mean 'parent'"):
        adjustment_distance(chain, chain, kind="parents")
    with pytest.raises(GraphError, match="expected DAG or CPDAG, got ADMG"):
        adjustment_distance(ADMG.from_edges(chain.edges), chain)
    with pytest.raises(NotAClassError, match="not closed under Meek's rules"):
        adjustment_distance(open_chain, chain)
    with pytest.raises(NotAClassError, match="X x-x Y"):
        adjustment_distance(CPDAG.from_edges(["X x-x Y", "Y --> Z"]), chain)
    monkeypatch.setitem(sys.modules, "gadjid", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'causalsim\[peers\]'"):
        adjustment_distance(chain, chain)
