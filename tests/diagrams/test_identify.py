"""The identification engine against the catalogue, the truth by surgery, and its own laws."""

import time
from fractions import Fraction

import numpy as np
import pytest
from diagrams.catalogue import (
    IDENTIFIABLE,
    NOT_IDENTIFIABLE,
    random_graph,
    random_model,
    random_napkin,
    random_query,
    read,
)
from hypothesis import given
from hypothesis import strategies as st

from causalsim.diagrams import Distribution
from causalsim.diagrams._bits import Bits
from causalsim.diagrams._engine import Query
from causalsim.diagrams._forms import adjustment
from causalsim.diagrams._identify import Estimand, identify
from causalsim.diagrams._tables import Part, Tables
from causalsim.errors import (
    DataError,
    FormatError,
    GraphError,
    NameNotFoundError,
    OptionError,
    PositivityError,
)
from causalsim.graph import ADMG, CPDAG, DAG, PAG, TemporalGraph, is_separated

RNG = np.random.default_rng
SEEDS = st.integers(0, 2**32 - 1)
SMOKING = ADMG.from_edges(["S --> T", "T --> C", "S <-> C"])
OMEGA = [[[0.5, 0.1], [0.01, 0.02]], [[0.1, 0.05], [0.02, 0.2]]]


def replayed(found, what, law):
    """Evaluate a certificate or expression on a law, axes as in the query."""
    tables = Tables({frozenset(): Part(law, found.question.graph.nodes)})
    value = what.value(tables) if hasattr(what, "value") else what.replay(tables)
    sizes = dict(zip(found.question.graph.nodes, law.shape, strict=True))
    return tables.settle(value, found.question.names, sizes).array


def error(found, model):
    """Give the largest error of all ways to evaluate."""
    truth = model.truth(*[getattr(found.question, part) for part in ("outcome", "do", "given")])
    law = model.law()
    ways = [found.certificate, found.preferred, found.expression, found.general]
    values = [replayed(found, way, law) for way in ways]
    values.append(found.evaluate(model.joint()).values)
    return max(float(np.abs(value - truth).max()) for value in values)


# -- the catalogue ------------------------------------------------------------------------


@pytest.mark.parametrize("name", IDENTIFIABLE)
def test_identifiable_graphs_have_the_form_and_the_value_known(name):
    nodes, edges, do, outcome, kind, form, general = IDENTIFIABLE[name]
    graph = read(nodes, edges)
    found = identify(graph, outcome, do.split())
    assert found.identified
    assert kind in {None, found.kind}
    assert form in {None, str(found)}
    assert general in {None, found.general.text(found.question.names)}
    for seed in range(4):
        assert error(found, random_model(graph, RNG(seed), {"Y": 3, "Z": 3})) < 1e-9


@pytest.mark.parametrize("name", NOT_IDENTIFIABLE)
def test_hedges_are_those_of_the_catalogue(name):
    nodes, edges, do, outer, inner = NOT_IDENTIFIABLE[name]
    found = identify(read(nodes, edges), "Y", do)
    assert not found.identified
    assert (set(found.hedge.outer), set(found.hedge.inner)) == (
        set(outer.split()),
        set(inner.split()),
    )


@pytest.mark.parametrize(("name", "spare"), [("I10 napkin", "Z1"), ("I14 Verma", "V1")])
def test_spare_variables_do_not_matter(name, spare):
    nodes, edges, do, outcome, *_ = IDENTIFIABLE[name]
    graph = read(nodes, edges)
    found = identify(graph, outcome, do)
    assert spare in found.general.free
    model = random_model(graph, RNG(5), {spare: 3})
    law = model.law()
    tables = Tables({frozenset(): Part(law, graph.nodes)})
    axes = (outcome, do, spare)
    sizes = dict(zip(graph.nodes, law.shape, strict=True))
    table = tables.settle(found.general.value(tables), axes, sizes).array
    assert np.ptp(table, axis=2).max() < 1e-12
    assert np.ptp(table, axis=1).max() > 1e-4


def test_the_set_of_one_variable_in_the_catalogue_does_not_adjust():
    nodes, edges, do, outcome, *_ = IDENTIFIABLE["I12"]
    graph = DAG.from_edges([each.strip() for each in edges.split(";")], nodes.split())
    bits = Bits.of(graph)
    assert adjustment(bits, Query(bits.mask([outcome]), bits.mask([do]))).bit_count() == 2
    model = random_model(ADMG.from_edges(graph.edges, graph.nodes), RNG(0))
    joint = model.joint().marginal(["X", "Y", "Z3"])
    alone = np.einsum("xzy,z->yx", joint.condition(["X", "Z3"]).array("X", "Z3", "Y"),
                      joint.marginal("Z3").values)  # fmt: skip
    assert np.abs(alone - model.truth(["Y"], ["X"])).max() > 1e-4


