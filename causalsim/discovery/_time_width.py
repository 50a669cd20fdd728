"""The width of the time kernel, by how well neighbours in time predict a row.

A module P(y | parents) that changes smoothly is, near any time, a regression with constants of
its own: what is left of y after one regression over all times is regressed on the parents again,
each row from the rows around it, itself left out. Of all widths of the neighbourhood the one
whose Gaussian prediction, mean and variance, gives the rows the largest log density is taken
[Dawid1984]_; if no width beats constants for all times, the module does not visibly change.

Predictions choose a width near 1/16 of a driver's period, and less where noise is small.
Kernel embeddings smooth more to advantage, so that :func:`time_width` doubles it.

References
----------
.. [Dawid1984] Dawid, Statistical theory: the prequential approach, Journal of the Royal
   Statistical Society A 147.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Design",
    "LocalFit",
    "best_fit",
    "design",
    "overall",
    "shrunk_variance",
    "smooth",
    "time_width",
    "unit",
]

Floats = NDArray[np.float64]
Level = Callable[[Floats], Floats]

EMBEDDING_FACTOR = 2.0
CANDIDATES = 8
NARROWEST, WIDEST = 4.0, 0.1
REACH = 6.0
RIDGE, VARIANCE_RIDGE = 1.0, 3.0
RANK, TOLERANCE = 60, 1e-6
LEAST_NEW = 0.15
LEAST_VARIANCE = 1e-12
BLOCK = 64


def time_width(parents: Floats, y: Floats, times: Floats) -> float:
    """Choose the width of the Gaussian kernel over time for the embedding of a module.

    Parameters
    ----------
    parents : array of shape (n, d)
        d = 0 for a module without parents.
    y : array of shape (n,)
    times : array of shape (n,)
        Increasing.

    Returns
    -------
    float
        In units of time, at most a fifth of the range, which also stands for no visible change.

    Examples
    --------
    >>> rng, t = np.random.default_rng(0), np.arange(600.0)
    >>> x, e = rng.normal(size=(2, 600))
    >>> drifting = x + np.sin(2 * np.pi * t / 100) + 0.3 * e
    >>> 6 < time_width(x[:, None], drifting, t) < 20
    True
    """
    widest = EMBEDDING_FACTOR * WIDEST * float(times[-1] - times[0])
    return min(EMBEDDING_FACTOR * best_fit(parents, y, times).width, widest)


@final
@dataclass(frozen=True, eq=False)
class Design:
    """A module after one regression over all times.

    Parameters
    ----------
    columns : array of shape (n, k)
        1, then uncorrelated columns of variance 1 that span the parents and what the regression
        predicts from them.
    rest : array of shape (n,)
        What the regression leaves of y, standardised before.
    """

    columns: Floats
    rest: Floats

    @property
    def products(self) -> Floats:
        """What a local regression sums up: columns x columns, columns x rest, and 1."""
        n, k = self.columns.shape
        gram = (self.columns[:, :, None] * self.columns[:, None, :]).reshape(n, k * k)
        return np.hstack([gram, self.columns * self.rest[:, None], np.ones((n, 1))])

    def coefficients(self, sums: Floats) -> Floats:
        """Solve the ridge regressions whose sums are given, shape (m, k)."""
        k = self.columns.shape[1]
        gram = sums[:, : k * k].reshape(-1, k, k) + RIDGE * np.eye(k)
        return np.asarray(np.linalg.solve(gram, sums[:, k * k : -1, None])[:, :, 0])

    def left_out(self, sums: Floats) -> tuple[Floats, Floats]:
        """Give the error of each row from the sums of its neighbours, and its unbiased square.

        The square is the error without the row times the error with it: with either one alone,
        rows at the edge of the parents' range would seem noisier, or less noisy, than they are.
        """
        outside = self.rest - (self.coefficients(sums) * self.columns).sum(axis=1)
        inside = self.coefficients(sums + self.products)
        return outside, outside * (self.rest - (inside * self.columns).sum(axis=1))


def design(parents: Floats, y: Floats, level: Level) -> Design:
    """Regress y on its parents over all rows, by kernel ridge regression within contexts.

    Parameters
    ----------
    parents : array of shape (n, d)
    y : array of shape (n,)
    level : callable
        Gives the means of columns around each row. They are taken out on both sides first: where
        the parents and y drift, a curve that is fitted across contexts picks up their drifts.

    Examples
    --------
    >>> y = np.array([1.0, 1.0, 3.0, 3.0])
    >>> design(np.empty((4, 0)), y, overall).rest.tolist()
    [-1.0, -1.0, 1.0, 1.0]
    """
    n = len(y)
    target, intercept = unit(y[:, None]), np.ones((n, 1))
    if parents.shape[1] == 0:
        return Design(intercept, target[:, 0])
    rows = unit(parents)
    common = _common(rows, target, level)
    basis, corner = np.linalg.qr(unit(np.hstack([rows, common])))
    new = np.abs(corner.diagonal()) > LEAST_NEW * np.sqrt(n)
    return Design(np.hstack([intercept, basis[:, new] * np.sqrt(n)]), (target - common)[:, 0])


def overall(columns: Floats) -> Floats:
    """Give the means of columns over all rows, the level of a module without context."""
    return np.broadcast_to(columns.mean(axis=0), columns.shape)


def _common(rows: Floats, target: Floats, level: Level) -> Floats:
    """Give the curve that fits best after the levels are taken out, at the rows."""
    from causalsim.citest.kernel._factors import basis, gaussian_factor
    from causalsim.citest.kernel._ridge import WIDTHS, Space, Tuning, best_ridge

    inner, found = target - level(target), []
    for width in WIDTHS:
        wide = width * float(np.sqrt(rows.shape[1]))
        factor = gaussian_factor(rows, wide, RANK, TOLERANCE)
        space = Space(rows, wide, factor, basis(factor.columns - level(factor.columns)))
        found.append(best_ridge(space, inner - inner.mean(), Tuning()))
    fit = min(found, key=lambda one: one.score)
    curve = fit.space.factor.columns @ fit.space.basis.mixing @ fit.coordinates(inner)
    return np.asarray(curve - curve.mean())


@final
@dataclass(frozen=True, eq=False)
class LocalFit:
    """Local regressions of the best width.

    Parameters
    ----------
    width : float
        Infinite if the module does not visibly change.
    gain : float
        Mean log density of a row over that under constants for all times.
    module : Design
        Of levels at that width.
    squares : array of shape (n,)
        Unbiased squared errors.
    """

    width: float
    gain: float
    module: Design
    squares: Floats


def best_fit(parents: Floats, y: Floats, times: Floats) -> LocalFit:
    """Choose the width by the log density of rows that were left out.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(size=300)
    >>> best_fit(np.empty((300, 0)), noise, np.arange(300.0)).width
    inf
    """
    module = design(parents, y, overall)
    n, k = module.columns.shape
    span = float(times[-1] - times[0])
    least = min(NARROWEST * span / (n - 1), WIDEST * span)
    plain = np.linalg.lstsq(module.columns, module.rest, rcond=None)[0]
    squares = (module.rest - module.columns @ plain) ** 2
    constant = _log_density(squares, squares.mean()) - (k + 1) / n
    fits = [LocalFit(np.inf, 0.0, module, squares)]
    for width in np.geomspace(least, WIDEST * span, CANDIDATES).tolist():
        module = design(parents, y, partial(_means_around, times, width))
        sums = smooth(times, times, width, module.products, without_self=True)
        errors, unbiased = module.left_out(sums)
        near = smooth(times, times, width, unbiased[:, None], without_self=True)[:, 0]
        variance = shrunk_variance(near, sums[:, -1], unbiased)
        gain = _log_density(errors**2, variance) - constant
        fits.append(LocalFit(width, gain, module, unbiased))
    return max(fits, key=lambda fit: fit.gain)


def _means_around(times: Floats, width: float, columns: Floats) -> Floats:
    sums = smooth(times, times, width, np.hstack([columns, np.ones((len(times), 1))]))
    return np.asarray(sums[:, :-1] / sums[:, -1:])


def shrunk_variance(sums: Floats, weights: Floats, squares: Floats) -> Floats:
    """Give local means of squares, pulled towards their mean over all rows where rows are few."""
    return np.asarray((sums + VARIANCE_RIDGE * squares.mean()) / (weights + VARIANCE_RIDGE))


def smooth(
    at: Floats, times: Floats, width: float, values: Floats, *, without_self: bool = False
) -> Floats:
    """Give the sums of values under Gaussian weights around some times, cut off at 6 widths.

    Parameters
    ----------
    at : array of shape (m,)
        Increasing.
    times : array of shape (n,)
        Increasing.
    width : float
    values : array of shape (n, q)
    without_self : bool
        Leave out row i of the sums at time i; ``at`` is ``times`` then.

    Returns
    -------
    array of shape (m, q)

    Examples
    --------
    >>> t = np.arange(3.0)
    >>> smooth(t, t, 1.0, np.ones((3, 1)), without_self=True).ravel().round(3).tolist()
    [0.742, 1.213, 0.742]
    """
    found = np.empty((len(at), values.shape[1]))
    for first in range(0, len(at), BLOCK):
        some = at[first : first + BLOCK]
        low = int(np.searchsorted(times, some[0] - REACH * width))
        high = int(np.searchsorted(times, some[-1] + REACH * width, side="right"))
        weights = np.exp(-0.5 * ((some[:, None] - times[low:high]) / width) ** 2)
        if without_self:
            own = np.arange(len(some))
            weights[own, own + first - low] = 0.0
        found[first : first + BLOCK] = weights @ values[low:high]
    return found


def _log_density(squares: Floats, variance: Floats | float) -> float:
    spread = np.maximum(variance, LEAST_VARIANCE)
    return float(-0.5 * np.mean(np.log(spread) + squares / spread))


def unit(columns: Floats) -> Floats:
    """Bring columns to mean 0 and variance 1; constant ones to 0."""
    apart = columns - columns.mean(axis=0)
    scale = apart.std(axis=0)
    return np.asarray(apart / np.where(scale > 0, scale, 1.0))
