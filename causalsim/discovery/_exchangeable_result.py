"""What a search in exchangeable data returns: a graph, its layers, and each decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any, NamedTuple, Self, final

import numpy as np

from causalsim import _files
from causalsim.discovery._record import plain
from causalsim.discovery._spec_text import spoken
from causalsim.graph import CPDAG, DAG, Mark, parse_edge

if TYPE_CHECKING:
    import pandas as pd

    from causalsim.discovery._explain import Explanation

__all__ = ["Decision", "ExchangeableResult"]

VERSION = 1


@final
class Decision(NamedTuple):
    """One test that decided something.

    ``"sink"``: x in another row was tested against y given a set, both in one row; a rejection
    says that y causes something in the set. ``"edge"``: all were in one row; a rejection joins x
    and y, and says that a cause by knowledge is no sink. ``rejected`` compares this p-value alone
    with alpha.
    """

    about: str
    x: str
    y: str
    given: tuple[str, ...]
    log_p: float
    rejected: bool


@final
@dataclass(frozen=True, repr=False)
class ExchangeableResult:
    """A graph found by mechanisms that change independently between environments.

    Attributes
    ----------
    graph : DAG or CPDAG
        A CPDAG where an edge was left undirected. It then stands for no Markov equivalence class:
        the tests did not tell the direction, which independencies may.
    layers : tuple of tuple of str
        From causes to sinks; no two variables of a layer are joined.
    refuted : tuple of str
        Variables among which every one was rejected as a sink, or is none by knowledge, so that
        mechanisms do not change independently, or knowledge is wrong; edges among them have no
        direction but by knowledge. Empty if there are none.
    decisions : tuple of Decision
    context, test : str
    n_environments, n : int
        Environments and rows.
    options, provenance : mapping
    notes : tuple of str
    """

    graph: DAG | CPDAG
    layers: tuple[tuple[str, ...], ...]
    refuted: tuple[str, ...]
    decisions: tuple[Decision, ...]
    context: str
    test: str
    n_environments: int
    n: int
    options: Mapping[str, Any]
    provenance: Mapping[str, Any]
    notes: tuple[str, ...]

    @cached_property
    def tests(self) -> pd.DataFrame:
        """The decisions: about, x, y, given, p_value, log_p, rejected; see :class:`Decision`."""
        import pandas as pd

        frame = pd.DataFrame(list(self.decisions), columns=list(Decision._fields))
        frame["rejected"] = frame["rejected"].astype(bool)
        frame.insert(4, "p_value", np.exp(frame["log_p"].astype(float)))
        return frame

    @property
    def undecided(self) -> tuple[str, ...]:
        """The edges without direction."""
        return tuple(edge for edge in self.graph.edges if parse_edge(edge).at_y is Mark.TAIL)

    def explain(self, x: str, y: str) -> Explanation:
        """Say which tests join x and y or keep them apart, and which ones set the direction.

        Parameters
        ----------
        x, y : str
            In either order.

        Returns
        -------
        Explanation
            Prints as text; without certificate.

        Raises
        ------
        NameNotFoundError, OptionError
            If a name is unknown, or both are the same.

        Examples
        --------
        >>> import pandas as pd
        >>> from causalsim.discovery import exchangeable
        >>> rng = np.random.default_rng(0)
        >>> x, scale = rng.normal(size=400), rng.exponential(size=200).repeat(2)
        >>> frame = pd.DataFrame({"X": x, "Y": scale * x, "place": np.arange(400) // 2})
        >>> found = exchangeable(frame, "place", knowledge={"tiers": [["X"], ["Y"]]})
        >>> print(found.explain("X", "Y"))
        X --> Y
        Within a row they depend on each other without conditioning: p = 4.98e-104.
        Y is a sink of {X, Y} by knowledge: it can cause nothing else there. That was not tested.
        knowledge: 'Y' in tier 2, 'X' in tier 1
        """
        from causalsim.discovery._exchangeable_explain import explain

        return explain(self, x, y)

    def summary(self) -> str:
        """Give the result as text."""
        layers = " | ".join(", ".join(layer) for layer in self.layers)
        settings = (
            f"{self.n_environments} environments of {self.context!r} with {self.n} rows, "
            f"test = {spoken(self.test)}, alpha = {self.options['alpha']:g}"
        )
        edges, tests = _counted(self.graph.n_edges, "edge"), _counted(len(self.decisions), "test")
        lines = [
            f"causal de Finetti on {len(self.graph)} variables: {settings}",
            f"{edges} after {tests}: {len(self.undecided)} without direction",
            f"layers, causes first: {layers}",
            *(f"  {edge}" for edge in self.graph.edges),
            *self._doubts(),
            "each environment counts as one draw; arrows stand only under these assumptions:",
            "  rows of an environment are exchangeable, and no variable is hidden",
            "  mechanisms change between environments, and independently of each other",
            *["  values are missing completely at random"] * self._incomplete,
        ]
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])

    @property
    def _incomplete(self) -> bool:
        """Whether rows were dropped for missing values."""
        return bool(self.options.get("missing", "error") != "error")

    @property
    def _doubted(self) -> list[str]:
        """The edges among refuted variables."""
        return [e for e in self.graph.edges if set(parse_edge(e)[:2]) <= set(self.refuted)]

    def _doubts(self) -> list[str]:
        """Say why edges have no direction, or should not be trusted."""
        names = ", ".join(self.refuted)
        refuted = (
            f"assumption refuted: among {names} every variable is rejected as a sink, so their "
            "mechanisms do not change independently, or something is hidden"
            + ", or knowledge is wrong"
            * bool(self.options.get("knowledge"))
        )
        weak = (
            "edges without direction: the changes are too weak to tell for "
            f"{self.n_environments} environments; abstain=False takes the likelier one"
        )
        among = set(self.undecided) - set(self._doubted)
        return [refuted] * bool(self.refuted) + [weak] * bool(among)

    def __repr__(self) -> str:
        return self.summary()

    def to_svg(self) -> str:
        """Draw the graph with the edges among refuted variables marked."""
        from causalsim.graph.draw import to_svg

        return to_svg(self.graph, highlight=self._doubted)

    def to_html(self) -> str:
        """Give one self-contained page: graph, summary, tests."""
        from causalsim.discovery._html import short_page

        edges = _counted(self.graph.n_edges, "edge")
        title = f"Causal de Finetti: {len(self.graph)} variables, {edges}"
        return short_page(self, title, self.tests)

    def _repr_html_(self) -> str:
        from causalsim.discovery._html import fragment

        return fragment(self)

    # -- files ----------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Give the result as plain values, readable by :meth:`from_dict`."""
        return _files.versioned(
            "exchangeable",
            VERSION,
            {
                "kind": type(self.graph).__name__,
                "nodes": list(self.graph.nodes),
                "edges": list(self.graph.edges),
                "layers": [list(layer) for layer in self.layers],
                "refuted": list(self.refuted),
                "decisions": [_to_list(decision) for decision in self.decisions],
                "context": self.context,
                "test": self.test,
                "n_environments": self.n_environments,
                "n": self.n,
                "options": dict(self.options),
                "provenance": dict(self.provenance),
                "notes": list(self.notes),
            },
        )

    @classmethod
    def from_dict(cls, payload: Mapping[str, Any]) -> Self:
        """Rebuild a result from :meth:`to_dict`."""
        content = _files.open_versioned(dict(payload), "exchangeable", VERSION)
        kind = DAG if content["kind"] == "DAG" else CPDAG
        return cls(
            graph=kind.from_edges(content["edges"], content["nodes"]),
            layers=tuple(map(tuple, content["layers"])),
            refuted=tuple(content["refuted"]),
            decisions=tuple(map(_from_list, content["decisions"])),
            context=content["context"],
            test=content["test"],
            n_environments=content["n_environments"],
            n=content["n"],
            options=content["options"],
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


def _counted(count: int, word: str) -> str:
    return f"{count} {word}{'s' * (count != 1)}"


def _to_list(decision: Decision) -> list[Any]:
    about, x, y, given, log_p, rejected = decision
    return [about, x, y, list(given), plain(log_p), rejected]


def _from_list(row: Sequence[Any]) -> Decision:
    about, x, y, given, log_p, rejected = row
    return Decision(about, x, y, tuple(given), float(log_p), rejected)
