"""The oracle: d- or m-separation on a given graph, so that algorithms are tested without noise."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, final

import numpy as np
from numpy.typing import ArrayLike

from causalsim.citest._base import BoundTest, CITest, Floats, Ints, questions
from causalsim.data import Kind, Table
from causalsim.errors import DataError, OptionError, listing
from causalsim.graph import ADMG, DAG
from causalsim.graph.separation import connected_to

__all__ = ["Oracle", "OracleTest"]


@final
@dataclass(frozen=True, eq=False)
class OracleTest(BoundTest):
    """Answers from the graph: log p is 0 if separated, ``-inf`` if not.

    Parameters
    ----------
    spec : CITest
    graph : DAG or ADMG
    names : tuple of str
        Nodes that can be asked about; the others are latent.
    n : int
        Rows; no data, no rows.

    Examples
    --------
    >>> test = Oracle(DAG.from_edges(["X --> Y", "Y --> Z"]))(None)
    >>> statistic, log_p = test.batch([0, 0], [2, 2], [[1], [1]])
    >>> log_p
    array([0., 0.])
    """

    spec: CITest
    graph: DAG | ADMG
    names: tuple[str, ...]
    n: int = 0

    def batch(self, xs: ArrayLike, ys: ArrayLike, givens: ArrayLike) -> tuple[Floats, Floats]:
        """Test many pairs at once; questions with the same x and set share one walk."""
        x, y, s = (self._nodes[part].tolist() for part in questions(xs, ys, givens))
        walks: dict[tuple[int, frozenset[int]], set[int]] = {}
        linked = np.empty(len(x))
        for m, (i, j, given) in enumerate(zip(x, y, s, strict=True)):
            key = i, frozenset(given)
            if key not in walks:
                walks[key] = connected_to(self.graph, i, key[1])
            linked[m] = j in walks[key]
        return linked, np.where(linked == 0, 0.0, -np.inf)

    def effects(self, xs: ArrayLike, ys: ArrayLike, givens: ArrayLike) -> Floats:
        """Give 1 where connected and 0 where separated, shape (m,)."""
        return self.batch(xs, ys, givens)[0]

    @cached_property
    def _nodes(self) -> Ints:
        return np.array([self.graph.index(name) for name in self.names], np.intp)

    def _details(self, x: int, y: int, given: tuple[int, ...]) -> tuple[float, float, int]:
        return float(self.effects([x], [y], [given])[0]), np.nan, self.n


@final
@dataclass(frozen=True)
class Oracle(CITest):
    """Separation on ``graph`` in place of a test on data.

    Parameters
    ----------
    graph : DAG or ADMG

    Raises
    ------
    OptionError
        If ``graph`` is of another kind.

    Examples
    --------
    >>> test = Oracle(DAG.from_edges(["X --> Y", "Y --> Z"]))(None)
    >>> test("X", "Z").p_value, test("X", "Z", ["Y"]).p_value
    (0.0, 1.0)
    """

    graph: DAG | ADMG

    name: ClassVar[str] = "oracle"
    accepts: ClassVar[frozenset[Kind]] = frozenset(Kind)
    assumes: ClassVar[str] = "the graph it reads is the truth"

    def __post_init__(self) -> None:
        if not isinstance(self.graph, DAG | ADMG):
            raise OptionError(
                f"graph={self.graph!r}: an oracle reads separation off a DAG or an ADMG. Take "
                "cpdag.extension() of a CPDAG, and unroll a TemporalGraph."
            )

    def __call__(self, data: object = None) -> BoundTest:
        """Bind to all nodes of the graph, or to the columns of ``data`` in their order.

        Raises
        ------
        DataError
            If a column is no node.
        """
        if data is None:
            return OracleTest(self, self.graph, self.graph.nodes)
        return CITest.__call__(self, data)

    def bind(self, table: Table) -> BoundTest:
        """Check that every column is a node."""
        unknown = [name for name in table.names if name not in self.graph]
        if unknown:
            raise DataError(
                f"columns {unknown} are no nodes of the oracle's graph, which has "
                f"{listing(self.graph.nodes)}. Drop or rename them."
            )
        return OracleTest(self, self.graph, table.names)

    def options(self) -> dict[str, object]:
        """Give the graph's nodes and edges."""
        return {"edges": list(self.graph.edges), "nodes": list(self.graph.nodes)}
