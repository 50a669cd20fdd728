"""Realism: our series, and those that others have released, told from the same real rows.

``python benchmarks/realism.py --write docs/simulation.md`` makes the report from
``docs/simulation.json``; what is not there yet is measured first.
"""

from __future__ import annotations

import argparse
import json
import warnings
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from _kept import measured
from _measure import machine, single_thread
from _realism_report import report
from _report import publish
from _simulators import (
    C1_EDGES,
    CONTROLS,
    DATA,
    FIXED,
    MAX_LAG,
    PANEL_PATHS,
    PATHS,
    PEERS,
    PUBLISHED_PATHS,
    SETS,
    c1_like,
    choose,
    ours,
    read,
)

from causalsim.errors import FitWarning
from causalsim.simulate import BASELINES, Plan, copy_check
from causalsim.simulate._contest import areas, tally
from causalsim.simulate._copying import _repeated
from causalsim.simulate._windows import complement, interleaved, window_starts

SEED = 0

Rows = tuple[slice, ...]


def blocks(real: np.ndarray) -> tuple[Rows, Rows]:
    """Give the rows that our models are fitted to, and those that all are judged on."""
    return interleaved(len(real), 100)


def judged(
    real: np.ndarray, paths: np.ndarray, held: Rows, *, seen: np.ndarray | None = None
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


def of_recipe(name: str, recipe: str) -> dict[str, Any]:
    """Judge one of our recipes on one data set."""
    real = read(name)
    fit, held = blocks(real)
    return judged(real, ours(real, fit, recipe, PATHS, SEED), held)


def of_others(name: str, who: str) -> dict[str, Any]:
    """Judge a released series, or a control that knows all rows."""
    real = read(name)
    _, held = blocks(real)
    if who in PEERS:
        return judged(real, read(name, PEERS[who])[None], held, seen=real)
    made = BASELINES[who].simulate(real, PANEL_PATHS, np.random.default_rng(SEED))
    return judged(real, np.asarray(made), held, seen=real)


def by_act(name: str, known: dict[str, Any]) -> dict[str, Any]:
    """Let the search choose a recipe on the fitted rows, and judge it on the others."""
    real = read(name)
    chosen = choose(real, *blocks(real), SEED)
    key = f"{name}|{chosen['recipe']}"
    return {**chosen, **(known.get(key) or of_recipe(name, chosen["recipe"]))}


def panel(name: str, recipe: str) -> dict[str, float]:
    """Judge a recipe by the whole panel, on as many paths as by the one machine."""
    real = read(name)
    fit, held = blocks(real)
    bench = Plan("default", max_lag=MAX_LAG, held=held).bench(real, reference=False)
    found = bench.judge(ours(real, fit, recipe, PATHS, SEED), rng=SEED)
    return {"auc": found.auc, "low": found.interval[0], "high": found.interval[1]}


def not_copied(name: str, who: str = "CausalTime") -> dict[str, float]:
    """Judge the windows of a released series no step of which repeats a real one."""
    real, released = read(name), read(name, PEERS[who])
    _, held = blocks(real)
    scale = real.std(axis=0)
    copies = _repeated(released / scale, [real / scale], 1)
    found: dict[str, float] = {}
    for which in ("svc", "default"):
        bench = Plan(which, max_lag=MAX_LAG, held=held).bench(real, reference=False)
        (contest,) = bench.contests(released, np.random.default_rng(SEED))
        starts = window_starts(held, contest.x.shape[1])
        new = ~np.lib.stride_tricks.sliding_window_view(copies, contest.x.shape[1]).any(axis=1)
        keep = np.append(np.ones(len(starts), bool), new[starts])
        splits = [(train[keep[train]], one[keep[one]]) for train, one in contest.splits]
        fair = replace(contest, splits=splits)
        found[which] = float(
            areas(tally(bench.plan.panel, [fair], np.random.default_rng(SEED))).max()
        )
        found["share"] = float(new[starts].mean())
    return found


def published(name: str, who: str) -> dict[str, Any]:
    """Judge by the published protocol; ours are fitted to all rows, as the peers' were."""
    real = read(name)
    made = (
        read(name, PEERS[who])[None]
        if who in PEERS
        else ours(real, (slice(0, len(real)),), who, PUBLISHED_PATHS, SEED)
    )
    found = Plan(protocol="published").bench(real, rng=SEED).judge(made, rng=SEED)
    copies = copy_check(list(made), real)
    return {
        "auc": found.auc,
        "each": found.scores.max(axis=0).tolist(),
        "ceiling": found.ceiling,
        "copied": copies.rows,
        "by_chance": copies.new_rows,
    }


def c1(number: int, **sizes: int) -> dict[str, float | None]:
    """Judge our series of a set like C1 by the published protocol, and a second true one."""
    real, again = c1_like(number, **sizes)
    made = ours(real, (slice(0, len(real)),), "sparse", 1, SEED)[0]
    bench = Plan(protocol="published").bench(real, rng=SEED)
    mine, true = (bench.judge(one, rng=SEED) for one in (made, again))
    return {"ours": mine.auc, "true law": true.auc, "ceiling": mine.ceiling}


def measurements(path: Path) -> dict[str, Any]:
    """Measure what is not known; the panel judges what the search has chosen."""
    fixed = {f"{name}|{who}": partial(of_recipe, name, who) for who in FIXED for name in SETS}
    others = {
        f"{name}|{who}": partial(of_others, name, who)
        for who in (*PEERS, *CONTROLS)
        for name in SETS
    }
    new = {f"{name}|not copied": partial(not_copied, name) for name in SETS}
    by_protocol = {
        f"{name}|published {who}": partial(published, name, who)
        for who in (*PEERS, "sparse")
        for name in SETS
    }
    sets = {f"C1 {k}": partial(c1, k) for k in range(len(C1_EDGES))}
    found = measured(path, {**fixed, **others, **new, **by_protocol, **sets})
    found = measured(path, {f"{name}|act": partial(by_act, name, found) for name in SETS})
    return measured(
        path,
        {f"{name}|panel": partial(panel, name, found[f"{name}|act"]["recipe"]) for name in SETS},
    )


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="the report")
    parser.add_argument("--counts", type=Path, default=Path("docs/simulation.json"))
    parser.add_argument("--known", action="store_true", help="report what has been measured")
    options = parser.parse_args()
    if not DATA.is_dir():
        parser.exit(
            0, "the reference series are not at ../shared/data/tcs; nothing was measured\n"
        )
    single_thread()
    if options.known:
        publish(report(json.loads(options.counts.read_text())), options.write, machine())
        return
    warnings.simplefilter("ignore", FitWarning)
    publish(report(measurements(options.counts)), options.write, machine())


if __name__ == "__main__":
    main()
