"""Hedges, what would help, and witness models."""

import numpy as np
import pytest
from diagrams.catalogue import NOT_IDENTIFIABLE, random_graph, random_query, read
from hypothesis import given
from hypothesis import strategies as st

from causalsim.diagrams._identify import identify
from causalsim.diagrams.hedge import NotIdentifiable
from causalsim.errors import GraphError, OptionError
from causalsim.graph import ADMG

RNG = np.random.default_rng
SEEDS = st.integers(0, 2**32 - 1)
BOW = ADMG.from_edges(["X --> Y", "X <-> Y"])


def check(found, least):
    """Check the agreement, the difference, and that the models live in the graph."""
    witness = found.witness(0)
    assert witness.agreement < 1e-12
    assert witness.difference > least
    graph = found.question.graph
    for model, joint in zip(witness.models, witness.joints, strict=True):
        assert (joint.values > 0).all()
        for name in graph.nodes:
            seen = [each for each in model.dag.parents(name) if each in graph]
            assert set(seen) <= set(graph.parents(name))
        for root in (each for each in model.nodes if each not in graph):
            assert model.dag.parents(root) == ()
            children = model.dag.children(root)
            assert all(b in graph.spouses(a) for a in children for b in children if a != b)
    return witness


@pytest.mark.parametrize("name", NOT_IDENTIFIABLE)
def test_the_catalogue_has_witnesses(name):
    nodes, edges, do, *_ = NOT_IDENTIFIABLE[name]
    check(identify(read(nodes, edges), "Y", do), 0.3)


@pytest.mark.parametrize("conditional", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_every_hedge_has_a_witness(seed, conditional):
    rng, met = RNG(seed), 0
    while met < 15:
        graph = random_graph(rng, int(rng.integers(4, 7)), 0.4, 0.3)
        outcome, do, over = random_query(rng, graph)
        if bool(over) != conditional:
            continue
        found = identify(graph, outcome, do, over)
        if not found.identified:
            met += 1
            check(found, 0.01 if conditional else 0.2)


def test_the_answers_of_a_witness_are_those_of_its_models():
    """Sampling from a model with its treatment drawn afresh gives the answer."""
    witness = identify(BOW, "Y", "X").witness()
    rows = witness.models[0].sample(4000, rng=0).astype(str)
    hidden = next(name for name in rows if name not in {"X", "Y"})
    table = witness.models[0].tables["Y"]
    axes = [*witness.models[0].dag.parents("Y")]
    moved = np.moveaxis(table, axes.index("X"), 0)
    share = (rows[hidden] == "1").mean()
    by_hand = moved[1][0] * (1 - share) + moved[1][1] * share
    assert np.allclose(by_hand, witness.answers[0].array("Y", "X")[:, 1], atol=0.05)
    assert "total variation" in repr(witness)


@given(SEEDS)
def test_suggestions_work_and_are_smallest(seed):
    rng = RNG(seed)
    graph = random_graph(rng, 5, 0.4, 0.35)
    outcome, do, _ = random_query(rng, graph)
    found = identify(graph, outcome, do)
    if found.identified:
        return
    for names in found.suggestions.randomise:
        assert identify(graph, outcome, do, experiments=[names]).identified
        assert len(names) == 1 or not any(
            identify(graph, outcome, do, experiments=[one]).identified for one in names
        )
    for edges in found.suggestions.measure:
        roots = [f"U{k} --> {end}" for k, e in enumerate(edges) for end in e.split(" <-> ")]
        kept = [e for e in graph.edges if e not in edges and " <-> ".join(
            reversed(e.split(" <-> "))) not in edges]  # fmt: skip
        wider = ADMG.from_edges([*kept, *roots])
        if all(name in wider for name in (*outcome, *do)):
            assert identify(wider, outcome, do).identified


def test_the_summary_names_the_hedge():
    found = identify(BOW, "Y", "X")
    text = found.summary()
    assert "X <-> Y with X --> Y form a hedge" in text
    assert "F = {X, Y}, F' = {Y}" in text
    assert "measure the hidden cause of X <-> Y" in text
    assert "hedge" in found._repr_html_()
    assert found.to_dict()["hedges"] == [{"outer": ["X", "Y"], "inner": ["Y"], "do": []}]


def test_results_can_be_kept(tmp_path):
    found = identify(BOW, "Y", "X")
    found.save(tmp_path / "hedge.json")
    again = NotIdentifiable.load(tmp_path / "hedge.json")
    assert again.hedges == found.hedges
    assert again.to_dict() == found.to_dict()
    changed = found.to_dict()
    changed["graph"]["edges"].remove("X <-> Y")
    with pytest.raises(GraphError, match="is identifiable"):
        NotIdentifiable.from_dict(changed)


def test_each_law_has_its_hedge():
    graph = ADMG.from_edges(["Z --> X", "X --> Y", "X <-> Y"])
    found = identify(graph, "Y", "X", experiments=["Z"])
    assert [hedge.do for hedge in found.hedges] == [(), ("Z",)]
    assert "P(V | do(Z))" in repr(found.hedges[1])
    with pytest.raises(OptionError, match="made for P"):
        found.witness()
