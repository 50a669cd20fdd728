"""PCMCI and PCMCI+ beside tigramite's, and on simulated brain activity.

``python benchmarks/temporal_discovery.py``; ``--quick`` leaves out what takes tigramite long,
``--write`` keeps the report. With ``--brain`` only brain activity is measured, and replaced in the
report that is there. Every repetition draws its own graph and series. Seconds are medians over
repetitions, and a ratio is the median of the repetitions' ratios, theirs over ours.
"""

from __future__ import annotations

import argparse
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from _contest import HEADER, Matrix, Row, Trial, contest
from _measure import machine, single_thread
from _report import markdown, publish

import causalsim as cs
from causalsim.discovery._pcmci import pcmci
from causalsim.discovery._pcmci_plus import pcmci_plus
from causalsim.discovery._result import over_labels
from causalsim.graph import TemporalGraph
from causalsim.graph.io import from_tigramite
from causalsim.graph.labels import label

if TYPE_CHECKING:
    import pandas as pd

SEED = 20252
BRAIN = Path(__file__).parents[2] / "shared" / "data" / "tcs" / "fMRI_sim5.csv.gz"
PEER = "tigramite"


def linear(p: int, steps: int, seed: int) -> pd.DataFrame:
    """Draw a linear Gaussian model of average degree 3 with lags 0 to 3, and a series from it."""
    rng = np.random.default_rng([SEED, p, steps, seed])
    model = cs.random_temporal_scm(p, max_lag=3, degree=3, rng=rng)
    return model.sample(steps, rng=rng).frame()


def tigramite(frame: pd.DataFrame, max_lag: int, method: str, **options: Any) -> dict[str, Any]:
    """Run a method of tigramite with its partial correlation."""
    from tigramite.data_processing import DataFrame
    from tigramite.independence_tests.parcorr import ParCorr
    from tigramite.pcmci import PCMCI

    search = PCMCI(dataframe=DataFrame(frame.to_numpy()), cond_ind_test=ParCorr(), verbosity=0)
    found: dict[str, Any] = getattr(search, method)(tau_max=max_lag, **options)
    return found


def marks(graph: TemporalGraph) -> Matrix:
    """Give the edges into the present as a matrix of marks."""
    labels = [label(name, lag) for lag in range(graph.max_lag + 1) for name in graph.nodes]
    return over_labels(graph, tuple(labels)).marks


def race(p: int, steps: int, max_lag: int, repetitions: int) -> list[Row]:
    """Compare whole runs, from series to graph."""
    frames = [linear(p, steps, r) for r in range(repetitions)]
    case = f"N={p}, T={steps}, max_lag={max_lag}"
    rows = contest(case, (_pcmci(frame, max_lag) for frame in frames))
    return rows + contest(case, (_pcmci_plus(frame, max_lag) for frame in frames))


def _pcmci(frame: pd.DataFrame, max_lag: int) -> Trial:
    def theirs() -> Matrix:
        found = tigramite(frame, max_lag, "run_pcmci", pc_alpha=0.2, alpha_level=0.05)
        return marks(from_tigramite(found["graph"], list(frame.columns)))

    return Trial(
        {"cs.pcmci": lambda: marks(pcmci(frame, max_lag).graph)}, {f"{PEER} run_pcmci": theirs}
    )


def _pcmci_plus(frame: pd.DataFrame, max_lag: int) -> Trial:
    def theirs() -> Matrix:
        found = tigramite(frame, max_lag, "run_pcmciplus", pc_alpha=0.01)
        return marks(from_tigramite(found["graph"], list(frame.columns)))

    return Trial(
        {"cs.pcmci_plus": lambda: marks(pcmci_plus(frame, max_lag).graph)},
        {f"{PEER} run_pcmciplus": theirs},
    )


