"""GSquared and ChiSquared: against other packages, the rules for dof, holes, size."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from causalsim.citest import ChiSquared, GSquared, contingency
from causalsim.citest._count_kernel import count_tests
from causalsim.data import Kind, Table
from causalsim.errors import OptionError

both = pytest.mark.parametrize("spec", [ChiSquared(), GSquared()])


def table_of(values):
    p = values.shape[1]
    names = tuple(f"x{i}" for i in range(p))
    return Table(names, np.asarray(values, np.float64), (Kind.DISCRETE,) * p)


def dependent_codes(seed=0, n=300, p=6, levels=4):
    """Give codes that depend on each other, with rare levels, so that strata have empty cells."""
    rng = np.random.default_rng(seed)
    shared = rng.poisson(1.0, size=n)
    codes = (shared[:, None] * (rng.random((n, p)) < 0.6) + rng.poisson(0.5, size=(n, p))) % levels
    return np.column_stack([np.unique(column, return_inverse=True)[1] for column in codes.T])


def asked(p, k, m, seed=0):
    rng = np.random.default_rng(seed)
    rows = np.array([rng.permutation(p)[: k + 2] for _ in range(m)])
    return rows[:, 0], rows[:, 1], rows[:, 2:]


def from_counts(tables):
    """Give the rows (x, y, *given) behind tables by stratum."""
    rows = [
        (x, y, *given)
        for given, table in tables.items()
        for (x, y), count in np.ndenumerate(np.array(table))
        for _ in range(count)
    ]
    return table_of(np.array(rows))


def summed_over_strata(codes, x, y, given, method):
    """Give statistic and dof by scipy, stratum by stratum, without empty rows and columns."""
    statistic, dof = 0.0, 0
    for stratum in {tuple(row) for row in codes[:, given]}:
        rows = (codes[:, given] == stratum).all(axis=1)
        counts = np.zeros((codes[:, x].max() + 1, codes[:, y].max() + 1))
        np.add.at(counts, (codes[rows, x], codes[rows, y]), 1)
        counts = counts[counts.any(axis=1)][:, counts.any(axis=0)]
        found = stats.chi2_contingency(counts, correction=False, lambda_=method)
        statistic, dof = statistic + found.statistic, dof + found.dof
    return statistic, dof


@pytest.mark.parametrize(
    ("spec", "method"), [(ChiSquared(), "pearson"), (GSquared(), "log-likelihood")]
)
@pytest.mark.parametrize("k", [0, 1, 2, 3])
def test_sums_of_scipy_over_strata(spec, method, k):
    codes = dependent_codes(seed=k)
    test = spec(table_of(codes))
    for x, y, s in zip(*asked(6, k, 8, seed=k), strict=True):
        statistic, dof = summed_over_strata(codes, x, y, list(s), method)
        result = test(f"x{x}", f"x{y}", [f"x{i}" for i in s])
        assert result.statistic == pytest.approx(statistic, rel=1e-10, abs=1e-10)
        assert result.dof == dof
        assert result.n == len(codes)
        assert result.p_value == pytest.approx(stats.chi2.sf(statistic, dof) if dof else 1.0)


@pytest.mark.peer
@pytest.mark.parametrize(("spec", "method"), [(ChiSquared(), "chisq"), (GSquared(), "gsq")])
def test_agrees_with_causal_learn(spec, method):
    from causallearn.utils.cit import CIT

    for seed in range(4):
        codes = dependent_codes(seed, n=80)
        theirs, ours = CIT(codes, method), spec(table_of(codes))
        for k in range(4):
            xs, ys, givens = asked(6, k, 20, seed)
            _, log_p = ours.batch(xs, ys, givens)
            for x, y, s, value in zip(xs, ys, givens, log_p, strict=True):
                expected = theirs(int(x), int(y), [int(i) for i in s])
                assert np.exp(value) == pytest.approx(expected, rel=1e-9, abs=1e-13)


FULL_TABLES = {(0,): [[10, 5, 0], [3, 8, 4]], (1,): [[6, 2, 1], [2, 0, 3]]}
ONE_ROW = {(0,): [[10, 5, 0], [3, 8, 4]], (1,): [[6, 2, 1], [0, 0, 0]]}
UNSEEN = {(0, 0): [[9, 5], [0, 8]], (0, 1): [[6, 2], [2, 5]], (1, 0): [[6, 2], [2, 5]]}
LONELY = {(0,): [[1, 0], [0, 0]], (1,): [[0, 0], [0, 1]]}


@both
@pytest.mark.parametrize(
    ("tables", "observed", "full", "adaptive"),
    [
        ({(): [[5, 6], [7, 9]]}, 1, 1, 1),
        (FULL_TABLES, 4, 4, 2),
        (ONE_ROW, 2, 4, 1),
        (UNSEEN, 3, 4, 1),
        (LONELY, 0, 2, 1),
    ],
)
def test_rules_for_dof_by_hand(spec, tables, observed, full, adaptive):
    data = from_counts(tables)
    for rule, dof in (("observed", observed), ("full", full), ("adaptive", adaptive)):
        result = replace(spec, dof=rule)(data)("x0", "x1", data.names[2:])
        assert result.dof == dof
        assert result.n == sum(np.sum(table) for table in tables.values())


@both
def test_adaptive_dof_counts_zero_cells_of_unseen_strata(spec):
    rng = np.random.default_rng(0)
    rows = rng.integers((4, 4, 3, 3), size=(4000, 4))
    rows = rows[(rows[:, 2:] != (0, 2)).any(axis=1) & (rows[:, :2] != (1, 1)).any(axis=1)]
    result = replace(spec, dof="adaptive")(table_of(rows))("x0", "x1", ["x2", "x3"])
    assert result.dof == 9 * 9 - 8 * 1 - 16


@both
@pytest.mark.parametrize("rule", ["full", "adaptive"])
def test_full_and_adaptive_do_not_reject_on_few_rows(spec, rule):
    pattern = np.array([[0, 0, 0], [1, 1, 0], [0, 0, 1], [1, 1, 1]])
    enough, few = np.tile(pattern, (5, 1)), np.tile(pattern, (5, 1))[:-1]
    strict = replace(spec, dof=rule)
    assert strict(table_of(enough))("x0", "x1", "x2").p_value < 1e-4
    assert strict(table_of(few))("x0", "x1", "x2").p_value == 1
    assert spec(table_of(few))("x0", "x1", "x2").p_value < 1e-4


@pytest.mark.stats
def test_levels_at_moderate_sparsity_are_as_documented():
    """Ten rows per degree of freedom: only Pearson's statistic with observed dof holds."""
    hits, trials = dict.fromkeys((GSquared(), GSquared("adaptive"), ChiSquared()), 0), 100
    for seed in range(trials):
        data = table_of(np.random.default_rng(seed).integers(2, size=(320, 7)))
        for spec in hits:
            result = spec(data)("x0", "x1", data.names[2:])
            assert not result.sparse
            hits[spec] += result.p_value <= 0.05
    low, *too_liberal = sorted(hits, key=hits.get)
    assert low == ChiSquared()
    assert stats.binomtest(hits[low], trials, 0.1, alternative="greater").pvalue > 1e-3
    for spec in too_liberal:
        assert stats.binomtest(hits[spec], trials, 0.05, alternative="greater").pvalue < 1e-6


