"""Parity with causal-learn 0.1.4: its own expected matrices, and its live answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from causalsim.compat import causal_learn_pc

CASES = [
    *(("data_linear_10", "linear_10_pc_fisherz", "fisherz", 0, k) for k in range(5)),
    ("data_linear_10", "linear_10_pc_fisherz", "fisherz", 1, -1),
    ("data_linear_10", "linear_10_pc_fisherz", "fisherz", 2, -1),
    ("data_discrete_10", "discrete_10_pc_chisq", "chisq", 0, -1),
    ("data_discrete_10", "discrete_10_pc_gsq", "gsq", 0, -1),
    ("bnlearn_asia", "bnlearn_asia_pc_chisq", "chisq", 0, -1),
    ("bnlearn_child", "bnlearn_child_pc_chisq", "chisq", 0, -1),
]


@pytest.mark.parametrize(("data", "expected", "test", "rule", "priority"), CASES)
def test_reference_matrices(
    reference_data: Path, data: str, expected: str, test: str, rule: int, priority: int
) -> None:
    folder = reference_data / "causal_learn"
    table = pd.read_csv(folder / f"{data}.txt.gz", sep=r"\s+")
    matrix = np.loadtxt(folder / f"{expected}_0.05_stable_{rule}_{priority}.txt")
    found = causal_learn_pc(table, test, 0.05, rule, priority)
    np.testing.assert_array_equal(found, matrix)
