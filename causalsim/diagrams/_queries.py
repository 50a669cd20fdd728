"""Exact answers of discrete networks to P(outcome | do, given), compiled and kept.

A query is compiled for the *names* that are fixed, once: intervened nodes lose their parents;
only ancestors of the outcome and of what is given matter; fixed axes are cut out of the tables,
and tables that are then joined to the outcome by no shared axis drop out. What is left and does
not depend on the *states* that are fixed is computed on the spot. A call with states is then a
slice of each table that has a fixed axis, and a few small products.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Never, final

import numpy as np
from numpy.typing import NDArray

from causalsim.diagrams._contraction import Contraction, Factor, Numbers, Scope, contract
from causalsim.errors import GraphError, NameNotFoundError, PositivityError

if TYPE_CHECKING:
    from causalsim.diagrams._plans import Evaluator

__all__ = ["Query", "check_roles", "refuse_code", "refuse_evidence"]

Floats = NDArray[np.float64]
_TINY = 1e-150


@final
class Query:
    """P(outcome | do, given), compiled; called with the states of ``do`` and ``given``.

    Made by :meth:`Evaluator.plan`.

    Attributes
    ----------
    outcome, do, given, over : tuple of str
    slots : tuple of str
        Variables whose state a call fixes.
    """

    def __init__(
        self,
        model: Evaluator,
        outcome: tuple[str, ...],
        do: tuple[str, ...],
        given: tuple[str, ...],
        over: tuple[str, ...],
    ) -> None:
        check_roles(outcome, do, given)
        if not outcome or not {*over} <= {*do, *given}:
            raise GraphError(
                f"over={over!r} must be in do or given, and outcome={outcome!r} name a node."
            )
        self.outcome, self.do, self.given, self.over = outcome, do, given, over
        self.slots = tuple([name for name in (*do, *given) if name not in over])
        self._states = {name: model.states[name] for name in (*self.slots, *over)}
        fixed = [model.index(name) for name in self.slots]
        self._sizes = [model.sizes[v] for v in fixed]
        slot_of = {v: slot for slot, v in enumerate(fixed)}
        keep = [model.index(name) for name in (*over, *outcome)]
        self._axes = tuple(range(len(over), len(keep)))
        seen = [model.index(name) for name in given]
        cut = [model.index(name) for name in do]
        nodes = model.above([*keep, *seen], cut)
        factors = [_factor(model.tables[node], model.axes[node], slot_of) for node in nodes]
        main, *others = _components(factors, keep)
        loose = set(keep).difference(*[factor.scope for factor in main])
        main += [Factor(np.ones(model.sizes[v]), (v,)) for v in loose]
        self._main = _Part(main, model.sizes, keep)
        self._checks = [
            _Part(part, model.sizes, [])
            for part in others
            if any(not factor.array.min() > 0 for factor in part)
        ]

    def __call__(self, values: Mapping[str, int]) -> Floats:
        """Give the table at these states.

        Parameters
        ----------
        values : mapping of str to int
            Number of the state of each variable in :attr:`slots`; others are ignored.

        Returns
        -------
        array
            One axis for each variable in :attr:`over`, then for each in :attr:`outcome`, over
            which it sums to 1.

        Raises
        ------
        NameNotFoundError
            If a variable has no state, or none of that number.
        PositivityError
            If what is given has probability zero.
        """
        try:
            codes = [values[name] for name in self.slots]
        except KeyError as error:
            raise NameNotFoundError.from_names("state of", error.args[0], values) from None
        for code, size, name in zip(codes, self._sizes, self.slots, strict=True):
            if not 0 <= code < size:
                refuse_code(name, code, size)
        table = self._main.at(codes)
        total = np.add.reduce(table, axis=self._axes, keepdims=True)
        if total.min() < _TINY or any(check.at(codes) < _TINY for check in self._checks):
            table = self._rescued(codes)
            total = table.sum(axis=self._axes, keepdims=True)
        return table / total

    def _rescued(self, codes: list[int]) -> Floats:
        """Tell a very small probability from zero."""
        table = self._main.scaled_at(codes)
        total = table.sum(axis=self._axes)
        if not total.all():
            self._refuse(codes, np.argwhere(total == 0)[0])
        if not all(check.scaled_at(codes) for check in self._checks):
            self._refuse(codes, np.zeros(len(self.over), np.intp))
        return table

    def _refuse(self, codes: Sequence[int], along: Iterable[int]) -> Never:
        chosen = dict(zip((*self.slots, *self.over), (*codes, *along), strict=True))
        do, given = ({name: chosen[name] for name in names} for names in (self.do, self.given))
        refuse_evidence(self._states, do, given)


class _Part:
    """A product of tables."""

    def __init__(self, factors: list[Factor], sizes: list[int], keep: list[int]) -> None:
        contraction = Contraction(factors, sizes, keep)
        self.at, self.work = contraction.at, contraction.work
        self._factors, self._keep = factors, keep

    def scaled_at(self, codes: Sequence[int]) -> Numbers:
        """Compute up to a factor that keeps it from underflow."""
        cut = [
            (array[tuple([codes[slot] for slot in slots])], scope)
            for array, scope, slots in self._factors
        ]
        return contract(cut, self._keep, scaled=True)


def _factor(table: Numbers, axes: Scope, slot_of: Mapping[int, int]) -> Factor:
    """Move fixed axes to the front."""
    if slot_of.keys().isdisjoint(axes):
        return Factor(table, axes)
    fixed = [k for k, v in enumerate(axes) if v in slot_of]
    free = [k for k, v in enumerate(axes) if v not in slot_of]
    slots = tuple([slot_of[axes[k]] for k in fixed])
    return Factor(table.transpose(fixed + free), tuple([axes[k] for k in free]), slots)


def _components(factors: list[Factor], keep: list[int]) -> list[list[Factor]]:
    """Split tables by the variables they share; first those that are joined to ``keep``."""
    part, left = _joined(factors, set(keep))
    parts = [part]
    while left:
        part, left = _joined(left[1:], set(left[0].scope), left[:1])
        parts.append(part)
    return parts


def _joined(
    factors: list[Factor], reached: set[int], found: Sequence[Factor] = ()
) -> tuple[list[Factor], list[Factor]]:
    """Give the tables that variables are joined to, and the others."""
    part, grows = list(found), True
    while grows:
        others = []
        for factor in factors:
            if reached.isdisjoint(factor.scope):
                others.append(factor)
            else:
                reached.update(factor.scope)
                part.append(factor)
        grows = len(others) < len(factors)
        factors = others
    return part, factors


def check_roles(outcome: tuple[str, ...], do: tuple[str, ...], given: tuple[str, ...]) -> None:
    """Refuse a node that is named twice."""
    named = (*outcome, *do, *given)
    for k, name in enumerate(named):
        if name in named[:k]:
            raise GraphError(f"{name!r} is named twice among outcome, do and given.")


def refuse_code(name: str, code: int, size: int) -> Never:
    """Say that a node has no state of that number."""
    raise NameNotFoundError.from_names(f"state of {name!r}", code, map(str, range(size)))


def refuse_evidence(
    states: Mapping[str, Sequence[Any]], do: Mapping[str, int], given: Mapping[str, int]
) -> Never:
    """Say that what is given has probability zero."""
    done, seen = (
        ", ".join(f"{name}={states[name][code]}" for name, code in codes.items())
        for codes in (do, given)
    )
    cell = f"{seen} | do({done})" if done else seen
    raise PositivityError(f"P({cell}) is 0, so nothing can be conditioned on it.")
