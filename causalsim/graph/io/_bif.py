"""BIF: discrete Bayesian networks with their tables, as bnlearn, pgmpy and JavaBayes write them.

A row ``(states of the parents) numbers;`` runs over the states of the variable. A ``table`` of
a variable with parents runs over the parents fastest, the last parent first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from causalsim.errors import FormatError, GraphError, listing, nearest
from causalsim.graph.io._bif_text import Probability, Row, Variable, quote, read_blocks
from causalsim.graph.kinds import DAG
from causalsim.graph.network import DiscreteNetwork

__all__ = ["from_bif", "to_bif"]

States = Mapping[str, tuple[str, ...]]


def to_bif(network: DiscreteNetwork) -> str:
    """Write a discrete network as BIF text, one row for each configuration of the parents.

    Parameters
    ----------
    network : DiscreteNetwork

    Raises
    ------
    GraphError
        If given a graph without tables.
    FormatError
        If a name holds a double quote or a line break.

    Examples
    --------
    >>> from causalsim.graph import DAG, DiscreteNetwork
    >>> nothing = DAG.from_edges([], nodes=["coin"])
    >>> coin = DiscreteNetwork(nothing, {"coin": ["h", "t"]}, {"coin": [0.5, 0.5]})
    >>> print(to_bif(coin))
    network unknown {
    }
    variable coin {
      type discrete [ 2 ] { h, t };
    }
    probability ( coin ) {
      table 0.5, 0.5;
    }
    """
    if not isinstance(network, DiscreteNetwork):
        raise GraphError(
            f"BIF holds a DiscreteNetwork with tables, got a {type(network).__name__}; write a "
            "graph as JSON, DOT, GraphML or dagitty text."
        )
    blocks = ["network unknown {\n}"]
    blocks += [_variable(name, network.states[name]) for name in network.nodes]
    blocks += [_probability(name, network) for name in network.nodes]
    return "\n".join([*blocks, ""])


def _variable(name: str, states: Sequence[str]) -> str:
    listed = ", ".join(quote(state) for state in states)
    return f"variable {quote(name)} {{\n  type discrete [ {len(states)} ] {{ {listed} }};\n}}"


def _probability(name: str, network: DiscreteNetwork) -> str:
    parents = network.dag.parents(name)
    table = network.tables[name].reshape(-1, len(network.states[name]))
    head = quote(name) + (f" | {', '.join(map(quote, parents))}" if parents else "")
    configurations = product(*([quote(s) for s in network.states[p]] for p in parents))
    rows = [
        f"  {_key(key)} {', '.join(map(repr, numbers))};"
        for key, numbers in zip(configurations, table.tolist(), strict=True)
    ]
    return "\n".join([f"probability ( {head} ) {{", *rows, "}"])


def _key(states: Sequence[str]) -> str:
    return f"({', '.join(states)})" if states else "table"


def from_bif(text: str) -> DiscreteNetwork:
    """Read BIF text.

    Parameters
    ----------
    text : str
        Comments and property lines are skipped; names and states may be quoted or hold odd
        characters; tables may be given by ``table``, by rows, and with a ``default`` row.

    Returns
    -------
    DiscreteNetwork
        Nodes in the order of the file. Rows are normalised, since files round their numbers.

    Raises
    ------
    FormatError
        If the text is no BIF, with the line; if a table is missing, doubled, incomplete or of
        the wrong length; or if a variable or state is unknown.
    GraphError
        If the parents form a cycle, or a row does not sum to 1.

    Examples
    --------
    >>> text = "variable a { type discrete [2] { no, yes }; } probability (a) { table .2 .8; }"
    >>> from_bif(text).tables["a"]
    array([0.2, 0.8])
    """
    variables, probabilities = read_blocks(text)
    if not variables:
        raise FormatError("no BIF: the text declares no variable.")
    states = _states(variables)
    blocks = _by_name(probabilities, states)
    dag = _dag(tuple(states), blocks)
    tables = {name: _table(blocks[name], states, dag) for name in dag.nodes}
    return DiscreteNetwork(dag, states, tables)


def _states(variables: Sequence[Variable]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, states, line in variables:
        if name in found:
            raise FormatError(f"line {line}: variable {name!r} is declared twice.")
        if len(set(states)) != len(states):
            raise FormatError(f"line {line}: states of {name!r} repeat: {listing(states)}.")
        found[name] = states
    return found


def _by_name(probabilities: Sequence[Probability], states: States) -> dict[str, Probability]:
    """Find the one block of each variable, over known and different parents."""
    found: dict[str, Probability] = {}
    for block in probabilities:
        family = (block.name, *block.parents)
        for name in family:
            if name not in states:
                raise FormatError(
                    f"line {block.line}: variable {name!r} is not declared.{nearest(name, states)}"
                )
        if block.name in found or len(set(family)) != len(family):
            raise FormatError(
                f"line {block.line}: {block.name!r} has two probability blocks, or a parent "
                "twice, or itself as a parent."
            )
        found[block.name] = block
    missing = [name for name in states if name not in found]
    if missing:
        raise FormatError(f"no probability block for {listing(missing)}.")
    return found


def _dag(nodes: tuple[str, ...], blocks: Mapping[str, Probability]) -> DAG:
    index = {name: i for i, name in enumerate(nodes)}
    directed = np.zeros((len(nodes), len(nodes)), bool)
    for name, block in blocks.items():
        directed[[index[p] for p in block.parents], index[name]] = True
    return DAG.from_directed(nodes, directed)


def _table(block: Probability, states: States, dag: DAG) -> NDArray[np.float64]:
    """Fill a table, then put its parent axes into the order of the DAG."""
    shape = tuple(len(states[name]) for name in (*block.parents, block.name))
    table = np.full(shape, np.nan)
    given = np.zeros(shape[:-1], bool)
    for row in sorted(block.rows, key=lambda row: row.key != "default"):
        if row.key == "table":
            turned = _numbers(row, int(np.prod(shape)), block).reshape(shape[-1], *shape[:-1])
            table, given = np.moveaxis(turned, 0, -1), np.ones_like(given)
        else:
            at = () if row.key == "default" else _position(row, block, states)
            table[at] = _numbers(row, shape[-1], block)
            given[at] = True
    if not given.all():
        first = np.argwhere(~given)[0].tolist()
        config = [states[name][k] for name, k in zip(block.parents, first, strict=True)]
        raise FormatError(
            f"line {block.line}: {block.name!r} has no row for ({', '.join(config)})."
        )
    order = [block.parents.index(name) for name in dag.parents(block.name)]
    return table.transpose(*order, len(order))


def _numbers(row: Row, expected: int, block: Probability) -> NDArray[np.float64]:
    if len(row.numbers) != expected:
        raise FormatError(
            f"line {row.line}: expected {expected} numbers for {block.name!r}, "
            f"got {len(row.numbers)}."
        )
    return np.array(row.numbers)


def _position(row: Row, block: Probability, states: States) -> tuple[int, ...]:
    """Translate the parents' states of a row into positions."""
    if len(row.key) != len(block.parents):
        raise FormatError(
            f"line {row.line}: {len(row.key)} states for the {len(block.parents)} parents of "
            f"{block.name!r}."
        )
    for name, state in zip(block.parents, row.key, strict=True):
        if state not in states[name]:
            raise FormatError(
                f"line {row.line}: {name!r} has no state {state!r}; it has "
                f"{listing(states[name])}."
            )
    return tuple(states[n].index(s) for n, s in zip(block.parents, row.key, strict=True))
