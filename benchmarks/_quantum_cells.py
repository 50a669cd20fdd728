"""What is measured of quantum kernel tests on simulated data: graphs on three nodes, and rates."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from _families import INNER, draw
from numpy.typing import NDArray

import causalsim as cs
from causalsim.citest import QPC, CITest, FisherZ, KernelCI, QPCPlus
from causalsim.data import Kind, Table
from causalsim.kernels import Gaussian

__all__ = ["SEED", "SHOTS", "STRUCTURES", "Method", "Rates", "Recovery", "two_laws"]

Floats = NDArray[np.float64]
SEED = 20254
ALPHA = 0.05
SHOTS = 1024


@dataclass(frozen=True)
class Method:
    """A test, and the one number that decides its power.

    Parameters
    ----------
    name : str
    value : float
        Width of ``gaussian`` on x and y, scale c of the quantum kernels; else unused.
    """

    name: str
    value: float = 0.0

    @property
    def key(self) -> str:
        """Give the name under which it is kept."""
        return f"{self.name} {self.value:g}" if self.value else self.name

    def spec(self) -> CITest:
        """Give the test."""
        return MAKERS[self.name](self.value)


def _gaussian(width: float) -> CITest:
    kernel = Gaussian(width, standardise=False)
    return KernelCI(kernel_x=kernel, kernel_y=kernel)


MAKERS: dict[str, Callable[[float], CITest]] = {
    "kci": lambda _: KernelCI(),
    "gaussian": _gaussian,
    "qpc": lambda scale: QPC(scale=scale, insist=True),
    "qpc_plus": lambda scale: QPCPlus(scale=scale),
    "qpc_plus_shots": lambda scale: QPCPlus(scale=scale, shots=SHOTS),
    "fisher_z": lambda _: FisherZ(),
}


def _functions(rng: np.random.Generator, number: int) -> list[Callable[[Floats], Floats]]:
    """Draw functions from {sin, tanh, t^2/1.5, cos 2t, t, exp(-t^2)}."""
    choices = (np.sin, *INNER[1:])
    return [choices[i] for i in rng.integers(len(choices), size=number)]


Maker = Callable[[np.random.Generator, int], tuple[Floats, Floats, Floats]]


def _chain(rng: np.random.Generator, n: int) -> tuple[Floats, Floats, Floats]:
    f, g = _functions(rng, 2)
    x, e, u = rng.normal(size=(3, n))
    z = f(x) + 0.5 * e
    return x, g(z) + 0.5 * u, z


def _fork(rng: np.random.Generator, n: int) -> tuple[Floats, Floats, Floats]:
    f, g = _functions(rng, 2)
    z, e, u = rng.normal(size=(3, n))
    return f(z) + 0.5 * e, g(z) + 0.5 * u, z


def _collider(rng: np.random.Generator, n: int) -> tuple[Floats, Floats, Floats]:
    f, g = _functions(rng, 2)
    x, y, e = rng.normal(size=(3, n))
    return x, y, f(x) + g(y) + 0.5 * e


def _apart(rng: np.random.Generator, n: int) -> tuple[Floats, Floats, Floats]:
    x, y, z = rng.normal(size=(3, n))
    return x, y, z


STRUCTURES: dict[str, tuple[tuple[str, ...], Maker]] = {
    "collider": (("x --> z", "y --> z"), _collider),
    "fork": (("z --> x", "z --> y"), _fork),
    "chain": (("x --> z", "z --> y"), _chain),
    "all-independent": ((), _apart),
}


@dataclass(frozen=True)
class Recovery:
    """How often PC finds the exact class of a graph on three nodes.

    Parameters
    ----------
    structure : str
    n : int
    method : Method
    repetitions : int
    stream : {0, 1}
        1 for choosing a setting: data sets of its own.
    """

    structure: str
    n: int
    method: Method
    repetitions: int
    stream: int = 0

    @property
    def key(self) -> str:
        """Give the name under which it is kept."""
        return f"recovery|{self.structure}|{self.n}|{self.method.key}|{self.stream}"

    def measure(self) -> dict[str, Any]:
        """Count exact recoveries."""
        edges, make = STRUCTURES[self.structure]
        truth = cs.DAG.from_edges(edges, ["x", "y", "z"]).to_cpdag()
        number, start = list(STRUCTURES).index(self.structure), time.process_time()
        spec, exact = self.method.spec(), 0
        for r in range(self.repetitions):
            rng = np.random.default_rng([SEED, self.stream, number, self.n, r])
            table = _table(make(rng, self.n))
            found = cs.pc(table, spec, alpha=ALPHA, sepset="first", conflict="keep")
            exact += found.graph == truth
        seconds = time.process_time() - start
        return {"hits": exact, "ms": round(1000 * seconds / self.repetitions, 2)}


def _table(columns: tuple[Floats, ...]) -> Table:
    names = ("x", "y", "z")
    return Table(names, np.column_stack(columns), (Kind.CONTINUOUS,) * len(names))


def two_laws(n: int, k: int, dependent: bool, repetition: int) -> Table:
    """Draw x, y, z with x and y noisy functions of z, drawn anew each time; k is 1."""
    assert k == 1
    rng = np.random.default_rng([SEED, 2, n, int(dependent), repetition])
    f, g, h = (LAWS[i] for i in rng.integers(len(LAWS), size=3))
    z, e, u = rng.normal(size=(3, n))
    x = f(z) + 0.5 * e
    return _table((x, g(z) + (h(x) + 0.7 * u if dependent else 0.5 * u), z))


LAWS: tuple[Callable[[Floats], Floats], ...] = (
    *(np.sin, np.tanh, np.square),
    lambda t: np.cos(2 * t),
    lambda t: t,
)
DESIGNS: dict[str, Callable[[int, int, bool, int], Table]] = {
    "two laws": two_laws,
    "additive": lambda n, k, dependent, r: draw("additive", n, k, dependent, r),
}


@dataclass(frozen=True)
class Rates:
    """Level and power of a test on one design."""

    design: str
    n: int
    k: int
    method: Method
    repetitions: int

    @property
    def key(self) -> str:
        """Give the name under which it is kept."""
        return f"rates|{self.design}|{self.n}|{self.k}|{self.method.key}"

    def measure(self) -> dict[str, Any]:
        """Count rejections; power also at the level that the null p-values show to be ALPHA."""
        start = time.process_time()
        null, other = self._p_values(dependent=False), self._p_values(dependent=True)
        seconds = time.process_time() - start
        fair = float(np.quantile(null, ALPHA))
        return {
            "rejected": int((null <= ALPHA).sum()),
            "power": int((other <= ALPHA).sum()),
            "fair_power": int((other <= fair).sum()),
            "ms": round(500 * seconds / self.repetitions, 2),
        }

    def _p_values(self, *, dependent: bool) -> Floats:
        """Give one p-value per data set."""
        spec, make = self.method.spec(), DESIGNS[self.design]
        tables = (make(self.n, self.k, dependent, r) for r in range(self.repetitions))
        return np.array([_p_value(spec, table) for table in tables])


def _p_value(spec: CITest, table: Table) -> float:
    x, y, *given = table.names
    return spec(table)(x, y, given).p_value
