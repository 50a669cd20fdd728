"""The datasheet of a synthetic benchmark: what was made, how, and what it cannot show.

References
----------
.. [Gebru2021] Gebru et al., Datasheets for datasets, Communications of the ACM 64(12).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from causalsim._version import __version__
from causalsim.errors import DataError, GraphError
from causalsim.graph.kinds import ADMG, DAG
from causalsim.graph.temporal import TemporalGraph
from causalsim.metrics.sortability import (
    r2_sortability,
    temporal_sortability,
    varsortability,
)
from causalsim.scm.static import SCM
from causalsim.scm.temporal import TemporalSCM
from causalsim.simulate._synthetic_spec import SyntheticSpec

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["datasheet", "to_markdown"]

TITLE = "Synthetic benchmark"


def datasheet(
    spec: SyntheticSpec,
    model: SCM | TemporalSCM,
    truth: DAG | ADMG | TemporalGraph,
    sample_seed: int,
    complete: Sequence[pd.DataFrame],
    corruption: Mapping[str, Any],
) -> dict[str, Any]:
    """Put together what is known about a benchmark, as plain values.

    Parameters
    ----------
    spec : SyntheticSpec
    model : SCM or TemporalSCM
    truth : DAG, ADMG or TemporalGraph
        Over the columns of the data.
    sample_seed : int
        The seed with which ``model.sample`` gives the complete data again.
    complete : sequence of DataFrame
        The complete data.
    corruption : mapping
        What was done to them.

    Returns
    -------
    dict
        ``spec``, ``seeds``, ``versions``, ``columns``, ``hidden``, ``truth``, ``mechanisms``,
        ``sortability``, ``corruption`` and ``limits``. Sortability is that of the complete
        data along the directed edges among visible variables, averaged over series.

    Examples
    --------
    >>> from causalsim.scm import random_scm
    >>> model = random_scm(2, rng=0)
    >>> rows, spec = model.sample(50, rng=0), SyntheticSpec("table", nodes=2)
    >>> datasheet(spec, model, model.graph, 0, [rows], {})["columns"]
    ['X0', 'X1']
    """
    return {
        "title": f"{TITLE}: {spec.kind} of {len(truth.nodes)} columns",
        "spec": spec.to_dict(),
        "seeds": {"spec": spec.seed, "sample": sample_seed},
        "versions": {"causalsim": __version__, "numpy": np.__version__},
        "columns": list(truth.nodes),
        "hidden": [name for name in model.graph.nodes if name not in truth.nodes],
        "truth": list(truth.edges),
        "mechanisms": list(_equations(spec, model)),
        "sortability": _sortability(model.graph.subgraph(spec.names), complete),
        "corruption": dict(corruption),
        "limits": list(_limits(spec)),
    }


def _sortability(
    graph: DAG | TemporalGraph, frames: Sequence[pd.DataFrame]
) -> dict[str, dict[str, float] | str]:
    """Give how far variances and R2 sort the graph, or why they cannot."""
    try:
        found = [_measured(graph, frame) for frame in frames]
    except (GraphError, DataError) as error:
        return {"not measured": str(error)}
    return {
        edges: {
            measure: round(float(np.mean([one[edges][measure] for one in found])), 4)
            for measure in ("variance", "r2")
        }
        for edges in found[0]
    }


def _measured(graph: DAG | TemporalGraph, frame: pd.DataFrame) -> dict[str, dict[str, float]]:
    if isinstance(graph, DAG):
        variance, r2 = varsortability(graph, frame), r2_sortability(graph, frame)
        return {"all": {"variance": variance, "r2": r2}}
    parts = temporal_sortability(graph, frame)
    return {part.edges: {"variance": part.variance, "r2": part.r2} for part in parts}


def _equations(spec: SyntheticSpec, model: SCM | TemporalSCM) -> Iterator[str]:
    """Write each node as on the blackboard; a drift is given step by step."""
    for line in str(model).splitlines()[: len(model.graph)]:
        if spec.drift and line.startswith("drift = "):
            yield f"drift = {spec.drift.shape} course from 0 to 1 over the sample"
        else:
            yield line


def _limits(spec: SyntheticSpec) -> Iterator[str]:
    """Say what the benchmark does not show."""
    yield "Random mechanisms with independent noise: success here is no proof of success on data."
    if spec.scale == "raw":
        yield (
            "Variances and explained variances tend to grow along the causal order, so that "
            "sorting by them finds edges; scale='internal' avoids this."
        )
    if spec.scale == "standardised":
        yield "Explained variances tend to grow along the causal order; scale='internal' helps."
    if spec.latent and spec.kind == "series":
        yield "Hidden causes have no memory, and stand where no directed edge does."
    if spec.measurement_error or spec.discrete:
        yield (
            "The truth relates the variables before error and levels; separations need not hold "
            "exactly in the columns as measured."
        )
    if spec.regimes or spec.drift:
        yield (
            "The truth includes the contexts regime and drift; without their columns, the "
            "variables they change have an unlisted common cause."
        )
    if spec.irregular:
        yield "Lags count steps of the complete series, not observed rows."
    if spec.noise in {"exponential", "mixture"}:
        yield "The noise is tabulated and has no tails beyond 1 in 2,002."
    if spec.interventions:
        yield "Interventional samples are complete: nothing in them is missing or measured badly."


def to_markdown(sheet: Mapping[str, Any]) -> str:
    """Write a datasheet as Markdown.

    Examples
    --------
    >>> print(to_markdown({"title": "A", "seeds": {"spec": 0}, "limits": ["None."]}), end="")
    # A
    <BLANKLINE>
    ## Seeds
    - spec: 0
    <BLANKLINE>
    ## Limits
    - None.
    """
    blocks = [f"# {sheet['title']}"]
    for name, content in sheet.items():
        if name != "title":
            lines = list(_items(content)) or ["none"]
            blocks.append("\n".join([f"## {name.replace('_', ' ').capitalize()}", *lines]))
    return "\n\n".join(blocks) + "\n"


def _items(content: Any, indent: str = "") -> Iterator[str]:
    """Write a mapping or a list as nested points."""
    pairs = content.items() if isinstance(content, Mapping) else ((None, one) for one in content)
    for key, value in pairs:
        start = f"{indent}- " + ("" if key is None else f"{key}:")
        if isinstance(value, Mapping):
            yield start if value else f"{start} none"
            yield from _items(value, f"{indent}  ")
        else:
            yield f"{start} {value}" if key is not None else f"{start}{value}"
