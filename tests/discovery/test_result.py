"""A result says where everything comes from, and survives being written to a file."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from answers import Answers, Stopping
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, norm

import causalsim as cs
from causalsim.citest import FisherZ, GSquared, Oracle
from causalsim.discovery import DiscoveryResult
from causalsim.discovery._alpha import CANDIDATES
from causalsim.discovery._colliders import RULES
from causalsim.discovery._orientation import POLICIES
from causalsim.errors import FormatError, InterruptedRunError, OptionError


def sample_of(p=6, n=200, seed=0, degree=3.0):
    model = cs.random_scm([f"x{i}" for i in range(p)], degree=degree, rng=seed)
    return model.sample(n, rng=seed)


FOUND = cs.pc(sample_of(), "fisher_z", alpha=0.05)


# -- files -----------------------------------------------------------------------------------


@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from(RULES),
    st.sampled_from(POLICIES),
    st.sampled_from([None, 0.05]),
    st.sampled_from([None, {"required": ["x0 --> x1"], "forbidden": ["x2 --- x3"]}]),
)
def test_saving_and_loading_give_the_same_result(
    tmp_path_factory, seed, sepset, conflict, fdr, told
):
    frame = sample_of(5, 60, seed)
    options = dict(sepset=sepset, conflict=conflict, fdr=fdr, knowledge=told)
    found = cs.pc(frame, "fisher_z", **options)
    path = tmp_path_factory.mktemp("r") / "result.json"
    found.save(path)
    back = DiscoveryResult.load(path)
    assert back.to_dict() == found.to_dict() == json.loads(path.read_text(encoding="utf-8"))
    assert back == found
    assert hash(back) == hash(found)
    assert back.graph == found.graph
    assert dict(back.sepsets) == dict(found.sepsets)
    assert back.tests.equals(found.tests)
    assert back.summary() == found.summary()
    for x, y in (("x0", "x1"), ("x2", "x3"), ("x1", "x4")):
        assert str(back.explain(x, y)) == str(found.explain(x, y))


def test_results_of_other_tests_survive_too(tmp_path):
    codes = np.random.default_rng(0).integers(0, 3, (300, 3))
    codes[:, 2] = (codes[:, 0] + codes[:, 1] + (codes[:, 2] == 0)) // 2
    dag = cs.DAG.from_edges(["X --> Z", "Y --> Z"], ["X", "Y", "Z"])
    for found in (
        cs.pc(None, GSquared()(pd.DataFrame(codes, columns=list("XYZ")).astype(str))),
        cs.pc(None, Oracle(dag)),
    ):
        found.save(tmp_path / "r.json")
        assert DiscoveryResult.load(tmp_path / "r.json").to_dict() == found.to_dict()
        assert found.graph == dag.to_cpdag()


def test_a_failed_save_leaves_nothing_behind(tmp_path):
    with pytest.raises(FormatError, match="the folder .* does not exist"):
        FOUND.save(tmp_path / "none" / "r.json")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"cannot read .*r\.json as JSON"),
        ("[]", "expected format 'causalsim/discovery', got 'list'"),
        ('{"format": "causalsim/graph", "version": 1}', "got 'causalsim/graph'"),
        ('{"format": "causalsim/discovery", "version": 99}', "99 is newer .* upgrade causalsim"),
    ],
)
def test_other_files_are_refused(tmp_path, content, message):
    path = tmp_path / "r.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(FormatError, match=message):
        DiscoveryResult.load(path)


def test_equal_runs_give_equal_dicts():
    assert cs.pc(sample_of(), "fisher_z").to_dict() == FOUND.to_dict()


def test_results_are_equal_if_their_files_are():
    assert cs.pc(sample_of(), "fisher_z") == FOUND
    assert cs.pc(sample_of(), "fisher_z", alpha=0.04) != FOUND
    assert FOUND.graph != FOUND


# -- tests, sepsets, strengths ---------------------------------------------------------------


def test_the_tests_are_a_table_that_the_test_itself_confirms():
    assert list(FOUND.tests.columns) == [
        *("x", "y", "given", "statistic", "p_value", "log_p", "depth"),
    ]
    bound = FisherZ()(sample_of())
    assert len(FOUND.tests) == 15
    for row in FOUND.tests.itertuples(index=False):
        answer = bound(row.x, row.y, row.given)
        assert answer.log_p == pytest.approx(row.log_p)
        assert answer.statistic == pytest.approx(row.statistic)
        assert np.exp(row.log_p) == pytest.approx(row.p_value)
        assert row.depth == len(row.given)
        joined = bool(FOUND.graph.skeleton[FOUND.graph.index(row.x), FOUND.graph.index(row.y)])
        assert joined == (row.p_value <= 0.05)


def test_sepsets_are_a_mapping_over_the_pairs_that_are_not_joined():
    found = cs.pc(sample_of(), "fisher_z", knowledge={"forbidden": ["x0 --- x1"]})
    nodes, skeleton = found.graph.nodes, found.graph.skeleton
    apart = {
        frozenset((nodes[i], nodes[j])) for i, j in np.argwhere(np.triu(~skeleton, 1)).tolist()
    }
    assert set(found.sepsets) == apart
    assert len(found.sepsets) == len(apart) > 1
    assert found.sepsets[frozenset(("x0", "x1"))] is None
    assert [pair for pair, given in found.sepsets.items() if given is None] == [
        frozenset(("x0", "x1"))
    ]
    bound = FisherZ()(sample_of())
    for pair, given_names in found.sepsets.items():
        if given_names is not None:
            assert bound(*sorted(pair), given_names).p_value > 0.05
    for i, j in np.argwhere(np.triu(skeleton)).tolist():
        pair = frozenset((nodes[i], nodes[j]))
        assert pair not in found.sepsets
        with pytest.raises(KeyError, match="are joined, so no set separates them"):
            found.sepsets[pair]
    assert frozenset(("x0", "nobody")) not in found.sepsets


def test_the_edges_come_with_strength_largest_p_and_rule():
    bound, edges = FisherZ()(sample_of()), FOUND.edges
    assert list(edges.columns) == ["edge", "strength", "p_value", "rule"]
    assert tuple(edges["edge"]) == FOUND.graph.edges
    tests = {frozenset((r.x, r.y)): r for r in FOUND.tests.itertuples(index=False)}
    for row in edges.itertuples(index=False):
        x, _, y = row.edge.split(" ")
        decisive = tests[frozenset((x, y))]
        answer = bound(x, y, decisive.given)
        assert row.strength == pytest.approx(answer.effect) == FOUND.strengths[row.edge]
        assert row.p_value == pytest.approx(answer.p_value)
        rules = [e.rule for e in FOUND.events if {e.tail, e.head} == {x, y}]
        assert row.rule == (rules[-1] if rules else "")


def test_the_smallest_detectable_effect_has_the_power_that_it_claims():
    """Fisher's z is normal with standard deviation 1 / sqrt(n - k - 3)."""
    assert sorted(FOUND.detectable) == list(range(len(FOUND.detectable)))
    for k, r in FOUND.detectable.items():
        z = np.arctanh(r) * np.sqrt(200 - k - 3)
        assert norm.sf(norm.isf(0.025) - z) == pytest.approx(0.8, abs=1e-3)
    assert max(FOUND.detectable) == FOUND.tests["depth"].max()
    assert not cs.pc(None, Oracle(cs.DAG.from_edges(["X --> Y"]))).detectable


