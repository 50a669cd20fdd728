"""Pictures with matplotlib: the same layout and glyphs as the SVG of ``causalsim.graph.draw``."""

from causalsim.viz._diagrams import diagram, surgery
from causalsim.viz._force import driving_force
from causalsim.viz._plot import plot, save
from causalsim.viz._simulation import fan, fidelity, leaderboard, responses
from causalsim.viz._time import lags, window

__all__ = [
    "diagram",
    "driving_force",
    "fan",
    "fidelity",
    "lags",
    "leaderboard",
    "plot",
    "responses",
    "save",
    "surgery",
    "window",
]
