"""A search over lags: a test bound to the lagged table, and what knowledge says of its columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from causalsim.citest import BoundTest, CITest, Oracle
from causalsim.citest._reading import takes, workable
from causalsim.data import Kind, Table
from causalsim.discovery._context import context_names
from causalsim.discovery._fixed_effects import bind_labelled
from causalsim.discovery._knowledge import Knowledge, Resolved, as_knowledge
from causalsim.discovery._lagged import lagged_table
from causalsim.discovery._options import as_whole
from causalsim.discovery._orientation import Orientation
from causalsim.discovery._record import Record
from causalsim.discovery._series import read_series
from causalsim.discovery._skeleton import Skeleton
from causalsim.discovery._temporal_context import NUMBERS, Contexts, add_contexts
from causalsim.errors import DataError, InterruptedRunError, OptionError, listing
from causalsim.graph import TemporalGraph
from causalsim.graph.labels import label, parse_label

__all__ = ["Tests", "Window", "keeping", "open_window"]

Bools = NDArray[np.bool_]
Tests = str | CITest | type[CITest] | BoundTest


@final
@dataclass(frozen=True, eq=False)
class Window:
    """A test on the lagged table, and what knowledge says of its columns.

    Parameters
    ----------
    test : BoundTest
        Over all variables at lags 0 to 2 ``max_lag``.
    table : Table or None
    names : tuple of str
        The p variables.
    max_lag : int
    known : Resolved
        Over the columns of the table; edges end in the present.
    contexts : Contexts
        Those of the variables that nothing causes.
    """

    test: BoundTest
    table: Table | None
    names: tuple[str, ...]
    max_lag: int
    known: Resolved
    contexts: Contexts = field(default_factory=Contexts)

    @property
    def start(self) -> Bools:
        """Pairs that may be joined, shape (nodes, nodes); one end lies in the present."""
        return ~(np.eye(len(self.test.names), dtype=bool) | self.known.apart)

    @property
    def lagged(self) -> Bools:
        """Pairs over time that may be joined, shape (p, nodes), the present end first."""
        links = self.start[: len(self.names)]
        links[:, : len(self.names)] = False
        return links

    @property
    def static(self) -> tuple[int, ...]:
        """The contexts that join every set."""
        return tuple(map(self.names.index, self.contexts.static))

    def skeleton(self, *, keep_all: bool) -> Skeleton:
        """Start a search: all pairs that may be joined, and no tests."""
        return Skeleton(self.start, Record(len(self.test.names), keep_all=keep_all))

    def graph(self, work: Orientation) -> TemporalGraph:
        """Read the graph off the marks over the columns of the table."""
        p, lags = len(self.names), self.max_lag + 1
        marks = work.state.to_marks()
        now = marks[: lags * p, :p].reshape(lags, p, p).transpose(1, 2, 0)
        past = marks[:p, : lags * p].T.reshape(lags, p, p).transpose(1, 2, 0)
        roles = ("context" if name in self.contexts.names else "variable" for name in self.names)
        return TemporalGraph(self.names, now, past, tuple(roles))

    def by_time(self, work: Orientation) -> None:
        """Say of the arrows out of the past that time gave them, unless a rule requires them."""
        work.steps = [
            step._replace(rule="time")
            if step.rule == "knowledge"
            and step.tail >= len(self.names)
            and not self.known.required[step.tail, step.head]
            else step
            for step in work.steps
        ]


def open_window(
    data: object,
    max_lag: int,
    test: Tests,
    knowledge: Knowledge | Mapping[str, Any] | None = None,
    *,
    context: str | Sequence[str] | None = None,
    missing: str = "error",
    **reading: Any,
) -> Window:
    """Read series, bind a test to their lagged table, and resolve knowledge over it.

    Parameters
    ----------
    data : series, or None with a test that needs none
        See :func:`._series.read_series`, which takes ``reading``. None goes with a bound test
        over the labels of lags 0 to 2 ``max_lag``, and with an
        :class:`~causalsim.citest.Oracle` on a graph that has them all.
    max_lag : int
    test : str, CITest or BoundTest
    knowledge : Knowledge or mapping, optional
    context : str or sequence of str, optional
        See :func:`._temporal_context.add_contexts`; without data, variables of the test.
    missing : {"error", "listwise", "testwise"}

    Returns
    -------
    Window

    Raises
    ------
    DataError, OptionError, KnowledgeError
        If data, options or knowledge cannot be used.

    Examples
    --------
    >>> from causalsim.graph import DAG
    >>> dag = DAG.from_edges(["X[t-2] --> X[t-1]", "X[t-1] --> X"])
    >>> window = open_window(None, 1, Oracle(dag))
    >>> window.test.names, window.lagged.tolist()
    (('X', 'X[t-1]', 'X[t-2]'), [[False, True, False]])
    """
    if as_whole(max_lag) < 1:
        raise OptionError(f"max_lag={max_lag!r}: expected a positive integer; pc() has no lags.")
    table, max_lag = None, as_whole(max_lag)
    if data is None:
        bound, contexts = _without_data(test, max_lag), _as_contexts(context)
    else:

        def accepted(**change: str) -> bool:
            left = change.get("missing") == "testwise"
            return change == {"missing": "listwise"} or (
                left and takes(test, lambda: read_series(data, **reading, **change).table)
            )

        with workable(accepted):
            read = read_series(data, missing=missing, **reading)
        series, contexts = add_contexts(read, context)
        table = lagged_table(series, max_lag, missing)
        bound = bind_labelled(test, table, contexts.names)
    names = bound.names[: len(bound.names) // (2 * max_lag + 1)]
    _check_labels(bound, names, max_lag)
    contexts.check(names)
    known = Knowledge() if knowledge is None else as_knowledge(knowledge)
    resolved = _resolve(contexts.protect(known), names, max_lag)
    return Window(bound, table, names, max_lag, resolved, contexts)


def _labels(names: tuple[str, ...], max_lag: int) -> tuple[str, ...]:
    return tuple(label(name, lag) for lag in range(2 * max_lag + 1) for name in names)


def _without_data(test: Tests, max_lag: int) -> BoundTest:
    if isinstance(test, BoundTest):
        return test
    if not isinstance(test, Oracle):
        raise DataError("series=None goes only with a bound test or an oracle; give a DataFrame.")
    names = tuple(node for node in test.graph.nodes if parse_label(node)[1] == 0)
    labels = _labels(names, max_lag)
    kinds = (Kind.CONTINUOUS,) * len(labels)
    return test(Table(labels, np.empty((0, len(labels))), kinds))


def _check_labels(bound: BoundTest, names: tuple[str, ...], max_lag: int) -> None:
    expected = _labels(names, max_lag)
    if not names or bound.names != expected:
        raise DataError(
            f"the bound test has the columns {listing(bound.names)}; expected all variables at "
            f"lags 0 to {2 * max_lag}: {listing(expected or _labels(('X',), max_lag))}."
        )


def _as_contexts(context: str | Sequence[str] | None) -> Contexts:
    names = () if context is None else context_names(context)
    return Contexts(names, tuple(name for name in names if name in NUMBERS))


def _resolve(knowledge: Knowledge, names: tuple[str, ...], max_lag: int) -> Resolved:
    """Turn knowledge into matrices over the lagged table; nothing is joined beyond max_lag.

    >>> _resolve(Knowledge(), ("X",), 1).forbidden.astype(int).tolist()
    [[0, 1, 1], [0, 0, 1], [1, 1, 0]]
    """
    known = knowledge.resolve_lagged(names, max_lag)
    size, more = len(known.forbidden), (0, max_lag * len(names))
    forbidden = ~np.eye(size + more[1], dtype=bool)
    forbidden[:size, :size] = known.forbidden
    return Resolved(
        forbidden, np.pad(known.required, more), np.pad(known.joined, more), known.rules
    )


@contextmanager
def keeping(found: Skeleton) -> Iterator[None]:
    """Let an interruption carry what was found."""
    try:
        yield
    except KeyboardInterrupt as error:
        raise InterruptedRunError(
            f"interrupted after {found.record.n_tests} tests; error.partial holds the skeleton so "
            "far.",
            found,
        ) from error
