"""Draw string diagrams into matplotlib axes, with the layout and shapes of their SVG."""

from __future__ import annotations

from typing import TYPE_CHECKING

from causalsim.diagrams.draw import picture, surgery_picture
from causalsim.diagrams.draw._picture import Frames
from causalsim.graph._base import Names
from causalsim.graph.draw import Picture
from causalsim.viz._plot import _inches, _render

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from causalsim.diagrams.syntax import Diagram

__all__ = ["diagram", "surgery"]


def diagram(
    source: Diagram,
    *,
    ax: Axes | None = None,
    highlight: Names = (),
    regions: Frames | None = None,
    keep: Names = (),
    title: str | None = None,
) -> Axes:
    """Draw a string diagram with matplotlib, read from top to bottom.

    Parameters
    ----------
    source : Diagram
        Boxes whose name ends in a star are drawn as a second world.
    ax : matplotlib Axes, optional
        Where to draw; text and lines are scaled to its present size. By default a new figure
        of the drawing's own size; ``ax.figure.savefig`` writes it as PNG, PDF or SVG.
    highlight : str or sequence of str
        Names of boxes to draw in red.
    regions : mapping of str to sequence of str, optional
        Names of boxes by region, drawn as dashed frames in columns; ``f`` is blue, ``g`` orange.
    keep : str or sequence of str
        Outputs to keep; what they do not depend on is left out. None keeps all.
    title : str, optional
        A line above the diagram.

    Returns
    -------
    matplotlib Axes
        In pixels of the drawing, y pointing down.

    Raises
    ------
    NameNotFoundError
        If a box or an output does not exist.

    Examples
    --------
    >>> from causalsim.diagrams import Diagram
    >>> from causalsim.graph import DAG
    >>> from matplotlib.figure import Figure
    >>> smoking = Diagram.from_dag(DAG.from_edges(["S --> T"]))
    >>> axes = diagram(smoking, ax=Figure().add_subplot())
    >>> sorted(text.get_text() for text in axes.texts)
    ['S', 'S', 'T', 'T']
    """
    drawn = picture(source, highlight=highlight, regions=regions, keep=keep, title=title)
    return _on_axes(drawn, ax)


def surgery(
    source: Diagram, rewritten: Diagram, *, ax: Axes | None = None, keep: Names = ()
) -> Axes:
    """Draw a diagram and what surgery made of it, side by side, with what changed in red.

    Parameters
    ----------
    source, rewritten : Diagram
        With the same inputs and outputs.
    ax : matplotlib Axes, optional
        As in :func:`diagram`.
    keep : str or sequence of str
        Outputs to keep; what they do not depend on is left out. None keeps all.

    Returns
    -------
    matplotlib Axes
        In pixels of the drawing, y pointing down.

    Raises
    ------
    GraphError
        If the inputs or outputs differ.
    NameNotFoundError
        If an output does not exist.

    Examples
    --------
    >>> from causalsim.diagrams import Diagram
    >>> from causalsim.diagrams.surgery import cut
    >>> from causalsim.graph import DAG
    >>> from matplotlib.figure import Figure
    >>> smoking = Diagram.from_dag(DAG.from_edges(["H --> S"]))
    >>> axes = surgery(smoking, cut("S")(smoking), ax=Figure().add_subplot())
    >>> [text.get_text() for text in axes.texts if text.get_weight() == "bold"]
    ['before', 'after']
    """
    return _on_axes(surgery_picture(source, rewritten, keep=keep), ax)


def _on_axes(drawn: Picture, ax: Axes | None) -> Axes:
    """Render a picture into axes, by default those of a new figure of its size."""
    if ax is None:
        from matplotlib import pyplot as plt

        ax = plt.figure(figsize=_inches(drawn)).add_axes((0.0, 0.0, 1.0, 1.0))
    _render(drawn, ax)
    return ax
