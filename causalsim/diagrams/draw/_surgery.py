"""Surgery in pictures: a diagram before and after, with what changed in red."""

from __future__ import annotations

from collections import Counter

from causalsim.diagrams.draw._elements import Lost, folded, kept
from causalsim.diagrams.draw._picture import picture
from causalsim.diagrams.draw._sheet import beside
from causalsim.diagrams.syntax import INPUT, Diagram, Port
from causalsim.errors import GraphError
from causalsim.graph._base import Names
from causalsim.graph.draw._picture import Picture
from causalsim.graph.draw._svg import write

__all__ = ["before_after", "surgery_picture"]


def before_after(diagram: Diagram, rewritten: Diagram, *, keep: Names = ()) -> str:
    r"""Draw a diagram and what surgery made of it, side by side, as SVG.

    Parameters
    ----------
    diagram, rewritten : Diagram
        With the same inputs and outputs. Boxes that changed are red; wires that they read no
        more end in a red discard.
    keep : str or sequence of str
        Outputs to keep; what they do not depend on is left out. None keeps all.

    Returns
    -------
    str
        A complete ``<svg>`` element.

    Raises
    ------
    GraphError
        If the inputs or outputs differ.
    NameNotFoundError
        If an output does not exist.

    Examples
    --------
    >>> from causalsim.diagrams.surgery import cut
    >>> smoking = Diagram.parse("H = H()\nS = S(H)\nT = T(S)\nreturn S, T")
    >>> text = before_after(smoking, cut("S")(smoking))
    >>> "H discarded" in text
    True
    """
    return write(surgery_picture(diagram, rewritten, keep=keep), "before and after surgery")


def surgery_picture(diagram: Diagram, rewritten: Diagram, *, keep: Names = ()) -> Picture:
    r"""Compose the picture of :func:`before_after`.

    Parameters
    ----------
    diagram, rewritten, keep
        As in :func:`before_after`.

    Returns
    -------
    Picture
        For a renderer of SVG, TikZ or matplotlib.

    Raises
    ------
    GraphError
        If the inputs or outputs differ.
    NameNotFoundError
        If an output does not exist.

    Examples
    --------
    >>> from causalsim.diagrams.surgery import cut
    >>> smoking = Diagram.parse("H = H()\nS = S(H)\nreturn S")
    >>> drawn = surgery_picture(smoking, cut("S")(smoking))
    >>> [group.name for group in drawn.groups if group.kind == "state"]
    ['S']
    """
    if (diagram.dom, diagram.cod) != (rewritten.dom, rewritten.cod):
        raise GraphError(
            f"{diagram!r} before and {rewritten!r} after; expected the same inputs and outputs, "
            "since surgery changes boxes only."
        )
    old = folded(diagram, keep)
    new = _beyond(rewritten, rewritten.keep(kept(diagram, keep)).outputs, old)
    gone, come = _changed(old, rewritten), _changed(new, diagram)
    return beside(
        [
            picture(old, highlight=gone, title="before"),
            picture(new, highlight=come, title="after", lost=_lost(old, new, gone, come)),
        ]
    )


def _beyond(diagram: Diagram, outputs: tuple[Port, ...], old: Diagram) -> Diagram:
    """Keep boxes that outputs depend on, and those that stood in the diagram before."""
    stay = [Port(name) for name in old.order if name in diagram.boxes and old.boxes[name].box.cod]
    needed = Diagram(diagram.dom, diagram.boxes, (*outputs, *stay)).pruned()
    return Diagram(diagram.dom, needed.boxes, outputs)


def _changed(diagram: Diagram, other: Diagram) -> list[str]:
    """List boxes that the other diagram has not, or reads from elsewhere."""
    return [name for name in diagram.order if not _same(name, diagram, other)]


def _same(name: str, one: Diagram, two: Diagram) -> bool:
    """Tell whether a box is in both diagrams; what it reads may be replaced, not joined anew."""
    if name not in two.boxes or one.boxes[name].box != two.boxes[name].box:
        return False
    pairs = zip(one.boxes[name].sources, two.boxes[name].sources, strict=True)
    return all(a == b or a.box not in two.boxes or b.box not in one.boxes for a, b in pairs)


def _lost(old: Diagram, new: Diagram, gone: list[str], come: list[str]) -> Lost:
    """List wires that the boxes in place of others read no more, each with such a box."""
    still = Counter(port for name in come for port in new.boxes[name].sources)
    lost: list[tuple[Port, str]] = []
    for name in gone:
        box, sources = old.boxes[name]
        heirs = [other for other in come if new.boxes[other].box.cod == box.cod]
        heir = name if name in come else (heirs or [""])[0]
        for port in sources:
            if still[port]:
                still[port] -= 1
            elif port.box == INPUT or port.box in new.boxes:
                lost.append((port, heir))
    return lost
