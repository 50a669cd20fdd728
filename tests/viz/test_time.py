"""Pictures of temporal graphs show every link at its place."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

import causalsim as cs
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


def test_bars_stand_at_cause_effect_and_lag():
    figure = cs.viz.lags(GRAPH, strengths={"X[t-2] --> Y": -0.4})
    bars = {
        (*divmod(k, 4), round(bar.get_x() + bar.get_width() / 2)): bar.get_height()
        for k, axes in enumerate(figure.axes)
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
    heights = [bar.get_height() for axes in cs.viz.lags(found).axes for bar in axes.patches]
    assert heights == pytest.approx(list(found.strengths.values()))


@pytest.mark.parametrize("draw", [cs.viz.window, cs.viz.lags])
def test_graphs_without_time_are_sent_to_plot(draw):
    with pytest.raises(
        GraphError, match="a TemporalGraph or a result with one, got a DAG; write cs.viz.plot"
    ):
        draw(cs.DAG.from_edges(["X --> Y"]))
