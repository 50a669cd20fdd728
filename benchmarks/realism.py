"""Realism: our series, and those that others have released, told from the same real rows.

``python benchmarks/realism.py --write docs/simulation.md`` makes the report from
``docs/simulation.json``; what is not there yet is measured first.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from _measure import machine, single_thread
from _report import markdown, publish

import causalsim as cs
from causalsim.scm import Clock, Trend
from causalsim.simulate import BASELINES, Plan, copy_check
from causalsim.simulate._space import seasonal_period
from causalsim.simulate._windows import complement, interleaved

DATA = Path(__file__).parents[2] / "shared" / "data" / "tcs"
SETS = {
    "ETTh1 0": "ETTh1_boot_0",
    "ETTh1 1": "ETTh1_boot_1",
    "bike-usage 0": "bike-usage_boot_0",
    "bike-usage 1": "bike-usage_boot_1",
    "bike-usage 2": "bike-usage_boot_2",
    "AirQualityUCI 4": "AirQualityUCI_boot_4",
    "fMRI sim5": "fMRI_sim5",
}
PEERS = {"TCS": ".simulated_by_tcs", "CausalTime": ".simulated_by_causaltime"}
OURS = {"sparse": ("pcmci_plus", 0.001), "dense": ("dense", None)}
CONTROLS = ("ridge_var", "stationary_bootstrap")
PATHS, PANEL_PATHS, SEED, MAX_LAG = 20, 4, 0, 3


def read(name: str, suffix: str = "") -> np.ndarray:
    """Read a released file, shape (steps, variables)."""
    import pandas as pd

    return pd.read_csv(DATA / f"{SETS[name]}{suffix}.csv.gz").to_numpy(float)


def ours(real: np.ndarray, fit: tuple[slice, ...], method: str) -> np.ndarray:
    """Fit to the rows that are not judged, and simulate as many steps as the real series has."""
    import pandas as pd

    discovery, alpha = OURS[method]
    period = seasonal_period(np.vstack([real[row] for row in fit]))
    drivers = [Trend(6), *([] if period is None else [Clock(period)])]
    columns = [f"V{k}" for k in range(real.shape[1])]
    model = cs.tcs(
        [pd.DataFrame(real[row], columns=columns) for row in fit],
        max_lag=MAX_LAG,
        discovery=discovery,
        alpha=alpha,
        mechanism="forest_sampler",
        exogenous=drivers,
        starts=[row.start for row in fit],
        rng=SEED,
    )
    paths: np.ndarray = model.sample(len(real), PATHS, rng=SEED).array
    return paths


def judged(
    real: np.ndarray, paths: np.ndarray, held: tuple[slice, ...], *, seen: np.ndarray | None = None
) -> dict[str, Any]:
    """Judge by the support vector machine on all paths, by the panel on a few, and for copies.

    ``seen`` are the rows that the generator knew, if they are not those that were not held out.
    """
    svc = Plan("svc", max_lag=MAX_LAG, held=held).bench(real, rng=SEED).judge(paths, rng=SEED)
    panel = Plan("default", max_lag=MAX_LAG, held=held).bench(real, rng=SEED)
    most = panel.judge(paths[:PANEL_PATHS], rng=SEED)
    fit = np.vstack([real[row] for row in complement(held, len(real))])
    new = np.vstack([real[row] for row in held])
    few = list(paths[:PANEL_PATHS])
    copies = copy_check(few, fit, new) if seen is None else copy_check(few, seen)
    return {
        "auc": svc.auc,
        "interval": svc.interval,
        "ceiling": svc.ceiling,
        "panel": most.auc,
        "panel_ceiling": most.ceiling,
        "copied": copies.rows,
        "by_chance": copies.new_rows,
        "alarm": bool(copies.alarm),
    }


def measure(name: str, who: str) -> dict[str, Any]:
    """Judge one generator on one data set."""
    real = read(name)
    fit, held = interleaved(len(real), 100)
    if who in OURS:
        return judged(real, ours(real, fit, who), held)
    if who in PEERS:
        return judged(real, read(name, PEERS[who])[None], held, seen=real)
    made = BASELINES[who].simulate(real, PANEL_PATHS, np.random.default_rng(SEED))
    return judged(real, np.asarray(made), held, seen=real)


TEXT = """# How real simulated series look

