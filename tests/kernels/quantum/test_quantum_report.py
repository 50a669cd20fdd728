"""Diagnostics, and the published figures of concentration."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit.circuit.library import zz_feature_map

from causalsim.errors import DataError
from causalsim.kernels.quantum import QuantumKernel, report

CONCENTRATION = {
    (1.0, 2): (0.294, 0.228), (1.0, 4): (0.068, 0.066), (1.0, 8): (0.0041, 0.0041),
    (0.25, 2): (0.416, 0.293), (0.25, 4): (0.146, 0.120), (0.25, 8): (0.0097, 0.0094),
}  # fmt: skip


def data(n, d, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d))


@pytest.mark.parametrize(("scale", "d"), CONCENTRATION)
def test_fidelities_concentrate_as_published(scale, d):
    made = report(QuantumKernel("zz", scale=scale), data(200, d))
    assert (made.mean, made.sd) == pytest.approx(CONCENTRATION[scale, d], rel=0.15)


@pytest.mark.parametrize("d", [2, 4, 8])
def test_projected_kernels_do_not(d):
    made = report(QuantumKernel("zz", scale=0.25, projected=True), data(200, d))
    assert made.mean == pytest.approx(0.755, rel=0.15)
    assert 0.11 * 0.85 < made.sd < 0.15 * 1.15


def test_sizes_and_shot_noise():
    kernel = QuantumKernel("angle", reps=3, shots=100)
    made = report(kernel, data(50, 2))
    assert (made.qubits, made.bytes) == (6, 50 * 16 * 2**6)
    assert made.shot_noise == pytest.approx(np.sqrt(made.mean * (1 - made.mean) / 100))
    assert report(QuantumKernel(), data(50, 2)).shot_noise == 0


def test_phases_wrap_beyond_pi():
    x = np.array([0.0, 0.5, 1.0, 2.0])
    made = report(QuantumKernel("zz", scale=1.0, standardise=False), x)
    assert made.largest_phase == pytest.approx(8 / np.pi)
    assert made.wrapped == 0.5


def test_auto_seldom_wraps():
    assert report(QuantumKernel(), data(500, 1)).wrapped < 0.01
    assert report(QuantumKernel(), data(500, 4)).wrapped < 0.03


def test_one_qubit_has_few_dimensions():
    for scale in (0.1, 0.5, 3.0):
        made = report(QuantumKernel(scale=scale), data(100, 1))
        assert 1 <= made.effective_dimension <= 3


def test_phases_of_a_circuit_of_ones_own_are_not_known():
    made = report(QuantumKernel(zz_feature_map(2), scale=0.3), data(10, 2))
    assert np.isnan([made.largest_phase, made.wrapped]).all()
    assert made.mean == pytest.approx(report(QuantumKernel("zz", scale=0.3), data(10, 2)).mean)


def test_two_rows_are_too_few():
    with pytest.raises(DataError, match="three rows or more; got 2"):
        report(QuantumKernel(), [0.0, 1.0])
