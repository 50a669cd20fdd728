"""Zhang's rules: all graphs on four nodes with hidden causes and selection, and single rules."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from itertools import combinations, pairwise, permutations, product

import numpy as np
import pytest
from answers import Answers
from strategies import subsets

from causalsim.discovery._colliders import Verdict
from causalsim.discovery._fci import fci
from causalsim.discovery._orientation import Step
from causalsim.discovery._pag_marks import Marking, Pattern
from causalsim.discovery._pag_rules import _uncovered, close
from causalsim.graph import PAG, Mark

NONE, CIRCLE, ARROW, TAIL = Mark.NONE, Mark.CIRCLE, Mark.ARROW, Mark.TAIL
EDGES = ((NONE, NONE), (TAIL, ARROW), (ARROW, TAIL), (ARROW, ARROW), (TAIL, TAIL))
NODES = tuple("ABCD")


# -- every maximal ancestral graph on four nodes, by listing paths ----------------------------


def descendants(marks):
    """Tell what directed paths of length one or more reach; shape (p, p)."""
    reach = (marks == ARROW) & (marks.T == TAIL)
    for k in range(len(marks)):
        reach = reach | (reach[:, [k]] & reach[[k], :])
    return reach


def is_ancestral(marks):
    """No cycle, no arrow at an ancestor of its other end, none at the end of an ``---``."""
    reach, lines = descendants(marks), (marks == TAIL) & (marks.T == TAIL)
    into = (marks == ARROW).any(axis=0)
    almost = (reach & (marks.T == ARROW)).any()
    return not (reach.diagonal().any() or almost or (lines.any(axis=0) & into).any())


@cache
def all_paths(p, x, y):
    """Give every sequence of distinct nodes from x to y."""
    others = [k for k in range(p) if k not in (x, y)]
    return [(x, *inner, y) for inner in (q for s in subsets(others) for q in permutations(s))]


def is_separated(marks, reach, x, y, given):
    """Judge all paths: colliders must be above ``given``, other inner nodes outside of it."""
    above = set(given) | {k for k, row in enumerate(reach) if any(row[s] for s in given)}
    for path in all_paths(len(marks), x, y):
        if all(marks[i][j] for i, j in pairwise(path)) and all(
            b in above if marks[a][b] == ARROW == marks[c][b] else b not in given
            for a, b, c in zip(path, path[1:], path[2:], strict=False)
        ):
            return False
    return True


@cache
def classes():
    """Give the separations of each class of maximal ancestral graphs, and its members' marks."""
    p = len(NODES)
    pairs = list(combinations(range(p), 2))
    found = defaultdict(list)
    for choice in product(EDGES, repeat=len(pairs)):
        marks = np.zeros((p, p), np.uint8)
        for (i, j), (at_i, at_j) in zip(pairs, choice, strict=True):
            marks[j, i], marks[i, j] = at_i, at_j
        if not is_ancestral(marks):
            continue
        rows, reach = marks.tolist(), descendants(marks).tolist()
        separations = frozenset(
            (i, j, given)
            for i, j in pairs
            if not marks[i, j]
            for given in subsets(k for k in range(p) if k not in (i, j))
            if is_separated(rows, reach, i, j, given)
        )
        if {(i, j) for i, j, _ in separations} == {e for e in pairs if not marks[e]}:
            found[separations].append(marks)
    return dict(found)


def shared(members):
    """Keep the marks on which all members agree."""
    stack = np.array(members)
    same = (stack == stack[0]).all(axis=0)
    return PAG(NODES, np.where(same, stack[0], CIRCLE))


def oracle(separations, names=NODES):
    """Make a test that knows which separations hold."""
    return Answers(names, {" ".join(names[k] for k in (i, j, *s)): 1.0 for i, j, s in separations})


def unlike():
    """Give one class of each shape: the others are the same with other names."""
    seen = set()
    for separations, members in classes().items():
        if separations not in seen:
            for order in permutations(range(len(NODES))):
                seen.add(frozenset(renamed(separations, order)))
            yield separations, members


