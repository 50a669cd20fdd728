"""Drawing of string diagrams: one layered layout, one picture, as SVG or TikZ."""

from causalsim.diagrams.draw._picture import picture
from causalsim.diagrams.draw._surgery import before_after, surgery_picture
from causalsim.diagrams.draw._svg import to_svg
from causalsim.diagrams.draw._tikz import to_tikz

__all__ = ["before_after", "picture", "surgery_picture", "to_svg", "to_tikz"]
