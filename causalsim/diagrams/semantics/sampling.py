"""Random draws: an arrow turns columns of inputs into columns of outputs.

Anything that can be drawn is an arrow here, such as the mechanisms of :class:`causalsim.SCM`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Never, final

import numpy as np
from numpy.typing import NDArray

from causalsim.diagrams.functor import Functor, fold
from causalsim.diagrams.syntax import Diagram
from causalsim.errors import DataError, OptionError

__all__ = ["Sampler", "Sampling"]

Column = NDArray[Any]
Draw = Callable[[Sequence[Column], int, np.random.Generator], Sequence[Column]]


@final
@dataclass(frozen=True)
class Sampler:
    """Something that can be drawn.

    Parameters
    ----------
    draw : callable
        ``draw(inputs, rows, rng)`` gives the output columns, each of shape (rows,).
    inputs, outputs : int
        Their numbers.

    Examples
    --------
    >>> noise = Sampler(lambda inputs, rows, rng: [rng.normal(size=rows)], 0, 1)
    >>> noise([], 3, np.random.default_rng(0))[0].shape
    (3,)
    """

    draw: Draw
    inputs: int
    outputs: int

    def __call__(
        self, inputs: Sequence[Column], rows: int, rng: np.random.Generator
    ) -> list[Column]:
        """Draw rows."""
        if len(inputs) != self.inputs:
            raise DataError(f"{len(inputs)} input columns; expected {self.inputs}.")
        return [np.asarray(column) for column in self.draw(inputs, rows, rng)]


@final
@dataclass(frozen=True)
class Sampling:
    """The category of samplers; a space is a number of states, or None for the line.

    Examples
    --------
    >>> law = Sampling()
    >>> twice = law.then(law.point(None, 3.0), law.wires([None], [0, 0]))
    >>> twice([], 2, np.random.default_rng())
    [array([3., 3.]), array([3., 3.])]
    """

    def then(self, first: Sampler, second: Sampler) -> Sampler:
        """Compose."""
        return Sampler(
            lambda inputs, rows, rng: second(first(inputs, rows, rng), rows, rng),
            first.inputs,
            second.outputs,
        )

    def tensor(self, first: Sampler, second: Sampler) -> Sampler:
        """Put side by side."""
        return Sampler(
            lambda inputs, rows, rng: [
                *first(inputs[: first.inputs], rows, rng),
                *second(inputs[first.inputs :], rows, rng),
            ],
            first.inputs + second.inputs,
            first.outputs + second.outputs,
        )

    def wires(self, spaces: Sequence[int | None], picks: Sequence[int]) -> Sampler:
        """Give copies, discards and swaps."""
        return Sampler(
            lambda inputs, rows, rng: [inputs[k] for k in picks],  # noqa: ARG005
            len(spaces),
            len(picks),
        )

    def uniform(self, space: int | None) -> Sampler:
        """Draw every state alike.

        Raises
        ------
        OptionError
            On the line, which has no uniform law.
        """
        if space is None:
            raise OptionError(
                "no uniform law on the line; cut with set_state({name: value}) instead."
            )
        return Sampler(lambda inputs, rows, rng: [rng.integers(space, size=rows)], 0, 1)  # noqa: ARG005

    def point(self, space: int | None, value: Hashable) -> Sampler:  # noqa: ARG002
        """Give a value every time."""
        return Sampler(lambda inputs, rows, rng: [np.full(rows, value)], 0, 1)  # noqa: ARG005

    def evidence(self, space: int | None, value: Hashable) -> Never:
        """Refuse: draws are conditioned by keeping the rows that agree."""
        raise OptionError(
            f"evidence {value!r} inside a sampler ({space}); draw rows and keep those that agree."
        )

    def contract(self, diagram: Diagram, functor: Functor[int | None, Sampler]) -> Sampler:
        """Draw box by box."""
        return fold(diagram, functor)
