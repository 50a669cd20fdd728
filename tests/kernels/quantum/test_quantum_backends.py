"""Samplers: local ones are run; Aer where installed; IBM's runtime by a local stand-in.

No test speaks to hardware. The stand-in has the names of IBM's runtime and runs a generic local
device, so that what is tested is our use of those names.
"""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from qiskit.circuit.library import zz_feature_map
from qiskit.primitives import BackendSamplerV2, StatevectorSampler
from qiskit.providers.fake_provider import GenericBackendV2

from causalsim.errors import MissingExtraError
from causalsim.kernels.quantum import QuantumKernel

SHOTS = 1024


def local_device(test):
    """Let a generic device say that it has no noise, without Aer and with it."""
    for message in ("Aer not found:RuntimeWarning", ".*has no QubitProperties:UserWarning"):
        test = pytest.mark.filterwarnings(f"ignore:{message}")(test)
    return test


def data(n=5, d=2):
    return np.random.default_rng(0).normal(size=(n, d))


def generic(qubits=3):
    """Give a noiseless local device, with a coupling map and a basis of its own."""
    return GenericBackendV2(qubits, seed=0, noise_info=False)


def assert_measures(kernel):
    """Compare with the simulator, to five standard deviations of the shots."""
    x = data()
    exact = np.minimum(QuantumKernel(kernel.circuit, scale=0.5)(x, x.copy()), 1)
    block = kernel(x, x.copy())
    bound = 5 * np.sqrt(exact * (1 - exact) / SHOTS) + 2 / SHOTS
    assert (np.abs(block - exact) <= bound).all()
    assert not np.array_equal(block, exact)


def quantum(backend, circuit="zz"):
    return QuantumKernel(circuit, scale=0.5, shots=SHOTS, backend=backend)


@pytest.mark.parametrize("circuit", ["zz", "angle", "iqp", zz_feature_map(2, reps=1)])
def test_statevector_sampler_measures_every_map(circuit):
    assert_measures(quantum("statevector_sampler", circuit))


def test_a_measured_gram_is_symmetric_positive_and_repeatable():
    kernel = QuantumKernel(scale=0.5, shots=64, backend="statevector_sampler")
    gram = kernel(data(10, 1))
    assert np.array_equal(gram, gram.T)
    assert (np.diagonal(gram) == 1).all()
    assert np.linalg.eigvalsh(gram)[0] > -1e-12
    assert np.array_equal(gram, kernel(data(10, 1)))
    assert np.linalg.eigvalsh(kernel(data(10, 1), data(10, 1)))[0] < -1e-3


def test_a_sampler_of_ones_own():
    assert_measures(quantum(StatevectorSampler(seed=3)))


@local_device
def test_a_sampler_on_a_device_gets_circuits_for_it():
    seen = []

    class Watched(BackendSamplerV2):
        def run(self, pubs, *, shots=None):
            pubs = list(pubs)
            seen.extend((pub[0], shots) for pub in pubs)
            return super().run(pubs, shots=shots)

    device = generic()
    assert_measures(quantum(Watched(backend=device, options={"seed_simulator": 1})))
    assert {shots for _, shots in seen} == {SHOTS}
    assert len(seen) == 10  # the pairs of 5 rows; equal rows are not measured
    for circuit, _ in seen:
        assert set(circuit.count_ops()) <= {*device.operation_names, "barrier"}


class Account:
    """Stands for a saved account with one device."""

    def least_busy(self, **wanted):
        assert wanted == {"operational": True, "simulator": False, "min_num_qubits": 2}
        return generic()


class RuntimeSampler(BackendSamplerV2):
    """Stands for the runtime's sampler: made with ``mode=``, and its ``backend`` is a method."""

    def __init__(self, *, mode):
        super().__init__(backend=mode, options={"seed_simulator": 2})

    def backend(self):
        return self._backend


def runtime(monkeypatch, *, executor):
    package = ModuleType("qiskit_ibm_runtime")
    package.QiskitRuntimeService = Account
    package.__path__ = []
    monkeypatch.setitem(sys.modules, "qiskit_ibm_runtime", package)
    if executor:
        module = SimpleNamespace(Sampler=RuntimeSampler)
        monkeypatch.setitem(sys.modules, "qiskit_ibm_runtime.executor_sampler", module)
    else:
        package.SamplerV2 = RuntimeSampler


@local_device
@pytest.mark.parametrize("executor", [True, False])
def test_ibm_by_a_local_stand_in(monkeypatch, executor):
    """The new sampler where the package has it, else the older one."""
    runtime(monkeypatch, executor=executor)
    assert_measures(quantum("ibm"))


@pytest.mark.parametrize(
    ("backend", "package"), [("aer", "qiskit_aer"), ("ibm", "qiskit_ibm_runtime")]
)
def test_a_missing_package_is_named(monkeypatch, backend, package):
    for module in (package, f"{package}.primitives"):
        monkeypatch.setitem(sys.modules, module, None)
    kernel = quantum(backend)
    with pytest.raises(MissingExtraError, match=rf"needs {package}.*causalsim\[quantum\]"):
        kernel(data())


def test_aer_where_installed():
    pytest.importorskip("qiskit_aer")
    assert_measures(quantum("aer"))


@local_device
def test_ibm_where_installed(monkeypatch):
    """The runtime's own sampler, in its local mode."""
    package = pytest.importorskip("qiskit_ibm_runtime")
    monkeypatch.setattr(package, "QiskitRuntimeService", Account)
    assert_measures(quantum("ibm"))
