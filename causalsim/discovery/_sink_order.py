"""Sinks among several changing modules, by the independence of changes.

Each changing node with an undirected edge is tried as the sink of its edges: its hypothetical
parents are its known ones and its undirected neighbours. If it is a sink, then its module given
these changes independently of theirs. A node is taken as sink if that stands while it falls for
each of its undirected neighbours; its edges are turned into it, it is set aside, and the search
goes on [Huang2020]_. Dependences are normalised, so that sets of parents of different sizes can
be compared; where no node qualifies, edges are left open.

References
----------
.. [Huang2020] Huang et al., Causal discovery from heterogeneous/nonstationary data, Journal of
   Machine Learning Research 21(89): section 4.3.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import final

import numpy as np
from numpy.typing import NDArray

from causalsim._rng import RNG, check_rng
from causalsim.discovery._change import (
    LEVEL,
    Comparison,
    check_level,
    compare_changes,
    trajectory,
    verdict_of,
)
from causalsim.discovery._modules import Module, Positions

__all__ = ["SinkOrder", "sink_order"]

Floats = NDArray[np.float64]
Nodes = Sequence[Collection[int]]


@final
@dataclass(frozen=True)
class SinkOrder:
    """Edges between changing modules, turned.

    Parameters
    ----------
    sinks : tuple of int
        In the order in which they were set aside.
    arrows : tuple of (int, int)
        Tail and head.
    tried : tuple of (int, tuple of int, Comparison)
        Each node tried as a sink, its hypothetical parents, and how their changes compare.
    """

    sinks: tuple[int, ...]
    arrows: tuple[tuple[int, int], ...]
    tried: tuple[tuple[int, tuple[int, ...], Comparison], ...]


def sink_order(
    values: Floats,
    parents: Nodes,
    undirected: Nodes,
    changing: Collection[int],
    context: Positions,
    *,
    level: float = LEVEL,
    rng: RNG = None,
) -> SinkOrder:
    """Turn undirected edges between changing modules, one sink after the other.

    Parameters
    ----------
    values : array of shape (n, p)
    parents, undirected : sequence of collections of int
        Known parents and undirected neighbours of each node, contexts left out.
    changing : collection of int
    context : Positions
    level : float
    rng : int, Generator or None
        For permutations of domains.

    Returns
    -------
    SinkOrder
        Arrows close no cycle with each other; whether they do with known ones is for the caller
        to check.

    Examples
    --------
    >>> rng, t = np.random.default_rng(4), np.arange(600) / 6
    >>> x = np.sin(t) + 0.5 * rng.normal(size=600)
    >>> slope = 1 + 0.6 * np.sin(0.7 * t) * np.cos(0.3 * t)
    >>> y = slope * np.tanh(x) + 0.3 * rng.normal(size=600)
    >>> rows, times = np.column_stack([y, x]), Positions.times(np.arange(600))
    >>> sink_order(rows, [(), ()], [{1}, {0}], [0, 1], times).arrows
    ((1, 0),)
    """
    check_level(level)
    trials = _Trials(values, parents, context, int(check_rng(rng).integers(2**63)))
    movable, around = set(changing), [set(near) for near in undirected]
    sinks: list[int] = []
    arrows: list[tuple[int, int]] = []
    while True:
        standing = {
            node: trials.as_sink(node, around[node])
            for node in sorted(movable)
            if around[node] & movable
        }
        fit = [node for node in standing if _is_sink(node, around[node], standing, level)]
        if not fit:
            break
        sink = min(fit, key=lambda node: (standing[node].dependence, node))
        turned = sorted(around[sink] & movable)
        sinks.append(sink)
        arrows += [(tail, sink) for tail in turned]
        movable.remove(sink)
        for tail in turned:
            around[tail].discard(sink)
    tried = tuple((node, above, found) for (node, above), found in trials.known.items())
    return SinkOrder(tuple(sinks), tuple(arrows), tried)


def _is_sink(
    node: int, near: Collection[int], standing: Mapping[int, Comparison], level: float
) -> bool:
    """Tell whether a node stands as a sink while each neighbour that could be one falls."""
    own = standing[node].p_value
    others = [standing[other].p_value for other in near if other in standing]
    return all(verdict_of(own, other, level) == "forward" for other in others)


@final
@dataclass(frozen=True, eq=False)
class _Trials:
    """What is known of nodes as sinks, by node and hypothetical parents."""

    values: Floats
    parents: Nodes
    context: Positions
    seed: int
    known: dict[tuple[int, tuple[int, ...]], Comparison] = field(default_factory=dict)

    def as_sink(self, node: int, near: Collection[int]) -> Comparison:
        """Compare the changes of a node given its parents with those of its parents.

        These come one after the other, each given the earlier ones and its own known parents.
        """
        above = tuple(sorted({*self.parents[node], *near}))
        if (node, above) not in self.known:
            paths = [
                self._path(one, sorted({*above[:k], *self.parents[one]} - {node}))
                for k, one in enumerate(above)
            ]
            own, kind = self._path(node, above), self.context.kind
            found = compare_changes(np.hstack(paths), own, kind, rng=self.seed)
            self.known[node, above] = found
        return self.known[node, above]

    def _path(self, node: int, given: Sequence[int]) -> Floats:
        return trajectory(Module(self.values[:, list(given)], self.values[:, node], self.context))
