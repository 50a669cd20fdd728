from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import temporal_graphs

from causalsim.errors import CycleError, FormatError, GraphError, NameNotFoundError, OptionError
from causalsim.graph import ADMG, CPDAG, DAG, Mark, TemporalGraph, label, parse_label


@given(temporal_graphs(), st.data())
def test_repr_evaluates_back(graph, data):
    role = data.draw(st.sampled_from(["variable", "context", "latent"]))
    roles = (role, *graph.roles[1:])
    graph = TemporalGraph(graph.nodes, graph.marks, graph.past_marks, roles)
    assert eval(repr(graph), {"TemporalGraph": TemporalGraph}) == graph  # noqa: S307
    again = pickle.loads(pickle.dumps(graph))  # noqa: S301
    assert again == graph
    assert hash(again) == hash(graph)
    assert not again.past_marks.flags.writeable


def test_graphs_that_differ_in_anything_differ():
    base = TemporalGraph.from_edges(["X[t-1] --> Y"])
    others = [
        TemporalGraph.from_edges(["X[t-1] <-> Y"]),
        TemporalGraph.from_edges(["X[t-1] --> Y"], nodes=["Y", "X"]),
        TemporalGraph.from_edges(["X[t-1] --> Y"], max_lag=2),
        TemporalGraph.from_edges(["X[t-1] --> Y"], roles={"X": "context"}),
        DAG.from_edges(["X[t-1] --> Y"]),
    ]
    assert all(base != other for other in others)
    assert len({base, *others}) == 6


def test_marks_stand_where_the_contract_says():
    graph = TemporalGraph.from_edges(["X[t-2] --> Y", "X[t-1] <-> Y", "Y --> X"])
    assert graph.marks.shape == (2, 2, 3)
    assert (graph.marks[0, 1, 2], graph.past_marks[0, 1, 2]) == (Mark.ARROW, Mark.TAIL)
    assert (graph.marks[0, 1, 1], graph.past_marks[0, 1, 1]) == (Mark.ARROW, Mark.ARROW)
    assert (graph.marks[1, 0, 0], graph.past_marks[1, 0, 0]) == (Mark.ARROW, Mark.TAIL)
    assert (graph.marks[0, 1, 0], graph.past_marks[0, 1, 0]) == (Mark.TAIL, Mark.ARROW)
    assert graph.parents("Y") == ("X[t-2]",)
    assert graph.parents("X") == ("Y",)
    assert graph.children("X") == ("Y[t+2]",)
    assert graph.children("Y") == ("X",)


@pytest.mark.parametrize(
    "edges",
    [
        ["X[t-1] --> Y"],
        ["Y <-- X[t-1]"],
        ["X[t - 1] --> Y[t]"],
        ["Y[t] <-- X[t-1]"],
    ],
)
def test_an_edge_may_be_written_from_either_end(edges):
    assert TemporalGraph.from_edges(edges, nodes=["X", "Y"]).edges == ("X[t-1] --> Y",)


def test_str_and_size():
    graph = TemporalGraph.from_edges(["X[t-1] --> X", "X --- Y"])
    assert str(graph) == "X[t-1] --> X\nX --- Y"
    assert (len(graph), graph.n_edges, graph.max_lag) == (2, 2, 1)
    assert str(TemporalGraph.from_edges([], nodes=["X", "Y"])) == "X\nY"


@pytest.mark.parametrize(
    ("edges", "options", "error", "message"),
    [
        (["X --> Y[t-1]"], {}, GraphError, r"cannot hold 'X --> Y\[t-1\]'; lagged edges are"),
        (["X[t-1] --- Y"], {}, GraphError, r"cannot hold 'X\[t-1\] --- Y'"),
        (["X o-> Y"], {}, GraphError, "cannot hold 'X o-> Y'"),
        (["X[t-2] --> Y[t-1]"], {}, GraphError, "one end must lie in the present; write '... Y'"),
        (["X --> X[t]"], {}, GraphError, "cannot be joined to itself at lag 0"),
        (["X --> Y", "Y --> X"], {}, GraphError, "'Y' and 'X' are joined twice"),
        (["X --> Y", "Y --> Z", "Z --> X"], {}, CycleError, "directed cycle: X --> Y --> Z"),
        (["X[t-3] --> Y"], dict(max_lag=2), GraphError, "max_lag=2, but an edge has lag 3"),
        (["X --> Y"], dict(nodes=["X"]), NameNotFoundError, "no node 'Y'"),
        (["X --> Y"], dict(nodes=["X[t-1]"]), GraphError, "variables without lag; write 'X'"),
        (["X --> Y"], dict(roles={"Z": "latent"}), NameNotFoundError, "no node 'Z'"),
        (["X --> Y"], dict(roles={"X": "laten"}), OptionError, "roles='laten'.*'latent'"),
        ("X --> Y", {}, GraphError, r"expected a sequence; write \['X --> Y'\]"),
        (["X -> Y"], {}, FormatError, "'X -> Y' is no edge"),
    ],
)
def test_what_cannot_be(edges, options, error, message):
    with pytest.raises(error, match=message):
        TemporalGraph.from_edges(edges, **options)


