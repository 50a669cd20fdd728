"""How often the structure of exchangeable data is found, beside the published rule and controls.

``python benchmarks/exchangeable.py --write docs/exchangeable.md`` makes the report.

The generators follow the description of Guo et al. (NeurIPS 2023, arXiv 2203.15756), with two
rows in each environment. The published rule is written out here for one comparison on the same
draws; it is no part of the package.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np
from _measure import machine, single_thread
from _report import half_width, markdown, publish
from numpy.typing import NDArray

import causalsim as cs
from causalsim.data import Kind, Table
from causalsim.discovery._exchangeable import exchangeable
from causalsim.discovery._exchangeable_result import ExchangeableResult
from causalsim.graph import parse_edge
from causalsim.graph.marks import Mark

if TYPE_CHECKING:
    import pandas as pd

Edges = frozenset[tuple[str, str]]

SEED = 20252
FEW = (20, 50)
SIZES = (100, 200, 300, 400, 500)
WEAK_SIZES = (20, 50, 100, 200)
PUBLISHED = (0.70, 0.82, 0.87, 0.90, 0.91)
PUBLISHED_CDNOD = (0.38, 0.40, 0.38, 0.43, 0.45)
BINARY_SIZES = (2000, 4000, 6000, 8000, 10000)
BINARY_PUBLISHED = (0.314, 0.211, 0.183, 0.191, 0.091)
BINARY_PUBLISHED_PC = (0.27, 0.267, 0.25, 0.247, 0.262)
CORRELATIONS = (0.0, 0.25, 0.5, 0.75, 0.95)
CORRELATED_SIZE = 300
CHOICES: tuple[Edges, ...] = (frozenset({("X", "Y")}), frozenset({("Y", "X")}), frozenset())


# -- generators -------------------------------------------------------------------------------


def bivariate(
    environments: int, rng: np.random.Generator, *, correlation: float = 0.0, structures: int = 3
) -> tuple[pd.DataFrame, Edges]:
    """Draw two numbers twice in each environment.

    Means of the two noises are uniform on (-1, 1) and new in each environment, noises are
    Laplace around them. An effect is a cause times an integer from 1 to 9, plus its own noise
    times another; in a random half of the environments it gains the squares of both, times a
    third.

    Parameters
    ----------
    environments : int
    rng : numpy Generator
    correlation : float
        Of the normal scores of the two means; the paper has 0.
    structures : {3, 2}
        2 leaves out independence.
    """
    import pandas as pd
    from scipy.special import ndtr

    normal = rng.normal(size=(2, environments))
    normal[1] = correlation * normal[0] + np.sqrt(1 - correlation**2) * normal[1]
    noise = rng.laplace(np.repeat(2 * ndtr(normal) - 1, 2, axis=1))
    slope, own, square = rng.integers(1, 10, size=3)
    squared = np.zeros(environments, bool)
    squared[rng.choice(environments, environments // 2, replace=False)] = True
    gain = square * np.repeat(squared, 2)
    truth = CHOICES[rng.integers(structures)]
    columns = dict(zip("XY", noise, strict=True))
    for cause, effect in truth:
        x, e = columns[cause], columns[effect]
        columns[effect] = slope * x + own * e + gain * (slope * x**2 + (own - 1) * e**2)
    return pd.DataFrame(columns).assign(place=np.arange(environments).repeat(2)), truth


def weak(environments: int, rng: np.random.Generator) -> pd.DataFrame:
    """Draw X --> Y twice in each environment, Y being X plus a noise of its own.

    Means of the two Laplace noises are uniform on (-1, 1) and new in each environment: they change
    less than the noises do within one.
    """
    import pandas as pd

    x, e = rng.laplace(rng.uniform(-1, 1, (2, environments)).repeat(2, axis=1))
    return pd.DataFrame({"X": x, "Y": x + e, "place": np.arange(environments).repeat(2)})


def binary(environments: int, rng: np.random.Generator, p: int = 3) -> tuple[pd.DataFrame, Edges]:
    """Draw binary variables twice in each environment, columns in random order.

    Each has a chance of Beta(1, 3), new in each environment, of being 1, or of differing from
    the product of its parents. Edges have a chance of 1/2; DAGs with a lone node are drawn anew.
    """
    import pandas as pd

    joined = np.zeros((p, p), bool)
    while not (joined | joined.T).any(axis=0).all():
        joined = np.triu(rng.random((p, p)) < 0.5, 1)
    chance = rng.beta(1, 3, (environments, p)).repeat(2, axis=0)
    values = (rng.random(chance.shape) < chance).astype(int)
    for child in range(p):
        parents = np.flatnonzero(joined[:, child])
        if len(parents):
            values[:, child] ^= values[:, parents].prod(axis=1)
    names = np.array([f"V{i}" for i in rng.permutation(p)])
    frame = pd.DataFrame(values, columns=names)[sorted(names)]
    truth = frozenset((str(names[i]), str(names[j])) for i, j in np.argwhere(joined))
    return frame.assign(place=np.arange(environments).repeat(2)), truth


# -- methods ----------------------------------------------------------------------------------


def published_rule(frame: pd.DataFrame, alpha: float = 0.05) -> Edges:
    """Follow the paper's bivariate rule: row 1 against row 2, by KCI with fixed widths."""
    values = frame[["X", "Y"]].to_numpy().reshape(-1, 4)
    table = Table(("X1", "Y1", "X2", "Y2"), values, (Kind.CONTINUOUS,) * 4)
    test = cs.citest.get("kci_zhang")(table)
    asked = (("X1", "Y2", "X2"), ("Y1", "X2", "Y2"), ("X1", "Y1", ()))
    p = np.array([test(*question).p_value for question in asked])
    patterns = {(True, False, False): 0, (False, True, False): 1, (True, True, True): 2}
    seen: tuple[bool, ...] = tuple((p >= alpha).tolist())
    return CHOICES[patterns.get(seen, int(p.argmax()))]  # type: ignore[call-overload]


