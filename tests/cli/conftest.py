"""Tables on disk, and a way to run a command line inside a folder."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from causalsim.cli import main


class Ran(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def run(tmp_path, monkeypatch, capsys) -> Callable[..., Ran]:
    """Run a command line in a temporary folder; give exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def command(*words: str) -> Ran:
        code = main(words)
        return Ran(code, *capsys.readouterr())

    return command


@pytest.fixture
def chain(tmp_path) -> pd.DataFrame:
    """X --> Z <-- Y, written as chain.csv."""
    x, y, e = np.random.default_rng(0).normal(size=(3, 300))
    frame = pd.DataFrame({"X": x, "Y": y, "Z": x + y + e})
    frame.to_csv(tmp_path / "chain.csv", index=False)
    return frame


@pytest.fixture
def labels(tmp_path) -> pd.DataFrame:
    """Discrete A and B with their noisy sum C, written as labels.csv."""
    rng = np.random.default_rng(1)
    a, b = rng.integers(0, 2, size=(2, 800))
    c = np.where(rng.random(800) < 0.9, a + b, rng.integers(0, 3, 800))
    frame = pd.DataFrame({"A": a, "B": b, "C": c}).map(lambda k: f"s{k}")
    frame.to_csv(tmp_path / "labels.csv", index=False)
    return frame


@pytest.fixture
def files(tmp_path) -> Callable[[], set[str]]:
    """List every file below the temporary folder."""
    return lambda: {
        str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()
    }
