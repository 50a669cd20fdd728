"""RCIT and RCoT: their formulas, laws and rates."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest, gamma

from causalsim.citest.random_features import RCIT, RCoT
from causalsim.data import Kind, Table
from causalsim.errors import DataError, OptionError

NAMES = ("X", "Y", "Z", "W", "D", "B")
KINDS = (*(Kind.CONTINUOUS,) * 4, Kind.DISCRETE, Kind.BINARY)
ALPHA = 0.05
QUICK = dict(features_z=15, draws=2)
SPECS = [
    RCIT(**QUICK),
    RCoT(**QUICK, null="hbe"),
    RCoT(**QUICK, null="gamma"),
    RCIT(**QUICK, null="permutation", permutations=59),
]
every = pytest.mark.parametrize("spec", SPECS, ids=["rcit", "hbe", "gamma", "permutation"])
both = pytest.mark.parametrize("make", [RCIT, RCoT])


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


def explicit(test, x, y, given, draw):
    """Give statistic and weights by normal equations and a loop over rows."""
    spec, n = test.spec, test.n
    own = given if spec.with_set else ()
    f, g = (test._features((i, *own), spec.features, draw) for i in (x, y))
    z = test._features(given, spec.features_z, draw)
    hat = z @ np.linalg.solve(z.T @ z + n * spec.ridge * np.eye(z.shape[1]), z.T)
    f, g = f - hat @ f, g - hat @ g
    weights = np.zeros((f.shape[1] * g.shape[1],) * 2)
    for i in range(n):
        product = np.outer(f[i], g[i]).ravel()
        weights += np.outer(product, product) / n / (1 - hat[i, i] - 1 / n)
    return ((f.T @ g) ** 2).sum() / n, np.linalg.eigvalsh(weights)


@both
def test_the_statistic_and_its_law_are_the_formulas(make):
    spec = make(features=3, features_z=10, draws=3, null="gamma", ridge=1e-4)
    test = spec(sample())
    found = test("X", "Y", ["Z"])
    parts = [explicit(test, *test.columns.ordered((0, 1)), (2,), draw) for draw in range(3)]
    assert found.statistic == pytest.approx(np.mean([statistic for statistic, _ in parts]))
    single = replace(spec, draws=1)(sample())("X", "Y", ["Z"])
    mean, variance = parts[0][1].sum(), 2 * (parts[0][1] ** 2).sum()
    expected = gamma.logsf(parts[0][0], mean**2 / variance, scale=variance / mean)
    assert single.log_p == pytest.approx(expected, rel=1e-6)


def test_features_stand_for_a_gaussian_kernel_of_median_width():
    table = sample(n=40)
    test = RCoT()(table)
    z = test.columns.joined((2, 3))
    distances = np.linalg.norm(z[:, None] - z[None], axis=2)
    width = np.median(distances[np.triu_indices(40, 1)])
    kernel = np.exp(-(distances**2) / (2 * width**2))
    centre = np.eye(40) - 1 / 40
    kernel = centre @ kernel @ centre
    rng = np.random.default_rng(0)
    w = rng.normal(size=(2, 40_000)) / width
    waves = np.cos(z @ w + rng.uniform(0, 2 * np.pi, 40_000))
    waves -= waves.mean(axis=0)
    np.testing.assert_allclose(2 * waves @ waves.T / 40_000, kernel, atol=0.03)
    drawn = test._features((2, 3), 4000, 0)
    scaled = waves / waves.std(axis=0)
    np.testing.assert_allclose(drawn @ drawn.T / 4000, scaled @ scaled.T / 40_000, atol=0.15)


def test_columns_of_equal_content_have_features_of_their_own_weights():
    """Two balanced coins as a set must not enter by their sum alone."""
    coins = np.array([(i, j) for i in (0, 1) for j in (0, 1)] * 20, np.float64)
    rest = np.random.default_rng(0).normal(size=(80, 2))
    table = Table(("X", "Y", "P", "Q"), np.hstack([rest, coins]), (*KINDS[:2], *[Kind.BINARY] * 2))
    test = RCoT()(table)
    features = test._features((2, 3), 100, 0)
    assert len(np.unique(features.round(8), axis=0)) == 4


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
    assert np.isfinite(together).all()
    assert ((together[2] >= 0) & (together[2] <= 1)).all()


@every
@pytest.mark.parametrize("k", [0, 2])
def test_order_of_rows_does_not_matter(spec, k):
    table = sample()
    shuffled = replace(table, values=np.random.default_rng(1).permutation(table.values))
    np.testing.assert_array_equal(
        answers(spec(shuffled), asked(k)), answers(spec(table), asked(k))
    )


@every
def test_units_and_other_columns_do_not_matter(spec):
    table = sample()
    few = table.select(["Y", "Z", "D", "X"])
    scaled = replace(few, values=few.values * [10, 0.01, 1, 100])
    for x, y, s in (("X", "Y", ["Z", "D"]), ("D", "X", ["Z"]), ("X", "Z", [])):
        one = spec(table)(x, y, s)
        for other in (few, scaled):
            assert spec(other)(x, y, s).log_p == pytest.approx(one.log_p, rel=1e-5)


@every
def test_a_seed_has_one_answer_and_another_seed_another(spec):
    first, second = (spec(sample())("X", "Y", "Z") for _ in range(2))
    assert repr(first) == repr(second)
    assert replace(spec, seed=1)(sample())("X", "Y", "Z").statistic != first.statistic


def test_an_extreme_statistic_has_a_finite_log_p():
    table = sample(n=2000)
    values = table.values.copy()
    values[:, 1] = values[:, 0] + 1e-3 * values[:, 3]
    test = RCoT(**QUICK)(replace(table, values=values))
    assert -np.inf < test("X", "Y", "Z").log_p < -200


@both
def test_nothing_is_left_of_a_column_given_its_copy(make):
    table = sample()
    values = table.values.copy()
    values[:, 3] = 2 * values[:, 0] + 1
    found = make()(replace(table, values=values))("X", "Y", "W")
    assert np.isnan(found.statistic)
    assert found.log_p == -np.inf


@both
def test_too_few_rows_keep_the_edge(make):
    table = sample(n=40)
    statistic, log_p = make()(replace(table, values=table.values[:9])).batch([0], [1], [[2]])
    assert np.isnan(statistic).all()
    assert (log_p == -np.inf).all()


@every
def test_settings_are_plain(spec):
    options = spec.options()
    assert json.loads(json.dumps(options)) == options
    assert type(spec)(**options) == spec
    assert " " in spec.assumes


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"null": "lpd4"}, "null='lpd4' is unknown.*Did you mean 'lpb4'"),
        ({"features": 0}, "features=0: expected a whole number from 1"),
        ({"features_z": 2.5}, "features_z=2.5: expected a whole number"),
        ({"draws": True}, "draws=True: expected a whole number"),
        ({"permutations": 0}, "permutations=0: expected a whole number"),
        ({"ridge": 0}, "ridge=0: expected a positive number"),
        ({"seed": -1}, "seed=-1: expected a whole number from 0"),
    ],
)
def test_a_wrong_setting_is_named(options, message):
    with pytest.raises(OptionError, match=message):
        RCIT(**options)


def test_data_that_say_nothing_are_refused():
    table = sample()
    still = table.values.copy()
    still[:, 3] = 2.5
    with pytest.raises(DataError, match="columns 'W' do not vary"):
        RCIT()(replace(table, values=still))
    still[5, 1] = np.nan
    with pytest.raises(DataError, match="missing in 'Y'. Read with missing='listwise'"):
        RCIT()(replace(table, values=still))
    with pytest.raises(DataError, match="takes binary, continuous, discrete columns; got 'W'"):
        RCoT()(replace(table, kinds=(*KINDS[:3], Kind.TIME, *KINDS[4:])))


@pytest.mark.stats
@pytest.mark.parametrize(
    "spec",
    [replace(SPECS[0], draws=1), SPECS[1], replace(SPECS[3], draws=1)],
    ids=["rcit", "rcot", "permutation"],
)
def test_level(spec):
    """Numbers, a number and a discrete column, a discrete and a binary one; never above."""
    hits = np.zeros(3, np.intp)
    for seed in range(200):
        _, log_p = spec(sample(seed)).batch([0, 0, 4], [1, 4, 5], [[2]] * 3)
        hits += np.exp(log_p) <= ALPHA
    for count in hits.tolist():
        assert binomtest(count, 200, ALPHA, alternative="greater").pvalue > 1e-3


@both
@pytest.mark.stats
def test_power(make):
    hits = 0
    for seed in range(200):
        _, log_p = make(**QUICK, null="hbe")(sample(seed, n=120, strength=1.0)).batch(
            [0], [1], [[2]]
        )
        hits += int(np.exp(log_p[0]) <= ALPHA)
    assert binomtest(hits, 200, 0.8, alternative="less").pvalue > 1e-3


def test_sees_dependence_without_correlation():
    x, e = np.random.default_rng(0).normal(size=(2, 300))
    assert RCoT()(np.column_stack([x, x**2 + 0.3 * e]))("x0", "x1").p_value < 1e-6
