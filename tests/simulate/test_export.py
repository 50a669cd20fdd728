"""Exports: every layout read back, all files or none, nothing overwritten unasked."""

from __future__ import annotations

import json
import sys
from zipfile import ZipFile

import numpy as np
import pandas as pd
import pytest

from causalsim.errors import FormatError, MissingExtraError, OptionError
from causalsim.graph.io import from_json, from_tigramite
from causalsim.scm import SCM, TemporalSCM
from causalsim.simulate._export import FORMATS
from causalsim.simulate._synthetic import synthesise
from causalsim.simulate._synthetic_parts import Missing
from causalsim.simulate._synthetic_spec import SyntheticSpec


def _series(**options):
    return synthesise(
        SyntheticSpec(
            nodes=["a", "b", "c"],
            length=30,
            latent=1,
            degree=0.5,
            missing=Missing("mcar", 0.1),
            irregular=0.2,
            discrete={"b": 2},
            interventions=[{"a": 1.0}],
            seed=3,
            **options,
        )
    )


def _grid(frame, length=30):
    return frame.reindex(range(length)).to_numpy(float)


@pytest.fixture(scope="module")
def one():
    return _series()


@pytest.fixture(scope="module")
def two():
    return _series(paths=2)


def test_csv_round_trip(one, two, tmp_path):
    written = one.export(tmp_path / "new" / "folder")
    names = ["data.csv", "do_0.csv", "truth.json", "model.json", "datasheet.md"]
    assert [path.name for path in written] == names
    back = pd.read_csv(written[0], index_col="step")
    pd.testing.assert_frame_equal(back, one.data, check_dtype=False, rtol=1e-12)
    two.export(tmp_path)
    assert sorted(path.name for path in tmp_path.glob("*.csv")) == [
        "data_0.csv",
        "data_1.csv",
        "do_0_0.csv",
        "do_0_1.csv",
    ]


def test_truth_is_complete(one, tmp_path):
    one.export(tmp_path)
    truth = json.loads((tmp_path / "truth.json").read_text())
    assert from_json(json.dumps(truth["graph"])) == one.truth
    assert from_json(json.dumps(truth["with_hidden"])) == one.model.graph
    assert truth["thresholds"] == one.sheet["corruption"]["thresholds"]
    assert truth["data"] == ["data.csv"]
    assert truth["interventions"] == {"do(a=1.0)": ["do_0.csv"]}
    again = synthesise(SyntheticSpec.from_dict(truth["spec"]))
    pd.testing.assert_frame_equal(again.data, one.data)
    assert (tmp_path / "datasheet.md").read_text() == one.summary()
    assert TemporalSCM.load(tmp_path / "model.json") == one.model


def test_parquet_round_trip(one, tmp_path):
    pytest.importorskip("pyarrow")
    one.export(tmp_path, "parquet")
    back = pd.read_parquet(tmp_path / "data.parquet").set_index("step")
    pd.testing.assert_frame_equal(back, one.data)


def test_parquet_without_pyarrow(one, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"causalsim\[scale\]"):
        one.export(tmp_path / "p", "parquet")
    assert not (tmp_path / "p").exists()


def test_npz_and_tigramite_are_on_the_regular_grid(one, two, tmp_path):
    one.export(tmp_path, "npz")
    with np.load(tmp_path / "data.npz") as file:
        assert file["names"].tolist() == ["a", "b", "c"]
        np.testing.assert_array_equal(file["data"], _grid(one.data)[None])
    one.export(tmp_path, "tigramite", overwrite=True)
    with np.load(tmp_path / "data.npz") as file:
        assert file["data"].shape == (30, 3)
        np.testing.assert_array_equal(file["data"], _grid(one.data))
        assert from_tigramite(file["graph"], file["var_names"].tolist()) == one.truth
    two.export(tmp_path, "tigramite", overwrite=True)
    with np.load(tmp_path / "data.npz") as file:
        np.testing.assert_array_equal(file["data"], np.stack([_grid(f) for f in two.data]))


def test_causeme_layout(two, tmp_path):
    two.export(tmp_path, "causeme")
    assert (tmp_path / "names.txt").read_text() == "a\nb\nc\n"
    with ZipFile(tmp_path / "data.zip") as archive:
        assert archive.namelist() == ["data_N-3_T-30_0001.txt", "data_N-3_T-30_0002.txt"]
        for name, frame in zip(archive.namelist(), two.data, strict=True):
            with archive.open(name) as file:
                np.testing.assert_array_equal(np.loadtxt(file), _grid(frame))
    assert (tmp_path / "do_0.zip").exists()


@pytest.mark.parametrize("layout", ["csv", "parquet", "npz"])
def test_tables(layout, tmp_path):
    made = synthesise(SyntheticSpec("table", nodes=3, length=12, latent=1))
    paths = made.export(tmp_path, layout)
    assert paths[0].name == f"data.{layout}"
    assert SCM.load(tmp_path / "model.json") == made.model
    if layout == "csv":
        assert (tmp_path / "data.csv").read_text().splitlines()[0] == "X0,X1,X2"
    with pytest.raises(OptionError, match="is for series; write a table as"):
        made.export(tmp_path, "tigramite")


@pytest.mark.parametrize("layout", list(FORMATS))
def test_same_seed_same_bytes(layout, tmp_path):
    for folder in ("x", "y"):
        _series().export(tmp_path / folder, layout)
    for path in (tmp_path / "x").iterdir():
        assert path.read_bytes() == (tmp_path / "y" / path.name).read_bytes()


def test_nothing_is_overwritten_unasked(one, tmp_path):
    kept = tmp_path / "truth.json"
    kept.write_text("mine")
    with pytest.raises(OptionError, match=r"truth\.json exists; write overwrite=True"):
        one.export(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["truth.json"]
    assert kept.read_text() == "mine"
    one.export(tmp_path, overwrite=True)
    assert kept.read_text() != "mine"


def test_all_files_or_none(one, tmp_path):
    (tmp_path / "datasheet.md").mkdir()  # the last file cannot be written
    with pytest.raises(FormatError, match=r"datasheet\.md: it is no file"):
        one.export(tmp_path, overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["datasheet.md"]


def test_bad_exports_are_refused(one, tmp_path):
    with pytest.raises(OptionError, match="format='cvs' is unknown.*'csv'"):
        one.export(tmp_path, "cvs")
    (tmp_path / "file").write_text("")
    with pytest.raises(FormatError, match="cannot make the folder"):
        one.export(tmp_path / "file" / "in")
