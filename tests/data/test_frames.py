"""The data border: one table, whatever form it comes in."""

from __future__ import annotations

import gzip
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causalsim.data import Kind, KindWarning, Table, read_table
from causalsim.errors import DataError, MissingExtraError, NameNotFoundError, OptionError

pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")
pa = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")


def equal(left: Table, right: Table) -> bool:
    return (
        (left.names, left.kinds, dict(left.levels)) == (right.names, right.kinds, right.levels)
    ) and np.array_equal(left.values, right.values, equal_nan=True)


def read(data, **options) -> Table:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", KindWarning)
        return read_table(data, **options)


def forms(columns: dict[str, list], **types):
    yield pd.DataFrame({n: pd.Series(v, dtype=types.get(n)) for n, v in columns.items()})
    yield pl.DataFrame(columns, strict=False)
    yield pa.table(columns)


@st.composite
def columns(draw, min_rows=3):
    n = draw(st.integers(min_rows, 12))
    cells = {
        "float": st.none() | st.floats(-100, 100, allow_nan=False),
        "int": st.none() | st.integers(-5, 30),
        "bool": st.none() | st.booleans(),
        "text": st.none() | st.sampled_from(["a", "B", "10", "9", "x y"]),
    }
    chosen = draw(st.lists(st.sampled_from(sorted(cells)), min_size=1, max_size=4))
    return {
        f"{kind}{k}": draw(
            st.lists(cells[kind], min_size=n, max_size=n).filter(
                lambda values: any(value is not None for value in values)
            )
        )
        for k, kind in enumerate(chosen)
    }


def pandas_types(data):
    nullable = {"int": "Int64", "bool": "boolean", "float": "Float64", "text": "str"}
    return {name: nullable[name.rstrip("0123456789")] for name in data}


@given(columns())
def test_every_frame_library_gives_the_same_table(data):
    pandas, polars, arrow = (
        read(form, missing="testwise", degenerate="keep")
        for form in forms(data, **pandas_types(data))
    )
    assert equal(pandas, polars)
    assert equal(pandas, arrow)


@given(columns(), st.randoms(use_true_random=False))
def test_order_of_rows_changes_nothing_but_the_order(data, random):
    frame = pd.DataFrame({n: pd.Series(v, dtype=pandas_types(data)[n]) for n, v in data.items()})
    order = list(range(len(frame)))
    random.shuffle(order)
    kept = dict(missing="testwise", degenerate="keep")
    table, shuffled = read(frame, **kept), read(frame.iloc[order], **kept)
    assert equal(shuffled, Table(table.names, table.values[order], table.kinds, table.levels, ()))


@given(columns())
def test_missing_policies_agree_with_pandas(data):
    frame = pd.DataFrame({n: pd.Series(v, dtype=pandas_types(data)[n]) for n, v in data.items()})
    complete = frame.dropna()
    if len(complete) == len(frame):
        assert equal(read(frame, degenerate="keep"), read(complete, degenerate="keep"))
        return
    with pytest.raises(DataError, match="missing values"):
        read(frame, degenerate="keep")
    kept = read(frame, missing="testwise", degenerate="keep")
    assert np.array_equal(np.isnan(kept.values), frame.isna().to_numpy())
    if len(complete):
        dropped = read(frame, missing="listwise", degenerate="keep")
        assert equal(dropped, read(complete, degenerate="keep"))
        assert f"{len(frame) - len(complete)} of {len(frame)} rows dropped" in dropped.notes[0]


@given(columns(min_rows=4))
def test_codes_are_dense_and_point_at_their_labels(data):
    table = read(pl.DataFrame(data, strict=False), missing="testwise", degenerate="keep")
    for i, name in enumerate(table.names):
        if table.kinds[i] not in {Kind.DISCRETE, Kind.BINARY}:
            continue
        seen = table.values[~np.isnan(table.values[:, i]), i]
        assert set(seen) == set(range(len(table.levels[name])))
        labels = [table.levels[name][int(code)] for code in seen]
        assert labels == [str(value) for value in data[name] if value is not None]


