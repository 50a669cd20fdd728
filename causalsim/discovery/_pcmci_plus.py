"""PCMCI+ (Runge 2020): lagged and contemporaneous causes of a series.

PC1 gives every variable a superset of its lagged causes. The skeleton search then starts from
these and all pairs within a time step: it draws from contemporaneous neighbours only, and every
test is given the lagged conditions of both ends as well. Time orients the lagged edges; colliders
and Meek's rules orient edges within a step, as in PC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import ArrayLike

from causalsim._parallel import Progress, check_n_jobs, check_progress
from causalsim._rng import RNG, check_rng
from causalsim.discovery._condition_selection import (
    Conditions,
    Floats,
    Ints,
    gaussian_aic,
    select_conditions,
)
from causalsim.discovery._describe import Run, describe
from causalsim.discovery._knowledge import Knowledge, as_knowledge
from causalsim.discovery._memory import memory_notes
from causalsim.discovery._options import check_counts, check_levels, check_record, check_rules
from causalsim.discovery._orientation import Orientation, mark_cycles, orient_skeleton
from causalsim.discovery._refit import near_dag
from causalsim.discovery._result import DiscoveryResult
from causalsim.discovery._skeleton import Policy, Skeleton, skeleton
from causalsim.discovery._subsets import Subsets
from causalsim.discovery._tester import Tester
from causalsim.discovery._window import Tests, Window, keeping, open_window
from causalsim.graph import CPDAG, TemporalGraph
from causalsim.graph.pdag import Triple

__all__ = ["pcmci_plus"]

LEVELS = (0.001, 0.005, 0.01, 0.025, 0.05)


def pcmci_plus(
    series: object,
    max_lag: int,
    test: Tests = "par_corr",
    *,
    context: str | Sequence[str] | None = None,
    alpha: float | None = 0.01,
    knowledge: Knowledge | Mapping[str, Any] | None = None,
    sepset: str = "majority",
    conflict: str = "mark",
    max_cond: int | None = None,
    max_conds: int | None = None,
    max_conds_y: int | None = None,
    max_conds_x: int | None = None,
    mask: ArrayLike | Sequence[ArrayLike] | None = None,
    missing: str = "error",
    kinds: Mapping[str, str] | str | None = None,
    record: str = "decisive",
    n_jobs: int = 1,
    progress: bool | Progress = False,
    rng: RNG = None,
) -> DiscoveryResult[TemporalGraph]:
    """Discover lagged and contemporaneous causes by PCMCI+.

    Parameters
    ----------
    series, max_lag, test
        As in :func:`causalsim.pcmci`.
    context : str or sequence of str, optional
        Exogenous variables: nothing causes them, and their own past is not searched. Without a
        column of that name, ``"space"`` is the number of the series in a panel and ``"time"``
        that of the step. They stand for hidden causes that are constant in each series, or that
        the series of a panel, then equally long, share at each step (in one series, for a
        drift). Numbers, and columns that are constant in each series, act at lag 0 only and join
        every conditioning set. The tests of partial correlation take labels for fixed effects.
    alpha : float or None
        A pair is called independent when p > alpha, in all steps. None chooses among .001, .005,
        .01, .025 and .05 by Akaike's criterion of the regressions of the graph, for complete
        continuous data; ``notes`` says so.
    knowledge : Knowledge or mapping, optional
        As in :func:`causalsim.pcmci`.
    sepset : {"majority", "conservative", "max_p", "first", "union"}
        How colliders are found; the first three do not depend on column order.
    conflict : {"mark", "overwrite", "bidirect", "keep", "strength"}
        What becomes of an edge that two rules want in opposite directions. Under every policy
        arrows that close a cycle within a time step become ``x-x``.
    max_cond : int, optional
        Most contemporaneous neighbours in a conditioning set.
    max_conds, max_conds_y, max_conds_x, mask, missing, kinds
        As in :func:`causalsim.pcmci`.
    record : {"decisive", "all"}
        Keep each pair's decisive test, or every test but those that vote on colliders.
    n_jobs, progress, rng
        As in :func:`causalsim.pcmci`.

    Returns
    -------
    DiscoveryResult
        ``.graph`` is a TemporalGraph: lagged edges are directed, those within a time step as far
        as time, colliders and Meek's rules tell.

    Raises
    ------
    DataError, OptionError, KnowledgeError, NameNotFoundError
        With what was got, expected, and what to write instead.
    InterruptedRunError
        On Ctrl-C; ``.partial`` holds the skeleton found so far.

    Notes
    -----
    Assumes no hidden common causes and no selection, faithfulness, the same links, mechanisms and
    noise at all times (stationarity), no cycles within a step and no cause beyond ``max_lag``;
    contexts stand for the hidden causes and changes that they name. ``notes`` names variables
    that remember more than was conditioned on. ``alpha`` is the level of each test, not of the
    graph.

    With ``sepset`` majority, conservative or max_p and ``conflict="mark"`` the order of columns
    does not change the graph, as long as no two candidates are equally strong.

    References
    ----------
    Runge, Discovering contemporaneous and lagged causal relations in autocorrelated nonlinear
    time series datasets, UAI 2020. Günther, Ninad & Runge, Causal discovery for time series from
    multiple datasets with latent contexts, UAI 2023.

    Examples
    --------
    >>> import numpy as np
    >>> x, noise = np.random.default_rng(0).normal(size=(2, 300))
    >>> past = np.concatenate([[0.0], x[:-1]])
    >>> steps = np.column_stack([x, past + noise, past + x + noise[::-1]])
    >>> pcmci_plus(steps, max_lag=1).graph
    TemporalGraph.from_edges(['x0[t-1] --> x1', 'x0 --> x2', 'x0[t-1] --> x2'])
    """
    check_levels(optional=True, alpha=alpha)
    check_counts(
        max_cond=max_cond,
        max_conds=max_conds,
        max_conds_y=max_conds_y,
        max_conds_x=max_conds_x,
    )
    check_record(record)
    check_rules(sepset, conflict)
    check_rng(rng)
    window = open_window(
        series, max_lag, test, knowledge, context=context, missing=missing, mask=mask, kinds=kinds
    )
    plan = _Plan(
        window,
        (sepset, conflict),
        (max_cond, max_conds, max_conds_y, max_conds_x),
        check_n_jobs(n_jobs),
        check_progress(progress),
        keep_all=record == "all",
    )
    outcome = plan.run(alpha) if alpha is not None else min(map(plan.run, LEVELS), key=_aic)
    level = outcome.tester.alpha
    options = {
        "max_lag": window.max_lag,
        "context": context if context is None or isinstance(context, str) else list(context),
        "alpha": level,
        "sepset": sepset,
        "conflict": conflict,
        "max_cond": max_cond,
        "max_conds": max_conds,
        "max_conds_y": max_conds_y,
        "max_conds_x": max_conds_x,
        "missing": missing,
        "kinds": dict(kinds) if isinstance(kinds, Mapping) else kinds,
        "record": record,
        "knowledge": None if knowledge is None else as_knowledge(knowledge).to_dict(),
    }
    said = memory_notes(window, outcome.chosen)
    if alpha is None:
        said = (f"alpha = {level:g} was chosen by the AIC of its graph", *said)
    tester, found, work = outcome.tester, outcome.found, outcome.work
    run = Run("pcmci_plus", tester, window.table, found, work, options, said)
    return describe(outcome.graph, run)


@final
@dataclass(frozen=True, eq=False)
class _Outcome:
    """What a search at one level gave."""

    tester: Tester
    found: Skeleton
    work: Orientation
    graph: TemporalGraph
    chosen: list[Ints]


@final
@dataclass(frozen=True, eq=False)
class _Plan:
    """A search whose level is still open; ``caps`` in the order of the options."""

    window: Window
    rules: tuple[str, str]
    caps: tuple[int | None, int | None, int | None, int | None]
    n_jobs: int
    report: Progress
    keep_all: bool

    def run(self, level: float) -> _Outcome:
        """Search at a level."""
        window = self.window
        tester = Tester(window.test, level, self.n_jobs)
        found = window.skeleton(keep_all=self.keep_all)
        with keeping(found):
            chosen = self._select(tester, found)
            policy = self._policy(chosen)
            skeleton(tester, policy, found, self.report)
            work = orient_skeleton(tester, found, policy, window.known, self.rules)
        work.ambiguous = {t for t in work.ambiguous if not _is_settled(t, work.known)}
        mark_cycles(work, set(work.state.arrows()) - work.fixed)
        window.by_time(work)
        return _Outcome(tester, found, work, window.graph(work), chosen)

    def _select(self, tester: Tester, found: Skeleton) -> list[Ints]:
        """Choose lagged conditions, and part the variables from the rest of their past."""

        def book(asked: Ints, statistic: Floats, log_p: Floats) -> None:
            found.record.n_tests += len(asked)
            found.record.add_tests(asked, statistic, log_p)

        window = self.window
        left, fixed = window.lagged, window.known.fixed[: len(window.names)]
        chosen = select_conditions(
            tester,
            left,
            fixed,
            self._least(self.caps[1]),
            book,
            self.report,
            always=window.static,
        )
        for j, nodes in enumerate(chosen):
            left[j, nodes] = False
        found.part(np.argwhere(left))
        return chosen

    def _policy(self, chosen: list[Ints]) -> Policy:
        """Draw from contemporaneous neighbours, and add the lagged conditions of both ends."""
        window, (cap, _, most_y, most_x) = self.window, self.caps
        p = len(window.names)
        pool = np.zeros(window.known.forbidden.shape, bool)
        pool[:p, :p] = True
        pool[:, list(window.static)] = False
        subsets = Subsets(pool, Conditions(chosen, most_y, most_x, window.static))
        largest = self._least(cap, p)
        return Policy(
            window.start, window.known.fixed, p if largest is None else largest, subsets=subsets
        )

    def _least(self, *caps: int | None) -> int | None:
        """Give the smallest of some caps and that of the test."""
        return min(
            (cap for cap in (*caps, self.window.test.max_cond) if cap is not None), default=None
        )


def _is_settled(triple: Triple, known: set[tuple[int, int]]) -> bool:
    """Tell whether arrows that are known say if a triple is a collider."""
    x, y, z = triple
    return (y, x) in known or (y, z) in known or {(x, y), (z, y)} <= known


def _aic(outcome: _Outcome) -> float:
    """Give Akaike's criterion of linear regressions along a DAG near the graph."""
    graph, p = outcome.graph, len(outcome.graph)
    within = near_dag(CPDAG(graph.nodes, graph.marks[:, :, 0]))
    score = 0.0
    for j, parents in enumerate(within.parent_sets):
        past = [lag * p + i for i, lag in np.argwhere(graph.directed[:, j, :]).tolist() if lag]
        nodes = np.array([*sorted(parents), *past], np.intp)
        score += gaussian_aic(outcome.tester.test, j, nodes)
    return score
