"""Which collider rule and conflict policy make the best default of PC, by measured SHD.

``python benchmarks/policies.py --write docs/policies.md`` makes the report.

The default must not depend on the order of columns: majority, conservative or max_p, with
``conflict="mark"``. Among these the smallest mean SHD per true edge wins; all other pairs of
options stand beside. Insurance, alarm and sachs take no part here: they are kept for
``accuracy.py``.
"""

from __future__ import annotations

import argparse
from itertools import product
from pathlib import Path

import numpy as np
from _measure import machine, single_thread
from _report import markdown, publish
from _settings import Setting, linear, networks
from numpy.typing import NDArray

import causalsim as cs
from causalsim.discovery._orientation import POLICIES

RULES = ("majority", "conservative", "max_p", "first", "union")
CANDIDATES = tuple((rule, "mark") for rule in ("majority", "conservative", "max_p"))
OPTIONS = CANDIDATES + tuple(o for o in product(RULES, POLICIES) if o not in CANDIDATES)
SETTINGS = networks("earthquake", "cancer", "survey", "asia", "child") + linear(20, 50)
SIZES = (200, 1000, 5000)
ALPHAS = (0.05, 0.01)
COSTS = ("one", "half")
Scores = NDArray[np.float64]


def score(setting: Setting, n: int, repetition: int) -> Scores:
    """Give SHD per true edge, shape (options, alphas, costs), on one data set."""
    frame, truth = setting.draw(n, repetition)
    table = np.empty((len(OPTIONS), len(ALPHAS), len(COSTS)))
    for (o, (sepset, conflict)), (a, alpha) in product(enumerate(OPTIONS), enumerate(ALPHAS)):
        found = cs.pc(frame, alpha=alpha, sepset=sepset, conflict=conflict, degenerate="keep")
        table[o, a] = [cs.metrics.shd(found.graph, truth, undirected=cost) for cost in COSTS]
    return table / max(truth.n_edges, 1)


def collect(settings: list[Setting], sizes: tuple[int, ...], repetitions: int) -> Scores:
    """Give scores of shape (settings x sizes, repetitions, options, alphas, costs)."""
    cells = []
    for setting, n in product(settings, sizes):
        cells.append([score(setting, n, r) for r in range(repetitions)])
        print(f"{setting.name} n={n} done", flush=True)
    return np.array(cells)


def grand_mean(values: Scores) -> tuple[Scores, Scores]:
    """Give the mean over cells and half its 95 % interval; cells are fixed, repetitions drawn.

    Parameters
    ----------
    values : array, shape (cells, repetitions, ...)
    """
    cells, repetitions = values.shape[:2]
    variance = values.var(axis=1, ddof=1).sum(axis=0) / repetitions / cells**2
    return values.mean(axis=(0, 1)), 1.96 * np.sqrt(variance)


def ranks(values: Scores) -> Scores:
    """Give the mean rank of each option over cells, ties sharing, from (cells, options)."""
    from scipy.stats import rankdata

    return np.asarray(rankdata(values, axis=1).mean(axis=0))


def overview(scores: Scores) -> str:
    """Write one line per pair of options, best first."""
    per_cell = scores.mean(axis=1)
    flat = per_cell.transpose(0, 2, 1, 3).reshape(-1, *per_cell.shape[1::2])
    rank, (mean, half) = ranks(flat[..., 0]), grand_mean(scores)
    pooled, pooled_half = grand_mean(scores.mean(axis=3))
    rows = []
    for o in np.argsort(pooled[:, 0]):
        cells = [_pm(pooled[o, 0], pooled_half[o, 0])]
        cells += [_pm(mean[o, a, 0], half[o, a, 0]) for a in range(len(ALPHAS))]
        cells += [_pm(pooled[o, 1], pooled_half[o, 1]), f"{rank[o]:.1f}"]
        free = "yes" if OPTIONS[o] in CANDIDATES else ""
        rows.append([*OPTIONS[o], free, *cells])
    by_alpha = [f"alpha {alpha}" for alpha in ALPHAS]
    header = ["sepset", "conflict", "order-free", "SHD/edges", *by_alpha, "half cost", "rank"]
    return markdown(header, rows)


def by_cell(scores: Scores, settings: list[Setting], sizes: tuple[int, ...]) -> str:
    """Write SHD per edge of the candidates in every cell, mean over the two levels."""
    names = [f"{setting.name}, n={n}" for setting, n in product(settings, sizes)]
    rows = []
    for c, name in enumerate(names):
        mean, half = grand_mean(scores[c : c + 1].mean(axis=3))
        rows.append([name, *(_pm(mean[o, 0], half[o, 0]) for o in range(len(CANDIDATES)))])
    return markdown(["data", *(sepset for sepset, _ in CANDIDATES)], rows)


def conclusion(scores: Scores) -> str:
    """Name the winner among the candidates, and by how much the others are worse."""
    pooled = scores[:, :, : len(CANDIDATES), :, 0].mean(axis=3)
    mean, _ = grand_mean(pooled)
    best = int(np.argmin(mean))
    winner = f"`sepset={CANDIDATES[best][0]!r}, conflict='mark'`: {mean[best]:.3f}"
    lines = [f"**The smallest mean SHD per edge among the order-free options has {winner}.**"]
    for o, (sepset, _) in enumerate(CANDIDATES):
        if o != best:
            worse, half = grand_mean(pooled[:, :, o] - pooled[:, :, best])
            clear = "clearly" if worse > half else "not clearly"
            lines.append(f"`{sepset}` is {_pm(float(worse), float(half))} higher, {clear} so.")
    return "\n".join(lines)


def _pm(mean: float, half: float) -> str:
    return f"{mean:.3f} ± {half:.3f}"


TEXT = """# Choosing the default policies of PC

Made by `python benchmarks/policies.py --write docs/policies.md`; do not edit.

{conclusion}

## All pairs of options

Structural Hamming distance to the true class, divided by its number of edges (*half cost*: a pair
joined in both graphs costs 1/2 where one of its edges has no arrowhead), with 95 % intervals.
Mean over {cells} cells, {repetitions} data sets each, and alpha of {alphas}; all options see the
same data. Cells: n of {sizes} from each of
{names}.
*rank*: mean rank over cells and levels, of {options}. Tests: G-squared or Fisher's z, as
`test="auto"` chooses. *order-free*: the result cannot depend on the order of columns.

{overview}

## The candidates, cell by cell

{cells_table}
"""


def report(settings: list[Setting], sizes: tuple[int, ...], repetitions: int) -> str:
    """Score everything and write the tables."""
    scores = collect(settings, sizes, repetitions)
    return TEXT.format(
        conclusion=conclusion(scores),
        cells=len(scores),
        names=", ".join(setting.name for setting in settings),
        sizes=", ".join(map(str, sizes)),
        repetitions=repetitions,
        alphas=" and ".join(map(str, ALPHAS)),
        options=len(OPTIONS),
        overview=overview(scores),
        cells_table=by_cell(scores, settings, sizes),
    )


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--repetitions", type=int, default=20)
    parser.add_argument("--write", type=Path, metavar="FILE")
    options = parser.parse_args()
    single_thread()
    if options.quick:
        text = report(networks("cancer", "asia") + linear(20), (200, 1000), 3)
    else:
        text = report(SETTINGS, SIZES, options.repetitions)
    publish(text, options.write, machine())


if __name__ == "__main__":
    main()