def test_the_smoking_numbers():
    found = identify(SMOKING, "C", "S").evaluate(Distribution(OMEGA, ["S", "T", "C"]))
    assert found.given == ("S",)
    expected = [[0.74652237, 0.25347763], [0.45770270, 0.54229730]]
    assert np.allclose(found.array("S", "C"), expected, atol=1e-8, rtol=0)
    latent = DAG.from_edges(["H --> S", "H --> C", "S --> T", "T --> C"])
    again = identify(latent, "C", "S", latents="H")
    assert str(again) == "Σ_T P(T | S) Σ_S' P(C | S', T) P(S')"


# -- random graphs ------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(10))
def test_random_graphs_agree_with_surgery(seed):
    rng = RNG(seed)
    count = [0, 0]
    for k in range(56):
        graph = random_graph(rng, int(rng.integers(4, 7))) if k % 4 else random_napkin(rng)
        outcome, do, over = random_query(rng, graph)
        if k % 4 == 0 and k % 8 == 0:
            outcome, do, over = ("Y",), ("X",), ()
        found = identify(graph, outcome, do, over)
        count[found.identified] += 1
        if found.identified:
            assert error(found, random_model(graph, rng)) < 1e-9, (graph, found)
    assert min(count) > 3


@given(SEEDS)
def test_napkins_need_the_recursive_law(seed):
    rng = RNG(seed)
    graph = random_napkin(rng)
    found = identify(graph, "Y", "X")
    if found.identified:
        assert error(found, random_model(graph, rng)) < 1e-9


@given(SEEDS)
def test_more_experiments_never_hurt(seed):
    rng = RNG(seed)
    graph = random_graph(rng, 5, 0.4, 0.4)
    outcome, do, over = random_query(rng, graph)
    tests = [
        tuple(n for n in graph.nodes if rng.random() < 0.4 and n not in outcome) for _ in range(2)
    ]
    tests = [each for each in tests if each]
    verdicts = [
        identify(graph, outcome, do, over, experiments=tests[:k]) for k in range(len(tests) + 1)
    ]
    flags = [found.identified for found in verdicts]
    assert flags == sorted(flags)
    if flags[-1]:
        model = random_model(graph, rng)
        laws = {each: model.joint(each) for each in tests}
        value = verdicts[-1].evaluate(model.joint(), experiments=laws).values
        assert np.abs(value - model.truth(outcome, do, over)).max() < 1e-9
        assert identify(graph, outcome, do, over, experiments=[do]).identified


def test_an_experiment_on_a_surrogate_helps():
    graph = ADMG.from_edges(["Z --> X", "X --> Y", "X <-> Y", "Z <-> Y"])
    assert not identify(graph, "Y", "X").identified
    graph = ADMG.from_edges(["X --> Z", "Z --> Y", "X <-> Z", "X <-> Y"])
    found = identify(graph, "Y", "X", experiments=["Z", "X"])
    assert found.kind == "gID"
    model = random_model(graph, RNG(3))
    laws = {"Z": model.joint(["Z"]), "X": model.joint(["X"])}
    value = found.evaluate(model.joint(), experiments=laws)
    assert np.abs(value.values - model.truth(["Y"], ["X"])).max() < 1e-9
    with pytest.raises(DataError, match=r"needs the law P\(V \| do"):
        found.evaluate(model.joint())


# -- laws -----------------------------------------------------------------------------------


@given(SEEDS)
def test_setting_nothing_is_observing(seed):
    rng = RNG(seed)
    graph = random_graph(rng, 5)
    outcome, _, over = random_query(rng, graph)
    found = identify(graph, outcome, (), over)
    model = random_model(graph, rng)
    assert found.kind == "observation"
    assert (
        np.abs(found.evaluate(model.joint()).values - model.truth(outcome, (), over)).max() < 1e-9
    )


@given(SEEDS)
def test_setting_what_causes_nothing_changes_nothing(seed):
    rng = RNG(seed)
    graph = random_graph(rng, 5)
    x, y = (str(name) for name in rng.permutation(graph.nodes)[:2])
    if x in graph.ancestors(y):
        x, y = y, x
    found = identify(graph, y, x)
    assert str(found) == f"P({y})"
    joint = random_model(graph, rng).joint()
    value = found.evaluate(joint)
    assert np.allclose(value.array(y, x)[:, 0], joint.marginal(y).values)
    assert np.allclose(value.array(y, x)[:, 1], joint.marginal(y).values)


