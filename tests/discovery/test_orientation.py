"""What becomes of edges that rules want in both directions, or around a cycle."""

from __future__ import annotations

import numpy as np
import pytest
from answers import Answers

import causalsim as cs
from causalsim.discovery._orientation import POLICIES
from causalsim.errors import NotAClassError

# A -> B <- C and B -> C <- D want the edge B - C in both directions.
CLASH = {"A C": 0.9, "B D": 0.9, "A D": 0.9, "A C B": 0.04, "B D C": 0.001}
# Meek's R1 wants A -> B because of C -> A, and B -> A because of D -> B.
MEEK_CLASH = {
    "C E": 0.9,
    "D F": 0.9,
    "B C A": 0.9,
    "B E A": 0.9,
    "A D B": 0.9,
    "A F B": 0.9,
    "C D": 0.9,
    "C F": 0.9,
    "D E": 0.9,
    "E F": 0.9,
}
# R1 wants A -> B because of C -> A, and R2 wants B -> A because of B -> D -> A.
MEEK_CYCLE = {"C D": 0.9, "B E": 0.9, "A E D": 0.9, "B C A": 0.9, "C E": 0.9}
# Four colliders, one at each corner, turn the square A B C D into a directed cycle.
SQUARE = {
    "A E": 0.9,
    "B F": 0.9,
    "C G": 0.9,
    "D H": 0.9,
    "A C B D": 0.9,
    "B D A C": 0.9,
    "B H A": 0.9,
    "C E B": 0.9,
    "D F C": 0.9,
    "A G D": 0.9,
    **dict.fromkeys(("A F", "B G", "C H", "D E", "E F", "E G", "E H", "F G", "F H"), 0.9),
    "G H": 0.9,
}
CORNERS = ["E --> B", "F --> C", "G --> D", "H --> A"]


def run(names, table, conflict, **options):
    bound = Answers(tuple(names), table)
    return cs.pc(None, bound, sepset="first", conflict=conflict, **options)


def graph(edges, names):
    return cs.CPDAG.from_edges(edges, list(names))


@pytest.mark.parametrize(
    ("conflict", "edges"),
    [
        ("mark", ["A --> B", "B x-x C", "D --> C"]),
        ("bidirect", ["A --> B", "B <-> C", "D --> C"]),
        ("overwrite", ["A --> B", "B --> C", "D --> C"]),
        ("keep", ["A --> B", "C --> B", "C --- D"]),
        ("strength", ["A --- B", "B --> C", "D --> C"]),
    ],
)
def test_two_colliders_on_one_edge(conflict, edges):
    found = run("ABCD", CLASH, conflict)
    assert found.graph == graph(edges, "ABCD")
    disputed = [edge for edge in edges if "x-x" in edge or "<->" in edge]
    assert list(found.conflicts) == disputed
    logged = {e.rule for e in found.events}
    assert ("conflict" in logged) == bool(disputed)
    assert ("refused" in logged) == (conflict in {"keep", "strength"})


@pytest.mark.parametrize(
    ("conflict", "edges"),
    [
        ("mark", ["A --> B", "B x-x C", "D --> C"]),
        ("overwrite", ["A --> B", "C --> B", "D --> C"]),
        ("keep", ["A --- B", "B --> C", "D --> C"]),
        ("strength", ["A --- B", "B --> C", "D --> C"]),
    ],
)
def test_sequential_policies_follow_the_order_of_columns(conflict, edges):
    found = run("DCBA", CLASH, conflict)
    assert found.graph.reorder(tuple("ABCD")) == graph(edges, "ABCD")


def test_a_conflict_stands_at_both_ends_and_is_no_latent_cause():
    marked, bidirected = (run("ABCD", CLASH, conflict).graph for conflict in ("mark", "bidirect"))
    assert marked.marks[1, 2] == marked.marks[2, 1] == 4
    assert bidirected.marks[1, 2] == bidirected.marks[2, 1] == 2
    assert not marked.is_class()
    assert not bidirected.is_class()


def test_meek_arrows_of_one_round_count_together():
    fixed = ["C --> A", "E --> A", "D --> B", "F --> B"]
    marked = run("ABCDEF", MEEK_CLASH, "mark")
    assert marked.graph == graph([*fixed, "A x-x B"], "ABCDEF")
    (event,) = (e for e in marked.events if e.rule == "conflict")
    assert {event.tail, event.head} == {"A", "B"}
    for conflict in ("overwrite", "bidirect", "keep", "strength"):
        found = run("ABCDEF", MEEK_CLASH, conflict)
        assert found.graph == graph([*fixed, "A --> B"], "ABCDEF")
        moved = run("BACDEF", MEEK_CLASH, conflict)
        assert moved.graph.reorder(tuple("ABCDEF")) == graph([*fixed, "B --> A"], "ABCDEF")


