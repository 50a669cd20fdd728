"""Markov equivalence against enumeration, and Meek's rules against their completeness theorem."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations, islice, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import all_dags, class_cpdags, cpdags, dags, names

from causalsim.errors import LimitError, NotAClassError, OptionError
from causalsim.graph import CPDAG, DAG
from causalsim.graph.equivalence import v_structures
from causalsim.graph.marks import Mark
from causalsim.graph.pdag import PDAG, arrows_on_cycles, implied_arrows, meek_rounds


def key_of(graph):
    """Give skeleton and v-structures, by definition and on the arrows alone."""
    into = graph.directed
    joined = graph.skeleton
    colliders = frozenset(
        (x, y, z)
        for y in range(len(graph))
        for x, z in combinations(np.flatnonzero(into[:, y]).tolist(), 2)
        if not joined[x, z]
    )
    return joined.tobytes(), colliders


def classes(p):
    """Group all DAGs on p nodes by skeleton and v-structures (Verma & Pearl 1990)."""
    groups = defaultdict(list)
    for dag in all_dags(p):
        groups[key_of(dag)].append(dag)
    return groups


def union_of(members):
    """Give the CPDAG that shows the arrows on which all members agree."""
    marks = np.array([dag.marks for dag in members])
    agreed = (marks == marks[0]).all(axis=0)
    return CPDAG(members[0].nodes, np.where(agreed, marks[0], Mark.TAIL))


def permuted(graph, order):
    """Give the graph with its nodes in another order."""
    order = list(order)
    return type(graph)(tuple(graph.nodes[i] for i in order), graph.marks[np.ix_(order, order)])


def every_pdag(p):
    """Give every graph on p nodes with arrows and undirected edges: 4096 for p = 4."""
    pairs = list(combinations(range(p), 2))
    kinds = [(0, 0), (Mark.ARROW, Mark.TAIL), (Mark.TAIL, Mark.ARROW), (Mark.TAIL, Mark.TAIL)]
    for choice in product(kinds, repeat=len(pairs)):
        marks = np.zeros((p, p), np.uint8)
        for (i, j), (at_i, at_j) in zip(pairs, choice, strict=True):
            marks[j, i], marks[i, j] = at_i, at_j
        yield CPDAG(names(p), marks)


def brute_members(graph, groups):
    """List the DAGs with the graph's skeleton, v-structures and arrows."""
    candidates = groups.get(key_of(graph), [])
    return [dag for dag in candidates if (dag.directed | ~graph.directed).all()]


# -- DAG to CPDAG ----------------------------------------------------------------------------


@pytest.mark.parametrize(("p", "count"), [(1, 1), (2, 2), (3, 11), (4, 185)])
def test_the_cpdag_of_a_dag_shows_what_its_class_agrees_on(p, count):
    groups = classes(p)
    assert len(groups) == count
    for members in groups.values():
        expected = union_of(members)
        assert {dag.to_cpdag() for dag in members} == {expected}
        assert set(expected.members()) == set(members)
        assert expected.extension() in set(members)
        assert expected.is_class()


@given(dags(min_nodes=2, max_nodes=8), st.data())
def test_cpdags_do_not_depend_on_node_order(dag, data):
    order = data.draw(st.permutations(range(len(dag))))
    assert permuted(dag, order).to_cpdag() == permuted(dag.to_cpdag(), order)


@given(dags(min_nodes=2, max_nodes=6), st.data())
def test_members_do_not_depend_on_node_order_or_names(dag, data):
    order = data.draw(st.permutations(range(len(dag))))
    cpdag = dag.to_cpdag()
    moved = {permuted(member, order) for member in cpdag.members()}
    assert set(permuted(cpdag, order).members()) == moved
    labels = tuple(f"v{i}" for i in range(len(dag)))
    renamed = {DAG(labels, member.marks) for member in cpdag.members()}
    assert set(CPDAG(labels, cpdag.marks).members()) == renamed


@given(dags(max_nodes=8))
def test_v_structures_are_what_the_definition_says(dag):
    _, expected = key_of(dag)
    assert v_structures(dag) == {tuple(dag.nodes[i] for i in triple) for triple in expected}
    assert v_structures(dag.to_cpdag()) == v_structures(dag)


@given(dags(max_nodes=9))
def test_an_extension_of_a_class_is_one_of_its_members(dag):
    assert dag.to_cpdag().extension().to_cpdag() == dag.to_cpdag()


# -- extension, class and members on arbitrary graphs ----------------------------------------


