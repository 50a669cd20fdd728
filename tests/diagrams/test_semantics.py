"""Every semantics: laws of copy and discard, functors, and surgery."""

from fractions import Fraction

import numpy as np
import pytest
from diagrams.test_syntax import diagrams
from hypothesis import given
from hypothesis import strategies as st

from causalsim.diagrams import Box, Diagram, Functor, fold
from causalsim.diagrams.semantics import (
    Channel,
    Exact,
    LinearGaussian,
    LinearMap,
    Sampler,
    Sampling,
    Stochastic,
)
from causalsim.diagrams.surgery import conditional, cut, policy, set_state, shift, soft
from causalsim.errors import DataError, GraphError, OptionError

# small, since matrices of three outputs and three inputs are large
SIZES = {"A": 1, "B": 2, "C": 2}
RNG = np.random.default_rng


def _seed(box):
    return sum(map(ord, str(box)))


def _table(box):
    dom, cod = ([SIZES[kind] for kind in types] for types in (box.dom, box.cod))
    table = RNG(_seed(box)).integers(1, 9, (int(np.prod(cod, dtype=int)), *dom))
    return table, tuple(dom), tuple(cod)


def stochastic(box):
    table, dom, cod = _table(box)
    return Channel((table / table.sum(axis=0)).reshape(cod + dom), dom, cod)


def exact(box):
    table, dom, cod = _table(box)
    parts = Exact().numbers(table.astype(object))
    return Channel((parts / parts.sum(axis=0)).reshape(cod + dom), dom, cod)


def gaussian(box):
    draw = RNG(_seed(box)).normal(size=(len(box.cod), len(box.dom) + 1 + len(box.cod)))
    slope, offset, root = np.split(draw, [len(box.dom), len(box.dom) + 1], axis=1)
    return LinearMap(slope, offset[:, 0], root @ root.T)


def sampler(box):
    scales = RNG(_seed(box)).normal(size=(len(box.cod), len(box.dom)))

    def draw(inputs, rows, _):
        return [scale @ np.reshape(inputs, (len(box.dom), rows)) + 1 for scale in scales]

    return Sampler(draw, len(box.dom), len(box.cod))


FUNCTORS = {
    "stochastic": Functor(Stochastic(), SIZES.__getitem__, stochastic),
    "exact": Functor(Exact(), SIZES.__getitem__, exact),
    "gaussian": Functor(LinearGaussian(), lambda _: None, gaussian),
    "sampling": Functor(Sampling(), lambda _: None, sampler),
}
FINITE = ["stochastic", "exact"]


def same(one, other):
    """Compare two arrows; samplers on the same inputs."""
    if isinstance(one, Channel):
        if one.values.dtype == object:
            return one.values.tolist() == other.values.tolist()
        return one.values.shape == other.values.shape and np.allclose(one.values, other.values)
    if isinstance(one, LinearMap):
        return all(
            np.allclose(getattr(one, part), getattr(other, part))
            for part in ("slope", "offset", "cov")
        )
    inputs = RNG(1).normal(size=(one.inputs, 5))
    return one.inputs == other.inputs and np.allclose(
        np.reshape(one(inputs, 5, RNG(2)), (-1, 5)), np.reshape(other(inputs, 5, RNG(2)), (-1, 5))
    )


@pytest.mark.parametrize("name", FUNCTORS)
@given(data=st.data())
def test_functors_preserve_composition_and_tensor(name, data):
    functor, law = FUNCTORS[name], FUNCTORS[name].category
    f = data.draw(diagrams(boxes=2))
    g = data.draw(diagrams(f.cod, boxes=2, name="g"))
    assert same(functor(f >> g), law.then(functor(f), functor(g)))
    assert same(functor(f @ g), law.tensor(functor(f), functor(g)))
    assert same(functor(f), fold(f, functor))


