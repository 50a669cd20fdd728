"""What ``act`` searches: configurations of structure, mechanism, noise and drivers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import product
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from causalsim.errors import OptionError
from causalsim.graph.temporal import TemporalGraph
from causalsim.scm.exogenous import Clock, Driver, Trend

__all__ = ["Configuration", "default_space", "get_space", "seasonal_period"]

Floats = NDArray[np.float64]
SPACES = ("default", "small")


@final
@dataclass(frozen=True)
class Configuration:
    """One way to fit a simulator; the arguments of :func:`causalsim.tcs`.

    Parameters
    ----------
    discovery : str, TemporalGraph or callable
    mechanism : str or Mechanism
    noise : str or NoiseModel
    joint : {"auto", "rows", "gaussian", "none"}
    exogenous : tuple of Driver
    alpha : float or None
        Level of the discovery.
    label : str
        How it is called in the leaderboard; by default its parts.

    Examples
    --------
    >>> Configuration("pcmci_plus", "ridge", exogenous=(Clock(24),)).label
    'pcmci_plus(0.01) ridge auto clock'
    """

    discovery: Any = "pcmci_plus"
    mechanism: Any = "auto"
    noise: Any = "auto"
    joint: str = "auto"
    exogenous: tuple[Driver, ...] = ()
    alpha: float | None = 0.01
    label: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "exogenous", tuple(self.exogenous))
        if not self.label:
            object.__setattr__(self, "label", self._described())

    def _described(self) -> str:
        method = self.discovery
        if isinstance(method, TemporalGraph):
            found = f"graph of {method.n_edges} edges"
        elif isinstance(method, str):
            found = method if method in {"dense", "ar"} else f"{method}({self.alpha})"
        else:
            found = getattr(method, "__name__", "callable")
        drivers = dict.fromkeys(name.split(".")[0] for d in self.exogenous for name in d.names)
        return " ".join([found, str(self.mechanism), str(self.noise), *drivers])


def default_space(series: Floats, *, small: bool = False) -> tuple[Configuration, ...]:
    """Give the configurations that ``act`` tries by default, 24 of them, or 6.

    Four structures (PCMCI+ at .01 and .05, self-lags alone, dense) times three mechanisms
    (ridge, sampled forest, forest mean) times with and without drivers: a trend, and the season
    if the autocorrelation shows one.

    Parameters
    ----------
    series : array of shape (T, p)
    small : bool
        Only PCMCI+ at .01.
    """
    period = seasonal_period(series)
    drivers: tuple[Driver, ...] = (Trend(6),)
    if period is not None:
        drivers = (Clock(period), *drivers)
    structures = [("pcmci_plus", 0.01), ("pcmci_plus", 0.05), ("dense", None), ("ar", None)]
    mechanisms = ["ridge", "forest_sampler", "extra_trees"]
    chosen = product(structures[: 1 if small else 4], mechanisms, [(), drivers])
    return tuple(
        Configuration(method, mechanism, exogenous=outside, alpha=alpha)
        for (method, alpha), mechanism, outside in chosen
    )


def get_space(space: str | Iterable[Configuration], series: Floats) -> tuple[Configuration, ...]:
    """Read ``space=``: a name or configurations, each once.

    Raises
    ------
    OptionError
        If it is neither, or empty.
    """
    if isinstance(space, str):
        if space not in SPACES:
            raise OptionError.from_choice("space", space, SPACES)
        return default_space(series, small=space == "small")
    found: list[Any] = list(space)
    wrong = [type(each).__name__ for each in found if not isinstance(each, Configuration)]
    if wrong or not found:
        raise OptionError(
            f"space holds {', '.join(wrong) or 'nothing'}; expected causalsim.simulate."
            "Configuration objects, such as Configuration('pcmci_plus', 'ridge')."
        )
    return tuple(each for k, each in enumerate(found) if each not in found[:k])


def seasonal_period(series: Floats, *, least: int = 4, peak: float = 0.3) -> int | None:
    """Give the period of the season that the variables share, or None.

    That of the highest local peak of the mean autocorrelation, after a line is taken out, at
    lags from ``least`` to a quarter of the series; below ``peak`` there is none.

    Parameters
    ----------
    series : array of shape (T, p)
    least : int
        Smallest period.
    peak : float
        Smallest autocorrelation that counts.

    Examples
    --------
    >>> t = np.arange(400.0)
    >>> seasonal_period(np.sin(2 * np.pi * t / 24)[:, None]), seasonal_period(t[:, None])
    (24, None)
    """
    rho = _autocorrelation(series, len(series) // 4)
    inside = range(max(least, 1), len(rho) - 1)
    peaks = [k for k in inside if rho[k - 1] < rho[k] >= rho[k + 1] and rho[k] > peak]
    return max(peaks, key=lambda k: rho[k], default=None)


def _autocorrelation(series: Floats, lags: int) -> Floats:
    """Give the mean autocorrelation of the columns at lags 0 to ``lags``."""
    steps = np.arange(len(series), dtype=np.float64)
    basis = np.column_stack([np.ones_like(steps), steps])
    rest = series - basis @ np.linalg.lstsq(basis, series)[0]
    spectrum = np.abs(np.fft.rfft(rest, 2 * len(series), axis=0)) ** 2
    cover = np.fft.irfft(spectrum, axis=0)[: lags + 1]
    powers = np.maximum(cover[0], 1e-12 * np.maximum(series.var(axis=0), 1e-300))
    return np.asarray((cover / powers).mean(axis=1))
