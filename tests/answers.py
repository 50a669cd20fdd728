"""Tests that answer from a table or on command, so that a search can be steered by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from causalsim.citest import BoundTest, CITest, FisherZ

__all__ = ["Answers", "Stopping"]


@dataclass(frozen=True, eq=False)
class Answers(BoundTest):
    """Answers from a table of p-values by (x, y, *given); 1e-6 for what is not in the table."""

    names: tuple[str, ...]
    table: dict[str, float]
    n: int = 100
    spec: ClassVar[CITest] = FisherZ()

    def batch(self, xs, ys, givens):
        rows = zip(np.asarray(xs), np.asarray(ys), np.asarray(givens, np.intp), strict=True)
        p = np.array([self._lookup(int(x), int(y), s.tolist()) for x, y, s in rows])
        return -np.log(p), np.log(p)

    def _lookup(self, x, y, given):
        ends = sorted((self.names[x], self.names[y]))
        key = " ".join([*ends, *sorted(self.names[k] for k in given)])
        return self.table.get(key, 1e-6)

    def _details(self, x, y, given):
        return float(-np.log(self._lookup(x, y, list(given)))), np.nan, self.n


@dataclass(frozen=True, eq=False)
class Stopping(BoundTest):
    """Passes questions on, and presses Ctrl-C at the given batch."""

    inner: BoundTest
    left: list[int]

    @property
    def names(self):
        return self.inner.names

    @property
    def n(self):
        return self.inner.n

    @property
    def spec(self):
        return self.inner.spec

    def batch(self, xs, ys, givens):
        if self.left[0] == 0:
            raise KeyboardInterrupt
        self.left[0] -= 1
        return self.inner.batch(xs, ys, givens)

    def _details(self, x, y, given):
        return self.inner._details(x, y, given)
