"""Level and power of every conditional-independence test, with exact binomial intervals.

``python benchmarks/calibration.py --write docs/calibration.md`` makes the report from the counts
in ``docs/calibration.json``; cells that are not there yet are measured first, so that a run can
be interrupted. ``--tests kci --repetitions 1000`` measures some tests more often. Counts are
measured again where a setting of the test has changed; delete the file where its code has.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np
from _counts import Counts, collect
from _families import FAMILIES
from _levels import TESTS, Cell, answered, known, level, lower_bound
from _measure import machine, single_thread
from _report import markdown, publish

SIZES = (20, 50, 100, 200, 500)
SETS = (0, 1, 2, 3)
BOUND, MEAN_BOUND = 0.065, 0.06
JUDGED = (100, 200, 500)
ENOUGH = 1000
SIZES_OF: dict[str, tuple[int, ...]] = {
    "kci_low_rank": (200, 500),
    "gcm": (*SIZES, 1000),
    "auto": (20, 50, 100, 200),
}


def table(test: str, counts: Counts) -> str:
    """Write level / power (power at equal level) of one test."""
    rows, found = [], []
    for family, n in product(FAMILIES, sizes_of(test)):
        row = [counts.get(Cell(test, family, n, k).key, {}) for k in SETS]
        rows.append([family, str(n), *map(_cell, row)])
        found += [count for count in row if "rejected" in count]
    if not found:
        return markdown(["family", "n", *(f"k={k}" for k in SETS)], rows)
    behind = (_span(found, part) for part in ("repetitions", "alternatives"))
    said = "Each cell: {} data sets for the level, {} for the power.".format(*behind)
    return f"{said}\n\n{markdown(['family', 'n', *(f'k={k}' for k in SETS)], rows)}"


def _span(found: list[dict[str, float]], part: str) -> str:
    numbers = sorted({int(count[part]) for count in found})
    return " to ".join(map(str, dict.fromkeys((numbers[0], numbers[-1]))))


def _cell(count: dict[str, float]) -> str:
    """Write one cell; what has no answer is a share apart."""
    if "rejected" not in count:
        return "-"
    asked, others = answered(count), answered(count, dependent=True)
    silent = f"{1 - asked / count['repetitions']:.0%} unanswered"
    if not (asked and others):
        return silent
    power, fair = (count[part] / others for part in ("power", "fair_power"))
    shown = f"{level(count):.3f}"
    if level(count) > BOUND:
        shown = f"**{shown}**"
    apart = f", {silent}" if asked < count["repetitions"] else ""
    return f"{shown} / {power:.2f} ({fair:.2f}){apart}"


def verdict(test: str, counts: Counts) -> str:
    """Say whether a test keeps the stated bounds, on what it answers."""
    cells = [Cell(test, *rest) for rest in product(FAMILIES, JUDGED, SETS)]
    kept = {cell: counts.get(cell.key, {}) for cell in cells}
    found = {cell: c for cell, c in kept.items() if "rejected" in c and answered(c)}
    if not found:
        return "was not measured, or does not take these columns"
    levels = {cell: level(count) for cell, count in found.items()}
    worst = max(found, key=lambda cell: lower_bound(found[cell], len(found)))
    bound = lower_bound(found[worst], len(found))
    mean = float(np.mean(list(levels.values())))
    least = min(answered(count) for count in found.values())
    fine = "holds" if least >= ENOUGH else f"is not refuted ({least} repetitions)"
    said = fine if bound <= BOUND and mean <= MEAN_BOUND else "does not hold"
    return (
        f"{said}: mean level {mean:.3f}, largest {max(levels.values()):.3f}, largest lower bound "
        f"{bound:.3f} ({worst.family}, n={worst.n}, k={worst.k}), {len(found)} cells of {least} "
        "or more answers"
    )


TEXT = """# Level and power of the tests

Made by `python benchmarks/calibration.py --write docs/calibration.md`; do not edit. The counts
stand in [calibration.json](calibration.json).

Each cell: level / power (power at equal level), all at .05. The first is the share of data sets
on which a true independence x _||_ y | z is rejected; power at equal level uses the p-value below
which 5 % of the independent data sets fall, above or below .05. Levels above {bound} are bold.
All are shares of the data sets on which the test has an answer; the others (too few rows, or for
`auto` a set larger than a search would ask about) are given apart as unanswered. k is the number
of conditioning columns. One family is one way to be nonlinear: read "holds" as "holds on these
families", never as a promise about other data. `causalsim.citest.self_check` measures the level
on data like yours.

`auto` has a table only if it was asked for (`--tests auto` takes hours); it is measured end to
end: it chooses a test, and the largest set, for every data set anew.

| family | equations, under the alternative with what stands in brackets |
|---|---|
{families}

Z ~ N(0, I_k), F = (Z1 + ... + Zk)/sqrt(k), e and u standard normal; without Z, X and Y have
separate F or G. Columns in other units give the same p-values (`tests/citest`).

## In short

Bounds for n in {judged}, all families, k of 0 to 3: no cell whose Bonferroni-adjusted 95 % lower
bound is above {bound}, and a mean of at most {mean_bound}. A test "holds" if it keeps them with at
least {enough} data sets in each cell; with fewer it "is not refuted", for a bound of 200 data sets
is that wide: a level of .09 would seldom be noticed.

{verdicts}

{tables}
"""


def report(counts: Counts, tests: list[str]) -> str:
    """Write the whole text."""
    families = "\n".join(f"| {name} | {f.equations} |" for name, f in FAMILIES.items())
    verdicts = "\n".join(f"- `{test}` {verdict(test, counts)}" for test in tests)
    tables = "\n\n".join(f"## `{test}`\n\n{table(test, counts)}" for test in tests)
    return TEXT.format(
        bound=BOUND,
        mean_bound=MEAN_BOUND,
        enough=ENOUGH,
        judged=", ".join(map(str, JUDGED)),
        families=families,
        verdicts=verdicts,
        tables=tables,
    )


def grid(tests: list[str], sizes: list[int], repetitions: int) -> Iterator[Cell]:
    """Give all cells, small ones first."""
    for n, k, test, family in product(sizes, SETS, tests, FAMILIES):
        if n in sizes_of(test):
            yield Cell(test, family, n, k, repetitions)


def sizes_of(test: str) -> tuple[int, ...]:
    """Give the numbers of rows at which a test is measured."""
    return SIZES_OF.get(test, SIZES)


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="the report")
    parser.add_argument("--counts", type=Path, default=Path("docs/calibration.json"))
    parser.add_argument("--tests", nargs="+", default=list(TESTS), choices=list(TESTS))
    parser.add_argument("--sizes", nargs="+", type=int, default=sorted({*SIZES, *SIZES_OF["gcm"]}))
    parser.add_argument("--repetitions", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    single_thread()
    cells = list(grid(options.tests, options.sizes, options.repetitions))
    counts = collect(cells, options.counts, options.jobs, known=known)
    publish(report(counts, options.tests), options.write, machine())


if __name__ == "__main__":
    main()
