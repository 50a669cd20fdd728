"""What real and simulated series look like: lines to draw side by side, as plain arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self, final

import numpy as np
from numpy.typing import NDArray

from causalsim._rng import RNG
from causalsim.errors import DataError
from causalsim.simulate._baselines import stationary_bootstrap
from causalsim.simulate._dynamics import LAGS, SEGMENT, autocorrelation, cross_spectrum
from causalsim.simulate._marginals import read_pair

__all__ = ["Curves", "curves"]

Floats = NDArray[np.float64]

STEPS = 500
LEVELS = 50
LEAST = 40


@final
@dataclass(frozen=True, eq=False)
class Curves:
    """Lines of p variables: the first row of each array is real, the second simulated.

    Parameters
    ----------
    names : tuple of str
    series : array of shape (2, steps, p)
        The first steps of the real series and of one path.
    quantiles : array of shape (2, levels, p)
        At the levels (k + 1/2) / 50, of all steps of the real series and of all paths.
    autocorrelations : array of shape (2, lags + 1, p)
        From lag 0 on; a mean over the paths.
    band : array of shape (2, lags + 1, p)
        Low and high ends of pointwise 95 % bands around the real autocorrelations.
    frequencies : array of shape (f,)
        In cycles a step, between 0 and 1/2.
    spectra : array of shape (2, f, p)
        Power a unit of frequency; a mean over the paths.
    """

    names: tuple[str, ...]
    series: Floats
    quantiles: Floats
    autocorrelations: Floats
    band: Floats
    frequencies: Floats
    spectra: Floats

    def to_dict(self) -> dict[str, Any]:
        """Give the lines as plain values, readable by :meth:`from_dict`."""
        found = asdict(self)
        names = found.pop("names")
        return {"names": list(names), **{key: value.tolist() for key, value in found.items()}}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Self:
        """Rebuild lines from :meth:`to_dict`."""
        arrays = {key: np.array(value) for key, value in content.items() if key != "names"}
        return cls(tuple(content["names"]), **arrays)


def curves(
    real: Any,
    simulated: Any,
    names: Sequence[str] | None = None,
    *,
    replicates: int = 200,
    rng: RNG = None,
) -> Curves:
    """Compute what is drawn of a real series and simulated ones.

    Parameters
    ----------
    real, simulated, names
        As in :func:`._marginals.read_pair`.
    replicates : int
        Stationary bootstraps of the real series for the band; their mean block is a 20th of the
        series, at least 50 steps.
    rng : int, Generator or None

    Returns
    -------
    Curves

    Raises
    ------
    DataError
        If the series cannot be read, or are shorter than 40 steps.

    Notes
    -----
    Pasting blocks shrinks correlations at lag l by ``(1 - 1 / block)**l``: the bands take from
    the bootstraps how far these lie around their mean, and lie around the real line.

    Examples
    --------
    >>> real = np.random.default_rng(0).normal(size=(300, 1))
    >>> found = curves(real, np.random.default_rng(1).normal(size=(4, 300, 1)), rng=0)
    >>> low, high = found.band[:, 1:]
    >>> bool(np.mean((low < 0) & (high > 0)) > 0.8)
    True
    """
    pair = read_pair(real, simulated, names)
    steps = min(len(pair.real), *map(len, pair.simulated))
    if steps < LEAST:
        raise DataError(f"the shortest series has {steps} steps; give at least {LEAST}.")
    lags, segment = min(LAGS, steps // 4), min(SEGMENT, steps // 4)
    mine = autocorrelation(pair.real, lags).T
    paths = [autocorrelation(path, lags).T for path in pair.simulated]
    powers = [_power(path, segment) for path in pair.simulated]
    return Curves(
        pair.names,
        np.stack([one[: min(steps, STEPS)] for one in (pair.real, pair.simulated[0])]),
        _quantiles(pair.real, np.vstack(pair.simulated)),
        np.stack([mine, np.mean(paths, axis=0)]),
        np.clip(mine + _spread(pair.real, lags, replicates, rng), -1, 1),
        np.arange(1, (segment + 1) // 2) / segment,
        np.stack([_power(pair.real, segment), np.mean(powers, axis=0)]),
    )


def _quantiles(real: Floats, simulated: Floats) -> Floats:
    levels = (np.arange(LEVELS) + 0.5) / LEVELS
    return np.stack([np.quantile(one, levels, axis=0) for one in (real, simulated)])


def _spread(real: Floats, lags: int, replicates: int, rng: RNG) -> Floats:
    """Give 2.5 % and 97.5 % quantiles of bootstrapped autocorrelations around their mean."""
    block = max(50.0, len(real) / 20)
    pasted = stationary_bootstrap(real, replicates, rng, mean_block=block)
    found = np.stack([autocorrelation(one, lags).T for one in pasted])
    return np.asarray(np.quantile(found - found.mean(axis=0), [0.025, 0.975], axis=0))


def _power(series: Floats, segment: int) -> Floats:
    """Give the density of power at the frequencies within (0, 1/2), shape (f, p)."""
    spectrum = cross_spectrum(series, segment)[1 : (segment + 1) // 2]
    weight = 3 / 8 * segment  # the sum of squares of a Hann window
    return np.asarray(2 / weight * np.diagonal(spectrum, axis1=1, axis2=2).real)
