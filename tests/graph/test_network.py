from __future__ import annotations

import pickle
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from strategies import discrete_networks

from causalsim.errors import GraphError, NameNotFoundError
from causalsim.graph import DAG, DiscreteNetwork

DAG_XY = DAG.from_edges(["X --> Y"])
STATES = {"X": ["lo", "hi"], "Y": ["a", "b", "c"]}
TABLES = {"X": [0.25, 0.75], "Y": [[0.5, 0.5, 0.0], [0.1, 0.2, 0.7]]}


def joint(network):
    """Multiply the tables out: the probability of every full assignment of state numbers."""
    nodes, dag = network.nodes, network.dag
    chance = {}
    for codes in product(*(range(len(network.states[n])) for n in nodes)):
        at = dict(zip(nodes, codes, strict=True))
        factors = [network.tables[n][(*(at[p] for p in dag.parents(n)), at[n])] for n in nodes]
        chance[codes] = float(np.prod(factors))
    return chance


@given(discrete_networks())
def test_dict_and_pickle_round_trips(network):
    assert DiscreteNetwork.from_dict(network.to_dict()) == network
    again = pickle.loads(pickle.dumps(network))  # noqa: S301
    assert again == network
    assert not any(table.flags.writeable for table in again.tables.values())


@given(discrete_networks(max_nodes=3))
def test_samples_have_the_shape_and_states_of_the_network(network):
    frame = network.sample(7, rng=0)
    assert frame.shape == (7, len(network.nodes))
    assert tuple(frame.columns) == network.nodes
    for name in network.nodes:
        assert tuple(frame[name].cat.categories) == network.states[name]
    codes = network.sample_codes(7, rng=0)
    assert np.array_equal(codes, frame.apply(lambda column: column.cat.codes).to_numpy())


def test_frequencies_are_those_of_the_joint_distribution():
    from scipy.stats import binomtest

    rng = np.random.default_rng(0)
    dag = DAG.from_edges(["Z --> X", "X --> Y", "Z --> Y"], nodes=["Y", "Z", "X"])
    states = {"X": "ab", "Y": "abc", "Z": "ab"}
    tables = {
        n: rng.dirichlet(np.ones(len(states[n])), size=[len(states[p]) for p in dag.parents(n)])
        for n in dag.nodes
    }
    network = DiscreteNetwork(dag, states, tables)
    codes = network.sample_codes(20_000, rng=rng).tolist()
    chances = joint(network)
    assert sum(chances.values()) == pytest.approx(1)
    for codes_of_cell, chance in chances.items():
        hits = codes.count(list(codes_of_cell))
        assert binomtest(hits, 20_000, chance).pvalue > 1e-3


def test_impossible_states_never_occur():
    frame = DiscreteNetwork(DAG_XY, STATES, TABLES).sample(500, rng=1)
    assert not ((frame["X"] == "lo") & (frame["Y"] == "c")).any()
    assert ((frame["X"] == "hi") & (frame["Y"] == "c")).any()


def test_the_same_seed_gives_the_same_rows():
    network = DiscreteNetwork(DAG_XY, STATES, TABLES)
    assert network.sample(50, rng=1).equals(network.sample(50, rng=1))
    assert not network.sample(50, rng=1).equals(network.sample(50, rng=2))
    assert network.sample(0, rng=1).shape == (0, 2)


def test_equality_and_immutability():
    network = DiscreteNetwork(DAG_XY, STATES, TABLES)
    assert network == DiscreteNetwork(DAG_XY, STATES, TABLES)
    assert network != DiscreteNetwork(DAG_XY, STATES, {**TABLES, "X": [0.5, 0.5]})
    assert network != DiscreteNetwork(DAG_XY, {**STATES, "X": ["no", "yes"]}, TABLES)
    assert network != "network"
    with pytest.raises(ValueError, match="read-only"):
        network.tables["X"][0] = 1
    with pytest.raises(TypeError, match="does not support item assignment"):
        network.tables["X"] = [1.0, 0.0]


def test_rows_are_normalised_when_almost_one():
    network = DiscreteNetwork(DAG_XY, STATES, {**TABLES, "X": [0.25, 0.7500001]})
    assert network.tables["X"].sum() == pytest.approx(1, abs=1e-15)


@pytest.mark.parametrize(
    ("states", "tables", "error", "message"),
    [
        ({"X": "ab"}, TABLES, GraphError, "states of 'Y' are missing; every node needs them"),
        (STATES, {"X": [0.5, 0.5]}, GraphError, "tables of 'Y' are missing"),
        ({**STATES, "x": "ab"}, TABLES, NameNotFoundError, "no node for states 'x'.*'X'"),
        ({**STATES, "X": ["a", "a"]}, TABLES, GraphError, "states of 'X' must be distinct"),
        ({**STATES, "X": []}, TABLES, GraphError, "states of 'X' must be distinct and at least"),
        (STATES, {**TABLES, "X": [1.0]}, GraphError, r"'X' has shape \(1,\).*make \(2,\)"),
        (STATES, {**TABLES, "X": [0.5, 0.6]}, GraphError, "'X' must be non-negative with rows"),
        (STATES, {**TABLES, "X": [1.5, -0.5]}, GraphError, "'X' must be non-negative with rows"),
        (STATES, {**TABLES, "X": [np.nan, 1]}, GraphError, "'X' must be non-negative with rows"),
    ],
)
def test_wrong_networks_are_refused(states, tables, error, message):
    with pytest.raises(error, match=message):
        DiscreteNetwork(DAG_XY, states, tables)
