"""What finite shots and depolarising noise do to an exact Gram matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from causalsim.kernels._base import Floats

__all__ = ["Device", "measured", "repaired", "row_keys"]

Keys = NDArray[np.uint64]
_ROUNDS = 100
_RELAXATION = 1.5
_DECIMALS = 6


@final
@dataclass(frozen=True)
class Device:
    """How fidelities are measured: circuits per entry, depolarising rate, qubits, seed."""

    shots: int | None
    noise: float
    qubits: int
    seed: int


def measured(exact: Floats, rows: Floats, other: Floats, device: Device) -> Floats:
    """Give a Gram matrix as a device would measure it.

    Noise turns a fidelity k into (1 - p) k + p / 2^q, and shots replace it by the share of
    successes among so many. A row with itself is known to have 1 and is not measured. The stream
    of a pair is keyed by the seed and the content of its two rows, so that the answer depends
    neither on their order nor on the other rows.

    Parameters
    ----------
    exact : array of shape (n, m)
        Fidelities, symmetric if ``other is rows``.
    rows, other : arrays of shape (n, d) and (m, d)
        The angles behind them: data in their own units would let the units choose the stream.
    device : Device

    Returns
    -------
    array of shape (n, m)
        A whole is positive semidefinite; a block is left as measured.
    """
    first, second = row_keys(rows, device.seed), row_keys(other, device.seed)
    gram = (1 - device.noise) * exact + device.noise / 2.0**device.qubits
    if device.shots is not None:
        gram = _shares(gram, _uniforms(first, second), device.shots, whole=other is rows)
    gram[first[:, None] == second] = 1.0
    return repaired(gram) if device.shots is not None and other is rows else gram


def _shares(gram: Floats, uniforms: Floats, shots: int, *, whole: bool) -> Floats:
    """Give binomial shares by inversion; of a whole, the upper triangle and its mirror image."""
    from scipy.stats import binom

    chances = np.clip(gram, 0.0, 1.0)
    if not whole:
        return np.asarray(binom.ppf(uniforms, shots, chances) / shots)
    upper = np.triu_indices(len(gram), 1)
    shares = np.zeros_like(gram)
    shares[upper] = binom.ppf(uniforms[upper], shots, chances[upper]) / shots
    return shares + shares.T


def repaired(gram: Floats) -> Floats:
    """Give a positive semidefinite matrix of unit diagonal near a symmetric one.

    Over-relaxed projections, in turn on the positive semidefinite matrices and on those of unit
    diagonal, as for a nearest correlation matrix [Higham2002]_. The exact matrix is one of both,
    and no projection leads away from it. To scale the diagonal after a single projection does:
    it can raise the error fourfold. At the end a per cent of the first excess is left to scale.

    References
    ----------
    .. [Higham2002] Higham, Computing the nearest correlation matrix: a problem from finance,
       IMA Journal of Numerical Analysis 22.

    Examples
    --------
    >>> repaired(np.array([[1.0, 1.2], [1.2, 1.0]])).round(12).tolist()
    [[1.0, 1.0], [1.0, 1.0]]
    """
    gram, near = gram.copy(), clipped(gram)
    excess = np.abs(near.diagonal() - 1).max()
    enough = max(excess / 100, 1e-12)
    for _ in range(_ROUNDS):
        if excess <= enough:
            break
        gram += _RELAXATION * (near - gram)
        np.fill_diagonal(gram, gram.diagonal() + _RELAXATION * (1 - gram.diagonal()))
        near = clipped(gram)
        excess = np.abs(near.diagonal() - 1).max()
    size = 1 / np.sqrt(near.diagonal())
    near *= np.outer(size, size)
    np.fill_diagonal(near, 1.0)
    return near


def clipped(gram: Floats) -> Floats:
    """Give the positive semidefinite matrix nearest to a symmetric one (Frobenius).

    >>> clipped(np.diag([1.0, -1.0])).tolist()
    [[1.0, 0.0], [0.0, 0.0]]
    """
    values, vectors = np.linalg.eigh(gram)
    if values[0] >= 0:
        return gram.copy()
    roots = vectors * np.sqrt(np.maximum(values, 0.0))
    near = roots @ roots.T
    return np.asarray((near + near.T) / 2)


def row_keys(rows: Floats, seed: int) -> Keys:
    """Give a 64-bit key of every row's content.

    Rounding hides what a change of units or of other columns does to the last digits.

    >>> keys = row_keys(np.array([[1.0], [2.0], [1.0]]), seed=0)
    >>> bool(keys[0] == keys[2]), bool(keys[0] == keys[1])
    (True, False)
    """
    bits = (np.round(rows, _DECIMALS) + 0.0).view(np.uint64)
    keys = _mixed(np.full(len(rows), seed, np.uint64))
    for column in bits.T:
        keys = _mixed(keys ^ column)
    return keys


def _uniforms(first: Keys, second: Keys) -> Floats:
    """Give a number in (0, 1) for every unordered pair of keys."""
    low, high = np.minimum.outer(first, second), np.maximum.outer(first, second)
    return np.asarray(((_mixed(_mixed(low) ^ high) >> np.uint64(11)) + 0.5) * 2.0**-53)


def _mixed(keys: Keys) -> Keys:
    """Scramble 64-bit numbers: the step of SplitMix64 (Steele, Lea & Flood 2014)."""
    keys = keys + np.uint64(0x9E3779B97F4A7C15)
    keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(keys ^ (keys >> np.uint64(31)))
