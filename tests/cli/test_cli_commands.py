from __future__ import annotations

import json
import pathlib
import subprocess
import sys
from io import StringIO

import numpy as np
import pandas as pd
import pytest

import causalsim
from causalsim import datasets, discovery
from causalsim._files import dump_json
from causalsim.cli._inputs import catalogue
from causalsim.cli._shell import in_shell
from causalsim.cli._tables import fit_tables
from causalsim.data import read_table
from causalsim.discovery import DiscoveryResult, pc
from causalsim.errors import LimitError
from causalsim.graph import CPDAG, DAG
from causalsim.graph.io import read, write

HEAVY = ("pandas", "scipy", "networkx", "sklearn", "matplotlib", "statsmodels", "numba", "joblib")


def fresh(*words: str, code: int = 0) -> str:
    """Run words after ``python`` in a fresh interpreter."""
    done = subprocess.run([sys.executable, *words], capture_output=True, check=False)
    assert done.returncode == code, done.stderr.decode()
    return done.stdout.decode()


def test_help_imports_nothing_heavy():
    script = (
        "import sys; from causalsim.cli import main; main(['discover', '--help']); "
        "main(['--help']); main(['--version']); print(sorted(sys.modules))"
    )
    loaded = fresh("-c", script).splitlines()[-1]
    assert "'typer'" in loaded
    assert [name for name in HEAVY if f"'{name}'" in loaded] == []


def test_help_lists_the_commands_that_work(run):
    text = run("--help").out
    for name in ("discover", "check", "convert", "datasets", "demo", "version"):
        assert f" {name} " in text
    assert run("simulate").code == 2


def test_module_and_versions(run):
    expected = f"causalsim {causalsim.__version__}\n"
    assert run("version") == (0, expected, "")
    assert run("--version") == (0, expected, "")
    assert fresh("-m", "causalsim", "version") == expected


def test_stdout_is_utf8_wherever_it_goes(tmp_path):
    x, y = np.random.default_rng(0).normal(size=(2, 50))
    path = tmp_path / "t.csv"
    pd.DataFrame({"é": x, "年": y}).to_csv(path, index=False)
    code = f"from causalsim.cli import main; main(['discover', {str(path)!r}, '--json'])"
    text = fresh(
        "-X", "utf8=0", "-c", f"import sys; sys.stdout.reconfigure(encoding='ascii'); {code}"
    )
    assert json.loads(text)["nodes"] == ["é", "年"]


def test_broken_pipes_end_quietly():
    script = (
        "import os; r, w = os.pipe(); os.close(r); os.dup2(w, 1); from causalsim.cli import main; "
        "raise SystemExit(main(['datasets', 'alarm']))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", b"")


@pytest.mark.parametrize("words", [["--help"], ["version"], ["datasets", "asia"]])
def test_a_full_disk_ends_in_one_line(words):
    with pathlib.Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "causalsim", *words],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert (done.returncode, done.stderr) == (1, b"error: No space left on device\n")


# -- check ------------------------------------------------------------------------------------


def test_check_reports_refuted_independencies(run, chain, tmp_path):
    right, wrong = DAG.from_edges(["X --> Z", "Y --> Z"]), DAG.from_edges(["X --> Y", "Y --> Z"])
    write(right, tmp_path / "right.json")
    write(wrong, tmp_path / "wrong.dot")
    code, out, err = run("check", "right.json", "chain.csv")
    assert (code, err) == (0, "")
    assert out.rstrip() == discovery.check(right, chain).summary().rstrip()
    payload = run("check", "wrong.dot", "chain.csv", "--json").out
    bare = run("check", "wrong.dot", "chain.csv", "--correction", "none", "--max-cond", "0").out
    expected = discovery.check(wrong, chain, correction=None, max_cond=0).summary()
    assert bare == f"{expected}\n"
    assert payload == dump_json(discovery.check(wrong, chain).to_dict())


