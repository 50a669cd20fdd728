"""DOT, dagitty, GraphML, JSON and networkx as others write them, and malformed texts."""

from __future__ import annotations

import json

import pytest

from causalsim.errors import CausalSimError, CycleError, FormatError, GraphError
from causalsim.graph import ADMG, CPDAG, DAG, PAG, TemporalGraph, io

nx = pytest.importorskip("networkx")

PARTLY = CPDAG.from_edges(["X --> Y", "Y --- Z", "Z x-x W"])


# -- DOT -------------------------------------------------------------------------------------


def test_dot_of_other_tools():
    text = r"""
    // comment
    strict digraph "my graph" {
        rankdir=LR; graph [bgcolor=white]; node [shape=box, label=<a <b>bold</b> one>]
        # a preprocessor line
        A -> {B "C d"} -> E:port:n [weight=2.5]
        subgraph cluster_1 { edge [dir=both]; F -> G; F -> H [arrowhead=vee, arrowtail=odot] }
        /* more
           comments */
        I -> J [dir=back]
        I -> K [dir=none]
        lonely
    }
    """
    graph = io.from_dot(text, kind="PAG")
    assert graph.nodes == ("A", "B", "C d", "E", "F", "G", "H", "I", "J", "K", "lonely")
    expected = ["A --> B", "A --> C d", "B --> E", "C d --> E", "F <-> G", "F o-> H"]
    assert graph == PAG.from_edges([*expected, "J --> I", "I --- K"], graph.nodes)


def test_dot_defaults_end_with_their_block():
    graph = io.from_dot("digraph { { edge [dir=none] X -> Y } Y -> Z }")
    assert graph == CPDAG.from_edges(["X --- Y", "Y --> Z"])


def test_undirected_dot():
    assert io.from_dot("graph { X -- Y -- Z }") == CPDAG.from_edges(["X --- Y", "Y --- Z"])


def test_dot_escapes_and_continues_lines():
    assert io.from_dot('digraph { "a\\"b" -> "c\\\nd" }').nodes == ('a"b', "cd")


def test_dot_keywords_are_names_in_quotes():
    graph = DAG.from_edges(["node --> edge", "edge --> subgraph", "node --> {"])
    assert io.from_dot(io.to_dot(graph)) == graph


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: expected a name, got the end of the text"),
        ("digraph", "line 1: expected '{', got the end of the text"),
        ("digraph {\n X -> }", "line 2: expected a name, got '}'"),
        ("digraph {\n\n X -> Y", "line 3: expected a name, got the end"),
        ("digraph { X -> Y } Z", "expected the end of the text, got 'Z'"),
        ("digraph { X -- Y }", "'--' is no edge of a digraph; write '->'"),
        ("graph { X -> Y }", "'->' is no edge of a graph; write '--'"),
        ("digraph { X --> Y }", "line 1: unexpected '> Y }'"),
        ("digraph { X -> Y [dir=up] }", "dir='up' is unknown"),
        ("digraph { a-1 }", "quote one that starts with '-'"),
        ("digraph { X -> Y [lag=x] }", "line 1: lag='x': expected 0, 1, 2"),
        ("dag { X -> Y }", "read 'dag {...}' with from_dagitty"),
        ('digraph { kind="DEG" X -> Y }', "kind 'DEG' is unknown"),
        ("digraph { max_lag=1; X -> Y [lag=2] }", "max_lag=1, but an edge has lag 2"),
        ("digraph { max_lag=1; X [role=king] }", "roles='king' is unknown"),
        ("digraph { X -> Y [dir=both, arrowhead=box] }", "a conflict stands at both ends"),
        ("digraph { X -> X }", "joins 'X' to itself"),
        ("digraph { X -> Y [lag=1] }", "no node 'X\\[t-1\\]'"),
        ("{" * 5000, "expected a name, got '{'"),
        ("digraph " + "{" * 5000, "nested too deeply"),
    ],
)
def test_malformed_dot(text, message):
    with pytest.raises((FormatError, GraphError), match=message):
        io.from_dot(text)


