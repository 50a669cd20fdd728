"""How well an algorithm can do on data like yours.

A model is fitted along the found graph, new data of the same size are drawn from it, and the
same algorithm with the same options runs on them (a parametric bootstrap). Now the true graph is
known, so that hits and false edges can be counted, edge by edge and at the strengths of *your*
data. What is measured is how well the algorithm does *if* the found graph is right and the model
holds: it says how much to expect of the method, never that the graph is true.

An edge is in the graph because it looked strong on the rows at hand. A model fitted on the same
rows takes that luck for strength, so that the rates of weak edges are far too high. Hold rows out
of the search, and fit on them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from causalsim._parallel import Progress
from causalsim._rng import RNG, spawn
from causalsim.citest import CITest, Oracle
from causalsim.data import Table
from causalsim.discovery._dry_run_result import DryRun
from causalsim.discovery._refit import LABELLED, Refit, as_near_dag, refit
from causalsim.discovery._repeat import (
    Algorithm,
    Outcome,
    find_algorithm,
    plain_options,
    read_columns,
    repeat,
    run_once,
    settled,
)
from causalsim.discovery._result import DiscoveryResult, provenance
from causalsim.discovery._spec_text import read_spec
from causalsim.errors import OptionError
from causalsim.graph import CPDAG, DAG, parse_edge
from causalsim.scm._nodes import check_count

__all__ = ["dry_run", "read_spec"]


def dry_run(
    result: DiscoveryResult[CPDAG],
    data: object,
    *,
    repetitions: int = 50,
    graph: DAG | CPDAG | None = None,
    test: CITest | None = None,
    kinds: Mapping[str, str] | str | None = None,
    degenerate: str = "error",
    n_jobs: int = 1,
    progress: bool | Progress = False,
    rng: RNG = None,
) -> DryRun:
    """Say how well the algorithm recovers a graph like the one it found, on data like yours.

    Fits a model along the graph (:meth:`causalsim.SCM.fit` for continuous data, tables by counts
    for discrete data), draws data sets of the same size from it, and runs the same algorithm
    with the same options on each.

    Parameters
    ----------
    result : DiscoveryResult
    data : DataFrame, array, Table or path
        Best rows held out of the search; or the data that ``result`` came from. The runs have as
        many rows as the search had in both cases. A result does not carry its data: it is small
        enough to save and to share, and your data stay with you.
    repetitions : int
        Number of data sets.
    graph : DAG or CPDAG, optional
        The graph to fit, over the same nodes; by default that of ``result``. Of a CPDAG one
        extension is fitted. If it has none, because of conflicts, a near DAG with the same
        adjacencies is fitted instead, and the result's notes say so.
    test : CITest, optional
        By default read from ``result``; give the spec of a test of your own.
    kinds
        Passed to :func:`causalsim.data.read_table`.
    degenerate : {"error", "keep"}
        Whether a drawn data set with a constant, repeated or collinear column counts as failed.
    n_jobs : int
        Workers; the result does not depend on it.
    progress : bool or callable(done, total, message)
        True writes to stderr.
    rng : int, Generator or None

    Returns
    -------
    DryRun

    Raises
    ------
    GraphError
        If ``graph`` is of another kind or over other nodes.
    DataError, NameNotFoundError
        If the data do not fit the result, or every run fails.
    OptionError
        If the test cannot be rebuilt from the result.
    LimitError
        If a probability table would have more than ten million cells.
    InterruptedRunError
        On Ctrl-C; ``.partial`` holds the result of the runs so far.

    Notes
    -----
    Missing values: the model is fitted on complete rows, and drawn data are complete. Binary
    columns beside continuous ones are taken as numbers. Tables of discrete data are counts plus
    one pseudo-count in all per node, spread evenly over the table (BDeu with equivalent sample
    size 1; Heckerman, Geiger & Chickering 1995).

    *Fitted on the rows that chose the graph, the rate of an edge near the threshold can be many
    times too high, and there are too few false edges.* Rate at which an edge of correlation r is
    found by Fisher's z at alpha = .01, against the mean of ``found`` where it was found:

    ====  ====  =====  =========  =============
    r     n     truth  same rows  held-out rows
    ====  ====  =====  =========  =============
    .10   100   .06    .67        .18
    .15   200   .33    .75        .32
    .20   200   .61    .80        .59
    ====  ====  =====  =========  =============

    On whole graphs at n = 100, .88 instead of .66 of the edges came back, and .012 instead of
    .026 of the absent pairs were joined. Edges with p > alpha / 10 are marked.

    Examples
    --------
    >>> from causalsim import SCM, pc
    >>> data = SCM.from_weights({"X --> Z": 0.5, "Y --> Z": 0.5}).sample(1000, rng=0)
    >>> result = pc(data[:500], "fisher_z", alpha=0.01)
    >>> trial = dry_run(result, data[500:], repetitions=20, rng=0)
    >>> trial.n, trial.edges["found"].tolist(), trial.graph
    (500, [1.0, 1.0], CPDAG.from_edges(['X --> Z', 'Y --> Z']))
    """
    check_count("repetitions", repetitions, 1)
    if degenerate not in {"error", "keep"}:
        raise OptionError.from_choice("degenerate", degenerate, ["error", "keep"])
    name, function = find_algorithm(result.algorithm)
    spec = read_spec(result.test) if test is None else test
    dag, doubt = as_near_dag(result.graph if graph is None else graph)
    dag = dag.reorder(result.graph.nodes)
    policy = "error" if result.options.get("missing", "error") == "error" else "listwise"
    table = read_columns(data, dag.nodes, policy, kinds)
    options = {**result.options, "record": "decisive"}
    target = function(None, Oracle(dag), **options).graph
    fit_stream, *streams = spawn(rng, repetitions + 1)
    model = refit(dag, table, fit_stream)
    options["test"] = spec
    n = result.n or len(table)
    tasks = [(function, model, n, options, degenerate, stream) for stream in streams]

    def finish(outcomes: Sequence[Outcome]) -> DryRun:
        graphs, failures = settled(outcomes)
        return DryRun(
            algorithm=name,
            dag=dag,
            graph=target,
            model=model.words,
            n=n,
            graphs=graphs,
            failures=failures,
            strengths=_matched(result.strengths, target),
            p_values=_matched(_tested(result), target),
            options=plain_options(options),
            provenance=provenance(table),
            notes=(*table.notes, *doubt, *_notes(result, table)),
        )

    return finish(repeat(_replicate, tasks, finish, n_jobs, progress))


def _replicate(
    function: Algorithm,
    model: Refit,
    n: int,
    options: Mapping[str, Any],
    degenerate: str,
    stream: np.random.Generator,
) -> Outcome:
    """Draw a data set and run the algorithm on it."""
    return run_once(function, model.draw(n, stream), options, degenerate, stream)


def _tested(result: DiscoveryResult[CPDAG]) -> dict[str, float]:
    """Give the largest p of each edge that was tested."""
    edges = result.edges.dropna(subset="p_value")
    return dict(zip(edges["edge"], edges["p_value"], strict=True))


def _matched(values: Mapping[str, float], target: CPDAG) -> dict[str, float]:
    """Give the values of the target's edges, whatever marks the result gave them."""
    by_pair = {frozenset(parse_edge(edge)[:2]): value for edge, value in values.items()}
    pairs = [frozenset(parse_edge(edge)[:2]) for edge in target.edges]
    found = zip(target.edges, pairs, strict=True)
    return {edge: by_pair[pair] for edge, pair in found if pair in by_pair}


def _notes(result: DiscoveryResult[CPDAG], table: Table) -> list[str]:
    """Say what in the fit is not as in the result."""
    notes = []
    if provenance(table)["data"] == result.provenance.get("data"):
        notes.append(
            "fitted on the rows that chose the graph: for edges near the threshold the rate can "
            "be many times too high, and false edges too few; fit on held-out rows"
        )
    else:
        notes.append(
            "fitted on other data than those that chose the graph, which is fair if no row is in "
            "both"
        )
    if len({kind in LABELLED for kind in table.kinds}) == 2:
        notes.append("binary columns were taken as numbers")
    return notes
