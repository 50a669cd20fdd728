"""Probability tables for a discovered graph, by counting, so that it can be written as BIF."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causalsim.data import Kind, Table
from causalsim.errors import LimitError, OptionError, listing
from causalsim.graph import DAG, DiscreteNetwork

__all__ = ["fit_tables", "refuse_numbers"]

MAX_CELLS = 1_000_000


def refuse_numbers(table: Table, path: object) -> None:
    """Refuse a BIF file for data that have no states."""
    columns = zip(table.names, table.kinds, strict=True)
    wrong = [name for name, kind in columns if kind not in {Kind.DISCRETE, Kind.BINARY}]
    if wrong:
        raise OptionError(
            f"cannot write {path}: BIF holds probability tables of discrete variables, and "
            f"{listing(wrong)} are not discrete. Write .json, .dot, .graphml or .dagitty, or "
            "say that they are with --kinds discrete."
        )


def fit_tables(dag: DAG, table: Table) -> DiscreteNetwork:
    """Estimate the table of each node by counts over the complete rows.

    Configurations of parents that never occur get equal shares.
    """
    codes = table.values[~np.isnan(table.values).any(axis=1)].astype(np.intp)
    states = {name: table.levels[name] for name in dag.nodes}
    tables = {}
    for name in dag.nodes:
        family = (*dag.parents(name), name)
        shape = tuple(len(states[member]) for member in family)
        if np.prod(shape, dtype=float) > MAX_CELLS:
            raise LimitError(
                f"the table of {name!r} given {listing(family[:-1])} would have more than "
                f"{MAX_CELLS} cells; write the graph as .json, .dot, .graphml or .dagitty."
            )
        tables[name] = _shares(codes[:, [table.index(member) for member in family]], shape)
    return DiscreteNetwork(dag, states, tables)


def _shares(codes: NDArray[np.intp], shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Give the share of each own state for each configuration of parents."""
    cells = np.ravel_multi_index(tuple(codes.T), shape)
    counts = np.bincount(cells, minlength=int(np.prod(shape))).reshape(shape)
    total = counts.sum(axis=-1, keepdims=True)
    return np.where(total > 0, counts / np.maximum(total, 1), 1 / shape[-1])
