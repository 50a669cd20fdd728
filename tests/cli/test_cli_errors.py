"""Bad input: the right exit code, one line that says what to do, and no file written."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from causalsim import citest
from causalsim.citest import CITest
from causalsim.cli import _discover
from causalsim.discovery import DiscoveryResult

OUTPUTS = ["--out", "g.json", "--svg", "g.svg", "--html", "r.html", "--result", "r.json"]
X, Y, E = np.random.default_rng(0).normal(size=(3, 100))
GOOD = pd.DataFrame({"X": X, "Y": Y, "Z": X + Y + E})

FEW = pd.DataFrame({"X": [1.0, 2.0, 3.0, 4.2], "Y": [1.0, 2.1, 3.0, 4.0]}).assign(
    Z=lambda d: d.X + d.Y + [0.0, 0.1, 0.0, -0.1]
)


def holding(value: object) -> pd.DataFrame:
    """Put a value into one cell."""
    frame = GOOD.astype(object)
    frame.loc[3, "Y"] = value
    return frame


TABLES = {
    "one column": (GOOD[["X"]], "expected at least 2"),
    "no rows": (GOOD[:0], "the data have 0 rows"),
    "constant": (GOOD.assign(C=2.5), "'C' is constant. Remove these columns, or choose --deg"),
    "all constant": (GOOD * 0, "'X' is constant; 'Y' is constant; 'Z' is constant. Remove"),
    "collinear": (GOOD.assign(W=X - Y), "'W' is determined by 'X', 'Y'. Remove these columns"),
    "copy": (GOOD.assign(W=2 * X), "'W' is determined by 'X'. Remove these columns"),
    "twice": (pd.concat([GOOD, GOOD[["X"]]], axis=1), "more than once: 'X'. Rename"),
    "nan": (holding(np.nan), "missing values: 'Y' 1 (of 100 rows). Choose --missing listwise"),
    "inf": (holding(np.inf), "infinite values: 'Y' 1. Replace them"),
    "text": (holding("abc"), "'Y' is text because row 3 (the first is 0) holds 'abc'"),
    "few rows": (GOOD[:3], "3 rows are too few"),
    "few rows for a set": (
        FEW,
        "write --max-cond 0",
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_bad_tables(run, tmp_path, name, files):
    frame, message = TABLES[name]
    frame.to_csv(tmp_path / "t.csv", index=False)
    code, out, err = run("discover", "t.csv", "--quiet", *OUTPUTS)
    assert (code, out) == (1, "")
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert message in err
    assert files() == {"t.csv"}


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "is empty"), (bytes(range(256)), "cannot read t.csv"), (b"a,b\n1,2,3\n", "t.csv")],
)
def test_files_that_are_no_tables(run, tmp_path, content, message, files):
    (tmp_path / "t.csv").write_bytes(content)
    code, out, err = run("discover", "t.csv", *OUTPUTS)
    assert (code, out) == (1, "")
    assert message in err
    assert files() == {"t.csv"}


def test_text_where_numbers_are_due(run, tmp_path):
    holding("abc").to_csv(tmp_path / "t.csv", index=False)
    code, _, err = run("discover", "t.csv", "--test", "fisher_z")
    assert code == 1
    assert "leave missing cells empty; or leave the column out: --drop Y." in err
    code, _, err = run("discover", "t.csv", "--kinds", "Y=continuous")
    assert code == 1
    assert "row 3 (the first is 0) holds 'abc'. Correct the value" in err


@pytest.mark.parametrize("path", ["nothing.csv", "no/such.parquet", "nothing.xlsx", "."])
def test_unreadable_paths(run, path, files):
    code, out, err = run("discover", path, *OUTPUTS)
    assert (code, out) == (1 if path.endswith(("csv", "parquet")) else 2, "")
    assert path in err
    assert files() == set()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('required = ["X --> Q"]', "k.toml: no variable (in knowledge) 'Q'. Known: 'X'"),
        ('required = ["X --> Y", "Y --> Z", "Z --> X"]', "form a cycle: X --> Y --> Z --> X"),
        ('required = ["X --> Y"]\nforbidden = ["X --> Y"]', "both required"),
        ("require = []", "Did you mean 'required'?"),
        ("required = 3", "k.toml: required=3: expected a list of texts"),
        ("required = [1]", "k.toml: required=[1]: expected a list of texts"),
        ('required = ["X => Y"]', "k.toml: 'X => Y' is no edge"),
        ("x = = 3", "cannot read knowledge from k.toml"),
        (None, "cannot read knowledge from k.toml"),
    ],
)
def test_bad_knowledge(run, chain, tmp_path, text, message, files):
    if text is not None:
        (tmp_path / "k.toml").write_text(text)
    before = files()
    code, out, err = run("discover", "chain.csv", "--knowledge", "k.toml", *OUTPUTS)
    assert (code, out) == (1, "")
    assert message in err
    assert files() == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--test fisherz", "Did you mean 'fisher_z'?"),
        ("--test oracle", "no test 'oracle'. Known: 'auto'"),
        ("--alpha 2", "--alpha 2.0: expected a number between 0 and 1."),
        ("--alpha nan", "--alpha nan: expected a number between 0 and 1."),
        ("--alpha low", "--alpha low: expected a number such as 0.05, or auto."),
        ("--sepset majorty", "--sepset majorty is unknown"),
        ("--conflict z", "--conflict z is unknown; expected one of 'mark'"),
        ("--missing z", "--missing z is unknown; expected one of 'error'"),
        ("--degenerate z", "--degenerate z is unknown; expected one of 'error'"),
        ("--max-cond -1", "--max-cond -1: expected a non-negative integer."),
        ("--max-cond x", "--max-cond"),
        ("--fdr 3", "--fdr 3.0: expected a number between 0 and 1."),
        ("--jobs -2", "'--jobs'"),
        ("--alpha", "See: causalsim discover --help"),
        ("--out g.svg", "--out g.svg: write --svg g.svg."),
        ("--jobs 0", "--jobs 0: expected a positive integer"),
        ("--seed -1", "a seed cannot be negative; write --seed 1."),
        ("--kinds Q=discrete", "no column 'Q'. Known: 'X', 'Y', 'Z'."),
        ("--kinds X=foo", "--kinds X=foo is unknown; expected one of 'continuous'"),
        ("--kinds X=binary --kinds discrete", "write --kinds COLUMN=KIND once for each column"),
        ("--drop Q", "no column (in --drop) 'Q'. Known: 'X', 'Y', 'Z'."),
        ("--explain X Q", "no column 'Q'. Known: 'X', 'Y', 'Z'."),
        ("--explain X X", "give two different columns"),
        ("--explain X", "requires 2 arguments"),
        ("--bogus", "See: causalsim discover --help"),
        ("--out no/g.json", "the folder no does not exist; create it first"),
        ("--svg no/g.svg", "the folder no does not exist; create it first"),
        ("--out g.foo", "extension '.foo' is unknown; expected one of .json, .dot"),
        ("--svg g.png", "--svg g.png: expected a name that ends in .svg."),
        ("--html r.pdf", "expected a name that ends in .html or .htm."),
        ("--result r.pkl", "expected a name that ends in .json."),
        ("--out a.json --result a.json", "two outputs have this name"),
        ("--out folder.json", "it exists and is no file"),
        ("--knowledge k.json --result k.json", "it is read as input (k.json)"),
    ],
)
def test_bad_command_lines(run, chain, tmp_path, words, message, files):
    (tmp_path / "folder.json").mkdir()
    code, out, err = run("discover", "chain.csv", "--out", "graph.json", *words.split())
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1
    assert files() == {"chain.csv"}


def test_usage_errors_without_a_command(run):
    assert "See: causalsim --help" in run("dscover").err
    assert run("dscover").code == 2
    assert run("discover").code == 2
    assert run().code == 0


def test_alpha_by_fit_needs_numbers(run, labels):
    code, _, err = run("discover", "labels.csv", "--alpha", "auto", *OUTPUTS)
    assert code == 2
    assert "--alpha auto needs" in err


def test_outputs_are_checked_before_the_data_are_read(run):
    assert "the folder no does not" in run("discover", "absent.csv", "--svg", "no/g.svg").err


class _Interrupting(CITest):
    """A test that is interrupted when it comes to conditioning."""

    name = "interrupting"
    accepts = citest.FisherZ.accepts

    def bind(self, table):
        bound = citest.FisherZ().bind(table)
        batch = bound.batch

        def interrupted(xs, ys, givens):
            if np.shape(givens)[1]:
                raise KeyboardInterrupt
            return batch(xs, ys, givens)

        object.__setattr__(bound, "batch", interrupted)
        return bound


@pytest.fixture
def interrupting(monkeypatch):
    from causalsim.citest import _registry

    monkeypatch.setitem(_registry._SPECS, "interrupting", _Interrupting)


@pytest.mark.usefixtures("interrupting")
def test_interrupted_search_says_what_it_found(run, chain, files):
    code, out, err = run("discover", "chain.csv", "--test", "interrupting", *OUTPUTS)
    assert (code, out) == (130, "")
    assert err.count("; nothing was written.\n") == 1
    assert "not yet separated: 2 of 3 pairs\n  X --- Z\n  Y --- Z\n" in err
    assert files() == {"chain.csv"}


def interrupt(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_interrupted_drawing_leaves_nothing(run, chain, monkeypatch, files):
    monkeypatch.setattr(DiscoveryResult, "to_html", interrupt)
    code, out, err = run("discover", "chain.csv", "--quiet", *OUTPUTS)
    assert (code, out, err) == (130, "", "error: interrupted; nothing was written.\n")
    assert files() == {"chain.csv"}


def test_interrupted_writing_leaves_nothing(run, chain, monkeypatch, files):
    monkeypatch.setattr("pathlib.Path.replace", interrupt)
    assert run("discover", "chain.csv", *OUTPUTS).code == 130
    assert files() == {"chain.csv"}


def test_older_outputs_survive_a_failure(run, chain, tmp_path):
    (tmp_path / "g.json").write_text("old")
    chain.assign(C=1.0).to_csv(tmp_path / "t.csv", index=False)
    assert run("discover", "t.csv", "--out", "g.json").code == 1
    assert (tmp_path / "g.json").read_text() == "old"
    assert run("discover", "chain.csv", "--out", "g.json").code == 0
    assert (tmp_path / "g.json").read_text() != "old"


def test_bugs_show_one_line_and_a_traceback_on_request(run, chain, monkeypatch, files):
    monkeypatch.setattr(_discover, "_text", lambda *_: 1 // 0)
    code, out, err = run("discover", "chain.csv", "--quiet", *OUTPUTS)
    assert (code, out) == (1, "")
    assert "unexpected ZeroDivisionError" in err
    assert "CAUSALSIM_DEBUG=1" in err
    assert files() == {"chain.csv"}
    monkeypatch.setenv("CAUSALSIM_DEBUG", "1")
    with pytest.raises(ZeroDivisionError, match="division"):
        run("discover", "chain.csv")


def test_unwritable_folder(run, chain, monkeypatch):
    def refuse(**_):
        raise PermissionError(13, "Permission denied", ".tmp0")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    code, _, err = run("discover", "chain.csv", "--out", "g.json")
    assert code == 2
    assert err == "error: cannot write g.json: Permission denied; choose another.\n"


def test_names_that_are_too_long_are_found_before_the_run(run):
    code, _, err = run("discover", "absent.csv", "--svg", "x" * 300 + ".svg")
    assert code == 2
    assert "File name too long; choose another" in err


@pytest.mark.parametrize("words", [["discover", ""], ["discover", "chain.csv", "--out", ""]])
def test_empty_arguments_are_refused(run, chain, words):
    code, _, err = run(*words)
    assert code == 2
    assert "an argument is empty" in err


def test_a_guess_stands_in_the_refusal_and_in_the_result(run, chain, tmp_path):
    codes = pd.DataFrame({"a": np.arange(300) % 4, "b": np.arange(300) // 7 % 3})
    chain.assign(a=codes["a"]).to_csv(tmp_path / "t.csv", index=False)
    err = run("discover", "t.csv", "--quiet", "--test", "fisher_z").err
    assert "(column kinds were guessed: 'a' (4 distinct integers) as discrete)" in err
    codes.to_csv(tmp_path / "codes.csv", index=False)
    result = json.loads(run("discover", "codes.csv", "--quiet", "--json").out)
    assert any("'a' (4 distinct integers) as discrete" in note for note in result["notes"])


def test_check_knows_its_corrections(run):
    code, _, err = run("check", "dataset:asia", "absent.csv", "--correction", "None")
    assert code == 2
    assert "--correction None is unknown; expected one of 'holm', 'bh', 'by', 'none'." in err


def test_columns_are_dropped_from_parquet_without_a_change_of_type(run, tmp_path):
    codes = pd.array([0, 1, 2, None] * 50, dtype="Int64")
    frame = pd.DataFrame({"a": codes, "b": codes[np.arange(200) // 3 % 3], "t": "text"})
    frame.to_parquet(tmp_path / "t.parquet")
    words = ("t.parquet", "--missing", "listwise", "--drop", "t", "--json", "--quiet")
    assert "GSquared" in json.loads(run("discover", *words).out)["test"]


def test_explain_wants_two_words(run, chain):
    code, out, err = run("discover", "chain.csv", "--explain", "X,Y", "Z")
    assert (code, out) == (2, "")
    assert "give two names apart, as in --explain X Y" in err
