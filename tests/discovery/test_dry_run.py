"""Dry runs: what is refitted, what is counted, and that it foretells what happens."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from scipy.stats import binomtest
from strategies import class_cpdags, cpdags

import causalsim as cs
from causalsim.citest import GSquared, Oracle
from causalsim.data import read_table
from causalsim.discovery import DryRun
from causalsim.discovery._dry_run import read_spec
from causalsim.discovery._refit import fit_network, near_dag
from causalsim.errors import (
    GraphError,
    InterruptedRunError,
    LimitError,
    NameNotFoundError,
    OptionError,
)
from causalsim.graph import CPDAG, DAG

SCM = cs.SCM.from_weights({"X --> Z": 0.5, "Y --> Z": 0.25, "Z --> W": 0.8})
DATA = SCM.sample(300, rng=0)


def found(data=DATA, **options):
    return cs.pc(data, "fisher_z", alpha=0.01, **options)


# -- what is counted ----------------------------------------------------------------------------


def test_strong_edges_are_found_more_often_than_weak_ones():
    trial = cs.dry_run(found(), DATA, graph=SCM.graph, repetitions=60, rng=0)
    rates = trial.edges.set_index("edge")["found"]
    assert rates["Z --> W"] == 1
    assert rates["X --> Z"] > rates["Y --> Z"] > 0.2
    assert (trial.edges["oriented"] <= trial.edges["found"]).all()
    assert trial.graph == SCM.graph.to_cpdag()


def test_rates_are_those_of_fresh_data():
    """The graph is given and n is large, so that the refitted model is near the truth."""
    scm = cs.SCM.from_weights({"X --> Y": 0.2})
    data = scm.sample(20_000, rng=1)
    result = cs.pc(data[:150], "fisher_z", alpha=0.05)
    trial = cs.dry_run(result, data, graph=scm.graph, repetitions=400, rng=2)
    fresh = [cs.pc(scm.sample(150, rng=k), "fisher_z").graph.n_edges for k in range(1000)]
    hits = round(trial.edges["found"][0] * 400)
    assert binomtest(hits, 400, np.mean(fresh)).pvalue > 1e-3
    assert trial.n == 150
    assert "fitted on other data than those that chose the graph" in " ".join(trial.notes)


def test_false_edges_come_at_the_level_of_the_test():
    data = cs.SCM.from_weights({"X --> Y": 1.0}, nodes=["X", "Y", "Z"]).sample(200, rng=3)
    result = cs.pc(data, "par_corr", alpha=0.1, max_cond=0)
    assert result.graph.edges == ("X --- Y",)
    trial = cs.dry_run(result, data, graph=DAG.from_edges(["X --> Y"], result.graph.nodes),
                       repetitions=300, rng=0)  # fmt: skip
    hits = round(trial.false_edges["rate"][0] * 300)
    assert binomtest(hits, 300, 0.1).pvalue > 1e-3
    assert trial.false_edge_rate == pytest.approx(trial.false_edges["rate"].mean())
    assert trial.false_edges["rate"].is_monotonic_decreasing


def test_distances_are_those_to_the_target():
    trial = cs.dry_run(found(), DATA, repetitions=5, rng=0)
    assert trial.shd.tolist() == [cs.metrics.shd(g, trial.graph) for g in trial.graphs]
    assert trial.expected_shd == pytest.approx(trial.shd.mean())


def test_words():
    trial = cs.dry_run(found(), DATA, repetitions=10, rng=0)
    text = trial.summary()
    assert "dry run of PC: 10 data sets of 300 rows" in text
    assert "is found in 10 of 10 runs, with these marks in" in text
    assert "it cannot show that they are" in repr(trial)
    assert "the rate can be many times too high, and false edges too few" in text
    assert "fit on held-out rows" in text
    strength = found().edges.set_index("edge")["strength"]["Z --- W"]
    assert strength > 0.5
    assert f"an edge as strong as Z --- W ({strength:+.3f}) is found in 10 of 10 runs" in text


def found_again(r, n, trials):
    """Give how often an edge of correlation r is found, and what dry runs say where it is."""
    scm = cs.SCM.from_weights({"X --> Y": r / np.sqrt(1 - r * r)})
    said = []
    for rows in (scm.sample(2 * n, rng=k) for k in range(trials)):
        result = cs.pc(rows[:n], "fisher_z", alpha=0.01)
        if result.graph.n_edges:
            runs = [
                cs.dry_run(result, part, repetitions=20, rng=0) for part in (rows[:n], rows[n:])
            ]
            said.append([run.edges["found"][0] for run in runs])
    return len(said), np.mean(said, axis=0)


@pytest.mark.stats
def test_rates_of_weak_edges_are_fair_on_held_out_rows_only():
    trials = 200
    hits, (same, held_out) = found_again(0.15, 200, trials)
    assert same > 2 * hits / trials
    assert held_out == pytest.approx(hits / trials, abs=0.08)


def test_edges_near_the_threshold_are_marked():
    result = found(SCM.sample(120, rng=10))
    trial = cs.dry_run(result, SCM.sample(120, rng=10), repetitions=5, rng=0)
    p = {frozenset(cs.graph.parse_edge(e)[:2]): v for e, v in
         zip(result.edges["edge"], result.edges["p_value"], strict=True)}  # fmt: skip
    rows = trial.edges.set_index(["x", "y"])
    assert rows["p_value"].to_dict() == {pair: p[frozenset(pair)] for pair in rows.index}
    assert set(rows["near_threshold"]) == {True, False}
    assert (rows["near_threshold"] == (rows["p_value"] > 0.001)).all()
    lines = trial.summary().splitlines()
    starred = sum(line.startswith("an edge") and line.endswith(" *") for line in lines)
    assert starred == rows["near_threshold"].sum()
    assert "* near the threshold" in trial.summary()
    assert "*" not in cs.dry_run(found(), DATA, graph=DAG.from_edges(["Z --> W"], list("XYZW")),
                                 repetitions=2, rng=0).summary()  # fmt: skip


def test_an_empty_graph():
    noise = pd.DataFrame(np.random.default_rng(5).normal(size=(100, 3)), columns=list("ABC"))
    result = cs.pc(noise, "fisher_z", alpha=0.001)
    assert result.graph.n_edges == 0
    trial = cs.dry_run(result, noise, repetitions=5, rng=0)
    assert not len(trial.edges)
    assert "the graph has no edges to find" in trial.summary()
    full = cs.dry_run(
        result,
        noise,
        graph=DAG.from_edges(["A --> B", "A --> C", "B --> C"]),
        repetitions=3,
        rng=0,
    )
    assert full.false_edge_rate == 0


def test_options_of_the_run_are_used_again():
    rules = cs.Knowledge(required=["W --> X"], forbidden=["Y --- Z"])
    result = found(knowledge=rules)
    trial = cs.dry_run(result, DATA, repetitions=5, rng=0)
    assert all("W --> X" in graph.edges for graph in trial.graphs)
    assert not any(graph.skeleton[1, 2] for graph in trial.graphs)
    assert trial.options["alpha"] == 0.01


def test_result_does_not_depend_on_workers():
    one, two = (cs.dry_run(found(), DATA, repetitions=6, rng=1, n_jobs=jobs) for jobs in (1, 2))
    assert one == two
    assert one != cs.dry_run(found(), DATA, repetitions=6, rng=2)


# -- models -----------------------------------------------------------------------------------


def test_discrete_data_are_drawn_from_tables():
    network = cs.datasets.network("cancer")
    data = network.sample(3000, rng=0)
    result = cs.pc(data, "g_squared", alpha=0.05)
    trial = cs.dry_run(result, data, graph=network.dag, repetitions=10, rng=0)
    assert "discrete network" in trial.model
    rates = trial.edges.set_index(["x", "y"])["found"]
    assert rates["Cancer", "Xray"] == 1
    assert trial.options["test"] == "GSquared(dof='observed')"


def test_tables_are_counts_with_one_pseudo_count_in_all():
    frame = pd.DataFrame({"p": [0] * 6 + [1] * 3, "c": [0, 0, 0, 1, 1, 2, 0, 0, 0]})
    table = read_table(frame, kinds="discrete")
    fitted = fit_network(DAG.from_edges(["p --> c"]), table, pseudo=6.0)
    np.testing.assert_allclose(fitted.tables["c"], np.array([[4, 3, 2], [4, 1, 1]]) / [[9], [6]])
    np.testing.assert_allclose(fitted.tables["p"], [9 / 15, 6 / 15])


def test_tables_near_the_truth_for_many_rows():
    network = cs.datasets.network("asia")
    table = read_table(network.sample(200_000, rng=0)).select(network.nodes)
    fitted = fit_network(network.dag, table)
    for name in ("asia", "smoke", "bronc", "xray"):
        np.testing.assert_allclose(fitted.tables[name], network.tables[name], atol=0.02)


def test_too_large_a_table_is_refused():
    rows = np.arange(60)
    frame = pd.DataFrame({f"v{k}": rows % 30 + (rows + k) % 2 for k in range(6)})
    table = read_table(frame, kinds="discrete", degenerate="keep")
    star = DAG.from_edges([f"v{k} --> v5" for k in range(5)])
    with pytest.raises(LimitError, match=r"the table of 'v5' given .* cells, more than 10000000"):
        fit_network(star, table)


def test_binary_columns_beside_numbers_are_taken_as_numbers():
    data = DATA.assign(X=(DATA["X"] > 0))
    result = cs.pc(data, "fisher_z", alpha=0.01)
    trial = cs.dry_run(result, data, repetitions=5, rng=0)
    assert "binary columns were taken as numbers" in trial.notes
    assert "structural causal model" in trial.model


def test_other_columns_and_missing_rows():
    data = DATA.copy()
    data.iloc[:10, 0] = np.nan
    result = found(data, missing="testwise")
    trial = cs.dry_run(result, data.assign(other=1.0), repetitions=3, rng=0)
    assert trial.n == 300
    assert "10 of 300 rows dropped" in " ".join(trial.notes)


# -- graphs without an extension ----------------------------------------------------------------


@given(class_cpdags())
def test_a_near_dag_of_a_class_is_a_member(graph):
    assert near_dag(graph).to_cpdag() == graph


@given(cpdags())
def test_a_near_dag_keeps_all_adjacencies(graph):
    np.testing.assert_array_equal(near_dag(graph).skeleton, graph.skeleton)


def test_conflicts_are_decided_and_noted():
    result = found()
    payload = result.to_dict() | {"edges": ["X x-x Z", "Y --> Z", "Z --> W"], "strengths": {}}
    trial = cs.dry_run(type(result).from_dict(payload), DATA, repetitions=3, rng=0)
    assert trial.dag.skeleton.sum() == 6
    assert "the found graph extends to no DAG: conflicting marks on 'X x-x Z'" in trial.notes[0]
    assert "0 arrows turned" in trial.notes[0]


# -- the test ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [n for n in cs.citest.names() if n not in ("oracle", "auto")])
def test_specs_are_read_back(name):
    spec = cs.citest.get(name)
    assert read_spec(repr(spec)) == spec


@pytest.mark.parametrize(
    "text",
    ["Oracle(graph=DAG.from_edges([]))", "<object at 1>", "FisherZ", "Nothing()", "FisherZ(b=1)"],
)
def test_other_texts_are_not(text):
    with pytest.raises(OptionError, match=r"cannot be rebuilt; give the spec: dry_run"):
        read_spec(text)


def test_an_oracle_has_no_data_to_repeat():
    result = cs.pc(None, Oracle(SCM.graph))
    with pytest.raises(OptionError, match="cannot be rebuilt"):
        cs.dry_run(result, DATA)


def test_a_test_can_be_given():
    network = cs.datasets.network("cancer")
    data = network.sample(500, rng=0)
    result = cs.pc(data, "chi_squared")
    trial = cs.dry_run(result, data, test=GSquared(dof="full"), repetitions=2, rng=0)
    assert trial.options["test"] == "GSquared(dof='full')"


def test_drawn_data_without_variation_fail_or_are_kept():
    rare = np.arange(200) == 0
    data = pd.DataFrame({"rare": rare, "u": np.random.default_rng(0).integers(2, size=200)})
    result = cs.pc(data, "g_squared")
    trial = cs.dry_run(result, data, repetitions=30, rng=0)
    (reason,) = trial.failures
    assert "'rare' is constant" in reason
    assert f"{30 - len(trial.graphs)} runs failed" in trial.summary()
    kept = cs.dry_run(result, data, repetitions=30, degenerate="keep", rng=0)
    assert len(kept.graphs) == 30


# -- errors -----------------------------------------------------------------------------------


def test_bad_input():
    result = found()
    with pytest.raises(OptionError, match="repetitions=0"):
        cs.dry_run(result, DATA, repetitions=0)
    with pytest.raises(OptionError, match="degenerate='drop' is unknown"):
        cs.dry_run(result, DATA, degenerate="drop")
    with pytest.raises(NameNotFoundError, match="no column 'W'"):
        cs.dry_run(result, DATA.drop(columns="W"))
    with pytest.raises(GraphError, match="reorder needs the nodes"):
        cs.dry_run(result, DATA, graph=DAG.from_edges(["X --> Y"]))
    with pytest.raises(GraphError, match="needs directed edges"):
        cs.dry_run(result, DATA, graph=cs.ADMG.from_edges(["X <-> Y"]))


def test_interruption_carries_the_runs_so_far():
    def impatient(done, total, message):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(InterruptedRunError, match="interrupted after 2 of 5 runs") as caught:
        cs.dry_run(found(), DATA, repetitions=5, rng=0, progress=impatient)
    assert len(caught.value.partial.graphs) == 2


# -- files ------------------------------------------------------------------------------------


def test_round_trips(tmp_path):
    trial = cs.dry_run(found(), DATA, repetitions=4, rng=0)
    assert DryRun.from_dict(json.loads(json.dumps(trial.to_dict()))) == trial
    trial.save(tmp_path / "d.json")
    assert DryRun.load(tmp_path / "d.json") == trial


def test_files_from_before_p_values_were_kept_still_load():
    payload = cs.dry_run(found(), DATA, repetitions=2, rng=0).to_dict()
    del payload["p_values"]
    assert DryRun.from_dict(payload).edges["p_value"].isna().all()


def test_notebook_view_has_picture_and_text():
    html = cs.dry_run(found(), DATA, repetitions=2, rng=0)._repr_html_()
    assert "<svg" in html
    assert "dry run of PC" in html


def test_a_class_may_be_given():
    graph = CPDAG.from_edges(["X --- Y", "Y --- Z", "Z --- W"], nodes=list("XZYW"))
    trial = cs.dry_run(found(), DATA, graph=graph, repetitions=2, rng=0)
    assert trial.graph.nodes == tuple(DATA.columns)
