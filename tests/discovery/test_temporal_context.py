"""Contexts over time: what is hidden but shared, tests with labels, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest
from scipy.stats import f as f_law
from series import class_by_force, lagged, oracle_of, steps_of

import causalsim as cs
from causalsim.citest import FisherZ, Oracle, ParCorr
from causalsim.citest._tails import log_t_tails
from causalsim.data import Kind, Table
from causalsim.discovery import _tester
from causalsim.discovery._condition_selection import select_conditions
from causalsim.discovery._fixed_effects import FixedEffects, bind_labelled, log_f_tail
from causalsim.discovery._pcmci_plus import pcmci_plus
from causalsim.discovery._result import DiscoveryResult
from causalsim.errors import DataError, KnowledgeError, NameNotFoundError, OptionError
from causalsim.graph import DAG, TemporalGraph
from causalsim.graph.random import random_temporal_graph

SEEDS = st.integers(0, 2**32 - 1)
HIDDEN = ("space", "time")


def confounded(kind, seed, count=5, steps=30):
    """Draw x0 and x1, both moved by what a series, or a step of all series, has in common."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, steps + 5, 2))
    shape = {"space": (count, 1), "time": (1, steps + 5)}[kind]
    x += 2.0 * rng.normal(size=shape)[:, :, None] * [1, -1]
    for t in range(1, steps + 5):
        x[:, t] += 0.3 * x[:, t - 1]
    return x[:, 5:]


def panel_of(seed, names="WXYZ", count=4, steps=25):
    """Draw a panel of a linear model, each series with a level of its own."""
    model = cs.random_temporal_scm(list(names), max_lag=1, degree=2, rng=seed)
    rng = np.random.default_rng(seed)
    paths = model.sample(steps, paths=count, rng=rng)
    return [frame + rng.normal(size=len(names)) for frame in paths]


# -- the test ----------------------------------------------------------------------------------


def with_labels(seed, n=60):
    """Draw four numbers and two labels they hang on: an unbalanced design."""
    rng = np.random.default_rng(seed)
    a, b = rng.integers(3, size=n), rng.integers(5, size=n)
    numbers = rng.normal(size=(n, 4)) @ rng.normal(size=(4, 4))
    numbers += rng.normal(size=(3, 4))[a] + rng.normal(size=(5, 4))[b]
    kinds = (Kind.CONTINUOUS,) * 4 + (Kind.DISCRETE,) * 2
    return Table(tuple("WXYZAB"), np.column_stack([numbers, a, b]), kinds)


def one_hot(codes):
    return np.equal(codes[:, None], np.unique(codes)[1:]).astype(float)


@settings(max_examples=20)
@given(SEEDS, st.sampled_from([ParCorr, FisherZ]), st.sampled_from(["", "A", "B", "AB"]))
def test_labels_in_a_set_are_indicators_in_it(seed, spec, labels):
    table = with_labels(seed)
    test = bind_labelled(spec, table, ["A", "B"])
    blocks = [one_hot(table.values[:, table.index(name)]) for name in labels]
    wide = spec()(np.column_stack([table.values[:, :4], *blocks]))
    more = list(wide.names[4:])
    for numbers in ([], ["Y"], ["Z", "Y"]):
        expected = wide("x0", "x1", [{"Y": "x2", "Z": "x3"}[n] for n in numbers] + more)
        got = test("W", "X", [*labels, *numbers])
        assert got.effect == pytest.approx(expected.effect)
        assert got.log_p == pytest.approx(expected.log_p)
        assert got.statistic == pytest.approx(expected.statistic)


def left_over(target, columns):
    rows = np.column_stack([np.ones(len(target)), *columns])
    slopes, _, rank, _ = np.linalg.lstsq(rows, target, rcond=None)
    return ((target - rows @ slopes) ** 2).sum(), len(target) - rank


@settings(max_examples=20)
@given(SEEDS, st.booleans(), st.integers(0, 2), st.booleans())
def test_a_label_is_tested_by_the_f_statistic_of_its_indicators(seed, other, k, turned):
    table = with_labels(seed)
    test = bind_labelled("par_corr", table, ["A", "B"])
    columns = [table.values[:, 2 + i] for i in range(k)]
    columns += [one_hot(table.values[:, 5])] if other else []
    numbers = ["Y", "Z"][:k] + ["B"] * other
    before, _ = left_over(table.values[:, 0], columns)
    after, room = left_over(table.values[:, 0], [*columns, one_hot(table.values[:, 4])])
    statistic = (before - after) / 2 / (after / room)
    got = test("A", "W", numbers) if turned else test("W", "A", numbers)
    assert got.statistic == pytest.approx(statistic)
    assert got.p_value == pytest.approx(f_law.sf(statistic, 2, room))
    assert got.effect == pytest.approx(np.sqrt(1 - after / before))
    assert got.dof == 2


