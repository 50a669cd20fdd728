"""Instruments: against every conditioning set, and the ratio against linear models."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalsim.diagrams._causal_paths import causal_paths
from causalsim.diagrams.instruments import (
    Instrument,
    instruments,
    is_instrument,
    linear_instrument_effect,
)
from causalsim.diagrams.semantics import Gaussian
from causalsim.errors import GraphError, PositivityError
from causalsim.graph import ADMG, PAG
from tests.diagrams.test_adjustment import linear_model
from tests.strategies import admgs, subsets


def by_subsets(graph, x, y):
    """Give every (instrument, set) there is."""
    others = [n for n in graph.nodes if n not in (x, y)]
    return [
        (z, given)
        for z in others
        for given in subsets(n for n in others if n != z)
        if is_instrument(graph, z, x, y, given)
    ]


@settings(max_examples=80, deadline=None)
@given(admgs(min_nodes=3, max_nodes=5))
def test_an_instrument_is_found_whenever_there_is_one(graph):
    x, y = graph.nodes[0], graph.nodes[-1]
    every = by_subsets(graph, x, y)
    found = instruments(graph, x, y)
    assert set(found) <= set(every)
    assert bool(found) == bool(every)
    cut = causal_paths(graph, frozenset([0]), frozenset([len(graph) - 1])).back_door
    ancestral = {z for z, given in every if set(given) <= set(cut.ancestors([z, y]))}
    assert ancestral <= {each.name for each in found}


@settings(max_examples=60, deadline=None)
@given(admgs(min_nodes=3, max_nodes=5), st.integers(0, 10**6))
def test_the_ratio_is_the_effect_in_linear_models(graph, seed):
    cov, total = linear_model(graph, seed)
    law = Gaussian(np.zeros(len(graph)), cov, graph.nodes)
    x, y = graph.nodes[0], graph.nodes[-1]
    for z, given_ in by_subsets(graph, x, y):
        found = linear_instrument_effect(law, Instrument(z, given_), x, y)
        assert found == pytest.approx(total[0, -1], abs=1e-7)


def test_known_instruments():
    plain = ADMG.from_edges(["Z --> X", "X --> Y", "X <-> Y"])
    assert instruments(plain, "X", "Y") == (Instrument("Z", ()),)
    conditional = ADMG.from_edges([*plain.edges, "W --> Z", "W --> Y"])
    assert instruments(conditional, "X", "Y") == (Instrument("Z", ("W",)),)
    assert instruments(conditional, "X", "Y", within="Z") == ()
    mediated = ADMG.from_edges(["Z --> X", "X --> M", "M --> Y", "X <-> Y"])
    assert instruments(mediated, "X", "Y") == (Instrument("Z", ()),)


@pytest.mark.parametrize(
    ("z", "given", "reason"),
    [
        ("Z", (), "the path Z <-- W --> Y joins instrument and outcome"),
        ("D", (), "'D' comes after 'X' on the way to 'Y'"),
        ("U", (), "nothing open joins 'U' and 'X'"),
    ],
)
def test_reasons(z, given, reason):
    edges = ["W --> Z", "W --> Y", "Z --> X", "X --> Y", "X <-> Y", "Y --> D"]
    graph = ADMG.from_edges(edges, nodes=["W", "Z", "X", "Y", "D", "U"])
    assert is_instrument(graph, z, "X", "Y", given).reason == reason


def test_bad_questions():
    with pytest.raises(GraphError, match="in a PAG are not defined"):
        instruments(PAG.from_edges(["X o-o Y"]), "X", "Y")
    with pytest.raises(GraphError, match="'X' stands in"):
        is_instrument(ADMG.from_edges(["Z --> X", "X --> Y"]), "X", "X", "Y")
    law = Gaussian([0, 0, 0], np.eye(3), ["Z", "X", "Y"])
    with pytest.raises(PositivityError, match="do not vary together"):
        linear_instrument_effect(law, Instrument("Z", ()), "X", "Y")
