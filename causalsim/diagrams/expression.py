r"""Estimands as expressions: sums, products and quotients of conditional probabilities.

A sum binds its variables inside its body, so the same name may be free outside; only when an
expression is written are bound variables that clash with others given primes.

>>> inner = Sum(("X",), Product((Term(("Y",), ("X", "Z")), Term(("X",)))))
>>> front_door = Sum(("Z",), Product((Term(("Z",), ("X",)), inner)))
>>> print(front_door)
Σ_Z P(Z | X) Σ_X' P(Y | X', Z) P(X')
>>> print(front_door.to_latex())
\sum_{Z} P(Z \mid X) \sum_{X'} P(Y \mid X', Z) P(X')
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, TypeVar, final

from causalsim.diagrams._certificate import Arithmetic
from causalsim.errors import FormatError

__all__ = ["ONE", "Expression", "Product", "Quotient", "Sum", "Term", "from_dict"]

Value = TypeVar("Value")


class _Style(NamedTuple):
    """How to write an expression."""

    latex: bool
    taken: frozenset[str]
    shown: Mapping[str, str]

    def name(self, variable: str) -> str:
        shown = self.shown.get(variable, variable)
        return _latex_name(shown) if self.latex else shown

    def listed(self, variables: Iterable[str]) -> str:
        return ", ".join(map(self.name, variables))

    def binding(self, variables: Iterable[str]) -> _Style:
        """Give bound variables names that are not taken."""
        taken, shown = set(self.taken), dict(self.shown)
        for variable in variables:
            name = variable
            while name in taken:
                name += "'"
            taken.add(name)
            shown[variable] = name
        return _Style(self.latex, frozenset(taken), shown)


class Expression(ABC):
    """A sum, product, quotient or conditional probability; abstract."""

    @property
    @abstractmethod
    def free(self) -> frozenset[str]:
        """Variables whose value the expression depends on."""

    @property
    @abstractmethod
    def variables(self) -> frozenset[str]:
        """All variables, free or bound."""

    @abstractmethod
    def _write(self, style: _Style) -> str:
        """Write in a style."""

    @abstractmethod
    def value(self, arithmetic: Arithmetic[Value]) -> Value:
        """Compute in an arithmetic, such as that of tables."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Give plain values."""

    def text(self, taken: Iterable[str] = ()) -> str:
        """Write as text.

        Parameters
        ----------
        taken : iterable of str
            Names that bound variables may not have, besides those that are free.
        """
        return self._write(_Style(latex=False, taken=self.free | frozenset(taken), shown={}))

    def to_latex(self, taken: Iterable[str] = ()) -> str:
        """Write in LaTeX, without dollar signs."""
        return self._write(_Style(latex=True, taken=self.free | frozenset(taken), shown={}))

    def __str__(self) -> str:
        return self.text()

    def _repr_latex_(self) -> str:
        return f"${self.to_latex()}$"


@final
@dataclass(frozen=True)
class Term(Expression):
    """P(outcome | do, given).

    Parameters
    ----------
    outcome, given, do : tuple of str
    """

    outcome: tuple[str, ...]
    given: tuple[str, ...] = ()
    do: tuple[str, ...] = ()

    @cached_property
    def free(self) -> frozenset[str]:
        """Variables whose value the expression depends on."""
        return frozenset((*self.outcome, *self.given, *self.do))

    @property
    def variables(self) -> frozenset[str]:
        """All variables, free or bound."""
        return self.free

    def _write(self, style: _Style) -> str:
        set_to = (
            rf"\mathrm{{do}}({style.listed(self.do)})"
            if style.latex
            else (f"do({style.listed(self.do)})")
        )
        over = ", ".join([set_to] * bool(self.do) + [style.listed(self.given)] * bool(self.given))
        bar = (r" \mid " if style.latex else " | ") if over else ""
        return f"P({style.listed(self.outcome)}{bar}{over})"

    def value(self, arithmetic: Arithmetic[Value]) -> Value:
        """Compute in an arithmetic."""
        joint = arithmetic.source((*self.outcome, *self.given), self.do)
        if not self.given:
            return joint
        return arithmetic.divide(joint, arithmetic.marginal(joint, self.outcome))

    def to_dict(self) -> dict[str, Any]:
        """Give plain values."""
        return {"P": list(self.outcome), "given": list(self.given), "do": list(self.do)}


