"""How fast is PC, and is its skeleton that of the peers? ``python benchmarks/discovery.py``.

``--quick`` leaves out what takes peers long; ``--write docs/benchmarks.md`` keeps the report.
Every repetition draws its own graph and data. Seconds are medians over repetitions, and a ratio
is the median of the repetitions' ratios, theirs over ours.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from _contest import HEADER, Calls, Matrix, Row, Trial, contest
from _measure import cold, machine, single_thread
from _peers import antecedent_pc, causal_learn_pc, causal_learn_skeleton
from _report import markdown, publish

import causalsim as cs
from causalsim.citest import BoundTest, FisherZ, ParCorr
from causalsim.compat import causal_learn_pc as our_causal_learn_pc
from causalsim.discovery._search import search
from causalsim.discovery._skeleton import COMPILE_FROM, Policy, Tester

if TYPE_CHECKING:
    import pandas as pd

SEED = 20250
ROWS = 1000
ALPHA = 0.01


def linear(p: int, seed: int) -> pd.DataFrame:
    """Draw a linear Gaussian Erdos-Renyi model of average degree 3, and rows from it."""
    rng = np.random.default_rng([SEED, p, seed])
    return cs.random_scm(p, degree=3, rng=rng).sample(ROWS, rng=rng)


def our_skeleton(data: object, test: str | BoundTest, **options: Any) -> Matrix:
    """Run ``cs.pc`` whole and give its skeleton."""
    return cs.pc(data, test, alpha=ALPHA, **options).graph.skeleton


def search_only(bound: BoundTest) -> Matrix:
    """Run only the search for the skeleton, on correlations that are there already."""
    p = len(bound.names)
    policy = Policy(~np.eye(p, dtype=bool), np.zeros((p, p), bool), p)
    return search(Tester(bound, ALPHA), policy).adjacency


def whole(p: int, peers: Sequence[str], repetitions: int) -> list[Row]:
    """Compare ``cs.pc``, from data to result, with what peers give from data to graph."""
    trials = (_whole(linear(p, r), peers) for r in range(repetitions))
    return contest(f"linear p={p}, whole", trials)


def _whole(frame: pd.DataFrame, peers: Sequence[str]) -> Trial:
    values, bound = frame.to_numpy(), FisherZ()(frame)
    others: Calls = {
        "causal-learn pc": lambda: causal_learn_pc(values, "fisherz", ALPHA),
        "antecedent PC": lambda: antecedent_pc(frame, ALPHA),
    }
    ours: Calls = {
        "cs.pc(frame)": lambda: our_skeleton(frame, "fisher_z"),
        "cs.pc(frame, sepset='first')": lambda: our_skeleton(frame, "fisher_z", sepset="first"),
        "cs.pc(array)": lambda: our_skeleton(values, "fisher_z"),
        "cs.pc(None, bound test)": lambda: our_skeleton(None, bound),
    }
    return Trial(ours, {name: others[name] for name in peers})


def skeletons(p: int, peers: Sequence[str], repetitions: int) -> list[Row]:
    """Compare the searches alone, without reading and without orientation."""
    trials = (_search(linear(p, r), peers) for r in range(repetitions))
    return contest(f"linear p={p}, search", trials)


def _search(frame: pd.DataFrame, peers: Sequence[str]) -> Trial:
    values, bound = frame.to_numpy(), FisherZ()(frame)
    others: Calls = {
        "causal-learn skeleton_discovery": lambda: causal_learn_skeleton(values, ALPHA)
    }
    return Trial({"search": lambda: search_only(bound)}, {name: others[name] for name in peers})


def beyond(p: int, repetitions: int) -> str:
    """Say what antecedent's test makes of the pairs that only antecedent joins."""
    extra = separated = 0
    for r in range(repetitions):
        frame = linear(p, r)
        found, test = cs.pc(frame, "fisher_z", alpha=ALPHA), ParCorr()(frame)
        only_theirs = np.triu(antecedent_pc(frame, ALPHA) & ~found.graph.skeleton)
        for i, j in np.argwhere(only_theirs).tolist():
            x, y = frame.columns[i], frame.columns[j]
            given = found.sepsets[frozenset((x, y))] or ()
            extra += 1
            separated += test(x, y, given).p_value > ALPHA
    return (
        f"over {repetitions} data sets of p={p} it joins {extra} pairs that we do not; by its\n"
        f"own test {separated} of them have p > alpha given our separating set."
    )


def discrete(name: str, rows: int, repetitions: int) -> list[Row]:
    """Compare chi-squared PC on a network's samples: causal-learn's matrix, and our own."""
    return contest(f"{name} n={rows}", (_discrete(name, rows, r) for r in range(repetitions)))


def _discrete(name: str, rows: int, seed: int) -> Trial:
    rng = np.random.default_rng([SEED, rows, seed])
    frame = cs.datasets.network(name).sample(rows, rng=rng)
    codes = frame.apply(lambda column: column.cat.codes).to_numpy(np.int64)
    return Trial(
        {
            "compat.causal_learn_pc": lambda: our_causal_learn_pc(codes, "chisq", 0.05),
            "cs.pc(frame)": lambda: (
                cs.pc(frame, "chi_squared", alpha=0.05, degenerate="keep").graph.skeleton
            ),
        },
        {"causal-learn pc": lambda: causal_learn_pc(codes, "chisq", 0.05)},
    )