def lingam(frame: pd.DataFrame, *, joined: bool) -> tuple[Edges, Edges]:
    """Run causal-learn's DirectLiNGAM on the pooled rows.

    Returns
    -------
    edges : frozenset
        Its nonzero weights.
    ordered : frozenset
        Its causal order, given whether there is an edge.
    """
    from causallearn.search.FCMBased.lingam import DirectLiNGAM

    model = DirectLiNGAM()
    model.fit(frame[["X", "Y"]].to_numpy())
    found = np.argwhere(model.adjacency_matrix_.T).tolist()
    first, second = ("XY"[i] for i in model.causal_order_)
    ordered: Edges = frozenset({(first, second)} if joined else ())
    return frozenset(("XY"[j], "XY"[i]) for j, i in found), ordered


def arrows(graph: cs.CPDAG | cs.DAG) -> Edges:
    """Give the arrows of a graph; an edge without direction is one of each."""
    found = set()
    for x, y, at_x, at_y in map(parse_edge, graph.edges):
        found |= {(x, y)} if at_y is Mark.ARROW else set()
        found |= {(x, y), (y, x)} if at_x is at_y else set()
    return frozenset(found)


def distance(found: Edges, truth: Edges) -> float:
    """Give the structural Hamming distance over the number of edges, 1 - F1 of arrows."""
    return len(found ^ truth) / max(len(found) + len(truth), 1)


# -- bivariate --------------------------------------------------------------------------------


class Trial(NamedTuple):
    """What each method made of one draw: right or not."""

    ours: bool
    rule: bool
    lingam: bool
    lingam_order: bool
    pc: bool
    pc_adjacency: bool


def try_bivariate(environments: int, repetition: int) -> Trial:
    """Run all methods on one draw."""
    frame, truth = bivariate(environments, np.random.default_rng([SEED, environments, repetition]))
    forced = exchangeable(frame, "place", abstain=False)
    pooled = cs.pc(frame[["X", "Y"]], "fisher_z").graph
    edges, ordered = lingam(frame, joined=forced.graph.n_edges > 0)
    return Trial(
        ours=arrows(forced.graph) == truth,
        rule=published_rule(frame) == truth,
        lingam=edges == truth,
        lingam_order=ordered == truth,
        pc=arrows(pooled) == truth,
        pc_adjacency=bool(pooled.n_edges) == bool(truth),
    )


class Stated(NamedTuple):
    """What was stated of one draw with abstention: an arrow, no edge, or neither."""

    arrow: bool
    none: bool
    right: bool
    refuted: bool

    @classmethod
    def of(cls, frame: pd.DataFrame, truth: Edges) -> Self:
        """Run with abstention."""
        found = exchangeable(frame, "place")
        none = found.graph.n_edges == 0
        right = arrows(found.graph) == truth
        return cls(not none and not found.undecided, none, right, bool(found.refuted))


