"""The marginals of all variables at once, by passing messages twice through a junction tree.

Each variable v has a clique: v, and its neighbours when it is summed out in a good order. Axes
stand in this order everywhere, so v comes first in its clique, and the next axis names the clique
to which its sum over v is sent. After these sums have gone up to the roots, each clique's share
of its parent is sent down again, divided by what had come up (0/0 is 0), and every clique holds
the joint law of its variables [LS]_.

References
----------
.. [LS] Lauritzen & Spiegelhalter, Local computations with probabilities on graphical structures
   and their application to expert systems, J. R. Stat. Soc. B 50 (1988) 157-224.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalsim.diagrams._contraction import Numbers, Scope
from causalsim.diagrams._elimination import find_order
from causalsim.diagrams._plans import Evaluator
from causalsim.diagrams._queries import check_roles, refuse_evidence

__all__ = ["marginals"]

Floats = NDArray[np.float64]


def marginals(
    model: Evaluator, do: Mapping[str, int], given: Mapping[str, int]
) -> dict[str, Floats]:
    """Give P(v | do, given) of every variable v that is not fixed.

    Parameters
    ----------
    model : Evaluator
    do, given : mapping of str to int
        Number of the state of each variable that is intervened on, or seen.

    Raises
    ------
    GraphError
        If a variable is intervened on and seen.
    NameNotFoundError
        If a variable does not exist or has no such state.
    PositivityError
        If what is given has probability zero.

    Examples
    --------
    >>> from causalsim.datasets import network
    >>> asia = Evaluator.from_network(network("asia"))
    >>> marginals(asia, {"bronc": 0}, {"xray": 0})["dysp"].round(4)
    array([0.8576, 0.1424])
    """
    check_roles((), tuple(do), tuple(given))
    codes = {**do, **given}
    fixed = {model.index(name): model.checked(name, code) for name, code in codes.items()}
    tables = [_cut(model, v, fixed) for v in range(len(model.names)) if model.names[v] not in do]
    order = find_order([scope for _, scope in tables], model.sizes).variables
    tree = _Tree(order, model.sizes, [_sorted(*table, order) for table in tables])
    if not (tree.is_positive and tree.collect()):
        refuse_evidence(model.states, do, given)
    tree.distribute()
    return {name: tree.marginal(v) for v, name in enumerate(model.names) if v not in fixed}


class _Tree:
    """Cliques, and the messages between them."""

    def __init__(
        self, order: Scope, sizes: Sequence[int], tables: list[tuple[Numbers, Scope]]
    ) -> None:
        place = {v: k for k, v in enumerate(order)}
        members: dict[int, set[int]] = {v: {v} for v in order}
        self.is_positive = True
        for table, scope in tables:
            if scope:
                members[scope[0]].update(scope)
            elif not table > 0:
                self.is_positive = False
        self.cliques: dict[int, Scope] = {}
        for v in order:
            clique = tuple(sorted(members[v], key=place.__getitem__))
            self.cliques[v] = clique
            if len(clique) > 1:
                members[clique[1]].update(clique[1:])
        self.beliefs = {v: np.ones([sizes[u] for u in c]) for v, c in self.cliques.items()}
        self.sent: dict[int, Floats] = {}
        for table, scope in tables:
            if scope:
                self._multiply(scope[0], table, scope)

    def _multiply(self, v: int, table: Numbers, scope: Scope) -> None:
        belief = self.beliefs[v]
        shape = zip(self.cliques[v], belief.shape, strict=True)
        belief *= table.reshape([size if u in scope else 1 for u, size in shape])
        belief /= belief.max() or 1.0

    def collect(self) -> bool:
        """Send sums up, divided by their largest entry; tell whether they are positive."""
        for v, clique in self.cliques.items():
            message = self.beliefs[v].sum(axis=0)
            top = message.max()
            if not top > 0:
                return False
            self.sent[v] = message / top
            if len(clique) > 1:
                self._multiply(clique[1], self.sent[v], clique[1:])
        return True

    def distribute(self) -> None:
        """Send down what the rest of the tree says."""
        for v, clique in reversed(self.cliques.items()):
            if len(clique) == 1:
                continue
            above = self.cliques[clique[1]]
            others = tuple(k for k, u in enumerate(above) if u not in clique)
            share, sent = self.beliefs[clique[1]].sum(axis=others), self.sent[v]
            share /= share.max()
            self.beliefs[v] *= np.divide(share, sent, out=np.zeros_like(sent), where=sent > 0)

    def marginal(self, v: int) -> Floats:
        """Give the law of one variable."""
        belief = self.beliefs[v]
        law = belief.sum(axis=tuple(range(1, belief.ndim)))
        return np.asarray(law / law.sum())


def _cut(model: Evaluator, node: int, fixed: Mapping[int, int]) -> tuple[Numbers, Scope]:
    """Take the part of a table where the fixed variables have their states."""
    axes = model.axes[node]
    table: Any = model.tables[node][tuple(fixed.get(v, slice(None)) for v in axes)]
    return table, tuple(v for v in axes if v not in fixed)


def _sorted(table: Numbers, scope: Scope, order: Scope) -> tuple[Numbers, Scope]:
    """Turn a table so that its axes follow an order."""
    axes = sorted(range(len(scope)), key=lambda k: order.index(scope[k]))
    return table.transpose(axes), tuple(scope[k] for k in axes)
