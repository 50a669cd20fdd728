"""Utility: known forecasts, and simulators that are good or bad for training."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import r2_score

from causalsim.errors import DataError, OptionError
from causalsim.scm import TemporalSCM
from causalsim.simulate._baselines import row_shuffle
from causalsim.simulate._utility import LEARNERS, utility

MODEL = TemporalSCM.from_weights({"X[t-1] --> X": 0.9, "X[t-1] --> Y": 1.0})
REAL = MODEL.sample(1500, rng=0).array[0]
GOOD = MODEL.sample(1500, 2, rng=1).array


def table(rows):
    return {(r.train, r.test, r.learner, r.horizon, r.variable): r for r in rows}


def test_every_row_has_its_names():
    rows = utility(REAL[:300], GOOD[:, :300], ["X", "Y"], horizons=[1, 3], rng=0)
    wanted = {
        (*where, learner, horizon, name)
        for where in [("real", "real"), ("simulated", "real"), ("real", "simulated")]
        for learner in LEARNERS
        for horizon in (1, 3)
        for name in "XY"
    }
    assert set(table(rows)) == wanted
    assert len(rows) == len(wanted)
    assert rows == utility(REAL[:300], GOOD[:, :300], ["X", "Y"], horizons=[1, 3], rng=0)


def test_forecasts_of_a_known_process():
    rows = table(utility(REAL, GOOD, ["X", "Y"], max_lag=1, horizons=[1, 4], rng=0))
    for train, test in [("real", "real"), ("simulated", "real"), ("real", "simulated")]:
        for horizon in (1, 4):
            row = rows[train, test, "ridge", horizon, "X"]
            # x[t+h] is explained by x[t] to phi ** (2 h)
            assert row.r2 == pytest.approx(0.9 ** (2 * horizon), abs=0.1)
        # the error of the best forecast over that of "no change", whose sd is sqrt(2 / 1.9)
        assert rows[train, test, "ridge", 1, "X"].mase == pytest.approx(np.sqrt(0.95), abs=0.08)


def test_real_on_real_by_hand():
    row = table(utility(REAL, GOOD[:1], ["X", "Y"], max_lag=1, horizons=[1], rng=0))
    cut = int(0.7 * len(REAL))
    train, test = REAL[:cut], REAL[cut:]
    design = np.column_stack([np.ones(cut - 1), train[:-1]])
    weights = np.linalg.lstsq(design, train[1:])[0]
    told = weights[0] + test[:-1] @ weights[1:]
    for i, name in enumerate("XY"):
        got = row["real", "real", "ridge", 1, name]
        assert got.r2 == pytest.approx(r2_score(test[1:, i], told[:, i]), abs=5e-3)
        naive = np.abs(np.diff(train[:, i])).mean()
        assert got.mase == pytest.approx(np.abs(test[1:, i] - told[:, i]).mean() / naive, abs=5e-3)


def test_a_bad_simulator_is_bad_for_training():
    bad = table(utility(REAL, row_shuffle(REAL, 1, 0), ["X", "Y"], horizons=[1], rng=0))
    good = table(utility(REAL, GOOD[:1], ["X", "Y"], horizons=[1], rng=0))
    for learner in LEARNERS:
        where = ("simulated", "real", learner, 1, "X")
        best = good["real", "real", learner, 1, "X"].r2
        assert good[where].r2 > best - 0.05
        assert bad[where].r2 < 0.1 < best


def test_nothing_to_explain():
    still = GOOD[:1].copy()
    still[:, :, 1] = 2.0
    rows = table(utility(REAL, still, ["X", "Y"], horizons=[1], rng=0))
    assert rows["real", "simulated", "ridge", 1, "Y"].r2 is None
    assert rows["real", "simulated", "ridge", 1, "Y"].mase is None
    assert rows["simulated", "real", "ridge", 1, "Y"].r2 is not None


def test_one_variable():
    rows = utility(REAL[:200, :1], GOOD[:, :200, :1], horizons=[1], rng=0)
    assert len(rows) == 6


def test_refusals():
    with pytest.raises(DataError, match="has 20 steps"):
        utility(REAL[:20], GOOD, horizons=[6])
    with pytest.raises(OptionError, match="horizons: 0"):
        utility(REAL, GOOD, horizons=[0])
    with pytest.raises(OptionError, match="max_lag: 0"):
        utility(REAL, GOOD, max_lag=0)
