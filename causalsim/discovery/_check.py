"""Whether a graph stands up to data: test what it claims.

A graph refutes itself by the independencies that it implies: each is a prediction, and data can
contradict it. The reverse holds for nothing: a graph that passes is not proven, since every
graph of its equivalence class, and every graph with more edges, passes too. A missing edge is a
strong claim, an arrow alone often none at all.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalsim._parallel import check_n_jobs
from causalsim._rng import RNG, check_rng
from causalsim.citest import BoundTest, CITest, Oracle, bind
from causalsim.citest._reading import takes, workable
from causalsim.data import Table
from causalsim.data._quality import screen
from causalsim.discovery._check_result import Answer, CheckResult
from causalsim.discovery._implied import Question, edge_questions, implied_questions
from causalsim.discovery._repeat import read_columns
from causalsim.discovery._result import provenance
from causalsim.discovery._tester import Tester
from causalsim.errors import GraphError, NameNotFoundError, OptionError
from causalsim.graph import ADMG, CPDAG, DAG
from causalsim.graph._base import Names, as_names

__all__ = ["adjusted", "check"]

CORRECTIONS = ("holm", "bh", "by")


def check(
    graph: DAG | ADMG | CPDAG,
    data: object,
    test: str | CITest | type[CITest] | BoundTest = "auto",
    *,
    alpha: float = 0.05,
    correction: str | None = "holm",
    max_cond: int | None = None,
    latents: Names = (),
    kinds: Mapping[str, str] | str | None = None,
    missing: str = "error",
    degenerate: str = "error",
    n_jobs: int = 1,
    rng: RNG = None,
) -> CheckResult:
    """Test the independencies that a graph implies, and the edges that it has.

    Parameters
    ----------
    graph : DAG, ADMG or CPDAG
        Of a CPDAG one extension is tested; all members imply the same.
    data : DataFrame, array, Table, path, or None with a bound test or an oracle
        Has a column for every node that is not latent; other columns are ignored.
    test : str, CITest, or BoundTest
        As in :func:`~causalsim.discovery.pc`.
    alpha : float
        Level: of the whole family of implied independencies, as ``correction`` says.
    correction : {"holm", "bh", "by"} or None
        ``"holm"`` keeps the chance of refuting any true claim below alpha (Holm 1979);
        ``"bh"`` and ``"by"`` keep the expected share of false refutations below alpha, the first
        for independent or positively dependent tests (Benjamini & Hochberg 1995), the second for
        any (Benjamini & Yekutieli 2001).
    max_cond : int, optional
        Largest conditioning set; claims that need a larger one are left untested.
    latents : str or sequence of str
        Nodes that nobody measured; they are hidden by latent projection.
    kinds, missing
        Passed to :func:`causalsim.data.read_table`.
    degenerate : {"error", "keep"}
        What to do if the column of a node is constant, or repeats or is determined by others.
    n_jobs : int
        Workers for slow tests; the result does not depend on it.
    rng : int, Generator or None
        For tests that draw random numbers.

    Returns
    -------
    CheckResult
        ``.table`` and ``.refuted`` of independencies, ``.support`` and ``.unsupported`` of edges.

    Raises
    ------
    NameNotFoundError
        If a node is no column and not latent.
    GraphError, NotAClassError
        If the graph is of another kind, or a CPDAG without extension.
    OptionError, DataError
        If an option or the data cannot be used.

    Notes
    -----
    One independence is tested per pair that is not joined, given a minimal separating set; in
    an ADMG some pairs have none. A claim whose test has too few rows is left untested. Edges are
    judged one by one at ``alpha`` without correction: an edge that the data would not miss may
    still be there, and weak.

    A correction keeps its promise only as far as each p-value holds in its tail, since it
    compares them with alpha / m. On tables with rare states those of ``chi_squared`` do not: the
    *true* graph of the alarm network is refuted by 10 of 10 samples of 500 rows at alpha = .05
    with ``chi_squared``, by none with ``g_squared``. The column ``expected`` and the summary
    tell which claims rest on such tables.

    Examples
    --------
    >>> from causalsim import DAG, SCM
    >>> data = SCM.from_weights({"X --> Y": 1.0, "Y --> Z": 1.0}).sample(500, rng=0)
    >>> fork = DAG.from_edges(["X --> Y", "X --> Z"])
    >>> check(fork, data, "fisher_z").refuted[["x", "y", "given"]]
       x  y given
    0  Y  Z  (X,)
    """
    check_rng(rng)
    _check_options(alpha, correction, max_cond)
    if degenerate not in {"error", "keep"}:
        raise OptionError.from_choice("degenerate", degenerate, ["error", "keep"])
    seen = _measured(graph, latents)
    if isinstance(test, Oracle):
        test = bind(test, None)
    bound, table = _bound(seen, data, test, missing=missing, kinds=kinds)
    if table is not None:
        _screen(table, test, degenerate)
    tester = Tester(bound, alpha, check_n_jobs(n_jobs))
    implied, open_pairs = _answers(implied_questions(seen), tester, max_cond)
    edges, open_edges = _answers(edge_questions(seen), tester, max_cond)
    judged = adjusted(np.array([a.adjusted for a in implied]), correction)
    turned = isinstance(graph, CPDAG) and graph.undirected.any()
    notes = ["undirected edges were given directions"] if turned else []
    return CheckResult(
        graph=seen,
        test=repr(bound.spec),
        n=bound.n,
        alpha=alpha,
        correction=correction,
        implied=tuple(
            a._replace(adjusted=float(p), rejected=bool(p <= alpha))
            for a, p in zip(implied, judged, strict=True)
        ),
        edges=tuple(a._replace(rejected=a.log_p <= math.log(alpha)) for a in edges),
        untested=(*open_pairs, *open_edges),
        provenance=provenance(table),
        notes=(*(table.notes if table is not None else ()), *notes),
    )


def _check_options(alpha: object, correction: str | None, max_cond: object) -> None:
    if isinstance(alpha, bool) or not isinstance(alpha, int | float) or not 0 < alpha < 1:
        raise OptionError(f"alpha={alpha!r}: expected a number between 0 and 1, such as 0.05.")
    if correction is not None and correction not in CORRECTIONS:
        raise OptionError.from_choice("correction", correction, [*CORRECTIONS, "None"])
    if max_cond is not None and (not isinstance(max_cond, int) or max_cond < 0):
        raise OptionError(f"max_cond={max_cond!r}: expected a non-negative integer, or None.")


def _measured(graph: DAG | ADMG | CPDAG, latents: Names) -> DAG | ADMG:
    """Give a graph of arrows over the measured nodes."""
    if not isinstance(graph, DAG | ADMG | CPDAG):
        raise GraphError(
            f"graph is a {type(graph).__name__}; check takes a DAG, ADMG or CPDAG: of a result of "
            "pc(), check(found.graph, data). The claims of PAGs and of temporal graphs are not "
            "checked yet; found.explain(x, y) tells the tests behind a pair."
        )
    solid = graph.extension() if isinstance(graph, CPDAG) else graph
    return solid.project(latents) if as_names(latents) else solid


def _bound(
    graph: DAG | ADMG, data: object, test: Any, **reading: Any
) -> tuple[BoundTest, Table | None]:
    """Bind the test to the columns of the graph's nodes."""
    try:
        if isinstance(test, BoundTest):
            for name in graph.nodes:
                test.index(name)
            return test, None

        def accepted(**change: str) -> bool:
            return takes(test, lambda: read_columns(data, graph.nodes, **{**reading, **change}))

        with workable(accepted):
            table = read_columns(data, graph.nodes, **reading)
    except NameNotFoundError as error:
        raise NameNotFoundError(
            f"the graph has nodes that the data have not: {error} If it was not measured, "
            "write latents=[...]."
        ) from error
    return bind(test, table), table


