"""Limits of draws and memory, and how specs and bound tests are written."""

from __future__ import annotations

import numpy as np
import pytest

from causalsim.citest import GCM, QPC, RCIT, FisherZ, KernelCI, QPCPlus, cached, self_check
from causalsim.citest._nulls import log_spectral_tail
from causalsim.errors import LimitError, OptionError

DATA = np.random.default_rng(0).normal(size=(60, 3))
RANKED = [
    (lambda m: KernelCI(null="permutation", draws=m), "draws"),
    (lambda m: KernelCI(null="spectral", draws=m), "draws"),
    (lambda m: GCM(weighted=True, draws=m), "draws"),
    (lambda m: RCIT(null="permutation", permutations=m), "permutations"),
]


@pytest.mark.parametrize(("make", "option"), RANKED)
def test_draws_too_few_to_reject_or_too_many_are_refused(make, option):
    with pytest.raises(OptionError, match=f"{option}=18: .*write {option}=19 or more"):
        make(18)
    with pytest.raises(OptionError, match=f"{option}=100001: expected at most 100000"):
        make(100_001)
    assert make(19).least_p == 0.05


@pytest.mark.parametrize("null", ["permutation", "spectral"])
def test_nineteen_draws_can_reject_at_five_per_cent(null):
    x, y = DATA.T[:2]
    found = KernelCI(null=null, draws=19)(np.column_stack([x, x**2 + y / 100]))("x0", "x1")
    assert found.log_p <= np.log(0.05)


def test_a_level_below_every_p_value_is_refused():
    spec = KernelCI(null="permutation", draws=99)
    spec.refuse_level(0.01)
    KernelCI().refuse_level(1e-9)
    with pytest.raises(OptionError, match="never below 0.01, .* draw 999 times"):
        self_check(spec, DATA, "x0", "x1", alpha=0.001)


def test_draws_in_parts_have_the_law_of_the_whole():
    weights, rng = np.full(300, 0.5), np.random.default_rng(1)
    sums = np.random.default_rng(1).chisquare(1, size=(5000, 300)) @ weights
    expected = (1 + (sums >= 155).sum()) / 5001
    tail = log_spectral_tail(155.0, weights, draws=5000, rng=rng)
    assert np.exp(tail) == pytest.approx(expected, rel=1e-12)


def test_features_beyond_the_memory_are_refused():
    with pytest.raises(LimitError, match="features=100000 and features_z=100 on 60 rows"):
        RCIT(features=100_000)(DATA)
    with pytest.raises(LimitError, match="the limit is 1,073,741,824"):
        RCIT(features_z=10**7, null="permutation")(DATA)


def test_repetitions_are_bounded():
    with pytest.raises(OptionError, match="repetitions=100001: expected at most 100000"):
        self_check("fisher_z", DATA, "x0", "x1", repetitions=100_001)


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        (FisherZ(), "fisher_z"),
        (KernelCI(), "kci"),
        (KernelCI(null="hbe", seed=3), "kci(null=hbe, seed=3)"),
        (QPCPlus(), "qpc_plus(feature_map=zz, scale=0.25)"),
    ],
)
def test_text_is_the_name_and_what_was_changed(spec, text):
    assert str(spec) == text
    bound = spec(DATA)
    assert repr(bound) == repr(cached(bound)) == f"<{text} on 60 rows of 'x0', 'x1', 'x2'>"


@pytest.mark.parametrize(("n", "said"), [(30, "0.21 given 2, 0.35 given 3"), (60, "0.14 given 1")])
def test_a_lost_level_is_told_with_its_measure(n, said):
    notes = QPC(insist=True)(DATA[:n]).notes
    assert any("level of 'qpc' is lost" in note and said in note for note in notes)
    assert not any("lost" in note for note in QPC()(DATA[:n]).notes)
