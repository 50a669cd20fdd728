"""The recurrent discriminator: sees orders that no margin shows, repeats, leaves torch alone."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from causalsim import simulate
from causalsim.errors import MissingExtraError, OptionError
from causalsim.simulate._discriminators import LSTM, get_panel, importance, placements

SMALL = LSTM(hidden=12, layers=1, epochs=15)
INSTALL = r"LSTM needs torch.*pip install 'causalsim\[torch\]'"


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="torch is an optional extra")


def classes(n, shift=0.0, seed=0):
    """Draw windows of 3 steps of 2 variables; those of label True are shifted."""
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(n, 3, 2)), np.arange(n) % 2 == 1
    x[y] += shift
    return x, y


def area(member, train, test, seed=0):
    scores = member.scores(*train, test[0], np.random.default_rng(seed))
    return placements(scores, test[1])[test[1]].mean()


def test_without_torch_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    x, y = classes(8)
    with pytest.raises(MissingExtraError, match=INSTALL):
        LSTM().scores(x, y, x, np.random.default_rng(0))


def test_without_torch_a_test_refuses_before_it_begins(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtraError, match=INSTALL):
        simulate.c2st(None, None, panel=["svc", "lstm"])


@pytest.mark.parametrize("wrong", [{"layers": 0}, {"dropout": 1.0}, {"rate": 0.0}])
def test_numbers_out_of_range_are_refused(wrong):
    with pytest.raises(OptionError, match="expected positive numbers, and dropout"):
        LSTM(**wrong)


def test_a_shift_is_seen_and_equal_laws_are_not(torch):
    train, test = classes(200, shift=1.5), classes(200, shift=1.5, seed=1)
    assert area(SMALL, train, test) > 0.8
    assert abs(area(SMALL, classes(200), classes(200, seed=1)) - 0.5) < 0.12


def test_the_order_of_steps_is_seen(torch):
    """Rising against falling windows: every margin and every lag product is the same."""
    rng = np.random.default_rng(0)
    y = np.arange(400) % 2 == 1
    x = np.sort(rng.normal(size=(400, 5, 1)), axis=1)
    x[y] = x[y, ::-1]
    assert area(SMALL, (x[:200], y[:200]), (x[200:], y[200:])) > 0.95


def test_scores_repeat_and_torch_is_left_as_it_was(torch):
    x, y = classes(60, shift=1.0)
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    scores = [SMALL.scores(x, y, x, np.random.default_rng(seed)) for seed in (0, 0, 1)]
    torch.rand(3)
    again = SMALL.scores(x, y, x, np.random.default_rng(0))
    torch.set_rng_state(state)
    np.testing.assert_array_equal(scores[0], scores[1])
    np.testing.assert_array_equal(scores[0], again)
    assert (scores[0] != scores[2]).any()
    assert torch.get_num_threads() == threads


def test_global_settings_of_torch_do_not_matter(torch):
    x, y = classes(60, shift=1.0)
    x.flags.writeable = y.flags.writeable = False
    plain = SMALL.scores(x, y, x, np.random.default_rng(0))
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(2)
    try:
        with torch.no_grad():
            other = SMALL.scores(x, y, x, np.random.default_rng(0))
        assert torch.get_num_threads() == 2
        assert torch.get_default_dtype() == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)
        torch.set_num_threads(threads)
    np.testing.assert_array_equal(plain, other)
    assert torch.equal(state, torch.get_rng_state())


def test_two_layers_with_dropout_repeat(torch):
    member = LSTM(hidden=6, epochs=3, dropout=0.5)
    x, y = classes(40, shift=1.0)
    first, again = (member.scores(x, y, x, np.random.default_rng(0)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    half = member.scores(x, y, x[:20], np.random.default_rng(0))
    np.testing.assert_allclose(half, first[:20], atol=1e-5)


def test_it_judges_paths_in_a_panel(torch):
    rng = np.random.default_rng(0)
    real, right, wrong = rng.normal(size=(3, 240, 2))
    wrong[:, 1] = wrong[:, 0]
    panel = ["logistic", LSTM(hidden=16, layers=1, epochs=12, rate=0.02)]
    assert get_panel(panel)[1] is panel[1]
    options = {"panel": panel, "widths": (1,), "folds": 3, "reference": False, "rng": 0}
    assert simulate.c2st(real, wrong, **options).auc > 0.75
    assert simulate.c2st(real, right, **options).auc < 0.65


def test_importance_finds_the_variable(torch):
    train, test = classes(200), classes(200, seed=1)
    for x, y in (train, test):
        x[y, :, 0] += 2.0
    drop = importance(SMALL, train, test, np.random.default_rng(0))
    assert drop.shape == (3, 2)
    assert drop[:, 0].sum() > 0.1
    assert np.abs(drop[:, 1]).max() < 0.05
