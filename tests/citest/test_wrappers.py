"""Laws of the wrappers: no answer changes, nothing is computed twice, every question counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causalsim.citest import ChiSquared, FisherZ, cached, counted
from causalsim.data import Kind, Table

NAMES = tuple("ABCDE")
ROWS = np.random.default_rng(0).integers(3, size=(60, 5)).astype(np.float64)
TESTS = {
    "fisher_z": FisherZ()(Table(NAMES, ROWS, (Kind.CONTINUOUS,) * 5)),
    "chi_squared": ChiSquared()(Table(NAMES, ROWS, (Kind.DISCRETE,) * 5)),
}
WRAPPERS = {
    "cached": cached,
    "counted": counted,
    "cached twice": lambda test: cached(cached(test)),
    "counted cache": lambda test: counted(cached(test)),
}


@st.composite
def batches(draw):
    """Draw some batches of questions, with repetitions likely."""
    found = []
    for _ in range(draw(st.integers(1, 4))):
        k = draw(st.integers(0, 2))
        rows = draw(st.lists(st.permutations(range(5)), max_size=12))
        rows = np.array([row[: k + 2] for row in rows], np.intp).reshape(-1, k + 2)
        found.append((rows[:, 0], rows[:, 1], rows[:, 2:]))
    return found


def key(x, y, s):
    return frozenset((x, y)), frozenset(s)


@pytest.mark.parametrize("wrapper", WRAPPERS)
@pytest.mark.parametrize("name", TESTS)
@given(asked=batches())
def test_answers_do_not_change(wrapper, name, asked):
    plain, wrapped = TESTS[name], WRAPPERS[wrapper](TESTS[name])
    assert (wrapped.names, wrapped.n, wrapped.spec) == (plain.names, plain.n, plain.spec)
    for question in [*asked, *asked]:
        for one, other in zip(wrapped.batch(*question), plain.batch(*question), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)
        assert (wrapped.effects(*question) == plain.effects(*question)).all()
        assert (wrapped.sparse(*question) == plain.sparse(*question)).all()
        least = wrapped.smallest_expected(*question)
        assert (least == plain.smallest_expected(*question)).all()
    one, other = wrapped("A", "B", ["C"]), plain("A", "B", ["C"])
    assert one.p_value == pytest.approx(other.p_value)
    assert (one.effect, repr(one.dof), one.n, one.sparse) == (
        other.effect,
        repr(other.dof),
        other.n,
        other.sparse,
    )


@pytest.mark.parametrize("name", TESTS)
@given(asked=batches())
def test_count_is_the_number_of_questions(name, asked):
    test = counted(TESTS[name])
    for question in asked:
        test.batch(*question)
    assert test.count == sum(len(question[0]) for question in asked)
    test("A", "B")
    assert test.count == sum(len(question[0]) for question in asked) + 1


@pytest.mark.parametrize("name", TESTS)
@given(asked=batches())
def test_cache_asks_each_question_once(name, asked):
    inner = counted(TESTS[name])
    test = cached(inner)
    for question in [*asked, *asked]:
        test.batch(*question)
    rows = [row for q in asked for row in zip(*(part.tolist() for part in q), strict=True)]
    assert inner.count == len({key(*row) for row in rows})


def test_counters_are_independent():
    first, second = counted(TESTS["fisher_z"]), counted(TESTS["fisher_z"])
    first("A", "B")
    assert (first.count, second.count) == (1, 0)