def test_options_and_provenance_say_what_was_run():
    assert FOUND.options["alpha"] == 0.05
    assert FOUND.options["sepset"] == "conservative"
    assert FOUND.test == "FisherZ(shrinkage=None)"
    assert FOUND.n == FOUND.provenance["rows"] == 200
    assert FOUND.provenance["causalsim"] == cs.__version__
    other = cs.pc(sample_of(seed=1), "fisher_z").provenance
    assert other["data"] != FOUND.provenance["data"]
    assert any("common causes" in text for text in FOUND.assumptions)
    assert any("order of columns" in n for n in cs.pc(sample_of(), sepset="first").notes)
    assert not FOUND.notes


# -- pictures and words ----------------------------------------------------------------------


def test_the_summary_names_test_level_counts_and_caveats():
    text = FOUND.summary()
    assert text == repr(FOUND)
    assert text.startswith("PC on 6 variables, 200 rows: fisher_z, alpha = 0.05")
    for part in (
        f"{FOUND.graph.n_edges} edges after {FOUND.n_tests} tests",
        "may still be joined by something too weak to see here",
        "the tests decide rightly at this number of rows",
        "relations are linear and noise is Gaussian",
        "no hidden common causes",
        *FOUND.graph.edges,
    ):
        assert part in text
    table = {"A C": 0.9, "B D": 0.9, "A D": 0.9}
    clash = cs.pc(None, Answers(tuple("ABCD"), table)).summary()
    assert "1 in conflict" in clash
    assert "rules disagree, so the graph stands for no class; see .conflicts" in clash
    told = cs.pc(sample_of(), "fisher_z", knowledge={"required": ["x0 --> x1"]}).summary()
    assert "x0 --> x1  not tested" in told
    assert "nan" not in told


