"""Identification of causal effects: a formula in what can be observed, or the proof of none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from causalsim.diagrams._bits import Bits
from causalsim.diagrams._certificate import Certificate
from causalsim.diagrams._engine import Failure, derive
from causalsim.diagrams._estimand import Estimand
from causalsim.diagrams.hedge import NotIdentifiable, Question
from causalsim.errors import GraphError, OptionError, listing
from causalsim.graph import ADMG, DAG
from causalsim.graph._base import Names, as_names

__all__ = ["Estimand", "NotIdentifiable", "identify"]


def identify(
    graph: DAG | ADMG,
    outcome: Names,
    do: Names = (),
    given: Names = (),
    *,
    experiments: Iterable[Names] = (),
    latents: Names = (),
) -> Estimand | NotIdentifiable:
    """Express P(outcome | do, given) in what can be observed, or show that nobody can.

    Parameters
    ----------
    graph : DAG or ADMG
    outcome, do, given : str or sequence of str
        Disjoint sets of observed variables.
    experiments : sequence of (str or sequence of str)
        Each a set Z of variables for which P(V | do Z) is known too.
    latents : str or sequence of str
        Nodes that are not observed; the graph is projected first.

    Returns
    -------
    Estimand or NotIdentifiable
        ``identified`` tells which.

    Raises
    ------
    GraphError
        For a CPDAG or PAG: see ``causalsim.diagrams.class_effects``.
    OptionError
        If the sets overlap or the outcome is empty.
    NameNotFoundError
        If a variable is no node.

    Examples
    --------
    >>> graph = ADMG.from_edges(["S --> T", "T --> C", "S <-> C"])
    >>> identify(graph, "C", "S")
    Estimand(P(C | do(S)) = Σ_T P(T | S) Σ_S' P(C | S', T) P(S'); frontdoor{T})
    >>> identify(ADMG.from_edges(["X --> Y", "X <-> Y"]), "Y", "X").hedge
    Hedge(F={X, Y}, F'={Y})
    """
    if not isinstance(graph, DAG | ADMG):
        raise GraphError(
            f"identify takes one DAG or ADMG, got a {type(graph).__name__}; for what holds in a "
            "whole class use causalsim.diagrams.class_effects."
        )
    seen = graph.project(latents) if as_names(latents) else graph
    tests = tuple(as_names(each) for each in experiments)
    question = Question(seen, as_names(outcome), as_names(do), as_names(given), tests)
    _check(question, as_names(latents))
    bits = Bits.of(seen)
    found = derive(bits, question.query(bits), [bits.mask(each) for each in tests])
    if isinstance(found, Failure):
        return NotIdentifiable(question, bits, found)
    return Estimand(question, Certificate(bits, tuple(found)))


def _check(question: Question, latents: Sequence[str]) -> None:
    """Refuse unknown, repeated and missing names."""
    if not question.outcome:
        raise OptionError("outcome is empty; name at least one variable.")
    hidden = [n for n in (*question.names, *sum(question.experiments, ())) if n in latents]
    if hidden:
        raise OptionError(f"{hidden[0]!r} is declared latent, so no query can name it.")
    question.graph.indices((*question.names, *sum(question.experiments, ())))
    twice = [name for k, name in enumerate(question.names) if name in question.names[:k]]
    if twice:
        raise OptionError(
            f"{listing(twice)} stand twice in outcome, do and given; these sets must be disjoint."
        )
