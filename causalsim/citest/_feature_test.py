"""The bound tests of :mod:`causalsim.citest.random_features`, where the statistic is explained."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np
from numpy.typing import ArrayLike

from causalsim.citest._base import BoundTest, Floats, Ints, questions
from causalsim.citest._correlation import blocks
from causalsim.citest._lindsay import log_lpb4_tail
from causalsim.citest._nulls import (
    cumulants,
    log_cauchy_combination,
    log_gamma_tail_from_moments,
    log_hbe_tail,
)
from causalsim.citest._streams import Columns
from causalsim.citest.kernel._store import Store
from causalsim.kernels._widths import width_of

if TYPE_CHECKING:
    from causalsim.citest.random_features import RandomFeatures

__all__ = ["LAWS", "FeatureTest"]

_FEWEST_ROWS = 10
_NOTHING_LEFT = 1e-8
_LEAST_ROOM = 1e-12
Set = tuple[int, ...]


def _gamma(statistic: float, k: Floats) -> float:
    return float(log_gamma_tail_from_moments(statistic, k[0], k[1]))


def _hbe(statistic: float, k: Floats) -> float:
    return float(log_hbe_tail(statistic, k))


LAWS: Mapping[str, Callable[[float, Floats], float]] = {
    "lpb4": log_lpb4_tail,
    "hbe": _hbe,
    "gamma": _gamma,
}


@final
@dataclass(frozen=True, eq=False)
class FeatureTest(BoundTest):
    """A test on random features bound to columns.

    Parameters
    ----------
    spec : RCIT or RCoT
    names : tuple of str
    n : int
    columns : Columns
    store : Store
        Widths, regressions and residuals that a search needs again.

    Examples
    --------
    >>> from causalsim.citest import RCoT
    >>> data = np.random.default_rng(0).normal(size=(60, 3))
    >>> RCoT()(data).effects([0], [1], [[2]]).shape
    (1,)
    """

    spec: RandomFeatures
    names: tuple[str, ...]
    n: int
    columns: Columns
    store: Store

    def batch(self, xs: ArrayLike, ys: ArrayLike, givens: ArrayLike) -> tuple[Floats, Floats]:
        """Test many pairs at once; see :class:`~causalsim.citest.BoundTest`."""
        statistic, log_p, _ = self._answers(*questions(xs, ys, givens)).T
        return statistic, log_p

    def effects(self, xs: ArrayLike, ys: ArrayLike, givens: ArrayLike) -> Floats:
        """Give the RV coefficients of the residual features, in [0, 1], shape (m,)."""
        return self._answers(*questions(xs, ys, givens))[:, 2]

    def _details(self, x: int, y: int, given: Set) -> tuple[float, float, int]:
        return float(self.effects([x], [y], [given])[0]), np.nan, self.n

    def _answers(self, xs: Ints, ys: Ints, givens: Ints) -> Floats:
        """Give statistic, log p and effect of each question, shape (m, 3), set by set."""
        answers = np.full((len(xs), 3), [np.nan, -np.inf, np.nan])
        if self.n < _FEWEST_ROWS:
            return answers
        for given, members in self.columns.by_set(givens).items():
            for m in members:
                x, y = self.columns.ordered((int(xs[m]), int(ys[m])))
                draws = [self._score(x, y, given, draw) for draw in range(self.spec.draws)]
                answers[m] = _combined(draws)
        return answers

    def _score(self, x: int, y: int, given: Set, draw: int) -> tuple[float, float, float]:
        """Give statistic, log p and RV coefficient on one draw of the features."""
        a, b = self._residual(x, given, draw), self._residual(y, given, draw)
        if min((a * a).mean(), (b * b).mean()) < _NOTHING_LEFT:
            return np.nan, -np.inf, np.nan
        statistic = float(((a.T @ b) ** 2).sum() / self.n)
        effect = statistic * self.n / float(np.linalg.norm(a.T @ a) * np.linalg.norm(b.T @ b))
        if self.spec.null == "permutation":
            return statistic, self._permuted(a, b, (x, y), given), effect
        room = self._regression(given, draw)[2]
        products = (a[:, :, None] * b[:, None, :]).reshape(self.n, -1) / np.sqrt(room)[:, None]
        weights = np.maximum(np.linalg.eigvalsh(products.T @ products / self.n), 0.0)
        return statistic, LAWS[self.spec.null](statistic, cumulants(weights)), effect

    def _residual(self, column: int, given: Set, draw: int) -> Floats:
        """Give what the regression on a set leaves of a column's features."""

        def make() -> Floats:
            own = given if self.spec.with_set else ()
            features = self._features((column, *own), self.spec.features, draw)
            u, share, _ = self._regression(given, draw)
            return np.asarray(features - (u * share) @ (u.T @ features))

        return self.store.get(("residual", column, given, draw), make)

    def _regression(self, given: Set, draw: int) -> tuple[Floats, Floats, Floats]:
        """Give u, s and 1 - leverage; u diag(s) u' is the ridge regression on a set's features."""

        def make() -> tuple[Floats, Floats, Floats]:
            size = self.spec.features_z
            z = self._features(given, size, draw) if given else np.empty((self.n, 0))
            u, singular, _ = np.linalg.svd(z, full_matrices=False)
            share = singular**2 / (singular**2 + self.n * self.spec.ridge)
            room = 1 - 1 / self.n - (u * u) @ share
            return u, share, np.maximum(room, _LEAST_ROOM)

        return self.store.get(("regression", given, draw), make)

    def _features(self, members: Set, size: int, draw: int) -> Floats:
        """Draw standardised features cos(w'x + b) of some columns, shape (n, size)."""
        rows = self.columns.joined(members)
        rng = self.columns.stream(self.spec.seed, "features", size, draw, members)
        width = self.store.get(("width", members), lambda: width_of("median", rows))
        w = rng.normal(size=(rows.shape[1], size)) / width
        waves = np.cos(rows @ w + rng.uniform(0, 2 * np.pi, size))
        waves -= waves.mean(axis=0)
        return np.asarray(waves / waves.std(axis=0))

    def _permuted(self, a: Floats, b: Floats, pair: Set, given: Set) -> float:
        """Give log p by permuting the residuals of one column against those of the other."""
        order = self.columns.row_order((*pair, *given))
        a, b = a[order], b[order]
        rng = self.columns.stream(self.spec.seed, "permutations", pair, given)
        observed = ((a.T @ b) ** 2).sum()
        beyond, count = 0, self.spec.permutations
        for part in blocks(count, a.size):
            shuffled = a[[rng.permutation(self.n) for _ in range(count)[part]]]
            norms = ((np.swapaxes(shuffled, 1, 2) @ b) ** 2).sum(axis=(1, 2))
            beyond += int((norms >= observed * (1 - 1e-12)).sum())
        return float(np.log1p(beyond) - np.log1p(count))


def _combined(draws: list[tuple[float, float, float]]) -> tuple[float, float, float]:
    """Give the mean statistic, the combined log p and the mean effect of all draws."""
    statistic, log_p, effect = np.transpose(draws)
    combined = -np.inf if np.isnan(statistic).any() else log_cauchy_combination(log_p)
    return float(statistic.mean()), combined, float(effect.mean())