def test_array_and_frame_agree():
    values = np.random.default_rng(0).normal(size=(20, 3))
    frame = pd.DataFrame(values, columns=["x0", "x1", "x2"], index=range(100, 120))
    assert equal(read_table(values), read_table(frame))
    assert read_table(values, names=["a", "b", "c"]).names == ("a", "b", "c")
    assert read_table(np.asfortranarray(values)).values.flags.c_contiguous
    assert read_table(frame).values.flags.c_contiguous


def test_reading_does_not_touch_the_callers_array():
    values = np.array([[1, 0], [2, 1], [5, 0], [7, 1]])
    before = values.copy()
    read_table(values, kinds="discrete", degenerate="keep").values[:] = -1
    assert np.array_equal(values, before)


def test_a_table_is_given_back():
    table = read_table(np.random.default_rng(0).normal(size=(9, 2)))
    assert read_table(table) is table
    with pytest.raises(OptionError, match="has names and kinds already"):
        read_table(table, kinds="discrete")
    holes = read_table(np.array([[1.0, np.nan], [2.0, 3.0], [4.0, 1.0]]), missing="testwise")
    with pytest.raises(DataError, match=r"'x1' 1 \(of 3 rows\)"):
        read_table(holes)
    assert len(read_table(holes, missing="listwise")) == 2


