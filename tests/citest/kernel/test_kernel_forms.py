"""Both forms against whole matrices, against causal-learn, and at published numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from dense import NAMES, curved, operator, zhang, zhang_marginal
from hypothesis import given
from hypothesis import strategies as st

from causalsim.citest import KCIZhang, KernelCI
from causalsim.data import Kind, Table
from causalsim.kernels import Gaussian, Linear

seeds = st.integers(0, 10**6)
sets = pytest.mark.parametrize("z", [("Z",), ("Z", "W")], ids=["one", "two"])


def columns(table, names):
    return table.values[:, [table.names.index(name) for name in names]]


def legacy(draw):
    """Give causal-learn's own test data: X, X', Y = X + .5e, Z = Y + .5e."""
    x, other, e, f = (draw(size=300) for _ in range(4))
    return np.column_stack([x, other, x + 0.5 * e, x + 0.5 * e + 0.5 * f])


@sets
@given(seed=seeds, n=st.integers(10, 40))
def test_zhang_is_its_formula(z, seed, n):
    table = curved(seed, n, 0.3)
    found = KCIZhang()(table)("X", "Y", z)
    x, y = columns(table, ["X"]), columns(table, ["Y"])
    width = 1.2 * math.sqrt(len(z))
    statistic, p = zhang(x, y, columns(table, z), width)
    assert found.statistic == pytest.approx(statistic, rel=1e-6)
    assert found.p_value == pytest.approx(p, abs=1e-6)
    _, upstream = zhang(x, y, columns(table, z), width, share=1e-5)
    assert found.p_value == pytest.approx(upstream, abs=1e-4)


@given(seed=seeds, n=st.integers(7, 40))
def test_zhang_without_a_set_is_its_formula(seed, n):
    table = curved(seed, n)
    found = KCIZhang()(table)("X", "Z")
    statistic, p = zhang_marginal(columns(table, ["X"]), columns(table, ["Z"]), 0.8)
    assert found.statistic == pytest.approx(statistic, rel=1e-10)
    assert found.p_value == pytest.approx(p, rel=1e-8)


@sets
@given(
    seed=seeds,
    n=st.integers(10, 40),
    width=st.floats(0.6, 3),
    ridge=st.sampled_from([1e-3, 1e-2, 1e-1]),
)
def test_the_operator_form_is_its_formula(z, seed, n, width, ridge):
    table = curved(seed, n, 0.3)
    spec = KernelCI(ridge=ridge, width=width, metric="plain", rank=n, tolerance=1e-13)
    found = spec(table)("X", "Y", z)
    x, y = columns(table, ["X"]), columns(table, ["Y"])
    statistic, p = operator(x, y, columns(table, z), width, ridge)
    assert found.statistic == pytest.approx(statistic, rel=1e-8)
    assert found.p_value == pytest.approx(p, rel=1e-8)


@given(seed=seeds)
def test_low_rank_is_the_whole_matrix(seed):
    """Few columns stand for all of them, and the default tolerance for a strict one."""
    table = curved(seed, 100)
    x, y, z = (columns(table, [name]) for name in "XYZ")
    _, p = operator(x, y, z, 1.2, 1e-3)
    fixed = dict(ridge=1e-3, width=1.2)
    strict = KernelCI(**fixed, rank=60, tolerance=1e-12)(table)("X", "Y", "Z")
    assert strict.p_value == pytest.approx(p, abs=1e-6)
    assert KernelCI(**fixed)(table)("X", "Y", "Z").p_value == pytest.approx(p, abs=1e-4)


@sets
@given(seed=seeds)
def test_the_operator_form_is_symmetric(z, seed):
    test = KernelCI()(curved(seed))
    one, other = test("X", "Y", z), test("Y", "X", z)
    assert one.p_value == pytest.approx(other.p_value, abs=1e-12)
    assert one.statistic == pytest.approx(other.statistic, rel=1e-12)


def test_zhang_as_a_formula_is_not_symmetric_and_goes_by_position():
    """Upstream the order of columns decides; here, too, and both ways of asking agree."""
    table = curved(0, 40, 0.5)
    x, y, z = (columns(table, [name]) for name in "XYZ")
    p, swapped = zhang(x, y, z, 1.2)[1], zhang(y, x, z, 1.2)[1]
    assert abs(p - swapped) > 1e-3
    test = KCIZhang()(table)
    assert test("X", "Y", "Z") == test("Y", "X", "Z")
    assert test("Y", "X", "Z").p_value == pytest.approx(p, abs=1e-6)
    turned = KCIZhang()(table.select(["Y", "X", "Z"]))
    assert turned("X", "Y", "Z").p_value == pytest.approx(swapped, abs=1e-6)


def test_kernels_keep_their_places():
    """Of x and y as asked in the operator form; another order is another question."""
    test = KernelCI(kernel_x=Linear(), kernel_y=Gaussian(0.7))(curved(0, 40, 0.5))
    other = KernelCI(kernel_x=Gaussian(0.7), kernel_y=Linear())(curved(0, 40, 0.5))
    for z in ((), "Z"):
        assert abs(test("X", "Y", z).p_value - test("Y", "X", z).p_value) > 1e-6
        assert test("X", "Y", z).p_value == pytest.approx(other("Y", "X", z).p_value, rel=1e-10)


def test_anchors_of_causal_learn():
    test = KCIZhang()(legacy(np.random.RandomState(10).normal))
    assert test("x0", "x1").p_value == pytest.approx(0.5404, abs=5e-5)
    assert test("x0", "x3").p_value < 1e-60
    assert test("x0", "x3", "x2").p_value == pytest.approx(0.5807, abs=5e-5)
    spread = KCIZhang()(legacy(np.random.RandomState(10).exponential))
    assert spread("x0", "x1").p_value == pytest.approx(0.8513, abs=5e-5)


def test_anchors_of_the_notes():
    rng = np.random.default_rng(0)
    z = rng.normal(size=50)
    x, y = (f(z) + 0.5 * rng.normal(size=50) for f in (np.sin, np.square))
    test = KCIZhang()(np.column_stack([x, y, z]))
    assert test("x0", "x1", "x2").p_value == pytest.approx(0.30698, abs=1e-5)
    assert test("x0", "x1").p_value == pytest.approx(0.0757724, abs=5e-8)


def test_anchor_of_the_operator_form():
    test = KernelCI(width=1.2)(legacy(np.random.RandomState(10).normal))
    assert test("x0", "x3", "x2").p_value == pytest.approx(0.6357, abs=5e-5)


@pytest.mark.peer
@pytest.mark.parametrize("n", [30, 120, 250])
def test_parity_with_causal_learn(n):
    from causallearn.utils.KCI.KCI import KCI_CInd, KCI_UInd

    for seed in range(3):
        table = curved(seed, n, 0.2)
        test = KCIZhang()(table)
        x, y, z, w = (columns(table, [name]) for name in NAMES)
        plain, given_one, given_two = (
            KCI_UInd().compute_pvalue(x, w),
            KCI_CInd().compute_pvalue(x, y, z),
            KCI_CInd().compute_pvalue(x, y, np.hstack([z, w])),
        )
        for question, (p, statistic) in (
            (("X", "W"), plain),
            (("X", "Y", "Z"), given_one),
            (("X", "Y", ["Z", "W"]), given_two),
        ):
            found = test(*question)
            assert found.p_value == pytest.approx(p, abs=1e-4)
            assert found.statistic == pytest.approx(statistic, rel=1e-6)


@pytest.mark.peer
def test_no_p_value_underflows_as_upstream():
    """``1 - cdf`` is 0 far out; the tail itself is not, and its logarithm ranks."""
    from causallearn.utils.KCI.KCI import KCI_UInd

    data = legacy(np.random.RandomState(10).normal)
    assert KCI_UInd().compute_pvalue(data[:, :1], data[:, 3:])[0] == 0.0
    found = KCIZhang()(data)("x0", "x3")
    assert 0 < found.p_value < 1e-60
    near = KCIZhang()(np.vstack([data] * 5))("x0", "x2")
    assert -np.inf < near.log_p < -745


@pytest.mark.parametrize("form", ["operator", "zhang"])
@pytest.mark.parametrize("width", ["loo", "median", "empirical", 1.2])
@given(seed=seeds)
def test_units_do_not_matter(form, width, seed):
    table = curved(seed, 30)
    scaled = Table(NAMES, table.values * [10, 100, 0.01, 1], (Kind.CONTINUOUS,) * 4)
    spec = KernelCI(form=form, width=width)
    for question in (("X", "Y"), ("X", "Y", "Z"), ("X", "Y", ["Z", "W"])):
        one, other = (spec(part)(*question) for part in (table, scaled))
        assert other.p_value == pytest.approx(one.p_value, abs=1e-10)