def test_cyclic_text_names_the_cycle():
    with pytest.raises(CycleError, match="X --> Y --> Z --> X"):
        io.from_dot("digraph { X -> Y -> Z -> X }")


def test_temporal_dot_shows_lags():
    graph = TemporalGraph.from_edges(
        ["X[t-2] --> Y", "X --- Y"], max_lag=3, roles={"X": "context"}
    )
    text = io.to_dot(graph)
    assert '"X" -> "Y" [lag=2, label="2"];' in text
    assert '"X" [role=context];' in text


# -- dagitty ---------------------------------------------------------------------------------


def test_dagitty_of_the_web_page():
    text = """dag {
    bb="-3,-0.5,2,1.2"
    D [outcome,pos="1.000,1.000"]
    'E e' [exposure,pos="-2.000,1.000"]
    U [latent]
    D <-> Z [pos="1.000,-1.000"]
    'E e' -> D
    Z <- {U W} ; W -> D <- U
    }"""
    graph = io.from_dagitty(text)
    edges = ["D <-> Z", "E e --> D", "U --> Z", "W --> Z", "W --> D", "U --> D"]
    assert graph == ADMG.from_edges(edges, ["D", "E e", "U", "Z", "W"])


@pytest.mark.parametrize(
    ("arrow", "edge"),
    [
        ("->", "X --> Y"),
        ("<-", "Y --> X"),
        ("<->", "X <-> Y"),
        ("--", "X --- Y"),
        ("@->", "X o-> Y"),
        ("<-@", "Y o-> X"),
        ("@-@", "X o-o Y"),
        ("@--", "Y --o X"),
        ("--@", "X --o Y"),
    ],
)
def test_dagitty_arrows(arrow, edge):
    graph = PAG.from_edges([edge], ["X", "Y"])
    assert io.from_dagitty(f"pag {{ X {arrow} Y }}") == graph
    assert io.from_dagitty(io.to_dagitty(graph)) == graph


def test_dagitty_headers():
    assert io.from_dagitty("pdag { X -> Y }") == CPDAG.from_edges(["X --> Y"])
    assert io.from_dagitty("pag { X -> Y }") == PAG.from_edges(["X --> Y"])
    assert io.from_dagitty("mag { X -> Y Y <-> Z }") == ADMG.from_edges(["X --> Y", "Y <-> Z"])
    assert io.from_dagitty("mag { X -- Y }") == PAG.from_edges(["X --- Y"])
    assert io.from_dagitty("dag { X -- Y }") == CPDAG.from_edges(["X --- Y"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dog { X -> Y }", "begins with one of dag, pdag, mag, pag"),
        ("dag { X => Y }", "expected a name, got '>'|unexpected '>"),
        ("dag {\n X -> Y\n Y [pos=}", "line 3: expected a name, got '}'"),
        ('dag { "X -> Y }', "line 1: unexpected"),
        ("pdag { X @-> Y }", "a CPDAG cannot hold 'X o-> Y'"),
        ("dag { X -> Y X <- Y }", "joined twice"),
    ],
)
def test_malformed_dagitty(text, message):
    with pytest.raises((FormatError, GraphError), match=message):
        io.from_dagitty(text)


def test_dagitty_refuses_bidirected_conflicts():
    with pytest.raises(GraphError, match="in a CPDAG is a conflict"):
        io.to_dagitty(CPDAG.from_edges(["X <-> Y"]))


# -- GraphML and networkx ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no GraphML: no element found: line 1"),
        ("<graphml>\n<graph>\n</graphml>", "no GraphML: mismatched tag: line 3"),
        ("<graphml></graphml>", "no GraphML"),
        ("<!DOCTYPE x [<!ENTITY a 'b'>]><graphml/>", "with a DOCTYPE is not read"),
        ("<html/>", "no GraphML"),
    ],
)
def test_malformed_graphml(text, message):
    with pytest.raises(FormatError, match=message):
        io.from_graphml(text)


