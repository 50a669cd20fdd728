from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from causalsim.discovery import DiscoveryResult, pc
from causalsim.discovery._colliders import RULES
from causalsim.discovery._orientation import POLICIES
from causalsim.graph import CPDAG, DiscreteNetwork
from causalsim.graph.io import read

COLLIDER = CPDAG.from_edges(["X --> Z", "Y --> Z"], nodes=["X", "Y", "Z"])


def strictly(text: str) -> object:
    """Read JSON that holds no NaN or infinity."""

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    return json.loads(text, parse_constant=refuse)


def test_summary_on_stdout_and_nothing_else(run, chain):
    code, out, err = run("discover", "chain.csv", "--test", "fisher_z", "--quiet")
    expected = pc(chain, "fisher_z").summary()
    assert (code, err) == (0, "")
    assert out == f"{expected}\nseed = 0\n"


def test_json_is_the_result_and_nothing_else(run, chain):
    code, out, _ = run("discover", "chain.csv", "--json", "--seed", "7", "--alpha", "0.01")
    payload = strictly(out)
    found = DiscoveryResult.from_dict(payload)
    assert code == 0
    assert found.graph == COLLIDER
    assert (
        payload["options"] | {"seed": 7, "alpha": 0.01, "source": "chain.csv"}
        == (payload["options"])
    )


def test_every_output_in_one_run(run, chain, tmp_path):
    names = ["g.json", "g.dot", "g.gv", "g.graphml", "g.dagitty", "g.json.gz"]
    graphs = [word for name in names for word in ("--out", name)]
    extra = ["--svg", "g.svg", "--html", "r.html", "--result", "r.json"]
    code, _, err = run("discover", "chain.csv", *graphs, *extra)
    assert code == 0
    for name in names:
        assert read(tmp_path / name, kind="CPDAG") == COLLIDER
        assert f"wrote {name}\n" in err
    assert (tmp_path / "g.svg").read_text().startswith("<svg")
    assert "<!doctype html>" in (tmp_path / "r.html").read_text()
    assert DiscoveryResult.load(tmp_path / "r.json").graph == COLLIDER


def test_bif_holds_tables_counted_from_discrete_data(run, labels, tmp_path):
    code, _, err = run("discover", "labels.csv", "--out", "g.bif", "--alpha", "0.01")
    network = read(tmp_path / "g.bif")
    assert code == 0
    assert "one DAG of the class" in err
    assert isinstance(network, DiscreteNetwork)
    assert network.dag.parents("C") == ("A", "B")
    given = labels[(labels.A == "s1") & (labels.B == "s0")]
    shares = given.C.value_counts(normalize=True).reindex(["s0", "s1", "s2"])
    np.testing.assert_allclose(network.tables["C"][1, 0], shares)


def test_bif_is_refused_for_numbers_before_the_run(run, chain, tmp_path):
    code, out, err = run("discover", "chain.csv", "--out", "g.bif", "--svg", "g.svg")
    assert (code, out) == (2, "")
    assert "'X', 'Y', 'Z' are not discrete. Write .json" in err
    assert {p.name for p in tmp_path.iterdir()} == {"chain.csv"}


def test_explain_in_words_and_in_json(run, chain):
    expected = str(pc(chain).explain("X", "Z"))
    assert expected in run("discover", "chain.csv", "--explain", "X", "Z").out
    payload = strictly(run("discover", "chain.csv", "--explain", "X", "Z", "--json").out)
    assert "\n".join(payload["explanation"]) == expected


def test_spaces_and_foreign_letters(run, chain, tmp_path):
    names = {"X": "größe", "Y": "年齢", "Z": "a = b"}
    chain.rename(columns=names).to_csv(tmp_path / "my dätä.csv", index=False)
    words = ["--kinds", "a = b=continuous", "--out", "my gräph.json", "--json"]
    code, out, _ = run("discover", "my dätä.csv", *words)
    assert code == 0
    assert strictly(out)["nodes"] == list(names.values())
    assert read(tmp_path / "my gräph.json") == COLLIDER.rename(names)


