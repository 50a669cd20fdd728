"""The regressions on a set against refits, densities, finite differences and whole matrices."""

from __future__ import annotations

import numpy as np
import pytest
from dense import centre, gram
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.linalg import helmert
from scipy.stats import multivariate_normal

from causalsim.citest.kernel._factors import (
    NarrowRidge,
    basis,
    centred,
    exact_factor,
    factor,
    gaussian_factor,
    kernel_factor,
)
from causalsim.citest.kernel._ridge import (
    CRITERIA,
    RIDGES,
    WIDTHS,
    Fit,
    Space,
    Tuning,
    along_a_sum,
    best_ridge,
    gaussian_spaces,
    learned_metric,
    tune,
)
from causalsim.kernels import Delta, Gaussian, Linear

seeds = st.integers(0, 10**6)
sizes = st.integers(6, 25)


def drawn(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape)


def space_of(rows, width=1.2, rank=100, tolerance=1e-12):
    left = gaussian_factor(rows, width, rank, tolerance)
    return Space(rows, width, left, basis(left.columns))


def additive_ones(rows):
    found = gaussian_spaces(rows, Tuning(rank=100, tolerance=1e-8))
    return [space for space in found if space.additive]


def sum_gram(rows, others, width):
    """The mean over columns of a Gaussian kernel of each."""
    apart = rows[:, None] - others[None]
    return np.exp(-(apart**2) / (2 * width**2)).mean(axis=2)


def dense_ridge(whole, block, target, ridge):
    """Kernel ridge with an intercept: the predictions at the rows of a block of the Gram."""
    n, mean = len(target), target.mean(axis=0)
    weights = np.linalg.solve(centre(whole) + n * ridge * np.eye(n), target - mean)
    return mean + (block - whole.mean(axis=0)) @ (weights - weights.mean(axis=0))


def targets(seed, n, r=2):
    drawn_ones = drawn(seed + 1, n, r)
    return drawn_ones - drawn_ones.mean(axis=0)


def left_out_error(space, target, ridge):
    """Refit n times, with an intercept that is not shrunk."""
    n = len(target)
    features = space.vectors * np.sqrt(space.values)
    design = np.column_stack([np.ones(n), features])
    penalty = n * ridge * np.eye(design.shape[1])
    penalty[0, 0] = 0.0
    total = 0.0
    for i in range(n):
        rest, known = np.delete(design, i, axis=0), np.delete(target, i, axis=0)
        weights = np.linalg.solve(rest.T @ rest + penalty, rest.T @ known)
        total += ((target[i] - design[i] @ weights) ** 2).sum()
    return total / n


@given(seed=seeds, n=sizes, d=st.integers(1, 3), ridge=st.sampled_from([1e-3, 1e-2, 1e-1, 1.0]))
def test_leaving_one_out_is_n_refits(seed, n, d, ridge):
    space, target = space_of(drawn(seed, n, d)).basis, targets(seed, n)
    found = CRITERIA["loo"](space, target, np.array([ridge]))[0]
    assert found == pytest.approx(left_out_error(space, target, ridge), rel=1e-10)


def test_the_intercept_counts_as_a_row_s_own_influence():
    """With 1/n left out, following every row looks perfect and the least ridge wins."""
    n, ridges = 40, np.array(RIDGES)
    space, target = space_of(drawn(0, n, 3), width=0.7).basis, targets(0, n)
    found = CRITERIA["loo"](space, target, ridges)
    gains = space.values[:, None] / (space.values[:, None] + n * ridges)
    hat = np.einsum("ij,jr,kj->rik", space.vectors, gains, space.vectors)
    naive = [(((target - h @ target) / (1 - np.diag(h))[:, None]) ** 2).sum() / n for h in hat]
    assert np.argmin(naive) == 0
    assert np.argmin(found) >= 10
    honest = [left_out_error(space, target, ridge) for ridge in (RIDGES[0], RIDGES[-1])]
    assert honest[0] > 1.5 * honest[1]
    assert found[[0, -1]] == pytest.approx(honest, rel=1e-6)


@given(seed=seeds, n=st.integers(6, 15), rank=st.integers(2, 20))
def test_the_evidence_is_a_normal_density(seed, n, rank):
    """Minus the log density of the target around its mean, at its best scale."""
    rows, target = drawn(seed, n, 2), targets(seed, n)
    space, ridges = space_of(rows, rank=rank), np.array([1e-3, 1e-2, 1e-1, 1.0])
    left, turned = space.factor.columns, helmert(n)
    expected = []
    for ridge in ridges:
        shape = turned @ (left @ left.T + n * ridge * np.eye(n)) @ turned.T
        data = turned @ target
        scale = (data * np.linalg.solve(shape, data)).sum() / data.size
        law = multivariate_normal(cov=scale * shape)
        expected.append(-law.logpdf(data.T).sum())
    found = CRITERIA["gp"](space.basis, target, ridges)
    np.testing.assert_allclose(found - found[0], np.array(expected) - expected[0], atol=1e-6)