def test_graphml_of_networkx():
    text = "\n".join(nx.generate_graphml(nx.DiGraph([("X", "Y"), ("Y", "Z")])))
    assert io.from_graphml(text) == DAG.from_edges(["X --> Y", "Y --> Z"])
    text = "\n".join(nx.generate_graphml(nx.Graph([("X", "Y")])))
    assert io.from_graphml(text) == CPDAG.from_edges(["X --- Y"])


def test_graphml_refuses_control_characters():
    with pytest.raises(FormatError, match="GraphML cannot hold the name"):
        io.to_graphml(DAG.from_edges([], ["a\x00b"]))


def test_networkx_classes_and_attributes():
    dag = io.to_networkx(DAG.from_edges(["X --> Y"], ["Y", "X", "Z"]))
    assert type(dag) is nx.DiGraph
    assert list(dag) == ["Y", "X", "Z"]
    assert dag.edges["X", "Y"] == {}
    mixed = io.to_networkx(PARTLY)
    assert type(mixed) is nx.MultiDiGraph
    assert mixed.edges["Z", "W", 0] == {"at_source": "conflict", "at_target": "conflict"}
    both = io.to_networkx(ADMG.from_edges(["X --> Y", "X <-> Y"]))
    assert both.number_of_edges("X", "Y") == 2


def test_plain_networkx_graphs():
    assert io.from_networkx(nx.DiGraph([(1, 2)])) == DAG.from_edges(["1 --> 2"])
    assert io.from_networkx(nx.Graph([("a", "b")])) == CPDAG.from_edges(["a --- b"])
    assert io.from_networkx(nx.DiGraph([("a", "b")]), kind="ADMG") == ADMG.from_edges(["a --> b"])
    undirected = nx.Graph()
    undirected.add_edge("a", "b", at_source="circle", at_target="circle")
    assert io.from_networkx(undirected) == PAG.from_edges(["a o-o b"])


def test_malformed_networkx_graphs():
    with pytest.raises(FormatError, match="expected a networkx graph, got a dict"):
        io.from_networkx({"a": ["b"]})
    with pytest.raises(CycleError, match="a --> b --> c --> a"):
        io.from_networkx(nx.DiGraph([("a", "b"), ("b", "c"), ("c", "a")]))
    graph = nx.DiGraph()
    graph.add_edge("a", "b", at_target="star")
    with pytest.raises(FormatError, match="edge 'a', 'b': mark 'star' is unknown"):
        io.from_networkx(graph)
    graph = nx.Graph()
    graph.add_edge("a", "b", at_target="arrow")
    with pytest.raises(FormatError, match="an undirected networkx graph has no source"):
        io.from_networkx(graph)
    graph = nx.DiGraph([("a", "b")], max_lag=-1)
    with pytest.raises(FormatError, match="max_lag=-1: expected 0, 1, 2"):
        io.from_networkx(graph)
    with pytest.raises(GraphError, match="more than once"):
        io.from_networkx(nx.DiGraph([(1, "1")]))


# -- JSON ------------------------------------------------------------------------------------


def test_json_is_versioned_and_plain():
    payload = json.loads(io.to_json(PARTLY))
    assert payload == {
        "format": "causalsim/graph",
        "version": 1,
        "kind": "CPDAG",
        "nodes": ["X", "Y", "Z", "W"],
        "edges": ["X --> Y", "Y --- Z", "Z x-x W"],
    }
    temporal = TemporalGraph.from_edges(["X[t-1] --> Y"], max_lag=2, roles={"X": "latent"})
    payload = json.loads(io.to_json(temporal))
    assert (payload["max_lag"], payload["roles"]) == (2, ["latent", "variable"])


def payload(**changes):
    """A valid payload with some fields changed, or left out by ``None``."""
    base = {
        "format": "causalsim/graph",
        "version": 1,
        "kind": "DAG",
        "nodes": ["X", "Y"],
        "edges": ["X --> Y"],
        **changes,
    }
    return json.dumps({key: value for key, value in base.items() if value is not None})


