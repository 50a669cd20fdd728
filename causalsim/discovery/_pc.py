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
from causalsim.citest import BoundTest, CITest, Oracle, bind
from causalsim.data import Table, read_table
from causalsim.discovery._alpha import control_fdr, select_alpha
from causalsim.discovery._colliders import RULES
from causalsim.discovery._describe import Run, describe
from causalsim.discovery._knowledge import Knowledge, Resolved
from causalsim.discovery._orientation import POLICIES, orient_skeleton
from causalsim.discovery._record import Record
from causalsim.discovery._result import DiscoveryResult
from causalsim.discovery._skeleton import Policy, Skeleton, Tester, skeleton
from causalsim.errors import DataError, InterruptedRunError, KnowledgeError, OptionError
from causalsim.graph import CPDAG

__all__ = ["as_knowledge", "check_options", "pc", "resolve", "search"]

_RECORDS = ("decisive", "all")


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
    table = _read(data, test, missing=missing, kinds=kinds, degenerate=degenerate)
    bound = bind(test, table)
    known = resolve(knowledge, bound.names)
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
    chosen = (f"alpha = {level:g} was chosen by the BIC of its graph",) if alpha is None else ()
    run = Run("pc", tester, table, found, work, options, chosen)
    return describe(CPDAG(bound.names, work.state.to_marks()), run)


def check_options(
    alpha: object, sepset: str, conflict: str, max_cond: Any, record: str, fdr: object
) -> None:
    for name, value in (("alpha", alpha), ("fdr", fdr)):
        if value is not None and not (isinstance(value, float | np.floating) and 0 < value < 1):
            hint = " Write alpha=None to choose it by BIC." if value == "auto" else ""
            raise OptionError(
                f"{name}={value!r}: expected a number between 0 and 1, or None.{hint}"
            )
    whole = isinstance(max_cond, int | np.integer) and not isinstance(max_cond, bool)
    if max_cond is not None and (not whole or max_cond < 0):
        raise OptionError(f"max_cond={max_cond!r}: expected a non-negative integer, or None.")
    for name, got, choices in (
        ("sepset", sepset, RULES),
        ("conflict", conflict, POLICIES),
        ("record", record, _RECORDS),
    ):
        if got not in choices:
            raise OptionError.from_choice(name, got, choices)


def _read(data: object, test: object, **reading: Any) -> Table | None:
    """Read the data, unless the test brings its own."""
    if data is not None:
        return read_table(data, min_columns=2, **reading)
    if isinstance(test, BoundTest | Oracle):
        return None
    raise DataError("data=None goes only with a bound test or an oracle; give a DataFrame.")


def as_knowledge(knowledge: Knowledge | Mapping[str, Any]) -> Knowledge:
    """Read knowledge given as a mapping."""
    if isinstance(knowledge, Knowledge):
        return knowledge
    if isinstance(knowledge, Mapping):
        return Knowledge.from_dict(knowledge)
    raise KnowledgeError(
        f"knowledge={knowledge!r}: expected a Knowledge, such as Knowledge(required=['X --> Y'])."
    )


def resolve(knowledge: Knowledge | Mapping[str, Any] | None, names: tuple[str, ...]) -> Resolved:
    """Turn knowledge, given or not, into matrices over ``names``."""
    return (Knowledge() if knowledge is None else as_knowledge(knowledge)).resolve(names)


def search(
    tester: Tester, policy: Policy, keep_all: bool = False, progress: bool | Progress = False
) -> Skeleton:
    """Search for the skeleton; an interruption carries what was found."""
    found = Skeleton(policy.start.copy(), Record(len(tester.test.names), keep_all=keep_all))
    try:
        return skeleton(tester, policy, found, progress)
    except KeyboardInterrupt as error:
        at = f"at conditioning sets of {found.depth} after {found.record.n_tests} tests"
        if found.record.n_tests == 0:
            at = "before the first test"
        raise InterruptedRunError(
            f"interrupted {at}; error.partial holds the skeleton so far.", found
        ) from error