def abstention_rows(sizes: Sequence[int], repetitions: int) -> Iterator[list[str]]:
    """Say how often an arrow or no edge is stated, and how often either is right."""
    for size in sizes:
        streams = [np.random.default_rng([SEED, size, r]) for r in range(repetitions)]
        trials = [Stated.of(*bivariate(size, stream)) for stream in streams]
        arrow, none, right, refuted = np.array(trials).T
        shown = (interval(arrow), interval(right[arrow]), interval(none), interval(right[none]))
        yield [str(size), *shown, f"{refuted.mean():.3f}"]


def weak_rows(repetitions: int) -> Iterator[list[str]]:
    """Count arrows where mechanisms change little."""
    for size in WEAK_SIZES:
        streams = [np.random.default_rng([SEED, size, r, 1]) for r in range(repetitions)]
        trials = [Stated.of(weak(size, stream), CHOICES[0]) for stream in streams]
        arrow, _, right, _ = np.array(trials).T
        yield [str(size), str((arrow & right).sum()), str((arrow & ~right).sum())]


def interval(hits: Sequence[bool] | NDArray[np.bool_]) -> str:
    """Write a share with its 95 % Wilson interval."""
    from scipy.stats import binomtest

    count, n = int(np.sum(hits)), len(hits)
    if n == 0:
        return "none"
    low, high = binomtest(count, n).proportion_ci(method="wilson")
    return f"{count / n:.3f} [{low:.2f}, {high:.2f}]"


def pooled_test(trials: Iterable[Trial]) -> str:
    """Compare ours and the rule on all draws by McNemar's exact test."""
    from scipy.stats import binomtest

    pairs = [(trial.ours, trial.rule) for trial in trials]
    won, lost = pairs.count((True, False)), pairs.count((False, True))
    p = binomtest(won, max(won + lost, 1)).pvalue
    return (
        f"Over all {len(pairs)} draws ours alone is right {won} times, the published rule alone "
        f"{lost} times; McNemar's exact test gives p = {p:.2g}."
    )


