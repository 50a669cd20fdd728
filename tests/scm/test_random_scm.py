"""Random models: ranges, stability, determinism."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import dags, temporal_graphs

from causalsim.errors import OptionError
from causalsim.graph import DAG, TemporalGraph
from causalsim.scm import (
    FeatureFunction,
    GaussianNoise,
    LaplaceNoise,
    LinearFunction,
    random_scm,
    random_temporal_scm,
    spectral_radius,
)

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