def apart(p: int, steps: int, max_lag: int, repetitions: int) -> tuple[float, float]:
    """Give the largest differences of partial correlations and of p-values over PCMCI's links."""
    far = np.zeros(2)
    for r in range(repetitions):
        frame = linear(p, steps, r)
        theirs = tigramite(frame, max_lag, "run_pcmci", pc_alpha=0.2)
        ours = pcmci(frame, max_lag, alpha=1 - 1e-12)
        for edge, (now, past) in zip(ours.static.edges, ours.pairs(), strict=True):
            lag, i = divmod(past, p)
            value = ours.strengths[edge] - theirs["val_matrix"][i, now, lag]
            p_value = ours.record.p_value(now, past) - theirs["p_matrix"][i, now, lag]
            far = np.maximum(far, np.abs([value, p_value]))
    return float(far[0]), float(far[1])


def brain(path: Path = BRAIN) -> str:
    """Tabulate what is found of the network behind simulated brain activity."""
    if not path.exists():
        return "Not run: the data are not at ../shared/data/tcs."
    import pandas as pd

    frame = pd.read_csv(path)
    name = path.name.replace(".csv", ".truth.csv")
    edges = pd.read_csv(path.with_name(name), names=["effect", "cause", "lag"])
    truth = np.zeros((frame.shape[1],) * 2, bool)
    truth[edges["cause"], edges["effect"]] = True
    rows = []
    for max_lag in (1, 2, 3):
        for search in (pcmci, pcmci_plus):
            graph = search(frame, max_lag, alpha=0.01).graph
            rows.append([f"cs.{search.__name__}", str(max_lag), *_against(graph, truth)])
    header = ["method", "max_lag", "pairs", "precision", "recall", "recall by chance", "p"]
    return markdown([*header, "arrows", "right"], rows)


def _against(graph: TemporalGraph, truth: Matrix) -> list[str]:
    """Compare summary graphs, lags merged and self links left out."""
    from scipy.stats import hypergeom

    upper = np.triu_indices(len(truth), 1)
    arrows = graph.directed.any(axis=2)
    joined = (graph.marks > 0).any(axis=2)
    one_way = (arrows & ~arrows.T)[upper] | (arrows & ~arrows.T).T[upper]
    found, true = (joined | joined.T)[upper], (truth | truth.T)[upper]
    hits = int((found & true).sum())
    pointed = one_way & true
    right = int((pointed & (arrows[upper] == truth[upper])).sum())
    chance = hypergeom.sf(hits - 1, len(true), true.sum(), found.sum())
    shares = [f"{share:.2f}" for share in (hits / found.sum(), hits / true.sum(), found.mean())]
    return [str(found.sum()), *shares, f"{chance:.3f}", str(pointed.sum()), str(right)]


def report(quick: bool) -> str:
    """Run every race and write the table."""
    race(3, 100, 1, 1)
    if quick:
        rows = race(5, 500, 2, 2)
        far = apart(5, 500, 2, 1)
    else:
        rows = race(5, 500, 3, 5) + race(10, 1000, 5, 3) + race(20, 1000, 3, 2)
        rows += race(50, 2000, 3, 1)
        far = apart(10, 1000, 5, 2)
    return TEXT.format(
        seed=SEED,
        peer=version(PEER),
        table=markdown(HEADER, [row.cells() for row in rows]),
        values=far[0],
        p_values=far[1],
        brain=BRAIN_TEXT.format(brain=brain()),
    )


def with_brain(page: str) -> str:
    """Measure brain activity anew, and leave the rest of a page as it is."""
    before, _, after = page.partition(BRAIN_TITLE)
    _, rest, after = after.partition("\n\n## ")
    return before + BRAIN_TEXT.format(brain=brain()).rstrip() + rest + after


