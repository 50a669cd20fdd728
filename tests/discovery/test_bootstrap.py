"""Subsampling: its level, its schemes, its failures, and the consensus."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from strategies import cpdags

import causalsim as cs
from causalsim.citest import FisherZ
from causalsim.data import read_table
from causalsim.discovery import BootstrapResult
from causalsim.errors import (
    DataError,
    FormatError,
    GraphError,
    InterruptedRunError,
    NameNotFoundError,
    OptionError,
)
from causalsim.graph import CPDAG, DAG, Mark
from causalsim.graph.pdag import PDAG, arrows_on_cycles

COLLIDER = cs.SCM.from_weights({"X --> Z": 1.0, "Y --> Z": 1.0})


def collider(n=300, rng=0):
    return COLLIDER.sample(n, rng=rng)


def result_of(graphs, nodes):
    return BootstrapResult("pc", tuple(nodes), tuple(graphs), {}, "rows", {}, {}, ())


# -- level ------------------------------------------------------------------------------------


def test_subsampling_keeps_the_level_where_rows_with_replacement_do_not():
    trials, n, alpha = 800, 100, 0.05
    data = np.random.default_rng(1).normal(size=(trials, n, 2))
    rows = np.random.default_rng(2).integers(n, size=(trials, n))
    subsampled, with_replacement = 0, 0
    for k in range(trials):
        run = cs.bootstrap("pc", data[k], 1, test="fisher_z", alpha=alpha, rng=k)
        subsampled += int(run.graphs[0].n_edges)
        again = FisherZ()(read_table(data[k][rows[k]], degenerate="keep"))
        with_replacement += again("x0", "x1").p_value <= alpha
    assert binomtest(subsampled, trials, alpha).pvalue > 1e-3
    assert binomtest(int(with_replacement), trials, alpha).pvalue < 1e-3
    assert binomtest(int(with_replacement), trials, 0.166).pvalue > 1e-3


# -- what comes out -----------------------------------------------------------------------------


def test_frequencies_count_what_stands_between_each_pair():
    nodes = ("A", "B", "C")
    graphs = [
        CPDAG.from_edges(["A --> B", "B x-x C"], nodes),
        CPDAG.from_edges(["A --> B", "B --- C"], nodes),
        CPDAG.from_edges(["B --> A"], nodes),
        CPDAG.from_edges(["A <-> B"], nodes),
    ]
    frame = result_of(graphs, nodes).frequencies.set_index(["x", "y"])
    assert frame.loc["A", "B"].tolist() == [1.0, 0.5, 0.25, 0.0, 0.25, 0.0]
    assert frame.loc["B", "C"].tolist() == [0.5, 0.0, 0.0, 0.25, 0.0, 0.25]
    assert frame.loc["A", "C"].sum() == 0
    assert frame["adjacent"].tolist() == [1.0, 0.5, 0.0]


@given(st.lists(cpdags(min_nodes=4, max_nodes=4), min_size=1, max_size=6), st.floats(0, 0.99))
def test_consensus_follows_its_rule_and_has_no_cycle(graphs, threshold):
    graph = result_of(graphs, graphs[0].nodes).consensus(threshold)
    joined = np.mean([g.skeleton for g in graphs], axis=0) > threshold
    pointed = np.mean([g.directed for g in graphs], axis=0) > threshold
    np.testing.assert_array_equal(graph.skeleton, joined)
    assert not arrows_on_cycles(PDAG.from_graph(graph))
    assert not (graph.directed & ~(pointed & ~pointed.T)).any()
    assert set(np.unique(graph.marks)) <= {Mark.NONE, Mark.ARROW, Mark.TAIL}


def test_majorities_that_go_in_a_circle_are_left_undirected():
    nodes = ("A", "B", "C", "D")
    circle = ["A --> B", "B --> C", "C --> A"]
    graphs = [
        CPDAG.from_edges([*circle[:k], *circle[k + 1 :], "C --> D"], nodes) for k in range(3)
    ]
    graph = result_of(graphs, nodes).consensus()
    assert graph.edges == ("A --- B", "A --- C", "B --- C", "C --> D")


def test_consensus_finds_the_collider():
    found = cs.bootstrap(cs.pc, collider(), 30, test="fisher_z", alpha=0.01, rng=0)
    assert found.consensus() == found.graph == COLLIDER.graph.to_cpdag()
    assert found.failures == {}
    assert "PC on 30 subsamples of 150 of 300 rows without replacement" in found.summary()
    assert "X - Z" in repr(found)


def test_result_does_not_depend_on_workers():
    runs = [
        cs.bootstrap("pc", collider(), 8, test="fisher_z", rng=3, n_jobs=jobs) for jobs in (1, 2)
    ]
    assert runs[0] == runs[1]


def test_same_seed_same_result_and_other_seed_another():
    one, same, other = (
        cs.bootstrap("pc", collider(60), 20, test="fisher_z", rng=seed) for seed in (0, 0, 1)
    )
    assert one == same
    assert one != other


def test_progress_counts_the_runs():
    seen = []
    cs.bootstrap(
        "pc", collider(), 3, test="fisher_z", rng=0, progress=lambda *step: seen.append(step[:2])
    )
    assert seen == [(1, 3), (2, 3), (3, 3)]


# -- schemes ----------------------------------------------------------------------------------


def drawn_rows(data, **options):
    """Give the sets of row numbers (column a) that an algorithm gets to see."""
    seen = []

    def spy(table, *, rng):
        seen.append(table.values[:, 0].astype(int).tolist())
        return DAG.from_edges([], list(table.names))

    cs.bootstrap(spy, data, 20, rng=0, **options)
    return seen


def numbered(n=40):
    return pd.DataFrame({"a": np.arange(n, dtype=float), "b": np.random.default_rng(0).random(n)})


def test_rows_are_drawn_without_replacement_in_order():
    for rows in drawn_rows(numbered(), fraction=0.3):
        assert len(rows) == len(set(rows)) == 12
        assert rows == sorted(rows)


def test_blocks_stay_whole():
    draws = drawn_rows(numbered(42), blocks=8)
    assert len({tuple(rows) for rows in draws}) > 5
    for rows in draws:
        blocks = {row // 8 for row in rows}
        assert rows == [row for row in range(42) if row // 8 in blocks]
        assert len(blocks) == 3


def test_domains_stay_whole_and_their_column_is_left_out():
    data = numbered()
    data["site"] = np.repeat([3, 1, 4, 2, 9], 8)
    for rows in drawn_rows(data, context="site"):
        sites = set(data["site"][rows])
        assert len(sites) == 2
        assert rows == data.index[data["site"].isin(sites)].tolist()


def test_an_algorithm_with_context_gets_the_column():
    seen = []

    def spy(table, *, context, rng):
        seen.append((context, table.names))
        return DAG.from_edges([], list(table.names))

    data = numbered().assign(site=np.repeat(["u", "v", "w", "x"], 10))
    cs.bootstrap(spy, data, 2, context="site", rng=0)
    assert seen == [("site", ("a", "b", "site"))] * 2


# -- failures ---------------------------------------------------------------------------------


def rare_event(n=60):
    rare = np.zeros(n, int)
    rare[0] = 1
    rng = np.random.default_rng(0)
    return pd.DataFrame({"u": rng.integers(2, size=n), "v": rng.integers(2, size=n), "rare": rare})


def test_failed_runs_are_counted_with_their_reason():
    found = cs.bootstrap("pc", rare_event(), 40, test="g_squared", rng=0)
    (reason,) = found.failures
    assert "'rare' is constant" in reason
    assert found.failures[reason] + len(found.graphs) == 40
    assert 0 < len(found.graphs) < 40
    assert f"{found.failures[reason]} runs failed: 'rare' is constant" in found.summary()


def test_degenerate_columns_are_kept_on_request():
    found = cs.bootstrap("pc", rare_event(), 10, test="g_squared", degenerate="keep", rng=0)
    assert found.failures == {}


def test_missing_values_are_left_to_each_test():
    data = collider()
    data.iloc[::10, 0] = np.nan
    found = cs.bootstrap("pc", data, 10, test="fisher_z", alpha=0.01, missing="testwise", rng=0)
    assert found.consensus() == COLLIDER.graph.to_cpdag()


def test_all_runs_failing_is_an_error():
    def refuses(table, *, rng):
        raise DataError("no thanks")

    with pytest.raises(DataError, match="all 3 runs failed, most often with: no thanks"):
        cs.bootstrap(refuses, collider(), 3, rng=0)


def test_interruption_carries_the_runs_so_far():
    runs = []

    def impatient(table, *, rng):
        runs.append(1)
        if len(runs) == 4:
            raise KeyboardInterrupt
        return DAG.from_edges([], list(table.names))

    with pytest.raises(InterruptedRunError, match="interrupted after 3 of 9 runs") as caught:
        cs.bootstrap(impatient, collider(), 9, rng=0)
    assert len(caught.value.partial.graphs) == 3


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (dict(n=0), OptionError, "n=0"),
        (dict(fraction=1.0), OptionError, r"fraction=1.0: expected a number between 0 and 1"),
        (dict(fraction=True), OptionError, "fraction=True"),
        (dict(blocks=0), OptionError, "blocks=0"),
        (dict(blocks=3, context="X"), OptionError, "blocks= and context= were both given"),
        (dict(blocks=999), DataError, "1 blocks of 999 rows; expected at least 2"),
        (dict(context="W"), NameNotFoundError, "no column 'W'"),
        (dict(alpha=7), OptionError, "alpha=7"),
        (dict(rng=-1), OptionError, "cannot be negative"),
    ],
)
def test_bad_options(options, error, message):
    with pytest.raises(error, match=message):
        cs.bootstrap("pc", collider(30), **options, test="fisher_z")


def test_bad_algorithms():
    with pytest.raises(NameNotFoundError, match="no algorithm 'cp'"):
        cs.bootstrap("cp", collider(30))
    with pytest.raises(GraphError, match="the algorithm gave a int; expected a CPDAG or a DAG"):
        cs.bootstrap(lambda *_, **__: 3, collider(30), 1)


def test_a_test_bound_to_all_data_is_refused():
    data = collider(30)
    with pytest.raises(
        OptionError, match=r"test is bound to data; give the spec, such as test=Fi"
    ):
        cs.bootstrap("pc", data, 2, test=FisherZ()(data))


def test_bad_threshold():
    with pytest.raises(OptionError, match=r"threshold=1: expected a number in \[0, 1\)"):
        result_of([CPDAG.from_edges(["A --- B"])], "AB").consensus(1)


# -- files ------------------------------------------------------------------------------------


def test_round_trips(tmp_path):
    found = cs.bootstrap("pc", collider(80), 6, test=FisherZ(), missing="listwise", rng=0)
    assert BootstrapResult.from_dict(found.to_dict()) == found
    assert BootstrapResult.from_dict(json.loads(json.dumps(found.to_dict()))) == found
    found.save(tmp_path / "b.json")
    assert BootstrapResult.load(tmp_path / "b.json") == found
    with pytest.raises(FormatError, match="expected format 'causalsim/bootstrap'"):
        BootstrapResult.from_dict({"format": "causalsim/graph", "version": 1})


def test_notebook_view_has_picture_and_text():
    html = cs.bootstrap("pc", collider(80), 3, test="fisher_z", rng=0)._repr_html_()
    assert "<svg" in html
    assert "subsamples" in html
