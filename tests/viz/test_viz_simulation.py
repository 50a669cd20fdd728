"""Pictures of simulators show what their tables say."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib import pyplot as plt

import causalsim as cs
from causalsim.errors import OptionError


@pytest.fixture(autouse=True)
def tidy():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def real():
    scm = cs.TemporalSCM.from_weights({"X[t-1] --> X": 0.7, "X[t-1] --> Y": 1.0})
    return scm.sample(400, rng=0).frame()


@pytest.fixture(scope="module")
def found(real):
    space = [cs.simulate.Configuration(how, "ridge") for how in ("ar", "dense")]
    return cs.act(real, max_lag=1, space=space, rounds=[cs.simulate.Round("logistic", 2)], rng=0)


def test_a_fan_has_a_panel_a_variable_and_the_real_line(real, found):
    paths = found.best.sample(100, 30, rng=1)
    figure = cs.viz.fan(paths, real)
    assert [axes.get_ylabel() for axes in figure.axes] == ["X", "Y"]
    line = figure.axes[1].lines[0]
    np.testing.assert_array_equal(line.get_ydata(), real["Y"][:100])
    assert cs.viz.fan(list(paths), title="mine").get_suptitle() == "mine"


def test_responses_are_lines(found):
    axes = cs.viz.responses(found.best.impulse_response("X", steps=5, rng=0), title="X up")
    assert [line.get_label() for line in axes.lines[:2]] == ["X", "Y"]
    assert axes.get_title() == "X up"


def test_the_search_marks_its_winner(found):
    axes = cs.viz.leaderboard(found)
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert f"chosen: {found.configuration.label}" in labels
    with pytest.raises(OptionError, match=r"result is a dict; give what causalsim\.act"):
        cs.viz.leaderboard({})


def test_a_report_shows_judges_giveaways_and_dynamics(real, found):
    report = found.report(panel="logistic", paths=2)
    figure = cs.viz.fidelity(report)
    titles = [axes.get_title() for axes in figure.axes]
    assert titles[:3] == [
        "Who tells it apart; baselines by two judges",
        "What gives it away",
        "Margins and dynamics, a dot a variable",
    ]
    names = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert names[:3] == [
        "this simulation, whole panel",
        "real against real, whole panel",
        "this simulation",
    ]
    assert "stationary bootstrap (copies)" in names
    with pytest.raises(OptionError, match=r"report is a DataFrame; give what causalsim\.fid"):
        cs.viz.fidelity(real)
