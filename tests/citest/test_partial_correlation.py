"""FisherZ and ParCorr: against other packages, far out, with holes, singular and shrunk."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from causalsim.citest import FisherZ, ParCorr
from causalsim.citest._correlation import shrinkage_estimate, unit_columns
from causalsim.data import Kind, Table, read_table
from causalsim.errors import DataError, OptionError

both = pytest.mark.parametrize("spec", [FisherZ(), ParCorr()])


def table_of(values):
    p = values.shape[1]
    return Table(tuple(f"x{i}" for i in range(p)), values, (Kind.CONTINUOUS,) * p)


def linear_data(seed=0, n=200, p=8):
    """Give columns that all depend on each other."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, p)) @ np.triu(rng.uniform(-1, 1, size=(p, p)), 1) + rng.normal(
        size=(n, p)
    )


def asked(p, k, m, seed=0):
    rng = np.random.default_rng(seed)
    rows = np.array([rng.permutation(p)[: k + 2] for _ in range(m)])
    return rows[:, 0], rows[:, 1], rows[:, 2:]


# -- values ----------------------------------------------------------------------------------


def test_log_p_beyond_underflow():
    n = 1603
    r = np.tanh(40 / np.sqrt(n - 3))
    result = FisherZ().from_correlation([[1, r], [r, 1]], n)("x0", "x1")
    assert result.statistic == pytest.approx(40)
    assert result.p_value == 0
    assert result.log_p == pytest.approx(-803.9, abs=0.05)
    assert result.log_p == pytest.approx(np.log(2) + stats.norm.logsf(40), rel=1e-12)


@both
@pytest.mark.parametrize("k", range(6))
def test_batch_equals_a_loop_of_inversions(spec, k):
    data = linear_data(p=12)
    matrix = np.corrcoef(data.T)
    xs, ys, givens = asked(12, k, 3400, seed=k)
    expected = []
    for at in np.column_stack([xs, ys, givens]):
        inverse = np.linalg.inv(matrix[np.ix_(at, at)])
        expected.append(-inverse[0, 1] / np.sqrt(inverse[0, 0] * inverse[1, 1]))
    test = spec(table_of(data))
    assert np.abs(test.effects(xs, ys, givens) - expected).max() < 1e-12
    loop = [test.batch([x], [y], [s]) for x, y, s in zip(xs, ys, givens, strict=True)]
    for whole, single in zip(test.batch(xs, ys, givens), zip(*loop, strict=True), strict=True):
        np.testing.assert_allclose(whole, np.concatenate(single), rtol=1e-12)


@both
@pytest.mark.parametrize("alpha", [0.3, 0.05, 1e-3, 1e-12])
@pytest.mark.parametrize("n", [8, 50, 10_000])
def test_threshold_decides_like_p(spec, alpha, n):
    rng = np.random.default_rng(0)
    for k in (0, 2):
        test = spec.from_correlation(np.eye(2), n)
        bar = test.critical(k, alpha)
        near = bar * (1 + rng.normal(scale=1e-6, size=500))
        r = np.clip(np.concatenate([rng.uniform(-1, 1, size=9_000), near]), -1, 1)
        _, log_p = test.score(r, k, n)
        assert ((np.abs(r) < bar) == (log_p > np.log(alpha))).all()


@both
def test_too_few_rows_never_reject_nor_separate(spec):
    for n in range(1, 5):
        test = spec.from_correlation(np.eye(5), n)
        statistic, log_p = test.batch([0], [1], [[2, 3, 4]])
        assert np.isnan(statistic).all()
        assert (log_p == -np.inf).all()
        assert test.critical(3, 0.05) == np.inf


@both
def test_perfect_correlation_is_infinitely_significant(spec):
    x = np.random.default_rng(0).normal(size=30)
    result = spec(read_table(np.column_stack([x, -x]), degenerate="keep"))("x0", "x1")
    assert result.log_p == -np.inf
    assert result.effect == pytest.approx(-1)


