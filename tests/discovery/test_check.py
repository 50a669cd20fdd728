"""Checking a graph: which claims are made, how often true ones are refuted, and wrong graphs."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from scipy.stats import binomtest
from strategies import admgs, dags

import causalsim as cs
from causalsim.citest import CITest, FisherZ, Oracle
from causalsim.discovery import CheckResult
from causalsim.discovery._check import adjusted
from causalsim.discovery._implied import edge_questions, implied_questions
from causalsim.errors import DataError, GraphError, NameNotFoundError, NotAClassError, OptionError
from causalsim.graph import ADMG, CPDAG, DAG, PAG
from causalsim.graph.separation import is_separated

CHAIN = cs.SCM.from_weights({"A --> B": 0.8, "B --> C": 0.8, "C --> D": 0.8})


# -- claims -----------------------------------------------------------------------------------


@given(dags(min_nodes=2))
def test_every_open_pair_of_a_dag_has_a_claim_that_holds_in_it(dag):
    asked = list(implied_questions(dag))
    assert len(asked) == np.triu(~dag.skeleton, 1).sum()
    assert all(is_separated(dag, x, y, given) for x, y, given in asked)


@given(admgs(min_nodes=2))
def test_claims_of_an_admg_hold_in_it_or_are_left_open(graph):
    for x, y, separating in implied_questions(graph):
        assert separating is None or is_separated(graph, x, y, separating)


@given(admgs(min_nodes=2))
def test_an_edge_is_judged_by_what_would_separate_its_pair_without_it(graph):
    for x, y, separating in edge_questions(graph):
        i, j = graph.indices([x, y])
        directed, bidirected = graph.directed.copy(), graph.bidirected.copy()
        directed[i, j] = directed[j, i] = bidirected[i, j] = bidirected[j, i] = False
        bare = ADMG.from_relations(graph.nodes, directed, bidirected)
        if separating is not None:
            assert is_separated(bare, x, y, separating)
            assert not is_separated(graph, x, y, separating)


@given(dags(min_nodes=2))
def test_edges_of_a_dag_are_judged_given_the_other_parents(dag):
    for x, y, separating in edge_questions(dag):
        assert x in dag.parents(y)
        assert set(separating) == set(dag.parents(y)) - {x}


@given(dags(min_nodes=2))
def test_a_graph_agrees_with_its_own_oracle(dag):
    found = cs.check(dag, None, Oracle(dag))
    assert not len(found.refuted)
    assert not len(found.unsupported)
    assert len(found.table) + len(found.support) == len(dag) * (len(dag) - 1) / 2


# -- statistics -------------------------------------------------------------------------------


@pytest.mark.parametrize("correction", ["holm", "by"])
def test_true_graphs_are_refuted_at_most_at_alpha(correction):
    scm, alpha, trials = cs.random_scm(6, degree=2, rng=4), 0.1, 200
    refuted = sum(
        len(cs.check(scm.graph, scm.sample(200, rng=k), "fisher_z", alpha=alpha,
                     correction=correction).refuted) > 0
        for k in range(trials)
    )  # fmt: skip
    assert binomtest(refuted, trials, alpha, alternative="greater").pvalue > 1e-3


def test_single_claims_are_refuted_at_alpha_without_correction():
    alpha, trials, dag = 0.1, 250, CHAIN.graph.subgraph(["A", "B", "C"])
    scm = cs.SCM.from_weights({"A --> B": 0.8, "B --> C": 0.8})
    refuted = sum(
        len(
            cs.check(dag, scm.sample(150, rng=k), "par_corr", alpha=alpha, correction=None).refuted
        )
        for k in range(trials)
    )
    assert binomtest(refuted, trials, alpha).pvalue > 1e-3


def test_an_edge_without_effect_is_supported_at_alpha():
    alpha, trials = 0.1, 250
    dag = DAG.from_edges(["A --> B", "B --> C", "A --> C"])
    scm = cs.SCM.from_weights({"A --> B": 0.8, "B --> C": 0.8})
    missed = [
        cs.check(dag, scm.sample(150, rng=k), "par_corr", alpha=alpha).unsupported
        for k in range(trials)
    ]
    supported = sum(("A", "C") not in zip(m["x"], m["y"], strict=True) for m in missed)
    assert binomtest(supported, trials, alpha).pvalue > 1e-3
    assert all(len(m) <= 1 for m in missed)


def test_a_wrong_graph_is_refuted_worst_offender_first():
    wrong = DAG.from_edges(["A --> B", "A --> C", "A --> D"])
    found = cs.check(wrong, CHAIN.sample(400, rng=0), "fisher_z")
    assert found.table["p_value"].is_monotonic_increasing
    assert found.refuted[["x", "y"]].to_numpy().tolist()[:2] in (
        [["C", "D"], ["B", "C"]],
        [["B", "C"], ["C", "D"]],
    )
    assert "3 of 3 implied independencies are refuted" in found.summary()
    assert "C not _||_ D | A" in found.summary()
    assert "a graph that passes is not proven" in repr(found)


def test_a_superfluous_edge_is_named():
    dense = DAG.from_edges([*CHAIN.graph.edges, "A --> D"])
    found = cs.check(dense, CHAIN.sample(400, rng=0), "fisher_z", alpha=0.01)
    assert found.unsupported[["x", "y", "given"]].to_numpy().tolist() == [["A", "D", ("C",)]]
    assert "1 of 4 edges could go, each alone, without the data" in found.summary()


def test_the_published_sachs_graph_against_its_data():
    published = cs.datasets.reference("sachs")
    raw = cs.check(published, cs.datasets.sachs(), "fisher_z")
    assert len(raw.table) == 38
    assert raw.refuted[["x", "y"]].to_numpy().tolist() == [["P38", "Jnk"]]
    assert len(raw.support) == 17
    everything = np.log(cs.datasets.sachs(conditions="all").drop(columns="condition"))
    assert len(cs.check(published, everything, "fisher_z").refuted) > 30


def test_discrete_data_take_their_own_test():
    network = cs.datasets.network("cancer")
    found = cs.check(network.dag, network.sample(2000, rng=0))
    assert found.test == "GSquared(dof='observed')"
    assert not len(found.refuted)


def test_refuted_claims_on_tables_with_rare_states_are_counted():
    """Pearson's statistic refutes the true graph; the likelihood ratio does not."""
    network = cs.datasets.network("alarm")
    data = network.sample(500, rng=0)
    trusting, wary = (
        cs.check(network.dag, data, test, degenerate="keep")
        for test in ("chi_squared", "g_squared")
    )
    assert not len(wary.refuted)
    assert "sparse" not in wary.summary()
    sparse = int((trusting.refuted["expected"] < 1).sum())
    assert sparse > 0
    rest = f"{sparse} of the {len(trusting.refuted)} refuted rest on sparse tables"
    assert rest in trusting.summary()
    assert "a cell expects only 0.0" in trusting.summary()
    assert CheckResult.from_dict(trusting.to_dict()) == trusting