@both
@given(st.integers(0, 2**32 - 1), st.integers(0, 2))
def test_smallest_expected_count_is_that_of_scipy_over_strata(spec, seed, k):
    codes = dependent_codes(seed, n=50)
    test = spec(table_of(codes))
    xs, ys, givens = asked(6, k, 4, seed)
    for x, y, s, found in zip(xs, ys, givens, test.smallest_expected(xs, ys, givens), strict=True):
        least = np.inf
        for stratum in {tuple(row) for row in codes[:, s]}:
            rows = (codes[:, s] == stratum).all(axis=1)
            counts = stats.contingency.crosstab(codes[rows, x], codes[rows, y]).count
            least = min(least, stats.contingency.expected_freq(counts).min())
        assert found == pytest.approx(least)


def test_smallest_expected_count_leaves_out_holes():
    codes = np.array([[0, 0], [0, 1], [1, 0], [1, 1], [1, np.nan], [np.nan, 0], [np.nan, 2]])
    test = GSquared()(table_of(codes))
    assert test.smallest_expected([0], [1], [()]).tolist() == [1]
    empty = np.array([[0, np.nan], [1, np.nan], [np.nan, 0], [np.nan, 1]])
    assert GSquared()(table_of(empty)).smallest_expected([0], [1], [()]).tolist() == [np.inf]


