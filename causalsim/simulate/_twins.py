r"""Observational twins: models of the same series that differ under intervention.

Two things of a model can be otherwise while its series stay what they are:

* the direction of a *covered* edge within a step, X --> Y where the other parents of Y, at all
  lags, are those of X. Turning covered edges around, one after the other, reaches the whole class
  of a linear Gaussian model [Chickering1995]_; time directs the lagged edges;
* the reading of X <-> Y, noises that depend on each other: a hidden common cause, or X --> Y, or
  Y --> X, where that closes no cycle. With Y = f(parents of Y) + E' and E' = g(E) + U, E being the
  noise of X, Y is a function of its parents, of X and of the parents of X: as X --> Y is read,
  Y takes all of them. For linear functions this is exact; a bow-free change of marks that needs no
  further parents is the case of [Zhang2005]_.

Over twins an effect is a range.

References
----------
.. [Chickering1995] Chickering, A transformational characterization of equivalent Bayesian network
   structures, UAI 1995: equivalent DAGs differ by a sequence of covered edges turned around.
.. [Zhang2005] Zhang & Spirtes, A transformational characterization of Markov equivalence for
   directed acyclic graphs with latent variables, UAI 2005.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from causalsim._rng import RNG, check_rng
from causalsim.errors import LimitError, NameNotFoundError, OptionError
from causalsim.graph import Mark, Set, TemporalGraph
from causalsim.graph._base import closure
from causalsim.scm import TemporalSCM
from causalsim.scm._nodes import fit_node
from causalsim.scm._series_fit import Recipe, as_list, read_panel, without_dependence

__all__ = ["Family", "effect_range", "effects", "family", "fit_family", "twins"]

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]


class Family(NamedTuple):
    """Graphs of the same series, the model's own first, and how they are fitted."""

    graphs: tuple[TemporalGraph, ...]
    complete: bool
    recipe: Recipe


def twins(model: TemporalSCM, series: Any, *, limit: int = 100) -> tuple[TemporalSCM, ...]:
    r"""Fit every model of the same series that differs by covered edges or readings of ``<->``.

    Linear models are fitted with Gaussian noise. Their twins give the series the same likelihood
    where edges are turned, and one at least as high, from parents added, where ``<->`` is read as
    an edge. Of other models ``<->`` alone is read anew, by their own recipe. Edges out of drivers
    stay, and so do those at a variable whose noise depends on another's.

    Parameters
    ----------
    model : TemporalSCM
    series : DataFrame, array or list
        What the model was learnt from.
    limit : int
        The most models to fit.

    Returns
    -------
    tuple of TemporalSCM
        The first has the model's own graph; the only one if there is no other. After it, for each
        variable with dependent noise, all ``<->`` read as edges, its own out of it.

    Raises
    ------
    OptionError
        If a mechanism is not linear and no noises depend on each other: the data may then tell
        the members of a class apart. The same holds of noise that is not Gaussian, which is not
        refused: the members agree in mean and covariance only.
    LimitError
        If there are more than ``limit``.

    Examples
    --------
    >>> model = TemporalSCM.from_weights({"X --> Y": 1.0, "X[t-1] --> X": 0.5})
    >>> [str(twin.graph) for twin in twins(model, model.sample(300, rng=0).frame())]
    ['X[t-1] --> X\nX --> Y']
    >>> model = TemporalSCM.from_weights({"X --> Y": 1.0})
    >>> len(twins(model, model.sample(300, rng=0).frame()))
    2
    """
    found = family(model, limit)
    if not found.complete:
        raise LimitError(f"there are more than limit={limit} twins; raise limit.")
    return fit_family(model, found, series)


def family(model: TemporalSCM, limit: int) -> Family:
    """List graphs of the same series, at most ``limit`` of them.

    Parameters
    ----------
    model : TemporalSCM
    limit : int

    Returns
    -------
    Family

    Raises
    ------
    OptionError
        As :func:`twins`.
    """
    recipe, linear = _recipe(model)
    return Family(*_members(model.graph, limit, turn=linear), recipe)


def _recipe(model: TemporalSCM) -> tuple[Recipe, bool]:
    """Give how twins are fitted, and whether the model is linear."""
    try:
        model.weights()
    except OptionError:
        if model.recipe is None or model.copula is None:
            raise
        return model.recipe, False
    return Recipe("linear", "gaussian", "gaussian" if model.copula else "none"), True


def fit_family(model: TemporalSCM, found: Family, series: Any) -> tuple[TemporalSCM, ...]:
    """Fit each graph; variables with the same parents are learnt once.

    Parameters
    ----------
    model : TemporalSCM
        Whose drivers are kept.
    found : Family
    series : DataFrame, array or list

    Returns
    -------
    tuple of TemporalSCM
    """
    nodes: dict[Any, Any] = {}
    made = []
    panel = read_panel(as_list(series), found.graphs[0], model.drivers, None).series
    for graph in map(without_dependence, found.graphs):
        tasks = found.recipe.tasks(graph, panel, model.variables, 0)
        keys = {name: (name, graph.parents(name)) for name in tasks}
        for name, key in keys.items():
            if key not in nodes:
                nodes[key] = fit_node(*tasks[name])
        fitted = {name: nodes[key] for name, key in keys.items()}
        made.append(TemporalSCM.assembled(graph, fitted, found.recipe, model.drivers))
    return tuple(made)