@given(seed=seeds, n=sizes, rank=st.integers(1, 30), tolerance=st.sampled_from([1e-2, 1e-6]))
def test_a_factor_gives_the_gram_within_its_tolerance(seed, n, rank, tolerance):
    rows = drawn(seed, n, 2)
    whole = gram(rows, 1.0)
    found = gaussian_factor(rows, 1.0, rank, tolerance)
    left, pivots = found.columns, found.pivots
    rest = whole - left @ left.T
    assert left.shape[1] == len(set(pivots.tolist())) <= min(rank, n)
    assert np.linalg.eigvalsh(rest).min() > -1e-12
    if left.shape[1] < min(rank, n):
        assert np.abs(rest).max() <= tolerance
    np.testing.assert_allclose(rest[pivots], 0, atol=1e-7)
    assert (np.triu(left[pivots], 1) == 0).all()


@given(seed=seeds, n=sizes)
def test_a_factor_cannot_be_much_shorter(seed, n):
    """It stops as soon as it may: before its last column the rest was too large."""
    found = gaussian_factor(drawn(seed, n, 1), 1.0, n, 1e-3).columns
    rest = 1 - (found[:, :-1] ** 2).sum(axis=1)
    assert rest.max() > 1e-3


@pytest.mark.parametrize("kernel", [Linear(), Delta(), Gaussian(0.8)], ids=repr)
def test_any_kernel_has_a_factor_with_and_without_its_whole_gram(kernel, monkeypatch):
    rows = drawn(0, 30, 2).round(0)
    whole = kernel_factor(kernel, rows, 30, 1e-10).columns
    np.testing.assert_allclose(whole @ whole.T, kernel(rows), atol=1e-8)
    monkeypatch.setattr("causalsim.citest.kernel._factors._DENSE", 10)
    in_columns = kernel_factor(kernel, rows, 30, 1e-10).columns
    np.testing.assert_allclose(in_columns, whole, atol=1e-8)


def test_a_factor_starts_at_the_middle_row():
    rows = np.array([[5.0], [0.1], [-5.2]])
    assert gaussian_factor(rows, 1.0, 1, 1e-9).pivots.tolist() == [1]
    assert factor(gram(rows, 1.0).__getitem__, np.ones(3), 2, 2, 1e-9).pivots[0] == 2


@given(seed=seeds, n=sizes, d=st.integers(1, 3))
def test_a_basis_diagonalises_the_centred_gram(seed, n, d):
    left = drawn(seed, n, d)
    found = basis(left)
    np.testing.assert_allclose(
        (found.vectors * found.values) @ found.vectors.T, centre(left @ left.T), atol=1e-9
    )
    np.testing.assert_allclose(found.vectors.T @ found.vectors, np.eye(d), atol=1e-9)
    np.testing.assert_allclose((left - found.mean) @ found.mixing, found.vectors, atol=1e-12)


@given(seed=seeds, n=sizes, d=st.integers(1, 30), ridge=st.sampled_from([1e-4, 1e-2, 1.0, 50.0]))
def test_a_narrow_ridge_solves_the_whole_system(seed, n, d, ridge):
    left, target = centred(drawn(seed, n, d)), targets(seed + 1, n)
    expected = ridge * np.linalg.solve(left @ left.T + ridge * np.eye(n), target)
    np.testing.assert_allclose(NarrowRidge.of(left, ridge)(target), expected, atol=1e-8)


@given(seed=seeds, n=sizes, ridge=st.sampled_from([1e-3, 1e-1, 10.0]))
def test_a_narrow_ridge_on_an_exact_factor_is_that_of_the_gram(seed, n, ridge):
    rows, target = drawn(seed, n, 1), targets(seed + 1, n)
    whole = gram(rows, 1.0)
    expected = ridge * np.linalg.solve(centre(whole) + ridge * np.eye(n), target)
    found = NarrowRidge.of(centred(exact_factor(whole)), ridge)
    np.testing.assert_allclose(found(target), expected, atol=1e-7)


