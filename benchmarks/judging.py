"""How far the judges themselves can be trusted: on models whose law, or truth, is known.

``python benchmarks/judging.py --write docs/judging.md`` makes the report from
``docs/judging.json``; what is not there yet is measured first.
"""

from __future__ import annotations

import argparse
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from _kept import measured
from _measure import machine, single_thread
from _report import markdown, publish, wilson

import causalsim as cs
from causalsim.errors import FitWarning
from causalsim.graph import TemporalGraph
from causalsim.scm import Paths, TemporalSCM
from causalsim.simulate import Bench, Plan, interventional_distance, parametric_null
from causalsim.simulate._windows import as_frame, complement, interleaved

STEPS, VARIABLES = 1000, 5
PHIS, PAIRS = (0.0, 0.5, 0.9, 0.97, 0.99), 60
PHI, TRIALS, BATCH, DRAWS, TRIAL_STEPS, BLOCK = 0.97, 200, 20, 19, 500, 50
MODELS, FIT_STEPS, MAX_LAG, DEGREE = 4, 1000, 2, 3
NAMES = tuple(f"X{k}" for k in range(VARIABLES))

Sampler = Callable[[int, int, np.random.Generator], Paths]
Refit = Callable[[Any, np.random.Generator], Sampler]
Rows = tuple[slice, ...] | None


# -- two draws of one law ------------------------------------------------------------------


def autoregression(phi: float, steps: int, rng: np.random.Generator) -> np.ndarray:
    """Draw independent stationary AR(1) series of variance 1, shape (steps, variables)."""
    from scipy.signal import lfilter

    noise = rng.normal(size=(steps, VARIABLES))
    noise[1:] *= np.sqrt(1 - phi**2)
    return np.asarray(lfilter([1.0], [1.0, -phi], noise, axis=0))


def pairs(phi: float, repetitions: int = PAIRS, steps: int = STEPS) -> dict[str, Any]:
    """Judge one draw against another of the same law, by both protocols."""
    found: dict[str, Any] = {"blocked": [], "published": [], "short": 0}
    for rng in np.random.default_rng(0).spawn(repetitions):
        real, other = (autoregression(phi, steps, rng) for _ in range(2))
        for protocol in ("blocked", "published"):
            plan = Plan("svc", widths=(6,), max_lag=1, protocol=protocol)
            bench = plan.bench(real, reference=False)
            found[protocol].append(bench.judge(other, rng=rng).auc)
        found["short"] += bool(bench.shortness())
    return found


# -- the p-values of a right model ---------------------------------------------------------


def vector_autoregression(series: Any, held: Rows, rng: np.random.Generator) -> Sampler:
    """Fit a ridge VAR(1) with Gaussian noise to the rows that are not held out."""
    frame = as_frame(np.asarray(series), NAMES)
    rows = complement(held or (), len(frame))
    lagged = [f"{cause}[t-1] --> {effect}" for effect in NAMES for cause in NAMES]
    model = cs.tcs(
        [frame.iloc[row] for row in rows],
        max_lag=1,
        discovery=TemporalGraph.from_edges(lagged, NAMES),
        mechanism="ridge",
        noise="gaussian",
        rng=rng,
    )
    return lambda steps, paths, stream: model.sample(steps, paths, rng=stream)


def rejected(held: Rows, steps: int, rng: np.random.Generator) -> dict[str, bool]:
    """Tell whether a right model has p = 1 / 20, by either null.

    It has if none of 19 null values is as large as its AUC, so that drawing ends at the first
    that is [Besag1991]_.

    References
    ----------
    .. [Besag1991] Besag & Clifford, Sequential Monte Carlo p-values, Biometrika 78(2).
    """
    real = autoregression(PHI, steps, rng)
    bench = Plan("svc", max_lag=1, held=held).bench(as_frame(real, NAMES), reference=False)
    sample = vector_autoregression(real, held, rng)
    auc = bench.judge(sample(steps, 1, rng), rng=rng).auc
    nulls: dict[str, Refit] = {
        "refitted": lambda series, stream: vector_autoregression(series, held, stream),
        "not refitted": lambda _, __: sample,
    }
    return {how: _exceeds_all(auc, bench, sample, refit, rng) for how, refit in nulls.items()}


