"""The fidelity report: the order of models, what it warns of, what it writes."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import causalsim as cs
from causalsim._files import dump_json
from causalsim.errors import FormatError, OptionError
from causalsim.simulate import BASELINES
from causalsim.simulate._report import HEADER

QUICK = dict(panel="logistic_quadratic", rng=0)


@pytest.fixture(scope="module")
def truth():
    return cs.TemporalSCM.from_weights({"X[t-1] --> X": 0.8, "X[t-1] --> <Y>": 1.0})


@pytest.fixture(scope="module")
def real(truth):
    return truth.sample(400, rng=0).frame()


@pytest.fixture(scope="module")
def report(real):
    model = cs.tcs(real, max_lag=1, mechanism="ridge", rng=0)
    return cs.fidelity(real, model, paths=3, null=4, **QUICK)


def test_a_fitted_model_is_fitted_again_without_the_judged_rows(report):
    assert report.refitted
    assert any("repeated without the judged rows" in note for note in report.notes)
    assert report.c2st.auc < 0.65
    assert 0.2 <= report.c2st.p_value <= 1.0
    assert not report.copies.alarm


def test_a_wrong_model_is_told(real, truth, report):
    wrong = truth.do(X=0.0).sample(400, 2, rng=1)
    judged = cs.fidelity(real, wrong, **QUICK)
    assert judged.c2st.auc > report.c2st.auc + 0.2
    assert any("may have seen the judged rows; no p-value" in note for note in judged.notes)


def test_the_cheater_is_caught(real):
    copies = BASELINES["stationary_bootstrap"].simulate(real, 2, np.random.default_rng(0))
    judged = cs.fidelity(real, list(copies), **QUICK)
    assert judged.copies.alarm
    assert "ALARM" in judged.summary()


def test_every_part_is_there(report):
    names = {
        "discriminators", "baselines", "giveaways", "marginals", "atoms", "distances",
        "stationarity", "utility", "recovery", "windows", "sortability", "published",
    }  # fmt: skip
    assert set(report.tables) == names
    assert any("no twins: the class of this graph has no other member" in n for n in report.notes)
    baselines = report.tables["baselines"].set_index("baseline")
    assert baselines.loc["stationary_bootstrap", "copying_alarm"]
    assert not baselines.loc["ridge_var", "copying_alarm"]
    assert baselines.loc["row_shuffle", "auc"] > 0.7


def test_the_published_auc_stands_beside_the_blocked_one(report):
    row = report.rows["published"][0]
    assert row["low"] <= row["auc"] <= row["high"]
    lines = [line for line in report.lines if line.startswith("published protocol, one path")]
    assert len(lines) == 1
    assert f"AUC {row['auc']:.3f}, only to compare" in lines[0]


def test_it_begins_with_the_warning_and_reads_well(report):
    assert report.summary().startswith(HEADER)
    assert repr(report) == f"FidelityReport(AUC {report.c2st.auc:.3f})"
    page = report.to_html()
    assert HEADER in page
    assert "<Y>" not in page
    assert "&lt;Y&gt;" in page


def same(one, other):
    """Tell whether two reports say, show and write the same."""
    return (
        one.summary() == other.summary()
        and one.to_html() == other.to_html()
        and one.c2st.summary() == other.c2st.summary()
        and dump_json(one.to_dict()) == dump_json(other.to_dict())
    )


def test_a_report_comes_back_from_its_file(report, tmp_path):
    report.save(tmp_path / "report.json")
    payload = json.loads((tmp_path / "report.json").read_text())
    assert payload["auc"] == report.c2st.auc
    loaded = cs.simulate.FidelityReport.load(tmp_path / "report.json")
    assert loaded.curves.names == ("X", "<Y>")
    assert same(loaded, report)
    assert not same(replace(loaded, notes=("another",)), report)
    np.testing.assert_array_equal(loaded.c2st.null, report.c2st.null)
    np.testing.assert_array_equal(loaded.c2st.reference.scores, report.c2st.reference.scores)
    assert loaded.c2st.configs == report.c2st.configs
    for name, table in report.tables.items():
        pd.testing.assert_frame_equal(loaded.tables[name], table)


def test_a_file_of_something_else_is_refused(report, tmp_path):
    with pytest.raises(FormatError, match="version 1 holds headlines and tables alone"):
        cs.simulate.FidelityReport.from_dict({**report.to_dict(), "version": 1})
    (tmp_path / "graph.json").write_text('{"format": "causalsim/graph", "version": 1}')
    with pytest.raises(FormatError, match="expected format 'causalsim/fidelity'"):
        cs.simulate.FidelityReport.load(tmp_path / "graph.json")


def test_the_published_protocol_says_so(real, truth):
    judged = cs.fidelity(real.to_numpy(), truth, paths=2, protocol="published", **QUICK)
    assert "PUBLISHED protocol" in judged.summary()
    assert "published" not in judged.tables
    assert not any("without the judged rows" in note for note in judged.notes)


def test_twins_give_a_range_where_a_direction_is_open():
    model = cs.TemporalSCM.from_weights(
        {"X[t-1] --> X": 0.3, "X[t-1] --> Y": 0.2, "Y[t-1] --> Y": 0.3, "Y[t-1] --> X": -0.2,
         "X --> Y": 0.8}
    )  # fmt: skip
    series = model.sample(500, rng=0).frame()
    fitted = cs.TemporalSCM.fit(model.graph, series, mechanism="linear")
    judged = cs.fidelity(series, fitted, paths=2, **QUICK)
    assert "* twins: all 2 models of the same series looked at" in judged.summary()
    found = judged.tables["twins"]
    x_on_y = found[found["do"].str.startswith("X =") & (found["outcome"] == "Y")].iloc[0]
    assert x_on_y["models"] == 2
    assert x_on_y["high"] - x_on_y["low"] > 0.3


def test_a_loaded_model_is_judged_as_it_is(real, truth, tmp_path):
    truth.save(tmp_path / "model.json")
    loaded = cs.TemporalSCM.load(tmp_path / "model.json")
    judged = cs.fidelity(real, loaded, paths=2, **QUICK)
    assert not judged.refitted
    assert any("whose fit cannot be repeated" in note for note in judged.notes)
    with pytest.raises(OptionError, match="null=3 needs a model that can be fitted again"):
        cs.fidelity(real, loaded, paths=2, null=3, **QUICK)


def test_the_winner_of_a_search_is_judged_on_rows_that_did_not_choose_it(real):
    space = [cs.simulate.Configuration(how, "ridge") for how in ("ar", "dense")]
    rounds = [cs.simulate.Round("logistic", 1)]
    found = cs.act(real, max_lag=1, space=space, rounds=rounds, rng=0)
    tie = [replace(entry, auc=0.5, error=0.1) for entry in found.entries]
    tied = replace(found, entries=tuple(tie), configurations=tuple(space))
    assert tied.tied == (1 - found.winner,)
    assert replace(tied, entries=(tie[0], replace(tie[1], auc=0.7)), winner=0).tied == ()
    (rival,) = tied.rivals()
    assert rival.graph != tied.best.graph
    assert replace(tied, configurations=()).rivals() == ()
    judged = tied.report(panel="logistic", paths=2)
    assert judged.refitted
    assert judged.c2st.protocol == "blocked"
    assert any(note.endswith("and 1 tied or given beside them") for note in judged.notes)
    effects = judged.tables["twins"]
    assert (effects["models"] >= 2).all()
    assert effects["high"].max() - effects["low"].min() > 0