# -- graphs of the same series ------------------------------------------------------------


def _members(
    graph: TemporalGraph, limit: int, *, turn: bool
) -> tuple[tuple[TemporalGraph, ...], bool]:
    """List the graphs that changes, one by one, lead to, and tell whether these are all."""
    hidden = _hidden(graph)
    firsts = np.flatnonzero(hidden.any(axis=1)).tolist()
    found = dict.fromkeys([graph, *(_all_read(graph, first) for first in firsts)])
    queue = list(found)
    for member in queue:
        for twin in _changed(member, turn=turn):
            if twin not in found:
                found[twin] = None
                queue.append(twin)
            if len(found) > limit:
                return tuple(queue[:limit]), False
    return tuple(queue[:limit]), len(queue) <= limit


def _changed(graph: TemporalGraph, *, turn: bool) -> Iterator[TemporalGraph]:
    """Give the graphs that are one change away."""
    if turn:
        for i, j in _covered(graph):
            yield _turned(graph, i, j)
    for i, j in np.argwhere(_hidden(graph)).tolist():
        if _readable(graph, i, j):
            yield _read(graph, i, j)


def _hidden(graph: TemporalGraph) -> Booleans:
    """Tell which pairs have noises that depend on each other, shape (p, p)."""
    arrows = np.equal(graph.marks, Mark.ARROW) & np.equal(graph.past_marks, Mark.ARROW)
    return np.asarray(arrows[:, :, 0])


def _covered(graph: TemporalGraph) -> list[tuple[int, int]]:
    """Give the edges i --> j within a step where j has the parents of i, and i."""
    hidden = _hidden(graph)
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


def _readable(graph: TemporalGraph, i: int, j: int) -> bool:
    """Tell whether i <-> j can be read as i --> j: no cycle, and no other ``<->`` in the way.

    Where the noise of j depends on that of a parent of i, that pair has to be read first.
    """
    now = graph.directed[:, :, 0]
    return not closure(np.asarray(now))[j, i] and not (_hidden(graph)[:, j] & now[:, i]).any()


def _read(graph: TemporalGraph, i: int, j: int) -> TemporalGraph:
    """Read i <-> j as i --> j, where j takes the parents of i, too."""
    marks, past = graph.marks.copy(), graph.past_marks.copy()
    taken = graph.directed[:, i].copy()
    taken[i, 0] = True
    marks[:, j][taken], past[:, j][taken] = Mark.ARROW, Mark.TAIL
    now = taken[:, 0]
    marks[j, now, 0], past[j, now, 0] = Mark.TAIL, Mark.ARROW
    return TemporalGraph(graph.nodes, marks, past, graph.roles)


def _all_read(graph: TemporalGraph, first: int) -> TemporalGraph:
    """Read every ``<->`` as an edge if it can be, those of one variable out of it and first."""
    pairs = np.argwhere(_hidden(graph)).tolist()
    for i, j in sorted(pairs, key=lambda pair: bool(pair[0] != first)):
        if _hidden(graph)[i, j] and _readable(graph, i, j):
            graph = _read(graph, i, j)
    return graph


# -- effects ------------------------------------------------------------------------------


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
    found = effects(models, {treatment: value}, [outcome], horizon, paths=paths, rng=rng)
    last = found[:, 0, -1, 0]
    return float(last.min()), float(last.max())


def effects(
    models: Sequence[TemporalSCM],
    values: Mapping[str, float],
    outcomes: Sequence[str],
    horizon: int,
    *,
    against: Mapping[str, float] | None = None,
    paths: int = 500,
    burn_in: int = 200,
    rng: RNG = None,
) -> Floats:
    """Give the mean effects of holding each treatment, by itself, from step 0 on.

    Parameters
    ----------
    models : sequence of TemporalSCM
    values : mapping of str to float
        At which each treatment is held.
    outcomes : sequence of str
    horizon : int
        The last step.
    against : mapping of str to float, optional
        The other value of each treatment, which for a linear model leaves no noise in the
        effect; by default treatments are compared with being left alone.
    paths : int
        Over which the mean is taken.
    burn_in : int
        Steps before step 0.
    rng : int, Generator or None
        The same noise for all models and treatments.

    Returns
    -------
    array of shape (models, treatments, horizon + 1, outcomes)

    Raises
    ------
    NameNotFoundError
        If a variable does not exist.

    Examples
    --------
    >>> from causalsim.scm import ZeroNoise
    >>> model = TemporalSCM.from_weights({"X[t-1] --> Y": 3.0}, noise=ZeroNoise())
    >>> effects([model], {"X": 2.0}, ["X", "Y"], 1, rng=0)[0, 0]
    array([[2., 0.],
           [2., 6.]])
    """
    seed = int(check_rng(rng).integers(2**31))
    found = []
    for model in models:
        for name in outcomes:
            if name not in model.variables:
                raise NameNotFoundError.from_names("variable", name, model.variables)
        at = [model.variables.index(name) for name in outcomes]
        ends = [
            [model.do({name: Set(value, window=(0, None))}) for name, value in side.items()]
            for side in (values, against or {})
        ]
        high, low = (
            [
                one.sample(horizon + 1, paths, burn_in=burn_in, rng=seed).array.mean(axis=0)[:, at]
                for one in side
            ]
            for side in (ends[0], ends[1] or [model])
        )
        found.append(np.stack(high) - np.stack(low))
    return np.array(found)
