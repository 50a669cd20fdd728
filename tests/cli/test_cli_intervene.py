"""``causalsim intervene``: numbers, formulas, hedges, pictures and refusals."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import causalsim as cs

NAPKIN = "dag { Z2 -> Z1 -> X -> Y; Z2 <-> X; Z2 <-> Y }"


@pytest.fixture
def napkin(run):
    Path("graph.txt").write_text(NAPKIN, encoding="utf-8")
    return "graph.txt"


def test_numbers_of_a_network(run):
    words = ("dataset:asia", "--query", "dysp", "--do", "lung=yes", "--given", "smoke=no")
    found = json.loads(run("intervene", *words, "--json").out)
    model = cs.CausalModel.from_network(cs.datasets.network("asia"))
    law = model.query("dysp", do={"lung": "yes"}, given={"smoke": "no"})
    assert cs.Distribution.from_dict(found).array().tolist() == law.array().tolist()
    shown = run("intervene", *words).out
    assert f"{law.at(dysp='yes'):.4g}" in shown


def test_a_formula_with_its_proof_and_picture(run, napkin):
    words = ("intervene", napkin, "--treatment", "X", "--outcome", "Y")
    shown = run(*words, "--svg", "proof.svg")
    assert "Σ_Z2 P(X, Y | Z2, Z1) P(Z2)" in shown.out
    assert "[3] disintegrate [2]: of X, Y keep Q(Y | X)" in shown.out
    assert "wrote proof.svg" in shown.err
    picture = Path("proof.svg").read_text(encoding="utf-8")
    assert picture.startswith("<svg")
    assert "before" in picture
    assert run(*words, "--latex").out.startswith(r"\frac{\sum_{Z_{2}}")
    assert json.loads(run(*words, "--json").out)["format"] == "causalsim/estimand"


def test_a_hedge_is_an_answer(run):
    Path("bow.txt").write_text("dag { X -> Y; X <-> Y }", encoding="utf-8")
    words = ("intervene", "bow.txt", "--treatment", "X", "--outcome", "Y", "--svg", "bow.svg")
    shown = run(*words)
    assert "F = {X, Y}, F' = {Y}" in shown.out
    assert "before" not in Path("bow.svg").read_text(encoding="utf-8")


def test_a_latent_node_is_projected_out(run):
    words = ("--treatment", "smoke", "--outcome", "dysp", "--latent", "bronc", "--latent", "tub")
    shown = run("intervene", "dataset:asia", *words).out
    assert "is identifiable" in shown
    assert "bronc" not in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--query", "dysp", "--do", "smoke"), "--do smoke: write VARIABLE=STATE"),
        (("--query", "dysp", "--do", "lung=a", "--do", "lung=b"), "--do names 'lung' twice"),
        (("--query", "dysp", "--do", "smoke=maybe"), "no state of 'smoke' 'maybe'"),
        (("--query", "dysp", "--do", "smok=yes"), "Did you mean 'smoke'"),
        (("--query", "dysp", "--latex"), "go with --outcome, not with --query"),
        (("--outcome", "dysp", "--do", "smoke=yes"), "--do goes with --query"),
        ((), "give --query .* or --outcome"),
        (("--outcome", "dyspn", "--treatment", "smoke"), "no node 'dyspn'"),
        (("--query", "dysp", "--svg", "a.png"), "--svg a.png: expected a name that ends in .svg"),
        (("--query", "dysp", "--given", "tub=yes", "--given", "either=no"), "is 0, so nothing"),
    ],
)
def test_bad_input_is_refused_and_nothing_is_written(run, words, said):
    before = set(Path().iterdir())
    shown = run("intervene", "dataset:asia", *words)
    assert shown.code in {1, 2}
    assert re.search(said, shown.err)
    assert set(Path().iterdir()) == before


def test_graphs_without_tables_or_of_a_class_are_refused(run, napkin):
    shown = run("intervene", napkin, "--query", "Y", "--do", "X=1")
    assert "no probability tables" in shown.err
    cs.graph.io.write(cs.CPDAG.from_edges(["X --- Y"]), "class.json")
    shown = run("intervene", "class.json", "--outcome", "Y", "--treatment", "X")
    assert "the graph is a CPDAG" in shown.err
