"""The kernel's contract: blocks, settings, errors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.circuit.library import zz_feature_map

from causalsim.errors import DataError, LimitError, OptionError
from causalsim.kernels import Kernel
from causalsim.kernels.quantum import QuantumKernel

KERNELS = {
    "zz": QuantumKernel(),
    "z": QuantumKernel("z", reps=3),
    "pauli": QuantumKernel("pauli", paulis=("X", "YZ"), entanglement="linear"),
    "iqp": QuantumKernel("iqp", scale=(0.3, 0.7)),
    "angle": QuantumKernel("angle", reps=3, standardise=False),
    "circuit": QuantumKernel(zz_feature_map(2), scale=0.3),
    "noise": QuantumKernel(noise=0.3),
    "shots": QuantumKernel("z", shots=100),
    "projected": QuantumKernel(projected=True),
    "projected angle": QuantumKernel("angle", projected=True),
}


def rows(n=12, d=2, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d))


@pytest.mark.parametrize("name", KERNELS)
def test_a_gram_is_symmetric_positive_and_has_a_unit_diagonal(name):
    gram = KERNELS[name](rows())
    assert np.array_equal(gram, gram.T)
    assert (np.diagonal(gram) == 1).all()
    assert np.linalg.eigvalsh(gram)[0] > -1e-12
    assert 0 <= gram.min() <= gram.max() <= 1 + 1e-12


@pytest.mark.parametrize("name", sorted(set(KERNELS) - {"shots"}))
def test_a_block_equals_cells_of_the_whole(name):
    x, kernel = rows(), KERNELS[name]
    whole = kernel(x)
    np.testing.assert_allclose(kernel(x, x[3:7]), whole[:, 3:7], atol=1e-12)
    np.testing.assert_allclose(kernel(x, x.copy()), whole, atol=1e-12)


def test_blocks_of_states_equal_the_whole(monkeypatch):
    from causalsim.kernels.quantum import _encoding

    x = rows(50, 3)
    kernels = (
        QuantumKernel(),
        QuantumKernel(projected=True),
        QuantumKernel(zz_feature_map(3), scale=1),
    )
    whole = [kernel(x) for kernel in kernels]
    monkeypatch.setattr(_encoding, "_BLOCK", 16 * 8 * 7)
    for kernel, expected in zip(kernels, whole, strict=True):
        np.testing.assert_allclose(kernel(x), expected, atol=1e-14)


@pytest.mark.parametrize("name", KERNELS)
@given(st.permutations(range(12)))
def test_rows_may_come_in_any_order(name, order):
    x, kernel = rows(), KERNELS[name]
    np.testing.assert_allclose(kernel(x[order]), kernel(x)[np.ix_(order, order)], atol=1e-6)


@pytest.mark.parametrize("name", sorted(set(KERNELS) - {"angle"}))
def test_units_do_not_matter(name):
    x, kernel = rows(), KERNELS[name]
    for unit in (10.0, 100.0, 0.01, 1.8):
        np.testing.assert_allclose(kernel(unit * x), kernel(x), atol=1e-10)


@pytest.mark.parametrize("standardise", [True, False])
def test_shots_do_not_hang_on_the_last_digits_of_a_row(standardise):
    """A change of units, or of the order of sums, alters them."""
    x, kernel = rows(), QuantumKernel(scale=0.5, shots=100, standardise=standardise)
    near = x * (1 + np.random.default_rng(1).choice([-1e-15, 1e-15], x.shape))
    assert not np.array_equal(near, x)
    np.testing.assert_allclose(kernel(near), kernel(x), atol=1e-10)


def test_a_user_circuit_equals_the_named_map():
    x = rows(9, 3)
    own = QuantumKernel(zz_feature_map(3, reps=2), scale=0.4)
    np.testing.assert_allclose(own(x), QuantumKernel("zz", scale=0.4)(x), atol=1e-10)


@pytest.mark.parametrize(("name", "frequency"), [("zz", 4), ("angle", 2), ("iqp", 2)])
def test_auto_holds_three_deviations_within_pi(name, frequency):
    x = rows(30, 1)
    auto = QuantumKernel(name)(x)
    expected = QuantumKernel(name, scale=np.pi / 3 / frequency)
    np.testing.assert_allclose(auto, expected(x), atol=1e-12)
    raw = QuantumKernel(name, standardise=False)(7 * x - 7 * x.mean())
    np.testing.assert_allclose(raw, auto, atol=1e-12)


@pytest.mark.parametrize("options", [{}, {"standardise": False}, {"projected": True}])
def test_a_constant_column_says_nothing(options):
    np.testing.assert_allclose(QuantumKernel(**options)(np.full((4, 1), 3.0)), 1, atol=1e-12)


def test_a_single_row():
    assert QuantumKernel()([[1.0, 2.0]]).tolist() == [[1.0]]


def test_one_scale_per_column():
    x = rows(8)
    expected = QuantumKernel("z", scale=1.0, standardise=False)(x * [0.5, 2.0])
    np.testing.assert_allclose(
        QuantumKernel("z", scale=(0.5, 2.0), standardise=False)(x), expected
    )
    with pytest.raises(OptionError, match="scale has 3 numbers and the data have 2 columns"):
        QuantumKernel(scale=(1.0, 1.0, 1.0))(x)


def test_a_kernel_is_a_key():
    circuit = zz_feature_map(2)
    kernels = {QuantumKernel(): 1, QuantumKernel(circuit, scale=1.0): 2, QuantumKernel("z"): 3}
    assert kernels[QuantumKernel()] == 1
    assert kernels[QuantumKernel(circuit.copy(), scale=1.0)] == 2
    assert isinstance(QuantumKernel(), Kernel)
    assert replace(QuantumKernel(), reps=3) != QuantumKernel()


def test_projection_is_a_gaussian_of_the_bloch_vectors():
    x = rows(10, 3)
    kernel = QuantumKernel(scale=0.25, projected=True)
    angles = kernel.angles(x, x)[0]
    vectors = kernel.encoding(3).bloch(angles, 2**30)
    squares = ((vectors[:, None] - vectors) ** 2).sum(axis=2)
    width = np.median(np.sqrt(squares[np.triu_indices(10, 1)]))
    np.testing.assert_allclose(kernel(x), np.exp(-squares / (4 * width**2)), atol=1e-12)


def test_memory_is_a_budget():
    assert QuantumKernel(memory=12 * 16 * 4)(rows()).shape == (12, 12)
    with pytest.raises(LimitError, match="12 states of 2 qubits take 768 bytes, over memory=767"):
        QuantumKernel(memory=767)(rows())
    assert QuantumKernel(memory=64, projected=True)(rows()).shape == (12, 12)


def test_columns_and_parameters_must_agree():
    with pytest.raises(OptionError, match="3 parameters and the data have 2 columns"):
        QuantumKernel(zz_feature_map(3), scale=1.0)(rows())
    with pytest.raises(DataError, match="2 and 3 columns"):
        QuantumKernel()(rows(), rows(4, 3))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"circuit": "zzz"}, "circuit='zzz' is unknown.*Did you mean 'zz'"),
        ({"circuit": 3}, "circuit=3: expected a qiskit QuantumCircuit"),
        ({"circuit": QuantumCircuit(1)}, "scale='auto' needs to know.*write scale=1.0"),
        ({"scale": "wide"}, "scale='wide' is unknown"),
        ({"scale": 0.0}, "scale=0.0: expected a positive number"),
        ({"scale": (0.5, -1.0)}, r"scale=\(0.5, -1.0\): expected a positive"),
        ({"scale": float("nan")}, "scale=nan: expected a positive"),
        ({"scale": ()}, r"scale=\(\): expected a positive"),
        ({"scale": [0.5]}, r"scale=\[0.5\]: expected a positive number, a tuple"),
        ({"circuit": "pauli", "paulis": "ZZ"}, "paulis='ZZ': expected a tuple of strings"),
        ({"shots": float("inf")}, "shots=inf: expected a whole number"),
        ({"noise": float("nan")}, "noise=nan: a depolarising rate"),
        ({"seed": 2**63}, "expected a whole number from 0 to"),
        ({"entanglement": "ful"}, "entanglement='ful' is unknown.*Did you mean 'full'"),
        ({"paulis": ("Z",)}, "paulis= belongs to circuit='pauli'"),
        ({"circuit": "pauli", "paulis": ("ZI",)}, "a tuple of strings of X, Y and Z"),
        ({"circuit": "pauli", "paulis": ()}, "a tuple of strings of X, Y and Z"),
        ({"reps": 0}, "reps=0: expected a whole number"),
        ({"reps": 1.5}, "reps=1.5: expected a whole number"),
        ({"shots": 0}, "shots=0: expected a whole number"),
        ({"shots": True}, "shots=True: expected a whole number"),
        ({"shots": 10**9 + 1}, "shots=1000000001: expected at most 1000000000; leave shots= out"),
        ({"shots": 10**23}, "expected at most 1000000000"),
        ({"memory": -1}, "memory=-1: expected a whole number"),
        ({"noise": 1.5}, r"noise=1.5: a depolarising rate lies in \[0, 1\]"),
        ({"seed": -1}, "seed=-1: expected a whole number from 0"),
        ({"projected": True, "shots": 10}, "projected=True is exact"),
        ({"projected": True, "noise": 0.1}, "projected=True is exact"),
        ({"backend": "aer", "noise": 0.1}, "noise= emulates a device"),
        ({"backend": "aers"}, "backend='aers' is unknown.*Did you mean 'aer'"),
        ({"backend": 3}, "backend=3: expected a qiskit BaseSamplerV2"),
    ],
)
def test_settings_are_checked(options, message):
    with pytest.raises(OptionError, match=message):
        QuantumKernel(**options)


def test_vector_parameters_follow_their_index():
    x = ParameterVector("x", 2)
    circuit = QuantumCircuit(2)
    circuit.ry(x[1], 0)
    circuit.ry(x[0], 1)
    own = QuantumKernel(circuit, scale=(0.5, 1.0))
    np.testing.assert_allclose(
        own(rows()), QuantumKernel("angle", reps=1, scale=(0.5, 1.0))(rows()), atol=1e-12
    )
