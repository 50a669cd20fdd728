"""Predicting a condition that no rows of a search came from, along the graph that was found.

Two things are predicted. Each variable given its parents, at the parents' values in the new rows:
does its mechanism carry over? And the condition itself: known targets take the values that the
condition gives them, the other fitted mechanisms are run forward, and the draws are compared with
the new rows by the energy score [Gneiting2007]_, in one dimension the continuous ranked
probability score. The baseline is in both cases the pooled rows of the search, without a graph.

References
----------
.. [Gneiting2007] Gneiting & Raftery, Strictly proper scoring rules, prediction, and estimation,
   Journal of the American Statistical Association 102, 359-378.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np
from numpy.typing import NDArray

from causalsim._rng import RNG, spawn
from causalsim.data import Table
from causalsim.discovery._refit import as_near_dag
from causalsim.errors import listing
from causalsim.graph import CPDAG, DAG, Replace
from causalsim.scm import SCM

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Prediction", "predict"]

JOINT = "(joint)"
DRAWS = 2000
BLOCK = 1000
Floats = NDArray[np.float64]


@final
@dataclass(frozen=True, eq=False)
class Prediction:
    """How well a condition was predicted.

    Attributes
    ----------
    mechanisms : DataFrame
        By variable: role (target, changing, or invariant), parents, mean log-likelihood of a new
        row under the mechanism at the parents' values in that row, and under the pooled rows,
        both Gaussian; the gain, and its standard error over rows. A variable without parents has
        gain 0 by construction. A target's mechanism is scored to show whether it still holds. A
        changing module is scored with one mechanism for all conditions of the search.
    condition : DataFrame
        By variable that is no target, and for all of them together, ``"(joint)"``: mean energy
        score of the new rows under draws from the model (forward) and under the pooled rows, in
        standard deviations of the latter, smaller being better; the gain, which is pooled less
        forward, and its standard error over rows.
    notes : tuple of str
        Which edges without a direction were given one, and what else was not as found.
    """

    mechanisms: pd.DataFrame
    condition: pd.DataFrame
    notes: tuple[str, ...]

    def summary(self) -> str:
        """Give both tables, rounded, and the notes as text."""
        tables = (self.mechanisms.round(2).to_string(), self.condition.round(2).to_string())
        return "\n".join(
            ("each variable given its parents", tables[0], "the condition", tables[1], *self.notes)
        )


def predict(
    graph: CPDAG,
    learned: Table,
    held: Table,
    targets: Collection[str],
    changing: Collection[str],
    *,
    rng: RNG = None,
) -> Prediction:
    """Fit mechanisms along a graph to rows, and score how they predict other rows.

    Parameters
    ----------
    graph : CPDAG
        Over the variables; where edges have no direction, one extension is taken.
    learned, held : Table
        With the variables in the order of the graph, all continuous.
    targets, changing : collections of str
    rng : int, Generator or None

    Returns
    -------
    Prediction

    Examples
    --------
    >>> from causalsim.data import read_table
    >>> graph = CPDAG.from_edges(["X --> Y"])
    >>> x, e = np.random.default_rng(0).normal(size=(2, 400))
    >>> pairs = (np.column_stack([x + by, x + by + e]) for by in (0, 4))
    >>> rows, moved = (read_table(pair, names=["X", "Y"]) for pair in pairs)
    >>> found = predict(graph, rows, moved, ["X"], [], rng=0)
    >>> (found.condition["gain"] > 10 * found.condition["se"]).all()
    np.True_
    """
    for_fit, for_rows, for_draws = spawn(rng, 3)
    dag, said = as_near_dag(graph)
    model = SCM.fit(dag, learned, rng=for_fit)
    mechanisms = _score_mechanisms(model, learned, held)
    roles = [
        "target" if name in targets else "changing" if name in changing else "invariant"
        for name in graph.nodes
    ]
    mechanisms.insert(0, "role", roles)
    old, new = (np.asarray(table.values) for table in (learned, held))
    drawn = _run_forward(model, new, targets, (for_rows, for_draws))
    left = [i for i, name in enumerate(graph.nodes) if name not in targets]
    rows = for_rows.permutation(old)[:DRAWS]
    parts = (cloud[:, left] / old[:, left].std(axis=0) for cloud in (new, drawn, rows))
    condition = _score_condition([graph.nodes[i] for i in left], *parts)
    return Prediction(mechanisms, condition, said + _turned(graph, dag))


def _turned(graph: CPDAG, dag: DAG) -> tuple[str, ...]:
    """Say how edges without a direction were taken."""
    free = {frozenset(edge.split(" ")[::2]) for edge in graph.edges if " --> " not in edge}
    taken = [edge for edge in dag.edges if frozenset(edge.split(" ")[::2]) in free]
    if not taken:
        return ()
    return (
        (
            f"the found graph leaves directions open; these were taken: {listing(taken)}. Others "
            "fit the rows as well, and may predict otherwise"
        ),
    )


def _score_mechanisms(model: SCM, learned: Table, held: Table) -> pd.DataFrame:
    """Compare the log densities of residuals with those of pooled rows."""
    import pandas as pd

    noise, left = (model.noise_of(table).to_numpy() for table in (learned, held))
    pooled = _log_density(held.values, learned.values)
    parents = [model.graph.parents(name) for name in model.graph.nodes]
    rooted = np.array([not found for found in parents])
    under = np.where(rooted, pooled, _log_density(left, noise))
    gain, error = _mean_and_error(under - pooled)
    columns = {
        "parents": [", ".join(found) for found in parents],
        "log_likelihood": under.mean(axis=0),
        "pooled": pooled.mean(axis=0),
        "gain": gain,
        "se": error,
    }
    return pd.DataFrame(columns, index=pd.Index(model.graph.nodes, name="variable"))


def _log_density(values: Floats, learned: Floats) -> Floats:
    """Give log densities under a Gaussian for each column, learned from other rows."""
    scaled = (values - learned.mean(axis=0)) / learned.std(axis=0)
    return np.asarray(-0.5 * scaled**2 - np.log(np.sqrt(2 * np.pi) * learned.std(axis=0)))


def _run_forward(
    model: SCM,
    held: Floats,
    targets: Collection[str],
    streams: tuple[np.random.Generator, np.random.Generator],
) -> Floats:
    """Draw rows of the condition; targets take values of the held rows, together."""
    rows = held[streams[0].integers(len(held), size=DRAWS)]

    def taking(column: Floats) -> Replace:
        return Replace(lambda n, _: column[:n])

    change = {name: taking(rows[:, model.graph.index(name)]) for name in targets}
    return model.do(change).sample(DRAWS, rng=streams[1]).to_numpy(np.float64)


def _score_condition(names: list[str], held: Floats, drawn: Floats, rows: Floats) -> pd.DataFrame:
    """Compare energy scores, by variable and jointly."""
    import pandas as pd

    parts = {name: [k] for k, name in enumerate(names)}
    parts |= {JOINT: [*range(len(names))]} if names else {}
    found = []
    for at in parts.values():
        forward, pooled = (energy_scores(held[:, at], cloud[:, at]) for cloud in (drawn, rows))
        found.append((forward.mean(), pooled.mean(), *_mean_and_error(pooled - forward)))
    index = pd.Index(list(parts), name="variable")
    return pd.DataFrame(found, index=index, columns=["forward", "pooled", "gain", "se"])


def energy_scores(values: Floats, cloud: Floats) -> Floats:
    """Give E|X - x| - E|X - X'| / 2 for each row x, with X and X' drawn from a cloud.

    >>> energy_scores(np.array([[0.0], [3.0]]), np.array([[0.0], [1.0]])).tolist()
    [0.0, 2.0]
    """
    from scipy.spatial.distance import cdist, pdist

    blocks = np.array_split(values, -(-len(values) // BLOCK))
    to_cloud = np.concatenate([cdist(block, cloud).mean(axis=1) for block in blocks])
    return np.asarray(to_cloud - pdist(cloud).mean() / 2)


def _mean_and_error(rows: Floats) -> tuple[Floats, Floats]:
    """Give the mean over rows and its standard error, NaN for one row."""
    n = len(rows)
    error = rows.std(axis=0, ddof=1) / np.sqrt(n) if n > 1 else np.full(rows.shape[1:], np.nan)
    return rows.mean(axis=0), error
