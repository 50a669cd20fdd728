"""One promise over many cells: where independence holds, at most one test in twenty rejects."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from causalsim.citest import get

ALPHA, ROWS, TRIALS = 0.05, 100, 200
TESTS = ("kci", "qpc_plus")
SIZES = (0, 1, 2)


def linear(rng, z):
    """Lines, heavy-tailed noise on one side."""
    return z.sum(axis=1) + rng.standard_t(5, ROWS), rng.normal(size=ROWS) - z.sum(axis=1)


def smooth(rng, z):
    """Sums of a bend and a wave of each column."""
    x = np.tanh(z).sum(axis=1) + 0.5 * rng.normal(size=ROWS)
    return x, np.sin(1.5 * z).sum(axis=1) + 0.5 * rng.exponential(size=ROWS)


def single_index(rng, z):
    """A wave and a square of one direction."""
    index = z.sum(axis=1) / max(z.shape[1], 1) ** 0.5
    noise = 0.5 * rng.normal(size=(2, ROWS))
    return np.sin(2 * index) + noise[0], index**2 / 2 + noise[1]


def squares(rng, z):
    """One sum of squares behind both."""
    shared = (z**2).sum(axis=1) / np.sqrt(2 * z.shape[1])
    return shared + 0.4 * rng.normal(size=(2, ROWS))


def sines(rng, z):
    """One sum of waves behind both."""
    shared = np.sin(2 * z).sum(axis=1) / np.sqrt(z.shape[1])
    return shared + 0.4 * rng.normal(size=(2, ROWS))


FAMILIES = (linear, smooth, single_index)


def rejections(name, family, k):
    hits, given = 0, [f"x{j}" for j in range(2, 2 + k)]
    for seed in range(TRIALS):
        rng = np.random.default_rng([seed, k])
        z = rng.normal(size=(ROWS, k))
        test = get(name)(np.column_stack([*family(rng, z), z]))
        hits += test("x0", "x1", given).p_value <= ALPHA
    return int(hits)


@pytest.mark.stats
def test_the_level_holds_in_every_cell():
    """Bonferroni over all cells."""
    cells = [(name, family, k) for name in TESTS for family in FAMILIES for k in SIZES]
    worst = {}
    for name, family, k in cells:
        hits = rejections(name, family, k)
        p = binomtest(hits, TRIALS, ALPHA, alternative="greater").pvalue
        worst[name, family.__name__, k] = hits / TRIALS, p
    below = {cell: found for cell, found in worst.items() if found[1] <= 1e-3 / len(cells)}
    assert not below


@pytest.mark.stats
@pytest.mark.parametrize("family", [squares, sines])
def test_a_sum_that_both_follow_is_learned(family):
    """A regression that looks along few directions rejects a third of these."""
    hits = rejections("kci", family, 3)
    assert binomtest(hits, TRIALS, ALPHA, alternative="greater").pvalue > 1e-3
