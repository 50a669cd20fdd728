"""Phase 3 of CD-NOD: edges between changing modules, turned by the independence of changes.

Causes and mechanisms change independently of each other, so that of the two factorisations of a
pair the causal one has the less dependent changes [Huang2020]_. The comparison of one pair is
:func:`._change.direction`; this module says which pairs are compared and what follows.

References
----------
.. [Huang2020] Huang et al., Causal discovery from heterogeneous/nonstationary data, Journal of
   Machine Learning Research 21(89): section 4.2.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import astuple, dataclass, replace
from typing import Any, Self, final

import numpy as np

from causalsim.data import Kind
from causalsim.discovery._change import direction
from causalsim.discovery._context import Context
from causalsim.discovery._modules import Positions
from causalsim.discovery._orientation import Orientation, Step, leads_to, one_by_one
from causalsim.graph.pdag import PDAG, meek_rounds

__all__ = ["Decision", "comparer", "positions", "turn_by_change"]

Pair = tuple[int, int]
ONE_WAY = "abstained: the modules drift one way, and two trends match whatever causes what"


@final
@dataclass(frozen=True)
class Decision:
    """What independent changes say about one edge.

    Parameters
    ----------
    x, y : str
    forward, backward : float
        Dependence of the changes if x --> y, and if y --> x; the smaller is likelier.
    margin : float
        Their relative difference.
    p_forward, p_backward : float
        Of that direction: small if its changes are dependent.
    verdict : str
        The arrow, or why there is none.
    published_forward, published_backward : tuple of float
        The published scores: plain and normalised HSIC, and the trace form; not used.

    Examples
    --------
    >>> Decision("X", "Y", 0.1, 0.4, 0.6, 0.5, 0.01, "X --> Y").arrow
    ('X', 'Y')
    >>> Decision("X", "Y", 0.3, 0.3, 0.0, 0.9, 0.9, "abstained").arrow is None
    True
    """

    x: str
    y: str
    forward: float
    backward: float
    margin: float
    p_forward: float
    p_backward: float
    verdict: str
    published_forward: tuple[float, ...] = ()
    published_backward: tuple[float, ...] = ()

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> Self:
        """Rebuild a decision from its values, in order."""
        *plain, forward, backward = row
        return replace(
            cls(*plain), published_forward=tuple(forward), published_backward=tuple(backward)
        )

    @property
    def arrow(self) -> tuple[str, str] | None:
        """Tail and head, or None where it abstains."""
        if self.verdict == f"{self.x} --> {self.y}":
            return self.x, self.y
        return (self.y, self.x) if self.verdict == f"{self.y} --> {self.x}" else None


def comparer(source: Context, state: PDAG, seed: int) -> Callable[[str, str], Decision]:
    """Give the comparison of two variables of a context's table, beside their known parents.

    It abstains for columns that hold codes or have missing values.
    """
    context = positions(source)
    names, values, free = source.table.names, source.table.values, len(source.variables)

    def compare(x: str, y: str) -> Decision:
        i, j = names.index(x), names.index(y)
        above = [sorted(k for k in state.parents[end] if k < free) for end in (i, j)]
        used = sorted({i, j, *above[0], *above[1]})
        if any(source.table.kinds[k] is not Kind.CONTINUOUS for k in used):
            return Decision(x, y, *(np.nan,) * 5, "abstained: not all continuous")
        if np.isnan(values[:, used]).any():
            return Decision(x, y, *(np.nan,) * 5, "abstained: missing values")
        x_parents, y_parents = (values[:, columns] for columns in above)
        found = direction(
            values[:, i], values[:, j], context, x_parents=x_parents, y_parents=y_parents, rng=seed
        )
        verdicts = {"forward": f"{x} --> {y}", "backward": f"{y} --> {x}", "one_way": ONE_WAY}
        return Decision(
            *(x, y, found.forward, found.backward, found.margin),
            *(found.p_forward, found.p_backward),
            verdicts.get(found.verdict, "abstained"),
            *(astuple(scores) for scores in found.published),
        )

    return compare


def positions(source: Context) -> Positions:
    """Give the place of each row in its context: its domain, or else its time."""
    if source.domains is not None:
        return Positions.domains(source.domains)
    return Positions.times(source.table.values[:, -1] if source.clock is None else source.clock)


def turn_by_change(
    work: Orientation,
    names: tuple[str, ...],
    contexts: Collection[str],
    compare: Callable[[str, str], Decision],
) -> tuple[Decision, ...]:
    """Compare the open pairs of changing modules, and turn edges, the clearest first.

    After each arrow Meek's rules take all that follows; an arrow that would close a cycle is
    refused.

    Parameters
    ----------
    work : Orientation
        Turned in place.
    names : tuple of str
    contexts : collection of str
    compare : callable(x, y) -> Decision

    Returns
    -------
    tuple of Decision
        One for each pair that was compared.

    Examples
    --------
    >>> work = Orientation(PDAG([{1, 2}, {0, 2}, {0, 1}]))
    >>> work.state.orient(2, 0), work.state.orient(2, 1)
    (None, None)
    >>> told = Decision("X", "Y", 0.1, 0.4, 0.6, 0.5, 0.01, "X --> Y")
    >>> found = turn_by_change(work, ("X", "Y", "C"), ["C"], lambda x, y: told)
    >>> work.steps
    [Step(tail=0, head=1, rule='change', because=(), mark='arrow')]
    """
    above = {names.index(name) for name in contexts}
    decisions = [compare(names[i], names[j]) for i, j in _open_pairs(work.state, above)]
    clearest = sorted(decisions, key=lambda d: (-abs(d.margin), d.x, d.y))
    for tail, head in [decision.arrow for decision in clearest if decision.arrow]:
        _turn(work, names.index(tail), names.index(head))
    return tuple(decisions)


def _open_pairs(state: PDAG, above: Collection[int]) -> list[Pair]:
    """Give the undirected edges both of whose ends have a context above them."""
    changes = [bool(parents & set(above)) for parents in state.parents]
    return [
        (i, j)
        for i, around in enumerate(state.undirected)
        for j in sorted(around)
        if i < j and changes[i] and changes[j]
    ]


def _turn(work: Orientation, tail: int, head: int) -> None:
    """Turn one edge and close under Meek's rules."""
    if head not in work.state.undirected[tail]:
        return
    if leads_to(work.state, head, tail):
        work.steps.append(Step(tail, head, "refused", ()))
        return
    work.apply(Step(tail, head, "change", ()))
    for arrows in meek_rounds(work.state, work.ambiguous):
        one_by_one(work, arrows)