@given(SEEDS)
def test_separation_on_bits_is_that_of_the_graph(seed):
    rng = RNG(seed)
    graph = random_graph(rng, 7, 0.3, 0.2)
    names = [str(name) for name in rng.permutation(graph.nodes)]
    x, y, z = names[:2], names[2:3], names[3 : int(rng.integers(3, 7))]
    bits = Bits.of(graph)
    assert bits.separated(*map(bits.mask, (x, y, z))) == is_separated(graph, x, y, z)
    assert set(bits.named(bits.ancestors(bits.mask(x)))) == {*x, *graph.ancestors(x)}
    assert set(bits.named(bits.descendants(bits.mask(x)))) == {*x, *graph.descendants(x)}
    assert set(bits.named(bits.district(bits.mask(y)))) == set(graph.district(y[0]))


@given(SEEDS)
def test_back_door_sets_are_smallest(seed):
    """No smaller set blocks; brute force over all sets in the proper back-door graph."""
    from itertools import combinations

    rng = RNG(seed)
    graph = random_graph(rng, 6, 0.4, 0.15)
    names = [str(name) for name in rng.permutation(graph.nodes)]
    x, y = names[0], names[1]
    if x not in graph.ancestors(y):
        return
    bits = Bits.of(graph)
    found = adjustment(bits, Query(bits.mask([y]), bits.mask([x])))
    causal = {*graph.descendants(x)} & {*graph.ancestors(y), y}
    edges = [e for e in graph.edges if e not in {f"{x} --> {c}" for c in causal}
             and e not in {f"{c} <-- {x}" for c in causal}]  # fmt: skip
    proper = ADMG.from_edges(edges, graph.nodes)
    free = [n for n in names[2:] if n not in {*graph.descendants(sorted(causal)), *causal}]
    sizes = [
        k
        for k in range(len(free) + 1)
        for z in combinations(free, k)
        if is_separated(proper, x, y, z)
    ]
    assert (found is None) == (not sizes)
    if sizes:
        assert found.bit_count() == min(sizes)


# -- arithmetic -----------------------------------------------------------------------------


@given(SEEDS)
def test_replay_in_fractions_is_exact(seed):
    rng = RNG(seed)
    graph = random_napkin(rng, 4)
    law = rng.integers(1, 30, [2] * 4)
    total = int(law.sum())
    exact = np.array([Fraction(int(n), total) for n in law.flat], object).reshape(law.shape)
    found = identify(graph, "Y", "X")
    value = found.exact(exact, graph.nodes)
    assert all(isinstance(each, Fraction) for each in value.flat)
    assert (value.sum(axis=0) == 1).all()
    plain = found.evaluate(Distribution(law / total, graph.nodes)).values
    assert np.allclose(value.astype(float), plain, atol=1e-12, rtol=0)


def test_zero_cells_that_do_not_matter_are_no_error():
    law = np.array(OMEGA)
    law[:, :, 0] += law[:, :, 1]
    law[:, :, 1] = 0
    value = identify(SMOKING, "C", "S").evaluate(Distribution(law, ["S", "T", "C"]))
    assert np.allclose(value.array("C", "S"), [[1, 1], [0, 0]])
    graph = ADMG.from_edges(["Z --> X", "X --> Y", "Z --> Y"])
    law = RNG(0).dirichlet(np.ones(8)).reshape(2, 2, 2)
    law[1] = 0
    found = identify(graph, "Y", "X").evaluate(Distribution(law / law.sum(), ["Z", "X", "Y"]))
    assert np.allclose(found.array("X", "Y"), law[0] / law[0].sum(axis=1, keepdims=True))


def test_zero_cells_that_matter_are_named():
    law = np.array(OMEGA)
    law[1, 0] = 0
    states = {"S": ("no", "yes"), "T": ("clean", "tar"), "C": (0, 1)}
    joint = Distribution(law / law.sum(), ["S", "T", "C"], states)
    with pytest.raises(PositivityError, match=r"at \(S=yes, T=clean\)\. Merge"):
        identify(SMOKING, "C", "S").evaluate(joint)


def test_one_state_may_be_computed_alone():
    graph = ADMG.from_edges(["Z --> X", "X --> Y", "Z --> Y"])
    law = RNG(0).dirichlet(np.ones(8)).reshape(2, 2, 2)
    law[1, 1] = 0
    joint = Distribution(law / law.sum(), ["Z", "X", "Y"])
    found = identify(graph, "Y", "X")
    with pytest.raises(PositivityError, match=r"\(X=1, Z=1\)|\(Z=1, X=1\)"):
        found.evaluate(joint)
    part = found.evaluate(joint, at={"X": 0})
    assert part.variables == ("Y",)
    assert part.values.sum() == pytest.approx(1)
    with pytest.raises(OptionError, match="at names 'Z'"):
        found.evaluate(joint, at={"Z": 0})
    with pytest.raises(OptionError, match="is unknown"):
        found.evaluate(joint, at={"X": 7})


