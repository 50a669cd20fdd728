"""Forests as flat arrays: no tree objects, and equal to scikit-learn's predictions.

As there, features are rounded to float32 and compared with float64 thresholds: left if ``<=``.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Self, final

import numpy as np
from numpy.typing import NDArray

from causalsim.errors import OptionError

__all__ = ["Forest"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
CHUNK = 500_000


@final
@dataclass(frozen=True, eq=False, repr=False)
class Forest:
    """Regression trees, one after the other in flat arrays; compares by value.

    Parameters
    ----------
    arity : int
        Number of features.
    roots : array of int32, shape (trees,)
        Where each tree starts among the nodes.
    feature, left, right : array of int32, shape (nodes,)
        The column that a node looks at, and where it goes; all -1 in a leaf.
    threshold, value : array of float64, shape (nodes,)
        Left if ``parents[feature] <= threshold``; in a leaf, the value.
    responses : array of float64, shape (m,)
        The children of the training rows, in increasing order; empty if they are not kept.
    rows : array of int32, shape (trees * m,)
        Leaf by leaf, the places in ``responses`` of the training rows that fell into it.
    starts : array of int32, shape (nodes + 1,)
        Node i owns ``rows[starts[i]:starts[i + 1]]``.

    Raises
    ------
    OptionError
        If the arrays do not fit together, or a node does not lead to later ones.

    Examples
    --------
    >>> forest = Forest.leaf(np.array([3.0, 1.0]))
    >>> forest, forest.mean(np.empty((1, 0))), forest.responses
    (Forest(1 trees, 1 nodes), array([2.]), array([1., 3.]))
    """

    arity: int
    roots: Ints
    feature: Ints
    threshold: Floats
    left: Ints
    right: Ints
    value: Floats
    responses: Floats
    rows: Ints
    starts: Ints

    def __post_init__(self) -> None:
        for name in ("roots", "feature", "left", "right", "rows", "starts"):
            self._freeze(name, np.int32)
        for name in ("threshold", "value", "responses"):
            self._freeze(name, np.float64)
        if not (self._fits() and self._leads_on()):
            raise OptionError(
                f"the arrays of {self!r} do not fit together; build forests with Forest.leaf or "
                "Forest.flatten, and leave their files as they are."
            )

    def _fits(self) -> bool:
        """Whether the arrays have the same nodes, and rows are places in the responses."""
        nodes, starts = len(self.feature), self.starts
        same = all(len(a) == nodes for a in (self.threshold, self.left, self.right, self.value))
        if not same or not len(self.roots) or len(starts) != nodes + 1:
            return False
        ordered = starts[0] == 0 and starts[-1] == len(self.rows) and (np.diff(starts) >= 0).all()
        return bool(ordered) and _inside(self.rows, 0, len(self.responses))

    def _leads_on(self) -> bool:
        """Whether every node leads to later ones, so that every walk ends."""
        inner = np.flatnonzero(self.feature >= 0)
        after, nodes = inner + 1, len(self.feature)
        return (
            _inside(self.roots, 0, nodes)
            and _inside(self.feature, -1, self.arity)
            and _inside(self.left[inner], after, nodes)
            and _inside(self.right[inner], after, nodes)
        )

    def _freeze(self, name: str, kind: type[np.generic]) -> None:
        array = np.array(getattr(self, name), kind)
        array.flags.writeable = False
        object.__setattr__(self, name, array)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Forest):
            return NotImplemented
        names = [field.name for field in fields(self)]
        return all(np.array_equal(getattr(self, n), getattr(other, n)) for n in names)

    def __hash__(self) -> int:
        return hash((self.arity, self.roots.tobytes(), self.value.tobytes()))

    def __repr__(self) -> str:
        return f"Forest({len(self.roots)} trees, {len(self.feature)} nodes)"

    # -- construction ---------------------------------------------------------------------

    @classmethod
    def leaf(cls, child: Floats) -> Self:
        """Give one leaf that holds every row: what there is to learn without parents."""
        n, nothing = len(child), np.array([-1], np.int32)
        value = np.array([child.mean()])
        rows, starts = np.arange(n, dtype=np.int32), np.array([0, n], np.int32)
        root = np.zeros(1, np.int32)
        ordered = np.sort(child)
        return cls(0, root, nothing, value, nothing, nothing, value, ordered, rows, starts)

    @classmethod
    def flatten(cls, trees: list[Any], arity: int) -> Self:
        """Read fitted scikit-learn trees (``DecisionTreeRegressor``), without their rows."""
        parts = [tree.tree_ for tree in trees]
        sizes = np.array([part.node_count for part in parts])
        roots: Any = np.cumsum(sizes) - sizes
        shift = np.repeat(roots, sizes)
        feature = _joined(parts, "feature")
        inner = feature >= 0
        left = np.where(inner, _joined(parts, "children_left") + shift, -1)
        right = np.where(inner, _joined(parts, "children_right") + shift, -1)
        value = _joined(parts, "value")[:, 0, 0]
        threshold = _joined(parts, "threshold")
        none: Any = np.empty(0)
        starts: Any = np.zeros(len(feature) + 1)
        feature = np.where(inner, feature, -1)
        return cls(arity, roots, feature, threshold, left, right, value, none, none, starts)

    def holding(self, parents: Floats, child: Floats) -> Self:
        """Give the same trees with training rows in their leaves.

        Parameters
        ----------
        parents : array of shape (m, arity)
        child : array of shape (m,)
        """
        order = np.argsort(child, kind="stable")
        at = self.leaves(parents[order]).T.ravel()
        by_leaf = np.argsort(at, kind="stable")
        sizes = np.bincount(at, minlength=len(self.feature))
        arrays = {field.name: getattr(self, field.name) for field in fields(self)}
        arrays["responses"] = child[order]
        arrays["rows"] = by_leaf % len(child)
        arrays["starts"] = np.concatenate([[0], np.cumsum(sizes)])
        return type(self)(**arrays)

    # -- evaluation -----------------------------------------------------------------------

    def leaves(self, parents: Floats) -> NDArray[np.intp]:
        """Give the leaf of each row in each tree, shape (n, trees)."""
        n, trees = len(parents), len(self.roots)
        block = max(CHUNK // trees, 1)
        found = np.tile(self.roots.astype(np.intp), (n, 1))
        for start in range(0, n, block):
            part = found[start : start + block]
            rows = np.repeat(np.arange(len(part)), trees)
            part[:] = self._descend(parents[start : start + block], rows, part).reshape(-1, trees)
        return found

    def leaf_of(self, parents: Floats, tree: NDArray[np.intp]) -> NDArray[np.intp]:
        """Give the leaf of each row in a tree of its own, shape (n,)."""
        return self._descend(parents, np.arange(len(parents)), self.roots[tree].astype(np.intp))

    def _descend(
        self, parents: Floats, rows: NDArray[np.intp], start: NDArray[np.intp]
    ) -> NDArray[np.intp]:
        """Walk from nodes to leaves, each with a row of ``parents``."""
        with np.errstate(over="ignore"):
            features = parents.astype(np.float32)
        at = start.ravel().copy()
        active = np.flatnonzero(self.feature[at] >= 0)
        while len(active):
            node = at[active]
            left = features[rows[active], self.feature[node]] <= self.threshold[node]
            at[active] = node = np.where(left, self.left[node], self.right[node])
            active = active[self.feature[node] >= 0]
        return at

    def mean(self, parents: Floats) -> Floats:
        """Give the mean of the trees, shape (n,); added up tree by tree, in any batch alike."""
        total = np.zeros(len(parents))
        for at in self.leaves(parents).T:
            total += self.value[at]
        return total / len(self.roots)

    def weights(self, parents: Floats) -> Floats:
        """Weigh the training rows, shape (n, m): Meinshausen (2006), times the number of trees.

        A row has weight 1 / size of its leaf from each tree in which it shares a leaf.
        """
        at = self.leaves(parents)
        n, m = len(parents), len(self.responses)
        first = self.starts[at].ravel().astype(np.intp)
        size = self.starts[at + 1].ravel() - first
        offset = np.cumsum(size) - size
        place = np.arange(size.sum()) + np.repeat(first - offset, size)
        query = np.repeat(np.arange(n).repeat(len(self.roots)), size)
        flat = np.bincount(query * m + self.rows[place], np.repeat(1 / size, size), n * m)
        return np.asarray(flat, np.float64).reshape(n, m)


def _inside(numbers: Ints, low: int | NDArray[np.intp], high: int) -> bool:
    return bool(((numbers >= low) & (numbers < high)).all())


def _joined(parts: list[Any], name: str) -> Any:
    """Put one array of all trees together."""
    return np.concatenate([getattr(part, name) for part in parts])