def test_singular_matrix_is_refused_by_name():
    matrix = [[1, 0.5, 0.5], [0.5, 1, 1], [0.5, 1, 1]]
    with pytest.raises(DataError, match="singular: 'B', 'C' are linearly dependent"):
        FisherZ().from_correlation(matrix, 50, ["A", "B", "C"])
    assert FisherZ(shrinkage=0.1).from_correlation(matrix, 50).n == 50


# -- other packages --------------------------------------------------------------------------


@pytest.mark.peer
def test_fisher_z_agrees_with_causal_learn():
    from causallearn.utils.cit import CIT

    data = linear_data(n=60)
    theirs, ours = CIT(data, "fisherz"), FisherZ()(table_of(data))
    for k in range(4):
        xs, ys, givens = asked(8, k, 40, seed=k)
        _, log_p = ours.batch(xs, ys, givens)
        for x, y, s, value in zip(xs, ys, givens, log_p, strict=True):
            expected = theirs(int(x), int(y), [int(i) for i in s])
            assert np.exp(value) == pytest.approx(expected, rel=1e-6, abs=1e-12)


def test_par_corr_agrees_with_pearson():
    data = linear_data(n=30)
    result = ParCorr()(table_of(data))("x0", "x5")
    expected = stats.pearsonr(data[:, 0], data[:, 5])
    assert result.effect == pytest.approx(expected.statistic)
    assert result.p_value == pytest.approx(expected.pvalue)


@pytest.mark.parametrize("k", [0, 1, 4])
def test_par_corr_is_the_t_test_of_a_regression(k):
    import statsmodels.api as sm

    data = linear_data(seed=k, n=25)
    test = ParCorr()(table_of(data))
    for x, y, s in zip(*asked(8, k, 20), strict=True):
        fit = sm.OLS(data[:, y], sm.add_constant(data[:, [x, *s]])).fit()
        result = test(f"x{x}", f"x{y}", [f"x{i}" for i in s])
        assert result.statistic == pytest.approx(fit.tvalues[1], rel=1e-8)
        assert result.p_value == pytest.approx(fit.pvalues[1], rel=1e-8)
        assert result.dof == fit.df_resid
        assert result.n == 25


@pytest.mark.peer
@pytest.mark.filterwarnings("ignore")
def test_par_corr_agrees_with_tigramite():
    parcorr = pytest.importorskip("tigramite.independence_tests.parcorr")
    data = linear_data(n=80)
    theirs, ours = parcorr.ParCorr(), ParCorr()(table_of(data))
    for k in (0, 1, 3):
        for x, y, s in zip(*asked(8, k, 10), strict=True):
            z = data[:, s] if k else None
            value, p_value = theirs.run_test_raw(data[:, [x]], data[:, [y]], z=z)[:2]
            result = ours(f"x{x}", f"x{y}", [f"x{i}" for i in s])
            assert result.effect == pytest.approx(value, abs=1e-10)
            assert result.p_value == pytest.approx(p_value, rel=1e-6, abs=1e-12)


# -- scale, missing and singular data --------------------------------------------------------


@both
def test_location_and_scale_do_not_matter(spec):
    data = linear_data()
    scale = 10.0 ** np.array([-200, -100, -3, 0, 3, 100, 200, 5])
    moved = data * scale
    moved[:, 7] += 1e9
    for k in (0, 3):
        one_way, other = (spec(table_of(d)).batch(*asked(8, k, 50)) for d in (data, moved))
        np.testing.assert_allclose(one_way[0], other[0], rtol=1e-6, atol=1e-7)


@both
@given(st.integers(0, 2**32 - 1), st.integers(0, 3))
def test_testwise_is_listwise_on_the_columns_involved(spec, seed, k):
    rng = np.random.default_rng(seed)
    data = linear_data(seed, n=40, p=6) * 10.0 ** rng.integers(-50, 50, size=6)
    data[rng.random(data.shape) < 0.15] = np.nan
    test = spec(table_of(data))
    xs, ys, givens = asked(6, k, 8, seed)
    statistic, log_p = test.batch(xs, ys, givens)
    for m, (x, y, s) in enumerate(zip(xs, ys, givens, strict=True)):
        part = data[:, [x, y, *s]]
        part = part[~np.isnan(part).any(axis=1)]
        expected = spec(table_of(part))("x0", "x1", [f"x{i + 2}" for i in range(k)])
        assert statistic[m] == pytest.approx(expected.statistic, rel=1e-8, nan_ok=True)
        assert log_p[m] == pytest.approx(expected.log_p, rel=1e-8)
        single = test(f"x{x}", f"x{y}", [f"x{i}" for i in s])
        assert (single.n, repr(single.dof)) == (expected.n, repr(expected.dof))


