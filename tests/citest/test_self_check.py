"""The self-check: what it simulates, and that it tells a test that errs from one that does not."""

from __future__ import annotations

import re

import numpy as np
import pytest
from scipy.stats import binomtest, ks_2samp

from causalsim.citest import FisherZ, SelfCheck, get, self_check
from causalsim.citest._twins import Twins
from causalsim.data import Kind, Table
from causalsim.errors import DataError, NameNotFoundError, OptionError

NUMBERS = (Kind.CONTINUOUS,) * 3


def confounded(n=150, spread=0.0):
    """X <- Z -> Y, both curved; C is a code that depends on Z."""
    z, e, f, u = np.random.default_rng(0).normal(size=(4, n))
    noise = 0.5 * (1 + spread * np.abs(z))
    c = np.digitize(z + u, [-0.7, 0.7])
    values = np.column_stack([z**2 + noise * e, z**2 + noise * f, z, c])
    kinds = (*(Kind.CONTINUOUS,) * 3, Kind.DISCRETE)
    return Table(("X", "Y", "Z", "C"), values, kinds)


@pytest.mark.stats
def test_a_test_that_errs_is_told_from_one_that_does_not():
    table = confounded().select(["X", "Y", "Z"])
    bad = self_check("fisher_z", table, "X", "Y", "Z", repetitions=200)
    good = self_check("kci", table, "X", "Y", "Z", repetitions=200)
    assert binomtest(bad.rejected, 200, 0.5, alternative="less").pvalue > 1e-3
    assert binomtest(good.rejected, 200, 0.05, alternative="greater").pvalue > 1e-3
    assert "above the nominal one" in str(bad)


@pytest.mark.parametrize("pair", [("X", "Y"), ("C", "X")])
@pytest.mark.parametrize("given", [[], ["Z"]])
def test_twins_keep_the_set_and_the_marginals(pair, given):
    table = confounded().select([*pair, *given])
    twins = Twins.of(table)
    drawn = twins.draw(np.random.default_rng(0))
    assert drawn.names == table.names
    assert drawn.kinds == table.kinds
    for i, kind in enumerate(table.kinds[:2]):
        if kind is Kind.CONTINUOUS:
            np.testing.assert_array_equal(np.sort(drawn.values[:, i]), np.sort(table.values[:, i]))
        else:
            assert set(drawn.values[:, i]) <= set(table.values[:, i])
    for i in range(2, len(table.names)):
        np.testing.assert_array_equal(np.sort(drawn.values[:, i]), np.sort(table.values[:, i]))


def test_twins_follow_the_set_in_mean_and_spread():
    table = confounded(600, spread=1.0).select(["X", "Y", "Z"])
    z, x = (table.values[:, table.index(name)] for name in ("Z", "X"))
    twin = Twins.of(table).draw(np.random.default_rng(0)).values
    outer, twin_outer = np.abs(z) > 1, np.abs(twin[:, 2]) > 1
    assert ks_2samp(x[outer], twin[twin_outer, 0]).pvalue > 1e-3
    assert ks_2samp(x[~outer], twin[~twin_outer, 0]).pvalue > 1e-3


def test_twins_are_independent_given_the_set():
    z, e = np.random.default_rng(0).normal(size=(2, 400))
    x = z + e
    table = Table(("X", "Y", "Z"), np.column_stack([x, x, z]), (Kind.CONTINUOUS,) * 3)
    drawn = Twins.of(table).draw(np.random.default_rng(1))
    assert FisherZ()(table.select(["X", "Z"]))("X", "Z").p_value < 1e-6
    assert FisherZ()(drawn)("X", "Y", "Z").p_value > 1e-3
    assert FisherZ()(drawn)("X", "Z").p_value < 1e-6


def test_answers_depend_on_the_seed_and_not_on_the_workers():
    table = confounded(60)
    ask = lambda **settings: self_check("mixed", table, "X", "C", "Z", repetitions=40, **settings)
    assert ask() == ask(n_jobs=2) == ask(rng=0)
    assert ask().n == 60


def test_the_interval_and_the_words():
    found = SelfCheck("FisherZ()", "X", "Y", ("Z", "W"), 0.05, 20, 200, 90)
    low, high = found.interval
    assert low == pytest.approx(0.0622, abs=1e-3)
    assert high == pytest.approx(0.1502, abs=1e-3)
    assert "X _||_ Y | Z, W, n = 90: rejected 20 of 200 simulated independences" in str(found)


