"""Effects in a Markov class: one estimand that holds in all members, if there is one.

P(y | do x) is the same function of the observed law in every member of a CPDAG exactly if no
proper possibly causal path from X to Y starts with an undirected edge. The members then share a
truncated factorisation over *buckets*: sets of ancestors of Y that undirected paths join. Where
it is not the same, :mod:`causalsim.diagrams.ida` gives the set of possible effects.

References
----------
.. [Perkovic2020] Perkovic, Identifying causal effects in maximally oriented partially directed
   acyclic graphs, UAI 2020.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from causalsim.diagrams._causal_paths import causal_paths, disjoint, reach
from causalsim.diagrams._formulas import contract, slopes
from causalsim.diagrams.distribution import Distribution
from causalsim.diagrams.semantics.gaussian import Gaussian
from causalsim.errors import GraphError
from causalsim.graph._base import Names, as_names
from causalsim.graph.kinds import CPDAG

__all__ = ["Bucket", "ClassEstimand", "NotInClass", "class_effect"]


class Bucket(NamedTuple):
    """A factor P(variables | parents)."""

    variables: tuple[str, ...]
    parents: tuple[str, ...]


@final
@dataclass(frozen=True)
class ClassEstimand:
    """P(y | do x) as a product of bucket factors, summed over all but y; true in an ``if``.

    Parameters
    ----------
    x, y : tuple of str
    factors : tuple of Bucket
        Causes first.
    """

    x: tuple[str, ...]
    y: tuple[str, ...]
    factors: tuple[Bucket, ...]

    def __bool__(self) -> Literal[True]:
        return True

    def __str__(self) -> str:
        parts = [
            f"P({', '.join(own)}{' | ' if above else ''}{', '.join(above)})"
            for own, above in self.factors
        ]
        others = [n for own, _ in self.factors for n in own if n not in self.y]
        sums = f"sum over {', '.join(others)} of " if others else ""
        return sums + " ".join(parts)

    def evaluate(self, joint: Distribution) -> Distribution:
        """Give P(y | do x) from the observed law.

        Parameters
        ----------
        joint : Distribution
            Over at least the variables of the factors and x.

        Raises
        ------
        PositivityError
            If states of the parents of a bucket have probability 0.
        """
        tables = []
        for own, above in self.factors:
            part = joint.marginal((*own, *above)).condition(above)
            tables.append((part.variables, part.values))
        states = {name: joint.states[name] for name in (*self.x, *self.y)}
        values = contract(tables, (*self.x, *self.y))
        shape = [len(states[name]) for name in states]
        return Distribution(np.broadcast_to(values, shape), (*self.x, *self.y), states, self.x)

    def slopes(self, law: Gaussian) -> NDArray[np.float64]:
        """Give the effects in a linear model: slopes of E[y | do x], shape (causes, outcomes).

        Parameters
        ----------
        law : Gaussian
            Over the variables of the factors and x; only its covariances are used.
        """
        names = [*self.x, *(name for own, _ in self.factors for name in own)]
        at = {name: k for k, name in enumerate(names)}
        weights = np.zeros((len(names), len(names)))
        for own, above in self.factors:
            for name in own if above else ():
                weights[[at[cause] for cause in above], at[name]] = slopes(law, above, name, ())
        total = np.linalg.inv(np.eye(len(names)) - weights)
        rows, columns = ([at[name] for name in group] for group in (self.x, self.y))
        return np.asarray(total[np.ix_(rows, columns)], np.float64)


@final
@dataclass(frozen=True)
class NotInClass:
    """The effect differs between members of the class; false in an ``if``.

    Parameters
    ----------
    x, y : tuple of str
    reason : str
        The edge that may point either way.
    """

    x: tuple[str, ...]
    y: tuple[str, ...]
    reason: str

    def __bool__(self) -> Literal[False]:
        return False


def class_effect(graph: CPDAG, x: Names, y: Names) -> ClassEstimand | NotInClass:
    """Give the estimand of P(y | do x) that all members of a class share, if there is one.

    Parameters
    ----------
    graph : CPDAG
        Arrows from knowledge are allowed.
    x, y : str or sequence of str
        Disjoint sets of nodes.

    Raises
    ------
    NotAClassError
        If the graph stands for no class, naming the edges at fault.
    GraphError
        If the sets overlap or the graph is of another kind.

    References
    ----------
    [Perkovic2020]_, theorem 3.6.

    Examples
    --------
    >>> graph = CPDAG.from_edges(
    ...     ["A --- B", "A --> X", "B --> X", "X --> Y", "A --> Y", "B --> Y"]
    ... )
    >>> print(class_effect(graph, "X", "Y"))
    sum over A, B of P(A, B) P(Y | A, B, X)
    >>> class_effect(graph, "A", "Y").reason
    'A --- B starts a possibly causal path to Y and may point either way'
    """
    if not isinstance(graph, CPDAG):
        raise GraphError(f"class_effect reads a CPDAG, not a {type(graph).__name__}.")
    xs, ys = disjoint(graph, x=x, y=y)
    paths = causal_paths(graph, xs, ys)
    names = as_names(x), as_names(y)
    if paths.unsure:
        i, j = sorted(paths.unsure[0])
        edge = f"{graph.nodes[i]} --- {graph.nodes[j]}"
        text = ", ".join(names[1])
        return NotInClass(
            *names, f"{edge} starts a possibly causal path to {text} and may point either way"
        )
    above = reach(ys, graph.parent_sets, xs)
    return ClassEstimand(*names, tuple(_buckets(graph, above)))


def _buckets(graph: CPDAG, nodes: frozenset[int]) -> Iterator[Bucket]:
    """Split nodes by undirected components, in an order that puts causes first."""
    joined = dict.fromkeys(reach([i], graph.neighbour_sets) & nodes for i in sorted(nodes))
    found = [
        (own, frozenset[int]().union(*(graph.parent_sets[k] for k in own)) - own) for own in joined
    ]
    while found:
        left = frozenset[int]().union(*(own for own, _ in found))
        ready = next(pair for pair in found if not pair[1] & left)
        found.remove(ready)
        own, above = (tuple(graph.nodes[k] for k in sorted(group)) for group in ready)
        yield Bucket(own, above)
