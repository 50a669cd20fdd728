"""PCMCI+ with perfect answers, on population correlations, and on samples."""

from __future__ import annotations

from itertools import chain, combinations

import numpy as np
import pytest
from answers import Stopping
from hypothesis import given, settings
from hypothesis import strategies as st
from series import (
    class_by_force,
    lagged,
    oracle_of,
    sample_of,
    steps_of,
    textbook_conditions,
    textbook_pc1,
)

import causalsim as cs
from causalsim.citest import FisherZ, Oracle, ParCorr
from causalsim.discovery._colliders import RULES
from causalsim.discovery._orientation import POLICIES
from causalsim.discovery._pcmci_plus import pcmci_plus
from causalsim.discovery._result import DiscoveryResult
from causalsim.errors import DataError, InterruptedRunError, KnowledgeError, OptionError
from causalsim.graph import TemporalGraph
from causalsim.graph.labels import label
from causalsim.graph.random import random_temporal_graph

ORDERLESS = ("majority", "conservative", "max_p")
SEEDS = st.integers(0, 2**32 - 1)


def true_graph(rng, most=5):
    p, lags = int(rng.integers(2, most + 1)), int(rng.integers(1, 3))
    degree = float(rng.uniform(0.5, min(2.5, (p - 1) * (0.5 + lags))))
    return random_temporal_graph(
        p, max_lag=lags, degree=degree, autoregressive=bool(rng.integers(2)), rng=rng
    )


@pytest.mark.parametrize("rule", RULES)
def test_perfect_answers_give_the_class_under_time_order(rule):
    """200 graphs over all rules and policies; the truth is found by brute force."""
    rng = np.random.default_rng(RULES.index(rule))
    for trial in range(40):
        graph = true_graph(rng)
        found = pcmci_plus(
            None, graph.max_lag, oracle_of(graph), sepset=rule, conflict=POLICIES[trial % 5]
        )
        assert found.graph == class_by_force(graph), (rule, trial, graph)
        assert not found.ambiguous
        assert not {e.rule for e in found.events} & {"conflict", "cycle", "refused"}


def test_a_larger_search_window_finds_the_same():
    graph = TemporalGraph.from_edges(["X[t-1] --> X", "X --> Y", "Y[t-1] --> Z", "Y --> Z"])
    found = pcmci_plus(None, 3, Oracle(graph.unroll(12)))
    assert found.graph.edges == graph.edges
    assert found.graph.max_lag == 3
    again = pcmci_plus(None, np.int64(3), Oracle(graph.unroll(12)))
    assert again.to_dict() == found.to_dict()


def test_population_correlations_give_the_class():
    """Weights of size .3 to .6, n = 1e9, alpha = .99, as for PC."""
    for seed in range(30):
        rng = np.random.default_rng(seed)
        graph = true_graph(rng, most=4)
        bound = population(graph, rng)
        found = pcmci_plus(None, graph.max_lag, bound, alpha=0.99, sepset=ORDERLESS[seed % 3])
        assert found.graph == class_by_force(graph), seed


def population(graph, rng, steps=25):
    """Bind Fisher's z to the exact correlations of a linear model with these edges."""
    size = np.where(graph.directed, rng.uniform(0.3, 0.6, graph.directed.shape), 0.0)
    size *= rng.choice([-1.0, 1.0], size.shape)
    size /= 1 + graph.directed.sum(axis=(0, 2)).max() / 4
    p, lags = len(graph), graph.max_lag
    matrix = np.zeros((steps * p, steps * p))
    for t in range(steps):
        for lag in range(min(t, lags) + 1):
            matrix[t * p : (t + 1) * p, (t - lag) * p : (t - lag + 1) * p] = size[:, :, lag].T
    spread = np.linalg.inv(np.eye(steps * p) - matrix)
    at = [(steps - 1 - lag) * p + i for lag in range(2 * lags + 1) for i in range(p)]
    names = [label(name, lag) for lag in range(2 * lags + 1) for name in graph.nodes]
    return FisherZ().from_correlation((spread @ spread.T)[np.ix_(at, at)], 10**9, names)


