"""Quantiles of the responses that a forest weighs, many queries at once: Meinshausen (2006)."""

from __future__ import annotations

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from causalsim.scm._trees import Forest
from causalsim.scm.functions import Floats

__all__ = ["Quantiles"]


class Quantiles(NamedTuple):
    """Weighted responses of n queries, one query after the other, in increasing order.

    ``responses`` and ``levels`` have shape (total,), ``first`` and ``last`` (n,): where a
    query begins and ends. Levels run from 0 at the first response to 1 at the last.

    Examples
    --------
    >>> known = Quantiles.of(Forest.leaf(np.array([1.0, 2.0, 4.0])), np.empty((2, 0)))
    >>> known.responses_at(np.array([0.5, 0.75])), known.levels_at(np.array([3.0, 5.0]))
    (array([2., 3.]), array([0.75, 2.  ]))
    """

    responses: Floats
    levels: Floats
    first: NDArray[np.intp]
    last: NDArray[np.intp]

    @classmethod
    def of(cls, forest: Forest, parents: Floats) -> Self:
        """Weigh the responses of a forest that are seen by any tree."""
        weights = forest.weights(parents)
        query, column = np.nonzero(weights)
        size = np.bincount(query, minlength=len(parents))
        last = np.cumsum(size) - 1
        first = last - size + 1
        middle = (np.cumsum(weights, axis=1) - weights / 2)[query, column]
        start, span = middle[first], middle[last] - middle[first]
        alone = size == 1
        levels = (middle - start.repeat(size)) / np.where(alone, 1.0, span).repeat(size)
        levels[first[alone]] = 0.5
        return cls(forest.responses[column], levels, first, last)

    def _count(self, below: NDArray[np.bool_]) -> NDArray[np.intp]:
        """Count for each query, shape (n,)."""
        return np.add.reduceat(below, self.first, dtype=np.intp)

    def _spread(self, given: Floats) -> Floats:
        """Give each query's number to all of its responses, shape (total,)."""
        return given.repeat(self.last - self.first + 1)

    def responses_at(self, level: Floats) -> Floats:
        """Give the quantile of each query at a level from 0 to 1, shape (n,)."""
        below = self._count(self.levels <= self._spread(level))
        left = np.clip(self.first + below - 1, self.first, np.maximum(self.last - 1, self.first))
        return _between(level, left, np.minimum(left + 1, self.last), self.levels, self.responses)

    def levels_at(self, response: Floats) -> Floats:
        """Give the level of a response in each query, shape (n,); slope one beyond the ends."""
        spread = self._spread(response)
        below = self.first + self._count(self.responses < spread)
        upto = self.first + self._count(self.responses <= spread)
        left, right = np.maximum(below - 1, self.first), np.minimum(below, self.last)
        inside = _between(response, left, right, self.responses, self.levels)
        atom = (self.levels[right] + self.levels[np.maximum(upto - 1, self.first)]) / 2
        low, high = self.responses[self.first], self.responses[self.last]
        middle = np.where(upto > below, atom, inside)
        beyond = np.where(response < low, response - low, 1.0 + response - high)
        return np.where((response < low) | (response > high), beyond, middle)


def _between(
    at: Floats, left: NDArray[np.intp], right: NDArray[np.intp], known: Floats, wanted: Floats
) -> Floats:
    """Interpolate at ``at``, between two places each; the left one where both are alike."""
    span = known[right] - known[left]
    share = (at - known[left]) / np.where(span > 0, span, 1.0)
    return np.asarray(
        wanted[left] + np.where(span > 0, share, 0.0) * (wanted[right] - wanted[left])
    )