@settings(max_examples=20)
@given(SEEDS)
def test_questions_of_a_batch_do_not_mix(seed):
    test = bind_labelled("par_corr", with_labels(seed), ["A", "B"])
    rng = np.random.default_rng(seed)
    rows = np.array([rng.permutation(6)[:4] for _ in range(30)])
    statistic, log_p = test.batch(rows[:, 0], rows[:, 1], rows[:, 2:])
    for row, *got in zip(rows, statistic, log_p, strict=True):
        x, y, *s = (test.names[k] for k in row)
        one = test(x, y, s)
        assert [one.statistic, one.log_p] == pytest.approx(got, nan_ok=True)
        assert np.isnan(one.statistic) == ({x, y} == {"A", "B"})


def test_what_a_label_explains_whole_is_untestable():
    table = with_labels(0)
    values = table.values.copy()
    values[:, 1] = values[:, 4] ** 2
    test = bind_labelled("par_corr", Table(table.names, values, table.kinds), ["A", "B"])
    for question in (("W", "X", "A"), ("X", "B", "A"), ("W", "A", "X")):
        answer = test(*question)
        assert np.isnan(answer.statistic)
        assert answer.log_p == -np.inf
    few = Table(table.names, table.values[:7], table.kinds)
    assert np.isnan(bind_labelled("par_corr", few, ["A", "B"])("W", "A", ["B", "Y"]).statistic)


@pytest.mark.parametrize("room", [4.0, 50.0, 5000.0])
@pytest.mark.parametrize("t", [0.5, 3.0, 50.0, 5000.0])
def test_far_tails_of_f(room, t):
    share = np.array([1 / (1 + t * t / room)])
    assert log_f_tail(share, 1.0, room)[0] == pytest.approx(float(log_t_tails(t, room)))
    assert log_f_tail(share, 2.0, room)[0] == pytest.approx(room / 2 * np.log(share[0]))


def test_labels_need_complete_rows_and_no_shrinkage():
    table = with_labels(0)
    with pytest.raises(OptionError, match="shrinkage is not defined with labels"):
        bind_labelled(ParCorr(shrinkage=0.1), table, ["A", "B"])
    with pytest.raises(DataError, match=r"'A' \(discrete\)"):
        bind_labelled("par_corr", table, ["B"])
    values = table.values.copy()
    values[3, 0] = np.nan
    with pytest.raises(DataError, match="labels need complete rows"):
        bind_labelled("par_corr", Table(table.names, values, table.kinds), ["A", "B"])


def test_conditions_are_sorted_by_size_with_labels_too():
    steps = steps_of(steps=120)
    plain = lagged(steps, 2)
    labels = np.arange(len(plain)) % 3
    table = Table(
        (*plain.names, "A"),
        np.column_stack([plain.values, labels]),
        (*plain.kinds, Kind.DISCRETE),
    )
    links = np.zeros((3, len(table.names)), bool)
    links[:, 3:9] = True
    chosen = []
    for test in (bind_labelled("par_corr", table, ["A"]), ParCorr()(plain)):
        lists = select_conditions(
            _tester.Tester(test, 0.2),
            links,
            np.zeros_like(links),
            None,
            lambda *_: None,
            lambda *_: None,
        )
        chosen.append([nodes.tolist() for nodes in lists])
    assert chosen[0] == chosen[1]


# -- perfect answers ----------------------------------------------------------------------------


def without_causes(graph, name):
    """Drop the edges into one variable."""
    marks, past = graph.marks.copy(), graph.past_marks.copy()
    k = graph.index(name)
    for i, lag in np.argwhere(graph.directed[:, k]):
        marks[i, k, lag] = past[i, k, lag] = 0
        if lag == 0:
            marks[k, i, 0] = past[k, i, 0] = 0
    roles = tuple("context" if node == name else "variable" for node in graph.nodes)
    return TemporalGraph(graph.nodes, marks, past, roles)


def with_context(rng):
    lags = int(rng.integers(1, 3))
    p = int(rng.integers(3, 6))
    graph = random_temporal_graph(p, max_lag=lags, degree=min(2.5, p - 1.0), rng=rng)
    return without_causes(graph, graph.nodes[int(rng.integers(p))])


