"""Pictures of real and simulated series show the lines of the report."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

import numpy as np
import pytest

import causalsim as cs
from causalsim.errors import NameNotFoundError, OptionError


@pytest.fixture(scope="module")
def report():
    edges = {"A[t-1] --> A": 0.7, "A[t-1] --> <B>": 1.0, "C_$1$[t-1] --> C_$1$": 0.3}
    truth = cs.TemporalSCM.from_weights(edges)
    paths = truth.sample(200, 2, rng=1)
    return cs.fidelity(truth.sample(200, rng=0).frame(), paths, panel="logistic", rng=0)


def test_panels_stand_side_by_side(report):
    figure = cs.viz.panels(report)
    lines = report.curves
    assert len(figure.axes) == 6
    assert [axes.get_ylabel() for axes in figure.axes[::2]] == list(lines.names)
    for k in range(3):
        for which in range(2):
            drawn = figure.axes[2 * k + which].lines[0].get_ydata()
            np.testing.assert_array_equal(drawn, lines.series[which, :, k])
        assert figure.axes[2 * k].get_ylim() == figure.axes[2 * k + 1].get_ylim()


@pytest.mark.parametrize("draw", [cs.viz.qq, cs.viz.acf, cs.viz.psd])
def test_a_panel_for_each_variable_wanted(report, draw):
    titles = [axes.get_title() for axes in draw(report).axes]
    assert titles == list(report.curves.names)
    assert [axes.get_title() for axes in draw(report, ["<B>"]).axes] == ["<B>"]


def test_lines_are_those_of_the_report(report):
    lines = report.curves
    real, simulated = cs.viz.acf(report, ["A"]).axes[0].lines[1:]
    np.testing.assert_array_equal(real.get_ydata(), lines.autocorrelations[0, 1:, 0])
    np.testing.assert_array_equal(simulated.get_ydata(), lines.autocorrelations[1, 1:, 0])
    dots = cs.viz.qq(report, ["A"]).axes[0].lines[1]
    np.testing.assert_array_equal(dots.get_xydata(), lines.quantiles[:, :, 0].T)
    power = cs.viz.psd(report, ["A"]).axes[0].lines[1]
    np.testing.assert_allclose(10 ** (power.get_ydata() / 10), lines.spectra[1, :, 0])


def test_pictures_of_a_page_are_the_same_each_time_and_well_formed(report):
    texts = cs.viz.report_svgs(report)
    assert len(texts) == 5
    assert cs.viz.report_svgs(replace(report, curves=None)) == texts[:1]
    for text in texts:
        assert ET.fromstring(text).tag.endswith("svg")  # noqa: S314
    page = report.to_html(texts)
    assert page.count("<svg") == 5
    assert "<B>" not in page


def test_what_cannot_be_drawn_is_refused(report):
    with pytest.raises(NameNotFoundError, match="no variable 'Z'. Known: 'A', '<B>', "):
        cs.viz.psd(report, ["Z"])
    with pytest.raises(OptionError, match="13 variables; choose 1 to 12"):
        cs.viz.qq(report, ["A"] * 13)
    with pytest.raises(OptionError, match="this report holds no series to draw"):
        cs.viz.panels(replace(report, curves=None))
    with pytest.raises(OptionError, match=r"report is a dict; give what causalsim\.fidelity"):
        cs.viz.report_svgs({})
