"""Layout and SVG: everything is drawn, nothing overlaps, names and words are right."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import admgs, cpdags, dags, pags, temporal_graphs

from causalsim.errors import FormatError, NameNotFoundError
from causalsim.graph import ADMG, CPDAG, DAG, PAG, TemporalGraph
from causalsim.graph.draw import layout, picture, to_svg
from causalsim.graph.draw._coordinates import separated
from causalsim.graph.draw._layers import Rows, _crossings, _order, arrange
from causalsim.graph.draw._links import links, wrap
from causalsim.graph.draw._shapes import Curve, Disc, Polygon

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = ['<b>&"', "a'b", "]]>", "\x00\x1b", "\ud800", "<script>alert(1)</script>"]

graphs = st.one_of(dags(), admgs(), cpdags(), pags(), temporal_graphs())

alarm_edges = """
HISTORY<LVFAILURE CVP<LVEDVOLUME PCWP<LVEDVOLUME LVEDVOLUME<HYPOVOLEMIA LVEDVOLUME<LVFAILURE
STROKEVOLUME<HYPOVOLEMIA STROKEVOLUME<LVFAILURE HRBP<ERRLOWOUTPUT HRBP<HR HREKG<ERRCAUTER
HREKG<HR HRSAT<ERRCAUTER HRSAT<HR TPR<ANAPHYLAXIS EXPCO2<ARTCO2 EXPCO2<VENTLUNG
MINVOL<INTUBATION MINVOL<VENTLUNG PVSAT<FIO2 PVSAT<VENTALV SAO2<PVSAT SAO2<SHUNT
PAP<PULMEMBOLUS SHUNT<INTUBATION SHUNT<PULMEMBOLUS PRESS<INTUBATION PRESS<KINKEDTUBE
PRESS<VENTTUBE VENTMACH<MINVOLSET VENTTUBE<DISCONNECT VENTTUBE<VENTMACH VENTLUNG<INTUBATION
VENTLUNG<KINKEDTUBE VENTLUNG<VENTTUBE VENTALV<INTUBATION VENTALV<VENTLUNG ARTCO2<VENTALV
CATECHOL<ARTCO2 CATECHOL<INSUFFANESTH CATECHOL<SAO2 CATECHOL<TPR HR<CATECHOL CO<HR
CO<STROKEVOLUME BP<CO BP<TPR
"""


def alarm_graph() -> DAG:
    """The network of the ALARM monitoring system: 37 nodes, 46 edges."""
    pairs = [edge.split("<") for edge in alarm_edges.split()]
    return DAG.from_edges([f"{parent} --> {child}" for child, parent in pairs])


def sparse_graph(p: int, degree: float, seed: int) -> DAG:
    rng = np.random.default_rng(seed)
    ordered = np.triu(rng.random((p, p)) < degree / (p - 1), 1)
    shuffle = rng.permutation(p)
    return DAG.from_directed([f"V{i}" for i in range(p)], ordered[np.ix_(shuffle, shuffle)])


def all_glyphs_graph() -> PAG:
    return PAG.from_edges(
        ["A o-> B", "C o-o B", "B --> D", "D <-> E", "A --o H", "H --- I", "G o-> D"]
    )


def on_curve(route, steps=40):
    """Points on a chain of cubic Bézier pieces."""
    t = np.linspace(0, 1, steps)[:, None]
    pieces = [route[k : k + 4] for k in range(0, len(route) - 1, 3)]
    return np.concatenate(
        [
            (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t**2 * c + t**3 * d
            for a, b, c, d in pieces
        ]
    )


def clearance(drawn):
    """Smallest distance between two boxes along x or y, the larger of both."""
    apart = np.abs(drawn.positions[:, None] - drawn.positions[None])
    gap = (apart - (drawn.sizes[:, None] + drawn.sizes[None]) / 2).max(axis=-1)
    return gap[~np.eye(len(gap), dtype=bool)].min(initial=np.inf)


def pierced(drawn):
    """Links that run through the inside of a box."""
    return [
        link
        for link, route in zip(drawn.links, drawn.routes, strict=True)
        for centre, size in zip(drawn.positions, drawn.sizes, strict=True)
        if (np.abs(on_curve(route) - centre) < size / 2 - 1e-6).all(axis=1).any()
    ]


def parse(svg):
    """Our own text, hence safe to parse with the standard library."""
    return ET.fromstring(svg)  # noqa: S314


def groups(svg, kind):
    """Titles of the groups of one kind."""
    root = parse(svg)
    return [g.find(f"{SVG}title").text for g in root.iter(f"{SVG}g") if g.get("class") == kind]


def shapes(graph, kind, groups=("edge",)):
    drawn = picture(graph)
    return [s for g in drawn.groups if g.kind in groups for s in g.shapes if isinstance(s, kind)]


# -- layout -----------------------------------------------------------------------------------


def check_layout(graph):
    drawn = layout(graph)
    assert drawn.nodes == graph.nodes
    assert drawn.positions.shape == drawn.sizes.shape == (len(graph), 2)
    everything = np.concatenate([drawn.positions, drawn.anchors, *drawn.routes])
    assert np.isfinite(everything).all()
    edge = drawn.positions - drawn.sizes / 2, drawn.positions + drawn.sizes / 2
    assert (np.concatenate(edge) >= -1e-6).all()
    assert (np.concatenate(edge) <= np.array([drawn.width, drawn.height]) + 1e-6).all()
    assert clearance(drawn) >= 20
    assert pierced(drawn) == []
    return drawn


@given(graphs)
def test_boxes_stay_apart_and_links_clear_of_boxes(graph):
    check_layout(graph)


@pytest.mark.parametrize(
    "graph",
    [alarm_graph(), sparse_graph(40, 2.5, 0), sparse_graph(40, 3.0, 3), sparse_graph(12, 11, 1)],
    ids=["alarm", "sparse", "denser", "complete"],
)
def test_large_graphs_stay_legible(graph):
    check_layout(graph)


@given(graphs)
def test_layout_repeats_itself(graph):
    first, second = layout(graph), layout(graph)
    assert np.array_equal(first.positions, second.positions)
    assert all(np.array_equal(a, b) for a, b in zip(first.routes, second.routes, strict=True))
    assert to_svg(graph) == to_svg(graph)


@given(dags())
def test_causes_stand_above_effects(graph):
    height = layout(graph).positions[:, 1]
    for link in links(graph):
        assert height[link.i] < height[link.j]


@given(graphs)
def test_routes_start_and_end_on_the_boxes(graph):
    drawn = layout(graph)
    for link, route in zip(drawn.links, drawn.routes, strict=True):
        for node, end in ((link.i, route[0]), (link.j, route[-1])):
            off = np.abs(end - drawn.positions[node]) - drawn.sizes[node] / 2
            assert off[0] <= 0
            assert off[1] == pytest.approx(0, abs=1e-6)


@given(temporal_graphs())
def test_labels_of_lags_stay_apart(graph):
    drawn = layout(graph)
    if len(drawn.links) > 1:
        apart = np.abs(drawn.anchors[:, None] - drawn.anchors[None])
        apart = apart[~np.eye(len(apart), dtype=bool)]
        assert ((apart[:, 0] >= 10) | (apart[:, 1] >= 10)).all()


def test_every_edge_of_a_temporal_cycle_has_its_own_route():
    drawn = layout(TemporalGraph.from_edges(["X[t-1] --> Y", "Y[t-2] --> X"]))
    assert len(drawn.routes) == 2
    assert np.abs(drawn.anchors[0] - drawn.anchors[1]).max() > 10


def test_nodes_alone_stand_below_the_components():
    drawn = layout(DAG.from_edges(["A --> B", "C --> D"], nodes=list("ABCDEF")))
    height = dict(zip(drawn.nodes, drawn.positions[:, 1], strict=True))
    assert height["A"] == height["C"]
    assert height["E"] == height["F"] > height["B"]


def test_chain_is_drawn_straight_down():
    drawn = layout(DAG.from_edges(["A --> B", "B --> C", "C --> D"]))
    assert np.ptp(drawn.positions[:, 0]) == pytest.approx(0, abs=1e-6)


def test_crossing_that_can_be_avoided_is_avoided():
    graph = DAG.from_edges(
        ["A --> Z", "B --> Y", "C --> X", "A --> Y", "B --> X"], nodes=list("ABCXYZ")
    )
    rows = arrange(len(graph), links(graph))
    assert _crossings(rows.rows, rows.segments) == 0


def test_crossings_of_a_complete_bipartite_graph():
    chains = tuple((a, b) for a in (0, 1, 2) for b in (3, 4, 5))
    rows = Rows(((0, 1, 2), (3, 4, 5)), chains)
    assert _crossings(rows.rows, rows.segments) == 9


@given(dags(max_nodes=6))
def test_order_of_a_dag_is_topological(graph):
    place = {node: k for k, node in enumerate(_order(len(graph), links(graph)))}
    assert sorted(place) == list(range(len(graph)))
    assert all(place[link.i] < place[link.j] for link in links(graph))


positions = st.lists(st.floats(-100, 100), min_size=1, max_size=7)


@given(positions)
def test_separated_is_the_closest_feasible_point(goal):
    goal = np.array(goal)
    gaps, weights = np.full(len(goal) - 1, 5.0), np.arange(1.0, len(goal) + 1)
    found = separated(goal, weights, gaps)
    assert (np.diff(found) >= gaps - 1e-9).all()
    cost = (weights * (found - goal) ** 2).sum()
    rng = np.random.default_rng(0)
    for _ in range(20):
        other = np.sort(found + rng.normal(0, 3, len(goal)))
        other = np.maximum.accumulate(other - 5.0 * np.arange(len(goal)))
        other += 5.0 * np.arange(len(goal))
        assert (weights * (other - goal) ** 2).sum() >= cost - 1e-6


def test_separated_keeps_bounds():
    found = separated(np.array([9.0, 9.0]), np.ones(2), np.array([4.0]), 0.0, 10.0)
    assert found.tolist() == [6.0, 10.0]


# -- pictures ---------------------------------------------------------------------------------


@given(st.one_of(dags(), admgs(), cpdags(), pags()))
def test_every_node_and_edge_appears_once(graph):
    svg = to_svg(graph)
    assert groups(svg, "node") == list(graph.nodes)
    assert groups(svg, "edge") == list(graph.edges)


@given(temporal_graphs())
def test_every_temporal_edge_appears(graph):
    svg = to_svg(graph)
    own = {e for n in graph.nodes for e in graph.edges if re.match(rf"{n}\[.*\] \S+ {n}$", e)}
    drawn = {text for title in groups(svg, "edge") for text in title.split("; ")}
    assert groups(svg, "node") == list(graph.nodes)
    assert drawn == set(graph.edges) - own
    assert svg.count(">self ") == len({e.split("[")[0] for e in own}) + bool(own)


@given(st.one_of(dags(), admgs(), cpdags(), pags()))
def test_glyphs_follow_the_marks(graph):
    text = " ".join(e.split(" ")[1] for e in graph.edges)
    assert len(shapes(graph, Polygon)) == text.count(">") + text.count("<")
    assert len(shapes(graph, Disc)) == text.count("o")
    dashed = [curve for curve in shapes(graph, Curve) if curve.dashed]
    assert len(dashed) == text.count("<->")
    assert len(shapes(graph, Curve)) == graph.n_edges + 6 * text.count("x-x")


def test_arrow_heads_touch_the_box_they_point_at():
    drawn = layout(DAG.from_edges(["X --> Y"]))
    (head,) = shapes(DAG.from_edges(["X --> Y"]), Polygon)
    assert head.points[0, 1] > head.points[1, 1]
    assert head.points[0, 1] - head.points[1, 1] > 8
    assert drawn.routes[0][-1, 1] == drawn.positions[1, 1] - drawn.sizes[1, 1] / 2


def test_conflicts_are_in_a_colour_of_their_own():
    graph = CPDAG.from_edges(["A --> B", "B x-x C", "C <-> D"])
    colours = [g.shapes[0].colour for g in picture(graph).groups if g.kind == "edge"]
    assert colours[1] == colours[2] != colours[0]


def test_legend_lists_what_occurs_in_the_words_of_the_kind():
    shared = "X and Y share a hidden common cause"
    assert groups(to_svg(DAG.from_edges(["X --> Y"])), "legend") == ["X causes Y"]
    assert groups(to_svg(ADMG.from_edges(["A --> B", "A <-> B"])), "legend") == [
        "X causes Y",
        shared,
    ]
    words = groups(to_svg(CPDAG.from_edges(["A <-> B", "B x-x C", "C --- D"])), "legend")
    assert words[0] == "direction not determined"
    assert all("rules disagree" in text for text in words[1:])
    assert shared not in words
    assert len(groups(to_svg(all_glyphs_graph()), "legend")) == 6
    assert groups(to_svg(DAG.from_edges(["X --> Y"]), legend=False), "legend") == []
    assert groups(to_svg(DAG.from_edges([], ["X"])), "legend") == []


def test_temporal_legend_explains_lags_and_roles():
    graph = TemporalGraph.from_edges(
        ["X[t-1] --> X", "X[t-2] --> Y", "X --> Y", "C --> Y", "X[t-1] <-> Y", "L[t-1] <-> L"],
        roles={"C": "context", "L": "latent"},
    )
    svg = to_svg(graph)
    assert "lags in time steps; 0 is the same step" in svg
    assert "context variable" in svg
    assert "latent variable" in svg
    for text in (">0, 2<", ">X[t-1]<", ">self 1<", ">self &lt;-&gt; 1<"):
        assert text in svg


def test_bow_draws_both_edges_apart():
    drawn = layout(ADMG.from_edges(["X --> Y", "X <-> Y"]))
    straight, curved = drawn.routes
    assert np.ptp(straight[:, 0]) < 1
    assert np.abs(curved[0] - straight[0]).max() >= 10
    assert np.ptp(on_curve(curved)[:, 0]) > 10


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_give_valid_xml(name):
    svg = to_svg(DAG.from_edges([f"{name} --> Y"]), title=name)
    root = parse(svg.encode("utf-8"))
    assert not list(root.iter(f"{SVG}script"))
    assert "<b>" not in svg


def test_hostile_name_is_read_back():
    svg = to_svg(DAG.from_edges(['<b>&" --> Y']), title="T")
    assert '<b>&"' in groups(svg, "node")
    assert '<b>&"' in [t.text for t in parse(svg).iter(f"{SVG}text")]


def test_svg_fits_its_view_and_has_white_ground():
    root = parse(to_svg(alarm_graph(), title="ALARM"))
    _, _, width, height = map(float, root.get("viewBox").split())
    first = root.find(f"{SVG}rect")
    assert (first.get("fill"), first.get("width")) == ("#FFFFFF", "100%")
    for text in root.iter(f"{SVG}text"):
        assert 0 < float(text.get("x")) < width
        assert 0 < float(text.get("y")) < height
    assert root.get("font-family") == "sans-serif"


@pytest.mark.parametrize("kind", [DAG, CPDAG, ADMG, PAG, TemporalGraph])
def test_empty_graph_and_single_node(kind):
    assert groups(to_svg(kind.from_edges([]), title="nothing"), "title") == ["nothing"]
    assert groups(to_svg(kind.from_edges([], nodes=["X"])), "node") == ["X"]


def test_long_names_are_broken_and_boxes_hold_them():
    name = "risk_of_cardiovascular_events_within_tenYearsOfStay"
    lines = wrap(name)
    assert "".join(lines) == name
    assert all(len(line) <= 20 for line in lines)
    assert wrap("x" * 200)[-1].endswith("…")
    assert wrap("short name") == ("short name",)
    check_layout(DAG.from_edges([f"{name} --> {'y' * 90}"]))


# -- strengths and highlights -----------------------------------------------------------------


def widths(graph, **options):
    drawn = picture(graph, **options)
    return {g.name: g.shapes[0].width for g in drawn.groups if g.kind == "edge"}


def test_width_grows_with_the_size_of_the_strength():
    graph = CPDAG.from_edges(["A --> B", "B --- C", "C --> D", "D --> E"])
    found = widths(
        graph,
        strengths={
            "B <-- A": -0.8,
            frozenset({"C", "B"}): 0.4,
            frozenset({"A", "E"}): 5.0,
            "C --> D": float("nan"),
        },
    )
    assert found["A --> B (-0.8)"] > found["B --- C (0.4)"] > found["C --> D"]
    assert found["C --> D"] == found["D --> E"]


def test_strength_of_merged_lags_is_the_largest():
    graph = TemporalGraph.from_edges(["X[t-1] --> Y", "X[t-2] --> Y"])
    strengths = {"X[t-1] --> Y": 0.2, frozenset({"X[t-2]", "Y"}): -0.5}
    assert list(widths(graph, strengths=strengths)) == ["X[t-1] --> Y; X[t-2] --> Y (-0.5)"]


def test_legend_tells_the_range_of_strengths():
    svg = to_svg(
        DAG.from_edges(["A --> B", "B --> C"]), strengths={"A --> B": 0.25, "B --> C": -1}
    )
    assert "line width: strength, 0.25 to 1" in svg


def test_highlight_marks_nodes_and_edges():
    graph = DAG.from_edges(["A --> B", "B --> C"])
    plain, marked = to_svg(graph), to_svg(graph, highlight=["A", "B <-- A"])
    assert plain.count("#F0E442") == 0
    assert marked.count("#F0E442") == 2
    assert to_svg(graph, highlight="A").count("#F0E442") == 1


@pytest.mark.parametrize(
    "options",
    [
        {"strengths": {"A --> Bee": 1.0}},
        {"strengths": {frozenset({"A", "Bee"}): 1.0}},
        {"highlight": ["Bee"]},
        {"highlight": ["A --> Bee"]},
    ],
)
def test_unknown_names_are_refused(options):
    with pytest.raises(NameNotFoundError, match="no node 'Bee'"):
        to_svg(DAG.from_edges(["A --> B"]), **options)


def test_strength_of_no_edge_is_refused():
    with pytest.raises(FormatError, match="is no edge"):
        to_svg(DAG.from_edges(["A --> B"]), strengths={"A": 1.0})
