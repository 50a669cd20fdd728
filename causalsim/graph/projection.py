"""Latent projection: what a graph looks like to somebody who cannot see some of its nodes.

Hiding a node L joins what met at it: ``X --> L --> Y`` becomes ``X --> Y``, and the forks
``X <-- L --> Y`` and ``X <-> L --> Y`` become ``X <-> Y``. A collider at L stays closed and
leaves nothing. Hiding one node after another gives, in any order, the graph with ``X --> Y``
for every directed path and ``X <-> Y`` for every path without colliders and with arrowheads at
both ends, all of whose inner nodes are hidden. Separations among the nodes that stay do not
change.

References
----------
.. [Verma1993] Verma, Graphical aspects of causal models, technical report R-191, UCLA.
.. [Richardson2003] Richardson, Markov properties for acyclic directed mixed graphs,
   Scandinavian Journal of Statistics 30(1).
"""

from __future__ import annotations

import numpy as np

from causalsim.errors import GraphError
from causalsim.graph._base import Names
from causalsim.graph.kinds import ADMG, DAG

__all__ = ["latent_projection"]


def latent_projection(graph: DAG | ADMG, latents: Names) -> ADMG:
    """Hide nodes of a DAG or ADMG.

    Parameters
    ----------
    graph : DAG or ADMG
    latents : str or sequence of str
        Nodes to hide.

    Returns
    -------
    ADMG
        Over the other nodes, in their order.

    Raises
    ------
    GraphError
        If the graph is of another kind.
    NameNotFoundError
        If a latent node does not exist.

    References
    ----------
    [Verma1993]_.

    Examples
    --------
    >>> latent_projection(DAG.from_edges(["L --> X", "L --> Y", "X --> M", "M --> Y"]), ["L", "M"])
    ADMG.from_edges(['X --> Y', 'X <-> Y'])
    """
    if not isinstance(graph, DAG | ADMG):
        raise GraphError(
            f"a {type(graph).__name__} has no latent projection; start from a DAG or ADMG."
        )
    directed, bidirected = graph.directed.copy(), graph.bidirected.copy()
    hidden = graph.indices(latents)
    for node in hidden:
        effects = directed[node]
        directed |= np.outer(directed[:, node], effects)
        joined = np.outer(effects, effects | bidirected[node])
        bidirected |= (joined | joined.T) & ~np.eye(len(graph), dtype=bool)
        directed[node] = directed[:, node] = False
        bidirected[node] = bidirected[:, node] = False
    seen = [i for i in range(len(graph)) if i not in set(hidden)]
    at = np.ix_(seen, seen)
    names = tuple(graph.nodes[i] for i in seen)
    return ADMG.from_relations(names, directed[at], bidirected[at])
