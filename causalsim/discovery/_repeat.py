"""Running an algorithm many times: runs that may fail, and what their graphs share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalsim._parallel import Progress, parallel_map
from causalsim.citest import BoundTest
from causalsim.data import Table, read_table
from causalsim.data._quality import screen
from causalsim.discovery._pc import pc
from causalsim.errors import (
    DataError,
    GraphError,
    InterruptedRunError,
    NameNotFoundError,
    OptionError,
)
from causalsim.graph import CPDAG, DAG, Mark

__all__ = [
    "Algorithm",
    "Outcome",
    "failure_lines",
    "find_algorithm",
    "plain_options",
    "read_columns",
    "refuse_bound",
    "repeat",
    "run_once",
    "settled",
    "shares",
]

Algorithm = Callable[..., Any]
Outcome = CPDAG | str
ALGORITHMS: dict[str, Algorithm] = {"pc": pc}


def find_algorithm(algorithm: str | Algorithm) -> tuple[str, Algorithm]:
    """Give the name and the function of an algorithm."""
    if callable(algorithm):
        return getattr(algorithm, "__name__", type(algorithm).__name__), algorithm
    if algorithm not in ALGORITHMS:
        raise NameNotFoundError.from_names("algorithm", algorithm, ALGORITHMS)
    return algorithm, ALGORITHMS[algorithm]


def read_columns(data: object, names: Sequence[str], missing: str, kinds: Any) -> Table:
    """Read some columns; what is wrong with others does not matter."""
    whole = read_table(data, kinds=kinds, missing="testwise", degenerate="keep")
    chosen = replace(whole.select(names), notes=())
    return read_table(chosen, missing=missing)  # type: ignore[arg-type]


def run_once(
    algorithm: Algorithm,
    table: Table,
    options: Mapping[str, Any],
    degenerate: str,
    stream: np.random.Generator,
) -> Outcome:
    """Run an algorithm on a table; give its graph, or the reason why there is none."""
    try:
        fine = screen(table, degenerate)  # type: ignore[arg-type]
        found = algorithm(fine, rng=stream, **options)
    except DataError as error:
        return str(error)
    graph = getattr(found, "graph", found)
    if not isinstance(graph, CPDAG | DAG):
        raise GraphError(
            f"the algorithm gave a {type(graph).__name__}; expected a CPDAG or a DAG, or a "
            "result with such a .graph."
        )
    return CPDAG(graph.nodes, graph.marks).reorder(table.names)


def repeat(
    task: Callable[..., Outcome],
    tasks: Sequence[Iterable[Any]],
    finish: Callable[[Sequence[Outcome]], object],
    n_jobs: int,
    progress: bool | Progress,
) -> list[Outcome]:
    """Run all tasks; an interruption carries ``finish`` of those that were done."""
    try:
        return parallel_map(task, tasks, n_jobs=n_jobs, progress=progress, message="runs")
    except InterruptedRunError as error:
        done: list[Outcome] = error.partial if isinstance(error.partial, list) else []
        graphs = [graph for graph in done if isinstance(graph, CPDAG)]
        raise InterruptedRunError(
            f"interrupted after {len(done)} of {len(tasks)} runs; error.partial has their result.",
            finish(done) if graphs else None,
        ) from error


def settled(outcomes: Sequence[Outcome]) -> tuple[tuple[CPDAG, ...], dict[str, int]]:
    """Part the graphs from the failures, which are counted by reason."""
    graphs = tuple(graph for graph in outcomes if isinstance(graph, CPDAG))
    failures = Counter(reason for reason in outcomes if isinstance(reason, str))
    if not graphs:
        reason, _ = failures.most_common(1)[0]
        raise DataError(f"all {len(outcomes)} runs failed, most often with: {reason}")
    return graphs, dict(failures)


def shares(graphs: Sequence[CPDAG]) -> dict[str, NDArray[np.float64]]:
    """Give for each relation the share of graphs in which it holds, shape (p, p)."""
    relations: dict[str, Callable[[CPDAG], NDArray[np.bool_]]] = {
        "adjacent": lambda graph: graph.skeleton,
        "directed": lambda graph: graph.directed,
        "undirected": lambda graph: graph.undirected,
        "bidirected": lambda graph: graph.bidirected,
        "conflict": lambda graph: np.equal(graph.marks, Mark.CONFLICT),
    }
    return {
        name: np.mean([of(graph) for graph in graphs], axis=0) for name, of in relations.items()
    }


def failure_lines(failures: Mapping[str, int]) -> list[str]:
    """Say how many runs failed, and why."""
    return [f"  {count} runs failed: {reason}" for reason, count in failures.items()]


def plain_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Give options as plain values: what JSON cannot hold becomes its repr.

    >>> plain_options({"alpha": 0.01, "tiers": ("a", "b")})
    {'alpha': 0.01, 'tiers': "('a', 'b')"}
    """
    plain = str | int | float | None
    return {k: v if isinstance(v, plain) else repr(v) for k, v in options.items()}


def refuse_bound(options: Mapping[str, Any]) -> None:
    """Refuse a test that holds data of its own, which no subsample could change."""
    for name, value in options.items():
        if isinstance(value, BoundTest):
            raise OptionError(
                f"{name} is bound to data; give the spec, such as {name}={value.spec!r}, so that "
                "it can be bound to each subsample."
            )