def as_context(graph, name):
    roles = tuple("context" if node == name else "variable" for node in graph.nodes)
    return TemporalGraph(graph.nodes, graph.marks, graph.past_marks, roles)


@pytest.mark.parametrize("own_past", [False, True])
def test_perfect_answers_give_the_class_in_which_the_context_is_no_effect(own_past):
    rng = np.random.default_rng(int(own_past))
    for trial in range(40):
        graph = with_context(rng)
        name = graph.nodes[graph.roles.index("context")]
        edges = [*graph.edges, *[f"{name}[t-1] --> {name}"] * own_past]
        truth = TemporalGraph.from_edges(edges, graph.nodes, max_lag=graph.max_lag)
        found = pcmci_plus(None, graph.max_lag, oracle_of(truth), context=name)
        assert found.graph == as_context(class_by_force(graph, [name]), name), (trial, graph)
        assert not found.ambiguous


@pytest.mark.parametrize("number", HIDDEN)
def test_perfect_answers_see_through_a_hidden_cause_that_never_changes(number):
    """One node acts at all times, as the number of the series does."""
    rng = np.random.default_rng(3)
    for trial in range(40):
        whole = with_context(rng)
        name = whole.nodes[whole.roles.index("context")]
        lag_free = [edge for edge in whole.edges if not edge.startswith(f"{name}[t-")]
        graph = TemporalGraph.from_edges(lag_free, whole.nodes, max_lag=whole.max_lag)
        dag = oracle_of(graph).graph
        edges = []
        for edge in dag.edges:
            tail, head = edge.split(" --> ")
            edges.append(f"{name if tail.split('[')[0] == name else tail} --> {head}")
        names = [node.replace(name, number) for node in dag.nodes]
        oracle = Oracle(DAG.from_edges([edge.replace(name, number) for edge in edges], names))
        found = pcmci_plus(None, graph.max_lag, oracle, context=number)
        expected = class_by_force(graph, [name])
        renamed = [edge.replace(name, number) for edge in expected.edges]
        assert found.graph.edges == tuple(renamed), (trial, graph)
        assert not found.ambiguous


# -- samples -------------------------------------------------------------------------------------


@pytest.mark.stats
@pytest.mark.parametrize("kind", HIDDEN)
def test_what_is_hidden_but_shared_makes_no_false_links(kind):
    """x0 and x1 are not linked; 200 panels, the link within a step at level .05."""
    linked = {None: 0, kind: 0}
    for seed, context in ((s, c) for s in range(200) for c in linked):
        found = pcmci_plus(confounded(kind, seed), 1, alpha=0.05, context=context, max_conds=2)
        cross = found.graph.marks[:2, :2].copy()
        cross[range(2), range(2)] = 0
        linked[context] += bool(cross.any() if context is None else cross[0, 1, 0])
    assert linked[None] > 170
    assert binomtest(linked[kind], 200, 0.05).pvalue > 1e-3


@pytest.mark.parametrize("test", ["mixed", "kci"])
def test_other_tests_take_the_number_of_the_series_as_it_is(test):
    data = confounded("space", 2)
    names = {"x0", "x1"}
    plain, found = (
        pcmci_plus(data, 1, test, context=context, max_conds=1) for context in (None, "space")
    )

    def cross(graph):
        ends = [edge.replace("[t-1]", "").split(" ")[::2] for edge in graph.edges]
        return [pair for pair in ends if set(pair) == names]

    assert cross(plain.graph)
    assert not cross(found.graph)
    assert {"space --> x0", "space --> x1"} & set(found.graph.edges)


def test_series_and_steps_at_once():
    data = confounded("space", 1, 6, 40) + confounded("time", 2, 6, 40)
    found = pcmci_plus(data, 1, context=HIDDEN)
    assert set(found.graph.edges) == {
        "x0[t-1] --> x0",
        "x1[t-1] --> x1",
        *(f"{kind} --> {name}" for kind in HIDDEN for name in ("x0", "x1")),
    }
    assert found.graph.roles == ("variable", "variable", "context", "context")
    assert found.options["context"] == list(HIDDEN)
    assert not found.ambiguous
    assert "par_corr takes labels for fixed effects: 'space', 'time'" in found.notes
    again = DiscoveryResult.from_dict(found.to_dict())
    assert again.graph == found.graph
    assert "space --> x0 since nothing causes a context" in str(found.explain("space", "x0"))


