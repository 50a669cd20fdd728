"""What a dry run returns: how often each edge, and each false one, was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any, Self, final

import numpy as np
from numpy.typing import NDArray

from causalsim import _files
from causalsim.discovery._repeat import failure_lines, shares
from causalsim.graph import CPDAG, DAG
from causalsim.metrics import shd

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DryRun"]

VERSION = 1
NEAR = "* near the threshold: on the real data p is within a factor of 10 of alpha"


@final
@dataclass(frozen=True, repr=False)
class DryRun:
    """What an algorithm finds on data drawn from a model of your data.

    Attributes
    ----------
    algorithm : str
    dag : DAG
        The graph along which the model was fitted.
    graph : CPDAG
        The target: what the same algorithm with the same options returns for ``dag`` when
        separation in it takes the place of the test.
    model : str
        What was fitted, in words.
    n : int
        Rows per run.
    graphs : tuple of CPDAG
        One per run that did not fail.
    failures : mapping of str to int
        Reason to number of runs that gave no graph.
    strengths, p_values : mapping of edge text to float
        Of the target's edges, as found on the real data: effect, and largest p over the tests.
    options, provenance : mapping
        Settings of the algorithm; versions and a fingerprint of the data.
    notes : tuple of str
    """

    algorithm: str
    dag: DAG
    graph: CPDAG
    model: str
    n: int
    graphs: tuple[CPDAG, ...]
    failures: Mapping[str, int]
    strengths: Mapping[str, float]
    p_values: Mapping[str, float]
    options: Mapping[str, Any]
    provenance: Mapping[str, Any]
    notes: tuple[str, ...]

    @cached_property
    def edges(self) -> pd.DataFrame:
        """The target's edges: edge, x, y, strength, p_value, near_threshold, found, oriented.

        ``near_threshold`` marks a p-value within a factor of ten of alpha, where ``found`` can be
        many times too high if the rows that chose the graph were fitted.
        ``found`` is the share of runs that join the pair, ``oriented`` the share that give it
        the target's two marks (an undirected edge must come out undirected).
        """
        import pandas as pd

        pairs = np.argwhere(np.triu(self.graph.skeleton))
        found = shares(self.graphs)["adjacent"]
        right = np.mean([graph.marks == self.graph.marks for graph in self.graphs], axis=0)
        right = np.minimum(right, right.T)
        label = np.array(self.graph.nodes, object)
        p = np.array([self.p_values.get(edge, np.nan) for edge in self.graph.edges])
        return pd.DataFrame(
            {
                "edge": list(self.graph.edges),
                "x": label[pairs[:, 0]],
                "y": label[pairs[:, 1]],
                "strength": [self.strengths.get(edge, np.nan) for edge in self.graph.edges],
                "p_value": p,
                "near_threshold": p > self.options["alpha"] / 10,
                "found": found[tuple(pairs.T)],
                "oriented": right[tuple(pairs.T)],
            }
        )

    @cached_property
    def false_edges(self) -> pd.DataFrame:
        """The pairs not joined in the target: x, y, and the share of runs that join them."""
        import pandas as pd

        i, j = np.nonzero(np.triu(~self.graph.skeleton, 1))
        label, rate = np.array(self.graph.nodes, object), shares(self.graphs)["adjacent"][i, j]
        frame = pd.DataFrame({"x": label[i], "y": label[j], "rate": rate})
        return frame.sort_values("rate", ascending=False, kind="stable", ignore_index=True)

    @property
    def false_edge_rate(self) -> float:
        """Share of absent pairs that a run joins, on average; 0 where every pair is joined."""
        return float(self.false_edges["rate"].mean()) if len(self.false_edges) else 0.0

    @cached_property
    def shd(self) -> NDArray[np.float64]:
        """Structural Hamming distance to the target of each run; shape (runs,)."""
        return np.array([shd(graph, self.graph) for graph in self.graphs])

    @property
    def expected_shd(self) -> float:
        """Mean structural Hamming distance to the target."""
        return float(self.shd.mean())

    def summary(self) -> str:
        """Give the result in plain words."""
        runs = len(self.graphs)
        lines = [
            f"dry run of {self.algorithm.upper()}: {runs} data sets of {self.n} rows",
            f"drawn from {self.model}",
            *failure_lines(self.failures),
            self._rates(),
            "",
            *_edge_lines(self.edges, runs),
            *_false_lines(self.false_edges, runs),
            *[NEAR] * bool(self.edges["near_threshold"].any()),
            "",
            "this holds if the found graph and the model are right; it cannot show that they are",
        ]
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])

    def _rates(self) -> str:
        """Say the three overall rates; an empty graph has no edges to find."""
        false = f"false edges {self.false_edge_rate:.1%} of absent pairs"
        found, oriented = self.edges["found"], self.edges["oriented"]
        true = f"true edges found {found.mean():.0%}, with the right marks {oriented.mean():.0%}"
        start = true if self.graph.n_edges else "the graph has no edges to find"
        return f"{start}; {false}; expected SHD {self.expected_shd:.1f}"

    def __repr__(self) -> str:
        return self.summary()

    def to_svg(self) -> str:
        """Draw the target, edge width by how often the edge was found."""
        from causalsim.graph.draw import to_svg

        widths = dict(zip(self.edges["edge"], self.edges["found"], strict=True))
        return to_svg(self.graph, strengths=widths)

    def _repr_html_(self) -> str:
        from causalsim.discovery._html import fragment

        return fragment(self)

    # -- files ----------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Give the result as plain values, readable by :meth:`from_dict`."""
        content = {
            "algorithm": self.algorithm,
            "nodes": list(self.graph.nodes),
            "dag": list(self.dag.edges),
            "target": list(self.graph.edges),
            "model": self.model,
            "n": self.n,
            "graphs": [list(graph.edges) for graph in self.graphs],
            "failures": dict(self.failures),
            "strengths": dict(self.strengths),
            "p_values": dict(self.p_values),
            "options": dict(self.options),
            "provenance": dict(self.provenance),
            "notes": list(self.notes),
        }
        return _files.versioned("dry_run", VERSION, content)

    @classmethod
    def from_dict(cls, payload: Mapping[str, Any]) -> Self:
        """Rebuild a result from :meth:`to_dict`."""
        plain = _files.open_versioned(dict(payload), "dry_run", VERSION)
        nodes = plain["nodes"]
        return cls(
            algorithm=plain["algorithm"],
            dag=DAG.from_edges(plain["dag"], nodes),
            graph=CPDAG.from_edges(plain["target"], nodes),
            model=plain["model"],
            n=plain["n"],
            graphs=tuple(CPDAG.from_edges(edges, nodes) for edges in plain["graphs"]),
            failures=plain["failures"],
            strengths=plain["strengths"],
            p_values=plain.get("p_values", {}),
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


def _edge_lines(frame: pd.DataFrame, runs: int, limit: int = 60) -> list[str]:
    lines = [
        f"an edge as strong as {edge}{'' if np.isnan(strength) else f' ({strength:+.3f})'} is "
        f"found in {round(found * runs)} of {runs} runs, with these marks in "
        f"{round(oriented * runs)}{' *' * near}"
        for edge, _, _, strength, _, near, found, oriented in frame[:limit].itertuples(index=False)
    ]
    return lines + ([f"... {len(frame) - limit} more edges"] if len(frame) > limit else [])


def _false_lines(frame: pd.DataFrame, runs: int, limit: int = 3) -> list[str]:
    return [
        f"{x} and {y}, not joined, are joined in {round(rate * runs)} of {runs} runs"
        for x, y, rate in frame[:limit].itertuples(index=False)
        if rate > 0
    ]
