"""The marks of a partial ancestral graph in the making: as a round sees them, and as they are set.

A mark that is set stays. An end that is wanted both ways at once, or that would close a directed
cycle, stays a circle; what was wanted in vain is logged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import final

import numpy as np
from numpy.typing import NDArray

from causalsim.discovery._colliders import Verdict
from causalsim.discovery._orientation import Step
from causalsim.discovery._votes import Votes
from causalsim.graph._base import closure, index_sets
from causalsim.graph.marks import Mark
from causalsim.graph.pdag import Triple

__all__ = ["Judge", "Marking", "Path", "Pattern", "Sets"]

Path = tuple[int, ...]
Judge = Callable[[Path], Verdict]
Sets = tuple[frozenset[int], ...]
MARKS = {"arrow": Mark.ARROW, "tail": Mark.TAIL}


@final
@dataclass(frozen=True, eq=False)
class Pattern:
    """The marks as they stand at the start of a round.

    Parameters
    ----------
    marks : array of uint8, shape (p, p)
        ``marks[i, j]`` is the mark at j of the edge between i and j.
    ambiguous : collection of (x, y, z) with x < z
        Unshielded triples that no rule may lean on.
    judge : callable(path) -> Verdict
        What a path that discriminates its last node but one says of it.
    """

    marks: NDArray[np.uint8]
    ambiguous: Collection[Triple]
    judge: Judge

    def _ends(self, relation: NDArray[np.bool_]) -> Sets:
        return index_sets(relation.T)

    @cached_property
    def adjacent(self) -> Sets:
        """The nodes joined to each node."""
        return self._ends(self.marks != Mark.NONE)

    @cached_property
    def arrows(self) -> Sets:
        """For each node b, the nodes a with ``a *-> b``."""
        return self._ends(self.marks == Mark.ARROW)

    @cached_property
    def tails(self) -> Sets:
        """For each node b, the nodes a with ``a *-- b``."""
        return self._ends(self.marks == Mark.TAIL)

    @cached_property
    def circles(self) -> Sets:
        """For each node b, the nodes a with ``a *-o b``."""
        return self._ends(self.marks == Mark.CIRCLE)

    @cached_property
    def parents(self) -> Sets:
        """For each node b, the nodes a with ``a --> b``."""
        return self._ends((self.marks == Mark.ARROW) & (self.marks.T == Mark.TAIL))

    @cached_property
    def on_circles(self) -> Sets:
        """For each node b, the nodes a with ``a o-o b``."""
        return self._ends((self.marks == Mark.CIRCLE) & (self.marks.T == Mark.CIRCLE))

    @cached_property
    def ahead(self) -> Sets:
        """For each node a, the nodes b with no arrow at a and no tail at b: possibly a --> b."""
        there = (self.marks == Mark.ARROW) | (self.marks == Mark.CIRCLE)
        return index_sets(there & (self.marks.T != Mark.ARROW))

    def passes(self, a: int, b: int, c: int) -> bool:
        """Tell whether a - b - c is unshielded, and no ambiguous triple."""
        apart = a != c and c not in self.adjacent[a]
        return apart and (min(a, c), b, max(a, c)) not in self.ambiguous


@final
@dataclass(eq=False)
class Marking:
    """The marks of a search so far, and the log of how they came about."""

    marks: NDArray[np.uint8]
    ambiguous: Collection[Triple] = frozenset()
    votes: Votes | None = None
    steps: list[Step] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.blocked = np.zeros(self.marks.shape, bool)
        self._refused: set[tuple[int, int, str]] = set()

    def is_open(self, step: Step) -> bool:
        """Tell whether a step may still set its mark."""
        end = step.tail, step.head
        return bool(self.marks[end] == Mark.CIRCLE) and not self.blocked[end]

    def refuse(self, step: Step) -> None:
        """Log once that a mark was wanted in vain."""
        wish = step.tail, step.head, step.mark
        if wish not in self._refused:
            self._refused.add(wish)
            self.steps.append(step._replace(rule="refused"))

    def put_together(self, wanted: Iterable[Step]) -> None:
        """Set the marks of one round, but for those that contradict a mark or each other."""
        first: dict[tuple[int, int, str], Step] = {}
        for step in wanted:
            first.setdefault((step.tail, step.head, step.mark), step)
        claims = Counter((step.tail, step.head) for step in first.values())
        fresh: list[Step] = []
        for step in first.values():
            end = step.tail, step.head
            if self.is_open(step) and claims[end] == 1:
                fresh.append(step)
            elif self.marks[end] not in (Mark.NONE, MARKS[step.mark]):
                self.blocked[end] = True
                self.refuse(step)
        for step in fresh:
            self.marks[step.tail, step.head] = MARKS[step.mark]
        on_cycles = self._on_cycles()
        for step in fresh:
            end = step.tail, step.head
            if on_cycles[end] or on_cycles[end[::-1]]:
                self.marks[end], self.blocked[end] = Mark.CIRCLE, True
                self.refuse(step)
            else:
                self.steps.append(step)

    def _on_cycles(self) -> NDArray[np.bool_]:
        directed = (self.marks == Mark.ARROW) & (self.marks.T == Mark.TAIL)
        return np.asarray(directed & closure(directed).T)