@final
@dataclass(frozen=True)
class Product(Expression):
    """A product of expressions; without factors it is 1.

    Parameters
    ----------
    factors : tuple of Expression
    """

    factors: tuple[Expression, ...]

    @cached_property
    def free(self) -> frozenset[str]:
        """Variables whose value the expression depends on."""
        return frozenset().union(*[each.free for each in self.factors])

    @property
    def variables(self) -> frozenset[str]:
        """All variables, free or bound."""
        return frozenset().union(*[each.variables for each in self.factors])

    def _write(self, style: _Style) -> str:
        parts = [each._write(style) for each in self.factors]  # noqa: SLF001
        last = len(parts) - 1
        for k, each in enumerate(self.factors):
            if isinstance(each, Sum) and k < last:
                parts[k] = rf"\left({parts[k]}\right)" if style.latex else f"({parts[k]})"
            elif isinstance(each, Quotient) and not style.latex:
                parts[k] = f"[{parts[k]}]"
        return " ".join(parts) or "1"

    def value(self, arithmetic: Arithmetic[Value]) -> Value:
        """Compute in an arithmetic."""
        return arithmetic.multiply([each.value(arithmetic) for each in self.factors])

    def to_dict(self) -> dict[str, Any]:
        """Give plain values."""
        return {"product": [each.to_dict() for each in self.factors]}


@final
@dataclass(frozen=True)
class Sum(Expression):
    """A sum over all states of some variables.

    Parameters
    ----------
    bound : tuple of str
    body : Expression
    """

    bound: tuple[str, ...]
    body: Expression

    @cached_property
    def free(self) -> frozenset[str]:
        """Variables whose value the expression depends on."""
        return self.body.free - frozenset(self.bound)

    @property
    def variables(self) -> frozenset[str]:
        """All variables, free or bound."""
        return self.body.variables | frozenset(self.bound)

    def _write(self, style: _Style) -> str:
        inner = style.binding(self.bound)
        body = self.body._write(inner)  # noqa: SLF001
        if isinstance(self.body, Quotient) and not style.latex:
            body = f"[{body}]"
        names = [inner.name(each) for each in self.bound]
        if style.latex:
            return rf"\sum_{{{', '.join(names)}}} {body}"
        return f"Σ_{names[0] if len(names) == 1 else '{' + ','.join(names) + '}'} {body}"

    def value(self, arithmetic: Arithmetic[Value]) -> Value:
        """Compute in an arithmetic."""
        return arithmetic.marginal(self.body.value(arithmetic), self.bound)

    def to_dict(self) -> dict[str, Any]:
        """Give plain values."""
        return {"sum": list(self.bound), "of": self.body.to_dict()}


@final
@dataclass(frozen=True)
class Quotient(Expression):
    """One expression divided by another.

    Parameters
    ----------
    above, below : Expression
    """

    above: Expression
    below: Expression

    @cached_property
    def free(self) -> frozenset[str]:
        """Variables whose value the expression depends on."""
        return self.above.free | self.below.free

    @property
    def variables(self) -> frozenset[str]:
        """All variables, free or bound."""
        return self.above.variables | self.below.variables

    def _write(self, style: _Style) -> str:
        above, below = self.above._write(style), self.below._write(style)  # noqa: SLF001
        if style.latex:
            return rf"\frac{{{above}}}{{{below}}}"
        above = above if isinstance(self.above, Term) else f"({above})"
        return f"{above} / {below if isinstance(self.below, Term) else f'({below})'}"

    def value(self, arithmetic: Arithmetic[Value]) -> Value:
        """Compute in an arithmetic."""
        return arithmetic.divide(self.above.value(arithmetic), self.below.value(arithmetic))

    def to_dict(self) -> dict[str, Any]:
        """Give plain values."""
        return {"above": self.above.to_dict(), "below": self.below.to_dict()}


ONE = Product(())


def from_dict(payload: Mapping[str, Any]) -> Expression:
    """Rebuild an expression from its ``to_dict``.

    Raises
    ------
    FormatError
        If the payload is none.

    Examples
    --------
    >>> print(from_dict({"P": ["Y"], "given": ["X"], "do": []}))
    P(Y | X)
    """
    match payload:
        case {"P": outcome, "given": given, "do": do}:
            return Term(tuple(outcome), tuple(given), tuple(do))
        case {"product": factors}:
            return Product(tuple(map(from_dict, factors)))
        case {"sum": bound, "of": body}:
            return Sum(tuple(bound), from_dict(body))
        case {"above": above, "below": below}:
            return Quotient(from_dict(above), from_dict(below))
        case _:
            raise FormatError(f"{dict(payload)!r} is no expression.")


def _latex_name(name: str) -> str:
    r"""Write a variable: ``Z1'`` becomes ``Z_{1}'``, longer words are upright."""
    base = name.rstrip("'")
    primes = name[len(base) :]
    match = re.fullmatch(r"([A-Za-z])_?(\d*)", base)
    if match is None:
        escaped = re.sub(r"([_#$%&{}])", r"\\\1", base)
        return rf"\mathrm{{{escaped}}}{primes}"
    letter, number = match.groups()
    return f"{letter}_{{{number}}}{primes}" if number else letter + primes
