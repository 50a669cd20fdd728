"""Corruption: what each kind may depend on, and how much of it there is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, spearmanr

from causalsim.errors import OptionError
from causalsim.simulate._corruption import (
    add_error,
    corrupt,
    cut,
    missing_cells,
    observed_steps,
)
from causalsim.simulate._synthetic_parts import Missing
from causalsim.simulate._synthetic_spec import SyntheticSpec

NAMES = ["A", "B", "C", "D"]


def _values(seed=0, n=4000):
    return np.random.default_rng(seed).normal(size=(n, 4))


def _agrees(count, trials, rate):
    return binomtest(int(count), int(trials), rate).pvalue > 1e-3


@pytest.mark.parametrize("mechanism", ["mcar", "mar", "mnar"])
@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
def test_rates_are_as_asked(mechanism, rate):
    how = Missing(mechanism, rate, ("B", "D"))
    missing, depends_on = missing_cells(_values(), NAMES, how, np.random.default_rng(1))
    assert not missing[:, [0, 2]].any()
    # Unequal chances of the same mean vary less than binomial counts, never more.
    assert _agrees(missing[:, 1].sum(), len(missing), rate)
    assert _agrees(missing[:, 3].sum(), len(missing), rate)
    assert set(depends_on) == (set() if mechanism == "mcar" else {"B", "D"})


@given(st.integers(0, 2**32 - 1), st.floats(0.05, 0.95))
def test_mcar_ignores_the_values(seed, rate):
    how = Missing("mcar", rate)
    one, _ = missing_cells(_values(0, 50), NAMES, how, np.random.default_rng(seed))
    other, _ = missing_cells(_values(1, 50), NAMES, how, np.random.default_rng(seed))
    assert np.array_equal(one, other)


@given(st.integers(0, 2**32 - 1), st.floats(0.05, 0.95))
def test_mar_depends_on_complete_columns_alone(seed, rate):
    how = Missing("mar", rate)
    values, changed = _values(0, 50), _values(1, 50)
    one, depends_on = missing_cells(values, NAMES, how, np.random.default_rng(seed))
    lossy = [NAMES.index(name) for name in depends_on]
    complete = [i for i in range(4) if i not in lossy]
    assert len(lossy) == 2
    assert not one[:, complete].any()
    assert set(depends_on.values()) <= {NAMES[i] for i in complete}
    changed[:, complete] = values[:, complete]  # new values wherever cells can be missing
    other, _ = missing_cells(changed, NAMES, how, np.random.default_rng(seed))
    assert np.array_equal(one, other)


def test_mar_rises_with_its_driver_and_mnar_with_the_value():
    values = _values()
    missing, depends_on = missing_cells(
        values, NAMES, Missing("mar", 0.3), np.random.default_rng(0)
    )
    for name, driver in depends_on.items():
        lost = missing[:, NAMES.index(name)]
        assert spearmanr(values[:, NAMES.index(driver)], lost).statistic > 0.2
        assert abs(spearmanr(values[:, NAMES.index(name)], lost).statistic) < 0.06
    missing, depends_on = missing_cells(
        values, NAMES, Missing("mnar", 0.3), np.random.default_rng(0)
    )
    assert depends_on == {name: name for name in NAMES}
    for i in range(4):
        assert spearmanr(values[:, i], missing[:, i]).statistic > 0.2


def test_mnar_chances_are_the_stated_line():
    ranks = np.arange(20_000.0)[:, None]
    missing, _ = missing_cells(ranks, ["A"], Missing("mnar", 0.4), np.random.default_rng(3))
    top, bottom = missing[-5000:].sum(), missing[:5000].sum()
    assert _agrees(top, 5000, 0.7)  # mean of 0.8 u over the last quarter of u
    assert _agrees(bottom, 5000, 0.1)


def test_error_has_the_asked_ratio():
    values = _values() * np.array([1, 5, 10, 100])
    noisy, sds = add_error(values, 0.25, np.random.default_rng(1))
    assert sds == pytest.approx(values.std(axis=0) / 2)
    error = (noisy - values) / sds
    assert np.abs(error.std(axis=0) - 1).max() < 4 / np.sqrt(2 * len(values))
    assert np.abs(np.corrcoef(error.T, values.T)[:4, 4:]).max() < 4 / np.sqrt(len(values))


@given(st.integers(2, 6), st.integers(0, 1000))
def test_levels_are_equally_frequent_and_follow_the_thresholds(levels, seed):
    values = _values(seed, 120)
    coded, thresholds = cut(values, NAMES, {"B": levels})
    counts = np.bincount(coded[:, 1].astype(int))
    assert counts.tolist() == [120 // levels] * levels
    assert np.array_equal(coded[:, [0, 2, 3]], values[:, [0, 2, 3]])
    by_hand = sum((values[:, 1] >= edge).astype(int) for edge in thresholds["B"])
    assert np.array_equal(coded[:, 1], by_hand)


def test_too_many_levels_are_refused():
    with pytest.raises(OptionError, match=r"discrete\['A'\]=5: the column has too few distinct"):
        cut(np.zeros((10, 1)), ["A"], {"A": 5})


def test_lost_steps():
    kept = observed_steps(5000, 0.3, np.random.default_rng(0))
    assert _agrees(len(kept), 5000, 0.7)
    assert (np.diff(kept) > 0).all()
    with pytest.raises(OptionError, match=r"irregular=0\.99: . of 3 steps are left"):
        observed_steps(3, 0.99, np.random.default_rng(0))


def test_one_corruption_does_not_change_the_draws_of_another():
    spec = dict(kind="table", nodes=NAMES, length=200)
    plain = SyntheticSpec(**spec, missing=Missing("mcar", 0.2))
    noisy = SyntheticSpec(**spec, missing=Missing("mcar", 0.2), measurement_error=0.5)
    one, record = corrupt(_values(0, 200), plain, np.random.default_rng(5))
    other, both = corrupt(_values(0, 200), noisy, np.random.default_rng(5))
    assert np.array_equal(np.isnan(one), np.isnan(other))
    assert record["missing"] == both["missing"]
    assert both["measurement_error"]["signal_to_noise"] == 2
    assert record["missing"]["share"]["A"] == np.isnan(one[:, 0]).mean()
