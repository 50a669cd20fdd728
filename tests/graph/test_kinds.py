from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import admgs, cpdags, dags, pags

from causalsim.errors import CycleError, GraphError, NameNotFoundError
from causalsim.graph import ADMG, CPDAG, DAG, PAG, Mark, is_separated

KINDS = {"DAG": DAG, "CPDAG": CPDAG, "ADMG": ADMG, "PAG": PAG}
graphs = dags() | cpdags() | admgs() | pags()


@given(graphs)
def test_repr_evaluates_back(graph):
    assert eval(repr(graph), dict(KINDS)) == graph  # noqa: S307
    assert type(graph).from_edges(graph.edges, graph.nodes) == graph
    assert graph.n_edges == len(graph.edges)


@given(graphs)
def test_str_shows_every_edge_and_every_lonely_node(graph):
    lines = str(graph).splitlines()
    assert lines[: graph.n_edges] == list(graph.edges)
    assert lines[graph.n_edges :] == [n for n in graph.nodes if not graph.adjacent(n)]


@given(graphs)
def test_copies_are_equal_and_as_frozen(graph):
    for again in (pickle.loads(pickle.dumps(graph)), copy.deepcopy(graph)):  # noqa: S301
        assert again == graph
        assert hash(again) == hash(graph)
        assert not again.marks.flags.writeable


def test_nothing_can_be_changed():
    marks = np.array([[0, 2], [3, 0]])
    dag = DAG(("X", "Y"), marks)
    marks[0, 1] = 0
    assert dag.edges == ("X --> Y",)
    with pytest.raises(ValueError, match="read-only"):
        dag.marks[0, 1] = 0
    with pytest.raises(AttributeError, match="cannot assign to field 'nodes'"):
        dag.nodes = ("A", "B")
    with pytest.raises(ValueError, match="read-only"):
        ADMG.from_edges(["X --> Y"]).bows[0, 1] = True


def test_a_graph_of_one_kind_never_equals_another():
    same = [kind.from_edges(["X --> Y"]) for kind in KINDS.values()]
    assert len(set(same)) == 4
    for i, first in enumerate(same):
        for second in same[i + 1 :]:
            assert first != second
    assert same[0] != "DAG.from_edges(['X --> Y'])"
    assert ADMG.from_edges(["X --> Y", "X <-> Y"]) != ADMG.from_edges(["X --> Y"])
    assert DAG.from_edges(["X --> Y"]) != DAG.from_edges(["X --> Y"], nodes=["Y", "X"])


@given(graphs, st.data())
def test_reorder_and_rename_change_nothing_else(graph, data):
    order = data.draw(st.permutations(graph.nodes))
    moved = graph.reorder(order)
    assert moved.nodes == tuple(order)
    assert moved.reorder(graph.nodes) == graph
    assert all(set(moved.parents(n)) == set(graph.parents(n)) for n in order)
    assert all(set(moved.spouses(n)) == set(graph.spouses(n)) for n in order)
    lower = graph.rename({n: n.lower() for n in graph.nodes})
    assert lower.edges == tuple(
        "".join(c.lower() if c.isupper() else c for c in edge) for edge in graph.edges
    )
    assert lower.rename({n: n.upper() for n in lower.nodes}) == graph


@given(graphs, st.data())
def test_subgraph_keeps_the_edges_among_its_nodes(graph, data):
    keep = data.draw(st.sets(st.sampled_from(graph.nodes)))
    part = graph.subgraph(keep)
    assert part.nodes == tuple(n for n in graph.nodes if n in keep)
    dropped = tuple(e for e in graph.edges if not ({e[0], e[-1]} <= keep))
    assert sorted(part.edges + dropped) == sorted(graph.edges)


@given(graphs)
def test_every_pair_of_neighbours_has_one_role(graph):
    for name in graph.nodes:
        one_way = [*graph.parents(name), *graph.children(name), *graph.neighbours(name)]
        assert len(set(one_way)) == len(one_way)
        assert set(one_way) | set(graph.spouses(name)) <= set(graph.adjacent(name))
        if not isinstance(graph, PAG):
            disputed = {n for e in getattr(graph, "conflicts", ()) for n in (e[0], e[-1])}
            assert {*one_way, *graph.spouses(name)} | disputed >= set(graph.adjacent(name))