def _exceeds_all(
    auc: float, bench: Bench, sample: Sampler, refit: Refit, rng: np.random.Generator
) -> bool:
    return all(
        parametric_null(bench, sample, refit, paths=1, repetitions=1, rng=rng)[0] < auc
        for _ in range(DRAWS)
    )


def rejections(batch: int, trials: int = BATCH, steps: int = TRIAL_STEPS) -> dict[str, int]:
    """Count how often a right model is rejected: by the rows it saw, and by others."""
    situations = {"same rows": None, "held-out blocks": interleaved(steps, BLOCK)[1]}
    found: Counter[str] = Counter()
    for where, held in situations.items():
        for rng in np.random.default_rng(1 + batch).spawn(trials):
            verdicts = rejected(held, steps, rng)
            found.update({f"{where}, {how}": int(hit) for how, hit in verdicts.items()})
    return dict(found)


# -- interventions on known models ---------------------------------------------------------


def under_do(
    seed: int, fit_steps: int = FIT_STEPS, mechanism: str = "auto", **sizes: int
) -> dict[str, Any]:
    """Fit a nonlinear random model with its own graph, and with the one that is found."""
    truth = cs.random_temporal_scm(
        VARIABLES, max_lag=MAX_LAG, degree=DEGREE, mechanism="nonlinear", rng=seed
    )
    series = truth.sample(fit_steps, rng=seed).frame()
    graphs = {"true graph": truth.graph, "found graph": "pcmci_plus"}
    found: dict[str, Any] = {}
    for which, graph in graphs.items():
        model = cs.tcs(series, max_lag=MAX_LAG, discovery=graph, mechanism=mechanism, rng=seed)
        found[which] = distances(model, truth, seed, **sizes)
        found[f"{which}, shd"] = cs.metrics.shd(model.graph, truth.graph)
    return found


def distances(
    model: TemporalSCM, truth: TemporalSCM, seed: int, **sizes: int
) -> dict[str, dict[str, float]]:
    """Give for each treatment the mean and largest distance over outcomes and both levels."""
    found = interventional_distance(model, truth, rng=seed, **sizes)
    summary = {}
    for name in truth.variables:
        mine = [row for row in found if row.treatment == name]
        if mine:
            gaps, usual = np.array([(row.distance, row.reference) for row in mine]).T
            summary[name] = {
                "outcomes": len({row.outcome for row in mine}),
                "mean": float(gaps.mean()),
                "most": float(gaps.max()),
                "usual": float(usual.max()),
            }
    return summary


# -- the report ----------------------------------------------------------------------------

TEXT = """# How far the judges can be trusted

Made by `python benchmarks/judging.py --write docs/judging.md`; do not edit. The numbers stand in
[judging.json](judging.json); real series are judged in [simulation.md](simulation.md).

## Two draws of one law

{variables} independent AR(1) series of {steps} steps against {variables} others with the same
coefficient phi, {pairs} times: nothing can tell them apart, and a calibrated AUC is .5 on average.
One support vector machine, windows of 6 steps; *blocked* are five contiguous folds with a purge
gap, *published* is the reference protocol, which splits overlapping windows at random. *Flagged*
counts the series that `c2st` calls too short to judge: by their autocorrelation time they are
worth fewer than 10 independent steps.

{calibration}

One series scatters widely: the table tells about averages, and a single AUC needs a p-value.

## The p-value of a right model

A ridge VAR(1) is fitted to {variables} independent AR(1) series with phi = {phi}
({trial_steps} steps) and judged by the same machine, one path against one; {draws} null values,
so that p <= .05 means that the AUC is larger than all of them. A right model should have that 5
times in 100; the share is given with its 95 % interval. *Refitted* fits the model anew to each
path that plays the real series. *Same rows* judges the rows that the model was fitted to,
*held-out blocks* every second block of {block} steps, and fits to the others.

{levels}

## Interventions on known models

Nonlinear random models of {variables} variables, lags up to {lag}, {fit_steps} steps; `tcs` with
its default mechanisms, once with the true graph and once with the one that PCMCI+ finds. Each
variable is held at its 10 % and at its 90 % quantile: Wasserstein-1 distance between the laws
of the model and of the truth, in true standard deviations, mean over both levels and all
variables that descend from it in either graph, and the largest in brackets. *Sampling* is the
largest distance between two samples of the truth. Variables without descendants have no row; SHD
counts the edges that differ.

{interventions}
"""