def test_a_variable_that_is_missing_from_the_law_is_named():
    joint = Distribution(np.full((2, 2), 0.25), ["S", "C"])
    with pytest.raises(DataError, match=r"no variable 'T'.*latents"):
        identify(SMOKING, "C", "S").evaluate(joint)
    with pytest.raises(DataError, match="observational law"):
        identify(SMOKING, "C", "S").evaluate()


# -- borders --------------------------------------------------------------------------------


def test_other_kinds_of_graph_are_pointed_elsewhere():
    for graph in (CPDAG.from_edges(["X --- Y"]), PAG.from_edges(["X o-> Y"])):
        with pytest.raises(GraphError, match="class_effects"):
            identify(graph, "Y", "X")
    with pytest.raises(GraphError, match="TemporalGraph"):
        identify(TemporalGraph.from_edges(["X[t-1] --> Y[t]"]), "Y", "X")


@pytest.mark.parametrize(
    ("query", "kind", "message"),
    [
        (((), "S", ()), OptionError, "outcome is empty"),
        (("C", "C", ()), OptionError, "'C' stand twice"),
        (("C", "S", "S"), OptionError, "'S' stand twice"),
        (("C", "X", ()), NameNotFoundError, "'X'"),
    ],
)
def test_bad_queries_are_refused(query, kind, message):
    with pytest.raises(kind, match=message):
        identify(SMOKING, *query)


def test_hidden_variables_cannot_be_asked_for():
    dag = DAG.from_edges(["H --> S", "H --> C", "S --> C"])
    with pytest.raises(OptionError, match="'H' is declared latent"):
        identify(dag, "C", "H", latents=["H"])
    with pytest.raises(NameNotFoundError, match="'Q'"):
        identify(dag, "C", "S", experiments=["Q"])


def test_results_can_be_read_and_kept(tmp_path):
    found = identify(SMOKING, "C", "S")
    found.save(tmp_path / "estimand.json")
    again = Estimand.load(tmp_path / "estimand.json")
    assert again.to_dict() == found.to_dict()
    assert "frontdoor{T}" in found.summary()
    assert "sum out S" in found.summary()
    assert found._repr_latex_().startswith(r"$P(C \mid \mathrm{do}(S)) = \sum_{T}")
    assert "<li>" in found._repr_html_()
    assert "S is no direct cause of C" in found.assumptions
    assert "S and T share no hidden cause" in found.assumptions
    assert "S and C share no hidden cause" not in found.assumptions
    assert [step.rule for step in found.steps][:2] == ["source", "disintegrate"]
    changed = found.to_dict()
    changed["graph"]["edges"].append("S --> C")
    with pytest.raises(GraphError, match="not identifiable"):
        Estimand.from_dict(changed)
    with pytest.raises(FormatError, match="causalsim/estimand"):
        Estimand.from_dict({})


def test_conditional_queries_use_rule_two():
    graph = ADMG.from_edges(["X --> Z", "Z --> Y", "X <-> Y"])
    found = identify(graph, "Y", "X", "Z")
    assert found.steps[0].rule == "exchange"
    assert str(found) == "Σ_X' P(Y | X', Z) P(X')"
    plain = identify(ADMG.from_edges(["W --> X", "X --> Y", "W --> Y"]), "Y", "X", "W")
    assert str(plain) == "P(Y | X, W)".replace("X, W", ", ".join(
        n for n in plain.question.graph.nodes if n in "XW"))  # fmt: skip


def test_a_verdict_is_fast():
    """One millisecond on six nodes and half a second on a hundred, with room for slow machines."""
    rng = RNG(0)
    for nodes, limit in ((6, 0.005), (100, 1.0)):
        graphs = [random_graph(rng, nodes, 2 / nodes, 1 / nodes) for _ in range(5)]
        took = []
        for graph in graphs:
            start = time.perf_counter()
            identify(graph, graph.nodes[0], graph.nodes[1])
            took.append(time.perf_counter() - start)
        assert sorted(took)[2] < limit


def test_a_marginal_over_what_the_formula_names_is_enough():
    graph = ADMG.from_edges(["A --> X", "X --> Y", "Z --> X", "Z --> Y", "A <-> B", "Y --> B"])
    found = identify(graph, "Y", "X")
    joint = random_model(graph, RNG(0)).joint()
    part = found.evaluate(joint.marginal(["X", "Y", "Z"]))
    assert np.allclose(part.values, found.evaluate(joint).values)
    with pytest.raises(DataError, match="no law has the variable 'B'"):
        identify(graph, "Y", "B").evaluate(joint.marginal("Y"))