def test_sequential_policies_refuse_a_meek_arrow_that_would_close_a_cycle():
    fixed = ["C --> A", "D --> A", "B --> D", "E --> D"]
    assert run("ABCDE", MEEK_CYCLE, "mark").graph == graph([*fixed, "A x-x B"], "ABCDE")
    for conflict in ("overwrite", "bidirect", "keep", "strength"):
        found = run("ABCDE", MEEK_CYCLE, conflict)
        assert found.graph == graph([*fixed, "B --> A"], "ABCDE")
        refused = [(e.tail, e.head) for e in found.events if e.rule == "refused"]
        assert ("A", "B") in refused


def test_arrows_on_a_directed_cycle_are_marked():
    found = run("ABCDEFGH", SQUARE, "mark")
    cycle = ["A x-x B", "B x-x C", "C x-x D", "A x-x D"]
    assert found.graph == graph([*CORNERS, *cycle], "ABCDEFGH")
    assert {frozenset((e.tail, e.head)) for e in found.events if e.rule == "cycle"} == {
        frozenset(pair) for pair in ("AB", "BC", "CD", "AD")
    }
    assert "lies on a directed cycle" in str(found.explain("A", "B"))


@pytest.mark.parametrize("conflict", ["overwrite", "bidirect", "keep", "strength"])
def test_colliders_of_sequential_policies_may_make_a_cycle_which_no_class_has(conflict):
    found = run("ABCDEFGH", SQUARE, conflict).graph
    assert {"A --> B", "B --> C", "C --> D", "D --> A"} <= set(found.edges)
    with pytest.raises(NotAClassError, match="directed cycle among .*'B --> C'"):
        found.extension()


@pytest.mark.parametrize(
    "rules", [{"required": ["A --> B"]}, {"forbidden": ["B --> A"]}, {"tiers": [["A"], ["B"]]}]
)
def test_on_a_cycle_knowledge_stands_and_data_yield(rules):
    found = run("ABCDEFGH", SQUARE, "mark", knowledge=rules)
    cycle = ["A --> B", "B x-x C", "C x-x D", "A x-x D"]
    assert found.graph == graph([*CORNERS, *cycle], "ABCDEFGH")


def test_arrows_that_knowledge_only_allows_are_marked_when_they_alone_make_a_cycle():
    rules = {"forbidden": ["B --> A", "C --> B", "D --> C", "A --> D"]}
    found = run("ABCDEFGH", SQUARE, "mark", knowledge=rules)
    cycle = ["A x-x B", "B x-x C", "C x-x D", "A x-x D"]
    assert found.graph == graph([*CORNERS, *cycle], "ABCDEFGH")


def test_r1_does_not_lean_on_an_ambiguous_triple():
    """V -> X <- W gives X -> Y; whether Y -> Z follows depends on the triple X - Y - Z."""
    table = {"V W": 0.9, "V Y X": 0.9, "W Y X": 0.9, "V Z": 0.9, "W Z": 0.9}
    fixed = ["V --> X", "W --> X", "X --> Y"]
    for votes, last in (
        ({"X Z Y": 0.9}, "Y --> Z"),
        ({"X Z": 0.9}, "Z --> Y"),
        ({"X Z Y": 0.9, "X Z": 0.9}, "Y --- Z"),
    ):
        found = cs.pc(None, Answers(tuple("VWXYZ"), table | votes), sepset="majority")
        assert found.graph == graph([*fixed, last], "VWXYZ")
        assert (("X", "Y", "Z") in found.ambiguous) == (last == "Y --- Z")


@pytest.mark.parametrize("conflict", POLICIES)
def test_the_log_retells_the_graph(conflict):
    """Replaying the events in order gives every directed edge, and no other."""
    for seed in range(30):
        frame = cs.random_scm(7, degree=3, rng=seed).sample(60, rng=seed)
        found = cs.pc(frame, "fisher_z", alpha=0.1, sepset="first", conflict=conflict)
        marks = {}
        for event in found.events:
            pair = frozenset((event.tail, event.head))
            if event.rule in {"conflict", "cycle"}:
                marks[pair] = None
            elif event.rule != "refused":
                marks[pair] = event.head
        g = found.graph
        told = {(g.nodes[i], g.nodes[j]) for i, j in np.argwhere(g.directed)}
        assert told == {(*(pair - {head}), head) for pair, head in marks.items() if head}
        assert len(g.conflicts) == sum(head is None for head in marks.values())
