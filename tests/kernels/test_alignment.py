"""Alignment against its formulas and all permutations; scales tuned on rows that nothing tests."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, gamma

from causalsim.errors import DataError, OptionError
from causalsim.kernels import (
    Delta,
    Gaussian,
    Linear,
    Rates,
    ScaleChoice,
    alignment,
    centred,
    effective_dimension,
    null_alignment,
    snr,
    tune_scale,
)
from causalsim.kernels._alignment import _pair
from causalsim.kernels._tuning import _search

WIDE = (0.05, 5.0)


@st.composite
def gram_pairs(draw, min_rows=3, max_rows=9):
    """Draw two positive semidefinite matrices of any rank; not constant."""
    n = draw(st.integers(min_rows, max_rows))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    features = (rng.normal(size=(n, draw(st.integers(1, n)))) for _ in range(2))
    return tuple(phi @ phi.T for phi in features)


def moments(K, L):
    """Give <K~, L~>, tr K~ tr L~ and |K~| |L~| by matrix products and double loops."""
    n = len(K)
    H = np.eye(n) - 1 / n
    a, b = H @ K @ H, H @ L @ H
    cells = [(i, j) for i in range(n) for j in range(n)]
    inner = sum(a[i, j] * b[i, j] for i, j in cells)
    lengths = (sum(m[i, j] ** 2 for i, j in cells) for m in (a, b))
    return inner, a.trace() * b.trace(), np.sqrt(np.prod(list(lengths)))


def wave(n, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    return x, np.cos(4 * x) + 0.5 * rng.normal(size=n)


@given(gram_pairs())
def test_centred_is_both_projections(pair):
    K, _ = pair
    H = np.eye(len(K)) - 1 / len(K)
    ours = centred(K)
    np.testing.assert_allclose(ours, H @ K @ H, atol=1e-10)
    np.testing.assert_array_equal(ours, ours.T)


@given(gram_pairs())
def test_measures_equal_their_formulas(pair):
    K, L = pair
    n = len(K)
    inner, traces, norms = moments(K, L)
    assert alignment(K, L) == pytest.approx(inner / norms, rel=1e-9, abs=1e-12)
    assert null_alignment(K, L) == pytest.approx(traces / norms / (n - 1), rel=1e-9)
    noise = np.sqrt(2) * norms / n
    assert snr(K, L) == pytest.approx((inner - traces / (n - 1)) / noise, rel=1e-9, abs=1e-10)
    root = np.sqrt(effective_dimension(K) * effective_dimension(L))
    assert null_alignment(K, L) == pytest.approx(root / (n - 1), rel=1e-9)


def test_a_matrix_that_is_not_positive_semidefinite_has_a_p_value():
    K = np.diag([1.0, -1.0, 2.0, 0.5])
    assert _pair(K, -np.eye(4)).p_value == 1.0


@given(gram_pairs())
def test_bounds_and_invariances(pair):
    K, L = pair
    n = len(K)
    assert 1 - 1e-9 <= effective_dimension(K) <= n - 1 + 1e-9
    assert -1e-12 <= alignment(K, L) <= 1 + 1e-12
    assert alignment(K, K) == pytest.approx(1.0)
    for measure in (alignment, null_alignment, snr):
        assert measure(K, L) == pytest.approx(measure(L, K), rel=1e-12)
        assert measure(3 * K + 2, L) == pytest.approx(measure(K, L), rel=1e-8, abs=1e-8)


@pytest.mark.parametrize(
    ("width", "published"), [(0.2, 7.7), (0.4, 4.5), (0.8, 2.6), (1.2, 2.0), (2, 1.5), (4, 1.14)]
)
def test_effective_dimension_falls_with_the_width_as_measured_before(width, published):
    draws = (np.random.default_rng([20, seed]).normal(size=30) for seed in range(200))
    mean = np.mean([effective_dimension(Gaussian(width)(x)) for x in draws])
    assert mean == pytest.approx(published, rel=0.04)


@given(gram_pairs(max_rows=5))
def test_null_alignment_is_the_mean_over_all_permutations(pair):
    K, L = pair
    orders = [list(order) for order in permutations(range(len(K)))]
    mean = np.mean([alignment(K, L[np.ix_(order, order)]) for order in orders])
    assert null_alignment(K, L) == pytest.approx(mean, rel=1e-9)


def test_null_alignment_of_forty_rows():
    rng = np.random.default_rng(0)
    K, L = Gaussian()(rng.normal(size=40)), Gaussian()(rng.normal(size=40))
    a, b = centred(K), centred(L)
    orders = [rng.permutation(40) for _ in range(4000)]
    drawn = [np.vdot(a, b[np.ix_(order, order)]) for order in orders]
    mean = np.mean(drawn) / np.linalg.norm(a) / np.linalg.norm(b)
    assert null_alignment(K, L) == pytest.approx(mean, abs=1e-3)


def test_the_gamma_test_is_causal_learns():
    kernel = Gaussian("empirical_marginal")
    legacy = np.random.RandomState(10)
    x, other = legacy.normal(size=(2, 300))
    assert _pair(kernel(x), kernel(other)).p_value == pytest.approx(0.5404, abs=1e-4)
    rng = np.random.default_rng(0)
    z = rng.normal(size=50)
    x, y = np.sin(z) + 0.5 * rng.normal(size=50), z**2 + 0.5 * rng.normal(size=50)
    assert _pair(kernel(x), kernel(y)).p_value == pytest.approx(0.0757724, abs=1e-7)


@given(gram_pairs())
def test_the_gamma_test_has_the_moments_of_hsic(pair):
    K, L = pair
    inner, traces, norms = moments(K, L)
    mean, variance = traces / len(K), 2 * norms**2 / len(K) ** 2
    expected = gamma.sf(inner, mean**2 / variance, scale=variance / mean)
    assert _pair(K, L).p_value == pytest.approx(expected, rel=1e-7, abs=1e-12)


@pytest.mark.parametrize("measure", [alignment, null_alignment, snr])
def test_gram_matrices_are_square_of_the_same_rows_and_not_constant(measure):
    with pytest.raises(DataError, match=r"square; got shape \(2, 3\)"):
        measure(np.zeros((2, 3)), np.eye(2))
    with pytest.raises(DataError, match="got 2 and 3"):
        measure(np.eye(2), np.eye(3))
    with pytest.raises(DataError, match="constant: to this kernel all rows are alike"):
        measure(np.eye(4), Gaussian()(np.full(4, 0.1)))


def test_effective_dimension_refuses_a_constant_gram():
    with pytest.raises(DataError, match="Gram matrix is constant"):
        effective_dimension(np.ones((3, 3)))


def test_the_measures_refuse_what_is_not_a_gram():
    with pytest.raises(DataError, match="square"):
        centred([1.0, 2.0])
    with pytest.raises(DataError, match="square"):
        effective_dimension(np.empty((0, 0)))


@given(st.floats(0.02, 40), st.floats(0.05, 0.8))
def test_search_finds_the_peak(peak, low):
    scores = _search(lambda scale: -abs(np.log(scale / peak)), (low, 20.0))
    best = max(scores, key=scores.get)
    assert all(low <= scale <= 20 for scale in scores)
    assert len(scores) <= 9 + 2 + 8
    assert abs(np.log(best / np.clip(peak, low, 20))) <= 0.02


def test_tuning_finds_the_scale_of_the_signal():
    x, y = wave(200, seed=0)
    choice = tune_scale(Gaussian, x, y, bounds=WIDE)
    assert 0.15 < choice.scale < 0.6
    assert choice.before.scale == 1.0
    assert choice.after.scale == choice.scale
    assert choice.after.power > choice.before.power + 0.3
    assert choice.note == ""


def test_the_choice_is_the_best_of_a_fine_grid_on_the_tuning_rows():
    x, y = wave(120, seed=1)
    choice = tune_scale(Gaussian, x, y, bounds=WIDE)
    rows = list(choice.tuning_rows)

    def score(scale):
        return snr(Gaussian(scale)(x[rows]), Gaussian()(y[rows]))

    assert dict(choice.curve)[choice.scale] == pytest.approx(score(choice.scale), rel=1e-9)
    assert score(choice.scale) >= 0.999 * max(map(score, np.geomspace(*WIDE, 300)))
    assert [scale for scale, _ in choice.curve] == sorted(scale for scale, _ in choice.curve)


@pytest.mark.parametrize("holdout", [0.25, 0.5, 0.7])
def test_rows_are_split(holdout):
    x, y = wave(60, seed=2)
    choice = tune_scale(Gaussian, x, y, bounds=WIDE, holdout=holdout)
    assert sorted(choice.tuning_rows + choice.testing_rows) == list(range(60))
    assert len(choice.testing_rows) == round(60 * holdout)
    other = tune_scale(Gaussian, x, y, bounds=WIDE, holdout=holdout, seed=1)
    assert other.tuning_rows != choice.tuning_rows


def test_tuning_never_reads_the_testing_rows():
    x, y = wave(80, seed=3)
    choice = tune_scale(Gaussian, x, y, bounds=WIDE)
    unseen = list(choice.testing_rows)
    changed_y = y.copy()
    changed_y[unseen] = 1e3 * np.random.default_rng(4).exponential(size=len(unseen))
    again = tune_scale(Gaussian, x, changed_y, bounds=WIDE)
    assert (again.tuning_rows, again.curve) == (choice.tuning_rows, choice.curve)
    assert again.after != choice.after
    changed_x = x.copy()
    changed_x[unseen] = 100.0 + np.arange(len(unseen))
    again = tune_scale(Gaussian, changed_x, changed_y, bounds=WIDE, tuning_rows=choice.tuning_rows)
    assert again.testing_rows == choice.testing_rows
    assert again.curve == choice.curve


def test_a_second_variable_is_tuned_on_the_rows_of_the_first():
    x, y = wave(80, seed=5)
    first = tune_scale(Gaussian, x, y, bounds=WIDE)
    second = tune_scale(Gaussian, y, x, bounds=WIDE, tuning_rows=first.tuning_rows)
    assert second.tuning_rows == first.tuning_rows
    assert second.testing_rows == first.testing_rows


def test_neither_order_nor_units_nor_calls_matter():
    x, y = wave(80, seed=6)
    choice = tune_scale(Gaussian, x, y, bounds=WIDE)
    order = np.random.default_rng(7).permutation(80)
    shuffled = tune_scale(Gaussian, x[order], y[order], bounds=WIDE)
    assert sorted(order[list(shuffled.tuning_rows)]) == list(choice.tuning_rows)
    assert shuffled.curve == choice.curve
    assert (shuffled.before, shuffled.after) == (choice.before, choice.after)
    scaled = tune_scale(Gaussian, 100 * x, 0.01 * y, bounds=WIDE)
    assert scaled.tuning_rows == choice.tuning_rows
    assert scaled.scale == pytest.approx(choice.scale, rel=1e-6)
    assert tune_scale(Gaussian, x, y, bounds=WIDE) == choice


def test_codes_and_several_columns_are_tuned_against():
    rng = np.random.default_rng(8)
    x = rng.normal(size=(120, 2))
    codes = (x[:, 0] * x[:, 1] > 0).astype(float)
    choice = tune_scale(Gaussian, x, codes, bounds=WIDE, target=Delta())
    assert choice.scale < 2
    assert choice.after.power > 0.5


def test_a_draw_that_cannot_be_tested_does_not_reject():
    x = np.random.default_rng(9).normal(size=40)
    rare = np.zeros(40)
    rare[::10] = 1.0
    choice = tune_scale(
        Gaussian, x, rare, bounds=WIDE, target=Delta(), tuning_rows=range(31), seed=1
    )
    assert choice.testing_rows == tuple(range(31, 40))
    assert choice.after == Rates(choice.scale, level=0.0, power=0.0)


def test_rates_are_those_of_the_gamma_test():
    rng = np.random.default_rng(10)
    x = rng.normal(size=60)
    y = x + 1.5 * rng.normal(size=60)
    choice = tune_scale(Gaussian, x, y, bounds=WIDE, repeats=500)
    rows = np.array(choice.testing_rows)
    K, L = Gaussian(choice.scale)(x[rows]), Gaussian()(y[rows])

    def rate(draw):
        hits = 0
        for _ in range(500):
            i, j = draw()
            hits += _pair(K[np.ix_(i, i)], L[np.ix_(j, j)]).p_value < 0.05
        return hits / 500

    level = rate(lambda: (np.arange(30), rng.permutation(30)))
    power = rate(lambda: 2 * (rng.permutation(30)[:15],))
    assert 0.2 < power < 0.8
    assert choice.after.level == pytest.approx(level, abs=4 * np.sqrt(2 * 0.05 * 0.95 / 500))
    assert choice.after.power == pytest.approx(power, abs=4 * np.sqrt(2 * 0.25 / 500))


@pytest.mark.stats
def test_testing_on_the_testing_rows_keeps_the_level():
    hits = 0
    for seed in range(200):
        x, y = np.random.default_rng([12, seed]).normal(size=(2, 32))
        choice = tune_scale(Gaussian, x, y, bounds=(0.2, 2.0), seed=seed)
        rows = list(choice.testing_rows)
        pair = _pair(Gaussian(choice.scale)(x[rows]), Gaussian()(y[rows]))
        hits += pair.p_value < 0.05
    assert binomtest(hits, 200, 0.05).pvalue > 1e-3


@pytest.mark.stats
def test_testing_on_the_tuning_rows_does_not_and_the_result_says_so():
    x, y = np.random.default_rng(13).normal(size=(2, 40))
    choice = tune_scale(Gaussian, x, y, bounds=WIDE, same_rows=True, repeats=400)
    assert choice.tuning_rows == choice.testing_rows == tuple(range(40))
    assert "same rows" in choice.note
    before, after = (round(400 * rates.level) for rates in (choice.before, choice.after))
    assert binomtest(before, 400, 0.05).pvalue > 1e-3
    assert binomtest(after, 400, 0.05, alternative="greater").pvalue < 1e-3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"bounds": (0, 1)}, r"bounds=.*0 < low < high"),
        ({"bounds": (2, 1)}, r"bounds=.*0 < low < high"),
        ({"start": -1.0}, "start=-1.0: expected a positive scale"),
        ({"holdout": 1.0}, "holdout=1.0: expected a share"),
        ({"repeats": 100}, "repeats=100: fewer than 200"),
        ({"seed": -1}, "a seed cannot be negative"),
        ({"tuning_rows": [0, 0]}, "distinct row numbers from 0 to 39"),
        ({"tuning_rows": [0, 40]}, "distinct row numbers from 0 to 39"),
        ({"tuning_rows": [0], "same_rows": True}, "leave tuning_rows out"),
    ],
)
def test_settings_out_of_range_are_refused(options, message):
    x, y = wave(40, seed=14)
    with pytest.raises(OptionError, match=message):
        tune_scale(Gaussian, x, y, **{"bounds": WIDE, **options})


def test_data_that_cannot_be_split_are_refused():
    x, y = wave(40, seed=15)
    with pytest.raises(DataError, match="got 40 and 39"):
        tune_scale(Gaussian, x, y[1:], bounds=WIDE)
    with pytest.raises(DataError, match="7 rows to tune and 33 to test; each part needs 8"):
        tune_scale(Gaussian, x, y, bounds=WIDE, tuning_rows=range(7))
    with pytest.raises(DataError, match="all rows are alike"):
        tune_scale(Gaussian, x, np.ones(40), bounds=WIDE)


def test_a_choice_is_a_value():
    rates = Rates(1.0, 0.05, 0.5)
    choice = ScaleChoice(1.0, ((1.0, 2.0),), (0,), (1,), rates, rates, "")
    assert eval(repr(choice)) == choice  # noqa: S307 the round trip is the law
    x, y = wave(40, seed=16)
    tuned = tune_scale(lambda scale: Gaussian(1 / scale), x, y, bounds=WIDE, target=Linear())
    assert eval(repr(tuned)) == tuned  # noqa: S307
