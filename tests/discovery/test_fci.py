"""FCI and RFCI against listed members of the class, true ancestors, and bad input."""

from __future__ import annotations

from functools import cached_property
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from answers import Answers
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import admgs, dags, subsets

from causalsim import Knowledge, random_dag, random_scm
from causalsim.citest import FisherZ, Oracle, counted
from causalsim.discovery._fci import fci
from causalsim.discovery._possible_dsep import Pruner, possible_dsep_sets
from causalsim.discovery._record import Record
from causalsim.discovery._result import DiscoveryResult
from causalsim.discovery._skeleton import Policy, Skeleton
from causalsim.discovery._skeleton import Tester as AskingTester
from causalsim.errors import DataError, InterruptedRunError, KnowledgeError, OptionError
from causalsim.graph import ADMG, DAG, PAG, Mark
from causalsim.graph.separation import connected_to

CIRCLE, ARROW, TAIL = Mark.CIRCLE, Mark.ARROW, Mark.TAIL
RULES = ("conservative", "majority", "max_p", "first")


# -- the truth by listing the class ------------------------------------------------------------


class Members:
    """The maximal ancestral graphs with the separations of a graph, by backtracking.

    A member has the same edges, the same colliders on unshielded triples, is ancestral, and
    separates each pair that is not joined by the set that does so in the graph. That makes it
    equivalent: a path that discriminates a node has it in the set of its ends or not [Spirtes
    & Richardson 1996].
    """

    def __init__(self, graph):
        self.graph, self.p = graph, len(graph)

    @cached_property
    def separators(self):
        found = {}
        for i in range(self.p):
            for s in subsets(k for k in range(self.p) if k != i):
                for j in set(range(i + 1, self.p)) - set(s) - connected_to(self.graph, i, set(s)):
                    found.setdefault((i, j), s)
        return found

    @cached_property
    def edges(self):
        return [e for e in combinations(range(self.p), 2) if e not in self.separators]

    @cached_property
    def triples(self):
        found = {edge: [] for edge in self.edges}
        for (x, z), s in self.separators.items():
            for y in range(self.p):
                both = [(min(x, y), max(x, y)), (min(y, z), max(y, z))]
                if all(edge in found for edge in both):
                    for edge in both:
                        found[edge].append((x, y, z, y not in s))
        return found

    def pag(self):
        """Look for a member with an arrow, and one with a tail, at each end of each edge."""
        seen = np.zeros((self.p, self.p, len(Mark)), bool)
        for i, j in [*self.edges, *((j, i) for i, j in self.edges)]:
            for mark in (ARROW, TAIL):
                marks = None if seen[i, j, mark] else self.member(i, j, mark)
                if marks is not None:
                    seen |= marks[:, :, None] == np.arange(len(Mark))
        arrow, tail = seen[..., ARROW], seen[..., TAIL]
        shared = np.where(arrow & tail, CIRCLE, np.where(arrow, ARROW, np.where(tail, TAIL, 0)))
        return PAG(self.graph.nodes, shared)

    def member(self, i, j, mark):
        """Give the marks of some member with this mark at j, or None."""
        first = (min(i, j), max(i, j))
        order, rest, near = [first], [e for e in self.edges if e != first], {i, j}
        while rest:
            edge = next((e for e in rest if near & {*e}), rest[0])
            rest.remove(edge)
            order.append(edge)
            near |= {*edge}
        return self._extend(np.zeros((self.p, self.p), np.uint8), order, (i, j, mark))

    def _extend(self, marks, order, wish):
        if not order:
            return marks if self._separates(marks) else None
        i, j = order[0]
        for at_i, at_j in ((TAIL, ARROW), (ARROW, TAIL), (ARROW, ARROW)):
            marks[j, i], marks[i, j] = at_i, at_j
            if marks[wish[:2]] == wish[2] and self._fits(marks, (i, j)):
                found = self._extend(marks, order[1:], wish)
                if found is not None:
                    return found
        marks[i, j] = marks[j, i] = Mark.NONE
        return None

    def _fits(self, marks, edge):
        for x, y, z, collider in self.triples[edge]:
            ends = marks[x, y], marks[z, y]
            if all(ends) and (ends == (ARROW, ARROW)) != collider:
                return False
        directed = ((marks == ARROW) & (marks.T == TAIL)).astype(float)
        reach = directed @ np.linalg.matrix_power(np.eye(self.p) + directed, self.p) > 0
        return not (reach & ((marks.T == ARROW) | np.eye(self.p, dtype=bool))).any()

    def _separates(self, marks):
        tails, arrows = (marks.T == TAIL), (marks == ARROW)
        twin = ADMG.from_relations(self.graph.nodes, arrows & tails, arrows & arrows.T)
        return not any(j in connected_to(twin, i, set(s)) for (i, j), s in self.separators.items())


