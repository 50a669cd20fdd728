"""Feature maps in closed form: no circuit is built, and qiskit is not imported.

``zz``, ``z``, ``pauli``
    qiskit's maps with alpha = 2 [Havlicek2019]_: in each repetition H on every qubit, then for
    every Pauli string P and block S of qubits the gate that multiplies the part of eigenvalue -1
    of P by exp(i alpha phi_S), with phi_S = x_i for one qubit and prod_S (pi - x_i) for more.
``iqp``
    H, V, H, V in order of time, with V = exp(-i/2 (sum_j x_j Z_j + sum_{j<k} x_j x_k Z_j Z_k)):
    the instantaneous quantum polynomial circuit of [Kawaguchi2023]_. The phases are our choice.
``angle``
    RY(l x_j) on qubit (j, l) for l = 1, ..., reps: a product state, so that the fidelity is
    prod_j prod_l cos^2(l (x_j - x'_j) / 2) and no state is ever held.

References
----------
.. [Havlicek2019] Havlicek et al., Supervised learning with quantum-enhanced feature spaces,
   Nature 567.
.. [Kawaguchi2023] Kawaguchi, Application of quantum computing to a linear non-Gaussian acyclic
   model for novel medical knowledge discovery, PLOS ONE 18(4), e0283933.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, combinations, groupby
from math import prod
from typing import TYPE_CHECKING, Any, Literal, final

import numpy as np

from causalsim.errors import OptionError
from causalsim.kernels._base import Floats
from causalsim.kernels.quantum._encoding import Encoding, StateEncoding
from causalsim.kernels.quantum._gates import (
    Complex,
    diagonal,
    hadamards,
    parity_phase,
    pauli_phase,
)

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

__all__ = ["ENTANGLEMENTS", "NAMES", "AngleMap", "Entanglement", "PauliMap", "named"]

Entanglement = Literal["full", "linear", "circular"]
ENTANGLEMENTS = ("full", "linear", "circular")
NAMES = ("zz", "z", "pauli", "iqp", "angle")
_PAULIS = {"zz": ("Z", "ZZ"), "z": ("Z",), "iqp": ("Z", "ZZ")}

Block = tuple[int, ...]
Turn = tuple[str, Block, Floats]


def named(
    name: str, columns: int, reps: int, entanglement: Entanglement, paulis: tuple[str, ...]
) -> Encoding:
    """Give the map of that name for so many columns.

    Raises
    ------
    OptionError
        If every Pauli string is longer than the columns.
    """
    if name == "angle":
        return AngleMap(columns, reps)
    strings = _PAULIS.get(name, paulis)
    alpha, shift = (1.0, 0.0) if name == "iqp" else (2.0, np.pi)
    if all(len(string) > columns for string in strings):
        raise OptionError(
            f"paulis={strings} act on more qubits than there are columns ({columns}); add 'Z'."
        )
    return PauliMap(columns, reps, entanglement, strings, alpha, shift)


@final
@dataclass(frozen=True)
class PauliMap(StateEncoding):
    """Layers of H and of phases on Pauli strings."""

    columns: int
    reps: int
    entanglement: Entanglement
    paulis: tuple[str, ...]
    alpha: float
    shift: float

    @property
    def qubits(self) -> int:
        """One per column."""
        return self.columns

    @property
    def frequency(self) -> float:
        """How fast a variable turns phases: its linear coefficients, root of sum of squares.

        In a block of m qubits the coefficient is alpha shift^(m - 1); repetitions add up. With
        H before the phases this is twice the standard deviation of the generator.
        """
        squares = np.zeros(self.columns)
        for _, block in self.terms():
            squares[list(block)] += self.shift ** (2 * (len(block) - 1))
        return float(self.alpha * self.reps * np.sqrt(squares.max()))

    def terms(self) -> list[tuple[str, Block]]:
        """Give the Pauli strings with the qubits they act on, in order of time."""
        return [
            (pauli[::-1], block)
            for pauli in self.paulis
            for block in _entangled(self.columns, len(pauli), self.entanglement)
        ]

    def phase(self, x: Any) -> Any:
        """Give phi of one block's values: the value itself, or the product of shift - x."""
        return x[0] if len(x) == 1 else prod(self.shift - value for value in x)

    def states(self, rows: Floats) -> Complex:
        """Give the states; see :class:`StateEncoding`."""
        states = np.zeros((1 << self.qubits, len(rows)), np.complex128)
        states[0] = 1
        layers = list(self._layers(rows))
        for _ in range(self.reps):
            hadamards(states)
            for layer in layers:
                if isinstance(layer, np.ndarray):
                    states *= layer
                else:
                    pauli_phase(states, *layer)
        return states

    def _layers(self, rows: Floats) -> Iterator[Complex | Turn]:
        """Give one phase table for every run of Z strings, and every other string by itself."""
        turns = [
            (pauli, block, self.alpha * self.phase([rows[:, j] for j in block]))
            for pauli, block in self.terms()
        ]
        for flat, run in groupby(turns, key=lambda turn: set(turn[0]) == {"Z"}):
            if flat:
                parts = [parity_phase(_mask(block), angle) for _, block, angle in run]
                yield diagonal((1 << self.qubits, len(rows)), chain.from_iterable(parts))
            else:
                yield from run

    def circuit(self) -> QuantumCircuit:
        """Give the circuit in qiskit."""
        from qiskit.circuit.library import pauli_feature_map

        return pauli_feature_map(
            self.columns,
            reps=self.reps,
            entanglement=self.entanglement,
            alpha=self.alpha,
            paulis=[pauli for pauli in self.paulis if len(pauli) <= self.columns],
            data_map_func=self.phase,
        )


