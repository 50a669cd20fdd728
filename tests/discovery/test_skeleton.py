"""The skeleton search against the textbook, one test at a time."""

from __future__ import annotations

from itertools import chain, combinations

import numpy as np
import pandas as pd
import pytest
from answers import Answers
from hypothesis import given, settings
from hypothesis import strategies as st

import causalsim as cs
from causalsim.citest import FisherZ, counted
from causalsim.errors import DataError


def textbook(test, alpha, max_cond=99, stable=True, every=False):
    """Run algorithm 4.1 of Colombo & Maathuis (2014): (skeleton, sepsets, tests in order)."""
    p = len(test.names)
    adjacent = {i: set(range(p)) - {i} for i in range(p)}
    sepsets, log = {}, []
    for level in range(max_cond + 1):
        frozen = {i: set(adjacent[i]) for i in range(p)}
        open_pairs = [(i, j) for i, j in combinations(range(p), 2) if j in frozen[i]]
        if not any(max(len(frozen[i]), len(frozen[j])) > level for i, j in open_pairs):
            break
        for i, j in open_pairs:
            around = frozen if stable else adjacent
            mine = combinations(sorted(around[i] - {j}), level)
            other = combinations(sorted(around[j] - {i}), level)
            for given_set in dict.fromkeys(chain(mine, other)):
                _, log_p = test.batch([i], [j], np.array([given_set], np.intp).reshape(1, level))
                log.append((i, j, given_set, log_p[0]))
                if log_p[0] > np.log(alpha):
                    known = sepsets.get((i, j), ()) if every else ()
                    sepsets[i, j] = tuple(sorted({*known, *given_set}))
                    if not every:
                        break
            if (i, j) in sepsets:
                adjacent[i].discard(j)
                adjacent[j].discard(i)
    skeleton = np.array([[j in adjacent[i] for j in range(p)] for i in range(p)])
    return skeleton, sepsets, log


def decisive(log):
    """Give the first test of largest p for each pair."""
    best = {}
    for i, j, given_set, log_p in log:
        if (i, j) not in best or log_p > best[i, j][1]:
            best[i, j] = given_set, log_p
    return best


def check_against_textbook(found, test, expected, names):
    skeleton, sepsets, log = expected
    assert np.array_equal(found.graph.skeleton, skeleton)
    at = {name: k for k, name in enumerate(names)}
    there = {
        tuple(sorted(at[x] for x in pair)): tuple(sorted(at[x] for x in s))
        for pair, s in found.sepsets.items()
    }
    assert there == sepsets
    rows = found.tests
    best = decisive(log)
    assert len(rows) == len(best)
    for x, y, s, p in rows[["x", "y", "given", "log_p"]].itertuples(index=False):
        given_set, log_p = best[at[x], at[y]]
        assert tuple(at[k] for k in s) == given_set
        assert p == pytest.approx(log_p, rel=1e-6, abs=1e-9)


def sample_of(p, n, seed, degree=3.0):
    rng = np.random.default_rng(seed)
    return cs.random_scm(p, degree=min(degree, p - 1), rng=rng).sample(n, rng=rng)


SEEDS = st.integers(0, 2**32 - 1)


@given(
    SEEDS,
    st.integers(2, 7),
    st.integers(15, 200),
    st.sampled_from([0.01, 0.2]),
    st.sampled_from([0, 1, 99]),
    st.booleans(),
)
def test_small_tables_follow_the_textbook(seed, p, n, alpha, cap, stable):
    frame = sample_of(p, n, seed)
    asked = counted(FisherZ()(frame))
    max_cond = None if cap == 99 else cap
    found = cs.pc(None, asked, alpha=alpha, sepset="first", max_cond=max_cond, stable=stable)
    expected = textbook(asked.inner, alpha, cap, stable)
    check_against_textbook(found, asked, expected, frame.columns)
    assert found.n_tests == asked.count >= len(expected[2])


@given(SEEDS, st.integers(2, 7), st.integers(15, 200), st.sampled_from([0.01, 0.2]))
def test_union_keeps_every_separating_set_of_the_level(seed, p, n, alpha):
    frame = sample_of(p, n, seed)
    bound = FisherZ()(frame)
    found = cs.pc(None, bound, alpha=alpha, sepset="union")
    expected = textbook(bound, alpha, every=True)
    check_against_textbook(found, bound, expected, frame.columns)
    assert found.n_tests == len(expected[2])


