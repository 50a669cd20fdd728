"""The contest of forecasts: a proper score, and who wins where."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from causalsim.errors import OptionError
from causalsim.scm.contest import Contest, crps
from causalsim.scm.mechanisms import Linear

FLOATS = st.floats(-100, 100)


@given(arrays(float, (3, 5), elements=FLOATS), arrays(float, 3, elements=FLOATS))
def test_the_score_is_that_of_all_pairs_of_draws(draws, observed):
    for row, y, score in zip(draws, observed, crps(draws, observed), strict=True):
        pairs = [abs(a - b) for i, a in enumerate(row) for b in row[i + 1 :]]
        assert score == pytest.approx(np.abs(row - y).mean() - np.mean(pairs) / 2, abs=1e-9)


def test_the_score_is_proper():
    rng = np.random.default_rng(0)
    y = rng.normal(size=20_000)
    scores = {
        sd: crps(rng.normal(0, sd, (20_000, 20)), y).mean() for sd in (0.5, 0.8, 1.0, 1.25, 2.0)
    }
    assert min(scores, key=scores.get) == 1.0
    assert scores[1.0] == pytest.approx(1 / np.sqrt(np.pi), abs=0.01)


CHILDREN = {
    "linear": lambda x, e: x[:, 0] + e,
    "bend": lambda x, e: x[:, 0] ** 2 + 0.5 * e,
    "spread": lambda x, e: x[:, 0] + e * np.exp(np.abs(x[:, 1])),
    "product": lambda x, e: 2 * x[:, 0] * x[:, 1] * np.sign(x[:, 2]) + 0.2 * e,
}


@pytest.mark.parametrize(
    ("form", "winner"),
    [
        ("linear", "Ridge"),
        ("bend", "Additive"),
        ("spread", "Scaled"),
        ("product", "ForestSampler"),
    ],
)
def test_each_form_has_its_winner(form, winner):
    won = []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        x, e = rng.normal(size=(700, 3)), rng.normal(size=700)
        chosen = Contest().choose(x, CHILDREN[form](x, e), np.random.default_rng(1))
        won.append(type(chosen).__name__)
    assert won.count(winner) >= 3, won


def test_few_rows_and_no_parents_are_linear():
    rng = np.random.default_rng(0)
    for shape in ((30, 2), (500, 0)):
        assert Contest().choose(rng.normal(size=shape), rng.normal(size=shape[0]), rng) == Linear()


def test_an_empty_contest_is_refused():
    with pytest.raises(OptionError, match="give a candidate"):
        Contest(())
