"""Ranges of effects over models that the same series leaves open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np

from causalsim._rng import RNG
from causalsim.errors import OptionError
from causalsim.scm import LinearFunction, TemporalSCM
from causalsim.simulate._twins import effects, family, fit_family

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Range", "ranges"]

KNOWN, LOOKED_AT = 200, 16
_FEW, _MANY, _BURN_IN = 10, 200, 20


@final
@dataclass(frozen=True)
class Range:
    """What models of the same series say of one effect.

    Parameters
    ----------
    do : str
        A variable, held one standard deviation above its mean from a step on, not at its mean.
    outcome : str
    after : int
        Steps since then: where, up to the largest lag, the models differ most.
    low, high : float
        The smallest and largest mean effect.
    models : int
    """

    do: str
    outcome: str
    after: int
    low: float
    high: float
    models: int


def ranges(
    model: TemporalSCM,
    series: pd.DataFrame,
    others: Sequence[TemporalSCM] = (),
    *,
    rng: RNG = None,
) -> tuple[tuple[Range, ...], str]:
    """Give the range of every effect over twins and other models, the widest first.

    Parameters
    ----------
    model : TemporalSCM
    series : DataFrame of shape (steps, variables)
    others : sequence of TemporalSCM
        Models that look as real as this one.
    rng : int, Generator or None

    Returns
    -------
    rows : tuple of Range
    said : str
        How many twins there are, and how many of them were looked at.

    Raises
    ------
    OptionError
        If there is no other model than this one.

    Examples
    --------
    >>> model = TemporalSCM.from_weights({"X --> Y": 1.0})
    >>> rows, said = ranges(model, model.sample(2000, rng=0).frame(), rng=0)
    >>> said
    'twins: all 2 models of the same series looked at'
    >>> rows[0].outcome, rows[0].low, bool(rows[0].high > 0.8)
    ('Y', 0.0, True)
    """
    own, said = _own(model, series)
    models = (*own, *others)
    if len(models) < 2:
        raise OptionError(said)
    if others:
        said += f", and {len(others)} tied or given beside them"
    names = [str(name) for name in series.columns]
    mean, spread = series.mean().to_numpy(), series.std(ddof=0).to_numpy()
    usual = dict(zip(names, mean.tolist(), strict=True))
    held = dict(zip(names, (mean + spread).tolist(), strict=True))
    horizon = max(each.graph.max_lag for each in models)
    paths = _FEW if all(map(_is_linear, models)) else _MANY
    found = effects(
        models, held, names, horizon, against=usual, paths=paths, burn_in=_BURN_IN, rng=rng
    )
    low, high = found.min(axis=0), found.max(axis=0)
    when = (high - low).argmax(axis=1)
    rows = [
        Range(
            f"{names[i]} = {held[names[i]]:.3g}, not {usual[names[i]]:.3g}",
            names[j],
            int(when[i, j]),
            float(low[i, when[i, j], j]),
            float(high[i, when[i, j], j]),
            len(models),
        )
        for i, j in np.argwhere(~np.eye(len(names), dtype=bool)).tolist()
    ]
    return tuple(sorted(rows, key=lambda row: row.low - row.high)), said


def _is_linear(model: TemporalSCM) -> bool:
    """Whether both arms of a contrast differ by a constant, so that no noise is left in it."""
    return all(isinstance(each, LinearFunction) for each in model.mechanisms.values())


def _own(model: TemporalSCM, series: pd.DataFrame) -> tuple[tuple[TemporalSCM, ...], str]:
    """Fit some twins, the model's own graph first, and say how many there are."""
    try:
        found = family(model, KNOWN)
    except OptionError as error:
        return (model,), f"no member of the class is known: {error}"
    if len(found.graphs) < 2:
        return (model,), "the class of this graph has no other member"
    looked = found._replace(graphs=found.graphs[:LOOKED_AT])
    count = len(found.graphs)
    whole = f"{count}" if found.complete else f"more than {count}"
    some = "all" if found.complete and count <= LOOKED_AT else f"{len(looked.graphs)} of"
    models = fit_family(model, looked, series)
    return models, f"twins: {some} {whole} models of the same series looked at"
