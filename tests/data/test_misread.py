"""Columns that were meant otherwise are refused or doubted; whole numbers in files stay whole."""

from __future__ import annotations

import os
import threading
import warnings

import numpy as np
import pytest

from causalsim.data import Kind, KindWarning, read_table
from causalsim.errors import DataError

pd = pytest.importorskip("pandas")

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(2, 100))
CODES = RNG.integers(0, 3, size=(100, 2))


def test_missing_cells_do_not_make_codes_continuous(tmp_path):
    whole = "a,b\n" + "".join(f"{a},{b}\n" for a, b in CODES)
    (tmp_path / "whole.csv").write_text(whole)
    (tmp_path / "holes.csv").write_text(whole + ",1\n1,\n")
    tables = []
    for name in ("whole.csv", "holes.csv"):
        with pytest.warns(KindWarning, match=r"'a' \(3 distinct integers\) as discrete"):
            tables.append(read_table(tmp_path / name, missing="listwise"))
    assert tables[0].kinds == tables[1].kinds == (Kind.DISCRETE, Kind.DISCRETE)
    assert np.array_equal(tables[0].values, tables[1].values)


def test_floats_that_may_be_integers_with_holes_warn():
    frame = pd.DataFrame({"a": CODES[:, 0].astype(float), "x": X, "w": CODES[:, 1].astype(float)})
    frame.loc[3, ["a", "x"]] = np.nan
    with pytest.warns(KindWarning, match=r"'a' \(3 distinct whole numbers beside missing"):
        table = read_table(frame, missing="listwise")
    assert set(table.kinds) == {Kind.CONTINUOUS}
    assert table.notes[-1].startswith("column kinds were guessed: 'a' (3")
    assert "'w'" not in table.notes[-1]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_table(frame, missing="listwise", kinds={"a": "continuous"})


@pytest.mark.parametrize("text", ["1,5", "1,234,567", "1.234,5"])
def test_numbers_with_commas_are_refused(text):
    frame = pd.DataFrame({"x": X[:4], "z": ["1", text, "2", "1"]})
    with pytest.raises(DataError, match=f"'z' holds '{text}'.*decimal=','.*pandas.read_csv"):
        read_table(frame)
    assert read_table(frame, kinds={"z": "discrete"}).kinds[1] is Kind.DISCRETE


def test_labels_of_their_own_in_each_row_are_refused_before_copies():
    frame = pd.DataFrame({"x": [f"p{i}" for i in range(100)], "y": [f"q{i}" for i in range(100)]})
    with pytest.raises(DataError, match=r"^'x' has 100 different labels in 100 rows: an identif"):
        read_table(frame)


def test_text_among_numbers_is_named():
    frame = pd.DataFrame({"x": X, "z": [str(y) for y in Y]})
    frame.loc[3, "z"] = "?"
    with pytest.raises(DataError, match=r"'z' is text because row 3 .* holds '\?'.*data\.drop"):
        read_table(frame)


def test_dates_as_text_are_doubted():
    days = [f"2020-01-{1 + i % 28:02}" for i in range(100)]
    with pytest.warns(KindWarning, match=r"'d' \(text, all dates\) as discrete"):
        read_table(pd.DataFrame({"d": days}))


@pytest.mark.parametrize("size", [2**60, 10**30])
def test_integers_that_floats_cannot_hold_are_refused(tmp_path, size):
    (tmp_path / "t.csv").write_text("a\n" + "".join(f"{size + i}\n" for i in range(30)))
    with pytest.raises(DataError, match=r"'a' holds integers beyond 2\^53.*subtract a constant"):
        read_table(tmp_path / "t.csv")
    read_table(np.array([[2**53 - 1], [-(2**53) + 1]]))


@pytest.mark.parametrize("name", ["a\nb", "\x1b[31mred", "x\0", "\u2028"])
def test_names_that_cannot_be_printed_are_refused(name):
    with pytest.raises(DataError, match="line breaks or control characters: '.*Rename"):
        read_table(pd.DataFrame({name: X}))


def test_spaces_around_names_in_files_are_removed_with_a_note(tmp_path):
    (tmp_path / "t.csv").write_text("a, b \n0.5,1.5\n1.5,0.2\n")
    table = read_table(tmp_path / "t.csv")
    assert table.names == ("a", "b")
    assert table.notes == ("spaces around column names were removed",)


def test_files_that_are_not_utf8_say_where(tmp_path):
    (tmp_path / "t.csv").write_bytes("température\n1\n".encode("latin-1"))
    with pytest.raises(DataError, match="byte 0xe9 at position 4 is not UTF-8; save the file"):
        read_table(tmp_path / "t.csv")


def test_pipes_are_read_once(tmp_path):
    path = tmp_path / "pipe.csv"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_text, args=("a,b\n0.5,1.5\n1.5,0.2\n",))
    writer.start()
    assert read_table(path).names == ("a", "b")
    writer.join()


def test_constant_integers_are_levels():
    table = read_table(np.array([[7, 0], [7, 1], [7, 1]]), degenerate="keep")
    assert table.kinds == (Kind.BINARY, Kind.BINARY)
    assert table.levels["x0"] == ("7",)


def test_kept_missing_values_are_noted_once():
    holes = np.array([[0.5, np.nan], [0.2, 3.5], [4.1, 1.5]])
    table = read_table(read_table(holes, missing="testwise"), missing="testwise")
    assert table.notes == ("missing values kept: 'x1' 1",)
