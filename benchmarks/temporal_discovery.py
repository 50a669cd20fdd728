"""Speed of PCMCI and PCMCI+ beside tigramite's: ``python benchmarks/temporal_discovery.py``.

``--quick`` leaves out what takes tigramite long; ``--write docs/temporal_benchmarks.md`` keeps the
report. Every repetition draws its own graph and series. Seconds are medians over repetitions, and
a ratio is the median of the repetitions' ratios, theirs over ours.
"""

from __future__ import annotations

import argparse
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from _contest import HEADER, Calls, Matrix, Row, Trial, contest
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


def race(p: int, steps: int, max_lag: int, repetitions: int, *, peer: bool = True) -> list[Row]:
    """Compare whole runs, from series to graph."""
    frames = [linear(p, steps, r) for r in range(repetitions)]
    case = f"N={p}, T={steps}, max_lag={max_lag}"
    rows = contest(case, (_pcmci(frame, max_lag, peer) for frame in frames))
    return rows + contest(case, (_pcmci_plus(frame, max_lag, peer) for frame in frames))


def _pcmci(frame: pd.DataFrame, max_lag: int, peer: bool) -> Trial:
    def theirs() -> Matrix:
        found = tigramite(frame, max_lag, "run_pcmci", pc_alpha=0.2, alpha_level=0.05)
        return marks(from_tigramite(found["graph"], list(frame.columns)))

    calls: Calls = {f"{PEER} run_pcmci": theirs} if peer else {}
    return Trial({"cs.pcmci": lambda: marks(pcmci(frame, max_lag).graph)}, calls)


def _pcmci_plus(frame: pd.DataFrame, max_lag: int, peer: bool) -> Trial:
    def theirs() -> Matrix:
        found = tigramite(frame, max_lag, "run_pcmciplus", pc_alpha=0.01)
        return marks(from_tigramite(found["graph"], list(frame.columns)))

    calls: Calls = {f"{PEER} run_pcmciplus": theirs} if peer else {}
    return Trial({"cs.pcmci_plus": lambda: marks(pcmci_plus(frame, max_lag).graph)}, calls)


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


def report(quick: bool) -> str:
    """Run every race and write the table."""
    race(3, 100, 1, 1)
    if quick:
        rows = race(5, 500, 2, 2)
        far = apart(5, 500, 2, 1)
    else:
        rows = race(5, 500, 3, 5) + race(10, 1000, 5, 5) + race(20, 1000, 3, 3)
        rows += race(50, 2000, 3, 1) + race(100, 2000, 3, 1, peer=False)
        far = apart(10, 1000, 5, 3)
    table = markdown(HEADER, [row.cells() for row in rows])
    return TEXT.format(seed=SEED, peer=version(PEER), table=table, values=far[0], p_values=far[1])


TEXT = """# Speed of temporal discovery

Made by `python benchmarks/temporal_discovery.py --write docs/temporal_benchmarks.md`; do not
edit. Seconds are CPU time of one thread, medians over repetitions, each with a graph and series
of its own (seed {seed}); a ratio is theirs over ours, its median over repetitions. The peer is
tigramite {peer}, called as a whole from an array to its graph; ours from a data frame to the
result. N variables, T steps, a linear Gaussian model of average degree 3 with lags 0 to 3;
partial correlation; PCMCI at alpha .05 with pc_alpha .2, PCMCI+ at .01. *equal?*: repetitions in
which all marks of both graphs are the same.

{table}

Over the links that PCMCI tests, partial correlations differ by at most {values:.1e} and p-values
by at most {p_values:.1e}.
"""


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--write", type=Path, metavar="FILE")
    options = parser.parse_args()
    single_thread()
    publish(report(options.quick), options.write, machine())


if __name__ == "__main__":
    main()