READ = "import sys, numpy; x = numpy.load(sys.argv[1]);"
COLD = {
    "import causalsim": "import causalsim",
    "cs.pc(array)": READ + "import causalsim as cs; cs.pc(x, 'fisher_z', alpha=.01)",
    "cs.pc('file.csv')": "import sys, causalsim as cs; cs.pc(sys.argv[2], 'fisher_z', alpha=.01)",
}
COLD_PEERS = {
    "causal-learn pc": READ
    + "from causallearn.search.ConstraintBased.PC import pc;"
    + "pc(x, .01, 'fisherz', stable=True, show_progress=False)",
    "antecedent PC": "import sys, pandas; from antecedent.discovery import *;"
    "settings = PC(alpha=.01, fdr=False, max_cond_size=8);"
    "run_static_discovery(pandas.read_csv(sys.argv[2]), settings, threads=1)",
}


def import_peers() -> None:
    """Call every peer once on little data, so that no import falls into a warm time."""
    frame = linear(4, 0)
    causal_learn_pc(frame.to_numpy(), "fisherz", ALPHA)
    if find_spec("antecedent"):
        antecedent_pc(frame, ALPHA)


def cold_rows(p: int, peers: Sequence[str], repetitions: int) -> list[Row]:
    """Time fresh interpreters: ours with and without a compiled cache, then the peers'."""
    case, rows = f"cold p={p}", []
    with tempfile.TemporaryDirectory() as folder:
        paths = (str(Path(folder, "data.npy")), str(Path(folder, "data.csv")))
        np.save(paths[0], linear(p, 0).to_numpy())
        linear(p, 0).to_csv(paths[1], index=False)
        fill = COLD["cs.pc(array)"]
        cold(fill, paths)
        theirs = {name: _cold(COLD_PEERS[name], paths, repetitions) for name in peers}
        for name, code in COLD.items():
            mine = _cold(code, paths, repetitions)
            rows.append(Row(case, name, "", mine))
            if name != "import causalsim":
                rows += [Row(case, name, peer, mine, s, s / mine) for peer, s in theirs.items()]
        empty = [{"NUMBA_CACHE_DIR": str(Path(folder, str(r)))} for r in range(repetitions)]
        compiled = statistics.median(cold(fill, paths, cache) for cache in empty)
        rows.append(Row(case, "cs.pc(array), compile cache empty", "", compiled))
    for row in rows:
        print(" | ".join(row.cells()), flush=True)
    return rows


def _cold(code: str, paths: tuple[str, str], repetitions: int) -> float:
    return statistics.median(cold(code, paths) for _ in range(repetitions))


def report(quick: bool) -> str:
    """Run every contest and write the tables."""
    antecedent = ["antecedent PC"] if find_spec("antecedent") else []
    learn, searches = ["causal-learn pc"], ["causal-learn skeleton_discovery"]
    import_peers()
    if quick:
        warm_rows = whole(20, learn, 1) + skeletons(20, searches, 1) + whole(200, antecedent, 1)
        fresh = cold_rows(20, [], 1)
    else:
        warm_rows = [row for p in (20, 50, 100) for row in whole(p, learn, 5)]
        warm_rows += [row for p in (20, 50, 100) for row in skeletons(p, searches, 3)]
        warm_rows += whole(200, antecedent, 5) + whole(200, learn, 2)
        warm_rows += whole(1000, antecedent, 3) + whole(2000, [], 3)
        warm_rows += [row for p in (200, 1000, 2000) for row in skeletons(p, [], 3)]
        warm_rows += discrete("alarm", 10_000, 3)
        fresh = cold_rows(20, learn, 5) + cold_rows(30, [], 5) + cold_rows(100, learn, 3)
        fresh += cold_rows(200, antecedent, 3) + cold_rows(1000, [], 3)
    return TEXT.format(
        seed=SEED,
        rows=ROWS,
        alpha=ALPHA,
        small=COMPILE_FROM - 1,
        warm=markdown(HEADER, [row.cells() for row in warm_rows]),
        beyond=beyond(200, 1 if quick else 5) if antecedent else "",
        cold=markdown(HEADER[:-1], [row.cells()[:-1] for row in fresh]),
    )


TEXT = """# Speed of discovery

Made by `python benchmarks/discovery.py --write docs/benchmarks.md`; do not edit. Seconds are CPU
time of one thread, medians over repetitions, each with a graph and data of its own (seed
{seed}); a ratio is theirs over ours, its median over repetitions.

- *linear*: Gaussian, Erdos-Renyi DAG of average degree 3, {rows} rows, Fisher's z, alpha {alpha}.
- *alarm*: that network, chi-squared, alpha 0.05.
- *whole*: from data to graph, ours with reading, checks, orientation and the record of tests.
- *search*: the skeleton alone, from ready correlations (causal-learn computes its own).
- *equal?*: repetitions in which both give the same skeleton, or, for
  `compat.causal_learn_pc`, the same matrix.

## Warm

In a running interpreter, everything imported and compiled.

{warm}

antecedent decides by Student's t, which at {rows} rows is Fisher's z to about four digits. Its
skeleton differs a little from PC-stable's:
{beyond}
The rows with causal-learn at p=200 are on the first two of the data sets with antecedent.

## Cold

A fresh interpreter from its start to its end, imports included. Compiled loops are read from
their cache, unless it is empty; tables of up to {small} columns use none.

{cold}
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
