"""From an observed series to the noises behind it, and to what it would have been.

Abduction, action, prediction: Pearl, *Causality*, 2nd edition, theorem 7.1.7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from causalsim._rng import RNG
from causalsim.data import Table, read_table
from causalsim.errors import DataError, OptionError, listing
from causalsim.scm import _nodes, _rollout
from causalsim.scm._series_fit import columns_of
from causalsim.scm.functions import Floats

if TYPE_CHECKING:
    from causalsim.scm.temporal import TemporalSCM

__all__ = ["abducted", "carried", "observed"]


def observed(model: TemporalSCM, series: Any, first_step: int) -> Floats:
    """Read a series of all variables, with the drivers, shape (1, T, nodes).

    Raises
    ------
    DataError
        If it is not longer than the largest lag.
    """
    if not isinstance(series, Table):
        series = read_table(series, kinds="continuous", degenerate="keep")
    values = _nodes.columns(series, model.variables)
    if len(values) <= model.graph.max_lag:
        raise DataError(
            f"the series has {len(values)} rows; lag {model.graph.max_lag} needs more."
        )
    return columns_of(values, model.variables, model.graph, model.drivers, first_step)[None]


def abducted(model: TemporalSCM, plan: _rollout.Plan, values: Floats) -> Floats:
    """Give the noises behind observed values, shape (1, T - max_lag, nodes).

    Raises
    ------
    OptionError
        If the model is under an intervention in time, or a noise cannot be known.
    """
    if model.actions:
        raise OptionError(
            "this model is under an intervention in time; give the observed series to the "
            "model before it: model.counterfactual(series, do)."
        )
    hidden = [name for name in model.variables if not model.mechanisms[name].invertible]
    if hidden:
        kinds = sorted({type(model.mechanisms[name]).__name__ for name in hidden})
        raise OptionError(
            f"the noise of {listing(hidden)} cannot be told from what is observed: a "
            f"{', '.join(kinds)} gives one value from many noises. Fit these variables with "
            'an invertible mechanism, such as mechanism="quantile_forest" or "ridge".'
        )
    return _rollout.abduct(plan, values)


def carried(
    model: TemporalSCM,
    changed: TemporalSCM,
    plan: _rollout.Plan,
    values: Floats,
    noise: Floats,
    rng: RNG,
) -> Floats:
    """Run a changed model, by its plan, with a model's noises, shape (1, T, nodes).

    Only the noises that it replaced are drawn. Drivers and history are those of ``values``.
    """
    replaced = [
        changed.graph.index(name)
        for name in model.variables
        if changed.noises[name] is not model.noises[name]
    ]
    return _rollout.replay(plan, values, noise, replaced, rng=rng)
