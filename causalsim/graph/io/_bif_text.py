"""The text of a BIF file: tokens, and the blocks they form. No meaning yet.

.. code-block:: text

    file        : (network | variable | probability)*
    network     : "network" word* "{" property* "}"
    variable    : "variable" name "{" (property | type)* "}"
    type        : "type" "discrete" ["[" count "]"] "{" name* "}" [";"]
    probability : "probability" "(" name ["|"] name* ")" "{" (property | row)* "}"
    row         : ("table" | "default" | "(" name* ")") number* ";"
    property    : "property" anything ";"

Commas only separate. Names may be quoted, and unquoted ones hold any other character
(``<5``, ``12+``, ``Asy/Patch``). Source: F. Cozman, The Interchange Format for Bayesian
Networks, version 0.15 (1998).
"""

from __future__ import annotations

import re
from typing import NamedTuple, NoReturn

from causalsim.errors import FormatError
from causalsim.graph.io._common import only_text

__all__ = ["Probability", "Row", "Variable", "quote", "read_blocks"]

_TOKEN = re.compile(
    r"""
    (?P<skip>\s+|//[^\n]*|/\*.*?\*/|,)
    |"(?P<quoted>[^"\n]*)"
    |(?P<sign>[{}();|])
    |(?P<word>(?:(?!//|/\*)[^\s{}(),;|"])+|["/])
    """,
    re.VERBOSE | re.DOTALL,
)
_PLAIN = re.compile(r"(?:(?!//|/\*)[^\s{}(),;|\"])+")


class Variable(NamedTuple):
    """A variable with its states."""

    name: str
    states: tuple[str, ...]
    line: int


class Row(NamedTuple):
    """Numbers of a table; ``key`` is "table", "default" or the parents' states."""

    key: str | tuple[str, ...]
    numbers: tuple[float, ...]
    line: int


class Probability(NamedTuple):
    """The rows of one conditional probability table."""

    name: str
    parents: tuple[str, ...]
    rows: tuple[Row, ...]
    line: int


class _Token(NamedTuple):
    kind: str
    text: str
    line: int


def quote(name: str) -> str:
    """Write a name, in quotes only where it needs them.

    >>> quote("12+"), quote("very high")
    ('12+', '"very high"')
    """
    if _PLAIN.fullmatch(name):
        return name
    if '"' in name or "\n" in name:
        raise FormatError(f"BIF cannot hold the name {name!r}; rename it, or use JSON.")
    return f'"{name}"'


def _tokens(text: str) -> list[_Token]:
    found, line = [], 1
    for hit in _TOKEN.finditer(text):
        kind = str(hit.lastgroup)
        if kind != "skip":
            found.append(_Token(kind, hit[kind], line))
        line += hit.group().count("\n")
    return [*found, _Token("end", "the end of the text", line)]


def read_blocks(text: str) -> tuple[list[Variable], list[Probability]]:
    """Read all blocks of a BIF text.

    Raises
    ------
    FormatError
        Naming the line and what was expected there.
    """
    return _Reader(_tokens(only_text(text))).read()


class _Reader:
    """Recursive descent over the tokens."""

    def __init__(self, tokens: list[_Token]) -> None:
        self.tokens = tokens
        self.at = 0

    def read(self) -> tuple[list[Variable], list[Probability]]:
        variables: list[Variable] = []
        probabilities: list[Probability] = []
        while self.peek().kind != "end":
            if self.word("network"):
                self.network()
            elif self.word("variable"):
                variables.append(self.variable())
            elif self.word("probability"):
                probabilities.append(self.probability())
            else:
                self.fail("'network', 'variable' or 'probability'")
        return variables, probabilities

    # -- tokens ---------------------------------------------------------------------------

    def peek(self) -> _Token:
        return self.tokens[self.at]

    def fail(self, expected: str) -> NoReturn:
        token = self.peek()
        raise FormatError(f"line {token.line}: expected {expected}, got {token.text!r}.")

    def name(self) -> str:
        if self.peek().kind not in {"word", "quoted"}:
            self.fail("a name")
        self.at += 1
        return self.tokens[self.at - 1].text

    def is_sign(self, text: str) -> bool:
        return self.peek().kind == "sign" and self.peek().text == text

    def sign(self, text: str) -> bool:
        """Take a sign if it comes next."""
        there = self.is_sign(text)
        self.at += there
        return there

    def word(self, text: str) -> bool:
        """Take an unquoted word if it comes next."""
        there = self.peek().kind == "word" and self.peek().text == text
        self.at += there
        return there

    def need(self, text: str) -> None:
        if not self.sign(text):
            self.fail(f"{text!r}")

    def names_until(self, text: str) -> tuple[str, ...]:
        """Take names up to a closing sign, and the sign."""
        found = []
        while not self.sign(text):
            found.append(self.name())
        return tuple(found)

    def property(self) -> bool:
        """Skip a property line if one comes next."""
        if not self.word("property"):
            return False
        while not self.sign(";"):
            if self.peek().kind == "end":
                self.fail("';' after a property")
            self.at += 1
        return True

    # -- blocks ---------------------------------------------------------------------------

    def network(self) -> None:
        self.names_until("{")
        while not self.sign("}"):
            if not self.property():
                self.fail("'property' or '}'")

    def variable(self) -> Variable:
        line, name = self.peek().line, self.name()
        states: tuple[str, ...] = ()
        self.need("{")
        while not self.sign("}"):
            if self.word("type"):
                states = self.states(name)
            elif not self.property():
                self.fail("'type', 'property' or '}'")
        if not states:
            raise FormatError(f"line {line}: variable {name!r} has no states.")
        return Variable(name, states, line)

    def states(self, name: str) -> tuple[str, ...]:
        line = self.peek().line
        head = "".join(self.names_until("{"))
        found = re.fullmatch(r"discrete(?:\[(\d+)\])?", head)
        if found is None:
            raise FormatError(
                f"line {line}: type {head!r} of {name!r} is not read; only 'discrete [ n ]' is."
            )
        states = self.names_until("}")
        if found[1] and int(found[1]) != len(states):
            raise FormatError(
                f"line {line}: {name!r} announces {found[1]} states and lists {len(states)}."
            )
        self.sign(";")
        return states

    def probability(self) -> Probability:
        line = self.peek().line
        self.need("(")
        name = self.name()
        self.sign("|")
        parents = self.names_until(")")
        self.need("{")
        rows = []
        while not self.sign("}"):
            if not self.property():
                rows.append(self.row())
        return Probability(name, parents, tuple(rows), line)

    def row(self) -> Row:
        line = self.peek().line
        key: str | tuple[str, ...]
        if self.sign("("):
            key = self.names_until(")")
        elif self.word("table"):
            key = "table"
        elif self.word("default"):
            key = "default"
        else:
            self.fail("'table', 'default', '(states)' or '}'")
        numbers = []
        while not self.sign(";"):
            numbers.append(self.number())
        return Row(key, tuple(numbers), line)

    def number(self) -> float:
        try:
            number = float(self.peek().text)
        except ValueError:
            self.fail("a number or ';'")
        self.at += 1
        return number
