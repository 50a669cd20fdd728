"""Phases 3 and 4 of CD-NOD on simulations whose answer is known.

``python benchmarks/changing_modules.py --write docs/changing_modules.md`` prints right, wrong and
undecided directions with Wilson intervals, correlations of driving forces with the drivers, and
the widths over time that are chosen. The counts are kept in ``docs/changing_modules.json``.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from _counts import Counts, collect
from _measure import machine, single_thread
from _report import markdown, publish, wilson

from causalsim.discovery._change import trajectory, weigh
from causalsim.discovery._comparison import compare_changes
from causalsim.discovery._driving_force import driving_force
from causalsim.discovery._modules import Module, Positions

FRESH, OTHER_DRIFTS = 5000, 77
VERDICTS = ("forward", "backward", "undecided", "one_way")
Floats = np.ndarray
Draw = Callable[[np.random.Generator, list[Floats]], tuple[Floats, Floats]]
"""Draws x and y from a stream and four drivers, one value a row."""


def tanh_slope(rng: np.random.Generator, d: list[Floats]) -> tuple[Floats, Floats]:
    """Drifting cause; slope and intercept of a tanh change."""
    x = 0.8 * d[0] + 0.6 * rng.normal(size=d[0].shape)
    return x, (1 + 0.65 * d[1]) * np.tanh(x) + 0.5 * d[2] + 0.3 * rng.normal(size=x.shape)


def linear_scale(rng: np.random.Generator, d: list[Floats]) -> tuple[Floats, Floats]:
    """Linear; mean and noise scale of the cause, slope and noise scale of the effect change."""
    x = d[0] + 0.6 * np.exp(0.3 * d[3]) * rng.normal(size=d[0].shape)
    return x, (1 + 0.6 * d[1]) * x + 0.4 * np.exp(0.3 * d[2]) * rng.normal(size=x.shape)


def additive(rng: np.random.Generator, d: list[Floats]) -> tuple[Floats, Floats]:
    """Additive noise on a curve; cause and curve are shifted."""
    x = 0.8 * d[0] + 0.6 * rng.normal(size=d[0].shape)
    return x, np.sin(2 * x) + 0.5 * x + 0.6 * d[1] + 0.3 * rng.normal(size=x.shape)


def post_nonlinear(rng: np.random.Generator, d: list[Floats]) -> tuple[Floats, Floats]:
    """Additive noise on a curve, shifted, then bent."""
    x = 0.8 * d[0] + 0.6 * rng.normal(size=d[0].shape)
    u = np.sin(1.2 * x) + x + 0.8 * d[1] + 0.3 * rng.normal(size=x.shape)
    return x, u + 0.2 * u**3


def scale_only(rng: np.random.Generator, d: list[Floats]) -> tuple[Floats, Floats]:
    """Hard: linear, no mean drifts; noise scale of the cause, slope and noise scale change."""
    x = np.exp(0.5 * d[0]) * rng.normal(size=d[0].shape)
    return x, (1 + 0.7 * d[1]) * x + 0.5 * np.exp(0.5 * d[2]) * rng.normal(size=x.shape)


def no_change(rng: np.random.Generator, d: list[Floats]) -> tuple[Floats, Floats]:
    """Linear Gaussian, nothing changes."""
    x = rng.normal(size=d[0].shape)
    return x, x + rng.normal(size=x.shape)


def symmetric(rng: np.random.Generator, d: list[Floats]) -> tuple[Floats, Floats]:
    """Linear Gaussian, means drift with equal ratios to the noise: either direction fits."""
    x = 0.9 * d[0] + rng.normal(size=d[0].shape)
    return x, 0.8 * x + 0.7 * (0.9 * d[1] + rng.normal(size=x.shape))


def shared_shift(rng: np.random.Generator, d: list[Floats]) -> tuple[Floats, Floats]:
    """One driver shifts the cause and moves slope and intercept of the effect."""
    x = 0.8 * d[0] + 0.6 * rng.normal(size=d[0].shape)
    return x, (1 + 0.5 * d[0]) * x + 0.5 * d[0] + 0.4 * rng.normal(size=x.shape)


def shared_scale(rng: np.random.Generator, d: list[Floats]) -> tuple[Floats, Floats]:
    """One driver moves both noise scales of a linear pair."""
    x = np.exp(0.5 * d[0]) * rng.normal(size=d[0].shape)
    return x, x + 0.7 * np.exp(0.5 * d[0]) * rng.normal(size=x.shape)


IDENTIFIABLE = {f.__name__: f for f in (tanh_slope, linear_scale, additive, post_nonlinear)}
HARD = {f.__name__: f for f in (scale_only,)}
UNIDENTIFIABLE = {f.__name__: f for f in (no_change, symmetric, shared_shift, shared_scale)}
PAIRS: dict[str, Draw] = {**IDENTIFIABLE, **HARD, **UNIDENTIFIABLE}
KINDS = ("slope", "intercept", "noise scale")


def smooth_driver(rng: np.random.Generator, n: int) -> Floats:
    """Give white noise under a Gaussian filter of sd 12 to 30 rows, with mean 0 and variance 1."""
    sd = int(rng.uniform(12, 30))
    weights = np.exp(-0.5 * (np.arange(-4 * sd, 4 * sd + 1) / sd) ** 2)
    path = np.convolve(rng.normal(size=n + 8 * sd), weights, "valid")[:n]
    return np.asarray((path - path.mean()) / path.std())


def trend(rng: np.random.Generator, n: int) -> Floats:
    """Give a straight line, up or down."""
    return np.asarray(np.linspace(-1.7, 1.7, n) * rng.choice([-1, 1]))


def step(rng: np.random.Generator, n: int) -> Floats:
    """Give one step, up or down, in the middle three fifths."""
    when = rng.uniform(0.2, 0.8) * n
    return np.asarray(np.where(np.arange(n) < when, -1.0, 1.0) * rng.choice([-1, 1]))


def walk(rng: np.random.Generator, n: int) -> Floats:
    """Give a random walk, brought to mean 0 and variance 1."""
    path = np.cumsum(rng.normal(size=n))
    return np.asarray((path - path.mean()) / path.std())


def levels(rng: np.random.Generator, n: int) -> Floats:
    """Give four normal levels, with three jumps at random times."""
    jumps = np.sort(rng.uniform(0.1, 0.9, 3) * n)
    path = rng.normal(size=4)[np.searchsorted(jumps, np.arange(n))]
    return np.asarray((path - path.mean()) / max(path.std(), 0.3))


NOT_STATIONARY = {f.__name__: f for f in (trend, step, walk, levels)}


def rows_over_time(
    family: str, n: int, seed: int, drift: str = "smooth"
) -> tuple[Floats, Floats, Positions]:
    """Draw a pair whose drivers move smoothly over n rows, or not."""
    smooth = drift == "smooth"
    rng = np.random.default_rng([seed, n] if smooth else [OTHER_DRIFTS, seed - FRESH])
    draw = smooth_driver if smooth else NOT_STATIONARY[drift]
    drivers = [draw(rng, n) for _ in range(4)]
    return *PAIRS[family](rng, drivers), Positions.times(np.arange(n))


def rows_in_domains(family: str, m: int, each: int, seed: int) -> tuple[Floats, Floats, Positions]:
    """Draw a pair whose drivers have one value in each of m domains."""
    rng = np.random.default_rng([seed, m, each])
    codes = np.repeat(np.arange(m), each)
    drivers = [rng.normal(size=m)[codes] for _ in range(4)]
    return *PAIRS[family](rng, drivers), Positions.domains(codes)


def driven(kind: str, n: int, period: float, seed: int) -> tuple[Floats, Floats, Floats]:
    """Draw x, y and the sinusoid that drives P(y | x)."""
    rng = np.random.default_rng([seed, n, KINDS.index(kind)])
    x, e = rng.normal(size=(2, n))
    d = np.sin(2 * np.pi * np.arange(n) / period + rng.uniform(0, 2 * np.pi))
    noise = 0.4 * np.exp(0.9 * d) * e
    y = {"slope": (1 + 0.9 * d) * x + 0.3 * e, "intercept": x + 1.2 * d + 0.3 * e}
    return x, y.get(kind, x + noise), d


@dataclass(frozen=True)
class Directions:
    """One family of pairs over time (each = 0) or over domains."""

    family: str
    n: int
    each: int
    repetitions: int
    drift: str = "smooth"

    @property
    def key(self) -> str:
        """Give the name under which counts are kept."""
        plain = f"{self.family}|{self.n}|{self.each}"
        return plain if self.drift == "smooth" else f"{plain}|{self.drift}"

    def verdict(self, seed: int) -> str:
        """Decide one pair, without the published scores."""
        if self.each:
            x, y, context = rows_in_domains(self.family, self.n, self.each, seed)
        else:
            x, y, context = rows_over_time(self.family, self.n, seed, self.drift)
        none = np.empty((len(x), 0))
        found = [
            compare_changes(
                trajectory(Module(none, a, context)),
                trajectory(Module(a[:, None], b, context)),
                context.kind,
                rng=seed,
            )
            for a, b in ((x, y), (y, x))
        ]
        return weigh(*found)

    def measure(self) -> dict[str, Any]:
        """Count verdicts; forward is the truth where there is one."""
        found = [self.verdict(seed) for seed in range(FRESH, FRESH + self.repetitions)]
        return {name: found.count(name) for name in VERDICTS}


@dataclass(frozen=True)
class Forces:
    """Driving forces of one kind, length and period."""

    kind: str
    n: int
    period: int
    repetitions: int

    @property
    def key(self) -> str:
        """Give the name under which figures are kept."""
        return f"{self.kind}|{self.n}|{self.period}"

    def measure(self) -> dict[str, Any]:
        """Correlate the first component with the driver; collect the chosen widths."""
        correlations, widths = [], []
        for seed in range(FRESH, FRESH + self.repetitions):
            x, y, d = driven(self.kind, self.n, self.period, seed)
            found = driving_force(x[:, None], y, Positions.times(np.arange(self.n)))
            at = found.contexts.astype(np.intp)
            correlations.append(float(abs(np.corrcoef(found.array[:, 0], d[at])[0, 1])))
            widths.append(found.width)
        return {"correlations": correlations, "widths": widths}


def direction_table(cells: list[Directions], counts: Counts) -> str:
    """Write right, wrong and undecided with the interval of the accuracy."""
    rows = []
    for cell in cells:
        count = counts[cell.key]
        right, wrong = count["forward"], count["backward"]
        known = cell.family not in UNIDENTIFIABLE and right + wrong > 0
        accuracy = "-"
        if known:
            low, high = wilson(right, right + wrong)
            accuracy = f"{right / (right + wrong):.2f} [{low:.2f}, {high:.2f}]"
        where = f"{cell.n} domains of {cell.each}" if cell.each else f"{cell.n} rows"
        where += "" if cell.drift == "smooth" else f", {cell.drift}"
        share = f"{(right + wrong) / count['repetitions']:.0%}"
        tried = [
            str(count.get(name, "-")) for name in ("repetitions", "forward", "backward", "one_way")
        ]
        rows.append([cell.family, where, *tried, share, accuracy])
    header = ["family", "context", "pairs", "forward", "backward", "one way", "decided"]
    header.append("accuracy [Wilson 95 %]")
    return markdown(header, rows)


def force_table(cells: list[Forces], counts: Counts) -> str:
    """Write correlations and widths."""
    rows = []
    for cell in cells:
        found = counts[cell.key]
        corr, share = np.array(found["correlations"]), np.array(found["widths"]) / cell.period
        rows.append(
            [
                *(cell.kind, str(cell.n), str(cell.period)),
                *(f"{corr.mean():.3f}", f"{corr.min():.2f}"),
                f"{np.median(share):.3f} [{share.min():.3f}, {share.max():.3f}]",
            ]
        )
    header = ["change", "rows", "period", "mean abs. corr.", "least", "width / period [range]"]
    return markdown(header, rows)


TEXT = """# Changing modules: directions and driving forces

