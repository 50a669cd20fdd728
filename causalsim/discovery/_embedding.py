"""Kernel embeddings of changing modules, and the published scores of independent change.

At a context c a module P(y | x) is the joint of the rows near c with x brought to the same law
everywhere. Its embedding gives the Gram matrix over contexts [Huang2020]_

    W = A K_y A,  A = (K_x o K_c + ridge I)^-1,   M = K_c [(K_x K_x K_x) o W] K_c / T^2,

with o the product entry by entry; a module without parents has K_x = 1 everywhere. For domains
K_c is equality, A is solved domain by domain, and M is m x m.

Above 1500 rows M is taken at 500 contexts, evenly spaced, and no T x T matrix is held or
inverted: K_x and K_y are replaced by pivoted Cholesky factors, and A multiplies them in a band
where K_c is narrow, and by a factor of K_x o K_c where it is wide.

References
----------
.. [Huang2020] Huang, Zhang, Zhang, Ramsey, Sanchez-Romero, Glymour & Schoelkopf, Causal discovery
   from heterogeneous/nonstationary data, Journal of Machine Learning Research 21(89).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from causalsim.discovery._modules import MOST_POINTS, Module, Positions
from causalsim.discovery._time_width import unit
from causalsim.errors import OptionError
from causalsim.kernels import Gaussian, centred

__all__ = ["Published", "distance_gram", "embedding", "published"]

Floats = NDArray[np.float64]

RANK, JOINT_RANK = 100, 400
TOLERANCE = 1e-6
BAND, NARROW = 6.0, 8
BLOCK = 256
TRACE_RIDGE = 1e-6
VANISHING = 1e-60


def embedding(
    module: Module, *, width: float = 0.1, time_width: float = 1.0, ridge: float = 2.0
) -> Floats:
    """Embed a module at every context.

    Parameters
    ----------
    module : Module
    width : float
        Of the Gaussian kernels on y and its parents, which are standardised first.
    time_width : float
        Of the Gaussian kernel over times, in their own unit; domains have none.
    ridge : float

    Returns
    -------
    array of shape (c, c)
        M, at ``context.points``.

    Raises
    ------
    OptionError
        If a width or the ridge is not positive.

    Examples
    --------
    >>> y, labs = np.array([0.0, 1.0, 5.0, 6.0]), Positions.domains(list("aabb"))
    >>> embedding(Module(np.empty((4, 0)), y, labs), width=1.0).round(2).tolist()
    [[0.24, 0.04], [0.04, 0.24]]
    """
    for name, value in (("width", width), ("time_width", time_width), ("ridge", ridge)):
        if not value > 0:
            raise OptionError(f"{name}={value!r}: expected a number above 0.")
    if len(module.y) > MOST_POINTS:
        return _by_factors(module, width, time_width, ridge)
    c, k_y = module.context, _gram(unit(module.y[:, None]), width)
    near = c.members if c.kind == "domain" else _gram(c.values[:, None], time_width)
    k_c = near @ near.T if c.kind == "domain" else near
    alone = module.parents.shape[1] == 0
    k_x = np.ones_like(k_y) if alone else _gram(unit(module.parents), width)
    inverse = np.linalg.inv(k_x * k_c + ridge * np.eye(len(c)))
    bracket = (k_x @ k_x @ k_x) * (inverse @ k_y @ inverse)
    found = near.T @ bracket @ near / len(c) ** 2
    return np.asarray((found + found.T) / 2)


def _gram(rows: Floats, width: float) -> Floats:
    """Give a Gaussian kernel; entries that vanish are 0, since tiny ones slow down products."""
    gram = Gaussian(width, standardise=False)(rows)
    gram[gram < VANISHING] = 0.0
    return gram


def _by_factors(module: Module, width: float, time_width: float, ridge: float) -> Floats:
    """Give M at the points of the context without inverting a T x T matrix."""
    from causalsim.citest.kernel._factors import gaussian_factor

    c, n, x = module.context, len(module.y), unit(module.parents)
    targets = gaussian_factor(unit(module.y[:, None]), width, RANK, TOLERANCE).columns
    left = gaussian_factor(x, width, RANK, TOLERANCE).columns if x.shape[1] else np.ones((n, 1))
    solved = _solved(c, x / width, left, time_width, ridge)(targets)
    middle = left.T @ left
    found = np.zeros((len(c.points),) * 2)
    for first in range(0, n, BLOCK):
        some = slice(first, first + BLOCK)
        bracket = (left @ (middle @ middle @ left[some].T)) * (solved @ solved[some].T)
        found += c.sums(bracket, time_width) @ c.near(some, time_width)
    return np.asarray((found + found.T) / (2 * n**2))


def _solved(
    context: Positions, x: Floats, left: Floats, time_width: float, ridge: float
) -> Callable[[Floats], Floats]:
    """Give what multiplies by A: exact by domain or in a narrow band, else by low rank."""
    from causalsim.citest.kernel._factors import gaussian_factor

    if context.kind == "domain":
        return lambda right: _solve_by_domain(context, left, right, ridge)
    times = context.values[:, None] / time_width
    ends = np.searchsorted(times[:, 0], times[:, 0] + BAND)
    reach = int((ends - np.arange(len(times))).max())
    rows = np.hstack([x, times])
    if reach * NARROW <= len(times):
        return lambda right: _solve_in_band(rows, right, reach, ridge)
    joint = gaussian_factor(rows, 1.0, JOINT_RANK, TOLERANCE).columns
    return lambda right: _solve_low_rank(joint, right, ridge)


def _solve_by_domain(context: Positions, left: Floats, right: Floats, ridge: float) -> Floats:
    found = np.empty_like(right)
    for rows in context.members.T.astype(bool):
        found[rows] = _solve_low_rank(left[rows], right[rows], ridge)
    return found


def _solve_low_rank(left: Floats, right: Floats, ridge: float) -> Floats:
    """Give (L L^T + ridge I)^-1 R."""
    inner = left.T @ left + ridge * np.eye(left.shape[1])
    return np.asarray((right - left @ np.linalg.solve(inner, left.T @ right)) / ridge)


def _solve_in_band(rows: Floats, right: Floats, reach: int, ridge: float) -> Floats:
    """Give (K + ridge I)^-1 R for a Gaussian K that vanishes beyond a band."""
    from scipy.linalg import solveh_banded

    band = np.zeros((reach, len(rows)))
    for k in range(reach):
        apart = rows[k:] - rows[: len(rows) - k]
        band[k, : len(apart)] = np.exp(-0.5 * (apart * apart).sum(axis=1))
    band[0] += ridge
    return np.asarray(solveh_banded(band, right, lower=True))


def distance_gram(embedded: Floats) -> Floats:
    """Give G = exp(-D / (2 s^2)) with D the squared distances of M and s^2 their median.

    Examples
    --------
    >>> distance_gram(np.diag([1.0, 1.0])).round(3).tolist()
    [[1.0, 0.607], [0.607, 1.0]]
    """
    diagonal = embedded.diagonal()
    apart = np.maximum(diagonal[:, None] + diagonal - 2 * embedded, 0.0)
    middle = float(np.median(apart[np.tril_indices(len(apart), -1)]))
    return np.asarray(np.exp(-apart / (2 * middle)) if middle > 0 else np.ones_like(apart))


@final
@dataclass(frozen=True)
class Published:
    """Dependence between the changes of two modules, as published; less is more plausible.

    Parameters
    ----------
    plain : float
        tr(H G_1 H G_2) / T^2.
    normalised : float
        tr(H G_1 H G_2) / (tr(H G_1) tr(H G_2)).
    trace : float
        tr(R_1 R_2) with R = N (N + T eta I)^-1, N = H M H and eta = 1e-6.
    """

    plain: float
    normalised: float
    trace: float


def published(first: Floats, second: Floats) -> Published:
    """Score the embeddings of P(cause) and of P(effect | cause).

    Parameters
    ----------
    first, second : array of shape (c, c)

    Examples
    --------
    >>> same = np.diag([1.0, 2.0, 3.0])
    >>> round(published(same, same).normalised, 2)
    0.53
    """
    grams = [centred(distance_gram(m)) for m in (first, second)]
    product, c = float((grams[0] * grams[1]).sum()), len(first)
    size = float(np.trace(grams[0]) * np.trace(grams[1]))
    smoothers = []
    for m in (first, second):
        n = centred(m)
        smoothers.append(np.linalg.solve(n + c * TRACE_RIDGE * np.eye(c), n))
    trace = float((smoothers[0] * smoothers[1].T).sum())
    return Published(product / c**2, product / size if size > 0 else 0.0, trace)
