"""Other packages' methods, and controls that know nothing of causality, as graphs of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import causalsim as cs
from causalsim.graph.io import from_causal_learn

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "antecedent_pc",
    "causal_learn_pc",
    "causal_learn_skeleton",
    "direct_lingam",
    "empty_graph",
    "ges",
    "random_graph",
    "read_class",
    "sort_and_regress",
]

Floats = NDArray[np.float64]


def causal_learn_pc(values: Any, test: str, alpha: float) -> NDArray[Any]:
    """Run causal-learn's PC with its defaults; entry (a, b) is the mark at a."""
    from causallearn.search.ConstraintBased.PC import pc

    found = pc(values, alpha, test, stable=True, show_progress=False)
    return np.asarray(found.G.graph)


def causal_learn_skeleton(values: Floats, alpha: float) -> NDArray[np.bool_]:
    """Run only causal-learn's search for the skeleton, by Fisher's z."""
    from causallearn.utils.cit import CIT
    from causallearn.utils.PCUtils.SkeletonDiscovery import skeleton_discovery

    found = skeleton_discovery(values, alpha, CIT(values, "fisherz"), show_progress=False)
    return np.asarray(found.G.graph != 0)


def antecedent_pc(frame: pd.DataFrame, alpha: float) -> NDArray[np.bool_]:
    """Run antecedent's PC, whose test is Student's t, and give its skeleton."""
    from antecedent.discovery import PC, run_static_discovery

    settings = PC(alpha=alpha, fdr=False, max_cond_size=8)
    found, _ = run_static_discovery(frame, settings, threads=1)
    place = {name: i for i, name in enumerate(frame.columns)}
    skeleton = np.zeros((len(place), len(place)), bool)
    for edge in found.graph_edges:
        i, j = place[edge.source], place[edge.target]
        skeleton[i, j] = skeleton[j, i] = True
    return skeleton


def ges(frame: pd.DataFrame, score: str) -> cs.CPDAG:
    """Run causal-learn's greedy equivalence search."""
    from causallearn.search.ScoreBased.GES import ges as run

    values = frame.to_numpy(np.float64)
    return read_class(run(values, score)["G"].graph, frame)


def read_class(matrix: NDArray[Any], frame: pd.DataFrame) -> cs.CPDAG:
    """Read causal-learn's matrix over the columns of a frame."""
    found = from_causal_learn(matrix, list(frame.columns), kind="CPDAG")
    assert isinstance(found, cs.CPDAG)
    return found


def direct_lingam(frame: pd.DataFrame) -> cs.CPDAG:
    """Run DirectLiNGAM as causal-learn ships it, and give the class of its DAG."""
    from causallearn.search.FCMBased.lingam import DirectLiNGAM

    model = DirectLiNGAM(random_state=0)
    model.fit(frame.to_numpy())
    return cs.DAG.from_directed(list(frame.columns), model.adjacency_matrix_.T != 0).to_cpdag()


def sort_and_regress(frame: pd.DataFrame, by: str) -> cs.CPDAG:
    """Sort columns by variance or by R2, and regress each on those before it.

    Reisach et al. (2021, 2023): how much of the graph do scales give away? R2 is that of a column
    on all others. Parents are chosen by an adaptive lasso with BIC, as in their code.
    """
    values = frame.to_numpy(np.float64)
    if by == "variance":
        rank = np.argsort(values.var(axis=0), kind="stable")
    else:
        precision = np.linalg.pinv(np.corrcoef(values.T))
        rank = np.argsort(1 - 1 / precision.diagonal(), kind="stable")
    directed = np.zeros((values.shape[1],) * 2, bool)
    for k in range(1, len(rank)):
        directed[rank[:k], rank[k]] = _lasso_parents(values[:, rank[:k]], values[:, rank[k]])
    return cs.DAG.from_directed(list(frame.columns), directed).to_cpdag()


def _lasso_parents(earlier: Floats, target: Floats) -> NDArray[np.bool_]:
    from sklearn.linear_model import LassoLarsIC, LinearRegression

    weight = np.abs(LinearRegression().fit(earlier, target).coef_)
    return np.asarray(LassoLarsIC("bic").fit(earlier * weight, target).coef_ * weight != 0)


def empty_graph(names: list[str]) -> cs.CPDAG:
    """Claim nothing."""
    return cs.CPDAG.from_edges([], names)


def random_graph(names: list[str], n_edges: int, rng: np.random.Generator) -> cs.CPDAG:
    """Draw a DAG with as many edges as the true one, and give its class."""
    return cs.random_dag(names, edges=n_edges, rng=rng).to_cpdag()