def test_check_refuses_bad_input(run, chain, tmp_path):
    write(DAG.from_edges(["X --> Q"]), tmp_path / "g.json")
    code, out, err = run("check", "g.json", "chain.csv")
    assert (code, out) == (1, "")
    assert "'Q'" in err
    assert "--latent NAME" in err
    assert run("check", "g.json", "chain.csv", "--latent", "Q").code == 0
    assert run("check", "none.json", "chain.csv").code == 1
    assert run("check", "g.json", "none.csv").code == 1
    assert run("check", "g.json", "chain.csv", "--test", "fisherz").code == 2
    assert run("check", "g.json", "chain.csv", "--alpha", "2").code == 2
    assert run("check", "g.json").code == 2


# -- convert ----------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["json", "dot", "gv", "graphml", "dagitty", "json.gz"])
def test_convert_keeps_the_graph(run, tmp_path, suffix):
    graph = CPDAG.from_edges(["X --> Z", "Y --> Z", "Z --- W"])
    write(graph, tmp_path / "in put.json")
    code, out, err = run("convert", "in put.json", f"out.{suffix}")
    assert (code, out) == (0, "")
    assert err == f"wrote out.{suffix}: CPDAG, 4 nodes, 3 edges\n"
    assert read(tmp_path / f"out.{suffix}", kind="CPDAG") == graph


def test_convert_leaves_tables_out_where_a_format_has_none(run, tmp_path):
    assert run("convert", "dataset:asia", "asia.bif").code == 0
    assert "tables were left out" in run("convert", "asia.bif", "asia.dot").err
    assert read(tmp_path / "asia.bif") == datasets.network("asia")
    assert read(tmp_path / "asia.dot") == datasets.network("asia").dag
    assert run("convert", "asia.dot", "asia.svg", "--quiet") == (0, "", "")
    assert (tmp_path / "asia.svg").read_text().startswith("<svg")


def test_convert_reads_a_result(run, chain, tmp_path):
    run("discover", "chain.csv", "--result", "r.json")
    assert run("convert", "r.json", "g.graphml").code == 0
    assert read(tmp_path / "g.graphml") == pc(chain).graph


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ("g.dot h.bif", 1, "BIF holds a DiscreteNetwork with tables"),
        ("g.dot h.foo", 2, "extension '.foo' is unknown"),
        ("g.foo h.dot", 2, "extension '.foo' is unknown"),
        ("g.dot g.dot", 2, "it is read as input"),
        ("g.dot no/h.dot", 2, "the folder no does not exist"),
        ("none.dot h.dot", 1, "cannot read none.dot"),
        ("none.json h.dot", 1, "cannot read none.json"),
        ("bad.json h.dot", 1, "bad.json"),
        ("g.dot h.json --kind Dag", 2, "--help|Did you mean 'DAG'?"),
        ("network:asia h.json", 2, "network:asia: write dataset:asia."),
        ("dataset:asja h.json", 2, "Did you mean 'asia'?"),
    ],
)
def test_convert_refuses(run, tmp_path, words, code, message, files):
    write(DAG.from_edges(["X --> Y"]), tmp_path / "g.dot")
    (tmp_path / "bad.json").write_text("[]")
    got = run("convert", *words.split())
    assert (got.code, got.out) == (code, "")
    assert any(part in got.err for part in message.split("|"))
    assert files() == {"g.dot", "bad.json"}


# -- datasets ---------------------------------------------------------------------------------


def test_list_of_data_sets_opens_every_one(run):
    names = list(catalogue()["name"])
    text = run("datasets").out
    assert {"sachs:all", "macro:level", "network:asia"} <= set(names)
    assert len(text.splitlines()) == len(names) + 1
    assert [row["name"] for row in json.loads(run("datasets", "list", "--json").out)] == names
    for name in names:
        code, out, err = run("datasets", name, "--rows", "5")
        assert (code, err) == (0, "")
        assert len(pd.read_csv(StringIO(out))) >= 5


