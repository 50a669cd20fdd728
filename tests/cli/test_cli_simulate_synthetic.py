"""A synthetic benchmark from the command line: what is written, printed and refused."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from causalsim.cli._simulate_synthetic import simulate_synthetic
from causalsim.errors import NameNotFoundError, OptionError
from causalsim.graph.io import from_json

SPEC = """
nodes = ["x", "y", "z"]
length = 40
latent = 1
degree = 1.0
seed = 5
interventions = [{ x = 1.0 }]

[missing]
rate = 0.2
"""


@pytest.fixture
def settings(tmp_path):
    path = tmp_path / "spec.toml"
    path.write_text(SPEC, encoding="utf-8")
    return path


def _truth(folder):
    return from_json(json.dumps(json.loads((folder / "truth.json").read_text())["graph"]))


def test_files_and_edges(settings, tmp_path, capsys):
    simulate_synthetic(settings, tmp_path / "out")
    out, err = capsys.readouterr()
    truth = _truth(tmp_path / "out")
    assert out == f"{truth}\n"
    assert "<->" in out
    names = ["data.csv", "do_0.csv", "truth.json", "model.json", "datasheet.md"]
    assert [line for line in err.splitlines() if line.startswith("wrote ")] == [
        f"wrote {tmp_path / 'out' / name}" for name in names
    ]
    assert "note: Hidden causes have no memory" in err
    assert pd.read_csv(tmp_path / "out" / "data.csv").columns.tolist() == ["step", "x", "y", "z"]


def test_seed_and_layout(settings, tmp_path, capsys):
    simulate_synthetic(settings, tmp_path / "a", seed=5, quiet=True)
    simulate_synthetic(settings, tmp_path / "b", quiet=True)
    simulate_synthetic(settings, tmp_path / "c", seed=6, layout="tigramite", quiet=True)
    assert not capsys.readouterr().err
    read = lambda folder: (tmp_path / folder / "data.csv").read_bytes()
    assert read("a") == read("b")
    assert (tmp_path / "c" / "data.npz").exists()
    assert json.loads((tmp_path / "c" / "truth.json").read_text())["seeds"]["spec"] == 6


def test_what_is_wrong_leaves_nothing(settings, tmp_path):
    settings.write_text("lengths = 3", encoding="utf-8")
    with pytest.raises(NameNotFoundError, match="no setting 'lengths'"):
        simulate_synthetic(settings, tmp_path / "out")
    settings.write_text(SPEC, encoding="utf-8")
    with pytest.raises(OptionError, match="format='cvs' is unknown"):
        simulate_synthetic(settings, tmp_path / "out", layout="cvs")
    assert not (tmp_path / "out").exists()
    simulate_synthetic(settings, tmp_path / "out")
    with pytest.raises(OptionError, match=r"data\.csv exists"):
        simulate_synthetic(settings, tmp_path / "out")
    simulate_synthetic(settings, tmp_path / "out", overwrite=True)


@pytest.mark.usefixtures("settings")
def test_the_command(run, files):
    words = ("simulate", "--synthetic", "spec.toml", "--out", "sim")
    code, out, err = run(*words, "--layout", "npz", "--seed", "3", "--quiet")
    assert (code, err) == (0, "")
    assert "<->" in out
    assert {"sim/data.npz", "sim/truth.json", "sim/datasheet.md"} < files()
    again = run(*words, "--layout", "npz")
    assert again.code == 2
    assert "data.npz exists; write --overwrite, or choose another folder." in again.err
    assert run(*words, "--layout", "npz", "--overwrite").code == 0


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--layout cvs", "--layout cvs is unknown; expected one of 'csv', 'parquet', 'npz'"),
        ("--max-lag 2", "--max-lag does not go with --synthetic"),
        ("--no-fidelity", "--no-fidelity does not go with --synthetic"),
        ("--do x=1", "--do does not go with --synthetic"),
        ("--json", "--json does not go with --synthetic"),
    ],
)
def test_words_that_do_not_fit(run, files, words, message):
    code, _, err = run("simulate", "--synthetic", "spec.toml", "--out", "sim", *words.split())
    assert code == 2
    assert message in err
    assert files() == {"spec.toml"}


def test_settings_that_are_not_there(run, files):
    code, _, err = run("simulate", "--synthetic", "none.toml", "--out", "sim")
    assert code == 1
    assert "none.toml" in err
    assert files() == set()
