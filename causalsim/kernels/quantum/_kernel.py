"""The quantum kernel: frozen settings, and what to do with them."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Literal, final

import numpy as np

from causalsim.errors import OptionError
from causalsim.kernels._base import Floats, Kernel, standardised
from causalsim.kernels.classical import Gaussian
from causalsim.kernels.quantum._backends import sampled, sampler_of
from causalsim.kernels.quantum._checks import check_settings
from causalsim.kernels.quantum._encoding import Encoding
from causalsim.kernels.quantum._maps import Entanglement, named
from causalsim.kernels.quantum._program import Program, compiled
from causalsim.kernels.quantum._sampling import Device, measured, repaired

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.primitives import BaseSamplerV2

__all__ = ["QuantumKernel"]

Scale = float | tuple[float, ...] | Literal["auto"]


@final
@dataclass(frozen=True)
class QuantumKernel(Kernel):
    """The fidelity |<psi(x)|psi(x')>|^2 of states that encode rows, or a projection of it.

    Parameters
    ----------
    circuit : str or QuantumCircuit
        ``"zz"``, ``"z"``, ``"pauli"``, ``"iqp"`` or ``"angle"``, simulated in closed form
        without qiskit; or a circuit of your own with one parameter per column, in the order of
        ``circuit.parameters``.
    scale : float, tuple of float or "auto"
        Factor on every column, or one per column, after standardising. ``"auto"`` keeps phases
        from wrapping: c f r = pi, where f is the phase of the fidelity per unit of a variable
        (``reps`` for angle, 4 for zz on one column, 4 sqrt(1 + pi^2 (d - 1)) on d) and three
        standard deviations r of the column stand for its largest value, which would make the
        scale depend on single rows. A circuit of your own needs a number.
    reps : int
        Repetitions of a named map; for ``"angle"`` the highest multiple.
    entanglement : "full", "linear" or "circular"
        Which qubits a named map joins.
    paulis : tuple of str, optional
        Strings of X, Y and Z for ``circuit="pauli"``, as in qiskit; Z and ZZ by default.
    standardise : bool
        Bring the columns to mean 0 and variance 1 first.
    shots : int, optional
        Measure every entry by so many circuits, up to 10^9; exact if None. A whole Gram matrix is
        repaired to be positive semidefinite with a unit diagonal, a block is left as measured.
    noise : float
        Depolarising rate p in [0, 1]: a fidelity becomes (1 - p) k + p / 2^q. A row with itself
        keeps 1.
    projected : bool
        Take the Gaussian kernel of the one-qubit reduced density matrices instead [Huang2021]_,
        its width sqrt(2) times the median distance. Fidelities concentrate at 0 as qubits are
        added; these do not.
    seed : int
        Keys the streams of shots, together with the content of the two rows.
    memory : int
        Most bytes of states to hold; one state takes 16 * 2^qubits.
    backend : "statevector_sampler", "aer", "ibm" or a qiskit BaseSamplerV2, optional
        Measure by running circuits; minutes where the simulator takes milliseconds.

    Raises
    ------
    OptionError
        If a setting is unknown, or settings exclude each other.
    LimitError
        When called, if the states would take more than ``memory``.

    References
    ----------
    .. [Havlicek2019] Havlicek et al., Supervised learning with quantum-enhanced feature spaces,
       Nature 567.
    .. [Huang2021] Huang et al., Power of data in quantum machine learning, Nature Communications
       12, article 2631.

    Examples
    --------
    >>> QuantumKernel("z", scale=0.5, standardise=False)([0.0, 1.0]).round(3).tolist()
    [[1.0, 0.77], [0.77, 1.0]]
    """

    circuit: str | QuantumCircuit = field(default="zz", hash=False)
    _: KW_ONLY
    scale: Scale = "auto"
    reps: int = 2
    entanglement: Entanglement = "full"
    paulis: tuple[str, ...] | None = None
    standardise: bool = True
    shots: int | None = None
    noise: float = 0.0
    projected: bool = False
    seed: int = 0
    memory: int = 2**30
    backend: str | BaseSamplerV2 | None = field(default=None, hash=False)

    name: ClassVar[str] = "quantum"

    def __post_init__(self) -> None:
        check_settings(self)

    def encoding(self, columns: int) -> Encoding:
        """Give the map from angles to states for so many columns.

        Parameters
        ----------
        columns : int

        Returns
        -------
        Encoding

        Raises
        ------
        OptionError
            If a circuit of one's own has another number of parameters.

        Examples
        --------
        >>> QuantumKernel("angle", reps=3).encoding(2).qubits
        6
        """
        if isinstance(self.circuit, str):
            paulis = self.paulis or ("Z", "ZZ")
            return named(self.circuit, columns, self.reps, self.entanglement, paulis)
        parameters = len(self._program.source.parameters)
        if parameters != columns:
            raise OptionError(
                f"the circuit has {parameters} parameters and the data have {columns} columns; "
                "write a circuit with one parameter per column."
            )
        return self._program

    def angles(self, rows: Floats, other: Floats) -> tuple[Floats, Floats]:
        """Give both standardised and scaled; settings are read off ``rows``.

        Parameters
        ----------
        rows, other : arrays of shape (n, d) and (m, d)

        Returns
        -------
        arrays of shape (n, d) and (m, d)
            ``other is rows`` is kept.

        Examples
        --------
        >>> rows = np.array([[-1.0], [1.0]])
        >>> QuantumKernel(scale=2.0, standardise=False).angles(rows, rows)[0].tolist()
        [[-2.0], [2.0]]
        """
        first, second = standardised(rows, other) if self.standardise else (rows, other)
        factors = self._factors(first)
        angles = first * factors
        return angles, angles if other is rows else second * factors

    def _factors(self, rows: Floats) -> Floats:
        """Give the factor of every column of standardised rows."""
        columns = rows.shape[1]
        if self.scale == "auto":
            reach = 3 * rows.std(axis=0, ddof=min(1, len(rows) - 1))
            reach[reach == 0] = 1.0
            return np.asarray(np.pi / (self.encoding(columns).frequency * reach))
        factors = np.atleast_1d(np.asarray(self.scale, np.float64))
        if len(factors) not in {1, columns}:
            raise OptionError(
                f"scale has {len(factors)} numbers and the data have {columns} columns; "
                "write one number, or one per column."
            )
        return factors

    @cached_property
    def _program(self) -> Program:
        return compiled(self.circuit)

    def _gram(self, rows: Floats, other: Floats) -> Floats:
        whole = other is rows
        first, second = self.angles(rows, other)
        encoding = self.encoding(rows.shape[1])
        if self.projected:
            return self._projected(encoding, first, second)
        if self.backend is not None:
            sampler = sampler_of(self.backend, self.seed, encoding.qubits)
            gram = sampled(encoding.circuit(), sampler, self.shots, first, second)
            return repaired(gram) if whole else gram
        gram = encoding.fidelity(first, second, self.memory)
        if self.shots is not None or self.noise:
            device = Device(self.shots, self.noise, encoding.qubits, self.seed)
            return measured(gram, first, second, device)
        return gram

    def _projected(self, encoding: Encoding, first: Floats, second: Floats) -> Floats:
        """Give the Gaussian kernel of the Bloch vectors."""
        vectors = encoding.bloch(first, self.memory)
        others = None if second is first else encoding.bloch(second, self.memory)
        return np.sqrt(Gaussian("median", standardise=False)(vectors, others))
