"""Reading series and lagging them: every sample against the steps it comes from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import causalsim as cs
from causalsim.citest import KernelCI
from causalsim.data import Kind, Table
from causalsim.discovery._lagged import lagged_table
from causalsim.discovery._pcmci_plus import pcmci_plus
from causalsim.discovery._series import read_series
from causalsim.errors import DataError, GraphError, OptionError

SEEDS = st.integers(0, 2**32 - 1)


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def frame_of(steps=20, index=None):
    return pd.DataFrame(noise(steps, 2), columns=["X", "Y"], index=index)


@given(SEEDS, st.integers(1, 3), st.lists(st.integers(13, 20), min_size=1, max_size=3), st.data())
def test_a_sample_holds_the_steps_before_it_in_its_own_series(seed, p, lengths, data):
    max_lag = data.draw(st.integers(1, 3))
    rng = np.random.default_rng(seed)
    parts = [rng.normal(size=(n, p)) for n in lengths]
    masks = [rng.random(n) < 0.2 for n in lengths]
    for part in parts:
        part[rng.random(part.shape) < 0.02] = np.nan
    missing = data.draw(st.sampled_from(["listwise", "testwise"]))
    expected = []
    for part, mask in zip(parts, masks, strict=True):
        for t in range(2 * max_lag, len(part)):
            sample = np.concatenate([part[t - lag] for lag in range(2 * max_lag + 1)])
            if not mask[t] and (missing == "testwise" or not np.isnan(sample).any()):
                expected.append(sample)
    if len(expected) < 2 * max_lag + 4:
        return
    table = lagged_table(read_series(parts, mask=masks, missing=missing), max_lag, missing)
    assert np.array_equal(table.values, expected, equal_nan=True)
    assert table.names[:p] == tuple(f"x{i}" for i in range(p))
    assert table.names[-1] == f"x{p - 1}[t-{2 * max_lag}]"


def test_all_forms_of_a_series_read_alike():
    frame, values = frame_of(), frame_of().to_numpy()
    panel = [frame.iloc[:11], frame.iloc[11:].reset_index(drop=True)]
    turned = [panel[0], panel[1][["Y", "X"]]]
    paths = cs.random_temporal_scm(["X", "Y"], rng=0).sample(10, paths=2, rng=0)
    for one, two in (
        (frame, pl.from_pandas(frame)),
        (panel, turned),
        (panel, [pl.from_pandas(part) for part in turned]),
        (paths, [paths.frame(0), paths.frame(1)]),
    ):
        first, second = (lagged_table(read_series(data), 2) for data in (one, two))
        assert first.names == second.names
        assert np.array_equal(first.values, second.values)
    pair, cube = read_series([values[:10], values[10:]]), read_series(values.reshape(2, 10, 2))
    assert np.array_equal(lagged_table(pair, 2).values, lagged_table(cube, 2).values)


def test_a_path_is_read(tmp_path):
    frame_of().to_csv(tmp_path / "series.csv", index=False)
    series = read_series(tmp_path / "series.csv")
    assert series.lengths == (20,)
    assert np.allclose(series.table.values, frame_of().to_numpy())


def test_labels_keep_their_levels_at_every_lag():
    letters = pd.DataFrame({"X": list("abcabcabca" * 4), "Y": noise(40)})
    table = lagged_table(read_series(letters), 1)
    assert table.kinds == (Kind.DISCRETE, Kind.CONTINUOUS) * 3
    assert table.levels == dict.fromkeys(("X", "X[t-1]", "X[t-2]"), ("a", "b", "c"))


@pytest.mark.parametrize("missing", ["listwise", "testwise"])
def test_a_lagged_table_knows_the_steps_it_uses(missing):
    steps = noise(30, 2)
    steps[12, 1] = np.nan
    table = lagged_table(read_series(steps, mask=np.arange(30) > 25, missing=missing), 1, missing)
    assert np.array_equal(table.origin.values, table.values, equal_nan=True)
    used = [t for t in range(26) if missing == "testwise" or t != 12]
    assert np.array_equal(table.origin.steps, steps[used], equal_nan=True)


@pytest.mark.parametrize(
    "change",
    [
        lambda table: replace(table, values=table.values[:8]),
        lambda table: replace(table, kinds=(Kind.BINARY, *table.kinds[1:])),
        lambda table: table.select(table.names[::-1]),
        lambda table: table.select(table.names),
    ],
    ids=["rows", "kinds", "columns", "none"],
)
def test_a_table_made_from_a_lagged_one_has_no_origin(change):
    table = lagged_table(read_series(noise(20, 2)), 1)
    assert table.origin is not None
    assert change(table).origin is None


def test_rows_drawn_from_a_lagged_table_are_tested_as_they_are():
    table = lagged_table(read_series(noise(40, 2)), 1)
    drawn = replace(table, values=table.values[10:30])
    plain = Table(table.names, table.values[10:30], table.kinds)
    question = ("x0", "x1[t-1]")
    assert repr(KernelCI()(drawn)(*question)) == repr(KernelCI()(plain)(*question))
    assert repr(KernelCI()(drawn)(*question)) != repr(KernelCI()(table)(*question))


def test_notes_tell_what_was_left_out():
    frame = frame_of()
    frame.iloc[10, 0] = np.nan
    mask = np.arange(20) < 6
    series = read_series(frame, mask=mask, missing="listwise")
    notes = lagged_table(series, 1, "listwise").notes
    assert "4 of 18 samples masked" in notes
    assert "3 of 14 samples dropped for missing values" in notes
    assert not any("kept" in note for note in notes)


@pytest.mark.parametrize(
    "index",
    [
        pd.date_range("2000-01-31", periods=20, freq="ME"),
        pd.period_range("1990Q1", periods=20, freq="Q"),
        pd.Index(np.arange(20) / 7),
        pd.Index([f"row {k % 3}" for k in range(20)]),
    ],
)
def test_even_steps_and_row_names_go_unsaid(index):
    assert read_series(frame_of(index=index)).table.notes == ()


def test_uneven_steps_are_noted():
    days = pd.date_range("2024-01-01", periods=21).delete(9)
    (note,) = read_series(frame_of(index=days)).table.notes
    assert "longest is from 2024-01-09 to 2024-01-11; to keep samples" in note
    assert "frame.asfreq('D') and missing='listwise'" in note
    years = pd.Index([*range(10), *range(20, 30)])
    (note,) = read_series(frame_of(index=years)).table.notes
    assert note.endswith(
        "from 9 to 20; to keep samples from spanning a gap, give the parts as a "
        "panel (a list of frames)"
    )


def test_the_advice_for_a_hole_in_the_index_keeps_samples_from_spanning_it():
    days = pd.date_range("2024-01-01", periods=60).delete(slice(20, 30))
    whole = frame_of(50, days).asfreq("D")
    table = lagged_table(read_series(whole, missing="listwise"), 2, "listwise")
    assert len(table) == (20 - 4) + (30 - 4)
    assert not any("uneven" in note for note in table.notes)


def test_a_panel_says_how_many_series_it_has():
    assert (
        "a panel of 2 series of 12 to 20 steps"
        in read_series([frame_of(), frame_of(12)]).table.notes
    )
    assert "a panel of 3 series of 20 steps" in read_series(noise(3, 20, 2)).table.notes


@pytest.mark.parametrize(
    ("index", "message"),
    [
        (
            [*range(10), 4, *range(11, 20)],
            "the time 4 stands in rows 4 and 10; the first row is 0",
        ),
        ([*range(10), np.nan, *range(11, 20)], "the index has missing values"),
        ([*range(10), -1, *range(11, 20)], r"increase: 9 \(row 9\) stands before -1 \(row 10"),
        (
            pd.date_range("2000", periods=20, name="day")[::-1],
            r"'day' does not increase: 2000-01-20 \(row 0\) stands before 2000-01-19 .*sort_index",
        ),
    ],
)
def test_an_index_that_does_not_increase_is_refused(index, message):
    with pytest.raises(DataError, match=message):
        read_series(frame_of(index=index))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (frame_of().assign(X=np.nan), "'X' has no values in 20 rows"),
        (frame_of().assign(X=1.5), "'X' is constant"),
        (
            frame_of().assign(when=pd.date_range("2000", periods=20)),
            r"'when' holds times.*set_index\('when'\)",
        ),
        (
            frame_of().assign(when=[f"2000-01-{day:02d}" for day in range(1, 21)]),
            r"dates as text, such as '2000-01-01'.*parse_dates=\['when'\]\)\.set_index\('when'\)",
        ),
        ({"a": frame_of(), "b": frame_of()}, r"a panel is a list of them: write list\(data\.val"),
        ([frame_of(), frame_of().rename(columns={"Y": "Z"})], "series 1 has 'X', 'Z'"),
        ([noise(20, 2), noise(20, 3)], "series 1 has 0, 1, 2"),
        ([frame_of(), noise(20, 2)], r"got one of \['DataFrame', 'ndarray'\]"),
        ([[1.0, 2.0], [3.0, 4.0]], r"got one of \['list'\]"),
        ([[1.0, 2.0]], "got list; expected a pandas"),
        ([], r"got one of \[\]"),
    ],
)
def test_unusable_data_are_named(data, message):
    with pytest.raises(DataError, match=message):
        read_series(data)


def test_a_channel_without_values_is_named():
    with pytest.raises(DataError, match="'X' has no values"):
        read_series(frame_of().assign(X=np.nan), missing="listwise")


def test_names_with_a_lag_are_refused():
    with pytest.raises(GraphError, match="without lag; write 'X'"):
        read_series(frame_of().set_axis(["X[t-1]", "Y"], axis=1))


@pytest.mark.parametrize(
    "mask", [np.zeros(19, bool), np.zeros((20, 2), bool), np.zeros(20), [np.zeros(20, bool)] * 2]
)
def test_a_mask_has_a_boolean_for_each_step(mask):
    with pytest.raises(OptionError, match=r"expected booleans, one for each step.*\(20,\)"):
        read_series(frame_of(), mask=mask)


@pytest.mark.parametrize(
    ("mask", "advice"),
    [
        (pd.DataFrame(np.zeros((20, 2), bool)), r"write mask\.any\(axis=1\)"),
        (np.zeros(20, int), r"Write mask\.astype\(bool\)"),
    ],
)
def test_a_mask_of_another_form_comes_with_advice(mask, advice):
    with pytest.raises(OptionError, match=advice):
        read_series(frame_of(), mask=mask)


@given(st.permutations(range(20)), st.booleans())
def test_a_mask_goes_by_its_index(order, dated):
    days = pd.date_range("2024-01-01", periods=20)
    frame = frame_of(index=days if dated else None)
    mask = pd.Series(np.arange(20) % 3 == 0, frame.index)
    for data in (frame, frame.to_numpy() if not dated else frame):
        read = read_series(data, mask=mask.iloc[order])
        assert read.usable.tolist() == (~mask).tolist()
    panel = read_series([frame, frame], mask=[mask.iloc[order], mask])
    assert panel.usable.tolist() == (~mask).tolist() * 2


def test_a_mask_of_other_rows_is_refused():
    days = pd.date_range("2024-01-01", periods=20)
    mask = pd.Series(np.arange(20) < 6, days + pd.Timedelta(days=3))
    with pytest.raises(OptionError, match="mask: its index .from '2024-01-04' on.*reindex"):
        read_series(frame_of(index=days), mask=mask)
    with pytest.raises(OptionError, match=r"mask of shape \[\(0,\)\]"):
        read_series(frame_of(index=days), mask=mask[:0])


@pytest.mark.parametrize(
    ("data", "max_lag", "error", "message"),
    [
        (frame_of(4), 1, DataError, "the series has 4 steps; .* at least 5"),
        (frame_of(20), 5, OptionError, "max_lag=5: the series has 20 steps, .*at most max_lag=4"),
        (
            [frame_of(), frame_of(9)],
            3,
            OptionError,
            "max_lag=3: series 1 of the panel has 9 steps, .* at most max_lag=2",
        ),
    ],
)
def test_series_too_short_for_the_lag_are_refused(data, max_lag, error, message):
    with pytest.raises(error, match=message):
        lagged_table(read_series(data), max_lag)


@pytest.mark.parametrize(("steps", "max_lag"), [(5, 1), (16, 2)])
def test_too_few_samples_for_the_past_of_two_ends_are_refused(steps, max_lag):
    mask = np.arange(steps) >= 2 * max_lag + 2 * max_lag + 3
    message = rf"{min(steps - 2 * max_lag, 2 * max_lag + 3)} samples are left by max_lag={max_lag}"
    with pytest.raises(DataError, match=rf"{message}.* least 2 max_lag \+ 4 = {2 * max_lag + 4}"):
        pcmci_plus(frame_of(steps), max_lag, mask=mask)


def test_few_samples_are_noted():
    assert any(
        note.startswith("14 samples are few for tests given up to 6 values of the past")
        for note in pcmci_plus(frame_of(), 3).notes
    )
    assert not any("are few" in note for note in lagged_table(read_series(noise(22, 2)), 1).notes)
    assert any("are few" in note for note in lagged_table(read_series(noise(21, 2)), 1).notes)


def test_what_the_mask_leaves_must_vary():
    stuck = frame_of().assign(X=np.r_[noise(10), np.ones(10)])
    with pytest.raises(DataError, match="'X' does not vary in the 9 samples left"):
        lagged_table(read_series(stuck, mask=np.arange(20) < 11), 1)
    with pytest.raises(DataError, match="no sample is left"):
        lagged_table(read_series(stuck, mask=np.ones(20, bool)), 1)


def test_testwise_deletion_is_left_to_the_test():
    frame = frame_of(200)
    frame.iloc[::20, 0] = np.nan
    found = pcmci_plus(frame, 1, missing="testwise")
    assert found.n == 198
    assert pcmci_plus(frame, 1, missing="listwise").n == 198 - (1 + 9 * 3)
    with pytest.raises(DataError, match="missing values: 'X' 10"):
        pcmci_plus(frame, 1)
