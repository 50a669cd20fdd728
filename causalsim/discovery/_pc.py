"""The PC algorithm (Spirtes & Glymour 1991; PC-stable: Colombo & Maathuis 2014).

Three steps: the skeleton (:mod:`._skeleton`), colliders (:mod:`._colliders`), and arrows that
follow (:mod:`._orientation`). This module only puts them together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from causalsim._parallel import Progress, check_n_jobs
from causalsim._rng import RNG, check_rng
from causalsim.citest import BoundTest, CITest, bind
from causalsim.discovery._alpha import control_fdr, select_alpha
from causalsim.discovery._describe import Run, describe
from causalsim.discovery._knowledge import Knowledge, as_knowledge, resolve
from causalsim.discovery._options import check_options
from causalsim.discovery._orientation import orient_skeleton
from causalsim.discovery._result import DiscoveryResult
from causalsim.discovery._search import read_rows, search
from causalsim.discovery._skeleton import Policy, Tester
from causalsim.graph import CPDAG

__all__ = ["pc"]


def pc(
    data: object,
    test: str | CITest | type[CITest] | BoundTest = "auto",
    *,
    alpha: float | None = 0.05,
    knowledge: Knowledge | Mapping[str, Any] | None = None,
    sepset: str = "conservative",
    conflict: str = "mark",
    max_cond: int | None = None,
    stable: bool = True,
    missing: str = "error",
    record: str = "decisive",
    fdr: float | None = None,
    kinds: Mapping[str, str] | str | None = None,
    degenerate: str = "error",
    n_jobs: int = 1,
    progress: bool | Progress = False,
    rng: RNG = None,
) -> DiscoveryResult[CPDAG]:
    """Discover a CPDAG by the PC algorithm.

    Parameters
    ----------
    data : DataFrame, array, Table, path, or None with a bound test or an oracle
        Rows are draws, columns are variables.
    test : str, CITest, or BoundTest
        A name of :func:`causalsim.citest.names`, a spec, a spec class, or a bound test. ``auto``
        chooses by column kinds.
    alpha : float or None
        A pair is called independent when p > alpha. None chooses among .001, .005, .01, .025
        and .05 by the BIC of the graph, for complete continuous data; ``notes`` says so.
    knowledge : Knowledge or mapping, optional
        Strictly enforced, and used to skip tests.
    sepset : {"conservative", "majority", "max_p", "first", "union"}
        How colliders are found. The first three do not depend on column order.
    conflict : {"mark", "overwrite", "bidirect", "keep", "strength"}
        What becomes of an edge that two rules want in opposite directions.
    max_cond : int, optional
        Largest conditioning set.
    stable : bool
        PC-stable; False is the original PC, whose skeleton depends on column order.
    missing : {"error", "listwise", "testwise"}
    record : {"decisive", "all"}
        Keep each pair's decisive test, or every test.
    fdr : float, optional
        Also drop edges by Benjamini & Yekutieli's step-up on each edge's largest p (Strobl et
        al. 2019). The false-discovery rate of adjacencies is held at this as far as no test
        misses a dependence; in dense graphs we measured .12 to .14 at .05.
    kinds, degenerate
        Passed to :func:`causalsim.data.read_table`.
    n_jobs : int
        Workers for the tests of a level; the result does not depend on it.
    progress : bool or callable(done, total, message)
        True writes to stderr.
    rng : int, Generator or None
        For tests that draw random numbers.

    Returns
    -------
    DiscoveryResult
        ``.graph`` is a CPDAG over the column names.

    Raises
    ------
    DataError, OptionError, KnowledgeError, NameNotFoundError
        With what was got, expected, and what to write instead.
    InterruptedRunError
        On Ctrl-C; ``.partial`` holds the skeleton found so far.

    Notes
    -----
    With ``stable=True``, ``sepset`` conservative, majority or max_p, and ``conflict="mark"``,
    neither the order of columns nor that of rows changes the graph, the ambiguous triples or the
    strengths. Which of several separating sets is reported, and the number of tests, may change.
    The other conflict policies can leave directed cycles. How the defaults were chosen stands in
    docs/policies.md.

    Examples
    --------
    >>> import numpy as np
    >>> x, y, e = np.random.default_rng(0).normal(size=(3, 500))
    >>> import pandas as pd
    >>> pc(pd.DataFrame({"X": x, "Y": y, "Z": x + y + e}), "fisher_z").graph
    CPDAG.from_edges(['X --> Z', 'Y --> Z'], nodes=['X', 'Y', 'Z'])
    """
    check_options(alpha, sepset, conflict, max_cond, record, fdr)
    check_rng(rng)
    table = read_rows(data, test, missing=missing, kinds=kinds, degenerate=degenerate)
    known = resolve(knowledge, bind(test, None).names if table is None else table.names)
    bound = bind(test, table)
    policy = Policy(
        start=~(np.eye(len(bound.names), dtype=bool) | known.apart),
        fixed=known.fixed,
        max_cond=min(m for m in (max_cond, bound.max_cond, len(bound.names)) if m is not None),
        stable=stable,
        every=sepset == "union",
    )
    rules = (sepset, conflict)
    level = select_alpha(bound, policy, known, rules) if alpha is None else alpha
    tester = Tester(bound, level, check_n_jobs(n_jobs))
    found = search(tester, policy, record == "all", progress)
    if fdr is not None:
        control_fdr(found, policy, fdr)
    work = orient_skeleton(tester, found, policy, known, rules)
    options = {
        "alpha": level,
        "sepset": sepset,
        "conflict": conflict,
        "max_cond": max_cond,
        "stable": stable,
        "missing": missing,
        "degenerate": degenerate,
        "kinds": dict(kinds) if isinstance(kinds, Mapping) else kinds,
        "record": record,
        "fdr": fdr,
        "knowledge": None if knowledge is None else as_knowledge(knowledge).to_dict(),
    }
    said = []
    if alpha is None:
        said.append(f"alpha = {level:g} was chosen by the BIC of its graph")
    if fdr is not None:
        said.append(
            f"edges dropped at a false-discovery rate of {fdr:g}; it is held as far as no test "
            "misses a dependence"
        )
    run = Run("pc", tester, table, found, work, options, tuple(said))
    return describe(CPDAG(bound.names, work.state.to_marks()), run)
