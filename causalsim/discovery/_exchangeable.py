"""Causal structure of exchangeable data: many small environments with mechanisms of their own.

If mechanisms change between environments independently of each other, then a cause in one row
and its effect in another are independent given the cause in that other row, and not the other
way round [Guo2023]_. Sinks are found by this test and peeled off, layer by layer; then the edges
between layers are tested. Here no sink is taken, and no edge directed, that the tests do not
bear out: a set of variables without any sink refutes the assumption.

References
----------
.. [Guo2023] Guo, Toth, Schoelkopf & Huszar, Causal de Finetti: on the identification of invariant
   causal structure in exchangeable data, NeurIPS 2023, arXiv 2203.15756.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from causalsim._parallel import Progress, check_n_jobs, check_progress
from causalsim._rng import RNG, check_rng
from causalsim.citest import CITest
from causalsim.citest._reading import takes, workable, works
from causalsim.discovery._environment_test import bind_environments
from causalsim.discovery._environments import Environments, read_environments
from causalsim.discovery._exchangeable_order import Order
from causalsim.discovery._exchangeable_result import ExchangeableResult
from causalsim.discovery._exchangeable_search import Search, join, peel
from causalsim.discovery._knowledge import Knowledge, as_knowledge, resolve
from causalsim.discovery._result import provenance
from causalsim.errors import OptionError
from causalsim.graph import CPDAG, DAG

__all__ = ["exchangeable"]

ENOUGH = 100  # environments for arrows, see docs/exchangeable.md


def exchangeable(
    data: object,
    context: str,
    test: str | CITest | type[CITest] = "auto",
    *,
    alpha: float = 0.05,
    knowledge: Knowledge | Mapping[str, Any] | None = None,
    abstain: bool = True,
    missing: str = "error",
    kinds: Mapping[str, str] | str | None = None,
    degenerate: str = "error",
    n_jobs: int = 1,
    progress: bool | Progress = False,
    rng: RNG = None,
) -> ExchangeableResult:
    """Discover a DAG from many environments whose mechanisms change independently.

    Parameters
    ----------
    data : DataFrame, array, Table or path
        Rows are draws, grouped by ``context``; other columns are variables.
    context : str
        The column that says which rows were taken in one environment. Each environment counts
        as one draw and has at least two rows; their numbers may differ.
    test : str or CITest
        ``"auto"`` uses all rows of an environment at once. Any test of
        :func:`causalsim.citest.names` is put to tables with two rows of each environment.
    alpha : float
        A pair is called independent when p > alpha.
    knowledge : Knowledge or mapping, optional
        About variables. Strictly enforced, and used to skip tests: what can cause nothing that
        is left is a sink, an edge is tested only where it can be and need not.
    abstain : bool
        Leave an edge undirected where both or neither of its directions pass. False takes the
        direction with the larger p instead. Where knowledge forbids one, the other is taken.
    missing : {"error", "listwise"}
        Refuse missing values, or drop the rows that have any.
    kinds, degenerate
        As in :func:`causalsim.data.read_table`.
    n_jobs : int
        Workers for the tests of a step; the result does not depend on it.
    progress : bool or callable(done, total, message)
        True writes to stderr.
    rng : int, Generator or None
        For tests that draw random numbers.

    Returns
    -------
    ExchangeableResult
        ``.graph`` is a DAG over the variables, or a CPDAG if an edge is left undirected;
        ``.layers`` from causes to sinks; ``.refuted``; ``.tests`` with the p-value of every
        decision.

    Raises
    ------
    DataError
        If there are fewer than 20 environments, one has a single row, or there are fewer than
        two variables.
    NameNotFoundError, OptionError, KnowledgeError
        If a name or an option is unknown, or two rules contradict each other.
    InterruptedRunError
        On Ctrl-C; ``.partial`` is the tuple of :class:`Decision` so far. It holds no skeleton:
        edges are tested when all sinks are off.

    Notes
    -----
    X_{i;s} is variable i in row s of an environment. Variable i is a sink of the set R if
    X_{i;1} _||_ X_{k;2} | {X_{m;1} : m in R, m != i} for each other k in R, at alpha over all k
    by Bonferroni; where knowledge allows i --> k alone, X_{i;1} _||_ X_{k;1} given the others is
    asked too. Of sinks that depend on each other the one with the larger p goes first. The
    edge j - k between layers is tested given all layers above that of j, the parents of k
    between the two, and those in the layer of j that share such a parent as a child. Neither
    the order of columns nor that of rows changes the result.

    The tests rest on mechanisms that change, and independently of each other. Changes that go
    together refute the assumption at best, and give a wrong direction at worst.

    Examples
    --------
    >>> import pandas as pd
    >>> rng = np.random.default_rng(0)
    >>> shift, scale = rng.normal(size=200).repeat(2), rng.exponential(size=200).repeat(2)
    >>> x = shift + rng.normal(size=400)
    >>> frame = pd.DataFrame({"X": x, "Y": scale * x, "place": np.arange(400) // 2})
    >>> found = exchangeable(frame, "place")
    >>> found.graph, found.layers
    (DAG.from_edges(['X --> Y']), (('X',), ('Y',)))
    """
    _check_options(context, alpha, abstain)
    check_rng(rng)
    reading: Any = {"kinds": kinds, "missing": missing, "degenerate": degenerate}

    def read(**change: str) -> Environments:
        return read_environments(data, context, **{**reading, **change})

    def accepted(**change: str) -> bool:
        if "missing" in change:
            return change["missing"] == "listwise"
        if isinstance(test, str) and test == "auto":
            return works(lambda: read(**change))
        return takes(test, lambda: read(**change).table)

    with workable(accepted):
        environments = read()
    names = environments.table.names
    order = Order.of(resolve(knowledge, names))
    search = Search(
        bind_environments(test, environments),
        names,
        order,
        float(np.log(alpha)),
        check_n_jobs(n_jobs),
        check_progress(progress),
    )
    peeling = peel(search)
    edges = join(search, peeling.layers)
    stated = peeling.clear | {edge for edge in edges if order.one_way(*edge)}
    directed = [edge for edge in edges if edge in stated or not abstain]
    texts = [f"{names[j]} {'-->' if (j, k) in directed else '---'} {names[k]}" for j, k in edges]
    kind = DAG if len(directed) == len(edges) else CPDAG
    return ExchangeableResult(
        graph=kind.from_edges(texts, names),
        layers=tuple(_named(layer, names) for layer in reversed(peeling.layers)),
        refuted=_named(peeling.refuted, names),
        decisions=search.decisions(),
        context=context,
        test=search.tester.name,
        n_environments=len(environments.sizes),
        n=len(environments.table),
        options={
            "alpha": alpha,
            "abstain": abstain,
            "missing": missing,
            "degenerate": degenerate,
            "kinds": dict(kinds) if isinstance(kinds, Mapping) else kinds,
            "knowledge": None if knowledge is None else as_knowledge(knowledge).to_dict(),
        },
        provenance=provenance(environments.table),
        notes=(*environments.table.notes, *_few(len(environments.sizes))),
    )


def _check_options(context: object, alpha: object, abstain: object) -> None:
    if not isinstance(context, str):
        raise OptionError(
            f"context={context!r}: expected the name of one column; join several columns into "
            "one that says which rows were taken together."
        )
    if isinstance(alpha, bool) or not isinstance(alpha, int | float) or not 0 < alpha < 1:
        raise OptionError(f"alpha={alpha!r}: expected a number between 0 and 1, such as 0.05.")
    if not isinstance(abstain, bool):
        raise OptionError(f"abstain={abstain!r}: expected True or False.")


def _few(environments: int) -> Iterator[str]:
    """Say how far arrows can be trusted where environments are few."""
    if environments < ENOUGH:
        yield (
            f"{environments} environments are few for arrows: in our benchmark 38 of 51 were "
            "right at 20 environments, 70 of 77 at 50, 125 of 128 at 100; where mechanisms "
            "change little, half of them (docs/exchangeable.md)"
        )


def _named(members: Iterable[int], names: Sequence[str]) -> tuple[str, ...]:
    return tuple(names[i] for i in sorted(members))
