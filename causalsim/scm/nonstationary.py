"""Mechanisms that change: by a regime, by a drift, and the Markov chain behind regimes.

A changing mechanism has the variable that changes it as its first parent, so that a model over
time with regimes or drift is an ordinary :class:`causalsim.TemporalSCM` with a context node.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Never, Self, final

import numpy as np
from numpy.typing import NDArray

from causalsim.errors import OptionError
from causalsim.scm.functions import FittedMechanism, Floats
from causalsim.scm.laws import UNIT_INTERVAL, FittedNoise, InvertibleNoise

__all__ = [
    "CHAIN_NOISE",
    "DRIFTING",
    "ChainFunction",
    "DriftFunction",
    "MarkovFunction",
    "SwitchFunction",
]

DRIFTING = ("weights", "mean")
CHAIN_NOISE = UNIT_INTERVAL


def _hidden(parents: Floats, child: Floats) -> Never:
    raise OptionError(
        f"the noise behind {len(child)} states of a chain cannot be known from "
        f"{parents.shape[1]} parent; set the regime with do=, or leave abduction out."
    )


def _states(parents: Floats, count: int) -> NDArray[np.intp]:
    """Give the states in the first column, shape (n,), or refuse what is none."""
    states = parents[:, 0].astype(np.intp)
    wrong = (states != parents[:, 0]) | (states < 0) | (states >= count)
    if wrong.any():
        raise OptionError(
            f"regime {parents[wrong, 0][0]:g} is unknown; expected a whole number from 0 to "
            f"{count - 1}."
        )
    return states


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
        return _hidden(parents, child)


@final
@dataclass(frozen=True)
class MarkovFunction(FittedMechanism):
    """A Markov chain over states 0 to K - 1; its only parent is its last state.

    Its noise is uniform between 0 and 1 (``CHAIN_NOISE``).

    Parameters
    ----------
    rows : sequence of sequences of float
        ``rows[i][j]`` is the probability of going from state i to state j.

    Raises
    ------
    OptionError
        If the rows are no transition matrix.

    Examples
    --------
    >>> chain = MarkovFunction(((0.5, 0.5), (0.0, 1.0)))
    >>> chain.value(np.array([[0.0], [0.0], [1.0]]), np.array([0.4, 0.6, 0.4]))
    array([0., 1., 1.])
    """

    rows: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        rows = tuple(tuple(float(p) for p in row) for row in self.rows)
        object.__setattr__(self, "rows", rows)
        if (
            not rows
            or any(len(row) != len(rows) or min(row) < 0 for row in rows)
            or not np.allclose(np.sum(rows, axis=1), 1)
        ):
            raise OptionError(
                f"rows={rows}: expected a square matrix of probabilities, whose rows add up to 1."
            )

    @classmethod
    def of(cls, last: Floats, now: Floats, count: int) -> Self:
        """Count the transitions between observed states.

        A transition that has not been seen counts as half a one, as each does beforehand
        (Jeffreys' rule), so that a simulated chain stays in no state for ever.

        Parameters
        ----------
        last, now : array of shape (n,)
        count : int
            Number of states.

        Examples
        --------
        >>> MarkovFunction.of(np.array([0.0, 0.0]), np.array([0.0, 1.0]), 2).rows
        ((0.5, 0.5), (0.5, 0.5))
        """
        pairs = last.astype(int) * count + now.astype(int)
        seen = np.bincount(pairs, minlength=count**2).reshape(count, count) + 0.5
        return cls(tuple(map(tuple, (seen / seen.sum(axis=1, keepdims=True)).tolist())))

    @property
    def arity(self) -> int:
        """Number of parents that it takes."""
        return 1

    @property
    def invertible(self) -> bool:
        """False: a state does not tell the number that was drawn."""
        return False

    @property
    def law(self) -> FittedNoise:
        """Between 0 and 1."""
        return CHAIN_NOISE

    def effect(self, parents: Floats) -> Floats:
        """Give the likeliest next states."""
        likeliest = np.argmax(self.rows, axis=1).astype(np.float64)
        return np.asarray(likeliest[_states(parents, len(self.rows))])

    def value(self, parents: Floats, noise: Floats) -> Floats:
        """Give the next states, shape (n,), from uniform noise."""
        borders = np.cumsum(self.rows, axis=1)[:, :-1][_states(parents, len(self.rows))]
        return np.asarray((noise[:, None] >= borders).sum(axis=1), np.float64)

    def residual(self, parents: Floats, child: Floats) -> Floats:
        """Refuse, as :meth:`ChainFunction.residual` does.

        Raises
        ------
        OptionError
            Always.
        """
        return _hidden(parents, child)


@final
@dataclass(frozen=True)
class SwitchFunction(FittedMechanism):
    """One function for each regime; the first parent is the regime, 0 to K - 1.

    Parameters
    ----------
    branches : sequence of FittedMechanism
        Functions of the other parents, all of one arity.
    laws : sequence of InvertibleNoise
        The law of the noise in each regime, whose quantiles are taken of noise between 0 and 1;
        by default none, and the noise is used as it is.

    Raises
    ------
    OptionError
        If there is no branch, they take different numbers of parents, there is not one law for
        each, or a regime is no branch.

    Examples
    --------
    >>> from causalsim.scm import LinearFunction
    >>> switch = SwitchFunction((LinearFunction((1.0,)), LinearFunction((-1.0,))))
    >>> switch.predict(np.array([[0.0, 3.0], [1.0, 3.0]]))
    array([ 3., -3.])
    """

    branches: tuple[FittedMechanism, ...]
    laws: tuple[InvertibleNoise, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "branches", tuple(self.branches))
        object.__setattr__(self, "laws", tuple(self.laws))
        arities = {branch.arity for branch in self.branches}
        if len(arities) != 1:
            raise OptionError(
                f"branches take {sorted(arities)} parents; give at least one branch, and all "
                "with the same number of parents."
            )
        if len(self.laws) not in {0, len(self.branches)}:
            raise OptionError(
                f"{len(self.laws)} laws for {len(self.branches)} branches; give none, or one each."
            )

    @property
    def arity(self) -> int:
        """Number of parents that it takes, the regime included."""
        return 1 + self.branches[0].arity

    @property
    def invertible(self) -> bool:
        """Whether all branches are."""
        return all(branch.invertible for branch in self.branches)

    @property
    def law(self) -> FittedNoise | None:
        """Between 0 and 1, if each regime has a law of its own."""
        return UNIT_INTERVAL if self.laws else None

    def _by_regime(
        self, parents: Floats, what: Callable[[int, NDArray[np.intp]], Floats]
    ) -> Floats:
        """Put together what is told of each branch and its rows, shape (n,)."""
        regimes, total = _states(parents, len(self.branches)), np.empty(len(parents))
        for k in range(len(self.branches)):
            rows = np.flatnonzero(regimes == k)
            if len(rows):
                total[rows] = what(k, rows)
        return total

    def effect(self, parents: Floats) -> Floats:
        """Give what the branch of each row's regime says."""
        return self._by_regime(parents, lambda k, at: self.branches[k].predict(parents[at, 1:]))

    def value(self, parents: Floats, noise: Floats) -> Floats:
        """Give the values of the child, shape (n,)."""

        def of(k: int, at: NDArray[np.intp]) -> Floats:
            own = self.laws[k].quantile(noise[at]) if self.laws else noise[at]
            return self.branches[k].value(parents[at, 1:], own)

        return self.intercept + self._by_regime(parents, of)

    def residual(self, parents: Floats, child: Floats) -> Floats:
        """Give the noise behind observed values, shape (n,); see :meth:`value`."""

        def of(k: int, at: NDArray[np.intp]) -> Floats:
            own = self.branches[k].residual(parents[at, 1:], child[at] - self.intercept)
            return self.laws[k].cdf(own) if self.laws else own

        return self._by_regime(parents, of)


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
