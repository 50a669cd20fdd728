"""One suite over every registered test; a test without data of its own here fails it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import permutations

import numpy as np
import pytest
from scipy.stats import binomtest

from causalsim.citest import CITest, FisherZ, Oracle, _registry, bind, get, names
from causalsim.data import Kind, Table
from causalsim.errors import DataError, NameNotFoundError, OptionError
from causalsim.graph import DAG

COLUMNS = ("X", "Y", "Z", "W")
ALPHA = 0.05


def gaussian(rng, n, strength):
    """X <-- Z --> Y, W apart; and X --> Y of some strength."""
    z, e, f, w = rng.normal(size=(4, n))
    x = z + e
    return Table(COLUMNS, np.column_stack([x, z + strength * x + f, z, w]), (Kind.CONTINUOUS,) * 4)


def discrete(rng, n, strength):
    """Do the same with three states, where X and Y copy what they depend on."""
    z, e, f, w = rng.integers(3, size=(4, n))
    x = np.where(rng.random(n) < 0.5, z, e)
    y = np.where(rng.random(n) < strength, x, np.where(rng.random(n) < 0.5, z, f))
    values = np.column_stack([x, y, z, w]).astype(np.float64)
    return Table(COLUMNS, values, (Kind.DISCRETE,) * 4)


def never_together():
    """Give codes where X and Y are never both known."""
    table = discrete(np.random.default_rng(0), 40, 0.5)
    values = table.values.copy()
    values[:20, 0] = values[20:, 1] = np.nan
    return replace(table, values=values)


def with_kinds(*kinds):
    return Table(("A", "B"), np.array([[0.0, 1.0], [1.0, 2.0], [1.0, 0.0]]), kinds)


def true_graph(strength):
    return DAG.from_edges(["Z --> X", "Z --> Y"] + ["X --> Y"] * (strength > 0), COLUMNS)


@dataclass(frozen=True)
class Case:
    """What the suite needs to know about one test.

    ``options`` are those that the test cannot do without, ``extra`` only what the suite adds.
    The question ``null`` is independent at strength 0, ``power`` dependent; ``level`` is the
    alternative to a rejection rate of .05.
    """

    sample: Callable[[np.random.Generator, int, float], Table]
    refused: Table
    refusal: str
    starved: Table | None
    options: Callable[[float], dict[str, object]] = lambda _: {}
    extra: dict[str, object] = field(default_factory=dict)
    level: str = "two-sided"
    rows: int = 600
    null: tuple[str, str, str | tuple[()]] = ("X", "Y", "Z")
    power: tuple[str, str, str | tuple[()]] = ("X", "Y", "Z")

    def spec(self, name, strength=0.5):
        return get(name, **self.options(strength), **self.extra)


FEW_ROWS = gaussian(np.random.default_rng(0), 3, 0.5)
CODES_REFUSED = with_kinds(Kind.CONTINUOUS, Kind.DISCRETE), "takes binary, continuous .*'B'"
NUMBERS_REFUSED = with_kinds(Kind.CONTINUOUS, Kind.DISCRETE), "takes binary, discrete .*'A'"
TIMES_REFUSED = with_kinds(Kind.TIME, Kind.CONTINUOUS), "takes binary, continuous, discrete .*'A'"
QUICK = {"draws": 1, "null": "hbe"}

CASES = {
    "fisher_z": Case(gaussian, *CODES_REFUSED, FEW_ROWS),
    "par_corr": Case(gaussian, *CODES_REFUSED, FEW_ROWS),
    "g_squared": Case(discrete, *NUMBERS_REFUSED, never_together()),
    "chi_squared": Case(discrete, *NUMBERS_REFUSED, never_together()),
    "auto": Case(
        gaussian, with_kinds(Kind.TIME, Kind.CONTINUOUS), "no test takes times; 'A'", FEW_ROWS
    ),
    "kci": Case(gaussian, *TIMES_REFUSED, FEW_ROWS, rows=150),
    "kci_low_rank": Case(gaussian, *TIMES_REFUSED, FEW_ROWS, rows=150),
    "kci_split": Case(gaussian, *TIMES_REFUSED, FEW_ROWS, rows=300),
    "kci_zhang": Case(gaussian, *CODES_REFUSED, FEW_ROWS, rows=150),
    "qpc": Case(
        gaussian,
        *CODES_REFUSED,
        FEW_ROWS,
        extra={"insist": True},
        rows=150,
        null=("X", "W", ()),  # given a set its level is lost: test_kernel_quantum.py
        power=("X", "Y", ()),
    ),
    "qpc_plus": Case(gaussian, *CODES_REFUSED, FEW_ROWS, rows=150),
    "rcit": Case(gaussian, *TIMES_REFUSED, FEW_ROWS, extra=QUICK, rows=150),
    "rcot": Case(gaussian, *TIMES_REFUSED, FEW_ROWS, extra=QUICK, rows=150),
    "gcm": Case(gaussian, *TIMES_REFUSED, FEW_ROWS, rows=150),
    "mixed": Case(gaussian, *TIMES_REFUSED, FEW_ROWS, rows=150),
    "oracle": Case(
        gaussian,
        with_kinds(Kind.CONTINUOUS, Kind.CONTINUOUS),
        r"\['A', 'B'\] are no nodes",
        None,
        lambda strength: {"graph": true_graph(strength)},
        level="greater",
    ),
}


def uncovered():
    return set(names()) - set(CASES)


every = pytest.mark.parametrize("name", names())


def bound(name, seed=0, strength=0.5):
    case = CASES[name]
    sample = case.sample(np.random.default_rng(seed), case.rows, strength)
    return case.spec(name, strength)(sample)


def asked(k):
    """Give every question about the four columns with sets of size k, in every order."""
    rows = np.array(list(permutations(range(4), k + 2)))
    return rows[:, 0], rows[:, 1], rows[:, 2:]


def rejections(name, question, strength, trials):
    return sum(bound(name, seed, strength)(*question).p_value <= ALPHA for seed in range(trials))


def test_no_test_is_left_out(monkeypatch):
    assert uncovered() == set()
    monkeypatch.setitem(_registry._SPECS, "newcomer", FisherZ)
    assert uncovered() == {"newcomer"}


@every
@pytest.mark.stats
def test_level_under_the_null(name):
    hits = rejections(name, CASES[name].null, strength=0.0, trials=400)
    assert binomtest(hits, 400, ALPHA, alternative=CASES[name].level).pvalue > 1e-3


@every
@pytest.mark.stats
def test_power(name):
    hits = rejections(name, CASES[name].power, strength=0.4, trials=60)
    assert binomtest(hits, 60, 0.95, alternative="less").pvalue > 1e-3


@every
@pytest.mark.parametrize("k", [0, 1, 2])
def test_symmetric_in_x_and_y(name, k):
    test, (xs, ys, givens) = bound(name), asked(k)
    for one, other in zip(test.batch(xs, ys, givens), test.batch(ys, xs, givens), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10)


@every
@pytest.mark.parametrize("k", [0, 1, 2])
def test_batch_equals_single_calls(name, k):
    test, (xs, ys, givens) = bound(name), asked(k)
    statistic, log_p = test.batch(xs, ys, givens)
    effects, sparse = test.effects(xs, ys, givens), test.sparse(xs, ys, givens)
    for m, (x, y, given) in enumerate(zip(xs, ys, givens, strict=True)):
        single = test(COLUMNS[x], COLUMNS[y], [COLUMNS[i] for i in given])
        assert single.statistic == pytest.approx(statistic[m], rel=1e-12)
        assert single.log_p == pytest.approx(log_p[m], rel=1e-12)
        assert single.effect == pytest.approx(effects[m], rel=1e-12)
        assert single.sparse == sparse[m]
        assert single.p_value == np.exp(single.log_p)


@every
def test_says_what_it_assumes(name):
    assert " " in bound(name).spec.assumes


@every
def test_an_empty_batch_has_empty_answers(name):
    statistic, log_p = bound(name).batch([], [], np.empty((0, 2), np.intp))
    assert len(statistic) == len(log_p) == 0


@every
@pytest.mark.parametrize("k", [0, 1, 2])
def test_order_of_rows_does_not_matter(name, k):
    case = CASES[name]
    spec = case.spec(name)
    table = case.sample(np.random.default_rng(1), case.rows // 2, 0.5)
    shuffled = replace(table, values=np.random.default_rng(2).permutation(table.values))
    for one, other in zip(
        spec(table).batch(*asked(k)), spec(shuffled).batch(*asked(k)), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)


@every
def test_refuses_what_it_cannot_test(name):
    case = CASES[name]
    with pytest.raises(DataError, match=case.refusal):
        case.spec(name)(case.refused)


@every
def test_too_few_rows_keep_the_edge(name):
    case = CASES[name]
    if case.starved is None:
        pytest.skip("needs no rows")
    test = case.spec(name)(case.starved)
    statistic, log_p = test.batch([0], [1], [[2]])
    assert np.isnan(statistic).all()
    assert (log_p == -np.inf).all()
    assert test("X", "Y", "Z").p_value == 0


@every
def test_an_unknown_option_is_named(name):
    with pytest.raises(OptionError, match=f"test '{name}' has no setting 'colour'"):
        get(name, colour="red")


@every
def test_a_misspelt_name_gets_the_nearest(name):
    with pytest.raises(NameNotFoundError, match=f"no test '{name}x'.*Did you mean '{name}'"):
        get(f"{name}x")


@every
def test_a_misspelt_column_gets_the_nearest(name):
    with pytest.raises(NameNotFoundError, match=r"no column 'x'.*Did you mean 'X'"):
        bound(name)("x", "Y")


@every
def test_a_column_stands_in_one_place_only(name):
    with pytest.raises(OptionError, match="must differ"):
        bound(name)("X", "Y", ["X"])


@every
def test_every_way_to_name_a_test_binds_alike(name):
    case = CASES[name]
    table, options = case.sample(np.random.default_rng(0), 40, 0.5), case.options(0.5)
    spec = get(name, **options)
    assert isinstance(spec, CITest)
    assert json.loads(json.dumps(spec.options())) == spec.options()
    answer = bind(spec, table)("X", "Y", "Z")
    test = spec(table)
    assert bind(test, None) is test
    if options:
        with pytest.raises(OptionError, match=f"needs {next(iter(options))}="):
            bind(name, table)
        return
    for form in (name, type(spec)):
        assert repr(bind(form, table)("X", "Y", "Z")) == repr(answer)


def test_bind_refuses_other_things():
    with pytest.raises(OptionError, match="expected a name such as 'fisher_z'"):
        bind(0.05, None)


def test_a_name_belongs_to_one_test(monkeypatch):
    monkeypatch.setattr(_registry, "_SPECS", dict(_registry._SPECS))

    class Impostor(FisherZ.__base__):
        name = "fisher_z"

    with pytest.raises(OptionError, match="'fisher_z' belongs to FisherZ"):
        _registry.register(Impostor)
    assert type(get("fisher_z")) is FisherZ


def test_a_mistyped_option_gets_the_nearest():
    with pytest.raises(OptionError, match="Did you mean 'shrinkage'"):
        get("fisher_z", shrinkge=0.5)
    with pytest.raises(OptionError, match="Did you mean 'adaptive'"):
        get("g_squared", dof="adaptiv")


def test_auto_reads_the_kinds():
    rng = np.random.default_rng(0)
    assert get("auto")(discrete(rng, 50, 0)).spec == get("g_squared")
    assert get("auto")(gaussian(rng, 300, 0)).spec == get("fisher_z")
    assert get("auto")(with_kinds(Kind.CONTINUOUS, Kind.BINARY)).spec == get("fisher_z")
    assert get("auto")(with_kinds(Kind.CONTINUOUS, Kind.DISCRETE)).spec == get("kci")


def test_oracle_refuses_other_graphs():
    with pytest.raises(OptionError, match="off a DAG or an ADMG"):
        Oracle(DAG.from_edges(["X --> Y"]).to_cpdag())
