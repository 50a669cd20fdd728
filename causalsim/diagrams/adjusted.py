"""Effects by adjustment: the set to use and the adjusted law, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, final

from causalsim.diagrams._causal_paths import causal_paths, disjoint, reach
from causalsim.diagrams._formulas import back_door
from causalsim.diagrams._judgement import allowed, judge, not_amenable
from causalsim.diagrams.adjustment import optimal_adjustment_set
from causalsim.diagrams.distribution import Distribution
from causalsim.graph._base import MarkedGraph, Names, as_names

__all__ = ["Adjustment", "NotByAdjustment", "adjust", "find_adjustment"]


@final
@dataclass(frozen=True)
class Adjustment:
    """A set that adjusts in every model of the graph or class; true in an ``if``.

    Parameters
    ----------
    x, y, z : tuple of str
        Causes, outcomes and the set.
    """

    x: tuple[str, ...]
    y: tuple[str, ...]
    z: tuple[str, ...]

    def __bool__(self) -> Literal[True]:
        return True

    def effect(self, joint: Distribution) -> Distribution:
        """Give P(y | do x); see :func:`adjust`."""
        return adjust(joint, self.x, self.y, self.z)


@final
@dataclass(frozen=True)
class NotByAdjustment:
    """No set adjusts, for the reason given; false in an ``if``.

    It does not say that the effect is not identifiable.

    Parameters
    ----------
    x, y : tuple of str
    reason : str
    """

    x: tuple[str, ...]
    y: tuple[str, ...]
    reason: str

    def __bool__(self) -> Literal[False]:
        return False


def find_adjustment(
    graph: MarkedGraph, x: Names, y: Names, *, within: Names | None = None
) -> Adjustment | NotByAdjustment:
    """Give the optimal adjustment, or the reason why there is none.

    Parameters
    ----------
    graph, x, y, within
        As in :func:`optimal_adjustment_set`.

    Examples
    --------
    >>> from causalsim.graph import PAG
    >>> pag = PAG.from_edges(["A o-> X", "B o-> X", "X --> Y"])
    >>> find_adjustment(pag, "X", "Y")
    Adjustment(x=('X',), y=('Y',), z=())
    >>> find_adjustment(PAG.from_edges(["X o-o Y"]), "X", "Y").reason
    'X o-o Y starts a possibly causal path to Y and may point either way, so no set adjusts ...'
    """
    best = optimal_adjustment_set(graph, x, y, within=within)
    if best is not None:
        return Adjustment(as_names(x), as_names(y), best)
    paths = causal_paths(graph, *disjoint(graph, x=x, y=y))
    reason = not_amenable(graph, paths)
    if not paths.on:
        reason = "there is no causal path: P(y | do x) = P(y), which no adjustment gives"
    elif not reason:
        above = reach(paths.x | paths.y, paths.back_door.parent_sets)
        judged = judge(graph, paths, above & allowed(graph, paths, within))
        reason = f"even the largest candidate fails: {judged.reason}"
    return NotByAdjustment(as_names(x), as_names(y), reason)


def adjust(joint: Distribution, x: Names, y: Names, z: Names = ()) -> Distribution:
    """Give the sum over z of P(y | x, z) P(z).

    Parameters
    ----------
    joint : Distribution
        Over at least x, y and z.
    x, y, z : str or sequence of str

    Returns
    -------
    Distribution
        P(y | do x), with ``given=x``.

    Raises
    ------
    PositivityError
        If P(x, z) is 0 where P(z) is not.

    Examples
    --------
    >>> table = [[[0.3, 0.1], [0.05, 0.05]], [[0.1, 0.1], [0.1, 0.2]]]
    >>> round(adjust(Distribution(table, ["Z", "X", "Y"]), "X", "Y", "Z").at(X=1, Y=1), 4)
    0.5833
    """
    return back_door(joint, as_names(x), as_names(y), as_names(z))