def bivariate_report(sizes: Sequence[int], repetitions: int) -> str:
    """Write accuracy, abstention and controls."""
    trials = {}
    for size in sizes:
        trials[size] = [try_bivariate(size, r) for r in range(repetitions)]
        print(f"two numbers, {size} environments: done", flush=True)
    accuracy, controls = [], []
    for size, rows in trials.items():
        seen = dict(zip(Trial._fields, np.array(rows).T, strict=True))
        at, name = SIZES.index(size), str(size)
        accuracy.append(
            [name, interval(seen["ours"]), interval(seen["rule"]), f"{PUBLISHED[at]:.2f}"]
        )
        controls.append(
            [
                name,
                interval(seen["lingam"]),
                interval(seen["lingam_order"]),
                f"{PUBLISHED_CDNOD[at]:.2f}",
                f"{seen['pc'].mean():.3f}",
                interval(seen["pc_adjacency"]),
            ]
        )
    return BIVARIATE.format(
        repetitions=repetitions,
        accuracy=markdown(["environments", "ours", "rule, here", "rule, published"], accuracy),
        pooled=pooled_test(trial for rows in trials.values() for trial in rows),
        abstention=markdown(
            ["environments", "arrow", "right if arrow", "none", "right if none", "refuted"],
            list(abstention_rows((*FEW, *sizes), repetitions)),
        ),
        weak_repetitions=repetitions // 2,
        weak=markdown(
            ["environments", "right arrows", "wrong arrows"], list(weak_rows(repetitions // 2))
        ),
        controls=markdown(
            [
                "environments",
                "DirectLiNGAM",
                "its order on our edges",
                "CD-NOD, published",
                "PC",
                "PC, edge or none",
            ],
            controls,
        ),
    )


# -- correlated mechanisms --------------------------------------------------------------------


def try_correlated(correlation: float, repetition: int) -> tuple[bool, bool, bool, bool]:
    """Tell what became of a true edge: right, wrong, without direction, refuted."""
    rng = np.random.default_rng([SEED, round(100 * correlation), repetition])
    frame, truth = bivariate(CORRELATED_SIZE, rng, correlation=correlation, structures=2)
    found: ExchangeableResult = exchangeable(frame, "place")
    right, decided = arrows(found.graph) == truth, not found.undecided
    return right, decided and not right, not decided and not found.refuted, bool(found.refuted)


def correlated_report(repetitions: int) -> str:
    """Write what correlated means do to the decisions."""
    rows = []
    for correlation in CORRELATIONS:
        seen = np.array([try_correlated(correlation, r) for r in range(repetitions)]).T
        rows.append([f"{correlation:g}", *map(interval, seen)])
    header = ["correlation", "right", "wrong", "without direction", "refuted"]
    return CORRELATED.format(
        size=CORRELATED_SIZE, repetitions=repetitions, table=markdown(header, rows)
    )


# -- three binary variables -------------------------------------------------------------------


def try_binary(environments: int, repetition: int) -> tuple[float, float, float]:
    """Give the distances of ours and of PC, and the share of our edges without direction."""
    frame, truth = binary(environments, np.random.default_rng([SEED, environments, repetition]))
    forced = exchangeable(frame, "place", abstain=False)
    found = exchangeable(frame, "place")
    pooled = cs.pc(frame.drop(columns="place"), "g_squared")
    open_share = len(found.undecided) / max(found.graph.n_edges, 1)
    return distance(arrows(forced.graph), truth), distance(arrows(pooled.graph), truth), open_share


def binary_report(sizes: Sequence[int], repetitions: int) -> str:
    """Write the distances."""
    rows = []
    for size in sizes:
        ours, pc, open_share = np.array([try_binary(size, r) for r in range(repetitions)]).T
        at = BINARY_SIZES.index(size)
        print(f"binary variables, {size} environments: done", flush=True)
        rows.append(
            [
                str(size),
                f"{ours.mean():.3f} ± {half_width(ours.tolist()):.3f}",
                f"{BINARY_PUBLISHED[at]:.3f}",
                f"{pc.mean():.3f} ± {half_width(pc.tolist()):.3f}",
                f"{BINARY_PUBLISHED_PC[at]:.3f}",
                f"{open_share.mean():.3f}",
            ]
        )
    header = ["environments", "ours", "published", "PC", "PC, published", "ours, no direction"]
    return BINARY.format(repetitions=repetitions, table=markdown(header, rows))


BIVARIATE = """## Two numbers

Share of draws whose structure (X --> Y, Y --> X, or no edge) is found, with 95 % Wilson
intervals; {repetitions} draws for each size, all methods on the same ones. *ours* is
`exchangeable(..., abstain=False)`, since the published rule never abstains; *rule, here* is that
rule with `kci_zhang`; *rule, published* the authors' figures, of 100 draws.

{accuracy}

**{pooled}**

With abstention, the default: how often an arrow is stated, how often no edge is, how often either
is right, and how often the assumption is refuted although it holds. A result with fewer than 100
environments says in a note how far its arrows can be trusted.

{abstention}

Where mechanisms change little an arrow is a coin toss, though a rare one: Y is X plus Laplace
noise, and only the means of both noises change, uniform on (-1, 1); {weak_repetitions} draws for
each size.

{weak}

Controls. DirectLiNGAM (causal-learn) on the pooled rows, as it comes, and its order alone where
our edge test finds an edge. CD-NOD as published: its first two phases cannot orient two
variables that both change, and ours refuses domains of two rows. PC cannot orient two variables
at all: it is right only where it finds no edge and there is none, so its skeleton stands beside.

{controls}
"""

CORRELATED = """## Mechanisms that change together

The means of the two noises correlate (normal scores); {size} environments, {repetitions} draws
with an edge. The assumption is false from the second row on.

{table}
"""

BINARY = """## Three binary variables

Distance of the arrows, (missing + extra) / (found + true), less is better, with 95 % intervals;
{repetitions} draws for each size, columns permuted. PC pools the rows, and an edge without
direction counts as two arrows. The last column is the share of our edges that stay without
direction under the default `abstain=True`.

{table}
"""

TEXT = """# Exchangeable data

Made by `python benchmarks/exchangeable.py --write docs/exchangeable.md`; do not edit.

{parts}
"""


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--repetitions", type=int, default=400)
    parser.add_argument("--write", type=Path, metavar="FILE")
    options = parser.parse_args()
    single_thread()
    repetitions = 20 if options.quick else options.repetitions
    parts = [
        bivariate_report(SIZES[:2] if options.quick else SIZES, repetitions),
        correlated_report(max(repetitions // 2, 10)),
        binary_report(BINARY_SIZES[:1] if options.quick else BINARY_SIZES, repetitions // 4),
    ]
    publish(TEXT.format(parts="\n".join(parts)), options.write, machine())


if __name__ == "__main__":
    main()