def random_admg(rng, p):
    """Draw directed and bidirected edges along a random order."""
    up = np.triu(np.ones((p, p), bool), 1)
    at = np.ix_(*[rng.permutation(p)] * 2)
    directed = up & (rng.random((p, p)) < rng.uniform(0.1, 0.4))
    hidden = up & (rng.random((p, p)) < rng.uniform(0.05, 0.35))
    return ADMG.from_relations([f"V{i}" for i in range(p)], directed[at], (hidden | hidden.T)[at])


def random_projection(rng, p):
    """Draw a DAG and hide some of its nodes."""
    latent = int(rng.integers(1, 4))
    dag = random_dag(p + latent, degree=float(rng.uniform(1, 2.5)), rng=rng)
    return dag.project([f"X{k}" for k in rng.choice(p + latent, latent, replace=False)])


def true_marks(graph):
    """Give the mark at j that the edge i - j of a maximal ancestral graph has, shape (p, p)."""
    above = np.array([[a in graph.ancestors(b) for b in graph.nodes] for a in graph.nodes])
    return np.where(above.T, TAIL, ARROW)


def assert_true(found, graph):
    """Every mark but a circle must be that of the graph."""
    said = (found.marks != Mark.NONE) & (found.marks != CIRCLE)
    assert (found.marks == true_marks(graph))[said].all()


def test_two_hundred_random_graphs_against_the_listed_members():
    rng, rules, count = np.random.default_rng(3), set(), 0
    while count < 200:
        draw = (random_admg, random_projection)[count % 2]
        graph = draw(rng, int(rng.integers(4, 9)))
        members = Members(graph)
        if graph.skeleton.sum() > 16 or len(members.edges) > 8:
            continue
        found = fci(None, Oracle(graph), sepset=RULES[count % 4])
        assert found.graph == members.pag(), graph
        rules |= {event.rule for event in found.events}
        count += 1
    assert rules >= {"collider", "R1", "R2", "R3", "R4", "R9"}


@given(admgs(2, 6), st.sampled_from(RULES))
def test_every_mark_is_true(graph, sepset):
    found = fci(None, Oracle(graph), sepset=sepset)
    assert_true(found.graph, graph)
    assert not found.ambiguous
    assert set(found.sepsets) == {
        frozenset((x, y))
        for x, y in combinations(graph.nodes, 2)
        if y not in found.graph.adjacent(x)
    }


@given(admgs(2, 6), st.sampled_from(RULES))
def test_rfci_keeps_more_edges_and_every_mark_is_true(graph, sepset):
    full = fci(None, Oracle(graph))
    short = fci(None, Oracle(graph), sepset=sepset, shortcut="rfci")
    assert (short.graph.skeleton >= full.graph.skeleton).all()
    assert_true(short.graph, graph)
    if (short.graph.skeleton == full.graph.skeleton).all():
        assert short.graph == full.graph


@given(dags(2, 6))
def test_without_hidden_causes_the_edges_are_those_of_the_graph(dag):
    found = fci(None, Oracle(dag)).graph
    assert np.array_equal(found.skeleton, dag.skeleton)


