"""Finite sets and matrices of non-negative numbers: floats, or exact fractions.

A space is a number of states, and an arrow a :class:`Channel`: an array with one axis for each
output and then one for each input. Channels whose columns sum to 1 are stochastic.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Any, Protocol, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causalsim.diagrams._contraction import contract
from causalsim.diagrams.functor import Functor
from causalsim.diagrams.syntax import INPUT, Diagram, Port
from causalsim.errors import DataError

__all__ = ["Channel", "Exact", "Stochastic"]

Numbers = NDArray[Any]
Sizes = tuple[int, ...]


@final
@dataclass(frozen=True, eq=False)
class Channel:
    """A matrix between products of finite sets.

    Parameters
    ----------
    values : array of shape (*cod, *dom)
        Floats or fractions.
    dom, cod : tuple of int
        Numbers of states of inputs and outputs.

    Raises
    ------
    DataError
        If the shape is wrong.

    Examples
    --------
    >>> Channel([[0.9, 0.2], [0.1, 0.8]], (2,), (2,)).is_stochastic()
    True
    """

    values: Numbers
    dom: Sizes
    cod: Sizes

    def __post_init__(self) -> None:
        values = np.asarray(self.values)
        if values.shape != self.cod + self.dom:
            raise DataError(
                f"a channel of shape {values.shape}; outputs {self.cod} and inputs {self.dom} "
                f"make {self.cod + self.dom}."
            )
        object.__setattr__(self, "values", values)

    @property
    def matrix(self) -> Numbers:
        """The channel with one row for each joint output, one column for each joint input."""
        return self.values.reshape(prod(self.cod), prod(self.dom))

    def is_stochastic(self, tolerance: float = 1e-9) -> bool:
        """Tell whether every column sums to 1."""
        return bool((abs(self.matrix.sum(axis=0) - 1) <= tolerance).all())


class _Arithmetic(Protocol):
    """What floats and fractions have in common."""

    def numbers(self, values: ArrayLike) -> Numbers:
        """Give an array of this kind of numbers."""

    def share(self, size: int) -> Any:
        """Give one of ``size`` equal parts of 1."""


class _Matrices(_Arithmetic, Protocol):
    """The category of non-negative matrices over some kind of numbers."""

    def then(self, first: Channel, second: Channel) -> Channel:
        """Compose: the matrix product, second times first."""
        if first.cod != second.dom:
            raise DataError(f"outputs {first.cod} do not meet inputs {second.dom}.")
        values = np.tensordot(second.values, first.values, axes=len(second.dom))
        return Channel(np.asarray(values), first.dom, second.cod)

    def tensor(self, first: Channel, second: Channel) -> Channel:
        """Put side by side: the Kronecker product."""
        outer = np.asarray(np.multiply.outer(first.values, second.values))
        middle = len(first.cod) + len(first.dom)
        axes = [
            *range(len(first.cod)),
            *range(middle, middle + len(second.cod)),
            *range(len(first.cod), middle),
            *range(middle + len(second.cod), outer.ndim),
        ]
        return Channel(outer.transpose(axes), first.dom + second.dom, first.cod + second.cod)

    def wires(self, spaces: Sequence[int], picks: Sequence[int]) -> Channel:
        """Give copies, discards and swaps as a matrix of zeros and ones."""
        dom, cod = tuple(spaces), tuple(spaces[k] for k in picks)
        where = np.indices(dom).reshape(len(dom), -1) if dom else np.zeros((0, 1), int)
        values = np.zeros(cod + dom, int)
        values[(*(where[k] for k in picks), *where)] = 1
        return Channel(self.numbers(values), dom, cod)

    def uniform(self, space: int) -> Channel:
        """Give each state the same probability."""
        return Channel(self.numbers([self.share(space)] * space), (), (space,))

    def point(self, space: int, value: Hashable) -> Channel:
        """Give the state of that number all probability."""
        return Channel(self.numbers(_one_hot(space, value)), (), (space,))

    def evidence(self, space: int, value: Hashable) -> Channel:
        """Keep the state of that number."""
        return Channel(self.numbers(_one_hot(space, value)), (space,), ())

    def contract(self, diagram: Diagram, functor: Functor[int, Channel]) -> Channel:
        """Evaluate as a product of arrays with shared axes, summed in a good order.

        A copied wire is an axis that several arrays share; no copy is ever an array.
        """
        factors = [
            _distinct(
                functor.box(box).values, [*(Port(name, k) for k in range(len(box.cod))), *sources]
            )
            for name, (box, sources) in diagram.boxes.items()
        ]
        inputs = [Port(INPUT, k) for k in range(len(diagram.dom))]
        axes = [*inputs]
        outputs = []
        for number, port in enumerate(diagram.outputs):
            if port in axes:
                again = Port(f"{INPUT}{number}", -1)
                size = functor.space(diagram.type_of(port))
                factors.append((self.wires([size], [0]).values, [again, port]))
                port = again
            outputs.append(port)
            axes.append(port)
        factors += [
            (self.numbers(np.ones(functor.space(kind), int)), [port])
            for port, kind in zip(inputs, diagram.dom, strict=True)
        ]
        dom, cod = (tuple(map(functor.space, types)) for types in (diagram.dom, diagram.cod))
        values = contract(factors, [*outputs, *inputs]) if factors else self.numbers(1)
        return Channel(values, dom, cod)


@final
@dataclass(frozen=True)
class Stochastic(_Matrices):
    """Matrices of floats.

    Examples
    --------
    >>> Stochastic().uniform(4).values
    array([0.25, 0.25, 0.25, 0.25])
    """

    def numbers(self, values: ArrayLike) -> Numbers:
        """Give an array of floats."""
        return np.asarray(values, np.float64)

    def share(self, size: int) -> float:
        """Give 1 / size."""
        return 1 / size


@final
@dataclass(frozen=True)
class Exact(_Matrices):
    """Matrices of fractions, for equalities without tolerance.

    Examples
    --------
    >>> Exact().uniform(3).values
    array([Fraction(1, 3), Fraction(1, 3), Fraction(1, 3)], dtype=object)
    """

    def numbers(self, values: ArrayLike) -> Numbers:
        """Give an array of fractions; floats are taken by their shortest decimal form."""
        found = np.asarray(values, object)
        flat = [Fraction(str(v)) if isinstance(v, float) else Fraction(v) for v in found.flat]
        return np.array([*flat, None], object)[:-1].reshape(found.shape)

    def share(self, size: int) -> Fraction:
        """Give 1 / size."""
        return Fraction(1, size)


def _one_hot(size: int, value: Hashable) -> NDArray[np.intp]:
    if not isinstance(value, int | np.integer) or not 0 <= value < size:
        raise DataError(f"the state {value!r} is no number from 0 to {size - 1}.")
    return np.asarray(np.eye(size, dtype=np.intp)[value])


def _distinct(array: Numbers, axes: Sequence[Port]) -> tuple[Numbers, list[Port]]:
    """Take diagonals where a box reads a wire twice."""
    names = list(dict.fromkeys(axes))
    if len(names) == len(axes):
        return array, names
    return np.einsum(array, [names.index(port) for port in axes], range(len(names))), names
