"""One test on one family of data: rejections with and without an effect, and what they say."""

from __future__ import annotations

import time
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
from _counts import as_often
from _families import draw

from causalsim import citest
from causalsim.citest import BoundTest, CITest
from causalsim.errors import DataError

__all__ = ["ALPHA", "TESTS", "Cell", "answered", "known", "level", "lower_bound"]

ALPHA = 0.05
TESTS: dict[str, dict[str, Any]] = {
    "auto": {},
    "kci": {},
    "kci_low_rank": {},
    "kci_split": {},
    "kci_zhang": {},
    "qpc_plus": {},
    "qpc": {"insist": True},
    "rcit": {},
    "rcot": {},
    "gcm": {},
    "mixed": {},
    "fisher_z": {},
}


@dataclass(frozen=True)
class Cell:
    """One test on one family at one size."""

    test: str
    family: str
    n: int
    k: int
    repetitions: int = 200

    @property
    def key(self) -> str:
        """Give the name under which counts are kept."""
        return f"{self.test}|{self.family}|{self.n}|{self.k}"

    @property
    def spec(self) -> CITest:
        """Give the test."""
        return citest.get(self.test, **TESTS[self.test])

    @property
    def settings(self) -> str:
        """Give a digest of all settings of the test, defaults too."""
        text = f"{self.test} {self.spec.options()}"
        return blake2b(text.encode(), digest_size=6).hexdigest()

    def p_values(self, spec: CITest, dependent: bool, repetitions: int) -> np.ndarray:
        """Give one p-value per data set; NaN where there is no answer."""
        given = [f"z{i + 1}" for i in range(self.k)]
        tables = (draw(self.family, self.n, self.k, dependent, r) for r in range(repetitions))
        return np.array([_p_value(spec(table), given) for table in tables])

    def measure(self) -> dict[str, Any]:
        """Count rejections; power also at the level that the null p-values show to be ALPHA."""
        spec, start = self.spec, time.process_time()
        try:
            null = self.p_values(spec, dependent=False, repetitions=self.repetitions)
        except DataError:
            return {"refused": True, "settings": self.settings}
        seconds = (time.process_time() - start) / self.repetitions
        other = self.p_values(
            spec, dependent=True, repetitions=max(self.repetitions * 2 // 5, 100)
        )
        answered = null[~np.isnan(null)]
        fair = float(np.quantile(answered, ALPHA)) if len(answered) else 0.0
        return {
            "rejected": int((null <= ALPHA).sum()),
            "unanswered": int(np.isnan(null).sum()),
            "alternatives": len(other),
            "power": int((other <= ALPHA).sum()),
            "fair_power": int((other <= fair).sum()),
            "unanswered_alternatives": int(np.isnan(other).sum()),
            "ms": round(1000 * seconds, 2),
            "settings": self.settings,
        }


def _p_value(bound: BoundTest, given: list[str]) -> float:
    """Answer as in a search, which asks no set beyond a test's bound; NaN if untestable."""
    if bound.max_cond is not None and len(given) > bound.max_cond:
        return np.nan
    found = bound("x", "y", given)
    return np.nan if np.isnan(found.statistic) else found.p_value


def known(cell: Cell, count: dict[str, Any]) -> bool:
    """Say whether counts are of this cell's settings and as many repetitions."""
    return as_often(cell, count) and count.get("settings") == cell.settings


def answered(count: dict[str, float], *, dependent: bool = False) -> int:
    """Give the data sets on which the test had an answer."""
    if dependent:
        return int(count["alternatives"] - count.get("unanswered_alternatives", 0))
    return int(count["repetitions"] - count.get("unanswered", 0))


def level(count: dict[str, float]) -> float:
    """Give the share of rejections among answers under the null."""
    return count["rejected"] / answered(count)


def lower_bound(count: dict[str, float], cells: int) -> float:
    """Give Clopper & Pearson's lower bound, adjusted by Bonferroni."""
    from scipy.stats import beta

    rejected = count["rejected"]
    if rejected == 0:
        return 0.0
    return float(beta.ppf(0.05 / cells, rejected, answered(count) - rejected + 1))
