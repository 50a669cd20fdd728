"""Questions, and the proof that one has no answer: a hedge, and what would help.

A hedge is a pair F' inside F of regions joined by hidden causes: F meets what is set, F' does
not, and neither summing out nor taking apart leads from F to F' [ShpitserPearl]_. Two models with
the same observations then differ on the query.

References
----------
.. [ShpitserPearl] Shpitser & Pearl, Identification of joint interventional distributions in
   recursive semi-Markovian causal models, AAAI 2006.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self, final

from causalsim import _files
from causalsim._rng import RNG
from causalsim.diagrams._bits import Bits, members
from causalsim.diagrams._engine import Failure, Query, derive
from causalsim.diagrams.expression import Term
from causalsim.errors import GraphError
from causalsim.graph import ADMG, DAG

if TYPE_CHECKING:
    from causalsim.diagrams.witness import Witness

__all__ = ["Hedge", "NotIdentifiable", "Question", "Suggestions"]

VERSION = 1


@final
@dataclass(frozen=True, eq=False)
class Question:
    """P(outcome | do, given) in a graph, with laws from some experiments.

    Parameters
    ----------
    graph : DAG or ADMG
    outcome, do, given : tuple of str
    experiments : tuple of tuple of str
    """

    graph: DAG | ADMG
    outcome: tuple[str, ...]
    do: tuple[str, ...]
    given: tuple[str, ...]
    experiments: tuple[tuple[str, ...], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All variables of the query: outcome, do, given."""
        return (*self.outcome, *self.do, *self.given)

    def query(self, bits: Bits) -> Query:
        """Give the query as bit sets."""
        return Query(*map(bits.mask, (self.outcome, self.do, self.given)))

    def __str__(self) -> str:
        return str(Term(self.outcome, self.given, self.do))

    def to_latex(self) -> str:
        """Write the query in LaTeX."""
        return Term(self.outcome, self.given, self.do).to_latex()

    def to_dict(self) -> dict[str, Any]:
        """Give plain values."""
        return {
            "graph": {
                "kind": type(self.graph).__name__,
                "nodes": list(self.graph.nodes),
                "edges": list(self.graph.edges),
            },
            "outcome": list(self.outcome),
            "do": list(self.do),
            "given": list(self.given),
            "experiments": [list(each) for each in self.experiments],
        }

    @classmethod
    def from_dict(cls, payload: Mapping[str, Any]) -> Self:
        """Rebuild a question from :meth:`to_dict`."""
        graph = payload["graph"]
        kind: type[DAG | ADMG] = DAG if graph["kind"] == "DAG" else ADMG
        return cls(
            kind.from_edges(graph["edges"], graph["nodes"]),
            tuple(payload["outcome"]),
            tuple(payload["do"]),
            tuple(payload["given"]),
            tuple(tuple(each) for each in payload["experiments"]),
        )


@final
@dataclass(frozen=True)
class Hedge:
    """Two regions, one inside the other, that no rewrite leads between.

    Parameters
    ----------
    outer : tuple of str
        F, which meets what is set.
    inner : tuple of str
        F', which does not.
    do : tuple of str
        The experiment in whose law it stands; empty for P(V).
    """

    outer: tuple[str, ...]
    inner: tuple[str, ...]
    do: tuple[str, ...] = ()

    def __repr__(self) -> str:
        law = f", in P(V | do({', '.join(self.do)}))" if self.do else ""
        return f"Hedge(F={{{', '.join(self.outer)}}}, F'={{{', '.join(self.inner)}}}{law})"


class Suggestions(NamedTuple):
    """What would make the query identifiable, smallest sets first.

    ``randomise`` are sets of variables to randomise; ``measure`` are sets of hidden common
    causes to measure, written as their edges.
    """

    randomise: tuple[tuple[str, ...], ...]
    measure: tuple[tuple[str, ...], ...]