@pytest.mark.parametrize(
    ("rejected", "repetitions", "untestable", "said"),
    [
        (20, 200, 0, "above the nominal one"),
        (0, 200, 0, "below the nominal one"),
        (10, 200, 0, "agrees with the nominal one"),
        (0, 1, 0, "leaves it open: too few repetitions to tell"),
        (1, 20, 0, "leaves it open: too few repetitions to tell"),
        (5, 200, 100, r"rejected 5 of 100 .*\(100 more were untestable\); level 0.050"),
        (10, 200, 190, "above the nominal one"),
    ],
)
def test_the_verdict(rejected, repetitions, untestable, said):
    found = SelfCheck("T()", "X", "Y", (), 0.05, rejected, repetitions, 90, untestable)
    assert re.search(said, str(found))


def test_steps_that_ridge_cannot_follow_are_simulated():
    """On such data kci rejects nearly always; ridge alone would say .1."""
    z, e, f = np.random.default_rng([8, 1000]).normal(size=(3, 300))
    g = np.sign(np.sin(4 * z))
    data = np.column_stack([g + 0.4 * e, g + 0.4 * f, z])
    found = self_check("kci", data, "x0", "x1", "x2", repetitions=40)
    assert binomtest(found.rejected, 40, 0.5, alternative="less").pvalue > 1e-3


def test_lines_stay_lines():
    """Forests alone would make stairs of them, and find fault with a sound test."""
    z = np.random.default_rng(0).normal(size=(100, 3))
    e, f = np.random.default_rng(1).normal(size=(2, 100))
    data = np.column_stack([z.sum(axis=1) + e, z.sum(axis=1) + f, z])
    found = self_check("fisher_z", data, "x0", "x1", ["x2", "x3", "x4"], repetitions=400)
    assert binomtest(found.rejected, 400, 0.05, alternative="greater").pvalue > 1e-3


class Silent(FisherZ):
    """Has no answer where the first row of x is negative."""

    def bind(self, table):
        bound = super().bind(table)
        answer = bound.batch
        if table.values[0, 0] < 0:
            answer = lambda *_: (np.array([np.nan]), np.array([-np.inf]))
        object.__setattr__(bound, "batch", answer)
        return bound


def test_untestable_questions_are_counted_apart():
    e = np.random.default_rng(0).normal(size=(50, 2))
    found = self_check(Silent(), e, "x0", "x1", repetitions=200)
    assert binomtest(found.untestable, 200, float((e[:, 0] < 0).mean())).pvalue > 1e-3
    assert found.tested == 200 - found.untestable
    assert binomtest(found.rejected, found.tested, 0.05).pvalue > 1e-3


@pytest.mark.parametrize("test", ["fisher_z", "kci", "gcm", "mixed"])
def test_too_few_rows_are_named(test):
    table = Table(("X", "Y", "Z"), np.random.default_rng(0).normal(size=(3, 3)), NUMBERS)
    with pytest.raises(DataError, match="no answer on 20 of 20 .*too few rows, 3 for sets of 1"):
        self_check(test, table, "X", "Y", "Z", repetitions=20)


def test_twins_in_which_a_code_is_constant_are_untestable():
    values = np.column_stack([[0, 0, 0, 0, 0, 1], np.arange(6.0)])
    table = Table(("C", "X"), values, (Kind.BINARY, Kind.CONTINUOUS))
    found = self_check("fisher_z", table, "C", "X", repetitions=100)
    assert binomtest(found.untestable, 100, (5 / 6) ** 6 + (1 / 6) ** 6).pvalue > 1e-3


def test_bad_requests_are_named():
    table = confounded(40)
    with pytest.raises(OptionError, match=r"alpha=2: expected a number between 0 and 1"):
        self_check("kci", table, "X", "Y", alpha=2)
    with pytest.raises(OptionError, match="repetitions=0: expected a positive whole number"):
        self_check("kci", table, "X", "Y", repetitions=0)
    with pytest.raises(OptionError, match="x, y and given must differ"):
        self_check("kci", table, "X", "Y", ["X"])
    with pytest.raises(NameNotFoundError, match="no column 'x'.*Did you mean 'X'"):
        self_check("kci", table, "x", "Y")
    with pytest.raises(DataError, match="takes binary, continuous columns; got 'C'"):
        self_check(get("fisher_z"), table, "X", "C")
