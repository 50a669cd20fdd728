"""Interventions: exact P(y | do x, given) beside pyAgrum and pgmpy.

``python benchmarks/intervention.py --write docs/intervention.md`` makes the report.
"""

from __future__ import annotations

import argparse
import gc
from collections.abc import Callable, Mapping
from importlib import metadata
from itertools import product
from pathlib import Path
from statistics import median
from time import process_time

import numpy as np
from _engines import Codes, Engine, Floats, Task, load, present
from _measure import machine, single_thread
from _report import markdown, publish

from causalsim.diagrams._plans import Evaluator
from causalsim.errors import PositivityError
from causalsim.graph import DiscreteNetwork

TASKS = (
    Task("asia", "lung", "dysp", ("xray",)),
    Task("alarm", "PVSAT", "BP", ("HRBP", "EXPCO2")),
    Task("insurance", "CarValue", "PropCost", ("Age", "DrivHist")),
    Task("win95pts", "LclOK", "Problem1", ("Problem2", "NetPrint")),
    Task("hailfinder", "ScnRelPlFcst", "R5Fcst", ("Dewpoints", "SatContMoist")),
)
LARGE = (
    Task("andes", "RApp5", "SNode_151"),
    Task("link", "N56_d_f", "D0_56_d_p"),
    Task("diabetes", "bg_12", "bg_24"),
)
ROUNDS, TURN, STATES, BUDGET = 8, 5, 24, 5e3


def settings(network: DiscreteNetwork, task: Task) -> list[Codes]:
    """Give states of x and of what is given that can happen together, 24 at most."""
    plan = Evaluator.from_network(network).plan(task.y, task.x, task.given)
    names = (task.x, *task.given)
    found: list[Codes] = []
    for states in product(*(range(len(network.states[name])) for name in names)):
        codes = dict(zip(names, states, strict=True))
        try:
            plan(codes)
        except PositivityError:
            continue
        found.append(codes)
    return [found[k] for k in np.unique(np.linspace(0, len(found) - 1, STATES).astype(int))]


def medians(
    runs: Mapping[str, Callable[[], list[Floats]]],
) -> tuple[dict[str, float], dict[str, list[Floats]]]:
    """Give median CPU milliseconds of each call, and the first results.

    The calls take turns, five at a time, so that all meet the same load from other work on the
    machine.
    """
    results = {name: run() for name, run in runs.items()}
    taken: dict[str, list[float]] = {name: [] for name in runs}
    gc.collect()
    for _ in range(ROUNDS):
        for name, run in runs.items():
            for _ in range(TURN):
                start = process_time()
                run()
                taken[name].append(1e3 * (process_time() - start))
        if sum(map(sum, taken.values())) > BUDGET:
            break
    return {name: median(times) for name, times in taken.items()}, results


def cold(
    engines: list[Engine], network: DiscreteNetwork, task: Task, codes: Codes
) -> dict[str, float]:
    """Give CPU milliseconds from a model to its first answer."""

    def run(engine: Engine) -> Callable[[], list[Floats]]:
        models = iter(engine.models(network, ROUNDS * TURN + 1))
        return lambda: [engine.cold(next(models), task, codes)]

    return medians({engine.name: run(engine) for engine in engines})[0]


def warmed(
    engines: list[Engine], network: DiscreteNetwork, task: Task, states: list[Codes]
) -> tuple[dict[str, float], dict[str, list[Floats]]]:
    """Give CPU milliseconds of an answer for other states, and the answers."""

    def run(engine: Engine) -> Callable[[], list[Floats]]:
        answer = engine.prepared(engine.models(network, 1)[0], task)
        return lambda: [answer(codes) for codes in states]

    times, answers = medians({engine.name: run(engine) for engine in engines})
    return {name: time / len(states) for name, time in times.items()}, answers


def surgery_gap(network: DiscreteNetwork, task: Task) -> float:
    """Give the largest difference between P(y | do x) and P(y | x)."""
    model = Evaluator.from_network(network)
    done = model.plan(task.y, task.x, (), task.x)({})
    seen = model.plan(task.y, (), task.x, task.x)({})
    return float(abs(done - seen).max())


