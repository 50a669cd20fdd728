"""Level and power of every conditional-independence test, with exact binomial intervals.

``python benchmarks/calibration.py --write docs/calibration.md`` makes the report from the counts
in ``docs/calibration.json``; cells that are not there yet are measured first, so that a run can
be interrupted. ``--tests kci --repetitions 1000`` measures some tests more often.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from _counts import Counts, collect
from _families import FAMILIES, draw
from _measure import machine, single_thread
from _report import markdown, publish

from causalsim import citest
from causalsim.citest import CITest
from causalsim.errors import DataError

SIZES = (20, 50, 100, 200, 500)
SETS = (0, 1, 2, 3)
ALPHA = 0.05
BOUND, MEAN_BOUND = 0.065, 0.06
JUDGED = (100, 200, 500)
MANY = 200
TESTS: dict[str, dict[str, Any]] = {
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

    def p_values(self, spec: CITest, dependent: bool, repetitions: int) -> np.ndarray:
        """Give one p-value per data set."""
        given = [f"z{i + 1}" for i in range(self.k)]
        tables = (draw(self.family, self.n, self.k, dependent, r) for r in range(repetitions))
        return np.array([spec(table)("x", "y", given).p_value for table in tables])

    def measure(self) -> dict[str, Any]:
        """Count rejections; power also at the level that the null p-values show to be ALPHA."""
        spec = citest.get(self.test, **TESTS[self.test])
        start = time.process_time()
        try:
            null = self.p_values(spec, dependent=False, repetitions=self.repetitions)
        except DataError:
            return {"refused": True}
        seconds = (time.process_time() - start) / self.repetitions
        other = self.p_values(
            spec, dependent=True, repetitions=max(self.repetitions * 2 // 5, 100)
        )
        fair = min(float(np.quantile(null, ALPHA)), ALPHA)
        return {
            "rejected": int((null <= ALPHA).sum()),
            "alternatives": len(other),
            "power": int((other <= ALPHA).sum()),
            "fair_power": int((other <= fair).sum()),
            "ms": round(1000 * seconds, 2),
        }


def level(count: dict[str, float]) -> float:
    """Give the share of rejections under the null."""
    return count["rejected"] / count["repetitions"]


def lower_bound(count: dict[str, float], cells: int) -> float:
    """Give Clopper & Pearson's lower bound, adjusted by Bonferroni."""
    from scipy.stats import beta

    rejected, repetitions = count["rejected"], count["repetitions"]
    if rejected == 0:
        return 0.0
    return float(beta.ppf(0.05 / cells, rejected, repetitions - rejected + 1))


def table(test: str, counts: Counts, sizes: tuple[int, ...]) -> str:
    """Write level / power (power at equal level) of one test."""
    rows = []
    for family, n in product(FAMILIES, sizes):
        found = [counts.get(Cell(test, family, n, k).key, {}) for k in SETS]
        rows.append([family, str(n), *(_cell(count) for count in found)])
    return markdown(["family", "n", *(f"k={k}" for k in SETS)], rows)


def _cell(count: dict[str, float]) -> str:
    if "rejected" not in count:
        return "-"
    power, fair = (count[part] / count["alternatives"] for part in ("power", "fair_power"))
    share = level(count)
    shown = f"{share:.3f}"
    if share > BOUND:
        shown = f"**{shown}**"
    return f"{shown} / {power:.2f} ({fair:.2f})"


def verdict(test: str, counts: Counts) -> str:
    """Say whether a test keeps the stated bounds."""
    cells = [Cell(test, *rest) for rest in product(FAMILIES, JUDGED, SETS)]
    found = {cell: counts.get(cell.key, {}) for cell in cells}
    known = {cell: count for cell, count in found.items() if "rejected" in count}
    if not known:
        return "does not take these columns"
    levels = {cell: level(count) for cell, count in known.items()}
    worst = max(known, key=lambda cell: lower_bound(known[cell], len(known)))
    bound = lower_bound(known[worst], len(known))
    mean = float(np.mean(list(levels.values())))
    holds = "holds" if bound <= BOUND and mean <= MEAN_BOUND else "does not hold"
    least = min(int(count["repetitions"]) for count in known.values())
    return (
        f"{holds}: mean level {mean:.3f}, largest {max(levels.values()):.3f}, largest lower bound "
        f"{bound:.3f} ({worst.family}, n={worst.n}, k={worst.k}), {len(known)} cells of {least} "
        "or more repetitions"
    )


TEXT = """# Level and power of the tests

Made by `python benchmarks/calibration.py --write docs/calibration.md`; do not edit. The counts
stand in [calibration.json](calibration.json).

Each cell: level / power (power at equal level), all at .05. The first is the share of data sets
on which a true independence x _||_ y | z is rejected; power at equal level uses the p-value below
which 5 % of the independent data sets fall, if that is below .05. Levels above {bound} are bold.
k is the number of conditioning columns. One family is one way to be nonlinear: read "holds" as
"holds on these families", never as a promise about other data. `causalsim.citest.self_check`
measures the level on data like yours.

| family | equations, under the alternative with what stands in brackets |
|---|---|
{families}

Z ~ N(0, I_k), F = (Z1 + ... + Zk)/sqrt(k), e and u standard normal; without Z, X and Y have
separate F. Columns in other units give the same p-values (`tests/citest`).

## In short

Bounds for n in {judged}, all families, k of 0 to 3: no cell whose Bonferroni-adjusted 95 % lower
bound is above {bound}, and a mean of at most {mean_bound}.

{verdicts}

{tables}
"""


def report(counts: Counts, tests: list[str]) -> str:
    """Write the whole text."""
    families = "\n".join(f"| {name} | {f.equations} |" for name, f in FAMILIES.items())
    verdicts = "\n".join(f"- `{test}` {verdict(test, counts)}" for test in tests)
    tables = "\n\n".join(f"## `{test}`\n\n{table(test, counts, SIZES)}" for test in tests)
    return TEXT.format(
        bound=BOUND,
        mean_bound=MEAN_BOUND,
        judged=", ".join(map(str, JUDGED)),
        families=families,
        verdicts=verdicts,
        tables=tables,
    )


def grid(tests: list[str], sizes: list[int], repetitions: int) -> Iterator[Cell]:
    """Give all cells, small ones first; the test for many rows is not asked about few."""
    for n, k, test, family in product(sizes, SETS, tests, FAMILIES):
        if test != "kci_low_rank" or n >= MANY:
            yield Cell(test, family, n, k, repetitions)


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="the report")
    parser.add_argument("--counts", type=Path, default=Path("docs/calibration.json"))
    parser.add_argument("--tests", nargs="+", default=list(TESTS), choices=list(TESTS))
    parser.add_argument("--sizes", nargs="+", type=int, default=list(SIZES))
    parser.add_argument("--repetitions", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    single_thread()
    cells = list(grid(options.tests, options.sizes, options.repetitions))
    counts = collect(cells, options.counts, options.jobs)
    publish(report(counts, options.tests), options.write, machine())


if __name__ == "__main__":
    main()
