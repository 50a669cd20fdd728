"""Exchangeable data: exact with an oracle, tests that hold their level, what refutes it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, chi2
from sinks import DSeparation, arrows, search
from strategies import dags

from causalsim.citest import FisherZ
from causalsim.discovery._environment_test import (
    ClusteredTest,
    PairedTest,
    Question,
    _squared_mean,
)
from causalsim.discovery._environments import Environments, read_environments
from causalsim.discovery._exchangeable import exchangeable
from causalsim.discovery._exchangeable_result import ExchangeableResult
from causalsim.discovery._exchangeable_search import join, peel
from causalsim.errors import (
    DataError,
    FormatError,
    NameNotFoundError,
    OptionError,
)
from causalsim.graph import CPDAG, DAG

LEVEL = float(np.log(0.05))


def places(sizes):
    return np.repeat(np.arange(len(sizes)), sizes)


def chain(seed, m=200, sizes=2):
    """Draw X --> Y --> Z with effects that change from place to place."""
    rng = np.random.default_rng(seed)
    place = places(np.broadcast_to(sizes, m))
    shift, noise = rng.uniform(-2, 2, (3, m))[:, place], rng.laplace(size=(3, len(place)))
    slope = rng.uniform(0.5, 3, (2, m))[:, place]
    x = shift[0] + noise[0]
    y = slope[0] * x + shift[1] + 0.5 * noise[1]
    z = slope[1] * y + shift[2] + 0.5 * noise[2]
    return pd.DataFrame({"X": x, "Y": y, "Z": z, "place": place})


def switches(seed, m=1500, rows=2):
    """Draw A --> C <-- B, C differing from A and B together by a chance of its own."""
    rng = np.random.default_rng(seed)
    chance = rng.beta(1, 3, (m, 3)).repeat(rows, axis=0)
    values = (rng.random(chance.shape) < chance).astype(int)
    values[:, 2] ^= values[:, 0] & values[:, 1]
    return pd.DataFrame(values, columns=list("ABC")).assign(place=places([rows] * m))


# -- the search, with an oracle ---------------------------------------------------------------


@given(dags(min_nodes=2))
def test_with_an_oracle_every_dag_is_found_and_every_direction_is_clear(dag):
    asked = search(DSeparation(dag), dag.nodes)
    peeling = peel(asked)
    edges = join(asked, peeling.layers)
    assert {(dag.nodes[j], dag.nodes[k]) for j, k in edges} == arrows(dag)
    assert set(edges) <= peeling.clear
    assert not peeling.refuted


@given(dags(min_nodes=2))
def test_with_an_oracle_layers_hold_the_sinks_of_what_is_left(dag):
    rest = set(range(len(dag)))
    for layer in peel(search(DSeparation(dag), dag.nodes)).layers:
        inside = dag.directed[:, sorted(rest)]
        assert layer == {i for i in rest if not inside[i].any()}
        rest -= layer
    assert not rest


# -- the tests --------------------------------------------------------------------------------


@given(st.lists(st.integers(2, 5), min_size=1, max_size=6), st.integers(0, 99))
def test_means_are_those_of_loops(sizes, seed):
    rows = np.random.default_rng(seed).normal(size=(sum(sizes), 2))
    at = Environments(None, np.array(sizes), 0)
    place = places(sizes)
    for i, here in enumerate(place):
        assert np.allclose(
            at.others(rows)[i], rows[(place == here) & (np.arange(len(rows)) != i)].mean(0)
        )
    assert np.allclose(at.means(rows), [rows[place == e].mean(0) for e in range(len(sizes))])


def test_one_product_is_tested_by_its_squared_mean():
    draws = np.random.default_rng(0).normal(0.3, 2, size=(40, 1))
    statistic = 40 * draws.mean() ** 2 / draws.var()
    assert _squared_mean(draws) == pytest.approx(chi2.logsf(statistic, 1))


def null_numbers(rng, m):
    """Draw Y --> W <-- X with a bent W: X elsewhere says nothing of W given both."""
    place = places(rng.integers(2, 5, size=m))
    shift, own = rng.uniform(-1, 1, (3, m))[:, place], rng.laplace(size=(3, len(place)))
    x, y = shift[0] + own[0], shift[1] + own[1]
    w = x * (1 + shift[2]) + np.sin(y) + x**2 + shift[2] + own[2]
    return pd.DataFrame({"X": x, "Y": y, "W": w, "place": place})


@pytest.mark.stats
@pytest.mark.parametrize(
    ("draw", "question"),
    [
        (null_numbers, ("X", "Y", "")),
        (null_numbers, ("X", "W", "XY")),
        (lambda rng, m: switches(rng, 2 * m), ("A", "C", "AB")),
        (lambda rng, m: switches(rng, 2 * m), ("A", "B", "")),
    ],
)
def test_the_clustered_test_holds_its_level(draw, question):
    x, y, others = question
    rejected = 0
    for seed in range(200):
        at = read_environments(draw(np.random.default_rng(seed), 80), "place")
        i, j, *s = map(at.table.index, (x, y, *others))
        rejected += ClusteredTest(at).log_p(Question(i, j, tuple(s), bool(others))) <= LEVEL
    assert binomtest(rejected, 200, 0.05).pvalue > 1e-3


def straight_numbers(rng, m):
    """Draw X --> Y, normal and linear."""
    place = places(rng.integers(2, 5, size=m))
    x = rng.normal(size=m)[place] + rng.normal(size=len(place))
    y = x + rng.normal(size=len(place))
    return pd.DataFrame({"A": x, "C": y, "place": place})


@pytest.mark.stats
@pytest.mark.parametrize(
    ("draw", "test", "others"),
    [
        (straight_numbers, "fisher_z", "A"),
        (lambda rng, m: switches(rng, 10 * m), "chi_squared", "AB"),
    ],
)
def test_pairs_combined_do_not_reject_too_often(draw, test, others):
    rejected = 0
    for seed in range(200):
        at = read_environments(draw(np.random.default_rng(seed), 40), "place")
        x, y, *s = map(at.table.index, ("A", "C", *others))
        question = Question(x, y, tuple(s), across=True)
        rejected += PairedTest(at, test).log_p(question) <= LEVEL
    assert binomtest(rejected, 200, 0.05, "greater").pvalue > 1e-3


def test_a_paired_table_has_two_different_rows_of_each_environment():
    frame = chain(0, 30, [2, 3, 4] * 10)
    at = read_environments(frame, "place")
    place = dict(zip(frame["X"], frame["place"], strict=True))
    tables = [PairedTest(at, FisherZ())._table(turn) for turn in range(4)]
    for table in tables:
        first, second = table.values[:, 0], table.values[:, 3]
        assert (first != second).all()
        assert [place[x] for x in first] == [place[x] for x in second]
        assert sorted(place[x] for x in first) == list(range(30))
    seen = {x for table in tables for x in table.values[:, 0]}
    assert seen == set(frame["X"])


# -- known answers ----------------------------------------------------------------------------


def test_a_chain_of_numbers_is_found():
    found = exchangeable(chain(0, 300, 4), "place")
    assert found.graph == DAG.from_edges(["X --> Y", "Y --> Z"])
    assert found.layers == (("X",), ("Y",), ("Z",))
    assert (found.n_environments, found.n, found.refuted) == (300, 1200, ())


@pytest.mark.parametrize("test", ["auto", "g_squared"])
def test_switches_are_found(test):
    found = exchangeable(switches(1, 3000), "place", test)
    assert found.graph == DAG.from_edges(["A --> C", "B --> C"], ["A", "B", "C"])
    assert found.layers == (("A", "B"), ("C",))


def test_a_shared_mechanism_refutes_the_assumption():
    rng = np.random.default_rng(0)
    place = places([3] * 200)
    shift = rng.normal(size=200)[place]
    x = shift + rng.normal(size=600)
    frame = pd.DataFrame({"X": x, "Y": x + 2 * shift + rng.normal(size=600), "place": place})
    found = exchangeable(frame, "place")
    assert found.refuted == ("X", "Y")
    assert found.graph == CPDAG.from_edges(["X --- Y"])
    assert "assumption refuted: among X, Y" in found.summary()
    forced = exchangeable(frame, "place", abstain=False)
    assert isinstance(forced.graph, DAG)
    assert forced.refuted == ("X", "Y")


def test_changes_without_a_direction_leave_an_edge_undirected():
    """Normal means and noises in one proportion give both directions the same law."""
    rng = np.random.default_rng(1)
    place = places([2] * 300)
    x, e = rng.normal(size=(2, 300))[:, place] + rng.normal(size=(2, 600))
    frame = pd.DataFrame({"X": x, "Y": x + e, "place": place})
    found = exchangeable(frame, "place")
    assert found.undecided == found.graph.edges == ("X --- Y",)
    assert not found.refuted
    assert "too weak to tell for 300 environments" in found.summary()
    forced = exchangeable(frame, "place", abstain=False)
    assert isinstance(forced.graph, DAG)
    assert (forced.graph.skeleton == found.graph.skeleton).all()
    assert forced.layers == found.layers


@pytest.mark.stats
def test_decisions_on_bent_noisy_pairs_are_mostly_right():
    right = wrong = 0
    for seed in range(200):
        frame = chain(seed, 150, 3)[["X", "Y", "place"]]
        edges = exchangeable(frame, "place").graph.edges
        right, wrong = right + (edges == ("X --> Y",)), wrong + (edges == ("Y --> X",))
    assert right > 100
    assert binomtest(wrong, 200, 0.05, "greater").pvalue > 1e-3


# -- laws -------------------------------------------------------------------------------------


@settings(max_examples=5)
@given(st.randoms(use_true_random=False), st.sampled_from(["auto", "fisher_z", "mixed"]))
def test_the_order_of_rows_and_columns_and_labels_does_not_matter(random, test):
    frame = chain(5, 40, [2, 3] * 20)
    labels = random.sample(range(1000), 40)
    moved = frame.assign(place=[f"p{labels[e]}" for e in frame["place"]])
    moved = moved.loc[random.sample(range(len(frame)), len(frame))]
    moved = moved[random.sample(list(frame), 4)]
    one, other = exchangeable(frame, "place", test), exchangeable(moved, "place", test)
    assert other.graph.reorder(one.graph.nodes) == one.graph
    assert [set(layer) for layer in other.layers] == [set(layer) for layer in one.layers]
    p_values = [
        dict(
            zip(
                map(tuple, d.tests[["about", "x", "y", "given"]].values),
                d.tests["log_p"],
                strict=True,
            )
        )
        for d in (one, other)
    ]
    assert p_values[0] == pytest.approx(p_values[1], rel=1e-6)


def test_workers_give_the_same_result_and_progress_is_told():
    told = []
    frame = chain(1, 20)[["X", "Y", "place"]]
    one = exchangeable(frame, "place", progress=lambda *step: told.append(step))
    assert exchangeable(frame, "place", n_jobs=2).to_dict() == one.to_dict()
    assert {message for *_, message in told} >= {"sinks", "edges"}


# -- the result -------------------------------------------------------------------------------


def test_a_result_survives_a_file(tmp_path):
    found = exchangeable(chain(3, 60), "place", FisherZ())
    found.save(tmp_path / "found.json")
    again = ExchangeableResult.load(tmp_path / "found.json")
    assert again == found
    assert again.summary() == repr(found)
    assert type(again.graph) is type(found.graph)
    with pytest.raises(FormatError, match="newer than this release"):
        ExchangeableResult.from_dict({**found.to_dict(), "version": 99})


@pytest.mark.parametrize(
    ("test", "name"),
    [
        ("auto", "clustered"),
        ("fisher_z", "fisher_z"),
        (FisherZ, "fisher_z"),
        (FisherZ(shrinkage=0.1), "fisher_z(shrinkage=0.1)"),
    ],
)
def test_a_result_names_its_test(test, name):
    assert exchangeable(chain(3, 20), "place", test).test.startswith(name)


def test_a_result_shows_its_decisions():
    found = exchangeable(chain(0, 100), "place")
    tests = found.tests
    assert list(tests) == ["about", "x", "y", "given", "p_value", "log_p", "rejected"]
    assert (tests["rejected"] == (tests["p_value"] <= 0.05)).all()
    assert len(tests) == len(found.decisions)
    assert set(tests["about"]) == {"sink", "edge"}
    html = found._repr_html_()
    assert "<svg" in html
    assert "100 environments of &#x27;place&#x27; with 200 rows" in html


# -- errors -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"place": 1}, "'place' has one level in 80 rows, so nothing changes"),
        ({"place": np.arange(80) // 8}, r"has 10 environments; .* Use cdnod\(data, 'place'\)"),
        (
            {"place": [99, *[3] * 3, *np.arange(4, 80) // 2]},
            "1 of 39 environments have one row: '99'",
        ),
        ({"Y": 1.0}, "'Y' is constant"),
        ({"Y": pd.date_range("2020", periods=80)}, "'Y' are times, which no test takes"),
    ],
)
def test_data_that_cannot_be_used_are_refused(change, words):
    with pytest.raises(DataError, match=words):
        exchangeable(chain(0, 40).assign(**change), "place")


def test_a_single_variable_is_refused():
    with pytest.raises(DataError, match="the data have 1 columns; expected at least two"):
        exchangeable(chain(0, 40)[["X", "place"]], "place")


def test_a_context_that_does_not_exist_is_refused():
    with pytest.raises(NameNotFoundError, match="no column 'palce'.*Did you mean 'place'"):
        exchangeable(chain(0, 40), "palce")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"context": ["place"]}, "expected the name of one column"),
        ({"alpha": 1}, "alpha=1: expected a number between 0 and 1"),
        ({"abstain": None}, "abstain=None: expected True or False"),
        ({"test": FisherZ().from_correlation(np.eye(2), n=9)}, "holds data of its own"),
        ({"n_jobs": 0}, "n_jobs=0: expected a positive integer"),
        ({"rng": -1}, "a seed cannot be negative"),
    ],
)
def test_options_that_mean_nothing_are_refused(options, words):
    with pytest.raises(OptionError, match=words):
        exchangeable(chain(0, 40), **{"context": "place", **options})


def test_too_few_environments_for_a_set_are_named():
    values = np.random.default_rng(0).normal(size=(40, 19))
    frame = pd.DataFrame(values, columns=[f"V{i}" for i in range(19)]).assign(
        place=places([2] * 20)
    )
    with pytest.raises(DataError, match="20 environments are too few for a test of"):
        exchangeable(frame, "place", "fisher_z")


def test_too_many_strata_are_named():
    values = np.random.default_rng(0).integers(0, 2, size=(40, 6)).astype(bool)
    frame = pd.DataFrame(values, columns=list("ABCDEF")).assign(place=places([2] * 20))
    with pytest.raises(DataError, match=r"split 40 rows into \d+ strata; 5 rows for each"):
        exchangeable(frame, "place")


def test_a_cause_in_the_same_layer_is_given():
    dag = DAG.from_edges(["A --> C", "B --> C", "C --> E", "E --> F", "B --> F"])
    asked = search(DSeparation(dag), dag.nodes)
    edges = join(asked, peel(asked).layers)
    assert {(dag.nodes[j], dag.nodes[k]) for j, k in edges} == arrows(dag)
