from __future__ import annotations

import pytest

from causalsim.errors import NameNotFoundError, OptionError
from causalsim.graph import Intervention, Policy, Replace, Set, Shift, interventions


def draw(n, rng):
    return rng.normal(size=n)


def test_a_plain_value_means_set_and_interventions_stay():
    policy, replace = Policy(max), Replace(draw)
    parsed = interventions({"X": 1, "blood pressure": Shift(0.5)}, Y=policy, Z=replace)
    assert parsed == {"X": Set(1), "blood pressure": Shift(0.5), "Y": policy, "Z": replace}
    assert all(isinstance(value, Intervention) for value in parsed.values())
    assert interventions() == interventions(None) == interventions({}) == {}


def test_the_given_mapping_is_not_changed():
    given = {"X": 1}
    interventions(given, Y=2)
    assert given == {"X": 1}


def test_refusals():
    with pytest.raises(OptionError, match=r"do=\['X'\]: expected a mapping; write do={'X': 1}"):
        interventions(["X"])
    with pytest.raises(OptionError, match="'X' is intervened on twice; give it once"):
        interventions({"X": 1}, X=2)
    with pytest.raises(NameNotFoundError, match=r"no variable 'x'.*Did you mean 'X'\?"):
        interventions({"x": 1}, known=["X", "Y"])
    assert interventions({"X": 1}, known=iter(["X"])) == {"X": Set(1)}


@pytest.mark.parametrize(
    ("window", "steps"),
    [
        (None, [0, 1, 2, 3, 4]),
        ((1, 3), [1, 2]),
        ((2, None), [2, 3, 4]),
        ((None, 2), [0, 1]),
        ((None, None), [0, 1, 2, 3, 4]),
    ],
)
def test_windows(window, steps):
    assert [t for t in range(5) if Set(1, window=window).active(t)] == steps


@pytest.mark.parametrize("window", [(3, 3), (4, 3)])
def test_windows_that_never_open(window):
    with pytest.raises(OptionError, match=r"starts at or after its end; write \(start, stop\)"):
        Shift(1.0, window=window)


@pytest.mark.parametrize("act", [Set(1), Set("yes", window=(0, 3)), Shift(0.5, window=(2, None))])
def test_repr_evaluates_back(act):
    assert eval(repr(act), {"Set": Set, "Shift": Shift}) == act  # noqa: S307


def test_interventions_are_frozen_and_differ_by_type():
    assert Set(1) != Shift(1)
    assert Set(1) != Set(1, window=(0, 1))
    with pytest.raises(AttributeError, match="cannot assign to field 'value'"):
        Set(1).value = 2
