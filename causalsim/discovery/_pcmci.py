"""PCMCI (Runge et al. 2019): which past steps of which variables a series leans on.

Conditions are selected by PC1, then every link is tested once, given the conditions of both its
ends (:mod:`._condition_selection`). Associations within a time step stay without direction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from causalsim._parallel import Progress, check_n_jobs, check_progress
from causalsim._rng import RNG, check_rng
from causalsim.discovery._condition_selection import (
    Conditions,
    Floats,
    Ints,
    ask,
    gaussian_aic,
    select_conditions,
)
from causalsim.discovery._describe import Run, describe
from causalsim.discovery._knowledge import Knowledge, as_knowledge
from causalsim.discovery._memory import memory_notes
from causalsim.discovery._options import check_counts, check_levels, check_record
from causalsim.discovery._orientation import mark_cycles, orient_by_knowledge
from causalsim.discovery._result import DiscoveryResult
from causalsim.discovery._skeleton import Skeleton
from causalsim.discovery._subsets import by_length
from causalsim.discovery._tester import Tester
from causalsim.discovery._window import Tests, Window, keeping, open_window
from causalsim.errors import listing
from causalsim.graph import TemporalGraph
from causalsim.graph._base import true_cells

__all__ = ["pcmci"]

LEVELS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5)


def pcmci(
    series: object,
    max_lag: int,
    test: Tests = "par_corr",
    *,
    alpha: float = 0.05,
    pc_alpha: float | None = 0.2,
    fdr: float | None = None,
    knowledge: Knowledge | Mapping[str, Any] | None = None,
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
    """Discover lagged causes by PCMCI.

    Parameters
    ----------
    series : DataFrame, array, list of them, path, or None with a bound test or an oracle
        Rows are time steps, oldest first, columns are variables. A list is a panel: series of
        the same variables, no sample reaching from one into another. None goes with a test over
        all variables at lags 0 to 2 ``max_lag``.
    max_lag : int
        Largest lag of a cause; below a quarter of the shortest series.
    test : str, CITest, or BoundTest
        A name of :func:`causalsim.citest.names`, a spec, a spec class, or a bound test.
    alpha : float
        A link stays when p <= alpha in its one test.
    pc_alpha : float or None
        Level of the condition selection. None chooses .05, .1, .2, .3, .4 or .5 for each variable
        by Akaike's criterion of its regression on the conditions; for complete continuous data.
    fdr : float, optional
        Also drop links by Benjamini & Hochberg's step-up over all links tested, a pair within a
        time step counting once. The conditions of these tests were selected by PC1 on the same
        rows, which the step-up does not know of: the rate holds as far as that selection is right.
    knowledge : Knowledge or mapping, optional
        ``X[t-2] --> Y`` and so on; see :meth:`causalsim.Knowledge.resolve_lagged`.
    max_conds, max_conds_y, max_conds_x : int, optional
        Largest condition set of the selection; most conditions that a link's test takes from the
        effect, and from the cause. Within a time step both ends count as effects.
    mask : array of bool, shape (steps,), or a list of them, optional
        True where a step is no present of a sample; it may still be the past of one.
    missing : {"error", "listwise", "testwise"}
        Refuse missing values, drop the samples with any in their 2 ``max_lag`` + 1 steps, or
        leave them to each test, if it can.
    kinds : mapping or str, optional
        Passed to :func:`causalsim.data.read_table`.
    record : {"decisive", "all"}
        Keep the one test of each link, or also those of the condition selection.
    n_jobs : int
        Workers for the tests of a batch; the result does not depend on it.
    progress : bool or callable(done, total, message)
        True writes to stderr.
    rng : int, Generator or None
        For tests that draw random numbers.

    Returns
    -------
    DiscoveryResult
        ``.graph`` is a TemporalGraph; ``X --- Y`` in it is an association within a time step.

    Raises
    ------
    DataError, OptionError, KnowledgeError, NameNotFoundError
        With what was got, expected, and what to write instead.
    InterruptedRunError
        On Ctrl-C; ``.partial`` holds the skeleton found so far.

    Notes
    -----
    Assumes no hidden common causes and no selection, faithfulness, the same links, mechanisms and
    noise at all times (stationarity), no links within a step and no cause beyond ``max_lag``.
    ``notes`` names variables that remember more than was conditioned on. ``alpha`` is the level
    of each link's test, not of the graph.

    All tests use the same samples: the first 2 ``max_lag`` steps of each series are cut. No order
    of variables changes the result, as long as no two candidates are equally strong.

    References
    ----------
    Runge, Nowack, Kretschmer, Flaxman & Sejdinovic, Detecting and quantifying causal associations
    in large nonlinear time series datasets, Science Advances 5(11), 2019.

    Examples
    --------
    >>> import numpy as np
    >>> x, noise = np.random.default_rng(0).normal(size=(2, 300))
    >>> steps = np.column_stack([x, np.roll(x, 1) + noise])
    >>> pcmci(steps, max_lag=2, alpha=0.001).graph
    TemporalGraph.from_edges(['x0[t-1] --> x1'], max_lag=2)
    """
    check_levels(alpha=alpha)
    check_levels(optional=True, pc_alpha=pc_alpha, fdr=fdr)
    check_counts(max_conds=max_conds, max_conds_y=max_conds_y, max_conds_x=max_conds_x)
    check_record(record)
    check_rng(rng)
    report = check_progress(progress)
    window = open_window(series, max_lag, test, knowledge, missing=missing, mask=mask, kinds=kinds)
    tester = Tester(window.test, alpha, check_n_jobs(n_jobs))
    found = window.skeleton(keep_all=record == "all")
    with keeping(found):
        chosen, said = _select(window, tester, found, (pc_alpha, max_conds), report)
        _test_links(window, tester, found, Conditions(chosen, max_conds_y, max_conds_x), report)
    if fdr is not None:
        _control_fdr(window, found, fdr)
    work = orient_by_knowledge(found.neighbours(), (), window.known)
    mark_cycles(work, work.known - work.fixed)
    window.by_time(work)
    graph = window.graph(work)
    options = {
        "max_lag": window.max_lag,
        "alpha": alpha,
        "pc_alpha": pc_alpha,
        "fdr": fdr,
        "max_conds": max_conds,
        "max_conds_y": max_conds_y,
        "max_conds_x": max_conds_x,
        "missing": missing,
        "kinds": dict(kinds) if isinstance(kinds, Mapping) else kinds,
        "record": record,
        "knowledge": None if knowledge is None else as_knowledge(knowledge).to_dict(),
    }
    said += _within_steps(graph) + memory_notes(window, chosen)
    return describe(graph, Run("pcmci", tester, window.table, found, work, options, said))


def _select(
    window: Window,
    tester: Tester,
    found: Skeleton,
    settings: tuple[float | None, int | None],
    report: Progress,
) -> tuple[list[Ints], tuple[str, ...]]:
    """Choose the conditions of every variable at (pc_alpha, max_conds); note chosen levels."""
    pc_alpha, max_conds = settings
    caps = [cap for cap in (max_conds, window.test.max_cond) if cap is not None]

    def book(asked: Ints, statistic: Floats, log_p: Floats) -> None:
        found.record.n_tests += len(asked)
        if found.record.everything is not None:
            found.record.everything.append((asked, statistic, log_p))

    def run(level: float) -> list[Ints]:
        fixed = window.known.fixed[: len(window.names)]
        at = replace(tester, alpha=level)
        cap = min(caps, default=None)
        return select_conditions(at, window.lagged, fixed, cap, book, report)

    if pc_alpha is not None:
        return run(pc_alpha), ()
    results = [run(level) for level in LEVELS]
    scores = [[gaussian_aic(window.test, *family) for family in enumerate(r)] for r in results]
    best = np.argmin(scores, axis=0).tolist()
    words = [f"{LEVELS[k]:g} for {name}" for name, k in zip(window.names, best, strict=True)]
    note = f"pc_alpha was chosen by AIC: {', '.join(words)}"
    return [results[k][j] for j, k in enumerate(best)], (note,)


def _test_links(
    window: Window,
    tester: Tester,
    found: Skeleton,
    conditions: Conditions,
    report: Progress,
) -> None:
    """Test every link once and part those that do not pass."""
    pairs = true_cells(np.triu(window.start & ~window.known.fixed)).tolist()
    rows = [(now, past, *conditions((now, past))) for now, past in pairs]
    for _, asked in by_length(rows):
        found.depth = asked.shape[1] - 2
        message = f"links given {found.depth} conditions"
        statistic, log_p = ask(tester, asked, report, message)
        found.record.n_tests += len(asked)
        found.record.add_tests(asked, statistic, log_p)
        found.part(asked[tester.separates(log_p), :2])


def _control_fdr(window: Window, found: Skeleton, level: float) -> None:
    """Drop links by Benjamini & Hochberg's step-up (1995) over all that were tested."""
    pairs = true_cells(np.triu(window.start & ~window.known.fixed))
    log_p = found.record.log_p[tuple(pairs.T)]
    bars = np.log(level * np.arange(1, len(pairs) + 1) / len(pairs))
    passing = np.sort(log_p)[np.sort(log_p) <= bars]
    found.part(pairs[log_p > passing.max(initial=-np.inf)])


def _within_steps(graph: TemporalGraph) -> tuple[str, ...]:
    """Say that associations within a time step have no direction."""
    edges = [edge for edge in graph.edges if " --- " in edge]
    if not edges:
        return ()
    note = (
        f"associations within a time step: {listing(edges)}. PCMCI gives them no direction, and "
        "where they are causal, lagged links may be indirect; pcmci_plus takes them into account"
    )
    return (note,)
