"""Phase one: structures by name, by hand and by a function, and the choice of directions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causalsim import TemporalGraph, pcmci_plus, random_temporal_scm
from causalsim.data import read_table
from causalsim.errors import GraphError, OptionError
from causalsim.graph.random import random_temporal_graph
from causalsim.simulate._structure import directed_graph, find_structure


@pytest.fixture(scope="module")
def chain():
    model = random_temporal_scm(
        TemporalGraph.from_edges(["X[t-1] --> X", "X[t-1] --> Y", "Y[t-1] --> Z"]), rng=0
    )
    return read_table(model.sample(1500, rng=1).frame())


@given(st.integers(0, 10**6))
def test_a_chosen_graph_is_directed_and_keeps_adjacencies_and_arrows(seed):
    graph = random_temporal_graph(5, max_lag=2, degree=4, rng=seed)
    rng = np.random.default_rng(seed)
    opened = [
        edge.replace(" --> ", " --- ") if "[" not in edge and rng.random() < 0.5 else edge
        for edge in graph.edges
    ]
    partly = TemporalGraph.from_edges(opened, graph.nodes, max_lag=2)
    chosen, notes, _ = directed_graph(partly)
    assert all(" --> " in edge for edge in chosen.edges)
    assert ((chosen.marks > 0) == (graph.marks > 0)).all()
    assert (chosen.directed >= partly.directed).all()
    assert bool(notes) == (partly != graph)


def test_conflicts_and_hidden_causes_are_told():
    graph = TemporalGraph.from_edges(["X x-x Y", "Y <-> Z", "X[t-1] <-> Z", "X[t-1] --> X"])
    chosen, notes, _ = directed_graph(graph)
    assert len(chosen.edges) == 2
    assert "'X x-x Y' open; one was chosen" in notes[0]
    assert "became correlated noise" in notes[1]


def test_pcmci_plus_finds_the_chain(chain):
    found = find_structure([chain], 1, "pcmci_plus", alpha=0.001)
    assert {"X[t-1] --> X", "X[t-1] --> Y", "Y[t-1] --> Z"} <= set(found.graph.edges)


@pytest.mark.parametrize(("name", "edges"), [("dense", 21), ("ar", 6)])
def test_structures_without_data(chain, name, edges):
    assert find_structure([chain], 2, name).graph.n_edges == edges


def test_a_variable_without_a_past_remembers_its_last_step(chain):
    graph = TemporalGraph.from_edges(["X[t-1] --> Y"], ["X", "Y", "Z"])
    edges = find_structure([chain], 1, graph).graph.edges
    assert set(edges) == {"X[t-1] --> Y", "X[t-1] --> X", "Z[t-1] --> Z"}


def test_a_function_gets_frames_and_gives_a_graph_or_a_result(chain):
    def search(panel, max_lag):
        assert isinstance(panel[0], pd.DataFrame)
        return pcmci_plus(panel[0], max_lag, alpha=0.001)

    by_function = find_structure([chain], 1, search)
    assert by_function == find_structure([chain], 1, "pcmci_plus", alpha=0.001)
    with pytest.raises(GraphError, match="discovery gave a list; expected a TemporalGraph"):
        find_structure([chain], 1, lambda *_: [])


def test_an_unknown_method_is_refused(chain):
    with pytest.raises(OptionError, match="pcmci_pluss"):
        find_structure([chain], 1, "pcmci_pluss")