def _mask(block: Block) -> int:
    """Give the bits of a block of qubits."""
    return sum(1 << qubit for qubit in block)


def _entangled(columns: int, size: int, entanglement: Entanglement) -> list[Block]:
    """Give the blocks of qubits, as qiskit does."""
    if entanglement == "full" or size == 1:
        return list(combinations(range(columns), size))
    line = [tuple(range(start, start + size)) for start in range(columns - size + 1)]
    if entanglement == "linear" or columns <= size:
        return line
    around = [
        tuple((start + k) % columns for k in range(size))
        for start in range(columns - size + 1, columns)
    ]
    return around + line


@final
@dataclass(frozen=True)
class AngleMap(Encoding):
    """A product of qubits turned by multiples of the variables."""

    columns: int
    reps: int

    @property
    def qubits(self) -> int:
        """One per column and multiple."""
        return self.columns * self.reps

    @property
    def frequency(self) -> float:
        """The highest multiple."""
        return float(self.reps)

    def fidelity(self, first: Floats, second: Floats, memory: int) -> Floats:  # noqa: ARG002 - holds none
        """Give the product of squared cosines; see :class:`Encoding`."""
        gram = np.ones((len(first), len(second)))
        for j in range(self.columns):
            half = (first[:, j, None] - second[:, j]) / 2
            for multiple in range(1, self.reps + 1):
                gram *= np.cos(multiple * half) ** 2
        return gram

    def bloch(self, rows: Floats, memory: int) -> Floats:  # noqa: ARG002 - holds none
        """Give (sin, 0, cos) of every angle; see :class:`Encoding`."""
        angles = rows[:, :, None] * np.arange(1, self.reps + 1)
        parts = np.stack([np.sin(angles), np.zeros_like(angles), np.cos(angles)], axis=-1)
        return parts.reshape(len(rows), -1)

    def circuit(self) -> QuantumCircuit:
        """Give the circuit in qiskit."""
        from qiskit import QuantumCircuit
        from qiskit.circuit import ParameterVector

        x = ParameterVector("x", self.columns)
        circuit = QuantumCircuit(self.qubits)
        for qubit in range(self.qubits):
            circuit.ry((qubit % self.reps + 1) * x[qubit // self.reps], qubit)
        return circuit
