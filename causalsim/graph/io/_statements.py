"""The grammar that DOT and dagitty text share: a header, then statements in braces.

.. code-block:: text

    text      : ["strict"] word [name] "{" statement* "}"
    statement : name "=" value | ("graph" | "node" | "edge") [attributes] | chain [attributes]
    chain     : end (arrow end)*
    end       : name [":" port]* | ["subgraph" [name]] "{" statement* "}"

A statement ends at ``;`` or ``,``, or where the next one begins; line breaks have no meaning.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise, product
from typing import NamedTuple, NoReturn

from causalsim.errors import FormatError
from causalsim.graph.io._common import only_text

__all__ = ["Link", "Statements", "quote", "read_statements"]

_TOKEN = re.compile(
    r"""
    (?P<skip>\s+|//[^\n]*|/\*.*?\*/|\#[^\n]*)
    |(?P<quoted>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
    |(?P<arrow><->|<-@|<-|@->|@-@|@--|--@|->|--)
    |(?P<word>[\w.]+|-[\d.]+)
    |(?P<html><(?:[^<>]|<[^<>]*>)*>)
    |(?P<sign>[{}\[\];,=:])
    """,
    re.VERBOSE | re.DOTALL,
)
_DEFAULTS = {"graph", "node", "edge"}


class Token(NamedTuple):
    """A piece of text, where it stands and what it is."""

    kind: str
    text: str
    line: int


class Link(NamedTuple):
    """One arrow between two names, with its attributes."""

    x: str
    y: str
    arrow: str
    attributes: Mapping[str, str]
    line: int


@dataclass
class Statements:
    """What a text says: attributes of the whole, nodes in order, and links."""

    header: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    nodes: dict[str, dict[str, str]] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)


def quote(name: str) -> str:
    r"""Write a name in double quotes.

    >>> print(quote('say "x"'))
    "say \"x\""
    """
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _tokens(text: str) -> list[Token]:
    found, position, line = [], 0, 1
    while position < len(text):
        hit = _TOKEN.match(text, position)
        if hit is None:
            raise FormatError(f"line {line}: unexpected {text[position : position + 10]!r}.")
        kind, piece = str(hit.lastgroup), hit.group()
        if kind == "quoted":
            inner = re.sub(r"\\([\"'\\]|\n)", lambda m: m[1].strip("\n"), piece[1:-1])
            found.append(Token("quoted", inner, line))
        elif kind != "skip":
            found.append(Token(kind, piece, line))
        line += piece.count("\n")
        position = hit.end()
    return [*found, Token("end", "", line)]


def read_statements(text: str) -> Statements:
    """Read a text.

    Raises
    ------
    FormatError
        Naming the line and what was expected there.
    """
    try:
        return _Reader(_tokens(only_text(text))).read()
    except RecursionError:
        raise FormatError("braces are nested too deeply.") from None


class _Reader:
    """Recursive descent over the tokens."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.at = 0
        self.found = Statements()

    def read(self) -> Statements:
        if self.peek().text.lower() == "strict":
            self.take()
        self.found.header = self.take("word").text.lower()
        if self.peek().kind in {"word", "quoted"}:
            self.take()
        self.block({})
        if self.peek().kind != "end":
            self.fail("the end of the text")
        return self.found

    # -- tokens ---------------------------------------------------------------------------

    def peek(self) -> Token:
        return self.tokens[self.at]

    def take(self, *kinds: str) -> Token:
        token = self.peek()
        if kinds and token.kind not in kinds:
            self.fail("a name")
        self.at += 1
        return token

    def is_sign(self, text: str, ahead: int = 0) -> bool:
        token = self.tokens[min(self.at + ahead, len(self.tokens) - 1)]
        return token.kind == "sign" and token.text == text

    def sign(self, text: str) -> bool:
        """Take a sign if it comes next."""
        there = self.is_sign(text)
        self.at += there
        return there

    def fail(self, expected: str) -> NoReturn:
        token = self.peek()
        got = repr(token.text) if token.kind != "end" else "the end of the text"
        raise FormatError(f"line {token.line}: expected {expected}, got {got}.")

    def keyword(self, words: set[str]) -> bool:
        token = self.peek()
        return token.kind == "word" and token.text.lower() in words

    # -- grammar --------------------------------------------------------------------------

    def block(self, defaults: Mapping[str, str]) -> dict[str, None]:
        """Read statements in braces; give the names they mention."""
        if not self.sign("{"):
            self.fail("'{'")
        mentioned: dict[str, None] = {}
        scope = dict(defaults)
        while not self.sign("}"):
            if not (self.sign(";") or self.sign(",")):
                self.statement(scope, mentioned)
        return mentioned

    def statement(self, scope: dict[str, str], mentioned: dict[str, None]) -> None:
        if self.keyword(_DEFAULTS) and self.is_sign("[", 1):
            self.defaults(scope)
        elif self.is_sign("=", 1):
            name, _ = self.take("word", "quoted"), self.take()
            self.found.attributes[name.text] = self.take("word", "quoted", "html").text
        else:
            self.chain(scope, mentioned)

    def defaults(self, scope: dict[str, str]) -> None:
        word = self.take().text.lower()
        given = self.attributes()
        if word == "edge":
            scope |= given
        elif word == "graph":
            self.found.attributes |= given

    def chain(self, scope: Mapping[str, str], mentioned: dict[str, None]) -> None:
        ends, arrows = [self.end(scope)], []
        while self.peek().kind == "arrow":
            arrows.append(self.take())
            ends.append(self.end(scope))
        given = self.attributes()
        for end in ends:
            mentioned |= end
        if not arrows:
            for name in ends[0]:
                self.found.nodes[name] |= given
        for (left, right), arrow in zip(pairwise(ends), arrows, strict=True):
            self.found.links += [
                Link(x, y, arrow.text, {**scope, **given}, arrow.line)
                for x, y in product(left, right)
            ]

    def end(self, scope: Mapping[str, str]) -> dict[str, None]:
        """Read a name or a group of names."""
        group = self.keyword({"subgraph"})
        if group:
            self.take()
            if self.peek().kind in {"word", "quoted"}:
                self.take()
        if group or self.is_sign("{"):
            return self.block(scope)
        if self.peek().kind == "word" and self.peek().text.startswith("-"):
            self.fail("a name (quote one that starts with '-')")
        name = self.take("word", "quoted").text
        while self.sign(":"):
            self.take("word", "quoted")
        self.found.nodes.setdefault(name, {})
        return {name: None}

    def attributes(self) -> dict[str, str]:
        """Read ``[key=value, flag]`` groups, if any."""
        given: dict[str, str] = {}
        while self.sign("["):
            while not self.sign("]"):
                key = self.take("word", "quoted").text
                given[key] = self.take("word", "quoted", "html").text if self.sign("=") else ""
                _ = self.sign(",") or self.sign(";")
        return given
