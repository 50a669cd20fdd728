"""Pictures of temporal graphs show every link at its place."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

import causalsim as cs
from causalsim.citest import Oracle
from causalsim.discovery import DrivingForce
from causalsim.errors import GraphError

GRAPH = cs.TemporalGraph.from_edges(
    ["X[t-1] --> X", "X[t-2] --> Y", "X --> Z", "Y x-x Z", "Y[t-3] --> Z", "W --- Y"]
)


def test_a_window_repeats_each_edge_as_often_as_it_fits():
    axes = cs.viz.window(GRAPH, ax=Figure().add_subplot(), title="four")
    arrows = [patch for patch in axes.patches if isinstance(patch, FancyArrowPatch)]
    assert len(arrows) == 3 + 2 + 4 + 4 + 1 + 4
    assert [text.get_text() for text in axes.get_xticklabels()] == ["t-3", "t-2", "t-1", "t"]
    assert [text.get_text() for text in axes.get_yticklabels()] == list(GRAPH.nodes)
    assert axes.get_title() == "four"


LONG = cs.TemporalGraph.from_edges(
    [
        *(
            "rain[t-2] --> level",
            "soil[t-1] --> level",
            "rain[t-1] --> soil",
            "rain[t-2] --> rain",
        ),
        *("level[t-1] --> flood", "rain[t-3] --> flood", "rain --> flood", "soil[t-2] --> flood"),
    ],
    ["rain", "soil", "level", "flood"],
)


@pytest.mark.parametrize("graph", [GRAPH, LONG])
@pytest.mark.parametrize("size", [None, (12, 4), (4, 8)])
def test_no_arrow_of_a_window_passes_through_another_node(graph, size):
    axes = cs.viz.window(graph, ax=None if size is None else Figure(size).add_subplot())
    figure = axes.figure
    figure.draw_without_rendering()
    nodes = [(-lag, row) for lag in range(graph.max_lag + 1) for row in range(len(graph))]
    centres = axes.transData.transform(nodes)
    radius = np.sqrt(150 / np.pi) * figure.dpi / 72
    assert len(axes.patches) > 5
    for arrow in axes.patches:
        ends = axes.transData.transform(arrow._posA_posB)
        others = centres[np.linalg.norm(centres[:, None] - ends, axis=2).min(axis=1) > 1]
        curve = axes.transData.transform(
            np.concatenate(arrow.get_path().to_polygons(closed_only=False))
        )
        ticks = np.linspace(0, 1, 20)[:, None, None]
        points = ((1 - ticks) * curve[:-1] + ticks * curve[1:]).reshape(-1, 1, 2)
        assert np.linalg.norm(points - others, axis=2).min() > radius
    plt.close("all")


def test_a_grid_of_lags_is_a_figure_of_pyplot(tmp_path):
    grid = cs.viz.lags(GRAPH)
    assert grid.shape == (4, 4)
    assert plt.gcf() is grid[0, 0].figure
    plt.close("all")


# -- driving forces --------------------------------------------------------------------------


def force_of(kind, labels):
    path = np.random.default_rng(0).normal(size=(4, 2))
    shares = np.array([0.8, 0.1])
    return DrivingForce(path, np.arange(4.0), kind, shares, 1.0, "gaussian", labels)


def test_domains_stand_on_the_axis_by_name():
    towns = ("Bonn", "Lima", "Oslo", "Rome")
    axes = cs.viz.driving_force(force_of("domain", towns), ax=Figure().add_subplot())
    assert tuple(text.get_text() for text in axes.get_xticklabels()) == towns
    centres = [bar.get_x() + bar.get_width() / 2 for bar in axes.patches]
    assert np.mean(np.reshape(centres, (2, 4)), axis=0) == pytest.approx(np.arange(4))


def test_times_stand_on_the_axis_by_date():
    days = ("2008-09-14", "2008-09-15", "2008-09-16", "2008-09-17")
    axes = cs.viz.driving_force(force_of("time", days), ax=Figure().add_subplot())
    assert axes.lines[0].get_xdata().astype("datetime64[D]").astype(str).tolist() == list(days)
    bare = cs.viz.driving_force(force_of("time", ()), ax=Figure().add_subplot())
    assert bare.lines[0].get_xdata().tolist() == [0, 1, 2, 3]
    assert bare.get_xlabel() == "time"


def test_the_legend_of_a_driving_force_covers_nothing():
    axes = cs.viz.driving_force(force_of("domain", ()), ax=Figure().add_subplot())
    axes.figure.draw_without_rendering()
    assert axes.get_legend().get_window_extent().y0 >= axes.get_window_extent().y1 - 1


def test_what_is_no_driving_force_is_sent_to_the_method():
    found = cs.cdnod(None, "C", Oracle(cs.DAG.from_edges(["C --> X", "Y --> X"])))
    words = r"got a CDNODResult; write cs\.viz\.driving_force\(found\.driving_force\('X'\)\)"
    with pytest.raises(GraphError, match=words):
        cs.viz.driving_force(found)
    with pytest.raises(GraphError, match=r"got a DAG; .*found\.driving_force\('name'\)"):
        cs.viz.driving_force(cs.DAG.from_edges(["X --> Y"]))


# -- bars by lag -----------------------------------------------------------------------------


def test_bars_stand_at_cause_effect_and_lag():
    grid = cs.viz.lags(GRAPH, strengths={"X[t-2] --> Y": -0.4}, figure=Figure())
    bars = {
        (*place, round(bar.get_x() + bar.get_width() / 2)): bar.get_height()
        for place, axes in np.ndenumerate(grid)
        for bar in axes.patches
    }
    x, y, z, w = (GRAPH.nodes.index(name) for name in "XYZW")
    assert bars.pop((x, y, 2)) == pytest.approx(-0.4)
    assert bars.keys() == {
        (x, x, 1),
        (x, z, 0),
        (y, z, 0),
        (z, y, 0),
        (y, z, 3),
        (w, y, 0),
        (y, w, 0),
    }
    assert set(bars.values()) == {1.0}


def test_strengths_come_from_a_result():
    rng = np.random.default_rng(0)
    x = rng.normal(size=300)
    series = np.column_stack([x, 0.9 * np.roll(x, 1) + rng.normal(size=300)])
    found = cs.pcmci_plus(series, max_lag=2)
    grid = cs.viz.lags(found, figure=Figure())
    heights = [bar.get_height() for axes in grid.flat for bar in axes.patches]
    assert heights == pytest.approx(list(found.strengths.values()))


@pytest.mark.parametrize("draw", [cs.viz.window, cs.viz.lags])
def test_graphs_without_time_are_sent_to_plot(draw):
    with pytest.raises(
        GraphError, match="a TemporalGraph or a result with one, got a DAG; write cs.viz.plot"
    ):
        draw(cs.DAG.from_edges(["X --> Y"]))
