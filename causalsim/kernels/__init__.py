"""Kernels: frozen settings that turn rows into a Gram matrix."""

from causalsim.kernels._alignment import (
    alignment,
    centred,
    effective_dimension,
    null_alignment,
    snr,
)
from causalsim.kernels._base import Kernel
from causalsim.kernels._rates import Rates
from causalsim.kernels._tuning import ScaleChoice, tune_scale
from causalsim.kernels.classical import Delta, Gaussian, Linear, Polynomial
from causalsim.kernels.combine import Part, Product, Sum
from causalsim.kernels.quantum import QuantumKernel

__all__ = [
    "Delta",
    "Gaussian",
    "Kernel",
    "Linear",
    "Part",
    "Polynomial",
    "Product",
    "QuantumKernel",
    "Rates",
    "ScaleChoice",
    "Sum",
    "alignment",
    "centred",
    "effective_dimension",
    "null_alignment",
    "snr",
    "tune_scale",
]
