"""CD-NOD beside causal-learn's, on its reference example, and on autocorrelated rows.

``python benchmarks/cdnod.py --write docs/cdnod.md``; ``--quick`` takes one small case of each.
Both sides of the contest run in one process, on the same data, with one thread.
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from _contest import Matrix, compare
from _measure import machine, single_thread
from _report import markdown, publish, wilson

import causalsim as cs
from causalsim.discovery import CDNODResult
from causalsim.errors import DataError
from causalsim.graph import CPDAG
from causalsim.kernels._widths import width_of

if TYPE_CHECKING:
    import pandas as pd

SEED = 20254
ALPHA = 0.05
PEER = "causal-learn"
FRESH = 1000
BURN_IN = 50
TRUTH = ("x1 --> x2", "x2 --> x3", "x3 --> x4", "time --> x2", "time --> x4")
SETTINGS: Mapping[str, Mapping[str, Any]] = {
    'test="kci"': {"test": "kci"},
    'test="kci_zhang", time_kernel=45': {"test": "kci_zhang", "time_kernel": 45.0},
}


# -- data -------------------------------------------------------------------------------------


def chain(p: int, n: int, seed: int) -> pd.DataFrame:
    """Draw a linear chain X1 --> X2 --> ... in which two modules drift."""
    import pandas as pd

    rng = np.random.default_rng([SEED, p, n, seed])
    values = rng.normal(size=(n, p))
    for i in sorted(rng.choice(p, 2, replace=False).tolist()):
        period, phase = rng.uniform(150, 350), rng.uniform(0, 2 * np.pi)
        values[:, i] += 1.5 * np.sin(2 * np.pi * np.arange(n) / period + phase)
    for i in range(1, p):
        values[:, i] += 0.8 * values[:, i - 1]
    return pd.DataFrame(values, columns=[f"X{i + 1}" for i in range(p)])


def example(seed: int, n: int = 500) -> pd.DataFrame:
    """Draw the reference example; x2 and x4 drift."""
    import pandas as pd

    e, t = np.random.default_rng(seed).normal(size=(4, n)), np.arange(1, n + 1)
    x1 = e[0]
    x2 = 0.8 * x1 + 1.5 * np.sin(t / 50) + 0.5 * e[1]
    x3 = 0.8 * x2 + 0.5 * e[2]
    x4 = 0.8 * x3 + np.sin(t / 50) + np.sin(t / 20) + 0.5 * e[3]
    return pd.DataFrame({"x1": x1, "x2": x2, "x3": x3, "x4": x4})


def autoregressions(phi: float, n: int, seed: int) -> pd.DataFrame:
    """Draw two independent stationary autoregressions of order 1."""
    import pandas as pd

    rng = np.random.default_rng([SEED, round(100 * phi), n, seed])
    values = rng.normal(size=(n + BURN_IN, 2))
    for t in range(1, len(values)):
        values[t] += phi * values[t - 1]
    return pd.DataFrame(values[BURN_IN:], columns=["X", "Y"])


# -- speed ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Search:
    """A whole run: skeleton with the time last, and p-values by (x, y, given)."""

    seconds: float
    skeleton: Matrix
    p_values: dict[tuple[int, int, tuple[int, ...]], float]
    tests: int


def their_search(frame: pd.DataFrame) -> Search:
    """Run causal-learn's ``cdnod`` with its kernel test; a question asked twice counts once."""
    from causallearn.search.ConstraintBased.CDNOD import cdnod

    values, clock = frame.to_numpy(), np.arange(len(frame), dtype=np.float64)[:, None]
    start = time.process_time()
    with redirect_stderr(io.StringIO()):  # its progress bar
        found = cdnod(values, clock, ALPHA, "kci")
    seconds = time.process_time() - start
    p_values = {}
    for key, value in found.test.pvalue_cache.items():
        if not isinstance(value, str):
            pair, _, given = key.partition("|")
            x, y = map(int, pair.split(";"))
            p_values[x, y, tuple(map(int, given.split("."))) if given else ()] = float(value)
    return Search(seconds, np.asarray(found.G.graph) != 0, p_values, len(p_values))


def our_search(frame: pd.DataFrame, **options: Any) -> Search:
    """Run ``cs.cdnod``, from data to result."""
    start = time.process_time()
    found = cs.cdnod(frame, "time", alpha=ALPHA, record="all", rng=0, **options)
    seconds = time.process_time() - start
    place = found.labels.index
    p_values = {}
    for x, y, given, p in found.tests[["x", "y", "given", "p_value"]].itertuples(index=False):
        first, second = sorted((place(x), place(y)))
        p_values[first, second, tuple(sorted(map(place, given)))] = float(p)
    return Search(seconds, found.graph.skeleton, p_values, found.n_tests)


