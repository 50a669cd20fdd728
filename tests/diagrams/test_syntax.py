"""Diagrams: laws of a CDU category, text, graphs, and bad input."""

import pickle
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

import causalsim as cs
from causalsim.diagrams import Box, Diagram, Evidence, Placed, Point, Port
from causalsim.errors import CycleError, FormatError, GraphError, NameNotFoundError

TYPES = ("A", "B", "C")
bundles = st.lists(st.sampled_from(TYPES), max_size=3).map(tuple)


@st.composite
def diagrams(draw, dom=None, boxes=4, name="f"):
    """Boxes that read earlier wires at random, and outputs that read any."""
    dom = draw(bundles) if dom is None else dom
    wires = [Port("", k) for k in range(len(dom))]
    types = dict(zip(wires, dom, strict=True))
    placed = {}
    for number in range(draw(st.integers(0, boxes))):
        sources = tuple(draw(st.lists(st.sampled_from(wires), max_size=2))) if wires else ()
        box = Box(f"{name}{number}", tuple(types[port] for port in sources), draw(bundles))
        placed[box.label] = Placed(box, sources)
        new = [Port(box.label, k) for k in range(len(box.cod))]
        types |= dict(zip(new, box.cod, strict=True))
        wires += new
    outputs = tuple(draw(st.lists(st.sampled_from(wires), max_size=3))) if wires else ()
    return Diagram(dom, placed, outputs)


@given(st.data())
def test_composition_is_a_category(data):
    f = data.draw(diagrams())
    g = data.draw(diagrams(f.cod, name="g"))
    h = data.draw(diagrams(g.cod, name="h"))
    assert (f >> g) >> h == f >> (g >> h)
    assert Diagram.identity(f.dom) >> f == f == f >> Diagram.identity(f.cod)
    assert hash(f >> g) == hash(f >> g)


@given(st.data())
def test_tensor_is_strictly_monoidal_and_interchanges(data):
    f, h = data.draw(diagrams()), data.draw(diagrams(name="h"))
    g, k = data.draw(diagrams(f.cod, name="g")), data.draw(diagrams(h.cod, name="k"))
    unit = Diagram.identity(())
    assert unit @ f == f == f @ unit
    assert (f @ h) @ g == f @ (h @ g)
    assert (f @ h) >> (g @ k) == (f >> g) @ (h >> k)


@given(bundles, bundles)
def test_copy_and_discard_are_a_commutative_comonoid(a, b):
    one, copy, drop = Diagram.identity(a), Diagram.copy(a), Diagram.discard(a)
    assert copy >> (copy @ one) == copy >> (one @ copy)
    assert copy >> (drop @ one) == one == copy >> (one @ drop)
    n = len(a)
    assert copy >> Diagram.wires(a + a, [*range(n, 2 * n), *range(n)]) == copy
    middle = [*range(n), *range(2 * n, 2 * n + len(b))]
    rest = [*range(n, 2 * n), *range(2 * n + len(b), 2 * n + 2 * len(b))]
    swapped = (Diagram.copy(a) @ Diagram.copy(b)) >> Diagram.wires(a + a + b + b, middle + rest)
    assert Diagram.copy(a + b) == swapped
    assert Diagram.discard(a + b) == Diagram.discard(a) @ Diagram.discard(b)


@given(diagrams(), diagrams(name="g"))
def test_swap_is_natural(f, g):
    after = [*range(len(f.cod), len(f.cod) + len(g.cod)), *range(len(f.cod))]
    before = [*range(len(g.dom), len(g.dom) + len(f.dom)), *range(len(g.dom))]
    left = (f @ g) >> Diagram.wires(f.cod + g.cod, after)
    assert left == Diagram.wires(f.dom + g.dom, _inverse(before)) >> (g @ f)


@given(bundles)
def test_swaps_undo_each_other(kinds):
    for a, b in pairwise(kinds):
        assert Diagram.swap(a, b) >> Diagram.swap(b, a) == Diagram.identity([a, b])
        assert Diagram.swap(a, b).cod == (b, a)


