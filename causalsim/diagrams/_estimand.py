"""Identified quantities: their formula, proof and value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from os import PathLike
from typing import Any, Literal, Self, final

import numpy as np
from numpy.typing import NDArray

from causalsim import _files
from causalsim.diagrams._bits import Bits
from causalsim.diagrams._certificate import Certificate, Move, Step
from causalsim.diagrams._engine import Failure, Query, derive, exchange
from causalsim.diagrams._forms import back_door, comb, front_door
from causalsim.diagrams._normal_form import Symbols
from causalsim.diagrams._tables import Part, settled
from causalsim.diagrams.distribution import Distribution
from causalsim.diagrams.expression import Expression
from causalsim.diagrams.hedge import Question
from causalsim.errors import GraphError, OptionError, listing
from causalsim.graph._base import Names, as_names

__all__ = ["Estimand"]

VERSION = 1
Laws = Mapping[Any, Distribution]
States = Mapping[str, tuple[Any, ...]]


@final
@dataclass(frozen=True, eq=False, repr=False)
class Estimand:
    """An identified quantity P(outcome | do, given) and its proof.

    Parameters
    ----------
    question : Question
    certificate : Certificate
        The proof by the general algorithm.
    """

    question: Question
    certificate: Certificate
    identified: Literal[True] = True

    def __repr__(self) -> str:
        return f"Estimand({self.question} = {self}; {self.kind})"

    def __str__(self) -> str:
        return self.expression.text(self.question.names)

    def _repr_latex_(self) -> str:
        return f"${self.question.to_latex()} = {self.to_latex()}$"

    def _repr_html_(self) -> str:
        from html import escape

        steps = "".join(f"<li>{escape(step.text)}</li>" for step in self.steps)
        return (
            f"<p>{escape(str(self.question))} = {escape(str(self))} <em>({escape(self.kind)})"
            f"</em></p><details><summary>proof</summary><ol start='0'>{steps}</ol></details>"
        )

    @cached_property
    def _form(self) -> tuple[str, Certificate]:
        """Kind and certificate of the form that is printed."""
        bits, query = self.certificate.bits, self.question.query(self.certificate.bits)
        first: list[Move] = []
        if self.question.do:
            query = _effective(bits, exchange(bits, query))
            first = [move for move in self.certificate.moves if move.rule == "exchange"]
        kind, moves = self._short(bits, query)
        if moves:
            moves = [m._replace(inputs=tuple(k + len(first) for k in m.inputs)) for m in moves]
            return kind, Certificate(bits, (*first, *moves))
        used = any(move.do for move in self.certificate.moves)
        kind = "gID" if used else "IDC" if self.question.given else "ID"
        return kind, self.certificate

    def _short(self, bits: Bits, query: Query) -> tuple[str, list[Move]]:
        """Give kind and moves of the first short form that holds; no moves if none does."""
        if found := back_door(bits, query):
            kind = f"backdoor{{{self._listed(bits, found[0])}}}" if query.do else "observation"
            return kind, found[1]
        if found := front_door(bits, query):
            return f"frontdoor{{{self._listed(bits, found[0])}}}", found[1]
        return "comb", comb(bits, query) or []

    def _listed(self, bits: Bits, mask: int) -> str:
        names = set(bits.named(mask))
        return ",".join(name for name in self.question.graph.nodes if name in names)

    @property
    def kind(self) -> str:
        """Which form is printed.

        ``observation``, ``backdoor{Z}``, ``frontdoor{T}``, ``comb``, ``ID``, ``IDC`` or ``gID``.
        """
        return self._form[0]

    @property
    def preferred(self) -> Certificate:
        """Certificate of the form that is printed."""
        return self._form[1]

    @cached_property
    def expression(self) -> Expression:
        """The formula in normal form; see :mod:`causalsim.diagrams._normal_form`."""
        return self._symbolic(self.preferred)

    @cached_property
    def general(self) -> Expression:
        """The formula that the general algorithm gives."""
        return self._symbolic(self.certificate)

    def _symbolic(self, certificate: Certificate) -> Expression:
        symbols = Symbols(certificate.bits, self.question.graph.nodes)
        return symbols.final(certificate.replay(symbols))

    @property
    def steps(self) -> tuple[Step, ...]:
        """The proof, step by step."""
        return self.certificate.steps

    @property
    def free(self) -> tuple[str, ...]:
        """Variables in the formula whose value does not matter: any will do."""
        return tuple(
            name
            for name in self.question.graph.nodes
            if name in self.expression.free and name not in self.question.names
        )

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What the formula rests on: missing edges among its variables, and positivity."""
        graph, seen = self.question.graph, {*self.expression.variables, *self.question.names}
        order = [name for name in self.certificate.bits.names if name in seen]
        found = []
        for a, b in combinations(order, 2):
            if a not in graph.parents(b):
                found.append(f"{a} is no direct cause of {b}")
            if not graph.bidirected[graph.index(a), graph.index(b)]:
                found.append(f"{a} and {b} share no hidden cause")
        terms = [term for step in self.preferred.steps for term in step.terms]
        over = dict.fromkeys(", ".join(given) for _, given in terms if given)
        return (*found, *(f"P({names}) > 0 where it is needed" for names in over))

    def to_latex(self) -> str:
        """Give the formula in LaTeX, without dollar signs."""
        return self.expression.to_latex(self.question.names)

    def summary(self) -> str:
        """Give the result as text."""
        lines = [f"{self.question} is identifiable ({self.kind}):", f"  {self}"]
        if self.free:
            lines.append(f"  for any value of {', '.join(self.free)}")
        return "\n".join([*lines, "proof:", *(f"  {step}" for step in self.steps)])

    # -- evaluation ------------------------------------------------------------------------

    def evaluate(
        self,
        joint: Distribution | None = None,
        *,
        experiments: Laws | None = None,
        at: Mapping[str, Any] | None = None,
    ) -> Distribution:
        """Compute the quantity from tables.

        Parameters
        ----------
        joint : Distribution
            P(V), or its marginal over the variables that the formula needs.
        experiments : mapping of names to Distribution
            P(V | do Z) by Z, with ``given=Z``.
        at : mapping of str to state, optional
            States of variables that are set or conditioned on: only these are computed, and
            only they need a positive probability.

        Returns
        -------
        Distribution
            Axes of the outcome, then of what is set and conditioned on (``given``).

        Raises
        ------
        PositivityError
            Listing the cells of probability zero that would be needed.
        DataError
            If a law or a variable is missing.

        Examples
        --------
        >>> from causalsim.diagrams._identify import identify
        >>> from causalsim.graph import ADMG
        >>> smoking = identify(ADMG.from_edges(["S --> T", "T --> C", "S <-> C"]), "C", "S")
        >>> joint = [[[0.5, 0.1], [0.01, 0.02]], [[0.1, 0.05], [0.02, 0.2]]]
        >>> smoking.evaluate(Distribution(joint, ["S", "T", "C"])).array("S", "C").round(4)
        array([[0.7465, 0.2535],
               [0.4577, 0.5423]])
        """
        laws = {frozenset(as_names(names)): law for names, law in (experiments or {}).items()}
        if joint is not None:
            laws[frozenset()] = joint
        states = {name: law.states[name] for law in laws.values() for name in law.variables}
        parts = {names: Part(law.values, law.variables) for names, law in laws.items()}
        over = (*self.question.do, *self.question.given)
        chosen = _codes(at or {}, over, states)
        names = self.question.names
        where = tuple(chosen.get(name, slice(None)) for name in names)
        left = {name: states[name] for name in names if name in states and name not in chosen}
        values = self._settled(parts, states, where)
        return Distribution(values, list(left), left, [name for name in over if name in left])

    def exact(self, values: Any, variables: Names) -> NDArray[Any]:
        """Compute the quantity from a table of fractions, without rounding.

        Parameters
        ----------
        values : array of Fraction
        variables : str or sequence of str
            Names of its axes.

        Returns
        -------
        array of Fraction
            Axes as in :meth:`evaluate`.

        Examples
        --------
        >>> from fractions import Fraction
        >>> from causalsim.diagrams._identify import identify
        >>> from causalsim.graph import DAG
        >>> table = [[Fraction(1, 6), Fraction(1, 3)], [Fraction(1, 4), Fraction(1, 4)]]
        >>> found = identify(DAG.from_edges(["X --> Y"]), "Y", "X").exact(table, ["X", "Y"])
        >>> str(found[1, 0])
        '2/3'
        """
        table, names = np.asarray(values, object), as_names(variables)
        states = {name: tuple(range(k)) for name, k in zip(names, table.shape, strict=True)}
        return self._settled({frozenset(): Part(table, names)}, states)

    def _settled(
        self, parts: Mapping[frozenset[str], Part], states: States, where: tuple[Any, ...] = ()
    ) -> NDArray[Any]:
        question = self.question
        return settled(self.expression.value, parts, question.names, states, where, str(question))

    # -- files -----------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Give plain values: the question, and the answer to read."""
        answer = {"kind": self.kind, "expression": self.expression.to_dict(), "text": str(self)}
        return _files.versioned("estimand", VERSION, {**self.question.to_dict(), **answer})

    @classmethod
    def from_dict(cls, payload: Mapping[str, Any]) -> Self:
        """Rebuild an estimand from :meth:`to_dict`, by identifying it again.

        Raises
        ------
        GraphError
            If the question of the payload has no answer.
        """
        question = Question.from_dict(_files.open_versioned(payload, "estimand", VERSION))
        bits = Bits.of(question.graph)
        tests = [bits.mask(each) for each in question.experiments]
        found = derive(bits, question.query(bits), tests)
        if isinstance(found, Failure):
            raise GraphError(f"{question} is not identifiable; the file was changed.")
        return cls(question, Certificate(bits, tuple(found)))

    def save(self, path: str | PathLike[str]) -> None:
        """Write as JSON."""
        _files.write_text(path, _files.dump_json(self.to_dict()))

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Self:
        """Read an estimand written by :meth:`save`."""
        return cls.from_dict(_files.load_json(path))


def _effective(bits: Bits, query: Query) -> Query:
    """Leave out interventions on what causes neither the outcome nor the conditions."""
    outcome, do, given = query
    return Query(outcome, do & bits.cut(into=do).ancestors(outcome | given), given)


def _codes(at: Mapping[str, Any], over: Sequence[str], states: States) -> dict[str, int]:
    """Give the numbers of states."""
    for name, state in at.items():
        if name not in over or name not in states:
            raise OptionError(f"at names {name!r}; it may name {listing(over)}.")
        if state not in states[name]:
            raise OptionError.from_choice(f"at[{name!r}]", state, map(str, states[name]))
    return {name: states[name].index(state) for name, state in at.items()}
