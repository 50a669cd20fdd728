"""Drivers from outside: clocks, trends and given columns that act and are not acted upon.

A driver tells the values of its columns at any step. In the graph of a
:class:`causalsim.TemporalSCM` each column is a node of role ``"context"``, a parent at lag 0.

>>> Clock(4, harmonics=1).table(np.arange(4)).round(1)
array([[ 0.,  1.],
       [ 1.,  0.],
       [ 0., -1.],
       [-1., -0.]])
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self, final

import numpy as np
from numpy.typing import NDArray

from causalsim.errors import DataError, FormatError, OptionError, listing
from causalsim.scm.functions import Floats, natural_spline

__all__ = [
    "Clock",
    "Driver",
    "Given",
    "Trend",
    "as_drivers",
    "calendar",
    "decode_driver",
    "driver_names",
    "driver_table",
    "encode_driver",
]

Steps = NDArray[np.int64]
_YEAR_DAYS = 365.2425
CYCLES: Mapping[str, float] = {
    "day": 1.0,
    "week": 7.0,
    "month": _YEAR_DAYS / 12,
    "year": _YEAR_DAYS,
}


@dataclass(frozen=True)
class Driver(ABC):
    """Columns that are known at every step; abstract."""

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """Names of its columns."""

    @abstractmethod
    def table(self, steps: Steps) -> Floats:
        """Give its columns at some steps.

        Parameters
        ----------
        steps : array of int, shape (n,)
            Step 0 is the first row of the series that the model was fitted to.

        Returns
        -------
        array of shape (n, len(names))
        """

    def bound(self, length: int) -> Self:  # noqa: ARG002  most need no length
        """Give the driver for a series of ``length`` steps."""
        return self


@final
@dataclass(frozen=True)
class Clock(Driver):
    """A season: sines and cosines of a period.

    Parameters
    ----------
    period : float
        Steps in one turn, more than 1.
    harmonics : int
        Pairs of sine and cosine: of the period, half of it, a third ...
    offset : float
        Phase at step 0, in steps.
    name : str
        Its columns are ``name.sin1``, ``name.cos1`` and so on.
    """

    period: float
    harmonics: int = 2
    offset: float = 0.0
    name: str = "clock"

    def __post_init__(self) -> None:
        if not self.period > 1:
            raise OptionError(f"period={self.period}: expected more than 1 step.")
        if self.harmonics < 1:
            raise OptionError(f"harmonics={self.harmonics}: expected at least 1.")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of its columns."""
        turns = range(1, self.harmonics + 1)
        return tuple(f"{self.name}.{wave}{k}" for k in turns for wave in ("sin", "cos"))

    def table(self, steps: Steps) -> Floats:
        """Give its columns at some steps."""
        angle = 2 * np.pi * (np.asarray(steps)[:, None] + self.offset) / self.period
        turns = angle * np.arange(1, self.harmonics + 1)
        return np.stack([np.sin(turns), np.cos(turns)], axis=2).reshape(len(turns), -1)


