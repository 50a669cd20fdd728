"""Checks of a quantum kernel's settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from causalsim.errors import OptionError
from causalsim.kernels.quantum._backends import check_backend
from causalsim.kernels.quantum._maps import ENTANGLEMENTS, NAMES

if TYPE_CHECKING:
    from causalsim.kernels.quantum._kernel import QuantumKernel

__all__ = ["check_settings"]

_MOST_SHOTS = 10**9
_MOST_REPS = 1000


def check_settings(kernel: QuantumKernel) -> None:
    """Refuse settings that are unknown, or that exclude each other.

    Raises
    ------
    OptionError
    """
    _check_circuit(kernel)
    _check_scale(kernel)
    _check_numbers(kernel)
    if kernel.projected and (kernel.shots is not None or kernel.noise or kernel.backend):
        raise OptionError("projected=True is exact; leave out shots=, noise= and backend=.")
    if kernel.backend is not None:
        check_backend(kernel.backend)
        if kernel.noise:
            raise OptionError("noise= emulates a device; leave it out with backend=.")


def _check_circuit(kernel: QuantumKernel) -> None:
    """Check the circuit, its entanglement and its Pauli strings."""
    if isinstance(kernel.circuit, str):
        if kernel.circuit not in NAMES:
            raise OptionError.from_choice("circuit", kernel.circuit, NAMES)
    else:
        from qiskit import QuantumCircuit

        if not isinstance(kernel.circuit, QuantumCircuit):
            raise OptionError(
                f"circuit={kernel.circuit!r}: expected a qiskit QuantumCircuit, or one of "
                f"{', '.join(NAMES)}."
            )
    if kernel.entanglement not in ENTANGLEMENTS:
        raise OptionError.from_choice("entanglement", kernel.entanglement, ENTANGLEMENTS)
    if kernel.paulis is not None:
        if kernel.circuit != "pauli":
            raise OptionError("paulis= belongs to circuit='pauli'; leave it out, or write that.")
        if not _are_strings(kernel.paulis):
            raise OptionError(
                f"paulis={kernel.paulis!r}: expected a tuple of strings of X, Y and Z; "
                "write ('Z', 'ZZ')."
            )


def _check_scale(kernel: QuantumKernel) -> None:
    """Check the scale."""
    if isinstance(kernel.scale, str):
        if kernel.scale != "auto":
            raise OptionError.from_choice("scale", kernel.scale, ["auto"])
        if not isinstance(kernel.circuit, str):
            raise OptionError(
                "scale='auto' needs to know how fast phases turn, which a circuit of your own "
                "does not say; write scale=1.0 for the circuit's own units, or smaller."
            )
        return
    factors = kernel.scale if isinstance(kernel.scale, tuple) else (kernel.scale,)
    if not factors or not all(map(_is_positive, factors)):
        raise OptionError(
            f"scale={kernel.scale!r}: expected a positive number, a tuple of them, or 'auto'; "
            "write scale=0.25."
        )


def _check_numbers(kernel: QuantumKernel) -> None:
    """Check counts, the noise rate and the seed."""
    for name in ("reps", "shots", "memory"):
        value = getattr(kernel, name)
        if value is not None and not _is_whole(value, 1):
            raise OptionError(f"{name}={value!r}: expected a whole number from 1 on.")
    if kernel.reps > _MOST_REPS:
        raise OptionError(
            f"reps={kernel.reps!r}: expected at most {_MOST_REPS}, since each repeats the whole "
            "circuit; write reps=2."
        )
    if kernel.shots is not None and kernel.shots > _MOST_SHOTS:
        raise OptionError(
            f"shots={kernel.shots!r}: expected at most {_MOST_SHOTS}; leave shots= out for the "
            "exact kernel."
        )
    if not 0 <= kernel.noise <= 1:
        raise OptionError(f"noise={kernel.noise!r}: a depolarising rate lies in [0, 1].")
    if not _is_whole(kernel.seed, 0) or kernel.seed >= 2**63:
        raise OptionError(f"seed={kernel.seed!r}: expected a whole number from 0 to 2^63 - 1.")


def _is_whole(value: object, least: int) -> bool:
    return (
        isinstance(value, int | np.integer) and not isinstance(value, bool) and int(value) >= least
    )


def _is_positive(value: object) -> bool:
    return isinstance(value, float | int | np.floating | np.integer) and 0 < float(value) < np.inf


def _are_strings(paulis: object) -> bool:
    return (
        isinstance(paulis, tuple)
        and len(paulis) > 0
        and all(isinstance(p, str) and p != "" and set(p) <= set("XYZ") for p in paulis)
    )
