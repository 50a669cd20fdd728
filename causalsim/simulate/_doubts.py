"""Reasons not to trust a model fitted to a series, and the warnings that tell them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from causalsim.data import Table
from causalsim.errors import DivergenceError, FitWarning
from causalsim.scm.temporal import TemporalSCM
from causalsim.simulate._c2st_result import FEW
from causalsim.simulate._windows import as_frame, autocorrelation_time

__all__ = ["doubted", "doubts_of_data", "doubts_of_model"]

_STILL = 0.99
_FAR = 10.0
_STEPS = 500


def doubted(
    model: TemporalSCM,
    doubts: Sequence[str],
    panel: Sequence[Table],
    starts: Sequence[int],
    rng: np.random.Generator,
) -> TemporalSCM:
    """Warn of some doubts and of those of a model, and give it with all of them as notes.

    A :class:`causalsim.errors.FitWarning` for each, at the caller's caller. Parameters as of
    :func:`doubts_of_model`.
    """
    every = (*doubts, *doubts_of_model(model, panel, starts, rng))
    for doubt in every:
        warnings.warn(doubt, FitWarning, stacklevel=3)
    return replace(model, notes=tuple(dict.fromkeys((*model.notes, *every))))


def doubts_of_data(panel: Sequence[Table]) -> tuple[str, ...]:
    """Name columns that hardly ever move, and say if the steps are worth too few.

    Examples
    --------
    >>> from causalsim.data import Kind
    >>> drift = Table(("X",), np.arange(50.0)[:, None], (Kind.CONTINUOUS,))
    >>> doubts_of_data([drift])[0][:42]
    'short: by their autocorrelation time the 5'
    """
    whole = np.vstack([part.values for part in panel])
    doubts = []
    for name, column in zip(panel[0].names, whole.T, strict=True):
        share = np.unique(column, return_counts=True)[1].max() / len(column)
        if share > _STILL:
            doubts.append(f"{name!r} has one value in {share:.1%} of all steps; leave it out")
    worth = sum(len(part) / autocorrelation_time(part.values) for part in panel)
    if worth < FEW:
        doubts.append(
            f"short: by their autocorrelation time the {len(whole)} steps are worth {worth:.1f} "
            f"independent ones, fewer than {FEW}; give more steps, or differences"
        )
    return tuple(doubts)


def doubts_of_model(
    model: TemporalSCM, panel: Sequence[Table], starts: Sequence[int], rng: np.random.Generator
) -> tuple[str, ...]:
    """Say that a model is explosive or nearly so, as its notes do or as it goes on from the data.

    Parameters
    ----------
    model : TemporalSCM
    panel : sequence of Table
        What it was fitted to.
    starts : sequence of int
        The step at which each series begins.
    rng : Generator
    """
    told = tuple(note for note in model.notes if note.startswith("spectral radius"))
    if told:
        return told
    k = int(np.argmax([len(part) for part in panel]))
    series, past = panel[k].values, max(model.graph.max_lag, 1)
    steps = min(len(series) - past, _STEPS)
    start = as_frame(series[:past], panel[k].names)
    try:
        path = model.sample(steps, start=start, first_step=starts[k] + past, rng=rng).array[0]
    except DivergenceError:
        return ("explosive: simulated values grow beyond all numbers",)
    whole = np.vstack([part.values for part in panel])
    reach = np.abs(whole - whole.mean(axis=0)).max(axis=0)
    path = path[:, [model.variables.index(name) for name in panel[k].names]]
    far = np.abs(path - whole.mean(axis=0)).max(axis=0) > _FAR * reach
    if not far.any():
        return ()
    names = [panel[k].names[i] for i in np.flatnonzero(far).tolist()]
    what = (
        f"explosive: simulated values of {names} go {_FAR:g} times as far as the data; choose "
        'another mechanism, such as "quantile_forest", or difference the series'
    )
    return (what,)
