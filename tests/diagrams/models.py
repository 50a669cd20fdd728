"""Random discrete models with hidden causes, and the truth by surgery, by plain contraction."""

import numpy as np

from causalsim.diagrams import Distribution
from causalsim.graph import ADMG, DAG

__all__ = ["LatentModel"]


class LatentModel:
    """Random tables for a DAG or ADMG; each ``<->`` edge is a hidden root with three states."""

    def __init__(self, graph: DAG | ADMG, rng: np.random.Generator, states: int = 2) -> None:
        self.graph, p = graph, len(graph)
        self.hidden = [tuple(edge) for edge in np.argwhere(np.triu(graph.bidirected)).tolist()]
        self.states = states
        self.factors = []
        for k in range(len(self.hidden)):
            self.factors.append(((p + k,), rng.dirichlet(np.ones(3))))
        for i in range(p):
            parents = sorted(graph.parent_sets[i])
            causes = [p + k for k, edge in enumerate(self.hidden) if i in edge]
            shape = [states] * len(parents) + [3] * len(causes)
            self.factors.append(((*parents, *causes, i), rng.dirichlet(np.ones(states), shape)))

    def _contract(self, factors, keep):
        operands = [part for axes, table in factors for part in (table, list(axes))]
        return np.einsum(*operands, list(keep), optimize=True)

    @property
    def joint(self) -> Distribution:
        """The observed law."""
        table = self._contract(self.factors, range(len(self.graph)))
        return Distribution(table, self.graph.nodes)

    def effect(self, x, y) -> np.ndarray:
        """P(y | do x), axes x, then y."""
        causes = self.graph.indices(x)
        kept = [(axes, table) for axes, table in self.factors if axes[-1] not in causes]
        ones = [((i,), np.ones(self.states)) for i in causes]
        return self._contract([*kept, *ones], [*causes, *self.graph.indices(y)])
