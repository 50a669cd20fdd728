"""Laws of noise and how they are learnt."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from causalsim.errors import DataError, OptionError
from causalsim.scm import (
    AutoNoise,
    Empirical,
    EmpiricalNoise,
    Gaussian,
    GaussianNoise,
    Laplace,
    LaplaceNoise,
    SamplerNoise,
    Uniform,
    UniformNoise,
    ZeroNoise,
    get_noise,
)

SD, MEAN = 2.0, -1.0
LAWS = {
    "gaussian": (GaussianNoise(SD, MEAN), stats.norm(MEAN, SD)),
    "laplace": (LaplaceNoise(SD, MEAN), stats.laplace(MEAN, SD / np.sqrt(2))),
    "uniform": (
        UniformNoise(SD, MEAN),
        stats.uniform(MEAN - SD * np.sqrt(3), 2 * SD * np.sqrt(3)),
    ),
    "empirical": (
        EmpiricalNoise((3.0, 0.0, 1.0)),
        stats.rv_histogram(([0.5, 0.5], [0.0, 1.0, 3.0]), density=False),
    ),
}


@pytest.mark.parametrize("name", LAWS)
def test_laws_agree_with_scipy(name):
    law, oracle = LAWS[name]
    x, u = np.linspace(-6, 6, 41), np.linspace(0, 1, 11)[1:-1]
    assert np.allclose(law.cdf(x), oracle.cdf(x))
    assert np.allclose(law.quantile(u), oracle.ppf(u))
    assert np.allclose(law.cdf(law.quantile(u)), u)
    assert law.variance == pytest.approx(oracle.var())


@pytest.mark.parametrize("name", LAWS)
def test_samples_follow_the_law(name):
    law, oracle = LAWS[name]
    assert stats.kstest(law.sample(5000, np.random.default_rng(1)), oracle.cdf).pvalue > 1e-3


def test_ends_of_the_unit_interval():
    ends = np.array([0.0, 1.0])
    assert (LaplaceNoise().quantile(ends) == [-np.inf, np.inf]).all()
    assert (GaussianNoise().quantile(ends) == [-np.inf, np.inf]).all()
    assert np.allclose(UniformNoise().quantile(ends), [-np.sqrt(3), np.sqrt(3)])


@given(st.lists(st.floats(-100, 100), min_size=2, max_size=30))
def test_empirical_cdf_is_monotone_and_reaches_its_ends(values):
    law = EmpiricalNoise(tuple(values))
    x = np.linspace(-101, 101, 200)
    cdf = law.cdf(x)
    assert (np.diff(cdf) >= 0).all()
    assert cdf[0] == 0
    assert cdf[-1] == 1
    assert law.quantile(np.array([0.0, 1.0])).tolist() == [min(values), max(values)]


def test_no_noise():
    law = ZeroNoise()
    assert (law.sample(3, np.random.default_rng(0)) == 0).all()
    assert law.cdf(np.array([-1.0, 0.0, 1.0])).tolist() == [0, 1, 1]
    assert law.quantile(np.array([0.2])).tolist() == [0]
    assert law.variance == 0


def test_sampler_gets_size_and_stream():
    law = SamplerNoise(lambda n, rng: rng.random(n))
    assert (law.sample(4, np.random.default_rng(0)) == np.random.default_rng(0).random(4)).all()
    assert (SamplerNoise(lambda _n, _rng: 2).sample(3, np.random.default_rng(0)) == 2).all()


@pytest.mark.parametrize(
    ("model", "name"), [(Gaussian(), "gaussian"), (Laplace(), "laplace"), (Uniform(), "uniform")]
)
def test_models_recover_their_own_law(model, name):
    law, _ = LAWS[name]
    fitted = model.fit(law.sample(20_000, np.random.default_rng(2)))
    assert type(fitted) is type(law)
    assert fitted.sd == pytest.approx(SD, rel=0.03)
    assert fitted.mean == pytest.approx(MEAN, abs=0.06)


def test_empirical_keeps_the_residuals():
    assert Empirical().fit(np.array([2.0, 1.0])).values == (1.0, 2.0)


def test_auto_keeps_its_level_and_sees_skewness():
    trials = 300
    rng = np.random.default_rng(3)
    kept = sum(
        isinstance(AutoNoise().fit(rng.normal(size=1000)), GaussianNoise) for _ in range(trials)
    )
    assert stats.binomtest(kept, trials, 0.985, alternative="less").pvalue > 1e-3
    assert isinstance(AutoNoise().fit(rng.exponential(size=1000)), EmpiricalNoise)


def test_bad_options_are_refused():
    assert get_noise(Laplace()) == get_noise("laplace")
    with pytest.raises(OptionError, match="noise='normal' is unknown"):
        get_noise("normal")
    with pytest.raises(OptionError, match=r"sd=0: expected a positive number.*ZeroNoise\(\)"):
        GaussianNoise(0)
    with pytest.raises(DataError, match="1 values; an empirical law needs at least 2"):
        EmpiricalNoise((1.0,))
