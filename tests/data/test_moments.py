"""Dates as text: seconds since 1970, with and without zones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causalsim.data import read_table
from causalsim.data._moments import as_seconds
from causalsim.errors import DataError

MOMENTS = st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1))  # noqa: DTZ001  -- naive on purpose
MINUTES = st.integers(-14 * 60, 14 * 60)


@given(MOMENTS, MINUTES, st.sampled_from(["T", " "]))
def test_times_are_read_as_the_standard_library_reads_them(moment, ahead, sign):
    since = datetime(1970, 1, 1, tzinfo=UTC)
    zoned = moment.replace(tzinfo=timezone(timedelta(minutes=ahead)))
    expected = (zoned - since).total_seconds()
    assert as_seconds(zoned.isoformat(sign)) == pytest.approx(expected, abs=1e-5)
    plain = (moment.replace(tzinfo=UTC) - since).total_seconds()
    assert as_seconds(moment.isoformat(sign)) == pytest.approx(plain, abs=1e-5)
    assert as_seconds(f"{moment.isoformat(sign)}Z") == as_seconds(moment.isoformat(sign))


@pytest.mark.parametrize("text", ["NaT", "now", "1950Q1", "01/01/2020", "2020-13-01", "2020-1-1"])
def test_other_texts_are_no_times(text):
    assert as_seconds(text) is None


@pytest.mark.parametrize("zoned", ["2020-01-01T01:00:00Z", "2020-01-01 02:00+01:00"])
def test_zones_in_some_rows_only_are_refused(zoned):
    frame = pd.DataFrame({"when": ["2020-01-01T00:00:00", zoned], "x": [1.0, 2.5]})
    with pytest.raises(DataError, match=r"'when' mixes times with a zone \('2020-01-01.*without"):
        read_table(frame, kinds={"when": "time"})


def test_zones_in_all_rows_are_read_without_a_word():
    frame = pd.DataFrame({"when": ["1970-01-01T00:00:10Z", "1970-01-01T02:00:00+01:00"]})
    table = read_table(frame, kinds={"when": "time"})
    assert table.values.tolist() == [[10.0], [3600.0]]


def test_the_form_of_dates_is_named():
    frame = pd.DataFrame({"when": ["01/02/2020", "02/02/2020"]})
    with pytest.raises(DataError, match="holds '01/02/2020'. Write times as YYYY-MM-DD"):
        read_table(frame, kinds={"when": "time"})


def test_a_column_of_dates_is_recognised():
    days = pd.date_range("2020-01-01", periods=100).astype(str)
    with pytest.raises(DataError, match="'day' holds 100 different dates.*kinds={'day': 'time'}"):
        read_table(pd.DataFrame({"day": days}))


@pytest.mark.parametrize("missing", ["error", "listwise"])
def test_columns_without_values_are_to_be_left_out(missing):
    frame = pd.DataFrame({"x": [1.0, 2.5, 3.0], "y": [None] * 3}).astype(float)
    with pytest.raises(DataError, match="'y' has no values in 3 rows.*drop\\(columns='y'\\)"):
        read_table(frame, missing=missing)


def test_a_file_of_blank_lines_is_empty(tmp_path):
    (tmp_path / "t.csv").write_text("\n \n")
    with pytest.raises(DataError, match="it is empty; expected a row of column names"):
        read_table(tmp_path / "t.csv")