def test_kinds_follow_the_stated_rule():
    n = 120
    frame = pl.DataFrame(
        {
            "whole_floats": [float(i % 3) for i in range(n)],
            "flag": [i % 5 == 0 for i in range(n)],
            "two": [(i // 7) % 2 + 5 for i in range(n)],
            "many": [(i * 37) % n for i in range(n)],
            "sex": ["f" if i % 4 else "m" for i in range(n)],
            "word": ["uvw"[i * i % 3] + "xyz"[i % 3] for i in range(n)],
            "day": pl.date_range(pl.date(2020, 1, 1), pl.date(2020, 4, 29), eager=True),
        }
    )
    table = read_table(frame, degenerate="keep")
    assert [str(kind) for kind in table.kinds] == [
        *("continuous", "binary", "binary", "continuous", "binary", "discrete", "time")
    ]
    assert table.levels["two"] == ("5", "6")
    assert table.levels["flag"] == ("False", "True")
    assert table.values[1, table.index("day")] - table.values[0, table.index("day")] == 86400


def test_few_integers_warn_once_and_can_be_settled():
    frame = pd.DataFrame(
        {"a": np.arange(60) % 4, "b": np.arange(60) * 7 % 15, "c": np.arange(60) ** 2 % 7}
    )
    with pytest.warns(
        KindWarning, match=r"'a' \(4 .*'b' \(15 .*kinds=\{'a': 'discrete'\}"
    ) as seen:
        table = read_table(frame)
    assert len(seen) == 1
    assert seen[0].filename == __file__
    assert [str(kind) for kind in table.kinds] == ["discrete", "continuous", "discrete"]
    told = read_table(frame, kinds={"a": "continuous", "b": "discrete", "c": "discrete"})
    assert [str(kind) for kind in told.kinds] == ["continuous", "discrete", "discrete"]
    assert told.levels["b"] == tuple(str(i) for i in range(15))
    assert set(read_table(frame, kinds="continuous").kinds) == {Kind.CONTINUOUS}


def test_few_integers_in_few_rows_are_continuous():
    with pytest.warns(KindWarning, match="'x0' \\(3 distinct integers\\) as continuous"):
        read_table(np.array([[1, 9], [2, 9], [3, 8], [3, 8]]))


def test_text_that_is_mostly_numbers_warns():
    cells = [str(i) for i in range(20)] * 2
    with pytest.warns(KindWarning, match=r"'ca' \(text, mostly numbers, also '\?'\)"):
        read_table(pd.DataFrame({"ca": [*cells, "?"]}))


def test_labels_are_ordered_by_value_category_or_text():
    table = read_table(
        pd.DataFrame(
            {
                "text": ["b", "a", "c", "a"],
                "digits": ["10", "9", "1.5", "10"],
                "order": pd.Categorical(["lo", "hi", "mid", "lo"], ["lo", "mid", "hi", "none"]),
            }
        ),
        degenerate="keep",
    )
    assert dict(table.levels) == {
        "text": ("a", "b", "c"),
        "digits": ("1.5", "9", "10"),
        "order": ("lo", "mid", "hi"),
    }
    assert table.values[:, 2].tolist() == [0, 2, 1, 0]


def test_categories_of_numbers_keep_their_names_beside_missing_cells():
    cells = pd.Categorical([2, None, 0, 2], categories=[3, 2, 0])
    table = read_table(pd.DataFrame({"n": cells}), missing="testwise")
    assert table.levels["n"] == ("2", "0")
    assert np.array_equal(table.values[:, 0], [0, np.nan, 1, 0], equal_nan=True)


def test_polars_categories_follow_enum_order_and_else_text():
    cells = ["lo", "hi", "mid", "lo"]
    enum = pl.Series(cells, dtype=pl.Enum(["lo", "mid", "hi"]))
    free = pl.Series(cells, dtype=pl.Categorical)
    table = read_table(pl.DataFrame({"enum": enum, "free": free}), degenerate="keep")
    assert table.levels["enum"] == ("lo", "mid", "hi")
    assert table.levels["free"] == ("hi", "lo", "mid")
    arrow = pa.table({"free": pa.array(cells).dictionary_encode()})
    assert read_table(arrow).levels["free"] == ("hi", "lo", "mid")


def test_objects_count_as_what_they_are():
    array = np.array([[1.5, True, "u"], [2.5, False, None], [3.0, True, "v"]], dtype=object)
    table = read_table(array, missing="testwise", degenerate="keep")
    assert [str(kind) for kind in table.kinds] == ["continuous", "binary", "binary"]
    assert table.values[:, 0].tolist() == [1.5, 2.5, 3.0]
    assert np.isnan(table.values[1, 2])
    assert str(read_table(np.array([[7], [8]], object)).kinds[0]) == "binary"


def test_decimals_and_narrow_types_are_numbers():
    arrow = pa.table(
        {
            "price": pa.array([1, 2, 5], pa.decimal128(5, 2)),
            "half": pa.array([0.5, None, 2.0], pa.float32()),
            "nothing": pa.nulls(3),
        }
    )
    table = read_table(arrow, missing="testwise", degenerate="drop")
    assert table.names == ("price", "half")
    assert set(table.kinds) == {Kind.CONTINUOUS}
    assert np.array_equal(table.values, [[1, 0.5], [2, np.nan], [5, 2]], equal_nan=True)
    assert table.notes == (
        "missing values kept: 'half' 1, 'nothing' 3",
        "dropped: 'nothing' has no values",
    )


def test_masked_arrays_keep_their_holes():
    masked = np.ma.array([[1.0, 2.0], [3.0, 5.0], [4.0, 4.0]], mask=[[0, 1], [0, 0], [0, 0]])
    assert np.isnan(read_table(masked, missing="testwise").values[0, 1])


def test_times_are_seconds_since_1970():
    naive = pd.to_datetime(["1970-01-02", None, "1970-01-01T00:00:00.5"], format="ISO8601")
    zoned = pd.DatetimeIndex(["1970-01-02", None, "1970-01-03"]).tz_localize("Etc/GMT-1")
    span = pd.to_timedelta(["2s", "3s", None])
    for frame in (
        pd.DataFrame({"naive": naive, "zoned": zoned, "span": span}),
        pl.from_pandas(pd.DataFrame({"naive": naive, "zoned": zoned, "span": span})),
    ):
        table = read_table(frame, missing="testwise")
        assert set(table.kinds) == {Kind.TIME}
        expected = [[86400, 82800, 2], [np.nan, np.nan, 3], [0.5, 169200, np.nan]]
        assert np.array_equal(table.values, expected, equal_nan=True)


def test_text_is_converted_when_told():
    frame = pd.DataFrame(
        {"x": ["1.5", "2", None, "-3e1"], "when": ["1970-01-02", None, "1971", "1970"]}
    )
    table = read_table(frame, kinds={"x": "continuous", "when": "time"}, missing="testwise")
    assert np.array_equal(table.values[:, 0], [1.5, 2, np.nan, -30], equal_nan=True)
    assert np.array_equal(table.values[:, 1], [86400, np.nan, 31536000, 0], equal_nan=True)


@pytest.mark.parametrize("junk", ["?", "nan", "inf", "1_0", "n/a"])
def test_the_first_value_that_is_no_number_is_named(junk):
    frame = pl.DataFrame({"ok": [1.0, 2.0, 3.5, 4.0], "dose": ["1", "2", junk, "zz"]})
    with pytest.raises(DataError, match="'dose' is to be continuous but row 2") as caught:
        read_table(frame, kinds="continuous")
    assert repr(junk) in str(caught.value)


def test_wrong_kinds_are_refused():
    frame = pd.DataFrame({"a": [0.5, 1.5, 3.0]})
    with pytest.raises(NameNotFoundError, match=r"no column 'A'\. Known: 'a'\. Did you mean 'a'"):
        read_table(frame, kinds={"A": "discrete"})
    with pytest.raises(OptionError, match="Did you mean 'discrete'"):
        read_table(frame, kinds={"a": "Discrete"})
    with pytest.raises(DataError, match="'a' is to be binary and has 3 levels"):
        read_table(frame, kinds="binary")
    with pytest.raises(OptionError, match="missing='listwize' is unknown"):
        read_table(frame, missing="listwize")
    with pytest.raises(OptionError, match="degenerate='fix' is unknown"):
        read_table(frame, degenerate="fix")


def test_infinite_values_are_an_error_in_every_policy():
    frame = pd.DataFrame({"a": [1.0, np.inf, -np.inf, 2.0], "b": [1.0, np.nan, 3.0, 7.0]})
    for policy in ("error", "listwise", "testwise"):
        with pytest.raises(DataError, match="infinite values: 'a' 2"):
            read_table(frame, missing=policy)


def test_no_complete_row_is_an_error():
    with pytest.raises(DataError, match="no row is complete: 'x0' 1, 'x1' 1 missing of 2 rows"):
        read_table(np.array([[np.nan, 1.0], [2.0, np.nan]]), missing="listwise")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (np.zeros((0, 3)), "0 rows and 3 columns"),
        (np.zeros((3, 0)), "3 rows and 0 columns"),
        (np.zeros(3), r"shape \(3,\); expected \(rows, columns\). Write data\[:, None\]"),
        (np.zeros((2, 2, 2)), r"shape \(2, 2, 2\)"),
        (np.zeros((2, 2), complex), "array of complex128"),
        ([[1, 2], [3, 4]], "got list; expected a pandas, polars or pyarrow DataFrame"),
        (pd.Series([1.0]), "got Series"),
        (pl.LazyFrame({"a": [1.0]}), r"Write data.collect\(\) first"),
        (pd.DataFrame([[1.0, 2.0]], columns=["a", "a"]), "more than once: 'a'"),
        (pd.DataFrame([[1.0, 2.0]], columns=[1, "1"]), "more than once: '1'"),
        (pa.table([[1.0], [2.0]], names=["a", "a"]), "more than once: 'a'"),
        (pl.DataFrame({"a": [[1], [2]]}), r"'a' has type List\(Int64\)"),
        (pd.DataFrame({"q": pd.period_range("2000Q1", periods=3)}), "'q' holds Period"),
        (pd.DataFrame({"z": [1j, 2j]}), "'z' holds complex"),
        ("no_such_file.csv", "cannot read no_such_file.csv"),
    ],
)
def test_unusable_input_is_explained(data, message):
    with pytest.raises(DataError, match=message):
        read_table(data)