@final
@dataclass(frozen=True)
class Trend(Driver):
    """A slow movement: a natural cubic spline of the step, held at its ends outside its span.

    Parameters
    ----------
    knots : int
        2 give a line, more a curve.
    last : int, optional
        Last step of its span, which begins at 0; fitting sets it.
    name : str
        Its columns are ``name.1``, ``name.2`` and so on.
    """

    knots: int = 4
    last: int | None = None
    name: str = "trend"

    def __post_init__(self) -> None:
        if self.knots < 2:
            raise OptionError(f"knots={self.knots}: a trend needs at least 2.")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of its columns."""
        return tuple(f"{self.name}.{k}" for k in range(1, self.knots))

    def bound(self, length: int) -> Self:
        """Give the trend that spans a series of ``length`` steps, unless it has a span."""
        return self if self.last is not None else replace(self, last=max(length - 1, 1))

    def table(self, steps: Steps) -> Floats:
        """Give its columns at some steps."""
        if self.last is None:
            raise OptionError(f"{self!r} has no span; write Trend({self.knots}, last=T - 1).")
        at = np.clip(np.asarray(steps, np.float64), 0, self.last) / self.last
        return natural_spline(at, np.linspace(0, 1, self.knots))


@final
@dataclass(frozen=True)
class Given(Driver):
    """Columns with given values, one row a step.

    Parameters
    ----------
    names : sequence of str
    rows : sequence of sequences of float
        Row k belongs to step k.
    """

    names: tuple[str, ...] = ()
    rows: tuple[tuple[float, ...], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(self.names))
        rows = tuple(tuple(float(x) for x in row) for row in self.rows)
        object.__setattr__(self, "rows", rows)
        if not rows or any(len(row) != len(self.names) for row in rows):
            raise DataError(f"{len(rows)} rows; expected some, each of {len(self.names)} values.")
        if not np.isfinite(np.array(rows)).all():
            raise DataError(f"the exogenous columns {listing(self.names)} have missing values.")

    def table(self, steps: Steps) -> Floats:
        """Give its columns at some steps; before step 0 those of step 0.

        Raises
        ------
        OptionError
            If a step lies beyond the given rows.
        """
        at = np.maximum(np.asarray(steps, np.int64), 0)
        if len(at) and at.max() >= len(self.rows):
            raise OptionError(
                f"step {at.max()} needs exogenous values of {listing(self.names)}, which are "
                f"given for {len(self.rows)} steps; simulate fewer steps, or fit with exogenous= "
                "that has rows for later steps as well."
            )
        return np.array(self.rows)[at]


def calendar(
    start: Any, step: Any, cycles: Sequence[str] = ("day", "week", "year"), harmonics: int = 2
) -> tuple[Clock, ...]:
    """Give clocks for the cycles of the calendar that a time stamp stands in.

    Parameters
    ----------
    start : str or Timestamp
        Time of step 0.
    step : str or Timedelta
        Time between steps, such as ``"1h"``.
    cycles : sequence of {"day", "week", "month", "year"}
        Those that take fewer than two steps are refused.
    harmonics : int

    Examples
    --------
    >>> [clock.period for clock in calendar("2024-01-01 06:00", "1h", ["day", "week"])]
    [24.0, 168.0]
    """
    import pandas as pd

    days = pd.Timedelta(step) / pd.Timedelta(days=1)
    monday = (pd.Timestamp(start) - pd.Timestamp("2001-01-01")) / pd.Timedelta(days=1)
    clocks = []
    for cycle in cycles:
        if cycle not in CYCLES:
            raise OptionError.from_choice("cycles", cycle, CYCLES)
        period = CYCLES[cycle]
        clocks.append(Clock(period / days, harmonics, monday % period / days, cycle))
    return tuple(clocks)


def as_drivers(exogenous: Any, length: int) -> tuple[Driver, ...]:
    """Read ``exogenous=``: a driver, a DataFrame of given columns, or a sequence of either.

    Raises
    ------
    OptionError
        If it is something else, or two columns have one name.

    >>> as_drivers(Trend(2), 10)
    (Trend(knots=2, last=9, name='trend'),)
    """
    if exogenous is None:
        return ()
    several = exogenous if isinstance(exogenous, list | tuple) else [exogenous]
    drivers = tuple(_as_driver(one).bound(length) for one in several)
    names = driver_names(drivers)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise OptionError(
            f"two exogenous columns are called {listing(twice)}; give a Clock or Trend a name."
        )
    return drivers


def _as_driver(one: Any) -> Driver:
    if isinstance(one, Driver):
        return one
    if hasattr(one, "columns") and hasattr(one, "to_numpy"):
        rows = one.to_numpy(float)
        return Given(tuple(map(str, one.columns)), tuple(map(tuple, rows.tolist())))
    raise OptionError(
        f"exogenous holds a {type(one).__name__}; expected a Clock, a Trend, calendar(...) or a "
        "DataFrame with one row per step."
    )


def driver_names(drivers: Sequence[Driver]) -> tuple[str, ...]:
    """Give the names of all columns of some drivers."""
    return tuple(name for driver in drivers for name in driver.names)


def driver_table(drivers: Sequence[Driver], steps: Steps) -> Floats:
    """Give all columns of some drivers, shape (len(steps), columns)."""
    return np.hstack([np.empty((len(steps), 0)), *(driver.table(steps) for driver in drivers)])


def encode_driver(driver: Driver) -> dict[str, Any]:
    """Give a driver as plain values."""
    return {
        "type": type(driver).__name__,
        **{field.name: getattr(driver, field.name) for field in fields(driver)},
    }


def decode_driver(payload: Mapping[str, Any]) -> Driver:
    """Rebuild a driver from :func:`encode_driver`."""
    options = dict(payload)
    kinds: dict[Any, type[Driver]] = {kind.__name__: kind for kind in (Clock, Trend, Given)}
    kind = options.pop("type", None)
    if kind not in kinds:
        raise FormatError(f"type={kind!r} of a driver is unknown; expected one of {list(kinds)}.")
    return kinds[kind](**options)
