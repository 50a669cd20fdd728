"""Wrappers: a bound test that remembers, and one that counts. Neither changes an answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causalsim.citest._base import BoundTest, CITest, Floats, questions

__all__ = ["CachedTest", "CountedTest", "cached", "counted"]

Key = tuple[int, int, tuple[int, ...]]


@final
@dataclass(frozen=True, eq=False)
class CachedTest(BoundTest):
    """Remembers every answer of one bound test, keyed by column numbers; see :func:`cached`."""

    inner: BoundTest
    spec: CITest
    names: tuple[str, ...]
    n: int
    answers: dict[Key, tuple[float, float]] = field(default_factory=dict)

    def batch(self, xs: ArrayLike, ys: ArrayLike, givens: ArrayLike) -> tuple[Floats, Floats]:
        """Ask only what was not asked before."""
        x, y, s = questions(xs, ys, givens)
        keys: list[Key] = [
            (min(i, j), max(i, j), tuple(sorted(given)))
            for i, j, given in zip(x.tolist(), y.tolist(), s.tolist(), strict=True)
        ]
        new = list({key: m for m, key in enumerate(keys) if key not in self.answers}.values())
        if new:
            statistic, log_p = self.inner.batch(x[new], y[new], s[new])
            fresh = zip(statistic.tolist(), log_p.tolist(), strict=True)
            self.answers.update(zip((keys[m] for m in new), fresh, strict=True))
        found = np.array([self.answers[key] for key in keys]).reshape(-1, 2)
        return found[:, 0], found[:, 1]

    def effects(self, xs: ArrayLike, ys: ArrayLike, givens: ArrayLike) -> Floats:
        """Pass on; nothing is remembered or counted."""
        return self.inner.effects(xs, ys, givens)

    def sparse(self, xs: ArrayLike, ys: ArrayLike, givens: ArrayLike) -> NDArray[np.bool_]:
        """Pass on."""
        return self.inner.sparse(xs, ys, givens)

    def smallest_expected(self, xs: ArrayLike, ys: ArrayLike, givens: ArrayLike) -> Floats:
        """Pass on."""
        return self.inner.smallest_expected(xs, ys, givens)

    def _details(self, x: int, y: int, given: tuple[int, ...]) -> tuple[float, float, int]:
        return self.inner._details(x, y, given)  # noqa: SLF001


@final
@dataclass(frozen=True, eq=False)
class CountedTest(BoundTest):
    """Counts the questions put to one bound test; see :func:`counted`."""

    inner: BoundTest
    spec: CITest
    names: tuple[str, ...]
    n: int
    tally: list[int] = field(default_factory=lambda: [0])

    @property
    def count(self) -> int:
        """Questions so far."""
        return self.tally[0]

    def batch(self, xs: ArrayLike, ys: ArrayLike, givens: ArrayLike) -> tuple[Floats, Floats]:
        """Pass the questions on."""
        self.tally[0] += len(np.asarray(xs))
        return self.inner.batch(xs, ys, givens)

    def effects(self, xs: ArrayLike, ys: ArrayLike, givens: ArrayLike) -> Floats:
        """Pass on; nothing is remembered or counted."""
        return self.inner.effects(xs, ys, givens)

    def sparse(self, xs: ArrayLike, ys: ArrayLike, givens: ArrayLike) -> NDArray[np.bool_]:
        """Pass on."""
        return self.inner.sparse(xs, ys, givens)

    def smallest_expected(self, xs: ArrayLike, ys: ArrayLike, givens: ArrayLike) -> Floats:
        """Pass on."""
        return self.inner.smallest_expected(xs, ys, givens)

    def _details(self, x: int, y: int, given: tuple[int, ...]) -> tuple[float, float, int]:
        return self.inner._details(x, y, given)  # noqa: SLF001


def cached(test: BoundTest) -> CachedTest:
    """Wrap a bound test so that no question is computed twice.

    A question is the same with x and y exchanged and ``given`` in any order; all answers are
    kept as long as the wrapper.

    Parameters
    ----------
    test : BoundTest

    Returns
    -------
    CachedTest

    Examples
    --------
    >>> from causalsim.citest import Oracle, cached, counted
    >>> from causalsim.graph import DAG
    >>> asked = counted(Oracle(DAG.from_edges(["X --> Y"]))(None))
    >>> remembered = cached(asked)
    >>> [remembered("X", "Y").p_value for _ in range(3)], asked.count
    ([0.0, 0.0, 0.0], 1)
    """
    return CachedTest(
        test, test.spec, test.names, test.n, notes=test.notes, max_cond=test.max_cond
    )


def counted(test: BoundTest) -> CountedTest:
    """Wrap a bound test so that ``.count`` tells how many questions it got.

    Parameters
    ----------
    test : BoundTest

    Returns
    -------
    CountedTest

    Examples
    --------
    >>> from causalsim.citest import Oracle, counted
    >>> from causalsim.graph import DAG
    >>> asked = counted(Oracle(DAG.from_edges(["X --> Y", "Y --> Z"]))(None))
    >>> statistic, log_p = asked.batch([0, 0], [1, 2], [[2], [1]])
    >>> asked.count
    2
    """
    return CountedTest(
        test, test.spec, test.names, test.n, notes=test.notes, max_cond=test.max_cond
    )
