"""The graph core: marks, kinds, separation, equivalence, projection, generators and text."""

from typing import TYPE_CHECKING

from causalsim import _lazy
from causalsim.graph.equivalence import (
    class_members,
    consistent_extension,
    dag_to_cpdag,
    is_class,
    v_structures,
)
from causalsim.graph.intervention import (
    Intervention,
    Policy,
    Replace,
    Set,
    Shift,
    interventions,
)
from causalsim.graph.kinds import ADMG, CPDAG, DAG, PAG
from causalsim.graph.labels import label, parse_label
from causalsim.graph.marks import Edge, Mark, parse_edge
from causalsim.graph.network import DiscreteNetwork
from causalsim.graph.projection import latent_projection
from causalsim.graph.random import random_dag, random_temporal_graph
from causalsim.graph.separation import is_separated, reachable, separating_set
from causalsim.graph.temporal import TemporalGraph

if TYPE_CHECKING:
    from causalsim.graph import draw, io

__getattr__, __dir__, _late = _lazy.attach(__name__, {"draw": "", "io": ""})

__all__ = [
    "ADMG",
    "CPDAG",
    "DAG",
    "PAG",
    "DiscreteNetwork",
    "Edge",
    "Intervention",
    "Mark",
    "Policy",
    "Replace",
    "Set",
    "Shift",
    "TemporalGraph",
    "class_members",
    "consistent_extension",
    "dag_to_cpdag",
    "draw",
    "interventions",
    "io",
    "is_class",
    "is_separated",
    "label",
    "latent_projection",
    "parse_edge",
    "parse_label",
    "random_dag",
    "random_temporal_graph",
    "reachable",
    "separating_set",
    "v_structures",
]