@given(admgs(2, 6), st.randoms(use_true_random=False), st.sampled_from([None, "rfci"]))
def test_the_order_of_the_nodes_does_not_matter(graph, random, shortcut):
    nodes = list(graph.nodes)
    random.shuffle(nodes)
    one, two = (
        fci(None, Oracle(g), shortcut=shortcut).graph for g in (graph, graph.reorder(nodes))
    )
    assert two.reorder(graph.nodes) == one


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.sampled_from(["majority", "conservative"]))
def test_on_data_the_order_of_the_columns_does_not_matter(seed, sepset):
    rng = np.random.default_rng(seed)
    frame = random_scm(7, degree=3, rng=rng).sample(60, rng=rng).iloc[:, :5]
    names = list(rng.permutation(frame.columns))
    one, two = (fci(f, "fisher_z", sepset=sepset) for f in (frame, frame[names]))
    assert two.graph.reorder(one.graph.nodes) == one.graph


# -- sets beyond the neighbours ----------------------------------------------------------------

BEYOND = ADMG.from_edges(
    ["B --> C", "F --> B", "C <-> E", "A --> E", "A --> F", "E --> D", "D <-> F"], list("ABCDEF")
)


def test_an_edge_that_only_nodes_beyond_the_neighbours_remove():
    """C and D are separated by A, E and F or B; without A both have open paths."""
    oracle = counted(Oracle(BEYOND)(None))
    full = fci(None, oracle)
    assert full.graph == Members(BEYOND).pag()
    assert "C <-> D" not in full.graph.edges
    assert full.sepsets[frozenset("CD")] is not None
    for options in (dict(possible_dsep=False), dict(possible_dsep=1), dict(shortcut="rfci")):
        found = fci(None, oracle, **options)
        assert set(found.graph.edges) == {*full.graph.edges, "C <-> D"}
        assert found.n_tests < full.n_tests
    assert any("edges may be left" in note for note in fci(None, oracle, possible_dsep=1).notes)


def test_the_possible_dsep_sets_of_a_graph():
    graph = PAG.from_edges(["A o-> B", "C <-> B", "C <-o D", "D o-o E", "F o-o A"], list("ABCDEF"))
    reached = possible_dsep_sets(graph.marks)
    rows = ["".join(np.array(graph.nodes)[row]) for row in reached]
    assert rows == ["BCDF", "ACD", "ABD", "ABCE", "D", "A"]
    open_triples = possible_dsep_sets(graph.marks, {(0, 0, 0), (1, 0, 5)})
    assert "".join(np.array(graph.nodes)[open_triples[5]]) == "ABCD"


# -- knowledge ---------------------------------------------------------------------------------


def test_a_tier_puts_an_arrow_and_no_tail():
    """Y comes last: Z and Y may have a hidden cause in common, so the circle at Z stays."""
    truth = ADMG.from_edges(["X --> Z", "X --> Y", "Z <-> Y", "Z --> Q", "Q --> Y"])
    plain = fci(None, Oracle(truth))
    known = fci(None, Oracle(truth), knowledge={"tiers": [["X", "Z", "Q"], ["Y"]]})
    at = {name: known.graph.index(name) for name in "XZQY"}
    assert (known.graph.marks[[at["X"], at["Z"], at["Q"]], at["Y"]] == ARROW).all()
    assert known.graph.marks[at["Y"], at["Z"]] == CIRCLE
    assert_true(known.graph, truth)
    assert (plain.graph.skeleton == known.graph.skeleton).all()
    assert {e.head for e in known.events if e.rule == "knowledge"} == {"Y"}


@given(admgs(2, 5), st.randoms(use_true_random=False), st.sampled_from([None, "rfci"]))
def test_true_knowledge_adds_true_marks_and_takes_none(graph, random, shortcut):
    plain = fci(None, Oracle(graph), shortcut=shortcut).graph
    marks = true_marks(graph)
    forbidden, required = [], []
    for i, j in combinations(range(len(graph)), 2):
        x, y = graph.nodes[i], graph.nodes[j]
        if marks[i, j] == ARROW and marks[j, i] == TAIL and plain.skeleton[i, j]:
            random.choice([forbidden, required]).append((x, y))
        elif marks[i, j] == ARROW and random.random() < 0.5:
            forbidden.append((x, y))
    rules = Knowledge(
        required=[f"{x} --> {y}" for x, y in required],
        forbidden=[f"{y} --> {x}" for x, y in forbidden],
    )
    found = fci(None, Oracle(graph), knowledge=rules, shortcut=shortcut)
    assert_true(found.graph, graph)
    assert np.array_equal(found.graph.skeleton, plain.skeleton)
    assert ((found.graph.marks == plain.marks) | (plain.marks == CIRCLE)).all()
    assert all(f"{x} --> {y}" in found.graph.edges for x, y in required)


