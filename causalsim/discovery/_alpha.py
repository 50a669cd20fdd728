"""Choosing alpha by the fit of its graph, and controlling the false-discovery rate of edges."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causalsim.citest import BoundTest, CorrelationTest
from causalsim.discovery._knowledge import Knowledge
from causalsim.discovery._orientation import orient_skeleton
from causalsim.discovery._record import Record
from causalsim.discovery._skeleton import Policy, Skeleton, Tester, skeleton
from causalsim.errors import NotAClassError, OptionError
from causalsim.graph import CPDAG, DAG

__all__ = ["CANDIDATES", "control_fdr", "select_alpha"]

CANDIDATES = (0.001, 0.005, 0.01, 0.025, 0.05)


def select_alpha(test: BoundTest, policy: Policy) -> float:
    """Choose the candidate whose graph has the smallest Gaussian BIC.

    Graphs that extend to no DAG are passed over; if none extends, the smallest candidate wins.
    The BIC is that of a linear Gaussian model on an extension, as PCMCI+ selects by a model
    score (Runge 2020); all members of a class have the same.

    Raises
    ------
    OptionError
        If the test is not one of partial correlation on complete data.
    """
    if not isinstance(test, CorrelationTest) or test.holes is not None:
        raise OptionError("alpha=None needs complete continuous data; write alpha=0.05.")
    nothing = Knowledge().resolve(test.names)
    best, chosen = np.inf, CANDIDATES[0]
    for alpha in CANDIDATES:
        tester = Tester(test, alpha)
        found = skeleton(tester, policy, Skeleton(policy.start.copy(), Record(len(test.names))))
        work = orient_skeleton(tester, found, policy, nothing, ("conservative", "mark"))
        try:
            dag = CPDAG(test.names, work.state.to_marks()).extension()
        except NotAClassError:
            continue
        score = _gaussian_bic(dag, test.matrix, test.n)
        if score < best:
            best, chosen = score, alpha
    return chosen


def _gaussian_bic(dag: DAG, matrix: NDArray[np.float64], n: int) -> float:
    """Give n log|residual variances| + log(n) parameters of a DAG on correlations."""
    score = 0.0
    for child, parents in enumerate(dag.parent_sets):
        pa = sorted(parents)
        slope = np.linalg.solve(matrix[np.ix_(pa, pa)], matrix[pa, child]) if pa else np.zeros(0)
        score += n * np.log(max(1.0 - float(matrix[child, pa] @ slope), 1e-12))
        score += np.log(n) * (len(pa) + 1)
    return score


def control_fdr(found: Skeleton, policy: Policy, level: float) -> None:
    """Drop edges so that the false-discovery rate of adjacencies is at most ``level``.

    The largest p over an edge's tests bounds the p-value of the hypothesis that the pair is not
    joined; Benjamini & Yekutieli's step-up over all tested pairs allows any dependence among
    them (Strobl, Spirtes & Visweswaran 2019).
    """
    i, j = np.nonzero(np.triu(policy.start & ~policy.fixed))
    log_p = found.record.log_p[i, j]
    tested = ~np.isnan(log_p)
    i, j, log_p = i[tested], j[tested], log_p[tested]
    m = len(log_p)
    if m == 0:
        return
    ranked = np.sort(log_p)
    penalty = np.log(m * (1.0 / np.arange(1, m + 1)).sum())
    passing = np.flatnonzero(ranked <= np.log(level) + np.log(np.arange(1, m + 1)) - penalty)
    bar = ranked[passing[-1]] if len(passing) else -np.inf
    for a, b in zip(i[log_p > bar].tolist(), j[log_p > bar].tolist(), strict=True):
        if found.adjacency[a, b]:
            found.adjacency[a, b] = found.adjacency[b, a] = False