@given(seed=seeds, n=sizes, d=st.integers(1, 4), ridge=st.floats(1e-3, 10.0))
def test_a_narrow_ridge_shrinks_along_the_factor_and_nothing_else(seed, n, d, ridge):
    left = centred(drawn(seed, n, d))
    found = NarrowRidge.of(left, ridge)
    np.testing.assert_allclose(found(np.ones((n, 1))), 1.0, atol=1e-9)  # centred: means stay
    share = np.linalg.eigvalsh(found(np.eye(n)))
    moved = np.sort(ridge / (np.linalg.eigvalsh(left.T @ left) + ridge))
    np.testing.assert_allclose(np.sort(share)[:d], moved, atol=1e-9)
    np.testing.assert_allclose(np.sort(share)[d:], 1.0, atol=1e-9)


@given(seed=seeds, n=sizes, d=st.integers(1, 3))
def test_a_space_reaches_new_rows(seed, n, d):
    rows = drawn(seed, n, d)
    few = drawn(seed + 2, 3, d)
    for space in (space_of(rows, tolerance=1e-8), *additive_ones(rows)):
        np.testing.assert_allclose(space.extended(rows), space.basis.vectors, atol=1e-5)
        assert space.extended(few).shape == (3, space.basis.vectors.shape[1])


@given(seed=seeds, n=sizes, d=st.integers(2, 4))
def test_an_additive_space_is_that_of_the_mean_of_gaussians(seed, n, d):
    rows = drawn(seed, n, d)
    found = additive_ones(rows)
    assert [space.width for space in found] == list(WIDTHS)
    for space in found:
        whole = sum_gram(rows, rows, space.width)
        left, start = space.factor.columns, space.factor.pivots[0]
        np.testing.assert_allclose(left @ left.T, whole, atol=1e-7)
        assert start == gaussian_factor(rows, 1.0, 1, 1e-9).pivots[0]


@pytest.mark.parametrize(("d", "rounds"), [(1, 3), (3, 0)])
def test_one_column_or_no_learning_needs_no_sum(d, rounds):
    found = gaussian_spaces(drawn(0, 30, d), Tuning(rounds=rounds))
    assert [space.additive for space in found] == [False] * len(WIDTHS)


@given(seed=seeds, n=sizes, m=st.integers(1, 5), metric=st.booleans())
def test_held_out_residuals_are_those_of_kernel_ridge(seed, n, m, metric):
    rows, new = drawn(seed, n, 2), drawn(seed + 3, m, 2)
    target, outcome = drawn(seed + 1, n, 2), drawn(seed + 4, m, 2)
    turn = np.array([[1.0, 0.3], [0.3, 0.5]]) if metric else None
    turned, there = (part if turn is None else part @ turn for part in (rows, new))
    found = Fit(0.0, 0.05, space_of(turned), turn).held_out(target, new, outcome)
    whole, block = gram(turned, 1.2), gram(np.vstack([there, turned]), 1.2)[:m, m:]
    np.testing.assert_allclose(found, outcome - dense_ridge(whole, block, target, 0.05), atol=1e-6)


@given(seed=seeds, n=sizes, m=st.integers(1, 5))
def test_a_fit_along_a_sum_is_two_kernel_ridges(seed, n, m):
    """The fitted values of the first, at a mean square of 1, are the rows of the second."""
    rows, new, target = drawn(seed, n, 2), drawn(seed + 3, m, 2), targets(seed, n)
    tuning = Tuning(widths=(1.2,), ridges=(0.05,), rank=100, tolerance=1e-10)
    additive = [space for space in gaussian_spaces(rows, tuning) if space.additive]
    found = along_a_sum(target, tuning, additive)
    first = sum_gram(rows, rows, 1.2)
    inner, there = (
        dense_ridge(first, sum_gram(part, rows, 1.2), target, 0.05) for part in (rows, new)
    )
    size = np.sqrt((inner**2).sum() / n)
    whole = gram(np.vstack([there, inner]) / size, 1.2)[:, m:]
    for part, block in ((new, whole[:m]), (rows, whole[m:])):
        left = found.held_out(target, part, np.zeros((len(part), 2)))
        np.testing.assert_allclose(-left, dense_ridge(whole[m:], block, target, 0.05), atol=1e-5)
    np.testing.assert_allclose(
        found.residual(target), found.held_out(target, rows, target), atol=1e-5
    )


def test_a_flat_target_has_no_sum_to_go_along():
    rows, flat = drawn(0, 20, 2), np.zeros((20, 1))
    fit = tune(rows, flat, Tuning(), gaussian_spaces(rows, Tuning()))
    assert fit.residual(flat).tolist() == flat.tolist()


