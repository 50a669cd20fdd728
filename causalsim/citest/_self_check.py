"""How often a test errs on data like the user's, with the independence true by construction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, final

import numpy as np

from causalsim._parallel import Progress, parallel_map
from causalsim._rng import RNG, spawn
from causalsim.citest._base import CITest
from causalsim.citest._reading import workable, works
from causalsim.citest._streams import coded_columns
from causalsim.citest._twins import Twins
from causalsim.data import Table, read_table
from causalsim.errors import DataError, OptionError

__all__ = ["SelfCheck", "self_check"]

_VAGUE, _SILENT = 0.1, 0.9
_MOST_REPETITIONS = 100_000


@final
@dataclass(frozen=True)
class SelfCheck:
    """The level of a test on simulated data, as a count.

    Parameters
    ----------
    test : str
        Name and settings.
    x, y : str
    given : tuple of str
    alpha : float
    rejected, repetitions : int
    n : int
        Rows of each simulated table.
    untestable : int
        Repetitions on which the test had no answer; neither rejected nor part of the level.

    Examples
    --------
    >>> SelfCheck("fisher_z", "X", "Y", (), 0.05, 12, 200, 100).level
    0.06
    """

    test: str
    x: str
    y: str
    given: tuple[str, ...]
    alpha: float
    rejected: int
    repetitions: int
    n: int
    untestable: int = 0

    @property
    def tested(self) -> int:
        """Simulated tables on which the test had an answer."""
        return self.repetitions - self.untestable

    @property
    def level(self) -> float:
        """Share of them on which the true independence was rejected."""
        return self.rejected / self.tested

    @property
    def interval(self) -> tuple[float, float]:
        """Clopper and Pearson's 95 % interval of the level."""
        from scipy.stats import binomtest

        found = binomtest(self.rejected, self.tested).proportion_ci(0.95)
        return float(found.low), float(found.high)

    def to_dict(self) -> dict[str, Any]:
        """Give the counts, the level, its interval and the verdict as plain values.

        Returns
        -------
        dict
        """
        low, high = self.interval
        found = {"level": self.level, "interval": [low, high], "verdict": self._verdict(low, high)}
        return {**asdict(self), "given": list(self.given), **found}

    def __str__(self) -> str:
        low, high = self.interval
        given = f" | {', '.join(self.given)}" if self.given else ""
        apart = f" ({self.untestable} more were untestable)" if self.untestable else ""
        return (
            f"{self.test} on {self.x} _||_ {self.y}{given}, n = {self.n}: rejected "
            f"{self.rejected} of {self.tested} simulated independences at {self.alpha:g}{apart}; "
            f"level {self.level:.3f} [{low:.3f}, {high:.3f}] {self._verdict(low, high)}."
        )

    def _verdict(self, low: float, high: float) -> str:
        if low > self.alpha:
            return "above the nominal one"
        if high < self.alpha:
            return "below the nominal one"
        if high - low > _VAGUE:
            return "leaves it open: too few repetitions to tell"
        return "agrees with the nominal one"


