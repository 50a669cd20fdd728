"""What only a known truth, or another equally good model, can say about interventions.

A fidelity that is observational cannot tell X --> Y from Y --> X where both give the same series.
Here stands what can: the laws under do() of a model and of the known truth; whether a search
finds the model's own graph again in its series; and, from :mod:`._twins`, *observational twins*,
over which an effect is a range.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from causalsim._rng import RNG, check_rng
from causalsim.discovery import pcmci_plus
from causalsim.errors import GraphError, listing
from causalsim.graph import TemporalGraph
from causalsim.graph._base import closure
from causalsim.metrics import graph_scores
from causalsim.scm import Paths, TemporalSCM
from causalsim.simulate._marginals import wasserstein
from causalsim.simulate._twins import effect_range, twins

__all__ = ["UnderDo", "effect_range", "interventional_distance", "recovery", "twins"]

Floats = NDArray[np.float64]

LEVELS = (0.1, 0.9)


@final
@dataclass(frozen=True)
class UnderDo:
    """How far a model is from the truth in one variable, under an intervention on another.

    Parameters
    ----------
    treatment, outcome : str
    level : float
        The quantile of the treatment's own law at which it is held.
    value : float
        What that is.
    distance : float
        Wasserstein-1 between the model's and the true law of the outcome under do(), in true
        standard deviations.
    reference : float
        The same between two samples of the truth: what sampling alone shows.
    """

    treatment: str
    outcome: str
    level: float
    value: float
    distance: float
    reference: float


def interventional_distance(
    model: TemporalSCM,
    truth: TemporalSCM,
    *,
    steps: int = 500,
    paths: int = 20,
    rng: RNG = None,
) -> tuple[UnderDo, ...]:
    """Hold each variable low and high, at all times, and compare the laws of its descendants.

    Parameters
    ----------
    model, truth : TemporalSCM
        Of the same variables.
    steps, paths : int
        Of each sample.
    rng : int, Generator or None

    Returns
    -------
    tuple of UnderDo
        For every treatment, its 10 % and 90 % quantile, and every outcome that descends from it
        in either graph.

    Raises
    ------
    GraphError
        If the variables differ.

    Examples
    --------
    >>> truth = TemporalSCM.from_weights({"X --> Y": 1.0})
    >>> wrong = TemporalSCM.from_weights({"X --> Y": -1.0})
    >>> row = interventional_distance(wrong, truth, rng=0)[0]
    >>> row.treatment, row.outcome, row.distance > 10 * row.reference
    ('X', 'Y', True)
    """
    names = truth.variables
    if sorted(names) != sorted(model.variables):
        raise GraphError(
            f"the model has {listing(model.variables)}, the truth {listing(names)}; compare "
            "models of the same variables."
        )
    seeds = check_rng(rng).integers(2**31, size=3).tolist()

    def draw(scm: TemporalSCM, seed: int) -> Floats:
        return _pooled(scm.sample(steps, paths, rng=seed), names)

    plain = draw(truth, seeds[0])
    reached = _descendants(truth, names) | _descendants(model, names)
    found = []
    for i, treatment in enumerate(names):
        if not reached[i].any():
            continue
        for level, value in zip(LEVELS, np.quantile(plain[:, i], LEVELS).tolist(), strict=True):
            right, again = (draw(truth.do({treatment: value}), seed) for seed in seeds[:2])
            mine = draw(model.do({treatment: value}), seeds[2])
            gaps = (wasserstein(right, other, plain.std(axis=0)) for other in (mine, again))
            rows = zip(names, reached[i], *gaps, strict=True)
            found += [
                UnderDo(treatment, outcome, level, value, float(gap), float(usual))
                for outcome, below, gap, usual in rows
                if below
            ]
    return tuple(found)


def _pooled(sample: Paths, names: Sequence[str]) -> Floats:
    """Give all steps of all paths, columns in the order of ``names``."""
    order = [sample.names.index(name) for name in names]
    return sample.array[:, :, order].reshape(-1, len(names))


def _descendants(model: TemporalSCM, names: Sequence[str]) -> NDArray[np.bool_]:
    """Tell at [i, j] whether i causes another variable j, at whatever lag."""
    graph = model.graph.subgraph(names).reorder(names)
    at_some_lag = np.asarray(graph.directed.any(axis=2))
    return np.asarray(closure(at_some_lag) & ~np.eye(len(graph), dtype=bool))


def recovery(
    model: TemporalSCM, *, steps: int = 1000, alpha: float = 0.01, rng: RNG = None
) -> list[dict[str, float | str]]:
    """Search a simulated series for the graph that made it, with PCMCI+.

    Parameters
    ----------
    model : TemporalSCM
    steps : int
        Of the series.
    alpha : float
        Level of each test.
    rng : int, Generator or None

    Returns
    -------
    list of dict
        One row for all lags (``lag="all"``), then one for each lag, of
        :func:`causalsim.metrics.graph_scores`.

    Raises
    ------
    OptionError
        If an option is out of range.

    Notes
    -----
    Within a step, edges that the class leaves open cannot be directed by any search: the
    arrowhead scores at lag 0 have that limit. Drivers are left out: the search has to do
    without them.

    Examples
    --------
    >>> model = TemporalSCM.from_weights({"X[t-1] --> X": 0.5, "X[t-1] --> Y": 0.6})
    >>> rows = recovery(model, steps=500, rng=0)
    >>> [(row["lag"], row["shd"]) for row in rows]
    [('all', 0.0), (0, 0.0), (1, 0.0)]
    """
    series = model.sample(steps, rng=rng).frame()
    truth = model.graph.subgraph(model.variables)
    found = pcmci_plus(series, truth.max_lag, alpha=alpha).graph
    whole: dict[str, float | str] = {"lag": "all", **graph_scores(found, truth)}
    return [whole] + [
        {"lag": lag, **graph_scores(_at(found, lag), _at(truth, lag))}
        for lag in range(truth.max_lag + 1)
    ]


def _at(graph: TemporalGraph, lag: int) -> TemporalGraph:
    """Keep the edges of one lag."""
    here = np.arange(graph.max_lag + 1) == lag
    return TemporalGraph(graph.nodes, graph.marks * here, graph.past_marks * here, graph.roles)
