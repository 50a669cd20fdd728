"""Certificates: the ordered rewrite steps that identify a quantity, ready to be replayed.

A region is a set of variables, and its value Q is their law while all other variables are held
fixed [Tian]_. Few rules make new values from old ones:

============  =================================================================================
rule          what it does
============  =================================================================================
source        start from an available law, P(V) or P(V | do Z)
discard       sum out variables that nothing else in the region descends from
disintegrate  take a region apart into a product of conditionals, and keep some of them
multiply      join regions
normalise     divide by the sum over the outcome: condition
exchange      rule 2 of do-calculus: observing a variable here equals setting it; no value
============  =================================================================================

Replayed in any arithmetic that can start, sum, multiply and divide, the last value is the answer:
tables of floats or fractions give numbers, symbols give the formula.

References
----------
.. [Tian] Tian & Pearl, A general identification condition for causal effects, AAAI 2002.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol, TypeVar, final

from causalsim.diagrams._bits import Bits, members

__all__ = ["Arithmetic", "Certificate", "Move", "Rule", "Step", "Tape"]

Rule = Literal["source", "discard", "disintegrate", "multiply", "normalise", "exchange"]
Value = TypeVar("Value")


class Arithmetic(Protocol[Value]):
    """What a certificate can be replayed in."""

    def source(self, variables: tuple[str, ...], do: tuple[str, ...]) -> Value:
        """Give the law of variables under an intervention, or P(V) if ``do`` is empty."""

    def marginal(self, value: Value, bound: tuple[str, ...]) -> Value:
        """Sum variables out."""

    def multiply(self, values: Sequence[Value]) -> Value:
        """Multiply."""

    def divide(self, above: Value, below: Value) -> Value:
        """Divide."""


class Move(NamedTuple):
    """A step over bit sets; ``inputs`` are numbers of earlier moves.

    ``terms`` are pairs (head, given); a disintegration without them has one for each variable it
    keeps, given what shields the variable from those before it.
    """

    rule: Rule
    inputs: tuple[int, ...]
    before: int
    after: int
    terms: tuple[tuple[int, int], ...] = ()
    do: int = 0


class Tape:
    """Moves as they are found; the same move is made once."""

    def __init__(self) -> None:
        self.moves: list[Move] = []
        self._known: dict[Move, int] = {}

    def add(self, move: Move) -> int:
        """Add a move and give its number."""
        number = self._known.setdefault(move, len(self.moves))
        if number == len(self.moves):
            self.moves.append(move)
        return number

    def source(self, region: int, do: int = 0) -> int:
        """Start from a law."""
        return self.add(Move("source", (), region, region, (), do))

    def discard(self, value: int, before: int, after: int) -> int:
        """Sum out, if there is anything to sum out."""
        return value if before == after else self.add(Move("discard", (value,), before, after))

    def disintegrate(self, value: int, before: int, after: int) -> int:
        """Keep the conditionals of some variables, unless these are all."""
        whole = before == after
        return value if whole else self.add(Move("disintegrate", (value,), before, after))

    def conditional(self, value: int, before: int, head: int, given: int) -> int:
        """Keep one conditional."""
        return self.add(Move("disintegrate", (value,), before, head, ((head, given),)))

    def multiply(self, values: Sequence[int], after: int) -> int:
        """Join values, if there are several."""
        joined = tuple(dict.fromkeys(values))
        return joined[0] if len(joined) == 1 else self.add(Move("multiply", joined, after, after))


@final
@dataclass(frozen=True, slots=True)
class Step:
    """One step of a certificate.

    Parameters
    ----------
    number : int
    rule : str
        See the table of :mod:`causalsim.diagrams._certificate`.
    inputs : tuple of int
        Numbers of the steps it starts from.
    before, after : tuple of str
        The region it starts from and the one it makes; of an exchange, what is conditioned on.
    terms : tuple of (tuple of str, tuple of str)
        Of a disintegration or normalisation: what each conditional is of, and what it is given.
    do : tuple of str
        Variables that are set in a source.
    """

    number: int
    rule: Rule
    inputs: tuple[int, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]
    terms: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()
    do: tuple[str, ...] = ()

    def __str__(self) -> str:
        start = f" {', '.join(f'[{k}]' for k in self.inputs)}" if self.inputs else ""
        return f"[{self.number}] {self.rule}{start}: {self.text}"

    @property
    def text(self) -> str:
        """What the step does, without its number.

        >>> Step(1, "discard", (0,), ("S", "T", "C"), ("S", "T")).text
        'sum out C; S, T are left'
        """
        kept = ", ".join(self.after)
        gone = ", ".join(name for name in self.before if name not in self.after)
        match self.rule:
            case "source":
                return _conditional(self.before, self.do, "P", "do({})")
            case "discard":
                return f"sum out {gone}; {kept} are left" if kept else f"sum out {gone}"
            case "multiply":
                return f"join {kept}"
            case "exchange":
                return f"observing {gone} equals setting it (rule 2)"
            case "disintegrate" | "normalise":
                parts = " ".join(_conditional(head, given) for head, given in self.terms)
                what = f"of {', '.join(self.before)} keep" if self.rule[0] == "d" else "condition:"
                return f"{what} {parts}"


def _conditional(
    head: tuple[str, ...], given: tuple[str, ...], letter: str = "Q", form: str = "{}"
) -> str:
    over = f" | {form.format(', '.join(given))}" if given else ""
    return f"{letter}({', '.join(head)}{over})"


@final
@dataclass(frozen=True, eq=False, repr=False)
class Certificate:
    """The steps that derive a quantity from available laws.

    Parameters
    ----------
    bits : Bits
    moves : tuple of Move
        The last one with a value gives the answer.
    """

    bits: Bits
    moves: tuple[Move, ...]

    def __repr__(self) -> str:
        return f"Certificate({len(self.moves)} steps: {', '.join(m.rule for m in self.moves)})"

    def __str__(self) -> str:
        return "\n".join(map(str, self.steps))

    def __len__(self) -> int:
        return len(self.moves)

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def terms(self, move: Move) -> tuple[tuple[int, int], ...]:
        """Give the conditionals that a disintegration keeps."""
        if move.terms or move.rule != "disintegrate":
            return move.terms
        blanket = self.bits.blanket
        return tuple((1 << k, blanket(k, move.before)) for k in members(move.after))

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps with names; sets of variables in causal order."""
        name = self.bits.named
        return tuple(
            Step(
                number,
                move.rule,
                move.inputs,
                name(move.before),
                name(move.after),
                tuple((name(head), name(given)) for head, given in self.terms(move)),
                name(move.do),
            )
            for number, move in enumerate(self.moves)
        )

    def replay(self, arithmetic: Arithmetic[Value]) -> Value:
        """Do the steps again and give the last value.

        Parameters
        ----------
        arithmetic : Arithmetic
        """
        values: list[Any] = []
        for move in self.moves:
            values.append(self._value(move, values, arithmetic))
        found: Value = next(value for value in reversed(values) if value is not None)
        return found

    def _value(self, move: Move, values: list[Any], arithmetic: Arithmetic[Any]) -> Any:
        name = self.bits.named
        match move.rule:
            case "exchange":
                return None
            case "source":
                return arithmetic.source(name(move.before), name(move.do))
            case "discard":
                gone = name(move.before & ~move.after)
                return arithmetic.marginal(values[move.inputs[0]], gone)
            case "multiply":
                return arithmetic.multiply([values[k] for k in move.inputs])
            case "disintegrate" | "normalise":
                whole = values[move.inputs[0]]
                parts = []
                for head, given in self.terms(move):
                    gone = name(move.before & ~(head | given))
                    above = arithmetic.marginal(whole, gone)
                    parts.append(arithmetic.divide(above, arithmetic.marginal(above, name(head))))
                return arithmetic.multiply(parts)
