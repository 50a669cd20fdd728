"""Tests by name and settings on the command line, and ``causalsim self-check``."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest


def test_a_quantum_test_with_its_settings(run, chain):
    words = ("chain.csv", "--test", "qpc_plus", "--feature-map", "z", "--shots", "1024")
    found = json.loads(run("discover", *words, "--max-cond", "0", "--json", "--quiet").out)
    assert found["test"] == "QPCPlus(feature_map='z', shots=1024)"
    note = next(note for note in found["notes"] if note.startswith("quantum kernel"))
    assert "effective dimension" in note
    assert "shot noise" in note


def test_settings_by_name_are_numbers_words_and_truths(run, chain):
    words = ("--test", "kci", "--set", "null=permutation", "--set", "draws=200", "--seed", "3")
    found = json.loads(run("discover", "chain.csv", *words, "--json", "--quiet").out)
    assert found["test"] == "KernelCI(null='permutation', draws=200, seed=3)"
    words = ("--test", "gcm", "--set", "weighted=True", "--set", "draws=99")
    found = json.loads(run("discover", "chain.csv", *words, "--json", "--quiet").out)
    assert "weighted=True" in found["test"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--test", "kcii"), "no test 'kcii'.*Did you mean 'kci'"),
        (("--test", "oracle"), "no test 'oracle'"),
        (("--test", "kci", "--set", "null"), "--set null: expected NAME=VALUE"),
        (("--test", "kci", "--set", "nul=gamma"), "has no setting 'nul'.*Did you mean 'null'"),
        (("--test", "kci", "--set", "null=gama"), "'gama' is unknown.*Did you mean 'gamma'"),
        (("--test", "kci", "--shots", "9"), "--shots goes with --test qpc_plus"),
        (("--test", "qpc_plus", "--shots", "0"), "shots=0"),
        (("--test", "qpc_plus", "--feature-map", "zy"), "'zy' is unknown"),
        (("--test", "qpc"), "test 'qpc' was asked about 300 rows .*insist=True"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_written(run, chain, tmp_path, words, said):
    code, out, err = run("discover", "chain.csv", *words, "--out", "g.json", "--quiet")
    assert code == 2
    assert not out
    assert re.search(said, err)
    assert not (tmp_path / "g.json").exists()


def test_self_check_measures_the_level(run, chain):
    words = ("X", "Y", "--given", "Z", "--test", "fisher_z", "--repetitions", "50")
    code, out, err = run("self-check", "chain.csv", *words)
    assert code == 0
    assert "fisher_z on X _||_ Y | Z, n = 300: rejected" in out
    assert not err
    assert run("self-check", "chain.csv", *words).out == out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("X", "Q"), "no column 'Q'"),
        (("X", "Y", "--given", "X"), "must differ"),
        (("X", "Y", "--repetitions", "0"), "repetitions=0"),
        (("X", "Y", "--alpha", "1.5"), "--alpha 1.5: expected a number between 0 and 1"),
    ],
)
def test_self_check_refuses_by_name(run, chain, words, said):
    code, out, err = run("self-check", "chain.csv", *words, "--test", "fisher_z")
    assert code in {1, 2}
    assert not out
    assert said in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--shots 0", "--shots goes with --test qpc_plus or qpc; got --test auto."),
        ("--test kci --feature-map zz", "--feature-map goes with --test qpc_plus or qpc"),
        ("--test qpc_plus --shots 10 --set shots=20", "shots is given twice; keep one of them."),
        ("--test kci --set null=gamma --set null=hbe", "null is given twice; keep one of them."),
        ("--test kci --set nul=gamma", "undersmooth"),
    ],
)
def test_settings_that_do_not_fit_are_refused(run, chain, words, message):
    code, out, err = run("discover", "chain.csv", *words.split())
    assert (code, out) == (2, "")
    assert message in err


@pytest.mark.parametrize(
    ("name", "test", "advised", "not_advised"),
    [
        ("gaps", "kci", "--missing listwise", "testwise"),
        ("gaps", "fisher_z", "--missing testwise", "keep"),
        ("flat", "kci", "--degenerate drop", "keep"),
        ("flat", "fisher_z", "--degenerate keep", "testwise"),
    ],
)
def test_only_what_the_test_takes_is_advised(run, chain, name, test, advised, not_advised):
    gaps = chain.assign(X=chain["X"].where(chain.index > 2))
    {"gaps": gaps, "flat": chain.assign(W=1.0)}[name].to_csv(f"{name}.csv", index=False)
    code, out, err = run("discover", f"{name}.csv", "--test", test)
    assert (code, out) == (1, "")
    assert advised in err
    assert not_advised not in err
    assert run("discover", f"{name}.csv", "--test", test, *advised.split()).code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("discover chain.csv --test kci --set draws=100000000", "expected at most 100000"),
        ("discover chain.csv --test qpc_plus --set reps=100000", "expected at most 1000"),
        ("discover chain.csv --test rcit --set features=100000", "bytes at once; the limit is"),
        (
            "discover chain.csv --test kci --set null=permutation --set draws=99 --alpha 0.001",
            "let it draw 999 times or more",
        ),
        ("self-check chain.csv X Y --repetitions 100000000", "expected at most 100000"),
    ],
)
def test_what_could_not_end_or_never_reject_is_refused(run, chain, words, said):
    code, out, err = run(*words.split())
    assert code in {1, 2}
    assert not out
    assert said in err


def test_two_rows_are_too_few_for_a_quantum_test(run, chain):
    chain.head(2).to_csv("two.csv", index=False)
    code, _, err = run("discover", "two.csv", "--test", "qpc_plus")
    assert code == 1
    assert "test 'qpc_plus'" in err
    assert "Give 6 rows or more" in err


def test_insisting_on_a_lost_level_is_told(run, chain):
    words = ("--test", "qpc", "--set", "insist=yes", "--max-cond", "0")
    assert "level of 'qpc' is lost with 300 rows" in run("discover", "chain.csv", *words).out


def test_self_check_drops_columns_and_prints_json(run, chain):
    chain.assign(W=np.nan).to_csv("wide.csv", index=False)
    words = ("X", "Y", "--drop", "W", "--test", "fisher_z", "--repetitions", "40", "--json")
    found = json.loads(run("self-check", "wide.csv", *words).out)
    assert found["test"] == "fisher_z"
    assert found["level"] == found["rejected"] / 40
    assert found["interval"][0] <= found["level"] <= found["interval"][1]


def test_check_takes_the_words_of_discover(run, chain):
    run("discover", "chain.csv", "--test", "fisher_z", "--out", "g.json")
    words = ("--test", "qpc_plus", "--feature-map", "z", "--shots", "512", "--seed", "3")
    found = json.loads(run("check", "g.json", "chain.csv", *words, "--json").out)
    assert "shots=512" in found["test"]
    assert "seed=3" in found["test"]


def test_check_does_not_depend_on_the_workers(run, chain):
    run("discover", "chain.csv", "--test", "fisher_z", "--out", "g.json")
    words = ("check", "g.json", "chain.csv", "--test", "rcot", "--seed", "3", "--json", "--jobs")
    alone, shared = (run(*words, jobs) for jobs in ("1", "2"))
    assert json.loads(alone.out) == json.loads(shared.out)
    code, out, err = run(*words, "0")
    assert (code, out) == (2, "")
    assert "--jobs 0: expected a positive integer" in err


def test_words_for_yes_and_no_are_read(run, chain):
    code, _, err = run("discover", "chain.csv", "--test", "qpc", "--set", "insist=no")
    assert code == 2
    assert "insist" in err
