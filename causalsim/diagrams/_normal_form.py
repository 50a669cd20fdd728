"""The arithmetic of expressions, which keeps them in normal form.

While a certificate is replayed:

* products and quotients are flat, ``P(A, B | C) / P(B | C)`` is ``P(A | B, C)``, and equal
  factors cancel;
* a sum over what only one factor has moves into it; over the head of a term it is 1, or the
  term of the rest; factors without bound variables move out;
* a condition that separation makes superfluous is dropped from a term.

At the end chains merge, ``P(A | B, C) P(B | C)`` to ``P(A, B | C)``, and the rules above are used
again. Factors stand in this order: conditional terms by causal order of their heads, other terms,
sums, quotients. Variables stand in the node order of the graph.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import permutations
from typing import final

from causalsim.diagrams._bits import Bits
from causalsim.diagrams.expression import ONE, Expression, Product, Quotient, Sum, Term

__all__ = ["Symbols"]

Factors = list[Expression]


@final
class Symbols:
    """Arithmetic of expressions.

    Parameters
    ----------
    bits : Bits
        The graph that says which conditions can be dropped.
    nodes : sequence of str
        Order in which variables are written.
    """

    def __init__(self, bits: Bits, nodes: Sequence[str]) -> None:
        self.bits = bits
        self.place = {name: k for k, name in enumerate(nodes)}
        self.rank = {name: k for k, name in enumerate(bits.names)}

    def source(self, variables: tuple[str, ...], do: tuple[str, ...]) -> Expression:
        """Give P(variables | do)."""
        return self._term(variables, (), do)

    def marginal(self, value: Expression, bound: tuple[str, ...]) -> Expression:
        """Sum variables out."""
        return self._sum(set(bound), *_parts(value)) if bound else value

    def multiply(self, values: Sequence[Expression]) -> Expression:
        """Multiply."""
        pairs = [_parts(value) for value in values]
        above = [each for pair in pairs for each in pair[0]]
        return self._fraction(above, [each for pair in pairs for each in pair[1]])

    def divide(self, above: Expression, below: Expression) -> Expression:
        """Divide."""
        (top, under), (low, over) = _parts(above), _parts(below)
        return self._fraction(top + over, under + low)

    def final(self, value: Expression) -> Expression:
        """Merge chains."""
        if isinstance(value, Term):
            return value
        above, below = _parts(value)
        if isinstance(value, Sum):
            top, low = _parts(self.final(value.body))
            found = self._sum(set(value.bound), top, low)
        else:
            top, low = (
                self._merged([self.final(each) for each in part]) for part in (above, below)
            )
            found = self._fraction(top, low)
        return found if found == value else self.final(found)

    # -- terms -----------------------------------------------------------------------------

    def _ordered(self, names: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted(names, key=self.place.__getitem__))

    def _term(self, outcome: Iterable[str], given: Iterable[str], do: Iterable[str]) -> Term:
        """Make a term without superfluous conditions."""
        head, fixed, kept = frozenset(outcome), frozenset(do), set(given)
        mask = self.bits.mask
        graph = self.bits.cut(mask(fixed)) if fixed else self.bits
        for name in self._ordered(kept):
            if graph.separated(mask(head), mask([name]), mask((kept - {name}) | fixed)):
                kept.remove(name)
        return Term(self._ordered(head), self._ordered(kept), self._ordered(fixed))

    def _merged(self, factors: Factors) -> Factors:
        """Merge chains of terms."""
        terms = [each for each in factors if isinstance(each, Term)]
        for one, other in permutations(terms, 2):
            if one.do == other.do and set(one.given) == {*other.outcome, *other.given}:
                rest = [each for each in factors if each is not one and each is not other]
                head = self._ordered((*one.outcome, *other.outcome))
                return self._merged([*rest, Term(head, other.given, other.do)])
        return factors

    # -- products and sums -----------------------------------------------------------------

    def _key(self, factor: Expression) -> tuple[object, ...]:
        if isinstance(factor, Term):
            return (not factor.given, max(self.rank[name] for name in factor.outcome), str(factor))
        return (2 + isinstance(factor, Quotient), 0, str(factor))

    def _fraction(self, above: Factors, below: Factors) -> Expression:
        """Cancel, order, and put together."""
        top, low = list(above), []
        for each in below:
            if each in top:
                top.remove(each)
            else:
                low.append(each)
        top, low = self._cancelled(top, low)
        product = _product(sorted(top, key=self._key))
        return Quotient(product, _product(sorted(low, key=self._key))) if low else product

    def _cancelled(self, top: Factors, low: Factors) -> tuple[Factors, Factors]:
        """Turn P(A, B | C) / P(B | C) into P(A | B, C)."""
        for below in low:
            for above in top:
                if (
                    isinstance(below, Term)
                    and isinstance(above, Term)
                    and (above.given, above.do) == (below.given, below.do)
                    and set(below.outcome) < set(above.outcome)
                ):
                    head = frozenset(above.outcome) - frozenset(below.outcome)
                    one = self._term(head, (*below.outcome, *above.given), above.do)
                    top = [one if each is above else each for each in top]
                    return self._cancelled(top, [each for each in low if each is not below])
        return top, low

    def _sum(self, bound: set[str], above: Factors, below: Factors) -> Expression:
        """Sum a fraction over variables."""
        above, left = list(above), set(bound)
        progress = True
        while progress:
            progress = False
            for name in sorted(left, key=self.rank.__getitem__, reverse=True):
                done = self._absorbed(name, above, below)
                if done is not None:
                    (above, below), progress = done, True
                    left.remove(name)
        out_above = [each for each in above if left.isdisjoint(each.free)]
        out_below = [each for each in below if left.isdisjoint(each.free)]
        while left:
            group = _group(next(iter(left)), left, (*above, *below))
            body = self._fraction(
                [each for each in above if not group.isdisjoint(each.free)],
                [each for each in below if not group.isdisjoint(each.free)],
            )
            out_above.append(Sum(self._ordered(group), body))
            left -= group
        return self._fraction(out_above, out_below)

    def _absorbed(
        self, name: str, above: Factors, below: Factors
    ) -> tuple[Factors, Factors] | None:
        """Sum over a variable that only one factor has, if that simplifies."""
        holders = [each for each in above if name in each.free]
        if len(holders) != 1 or any(name in each.free for each in below):
            return None
        holder, rest = holders[0], [each for each in above if each is not holders[0]]
        if isinstance(holder, Term) and name in holder.outcome:
            left = frozenset(holder.outcome) - {name}
            more = [self._term(left, holder.given, holder.do)] if left else []
            return rest + more, below
        if isinstance(holder, Sum):
            top, low = _parts(self._sum({name, *holder.bound}, *_parts(holder.body)))
            return rest + top, below + low
        return None


def _parts(value: Expression) -> tuple[Factors, Factors]:
    """Give the factors above and below the line."""
    if isinstance(value, Quotient):
        return _parts(value.above)[0], _parts(value.below)[0]
    return (list(value.factors) if isinstance(value, Product) else [value]), []


def _product(factors: Factors) -> Expression:
    return factors[0] if len(factors) == 1 else Product(tuple(factors)) if factors else ONE


def _group(start: str, among: set[str], factors: Sequence[Expression]) -> set[str]:
    """Give the variables that shared factors join to one."""
    found, size = {start}, 0
    while len(found) > size:
        size = len(found)
        for each in factors:
            if not found.isdisjoint(each.free):
                found |= each.free & among
    return found