def _inverse(picks):
    return sorted(range(len(picks)), key=lambda k: picks[k])


@given(diagrams())
def test_text_and_pickle_round_trip(f):
    assert Diagram.parse(str(f)) == f
    assert pickle.loads(pickle.dumps(f)) == f  # noqa: S301


def test_states_and_evidence_are_written_and_read():
    seen = Diagram.of(Box(Evidence("yes"), ("A",), ()), "seen")
    diagram = Diagram.uniform("B") @ (Diagram.point("A", 1) >> Diagram.copy("A")) >> (
        Diagram.identity(["B", "A"]) @ seen
    )
    text = "B = uniform\nA = |1>\nseen: () = <'yes'|(A)\nreturn B, A"
    assert str(diagram) == text
    assert Diagram.parse(text) == diagram


def test_a_box_used_twice_gets_a_prime():
    step = Diagram.of(Box("f", ("A",), ("A",)))
    assert list((step >> step >> step).boxes) == ["f", "f'", "f''"]
    assert {placed.box.label for placed in (step @ step).boxes.values()} == {"f"}


def test_largest_sets_of_confounded_variables_share_a_root():
    graph = cs.ADMG.from_edges(["A <-> B", "B <-> C", "A <-> C", "C <-> D", "A --> D"])
    diagram = Diagram.from_admg(graph)
    assert [name for name in diagram.boxes if name.startswith("U")] == ["U(A,B,C)", "U(C,D)"]
    assert diagram.boxes["D"].box.dom == ("A", "U(C,D)")
    assert diagram.cod == graph.nodes


def test_pruning_drops_what_nothing_reads_but_keeps_evidence():
    text = "A = A()\nB = B(A)\nC = C(A)\nseen: () = <1|(C)\nD = D(C)\nreturn A"
    assert list(Diagram.parse(text).pruned().boxes) == ["A", "C", "seen"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("A = A()", "no last line"),
        ("A = A(B)\nreturn A", "line 1: the wire 'B' does not start above"),
        ("A is here\nreturn", "line 1: 'A is here'; expected name = label"),
        ("A = |x>\nreturn A", "line 1: 'x' is no value; quote texts"),
        ("A = A\nreturn A", "line 1: 'A'; expected label"),
    ],
)
def test_unreadable_text_names_its_line(text, message):
    with pytest.raises(FormatError, match=message):
        Diagram.parse(text)


def test_what_does_not_fit_is_refused():
    f, g = Diagram.of(Box("f", ("A",), ("B",))), Diagram.of(Box("g", ("A",), ("B",)))
    with pytest.raises(GraphError, match=r"outputs \('B'\) do not meet inputs \('A'\)"):
        _ = f >> g
    with pytest.raises(GraphError, match="'f' reads wires of types"):
        Diagram(("B",), {"f": f.boxes["f"]}, ())
    with pytest.raises(GraphError, match="there is no 3"):
        Diagram(("B",), {}, (Port("", 3),))
    with pytest.raises(NameNotFoundError, match="box 'nope'"):
        Diagram((), {}, (Port("nope"),))
    with pytest.raises(GraphError, match="does not fit in the place"):
        f.substituted({"f": Diagram.identity("A")})
    with pytest.raises(GraphError, match="two boxes would have the same name"):
        (f @ g).renamed({"g": "f"})
    loop = {
        "x": Placed(Box("x", ("A",), ("A",)), (Port("y"),)),
        "y": Placed(Box("y", ("A",), ("A",)), (Port("x"),)),
    }
    with pytest.raises(CycleError, match="x --> y --> x"):
        Diagram((), loop, ())


def test_point_states_compare_by_value():
    assert Diagram.point("A", 1) != Diagram.point("A", 2)
    assert Diagram.point("A", 1).boxes["A"].box.label == Point(1)
