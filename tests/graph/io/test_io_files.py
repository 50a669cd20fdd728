"""Reading and writing by extension."""

from __future__ import annotations

import gzip

import pytest

from causalsim.errors import FormatError, GraphError, OptionError
from causalsim.graph import CPDAG, DAG, DiscreteNetwork, TemporalGraph, io

DAG_ONE = DAG.from_edges(["X --> Y", "Y --> Z"])
COIN = DiscreteNetwork(DAG.from_edges([], ["coin"]), {"coin": ["h", "t"]}, {"coin": [0.5, 0.5]})


@pytest.mark.parametrize(
    "name", ["g.json", "g.dot", "g.gv", "g.graphml", "g.txt", "g.dagitty", "G.DOT", "g.json.gz"]
)
def test_graphs_by_extension(name, tmp_path):
    io.write(DAG_ONE, tmp_path / name)
    assert io.read(tmp_path / name) == DAG_ONE


@pytest.mark.parametrize("name", ["n.bif", "n.bif.gz", "n.json"])
def test_networks_by_extension(name, tmp_path):
    io.write(COIN, tmp_path / name)
    assert io.read(str(tmp_path / name)) == COIN


def test_packed_files_are_packed_and_repeatable(tmp_path):
    path = tmp_path / "n.bif.gz"
    io.write(COIN, path)
    first = path.read_bytes()
    assert gzip.decompress(first).decode() == io.to_bif(COIN)
    io.write(COIN, path)
    assert path.read_bytes() == first


def test_kind_goes_to_formats_that_leave_it_open(tmp_path):
    io.write(DAG_ONE, tmp_path / "g.txt")
    assert io.read(tmp_path / "g.txt", kind="CPDAG") == CPDAG.from_edges(DAG_ONE.edges)
    io.write(DAG_ONE, tmp_path / "g.json")
    assert io.read(tmp_path / "g.json", kind="DAG") == DAG_ONE
    with pytest.raises(OptionError, match=r"kind='CPDAG', but .* holds a DAG"):
        io.read(tmp_path / "g.json", kind="CPDAG")


@pytest.mark.parametrize("name", ["g.csv", "graph", "g.gz", "g.pkl"])
def test_unknown_extensions(name, tmp_path):
    with pytest.raises(OptionError, match=r"is unknown; expected one of \.json, \.dot"):
        io.write(DAG_ONE, tmp_path / name)
    with pytest.raises(OptionError, match=r"is unknown; expected one of \.json, \.dot"):
        io.read(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_nothing_is_written_when_the_format_refuses(tmp_path):
    with pytest.raises(GraphError, match="DiscreteNetwork with tables"):
        io.write(DAG_ONE, tmp_path / "g.bif")
    with pytest.raises(GraphError, match="has no lags"):
        io.write(TemporalGraph.from_edges(["X[t-1] --> X"]), tmp_path / "g.txt")
    with pytest.raises(FormatError, match=r"the folder .* does not exist"):
        io.write(DAG_ONE, tmp_path / "no" / "g.json")
    assert not list(tmp_path.iterdir())


def test_unreadable_files(tmp_path):
    with pytest.raises(FormatError, match=r"cannot read .*g\.json: .*No such file"):
        io.read(tmp_path / "g.json")
    (tmp_path / "g.bif.gz").write_bytes(b"no gzip")
    with pytest.raises(FormatError, match=r"cannot read .*g\.bif\.gz: Not a gzipped file"):
        io.read(tmp_path / "g.bif.gz")
    (tmp_path / "h.bif.gz").write_bytes(gzip.compress(b"variable" * 100)[:-12])
    with pytest.raises(FormatError, match=r"cannot read .*h\.bif\.gz"):
        io.read(tmp_path / "h.bif.gz")
    (tmp_path / "g.dot").write_bytes(b"digraph { \xff }")
    with pytest.raises(FormatError, match=r"cannot read .*UTF-8"):
        io.read(tmp_path / "g.dot")
    (tmp_path / "h.dot").write_text("digraph {")
    with pytest.raises(FormatError, match=r"h\.dot: line 1: expected a name"):
        io.read(tmp_path / "h.dot")


def test_a_byte_order_mark_is_no_text(tmp_path):
    (tmp_path / "g.dot").write_text("digraph { X -> Y -> Z }", encoding="utf-8-sig")
    assert io.read(tmp_path / "g.dot") == DAG_ONE
