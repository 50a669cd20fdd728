"""Parity with the installed causal-learn on small random data, rule by rule."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

import causalsim as cs
from causalsim.compat import causal_learn_pc

pytestmark = pytest.mark.peer

CODES = [*product((0, 1), range(-1, 5)), *product((2,), (-1, 2, 3, 4))]


def reference(values, test, alpha, rule, priority):
    peer = pytest.importorskip("causallearn.search.ConstraintBased.PC")
    options = dict(uc_rule=rule, uc_priority=priority, show_progress=False)
    return peer.pc(values, alpha, test, True, **options).G.graph


def assert_parity(samples, test, rule, priority):
    for values, alpha in samples:
        expected = reference(values, test, alpha, rule, priority)
        found = causal_learn_pc(values, test, alpha, rule, priority)
        np.testing.assert_array_equal(found, expected)


def gaussian_samples(count):
    for seed in range(count):
        rng = np.random.default_rng(seed)
        p, n = int(rng.integers(4, 10)), int(rng.integers(50, 400))
        values = cs.random_scm(p, degree=3, rng=rng).sample(n, rng=rng).to_numpy()
        yield values, (0.01, 0.05, 0.2)[seed % 3]


def discrete_samples(count):
    for seed in range(count):
        rng = np.random.default_rng(seed)
        codes = rng.integers(0, 3, (400, 5))
        for j in range(1, 5):
            copied = rng.random(400) < 0.4
            codes[copied, j] = codes[copied, rng.integers(0, j)]
        yield codes, 0.05


@pytest.mark.parametrize(("rule", "priority"), CODES)
def test_fisher_z(rule, priority):
    assert_parity(gaussian_samples(12), "fisherz", rule, priority)


@pytest.mark.parametrize("test", ["chisq", "gsq"])
@pytest.mark.parametrize(("rule", "priority"), [(0, 2), (1, -1), (2, -1)])
def test_discrete(test, rule, priority):
    assert_parity(discrete_samples(4), test, rule, priority)