class Row:
    """One task, all engines."""

    def __init__(self, task: Task, engines: list[Engine]) -> None:
        network = load(task.network)
        self.task, self.nodes = task, len(network.nodes)
        self.parents = len(network.dag.parents(task.x))
        self.gap = surgery_gap(network, task)
        states = settings(network, task)
        alone = task._replace(given=())
        self.cold = cold(engines, network, alone, states[0])
        self.warm, first = warmed(engines, network, alone, states)
        self.warm_given, second = warmed(engines, network, task, states)
        ours = np.array([first["causalsim"], second["causalsim"]])
        self.apart = {
            name: abs(np.array([first[name], second[name]]) - ours).max() for name in first
        }

    def times(self, which: str) -> list[str]:
        """Write the time of each engine, and its ratio to ours."""
        found: dict[str, float] = getattr(self, which)
        ratios = [f"{each / found['causalsim']:.1f}" for each in found.values()]
        return [f"{each:.3g}" for each in found.values()] + ratios[1:]

    def question(self, names: list[str]) -> list[str]:
        """Write what was asked, and how far the engines are apart."""
        task = self.task
        apart = [f"{self.apart[name]:.0e}" if name in self.apart else "" for name in names[1:]]
        given = ", ".join(task.given) or "nothing"
        question = [f"{task.network} ({self.nodes})", f"{task.x} → {task.y}"]
        return [*question, str(self.parents), f"{self.gap:.4f}", given, *apart]


def report(tasks: tuple[Task, ...] = TASKS, large: tuple[Task, ...] = LARGE) -> str:
    """Measure and write the tables."""
    engines = present()
    names = [engine.name for engine in engines]
    fast = [name for name in names if name != "pgmpy"]
    rows = [Row(task, engines) for task in tasks]
    more = [Row(task, [engine for engine in engines if engine.name in fast]) for task in large]
    header = ["network (nodes)", "x → y", "parents cut", "do - see", "evidence"]
    header += [f"from {name}" for name in names[1:]]
    parts = {"questions": markdown(header, [row.question(names) for row in (*rows, *more)])}
    for which in ("cold", "warm", "warm_given"):
        cells = [[row.task.network, *row.times(which)] for row in rows]
        ratios = [f"{name} / ours" for name in names[1:]]
        parts[which] = markdown(["network", *names, *ratios], cells)
    columns = [*fast, *(f"{name} / ours" for name in fast[1:])]
    both = [f"{which}: {column}" for which in ("cold", "warm") for column in columns]
    cells = [[row.task.network, *row.times("cold"), *row.times("warm")] for row in more]
    parts["large"] = markdown(["network", *both], cells)
    return TEXT.format(**parts)


TEXT = """# Speed of interventions

Made by `python benchmarks/intervention.py --write docs/intervention.md`; do not edit.

P(y | do x, evidence), exact, one thread, CPU milliseconds (medians of calls in which the engines
take turns). x has parents, which surgery
cuts, and is an ancestor of y; *do - see* is the largest difference between P(y | do x) and
P(y | x). All engines are fed the same tables; the last columns are the largest differences of
their answers from ours, over up to 24 settings of x and the evidence, with and without evidence.

{questions}

## Cold

From a model that has answered nothing yet to P(y | do x): mutilate, plan, compute. Reading the
file and importing packages are left out. pyAgrum: arcs erased, `LazyPropagation`. pgmpy: `do`,
`VariableElimination`.

{cold}

## Warm

The same question for another state of x, compiled before. Every call multiplies tables; there is
no table over all x to look up.

{warm}

With evidence that is new at each call, too:

{warm_given}

## Large networks

Without evidence.

{large}
"""


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, metavar="FILE")
    options = parser.parse_args()
    single_thread()
    peers = [engine.name for engine in present()[1:]]
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in peers) or "none"
    publish(report(), options.write, {**machine(), "peers": versions})


if __name__ == "__main__":
    main()
