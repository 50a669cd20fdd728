"""The benchmark of realism runs on small series, and its page is what its numbers give."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from causalsim.simulate import Plan, Round

DOCS = Path(__file__).parents[2] / "docs"

pytestmark = pytest.mark.filterwarnings("ignore::causalsim.errors.FitWarning")


def _series(seed, steps=400):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(steps, 2))
    for t in range(1, steps):
        x[t] += 0.6 * x[t - 1]
    return x


@pytest.fixture
def small(script, monkeypatch):
    """The scripts, with cheap recipes and a small series beside one that is half a copy."""
    realism, simulators = script("realism"), script("_simulators")
    real, released = _series(0), _series(1) + 1.5
    for start in range(0, len(real), 40):
        released[start : start + 20] = real[start : start + 20]
    monkeypatch.setattr(realism, "read", lambda _, suffix="": released if suffix else real)
    ridge = {"sparse": ("pcmci_plus", 0.001, "ridge"), "dense": ("dense", None, "ridge")}
    monkeypatch.setattr(simulators, "RECIPES", ridge)
    monkeypatch.setattr(simulators, "ROUNDS", (Round("logistic", 1),))
    monkeypatch.setattr(realism, "PATHS", 2)
    monkeypatch.setattr(realism, "Plan", _cheap)
    return realism


def _cheap(panel="default", **options):
    """Give a plan with a panel of two in place of the default one."""
    blocked = panel == "default" and "protocol" not in options
    return Plan(["svc", "logistic"] if blocked else panel, **options)


def test_sets_like_c1_are_bounded_and_repeat(script):
    c1_like = script("_simulators").c1_like
    first, second = c1_like(11, steps=500)
    assert first.shape == second.shape == (500, 10)
    assert np.abs(first).max() < 50
    assert first.mean(axis=0) == pytest.approx(second.mean(axis=0), abs=0.2)
    assert (c1_like(11, steps=500)[0] == first).all()
    assert not (first == second).any()


def test_search_looks_at_fitted_rows_alone(script, small):
    choose, real = script("_simulators").choose, _series(0)
    fit, held = small.blocks(real)
    spoilt = real.copy()
    for row in held:
        spoilt[row] = _series(7)[row]
    assert choose(real, fit, held) == choose(spoilt, fit, held)


def test_choice_of_the_search_is_judged(small, monkeypatch):
    found = small.by_act("set", {})
    assert found["recipe"] in found["by_recipe"]
    assert 0 <= found["interval"][0] <= found["auc"] <= 1
    monkeypatch.setattr(small, "of_recipe", lambda *_: pytest.fail("judged twice"))
    known = {f"set|{found['recipe']}": {"auc": 0.123}}
    assert small.by_act("set", known)["auc"] == 0.123


def test_windows_that_are_no_copies_give_a_bad_series_away(small):
    every = small.of_others("set", "CausalTime")
    new = small.not_copied("set")
    assert every["alarm"]
    assert every["copied"] == pytest.approx(0.5)
    assert 0.3 < new["share"] < 0.5
    assert new["svc"] > every["auc"] + 0.1
    assert new["default"] >= new["svc"]


def test_published_protocol_takes_peers_and_recipes(small):
    peer, mine = small.published("set", "CausalTime"), small.published("set", "sparse")
    assert len(peer["each"]) == 1
    assert len(mine["each"]) == 3
    assert mine["auc"] == pytest.approx(np.mean(mine["each"]))
    assert mine["copied"] == 0 < peer["copied"]
    assert mine["ceiling"] == peer["ceiling"]


def test_page_is_what_the_numbers_give(script):
    found = json.loads((DOCS / "simulation.json").read_text())
    page = (DOCS / "simulation.md").read_text()
    assert page.startswith(script("_realism_report").report(found).rstrip())


def test_second_series_of_the_law_stands_beside_ours(small):
    found = small.c1(11, steps=200, variables=3)
    assert list(found) == ["ours", "true law", "ceiling"]
    assert all(0 < auc < 1 for auc in found.values())
