"""The generalised covariance measure: its formulas, laws and rates."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import binomtest, chi2, norm
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression

from causalsim.citest import _residual_test, residual
from causalsim.citest._residual_laws import maximum, quadratic, signs
from causalsim.citest.kernel._ridge import RIDGES, WIDTHS, Tuning, gaussian_spaces, tune
from causalsim.citest.residual import GCM
from causalsim.data import Kind, Table
from causalsim.errors import DataError, OptionError

NAMES = ("X", "Y", "Z", "W", "D", "B")
KINDS = (*(Kind.CONTINUOUS,) * 4, Kind.DISCRETE, Kind.BINARY)
ALPHA = 0.05
SPECS = [
    GCM(),
    GCM(weighted=True, draws=99),
    GCM(regressor=LinearRegression()),
    GCM(regressor=LinearRegression(), folds=4),
]
every = pytest.mark.parametrize("spec", SPECS, ids=["ridge", "weighted", "linear", "folds"])


def sample(seed=0, n=60, strength=0.0):
    """X <-- Z --> Y curved, D and B thresholds of Z and noise, W apart; and X --> Y."""
    rng = np.random.default_rng(seed)
    z, w, e, f, g, h = rng.normal(size=(6, n))
    x = np.sin(2 * z) + 0.4 * e
    y = z**2 / 2 + 0.4 * f + strength * np.tanh(x)
    d = np.digitize(z + g, [-0.5, 0.7])
    b = z + h > 0
    return Table(NAMES, np.column_stack([x, y, z, w, d, b]), KINDS)


def asked(k, seed=0, m=6):
    rng = np.random.default_rng(seed)
    rows = np.array([rng.permutation(6)[: k + 2] for _ in range(m)])
    return rows[:, 0], rows[:, 1], rows[:, 2:]


def answers(test, questions):
    return np.array([*test.batch(*questions), test.effects(*questions)])


def test_the_statistic_is_shah_and_peters_squared():
    table = sample(n=80)
    test = GCM(regressor=LinearRegression())(table)("X", "Y", "Z")
    z = np.column_stack([np.ones(80), table.values[:, 2]])
    left = [v - z @ np.linalg.lstsq(z, v)[0] for v in table.values[:, :2].T]
    products = left[0] * left[1]
    t = np.sqrt(80) * products.mean() / products.std()
    assert test.statistic == pytest.approx(t**2)
    assert test.p_value == pytest.approx(2 * norm.sf(abs(t)))
    assert test.effect == pytest.approx(abs(products.mean()) / np.sqrt((products**2).mean()))
    assert test.dof == 1


@given(arrays(np.float64, (30, 3), elements=st.floats(-5, 5), unique=True))
def test_the_quadratic_form_is_that_of_the_inverse_covariance(products):
    products = products + np.random.default_rng(0).normal(size=(30, 3))
    mean, cov = products.mean(axis=0), np.cov(products.T, ddof=0)
    expected = 30 * mean @ np.linalg.solve(cov, mean)
    statistic, log_p, effect, dof = quadratic(products)
    assert statistic == pytest.approx(expected, rel=1e-6)
    assert log_p == pytest.approx(chi2.logsf(expected, 3), rel=1e-6)
    assert 0 <= effect <= 1
    assert dof == 3


def test_the_largest_component_is_found_and_judged():
    """A single component is Shah and Peters' test; the multipliers then draw its normal law."""
    rng = np.random.default_rng(0)
    products = rng.normal(0.15, 1, size=(100, 1))
    statistic, log_p, _, _ = maximum(products, 20_000, rng)
    expected = 10 * abs(products.mean()) / products.std()
    assert statistic == pytest.approx(expected)
    assert np.exp(log_p) == pytest.approx(2 * norm.sf(expected), abs=0.01)
    more = np.hstack([rng.normal(size=(100, 2)), products])
    assert maximum(more, 99, rng)[0] >= statistic * (1 - 1e-12)


