"""User circuits: the simulator equals qiskit's Statevector, and refuses what it cannot run."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import Gate, Parameter, ParameterVector
from qiskit.circuit.library import UnitaryGate, get_standard_gate_name_mapping
from qiskit.quantum_info import Statevector, random_unitary

from causalsim.errors import OptionError
from causalsim.kernels.quantum import QuantumKernel
from causalsim.kernels.quantum._program import compiled

COLUMNS = 2
GATES = {
    name: gate
    for name, gate in get_standard_gate_name_mapping().items()
    if isinstance(gate, Gate) and gate.num_qubits <= 4
}


def expressions(x):
    a, b = x
    return [a, b, 2 * a - b, a * b, (np.pi - a) * (np.pi - b), a.sin() + 0.3, -(b**2) / 3, 0.7, 1]


@st.composite
def circuits(draw):
    """Draw a circuit of standard gates on up to 4 qubits, parametric and constant."""
    qubits = draw(st.integers(1, 4))
    x = ParameterVector("x", COLUMNS)
    circuit = QuantumCircuit(qubits, global_phase=draw(st.sampled_from(expressions(x))))
    circuit.ry(x[0], 0)
    circuit.p(x[1], qubits - 1)
    names = sorted(name for name, gate in GATES.items() if gate.num_qubits <= qubits)
    for name in draw(st.lists(st.sampled_from(names), max_size=8)):
        gate = GATES[name]
        angles = [draw(st.sampled_from(expressions(x))) for _ in gate.params]
        where = draw(st.permutations(range(qubits)))[: gate.num_qubits]
        made = type(gate)(*angles) if angles else gate
        circuit.append(made, where)
    return circuit


def expected_states(circuit, rows):
    return np.array([Statevector(circuit.assign_parameters(row)).data for row in rows]).T


ROWS = np.random.default_rng(0).normal(size=(3, COLUMNS))


@given(circuits())
@settings(max_examples=40)
def test_states_equal_qiskits_phase_included(circuit):
    np.testing.assert_allclose(
        compiled(circuit).states(ROWS), expected_states(circuit, ROWS), atol=1e-10
    )


@pytest.mark.parametrize("name", sorted(GATES))
def test_every_standard_gate(name):
    gate = GATES[name]
    x = ParameterVector("x", COLUMNS)
    circuit = QuantumCircuit(4)
    for qubit in range(4):
        circuit.u(x[0] + qubit, x[1], 0.3 * qubit, qubit)
    angles = [x[1] * (1 + k) for k in range(len(gate.params))]
    circuit.append(type(gate)(*angles) if angles else gate, [3, 1, 0, 2][: gate.num_qubits])
    np.testing.assert_allclose(
        compiled(circuit).states(ROWS), expected_states(circuit, ROWS), atol=1e-10
    )


def test_composite_and_unitary_gates_and_barriers():
    x = ParameterVector("x", COLUMNS)
    inner = QuantumCircuit(2, global_phase=x[0])
    inner.rzz(x[1], 0, 1)
    circuit = QuantumCircuit(3)
    circuit.h(range(3))
    circuit.barrier()
    circuit.append(inner.to_gate(), [2, 0])
    circuit.append(inner.to_gate().control(), [1, 2, 0])
    circuit.append(UnitaryGate(random_unitary(4, seed=1)), [0, 2])
    np.testing.assert_allclose(
        compiled(circuit).states(ROWS), expected_states(circuit, ROWS), atol=1e-10
    )


def test_parameters_are_columns_in_the_order_of_qiskit():
    vector = ParameterVector("w", 11)
    circuit = QuantumCircuit(1)
    circuit.ry(vector[10], 0)
    circuit.rz(vector[2], 0)
    circuit.ry(sum(vector), 0)
    rows = np.random.default_rng(0).normal(size=(4, 11))
    np.testing.assert_allclose(
        compiled(circuit).states(rows), expected_states(circuit, rows), atol=1e-10
    )


def one_qubit(*steps):
    circuit = QuantumCircuit(1, 1)
    circuit.ry(Parameter("x"), 0)
    for step in steps:
        step(circuit)
    return circuit


def if_test(circuit):
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(0)


def hidden(circuit):
    inner = QuantumCircuit(1, name="wrapper")
    inner.append(Gate("secret", 1, []), [0])
    circuit.append(inner.to_gate(), [0])


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("measure", lambda c: c.measure(0, 0)),
        ("reset", lambda c: c.reset(0)),
        ("reset", lambda c: c.initialize([1, 0], [0])),
        ("delay", lambda c: c.delay(3, 0)),
        ("if_else", if_test),
        ("mystery", lambda c: c.append(Gate("mystery", 1, []), [0])),
        ("secret", hidden),
    ],
)
def test_what_is_no_gate_is_refused_by_name(name, step):
    kernel = QuantumKernel(one_qubit(step), scale=1.0)
    with pytest.raises(OptionError, match=f"instruction '{name}'"):
        kernel([0.0, 1.0])


def test_a_circuit_without_parameters_is_refused():
    with pytest.raises(OptionError, match="no parameters"):
        compiled(QuantumCircuit(1))


def test_a_circuit_is_translated_once(monkeypatch):
    import qiskit

    calls = []
    real = qiskit.transpile
    monkeypatch.setattr(qiskit, "transpile", lambda *a, **k: calls.append(1) or real(*a, **k))
    kernel = QuantumKernel(one_qubit(), scale=1.0)
    first = kernel([0.0, 1.0, 3.0])
    assert np.array_equal(first, kernel([0.0, 1.0, 3.0]))
    assert calls == [1]


def test_equal_expressions_are_evaluated_once():
    x = ParameterVector("x", 2)
    circuit = QuantumCircuit(2)
    for _ in range(3):
        for qubit in (0, 1):
            circuit.p(2 * x[0], qubit)
            circuit.p(x[0] * x[1], qubit)
    assert len(compiled(circuit).expressions) == 3  # and the global phase