@pytest.mark.parametrize("name", FUNCTORS)
@given(kinds=st.lists(st.sampled_from("AB"), max_size=2))
def test_copy_and_discard_are_a_commutative_comonoid(name, kinds):
    functor, law = FUNCTORS[name], FUNCTORS[name].category
    spaces = [functor.space(kind) for kind in kinds]
    n = len(spaces)
    one, copy = law.wires(spaces, range(n)), law.wires(spaces, [*range(n)] * 2)
    drop = law.wires(spaces, [])
    assert same(law.then(copy, law.tensor(copy, one)), law.then(copy, law.tensor(one, copy)))
    assert same(law.then(copy, law.tensor(drop, one)), one)
    assert same(law.then(copy, law.wires(spaces * 2, [*range(n, 2 * n), *range(n)])), copy)


@pytest.mark.parametrize("name", FUNCTORS)
@given(data=st.data())
def test_a_box_followed_by_discards_is_a_discard(name, data):
    functor = FUNCTORS[name]
    f = data.draw(diagrams(boxes=3))
    assert same(functor(f >> Diagram.discard(f.cod)), functor(Diagram.discard(f.dom)))
    assert same(functor(f), functor(f.pruned()))


@pytest.mark.parametrize("name", FINITE)
@pytest.mark.parametrize("kind", SIZES)
def test_uniform_states_are_normalised(name, kind):
    functor = FUNCTORS[name]
    state = Diagram.uniform(kind)
    assert functor(state >> Diagram.discard(kind)).values == 1
    assert len(set(functor(state).values.tolist())) == 1


@pytest.mark.parametrize("name", FINITE)
@given(data=st.data())
def test_points_are_copied_and_evidence_reads_them(name, data):
    functor, kind = FUNCTORS[name], data.draw(st.sampled_from(list(SIZES)))
    value = data.draw(st.integers(0, SIZES[kind] - 1))
    point = Diagram.point(kind, value)
    assert same(functor(point >> Diagram.copy(kind)), functor(point @ point))
    seen = functor.category.evidence(SIZES[kind], value)
    assert functor.category.then(functor(point), seen).values.tolist() == 1


@given(data=st.data())
def test_exact_and_float_matrices_agree(data):
    f = data.draw(diagrams())
    found = FUNCTORS["exact"](f).values.astype(float)
    assert np.allclose(found, FUNCTORS["stochastic"](f).values)


def test_fractions_stay_fractions():
    third = Exact().uniform(3).values[0]
    assert third == Fraction(1, 3)
    assert Exact().numbers([0.1]).tolist() == [Fraction(1, 10)]


surgeries = st.sampled_from(
    [
        cut,
        lambda name: policy({name: "dice"}),
        lambda name: soft({name: "new"}),
        lambda name: conditional({name: "rule"}, {name: ()}),
    ]
)


@given(diagrams(boxes=5), surgeries, surgeries, st.data())
def test_surgeries_are_idempotent_commute_and_preserve_structure(f, one, other, data):
    single = [name for name, placed in f.boxes.items() if len(placed.box.cod) == 1]
    if len(single) < 2:
        return
    a, b = data.draw(st.permutations(single))[:2]
    first, second = one(a), other(b)
    assert _shape(first(first(f))) == _shape(first(f))
    assert _shape(second(first(f))) == _shape(first(second(f)))
    g = data.draw(diagrams(f.cod, boxes=2, name="g"))
    assert _shape(first(f >> g)) == _shape(first(f) >> first(g))
    assert _shape(first(f @ g)) == _shape(first(f) @ first(g))


def _shape(diagram):
    """Give what a diagram means, whatever its boxes are called."""
    return FUNCTORS["exact"](diagram).values.tolist()


def test_surgery_cuts_and_sets():
    text = "H = H()\nS = S(H)\nT = T(S)\nreturn S, T"
    diagram = Diagram.parse(text)
    assert str(cut("S")(diagram)) == text.replace("S(H)", "uniform")
    assert str(set_state({"S": 1})(diagram)) == text.replace("S(H)", "|1>")
    assert str(shift({"T": "plus"})(diagram)).splitlines()[-2:] == [
        "plus: T = plus(T)",
        "return S, plus",
    ]
    with pytest.raises(GraphError, match="'T' does not read 'H', only"):
        conditional({"T": "rule"}, {"T": ["H"]})(diagram)


