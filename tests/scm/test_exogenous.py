"""Drivers: clocks, trends and given columns, alone and in a model."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causalsim.errors import DataError, FormatError, OptionError
from causalsim.graph import TemporalGraph
from causalsim.scm import TemporalSCM
from causalsim.scm.exogenous import (
    Clock,
    Given,
    Trend,
    as_drivers,
    calendar,
    decode_driver,
    driver_names,
    driver_table,
    encode_driver,
)


@given(st.floats(1.5, 400), st.integers(1, 4), st.floats(-50, 50))
def test_a_clock_comes_round(period, harmonics, offset):
    clock = Clock(period, harmonics, offset)
    now, turn = np.arange(20), np.arange(20) + 1.0
    table = clock.table(now)
    assert table.shape == (20, len(clock.names)) == (20, 2 * harmonics)
    later = Clock(period, harmonics, offset + period).table(now)
    np.testing.assert_allclose(table, later, atol=1e-9)
    by_hand = np.sin(2 * np.pi * harmonics * (turn - 1 + offset) / period)
    np.testing.assert_allclose(table[:, -2], by_hand, atol=1e-9)


def test_a_trend_is_held_outside_its_span():
    trend = Trend(4).bound(100)
    table = trend.table(np.array([-5, 0, 99, 300]))
    assert (table[0] == table[1]).all()
    assert (table[2] == table[3]).all()
    assert trend.bound(7) == trend
    assert np.linalg.matrix_rank(trend.table(np.arange(100))) == len(trend.names) == 3


def test_a_line_is_a_trend_of_two_knots():
    table = Trend(2, last=10).table(np.arange(11))
    np.testing.assert_allclose(np.diff(table[:, 0]), 0.1)


def test_given_columns_stand_still_before_they_begin_and_refuse_to_go_on():
    driver = as_drivers(pd.DataFrame({"rain": [1.0, 2.0, 3.0]}), 3)[0]
    assert driver == Given(("rain",), ((1.0,), (2.0,), (3.0,)))
    assert driver.table(np.array([-2, 0, 2])).ravel().tolist() == [1.0, 1.0, 3.0]
    with pytest.raises(OptionError, match="step 3 needs exogenous values of 'rain'"):
        driver.table(np.array([3]))


def test_a_calendar_knows_where_it_stands():
    week, day = calendar("2024-01-03 12:00", "1h", ["week", "day"], harmonics=1)
    assert (week.offset, day.offset) == (2.5 * 24, 12.0)
    assert week.names == ("week.sin1", "week.cos1")


@pytest.mark.parametrize(
    ("make", "error", "match"),
    [
        (lambda: Clock(1.0), OptionError, r"period=1\.0: expected more than 1 step"),
        (lambda: Clock(5, 0), OptionError, "harmonics=0: expected at least 1"),
        (lambda: Trend(1), OptionError, "knots=1: a trend needs at least 2"),
        (lambda: Trend(3).table(np.arange(3)), OptionError, "has no span; write Trend"),
        (lambda: Given(("a",), ((np.nan,),)), DataError, "'a' have missing values"),
        (lambda: Given(("a",), ((1.0, 2.0),)), DataError, "each of 1 values"),
        (lambda: calendar("2024-01-01", "1h", ["daily"]), OptionError, "cycles"),
        (lambda: as_drivers([3], 5), OptionError, "exogenous holds a int; expected a Clock"),
        (lambda: as_drivers([Clock(4), Clock(7)], 5), OptionError, "give a Clock or Trend a name"),
        (lambda: decode_driver({"type": "Rain"}), FormatError, "of a driver is unknown"),
    ],
)
def test_bad_drivers_are_refused(make, error, match):
    with pytest.raises(error, match=match):
        make()


def test_drivers_come_back_from_plain_values():
    drivers = as_drivers([Clock(24, 1), Trend(3), pd.DataFrame({"u": [0.5, 1.0]})], 2)
    again = tuple(decode_driver(encode_driver(driver)) for driver in drivers)
    assert again == drivers
    assert driver_names(drivers) == ("clock.sin1", "clock.cos1", "trend.1", "trend.2", "u")
    assert driver_table((), np.arange(4)).shape == (4, 0)


@pytest.fixture(scope="module")
def seasonal():
    """A season of size 3 on X, and Y that follows X."""
    t = np.arange(1200)
    rng = np.random.default_rng(0)
    x = 3 * np.sin(2 * np.pi * t / 12) + rng.normal(size=1200)
    y = np.concatenate([[0.0], x[:-1]]) + rng.normal(size=1200)
    return pd.DataFrame({"X": x, "Y": y})


@pytest.fixture(scope="module")
def fitted(seasonal):
    graph = TemporalGraph.from_edges(["X[t-1] --> Y"])
    return TemporalSCM.fit(graph, seasonal, mechanism="linear", exogenous=Clock(12, 1), rng=0)


def test_a_fitted_season_has_its_size(fitted):
    assert fitted.variables == ("X", "Y")
    assert fitted.graph.roles == ("variable", "variable", "context", "context")
    assert fitted.mechanisms["X"].weights == pytest.approx((3.0, 0.0), abs=0.15)
    paths = fitted.sample(1200, 2, rng=1)
    assert paths.names == ("X", "Y")
    t = np.arange(1200)
    amplitude = 2 * (paths.array[:, :, 0] * np.sin(2 * np.pi * t / 12)).mean(axis=1)
    assert amplitude == pytest.approx(3.0, abs=0.3)


def test_the_first_step_sets_the_clock(fitted):
    quarter = fitted.sample(600, 8, first_step=3, rng=1).array[:, :, 0].mean(axis=0)
    t = np.arange(600)
    assert 2 * (quarter * np.cos(2 * np.pi * t / 12)).mean() == pytest.approx(3.0, abs=0.3)


def test_stretches_of_a_series_know_when_they_begin(seasonal):
    pieces = [seasonal.iloc[start : start + 100] for start in range(0, 1200, 100)]
    graph = TemporalGraph.from_edges(["X[t-1] --> Y"])
    apart = TemporalSCM.fit(
        graph, pieces, mechanism="linear", exogenous=Clock(12, 1), starts=range(0, 1200, 100)
    )
    assert apart.mechanisms["X"].weights == pytest.approx((3.0, 0.0), abs=0.15)
    with pytest.raises(OptionError, match="2 starts for 12 series"):
        TemporalSCM.fit(graph, pieces, starts=(0, 1))


def test_a_model_with_drivers_comes_back_from_its_file(fitted, tmp_path):
    fitted.save(tmp_path / "model.json")
    again = TemporalSCM.load(tmp_path / "model.json")
    assert again == fitted
    a, b = (model.sample(30, rng=3).array for model in (again, fitted))
    assert (a == b).all()


def test_doing_nothing_gives_a_driven_series_back(fitted, seasonal):
    told = fitted.counterfactual(seasonal, {})
    np.testing.assert_allclose(told, seasonal, atol=1e-10)


def test_a_driver_is_no_variable_to_act_on(fitted):
    with pytest.raises(KeyError, match="clock.sin1"):
        fitted.do({"clock.sin1": 1.0})