def test_the_bootstrap_draws_what_multipliers_would():
    """Scheidegger et al.: multiply centred products by normal numbers, sum, take the largest."""
    rng = np.random.default_rng(1)
    products = rng.normal(size=(60, 1)) * rng.normal(1, 1, size=(60, 4))
    statistic, log_p, _, _ = maximum(products, 20_000, rng)
    scaled = (products - products.mean(axis=0)) / products.std(axis=0)
    drawn = np.abs(rng.normal(size=(20_000, 60)) @ scaled / np.sqrt(60)).max(axis=1)
    assert np.exp(log_p) == pytest.approx((drawn >= statistic).mean(), abs=0.015)


def test_weights_are_one_and_signs_at_octiles():
    z = np.random.default_rng(0).permutation(80.0 + np.arange(80))[:, None]
    found = signs(z)
    assert sorted(found.sum(axis=0)) == [-60, -40, -20, 0, 20, 40, 60, 80]
    assert (np.abs(found) == 1).all()


def leave_one_out(z, target):
    """Give the residuals of the width and ridge with the least error of leaving each row out."""
    n, errors = len(z), {}
    centre = np.eye(n) - 1 / n
    for width in WIDTHS:
        gram = centre @ np.exp(-((z - z.T) ** 2) / (2 * width**2)) @ centre
        for ridge in RIDGES:
            hat = np.linalg.solve(gram + n * ridge * np.eye(n), gram) + 1 / n
            left = target - hat @ target
            errors[width, ridge] = ((left / (1 - np.diag(hat)[:, None])) ** 2).mean(), left
    return min(errors.values(), key=lambda pair: pair[0])[1]


def test_kernel_ridge_minimises_the_error_of_leaving_each_row_out():
    table = sample(n=40)
    test = GCM()(table)
    x, y, z = (v[:, None] / v.std() for v in (table.values - table.values.mean(axis=0)).T[:3])
    products = leave_one_out(z, x) * leave_one_out(z, y)
    expected = quadratic(products)[0]
    assert test("X", "Y", "Z").statistic == pytest.approx(expected, rel=1e-3)


def test_the_regression_learns_which_direction_matters():
    """X follows a wave along Z + W, which a kernel that looks at both alike learns less well."""
    z, w, e = np.random.default_rng(0).normal(size=(3, 300))
    w.sort()  # the order in which the rows are kept
    wave = np.sin(2 * (z + w))
    test = GCM()(np.column_stack([wave + 0.2 * e, z, w]))
    target, rows, plain = test.columns.blocks[0], test.columns.joined((1, 2)), Tuning(rounds=0)
    alike = tune(rows, target, plain, gaussian_spaces(rows, plain)).residual(target)
    truth = ((wave - wave.mean()) / (wave + 0.2 * e).std())[:, None]
    errors = [np.linalg.norm(target - left - truth) for left in (test._residual(0, (1, 2)), alike)]
    assert errors[0] < 0.8 * errors[1]


def test_other_columns_do_not_matter_to_a_forest():
    table, forest = sample(), RandomForestRegressor(n_estimators=3, max_depth=3)
    spec = GCM(regressor=forest, folds=2)
    few = spec(table.select(["Z", "Y", "X"]))
    assert few("X", "Y", "Z").log_p == pytest.approx(spec(table)("X", "Y", "Z").log_p, rel=1e-8)


@every
@pytest.mark.parametrize("k", [0, 1, 2])
def test_symmetric_in_x_and_y_and_the_order_of_the_set(spec, k):
    test, (xs, ys, givens) = spec(sample()), asked(k)
    one = answers(test, (xs, ys, givens))
    np.testing.assert_allclose(answers(test, (ys, xs, givens[:, ::-1])), one, rtol=1e-10)


