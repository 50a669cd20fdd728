"""Knowledge in exchangeable data is kept, saves tests, and loses no edge; pairs are explained."""

from __future__ import annotations

import re
from itertools import permutations
from types import SimpleNamespace
from unittest.mock import Mock

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from sinks import Arbitrary, DSeparation, arrows, search
from strategies import dags

from causalsim import Knowledge
from causalsim.discovery import _exchangeable as module
from causalsim.discovery._environment_test import Question
from causalsim.discovery._exchangeable import exchangeable
from causalsim.discovery._exchangeable_order import Order
from causalsim.discovery._exchangeable_search import join, peel
from causalsim.errors import (
    DataError,
    InterruptedRunError,
    KnowledgeError,
    NameNotFoundError,
    OptionError,
)
from causalsim.graph import DAG

NAMES = ("A", "B", "C", "D")


@st.composite
def rules(draw):
    """Draw rules over four names that do not contradict each other."""
    edges = [f"{x} {mark} {y}" for x, y in permutations(NAMES, 2) for mark in ("-->", "---")]
    some = st.lists(st.sampled_from(edges), max_size=4, unique=True)
    place = draw(st.lists(st.sampled_from([None, 0, 1]), min_size=4, max_size=4))
    tiers = [[n for n, k in zip(NAMES, place, strict=True) if k == level] for level in range(2)]
    found = Knowledge(draw(some), draw(some), [t for t in tiers if t], draw(st.booleans()))
    try:
        found.resolve(NAMES)
    except KnowledgeError:
        assume(condition=False)
    return found


@st.composite
def true_rules(draw):
    """Draw a DAG, and rules that hold in it."""
    dag = draw(dags(min_nodes=2))
    there, pairs = arrows(dag), list(permutations(dag.nodes, 2))
    said = st.sets(st.sampled_from(pairs))
    required = [f"{x} --> {y}" for x, y in draw(said) if (x, y) in there]
    required += [f"{x} --- {y}" for x, y in draw(said) if there & {(x, y), (y, x)}]
    forbidden = [f"{x} --> {y}" for x, y in draw(said) if (x, y) not in there]
    return dag, Knowledge(required, forbidden)


