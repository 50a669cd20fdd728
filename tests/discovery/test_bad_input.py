"""Bad input to ``pc``: each says what was got, what was expected and what to write instead."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import causalsim as cs
from causalsim.citest import FisherZ, Oracle
from causalsim.errors import (
    CausalSimError,
    DataError,
    InterruptedRunError,
    KnowledgeError,
    NameNotFoundError,
    OptionError,
)


def good(n=50):
    return pd.DataFrame(np.random.default_rng(0).normal(size=(n, 4)), columns=list("ABCD"))


# -- the data --------------------------------------------------------------------------------


@pytest.mark.parametrize("content", ["", "A,B\n"])
def test_an_empty_file(tmp_path, content):
    path = tmp_path / "empty.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match="(is empty; expected a row of column names|0 rows)"):
        cs.pc(path)


def test_an_unreadable_path(tmp_path):
    with pytest.raises(DataError, match=r"cannot read .*none\.csv"):
        cs.pc(tmp_path / "none.csv")
    with pytest.raises(OptionError, match="expected a name that ends in .csv"):
        cs.pc(tmp_path / "data.xyz")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda d: d[["A"]], r"1 usable column\(s\): 'A'; expected at least 2"),
        (lambda d: d.assign(A=1.0), "'A' is constant. .*degenerate='drop'"),
        (lambda d: d.assign(E=d.A), "'E' repeats 'A'"),
        (lambda d: d.assign(E=d.A - 2 * d.B), "'E' is determined by 'A', 'B'"),
        (lambda d: d.set_axis(list("AABC"), axis=1), "distinct as text; more than once: 'A'"),
        (lambda d: d.replace(d.iloc[0, 0], np.nan), "missing values: 'A' 1.* missing='listwise'"),
        (lambda d: d.replace(d.iloc[0, 1], np.inf), "infinite values: 'B' 1"),
        (lambda d: d[:3], "3 rows are too few .* give more than 3 rows"),
        (lambda d: d[:0], "0 rows"),
        (
            lambda d: d.assign(A=[f"s{i}" for i in range(50)]),
            "'A' has 50 different labels in 50 rows: an identifier",
        ),
    ],
)
def test_data_that_cannot_be_used(spoil, message):
    with pytest.raises(DataError, match=message):
        cs.pc(spoil(good()), "fisher_z")


def test_rows_that_run_out_at_a_conditioning_size():
    """Four rows answer without conditions only; strong correlations ask for more."""
    common = np.random.default_rng(1).normal(size=(4, 1))
    values = common + 0.01 * np.random.default_rng(2).normal(size=(4, 4))
    with pytest.raises(DataError, match=r"4 rows are too few .* 1 cond.* write max_cond=0"):
        cs.pc(values, "fisher_z")
    assert cs.pc(values, "fisher_z", max_cond=0).graph.n_edges == 6


def test_no_data():
    for test in ("fisher_z", FisherZ()):
        with pytest.raises(DataError, match="data=None goes only with a bound test or an oracle"):
            cs.pc(None, test)
    with pytest.raises(DataError, match="got dict; expected"):
        cs.pc({"A": [1]})


def test_columns_that_the_oracle_does_not_know():
    with pytest.raises(
        DataError, match=r"columns \['C', 'D'\] are no nodes of the oracle's graph"
    ):
        cs.pc(good(), Oracle(cs.DAG.from_edges(["A --> B"])))


# -- the options -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(alpha=0), "alpha=0: expected a number between 0 and 1, or None"),
        (dict(alpha="auto"), "Write alpha=None to choose it"),
        (dict(alpha=1.0), "alpha=1.0: expected"),
        (dict(alpha=float("nan")), "alpha=nan: expected"),
        (dict(alpha="0.05"), "alpha='0.05': expected"),
        (dict(fdr=2.0), "fdr=2.0: expected a number between 0 and 1"),
        (dict(sepset="majorty"), "sepset='majorty' is unknown.* Did you mean 'majority'"),
        (dict(conflict="marked"), "conflict='marked' is unknown.* Did you mean 'mark'"),
        (dict(record="every"), "record='every' is unknown; expected one of 'decisive', 'all'"),
        (dict(missing="drop"), "missing='drop' is unknown; expected one of 'error', 'listwise'"),
        (dict(degenerate="ignore"), "degenerate='ignore' is unknown"),
        (dict(max_cond=-1), "max_cond=-1: expected a non-negative integer, or None"),
        (dict(max_cond=1.5), "max_cond=1.5: expected a non-negative integer"),
        (dict(n_jobs=0), "n_jobs=0: expected a positive integer, or -1"),
        (dict(rng="seed"), "rng='seed': expected an int"),
        (dict(kinds={"A": "number"}), r"kinds\['A'\]='number' is unknown; expected one of"),
        (dict(test=3), "test=3: expected a name such as 'fisher_z'"),
    ],
)
def test_options_that_are_not_known(options, message):
    with pytest.raises(OptionError, match=message):
        cs.pc(good(), **options)


@pytest.mark.parametrize(
    ("name", "nearest"), [("fisherz", "fisher_z"), ("Chi_Squared", "chi_squ")]
)
def test_an_unknown_test_is_answered_with_the_nearest(name, nearest):
    with pytest.raises(NameNotFoundError, match=f"no test '{name}'.* Did you mean '{nearest}"):
        cs.pc(good(), name)


@pytest.mark.parametrize(
    ("rules", "error", "message"),
    [
        (
            dict(required=["A --> Z"]),
            NameNotFoundError,
            r"no variable \(in knowledge\) 'Z'. Known",
        ),
        (dict(tiers=[["a"]]), NameNotFoundError, "Did you mean 'A'"),
        (
            dict(required=["A --> B", "B --> A"]),
            KnowledgeError,
            "B --> A is required .* and so is the opposite",
        ),
        (
            dict(required=["A --> B", "B --> C", "C --> A"]),
            KnowledgeError,
            "required edges form a cycle: A --> B --> C --> A",
        ),
    ],
)
def test_knowledge_that_cannot_be(rules, error, message):
    with pytest.raises(error, match=message):
        cs.pc(good(), knowledge=rules)


def test_every_error_is_ours_and_a_builtin_one():
    for call, builtin in (
        (lambda: cs.pc(good(), alpha=2.0), ValueError),
        (lambda: cs.pc(good(), "nope"), KeyError),
        (lambda: cs.pc(good()[:3]), ValueError),
    ):
        with pytest.raises(CausalSimError, match=".+") as caught:
            call()
        assert isinstance(caught.value, builtin)


def test_an_interruption_between_levels_leaves_no_file(tmp_path, monkeypatch):
    """Progress is where Ctrl-C is felt in a test; nothing may be written before the end."""
    monkeypatch.chdir(tmp_path)

    def stop(done, total, message):
        raise KeyboardInterrupt

    with pytest.raises(InterruptedRunError, match="interrupted at conditioning sets of 0 after 6"):
        cs.pc(good(), progress=stop)
    assert not list(tmp_path.iterdir())
