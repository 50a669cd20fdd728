"""Gates on many states, against matrices written out."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causalsim.kernels.quantum._gates import (
    cx,
    diagonal,
    hadamards,
    parity_phase,
    pauli_phase,
    unitary,
    walsh,
)

SEEDS = st.integers(0, 2**32 - 1)
PAULI = {
    "I": np.eye(2),
    "X": np.array([[0, 1], [1, 0]]),
    "Y": np.array([[0, -1j], [1j, 0]]),
    "Z": np.diag([1, -1]),
}


def random_states(rng, qubits, n):
    states = rng.normal(size=(2, 1 << qubits, n))
    return states[0] + 1j * states[1]


def kron(matrices):
    """Give the product with qubit 0 as the least significant bit."""
    return reduce(np.kron, reversed(matrices))


def on(qubits, placed):
    return kron([placed.get(q, np.eye(2)) for q in range(qubits)])


@given(SEEDS, st.integers(1, 5))
def test_walsh_is_the_sum_over_characters(seed, qubits):
    table = np.random.default_rng(seed).normal(size=(1 << qubits, 3))
    index = np.arange(1 << qubits)
    characters = 1 - 2 * (np.bitwise_count(index[:, None] & index) % 2.0)
    np.testing.assert_allclose(walsh(table.copy()), characters @ table, atol=1e-12)


@given(SEEDS, st.integers(1, 4))
def test_hadamards(seed, qubits):
    states = random_states(np.random.default_rng(seed), qubits, 3)
    expected = kron([np.array([[1, 1], [1, -1]]) / np.sqrt(2)] * qubits) @ states
    hadamards(states)
    np.testing.assert_allclose(states, expected, atol=1e-12)


@given(SEEDS, st.integers(1, 4), st.data())
def test_unitary_acts_on_its_qubit(seed, qubits, data):
    rng = np.random.default_rng(seed)
    q = data.draw(st.integers(0, qubits - 1))
    theta, phi, lam = rng.uniform(-4, 4, size=(3, 2))
    states = random_states(rng, qubits, 2)
    expected = np.empty_like(states)
    for k in range(2):
        c, s = np.cos(theta[k] / 2), np.sin(theta[k] / 2)
        u = np.array([
            [c, -np.exp(1j * lam[k]) * s],
            [np.exp(1j * phi[k]) * s, np.exp(1j * (phi[k] + lam[k])) * c],
        ])  # fmt: skip
        expected[:, k] = on(qubits, {q: u}) @ states[:, k]
    unitary(states, q, theta, phi, lam)
    np.testing.assert_allclose(states, expected, atol=1e-12)


@pytest.mark.parametrize(("control", "target"), [(0, 1), (1, 0), (0, 2), (2, 1)])
def test_cx_flips_the_target(control, target):
    states = random_states(np.random.default_rng(0), 3, 2)
    zero, one = np.diag([1, 0]), np.diag([0, 1])
    gate = on(3, {control: zero}) + on(3, {control: one, target: PAULI["X"]})
    expected = gate @ states
    cx(states, control, target)
    np.testing.assert_array_equal(states, expected)


@given(SEEDS, st.integers(1, 4), st.data())
def test_phase_on_the_negative_part_of_a_pauli_string(seed, qubits, data):
    rng = np.random.default_rng(seed)
    size = data.draw(st.integers(1, qubits))
    block = tuple(data.draw(st.permutations(range(qubits)))[:size])
    pauli = data.draw(st.text("XYZ", min_size=size, max_size=size))
    angle = rng.uniform(-4, 4, size=2)
    states = random_states(rng, qubits, 2)
    P = on(qubits, {q: PAULI[p] for p, q in zip(pauli, block, strict=True)})
    values, vectors = np.linalg.eigh(P)
    expected = np.stack([
        vectors @ (np.where(values < 0, np.exp(1j * a), 1) * (vectors.conj().T @ states[:, k]))
        for k, a in enumerate(angle)
    ], axis=1)  # fmt: skip
    pauli_phase(states, pauli, block, angle)
    np.testing.assert_allclose(states, expected, atol=1e-12)


@given(SEEDS, st.lists(st.tuples(st.integers(1, 7), st.floats(-4, 4)), max_size=6))
def test_a_run_of_diagonal_gates_is_one_phase_table(seed, gates):
    expected = np.ones((8, 2), complex)
    for mask, angle in gates:
        odd = np.bitwise_count(np.arange(8) & mask) % 2 == 1
        expected[odd] *= np.exp(1j * angle)
    parts = [part for mask, angle in gates for part in parity_phase(mask, angle)]
    np.testing.assert_allclose(diagonal((8, 2), parts), expected, atol=1e-12)