def test_other_tests_have_no_table_that_could_be_sparse():
    found = cs.check(CHAIN.graph, CHAIN.sample(50, rng=0), "fisher_z", alpha=0.9)
    assert len(found.refuted)
    assert np.isinf(found.table["expected"]).all()
    assert "sparse" not in found.summary()


# -- corrections ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("correction", "method"), [("holm", "holm"), ("bh", "fdr_bh"), ("by", "fdr_by")]
)
def test_adjusted_p_values_agree_with_statsmodels(correction, method):
    from statsmodels.stats.multitest import multipletests

    p = np.sort(np.random.default_rng(0).random(30) ** 3)
    np.testing.assert_allclose(adjusted(p, correction), multipletests(p, method=method)[1])


def test_no_correction_changes_nothing():
    p = np.array([0.2, 0.3])
    np.testing.assert_array_equal(adjusted(p, None), p)
    assert not len(adjusted(np.array([]), "holm"))


# -- kinds of graphs --------------------------------------------------------------------------


def test_members_of_a_class_are_judged_alike():
    data = CHAIN.sample(200, rng=1)
    whole = cs.check(CHAIN.graph.to_cpdag(), data, "fisher_z")
    one = cs.check(CHAIN.graph, data, "fisher_z")
    assert sorted(whole.table["adjusted"]) == pytest.approx(sorted(one.table["adjusted"]))
    assert "undirected edges were given directions" in whole.notes