@given(seed=seeds, n=sizes, d=st.integers(1, 3))
def test_gradient_moments_are_finite_differences(seed, n, d):
    rows = drawn(seed, n, d)
    space = space_of(rows, tolerance=1e-8)
    coordinates = Fit(0.0, 0.05, space).coordinates(targets(seed, n))
    slopes, step = [], 1e-4
    for j in range(d):
        ahead, back = rows.copy(), rows.copy()
        ahead[:, j] += step
        back[:, j] -= step
        change = (space.extended(ahead) - space.extended(back)) @ coordinates
        slopes.append(change.ravel() / (2 * step))
    expected, found = np.stack(slopes), space.gradient_moments(coordinates)
    expected = expected @ expected.T
    np.testing.assert_allclose(found / np.trace(found), expected / np.trace(expected), atol=1e-3)


@given(seed=seeds, d=st.integers(1, 4))
def test_a_learned_metric_has_a_trace_and_a_floor(seed, d):
    slopes, before = drawn(seed, d, 6), np.eye(d) + np.diag(np.arange(d))
    found = learned_metric(before, slopes @ slopes.T)
    np.testing.assert_allclose(found, found.T)
    assert np.trace(found @ found) == pytest.approx(d)
    assert np.linalg.eigvalsh(found @ found).min() >= 1e-3 * (1 - 1e-6)
    turned = before @ slopes @ slopes.T @ before
    np.testing.assert_allclose(found @ found @ turned, turned @ found @ found, atol=1e-8)


def test_a_flat_fit_teaches_no_metric():
    assert learned_metric(np.eye(2), np.zeros((2, 2))).tolist() == np.eye(2).tolist()


@pytest.mark.parametrize("direction", [(1.0, 0.0, 0.0), (0.6, 0.0, 0.8), (0.5, 0.5, 0.7071)])
def test_the_metric_looks_along_a_single_index(direction):
    rows, e = drawn(0, 200, 3), drawn(1, 200, 1)
    target = np.sin(2 * rows @ np.array(direction))[:, None] + 0.2 * e
    target -= target.mean(axis=0)
    tuning = Tuning()
    spaces = [space for space in gaussian_spaces(rows, tuning) if not space.additive]
    fit = tune(rows, target, tuning, spaces)
    plain = min((best_ridge(space, target, tuning) for space in spaces), key=lambda f: f.score)
    assert fit.metric is not None
    _, vectors = np.linalg.eigh(fit.metric)
    assert abs(vectors[:, -1] @ direction) > 0.99
    assert fit.score < 0.7 * plain.score


SUMS = {
    "sines": lambda z: np.sin(2 * z).sum(axis=1) / np.sqrt(z.shape[1]),
    "squares": lambda z: (z**2).sum(axis=1) / np.sqrt(2 * z.shape[1]),
}


@pytest.mark.parametrize("name", SUMS)
def test_a_function_of_a_sum_is_learned(name):
    """Features of a target bend its sum."""
    rows, e = drawn(0, 300, 3), drawn(1, 300, 1)
    truth = np.sin([0.5, 1.0] * SUMS[name](rows)[:, None])
    truth -= truth.mean(axis=0)
    target = truth + 0.2 * (e - e.mean())
    tuning = Tuning()
    spaces = gaussian_spaces(rows, tuning)
    found = tune(rows, target, tuning, spaces)
    alike = tune(rows, target, tuning, [space for space in spaces if not space.additive])
    errors = [np.linalg.norm(target - fit.residual(target) - truth) for fit in (found, alike)]
    assert found.below is not None
    assert errors[0] < 0.85 * errors[1]


def test_a_single_index_is_not_taken_for_a_sum():
    rows, e = drawn(0, 200, 3), drawn(1, 200, 1)
    target = np.sin(2 * rows.sum(axis=1) / np.sqrt(3))[:, None] + 0.2 * e
    target -= target.mean(axis=0)
    assert tune(rows, target, Tuning(), gaussian_spaces(rows, Tuning())).below is None


@given(seed=seeds)
def test_tuning_takes_the_best_of_all_it_tries(seed):
    rows, target = drawn(seed, 30, 1), targets(seed, 30)
    tuning = Tuning(undersmooth=4.0)
    scores = {
        (space.width, ridge): left_out_error(space.basis, target, ridge)
        for space in gaussian_spaces(rows, tuning)
        for ridge in RIDGES[4:]
    }
    fit = tune(rows, target, tuning, gaussian_spaces(rows, tuning))
    assume(fit.ridge * 4 >= RIDGES[4] * (1 - 1e-9))
    width, ridge = min(scores, key=scores.get)
    assert (fit.space.width, fit.ridge) == (width, pytest.approx(ridge / 4))
