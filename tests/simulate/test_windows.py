"""Windows, blocks and folds: by loops, and no leak between training and judged windows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import lfilter

from causalsim.errors import DataError, OptionError
from causalsim.scm import Paths
from causalsim.simulate._windows import (
    autocorrelation_time,
    complement,
    fold_numbers,
    interleaved,
    lag_products,
    purge_gap,
    read_series,
    time_splits,
    window_starts,
    windows,
)


def ar(phi, steps, p=1, seed=0):
    noise = np.random.default_rng(seed).normal(size=(steps + 1000, p))
    return lfilter([1], [1, -phi], noise, axis=0)[1000:]


def test_every_form_of_series_is_read_alike():
    cube = np.arange(12.0).reshape(2, 3, 2)
    frames = [pd.DataFrame(one, columns=["A", "B"]) for one in cube]
    for data in (Paths(cube, ("A", "B")), frames):
        series, names = read_series(data)
        assert names == ("A", "B")
        np.testing.assert_array_equal(series, cube)
    for data in (cube, list(cube)):
        series, names = read_series(data, ("A", "B"))
        assert names == ("A", "B")
        np.testing.assert_array_equal(series, cube)


def test_columns_are_put_in_the_wanted_order():
    frame = pd.DataFrame({"B": [1, 2], "A": [3, 4]})
    (series,), names = read_series(frame, ["A", "B"])
    assert names == ("A", "B")
    np.testing.assert_array_equal(series, [[3, 1], [4, 2]])
    (first, _), names = read_series([frame, frame[["A", "B"]]])
    assert names == ("B", "A")
    np.testing.assert_array_equal(first, [[1, 3], [2, 4]])


def test_other_variables_are_refused():
    with pytest.raises(DataError, match="expected 'A', 'B'"):
        read_series(pd.DataFrame({"A": [1.0], "C": [2.0]}), ["A", "B"])
    with pytest.raises(DataError, match="to_numpy"):
        read_series(Paths(np.zeros((1, 2, 1)), ("X",)), ["Y"])


def test_missing_values_are_refused_with_a_way_out():
    frame = pd.DataFrame({"A": [1.0, np.nan, 2.0], "B": [1.0, 2.0, 3.0]})
    with pytest.raises(DataError, match=r"1 of 3 steps .* 'A'. Fill them .*interpolate"):
        read_series(frame)
    with pytest.raises(DataError, match="no series"):
        read_series([])


@given(st.integers(1, 12), st.integers(1, 4), st.integers(1, 3))
def test_windows_by_a_loop(steps, width, p):
    series = np.random.default_rng(steps).normal(size=(steps, p))
    if width > steps:
        with pytest.raises(DataError, match="hold no window"):
            windows(series, width)
        return
    rows = [series[t : t + width].ravel() for t in range(steps - width + 1)]
    np.testing.assert_array_equal(windows(series, width), rows)


def test_width_must_be_a_whole_number():
    with pytest.raises(OptionError, match="width=0"):
        windows(np.zeros((3, 1)), 0)


@given(st.integers(2, 60), st.integers(1, 9), st.integers(1, 6))
def test_no_window_crosses_a_border(steps, block, width):
    if (steps + block // 2) // block < 2:
        with pytest.raises(DataError, match="no two blocks"):
            interleaved(steps, block)
        return
    fit, held = interleaved(steps, block)
    owner = np.full(steps, -1)
    for k, row in enumerate(sorted([*fit, *held], key=lambda row: row.start)):
        assert (owner[row] == -1).all()
        owner[row] = k
    assert (owner >= 0).all()
    assert owner[0] == 0
    assert fit[0].start == 0
    starts = window_starts(held, width)
    brute = [
        s
        for s in range(steps - width + 1)
        if len(set(owner[s : s + width].tolist())) == 1 and owner[s] % 2
    ]
    assert starts.tolist() == brute
    assert complement(held, steps) == fit


@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 3))
def test_lag_products_by_a_loop(n, width, p):
    cut = np.random.default_rng(n).normal(size=(n, width, p))
    made = lag_products(cut)
    for row, window in zip(made, cut, strict=True):
        expected = [*window.ravel()]
        for lag in range(width):
            table = np.outer(window[-1], window[width - 1 - lag])
            expected.extend(table[np.triu_indices(p)] if lag == 0 else table.ravel())
        np.testing.assert_allclose(np.sort(row), np.sort(expected))


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.9])
def test_autocorrelation_time_of_an_autoregression(phi):
    found = autocorrelation_time(ar(phi, 50_000))
    assert found == pytest.approx((1 + phi) / (1 - phi), rel=0.15, abs=0.15)


def test_autocorrelation_time_is_the_largest_and_ignores_constants():
    slow, fast = ar(0.9, 5000), ar(0.0, 5000, seed=1)
    both = autocorrelation_time(np.hstack([fast, slow, np.full((5000, 1), 1e6)]))
    assert both == pytest.approx(autocorrelation_time(slow))
    assert autocorrelation_time(np.full((50, 2), 0.1)) == 1.0
    assert autocorrelation_time(np.zeros((1, 1))) == 1.0


@given(st.integers(20, 80), st.integers(2, 5), st.integers(0, 6))
def test_training_windows_keep_their_distance(n, folds, gap):
    starts = np.sort(np.random.default_rng(n).choice(200, n, replace=False))
    numbers = fold_numbers(starts, folds)
    counts = np.bincount(numbers)
    assert counts.max() - counts.min() <= 1
    assert (np.diff(numbers) >= 0).all()
    splits = time_splits(starts, numbers, gap)
    judged = np.concatenate([judged for _, judged in splits])
    assert sorted(judged.tolist()) == list(range(n))
    for train, own in splits:
        low, high = starts[own].min(), starts[own].max()
        near = [i for i in range(n) if low - gap <= starts[i] <= high + gap]
        assert set(train.tolist()) == set(range(n)) - set(near)


def test_the_gap_is_what_autocorrelation_asks_for_up_to_a_cap():
    white = np.random.default_rng(0).normal(size=(1000, 1))
    assert purge_gap(white, 6, max_lag=3, folds=5) == (8, "")
    slow = ar(0.9, 1000)
    assert purge_gap(slow, 6, max_lag=3, folds=5)[0] == np.ceil(autocorrelation_time(slow))
    gap, note = purge_gap(np.cumsum(white, axis=0), 6, max_lag=3, folds=5)
    assert gap == 200
    assert "the autocorrelation time asks for" in note
    with pytest.raises(DataError, match="too short for 5 folds"):
        purge_gap(white[:40], 10, max_lag=3, folds=5)


def test_as_many_steps_as_the_error_asks_for_are_enough():
    white = np.random.default_rng(0).normal(size=(100, 1))
    with pytest.raises(DataError, match="give at least 61 steps"):
        purge_gap(white[:58], 10, max_lag=3, folds=5)
    assert purge_gap(white[:61], 10, max_lag=3, folds=5)[0] == 12
