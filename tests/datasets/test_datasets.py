"""Bundled data are what their sources published."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import pytest

from causalsim import datasets
from causalsim.data import Kind, read_table
from causalsim.errors import MissingExtraError, NameNotFoundError, OptionError

PROTEINS = ["Raf", "Mek", "Plcg", "PIP2", "PIP3", "Erk", "Akt", "PKA", "PKC", "P38", "Jnk"]
NODES = {
    "asia": (8, 8),
    "cancer": (5, 4),
    "earthquake": (5, 4),
    "survey": (6, 6),
    "sachs": (11, 17),
    "child": (20, 25),
    "insurance": (27, 52),
    "alarm": (37, 46),
}


def test_sachs_observational():
    frame = datasets.sachs()
    assert frame.shape == (853, 11)
    assert list(frame.columns) == PROTEINS
    first = [26.4, 13.2, 8.82, 18.3, 58.8, 6.61, 17.0, 414.0, 17.0, 44.9, 40.0]
    assert frame.iloc[0].tolist() == first
    assert (frame > 0).all().all()


def test_sachs_all_conditions():
    frame = datasets.sachs(conditions="all")
    assert frame.shape == (7466, 12)
    sizes = frame["condition"].value_counts(sort=False).to_dict()
    assert list(sizes.values()) == [853, 902, 911, 723, 810, 799, 848, 913, 707]
    assert frame["condition"].cat.codes.is_monotonic_increasing
    observed = frame[frame["condition"] == "cd3cd28"].drop(columns="condition")
    assert observed.equals(datasets.sachs())
    with pytest.raises(OptionError, match="conditions='al' is unknown"):
        datasets.sachs("al")


def test_sachs_inhibitors_do_what_they_are_known_for():
    means = (
        np.log(datasets.sachs("all").set_index("condition")).groupby(level=0, observed=True).mean()
    )
    assert means["Erk"].idxmin() == "cd3cd28+u0126"
    assert means["PIP2"].idxmin() == "cd3cd28+psitect"


def test_sachs_conditions_change_where_the_borders_are():
    frame = datasets.sachs("all")
    logs = np.log(frame.drop(columns="condition"))
    borders = np.flatnonzero(np.diff(frame["condition"].cat.codes)) + 1
    assert borders.tolist() == [853, 1755, 2666, 3389, 4199, 4998, 5846, 6759]

    def badness(cut, centre):
        parts = logs.iloc[centre - 200 : cut], logs.iloc[cut : centre + 200]
        return sum(len(part) * np.log(part.var()).sum() for part in parts)

    for border in borders[1:].tolist():
        cuts = range(border - 30, border + 31)
        assert min(cuts, key=lambda cut: badness(cut, border)) == border


def test_reference_is_the_published_graph():
    published = datasets.reference("sachs")
    assert list(published.nodes) == PROTEINS
    assert len(published.edges) == 17
    assert set(published.edges) == set(datasets.network("sachs").dag.edges)
    literature = datasets.reference("sachs", source="literature")
    assert len(literature.edges) == 20
    assert set(literature.edges) - set(published.edges) == {
        *("PIP3 --> Plcg", "PIP2 --> PKC", "Plcg --> PKC", "PIP3 --> Akt")
    }
    assert set(published.edges) - set(literature.edges) == {"Plcg --> PIP3"}
    with pytest.raises(NameNotFoundError, match=r"generating graph is network\('asia'\).dag"):
        datasets.reference("asia")
    with pytest.raises(OptionError, match="source='truth' is unknown"):
        datasets.reference("sachs", source="truth")


def test_boston_leaves_out_b():
    frame = datasets.boston()
    assert frame.shape == (506, 13)
    assert "B" not in frame
    full = datasets.boston(include_b=True)
    assert full.iloc[0].tolist() == [
        *(0.00632, 18, 2.31, 0, 0.538, 6.575, 65.2, 4.09, 1, 296, 15.3, 396.9, 4.98, 24)
    ]
    assert full.drop(columns="B").equals(frame)
    assert frame["MEDV"].sum() == pytest.approx(11401.6)


def test_cleveland():
    frame = datasets.cleveland()
    assert frame.shape == (303, 14)
    assert frame.isna().sum()[lambda s: s > 0].to_dict() == {"ca": 4, "thal": 2}
    assert frame.loc[0, ["age", "sex", "chol", "thal"]].tolist() == [
        63,
        "Male",
        233,
        "fixed defect",
    ]
    assert frame["num"].value_counts(sort=False).sort_index().tolist() == [164, 55, 36, 35, 13]
    assert frame["age"].mean() == pytest.approx(54.438944, abs=1e-6)


def test_macro():
    level, growth = datasets.macro("level"), datasets.macro()
    assert level.shape == (203, 10)
    assert growth.shape == (202, 10)
    assert (str(level.index[0]), str(level.index[-1])) == ("1959Q1", "2009Q3")
    assert growth["realgdp"].iloc[0] == pytest.approx(100 * np.log(2778.801 / 2710.349))
    assert growth["unemp"].iloc[0] == pytest.approx(5.1 - 5.8)
    with pytest.raises(OptionError, match="transform='log' is unknown"):
        datasets.macro("log")


def test_macro_quarters_are_those_of_the_source():
    from statsmodels.datasets import macrodata

    source = macrodata.load_pandas().data
    index = datasets.macro("level").index
    assert index.year.tolist() == source["year"].tolist()
    assert index.quarter.tolist() == source["quarter"].tolist()


def test_markets(monkeypatch):
    frame = datasets.markets()
    assert frame.shape == (5011, 5)
    assert frame.index.is_monotonic_increasing
    assert frame["sp500"].iloc[0] == pytest.approx(100 * np.log(1244.780029 / 1228.099976))
    assert frame["sp500_range"].iloc[0] == pytest.approx(100 * np.log(1246.109985 / 1228.099976))
    monkeypatch.setattr("causalsim.datasets._tables.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"pip install .causalsim\[markets\]"):
        datasets.markets()


def test_weather(monkeypatch):
    frame = datasets.weather()
    assert frame.shape == (1461, 4)
    assert frame.loc["2012-01-02"].tolist() == [10.9, 10.6, 2.8, 4.5]
    assert 0.5 < (frame["precipitation"] == 0).mean() < 0.6
    monkeypatch.setattr("causalsim.datasets._tables.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"pip install .causalsim\[weather\]"):
        datasets.weather()


@pytest.mark.parametrize("name", NODES)
def test_networks(name):
    network = datasets.network(name)
    assert (len(network.nodes), len(network.dag.edges)) == NODES[name]
    for node in network.nodes:
        table = network.tables[node]
        assert table.shape[-1] == len(network.states[node])
        assert np.allclose(table.sum(axis=-1), 1)


def test_a_known_probability():
    asia = datasets.network("asia")
    table = asia.tables["lung"][asia.states["smoke"].index("yes")]
    assert table[asia.states["lung"].index("yes")] == pytest.approx(0.1)
    with pytest.raises(NameNotFoundError, match=r"no network 'alarms'.*Did you mean 'alarm'"):
        datasets.network("alarms")


@pytest.mark.parametrize(
    "frame",
    [
        datasets.sachs,
        lambda: datasets.sachs("all"),
        datasets.boston,
        lambda: datasets.cleveland().dropna(),
        datasets.macro,
        lambda: datasets.macro("level"),
        datasets.markets,
        datasets.weather,
        lambda: datasets.network("alarm").sample(2000, rng=0),
    ],
)
def test_every_table_passes_the_border_without_a_doubt(frame):
    data = frame()
    table = read_table(data)
    assert len(table) == len(data)
    assert table.names == tuple(data.columns)


def test_cleveland_kinds():
    table = read_table(datasets.cleveland(), missing="listwise")
    assert len(table) == 297
    kinds = dict(zip(table.names, table.kinds, strict=True))
    assert [n for n, k in kinds.items() if k is Kind.CONTINUOUS] == [
        *("age", "trestbps", "chol", "thalach", "oldpeak")
    ]
    assert [n for n, k in kinds.items() if k is Kind.BINARY] == ["sex", "fbs", "exang"]
    assert table.levels["num"] == ("0", "1", "2", "3", "4")


def test_the_list_tells_the_truth():
    overview = datasets.list()
    for call, rows, columns in overview[["call", "rows", "columns"]].itertuples(index=False):
        data = eval(f"datasets.{call}")  # noqa: S307 - our own catalogue
        assert columns == (len(data.nodes) if rows == 0 else data.shape[1])
        assert rows == 0 or rows == len(data)
    assert set(NODES) <= set(overview.query("kind == 'network'")["name"])
    assert overview[["source", "licence"]].map(len).min().min() > 0


def test_bundled_files_are_small_and_all_explained():
    folder = files("causalsim.datasets").joinpath("files")
    readme = folder.joinpath("README.md").read_text(encoding="utf-8")
    bundled = [entry for entry in folder.iterdir() if entry.name != "README.md"]
    assert sum(len(entry.read_bytes()) for entry in bundled) < 400_000
    assert all(f"`{entry.name.removesuffix('.bif.gz')}`" in readme for entry in bundled)
