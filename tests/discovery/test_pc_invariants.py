"""What must not change the graph: order of columns and rows, names, scales, workers, code path."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import causalsim as cs
from causalsim.citest import FisherZ, GSquared, bind, cached, counted
from causalsim.discovery._colliders import RULES

ORDER_FREE = st.sampled_from(["majority", "conservative"])
LEVELS = st.sampled_from([0.01, 0.05, 0.3])


@st.composite
def gaussian_frames(draw, min_columns=2, max_columns=7, rows=(12, 200)):
    """Draw rows of a random linear model; finite samples make all kinds of conflicts."""
    p = draw(st.integers(min_columns, max_columns))
    n = draw(st.integers(*rows))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    model = cs.random_scm(p, degree=min(p - 1, draw(st.floats(1, 4))), rng=rng)
    values = model.sample(n, rng=rng).to_numpy()
    return pd.DataFrame(values, columns=[f"v{i}" for i in rng.permutation(p)])


@st.composite
def discrete_frames(draw, max_columns=5):
    """Draw rows over few states, each column a noisy sum of earlier ones."""
    p = draw(st.integers(2, max_columns))
    n = draw(st.integers(60, 200))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    codes = rng.integers(0, 3, (n, p))
    for j in range(1, p):
        copied = rng.random(n) < 0.5
        codes[copied, j] = codes[copied, rng.integers(0, j)]
    codes[:3] = [[0], [1], [2]]
    return pd.DataFrame({f"v{i}": [f"s{k}" for k in codes[:, i]] for i in range(p)})


def moved(result, nodes):
    """Give graph and ambiguous triples of a result in another node order."""
    triples = {(frozenset((x, z)), y) for x, y, z in result.ambiguous}
    return result.graph.reorder(tuple(nodes)), triples


def assert_same_in_another_order(frame, columns, rows, test, sepset, alpha):
    options = {"alpha": alpha, "sepset": sepset, "conflict": "mark", "degenerate": "keep"}
    one = cs.pc(frame, test, **options)
    two = cs.pc(frame.iloc[rows, columns], test, **options)
    assert moved(one, frame.columns) == moved(two, frame.columns)


@given(gaussian_frames(), st.data(), ORDER_FREE, LEVELS)
def test_order_plays_no_part(frame, data, sepset, alpha):
    columns = data.draw(st.permutations(range(frame.shape[1])))
    rows = np.random.default_rng(data.draw(st.integers(0, 99))).permutation(len(frame))
    assert_same_in_another_order(frame, columns, rows, "fisher_z", sepset, alpha)


@settings(max_examples=15)
@given(gaussian_frames(32, 45, (40, 300)), st.integers(0, 99), ORDER_FREE, LEVELS)
def test_order_plays_no_part_on_the_compiled_path(frame, seed, sepset, alpha):
    rng = np.random.default_rng(seed)
    columns, rows = rng.permutation(frame.shape[1]), rng.permutation(len(frame))
    assert_same_in_another_order(frame, columns, rows, "fisher_z", sepset, min(alpha, 0.05))


@given(discrete_frames(), st.data(), ORDER_FREE)
def test_order_plays_no_part_for_discrete_data(frame, data, sepset):
    columns = data.draw(st.permutations(range(frame.shape[1])))
    rows = np.random.default_rng(data.draw(st.integers(0, 99))).permutation(len(frame))
    assert_same_in_another_order(frame, columns, rows, "g_squared", sepset, 0.05)


def test_order_does_play_a_part_for_first_and_keep():
    """The negative control: these policies differ somewhere among 60 small samples."""
    changed = 0
    for seed in range(60):
        values = cs.random_scm(6, degree=3, rng=seed).sample(60, rng=seed)
        options = {"alpha": 0.1, "sepset": "first", "conflict": "keep"}
        one = cs.pc(values, "fisher_z", **options).graph
        two = cs.pc(values.iloc[:, ::-1], "fisher_z", **options).graph
        changed += two.reorder(one.nodes) != one
    assert changed > 0


@given(gaussian_frames(), st.sampled_from(RULES), st.sampled_from(["mark", "keep", "strength"]))
def test_new_names_rename_the_result_and_nothing_else(frame, sepset, conflict):
    names = {old: f"weird name {k}/µ" for k, old in enumerate(frame.columns)}
    options = {"alpha": 0.05, "sepset": sepset, "conflict": conflict}
    one = cs.pc(frame, "fisher_z", **options)
    two = cs.pc(frame.rename(columns=names), "fisher_z", **options)
    assert two.graph == cs.CPDAG([names[node] for node in one.graph.nodes], one.graph.marks)
    assert two.n_tests == one.n_tests
    renamed = {
        frozenset(names[x] for x in pair): tuple(names[x] for x in given)
        for pair, given in one.sepsets.items()
    }
    assert dict(two.sepsets) == renamed
    assert [(names[e.tail], names[e.head], e.rule) for e in one.events] == [
        (e.tail, e.head, e.rule) for e in two.events
    ]


@given(gaussian_frames(), st.integers(0, 99), st.sampled_from(RULES))
def test_new_scales_and_offsets_change_nothing(frame, seed, sepset):
    rng = np.random.default_rng(seed)
    scale = 10.0 ** rng.uniform(-4, 4, frame.shape[1]) * rng.choice([-1, 1], frame.shape[1])
    one = cs.pc(frame, "fisher_z", sepset=sepset)
    two = cs.pc(frame * scale + rng.normal(size=frame.shape[1]), "fisher_z", sepset=sepset)
    assert one.graph == two.graph
    assert dict(one.sepsets) == dict(two.sepsets)
    assert np.allclose(one.tests["log_p"], two.tests["log_p"], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("sepset", ["majority", "union"])
def test_the_number_of_workers_changes_nothing(sepset):
    frame = cs.random_scm(9, degree=4, rng=1).sample(300, rng=1)
    bound = GSquared()(pd.DataFrame(np.digitize(frame, [-1, 1])[:, :5]).astype(str))
    for test in (cached(FisherZ()(frame)), bound):
        one = cs.pc(None, test, sepset=sepset, record="all")
        two = cs.pc(None, test, sepset=sepset, record="all", n_jobs=2)
        assert one.to_dict() == two.to_dict()
        assert one.tests.equals(two.tests)


# -- the compiled path -----------------------------------------------------------------------


@settings(max_examples=20)
@given(
    gaussian_frames(35, 60, (20, 400)),
    st.sampled_from(RULES),
    st.sampled_from(["mark", "strength"]),
    st.sampled_from([0.001, 0.05]),
    st.sampled_from(["fisher_z", "par_corr"]),
)
def test_both_paths_give_the_same_answers(frame, sepset, conflict, alpha, test):
    """A wrapped test is no correlation test, so that it takes the batched path."""
    options = {"alpha": alpha, "sepset": sepset, "conflict": conflict}
    bound = bind(test, frame)
    one, two = cs.pc(None, bound, **options), cs.pc(None, counted(bound), **options)
    assert one.graph == two.graph
    assert dict(one.sepsets) == dict(two.sepsets)
    assert one.events == two.events
    assert one.ambiguous == two.ambiguous
    here, there = one.tests, two.tests
    assert here[["x", "y", "given", "depth"]].equals(there[["x", "y", "given", "depth"]])
    assert np.allclose(here["log_p"], there["log_p"], rtol=1e-7, atol=1e-9)
    assert np.allclose(here["statistic"], there["statistic"], rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("sepset", ["first", "majority", "max_p"])
def test_both_paths_agree_where_columns_determine_each_other(sepset):
    rng = np.random.default_rng(4)
    base = rng.normal(size=(200, 33))
    base[:, 1:] += 0.6 * base[:, :-1]
    values = np.column_stack([base, base[:, 0] + base[:, 1], base[:, 5] - base[:, 9]])
    bound = FisherZ()(cs.data.read_table(values, degenerate="keep"))
    one, two = (cs.pc(None, test, sepset=sepset) for test in (bound, counted(bound)))
    assert one.graph == two.graph
    assert dict(one.sepsets) == dict(two.sepsets)
    assert one.tests["given"].equals(two.tests["given"])
