"""``discover`` with contexts: interventions, degenerate columns, interruptions."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import causalsim as cs
from causalsim.cli import _console
from causalsim.cli._methods import METHODS, Method
from causalsim.cli._unfinished import unfinished
from causalsim.errors import InterruptedRunError

ARMS = ("discover", "arms.csv", "--method", "cdnod", "--context", "arm", "--test", "mixed")


@pytest.fixture
def arms(tmp_path):
    """Write three arms; y moves in a1 and a2, and x --> y."""
    rng = np.random.default_rng(0)
    arm = np.repeat(np.arange(3), 200)
    x = rng.normal(size=600)
    frame = pd.DataFrame({"x": x, "y": x + 2 * arm + rng.normal(size=600)})
    frame = frame.assign(**{"p,q": rng.normal(size=600)}, arm=[f"a{k}" for k in arm])
    frame.to_csv(tmp_path / "arms.csv", index=False)
    return frame


@pytest.mark.parametrize(
    ("words", "targets"),
    [
        (["a1=y"], {"a1": ["y"]}),
        (["a1=x,y", "a2"], {"a1": ["x", "y"], "a2": None}),
        (["a2=p,q"], {"a2": ["p,q"]}),
        (["arm=y"], {"arm": ["y"]}),
    ],
)
def test_known_interventions(run, arms, words, targets):
    given = [part for word in words for part in ("--targets", word)]
    code, out, _ = run(*ARMS, *given, "--json", "--quiet")
    assert code == 0
    expected = cs.cdnod(arms, "arm", "mixed", targets=targets, rng=0)
    assert json.loads(out)["edges"] == list(expected.graph.edges)
    assert json.loads(out)["options"]["targets"] == targets


@pytest.mark.usefixtures("arms")
def test_an_intervention_is_explained_by_its_name(run):
    words = ("--targets", "a1=y", "--targets", "a2", "--explain", "arm=a1", "y")
    code, out, _ = run(*ARMS, *words)
    assert code == 0
    assert "arm=a1 --> y" in out


@pytest.mark.usefixtures("arms")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--targets a1=x --targets a1=y", "--targets names 'a1' twice; write a1=X,Y once."),
        ("--targets a1=", "--targets a1=: expected LEVEL=X,Y, or LEVEL alone"),
        ("--targets b=y", "no context or level (in targets) 'b'. Known: 'arm', 'a0'"),
        ("--targets a1=z", "no variable (in targets) 'z'. Known: 'x', 'y', 'p,q'."),
        ("--time-kernel wide", "--time-kernel wide: expected a positive width, or auto."),
        ("--time-kernel -1", "--time-kernel -1.0: expected a positive width"),
        ("--degenerate z", "--degenerate z is unknown; expected one of 'error', 'drop', 'keep'."),
        ("--context arm", "--context arm --context arm: a column is named twice"),
        ("--explain arm z", "no column 'z'. Known: 'x', 'y', 'p,q', 'arm'."),
        ("--lags 1 --missing listwise", "write --missing testwise, or fill"),
        ("--kinds x", "--kinds x: write --kinds COLUMN=KIND once for each column"),
        ("--kinds x=discrete --kinds x=binary", "--kinds x=binary contradicts --kinds x=discrete"),
        ("--out g.bif", "probability tables need a DAG, or the class of one, and mechanisms that"),
        ("--alpha auto", "--alpha auto does not go with --method cdnod. It goes with"),
    ],
)
def test_bad_settings(run, words, message, files):
    code, out, err = run(*ARMS, "--out", "g.json", *words.split())
    assert (code, out) == (2, "")
    assert message in err
    assert files() == {"arms.csv"}


@pytest.mark.parametrize("option", ["--targets a=b", "--lags 1", "--time-kernel auto"])
def test_settings_of_one_method(run, chain, option):
    code, _, err = run("discover", "chain.csv", *option.split())
    assert code == 2
    assert f"{option.split()[0]} does not go with --method pc. It goes with --method cdnod." in err


def test_past_steps_join_every_test(run, arms, tmp_path):
    arms[["x", "y", "arm"]][::10].to_csv(tmp_path / "arms.csv", index=False)
    code, out, _ = run(*ARMS, "--lags", "1", "--json", "--quiet")
    assert code == 0
    assert json.loads(out)["options"]["lags"] == 1
    assert json.loads(out)["n"] == 57


@pytest.mark.parametrize("policy", ["error", "drop"])
def test_contexts_with_one_level_are_told_from_constant_columns(run, arms, tmp_path, policy):
    arms.assign(arm="a0").to_csv(tmp_path / "arms.csv", index=False)
    code, _, err = run(*ARMS, "--degenerate", policy)
    assert code == 1
    assert err == "error: the context 'arm' has one level, 'a0'; a change needs two.\n"


def test_knowledge_against_a_context_names_its_file(run, arms, tmp_path):
    (tmp_path / "k.toml").write_text('required = ["x --> arm"]')
    code, _, err = run(*ARMS, "--knowledge", "k.toml")
    assert code == 1
    assert err.startswith("error: k.toml: knowledge and contexts disagree about x and arm")
    assert len(arms) == 600


@pytest.fixture
def sites(tmp_path):
    """Write 60 sites of five rows in which x causes y."""
    rng = np.random.default_rng(0)
    site = np.repeat(np.arange(60), 5)
    x = 2 * rng.normal(size=60)[site] + rng.normal(size=300)
    y = x + rng.normal(size=60)[site] + rng.normal(size=300)
    frame = pd.DataFrame({"x": x, "y": y, "site": [f"s{k}" for k in site]})
    frame.to_csv(tmp_path / "sites.csv", index=False)
    return frame


SITES = ("discover", "sites.csv", "--method", "exchangeable", "--context", "site")


def test_interrupted_environments(run, sites, monkeypatch):
    from causalsim.discovery import _exchangeable_search

    def interrupted(*_, **__):
        raise InterruptedRunError("stopped", [-0.5])

    monkeypatch.setattr(_exchangeable_search, "parallel_map", interrupted)
    code, out, err = run(*SITES)
    assert (code, out) == (130, "")
    assert err == "error: interrupted after 1 test; nothing was written.\n"
    assert len(sites) == 300


@pytest.mark.usefixtures("sites")
def test_environments_give_no_class(run, tmp_path):
    code, out, err = run(*SITES, "--out", "g.bif")
    assert (code, out) == (2, "")
    assert "--method exchangeable does not give that" in err
    assert not (tmp_path / "g.bif").exists()


def test_few_environments_are_sent_to_another_method(run, arms):
    code, _, err = run(
        "discover", "arms.csv", "--method", "exchangeable", "--context", "arm", "--drop", "p,q"
    )
    assert code == 1
    assert "Use --method cdnod --context arm for few large domains." in err
    assert len(arms.columns) == 4


@pytest.mark.usefixtures("sites")
def test_no_advice_to_leave_missing_values_to_environments(run, sites, tmp_path):
    sites.loc[3, "x"] = np.nan
    sites.to_csv(tmp_path / "sites.csv", index=False)
    code, _, err = run(*SITES)
    assert code == 1
    assert "Choose --missing listwise to drop those rows.\n" in err


@pytest.mark.parametrize("partial", [None, (), [0.5], 3])
def test_an_interruption_without_skeleton_says_where_it_was(partial):
    error = InterruptedRunError("interrupted after 7 tests; error.partial holds them.", partial)
    lines = list(unfinished(error, ["x", "y"], None))
    assert lines == ["error: interrupted after 7 tests; nothing was written."]


def test_help_names_the_methods_that_choose_a_level():
    assert [name for name in METHODS if Method(name).chooses_alpha] == ["pc", "pcmci-plus"]


def test_a_log_is_told_now_and_then(monkeypatch, capsys):
    clock = iter([0.0, 10.0, 61.0, 61.0, 90.0, 130.0, 130.0])
    monkeypatch.setattr(_console.time, "monotonic", lambda: next(clock))
    tell = _console.progress(quiet=False)
    for done in range(4):
        tell(done, 9, "depth 0")
    assert capsys.readouterr().err == "depth 0: 1/9\ndepth 0: 3/9\n"
    assert _console.progress(quiet=True) is False
