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


def test_kernel_answers_equal_those_of_causal_learn_and_qiskit(script, monkeypatch, capsys):
    kernels = script("kernels")
    monkeypatch.setattr(kernels, "warm", lambda run: (1.0, run()))
    assert kernels.single(100, 1, 1).apart <= kernels.SAME
    zhang, default = kernels.searches(4, 60, 1)
    assert (zhang[3], zhang[4], zhang[-1]) == ("`kci_zhang`", zhang[5], "yes")
    assert default[3] == "`kci`"
    assert float(kernels.grams(20, 2)[-1]) <= 1e-10


@pytest.fixture
def small(script):
    plan = script("qpc").Plan
    return plan((20,), (20,), 2, (50,), 4, (50,), 1, ("cleveland",))


def test_quantum_report_resumes_from_its_counts(script, small, tmp_path, monkeypatch, capsys):
    qpc, cells = script("qpc"), script("_quantum_cells")
    counts = tmp_path / "counts.json"
    text = qpc.report(small, counts, 1)
    for kind in (cells.Recovery, cells.Rates, script("_quantum_real").Real):
        monkeypatch.delattr(kind, "measure")
    assert qpc.report(small, counts, 1) == text


def test_quantum_tables_hold_a_tuned_gaussian_row(script, small, tmp_path, capsys):
    text = script("qpc").report(small, tmp_path / "counts.json", 1)
    tables = [part for part in text.split("\n\n") if "| `qpc_plus`" in part]
    assert len(tables) == 2 + 1 + 4 + 3 + 2
    assert all(re.search(r"\| (Gaussian, width|tuned Gaussian)", part) for part in tables)
    fork = text[text.index("### Fork") :]
    assert re.search(r"\| published, quantum +\| 8 of 30 ", fork)


def test_setting_with_most_recoveries_is_chosen(script):
    qpc, cells = script("qpc"), script("_quantum_cells")
    tried = [cells.Method("gaussian", w) for w in (1.0, 2.0)]
    tried += [cells.Method("qpc_plus", c) for c in (0.1, 0.2)]
    runs = [cells.Recovery("fork", n, method, 9, 1) for n in (20, 50) for method in tried]
    hits = [1, 5, 4, 2, 6, 3, 1, 2]
    counts = {run.key: {"hits": h} for run, h in zip(runs, hits, strict=True)}
    assert [m.value for m in qpc.tuned(runs, counts)] == [2.0, 0.1]


def test_real_subsamples_repeat_and_differ(script):
    real, method = script("_quantum_real").Real, script("_quantum_cells").Method("kci")
    first, again, other = (real("sachs", method, 50, k).rows() for k in (0, 0, 1))
    assert first.equals(again)
    assert not first.equals(other)
    assert len(first.index.unique()) == 50


def test_wilson_interval_of_no_hit(script):
    low, high = script("_quantum_report").wilson(0, 4)
    z = 1.959964
    assert low == 0.0
    assert high == pytest.approx(z**2 / (4 + z**2), abs=1e-6)


@pytest.mark.peer
def test_graphs_over_time_are_compared_with_those_of_tigramite(script, capsys):
    pytest.importorskip("tigramite")
    rows = script("temporal_discovery").race(3, 100, 1, 1)
    assert [row.ours for row in rows] == ["cs.pcmci", "cs.pcmci_plus"]
    assert all(row.ratio > 0 for row in rows)
    assert rows[0].verdict == "1 of 1"


def test_summary_graphs_are_compared_by_pairs_and_arrows(script, tmp_path):
    from causalsim.graph import TemporalGraph

    temporal = script("temporal_discovery")
    graph = TemporalGraph.from_edges(["A[t-1] --> B", "B --- C", "D --> C", "A[t-1] --> A"])
    truth = np.zeros((4, 4), bool)
    truth[[0, 2, 2], [1, 1, 3]] = True
    cells = temporal._against(graph, truth)
    assert cells == ["3", "1.00", "1.00", "0.50", "0.050", "2", "1"]
    assert temporal.brain(tmp_path / "none.csv.gz").startswith("Not run")


def test_brain_activity_is_scored(script, reference_data):
    text = script("temporal_discovery").brain(reference_data / "tcs" / "fMRI_sim5.csv.gz")
    assert text.count("\n| ") == 6
    assert [row.split()[-2] for row in text.splitlines()[2:]] == ["2", "1", "1", "0", "0", "0"]


def test_brain_activity_is_measured_alone(script):
    temporal = script("temporal_discovery")
    page = temporal.with_brain(f"# T\n\n{temporal.BRAIN_TITLE}\n\nold\n\n## Machine\n\nx\n")
    assert page.startswith(f"# T\n\n{temporal.BRAIN_TITLE}\n\nSimulation 5")
    assert page.endswith("no methods.\n\n## Machine\n\nx\n")
    assert "old" not in page


def test_drifting_chains_give_the_p_values_and_skeleton_of_causal_learn(script, capsys):
    same, defaults = script("cdnod").speed(4, 80, 1)
    assert same[1] == "the same"
    assert same[2] == same[3] == same[4]
    assert float(same[-2]) <= script("kernels").SAME
    assert same[-1] == "yes"
    assert defaults[1] == "defaults"
