"""PC with perfect answers must find the class of the true graph, whatever the policies."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from strategies import all_dags

import causalsim as cs
from causalsim.citest import FisherZ, Oracle
from causalsim.discovery._colliders import RULES
from causalsim.discovery._orientation import POLICIES
from causalsim.graph import random_dag

NETWORKS = ("asia", "cancer", "earthquake", "survey", "sachs", "child", "alarm")


def one_of_each_class():
    """Give (CPDAG, DAG) for the 185 classes on 4 nodes."""
    return {dag.to_cpdag(): dag for dag in all_dags(4)}.items()


@pytest.mark.parametrize("stable", [True, False])
@pytest.mark.parametrize("sepset", RULES)
def test_all_classes_on_four_nodes_for_every_collider_rule(sepset, stable):
    for cpdag, dag in one_of_each_class():
        assert cs.pc(None, Oracle(dag), sepset=sepset, stable=stable).graph == cpdag


@pytest.mark.parametrize("sepset", ["majority", "first"])
@pytest.mark.parametrize("conflict", POLICIES)
def test_all_classes_on_four_nodes_for_every_conflict_policy(conflict, sepset):
    for cpdag, dag in one_of_each_class():
        found = cs.pc(None, Oracle(dag), sepset=sepset, conflict=conflict)
        assert found.graph == cpdag
        assert not any(event.rule in {"conflict", "cycle", "refused"} for event in found.events)


@pytest.mark.parametrize(
    ("name", "sepset"),
    [*product(NETWORKS, RULES), ("insurance", "majority"), ("insurance", "first")],
)
def test_the_bundled_networks_are_recovered(name, sepset):
    dag = cs.datasets.network(name).dag
    found = cs.pc(None, Oracle(dag), sepset=sepset)
    assert found.graph == dag.to_cpdag()
    assert not found.ambiguous


@pytest.mark.parametrize("conflict", POLICIES)
@pytest.mark.parametrize("name", ["asia", "sachs", "child", "alarm"])
def test_the_bundled_networks_under_every_conflict_policy(name, conflict):
    dag = cs.datasets.network(name).dag
    found = cs.pc(None, Oracle(dag), sepset="first", conflict=conflict, stable=False)
    assert found.graph == dag.to_cpdag()


def test_random_graphs_are_recovered():
    rng = np.random.default_rng(11)
    for trial in range(200):
        p = int(rng.integers(4, 21))
        dag = random_dag(p, degree=float(rng.uniform(0.5, 3.0)), rng=rng)
        found = cs.pc(
            None,
            Oracle(dag),
            sepset=RULES[trial % 5],
            conflict=POLICIES[trial // 5 % 5],
            stable=bool(trial // 25 % 2),
        )
        assert found.graph == dag.to_cpdag(), trial


def test_the_true_sepsets_separate_in_the_graph():
    dag = random_dag(15, degree=3, rng=3)
    oracle = Oracle(dag)(None)
    found = cs.pc(None, oracle, sepset="first")
    assert len(found.sepsets) == 105 - found.graph.n_edges
    for pair, given in found.sepsets.items():
        assert oracle(*sorted(pair), given).p_value == 1.0


CHAIN = cs.DAG.from_edges(["0 --> 2", "2 --> 3", "3 --> 1"], ["0", "1", "2", "3"])


@pytest.mark.parametrize(("sepset", "expected"), [("first", ("2",)), ("union", ("2", "3"))])
def test_the_sepset_of_the_ends_of_a_chain(sepset, expected):
    found = cs.pc(None, Oracle(CHAIN), sepset=sepset)
    assert found.sepsets[frozenset("01")] == expected
    assert found.sepsets[frozenset("03")] == ("2",)


def test_an_oracle_reads_the_columns_of_a_data_frame():
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(5, 4)), columns=list("3120"))
    found = cs.pc(frame, Oracle(CHAIN), max_cond=1)
    assert found.graph.nodes == ("3", "1", "2", "0")
    assert set(found.graph.edges) == {"3 --- 1", "3 --- 2", "2 --- 0"}


def test_a_cap_on_the_conditioning_sets_leaves_edges_that_need_more():
    dag = cs.DAG.from_edges(["X --> A", "X --> B", "A --> Y", "B --> Y"])
    joined = frozenset(("X", "Y"))
    full, capped = (cs.pc(None, Oracle(dag), max_cond=cap) for cap in (2, 1))
    assert full.graph == dag.to_cpdag()
    assert set(full.sepsets[joined]) == {"A", "B"}
    assert joined not in capped.sepsets
    assert capped.tests["depth"].max() <= 1


# -- population correlations -----------------------------------------------------------------


@pytest.mark.stats
@pytest.mark.parametrize("sepset", ["majority", "conservative", "first", "max_p"])
def test_population_correlations_give_the_exact_class(sepset):
    """Weights of size .5 to 1.5, n = 1e9, alpha = .99: 200 graphs with 3 to 20 nodes in all."""
    first = {"majority": 0, "conservative": 50, "first": 100, "max_p": 150}[sepset]
    for seed in range(first, first + 50):
        rng = np.random.default_rng(seed)
        p = int(rng.integers(3, 21))
        model = cs.random_scm(p, degree=min(float(rng.uniform(1, 3.5)), p - 1), rng=rng)
        bound = FisherZ().from_correlation(model.covariance(), 10**9, list(model.graph.nodes))
        found = cs.pc(None, bound, alpha=0.99, sepset=sepset)
        assert found.graph == model.graph.to_cpdag(), seed


@pytest.mark.stats
def test_population_correlations_on_the_compiled_path():
    for seed in range(10):
        model = cs.random_scm(40, degree=2, rng=seed)
        bound = FisherZ().from_correlation(model.covariance(), 10**9, list(model.graph.nodes))
        assert cs.pc(None, bound, alpha=0.99).graph == model.graph.to_cpdag(), seed
