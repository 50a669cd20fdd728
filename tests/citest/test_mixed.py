"""The mixed test: against plain least squares and its neighbours, laws, level and power."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from causalsim.citest import ChiSquared, FisherZ, GSquared, ParCorr
from causalsim.citest._mixed_basis import adjustment, indicators, natural_spline
from causalsim.citest._mixed_wilks import half_solve, log_wilks
from causalsim.citest.mixed import Mixed
from causalsim.data import Kind, Table
from causalsim.errors import DataError, OptionError

ALPHA = 0.05
LETTERS = {"c": Kind.CONTINUOUS, "b": Kind.BINARY, "d": Kind.DISCRETE}
forms = pytest.mark.parametrize("form", ["spline", "linear"])
seeds = st.integers(0, 2**32 - 1)


def table_of(values, letters):
    names = tuple(f"x{i}" for i in range(len(letters)))
    return Table(names, np.asarray(values, float), tuple(LETTERS[letter] for letter in letters))


def cut(values, letter):
    """Keep numbers; cut them in two or three parts for codes."""
    edges = {"c": [], "b": [0.0], "d": [-0.4, 0.4]}[letter]
    return np.searchsorted(edges, values).astype(float) if edges else values


def mixed_data(seed=0, n=150, letters="cbdcbd"):
    """Give columns that all depend on each other."""
    rng, p = np.random.default_rng(seed), len(letters)
    latent = rng.normal(size=(n, p)) @ (np.eye(p) + 0.4 * rng.normal(size=(p, p)))
    columns = [cut(latent[:, i], letter) for i, letter in enumerate(letters)]
    return table_of(np.column_stack(columns), letters)


def asked(k, p=6, m=25, seed=0):
    rng = np.random.default_rng(seed)
    rows = np.array([rng.permutation(p)[: k + 2] for _ in range(m)])
    return rows[:, 0], rows[:, 1], rows[:, 2:]


def block(table, column):
    """Give the columns that stand for one column."""
    values = table.values[:, column]
    if table.kinds[column] is Kind.CONTINUOUS:
        return values[:, None]
    return (values[:, None] == np.unique(values)[1:]).astype(float)


def least_squares_wilks(x, y, taken):
    """Give -log Lambda and the columns taken out, from residuals and determinants."""
    design = np.column_stack([np.ones(len(x)), *taken])

    def residuals(target):
        return target - design @ np.linalg.lstsq(design, target, rcond=None)[0]

    def log_det(rows):
        return np.linalg.slogdet(rows.T @ rows)[1]

    rx, ry = residuals(x), residuals(y)
    log_ratio = log_det(rx) + log_det(ry) - log_det(np.column_stack([rx, ry]))
    return log_ratio, np.linalg.matrix_rank(design) - 1


def inflation(x, y, taken):
    """Give n sum |a|^2 |b|^2 / (sum |a|^2 sum |b|^2), by hat matrices."""
    n = len(x)
    design = np.column_stack([np.ones(n), taken - taken.mean(axis=0)])
    left, size, _ = np.linalg.svd(design / np.maximum(np.linalg.norm(design, axis=0), 1e-12))
    basis = left[:, : np.sum(size > 1e-8 * size[0])]
    lengths = []
    for target in (x, y):
        rest = target - basis @ (basis.T @ target)
        hat = np.diag(rest @ np.linalg.inv(rest.T @ rest) @ rest.T)
        lengths.append(hat / np.maximum(1 - (basis**2).sum(axis=1), 1e-3))
    return n * (lengths[0] @ lengths[1]) / (lengths[0].sum() * lengths[1].sum())


def bartlett(log_ratio, n, k, dx, dy):
    statistic = (n - k - (dx + dy + 3) / 2) * log_ratio
    return statistic, stats.chi2.logsf(statistic, dx * dy)


# -- values ----------------------------------------------------------------------------------


@pytest.mark.parametrize("k", range(4))
def test_linear_form_equals_determinants_of_residuals(k):
    table = mixed_data()
    test, (xs, ys, givens) = Mixed("linear")(table), asked(k)
    statistic, log_p = test.batch(xs, ys, givens)
    for m, (x, y, given_) in enumerate(zip(xs, ys, givens, strict=True)):
        one, other = block(table, x), block(table, y)
        log_ratio, rank = least_squares_wilks(one, other, [block(table, z) for z in given_])
        expected = bartlett(log_ratio, len(table), rank, one.shape[1], other.shape[1])
        assert (statistic[m], log_p[m]) == pytest.approx(expected, rel=1e-8, abs=1e-10)
        single = test(f"x{x}", f"x{y}", [f"x{z}" for z in given_])
        assert single.dof == one.shape[1] * other.shape[1]
        assert single.effect == pytest.approx(np.sqrt(1 - np.exp(-log_ratio)), rel=1e-8)


@pytest.mark.parametrize("k", range(4))
def test_spline_form_equals_determinants_of_residuals(k):
    table = mixed_data()
    statistic, log_p = Mixed()(table).batch(*asked(k))
    for m, (x, y, given_) in enumerate(zip(*asked(k), strict=True)):
        one, other = block(table, x), block(table, y)
        coded = [z for z in given_ if table.kinds[z] is not Kind.CONTINUOUS]
        numbers = [table.values[:, z] for z in given_ if z not in coded]
        _, stratum = np.unique(table.values[:, coded], axis=0, return_inverse=True)
        strata = np.eye(stratum.max() + 1)[stratum.ravel()] if coded else np.ones((150, 1))
        knots = round((150 / strata.shape[1]) ** (1 / 3)) + 2
        smooth = [natural_spline(values, knots) for values in numbers]
        slopes = [
            s[:, [i]] * basis for s in [strata] for i in range(s.shape[1]) for basis in smooth
        ]
        pairs = [a * b for i, a in enumerate(numbers) for b in numbers[:i]]
        centred = [part - part.mean(axis=0) for part in [strata, *slopes, *pairs]]
        log_ratio, rank = least_squares_wilks(one, other, centred)
        statistic_, _ = bartlett(log_ratio, len(table), rank, one.shape[1], other.shape[1])
        if k:
            statistic_ /= inflation(one, other, np.column_stack(centred))
        expected = statistic_, stats.chi2.logsf(statistic_, one.shape[1] * other.shape[1])
        assert (statistic[m], log_p[m]) == pytest.approx(expected, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("k", range(3))
def test_linear_form_on_numbers_is_partial_correlation(k):
    table = mixed_data(letters="cccccc", n=400)
    effects = Mixed("linear")(table).effects(*asked(k))
    np.testing.assert_allclose(effects, np.abs(FisherZ()(table).effects(*asked(k))), atol=1e-12)
    log_p = Mixed("linear")(table).batch(*asked(k))[1]
    np.testing.assert_allclose(log_p, ParCorr()(table).batch(*asked(k))[1], rtol=0.01, atol=0.002)


def test_pairs_of_codes_are_close_to_tests_on_counts():
    table = mixed_data(letters="bddbdd", n=2000, seed=3)
    statistic, log_p = Mixed()(table).batch(*asked(0))
    rng = np.random.default_rng(0)
    apart = table_of(np.column_stack([rng.integers(3, size=2000), table.values[:, 1]]), "dd")
    for counts in (GSquared(), ChiSquared()):
        near = Mixed()(apart)("x0", "x1").p_value
        assert near == pytest.approx(counts(apart)("x0", "x1").p_value, abs=0.01)
        theirs = counts(table).batch(*asked(0))
        assert stats.spearmanr(statistic, theirs[0]).statistic > 0.99
        assert ((log_p < -20) == (theirs[1] < -20)).mean() > 0.9


def test_two_binary_columns_give_phi():
    table = mixed_data(letters="bb", n=300)
    phi = ChiSquared()(table)("x0", "x1").effect
    assert Mixed()(table)("x0", "x1").effect == pytest.approx(phi, rel=1e-10)


def test_a_number_and_groups_give_the_f_test():
    table = mixed_data(letters="cd", n=200, seed=5)
    value, group = table.values.T
    ours = Mixed()(table)("x0", "x1")
    f = stats.f_oneway(*(value[group == code] for code in range(3)))
    explained = f.statistic * 2 / (f.statistic * 2 + 197)
    assert ours.effect == pytest.approx(np.sqrt(explained), rel=1e-10)
    assert ours.log_p == pytest.approx(np.log(f.pvalue), rel=0.02)


@forms
def test_log_p_is_finite_where_p_underflows(form):
    rng = np.random.default_rng(0)
    group = rng.integers(3, size=5000)
    table = table_of(np.column_stack([group, group + 0.1 * rng.normal(size=5000)]), "dc")
    far = Mixed(form)(table)("x0", "x1")
    assert far.p_value == 0
    assert -np.inf < far.log_p < -1000
    assert far.log_p == pytest.approx(-far.statistic / 2, rel=1e-10)


@forms
def test_columns_that_determine_each_other_have_a_finite_statistic(form):
    group = np.arange(90) % 3
    table = table_of(np.column_stack([group, 2 - group, group]), "ddc")
    test = Mixed(form)(table)
    same = test("x0", "x1")
    assert -np.inf < same.log_p < -1000
    assert same.statistic == pytest.approx((90 - 7 / 2) * 2 * np.log(1e10), rel=1e-6)
    assert same.effect == pytest.approx(1)
    assert -np.inf < test("x0", "x2").log_p < -100


# -- ranks -----------------------------------------------------------------------------------


@forms
def test_a_constant_column_passes_for_independent(form):
    values = mixed_data(letters="cbd").values
    table = table_of(np.column_stack([values, np.full(150, 7.3), np.zeros(150)]), "cbdcd")
    test = Mixed(form)(table)
    for constant in ("x3", "x4"):
        result = test("x0", constant, ["x1"])
        assert (result.statistic, result.log_p, result.effect, result.dof) == (0, 0, 0, 0)
        assert result.sparse
        with_it, without = test("x0", "x2", ["x1", constant]), test("x0", "x2", ["x1"])
        assert with_it.statistic == pytest.approx(without.statistic, rel=1e-10)


@forms
def test_a_function_of_the_set_is_untestable(form):
    table = mixed_data(letters="cdd")
    merged = np.column_stack([table.values, table.values[:, 1] > 0, 2 * table.values[:, 0] - 1])
    test = Mixed(form)(table_of(merged, "cddbc"))
    for question in (("x3", "x0", "x1"), ("x2", "x4", "x0")):
        result = test(*question)
        assert np.isnan([result.statistic, result.effect]).all()
        assert result.log_p == -np.inf


@forms
def test_a_set_that_determines_some_states_leaves_the_others(form):
    table = mixed_data(letters="cdd")
    merged = table_of(np.column_stack([table.values, table.values[:, 1] > 0]), "cddb")
    given_part = Mixed(form)(merged)("x1", "x0", "x3")
    assert given_part.dof == 1
    assert 0 < given_part.p_value < 1


@forms
def test_a_repeated_member_of_the_set_changes_nothing(form):
    table = mixed_data(letters="cdbc")
    values = np.column_stack([table.values, table.values[:, 2], 3 - table.values[:, 3]])
    test = Mixed(form)(table_of(values, "cdbcbc"))
    once, twice = test("x0", "x1", ["x2"]), test("x0", "x1", ["x2", "x4"])
    assert (once.statistic, once.dof) == pytest.approx((twice.statistic, twice.dof), rel=1e-9)
    linear = Mixed("linear")(table_of(values, "cdbcbc"))
    once, twice = linear("x0", "x1", ["x3"]), linear("x0", "x1", ["x3", "x5"])
    assert once.statistic == pytest.approx(twice.statistic, rel=1e-9)


@forms
@pytest.mark.parametrize("letters", ["ccc", "cdb"])
def test_too_few_rows_keep_the_edge(form, letters):
    test = Mixed(form)(table_of(mixed_data(letters=letters).values[:3], letters))
    statistic, log_p = test.batch([0], [1], [[2]])
    assert np.isnan(statistic).all()
    assert (log_p == -np.inf).all()
    assert test("x0", "x1", "x2").p_value == 0


def test_strata_without_repetition_are_untestable():
    values = np.column_stack([np.random.default_rng(0).normal(size=(40, 2)), np.arange(40)])
    result = Mixed()(table_of(values, "ccd"))("x0", "x1", "x2")
    assert np.isnan(result.statistic)
    assert result.log_p == -np.inf
    assert result.sparse


@forms
def test_few_rows_for_the_dof_are_flagged(form):
    table = mixed_data(letters="dddd", n=200)
    few = replace(table, values=table.values[:36])
    assert not Mixed(form)(table).sparse([0], [1], [()]).any()
    assert Mixed(form)(few).sparse([0], [1], [()]).all()
    assert Mixed("spline")(few)("x0", "x1", ["x2", "x3"]).sparse


# -- laws ------------------------------------------------------------------------------------


@forms
@pytest.mark.parametrize("k", range(4))
def test_symmetric_in_x_and_y(form, k):
    test, (xs, ys, givens) = Mixed(form)(mixed_data()), asked(k)
    for one, other in zip(test.batch(xs, ys, givens), test.batch(ys, xs, givens), strict=True):
        np.testing.assert_array_equal(one, other)


@forms
@pytest.mark.parametrize("k", range(4))
def test_batch_equals_single_calls(form, k):
    test, (xs, ys, givens) = Mixed(form)(mixed_data()), asked(k)
    statistic, log_p = test.batch(xs, ys, givens)
    effects, sparse = test.effects(xs, ys, givens), test.sparse(xs, ys, givens)
    for m, (x, y, given_) in enumerate(zip(xs, ys, givens, strict=True)):
        single = test(f"x{x}", f"x{y}", [f"x{i}" for i in given_])
        assert single.statistic == pytest.approx(statistic[m], rel=1e-12)
        assert single.log_p == pytest.approx(log_p[m], rel=1e-12)
        assert single.effect == pytest.approx(effects[m], rel=1e-12)
        assert single.sparse == sparse[m]
        assert single.n == 150


@forms
@given(seed=seeds, k=st.integers(0, 3))
def test_order_of_rows_and_of_the_set_does_not_matter(form, seed, k):
    table, (xs, ys, givens) = mixed_data(seed, n=80), asked(k, seed=seed, m=20)
    shuffled = replace(table, values=np.random.default_rng(seed).permutation(table.values))
    one = Mixed(form)(table).batch(xs, ys, givens)
    other = Mixed(form)(shuffled).batch(xs, ys, givens[:, ::-1])
    for here, there in zip(one, other, strict=True):
        np.testing.assert_allclose(here, there, rtol=1e-9, atol=1e-10)


@forms
@given(seed=seeds, k=st.integers(0, 3))
def test_units_and_names_of_states_do_not_matter(form, seed, k):
    table = mixed_data(seed, n=80)
    scale = np.where([kind is Kind.CONTINUOUS for kind in table.kinds], -1000.0, 1.0)
    values = table.values * scale + np.where(scale < 0, 3.0, 0.0)
    rename = np.random.default_rng(seed).permutation(3).astype(float)
    values[:, [2, 5]] = rename[table.values[:, [2, 5]].astype(int)]
    questions = asked(k, seed=seed, m=20)
    one = Mixed(form)(table).batch(*questions)
    other = Mixed(form)(replace(table, values=values)).batch(*questions)
    for here, there in zip(one, other, strict=True):
        np.testing.assert_allclose(here, there, rtol=1e-7, atol=1e-8)


@forms
def test_an_empty_batch_has_empty_answers(form):
    statistic, log_p = Mixed(form)(mixed_data()).batch([], [], np.empty((0, 2), np.intp))
    assert len(statistic) == len(log_p) == 0


@given(seed=seeds, d=st.integers(1, 4), e=st.integers(1, 3), rank=st.integers(1, 4))
def test_half_solve_squares_to_the_pseudo_inverse(seed, d, e, rank):
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(30, min(rank, d))) @ rng.normal(size=(min(rank, d), d))
    rows = np.column_stack([rows, rng.normal(size=(30, e))])
    rows /= np.linalg.norm(rows, axis=0)
    matrix = (rows.T @ rows)[None]
    half, ranks = half_solve(matrix[:, :d, :d], matrix[:, :d, d:])
    within, right = matrix[0, :d, :d], matrix[0, :d, d:]
    assert ranks[0] == np.linalg.matrix_rank(rows[:, :d], tol=1e-5)
    expected = right.T @ np.linalg.pinv(within, rcond=1e-10, hermitian=True) @ right
    np.testing.assert_allclose(half[0].T @ half[0], expected, atol=1e-5)


@given(seed=seeds, dx=st.integers(0, 3), dy=st.integers(0, 3))
def test_log_wilks_is_a_ratio_of_determinants(seed, dx, dy):
    rows = np.random.default_rng(seed).normal(size=(40, dx + dy))
    matrix = np.corrcoef(rows.T).reshape(dx + dy, dx + dy)
    log_ratio, rank_x, rank_y = log_wilks(matrix[None], dx)
    dets = [np.linalg.slogdet(part)[1] for part in (matrix[:dx, :dx], matrix[dx:, dx:], matrix)]
    assert (rank_x[0], rank_y[0]) == (dx, dy)
    assert log_ratio[0] == pytest.approx(dets[0] + dets[1] - dets[2], abs=1e-10)


# -- what a set explains ---------------------------------------------------------------------


def explained(basis, target):
    """Tell what share of a target's variance lies in the basis."""
    centred = target - target.mean()
    return ((basis.T @ centred) ** 2).sum() / (centred @ centred)


