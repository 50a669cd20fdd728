"""The tests with quantum kernels: what they are made of, what one refuses, and their rates."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from dense import NAMES, curved, gamma_p, gram, residual_gram, standard
from hypothesis import given
from hypothesis import strategies as st
from qiskit.circuit.library import z_feature_map
from scipy.stats import binomtest

from causalsim.citest import QPC, KernelCI, QPCPlus
from causalsim.citest.kernel._presets import MEASURED
from causalsim.data import Kind, Table
from causalsim.errors import OptionError
from causalsim.kernels import Gaussian, Linear, QuantumKernel

ALPHA = 0.05
DOCS = Path(__file__).parents[3] / "docs"
FAMILIES = ("additive", "post-nonlinear", "heteroscedastic")
FUNCTIONS = (np.sin, np.tanh, np.square, lambda t: np.cos(2 * t), lambda t: t)
seeds = st.integers(0, 10**6)
both = pytest.mark.parametrize("spec", [QPC(insist=True), QPCPlus()], ids=["qpc", "qpc_plus"])


def drawn(seed, n, strength):
    """X = f(Z) + .5e and Y = g(Z) + h(X) + .5e, or .7e where X acts; f, g, h drawn."""
    rng = np.random.default_rng(seed)
    f, g, h = (FUNCTIONS[i] for i in rng.integers(len(FUNCTIONS), size=3))
    z, e, u = rng.normal(size=(3, n))
    x = f(z) + 0.5 * e
    y = g(z) + strength * h(x) + (0.7 if strength else 0.5) * u
    return Table(NAMES[:3], np.column_stack([x, y, z]), (Kind.CONTINUOUS,) * 3)


def rejections(spec, n, strength, trials):
    answers = (spec(drawn(seed, n, strength))("X", "Y", "Z") for seed in range(trials))
    return sum(answer.p_value <= ALPHA for answer in answers)


def fidelity(columns):
    return QuantumKernel("zz", scale=0.25, standardise=False)(columns)


@given(seed=seeds, n=st.integers(10, 30))
def test_qpc_is_zhang_with_quantum_kernels(seed, n):
    table = curved(seed, n, 0.3)
    x, y, z = (standard(table.values[:, i]) for i in range(3))
    regressor = fidelity(z)
    a = residual_gram(fidelity(np.hstack([x, z / 2])), regressor, 1e-3)
    u = a * residual_gram(fidelity(y), regressor, 1e-3)
    found = QPC()(table)("X", "Y", "Z")
    assert found.statistic == pytest.approx(u.sum(), rel=1e-7)
    assert found.p_value == pytest.approx(
        gamma_p(u.sum(), np.trace(u), 2 * (u**2).sum()), rel=1e-6
    )


@given(seed=seeds, n=st.integers(10, 30))
def test_qpc_plus_is_the_operator_form_with_a_gaussian_on_the_set(seed, n):
    table = curved(seed, n, 0.3)
    x, y, z = (standard(table.values[:, i]) for i in range(3))
    a, b = (residual_gram(fidelity(part), gram(z, 1.4), n * 0.01) for part in (x, y))
    u = a * b * gram(z, 1.2)
    found = QPCPlus(ridge=0.01, width=1.4, tolerance=1e-13, rank=n)(table)("X", "Y", "Z")
    assert found.statistic == pytest.approx(u.sum(), rel=1e-8)
    assert found.p_value == pytest.approx(
        gamma_p(u.sum(), np.trace(u), 2 * (u**2).sum()), rel=1e-6
    )


def test_a_preset_is_the_plain_test_with_other_kernels():
    table, quantum = curved(0, 40, 0.3), QPCPlus().quantum()
    hybrid = KernelCI(kernel_x=quantum, kernel_y=quantum)
    assert hybrid(table)("X", "Y", "Z") == QPCPlus()(table)("X", "Y", "Z")
    plain = Gaussian(1.2, standardise=False)
    control = QPCPlus(kernel_x=plain, kernel_y=plain)
    assert control(table)("X", "Y", ["Z", "W"]) == KernelCI()(table)("X", "Y", ["Z", "W"])


def test_a_circuit_of_ones_own_is_the_named_map():
    table = curved(0, 20)
    own = QPCPlus(feature_map=z_feature_map(1, reps=2))(table)
    expected = QPCPlus()(table)("X", "Y", "Z")
    assert own("X", "Y", "Z").p_value == pytest.approx(expected.p_value, abs=1e-8)


@pytest.mark.parametrize(
    "settings",
    [{"shots": 512}, {"noise": 0.05}, {"projected": True}, {"feature_map": "iqp"}, {"scale": 0.5}],
    ids=str,
)
@both
def test_settings_reach_the_kernel(spec, settings):
    table, other = curved(0, 40), replace(spec, **settings)
    for z in ((), "Z", ("Z", "W")):
        found, plain = other(table)("X", "Y", z), spec(table)("X", "Y", z)
        assert 0 < found.p_value <= 1
        assert found.p_value != plain.p_value
        assert repr(other(table)("X", "Y", z)) == repr(found)


@both
def test_a_wrong_setting_of_the_kernel_is_named_at_once(spec):
    with pytest.raises(OptionError, match="shots=0"):
        replace(spec, shots=0)
    with pytest.raises(OptionError, match="noise=2"):
        replace(spec, noise=2)
    with pytest.raises(OptionError, match="'zzz' is unknown.*Did you mean 'zz'"):
        replace(spec, feature_map="zzz")


@pytest.mark.parametrize(("rows", "group"), [(50, ["Z"]), (20, ["Z", "W"]), (19, ["Z", "W"])])
def test_qpc_refuses_where_its_level_is_known_to_be_lost(rows, group):
    test = QPC()(curved(0, rows))
    worst = f"{MEASURED[len(group)][100]:g} at n=100"
    message = rf"{rows} rows given {len(group)} col.*up to.*{worst}.*'qpc_plus'.*insist=True"
    for ask in (test, test.joint):
        with pytest.raises(OptionError, match=message):
            ask("X", "Y", group)
    with pytest.raises(OptionError, match=message):
        test.effects([0], [1], [[2, 3][: len(group)]])


def test_the_rates_that_qpc_quotes_are_those_of_the_report():
    counts = json.loads((DOCS / "calibration.json").read_text())
    for k, rates in MEASURED.items():
        for n, quoted in rates.items():
            found = [counts[f"qpc|{family}|{n}|{k}"] for family in FAMILIES]
            worst = max(one["rejected"] / one["repetitions"] for one in found)
            assert quoted == pytest.approx(worst, abs=0.0051)


def test_qpc_answers_without_a_set_with_few_rows_and_if_told_to():
    small, large = curved(0, 49), curved(0, 50)
    assert QPC()(large)("X", "Y").p_value > 0
    assert QPC()(small)("X", "Y", "Z").p_value > 0
    assert QPC(insist=True)(large)("X", "Y", ["Z", "W"]).p_value > 0
    assert QPC(insist=True)(small)("X", "Y", "Z") == QPC()(small)("X", "Y", "Z")
    assert QPCPlus()(large)("X", "Y", "Z").p_value > 0


def test_qpc_takes_numbers_and_coins():
    assert Kind.DISCRETE not in QPC.accepts | QPCPlus.accepts
    assert QPC(kernel_z=Linear(), insist=True).kernels()[2] == Linear()


@pytest.mark.stats
def test_qpc_loses_its_level_on_two_curves():
    hits = rejections(QPC(insist=True), 100, 0.0, 250)
    assert binomtest(hits, 250, 0.16, alternative="less").pvalue > 1e-3
    assert hits < 0.3 * 250
    assert binomtest(hits, 250, ALPHA, alternative="greater").pvalue < 1e-3
    power = rejections(QPC(insist=True), 100, 1.0, 250)
    assert binomtest(power, 250, 0.892).pvalue > 1e-3


@pytest.mark.stats
@pytest.mark.parametrize("spec", [QPCPlus(), QPCPlus(width=1.2)], ids=["tuned", "fixed width"])
def test_the_hybrid_holds_it(spec):
    assert rejections(spec, 100, 0.0, 250) <= 0.09 * 250
    assert rejections(spec, 100, 1.0, 250) >= 0.9 * 250
    assert rejections(spec, 200, 0.0, 250) <= 0.07 * 250


@pytest.mark.parametrize(
    ("spec", "options", "message"),
    [
        (QPC, dict(insist="no"), "insist='no': expected True or False"),
        (KernelCI, dict(split="maybe"), r"split='maybe': expected a number in \(0, 1\), or None"),
    ],
)
def test_settings_of_another_type_are_refused(spec, options, message):
    with pytest.raises(OptionError, match=message):
        spec(**options)
