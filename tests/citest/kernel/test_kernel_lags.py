"""Kernel tests of lagged tables: one factor for a variable at all lags, and no other answers."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import causalsim as cs
from causalsim.citest import KCIZhang, KernelCI
from causalsim.data import Kind, Shifts, Table
from causalsim.discovery._lagged import lagged_table
from causalsim.discovery._series import read_series
from causalsim.kernels import Gaussian

P, REACH = 3, 2


def steps_of(seed=0, steps=60):
    x = np.random.default_rng(seed).normal(size=(steps, P))
    for t in range(1, steps):
        x[t, 0] += 0.5 * x[t - 1, 0]
        x[t, 1] += np.sin(2 * x[t - 1, 0])
        x[t, 2] = float(x[t, 1] + x[t, 2] > 0)
    return x


def lagged(data, max_lag=1, **reading):
    return lagged_table(read_series(data, **reading), max_lag, reading.get("missing", "error"))


def plain(table):
    """Give the same columns without their origin."""
    return replace(table, values=table.values)


def whole_gram(values, width=1.2):
    unit = (values - values.mean()) / values.std(ddof=1)
    return np.exp(-((unit[:, None] - unit) ** 2) / (2 * width**2))


class Counting(Gaussian):
    """A Gaussian that counts its Gram matrices."""

    made = 0

    def __call__(self, rows, other=None):
        type(self).made += 1
        return super().__call__(rows, other)


@given(seed=st.integers(0, 1000), column=st.sampled_from([0, 1]), lag=st.integers(0, REACH))
def test_the_gram_of_a_lag_is_a_window_of_the_gram_of_all_steps(seed, column, lag):
    data = steps_of(seed, 30)
    table = lagged(data)
    test = KernelCI(tolerance=1e-13)(table)
    left = test._features(None, (lag * P + column,), (), ())
    window = slice(REACH - lag, len(data) - lag)
    order = np.lexsort(table.values.T)
    expected = whole_gram(data[:, column])[window, window][np.ix_(order, order)]
    assert np.allclose(left @ left.T, expected, atol=1e-10)


def test_codes_at_a_lag_are_compared_by_equality():
    test = KernelCI(tolerance=1e-13)(lagged(steps_of(), kinds={"x2": "discrete"}))
    codes = test.columns.values[:, 2 + P]
    left = test._features(None, (2 + P,), (), ())
    assert np.allclose(left @ left.T, codes[:, None] == codes)


def test_a_variable_is_factored_once_for_all_its_lags():
    counting = Counting(1.2, standardise=False)
    spec = KernelCI(kernel_x=counting, kernel_y=counting)
    table = lagged(steps_of())
    asked = [(0, i, ()) for i in range(1, P * (REACH + 1))]
    for bound, expected in ((spec(table), P), (spec(plain(table)), P * (REACH + 1))):
        Counting.made = 0
        bound.batch(*map(list, zip(*asked, strict=True)))
        assert Counting.made == expected


@pytest.mark.parametrize("spec", [KernelCI(), KernelCI(null="spectral", draws=200), KCIZhang()])
def test_answers_are_those_of_the_plain_table_but_for_standardisation(spec):
    """The mean and variance of a lag differ a little from those of all steps."""
    table = lagged(steps_of(1, 150))
    own, other = spec(table), spec(plain(table))
    for x, y, z in ((0, 4, ()), (1, 3, ()), (1, 6, (3,)), (0, 4, (3, 5)), (3, 6, (4,))):
        one, two = (test.batch([x], [y], [z])[1][0] for test in (own, other))
        assert one == pytest.approx(two, rel=0.02, abs=0.02)
        if spec.form == "zhang":
            assert one == two


def test_without_a_difference_in_standardisation_answers_are_exact():
    """All lags of a variable that runs in a circle hold the same values."""
    circle = np.random.default_rng(0).normal(size=(40, 2))
    rows = (np.arange(40)[:, None] - np.arange(3)) % 40
    names = tuple(f"c{i}" for i in range(6))
    table = Table.from_shifts(names, Shifts(circle, rows), (Kind.CONTINUOUS,) * 6, {})
    spec = KernelCI(tolerance=1e-13)
    own, other = spec(table), spec(plain(table))
    for x, y, z in ((0, 3, ()), (0, 3, (2,)), (1, 2, (3, 5))):
        one, two = (test.batch([x], [y], [z])[1][0] for test in (own, other))
        assert one == pytest.approx(two, rel=1e-6, abs=1e-9)


def test_answers_depend_neither_on_what_was_asked_before_nor_on_the_process():
    spec, table = KernelCI(), lagged(steps_of())
    asked = [("x0", "x1[t-1]", ()), ("x1", "x0[t-1]", ()), ("x1", "x0[t-2]", ("x0[t-1]",))]
    alone = [repr(spec(table)(*question)) for question in asked]
    shared = spec(table)
    sent = pickle.loads(pickle.dumps(shared))  # noqa: S301
    forgetful = replace(spec, memory=1)(table)
    for test in (shared, sent, forgetful):
        assert [repr(test(*question)) for question in reversed(asked)] == alone[::-1]


def test_the_order_of_a_panel_does_not_matter():
    parts = [steps_of(0, 30), steps_of(1, 40)]
    one, two = (KernelCI()(lagged(panel)) for panel in (parts, parts[::-1]))
    for question in (("x0", "x1[t-1]"), ("x1", "x0[t-2]", "x0[t-1]")):
        assert repr(one(*question)) == repr(two(*question))


def test_steps_that_no_sample_sees_do_not_count():
    """A mask and holes leave out steps, and an outlier in one of them."""
    data = steps_of(0, 60)
    data[30, 1] = np.nan
    table = lagged(data, missing="listwise", mask=np.arange(60) > 50)
    wild = data.copy()
    wild[51:, 0] = 1e6
    other = lagged(wild, missing="listwise", mask=np.arange(60) > 50)
    for question in (("x0", "x1[t-1]"), ("x1", "x0[t-2]", "x0[t-1]")):
        first, second = (KernelCI()(one)(*question) for one in (table, other))
        assert np.isfinite(first.log_p)
        assert repr(first) == repr(second)


def test_other_blocks_drop_the_origin():
    """Columns stretched by hand are seen by the test, not the steps behind them."""
    bound = KernelCI()(lagged(steps_of()))
    stretched = tuple(3 * block for block in bound.columns.blocks)
    other = replace(bound, columns=replace(bound.columns, blocks=stretched))
    assert bound.columns.origin is not None
    assert other.columns.origin is None


def test_a_search_over_lags_finds_the_same_graph():
    data = steps_of(2, 120)
    table = lagged(data)
    own = cs.pcmci_plus(data, max_lag=1, test="kci")
    other = cs.pcmci_plus(data, max_lag=1, test=KernelCI()(plain(table)))
    assert own.graph == other.graph
    assert "x0[t-1] --> x0" in own.graph.edges
    workers = cs.pcmci_plus(data, max_lag=1, test="kci", n_jobs=2)
    assert workers.tests.equals(own.tests)