@both
@pytest.mark.parametrize("rule", ["observed", "full", "adaptive"])
def test_few_rows_for_many_strata_are_flagged(spec, rule):
    codes = np.random.default_rng(0).integers(3, size=(200, 5))
    test = replace(spec, dof=rule)(table_of(codes))
    assert not test("x0", "x1").sparse
    assert not test("x0", "x1", ["x2"]).sparse
    assert test("x0", "x1", ["x2", "x3"]).sparse
    holed = codes.astype(float)
    holed[:150, 2] = np.nan
    test = replace(spec, dof=rule)(table_of(holed))
    assert test.sparse([0, 0, 0], [1, 2, 1], [[3], [3], [2]]).tolist() == [False, True, True]


@both
def test_a_constant_column_is_independent_and_has_no_dof(spec):
    codes = np.column_stack([np.zeros(50), np.arange(50) % 2])
    result = spec(table_of(codes))("x0", "x1")
    assert (result.p_value, result.dof, result.effect, result.sparse) == (1, 0, 0, True)


def test_effect_of_a_plain_table_is_cramers_v():
    codes = dependent_codes()
    counts = np.zeros((4, 4))
    np.add.at(counts, (codes[:, 0], codes[:, 1]), 1)
    expected = stats.contingency.association(counts.astype(int), method="cramer")
    assert ChiSquared()(table_of(codes))("x0", "x1").effect == pytest.approx(expected)


def test_rule_must_exist():
    with pytest.raises(OptionError, match="dof='all' is unknown; expected one of 'observed'"):
        ChiSquared(dof="all")


# -- holes -----------------------------------------------------------------------------------


@both
@given(st.integers(0, 2**32 - 1), st.integers(0, 3))
def test_holes_are_left_out_test_by_test(spec, seed, k):
    rng = np.random.default_rng(seed)
    codes = dependent_codes(seed, n=60).astype(np.float64)
    codes[rng.random(codes.shape) < 0.2] = np.nan
    test = spec(table_of(codes))
    for x, y, s in zip(*asked(6, k, 6, seed), strict=True):
        part = codes[:, [x, y, *s]]
        part = part[~np.isnan(part).any(axis=1)]
        result = test(f"x{x}", f"x{y}", [f"x{i}" for i in s])
        assert result.n == len(part)
        if len(part):
            expected = spec(table_of(part))("x0", "x1", [f"x{i + 2}" for i in range(k)])
            assert result.log_p == pytest.approx(expected.log_p, rel=1e-10, abs=1e-12)
            assert result.dof == expected.dof


@both
@pytest.mark.parametrize("rule", ["observed", "full", "adaptive"])
def test_no_common_row_keeps_the_edge(spec, rule):
    codes = np.array([[0, np.nan], [1, np.nan], [np.nan, 0], [np.nan, 1]])
    result = replace(spec, dof=rule)(table_of(codes))("x0", "x1")
    assert np.isnan(result.statistic)
    assert np.isnan(result.effect)
    assert (result.log_p, result.n) == (-np.inf, 0)


