from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from causalsim.errors import FormatError, GraphError, NameNotFoundError
from causalsim.graph import DAG, Edge, Mark, label, parse_edge, parse_label
from causalsim.graph.labels import check_names, index_of

MARKS = [
    *product((Mark.CIRCLE, Mark.ARROW, Mark.TAIL), repeat=2),
    (Mark.CONFLICT, Mark.CONFLICT),
]


def holds_in_an_edge(name):
    try:
        check_names([name])
    except GraphError:
        return False
    return True


any_name = st.text(min_size=1, max_size=8).filter(holds_in_an_edge)
glyph_like = st.text("XYo<>x- \n[t1]", min_size=1, max_size=8).filter(holds_in_an_edge)


@given(
    st.lists(any_name | glyph_like, min_size=2, max_size=2, unique=True), st.sampled_from(MARKS)
)
def test_an_edge_reads_back_from_its_text(ends, marks):
    edge = Edge(*ends, *marks)
    again = parse_edge(str(edge))
    assert again in (edge, Edge(edge.y, edge.x, edge.at_y, edge.at_x))
    assert str(again) == str(edge)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("X --> Y", "X --> Y"),
        ("Y <-- X", "X --> Y"),
        ("Y <-o X", "X o-> Y"),
        ("Y o-- X", "X --o Y"),
        ("  X   x-x Y ", "X x-x Y"),
        ("X <-> Y", "X <-> Y"),
        ("body mass --> blood pressure", "body mass --> blood pressure"),
        ("X[t-1] --- Y", "X[t-1] --- Y"),
    ],
)
def test_edges_are_written_with_the_tail_on_the_left(text, written):
    assert str(parse_edge(text)) == written


@pytest.mark.parametrize("text", ["X->Y", "X-->Y", "X", "", "X --> ", "X ==> Y", "X >-> Y", 3])
def test_texts_that_are_no_edge(text):
    with pytest.raises(FormatError, match=r"is no edge; write it with spaces around the marks"):
        parse_edge(text)


def test_edges_that_cannot_be():
    with pytest.raises(FormatError, match="joins 'X' to itself"):
        parse_edge("X --> X")
    with pytest.raises(FormatError, match="a conflict stands at both ends; write 'X x-x Y'"):
        parse_edge("X x-> Y")


@given(any_name, st.integers(0, 200))
def test_labels_round_trip(name, lag):
    if parse_label(name) == (name, 0):
        assert parse_label(label(name, lag)) == (name, lag)


def test_label_forms():
    assert parse_label("X[t]") == ("X", 0)
    assert parse_label("X[t - 3]") == ("X", 3)
    assert parse_label("X[t+1]") == ("X[t+1]", 0)
    assert parse_label("rate[us][t-2]") == ("rate[us]", 2)
    with pytest.raises(FormatError, match="lag -1 of 'X' lies in the future"):
        label("X", -1)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("XY", r"nodes='XY': expected a sequence of names; write \['XY'\]"),
        ([1], "node name 1 is a int; names are strings"),
        ([""], "node name '' cannot be written in an edge"),
        ([" X"], "node name ' X' cannot be written in an edge"),
        (["a --> b"], "node name 'a --> b' cannot be written in an edge"),
        (["X", "Y", "X"], "node names must differ; 'X' stands more than once"),
    ],
)
def test_names_that_are_refused(names, message):
    with pytest.raises(GraphError, match=message):
        check_names(names)


def test_names_become_plain_strings():
    import numpy as np

    graph = DAG.from_edges([], nodes=np.array(["X", "Y"]))
    assert repr(graph) == "DAG.from_edges([], nodes=['X', 'Y'])"


def test_an_unknown_name_names_the_nearest():
    with pytest.raises(NameNotFoundError, match=r"no node 'pka'. Known: 'PKA', 'Erk'.*'PKA'\?"):
        index_of("pka", {"PKA": 0, "Erk": 1})
    with pytest.raises(NameNotFoundError, match=r"no node \['PKA'\]"):
        index_of(["PKA"], {"PKA": 0})
