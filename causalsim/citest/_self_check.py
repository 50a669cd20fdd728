"""How often a test errs on data like the user's, with the independence true by construction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import final

import numpy as np

from causalsim._parallel import Progress, parallel_map
from causalsim._rng import RNG, spawn
from causalsim.citest._base import CITest, Floats
from causalsim.citest._streams import coded_columns
from causalsim.citest.kernel._ridge import Tuning, gaussian_spaces, tune
from causalsim.data import Kind, Table, read_table
from causalsim.errors import OptionError

__all__ = ["SelfCheck", "self_check"]

_LEAST_SCALE = 0.1


@final
@dataclass(frozen=True)
class SelfCheck:
    """The level of a test on simulated data, as a count.

    Parameters
    ----------
    test : str
        The spec.
    x, y : str
    given : tuple of str
    alpha : float
    rejected, repetitions : int
    n : int
        Rows of each simulated table.

    Examples
    --------
    >>> SelfCheck("FisherZ()", "X", "Y", (), 0.05, 12, 200, 100).level
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

    @property
    def level(self) -> float:
        """Share of simulated tables on which the true independence was rejected."""
        return self.rejected / self.repetitions

    @property
    def interval(self) -> tuple[float, float]:
        """Clopper and Pearson's 95 % interval of the level."""
        from scipy.stats import binomtest

        found = binomtest(self.rejected, self.repetitions).proportion_ci(0.95)
        return float(found.low), float(found.high)

    def __str__(self) -> str:
        low, high = self.interval
        given = f" | {', '.join(self.given)}" if self.given else ""
        verdict = "above" if low > self.alpha else "below" if high < self.alpha else "agrees with"
        return (
            f"{self.test} on {self.x} _||_ {self.y}{given}, n = {self.n}: rejected "
            f"{self.rejected} of {self.repetitions} simulated independences at {self.alpha:g}; "
            f"level {self.level:.3f} [{low:.3f}, {high:.3f}] {verdict} the nominal one."
        )


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

    Parameters
    ----------
    test : str or CITest
    data : Table, DataFrame, array or path
    x, y : str
    given : str or iterable of str
    alpha : float
    repetitions : int
        At 200 the level is known to about .03.
    n_jobs : int
    progress : bool or callable(done, total, message)
    rng : int, Generator or None

    Returns
    -------
    SelfCheck

    Raises
    ------
    OptionError
        If ``alpha`` or ``repetitions`` is out of range, or a column is named twice.
    NameNotFoundError
        If a column does not exist.
    DataError
        If values are missing, or the test does not take the columns.

    Notes
    -----
    The simulated relations are as smooth as what the regressions could learn from these rows: a
    relation too rough to be learned is not there, and its harm to the level is not seen.

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

    if not 0 < alpha < 1:
        raise OptionError(f"alpha={alpha!r}: expected a number between 0 and 1.")
    if type(repetitions) is not int or repetitions < 1:
        raise OptionError(f"repetitions={repetitions!r}: expected a positive whole number.")
    table = data if isinstance(data, Table) else read_table(data)
    names = (given,) if isinstance(given, str) else tuple(given)
    if len({x, y, *names}) < 2 + len(names):
        raise OptionError(f"x, y and given must differ: {x!r}, {y!r}, {list(names)}.")
    spec = get(test) if isinstance(test, str) else test
    twins = _Twins.of(table.select([x, y, *names]))
    tasks = [(spec, twins, alpha, stream) for stream in spawn(rng, repetitions)]
    rejected = parallel_map(
        _rejects, tasks, n_jobs=n_jobs, progress=progress, message="simulated tables"
    )
    return SelfCheck(repr(spec), x, y, names, alpha, sum(rejected), repetitions, len(table))


def _rejects(spec: CITest, twins: _Twins, alpha: float, rng: np.random.Generator) -> bool:
    table = twins.draw(rng)
    bound = spec(table)
    _, log_p = bound.batch([0], [1], [range(2, len(table.names))])
    return bool(log_p[0] <= np.log(alpha))


@final
@dataclass(frozen=True, eq=False)
class _Twins:
    """A table whose first two columns can be drawn anew, independently given the others."""

    table: Table
    models: tuple[_Model, _Model]

    @classmethod
    def of(cls, table: Table) -> _Twins:
        ordered = table.values[np.lexsort(table.values.T)]
        columns = coded_columns(table)
        rows = columns.joined(range(2, len(table.names)))
        models = (
            _Model.fit(ordered[:, i], columns.blocks[i], table.kinds[i], rows) for i in (0, 1)
        )
        same = Table(table.names, ordered, table.kinds, table.levels, table.notes)
        return cls(same, (next(models), next(models)))

    def draw(self, rng: np.random.Generator) -> Table:
        values = self.table.values.copy()
        for i, model in enumerate(self.models):
            values[:, i] = model.draw(rng)
        return Table(self.table.names, values, self.table.kinds, self.table.levels)


@final
@dataclass(frozen=True, eq=False)
class _Model:
    """A column given the set: expectation, spread and residuals, or shares of states.

    Parameters
    ----------
    column : array of shape (n,)
    expected : array of shape (n,) or (n, states)
    scale, residual : arrays of shape (n,)
    """

    column: Floats
    expected: Floats
    scale: Floats
    residual: Floats

    @classmethod
    def fit(cls, column: Floats, block: Floats, kind: Kind, rows: Floats) -> _Model:
        if kind is not Kind.CONTINUOUS:
            states = (column[:, None] == np.unique(column)).astype(np.float64)
            shares = np.clip(_smoothed(states, rows), 0.0, None)
            return cls(column, shares / shares.sum(axis=1, keepdims=True), column, column)
        expected = _smoothed(block, rows)[:, 0]
        residual = block[:, 0] - expected
        size = np.abs(residual)
        scale = np.maximum(_smoothed(size[:, None], rows)[:, 0], _LEAST_SCALE * size.mean())
        return cls(column, expected, scale, residual / scale)

    def draw(self, rng: np.random.Generator) -> Floats:
        n = len(self.column)
        if self.expected.ndim == 2:
            states = np.unique(self.column)
            passed = self.expected.cumsum(axis=1) < rng.random((n, 1))
            return np.asarray(states[np.minimum(passed.sum(axis=1), len(states) - 1)])
        drawn = self.expected + self.scale * self.residual[rng.integers(n, size=n)]
        return np.asarray(np.sort(self.column)[np.argsort(np.argsort(drawn))])


def _smoothed(target: Floats, rows: Floats) -> Floats:
    """Give the regression of columns on the set, shape (n, r); their means without a set."""
    mean = target.mean(axis=0)
    if rows.shape[1] == 0:
        return np.broadcast_to(mean, target.shape)
    tuning = Tuning()
    fit = tune(rows, target - mean, tuning, gaussian_spaces(rows, tuning))
    return np.asarray(target - fit.residual(target - mean))