def self_check(
    test: str | CITest,
    data: object,
    x: str,
    y: str,
    given: str | Iterable[str] = (),
    *,
    alpha: float = 0.05,
    repetitions: int = 200,
    n_jobs: int = 1,
    progress: bool | Progress = False,
    rng: RNG = 0,
) -> SelfCheck:
    """Measure the level of a test on data like these.

    x and y are simulated anew from their regressions on the set, each with residuals of its own,
    rescaled where their spread changes with the set, and mapped to the observed marginal; the
    set stays as it is. So x _||_ y | given holds by construction, at this n, with these columns.
    A regression is kernel ridge, as inside the tests, or a random forest [Breiman2001]_ where that
    predicts held-out rows about as well: ridge alone would find no fault where it is blind, as it
    is to steps.

    Parameters
    ----------
    test : str or CITest
    data : Table, DataFrame, array or path
    x, y : str
    given : str or iterable of str
    alpha : float
    repetitions : int
        At 200 the level is known to about .03; at most 100 000.
    n_jobs : int
    progress : bool or callable(done, total, message)
    rng : int, Generator or None

    Returns
    -------
    SelfCheck

    Raises
    ------
    OptionError
        If ``alpha`` or ``repetitions`` is out of range, a column is named twice, or the test draws
        so few numbers that it could never reject at ``alpha``.
    NameNotFoundError
        If a column does not exist.
    DataError
        If values are missing, the test does not take the columns, or it has no answer on nearly
        all simulated tables, as with too few rows.

    Notes
    -----
    The simulated relations are what a regression could learn from these rows: a relation too rough
    for both is not there, and its harm to the level is not seen.

    References
    ----------
    .. [Breiman2001] Breiman, Random forests, Machine Learning 45.

    Examples
    --------
    >>> z, e, f = np.random.default_rng(0).normal(size=(3, 80))
    >>> data = np.column_stack([z**2 + e / 2, z**2 + f / 2, z])
    >>> self_check("fisher_z", data, "x0", "x1", "x2").level > 0.5
    True
    >>> self_check("kci", data, "x0", "x1", "x2").level < 0.1
    True
    """
    from causalsim.citest._registry import get

    _check_numbers(alpha, repetitions)
    names = (given,) if isinstance(given, str) else tuple(given)
    table = data if isinstance(data, Table) else _read(data, [x, y, *names])
    if len({x, y, *names}) < 2 + len(names):
        raise OptionError(f"x, y and given must differ: {x!r}, {y!r}, {list(names)}.")
    spec = get(test) if isinstance(test, str) else test
    spec.refuse_level(alpha)
    twins = Twins.of(table.select([x, y, *names]))
    tasks = [(spec, twins, stream) for stream in spawn(rng, repetitions)]
    log_p = np.array(
        parallel_map(_log_p, tasks, n_jobs=n_jobs, progress=progress, message="simulated tables")
    )
    rejected, untestable = int((log_p <= np.log(alpha)).sum()), int(np.isnan(log_p).sum())
    if untestable > _SILENT * repetitions:
        raise DataError(
            f"{spec} has no answer on {untestable} of {repetitions} simulated tables: too few "
            f"rows, {len(table)} for sets of {len(names)}. Give more rows or a smaller set."
        )
    return SelfCheck(str(spec), x, y, names, alpha, rejected, repetitions, len(table), untestable)


def _read(data: object, names: Sequence[str]) -> Table:
    """Read a table of which some columns are to be simulated."""

    def accepted(**change: str) -> bool:
        reading: Any = {"degenerate": "drop", **change}
        return works(lambda: coded_columns(read_table(data, **reading).select(names)))

    with workable(accepted, itself=False):
        return read_table(data)


def _check_numbers(alpha: float, repetitions: object) -> None:
    """Refuse a level or a number of repetitions out of range."""
    if not 0 < alpha < 1:
        raise OptionError(f"alpha={alpha!r}: expected a number between 0 and 1.")
    if type(repetitions) is not int or repetitions < 1:
        raise OptionError(f"repetitions={repetitions!r}: expected a positive whole number.")
    if repetitions > _MOST_REPETITIONS:
        raise OptionError(
            f"repetitions={repetitions}: expected at most {_MOST_REPETITIONS}, which tell the "
            "level to .0014; write repetitions=200 for .03, or 1000 for .014."
        )


def _log_p(spec: CITest, twins: Twins, rng: np.random.Generator) -> float:
    """Give log p on one simulated table; NaN if it is untestable."""
    table = twins.draw(rng)
    if not np.ptp(table.values[:, :2], axis=0).all():
        return np.nan
    statistic, log_p = spec(table).batch([0], [1], [range(2, len(table.names))])
    return np.nan if np.isnan(statistic[0]) else float(log_p[0])
