"""Driving forces equal the true drivers but for sign and scale."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from causalsim.discovery._driving_force import DrivingForce, driving_force
from causalsim.discovery._modules import Positions
from causalsim.errors import OptionError


def driven(kind, n, period, seed):
    rng = np.random.default_rng(seed)
    x, e = rng.normal(size=(2, n))
    d = np.sin(2 * np.pi * np.arange(n) / period + rng.uniform(0, 6))
    if kind == "slope":
        y = (1 + 0.9 * d) * x + 0.3 * e
    elif kind == "intercept":
        y = x + 1.2 * d + 0.3 * e
    else:
        y = x + 0.4 * np.exp(0.9 * d) * e
    return x[:, None], y, d


def correlation(found, driver):
    at = found.contexts.astype(int)
    return abs(np.corrcoef(found.array[:, 0], driver[at])[0, 1])


@pytest.mark.parametrize(
    ("kind", "width", "near", "published"),
    [
        ("slope", 0.1, 1.0, 0.25),
        ("slope", 0.5, 30.0, 0.98),
        ("intercept", 0.1, 10.0, 0.98),
        ("noise", 0.5, 30.0, 0.97),
    ],
)
def test_table_of_known_widths(kind, width, near, published):
    found = []
    for seed in range(8):
        x, y, d = driven(kind, 300, 150, seed)
        force = driving_force(x, y, Positions.times(np.arange(300)), width=width, time_width=near)
        found.append(correlation(force, d))
    assert np.mean(found) == pytest.approx(published, abs=0.12 if published < 0.5 else 0.03)


@pytest.mark.parametrize(
    ("kind", "period", "least"),
    [("slope", 50, 0.9), ("intercept", 50, 0.9), ("noise", 50, 0.8), ("noise", 300, 0.9)],
)
def test_automatic_width_recovers_drivers(kind, period, least):
    found = []
    for seed in range(3):
        x, y, d = driven(kind, 600, period, seed)
        force = driving_force(x, y, Positions.times(np.arange(600)))
        found.append(correlation(force, d))
    assert np.mean(found) >= least


def test_linear_kernel_without_parents():
    rng = np.random.default_rng(0)
    d = np.sin(np.arange(300) / 20)
    y = d + 0.5 * rng.normal(size=300)
    context = Positions.times(np.arange(300))
    found = driving_force(np.empty((300, 0)), y, context, kernel="linear", components=2)
    assert correlation(found, d) > 0.9
    assert found.array.shape == (300, 2)


def test_long_series_are_followed_at_500_times():
    x, y, d = driven("slope", 1600, 200, 0)
    found = driving_force(x, y, Positions.times(np.arange(1600)))
    assert found.array.shape == (500, 3)
    assert correlation(found, d) > 0.95


def test_domains_have_one_value_each():
    rng = np.random.default_rng(0)
    level = rng.normal(size=20)
    codes = np.repeat(np.arange(20), 30)
    x, e = rng.normal(size=(2, 600))
    y = (1 + 0.5 * level[codes]) * x + 0.2 * e
    found = driving_force(x[:, None], y, Positions.domains(codes))
    assert found.array.shape == (20, 3)
    assert np.isinf(found.width)
    assert abs(np.corrcoef(found.array[:, 0], level)[0, 1]) > 0.8


def test_components_are_standardised_and_shares_descend():
    x, y, _ = driven("slope", 200, 60, 0)
    found = driving_force(x, y, Positions.times(np.arange(200)))
    np.testing.assert_allclose(found.array.mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(found.array.std(axis=0), 1, atol=1e-9)
    assert ((found.array**3).sum(axis=0) >= 0).all()
    assert (np.diff(found.shares) <= 0).all()
    assert 0 < found.shares.sum() <= 1
    assert repr(found).startswith("DrivingForce(3 components at 200 times, shares 0.")
    assert "Sign and scale are not identified" in found.summary()


@pytest.mark.parametrize("kind", ["time", "domain"])
def test_files_give_back_what_they_got(kind):
    x, y, _ = driven("slope", 60, 30, 0)
    context = Positions.times(np.arange(60.0))
    if kind == "domain":
        context = Positions.domains(np.arange(60) // 10)
    labels = tuple(map(str, context.points))
    found = replace(driving_force(x, y, context), labels=labels)
    payload = json.loads(json.dumps(found.to_dict()))
    again = DrivingForce.from_dict(payload)
    assert again.to_dict() == found.to_dict()
    assert again.labels == labels
    assert again.summary() == found.summary()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"kernel": "cubic"}, "kernel='cubic' is unknown"),
        ({"components": 0}, "components=0: expected a whole number"),
        ({"time_width": "wide"}, "time_width='wide': expected 'auto'"),
        ({"time_width": -1.0}, "time_width=-1.0: expected a number above 0"),
        ({"width": 0.0}, "width=0.0: expected a number above 0"),
        ({"ridge": 0.0}, "ridge=0.0: expected a number above 0"),
    ],
)
def test_options_out_of_range_are_refused(options, said):
    x, y, _ = driven("slope", 30, 10, 0)
    with pytest.raises(OptionError, match=said):
        driving_force(x, y, Positions.times(np.arange(30)), **options)
