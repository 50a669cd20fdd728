"""Products and sums of kernels against the elementwise formulas."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causalsim.errors import DataError, OptionError
from causalsim.kernels import Delta, Gaussian, Linear, Part, Polynomial, Product, Sum

LEAVES = [Gaussian(), Gaussian(0.6), Linear(), Polynomial(), Delta()]


@st.composite
def combinations(draw):
    """Draw mixed rows of three columns, parts on some of them, and convex weights."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(2, 9))
    rows = np.column_stack([rng.normal(3, 5, size=(n, 2)), rng.integers(0, 2, size=n)])
    columns = st.none() | st.lists(st.integers(0, 2), min_size=1, unique=True).map(tuple)
    part = st.builds(Part, st.sampled_from(LEAVES), columns)
    parts = tuple(draw(st.lists(part, min_size=1, max_size=3)))
    return rows, parts, tuple((rng.dirichlet(np.ones(len(parts)))).tolist())


def grams(rows, parts):
    return [
        part.kernel(rows if part.columns is None else rows[:, list(part.columns)])
        for part in parts
    ]


@given(combinations())
def test_a_product_is_the_elementwise_product(drawn):
    rows, parts, _ = drawn
    expected = np.prod(grams(rows, parts), axis=0)
    np.testing.assert_allclose(Product(parts)(rows), expected, rtol=1e-12)


@given(combinations())
def test_a_sum_is_the_weighted_sum(drawn):
    rows, parts, weights = drawn
    expected = np.tensordot(weights, grams(rows, parts), axes=1)
    np.testing.assert_allclose(Sum(parts, weights)(rows), expected, rtol=1e-10, atol=1e-12)
    equal = np.mean(grams(rows, parts), axis=0)
    np.testing.assert_allclose(Sum(parts)(rows), equal, rtol=1e-10, atol=1e-12)


@given(combinations(), st.integers(0, 100))
def test_combinations_obey_the_laws_of_a_kernel(drawn, seed):
    rows, parts, weights = drawn
    some = np.random.default_rng(seed).integers(0, len(rows), size=4)
    for kernel in (Product(parts), Sum(parts, weights), Sum((Part(Product(parts)), *parts))):
        gram = kernel(rows)
        scale = max(np.abs(gram).max(), 1.0)
        np.testing.assert_array_equal(gram, gram.T)
        assert np.linalg.eigvalsh(gram)[0] >= -1e-10 * scale * len(rows)
        np.testing.assert_allclose(kernel.diagonal(rows), gram.diagonal(), atol=1e-11 * scale)
        np.testing.assert_allclose(kernel(rows, rows[some]), gram[:, some], atol=1e-10 * scale)


def test_rows_of_another_code_are_unlike():
    kernel = Product((Part(Gaussian(), (0, 2)), Part(Delta(), (1,))))
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 3, size=30)
    gram = kernel(np.column_stack([rng.normal(size=30), codes, rng.normal(size=30)]))
    assert (gram[codes[:, None] != codes] == 0).all()
    assert (gram[codes[:, None] == codes] > 0).all()


def test_a_column_that_no_part_names_plays_no_role():
    rows = np.random.default_rng(0).normal(size=(10, 3))
    other = np.column_stack([rows[:, :2], rows[:, 2] ** 2])
    kernel = Product((Part(Gaussian(), (0,)), Part(Linear(), (1,))))
    np.testing.assert_array_equal(kernel(rows), kernel(other))


@pytest.mark.parametrize("columns", [(), (0, 0), (-1,)])
def test_columns_are_distinct_numbers(columns):
    with pytest.raises(OptionError, match="expected distinct column numbers from 0"):
        Part(Gaussian(), columns)


def test_a_part_needs_a_kernel():
    with pytest.raises(OptionError, match=r"a kernel such as Gaussian\(\); got 'gaussian'"):
        Part("gaussian")


def test_a_missing_column_is_refused():
    with pytest.raises(DataError, match=r"Delta sees columns \(2,\); the rows have 2"):
        Product((Part(Delta(), (2,)),))(np.zeros((3, 2)))


@pytest.mark.parametrize("kind", [Product, Sum])
@pytest.mark.parametrize("parts", [(), (Gaussian(),)])
def test_a_combination_takes_parts(kind, parts):
    with pytest.raises(OptionError, match=f"{kind.__name__} takes a tuple of parts"):
        kind(parts)


@pytest.mark.parametrize("weights", [(1.0,), (0.7, 0.7), (1.5, -0.5), (np.nan, 1.0), ()])
def test_weights_are_convex(weights):
    with pytest.raises(OptionError, match="expected 2 numbers, one for each part"):
        Sum((Part(Gaussian()), Part(Linear())), weights)


def test_combinations_are_values():
    kernel = Sum((Part(Gaussian(0.5), (0,)), Part(Delta())), weights=(0.25, 0.75))
    assert eval(repr(kernel)) == kernel  # noqa: S307 the round trip is the law
    assert len({kernel, Sum(kernel.parts), Product(kernel.parts)}) == 3
