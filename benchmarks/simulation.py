"""Simulation: the compiled rollout beside scikit-learn called step by step.

``python benchmarks/simulation.py --write docs/rollout.md`` makes the report.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from _measure import machine, single_thread, warm
from _report import markdown, publish

from causalsim.graph import TemporalGraph
from causalsim.scm import GaussianNoise, LinearFunction, TemporalSCM
from causalsim.scm._trees import Forest
from causalsim.scm.forests import ForestFunction, LeafFunction, QuantileFunction

SEED, STEPS, NODES, PARENTS, ROWS, NAIVE = 20255, 1000, 10, 4, 2000, 60
NAMES = [f"X{i}" for i in range(NODES)]


def graph() -> TemporalGraph:
    """Give each variable four parents, one step ago."""
    edges = [
        f"{NAMES[(i + shift) % NODES]}[t-1] --> {NAMES[i]}"
        for i in range(NODES)
        for shift in range(PARENTS)
    ]
    return TemporalGraph.from_edges(edges, NAMES)


def learn(rng: np.random.Generator) -> tuple[list[Any], list[Forest]]:
    """Fit one random forest of 100 trees for each variable, and flatten it."""
    from sklearn.ensemble import RandomForestRegressor

    peers, forests = [], []
    for _ in NAMES:
        x = rng.normal(size=(ROWS, PARENTS))
        y = np.tanh(x[:, 0] - x[:, 1]) + 0.3 * x[:, 2] + 0.3 * rng.normal(size=ROWS)
        peer = RandomForestRegressor(100, min_samples_leaf=5, random_state=SEED).fit(x, y)
        peers.append(peer)
        forests.append(Forest.flatten(list(peer.estimators_), PARENTS).holding(x, y))
    return peers, forests


def model(functions: list[Any]) -> TemporalSCM:
    """Give a model with these functions, in the order of the variables."""
    laws = [function.law or GaussianNoise(0.3) for function in functions]
    parts = (dict(zip(NAMES, part, strict=True)) for part in (functions, laws))
    return TemporalSCM(graph(), *parts)


def naive(peers: list[Any], rng: np.random.Generator) -> float:
    """Give CPU seconds of a path by one ``predict`` per node and step, from a shorter run."""
    shape = graph()
    at = [[shape.index(label.split("[")[0]) for label in shape.parents(name)] for name in NAMES]
    now = rng.normal(size=NODES)
    start = process_time()
    for _ in range(NAIVE):
        before, now = now, np.empty(NODES)
        for i, peer in enumerate(peers):
            now[i] = peer.predict(before[None, at[i]])[0] + 0.3 * rng.normal()
    return (process_time() - start) * STEPS / NAIVE


def report() -> str:
    """Measure all mechanisms and write the table."""
    rng = np.random.default_rng(SEED)
    peers, forests = learn(rng)
    slow = naive(peers, rng)
    kinds: dict[str, list[Any]] = {
        "linear": [LinearFunction((0.2,) * PARENTS)] * NODES,
        "mean of 100 trees": [ForestFunction(forest) for forest in forests],
        "leaf sampling": [LeafFunction(forest) for forest in forests],
        "conditional quantile": [QuantileFunction(forest) for forest in forests],
    }
    rows = []
    for kind, functions in kinds.items():
        scm = model(functions)
        scm.sample(STEPS, burn_in=0, rng=0)
        one, _ = warm(lambda scm=scm: scm.sample(STEPS, burn_in=0, rng=0))
        many, _ = warm(lambda scm=scm: scm.sample(STEPS, 20, burn_in=0, rng=0))
        ratio = f"{slow / one:.0f}" if kind == "mean of 100 trees" else ""
        speed = [f"{STEPS * NODES / each:.1e}" for each in (one, many / 20)]
        rows.append([kind, f"{one:.4f}", *speed, ratio])
    header = ["mechanism", "s, 1 path", "node-steps/s", "of 20 paths", "times the naive loop"]
    return TEXT.format(
        seed=SEED, naive=NAIVE, steps=STEPS, slow=slow, table=markdown(header, rows)
    )


TEXT = """# Speed of the rollout

Made by `python benchmarks/simulation.py --write docs/rollout.md`; do not edit.

{steps} steps of 10 variables with four parents each; CPU seconds of one thread, warm, from the
model to the paths with their noise (seed {seed}). Forests have 100 trees of at least 5 rows a
leaf, learnt from 2000 rows. The naive loop calls scikit-learn's `predict` once per node and step;
it was run for {naive} steps and extrapolated to {steps}: {slow:.1f} s a path.

{table}
"""


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, metavar="FILE")
    options = parser.parse_args()
    single_thread()
    publish(report(), options.write, machine())


if __name__ == "__main__":
    main()
