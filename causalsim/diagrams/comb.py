"""Comb disintegration: taking a state of A, B and C apart into a channel and a comb around it.

A state of full support is ``g[b|a] * f[a, c|b]`` for exactly one channel g and one comb f, whose
output A does not depend on its input B [JKZ]_. Cutting the wire between f and g then gives the law
of C under intervention on A, whatever hidden wires f has inside.

References
----------
.. [JKZ] Jacobs, Kissinger & Zanasi, Causal inference by string diagram surgery, FoSSaCS 2019.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from causalsim.diagrams.distribution import Distribution
from causalsim.diagrams.syntax import INPUT, Diagram
from causalsim.errors import DataError, GraphError, PositivityError
from causalsim.graph._base import Names, as_names

__all__ = ["Comb", "Regions", "comb_bounds", "comb_disintegration", "comb_regions", "split_comb"]

Numbers = NDArray[Any]
States = dict[str, tuple[Hashable, ...]]
_CELLS = 8


class Regions(NamedTuple):
    """Where a comb lies in a diagram.

    ``a``, ``b`` and ``c`` are the wires between the parts; ``f`` and ``g`` the names of the boxes
    of the comb and of the channel.
    """

    a: tuple[str, ...]
    b: tuple[str, ...]
    c: tuple[str, ...]
    f: tuple[str, ...]
    g: tuple[str, ...]


def comb_regions(diagram: Diagram, treatment: str, outcome: str) -> Regions:
    """Find the comb around the treatment: its own component, and the channel it feeds.

    The component of a box are the boxes joined to it by hidden wires. The channel g are the
    boxes outside that descend from the treatment; it may read nothing else of f.

    Parameters
    ----------
    diagram : Diagram
        A state whose boxes are named by their variables, as ``Diagram.from_admg`` gives.
    treatment, outcome : str

    Raises
    ------
    GraphError
        If there is no comb; it says which wire stands in the way.

    Examples
    --------
    >>> from causalsim.graph import ADMG
    >>> smoking = Diagram.from_admg(ADMG.from_edges(["S --> T", "T --> C", "S <-> C"]))
    >>> comb_regions(smoking, "S", "C")
    Regions(a=('S',), b=('T',), c=('C',), f=('U(S,C)', 'S', 'C'), g=('T',))
    """
    seen = {port.box for port in diagram.outputs}
    for name in (treatment, outcome):
        diagram.port(name)
    reads = {
        name: [port.box for port in placed.sources if port.box != INPUT]
        for name, placed in diagram.keep([diagram.outputs.index(diagram.port(outcome))])
        .pruned()
        .boxes.items()
    }
    own = _component(reads, seen, treatment)
    below = {treatment}
    for name in diagram.order:
        if name in reads and below & set(reads[name]):
            below.add(name)
    inside = [name for name in reads if name not in below - own]
    channel = [name for name in reads if name in below - own]
    direct = [name for name in inside if treatment in reads[name]]
    if direct:
        raise GraphError(
            f"{direct[0]!r} reads {treatment!r} and shares hidden causes with it, so no channel "
            "lies between them."
        )
    others = [(one, name) for name in channel for one in reads[name] if one in inside]
    blocked = [pair for pair in others if pair[0] != treatment and pair[0] in seen]
    hidden = [pair for pair in others if pair[0] not in seen]
    if blocked or hidden:
        source, reader = (blocked or hidden)[0]
        raise GraphError(
            f"the channel after {treatment!r} also reads {source!r} (at {reader!r}); "
            f"condition on it, or use identify, which takes several combs."
        )
    between = [
        name for name in channel if name == outcome or any(name in reads[each] for each in inside)
    ]
    after = [name for name in inside if name in seen and name != treatment]
    return Regions((treatment,), tuple(between), tuple(after), tuple(inside), tuple(channel))


def _component(reads: dict[str, list[str]], seen: set[str], start: str) -> set[str]:
    """Give the boxes joined to one by hidden wires."""
    joined = {name: {one for one in reads[name] if one not in seen} for name in reads}
    for name, sources in list(joined.items()):
        for source in sources:
            joined[source].add(name)
    found, todo = {start}, [start]
    while todo:
        new = joined[todo.pop()] - found
        found |= new
        todo += new
    return found


def split_comb(state: Numbers) -> tuple[Numbers, Numbers]:
    """Split an array of shape (a, b, c) into g and f; floats or fractions.

    Returns
    -------
    g : array of shape (b, a)
    f : array of shape (a, c, b)

    Raises
    ------
    PositivityError
        If a cell of the first two axes has probability zero; ``cells`` are their positions.

    Examples
    --------
    >>> g, f = split_comb(np.full((2, 2, 2), 0.125))
    >>> np.einsum("ba,acb->abc", g, f).tolist() == np.full((2, 2, 2), 0.125).tolist()
    True
    """
    pair = state.sum(axis=2)
    if not (pair > 0).all():
        cells = np.argwhere(pair <= 0).tolist()
        raise PositivityError(f"cells {cells} of the first two axes have probability zero.")
    first = pair.sum(axis=1)
    g = (pair / first[:, None]).T
    f = (first[:, None, None] * state / pair[:, :, None]).transpose(0, 2, 1)
    return g, f


@final
@dataclass(frozen=True, eq=False)
class Comb:
    """A state in two parts.

    Parameters
    ----------
    a, b, c : tuple of str
        Their variables.
    g, f : Distribution
        P(b | a), and the comb over a and c for every b.
    state : Distribution
        What was taken apart.
    """

    a: tuple[str, ...]
    b: tuple[str, ...]
    c: tuple[str, ...]
    g: Distribution
    f: Distribution
    state: Distribution

    def _arrays(self) -> tuple[Numbers, Numbers]:
        sizes = [prod(len(self.state.states[n]) for n in names) for names in (self.a, self.b)]
        g = self.g.array(*self.b, *self.a).reshape(sizes[1], sizes[0])
        return g, self.f.array(*self.a, *self.c, *self.b).reshape(sizes[0], -1, sizes[1])

    @property
    def residual(self) -> float:
        """Largest difference between the state and its parts put together again."""
        g, f = self._arrays()
        state = self.state.array(*self.a, *self.b, *self.c)
        again = np.einsum("ba,acb->abc", g, f).reshape(state.shape)
        return float(np.abs(again - state).max())

    def cut(self) -> Distribution:
        """Give P(b, c | do a): cut the wire from f to g and read all outputs."""
        g, f = self._arrays()
        values = np.einsum("ba,cb->abc", g, f.sum(axis=0))
        names = (*self.a, *self.b, *self.c)
        states = self.state.states
        shape = [len(states[name]) for name in names]
        return Distribution(values.reshape(shape), names, states, self.a)


def comb_disintegration(joint: Distribution, a: Names, b: Names, c: Names) -> Comb:
    """Take the law of three groups of variables apart into a channel and a comb.

    Parameters
    ----------
    joint : Distribution
        Without conditions; other variables are summed out.
    a, b, c : str or sequence of str

    Returns
    -------
    Comb

    Raises
    ------
    PositivityError
        If a state of a and b has probability zero; it lists these cells.
        :func:`comb_bounds` gives what can be said then.
    DataError
        If the groups overlap, or the law is a conditional one.

    Examples
    --------
    >>> joint = Distribution(
    ...     [[[0.5, 0.1], [0.01, 0.02]], [[0.1, 0.05], [0.02, 0.2]]], ["S", "T", "C"]
    ... )
    >>> comb = comb_disintegration(joint, "S", "T", "C")
    >>> comb.cut().marginal("C").array("S", "C").round(4)
    array([[0.7465, 0.2535],
           [0.4577, 0.5423]])
    """
    groups = as_names(a), as_names(b), as_names(c)
    names = [name for group in groups for name in group]
    if joint.given or len(set(names)) < len(names):
        raise DataError(
            f"groups {groups} of {joint!r}; expected a law without conditions, and variables that "
            "stand in one group each."
        )
    state = joint.marginal(names)
    states, sizes = state.states, [[len(state.states[n]) for n in group] for group in groups]
    table = state.array(*names).reshape([prod(size) for size in sizes])
    empty = np.argwhere(table.sum(axis=2) <= 0)
    if len(empty):
        raise PositivityError(_zero_cells(state, groups[:2], sizes, empty))
    g, f = split_comb(table)
    shapes = (sizes[1] + sizes[0], sizes[0] + sizes[2] + sizes[1])
    return Comb(
        *groups,
        Distribution(
            g.reshape(shapes[0]), groups[1] + groups[0], _of(states, groups[:2]), groups[0]
        ),
        Distribution(f.reshape(shapes[1]), groups[0] + groups[2] + groups[1], states, groups[1]),
        state,
    )


def comb_bounds(joint: Distribution, a: Names, b: Names, c: Names) -> tuple[Numbers, Numbers]:
    """Bound P(c | do a) where cells of a and b are empty: what they hold may be anything.

    Parameters
    ----------
    joint, a, b, c : as in :func:`comb_disintegration`

    Returns
    -------
    lower, upper : array of shape (states of a, states of c)
        Joint states in row-major order; equal where all cells have support.

    Examples
    --------
    >>> joint = Distribution([[[0.5, 0.1], [0, 0]], [[0.1, 0.05], [0.05, 0.2]]], ["S", "T", "C"])
    >>> lower, upper = comb_bounds(joint, "S", "T", "C")
    >>> (upper - lower).round(3)
    array([[0.   , 0.   ],
           [0.375, 0.375]])
    """
    groups = as_names(a), as_names(b), as_names(c)
    names = [name for group in groups for name in group]
    sizes = [prod(len(joint.states[n]) for n in group) for group in groups]
    table = joint.marginal(names).array(*names).reshape(sizes)
    pair = table.sum(axis=2)
    first = pair.sum(axis=1)
    if not (first > 0).all():
        raise PositivityError(f"a state of {groups[0]} has probability zero; nothing follows.")
    g = pair / first[:, None]
    known = np.divide(
        table, pair[:, :, None], out=np.zeros_like(table), where=pair[:, :, None] > 0
    )
    lower = np.einsum("x,xbc->bc", first, known)
    free = np.einsum("x,xb->b", first, (pair == 0).astype(float))
    return g @ lower, g @ (lower + free[:, None])


def _of(states: Mapping[str, tuple[Hashable, ...]], groups: Sequence[Sequence[str]]) -> States:
    return {name: states[name] for group in groups for name in group}


def _zero_cells(
    state: Distribution,
    groups: Sequence[tuple[str, ...]],
    sizes: Sequence[Sequence[int]],
    empty: NDArray[np.intp],
) -> str:
    """Name the empty cells of the first two groups."""
    cells = []
    for row in empty[:_CELLS]:
        parts = [
            f"{name}={state.states[name][k]}"
            for group, size, number in zip(groups, sizes, row, strict=False)
            for name, k in zip(group, np.unravel_index(number, size), strict=True)
        ]
        cells.append(f"({', '.join(parts)})")
    more = f" and {len(empty) - _CELLS} more" if len(empty) > _CELLS else ""
    return (
        f"P is 0 at {', '.join(cells)}{more}: the channel and the comb are not determined there. "
        "Use comb_bounds for what can be said, or merge states."
    )
