"""Choosing among configurations that are as good as the best: the sparsest.

``"one_se"`` is the one-standard-error rule of [Breiman1984]_, on the largest AUC of the panel.
``"permutation"`` is the published test [ACT]_: scores of two configurations are swapped, here in
whole blocks of time, since windows overlap, each with probability 1/2, and p cannot be 0.

References
----------
.. [Breiman1984] Breiman, Friedman, Olshen & Stone, *Classification and Regression Trees*, 3.4.3.
.. [ACT] arXiv 2506.02084 version 2; the idea is that of Biza, Ntroumpogiannis, Triantafillou &
   Tsamardinos 2022.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from causalsim.simulate._bench import Bench
from causalsim.simulate._discriminators import placements

__all__ = ["PENALTIES", "Scores", "scores_of", "sparsest", "swap_p_value"]

Floats = NDArray[np.float64]
PENALTIES = ("one_se", "permutation", "none")


class Scores(NamedTuple):
    """Judged windows of one path by the discriminator that tells it best.

    ``simulated`` labels the windows, ``score`` is larger for those taken to be simulated and
    ``block`` is the stretch of time, each of shape (windows,).
    """

    simulated: NDArray[np.bool_]
    score: Floats
    block: NDArray[np.intp]

    @property
    def auc(self) -> float:
        """Area under the ROC curve."""
        return _auc(self.score, self.simulated)


def _auc(score: Floats, simulated: NDArray[np.bool_]) -> float:
    placed = placements(score, simulated)
    return float((placed[simulated].mean() + placed[~simulated].mean()) / 2)


def scores_of(bench: Bench, path: Floats, rng: np.random.Generator) -> Scores:
    """Give the scores of the best discriminator of a bench for one path.

    Parameters
    ----------
    bench : Bench
    path : array of shape (steps, variables)
    rng : Generator
    """
    found = []
    for contest in bench.contests(path, rng):
        judged = np.concatenate([rows for _, rows in contest.splits])
        for member in bench.plan.panel:
            parts = [
                member.scores(*contest.part(train), contest.x[rows], rng)
                for train, rows in contest.splits
            ]
            scores = np.concatenate(parts)
            found.append(Scores(contest.y[judged], scores, contest.blocks[judged]))
    return max(found, key=lambda one: one.auc)


def swap_p_value(one: Scores, other: Scores, *, swaps: int, rng: np.random.Generator) -> float:
    """Test whether two configurations are told from the real series equally well.

    Parameters
    ----------
    one, other : Scores
        Of the same windows.
    swaps : int
    rng : Generator

    Returns
    -------
    float
        (1 + swaps with at least the observed difference of AUCs) / (1 + swaps).

    Examples
    --------
    >>> y, block = np.arange(40) % 2 == 1, np.arange(40) // 4
    >>> good = Scores(y, y + 0.0, block)
    >>> swap_p_value(good, Scores(y, 0.0 * y, block), swaps=99, rng=np.random.default_rng(0))
    0.01
    """
    seen = abs(one.auc - other.auc)
    flips = rng.random((swaps, one.block.max() + 1)) < 0.5
    count = 0
    for flip in flips:
        swapped = flip[one.block]
        a = np.where(swapped, other.score, one.score)
        b = np.where(swapped, one.score, other.score)
        count += abs(_auc(a, one.simulated) - _auc(b, one.simulated)) >= seen - 1e-12
    return (1 + count) / (1 + swaps)


def sparsest(edges: Sequence[int], aucs: Sequence[float], equivalent: Sequence[bool]) -> int:
    """Give the position of the fewest edges among equivalent ones; ties go to the lower AUC.

    >>> sparsest([9, 4, 4, 1], [0.5, 0.55, 0.54, 0.9], [True, True, True, False])
    2
    """
    allowed = [k for k, fine in enumerate(equivalent) if fine]
    return min(allowed, key=lambda k: (edges[k], aucs[k]))
