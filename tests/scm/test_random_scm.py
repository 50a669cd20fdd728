"""Random models: ranges, stability, determinism."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import dags, temporal_graphs

from causalsim.errors import OptionError
from causalsim.graph import DAG, TemporalGraph
from causalsim.metrics.sortability import r2_sortability, varsortability
from causalsim.scm import (
    AdditiveFunction,
    FeatureFunction,
    GaussianNoise,
    LaplaceNoise,
    LinearFunction,
    SamplerNoise,
    TemporalSCM,
    ZeroNoise,
    random_scm,
    random_temporal_scm,
    spectral_radius,
)
from causalsim.scm._families import NOISES, named_noise
from causalsim.scm.random import random_regimes

SEEDS = st.integers(0, 2**32 - 1)


@given(dags(), SEEDS)
def test_weights_stand_on_edges_and_keep_their_range(graph, seed):
    scm = random_scm(graph, weights=(0.5, 1.5), rng=seed)
    weights = scm.weights()
    assert scm.graph == graph
    assert ((weights != 0) == graph.directed).all()
    sizes = np.abs(weights[graph.directed])
    assert ((sizes >= 0.5) & (sizes <= 1.5)).all()


def test_signs_are_random():
    weights = random_scm(60, degree=4, rng=0).weights()
    share = (weights > 0).sum() / (weights != 0).sum()
    assert 0.3 < share < 0.7


@given(temporal_graphs(directed=True), SEEDS)
def test_temporal_models_are_stable(graph, seed):
    scm = random_temporal_scm(graph, weights=(0.5, 1.5), rng=seed)
    assert spectral_radius(scm.weights()) <= 0.9 + 1e-3
    assert ((scm.weights() != 0) == graph.directed).all()


def test_stable_models_are_left_as_drawn():
    graph = TemporalGraph.from_edges(["X[t-1] --> X", "X[t-2] --> Y"])
    sizes = np.abs(random_temporal_scm(graph, weights=(0.5, 0.5), rng=0).weights())
    assert sizes[graph.directed].tolist() == [0.5, 0.5]


def test_spectral_radius_by_hand():
    two_lags = np.array([[[0.0, 0.0, 0.25]]])
    assert spectral_radius(two_lags) == pytest.approx(0.5)
    assert spectral_radius(np.zeros((2, 2, 1))) == 0
    through_now = np.zeros((2, 2, 2))
    through_now[0, 1, 0], through_now[1, 0, 1] = 2.0, 0.3
    assert spectral_radius(through_now) == pytest.approx(0.6)


def test_nonlinear_models_have_bounded_functions():
    scm = random_scm(20, degree=3, mechanism="nonlinear", rng=0)
    kinds = {type(f) for f in scm.mechanisms.values()}
    assert kinds == {LinearFunction, FeatureFunction}
    assert {f.activation for f in scm.mechanisms.values() if f.arity} == {"tanh", "sin"}
    for function in scm.mechanisms.values():
        far = np.full((1, function.arity), 1e6)
        assert abs(function.predict(far)[0]) <= 1.5 * function.arity


def test_seed_names_and_noise():
    assert random_scm(5, rng=3) == random_scm(5, rng=3)
    assert random_scm(5, rng=3) != random_scm(5, rng=4)
    assert random_temporal_scm(5, rng=3) == random_temporal_scm(5, rng=3)
    assert random_scm(["A", "B"], rng=0).graph.nodes == ("A", "B")
    assert random_scm(2, noise="laplace", rng=0).noises["X0"] == LaplaceNoise()
    assert random_scm(2, noise=GaussianNoise(3), rng=0).noises["X0"] == GaussianNoise(3)
    assert random_temporal_scm(3, max_lag=4, rng=0).graph.max_lag == 4


def test_bad_options_are_refused():
    with pytest.raises(OptionError, match=r"mechanism='lineer' is unknown.*'linear'"):
        random_scm(3, mechanism="lineer")
    with pytest.raises(OptionError, match="noise='cauchy' is unknown"):
        random_scm(3, noise="cauchy")
    with pytest.raises(OptionError, match=r"weights=\(2, 1\): expected \(low, high\)"):
        random_scm(3, weights=(2, 1))
    with pytest.raises(OptionError, match="degree=2: a ready graph has its own"):
        random_scm(DAG.from_edges(["X --> Y"]), degree=2)
    with pytest.raises(OptionError, match="degree=2: a ready graph has its own"):
        random_temporal_scm(TemporalGraph.from_edges(["X[t-1] --> Y"]), degree=2)


# -- families, noises, scales -------------------------------------------------------------


def _sortabilities(scale, draws=60):
    found = []
    for seed in range(draws):
        scm = random_scm(10, degree=4, scale=scale, rng=seed)
        rows = scm.sample(1000, rng=seed)
        found.append([varsortability(scm.graph, rows), r2_sortability(scm.graph, rows)])
    means = np.mean(found, axis=0)
    return means, np.std(found, axis=0) / np.sqrt(draws)


def test_internal_standardisation_tames_both_sortabilities():
    raw, _ = _sortabilities("raw")
    outside, error = _sortabilities("standardised")
    inside, inside_error = _sortabilities("internal")
    assert raw[0] > 0.9
    assert abs(outside[0] - 0.5) < 4 * error[0]
    assert outside[1] > 0.7
    assert (np.abs(inside - 0.5) < 0.1).all()
    assert (inside_error < 0.03).all()


@pytest.mark.parametrize("scale", ["standardised", "internal"])
@pytest.mark.parametrize("mechanism", ["linear", "nonlinear", "spline", "mixed"])
def test_rescaled_tables_have_mean_0_and_variance_1(scale, mechanism):
    scm = random_scm(8, degree=3, mechanism=mechanism, scale=scale, rng=1)
    values = scm.sample(20_000, rng=0)
    assert values.mean().abs().max() < 0.05
    assert (values.std() - 1).abs().max() < 0.05


@pytest.mark.parametrize("noise", ["laplace", "student_t", "exponential"])
def test_standardised_models_are_the_raw_ones_in_other_units(noise):
    raw = random_scm(5, degree=2, mechanism="mixed", noise=noise, rng=2)
    scaled = random_scm(5, degree=2, mechanism="mixed", noise=noise, scale="standardised", rng=2)
    one, other = raw.sample(300, rng=0), scaled.sample(300, rng=0)
    for name in raw.graph.nodes:
        slope, start = np.polyfit(one[name], other[name], 1)
        assert slope > 0
        assert np.abs(slope * one[name] + start - other[name]).max() < 1e-9


def test_internal_weights_are_those_of_the_recursion():
    raw = random_scm(DAG.from_edges(["X --> Y", "Y --> Z"]), weights=(1.0, 1.0), rng=0)
    inside = random_scm(
        DAG.from_edges(["X --> Y", "Y --> Z"]), weights=(1.0, 1.0), scale="internal", rng=0
    )
    assert np.sign(raw.weights()).tolist() == np.sign(inside.weights()).tolist()
    sizes = np.abs(inside.weights()[[0, 1], [1, 2]])
    assert sizes == pytest.approx([np.sqrt(0.5)] * 2, abs=0.02)  # each link 1 / sqrt(1 + 1)
    assert inside.noises["Z"].sd == pytest.approx(np.sqrt(0.5), abs=0.02)


@pytest.mark.parametrize("scale", ["standardised", "internal"])
def test_rescaled_series_have_variance_1(scale):
    scm = random_temporal_scm(4, scale=scale, rng=3)
    values = scm.sample(400, paths=20, rng=0).array
    assert np.abs(values.std(axis=(0, 1)) - 1).max() < 0.15
    assert spectral_radius(scm.weights()) < 1


def test_splines_are_no_steeper_than_their_weights():
    scm = random_scm(12, degree=3, mechanism="spline", weights=(1.0, 1.0), rng=0)
    grid = np.linspace(-5, 5, 2001)
    for function in scm.mechanisms.values():
        for k in range(function.arity):
            parents = np.zeros((len(grid), function.arity))
            parents[:, k] = grid
            slopes = np.abs(np.diff(function.predict(parents)) / (grid[1] - grid[0]))
            assert 0.95 < slopes.max() < 1.01


def test_families_by_name():
    kinds = lambda mechanism: {
        type(f)
        for f in random_scm(40, degree=3, mechanism=mechanism, rng=0).mechanisms.values()
        if f.arity
    }
    assert kinds("spline") == {AdditiveFunction}
    assert kinds("mixed") == {LinearFunction, FeatureFunction, AdditiveFunction}
    sine = random_scm(10, degree=3, mechanism="sin", rng=0).mechanisms.values()
    assert {f.activation for f in sine if f.arity} == {"sin"}


@pytest.mark.parametrize("noise", NOISES)
def test_named_noises_have_mean_0_and_variance_1(noise):
    law = named_noise(noise)
    assert law.variance == pytest.approx(1)
    steps = (np.arange(100_000) + 0.5) / 100_000
    values = law.quantile(steps)
    assert values.mean() == pytest.approx(0, abs=1e-3)
    assert values.var() == pytest.approx(1, abs=5e-3)
    model = random_temporal_scm(2, noise=noise, rng=0)
    assert TemporalSCM.from_dict(model.to_dict()) == model


@given(temporal_graphs(directed=True), SEEDS, st.integers(1, 3))
def test_regimes_stay_stable_under_any_switching(graph, seed, count):
    models = random_regimes(graph, count, weights=(0.5, 1.5), rng=seed)
    cubes = np.abs([model.weights() for model in models])
    assert spectral_radius(cubes.max(axis=0)) <= 0.9 + 1e-3
    assert all(model.graph == graph for model in models)


def test_scales_that_cannot_be_are_refused():
    with pytest.raises(OptionError, match="scale='iscm' is unknown"):
        random_scm(3, scale="iscm", rng=0)
    with pytest.raises(OptionError, match="a SamplerNoise, has no sd to rescale"):
        random_scm(3, noise=SamplerNoise(lambda n, rng: rng.normal(size=n)), scale="internal")
    with pytest.raises(OptionError, match="'X0' does not vary"):
        random_scm(1, noise=ZeroNoise(), scale="internal", rng=0)
