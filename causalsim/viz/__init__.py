"""Pictures with matplotlib: the same layout and glyphs as the SVG of ``causalsim.graph.draw``."""

from causalsim.viz._plot import plot, save

__all__ = ["plot", "save"]
