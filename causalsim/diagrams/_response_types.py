"""Factors of an effect, one for each district: closed forms, and programs over response types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from causalsim.diagrams._causal_paths import reach
from causalsim.diagrams._formulas import Table
from causalsim.diagrams.distribution import Distribution
from causalsim.errors import DataError, LimitError
from causalsim.graph.kinds import ADMG, DAG

__all__ = ["Factor"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Factor:
    """The part of an effect that one district decides.

    ``free`` are its variables that the effect sums over or asks for, ``names`` those and what
    their parents add; ``held`` the states that are asked for or held. ``cells`` is the c-factor
    of the whole district, with axes ``axes``, and NaN where the data say nothing.
    """

    graph: DAG | ADMG
    district: tuple[str, ...]
    free: tuple[str, ...]
    names: tuple[str, ...]
    held: Mapping[str, int]
    axes: tuple[str, ...]
    cells: Floats

    @classmethod
    def read(
        cls,
        graph: DAG | ADMG,
        law: Distribution,
        district: tuple[str, ...],
        needed: set[str],
        held: Mapping[str, int],
    ) -> Factor:
        """Read the c-factor of a district off the law: P(v | Markov pillow), multiplied."""
        own = set(district).union(*(graph.parents(name) for name in district))
        axes = tuple(name for name in graph.nodes if name in own)
        cells = np.ones([len(law.states[name]) for name in axes])
        before: set[str] = set()
        for name in graph.topological_order():
            if name in district:
                cells = cells * _given_pillow(graph, law, name, before, axes)
            before.add(name)
        free = tuple(name for name in district if name in needed)
        around = set(free).union(*(graph.parents(name) for name in free))
        names = tuple(name for name in graph.nodes if name in around)
        return cls(graph, district, free, names, held, axes, cells)

    def _index(self, names: Sequence[str]) -> tuple[slice, ...]:
        """Keep only the states held."""
        return tuple(
            slice(self.held[name], self.held[name] + 1) if name in self.held else slice(None)
            for name in names
        )

    def closed_form(self) -> Table | None:
        """Sum the c-factor over what is not needed, if no needed variable descends from it.

        Parents of what is summed over no longer matter then; the mean over them is taken.
        """
        inside = [set(self.graph.parents(name)) & set(self.district) for name in self.district]
        at = {name: k for k, name in enumerate(self.district)}
        parents = tuple(frozenset(at[name] for name in found) for found in inside)
        above = reach([at[name] for name in self.free], parents)
        if len(above) > len(self.free):
            return None
        spare = {name: k for k, name in enumerate(self.axes) if name not in self.names}
        inner = tuple(k for name, k in spare.items() if name in self.district)
        outer = tuple(k for name, k in spare.items() if name not in self.district)
        table = self.cells.sum(axis=inner, keepdims=True)
        defined = ~np.isnan(table)
        count = defined.sum(axis=outer, keepdims=True)
        total = np.where(defined, table, 0).sum(axis=outer, keepdims=True)
        kept = tuple(spare.values())
        total, count = total.squeeze(kept), count.squeeze(kept)
        chosen = self._index(self.names)
        if not count[chosen].all():
            return None
        return self.names, total[chosen] / count[chosen]

    def _types(self, limit: int) -> list[NDArray[np.intp]]:
        """Give, for each variable of the district, its response to each state of its parents.

        Array k has shape (types, parent states...): all combinations of types, side by side.
        """
        size = dict(zip(self.axes, self.cells.shape, strict=True))
        shapes = [tuple(size[p] for p in self.graph.parents(name)) for name in self.district]
        counts = [
            size[name] ** int(np.prod(shape, dtype=int))
            for name, shape in zip(self.district, shapes, strict=True)
        ]
        total = 1
        for count in counts:
            total *= count
        if total > limit:
            raise LimitError(
                f"the district {self.district} has {total} response types, more than "
                f"limit={limit}; coarsen its variables or raise limit."
            )
        places = np.unravel_index(np.arange(total), counts)
        found = []
        for name, shape, place in zip(self.district, shapes, places, strict=True):
            choices = np.array(list(product(range(size[name]), repeat=int(np.prod(shape)))), int)
            found.append(choices.reshape(-1, *shape)[place])
        return found

    def _answers(
        self, kinds: list[NDArray[np.intp]], variables: Sequence[str], cell: Mapping[str, int]
    ) -> NDArray[np.bool_]:
        """Tell which types give the states of ``cell`` to these variables, parents as in it."""
        right = np.ones(len(kinds[0]), bool)
        for name in variables:
            kind = kinds[self.district.index(name)]
            at = [cell[parent] for parent in self.graph.parents(name)]
            flat = int(np.ravel_multi_index(at, kind.shape[1:])) if at else 0
            right &= kind.reshape(len(kind), -1)[:, flat] == cell[name]
        return right

    def _constraints(self, kinds: list[NDArray[np.intp]]) -> tuple[NDArray[np.bool_], Floats]:
        cells = [tuple(cell) for cell in np.argwhere(~np.isnan(self.cells)).tolist()]
        rows = [
            self._answers(kinds, self.district, dict(zip(self.axes, cell, strict=True)))
            for cell in cells
        ]
        total = np.ones((1, len(kinds[0])), bool)
        values = np.array([self.cells[cell] for cell in cells])
        return np.vstack([*rows, total]), np.append(values, 1.0)

    def _objectives(
        self, kinds: list[NDArray[np.intp]], size: Mapping[str, int]
    ) -> tuple[tuple[int, ...], Floats]:
        """Give for each cell of ``names``, held states only, the types that answer it."""
        ranges = [
            [self.held[name]] if name in self.held else list(range(size[name]))
            for name in self.names
        ]
        rows = [
            self._answers(kinds, self.free, dict(zip(self.names, cell, strict=True)))
            for cell in product(*ranges)
        ]
        return tuple(map(len, ranges)), np.array(rows, float)

    def _size(self) -> dict[str, int]:
        return dict(zip(self.axes, self.cells.shape, strict=True))

    def extremes(self, weights: Floats, limit: int) -> tuple[float, float]:
        """Give the least and greatest weighted sum over the cells of ``names``."""
        kinds = self._types(limit)
        shape, rows = self._objectives(kinds, self._size())
        cost = np.broadcast_to(weights, shape).reshape(-1) @ rows
        matrix, values = self._constraints(kinds)
        lower, upper = (sign * _least(sign * cost, matrix, values) for sign in (1, -1))
        return _rounded(lower), _rounded(upper)

    def point(self, limit: int, tolerance: float) -> Table | None:
        """Give the factor where every cell has the same least and greatest value."""
        kinds = self._types(limit)
        shape, rows = self._objectives(kinds, self._size())
        matrix, values = self._constraints(kinds)
        found = []
        for cost in rows:
            lower = _least(cost, matrix, values)
            if -_least(-cost, matrix, values) - lower > tolerance:
                return None
            found.append(lower)
        return self.names, np.array(found).reshape(shape)


def _given_pillow(
    graph: DAG | ADMG, law: Distribution, name: str, before: set[str], axes: tuple[str, ...]
) -> Floats:
    """Give P(name | district before it, and the parents of both), with NaN where undefined."""
    mates = set(graph.subgraph([*before, name]).district(name))
    pillow = mates.union(*(graph.parents(mate) for mate in mates)) - {name}
    part = law.marginal((*pillow, name))
    order = tuple(axis for axis in axes if axis in part.variables)
    table = part.array(*order)
    total = table.sum(axis=order.index(name), keepdims=True)
    with np.errstate(invalid="ignore"):
        conditional: Floats = table / total
    shape = [len(law.states[axis]) if axis in order else 1 for axis in axes]
    return conditional.reshape(shape)


def _least(cost: Floats, matrix: NDArray[np.bool_], values: Floats) -> float:
    from scipy.optimize import linprog

    solution = linprog(cost, A_eq=matrix.astype(float), b_eq=values, method="highs")
    if solution.fun is None:
        raise DataError(
            "no model of the graph gives this law: it breaks an inequality that the graph "
            f"implies, such as the instrumental one ({solution.message})."
        )
    return float(solution.fun)


def _rounded(value: float) -> float:
    """Take off what is left of the arithmetic."""
    return min(max(round(value, 12), 0.0), 1.0)
