"""Answers after surgery beside those of pgmpy (and pyAgrum, where it is installed)."""

import importlib
import warnings
from importlib.util import find_spec
from pathlib import Path

import pytest

pytestmark = pytest.mark.peer

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def script(monkeypatch):
    if find_spec("pgmpy") is None:
        pytest.skip("pgmpy is not installed")
    monkeypatch.syspath_prepend(str(FOLDER))
    script = importlib.import_module("intervention")
    monkeypatch.setattr(script, "ROUNDS", 1)
    monkeypatch.setattr(script, "TURN", 1)
    monkeypatch.setattr(script, "STATES", 4)
    return script


def test_all_engines_give_the_same_answers(script):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rows = [script.Row(task, script.present()) for task in script.TASKS[:2]]
    for row in rows:
        assert {"causalsim", "pgmpy"} <= set(row.apart)
        assert max(row.apart.values()) < 1e-12
        assert row.gap > 1e-3
        assert row.parents > 0
        assert row.nodes in {8, 37}


def test_the_report_has_a_row_for_each_task(script):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        text = script.report(script.TASKS[:1], script.TASKS[:1])
    assert text.count("\n| asia") == 2 + 3 + 1
