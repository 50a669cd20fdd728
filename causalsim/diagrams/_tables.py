"""Arithmetic on tables with named axes that knows what zero cells leave open.

A value is a product of tables. Where something is divided by zero the quotient is *open*: it may
be anything. Zero times an open cell is zero, so an open cell only matters where it reaches the
answer; :class:`Tables` then says which cells of the laws would have to be positive.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from causalsim.diagrams._contraction import contract
from causalsim.errors import DataError, PositivityError, listing

__all__ = ["Part", "Tables", "Zero", "settled"]

Numbers = NDArray[Any]
Flags = NDArray[np.bool_]
Sources = Mapping[frozenset[str], "Part"]
States = Mapping[str, tuple[Any, ...]]
_CELLS = 64


class Part(NamedTuple):
    """A table: its axes, and which cells are open (None if none is); open cells hold 0."""

    array: Numbers
    axes: tuple[str, ...]
    open: Flags | None = None

    def to(self, axes: Sequence[str]) -> tuple[Numbers, Flags | None]:
        """Turn the axes into an order; axes it has not get length 1."""
        turn = [self.axes.index(name) for name in axes if name in self.axes]
        new = tuple(k for k, name in enumerate(axes) if name not in self.axes)
        array = np.expand_dims(self.array.transpose(turn), new)
        flags = None if self.open is None else np.expand_dims(self.open.transpose(turn), new)
        return array, flags


class Zero(NamedTuple):
    """A cell with probability zero that a division met: which division, axes, position."""

    division: int
    axes: tuple[str, ...]
    cell: tuple[int, ...]


Value = tuple[Part, ...]


@final
class Tables:
    """Arithmetic on products of tables, of floats or of fractions.

    Parameters
    ----------
    sources : mapping of frozenset of str to Part
        The table of P(V | do Z) by Z; P(V) by the empty set.
    only : Zero, optional
        The only division by zero that is left open; others get some positive value.
    """

    def __init__(self, sources: Sources, only: Zero | None = None) -> None:
        self.sources = sources
        self.only = only
        self.zeros: list[Zero] = []
        self._divisions = 0

    def source(self, variables: tuple[str, ...], do: tuple[str, ...]) -> Value:
        """Give a law, summed over variables that are not named."""
        part = self.sources.get(frozenset(do))
        if part is None:
            raise DataError(
                f"the estimand needs the law P(V | do({', '.join(do)})); "
                f"give it as experiments={{{do!r}: Distribution(...)}}."
                if do
                else "the estimand needs the observational law P(V)."
            )
        missing = [name for name in (*variables, *do) if name not in part.axes]
        if missing:
            raise DataError(
                f"the law has no variable {listing(missing)}; it has {listing(part.axes)}. Hidden "
                "variables must be declared: write latents=[...]."
            )
        gone = tuple(name for name in part.axes if name not in {*variables, *do})
        return self.marginal((part,), gone)

    def marginal(self, value: Value, bound: Iterable[str]) -> Value:
        """Sum axes out; tables without them are left alone."""
        gone = set(bound)
        touched = [part for part in value if not gone.isdisjoint(part.axes)]
        rest = [part for part in value if gone.isdisjoint(part.axes)]
        return (*rest, _joined(touched, gone)) if touched else value

    def multiply(self, values: Sequence[Value]) -> Value:
        """Put the tables side by side."""
        return tuple(part for value in values for part in value)

    def divide(self, above: Value, below: Value) -> Value:
        """Divide; cells where the divisor is zero are open."""
        top, low = _joined(above, ()), _joined(below, ())
        axes = tuple(dict.fromkeys((*top.axes, *low.axes)))
        (one, one_open), (two, two_open) = top.to(axes), low.to(axes)
        unknown = _either(one_open, two_open)
        zero = two == 0 if two_open is None else (two == 0) & ~two_open
        self._divisions += 1
        if zero.any():
            fresh = self._met(low, axes)
            unknown = fresh if unknown is None else unknown | fresh
            two = np.where(two == 0, two * 0 + 1, two)
            filled = one / two
            filled = np.where(np.broadcast_to(zero & ~fresh, filled.shape), 0.5, filled)
        elif two_open is not None:
            filled = one / np.where(two == 0, two * 0 + 1, two)
        else:
            filled = one / two
        if unknown is None:
            return (Part(filled, axes),)
        unknown = np.broadcast_to(unknown, filled.shape)
        return (Part(np.where(unknown, filled * 0, filled), axes, unknown),)

    def _met(self, low: Part, axes: tuple[str, ...]) -> Flags:
        """Note the zeros of a divisor, and give those that are left open."""
        zero = low.array == 0
        if low.open is not None:
            zero &= ~low.open
        cells = [tuple(cell) for cell in np.argwhere(zero).tolist()]
        found = [Zero(self._divisions, low.axes, cell) for cell in cells]
        self.zeros += found
        if self.only is not None:
            zero = np.zeros_like(zero)
            for each in found:
                zero[each.cell] = each == self.only
        flags = Part(zero, low.axes).to(axes)[0]
        return np.asarray(flags, bool)

    def settle(self, value: Value, axes: Sequence[str], sizes: Mapping[str, int]) -> Part:
        """Give one table with some axes.

        Of other axes the value does not depend on, so it is averaged over them, by P(V) if that
        is known, where no cell is open.
        """
        missing = [name for name in axes if name not in sizes]
        if missing:
            raise DataError(
                f"no law has the variable {listing(missing)}, so its states are unknown."
            )
        table = _joined(value, ())
        spare = tuple(name for name in table.axes if name not in axes)
        if spare:
            table = self._averaged(table, spare)
        array, flags = table.to(axes)
        shape = tuple(sizes[name] for name in axes)
        whole = None if flags is None else np.broadcast_to(flags, shape)
        return Part(np.broadcast_to(array, shape), tuple(axes), whole)

    def _averaged(self, table: Part, spare: tuple[str, ...]) -> Part:
        law = self.sources.get(frozenset())
        seen = () if law is None else tuple(name for name in spare if name in law.axes)
        kept = tuple(name for name in table.axes if name not in spare)
        array, flags = table.to((*kept, *spare))
        weights = np.ones([1] * len(spare), int)
        if law is not None and seen:
            gone = tuple(name for name in law.axes if name not in seen)
            weights = _joined((law,), gone).to(spare)[0]
        over = tuple(range(len(kept), array.ndim))
        known = np.ones(array.shape, bool) if flags is None else ~flags
        total = np.where(known, weights, weights * 0)
        mass = total.sum(axis=over)
        found = (array * total).sum(axis=over) / np.where(mass == 0, mass * 0 + 1, mass)
        return Part(np.asarray(found), kept, None if (mass > 0).all() else np.asarray(mass == 0))


def settled(
    replay: Callable[[Tables], Value],
    sources: Sources,
    axes: Sequence[str],
    states: States,
    where: tuple[Any, ...],
    what: str,
) -> Numbers:
    """Compute a value and take a part of it.

    Raises
    ------
    PositivityError
        If an open cell is in this part; it lists the cells that would have to be positive.
    """
    sizes = {name: len(each) for name, each in states.items()}

    def attempt(only: Zero | None) -> tuple[Part, list[Zero]]:
        tables = Tables(sources, only)
        return tables.settle(replay(tables), axes, sizes), tables.zeros

    part, zeros = attempt(None)
    if part.open is None or not part.open[where].any():
        return np.asarray(part.array[where])
    needed = []
    for zero in zeros[:_CELLS]:
        flags = attempt(zero)[0].open
        if flags is not None and flags[where].any():
            needed.append(zero)
    cells = dict.fromkeys(_named(zero, states) for zero in needed or zeros[:_CELLS])
    raise PositivityError(
        f"{what} needs a positive probability at {'; '.join(cells)}. Merge states, or ask only "
        "for other values with at={...}."
    )


def _named(zero: Zero, states: States) -> str:
    parts = [f"{name}={states[name][k]}" for name, k in zip(zero.axes, zero.cell, strict=True)]
    return f"({', '.join(parts)})"


def _either(one: Flags | None, other: Flags | None) -> Flags | None:
    if one is None or other is None:
        return other if one is None else one
    return one | other


def _joined(parts: Sequence[Part], bound: Iterable[str]) -> Part:
    """Multiply tables and sum axes out."""
    gone = set(bound)
    axes = tuple(dict.fromkeys(name for part in parts for name in part.axes))
    kept = tuple(name for name in axes if name not in gone)
    if len(parts) == 1 and len(kept) == len(axes):
        return parts[0]
    array = contract([(part.array, part.axes) for part in parts], kept)
    if all(part.open is None for part in parts):
        return Part(array, kept)
    some, all_known = [], []
    for part in parts:
        there = np.not_equal(part.array, 0).astype(bool)
        flags = np.zeros_like(there) if part.open is None else part.open
        some.append(((there | flags).astype(float), part.axes))
        all_known.append(((there & ~flags).astype(float), part.axes))
    unknown = contract(some, kept) > contract(all_known, kept) + 0.5
    return Part(np.where(unknown, array * 0, array), kept, unknown)