@given(dags())
def test_ancestry_agrees_with_networkx(dag):
    import networkx as nx

    peer = nx.DiGraph()
    peer.add_nodes_from(dag.nodes)
    peer.add_edges_from((e[0], e[-1]) for e in dag.edges)
    for name in dag.nodes:
        assert set(dag.ancestors(name)) == nx.ancestors(peer, name)
        assert set(dag.descendants(name)) == nx.descendants(peer, name)
        assert dag.parents(name) == tuple(sorted(peer.predecessors(name)))
    order = dag.topological_order()
    assert order == tuple(nx.lexicographical_topological_sort(peer))


@given(dags(min_nodes=2) | admgs(min_nodes=2))
def test_the_markov_blanket_shields_from_all_others(graph):
    for name in graph.nodes:
        blanket = graph.markov_blanket(name)
        others = [n for n in graph.nodes if n != name and n not in blanket]
        assert is_separated(graph, name, others, blanket)


@given(dags(min_nodes=2))
def test_the_markov_blanket_of_a_dag_is_minimal(dag):
    for name in dag.nodes:
        blanket = dag.markov_blanket(name)
        for member in blanket:
            smaller = [n for n in blanket if n != member]
            assert not is_separated(dag, name, member, smaller)


@given(admgs())
def test_districts_are_the_parts_joined_by_bidirected_edges(graph):
    import networkx as nx

    peer = nx.Graph()
    peer.add_nodes_from(graph.nodes)
    peer.add_edges_from((e[0], e[-1]) for e in graph.edges if "<->" in e)
    parts = sorted(tuple(sorted(part)) for part in nx.connected_components(peer))
    assert sorted(graph.districts()) == parts
    assert all(graph.district(n) == part for part in graph.districts() for n in part)
    position = {n: i for i, n in enumerate(graph.topological_order())}
    assert all(position[e[0]] < position[e[-1]] for e in graph.edges if "-->" in e)


@given(dags() | admgs(), st.data())
def test_do_cuts_what_points_at_the_target(graph, data):
    target = data.draw(st.sampled_from(graph.nodes))
    cut = graph.do(target)
    assert type(cut) is type(graph)
    assert cut.parents(target) == cut.spouses(target) == ()
    assert cut.children(target) == graph.children(target)
    into = [e for e in graph.edges if e not in cut.edges]
    assert all(e.endswith(f"> {target}") or e.startswith(f"{target} <->") for e in into)


def test_do_on_several_nodes():
    graph = ADMG.from_edges(["A --> B", "B --> C", "A <-> C", "B <-> C", "A --> D"])
    assert graph.do(["B", "C"]).edges == ("A --> D",)
    assert graph.do("B").edges == ("A <-> C", "A --> D", "B --> C")


def test_verbs_on_a_named_graph():
    graph = CPDAG.from_edges(["A --> B", "B --- C", "C x-x D", "D <-> A"], nodes=list("ABCDE"))
    assert graph.adjacent("C") == ("B", "D")
    assert graph.neighbours("B") == ("C",)
    assert graph.spouses("A") == ("D",)
    assert graph.conflicts == ("A <-> D", "C x-x D")
    assert "A" in graph
    assert "Z" not in graph
    assert len(graph) == 5
    assert graph.indices(["C", "A"]) == [2, 0]
    assert graph.descendants(["A"]) == ("B",)


NOT_FOUND = r"no node 'x'. Known: 'X', 'Y'. Did you mean 'X'\?"


@pytest.mark.parametrize(
    "verb", ["adjacent", "parents", "ancestors", "district", "subgraph", "do"]
)
def test_every_verb_refuses_unknown_names(verb):
    with pytest.raises(NameNotFoundError, match=NOT_FOUND):
        getattr(DAG.from_edges(["X --> Y"]), verb)("x")


