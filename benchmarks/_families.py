"""Data with x _||_ y | z known to hold, or known to fail, for level and power of tests.

Every family draws Z ~ N(0, I_k) and lets both X and Y depend on one index of it, most on
F = (Z_1 + ... + Z_k) / sqrt(k), one direction; ``sums`` on as many directions as there are
columns. Without Z each gets an index of its own. Under the alternative X also acts on Y.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causalsim.data import Kind, Table

__all__ = ["FAMILIES", "Family", "draw"]

Floats = NDArray[np.float64]
SEED = 20252
INNER: tuple[Callable[[Floats], Floats], ...] = (
    lambda t: np.sin(2 * t),
    np.tanh,
    lambda t: t**2 / 1.5,
    lambda t: np.cos(2 * t),
    lambda t: t,
    lambda t: np.exp(-(t**2)),
)
OUTER: tuple[Callable[[Floats], Floats], ...] = (
    lambda t: t,
    lambda t: t**3 / 3 + t,
    np.tanh,
    lambda t: np.exp(t / 1.5),
)


def _direction(z: Floats) -> Floats:
    """Give the sum of the columns at a variance of 1, shape (n,)."""
    return np.asarray(z.sum(axis=1) / np.sqrt(z.shape[1]))


def _waves(z: Floats) -> Floats:
    return _direction(np.sin(2 * z))


@dataclass(frozen=True)
class Family:
    """How X and Y come from their indices.

    Parameters
    ----------
    equations : str
        For the report.
    make : callable
        (rng, index of X, index of Y, dependent) to X and Y.
    codes : bool
        X has three levels, and so has the first column of Z: -1, 0, 1 in F, codes in the table.
    index : callable
        Z, shape (n, k), to the index, shape (n,).
    """

    equations: str
    make: Callable[[np.random.Generator, Floats, Floats, bool], tuple[Floats, Floats]]
    codes: bool = False
    index: Callable[[Floats], Floats] = _direction


def _additive(
    rng: np.random.Generator, f: Floats, g: Floats, dependent: bool
) -> tuple[Floats, Floats]:
    e, u = rng.normal(size=(2, len(f)))
    x = np.sin(2 * f) + 0.4 * e
    return x, g**2 / 2 + 0.4 * u + dependent * 0.5 * np.tanh(x)


def _post_nonlinear(
    rng: np.random.Generator, f: Floats, g: Floats, dependent: bool
) -> tuple[Floats, Floats]:
    e, u = rng.normal(size=(2, len(f)))
    inner = rng.integers(len(INNER), size=2)
    outer = rng.integers(len(OUTER), size=2)
    a = INNER[inner[0]](f) + 0.5 * e
    b = INNER[inner[1]](g) + 0.5 * u + dependent * 0.5 * (a - a.mean())
    return OUTER[outer[0]](a), OUTER[outer[1]](b)


def _heteroscedastic(
    rng: np.random.Generator, f: Floats, g: Floats, dependent: bool
) -> tuple[Floats, Floats]:
    e, u = rng.normal(size=(2, len(f)))
    x = np.tanh(f) + (0.3 + 0.5 * np.abs(f)) * e
    return x, np.cos(g) + (0.3 + 0.5 * np.abs(g)) * u + dependent * 0.4 * x


def _mixed(
    rng: np.random.Generator, f: Floats, g: Floats, dependent: bool
) -> tuple[Floats, Floats]:
    e, u = rng.normal(size=(2, len(f)))
    x = np.digitize(np.sin(1.5 * f) + 0.6 * e, [-0.5, 0.5]).astype(np.float64)
    return x, np.tanh(g) + 0.5 * u + dependent * 0.3 * (x - 1)


def _sums(
    rng: np.random.Generator, f: Floats, g: Floats, dependent: bool
) -> tuple[Floats, Floats]:
    e, u = rng.normal(size=(2, len(f)))
    x = f + 0.4 * e
    return x, g + 0.4 * u + dependent * 0.4 * x


FAMILIES = {
    "additive": Family("X = sin 2F + .4e, Y = F^2/2 + .4u [+ .5 tanh X]", _additive),
    "post-nonlinear": Family(
        "X = g(f(F) + .5e), Y = g'(f'(F) + .5u [+ .5 inner X]), f and g drawn anew each time",
        _post_nonlinear,
    ),
    "heteroscedastic": Family(
        "X = tanh F + (.3 + .5|F|)e, Y = cos F + (.3 + .5|F|)u [+ .4X]", _heteroscedastic
    ),
    "mixed": Family(
        "X = cut(sin 1.5F + .6e), Y = tanh F + .5u [+ .3(X - 1)]; X and Z1 have three levels",
        _mixed,
        codes=True,
    ),
    "sums": Family(
        "X = G + .4e, Y = G + .4u [+ .4X], G = (sin 2Z1 + ... + sin 2Zk)/sqrt(k)",
        _sums,
        index=_waves,
    ),
}


def draw(name: str, n: int, k: int, dependent: bool, repetition: int) -> Table:
    """Draw the columns x, y, z1, ..., zk of one data set."""
    family = FAMILIES[name]
    number = list(FAMILIES).index(name)
    rng = np.random.default_rng([SEED, number, n, k, int(dependent), repetition])
    z = rng.normal(size=(n, k))
    if family.codes and k:
        z[:, 0] = np.digitize(z[:, 0], [-0.5, 0.5]) - 1.0
    f, g = (family.index(part) for part in ([z, z] if k else rng.normal(size=(2, n, 1))))
    x, y = family.make(rng, f, g, dependent)
    kinds = [Kind.CONTINUOUS] * (k + 2)
    if family.codes:
        kinds[0] = Kind.DISCRETE
        if k:
            z[:, 0] += 1
            kinds[2] = Kind.DISCRETE
    names = ("x", "y", *(f"z{i + 1}" for i in range(k)))
    return Table(names, np.column_stack([x, y, z]), tuple(kinds))
