"""The statistic of a kernel test and the moments of its law under independence.

With A and B the Gram matrices of two residuals and K that of the conditioning set, all of them
known by factors, U = A o B o K (elementwise). The statistic is T = sum(U); under independence it
is close to a weighted sum of chi-squareds whose weights are the eigenvalues of U, so that its
cumulants are k_r = 2^(r-1) (r-1)! tr U^r: no eigenvalues are needed [Zhang2011]_.

Without a conditioning set T = <K, L> over centred Grams, and the moments of T over all
permutations of rows are known exactly [Kazi1995]_.

References
----------
.. [Zhang2011] Zhang, Peters, Janzing & Schoelkopf, Kernel-based conditional independence test and
   application in causal discovery, UAI 2011.
.. [Kazi1995] Kazi-Aoual, Hitier, Sabatier & Lebreton, Refined approximations to permutation tests
   for multivariate inference, Computational Statistics & Data Analysis 20.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from causalsim.citest._base import Floats

__all__ = [
    "Invariants",
    "Rows",
    "blocks",
    "gram_norm",
    "invariants",
    "permuted_moments",
    "product_sums",
]

_CELLS = 1 << 22
Rows = Callable[[slice], Floats]


@final
@dataclass(frozen=True)
class Invariants:
    """What the permutation moments need of one centred Gram matrix W.

    Parameters
    ----------
    trace, square, diagonal : float
        tr W, tr W^2 and the sum of squares of the diagonal.
    """

    trace: float
    square: float
    diagonal: float


def invariants(left: Floats) -> Invariants:
    """Read the invariants of W = L L^T off its centred factor, shape (n, r)."""
    lengths = np.einsum("ij,ij->i", left, left)
    return Invariants(
        float(lengths.sum()), float(((left.T @ left) ** 2).sum()), float((lengths**2).sum())
    )


def permuted_moments(first: Invariants, second: Invariants, n: int) -> tuple[float, float]:
    """Give mean and variance of <W1, P W2 P^T> over all permutations P; n > 3.

    >>> one = invariants(np.array([[-1.0], [-1.0], [0.0], [2.0]]))
    >>> permuted_moments(one, one, 4)
    (12.0, 126.0)
    """
    a, b = ((n - 1) * w.square - w.trace**2 for w in (first, second))
    c, d = (
        n * (n + 1) * w.diagonal - (n - 1) * (w.trace**2 + 2 * w.square) for w in (first, second)
    )
    spread = 2 * a * b / ((n - 1) ** 2 * (n + 1) * (n - 2))
    tilt = c * d / ((n + 1) * n * (n - 1) * (n - 2) * (n - 3))
    return first.trace * second.trace / (n - 1), spread + tilt


def gram_norm(left: Floats) -> float:
    """Give the Frobenius norm of L L^T."""
    return float(np.sqrt(((left.T @ left) ** 2).sum()))


def blocks(a: Floats, b: Floats, k: Rows | None) -> Iterator[tuple[slice, Floats]]:
    """Give U = A o B o K in blocks of rows, from factors a and b and the rows of K."""
    n = len(a)
    step = max(_CELLS // n, 1)
    for start in range(0, n, step):
        rows = slice(start, start + step)
        part = a[rows] @ a.T
        part *= b[rows] @ b.T
        if k is not None:
            part *= k(rows)
        yield rows, part


def product_sums(a: Floats, b: Floats, k: Rows | None) -> tuple[float, float, float]:
    """Give sum(U), tr U and |U|^2 of U = A o B o K.

    Parameters
    ----------
    a, b : arrays of shape (n, r), (n, s)
        Factors of A and B.
    k : callable, optional
        Gives rows of K for a slice.
    """
    total = trace = square = 0.0
    for rows, part in blocks(a, b, k):
        total += float(part.sum())
        square += float(np.vdot(part, part))
        trace += float(part.diagonal(rows.start).sum())
    return total, trace, square
