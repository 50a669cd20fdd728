"""Drawing of diagrams: all is drawn, nothing overlaps, surgery and combs are shown."""

import re
from itertools import combinations, pairwise
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import admgs, dags

import causalsim as cs
from causalsim.diagrams import Box, Diagram, Evidence, Placed, Point, Port, Uniform, comb_regions
from causalsim.diagrams.counterfactual import twin
from causalsim.diagrams.draw import before_after, picture, surgery_picture, to_svg, to_tikz
from causalsim.diagrams.draw._elements import elements, folded
from causalsim.diagrams.draw._layers import plan
from causalsim.diagrams.draw._shapes import CUT
from causalsim.diagrams.surgery import cut, policy, set_state, shift
from causalsim.errors import GraphError, NameNotFoundError
from causalsim.graph import ADMG, DAG
from causalsim.graph.draw._shapes import Box as Rectangle
from causalsim.graph.draw._shapes import Curve, Disc, Polygon, Text

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = ['<b>&"', "]]>", "\x00\x1b", "50 %_{x}^2 \\ $#~", "<script>alert(1)</script>"]

smoking = Diagram.from_admg(ADMG.from_edges(["S --> T", "T --> C", "S <-> C"]))
napkin = Diagram.from_admg(
    ADMG.from_edges(["W --> R", "R --> X", "X --> Y", "W <-> X", "W <-> Y"])
)
functional = Diagram.parse(
    """
    NA = NA()
    A = A(NA)
    NB = NB()
    B = B(A, NB)
    ND = ND()
    D = D(B, A, ND)
    NE = NE()
    E = E(D, A, NE)
    return A, B, D, E
    """
)


@st.composite
def diagrams(draw, boxes=6):
    """Boxes, states and evidence that read earlier wires at random."""
    dom = draw(st.lists(st.sampled_from("AB"), max_size=2).map(tuple))
    wires = [Port("", k) for k in range(len(dom))]
    types = dict(zip(wires, dom, strict=True))
    placed = {}
    for k in range(draw(st.integers(0, boxes))):
        kinds = ["uniform", "point"] + ["box", "box", "box", "evidence"] * bool(wires)
        kind = draw(st.sampled_from(kinds))
        count = {"uniform": 0, "point": 0, "evidence": 1}.get(kind, draw(st.integers(0, 3)))
        sources = tuple(draw(st.sampled_from(wires)) for _ in range(count))
        label = {"uniform": Uniform(), "point": Point(k), "evidence": Evidence("seen")}.get(kind)
        size = {"box": draw(st.integers(0, 2)), "evidence": 0}.get(kind, 1)
        cod = tuple(draw(st.lists(st.sampled_from("AB"), min_size=size, max_size=size)))
        box = Box(label or f"f{k}", tuple(types[port] for port in sources), cod)
        placed[f"f{k}"] = Placed(box, sources)
        new = [Port(f"f{k}", slot) for slot in range(len(cod))]
        types |= dict(zip(new, cod, strict=True))
        wires += new
    outputs = tuple(draw(st.lists(st.sampled_from(wires), max_size=3))) if wires else ()
    return Diagram(dom, placed, outputs)


def alarm():
    return Diagram.from_dag(cs.datasets.network("alarm").dag)


def laid_out(diagram):
    shown = elements(diagram)
    return shown, plan(shown, [0] * len(shown.items))