def same_settings(n: int) -> dict[str, Any]:
    """Give what makes ``cs.cdnod`` run as causal-learn does."""
    clock = np.arange(n, dtype=np.float64)
    unit = ((clock - clock.mean()) / clock.std())[:, None]
    width = width_of("empirical", unit) * float(clock.std())
    rules = {"sepset": "union", "conflict": "keep", "phases": 2}
    return {"test": "kci_zhang", "time_kernel": width, **rules}


def speed(p: int, n: int, repetitions: int) -> Iterator[Sequence[str]]:
    """Compare whole runs, with settings that match and with those of a plain call."""
    for r in range(repetitions):
        frame = chain(p, n, r)
        theirs = their_search(frame)
        for name, options in (("the same", same_settings(n)), ("defaults", {})):
            row = (str(r), name, *_speed_cells(our_search(frame, **options), theirs))
            print(" | ".join(row), flush=True)
            yield row


def _speed_cells(ours: Search, theirs: Search) -> tuple[str, ...]:
    ratio = theirs.seconds / ours.seconds
    each = ratio * ours.tests / theirs.tests
    different = compare(ours.skeleton, theirs.skeleton)
    both = ours.p_values.keys() & theirs.p_values.keys()
    apart = max(abs(ours.p_values[key] - theirs.p_values[key]) for key in both)
    return (
        *(str(theirs.tests), str(ours.tests), str(len(both))),
        *(f"{theirs.seconds:.3g}", f"{ours.seconds:.3g}", f"{ratio:.1f}", f"{each:.1f}"),
        f"{apart:.0e}",
        ", ".join(f"{number} {what}" for what, number in different.items()) or "yes",
    )


# -- shares -----------------------------------------------------------------------------------


def share(hits: int, whole: int) -> str:
    """Write a count with Wilson's interval of the share."""
    low, high = wilson(hits, whole)
    return f"{hits} of {whole} [{low:.2f}, {high:.2f}]"


def attempt(
    frame: pd.DataFrame, context: str | Sequence[str] = "time", **options: Any
) -> CDNODResult | None:
    """Run phases 1 and 2; None where the rows are refused as autocorrelated."""
    try:
        return cs.cdnod(frame, context, alpha=ALPHA, phases=2, **options)
    except DataError as error:
        if "autocorrelated" not in str(error):
            raise
        return None


def recovered(name: str, repetitions: int) -> Sequence[str]:
    """Count fresh draws of the reference example whose answer is right."""
    refused = modules = graphs = 0
    truth = CPDAG.from_edges(TRUTH, ["x1", "x2", "x3", "x4", "time"])
    start = time.process_time()
    for r in range(repetitions):
        found = attempt(example(FRESH + r), max_cond=2, **SETTINGS[name])
        refused += found is None
        modules += found is not None and found.changing == ("x2", "x4")
        graphs += found is not None and found.graph == truth
        if r % 10 == 9:
            print(f"{name}: {modules} and {graphs} of {r + 1}, {refused} refused", flush=True)
    seconds = (time.process_time() - start) / repetitions
    shares = (share(count, repetitions) for count in (modules, graphs))
    return f"`{name}`", *shares, str(refused), f"{seconds:.2f}"


def unchanged(phi: float, n: int, repetitions: int) -> Iterator[Sequence[str]]:
    """Count refusals, and modules said to change once the past is given; none does."""
    frames = [autoregressions(phi, n, r) for r in range(repetitions)]
    refused = sum(attempt(frame, test="kci_zhang") is None for frame in frames)
    for test in ("kci", "kci_zhang"):
        results = [cs.cdnod(f, "time", test, alpha=ALPHA, lags=1, phases=2) for f in frames]
        false = sum(len(found.changing) for found in results)
        shares = share(refused, repetitions), share(false, 2 * repetitions)
        row = (f"{phi:.1f}", shares[0], f"`{test}`", shares[1])
        print(" | ".join(row), flush=True)
        yield row


