"""What quantum kernels do inside PC, beside classical controls.

``python benchmarks/qpc.py --write docs/quantum.md`` makes the report from the counts in
``docs/quantum.json``; what is not there yet is measured first, so that a run can be interrupted.
``--quick`` does a little of everything.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from _counts import Counts, collect
from _measure import machine, single_thread
from _quantum_cells import SHOTS, STRUCTURES, Method, Rates, Recovery
from _quantum_real import ALPHAS, Real
from _quantum_report import agreement, changes, diagnostics, rates, recoveries, tuning
from _report import publish

SCALE = 0.25
WIDTHS = (0.3, 0.6, 1.2, 2.4)
SCALES = (0.1, 0.15, 0.25, 0.35, 0.5)


@dataclass(frozen=True)
class Plan:
    """How much to measure.

    Parameters
    ----------
    sizes : tuple of int
        Rows for the graphs on three nodes; the reference table has columns for them.
    tuning_sizes : tuple of int
    repetitions : int
        For each cell of that table, and for tuning.
    rate_sizes : tuple of int
    rate_repetitions : int
    subsamples : tuple of int
        Rows of subsamples of Sachs.
    draws : int
        Subsamples of each size.
    whole : tuple of str
        Real data sets of which all rows are used.
    """

    sizes: tuple[int, ...] = (10, 20, 30, 40, 50, 70, 80, 100)
    tuning_sizes: tuple[int, ...] = (20, 50, 100)
    repetitions: int = 200
    rate_sizes: tuple[int, ...] = (50, 100, 200)
    rate_repetitions: int = 250
    subsamples: tuple[int, ...] = (50, 100, 200)
    draws: int = 20
    whole: tuple[str, ...] = ("cleveland", "boston", "sachs")


QUICK = Plan((20,), (20,), 4, (50,), 20, (50,), 2, ("cleveland",))


def tuning_cells(plan: Plan) -> list[Recovery]:
    """Give what the width and the scale are chosen by: data sets that no table uses."""
    methods = [Method("gaussian", w) for w in WIDTHS] + [Method("qpc_plus", c) for c in SCALES]
    return [
        Recovery(structure, n, method, plan.repetitions, stream=1)
        for structure, n, method in product(STRUCTURES, plan.tuning_sizes, methods)
    ]


def tuned(cells: Iterable[Recovery], counts: Counts) -> list[Method]:
    """Give the width and the scale with the most exact recoveries."""
    hits: dict[Method, int] = {}
    for cell in cells:
        hits[cell.method] = hits.get(cell.method, 0) + counts[cell.key]["hits"]
    return [
        max((m for m in hits if m.name == name), key=lambda m: hits[m])
        for name in ("gaussian", "qpc_plus")
    ]


def methods_of(chosen: Sequence[Method]) -> list[Method]:
    """Give the rows of every table, controls first."""
    gaussian, quantum = chosen
    plain = [Method("qpc", SCALE), Method("qpc_plus", SCALE)]
    shots = Method("qpc_plus_shots", SCALE)
    return list(dict.fromkeys([Method("kci"), gaussian, *plain, quantum, shots]))


def recovery_cells(plan: Plan, methods: Sequence[Method]) -> list[Recovery]:
    """Give the cells of the tables of exact recovery."""
    every = product(STRUCTURES, plan.sizes, methods)
    return [Recovery(s, n, method, plan.repetitions) for s, n, method in every]


def rate_cells(plan: Plan, methods: Sequence[Method]) -> list[Rates]:
    """Give the cells of the tables of level and power; shots only with one column in the set."""
    few = [method for method in methods if method.name != "qpc_plus_shots"]
    designs = [("two laws", 1, methods), ("additive", 2, few), ("additive", 3, few)]
    return [
        Rates(design, n, k, method, plan.rate_repetitions)
        for design, k, which in designs
        for n, method in product(plan.rate_sizes, which)
    ]


def real_cells(plan: Plan, methods: Sequence[Method]) -> list[Real]:
    """Give the runs on real data, Fisher's z beside; shots only on the smaller ones."""
    every = [*methods, Method("fisher_z")]
    exact = [method for method in every if method.name != "qpc_plus_shots"]
    parts = product(plan.subsamples, range(plan.draws), exact)
    return [Real("sachs", method, n, draw) for n, draw, method in parts] + [
        Real(data, method)
        for data in plan.whole
        for method in (every if data == "cleveland" else exact)
    ]