def on_curve(route):
    t = np.linspace(0, 1, 30)[:, None]
    pieces = [route[k : k + 4] for k in range(0, len(route) - 1, 3)]
    return np.concatenate(
        [
            (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t**2 * c + t**3 * d
            for a, b, c, d in pieces
        ]
    )


def check_layout(diagram):
    """No two shapes overlap, wires run down and through no shape."""
    shown, places = laid_out(diagram)
    size = np.array([item.size for item in shown.items]).reshape(-1, 2)
    size[:, 0] = places.widths
    centre = np.column_stack([places.x, places.tops + size[:, 1] / 2])
    for v, w in combinations(range(len(size)), 2):
        apart = np.abs(centre[v] - centre[w]) - (size[v] + size[w]) / 2
        assert apart.max() >= 10
    for wire, route in zip(shown.wires, places.routes, strict=True):
        assert places.tops[wire.target] > places.tops[wire.source]
        assert route[0, 1] == places.stubs[wire.source]
        assert route[-1, 1] == places.tops[wire.target]
        assert abs(route[-1, 0] - places.x[wire.target]) <= places.widths[wire.target] / 2
        inside = np.abs(on_curve(route)[:, None] - centre) < size / 2 - 1e-6
        assert not inside.all(axis=2).any()


def of_kind(drawn, kind):
    return [group for group in drawn.groups if group.kind == kind]


def shapes(drawn, kind, *groups):
    found = [group for group in drawn.groups if not groups or group.kind in groups]
    return [shape for group in found for shape in group.shapes if isinstance(shape, kind)]


def texts(drawn):
    return [shape.text for shape in shapes(drawn, Text)]


def red(drawn):
    """Names of the boxes and states drawn in red."""
    return {
        group.name
        for group in drawn.groups
        if group.kind in {"box", "state"}
        and any(getattr(shape, "fill", shape.colour) == CUT.fill for shape in group.shapes)
    }


def parse(svg):
    """Our own text, hence safe to parse with the standard library."""
    return ET.fromstring(svg)  # noqa: S314


# -- layout -----------------------------------------------------------------------------------


@given(diagrams())
def test_shapes_stay_apart_and_wires_run_down(diagram):
    check_layout(diagram)


@pytest.mark.parametrize("query", ["BP", "SAO2", "HRSAT"])
def test_alarm_folds_to_the_ancestors_of_a_query(query):
    graph = cs.datasets.network("alarm").dag
    small = folded(alarm(), query)
    assert set(small.boxes) == {query, *graph.ancestors(query)}
    check_layout(small)
    drawn = picture(alarm(), keep=query)
    assert {group.name for group in of_kind(drawn, "box")} == set(small.boxes)
    assert max(drawn.width, drawn.height) < 1200


def test_the_whole_of_alarm_is_drawn():
    check_layout(alarm())
    assert len(of_kind(picture(alarm()), "output")) == 37


@given(diagrams())
def test_drawings_repeat_themselves(diagram):
    assert to_svg(diagram) == to_svg(Diagram.parse(str(diagram)))


@given(diagrams())
def test_copies_have_dots_and_unread_wires_have_grounds(diagram):
    read = [port for placed in diagram.boxes.values() for port in placed.sources]
    read += diagram.outputs
    ports = [Port("", k) for k in range(len(diagram.dom))]
    ports += [Port(n, k) for n in diagram.boxes for k in range(len(diagram.boxes[n].box.cod))]
    drawn = picture(diagram)
    assert len(shapes(drawn, Disc)) == sum(read.count(port) > 1 for port in ports)
    bars = [c for c in shapes(drawn, Curve, "wire") if c.width == 1.6]
    assert len(bars) == 3 * sum(read.count(port) == 0 for port in ports)


@given(diagrams())
def test_all_is_drawn_once_and_on_the_sheet(diagram):
    drawn = picture(diagram, title="a title")
    inner = [*of_kind(drawn, "box"), *of_kind(drawn, "state"), *of_kind(drawn, "effect")]
    assert sorted(group.name for group in inner) == sorted(diagram.boxes)
    assert len(of_kind(drawn, "input")) == len(diagram.dom)
    assert len(of_kind(drawn, "output")) == len(diagram.outputs)
    places = [shape.points for shape in shapes(drawn, Curve)]
    places += [
        corner
        for shape in shapes(drawn, Rectangle)
        for corner in ([shape.centre - shape.size / 2], [shape.centre + shape.size / 2])
    ]
    every = np.concatenate([*places, np.full((1, 2), 1.0)])
    assert (every > 0).all()
    assert (every < [drawn.width, drawn.height]).all()


@given(st.one_of(dags(), admgs()))
def test_inputs_of_a_box_are_the_wires_of_its_causes(graph):
    make = Diagram.from_dag if isinstance(graph, DAG) else Diagram.from_admg
    diagram = make(graph)
    drawn = {group.name for group in of_kind(picture(diagram), "wire")}
    for name, placed in diagram.boxes.items():
        assert {f"{port.box} to {name}" for port in placed.sources} <= drawn


def test_outputs_stand_in_the_order_of_the_diagram_where_nothing_crosses():
    for order in ("STC", "CTS"):
        names = [smoking.cod.index(name) for name in order]
        drawn = shapes(picture(smoking.keep(names)), Text, "output")
        assert "".join(text.text for text in sorted(drawn, key=lambda t: t.at[0])) == order


def test_a_chain_is_drawn_straight_down():
    _, places = laid_out(Diagram.parse("A = A()\nB = B(A)\nC = C(B)\nreturn C"))
    assert np.ptp(places.x) < 1e-6
    assert (np.diff(places.tops) > 0).all()


# -- what is written --------------------------------------------------------------------------


def test_wires_are_named_where_the_box_says_something_else():
    drawn = picture(Diagram.of(Box("dice", ("S",), ("T",))) @ Diagram.of(Box("C", (), ("C",))))
    assert sorted(texts(drawn)) == ["C", "C", "S", "T", "T", "dice"]


def test_states_and_evidence_are_triangles():
    seen = Diagram.of(Box(Evidence("yes"), ("A",), ()), "seen")
    drawn = picture(Diagram.uniform("U") @ Diagram.point("P", "no") @ seen)
    triangles = {
        group.name: next(s for s in group.shapes if isinstance(s, Polygon)).points
        for kind in ("state", "effect")
        for group in of_kind(drawn, kind)
    }
    tips = {name: points[2, 1] - points[0, 1] for name, points in triangles.items()}
    assert tips["U"] < 0
    assert tips["P"] < 0
    assert tips["seen"] > 0
    assert sorted(texts(drawn)) == ["A", "A", "P", "P", "U", "U", "no", "yes"]


def test_long_values_stand_beside_their_triangle():
    long = "between 20 and 30"
    seen = Diagram.of(Box(Evidence(long), ("A",), ()), "seen")
    drawn = picture(Diagram.point("P", long) @ seen)
    assert {f"P = {long}", f"A = {long}"} <= set(texts(drawn))
    assert max(np.ptp(shape.points[:, 0]) for shape in shapes(drawn, Polygon)) < 50


def test_title_and_empty_diagram():
    assert texts(picture(Diagram.identity([]), title="nothing")) == ["nothing"]
    assert picture(Diagram.identity([])).groups == ()


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_give_valid_xml_and_tex(name):
    diagram = Diagram.of(Box(name, (), (name,))) >> Diagram.copy(name)
    written = "".join(parse(to_svg(diagram, title=name)).itertext())
    assert "".join(c if c >= " " else "�" for c in name) in written
    tex = re.sub(r"\\[{}_&%$#]", "", to_tikz(diagram, title=name))
    assert tex.count("{") == tex.count("}")
    assert not re.search("[\x00-\x09\x0b-\x1f]", tex)
    assert not set(tex) & set("&%$#~^")


def test_both_formats_draw_the_same_shapes():
    options = {"regions": {"f": ["S", "C", "U(S,C)"], "g": "T"}, "highlight": "S", "title": "t"}
    drawn = picture(smoking, **options)
    tex = to_tikz(smoking, **options)
    assert [
        len(re.findall(rf"^  \\{word}\[", tex, re.MULTILINE)) for word in ("node", "path")
    ] == [
        len(shapes(drawn, Text)),
        len(shapes(drawn, Rectangle)),
    ]
    assert tex.count("circle[") == len(shapes(drawn, Disc))
    svg = parse(to_svg(smoking, **options))
    assert len(list(svg.iter(f"{SVG}text"))) == len(shapes(drawn, Text))
    used, defined = (
        set(re.findall(r"\bc[0-9A-F]{6}\b", tex)),
        re.findall(r"\{(c\w{6})\}\{HTML", tex),
    )
    assert used == set(defined)
    assert len(defined) == len(set(defined))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"keep": "Tar"}, "no output 'Tar'"),
        ({"highlight": ["X"]}, "no box 'X'"),
        ({"regions": {"f": ["S", "Y"]}}, "no box 'Y'"),
    ],
)
def test_unknown_names_are_refused(options, message):
    for draw in (to_svg, to_tikz):
        with pytest.raises(NameNotFoundError, match=message):
            draw(smoking, **options)


