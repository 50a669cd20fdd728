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

__all__ = [
    "Scores",
    "adjustment_distance",
    "arrowhead_scores",
    "graph_scores",
    "shd",
    "sid",
    "sid_bounds",
    "skeleton_scores",
]
