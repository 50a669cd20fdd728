"""Learning mechanisms that change with a regime, and the chain of the regimes.

In both the regime is a column of the series, and the first parent. They serve
:meth:`causalsim.TemporalSCM.fit` for a graph with ``regime[t-1] --> regime`` and
``regime --> X``; :func:`causalsim.tcs` with ``regimes=`` writes that graph.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from causalsim._rng import spawn
from causalsim.errors import DataError, OptionError
from causalsim.scm._nodes import FittedNode, check_count, fit_node
from causalsim.scm.functions import FittedMechanism, Floats
from causalsim.scm.laws import InvertibleNoise
from causalsim.scm.mechanisms import Mechanism, get_mechanism
from causalsim.scm.noise import NoiseModel, get_noise
from causalsim.scm.nonstationary import MarkovFunction, SwitchFunction

__all__ = ["Markov", "Switching"]


@final
@dataclass(frozen=True)
class Markov(Mechanism):
    """The chain of the regimes, learnt by counting transitions; see :meth:`MarkovFunction.of`.

    Parameters
    ----------
    count : int
        Number of regimes.
    """

    count: int

    def __post_init__(self) -> None:
        check_count("count", self.count, 1)

    def fit(
        self,
        parents: Floats,
        child: Floats,
        rng: np.random.Generator,  # noqa: ARG002  nothing is drawn
    ) -> MarkovFunction:
        """Learn the transition probabilities."""
        return MarkovFunction.of(parents[:, 0], child, self.count)


@final
@dataclass(frozen=True)
class Switching(Mechanism):
    """A function and a law of noise for each regime, learnt from the rows of that regime.

    Parameters
    ----------
    count : int
        Number of regimes.
    base : str or Mechanism
        What is learnt in each regime; ``"auto"`` may choose another kind in each.
    noise : str or NoiseModel

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> regime, x, noise = rng.integers(0, 2, 500), *rng.normal(size=(2, 500))
    >>> y = np.where(regime == 0, 2 * x + 0.1 * noise, -x + noise)
    >>> parents = np.column_stack([regime, x])
    >>> switch = Switching(2, "linear", "gaussian").fit(parents, y, rng)
    >>> [round(branch.weights[0], 1) for branch in switch.branches]
    [2.0, -1.0]
    >>> [round(law.sd, 1) for law in switch.laws]
    [0.1, 1.0]
    """

    count: int
    base: str | Mechanism = "auto"
    noise: str | NoiseModel = "auto"

    def __post_init__(self) -> None:
        check_count("count", self.count, 1)
        get_mechanism(self.base)
        get_noise(self.noise)

    def fit(self, parents: Floats, child: Floats, rng: np.random.Generator) -> SwitchFunction:
        """Learn each branch, and the law of its noise.

        Raises
        ------
        DataError
            If a regime has too few rows.
        """
        streams = spawn(rng, self.count)
        nodes = [self._node(k, parents, child, stream) for k, stream in enumerate(streams)]
        laws = []
        for node in nodes:
            if not isinstance(node.law, InvertibleNoise):
                raise OptionError(
                    f"a {type(node.law).__name__} has no quantiles, which regimes need; choose "
                    'another noise=, such as "auto".'
                )
            laws.append(node.law)
        return SwitchFunction(tuple(node.function for node in nodes), tuple(laws))

    def _node(
        self, k: int, parents: Floats, child: Floats, rng: np.random.Generator
    ) -> FittedNode:
        rows, least = parents[:, 0] == k, parents.shape[1] + 1
        if rows.sum() < least:
            raise DataError(
                f"regime {k} has {rows.sum()} rows; {parents.shape[1] - 1} parents need at least "
                f"{least}. Join it with another regime, or ask for fewer."
            )
        learner, noise = get_mechanism(self.base), get_noise(self.noise)
        return fit_node(parents[rows, 1:], child[rows], learner, noise, rng)

    def honest_residuals(
        self,
        function: FittedMechanism,
        parents: Floats,
        child: Floats,
        rng: np.random.Generator,  # noqa: ARG002  nothing is learnt again
    ) -> Floats:
        """Give the uniforms behind the values; laws were learnt from honest residuals before."""
        return function.residual(parents, child)
