"""``discover --method``: every algorithm from the shell, and what does not go together."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import causalsim as cs
from causalsim.discovery import DiscoveryResult


@pytest.fixture
def series(tmp_path):
    """Write a series with a column of dates: x drives y one day later."""
    x, noise = np.random.default_rng(0).normal(size=(2, 200))
    frame = pd.DataFrame({"x": x, "y": np.roll(x, 1) + noise})
    frame.insert(0, "day", pd.date_range("2020-01-01", periods=200).astype(str))
    frame.to_csv(tmp_path / "series.csv", index=False)
    return frame


@pytest.mark.parametrize("method", ["pcmci", "pcmci-plus"])
def test_series_come_with_their_times(run, series, method):
    function = getattr(cs, method.replace("-", "_"))
    expected = function(series.set_index("day"), 2)
    words = ("--method", method, "--max-lag", "2", "--time", "day", "--quiet")
    code, out, err = run("discover", "series.csv", *words)
    assert (code, err) == (0, "")
    assert out.startswith(f"{expected.summary().splitlines()[0]}\n")
    assert "x[t-1] --> y" in out


def test_files_of_a_series(run, series, tmp_path):
    words = ["--out", "g.json", "--svg", "g.svg", "--html", "r.html", "--result", "r.json"]
    code, out, _ = run(
        *("discover", "series.csv", "--method", "pcmci-plus", "--max-lag", "2", "--json"),
        *("--drop", "day", *words),
    )
    assert code == 0
    loaded = DiscoveryResult.load(tmp_path / "r.json")
    assert loaded.graph == DiscoveryResult.from_dict(json.loads(out)).graph
    assert isinstance(loaded.graph, cs.TemporalGraph)
    assert loaded.graph.edges == ("x[t-1] --> y",)
    assert cs.graph.io.read(tmp_path / "g.json") == loaded.graph
    assert "x[t-1]" in (tmp_path / "r.html").read_text()


def test_a_lagged_pair_is_explained(run, series):
    words = (
        "--method",
        "pcmci-plus",
        "--max-lag",
        "2",
        "--time",
        "day",
        "--explain",
        "x[t-1]",
        "y",
    )
    code, out, _ = run("discover", "series.csv", *words)
    assert code == 0
    assert "x[t-1] --> y by time: no cause follows its effect." in out


def test_missing_steps_stay_in_their_places(run, tmp_path):
    x, noise = np.random.default_rng(0).normal(size=(2, 300))
    frame = pd.DataFrame({"x": x, "y": np.roll(x, 1) + noise})
    frame.iloc[::10, 0] = np.nan
    frame.to_csv(tmp_path / "gaps.csv", index=False)
    words = ("--method", "pcmci-plus", "--max-lag", "1", "--missing", "listwise", "--json")
    code, out, _ = run("discover", "gaps.csv", *words)
    expected = cs.pcmci_plus(frame, 1, missing="listwise")
    assert code == 0
    assert json.loads(out)["n"] == expected.n
    assert json.loads(out)["edges"] == list(expected.graph.edges)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--method pcmc", "Did you mean 'pcmci'"),
        ("--method pcmci-plus", "--method pcmci-plus needs --max-lag."),
        ("--time day", "--time does not go with --method pc."),
        ("--max-lag 2", "--max-lag does not go with --method pc."),
        ("--context x", "--context does not go with --method pc."),
        (
            "--method pcmci --max-lag 2 --sepset majority",
            "--sepset does not go with --method pcmci",
        ),
        ("--method pcmci --max-lag 2 --out g.bif", "probability tables need a DAG"),
        ("--method pcmci --max-lag 60 --time day", "--max-lag 60"),
        ("--method pcmci --max-lag 2 --time day --explain z y", "no column 'z'"),
    ],
)
def test_what_does_not_go_together(run, series, tmp_path, words, message):
    code, out, err = run("discover", "series.csv", *words.split())
    assert code in (1, 2)
    assert out == ""
    assert message in err
    assert not (tmp_path / "g.bif").exists()


@pytest.fixture
def sites(tmp_path):
    """Write 150 sites of four rows in which x causes y, and three arms in which y moves."""
    rng = np.random.default_rng(0)
    site, arm = np.repeat(np.arange(150), 4), np.repeat(np.arange(3), 200)
    x = 2 * rng.normal(size=150)[site] + rng.normal(size=600)
    y = x + rng.normal(size=150)[site] + rng.normal(size=600)
    frame = pd.DataFrame({"x": x, "y": y, "site": [f"s{k}" for k in site]})
    frame.to_csv(tmp_path / "sites.csv", index=False)
    arms = pd.DataFrame({"x": rng.normal(size=600), "arm": [f"a{k}" for k in arm]})
    arms["y"] = arms["x"] + 2 * arm + rng.normal(size=600)
    arms.to_csv(tmp_path / "arms.csv", index=False)
    return frame


def test_environments(run, sites, tmp_path):
    words = [
        "--method",
        "exchangeable",
        "--context",
        "site",
        "--html",
        "e.html",
        "--result",
        "e.json",
    ]
    code, out, _ = run("discover", "sites.csv", *words, "--svg", "e.svg", "--out", "g.json")
    assert code == 0
    assert "x --> y" in out
    assert cs.discovery.ExchangeableResult.load(tmp_path / "e.json").graph.edges == ("x --> y",)
    assert "causal de Finetti" in (tmp_path / "e.html").read_text()
    explained = run("discover", "sites.csv", *words, "--explain", "x", "y")
    assert explained.code == 0
    assert str(cs.discovery.ExchangeableResult.load(tmp_path / "e.json").explain("x", "y")) in (
        explained.out
    )


def test_domains(run, sites, tmp_path):
    words = ("--method", "cdnod", "--context", "arm", "--test", "mixed", "--result", "c.json")
    code, out, _ = run("discover", "arms.csv", *words, "--explain", "x", "y")
    assert code == 0
    assert out.startswith("changing modules: y\n")
    assert "x --> y" in out
    assert cs.discovery.CDNODResult.load(tmp_path / "c.json").changing == ("y",)


def test_hidden_causes(run, chain, tmp_path):
    words = ("--method", "fci", "--test", "fisher_z", "--out", "p.json", "--svg", "p.svg")
    code, out, _ = run("discover", "chain.csv", *words, "--explain", "X", "Z")
    assert code == 0
    assert "arrow at Z, so Z is no cause of X" in out
    assert cs.graph.io.read(tmp_path / "p.json").edges == ("X o-> Z", "Y o-> Z")