TEXT = """# Temporal discovery

Made by `python benchmarks/temporal_discovery.py --write docs/temporal.md`; do not edit.

## Speed

Seconds are CPU time of one thread, medians over repetitions, each with a graph and series of its
own (seed {seed}); a ratio is theirs over ours, its median over repetitions. The peer is tigramite
{peer}, called as a whole from an array to its graph; ours from a data frame to the result. N
variables, T steps, a linear Gaussian model of average degree 3 with lags 0 to 3; partial
correlation; PCMCI at alpha .05 with pc_alpha .2, PCMCI+ at .01. *equal?*: repetitions in which all
marks of both graphs are the same.

{table}

Over the links that PCMCI tests, partial correlations differ by at most {values:.1e} and p-values
by at most {p_values:.1e}.

{brain}
## Assumptions

Both methods take for granted

- sufficiency: no hidden common causes; and no selection of the steps that are seen;
- faithfulness: every independence in the population comes from the graph;
- stationarity: the same links, mechanisms and noise at all steps;
- memory: no cause further back than `max_lag`;
- within a step: `pcmci` no links at all, or else lagged links may be indirect; `pcmci_plus` no
  cycles.

In `pcmci_plus`, contexts stand for the hidden causes and changes that they name. `fci`, for rows
without time, allows for hidden causes and selection, and takes faithfulness, no cycles and
independent rows for granted.

What an error rate means: `alpha` is the level of one test of one pair, not of the graph.
`pcmci(fdr=...)` is Benjamini and Hochberg's step-up over the tests of all links. Their conditions
were selected by PC1 on the same rows, which the step-up does not know of; so the rate holds as
far as that selection is right, and no further.

Memory is checked. Each variable is regressed on its conditions and its own past, and a note names
those whose residuals are still autocorrelated (Breusch and Godfrey's F test over `max_lag` + 10
lags, .01 over all variables). Two independent series x[t] = .85 x[t-3] + e of 500 steps, alpha
.01, 200 runs:

| method        | max_lag | linked, falsely | noted |
|---------------|---------|-----------------|-------|
| cs.pcmci      | 1       | 136             | 200   |
| cs.pcmci_plus | 1       | 133             | 200   |
| cs.pcmci      | 3       | 13              | 3     |
| cs.pcmci_plus | 3       | 5               | 4     |

The check is linear: with nonlinear mechanisms it may speak without need.
"""

BRAIN_TITLE = "## Simulated brain activity"
BRAIN_TEXT = (
    BRAIN_TITLE
    + """

Simulation 5 of Smith et al. (2011), fMRI: five regions, 1200 steps of 3 s, sampled far more
slowly than they act on each other. The lag 1 of the file of true links is a convention; so both
graphs are merged over lags 0 to `max_lag`, and self links are left out. That leaves 10 pairs, 5 of
them true: a precision of .50 is chance, and as many pairs drawn at random recall what stands under
*recall by chance*; *p* is the chance that these hit as many true pairs. *arrows*: true pairs with
one direction; *right*: with that of the file, half of them by chance. Partial correlation, alpha
.01.

{brain}

The file has no header; its rows are read as effect, cause, lag, so 0 → 1 → 2 → 3 → 4 and 0 → 4.
Read the other way round, regions 1 and 4 would be independent given 2, given 3 and given both,
and are not (partial correlations .09 to .11, p about .001), while what this reading says, 0 and 3
independent given 1 and 2, is not rejected.

Pairs are found, arrows are not: the few there are are no better than chance, and most point
backwards. Nothing else can be expected. The links act within a fraction of a step, so the past
step says little about which region came first; the blood's answer is slower than the step and
differs between regions, so a region that acts can answer later than the one it acts on; and the
lag 1 of the file is a label, not a delay. PCMCI gives no direction within a step at all. One
series of five regions ranks no methods.
"""
)


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--brain", action="store_true", help="brain activity alone")
    parser.add_argument("--write", type=Path, metavar="FILE")
    options = parser.parse_args()
    single_thread()
    if options.brain:
        page = with_brain(options.write.read_text() if options.write else "")
        print(page)
        if options.write:
            options.write.write_text(page)
        return
    publish(report(options.quick), options.write, machine())


if __name__ == "__main__":
    main()
