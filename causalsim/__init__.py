"""causalsim: from raw data to a counterfactual, on one graph core.

>>> import causalsim as cs
>>> cs.DAG.from_edges(["X --> Y"]).to_cpdag()
CPDAG.from_edges(['X --- Y'])
"""

from typing import TYPE_CHECKING

from causalsim import _lazy
from causalsim._version import __version__

if TYPE_CHECKING:
    from causalsim import (
        citest,
        compat,
        data,
        datasets,
        diagrams,
        discovery,
        graph,
        kernels,
        metrics,
        scm,
        simulate,
        viz,
    )
    from causalsim.diagrams import CausalModel, Distribution, Gaussian, identify
    from causalsim.discovery import (
        Knowledge,
        bootstrap,
        cdnod,
        check,
        dry_run,
        exchangeable,
        fci,
        pc,
        pcmci,
        pcmci_plus,
    )
    from causalsim.graph import (
        ADMG,
        CPDAG,
        DAG,
        PAG,
        DiscreteNetwork,
        TemporalGraph,
        random_dag,
        random_temporal_graph,
    )
    from causalsim.scm import SCM, TemporalSCM, random_scm, random_temporal_scm
    from causalsim.simulate import act, fidelity, tcs

_HOMES = {
    **dict.fromkeys(
        [
            "citest",
            "compat",
            "data",
            "datasets",
            "diagrams",
            "discovery",
            "graph",
            "kernels",
            "metrics",
            "scm",
            "simulate",
            "viz",
        ],
        "",
    ),
    **dict.fromkeys(
        [
            "Knowledge",
            "bootstrap",
            "cdnod",
            "check",
            "dry_run",
            "exchangeable",
            "fci",
            "pc",
            "pcmci",
            "pcmci_plus",
        ],
        "causalsim.discovery",
    ),
    **dict.fromkeys(
        [
            "ADMG",
            "CPDAG",
            "DAG",
            "PAG",
            "DiscreteNetwork",
            "TemporalGraph",
            "random_dag",
            "random_temporal_graph",
        ],
        "causalsim.graph",
    ),
    **dict.fromkeys(["CausalModel", "Distribution", "Gaussian", "identify"], "causalsim.diagrams"),
    **dict.fromkeys(["SCM", "TemporalSCM", "random_scm", "random_temporal_scm"], "causalsim.scm"),
    **dict.fromkeys(["act", "fidelity", "tcs"], "causalsim.simulate"),
}

__getattr__, __dir__, _names = _lazy.attach(__name__, _HOMES)

__all__ = [
    "ADMG",
    "CPDAG",
    "DAG",
    "PAG",
    "SCM",
    "CausalModel",
    "DiscreteNetwork",
    "Distribution",
    "Gaussian",
    "Knowledge",
    "TemporalGraph",
    "TemporalSCM",
    "__version__",
    "act",
    "bootstrap",
    "cdnod",
    "check",
    "citest",
    "compat",
    "data",
    "datasets",
    "diagrams",
    "discovery",
    "dry_run",
    "exchangeable",
    "fci",
    "fidelity",
    "graph",
    "identify",
    "kernels",
    "metrics",
    "pc",
    "pcmci",
    "pcmci_plus",
    "random_dag",
    "random_scm",
    "random_temporal_graph",
    "random_temporal_scm",
    "scm",
    "simulate",
    "tcs",
    "viz",
]
