"""Functions as numbers: what the compiled rollout reads.

A function gives its program by ``function.program()``; one without (a Python rule) gives None and
is called from Python, step by step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from causalsim.scm._trees import Forest
    from causalsim.scm.learnt_laws import CurveNoise

__all__ = [
    "ACTIVATION_CODES",
    "FOREST",
    "HURDLE",
    "LEAF",
    "LINEAR",
    "NETWORK",
    "QUANTILE",
    "SPLINE",
    "Program",
    "forest",
    "hurdle",
    "linear",
    "network",
    "spline",
]

LINEAR, SPLINE, NETWORK, FOREST, LEAF, QUANTILE, HURDLE = range(7)
ACTIVATION_CODES = {"tanh": 0, "sin": 1, "cos": 2, "relu": 3}


@final
@dataclass(frozen=True, eq=False)
class Program:
    """One function of parents and noise, as numbers.

    Parameters
    ----------
    kind : int
        One of the constants of this module; it says how to read the arrays.
    ints : array of int32
    floats : array of float64
    scale : Program, optional
        Without noise; the noise is multiplied by its value before anything else.
    low, high : float
        The value is clipped to this interval, at the end.
    grid : float
        The value is rounded to a multiple of it, before it is clipped; 0 for none.
    odds, hurdle : Program, optional
        The log-odds of an atom, and the rest of an ``AtomFunction`` around this program.
    """

    kind: int
    ints: NDArray[np.int32]
    floats: NDArray[np.float64]
    scale: Program | None = None
    low: float = -np.inf
    high: float = np.inf
    grid: float = 0.0
    odds: Program | None = None
    hurdle: Program | None = None

    @property
    def predicts(self) -> bool:
        """Whether the value at noise 0 is what the function predicts, and noise is added."""
        return self.kind <= FOREST and self.scale is None and self.hurdle is None

    @property
    def bounded(self) -> bool:
        """Whether the value is clipped or rounded."""
        return (self.low, self.high, self.grid) != (-np.inf, np.inf, 0.0)


def _program(kind: int, ints: Sequence[ArrayLike], floats: Sequence[ArrayLike]) -> Program:
    whole = np.concatenate([np.empty(0), *(np.ravel(part) for part in ints)]).astype(np.int32)
    return Program(kind, whole, np.concatenate([np.ravel(part) for part in floats]).astype(float))


def linear(intercept: float, weights: ArrayLike) -> Program:
    """Give ``intercept + weights @ parents + noise``; weights have shape (k,).

    >>> linear(1.0, [2.0, 3.0]).floats
    array([1., 2., 3.])
    """
    return _program(LINEAR, [], [intercept, weights])


def spline(intercept: float, knots: Sequence[ArrayLike], weights: Sequence[ArrayLike]) -> Program:
    """Give a sum of natural cubic splines plus noise; see ``AdditiveFunction``."""
    sizes = [np.size(row) for row in knots]
    pairs = [part for both in zip(knots, weights, strict=True) for part in both]
    return _program(SPLINE, [sizes], [intercept, *pairs])


def network(
    intercept: float, weights: ArrayLike, hidden: ArrayLike, offsets: ArrayLike, activation: str
) -> Program:
    """Give ``intercept + weights @ activation(hidden @ parents + offsets) + noise``.

    Parameters
    ----------
    intercept : float
    weights, offsets : array of shape (d,)
    hidden : array of shape (d, k)
    activation : str
        A key of ``ACTIVATION_CODES``.
    """
    sizes = [np.size(weights), ACTIVATION_CODES[activation]]
    return _program(NETWORK, [sizes], [intercept, weights, offsets, hidden])


def forest(kind: int, intercept: float, trees: Forest) -> Program:
    """Give a forest, read as its mean plus noise (FOREST), by LEAF or by QUANTILE.

    Integers: the numbers of trees, nodes and responses; the roots; four for each node, namely
    feature, left, right and the bits of its threshold, or in a leaf -1 and where its rows start
    and stop; the rows of all leaves. Floats: the intercept; the value of each node; the
    responses. Features are float32, so a threshold may be rounded down to float32: the same
    features lie at or below it.
    """
    leaf = trees.feature < 0
    left = np.where(leaf, trees.starts[:-1], trees.left)
    right = np.where(leaf, trees.starts[1:], trees.right)
    sizes = [len(trees.roots), len(leaf), len(trees.responses)]
    near = trees.threshold.astype(np.float32)
    below = np.where(near > trees.threshold, np.nextafter(near, np.float32(-np.inf)), near)
    nodes = np.column_stack([trees.feature, left, right, below.view(np.int32)])
    ints: list[ArrayLike] = [sizes, trees.roots, nodes, trees.rows]
    return _program(kind, ints, [intercept, trees.value, trees.responses])


def hurdle(intercept: float, atom: float, bounds: tuple[float, float], law: CurveNoise) -> Program:
    """Give an atom and the law of what is beside it; no value by itself.

    Integers: the number of points. Floats: the intercept, the atom, the bounds of the other
    values, the tails of the law, its points, and heights and slopes of its curve there.
    """
    curve = law.curve
    known: list[ArrayLike] = [curve.at, curve.heights, curve.slopes]
    return _program(HURDLE, [[len(curve.at)]], [intercept, atom, bounds, law.tails, *known])
