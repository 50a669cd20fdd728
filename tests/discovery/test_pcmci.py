"""PCMCI against the textbook, against stored numbers of tigramite, and on known processes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from answers import Stopping
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, false_discovery_control
from series import lagged, sample_of, steps_of, textbook_conditions, textbook_pc1

import causalsim as cs
from causalsim.citest import FisherZ, Oracle, ParCorr
from causalsim.discovery._condition_selection import gaussian_aic
from causalsim.discovery._pcmci import LEVELS, pcmci
from causalsim.discovery._result import DiscoveryResult
from causalsim.errors import InterruptedRunError, OptionError
from causalsim.graph import random_temporal_graph

SEEDS = st.integers(0, 2**32 - 1)

# run_pcmci(tau_max=2, pc_alpha=.2) of tigramite 5.2.10.1 on steps_of(); [cause, effect, lag]
VALUES = np.array(
    [
        [
            [0.0, 0.6426798347202117, -0.11788361360875416],
            [0.46052339891239974, 0.6224004173684395, -0.039983040916856526],
            [0.25276001036322115, 0.37049990209535233, -0.06474013149163788],
        ],
        [
            [0.46052339891239974, -0.06316505574615877, 0.012654451346012442],
            [0.0, 0.29162125401950717, -0.09476819089240308],
            [0.6275548180120467, 0.26667112974146784, 0.319605976883368],
        ],
        [
            [0.25276001036322115, -0.057188157770234616, 0.1601831457964734],
            [0.6275548180120467, -0.09431728240835068, -0.06900138239140537],
            [0.0, 0.12318597991857255, 0.009118954616635599],
        ],
    ]
)
P_VALUES = np.array(
    [
        [
            [1.0, 8.797715833772413e-10, 0.32402841406171434],
            [4.1375171940053554e-05, 4.139828290133925e-09, 0.7387847657905066],
            [0.032183925697741096, 0.001357169918112592, 0.5916887095467284],
        ],
        [
            [4.1375171940053554e-05, 0.598110391850814, 0.9159778575492706],
            [1.0, 0.012304911020834985, 0.42845065991541886],
            [2.8224636029549655e-09, 0.022573226253131493, 0.006206656451354351],
        ],
        [
            [0.032183925697741096, 0.6357062316242983, 0.17891330634436892],
            [2.8224636029549655e-09, 0.43399633104651797, 0.5674723669881268],
            [1.0, 0.3060886294001278, 0.9402764188146372],
        ],
    ]
)


def test_perfect_answers_give_lagged_graphs():
    rng = np.random.default_rng(0)
    for trial in range(40):
        p, lags = int(rng.integers(1, 5)), int(rng.integers(1, 3))
        graph = random_temporal_graph(p, max_lag=lags, contemporaneous=False, rng=rng)
        oracle = Oracle(graph.unroll(2 * lags + 1 + p * lags))
        assert pcmci(None, lags, oracle).graph == graph, (trial, graph)


def test_values_and_p_values_of_tigramite():
    found = pcmci(steps_of(), 2, alpha=0.99)
    rows = found.tests
    assert len(rows) == 3 + 9 * 2
    at = {name: k for k, name in enumerate(found.labels)}
    strength = {frozenset(e.split(" ")[::2]): v for e, v in found.strengths.items()}
    for x, y, p in rows[["x", "y", "p_value"]].itertuples(index=False):
        lag, i = divmod(at[y], 3)
        assert p == pytest.approx(P_VALUES[i, at[x], lag], rel=1e-8)
        assert strength[frozenset((x, y))] == pytest.approx(VALUES[i, at[x], lag], rel=1e-8)


@given(SEEDS, st.integers(1, 5), st.integers(30, 120), st.sampled_from([0.05, 0.2, 0.5]))
def test_every_link_is_tested_as_in_the_textbook(seed, p, steps, pc_alpha):
    frame = sample_of(seed, p, steps)
    bound = ParCorr()(lagged(frame, 2))
    chosen = textbook_pc1(bound, p, 2, pc_alpha)
    found = pcmci(frame, 2, pc_alpha=pc_alpha)
    rows = found.tests
    assert len(rows) == p * (p - 1) // 2 + 2 * p * p
    at = {name: k for k, name in enumerate(found.labels)}
    for x, y, s, p_value in rows[["x", "y", "given", "p_value"]].itertuples(index=False):
        assert {at[k] for k in s} == textbook_conditions(chosen, at[x], at[y])
        assert p_value == pytest.approx(bound(x, y, s).p_value)
        joined = found.static.skeleton[at[x], at[y]]
        assert joined == (p_value <= 0.05)


@given(SEEDS, st.integers(2, 5))
def test_the_order_of_variables_does_not_matter(seed, p):
    frame = sample_of(seed, p)
    order = np.random.default_rng(seed).permutation(frame.columns)
    one, two = pcmci(frame, 2), pcmci(frame[order], 2)
    assert two.graph.reorder(one.graph.nodes) == one.graph
    assert one.n_tests == two.n_tests


@given(SEEDS, st.sampled_from([0.01, 0.2, 0.6]))
def test_the_false_discovery_rate_is_that_of_scipy(seed, level):
    frame = sample_of(seed, 4)
    found = pcmci(frame, 2, alpha=0.999, fdr=level)
    rows = found.tests
    kept = rows[false_discovery_control(rows["p_value"]) <= level]
    expected = {frozenset(pair) for pair in kept[["x", "y"]].itertuples(index=False)}
    assert {frozenset(e.split(" ")[::2]) for e in found.graph.edges} == expected


def test_levels_are_chosen_for_each_variable_by_aic():
    frame = sample_of(3, 4, 150)
    found = pcmci(frame, 2, pc_alpha=None, record="all")
    bound = ParCorr()(lagged(frame, 2))
    every = [textbook_pc1(bound, 4, 2, level) for level in LEVELS]
    scores = [[gaussian_aic(bound, j, np.array(s, int)) for j, s in enumerate(c)] for c in every]
    best = np.argmin(scores, axis=0)
    words = ", ".join(f"{LEVELS[k]:g} for X{j}" for j, k in enumerate(best))
    assert f"pc_alpha was chosen by AIC: {words}" in found.notes
    assert len(set(best.tolist())) > 1
    chosen = [every[k][j] for j, k in enumerate(best)]
    again = pcmci(frame, 2, pc_alpha=None).tests.set_index(["x", "y"])["given"]
    at = {name: k for k, name in enumerate(found.labels)}
    for (x, y), s in again.items():
        assert {at[k] for k in s} == textbook_conditions(chosen, at[x], at[y])


def test_aic_is_that_of_a_regression():
    values = np.random.default_rng(0).normal(size=(50, 4))
    values[:, 0] += values[:, 2]
    empty, full = (gaussian_aic(FisherZ()(values), 0, np.array(s, int)) for s in ([], [1, 2, 3]))
    centred = values - values.mean(axis=0)
    left = np.linalg.lstsq(centred[:, 1:], centred[:, 0])[1][0]
    ratio = left / (centred[:, 0] ** 2).sum()
    assert full - empty == pytest.approx(50 * np.log(ratio) + 6)


def test_every_test_is_kept_on_request():
    frame = sample_of(0, 3)
    found = pcmci(frame, 2, record="all")
    assert len(found.tests) == found.n_tests == pcmci(frame, 2).n_tests
    assert (found.tests["depth"] == 0).sum() >= 3 * 3 * 2


def test_links_within_a_step_have_no_direction_and_are_noted():
    found = pcmci(steps_of(steps=300), 2)
    assert "x1 --- x2" in found.graph.edges
    assert any("within a time step: 'x0 --- x1'" in note for note in found.notes)
    quiet = pcmci(np.random.default_rng(0).normal(size=(300, 2)), 1, alpha=1e-6)
    assert quiet.graph.edges == ()
    assert not any("within a time step" in note for note in quiet.notes)


def test_knowledge_is_kept_and_saves_tests():
    frame = sample_of(1, 3, 100)
    rules = cs.Knowledge(
        required=["X0[t-2] --> X1", "X1 --> X2"], forbidden=["X2[t-*] --> X0", "X0 --- X1"]
    )
    found = pcmci(frame, 2, knowledge=rules)
    assert {"X0[t-2] --> X1", "X1 --> X2"} <= set(found.graph.edges)
    asked = {frozenset(pair) for pair in found.tests[["x", "y"]].itertuples(index=False)}
    assert len(asked) == 3 + 18 - 6 + 1
    assert not asked & {frozenset(("X2[t-1]", "X0")), frozenset(("X0", "X1"))}
    given_sets = found.tests[found.tests["x"] == "X1"]["given"]
    assert all("X0[t-2]" in s for s in given_sets)


def test_caps_take_the_strongest_conditions():
    frame = sample_of(2, 4, 200)
    chosen = textbook_pc1(ParCorr()(lagged(frame, 2)), 4, 2, 0.2)
    found = pcmci(frame, 2, max_conds_y=2, max_conds_x=1)
    at = {name: k for k, name in enumerate(found.labels)}
    for x, y, s in found.tests[["x", "y", "given"]].itertuples(index=False):
        now, (lag, i) = at[x], divmod(at[y], 4)
        mine = [k for k in chosen[now] if k != at[y]][:2]
        other = [k + lag * 4 for k in chosen[i][: 1 if lag else 2]]
        assert {at[k] for k in s} == {*mine, *other}
    free = pcmci(frame, 2, max_conds=0, record="all").tests
    assert free["depth"].iloc[: 4 * 8].max() == 0


def test_a_panel_is_one_sample():
    frame = sample_of(4, 3, 160)
    halves = [frame.iloc[:80], frame.iloc[80:].reset_index(drop=True)]
    whole, panel = pcmci(frame, 2), pcmci(halves, 2)
    assert (whole.n, panel.n) == (156, 152)
    masked = pcmci(frame, 2, mask=np.isin(np.arange(160), range(80, 84)))
    pd.testing.assert_frame_equal(masked.tests, panel.tests)


def test_progress_is_told_to_the_end():
    told = []
    pcmci(sample_of(0, 3), 2, progress=lambda *step: told.append(step))
    ends = [step for step in told if step[0] == step[1]]
    assert ends[0] == (18, 18, "candidates given 0 others")
    assert sum(total for _, total, message in ends if message.startswith("links")) == 3 + 18


def test_an_interruption_carries_what_was_found():
    bound = ParCorr()(lagged(sample_of(0, 3), 2))
    with pytest.raises(InterruptedRunError, match="interrupted after") as caught:
        pcmci(None, 2, Stopping(bound, [3]))
    assert caught.value.partial.record.n_tests > 0


def test_a_result_is_read_back():
    found = pcmci(steps_of(), 2)
    again = DiscoveryResult.from_dict(found.to_dict())
    assert again.graph == found.graph
    pd.testing.assert_frame_equal(again.tests, found.tests)


def test_alpha_must_be_given():
    with pytest.raises(OptionError, match="alpha=None: expected a number between 0 and 1"):
        pcmci(steps_of(), 2, alpha=None)


@pytest.mark.stats
def test_tests_keep_their_level_under_autocorrelation():
    """Two independent AR(1) processes with coefficient .9: 200 series, lags 1 and 2."""
    rejected = 0
    for seed in range(200):
        x = np.random.default_rng(seed).normal(size=(120, 2))
        for t in range(1, 120):
            x[t] += 0.9 * x[t - 1]
        rows = pcmci(x[20:], 2).tests.set_index(["x", "y"])["p_value"]
        rejected += int(rows["x1", "x0[t-1]"] <= 0.05)
    assert binomtest(rejected, 200, 0.05).pvalue > 1e-3