@settings(max_examples=8)
@given(SEEDS, st.integers(31, 40), st.integers(20, 300), st.sampled_from([0.01, 0.05]))
def test_the_compiled_search_follows_the_textbook_test_by_test(seed, p, n, alpha):
    frame = sample_of(p, n, seed, degree=4)
    bound = FisherZ()(frame)
    found = cs.pc(None, bound, alpha=alpha, sepset="first")
    expected = textbook(bound, alpha)
    check_against_textbook(found, bound, expected, frame.columns)
    assert found.n_tests == len(expected[2])


@given(SEEDS, st.integers(2, 6), st.booleans())
def test_recording_all_keeps_the_tests_of_the_textbook(seed, p, stable):
    frame = sample_of(p, 60, seed)
    bound = FisherZ()(frame)
    options = dict(sepset="first", stable=stable, alpha=0.1)
    found = cs.pc(None, bound, record="all", **options)
    _, _, log = textbook(bound, 0.1, stable=stable)
    rows = found.tests[["x", "y", "given"]].itertuples(index=False)
    at = {name: k for k, name in enumerate(frame.columns)}
    kept = [(at[x], at[y], tuple(at[k] for k in s)) for x, y, s in rows]
    assert sorted(kept) == sorted((i, j, s) for i, j, s, _ in log)
    few = cs.pc(None, bound, **options)
    assert few.graph == found.graph
    assert few.n_tests == found.n_tests
    merged = few.tests.merge(found.tests, on=["x", "y", "given", "p_value"])
    assert len(merged) == len(few.tests)


def test_the_original_search_depends_on_order_and_the_stable_one_does_not():
    """B and C each separate A from the other; whoever goes first leaves the other no set."""
    table = {"A B C": 0.5, "A C B": 0.4, "B C": 0.9}
    edges = {}
    for stable in (True, False):
        for names in ("ABC", "ACB"):
            found = cs.pc(None, Answers(tuple(names), table), stable=stable, sepset="first")
            edges[stable, names] = found.graph.edges
    assert edges[True, "ABC"] == edges[True, "ACB"] == ()
    assert edges[False, "ABC"] == ("A --- C",)
    assert edges[False, "ACB"] == ("A --- B",)


@pytest.mark.parametrize("columns", [5, 35])
def test_too_few_rows_for_a_level_are_refused_on_both_paths(columns):
    values = np.random.default_rng(0).normal(size=(5, columns)) + np.arange(5)[:, None] * 3.0
    with pytest.raises(DataError, match=r"5 rows are too few .* 2 conditioning.*max_cond=1\."):
        cs.pc(values, "fisher_z", alpha=0.9)
    assert cs.pc(values, "fisher_z", alpha=0.9, max_cond=1).tests["depth"].max() == 1


@pytest.mark.parametrize("rule", ["majority", "conservative", "max_p"])
def test_sets_too_large_for_the_rows_do_not_vote(rule):
    """Voting sets may be one larger than those of the search; 5 rows answer up to size 1.

    The neighbours of a moving average of order 1 are a chain of colliders.
    """
    matrix = np.eye(35) + 0.5 * (np.eye(35, k=1) + np.eye(35, k=-1))
    bound = FisherZ().from_correlation(matrix, 5)
    one, two = (cs.pc(None, test, alpha=0.6, sepset=rule) for test in (bound, counted(bound)))
    assert one.graph.n_edges == 34
    assert one.graph == two.graph
    assert one.ambiguous == two.ambiguous


def test_missing_values_are_left_to_each_test():
    frame = sample_of(4, 300, 2)
    holes = frame.mask(np.random.default_rng(0).random(frame.shape) < 0.05)
    found = cs.pc(holes, "fisher_z", missing="testwise")
    x, y, s = found.tests.iloc[0][["x", "y", "given"]]
    rows = holes[[x, y, *s]].dropna()
    assert len(rows) < 300
    alone = FisherZ()(rows)(x, y, s)
    assert found.tests.iloc[0]["statistic"] == pytest.approx(alone.statistic)
    listwise = cs.pc(holes, "fisher_z", missing="listwise")
    assert listwise.n == len(holes.dropna())


def test_constant_columns_are_dropped_on_request():
    frame = sample_of(4, 50, 0).assign(k=1.0)
    found = cs.pc(frame, "fisher_z", degenerate="drop")
    assert found.graph.nodes == tuple(frame.columns[:-1])
    assert any("'k' is constant" in note for note in found.notes)
    assert isinstance(found.tests, pd.DataFrame)