@pytest.mark.parametrize(
    ("kind", "edges", "message"),
    [
        (DAG, ["X --- Y"], "a DAG cannot hold 'X --- Y'; it holds '-->' only"),
        (DAG, ["X <-> Y"], "a DAG cannot hold 'X <-> Y'"),
        (CPDAG, ["X o-> Y"], "a CPDAG cannot hold 'X o-> Y'; it holds '-->', '---', 'x-x' and"),
        (ADMG, ["X --- Y"], "an ADMG cannot hold 'X --- Y'; it holds '-->' and '<->'"),
        (PAG, ["X x-x Y"], "a PAG cannot hold 'X x-x Y'; it holds circles, arrows and tails"),
        (DAG, ["X --> Y", "Y --> X"], "'Y' and 'X' are joined twice; give one edge"),
        (DAG, "X --> Y", r"edges='X --> Y': expected a sequence; write \['X --> Y'\]"),
    ],
)
def test_edges_a_kind_cannot_hold(kind, edges, message):
    with pytest.raises(GraphError, match=message):
        kind.from_edges(edges)


@pytest.mark.parametrize("kind", [DAG, ADMG, PAG])
def test_directed_cycles_are_named(kind):
    with pytest.raises(CycleError, match=r"directed cycle: B --> C --> D --> B. Remove or turn"):
        kind.from_edges(["A --> B", "B --> C", "C --> D", "D --> B"])


def test_a_cpdag_holds_cycles_but_is_then_no_class():
    cyclic = CPDAG.from_edges(["A --> B", "B --> C", "C --> A"])
    assert not cyclic.is_class()


def test_wrong_matrices_are_refused():
    with pytest.raises(GraphError, match=r"marks have shape \(1, 1\); \(2, 2\) fits the nodes"):
        DAG(("X", "Y"), np.zeros((1, 1)))
    for wrong in (5, -1, 0.5, np.nan):
        with pytest.raises(
            GraphError, match=r"marks must be 0 \(none\), 1 \(circle\), 2 \(arrow\)"
        ):
            PAG(("X", "Y"), np.array([[0, wrong], [2, 0]]))
    with pytest.raises(GraphError, match="'Y' is joined to itself; the diagonal"):
        PAG(("X", "Y"), np.array([[0, 0], [0, 2]]))
    with pytest.raises(GraphError, match="between 'X' and 'Y' has a mark at one end only"):
        PAG(("X", "Y"), np.array([[0, 2], [0, 0]]))
    with pytest.raises(GraphError, match="'X' and 'Y' are joined in both directions"):
        DAG.from_directed(["X", "Y"], ~np.eye(2, dtype=bool))
    with pytest.raises(GraphError, match=r"reorder needs the nodes \['X', 'Y'\], got \['X'\]"):
        DAG.from_edges(["X --> Y"]).reorder(["X"])


def test_wrong_bows_are_refused():
    marks = np.array([[0, 2, 0], [3, 0, 0], [0, 0, 0]])
    bows = np.zeros((3, 3), bool)
    bows[0, 1] = True
    with pytest.raises(GraphError, match=r"bows must be symmetric of shape \(3, 3\)"):
        ADMG(("X", "Y", "Z"), marks, bows)
    bows[1, 0] = bows[0, 2] = bows[2, 0] = True
    with pytest.raises(GraphError, match="bows may only stand on pairs joined by a directed edge"):
        ADMG(("X", "Y", "Z"), marks, bows)
    with pytest.raises(GraphError, match="directed cycle: X --> Y --> X"):
        ADMG.from_edges(["X --> Y", "Y --> X"])


def test_relations_are_read_from_either_end():
    graph = PAG.from_edges(["X o-> Y", "Y <-> Z", "Z --> W"])
    assert graph.marks[graph.index("X"), graph.index("Y")] == Mark.ARROW
    assert graph.marks[graph.index("Y"), graph.index("X")] == Mark.CIRCLE
    assert not graph.directed[0].any()
    assert np.array_equal(graph.bidirected, graph.bidirected.T)
    assert graph.skeleton.sum() == 6


def test_an_empty_graph():
    empty = DAG.from_edges([])
    assert (len(empty), empty.edges, str(empty), empty.topological_order()) == (0, (), "", ())
    assert eval(repr(empty), dict(KINDS)) == empty  # noqa: S307
