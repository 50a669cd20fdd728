"""From an observed series to the noises behind it, and to what it would have been.

Abduction, action, prediction: Pearl, *Causality*, 2nd edition, theorem 7.1.7.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from causalsim._rng import RNG, check_rng
from causalsim.data import Table, read_table
from causalsim.errors import DataError, OptionError, listing
from causalsim.graph.intervention import Shift
from causalsim.scm import _nodes, _rollout
from causalsim.scm._series_fit import Start, columns_of
from causalsim.scm._temporal_model import TemporalModel
from causalsim.scm.functions import Floats

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Counterfactuals"]


class Counterfactuals(TemporalModel):
    """What a model over time says about other courses of events; abstract."""

    def noise_of(self, series: Any, *, first_step: int = 0) -> pd.DataFrame:
        """Give the noises behind an observed series (abduction).

        Parameters
        ----------
        series : DataFrame, ndarray, path or Table
            Of all variables, without missing values.
        first_step : int
            As in :meth:`sample`.

        Returns
        -------
        DataFrame of shape (T - max_lag, variables)
            From row ``max_lag`` on, the first whose past is known.

        Raises
        ------
        OptionError
            If the noise of a variable cannot be known from what is observed.
        """
        import pandas as pd

        values = _observed(self, series, first_step)
        noise = self._paths(_abducted(self, self._plan, values)).array[0]
        depth = self.graph.max_lag
        index = range(depth, depth + len(noise))
        return pd.DataFrame(noise, columns=list(self.variables), index=index)

    def counterfactual(
        self,
        series: Any,
        do: Mapping[str, Any] | None = None,
        /,
        *,
        first_step: int = 0,
        rng: RNG = None,
    ) -> pd.DataFrame:
        """Say what an observed series would have been under an intervention.

        Abduction, action, prediction [Pearl2009]_: every step keeps its noises. Row t of the
        series is step t of the intervention's window. The first ``max_lag`` rows are history
        and stay, since their causes are not seen. Exact if the model is true; that doing
        nothing gives the series back is an identity and no evidence for the model.

        Parameters
        ----------
        series : DataFrame, ndarray, path or Table
            Of all variables, without missing values.
        do : mapping of str to value or Intervention
        first_step : int
            As in :meth:`sample`.
        rng : int, Generator or None
            For ``Replace`` only.

        Returns
        -------
        DataFrame of shape (T, variables)

        Raises
        ------
        OptionError
            If the noise of a variable cannot be known from what is observed.

        References
        ----------
        .. [Pearl2009] Pearl, *Causality*, 2nd edition, theorem 7.1.7.

        Examples
        --------
        >>> import pandas as pd
        >>> from causalsim.graph import Set
        >>> from causalsim.scm import TemporalSCM
        >>> scm = TemporalSCM.from_weights({"X[t-1] --> Y": 2.0})
        >>> seen = pd.DataFrame({"X": [1.0, 0.0, 3.0], "Y": [0.5, 2.5, 1.0]})
        >>> scm.counterfactual(seen, {"X": Set(5, window=(1, 2))})
             X     Y
        0  1.0   0.5
        1  5.0   2.5
        2  3.0  11.0
        """
        values = _observed(self, series, first_step)
        changed = self.do(do)
        noise = _abducted(self, self._plan, values)
        plan = changed._plan  # noqa: SLF001  another instance of this class
        return self._paths(_carried(self, changed, plan, values, noise, rng)).frame()

    def impulse_response(
        self,
        variable: str,
        size: float = 1.0,
        *,
        steps: int = 20,
        paths: int = 200,
        start: Start = "noise",
        burn_in: int = 200,
        rng: RNG = None,
    ) -> pd.DataFrame:
        """Give the mean effect of adding ``size`` to a variable at step 0.

        Both arms share their noise, so that the answer is exact for a linear model.
        Other models respond by where they are: a ``start`` gives the response after that past.

        Parameters
        ----------
        variable : str
        size : float
        steps, paths, start, burn_in, rng
            As in :meth:`sample`.

        Returns
        -------
        DataFrame of shape (steps, variables)

        Examples
        --------
        >>> from causalsim.scm import TemporalSCM
        >>> scm = TemporalSCM.from_weights({"X[t-1] --> X": 0.5, "X[t-1] --> Y": 2.0})
        >>> scm.impulse_response("X", steps=3, paths=1, rng=0).round(9)
              X    Y
        0  1.00  0.0
        1  0.50  2.0
        2  0.25  1.0
        """
        import pandas as pd

        seed = check_rng(rng).integers(2**63)
        arms = [
            model.sample(steps, paths, start=start, burn_in=burn_in, rng=int(seed)).array
            for model in (self.do({variable: Shift(size, window=(0, 1))}), self)
        ]
        mean = (arms[0] - arms[1]).mean(axis=0)
        return pd.DataFrame(mean, columns=list(self.variables))


def _observed(model: Counterfactuals, series: Any, first_step: int) -> Floats:
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


def _abducted(model: Counterfactuals, plan: _rollout.Plan, values: Floats) -> Floats:
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


def _carried(
    model: Counterfactuals,
    changed: Counterfactuals,
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
