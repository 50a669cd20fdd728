"""Kernel tests written out with whole matrices, and the data they are compared on."""

from __future__ import annotations

import numpy as np
from scipy.stats import gamma

from causalsim.data import Kind, Table

NAMES = ("X", "Y", "Z", "W")


def curved(seed=0, n=40, strength=0.0):
    """X <-- Z --> Y curved, W apart; and X --> Y of some strength."""
    z, w, e, f = np.random.default_rng(seed).normal(size=(4, n))
    x = np.sin(2 * z) + 0.5 * e
    y = z**2 / 2 + 0.5 * f + strength * np.tanh(x)
    return Table(NAMES, np.column_stack([x, y, z, w]), (Kind.CONTINUOUS,) * 4)


def mixed(seed=0, n=60):
    """X <-- Z --> Y curved, D and B thresholds of Z and noise."""
    rng = np.random.default_rng(seed)
    table = curved(seed, n)
    d = np.digitize(table.values[:, 2] + rng.normal(size=n), [-0.5, 0.7])
    b = table.values[:, 2] + rng.normal(size=n) > 0
    kinds = (*table.kinds, Kind.DISCRETE, Kind.BINARY)
    return Table((*NAMES, "D", "B"), np.column_stack([table.values, d, b]), kinds)


def standard(columns):
    columns = np.asarray(columns, np.float64).reshape(len(columns), -1)
    return (columns - columns.mean(axis=0)) / columns.std(axis=0, ddof=1)


def gram(rows, width):
    apart = rows[:, None] - rows[None]
    return np.exp(-(apart**2).sum(axis=2) / (2 * width**2))


def centre(matrix):
    h = np.eye(len(matrix)) - 1 / len(matrix)
    return h @ matrix @ h


def gamma_p(total, mean, variance):
    return gamma.sf(total, mean**2 / variance, scale=variance / mean)


def residual_gram(target, regressor, noise):
    """Give R K R, R = noise (K_Z + noise I)^-1."""
    n = len(target)
    left = noise * np.linalg.pinv(centre(regressor) + noise * np.eye(n))
    return left @ centre(target) @ left


def eigen_features(matrix, share):
    values, vectors = np.linalg.eigh(matrix)
    kept = values > share * values.max()
    return vectors[:, kept] * np.sqrt(values[kept])


def zhang(x, y, z, width, share=1e-12):
    """Give T and p of the original, moments from products of eigen-features [Zhang2011].

    Eigenvalues below a share of the largest are cut; causal-learn cuts at 1e-5.
    """
    noise = 1e-3
    x, y, z = map(standard, (x, y, z))
    k = gram(z, width)
    a = residual_gram(gram(np.hstack([x, z / 2]), width), k, noise)
    b = residual_gram(gram(y, width), k, noise)
    first, second = eigen_features(a, share), eigen_features(b, share)
    products = (first[:, :, None] * second[:, None, :]).reshape(len(x), -1)
    spread = products @ products.T
    total = (a * b).sum()
    return total, gamma_p(total, np.trace(spread), 2 * (spread**2).sum())


def zhang_marginal(x, y, width):
    first, second = (centre(gram(standard(part), width)) for part in (x, y))
    n, total = len(x), (first * second).sum()
    variance = 2 * (first**2).sum() * (second**2).sum() / n**2
    return total, gamma_p(total, np.trace(first) * np.trace(second) / n, variance)


def operator_product(x, y, z, width, ridge):
    """Give U = A o B o K of the operator form with one width and ridge for both."""
    x, y, z = map(standard, (x, y, z))
    regressor, n = gram(z, width), len(x)
    a = residual_gram(gram(x, 1.2), regressor, n * ridge)
    b = residual_gram(gram(y, 1.2), regressor, n * ridge)
    return a * b * gram(z, 1.2 * np.sqrt(z.shape[1]))


def operator(x, y, z, width, ridge):
    u = operator_product(x, y, z, width, ridge)
    return u.sum(), gamma_p(u.sum(), np.trace(u), 2 * (u**2).sum())
