"""Pictures with matplotlib: the same layout and glyphs as the SVG of ``causalsim.graph.draw``."""

from causalsim.viz._diagrams import diagram, surgery
from causalsim.viz._force import driving_force
from causalsim.viz._plot import plot, save
from causalsim.viz._series import acf, panels, psd, qq, report_svgs
from causalsim.viz._simulation import fan, fidelity, leaderboard, responses
from causalsim.viz._time import lags, window

__all__ = [
    "acf",
    "diagram",
    "driving_force",
    "fan",
    "fidelity",
    "lags",
    "leaderboard",
    "panels",
    "plot",
    "psd",
    "qq",
    "report_svgs",
    "responses",
    "save",
    "surgery",
    "window",
]