def test_latents_are_hidden_first():
    scm = cs.SCM.from_weights({"L --> X": 2.0, "L --> Y": 2.0, "X --> Z": 1.0})
    data = scm.sample(500, rng=0)[["X", "Y", "Z"]]
    found = cs.check(scm.graph, data, "fisher_z", latents="L")
    assert found.graph == scm.graph.project("L")
    assert found.table[["x", "y", "given"]].to_numpy().tolist() == [["Y", "Z", ("X",)]]
    assert not len(found.refuted)
    assert not len(found.unsupported)


def test_pairs_that_nothing_separates_are_left_untested():
    graph = ADMG.from_edges(["A --> B", "B --> C", "A <-> B", "B <-> C", "A <-> D", "D <-> C"])
    found = cs.check(graph, CHAIN.sample(100, rng=0), "fisher_z")
    tested = {frozenset(pair) for pair in found.table[["x", "y"]].to_numpy().tolist()}
    open_pairs = {frozenset(q[:2]) for q in implied_questions(graph) if q.given is None}
    assert open_pairs
    assert not tested & open_pairs
    assert open_pairs <= {frozenset(pair) for pair in found.untested}
    assert f"{len(found.untested)} pairs could not be tested" in found.summary()


def test_large_sets_and_short_data_are_left_untested():
    data = CHAIN.sample(60, rng=0)
    assert cs.check(CHAIN.graph, data, "fisher_z", max_cond=0).untested == (
        ("A", "C"),
        ("A", "D"),
        ("B", "D"),
    )
    short = cs.check(CHAIN.graph, data[:4], "fisher_z")
    assert not len(short.table)
    assert len(short.untested) == 3
    assert short.table["refuted"].dtype == bool


def test_other_columns_do_not_matter():
    data = CHAIN.sample(100, rng=0)
    more = data.assign(broken=np.nan, constant=1.0)[["constant", "D", "C", "broken", "B", "A"]]
    assert cs.check(CHAIN.graph, more, "fisher_z").table.equals(
        cs.check(CHAIN.graph, data, "fisher_z").table
    )


def test_missing_values():
    data = CHAIN.sample(300, rng=0)
    data.iloc[:20, 0] = np.nan
    with pytest.raises(DataError, match="missing values: 'A' 20"):
        cs.check(CHAIN.graph, data, "fisher_z")
    listwise = cs.check(CHAIN.graph, data, "fisher_z", missing="listwise")
    assert listwise.n == 280
    assert "20 of 300 rows dropped" in " ".join(listwise.notes)
    testwise = cs.check(CHAIN.graph, data, "fisher_z", missing="testwise")
    assert len(testwise.table) == 3


# -- errors -----------------------------------------------------------------------------------


