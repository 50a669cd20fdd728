from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import (
    admgs,
    all_dags,
    class_cpdags,
    dags,
    separated_by_paths,
    subsets,
    triples,
)

from causalsim.errors import GraphError, NameNotFoundError, NotAClassError
from causalsim.graph import (
    ADMG,
    CPDAG,
    DAG,
    PAG,
    TemporalGraph,
    is_separated,
    reachable,
    separating_set,
)
from causalsim.graph.separation import connected_to


def separators(graph, x, y, include=(), within=None):
    """Every separating set between ``include`` and ``within``, by listing paths."""
    others = [n for n in graph.nodes if n not in (x, y)]
    allowed = set(others if within is None else within) | set(include)
    return [
        set(s)
        for s in subsets(others)
        if set(include) <= set(s) <= allowed and separated_by_paths(graph, x, y, s)
    ]


def check_minimal(graph, found, every):
    if found is None:
        assert not every
    else:
        assert set(found) in every
        assert not any(other < set(found) for other in every)


def test_all_dags_on_four_nodes_agree_with_path_search():
    graphs = all_dags(4)
    assert len(graphs) == 543
    for dag in graphs:
        for x, y, s in triples(dag.nodes):
            expected = separated_by_paths(dag, x, y, s)
            assert is_separated(dag, x, y, s) == expected
            assert is_separated(dag, y, x, s) == expected


def test_all_dags_on_four_nodes_have_minimal_separating_sets():
    for dag in all_dags(4):
        for x, y, s in triples(dag.nodes):
            if not s:
                check_minimal(dag, separating_set(dag, x, y), separators(dag, x, y))


@given(admgs(max_nodes=5))
def test_admgs_with_bows_agree_with_path_search(graph):
    for x, y, s in triples(graph.nodes):
        assert is_separated(graph, x, y, s) == separated_by_paths(graph, x, y, s)


@given(dags(min_nodes=2, max_nodes=7), st.data())
def test_networkx_agrees_also_on_sets(dag, data):
    import networkx as nx

    peer = nx.DiGraph()
    peer.add_nodes_from(dag.nodes)
    peer.add_edges_from(np.array(dag.nodes)[np.argwhere(dag.directed)].tolist())
    where = {n: data.draw(st.sampled_from(["x", "y", "s", ""])) for n in dag.nodes}
    x, y, s = ({n for n in dag.nodes if where[n] == part} for part in "xys")
    assert is_separated(dag, x, y, s) == nx.is_d_separator(peer, x, y, s)


@given(class_cpdags(min_nodes=2, max_nodes=5))
def test_a_class_answers_like_each_of_its_members(cpdag):
    members = cpdag.members()
    for x, y, s in triples(cpdag.nodes):
        answers = {is_separated(dag, x, y, s) for dag in members}
        assert answers == {is_separated(cpdag, x, y, s)}


@given(admgs(min_nodes=2, max_nodes=5), st.data())
def test_reachable_and_connected_to_are_the_nodes_not_separated(graph, data):
    x = data.draw(st.sampled_from(graph.nodes))
    s = data.draw(st.sets(st.sampled_from([n for n in graph.nodes if n != x])))
    expected = tuple(
        y for y in graph.nodes if y != x and y not in s and not is_separated(graph, x, y, s)
    )
    assert reachable(graph, x, s) == expected
    positions = connected_to(graph, graph.index(x), set(graph.indices(s)))
    assert positions == set(graph.indices(expected))


@given(admgs(min_nodes=2, max_nodes=5), st.data())
def test_separating_sets_exist_where_any_does_and_are_minimal(graph, data):
    x, y = data.draw(st.permutations(graph.nodes))[:2]
    others = [n for n in graph.nodes if n not in (x, y)]
    role = {n: data.draw(st.sampled_from(["include", "within", "out"])) for n in others}
    include = [n for n in others if role[n] == "include"]
    within = [n for n in others if role[n] != "out"]
    found = separating_set(graph, x, y, include=include, within=within)
    check_minimal(graph, found, separators(graph, x, y, include, within))


@given(admgs(min_nodes=3, max_nodes=6), st.data())
def test_separating_sets_between_sets_of_nodes_separate(graph, data):
    where = {n: data.draw(st.sampled_from(["x", "y", ""])) for n in graph.nodes}
    x, y, rest = ([n for n in graph.nodes if where[n] == part] for part in ("x", "y", ""))
    found = separating_set(graph, x, y)
    every = [set(s) for s in subsets(rest) if is_separated(graph, x, y, s)]
    check_minimal(graph, found, every)


def test_the_essay():
    clouds = DAG.from_edges(["clouds --> rain", "rain --> wet", "hose --> wet", "wet --> shoes"])
    assert not is_separated(clouds, "clouds", "wet")
    assert is_separated(clouds, "clouds", "wet", "rain")
    assert is_separated(clouds, "rain", "hose")
    assert not is_separated(clouds, "rain", "hose", "wet")
    assert not is_separated(clouds, "rain", "hose", ["shoes"])


def test_a_hidden_common_cause_joins_and_its_path_cannot_be_blocked():
    m_graph = ADMG.from_edges(["X <-> Z", "Z <-> Y"])
    assert is_separated(m_graph, "X", "Y")
    assert not is_separated(m_graph, "X", "Y", "Z")
    inducing = ADMG.from_edges(["X --> Z", "X <-> Z", "Z <-> Y", "Z --> Y"])
    assert separating_set(inducing, "X", "Y") is None


def test_a_window_of_a_temporal_graph():
    series = TemporalGraph.from_edges(["X[t-1] --> X", "X[t-1] --> Y"]).unroll(3)
    assert is_separated(series, "X[t-2]", "Y", "X[t-1]")


def test_wrong_questions_are_refused():
    chain = DAG.from_edges(["X --> Y", "Y --> Z"])
    with pytest.raises(GraphError, match="'X' stands in two of the sets"):
        is_separated(chain, "X", ["Z"], ["X"])
    with pytest.raises(GraphError, match="'Z' stands in two of the sets"):
        separating_set(chain, "X", "Z", include="Z")
    with pytest.raises(NameNotFoundError, match=r"no node 'x'.*Did you mean 'X'"):
        is_separated(chain, "x", "Z")
    with pytest.raises(GraphError, match="PAG is not defined here; use a DAG or ADMG"):
        is_separated(PAG.from_edges(["X o-o Y"]), "X", "Y")
    with pytest.raises(GraphError, match="TemporalGraph is not defined here; unroll it first"):
        is_separated(TemporalGraph.from_edges(["X[t-1] --> X"]), "X", "X")
    with pytest.raises(NotAClassError, match="X x-x Y"):
        is_separated(CPDAG.from_edges(["X x-x Y"]), "X", "Y")