def report(plan: Plan, path: Path, n_jobs: int) -> str:
    """Measure what is not known, and write the whole text."""
    first = tuning_cells(plan)
    chosen = tuned(first, collect(first, path, n_jobs))
    methods = methods_of(chosen)
    graphs, tests = recovery_cells(plan, methods), rate_cells(plan, methods)
    runs = real_cells(plan, methods)
    counts = collect([*graphs, *tests, *runs], path, n_jobs)
    gaussian, quantum = chosen
    return TEXT.format(
        width=f"{gaussian.value:g}",
        scale=f"{quantum.value:g}",
        start=f"{SCALE:g}",
        shots=SHOTS,
        repetitions=plan.repetitions,
        rate_repetitions=plan.rate_repetitions,
        draws=plan.draws,
        alphas=" and ".join(f"{alpha:g}" for alpha in ALPHAS),
        tuning=tuning(first, counts),
        diagnostics=diagnostics(dict.fromkeys([SCALE, quantum.value])),
        recoveries=recoveries(graphs, counts, plan.sizes, methods),
        rates=rates(tests, counts, plan.rate_sizes, methods),
        agreement=agreement(runs, counts),
        changes=changes(runs, counts),
    )


TEXT = """# Quantum kernels inside PC

Made by `python benchmarks/qpc.py --write docs/quantum.md`; do not edit. The counts stand in
[quantum.json](quantum.json). All quantum kernels are simulated on a classical machine. Read every
quantum row beside the Gaussian ones: an advantage over an untuned control is none.

## The tests

| row | test |
|---|---|
| `kci` | the default kernel test: Gaussians, width 1.2 on x and y |
| tuned Gaussian | `kci` with width {width} on x and y |
| `qpc` | `QPC(insist=True)`, zz map, scale {start}: our reconstruction, whose level is lost |
| `qpc_plus` | zz map on x and y, scale {start}; tuned Gaussian on the set |
| tuned `qpc_plus` | the same with scale {scale} |
| `qpc_plus`, shots | the same with scale {start}, every fidelity from {shots} shots |

Width and scale were chosen in the same way: the one with the most exact recoveries over the four
graphs below, on {repetitions} data sets per cell that no table uses. Share of exact recoveries:

{tuning}

## What the kernels make of the data

`causalsim.kernels.quantum.report` of the zz map. Ranges are over the columns of the data, each
encoded alone as `qpc_plus` does; *joint* is [x, z/2], as `qpc` encodes. Phases are in units of pi:
above 1, different values share a state. Effective dimension: of one qubit at most 3. Off-diagonal
entries near 0 with little spread would mean concentration; shot noise is that of {shots} shots.

{diagnostics}

## Exact recovery of graphs on three nodes

Share of {repetitions} data sets in which PC at .05 finds the exact class, with Wilson 95 %
intervals. PC runs with causal-learn's rules (first separating set, earlier collider wins), as the
published runs were made on top of causal-learn. Functions are drawn anew each time from
sin, tanh, t^2/1.5, cos 2t, t, exp(-t^2), noise .5 N(0, 1); chain x -> z -> y, fork x <- z -> y,
collider z = f(x) + g(y) + noise.

*Published*: counts out of 30, digitised from the authors' figure in the paper of IEEE QCE 2024
(Terada et al., doi 10.1109/QCE60285.2024.10322). Their data and circuit are not known; ours
differ, so the absolute numbers are not comparable and no such comparison is claimed.

{recoveries}

## Level and power

At .05, {rate_repetitions} data sets each: level / power (power at equal level). Power at equal
level uses the p-value below which 5 % of the independent data sets fall, for every test and
whether that p-value is below or above .05. Levels whose Wilson interval lies above .05 are bold.

{rates}

## Real data

PC with the default rules at alpha {alphas}, sets of up to 3 columns; Sachs in logarithms, Boston
without column B, Cleveland with age, trestbps and chol. The tuned settings are those from above:
nothing was tuned on these data.

### Sachs: agreement with published graphs

Structural Hamming distance to the class of the 17 edges inferred by Sachs et al. (2005), and of
the 20 edges that the literature expected. A distance is agreement with an opinion, not an error:
nobody knows the true graph. Means of {draws} subsamples, with 95 % intervals of Student's t that
take subsamples of the same 853 rows for independent; at 853 rows one run.

{agreement}

### What the kernel and alpha change

Against `kci` at the same alpha: pairs joined only here, only there, and pairs marked otherwise.

{changes}
"""


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--write", type=Path, metavar="FILE")
    parser.add_argument("--counts", type=Path, default=Path("docs/quantum.json"))
    parser.add_argument("--repetitions", type=int, default=Plan.repetitions)
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    single_thread()
    plan = QUICK if options.quick else Plan(repetitions=options.repetitions)
    publish(report(plan, options.counts, options.jobs), options.write, machine())


if __name__ == "__main__":
    main()
