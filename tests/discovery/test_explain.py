"""Reasons: every kind of edge in words, and certificates that hold when they are checked."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from answers import Answers
from hypothesis import given
from hypothesis import strategies as st

import causalsim as cs
from causalsim.citest import FisherZ, Oracle
from causalsim.discovery._colliders import RULES
from causalsim.discovery._explain import Fact
from causalsim.discovery._orientation import POLICIES
from causalsim.discovery._pag_words import pag_words
from causalsim.discovery._result import Event
from causalsim.errors import NameNotFoundError, OptionError

SPRINKLER = cs.DAG.from_edges(["R --> W", "S --> W", "W --> F"])


def words(found, x, y):
    return str(found.explain(x, y))


def certificate_of(found, x, y):
    return found.explain(x, y).certificate.facts


def computed_again(found, bound, fact):
    """Give the p of a fact from the test itself, of all sets of neighbours if so worded."""
    phrase = fact.given[0] if len(fact.given) == 1 else ""
    if not phrase.startswith(("a set ", "every set ")):
        return bound(fact.x, fact.y, fact.given).p_value
    *_, word, middle = phrase.split(" ")
    around = (set(found.graph.adjacent(end)) for end in (fact.x, fact.y))
    sets = {
        s for near in around for k in range(len(near) + 1) for s in combinations(sorted(near), k)
    }
    asked = [s for s in sets if (middle in s) == (word == "with")]
    return max(bound(fact.x, fact.y, s).p_value for s in asked)


# -- every kind of edge ----------------------------------------------------------------------


def test_a_collider_and_what_follows_from_it():
    found = cs.pc(None, Oracle(SPRINKLER))
    collider = words(found, "R", "W")
    assert collider.startswith("R --> W\n")
    assert "No set of neighbours made them independent at alpha = 0.05" in collider
    assert "part of the collider R --> W <-- S: R and S are independent without cond" in collider
    assert words(found, "W", "R") == collider
    follows = words(found, "W", "F")
    assert "W --> F by Meek's R1: otherwise R --> W <-- F would be a new collider" in follows


@pytest.mark.parametrize(
    ("edges", "rule", "text"),
    [
        (["C --> A", "D --> A", "A --> B"], "R1", "A --> B by Meek's R1: otherwise C --> A <-- B"),
        (
            ["A --> C", "A --> D", "A --> B", "C --> B", "D --> B"],
            "R3",
            "A --> B by Meek's R3, through C and D",
        ),
    ],
)
def test_meek_rules_in_words(edges, rule, text):
    found = cs.pc(None, Oracle(cs.DAG.from_edges(edges)))
    event = next(e for e in found.events if e.rule == rule)
    assert text in words(found, event.tail, event.head)


def test_r2_in_words():
    dag = cs.DAG.from_edges(["A --> C", "C --> B", "A --> B"])
    found = cs.pc(None, Oracle(dag), knowledge={"required": ["A --> C", "C --> B"]})
    text = words(found, "A", "B")
    assert "A --> B by Meek's R2: otherwise A --> C --> B would close a cycle." in text


def test_r4_rests_on_knowledge_and_says_so():
    dag = cs.DAG.from_edges(["3 --> 2", "2 --> 1", "0 --> 1", "0 --> 2", "0 --> 3"])
    found = cs.pc(None, Oracle(dag), knowledge={"required": ["3 --> 2", "2 --> 1"]})
    text = words(found, "0", "1")
    assert "0 --> 1 by Meek's R4, through 3 and 2: otherwise a new collider would" in text
    facts = {(f.x, f.y, f.given, f.independent) for f in certificate_of(found, "0", "1")}
    edges = {(a, "0", (), False) for a in "123"}
    judged = {("3", "1", ("a set with 0",), True), ("3", "1", ("every set without 0",), False)}
    assert facts == edges | judged
    alone = words(found, "3", "2")
    assert "3 --> 2 by knowledge." in alone
    assert "Knowledge requires the edge; the pair was not tested." in alone
    assert "The arrow rests on knowledge alone." in alone
    assert "knowledge: '3 --> 2' in required" in alone


def test_an_undirected_edge_and_an_absent_one():
    chain = cs.DAG.from_edges(["X --> Y", "Y --> Z"])
    found = cs.pc(None, Oracle(chain))
    assert found.explain("X", "Y").certificate is None
    assert "The data leave the direction open" in words(found, "X", "Y")
    absent = found.explain("X", "Z")
    assert absent.edge is None
    assert str(absent) == "X and Z are not joined.\nThey are independent given {Y}: p = 1."


def test_a_pair_that_knowledge_keeps_apart():
    found = cs.pc(None, Oracle(SPRINKLER), knowledge={"forbidden": ["R --- S"]})
    text = words(found, "R", "S")
    assert "Knowledge keeps them apart; the pair was not tested." in text
    assert "knowledge: 'R --- S' in forbidden" in text
    assert "Ambiguous triple R - W - S: no test separated R and S" in words(found, "R", "W")


def test_conflicts_refusals_and_ambiguous_triples():
    clash = {"A C": 0.9, "B D": 0.9, "A D": 0.9}
    marked = cs.pc(None, Answers(tuple("ABCD"), clash), sepset="first")
    assert words(marked, "B", "C").startswith("B x-x C\n")
    assert "Rules disagree: some want B --> C, some C --> B (with A and D)." in words(
        marked, "B", "C"
    )
    assert marked.explain("B", "C").certificate is None
    kept = cs.pc(None, Answers(tuple("ABCD"), clash), sepset="first", conflict="keep")
    assert "B --> C was wanted (with D) and refused" in words(kept, "B", "C")
    tie = cs.pc(None, Answers(tuple("XYZ"), {"X Z": 0.9, "X Z Y": 0.9}))
    assert "Ambiguous triple X - Y - Z: the separating sets do not agree" in words(tie, "X", "Y")


def test_the_pair_must_be_two_known_variables():
    found = cs.pc(None, Oracle(SPRINKLER))
    with pytest.raises(OptionError, match=r"explain\('R', 'R'\): give two different"):
        found.explain("R", "R")
    with pytest.raises(NameNotFoundError, match="no node 'r'.* Did you mean 'R'"):
        found.explain("r", "W")


SERIES = cs.pcmci_plus(
    cs.random_temporal_scm(["rain", "river level", "flood"], max_lag=2, rng=3).sample(300, rng=3),
    3,
)


def test_an_arrow_out_of_a_context_is_no_knowledge_of_the_user():
    rng = np.random.default_rng(0)
    panel = [rng.normal((shift, 0), size=(60, 2)) for shift in (0, 3, 6)]
    found = cs.pcmci_plus(panel, 1, context="space")
    (event,) = [event for event in found.events if (event.tail, event.head) == ("space", "x0")]
    assert event.rule == "context"
    text = words(found, "space", "x0")
    assert "space --> x0 since nothing causes a context." in text
    assert "context" in found.edges.set_index("edge").loc["space --> x0", "rule"]


def test_a_lag_may_be_written_as_now():
    plain = str(SERIES.explain("river level", "flood"))
    assert str(SERIES.explain("river level[t]", "flood[t]")) == plain
    assert str(SERIES.explain("rain[t - 1]", "flood")) == str(SERIES.explain("rain[t-1]", "flood"))


def test_what_lies_beyond_the_largest_lag_was_not_looked_for():
    with pytest.raises(OptionError, match=r"6 steps lie beyond max_lag=3, .* lags from 0 to 3"):
        SERIES.explain("rain[t-6]", "flood")
    with pytest.raises(
        NameNotFoundError, match=r"'rian'. Known: 'rain', 'river level', 'flood'\."
    ):
        SERIES.explain("rian[t-1]", "flood")
    with pytest.raises(OptionError, match="one end lies in the present"):
        SERIES.explain("rain[t-1]", "flood[t-1]")
    with pytest.raises(OptionError, match="give two different variables"):
        SERIES.explain("rain", "rain[t]")


@pytest.mark.parametrize("sepset", [rule for rule in RULES if rule != "union"])
def test_marks_of_a_pag_name_the_sets_behind_them(sepset):
    dag = cs.DAG.from_edges(["A --> C", "B --> C", "C --> D"])
    found = cs.fci(None, Oracle(dag), sepset=sepset)
    collider = "A and B are independent without conditioning (p = 1), and the rule"
    assert f"by a collider A *-> C <-* B: {collider} {sepset!r}" in words(found, "A", "C")
    text = words(found, "C", "D")
    assert "tail at C, so C is a cause of D, or of selection: by R1: A *-> C <-* D would" in text
    apart = "A and D are independent given {C} (p = 1)"
    assert f"{apart}, and the rule {sepset!r} finds C to separate them" in text


def test_every_rule_of_a_pag_has_words():
    fact = Fact("X", "Z", (), 0.5, independent=True)
    for rule in (*(f"R{k}" for k in range(1, 11)), "collider", "knowledge", "refused"):
        for mark in ("arrow", "tail"):
            event = Event("X", "Y", rule, ("Z",), mark)
            text = pag_words(event, lambda *_: fact, "first")
            assert text.endswith(".")
            assert "{" not in text.replace("{C}", "")


# -- certificates ----------------------------------------------------------------------------


@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from(RULES),
    st.sampled_from(POLICIES),
    st.sampled_from([0.01, 0.05, 0.3]),
    st.sampled_from([None, {"required": ["V0 --> V1"], "tiers": [["V0", "V2"], ["V3"]]}]),
)
def test_the_facts_of_every_certificate_hold_when_computed_again(
    seed, sepset, conflict, alpha, told
):
    names = [f"V{i}" for i in range(6)]
    bound = FisherZ()(cs.random_scm(names, degree=3, rng=seed).sample(80, rng=seed))
    found = cs.pc(None, bound, alpha=alpha, sepset=sepset, conflict=conflict, knowledge=told)
    for i, j in np.argwhere(found.graph.directed).tolist():
        why = found.explain(names[i], names[j])
        certificate = why.certificate
        assert why.edge == f"{names[i]} --> {names[j]}"
        assert certificate.alpha_low <= alpha < certificate.alpha_high
        for fact in certificate.facts:
            again = computed_again(found, bound, fact)
            assert again == pytest.approx(fact.p_value, rel=1e-9, abs=1e-300)
            assert fact.independent == (again > alpha)
            assert str(fact) in str(why)
        required = told is not None and why.edge == "V0 --> V1"
        assert bool(certificate.facts) != required


@given(st.integers(0, 2**32 - 1))
def test_an_arrow_of_an_oracle_rests_on_facts_that_hold_in_the_graph(seed):
    dag = cs.random_dag(8, degree=2.5, rng=seed)
    oracle = Oracle(dag)(None)
    found = cs.pc(None, oracle)
    for i, j in np.argwhere(found.graph.directed).tolist():
        certificate = found.explain(dag.nodes[i], dag.nodes[j]).certificate
        assert any(fact.independent for fact in certificate.facts)
        assert (certificate.alpha_low, certificate.alpha_high) == (0.0, 1.0)
        for fact in certificate.facts:
            assert computed_again(found, oracle, fact) == float(fact.independent)


def test_the_smallest_derivation_is_taken():
    """Two colliders give R --> W; the one that leans on fewer facts is as good as any: four."""
    dag = cs.DAG.from_edges(["R --> W", "S --> W", "T --> W", "W --> F"])
    found = cs.pc(None, Oracle(dag))
    assert sum(e.head == "W" and e.tail == "R" for e in found.events) == 2
    certificate = found.explain("R", "W").certificate
    assert len(certificate.facts) == 4
    assert sum(fact.independent for fact in certificate.facts) == 1
    longer = found.explain("W", "F").certificate
    assert sum(fact.independent for fact in longer.facts) == 2
    assert len(longer.facts) == 7


def edge_between_x_and_z(bound, alpha, sepset):
    graph = cs.pc(None, bound, alpha=alpha, sepset=sepset).graph
    return next((edge for edge in graph.edges if {"X", "Z"} <= set(edge)), None)


def test_the_arrow_stands_inside_its_range_and_falls_just_outside():
    matrix = [[1, 0.08, 0.25], [0.08, 1, 0.3], [0.25, 0.3, 1]]
    bound = FisherZ().from_correlation(matrix, 200, list("XYZ"))
    found = cs.pc(None, bound, alpha=0.05, sepset="first")
    assert found.graph.edges == ("X --> Z", "Y --> Z")
    certificate = found.explain("X", "Z").certificate
    low, high = certificate.alpha_low, certificate.alpha_high
    assert high == pytest.approx(bound("X", "Y").p_value)
    assert low == pytest.approx(max(bound("X", "Z", s).p_value for s in ((), ("Y",))))
    assert 0 < low < 0.05 < high < 1
    assert "These facts hold for alpha between" in words(found, "X", "Z")
    seen = [edge_between_x_and_z(bound, a, "first") for a in (low * 1.001, high * 0.999)]
    assert seen == ["X --> Z", "X --> Z"]
    assert edge_between_x_and_z(bound, low * 0.999, "first") is None
    assert edge_between_x_and_z(bound, high * 1.001, "first") == "X --- Z"


def test_under_a_vote_the_range_holds_the_sets_that_spoke_against():
    matrix = [[1, 0.02, 0.3], [0.02, 1, 0.35], [0.3, 0.35, 1]]
    bound = FisherZ().from_correlation(matrix, 800, list("XYZ"))
    certificate = cs.pc(None, bound, alpha=0.05).explain("X", "Z").certificate
    low, high = certificate.alpha_low, certificate.alpha_high
    assert low == pytest.approx(bound("X", "Y", ["Z"]).p_value)
    assert high == pytest.approx(bound("X", "Y").p_value)
    for alpha, edge in (
        (low * 1.001, "X --> Z"),
        (high * 0.999, "X --> Z"),
        (low * 0.999, "X --- Z"),
        (high * 1.001, "X --- Z"),
    ):
        assert edge_between_x_and_z(bound, alpha, "conservative") == edge
