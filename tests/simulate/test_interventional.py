"""Interventions: known distances, and graphs found again."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from causalsim.errors import GraphError
from causalsim.scm import TemporalSCM
from causalsim.simulate._interventional import interventional_distance, recovery

PAIR = TemporalSCM.from_weights({"X --> Y": 1.0, "Y[t-1] --> Z": 0.5})


def test_distance_of_a_shift_is_the_shift():
    truth = TemporalSCM.from_weights({"X --> Y": 1.0})
    double = TemporalSCM.from_weights({"X --> Y": 2.0})
    low, high = interventional_distance(double, truth, steps=1000, rng=0)
    for row, level in ((low, 0.1), (high, 0.9)):
        assert (row.treatment, row.outcome, row.level) == ("X", "Y", level)
        assert row.value == pytest.approx(norm.ppf(level), abs=0.05)
        # under do(X = v) the means are 2 v and v, the laws otherwise the same; sd of Y: sqrt(2)
        assert row.distance == pytest.approx(abs(row.value) / np.sqrt(2), abs=0.03)
        assert row.reference < 0.05


def test_the_truth_is_within_the_reference():
    rows = interventional_distance(PAIR, PAIR, paths=10, rng=0)
    assert {(row.treatment, row.outcome) for row in rows} == {("X", "Y"), ("X", "Z"), ("Y", "Z")}
    assert all(row.distance < 3 * row.reference + 0.01 for row in rows)


def test_descendants_of_either_graph_are_compared():
    reverse = TemporalSCM.from_weights({"Y --> X": 0.5, "Y[t-1] --> Z": 0.5})
    rows = interventional_distance(reverse, PAIR, rng=0)
    found = {(row.treatment, row.outcome): row for row in rows}
    assert set(found) == {("X", "Y"), ("X", "Z"), ("Y", "X"), ("Y", "Z")}
    assert found["X", "Y"].distance > 10 * found["X", "Y"].reference
    assert found["Y", "X"].distance > 10 * found["Y", "X"].reference


def test_recovery_of_a_clear_graph():
    model = TemporalSCM.from_weights(
        {"X[t-1] --> X": 0.6, "X[t-1] --> Y": 0.6, "Z[t-1] --> Z": 0.5, "Y --> Z": 0.7}
    )
    rows = {row["lag"]: row for row in recovery(model, steps=3000, alpha=1e-4, rng=0)}
    assert list(rows) == ["all", 0, 1]
    assert rows["all"]["true_edges"] == 4
    assert rows["all"]["skeleton_f1"] == rows[1]["arrowhead_f1"] == 1
    assert rows["all"]["shd"] == rows[0]["shd"] + rows[1]["shd"]
    poor = {row["lag"]: row for row in recovery(model, steps=30, alpha=1e-4, rng=0)}
    assert poor["all"]["skeleton_recall"] < 1


def test_refusals():
    with pytest.raises(GraphError, match="compare models of the same variables"):
        interventional_distance(PAIR, TemporalSCM.from_weights({"X --> Y": 1.0}))
