"""Joint noise: what is kept, what stays apart, and when anything is joined at all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, kstest, spearmanr

from causalsim.errors import DataError, OptionError
from causalsim.scm import EmpiricalNoise, GaussianCopula, RowCopula, fit_copula


def residuals(n=600, seed=0):
    """X and Y depend, V and W only in size, Z alone."""
    rng = np.random.default_rng(seed)
    shared, size = rng.normal(size=n), np.exp(rng.normal(size=n))
    return {
        "X": shared + 0.5 * rng.normal(size=n),
        "V": size * rng.normal(size=n),
        "Z": rng.normal(size=n),
        "Y": shared + 0.5 * rng.normal(size=n),
        "W": size * rng.normal(size=n),
    }


def streams(names, seed=1):
    return dict(zip(names, np.random.default_rng(seed).spawn(len(names)), strict=True))


def test_groups_are_what_depends():
    copula = fit_copula(residuals())
    assert set(map(frozenset, copula.groups)) == {frozenset("XY"), frozenset("VW")}
    assert {frozenset(pair) for pair in copula.pairs()} == {frozenset("XY"), frozenset("VW")}


def test_drawn_rows_are_rows_of_residuals():
    known = residuals()
    copula = fit_copula(known, "rows")
    drawn = copula.uniforms(300, streams(known))
    assert set(drawn) == set("XYVW")
    values = {name: EmpiricalNoise(tuple(known[name])).quantile(drawn[name]) for name in "XY"}
    rows = {(x, y) for x, y in zip(known["X"].round(9), known["Y"].round(9), strict=True)}
    made = set(zip(values["X"].round(9), values["Y"].round(9), strict=True))
    assert made <= rows


@pytest.mark.parametrize("kind", ["rows", "gaussian"])
def test_margins_are_uniform_and_groups_apart(kind):
    known = residuals(2000)
    drawn = fit_copula(known, kind).uniforms(4000, streams(known))
    for column in drawn.values():
        assert kstest(column, "uniform").pvalue > 1e-3
    inside = spearmanr(drawn["X"], drawn["Y"]).statistic
    assert inside == pytest.approx(spearmanr(known["X"], known["Y"]).statistic, abs=0.06)
    assert abs(spearmanr(drawn["X"], drawn["V"]).statistic) < 0.07


def test_rows_keep_dependence_of_sizes_and_a_gaussian_does_not():
    known = residuals(2000)
    sizes = {}
    for kind in ("rows", "gaussian"):
        drawn = fit_copula(known, kind).uniforms(4000, streams(known))
        sizes[kind] = spearmanr(np.abs(drawn["V"] - 0.5), np.abs(drawn["W"] - 0.5)).statistic
    assert sizes["rows"] > 0.2
    assert abs(sizes["gaussian"]) < 0.07


def test_independent_noises_are_seldom_joined():
    joined = 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        joined += fit_copula(dict(zip("ABCD", rng.normal(size=(4, 80)), strict=True))) is not None
    assert binomtest(joined, 300, 0.01, alternative="greater").pvalue > 1e-3


@given(st.integers(0, 1000), st.floats(-0.95, 0.95))
def test_a_group_has_its_own_stream(seed, rho):
    one = GaussianCopula((("A", "B"), ("C", "D")),
                         np.eye(4) + rho * np.kron(np.eye(2), [[0, 1], [1, 0]]))  # fmt: skip
    two = GaussianCopula((("A", "B"),), np.eye(2) + rho * np.array([[0, 1], [1, 0]]))
    both, alone = (c.uniforms(20, streams("ABCD", seed)) for c in (one, two))
    assert (both["A"] == alone["A"]).all()
    assert (both["B"] == alone["B"]).all()


@pytest.mark.parametrize(
    ("make", "error", "match"),
    [
        (lambda: GaussianCopula((("A",),), ((1.0,),)), OptionError, "two or more names"),
        (
            lambda: GaussianCopula((("A", "B"),), ((1.0, 0.5), (0.4, 1.0))),
            OptionError,
            "symmetric",
        ),
        (lambda: RowCopula((("A", "B"),), ((0.5, 2.0),)), OptionError, r"leave \[0, 1\]"),
        (lambda: RowCopula((("A", "B"),), ((0.5,),)), OptionError, "one column for each name"),
        (lambda: fit_copula(residuals(), "vine"), OptionError, "joint"),
        (lambda: fit_copula(residuals(), alpha=2.0), OptionError, "alpha"),
        (lambda: fit_copula({"A": np.ones(20), "B": np.ones(30)}), DataError, "same number"),
        (lambda: fit_copula({"A": np.ones(5), "B": np.ones(5)}), DataError, "at least 10"),
        (
            lambda: fit_copula({"A": np.full(20, np.nan), "B": np.ones(20)}),
            DataError,
            "not finite",
        ),
    ],
)
def test_bad_copulas_are_refused(make, error, match):
    with pytest.raises(error, match=match):
        make()
