"""Speed of the kernel tests, beside those of causal-learn and qiskit.

``python benchmarks/kernels.py --write docs/kernels.md``; ``--quick`` leaves out what takes long.
Both sides run in one process, on the same data, with one thread, and must give the same answers.
The level at 5000 rows comes from counts kept in ``docs/kernels.json``.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from _contest import Matrix, compare
from _counts import collect
from _families import draw
from _measure import machine, single_thread, warm
from _report import markdown, publish
from calibration import Cell, level

import causalsim as cs
from causalsim import citest
from causalsim.citest import BoundTest
from causalsim.graph.io import to_causal_learn
from causalsim.kernels import QuantumKernel

if TYPE_CHECKING:
    import pandas as pd

SEED = 20253
ALPHA = 0.05
TARGETS = {100: 4.0, 500: 3.0, 1000: 3.0}
SAME = 1e-4
LARGE = 5000


@dataclass(frozen=True)
class Single:
    """One question put to causal-learn, to ``kci_zhang`` and to ``kci``."""

    n: int
    k: int
    seconds: tuple[float, float, float]
    apart: float

    def cells(self) -> tuple[str, ...]:
        """Write the row."""
        theirs, zhang, plain = self.seconds
        return (
            *(str(self.n), str(self.k)),
            *(f"{1000 * s:.3g}" for s in self.seconds),
            *(f"{theirs / zhang:.1f}", f"{TARGETS[self.n]:.0f}", f"{theirs / plain:.1f}"),
            f"{self.apart:.0e}" + ("" if self.apart <= SAME else " differs"),
        )


def single(n: int, k: int, repetitions: int) -> Single:
    """Time one conditional test from arrays to p, nothing known beforehand."""
    trials = [_single(n, k, r) for r in range(repetitions)]
    seconds = (statistics.median(trial[i][0] for trial in trials) for i in range(3))
    apart = max(abs(trial[0][1] - trial[1][1]) for trial in trials)
    found = Single(n, k, (next(seconds), next(seconds), next(seconds)), apart)
    print(" | ".join(found.cells()), flush=True)
    return found


def _single(n: int, k: int, repetition: int) -> list[tuple[float, float]]:
    from causallearn.utils.KCI.KCI import KCI_CInd

    table = draw("additive", n, k, dependent=False, repetition=repetition)
    values = table.values  # noqa: PD011  -- a Table, not a DataFrame
    given = [f"x{i + 2}" for i in range(k)]

    def theirs() -> float:
        x, y, z = values[:, [0]], values[:, [1]], values[:, 2:]
        return float(KCI_CInd().compute_pvalue(x, y, z)[0])

    def ours(name: str) -> float:
        return citest.get(name)(values)("x0", "x1", given).p_value

    return [warm(run) for run in (theirs, partial(ours, "kci_zhang"), partial(ours, "kci"))]


def nonlinear(p: int, n: int, seed: int) -> pd.DataFrame:
    """Draw rows from a random nonlinear model of average degree 2."""
    rng = np.random.default_rng([SEED, p, n, seed])
    return cs.random_scm(p, degree=2, mechanism="nonlinear", rng=rng).sample(n, rng=rng)


@dataclass(frozen=True)
class Search:
    """A whole run of PC."""

    seconds: float
    tests: int
    matrix: Matrix


def their_search(values: Matrix) -> Search:
    """Run causal-learn's PC with its kernel test; a question asked twice counts once."""
    from causallearn.search.ConstraintBased.PC import pc

    start = time.process_time()
    found = pc(values, ALPHA, "kci", show_progress=False)
    seconds = time.process_time() - start
    tests = sum(not isinstance(value, str) for value in found.test.pvalue_cache.values())
    return Search(seconds, tests, np.asarray(found.G.graph))


def our_search(values: Matrix, test: str) -> Search:
    """Run ``cs.pc`` with causal-learn's rules, from data to result."""
    start = time.process_time()
    found = cs.pc(values, test, alpha=ALPHA, sepset="union", conflict="keep")
    seconds = time.process_time() - start
    return Search(seconds, found.n_tests, to_causal_learn(found.graph))


SEARCH_HEADER = (
    *("p", "n", "data set", "test", "tests, theirs", "tests, ours", "theirs, s", "ours, s"),
    *("ratio", "ratio per test", "same graph?"),
)


def searches(p: int, n: int, repetitions: int) -> list[Sequence[str]]:
    """Compare whole runs of PC."""
    rows = []
    for r in range(repetitions):
        values = nonlinear(p, n, r).to_numpy()
        theirs = their_search(values)
        for test in ("kci_zhang", "kci"):
            rows.append((str(p), str(n), str(r), *_search_cells(test, theirs, values)))
            print(" | ".join(rows[-1]), flush=True)
    return rows


def _search_cells(test: str, theirs: Search, values: Matrix) -> tuple[str, ...]:
    ours = our_search(values, test)
    each = (theirs.seconds / theirs.tests) / (ours.seconds / ours.tests)
    different = compare(ours.matrix, theirs.matrix)
    return (
        *(f"`{test}`", str(theirs.tests), str(ours.tests)),
        *(f"{theirs.seconds:.3g}", f"{ours.seconds:.3g}"),
        *(f"{theirs.seconds / ours.seconds:.1f}", f"{each:.1f}"),
        ", ".join(f"{number} {what}" for what, number in different.items()) or "yes",
    )