def test_unknown_extensions_are_a_wrong_option():
    with pytest.raises(OptionError, match=r"cannot tell the format of table\.xlsx"):
        read_table("table.xlsx")


def test_names_belong_to_arrays():
    with pytest.raises(DataError, match="expected 2 names, one per column"):
        read_table(np.eye(2), names=["a"])
    with pytest.raises(DataError, match="more than once: 'a'"):
        read_table(np.eye(2), names=["a", "a"])
    with pytest.raises(OptionError, match="names= is for arrays"):
        read_table(pd.DataFrame({"a": [1.0]}), names=["b"])


def test_too_few_columns_are_the_callers_choice():
    one = np.array([[1.0], [2.0]])
    assert read_table(one).names == ("x0",)
    with pytest.raises(DataError, match=r"1 usable column\(s\): 'x0'; expected at least 2"):
        read_table(one, min_columns=2)


def test_names_of_any_type_become_text():
    assert read_table(pd.DataFrame(np.eye(3))).names == ("0", "1", "2")


def test_files_give_the_table_they_were_written_from(tmp_path):
    frame = pd.DataFrame(
        {"x": np.random.default_rng(1).normal(size=30), "who, what": ["a", "b", 'c"'] * 10}
    )
    expected = read_table(frame)
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_csv(tmp_path / "b.tsv.gz", index=False, sep="\t")
    frame.to_csv(tmp_path / "c.csv", index=False, encoding="utf-8-sig")
    parquet.write_table(pa.Table.from_pandas(frame), tmp_path / "d.parquet")
    for name in ("a.csv", "b.tsv.gz", "c.csv", "d.parquet"):
        assert equal(read_table(tmp_path / name), expected)
        assert equal(read_table(str(tmp_path / name)), expected)