def test_highlight_is_red():
    assert red(picture(smoking, highlight="T")) == {"T"}
    assert red(picture(smoking)) == set()


# -- regions and worlds -----------------------------------------------------------------------


def frames(drawn):
    """Left, top, right and bottom of each frame."""
    return {
        group.name: np.concatenate([box.centre - box.size / 2, box.centre + box.size / 2])
        for group in of_kind(drawn, "region")
        for box in group.shapes
        if isinstance(box, Rectangle) and box.dashed
    }


def inside(drawn, frame):
    """Names of the boxes and states in a frame."""
    found = set()
    for group in drawn.groups:
        if group.kind in {"box", "state"}:
            x, y = np.mean([s.at for s in group.shapes if isinstance(s, Text)], axis=0)
            if frame[0] < x < frame[2] and frame[1] < y < frame[3]:
                found.add(group.name)
    return found


def test_comb_has_two_frames_that_hold_their_boxes_alone():
    regions = comb_regions(smoking, "S", "C")
    drawn = picture(smoking, regions={"f": regions.f, "g": regions.g}, keep="C")
    found = frames(drawn)
    assert {name: inside(drawn, frame) for name, frame in found.items()} == {
        "f": set(regions.f),
        "g": set(regions.g),
    }
    assert found["f"][2] < found["g"][0]
    colours = {g.name: g.shapes[0].colour for g in of_kind(drawn, "region") if g.shapes[0].colour}
    assert colours == {"f": "#0072B2", "g": "#C77700"}


