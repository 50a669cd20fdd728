"""Classical kernels against double loops, causal-learn's values, and the laws of a kernel."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causalsim.errors import DataError, OptionError
from causalsim.kernels import Delta, Gaussian, Linear, Polynomial, centred
from causalsim.kernels._widths import content_order, width_of

STANDARDISING = [
    Gaussian(),
    Gaussian("empirical"),
    Gaussian("empirical_marginal"),
    Gaussian(0.7),
    Linear(),
    Polynomial(),
    Polynomial(degree=3, offset=0.5),
]
EVERY = [
    *STANDARDISING,
    Gaussian(1.3, standardise=False),
    Gaussian("median", standardise=False),
    Linear(standardise=False),
    Polynomial(standardise=False),
    Delta(),
]
every = pytest.mark.parametrize("kernel", EVERY, ids=repr)


@st.composite
def tables(draw, max_rows=9, max_columns=4):
    """Draw rows with ties, of an offset and a spread of their own in each column."""
    n, d = draw(st.integers(2, max_rows)), draw(st.integers(1, max_columns))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    codes = rng.integers(0, 3, size=(n, d)).astype(float)
    numbers = rng.normal(size=(n, d)) * 10.0 ** rng.integers(-2, 3, size=d)
    return np.where(rng.random(d) < 0.4, codes, numbers + rng.integers(-5, 5, size=d))


def z_scores(rows):
    spread = rows.std(axis=0, ddof=1)
    return (rows - rows.mean(axis=0)) / np.where(spread > 0, spread, np.inf)


def pairwise(value, rows):
    return np.array([[value(a, b) for b in rows] for a in rows])


def median_distance(rows):
    distances = [np.linalg.norm(a - b) for i, a in enumerate(rows) for b in rows[:i]]
    return np.median([distance for distance in distances if distance > 0] or [np.inf])


def widths(n, d, z):
    return {
        "median": median_distance(z),
        "empirical": (1.2 if n < 200 else 0.7 if n < 1200 else 0.4) * d**0.5,
        "empirical_marginal": (0.8 if n < 200 else 0.5 if n < 1200 else 0.3) / d**0.5,
        0.9: 0.9,
    }


@given(tables(), st.sampled_from(["median", "empirical", "empirical_marginal", 0.9]))
def test_gaussian_equals_its_formula(rows, width):
    z = z_scores(rows)
    w = widths(*rows.shape, z)[width]
    expected = pairwise(lambda a, b: np.exp(-(np.sum((a - b) ** 2)) / (2 * w**2)), z)
    np.testing.assert_allclose(Gaussian(width)(rows), expected, rtol=1e-9, atol=1e-13)


@given(tables(), st.integers(1, 4), st.floats(0, 3))
def test_polynomial_and_linear_equal_their_formulas(rows, degree, offset):
    z = z_scores(rows)
    np.testing.assert_allclose(Linear()(rows), pairwise(np.dot, z), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(
        Polynomial(degree, offset)(rows),
        pairwise(lambda a, b: (offset + a @ b) ** degree, z),
        rtol=1e-8,
        atol=1e-10,
    )


@given(tables())
def test_delta_equals_its_formula(rows):
    expected = pairwise(lambda a, b: float(tuple(a) == tuple(b)), rows)
    np.testing.assert_array_equal(Delta()(rows), expected)


@every
@given(rows=tables(max_rows=12))
def test_a_gram_is_symmetric_and_positive_semidefinite(kernel, rows):
    gram = kernel(rows)
    assert gram.shape == (len(rows), len(rows))
    assert gram.dtype == np.float64
    np.testing.assert_array_equal(gram, gram.T)
    values = np.linalg.eigvalsh(gram)
    assert values[0] >= -1e-10 * max(values[-1], 1.0)


@every
@given(rows=tables())
def test_diagonal_is_that_of_the_gram(kernel, rows):
    gram = kernel(rows)
    np.testing.assert_allclose(
        kernel.diagonal(rows), gram.diagonal(), rtol=1e-10, atol=1e-12 * np.abs(gram).max()
    )
    if kernel.name in {"gaussian", "delta"}:
        assert (gram.diagonal() == 1).all()


@every
@given(rows=tables(), seed=st.integers(0, 1000))
def test_a_block_is_cells_of_the_whole(kernel, rows, seed):
    whole = kernel(rows)
    some = np.random.default_rng(seed).integers(0, len(rows), size=5)
    np.testing.assert_allclose(
        kernel(rows, rows[some]), whole[:, some], rtol=1e-9, atol=1e-11 * np.abs(whole).max()
    )


@every
@given(rows=tables(), seed=st.integers(0, 1000))
def test_the_order_of_rows_does_not_matter(kernel, rows, seed):
    order = np.random.default_rng(seed).permutation(len(rows))
    whole = kernel(rows)
    np.testing.assert_allclose(
        kernel(rows[order]),
        whole[np.ix_(order, order)],
        rtol=1e-9,
        atol=1e-11 * np.abs(whole).max(),
    )


@pytest.mark.parametrize("kernel", [*STANDARDISING, Delta()], ids=repr)
@pytest.mark.parametrize("n", [40, 1100])
def test_units_do_not_matter(kernel, n):
    rows = np.random.default_rng(3).normal(size=(n, 3)) + 5
    gram = kernel(rows)
    for unit in (100.0, 0.01) if n < 1000 else (10.0,):
        np.testing.assert_allclose(
            kernel(rows * [unit, 1.0, 1 / unit]), gram, rtol=0, atol=1e-10 * np.abs(gram).max()
        )


@pytest.mark.parametrize(("n", "d"), [(60, 1), (60, 3), (300, 1), (300, 3), (1250, 1)])
def test_widths_are_those_of_causal_learn(n, d):
    from causallearn.utils.KCI.KCI import KCI_CInd, KCI_UInd

    rng = np.random.default_rng(n + d)
    x, y = rng.normal(2, 3, size=(n, d)), rng.normal(size=(n, d))
    marginal, _ = KCI_UInd().kernel_matrix(x, y)
    np.testing.assert_allclose(Gaussian("empirical_marginal")(x), marginal, atol=1e-12)
    if d == 1:
        _, k_y, _, _ = KCI_CInd().kernel_matrix(x, y, rng.normal(size=(n, 1)))
        np.testing.assert_allclose(centred(Gaussian("empirical")(y)), k_y, atol=1e-12)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_the_conditional_width_counts_the_columns(d):
    from causallearn.utils.KCI.GaussianKernel import GaussianKernel

    z = z_scores(np.random.default_rng(d).normal(size=(80, d)))
    theirs = GaussianKernel()
    theirs.set_width_empirical_kci(z)
    np.testing.assert_allclose(Gaussian("empirical")(z), theirs.kernel(z), atol=1e-12)


def test_the_median_is_causal_learns_but_for_a_root_of_two():
    from causallearn.utils.KCI.GaussianKernel import GaussianKernel

    z = z_scores(np.random.default_rng(0).normal(size=(70, 2)))
    theirs = GaussianKernel()
    theirs.set_width_median(z)
    np.testing.assert_allclose(Gaussian()(z), theirs.kernel(z) ** 2, atol=1e-12)


def test_polynomial_is_causal_learns():
    from causallearn.utils.KCI.PolynomialKernel import PolynomialKernel

    z = z_scores(np.random.default_rng(0).normal(size=(30, 2)))
    ours = Polynomial(3, 0.5)(z)
    np.testing.assert_allclose(ours, PolynomialKernel(3, 0.5).kernel(z), rtol=1e-9, atol=1e-9)


def test_the_median_of_many_rows_takes_a_thousand_and_comes_close():
    rows = np.random.default_rng(1).normal(size=(2500, 2))
    width = width_of("median", rows)
    chosen = rows[content_order(rows)[np.round(np.linspace(0, 2499, 1000)).astype(int)]]
    assert width == width_of("median", chosen)
    first, second = np.random.default_rng(2).normal(size=(2, 200_000, 2))
    assert width == pytest.approx(np.median(np.linalg.norm(first - second, axis=1)), rel=0.05)
    assert width == width_of("median", rows[::-1])


@given(tables())
def test_content_order_sorts_rows_as_tuples(rows):
    assert rows[content_order(rows)].tolist() == sorted(rows.tolist())


def test_distances_survive_a_far_offset():
    near = np.random.default_rng(0).normal(size=(20, 3))
    np.testing.assert_allclose(
        Gaussian(1.0, standardise=False)(near + 1e6),
        Gaussian(1.0, standardise=False)(near),
        atol=1e-8,
    )


@pytest.mark.parametrize("width", ["median", "empirical", 1.0])
def test_a_constant_column_makes_all_rows_alike(width):
    np.testing.assert_array_equal(Gaussian(width)(np.full(5, 0.1)), np.ones((5, 5)))


@pytest.mark.parametrize("width", [0, -1.0, np.nan, np.inf, True])
def test_a_width_is_positive(width):
    with pytest.raises(OptionError, match=r"width=.*expected a positive number"):
        Gaussian(width)


def test_a_misspelt_rule_gets_the_nearest():
    with pytest.raises(OptionError, match="Did you mean 'median'"):
        Gaussian("medain")


@pytest.mark.parametrize("degree", [0, -1, 1.5, True])
def test_a_degree_is_a_whole_number(degree):
    with pytest.raises(OptionError, match=r"degree=.*whole number of at least 1"):
        Polynomial(degree=degree)


@pytest.mark.parametrize("offset", [-0.1, np.nan, np.inf])
def test_an_offset_is_not_negative(offset):
    with pytest.raises(OptionError, match=r"offset=.*at least 0"):
        Polynomial(offset=offset)


@every
def test_rows_are_finite_and_of_one_length(kernel):
    with pytest.raises(DataError, match="finite numbers"):
        kernel([1.0, np.nan])
    with pytest.raises(DataError, match="got 1 and 2 columns"):
        kernel([1.0, 2.0], [[1.0, 2.0]])
    with pytest.raises(DataError, match="takes rows"):
        kernel(np.empty((0, 2)))


@every
def test_a_kernel_is_a_value(kernel):
    assert eval(repr(kernel)) == kernel  # noqa: S307 the round trip is the law
    assert hash(kernel) == hash(eval(repr(kernel)))  # noqa: S307