# -- samples ---------------------------------------------------------------------------------


def test_the_graph_of_tigramite():
    """tigramite 5.2.10.1 gives these edges for pc_alpha = .05, by majority and conservative."""
    edges = {"x0[t-1] --> x0", "x0 --- x1", "x0[t-1] --> x1", "x1 --> x2", "x1[t-2] --> x2"}
    for rule in ("majority", "conservative"):
        assert set(pcmci_plus(steps_of(), 2, alpha=0.05, sepset=rule).graph.edges) == edges


@given(SEEDS, st.integers(2, 5), st.sampled_from([30, 80]), st.sampled_from(ORDERLESS))
def test_the_order_of_variables_does_not_matter(seed, p, steps, rule):
    frame = sample_of(seed, p, steps)
    order = np.random.default_rng(seed).permutation(frame.columns)
    one, two = (pcmci_plus(f, 2, alpha=0.1, sepset=rule) for f in (frame, frame[order]))
    assert two.graph.reorder(one.graph.nodes) == one.graph
    assert {frozenset(t) for t in one.ambiguous} == {frozenset(t) for t in two.ambiguous}
    assert sorted(one.strengths.values()) == pytest.approx(sorted(two.strengths.values()))


@settings(max_examples=15)
@given(SEEDS, st.sampled_from(RULES), st.sampled_from(POLICIES))
def test_every_rule_and_policy_gives_a_graph_over_time(seed, rule, conflict):
    found = pcmci_plus(sample_of(seed), 2, alpha=0.3, sepset=rule, conflict=conflict)
    lagged = [event for event in found.events if event.rule == "time"]
    assert {(e.tail, e.head) for e in lagged} == {
        tuple(edge.split(" --> ")) for edge in found.graph.edges if "[t-" in edge
    }


@pytest.mark.parametrize(
    ("conflict", "seed"), [("overwrite", 295), ("bidirect", 295), ("keep", 166), ("strength", 166)]
)
def test_arrows_on_a_cycle_are_in_dispute(conflict, seed):
    noise = np.random.default_rng(seed).normal(size=(20, 9))
    found = pcmci_plus(noise, 1, alpha=0.25, sepset="max_p", conflict=conflict)
    on_cycle = {frozenset((e.tail, e.head)) for e in found.events if e.rule == "cycle"}
    assert on_cycle <= {frozenset(edge.split(" x-x ")) for edge in found.conflicts}
    assert len(on_cycle) >= 3


def textbook_search(test, p, max_lag, alpha):
    """Run the contemporaneous phase of Runge (2020) one test at a time; give all (x, y, S)."""
    chosen, log = textbook_pc1(test, p, max_lag, alpha), []
    joined = [(i, j) for i, j in combinations(range(p), 2)]
    joined += [(j, node) for j in range(p) for node in sorted(chosen[j])]
    for level in range(p):
        around = {k: {i + j - k for i, j in joined if k in (i, j) and j < p} for k in range(p)}
        left = []
        for now, node in joined:
            mine = combinations(sorted(around[now] - {node}), level)
            other = combinations(sorted(around[node] - {now}), level) if node < p else ()
            separated = False
            for s in dict.fromkeys(chain(mine, other)):
                full = {*s, *textbook_conditions(chosen, now, node)}
                log.append((now, node, *sorted(full)))
                answer = test(test.names[now], test.names[node], [test.names[k] for k in full])
                separated = answer.p_value > alpha
                if separated:
                    break
            if not separated:
                left.append((now, node))
        joined = left
    return joined, log


