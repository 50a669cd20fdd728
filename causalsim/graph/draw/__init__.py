"""Drawing: our own layered layout, one picture model, and SVG text. Needs numpy only."""

from causalsim.graph.draw._layout import Layout, layout
from causalsim.graph.draw._links import Drawable, Link
from causalsim.graph.draw._picture import Picture, Strengths, picture
from causalsim.graph.draw._svg import to_svg

__all__ = ["Drawable", "Layout", "Link", "Picture", "Strengths", "layout", "picture", "to_svg"]