class _Balance(HTMLParser):
    """Counts open elements, and collects the text."""

    VOID = frozenset({"meta", "br", "link", "path", "line", "rect", "circle", "polygon", "use"})

    def __init__(self):
        super().__init__()
        self.open, self.text = [], []

    def handle_starttag(self, tag, _attrs):
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def test_the_page_is_balanced_self_contained_and_escaped():
    frame = sample_of().rename(columns={"x0": "<b>&", "x1": 'quote"d'})
    found = cs.pc(frame, "fisher_z")
    page = found.to_html()
    parser = _Balance()
    parser.feed(page)
    assert not parser.open
    assert "<b>&" not in page
    text = " ".join(parser.text)
    for edge in found.graph.edges:
        assert edge in text
    for forbidden in ("http://", "https://", "<script", "src="):
        assert forbidden not in page.replace("http://www.w3.org/", "")
    fragment = found._repr_html_()
    assert fragment.startswith("<svg")
    assert found.to_svg() in page


# -- alpha and false discoveries -------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_alpha_none_chooses_a_candidate_and_runs_with_it(seed):
    frame = sample_of(6, 500, seed)
    found = cs.pc(frame, "fisher_z", alpha=None)
    assert found.options["alpha"] in CANDIDATES
    assert found.graph == cs.pc(frame, "fisher_z", alpha=found.options["alpha"]).graph


@pytest.mark.parametrize(("r", "p", "alpha"), [(0.2, 0.0044, 0.005), (0.15, 0.034, 0.001)])
def test_alpha_none_admits_an_edge_that_pays_for_its_parameter(r, p, alpha):
    """With n = 200, -n log(1 - r^2) is 8.2 and 4.6; a parameter costs log n = 5.3."""
    raw = np.random.default_rng(3).normal(size=(200, 2))
    x, e = np.linalg.qr(raw - raw.mean(axis=0))[0].T
    found = cs.pc(np.column_stack([x, r * x + np.sqrt(1 - r * r) * e]), "fisher_z", alpha=None)
    assert found.tests["p_value"].iloc[0] == pytest.approx(p, rel=0.02)
    assert found.options["alpha"] == alpha
    assert found.graph.n_edges == (alpha > p)


@pytest.mark.parametrize("test", [Oracle(cs.DAG.from_edges(["X --> Y"])), "g_squared"])
def test_alpha_none_needs_a_test_of_correlations(test):
    data = None if isinstance(test, Oracle) else np.eye(20, dtype=int)[:, :3].astype(str)
    frame = None if data is None else pd.DataFrame(data, columns=list("ABC"))
    with pytest.raises(OptionError, match=r"alpha=None needs .* write alpha=0\.05"):
        cs.pc(frame, test, alpha=None)


