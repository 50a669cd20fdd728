"""Knowledge is enforced strictly, saves tests, and is refused where it contradicts itself."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import causalsim as cs
from causalsim import Knowledge
from causalsim.citest import Oracle, counted
from causalsim.discovery._colliders import RULES
from causalsim.discovery._orientation import POLICIES
from causalsim.errors import FormatError, KnowledgeError, NameNotFoundError

NAMES = ("A", "B", "C", "D", "E")
CHAIN = cs.DAG.from_edges(["1 --> 3", "3 --> 2"])


def data_of(seed, n=80):
    return cs.random_scm(list(NAMES), degree=3, rng=seed).sample(n, rng=seed)


@st.composite
def knowledge(draw):
    """Draw any rules over five names; they may contradict each other."""
    edges = [f"{x} {mark} {y}" for x in NAMES for y in NAMES if x != y for mark in ("-->", "---")]
    rules = st.lists(st.sampled_from(edges), max_size=4, unique=True)
    place = draw(st.lists(st.sampled_from([None, 0, 1, 2]), min_size=5, max_size=5))
    tiers = [[n for n, k in zip(NAMES, place, strict=True) if k == level] for level in range(3)]
    tiers = draw(st.sampled_from([[], [tier for tier in tiers if tier]]))
    within = draw(st.lists(st.booleans(), min_size=len(tiers), max_size=len(tiers)))
    return Knowledge(draw(rules), draw(rules), tiers, draw(st.sampled_from([True, within])))


def consistent(rules):
    try:
        return rules.resolve(NAMES)
    except KnowledgeError:
        return None


CONSISTENT = knowledge().filter(lambda rules: consistent(rules) is not None)


@given(
    CONSISTENT,
    st.integers(0, 2**32 - 1),
    st.sampled_from(RULES),
    st.sampled_from(POLICIES),
    st.booleans(),
    st.sampled_from([0.01, 0.3]),
)
def test_knowledge_holds_in_every_result(rules, seed, sepset, conflict, stable, alpha):
    found = cs.pc(
        data_of(seed),
        "fisher_z",
        alpha=alpha,
        knowledge=rules,
        sepset=sepset,
        conflict=conflict,
        stable=stable,
        record="all",
    )
    told, graph = rules.resolve(NAMES), found.graph
    assert not (graph.directed & told.forbidden).any()
    assert not (graph.skeleton & told.apart).any()
    assert graph.directed[told.required].all()
    assert graph.skeleton[told.joined].all()
    tested = {frozenset(pair) for pair in found.tests[["x", "y"]].to_numpy()}
    for i, j in combinations(range(5), 2):
        pair = frozenset((NAMES[i], NAMES[j]))
        assert (pair in tested) == (not told.apart[i, j] and not told.fixed[i, j])
        if told.apart[i, j]:
            assert found.sepsets[pair] is None
        one_way = told.forbidden[i, j] != told.forbidden[j, i]
        if one_way and graph.undirected[i, j]:
            pytest.fail(f"{pair} was left open against knowledge")
    if conflict == "mark":
        reach = np.linalg.matrix_power(graph.directed + np.eye(5), 5) > 0
        assert not (graph.directed & reach.T).any()


@given(CONSISTENT, st.integers(0, 2**32 - 1), st.permutations(range(5)))
def test_column_order_plays_no_part_with_knowledge(rules, seed, order):
    frame = data_of(seed)
    one = cs.pc(frame, "fisher_z", knowledge=rules).graph
    two = cs.pc(frame.iloc[:, order], "fisher_z", knowledge=rules).graph
    assert two.reorder(one.nodes) == one


@given(st.integers(0, 2**32 - 1), st.integers(0, 3), st.sampled_from(RULES))
def test_true_knowledge_never_leads_an_oracle_astray(seed, size, sepset):
    """Rules that hold in the truth give a graph in which every arrow holds in the truth."""
    rng = np.random.default_rng(seed)
    dag = cs.random_dag(list(NAMES), degree=2.5, rng=rng)
    absent = [f"{x} --> {y}" for x in NAMES for y in NAMES if x != y and y not in dag.children(x)]
    rules = Knowledge(
        required=list(rng.permutation(dag.edges)[: min(size, 1)]),
        forbidden=list(rng.permutation(absent)[:size]),
    )
    found = cs.pc(None, Oracle(dag), knowledge=rules, sepset=sepset).graph
    assert np.array_equal(found.skeleton, dag.skeleton)
    if sepset in {"majority", "conservative"}:
        assert not (found.directed & ~dag.directed).any()


def test_a_pair_kept_apart_makes_no_false_collider_and_costs_no_test():
    asked = counted(Oracle(CHAIN)(None))
    found = cs.pc(None, asked, knowledge={"forbidden": ["1 --- 2"]}, record="all")
    assert set(found.graph.edges) == {"1 --- 3", "3 --- 2"}
    assert found.sepsets[frozenset("12")] is None
    assert {"1", "2"} not in [{*pair} for pair in found.tests[["x", "y"]].to_numpy()]
    assert asked.count == found.n_tests == 4
    assert "no test separated 1 and 2" in str(found.explain("1", "3"))
    both = {"forbidden": ["1 --> 2", "2 --> 1"]}
    assert cs.pc(None, Oracle(CHAIN), knowledge=both).graph == found.graph


@pytest.mark.parametrize("sepset", RULES)
@pytest.mark.parametrize("conflict", POLICIES)
def test_a_required_edge_between_independent_variables_survives(sepset, conflict):
    empty = cs.DAG.from_edges([], ["X", "Y", "Z"])
    options = dict(knowledge={"required": ["X --> Y"]}, sepset=sepset, conflict=conflict)
    found = cs.pc(None, Oracle(empty), **options)
    assert found.graph.edges == ("X --> Y",)
    assert [(e.tail, e.head, e.rule) for e in found.events] == [("X", "Y", "knowledge")]
    assert "X --> Y by knowledge." in str(found.explain("X", "Y"))
    assert found.n_tests == 2


def test_a_required_adjacency_is_oriented_by_what_else_is_known():
    empty = cs.DAG.from_edges([], ["X", "Y"])
    open_ended = cs.pc(None, Oracle(empty), knowledge={"required": ["X --- Y"]})
    assert open_ended.graph.edges == ("X --- Y",)
    assert "required in some direction" in str(open_ended.explain("X", "Y"))
    told = {"required": ["X --- Y"], "forbidden": ["X --> Y"]}
    assert cs.pc(None, Oracle(empty), knowledge=told).graph.edges == ("Y --> X",)


def test_the_kite_that_needs_r4():
    dag = cs.DAG.from_edges(["3 --> 2", "2 --> 1", "0 --> 1", "0 --> 2", "0 --> 3"])
    free = cs.pc(None, Oracle(dag)).graph
    assert not free.directed.any()
    found = cs.pc(None, Oracle(dag), knowledge={"required": ["3 --> 2", "2 --> 1"]})
    expected = ["3 --> 2", "2 --> 1", "0 --> 1", "0 --- 2", "0 --- 3"]
    assert found.graph == cs.CPDAG.from_edges(expected, dag.nodes)
    assert [(e.tail, e.head) for e in found.events if e.rule == "R4"] == [("0", "1")]
    assert found.graph.is_class()


def test_tiers_orient_and_save_tests():
    dag = cs.DAG.from_edges(["age --> gene1", "age --> gene2", "gene1 --> ill", "gene2 --> ill"])
    tiers = [["age"], ["/gene.*/"], ["ill"]]
    free, told = (
        cs.pc(None, Oracle(dag), knowledge=k)
        for k in (None, Knowledge(tiers=tiers, within_tiers=[True, False, True]))
    )
    assert set(told.graph.edges) == set(dag.edges)
    assert told.sepsets[frozenset(("gene1", "gene2"))] is None
    assert told.n_tests < free.n_tests
    text = str(told.explain("gene1", "gene2"))
    assert "no edges within tier 2" in text
    assert "was not tested" in text


def test_collider_arrows_against_knowledge_are_refused_and_logged():
    dag = cs.DAG.from_edges(["X --> Y", "Z --> Y"])
    found = cs.pc(None, Oracle(dag), knowledge={"forbidden": ["X --> Y"]})
    assert "Y --> X" in found.graph.edges
    assert ("X", "Y", "refused") in [(e.tail, e.head, e.rule) for e in found.events]
    assert "refused" in str(found.explain("X", "Y"))


def test_patterns_match_whole_names():
    names = ["gene1", "gene10", "xgene1"]
    told = Knowledge(forbidden=["/gene1/ --> /.*gene1/"]).resolve(names)
    assert np.argwhere(told.forbidden).tolist() == [[0, 2]]
    arrows_in = Knowledge(forbidden=["/.*/ --> gene1"]).resolve(names)
    assert np.argwhere(arrows_in.forbidden).tolist() == [[1, 0], [2, 0]]
    reversed_arrow = Knowledge(forbidden=["gene1 <-- xgene1"]).resolve(names)
    assert np.argwhere(reversed_arrow.forbidden).tolist() == [[2, 0]]


def test_a_toml_file_reads_as_the_same_rules(tmp_path):
    path = tmp_path / "k.toml"
    path.write_text(
        'required = ["A --> B"]\nforbidden = ["/C|D/ --> A"]\n'
        'tiers = [["A"], ["B", "C"]]\nwithin_tiers = [true, false]\n',
        encoding="utf-8",
    )
    rules = Knowledge(["A --> B"], ["/C|D/ --> A"], [["A"], ["B", "C"]], [True, False])
    assert Knowledge.load(path) == rules
    assert Knowledge.from_dict(rules.to_dict()) == rules
    assert eval(repr(rules)) == rules  # noqa: S307
    frame = data_of(0)
    one = cs.pc(frame, knowledge=Knowledge.load(path))
    two = cs.pc(frame, knowledge=rules.to_dict())
    assert one.graph == two.graph
    assert one.options["knowledge"] == rules.to_dict()


@pytest.mark.parametrize("content", ["required = [", "\xff"])
def test_an_unreadable_file_is_named(tmp_path, content):
    path = tmp_path / "k.toml"
    path.write_text(content, encoding="latin-1")
    with pytest.raises(KnowledgeError, match=r"cannot read knowledge from .*k\.toml"):
        Knowledge.load(path)
    with pytest.raises(KnowledgeError, match=r"cannot read knowledge from .*missing\.toml"):
        Knowledge.load(tmp_path / "missing.toml")


def test_no_knowledge_is_falsy_and_changes_nothing():
    assert not Knowledge()
    assert Knowledge(tiers=[["A"]])
    frame = data_of(1)
    assert cs.pc(frame, knowledge=Knowledge()).graph == cs.pc(frame).graph


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (
            dict(required=["A --> B"], forbidden=["/A|C/ --> B"]),
            (
                r"A --> B is both required \('A --> B' in required\) and forbidden "
                r"\('/A\|C/ --> B' in forbidden\)"
            ),
        ),
        (
            dict(required=["A --> B"], tiers=[["B"], ["A"]]),
            r"A --> B is both required .* and forbidden \('A' in tier 2, 'B' in tier 1\)",
        ),
        (
            dict(required=["A --> B"], tiers=[["A", "B"]], within_tiers=False),
            r"A --> B is both required .* and forbidden \(no edges within tier 1\)",
        ),
        (
            dict(required=["A --- B"], forbidden=["A --- B"]),
            r"A --- B is both required \('A --- B' in required\) and forbidden \('A --- B' in f",
        ),
        (
            dict(required=["A --> B", "/B/ --> A"]),
            (
                r"B --> A is required \('/B/ --> A' in required\), and so is the opposite "
                r"\('A --> B' in required\)"
            ),
        ),
        (
            dict(required=["A --> B", "B --> C", "C --> A"]),
            (
                r"cycle: A --> B --> C --> A \('A --> B' in required, 'B --> C' in required, "
                r"'C --> A' in required\)"
            ),
        ),
        (
            dict(required=["A --> B", "B --- C", "C --> A"], forbidden=["C --> B"]),
            r"cycle: A --> B --> C --> A \('A --> B' in required, 'C --> B' in forbidden",
        ),
        (dict(tiers=[["A"], ["B", "A"]]), "'A' stands in tiers 1 and 2; keep one"),
        (dict(tiers=[["A"]], within_tiers=[True, False]), "2 within_tiers for 1 tiers"),
        (dict(required="A --> B"), r"required='A --> B': expected a list; write \['A --> B'\]"),
        (dict(tiers=["A"]), r"tier='A': expected a list; write \['A'\]"),
        (dict(forbidden=["/[/ --> A"]), r"pattern /\[/ is no regular expression"),
        (dict(forbidden=["/gene/ --> A"]), "pattern /gene/ matches no variable"),
        (dict(forbidden=["A <-> B"]), "'A <-> B': knowledge is written 'X --> Y' or 'X --- Y'"),
        (dict(requird=["A --> B"]), "no rule 'requird'.* Did you mean 'required'"),
    ],
)
def test_contradictions_and_mistakes_are_refused_by_name(rules, message):
    with pytest.raises(KnowledgeError, match=message):
        cs.pc(data_of(0), knowledge=rules)


def test_unknown_names_are_refused_with_the_nearest():
    frame = data_of(0).set_axis(["Alpha", "Beta", "C", "D", "E"], axis=1)
    for rules in (dict(required=["alpha --> Beta"]), dict(tiers=[["Beta"], ["alpha"]])):
        with pytest.raises(NameNotFoundError, match="'alpha'.* Did you mean 'Alpha'"):
            cs.pc(frame, knowledge=rules)
    with pytest.raises(FormatError, match="'A -> B' is no edge; write it with spaces"):
        cs.pc(frame, knowledge=dict(required=["A -> B"]))
    with pytest.raises(KnowledgeError, match=r"expected a Knowledge, such as Knowledge\("):
        cs.pc(frame, knowledge=["Alpha --> Beta"])


def test_knowledge_on_the_compiled_path():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(200, 35))
    values[:, 1:] += 0.8 * values[:, :-1]
    frame = pd.DataFrame(values, columns=[f"v{i}" for i in range(35)])
    rules = Knowledge(required=["v0 --> v20"], forbidden=["v1 --- v2", "v5 --> v6"])
    found = cs.pc(frame, "fisher_z", knowledge=rules)
    assert "v0 --> v20" in found.graph.edges
    assert found.sepsets[frozenset(("v1", "v2"))] is None
    assert "v6 --> v5" in found.graph.edges
    pairs = [{*pair} for pair in found.tests[["x", "y"]].to_numpy()]
    assert {"v0", "v20"} not in pairs
    assert {"v1", "v2"} not in pairs


def test_a_file_may_start_with_a_byte_order_mark(tmp_path):
    path = tmp_path / "k.toml"
    path.write_text('required = ["X --> Y"]', encoding="utf-8-sig")
    assert cs.Knowledge.load(path) == cs.Knowledge(required=["X --> Y"])
    with pytest.raises(KnowledgeError, match="none.toml: No such file or directory$"):
        cs.Knowledge.load(tmp_path / "none.toml")


def test_lagged_rules_name_one_lag_and_tiers_hold_at_every_lag() -> None:
    rules = Knowledge(forbidden=["X[t-1] --> Y"], required=["X[t-2] --> X"], tiers=[["X"], ["Y"]])
    known = rules.resolve_lagged(["X", "Y"], 2)
    into_y = known.forbidden[:, 1].tolist()
    assert into_y == [False, False, True, False, False, False]
    into_x = known.forbidden[:, 0].tolist()
    assert into_x == [False, True, False, True, False, True]
    assert known.required[4, 0]
    assert known.required.sum() == 1


def test_lagged_rules_never_run_against_time() -> None:
    known = Knowledge().resolve_lagged(["X", "Y"], 2)
    past = np.arange(6) >= 2
    assert known.forbidden[:, past].sum() == 4 * 6 - 4
    assert not known.forbidden[:, :2].any()
    assert known.apart[np.ix_(past, past)].sum() == 12
    with pytest.raises(KnowledgeError, match="no cause follows its effect"):
        Knowledge(required=["X --> Y[t-1]"]).resolve_lagged(["X", "Y"], 1)
    with pytest.raises(KnowledgeError, match="an edge ends in the present"):
        Knowledge(required=["X[t-2] --> Y[t-1]"]).resolve_lagged(["X", "Y"], 2)
    with pytest.raises(NameNotFoundError, match=r"X\[t-5\]"):
        Knowledge(required=["X[t-5] --> Y"]).resolve_lagged(["X", "Y"], 2)


def test_any_lag_and_patterns_match_labels() -> None:
    known = Knowledge(forbidden=["X[t-*] --> Y", "/Y.*/ --> X"]).resolve_lagged(["X", "Y"], 2)
    assert known.forbidden[:, 1].tolist() == [False, False, True, False, True, False]
    assert known.forbidden[:, 0].tolist() == [False, True, False, True, False, True]