def test_what_a_semantics_lacks_is_refused():
    with pytest.raises(OptionError, match="no uniform state"):
        FUNCTORS["gaussian"](Diagram.uniform("A"))
    with pytest.raises(OptionError, match="no uniform law on the line"):
        FUNCTORS["sampling"](Diagram.uniform("A"))
    for name in ("gaussian", "sampling"):
        with pytest.raises(OptionError, match="evidence 1 inside"):
            FUNCTORS[name].category.evidence(None, 1)
    with pytest.raises(DataError, match="no number from 0 to 1"):
        FUNCTORS["stochastic"](Diagram.point("B", 2))
    with pytest.raises(DataError, match="'x' is no number"):
        FUNCTORS["gaussian"](Diagram.point("B", "x"))
    with pytest.raises(DataError, match="a channel of shape"):
        Channel([1.0], (2,), (2,))
    with pytest.raises(DataError, match="do not meet inputs"):
        Stochastic().then(Channel([1.0], (), (1,)), Channel([[1.0, 0.0]], (2,), (1,)))
    with pytest.raises(DataError, match="do not fit"):
        LinearMap([[1.0]], [1.0], [[1.0, 2.0]])
    with pytest.raises(DataError, match="1 input columns; expected 0"):
        Sampling().point(None, 1)([np.ones(2)], 2, RNG(0))


@given(st.integers(0, 10_000))
def test_linear_gaussian_do_is_the_closed_form(seed):
    """X = B X + e: means and covariances under do are those of (I - B)^-1."""
    rng = RNG(seed)
    weights, spreads = np.tril(rng.normal(size=(4, 4)), -1), rng.uniform(0.5, 2, 4)
    names = ["A", "B", "C", "D"]
    lines = [f"{n} = {n}({', '.join(names[:k])})" for k, n in enumerate(names)]
    diagram = Diagram.parse("\n".join([*lines, "return A, B, C, D"]))

    def arrow(box):
        k = names.index(box.label)
        return LinearMap(weights[k : k + 1, :k], [0.5], [[spreads[k] ** 2]])

    law = Functor(LinearGaussian(), lambda _: None, arrow)(set_state({"C": 2.0})(diagram))
    held, noise = weights.copy(), np.diag(spreads**2)
    held[2], noise[2, 2] = 0, 0
    reach = np.linalg.inv(np.eye(4) - held)
    assert np.allclose(law.offset, reach @ [0.5, 0.5, 2.0, 0.5], atol=1e-10)
    assert np.allclose(law.cov, reach @ noise @ reach.T, atol=1e-10)


def test_samples_follow_the_exact_law():
    diagram = Diagram.parse("A = A()\nB = B(A)\nreturn A, B")
    tables = {"A": np.array([0.3, 0.7]), "B": np.array([[0.9, 0.2], [0.1, 0.8]])}

    def arrow(box):
        def draw(inputs, rows, rng):
            share = tables["B"][1, inputs[0]] if inputs else np.full(rows, tables["A"][1])
            return [(rng.random(rows) < share).astype(int)]

        return Sampler(draw, len(box.dom), 1)

    held = set_state({"A": 1})(diagram)
    n = 20_000
    for one, law in ((diagram, [[0.27, 0.03], [0.14, 0.56]]), (held, [[0, 0], [0.2, 0.8]])):
        a, b = Functor(Sampling(), lambda _: 2, arrow)(one)([], n, RNG(0))
        found = np.bincount(2 * a + b, minlength=4) / n
        expected = np.ravel(law)
        assert (np.abs(found - expected) <= 4 * np.sqrt(expected * (1 - expected) / n)).all()


def test_box_with_no_outputs_and_no_inputs_is_a_number():
    weight = Channel(np.array(0.25), (), ())
    functor = Functor(Stochastic(), SIZES.__getitem__, lambda _: weight)
    assert functor(Diagram.of(Box("w", (), ()))).values == 0.25
