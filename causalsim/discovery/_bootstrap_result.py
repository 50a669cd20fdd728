"""What runs on subsamples of the data return: frequencies, and a consensus graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any, Self, final

import numpy as np

from causalsim import _files
from causalsim.discovery._repeat import failure_lines, shares
from causalsim.errors import OptionError
from causalsim.graph import CPDAG
from causalsim.graph.marks import Mark
from causalsim.graph.pdag import PDAG, arrows_on_cycles

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BootstrapResult"]

VERSION = 1


@final
@dataclass(frozen=True, repr=False)
class BootstrapResult:
    """The graphs found on subsamples of the data.

    Attributes
    ----------
    algorithm : str
    nodes : tuple of str
    graphs : tuple of CPDAG
        One per run that did not fail.
    failures : mapping of str to int
        Reason to number of runs that gave no graph, such as a constant column.
    scheme : str
        How rows were drawn, in words.
    options, provenance : mapping
        Settings of the algorithm; versions and a fingerprint of the data.
    notes : tuple of str
    """

    algorithm: str
    nodes: tuple[str, ...]
    graphs: tuple[CPDAG, ...]
    failures: Mapping[str, int]
    scheme: str
    options: Mapping[str, Any]
    provenance: Mapping[str, Any]
    notes: tuple[str, ...]

    @cached_property
    def frequencies(self) -> pd.DataFrame:
        """What stands between each pair, as shares of the graphs; most often joined first.

        Columns: x, y, adjacent, x_to_y, y_to_x, undirected, bidirected, conflict. The last five
        add up to ``adjacent``.
        """
        import pandas as pd

        share, label = shares(self.graphs), np.array(self.nodes, object)
        i, j = np.triu_indices(len(self.nodes), 1)
        frame = pd.DataFrame(
            {
                "x": label[i],
                "y": label[j],
                "adjacent": share["adjacent"][i, j],
                "x_to_y": share["directed"][i, j],
                "y_to_x": share["directed"][j, i],
                **{name: share[name][i, j] for name in ("undirected", "bidirected", "conflict")},
            }
        )
        return frame.sort_values("adjacent", ascending=False, kind="stable", ignore_index=True)

    @property
    def graph(self) -> CPDAG:
        """The consensus of more than half of the graphs."""
        return self.consensus()

    def consensus(self, threshold: float = 0.5) -> CPDAG:
        """Give the graph of what most runs agree on.

        A pair is joined if it is in more than ``threshold`` of all graphs. It gets an arrow if
        exactly one direction stands in more than ``threshold`` of all graphs, and is undirected
        otherwise. Majorities of acyclic graphs can go in a circle; arrows on a directed cycle
        are left undirected, so that the graph has none. It may still stand for no equivalence
        class: ``is_class()`` tells.

        Parameters
        ----------
        threshold : float
            At least 0 and below 1.

        Raises
        ------
        OptionError
            If the threshold is no such number.
        """
        if isinstance(threshold, bool) or not 0 <= threshold < 1:
            raise OptionError(
                f"threshold={threshold!r}: expected a number in [0, 1), such as 0.5."
            )
        share = shares(self.graphs)
        arrows = share["directed"] > threshold
        arrows &= ~arrows.T
        marks = np.where(share["adjacent"] > threshold, Mark.TAIL, Mark.NONE)
        marks[arrows] = Mark.ARROW
        for tail, head in arrows_on_cycles(PDAG.from_graph(CPDAG(self.nodes, marks))):
            marks[tail, head] = Mark.TAIL
        return CPDAG(self.nodes, marks)

    def summary(self, threshold: float = 0.5) -> str:
        """Give the result as text: the consensus, and how often each of its edges came."""
        graph = self.consensus(threshold)
        lines = [
            f"{self.algorithm.upper()} on {len(self.graphs)} subsamples of {self.scheme}",
            *failure_lines(self.failures),
            f"{graph.n_edges} pairs are joined in more than {threshold:.0%} of the graphs:",
            "",
            *_edge_lines(self.frequencies[: graph.n_edges]),
            "",
            "a frequency says how stable an edge is, not how probable: subsamples share biases",
        ]
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])

    def __repr__(self) -> str:
        return self.summary()

    def to_svg(self, threshold: float = 0.5) -> str:
        """Draw the consensus, edge width by frequency of adjacency."""
        from causalsim.graph.draw import to_svg

        columns = (self.frequencies[name] for name in ("x", "y", "adjacent"))
        widths: dict[str | frozenset[str], float] = {
            frozenset((x, y)): share for x, y, share in zip(*columns, strict=True)
        }
        return to_svg(self.consensus(threshold), strengths=widths)

    def _repr_html_(self) -> str:
        from causalsim.discovery._html import fragment

        return fragment(self)

    # -- files ----------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Give the result as plain values, readable by :meth:`from_dict`."""
        content = {
            "algorithm": self.algorithm,
            "nodes": list(self.nodes),
            "graphs": [list(graph.edges) for graph in self.graphs],
            "failures": dict(self.failures),
            "scheme": self.scheme,
            "options": dict(self.options),
            "provenance": dict(self.provenance),
            "notes": list(self.notes),
        }
        return _files.versioned("bootstrap", VERSION, content)

    @classmethod
    def from_dict(cls, payload: Mapping[str, Any]) -> Self:
        """Rebuild a result from :meth:`to_dict`."""
        plain = _files.open_versioned(dict(payload), "bootstrap", VERSION)
        nodes = tuple(plain["nodes"])
        return cls(
            algorithm=plain["algorithm"],
            nodes=nodes,
            graphs=tuple(CPDAG.from_edges(edges, nodes) for edges in plain["graphs"]),
            failures=plain["failures"],
            scheme=plain["scheme"],
            options=plain["options"],
            provenance=plain["provenance"],
            notes=tuple(plain["notes"]),
        )

    def save(self, path: str | PathLike[str]) -> None:
        """Write the result as JSON; the file appears whole or not at all."""
        _files.write_text(path, _files.dump_json(self.to_dict()))

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Self:
        """Read a result written by :meth:`save`."""
        return cls.from_dict(_files.load_json(path))


def _edge_lines(frame: pd.DataFrame, limit: int = 60) -> list[str]:
    width = max(
        (len(f"{x} - {y}") for x, y in zip(frame["x"], frame["y"], strict=True)), default=0
    )
    lines = [
        f"  {f'{x} - {y}':<{width}}  joined {joined:4.0%}: --> {to:4.0%}, <-- {back:4.0%}, "
        f"--- {plain:4.0%}" + (f", in conflict {both + odd:.0%}" if both + odd else "")
        for x, y, joined, to, back, plain, both, odd in frame[:limit].itertuples(index=False)
    ]
    return lines + ([f"  ... {len(frame) - limit} more"] if len(frame) > limit else [])
