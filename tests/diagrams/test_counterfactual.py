"""Twins: the party of Balke and Pearl, laws of counterfactuals, and brute force."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causalsim.diagrams import Diagram, Functor
from causalsim.diagrams.counterfactual import twin
from causalsim.diagrams.semantics import Channel, Exact, Stochastic
from causalsim.diagrams.surgery import set_state

PARTY = Diagram.parse("""
U = U()
V = V()
W = W()
A = A()
B = B(A, U)
C = C(A, V)
S = S(B, C, W)
return A, B, C, S
""")
ROOTS = ("U", "V", "W", "A")
STATES = {
    "U": ["7/100", "90/100", "3/100"],
    "V": ["5/100", "85/100", "10/100"],
    "W": ["5/100", "90/100", "5/100"],
    "A": ["4/10", "6/10"],
}
RULES = {
    "B": lambda a, u: [0, a, 1 - a][u],
    "C": lambda a, v: [0, 1 - a, 1][v],
    "S": lambda b, c, w: [0, b & c, int(b == c)][w],
}
SIZES = {**{name: len(state) for name, state in STATES.items()}, "B": 2, "C": 2, "S": 2}


def channel(law, box):
    dom, cod = (tuple(SIZES[kind] for kind in types) for types in (box.dom, box.cod))
    if box.label in STATES:
        return Channel(
            law.numbers([Exact().numbers(x).item() for x in STATES[box.label]]), dom, cod
        )
    table = np.zeros(cod + dom, int)
    for causes in product(*map(range, dom)):
        table[(RULES[box.label](*causes), *causes)] = 1
    return Channel(law.numbers(table), dom, cod)


EXACT = Functor(Exact(), SIZES.__getitem__, lambda box: channel(Exact(), box))
FLOAT = Functor(Stochastic(), SIZES.__getitem__, lambda box: channel(Stochastic(), box))


def probability(values, event, given=()):
    """Give P(event | given) of a joint table; both say which axis has which value."""
    index = [slice(None)] * values.ndim
    for axis, value in given:
        index[axis] = value
    below = values[tuple(index)].sum()
    for axis, value in event:
        index[axis] = value
    return float(values[tuple(index)].sum() / below)


def test_three_rungs_of_the_party():
    law = EXACT(PARTY).values
    assert probability(law, [(1, 0)]) == pytest.approx(0.448, abs=1e-12)
    assert probability(law, [(3, 1)], [(1, 1)]) == pytest.approx(0.1125543478, abs=1e-9)
    done = EXACT(set_state({"B": 1})(PARTY)).values
    assert probability(done, [(3, 1)]) == pytest.approx(0.418, abs=1e-12)
    both = EXACT(twin(PARTY, {"B": 1})).values
    assert probability(both, [(7, 1)], [(1, 0)]) == pytest.approx(0.7943526786, abs=1e-9)


@pytest.mark.parametrize(
    ("evidence", "expected"), [([(3, 1)], 0.192553), ([(3, 1), (1, 1)], 0.174312)]
)
def test_abduction_is_joint(evidence, expected):
    found = probability(EXACT(twin(PARTY, {"A": 0})).values, [(7, 1)], evidence)
    assert found == pytest.approx(expected, abs=1e-6)


@given(st.dictionaries(st.sampled_from("ABCS"), st.integers(0, 1), max_size=2))
def test_twins_equal_brute_force_over_exogenous_states(do):
    expected = np.zeros((2,) * 8)
    for states in product(*(range(SIZES[name]) for name in ROOTS)):
        roots = dict(zip(ROOTS, states, strict=True))
        weight = np.prod([float(Exact().numbers(STATES[n][k]).item()) for n, k in roots.items()])
        worlds = []
        for held in ({}, do):
            a = held.get("A", roots["A"])
            b = held.get("B", RULES["B"](a, roots["U"]))
            c = held.get("C", RULES["C"](a, roots["V"]))
            worlds += [a, b, c, held.get("S", RULES["S"](b, c, roots["W"]))]
        expected[tuple(worlds)] += weight
    found = FLOAT(twin(PARTY, do)).values
    assert np.allclose(found, expected, atol=1e-12)


@given(st.sampled_from("ABCS"), st.integers(0, 1))
def test_consistency_and_nothing_done(name, value):
    axis = "ABCS".index(name)
    both = EXACT(twin(PARTY, {name: value})).values
    seen = np.moveaxis(both, axis, 0)[value].reshape(8, 16)
    fact = np.moveaxis(EXACT(PARTY).values, axis, 0)[value].reshape(8)
    effective = np.moveaxis(np.eye(16).reshape((2,) * 8), (axis, 4 + axis), (0, 1))
    agree = effective[value, value].reshape(8, 8).argmax(axis=1)
    place = np.moveaxis(np.arange(16).reshape((2,) * 4), axis, 0)[value].reshape(8)
    assert [seen[k][place[k]] for k in range(8)] == fact.tolist()
    assert agree.tolist() == list(range(8))
    assert twin(PARTY, {}).boxes == PARTY.boxes


def test_what_does_not_descend_from_the_treatment_is_shared():
    found = twin(PARTY, {"B": 1})
    assert set(found.boxes) - set(PARTY.boxes) == {"B*", "S*"}