@given(dags(min_nodes=2), st.data())
def test_any_regions_have_frames_side_by_side(dag, data):
    diagram = Diagram.from_dag(dag)
    where = [data.draw(st.sampled_from(["f", "g", "a long name", ""])) for _ in dag.nodes]
    regions = {
        key: [name for name, here in zip(dag.nodes, where, strict=True) if here == key]
        for key in sorted({*where} - {""})
    }
    drawn = picture(diagram, regions=regions)
    found = frames(drawn)
    assert {name: inside(drawn, frame) for name, frame in found.items()} == {
        name: set(boxes) for name, boxes in regions.items()
    }
    assert all(a[2] < b[0] for a, b in pairwise(found.values()))


def test_twin_worlds_stand_left_and_right_of_what_they_share():
    both = twin(functional, {"B": 1})
    assert len(both.boxes) >= 10
    drawn = picture(both)
    found = frames(drawn)
    assert {name: inside(drawn, frame) for name, frame in found.items()} == {
        "fact": {"NB", "B", "D", "E"},
        "shared": {"NA", "A", "ND", "NE"},
        "counterfactual": {"B*", "D*", "E*"},
    }
    assert list(found) == ["fact", "shared", "counterfactual"]
    assert all(a[2] < b[0] for a, b in pairwise(found.values()))
    shown, places = laid_out(both)
    top = {
        item.name: places.tops[v] for v, item in enumerate(shown.items) if item.kind != "output"
    }
    assert all(top[name] == top[f"{name}*"] for name in "BDE")
    assert {"E*", "D*", "B*"} <= set(texts(drawn))


def test_twin_is_folded_to_one_counterfactual():
    drawn = picture(twin(functional, {"B": 1}), keep="E*")
    assert list(frames(drawn)) == ["shared", "counterfactual"]
    assert "B" not in {group.name for group in of_kind(drawn, "box")}


def test_stars_that_would_give_a_cycle_of_rows_are_drawn_too():
    check_layout(Diagram.parse("A = A()\nA* = f(A)\nB* = f(A*)\nB = f(B*)\nreturn B"))


# -- surgery ----------------------------------------------------------------------------------


def test_cut_shows_a_discard_above_a_red_state():
    drawn = surgery_picture(smoking, cut("S")(smoking))
    assert red(drawn) == {"S"}
    assert [group.name for group in of_kind(drawn, "ground")] == ["U(S,C) discarded"]
    ground, state = of_kind(drawn, "ground")[0], of_kind(drawn, "state")[0]
    assert state.shapes[0].points[:, 1].min() > ground.shapes[-1].points[:, 1].max()
    assert {"before", "after"} <= set(texts(drawn))
    assert "U(S,C) discarded" in before_after(smoking, cut("S")(smoking))


@given(dags(min_nodes=2), st.data())
def test_every_wire_that_surgery_cuts_ends_in_a_discard(dag, data):
    diagram = Diagram.from_dag(dag)
    names = data.draw(st.sets(st.sampled_from(dag.nodes)))
    drawn = surgery_picture(diagram, set_state(dict.fromkeys(names, 0))(diagram))
    parents = [parent for name in names for parent in dag.parents(name)]
    grounds = [group.name.removesuffix(" discarded") for group in of_kind(drawn, "ground")]
    assert sorted(grounds) == sorted(parents)
    assert red(drawn) == names


def test_folded_surgery_keeps_what_was_cut_off():
    drawn = surgery_picture(napkin, set_state({"R": "yes"})(napkin), keep=["X", "Y"])
    assert [group.name for group in of_kind(drawn, "ground")] == ["W discarded"]
    assert [group.name for group in of_kind(drawn, "box")].count("W") == 2


@pytest.mark.parametrize(
    ("surgery", "changed", "grounds"),
    [
        (policy({"T": "dice"}), {"T", "dice"}, ["S discarded"]),
        (shift({"T": "more"}), {"more"}, []),
        (cut(), set(), []),
    ],
)
def test_only_what_changed_is_red(surgery, changed, grounds):
    drawn = surgery_picture(smoking, surgery(smoking))
    assert red(drawn) == changed
    assert [group.name for group in of_kind(drawn, "ground")] == grounds


def test_boxes_that_read_another_old_wire_are_red():
    before = Diagram.parse("a: A = A()\nb: A = A()\nC = C(a)\nreturn b, C")
    after = Diagram.parse("a: A = A()\nb: A = A()\nC = C(b)\nreturn b, C")
    drawn = surgery_picture(before, after)
    assert red(drawn) == {"C"}
    assert [group.name for group in of_kind(drawn, "ground")] == ["A discarded"]


def test_diagrams_of_other_types_are_refused():
    with pytest.raises(GraphError, match="expected the same inputs and outputs"):
        before_after(smoking, smoking.keep([0]))
    with pytest.raises(NameNotFoundError, match="no output 'Z'"):
        before_after(smoking, smoking, keep="Z")
