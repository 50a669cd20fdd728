"""A new figure of pyplot, and the ink of all pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["INK", "new_axes", "new_figure"]

INK = "#334155"


def new_axes(width: float, height: float) -> Axes:
    """Give the axes of a new figure, sizes in inches."""
    return new_figure(width, height).add_subplot()


def new_figure(width: float, height: float) -> Figure:
    """Give a new figure, which pyplot knows and saves, sizes in inches."""
    from matplotlib import pyplot as plt

    return plt.figure(figsize=(width, height), layout="constrained")