def frame_of(seed, m=40, names="XYZ"):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(m, len(names))).repeat(2, axis=0) + rng.normal(
        size=(2 * m, len(names))
    )
    values[:, 1] += 2 * values[:, 0]
    return pd.DataFrame(values, columns=list(names)).assign(place=np.arange(2 * m) // 2)


# -- the search -------------------------------------------------------------------------------


@given(rules(), st.sets(st.sampled_from(range(4)), min_size=1))
def test_some_candidate_is_always_left_and_a_single_one_is_a_sink_by_knowledge(known, rest):
    order = Order.of(known.resolve(NAMES))
    found = order.candidates(rest)
    assert order.sinks(rest) <= found <= rest
    assert found
    assert len(found) > 1 or order.sinks(rest) == found
    assert not order.must[np.ix_(sorted(found), sorted(rest))].any()


@given(rules())
def test_required_edges_rule_out_exactly_what_closes_a_cycle(known):
    resolved = known.resolve(NAMES)
    order = Order.of(resolved)
    for i, k in permutations(range(4), 2):
        extra = Knowledge(
            [*known.required, f"{NAMES[i]} --> {NAMES[k]}"],
            known.forbidden,
            known.tiers,
            known.within_tiers,
        )
        try:
            extra.resolve(NAMES)
        except KnowledgeError:
            assert not order.allowed[i, k]
        else:
            assert order.allowed[i, k]


@given(rules(), st.integers(0, 10**6), st.booleans(), st.permutations(NAMES))
def test_a_result_never_contradicts_knowledge_in_any_order_of_columns(known, seed, sure, names):
    found = [run(Arbitrary(seed, tuple(order)), order, known, sure) for order in (NAMES, names)]
    (layers, edges, directed), other = found
    assert (layers, edges, directed) == other
    resolved = known.resolve(NAMES)
    joined = {frozenset(edge) for edge in edges}
    for i, k in permutations(range(4), 2):
        pair = (NAMES[i], NAMES[k])
        assert not (resolved.forbidden[i, k] and pair in edges)
        assert not resolved.required[i, k] or pair in directed
        assert not resolved.joined[i, k] or set(pair) in joined
        assert not (resolved.forbidden[k, i] and pair in edges) or pair in directed
    place = {name: n for n, layer in enumerate(layers) for name in layer}
    assert all(place[j] > place[k] for j, k in edges)
    assert sorted(place) == list(NAMES)


def run(tester, names, known, sure):
    """Give layers, edges and directed edges by name."""
    asked = search(tester, names, known)
    peeling = peel(asked)
    edges = join(asked, peeling.layers)
    stated = [e for e in edges if sure or e in peeling.clear or asked.order.one_way(*e)]
    return (
        [{names[i] for i in layer} for layer in peeling.layers],
        *({(names[j], names[k]) for j, k in found} for found in (edges, stated)),
    )


@given(true_rules())
def test_with_an_oracle_true_knowledge_changes_nothing_but_saves_tests(drawn):
    dag, known = drawn
    plain, told = (search(DSeparation(dag), dag.nodes, k) for k in (Knowledge(), known))
    for asked in (plain, told):
        peeling = peel(asked)
        edges = join(asked, peeling.layers)
        assert {(dag.nodes[j], dag.nodes[k]) for j, k in edges} == arrows(dag)
        assert not peeling.refuted
        assert all(e in peeling.clear or asked.order.one_way(*e) for e in edges)


@given(st.permutations(NAMES), st.integers(0, 10**6))
def test_the_full_order_is_given_back_without_a_sink_test(order, seed):
    known = Knowledge(tiers=[[name] for name in order])
    asked = search(Arbitrary(seed, NAMES), NAMES, known)
    assert [[NAMES[i] for i in layer] for layer in peel(asked).layers] == [
        [name] for name in reversed(order)
    ]
    assert not asked.answers


def test_an_effect_by_a_third_variable_stays_possible():
    dag = DAG.from_edges(["k --> m", "m --> i"])
    asked = search(DSeparation(dag), dag.nodes, Knowledge(forbidden=["k --> i"]))
    edges = join(asked, peel(asked).layers)
    assert {(dag.nodes[j], dag.nodes[k]) for j, k in edges} == arrows(dag)


def test_a_cause_by_knowledge_is_no_sink_on_weak_evidence():
    """No change is seen across rows, but i and k of one row depend on each other."""

    class OneRow(DSeparation):
        def log_p(self, question):
            return 0.0 if question.across else super().log_p(question)

    dag = DAG.from_edges(["i --> k", "k --> m"], ["i", "k", "m"])
    known = Knowledge(forbidden=["k --> i"])
    asked = search(OneRow(dag), dag.nodes, known)
    edges = join(asked, peel(asked).layers)
    assert {("i", "k")} <= {(dag.nodes[a], dag.nodes[b]) for a, b in edges}
    assert Question(0, 1, (2,), across=False) in asked.answers


def test_pairs_that_knowledge_settles_are_not_tested():
    known = Knowledge(required=["A --> B"], forbidden=["C --- D"])
    asked = search(Arbitrary(1, NAMES), NAMES, known)
    join(asked, peel(asked).layers)
    within = {frozenset((q.x, q.y)) for q in asked.answers if not q.across}
    assert not within & {frozenset((0, 1)), frozenset((2, 3))}
    assert within


# -- the result -------------------------------------------------------------------------------


def test_knowledge_is_kept_in_the_result():
    known = Knowledge(tiers=[["Y"], ["X", "Z"]])
    found = exchangeable(frame_of(0), "place", knowledge=known)
    assert found.options["knowledge"] == known.to_dict()
    assert "Y --> X" in found.graph.edges
    as_mapping = exchangeable(frame_of(0), "place", knowledge=known.to_dict())
    assert as_mapping == found
    with pytest.raises(NameNotFoundError, match=r"no variable \(in knowledge\) 'place'"):
        exchangeable(frame_of(0), "place", knowledge={"required": ["X --> place"]})
    with pytest.raises(KnowledgeError, match="expected a Knowledge"):
        exchangeable(frame_of(0), "place", knowledge="X --> Y")


def test_a_refuted_assumption_may_be_false_knowledge(monkeypatch):
    rejects = SimpleNamespace(name="rejects", log_p=lambda _: -9.0)
    monkeypatch.setattr(module, "bind_environments", lambda *_: rejects)
    known = {"tiers": [["X"], ["Y", "Z"]]}
    found = exchangeable(frame_of(0), "place", knowledge=known)
    assert found.refuted == ("X", "Y", "Z")
    assert "something is hidden, or knowledge is wrong" in found.summary()
    assert set(found.graph.edges) == {"X --> Y", "X --> Z", "Y --- Z"}
    plain = exchangeable(frame_of(0), "place")
    assert "or knowledge is wrong" not in plain.summary()


@given(rules(), st.integers(0, 10**6))
@example(Knowledge(required=["A --> B"], tiers=[["C"], ["B"]]), 451)
def test_every_pair_is_explained_by_the_tests_that_decided_it(known, seed):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(module, "bind_environments", lambda *_: Arbitrary(seed, NAMES))
        found = exchangeable(frame_of(0, names="ABCD"), "place", knowledge=known)
    resolved = known.resolve(NAMES)
    order = Order.of(resolved)
    for (i, x), (k, y) in permutations(enumerate(NAMES), 2):
        told = found.explain(x, y)
        text = str(told)
        joined = any({x, y} == set(edge.split()[::2]) for edge in found.graph.edges)
        assert (told.edge in found.graph.edges) == joined
        assert ("Knowledge requires the edge" in text) == resolved.fixed[i, k]
        assert ("they depend on each other" in text) == (joined and not resolved.fixed[i, k])
        if (i, k) in resolved.rules:
            assert f"knowledge: {resolved.rules[i, k]}" in told.lines
        assert told.certificate is None
        place = {name: n for n, layer in enumerate(found.layers) for name in layer}
        last = max((x, y), key=place.__getitem__)
        rest = [k for k, name in enumerate(NAMES) if place[name] <= place[last]]
        own = sum(order.one_way(NAMES.index(last), k) for k in rest)
        count = f"{last} as a sink of .* the smallest of {len(rest) - 1 + own} that share"
        if place[x] != place[y] and f"{last} is a sink of" not in text:
            assert re.search(count, text)


def test_an_explanation_names_the_decisive_p_values():
    rng = np.random.default_rng(0)
    shift, scale = rng.normal(size=200).repeat(2), rng.exponential(size=200).repeat(2)
    x = shift + rng.normal(size=400)
    frame = pd.DataFrame({"X": x, "Y": scale * x, "place": np.arange(400) // 2})
    found = exchangeable(frame, "place")
    p = {(d.about, d.x, d.y): f"p = {np.exp(d.log_p):.3g}" for d in found.decisions}
    said = (
        f"{p['sink', 'X', 'Y']} for X in another row, the smallest of 1 that share alpha = 0.05."
    )
    assert found.explain("Y", "X").lines == (
        "X --> Y",
        f"Within a row they depend on each other without conditioning: {p['edge', 'X', 'Y']}.",
        f"Y as a sink of {{X, Y}}: not rejected, {said}",
        f"X as a sink: rejected by Y in another row, {p['sink', 'Y', 'X']}; X comes first.",
    )
    with pytest.raises(NameNotFoundError, match="'Q'"):
        found.explain("Q", "X")
    with pytest.raises(OptionError, match="give two different variables"):
        found.explain("X", "X")


def test_few_environments_are_noted():
    few, many = (exchangeable(frame_of(0, m)[["X", "Y", "place"]], "place") for m in (99, 100))
    assert "99 environments are few for arrows" in few.notes[-1]
    assert not many.notes


def test_one_edge_is_no_edges():
    found = exchangeable(frame_of(0)[["X", "Y", "place"]], "place", abstain=False)
    assert "1 edge after" in found.summary()
    assert "1 edge<" in found.to_html()


# -- data -------------------------------------------------------------------------------------


def test_rows_with_missing_values_are_dropped_when_asked():
    frame = frame_of(0, 60).astype({"place": object})
    frame.loc[0, "X"] = frame.loc[1, "place"] = frame.loc[5, "Y"] = None
    kept = frame.dropna()
    kept = kept[kept.groupby("place")["place"].transform("size") > 1]
    with pytest.raises(DataError, match=r"missing values: .*missing='listwise'"):
        exchangeable(frame, "place")
    with pytest.raises(DataError, match=r"one row: '2'; .*: data = data.dropna\(\); data\[data"):
        exchangeable(frame, "place", missing="listwise")
    with pytest.raises(OptionError, match="write missing='listwise' to drop rows"):
        exchangeable(frame, "place", missing="testwise")
    frame = frame[frame["place"] != 2]
    found = exchangeable(frame, "place", missing="listwise")
    assert found.graph == exchangeable(kept, "place").graph
    assert found.notes[0].startswith("2 of 118 rows dropped")
    assert "missing completely at random" in found.summary()


def test_columns_that_carry_nothing_are_refused_dropped_or_kept():
    frame = frame_of(0).assign(C="same")
    with pytest.raises(DataError, match="'C' is constant"):
        exchangeable(frame, "place")
    found = exchangeable(frame, "place", degenerate="drop")
    assert found.notes[0] == "dropped: 'C' is constant"
    kept = exchangeable(frame, "place", degenerate="keep")
    assert kept.graph.adjacent("C") == ()
    assert kept.graph.subgraph(found.graph.nodes) == found.graph
    with pytest.raises(OptionError, match="degenerate='lose'"):
        exchangeable(frame, "place", degenerate="lose")
    with pytest.raises(DataError, match="the data have 1 columns"):
        exchangeable(frame[["X", "C", "place"]], "place", degenerate="drop")


def test_a_context_in_the_index_is_named():
    with pytest.raises(NameNotFoundError, match=r"'place': it is the index.*reset_index\(\)"):
        exchangeable(frame_of(0).set_index("place"), "place")


@pytest.mark.parametrize(
    ("after", "words"),
    [(0, "interrupted before the first test;"), (1, "after 1 test;"), (2, "after 2 tests;")],
)
def test_an_interruption_counts_the_tests(monkeypatch, after, words):
    stopped = Mock(log_p=Mock(side_effect=[0.0] * after + [KeyboardInterrupt]))
    monkeypatch.setattr(module, "bind_environments", lambda *_: stopped)
    with pytest.raises(InterruptedRunError, match=words) as caught:
        exchangeable(frame_of(0), "place")
    assert [(d.x, d.y) for d in caught.value.partial] == [("Y", "X"), ("Z", "X")][:after]
