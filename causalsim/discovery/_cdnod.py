"""CD-NOD: which mechanisms change with a context, and what that says about directions.

Phase 1 is the search of PC over the variables and the context; neighbours of the context are the
changing modules [Zhang2017]_. Phase 2 orients: the context is never an effect, so that a change
passes on along the arrows, then colliders and Meek's rules. Phase 3 turns edges between changing
modules by the independence of their changes, phase 4 recovers what drives a module
[Huang2020]_; see :mod:`._independent_change` and :meth:`CDNODResult.driving_force`.

References
----------
.. [Zhang2017] Zhang, Huang, Zhang, Glymour & Schoelkopf, Causal discovery from nonstationary /
   heterogeneous data: skeleton estimation and orientation determination, IJCAI 2017.
.. [Huang2020] Huang, Zhang, Zhang, Ramsey, Sanchez-Romero, Glymour & Schoelkopf, Causal discovery
   from heterogeneous/nonstationary data, Journal of Machine Learning Research 21(89).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from causalsim._parallel import Progress, check_n_jobs
from causalsim._rng import RNG, check_rng
from causalsim.citest import BoundTest, CITest, Oracle, bind
from causalsim.citest._reading import workable, works
from causalsim.discovery._cdnod_result import CDNODResult
from causalsim.discovery._context import Targets, context_names, protect, read_context
from causalsim.discovery._context_test import bind_context
from causalsim.discovery._describe import Run, describe
from causalsim.discovery._independent_change import Decision, comparer, turn_by_change
from causalsim.discovery._knowledge import Knowledge, as_knowledge, resolve
from causalsim.discovery._options import check_options
from causalsim.discovery._orientation import Orientation, orient_skeleton
from causalsim.discovery._search import search
from causalsim.discovery._skeleton import Policy, Tester
from causalsim.errors import DataError, OptionError, listing
from causalsim.graph import CPDAG

__all__ = ["cdnod"]

Tests = str | CITest | type[CITest] | BoundTest


def cdnod(
    data: object,
    context: str | Sequence[str],
    test: Tests = "auto",
    *,
    alpha: float = 0.05,
    knowledge: Knowledge | Mapping[str, Any] | None = None,
    targets: Targets | None = None,
    time_kernel: float | Literal["auto"] = "auto",
    lags: int = 0,
    sepset: str = "conservative",
    conflict: str = "mark",
    max_cond: int | None = None,
    missing: str = "error",
    record: str = "decisive",
    phases: Literal[2, 3] = 3,
    kinds: Mapping[str, str] | str | None = None,
    degenerate: str = "error",
    n_jobs: int = 1,
    progress: bool | Progress = False,
    rng: RNG = None,
) -> CDNODResult:
    """Discover a graph and its changing mechanisms from data that a context sets apart.

    Parameters
    ----------
    data : DataFrame, array, Table, path, or None with a bound test or an oracle
        Rows are draws, columns are variables and contexts.
    context : str or sequence of str
        Columns that say where or when a row was taken. Texts, booleans and whole numbers that
        repeat are domains without order; dates and other numbers are times, which must increase.
        ``"time"`` without such a column is the row number. ``kinds`` settles what is meant.
    test : str, CITest, or BoundTest
        ``"auto"`` is ``"g_squared"`` where all columns hold codes, else ``"kci"`` up to 1000 rows;
        beyond that ``"mixed"``, which sees changing means only, for domains, and
        ``"kci_low_rank"`` for times.
    alpha : float
        A pair is called independent when p > alpha. It is the level of a single test: ``changing``
        holds an unchanged module with a probability of about alpha (less where many sets are
        tried), whatever the others do, and bounds no family-wise error and no share of false
        discoveries. Of 10 modules without change expect half a one at .05; alpha / p keeps all.
    knowledge : Knowledge or mapping, optional
        About variables and contexts. That nothing causes a context need not be said.
    targets : mapping of str to sequence of str or None, optional
        Known interventions: levels of the one domain column, or two-valued contexts, to the
        variables they act on; None where that is to be found. Levels left out are the reference.
    time_kernel : "auto" or float
        Width of the kernel over times in their own unit (rows, for row numbers), for kernel
        tests.
    lags : int
        Put each variable's own past of so many steps into every test about it. Needed where rows
        are autocorrelated, over time or within domains: such data are refused otherwise. What
        lags leave is noted, and so is volatility; a slow process under noise looks like a drift.
    sepset, conflict, max_cond, missing, record, kinds, degenerate, n_jobs, progress, rng
        As in :func:`causalsim.pc`. ``rng`` also serves phase 3.
    phases : {3, 2}
        2 leaves out directions by independent changes.

    Returns
    -------
    CDNODResult
        ``.changing`` are the modules that change, ``.directions`` what orients each edge,
        ``.driving_force(name)`` what drives one; ``.graph`` holds variables and contexts.

    Raises
    ------
    DataError, OptionError, KnowledgeError, NameNotFoundError
        With what was got, expected, and what to write instead; see :func:`pc` and
        :func:`read_context` for contexts that are refused.
    InterruptedRunError
        On Ctrl-C; ``.partial`` holds the skeleton found so far.

    Examples
    --------
    >>> import pandas as pd
    >>> rng = np.random.default_rng(0)
    >>> lab = np.repeat([0, 1], 100)
    >>> x = rng.normal(size=200)
    >>> y = x + 2 * lab + rng.normal(size=200)
    >>> frame = pd.DataFrame({"X": x, "Y": y, "lab": lab.astype(str)})
    >>> found = cdnod(frame, "lab", "fisher_z")
    >>> found.changing, found.graph.edges
    (('Y',), ('X --> Y', 'lab --> Y'))
    """
    check_options(alpha, sepset, conflict, max_cond, record, None)
    _check_own(alpha, time_kernel, phases)
    if lags and missing == "listwise":
        raise OptionError(
            "lags count rows, and missing='listwise' drops some; write missing='testwise', or "
            "fill the values in."
        )
    stream = check_rng(rng)
    if data is None:
        (bound, contexts), source = _given(test, context, targets, lags), None
    else:
        reading: Any = {"targets": targets, "missing": missing, "kinds": kinds}

        def accepted(**change: str) -> bool:
            asked = {**reading, "degenerate": "drop", **change}
            if lags and change.get("missing") == "listwise":
                return False
            return works(
                lambda: bind_context(test, read_context(data, context, **asked), lags, time_kernel)
            )

        with workable(accepted):
            read = read_context(data, context, degenerate=degenerate, **reading)
        bound, source = bind_context(test, read, lags, time_kernel)
        contexts = source.names
    names = bound.names
    acting = {} if source is None else source.targets
    said_so = resolve(knowledge, names)
    known = protect(said_so, contexts, acting, names)
    asked = protect(said_so, contexts, {}, names)  # a tested non-target tells colliders apart
    policy = Policy(
        start=~(np.eye(len(names), dtype=bool) | asked.apart),
        fixed=known.fixed,
        max_cond=min(m for m in (max_cond, bound.max_cond, len(names)) if m is not None),
        every=sepset == "union",
    )
    tester = Tester(bound, alpha, check_n_jobs(n_jobs))
    skeleton = search(tester, policy, record == "all", progress)
    skeleton.part(np.argwhere(np.triu(skeleton.adjacency & known.apart)))
    work = orient_skeleton(tester, skeleton, policy, known, (sepset, conflict))
    above = {names.index(name) for name in contexts}
    work.steps = [
        step._replace(rule="context") if step.rule == "knowledge" and step.tail in above else step
        for step in work.steps
    ]
    decisions: tuple[Decision, ...] = ()
    if phases == 3 and source is not None:
        compare = comparer(source, work.state, int(stream.integers(2**63)))
        decisions = turn_by_change(work, names, contexts, compare)
    options = {
        "context": contexts[0] if len(contexts) == 1 else list(contexts),
        "alpha": alpha,
        "sepset": sepset,
        "conflict": conflict,
        "max_cond": max_cond,
        "targets": None if targets is None else {str(k): v for k, v in targets.items()},
        "time_kernel": time_kernel,
        "lags": lags,
        "phases": phases,
        "missing": missing,
        "degenerate": degenerate,
        "kinds": dict(kinds) if isinstance(kinds, Mapping) else kinds,
        "record": record,
        "knowledge": None if knowledge is None else as_knowledge(knowledge).to_dict(),
    }
    said = tuple(_notes(work, names, contexts))
    table = None if source is None else source.table
    run = Run("cdnod", tester, table, skeleton, work, options, said)
    plain = describe(CPDAG(names, work.state.to_marks()), run)
    return CDNODResult.of(plain, contexts, decisions, source)


def _check_own(alpha: object, width: Any, phases: object) -> None:
    if alpha is None:
        raise OptionError(
            "alpha=None: expected a number between 0 and 1; pc() and pcmci_plus() choose it."
        )
    number = isinstance(width, int | float | np.number) and not isinstance(width, bool)
    if width != "auto" and not (number and 0 < width < np.inf):
        raise OptionError(f"time_kernel={width!r}: expected a positive width, or 'auto'.")
    if phases not in {2, 3}:
        raise OptionError(f"phases={phases!r}: expected 3, or 2 to leave out phase 3.")


def _given(
    test: Tests, context: str | Sequence[str], targets: Targets | None, lags: int
) -> tuple[BoundTest, tuple[str, ...]]:
    """Take the test that stands in for data; check the names of its contexts."""
    if targets is not None or lags:
        raise OptionError("targets and lags need data; knowledge says what targets say.")
    if not isinstance(test, BoundTest | Oracle):
        raise DataError("data=None goes only with a bound test or an oracle; give a DataFrame.")
    bound = bind(test, None)
    contexts = context_names(context)
    for name in contexts:
        bound.index(name)
    if len(contexts) == len(bound.names):
        raise DataError(f"the test has no column beside the context {listing(contexts)}.")
    return bound, contexts


def _notes(work: Orientation, names: tuple[str, ...], contexts: Sequence[str]) -> Iterator[str]:
    """Say which colliders at a context were refused."""
    pairs = {
        frozenset((step.tail, *step.because))
        for step in work.steps
        if step.rule == "refused" and names[step.head] in contexts
    }
    if pairs:
        found = sorted(" and ".join(names[k] for k in sorted(pair)) for pair in pairs)
        yield (
            f"{'; '.join(found[:5])} change with a context and look independent all the same: "
            "their changes are too weak for the tests, or cancel out"
        )