@settings(max_examples=15)
@given(SEEDS, st.sampled_from([("space",), ("time",), HIDDEN, ("W",), ("space", "X")]))
def test_the_order_of_variables_does_not_matter(seed, context):
    panel = panel_of(seed)
    order = np.random.default_rng(seed).permutation(list("WXYZ"))
    one = pcmci_plus(panel, 1, alpha=0.1, context=context)
    two = pcmci_plus([frame[order] for frame in panel], 1, alpha=0.1, context=context[::-1])
    assert two.graph.reorder(one.graph.nodes) == one.graph
    for name in context:
        assert not one.graph.directed[:, one.graph.index(name)].any()


@settings(max_examples=15)
@given(SEEDS)
def test_masks_and_missing_values_leave_a_panel_with_gaps(seed):
    panel = panel_of(seed)
    mask = [np.arange(25) % 7 == k for k in range(4)]
    masked = pcmci_plus(panel, 1, mask=mask, context=HIDDEN)
    holed = [frame.copy() for frame in panel]
    holed[2].iloc[9, 0] = np.nan
    listwise = pcmci_plus(holed, 1, missing="listwise", context=HIDDEN)
    assert masked.n == 4 * 23 - sum(int(m[2:].sum()) for m in mask)
    assert listwise.n == 4 * 23 - 3
    for found in (masked, listwise):
        rows = found.tests.dropna(subset=["statistic"])
        assert len(rows) == len(found.tests)


def test_two_series_are_told_apart_by_a_number():
    """A label of two levels is one indicator: t squared is F."""
    data = confounded("space", 3, count=2)
    found = pcmci_plus(data, 1, context="space", record="all")
    stacked = np.concatenate([part[2:] for part in data])
    past = np.concatenate([part[1:-1] for part in data])
    lab = np.repeat([0.0, 1.0], 28)
    bound = ParCorr()(np.column_stack([stacked, past, lab]))
    rows = found.tests
    answer = rows[(rows["x"] == "x0") & (rows["y"] == "space") & (rows["depth"] == 0)]
    names = {"x0": "x0", "x1": "x1", "x0[t-1]": "x2", "x1[t-1]": "x3", "space": "x4"}
    for s, p in answer[["given", "p_value"]].itertuples(index=False):
        assert p == pytest.approx(bound("x0", "x4", [names[k] for k in s]).p_value)
    assert not any("fixed effects" in note for note in found.notes)


def test_a_drift_in_one_series_is_a_context():
    noise = np.random.default_rng(0).normal(size=(300, 2))
    data = noise + np.linspace(0, 5, 300)[:, None]
    found = pcmci_plus(data, 1, context="time")
    assert set(found.graph.edges) == {"time --> x0", "time --> x1"}
    assert not set(pcmci_plus(data, 1).graph.edges) <= {"x0[t-1] --> x0", "x1[t-1] --> x1"}
    assert any("only a drift along a line" in note for note in found.notes)


# -- named contexts ------------------------------------------------------------------------------


def driven(steps=300, seed=0):
    """Draw an autocorrelated driver of X at lag 0 and of Y one step later."""
    rng = np.random.default_rng(seed)
    c, x, y = rng.normal(size=(3, steps))
    for t in range(1, steps):
        c[t] += 0.5 * c[t - 1]
        x[t] += 0.8 * c[t] + 0.3 * x[t - 1]
        y[t] += 0.8 * c[t - 1] + 0.6 * x[t]
    return pd.DataFrame({"Y": y, "C": c, "X": x})


def test_a_column_acts_at_lags_and_is_no_effect():
    edges = {"C --> X", "C[t-1] --> Y", "X[t-1] --> X"}
    found = pcmci_plus(driven(), 1, context="C")
    assert edges <= set(found.graph.edges)
    assert "X --> Y" in found.graph.edges
    assert found.graph.roles == ("variable", "context", "variable")
    assert not any(edge.endswith(("> C", "- C")) for edge in found.graph.edges)
    backwards = driven().iloc[::-1].reset_index(drop=True)
    assert "Y[t-1] --> C" in pcmci_plus(backwards, 1).graph.edges
    turned = pcmci_plus(backwards, 1, context="C").graph
    assert not turned.directed[:, turned.index("C")].any()