def degenerate_data():
    """Give x, y, a copy of x, x + y, a constant, and noise; with rounding in each."""
    x, y, e = np.random.default_rng(0).normal(size=(3, 100))
    return np.column_stack([x, y, x * 3 + 0.1, x + y / 7, np.full(100, 0.1), e])


@both
@pytest.mark.parametrize(
    ("x", "y", "s"),
    [
        (0, 1, [2]),
        (0, 5, [1, 3]),
        (1, 5, [0, 2]),
        (1, 5, [0, 2, 3, 4]),
    ],
)
@pytest.mark.parametrize("holes", [False, True])
def test_singular_sets_are_untestable(spec, x, y, s, holes):
    data = degenerate_data()
    if holes:
        data = np.vstack([data, np.full(6, np.nan)])
    result = spec(table_of(data))(f"x{x}", f"x{y}", [f"x{i}" for i in s])
    assert np.isnan(result.statistic)
    assert np.isnan(result.effect)
    assert result.log_p == -np.inf


@both
@pytest.mark.parametrize("holes", [False, True])
def test_a_constant_column_is_independent_and_changes_nothing(spec, holes):
    data = degenerate_data()
    if holes:
        data = np.vstack([data, np.full(6, np.nan), np.arange(6)])
        data[-1, [1, 5]] = np.nan
    test = spec(table_of(data))
    for x, y, s in [("x4", "x1", []), ("x1", "x4", ["x5"]), ("x4", "x1", ["x0", "x5"])]:
        result = test(x, y, s)
        assert (result.statistic, result.effect, result.p_value) == (0, 0, 1)
    with_it, without = test("x0", "x5", ["x1", "x4"]), test("x0", "x5", ["x1"])
    assert with_it.effect == pytest.approx(without.effect, rel=1e-12)


@both
def test_singular_sets_do_not_touch_the_rest_of_a_batch(spec):
    test = spec(table_of(degenerate_data()))
    statistic, _ = test.batch([0, 0, 0], [1, 1, 5], [[2], [5], [1]])
    assert np.isnan(statistic).tolist() == [True, False, False]
    assert statistic[1] == test.batch([0], [1], [[5]])[0][0]


# -- from a matrix ---------------------------------------------------------------------------


@both
def test_from_correlation_and_covariance_equal_data(spec):
    data = linear_data()
    test = spec(table_of(data))
    for matrix in (np.corrcoef(data.T), np.cov(data.T)):
        again = spec.from_correlation(matrix, len(data), [f"x{i}" for i in range(8)])
        assert again.names == test.names
        np.testing.assert_allclose(
            again.batch(*asked(8, 2, 50))[0], test.batch(*asked(8, 2, 50))[0], rtol=1e-9
        )


@pytest.mark.parametrize(
    ("matrix", "names", "message"),
    [
        ([[1.0, 0.5]], None, "is square; got shape"),
        ([[1.0, 0.5], [0.5, 0.0]], None, "positive diagonal"),
        ([[1.0, np.nan], [np.nan, 1.0]], None, "is finite"),
        ([[1.0, 0.5], [0.4, 1.0]], None, "is symmetric"),
        (np.eye(2), ["A"], "expected 2 distinct names"),
        (np.eye(2), ["A", "A"], "expected 2 distinct names"),
    ],
)
def test_from_correlation_refuses(matrix, names, message):
    with pytest.raises(DataError, match=message):
        FisherZ().from_correlation(matrix, 100, names)


# -- shrinkage -------------------------------------------------------------------------------