@given(SEEDS, st.integers(2, 5), st.integers(30, 120), st.sampled_from([0.01, 0.1, 0.3]))
def test_the_search_is_that_of_the_textbook_test_by_test(seed, p, steps, alpha):
    frame = sample_of(seed, p, steps)
    joined, log = textbook_search(ParCorr()(lagged(frame, 2)), p, 2, alpha)
    found = pcmci_plus(frame, 2, alpha=alpha, sepset="first", record="all")
    at = {name: k for k, name in enumerate(found.labels)}
    rows = found.tests[["x", "y", "given"]].itertuples(index=False)
    kept = [(at[x], at[y], *sorted(at[k] for k in s)) for x, y, s in rows]
    assert sorted(kept[-len(log) :]) == sorted(log)
    assert {(i, j) for i, j in found.pairs()} == set(joined)


@settings(max_examples=15)
@given(SEEDS, st.integers(3, 5), st.sampled_from([0.05, 0.3]))
def test_every_subset_of_contemporaneous_neighbours_votes(seed, p, alpha):
    frame = sample_of(seed, p)
    bound = ParCorr()(lagged(frame, 2))
    chosen = textbook_pc1(bound, p, 2, alpha)
    found = pcmci_plus(frame, 2, alpha=alpha, max_cond=1)
    around = [set(np.flatnonzero(row[:p]).tolist()) for row in found.static.skeleton]
    for x, y, z, separating, containing, *_ in found.votes.to_lists():
        assert max(x, y) < p
        pools = [around[x] - {z}, around[z] - {x} if z < p else set()]
        sets = {s for pool in pools for k in (0, 1) for s in combinations(sorted(pool), k)}
        base = textbook_conditions(chosen, x, z)
        asked = {s: [bound.names[k] for k in {*s, *base}] for s in sets}
        hits = [s for s in sets if bound(bound.names[x], bound.names[z], asked[s]).p_value > alpha]
        assert (len(hits), sum(y in s for s in hits)) == (separating, containing)


@settings(max_examples=15)
@given(SEEDS)
def test_the_record_holds_a_test_for_every_pair(seed):
    frame = sample_of(seed, p=4)
    found, full = (pcmci_plus(frame, 2, alpha=0.1, record=r) for r in ("decisive", "all"))
    assert len(found.tests) == 6 + 4 * 4 * 2
    assert full.graph == found.graph
    bound = ParCorr()(lagged(frame, 2))
    for x, y, given_set, p in found.tests[["x", "y", "given", "p_value"]].itertuples(index=False):
        assert p == pytest.approx(bound(x, y, given_set).p_value)
    largest = full.tests.groupby(["x", "y"])["p_value"].max()
    for x, y, p in found.tests[["x", "y", "p_value"]].itertuples(index=False):
        assert largest[x, y] == pytest.approx(p)
    joined = {frozenset((e.split(" ")[0], e.split(" ")[2])) for e in found.graph.edges}
    passed = found.tests[found.tests["p_value"] <= 0.1]
    assert {frozenset(pair) for pair in passed[["x", "y"]].itertuples(index=False)} == joined


def test_knowledge_is_kept_and_saves_tests():
    frame = sample_of(1, p=4)
    rules = cs.Knowledge(
        required=["X0[t-2] --> X1"], forbidden=["X2[t-*] --> X3"], tiers=[["X0", "X1"], ["X2"]]
    )
    found = pcmci_plus(frame, 2, alpha=0.2, knowledge=rules)
    assert "X0[t-2] --> X1" in found.graph.edges
    assert not [e for e in found.graph.edges if e.startswith("X2[t-") and e.endswith("> X3")]
    asked = {frozenset(pair) for pair in found.tests[["x", "y"]].itertuples(index=False)}
    assert not asked & {
        frozenset(("X0[t-2]", "X1")),
        frozenset(("X2[t-1]", "X3")),
        frozenset(("X2[t-1]", "X0")),
    }
    assert frozenset(("X2", "X0")) in asked
    assert not found.graph.directed[2, [0, 1]].any()
    rule = {(e.tail, e.head): e.rule for e in found.events}
    assert rule["X0[t-2]", "X1"] == "knowledge"


