"""Values without their order: how the marginals of simulated series differ from the real ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from causalsim.errors import DataError
from causalsim.simulate._windows import read_series

__all__ = ["Atom", "Marginal", "atoms", "kolmogorov", "marginals", "read_pair", "wasserstein"]

Floats = NDArray[np.float64]

SHARE_OF_ATOM = 0.01


class Pair(NamedTuple):
    """One real series, shape (steps, p), simulated ones, and what the variables are called."""

    real: Floats
    simulated: list[Floats]
    names: tuple[str, ...]


def read_pair(real: Any, simulated: Any, names: Sequence[str] | None = None) -> Pair:
    """Read one real series and simulated ones of the same variables.

    Parameters
    ----------
    real : DataFrame or array of shape (steps, variables)
    simulated : Paths, DataFrame, array of shape (paths, steps, variables), or a list
    names : sequence of str, optional
        The variables, where ``real`` is an array.

    Returns
    -------
    Pair

    Raises
    ------
    DataError
        If values are missing, variables differ, there are several real series, or a variable of
        the real series does not vary.

    Examples
    --------
    >>> pair = read_pair(np.array([[0.0], [1.0]]), np.zeros((2, 5, 1)), ["X"])
    >>> pair.names, len(pair.simulated)
    (('X',), 2)
    """
    series, found = read_series(real, names)
    if len(series) != 1:
        raise DataError(f"{len(series)} real series; give one. Loop over the panel.")
    spread = np.ptp(series[0], axis=0)
    constant = [name for name, width in zip(found, spread, strict=True) if not width]
    if constant:
        raise DataError(
            f"{constant} of the real series do not vary; leave these columns out of both series."
        )
    return Pair(series[0], read_series(simulated, found)[0], found)


def kolmogorov(first: Floats, second: Floats) -> Floats:
    """Give the largest distance between distribution functions, column by column.

    Parameters
    ----------
    first, second : arrays of shape (n, p) and (m, p)

    Returns
    -------
    array of shape (p,)

    Examples
    --------
    >>> kolmogorov(np.array([[0.0], [1.0]]), np.array([[1.0], [2.0]]))
    array([0.5])
    """
    found = []
    for x, y in zip(np.sort(first.T), np.sort(second.T), strict=True):
        at = np.concatenate([x, y])
        below = [np.searchsorted(part, at, side="right") / len(part) for part in (x, y)]
        found.append(np.abs(below[0] - below[1]).max())
    return np.array(found)


def wasserstein(first: Floats, second: Floats, scale: Floats) -> Floats:
    """Give the Wasserstein-1 distance in units of ``scale``, column by column.

    Parameters
    ----------
    first, second : arrays of shape (n, p) and (m, p)
    scale : array of shape (p,)

    Returns
    -------
    array of shape (p,)

    Examples
    --------
    >>> wasserstein(np.array([[0.0], [1.0]]), np.array([[3.0], [4.0]]), np.array([2.0]))
    array([1.5])
    """
    from scipy.stats import wasserstein_distance

    pairs = zip(first.T, second.T, strict=True)
    return np.array([wasserstein_distance(x, y) for x, y in pairs]) / scale


@final
@dataclass(frozen=True)
class Marginal:
    """Tails and zeros of one variable, the simulated ones over all paths together.

    Parameters
    ----------
    variable : str
    q01, q99 : float
        Quantiles of the real series.
    zeros : float
        Share of its steps that are exactly 0.
    simulated_q01, simulated_q99, simulated_zeros : float
    """

    variable: str
    q01: float
    q99: float
    zeros: float
    simulated_q01: float
    simulated_q99: float
    simulated_zeros: float


def marginals(
    real: Any, simulated: Any, names: Sequence[str] | None = None
) -> tuple[Marginal, ...]:
    """Compare tails and zeros, variable by variable.

    Parameters
    ----------
    real, simulated, names
        As in :func:`read_pair`.

    Returns
    -------
    tuple of Marginal

    Raises
    ------
    DataError
        As in :func:`read_pair`.

    Examples
    --------
    >>> marginals(np.array([[0.0], [1.0]]), np.zeros((1, 2, 1)))[0].simulated_zeros
    1.0
    """
    pair = read_pair(real, simulated, names)
    pooled = np.concatenate(pair.simulated)
    return tuple(
        Marginal(name, *_tails(x), *_tails(y))
        for name, x, y in zip(pair.names, pair.real.T, pooled.T, strict=True)
    )


@final
@dataclass(frozen=True)
class Atom:
    """A value that a variable takes again and again.

    Parameters
    ----------
    variable : str
    value : float
    share, simulated_share : float
        Of the steps.
    """

    variable: str
    value: float
    share: float
    simulated_share: float


def atoms(real: Any, simulated: Any, names: Sequence[str] | None = None) -> tuple[Atom, ...]:
    """List the values that at least 1 % of the steps repeat, in either series.

    Parameters
    ----------
    real, simulated, names
        As in :func:`read_pair`.

    Returns
    -------
    tuple of Atom
        By variable, and by value.

    Raises
    ------
    DataError
        As in :func:`read_pair`.

    Examples
    --------
    >>> atoms(np.array([[0.0], [0.0], [1.0]]), np.array([[[0.0], [2.0], [3.0]]]))[0]
    Atom(variable='x0', value=0.0, share=0.67, simulated_share=0.33)
    """
    pair = read_pair(real, simulated, names)
    pooled = np.concatenate(pair.simulated)
    return tuple(
        Atom(name, value, float((x == value).mean()), float((y == value).mean()))
        for name, x, y in zip(pair.names, pair.real.T, pooled.T, strict=True)
        for value in sorted({*_repeated(x), *_repeated(y)})
    )


def _repeated(column: Floats) -> list[float]:
    """Give the values that occur more than once and in at least 1 % of the rows."""
    values, counts = np.unique(column, return_counts=True)
    often = counts >= max(2.0, SHARE_OF_ATOM * len(column))
    found: list[float] = values[often].tolist()
    return found


def _tails(column: Floats) -> tuple[float, float, float]:
    """Give the 1 % and 99 % quantiles and the share of zeros."""
    low, high = np.quantile(column, [0.01, 0.99])
    return float(low), float(high), float((column == 0).mean())
