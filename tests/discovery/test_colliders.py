"""Collider rules: hand-made votes, and all votes counted again by brute force."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from answers import Answers
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import subsets

import causalsim as cs
from causalsim.citest import FisherZ, counted

# X - Y - Z is the triple in question; W hangs at X, so that {} W Y WY may separate X and Z.
AROUND = {"W Y X": 0.9, "W Z": 0.9}
COLLIDER, NON_COLLIDER, AMBIGUOUS = "collider", "non-collider", "ambiguous"
RULES = ("first", "union", "majority", "conservative", "max_p")
CASES = {
    "all without": (
        {"X Z": 0.3, "X Z W": 0.2},
        (COLLIDER, COLLIDER, COLLIDER, COLLIDER, COLLIDER),
    ),
    "all with": (
        {"X Z Y": 0.3, "X Z W Y": 0.2},
        (NON_COLLIDER, NON_COLLIDER, NON_COLLIDER, NON_COLLIDER, NON_COLLIDER),
    ),
    "two against one": (
        {"X Z": 0.3, "X Z W": 0.2, "X Z Y": 0.9},
        (COLLIDER, COLLIDER, COLLIDER, AMBIGUOUS, NON_COLLIDER),
    ),
    "one against two": (
        {"X Z": 0.9, "X Z Y": 0.3, "X Z W Y": 0.2},
        (COLLIDER, COLLIDER, NON_COLLIDER, AMBIGUOUS, COLLIDER),
    ),
    "a tie": (
        {"X Z": 0.3, "X Z Y": 0.4},
        (COLLIDER, COLLIDER, AMBIGUOUS, AMBIGUOUS, NON_COLLIDER),
    ),
    "a level with both": (
        {"X Z Y": 0.3, "X Z W": 0.4},
        (NON_COLLIDER, NON_COLLIDER, AMBIGUOUS, AMBIGUOUS, COLLIDER),
    ),
}


def verdict(found, x, y, z):
    if any({a, c} == {x, z} and b == y for a, b, c in found.ambiguous):
        return AMBIGUOUS
    arrows = {(e.tail, e.head) for e in found.events if e.rule == "collider"}
    return COLLIDER if {(x, y), (z, y)} <= arrows else NON_COLLIDER


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("case", CASES)
def test_each_rule_on_hand_made_votes(case, rule):
    votes, expected = CASES[case]
    bound = Answers(("X", "Y", "Z", "W"), AROUND | votes)
    found = cs.pc(None, bound, sepset=rule)
    assert not found.graph.skeleton[0, 2]
    assert verdict(found, "X", "Y", "Z") == expected[RULES.index(rule)]


def test_without_a_separating_set_in_the_final_neighbourhoods_a_triple_is_ambiguous():
    """V separates X and Z at level 1, and is then cut off both."""
    table = {"X Z V": 0.9, "V X Y": 0.9, "V Z Y": 0.9, "V Y X Z": 0.9}
    bound = Answers(("X", "Y", "Z", "V"), table)
    assert cs.pc(None, bound, sepset="first").graph.edges[:1] == ("X --> Y",)
    for rule in ("majority", "conservative"):
        found = cs.pc(None, bound, sepset=rule)
        assert ("X", "Y", "Z") in found.ambiguous


def brute_votes(bound, skeleton, x, z):
    """Give {set: log p} over every subset of adj(x) and adj(z)."""
    around = [set(np.flatnonzero(skeleton[i]).tolist()) - {x, z} for i in (x, z)]
    sets = {s for pool in around for s in subsets(sorted(pool))}
    return {
        s: bound.batch([x], [z], np.array([s], np.intp).reshape(1, len(s)))[1][0] for s in sets
    }


def brute_verdict(rule, votes, y, alpha):
    hits = [y in s for s, log_p in votes.items() if log_p > np.log(alpha)]
    within = max((p for s, p in votes.items() if y in s), default=-np.inf)
    without = max((p for s, p in votes.items() if y not in s), default=-np.inf)
    if rule == "max_p":
        return COLLIDER if without > within else NON_COLLIDER
    share = np.mean(hits) if hits else 0.5
    low, high = (0.5, 0.5) if rule == "majority" else (0.0, 1.0)
    if not hits or low < share < high or (rule == "majority" and share == 0.5):
        return AMBIGUOUS
    return COLLIDER if share <= low else NON_COLLIDER


def assert_verdicts(frame, rule, alpha):
    bound = FisherZ()(frame)
    found = cs.pc(None, bound, alpha=alpha, sepset=rule, conflict="overwrite")
    names, skeleton = found.graph.nodes, found.graph.skeleton
    expected = {COLLIDER: set(), AMBIGUOUS: set()}
    for x, z in combinations(range(len(names)), 2):
        middles = np.flatnonzero(skeleton[x] & skeleton[z]).tolist()
        if skeleton[x, z] or not middles:
            continue
        votes = brute_votes(bound, skeleton, x, z)
        for y in middles:
            told = brute_verdict(rule, votes, y, alpha)
            expected.setdefault(told, set()).add((names[x], names[y], names[z]))
    logged = {
        (*sorted((e.tail, e.because[0]), key=names.index), e.head)
        for e in found.events
        if e.rule == "collider"
    }
    assert {(x, y, z) for x, z, y in logged} == expected[COLLIDER]
    assert set(found.ambiguous) == expected[AMBIGUOUS]


@given(
    st.integers(0, 2**32 - 1),
    st.integers(3, 7),
    st.sampled_from(["majority", "conservative", "max_p"]),
    st.sampled_from([0.01, 0.2]),
)
def test_votes_are_those_of_brute_force(seed, p, rule, alpha):
    rng = np.random.default_rng(seed)
    frame = cs.random_scm(p, degree=2.5 if p > 3 else 1.5, rng=rng).sample(60, rng=rng)
    assert_verdicts(frame, rule, alpha)


@settings(max_examples=6)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["majority", "conservative", "max_p"]))
def test_compiled_votes_are_those_of_brute_force(seed, rule):
    rng = np.random.default_rng(seed)
    frame = cs.random_scm(33, degree=2, rng=rng).sample(100, rng=rng)
    assert_verdicts(frame, rule, 0.02)


def test_votes_are_counted_as_tests():
    bound = counted(FisherZ()(cs.random_scm(6, degree=3, rng=0).sample(200, rng=0)))
    first = cs.pc(None, bound, sepset="first").n_tests
    before = bound.count
    found = cs.pc(None, bound, sepset="majority")
    assert found.n_tests == bound.count - before > first


@pytest.mark.parametrize("columns", [6, 33])
def test_sets_left_out_for_their_number_are_noted(monkeypatch, columns):
    monkeypatch.setattr("causalsim.discovery._votes.MAX_SETS", 3)
    hub = [f"P{i} --> H" for i in range(4)] + ["P0 --> Z"]
    spare = [f"V{i}" for i in range(columns - 6)]
    dag = cs.DAG.from_edges(hub, ["H", "Z", *(f"P{i}" for i in range(4)), *spare])
    frame = cs.random_scm(dag, rng=0).sample(2000, rng=0)
    found = cs.pc(frame, "fisher_z", alpha=1e-4)
    assert found.graph == dag.to_cpdag()
    assert any("too many subsets to vote" in note and "H and Z" in note for note in found.notes)