def test_a_node_without_column_is_named():
    data = CHAIN.sample(50, rng=0).rename(columns={"D": "d"})
    with pytest.raises(
        NameNotFoundError, match=r"no column 'D'.*Did you mean 'd'\?.*latents=\[\.\.\.\]"
    ):
        cs.check(CHAIN.graph, data, "fisher_z")
    with pytest.raises(NameNotFoundError, match="no column 'D'"):
        cs.check(CHAIN.graph, None, FisherZ()(data))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(alpha=2), "alpha=2: expected a number between 0 and 1"),
        (dict(alpha=True), "alpha=True"),
        (dict(correction="bonferoni"), "correction='bonferoni' is unknown"),
        (dict(max_cond=-1), "max_cond=-1"),
        (dict(degenerate="drop"), "degenerate='drop' is unknown"),
        (dict(rng="x"), "rng='x'"),
        (dict(test=3), "test=3"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(OptionError, match=message):
        cs.check(CHAIN.graph, CHAIN.sample(50, rng=0), **options)


def test_graphs_that_claim_nothing_definite_are_refused():
    data = CHAIN.sample(50, rng=0)
    with pytest.raises(GraphError, match="graph is a PAG; check takes a DAG, ADMG or CPDAG"):
        cs.check(PAG.from_edges(["A o-> B"]), data)
    with pytest.raises(NotAClassError, match="conflicting marks on 'A x-x B'"):
        cs.check(CPDAG.from_edges(["A x-x B"]), data)
    with pytest.raises(NameNotFoundError, match="'Q'"):
        cs.check(CHAIN.graph, data, latents=["Q"])


def test_a_repeated_column_is_refused():
    data = CHAIN.sample(50, rng=0)
    data["D"] = data["A"]
    with pytest.raises(DataError, match="'D' repeats 'A'"):
        cs.check(CHAIN.graph, data)
    kept = cs.check(CHAIN.graph, data, degenerate="keep")
    assert kept.refuted[["x", "y"]].to_numpy().tolist()[0] == ["A", "D"]


# -- files ------------------------------------------------------------------------------------


@pytest.mark.parametrize("latents", [(), ("B",)])
def test_round_trips(tmp_path, latents):
    found = cs.check(CHAIN.graph, CHAIN.sample(50, rng=0), "fisher_z", latents=latents)
    assert CheckResult.from_dict(json.loads(json.dumps(found.to_dict()))) == found
    found.save(tmp_path / "c.json")
    again = CheckResult.load(tmp_path / "c.json")
    assert again == found
    pd.testing.assert_frame_equal(again.table, found.table)


def test_files_from_before_expected_counts_were_kept_still_load():
    found = cs.check(CHAIN.graph, CHAIN.sample(50, rng=0), "fisher_z")
    payload = found.to_dict()
    payload |= {part: [row[:-1] for row in payload[part]] for part in ("implied", "edges")}
    assert CheckResult.from_dict(payload) == found


def test_certainty_survives_a_file():
    dag = CHAIN.graph
    found = cs.check(dag, None, Oracle(DAG.from_edges(["A --> C"], dag.nodes))(None))
    assert found.table["p_value"].min() == 0
    assert CheckResult.from_dict(json.loads(json.dumps(found.to_dict()))) == found


def test_notebook_view_has_picture_and_text():
    html = cs.check(CHAIN.graph, CHAIN.sample(50, rng=0), "fisher_z")._repr_html_()
    assert "<svg" in html
    assert "implied independencies" in html


@pytest.mark.parametrize("test", ["fisher_z", "rcot", "kci"])
def test_answers_do_not_depend_on_the_workers(test):
    data = CHAIN.sample(60, rng=3)
    alone, shared = (cs.check(CHAIN.graph, data, test, n_jobs=jobs) for jobs in (1, 2))
    pd.testing.assert_frame_equal(alone.table, shared.table)
    pd.testing.assert_frame_equal(alone.support, shared.support)


def test_every_spec_class_is_taken():
    assert issubclass(FisherZ, CITest)
    assert cs.check(CHAIN.graph, CHAIN.sample(50, rng=0), FisherZ).test.startswith("FisherZ")


def test_a_result_in_place_of_its_graph_is_refused_with_the_way_out():
    frame = cs.random_scm(3, rng=0).sample(100, rng=1)
    with pytest.raises(GraphError, match=r"is a DiscoveryResult; .*check\(found.graph, data\)"):
        cs.check(cs.pc(frame, "fisher_z"), frame)


def test_a_class_is_said_to_be_extended_only_if_it_was():
    frame = cs.random_scm(cs.DAG.from_edges(["X --> Y", "Z --> Y"]), rng=0).sample(200, rng=1)
    directed = cs.CPDAG.from_edges(["X --> Y", "Z --> Y"])
    chain = cs.CPDAG.from_edges(["X --- Y", "Y --- Z"])
    said = "undirected edges were given directions"
    assert said not in cs.check(directed, frame).summary()
    assert said in cs.check(chain, frame).summary()
