"""Series for tests of searches over lags, and PC1 as the textbook has it, one test at a time."""

from __future__ import annotations

import numpy as np

import causalsim as cs
from causalsim.discovery._lagged import lagged_table
from causalsim.discovery._series import read_series

__all__ = ["lagged", "sample_of", "steps_of", "textbook_conditions", "textbook_pc1"]


def steps_of(seed=5, steps=80):
    """Draw x0 --> x1 --> x2 with lags 0 to 2."""
    x = np.random.default_rng(seed).normal(size=(steps, 3))
    for t in range(2, steps):
        x[t, 0] += 0.6 * x[t - 1, 0]
        x[t, 1] += 0.5 * x[t - 1, 0] + 0.4 * x[t - 1, 1] + 0.5 * x[t, 0]
        x[t, 2] += 0.5 * x[t - 2, 1] + 0.6 * x[t, 1]
    return x


def sample_of(seed, p=5, steps=60):
    """Draw a linear model over p variables, and a series from it."""
    model = cs.random_temporal_scm(p, max_lag=2, degree=min(2, p - 1), rng=seed)
    return model.sample(steps, rng=seed).frame()


def lagged(frame, max_lag):
    """Give the lagged table of one series."""
    return lagged_table(read_series(frame), max_lag)


def textbook_pc1(test, p, max_lag, alpha):
    """Run algorithm S1 of Runge et al. (2019) with one condition set for each size."""
    chosen = []
    for j in range(p):
        parents, weakest = list(range(p, (max_lag + 1) * p)), {}
        size = 0
        while len(parents) - 1 >= size:
            removed = set()
            for node in parents:
                others = [k for k in parents if k != node][:size]
                answer = test(test.names[j], test.names[node], [test.names[k] for k in others])
                weakest[node] = min(weakest.get(node, np.inf), abs(answer.effect))
                if answer.p_value > alpha:
                    removed.add(node)
            parents = sorted((k for k in parents if k not in removed), key=lambda k: -weakest[k])
            size += 1
        chosen.append(parents)
    return chosen


def textbook_conditions(chosen, now, node):
    """Give what an MCI test of a present node and another one is given."""
    lag, i = divmod(node, len(chosen))
    mine = set(chosen[now]) - {node}
    return mine | {k + lag * len(chosen) for k in chosen[i]}
