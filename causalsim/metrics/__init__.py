"""Measures of what was learned, against what is known.

>>> from causalsim.graph import DAG
>>> shd(DAG.from_edges(["X --> Y"]), DAG.from_edges(["Y --> X"]))
1.0
"""

from causalsim.metrics.graphs import (
    Scores,
    arrowhead_scores,
    graph_scores,
    shd,
    skeleton_scores,
)
from causalsim.metrics.identification import adjustment_distance, sid, sid_bounds
from causalsim.metrics.sortability import (
    Sortability,
    r2_sortability,
    temporal_sortability,
    varsortability,
)

__all__ = [
    "Scores",
    "Sortability",
    "adjustment_distance",
    "arrowhead_scores",
    "graph_scores",
    "r2_sortability",
    "shd",
    "sid",
    "sid_bounds",
    "skeleton_scores",
    "temporal_sortability",
    "varsortability",
]
