"""One contest: windows of both sides, split into training and judged ones, and its score.

The score of a judged window is its *placement*, the share of the other side's windows that it is
on the right side of. The AUC is the mean placement of either side, and to first order the sum of
both means, less a constant [DeLong1988]_. Sums of placements over blocks of time are therefore
all that is kept: blocks drawn anew give standard errors, for dependent windows as well.

References
----------
.. [DeLong1988] DeLong, DeLong & Clarke-Pearson, Comparing the areas under two or more
   correlated receiver operating characteristic curves, Biometrics 44, 837-845.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from causalsim.simulate._discriminators import Discriminator, placements

__all__ = ["Contest", "areas", "standard_errors", "tally"]

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]

_DRAWS = 400


@final
@dataclass(frozen=True, eq=False)
class Contest:
    """Windows of one width, of both sides.

    Parameters
    ----------
    x : array of shape (n, width, variables)
    y : array of bool, shape (n,)
        True for simulated windows.
    blocks : array of int, shape (n,)
        The block of time of each, numbered for each side.
    splits : sequence of (array, array)
        Positions of training and judged windows.

    Examples
    --------
    >>> split = (np.array([0, 1]), np.array([2, 3]))
    >>> one = Contest(np.zeros((4, 1, 1)), np.arange(4) % 2 == 1, np.zeros(4, int), [split])
    >>> one.fair
    True
    """

    x: Floats
    y: NDArray[np.bool_]
    blocks: Integers
    splits: Sequence[tuple[Integers, Integers]]

    def part(self, rows: Integers) -> tuple[Floats, NDArray[np.bool_]]:
        """Give some windows and their labels."""
        return self.x[rows], self.y[rows]

    @property
    def fair(self) -> bool:
        """Whether training and judged windows always hold both sides."""
        return all(
            len(rows) and 0 < self.y[rows].mean() < 1 for split in self.splits for rows in split
        )


def tally(
    panel: Sequence[Discriminator], contests: Sequence[Contest], rng: np.random.Generator
) -> Floats:
    """Train and judge every discriminator in every contest, on one BLAS thread.

    Returns
    -------
    array of shape (contests x discriminators, blocks, 2, 2)
        For each block and side the sum of the placements, and their number.

    Examples
    --------
    >>> from causalsim.simulate._discriminators import Logistic
    >>> x, y = np.array([0.0, 1, 0, 1]).reshape(4, 1, 1), np.arange(4) % 2 == 1
    >>> split = (np.array([0, 1]), np.array([2, 3]))
    >>> tally([Logistic()], [Contest(x, y, np.zeros(4, int), [split])], np.random.default_rng())
    array([[[[1., 1.],
             [1., 1.]]]])
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    blocks = 1 + max(int(contest.blocks.max()) for contest in contests)
    pairs = [(contest, member) for contest in contests for member in panel]
    with threadpool_limits(1):
        return np.array([_sums(contest, member, blocks, rng) for contest, member in pairs])


def _sums(
    contest: Contest, member: Discriminator, blocks: int, rng: np.random.Generator
) -> Floats:
    total = np.zeros((2, 2 * blocks))
    for train, judged in contest.splits:
        x, y = contest.part(judged)
        placed = placements(member.scores(*contest.part(train), x, rng), y)
        cells = 2 * contest.blocks[judged] + y
        total[0] += np.bincount(cells, placed, 2 * blocks)
        total[1] += np.bincount(cells, minlength=2 * blocks)
    return total.T.reshape(blocks, 2, 2)


def areas(tallies: Floats) -> Floats:
    """Give AUCs, the mean placement over both sides.

    Parameters
    ----------
    tallies : array of shape (..., blocks, 2, 2)

    Returns
    -------
    array of shape (...)

    Examples
    --------
    >>> float(areas(np.array([[[3.0, 4.0], [1.0, 2.0]]])))
    0.625
    """
    sums, counts = np.moveaxis(tallies.sum(axis=-3), -1, 0)
    mean: Floats = (sums / counts).mean(axis=-1)
    return mean


def standard_errors(tallies: Floats, rng: np.random.Generator) -> Floats:
    """Draw blocks of time, for each side by itself, and paths anew.

    Trained classifiers are kept, so that what their training adds is not in it.

    Parameters
    ----------
    tallies : array of shape (paths, configs, blocks, 2, 2)
    rng : Generator

    Returns
    -------
    array of shape (1 + configs,)
        Of the mean over paths of the largest AUC, then of each mean over paths.

    Examples
    --------
    >>> standard_errors(np.ones((1, 1, 5, 2, 2)), np.random.default_rng(0))
    array([0., 0.])
    """
    paths, _, blocks, _, _ = tallies.shape
    chosen = rng.multinomial(blocks, np.full(blocks, 1 / blocks), (_DRAWS, 2))
    who = rng.multinomial(paths, np.full(paths, 1 / paths), _DRAWS) / paths
    sums = np.einsum("dsb,pcbsk->dpcsk", chosen, tallies, optimize=True)
    drawn = (sums[..., 0] / np.maximum(sums[..., 1], 1)).sum(axis=3) - areas(tallies)
    best = np.einsum("dp,dp->d", who, drawn.max(axis=2))
    each = np.einsum("dp,dpc->dc", who, drawn)
    return np.asarray(np.column_stack([best, each]).std(axis=0, ddof=1))
