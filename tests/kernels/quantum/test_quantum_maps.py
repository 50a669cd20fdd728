"""Closed-form maps: equal to qiskit's circuits and to closed forms of the fidelity."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from causalsim.errors import LimitError, OptionError
from causalsim.kernels import centred
from causalsim.kernels.quantum import QuantumKernel
from causalsim.kernels.quantum._maps import ENTANGLEMENTS, AngleMap, PauliMap, named

REAL = st.floats(-3, 3)
BUDGET = 2**30
MAPS = [
    ("zz", 1, 2, "full", ()),
    ("zz", 3, 2, "full", ()),
    ("zz", 4, 3, "circular", ()),
    ("z", 4, 1, "full", ()),
    ("iqp", 3, 2, "full", ()),
    ("pauli", 3, 2, "linear", ("Z", "YY", "ZXZ")),
    ("pauli", 4, 1, "circular", ("XY", "ZYX", "Z")),
    ("pauli", 2, 2, "full", ("X", "X", "ZY")),
    ("angle", 2, 2, "full", ()),
]


def qiskit_states(circuit, rows):
    from qiskit.quantum_info import Statevector

    return np.array([Statevector(circuit.assign_parameters(row)).data for row in rows]).T


def kernel(name, x, **options):
    return QuantumKernel(name, scale=1.0, standardise=False, **options)(x)


@pytest.mark.parametrize(("columns", "reps"), [(1, 2), (2, 1), (3, 2), (4, 2)])
@pytest.mark.parametrize("entanglement", ENTANGLEMENTS)
def test_zz_and_z_states_equal_qiskits_maps(columns, reps, entanglement):
    from qiskit.circuit.library import z_feature_map, zz_feature_map

    rows = np.random.default_rng(columns).normal(size=(5, columns))
    ours = named("z", columns, reps, entanglement, ()).states(rows)
    np.testing.assert_allclose(
        ours, qiskit_states(z_feature_map(columns, reps=reps), rows), atol=1e-10
    )
    if columns > 1:
        theirs = zz_feature_map(columns, reps=reps, entanglement=entanglement)
        ours = named("zz", columns, reps, entanglement, ()).states(rows)
        np.testing.assert_allclose(ours, qiskit_states(theirs, rows), atol=1e-10)


@pytest.mark.parametrize("paulis", [("Z", "YY", "ZXZ"), ("X",), ("YZ", "Z"), ("XYZ", "ZZ", "Z")])
@pytest.mark.parametrize("entanglement", ENTANGLEMENTS)
def test_pauli_states_equal_qiskits_map(paulis, entanglement):
    from qiskit.circuit.library import pauli_feature_map

    rows = np.random.default_rng(0).normal(size=(4, 4))
    theirs = pauli_feature_map(4, reps=2, entanglement=entanglement, paulis=list(paulis))
    ours = named("pauli", 4, 2, entanglement, paulis).states(rows)
    np.testing.assert_allclose(ours, qiskit_states(theirs, rows), atol=1e-10)


def test_iqp_is_rz_and_rzz_between_hadamards():
    from qiskit import QuantumCircuit
    from qiskit.circuit import ParameterVector

    x = ParameterVector("x", 3)
    circuit = QuantumCircuit(3)
    for _ in range(2):
        circuit.h(range(3))
        for j in range(3):
            circuit.rz(x[j], j)
            for k in range(j):
                circuit.rzz(x[j] * x[k], k, j)
    rows = np.random.default_rng(0).normal(size=(6, 3))
    expected = np.abs((s := qiskit_states(circuit, rows)).conj().T @ s) ** 2
    np.testing.assert_allclose(kernel("iqp", rows), expected, atol=1e-10)


@pytest.mark.parametrize(("name", "columns", "reps", "entanglement", "paulis"), MAPS)
def test_the_circuit_of_a_map_gives_its_fidelities_and_bloch_vectors(
    name, columns, reps, entanglement, paulis
):
    from qiskit.quantum_info import SparsePauliOp, Statevector

    rows = np.random.default_rng(1).normal(size=(5, columns))
    encoding = named(name, columns, reps, entanglement, paulis)
    circuit = encoding.circuit()
    states = qiskit_states(circuit, rows)
    assert circuit.num_qubits == encoding.qubits
    np.testing.assert_allclose(
        encoding.fidelity(rows, rows, BUDGET), np.abs(states.conj().T @ states) ** 2, atol=1e-10
    )
    expected = [
        [
            Statevector(state).expectation_value(SparsePauliOp.from_sparse_list(
                [(pauli, [q], 1)], encoding.qubits)).real
            for q in range(encoding.qubits) for pauli in "XYZ"
        ]
        for state in states.T
    ]  # fmt: skip
    np.testing.assert_allclose(encoding.bloch(rows, BUDGET), expected, atol=1e-10)


@given(arrays(float, 6, elements=REAL), st.floats(0.1, 2))
def test_one_qubit_closed_forms(x, c):
    delta, phi = x[:, None] - x, 2 * c * x
    angle = QuantumKernel("angle", reps=1, scale=c, standardise=False)(x)
    np.testing.assert_allclose(angle, np.cos(c * delta / 2) ** 2, atol=1e-12)
    cos, sin = np.cos(phi), np.sin(phi)
    turn = np.cos(phi[:, None] - phi)
    expected = (1 + np.outer(cos, cos) + np.outer(sin, sin) * turn) / 2
    for name in ("zz", "z"):
        one = QuantumKernel(name, scale=c, standardise=False)(x)
        np.testing.assert_allclose(one, expected, atol=1e-12)


def test_one_qubit_zz_has_centred_rank_three():
    gram = kernel("zz", np.random.default_rng(0).normal(size=40))
    assert np.linalg.matrix_rank(gram, tol=1e-9) == 4
    assert np.linalg.matrix_rank(centred(gram), tol=1e-9) == 3


@given(arrays(float, (5, 2), elements=REAL), st.integers(1, 4))
def test_angle_is_a_product_of_frequencies(x, reps):
    expected = np.ones((5, 5))
    for j in range(2):
        for multiple in range(1, reps + 1):
            expected *= np.cos(multiple * (x[:, j, None] - x[:, j]) / 2) ** 2
    np.testing.assert_allclose(kernel("angle", x, reps=reps), expected, atol=1e-12)


@pytest.mark.parametrize("columns", [1, 2, 4])
def test_grams_equal_the_statevector_kernel(columns):
    from qiskit.circuit.library import pauli_feature_map
    from qiskit_machine_learning.kernels import FidelityStatevectorKernel

    rows = np.random.default_rng(2).normal(size=(12, columns))
    paulis = ["Z", "ZZ"] if columns > 1 else ["Z"]
    theirs = FidelityStatevectorKernel(feature_map=pauli_feature_map(columns, paulis=paulis))
    np.testing.assert_allclose(kernel("zz", rows), theirs.evaluate(rows), atol=1e-10)


@pytest.mark.parametrize(
    ("name", "columns", "expected"),
    [("zz", 1, 4.0), ("z", 3, 4.0), ("iqp", 3, 2.0), ("zz", 3, 4 * np.sqrt(1 + 2 * np.pi**2))],
)
def test_frequency(name, columns, expected):
    assert named(name, columns, 2, "full", ()).frequency == pytest.approx(expected)


def test_frequency_is_twice_the_deviation_of_the_generator():
    """At x = 0 the phase's derivative, over the uniform superposition of one repetition."""
    rows = np.zeros((2, 3))
    rows[1, 0] = step = 1e-4
    overlap = named("zz", 3, 1, "full", ()).fidelity(rows, rows, BUDGET)[0, 1]
    deviation = np.sqrt((1 - overlap) / step**2)
    assert named("zz", 3, 1, "full", ()).frequency == pytest.approx(2 * deviation, rel=1e-4)


