"""The test is calibrated where the published split is not; its null holds its level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from scipy.signal import lfilter
from scipy.stats import binomtest

from causalsim.errors import DataError, OptionError
from causalsim.simulate._c2st import C2ST, Plan, c2st, parametric_null
from causalsim.simulate._discriminators import SVC, Discriminator, ExtraTrees
from causalsim.simulate._windows import interleaved

QUICK = ["logistic", "logistic_quadratic"]


def ar(phi, steps, p, rng):
    return lfilter([1], [1, -phi], rng.normal(size=(steps + 1000, p)), axis=0)[1000:]


@pytest.mark.stats
def test_equal_laws_score_one_half_on_average():
    """One score has sd .09 at phi = .97, the mean of 40 about .014."""
    rng = np.random.default_rng(0)
    plan = Plan("svc")
    areas = []
    for _ in range(40):
        bench = plan.bench(ar(0.97, 1000, 5, rng), reference=False)
        areas.append(bench.judge(ar(0.97, 1000, 5, rng), rng=rng).auc)
    assert abs(np.mean(areas) - 0.5) < 0.05


def test_the_published_split_leaks():
    rng = np.random.default_rng(0)
    plan = Plan(SVC(), protocol="published", widths=(6,))
    areas = [
        plan.bench(ar(0.97, 1000, 5, rng), reference=False).judge(
            ar(0.97, 1000, 5, rng), rng=rng
        ).auc
        for _ in range(6)
    ]  # fmt: skip
    assert abs(np.mean(areas) - 0.94) < 0.03


def test_the_published_panel_is_the_reference_s():
    plan = Plan(protocol="published")
    assert len(plan.configs) == 8
    assert {width for _, width in plan.configs} == {2, 6}
    rng = np.random.default_rng(0)
    found = c2st(*rng.normal(size=(2, 200, 1)), protocol="published", rng=0)
    assert found.summary().startswith("two-sample test by classification, PUBLISHED protocol")
    assert "real against real" in found.summary()


def test_a_series_near_a_unit_root_is_too_short_to_judge():
    rng = np.random.default_rng(0)
    slow = Plan("logistic").bench(ar(0.99, 1000, 5, rng), reference=False)
    assert slow.judge(ar(0.99, 1000, 5, rng), rng=0).too_short
    assert any("too short to judge" in note for note in slow.notes)
    white = Plan("logistic").bench(rng.normal(size=(1000, 5)), reference=False)
    assert not white.notes


@dataclass(frozen=True)
class Squares(Discriminator):
    """Weigh every value and square by the difference of their means: cheap, and sees scales."""

    name: ClassVar[str] = "squares"

    def scores(self, train_x, train_y, test_x, rng):  # noqa: ARG002  all discriminators
        flat = [cut.reshape(len(cut), -1) for cut in (train_x, test_x)]
        train, test = (np.hstack([x, x**2]) for x in flat)
        return test @ (train[train_y].mean(axis=0) - train[~train_y].mean(axis=0))


def fitted(series):
    """Fit VAR(1) by least squares; give its sampler."""
    past, now = np.asarray(series)[:-1], np.asarray(series)[1:]
    design = np.column_stack([np.ones(len(past)), past])
    weights = np.linalg.lstsq(design, now, rcond=None)[0]
    factor = np.linalg.cholesky(np.cov((now - design @ weights).T))

    def sample(steps, paths, rng):
        x, out = np.zeros((paths, 2)), np.empty((paths, steps + 50, 2))
        for t in range(steps + 50):
            x = weights[0] + x @ weights[1:] + rng.normal(size=(paths, 2)) @ factor.T
            out[:, t] = x
        return out[:, 50:]

    return sample


def refit(series, rng):
    return fitted(series)


@pytest.mark.stats
def test_p_values_of_a_right_model_hold_their_level():
    plan, hits, runs = Plan(Squares(), widths=(2,), folds=2), 0, 200
    for rng in np.random.default_rng(0).spawn(runs):
        real = ar(0.6, 150, 2, rng)
        bench, sample = plan.bench(real, reference=False), fitted(real)
        found = bench.judge(sample(150, 1, rng), rng=rng)
        null = parametric_null(bench, sample, refit, paths=1, repetitions=4, rng=rng)
        hits += found.against(null).p_value <= 0.2
    assert binomtest(hits, runs, 0.2, alternative="greater").pvalue > 1e-3


def test_a_wrong_model_is_found_and_a_copy_raises_the_alarm():
    rng = np.random.default_rng(0)
    real = ar(0.8, 400, 2, rng)
    sample = fitted(real)
    bench = Plan(["logistic_quadratic", "knn"]).bench(real, rng=0)
    null = parametric_null(bench, sample, refit, paths=2, repetitions=19, rng=0)
    shuffled = np.array([real[rng.permutation(400)] for _ in range(2)])
    wrong = bench.judge(shuffled, rng=0).against(null)
    assert wrong.p_value == 0.05
    assert wrong.excess > 0.2
    assert wrong.copying is False
    copies = bench.judge(np.array([np.roll(real, 150, axis=0)] * 2), rng=0).against(null)
    assert copies.copying
    assert "COPYING ALARM" in copies.summary()


def test_only_the_rows_held_out_are_looked_at():
    rng = np.random.default_rng(0)
    real, same = rng.normal(size=(2, 800, 2))
    fit, held = interleaved(800, 50)
    other = same.copy()
    for row in fit:
        other[row] += 100
    first, second = (c2st(real, x, panel=QUICK, held=held, gap=10, rng=0) for x in (same, other))
    np.testing.assert_array_equal(first.scores, second.scores)
    assert c2st(real, other, panel="knn", gap=10, rng=0).auc > first.auc + 0.15


@pytest.mark.parametrize("protocol", ["blocked", "published"])
def test_results_do_not_depend_on_workers_and_repeat(protocol):
    rng = np.random.default_rng(0)
    real, paths = rng.normal(size=(200, 2)), rng.normal(size=(3, 250, 2))
    options = dict(panel=[ExtraTrees(5), "logistic"], protocol=protocol, rng=0)
    one, two = (c2st(real, paths, n_jobs=jobs, **options) for jobs in (1, 2))
    assert one.to_dict() == two.to_dict()


def test_units_and_names_do_not_matter_but_variables_do():
    rng = np.random.default_rng(0)
    real, path = rng.normal(size=(2, 200, 2))
    frame = pd.DataFrame(real, columns=["A", "B"])
    turned = pd.DataFrame(path, columns=["A", "B"])[["B", "A"]]
    options = dict(panel="logistic", reference=False, rng=0)
    expected = c2st(real, path, **options).scores
    np.testing.assert_allclose(c2st(frame, turned, **options).scores, expected)
    np.testing.assert_allclose(c2st(8 * real, 8 * path, **options).scores, expected)
    with pytest.raises(DataError, match="Rename the columns"):
        c2st(frame, turned.rename(columns={"A": "C"}), **options)


def test_giveaways_name_variable_and_lag():
    rng = np.random.default_rng(0)
    real, path = rng.normal(size=(2, 400, 2))
    path[:, 1] += 2
    table = Plan("logistic", widths=(1,)).bench(real, reference=False).giveaways(path, rng=0)
    assert table.columns.tolist() == ["variable", "lag", "drop"]
    assert table.loc[0, ["variable", "lag"]].tolist() == ["x1", 0]
    assert table.loc[0, "drop"] > 0.3
    assert abs(table.loc[1, "drop"]) < 0.1


def test_the_result_adds_up_and_survives_a_round_trip():
    rng = np.random.default_rng(0)
    paths = rng.normal(0.3, size=(3, 400, 2))
    found = c2st(rng.normal(size=(400, 2)), paths, panel=QUICK, widths=(1, 3), rng=0)
    assert found.scores.shape == (4, 3)
    assert found.auc == pytest.approx(found.scores.max(axis=0).mean())
    assert found.interval[0] < found.auc < found.interval[1]
    assert found.excess == pytest.approx(found.auc - found.ceiling)
    assert found.p_value is found.p_low is found.copying is None
    table = found.table
    np.testing.assert_allclose(table["auc"], found.scores.mean(axis=1))
    np.testing.assert_allclose(table["excess"], table["auc"] - table["real_vs_real"])
    again = C2ST.from_dict(found.against([0.5, 0.6]).to_dict())
    assert again.to_dict() == found.against([0.5, 0.6]).to_dict()
    assert again.summary() == found.against([0.5, 0.6]).summary()


def test_the_standard_error_is_that_of_repetitions():
    """Known classifiers would make it exact; training adds a little."""
    rng = np.random.default_rng(0)
    plan, found = Plan("logistic", widths=(1,)), []
    for _ in range(60):
        bench = plan.bench(rng.normal(size=(300, 1)), reference=False)
        found.append(bench.judge(rng.normal(1.0, size=(300, 1)), rng=rng))
    spread = np.std([one.auc for one in found], ddof=1)
    assert np.mean([one.errors[0] for one in found]) == pytest.approx(spread, rel=0.35)


def test_what_cannot_be_judged_is_refused():
    rng = np.random.default_rng(0)
    real = rng.normal(size=(200, 1))
    bench = Plan("logistic").bench(real, reference=False)
    with pytest.raises(DataError, match=r"a path of 100 steps .* sample\(200"):
        bench.judge(real[:100])
    with pytest.raises(DataError, match="no windows are left"):
        c2st(real, real, panel="logistic", gap=190, reference=False)
    with pytest.raises(DataError, match="2 real series"):
        c2st(rng.normal(size=(2, 200, 1)), real)
    with pytest.raises(OptionError, match="within the 200 steps"):
        c2st(real, real, held=[slice(100, 300)])
    with pytest.raises(OptionError, match="protocol='blocks'"):
        c2st(real, real, protocol="blocks")
    with pytest.raises(OptionError, match="folds=1"):
        c2st(real, real, folds=1)
    with pytest.raises(OptionError, match="repetitions=0"):
        parametric_null(bench, fitted, refit, paths=1, repetitions=0)
    with pytest.raises(DataError, match="a null of shape"):
        bench.judge(real, rng=0).against([])