def _screen(table: Table, test: Any, degenerate: str) -> None:
    """Refuse degenerate columns; there is no graph without a node to drop to."""
    with workable(lambda **change: change["degenerate"] == "keep" and takes(test, lambda: table)):
        screen(table, degenerate)  # type: ignore[arg-type]


def _answers(
    questions: Iterable[Question], tester: Tester, max_cond: int | None
) -> tuple[list[Answer], list[tuple[str, str]]]:
    """Test questions, one batch per set size; give answers, smallest p first, and open pairs."""
    by_size: dict[int, list[Question]] = {}
    untested: list[tuple[str, str]] = []
    for question in questions:
        size = None if question.given is None else len(question.given)
        if size is None or (max_cond is not None and size > max_cond):
            untested.append((question.x, question.y))
        else:
            by_size.setdefault(size, []).append(question)
    answers = [a for asked in by_size.values() for a in _batch(asked, tester)]
    fine = [a for a in answers if not np.isnan(a.statistic)]
    untested += [(a.x, a.y) for a in answers if np.isnan(a.statistic)]
    return sorted(fine, key=lambda a: a.log_p), untested


def _batch(asked: Sequence[Question], tester: Tester) -> list[Answer]:
    """Test questions whose sets have one size."""
    bound = tester.test
    xs, ys = ([bound.index(q[end]) for q in asked] for end in (0, 1))  # type: ignore[arg-type]
    givens = np.array([[bound.index(name) for name in q.given or ()] for q in asked], np.intp)
    givens = givens.reshape(len(asked), -1)
    statistic, log_p = tester.ask(np.column_stack([xs, ys, givens]))
    effect, least = bound.effects(xs, ys, givens), bound.smallest_expected(xs, ys, givens)
    numbers = np.column_stack([statistic, effect, log_p, least]).tolist()
    return [
        Answer(q.x, q.y, q.given or (), s, e, lp, math.exp(lp), rejected=False, expected=count)
        for q, (s, e, lp, count) in zip(asked, numbers, strict=True)
    ]


def adjusted(p_values: NDArray[np.float64], correction: str | None) -> NDArray[np.float64]:
    """Give p-values adjusted for their number; ``p_values`` in increasing order.

    >>> adjusted(np.array([0.01, 0.02, 0.5]), "holm")
    array([0.03, 0.04, 0.5 ])
    """
    m = len(p_values)
    rank = np.arange(1, m + 1)
    if correction is None or m == 0:
        return p_values
    if correction == "holm":
        return np.minimum(np.maximum.accumulate(p_values * (m - rank + 1)), 1.0)
    spread = (1 / rank).sum() if correction == "by" else 1.0
    stepped = np.minimum.accumulate((p_values * spread * m / rank)[::-1])[::-1]
    return np.asarray(np.minimum(stepped, 1.0))
