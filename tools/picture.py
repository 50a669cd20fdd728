"""Draw the picture of README.md with the project's own layout: ``python tools/picture.py``."""

from __future__ import annotations

from pathlib import Path

import causalsim as cs
from causalsim.graph.draw import to_svg

EDGES = [
    "your table --> independence tests",
    "what you know --> skeleton",
    "independence tests --> skeleton",
    "skeleton --> arrows with reasons",
    "arrows with reasons --> CPDAG",
    "CPDAG --> check against data",
    "CPDAG --> structural model",
    "structural model --> samples",
    "structural model --> interventions",
    "structural model --> counterfactuals",
]


def main() -> None:
    """Write docs/picture.svg."""
    picture = to_svg(cs.DAG.from_edges(EDGES), legend=False)
    Path(__file__).parents[1].joinpath("docs", "picture.svg").write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