@pytest.mark.parametrize("amount", [0, 0.2, 1, "auto"])
def test_shrunk_correlations_are_smaller_and_a_correlation_matrix(amount):
    data = linear_data(n=12, p=30)
    plain, shrunk = FisherZ()(table_of(data)), FisherZ(shrinkage=amount)(table_of(data))
    off = ~np.eye(30, dtype=bool)
    assert (np.abs(shrunk.matrix[off]) <= np.abs(plain.matrix[off])).all()
    assert np.linalg.eigvalsh(shrunk.matrix).min() > -1e-12
    assert (shrunk.matrix.diagonal() == 1).all()
    if amount == "auto":
        assert np.linalg.eigvalsh(shrunk.matrix).min() > 0.01
        assert not np.isnan(shrunk.effects(*asked(30, 20, 10))).any()
        assert np.isnan(plain.effects(*asked(30, 20, 10))).all()


def test_automatic_shrinkage_is_the_published_estimate():
    data = linear_data(n=15, p=4)
    n, p = data.shape
    z = (data - data.mean(axis=0)) / data.std(axis=0, ddof=1)
    variance, squares = 0.0, 0.0
    for i in range(p):
        for j in range(p):
            if i != j:
                w = z[:, i] * z[:, j]
                variance += n / (n - 1) ** 3 * ((w - w.mean()) ** 2).sum()
                squares += (n / (n - 1) * w.mean()) ** 2
    assert shrinkage_estimate(unit_columns(data)) == pytest.approx(variance / squares)


def test_automatic_shrinkage_fades_with_n():
    few, many = (shrinkage_estimate(unit_columns(linear_data(n=n))) for n in (20, 20_000))
    assert 0.05 < few <= 1
    assert many < few / 100
    assert shrinkage_estimate(unit_columns(np.ones((5, 3)))) == 1


def test_shrinkage_applies_to_a_given_matrix():
    test = FisherZ(shrinkage=0.5).from_correlation([[1, 0.8], [0.8, 1]], 50)
    assert test("x0", "x1").effect == pytest.approx(0.4)
    with pytest.raises(OptionError, match="estimated from data"):
        FisherZ(shrinkage="auto").from_correlation(np.eye(2), 50)


def rejections(amount, given, trials=200, n=100):
    """Count how often x _||_ y is rejected at .05, where 2 z is in both or in neither."""
    hits = 0
    for seed in range(trials):
        z, e, f = np.random.default_rng(seed).normal(size=(3, n))
        shared = 2 * z if given else 0
        test = FisherZ(shrinkage=amount)(table_of(np.column_stack([shared + e, shared + f, z])))
        hits += test("x0", "x1", given).p_value <= 0.05
    return hits, trials


@pytest.mark.stats
@pytest.mark.parametrize("amount", [0.05, 0.2])
def test_shrinkage_is_conservative_for_pairs_and_liberal_given_a_set(amount):
    hits, trials = rejections(amount, [])
    assert stats.binomtest(hits, trials, 0.05, alternative="greater").pvalue > 1e-3
    hits, trials = rejections(amount, ["x2"])
    assert stats.binomtest(hits, trials, 0.05, alternative="greater").pvalue < 1e-6
    hits, trials = rejections(None, ["x2"])
    assert stats.binomtest(hits, trials, 0.05).pvalue > 1e-3


@pytest.mark.parametrize("amount", [-0.1, 1.1, "none", True, np.nan])
def test_shrinkage_is_a_fraction(amount):
    with pytest.raises(OptionError, match="expected None, 'auto' or a number in"):
        ParCorr(shrinkage=amount)


def test_shrinkage_needs_complete_rows():
    data = linear_data()
    data[0, 0] = np.nan
    with pytest.raises(DataError, match="missing='listwise'"):
        FisherZ(shrinkage=0.1)(table_of(data))


def test_data_are_read_at_the_border():
    data = linear_data()
    renamed = replace(table_of(data), names=tuple("ABCDEFGH"))
    assert FisherZ()(renamed)("A", "B").p_value == FisherZ()(data)("x0", "x1").p_value
    assert FisherZ()(read_table(data)).names == FisherZ()(data).names
