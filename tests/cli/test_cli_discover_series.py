"""``discover`` on series: what is refused before the run, and what an interruption tells."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import causalsim as cs
from causalsim import citest

SERIES = ("discover", "s.csv", "--method", "pcmci-plus", "--max-lag", "2")


@pytest.fixture
def series(tmp_path):
    """Write a series with days: x drives y one day later."""
    x, noise = np.random.default_rng(0).normal(size=(2, 200))
    frame = pd.DataFrame({"x": x, "y": np.roll(x, 1) + noise})
    frame.to_csv(tmp_path / "s.csv", index=False)
    days = frame.assign(
        day=pd.date_range("2020-01-01", periods=200).astype(str), number=range(200)
    )
    days.drop(columns="number").to_csv(tmp_path / "days.csv", index=False)
    days.drop(columns="day").to_csv(tmp_path / "numbers.csv", index=False)
    return frame


@pytest.mark.usefixtures("series")
@pytest.mark.parametrize("words", [("x[t-1]", "y"), ("x[t-1]", "y[t]"), ("y", "x[t - 1]")])
def test_lags_are_explained_as_they_are_written(run, words):
    code, out, _ = run(*SERIES, "--explain", *words)
    assert code == 0
    assert "x[t-1] --> y by time: no cause follows its effect." in out


@pytest.mark.usefixtures("series")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--explain x[t-3] y", "go up to --max-lag 2."),
        ("--explain x[t-1] y[t-1]", "one of the two lies in the present"),
        ("--explain x[t-1] x[t-1]", "give two different columns"),
        ("--explain x@1 y", "no column 'x@1'. Known: 'x', 'y'. Lags are written 'X[t-1]'"),
        ("--explain x[-1] y", "Lags are written 'X[t-1]' and go up to --max-lag 2."),
        ("--out g.dagitty", "dagitty text has no lags; write .json"),
        ("--out g.txt.gz", "dagitty text has no lags; write .json"),
        ("--set null=permutation", "test 'par_corr' has no setting 'null'"),
        ("--fdr 0.1", "--fdr does not go with --method pcmci-plus. It goes with --method pc or p"),
        ("--max-lag 0", "--max-lag 0: expected a positive integer; --method pc has no lags."),
        ("--context time --context time", "--context time --context time: a column is named"),
    ],
)
def test_usage_errors_come_before_the_run(run, words, message, files):
    before = files()
    code, out, err = run(*SERIES, "--out", "g.json", *words.split())
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1
    assert files() == before


def test_lags_of_a_method_without(run, chain, tmp_path):
    code, _, err = run("discover", "chain.csv", "--explain", "X[t-1]", "Y")
    assert code == 2
    assert "no column 'X[t-1]'. Known: 'X', 'Y', 'Z'. --method pc has no lags." in err
    (tmp_path / "k.toml").write_text('forbidden = ["X[t-1] --> Y"]')
    code, _, err = run("discover", "chain.csv", "--knowledge", "k.toml")
    assert code == 1
    assert err.endswith("'X', 'Y', 'Z'. --method pc has no lags.\n")


@pytest.mark.usefixtures("series")
@pytest.mark.parametrize("name", ["x[t-5]", "x[t+1]"])
def test_lags_in_knowledge_end_at_the_largest(run, tmp_path, name):
    (tmp_path / "k.toml").write_text(f'forbidden = ["{name} --> y"]')
    code, _, err = run(*SERIES, "--knowledge", "k.toml")
    assert code == 1
    assert err.startswith(f"error: k.toml: no variable (in knowledge) '{name}'")
    assert "go up to --max-lag 2." in err


@pytest.mark.parametrize("name", ["x[t-1]", "x[t]"])
def test_names_that_read_as_lags(run, series, tmp_path, name):
    series.rename(columns={"x": name}).to_csv(tmp_path / "s.csv", index=False)
    code, _, err = run(*SERIES)
    assert code == 1
    assert f"'{name}' reads as a lag; rename it, or leave it out: --drop '{name}'." in err


@pytest.mark.usefixtures("series")
def test_times_and_kinds(run):
    words = ("discover", "days.csv", "--method", "pcmci", "--max-lag", "2", "--time", "day")
    refused = run(*words, "--kinds", "day=continuous")
    assert refused.code == 2
    assert "--kinds day=continuous contradicts --time day" in refused.err
    one_kind = run(*words, "--kinds", "continuous", "--json", "--quiet")
    assert one_kind.code == 0
    assert json.loads(one_kind.out)["edges"] == json.loads(run(*words, "--json").out)["edges"]


@pytest.mark.usefixtures("series")
def test_columns_that_may_be_times(run):
    words = ("--method", "pcmci", "--max-lag", "2")
    numbers = run("discover", "numbers.csv", *words)
    assert numbers.code == 0
    assert "note: 'number' increases in every row; if it is a time, add --time number" in (
        numbers.err
    )
    assert "add --time" not in run("discover", "numbers.csv", *words, "--time", "number").err
    days = run("discover", "days.csv", *words)
    assert days.code == 1
    assert "Say so with --kinds day=time, or leave it out: --drop day." in days.err
    told = run("discover", "days.csv", *words, "--kinds", "day=time")
    assert told.code == 0
    assert "note: 'day' holds times: taken as those of the rows, as with --time day" in told.err


def test_steps_without_a_time(run, series, tmp_path):
    days = pd.date_range("2020-01-01", periods=200).astype(str).to_numpy(object)
    days[7] = None
    series.assign(day=days).to_csv(tmp_path / "s.csv", index=False)
    code, _, err = run(*SERIES, "--time", "day", "--missing", "testwise")
    assert code == 1
    assert "the time 'day' has 1 missing cells; fill them in." in err


def test_times_are_written_as_dates_and_numbers_as_numbers(run, series, tmp_path):
    days = pd.date_range("2020-01-01", periods=200).astype(str).to_numpy(object)
    days[[10, 11]] = days[[11, 10]]
    series.assign(day=days).to_csv(tmp_path / "s.csv", index=False)
    code, _, err = run(*SERIES, "--time", "day")
    assert code == 1
    assert "2020-01-12 (row 10) stands before 2020-01-11 (row 11)" in err
    assert "Sort the rows by --time, or leave --time out" in err
    number = np.delete(np.arange(200), 50)
    series[np.arange(200) != 50].assign(day=number).to_csv(tmp_path / "s.csv", index=False)
    code, out, _ = run(*SERIES, "--time", "day")
    assert code == 0
    assert "the longest is from 49 to 51\n" in out


@pytest.mark.usefixtures("series")
def test_gaps_are_to_be_filled_with_empty_rows(run, tmp_path):
    days = pd.read_csv(tmp_path / "days.csv").drop(index=50)
    days.to_csv(tmp_path / "s.csv", index=False)
    code, out, _ = run(*SERIES, "--time", "day")
    assert code == 0
    assert "the longest is from 2020-02-19 to 2020-02-21; to keep samples from spanning a" in out
    assert "gap, add a row of empty cells for each missing time, and --missing listwise\n" in out


@pytest.mark.parametrize("name", ["pcmci", "fci", "cdnod", "exchangeable"])
def test_levels_are_chosen_by_some_methods(run, chain, name):
    words = ("--method", name, "--context", "X", "--max-lag", "2")
    given = [word for word in words if name in ("cdnod", "exchangeable") or word not in words[2:4]]
    given = given[:-2] if name != "pcmci" else given
    code, _, err = run("discover", "chain.csv", *given, "--alpha", "auto")
    assert code == 2
    assert f"--alpha auto does not go with --method {name}. It goes with --method pc or pc" in err


class _Interrupting(citest.CITest):
    """A test that is interrupted at once."""

    name = "interrupting"
    accepts = citest.FisherZ.accepts

    def bind(self, table):
        bound = citest.FisherZ().bind(table)

        def interrupted(*_):
            raise KeyboardInterrupt

        object.__setattr__(bound, "batch", interrupted)
        return bound


@pytest.mark.usefixtures("series")
@pytest.mark.parametrize("method", ["pcmci", "pcmci-plus"])
def test_pairs_of_an_interrupted_search_over_lags(run, method, monkeypatch):
    from causalsim.citest import _registry

    monkeypatch.setitem(_registry._SPECS, "interrupting", _Interrupting)
    words = ("--method", method, "--max-lag", "3", "--test", "interrupting")
    code, out, err = run("discover", "s.csv", *words)
    assert (code, out) == (130, "")
    assert "not yet separated: 13 of 13 pairs\n  x --- y\n" in err
    assert "  y --- y[t-3]" in err
    assert "[t-4]" not in err


def test_the_series_of_the_shell_is_that_of_python(run, series):
    code, out, _ = run(*SERIES, "--context", "time", "--json")
    assert code == 0
    expected = cs.pcmci_plus(series, 2, context="time")
    assert json.loads(out)["edges"] == list(expected.graph.edges)