Made by `python benchmarks/changing_modules.py --write docs/changing_modules.md`; do not edit.

## Phase 3

Truth is x --> y (*forward*) where there is one. Drivers over time: white noise under a Gaussian
filter of sd 12 to 30 rows; over domains: normal, one value a domain. Families, d1 to d4 being
independent drivers. Seeds from 5000 on; the method was chosen by looking at these families with
other seeds, so that other families may be harder:

{families}

{directions}

The last four cannot be identified: *decided* should be near 0 there, and at most 10 %. *One way*:
nothing is decided because both modules of a direction mostly go one way; never over
domains, whose order means nothing.

### Drivers that are not stationary

The shifts that serve as reference hold for drivers whose ends may meet. Two trends match whatever
causes what: without the rule above, chosen on these drivers and these draws, of 60 trends in
`tanh_slope` none came out right and 26 wrong. At most 4 % are to be wrong. *trend*: a straight
line; *step*: one; *walk*: a random walk; *levels*: four, with three jumps.

{others}

### What this does not say

Pairs are given, as are their parents (none): phases 1 and 2 do not choose them from the same rows
here. Of a whole run of `cs.cdnod` arrows are fewer, and those that it draws rest on edges and on
changing modules that may be wrong; no table here says how often.

## Phase 4

x ~ N(0, 1), d a sinusoid of random phase; slope: y = (1 + .9 d) x + .3 e; intercept: y = x +
1.2 d + .3 e; noise scale: y = x + .4 exp(.9 d) e. Widths are chosen by
`_time_width.time_width`.

