"""MMD and energy distance: classical formulas by loops, levels and power over blocks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import lfilter
from scipy.stats import binomtest

from causalsim.errors import DataError, OptionError
from causalsim.simulate._mmd import WindowDistance, block_statistic, window_distance
from causalsim.simulate._windows import interleaved


def ar(phi, steps, p, rng):
    return lfilter([1], [1, -phi], rng.normal(size=(steps + 500, p)), axis=0)[500:]


@given(st.integers(2, 6), st.integers(2, 6), st.integers(0, 99))
def test_blocks_of_one_window_give_the_u_statistic(m, n, seed):
    x, y = np.split(np.random.default_rng(seed).normal(size=(m + n, 2)), [m])
    kernel = lambda a, b: np.exp(-((a - b) ** 2).sum())
    within = lambda z: np.mean(
        [kernel(a, b) for i, a in enumerate(z) for j, b in enumerate(z) if i != j]
    )
    across = np.mean([kernel(a, b) for a in x for b in y])
    both = np.vstack([x, y])
    gram = np.array([[kernel(a, b) for b in both] for a in both])
    sides = np.arange(m + n)[None] < m
    found = block_statistic(gram, np.ones(m + n, int), sides)
    np.testing.assert_allclose(found, within(x) + within(y) - 2 * across, atol=1e-12)


def test_pairs_of_one_block_are_left_out():
    sizes = np.array([1, 2, 3, 1])
    numbers = np.repeat(np.arange(4), sizes)
    gram = np.random.default_rng(0).normal(size=(7, 7))
    gram += gram.T
    sums = np.array([[gram[np.ix_(numbers == a, numbers == b)].sum() for b in range(4)] for a in range(4)])  # fmt: skip  # noqa: E501
    real = numbers < 2
    apart = numbers[:, None] != numbers
    mean = lambda a, b: gram[np.outer(a, b) & apart].mean()
    expected = mean(real, real) + mean(~real, ~real) - 2 * mean(real, ~real)
    found = block_statistic(sums, sizes, np.array([[True, True, False, False]]))
    np.testing.assert_allclose(found, expected)


def test_energy_distance_of_a_shift():
    """Of two normal laws on the line it has a closed form; windows of one step are rows."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(20_000, 1)), rng.normal(1.0, size=(20_000, 1))
    found = window_distance(x, y, width=1, permutations=1, rng=0)
    scale = np.vstack([x, y]).std()
    fresh = np.random.default_rng(1).normal(size=(4, 200_000))
    gap = np.abs(fresh[0] - fresh[1] - 1).mean() * 2
    gap -= np.abs(fresh[0] - fresh[1]).mean() + np.abs(fresh[2] - fresh[3]).mean()
    assert found.energy == pytest.approx(gap / scale, abs=0.03)


@pytest.mark.stats
def test_the_level_holds_under_autocorrelation():
    rng = np.random.default_rng(0)
    found = [
        window_distance(
            ar(0.8, 400, 2, rng), ar(0.8, 400, 2, rng), width=2, block=40, permutations=99, rng=rng
        )
        for _ in range(200)
    ]
    for name in ("mmd_p", "energy_p"):
        hits = sum(getattr(one, name) <= 0.1 for one in found)
        assert binomtest(hits, 200, 0.1).pvalue > 1e-3
    values = np.array([one.mmd for one in found])
    assert abs(values.mean()) < 4 * values.std() / np.sqrt(200)


def test_lost_correlation_between_variables_is_seen():
    rng = np.random.default_rng(0)
    real = ar(0.5, 1500, 2, rng)
    real[:, 1] += 2 * real[:, 0]
    apart = np.array([np.column_stack([real[:, 0], real[rng.permutation(1500), 1]])] * 2)
    found = window_distance(real, apart, rng=0)
    assert found.mmd_p < 0.01
    assert found.energy_p < 0.01
    assert (found.real_blocks, found.simulated_blocks) == (15, 30)
    assert found == WindowDistance.from_dict(found.to_dict())
    assert "15 real blocks, 30 simulated" in found.summary()


def test_rows_held_out_are_the_ones_compared():
    rng = np.random.default_rng(0)
    real, same = rng.normal(size=(2, 600, 1))
    fit, held = interleaved(600, 50)
    for row in fit:
        real[row] += 50
    assert window_distance(real, same, held=held, block=50, rng=0).energy < 0.5
    assert window_distance(real, same, block=50, rng=0).energy > 0.5


def test_units_do_not_matter():
    rng = np.random.default_rng(0)
    real, other = rng.normal(size=(2, 600, 2))
    units = np.array([1000.0, 0.01])
    first = window_distance(pd.DataFrame(real, columns=["A", "B"]), other, rng=0)
    second = window_distance(real * units, other * units, rng=0)
    assert first.mmd == pytest.approx(second.mmd)
    assert first.energy_p == second.energy_p


def test_too_few_blocks_are_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(DataError, match="2 real and 2 simulated blocks"):
        window_distance(rng.normal(size=(200, 1)), rng.normal(size=(200, 1)))
    with pytest.raises(DataError, match="2 real series"):
        window_distance(rng.normal(size=(2, 600, 1)), rng.normal(size=(600, 1)))
    with pytest.raises(OptionError, match="block=0"):
        window_distance(rng.normal(size=(600, 1)), rng.normal(size=(600, 1)), block=0)


def test_slow_series_get_longer_blocks():
    rng = np.random.default_rng(0)
    slow = ar(0.99, 3000, 1, rng)
    found = window_distance(slow, ar(0.99, 3000, 1, rng), block=20, rng=0)
    assert found.block > 20
    assert "autocorrelation time" in found.notes[0]
