"""Series and graphs for tests of searches over lags, PC1 as in the textbook, classes by force."""

from __future__ import annotations

from itertools import product

import numpy as np

import causalsim as cs
from causalsim.citest import Oracle
from causalsim.discovery._lagged import lagged_table
from causalsim.discovery._series import read_series
from causalsim.graph import TemporalGraph
from causalsim.graph.marks import Mark

__all__ = [
    "class_by_force",
    "lagged",
    "oracle_of",
    "sample_of",
    "steps_of",
    "textbook_conditions",
    "textbook_pc1",
]


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


def oracle_of(graph):
    """Read separation off enough steps for the far past to make no difference."""
    return Oracle(graph.unroll(2 * graph.max_lag + 1 + len(graph) * graph.max_lag))


def class_by_force(graph, exogenous=()):
    """Try every orientation of the edges within a step; keep what all of the same class share.

    Two DAGs over time are equivalent if skeleton and unshielded colliders agree. Lagged arrows
    are known, as are those out of exogenous variables, and what a step's orientation changes
    happens within the step.
    """
    within = [(i, j) for i, j, lag in np.argwhere(graph.directed).tolist() if lag == 0]
    sources = {graph.index(name) for name in exogenous}
    fixed = [(i, j) for i, j in within if i in sources]
    now = [arrow for arrow in within if arrow not in fixed]
    truth, members = colliders(graph), []
    for turns in product((False, True), repeat=len(now)):
        arrows = [(j, i) if turn else (i, j) for (i, j), turn in zip(now, turns, strict=True)]
        arrows += fixed
        try:
            other = reoriented(graph, arrows)
        except cs.errors.GraphError:
            continue
        if colliders(other) == truth:
            members.append(set(arrows))
    shared = set.intersection(*members)
    return reoriented(graph, shared, undirected=[e for e in now if not {e, e[::-1]} & shared])


def reoriented(graph, arrows, undirected=()):
    marks, past = graph.marks.copy(), graph.past_marks.copy()
    marks[:, :, 0] = past[:, :, 0] = 0
    for i, j in arrows:
        marks[i, j, 0], marks[j, i, 0] = Mark.ARROW, Mark.TAIL
    for i, j in undirected:
        marks[i, j, 0] = marks[j, i, 0] = Mark.TAIL
    past[:, :, 0] = marks[:, :, 0].T
    return TemporalGraph(graph.nodes, marks, past)


def colliders(graph):
    """Give the unshielded colliders at the last step of the unrolled graph."""
    dag = graph.unroll(2 * graph.max_lag + 1)
    found = set()
    for k in range(len(dag) - len(graph), len(dag)):
        parents = sorted(dag.parent_sets[k])
        found |= {(a, k, b) for a in parents for b in parents if a < b and not dag.skeleton[a, b]}
    return found
