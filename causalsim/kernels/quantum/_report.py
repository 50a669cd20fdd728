"""What a quantum kernel makes of given rows: size, phases, concentration, shots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import ArrayLike

from causalsim.errors import DataError
from causalsim.kernels._alignment import effective_dimension
from causalsim.kernels._base import as_rows
from causalsim.kernels.quantum._encoding import AMPLITUDE
from causalsim.kernels.quantum._kernel import QuantumKernel

__all__ = ["FEWEST_ROWS", "QuantumReport", "report"]

FEWEST_ROWS = 3


@final
@dataclass(frozen=True)
class QuantumReport:
    """Diagnostics of a quantum kernel on given rows.

    Parameters
    ----------
    qubits : int
    bytes : int
        Of all states, if they are held.
    effective_dimension : float
        (tr K)^2 / |K|^2 of the centred Gram matrix: 1 for a kernel that is linear in effect.
        One qubit cannot pass 3.
    largest_phase : float
        In units of pi; above 1 different values share a state. NaN for a circuit of one's own.
    wrapped : float
        Share of rows with a phase above pi; NaN for a circuit of one's own.
    mean, sd : float
        Of the off-diagonal entries. Both near 0: the fidelities have concentrated.
    shot_noise : float
        sqrt(k (1 - k) / shots) at k = ``mean``; 0 if exact. Entries that differ by less
        are not told apart.

    Examples
    --------
    >>> report(QuantumKernel(shots=1024), [0.0, 1.0, 2.0, 4.0]).qubits
    1
    """

    qubits: int
    bytes: int
    effective_dimension: float
    largest_phase: float
    wrapped: float
    mean: float
    sd: float
    shot_noise: float


def report(kernel: QuantumKernel, rows: ArrayLike) -> QuantumReport:
    """Measure what a kernel makes of rows.

    Parameters
    ----------
    kernel : QuantumKernel
    rows : array of shape (n, d) or (n,)
        At least three.

    Returns
    -------
    QuantumReport

    Raises
    ------
    DataError
        If there are fewer than three rows.

    Examples
    --------
    >>> wide = report(QuantumKernel(scale=1.0, standardise=False), [0.0, 1.0, 2.0, 4.0])
    >>> wide.largest_phase, wide.wrapped
    (5.09, 0.75)
    """
    data = as_rows(rows)
    if len(data) < FEWEST_ROWS:
        raise DataError(f"a report takes three rows or more; got {len(data)}.")
    encoding = kernel.encoding(data.shape[1])
    phases = encoding.frequency * np.abs(kernel.angles(data, data)[0]).max(axis=1) / np.pi
    gram = kernel(data)
    apart = gram[np.triu_indices(len(gram), 1)]
    mean = float(apart.mean())
    variance = max(mean * (1 - mean), 0.0)
    return QuantumReport(
        qubits=encoding.qubits,
        bytes=len(data) * AMPLITUDE << encoding.qubits,
        effective_dimension=effective_dimension(gram),
        largest_phase=float(phases.max()),
        wrapped=float(np.mean(phases > 1)) if np.isfinite(phases).all() else np.nan,
        mean=mean,
        sd=float(apart.std()),
        shot_noise=float(np.sqrt(variance / kernel.shots)) if kernel.shots else 0.0,
    )
