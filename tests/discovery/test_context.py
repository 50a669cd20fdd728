"""Contexts are read as domains or times, and refused where changes could not be told apart."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from causalsim.citest import FisherZ
from causalsim.data import Kind
from causalsim.discovery._context import protect, read_context
from causalsim.discovery._context_test import bind_context, with_past
from causalsim.discovery._drift import autocorrelated, drift_width
from causalsim.discovery._knowledge import Knowledge
from causalsim.errors import DataError, KnowledgeError, NameNotFoundError, OptionError


def frame(n=60, seed=0, **contexts):
    noise = np.random.default_rng(seed).normal(size=(n, 2))
    return pd.DataFrame({"X": noise[:, 0], "Y": noise[:, 1], **contexts})


def kind_of(found, name):
    return found.table.kinds[found.table.index(name)]


# -- domains and times -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        (["a", "b"] * 30, Kind.BINARY),
        ([True, False] * 30, Kind.BINARY),
        (["a", "b", "c"] * 20, Kind.DISCRETE),
        ([7, 1, 3] * 20, Kind.DISCRETE),
        ([0, 5] * 30, Kind.BINARY),
        ([7.0, 1.0, 3.0] * 20, Kind.DISCRETE),
    ],
)
@pytest.mark.filterwarnings("ignore::causalsim.data.kinds.KindWarning")
def test_texts_booleans_and_repeated_whole_numbers_are_domains(column, kind):
    found = read_context(frame(site=column), "site")
    assert kind_of(found, "site") is kind
    assert found.clock is None
    codes = np.unique(column, return_inverse=True)[1]
    assert found.domains.tolist() == codes.tolist()
    assert found.table.values[:, 2].tolist() == codes.tolist()
    assert found.variables == ("X", "Y")


@pytest.mark.parametrize(
    "column",
    [
        np.arange(60),
        np.arange(60) / 7,
        pd.date_range("2020-01-31", periods=60, freq="D"),
        np.arange(60) ** 2,
    ],
)
def test_dates_and_other_numbers_are_times(column):
    found = read_context(frame(t=column), "t")
    assert kind_of(found, "t") is Kind.CONTINUOUS
    assert found.domains is None
    assert (np.diff(found.clock) > 0).all()


def test_kinds_overrule_what_a_column_looks_like():
    years = np.repeat(np.arange(12), 5)
    assert read_context(frame(year=years), "year", kinds={"year": "discrete"}).clock is None
    with pytest.raises(DataError, match="'year' does not increase: 0 stands in rows 0 and 1"):
        read_context(frame(year=years), "year", kinds={"year": "continuous"})


def test_time_without_such_a_column_is_the_row_number():
    found = read_context(frame(), "time")
    assert found.names == ("time",)
    assert found.clock.tolist() == list(range(60))
    own = read_context(frame(time=np.arange(60) / 3), "time")
    assert own.clock.tolist() == (np.arange(60) / 3).tolist()
    with pytest.raises(DataError, match=r"59.0 \(row 0\) stands before 58.0"):
        read_context(frame()[::-1].set_index(np.arange(59.0, -1, -1)), "time")
    with pytest.raises(DataError, match=r"the time 3 stands in rows 3 and 59"):
        read_context(frame().set_index(np.array([*range(59), 3])), "time")


def test_contexts_stand_last_in_the_order_they_were_named():
    site, t = np.tile(["a", "b"], 30), np.repeat(np.arange(30.0), 2)
    data = frame(site=site, t=t)[["site", "X", "t", "Y"]]
    found = read_context(data, ["t", "site"])
    assert found.table.names == ("X", "Y", "t", "site")
    assert found.names == ("t", "site")


def test_domains_of_several_columns_are_their_combinations():
    a, b = np.repeat(["p", "q"], 30), np.tile(["u", "v", "w"], 20)
    found = read_context(frame(a=a, b=b), ["a", "b"])
    pairs = set(zip(a, b, found.domains.tolist(), strict=True))
    assert len(pairs) == len({domain for *_, domain in pairs}) == 6


# -- refusals --------------------------------------------------------------------------------


def test_a_context_with_one_level_is_refused():
    with pytest.raises(DataError, match="context 'site' has one level, 'a'; a change needs two"):
        read_context(frame(site="a"), "site")


def test_domains_with_few_rows_are_refused():
    site = ["a"] * 30 + ["b"] * 26 + ["c"] * 4
    with pytest.raises(DataError, match=r"fewer than 5 rows: 'c' \(4\). Drop or merge them"):
        read_context(frame(site=site), "site")


@pytest.mark.parametrize(
    ("t", "words"),
    [
        ([0.5, 2.5, 1.5, *range(3, 60)], r"2.5 \(row 1\) stands before 1.5 \(row 2\)"),
        ([0.5, 1.5, 1.5, *range(3, 60)], "1.5 stands in rows 1 and 2"),
    ],
)
def test_times_that_do_not_increase_are_refused(t, words):
    with pytest.raises(DataError, match=f"the time 't' does not increase: {words}"):
        read_context(frame(t=t), "t")


def test_times_may_repeat_across_domains_only():
    side_by_side = frame(site=np.tile(["a", "b"], 30), t=np.repeat(np.arange(30.0), 2))
    assert read_context(side_by_side, ["site", "t"]).names == ("site", "t")
    with pytest.raises(DataError, match="name their column as a context too"):
        read_context(side_by_side, "t")


def test_a_short_series_is_refused():
    with pytest.raises(DataError, match="the time 'time' has 19 steps; expected at least 20"):
        read_context(frame(19), "time")


@pytest.mark.parametrize(
    ("a", "b", "guilty"),
    [
        (np.tile(["p", "q", "r"], 20), np.tile(["u", "v", "v"], 20), "'a' determines .* 'b'"),
        (np.tile(["u", "v", "v"], 20), np.tile(["p", "q", "r"], 20), "'b' determines .* 'a'"),
        (np.arange(60.0), np.repeat(["u", "v"], 30), "'a' determines .* 'b'"),
        (np.arange(60.0), np.arange(60) ** 2 + 0.5, "'a' determines .* 'b'"),
    ],
)
def test_a_context_that_determines_another_is_refused_by_name(a, b, guilty):
    with pytest.raises(DataError, match=guilty):
        read_context(frame(a=a, b=b), ["a", "b"])


SITES = np.tile(["a", "b", "c"], 20)


@pytest.mark.parametrize(
    "copy", [SITES, np.char.add(SITES, "!"), np.tile([1, 2, 3], 20), np.tile([0.5, -2, 9.25], 20)]
)
def test_a_variable_that_repeats_the_context_is_degenerate(copy):
    data = frame(site=SITES, copy=copy)
    kinds = {"copy": "discrete"} if data["copy"].dtype == int else None
    with pytest.raises(DataError, match="'copy' repeats the context 'site', be it in other words"):
        read_context(data, "site", kinds=kinds)
    dropped = read_context(data, "site", degenerate="drop", kinds=kinds)
    assert dropped.variables == ("X", "Y")
    assert "dropped: 'copy' repeats the context 'site'" in dropped.table.notes
    kept = read_context(data, "site", degenerate="keep", kinds=kinds)
    assert kept.variables == ("X", "Y", "copy")


def test_a_coarser_variable_and_one_with_noise_do_not_repeat_the_context():
    coarse = np.where(SITES == "a", "left", "right")
    assert "part" in read_context(frame(site=SITES, part=coarse), "site").variables


def test_contexts_of_the_same_rows_are_refused_as_contexts():
    with pytest.raises(DataError, match="the context 'site' determines the context 'copy'"):
        read_context(frame(site=SITES, copy=np.char.add(SITES, "!")), ["site", "copy"])


def test_rows_know_their_domain_by_name():
    a, b = np.repeat(["p", "q"], 30), np.tile(["u", "v", "w"], 20)
    found = read_context(frame(a=a, b=b), ["a", "b"])
    assert found.labels.tolist() == [f"{x}, {y}" for x, y in zip(a, b, strict=True)]
    known = read_context(frame(arm=ARMS), "arm", targets={"drug": ["X"], "heat": None})
    assert known.labels.tolist() == ARMS.tolist()


def test_times_know_their_dates():
    days = pd.date_range("2020-01-31", periods=60)
    expected = [f"{day:%Y-%m-%d}" for day in days]
    assert read_context(frame(day=days), "day").labels.tolist() == expected
    assert read_context(frame().set_index(days), "time").labels.tolist() == expected
    zoned = frame().set_index(days.tz_localize("Asia/Tokyo"))
    assert read_context(zoned, "time").labels.tolist() == expected
    assert read_context(frame(), "time").labels is None
    assert read_context(frame(t=np.arange(60.0) / 2), "t").labels is None
    holed = frame().set_index(days)
    holed.iloc[3, 0] = np.nan
    assert read_context(holed, "time", missing="listwise").labels is None


def test_dates_out_of_order_are_named_as_dates():
    days = pd.date_range("2020-01-01", periods=60).to_series()
    days.iloc[[10, 11]] = days.iloc[[11, 10]].to_numpy()
    words = r"2020-01-12 \(row 10\) stands before 2020-01-11 \(row 11\); the first row is 0"
    with pytest.raises(DataError, match=f"the time 'day' does not increase: {words}"):
        read_context(frame(day=days.to_numpy()), "day")


def test_dates_as_text_are_sent_to_parse_dates():
    days = pd.date_range("2020-01-01", periods=60).strftime("%Y-%m-%d")
    with pytest.raises(DataError, match=r"'day' holds dates as text, .*parse_dates=\['day'\]"):
        read_context(frame(day=days), "day")
    told = read_context(frame(day=days), "day", kinds={"day": "time"})
    assert told.labels.tolist() == days.tolist()


def test_the_row_number_goes_beside_other_contexts():
    found = read_context(frame(site=["a", "b"] * 30), ["time", "site"])
    assert found.names == ("time", "site")
    assert found.clock.tolist() == list(range(60))


def test_a_context_in_the_index_is_sent_to_reset_index():
    data = frame(site=["a", "b"] * 30).set_index("site")
    with pytest.raises(NameNotFoundError, match=r"no column 'site': it is the index.*reset_index"):
        read_context(data, "site")


def test_missing_contexts_and_wrong_names_are_refused():
    t = np.arange(60.0)
    t[3] = np.nan
    with pytest.raises(DataError, match="the context 't' is missing in 1 rows"):
        read_context(frame(t=t), "t", missing="testwise")
    assert len(read_context(frame(t=t), "t", missing="listwise").table) == 59
    with pytest.raises(NameNotFoundError, match="no column 'sight'.* Did you mean 'site'"):
        read_context(frame(site=["a", "b"] * 30), "sight")
    for wrong in (3, [], ["X", 2]):
        with pytest.raises(OptionError, match="expected the name of a column"):
            read_context(frame(), wrong)
    with pytest.raises(OptionError, match="a column is named twice"):
        read_context(frame(site=["a", "b"] * 30), ["site", "site"])
    with pytest.raises(DataError, match="no column beside the context 'site'"):
        read_context(frame(site=["a", "b"] * 30)[["site"]], "site")


# -- interventions ---------------------------------------------------------------------------

ARMS = np.repeat(["base", "drug", "heat"], 20)


def test_known_interventions_become_contexts_of_their_own():
    found = read_context(frame(arm=ARMS), "arm", targets={"drug": ["X"], "heat": None})
    assert found.names == ("arm=drug", "arm=heat")
    assert found.targets == {"arm=drug": ("X",)}
    assert found.table.values[:, 2].tolist() == (ARMS == "drug").astype(float).tolist()
    assert found.domains.tolist() == np.repeat([0, 1, 2], 20).tolist()
    known = protect(
        Knowledge().resolve(found.table.names), found.names, found.targets, found.table.names
    )
    drug, heat = 2, 3
    assert known.required[drug].tolist() == [True, False, False, False]
    assert known.forbidden[drug].tolist() == [False, True, False, True]
    assert not known.required[heat].any()
    assert known.forbidden[heat].tolist() == [False, False, True, False]


def test_levels_without_targets_are_pooled():
    found = read_context(frame(arm=ARMS), "arm", targets={"heat": ["Y"]})
    assert found.names == ("arm=heat",)
    assert "the levels 'base', 'drug' of 'arm' are pooled as the reference" in found.table.notes


def test_a_context_column_may_be_an_intervention_itself():
    on = np.tile([0, 1], 30)
    found = read_context(frame(on=on), "on", targets={"on": ["X"]})
    assert found.names == ("on",)
    assert found.targets == {"on": ("X",)}


def test_targets_that_make_no_sense_are_refused():
    everything = dict.fromkeys(["base", "drug", "heat"])
    with pytest.raises(OptionError, match=r"list of variables; write \{'drug': \['X'\]\}"):
        read_context(frame(arm=ARMS), "arm", targets={"drug": "X"})
    with pytest.raises(OptionError, match="names every level of 'arm'; leave out the one"):
        read_context(frame(arm=ARMS), "arm", targets=everything)
    with pytest.raises(NameNotFoundError, match=r"no context or level \(in targets\) 'drugs'"):
        read_context(frame(arm=ARMS), "arm", targets={"drugs": ["X"]})
    with pytest.raises(NameNotFoundError, match=r"no variable \(in targets\) 'Z'"):
        read_context(frame(arm=ARMS), "arm", targets={"drug": ["Z"]})


@given(st.sets(st.sampled_from("ABC")), st.integers(1, 2))
def test_nothing_points_into_a_context(targets, count):
    names = [*"ABC", *"CD"[:0], *["S", "T"][:count]]
    acting = {"S": sorted(targets)} if targets else {}
    known = protect(Knowledge().resolve(names), names[3:], acting, names)
    assert known.forbidden[:, 3:].sum() == count * (len(names) - 1)
    for name in "ABC":
        at = names.index(name)
        assert known.required[3, at] == (name in targets)
        assert known.forbidden[3, at] == (bool(targets) and name not in targets)


@pytest.mark.parametrize("rule", ["X --> S", "X <-- S", "S --- T"])
def test_knowledge_against_a_context_is_refused(rule):
    names = ("X", "Y", "S", "T")
    known = Knowledge(required=[rule]).resolve(names)
    with pytest.raises(KnowledgeError, match="knowledge and contexts disagree about"):
        protect(known, ("S", "T"), {"S": ("Y",)}, names)


# -- the order of time -----------------------------------------------------------------------


def autoregression(phi, n, rng):
    noise = rng.normal(size=n + 50)
    for t in range(1, n + 50):
        noise[t] += phi * noise[t - 1]
    return noise[50:]


def rate(make, repetitions=400):
    rng = np.random.default_rng(7)
    hits = sum(bool(autocorrelated(make(rng)[:, None])[0]) for _ in range(repetitions))
    return binomtest(hits, repetitions, 0.01, alternative="greater").pvalue, hits / repetitions


@pytest.mark.parametrize(
    "drift", [lambda t: 0 * t, lambda t: t / 30, lambda t: 2 * np.sin(t / 8), lambda t: t > 150]
)
def test_a_drift_of_white_noise_is_not_autocorrelation(drift):
    t = np.arange(300)
    p, share = rate(lambda rng: drift(t) + rng.normal(size=300))
    assert p > 1e-3, share


def test_a_changing_scale_is_not_autocorrelation():
    t = np.arange(300)
    assert rate(lambda rng: (1 + 0.6 * np.sin(t / 20)) * rng.normal(size=300))[0] > 1e-3


@pytest.mark.parametrize("phi", [0.5, 0.9, 0.99])
def test_autoregressions_are_found(phi):
    assert rate(lambda rng: autoregression(phi, 200, rng), 100)[1] > 0.95


def test_autocorrelated_rows_are_refused_unless_their_past_is_given():
    rng = np.random.default_rng(0)
    data = pd.DataFrame({"X": rng.normal(size=300), "Y": autoregression(0.8, 300, rng)})
    context = read_context(data, "time")
    with pytest.raises(DataError, match=r"autocorrelated in 'Y' beyond .* Write lags=1 or more"):
        bind_context("fisher_z", context, 0, "auto")
    bound, seen = bind_context("fisher_z", context, 1, "auto")
    assert not any("autocorrelated" in note for note in bound.notes)
    assert bound.n == len(seen.table) == len(seen.clock) == 299
    assert bound.names == context.table.names


def test_autocorrelated_rows_within_domains_are_refused_alike():
    rng = np.random.default_rng(0)
    data = pd.DataFrame({"X": rng.normal(size=300), "Y": autoregression(0.8, 300, rng)})
    years = np.repeat([f"y{k}" for k in range(10)], 30)
    context = read_context(data.assign(year=years), "year")
    with pytest.raises(DataError, match=r"in 'Y' within domains, in the order.* lags=1 .*shuffle"):
        bind_context("mixed", context, 0, "auto")
    bound, seen = bind_context("mixed", context, 1, "auto")
    assert bound.n == len(seen.table) == 290
    shuffled = data.iloc[rng.permutation(300)].assign(year=years)
    assert bind_context("mixed", read_context(shuffled, "year"), 0, "auto")[0].n == 300


def test_an_autoregression_under_noise_is_noted_where_its_past_is_too_short():
    rng, noted = np.random.default_rng(0), 0
    for _ in range(10):
        seen = 0.44 * autoregression(0.9, 400, rng) + 0.7 * rng.normal(size=400)
        read = read_context(pd.DataFrame({"X": seen}), "time")
        bound, _ = bind_context("fisher_z", read, 1, "auto")
        noted += any("also given lags=1" in note for note in bound.notes)
    assert noted >= 7


def test_volatility_that_wanders_is_noted():
    rng = np.random.default_rng(0)
    spread = np.exp(0.35 * autoregression(0.9, 600, rng))
    data = pd.DataFrame({"X": spread * rng.normal(size=600), "Y": rng.normal(size=600)})
    bound, _ = bind_context("fisher_z", read_context(data, "time"), 0, "auto")
    (note,) = (note for note in bound.notes if "comes in clusters" in note)
    assert "the spread of 'X' comes" in note


def test_a_long_memory_is_noted_where_one_lag_is_too_few():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=300)
    for t in range(2, 300):
        noise[t] += 0.6 * noise[t - 2]
    data = pd.DataFrame({"X": noise})
    bound, _ = bind_context("fisher_z", read_context(data, "time"), 1, "auto")
    assert any("also given lags=1" in note for note in bound.notes)


def test_every_set_holds_the_past_of_both_ends():
    data = frame(80)
    context = read_context(data, "time")
    bound, _ = bind_context("fisher_z", context, 2, "auto")
    plain = FisherZ()(with_past(context, 2)[0])
    past = {name: [f"{name}[t-1]", f"{name}[t-2]"] for name in "XY"}
    assert bound("X", "Y").p_value == plain("X", "Y", [*past["X"], *past["Y"]]).p_value
    assert bound("X", "Y", "time").effect == pytest.approx(
        plain("X", "Y", ["time", *past["X"], *past["Y"]]).effect
    )
    assert bound("X", "time").p_value == plain("X", "time", past["X"]).p_value
    mixed = bound.batch([0, 0], [1, 2], [[], []])[1]
    assert mixed.tolist() == [bound("X", "Y").log_p, bound("X", "time").log_p]


def test_no_past_crosses_from_one_domain_to_another():
    site = np.tile(["a", "b", "b"], 20)
    data = frame(site=site)
    table, kept = with_past(read_context(data, "site"), 1)
    assert kept.sum() == 58
    for name in "XY":
        shifted = data.groupby("site")[name].shift(1).to_numpy()
        assert table.values[:, table.index(f"{name}[t-1]")].tolist() == shifted[kept].tolist()


@pytest.mark.parametrize("lags", [-1, 1.0, True, "one"])
def test_lags_must_be_whole_numbers(lags):
    with pytest.raises(OptionError, match="expected a whole number from 0 on"):
        bind_context("fisher_z", read_context(frame(), "time"), lags, "auto")


def test_too_many_lags_are_refused():
    with pytest.raises(OptionError, match="lags=15: expected less than a quarter of the 60 rows"):
        bind_context("fisher_z", read_context(frame(), "time"), 15, "auto")


DRIVERS = {
    "level": lambda d, z, e: z + 0.6 * d + 0.6 * e,
    "slope": lambda d, z, e: (1 + 0.9 * d) * z + 0.5 * e,
    "scale": lambda d, z, e: z + 0.4 * np.exp(0.9 * d) * e,
}


@pytest.mark.parametrize("period", [50, 100, 200, 600])
@pytest.mark.parametrize("kind", DRIVERS)
def test_the_width_is_an_eighth_of_the_period_of_a_driver(kind, period):
    def width(seed):
        rng, t = np.random.default_rng(seed), np.arange(600)
        z, e = rng.normal(size=(2, 600))
        d = np.sin(2 * np.pi * t / period + rng.uniform(0, 6))
        return 600 * drift_width(np.column_stack([DRIVERS[kind](d, z, e), z]))

    widths = np.array([width(seed) for seed in range(30)])
    assert period / 14 < np.median(widths) < period / 6
    assert ((widths > period / 20) & (widths < period / 5)).mean() > 0.9


def test_the_width_is_a_tenth_of_the_range_without_a_driver():
    widths = [drift_width(np.random.default_rng(s).normal(size=(300, 3))) for s in range(100)]
    assert np.mean(np.isclose(widths, 0.1)) > 0.8


def test_the_width_does_not_follow_an_autoregression_whose_past_is_given():
    rng = np.random.default_rng(0)
    data = pd.DataFrame({name: autoregression(0.9, 300, rng) for name in "XY"})
    bound, _ = bind_context("kci", read_context(data, "time"), 1, "auto")
    assert "the kernel over 'time' has the width 29.8" in bound.notes


# -- the test --------------------------------------------------------------------------------


def test_auto_goes_by_rows_and_kind_of_context():
    chosen = {}
    for n in (100, 1002):
        chosen[n, "time"] = bind_context("auto", read_context(frame(n), "time"), 0, "auto")[0]
        site = frame(n, site=np.tile(["a", "b"], n // 2))
        chosen[n, "site"] = bind_context("auto", read_context(site, "site"), 0, "auto")[0]
    assert {key: bound.spec.name for key, bound in chosen.items()} == {
        (100, "time"): "kci",
        (100, "site"): "kci",
        (1002, "time"): "kci_low_rank",
        (1002, "site"): "mixed",
    }
    assert any("changes of means only" in note for note in chosen[1002, "site"].notes)


def test_a_narrow_time_kernel_sees_a_fast_drift():
    rng, t = np.random.default_rng(0), np.arange(200)
    data = pd.DataFrame({"X": np.sin(t / 8) + rng.normal(size=200), "Y": rng.normal(size=200)})
    context = read_context(data, "time")
    wide, narrow = (bind_context("kci", context, 0, width)[0] for width in (200.0, 10.0))
    assert wide("X", "time").p_value > 1e-3
    assert narrow("X", "time").p_value < 1e-6
    assert narrow("X", "Y").p_value == wide("X", "Y").p_value


@pytest.mark.parametrize("test", ["kci", "kci_zhang"])
def test_the_time_kernel_has_the_width_that_was_asked_for(test):
    context = read_context(frame(80), "time")
    bound, _ = bind_context(test, context, 0, 12.5)
    t, block = bound.columns.values[:, 2], bound.columns.blocks[2]
    plain = 1.2  # of a target in kci, of a set in kci_zhang below 200 rows
    np.testing.assert_allclose(np.diff(block[:, 0]) * 12.5 / plain, np.diff(t), atol=1e-9)


def test_the_unit_of_time_plays_no_part():
    data = frame(60, t=np.arange(60.0))
    days = data.assign(t=pd.date_range("2020-01-31", periods=60, freq="D"))
    seen = [bind_context("kci", read_context(part, "t"), 0, "auto")[0] for part in (data, days)]
    assert seen[0]("X", "t").p_value == pytest.approx(seen[1]("X", "t").p_value)
