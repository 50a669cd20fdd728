"""``causalsim simulate`` on a series: what is written, told and refused."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import causalsim as cs
from causalsim.cli._simulation import read_actions
from causalsim.errors import OptionError
from causalsim.graph import Set, Shift
from causalsim.graph.io import read

FIT = ("simulate", "s.csv", "--max-lag", "1", "--out", "sim", "--mechanism", "ridge")
QUICK = (*FIT, "--no-fidelity")
ALWAYS = {"data.csv", "truth.json", "model.json", "simulation.json"}


@pytest.fixture
def series(tmp_path) -> pd.DataFrame:
    """x remembers itself and drives y one step later; written as s.csv."""
    model = cs.TemporalSCM.from_weights({"x[t-1] --> x": 0.5, "x[t-1] --> y": 1.0})
    frame = model.sample(300, rng=0).frame()
    frame.to_csv(tmp_path / "s.csv", index=False)
    return frame


def _in(files, folder="sim"):
    return {name.removeprefix(f"{folder}/") for name in files() if name.startswith(f"{folder}/")}


@pytest.mark.usefixtures("series")
def test_files_text_and_reading_back(run, files, tmp_path):
    code, out, err = run(*QUICK, "--steps", "50", "--paths", "3", "--seed", "7")
    assert code == 0
    assert out.startswith("3 paths of 50 steps of x, y\ngraph: 2 edges\n  x[t-1] --> x\n")
    assert out.endswith("seed = 7\n")
    assert _in(files) == ALWAYS
    assert [f"wrote sim/{name}" in err for name in ALWAYS] == [True] * len(ALWAYS)
    data = pd.read_csv(tmp_path / "sim/data.csv")
    assert data.columns.tolist() == ["path", "step", "x", "y"]
    model = cs.TemporalSCM.load(tmp_path / "sim/model.json")
    assert read(tmp_path / "sim/truth.json") == model.graph
    expected = model.sample(50, 3, rng=7).array.reshape(-1, 2)
    np.testing.assert_allclose(data[["x", "y"]].to_numpy(), expected, rtol=1e-12)


@pytest.mark.usefixtures("series")
def test_the_same_command_writes_the_same_bytes(run, tmp_path):
    words = ("--steps", "30", "--paths", "2", "--quiet", "--json")
    first, second = (run(*QUICK, "--out", name, *words) for name in ("a", "b"))
    assert first == second
    assert first.err == ""
    for name in ALWAYS:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    told = json.loads(first.out)
    assert told == json.loads((tmp_path / "a/simulation.json").read_text())
    assert told["edges"] == ["x[t-1] --> x", "x[t-1] --> y"]
    assert told["options"]["max_lag"] == 1


@pytest.mark.usefixtures("series")
def test_interventions_share_the_noise(run, tmp_path):
    words = ("--steps", "40", "--paths", "2", "--do", "x=1@10:20", "--do", "y+=3@30:")
    code, out, _ = run(*QUICK, *words)
    assert code == 0
    assert "intervened: do x=1@10:20\nintervened: do y+=3@30:\n" in out
    free, done = (
        pd.read_csv(tmp_path / "sim" / name, index_col=["path", "step"])
        for name in ("data.csv", "intervened.csv")
    )
    step = free.index.get_level_values("step")
    assert (done["x"][(step >= 10) & (step < 20)] == 1).all()
    pd.testing.assert_frame_equal(free[step < 10], done[step < 10])
    late = (done["y"] - free["y"])[step > 32]
    np.testing.assert_allclose(late, 3, atol=1e-2)


@pytest.mark.usefixtures("series")
@pytest.mark.parametrize(
    ("words", "edge"),
    [
        ("--discovery ar", "y[t-1] --> y"),
        ("--discovery pcmci-plus --alpha 0.001", "x[t-1] --> y"),
        ("--discovery dense --mechanism linear", "y[t-1] --> x"),
        ("--noise student-t --joint none", "x[t-1] --> x"),
        ("--season 12 --season 7 --trend 2", "clock2.sin1 --> y"),
    ],
)
def test_options_reach_the_fit(run, words, edge):
    code, out, err = run(*QUICK, "--steps", "20", "--paths", "1", *words.split())
    assert code == 0, err
    assert f"  {edge}\n" in out


def test_columns_and_times(run, series, tmp_path):
    days = pd.date_range("2020-01-01", periods=300).astype(str)
    frame = series.assign(day=days, label="a")
    frame.to_csv(tmp_path / "s.csv", index=False)
    words = (*QUICK, "--drop", "label", "--time", "day", "--steps", "20", "--overwrite")
    code, out, _ = run(*words)
    assert code == 0
    assert "steps of x, y\n" in out
    frame.drop(index=range(100, 110)).to_csv(tmp_path / "s.csv", index=False)
    assert "the longest is 11 times the median, and the model takes each" in run(*words).out
    frame.iloc[::-1].to_csv(tmp_path / "s.csv", index=False)
    code, _, err = run(*words)
    assert code == 1
    assert "'day' does not increase from row 1 to row 2. Sort the rows by it, or leave" in err


@pytest.mark.usefixtures("series")
@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ("--max-lag 0", 2, "--max-lag 0: expected a whole number of steps, at least 1."),
        ("--max-lag 90", 1, "a fit needs at least 5 times as many"),
        ("--mechanism rigde", 2, "--mechanism rigde is unknown; expected one of 'auto', 'linear'"),
        ("--noise x", 2, "--noise x is unknown; expected one of"),
        ("--joint x", 2, "--joint x is unknown; expected one of 'auto', 'rows'"),
        ("--discovery pc", 2, "--discovery pc is unknown; expected one of 'pcmci_plus'"),
        ("--steps 0", 2, "--steps 0"),
        ("--paths 0", 2, "--paths 0"),
        ("--season 1", 2, "--season 1.0: expected more than 1 step."),
        ("--trend 1", 2, "--trend 1: a trend needs at least 2."),
        ("--do x", 2, "--do x: expected COLUMN=VALUE, or COLUMN+=VALUE"),
        ("--do x=nan", 2, "--do x=nan: expected COLUMN=VALUE"),
        ("--do x=1@5:5", 2, "--do x=1@5:5: the window ends before it starts."),
        ("--do x=1 --do x=2", 2, "--do names 'x' twice"),
        ("--alpha 2", 2, "--alpha 2"),
        ("--do z=1", 2, "no column (in --do) 'z'. Known: 'x', 'y'."),
        ("--drop z", 2, "no column (in --drop) 'z'. Known: 'x', 'y'."),
        ("--time z", 2, "'z'"),
        ("--layout npz", 2, "--layout does not go with DATA"),
        ("--budget 3", 2, "--budget does not go with a fit without --tune"),
        ("--panel svc", 2, "--panel does not go with --no-fidelity"),
        ("--null 9", 2, "--null does not go with --no-fidelity"),
        ("--tune small", 2, "--mechanism does not go with --tune, which chooses that itself"),
        ("--out s.csv", 2, "--out s.csv: s.csv is no folder; choose another."),
        ("--synthetic spec.toml", 2, "DATA does not go with --synthetic"),
    ],
)
def test_what_is_refused_leaves_nothing(run, files, words, code, message):
    before = files()
    refused = run(*QUICK, *words.split())
    assert (refused.code, refused.out) == (code, "")
    assert message in refused.err
    assert refused.err.count("\n") == 1
    assert files() == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": np.nan}, "missing values: 1 in 'x'. Fill them in, or keep a stretch of rows"),
        ({"c c": 1.0}, "constant: 'c c'; nothing can be learnt of it. Leave it out: --drop 'c c'"),
        ({"word": "a"}, "column 'word'"),
    ],
)
def test_data_that_cannot_be_used(run, series, tmp_path, files, change, message):
    frame = series.assign(**change)
    if "x" in change:
        frame.loc[5:, "x"] = series["x"]
        frame = frame.iloc[4:]
    frame.to_csv(tmp_path / "s.csv", index=False)
    code, out, err = run(*QUICK)
    assert (code, out) == (1, "")
    assert message in err
    assert files() == {"s.csv"}


@pytest.mark.usefixtures("series")
def test_an_existing_folder(run, files):
    assert run(*QUICK, "--steps", "20", "--do", "x=1").code == 0
    again = run(*QUICK, "--steps", "20")
    assert again.code == 2
    assert "sim/data.csv exists; write --overwrite, or choose another folder." in again.err
    assert run(*QUICK, "--steps", "20", "--overwrite").code == 0
    assert _in(files) == ALWAYS


@pytest.mark.parametrize("words", [(), ("s.csv",), ("--max-lag", "1")])
def test_what_is_needed(run, words):
    code, _, err = run("simulate", *words, "--out", "sim")
    assert code == 2
    assert "simulate needs" in err


@pytest.mark.usefixtures("series")
def test_an_interruption_leaves_nothing(run, monkeypatch, files):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("causalsim.simulate.tcs", interrupted)
    code, out, err = run(*QUICK)
    assert (code, out, err) == (130, "", "error: interrupted; nothing was written.\n")
    monkeypatch.undo()


@pytest.mark.usefixtures("series")
def test_an_interruption_while_writing_leaves_no_folder(run, monkeypatch, files):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("causalsim.cli._simulation.write_all", interrupted)
    code, _, err = run(*QUICK, "--out", "a/b", "--steps", "20")
    assert (code, err) == (130, "error: interrupted; nothing was written.\n")
    assert files() == {"s.csv"}


@pytest.mark.usefixtures("series")
def test_an_interrupted_search_says_where_it_goes_on(run, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("causalsim.simulate.act", interrupted)
    words = ("simulate", "s.csv", "--max-lag", "1", "--out", "sim", "--tune", "small")
    assert run(*words).err == "error: interrupted; nothing was written.\n"
    code, _, err = run(*words, "--leaderboard", "kept.json")
    assert code == 130
    assert err == "interrupted; the same command goes on from kept.json.\n"


@pytest.mark.usefixtures("series")
def test_a_closed_pipe_comes_after_the_files(run, monkeypatch, files):
    def closed(*_, **__):
        raise BrokenPipeError

    monkeypatch.setattr("causalsim.cli._simulate.typer.echo", closed)
    monkeypatch.setattr("causalsim.cli._console.os.dup2", lambda *_: None)
    monkeypatch.setattr("causalsim.cli._console.sys.stdout.fileno", lambda: 1, raising=False)
    assert run(*QUICK, "--steps", "20").code == 1
    assert _in(files) == ALWAYS


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("x=1", Set(1.0)),
        ("x=-1e3@5:", Set(-1000.0, window=(5, None))),
        ("x=0@:7", Set(0.0, window=(None, 7))),
        ("x+=2@1:3", Shift(2.0, window=(1, 3))),
        ("x+=-2", Shift(-2.0)),
    ],
)
def test_interventions_as_they_are_written(text, action):
    assert read_actions([text]) == {"x": action}


def test_names_with_signs():
    assert list(read_actions(["a=b=1", "c@d=2@1:2"])) == ["a=b", "c@d"]
    with pytest.raises(OptionError, match="expected COLUMN=VALUE"):
        read_actions(["x=1@5"])


@pytest.mark.usefixtures("series")
def test_a_search_writes_its_leaderboard(run, files, tmp_path, monkeypatch):
    rounds = (cs.simulate.Round("logistic", 2),)
    monkeypatch.setattr("causalsim.simulate._act.ROUNDS", rounds)
    words = ("simulate", "s.csv", "--max-lag", "1", "--out", "sim", "--no-fidelity")
    code, out, err = run(*words, "--tune", "small", "--budget", "1", "--leaderboard", "kept.json")
    assert code == 1
    assert "make 6 blocks of 50; a search needs at least 8. Give a longer series.\n" in err
    pd.concat([pd.read_csv(tmp_path / "s.csv")] * 2).to_csv(tmp_path / "s.csv", index=False)
    code, out, err = run(
        *words, "--tune", "small", "--budget", "1", "--leaderboard", "kept.json", "--jobs", "1"
    )
    assert code == 0, err
    assert _in(files) == {*ALWAYS, "leaderboard.csv"}
    assert "chosen: pcmci_plus(0.01) ridge auto\n" in out
    board = pd.read_csv(tmp_path / "sim/leaderboard.csv")
    assert board["chosen"].tolist() == [True]
    assert "kept.json" in files()


@pytest.mark.usefixtures("series")
def test_a_report_is_written_and_told(run, files, tmp_path):
    code, out, err = run(*FIT, "--steps", "20", "--paths", "1", "--panel", "logistic")
    assert code == 0, err
    assert _in(files) == {*ALWAYS, "fidelity.json", "fidelity.html"}
    assert "write --null 39 to fit the model again" in out
    told = json.loads((tmp_path / "sim/fidelity.json").read_text())
    assert told["format"] == "causalsim/fidelity"
    assert (tmp_path / "sim/fidelity.html").read_text().startswith("<!doctype html>")
