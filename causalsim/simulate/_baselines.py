"""Simulators that no causal model needs, to be shown beside one.

Each takes a real series of shape (steps, variables) and gives paths of the same length. What
each is for stands in ``BASELINES``: an AUC means little without the cheater that beats it, the
bar that needs no graph, and the floor.

References
----------
.. [Politis1994] Politis & Romano, The stationary bootstrap, JASA 89.
.. [Prichard1994] Prichard & Theiler, Generating surrogate data for time series with several
   simultaneously measured variables, Physical Review Letters 73.
.. [MacKinnon1985] MacKinnon & White, Some heteroskedasticity-consistent covariance matrix
   estimators with improved finite sample properties, Journal of Econometrics 29.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, final

import numpy as np
from numpy.typing import NDArray

from causalsim._rng import RNG, check_rng
from causalsim.errors import DataError, OptionError
from causalsim.scm import spectral_radius
from causalsim.simulate._windows import read_series, windows

__all__ = [
    "BASELINES",
    "Baseline",
    "Simulator",
    "phase_surrogate",
    "ridge_var",
    "row_shuffle",
    "stationary_bootstrap",
    "var_residuals",
]

Floats = NDArray[np.float64]

PENALTY = 1e-3
STABLE = 0.999
BURN_IN = 200


class Simulator(Protocol):
    """What gives paths that look like a real series."""

    def __call__(self, real: Any, paths: int, rng: RNG = None) -> Floats:
        """Give paths, shape (paths, steps, variables)."""
        ...


def stationary_bootstrap(
    real: Any, paths: int, rng: RNG = None, *, mean_block: float = 50
) -> Floats:
    """Paste blocks of the real series, of geometric length, end to end.

    Parameters
    ----------
    real : DataFrame or array of shape (steps, variables)
        One series; its end is joined to its start.
    paths : int
    rng : int, Generator or None
    mean_block : float
        Mean length of a block, in steps.

    Returns
    -------
    array of shape (paths, steps, variables)

    Raises
    ------
    DataError
        If this is not one complete series.
    OptionError
        If ``paths`` or ``mean_block`` is below 1.

    References
    ----------
    [Politis1994]_.

    Examples
    --------
    >>> real = np.arange(6.0)[:, None]
    >>> stationary_bootstrap(real, 1, rng=0, mean_block=3)[0, :, 0]
    array([3., 3., 5., 4., 5., 0.])
    """
    steps = _one(real)
    _check_paths(paths)
    if not mean_block >= 1:
        raise OptionError(f"mean_block={mean_block}: a block has at least 1 step.")
    stream, n = check_rng(rng), len(steps)
    begins = stream.random((paths, n)) < 1 / mean_block
    begins[:, 0] = True
    start = stream.integers(n, size=(paths, n))
    last = np.maximum.accumulate(np.where(begins, np.arange(n), 0), axis=1)
    rows = np.take_along_axis(start, last, axis=1) + np.arange(n) - last
    return np.asarray(steps[rows % n])


def ridge_var(real: Any, paths: int, rng: RNG = None, *, max_lag: int = 3) -> Floats:
    """Roll a ridge vector autoregression forward on residual rows drawn with replacement.

    A row holds the residuals of all variables at one step, so that what they share at that step
    is kept. It is divided by ``sqrt(1 - h)``, h being the leverage of the step, which gives
    residuals the size that they have out of sample [MacKinnon1985]_. If the fit is not stable,
    the weights of lag l are shrunk by ``c**l`` to a spectral radius of 0.999.

    Parameters
    ----------
    real, paths, rng
        As in :func:`stationary_bootstrap`.
    max_lag : int
        Lags 1 to ``max_lag`` of all variables are parents of all.

    Returns
    -------
    array of shape (paths, steps, variables)
        Each starts 200 steps after a random window of the real series.

    Raises
    ------
    DataError, OptionError
        As in :func:`stationary_bootstrap`, or if the series is too short for ``max_lag``.

    Examples
    --------
    >>> real = np.random.default_rng(0).normal(size=(200, 2)).cumsum(axis=0) % 7
    >>> ridge_var(real, 3, rng=0).shape
    (3, 200, 2)
    """
    steps = _one(real)
    _check_paths(paths)
    free, shocks = _fit_var(steps, max_lag)
    weights = _stabilised(free, max_lag)
    centre, stream = steps.mean(axis=0), check_rng(rng)
    total = BURN_IN + len(steps)
    drawn = shocks[stream.integers(len(shocks), size=(paths, total))]
    start = stream.integers(len(steps) - max_lag + 1, size=paths)
    first = windows(steps - centre, max_lag, start).reshape(paths, max_lag, -1)
    values = np.concatenate([first, drawn], axis=1)
    for t in range(max_lag, max_lag + total):
        past = values[:, t - max_lag : t][:, ::-1].reshape(paths, -1)
        values[:, t] += past @ weights
    return np.asarray(values[:, -len(steps) :] + centre)


def var_residuals(steps: Floats, max_lag: int) -> Floats:
    """Give what a ridge vector autoregression leaves of each step.

    Parameters
    ----------
    steps : array of shape (steps, variables)
    max_lag : int

    Returns
    -------
    array of shape (steps - max_lag, variables)
        With mean 0.

    Raises
    ------
    DataError
        If the series is too short.
    OptionError
        If ``max_lag`` is below 1.

    Examples
    --------
    >>> steps = np.random.default_rng(0).normal(size=(100, 2))
    >>> var_residuals(steps, 1).shape
    (99, 2)
    """
    return _fit_var(steps, max_lag)[1]


def phase_surrogate(real: Any, paths: int, rng: RNG = None) -> Floats:
    """Turn the phases of the real series at random, by the same angle for all variables.

    Auto- and cross-spectra are exactly those of the real series, and the marginals nearly
    Gaussian.

    Parameters
    ----------
    real, paths, rng
        As in :func:`stationary_bootstrap`.

    Returns
    -------
    array of shape (paths, steps, variables)

    Raises
    ------
    DataError, OptionError
        As in :func:`stationary_bootstrap`.

    References
    ----------
    [Prichard1994]_.

    Examples
    --------
    >>> real = np.random.default_rng(0).normal(size=(50, 2))
    >>> same = phase_surrogate(real, 1, rng=0)[0]
    >>> np.allclose(np.cov(same.T), np.cov(real.T))
    True
    """
    steps = _one(real)
    _check_paths(paths)
    waves = np.fft.rfft(steps, axis=0)
    angles = check_rng(rng).uniform(0, 2 * np.pi, (paths, len(waves), 1))
    angles[:, 0] = 0
    if len(steps) % 2 == 0:
        angles[:, -1] = 0
    return np.asarray(np.fft.irfft(waves * np.exp(1j * angles), len(steps), axis=1))


def row_shuffle(real: Any, paths: int, rng: RNG = None) -> Floats:
    """Put the rows of the real series into random order.

    Parameters
    ----------
    real, paths, rng
        As in :func:`stationary_bootstrap`.

    Returns
    -------
    array of shape (paths, steps, variables)

    Raises
    ------
    DataError, OptionError
        As in :func:`stationary_bootstrap`.

    Examples
    --------
    >>> sorted(row_shuffle(np.arange(4.0)[:, None], 1, rng=0).ravel().tolist())
    [0.0, 1.0, 2.0, 3.0]
    """
    steps = _one(real)
    _check_paths(paths)
    rows = np.tile(np.arange(len(steps)), (paths, 1))
    return np.asarray(steps[check_rng(rng).permuted(rows, axis=1)])


@final
@dataclass(frozen=True)
class Baseline:
    """A simulator and what it is shown for.

    Parameters
    ----------
    simulate : Simulator
    role : str

    Examples
    --------
    >>> BASELINES["row_shuffle"].role
    'the floor: keeps the marginals, destroys time'
    """

    simulate: Simulator
    role: str


BASELINES: Mapping[str, Baseline] = {
    "stationary_bootstrap": Baseline(
        stationary_bootstrap, "the cheater: nothing but copies, which the copy check must catch"
    ),
    "ridge_var": Baseline(
        ridge_var, "the bar that a causal simulator must justify itself against"
    ),
    "phase_surrogate": Baseline(
        phase_surrogate, "the second moments: keeps all spectra, fails on skewed data"
    ),
    "row_shuffle": Baseline(row_shuffle, "the floor: keeps the marginals, destroys time"),
}


def _one(real: Any) -> Floats:
    """Read one series."""
    series, _ = read_series(real)
    if len(series) != 1:
        raise DataError(f"{len(series)} series; a baseline imitates one. Loop over the panel.")
    return series[0]


def _check_paths(paths: int) -> None:
    if type(paths) is not int or paths < 1:
        raise OptionError(f"paths={paths!r}: expected a whole number from 1 on.")


def _fit_var(steps: Floats, max_lag: int) -> tuple[Floats, Floats]:
    """Give weights, shape (max_lag * p, p), nearest lag first, and residual rows (n, p)."""
    if type(max_lag) is not int or max_lag < 1:
        raise OptionError(f"max_lag={max_lag!r}: expected a whole number from 1 on.")
    n, p = len(steps) - max_lag, steps.shape[1]
    if n <= max_lag * p + 1:
        raise DataError(
            f"{len(steps)} steps for {max_lag} lags of {p} variables; give more than "
            f"{max_lag * (p + 1) + 1} steps, or a smaller max_lag."
        )
    past = np.hstack([steps[max_lag - lag : -lag] for lag in range(1, max_lag + 1)])
    past, now = past - past.mean(axis=0), steps[max_lag:] - steps[max_lag:].mean(axis=0)
    scale = np.where(np.ptp(past, axis=0) > 0, past.std(axis=0), np.inf)
    values, vectors = np.linalg.eigh((past / scale).T @ (past / scale) / n)
    along = (past / scale) @ vectors
    damped = np.maximum(values, 0) + PENALTY
    weights = vectors @ (along.T @ now / n / damped[:, None]) / scale[:, None]
    leverage = 1 / n + (along**2 / damped).sum(axis=1) / n
    shocks = (now - past @ weights) / np.sqrt(np.maximum(1 - leverage, 0.01))[:, None]
    return weights, shocks - shocks.mean(axis=0)


def _stabilised(weights: Floats, max_lag: int) -> Floats:
    """Shrink the weights of lag l by ``c**l`` where the spectral radius is too large."""
    p = weights.shape[1]
    cube = np.zeros((p, p, max_lag + 1))
    cube[:, :, 1:] = weights.reshape(max_lag, p, p).transpose(1, 2, 0)
    shrink = min(1.0, STABLE / max(spectral_radius(cube), STABLE))
    return weights * np.repeat(shrink ** np.arange(1, max_lag + 1), p)[:, None]
