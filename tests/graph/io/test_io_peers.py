"""Against the packages whose formats these are."""

from __future__ import annotations

import gzip
import warnings
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import PARTLY_DIRECTED, admgs, cpdags, dags, pags

from causalsim.graph import ADMG, CPDAG, DAG, PAG, TemporalGraph, io, parse_edge
from causalsim.graph.marks import Mark

nx = pytest.importorskip("networkx")

pytestmark = pytest.mark.peer

BUNDLED = ["asia", "cancer", "earthquake", "survey", "sachs", "child", "insurance", "alarm"]
SIZES = {"asia": 8, "cancer": 4, "earthquake": 4, "survey": 6, "sachs": 17, "child": 25}
SIZES |= {"insurance": 52, "alarm": 46}
KNOWN_TO_CAUSAL_LEARN = tuple(pair for pair in PARTLY_DIRECTED if Mark.CONFLICT not in pair)


def series(n, p, rng):
    """Linear series: X1 -> X2 at lag 1, X2 -> X3 now; and autocorrelation."""
    noise = rng.normal(size=(n, p))
    data = np.zeros((n, p))
    for t in range(1, n):
        data[t, 0] = 0.5 * data[t - 1, 0] + noise[t, 0]
        data[t, 1] = 0.8 * data[t - 1, 0] + 0.3 * data[t - 1, 1] + noise[t, 1]
        data[t, 2] = 0.8 * data[t, 1] + 0.6 * data[t - 1, 2] + noise[t, 2]
    return data


# -- causal-learn ----------------------------------------------------------------------------


def general_graph(graph):
    """Build causal-learn's own object edge by edge, by its public methods."""
    from causallearn.graph.Edge import Edge
    from causallearn.graph.Endpoint import Endpoint
    from causallearn.graph.GeneralGraph import GeneralGraph
    from causallearn.graph.GraphNode import GraphNode

    points = {Mark.TAIL: Endpoint.TAIL, Mark.ARROW: Endpoint.ARROW, Mark.CIRCLE: Endpoint.CIRCLE}
    nodes = {name: GraphNode(name) for name in graph.nodes}
    result = GeneralGraph(list(nodes.values()))
    for edge in map(parse_edge, graph.edges):
        result.add_edge(Edge(nodes[edge.x], nodes[edge.y], points[edge.at_x], points[edge.at_y]))
    return result


@given(
    graph=st.one_of(
        dags(max_nodes=4),
        cpdags(max_nodes=4, kinds=KNOWN_TO_CAUSAL_LEARN),
        admgs(max_nodes=4),
        pags(),
    )
)
def test_causal_learn_builds_the_same_matrix(graph):
    built = general_graph(graph)
    assert built.graph.astype(int).tolist() == io.to_causal_learn(graph).tolist()
    assert io.from_causal_learn(built, kind=type(graph).__name__) == graph


def test_causal_learn_judges_the_direction_alike():
    graph = DAG.from_edges(["X --> Y", "Z --> Y", "Y --> W"])
    built = general_graph(graph)
    for x in built.nodes:
        parents = {n.get_name() for n in built.get_parents(x)}
        assert parents == set(graph.parents(x.get_name()))


def test_causal_learn_dag_object():
    from causallearn.graph.Dag import Dag
    from causallearn.graph.GraphNode import GraphNode

    dag = Dag([GraphNode("b"), GraphNode("a")])
    dag.add_directed_edge(*reversed(dag.get_nodes()))
    assert io.from_causal_learn(dag) == DAG.from_edges(["a --> b"], ["b", "a"])


def test_causal_learn_pc_result():
    from causallearn.search.ConstraintBased.PC import pc

    rng = np.random.default_rng(0)
    x, z = rng.normal(size=(2, 2000))
    y = x + z + 0.5 * rng.normal(size=2000)
    w = y + 0.5 * rng.normal(size=2000)
    found = pc(np.column_stack([x, y, z, w]), 0.01, "fisherz", show_progress=False)
    expected = CPDAG.from_edges(["X1 --> X2", "X3 --> X2", "X2 --> X4"], ["X1", "X2", "X3", "X4"])
    assert io.from_causal_learn(found) == expected
    named = io.from_causal_learn(found.G.graph, ["x", "y", "z", "w"], kind="CPDAG")
    assert named.edges == ("x --> y", "z --> y", "y --> w")
    own = {str(edge) for edge in found.G.get_graph_edges()}
    assert set(expected.edges) == own