def benjamini_yekutieli(p, level):
    """Give the p-values that are rejected, by the definition of the step-up."""
    m = len(p)
    bound = level * np.arange(1, m + 1) / (m * np.sum(1 / np.arange(1, m + 1)))
    ranked = np.sort(p)
    passing = [r for r, b in zip(ranked, bound, strict=True) if r <= b]
    return p <= max(passing, default=-1.0)


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.01, 0.1, 0.3]))
def test_fdr_keeps_the_edges_of_the_step_up(seed, level):
    frame = sample_of(6, 60, seed)
    loose = cs.pc(frame, "fisher_z", alpha=0.2)
    strict = cs.pc(frame, "fisher_z", alpha=0.2, fdr=level)
    tests = loose.tests
    p_values = tests["p_value"].to_numpy()
    rejected = benjamini_yekutieli(np.where(p_values > 0.2, 1.0, p_values), level)
    pairs = {frozenset((r.x, r.y)) for r in tests[rejected].itertuples(index=False)}
    nodes = loose.graph.nodes
    kept, before = (
        {frozenset((nodes[i], nodes[j])) for i, j in np.argwhere(r.graph.skeleton)}
        for r in (strict, loose)
    )
    assert kept == before & pairs
    assert all(strict.sepsets[pair] is None for pair in before - kept)
    for x, y in map(sorted, before - kept):
        assert "Dropped to hold the false-discovery rate" in str(strict.explain(x, y))


def test_fdr_leaves_required_edges_alone_and_needs_no_tests():
    frame = sample_of(2, 50, degree=0)
    told = {"required": ["x0 --> x1"]}
    assert cs.pc(frame, "fisher_z", fdr=0.01, knowledge=told).graph.edges == ("x0 --> x1",)


@pytest.mark.stats
def test_fdr_is_calibrated_on_independent_columns():
    """All edges are false, so any edge is a false discovery; without fdr there are far more."""
    trials, level = 300, 0.2
    counts = dict.fromkeys((None, level), 0)
    for seed in range(trials):
        values = np.random.default_rng(seed).normal(size=(100, 5))
        for fdr in counts:
            counts[fdr] += cs.pc(values, "fisher_z", alpha=0.2, fdr=fdr).graph.n_edges > 0
    assert binomtest(counts[level], trials, level, alternative="greater").pvalue > 1e-3
    assert binomtest(counts[None], trials, level, alternative="greater").pvalue < 1e-3
    assert counts[level] > 0


# -- interruption ----------------------------------------------------------------------------


@pytest.mark.parametrize(("batches", "depth", "asked"), [(0, 0, 0), (1, 0, 8), (2, 1, 15)])
def test_an_interrupted_run_carries_what_was_found(batches, depth, asked):
    bound = FisherZ()(sample_of())
    with pytest.raises(InterruptedRunError, match="interrupted .* error.partial") as caught:
        cs.pc(None, Stopping(bound, [batches]))
    partial = caught.value.partial
    assert partial.depth == depth  # a test of unknown speed is asked eight questions first
    whole = cs.pc(None, bound, max_cond=0).graph.skeleton
    if batches == 0:
        assert partial.record.n_tests == 0
        assert partial.adjacency.sum() == 30
    else:
        assert partial.record.n_tests >= asked
        assert not (partial.adjacency & ~whole).any()
    assert isinstance(caught.value, KeyboardInterrupt)


def test_two_valued_columns_read_as_numbers_are_named():
    frame = sample_of().assign(flag=["yes", "no"] * 100)
    notes = cs.pc(frame, "fisher_z").notes
    assert "two-valued columns count as the numbers 0 and 1: 'flag'" in notes


def test_a_graph_file_is_no_result(tmp_path):
    cs.graph.io.write(FOUND.graph, tmp_path / "g.json")
    with pytest.raises(FormatError, match="Read graphs with causalsim.graph.io.read"):
        cs.discovery.DiscoveryResult.load(tmp_path / "g.json")
