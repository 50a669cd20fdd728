"""Synthetic benchmarks: data with a known graph, and every difficulty under control.

References
----------
.. [Rubin1976] Rubin, Inference and missing data, Biometrika 63(3).
.. [Ormaniec2024] Ormaniec, Sussex, Lorch, Schoelkopf & Krause, Standardizing structural causal
   models, arXiv:2406.11601 (ICLR 2025): ``scale="internal"``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np

from causalsim._rng import spawn
from causalsim.graph.intervention import Intervention, Set
from causalsim.graph.kinds import ADMG, DAG
from causalsim.graph.temporal import TemporalGraph
from causalsim.scm.functions import Floats
from causalsim.scm.static import SCM
from causalsim.scm.temporal import TemporalSCM
from causalsim.simulate._corruption import corrupt, observed_steps
from causalsim.simulate._datasheet import datasheet, to_markdown
from causalsim.simulate._export import export
from causalsim.simulate._synthetic_models import (
    draw_series_model,
    draw_table_model,
    table_truth,
)
from causalsim.simulate._synthetic_spec import SyntheticSpec

if TYPE_CHECKING:
    import pandas as pd

    Data = pd.DataFrame | list[pd.DataFrame]

__all__ = ["SyntheticData", "synthesise"]


@final
@dataclass(frozen=True, eq=False)
class SyntheticData:
    """A synthetic benchmark.

    Parameters
    ----------
    spec : SyntheticSpec
    data : DataFrame, or a list of them
        What a method gets to see: one frame for a table or one series, a list for several.
        Regimes and drift stand in columns of their own, first; drop ``regime`` or ``drift``
        to hide them. A series with lost steps has the steps that were observed as its index.
    complete : DataFrame, or a list of them
        The same before measurement error, levels, missing cells and lost steps.
    truth : DAG, ADMG or TemporalGraph
        The graph over the columns of the data. Hidden causes are projected to ``<->``: in an
        ADMG for a table, in the TemporalGraph for a series.
    model : SCM or TemporalSCM
        The model over all variables, the hidden ones included.
    interventional : mapping of str to DataFrame, or list of them
        Samples under the interventions, complete, and with the noise of ``complete``: row k
        is what row k would have been. Keys read ``do(X0=1)``.
    sheet : mapping
        The datasheet as plain values.
    """

    spec: SyntheticSpec
    data: Data
    complete: Data
    truth: DAG | ADMG | TemporalGraph
    model: SCM | TemporalSCM
    interventional: Mapping[str, Data]
    sheet: Mapping[str, Any]

    def __repr__(self) -> str:
        spec = self.spec
        return f"SyntheticData({spec.kind} of {', '.join(self.truth.nodes)}, seed={spec.seed})"

    def summary(self) -> str:
        """Give the datasheet as Markdown."""
        return to_markdown(self.sheet)

    def export(
        self,
        folder: str | PathLike[str],
        format: str = "csv",  # noqa: A002  the word users know
        *,
        overwrite: bool = False,
    ) -> tuple[Path, ...]:
        """Write data, truth and datasheet: all files or none.

        Parameters
        ----------
        folder : path
            Made if it does not exist.
        format : {"csv", "parquet", "npz", "tigramite", "causeme"}
            See :func:`causalsim.simulate._export.export`.
        overwrite : bool
            Whether files of these names may be replaced.

        Returns
        -------
        tuple of Path
            What was written.

        Raises
        ------
        OptionError
            If the format is unknown or does not suit the data, or a file exists.
        MissingExtraError
            If Parquet is wanted and pyarrow is not installed.
        """
        return export(self, folder, format, overwrite=overwrite)


def synthesise(spec: SyntheticSpec) -> SyntheticData:
    """Draw a synthetic benchmark: graph, model, data, interventions, corruption.

    Parameters
    ----------
    spec : SyntheticSpec
        With its seed: equal settings give equal data.

    Returns
    -------
    SyntheticData

    Raises
    ------
    OptionError
        If the settings leave no room, as for hidden causes in a full graph.
    DivergenceError
        If a series grows beyond all numbers, which an intervention can bring about.

    Examples
    --------
    >>> spec = SyntheticSpec("series", nodes=3, length=50, latent=1, interventions=[{"X0": 1}])
    >>> made = synthesise(spec)
    >>> made.data.shape, list(made.interventional)
    ((50, 3), ['do(X0=1)'])
    """
    drawing, sampling, damage = spawn(spec.seed, 3)
    model: SCM | TemporalSCM
    truth: DAG | ADMG | TemporalGraph
    if spec.kind == "table":
        model = draw_table_model(spec, drawing)
        truth = table_truth(model, spec)
    else:
        model, truth = draw_series_model(spec, drawing)
    seed = int(sampling.integers(2**32))
    frames = _sample(model, spec, truth.nodes, seed)
    damaged, record = _corrupted(frames, spec, damage)
    return SyntheticData(
        spec,
        data=_unpacked(damaged),
        complete=_unpacked(frames),
        truth=truth,
        model=model,
        interventional={
            _named(do): _unpacked(_sample(model.do(do), spec, truth.nodes, seed))
            for do in spec.interventions
        },
        sheet=datasheet(spec, model, truth, seed, frames, record),
    )


def _sample(
    model: SCM | TemporalSCM, spec: SyntheticSpec, columns: Sequence[str], seed: int
) -> list[pd.DataFrame]:
    if isinstance(model, SCM):
        return [model.sample(spec.length, rng=seed)[list(columns)]]
    return [path[list(columns)] for path in model.sample(spec.length, spec.paths, rng=seed)]


def _unpacked(frames: list[pd.DataFrame]) -> Data:
    return frames[0] if len(frames) == 1 else frames


def _named(do: Mapping[str, Intervention]) -> str:
    """Write an intervention as on the blackboard."""
    texts = []
    for name, action in do.items():
        plain = isinstance(action, Set) and action.window is None
        texts.append(f"{name}={getattr(action, 'value', action) if plain else repr(action)}")
    return f"do({', '.join(texts)})"


def _corrupted(
    frames: Sequence[pd.DataFrame], spec: SyntheticSpec, rng: np.random.Generator
) -> tuple[list[pd.DataFrame], dict[str, Any]]:
    """Corrupt the visible variables, leaving contexts alone, and say what was done."""
    cells, *gaps = rng.spawn(1 + len(frames))
    values: Floats = np.vstack([frame[list(spec.names)].to_numpy() for frame in frames])
    values, record = corrupt(values, spec, cells)
    parts = np.split(values, len(frames))
    damaged = [_filled(frame, part, spec) for frame, part in zip(frames, parts, strict=True)]
    if spec.irregular:
        kept = [observed_steps(spec.length, spec.irregular, gap) for gap in gaps]
        damaged = [frame.iloc[rows] for frame, rows in zip(damaged, kept, strict=True)]
        record["irregular"] = {"observed_steps": [len(rows) for rows in kept]}
    return damaged, record


def _filled(frame: pd.DataFrame, values: Floats, spec: SyntheticSpec) -> pd.DataFrame:
    """Give a frame with other values; levels are whole numbers where none is missing."""
    new = frame.copy()
    new[list(spec.names)] = values
    whole = [name for name in spec.discrete if not new[name].isna().any()]
    return new.astype(dict.fromkeys(whole, np.int64)).rename_axis(
        index="step" if spec.kind == "series" else None
    )
