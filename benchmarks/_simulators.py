"""Series to be judged: those that others have released, ours, and sets like the paper's C1.

References
----------
.. [TCS] Gkorgkolis, Kougioulis, Wang, Caglayan, Tonon, Simionato & Tsamardinos, Temporal
   causal-based simulation for realistic time-series generation, arXiv 2506.02084.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import causalsim as cs
from causalsim._parallel import check_progress
from causalsim.data import read_table
from causalsim.scm import Clock, Driver, Trend
from causalsim.simulate import Configuration
from causalsim.simulate._act import ROUNDS, _Search
from causalsim.simulate._leaderboard import Store
from causalsim.simulate._space import seasonal_period
from causalsim.simulate._tuning import Split
from causalsim.simulate._windows import as_frame, complement

__all__ = ["C1_EDGES", "CONTROLS", "DATA", "FIXED", "MAX_LAG", "PANEL_PATHS", "PATHS", "PEERS"]
__all__ += ["PUBLISHED_PATHS", "RECIPES", "SETS", "c1_like", "choose", "ours", "read"]

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
RECIPES: dict[str, tuple[str, float | None, str]] = {
    "sparse": ("pcmci_plus", 0.001, "forest_sampler"),
    "dense": ("dense", None, "forest_sampler"),
    "sparse ridge": ("pcmci_plus", 0.001, "ridge"),
    "dense ridge": ("dense", None, "ridge"),
}
FIXED = ("sparse", "dense")
PEERS = {"TCS": ".simulated_by_tcs", "CausalTime": ".simulated_by_causaltime"}
CONTROLS = ("ridge_var", "stationary_bootstrap")
PATHS, PANEL_PATHS, PUBLISHED_PATHS = 20, 4, 3
MAX_LAG, BLOCK = 3, 50
C1_EDGES = (6, 11, 11, 13, 13, 18, 22, 20, 26, 25, 30, 3, 10, 9, 16, 17, 28, 27, 28)
BOUND = 50.0

Rows = tuple[slice, ...]


def read(name: str, suffix: str = "") -> np.ndarray:
    """Read a released file, shape (steps, variables)."""
    import pandas as pd

    return pd.read_csv(DATA / f"{SETS[name]}{suffix}.csv.gz").to_numpy(float)


def ours(real: np.ndarray, fit: Rows, recipe: str, paths: int, seed: int = 0) -> np.ndarray:
    """Fit to some rows, and simulate as many steps as the real series has."""
    discovery, alpha, mechanism = RECIPES[recipe]
    frame = named(real)
    model = cs.tcs(
        [frame.iloc[row] for row in fit],
        max_lag=MAX_LAG,
        discovery=discovery,
        alpha=alpha,
        mechanism=mechanism,
        exogenous=drivers(real, fit),
        starts=[row.start for row in fit],
        rng=seed,
    )
    simulated: np.ndarray = model.sample(len(real), paths, rng=seed).array
    return simulated


def named(real: np.ndarray) -> Any:
    """Give the columns the same names in all files."""
    return as_frame(real, tuple(f"V{k}" for k in range(real.shape[1])))


def drivers(real: np.ndarray, fit: Rows) -> tuple[Driver, ...]:
    """Give a trend, and the season if the fitted rows show one."""
    period = seasonal_period(np.vstack([real[row] for row in fit]))
    return (Trend(6), *(() if period is None else (Clock(period),)))


def choose(real: np.ndarray, fit: Rows, held: Rows, seed: int = 0) -> dict[str, Any]:
    """Let the search of :func:`causalsim.act` choose a recipe; held-out rows take no part.

    Of the fitted rows, every third piece of 50 steps judges, and the others fit. Time stands
    still between the pieces, so that clocks and trends are right.
    """
    borders = [(at, min(at + BLOCK, row.stop)) for row in fit
               for at in range(row.start, row.stop, BLOCK)]  # fmt: skip
    select = tuple(slice(*border) for border in borders[1::3])
    split = Split(complement((*select, *held), len(real)), select, held)
    outside = drivers(real, fit)
    space = [
        Configuration(discovery, mechanism, exogenous=outside, alpha=alpha, label=label)
        for label, (discovery, alpha, mechanism) in RECIPES.items()
    ]
    table = read_table(named(real), kinds="continuous", degenerate="keep")
    progress = check_progress(progress=False)
    search = _Search(table, MAX_LAG, split, "blocked", seed, 1, Store(), progress)
    candidates = search.fitted(space)
    entries, finalists, bench = search.judged(candidates, ROUNDS, None)
    winner = search.winner(candidates, entries, finalists, bench, "one_se")
    return {
        "recipe": space[winner].label,
        "by_recipe": {entry.label: entry.auc for entry in entries},
        "round": {entry.label: entry.round for entry in entries},
    }


def c1_like(number: int, variables: int = 10, steps: int = 1000) -> tuple[np.ndarray, np.ndarray]:
    """Draw a series like a set of the paper's C1, and a second one of the same law.

    As many edges at lag 1 as that set has, between any two variables or of one with itself; a
    sum over edges of ``c f(x)``, c from .3 to .5, f one of eight functions; Gaussian noise of
    standard deviation .25. Drawn anew until no value reaches 50.

    Returns
    -------
    two arrays of shape (steps, variables)
    """
    rng = np.random.default_rng(number)
    edges = min(C1_EDGES[number], variables**2)
    for _ in range(10_000):
        weights = np.zeros((8, variables, variables))
        cause, effect = np.divmod(rng.choice(variables**2, edges, replace=False), variables)
        weights[rng.integers(8, size=edges), cause, effect] = rng.uniform(0.3, 0.5, edges)
        both = _roll(weights, rng.normal(scale=0.25, size=(steps + 100, 2, variables)))
        if np.abs(both).max() < BOUND:
            return both[100:, 0], both[100:, 1]
    raise RuntimeError(f"no stable set with {edges} edges among {variables} variables")


def _roll(weights: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Roll paths forward, shape (steps, paths, variables); values are cut off at 50."""
    x = np.empty_like(noise)
    now = np.zeros(noise.shape[1:])
    for t, shock in enumerate(noise):
        parts = np.stack([
            now, now**2, now**3, np.exp(now), np.sin(now), np.log1p(np.abs(now)), np.tanh(now),
            1 / (1 + np.exp(-now)),
        ])  # fmt: skip
        now = np.clip(np.einsum("kij,kpi->pj", weights, parts) + shock, -BOUND, BOUND)
        x[t] = now
    return x
