"""Pictures with matplotlib: same shapes as the SVG, files by extension."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from matplotlib import patches
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

import causalsim as cs
from causalsim import viz
from causalsim.errors import FormatError, GraphError, NameNotFoundError, OptionError
from causalsim.graph import PAG, TemporalGraph

SIGNATURES = {".png": b"\x89PNG", ".pdf": b"%PDF", ".svg": b"<svg"}


@dataclass(frozen=True)
class Result:
    """Stands for a result of discovery."""

    graph: cs.CPDAG

    @property
    def strengths(self):
        return {"A --> B": 0.9, "B --- C": 0.1}


def axes():
    return Figure().add_subplot()


def every_glyph():
    return PAG.from_edges(["A o-> B", "B --> D", "D <-> E", "E o-o F"])


def drawn(ax, kind):
    return [patch for patch in ax.patches if type(patch) is kind]


@pytest.fixture(autouse=True)
def _no_display():
    plt.switch_backend("Agg")


def test_plot_draws_names_and_glyphs_into_given_axes():
    given = axes()
    ax = viz.plot(every_glyph(), ax=given, legend=False, title="glyphs")
    assert ax is given
    assert sorted(t.get_text() for t in ax.texts) == ["A", "B", "D", "E", "F", "glyphs"]
    assert len(drawn(ax, patches.Polygon)) == 4
    assert len(drawn(ax, patches.Circle)) == 3
    assert len(drawn(ax, patches.PathPatch)) == 4


def test_plot_opens_a_figure_of_the_drawing_s_size():
    ax = viz.plot(cs.DAG.from_edges(["X --> Y"]))
    try:
        assert isinstance(ax, plt.Axes)
        width, height = ax.figure.get_size_inches() * 96
        assert ax.get_xlim() == pytest.approx((0, width))
        assert ax.get_ylim() == pytest.approx((height, 0))
        assert {round(t.get_size(), 6) for t in ax.texts} == {9.75, 8.25}
    finally:
        plt.close(ax.figure)


def test_text_scales_with_the_axes():
    small, large = (
        viz.plot(every_glyph(), ax=Figure(figsize=size).add_subplot()).texts[0].get_size()
        for size in ((3, 3), (6, 6))
    )
    assert large == pytest.approx(2 * small)


def test_result_is_drawn_with_its_own_strengths():
    result = Result(cs.CPDAG.from_edges(["A --> B", "B --- C"]))
    thick, thin = (
        p.get_linewidth() for p in drawn(viz.plot(result, ax=axes()), patches.PathPatch)[:2]
    )
    assert thick > 2 * thin
    override = viz.plot(result, ax=axes(), strengths={})
    assert len({p.get_linewidth() for p in drawn(override, patches.PathPatch)}) == 1


def test_a_discovery_is_drawn_with_its_own_strengths():
    model = cs.SCM.from_weights({"X --> Z": 1.5, "Y --> Z": 0.3})
    found = cs.pc(model.sample(2000, rng=0), "fisher_z", alpha=0.01)
    lines = drawn(viz.plot(found, ax=axes(), legend=False), patches.PathPatch)
    assert len({line.get_linewidth() for line in lines}) == len(found.graph.edges) == 2


def test_names_are_no_formulas():
    ax = viz.plot(cs.DAG.from_edges(["$x_ --> y^2$"]), ax=axes())
    ax.figure.canvas.draw()
    assert "$x_" in [t.get_text() for t in ax.texts]


@pytest.mark.parametrize("extension", SIGNATURES)
def test_save_writes_the_format_of_the_extension(tmp_path, extension):
    graph = TemporalGraph.from_edges(
        ["X[t-1] --> X", "X[t-1] --> Y", "Y x-x Z", "L <-> Z"], roles={"L": "latent"}
    )
    path = tmp_path / f"graph{extension}"
    viz.save(graph, path, title="t", highlight=["X"])
    assert path.read_bytes().startswith(SIGNATURES[extension])
    viz.save(graph, str(path.with_suffix(extension.upper())))
    assert len(list(tmp_path.iterdir())) == 2
    assert not plt.get_fignums()


def test_empty_graph_is_drawn(tmp_path):
    viz.save(cs.DAG.from_edges([]), tmp_path / "empty.png")
    assert (tmp_path / "empty.png").stat().st_size > 0


def test_unknown_extension_is_refused(tmp_path):
    with pytest.raises(OptionError, match=r"file extension='\.gif'.*'\.svg', '\.png', '\.pdf'"):
        viz.save(cs.DAG.from_edges(["X --> Y"]), tmp_path / "graph.gif")
    with pytest.raises(FormatError, match="does not exist"):
        viz.save(cs.DAG.from_edges(["X --> Y"]), tmp_path / "no" / "graph.png")


def test_what_is_no_graph_is_refused():
    with pytest.raises(GraphError, match="cannot draw a list; expected a DAG"):
        viz.plot(["X --> Y"], ax=axes())
    with pytest.raises(NameNotFoundError, match="no node 'Z'"):
        viz.plot(cs.DAG.from_edges(["X --> Y"]), ax=axes(), highlight=["Z"])
