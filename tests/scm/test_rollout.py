"""The compiled rollout: numpy as the oracle, and the same bits for any batch and threads."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from causalsim.errors import DivergenceError, OptionError
from causalsim.graph import Policy, Replace, Set, Shift, TemporalGraph
from causalsim.scm import (
    AdditiveFunction,
    FeatureFunction,
    GaussianNoise,
    KernelNoise,
    LinearFunction,
    SplineNoise,
    TemporalSCM,
    UniformNoise,
    ZeroNoise,
    _program,
    _rollout,
)
from causalsim.scm.atoms import AtomFunction
from causalsim.scm.bounded import BoundedFunction
from causalsim.scm.forests import ExtraTrees, ForestSampler, QuantileForest
from causalsim.scm.scaled import ScaledFunction

UNIT = UniformNoise(12**-0.5, 0.5)
ACTIONS = {
    "none": {},
    "held": {"A": Set(1.0, window=(3, 9)), "B": Shift(0.5, window=(0, None))},
    "by step": {"C": Set([0.1, 0.2, 0.3], window=(2, 5)), "D": 0.4},
    "drawn": {"A": Replace(lambda n, rng: rng.random(n), window=(1, 8))},
    "policy": {"B": Policy(lambda last: last["A"] / 2, window=(1, 8))},
    "rule": {"C": Policy(lambda last: last["B"] / 2)},
}


@pytest.fixture(scope="module")
def model():
    """Give a model with a mechanism of every kind, each with two parents."""
    names = "ABCDEFGH"
    edges = [
        f"{x}[t-{lag}] --> {y}" for x, y in zip("HABCDEFG", names, strict=True) for lag in "1"
    ]
    edges += [f"{name}[t-2] --> {name}" for name in names]
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 2))
    y = np.tanh(x[:, 0] - x[:, 1]) + 0.3 * rng.normal(size=200)
    linear = LinearFunction((0.3, -0.4), intercept=0.1)
    bend = AdditiveFunction(((-1.0, 0.0, 1.0, 2.0), (-1.0, 1.0)), ((0.1, 0.2, -0.1), (0.2,)))
    functions = [
        linear,
        bend,
        FeatureFunction((0.5, -0.5), (1.0, 2.0), (0.0, 0.3), "sin"),
        ExtraTrees(10).fit(x, y, rng),
        ForestSampler(10).fit(x, y, rng),
        QuantileForest(10).fit(x, y.round(1), rng),
        ScaledFunction(linear, BoundedFunction(bend, 0.2, 2.0)),
        BoundedFunction(linear, -1.0, 1.0, 0.25),
    ]
    laws = [UNIT if f.law is not None else GaussianNoise() for f in functions]
    graph = TemporalGraph.from_edges(edges, list(names))
    together = (dict(zip(names, part, strict=True)) for part in (functions, laws))
    return TemporalSCM(graph, *together)


@pytest.mark.parametrize("what", ACTIONS)
def test_compiled_equals_numpy(model, monkeypatch, what):
    changed = model.do(ACTIONS[what])
    drawn = []
    for small in (0, 10**9):
        monkeypatch.setattr(_rollout, "SMALL", small)
        drawn.append(changed.sample(30, 5, burn_in=20, rng=1).array)
    assert np.abs(drawn[0] - drawn[1]).max() < 1e-12
    assert np.ptp(drawn[0]) > 1


def hurdle(inner, **options):
    """Give an atom at 0 beside an inner function; its law has a curve and tails."""
    law = options.pop("law", SplineNoise((-1.0, 0.0, 2.0), (0.1, 0.6, 0.95), (0.5, 1.5)))
    odds = BoundedFunction(LinearFunction((0.8, -0.5), intercept=-0.3), -3.0, 3.0)
    return AtomFunction(inner, law, 0.0, odds, **options)


LINE = LinearFunction((0.3, -0.4), intercept=0.1)
BEND = AdditiveFunction(((-1.0, 0.0, 1.0, 2.0), (-1.0, 1.0)), ((0.1, 0.2, -0.1), (0.2,)))
SPREAD = ScaledFunction(LINE, BoundedFunction(BEND, 0.2, 2.0))
HURDLES = {
    "free": hurdle(LINE),
    "cut below": hurdle(BEND, low=0.0),
    "cut on both sides, scaled and shifted": hurdle(SPREAD, low=0.0, high=1.5, intercept=0.7),
    "inner grid": hurdle(BoundedFunction(LINE, -2.0, 3.0, 0.25)),
    "outer bounds": BoundedFunction(hurdle(SPREAD, low=0.0), -1.0, 1.0),
    "kernel": hurdle(LINE, law=KernelNoise((-1.0, 0.1, 0.4, 2.0), 0.3), high=2.0),
}


@pytest.mark.parametrize("function", HURDLES.values(), ids=HURDLES)
def test_a_compiled_hurdle_equals_numpy(function, monkeypatch):
    assert function.program() is not None
    graph = TemporalGraph.from_edges(["A[t-1] --> A", "B[t-1] --> A", "A --> B", "B[t-2] --> B"])
    model = TemporalSCM(graph, {"A": function, "B": LINE}, {"A": UNIT, "B": GaussianNoise()})
    drawn = []
    for small in (0, 10**9):
        monkeypatch.setattr(_rollout, "SMALL", small)
        drawn.append(model.sample(200, 3, burn_in=0, rng=1).array)
    assert np.abs(drawn[0] - drawn[1]).max() < 1e-12
    shift = 0.7 if function.intercept else 0.0
    assert 0.2 < (drawn[0][:, :, 0] == shift).mean() < 0.8


@pytest.mark.parametrize("tail", [1e-9, 0.05, 0.5, 0.97, 1 - 1e-12])
def test_compiled_laws_equal_theirs(tail):
    from causalsim.scm._compiled import _cdf, _invert

    for law in (SplineNoise((-1.0, 0.0, 2.0), (0.1, 0.6, 0.95)), KernelNoise((0.0, 3.0), 0.2)):
        told = _program.hurdle(0.0, 0.0, (0.0, 1.0), law)
        x = law.quantile(np.array([tail]))
        place = 4, told.ints[0]
        np.testing.assert_allclose(_invert(told.floats, *place, tail), x[0], atol=1e-12)
        np.testing.assert_allclose(_cdf(told.floats, *place, x[0]), law.cdf(x)[0], atol=1e-13)


@pytest.mark.parametrize(
    "function",
    [
        hurdle(LINE, law=GaussianNoise()),
        hurdle(hurdle(LINE)),
        ScaledFunction(hurdle(LINE), LinearFunction((0.0, 0.0), intercept=2.0)),
        ScaledFunction(BoundedFunction(LINE, -0.1, 0.1), BoundedFunction(BEND, 0.2, 2.0)),
    ],
    ids=["other law", "two atoms", "hurdle in a scale", "bounded mean"],
)
def test_what_has_no_numbers_is_computed_by_numpy(function, monkeypatch):
    """Wrong numbers would be worse: these run step by step, and long runs equal short ones."""
    assert function.program() is None
    graph = TemporalGraph.from_edges(["A[t-1] --> A", "A[t-2] --> A"])
    model = TemporalSCM(graph, {"A": function}, {"A": UNIT if function.law else GaussianNoise()})
    monkeypatch.setattr(_rollout, "SMALL", 0)
    long = model.sample(40, 2, burn_in=0, rng=1).array
    monkeypatch.setattr(_rollout, "SMALL", 10**9)
    np.testing.assert_array_equal(long, model.sample(40, 2, burn_in=0, rng=1).array)


def test_a_sampled_scale_has_no_numbers():
    x, y = np.random.default_rng(0).normal(size=(2, 100))
    leaves = ForestSampler(5).fit(x[:, None], y, np.random.default_rng(0))
    scale = BoundedFunction(leaves, 0.2, 2.0)
    assert ScaledFunction(LinearFunction((1.0,)), scale).program() is None


def test_paths_and_threads_change_no_bit(model, monkeypatch):
    monkeypatch.setattr(_rollout, "SMALL", 0)
    plan = model.do(ACTIONS["drawn"])._plan
    all_of_them = _rollout.roll(plan, 40, 7, burn_in=10, rng=2)
    for paths, n_jobs in ((1, 1), (3, 2), (7, 4), (7, -1)):
        part = _rollout.roll(plan, 40, paths, burn_in=10, rng=2, n_jobs=n_jobs)
        assert (part == all_of_them[:paths]).all()
    one, two = (model.sample(40, 5, rng=2, n_jobs=n_jobs).array for n_jobs in (1, 2))
    assert (one == two).all()
    monkeypatch.undo()
    with pytest.raises(OptionError, match="n_jobs=0"):
        model.sample(5, n_jobs=0)


def test_a_policy_leaves_the_bits_of_others_alone(model, monkeypatch):
    monkeypatch.setattr(_rollout, "SMALL", 0)
    before = model.sample(12, 2, rng=0).array
    after = model.do(H=Policy(lambda last: last["A"], window=(5, 6))).sample(12, 2, rng=0).array
    assert (after[:, :5] == before[:, :5]).all()
    assert (after[:, 5, :7] == before[:, 5, :7]).all()
    assert (after[:, 5, 7] != before[:, 5, 7]).all()


def test_noise_is_told_again(model):
    quiet = "ABCDFG"
    plan = model._plan
    values = model.sample(40, 2, rng=3).array
    nodes = tuple(node for node in plan.nodes if plan.names[node.at] in quiet)
    part = replace(plan, nodes=nodes)
    noise = _rollout.abduct(part, values)
    again = _rollout.replay(part, values, noise, [], rng=0)
    assert np.abs(again - values).max() < 1e-9


def test_compiled_divergence_has_its_step(monkeypatch):
    monkeypatch.setattr(_rollout, "SMALL", 0)
    scm = TemporalSCM.from_weights({"X[t-1] --> X": 10.0})
    with pytest.raises(DivergenceError, match=r"'X' grew beyond all numbers at step \d+"):
        scm.sample(400, rng=0)


def test_compiled_trees_split_between_neighbouring_floats(monkeypatch):
    rng = np.random.default_rng(0)
    near = 1.0 + float(np.spacing(np.float32(1.0))) / 4 * rng.integers(0, 40, (300, 1))
    forest = ExtraTrees(20, leaf=1).fit(near, rng.normal(size=300), rng)
    graph = TemporalGraph.from_edges(["X --> Y"])
    laws = {"X": ZeroNoise(), "Y": ZeroNoise()}
    scm = TemporalSCM(graph, {"X": LinearFunction(), "Y": forest}, laws)
    monkeypatch.setattr(_rollout, "SMALL", 0)
    drawn = scm.do(X=Set(tuple(near[:, 0]), window=(0, None))).sample(300, rng=0).array[0]
    assert (drawn[:, 1] == forest.predict(near)).all()
    assert len(np.unique(drawn[:, 1])) > 5
