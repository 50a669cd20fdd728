"""Mechanisms that change: by a regime, by a drift, and the Markov chain behind regimes.

A changing mechanism has the variable that changes it as its first parent, so that a model over
time with regimes or drift is an ordinary :class:`causalsim.TemporalSCM` with a context node.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from causalsim.errors import OptionError
from causalsim.scm.functions import FittedMechanism, Floats
from causalsim.scm.laws import UniformNoise

__all__ = ["CHAIN_NOISE", "DRIFTING", "ChainFunction", "DriftFunction", "SwitchFunction"]

DRIFTING = ("weights", "mean")
CHAIN_NOISE = UniformNoise(sd=float(1 / np.sqrt(12)), mean=0.5)


@final
@dataclass(frozen=True)
class ChainFunction(FittedMechanism):
    """A Markov chain over states 0 to ``states - 1``; its only parent is its last state.

    It stays with probability ``stay`` and otherwise jumps to one of the other states, each
    equally likely. Its noise is uniform between 0 and 1 (``CHAIN_NOISE``).

    Parameters
    ----------
    states : int
        At least 2.
    stay : float
        Between 0 and 1.

    Raises
    ------
    OptionError
        If a number is out of range.

    Examples
    --------
    >>> chain = ChainFunction(3, stay=0.5)
    >>> chain.value(np.array([[2.0], [2.0], [2.0]]), np.array([0.1, 0.6, 0.9]))
    array([2., 0., 1.])
    """

    states: int = 2
    stay: float = 0.98

    def __post_init__(self) -> None:
        if self.states < 2 or not 0 <= self.stay < 1:
            raise OptionError(
                f"states={self.states}, stay={self.stay}: expected at least 2 states and a "
                "probability from 0 up to, not including, 1."
            )

    @property
    def arity(self) -> int:
        """Number of parents that it takes."""
        return 1

    def effect(self, parents: Floats) -> Floats:
        """Give the state in which the chain stays."""
        return parents[:, 0]

    def value(self, parents: Floats, noise: Floats) -> Floats:
        """Give the next states, shape (n,), from uniform noise."""
        share = np.maximum(noise - self.stay, 0.0) / (1 - self.stay)
        steps = 1 + np.minimum(np.floor(share * (self.states - 1)), self.states - 2)
        moved = (parents[:, 0] + steps) % self.states
        return np.where(noise < self.stay, parents[:, 0], moved)

    def residual(self, parents: Floats, child: Floats) -> Floats:
        """Refuse: a state does not tell the number that was drawn.

        Raises
        ------
        OptionError
            Always.
        """
        raise OptionError(
            f"the noise behind {len(child)} states of a chain cannot be known from "
            f"{parents.shape[1]} parent; set the regime with do=, or leave abduction out."
        )


@final
@dataclass(frozen=True)
class SwitchFunction(FittedMechanism):
    """One function for each regime; the first parent is the regime, 0 to K - 1.

    Parameters
    ----------
    branches : sequence of FittedMechanism
        Functions of the other parents, all of one arity.

    Raises
    ------
    OptionError
        If there is no branch, or they take different numbers of parents.

    Examples
    --------
    >>> from causalsim.scm import LinearFunction
    >>> switch = SwitchFunction((LinearFunction((1.0,)), LinearFunction((-1.0,))))
    >>> switch.predict(np.array([[0.0, 3.0], [1.0, 3.0]]))
    array([ 3., -3.])
    """

    branches: tuple[FittedMechanism, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "branches", tuple(self.branches))
        arities = {branch.arity for branch in self.branches}
        if len(arities) != 1:
            raise OptionError(
                f"branches take {sorted(arities)} parents; give at least one branch, and all "
                "with the same number of parents."
            )

    @property
    def arity(self) -> int:
        """Number of parents that it takes, the regime included."""
        return 1 + self.branches[0].arity

    def effect(self, parents: Floats) -> Floats:
        """Give what the branch of each row's regime says."""
        total = np.zeros(len(parents))
        for k, branch in enumerate(self.branches):
            rows = parents[:, 0] == k
            total[rows] = branch.predict(parents[rows, 1:])
        return total


@final
@dataclass(frozen=True)
class DriftFunction(FittedMechanism):
    """A function that moves with its first parent s, which runs between 0 and 1.

    Parameters
    ----------
    base : FittedMechanism
        A function of the other parents: what holds at s = 0.
    on : {"weights", "mean"}
        ``"weights"``: what the parents add is multiplied by ``1 - size * s``. ``"mean"``:
        ``size * s`` is added.
    size : float

    Raises
    ------
    OptionError
        If ``on`` is unknown.

    Examples
    --------
    >>> from causalsim.scm import LinearFunction
    >>> fading = DriftFunction(LinearFunction((2.0,)), "weights", 0.5)
    >>> fading.predict(np.array([[0.0, 1.0], [1.0, 1.0]]))
    array([2., 1.])
    """

    base: FittedMechanism
    on: str = "weights"
    size: float = 0.5

    def __post_init__(self) -> None:
        if self.on not in DRIFTING:
            raise OptionError.from_choice("on", self.on, DRIFTING)

    @property
    def arity(self) -> int:
        """Number of parents that it takes, the drift included."""
        return 1 + self.base.arity

    def effect(self, parents: Floats) -> Floats:
        """Give the moved function."""
        moved, rest = self.size * parents[:, 0], parents[:, 1:]
        if self.on == "mean":
            return self.base.predict(rest) + moved
        return self.base.intercept + (1 - moved) * self.base.effect(rest)
