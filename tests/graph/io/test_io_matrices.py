"""The conventions of causal-learn, pcalg and tigramite, cell by cell, and malformed input."""

from __future__ import annotations

import numpy as np
import pytest

from causalsim.errors import CycleError, FormatError, GraphError
from causalsim.graph import ADMG, CPDAG, DAG, PAG, TemporalGraph, io

pd = pytest.importorskip("pandas")
NODES = ["X", "Y"]


def joined(at_x_row, at_y_row):
    """A matrix with one code in row X and one in row Y."""
    return np.array([[0, at_x_row], [at_y_row, 0]])


# Each line is read from the package's own documentation: the code in row X, then in row Y.
CAUSAL_LEARN = [
    (DAG, "X --> Y", (-1, 1)),
    (DAG, "Y --> X", (1, -1)),
    (CPDAG, "X --- Y", (-1, -1)),
    (ADMG, "X <-> Y", (1, 1)),
    (PAG, "X o-> Y", (2, 1)),
    (PAG, "Y o-> X", (1, 2)),
    (PAG, "X o-o Y", (2, 2)),
    (PAG, "X --o Y", (-1, 2)),
]
PCALG = [
    (DAG, "X --> Y", (0, 1)),
    (DAG, "Y --> X", (1, 0)),
    (CPDAG, "X --> Y", (0, 1)),
    (CPDAG, "X --- Y", (1, 1)),
    (CPDAG, "X x-x Y", (2, 2)),
    (PAG, "X --> Y", (2, 3)),
    (PAG, "Y --> X", (3, 2)),
    (PAG, "X <-> Y", (2, 2)),
    (ADMG, "X <-> Y", (2, 2)),
    (PAG, "X --o Y", (1, 3)),
    (PAG, "X o-> Y", (2, 1)),
]


@pytest.mark.parametrize(("graph_type", "edge", "codes"), CAUSAL_LEARN)
def test_causal_learn_codes(graph_type, edge, codes):
    graph = graph_type.from_edges([edge], NODES)
    assert io.to_causal_learn(graph).tolist() == joined(*codes).tolist()
    assert io.from_causal_learn(joined(*codes), NODES) == graph


@pytest.mark.parametrize(("graph_type", "edge", "codes"), PCALG)
def test_pcalg_codes(graph_type, edge, codes):
    graph = graph_type.from_edges([edge], NODES)
    assert io.to_pcalg(graph).tolist() == joined(*codes).tolist()
    assert io.from_pcalg(joined(*codes), NODES, kind=graph_type.__name__) == graph


def test_causal_learn_pairs_with_two_edges():
    graph = ADMG.from_edges(["X --> Y", "X <-> Y"])
    assert io.to_causal_learn(graph).tolist() == [[0, 4], [5, 0]]
    assert io.from_causal_learn([[0, 5], [4, 0]], NODES) == ADMG.from_edges(
        ["Y --> X", "X <-> Y"], NODES
    )
    with pytest.raises(FormatError, match="which a PAG cannot hold"):
        io.from_causal_learn([[0, 5], [4, 0]], kind="PAG")


@pytest.mark.parametrize("codes", [(4, 4), (5, 5), (4, 1), (-1, 5)])
def test_causal_learn_refuses_contradicting_pairs(codes):
    with pytest.raises(FormatError, match="4 at its tail and 5 at its arrow"):
        io.from_causal_learn(joined(*codes), NODES)


def test_data_frames_bring_their_names():
    frame = pd.DataFrame(joined(0, 1), index=NODES, columns=NODES)
    assert io.from_pcalg(frame, kind="DAG") == DAG.from_edges(["X --> Y"])
    frame = pd.DataFrame(joined(-1, 1), index=NODES, columns=NODES)
    assert io.from_causal_learn(frame) == DAG.from_edges(["X --> Y"])


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        ([[0, 1]], "square matrix; got shape"),
        ([0, 1], "square matrix; got shape"),
        ([["", "a"], ["b", ""]], "holds integers; got dtype"),
        ({"X": 1}, "square matrix; got shape"),
    ],
)
def test_matrices_must_be_square_and_numeric(matrix, message):
    for back in (io.from_causal_learn, io.from_pcalg):
        with pytest.raises(FormatError, match=message):
            back(matrix)


