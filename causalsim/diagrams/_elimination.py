"""Orders in which to sum variables out of a product of arrays.

Summing out v multiplies all arrays that have v: the work is the size of the joint scope, and the
variables that are left become neighbours. Finding the best order is NP-hard; greedy orders are
good on most networks [Koller]_, and where they are not, drawing some at random is [Gogate]_.

Work that does not depend on what varies from call to call is done once, so it counts less.

References
----------
.. [Koller] Koller & Friedman, Probabilistic Graphical Models (2009), section 9.4.3.
.. [Gogate] Gogate & Dechter, A complete anytime algorithm for treewidth, UAI 2004.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from math import prod
from typing import NamedTuple

import numpy as np

__all__ = ["Order", "find_order"]

Sizes = Sequence[int] | Mapping[int, int]
Neighbours = dict[int, set[int]]

CHEAP, HARD, RESTARTS = 3e4, 1e7, 64
STEP, ONCE = 1000.0, 0.1
PATIENCE = 8.0
NO_NOISE: Mapping[int, float] = {}


class Order(NamedTuple):
    """An order, and its work in multiplications."""

    variables: tuple[int, ...]
    work: float


def find_order(
    scopes: Sequence[Collection[int]],
    sizes: Sizes,
    keep: Collection[int] = (),
    varying: Collection[int] = (),
) -> Order:
    """Order the variables that are not kept.

    Parameters
    ----------
    scopes : sequence of collection of int
        The variables of each array.
    sizes : sequence of int
        Number of states of each variable.
    keep : collection of int
        Variables that are not summed out.
    varying : collection of int
        Variables of the arrays that change from call to call.

    Notes
    -----
    Tries the smallest joint scope first (min-weight), where scopes of products that vary count
    eight times; unless that is cheap, also without this rule, and by fewest new pairs of
    neighbours (min-fill); and beyond 1e7 multiplications, random variations, as many as take about
    as long as the product itself, 64 at most.

    Examples
    --------
    >>> find_order([(0, 1), (1, 2), (2, 3)], [2, 2, 2, 2], keep=[0, 3]).variables
    (1, 2)
    """
    near: Neighbours = {}
    for scope in scopes:
        for v in scope:
            if v in near:
                near[v].update(scope)
            else:
                near[v] = set(scope)
    search = _Search(near, sizes, frozenset(keep), frozenset(varying))
    best = search.greedy(PATIENCE)
    if best.work > CHEAP:
        more = [search.greedy(1.0), search.greedy(1.0, fill=True)]
        best = min([best, *more, search.greedy(PATIENCE, fill=True)], key=_work)
    if best.work > HARD:
        rng = np.random.default_rng(0)
        for _ in range(min(RESTARTS, int(best.work / (2e4 * len(near))) + 1)):
            noise = dict(zip(near, np.exp(rng.gumbel(size=len(near))), strict=True))
            best = min(best, search.greedy(1.0, noise=noise), key=_work)
    return best


class _Search(NamedTuple):
    """Which variables share an array, each with itself; and what counts as work."""

    near: Neighbours
    sizes: Sizes
    keep: frozenset[int]
    varying: frozenset[int]

    def greedy(
        self, penalty: float, *, fill: bool = False, noise: Mapping[int, float] = NO_NOISE
    ) -> Order:
        """Eliminate the variable with the lowest score until none is left.

        The score is the size of the joint scope, or the number of new neighbours, times noise,
        and times the penalty if the product would vary.
        """
        sizes, varying = self.sizes, set(self.varying)
        near = {v: others.copy() for v, others in self.near.items()}
        joint = {v: prod([sizes[u] for u in others]) for v, others in near.items()}
        value = partial(_new_pairs, near) if fill else joint.__getitem__
        rate = {**dict.fromkeys(near, 1.0), **noise}
        for v in varying:
            rate[v] *= penalty
        scores = {v: value(v) * rate[v] for v in near if v not in self.keep}
        found, work, once = [], 0.0, ONCE if varying else 1.0
        while scores:
            v = min(scores, key=scores.__getitem__)
            del scores[v]
            found.append(v)
            around, size = near.pop(v), sizes[v]
            around.discard(v)
            if v in varying:
                work += joint[v] + STEP
                for u in around - varying:
                    rate[u] *= penalty
                varying |= around
            else:
                work += joint[v] * once
            for u in around:
                others = near[u]
                others.discard(v)
                count = len(others)
                others |= around
                if len(others) == count:
                    joint[u] //= size
                else:
                    joint[u] = prod([sizes[w] for w in others])
            touched = around.union(*[near[u] for u in around]) if fill else around
            for u in touched:
                if u in scores:
                    scores[u] = value(u) * rate[u]
        return Order(tuple(found), work)


def _new_pairs(near: Neighbours, v: int) -> float:
    around = near[v]
    return 1.0 + sum(len(around - near[u]) for u in around if u != v) / 2


def _work(order: Order) -> float:
    return order.work
