"""How a simulated series differs from the real one, value by value and over time.

No distance means anything alone: two draws of one law differ too. Each stands beside how far the
two halves of the real series are from one another (large if they drift, and larger anyway, being
half as long), and beside the 95 % quantile of the same distance between two stationary bootstraps
of the real series: what two series of the same law may show, drift aside.

References
----------
.. [Welch1967] Welch, The use of fast Fourier transform for the estimation of power spectra, IEEE
   Transactions on Audio and Electroacoustics 15.
.. [Schwert1989] Schwert, Tests for unit roots: a Monte Carlo investigation, Journal of Business
   & Economic Statistics 7.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from causalsim._rng import RNG
from causalsim.errors import DataError, OptionError
from causalsim.simulate._baselines import stationary_bootstrap, var_residuals
from causalsim.simulate._marginals import kolmogorov, read_pair, wasserstein

__all__ = [
    "Distance",
    "Stationarity",
    "autocorrelation",
    "cross_correlation",
    "cross_spectrum",
    "distances",
    "stationarity",
]

Floats = NDArray[np.float64]

LAGS = 48
SEGMENT = 256
FLOOR = 1e-6
LEVEL = 0.05


def autocorrelation(series: Floats, lags: int) -> Floats:
    """Give the autocorrelation of every column at lags 0 to ``lags``.

    Parameters
    ----------
    series : array of shape (steps, p)
    lags : int
        Fewer than steps.

    Returns
    -------
    array of shape (p, lags + 1)
        0 for a column that does not vary.

    Examples
    --------
    >>> autocorrelation(np.array([[1.0], [-1.0], [1.0], [-1.0]]), 1)
    array([[ 1.  , -0.75]])
    """
    unit = _standardised(series)
    waves = np.abs(np.fft.rfft(unit, 2 * len(unit), axis=0)) ** 2
    return np.asarray(np.fft.irfft(waves, axis=0)[: lags + 1].T / len(unit))


def cross_correlation(series: Floats, max_lag: int) -> Floats:
    """Give the correlation of every column's past with every column's present.

    Parameters
    ----------
    series : array of shape (steps, p)
    max_lag : int

    Returns
    -------
    array of shape (p, p, max_lag + 1)
        ``[i, j, l]`` is that of i[t-l] and j[t]; 0 where a column does not vary.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=1001)
    >>> pair = np.column_stack([x[1:], x[:-1]])
    >>> cross_correlation(pair, 1)[0, 1].round(1)
    array([0., 1.])
    """
    unit, n = _standardised(series), len(series)
    return np.stack([unit[: n - lag].T @ unit[lag:] / n for lag in range(max_lag + 1)], axis=2)


def cross_spectrum(series: Floats, segment: int) -> NDArray[np.complex128]:
    """Estimate spectra and cross-spectra from Hann windows that overlap by half.

    Parameters
    ----------
    series : array of shape (steps, p)
    segment : int
        Steps of a window.

    Returns
    -------
    array of shape (segment // 2 + 1, p, p)
        At each frequency; the power of column i is ``[:, i, i]``. Not normalised.

    References
    ----------
    [Welch1967]_.

    Examples
    --------
    >>> wave = np.cos(np.pi * np.arange(64) / 4)[:, None]
    >>> int(np.abs(cross_spectrum(wave, 16)[:, 0, 0]).argmax())
    2
    """
    views = np.lib.stride_tricks.sliding_window_view(series, segment, axis=0)[:: segment // 2]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(segment) / segment)
    waves = np.fft.rfft((views - views.mean(axis=2, keepdims=True)) * hann)
    stacked = waves.transpose(2, 1, 0)
    return np.asarray(stacked.conj() @ stacked.transpose(0, 2, 1) / len(views))


class _Scope(NamedTuple):
    """How far distances look: lags of autocorrelation, of causes, and steps of a segment."""

    lags: int
    max_lag: int
    segment: int
    sd: Floats


def _acf(first: Floats, second: Floats, scope: _Scope) -> Floats:
    gap = autocorrelation(first, scope.lags) - autocorrelation(second, scope.lags)
    return np.asarray(np.linalg.norm(gap, axis=1))


def _ccf(first: Floats, second: Floats, scope: _Scope) -> Floats:
    gap = cross_correlation(first, scope.max_lag) - cross_correlation(second, scope.max_lag)
    return _off_diagonal(gap)


def _residual(first: Floats, second: Floats, scope: _Scope) -> Floats:
    parts = [cross_correlation(var_residuals(x, scope.max_lag), 0) for x in (first, second)]
    return _off_diagonal(parts[0] - parts[1])


def _log_spectrum(first: Floats, second: Floats, scope: _Scope) -> Floats:
    spectra = [cross_spectrum(x, scope.segment) for x in (first, second)]
    powers = np.abs([np.diagonal(found, axis1=1, axis2=2) for found in spectra])[:, 1:]
    least = FLOOR * powers.mean(axis=1).max(axis=0)
    decibels = 10 * np.log10(np.maximum(powers, np.maximum(least, np.finfo(float).tiny)))
    return np.asarray(np.sqrt(((decibels[0] - decibels[1]) ** 2).mean(axis=0)))


def _coherence(first: Floats, second: Floats, scope: _Scope) -> Floats:
    found = [_coherences(cross_spectrum(x, scope.segment)[1:]) for x in (first, second)]
    p, gap = first.shape[1], (found[0] - found[1]) ** 2
    return np.atleast_1d(np.sqrt(gap.mean(axis=0).sum() / max(p * (p - 1), 1)))


def _coherences(spectrum: NDArray[np.complex128]) -> Floats:
    """Give squared coherences, 0 where a column has no power; shape (frequencies, p, p)."""
    power = np.abs(np.diagonal(spectrum, axis1=1, axis2=2))
    product = power[:, :, None] * power[:, None]
    return np.asarray(np.abs(spectrum) ** 2 / np.where(product > 0, product, np.inf))


def _off_diagonal(gap: Floats) -> Floats:
    """Give the Frobenius norm without i = j of an array of shape (p, p, lags)."""
    return np.atleast_1d(np.linalg.norm(gap[~np.eye(len(gap), dtype=bool)]))


Measure = Callable[[Floats, Floats, _Scope], Floats]
MEASURES: Mapping[str, Measure] = {
    "ks": lambda first, second, _: kolmogorov(first, second),
    "wasserstein": lambda first, second, scope: wasserstein(first, second, scope.sd),
    "acf": _acf,
    "log_spectrum": _log_spectrum,
    "ccf": _ccf,
    "residual_correlation": _residual,
    "coherence": _coherence,
}


@final
@dataclass(frozen=True)
class Distance:
    """How far simulated series are from the real one, in one respect.

    Parameters
    ----------
    measure : str
        ``"ks"`` and ``"wasserstein"`` (in standard deviations): the marginal. ``"acf"``: the
        Euclidean norm over lags 1 to 48. ``"log_spectrum"``: root mean square, in decibels.
        Over all pairs of variables, ``"ccf"``: the Frobenius norm over lags 0 to ``max_lag``;
        ``"residual_correlation"``: the same at lag 0, of what a vector autoregression leaves;
        ``"coherence"``: root mean square over pairs and frequencies.
    variable : str
        ``"all"`` for the last three.
    value : float
        Mean over the paths.
    low, high : float
        5 % and 95 % quantiles over the paths.
    halves : float
        The same between the two halves of the real series.
    reference : float
        The 95 % quantile of the same between two stationary bootstraps of the real series.
    """

    measure: str
    variable: str
    value: float
    low: float
    high: float
    halves: float
    reference: float


def distances(
    real: Any,
    simulated: Any,
    names: Sequence[str] | None = None,
    *,
    max_lag: int = 3,
    replicates: int = 50,
    rng: RNG = None,
) -> tuple[Distance, ...]:
    """Measure how marginals and dynamics of simulated series differ from the real ones.

    Parameters
    ----------
    real, simulated, names
        As in :func:`._marginals.read_pair`.
    max_lag : int
        Of ``"ccf"`` and ``"residual_correlation"``.
    replicates : int
        Pairs of bootstraps for the reference; their mean block is a 20th of the series, at least
        50 steps.
    rng : int, Generator or None

    Returns
    -------
    tuple of Distance
        By measure, then variable.

    Raises
    ------
    DataError
        If the series cannot be read, or are shorter than 40 steps.
    OptionError
        If ``replicates`` or ``max_lag`` is below 1.

    Examples
    --------
    >>> real = np.random.default_rng(0).normal(size=(300, 1))
    >>> simulated = np.random.default_rng(1).normal(size=(4, 300, 1)) + 1
    >>> shifted = distances(real, simulated, rng=0)[0]
    >>> shifted.measure, shifted.value > shifted.reference
    ('ks', True)
    """
    if type(replicates) is not int or replicates < 1:
        raise OptionError(f"replicates={replicates!r}: expected a whole number from 1 on.")
    pair = read_pair(real, simulated, names)
    scope = _scope(pair.real, pair.simulated, max_lag)
    block = max(50.0, len(pair.real) / 20)
    twins = stationary_bootstrap(pair.real, 2 * replicates, rng, mean_block=block)
    half = len(pair.real) // 2
    found = []
    for name, measure in MEASURES.items():
        values = np.array([measure(pair.real, path, scope) for path in pair.simulated])
        usual = [measure(x, y, scope) for x, y in zip(twins[::2], twins[1::2], strict=True)]
        numbers = np.column_stack(
            [
                values.mean(axis=0),
                *np.quantile(values, [0.05, 0.95], axis=0),
                measure(pair.real[:half], pair.real[half:], scope),
                np.quantile(usual, 0.95, axis=0),
            ]
        )
        labels = pair.names if name in _BY_VARIABLE else ("all",)
        found += [
            Distance(name, who, *row) for who, row in zip(labels, numbers.tolist(), strict=True)
        ]
    return tuple(found)


_BY_VARIABLE = frozenset({"ks", "wasserstein", "acf", "log_spectrum"})


def _scope(real: Floats, simulated: Sequence[Floats], max_lag: int) -> _Scope:
    """Choose lags and segments that half of the shortest series holds."""
    steps = min(len(real), *map(len, simulated))
    if steps < 40:
        raise DataError(f"the shortest series has {steps} steps; give at least 40.")
    return _Scope(min(LAGS, steps // 4), max_lag, min(SEGMENT, steps // 4), real.std(axis=0))


@final
@dataclass(frozen=True)
class Stationarity:
    """What two tests at level .05 say about one variable.

    Parameters
    ----------
    variable : str
    adf : bool
        Whether Dickey and Fuller's test rejects a unit root in the real series: stationary.
    simulated_adf : float
        The share of paths in which it does.
    kpss : bool
        Whether the test of Kwiatkowski, Phillips, Schmidt and Shin rejects stationarity.
    simulated_kpss : float
        The share of paths in which it does.
    """

    variable: str
    adf: bool
    simulated_adf: float
    kpss: bool
    simulated_kpss: float


def stationarity(
    real: Any, simulated: Any, names: Sequence[str] | None = None
) -> tuple[Stationarity, ...]:
    """Test every variable for a unit root and for stationarity around a constant.

    Parameters
    ----------
    real, simulated, names
        As in :func:`._marginals.read_pair`.

    Returns
    -------
    tuple of Stationarity

    Raises
    ------
    DataError
        If the series cannot be read, or are shorter than 40 steps.

    Notes
    -----
    ADF takes ``12 (steps / 100)^(1/4)`` lags [Schwert1989]_, KPSS chooses its own. A path in
    which the variable does not vary counts as stationary.

    Examples
    --------
    >>> steps = np.random.default_rng(0).normal(size=(200, 2))
    >>> steps[:, 1] = steps[:, 1].cumsum()
    >>> [(row.adf, row.kpss) for row in stationarity(steps, steps[None])]
    [(True, False), (False, True)]
    """
    pair = read_pair(real, simulated, names)
    _scope(pair.real, pair.simulated, 1)
    found = []
    for i, name in enumerate(pair.names):
        adf, kpss = _rejections(pair.real[:, i])
        shares = np.mean([_rejections(path[:, i]) for path in pair.simulated], axis=0)
        found.append(Stationarity(name, adf, float(shares[0]), kpss, float(shares[1])))
    return tuple(found)


def _rejections(column: Floats) -> tuple[bool, bool]:
    """Tell whether ADF and KPSS reject."""
    from statsmodels.tsa.stattools import adfuller, kpss

    if np.ptp(column) == 0:
        return True, False
    lags = int(12 * (len(column) / 100) ** 0.25)
    with warnings.catch_warnings():
        # a p-value beyond the tables is reported as their last one; return types may change
        warnings.simplefilter("ignore")
        unit_root, trend = adfuller(column, maxlag=lags, autolag=None), kpss(column, "c", "auto")
    return bool(unit_root[1] < LEVEL), bool(trend[1] < LEVEL)


def _standardised(series: Floats) -> Floats:
    """Centre and scale columns; one that does not vary becomes 0."""
    sd = np.where(np.ptp(series, axis=0) > 0, series.std(axis=0), np.inf)
    return np.asarray((series - series.mean(axis=0)) / sd)
