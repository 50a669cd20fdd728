"""One suite over every invertible law, fixed and learnt."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest
from scipy.stats import norm as normal
from scipy.stats import t as student

from causalsim.errors import OptionError
from causalsim.scm import (
    KDE,
    NOISES,
    EmpiricalNoise,
    GaussianNoise,
    KernelNoise,
    LaplaceNoise,
    Spline,
    SplineNoise,
    StudentT,
    StudentTNoise,
    UniformNoise,
)

SKEWED = np.random.default_rng(0).gamma(2.0, 1.0, 400)
LAWS = [
    GaussianNoise(2.0, 1.0),
    LaplaceNoise(2.0, 1.0),
    StudentTNoise(2.0, 1.0, dof=4.0),
    UniformNoise(2.0, 1.0),
    EmpiricalNoise(tuple(SKEWED)),
    KDE().fit(SKEWED),
    Spline().fit(SKEWED),
]
IDS = [type(law).__name__ for law in LAWS]
every_law = pytest.mark.parametrize("law", LAWS, ids=IDS)


@every_law
@given(u=st.floats(1e-6, 1 - 1e-6))
def test_the_distribution_function_undoes_the_quantile(law, u):
    assert float(law.cdf(law.quantile(np.array([u])))[0]) == pytest.approx(u, abs=1e-9)


@every_law
@given(a=st.floats(-20, 20), b=st.floats(-20, 20))
def test_the_distribution_function_rises_from_0_to_1(law, a, b):
    low, high = law.cdf(np.array(sorted((a, b))))
    assert 0 <= low <= high <= 1


@every_law
def test_draws_follow_the_law(law):
    drawn = law.sample(4000, np.random.default_rng(1))
    assert kstest(drawn, law.cdf).pvalue > 1e-3


@every_law
def test_the_variance_is_that_of_the_quantiles(law):
    u = (np.arange(400_000) + 0.5) / 400_000
    assert law.quantile(u).var() == pytest.approx(law.variance, rel=0.02)


def test_student_t_is_the_textbook_s():
    law, x = StudentTNoise(2.0, 1.0, dof=5.0), np.linspace(-6, 6, 13)
    by_hand = student.cdf((x - 1) / (2 / np.sqrt(5 / 3)), 5)
    np.testing.assert_allclose(law.cdf(x), by_hand, atol=1e-12)
    with pytest.raises(OptionError, match="dof"):
        StudentTNoise(dof=2.0)


def test_student_t_is_learnt():
    values = student.rvs(5, size=6000, random_state=0)
    law = StudentT().fit(values)
    assert law.dof == pytest.approx(5, rel=0.3)
    assert law.sd == pytest.approx(np.sqrt(5 / 3), rel=0.1)


def test_a_kernel_density_is_the_mean_of_its_bells():
    law, x = KernelNoise((-1.0, 0.5, 2.0), bandwidth=0.4), np.linspace(-3, 4, 29)
    by_hand = normal.cdf((x[:, None] - np.array(law.values)) / 0.4).mean(axis=1)
    np.testing.assert_allclose(law.cdf(x), by_hand, atol=1e-6)


def test_a_spline_goes_through_its_knots_and_beyond_the_data():
    law = SplineNoise((-1.0, 0.0, 2.0), (0.2, 0.5, 0.9), (1.0, 2.0))
    np.testing.assert_allclose(law.cdf(np.array(law.points)), law.probabilities, atol=1e-12)
    assert law.quantile(np.array([1e-4]))[0] < -3
    assert law.cdf(np.array([100.0]))[0] == pytest.approx(1.0)


@pytest.mark.parametrize("name", sorted(NOISES))
def test_every_model_learns_location_and_spread(name):
    family = {"uniform": UniformNoise(), "laplace": LaplaceNoise()}.get(name, GaussianNoise())
    values = family.sample(4000, np.random.default_rng(0))
    law = NOISES[name].fit(3 + 2 * values)
    drawn = law.sample(4000, np.random.default_rng(1))
    assert drawn.mean() == pytest.approx(3.0, abs=0.15)
    assert drawn.std() == pytest.approx(2.0, rel=0.12)
