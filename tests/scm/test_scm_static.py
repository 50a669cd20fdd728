"""SCM: sampling, surgery, counterfactuals, fitting, files; closed forms as oracles."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import dags

from causalsim.data import read_table
from causalsim.errors import DataError, FormatError, GraphError, NameNotFoundError, OptionError
from causalsim.graph import ADMG, CPDAG, DAG, Policy, Replace, Set, Shift, TemporalGraph
from causalsim.scm import (
    SCM,
    Additive,
    AdditiveFunction,
    EmpiricalNoise,
    FeatureFunction,
    GaussianNoise,
    LaplaceNoise,
    Linear,
    LinearFunction,
    RuleFunction,
    SamplerNoise,
    ZeroNoise,
    random_scm,
)

SEEDS = st.integers(0, 2**32 - 1)
CHAIN = {"X --> Y": 2.0, "Y --> Z": -1.0, "X --> Z": 0.5}


def close_to_population(sample, population):
    """Tell whether every entry of a sample covariance is within 5 standard errors."""
    spread = np.diag(population)
    error = np.sqrt((np.outer(spread, spread) + population**2) / len(sample))
    return (np.abs(np.cov(sample.T) - population) <= 5 * error).all()


def path_sum(scm, start, end):
    """Sum over directed paths of the product of weights."""
    weights, index = scm.weights(), scm.graph.index
    if start == end:
        return 1.0
    return sum(
        weights[index(start), index(child)] * path_sum(scm, child, end)
        for child in scm.graph.children(start)
    )


# -- sampling -----------------------------------------------------------------------------


@pytest.mark.parametrize("noise", ["gaussian", "laplace", "uniform"])
def test_sample_covariance_is_the_population_covariance(noise):
    scm = random_scm(6, degree=3, noise=noise, rng=1)
    assert close_to_population(scm.sample(40_000, rng=2).to_numpy(), scm.covariance())


def test_covariance_of_a_chain_by_hand():
    scm = SCM.from_weights({"X --> Y": 2.0, "Y --> Z": 3.0}, noise=GaussianNoise(0.5))
    by_hand = 0.25 * np.array([[1, 2, 6], [2, 5, 15], [6, 15, 46]])
    assert np.allclose(scm.covariance(), by_hand)


def test_covariance_under_intervention_counts_zero_noise():
    scm = SCM.from_weights(CHAIN).do(X=3)
    assert np.allclose(scm.covariance(), [[0, 0, 0], [0, 1, -1], [0, -1, 2]])


def test_columns_follow_the_graph_not_the_causal_order():
    scm = SCM.from_weights({"X --> Y": 2.0}, nodes=["Y", "X"])
    frame = scm.sample(10, rng=0)
    assert list(frame.columns) == ["Y", "X"]
    assert np.allclose(scm.noise_of(frame)["Y"], frame["Y"] - 2 * frame["X"])


def test_intercepts_and_rules_enter_the_sample():
    graph = DAG.from_edges(["X --> Y"])
    mechanisms = {
        "X": LinearFunction((), intercept=3.0),
        "Y": RuleFunction(lambda v: v["X"] ** 2, ["X"], intercept=1.0),
    }
    frame = SCM(graph, mechanisms, {"X": ZeroNoise(), "Y": ZeroNoise()}).sample(2)
    assert (frame == [3.0, 10.0]).all(axis=None)


def test_same_seed_same_rows():
    scm = SCM.from_weights(CHAIN)
    assert scm.sample(20, rng=7).equals(scm.sample(20, rng=7))
    assert not scm.sample(20, rng=7).equals(scm.sample(20, rng=8))
    stream = np.random.default_rng(0)
    assert not scm.sample(20, rng=stream).equals(scm.sample(20, rng=stream))


def test_no_rows_and_no_parents():
    assert SCM.from_weights({}, nodes=["X"]).sample(0, rng=0).shape == (0, 1)


# -- intervention -------------------------------------------------------------------------


@given(dags(max_nodes=5), SEEDS)
def test_do_is_surgery_of_the_graph(graph, seed):
    scm = random_scm(graph, rng=seed)
    name = graph.nodes[seed % len(graph)]
    for action in (1.0, Set(1), Replace(lambda n, rng: rng.random(n))):
        assert scm.do({name: action}).graph == graph.do(name)
    assert scm.do({name: Shift(1)}).graph == graph
    assert scm.do() == scm


@given(dags(max_nodes=5), SEEDS)
def test_do_under_the_same_seed_changes_only_descendants(graph, seed):
    scm = random_scm(graph, mechanism="nonlinear", rng=seed)
    name = graph.nodes[seed % len(graph)]
    before, after = scm.sample(4, rng=seed), scm.do({name: 5.0}).sample(4, rng=seed)
    others = set(graph.nodes) - {name} - set(graph.descendants(name))
    assert before[sorted(others)].equals(after[sorted(others)])
    assert (after[name] == 5.0).all()


@given(dags(max_nodes=5), SEEDS)
def test_average_effect_is_the_sum_over_paths(graph, seed):
    scm = random_scm(graph, noise="laplace", rng=seed)
    for outcome in graph.nodes:
        effect = scm.ate(graph.nodes[0], outcome, 3.0, 1.0, n=5, rng=seed)
        assert np.isclose(effect, 2 * path_sum(scm, graph.nodes[0], outcome))


def test_effect_differs_from_regression_under_confounding():
    scm = SCM.from_weights({"Z --> X": 1.0, "Z --> Y": 1.0})
    assert scm.covariance()[0, 0] > 0
    assert scm.ate("X", "Y", rng=0) == pytest.approx(0)
    frame = scm.sample(2000, rng=0)
    assert np.corrcoef(frame["X"], frame["Y"])[0, 1] > 0.4


def test_replaced_variable_is_independent_of_its_former_parents():
    scm = SCM.from_weights({"X --> Y": 2.0, "Y --> Z": 1.0})
    frame = scm.do(Y=Replace(lambda n, rng: rng.exponential(size=n))).sample(10_000, rng=3)
    assert abs(np.corrcoef(frame["X"], frame["Y"])[0, 1]) < 5 / np.sqrt(10_000)
    assert np.corrcoef(frame["Y"], frame["Z"])[0, 1] > 0.5
    assert (frame["Y"] >= 0).all()


def test_shift_moves_descendants_and_keeps_noise():
    scm = SCM.from_weights(CHAIN)
    gain = scm.do(Y=Shift(1.5)).sample(50, rng=1) - scm.sample(50, rng=1)
    assert np.allclose(gain, [0.0, 1.5, -1.5])


def test_shift_of_nonlinear_functions():
    scm = random_scm(5, mechanism="nonlinear", rng=3)
    gain = scm.do(X2=Shift(0.5)).sample(9, rng=1)["X2"] - scm.sample(9, rng=1)["X2"]
    assert np.allclose(gain, 0.5)


def test_policy_sees_what_comes_before():
    scm = SCM.from_weights(CHAIN)
    treated = scm.do(Y=Policy(lambda seen: np.where(seen["X"] > 0, 1.0, 0.0)))
    frame = treated.sample(100, rng=0)
    assert (frame["Y"] == (frame["X"] > 0)).all()
    assert treated.graph.parents("Y") == ("X",)
    seen = []
    scm.do(X=Policy(lambda values: seen.extend(values) or 0.0)).sample(1, rng=0)
    assert seen == []


def test_interventions_compose():
    scm = SCM.from_weights(CHAIN)
    assert scm.do(X=1).do(X=2) == scm.do(X=2)
    assert scm.do(X=1).do(Y=2) == scm.do(X=1, Y=2) == scm.do({"Y": 2}, X=1)
    assert scm.do(X=1).do(X=Shift(2)) == scm.do(X=3)
    assert scm.do(X=Shift(2)).do(X=1) == scm.do(X=1)


# -- counterfactuals ----------------------------------------------------------------------


@given(dags(max_nodes=5), SEEDS, st.sampled_from(["linear", "nonlinear"]))
def test_doing_nothing_gives_the_rows_back(graph, seed, mechanism):
    scm = random_scm(graph, mechanism=mechanism, rng=seed)
    frame = scm.sample(5, rng=seed)
    assert np.allclose(scm.counterfactual(frame), frame, atol=1e-12)
    factual = {graph.nodes[0]: frame.iloc[0, 0]}
    assert np.allclose(scm.counterfactual(frame.iloc[:1], factual), frame.iloc[:1], atol=1e-12)


@given(dags(max_nodes=5), SEEDS)
def test_counterfactual_of_a_sample_is_the_sample_of_the_changed_model(graph, seed):
    scm = random_scm(graph, rng=seed)
    name = graph.nodes[-1]
    for do in ({name: 2.0}, {name: Shift(1.0)}, {name: Policy(lambda _seen: 0.5)}):
        told = scm.counterfactual(scm.sample(5, rng=seed), do)
        assert np.allclose(told, scm.do(do).sample(5, rng=seed), atol=1e-9)


def test_noise_of_a_sample_is_its_noise():
    scm = SCM.from_weights(CHAIN, noise=GaussianNoise(2.0))
    noise = scm.noise_of(scm.sample(20_000, rng=0))
    assert close_to_population(noise.to_numpy(), 4 * np.eye(3))


def test_one_row_of_whole_numbers_is_enough():
    scm = SCM.from_weights({"X --> Y": 2.0})
    told = scm.counterfactual(pd.DataFrame({"Y": [5], "X": [1]}), {"X": 0})
    assert told.to_dict("records") == [{"X": 0.0, "Y": 3.0}]


def test_replace_in_a_counterfactual_is_drawn_by_rng():
    scm = SCM.from_weights({"X --> Y": 2.0})
    frame = scm.sample(30, rng=0)
    do = {"X": Replace(lambda n, rng: rng.random(n))}
    told = scm.counterfactual(frame, do, rng=1)
    assert told.equals(scm.counterfactual(frame, do, rng=1))
    assert told["X"].between(0, 1).all()
    assert np.allclose(told["Y"] - 2 * told["X"], frame["Y"] - 2 * frame["X"])


# -- fitting ------------------------------------------------------------------------------


def test_fit_recovers_a_linear_gaussian_model():
    truth = random_scm(6, degree=3, rng=5)
    model = SCM.fit(truth.graph, truth.sample(20_000, rng=6), rng=0)
    assert np.allclose(model.weights(), truth.weights(), atol=0.05)
    assert np.allclose(model.covariance(), truth.covariance(), rtol=0.1, atol=0.2)


def test_fit_recovers_a_nonlinear_effect():
    graph = DAG.from_edges(["X --> Y"])
    parts = {
        "X": LinearFunction(()),
        "Y": FeatureFunction((2.0,), (1.5,), (1.0,), "sin"),
    }
    truth = SCM(graph, parts, {"X": GaussianNoise(), "Y": GaussianNoise(0.3)})
    model = SCM.fit(graph, truth.sample(3000, rng=1), rng=0)
    assert isinstance(model.mechanisms["Y"], AdditiveFunction)
    wanted = truth.ate("X", "Y", 1.0, 0.0, rng=0)
    assert model.ate("X", "Y", 1.0, 0.0, rng=0) == pytest.approx(wanted, abs=0.1)


def test_fit_chooses_noise_by_its_shape():
    truth = SCM.from_weights({"X --> Y": 1.0}, noise="uniform")
    model = SCM.fit(truth.graph, truth.sample(2000, rng=0), rng=0)
    assert all(isinstance(law, EmpiricalNoise) for law in model.noises.values())
    named = SCM.fit(truth.graph, truth.sample(2000, rng=0), noise="laplace", rng=0)
    assert all(isinstance(law, LaplaceNoise) for law in named.noises.values())


@pytest.mark.stats
@pytest.mark.parametrize("mechanism", [Linear(), Additive(knots=6)])
def test_fitted_noise_is_as_large_as_the_noise_whatever_the_number_of_parents(mechanism):
    scm = SCM.from_weights({f"X{k} --> Y": 1.0 for k in range(8)})
    fits = [SCM.fit(scm.graph, scm.sample(50, rng=k), mechanism=mechanism, noise="gaussian")
            for k in range(200)]  # fmt: skip
    assert np.mean([fit.noises["Y"].variance for fit in fits]) == pytest.approx(1, abs=0.06)


def test_fit_gives_no_noise_to_what_is_determined():
    frame = pd.DataFrame({"X": [1.5, 2.5, 4.5, 9.5]})
    frame["Y"] = frame["X"] * 0.0 + 1.0
    table = read_table(frame, degenerate="keep")
    model = SCM.fit(DAG.from_edges(["X --> Y"]), table, mechanism="linear", noise="gaussian")
    assert model.noises["Y"] == ZeroNoise()


def test_fit_is_determined_by_rng_and_ignores_other_columns():
    truth = random_scm(4, rng=0)
    frame = truth.sample(300, rng=1)
    model = SCM.fit(truth.graph, frame, rng=2)
    wider = frame[frame.columns[::-1]].assign(other=np.arange(300.0) ** 0.5)
    assert SCM.fit(truth.graph, wider, rng=2) == model


def test_fit_takes_a_cpdag_only_if_all_its_edges_are_directed():
    frame = random_scm(["X", "Y", "Z"], rng=0).sample(100, rng=1)
    collider = CPDAG.from_edges(["X --> Y", "Z --> Y"], nodes=["X", "Y", "Z"])
    assert SCM.fit(collider, frame, rng=0).graph.edges == ("X --> Y", "Z --> Y")
    with pytest.raises(GraphError, match=r"'X --- Y', 'Y --- Z' are not.*graph\.extension\(\)"):
        SCM.fit(CPDAG.from_edges(["X --- Y", "Y --- Z"]), frame)
    with pytest.raises(GraphError, match=r"'X <-> Y' are not.*no hidden common causes"):
        SCM.fit(ADMG.from_edges(["X <-> Y"]), frame)
    with pytest.raises(GraphError, match="TemporalGraph; expected a DAG"):
        SCM.fit(TemporalGraph.from_edges(["X --> Y"]), frame)


def test_fit_refuses_data_it_cannot_use():
    graph = DAG.from_edges(["X --> Y"])
    frame = SCM.from_weights({"X --> Y": 1.0}).sample(50, rng=0)
    with pytest.raises(NameNotFoundError, match="no column 'Y'"):
        SCM.fit(graph, frame[["X"]])
    with pytest.raises(DataError, match=r"got 'Y' \(binary\)\. Leave these nodes out"):
        SCM.fit(graph, frame.assign(Y=frame["Y"] > 0))
    with pytest.raises(DataError, match="missing values: 'Y'"):
        SCM.fit(graph, frame.assign(Y=frame["Y"].where(frame["Y"] > 0)))
    with pytest.raises(DataError, match="2 rows for 1 parents"):
        SCM.fit(graph, read_table(frame.iloc[:2], degenerate="keep"))
    with pytest.raises(OptionError, match="Did you mean 'linear'"):
        SCM.fit(graph, frame, mechanism="linea")
    with pytest.raises(OptionError, match="Did you mean 'gaussian'"):
        SCM.fit(graph, frame, noise="gaussia")


# -- construction, text and files ---------------------------------------------------------


def test_str_reads_as_on_the_blackboard():
    scm = SCM.from_weights({"X --> Y": 2.0, "Z --> Y": -1.0}, noise=GaussianNoise(0.5))
    assert str(scm.do(X=1, Z=Shift(2))).splitlines() == [
        "X = 1",
        "Y = 2 X - 1 Z + GaussianNoise(sd=0.5, mean=0.0)",
        "Z = 2 + GaussianNoise(sd=0.5, mean=0.0)",
    ]
    assert "Y = f(X) + EmpiricalNoise(...)" in str(
        SCM(
            DAG.from_edges(["X --> Y"]),
            {"X": LinearFunction(), "Y": FeatureFunction((1,), (1,), (0,))},
            {"X": ZeroNoise(), "Y": EmpiricalNoise((0, 1))},
        )
    )


def test_repr_evaluates_to_an_equal_model():
    scm = random_scm(3, mechanism="nonlinear", rng=0)
    assert eval(repr(scm)) == scm  # noqa: S307
    assert scm != scm.do(X0=1)


@pytest.mark.parametrize(
    "law", [GaussianNoise(2, 1), LaplaceNoise(), EmpiricalNoise((0.1, 0.7, 3)), ZeroNoise()]
)
def test_files_give_the_model_back(tmp_path, law):
    scm = random_scm(5, mechanism="nonlinear", noise=law, rng=0).do(X1=1, X2=Shift(0.1))
    scm.save(tmp_path / "model.json")
    again = SCM.load(tmp_path / "model.json")
    assert again == scm
    assert again.sample(10, rng=0).equals(scm.sample(10, rng=0))
    assert json.loads((tmp_path / "model.json").read_text())["format"] == "causalsim/scm"


def test_a_fitted_additive_model_survives_its_file(tmp_path):
    truth = random_scm(4, mechanism="nonlinear", rng=3)
    model = SCM.fit(truth.graph, truth.sample(200, rng=1), mechanism="additive", rng=0)
    model.save(tmp_path / "model.json")
    assert SCM.load(tmp_path / "model.json") == model


@pytest.mark.parametrize(
    ("action", "culprit"),
    [(Policy(lambda _seen: 0.0), "RuleFunction"), (Replace(np.zeros), "SamplerNoise")],
)
def test_python_functions_are_not_saved(tmp_path, action, culprit):
    scm = SCM.from_weights({"X --> Y": 2.0}).do(Y=action)
    with pytest.raises(FormatError, match=rf"'Y' follows a Python function \({culprit}\)"):
        scm.save(tmp_path / "model.json")
    assert list(tmp_path.iterdir()) == []


def test_files_from_before_degrees_of_freedom_were_kept_still_load():
    model = SCM.fit(DAG.from_edges(["X --> Y"]), SCM.from_weights({"X --> Y": 1.0}).sample(50))
    payload = model.to_dict()
    assert payload["mechanisms"]["Y"].pop("freedom") == 1
    assert SCM.from_dict(payload) == model


def test_files_of_another_kind_are_refused(tmp_path):
    payload = SCM.from_weights({"X --> Y": 2.0}).to_dict()
    with pytest.raises(FormatError, match="expected format 'causalsim/scm', got 'other'"):
        SCM.from_dict({**payload, "format": "other"})
    payload["noises"]["X"]["type"] = "os.system"
    with pytest.raises(FormatError, match=r"type='os\.system' of a node is unknown"):
        SCM.from_dict(payload)


def test_construction_is_checked():
    graph = DAG.from_edges(["X --> Y"])
    good = SCM.from_weights({"X --> Y": 2.0})
    with pytest.raises(GraphError, match="CPDAG; an SCM needs a DAG"):
        SCM(graph.to_cpdag(), good.mechanisms, good.noises)
    with pytest.raises(GraphError, match="the noise of 'Y' is None"):
        SCM(graph, good.mechanisms, {"X": ZeroNoise()})
    with pytest.raises(NameNotFoundError, match="no node for a mechanism 'Q'"):
        SCM(graph, {**good.mechanisms, "Q": LinearFunction()}, good.noises)
    with pytest.raises(GraphError, match=r"1 parents \('X',\), but its mechanism takes 0"):
        SCM(graph, {**good.mechanisms, "Y": LinearFunction()}, good.noises)


def test_bad_requests_say_what_to_write():
    scm = SCM.from_weights({"X --> Y": 2.0})
    with pytest.raises(OptionError, match=r"window=.* but an SCM has no time"):
        scm.do(X=Set(1, window=(0, 2)))
    with pytest.raises(OptionError, match="do 'X'='high': expected a number"):
        scm.do(X="high")
    with pytest.raises(NameNotFoundError, match=r"no variable 'x'.*Did you mean 'X'"):
        scm.do(x=1)
    with pytest.raises(OptionError, match="n=-1: expected a whole number, at least 0"):
        scm.sample(-1)
    with pytest.raises(OptionError, match=r"n=2\.5"):
        scm.sample(2.5)
    with pytest.raises(DataError, match=r"a sampler gave ndarray of shape \(3,\)"):
        scm.do(X=Replace(lambda _n, _rng: np.zeros(3))).sample(5, rng=0)
    with pytest.raises(DataError, match="a policy or rule gave str"):
        scm.do(Y=Policy(lambda _seen: "no")).sample(5, rng=0)
    nonlinear = random_scm(["X", "Y"], degree=1, mechanism="nonlinear", rng=1)
    with pytest.raises(OptionError, match=r"FeatureFunction; weights exist only"):
        nonlinear.weights()
    replaced = Replace(lambda n, rng: rng.random(n))
    with pytest.raises(OptionError, match=r"covariance\(\) is exact for linear.*'X' are other"):
        scm.do(X=replaced).covariance()
    assert isinstance(scm.do(X=replaced).noises["X"], SamplerNoise)