@given(seed=seeds)
def test_the_adjustment_spans_strata_slopes_and_products(seed):
    rng = np.random.default_rng(seed)
    codes, numbers = rng.integers(2, size=(120, 2)).astype(float), rng.normal(size=(2, 120))
    basis = adjustment(codes, list(numbers))
    np.testing.assert_allclose(basis.T @ basis, np.eye(basis.shape[1]), atol=1e-10)
    np.testing.assert_allclose(basis.sum(axis=0), 0, atol=1e-8)
    effect = rng.normal(size=4)[(2 * codes[:, 0] + codes[:, 1]).astype(int)]
    for target in (effect, effect * numbers[0], numbers[0] * numbers[1]):
        assert explained(basis, target) == pytest.approx(1, abs=1e-8)
    assert explained(basis, rng.normal(size=120)) < 0.9


def test_the_adjustment_follows_curves():
    z = np.random.default_rng(0).normal(size=400)
    for curve in (np.sin(2 * z), z * z, np.tanh(3 * z)):
        assert explained(adjustment(np.empty((400, 0)), [z]), curve) > 0.9


def test_a_natural_spline_is_straight_beyond_the_last_knots():
    z = np.linspace(-3, 3, 601)
    basis = natural_spline(z, 6)
    ends = np.abs(np.diff(basis, n=2, axis=0))[[0, 10, 30, -30, -10, -1]]
    assert basis.shape == (601, 5)
    assert np.linalg.matrix_rank(np.column_stack([np.ones(601), basis])) == 6
    np.testing.assert_allclose(ends, 0, atol=1e-12)
    assert np.abs(np.diff(basis[:, 1:], n=2, axis=0)).max(axis=0).min() > 1e-6


