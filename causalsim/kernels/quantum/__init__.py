"""Quantum kernels: fidelities of states that encode rows, simulated, sampled or measured.

>>> QuantumKernel("zz")([0.0, 1.0, 2.0]).shape
(3, 3)
"""

from causalsim.kernels.quantum._kernel import QuantumKernel
from causalsim.kernels.quantum._report import QuantumReport, report

__all__ = ["QuantumKernel", "QuantumReport", "report"]
