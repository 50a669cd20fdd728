"""The test that chooses: what it looks at, what it says, and how far it lets a search go."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest

import causalsim as cs
from causalsim.citest import SelfCheck, _auto, get
from causalsim.citest._auto import Auto, bent_pairs
from causalsim.data import Kind, Table
from causalsim.errors import DataError


def numbers(seed, n, p=3, bend=0.0):
    """A chain x0 -> x1 -> ... whose steps are lines, or bent by a square."""
    rng = np.random.default_rng(seed)
    columns = [rng.normal(size=n)]
    while len(columns) < p:
        columns.append(columns[-1] + bend * columns[-1] ** 2 + rng.normal(size=n))
    names = tuple(f"x{i}" for i in range(p))
    return Table(names, np.column_stack(columns), (Kind.CONTINUOUS,) * p)


def mixed(n, p=3):
    table = numbers(0, n, p)
    values = table.values.copy()
    values[:, 0] = np.digitize(values[:, 0], [-0.5, 0.5])
    return replace(table, values=values, kinds=(Kind.DISCRETE, *table.kinds[1:]))


@pytest.mark.parametrize(
    ("table", "name", "said"),
    [
        (numbers(0, 300), "fisher_z", "no pair of columns visibly bends a line$"),
        (numbers(0, 200), "fisher_z", "bends a line; 200 rows show few bends.*test='kci'"),
        (numbers(0, 300, bend=1.0), "kci", "pairs of columns bend a line, such as"),
        (numbers(0, 501, bend=1.0), "gcm", "501 rows and 3 columns: .*test='kci' sees more"),
        (numbers(0, 300, 9, bend=0.2), "gcm", "300 rows and 9 columns"),
        (numbers(0, 5001, bend=1.0), "fisher_z", "5001 rows .*this one may not.*test='gcm'"),
        (mixed(300), "kci", "numbers and codes together"),
        (mixed(501), "gcm", "501 rows and 3 columns"),
        (mixed(300, 9), "gcm", "300 rows and 9 columns"),
        (mixed(1000), "gcm", "takes longer; conditioning sets up to 3"),
        (mixed(1001), "gcm", "takes longer; its level was measured up to 1000 rows; cond"),
        (mixed(5001), "mixed", "5001 rows and 3 columns: too many"),
        (mixed(300, 31), "mixed", "300 rows and 31 columns: too many"),
    ],
)
def test_the_choice_and_its_reason(monkeypatch, table, name, said):
    levels(monkeypatch, {1: 5})
    bound = Auto()(table)
    assert bound.spec == get(name)
    assert len(bound.notes) == 1 + (name == "kci")
    assert re.match(rf"test = {name}: .*{said}", bound.notes[0])


def test_numbers_with_holes_stay_with_the_test_that_takes_them():
    table = numbers(0, 100, bend=1.0)
    values = table.values.copy()
    values[0, 0] = np.nan
    assert Auto()(replace(table, values=values)).spec == get("fisher_z")


@pytest.mark.stats
def test_lines_are_seldom_called_bent():
    for level in (1e-3, 1e-2):
        hits = sum(bool(bent_pairs(numbers(seed, 200), level / 6)) for seed in range(1000))
        assert binomtest(hits, 1000, level, alternative="greater").pvalue > 1e-3


@pytest.mark.parametrize(("n", "p", "name"), [(200, 3, "kci"), (201, 3, "fisher_z")])
def test_few_rows_get_a_less_strict_look(monkeypatch, n, p, name):
    levels(monkeypatch, {1: 5})
    slight = next(
        table for table in (numbers(seed, n, p, bend=0.1) for seed in range(1000))
        if bent_pairs(table, 1e-2) and not bent_pairs(table, 1e-3 / 6)
    )  # fmt: skip
    assert Auto()(slight).spec.name == name


def test_bends_are_found_and_ordered_worst_first():
    rng = np.random.default_rng(0)
    x, e, f = rng.normal(size=(3, 300))
    values = np.column_stack([x, x**2 + e / 4, x + x**2 / 4 + f])
    table = Table(("x", "square", "slight"), values, (Kind.CONTINUOUS,) * 3)
    assert bent_pairs(table, 1e-3)[0] == ("x", "square")
    assert ("x", "slight") in bent_pairs(table, 1e-3)
    coins = replace(table, values=np.sign(values))
    assert bent_pairs(coins, 1e-3) == []
    assert bent_pairs(replace(table, values=values[:9]), 1e-3) == []


@pytest.mark.parametrize(
    ("table", "cap"),
    [
        *((mixed(19), 0), (mixed(20), 3), (mixed(300), 3), (mixed(501), 3), (mixed(5001), 1)),
        *((mixed(49, 9), 0), (mixed(50, 9), 2), (mixed(99, 9), 2), (mixed(100, 9), 3)),
    ],
)
def test_sets_are_bounded_where_the_level_was_measured(table, cap):
    assert Auto().choose(table).max_cond == cap


def test_a_search_stops_where_the_level_was_not_seen_to_hold(monkeypatch):
    levels(monkeypatch, {2: 5})
    table = numbers(0, 150, 4, bend=0.5)
    found = cs.pc(table)
    assert found.notes[0].startswith("test = kci:")
    assert Auto()(table).max_cond == 2
    capped = replace(Auto()(table), max_cond=0)
    assert max(len(given) for given in cs.pc(None, capped).tests["given"]) == 0
    assert max(len(given) for given in cs.pc(None, capped, max_cond=2).tests["given"]) == 0


def levels(monkeypatch, rejected):
    """Let the self-check find these counts, by size of the set; None where it has no answer."""

    def check(spec, table, x, y, given, *, repetitions, rng):
        assert len({x, y, *given}) == 2 + len(given)
        found = rejected[len(given)]
        if found is None:
            raise DataError("too few rows")
        return SelfCheck("", x, y, tuple(given), 0.05, found, repetitions, len(table))

    monkeypatch.setattr(_auto, "self_check", check)


@pytest.mark.parametrize(
    ("rejected", "cap", "said"),
    [
        ({2: 4}, 2, "is 0.0[48] with 2 columns"),
        ({2: 9, 1: 4}, 1, "is 0.0[48] with 1 columns"),
        ({2: 30, 1: 30}, 0, "does not hold with any set"),
        ({2: None, 1: 4}, 1, "with 1 columns"),
    ],
)
@pytest.mark.parametrize(("n", "twins"), [(100, 100), (200, 100), (201, 50), (500, 50)])
def test_sets_are_checked_on_tables_like_this_one(monkeypatch, rejected, cap, said, n, twins):
    levels(monkeypatch, rejected)
    bound = Auto()(numbers(0, n, 4, bend=1.0))
    assert bound.max_cond == cap
    assert re.search(
        f"on {twins} simulated tables like this one its level (.*){said}", bound.notes[1]
    )


def test_steps_that_the_kernel_test_cannot_follow_leave_no_set():
    z, e, f = np.random.default_rng([8, 1]).normal(size=(3, 100))
    g = np.sign(np.sin(4 * z))
    values = np.column_stack([g + 0.4 * e, g + 0.4 * f, z])
    bound = Auto()(Table(("x", "y", "z"), values, (Kind.CONTINUOUS,) * 3))
    assert bound.spec == get("kci")
    assert bound.max_cond == 0
