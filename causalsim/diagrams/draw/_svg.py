"""The picture of a string diagram as SVG text: plain elements, no external references."""

from __future__ import annotations

from causalsim.diagrams.draw._picture import Frames, picture
from causalsim.diagrams.syntax import Diagram
from causalsim.graph._base import Names
from causalsim.graph.draw._svg import write

__all__ = ["to_svg"]


def to_svg(
    diagram: Diagram,
    *,
    highlight: Names = (),
    regions: Frames | None = None,
    keep: Names = (),
    title: str | None = None,
) -> str:
    r"""Draw a string diagram as SVG, read from top to bottom.

    Wires that are read more than once have a dot, wires that nobody reads a ground. A triangle
    is a state (empty if uniform), one on its tip is evidence.

    Parameters
    ----------
    diagram : Diagram
        Boxes whose name ends in a star are drawn as a second world.
    highlight : str or sequence of str
        Names of boxes to draw in red.
    regions : mapping of str to sequence of str, optional
        Names of boxes by region, drawn as dashed frames in columns; ``f`` is blue, ``g`` orange.
    keep : str or sequence of str
        Outputs to keep; what they do not depend on is left out. None keeps all.
    title : str, optional

    Returns
    -------
    str
        A complete ``<svg>`` element on white ground.

    Raises
    ------
    NameNotFoundError
        If a box or an output does not exist.

    Examples
    --------
    >>> text = to_svg(Diagram.parse("S = S()\nT = T(S)\nreturn S, T"), keep="T")
    >>> text.startswith("<svg"), "S to T" in text
    (True, True)
    """
    drawn = picture(diagram, highlight=highlight, regions=regions, keep=keep, title=title)
    return write(drawn, title or f"string diagram with {len(diagram.boxes)} boxes")