@every
@pytest.mark.parametrize("k", [0, 1, 2])
def test_batch_equals_single_calls_in_any_order(spec, k):
    (xs, ys, givens), table = asked(k), sample()
    together = answers(spec(table), (xs, ys, givens))
    alone = spec(table)
    for m in reversed(range(len(xs))):
        single = alone(NAMES[xs[m]], NAMES[ys[m]], [NAMES[i] for i in givens[m]])
        found = [single.statistic, single.log_p, single.effect]
        np.testing.assert_allclose(found, together[:, m], rtol=1e-10)


@every
def test_order_of_rows_and_units_do_not_matter(spec):
    table = sample()
    values = np.random.default_rng(1).permutation(table.values)
    values[:, :4] *= [10, 100, 0.01, 3]
    changed = replace(table, values=values)
    for k in (0, 2):
        np.testing.assert_allclose(
            answers(spec(changed), asked(k)), answers(spec(table), asked(k)), rtol=1e-6
        )


@every
def test_other_columns_do_not_matter(spec):
    table = sample()
    few = table.select(["Y", "Z", "D", "X"])
    for x, y, s in (("X", "Y", ["Z", "D"]), ("D", "X", ["Z"]), ("X", "Z", [])):
        one, other = spec(table)(x, y, s), spec(few)(x, y, s)
        assert other.log_p == pytest.approx(one.log_p, rel=1e-8)


@every
def test_never_nan_and_extremes_have_a_positive_p(spec):
    table = sample(n=60)
    copy = replace(table, values=table.values[:, [0, 0, 2, 3, 4, 4]])
    test = spec(replace(copy, kinds=(*KINDS[:4], Kind.DISCRETE, Kind.DISCRETE)))
    _, log_p = test.batch([0, 4, 0], [1, 5, 3], [[3], [3], [1]])
    assert np.isfinite(log_p[:2]).all()
    assert (log_p[:2] < np.log(0.01)).all()
    assert log_p[2] == -np.inf  # nothing is left of X given its copy


def test_too_few_rows_keep_the_edge():
    table = sample(n=40)
    test = GCM()(replace(table, values=table.values[:9]))
    statistic, log_p = test.batch([0], [1], [[2]])
    assert np.isnan(statistic).all()
    assert (log_p == -np.inf).all()


def test_a_run_regresses_each_column_on_each_set_once(monkeypatch):
    fits = []
    monkeypatch.setattr(_residual_test, "tune", lambda *all_: fits.append(1) or tune(*all_))
    test = GCM()(sample())
    pairs = np.array([(x, y) for x in range(6) for y in range(x) if 2 not in {x, y}])
    for _ in range(2):
        test.batch(pairs[:, 0], pairs[:, 1], np.full((len(pairs), 1), 2))
        for x, y in pairs:
            test.batch([x], [y], [[2]])
    assert len(fits) == 5


def test_memory_is_bounded_and_stays_behind(monkeypatch):
    monkeypatch.setattr(residual, "_MEMORY", 10_000)
    test = GCM()(sample())
    before = answers(test, asked(2))
    assert 0 < test.store.used <= 10_000
    sent = pickle.loads(pickle.dumps(test))  # noqa: S301  -- our own
    assert len(sent.store) == 0
    np.testing.assert_array_equal(answers(sent, asked(2)), before)


def test_more_folds_than_rows_are_refused():
    with pytest.raises(DataError, match="60 rows do not make folds=61"):
        GCM(regressor="boosting", folds=61)(sample())


def test_a_regressor_is_neither_fitted_nor_seeded_in_place():
    forest = RandomForestRegressor(n_estimators=5)
    spec = GCM(regressor=forest, folds=2)
    first, second = (spec(sample())("X", "Y", "Z").log_p for _ in range(2))
    assert first == second
    assert forest.random_state is None
    assert not hasattr(forest, "estimators_")
    assert replace(spec, seed=1)(sample())("X", "Y", "Z").log_p != first


