"""Files of models: forests come back bit by bit, and nothing that is not data is read."""

from __future__ import annotations

import json
import zipfile
from importlib import import_module

import numpy as np
import pytest

from causalsim.errors import FormatError, OptionError
from causalsim.graph import DAG, Set, TemporalGraph
from causalsim.scm import SCM, TemporalSCM, UniformNoise
from causalsim.scm._codec import _SAVED
from causalsim.scm.atoms import AtomFunction
from causalsim.scm.bounded import BoundedFunction
from causalsim.scm.forests import ExtraTrees, ForestFunction, ForestSampler, QuantileForest
from causalsim.scm.functions import LinearFunction
from causalsim.scm.laws import GaussianNoise
from causalsim.scm.scaled import ScaledFunction

UNIT = UniformNoise(12**-0.5, 0.5)


def functions():
    """Give functions of forests by name, alone and within others."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(120, 1))
    y = x[:, 0] ** 2 + rng.normal(size=120)
    mean, leaf, quantile = (
        spec(7).fit(x, y, rng) for spec in (ExtraTrees, ForestSampler, QuantileForest)
    )
    return {
        "A": mean.shifted(0.1),
        "B": leaf,
        "C": quantile,
        "D": BoundedFunction(ScaledFunction(LinearFunction((0.5,)), mean), -9.0, 9.0),
        "E": AtomFunction(mean, GaussianNoise(), 0.0, LinearFunction((0.1,))),
    }


@pytest.fixture(scope="module")
def temporal():
    """Give a temporal model of forests, under an intervention in time."""
    parts = functions()
    graph = TemporalGraph.from_edges([f"{name}[t-1] --> {name}" for name in parts])
    laws = {name: UNIT if name in "BCE" else GaussianNoise() for name in parts}
    return TemporalSCM(graph, parts, laws).do(A=Set(1.0, window=(2, 4)))


@pytest.fixture(scope="module")
def static():
    """Give a static model of a forest."""
    parts = {"X": LinearFunction(), "Y": functions()["C"]}
    return SCM(DAG.from_edges(["X --> Y"]), parts, {"X": GaussianNoise(), "Y": UNIT})


@pytest.mark.parametrize("kind", ["json", "npz"])
def test_forests_come_back(tmp_path, temporal, static, kind):
    path = tmp_path / f"model.{kind}"
    temporal.save(path)
    again = TemporalSCM.load(path)
    assert again == temporal
    assert (again.sample(20, 2, rng=0).array == temporal.sample(20, 2, rng=0).array).all()
    static.save(path)
    assert SCM.load(path) == static
    assert SCM.load(path).sample(9, rng=0).equals(static.sample(9, rng=0))


def test_the_content_tells_the_kind_of_file(tmp_path, temporal):
    temporal.save(tmp_path / "one.npz")
    temporal.save(tmp_path / "two.json")
    (tmp_path / "one.npz").rename(tmp_path / "one.json")
    assert TemporalSCM.load(tmp_path / "one.json") == TemporalSCM.load(tmp_path / "two.json")
    small, large = ((tmp_path / f"{name}.json").stat().st_size for name in ("one", "two"))
    assert small < large / 2


def test_a_model_is_always_the_same_bytes(tmp_path, temporal):
    for name in ("one.npz", "two.npz"):
        temporal.save(tmp_path / name)
    TemporalSCM.load(tmp_path / "one.npz").save(tmp_path / "again.npz")
    files = {(tmp_path / name).read_bytes() for name in ("one.npz", "two.npz", "again.npz")}
    assert len(files) == 1
    with zipfile.ZipFile(tmp_path / "one.npz") as archive:
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_every_saved_part_exists():
    for kind, module in _SAVED.items():
        assert isinstance(getattr(import_module(f"causalsim.scm.{module}"), kind), type)


def test_temporal_files_of_version_1_still_load(tmp_path):
    model = TemporalSCM.from_weights({"X[t-1] --> Y": 2.0}).do(X=Set(1.0, window=(0, 2)))
    payload = {**model.to_dict(), "version": 1}
    for newer in ("copula", "drivers", "notes"):
        payload.pop(newer)
    (tmp_path / "old.json").write_text(json.dumps(payload))
    assert TemporalSCM.load(tmp_path / "old.json") == model
    with pytest.raises(FormatError, match="version 99 is newer than this release"):
        TemporalSCM.from_dict({**payload, "version": 99})


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("left", lambda a: np.where(a >= 0, 0, a)),
        ("right", lambda a: a + 10**6),
        ("feature", lambda a: a + 1),
        ("roots", lambda a: a[:0]),
        ("rows", lambda a: a + 10**6),
        ("starts", lambda a: a[::-1]),
        ("value", lambda a: a[1:]),
    ],
)
def test_forests_that_lead_nowhere_are_refused(static, field, change):
    payload = static.to_dict()
    forest = payload["mechanisms"]["Y"]["forest"]
    forest[field] = change(forest[field])
    with pytest.raises(OptionError, match="do not fit together"):
        SCM.from_dict(payload)


def test_draws_need_training_rows(static):
    payload = static.to_dict()
    function = payload["mechanisms"]["Y"]
    forest = function["forest"]
    forest |= {"rows": [], "responses": [], "starts": np.zeros_like(forest["starts"])}
    with pytest.raises(OptionError, match="leaves without training rows"):
        SCM.from_dict(payload)
    function["type"] = "ForestFunction"
    assert isinstance(SCM.from_dict(payload).mechanisms["Y"], ForestFunction)
