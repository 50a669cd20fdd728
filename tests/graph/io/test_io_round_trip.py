"""Every kind through every format and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from io_strategies import odd_networks, odd_statics, odd_temporals
from strategies import PARTLY_DIRECTED, admgs, cpdags, dags, pags, temporal_graphs

from causalsim.errors import FormatError, GraphError, OptionError
from causalsim.graph import ADMG, CPDAG, DAG, PAG, DiscreteNetwork, TemporalGraph, io
from causalsim.graph.marks import Mark

LOSSLESS = {
    "json": (io.to_json, io.from_json),
    "dot": (io.to_dot, io.from_dot),
    "graphml": (io.to_graphml, io.from_graphml),
    "networkx": (io.to_networkx, io.from_networkx),
}
WITHOUT_CONFLICT = tuple(pair for pair in PARTLY_DIRECTED if Mark.CONFLICT not in pair)
WITHOUT_BIDIRECTED = tuple(pair for pair in PARTLY_DIRECTED if pair != (Mark.ARROW, Mark.ARROW))
UNCONFLICTED = tuple(pair for pair in WITHOUT_CONFLICT if pair in WITHOUT_BIDIRECTED)
BOW = ADMG.from_edges(["Y --> X", "X <-> Y", "X --> Z", "Z <-> Y"])
CONFLICT = CPDAG.from_edges(["X x-x Y", "Z --> Y"])
STATIC_ONLY = [io.to_causal_learn, io.to_pcalg, io.to_dagitty]
WRITERS = [to for name, to in vars(io).items() if name.startswith("to_")]


def kind(graph):
    return type(graph).__name__


@pytest.mark.parametrize("name", LOSSLESS)
@given(graph=st.one_of(odd_statics(), odd_temporals()))
def test_lossless_formats_keep_everything(name, graph):
    to, back = LOSSLESS[name]
    assert back(to(graph)) == graph


@given(graph=st.one_of(dags(), cpdags(kinds=WITHOUT_CONFLICT), admgs(), pags()))
def test_causal_learn_keeps_marks_and_bows(graph):
    matrix = io.to_causal_learn(graph)
    assert io.from_causal_learn(matrix, graph.nodes, kind=kind(graph)) == graph


@given(graph=st.one_of(dags(), cpdags(kinds=WITHOUT_BIDIRECTED), pags()))
def test_pcalg_keeps_marks(graph):
    assert io.from_pcalg(io.to_pcalg(graph), graph.nodes, kind=kind(graph)) == graph


@given(graph=admgs())
def test_pcalg_keeps_an_admg_or_refuses_its_bows(graph):
    if graph.bows.any():
        with pytest.raises(GraphError, match="both '-->' and '<->'"):
            io.to_pcalg(graph)
    else:
        assert io.from_pcalg(io.to_pcalg(graph), graph.nodes, kind="ADMG") == graph


@given(graph=temporal_graphs())
def test_tigramite_keeps_marks(graph):
    assert io.from_tigramite(io.to_tigramite(graph), graph.nodes) == graph


@given(graph=odd_statics())
def test_dagitty_keeps_marks_or_refuses_conflicts(graph):
    if isinstance(graph, CPDAG) and graph.conflicts:
        with pytest.raises(GraphError, match="hidden common cause"):
            io.to_dagitty(graph)
    else:
        assert io.from_dagitty(io.to_dagitty(graph), kind=kind(graph)) == graph


@given(graph=st.one_of(dags(), cpdags(kinds=UNCONFLICTED), pags()))
def test_dagitty_states_the_kind(graph):
    assert io.from_dagitty(io.to_dagitty(graph)) == graph


@given(network=odd_networks())
def test_json_keeps_networks(network):
    assert io.from_json(io.to_json(network)) == network


@given(network=odd_networks(forbidden='"\n'))
def test_bif_keeps_networks(network):
    assert io.from_bif(io.to_bif(network)) == network


@pytest.mark.parametrize("name", [*LOSSLESS, "causal_learn", "dagitty"])
def test_a_pair_with_both_edges_survives(name):
    to, back = getattr(io, f"to_{name}"), getattr(io, f"from_{name}")
    again = back(to(BOW), BOW.nodes) if name == "causal_learn" else back(to(BOW))
    assert again == BOW
    assert again.bows.sum() == 2


@pytest.mark.parametrize("to", [io.to_causal_learn, io.to_dagitty])
def test_a_conflict_is_never_written_as_a_common_cause(to):
    with pytest.raises(GraphError, match="would claim a hidden common cause"):
        to(CONFLICT)


@pytest.mark.parametrize("to", STATIC_ONLY)
def test_formats_without_lags_refuse_temporal_graphs(to):
    graph = TemporalGraph.from_edges(["X[t-1] --> Y"])
    with pytest.raises(GraphError, match=r"write graph\.window\(\)"):
        to(graph)
    assert to(graph.window()) is not None


@pytest.mark.parametrize("to", [*STATIC_ONLY, io.to_dot, io.to_graphml, io.to_networkx])
def test_graph_formats_refuse_tables(to):
    network = DiscreteNetwork(DAG.from_edges([], ["a"]), {"a": ["x"]}, {"a": [1.0]})
    with pytest.raises(FormatError, match=r"write network\.dag"):
        to(network)
    with pytest.raises(FormatError, match="expected a graph, got a list"):
        to([[0, 1], [0, 0]])


def test_tables_and_lags_are_asked_for():
    dag = DAG.from_edges(["X --> Y"])
    with pytest.raises(GraphError, match="DiscreteNetwork with tables, got a DAG"):
        io.to_bif(dag)
    with pytest.raises(GraphError, match=r"write TemporalGraph\.from_edges"):
        io.to_tigramite(dag)
    with pytest.raises(FormatError, match="expected a graph or a network, got a str"):
        io.to_json("X --> Y")


def test_static_nodes_that_look_lagged_stay_static():
    window = TemporalGraph.from_edges(["X[t-1] --> Y", "X[t-1] --> X"]).window()
    for to, back in LOSSLESS.values():
        assert back(to(window)) == window
    assert io.from_dagitty(io.to_dagitty(window)) == window


@pytest.mark.parametrize(
    ("edges", "expected"),
    [
        (["X --> Y"], DAG),
        (["X --> Y", "Y <-> Z"], ADMG),
        (["X --> Y", "X <-> Y"], ADMG),
        (["X --> Y", "Y --- Z"], CPDAG),
        (["X <-> Y", "Y --- Z"], CPDAG),
        (["X o-> Y", "Y --- Z"], PAG),
    ],
)
def test_default_kinds(edges, expected):
    arrows = {"-->": "->", "<->": "<->", "---": "--", "o->": "@->"}
    text = "; ".join(" ".join(arrows.get(part, part) for part in e.split()) for e in edges)
    graph = io.from_dagitty(f"graph {{ {text} }}")
    assert graph == expected.from_edges(edges)
    matrix = io.to_causal_learn(graph)
    assert io.from_causal_learn(matrix, graph.nodes) == graph


def test_a_kind_may_be_named_and_must_be_known():
    graph = io.from_dot("digraph { X -> Y }", kind="CPDAG")
    assert graph == CPDAG.from_edges(["X --> Y"])
    assert io.from_dot(io.to_dot(graph), kind="DAG") == DAG.from_edges(["X --> Y"])
    with pytest.raises(OptionError, match=r"kind='dag' is unknown.*Did you mean 'DAG'"):
        io.from_dot("digraph { X -> Y }", kind="dag")
    with pytest.raises(OptionError, match="kind='TemporalGraph' is unknown"):
        io.from_causal_learn([[0, -1], [1, 0]], kind="TemporalGraph")


def test_names_in_a_package_are_all_exported():
    assert len(WRITERS) == 9
    assert {f"from_{to.__name__[3:]}" for to in WRITERS} <= set(io.__all__)
