"""Front-door sets: lists against all subsets, the formula against surgery."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalsim.diagrams.distribution import Distribution
from causalsim.diagrams.front_door import (
    front_door_adjust,
    front_door_set,
    front_door_sets,
    is_front_door_set,
)
from causalsim.errors import GraphError, LimitError, OptionError, PositivityError
from causalsim.graph import ADMG, DAG
from tests.diagrams.models import LatentModel
from tests.strategies import admgs, is_open, paths, subsets

SMOKE = ADMG.from_edges(["S --> T", "T --> C", "S <-> C"])


def by_paths(graph, x, y, z):
    """The criterion for one cause and outcome, in Pearl's words, by listing paths."""
    i, j, at = graph.index(x), graph.index(y), graph.indices(z)
    causal = [p for p in paths(graph, i, j) if all(not e[2] and e[3] for e in p)]
    intercepts = all(any(e[1] in at for e in p) for p in causal)
    into_x = [p for k in at for p in paths(graph, i, k) if p[0][2]]
    cut = graph.do(()) if isinstance(graph, ADMG) else graph
    directed = cut.directed.copy()
    directed[at] = False
    cut = ADMG.from_relations(graph.nodes, directed, graph.bidirected)
    into_z = [p for k in at for p in paths(cut, k, j)]
    return (
        intercepts
        and not any(is_open(graph, p, ()) for p in into_x)
        and not any(is_open(cut, p, (x,)) for p in into_z)
    )


@settings(max_examples=40, deadline=None)
@given(admgs(min_nodes=3, max_nodes=5))
def test_the_criterion_and_the_lists(graph):
    x, y = graph.nodes[0], graph.nodes[-1]
    others = [n for n in graph.nodes if n not in (x, y)]
    valid = [z for z in subsets(others) if by_paths(graph, x, y, z)]
    verdicts = [is_front_door_set(graph, x, y, z) for z in subsets(others)]
    assert [z for z, v in zip(subsets(others), verdicts, strict=True) if v] == valid
    assert all(v or v.reason for v in verdicts)
    found = list(front_door_sets(graph, x, y, minimal=False))
    assert sorted(found) == sorted(valid)
    least = [z for z in valid if not any(set(w) < set(z) for w in valid)]
    assert sorted(front_door_sets(graph, x, y)) == sorted(least)
    one = front_door_set(graph, x, y)
    assert one in least if least else one is None


@settings(max_examples=40, deadline=None)
@given(admgs(min_nodes=3, max_nodes=5), st.data())
def test_the_formula_gives_the_law_after_surgery(graph, data):
    order = data.draw(st.permutations(graph.nodes))
    x, y = order[:1], order[1 : data.draw(st.integers(2, len(order) - 1))]
    model = LatentModel(graph, np.random.default_rng(data.draw(st.integers(0, 10**6))))
    for z in front_door_sets(graph, x, y, minimal=False):
        found = front_door_adjust(model.joint, x, y, z).array(*x, *y)
        np.testing.assert_allclose(found, model.effect(x, y), atol=1e-12)


def test_reasons():
    assert is_front_door_set(SMOKE, "S", "C", "T").reason == ""
    assert is_front_door_set(SMOKE, "S", "C", ()).reason == (
        "the causal path S --> T --> C avoids the set"
    )
    joined = ADMG.from_edges([*SMOKE.edges, "S <-> T"])
    assert is_front_door_set(joined, "S", "C", "T").reason == (
        "the back-door path S <-> T joins cause and set"
    )
    joined = ADMG.from_edges([*SMOKE.edges, "T <-> C"])
    assert is_front_door_set(joined, "S", "C", "T").reason == (
        "the back-door path T <-> C joins set and outcome"
    )


def test_within_and_limits():
    chain = ADMG.from_edges(["X --> A", "A --> B", "B --> Y", "X <-> Y"])
    assert front_door_set(chain, "X", "Y", within="B") == ("B",)
    assert front_door_set(chain, "X", "Y", within=()) is None
    with pytest.raises(LimitError, match="limit=1"):
        list(front_door_sets(chain, "X", "Y", limit=1))
    with pytest.raises(OptionError, match="limit=0"):
        front_door_sets(chain, "X", "Y", limit=0)


def test_bad_questions():
    with pytest.raises(GraphError, match="of a CPDAG are not defined"):
        front_door_set(DAG.from_edges(["X --> Y"]).to_cpdag(), "X", "Y")
    table = np.zeros((2, 2, 2))
    table[0, 0], table[1, 1] = 0.25, 0.25
    with pytest.raises(PositivityError, match=r"P\(S=0, T=1\) is 0"):
        front_door_adjust(Distribution(table, ["S", "T", "C"]), "S", "C", "T")