def test_folds_predict_rows_that_a_fit_has_not_seen():
    """Trees that learn every row by heart leave nothing, unless they see other folds only."""
    forest = RandomForestRegressor(n_estimators=1, bootstrap=False)
    learnt, held = (GCM(regressor=forest, folds=f)(sample())("X", "Y", "Z") for f in (0, 5))
    assert np.isnan(learnt.statistic)
    assert np.isfinite(held.statistic)


@pytest.mark.parametrize("spec", [*SPECS, GCM(regressor="boosting")])
def test_settings_are_plain(spec):
    options = spec.options()
    assert json.loads(json.dumps(options)) == options
    assert list(options) == ["regressor", "weighted", "folds", "draws", "seed"]
    assert " " in spec.assumes


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"regressor": "ridge_kern"},
            "regressor='ridge_kern' is unknown.*Did you mean 'ridge_kernel'",
        ),
        (
            {"regressor": LogisticRegression()},
            "expected 'ridge_kernel', 'boosting' or a regressor",
        ),
        ({"regressor": LinearRegression}, "expected 'ridge_kernel', 'boosting' or a regressor"),
        ({"folds": 5}, "folds= is for regressors of scikit-learn"),
        ({"regressor": "boosting", "folds": 1}, "folds=1: expected 0, or a whole number from 2"),
        ({"draws": 0}, "draws=0: expected a whole number from 1"),
        ({"weighted": 1}, "weighted=1: expected True or False"),
        ({"seed": -1}, "seed=-1: expected a whole number from 0"),
    ],
)
def test_a_wrong_setting_is_named(options, message):
    with pytest.raises(OptionError, match=message):
        GCM(**options)


def test_data_that_say_nothing_are_refused():
    table = sample()
    still = table.values.copy()
    still[:, 3] = 2.5
    with pytest.raises(DataError, match="columns 'W' do not vary"):
        GCM()(replace(table, values=still))
    still[5, 1] = np.nan
    with pytest.raises(DataError, match="missing in 'Y'. Read with missing='listwise'"):
        GCM()(replace(table, values=still))
    with pytest.raises(DataError, match="takes binary, continuous, discrete columns; got 'W'"):
        GCM()(replace(table, kinds=(*KINDS[:3], Kind.TIME, *KINDS[4:])))


@pytest.mark.stats
@pytest.mark.parametrize("weighted", [False, True])
def test_level(weighted):
    """Two numbers, a number and a discrete column, a discrete and a binary one."""
    spec, hits = GCM(weighted=weighted, draws=99), np.zeros(3, np.intp)
    for seed in range(200):
        _, log_p = spec(sample(seed, n=70)).batch([0, 0, 4], [1, 4, 5], [[2]] * 3)
        hits += np.exp(log_p) <= ALPHA
    for count in hits.tolist():
        assert binomtest(count, 200, ALPHA).pvalue > 1e-3


@pytest.mark.stats
def test_power():
    hits = 0
    for seed in range(200):
        _, log_p = GCM()(sample(seed, n=100, strength=0.5)).batch([0], [1], [[2]])
        hits += int(np.exp(log_p[0]) <= ALPHA)
    assert binomtest(hits, 200, 0.8, alternative="less").pvalue > 1e-3


@pytest.mark.stats
def test_weights_see_what_changes_its_sign():
    """Y = sign(Z) X: the residual covariance cancels over Z."""
    hits = {False: 0, True: 0}
    for seed in range(200):
        z, e, f = np.random.default_rng(seed).normal(size=(3, 70))
        data = np.column_stack([e, 0.6 * np.sign(z) * e + f, z])
        for weighted in hits:
            test = GCM(regressor=LinearRegression(), weighted=weighted, draws=99)(data)
            hits[weighted] += test("x0", "x1", "x2").p_value <= ALPHA
    assert binomtest(hits[False], 200, 0.3, alternative="greater").pvalue > 1e-3
    assert binomtest(hits[True], 200, 0.8, alternative="less").pvalue > 1e-3
