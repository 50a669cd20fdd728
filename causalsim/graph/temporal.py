"""Graphs over time: one copy of the edges into the present, repeated at every step.

``marks[i, j, l]`` is the mark at j[t] of the edge between i[t-l] and j[t];
``past_marks[i, j, l]`` is the mark at i[t-l]. At lag 0 the two say the same thing twice:
``past_marks[i, j, 0] == marks[j, i, 0]``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self, final

import numpy as np
from numpy.typing import NDArray

from causalsim.errors import GraphError, OptionError
from causalsim.graph._base import Names, as_marks, as_names, parse_edges, refuse_cycle
from causalsim.graph.kinds import ADMG, CPDAG, DAG
from causalsim.graph.labels import check_names, index_of, label, parse_label
from causalsim.graph.marks import Edge, Mark

__all__ = ["ROLES", "TemporalGraph"]

ROLES = ("variable", "context", "latent")
_CONTEMPORANEOUS = frozenset(
    {
        (Mark.TAIL, Mark.ARROW),
        (Mark.ARROW, Mark.TAIL),
        (Mark.TAIL, Mark.TAIL),
        (Mark.ARROW, Mark.ARROW),
        (Mark.CONFLICT, Mark.CONFLICT),
    }
)
_LAGGED = frozenset({(Mark.TAIL, Mark.ARROW), (Mark.ARROW, Mark.ARROW)})


@final
@dataclass(frozen=True, eq=False, repr=False)
class TemporalGraph:
    """Lagged and contemporaneous edges among p variables.

    Parameters
    ----------
    nodes : sequence of str
        Variable names, without lag.
    marks, past_marks : arrays of shape (p, p, max_lag + 1)
        Marks at the present and at the past end; see the module's text. A lagged edge has an
        arrow at the present and a tail (cause) or an arrow (hidden common cause) at the past.
    roles : sequence of str, optional
        ``"variable"`` (default), ``"context"`` or ``"latent"`` for each node.

    Examples
    --------
    >>> graph = TemporalGraph.from_edges(["X[t-1] --> X", "X[t-2] --> Y", "X --- Y"])
    >>> graph.max_lag, graph.parents("Y")
    (2, ('X[t-2]',))
    >>> graph
    TemporalGraph.from_edges(['X[t-1] --> X', 'X --- Y', 'X[t-2] --> Y'])
    """

    nodes: tuple[str, ...]
    marks: NDArray[np.uint8]
    past_marks: NDArray[np.uint8]
    roles: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        object.__setattr__(self, "nodes", _check_variables(self.nodes))
        p = len(self.nodes)
        if np.ndim(self.marks) != 3:
            raise GraphError(
                f"marks have {np.ndim(self.marks)} axes; expected (p, p, max_lag + 1)."
            )
        shape = (p, p, max(1, np.shape(self.marks)[2]))
        object.__setattr__(self, "marks", as_marks(self.marks, shape))
        object.__setattr__(self, "past_marks", as_marks(self.past_marks, shape))
        object.__setattr__(self, "roles", tuple(self.roles) or ("variable",) * p)
        self._check_roles()
        self._check_marks()

    def _check_roles(self) -> None:
        if len(self.roles) != len(self.nodes):
            raise GraphError(
                f"{len(self.roles)} roles for {len(self.nodes)} nodes; give one each."
            )
        for role in self.roles:
            if role not in ROLES:
                raise OptionError.from_choice("roles", role, ROLES)

    def _check_marks(self) -> None:
        if self.marks[:, :, 0].diagonal().any():
            raise GraphError("a variable cannot be joined to itself at lag 0.")
        if (self.past_marks[:, :, 0] != self.marks[:, :, 0].T).any():
            raise GraphError("at lag 0 past_marks[i, j, 0] must equal marks[j, i, 0].")
        if ((self.marks == Mark.NONE) != (self.past_marks == Mark.NONE)).any():
            raise GraphError("an edge has marks at both ends; marks and past_marks disagree.")
        for (i, j, lag), at_past, at_now in self._cells():
            if (at_past, at_now) not in (_LAGGED if lag else _CONTEMPORANEOUS):
                edge = Edge(label(self.nodes[i], lag), self.nodes[j], at_past, at_now)
                raise GraphError(
                    f"a TemporalGraph cannot hold {str(edge)!r}; lagged edges are '-->' or '<->' "
                    "into the present, lag 0 also holds '---' and 'x-x'."
                )
        self._refuse_cycle()

    def _cells(self) -> Iterator[tuple[tuple[int, int, int], Mark, Mark]]:
        """Give each cell that holds an edge; lag 0 twice, once from either end."""
        for i, j, lag in np.argwhere((self.marks > 0) | (self.past_marks > 0)).tolist():
            yield (
                (i, j, lag),
                Mark(int(self.past_marks[i, j, lag])),
                Mark(int(self.marks[i, j, lag])),
            )

    def _refuse_cycle(self) -> None:
        refuse_cycle(CPDAG(self.nodes, self.marks[:, :, 0]))

    # -- construction and text ------------------------------------------------------------

    @classmethod
    def from_edges(
        cls,
        edges: Iterable[str],
        nodes: Sequence[str] | None = None,
        *,
        max_lag: int | None = None,
        roles: Mapping[str, str] | None = None,
    ) -> Self:
        """Build a temporal graph from edges such as ``"X[t-1] --> Y"`` and ``"X --- Y"``.

        Parameters
        ----------
        edges : iterable of str
            One end of each edge must lie in the present.
        nodes : sequence of str, optional
            Variables and their order; by default the order of appearance.
        max_lag : int, optional
            By default the largest lag among the edges.
        roles : mapping of str to str, optional
            Roles other than ``"variable"``.
        """
        parsed = [_to_present(edge) for edge in parse_edges(edges)]
        if nodes is None:
            ends = (parse_label(end)[0] for edge in parsed for end in (edge.x, edge.y))
            nodes = list(dict.fromkeys(ends))
        names = _check_variables(nodes)
        index = {name: i for i, name in enumerate(names)}
        lags = [parse_label(edge.x)[1] for edge in parsed]
        depth = max(lags, default=0) if max_lag is None else max_lag
        if depth < max(lags, default=0):
            raise GraphError(f"max_lag={max_lag}, but an edge has lag {max(lags)}.")
        marks = np.zeros((len(names), len(names), depth + 1), np.uint8)
        past = marks.copy()
        for edge, lag in zip(parsed, lags, strict=True):
            i, j = (index_of(parse_label(end)[0], index) for end in (edge.x, edge.y))
            if marks[i, j, lag]:
                raise GraphError(f"{edge.x!r} and {edge.y!r} are joined twice; give one edge.")
            marks[i, j, lag], past[i, j, lag] = edge.at_y, edge.at_x
            if lag == 0:
                marks[j, i, 0], past[j, i, 0] = edge.at_x, edge.at_y
        chosen = dict(roles or {})
        for name in chosen:
            index_of(name, index)
        return cls(names, marks, past, tuple(chosen.get(name, "variable") for name in names))

    @cached_property
    def edges(self) -> tuple[str, ...]:
        """The edges into the present as texts, each once."""
        return tuple(
            str(Edge(label(self.nodes[i], lag), self.nodes[j], at_past, at_now))
            for (i, j, lag), at_past, at_now in self._cells()
            if lag or i < j
        )

    @property
    def n_edges(self) -> int:
        """Number of edges into the present."""
        return len(self.edges)

    @property
    def max_lag(self) -> int:
        """The largest lag the arrays have room for."""
        return int(self.marks.shape[2]) - 1

    def __len__(self) -> int:
        return len(self.nodes)

    def __repr__(self) -> str:
        parts = [repr(list(self.edges))]
        plain = TemporalGraph.from_edges(self.edges)
        if plain.nodes != self.nodes:
            parts.append(f"nodes={list(self.nodes)!r}")
        if plain.max_lag != self.max_lag:
            parts.append(f"max_lag={self.max_lag}")
        special = {n: r for n, r in zip(self.nodes, self.roles, strict=True) if r != "variable"}
        if special:
            parts.append(f"roles={special!r}")
        return f"TemporalGraph.from_edges({', '.join(parts)})"

    def __str__(self) -> str:
        return "\n".join(self.edges) or "\n".join(self.nodes)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TemporalGraph):
            return NotImplemented
        return (
            self.nodes == other.nodes
            and self.roles == other.roles
            and np.array_equal(self.marks, other.marks)
            and np.array_equal(self.past_marks, other.past_marks)
        )

    def __hash__(self) -> int:
        return hash((self.nodes, self.roles, self.marks.tobytes(), self.past_marks.tobytes()))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple(getattr(self, name) for name in self.__dataclass_fields__)

    # -- queries --------------------------------------------------------------------------

    @cached_property
    def _index(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.nodes)}

    def index(self, name: str) -> int:
        """Give the position of a variable."""
        return index_of(name, self._index)

    @cached_property
    def directed(self) -> NDArray[np.bool_]:
        """``directed[i, j, l]`` tells whether ``i[t-l] --> j``; shape (p, p, max_lag + 1)."""
        return np.equal(self.marks, Mark.ARROW) & np.equal(self.past_marks, Mark.TAIL)

    def parents(self, name: str) -> tuple[str, ...]:
        """Labels with ``--> name``, by variable and lag."""
        found = np.argwhere(self.directed[:, self.index(name), :])
        return tuple(label(self.nodes[i], lag) for i, lag in found.tolist())

    def children(self, name: str) -> tuple[str, ...]:
        """Variables that ``name`` causes, written as seen from ``name`` at t.

        >>> TemporalGraph.from_edges(["X[t-1] --> Y"]).children("X")
        ('Y[t+1]',)
        """
        found = np.argwhere(self.directed[self.index(name)])
        return tuple(
            self.nodes[j] if lag == 0 else f"{self.nodes[j]}[t+{lag}]" for j, lag in found.tolist()
        )

    def subgraph(self, names: Names) -> Self:
        """Induced subgraph over some variables, in this graph's node order."""
        return self._like(sorted({self.index(name) for name in as_names(names)}))

    def reorder(self, nodes: Sequence[str]) -> Self:
        """Give the same graph with its variables in another order.

        >>> TemporalGraph.from_edges(["X[t-1] --> Y"]).reorder(["Y", "X"]).nodes
        ('Y', 'X')
        """
        if sorted(nodes) != sorted(self.nodes):
            raise GraphError(f"reorder needs the nodes {list(self.nodes)}, got {list(nodes)}.")
        return self._like([self.index(name) for name in nodes])

    def _like(self, positions: Sequence[int]) -> Self:
        """Give the graph over the variables at ``positions``."""
        at = np.ix_(positions, positions)
        return type(self)(
            tuple(self.nodes[i] for i in positions),
            self.marks[at],
            self.past_marks[at],
            tuple(self.roles[i] for i in positions),
        )

    def unroll(self, steps: int) -> DAG | ADMG | CPDAG:
        """Repeat the edges over ``steps`` time points, the last one being the present.

        Returns
        -------
        DAG, ADMG or CPDAG
            Over labels ``X[t-steps+1] ... X``, oldest first: a DAG if all edges are directed,
            an ADMG if some are ``<->``, a CPDAG if some are ``---`` or ``x-x``.

        Examples
        --------
        >>> TemporalGraph.from_edges(["X[t-1] --> X"]).unroll(3)
        DAG.from_edges(['X[t-2] --> X[t-1]', 'X[t-1] --> X'])
        """
        if steps < 1:
            raise OptionError(f"steps={steps}: unroll at least one time point.")
        p = len(self.nodes)
        names = [label(name, steps - 1 - t) for t in range(steps) for name in self.nodes]
        marks = np.zeros((steps * p, steps * p), np.uint8)
        for t in range(steps):
            now = slice(t * p, (t + 1) * p)
            for lag in range(min(t, self.max_lag) + 1):
                then = slice((t - lag) * p, (t - lag + 1) * p)
                marks[then, now] = self.marks[:, :, lag]
                marks[now, then] = self.past_marks[:, :, lag].T
        open_marks = ((marks == Mark.TAIL) & (marks.T == Mark.TAIL)) | (marks == Mark.CONFLICT)
        if open_marks.any():
            return CPDAG(tuple(names), marks)
        if ((marks == Mark.ARROW) & (marks.T == Mark.ARROW)).any():
            return ADMG(tuple(names), marks)
        return DAG(tuple(names), marks)

    def window(self) -> DAG | ADMG | CPDAG:
        """Give the static graph over the labels of lags 0 to ``max_lag``."""
        return self.unroll(self.max_lag + 1)

    def _repr_html_(self) -> str:
        from causalsim.graph.draw import to_svg

        return to_svg(self)


def _check_variables(nodes: Sequence[str]) -> tuple[str, ...]:
    """Validate names of variables: as for every graph, and without lag."""
    names = check_names(nodes)
    for name in names:
        if parse_label(name)[0] != name:
            raise GraphError(f"nodes are variables without lag; write {parse_label(name)[0]!r}.")
    return names


def _to_present(edge: Edge) -> Edge:
    """Turn an edge so that its present end comes second."""
    (_, lag_x), (name_y, lag_y) = parse_label(edge.x), parse_label(edge.y)
    if lag_y and lag_x:
        raise GraphError(f"{str(edge)!r}: one end must lie in the present; write '... {name_y}'.")
    return Edge(edge.y, edge.x, edge.at_y, edge.at_x) if lag_y else edge