@pytest.mark.parametrize("name", ["t.tsv", "t.parquet", "t.csv.gz"])
def test_other_forms_of_tables(run, chain, tmp_path, name):
    if name == "t.parquet":
        pytest.importorskip("pyarrow")
        chain.to_parquet(tmp_path / name)
    else:
        chain.to_csv(tmp_path / name, index=False, sep="\t" if ".tsv" in name else ",")
    whole = strictly(run("discover", name, "--json").out)
    part = strictly(run("discover", name, "--drop", "Z", "--json").out)
    assert whole["edges"] == list(COLLIDER.edges)
    assert part["nodes"] == ["X", "Y"]
    assert part["notes"][1:] == ["left out on request: Z"]
    assert part["notes"][0].startswith("test = fisher_z: numbers")


def test_dropped_columns_may_hold_anything(run, chain, tmp_path):
    chain.assign(bad=np.inf, worse="text", gone=np.nan).to_csv(tmp_path / "t.csv", index=False)
    words = ["--drop", "bad", "--drop", "worse", "--drop", "gone"]
    assert strictly(run("discover", "t.csv", *words, "--json").out)["nodes"] == ["X", "Y", "Z"]


def test_knowledge_is_enforced(run, chain, tmp_path):
    Path(tmp_path, "k.toml").write_text('forbidden = ["X --- Z"]', encoding="utf-8")
    payload = strictly(run("discover", "chain.csv", "--knowledge", "k.toml", "--json").out)
    assert payload["edges"] == ["Y --- Z"]


def test_missing_and_degenerate_columns_as_asked(run, chain, tmp_path):
    chain.assign(C=1.0).to_csv(tmp_path / "t.csv", index=False)
    out = run("discover", "t.csv", "--degenerate", "drop").out
    assert "note: dropped: 'C' is constant" in out
    chain.loc[3, "Y"] = np.nan
    chain.to_csv(tmp_path / "t.csv", index=False)
    assert "299 rows" in run("discover", "t.csv", "--missing", "listwise").out
    assert "missing values kept" in run("discover", "t.csv", "--missing", "testwise").out


def test_options_reach_the_algorithm(run, chain):
    words = ["--sepset", "max_p", "--conflict", "keep", "--max-cond", "0", "--fdr", "0.1"]
    options = strictly(run("discover", "chain.csv", *words, "--json", "--jobs", "1").out)[
        "options"
    ]
    assert (options["sepset"], options["conflict"]) == ("max_p", "keep")
    assert (options["max_cond"], options["fdr"]) == (0, 0.1)
    chosen = strictly(run("discover", "chain.csv", "--alpha", "auto", "--json").out)
    assert 0 < chosen["options"]["alpha"] < 1


def test_guessed_kinds_are_noted_in_the_words_of_the_shell(run, tmp_path):
    codes = np.random.default_rng(0).integers(0, 3, size=(300, 2))
    pd.DataFrame(codes, columns=["a b", "c"]).to_csv(tmp_path / "t.csv", index=False)
    err = run("discover", "t.csv").err
    assert "note: column kinds were guessed" in err
    assert "--kinds 'a b=discrete'" in err
    assert run("discover", "t.csv", "--kinds", "discrete", "--quiet").err == ""


def test_bundled_data(run):
    payload = strictly(run("discover", "dataset:sachs", "--test", "fisher_z", "--json").out)
    assert (payload["n"], len(payload["nodes"])) == (853, 11)
    code, _, err = run("discover", "dataset:asia")
    assert code == 2
    assert "causalsim datasets asia --rows 1000 --out asia.csv" in err


def test_help_names_every_policy(run):
    text = run("discover", "--help").out
    assert all(name in text for name in (*RULES, *POLICIES))
