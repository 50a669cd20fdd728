"""Temporal models with dependent noise: fitting, refitting, counterfactuals, responses."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causalsim import TemporalGraph, TemporalSCM, random_temporal_scm
from causalsim.errors import DataError, GraphError, NameNotFoundError, OptionError
from causalsim.graph import Replace, Set, Shift
from causalsim.scm.copula import GaussianCopula


@pytest.fixture(scope="module")
def confounded():
    """X and Y share a cause within the step; Z follows X one step later."""
    rng = np.random.default_rng(1)
    shared, a, b, c = rng.normal(size=(4, 3000))
    x, y = shared + 0.3 * a, shared + 0.3 * b
    z = 0.8 * np.concatenate([[0.0], x[:-1]]) + c
    return pd.DataFrame({"X": x, "Y": y, "Z": z})


@pytest.fixture(scope="module")
def joint(confounded):
    graph = TemporalGraph.from_edges(["X[t-1] --> Z"], ["X", "Y", "Z"])
    return TemporalSCM.fit(graph, confounded, mechanism="linear", joint="auto", rng=0)


def test_dependent_noise_becomes_a_bidirected_edge(joint):
    assert set(joint.graph.edges) == {"X <-> Y", "X[t-1] --> Z"}
    assert joint.copula.groups == (("X", "Y"),)
    assert "dependent noise: X, Y" in str(joint)


def test_drawn_noise_depends_as_the_data_do(joint, confounded):
    paths = joint.sample(3000, rng=2).frame()
    assert paths.corr().loc["X", "Y"] == pytest.approx(confounded.corr().loc["X", "Y"], abs=0.03)
    assert abs(paths.corr().loc["Y", "Z"]) < 0.07


def test_doing_cuts_the_bidirected_edge_and_leaves_the_other_noise_alone(joint):
    held = joint.do(X=1.0)
    assert held.graph.edges == ("X[t-1] --> Z",)
    free, done = (model.sample(50, rng=5).array for model in (joint, held))
    assert (free[:, :, 1] == done[:, :, 1]).all()
    assert (done[:, :, 0] == 1).all()


def test_a_bidirected_edge_without_dependent_noise_is_refused():
    graph = TemporalGraph.from_edges(["X <-> Y"])
    plain = TemporalSCM.from_weights({}, ["X", "Y"])
    with pytest.raises(GraphError, match=r"needs directed edges; 'X <-> Y' are not"):
        TemporalSCM(graph, plain.mechanisms, plain.noises)
    copula = GaussianCopula((("X", "Y"),), ((1.0, 0.5), (0.5, 1.0)))
    model = TemporalSCM(graph, plain.mechanisms, plain.noises, copula=copula)
    drawn = model.sample(4000, rng=0).frame()
    assert drawn.corr().loc["X", "Y"] == pytest.approx(0.5, abs=0.05)


def test_a_joint_model_comes_back_from_its_file(joint, tmp_path):
    joint.save(tmp_path / "model.json")
    assert TemporalSCM.load(tmp_path / "model.json") == joint


def test_refitting_repeats_what_fitting_did(joint, confounded):
    assert joint.refit(confounded, rng=0) == joint
    with pytest.raises(OptionError, match="this model was not fitted to data"):
        random_temporal_scm(2, rng=0).refit(confounded)
    with pytest.raises(OptionError, match="is under an intervention"):
        TemporalSCM(
            joint.graph, joint.mechanisms, joint.noises, (("X", Set(1.0, window=(0, 2))),),
            joint.copula, recipe=joint.recipe,
        ).refit(confounded)  # fmt: skip


def test_a_mapping_gives_each_variable_its_mechanism(confounded):
    graph = TemporalGraph.from_edges(["X[t-1] --> Z"], ["X", "Y", "Z"])
    chosen = {"X": "linear", "Y": "linear", "Z": "additive"}
    model = TemporalSCM.fit(graph, confounded, mechanism=chosen, rng=0)
    assert type(model.mechanisms["Z"]).__name__ == "AdditiveFunction"
    with pytest.raises(NameNotFoundError, match="Y"):
        TemporalSCM.fit(graph, confounded, mechanism={"X": "linear", "Z": "linear"})


def test_an_explosive_fit_is_noted():
    x = 1.02 ** np.arange(400.0) + np.random.default_rng(0).normal(size=400)
    graph = TemporalGraph.from_edges(["X[t-1] --> X"])
    model = TemporalSCM.fit(graph, pd.DataFrame({"X": x}), mechanism="linear")
    assert any("explosive" in note for note in model.notes)


# -- counterfactuals ----------------------------------------------------------------------


@given(st.integers(0, 10**6), st.sampled_from(["linear", "nonlinear"]))
def test_doing_nothing_gives_the_series_back(seed, mechanism):
    model = random_temporal_scm(3, max_lag=2, mechanism=mechanism, rng=seed)
    seen = model.sample(40, rng=seed).frame()
    np.testing.assert_allclose(model.counterfactual(seen), seen, atol=1e-8)


@given(st.integers(0, 10**6), st.floats(-3, 3), st.integers(3, 20))
def test_a_counterfactual_of_a_sample_is_the_sample_of_the_changed_model(seed, value, start):
    model = random_temporal_scm(3, max_lag=2, rng=seed)
    do = {model.variables[seed % 3]: Set(value, window=(start, start + 5))}
    seen = model.sample(40, rng=seed).frame()
    told = model.counterfactual(seen, do)
    changed = model.do(do).sample(40, rng=seed).frame()
    np.testing.assert_allclose(told, changed, atol=1e-8)


def test_noise_of_a_sample_is_the_noise_that_made_it():
    model = TemporalSCM.from_weights({"X[t-1] --> X": 0.5, "X --> Y": 2.0})
    seen = model.sample(30, rng=4).frame()
    noise = model.noise_of(seen)
    assert noise.index[0] == 1
    np.testing.assert_allclose(noise["Y"], (seen["Y"] - 2 * seen["X"]).iloc[1:])


def test_a_replaced_variable_draws_anew_and_the_history_stays():
    model = TemporalSCM.from_weights({"X[t-1] --> Y": 1.0})
    seen = model.sample(30, rng=4).frame()
    told = model.counterfactual(seen, {"X": Replace(lambda n, rng: rng.normal(9, 1, n))}, rng=0)
    assert told["X"].iloc[0] == seen["X"].iloc[0]
    assert (told["X"].iloc[1:] > 4).all()
    np.testing.assert_allclose(told["Y"].iloc[1:] - seen["Y"].iloc[1:],
                               told["X"].to_numpy()[:-1] - seen["X"].to_numpy()[:-1])  # fmt: skip


def test_what_cannot_be_abducted_is_refused(confounded):
    graph = TemporalGraph.from_edges(["X[t-1] --> Z"], ["X", "Y", "Z"])
    model = TemporalSCM.fit(graph, confounded.iloc[:300], mechanism="forest_sampler", rng=0)
    with pytest.raises(OptionError, match="cannot be told from what is observed: a LeafFunction"):
        model.counterfactual(confounded.iloc[:300])
    acted = random_temporal_scm(2, rng=0).do({"X0": Set(1.0, window=(0, 3))})
    with pytest.raises(OptionError, match="under an intervention in time"):
        acted.counterfactual(pd.DataFrame(np.zeros((9, 2)), columns=["X0", "X1"]))
    with pytest.raises(DataError, match="has 1 rows; lag 2 needs more"):
        random_temporal_scm(2, rng=0).counterfactual(
            pd.DataFrame(np.zeros((1, 2)), columns=["X0", "X1"])
        )


# -- responses ----------------------------------------------------------------------------


@given(st.integers(0, 10**6))
def test_responses_of_a_linear_model_are_those_of_its_weights(seed):
    model = random_temporal_scm(3, max_lag=2, rng=seed)
    cube = model.weights()
    total = np.linalg.inv(np.eye(3) - cube[:, :, 0].T)
    effect = np.zeros((8, 3))
    effect[0] = total @ np.eye(3)[0]
    for t in range(1, 8):
        past = sum(cube[:, :, lag].T @ effect[t - lag] for lag in (1, 2) if lag <= t)
        effect[t] = total @ past
    told = model.impulse_response(model.variables[0], steps=8, paths=2, rng=seed)
    np.testing.assert_allclose(told, effect, atol=1e-10)


def test_non_descendants_are_bit_equal_under_a_shift():
    model = TemporalSCM.from_weights({"X[t-1] --> Y": 1.0, "Z[t-1] --> Z": 0.5})
    plain, moved = (m.sample(60, 3, rng=2).array for m in (model, model.do(X=Shift(1.0))))
    assert (plain[:, :, 2] == moved[:, :, 2]).all()
    np.testing.assert_allclose(moved[:, :, :2] - plain[:, :, :2], 1.0, atol=1e-10)
