"""Graphs in the formats of other tools, both ways; the only place where conventions meet.

Functions for text take and give ``str``; :func:`read` and :func:`write` handle files and choose
the format by the file's extension.

============  ==========================================================  =====================
format        holds                                                       leaves out
============  ==========================================================  =====================
json          everything, also :class:`DiscreteNetwork`
networkx      every graph, marks as edge attributes
dot, graphml  every graph, marks as edge attributes
causal_learn  static graphs without ``x-x``                               names
pcalg         static graphs without both edges on a pair                  names, kind
tigramite     :class:`TemporalGraph`                                      names, roles
dagitty       static graphs without ``x-x``
bif           :class:`DiscreteNetwork`
============  ==========================================================  =====================

What a format cannot hold is refused, with advice. When reading, ``kind=`` settles what a format
leaves open; without it a circle makes a PAG, ``---`` or ``x-x`` a CPDAG, ``<->`` an ADMG, and
anything else a DAG.
"""

from causalsim.graph.io._bif import from_bif, to_bif
from causalsim.graph.io._causal_learn import from_causal_learn, to_causal_learn
from causalsim.graph.io._dagitty import from_dagitty, to_dagitty
from causalsim.graph.io._dot import from_dot, to_dot
from causalsim.graph.io._json import from_json, to_json
from causalsim.graph.io._networkx import from_graphml, from_networkx, to_graphml, to_networkx
from causalsim.graph.io._paths import read, write
from causalsim.graph.io._pcalg import from_pcalg, to_pcalg
from causalsim.graph.io._tigramite import from_tigramite, to_tigramite

__all__ = [
    "from_bif",
    "from_causal_learn",
    "from_dagitty",
    "from_dot",
    "from_graphml",
    "from_json",
    "from_networkx",
    "from_pcalg",
    "from_tigramite",
    "read",
    "to_bif",
    "to_causal_learn",
    "to_dagitty",
    "to_dot",
    "to_graphml",
    "to_json",
    "to_networkx",
    "to_pcalg",
    "to_tigramite",
    "write",
]