def test_knots_that_coincide_leave_a_line():
    values = np.array([0.0, 1.0] * 30)
    np.testing.assert_array_equal(natural_spline(values, 6), values[:, None])


def test_one_state_has_no_indicator():
    assert indicators(np.zeros(5)).shape == (5, 0)


# -- refusals --------------------------------------------------------------------------------


def test_refuses_an_unknown_form():
    with pytest.raises(OptionError, match="form='splin' is unknown.*Did you mean 'spline'"):
        Mixed("splin")


def test_refuses_missing_values():
    table = mixed_data()
    table.values[3, 1] = np.nan
    with pytest.raises(DataError, match="complete rows; read with missing='listwise'"):
        Mixed()(table)


def test_refuses_times():
    table = replace(mixed_data(letters="cc"), kinds=(Kind.TIME, Kind.CONTINUOUS))
    with pytest.raises(DataError, match="takes binary, continuous, discrete .*'x0' \\(time\\)"):
        Mixed()(table)


def test_says_what_it_assumes():
    assert " " in Mixed.assumes
    assert Mixed("linear").options() == {"form": "linear"}


# -- level and power -------------------------------------------------------------------------


def confounded(rng, n, strength, letters, curve):
    """X <-- Z --> Y and W apart; and X --> Y of some strength."""
    z = rng.normal(size=n)
    w = rng.integers(3, size=n)
    x = cut(curve(z) + 0.6 * rng.normal(size=n), letters[0])
    y = cut(curve(z) + strength * (x - x.mean()) + 0.6 * rng.normal(size=n), letters[1])
    return table_of(np.column_stack([x, y, z, w]), letters + "cd")


