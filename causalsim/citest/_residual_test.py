"""The bound test of :mod:`causalsim.citest.residual`, where the statistic is explained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np
from numpy.typing import ArrayLike

from causalsim.citest._base import BoundTest, Floats, Ints, questions
from causalsim.citest._residual_laws import maximum, quadratic, signs
from causalsim.citest._streams import Columns
from causalsim.citest.kernel._ridge import Space, Tuning, gaussian_spaces, tune
from causalsim.citest.kernel._store import Store
from causalsim.data import Kind

if TYPE_CHECKING:
    from causalsim.citest.residual import GCM

__all__ = ["ResidualTest"]

_FEWEST_ROWS = 10
_NOTHING_LEFT = 1e-4
_TUNING = Tuning()
Set = tuple[int, ...]


@final
@dataclass(frozen=True, eq=False)
class ResidualTest(BoundTest):
    """The measure bound to columns; residuals are remembered by column and set.

    Parameters
    ----------
    spec : GCM
    names : tuple of str
    n : int
    columns : Columns
    store : Store

    Examples
    --------
    >>> from causalsim.citest import GCM
    >>> data = np.random.default_rng(0).normal(size=(60, 3))
    >>> GCM()(data).effects([0], [1], [[2]]).shape
    (1,)
    """

    spec: GCM
    names: tuple[str, ...]
    n: int
    columns: Columns
    store: Store

    def batch(self, xs: ArrayLike, ys: ArrayLike, givens: ArrayLike) -> tuple[Floats, Floats]:
        """Test many pairs at once; see :class:`~causalsim.citest.BoundTest`."""
        statistic, log_p, _, _ = self._answers(*questions(xs, ys, givens)).T
        return statistic, log_p

    def effects(self, xs: ArrayLike, ys: ArrayLike, givens: ArrayLike) -> Floats:
        """Give |mean| / root mean square of the residuals' products, in [0, 1], shape (m,)."""
        return self._answers(*questions(xs, ys, givens))[:, 2]

    def _details(self, x: int, y: int, given: Set) -> tuple[float, float, int]:
        _, _, effect, dof = self._answers(*questions([x], [y], [given]))[0]
        return float(effect), float(dof), self.n

    def _answers(self, xs: Ints, ys: Ints, givens: Ints) -> Floats:
        """Give statistic, log p, effect and dof of each question, shape (m, 4), set by set."""
        answers = np.full((len(xs), 4), [np.nan, -np.inf, np.nan, np.nan])
        if self.n < _FEWEST_ROWS:
            return answers
        for given, members in self.columns.by_set(givens).items():
            for m in members:
                pair = self.columns.ordered((int(xs[m]), int(ys[m])))
                answers[m] = self._score(pair, given)
        return answers

    def _score(self, pair: Set, given: Set) -> tuple[float, float, float, float]:
        products = self._products(pair, given)
        if products.shape[1] == 0:
            return np.nan, -np.inf, np.nan, np.nan
        if not (self.spec.weighted and given):
            return quadratic(products)
        weights = signs(self.columns.joined(given))
        weighted = (products[:, :, None] * weights[:, None, :]).reshape(self.n, -1)
        rng = self.columns.stream(self.spec.seed, "multipliers", pair, given)
        return maximum(weighted, self.spec.draws, rng)

    def _products(self, pair: Set, given: Set) -> Floats:
        """Give the products of residuals, shape (n, d), without a column's last level."""
        x, y = (
            left[:, :-1] if self.columns.kinds[i] is Kind.DISCRETE else left
            for i, left in ((i, self._residual(i, given)) for i in pair)
        )
        if min((x * x).mean(), (y * y).mean()) < _NOTHING_LEFT:
            return np.empty((self.n, 0))
        return (x[:, :, None] * y[:, None, :]).reshape(self.n, -1)

    def _residual(self, column: int, given: Set) -> Floats:
        """Give what the regression on a set leaves of a column, shape (n, d)."""
        if not given:
            return self.columns.blocks[column]
        fit = self._ridge if self.spec.regressor == "ridge_kernel" else self._estimator
        return self.store.get(("residual", column, given), lambda: fit(column, given))

    def _ridge(self, column: int, given: Set) -> Floats:
        """Give the residuals of kernel ridge."""
        target = self.columns.blocks[column]
        fit = tune(self.columns.joined(given), target, _TUNING, self._spaces(given))
        return fit.residual(target)

    def _spaces(self, given: Set) -> list[Space]:
        """Give the spaces of the regressions on a set, one for each width."""
        return self.store.get(
            ("spaces", given), lambda: gaussian_spaces(self.columns.joined(given), _TUNING)
        )

    def _estimator(self, column: int, given: Set) -> Floats:
        """Give the residuals of scikit-learn's regressor, on other folds' fits if asked for."""
        rng = self.columns.stream(self.spec.seed, "regressor", (column,), given)
        model = _seeded(self.spec.regressor, rng)
        order = self.columns.row_order((*given, column))
        z, target = self.columns.joined(given)[order], self.columns.blocks[column][order]
        parts = max(self.spec.folds, 1)
        fold, fitted = np.arange(self.n) % parts, np.empty_like(target)
        for part in range(parts):
            held = fold == part
            seen = ~held if self.spec.folds else held
            for j in range(target.shape[1]):
                fitted[held, j] = _clone(model).fit(z[seen], target[seen, j]).predict(z[held])
        left = np.empty_like(target)
        left[order] = target - fitted
        return left


def _seeded(regressor: object, rng: np.random.Generator) -> Any:
    """Give an unfitted regressor whose random state, if it has one and left it open, is fixed."""
    from sklearn.ensemble import GradientBoostingRegressor

    model = GradientBoostingRegressor(max_depth=2) if regressor == "boosting" else regressor
    model = _clone(model)
    if model.get_params().get("random_state", 0) is None:
        model.set_params(random_state=int(rng.integers(2**31)))
    return model


def _clone(model: object) -> Any:
    from sklearn.base import clone

    return clone(model)