def large(repetitions: int, path: Path, n_jobs: int) -> list[Sequence[str]]:
    """Give seconds, level and power of ``kci_low_rank`` at 5000 rows."""
    cells = [Cell("kci_low_rank", "additive", LARGE, k, repetitions) for k in (1, 3)]
    counts = collect(cells, path, n_jobs)
    rows = []
    for cell in cells:
        count = counts[cell.key]
        power = count["power"] / count["alternatives"]
        numbers = (f"{count['ms'] / 1000:.2f}", f"{level(count):.3f}", f"{power:.2f}")
        rows.append((str(cell.k), *numbers, str(int(count["repetitions"]))))
    return rows


def grams(n: int, d: int) -> tuple[str, ...]:
    """Compare the Gram matrix of the zz map with qiskit-machine-learning's."""
    from qiskit.circuit.library import zz_feature_map
    from qiskit_machine_learning.kernels import FidelityStatevectorKernel

    rows = np.random.default_rng([SEED, n, d]).normal(size=(n, d)) / 4
    kernel = QuantumKernel("zz", scale=1.0, standardise=False)
    seconds, ours = warm(lambda: kernel(rows))
    theirs: Any = FidelityStatevectorKernel(feature_map=zz_feature_map(d))
    slow, gram = warm(lambda: theirs.evaluate(rows))
    apart = float(np.abs(ours - gram).max())
    ratio = f"{slow / seconds:.0f}"
    return str(d), str(n), f"{1000 * slow:.3g}", f"{1000 * seconds:.3g}", ratio, f"{apart:.0e}"


def import_peers() -> None:
    """Ask everything once on little data, so that no import falls into a time."""
    values = nonlinear(3, 40, 0).to_numpy()
    their_search(values)
    for test in ("kci_zhang", "kci"):
        bound: BoundTest = citest.get(test)(values)
        bound("x0", "x1", "x2")
        our_search(values, test)
    grams(5, 2)


def report(quick: bool, repetitions: int, path: Path, n_jobs: int) -> str:
    """Run every contest and write the tables."""
    import_peers()
    sizes = (100,) if quick else tuple(TARGETS)
    singles = [single(n, k, 3 if quick else 5) for n in sizes for k in (1, 3)]
    runs = searches(5, 100, 1) if quick else searches(8, 500, 5)
    maps = [grams(*shape) for shape in ([(50, 2)] if quick else [(200, 2), (200, 4), (200, 6)])]
    return TEXT.format(
        single=markdown(SINGLE_HEADER, [row.cells() for row in singles]),
        searches=markdown(SEARCH_HEADER, runs),
        large="" if quick else markdown(LARGE_HEADER, large(repetitions, path, n_jobs)),
        grams=markdown(GRAM_HEADER, maps),
        rows=LARGE,
        alpha=ALPHA,
        seed=SEED,
    )


SINGLE_HEADER = (
    *("n", "k", "causal-learn, ms", "`kci_zhang`, ms", "`kci`, ms", "ratio `kci_zhang`"),
    *("aimed at", "ratio `kci`", "largest difference of p"),
)
LARGE_HEADER = ("k", "s per test", "level", "power", "repetitions")
GRAM_HEADER = ("qubits", "n", "qiskit, ms", "ours, ms", "ratio", "largest difference")
TEXT = """# Speed of the kernel tests

Made by `python benchmarks/kernels.py --write docs/kernels.md`; do not edit. Seconds are CPU time
of one thread, medians over data sets; a ratio is theirs over ours. Both sides run in one process
on the same data.

## One conditional test

From arrays to p, with nothing known beforehand; k conditioning columns, data of the additive
family of [calibration.md](calibration.md) without dependence. causal-learn: `KCI_CInd()`, its
defaults (gamma null, empirical widths, ridge 1e-3). `kci_zhang` is the same test, so p-values
must agree to 1e-4 (last column); `kci`, our default, is another test: it tunes width, ridge and
metric for each target, and is not faster everywhere.

{single}

## Inside PC

Random nonlinear models (average degree 2, seed {seed}), alpha {alpha}, from data to graph. Both
sides use the same rules (union of separating sets, earlier collider wins). causal-learn asks some
questions more than once and looks the answer up; such a question counts once. Ours keeps the
residuals that several questions share. `kci` may give another graph, for it is another test.

{searches}

## {rows} rows

`kci_low_rank`, CPU seconds for one question with nothing known beforehand, binding included;
level and power at .05 on the additive family.

{large}

## Quantum Gram matrices

`QuantumKernel("zz")` against `FidelityStatevectorKernel` of qiskit-machine-learning with
`zz_feature_map`, both exact, two repetitions of the map.

{grams}
"""


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--write", type=Path, metavar="FILE")
    parser.add_argument("--counts", type=Path, default=Path("docs/kernels.json"))
    parser.add_argument("--repetitions", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    single_thread()
    text = report(options.quick, options.repetitions, options.counts, options.jobs)
    publish(text, options.write, machine())


if __name__ == "__main__":
    main()