def rejections(form, letters, curve, strength, trials, n=200):
    tables = (
        confounded(np.random.default_rng(seed), n, strength, letters, curve)
        for seed in range(trials)
    )
    log_p = [Mixed(form)(table).batch([0], [1], [[2, 3]])[1][0] for table in tables]
    return int((np.exp(log_p) <= ALPHA).sum())


@pytest.mark.stats
@pytest.mark.parametrize(
    ("letters", "curve"),
    [("cc", np.asarray), ("db", np.asarray), ("cd", np.tanh), ("db", np.square)],
)
def test_spline_form_holds_its_level(letters, curve):
    hits = rejections("spline", letters, curve, 0.0, 200, n=150)
    assert stats.binomtest(hits, 200, ALPHA).pvalue > 1e-3


@pytest.mark.stats
@pytest.mark.parametrize(("speed", "documented"), [(2, 0.075), (3, 0.90)])
def test_spline_form_loses_its_level_on_fast_waves_as_documented(speed, documented):
    hits = rejections("spline", "cc", lambda z: np.sin(speed * z), 0.0, 200)
    assert stats.binomtest(hits, 200, documented).pvalue > 1e-3


@pytest.mark.stats
@pytest.mark.parametrize("letters", ["cc", "cd", "bc"])
def test_linear_form_holds_its_level_on_lines(letters):
    hits = rejections("linear", letters, np.asarray, 0.0, 200, n=150)
    assert stats.binomtest(hits, 200, ALPHA).pvalue > 1e-3


@pytest.mark.stats
def test_linear_form_loses_its_level_on_waves():
    assert rejections("linear", "cc", lambda z: np.sin(2 * z), 0.0, 200, n=100) > 0.5 * 200


@forms
@pytest.mark.stats
@pytest.mark.parametrize("letters", ["cc", "cd", "db"])
def test_power(form, letters):
    hits = rejections(form, letters, np.asarray, 0.6, 60)
    assert stats.binomtest(hits, 60, 0.9, alternative="less").pvalue > 1e-3