def test_data_sets_as_files(run, tmp_path):
    assert run("datasets", "sachs", "--out", "s.csv").code == 0
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "s.csv"), datasets.sachs())
    run("datasets", "asia", "--out", "a.tsv", "--rows", "20", "--seed", "3")
    drawn = datasets.network("asia").sample(20, rng=3)
    assert (pd.read_csv(tmp_path / "a.tsv", sep="\t") == drawn.astype(str)).all(axis=None)
    assert len(run("datasets", "dataset:sachs", "--rows", "10").out.splitlines()) == 11
    for name in ("a.bif", "a.json", "a.dot"):
        assert run("datasets", "network:asia", "--out", name).code == 0
    assert read(tmp_path / "a.json") == read(tmp_path / "a.bif") == datasets.network("asia")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("sach", "Did you mean 'sachs'?"),
        ("sachs:none", "no data set 'sachs:none'"),
        ("sachs --out s.bif", "expected a name that ends in .csv or .tsv"),
        ("asia --out s.xlsx", "extension '.xlsx' is unknown"),
        ("asia --out no/s.csv", "the folder no does not exist"),
        ("asia --rows 0", "--rows"),
        ("list --out s.csv", "--out belongs to one data set."),
        ("--seed 0", "--seed belongs to one data set."),
        ("sachs --json", "--json belongs to the list"),
        ("sachs --seed 1", "--seed is for drawing from a network"),
        ("asia --rows 9 --out a.bif", "--rows is for rows: --out NAME.csv."),
    ],
)
def test_data_sets_refuse(run, words, message, files):
    code, out, err = run("datasets", *words.split())
    assert (code, out) == (2, "")
    assert message in err
    assert files() == set()


# -- demo -------------------------------------------------------------------------------------


def test_demo_reports_agreement_and_can_run_twice(run, tmp_path, files):
    run("demo", "--out", "my demo/deep")
    code, out, err = run("demo", "--out", "my demo/deep")
    folder = tmp_path / "my demo" / "deep"
    found = DiscoveryResult.load(folder / "result.json")
    assert code == 0
    assert found.graph == pc(np.log(datasets.sachs()), "fisher_z", alpha=0.01).graph
    assert "Agreement is not truth" in out
    assert f"{found.graph.n_edges} found are published" in out
    assert "seed = 0" in out
    assert (folder / "graph.svg").read_text().startswith("<svg")
    assert files() == {"my demo/deep/graph.svg", "my demo/deep/result.json"}
    assert err.count("wrote") == 2


def test_demo_refuses_a_file_as_folder(run, tmp_path):
    (tmp_path / "demo").write_text("")
    code, out, err = run("demo")
    assert (code, out) == (2, "")
    assert "demo" in err


# -- parts ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("library", "shell"),
    [
        ("choose missing='listwise'.", "choose --missing listwise."),
        ("write alpha=0.05.", "write --alpha 0.05."),
        ("alpha=nan: no", "--alpha nan: no"),
        ("leave out: data.drop(columns='a b').", "leave out: --drop 'a b'."),
        ("max_cond=-1: no", "--max-cond -1: no"),
        ("alpha=None needs", "--alpha auto needs"),
        ("kinds={'a b': 'binary'}", "--kinds 'a b=binary'"),
        ("kinds['a']='b' is unknown", "--kinds a=b is unknown"),
        ("nothing = here", "nothing = here"),
    ],
)
def test_messages_speak_shell(library, shell):
    assert in_shell(library) == shell


def test_tables_by_counts():
    frame = pd.DataFrame({"A": ["x", "x", "y", "y"], "B": ["u", "v", "u", "u"]})
    frame = pd.concat([frame, pd.DataFrame({"A": ["z"], "B": [None]})], ignore_index=True)
    table = read_table(frame, missing="testwise")
    network = fit_tables(DAG.from_edges(["A --> B"]), table)
    np.testing.assert_allclose(network.tables["A"], [0.5, 0.5, 0])
    np.testing.assert_allclose(network.tables["B"], [[0.5, 0.5], [1, 0], [0.5, 0.5]])


def test_huge_tables_are_refused():
    codes = np.random.default_rng(0).integers(0, 10, size=(200, 8))
    table = read_table(codes, kinds="discrete", degenerate="keep")
    dag = DAG.from_edges([f"x{k} --> x7" for k in range(7)])
    with pytest.raises(LimitError, match="more than 1000000 cells"):
        fit_tables(dag, table)