def test_matrix_errors_name_the_cell():
    with pytest.raises(FormatError, match=r"code 3 at 'X' \(towards 'Y'\) is unknown"):
        io.from_causal_learn(joined(3, 1), NODES)
    with pytest.raises(FormatError, match=r"code 0\.5 at 'X'"):
        io.from_causal_learn(joined(0.5, 1), NODES)
    with pytest.raises(FormatError, match=r"codes 2 and 3 between 'X' and 'Y'.*kind='PAG'"):
        io.from_pcalg(joined(2, 3), NODES)
    with pytest.raises(FormatError, match="code 7 in row 0, column 1"):
        io.from_pcalg(joined(7, 3), NODES, kind="PAG")
    with pytest.raises(FormatError, match="between 'X' and 'X'"):
        io.from_pcalg([[1, 0], [0, 0]], NODES)
    with pytest.raises(FormatError, match="3 node names"):
        io.from_pcalg(joined(0, 1), ["X", "Y", "Z"])
    with pytest.raises(GraphError, match="mark at one end only"):
        io.from_causal_learn(joined(0, 1), NODES)


def test_cycles_are_named():
    cycle = np.zeros((3, 3), int)
    cycle[[1, 2, 0], [0, 1, 2]] = 1
    assert io.from_pcalg(cycle).edges == ("X1 --> X2", "X3 --> X1", "X2 --> X3")
    with pytest.raises(CycleError, match="X1 --> X2 --> X3 --> X1"):
        io.from_pcalg(cycle, kind="DAG")


def test_pcalg_has_one_code_for_a_conflict():
    with pytest.raises(GraphError, match="write the conflict between 'X' and 'Y' as 'x-x'"):
        io.to_pcalg(CPDAG.from_edges(["X <-> Y"]))


# -- tigramite -------------------------------------------------------------------------------


def strings(**cells):
    """An empty array over X, Y at lags 0 to 2, with cells such as ``xy1="-->"``."""
    array = np.full((2, 2, 3), "", "<U3")
    for place, text in cells.items():
        array["xy".index(place[0]), "xy".index(place[1]), int(place[2])] = text
    return array


@pytest.mark.parametrize(
    ("edge", "cells"),
    [
        ("X --> Y", {"xy0": "-->", "yx0": "<--"}),
        ("Y --> X", {"yx0": "-->", "xy0": "<--"}),
        ("X --- Y", {"xy0": "o-o", "yx0": "o-o"}),
        ("X x-x Y", {"xy0": "x-x", "yx0": "x-x"}),
        ("X <-> Y", {"xy0": "<->", "yx0": "<->"}),
        ("X[t-1] --> Y", {"xy1": "-->"}),
        ("X[t-2] --> X", {"xx2": "-->"}),
        ("Y[t-2] <-> X", {"yx2": "<->"}),
    ],
)
def test_tigramite_strings(edge, cells):
    graph = TemporalGraph.from_edges([edge], NODES, max_lag=2)
    assert io.to_tigramite(graph).tolist() == strings(**cells).tolist()
    assert io.from_tigramite(strings(**cells), NODES) == graph


def test_tigramite_undirected_in_either_spelling():
    graph = io.from_tigramite(strings(xy0="---", yx0="---"), NODES)
    assert graph.edges == ("X --- Y",)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"xy0": "-->"}, r"'X', 'Y' and 'Y', 'X' disagree"),
        ({"xy0": "-->", "yx0": "-->"}, "disagree"),
        ({"xy1": "<--"}, r"'<--' from X\[t-1\] to Y has no place"),
        ({"xy1": "o->"}, r"'o->' from X\[t-1\] to Y has no place"),
        ({"xy1": "o-o"}, "has no place"),
        ({"xy0": "+->", "yx0": "<-+"}, r"'\+->' from X to Y has no place"),
        ({"xy0": "?"}, "has no place"),
    ],
)
def test_tigramite_errors(cells, message):
    with pytest.raises(FormatError, match=message):
        io.from_tigramite(strings(**cells), NODES)


def test_tigramite_shapes():
    with pytest.raises(FormatError, match=r"expected shape \(p, p, tau_max \+ 1\), got \(2, 2\)"):
        io.from_tigramite(np.full((2, 2), ""))
    with pytest.raises(FormatError, match="1 node names"):
        io.from_tigramite(strings(), ["X"])
    assert io.from_tigramite(strings()).nodes == ("X1", "X2")
