"""PC on real data by quantum kernel tests and their controls."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from _quantum_cells import SEED, Method

import causalsim as cs

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ALPHAS", "Real", "real"]

ALPHAS = (0.05, 0.01)
MOST_GIVEN = 3


def _sachs() -> pd.DataFrame:
    return np.log(cs.datasets.sachs())


def _cleveland() -> pd.DataFrame:
    return cs.datasets.cleveland()[["age", "trestbps", "chol"]]


SOURCES: dict[str, Callable[[], pd.DataFrame]] = {
    "sachs": _sachs,
    "boston": cs.datasets.boston,
    "cleveland": _cleveland,
}


@lru_cache
def real(data: str) -> pd.DataFrame:
    """Give a real data set: Sachs in logarithms, Boston without B, three columns of Cleveland."""
    return SOURCES[data]()


@dataclass(frozen=True)
class Real:
    """The graphs of PC on real data at every level of ALPHAS.

    Parameters
    ----------
    data : {"sachs", "boston", "cleveland"}
    method : Method
    n : int
        Rows drawn without replacement; 0 for all.
    draw : int
        Number of the subsample.
    """

    data: str
    method: Method
    n: int = 0
    draw: int = 0
    repetitions: int = 1

    @property
    def key(self) -> str:
        """Give the name under which it is kept."""
        return f"real|{self.data}|{self.n}|{self.draw}|{self.method.key}"

    def rows(self) -> pd.DataFrame:
        """Give the rows."""
        frame = real(self.data)
        if not self.n:
            return frame
        rng = np.random.default_rng([SEED, 3, self.n, self.draw])
        return frame.iloc[rng.choice(len(frame), self.n, replace=False)]

    def measure(self) -> dict[str, Any]:
        """Give edges, tests and seconds by level."""
        start = time.process_time()
        bound = self.method.spec()(self.rows())
        found = {a: cs.pc(None, bound, alpha=a, max_cond=MOST_GIVEN) for a in ALPHAS}
        return {
            "edges": {str(a): list(one.graph.edges) for a, one in found.items()},
            "tests": {str(a): one.n_tests for a, one in found.items()},
            "seconds": round(time.process_time() - start, 2),
        }
