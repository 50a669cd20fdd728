"""A model of the data along a found graph, to draw data sets from whose graph is known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import numpy as np

from causalsim.data import Kind, Table
from causalsim.errors import LimitError, NotAClassError
from causalsim.graph import CPDAG, DAG, DiscreteNetwork
from causalsim.graph._base import MarkedGraph
from causalsim.scm import SCM
from causalsim.scm._nodes import as_dag

__all__ = ["LABELLED", "Refit", "as_near_dag", "fit_network", "near_dag", "refit"]

LABELLED = frozenset({Kind.DISCRETE, Kind.BINARY})
MAX_CELLS = 10_000_000


@final
@dataclass(frozen=True, eq=False)
class Refit:
    """A fitted model that draws tables; ``like`` is such a table without rows."""

    model: SCM | DiscreteNetwork
    like: Table
    words: str

    def draw(self, n: int, stream: np.random.Generator) -> Table:
        """Draw n rows."""
        if isinstance(self.model, DiscreteNetwork):
            values = self.model.sample_codes(n, rng=stream).astype(np.float64)
        else:
            values = self.model.sample(n, rng=stream).to_numpy()
        return replace(self.like, values=values)


def refit(dag: DAG, table: Table, stream: np.random.Generator) -> Refit:
    """Fit tables if all columns have labels, else an SCM with binary columns as numbers."""
    if set(table.kinds) <= LABELLED:
        words = "a discrete network fitted to your data along the graph"
        return Refit(fit_network(dag, table), replace(table, values=table.values[:0]), words)
    kinds = [Kind.CONTINUOUS if kind is Kind.BINARY else kind for kind in table.kinds]
    numeric = replace(table, kinds=tuple(kinds), levels={})
    model = SCM.fit(dag, numeric, rng=stream)
    words = "a structural causal model fitted to your data along the graph"
    return Refit(model, replace(numeric, values=table.values[:0]), words)


def fit_network(dag: DAG, table: Table, pseudo: float = 1.0) -> DiscreteNetwork:
    """Fit probability tables by counts plus ``pseudo`` spread evenly over each table's cells.

    >>> from causalsim.data import read_table
    >>> table = read_table(np.array([[0], [0], [1]] * 33), names=["X"], kinds="discrete")
    >>> fit_network(DAG.from_edges([], ["X"]), table).tables["X"]
    array([0.66..., 0.33...])
    """
    states = {name: table.levels[name] for name in dag.nodes}
    codes = table.values.astype(np.intp)
    tables = {}
    for name in dag.nodes:
        family = [*dag.parents(name), name]
        shape = tuple(len(states[member]) for member in family)
        cells = int(np.prod(np.array(shape, np.float64)))
        if cells > MAX_CELLS:
            raise LimitError(
                f"the table of {name!r} given {family[:-1]} has {cells} cells, more than "
                f"{MAX_CELLS}; merge states, or give a sparser graph: dry_run(..., graph=dag)."
            )
        flat = np.ravel_multi_index([codes[:, table.index(member)] for member in family], shape)
        counts = np.bincount(flat, minlength=cells).reshape(shape) + pseudo / cells
        tables[name] = counts / counts.sum(axis=-1, keepdims=True)
    return DiscreteNetwork(dag, states, tables)


def as_near_dag(graph: MarkedGraph) -> tuple[DAG, tuple[str, ...]]:
    """Give an extension of the graph, or a near DAG and a note that says why."""
    if not isinstance(graph, CPDAG):
        return as_dag(graph), ()
    try:
        return graph.extension(), ()
    except NotAClassError as error:
        dag = near_dag(graph)
        turned = int((dag.directed & graph.directed.T).sum())
        note = f"the found graph extends to no DAG: {error} A near one with the same adjacencies"
        return dag, (f"{note} was fitted, {turned} arrows turned; marks are judged by it.",)


def near_dag(graph: CPDAG) -> DAG:
    """Give a DAG with the graph's adjacencies that breaks few of its arrows and open triples.

    Greedy form of Dor & Tarsi's extension: as long as nodes remain, the one that can be last at
    the least cost becomes a sink. The cost is the number of arrows out of it that would turn,
    plus the number of new v-structures. Where the graph has an extension, the cost is always 0.

    >>> near_dag(CPDAG.from_edges(["X --> Y", "Y --> Z", "Z --> X"]))
    DAG.from_edges(['X --> Y', 'X --> Z', 'Y --> Z'])
    """
    directed = np.zeros(graph.marks.shape, bool)
    remaining = set(range(len(graph)))

    def cost(x: int) -> tuple[int, int]:
        around = graph.adjacent_sets[x] & remaining
        free = around - graph.parent_sets[x]
        opened = sum(len(around - {y} - graph.adjacent_sets[y]) for y in free)
        return len(graph.child_sets[x] & remaining) + opened, -x

    while remaining:
        sink = min(remaining, key=cost)
        remaining.discard(sink)
        directed[list(graph.adjacent_sets[sink] & remaining), sink] = True
    return DAG.from_directed(graph.nodes, directed)
