"""What an encoding is: angles in, states out; and the fidelities and Bloch vectors of states."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from causalsim.errors import LimitError
from causalsim.kernels._base import Floats
from causalsim.kernels.quantum._gates import Complex

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

__all__ = ["AMPLITUDE", "Encoding", "StateEncoding"]

AMPLITUDE = 16
_BLOCK = 1 << 22


class Encoding(ABC):
    """A map from rows of angles to states; abstract."""

    @property
    @abstractmethod
    def qubits(self) -> int:
        """Number of qubits."""

    @property
    @abstractmethod
    def frequency(self) -> float:
        """Phase of the fidelity per unit of one variable; NaN if not known."""

    @abstractmethod
    def fidelity(self, first: Floats, second: Floats, memory: int) -> Floats:
        """Give |<psi(a)|psi(b)>|^2 for a in ``first`` and b in ``second``, shape (n, m).

        ``second is first`` asks for the whole, exactly symmetric with a unit diagonal. More than
        ``memory`` bytes of states are refused.
        """

    @abstractmethod
    def bloch(self, rows: Floats, memory: int) -> Floats:
        """Give <X>, <Y> and <Z> of every qubit, shape (n, 3 q)."""

    @abstractmethod
    def circuit(self) -> QuantumCircuit:
        """Give the circuit in qiskit, one parameter per variable."""


class StateEncoding(Encoding):
    """An encoding that is simulated; abstract."""

    @abstractmethod
    def states(self, rows: Floats) -> Complex:
        """Give the states of shape (2^q, n)."""

    def fidelity(self, first: Floats, second: Floats, memory: int) -> Floats:
        """Give |<psi(a)|psi(b)>|^2; see :class:`Encoding`."""
        bras = self._all_states(first, memory)
        kets = bras if second is first else self._all_states(second, memory)
        gram = np.empty((len(first), len(second)))
        for block in _blocks(len(first), AMPLITUDE * len(second)):
            overlap = bras[:, block].conj().T @ kets
            gram[block] = overlap.real**2 + overlap.imag**2
        if second is first:
            gram = (gram + gram.T) / 2
            np.fill_diagonal(gram, 1.0)
        return gram

    def bloch(self, rows: Floats, memory: int) -> Floats:
        """Give <X>, <Y> and <Z> of every qubit; see :class:`Encoding`."""
        self._refuse_beyond(memory, 1)
        vectors = np.empty((len(rows), self.qubits, 3))
        for block in self._state_blocks(len(rows)):
            states = self.states(rows[block])
            for q in range(self.qubits):
                pairs = states.reshape(-1, 2, 1 << q, states.shape[1])
                zero, one = pairs[:, 0], pairs[:, 1]
                coherence = 2 * np.einsum("abn,abn->n", zero.conj(), one)
                balance = np.einsum("abn,abn->n", zero.conj(), zero).real
                vectors[block, q] = np.stack(
                    [coherence.real, coherence.imag, 2 * balance - 1], axis=1
                )
        return vectors.reshape(len(rows), -1)

    def _all_states(self, rows: Floats, memory: int) -> Complex:
        self._refuse_beyond(memory, len(rows))
        states = np.empty((1 << self.qubits, len(rows)), np.complex128)
        for block in self._state_blocks(len(rows)):
            states[:, block] = self.states(rows[block])
        return states

    def _state_blocks(self, n: int) -> Iterator[slice]:
        return _blocks(n, AMPLITUDE << self.qubits)

    def _refuse_beyond(self, memory: int, n: int) -> None:
        need = n * AMPLITUDE << self.qubits
        if need > memory:
            raise LimitError(
                f"{n} states of {self.qubits} qubits take {need:,} bytes, over memory={memory:,}. "
                "Take fewer columns or rows, projected=True (which holds a few states at a time), "
                f"circuit='angle' (which needs no states), or write memory={need}."
            )


def _blocks(n: int, size: int) -> Iterator[slice]:
    """Cut n items of ``size`` bytes into blocks that stay in the cache."""
    step = max(1, _BLOCK // size)
    return (slice(start, min(start + step, n)) for start in range(0, n, step))
