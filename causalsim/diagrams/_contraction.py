"""Sums of products of arrays that share axes.

A copied wire is an axis that several arrays share, so no copy is ever an array. Variables are
numbered in the order in which they are summed out, and axes always stand in this order. So the
arrays that have a variable when its turn comes are those that begin with it: its bucket. They
are multiplied by broadcasting and summed over their first axis, and what is left goes to the
bucket of its own first axis [Dechter]_. There is no limit on the number of variables.

Arrays may have more axes in front, fixed only when the product is asked for. What does not depend
on them is computed at once, and a call repeats only the rest.

References
----------
.. [Dechter] Dechter, Bucket elimination: a unifying framework for reasoning, Artificial
   Intelligence 113 (1999) 41-85.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar, final

import numpy as np
from numpy.typing import NDArray

from causalsim.diagrams._elimination import find_order

__all__ = ["Contraction", "Factor", "Numbers", "Scope", "contract"]

Numbers = NDArray[Any]
Scope = tuple[int, ...]
_Term = tuple[NDArray[Any] | int, list[int]]
_Product = tuple[list[tuple[int, tuple[int, ...] | None]], NDArray[Any] | None]
Axis = TypeVar("Axis", bound=Hashable)


def contract(
    factors: Sequence[tuple[Numbers, Sequence[Axis]]],
    keep: Sequence[Axis],
    *,
    scaled: bool = False,
) -> Numbers:
    """Multiply arrays and sum over all axes that are not kept.

    Parameters
    ----------
    factors : sequence of (array, sequence of hashable)
        Each array with the names of its axes, distinct within an array. Floats, or objects that
        add and multiply.
    keep : sequence of hashable
        Names of the axes of the result, in order; each occurs in some array.
    scaled : bool
        Divide by the largest entry all along: the result is right up to a positive factor, and
        long products do not underflow.

    Examples
    --------
    >>> a, b = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([10.0, 1.0])
    >>> contract([(a, "xy"), (b, "y")], "x")
    array([12., 34.])
    """
    numbers = {axis: k for k, axis in enumerate(dict.fromkeys(x for _, ax in factors for x in ax))}
    arrays = [Factor(array, tuple([numbers[axis] for axis in axes])) for array, axes in factors]
    sizes = {v: n for array, scope, _ in arrays for v, n in zip(scope, array.shape, strict=True)}
    return Contraction(arrays, sizes, [numbers[axis] for axis in keep], scaled=scaled).at(())


class Factor(NamedTuple):
    """An array, the variables on its last axes, and the places in ``codes`` of those in front."""

    array: Numbers
    scope: Scope
    slots: tuple[int, ...] = ()


@final
class Contraction:
    """A product of arrays, of which all that can be is computed.

    Parameters
    ----------
    factors : sequence of Factor
    sizes : sequence or mapping of int
        Number of states of each variable.
    keep : sequence of int
        Variables of the result; each occurs in some factor.
    scaled : bool
        See :func:`contract`; only where no axis is fixed later.
    """

    def __init__(
        self,
        factors: Sequence[Factor],
        sizes: Sequence[int] | Mapping[int, int],
        keep: Sequence[int],
        *,
        scaled: bool = False,
    ) -> None:
        varying = {v for _, scope, slots in factors if slots for v in scope}
        order = find_order([scope for _, scope, _ in factors], sizes, keep, varying)
        ranked = (*order.variables, *keep)
        self.work = order.work
        self._place = {v: k for k, v in enumerate(ranked)}
        self._sizes = [sizes[v] for v in ranked]
        self._end = len(order.variables)
        self._scaled = scaled
        self._buckets: dict[int, list[_Term]] = {}
        self._registers: list[Any] = []
        self._picks: list[tuple[int, Any]] = []
        self._steps: list[tuple[int, _Product]] = []
        for factor in factors:
            self._enter(factor)
        for v in range(self._end):
            self._close(v)
        left = self._buckets.pop(self._end, [])
        self._last = self._product(left, list(range(self._end, len(ranked))))

    def _enter(self, factor: Factor) -> None:
        """Turn an array so that its axes follow the order."""
        array, scope, slots = factor
        ranks = [self._place[v] for v in scope]
        turn = sorted(range(len(ranks)), key=ranks.__getitem__)
        ranks.sort()
        if not slots:
            self._put(self._scale(array.transpose(turn)), ranks)
            return
        skip = len(slots)
        array = array.transpose([*range(skip), *[skip + k for k in turn]])
        self._picks.append((len(self._registers), itemgetter(*slots)))
        self._put(self._register(array), ranks)

    def _register(self, array: Numbers | None) -> int:
        self._registers.append(array)
        return len(self._registers) - 1

    def _put(self, array: Numbers | int, scope: list[int]) -> None:
        first = scope[0] if scope else self._end
        self._buckets.setdefault(min(first, self._end), []).append((array, scope))

    def _close(self, v: int) -> None:
        """Multiply a bucket and sum over its first axis, now or at each call."""
        terms = sorted(self._buckets.pop(v), key=_width)
        (first, scope), (last, clique) = terms[0], terms[-1]
        if len(terms) != 2 or len(scope) > 1:
            clique = sorted(set().union(*[scope for _, scope in terms]))
        elif not isinstance(first, int) and not isinstance(last, int):
            total = np.dot(first, last.reshape(len(first), -1)).reshape(last.shape[1:])
            self._put(self._scale(total), clique[1:])
            return
        product = self._product(terms, clique)
        if product[0]:
            target = self._register(None)
            self._steps.append((target, product))
            self._put(target, clique[1:])
        else:
            self._put(np.asarray(np.add.reduce(_multiplied([], product))), clique[1:])

    def _product(self, terms: list[_Term], clique: list[int]) -> _Product:
        """Multiply what can be; list what cannot."""
        parts, constant = [], None
        for array, scope in terms:
            if isinstance(array, int):
                parts.append(self._shaped(array, scope, clique))
                continue
            if len(scope) < len(clique):
                array = array.reshape(self._shape(scope, clique))
            constant = array if constant is None else self._scale(constant * array)
        return parts, constant

    def _shape(self, scope: list[int], clique: list[int]) -> tuple[int, ...]:
        return tuple([self._sizes[u] if u in scope else 1 for u in clique])

    def _shaped(
        self, register: int, scope: list[int], clique: list[int]
    ) -> tuple[int, tuple[int, ...] | None]:
        """Shape an array in a register now if it is there; else say how it must be shaped."""
        if len(scope) == len(clique):
            return register, None
        shape, array = self._shape(scope, clique), self._registers[register]
        if array is None:
            return register, shape
        lead = array.shape[: array.ndim - len(scope)]
        self._registers[register] = array.reshape(lead + shape)
        return register, None

    def _scale(self, array: Numbers) -> Numbers:
        if not self._scaled:
            return array
        top = array.max()
        return np.asarray(array / top if top > 0 else array)

    def at(self, codes: Sequence[int]) -> Numbers:
        """Give the product where the axes in front have these states.

        Parameters
        ----------
        codes : sequence of int
            State for each slot.
        """
        registers = self._registers.copy()
        for register, pick in self._picks:
            registers[register] = registers[register][pick(codes)]
        for target, product in self._steps:
            registers[target] = np.add.reduce(_multiplied(registers, product))
        return _multiplied(registers, self._last)


def _multiplied(registers: list[Any], product: _Product) -> Numbers:
    parts, constant = product
    for register, shape in parts:
        array = registers[register]
        if shape is not None:
            array = array.reshape(shape)
        constant = array if constant is None else array * constant
    return np.ones(()) if constant is None else constant


def _width(term: _Term) -> int:
    return len(term[1])
