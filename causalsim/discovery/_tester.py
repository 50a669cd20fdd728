"""Questions to a bound test: a few at a time where it is slow, over some workers.

Answers do not depend on how the questions are cut, nor on the workers, but for the last digits
where BLAS has more than the one thread of a worker. A worker keeps the test between its batches,
so that what a kernel test remembers of a conditioning set is there when the set comes again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar, final

import numpy as np
from numpy.typing import NDArray

from causalsim._parallel import Lasting, stream
from causalsim.citest import BoundTest, CorrelationTest

__all__ = ["Tester"]

_PROBE = 8
_ALL = 1 << 20
_PARTS = 4
Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Answer = tuple[Floats, Floats]


@final
@dataclass(frozen=True, eq=False)
class Tester:
    """A bound test at a level, over some workers.

    Parameters
    ----------
    test : BoundTest
    alpha : float
        A pair is separated when p > alpha.
    n_jobs : int
    pace : dict of int to int
        Size of the conditioning set to the questions that took one worker about a second.
    """

    __test__: ClassVar[bool] = False  # pytest takes Test... for tests

    test: BoundTest
    alpha: float
    n_jobs: int = 1
    pace: dict[int, int] = field(default_factory=dict)

    @property
    def on_correlations(self) -> bool:
        """Whether the test decides by |r| on one correlation matrix."""
        return isinstance(self.test, CorrelationTest) and self.test.holes is None

    def separates(self, log_p: Floats) -> NDArray[np.bool_]:
        """Tell which answers mean independence."""
        return np.asarray(log_p > np.log(self.alpha))

    def ask(self, asked: Ints) -> Answer:
        """Ask rows of (x, y, *given); give (statistic, log p)."""
        statistic, log_p = np.empty(len(asked)), np.empty(len(asked))
        for rows, *answer in self.answers(asked):
            statistic[rows], log_p[rows] = answer
        return statistic, log_p

    def answers(self, asked: Ints) -> Iterator[tuple[Ints, Floats, Floats]]:
        """Ask as :meth:`ask` does; give (row numbers, statistic, log p), about each second.

        Neighbouring questions share a set, and a worker gets a run of them.
        """
        workers = _workers(self.n_jobs) if len(asked) > 1 else 1
        parts, size = (1 if workers == 1 else _PARTS * workers), asked.shape[1] - 2
        start, order = 0, np.arange(len(asked))
        if parts > 1 or len(asked) > self._a_second_of(size):
            order = np.lexsort((order, *asked[:, :1:-1].T))
            asked = asked[order]
        while start < len(asked):
            stop = min(start + self._a_second_of(size) * parts, len(asked))
            step = -(-(stop - start) // parts)
            spans = [slice(k, min(k + step, stop)) for k in range(start, stop, step)]
            began = time.perf_counter()
            batches = self._batches([asked[span] for span in spans], workers)
            for span, answer in zip(spans, batches, strict=True):
                yield order[span], *answer
            seconds = max(time.perf_counter() - began, 1e-6)
            self.pace[size] = max(1, int((stop - start) / (seconds * workers)))
            start = stop

    def _a_second_of(self, size: int) -> int:
        """Give the questions for one worker; a few, to be timed, if nothing is known yet."""
        return self.pace.get(size, _ALL if self.on_correlations else _PROBE)

    def _batches(self, runs: list[Ints], workers: int) -> Iterator[Answer]:
        if workers == 1:
            return (self.test.batch(run[:, 0], run[:, 1], run[:, 2:]) for run in runs)
        return stream(_batch, [(self._lasting, run) for run in runs], self.n_jobs)

    @cached_property
    def _lasting(self) -> Lasting[BoundTest]:
        return Lasting(self.test)


def _workers(n_jobs: int) -> int:
    if n_jobs == 1:
        return 1
    import joblib

    return int(joblib.effective_n_jobs(n_jobs))


def _batch(test: Lasting[BoundTest], asked: Ints) -> Answer:
    """Ask in a worker, which keeps the test and so what the test remembers."""
    return test.kept().batch(asked[:, 0], asked[:, 1], asked[:, 2:])