def test_knowledge_is_kept_beside_contexts():
    rules = cs.Knowledge(required=["C[t-1] --> X"], forbidden=["C --> X"])
    found = pcmci_plus(driven(), 1, context="C", knowledge=rules)
    assert "C[t-1] --> X" in found.graph.edges
    assert "C --> X" not in found.graph.edges
    assert found.options["knowledge"] == rules.to_dict()
    with pytest.raises(KnowledgeError, match=r"X --> C is both required .* forbidden"):
        pcmci_plus(driven(), 1, context="C", knowledge={"required": ["X --> C"]})
    panel = confounded("space", 0)
    must = {"required": ["space --> x0"], "forbidden": ["space --> x1"]}
    edges = pcmci_plus(panel, 1, context="space", knowledge=must).graph.edges
    assert "space --> x0" in edges
    assert "space --> x1" not in edges
    with pytest.raises(KnowledgeError, match=r"space\[t-1\] --> x0 is both required"):
        pcmci_plus(panel, 1, context="space", knowledge={"required": ["space[t-1] --> x0"]})


def test_a_column_that_never_changes_in_a_series_acts_at_lag_0():
    rng = np.random.default_rng(0)
    heights = rng.normal(size=8)
    panel = [pd.DataFrame({"X": rng.normal(size=30) + h, "height": h}) for h in heights]
    found = pcmci_plus(panel, 1, context="height")
    assert "height --> X" in found.graph.edges
    assert {frozenset(pair) for pair in found.tests[["x", "y"]].itertuples(index=False)} == {
        frozenset(("X", "height")),
        frozenset(("X", "X[t-1]")),
    }
    with pytest.raises(DataError, match="'space' determines the context 'height'"):
        pcmci_plus(panel, 1, context=["height", "space"])


def test_labels_in_a_column_are_fixed_effects_at_lags():
    rng = np.random.default_rng(0)
    lab = rng.integers(3, size=400)
    e, f = rng.normal(size=(2, 400))
    level = np.array([0.0, 3.0, -1.0])
    frame = pd.DataFrame({"X": level[lab] + e, "Y": np.roll(level[lab], 1) + f, "lab": lab})
    frame["lab"] = frame["lab"].map({0: "a", 1: "b", 2: "c"})
    found = pcmci_plus(frame, 1, context="lab")
    assert found.graph.edges == ("lab --> X", "lab[t-1] --> Y")
    assert isinstance(found.graph, TemporalGraph)


@pytest.mark.parametrize(
    ("context", "error", "message"),
    [
        ("D", NameNotFoundError, "context.*'D'"),
        (["C", "C"], OptionError, "a column is named twice"),
        (3, OptionError, "expected the name of a column"),
        ("space", DataError, "got one series. Give a list of series"),
        (["Y", "C", "X"], DataError, "no column beside the context 'Y', 'C', 'X'"),
    ],
)
def test_contexts_that_make_no_sense_are_named(context, error, message):
    with pytest.raises(error, match=message):
        pcmci_plus(driven(40), 1, context=context)


def test_steps_of_unequal_series_are_not_shared():
    panel = confounded("time", 0, 2)
    with pytest.raises(DataError, match="got series of 20 to 30 steps"):
        pcmci_plus([panel[0], panel[1][:20]], 1, context="time")
    assert pcmci_plus([panel[0], panel[1][:20]], 1, context="space").n == 46


def test_a_context_that_all_series_share_is_told_by_the_step():
    shared = np.random.default_rng(0).normal(size=30)
    panel = [pd.DataFrame({"X": part[:, 0], "C": shared}) for part in confounded("time", 0, 3)]
    with pytest.raises(DataError, match="'time' determines the context 'C'"):
        pcmci_plus(panel, 1, context=["C", "time"])


def test_a_level_is_not_chosen_by_aic_with_labels():
    with pytest.raises(OptionError, match="by AIC needs complete continuous data"):
        pcmci_plus(confounded("space", 0), 1, alpha=None, context="space")


def test_without_data_a_context_is_a_variable_of_the_test():
    graph = TemporalGraph.from_edges(["C --> X", "X[t-1] --> X"])
    with pytest.raises(NameNotFoundError, match="'space'"):
        pcmci_plus(None, 1, oracle_of(graph), context="space")


def test_two_labels_of_one_partition_leave_nothing_to_test():
    table = with_labels(0)
    values = table.values.copy()
    values[:, 5] = 2 - values[:, 4]
    test = bind_labelled("par_corr", Table(table.names, values, table.kinds), ["A", "B"])
    assert isinstance(test, FixedEffects)
    assert np.isnan(test("W", "A", "B").statistic)
    assert test("W", "X", ["A", "B"]).p_value == pytest.approx(test("W", "X", "A").p_value)