def renamed(separations, order):
    for i, j, given in separations:
        x, y = sorted((order[i], order[j]))
        yield x, y, tuple(sorted(order[k] for k in given))


@pytest.mark.parametrize("sepset", ["conservative", "majority", "max_p", "first"])
def test_all_classes_on_four_nodes_with_selection(sepset):
    assert len(list(unlike())) > 20
    for separations, members in unlike():
        found = fci(None, oracle(separations), sepset=sepset)
        assert found.graph == shared(members)
        assert not any(event.rule == "refused" for event in found.events)


def test_graphs_without_selection_share_the_same_marks():
    """So R5 to R7 lose nothing where there is no selection."""
    for members in classes().values():
        plain = [m for m in members if not ((m == TAIL) & (m.T == TAIL)).any()]
        assert not plain or shared(plain) == shared(members)


def test_the_names_of_the_nodes_do_not_matter():
    some = sorted(classes(), key=sorted)[::9]
    for number, separations in enumerate(some):
        order = list(permutations(range(len(NODES))))[number % 24]
        one = fci(None, oracle(separations)).graph
        two = fci(None, oracle(frozenset(renamed(separations, order)))).graph
        assert np.array_equal(two.marks[np.ix_(order, order)], one.marks)


# -- rules that need more nodes ----------------------------------------------------------------


def test_selection_on_a_circle_and_its_neighbours():
    """A random field on the circle A B C D with a tail A - E - F: R5, then R6, then R7."""
    lines = {frozenset(pair) for pair in ("AB", "BC", "CD", "AD", "AE", "EF")}
    names = tuple("ABCDEF")
    separations = frozenset(
        (i, j, given)
        for i, j in combinations(range(6), 2)
        for given in subsets(k for k in range(6) if k not in (i, j))
        if not any(
            all(frozenset((names[a], names[b])) in lines for a, b in pairwise(path))
            and not set(path[1:-1]) & set(given)
            for path in all_paths(6, i, j)
        )
    )
    found = fci(None, oracle(separations, names))
    lines = {"A --- B", "B --- C", "C --- D", "A --- D"}
    assert set(found.graph.edges) == lines | {"A --o E", "E --o F"}
    rules = {(e.rule, e.tail, e.head, e.mark) for e in found.events if e.rule != "R5"}
    assert rules == {("R6", "E", "A", "tail"), ("R7", "F", "E", "tail")}


def marking(*edges):
    graph = PAG.from_edges(edges, nodes=sorted({n for e in edges for n in e.split()[::2]}))
    return graph.nodes, Marking(graph.marks.copy())


def closed(*edges, says=Verdict.AMBIGUOUS, ambiguous=()):
    """Close under the rules, whatever a discriminating path may say; give graph and rules."""
    nodes, work = marking(*edges)
    work.ambiguous = {tuple(nodes.index(n) for n in triple) for triple in ambiguous}
    close(work, lambda _: says)
    return PAG(nodes, work.marks), [step.rule for step in work.steps]


def pag(*edges):
    nodes, work = marking(*edges)
    return PAG(nodes, work.marks)


@pytest.mark.parametrize(
    ("edges", "triple", "expected", "rules"),
    [
        (["A o-> B", "B o-o C"], "ABC", {"A o-> B", "B --> C"}, ["R1", "R1"]),
        (
            ["A o-> B", "C o-> B", "A o-o D", "C o-o D", "D o-o B"],
            "ADC",
            {"A o-> B", "C o-> B", "A o-o D", "C o-o D", "D o-> B"},
            ["R3"],
        ),
        (
            ["A o-> C", "A o-> B", "B --> D", "D --> C"],
            "BAC",
            {"A --> C", "A o-> B", "B --> D", "D --> C"},
            ["R9"],
        ),
        (
            ["A o-> C", "A o-o B", "A o-o D", "B --> C", "D --> C"],
            "BAD",
            {"A --> C", "A o-o B", "A o-o D", "B --> C", "D --> C"},
            ["R10"],
        ),
    ],
)
def test_a_rule_does_not_lean_on_an_ambiguous_triple(edges, triple, expected, rules):
    assert closed(*edges) == (pag(*expected), rules)
    assert closed(*edges, ambiguous=[triple]) == (pag(*edges), [])


