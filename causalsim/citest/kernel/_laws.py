"""Null laws of a kernel statistic: from the factors of two residual Grams to T and log p."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from causalsim.citest._base import Floats, Ints
from causalsim.citest._nulls import (
    cumulants,
    log_gamma_tail_from_moments,
    log_hbe_tail,
    log_spectral_tail,
)
from causalsim.citest.kernel._sums import (
    Rows,
    blocks,
    gram_norm,
    invariants,
    permuted_moments,
    product_sums,
)
from causalsim.errors import LimitError

__all__ = ["LAWS", "MARGINAL", "Pair", "aligned", "asymptotic"]

_MOST_DENSE = 4096
_LEAST_SHARE = 1e-6
Answer = tuple[float, float]


@final
@dataclass(frozen=True, eq=False)
class Pair:
    """The residuals of one question.

    Parameters
    ----------
    a, b : arrays of shape (n, r), (n, s)
        Factors of the residual Grams A and B.
    k : callable or None
        Gives rows of the multiplier K for a slice.
    rng : callable
        Gives the stream of this question.
    order : callable
        Gives the order of rows by what the question's columns hold.
    draws : int
    """

    a: Floats
    b: Floats
    k: Rows | None
    rng: Callable[[], np.random.Generator]
    order: Callable[[], Ints]
    draws: int

    def gram(self) -> Floats:
        """Give U = A o B o K whole."""
        n = len(self.a)
        if n > _MOST_DENSE:
            raise LimitError(
                f"this null needs an n x n matrix and its eigenvalues; got n = {n}, the limit is "
                f"{_MOST_DENSE}. Write null='gamma'."
            )
        return np.concatenate([part for _, part in blocks(self.a, self.b, self.k)])


def _gamma(pair: Pair) -> Answer:
    """Match a gamma law to the mean tr U and the variance 2 |U|^2."""
    total, trace, square = product_sums(pair.a, pair.b, pair.k)
    return total, float(log_gamma_tail_from_moments(total, trace, 2 * square))


def _hbe(pair: Pair) -> Answer:
    """Match three cumulants, with tr U^3 = sum((U U) o U)."""
    u = pair.gram()
    k = [np.trace(u), 2 * (u * u).sum(), 8 * ((u @ u) * u).sum()]
    return float(u.sum()), float(log_hbe_tail(u.sum(), k))


def _spectral(pair: Pair) -> Answer:
    """Draw from the weighted sum itself; its weights are the eigenvalues of U."""
    u = pair.gram()
    weights = _weighty(np.asarray(np.linalg.eigvalsh(u), np.float64))
    tail = log_spectral_tail(u.sum(), weights, draws=pair.draws, rng=pair.rng())
    return float(u.sum()), float(tail)


def _permutation(pair: Pair) -> Answer:
    """Permute the rows of one residual; exact without a conditioning set."""
    order, rng = pair.order(), pair.rng()
    ordered = pair.a[order]
    weights = replace(pair, a=np.ones((len(pair.b), 1))).gram()[np.ix_(order, order)]

    def total(a: Floats) -> float:
        return float(np.vdot(a, weights @ a))

    observed = total(ordered)
    drawn = np.array([total(rng.permutation(ordered)) for _ in range(pair.draws)])
    beyond = int((drawn >= observed * (1 - 1e-12)).sum())
    return observed, float(np.log1p(beyond) - np.log1p(pair.draws))


def _weighty(weights: Floats) -> Floats:
    """Keep the weights that matter."""
    return np.asarray(weights[weights > _LEAST_SHARE * max(weights.max(), 0.0)])


def aligned(pair: Pair) -> float:
    """Give T / (|A| |B|), the statistic on a scale that does not grow with n."""
    total = _overlap(pair) if pair.k is None else product_sums(pair.a, pair.b, pair.k)[0]
    scale = gram_norm(pair.a) * gram_norm(pair.b)
    return total / scale if scale > 0 else 0.0


def _overlap(pair: Pair) -> float:
    """Give <K, L> of two centred Grams."""
    return float(((pair.a.T @ pair.b) ** 2).sum())


def _permuted_gamma(pair: Pair) -> Answer:
    """Match a gamma law to the exact moments over all permutations."""
    total = _overlap(pair)
    moments = permuted_moments(invariants(pair.a), invariants(pair.b), len(pair.a))
    return total, float(log_gamma_tail_from_moments(total, *moments))


def asymptotic(pair: Pair) -> Answer:
    """Match a gamma law to tr K tr L / n and 2 |K|^2 |L|^2 / n^2, as causal-learn does."""
    n, total = len(pair.a), _overlap(pair)
    mean = float((pair.a**2).sum() * (pair.b**2).sum()) / n
    variance = 2 * (gram_norm(pair.a) * gram_norm(pair.b) / n) ** 2
    return total, float(log_gamma_tail_from_moments(total, mean, variance))


def _marginal_weights(pair: Pair) -> Floats:
    """Give the weights of the limit law of <K, L>, ascending: products of eigenvalues over n."""
    first, second = (np.linalg.eigvalsh(part.T @ part) for part in (pair.a, pair.b))
    return _weighty(np.sort(np.outer(first, second), axis=None) / len(pair.a))


def _marginal_hbe(pair: Pair) -> Answer:
    total = _overlap(pair)
    return total, float(log_hbe_tail(total, cumulants(_marginal_weights(pair), order=3)))


def _marginal_spectral(pair: Pair) -> Answer:
    total, weights = _overlap(pair), _marginal_weights(pair)
    return total, float(log_spectral_tail(total, weights, draws=pair.draws, rng=pair.rng()))


Law = Callable[[Pair], Answer]
LAWS: Mapping[str, Law] = {
    "gamma": _gamma,
    "spectral": _spectral,
    "permutation": _permutation,
    "hbe": _hbe,
}
MARGINAL: Mapping[str, Law] = {
    "gamma": _permuted_gamma,
    "spectral": _marginal_spectral,
    "permutation": _permutation,
    "hbe": _marginal_hbe,
}
