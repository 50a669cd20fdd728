"""Questions cut into pieces and spread over workers: same answers, and nothing done twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from typing import ClassVar

import numpy as np
import pytest
from answers import Answers
from hypothesis import given
from hypothesis import strategies as st

import causalsim as cs
from causalsim.citest import BoundTest, CITest, FisherZ, KernelCI
from causalsim.citest.kernel._store import Store
from causalsim.discovery import _tester
from causalsim.errors import InterruptedRunError

SETS = 6
BLAS = 1e-10  # its last digits hang on the number of its threads, one in a worker


@dataclass(frozen=True, eq=False)
class Factoring(BoundTest):
    """Keeps one value for each set, and answers how many it made in this batch."""

    names: tuple[str, ...] = tuple("ABCDEFGH")
    n: int = 100
    store: Store = field(default_factory=lambda: Store(1 << 20))
    spec: ClassVar[CITest] = FisherZ()

    def batch(self, xs, ys, givens):
        before = len(self.store)
        for s in np.asarray(givens).tolist():
            self.store.get(tuple(s), lambda: np.zeros(3))
        made = np.zeros(np.broadcast(xs, ys).shape)
        made[0] = len(self.store) - before
        return made, np.zeros(len(made))

    def _details(self, x, y, given):
        return float(len({x, y, *given})), np.nan, self.n


@dataclass(frozen=True, eq=False)
class Listening(BoundTest):
    """Passes questions on and notes each batch."""

    inner: BoundTest
    heard: list[np.ndarray] = field(default_factory=list)

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
        self.heard.append(np.asarray(givens))
        return self.inner.batch(xs, ys, givens)

    def _details(self, x, y, given):
        return self.inner._details(x, y, given)


def on_every_set():
    """Ask each pair given each single third column, the sets taking turns."""
    rows = [(0, 1, k) for _ in range(20) for k in range(2, 2 + SETS)]
    return np.array(rows, np.intp)


def mixed_questions(p, count, size, seed):
    rng = np.random.default_rng(seed)
    return np.array([rng.permutation(p)[: 2 + size] for _ in range(count)], np.intp)


def gaussian(seed=0):
    return cs.random_scm(8, degree=3, rng=seed).sample(120, rng=seed)


@given(
    st.integers(0, 99), st.integers(0, 40), st.integers(0, 3), st.dictionaries(
        st.integers(0, 3), st.integers(1, 50)
    )
)  # fmt: skip
def test_answers_do_not_depend_on_the_pieces(seed, count, size, pace):
    bound = FisherZ()(gaussian())
    asked = mixed_questions(8, count, size, seed).reshape(count, 2 + size)
    heard = Listening(bound)
    found = _tester.Tester(heard, 0.05, pace=dict(pace)).ask(asked)
    expected = bound.batch(asked[:, 0], asked[:, 1], asked[:, 2:])
    np.testing.assert_array_equal(found, expected)
    assert sum(map(len, heard.heard)) == count


@given(st.integers(0, 99), st.integers(1, 5))
def test_questions_on_a_set_come_together_where_they_are_cut(seed, share):
    heard = Listening(Factoring())
    rows = np.random.default_rng(seed).permutation(on_every_set())
    tester = _tester.Tester(heard, 0.05, pace={1: share})
    tester.ask(rows)
    sets = np.concatenate(heard.heard).ravel()
    assert (np.diff(sets) >= 0).all()
    assert len(sets) == len(rows)


def test_a_few_questions_are_timed_first_and_the_pace_is_kept():
    heard = Listening(Factoring())
    tester = _tester.Tester(heard, 0.05)
    tester.ask(on_every_set())
    tester.ask(on_every_set())
    assert [len(part) for part in heard.heard] == [8, 112, 120]
    assert tester.pace[1] > 120


@pytest.mark.parametrize("width", [8, 33])
def test_a_test_on_correlations_is_asked_at_once(width):
    bound = FisherZ()(np.random.default_rng(0).normal(size=(100, width)))
    asked = mixed_questions(width, 60, 1, 0)
    assert [len(rows) for rows, _, _ in _tester.Tester(bound, 0.05).answers(asked)] == [60]


def test_workers_keep_what_a_test_remembers():
    """Two workers make each value at most once, however often they are asked."""
    tester = _tester.Tester(Factoring(), 0.05, n_jobs=2)
    made = sum(tester.ask(on_every_set())[0].sum() for _ in range(6))
    assert SETS <= made <= 2 * SETS
    other = _tester.Tester(Factoring(), 0.05, n_jobs=2)
    assert SETS <= other.ask(on_every_set())[0].sum() <= 2 * SETS


def test_workers_answer_as_one_does_with_a_kernel_test():
    bound = KernelCI()(gaussian().iloc[:, :5])
    asked = np.array(
        [(i, j, k) for i, j in combinations(range(5), 2) for k in range(5) if k not in {i, j}],
        np.intp,
    )
    one, two = (_tester.Tester(bound, 0.05, jobs).ask(asked) for jobs in (1, 2))
    np.testing.assert_allclose(one, two, rtol=BLAS)


def test_a_search_with_a_kernel_test_does_not_depend_on_workers():
    frame = gaussian(1).iloc[:60, :4]
    one, two = (cs.pc(frame, KernelCI(), n_jobs=jobs, record="all") for jobs in (1, 2))
    assert one.graph == two.graph
    assert dict(one.sepsets) == dict(two.sepsets)
    assert one.n_tests == two.n_tests
    assert one.tests["given"].equals(two.tests["given"])
    np.testing.assert_allclose(one.tests["log_p"], two.tests["log_p"], rtol=BLAS)


# -- progress --------------------------------------------------------------------------------


def levels(seen):
    """Group reports by message, in order."""
    found: dict[str, list[tuple[int, int]]] = {}
    for done, total, text in seen:
        found.setdefault(text, []).append((done, total))
    return found


@pytest.mark.parametrize("stable", [True, False])
@pytest.mark.parametrize("sepset", ["first", "union"])
@pytest.mark.parametrize("columns", [7, 35])
def test_each_level_counts_its_pairs_to_the_end(stable, sepset, columns):
    seen = []
    frame = cs.random_scm(columns, degree=3, rng=0).sample(200, rng=0)
    found = cs.pc(
        frame, "fisher_z", stable=stable, sepset=sepset, max_cond=2,
        progress=lambda *report: seen.append(report),
    )  # fmt: skip
    told = levels(seen)
    assert list(told) == [f"pairs at conditioning sets of {k}" for k in range(len(told))]
    assert len(told) >= found.tests["depth"].max() + 1
    for reports in told.values():
        done, totals = zip(*reports, strict=True)
        assert len(set(totals)) == 1
        assert list(done) == sorted(done)
        assert [d == totals[0] for d in done] == [False] * (len(done) - 1) + [True]
    assert told["pairs at conditioning sets of 0"][-1][1] == columns * (columns - 1) // 2


def test_a_slow_test_reports_within_a_level(monkeypatch):
    """With a clock on which each question takes half a second, reports come about each second."""
    clock = [0.0]

    @dataclass(frozen=True, eq=False)
    class Slow(Answers):
        def batch(self, xs, ys, givens):
            clock[0] += 0.5 * len(np.asarray(xs))
            return super().batch(xs, ys, givens)

    monkeypatch.setattr("time.perf_counter", lambda: clock[0])
    seen = []
    test = Slow(tuple("ABCDEF"), {"A B": 0.5})

    def report(done, total, text):
        seen.append((clock[0], done, text))

    cs.pc(None, test, max_cond=1, sepset="first", progress=report)
    zero = [(at, done) for at, done, text in seen if text.endswith("0")]
    assert zero == [(4.0, 8), (5.0, 10), (6.0, 12), (7.0, 14), (7.5, 15)]
    one = [at for at, _, text in seen if text.endswith("1")]
    assert one[0] == 7.5 + 4.0
    assert max(np.diff(one)) <= 1.0


def test_an_interruption_within_a_level_keeps_what_was_told():
    def stop(done, total, text):
        raise KeyboardInterrupt

    message = "interrupted at conditioning sets of 0 after 8 tests"
    with pytest.raises(InterruptedRunError, match=message) as caught:
        cs.pc(None, Answers(tuple("ABCDEF"), {}), progress=stop)
    assert caught.value.partial.record.n_tests == 8
