"""Synthetic benchmarks: truth, interventions, change over time, seeds, settings."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalsim.errors import FormatError, GraphError, NameNotFoundError, OptionError
from causalsim.graph import DAG, Set, Shift, TemporalGraph, latent_projection
from causalsim.graph.labels import label, parse_label
from causalsim.graph.marks import Mark
from causalsim.metrics.sortability import (
    r2_sortability,
    temporal_sortability,
    varsortability,
)
from causalsim.scm import TemporalSCM
from causalsim.simulate._latent import confounded_in_time, temporal_projection
from causalsim.simulate._synthetic import synthesise
from causalsim.simulate._synthetic_parts import Drift, Missing, Regimes
from causalsim.simulate._synthetic_spec import SyntheticSpec

SEEDS = st.integers(0, 2**32 - 1)


def _by_unrolling(graph):
    """Project the repeated graph, and read the edges into its present."""
    depth, whole = graph.max_lag, graph.unroll(2 * graph.max_lag + 1)
    latent = {n for n, role in zip(graph.nodes, graph.roles, strict=True) if role == "latent"}
    hidden = [text for text in whole.nodes if parse_label(text)[0] in latent]
    projected = latent_projection(whole, hidden)
    edges = set()
    for child in graph.nodes:
        for parent in graph.nodes:
            for lag in range(depth + 1):
                if {child, parent} & latent or (lag == 0 and child == parent):
                    continue
                i, j = projected.index(label(parent, lag)), projected.index(child)
                if projected.directed[i, j]:
                    edges.add((parent, child, lag, "-->"))
                if projected.bidirected[i, j]:
                    edges.add((parent, child, lag, "<->"))
    return edges


def _read(graph):
    edges = set()
    for i, j, lag in np.argwhere(graph.marks == Mark.ARROW).tolist():
        tail = graph.past_marks[i, j, lag] == Mark.TAIL
        edges.add((graph.nodes[i], graph.nodes[j], lag, "-->" if tail else "<->"))
    return edges


@given(SEEDS, st.integers(3, 4), st.integers(1, 3), st.integers(0, 3))
def test_series_truth_is_the_projection_of_the_repeated_graph(seed, nodes, max_lag, latent):
    spec = SyntheticSpec(
        nodes=nodes, max_lag=max_lag, latent=latent, length=5, seed=seed, degree=0.5
    )
    made = synthesise(spec)
    assert made.truth.nodes == spec.names == tuple(made.data.columns)
    assert _read(made.truth) == _by_unrolling(made.model.graph)
    assert sum("<->" in edge for edge in made.truth.edges) == latent


def test_projection_of_one_cause_with_many_effects():
    graph = TemporalGraph.from_edges(
        ["L --> X", "L[t-1] --> Y", "L[t-3] --> Z", "L[t-2] --> X", "X[t-2] --> Z"],
        roles={"L": "latent"},
    )
    assert _read(temporal_projection(graph)) == _by_unrolling(graph)


@given(SEEDS, st.integers(3, 5), st.integers(0, 3))
def test_table_truth_is_the_latent_projection(seed, nodes, latent):
    made = synthesise(SyntheticSpec("table", nodes=nodes, latent=latent, length=5, seed=seed))
    hidden = [name for name in made.model.graph.nodes if name.startswith("hidden")]
    assert len(hidden) == latent
    assert isinstance(made.truth, DAG) == (latent == 0)
    projected = latent_projection(made.model.graph, hidden)
    assert np.array_equal(made.truth.marks, projected.marks)
    assert projected.bidirected.sum() == 2 * latent


def test_hidden_causes_make_residuals_correlate():
    spec = SyntheticSpec(nodes=2, max_lag=1, degree=0, latent=1, length=20_000, seed=3)
    made = synthesise(spec)
    (edge,) = [edge for edge in made.truth.edges if "<->" in edge]
    parent, lag = parse_label(edge.split(" <-> ")[0])
    child = edge.split(" <-> ")[1]
    residual = {}
    for name in made.truth.nodes:
        x = made.complete[name].to_numpy()
        residual[name] = x[1:] - (x[1:] @ x[:-1]) / (x[:-1] @ x[:-1]) * x[:-1]
    early = residual[parent][: len(residual[parent]) - lag]
    assert abs(np.corrcoef(early, residual[child][lag:])[0, 1]) > 0.05


def test_memory_and_double_edges_are_refused():
    remembers = TemporalGraph.from_edges(
        ["L[t-1] --> L", "L --> X", "L --> Y"], roles={"L": "latent"}
    )
    with pytest.raises(GraphError, match="'L' are latent and have parents"):
        temporal_projection(remembers)
    double = TemporalGraph.from_edges(
        ["L --> X", "L[t-1] --> Y", "X[t-1] --> Y"], roles={"L": "latent"}
    )
    with pytest.raises(GraphError, match="meet at lag 1 of one pair"):
        temporal_projection(double)
    full = TemporalGraph.from_edges(["X --> Y", "X[t-1] --> Y", "Y[t-1] --> X"])
    with pytest.raises(OptionError, match="latent=1: there is room for 0 hidden causes"):
        confounded_in_time(full, 1, np.random.default_rng(0))


# -- interventions ------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["table", "series"])
@pytest.mark.parametrize("scale", ["raw", "internal"])
def test_interventional_samples_equal_do_under_common_noise(kind, scale):
    dos = [{"X0": 2.0}, {"X1": Shift(1.5), "X2": Set(0.0)}]
    spec = SyntheticSpec(
        kind, nodes=4, length=60, latent=1, scale=scale, interventions=dos, seed=7
    )
    made = synthesise(spec)
    seed = made.sheet["seeds"]["sample"]
    draw = lambda model: (
        model.sample(60, rng=seed) if kind == "table" else model.sample(60, rng=seed).frame()
    )
    columns = list(made.truth.nodes)
    pd.testing.assert_frame_equal(made.complete, draw(made.model)[columns])
    assert list(made.interventional) == ["do(X0=2.0)", "do(X1=Shift(by=1.5), X2=0.0)"]
    for do, sample in zip(dos, made.interventional.values(), strict=True):
        pd.testing.assert_frame_equal(sample, draw(made.model.do(do))[columns])
    first = made.interventional["do(X0=2.0)"]
    assert (first["X0"] == 2).all()
    whole = made.model.graph
    if kind == "table":
        untouched = [n for n in columns if n not in {"X0", *whole.descendants("X0")}]
        assert np.array_equal(first[untouched], made.complete[untouched])


def test_window_of_an_intervention_counts_steps():
    spec = SyntheticSpec(
        nodes=2, length=20, interventions=[{"X0": Set(9.0, window=(5, 8))}], seed=1
    )
    made = synthesise(spec)
    (sample,) = made.interventional.values()
    assert np.flatnonzero(sample["X0"] == 9).tolist() == [5, 6, 7]
    assert sample.iloc[:5].equals(made.complete.iloc[:5])


# -- change over time ---------------------------------------------------------------------


def test_regimes_switch_parameters_of_one_graph():
    spec = SyntheticSpec(nodes=2, length=8000, regimes=Regimes(2, stay=0.95), seed=2, degree=1)
    made = synthesise(spec)
    regime = made.data["regime"].to_numpy()
    assert set(regime) == {0, 1}
    jumps = (np.diff(regime) != 0).mean()
    assert abs(jumps - 0.05) < 4 * np.sqrt(0.05 * 0.95 / 8000)
    assert made.truth.roles[0] == "context"
    assert {"regime[t-1] --> regime", "regime --> X0", "regime --> X1"} <= set(made.truth.edges)
    function = made.model.mechanisms["X0"]
    parents = [parse_label(text) for text in made.model.graph.parents("X0")][1:]
    values = made.complete[["X0", "X1"]].to_numpy()
    past = np.column_stack(
        [values[2 - lag : len(values) - lag, int(name[1])] for name, lag in parents]
    )
    for k, branch in enumerate(function.branches):
        rows = regime[2:] == k
        fitted = np.linalg.lstsq(past[rows], values[2:, 0][rows], rcond=None)[0]
        assert fitted == pytest.approx(branch.weights, abs=0.09)


def test_mean_drift_moves_the_mean_and_weight_drift_the_dependence():
    made = synthesise(
        SyntheticSpec(nodes=3, length=2000, drift=Drift("mean", "step", 5.0), seed=1)
    )
    late, early = made.data.iloc[1100:], made.data.iloc[:900]
    assert (late.mean() - early.mean())[list(made.spec.names)].abs().min() > 2
    assert made.data["drift"].iloc[[0, -1]].tolist() == [0, 1]
    fading = synthesise(
        SyntheticSpec(
            nodes=1, length=4000, weights=(0.6, 0.6), drift=Drift("weights", "step", 1.0), seed=1
        )
    )
    x = fading.data["X0"].to_numpy()
    assert abs(np.corrcoef(x[1:1999], x[:1998])[0, 1]) == pytest.approx(0.6, abs=0.08)
    assert abs(np.corrcoef(x[2001:], x[2000:-1])[0, 1]) < 0.09


def test_courses():
    drifts = {
        shape: synthesise(SyntheticSpec(nodes=1, length=5, drift=Drift("mean", shape, 1.0)))
        for shape in ("linear", "sine", "step")
    }
    courses = {shape: made.data["drift"].round(9).tolist() for shape, made in drifts.items()}
    assert courses == {
        "linear": [0, 0.25, 0.5, 0.75, 1],
        "sine": [0, 0.5, 1, 0.5, 0],
        "step": [0, 0, 1, 1, 1],
    }


@settings(max_examples=6)
@given(SEEDS, st.sampled_from(["linear", "spline", "mixed"]), st.sampled_from(["raw", "internal"]))
def test_regimes_and_drift_together_stay_bounded(seed, mechanism, scale):
    spec = SyntheticSpec(
        nodes=4,
        length=150,
        mechanism=mechanism,
        weights=(0.8, 1.2),
        regimes=Regimes(3, 0.8),
        drift=Drift("weights", "sine", 2.0),
        scale=scale,
        seed=seed,
    )
    made = synthesise(spec)
    assert made.model.graph.parents("X0")[:2] == ("regime", "drift")
    assert np.abs(made.complete.to_numpy()).max() < 1e6


@pytest.mark.parametrize("scale", ["standardised", "internal"])
def test_regimes_and_scale(scale):
    spec = SyntheticSpec(
        nodes=3, length=150, paths=60, regimes=Regimes(2, 0.9), latent=1, scale=scale, seed=5
    )
    made = synthesise(spec)
    values = np.stack([frame[list(spec.names)].to_numpy() for frame in made.data])
    assert np.abs(values.std(axis=(0, 1)) - 1).max() < 0.1
    assert np.abs(values.mean(axis=(0, 1))).max() < 0.1
    assert set(made.data[0]["regime"]) == {0, 1}
    assert TemporalSCM.from_dict(made.model.to_dict()) == made.model


# -- data ---------------------------------------------------------------------------------


def _everything(seed=0):
    return SyntheticSpec(
        nodes=["a", "b", "c", "d"],
        length=80,
        paths=2,
        latent=1,
        degree=1,
        noise="student_t",
        mechanism="mixed",
        regimes=Regimes(2, 0.9),
        drift=Drift("mean", "linear", 1.0),
        missing=Missing("mar", 0.2, ("b", "c")),
        irregular=0.1,
        measurement_error=0.1,
        discrete={"c": 3, "d": 2},
        interventions=[{"a": 1}],
        seed=seed,
    )


def test_everything_at_once():
    made = synthesise(_everything())
    assert isinstance(made.data, list)
    for frame, complete in zip(made.data, made.complete, strict=True):
        assert list(frame.columns) == list(made.truth.nodes) == list(complete.columns)
        assert len(complete) == 80
        assert frame.index.name == "step"
        assert np.array_equal(frame["regime"], complete["regime"].loc[frame.index])
        assert frame["d"].dtype == np.int64
        assert set(frame["c"].dropna()) <= {0, 1, 2}
        assert not complete.isna().any(axis=None)
    record = made.sheet["corruption"]
    assert record["irregular"]["observed_steps"] == [len(frame) for frame in made.data]
    assert set(record["missing"]["depends_on"]) == {"b", "c"}
    assert made.sheet["hidden"] == ["hidden0"]
    assert "## Limits" in made.summary()
    assert "drift = linear course from 0 to 1 over the sample" in made.sheet["mechanisms"]
    assert repr(made) == "SyntheticData(series of regime, drift, a, b, c, d, seed=0)"


def test_sortability_is_told():
    made = synthesise(SyntheticSpec("table", nodes=6, degree=3, length=300, latent=1, seed=1))
    visible = made.model.graph.subgraph(made.spec.names)
    told = made.sheet["sortability"]["all"]
    assert told["variance"] == pytest.approx(varsortability(visible, made.complete), abs=1e-4)
    assert told["r2"] == pytest.approx(r2_sortability(visible, made.complete), abs=1e-4)
    series = synthesise(SyntheticSpec(nodes=4, degree=3, paths=2, regimes=Regimes(), seed=1))
    graph = series.model.graph.subgraph(series.spec.names)
    lagged = [temporal_sortability(graph, frame)[0].variance for frame in series.complete]
    told = series.sheet["sortability"]["lagged"]
    assert told["variance"] == pytest.approx(np.mean(lagged), abs=1e-4)
    lonely = synthesise(SyntheticSpec("table", nodes=1, length=5)).sheet["sortability"]
    assert "the graph has no edges" in lonely["not measured"]


def test_same_seed_same_bytes():
    one, two, other = (synthesise(_everything(seed)) for seed in (4, 4, 5))
    text = lambda made: [frame.to_csv() for frame in made.data]
    assert text(one) == text(two)
    assert text(one) != text(other)
    assert one.sheet == two.sheet
    assert one.truth == two.truth
    for key, sample in one.interventional.items():
        assert [f.to_csv() for f in sample] == [f.to_csv() for f in two.interventional[key]]


def test_corruption_leaves_the_complete_data_as_they_were():
    clean = SyntheticSpec(nodes=3, length=50, seed=9)
    dirty = SyntheticSpec(
        nodes=3, length=50, seed=9, missing=Missing("mnar", 0.3), measurement_error=1.0
    )
    assert synthesise(clean).data.equals(synthesise(dirty).complete)
    assert synthesise(clean).truth == synthesise(dirty).truth


# -- settings -----------------------------------------------------------------------------

TOML = """
kind = "series"
nodes = ["x", "y"]
length = 40
scale = "internal"

