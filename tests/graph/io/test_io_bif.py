"""BIF by hand: the older dialects, odd names, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from causalsim.errors import CycleError, FormatError, GraphError
from causalsim.graph import DAG, DiscreteNetwork, io

DOG = """
// Bayesian network in the style of JavaBayes
network Dog-Problem { // 3 variables
  property "credal-set constant-density-bounded 1.1" ;
}
variable "light on" { // 2 values
  type discrete[2] { "true" "false" };
  property "position = (218, 195)" ;
}
variable age { property it's young; type discrete [ 3 ] { <5, 5-12, Asy/Patch }; }
variable out { type discrete [2] { true, false } }
/* the child first,
   parents in another order than declared */
probability ( out | age, "light on" ) {
  property nothing ;
  (<5, true) 0.1, 0.9;
  ("<5", false) .2 .8;
  (Asy/Patch true) 3e-1 7e-1;
  default 0.5, 0.5;
}
probability("light on") { table 0.25 0.75; }
probability ( age | "light on" ) {
  table 0.1, 0.2,
        0.3, 0.3,
        0.6, 0.5;
}
"""


def test_older_dialects():
    network = io.from_bif(DOG)
    assert network.nodes == ("light on", "age", "out")
    assert network.dag.edges == ("light on --> age", "light on --> out", "age --> out")
    assert network.states["age"] == ("<5", "5-12", "Asy/Patch")
    assert network.tables["light on"].tolist() == [0.25, 0.75]
    # A whole table runs over the parents fastest: P(age | light on) by columns.
    np.testing.assert_allclose(network.tables["age"], [[0.1, 0.3, 0.6], [0.2, 0.3, 0.5]])
    # Axes follow the order of the network, not of the block: light on, age, out.
    out = network.tables["out"]
    assert out.shape == (2, 3, 2)
    np.testing.assert_allclose(out[:, :, 0], [[0.1, 0.5, 0.3], [0.2, 0.5, 0.5]])
    assert io.from_bif(io.to_bif(network)) == network


def test_rows_are_normalised():
    text = DOG.replace("0.25 0.75", "0.2500001 0.7500001")
    assert io.from_bif(text).tables["light on"].sum() == pytest.approx(1, abs=1e-15)


def test_names_are_quoted_only_where_needed():
    network = DiscreteNetwork(
        DAG.from_edges(["a/b --> x y"]),
        {"a/b": ["<5", "a//b"], "x y": ["", "p;q"]},
        {"a/b": [0.5, 0.5], "x y": [[0.5, 0.5], [0.25, 0.75]]},
    )
    text = io.to_bif(network)
    assert 'variable a/b {\n  type discrete [ 2 ] { <5, "a//b" };' in text
    assert io.from_bif(text) == network


def test_names_that_bif_cannot_hold():
    network = DiscreteNetwork(DAG.from_edges([], ["a"]), {"a": ['x"']}, {"a": [1.0]})
    with pytest.raises(FormatError, match="BIF cannot hold the name 'x\"'"):
        io.to_bif(network)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (DOG, "", "declares no variable"),
        (DOG, "garbage", "line 1: expected 'network', 'variable' or 'probability', got 'garbage'"),
        ("network Dog", "graph Dog", "line 3: expected 'network'.*got 'graph'"),
        ("discrete[2]", "discrete[3]", "line 7: 'light on' announces 3 states and lists 2"),
        ("discrete[2]", "continuous", "line 7: type 'continuous' of 'light on' is not read"),
        ('"true" "false"', '"true" "true"', "states of 'light on' repeat"),
        ("type discrete [2] { true, false }", "", "variable 'out' has no states"),
        ("variable age", "variable out", "variable 'out' is declared twice"),
        (".2 .8", ".2 .7 .1", "line 17: expected 2 numbers for 'out', got 3"),
        (".2 .8", ".2 x", "line 17: expected a number or ';', got 'x'"),
        (".2 .8", ".2 .7", "rows that sum to 1"),
        (".2 .8", "nan .7", "rows that sum to 1"),
        ("(<5, true)", "(<6, true)", "line 16: 'age' has no state '<6'; it has '<5'"),
        ("(<5, true)", "(<5)", "line 16: 1 states for the 2 parents of 'out'"),
        ("default 0.5, 0.5;", "", r"'out' has no row for \(<5, false\)|no row for \(5-12, true\)"),
        ("0.6, 0.5;", "0.6;", "expected 6 numbers for 'age', got 5"),
        ("(out | age", "(out | agee", "variable 'agee' is not declared. Did you mean 'age'"),
        ("( out | age, ", "( out | out, ", "itself as a parent"),
        ('probability("light on")', "probability(age)", "two probability blocks"),
        (
            'probability("light on") { table 0.25 0.75; }',
            "",
            "no probability block for 'light on'",
        ),
        ("  default 0.5, 0.5;\n}", "", "line 20: expected 'table', 'default'"),
        (' property "position', ' attribute "position', "line 8: expected 'type', 'property'"),
    ],
)
def test_malformed_bif(old, new, message):
    text = DOG.replace("( out |", "(out |") if old.startswith("(out") else DOG
    assert old in text
    with pytest.raises((FormatError, GraphError), match=message):
        io.from_bif(text.replace(old, new, 1))


def test_cycles_are_named():
    text = """
    variable a { type discrete [1] { x }; } variable b { type discrete [1] { x }; }
    variable c { type discrete [1] { x }; }
    probability (a | c) { table 1; } probability (b | a) { table 1; }
    probability (c | b) { table 1; }
    """
    with pytest.raises(CycleError, match="a --> b --> c --> a"):
        io.from_bif(text)