def test_wrong_arrays_are_refused():
    flat, cube = np.zeros((2, 2)), np.zeros((2, 2, 2))
    with pytest.raises(GraphError, match=r"marks have 2 axes; expected \(p, p, max_lag \+ 1\)"):
        TemporalGraph(("X", "Y"), flat, flat)
    with pytest.raises(GraphError, match=r"shape \(2, 2, 2\); \(1, 1, 2\) fits the nodes"):
        TemporalGraph(("X",), cube, cube)
    with pytest.raises(GraphError, match="3 roles for 2 nodes; give one each"):
        TemporalGraph(("X", "Y"), cube, cube, ("variable",) * 3)
    one_sided = cube.copy()
    one_sided[0, 1, 0] = Mark.ARROW
    with pytest.raises(GraphError, match="at lag 0 past_marks"):
        TemporalGraph(("X", "Y"), one_sided, cube)
    lagged = cube.copy()
    lagged[0, 1, 1] = Mark.ARROW
    with pytest.raises(GraphError, match="an edge has marks at both ends"):
        TemporalGraph(("X", "Y"), lagged, cube)


def shifted(name, by):
    variable, lag = parse_label(name)
    return label(variable, lag + by)


@given(temporal_graphs(), st.integers(1, 5))
def test_unrolling_repeats_every_edge_that_fits(graph, steps):
    static = graph.unroll(steps)
    assert static.nodes == tuple(label(n, k) for k in reversed(range(steps)) for n in graph.nodes)
    expected = set()
    for edge in graph.edges:
        x, glyph, y = edge.split()
        for by in range(steps):
            ends = shifted(x, by), shifted(y, by)
            if all(parse_label(end)[1] < steps for end in ends):
                expected.add(f"{ends[0]} {glyph} {ends[1]}")
    mirrored = {" ".join(edge.split()[::-1]) for edge in expected if "-->" not in edge}
    assert set(static.edges) <= expected | mirrored
    assert static.n_edges == len(expected)
    assert graph.window() == graph.unroll(graph.max_lag + 1)


def test_the_kind_of_a_window_follows_its_marks():
    assert isinstance(TemporalGraph.from_edges(["X[t-1] --> X"]).window(), DAG)
    assert isinstance(TemporalGraph.from_edges(["X[t-1] <-> Y"]).window(), ADMG)
    assert isinstance(TemporalGraph.from_edges(["X --- Y", "X <-> Z"]).window(), CPDAG)
    assert isinstance(TemporalGraph.from_edges(["X x-x Y"]).window(), CPDAG)
    with pytest.raises(OptionError, match="steps=0: unroll at least one time point"):
        TemporalGraph.from_edges(["X --> Y"]).unroll(0)


@given(temporal_graphs(directed=True))
def test_parents_in_the_window_are_the_parents(graph):
    window = graph.window()
    for name in graph.nodes:
        assert set(window.parents(name)) == set(graph.parents(name))


@given(temporal_graphs(), st.data())
def test_subgraph_keeps_edges_roles_and_lags(graph, data):
    keep = data.draw(st.sets(st.sampled_from(graph.nodes), min_size=1))
    part = graph.subgraph(keep)
    assert part.nodes == tuple(n for n in graph.nodes if n in keep)
    assert part.max_lag == graph.max_lag
    inside = [
        e for e in graph.edges if {parse_label(end)[0] for end in e.split()[::2]} <= set(keep)
    ]
    assert list(part.edges) == inside
