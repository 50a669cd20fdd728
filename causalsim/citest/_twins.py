"""Tables like a given one in which two columns are independent given the others.

Each of the two is a regression on the others plus residuals of its own: kernel ridge, or a random
forest [Breiman2001]_ where that predicts held-out rows about as well. Ridge alone would simulate
only what it can follow, and find no fault with tests that rest on it; a forest follows steps. A
forest alone makes stairs of lines, and finds fault with tests that are sound.

References
----------
.. [Breiman2001] Breiman, Random forests, Machine Learning 45.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from causalsim.citest._base import Floats
from causalsim.citest._streams import coded_columns
from causalsim.citest.kernel._ridge import Tuning, gaussian_spaces, tune
from causalsim.data import Kind, Table

__all__ = ["Model", "Regression", "Twins"]

_LEAST_SCALE = 0.1
_TREES, _LEAF = 50, 5
_AS_GOOD = 1.1


@final
@dataclass(frozen=True, eq=False)
class Twins:
    """A table whose first two columns can be drawn anew, independently given the others.

    Parameters
    ----------
    table : Table
        With its rows in an order that hangs on their values alone.
    models : pair of Model

    Examples
    --------
    >>> z, e, f = np.random.default_rng(0).normal(size=(3, 50))
    >>> values = np.column_stack([z + e, z + f, z])
    >>> table = Table(("X", "Y", "Z"), values, (Kind.CONTINUOUS,) * 3)
    >>> twin = Twins.of(table).draw(np.random.default_rng(0))
    >>> bool((np.sort(twin.values[:, 0]) == np.sort(values[:, 0])).all())
    True
    """

    table: Table
    models: tuple[Model, Model]

    @classmethod
    def of(cls, table: Table) -> Twins:
        """Fit the models of the first two columns, given the others.

        Raises
        ------
        DataError
            If values are missing, or a column is constant.
        """
        ordered = table.values[np.lexsort(table.values.T)]
        columns = coded_columns(table)
        rows = columns.joined(range(2, len(table.names)))
        models = (
            Model.fit(ordered[:, i], columns.blocks[i], table.kinds[i], Regression(rows, seed=i))
            for i in (0, 1)
        )
        same = Table(table.names, ordered, table.kinds, table.levels, table.notes)
        return cls(same, (next(models), next(models)))

    def draw(self, rng: np.random.Generator) -> Table:
        """Draw a table of the same shape."""
        values = self.table.values.copy()
        for i, model in enumerate(self.models):
            values[:, i] = model.draw(rng)
        return Table(self.table.names, values, self.table.kinds, self.table.levels)


@final
@dataclass(frozen=True, eq=False)
class Model:
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
    def fit(cls, column: Floats, block: Floats, kind: Kind, regression: Regression) -> Model:
        """Fit the model of a column, ``block`` being its standardised form."""
        if kind is not Kind.CONTINUOUS:
            states = (column[:, None] == np.unique(column)).astype(np.float64)
            shares = np.clip(regression(states)[0], 0.0, None)
            return cls(column, shares / shares.sum(axis=1, keepdims=True), column, column)
        expected, held_out = regression(block)
        residual = (block - held_out)[:, 0]
        size = np.abs(residual)
        least = max(_LEAST_SCALE * size.mean(), np.finfo(np.float64).tiny)
        scale = np.maximum(regression(size[:, None])[1][:, 0], least)
        return cls(column, expected[:, 0], scale, residual / scale)

    def draw(self, rng: np.random.Generator) -> Floats:
        """Draw the column, shape (n,), numbers with the marginal as observed."""
        n = len(self.column)
        if self.expected.ndim == 2:
            states = np.unique(self.column)
            passed = self.expected.cumsum(axis=1) < rng.random((n, 1))
            return np.asarray(states[np.minimum(passed.sum(axis=1), len(states) - 1)])
        drawn = self.expected + self.scale * self.residual[rng.integers(n, size=n)]
        return np.asarray(np.sort(self.column)[np.argsort(np.argsort(drawn))])


@final
@dataclass(frozen=True, eq=False)
class Regression:
    """Regressions on a set, by ridge or forest; means without a set.

    Parameters
    ----------
    rows : array of shape (n, d)
    seed : int
    """

    rows: Floats
    seed: int

    def __call__(self, target: Floats) -> tuple[Floats, Floats]:
        """Give fitted values, and those to take residuals from, both of shape (n, r)."""
        mean = np.broadcast_to(target.mean(axis=0), target.shape)
        if self.rows.shape[1] == 0:
            return mean, mean
        tuning = Tuning()
        ridge = tune(self.rows, target - mean, tuning, gaussian_spaces(self.rows, tuning))
        fitted, out_of_bag = self._forest(target)
        if ((target - out_of_bag) ** 2).sum() <= _AS_GOOD * ridge.score * len(target):
            return fitted, out_of_bag
        smooth = target - ridge.residual(target - mean)
        return smooth, smooth

    def _forest(self, target: Floats) -> tuple[Floats, Floats]:
        """Give fitted and out-of-bag values."""
        from sklearn.ensemble import RandomForestRegressor

        forest = RandomForestRegressor(
            _TREES, min_samples_leaf=_LEAF, oob_score=True, random_state=self.seed
        )
        forest.fit(self.rows, target[:, 0] if target.shape[1] == 1 else target)
        parts = (forest.predict(self.rows), forest.oob_prediction_)
        fitted, out_of_bag = (np.asarray(part).reshape(target.shape) for part in parts)
        return fitted, out_of_bag
