"""The statistic, its moments and its laws against whole matrices and all permutations."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from dense import curved, eigen_features, gamma_p
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from causalsim.citest import KernelCI
from causalsim.citest._nulls import log_hbe_tail, log_spectral_tail
from causalsim.citest.kernel._laws import LAWS, MARGINAL, Pair
from causalsim.citest.kernel._sums import (
    gram_norm,
    invariants,
    permuted_moments,
    product_sums,
)
from causalsim.errors import LimitError

seeds = st.integers(0, 10**6)
NULLS = ("gamma", "spectral", "permutation", "hbe")
every = pytest.mark.parametrize("null", NULLS)


def factors(seed, n, r=3):
    a, b, c = np.random.default_rng(seed).normal(size=(3, n, r))
    return a - a.mean(axis=0), b - b.mean(axis=0), c


def pair_of(seed=0, n=20, r=3, draws=1000, rng=0):
    a, b, c = factors(seed, n, r)
    k, order = (c @ c.T).__getitem__, lambda: np.arange(n)
    return Pair(a, b, k, lambda: np.random.default_rng(rng), order, draws)


def whole(pair):
    return (pair.a @ pair.a.T) * (pair.b @ pair.b.T) * pair.k(slice(None))


@given(seed=seeds, n=st.integers(4, 6))
def test_moments_over_all_permutations(seed, n):
    a, b, _ = factors(seed, n)
    first, second = a @ a.T, b @ b.T
    totals = [
        (first * second[np.ix_(order, order)]).sum() for order in map(list, permutations(range(n)))
    ]
    mean, variance = permuted_moments(invariants(a), invariants(b), n)
    assert mean == pytest.approx(np.mean(totals), rel=1e-10)
    assert variance == pytest.approx(np.var(totals), rel=1e-8, abs=1e-10)


@given(seed=seeds, n=st.integers(2, 12), cells=st.integers(1, 40), multiplied=st.booleans())
def test_sums_in_blocks_are_those_of_the_whole(seed, n, cells, multiplied):
    a, b, c = factors(seed, n)
    u, k = (a @ a.T) * (b @ b.T), None
    if multiplied:
        u, k = u * (c @ c.T), (c @ c.T).__getitem__
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("causalsim.citest.kernel._sums._CELLS", cells)
        found = product_sums(a, b, k)
    np.testing.assert_allclose(found, [u.sum(), np.trace(u), (u**2).sum()], rtol=1e-10)
    assert gram_norm(a) == pytest.approx(np.linalg.norm(a @ a.T))


@given(seed=seeds, n=st.integers(8, 25))
def test_the_sums_are_the_moments_of_eigen_features(seed, n):
    """No eigenvalue is needed for what the original reads off n x (r s) products."""
    a, b, _ = factors(seed, n)
    first, second = (eigen_features(part @ part.T, 1e-12) for part in (a, b))
    products = (first[:, :, None] * second[:, None, :]).reshape(n, -1)
    spread = products.T @ products
    total, trace, square = product_sums(a, b, None)
    assert total == pytest.approx(((first.T @ second) ** 2).sum(), rel=1e-10)
    assert trace == pytest.approx(np.trace(spread), rel=1e-10)
    assert square == pytest.approx((spread**2).sum(), rel=1e-10)


@given(seed=seeds, n=st.integers(8, 25))
def test_laws_given_a_set_are_their_formulas(seed, n):
    pair = pair_of(seed, n)
    u = whole(pair)
    total, weights = u.sum(), np.linalg.eigvalsh(u)
    _, log_p = LAWS["gamma"](pair)
    assert np.exp(log_p) == pytest.approx(gamma_p(total, np.trace(u), 2 * (u**2).sum()), rel=1e-8)
    k = [weights.sum(), 2 * (weights**2).sum(), 8 * (weights**3).sum()]
    assert LAWS["hbe"](pair)[1] == pytest.approx(float(log_hbe_tail(total, k)), rel=1e-8)
    kept = weights[weights > 1e-6 * weights.max()]
    expected = log_spectral_tail(total, kept, draws=1000, rng=np.random.default_rng(0))
    assert LAWS["spectral"](pair)[1] == pytest.approx(float(expected), rel=1e-12)
    assert [LAWS[null](pair)[0] for null in NULLS] == pytest.approx([total] * 4, rel=1e-10)


@given(seed=seeds, n=st.integers(8, 25))
def test_laws_without_a_set_are_their_formulas(seed, n):
    pair = replace(pair_of(seed, n), k=None)
    first, second = pair.a @ pair.a.T, pair.b @ pair.b.T
    total = (first * second).sum()
    weights = np.outer(np.linalg.eigvalsh(first), np.linalg.eigvalsh(second)).ravel() / n
    k = [weights.sum(), 2 * (weights**2).sum(), 8 * (weights**3).sum()]
    assert MARGINAL["hbe"](pair)[1] == pytest.approx(float(log_hbe_tail(total, k)), rel=1e-8)
    moments = permuted_moments(invariants(pair.a), invariants(pair.b), n)
    assert np.exp(MARGINAL["gamma"](pair)[1]) == pytest.approx(gamma_p(total, *moments), rel=1e-8)
    rng = np.random.default_rng(0)
    orders = [rng.permutation(np.arange(n)[:, None])[:, 0] for _ in range(1000)]
    drawn = [(first[np.ix_(order, order)] * second).sum() for order in orders]
    expected = (1 + sum(t >= total * (1 - 1e-12) for t in drawn)) / 1001
    assert np.exp(MARGINAL["permutation"](pair)[1]) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("z", [(), "Z", ("Z", "W")], ids=["none", "one", "two"])
@pytest.mark.parametrize("seed", range(3))
def test_laws_agree_roughly(z, seed):
    """Permutations leave out the diagonal of U, given a set, and are less cautious."""
    question = ("X", "Y", z) if z else ("X", "W")
    found = {null: KernelCI(null=null)(curved(seed, 80))(*question) for null in NULLS}
    p = {null: answer.p_value for null, answer in found.items()}
    permuted = p.pop("permutation")
    assert max(p.values()) - min(p.values()) < 0.08
    assert abs(permuted - p["hbe"]) < (0.15 if z else 0.05)
    statistics = [answer.statistic for answer in found.values()]
    assert statistics == pytest.approx([statistics[0]] * 4, rel=1e-10)


@every
def test_laws_agree_on_a_plain_dependence(null):
    test = KernelCI(null=null)(curved(0, 80, strength=1.5))
    assert test("X", "Y", "Z").p_value <= 2e-3
    assert test("Z", "Y").p_value <= 2e-3


@every
def test_every_law_is_symmetric_in_x_and_y(null):
    test = KernelCI(null=null, draws=200)(curved(0, 40))
    for z in ((), "Z"):
        assert test("X", "Y", z).log_p == pytest.approx(test("Y", "X", z).log_p, rel=1e-10)


@pytest.mark.stats
def test_permutations_are_exact_without_a_set():
    """P(p <= a) <= a for each a, skewed data and few rows alike."""
    p = []
    for seed in range(400):
        rng = np.random.default_rng(seed)
        rows = np.column_stack([rng.exponential(size=8), rng.normal(size=8) ** 3])
        p.append(KernelCI(null="permutation", draws=99)(rows)("x0", "x1").p_value)
    for alpha in (0.05, 0.1, 0.3, 0.5):
        hits = int((np.array(p) <= alpha + 1e-12).sum())
        assert binomtest(hits, 400, alpha).pvalue > 1e-3


@pytest.mark.parametrize("null", ["spectral", "permutation", "hbe"])
def test_whole_matrices_have_a_limit(null, monkeypatch):
    monkeypatch.setattr("causalsim.citest.kernel._laws._MOST_DENSE", 30)
    small, large = (KernelCI(null=null)(curved(0, n)) for n in (30, 31))
    assert small("X", "Y", "Z").p_value > 0
    with pytest.raises(LimitError, match=r"got n = 31, the limit is 30. Write null='gamma'"):
        large("X", "Y", "Z")


def test_the_gamma_law_has_no_limit(monkeypatch):
    table = curved(0, 40)
    whole_one = KernelCI()(table)("X", "Y", "Z")
    monkeypatch.setattr("causalsim.citest.kernel._laws._MOST_DENSE", 30)
    monkeypatch.setattr("causalsim.citest.kernel._bound._DENSE", 30)
    assert KernelCI()(table)("X", "Y", "Z").p_value == pytest.approx(whole_one.p_value, rel=1e-10)


@every
def test_an_extreme_statistic_has_a_finite_log_p(null):
    rows = curved(0, 200).values[:, [0, 0]] + np.random.default_rng(0).normal(size=(200, 2)) / 1e3
    assert -np.inf < KernelCI(null=null, draws=50)(rows)("x0", "x1").log_p < -3