def test_an_edge_against_time_cannot_be_required():
    with pytest.raises(KnowledgeError, match=r"X0 --> X1\[t-1\].*no cause follows"):
        pcmci_plus(sample_of(1), 2, knowledge=cs.Knowledge(required=["X0 --> X1[t-1]"]))


@pytest.mark.parametrize(("seed", "steps", "level"), [(5, 80, 0.025), (6, 80, 0.05)])
def test_alpha_is_chosen_by_the_fit(seed, steps, level):
    """tigramite 5.2.10.1 chooses the same graphs of seven marks among three or more others."""
    found = pcmci_plus(steps_of(seed, steps), 2, alpha=None)
    assert found.options["alpha"] == level
    assert found.graph == pcmci_plus(steps_of(seed, steps), 2, alpha=level).graph
    assert np.count_nonzero(found.graph.marks) == 7
    assert f"alpha = {level:g} was chosen by the AIC of its graph" in found.notes


def test_labels_are_tested_too():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 2, 600)
    y = np.where(rng.random(600) < 0.8, np.roll(x, 1), rng.integers(0, 2, 600))
    found = pcmci_plus(np.column_stack([x, y]), 1, "g_squared", kinds="discrete")
    assert found.graph.edges == ("x0[t-1] --> x1",)


def test_a_result_is_read_back_and_explained():
    found = pcmci_plus(steps_of(), 2, alpha=0.05)
    again = DiscoveryResult.from_dict(found.to_dict())
    assert again.graph == found.graph
    assert again.tests.equals(found.tests)
    assert "by time" in str(found.explain("x0[t-1]", "x1"))
    assert found.sepsets[frozenset(("x1[t-1]", "x0"))] is not None


def test_caps_on_conditions():
    frame = sample_of(2)
    for options, most in (
        (dict(max_conds=0, max_conds_y=0, max_conds_x=0, max_cond=1), 1),
        (dict(max_conds=1, max_conds_y=1, max_conds_x=1, max_cond=0), 2),
    ):
        found = pcmci_plus(frame, 2, record="all", **options)
        assert found.tests["depth"].max() == most


def test_an_interruption_carries_what_was_found():
    bound = ParCorr()(lagged(sample_of(0), 2))
    with pytest.raises(InterruptedRunError, match="interrupted after") as caught:
        pcmci_plus(None, 2, Stopping(bound, [4]))
    assert caught.value.partial.record.n_tests > 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(alpha=1.5), r"alpha=1\.5: expected a number between 0 and 1, or None"),
        (dict(sepset="none"), "sepset='none' is unknown"),
        (dict(conflict="fight"), "conflict='fight' is unknown"),
        (dict(max_cond=-1), "max_cond=-1: expected a non-negative"),
        (dict(max_conds_x=True), "max_conds_x=True: expected a non-negative"),
        (dict(record="none"), "record='none' is unknown"),
        (dict(max_lag=0), "max_lag=0: expected a positive integer"),
        (dict(max_lag=1.0), r"max_lag=1\.0: expected a positive integer"),
        (dict(alpha=None, test="g_squared"), "by AIC needs complete continuous"),
    ],
)
def test_wrong_options_are_named(options, message):
    data = np.random.default_rng(0).integers(0, 2, (60, 2))
    kinds = "discrete" if "test" in options else "continuous"
    with pytest.raises(OptionError, match=message):
        pcmci_plus(data, **{"max_lag": 1, "kinds": kinds, **options})


def test_without_series_a_test_with_data_is_needed():
    with pytest.raises(DataError, match="series=None goes only with a bound test"):
        pcmci_plus(None, 1)
    bound = FisherZ().from_correlation(np.eye(3), 100, ["X", "X[t-2]", "X[t-1]"])
    with pytest.raises(DataError, match=r"at lags 0 to 2: 'X', 'X\[t-1\]', 'X\[t-2\]'"):
        pcmci_plus(None, 1, bound)