@final
@dataclass(frozen=True, eq=False, repr=False)
class NotIdentifiable:
    """A quantity that the graph and the available laws do not determine.

    Parameters
    ----------
    question : Question
    bits : Bits
    failure : Failure

    Examples
    --------
    >>> from causalsim.diagrams._identify import identify
    >>> print(identify(ADMG.from_edges(["X --> Y", "X <-> Y"]), "Y", "X").summary())
    P(Y | do(X)) is not identifiable: X <-> Y with X --> Y form a hedge
      F = {X, Y}, F' = {Y}
    options:
      measure the hidden cause of X <-> Y
      randomise X
      bounds, or two models that agree on all observations: witness()
    """

    question: Question
    bits: Bits
    failure: Failure
    identified: Literal[False] = False

    @cached_property
    def hedges(self) -> tuple[Hedge, ...]:
        """One hedge for each law that could have helped, the observational one first."""
        name = self.bits.named
        return tuple(Hedge(name(f), name(g), name(do)) for do, f, g in self.failure.hedges)

    @property
    def hedge(self) -> Hedge:
        """The hedge in P(V)."""
        return self.hedges[0]

    def __repr__(self) -> str:
        return f"NotIdentifiable({self.question}; {self.hedge})"

    @cached_property
    def suggestions(self) -> Suggestions:
        """Smallest sets, of at most two, to randomise or to measure."""
        bits, query = self.bits, self.question.query(self.bits)
        known = [bits.mask(each) for each in self.question.experiments]
        nodes = [k for k in range(len(bits.names)) if not query.given >> k & 1]
        outside = [k for k in nodes if not query.outcome >> k & 1]

        def works(mask: int) -> bool:
            return not isinstance(derive(bits, query, [*known, mask]), Failure)

        randomise = _smallest(len(outside), lambda at: works(sum(1 << outside[k] for k in at)))
        pairs = [(i, j) for i in range(len(bits.names)) for j in members(bits.spouses[i]) if i < j]
        edges = [f"{bits.names[i]} <-> {bits.names[j]}" for i, j in pairs]

        def measured(at: tuple[int, ...]) -> bool:
            shift = len(at)
            wider = bits.with_roots([pairs[k] for k in at], [edges[k] for k in at])
            moved = Query(*(mask << shift for mask in query))
            laws = [mask << shift for mask in known]
            return not isinstance(derive(wider, moved, laws), Failure)

        return Suggestions(
            tuple(tuple(bits.names[outside[k]] for k in at) for at in randomise),
            tuple(tuple(edges[k] for k in at) for at in _smallest(len(pairs), measured)),
        )

    def witness(self, rng: RNG = None) -> Witness:
        """Give two models that agree on P(V) and differ on the query, checked in numbers.

        Parameters
        ----------
        rng : int, Generator or None
        """
        from causalsim.diagrams.witness import find_witness

        return find_witness(self, rng)

    def summary(self) -> str:
        """Give the result as text."""
        inside = set(self.hedge.outer)
        edges = [e for e in self.question.graph.edges if set(e.split()[::2]) <= inside]
        arcs = [e for e in edges if " <-> " in e]
        arrows = [e for e in edges if " --> " in e]
        with_ = f" with {', '.join(arrows)}" if arrows else ""
        found = self.suggestions
        lines = [
            f"{self.question} is not identifiable: {', '.join(arcs)}{with_} form a hedge",
            f"  F = {{{', '.join(self.hedge.outer)}}}, F' = {{{', '.join(self.hedge.inner)}}}",
            "options:",
        ]
        lines += [f"  measure the hidden cause of {' and '.join(s)}" for s in found.measure]
        lines += [f"  randomise {' and '.join(s)}" for s in found.randomise]
        last = "  bounds, or two models that agree on all observations: witness()"
        return "\n".join([*lines, last])

    def _repr_html_(self) -> str:
        from html import escape

        return f"<pre>{escape(self.summary())}</pre>"

    def to_dict(self) -> dict[str, Any]:
        """Give plain values: the question, and the hedges to read."""
        hedges = [
            {"outer": list(h.outer), "inner": list(h.inner), "do": list(h.do)} for h in self.hedges
        ]
        content = {**self.question.to_dict(), "hedges": hedges}
        return _files.versioned("not identifiable", VERSION, content)

    @classmethod
    def from_dict(cls, payload: Mapping[str, Any]) -> Self:
        """Rebuild from :meth:`to_dict`, by looking for the hedges again.

        Raises
        ------
        GraphError
            If the question of the payload has an answer.
        """
        plain = _files.open_versioned(payload, "not identifiable", VERSION)
        question = Question.from_dict(plain)
        bits = Bits.of(question.graph)
        tests = [bits.mask(each) for each in question.experiments]
        found = derive(bits, question.query(bits), tests)
        if not isinstance(found, Failure):
            raise GraphError(f"{question} is identifiable; the file was changed.")
        return cls(question, bits, found)

    def save(self, path: str | PathLike[str]) -> None:
        """Write as JSON."""
        _files.write_text(path, _files.dump_json(self.to_dict()))

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Self:
        """Read what :meth:`save` wrote."""
        return cls.from_dict(_files.load_json(path))


def _smallest(count: int, works: Any, most: int = 2) -> list[tuple[int, ...]]:
    """Give the sets of at most ``most`` numbers that work and contain no other that does."""
    found: list[tuple[int, ...]] = []
    for size in range(1, most + 1):
        for at in combinations(range(count), size):
            if not any(set(each) <= set(at) for each in found) and works(at):
                found.append(at)
    return found
