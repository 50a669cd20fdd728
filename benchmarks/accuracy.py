"""How near does each method come to the true class? ``python benchmarks/accuracy.py``.

Beside PC with several policies stand methods of causal-learn and controls: baselines that read
the causal order off the scales, an empty graph, and random graphs of the true density. A method
that does not beat these controls has learnt nothing from the data.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from functools import partial
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from _measure import machine, single_thread
from _peers import direct_lingam, empty_graph, ges, random_graph, read_class, sort_and_regress
from _report import markdown, publish, spread
from _settings import Setting, linear, networks

import causalsim as cs
from causalsim.compat import causal_learn_pc
from causalsim.metrics import graph_scores

if TYPE_CHECKING:
    import pandas as pd

SETTINGS = linear(10, 20, 50) + networks("asia", "sachs", "child", "insurance", "alarm")
SIZES = (200, 1000, 5000)
POLICIES = (
    ("majority", "mark"),
    ("conservative", "mark"),
    ("max_p", "mark"),
    ("max_p", "strength"),
    ("first", "overwrite"),
    ("union", "keep"),
)
METRICS = {"shd": ("SHD", 1), "skeleton_f1": ("skeleton", 2), "arrowhead_f1": ("arrows", 2)}
LINEAR_ALPHA, DISCRETE_ALPHA = 0.01, 0.05
SLOW = ("GES, BIC", "GES, BDeu", "DirectLiNGAM")
MOST_FOR_SLOW = {True: 20, False: 11}
Method = Callable[["pd.DataFrame"], cs.CPDAG]


def methods(setting: Setting, truth: cs.CPDAG, rng: np.random.Generator) -> dict[str, Method]:
    """Give the methods that go with the kind and the size of the data."""
    names = list(truth.nodes)
    own = linear_methods() if setting.is_linear else discrete_methods()
    if len(names) > MOST_FOR_SLOW[setting.is_linear]:
        own = {name: method for name, method in own.items() if name not in SLOW}
    controls: dict[str, Method] = {
        "empty graph": lambda _: empty_graph(names),
        "random graph": lambda _: random_graph(names, truth.n_edges, rng),
    }
    alpha = LINEAR_ALPHA if setting.is_linear else DISCRETE_ALPHA
    return our_methods(alpha) | own | controls


def our_methods(alpha: float) -> dict[str, Method]:
    """Give PC with each pair of policies."""
    return {
        f"pc {sepset}, {conflict}": partial(our_pc, alpha=alpha, sepset=sepset, conflict=conflict)
        for sepset, conflict in POLICIES
    }


def our_pc(frame: pd.DataFrame, alpha: float, sepset: str, conflict: str) -> cs.CPDAG:
    """Give the graph of PC; columns that are constant in a small sample are let through."""
    found = cs.pc(frame, alpha=alpha, sepset=sepset, conflict=conflict, degenerate="keep")
    return found.graph


def linear_methods() -> dict[str, Method]:
    """Give what only goes with numbers."""
    return {
        "causal-learn PC": lambda frame: peer_pc(frame, "fisherz", LINEAR_ALPHA),
        "GES, BIC": lambda frame: ges(frame, "local_score_BIC_from_cov"),
        "DirectLiNGAM": direct_lingam,
        "sort by variance": lambda frame: sort_and_regress(frame, "variance"),
        "sort by R2": lambda frame: sort_and_regress(frame, "R2"),
    }


def discrete_methods() -> dict[str, Method]:
    """Give what only goes with states."""
    return {
        "causal-learn PC": lambda frame: peer_pc(codes(frame), "gsq", DISCRETE_ALPHA),
        "GES, BDeu": lambda frame: ges(codes(frame), "local_score_BDeu"),
    }


def peer_pc(frame: pd.DataFrame, test: str, alpha: float) -> cs.CPDAG:
    """Give causal-learn's PC with its defaults, rebuilt; ``discovery.py`` shows it equal."""
    return read_class(causal_learn_pc(frame.to_numpy(), test, alpha), frame)


