"""The memory of a kernel test: a budget, the least recently used first, and no other answers."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest
from dense import NAMES, curved, mixed
from hypothesis import given
from hypothesis import strategies as st

from causalsim.citest import KCISplit, KCIZhang, KernelCI
from causalsim.citest.kernel._factors import Factor
from causalsim.citest.kernel._store import Store, size

keys = st.integers(0, 6)
requests = st.lists(st.tuples(keys, st.integers(0, 12)), max_size=40)
SPECS = [
    KernelCI(),
    KernelCI(null="permutation", draws=19),
    KernelCI(null="spectral", draws=19, ridge="gp"),
    KCIZhang(),
    KCISplit(),
]
every = pytest.mark.parametrize("spec", SPECS, ids=["plain", "permuted", "gp", "zhang", "split"])
questions = st.tuples(st.permutations(range(4)).map(tuple), st.integers(0, 2)).map(
    lambda drawn: drawn[0][: 2 + drawn[1]]
)


def ask(store, key, cells, made):
    def make():
        made.append(key)
        return np.zeros(cells)

    return store.get(key, make)


@given(requests=requests, budget=st.integers(1, 200))
def test_the_budget_holds_and_the_least_recently_used_goes(requests, budget):
    """Against a list in order of use."""
    store, made, held = Store(budget), [], []
    for key, cells in requests:
        known = [k for k, _ in held]
        before = len(made)
        found = ask(store, key, cells, made)
        assert (len(made) == before) == (key in known)
        if key in known:
            held.append(held.pop(known.index(key)))
        elif 8 * cells <= budget:
            held.append((key, 8 * cells))
            while sum(cost for _, cost in held) > budget:
                held.pop(0)
        assert found.nbytes == 8 * cells or key in known
        assert store.used == sum(cost for _, cost in held) <= budget
        assert len(store) == len(held)


def test_a_value_beyond_the_budget_is_given_but_not_kept():
    store, made = Store(100), []
    ask(store, "small", 2, made)
    assert len(ask(store, "big", 20, made)) == 20
    assert len(ask(store, "big", 20, made)) == 20
    ask(store, "small", 2, made)
    assert made == ["small", "big", "big"]


def test_a_size_counts_arrays_however_nested():
    found = Factor(np.zeros((3, 2)), np.zeros(2, np.intp))
    assert size([found, (found, "text", None)]) == 2 * (48 + 16)


def test_a_copy_for_another_process_starts_empty_and_answers_alike():
    test = KernelCI(memory=10**6)(curved())
    before = test("X", "Y", "Z")
    assert len(test.store) > 0
    other = pickle.loads(pickle.dumps(test))  # noqa: S301
    assert (len(other.store), other.store.used, other.store.budget) == (0, 0, 10**6)
    assert repr(other("X", "Y", "Z")) == repr(before)


def test_a_search_asks_again_at_little_cost(monkeypatch):
    """Three pairs given one set need three regressions."""
    calls = []
    from causalsim.citest.kernel import _bound

    kept = _bound.tune
    monkeypatch.setattr(_bound, "tune", lambda *args: calls.append(1) or kept(*args))
    test = KernelCI()(curved())
    test.batch([0, 0, 1, 1], [1, 3, 3, 0], [[2]] * 4)
    assert len(calls) == 3
    test.effects([0, 1], [1, 3], [[2], [2]])
    assert len(calls) == 3


@every
@given(asked=st.lists(questions, min_size=1, max_size=5), seed=st.integers(0, 100))
def test_answers_depend_neither_on_memory_nor_on_what_was_asked_before(spec, asked, seed):
    table = curved(seed, 20)
    shared, forgetful = spec(table), replace(spec, memory=1)(table)
    for x, y, *given_ones in asked:
        question = NAMES[x], NAMES[y], [NAMES[i] for i in given_ones]
        alone = spec(table)(*question)
        assert repr(shared(*question)) == repr(alone) == repr(forgetful(*question))
    assert len(forgetful.store) == 0


@every
def test_batch_is_single_calls(spec):
    table = mixed() if spec.accepts == KernelCI.accepts else curved()
    test, p = spec(table), len(table.names)
    for k in (0, 1, 2):
        rows = np.array([np.random.default_rng(i).permutation(p)[: k + 2] for i in range(6)])
        found = np.column_stack(test.batch(rows[:, 0], rows[:, 1], rows[:, 2:]))
        for row, (statistic, log_p) in zip(rows, found, strict=True):
            x, y, *given_ones = (table.names[i] for i in row)
            single = spec(table)(x, y, given_ones)
            assert (single.statistic, single.log_p) == (statistic, log_p)
