"""CD-NOD finds the changing modules, never an effect on a context, and is told what it must be."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from causalsim.citest import FisherZ, Oracle
from causalsim.discovery import DiscoveryResult, pcmci_plus
from causalsim.discovery._cdnod import cdnod
from causalsim.discovery._cdnod_result import CDNODResult
from causalsim.discovery._colliders import RULES
from causalsim.discovery._independent_change import Decision, turn_by_change
from causalsim.discovery._orientation import POLICIES, Orientation
from causalsim.errors import DataError, FormatError, KnowledgeError, NameNotFoundError, OptionError
from causalsim.graph import CPDAG, DAG, Mark, random_dag
from causalsim.graph.pdag import PDAG, meek_rounds


def with_contexts(seed, contexts=("C",)):
    """Give a random DAG in which nothing causes a context, and the changing variables."""
    rng = np.random.default_rng(seed)
    names = [f"X{i}" for i in range(int(rng.integers(3, 8)))]
    edges = list(random_dag(names, degree=2.0, rng=seed).edges)
    hit = {name for name in names for _ in contexts if rng.random() < 0.3}
    for name in sorted(hit):
        some = [c for c in contexts if rng.random() < 0.6] or [contexts[0]]
        edges += [f"{c} --> {name}" for c in some]
    return DAG.from_edges(edges, [*names, *contexts]), tuple(n for n in names if n in hit)


def class_with_contexts(dag, contexts):
    """Give what can be oriented when the contexts are known to be roots."""
    state = PDAG.from_graph(dag.to_cpdag())
    for name in contexts:
        for child in dag.indices(dag.children(name)):
            state.orient(dag.index(name), child)
    for arrows in meek_rounds(state):
        for arrow in arrows:
            state.orient(arrow.tail, arrow.head)
    return CPDAG(dag.nodes, state.to_marks())


def shifted(seed, n=300, strength=2.0):
    """Give two domains in which X and Z shift, X --> Y --> Z."""
    rng = np.random.default_rng(seed)
    lab = np.repeat([0, 1], n // 2)
    x = rng.normal(size=n) + strength * lab
    y = x + rng.normal(size=n)
    z = y + rng.normal(size=n) + strength * lab
    return pd.DataFrame({"X": x, "Y": y, "Z": z, "lab": np.where(lab, "new", "old")})


FOUND = cdnod(shifted(0), "lab", "fisher_z", rng=0)

# -- with perfect answers --------------------------------------------------------------------


@pytest.mark.parametrize(("contexts", "graphs"), [(("C",), 200), (("C", "D"), 60)])
def test_an_oracle_gives_changing_modules_skeleton_and_every_arrow(contexts, graphs):
    for seed in range(graphs):
        dag, changing = with_contexts(seed, contexts)
        found = cdnod(None, list(contexts), Oracle(dag))
        assert found.changing == changing
        assert (found.graph.skeleton == dag.skeleton).all()
        assert found.graph == class_with_contexts(dag, contexts)
        assert not any(event.rule in {"refused", "conflict", "cycle"} for event in found.events)


@pytest.mark.parametrize("sepset", RULES)
@pytest.mark.parametrize("conflict", POLICIES)
def test_an_oracle_leaves_no_choice_to_rules_and_policies(sepset, conflict):
    for seed in range(30):
        dag, _ = with_contexts(seed)
        found = cdnod(None, "C", Oracle(dag), sepset=sepset, conflict=conflict)
        assert found.graph == class_with_contexts(dag, "C")


def test_a_change_passes_on_along_the_arrows():
    for edges in (["C --> X", "X --> Y"], ["C --> X", "Y --> X"]):
        found = cdnod(None, "C", Oracle(DAG.from_edges(edges, ["X", "Y", "C"])))
        assert found.graph == CPDAG.from_edges(edges, ["X", "Y", "C"])


# -- the context is never an effect ----------------------------------------------------------


def weak_shift(seed):
    rng, label = np.random.default_rng(seed), np.repeat([-1.0, 1.0], 1000)
    v = 0.12 * label[:, None] + rng.normal(size=(2000, 2))
    return pd.DataFrame({"V1": v[:, 0], "V2": v[:, 1], "lab": np.where(label > 0, "b", "a")})


@pytest.mark.parametrize("conflict", POLICIES)
def test_no_policy_puts_an_arrowhead_at_a_weak_context(conflict):
    told = 0
    for seed in range(40):
        found = cdnod(weak_shift(seed), "lab", "fisher_z", alpha=0.01, conflict=conflict)
        assert Mark.ARROW not in found.graph.marks[:, found.graph.index("lab")]
        refused = [event for event in found.events if event.rule == "refused"]
        assert all(event.head == "lab" for event in refused)
        assert any("look independent all the same" in note for note in found.notes) == bool(
            refused
        )
        told += any(middle == "lab" for _, middle, _ in found.ambiguous) or bool(refused)
    assert told >= 30


@settings(max_examples=25)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from(RULES),
    st.sampled_from(POLICIES),
    st.sampled_from([0.05, 0.3]),
)
def test_nothing_ever_causes_a_context(seed, sepset, conflict, alpha):
    rng = np.random.default_rng(seed)
    dag, _ = with_contexts(seed, ("C", "D"))
    labels = rng.integers(0, 2, (60, 2))
    values = np.column_stack([rng.normal(size=(60, len(dag) - 2)), labels])
    values[:, :-2] += 0.5 * labels @ rng.normal(size=(2, len(dag) - 2))
    frame = pd.DataFrame(values, columns=list(dag.nodes)).astype({"C": bool, "D": bool})
    options = {"alpha": alpha, "sepset": sepset, "conflict": conflict, "phases": 2}
    try:
        found = cdnod(frame, ["C", "D"], "fisher_z", **options)
    except DataError:  # independent rows look ordered in one column of a thousand
        reject()
    for name in ("C", "D"):
        assert not found.graph.parents(name)
        assert found.graph.adjacent(name) == found.graph.children(name)
    assert not found.graph.skeleton[-2, -1]
    assert found.sepsets[frozenset({"C", "D"})] is None


# -- data ------------------------------------------------------------------------------------


def example_1(seed, n=500):
    """Give the four variables of the reference example; x2 and x4 drift."""
    e, t = np.random.default_rng(seed).normal(size=(4, n)), np.arange(1, n + 1)
    x1 = e[0]
    x2 = 0.8 * x1 + 1.5 * np.sin(t / 50) + 0.5 * e[1]
    x3 = 0.8 * x2 + 0.5 * e[2]
    x4 = 0.8 * x3 + np.sin(t / 50) + np.sin(t / 20) + 0.5 * e[3]
    return pd.DataFrame({"x1": x1, "x2": x2, "x3": x3, "x4": x4})


@pytest.mark.stats
def test_the_reference_example_finds_the_two_that_drift():
    found = [cdnod(example_1(s), "time", "kci_zhang", max_cond=2, phases=2) for s in range(5)]
    hits = sum(result.changing == ("x2", "x4") for result in found)
    assert binomtest(hits, len(found), 0.85, alternative="less").pvalue > 1e-2


def test_the_reference_example_is_oriented_by_its_changes():
    found = cdnod(example_1(0), "time", max_cond=2)
    truth = ["x1 --> x2", "x2 --> x3", "x3 --> x4", "time --> x2", "time --> x4"]
    assert found.graph == CPDAG.from_edges(truth, found.graph.nodes)
    assert found.directions["phase"].tolist() == [2, 2, 2]
    assert set(found.directions["rule"]) <= {"collider", "R1"}


def test_domains_are_no_numbers():
    rng = np.random.default_rng(0)
    codes = np.tile([1, 2, 3], 100)
    x = np.where(codes == 2, 2.0, 0.0) + rng.normal(size=300)
    frame = pd.DataFrame({"X": x, "Y": rng.normal(size=300), "lab": codes.astype(str)})
    for test in ("mixed", "kci"):
        assert cdnod(frame, "lab", test).changing == ("X",)
    swapped = frame.assign(lab=frame["lab"].map({"1": "2", "2": "3", "3": "1"}))
    for test in ("mixed", "kci"):
        log_p = [cdnod(part, "lab", test).record.log_p for part in (frame, swapped)]
        np.testing.assert_allclose(*log_p, atol=1e-6)
    with pytest.raises(DataError, match=r"'fisher_z' takes .* got 'lab' \(discrete\)"):
        cdnod(frame, "lab", "fisher_z")


def test_changes_of_scale_and_slope_are_seen():
    rng = np.random.default_rng(1)
    lab = np.repeat([0, 1], 150)
    x = rng.normal(size=300) * np.where(lab, 3.0, 1.0)
    y = np.where(lab, -1.0, 1.0) * x + rng.normal(size=300)
    frame = pd.DataFrame({"X": x, "Y": y, "Z": rng.normal(size=300), "lab": lab.astype(bool)})
    assert cdnod(frame, "lab", phases=2).changing == ("X", "Y")


def test_a_stationary_autoregression_does_not_change_given_its_past():
    def changes(seed):
        rng = np.random.default_rng(seed)
        e = rng.normal(size=(350, 2))
        for t in range(1, 350):
            e[t] += 0.8 * e[t - 1]
        frame = pd.DataFrame(e[50:], columns=["X", "Y"])
        return len(cdnod(frame, "time", "kci_zhang", lags=1, phases=2).changing)

    hits = sum(changes(seed) for seed in range(50))
    assert binomtest(hits, 100, 0.05, alternative="greater").pvalue > 1e-3


def test_known_interventions_act_on_their_targets_only():
    rng = np.random.default_rng(0)
    arm = np.repeat(["base", "drug", "heat"], 100)
    x = rng.normal(size=300) + 2 * (arm == "drug")
    y = x + rng.normal(size=300) + 2 * (arm == "heat")
    frame = pd.DataFrame({"X": x, "Y": y, "arm": arm})
    found = cdnod(frame, "arm", "fisher_z", targets={"drug": ["X"], "heat": None})
    assert found.contexts == ("arm=drug", "arm=heat")
    assert found.changing == ("X", "Y")
    truth = ["X --> Y", "arm=drug --> X", "arm=heat --> Y"]
    assert found.graph == CPDAG.from_edges(truth, found.graph.nodes)
    assert "X" in found.sepsets[frozenset({"Y", "arm=drug"})]
    wrong = cdnod(frame, "arm", "fisher_z", targets={"drug": ["Y"]})
    assert wrong.graph.children("arm=drug") == ("Y",)
    assert wrong.sepsets[frozenset({"X", "arm=drug"})] is None
    assert "they look dependent" in str(wrong.explain("X", "arm=drug"))


def test_knowledge_is_honoured():
    frame = shifted(0)
    found = cdnod(
        frame, "lab", "fisher_z", knowledge={"forbidden": ["lab --> X"], "required": ["Z --> X"]}
    )
    assert "X" not in found.changing
    assert "Z" in found.graph.parents("X")
    with pytest.raises(KnowledgeError, match="nothing causes a context"):
        cdnod(frame, "lab", "fisher_z", knowledge={"required": ["X --> lab"]})
    with pytest.raises(NameNotFoundError, match=r"no variable \(in knowledge\) 'W'"):
        cdnod(frame, "lab", "fisher_z", knowledge={"required": ["X --> W"]})


# -- independent changes ---------------------------------------------------------------------


def both_change(*edges):
    """Give orientation with C above X, Y and Z, and these edges open."""
    names = ("X", "Y", "Z", "C")
    graph = CPDAG.from_edges([*edges, "C --> X", "C --> Y", "C --> Z"], names)
    return Orientation(PDAG.from_graph(graph)), names


def verdicts(**arrows):
    """Give a comparison that answers from ``XY=("X --> Y", margin)``."""

    def compare(x, y):
        verdict, margin = arrows.get(x + y, ("abstained", 0.0))
        return Decision(x, y, 1.0, 1.0, margin, 0.5, 0.5, verdict)

    return compare


def test_only_open_edges_between_changing_modules_are_compared():
    work, names = both_change("X --- Y", "Y --- Z", "X --> Z")
    assert {(d.x, d.y) for d in turn_by_change(work, names, ["C"], verdicts())} == {
        ("X", "Y"),
        ("Y", "Z"),
    }
    assert not work.steps
    state = PDAG.from_graph(CPDAG.from_edges(["X --- Y", "C --> X"], ["X", "Y", "C"]))
    assert turn_by_change(Orientation(state), ("X", "Y", "C"), ["C"], verdicts()) == ()


def test_the_clearest_edge_is_turned_first_and_rules_follow():
    work, names = both_change("X --- Y", "Y --- Z")
    told = verdicts(XY=("X --> Y", 0.9), YZ=("Z --> Y", 0.4))
    decisions = turn_by_change(work, names, ["C"], told)
    assert [step.rule for step in work.steps] == ["change", "R1"]
    assert work.state.children[0] == {1}
    assert work.state.children[1] == {2}
    assert [d.arrow for d in decisions] == [("X", "Y"), ("Z", "Y")]


def test_an_arrow_that_would_close_a_cycle_is_refused():
    work, names = both_change("X --> Y", "Y --> Z", "X --- Z")
    turn_by_change(work, names, ["C"], verdicts(XZ=("Z --> X", 0.9)))
    assert [step.rule for step in work.steps] == ["refused"]
    assert 2 in work.state.undirected[0]


# -- laws ------------------------------------------------------------------------------------


@settings(max_examples=6)
@given(
    st.permutations(["X", "Y", "Z", "lab"]), st.integers(0, 99), st.sampled_from(["mixed", "kci"])
)
def test_permuting_columns_permutes_the_result(order, seed, test):
    frame = shifted(seed, n=80, strength=1.0)
    plain, moved = (cdnod(part, "lab", test, rng=0) for part in (frame, frame[order]))
    assert moved.graph == plain.graph.reorder(moved.graph.nodes)
    assert set(moved.changing) == set(plain.changing)
    assert {frozenset(t) for t in moved.ambiguous} == {frozenset(t) for t in plain.ambiguous}


def test_the_order_of_rows_within_domains_plays_no_part():
    frame = shifted(3, n=100)
    rows = np.random.default_rng(0).permutation(100)
    plain, moved = (cdnod(part, "lab", "kci", rng=0) for part in (frame, frame.iloc[rows]))
    assert moved.graph == plain.graph
    np.testing.assert_allclose(moved.record.log_p, plain.record.log_p, rtol=1e-6)


def test_the_number_of_workers_plays_no_part():
    frame = shifted(3, n=100)
    one, two = (cdnod(frame, "lab", "mixed", lags=1, n_jobs=jobs, rng=0) for jobs in (1, 2))
    assert one.to_dict() == two.to_dict()


# -- the result ------------------------------------------------------------------------------


def test_saving_and_loading_give_the_same_result(tmp_path):
    path = tmp_path / "r.json"
    FOUND.save(path)
    back = CDNODResult.load(path)
    assert back.to_dict() == FOUND.to_dict() == json.loads(path.read_text(encoding="utf-8"))
    assert back.graph == FOUND.graph
    assert back.changing == FOUND.changing == ("X", "Z")
    assert back.directions.equals(FOUND.directions)
    assert back.summary() == FOUND.summary()
    assert back == FOUND == DiscoveryResult.load(path)
    assert isinstance(DiscoveryResult.load(path), CDNODResult)
    with pytest.raises(DataError, match="holds no rows: .* from a file.*give them as data="):
        back.predict_condition(shifted(1))


def test_a_result_of_another_algorithm_is_no_result_of_cdnod(tmp_path):
    path = tmp_path / "r.json"
    pcmci_plus(np.random.default_rng(0).normal(size=(40, 2)), 1).save(path)
    with pytest.raises(
        FormatError, match=r"of cdnod\(\), got one of pcmci_plus\(\); read it with"
    ):
        CDNODResult.load(path)


def test_the_result_says_what_it_rests_on():
    text = FOUND.summary()
    assert text.startswith("changing modules: X, Z\n")
    assert "context = lab" in text
    assert "hidden common causes, if any, are functions of the context" in text
    assert FOUND.variables == ("X", "Y", "Z")
    assert "They are independent given {X}" in str(FOUND.explain("Y", "lab"))


def test_directions_tell_the_phase_of_each_edge():
    table = FOUND.directions
    assert table.columns.tolist() == [
        *("edge", "phase", "rule", "forward", "backward", "margin"),
        *("p_forward", "p_backward", "verdict"),
    ]
    assert len(table) == FOUND.graph.subgraph(FOUND.variables).n_edges
    rules = dict(zip(table["edge"], table["rule"], strict=True))
    assert all(bool(rule) == (" --- " not in edge) for edge, rule in rules.items())


def test_a_bound_test_needs_no_data():
    frame = shifted(0).assign(lab=lambda part: (part["lab"] == "new").astype(float))
    found = cdnod(None, "lab", FisherZ()(frame), rng=0)
    assert found.changing == FOUND.changing
    with pytest.raises(NameNotFoundError, match="no column 'site'"):
        cdnod(None, "site", FisherZ()(frame))
    with pytest.raises(DataError, match="data=None goes only with a bound test or an oracle"):
        cdnod(None, "lab", "fisher_z")
    with pytest.raises(OptionError, match="targets and lags need data"):
        cdnod(None, "lab", FisherZ()(frame), lags=1)
    with pytest.raises(DataError, match="the bound test has the columns 'X', 'lab', the data"):
        cdnod(frame, "lab", FisherZ()(frame[["X", "lab"]]))
    with pytest.raises(OptionError, match="lags=1 with a bound test: give its name or spec"):
        cdnod(frame, "lab", FisherZ()(frame), lags=1)
    with pytest.raises(OptionError, match="lags count rows, and missing='listwise' drops some"):
        cdnod(frame, "lab", lags=1, missing="listwise")
    with pytest.raises(DataError, match="no column beside the context"):
        cdnod(None, list(frame.columns), FisherZ()(frame))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"alpha": None}, "alpha=None: expected a number between 0 and 1; pc"),
        ({"alpha": 2.0}, "alpha=2.0: expected a number between 0 and 1"),
        ({"phases": 4}, "phases=4: expected 3, or 2"),
        ({"conflict": "none"}, "conflict='none' is unknown"),
        ({"time_kernel": -1.0}, "time_kernel=-1.0: expected a positive width, or 'auto'"),
        ({"time_kernel": "wide"}, "time_kernel='wide': expected a positive width, or 'auto'"),
    ],
)
def test_wrong_options_are_refused(options, words):
    with pytest.raises(OptionError, match=words):
        cdnod(shifted(0), "lab", "fisher_z", **options)


# -- a condition that was held out -----------------------------------------------------------


def conditions(seed, shifts, n=200):
    """Give X --> Y --> Z; the mechanism of Y changes between conditions."""
    rng = np.random.default_rng(seed)
    parts = []
    for name, shift in shifts.items():
        x = rng.normal(size=n)
        y = x + shift + rng.normal(size=n)
        z = 2 * y + rng.normal(size=n)
        parts.append(pd.DataFrame({"X": x, "Y": y, "Z": z, "run": name}))
    return pd.concat(parts, ignore_index=True)


def test_a_loaded_result_predicts_from_the_rows_it_was_found_in(tmp_path):
    rows, new = conditions(0, {"a": 0.0, "b": 2.0}), conditions(1, {"c": 6.0})
    found = cdnod(rows, "run", "fisher_z", rng=0)
    found.save(tmp_path / "r.json")
    back = CDNODResult.load(tmp_path / "r.json")
    again = back.predict_condition(new, ["Y"], data=rows, rng=0)
    first = found.predict_condition(new, "Y", rng=0)
    pd.testing.assert_frame_equal(again.mechanisms, first.mechanisms)
    pd.testing.assert_frame_equal(again.condition, first.condition)


def test_a_driving_force_knows_its_domains_and_dates():
    rng, sites = np.random.default_rng(0), np.array(["Rome", "Oslo", "Lima"])[np.arange(120) % 3]
    frame = pd.DataFrame(rng.normal(size=(120, 2)), columns=["X", "Y"]).assign(site=sites)
    frame["X"] += 3 * (frame["site"] == "Rome") - 3 * (frame["site"] == "Lima")
    by_site = cdnod(frame, "site", "mixed", phases=2).driving_force("X")
    assert by_site.labels == ("Lima", "Oslo", "Rome")
    assert "at 3 domains ('Lima', 'Oslo', 'Rome')" in by_site.summary()
    days = pd.date_range("2020-01-01", periods=200)
    drift = pd.DataFrame(rng.normal(size=(200, 2)), days, ["X", "Y"])
    drift["X"] += np.linspace(0, 3, 200)
    force = cdnod(drift, "time", "fisher_z", phases=2).driving_force("X")
    later = cdnod(drift, "time", "fisher_z", phases=2, lags=2).driving_force("X")
    assert later.labels == tuple(days.strftime("%Y-%m-%d"))[2:]
    assert force.labels == tuple(days.strftime("%Y-%m-%d"))
    assert "at 200 times (2020-01-01 to 2020-07-18)" in force.summary()


def test_a_held_out_condition_is_predicted_by_the_mechanisms_that_do_not_change():
    found = cdnod(conditions(0, {"a": 0.0, "b": 2.0}), "run", "fisher_z", rng=0)
    new = conditions(1, {"c": 6.0})
    seen = found.predict_condition(new, targets=["Y"], rng=0)
    scores = seen.mechanisms
    assert scores.index.tolist() == ["X", "Y", "Z"]
    assert scores["role"].tolist() == ["invariant", "target", "invariant"]
    assert scores.loc["Z", "gain"] > 1
    assert scores.loc["Z", "log_likelihood"] == pytest.approx(-1.42, abs=0.2)
    assert scores.loc["Y", "log_likelihood"] < scores.loc["Z", "log_likelihood"]
    assert seen.condition.loc["Z", "gain"] > 10 * seen.condition.loc["Z", "se"]
    assert found.predict_condition(new, rng=0).mechanisms.loc["Y", "role"] == "changing"
    with pytest.raises(NameNotFoundError, match=r"no variable \(in targets\) 'W'"):
        found.predict_condition(new, targets=["W"])
    with pytest.raises(NameNotFoundError, match="no column 'Z'"):
        found.predict_condition(new[["X", "Y"]])


def drifting(seed, n=600):
    """Give X --> Y, both of which drift, each in its own way, and what drives X."""
    rng, t = np.random.default_rng(seed), np.arange(n) / 6
    x = np.sin(t) + 0.5 * rng.normal(size=n)
    slope = 1 + 0.6 * np.sin(0.7 * t) * np.cos(0.3 * t)
    return pd.DataFrame({"Y": slope * np.tanh(x) + 0.3 * rng.normal(size=n), "X": x}), np.sin(t)


def test_independent_changes_turn_an_edge_and_say_so(tmp_path):
    frame, driver = drifting(4)
    found = cdnod(frame, "time", "kci_zhang", rng=0)
    assert found.changing == ("Y", "X")
    assert found.graph.parents("Y") == ("X", "time")
    row = found.directions.iloc[0]
    assert (row["edge"], row["phase"], row["rule"]) == ("X --> Y", 3, "change")
    assert row["p_forward"] < row["p_backward"]  # of Y --> X, as columns stand
    assert "change independently" in str(found.explain("X", "Y"))
    force = found.driving_force("X")
    assert abs(np.corrcoef(force.array[:, 0], driver)[0, 1]) > 0.9
    found.save(tmp_path / "found.json")
    loaded = CDNODResult.load(tmp_path / "found.json")
    assert loaded.decisions == found.decisions
    assert np.array_equal(loaded.driving_force("X").array, force.array)
    with pytest.raises(DataError, match=r"holds no rows: .*run cdnod\(\) on them again"):
        loaded.driving_force("Y")
    with pytest.raises(NameNotFoundError, match="no changing module 'time'"):
        found.driving_force("time")
    assert cdnod(frame, "time", "kci_zhang", phases=2, rng=0).decisions == ()


def test_a_target_orients_the_edges_behind_it():
    rng = np.random.default_rng(0)
    arm = np.repeat(["base", "drug"], 200)
    a = rng.normal(size=400) + 3 * (arm == "drug")
    frame = pd.DataFrame({"A": a, "B": 0.9 * a + 0.5 * rng.normal(size=400), "arm": arm})
    found = cdnod(frame, "arm", "fisher_z", targets={"drug": ["A"]})
    assert found.graph.edges == ("A --> B", "arm=drug --> A")
