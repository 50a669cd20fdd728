"""Discrete Bayesian networks: a DAG, states, and a probability table for each node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, final

import numpy as np
from numpy.typing import NDArray

from causalsim._rng import RNG, check_rng
from causalsim.errors import GraphError, NameNotFoundError
from causalsim.graph.kinds import DAG

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DiscreteNetwork"]


@final
@dataclass(frozen=True, eq=False)
class DiscreteNetwork:
    """A DAG with finite states and conditional probability tables.

    Parameters
    ----------
    dag : DAG
    states : mapping of str to sequence of str
        The states of each node.
    tables : mapping of str to array
        ``tables[x]`` has one axis per parent, in the order of ``dag.parents(x)``, and last an
        axis for x itself; it sums to 1 along the last axis (to within 1e-6, then normalised).

    Examples
    --------
    >>> rain = DiscreteNetwork(
    ...     DAG.from_edges(["rain --> wet"]),
    ...     {"rain": ["no", "yes"], "wet": ["no", "yes"]},
    ...     {"rain": [0.8, 0.2], "wet": [[0.9, 0.1], [0.2, 0.8]]},
    ... )
    >>> rain.sample(3, rng=0).shape
    (3, 2)
    """

    dag: DAG
    states: Mapping[str, tuple[str, ...]]
    tables: Mapping[str, NDArray[np.float64]]

    def __post_init__(self) -> None:
        for what, given in (("states", self.states), ("tables", self.tables)):
            missing = [name for name in self.dag.nodes if name not in given]
            extra = [name for name in given if name not in self.dag]
            if missing:
                raise GraphError(f"{what} of {missing[0]!r} are missing; every node needs them.")
            if extra:
                raise NameNotFoundError.from_names(f"node for {what}", extra[0], self.dag.nodes)
        states = {name: tuple(str(s) for s in self.states[name]) for name in self.dag.nodes}
        object.__setattr__(self, "states", MappingProxyType(states))
        tables = {name: self._checked(name) for name in self.dag.nodes}
        object.__setattr__(self, "tables", MappingProxyType(tables))

    def _checked(self, name: str) -> NDArray[np.float64]:
        states = self.states[name]
        if len(set(states)) != len(states) or not states:
            raise GraphError(f"states of {name!r} must be distinct and at least one: {states}.")
        table = np.array(self.tables[name], np.float64)
        shape = tuple(len(self.states[p]) for p in (*self.dag.parents(name), name))
        if table.shape != shape:
            raise GraphError(
                f"the table of {name!r} has shape {table.shape}; parents "
                f"{self.dag.parents(name)} and its own states make {shape}."
            )
        total = table.sum(axis=-1, keepdims=True)
        if (table < 0).any() or not np.allclose(total, 1, atol=1e-6):
            raise GraphError(
                f"the table of {name!r} must be non-negative with rows that sum to 1."
            )
        table /= total
        table.flags.writeable = False
        return table

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, DiscreteNetwork):
            return NotImplemented
        return (
            self.dag == other.dag
            and self.states == other.states
            and all(np.allclose(self.tables[n], other.tables[n]) for n in self.dag.nodes)
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return DiscreteNetwork, (self.dag, dict(self.states), dict(self.tables))

    __hash__ = None  # type: ignore[assignment]

    @property
    def nodes(self) -> tuple[str, ...]:
        """Node names, in the order of the DAG."""
        return self.dag.nodes

    def sample_codes(self, n: int, *, rng: RNG = None) -> NDArray[np.intp]:
        """Draw ``n`` rows of state numbers, shape (n, p), columns in node order."""
        stream = check_rng(rng)
        codes = np.zeros((n, len(self.nodes)), np.intp)
        for name in self.dag.topological_order():
            parents = self.dag.indices(self.dag.parents(name))
            rows = self.tables[name][tuple(codes[:, parents].T)]
            below = stream.random(n)[:, None] >= np.cumsum(rows, axis=-1)[..., :-1]
            codes[:, self.dag.index(name)] = below.sum(axis=1)
        return codes

    def sample(self, n: int, *, rng: RNG = None) -> pd.DataFrame:
        """Draw ``n`` rows as a DataFrame of categorical columns.

        Parameters
        ----------
        n : int
            Number of rows.
        rng : int, Generator or None
            Random stream.
        """
        import pandas as pd

        codes = self.sample_codes(n, rng=rng)
        return pd.DataFrame(
            {
                name: pd.Categorical.from_codes(
                    codes[:, i], categories=pd.Index(self.states[name])
                )
                for i, name in enumerate(self.nodes)
            }
        )

    def to_dict(self) -> dict[str, Any]:
        """Give edges, nodes, states and tables as plain values."""
        return {
            "nodes": list(self.nodes),
            "edges": list(self.dag.edges),
            "states": {name: list(states) for name, states in self.states.items()},
            "tables": {name: table.tolist() for name, table in self.tables.items()},
        }

    @classmethod
    def from_dict(cls, payload: Mapping[str, Any]) -> DiscreteNetwork:
        """Rebuild a network from :meth:`to_dict`."""
        nodes: Sequence[str] = payload["nodes"]
        return cls(DAG.from_edges(payload["edges"], nodes), payload["states"], payload["tables"])
