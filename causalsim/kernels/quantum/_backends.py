"""Gram matrices measured by a qiskit sampler: local, Aer, or IBM hardware.

Every entry is one compute-uncompute circuit: prepare U(x), undo U(x'), count the zeros
[Havlicek2019]_. The Aer and IBM samplers are imported only when asked for.

References
----------
.. [Havlicek2019] Havlicek et al., Supervised learning with quantum-enhanced feature spaces,
   Nature 567.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from causalsim._lazy import optional
from causalsim.errors import OptionError
from causalsim.kernels._base import Floats

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.primitives import BaseSamplerV2

__all__ = ["SAMPLERS", "check_backend", "sampled", "sampler_of"]

EXTRA = "quantum"
_CIRCUITS_PER_JOB = 300


def _statevector_sampler(seed: int, qubits: int) -> BaseSamplerV2:  # noqa: ARG001 - any size
    from qiskit.primitives import StatevectorSampler

    return StatevectorSampler(seed=seed)


def _aer(seed: int, qubits: int) -> BaseSamplerV2:  # noqa: ARG001 - any size
    primitives = optional("qiskit_aer.primitives", EXTRA, "backend='aer'")
    return primitives.SamplerV2(seed=seed)


def _ibm(seed: int, qubits: int) -> BaseSamplerV2:  # noqa: ARG001 - hardware has no seed
    """Give a sampler on the least busy device of the saved account."""
    runtime = optional("qiskit_ibm_runtime", EXTRA, "backend='ibm'")
    device = runtime.QiskitRuntimeService().least_busy(
        operational=True, simulator=False, min_num_qubits=qubits
    )
    try:
        sampler = import_module("qiskit_ibm_runtime.executor_sampler").Sampler
    except ModuleNotFoundError:
        sampler = runtime.SamplerV2
    return sampler(mode=device)


SAMPLERS = {"statevector_sampler": _statevector_sampler, "aer": _aer, "ibm": _ibm}


def check_backend(backend: object) -> None:
    """Refuse what is neither a known name nor a sampler."""
    if isinstance(backend, str):
        if backend not in SAMPLERS:
            raise OptionError.from_choice("backend", backend, SAMPLERS)
        return
    from qiskit.primitives import BaseSamplerV2

    if not isinstance(backend, BaseSamplerV2):
        raise OptionError(
            f"backend={backend!r}: expected a qiskit BaseSamplerV2, or one of "
            f"{', '.join(SAMPLERS)}; wrap a device as BackendSamplerV2(backend=device)."
        )


def sampler_of(backend: str | BaseSamplerV2, seed: int, qubits: int) -> BaseSamplerV2:
    """Give the sampler of that name, or the one that was given."""
    return SAMPLERS[backend](seed, qubits) if isinstance(backend, str) else backend


def sampled(
    circuit: QuantumCircuit,
    sampler: BaseSamplerV2,
    shots: int | None,
    first: Floats,
    second: Floats,
) -> Floats:
    """Measure |<psi(a)|psi(b)>|^2 for a in ``first`` and b in ``second``.

    Parameters
    ----------
    circuit : QuantumCircuit
        With one parameter per column.
    sampler : BaseSamplerV2
        One that is tied to a device gets circuits translated for that device.
    shots : int, optional
        Circuits per entry; None leaves it to the sampler.
    first, second : arrays of shape (n, d) and (m, d)
        Angles; ``second is first`` measures the upper triangle only.

    Returns
    -------
    array of shape (n, m)
        Equal rows are not measured; they have 1.
    """
    from qiskit.transpiler import generate_preset_pass_manager
    from qiskit_machine_learning.kernels import FidelityQuantumKernel
    from qiskit_machine_learning.state_fidelities import ComputeUncompute

    device, manager = _device(sampler), None
    if device is not None:
        manager = generate_preset_pass_manager(optimization_level=1, backend=device)
    fidelity: Any = ComputeUncompute(sampler=sampler, pass_manager=manager)
    if shots is not None:
        fidelity.update_default_options(shots=shots)
    kernel = FidelityQuantumKernel(
        feature_map=circuit,
        fidelity=fidelity,
        enforce_psd=False,
        evaluate_duplicates="none",
        max_circuits_per_job=_CIRCUITS_PER_JOB,
    )
    return np.asarray(kernel.evaluate(first, None if second is first else second), np.float64)


def _device(sampler: Any) -> Any:
    """Give the device behind a sampler: an attribute in qiskit, a method in IBM's runtime."""
    device = getattr(sampler, "backend", None)
    return device() if callable(device) else device