{forces}
"""


def report(
    directions: list[Directions], others: list[Directions], forces: list[Forces], counts: Counts
) -> str:
    """Write the whole text."""
    families = "\n".join(f"- `{name}`: {draw.__doc__}" for name, draw in PAIRS.items())
    return TEXT.format(
        families=families,
        directions=direction_table(directions, counts),
        others=direction_table(others, counts),
        forces=force_table(forces, counts),
    )


def direction_cells(lengths: list[int], repetitions: int) -> Iterator[Directions]:
    """Give all families over time and over domains."""
    for family in PAIRS:
        for n in lengths:
            yield Directions(family, n, 0, repetitions)
        yield Directions(family, 30, 50, repetitions)


def other_cells(repetitions: int) -> Iterator[Directions]:
    """Give two families with drivers that are not stationary."""
    for family in ("tanh_slope", "additive"):
        for drift in NOT_STATIONARY:
            yield Directions(family, 600, 0, repetitions, drift)


def force_cells(lengths: list[int], repetitions: int) -> Iterator[Forces]:
    """Give all kinds of change, of several periods up to the length of the series."""
    for kind in KINDS:
        for n in lengths:
            for period in (50, 100, 200, n // 2, n):
                yield Forces(kind, n, period, repetitions)


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="the report")
    parser.add_argument("--counts", type=Path, default=Path("docs/changing_modules.json"))
    parser.add_argument("--lengths", nargs="+", type=int, default=[600, 1000])
    parser.add_argument("--repetitions", type=int, default=100)
    parser.add_argument("--others", type=int, default=40, help="repetitions of other drivers")
    parser.add_argument("--forces", type=int, default=20, help="repetitions of phase 4")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    single_thread()
    directions = list(direction_cells(options.lengths, options.repetitions))
    forces = list(force_cells([600], options.forces))
    others = list(other_cells(options.others))
    counts = collect([*directions, *others, *forces], options.counts, options.jobs)
    publish(report(directions, others, forces, counts), options.write, machine())


if __name__ == "__main__":
    main()
