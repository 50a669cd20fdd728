"""IDA: the effects that the members of a Markov class allow.

The members of a CPDAG agree on the observed law and differ in who causes whom. The effect of X
depends on the member only through the parents of X: given those, P(y | do x) is the law divided by
P(x | parents of x). So it is enough to list the parent sets, and a local rule does: the arrows
into X, with any of its undirected neighbours that make no new v-structure at X. How many members
have which parents needs all of them, and so do joint parent sets of several causes.

References
----------
.. [Maathuis2009] Maathuis, Kalisch & Buehlmann, Estimating high-dimensional intervention effects
   from observational data, Annals of Statistics 37.
.. [Nandy2017] Nandy, Maathuis & Richardson, Estimating the effect of joint interventions from
   observational data in sparse high-dimensional settings, Annals of Statistics 45.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from causalsim.diagrams._causal_paths import disjoint, is_chain, refuse_no_class
from causalsim.diagrams._formulas import by_parents, joint_slopes, slopes
from causalsim.diagrams.distribution import Distribution
from causalsim.diagrams.semantics.gaussian import Gaussian
from causalsim.errors import GraphError
from causalsim.graph._base import Names, as_names
from causalsim.graph.kinds import CPDAG, DAG

__all__ = ["PossibleEffect", "PossibleEffects", "ida", "joint_ida", "possible_parents"]

Floats = NDArray[np.float64]
Parents = tuple[tuple[str, ...], ...]


class PossibleEffect(NamedTuple):
    """One possible effect.

    ``parents`` holds the parent set of each cause; ``effect`` P(y | do x) for a discrete law, and
    the slopes in x, shape (causes,), for a Gaussian one; ``members`` the number of members of the
    class that have it, or None where they were not counted.
    """

    parents: Parents
    effect: Distribution | Floats
    members: int | None


@final
@dataclass(frozen=True)
class PossibleEffects:
    """The effects that the members of a class allow, one for each choice of parents.

    Parameters
    ----------
    x, y : tuple of str
    effects : tuple of PossibleEffect
    """

    x: tuple[str, ...]
    y: tuple[str, ...]
    effects: tuple[PossibleEffect, ...]

    @property
    def values(self) -> Floats:
        """All effects as numbers, shape (choices, ...): slopes, or tables with axes x, then y."""
        return np.array(
            [
                each.effect.array(*self.x, *self.y)
                if isinstance(each.effect, Distribution)
                else each.effect
                for each in self.effects
            ]
        )

    def distinct(self, tolerance: float = 1e-9) -> Floats:
        """Give the values that differ by more than ``tolerance`` from all before them."""
        kept: list[Floats] = []
        for value in self.values:
            if all(np.abs(value - other).max() > tolerance for other in kept):
                kept.append(value)
        return np.array(kept)


def possible_parents(graph: CPDAG, x: str) -> tuple[tuple[str, ...], ...]:
    """List the parent sets that ``x`` has in the members of a class.

    Parameters
    ----------
    graph : CPDAG
    x : str

    Returns
    -------
    tuple of tuple of str
        Each once; small ones first. By the local rule, and where the graph holds arrows from
        knowledge that make it no chain graph, from the list of its members.

    Raises
    ------
    NotAClassError
        If the graph stands for no class.

    References
    ----------
    [Maathuis2009]_, lemma 3.1.

    Examples
    --------
    >>> possible_parents(CPDAG.from_edges(["A --- X", "X --- B"]), "X")
    ((), ('A',), ('B',))
    """
    _check(graph)
    if not is_chain(graph):
        return tuple(sorted({dag.parents(x) for dag in graph.members()}, key=_by_size))
    sure, maybe = graph.parents(x), graph.neighbours(x)
    joined = graph.adjacent_sets
    cliques = [
        chosen
        for size in range(len(maybe) + 1)
        for chosen in combinations(maybe, size)
        if all(graph.index(b) in joined[graph.index(a)] for a, b in combinations(chosen, 2))
    ]
    choices = (set(sure) | set(chosen) for chosen in cliques)
    return tuple(tuple(name for name in graph.nodes if name in chosen) for chosen in choices)


def _by_size(names: tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
    return len(names), names


def _check(graph: CPDAG) -> None:
    if not isinstance(graph, CPDAG):
        raise GraphError(f"possible effects are those of a CPDAG, not a {type(graph).__name__}.")
    refuse_no_class(graph)


def ida(graph: CPDAG, x: str, y: str, law: Distribution | Gaussian) -> PossibleEffects:
    """List the possible effects of ``x`` on ``y``, one for each parent set of ``x``.

    Parameters
    ----------
    graph : CPDAG
    x, y : str
    law : Distribution or Gaussian
        The observed law; of a Gaussian only the covariances are used.

    Raises
    ------
    NotAClassError
        If the graph stands for no class.
    PositivityError
        If P(x, parents) is 0 where P(parents) is not.

    References
    ----------
    [Maathuis2009]_, algorithm 3 (local).

    Examples
    --------
    >>> law = Gaussian([0, 0], [[1, 0.5], [0.5, 1]], ["X", "Y"])
    >>> ida(CPDAG.from_edges(["X --- Y"]), "X", "Y", law).values
    array([[0.5],
           [0. ]])
    """
    disjoint(graph, x=x, y=y)
    effects = []
    for parents in possible_parents(graph, x):
        effect: Distribution | Floats
        if isinstance(law, Distribution):
            effect = by_parents(law, (x,), (y,), (parents,))
        else:
            effect = np.zeros(1) if y in parents else slopes(law, (x,), y, parents)
        effects.append(PossibleEffect((parents,), effect, None))
    return PossibleEffects((x,), (y,), tuple(effects))


def joint_ida(
    graph: CPDAG, x: Names, y: str, law: Distribution | Gaussian, *, limit: int = 10_000
) -> PossibleEffects:
    """List the possible effects of holding several causes, with the number of members.

    Parameters
    ----------
    graph : CPDAG
    x : str or sequence of str
        Causes; of one cause, this counts the members that :func:`ida` leaves uncounted.
    y : str
    law : Distribution or Gaussian
        Over all nodes, if Gaussian.
    limit : int
        The most members of the class.

    Raises
    ------
    LimitError
        If the class has more members.
    NotAClassError, PositivityError
        As for :func:`ida`.

    References
    ----------
    [Nandy2017]_.

    Examples
    --------
    >>> law = Gaussian([0, 0, 0], [[1, 1, 1], [1, 2, 2], [1, 2, 3]], ["A", "B", "C"])
    >>> found = joint_ida(CPDAG.from_edges(["A --- B", "B --- C"]), ["A", "B"], "C", law)
    >>> found.values.tolist(), [each.members for each in found.effects]
    ([[0.0, 1.0], [0.0, 1.0], [0.0, 0.0]], [1, 1, 1])
    """
    _check(graph)
    disjoint(graph, x=x, y=y)
    causes = as_names(x)
    members = graph.members(limit)
    some = {_parents(dag, causes): dag for dag in members}
    counts = Counter(_parents(dag, causes) for dag in members)
    effects = tuple(
        PossibleEffect(parents, _joint_effect(law, some[parents], causes, y), counts[parents])
        for parents in sorted(counts)
    )
    return PossibleEffects(causes, (y,), effects)


def _parents(dag: DAG, causes: Sequence[str]) -> Parents:
    return tuple(dag.parents(cause) for cause in causes)


def _joint_effect(
    law: Distribution | Gaussian, dag: DAG, causes: Sequence[str], y: str
) -> Distribution | Floats:
    if isinstance(law, Distribution):
        return by_parents(law, causes, (y,), _parents(dag, causes))
    return joint_slopes(law, dag, causes, y)
