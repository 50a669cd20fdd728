"""The oracle against networkx and lists of paths."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import admgs, dags, separated_by_paths, triples

from causalsim.citest import Oracle
from causalsim.errors import DataError
from causalsim.graph import ADMG, DAG


def canonical(graph):
    """Give the networkx DAG with a latent parent for every bidirected edge."""
    plain = nx.DiGraph()
    plain.add_nodes_from(graph.nodes)
    for i, j in np.argwhere(graph.directed).tolist():
        plain.add_edge(graph.nodes[i], graph.nodes[j])
    for i, j in np.argwhere(np.triu(graph.bidirected)).tolist():
        plain.add_edges_from([((i, j), graph.nodes[i]), ((i, j), graph.nodes[j])])
    return plain


@given(dags(min_nodes=2, max_nodes=6))
def test_dags_agree_with_networkx(graph):
    test, peer = Oracle(graph)(None), canonical(graph)
    for x, y, s in triples(graph.nodes):
        separated = nx.is_d_separator(peer, {x}, {y}, set(s))
        result = test(x, y, s)
        assert result.p_value == separated
        assert result.effect == result.statistic == (not separated)
        assert result.log_p == (0 if separated else -np.inf)


@given(admgs(min_nodes=2, max_nodes=5))
def test_admgs_agree_with_networkx_and_with_paths(graph):
    test, peer = Oracle(graph)(None), canonical(graph)
    for x, y, s in triples(graph.nodes):
        separated = test(x, y, s).p_value == 1
        assert separated == nx.is_d_separator(peer, {x}, {y}, set(s))
        assert separated == separated_by_paths(graph, x, y, s)


@given(dags(min_nodes=3, max_nodes=6), st.data())
def test_columns_may_be_fewer_and_in_another_order(graph, data):
    chosen = data.draw(st.permutations(graph.nodes))[: data.draw(st.integers(2, 6))]
    rows = np.random.default_rng(0).normal(size=(9, len(chosen)))
    import pandas as pd

    test, whole = Oracle(graph)(pd.DataFrame(rows, columns=list(chosen))), Oracle(graph)(None)
    assert test.names == tuple(chosen)
    for x, y, s in triples(chosen):
        assert test(x, y, s) == whole(x, y, s)
        numbers = [test.index(x)], [test.index(y)], [[test.index(i) for i in s]]
        assert test.batch(*numbers)[1][0] == whole(x, y, s).log_p


def test_columns_must_be_nodes():
    oracle = Oracle(DAG.from_edges(["X --> Y"]))
    with pytest.raises(DataError, match=r"\['x0', 'x1'\] are no nodes.*'X', 'Y'"):
        oracle(np.random.default_rng(0).normal(size=(9, 2)))


def test_a_bow_opens_what_its_arrow_alone_would_block():
    arrow = Oracle(DAG.from_edges(["W --> X", "X --> Y"]))(None)
    bow = Oracle(ADMG.from_edges(["W --> X", "X --> Y", "X <-> Y"]))(None)
    assert (arrow("W", "Y", "X").p_value, bow("W", "Y", "X").p_value) == (1, 0)


def test_options_name_the_graph():
    options = Oracle(DAG.from_edges(["X --> Y"], nodes=["X", "Y", "Z"])).options()
    assert options == {"edges": ["X --> Y"], "nodes": ["X", "Y", "Z"]}
