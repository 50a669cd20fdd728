"""Columns that carry nothing new are named, dropped or kept."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causalsim.data import Kind, Table, read_table
from causalsim.errors import DataError, NameNotFoundError

pd = pytest.importorskip("pandas")


def noise(n, p, seed=0):
    return np.random.default_rng(seed).normal(size=(n, p))


def test_every_useless_column_is_named():
    a, b, c = noise(50, 3).T
    frame = pd.DataFrame(
        {"a": a, "b": b, "k": 7.0, "twin": a, "sum": a - 2 * b + 1, "c": c, "shift": 3 - c / 9}
    )
    with pytest.raises(DataError, match="degenerate='drop'") as caught:
        read_table(frame)
    for part in (
        "'k' is constant",
        "'twin' repeats 'a'",
        "'sum' is determined by 'a', 'b'",
        "'shift' is determined by 'c'",
    ):
        assert part in str(caught.value)
    dropped = read_table(frame, degenerate="drop")
    assert dropped.names == ("a", "b", "c")
    assert len(dropped.notes) == 4
    assert dropped.values.flags.c_contiguous
    assert read_table(frame, degenerate="keep").names == tuple(frame.columns)


def test_nothing_left_is_an_error():
    with pytest.raises(DataError, match="nothing is left: 'x0' is constant; 'x1' is constant"):
        read_table(np.ones((5, 2)), degenerate="drop")


@pytest.mark.parametrize("column", [["u"] * 5, [3] * 5, [True] * 5, [0.1 + 0.2, 0.3] * 2 + [0.3]])
def test_constants_of_any_kind_are_found(column):
    with pytest.raises(DataError, match="'k' is constant"):
        read_table(pd.DataFrame({"a": noise(5, 1)[:, 0], "k": column}))


def test_a_column_without_values_is_found():
    frame = pd.DataFrame({"a": noise(5, 1)[:, 0], "k": [np.nan] * 5})
    with pytest.raises(DataError, match="'k' has no values"):
        read_table(frame, missing="testwise")


def test_labels_that_split_the_rows_alike_are_copies():
    frame = pd.DataFrame({"sex": ["m", "f", "f", "m"], "code": [1, 2, 2, 1], "old": [1, 1, 2, 2]})
    with pytest.raises(DataError, match=r"^'code' repeats 'sex'\. Remove"):
        read_table(frame)


@given(st.integers(1, 6), st.integers(1, 4), st.integers(0, 2**32 - 1), st.floats(1e-6, 1e6))
def test_linear_functions_of_earlier_columns_are_found_exactly(free, extra, seed, scale):
    rng = np.random.default_rng(seed)
    base = rng.normal(size=(40, free)) * scale + rng.normal(size=free)
    weights = rng.choice([-2.0, -1.0, 0.5, 3.0], size=(free, extra))
    values = np.hstack([base, base @ weights + 1])
    table = read_table(values, degenerate="drop")
    assert table.names == tuple(f"x{i}" for i in range(free))
    reasons = " ".join(table.notes)
    assert all(f"'x{free + i}'" in reasons for i in range(extra))


@given(st.integers(0, 2**32 - 1), st.integers(3, 60), st.integers(2, 12))
def test_noise_is_never_degenerate(seed, n, p):
    assert len(read_table(noise(n, p, seed)).names) == p


def test_nearly_collinear_columns_are_left_alone():
    a, b, e = noise(200, 3).T
    read_table(np.column_stack([a, b, a + b + 1e-3 * e]))


def test_with_fewer_rows_than_columns_only_copies_are_looked_for():
    wide = noise(20, 50)
    assert len(read_table(wide).names) == 50
    wide[:, 40] = 5 - 2 * wide[:, 7]
    wide[:, 30] = wide[:, 7] * 1e6
    with pytest.raises(
        DataError, match=r"^'x30' is determined by 'x7'; 'x40' is determined by 'x7'\."
    ):
        read_table(wide)


@pytest.mark.parametrize("size", [1e-300, 1e300])
def test_extreme_scales_are_no_trouble(size):
    values = noise(30, 3)
    values[:, 0] *= size
    assert len(read_table(values).names) == 3


def test_a_column_constant_on_complete_rows_is_left_alone():
    values = noise(12, 3)
    values[2:, 0] = np.nan
    values[:6, 2] = 1.0
    assert read_table(values, missing="testwise").names == ("x0", "x1", "x2")


def test_tables_validate_themselves():
    two = (Kind.CONTINUOUS, Kind.CONTINUOUS)
    for names, values in ((("a",), np.eye(2)), (("a", "a"), np.eye(2)), (("a", "b"), np.ones(2))):
        with pytest.raises(DataError, match="a distinct name and a kind for each column"):
            Table(names, values, two)


def test_select_keeps_kinds_and_levels():
    table = read_table(pd.DataFrame({"a": noise(4, 1)[:, 0], "w": list("uvvu")}))
    part = table.select(["w"])
    assert (part.names, part.kinds, part.levels) == (("w",), (Kind.BINARY,), {"w": ("u", "v")})
    with pytest.raises(NameNotFoundError, match="no column 'W'"):
        table.select(["W"])
