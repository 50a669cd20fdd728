"""Expressions: how they are written, normal form, and files."""

import numpy as np
import pytest
from diagrams.catalogue import random_graph, random_query
from hypothesis import given
from hypothesis import strategies as st

from causalsim.diagrams._bits import Bits
from causalsim.diagrams._identify import identify
from causalsim.diagrams._normal_form import Symbols
from causalsim.diagrams.expression import ONE, Product, Quotient, Sum, Term, from_dict
from causalsim.errors import FormatError
from causalsim.graph import ADMG, DAG

CHAIN = DAG.from_edges(["A --> B", "B --> C", "A --> C"])


def symbols(graph=CHAIN):
    return Symbols(Bits.of(graph), graph.nodes)


def test_a_sum_over_all_is_one():
    s = symbols()
    joint = s.source(("A", "B", "C"), ())
    assert s.marginal(joint, ("A", "B", "C")) == ONE
    assert str(s.marginal(joint, ("B",))) == "P(A, C)"
    assert str(ONE) == "1"


def test_quotients_become_conditionals():
    s = symbols()
    joint = s.source(("A", "B", "C"), ())
    assert str(s.divide(joint, s.marginal(joint, ("C",)))) == "P(C | A, B)"
    assert s.divide(joint, joint) == ONE


def test_conditions_are_dropped_by_separation():
    s = symbols(DAG.from_edges(["A --> B", "B --> C"]))
    joint = s.source(("A", "B", "C"), ())
    assert str(s.divide(joint, s.marginal(joint, ("C",)))) == "P(C | B)"


def test_chains_merge():
    s = symbols()
    parts = [Term(("C",), ("A", "B")), Term(("B",), ("A",)), Term(("A",))]
    assert s.final(s.multiply(parts)) == Term(("A", "B", "C"))


def test_bound_variables_get_as_many_primes_as_needed():
    inner = Sum(("X",), Product((Term(("Y",), ("X",)), Term(("X",)))))
    outer = Product((Term(("X",)), Sum(("Z",), Product((Term(("X'",), ("Z",)), inner)))))
    assert str(outer) == "P(X) Σ_Z P(X' | Z) Σ_X'' P(Y | X'') P(X'')"
    assert inner.text(taken=["X"]) == "Σ_X' P(Y | X') P(X')"
    assert outer.free == {"X", "X'", "Y"}
    assert outer.variables == {"X", "X'", "Y", "Z"}


@pytest.mark.parametrize(
    ("expression", "text", "latex"),
    [
        (Term(("Z1",), ("x_2",), ("smoke",)), "P(Z1 | do(smoke), x_2)",
         r"P(Z_{1} \mid \mathrm{do}(\mathrm{smoke}), x_{2})"),
        (Quotient(Term(("A",)), Sum(("B",), Term(("A", "B")))), "P(A) / (Σ_B P(A, B))",
         r"\frac{P(A)}{\sum_{B} P(A, B)}"),
        (Product((Sum(("A",), Term(("A", "B"))), Sum(("C",), Term(("C", "B"))))),
         "(Σ_A P(A, B)) Σ_C P(C, B)",
         r"\left(\sum_{A} P(A, B)\right) \sum_{C} P(C, B)"),
        (Sum(("A", "B"), Quotient(Term(("A",)), Term(("B",)))), "Σ_{A,B} [P(A) / P(B)]",
         r"\sum_{A, B} \frac{P(A)}{P(B)}"),
        (Term(("a_b",)), "P(a_b)", r"P(\mathrm{a\_b})"),
    ],
)  # fmt: skip
def test_writing(expression, text, latex):
    assert str(expression) == text
    assert expression.to_latex() == latex
    assert expression._repr_latex_() == f"${latex}$"
    assert from_dict(expression.to_dict()) == expression


def test_a_payload_that_is_none_is_refused():
    with pytest.raises(FormatError, match="is no expression"):
        from_dict({"sum": ["X"]})


@given(st.integers(0, 2**32 - 1))
def test_normal_forms_are_fixed_and_survive_files(seed):
    rng = np.random.default_rng(seed)
    graph = random_graph(rng, 5)
    outcome, do, over = random_query(rng, graph)
    found = identify(graph, outcome, do, over)
    if found.identified:
        s = Symbols(Bits.of(graph), graph.nodes)
        for expression in (found.expression, found.general):
            assert s.final(expression) == expression
            assert from_dict(expression.to_dict()) == expression
            assert expression.variables <= set(graph.nodes)


def test_experiments_are_written_as_interventions():
    graph = ADMG.from_edges(["X --> Z", "Z --> Y", "X <-> Z", "X <-> Y"])
    found = identify(graph, "Y", "X", experiments=["X", "Z"])
    assert "do(X)" in str(found)
