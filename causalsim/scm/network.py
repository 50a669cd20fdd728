"""Networks with one hidden layer, and the perceptron that learns one by gradients (torch)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from causalsim.errors import OptionError
from causalsim.scm import _program
from causalsim.scm._program import Program
from causalsim.scm._ridge import standardised
from causalsim.scm._torch import single_precision, training
from causalsim.scm.functions import ACTIVATIONS, FittedMechanism, Floats, LinearFunction
from causalsim.scm.mechanisms import Mechanism, blocks, held_out, refuse_few_rows

__all__ = ["NetworkFunction", "Perceptron"]

Vector = tuple[float, ...]


@final
@dataclass(frozen=True)
class NetworkFunction(FittedMechanism):
    """One hidden layer: ``out @ activation(weights @ parents + offsets)``.

    Parameters
    ----------
    weights : sequence of sequences of float
        One row per unit, one number per parent, in the graph's order.
    offsets, out : sequences of float
        One of each per unit.
    activation : {"tanh", "sin"}

    Raises
    ------
    OptionError
        If the sizes do not agree, or the activation is unknown.

    Examples
    --------
    >>> f = NetworkFunction(((1.0, 1.0),), offsets=(0.0,), out=(2.0,))
    >>> f.predict(np.array([[0.5, -0.5]]))
    array([0.])
    """

    weights: tuple[Vector, ...]
    offsets: Vector
    out: Vector
    activation: str = "tanh"

    def __post_init__(self) -> None:
        rows = tuple(tuple(float(w) for w in row) for row in self.weights)
        object.__setattr__(self, "weights", rows)
        for part in ("offsets", "out"):
            object.__setattr__(self, part, tuple(float(v) for v in getattr(self, part)))
        if self.activation not in ACTIVATIONS:
            raise OptionError.from_choice("activation", self.activation, ACTIVATIONS)
        sizes = {len(rows), len(self.offsets), len(self.out)}
        if len({len(row) for row in rows}) != 1 or len(sizes) != 1:
            raise OptionError(
                f"{len(rows)} rows of weights, {len(self.offsets)} offsets and {len(self.out)} "
                "numbers out; give one of each per unit, and rows of one length."
            )

    @property
    def arity(self) -> int:
        """Number of parents that it takes."""
        return len(self.weights[0])

    def effect(self, parents: Floats) -> Floats:
        """Give what the network says, term by term as `weighted_sum` does."""
        inside = np.tile(np.array(self.offsets), (len(parents), 1))
        for column, weights in zip(parents.T, np.array(self.weights).T, strict=True):
            inside += np.multiply.outer(column, weights)
        hidden = ACTIVATIONS[self.activation](inside)
        return np.asarray((hidden * np.array(self.out)).sum(axis=1))

    def program(self) -> Program:
        """Give the function as numbers for the compiled rollout."""
        return _program.network(
            self.intercept, self.out, self.weights, self.offsets, self.activation
        )


@final
@dataclass(frozen=True)
class Perceptron(Mechanism):
    """A perceptron with one layer of tanh units, trained by Adam; needs torch.

    Parents and child are standardised. Training stops early: of all epochs, the network is kept
    that predicts the last fifth of the rows best.

    Parameters
    ----------
    units : int
    epochs : int
        At most as many passes over all rows at once.
    rate : float
        Learning rate.
    decay : float
        Penalty on squared weights.

    Raises
    ------
    OptionError
        If a number is not positive.

    Examples
    --------
    >>> Perceptron(units=8).units
    8
    """

    units: int = 32
    epochs: int = 500
    rate: float = 0.01
    decay: float = 1e-4

    def __post_init__(self) -> None:
        if self.units < 1 or self.epochs < 1 or not self.rate > 0 or not self.decay >= 0:
            raise OptionError(
                f"units={self.units}, epochs={self.epochs}, rate={self.rate}, "
                f"decay={self.decay}: expected positive numbers (decay may be 0)."
            )

    def fit(self, parents: Floats, child: Floats, rng: np.random.Generator) -> FittedMechanism:
        """Learn the network.

        Raises
        ------
        MissingExtraError
            Without torch, with the command that installs it.
        """
        refuse_few_rows(parents)
        if parents.shape[1] == 0 or np.ptp(child) == 0:
            return LinearFunction((0.0,) * parents.shape[1], intercept=float(child.mean()))
        columns, centre, scale = standardised(parents)
        size = float(child.std())
        with training("the mechanism Perceptron", rng) as torch:
            layers = self._train(torch, columns, (child - child.mean()) / size)
        hidden, offsets, out, last = (part.double().numpy() for part in layers)
        hidden = hidden / scale
        return NetworkFunction(
            tuple(map(tuple, hidden)),
            tuple(offsets - hidden @ centre),
            tuple(size * out[0]),
            intercept=float(child.mean() + size * last[0]),
        )

    def honest_residuals(
        self,
        function: FittedMechanism,  # noqa: ARG002  its freedom is not known
        parents: Floats,
        child: Floats,
        rng: np.random.Generator,
    ) -> Floats:
        """Give what is left of each of five contiguous blocks by networks of the others."""
        return held_out(self, parents, child, blocks(len(child)), rng)

    def _train(self, torch: Any, x: Floats, y: Floats) -> list[Any]:
        """Give weights and offsets of both layers at the epoch with the best validation error."""
        inputs, target = single_precision(torch, x), single_precision(torch, y)
        first = torch.nn.Linear(x.shape[1], self.units, dtype=inputs.dtype)
        second = torch.nn.Linear(self.units, 1, dtype=inputs.dtype)
        layers = [*first.parameters(), *second.parameters()]
        optimiser = torch.optim.Adam(layers, lr=self.rate, weight_decay=self.decay)
        cut = len(y) - max(len(y) // 5, 1)
        best, kept = np.inf, layers
        for _ in range(self.epochs):
            squares = (second(torch.tanh(first(inputs)))[:, 0] - target) ** 2
            error = float(squares[cut:].mean().detach())
            if error < best:
                best, kept = error, [part.detach().clone() for part in layers]
            optimiser.zero_grad()
            squares[:cut].mean().backward()
            optimiser.step()
        return kept