def test_json_of_version_1_is_read():
    assert io.from_json(payload()) == DAG.from_edges(["X --> Y"])
    temporal = payload(
        kind="TemporalGraph", edges=["X[t-1] --> Y"], max_lag=2, roles=["context", "variable"]
    )
    assert io.from_json(temporal) == TemporalGraph.from_edges(
        ["X[t-1] --> Y"], max_lag=2, roles={"X": "context"}
    )


NETWORK = {"kind": "DiscreteNetwork", "states": {"X": ["a"], "Y": ["b"]}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no JSON: Expecting value: line 1"),
        ("{\n,", "no JSON: .* line 2"),
        ("[" * 100_000, "no JSON"),
        ("[]", "expected format 'causalsim/graph', got 'list'"),
        (payload(format="causalsim/result"), "got 'causalsim/result'"),
        (payload(version=99), "version 99 is newer"),
        (payload(kind="Digraph"), "kind 'Digraph' is unknown"),
        (payload(kind=["DAG"]), "is unknown"),
        (payload(nodes=None), "'nodes' is missing or no list"),
        (payload(nodes="XY"), "'nodes' is missing or no list"),
        (payload(edges=[1]), "'edges' must be a list of texts"),
        (payload(edges=["X -> Y"]), "'X -> Y' is no edge"),
        (payload(edges=["X --> Z"]), "no node 'Z'"),
        (payload(kind="TemporalGraph"), "max_lag=None: expected 0, 1, 2"),
        (payload(kind="TemporalGraph", max_lag=1), "'roles' is missing"),
        (payload(kind="TemporalGraph", max_lag=1, roles=[]), "0 roles for 2 nodes"),
        (payload(**NETWORK), "'tables' is missing or no object"),
        (payload(**NETWORK, tables={"X": [1], "Y": ["a"]}), "table of 'Y' is no array"),
        (payload(**NETWORK, tables={"X": [1], "Y": [[1], []]}), "table of 'Y' is no array"),
        (payload(**NETWORK, tables={"X": [1], "Z": [1]}), "'Y'"),
        (payload(**NETWORK, tables={"X": [1], "Y": [[0.5]]}), "rows that sum to 1"),
        (payload(**{**NETWORK, "states": {"X": "a"}}, tables={}), "'X' is missing or no list"),
    ],
)
def test_malformed_json(text, message):
    with pytest.raises((FormatError, GraphError), match=message):
        io.from_json(text)


# -- all texts -------------------------------------------------------------------------------

READERS = [io.from_bif, io.from_dagitty, io.from_dot, io.from_graphml, io.from_json]


@pytest.mark.parametrize("back", READERS)
def test_only_text_is_read(back, tmp_path):
    with pytest.raises(FormatError, match=r"expected text, got a .*Path; files: graph\.io\.read"):
        back(tmp_path / "graph.dot")


@pytest.mark.parametrize("back", READERS)
def test_a_damaged_text_is_never_a_bare_error(back):
    """Cut and shuffle valid texts; whatever is wrong must be a CausalSimError."""
    from random import Random

    from causalsim.graph import DiscreteNetwork

    network = DiscreteNetwork(
        DAG.from_edges(["X --> Y"]),
        {"X": ["a", "b"], "Y": ["c", "d"]},
        {"X": [0.5, 0.5], "Y": [[0.1, 0.9], [0.2, 0.8]]},
    )
    name = back.__name__.removeprefix("from_")
    graph = network if name == "bif" else network.dag
    whole = getattr(io, f"to_{name}")(graph)
    assert back(whole) == graph
    chance, refused = Random(0), 0
    for _ in range(300):
        start, stop = sorted(chance.sample(range(len(whole)), 2))
        text = whole[:start] + chance.choice(["", "{", '"', "<", ";", "x"]) + whole[stop:]
        try:
            back(text)
        except CausalSimError:
            refused += 1
    assert refused > 100