def test_row_indices_in_files_are_ignored_with_a_note(tmp_path):
    frame = pd.DataFrame({"x": [1.5, 2.5, 0.5]}, index=["r", "s", "t"])
    frame.to_csv(tmp_path / "a.csv")
    frame.to_parquet(tmp_path / "b.parquet")
    for name in ("a.csv", "b.parquet"):
        table = read_table(tmp_path / name)
        assert table.names == ("x",)
        assert "ignored" in table.notes[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("a,b\n", "0 rows and 2 columns"),
        ("a,b\n1,2,3\n4,5,6\n", "a row has more cells"),
        ("a,b\n1,2\n4,5,6\n", r"row 3 \(the names are row 1\) has 3 cells for 2 names\.$"),
        ("a,,b\n1,2,3\n", "broken.csv: column 2 has no name"),
        ("x;y\n1;2\n", r"seem to be separated by ';'; expected ','"),
        ("a\tb\n1\t2\n", r"seem to be separated by '\\t'"),
        ("a,b,a\n1,2,3\n", "more than once: 'a'"),
    ],
)
def test_broken_csv_is_explained(tmp_path, text, message):
    path = tmp_path / "broken.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        read_table(path)


def test_unreadable_files_are_explained(tmp_path):
    (tmp_path / "a.csv.gz").write_bytes(b"no gzip")
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(b"a,b\n1,2\n" * 99)[:-20])
    (tmp_path / "c.parquet").write_bytes(b"no parquet")
    (tmp_path / "d.csv").write_bytes(b"a,b\n\xff\xfe,1\n")
    (tmp_path / "e.csv").mkdir()
    for name in ("a.csv.gz", "b.csv.gz", "c.parquet", "d.csv", "e.csv", "f.parquet"):
        with pytest.raises(DataError, match=f"cannot read .*{name}"):
            read_table(tmp_path / name)


def test_parquet_without_pyarrow_names_the_extra(tmp_path, monkeypatch):
    def absent(name):
        raise ModuleNotFoundError(name="pyarrow")

    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    monkeypatch.setattr("importlib.import_module", absent)
    with pytest.raises(
        MissingExtraError, match=r"Parquet files needs pyarrow.*causalsim\[scale\]"
    ):
        read_table(tmp_path / "a.parquet")