def test_required_and_forbidden_pairs_are_not_tested():
    oracle = Oracle(DAG.from_edges(["A --> B", "B --> C"]))
    rules = {"required": ["A --> C"], "forbidden": ["A --- B"]}
    found = fci(None, oracle, knowledge=rules)
    assert set(map(frozenset, found.tests[["x", "y"]].to_numpy())) == {frozenset("BC")}
    assert found.graph.edges == ("A --> C", "B o-o C")
    assert found.sepsets[frozenset("AB")] is None
    assert found.ambiguous == (("A", "C", "B"),)


def test_knowledge_that_denies_a_collider_is_obeyed():
    oracle = Oracle(DAG.from_edges(["A --> C", "B --> C"]))
    found = fci(None, oracle, knowledge={"required": ["C --> A"]})
    assert "C --> A" in found.graph.edges
    assert ("refused", "A", "C") in {(e.rule, e.tail, e.head) for e in found.events}
    assert any(note.startswith("1 marks were refused") for note in found.notes)


# -- RFCI --------------------------------------------------------------------------------------


def test_an_edge_that_no_collider_may_lean_on():
    """RFCI takes C <-> D out by itself, where the collider of another triple leans on it."""
    truth = ADMG.from_edges([*BEYOND.edges, "C --> H", "E --> H", "C <-> H"], list("ABCDEFH"))
    bare, full = (fci(None, Oracle(truth), possible_dsep=wide).graph for wide in (False, True))
    short = fci(None, Oracle(truth), shortcut="rfci")
    assert {*bare.edges} - {*full.edges} >= {"C <-> D"}
    assert short.graph == full == Members(truth).pag()
    assert short.sepsets[frozenset("CD")] is not None


def test_an_edge_that_goes_while_a_discriminating_path_is_judged():
    """A and B part given W, which is joined to neither: found only when T A B C is judged."""
    apart = dict.fromkeys(["B T", "T W", "A W", "B W", "A B W", "C T A W", "C T A B W"], 1.0)
    test = Answers(tuple("TABCW"), apart)
    before = fci(None, test, sepset="first", possible_dsep=False)
    after = fci(None, test, sepset="first", shortcut="rfci")
    assert "B" in before.graph.adjacent("A")
    assert "B" not in after.graph.adjacent("A")
    assert after.sepsets[frozenset("AB")] == ("W",)
    assert set(after.graph.edges) == {"T o-> A", "A --> C", "B o-> C", "W o-> C"}
    assert ("B", "C", "collider") in {(e.tail, e.head, e.rule) for e in after.events}


def test_a_discriminating_path_loses_the_edge_that_a_subset_removes():
    """T *-> A <-* B, A --> C: where T and A part given {B}, a subset of what parts T and C."""
    dag = DAG.from_edges(["T --> B", "B --> A", "A --> C", "B --> C"], list("TABC"))
    tester = AskingTester(Oracle(dag)(None), 0.05)
    start = ~np.eye(4, dtype=bool)
    found = Skeleton(start.copy(), Record(4))
    found.part(np.array([[0, 3]]))
    found.record.add_best(np.array([[0, 3]]), np.array([[1, 2]]), np.array([0.0]), np.array([0.0]))
    pruner = Pruner(tester, Policy(start, np.zeros_like(start), 4), found)
    assert pruner.prune_path((0, 1, 2, 3))
    assert not found.adjacency[0, 1]
    assert found.sepset(0, 1) == (2,)
    asked = found.record.n_tests
    assert pruner.prune_path((0, 1, 2, 3))
    assert found.record.n_tests == asked


# -- data, results, bad input ------------------------------------------------------------------


