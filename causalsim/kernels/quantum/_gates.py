"""Gates on many states at once.

States of q qubits form a complex array of shape (2^q, n): one column a row of data, amplitudes
along the first axis with qubit 0 as the least significant bit. Gates change them in place.

A diagonal gate multiplies amplitude z by exp(i f(z)) with f a sum of characters
``(-1)^popcount(S & z)`` over a few sets S of qubits. The phases of a whole run of diagonal gates
are therefore one Walsh-Hadamard transform of their coefficients: :func:`diagonal`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from causalsim.kernels._base import Floats

__all__ = [
    "Complex",
    "Spectrum",
    "cx",
    "diagonal",
    "hadamards",
    "parity_phase",
    "pauli_phase",
    "unitary",
    "walsh",
]

Complex = NDArray[np.complex128]
Spectrum = Iterable[tuple[int, float | Floats]]
Table = TypeVar("Table", Floats, Complex)


def walsh(table: Table) -> Table:
    """Replace each column t of shape (2^q,) by sum_S (-1)^popcount(S & z) t[S], in place.

    >>> walsh(np.array([[1.0], [2.0]])).ravel().tolist()
    [3.0, -1.0]
    """
    size, half = len(table), 1
    while half < size:
        pairs = table.reshape(-1, 2, half, table.shape[1])
        low, high = pairs[:, 0], pairs[:, 1]
        total = low + high
        np.subtract(low, high, out=high)
        pairs[:, 0] = total
        half *= 2
    return table


def hadamards(states: Complex) -> None:
    """Apply H to every qubit."""
    walsh(states)
    states *= len(states) ** -0.5


def parity_phase(mask: int, angle: float | Floats) -> Spectrum:
    """Give the characters of the gate that adds ``angle`` where ``mask`` has odd parity."""
    return (0, angle / 2), (mask, -angle / 2)


def diagonal(shape: tuple[int, int], spectrum: Spectrum) -> Complex:
    """Give the factors exp(i f) of a run of diagonal gates.

    Parameters
    ----------
    shape : (int, int)
        Of the states.
    spectrum : pairs (mask, coefficient)
        f(z) = sum coefficient (-1)^popcount(mask & z); a coefficient is a number, or one per
        state.

    Returns
    -------
    complex array of that shape
    """
    phases = np.zeros(shape)
    for mask, coefficient in spectrum:
        phases[mask] += coefficient
    walsh(phases)
    factors = np.empty(shape, np.complex128)
    np.cos(phases, out=factors.real)
    np.sin(phases, out=factors.imag)
    return factors


def unitary(states: Complex, qubit: int, theta: Floats, phi: Floats, lam: Floats) -> None:
    """Apply qiskit's U(theta, phi, lambda) to one qubit; angles of shape (n,) or (1,)."""
    pairs = states.reshape(-1, 2, 1 << qubit, states.shape[1])
    zero, one = pairs[:, 0].copy(), pairs[:, 1]
    cosine, sine = np.cos(theta / 2), np.sin(theta / 2)
    pairs[:, 0] = cosine * zero - np.exp(1j * lam) * sine * one
    pairs[:, 1] = np.exp(1j * phi) * (sine * zero + np.exp(1j * lam) * cosine * one)


def cx(states: Complex, control: int, target: int) -> None:
    """Flip ``target`` where ``control`` is 1."""
    index = np.arange(len(states))
    ones = index[(index >> control) & 1 == 1]
    states[ones] = states[ones ^ (1 << target)]


def pauli_phase(states: Complex, pauli: str, qubits: tuple[int, ...], angle: Floats) -> None:
    """Multiply the part of eigenvalue -1 of a Pauli string by exp(i angle).

    ``pauli[k]`` acts on ``qubits[k]``. With P|z> = i^#Y (-1)^popcount(z & Z) |z ^ X>, where the
    mask X holds the X and Y and the mask Z the Z and Y, the gate is (1 + e)/2 + (1 - e)/2 P.
    """
    flips = sum(1 << q for p, q in zip(pauli, qubits, strict=True) if p in "XY")
    signs = sum(1 << q for p, q in zip(pauli, qubits, strict=True) if p in "YZ")
    origin = np.arange(len(states)) ^ flips
    factor = 1j ** pauli.count("Y") * (1 - 2.0 * (np.bitwise_count(origin & signs) % 2))
    image = factor[:, None] * states[origin]
    turn = np.exp(1j * angle)
    states *= (1 + turn) / 2
    states += (1 - turn) / 2 * image
