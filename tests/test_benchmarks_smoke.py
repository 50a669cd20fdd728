"""The benchmark scripts run, and their verdicts of equality hold; no times are judged."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def script(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    contest = importlib.import_module("_contest")
    monkeypatch.setattr(contest, "warm", lambda run: (1.0, run()))
    return importlib.import_module


def test_skeletons_equal_those_of_causal_learn(script, capsys):
    discovery = script("discovery")
    rows = discovery.whole(12, ["causal-learn pc"], 2)
    rows += discovery.skeletons(12, ["causal-learn skeleton_discovery"], 1)
    assert len(rows) == 5
    for row in rows:
        assert row.verdict == ("1 of 1" if row.ours == "search" else "2 of 2")
        assert row.ratio > 0


def test_discrete_matrix_equals_that_of_causal_learn(script, capsys):
    rows = script("discovery").discrete("asia", 500, 1)
    assert {row.ours for row in rows} == {"compat.causal_learn_pc", "cs.pc(frame)"}
    assert all(row.verdict == "1 of 1" for row in rows)


def test_warm_gives_the_last_result(script):
    results = iter(range(100))
    seconds, last = script("_measure").warm(lambda: next(results), budget=10, most=7)
    assert seconds >= 0
    assert last == 6


def test_cold_runs_take_time_of_their_own(script):
    assert script("_measure").cold("sum(range(10**6))") > 0


def test_compare_counts_the_pairs_that_differ(script):
    compare = script("_contest").compare
    ours = np.array([[0, 1, 1], [1, 0, 0], [1, 0, 0]], bool)
    theirs = np.array([[0, -1, 0], [1, 0, 1], [0, -1, 0]])
    assert compare(ours, theirs) == {"pairs only ours": 1, "only theirs": 1}
    assert not compare(ours, np.where(ours, -1, 0))
    marks = np.where(ours, -1, 0)
    arrows = marks.copy()
    arrows[1, 0] = 1
    assert compare(marks, arrows) == {"marked otherwise": 1}


def test_accuracy_tabulates_every_method(script, capsys):
    accuracy, settings = script("accuracy"), script("_settings")
    text = accuracy.table(settings.linear(5)[0], (100,), 2)
    assert text.count("\n| ") == 1 + 13
    assert re.search(r"\| empty graph +\| \d+\.\d ± \d+\.\d +\| 0\.00 ± 0\.00 ", text)


def test_random_graph_has_the_density_asked_for(script):
    graph = script("_peers").random_graph(list("abcde"), 4, np.random.default_rng(0))
    assert graph.n_edges == 4


def test_sorting_by_variance_finds_a_chain_whose_variance_grows(script):
    import pandas as pd

    x, e, f = np.random.default_rng(0).normal(size=(3, 500))
    frame = pd.DataFrame({"Z": x + 2 * e + 3 * f, "Y": x + 2 * e, "X": x})
    found = script("_peers").sort_and_regress(frame, "variance")
    assert set(found.edges) == {"Y --- X", "Z --- Y"}


def test_policies_name_a_winner_that_does_not_depend_on_order(script, capsys):
    policies, settings = script("policies"), script("_settings")
    text = policies.report(settings.networks("cancer"), (100,), 2)
    winner = re.search(r"has `sepset='(\w+)', conflict='mark'`", text)
    assert winner is not None
    assert winner[1] in {"majority", "conservative", "max_p"}
    assert text.count("\n| ") == 2 + len(policies.OPTIONS) + 1


def test_grand_mean_leaves_differences_between_cells_out_of_the_interval(script):
    mean, half = script("policies").grand_mean(np.array([[1.0, 1.0], [5.0, 5.0]]))
    assert (mean, half) == (3.0, 0.0)


def test_half_width_is_that_of_student(script):
    assert script("_report").half_width([1.0, 2.0, 3.0]) == pytest.approx(2.4841, abs=1e-4)