def test_angle_needs_no_states():
    assert (
        AngleMap(50, 3).fidelity(np.zeros((2, 50)), np.zeros((2, 50)), 1).tolist() == [[1, 1]] * 2
    )


def test_states_over_the_budget_are_refused():
    encoding = PauliMap(50, 2, "full", ("Z",), 2.0, np.pi)
    with pytest.raises(
        LimitError, match=r"3 states of 50 qubits take 54,043,195,528,445,952 bytes.*memory="
    ):
        encoding.fidelity(np.zeros((3, 50)), np.zeros((3, 50)), BUDGET)
    with pytest.raises(LimitError, match="1 states of 50 qubits"):
        encoding.bloch(np.zeros((3, 50)), BUDGET)


def test_strings_longer_than_the_columns_are_refused():
    with pytest.raises(OptionError, match=r"act on more qubits than there are columns \(1\)"):
        kernel("pauli", np.zeros(3), paulis=("ZZ",))


def test_named_maps_do_not_import_qiskit():
    code = (
        "import sys\nfrom causalsim.kernels.quantum import QuantumKernel\n"
        "for name in ('zz', 'pauli', 'iqp', 'angle'):\n"
        "    QuantumKernel(name)([[0.0, 1.0], [1.0, 0.0]])\n"
        "print('qiskit' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