def test_pdags_on_four_nodes_against_enumeration():
    """Every third of the 4096; the step shares no factor with the four kinds of a pair."""
    groups = classes(4)
    seen = {"class": 0, "extendable": 0, "neither": 0}
    for graph in islice(every_pdag(4), 0, None, 3):
        expected = brute_members(graph, groups)
        if not expected:
            seen["neither"] += 1
            assert not graph.is_class()
            with pytest.raises(NotAClassError, match=r"'[A-D] (-->|---) [A-D]'"):
                graph.extension()
            continue
        assert graph.extension() in expected
        told = union_of(expected)
        if told == graph:
            seen["class"] += 1
            assert graph.is_class()
            found = graph.members()
            assert len(found) == len(expected)
            assert set(found) == set(expected)
        else:
            seen["extendable"] += 1
            assert not graph.is_class()
            with pytest.raises(NotAClassError, match="not closed under Meek's rules: R[1-4]"):
                graph.members()
    assert sum(seen.values()) == 1366
    assert min(seen.values()) > 200


@given(cpdags(max_nodes=5))
def test_a_graph_is_a_class_exactly_if_members_can_be_listed(graph):
    if graph.is_class():
        members = graph.members()
        assert union_of(members) == graph
        assert graph.extension() in members
        assert not graph.conflicts
    else:
        with pytest.raises(NotAClassError, match=" (-->|---|x-x|<->) "):
            graph.members()


@given(class_cpdags(min_nodes=2, max_nodes=5), st.data())
def test_arrows_from_knowledge_closed_under_r1_to_r4_are_complete(cpdag, data):
    members = cpdag.members()
    truth = data.draw(st.sampled_from(members))
    arrows = np.argwhere(truth.directed).tolist()
    told = data.draw(st.lists(st.sampled_from(arrows), unique_by=tuple)) if arrows else []
    state = PDAG.from_graph(cpdag)
    for tail, head in told:
        state.orient(tail, head)
    for arrows_of_a_round in meek_rounds(state):
        for arrow in arrows_of_a_round:
            state.orient(arrow.tail, arrow.head)
    closed = CPDAG(cpdag.nodes, state.to_marks())
    agreeing = [dag for dag in members if all(dag.directed[i, j] for i, j in told)]
    assert closed == union_of(agreeing)
    assert closed.is_class()
    assert set(closed.members()) == set(agreeing)


# -- Meek's rules one by one -----------------------------------------------------------------

PATTERNS = {
    "R1": (["C --> A", "A --- B"], "A", "B", ("C",)),
    "R2": (["A --> C", "C --> B", "A --- B"], "A", "B", ("C",)),
    "R3": (["A --- C", "A --- D", "A --- B", "C --> B", "D --> B"], "A", "B", ("C", "D")),
    "R4": (["A --- D", "D --> C", "C --> B", "A --- C", "A --- B"], "A", "B", ("D", "C")),
}


@pytest.mark.parametrize("rule", PATTERNS)
def test_each_rule_on_its_own_pattern(rule):
    edges, tail, head, because = PATTERNS[rule]
    graph = CPDAG.from_edges(edges)
    found = {
        (graph.nodes[a.tail], graph.nodes[a.head]): (
            a.rule,
            tuple(graph.nodes[k] for k in a.because),
        )
        for a in implied_arrows(PDAG.from_graph(graph))
    }
    assert found[tail, head] == (rule, because)
    assert (head, tail) not in found


@pytest.mark.parametrize("rule", PATTERNS)
def test_a_further_edge_that_shields_the_pattern_silences_the_rule(rule):
    edges, tail, head, _ = PATTERNS[rule]
    shield = {"R1": ["C --- B"], "R2": [], "R3": ["C --- D"], "R4": ["D --- B"]}[rule]
    broken = edges[1:] if rule == "R2" else edges + shield
    graph = CPDAG.from_edges(broken, ["A", "B", "C", "D"])
    found = implied_arrows(PDAG.from_graph(graph))
    told = {(graph.nodes[a.tail], graph.nodes[a.head], a.rule) for a in found}
    assert (tail, head, rule) not in told


def test_r3_needs_undirected_edges_and_r4_an_edge_to_the_middle():
    directed = CPDAG.from_edges(["C --> A", "A --- D", "A --- B", "C --> B", "D --> B", "C --- D"])
    assert not any(a.rule == "R3" for a in implied_arrows(PDAG.from_graph(directed)))
    loose = CPDAG.from_edges(["A --- D", "D --> C", "C --> B", "A --- B"])
    assert not any(a.rule == "R4" for a in implied_arrows(PDAG.from_graph(loose)))