Made by `python benchmarks/realism.py --write docs/simulation.md`; do not edit. The numbers stand
in [simulation.json](simulation.json); speeds of the rollout in [rollout.md](rollout.md).

Data: the files of the TCS repository (Apache-2.0), with the series that TCS and CausalTime made
of them. Blocks of 100 steps take turns: our models are fitted to every first block and judged on
every second, the peers' series (fitted by their authors to all rows) on the same second blocks,
by the same judges: windows of 6 steps, five contiguous folds, a purge gap. AUC by one support
vector machine with its 95 % interval, over {paths} paths of ours and the one series that peers
released; in brackets the largest AUC of the whole panel, over {few} paths of ours. *Real* is real
against real: blocks fitted against blocks judged. It may lie below .5, since neighbours in time
are alike.

Ours: sampled forests (`mechanism="forest_sampler"`), a trend, and the season if the fitted rows
show one; *sparse* is PCMCI+ at .001, *dense* joins all at lags 0 to {lag}. One recipe each.

{table}

*Target*: an excess over *real* of at most half of that of TCS's series, or at most .05, by the
support vector machine. "met by" names the recipes whose AUC, without its interval, reaches it.

Both recipes were fixed after looks at the first boot of each set, so these rows are not quite new
to them. Peers have one path: their intervals hold the time blocks alone, ours the paths as well.

CausalTime's files repeat real rows; a discriminator cannot tell copies from what they copy. Share
of steps that repeat a step the generator knew (all real rows for peers, the fitted ones for ours);
in brackets what other real rows repeat by chance, which is much for counts. The alarm looks at
runs and distances too:

{copies}

Absolute AUCs are not comparable with published ones: the reference protocol splits overlapping
windows at random, which gives about .94 on two independent draws of one persistent law (see
`causalsim/simulate/_c2st.py`), and the published simulations came from other runs.
"""


def cell(one: dict[str, Any]) -> str:
    """Write AUC, interval and panel maximum."""
    low, high = one["interval"]
    return f"{one['auc']:.3f} ({low:.2f} to {high:.2f}) [{one['panel']:.2f}]"


def report(found: dict[str, dict[str, Any]]) -> str:
    """Write the whole text."""
    rows, copies = [], []
    for name in SETS:
        mine = {who: found[f"{name}|{who}"] for who in (*OURS, *PEERS, *CONTROLS)}
        line = mine["TCS"]["ceiling"]
        allowed = max(0.05, (mine["TCS"]["auc"] - line) / 2)
        met = [who for who in OURS if mine[who]["auc"] - line <= allowed]
        rows.append(
            [name, f"{line:.3f}", f"{line + allowed:.3f}", " and ".join(met) or "none"]
            + [cell(mine[who]) for who in (*OURS, *PEERS, "ridge_var")]
        )
        copies.append(
            [name]
            + [
                f"{mine[who]['copied']:.1%} ({mine[who]['by_chance']:.1%})"
                + " ALARM" * mine[who]["alarm"]
                for who in (*OURS, *PEERS, "stationary_bootstrap")
            ]
        )
    header = [
        "data",
        "real",
        "target",
        "met by",
        "ours, sparse",
        "ours, dense",
        *PEERS,
        "ridge VAR",
    ]
    return TEXT.format(
        paths=PATHS,
        few=PANEL_PATHS,
        lag=MAX_LAG,
        table=markdown(header, rows),
        copies=markdown(["rows copied", *OURS, *PEERS, "block bootstrap"], copies),
    )


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="the report")
    parser.add_argument("--counts", type=Path, default=Path("docs/simulation.json"))
    options = parser.parse_args()
    if not DATA.is_dir():
        parser.exit(
            0, "the reference series are not at ../shared/data/tcs; nothing was measured\n"
        )
    single_thread()
    found = json.loads(options.counts.read_text()) if options.counts.exists() else {}
    for who in (*OURS, *PEERS, *CONTROLS):
        for name in SETS:
            key = f"{name}|{who}"
            if key not in found:
                found[key] = measure(name, who)
                options.counts.write_text(json.dumps(found, indent=0, sort_keys=True) + "\n")
                print(key, round(found[key]["auc"], 3), flush=True)
    publish(report(found), options.write, machine())


if __name__ == "__main__":
    main()
