"""The benchmark of the judges runs, resumes, and its page is what its numbers give."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from causalsim.scm import TemporalSCM

DOCS = Path(__file__).parents[2] / "docs"

pytestmark = pytest.mark.filterwarnings("ignore::causalsim.errors.FitWarning")


def test_answers_are_kept_and_not_measured_again(script, tmp_path, capsys):
    measured = script("_kept").measured
    path = tmp_path / "kept.json"
    assert measured(path, {"a": lambda: 1}) == {"a": 1}
    again = measured(path, {"a": lambda: pytest.fail("measured twice"), "b": lambda: [2]})
    assert again == {"a": 1, "b": [2]} == json.loads(path.read_text())


@pytest.mark.parametrize("phi", [0.0, 0.9])
def test_autoregressions_are_stationary(script, phi):
    series = script("judging").autoregression(phi, 20_000, np.random.default_rng(0))
    assert series.std(axis=0) == pytest.approx(1, abs=0.1)
    assert (series[1:] * series[:-1]).mean(axis=0) == pytest.approx(phi, abs=0.1)


def test_random_splits_tell_two_draws_of_a_persistent_law_apart(script):
    found = script("judging").pairs(0.97, 3, steps=300)
    assert np.mean(found["published"]) > 0.75
    assert np.mean(found["blocked"]) < np.mean(found["published"]) - 0.1
    assert found["short"] == 3


def test_rejections_are_counted_in_every_situation(script, monkeypatch):
    monkeypatch.setattr(script("judging"), "DRAWS", 1)
    found = script("judging").rejections(0, trials=1, steps=300)
    assert list(found) == [
        f"{where}, {how}"
        for where in ("same rows", "held-out blocks")
        for how in ("refitted", "not refitted")
    ]
    assert all(0 <= count <= 1 for count in found.values())


def test_wrong_sign_is_far_from_the_truth(script):
    judging = script("judging")
    truth, wrong = (TemporalSCM.from_weights({"X --> Y": w}) for w in (1.0, -1.0))
    sizes = {"steps": 200, "paths": 2}
    right = judging.distances(truth, truth, 0, **sizes)
    far = judging.distances(wrong, truth, 0, **sizes)
    assert list(right) == list(far) == ["X"]
    assert right["X"]["mean"] <= right["X"]["most"] < 0.3
    assert far["X"]["mean"] > 1


def test_models_are_fitted_with_both_graphs(script, monkeypatch):
    judging = script("judging")
    monkeypatch.setattr(judging, "VARIABLES", 2)
    monkeypatch.setattr(judging, "DEGREE", 1)
    found = judging.under_do(0, fit_steps=120, mechanism="ridge", steps=50, paths=2)
    assert found["true graph, shd"] <= found["found graph, shd"]
    assert {*found["true graph"], *found["found graph"]} <= {"X0", "X1"}


def test_page_is_what_the_numbers_give(script):
    found = json.loads((DOCS / "judging.json").read_text())
    page = (DOCS / "judging.md").read_text()
    assert page.startswith(script("judging").report(found).rstrip())
