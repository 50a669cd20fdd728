"""Ridge regression with the penalty that generalised cross-validation chooses."""

from __future__ import annotations

import numpy as np

from causalsim.scm.functions import Floats

__all__ = ["ridge", "standardised"]


def ridge(basis: Floats, target: Floats) -> tuple[Floats, float]:
    """Give weights, and what they take from the residuals, at the penalty with the best GCV.

    The smoother S leaves n - tr(2 S - S S') degrees of freedom to the residuals.
    """
    values, vectors = np.linalg.eigh(basis.T @ basis)
    values = np.maximum(values, 0.0)
    along = vectors.T @ (basis.T @ target)
    damped = values + len(target) * np.logspace(-6, 1, 22)[:, None]
    errors = target @ target + ((values / damped - 2) * along**2 / damped).sum(axis=1)
    kept = values / damped
    left = np.maximum(len(target) - 1 - kept.sum(axis=1), 1e-9)
    best = int(np.argmin(np.maximum(errors, 0.0) / left**2))
    return np.asarray(vectors @ (along / damped[best])), float((2 - kept[best]) @ kept[best])


def standardised(columns: Floats) -> tuple[Floats, Floats, Floats]:
    """Give columns of mean 0 and standard deviation 1 (0 if constant), centre and scale."""
    centre, scale = columns.mean(axis=0), columns.std(axis=0)
    scale[scale == 0] = 1.0
    return (columns - centre) / scale, centre, scale
