"""Graphs under odd names, for round trips through text."""

from __future__ import annotations

from hypothesis import strategies as st
from strategies import admgs, cpdags, dags, discrete_networks, pags, temporal_graphs

from causalsim.errors import GraphError
from causalsim.graph import DiscreteNetwork, TemporalGraph, parse_label
from causalsim.graph.labels import check_names
from causalsim.graph.temporal import ROLES

__all__ = ["odd_networks", "odd_statics", "odd_temporals"]

_CHARACTERS = st.characters(exclude_categories=["Cc", "Cs", "Cn", "Zl", "Zp"])
_AWKWARD = [
    "a b",
    'say "x"',
    "back\\",
    "node",
    "X[t-1]",
    "{",
    "->",
    "a;b",
    "<b>",
    "é",
    "-1",
    "x'",
    "a\nb",
]
_PIECES = st.one_of(st.text(_CHARACTERS, min_size=1, max_size=6), st.sampled_from(_AWKWARD))


def _allowed(name):
    try:
        check_names([name])
    except GraphError:
        return False
    return True


def _names(p, fits=_allowed):
    return st.lists(_PIECES.filter(fits), min_size=p, max_size=p, unique=True)


@st.composite
def odd_statics(draw):
    """Draw a graph of any static kind, with odd names."""
    graph = draw(st.one_of(dags(), cpdags(), admgs(), pags()))
    return graph.rename(dict(zip(graph.nodes, draw(_names(len(graph))), strict=True)))


@st.composite
def odd_temporals(draw):
    """Draw a temporal graph with odd names and any roles."""
    graph = draw(temporal_graphs())
    p = len(graph.nodes)
    names = draw(_names(p, lambda name: _allowed(name) and parse_label(name)[0] == name))
    roles = draw(st.lists(st.sampled_from(ROLES), min_size=p, max_size=p))
    return TemporalGraph(names, graph.marks, graph.past_marks, roles)


@st.composite
def odd_networks(draw, forbidden=""):
    """Draw a discrete network with odd names and states, without ``forbidden`` characters."""
    plain = draw(discrete_networks())

    def fits(name):
        return _allowed(name) and not set(name) & set(forbidden)

    new = dict(zip(plain.nodes, draw(_names(len(plain.nodes), fits)), strict=True))
    states = {new[n]: draw(_names(len(s), fits)) for n, s in plain.states.items()}
    tables = {new[n]: table for n, table in plain.tables.items()}
    return DiscreteNetwork(plain.dag.rename(new), states, tables)