@pytest.mark.parametrize(
    ("edges", "expected", "rules"),
    [
        (
            ["A --> B", "B o-> C", "A o-o C"],
            {"A --> B", "B o-> C", "A o-> C"},
            ["R2"],
        ),
        (
            ["A --> B", "B --> C", "A o-> C"],
            {"A --> B", "B --> C", "A --> C"},
            ["R8"],
        ),
        (
            ["A --o B", "B --> C", "A o-> C"],
            {"A --o B", "B --> C", "A --> C"},
            ["R8"],
        ),
    ],
)
def test_rules_on_triangles(edges, expected, rules):
    assert closed(*edges) == (pag(*expected), rules)


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        (Verdict.NON_COLLIDER, {"B --> C", "B o-> A"}),
        (Verdict.COLLIDER, {"B <-> C", "A <-> B"}),
        (Verdict.AMBIGUOUS, {"B o-> C", "B o-> A"}),
    ],
)
def test_a_discriminating_path(says, expected):
    """T *-> A <-* B with A --> C and B o-> C: T and C are not joined."""
    found, rules = closed("T o-> A", "B o-> A", "A --> C", "B o-> C", says=says)
    assert found == pag("T o-> A", "A --> C", *expected)
    assert set(rules) <= {"R4"}


def test_the_path_that_is_judged():
    seen = []
    nodes, work = marking("T o-> A", "B o-> A", "A --> C", "B o-> C")
    close(work, lambda path: seen.append("".join(nodes[k] for k in path)) or Verdict.AMBIGUOUS)
    assert set(seen) == {"TABC"}


# -- contradictions ----------------------------------------------------------------------------


def test_an_end_that_is_wanted_both_ways_stays_a_circle():
    nodes, work = marking("A o-o B")
    work.put_together([Step(0, 1, "R1", ()), Step(0, 1, "R7", (), "tail"), Step(1, 0, "R1", ())])
    assert PAG(nodes, work.marks).edges == ("B o-> A",)
    work.put_together([Step(0, 1, "R1", ())])
    assert PAG(nodes, work.marks).edges == ("B o-> A",)
    assert [step.rule for step in work.steps] == ["refused", "refused", "R1"]


def test_a_mark_that_is_set_stays():
    nodes, work = marking("A --> B")
    work.put_together([Step(1, 0, "R4", (), "arrow"), Step(0, 1, "R1", ())])
    assert PAG(nodes, work.marks).edges == ("A --> B",)
    assert [(step.rule, step.head) for step in work.steps] == [("refused", 0)]


def test_marks_that_close_a_directed_cycle_are_refused():
    nodes, work = marking("A --> B", "B --> C", "C o-> A", "C o-> D")
    work.put_together([Step(0, 2, "R8", (), "tail"), Step(3, 2, "R8", (), "tail")])
    assert set(PAG(nodes, work.marks).edges) == {"A --> B", "B --> C", "C o-> A", "C --> D"}
    assert [(step.rule, step.tail) for step in work.steps] == [("refused", 0), ("R8", 3)]


def test_a_path_visits_no_node_twice():
    """The only uncovered walk to F goes round by B twice: A B C D B F, and B C D no triangle."""
    nodes, work = marking(
        "A o-o B", "B o-o C", "C o-o E", "E o-o D", "D o-o B", "B o-o F", "A o-o F"
    )
    g = Pattern(work.marks, (), lambda _: Verdict.AMBIGUOUS)
    at = {name: k for k, name in enumerate(nodes)}
    assert _uncovered(g, g.on_circles, (at["A"], at["B"]), {(at["B"], at["F"])}) == ()
    ends = {(at["E"], at["D"])}
    path = _uncovered(g, g.on_circles, (at["A"], at["B"]), ends)
    assert "".join(nodes[k] for k in path) == "ABCED"
