"""TemporalSCM: rollout, windows, fitting and files; vector autoregression as oracle."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import solve_discrete_lyapunov
from strategies import temporal_graphs

from causalsim.errors import (
    DataError,
    DivergenceError,
    FormatError,
    GraphError,
    NameNotFoundError,
    OptionError,
)
from causalsim.graph import DAG, Policy, Replace, Set, Shift, TemporalGraph
from causalsim.scm import (
    GaussianNoise,
    LinearFunction,
    Paths,
    TemporalSCM,
    ZeroNoise,
    random_temporal_scm,
)

SEEDS = st.integers(0, 2**32 - 1)
QUIET = ZeroNoise()


def echo():
    """X drives Y one step later and Z at once, without any noise."""
    return TemporalSCM.from_weights({"X[t-1] --> Y": 2.0, "Y --> Z": -1.0}, noise=QUIET)


def one_step(scm):
    """Give A and S of the reduced form x[t] = A x[t-1] + u[t], cov(u) = S, for max_lag 1."""
    weights = scm.weights()
    total = np.linalg.inv(np.eye(len(scm.graph)) - weights[:, :, 0].T)
    noise = np.diag([law.variance for law in scm.noises.values()])
    return total @ weights[:, :, 1].T, total @ noise @ total.T


# -- rollout ------------------------------------------------------------------------------


def test_autocovariance_of_a_lag_one_model():
    scm = TemporalSCM.from_weights(
        {"X[t-1] --> X": 0.8, "X --> Y": 1.0, "Y[t-1] --> Y": -0.5, "Y[t-1] --> Z": 0.7},
        noise=GaussianNoise(0.5),
    )
    step, shock = one_step(scm)
    now = solve_discrete_lyapunov(step, shock)
    n = 8000
    pair = scm.sample(2, n, rng=0).array
    both = np.cov(pair.reshape(n, -1).T)
    oracle = np.block([[now, now @ step.T], [step @ now, now]])
    spread = np.diag(oracle)
    assert (np.abs(both - oracle) < 5 * np.sqrt((np.outer(spread, spread) + oracle**2) / n)).all()


def test_rollout_is_the_recursion_by_hand():
    scm = TemporalSCM.from_weights(
        {"X[t-2] --> X": 0.5, "Y --> X": 1.0, "X[t-1] --> Y": -0.3}, nodes=["X", "Y"]
    )
    array = scm.sample(60, burn_in=0, rng=3).array[0]
    silent = TemporalSCM(scm.graph, scm.mechanisms, dict.fromkeys("XY", QUIET))
    x, y = array.T
    assert np.allclose((silent.sample(5, burn_in=0).array), 0)
    noise_y = y[1:] + 0.3 * x[:-1]
    noise_x = x[2:] - 0.5 * x[:-2] - y[2:]
    for noise in (noise_x, noise_y):
        assert abs(np.corrcoef(noise[1:], noise[:-1])[0, 1]) < 4 / np.sqrt(60)
    own = [np.random.default_rng(3).spawn(1)[0].spawn(2)[i].normal(size=60) for i in (0, 1)]
    assert np.allclose(noise_x, own[0][2:])
    assert np.allclose(noise_y, own[1][1:])


@pytest.mark.parametrize("mechanism", ["linear", "nonlinear"])
def test_a_path_is_the_same_in_any_batch(mechanism):
    scm = random_temporal_scm(5, max_lag=3, degree=4, mechanism=mechanism, rng=1)
    alone, together = scm.sample(50, rng=2), scm.sample(50, paths=20, rng=2)
    assert (alone.array[0] == together.array[0]).all()
    assert not (together.array[0] == together.array[1]).any()


def test_same_seed_same_paths():
    scm = random_temporal_scm(3, rng=0)
    assert (scm.sample(30, 2, rng=5).array == scm.sample(30, 2, rng=5).array).all()
    assert not (scm.sample(30, 2, rng=5).array == scm.sample(30, 2, rng=6).array).any()


def test_burn_in_only_moves_the_start():
    scm = random_temporal_scm(3, rng=0)
    late = scm.sample(20, burn_in=30, rng=1).array
    assert (scm.sample(50, burn_in=0, rng=1).array[:, 30:] == late).all()


def test_a_model_without_lags_is_its_static_twin():
    scm = TemporalSCM.from_weights({"X --> Y": 2.0})
    assert scm.graph.max_lag == 0
    frame = scm.sample(4000, burn_in=0, rng=0).frame()
    assert np.polyfit(frame["X"], frame["Y"], 1)[0] == pytest.approx(2, abs=0.1)


def test_divergence_is_an_error_with_a_step():
    scm = TemporalSCM.from_weights({"X[t-1] --> X": 10.0})
    with pytest.raises(DivergenceError, match=r"'X' grew beyond all numbers at step \d+"):
        scm.sample(400, rng=0)


def test_paths_are_frames_and_an_array():
    paths = random_temporal_scm(["X", "Y"], rng=0).sample(7, paths=3, rng=0)
    assert paths.array.shape == (3, 7, 2)
    assert len(paths) == len(list(paths)) == 3
    assert list(paths.frame().columns) == ["X", "Y"]
    assert (paths.frame(2).to_numpy() == paths.array[2]).all()
    assert not paths.array.flags.writeable
    with pytest.raises(OptionError, match="path 3 of 3: the first is 0, the last 2"):
        paths.frame(3)
    with pytest.raises(DataError, match=r"shape \(2, 3\); expected \(paths, steps, 2\)"):
        Paths(np.zeros((2, 3)), ("X", "Y"))


# -- intervention -------------------------------------------------------------------------


def test_windows_open_and_close():
    array = echo().do(X=Set(1.0, window=(2, 4))).sample(8).array[0]
    assert array[:, 0].tolist() == [0, 0, 1, 1, 0, 0, 0, 0]
    assert array[:, 1].tolist() == [0, 0, 0, 2, 2, 0, 0, 0]
    assert (array[:, 2] == -array[:, 1]).all()


@pytest.mark.parametrize(
    ("window", "wanted"),
    [(None, [2, 2, 2]), ((0, None), [0, 2, 2]), ((None, 1), [2, 2, 0]), ((None, 0), [2, 0, 0])],
)
def test_open_windows_and_the_burn_in(window, wanted):
    array = echo().do(X=Set(1.0, window=window)).sample(3, burn_in=5).array[0]
    assert array[:, 1].tolist() == wanted


def test_one_value_per_step():
    scm = echo()
    assert scm.do(X=[1, 2, 3]).sample(3).array[0, :, 1].tolist() == [2, 2, 4]
    windowed = scm.do(X=Set(np.array([1.0, 2.0]), window=(1, 3)))
    assert windowed.sample(5).array[0, :, 0].tolist() == [0, 1, 2, 0, 0]
    with pytest.raises(OptionError, match="a Set has 3 values for 4 steps"):
        scm.do(X=[1, 2, 3]).sample(4)
    with pytest.raises(OptionError, match="a Set has 1 values for 2 steps"):
        scm.do(X=Set([1.0], window=(1, 3))).sample(5)
    assert scm.do(X=Set([1.0], window=(1, 3))).sample(2).array[0, :, 0].tolist() == [0, 1]


def test_shift_replace_and_policy_in_a_window():
    scm = echo()
    assert scm.do(Y=Shift(1.0, window=(1, 2))).sample(3).array[0, :, 2].tolist() == [0, -1, 0]
    drawn = scm.do(X=Replace(lambda n, rng: rng.random(n), window=(1, 3))).sample(4, 5, rng=0)
    assert ((drawn.array[:, 1:3, 0] > 0) & (drawn.array[:, 1:3, 0] < 1)).all()
    assert (drawn.array[:, [0, 3], 0] == 0).all()
    assert len(np.unique(drawn.array[:, 1:3, 0])) == 10
    rule = Policy(lambda last: last["X"] + 1, window=(1, 4))
    assert scm.do(X=rule).sample(5).array[0, :, 0].tolist() == [0, 1, 2, 3, 0]


def test_always_on_interventions_cut_the_graph():
    scm = TemporalSCM.from_weights({"X[t-1] --> X": 0.5, "X[t-1] --> Y": 1.0, "Y --> Z": 1.0})
    assert scm.do(X=1).graph.edges == ("X[t-1] --> Y", "Y --> Z")
    assert scm.do(X=[1.0, 2.0]).graph == scm.do(X=1).graph
    assert scm.do(X=Replace(lambda n, rng: rng.random(n))).graph == scm.do(X=1).graph
    assert scm.do(X=Shift(1)).graph == scm.do(X=Set(1, window=(0, 2))).graph == scm.graph
    policy = scm.do(Z=Policy(lambda last: -last["Y"]))
    assert policy.graph.parents("Z") == ("X[t-1]", "Y[t-1]", "Z[t-1]")
    array = policy.sample(9, rng=0).array[0]
    assert (array[1:, 2] == -array[:-1, 1]).all()


def test_shift_raises_the_stationary_mean():
    scm = TemporalSCM.from_weights({"X[t-1] --> X": 0.5}, noise=QUIET)
    assert np.allclose(scm.do(X=Shift(1.0)).sample(3).array, 2)


def test_interventions_act_in_their_order():
    scm = echo()
    first = scm.do(X=Set(1, window=(0, 2))).do(X=Set(5, window=(1, 3)))
    assert first.sample(4).array[0, :, 0].tolist() == [1, 5, 5, 0]
    assert first.do(X=Shift(1)).sample(4).array[0, :, 0].tolist() == [2, 6, 6, 1]
    assert first.do(X=3) == scm.do(X=3)
    assert scm.do(X=3).do(X=Set(4, window=(1, 2))).sample(3).array[0, :, 0].tolist() == [3, 4, 3]


@settings(max_examples=20)
@given(temporal_graphs(directed=True), SEEDS)
def test_do_under_the_same_seed_leaves_the_past_alone(graph, seed):
    scm = random_temporal_scm(graph, rng=seed)
    name = graph.nodes[seed % len(graph)]
    before = scm.sample(6, 2, burn_in=10, rng=seed).array
    for action in (Set(9.0, window=(3, 4)), Replace(lambda n, rng: rng.random(n), window=(3, 5))):
        after = scm.do({name: action}).sample(6, 2, burn_in=10, rng=seed).array
        assert (after[:, :3] == before[:, :3]).all()
        assert (after[:, 3, graph.index(name)] != before[:, 3, graph.index(name)]).all()


def test_impulse_response_has_its_closed_form():
    scm = random_temporal_scm(4, max_lag=1, degree=3, rng=2)
    step, _ = one_step(scm)
    pulse = scm.do(X1=Shift(1.0, window=(0, 1))).sample(6, rng=4).array
    response = (pulse - scm.sample(6, rng=4).array)[0]
    at_once = np.linalg.inv(np.eye(4) - scm.weights()[:, :, 0].T)[:, 1]
    oracle = [np.linalg.matrix_power(step, h) @ at_once for h in range(6)]
    assert np.allclose(response, oracle)


# -- fitting ------------------------------------------------------------------------------


def test_fit_recovers_weights_from_series_panels_and_paths():
    truth = random_temporal_scm(["X", "Y", "Z"], max_lag=2, degree=2, rng=3)
    paths = truth.sample(4000, paths=2, rng=4)
    for series in (paths.frame(), list(paths), paths):
        model = TemporalSCM.fit(truth.graph, series, rng=0)
        assert np.allclose(model.weights(), truth.weights(), atol=0.08)


def test_a_panel_never_joins_two_series():
    graph = TemporalGraph.from_edges(["X[t-1] --> X"])
    climb = np.arange(30.0)
    tables = [TemporalSCM.from_weights({"X[t-1] --> X": 1.0}).sample(30, rng=0).frame()]
    tables = [tables[0].assign(X=climb + shift) for shift in (0.5, 1000.25)]
    model = TemporalSCM.fit(graph, tables, mechanism="linear")
    assert model.mechanisms["X"].weights[0] == pytest.approx(1)
    assert model.mechanisms["X"].intercept == pytest.approx(1)


def test_fit_refuses_what_it_cannot_use():
    graph = TemporalGraph.from_edges(["X[t-3] --> Y"])
    frame = random_temporal_scm(["X", "Y"], rng=0).sample(50, rng=0).frame()
    with pytest.raises(DataError, match="a series has 3 rows; lag 3 needs more"):
        TemporalSCM.fit(graph, [frame, frame.iloc[:3]])
    with pytest.raises(DataError, match="empty list"):
        TemporalSCM.fit(graph, [])
    with pytest.raises(NameNotFoundError, match="no column 'Y'"):
        TemporalSCM.fit(graph, frame[["X"]])
    with pytest.raises(DataError, match=r"'Y' \(binary\)"):
        TemporalSCM.fit(graph, frame.assign(Y=frame["Y"] > 0))
    with pytest.raises(GraphError, match="'X --- Y' are not"):
        TemporalSCM.fit(TemporalGraph.from_edges(["X --- Y"]), frame)


# -- construction, text and files ---------------------------------------------------------


def test_weights_stand_as_in_the_graph():
    scm = TemporalSCM.from_weights({"X[t-2] --> Y": 0.5, "Y --> X": 2.0})
    weights = scm.weights()
    assert weights[0, 1, 2] == 0.5
    assert weights[1, 0, 0] == 2.0
    assert ((weights != 0) == scm.graph.directed).all()
    with pytest.raises(OptionError, match="weights exist only for linear mechanisms"):
        random_temporal_scm(["X"], mechanism="nonlinear", rng=0).weights()


def test_str_and_repr():
    scm = echo().do(X=Set(1, window=(0, 2)))
    assert str(scm).splitlines() == [
        "X = 0",
        "Y = 2 X[t-1]",
        "Z = -1 Y",
        "do X: Set(value=1.0, window=(0, 2))",
    ]
    assert eval(repr(scm)) == scm  # noqa: S307


@pytest.mark.parametrize("mechanism", ["linear", "nonlinear"])
def test_files_give_the_model_back(tmp_path, mechanism):
    scm = random_temporal_scm(4, max_lag=3, mechanism=mechanism, noise="laplace", rng=0)
    scm = scm.do(X0=Set([1.0, 2.0], window=(3, 5)), X1=Shift(0.5, window=(None, 2)), X2=3)
    scm.save(tmp_path / "model.json")
    again = TemporalSCM.load(tmp_path / "model.json")
    assert again == scm
    assert (again.sample(9, rng=0).array == scm.sample(9, rng=0).array).all()


@pytest.mark.parametrize("window", [None, (0, 2)])
def test_python_functions_are_not_saved(window):
    for action in (Policy(lambda _: 0.0, window=window), Replace(np.zeros, window=window)):
        with pytest.raises(FormatError, match="'Y' follows a Python function"):
            echo().do(Y=action).to_dict()


def test_construction_and_requests_are_checked():
    scm = echo()
    with pytest.raises(GraphError, match="DAG; a TemporalSCM needs a TemporalGraph"):
        TemporalSCM(DAG.from_edges(["X --> Y"]), scm.mechanisms, scm.noises)
    with pytest.raises(GraphError, match="but its mechanism takes 0"):
        TemporalSCM(scm.graph, {**scm.mechanisms, "Y": LinearFunction()}, scm.noises)
    with pytest.raises(NameNotFoundError, match="no node 'Q'"):
        TemporalSCM(scm.graph, scm.mechanisms, scm.noises, (("Q", Set(1)),))
    with pytest.raises(NameNotFoundError, match="no variable 'Q'"):
        scm.do(Q=1)
    with pytest.raises(OptionError, match="do 'X'='high': expected a number"):
        scm.do(X=Set("high", window=(0, 1)))
    with pytest.raises(OptionError, match=r"do 'X'=array(?s:.)*: expected a number"):
        scm.do(X=np.zeros((2, 2)))
    with pytest.raises(OptionError, match="paths=0: expected a whole number, at least 1"):
        scm.sample(5, 0)
    with pytest.raises(OptionError, match="burn_in=-1"):
        scm.sample(5, burn_in=-1)
