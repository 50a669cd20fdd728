"""The fidelity report: the order of models, what it warns of, what it writes."""

from __future__ import annotations

import json

import numpy as np
import pytest

import causalsim as cs
from causalsim.errors import OptionError
from causalsim.simulate import BASELINES
from causalsim.simulate._report import HEADER

QUICK = dict(panel="logistic_quadratic", rng=0)


@pytest.fixture(scope="module")
def truth():
    return cs.TemporalSCM.from_weights({"X[t-1] --> X": 0.8, "X[t-1] --> <Y>": 1.0})


@pytest.fixture(scope="module")
def real(truth):
    return truth.sample(600, rng=0).frame()


@pytest.fixture(scope="module")
def report(real):
    model = cs.tcs(real, max_lag=1, mechanism="ridge", rng=0)
    return cs.fidelity(real, model, paths=3, null=4, **QUICK)


def test_a_fitted_model_is_fitted_again_without_the_judged_rows(report):
    assert report.refitted
    assert any("fitted anew without the judged rows" in note for note in report.notes)
    assert report.c2st.auc < 0.65
    assert 0.2 <= report.c2st.p_value <= 1.0
    assert not report.copies.alarm


def test_a_wrong_model_is_told(real, truth, report):
    wrong = truth.do(X=0.0).sample(600, 2, rng=1)
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
        "stationarity", "utility", "recovery", "windows", "sortability",
    }  # fmt: skip
    assert set(report.tables) == names
    assert any("no twins: the class of this graph has no other member" in n for n in report.notes)
    baselines = report.tables["baselines"].set_index("baseline")
    assert baselines.loc["stationary_bootstrap", "copying_alarm"]
    assert not baselines.loc["ridge_var", "copying_alarm"]
    assert baselines.loc["row_shuffle", "auc"] > 0.7


def test_it_begins_with_the_warning_and_reads_well(report, tmp_path):
    assert report.summary().startswith(HEADER)
    assert repr(report) == f"FidelityReport(AUC {report.c2st.auc:.3f})"
    page = report.to_html()
    assert HEADER in page
    assert "<Y>" not in page
    assert "&lt;Y&gt;" in page
    report.save(tmp_path / "report.json")
    payload = json.loads((tmp_path / "report.json").read_text())
    assert payload["auc"] == report.c2st.auc
    assert len(payload["null"]) == 4


def test_the_published_protocol_says_so(real, truth):
    judged = cs.fidelity(real.to_numpy(), truth, paths=2, protocol="published", rng=0)
    assert "PUBLISHED protocol" in judged.summary()
    assert not any("without the judged rows" in note for note in judged.notes)


def test_twins_give_a_range_where_a_direction_is_open():
    model = cs.TemporalSCM.from_weights(
        {"X[t-1] --> X": 0.3, "X[t-1] --> Y": 0.2, "Y[t-1] --> Y": 0.3, "Y[t-1] --> X": -0.2,
         "X --> Y": 0.8}
    )  # fmt: skip
    series = model.sample(500, rng=0).frame()
    fitted = cs.TemporalSCM.fit(model.graph, series, mechanism="linear")
    found = cs.fidelity(series, fitted, paths=2, **QUICK).tables["twins"]
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
    space = [cs.simulate.Configuration("ar", "ridge")]
    rounds = [cs.simulate.Round("logistic", 1)]
    found = cs.act(real, max_lag=1, space=space, rounds=rounds, rng=0)
    judged = found.report(panel="logistic", paths=2)
    assert judged.refitted
    assert judged.c2st.protocol == "blocked"
