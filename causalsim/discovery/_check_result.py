"""What a check of a graph returns: its claims, and what the data say to each."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any, NamedTuple, Self, final

import numpy as np

from causalsim import _files
from causalsim.discovery._record import plain
from causalsim.discovery._spec_text import spoken
from causalsim.graph import ADMG, DAG, parse_edge

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Answer", "CheckResult"]

VERSION = 1


@final
class Answer(NamedTuple):
    """The test of one independence; ``rejected`` says whether the data contradict it.

    ``adjusted`` is the p-value after correction; ``log_p`` the logarithm of the one before.
    ``expected`` is the smallest expected count in the test's table, infinite if it counts nothing.
    """

    x: str
    y: str
    given: tuple[str, ...]
    statistic: float
    effect: float
    log_p: float
    adjusted: float
    rejected: bool
    expected: float = math.inf

    @property
    def sparse(self) -> bool:
        """Whether a cell expects less than one row, so that a small p-value may be far off."""
        return self.expected < 1


@final
@dataclass(frozen=True, repr=False)
class CheckResult:
    """What data say about the claims of a graph.

    Attributes
    ----------
    graph : DAG or ADMG
        The graph over the measured variables, latent ones hidden.
    test : str
    n : int
        Rows.
    alpha : float
    correction : str or None
    implied : tuple of Answer
        The implied independencies that could be tested, worst offenders first.
    edges : tuple of Answer
        For each edge the independence that would hold without it, best supported first.
    untested : tuple of (x, y)
        Pairs about which nothing could be tested.
    provenance : mapping
    notes : tuple of str
    """

    graph: DAG | ADMG
    test: str
    n: int
    alpha: float
    correction: str | None
    implied: tuple[Answer, ...]
    edges: tuple[Answer, ...]
    untested: tuple[tuple[str, str], ...]
    provenance: Mapping[str, Any]
    notes: tuple[str, ...]

    @cached_property
    def table(self) -> pd.DataFrame:
        """The implied independencies, worst offenders first.

        Columns: x, y, given, statistic, effect, p_value, adjusted, refuted, expected. The last
        is the smallest expected count in the table behind a test on counts, infinite for other
        tests; below 1 a small p-value may be far off.
        """
        return _frame(self.implied).rename(columns={"rejected": "refuted"})

    @property
    def refuted(self) -> pd.DataFrame:
        """The rows of ``table`` that the data refute."""
        return self.table[self.table["refuted"]]

    @cached_property
    def support(self) -> pd.DataFrame:
        """The edges: x, y, given, statistic, effect, p_value, supported, expected.

        Strongest first.
        """
        frame = _frame(self.edges).drop(columns="adjusted")
        return frame.rename(columns={"rejected": "supported"})

    @property
    def unsupported(self) -> pd.DataFrame:
        """The rows of ``support`` whose edge the data would not miss (p > alpha, uncorrected)."""
        return self.support[~self.support["supported"]]

    def summary(self) -> str:
        """Give the result in plain words."""
        refuted = [answer for answer in self.implied if answer.rejected]
        missed = [answer for answer in self.edges if not answer.rejected]
        control = "no correction" if self.correction is None else self.correction
        gone = f"{len(missed)} of {len(self.edges)}"
        how = f"{spoken(self.test)}, {self.n} rows, alpha = {self.alpha:g}, {control}"
        lines = [
            f"{len(refuted)} of {len(self.implied)} implied independencies are refuted ({how})",
            *_answer_lines(refuted, "not "),
            *_sparse_lines(refuted),
            f"{gone} edges could go, each alone, without the data noticing",
            *_answer_lines(missed, ""),
        ]
        if self.untested:
            lines.append(f"{len(self.untested)} pairs could not be tested; see .untested")
        lines.append("a graph that passes is not proven: others imply the same or less")
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])

    def __repr__(self) -> str:
        return self.summary()

    def to_svg(self) -> str:
        """Draw the graph with the edges that the data would not miss marked."""
        from causalsim.graph.draw import to_svg

        missed = {frozenset((a.x, a.y)) for a in self.edges if not a.rejected}
        edges = [edge for edge in self.graph.edges if frozenset(parse_edge(edge)[:2]) in missed]
        return to_svg(self.graph, highlight=edges)

    def _repr_html_(self) -> str:
        from causalsim.discovery._html import fragment

        return fragment(self)

    # -- files ----------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Give the result as plain values, readable by :meth:`from_dict`."""
        content = {
            "kind": type(self.graph).__name__,
            "nodes": list(self.graph.nodes),
            "graph": list(self.graph.edges),
            "test": self.test,
            "n": self.n,
            "alpha": self.alpha,
            "correction": self.correction,
            "implied": [_to_list(answer) for answer in self.implied],
            "edges": [_to_list(answer) for answer in self.edges],
            "untested": [list(pair) for pair in self.untested],
            "provenance": dict(self.provenance),
            "notes": list(self.notes),
        }
        return _files.versioned("check", VERSION, content)

    @classmethod
    def from_dict(cls, payload: Mapping[str, Any]) -> Self:
        """Rebuild a result from :meth:`to_dict`."""
        content = _files.open_versioned(dict(payload), "check", VERSION)
        kind = DAG if content["kind"] == "DAG" else ADMG
        return cls(
            graph=kind.from_edges(content["graph"], content["nodes"]),
            test=content["test"],
            n=content["n"],
            alpha=content["alpha"],
            correction=content["correction"],
            implied=tuple(map(_from_list, content["implied"])),
            edges=tuple(map(_from_list, content["edges"])),
            untested=tuple((x, y) for x, y in content["untested"]),
            provenance=content["provenance"],
            notes=tuple(content["notes"]),
        )

    def save(self, path: str | PathLike[str]) -> None:
        """Write the result as JSON; the file appears whole or not at all."""
        _files.write_text(path, _files.dump_json(self.to_dict()))

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Self:
        """Read a result written by :meth:`save`."""
        return cls.from_dict(_files.load_json(path))


