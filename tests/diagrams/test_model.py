"""Causal models: the smoking numbers, both regimes, laws of do, and bad input."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import causalsim as cs
from causalsim.diagrams import CausalModel, Distribution, comb_disintegration
from causalsim.errors import (
    DataError,
    NameNotFoundError,
    NotIdentifiableError,
    OptionError,
    PositivityError,
)

OMEGA = [[[0.5, 0.1], [0.01, 0.02]], [[0.1, 0.05], [0.02, 0.2]]]
SMOKING = cs.ADMG.from_edges(["S --> T", "T --> C", "S <-> C"])
HIDDEN = cs.DAG.from_edges(["H --> S", "H --> C", "S --> T", "T --> C"])


@pytest.fixture(params=["ADMG", "latent DAG"])
def smoking(request):
    graph = SMOKING if request.param == "ADMG" else HIDDEN.project("H")
    return CausalModel.from_joint(graph.reorder(["S", "T", "C"]), OMEGA)


def close(found, expected):
    return np.allclose(found, expected, atol=1e-8, rtol=0)


def test_every_number_of_the_smoking_example(smoking):
    assert close(smoking.query("S").array(), [0.63, 0.37])
    seen = smoking.query("C", given="S").array("S", "C")
    assert close(seen, [[0.80952381, 0.19047619], [0.32432432, 0.67567568]])
    g = smoking.query("T", given="S").array("S", "T")
    assert close(g, [[0.95238095, 0.04761905], [0.40540541, 0.59459459]])
    both = smoking.query("C", given=["S", "T"]).array("S", "T", "C")[..., 1]
    assert close(both, [[0.16666667, 0.66666667], [0.33333333, 0.90909091]])
    done = smoking.query("C", do="T").array("T", "C")
    assert close(done, [[0.77166667, 0.22833333], [0.24363636, 0.75636364]])
    done = smoking.query("C", do="S").array("S", "C")
    assert close(done, [[0.74652237, 0.25347763], [0.45770270, 0.54229730]])
    cut = smoking.query(["T", "C"], do="S").array("S", "T", "C") / 2
    expected = [
        *(0.36746032, 0.10873016, 0.00580087, 0.01800866),
        *(0.15641892, 0.04628378, 0.07243243, 0.22486486),
    ]
    assert close(cut.ravel(), expected)
    assert smoking.ate("S", "C") == pytest.approx(0.2888196638, abs=1e-9)
    difference = smoking.query("C", given={"S": 1}).at(C=1) - seen[0, 1]
    assert difference == pytest.approx(0.4851994852, abs=1e-9)


def test_the_comb_of_the_smoking_example():
    comb = comb_disintegration(Distribution(OMEGA, ["S", "T", "C"]), "S", "T", "C")
    f = comb.f.array("T", "S", "C").reshape(2, 4)
    assert close(f[0], [0.525, 0.105, 0.24666667, 0.12333333])
    assert close(f[1], [0.21, 0.42, 0.03363636, 0.33636364])
    assert comb.residual < 1e-15
    model = CausalModel.from_joint(SMOKING.reorder(["S", "T", "C"]), OMEGA)
    assert np.allclose(
        comb.cut().array("S", "T", "C"), model.query(["T", "C"], do="S").array("S", "T", "C")
    )


def test_empty_cells_are_named():
    table = np.array(OMEGA)
    table[0, 1] = 0
    joint = Distribution(table / table.sum(), ["S", "T", "C"], {"T": ["clean", "tar"]})
    with pytest.raises(PositivityError, match=r"P is 0 at \(S=0, T=tar\)"):
        comb_disintegration(joint, "S", "T", "C")
    model = CausalModel.from_joint(SMOKING.reorder(["S", "T", "C"]), joint)
    with pytest.raises(PositivityError, match="S=0.*T=tar"):
        model.query("C", do="S")
    assert model.query("T", do={"S": 1}).values.sum() == pytest.approx(1)
    table = np.array(OMEGA)
    table[0] = 0
    only = CausalModel.from_joint(SMOKING.reorder(["S", "T", "C"]), table / table.sum())
    assert only.query("C", given={"S": 1}).values.sum() == pytest.approx(1)
    with pytest.raises(PositivityError, match="S=0"):
        only.query("C", given="S")


@pytest.fixture(scope="module")
def asia():
    return CausalModel.from_network(cs.datasets.network("asia"))


def test_two_regimes_agree_where_nothing_is_hidden(asia):
    graph = cs.ADMG.from_edges(["smoke --> lung", "smoke --> bronc", "asia --> tub"])
    names = list(graph.nodes)
    seen = CausalModel.from_joint(graph, asia.query(names))
    for cause, effect in (("lung", "bronc"), ("bronc", "lung")):
        for model in (asia, seen):
            law = model.query(effect, do=cause).array(cause, effect)
            assert np.allclose(law, asia.query(effect).array(), atol=1e-12)


@given(st.sampled_from(["smoke", "lung", "either", "bronc"]), st.data())
def test_laws_of_do(asia, name, data):
    state = data.draw(st.sampled_from(asia.source.states[name]))
    other = data.draw(st.sampled_from([n for n in asia.graph.nodes if n != name]))
    done = asia.do({name: state})
    assert np.allclose(done.query(other).array(), asia.query(other, do={name: state}).array())
    if other not in asia.graph.descendants(name):
        assert np.allclose(done.query(other).array(), asia.query(other).array(), atol=1e-12)
    assert done.graph.parents(name) == ()
    assert done.do({name: state}).diagram == done.diagram


def test_a_later_value_replaces_an_earlier_one(asia, smoking):
    held = smoking.do(S=1)
    assert close(held.query("C", do={"S": 0}).array(), smoking.query("C", do={"S": 0}).array())
    assert close(
        held.query("C", do="S").array("S", "C"), smoking.query("C", do="S").array("S", "C")
    )
    assert close(held.do(S=0).query("C").array(), smoking.query("C", do={"S": 0}).array())
    assert held.ate("S", "C") == pytest.approx(smoking.ate("S", "C"), abs=1e-12)
    assert asia.do(smoke="yes", lung="no").query("dysp", do={"lung": "yes"}).array().tolist() == (
        asia.query("dysp", do={"smoke": "yes", "lung": "yes"}).array().tolist()
    )


def test_an_effect_needs_support_of_its_two_states_alone():
    table = np.array([[0.2, 0.1], [0.3, 0.4], [0.0, 0.0]])
    model = CausalModel.from_joint(cs.DAG.from_edges(["X --> Y"]), table)
    assert model.ate("X", "Y") == pytest.approx(4 / 7 - 1 / 3)
    with pytest.raises(PositivityError, match="X=2"):
        model.ate("X", "Y", treated=2)


def test_nothing_done_is_what_is_seen(asia, smoking):
    assert asia.do().diagram == asia.diagram
    assert np.allclose(asia.do().query("dysp").array(), asia.query("dysp").array())
    assert np.allclose(smoking.query(["S", "T", "C"], do={}).array("S", "T", "C"), OMEGA)


def test_only_the_cells_that_are_asked_for_need_support(asia):
    found = asia.query("dysp", given={"tub": "yes", "either": "yes"})
    assert found.at(dysp="yes") == pytest.approx(0.55 * 0.7 + 0.45 * 0.9)
    with pytest.raises(PositivityError, match="tub=yes.*either=no"):
        asia.query("dysp", given={"tub": "yes", "either": "no"})


def test_effects_of_named_states_need_scores(asia):
    with pytest.raises(OptionError, match=r"'dysp' are no numbers.*give scores="):
        asia.ate("smoke", "dysp", "yes", "no")
    effect = asia.ate("smoke", "dysp", "yes", "no", scores={"yes": 1, "no": 0})
    by_hand = [asia.query("dysp", do={"smoke": s}).at(dysp="yes") for s in ("yes", "no")]
    assert effect == pytest.approx(by_hand[0] - by_hand[1])


def test_fitted_models_come_near_the_source(asia):
    network = cs.datasets.network("asia")
    data = network.sample(20_000, rng=0)
    model = CausalModel.fit(network.dag, data, smoothing=1)
    found, expected = (m.query("dysp", do={"smoke": "yes"}).at(dysp="yes") for m in (model, asia))
    assert abs(found - expected) < 4 * np.sqrt(expected / 10_000)
    hidden = cs.DAG.from_edges(["H --> smoke", "H --> dysp", "smoke --> bronc", "bronc --> dysp"])
    part = CausalModel.fit(hidden, data, latents="H")
    assert part.graph.bidirected.sum() == 2
    assert part.query("dysp", do="smoke").given == ("smoke",)


def test_cpts_and_bif_give_the_same_model(tmp_path, asia):
    tables = asia.source.network.tables
    states = asia.source.states
    again = CausalModel.from_cpts(asia.graph, tables, states)
    path = tmp_path / "asia.bif"
    path.write_text(cs.graph.io.to_bif(asia.source.network), encoding="utf-8")
    for model in (again, CausalModel.from_bif(path)):
        assert np.allclose(
            model.query("dysp", do={"bronc": "yes"}).array(),
            asia.query("dysp", do={"bronc": "yes"}).array(),
        )
    assert repr(again.do(smoke="yes")) == "CausalModel(tables of 8 variables, smoke='yes' held)"


def test_bad_input_is_refused(asia, smoking):
    bow = CausalModel.from_joint(cs.ADMG.from_edges(["X --> Y", "X <-> Y"]), np.full((2, 2), 0.25))
    with pytest.raises(NotIdentifiableError, match="hedge"):
        bow.query("Y", do="X")
    with pytest.raises(NameNotFoundError, match="no variable 'smok'.*Did you mean 'smoke'"):
        asia.query("dysp", do={"smok": "yes"})
    with pytest.raises(NameNotFoundError, match="state of 'smoke' 'maybe'"):
        asia.do(smoke="maybe")
    with pytest.raises(OptionError, match="tables take states"):
        asia.do(smoke=cs.graph.Shift(1.0))
    with pytest.raises(DataError, match="expected the joint law of all its nodes"):
        CausalModel.from_joint(SMOKING, Distribution([0.5, 0.5], "S"))
    with pytest.raises(DataError, match="sum to 2; expected 1"):
        CausalModel.from_joint(SMOKING, 2 * np.array(OMEGA))
    frame = pd.DataFrame({"S": [0, 1], "T": [0, 1]})
    with pytest.raises(DataError, match=r"'C' is in the graph and not in the data.*latents="):
        CausalModel.fit(SMOKING, frame)
    chain = cs.DAG.from_edges(["S --> U", "T --> U"])
    rows = pd.DataFrame({"S": [0, 0, 1], "T": [0, 1, 1], "U": [0, 1, 1]})
    with pytest.raises(PositivityError, match="no row has S=1, T=0"):
        CausalModel.fit(chain, rows)
    with pytest.raises(OptionError, match="smoothing= is for a DAG without latents"):
        CausalModel.fit(SMOKING, rows.rename(columns={"U": "C"}), smoothing=1)
    with pytest.raises(PositivityError, match=r"S=1 cannot be seen under do\(S=0\)"):
        smoking.do(S=0).query("C", given={"S": 1})
    with pytest.raises(OptionError, match="'S' is held and given; name one state"):
        smoking.do(S=0).query("C", given="S")
    with pytest.raises(NameNotFoundError, match="Q"):
        smoking.ate("S", "Q")
    with pytest.raises(NameNotFoundError, match="state of 'S' 5"):
        smoking.ate("S", "C", treated=5)
    with pytest.raises(OptionError, match="'C' is held or given; ask for another"):
        smoking.query("C", do={"C": 1})
    assert np.allclose(
        smoking.do(S=0).query("C", given={"S": 0}).array(), smoking.do(S=0).query("C").array()
    )