def test_causal_learn_fci_result():
    from causallearn.search.ConstraintBased.FCI import fci

    rng = np.random.default_rng(0)
    x, z = rng.normal(size=(2, 2000))
    y = x + z + 0.5 * rng.normal(size=2000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found, _ = fci(np.column_stack([x, y, z]), alpha=0.01, verbose=False, show_progress=False)
    assert io.from_causal_learn(found) == PAG.from_edges(["X1 o-> X2", "X3 o-> X2"])


# -- networkx --------------------------------------------------------------------------------


@given(graph=dags())
def test_networkx_sees_the_same_dag(graph):
    other = io.to_networkx(graph)
    assert nx.is_directed_acyclic_graph(other)
    for name in graph.nodes:
        assert nx.ancestors(other, name) == set(graph.ancestors(name))
        assert set(other.successors(name)) == set(graph.children(name))


def test_networkx_reads_our_graphml(tmp_path):
    graph = ADMG.from_edges(["X --> Y", "X <-> Y", "Z --> Y"])
    io.write(graph, tmp_path / "g.graphml")
    other = nx.read_graphml(tmp_path / "g.graphml")
    assert sorted(other.edges()) == [("X", "Y"), ("X", "Y"), ("Z", "Y")]
    assert io.from_networkx(other) == graph


def test_pydot_reads_our_dot():
    pydot = pytest.importorskip("pydot")
    graph = PAG.from_edges(['say "x" o-> node', "node --> c d"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (other,) = pydot.graph_from_dot_data(io.to_dot(graph))
    ends = [(e.get_source(), e.get_destination(), e.get("arrowtail")) for e in other.get_edges()]
    assert ends == [('"say \\"x\\""', '"node"', "odot"), ('"node"', '"c d"', None)]
    assert io.from_dot(other.to_string()) == graph


# -- tigramite -------------------------------------------------------------------------------


def test_tigramite_pcmci_plus_result():
    pytest.importorskip("tigramite")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from tigramite import data_processing
        from tigramite.independence_tests.parcorr import ParCorr
        from tigramite.pcmci import PCMCI

        data = series(1000, 3, np.random.default_rng(1))
        pcmci = PCMCI(data_processing.DataFrame(data), ParCorr(), verbosity=0)
        found = pcmci.run_pcmciplus(tau_max=2, pc_alpha=0.001)
    graph = io.from_tigramite(found["graph"])
    expected = [
        "X1[t-1] --> X1",
        "X1[t-1] --> X2",
        "X2[t-1] --> X2",
        "X2 --> X3",
        "X3[t-1] --> X3",
    ]
    assert graph == TemporalGraph.from_edges(expected, ["X1", "X2", "X3"], max_lag=2)
    assert io.to_tigramite(graph).tolist() == found["graph"].tolist()
    parents = pcmci.return_parents_dict(
        found["graph"], found["val_matrix"], include_lagzero_parents=True
    )
    for j, own in parents.items():
        theirs = {f"X{i + 1}[t{lag}]" if lag else f"X{i + 1}" for i, lag in own}
        assert set(graph.parents(f"X{j + 1}")) == theirs


# -- pgmpy -----------------------------------------------------------------------------------


def example(name):
    """Path of a network that pgmpy ships."""
    spec = find_spec("pgmpy")
    if spec is None or spec.origin is None:
        pytest.skip("pgmpy is not installed")
    path = Path(spec.origin).parent / "utils" / "example_models" / name
    if not path.exists():
        pytest.skip(f"this pgmpy ships no {name}")
    return path


def by_pgmpy(text):
    """Read by pgmpy; give edges, states and tables with axes (parents..., child) of ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pgmpy.readwrite import BIFReader

        return BIFReader(string=text).get_model()


@pytest.mark.parametrize("name", BUNDLED)
def test_pgmpy_reads_the_same_network(name):
    path = example(f"{name}.bif.gz")
    ours = io.read(path)
    theirs = by_pgmpy(gzip.decompress(path.read_bytes()).decode())
    assert ours.dag.n_edges == SIZES[name]
    assert {f"{x} --> {y}" for x, y in theirs.edges()} == set(ours.dag.edges)
    for cpd in theirs.get_cpds():
        node = cpd.variable
        axes = [*ours.dag.parents(node), node]
        assert tuple(cpd.state_names[node]) == ours.states[node]
        values = cpd.values.transpose([cpd.variables.index(axis) for axis in axes])
        order = [[cpd.state_names[a].index(s) for s in ours.states[a]] for a in axes]
        values = values[np.ix_(*order)]
        np.testing.assert_allclose(ours.tables[node], values, atol=1e-6)


def test_pgmpy_reads_what_we_write():
    ours = io.read(example("survey.bif.gz"))
    theirs = by_pgmpy(io.to_bif(ours))
    assert {f"{x} --> {y}" for x, y in theirs.edges()} == set(ours.dag.edges)
    cpd = theirs.get_cpds("E")
    values = cpd.values.transpose([cpd.variables.index(v) for v in [*ours.dag.parents("E"), "E"]])
    np.testing.assert_allclose(values, ours.tables["E"])


def test_pgmpy_reads_a_whole_table_alike():
    text = """network unknown {
}
variable a {
  type discrete [ 2 ] { x, y };
}
variable b {
  type discrete [ 3 ] { p, q, r };
}
probability ( a ) {
  table 0.5, 0.5;
}
probability ( b | a ) {
  table 0.1, 0.2, 0.3, 0.3, 0.6, 0.5;
}
"""
    theirs = by_pgmpy(text).get_cpds("b").values
    np.testing.assert_allclose(io.from_bif(text).tables["b"].T, theirs)


def test_every_network_that_pgmpy_ships_is_read():
    paths = sorted(example("asia.bif.gz").parent.glob("*.bif.gz"))
    assert len(paths) >= 8
    for path in (p for p in paths if p.stat().st_size < 60_000):
        network = io.read(path)
        assert len(network.nodes) >= 5


def test_pgmpy_and_we_read_the_same_dagitty_text():
    path = example("Shrier_2008.txt")
    graph = io.read(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pgmpy import base

        theirs = base.DAG.from_dagitty(string=path.read_text(encoding="utf-8"))
    assert {f"{x} --> {y}" for x, y in theirs.edges()} == set(graph.edges)
    assert io.read(example("M-bias.txt")).edges == ("E --> D", "D <-> Z", "E <-> Z")
