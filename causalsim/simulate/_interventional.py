"""What only a known truth, or another equally good model, can say about interventions.

A fidelity that is observational cannot tell X --> Y from Y --> X where both give the same series.
Here stands what can: the laws under do() of a model and of the known truth; whether a search
finds the model's own graph again in its series; and *observational twins*, other members of the
model's class, over which an effect is a range.

References
----------
.. [Chickering1995] Chickering, A transformational characterization of equivalent Bayesian network
   structures, UAI 1995: equivalent DAGs differ by a sequence of covered edges turned around.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from causalsim._rng import RNG, check_rng
from causalsim.discovery import pcmci_plus
from causalsim.errors import GraphError, LimitError, NameNotFoundError, OptionError, listing
from causalsim.graph import Mark, Set, TemporalGraph
from causalsim.graph._base import closure
from causalsim.metrics import graph_scores
from causalsim.scm import Paths, TemporalSCM
from causalsim.simulate._marginals import wasserstein

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


def twins(model: TemporalSCM, series: Any, *, limit: int = 100) -> tuple[TemporalSCM, ...]:
    r"""Fit every linear Gaussian model of the same class to a series.

    An edge X --> Y within a step is covered if the other parents of Y, at all lags, are those of
    X. Turning covered edges around, one after the other, reaches the whole class
    [Chickering1995]_; time directs the lagged edges. All members give the series the same
    likelihood. Edges out of drivers stay, and so do those at a variable whose noise depends on
    another's.

    Parameters
    ----------
    model : TemporalSCM
        Linear.
    series : DataFrame, array or list
        What the model was learnt from.
    limit : int
        The most members to fit.

    Returns
    -------
    tuple of TemporalSCM
        The first has the model's own graph; the only one if the class has no other member.

    Raises
    ------
    OptionError
        If a mechanism is not linear: the data may then tell the members apart. The same holds of
        noise that is not Gaussian, which is not refused: the members agree in mean and
        covariance only.
    LimitError
        If the class is larger than ``limit``.

    Examples
    --------
    >>> model = TemporalSCM.from_weights({"X --> Y": 1.0, "X[t-1] --> X": 0.5})
    >>> [str(twin.graph) for twin in twins(model, model.sample(300, rng=0).frame())]
    ['X[t-1] --> X\nX --> Y']
    >>> model = TemporalSCM.from_weights({"X --> Y": 1.0})
    >>> len(twins(model, model.sample(300, rng=0).frame()))
    2
    """
    model.weights()
    joint = "gaussian" if model.copula else "none"
    return tuple(
        TemporalSCM.fit(
            _directed_part(graph),
            series,
            mechanism="linear",
            noise="gaussian",
            joint=joint,
            exogenous=model.drivers,
            rng=0,
        )
        for graph in _members(model.graph, limit)
    )


def _directed_part(graph: TemporalGraph) -> TemporalGraph:
    """Leave out ``<->``, which a fit finds again."""
    kept = graph.directed.copy()
    kept[:, :, 0] |= graph.directed[:, :, 0].T
    return TemporalGraph(graph.nodes, graph.marks * kept, graph.past_marks * kept, graph.roles)


def _members(graph: TemporalGraph, limit: int) -> list[TemporalGraph]:
    """List the graphs that covered edges, turned one by one, lead to."""
    found = [graph]
    for member in found:
        for i, j in _covered(member):
            twin = _turned(member, i, j)
            if twin not in found:
                found.append(twin)
        if len(found) > limit:
            raise LimitError(f"the class has more than limit={limit} members; raise limit.")
    return found


def _covered(graph: TemporalGraph) -> list[tuple[int, int]]:
    """Give the edges i --> j within a step where j has the parents of i, and i."""
    hidden = np.equal(graph.marks, Mark.ARROW) & np.equal(graph.past_marks, Mark.ARROW)
    found = []
    for i, j in np.argwhere(graph.directed[:, :, 0]).tolist():
        others = graph.directed[:, j].copy()
        others[i, 0] = False
        free = graph.roles[i] == "variable" and not (hidden[:, i] | hidden[:, j]).any()
        if free and (others == graph.directed[:, i]).all():
            found.append((i, j))
    return found


def _turned(graph: TemporalGraph, i: int, j: int) -> TemporalGraph:
    """Turn i --> j within a step around; a covered edge closes no cycle."""
    marks, past = graph.marks.copy(), graph.past_marks.copy()
    marks[i, j, 0] = past[j, i, 0] = Mark.TAIL
    marks[j, i, 0] = past[i, j, 0] = Mark.ARROW
    return TemporalGraph(graph.nodes, marks, past, graph.roles)


def effect_range(
    models: Sequence[TemporalSCM],
    treatment: str,
    outcome: str,
    value: float,
    horizon: int = 0,
    *,
    paths: int = 500,
    rng: RNG = None,
) -> tuple[float, float]:
    """Give the smallest and largest effect that equally good models predict.

    The effect is the mean of the outcome, ``horizon`` steps after the treatment begins to be
    held at a value, minus its mean without that, with the same noise in both.

    Parameters
    ----------
    models : sequence of TemporalSCM
        Such as :func:`twins` gives.
    treatment, outcome : str
    value : float
    horizon : int
        0 is the step at which holding begins.
    paths : int
        Over which the mean is taken.
    rng : int, Generator or None
        The same noise for all models.

    Returns
    -------
    low, high : float

    Raises
    ------
    NameNotFoundError
        If a variable does not exist.
    OptionError
        If there are no models, or ``horizon`` is negative.

    Examples
    --------
    >>> model = TemporalSCM.from_weights({"X --> Y": 1.0})
    >>> both = twins(model, model.sample(2000, rng=0).frame())
    >>> effect_range(both, "X", "Y", 2.0, 0, rng=0)
    (0.0, 2.0)
    """
    if not models:
        raise OptionError("models is empty; give at least one.")
    if type(horizon) is not int or horizon < 0:
        raise OptionError(f"horizon={horizon!r}: expected a whole number from 0 on.")
    seed = int(check_rng(rng).integers(2**31))
    held = {treatment: Set(value, window=(0, None))}
    found = []
    for model in models:
        if outcome not in model.variables:
            raise NameNotFoundError.from_names("variable", outcome, model.variables)
        at = model.variables.index(outcome)
        ends = [
            m.sample(horizon + 1, paths, rng=seed).array[:, -1, at]
            for m in (model.do(held), model)
        ]
        found.append(float((ends[0] - ends[1]).mean()))
    return min(found), max(found)
