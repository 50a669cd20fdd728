"""Any qiskit circuit as a program: translated once, then run on all rows together.

The circuit is translated, without optimisation, to the gates u, h, p, rz, rzz, cz and cx. Each
distinct parameter expression is evaluated once per row; runs of diagonal gates become one phase
table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, final

import numpy as np

from causalsim.errors import OptionError
from causalsim.kernels._base import Floats
from causalsim.kernels.quantum._encoding import StateEncoding
from causalsim.kernels.quantum._gates import (
    Complex,
    Spectrum,
    cx,
    diagonal,
    parity_phase,
    unitary,
)

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

__all__ = ["Program", "compiled"]

_DIAGONAL = frozenset({"p", "rz", "rzz", "cz"})
_IDLE = frozenset({"id", "barrier"})
_BASIS = (*sorted(_DIAGONAL), "u", "h", "cx", "id")
_HADAMARD = (np.array([np.pi / 2]), np.array([0.0]), np.array([np.pi]))


@dataclass(frozen=True)
class Gate:
    """A gate of the basis; ``angles`` index the program's expressions."""

    name: str
    qubits: tuple[int, ...]
    angles: tuple[int, ...]

    @property
    def flat(self) -> bool:
        """Whether it is diagonal."""
        return self.name in _DIAGONAL


@final
@dataclass(frozen=True, eq=False)
class Program(StateEncoding):
    """A translated circuit."""

    source: QuantumCircuit
    gates: tuple[Gate, ...]
    expressions: tuple[Any, ...]
    phase: int

    @property
    def qubits(self) -> int:
        """As in the circuit."""
        return int(self.source.num_qubits)

    @property
    def frequency(self) -> float:
        """Not known."""
        return np.nan

    def states(self, rows: Floats) -> Complex:
        """Give the states, global phase included; see :class:`StateEncoding`."""
        angles = self._evaluate(rows)
        states = np.zeros((1 << self.qubits, len(rows)), np.complex128)
        states[0] = np.exp(1j * angles[self.phase])
        for flat, run in groupby(self.gates, key=lambda gate: gate.flat):
            if flat:
                states *= diagonal(
                    (1 << self.qubits, len(rows)),
                    (part for gate in run for part in _spectrum(gate, angles)),
                )
            else:
                for gate in run:
                    _apply(states, gate, angles)
        return states

    def circuit(self) -> QuantumCircuit:
        """Give the circuit as it was given."""
        return self.source

    def _evaluate(self, rows: Floats) -> Floats:
        """Give every expression at every row, shape (expressions, n)."""
        column = {parameter: j for j, parameter in enumerate(self.source.parameters)}
        values = np.empty((len(self.expressions), len(rows)))
        for target, expression in zip(values, self.expressions, strict=True):
            needed = getattr(expression, "parameters", ())
            if not needed:
                target[:] = float(expression)
                continue
            names = [(parameter, column[parameter]) for parameter in needed]
            target[:] = [float(expression.bind({p: row[j] for p, j in names})) for row in rows]
        return values


def _spectrum(gate: Gate, angles: Floats) -> Spectrum:
    """Give the characters of a diagonal gate's phases."""
    bits = [1 << qubit for qubit in gate.qubits]
    if gate.name == "cz":
        quarter = np.pi / 4
        return (0, quarter), (bits[0], -quarter), (bits[1], -quarter), (sum(bits), quarter)
    angle = angles[gate.angles[0]]
    return parity_phase(bits[0], angle) if gate.name == "p" else ((sum(bits), -angle / 2),)


def _apply(states: Complex, gate: Gate, angles: Floats) -> None:
    """Apply a gate that is not diagonal."""
    if gate.name == "cx":
        cx(states, *gate.qubits)
        return
    turn = _HADAMARD if gate.name == "h" else [angles[index] for index in gate.angles]
    unitary(states, gate.qubits[0], *turn)


def compiled(circuit: QuantumCircuit) -> Program:
    """Translate a circuit.

    Raises
    ------
    OptionError
        If it has no parameters, or an instruction that is no unitary gate with a definition.
    """
    from qiskit import transpile

    if not circuit.parameters:
        raise OptionError("the circuit has no parameters; one is needed for each column.")
    for name in _opaque(circuit):
        raise OptionError(
            f"the circuit has the instruction {name!r}, which is no gate that can be simulated; "
            "leave out measurements, resets and control flow, and define gates of your own."
        )
    basic = transpile(circuit, basis_gates=list(_BASIS), optimization_level=0)
    numbers = {bit: number for number, bit in enumerate(basic.qubits)}
    expressions: dict[Any, int] = {}
    gates = tuple(
        Gate(
            part.operation.name,
            tuple(numbers[bit] for bit in part.qubits),
            tuple(expressions.setdefault(e, len(expressions)) for e in part.operation.params),
        )
        for part in basic.data
        if part.operation.name not in _IDLE
    )
    phase = expressions.setdefault(basic.global_phase, len(expressions))
    return Program(circuit, gates, tuple(expressions), phase)


def _opaque(circuit: QuantumCircuit) -> Iterator[str]:
    """Give the names of instructions that no gates define, inside definitions too."""
    for part in circuit.data:
        operation = part.operation
        if operation.name in {*_BASIS, *_IDLE}:
            continue
        definition = getattr(operation, "definition", None)
        if definition is None:
            yield operation.name
        else:
            yield from _opaque(definition)