def test_the_kite_that_needs_r4():
    kite = CPDAG.from_edges(["3 --> 2", "2 --> 1", "0 --- 1", "0 --- 2", "0 --- 3"])
    assert not kite.is_class()
    state = PDAG.from_graph(kite)
    arrows = [arrow for found in meek_rounds(state) for arrow in found]
    assert [(kite.nodes[a.tail], kite.nodes[a.head], a.rule) for a in arrows] == [("0", "1", "R4")]


@pytest.mark.parametrize(("rule", "triple"), [("R1", "CAB"), ("R3", "CAD"), ("R4", "DAB")])
def test_no_rule_leans_on_an_ambiguous_triple(rule, triple):
    edges, tail, head, _ = PATTERNS[rule]
    graph = CPDAG.from_edges(edges)
    x, y, z = (graph.index(name) for name in triple)
    ambiguous = {(min(x, z), y, max(x, z))}
    found = implied_arrows(PDAG.from_graph(graph), None, ambiguous)
    told = {(graph.nodes[a.tail], graph.nodes[a.head]) for a in found}
    assert (tail, head) not in told


def test_rules_that_disagree_are_both_given():
    graph = CPDAG.from_edges(["C --> A", "A --- B", "D --> B"])
    arrows = implied_arrows(PDAG.from_graph(graph))
    assert {(graph.nodes[a.tail], graph.nodes[a.head]) for a in arrows} == {("A", "B"), ("B", "A")}


@given(cpdags(min_nodes=2, max_nodes=6))
def test_the_working_state_keeps_every_mark(graph):
    assert np.array_equal(PDAG.from_graph(graph).to_marks(), graph.marks)
    twin = PDAG.from_graph(graph)
    before = twin.to_marks()
    for i, j in np.argwhere(np.triu(graph.skeleton)).tolist():
        twin.copy().orient(i, j)
    assert np.array_equal(twin.to_marks(), before)


@given(cpdags(min_nodes=2, max_nodes=6))
def test_arrows_on_cycles_are_those_with_a_way_back(graph):
    reach = np.linalg.matrix_power(graph.directed.astype(int) + np.eye(len(graph), dtype=int), 6)
    expected = np.argwhere(graph.directed & (reach.T > 0)).tolist()
    assert sorted(map(list, arrows_on_cycles(PDAG.from_graph(graph)))) == expected


@given(cpdags(min_nodes=3, max_nodes=6))
def test_unshielded_triples_by_definition(graph):
    joined = graph.skeleton
    expected = {
        (x, y, z)
        for x, z in combinations(range(len(graph)), 2)
        for y in range(len(graph))
        if joined[x, y] and joined[y, z] and not joined[x, z] and y not in (x, z)
    }
    listed = list(PDAG(graph.adjacent_sets).unshielded())
    assert set(listed) == expected
    assert len(listed) == len(expected)


# -- refusals --------------------------------------------------------------------------------


def test_a_limit_is_kept_and_named():
    chain = CPDAG.from_edges([f"{a} --- {b}" for a, b in zip("ABCDE", "BCDEF", strict=True)])
    assert len(chain.members(limit=6)) == 6
    with pytest.raises(LimitError, match="more than limit=5 members; raise limit"):
        chain.members(limit=5)
    with pytest.raises(OptionError, match="limit=0: list at least one"):
        chain.members(limit=0)


@pytest.mark.parametrize(
    ("edges", "message"),
    [
        (["A --> B", "B x-x C"], r"conflicting marks on 'B x-x C'; .*conflict='keep'"),
        (["A <-> B"], "conflicting marks on 'A <-> B'"),
        (
            ["A --> B", "B --> C", "C --> A", "C --> D"],
            "directed cycle among 'A --> B', 'B --> C', 'C --> A'; a class has none",
        ),
        (
            ["A --- B", "B --- C", "C --- D", "A --- D", "D --> E"],
            "no DAG has these edges .*'A --- B', 'A --- D', 'B --- C', 'C --- D'",
        ),
        (["A --> B", "B --- C", "D --> C"], "no DAG has these edges .*'B --- C'"),
    ],
)
def test_a_graph_that_is_no_class_is_refused_with_its_edges(edges, message):
    graph = CPDAG.from_edges(edges)
    assert not graph.is_class()
    for ask in (graph.extension, graph.members):
        with pytest.raises(NotAClassError, match=message):
            ask()


def test_a_graph_that_is_not_closed_is_refused_with_the_missing_arrow():
    graph = CPDAG.from_edges(["A --> B", "B --- C"])
    assert graph.extension() == DAG.from_edges(["A --> B", "B --> C"])
    with pytest.raises(NotAClassError, match="not closed under Meek's rules: R1 orients B --> C"):
        graph.members()
