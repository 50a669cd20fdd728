"""Directions from changes: published scores are reproduced, truths stand, doubts stay open."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from causalsim.discovery._change import direction, trajectory, verdict_of, weigh
from causalsim.discovery._comparison import compare_changes, one_way
from causalsim.discovery._context import read_context
from causalsim.discovery._embedding import _by_factors, distance_gram, embedding, published
from causalsim.discovery._independent_change import comparer
from causalsim.discovery._modules import Module, Positions
from causalsim.errors import DataError, OptionError
from causalsim.graph.pdag import PDAG


def gaussian(column, width):
    return np.exp(-((column[:, None] - column) ** 2) / (2 * width**2))


def scaled(column):
    return (column - column.mean()) / column.std()


def wave(rng, n, sd=15):
    """White noise under a Gaussian filter."""
    weights = np.exp(-0.5 * (np.arange(-4 * sd, 4 * sd + 1) / sd) ** 2)
    path = np.convolve(rng.normal(size=n + 8 * sd), weights, "valid")
    return (path - path.mean()) / path.std()


def table_pair(seed):
    """Draw a pair of the published table: x causes y."""
    rng, t = np.random.default_rng(100 + seed), np.arange(300)
    f, p = rng.uniform(0, 6.28, 3), rng.uniform(80, 160, 3)
    e, e2 = rng.normal(size=(2, 300))
    d = np.sin(2 * np.pi * t / p[:, None] + f[:, None])
    x = d[0] + 0.6 * e
    return x, (1 + 0.8 * d[1]) * np.tanh(x) + 0.6 * d[2] + 0.3 * e2


def tanh_pair(seed, n=600):
    rng = np.random.default_rng(seed)
    d = [wave(rng, n) for _ in range(3)]
    x = 0.8 * d[0] + 0.6 * rng.normal(size=n)
    return x, (1 + 0.65 * d[1]) * np.tanh(x) + 0.5 * d[2] + 0.3 * rng.normal(size=n)


def no_parents(n):
    return np.empty((n, 0))


# -- published forms -------------------------------------------------------------------------


@given(st.integers(5, 40), st.floats(0.1, 1), st.floats(0.5, 10), st.floats(0.1, 3))
def test_module_without_parents_is_the_marginal_embedding(n, width, near, ridge):
    y = np.random.default_rng(n).normal(size=n)
    k_c = gaussian(np.arange(float(n)), near)
    inverse = np.linalg.inv(k_c + ridge * np.eye(n))
    expected = k_c @ inverse @ gaussian(scaled(y), width) @ inverse @ k_c
    module = Module(no_parents(n), y, Positions.times(np.arange(n)))
    found = embedding(module, width=width, time_width=near, ridge=ridge)
    np.testing.assert_allclose(found, expected, atol=1e-10)


@pytest.mark.parametrize(
    ("width", "ridge", "near", "plain", "normalised"),
    [(0.1, 2.0, 1.0, 19, 20), (0.1, 2.0, 40.0, 20, 21), (0.3, 2.0, 5.0, 3, 4)],
)
def test_published_scores_reproduce_the_table(width, ridge, near, plain, normalised):
    context, right = Positions.times(np.arange(300)), np.zeros(2, int)
    for seed in range(24):
        x, y = table_pair(seed)
        scores = []
        for cause, effect in ((x, y), (y, x)):
            first = Module(no_parents(300), cause, context)
            second = Module(cause[:, None], effect, context)
            parts = [
                embedding(module, width=width, time_width=near, ridge=ridge)
                for module in (first, second)
            ]
            scores.append(published(*parts))
        right += [
            scores[0].plain < scores[1].plain,
            scores[0].normalised < scores[1].normalised,
        ]
    assert right.tolist() == [plain, normalised]


def test_trace_form_counts_what_two_modules_share():
    rng = np.random.default_rng(0)
    a, b = (m @ m.T for m in rng.normal(size=(2, 12, 3)))
    assert published(a, a).trace > published(a, b).trace
    assert published(a, a).trace == pytest.approx(3, abs=0.01)


@pytest.mark.parametrize("near", [1.0, 8.0, 60.0])
def test_factors_give_the_embedding(near):
    x, y = tanh_pair(0, 300)
    module = Module(x[:, None], y, Positions.times(np.arange(300)))
    exact = embedding(module, width=0.5, time_width=near, ridge=1.0)
    found = _by_factors(module, 0.5, near, 1.0)
    np.testing.assert_allclose(found, exact, atol=1e-3 * exact.max())


def test_domains_are_compared_by_equality():
    rng = np.random.default_rng(0)
    x, y, codes = *rng.normal(size=(2, 60)), np.arange(60) % 4
    equal = (codes[:, None] == codes).astype(float)
    k_x, k_y = gaussian(scaled(x), 0.5), gaussian(scaled(y), 0.5)
    inverse = np.linalg.inv(k_x * equal + np.eye(60))
    whole = equal @ ((k_x @ k_x @ k_x) * (inverse @ k_y @ inverse)) @ equal / 60**2
    module = Module(x[:, None], y, Positions.domains(codes))
    found = embedding(module, width=0.5, ridge=1.0)
    np.testing.assert_allclose(found, whole[:4, :4], atol=1e-10)
    np.testing.assert_allclose(_by_factors(module, 0.5, 1.0, 1.0), found, atol=1e-6)


def test_equal_embeddings_have_a_constant_gram():
    assert distance_gram(np.ones((3, 3))).tolist() == np.ones((3, 3)).tolist()


# -- directions ------------------------------------------------------------------------------


def test_causes_are_found_and_hardly_ever_turned():
    found = []
    for seed in range(6):
        x, y = tanh_pair(seed)
        context = Positions.times(np.arange(600))
        first, second = (
            [
                trajectory(Module(no_parents(600), a, context)),
                trajectory(Module(a[:, None], b, context)),
            ]
            for a, b in ((x, y), (y, x))
        )
        p = [compare_changes(*pair, "time").p_value for pair in (first, second)]
        found.append(verdict_of(*p))
    assert found.count("forward") >= 2
    assert found.count("backward") <= 1


def test_swapping_variables_swaps_the_answer():
    x, y = tanh_pair(3, 300)
    context = Positions.times(np.arange(300))
    found, swapped = direction(x, y, context), direction(y, x, context)
    assert found.forward == pytest.approx(swapped.backward)
    assert found.p_backward == swapped.p_forward
    assert found.margin == pytest.approx(-swapped.margin)
    assert found.published == swapped.published[::-1]
    turned = {"forward": "backward", "backward": "forward", "undecided": "undecided"}
    assert swapped.verdict == turned[found.verdict]
    assert found.to_dict()["published"][0]["plain"] == found.published[0].plain


@given(st.floats(0.1, 9), st.floats(-5, 5))
@settings(max_examples=5)
def test_units_do_not_matter(scale, shift):
    x, y = tanh_pair(1, 200)
    context = Positions.times(np.arange(200))
    plain = trajectory(Module(x[:, None], y, context))
    moved = trajectory(Module(scale * x[:, None] + shift, scale * y - shift, context))
    np.testing.assert_allclose(moved, plain, atol=1e-6)


def test_nothing_is_decided_without_change():
    decided = 0
    for seed in range(6):
        x, e = np.random.default_rng(seed).normal(size=(2, 150))
        decided += direction(x, x + e, Positions.times(np.arange(150))).verdict != "undecided"
    assert decided <= 1


def test_nothing_is_decided_where_one_driver_moves_both():
    rng = np.random.default_rng(0)
    d = wave(rng, 400)
    x = 0.8 * d + 0.6 * rng.normal(size=400)
    y = (1 + 0.5 * d) * x + 0.5 * d + 0.4 * rng.normal(size=400)
    found = direction(x, y, Positions.times(np.arange(400)))
    assert found.verdict in {"undecided", "one_way"}
    assert max(found.p_forward, found.p_backward) < 0.1


def test_shifts_keep_the_level_for_smooth_paths():
    rng = np.random.default_rng(0)
    p = [
        compare_changes(wave(rng, 150, 6)[:, None], wave(rng, 150, 6)[:, None], "time").p_value
        for _ in range(300)
    ]
    assert binomtest(int(np.sum(np.array(p) <= 0.05)), 300, 0.05).pvalue > 1e-3


def test_permutations_keep_the_level_over_domains():
    rng = np.random.default_rng(0)
    p = [
        compare_changes(*rng.normal(size=(2, 12, 2)), "domain", rng=rng).p_value
        for _ in range(200)
    ]
    assert binomtest(int(np.sum(np.array(p) <= 0.05)), 200, 0.05).pvalue > 1e-3


def test_domains_tell_a_direction_whatever_their_names():
    rng = np.random.default_rng(1)
    codes = np.repeat(np.arange(30), 40)
    d = rng.normal(size=(3, 30))[:, codes]
    x = 0.8 * d[0] + 0.6 * rng.normal(size=1200)
    y = (1 + 0.65 * d[1]) * np.tanh(x) + 0.5 * d[2] + 0.3 * rng.normal(size=1200)
    context = Positions.domains(codes)
    first = Module(no_parents(1200), x, context), Module(x[:, None], y, context)
    second = Module(no_parents(1200), y, context), Module(y[:, None], x, context)
    p = [
        compare_changes(trajectory(a), trajectory(b), "domain", rng=0).p_value
        for a, b in (first, second)
    ]
    assert verdict_of(*p) == "forward"
    renamed = Positions.domains([f"lab {29 - code:02d}" for code in codes])
    flipped = trajectory(Module(x[:, None], y, renamed))
    np.testing.assert_allclose(flipped[::-1], trajectory(first[1]), atol=1e-9)


def test_known_parents_join_both_modules():
    rng = np.random.default_rng(0)
    z = 2 * wave(rng, 300) + rng.normal(size=300)
    x, y = z + rng.normal(size=300), rng.normal(size=300) - z
    context = Positions.times(np.arange(300))
    plain = direction(x, y, context)
    given_z = direction(x, y, context, x_parents=z[:, None], y_parents=z[:, None])
    assert plain.forward > 0.2
    assert given_z.p_forward == given_z.p_backward == 1


# -- drifts that go one way ------------------------------------------------------------------


def one_way_drivers(kind, rng, n=600):
    """Give three independent drivers whose ends do not meet."""
    t = np.linspace(-1.7, 1.7, n)
    signs = rng.choice([-1, 1], 3)
    if kind == "trend":
        return [sign * t for sign in signs]
    return [sign * np.where(t < rng.uniform(-1, 1), -1.0, 1.0) for sign in signs]


@pytest.mark.parametrize("kind", ["trend", "step"])
def test_nothing_is_decided_where_both_modules_go_one_way(kind):
    context = Positions.times(np.arange(600))
    for seed in range(6):
        rng = np.random.default_rng([77, seed])
        d = one_way_drivers(kind, rng)
        x = 0.8 * d[0] + 0.6 * rng.normal(size=600)
        y = (1 + 0.65 * d[1]) * np.tanh(x) + 0.5 * d[2] + 0.3 * rng.normal(size=600)
        compared = [
            compare_changes(
                trajectory(Module(no_parents(600), a, context)),
                trajectory(Module(a[:, None], b, context)),
                "time",
            )
            for a, b in ((x, y), (y, x))
        ]
        assert weigh(*compared) == "one_way"


def test_one_way_is_what_two_slow_waves_hold():
    t = (np.arange(150) + 0.5) / 150
    slow, fast = np.cos(np.pi * t), np.cos(7 * np.pi * t)
    assert one_way((slow + fast)[:, None]) == pytest.approx(0.5)
    assert one_way(np.column_stack([fast, slow])) == pytest.approx(1)
    assert one_way(np.column_stack([fast, 0 * t])) == pytest.approx(0)
    assert compare_changes(slow[:, None], fast[:, None], "time").one_way == pytest.approx(0)
    assert compare_changes(slow[:, None], slow[:, None], "domain", rng=0).one_way == 0


def test_the_reason_is_said():
    rng, t = np.random.default_rng(0), np.linspace(-1, 1, 300)
    x = 1.5 * t + 0.6 * rng.normal(size=300)
    frame = pd.DataFrame({"X": x, "Y": (1 + 0.6 * t) * x - t + 0.3 * rng.normal(size=300)})
    source, state = read_context(frame, "time"), PDAG([{1}, {0}, set()])
    found = comparer(source, state, 0)("X", "Y")
    assert found.arrow is None
    assert "drift one way, and two trends match whatever causes what" in found.verdict


# -- several nodes ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Positions.times([0, 2, 1]), "expected one a row, finite and increasing"),
        (lambda: Positions.times([0, np.nan]), "expected one a row, finite and increasing"),
        (lambda: Positions.domains(["a", "a"]), "domains hold the one value"),
        (lambda: Module(np.empty((2, 0)), np.zeros(3), Positions.times([0, 1, 2])), "of shape"),
        (lambda: Module(no_parents(2), np.ones(2), Positions.times([0, 1])), "does not vary"),
        (
            lambda: Module(no_parents(2), np.array([1, np.inf]), Positions.times([0, 1])),
            "missing or infinite",
        ),
    ],
)
def test_bad_modules_are_refused(make, said):
    with pytest.raises(DataError, match=said):
        make()


def test_levels_out_of_range_are_refused():
    with pytest.raises(OptionError, match="level=0.7: expected a number between 0 and .5"):
        direction(np.arange(3.0), np.arange(3.0), Positions.times([0, 1, 2]), level=0.7)
