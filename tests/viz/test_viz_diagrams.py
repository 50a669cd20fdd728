"""Diagrams with matplotlib: the shapes of the SVG on axes, saved in every format."""

import matplotlib.pyplot as plt
import pytest
from matplotlib import patches
from matplotlib.figure import Figure

from causalsim.diagrams import Diagram
from causalsim.diagrams.draw import picture, surgery_picture
from causalsim.diagrams.surgery import cut
from causalsim.errors import NameNotFoundError
from causalsim.graph import ADMG
from causalsim.graph.draw._shapes import Curve, Text
from causalsim.viz._diagrams import diagram, surgery

SIGNATURES = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml"}

smoking = Diagram.from_admg(ADMG.from_edges(["S --> T", "T --> C", "S <-> C"]))


def count(drawn, kind):
    return sum(isinstance(shape, kind) for group in drawn.groups for shape in group.shapes)


def test_axes_hold_the_shapes_of_the_picture():
    regions = {"f": ["S", "C", "U(S,C)"], "g": "T"}
    ax = diagram(smoking, ax=Figure().add_subplot(), regions=regions, highlight="S", title="t")
    drawn = picture(smoking, regions=regions, highlight="S", title="t")
    assert len(ax.texts) == count(drawn, Text)
    lines = [p for p in ax.patches if type(p) is patches.PathPatch]
    assert len(lines) == count(drawn, Curve)


def test_surgery_draws_both_diagrams():
    ax = surgery(smoking, cut("S")(smoking), ax=Figure().add_subplot(), keep="C")
    drawn = surgery_picture(smoking, cut("S")(smoking), keep="C")
    assert [t.get_text() for t in ax.texts].count("T") == 2
    assert len(ax.texts) == count(drawn, Text)


@pytest.mark.parametrize("kind", SIGNATURES)
def test_a_new_figure_has_the_size_of_the_drawing_and_is_saved(tmp_path, kind):
    ax = diagram(smoking, title="smoking")
    try:
        drawn = picture(smoking, title="smoking")
        assert tuple(ax.figure.get_size_inches() * 96) == pytest.approx(
            (drawn.width, drawn.height)
        )
        ax.figure.savefig(tmp_path / "drawing", format=kind)
        assert (tmp_path / "drawing").read_bytes().startswith(SIGNATURES[kind])
    finally:
        plt.close(ax.figure)


def test_unknown_names_are_refused():
    with pytest.raises(NameNotFoundError, match="no output 'Z'"):
        diagram(smoking, ax=Figure().add_subplot(), keep="Z")
