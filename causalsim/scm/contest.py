"""A mechanism chosen for its forecasts: the candidate whose draws fit held-out rows best.

A simulator must get whole distributions right, not means alone, so candidates are compared by
the continuous ranked probability score of their draws, a proper score in the unit of the child.

References
----------
.. [Gneiting2007] Gneiting & Raftery, Strictly proper scoring rules, prediction, and estimation,
   JASA 102, equation 21.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from causalsim._rng import spawn
from causalsim.errors import OptionError
from causalsim.scm.functions import FittedMechanism, Floats
from causalsim.scm.laws import FittedNoise, ZeroNoise
from causalsim.scm.mechanisms import Linear, Mechanism, get_mechanism
from causalsim.scm.noise import Empirical

__all__ = ["Contest", "crps"]

_PIECES = 20


def crps(draws: Floats, observed: Floats) -> Floats:
    """Score draws of a forecast against what came: mean|X - y| - mean|X - X'| / 2.

    Parameters
    ----------
    draws : array of shape (n, m)
        m at least 2.
    observed : array of shape (n,)

    Returns
    -------
    array of shape (n,)
        Lower is better; unbiased in m.

    Examples
    --------
    >>> crps(np.array([[0.0, 2.0]]), np.array([1.0]))
    array([0.])
    """
    m = draws.shape[1]
    ordered = np.sort(draws, axis=1)
    spread = ordered @ (2 * np.arange(1, m + 1) - m - 1) * 2 / (m * (m - 1))
    return np.asarray(np.abs(draws - observed[:, None]).mean(axis=1) - spread / 2)


@final
@dataclass(frozen=True)
class Contest(Mechanism):
    """The candidate whose draws fit held-out blocks of rows best.

    Of those within two standard errors of the best score the first is taken, so simple ones
    should stand first; the errors are those of means over twenty pieces of the rows.

    Parameters
    ----------
    candidates : sequence of str or Mechanism
    folds : int
        Contiguous blocks of rows, since neighbours in time are alike.
    draws : int
        For each held-out row.
    """

    candidates: tuple[str | Mechanism, ...] = ("ridge", "additive", "scaled", "forest_sampler")
    folds: int = 4
    draws: int = 30

    def __post_init__(self) -> None:
        object.__setattr__(self, "candidates", tuple(self.candidates))
        if not self.candidates or self.folds < 2 or self.draws < 2:
            raise OptionError(f"{self!r}: give a candidate, and at least 2 folds and draws.")

    def choose(self, parents: Floats, child: Floats, rng: np.random.Generator) -> Mechanism:
        """Give the candidate that wins on these rows."""
        n, k = parents.shape
        if k == 0 or n < self.folds * (k + 10):
            return Linear()
        specs = [get_mechanism(each) for each in self.candidates]
        streams = spawn(rng, len(specs))
        scores = np.array([
            self._scores(spec, parents, child, stream)
            for spec, stream in zip(specs, streams, strict=True)
        ])  # fmt: skip
        behind = scores - scores[scores.mean(axis=1).argmin()]
        error = behind.std(axis=1, ddof=1) / np.sqrt(_PIECES)
        winner = specs[int((behind.mean(axis=1) <= 2 * error).argmax())]
        return winner.choose(parents, child, rng)

    def _scores(
        self, spec: Mechanism, parents: Floats, child: Floats, rng: np.random.Generator
    ) -> Floats:
        """Score rows by the function and law learnt on the other folds, in means of pieces."""
        fold_of = np.arange(len(child)) * self.folds // len(child)
        scores = np.empty(len(child))
        for fold in range(self.folds):
            out = fold_of == fold
            function, law = _learn(spec, parents[~out], child[~out], rng)
            rows = np.repeat(parents[out], self.draws, axis=0)
            drawn = function.value(rows, law.sample(len(rows), rng))
            scores[out] = crps(drawn.reshape(-1, self.draws), child[out])
        return np.array([piece.mean() for piece in np.array_split(scores, _PIECES)])

    def fit(self, parents: Floats, child: Floats, rng: np.random.Generator) -> FittedMechanism:
        """Choose a candidate and learn it on all rows."""
        return self.choose(parents, child, rng).fit(parents, child, rng)


def _learn(
    spec: Mechanism, parents: Floats, child: Floats, rng: np.random.Generator
) -> tuple[FittedMechanism, FittedNoise]:
    function = spec.fit(parents, child, rng)
    if function.law is not None:
        return function, function.law
    residuals = spec.honest_residuals(function, parents, child, rng)
    return function, Empirical().fit(residuals) if np.ptp(residuals) > 0 else ZeroNoise()
