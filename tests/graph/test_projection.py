from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import admgs, dags, paths, triples

from causalsim.errors import GraphError, NameNotFoundError
from causalsim.graph import ADMG, CPDAG, DAG, is_separated, latent_projection


def projection_by_paths(graph, latents):
    """The definition: edges for paths through hidden nodes on which no node is a collider."""
    hidden = set(graph.indices(latents))
    seen = [i for i in range(len(graph)) if i not in hidden]
    directed, bidirected = np.zeros((2, len(seen), len(seen)), bool)
    for a, x in enumerate(seen):
        for b, y in enumerate(seen):
            for path in paths(graph, x, y) if x != y else ():
                inner = list(pairwise(path))
                if any(into[1] not in hidden or (into[3] and out[2]) for into, out in inner):
                    continue
                directed[a, b] |= all(not at_x for _, _, at_x, _ in path)
                bidirected[a, b] |= path[0][2] and path[-1][3]
    return ADMG.from_relations([graph.nodes[i] for i in seen], directed, bidirected)


@given(dags(max_nodes=6), st.data())
def test_separation_among_observed_nodes_is_kept(dag, data):
    latents = data.draw(st.sets(st.sampled_from(dag.nodes)))
    projected = latent_projection(dag, latents)
    assert projected.nodes == tuple(n for n in dag.nodes if n not in latents)
    for x, y, s in triples(projected.nodes):
        assert is_separated(projected, x, y, s) == is_separated(dag, x, y, s)


@given(admgs(max_nodes=5), st.data())
def test_projection_follows_its_definition_by_paths(graph, data):
    latents = data.draw(st.sets(st.sampled_from(graph.nodes)))
    assert latent_projection(graph, latents) == projection_by_paths(graph, latents)


@given(admgs(min_nodes=2, max_nodes=6), st.data())
def test_the_order_of_hiding_does_not_matter(graph, data):
    latents = data.draw(st.lists(st.sampled_from(graph.nodes), unique=True))
    shuffled = data.draw(st.permutations(latents))
    step_by_step = graph
    for node in shuffled:
        step_by_step = latent_projection(step_by_step, node)
    assert latent_projection(graph, latents) == latent_projection(step_by_step, [])
    assert latent_projection(graph, shuffled) == latent_projection(graph, latents)


@given(dags())
def test_hiding_nothing_changes_the_kind_only(dag):
    same = latent_projection(dag, [])
    assert same.edges == dag.edges
    assert not same.bows.any()


def test_named_examples():
    front_door = DAG.from_edges(["U --> X", "U --> Y", "X --> M", "M --> Y"])
    assert front_door.project("U") == ADMG.from_edges(
        ["X --> M", "M --> Y", "X <-> Y"], nodes=["X", "Y", "M"]
    )
    bow = front_door.project(["U", "M"])
    assert bow == ADMG.from_edges(["X --> Y", "X <-> Y"])
    collider = DAG.from_edges(["X --> L", "Y --> L"])
    assert collider.project("L").edges == ()
    assert bow.project("X") == ADMG.from_edges([], nodes=["Y"])


def test_refusals():
    with pytest.raises(GraphError, match="a CPDAG has no latent projection"):
        latent_projection(CPDAG.from_edges(["X --- Y"]), "X")
    with pytest.raises(NameNotFoundError, match="no node 'U'"):
        latent_projection(DAG.from_edges(["X --> Y"]), "U")