[missing]
mechanism = "mcar"
rate = 0.2

[drift]
on = "mean"

[discrete]
y = 2

[[interventions]]
x = 1.0

[[interventions]]
y = { shift = 2.0, window = [10, 20] }
"""


def test_toml(tmp_path):
    path = tmp_path / "spec.toml"
    path.write_text(TOML, encoding="utf-8")
    spec = SyntheticSpec.from_toml(path)
    assert spec == SyntheticSpec(
        nodes=("x", "y"),
        length=40,
        scale="internal",
        missing=Missing("mcar", 0.2),
        drift=Drift("mean"),
        discrete={"y": 2},
        interventions=[{"x": 1.0}, {"y": Shift(2.0, window=(10, 20))}],
    )
    assert SyntheticSpec.from_dict(spec.to_dict()) == spec
    assert SyntheticSpec.from_dict(_everything().to_dict()) == _everything()


@pytest.mark.parametrize(
    ("text", "error", "match"),
    [
        ("lengths = 3", NameNotFoundError, "no setting 'lengths'.*Did you mean 'length'"),
        ("[missing]\nrat = 1", NameNotFoundError, "setting of missing 'rat'.*'rate'"),
        ("missing = 0.1", OptionError, "setting of missing=0.1: expected a table"),
        ("interventions = 3", OptionError, r"write \[\[interventions\]\]"),
        ("[[interventions]]\nX9 = 1", NameNotFoundError, "no variable 'X9'"),
        ("[[interventions]]\nX0 = {sett = 1}", NameNotFoundError, "Did you mean 'set'"),
        ("[[interventions]]\nX0 = {}", OptionError, "give either set or shift"),
        (
            "[[interventions]]\nX0 = {set = 1, window = 3}",
            OptionError,
            "window=3: expected two numbers",
        ),
        ("nodes = [", FormatError, "cannot read settings from"),
    ],
)
def test_bad_toml_is_refused(tmp_path, text, error, match):
    path = tmp_path / "spec.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(error, match=match):
        SyntheticSpec.from_toml(path)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"kind": "tables"}, "kind='tables' is unknown.*'table'"),
        ({"mechanism": "liner"}, "mechanism='liner' is unknown"),
        ({"noise": "cauchy"}, "noise='cauchy' is unknown"),
        ({"scale": "iSCM"}, "scale='iSCM' is unknown"),
        ({"length": 1}, "length=1: expected a whole number, at least 2"),
        ({"paths": 1.5}, "paths=1.5: expected a whole number"),
        ({"irregular": 1}, "irregular=1: expected a number from 0 to below 1"),
        ({"weights": (1,)}, r"weights=\(1,\): expected two numbers"),
        ({"discrete": {"X0": 1}}, r"discrete\['X0'\]=1: expected"),
        ({"nodes": 1, "missing": Missing("mar")}, "'mar' needs a column that is always observed"),
        ({"kind": "table", "paths": 3}, "paths has no meaning for a table"),
        ({"kind": "table", "drift": Drift()}, "drift has no meaning for a table"),
    ],
)
def test_bad_settings_are_refused(options, match):
    with pytest.raises(OptionError, match=match):
        SyntheticSpec(**options)


def test_bad_parts_are_refused():
    with pytest.raises(NameNotFoundError, match="no column 'Z'"):
        SyntheticSpec(discrete={"Z": 2})
    with pytest.raises(OptionError, match=r"missing\.mechanism='mcr' is unknown"):
        Missing("mcr")
    with pytest.raises(OptionError, match=r"regimes\.count=1: expected"):
        Regimes(1)
    with pytest.raises(OptionError, match=r"drift\.size=3: expected more than 0, at most 2"):
        Drift("weights", size=3)
    with pytest.raises(OptionError, match=r"drift\.shape='ramp' is unknown"):
        Drift("mean", "ramp")