def cut(frame: pd.DataFrame, each: int) -> pd.DataFrame:
    """Add blocks of consecutive rows."""
    return frame.assign(block=[f"b{k}" for k in np.arange(len(frame)) // each])


def refused_in_blocks(n: int, repetitions: int) -> Iterator[Sequence[str]]:
    """Count refusals where the context is the block, or block and time."""
    for name, each, context in (
        ("blocks of 30 rows", 30, "block"),
        ("blocks of 100 rows", 100, "block"),
    ):
        found = [name]
        for phi in (0.0, 0.5, 0.9):
            frames = [cut(autoregressions(phi, n, r), each) for r in range(repetitions)]
            gone = sum(attempt(f, context, test="mixed", max_cond=0) is None for f in frames)
            found.append(share(gone, repetitions))
        print(" | ".join(found), flush=True)
        yield found


# -- report -----------------------------------------------------------------------------------


def report(quick: bool, repetitions: int) -> str:
    """Run everything and write the tables."""
    small = chain(3, 60, 0)  # so that no import falls into a time
    their_search(small)
    our_search(small, **same_settings(60))
    our_search(small)
    p, n, sets = (4, 100, 1) if quick else (6, 500, 3)
    contests = list(speed(p, n, sets))
    examples = [recovered(name, 2 if quick else repetitions) for name in SETTINGS]
    steps, draws = (100, 2) if quick else (300, 60)
    stationary = [row for phi in (0.0, 0.5, 0.9) for row in unchanged(phi, steps, draws)]
    return TEXT.format(
        speed=markdown(SPEED_HEADER, contests),
        examples=markdown(EXAMPLE_HEADER, examples),
        stationary=markdown(STATIONARY_HEADER, stationary),
        blocks=markdown(BLOCKS_HEADER, list(refused_in_blocks(steps, draws))),
        peer=version(PEER),
        seed=SEED,
        first=FRESH,
        alpha=ALPHA,
        p=p,
        n=n,
        steps=steps,
    )


SPEED_HEADER = (
    *("data set", "our settings", "tests, theirs", "tests, ours", "both asked", "theirs, s"),
    *("ours, s", "ratio", "ratio per test", "largest difference of p", "same skeleton?"),
)
EXAMPLE_HEADER = ("settings", "exactly x2 and x4 change", "whole graph", "refused", "s a run")
STATIONARY_HEADER = (
    *("phi", "refused at `lags=0`", "test", "changing modules at `lags=1`, all false"),
)
BLOCKS_HEADER = ("context", "refused at phi 0", "phi .5", "phi .9")
TEXT = """# CD-NOD

Made by `python benchmarks/cdnod.py --write docs/cdnod.md`; do not edit. Level {alpha} throughout;
time is the row number; brackets hold Wilson's 95 % interval. Seconds are CPU time of one thread.

## Speed

Linear chains of {p} variables, slopes .8, {n} rows; two modules, drawn at random, gain 1.5 times a
sinusoid of period 150 to 350 (seed {seed}). The peer is `cdnod` of causal-learn {peer} with its
KCI: Gaussian kernels, empirical widths, gamma null. Both sides run in one process on the same
data; a ratio is theirs over ours, and at least 10 is aimed at.

*The same*: `kci_zhang` with `time_kernel` at the generic width that causal-learn gives to every
column, phases 1 and 2 (causal-learn has no others), the union of separating sets, earlier
colliders win. Neither side bounds the sets: causal-learn's `cdnod` has no option for it. It asks
some questions twice and looks the answer up; such a question counts once. *Largest difference of
p* is over the questions that both asked. *Defaults* is `cs.cdnod(frame, "time")`: another test
(`kci`), a width over time read off the data, conservative colliders, and phase 3; there p-values
and skeletons need not agree.

{speed}

## Reference example

`example1` of the authors' MATLAB code: x1 = e1; x2 = .8 x1 + 1.5 sin(t/50) + .5 e2;
x3 = .8 x2 + .5 e3; x4 = .8 x3 + sin(t/50) + sin(t/20) + .5 e4; 500 rows, sets of at most 2
variables, one draw for each seed from {first} on. At least 80 of 100 are aimed at for the
changing modules. *Whole graph*: all five edges, three of them among the variables, each with its
direction, and no other. Phases 1 and 2; phase 3 turns only edges between changing modules, and the
true graph has none. A refused draw (rows that look autocorrelated) counts as a miss.

{examples}

## Autocorrelated rows

Two independent autoregressions of order 1, {steps} rows; nothing changes. With time as the only
context such rows are to be refused, unless each variable's own past is given (`lags=1`). At phi 0
rows are independent, and the check, whose level is .01, is to refuse 1 draw in 100. Two modules a
draw; a module is said to change if it depends on time given every set that was tried, so that
their share is to be at most about the level.

{stationary}

These are autoregressions of just the order that is given. Under noise they are of no finite order:
what one lag leaves is then noted, not refused ([moving_worlds.md](moving_worlds.md)).

The same draws cut into blocks of consecutive rows, at `lags=0`: they are to be refused alike.

{blocks}
"""


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--write", type=Path, metavar="FILE")
    parser.add_argument("--repetitions", type=int, default=100, help="of the reference example")
    options = parser.parse_args()
    single_thread()
    publish(report(options.quick, options.repetitions), options.write, machine())


if __name__ == "__main__":
    main()