def codes(frame: pd.DataFrame) -> pd.DataFrame:
    """Give state numbers for categories."""
    import pandas as pd

    return pd.DataFrame({name: column.cat.codes for name, column in frame.items()}, dtype=np.int64)


def score(setting: Setting, n: int, repetition: int) -> dict[str, Mapping[str, float]]:
    """Give the scores of every method on one data set."""
    frame, truth = setting.draw(n, repetition)
    rng = np.random.default_rng([n, repetition])
    tried = methods(setting, truth, rng)
    return {name: graph_scores(method(frame), truth) for name, method in tried.items()}


def table(setting: Setting, sizes: tuple[int, ...], repetitions: int) -> str:
    """Write one line per method: SHD, skeleton F1 and arrowhead F1 at each n."""
    scores = {n: [score(setting, n, r) for r in range(repetitions)] for n in sizes}
    print(f"{setting.name} done", flush=True)
    rows = []
    for name in scores[sizes[0]][0]:
        cells = [
            spread([each[name][metric] for each in scores[n]], digits)
            for n, (metric, (_, digits)) in product(sizes, METRICS.items())
        ]
        rows.append([name, *cells])
    header = [f"{label}, n={n}" for n, (label, _) in product(sizes, METRICS.values())]
    nodes, edges = _sizes(setting, scores[sizes[0]])
    title = f"## {setting.name}: {nodes} nodes, {edges} edges"
    return f"{title}\n\n{markdown(['method', *header], rows)}"


def _sizes(setting: Setting, scores: list[dict[str, Mapping[str, float]]]) -> tuple[int, str]:
    """Give the number of nodes, and the mean number of true edges."""
    edges = np.mean([each["empty graph"]["true_edges"] for each in scores])
    _, truth = setting.draw(2, 0)
    return len(truth.nodes), f"{edges:.0f}" if setting.nodes == 0 else f"{edges:.1f} (mean)"


TEXT = """# Accuracy of discovery

Made by `python benchmarks/accuracy.py --write docs/accuracy.md`; do not edit.

Mean and 95 % interval over {repetitions} data sets. *SHD*: pairs whose marks differ from the
true class, `---` against `-->` counting 1. *skeleton*, *arrows*: F1 of adjacencies and of
arrowheads. PC runs with `test="auto"` (Fisher's z, G-squared) at alpha {linear} on numbers and
{discrete} on states. *causal-learn PC* has its defaults at the same test and alpha. GES and
DirectLiNGAM are those of causal-learn, left out above {most_linear} columns of numbers and
{most_discrete} of states, where they take long. The linear models are Gaussian of average
degree 3, with weights .5 to 1.5 and noise of variance 1, so that *sort by variance* reads much
of the causal order off the scales; once columns are rescaled it cannot. DirectLiNGAM assumes
noise that is not Gaussian, which this is not. Insurance, alarm and sachs had no part in the
choice of defaults.

{tables}
"""


def report(settings: list[Setting], sizes: tuple[int, ...], repetitions: int) -> str:
    """Score every setting and write the tables."""
    return TEXT.format(
        repetitions=repetitions,
        linear=LINEAR_ALPHA,
        discrete=DISCRETE_ALPHA,
        most_linear=MOST_FOR_SLOW[True],
        most_discrete=MOST_FOR_SLOW[False],
        tables="\n\n".join(table(setting, sizes, repetitions) for setting in settings),
    )


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--repetitions", type=int, default=10)
    parser.add_argument("--write", type=Path, metavar="FILE")
    options = parser.parse_args()
    single_thread()
    if options.quick:
        text = report(linear(10) + networks("asia"), (200, 1000), 2)
    else:
        text = report(SETTINGS, SIZES, options.repetitions)
    publish(text, options.write, machine())


if __name__ == "__main__":
    main()
