"""Regimes of a series found from its dynamics: a jump model.

Each regime has a linear vector autoregression with normal noise; the labels minimise the negative
log-likelihood plus a price for each jump. Hard EM takes turns: fit each regime to its steps, then
find the best labels exactly by dynamic programming. Both lower the cost, so it ends.

References
----------
.. [Bemporad2018] Bemporad, Breschi, Piga & Boyd, Fitting jump models, Automatica 96, 2018.
.. [Nystrup2020] Nystrup, Lindström & Madsen, Learning hidden Markov models with persistent states
   by penalizing jumps, Expert Systems with Applications 150, 2020.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from causalsim.errors import DataError

__all__ = ["Jumps", "best_labels", "jump_model"]

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]
_RESTARTS = 10
_ROUNDS = 50


class Jumps(NamedTuple):
    """Labels of each series, shape (steps,), and how much lower they make the BIC than none do."""

    labels: list[Integers]
    gain: float


class _Rows(NamedTuple):
    """Rows of an autoregression: design (n, q), target (n, p), and which open a series (n,)."""

    design: Floats
    target: Floats
    opens: NDArray[np.bool_]

    @classmethod
    def of(cls, panel: Sequence[Floats], order: int) -> _Rows:
        """Stack the rows of standardised series."""
        whole = np.vstack(panel)
        centre, scale = whole.mean(axis=0), whole.std(axis=0)
        series = [(part - centre) / np.where(scale > 0, scale, 1.0) for part in panel]
        design = [
            np.hstack([
                np.ones((len(x) - order, 1)),
                *(x[order - lag : len(x) - lag] for lag in range(1, order + 1)),
            ])
            for x in series
        ]  # fmt: skip
        opens = np.concatenate([np.arange(len(x) - order) == 0 for x in series])
        return cls(np.vstack(design), np.vstack([x[order:] for x in series]), opens)


def jump_model(
    panel: Sequence[Floats], count: int, *, order: int, least: int, rng: np.random.Generator
) -> Jumps:
    """Label the steps of some series by regime, 0 being the first to occur.

    A jump costs log n for n rows, as two numbers more do in the BIC. Seeds are short stretches,
    each likelier the worse those before fit it (as in k-means++); the best of ten starts counts.
    The first steps of a series, whose past is not known, have the label of the next.

    Parameters
    ----------
    panel : sequence of arrays of shape (steps, p)
    count : int
        Regimes at most: one that explains fewer than ``least`` rows dies out.
    order : int
        Lags of the autoregressions.
    least : int
        Fewest rows of a regime.
    rng : Generator

    Returns
    -------
    Jumps

    Raises
    ------
    DataError
        If there are too few steps.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = np.concatenate([rng.normal(0, 1, 200), rng.normal(4, 1, 300)])[:, None]
    >>> found = jump_model([x], 2, order=1, least=20, rng=rng)
    >>> np.flatnonzero(np.diff(found.labels[0])), found.gain > 0
    (array([199]), True)
    """
    rows = _Rows.of(panel, order)
    n, p = rows.target.shape
    if n < count * least:
        raise DataError(
            f"{n} steps for {count} regimes; each needs at least {least}. Ask for fewer regimes, "
            "or give a longer series."
        )
    normal = np.linalg.lstsq(rows.design, rows.target)[0]
    rest = rows.target - rows.design @ normal
    pooled = rest.T @ rest / n + 1e-9 * np.eye(p)
    rows = rows._replace(target=rest)
    price = np.log(n)
    seeds = [_seeds(rows, count, least, pooled, stream) for stream in rng.spawn(_RESTARTS)]
    labels, costs = best_labels(np.stack(seeds, axis=1), rows.opens, price)
    for _ in range(_ROUNDS):
        losses = np.stack([_losses(rows, one, count, least, pooled) for one in labels.T], axis=1)
        before = labels
        labels, costs = best_labels(losses, rows.opens, price)
        if (labels == before).all():
            break
    best = labels[:, int(np.argmin(costs))]
    numbers = rows.design.shape[1] * p + p * (p + 1) // 2
    alone = _loss(rows, np.ones(n, np.bool_), pooled).sum()
    used = len(np.unique(best))
    gain = 2 * (alone - costs.min()) - (used - 1) * numbers * np.log(n)
    return Jumps(_unstacked(_by_occurrence(best), panel, order), float(gain))


def best_labels(losses: Floats, opens: NDArray[np.bool_], price: float) -> tuple[Integers, Floats]:
    """Give the labels of least loss plus price for jumps, by dynamic programming.

    Parameters
    ----------
    losses : array of shape (n, m, K)
        Of each step and regime, for m problems at once.
    opens : array of bool, shape (n,)
        Where a series begins: a jump costs nothing there.
    price : float

    Returns
    -------
    array of int, shape (n, m), array of shape (m,)
        Labels, and what they cost.

    Examples
    --------
    >>> losses = np.array([[0, 9], [9, 0], [0, 9.0]])[:, None]
    >>> [best_labels(losses, np.zeros(3, bool), price)[0][:, 0].tolist() for price in (1, 5)]
    [[0, 1, 0], [0, 0, 0]]
    """
    n, m, _ = losses.shape
    total = np.array(losses)
    prices = np.where(opens, 0.0, price)
    jumped, cheapest = np.zeros(losses.shape, np.bool_), np.zeros((n, m), np.intp)
    for t in range(1, n):
        cheapest[t] = total[t - 1].argmin(axis=1)
        jump = total[t - 1].min(axis=1, keepdims=True) + prices[t]
        jumped[t] = jump < total[t - 1]
        total[t] += np.minimum(total[t - 1], jump)
    labels, every = np.empty((n, m), np.intp), np.arange(m)
    labels[-1] = total[-1].argmin(axis=1)
    for t in range(n - 1, 0, -1):
        labels[t - 1] = np.where(jumped[t, every, labels[t]], cheapest[t], labels[t])
    return labels, total[-1].min(axis=1)


def _loss(rows: _Rows, mine: NDArray[np.bool_], pooled: Floats) -> Floats:
    """Give the negative log-likelihood of every row under a fit to some, shape (n,).

    Coefficients lean to those of all rows (a ridge of one row), the covariance to theirs (the
    weight of p + 1 rows).
    """
    design, target = rows.design[mine], rows.target[mine]
    q, p = design.shape[1], target.shape[1]
    moved = np.linalg.solve(design.T @ design + np.eye(q), design.T @ target)
    rest = rows.target - rows.design @ moved
    own = rest[mine]
    spread = (own.T @ own + (p + 1) * pooled) / (len(own) + p + 1)
    lower = np.linalg.cholesky(spread)
    white = np.linalg.solve(lower, rest.T)
    return np.asarray(np.log(np.diag(lower)).sum() + 0.5 * (white**2).sum(axis=0))


def _losses(rows: _Rows, labels: Integers, count: int, least: int, pooled: Floats) -> Floats:
    """Give the losses of all regimes, shape (n, K); infinite for one with too few rows."""
    found = np.full((len(labels), count), np.inf)
    for k in range(count):
        mine = labels == k
        if mine.sum() >= least:
            found[:, k] = _loss(rows, mine, pooled)
    return found


def _seeds(
    rows: _Rows, count: int, least: int, pooled: Floats, rng: np.random.Generator
) -> Floats:
    """Give the losses of regimes fitted to short stretches, shape (n, K)."""
    piece = np.arange(len(rows.target)) // least
    piece = np.minimum(piece, piece[-1] - 1) if piece[-1] else piece
    chosen = [int(rng.integers(piece[-1] + 1))]
    losses = [_loss(rows, piece == chosen[0], pooled)]
    for _ in range(1, count):
        behind = np.min(losses, axis=0) - _loss(rows, np.ones(len(piece), np.bool_), pooled)
        worth = np.maximum(np.bincount(piece, behind), 0.0) + 1e-9
        worth[chosen] = 0.0
        chosen.append(int(rng.choice(len(worth), p=worth / worth.sum())))
        losses.append(_loss(rows, piece == chosen[-1], pooled))
    return np.column_stack(losses)


def _by_occurrence(labels: Integers) -> Integers:
    """Number labels in the order in which they occur."""
    known, first = np.unique(labels, return_index=True)
    place = np.empty(known.max() + 1, np.intp)
    place[known[np.argsort(first)]] = np.arange(len(known))
    return place[labels]


def _unstacked(labels: Integers, panel: Sequence[Floats], order: int) -> list[Integers]:
    """Give the labels of each series, its first steps included."""
    parts = np.split(labels, np.cumsum([len(x) - order for x in panel])[:-1])
    return [np.concatenate([np.repeat(part[:1], order), part]) for part in parts]