def _to_list(answer: Answer) -> list[Any]:
    x, y, given, *numbers, rejected, expected = answer
    return [x, y, list(given), *map(plain, numbers), rejected, plain(expected)]


def _from_list(row: Sequence[Any]) -> Answer:
    x, y, given, statistic, effect, log_p, p_adjusted, rejected, *expected = row
    numbers = float(statistic), float(effect), float(log_p), float(p_adjusted)
    return Answer(x, y, tuple(given), *numbers, rejected, *map(float, expected))


def _frame(answers: Iterable[Answer]) -> pd.DataFrame:
    import pandas as pd

    frame = pd.DataFrame(list(answers), columns=list(Answer._fields))
    frame["rejected"] = frame["rejected"].astype(bool)
    frame.insert(5, "p_value", np.exp(frame.pop("log_p").astype(float)))
    return frame


def _sparse_lines(refuted: Sequence[Answer]) -> list[str]:
    sparse = sum(answer.sparse for answer in refuted)
    line = (
        f"{sparse} of the {len(refuted)} refuted rest on sparse tables (a cell expects less than "
        "one row), where small p-values may be far off: merge rare states, or use 'g_squared'"
    )
    return [line] * (sparse > 0)


def _answer_lines(answers: Sequence[Answer], sign: str, limit: int = 20) -> list[str]:
    lines = [
        f"  {a.x} {sign}_||_ {a.y}{' | ' + ', '.join(a.given) if a.given else ''}  "
        f"effect {a.effect:+.3f}, p = {np.exp(a.log_p):.2g}"
        + (f", a cell expects only {a.expected:.2g} rows" if a.sparse else "")
        for a in answers[:limit]
    ]
    return lines + ([f"  ... {len(answers) - limit} more"] if len(answers) > limit else [])