def frame(n=300):
    rng = np.random.default_rng(5)
    hidden, a, d, *noise = rng.normal(size=(5, n))
    columns = {"A": a, "B": a + hidden + noise[0], "C": d + hidden + noise[1], "D": d}
    return pd.DataFrame(columns)


@pytest.mark.parametrize("shortcut", [None, "rfci"])
def test_a_hidden_cause_in_data(shortcut):
    found = fci(frame(), FisherZ(), alpha=0.01, shortcut=shortcut, record="all")
    assert found.graph.edges == ("A o-> B", "B <-> C", "D o-> C")
    assert [(e.tail, e.head, e.rule, e.mark) for e in found.events] == [
        ("A", "B", "collider", "arrow"),
        ("C", "B", "collider", "arrow"),
        ("B", "C", "collider", "arrow"),
        ("D", "C", "collider", "arrow"),
    ]
    assert "arrow at B, so B is no cause of C" in str(found.explain("B", "C"))
    again = DiscoveryResult.from_dict(found.to_dict())
    assert again.graph == found.graph
    assert again.events == found.events


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.sampled_from(RULES), st.sampled_from([None, "rfci"]))
def test_few_rows_give_a_graph_all_the_same(seed, sepset, shortcut):
    rng = np.random.default_rng(seed)
    data = random_scm(8, degree=4, rng=rng).sample(40, rng=rng)
    found = fci(data.iloc[:, :6], "fisher_z", alpha=0.2, sepset=sepset, shortcut=shortcut)
    log = {(e.tail, e.head): e.mark for e in found.events if e.rule != "refused"}
    marks = {"arrow": ARROW, "tail": TAIL}
    for i, j in np.argwhere(found.graph.skeleton).tolist():
        said = log.get((found.graph.nodes[i], found.graph.nodes[j]))
        assert found.graph.marks[i, j] == marks.get(said, CIRCLE)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(alpha=0), "alpha=0: expected a number between 0 and 1"),
        (dict(alpha=None), "alpha=None: expected a number between 0 and 1"),
        (dict(sepset="majorty"), "sepset='majorty' is unknown.* Did you mean 'majority'"),
        (dict(sepset="union"), "sepset='union' is unknown"),
        (dict(max_cond=-1), "max_cond=-1: expected a non-negative integer, or None"),
        (dict(record="every"), "record='every' is unknown; expected one of 'decisive', 'all'"),
        (dict(shortcut="fast"), "shortcut='fast' is unknown; expected one of 'rfci'"),
        (dict(possible_dsep="yes"), "possible_dsep='yes': expected True, False, or the size"),
        (dict(possible_dsep=-2), "possible_dsep=-2: expected True, False, or the size"),
        (dict(possible_dsep=2, shortcut="rfci"), "possible_dsep=2 with shortcut='rfci'"),
        (dict(missing="drop"), "missing='drop' is unknown; expected one of 'error', 'listwise'"),
        (dict(degenerate="ignore"), "degenerate='ignore' is unknown"),
        (dict(n_jobs=0), "n_jobs=0: expected a positive integer, or -1"),
        (dict(rng="seed"), "rng='seed': expected an int"),
        (dict(kinds={"A": "number"}), r"kinds\['A'\]='number' is unknown; expected one of"),
        (dict(test=3), "test=3: expected a name such as 'fisher_z'"),
    ],
)
def test_options_that_are_not_known(options, message):
    with pytest.raises(OptionError, match=message):
        fci(frame(), **options)


def test_input_that_cannot_be_used():
    with pytest.raises(DataError, match="data=None goes only with a bound test or an oracle"):
        fci(None)
    with pytest.raises(KnowledgeError, match="expected a Knowledge"):
        fci(frame(), knowledge=["A --> B"])


def test_an_interruption_of_the_second_search():
    sizes = [0]

    def stop(done, total, message):
        sizes.append(int(message.split()[-1]))
        if sizes[-1] < sizes[-2]:
            raise KeyboardInterrupt

    with pytest.raises(InterruptedRunError, match="beyond the first skeleton") as caught:
        fci(None, Oracle(BEYOND), progress=stop)
    assert caught.value.partial.adjacency.any()
