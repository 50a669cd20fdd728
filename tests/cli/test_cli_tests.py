"""Tests by name and settings on the command line, and ``causalsim self-check``."""

from __future__ import annotations

import json
import re

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
    assert "FisherZ(shrinkage=None) on X _||_ Y | Z, n = 300: rejected" in out
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


def test_words_for_yes_and_no_are_read(run, chain):
    code, _, err = run("discover", "chain.csv", "--test", "qpc", "--set", "insist=no")
    assert code == 2
    assert "insist" in err