def report(found: dict[str, Any]) -> str:
    """Write the whole text from what has been measured."""
    return TEXT.format(
        variables=VARIABLES,
        steps=STEPS,
        pairs=PAIRS,
        phi=PHI,
        draws=DRAWS,
        trial_steps=TRIAL_STEPS,
        block=BLOCK,
        lag=MAX_LAG,
        fit_steps=FIT_STEPS,
        calibration=calibration(found),
        levels=levels([one for key, one in found.items() if key.startswith("null|")]),
        interventions=interventions(found),
    )


def calibration(found: dict[str, Any]) -> str:
    """Write the table of two draws of one law."""
    rows = []
    for phi in PHIS:
        one = found[f"pairs|{phi}"]
        cells = [
            f"{np.mean(one[protocol]):.3f} (sd {np.std(one[protocol], ddof=1):.3f})"
            for protocol in ("blocked", "published")
        ]
        rows.append([f"{phi}", *cells, f"{one['short']} of {len(one['blocked'])}"])
    return markdown(["phi", "blocked: mean AUC", "published: mean AUC", "flagged"], rows)


def levels(batches: Sequence[dict[str, int]]) -> str:
    """Write how often a right model is rejected."""
    trials, rows = BATCH * len(batches), []
    for situation in sorted(batches[0], reverse=True):
        hits = sum(batch[situation] for batch in batches)
        low, high = wilson(hits, trials)
        share = f"{hits / trials:.3f} ({low:.3f} to {high:.3f})"
        rows.append([situation, f"{hits} of {trials}", share])
    return markdown(["judged on, null", "p <= .05", "share"], rows)


def interventions(found: dict[str, Any]) -> str:
    """Write the table of distances under do()."""
    rows = []
    for seed in range(MODELS):
        one = found[f"do|{seed}"]
        wrong = one["found graph, shd"]
        for name in NAMES:
            both = [one[which].get(name) for which in ("true graph", "found graph")]
            cells = [f"{each['mean']:.3f} [{each['most']:.3f}]" if each else "" for each in both]
            known = [each for each in both if each]
            if known:
                usual = max(each["usual"] for each in known)
                count = str(max(each["outcomes"] for each in known))
                rows.append([f"{seed}", name, count, *cells, f"{usual:.3f}", f"{wrong:.0f}"])
    header = ["model", "do", "descendants", "true graph", "found graph", "sampling", "SHD found"]
    return markdown(header, rows)


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="the report")
    parser.add_argument("--counts", type=Path, default=Path("docs/judging.json"))
    options = parser.parse_args()
    single_thread()
    warnings.simplefilter("ignore", FitWarning)
    found = measured(
        options.counts,
        {f"pairs|{phi}": partial(pairs, phi) for phi in PHIS}
        | {f"do|{seed}": partial(under_do, seed) for seed in range(MODELS)}
        | {f"null|{batch}": partial(rejections, batch) for batch in range(TRIALS // BATCH)},
    )
    publish(report(found), options.write, machine())


if __name__ == "__main__":
    main()