# -- the compiled counter, and size ----------------------------------------------------------


@given(
    st.integers(0, 2**32 - 1),
    st.integers(0, 4),
    st.integers(1, 5),
    st.integers(1, 80),
    st.booleans(),
    st.sampled_from([1, 7, 50, 1 << 18]),
)
def test_compiled_counter_equals_numpy(seed, k, most, n, log_ratio, cells):
    rng = np.random.default_rng(seed)
    levels = rng.integers(1, most + 1, size=6).astype(np.intp)
    codes = rng.integers(-1, levels[:, None], size=(6, n)).astype(np.int32)
    xs, ys, givens = (np.ascontiguousarray(part, np.intp) for part in asked(6, k, 6, seed))
    compiled = count_tests(codes, xs, ys, givens, levels, log_ratio)
    with mock.patch.object(contingency, "_CELLS", cells):
        plain = contingency._count_tests(codes, xs, ys, givens, levels, log_ratio)
    assert (compiled[:, 1:] == plain[:, 1:]).all()
    np.testing.assert_allclose(compiled[:, 0], plain[:, 0], rtol=1e-12, atol=1e-12)


@both
def test_large_batches_are_compiled_and_agree(spec):
    codes = dependent_codes(n=4000)
    test, questions = spec(table_of(codes)), asked(6, 2, 600)
    loop = [test.batch([x], [y], [s]) for x, y, s in zip(*questions, strict=True)]
    assert "_count_kernel" not in test.__dict__
    whole = test.batch(*questions)
    assert "_count_kernel" in test.__dict__
    for one, other in zip(whole, zip(*loop, strict=True), strict=True):
        np.testing.assert_allclose(one, np.concatenate(other), rtol=1e-11, atol=1e-12)


def test_many_strata_of_large_tables_are_counted_in_parts():
    rng = np.random.default_rng(0)
    levels = np.array([64, 64, 200])
    codes = np.ascontiguousarray(rng.integers(levels[:, None], size=(3, 6000)), np.int32)
    at = np.array([0]), np.array([1]), np.array([[2]]), levels
    assert levels.prod() > 3 * contingency._CELLS
    compiled = count_tests(codes, *at, log_ratio=False)
    plain = contingency._count_tests(codes, *at, log_ratio=False)
    np.testing.assert_allclose(compiled, plain, rtol=1e-12)
    expected = summed_over_strata(codes.T, 0, 1, [2], "pearson")
    np.testing.assert_allclose(plain[0, :2], expected, rtol=1e-12)


@both
def test_no_table_over_all_configurations_is_allocated(spec):
    codes = np.random.default_rng(0).integers(20, size=(5000, 17))
    test = spec(table_of(codes))
    tracemalloc.start()
    result = test("x0", "x1", [f"x{i}" for i in range(2, 17)])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40e6
    assert (result.p_value, result.dof, result.n, result.sparse) == (1, 0, 5000, True)
    compiled = count_tests(
        test.codes, *(np.array(q) for q in ([0], [1], [range(2, 17)])), test.levels, test.log_ratio
    )
    assert compiled[0].tolist() == [0, 0, 5000 * 399, 5000, 5000]


@both
def test_extreme_statistics_still_rank(spec):
    log_p = []
    for n in (2000, 4000, 8000):
        x = np.arange(n) % 3
        y = np.where(np.arange(n) % 50 == 0, (x + 1) % 3, x)
        result = spec(table_of(np.column_stack([x, y])))("x0", "x1")
        assert result.p_value == 0
        log_p.append(result.log_p)
        half = result.statistic / 2
        assert result.log_p == pytest.approx(-half + np.log1p(half), rel=1e-12)
    assert log_p[2] < log_p[1] < log_p[0] < -745
