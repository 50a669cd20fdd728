"""What a simulated series is good for: models trained on it, judged on the real one.

The yardstick is a model trained on real steps and judged on later real ones. Trained on simulated
steps instead, it shows what the simulator has not learnt; trained on real steps and judged on
simulated ones, what the simulator makes up.

References
----------
.. [Esteban2017] Esteban, Hyland & Raetsch, Real-valued (medical) time series generation with
   recurrent conditional GANs: train on synthetic, test on real.
.. [Hyndman2006] Hyndman & Koehler, Another look at measures of forecast accuracy, International
   Journal of Forecasting 22.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from causalsim._rng import RNG, check_rng
from causalsim.errors import DataError, OptionError
from causalsim.simulate._marginals import read_pair
from causalsim.simulate._windows import windows

__all__ = ["Utility", "utility"]

Floats = NDArray[np.float64]

SHARE_OF_TRAINING = 0.7
PENALTIES = np.logspace(-3, 5, 17)
LEARNERS = ("ridge", "extra_trees")


@final
@dataclass(frozen=True)
class Utility:
    """How well one variable is forecast.

    Parameters
    ----------
    train, test : {"real", "simulated"}
        Where the learner was trained, and judged.
    learner : {"ridge", "extra_trees"}
    horizon : int
        Steps ahead.
    variable : str
    r2 : float or None
        1 minus the squared error over that of the mean of the judged steps. Mean over paths, as
        ``mase``; None if the variable does not vary in the judged steps of some path.
    mase : float or None
        Absolute error over that of the last value as forecast of the next one, in the first 70 %
        of the judged series [Hyndman2006]_; None if the variable does not vary there.
    """

    train: str
    test: str
    learner: str
    horizon: int
    variable: str
    r2: float | None
    mase: float | None


class _Part(NamedTuple):
    """Windows (n, max_lag * p), what follows them (n, p), and the error of "no change"."""

    past: Floats
    future: Floats
    naive: Floats


def utility(
    real: Any,
    simulated: Any,
    names: Sequence[str] | None = None,
    *,
    max_lag: int = 3,
    horizons: Sequence[int] = (1, 6),
    rng: RNG = None,
) -> tuple[Utility, ...]:
    """Train on simulated steps and judge on real ones, and the reverse, beside real on real.

    The first 70 % of every series train, the rest judges; all windows of the past have
    ``max_lag`` steps. A learner is trained for each path and horizon: give a few paths.

    Parameters
    ----------
    real, simulated, names
        As in :func:`._marginals.read_pair`.
    max_lag : int
        Steps that a forecast sees.
    horizons : sequence of int
        How many steps ahead, from 1 on.
    rng : int, Generator or None
        For the trees.

    Returns
    -------
    tuple of Utility
        Real on real, simulated on real, real on simulated; by horizon, learner and variable.

    Raises
    ------
    DataError
        If the series cannot be read, or are too short.
    OptionError
        If a horizon or ``max_lag`` is below 1.

    References
    ----------
    [Esteban2017]_.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> real, noise = rng.normal(size=(200, 1)), rng.normal(size=(1, 200, 1))
    >>> rows = utility(real, noise, horizons=[1], rng=0)
    >>> [(row.train, row.test) for row in rows if row.learner == "ridge"]
    [('real', 'real'), ('simulated', 'real'), ('real', 'simulated')]
    """
    for what, count in [("max_lag", max_lag), *(("horizons", ahead) for ahead in horizons)]:
        if type(count) is not int or count < 1:
            raise OptionError(f"{what}: {count!r} is no whole number from 1 on.")
    pair = read_pair(real, simulated, names)
    centre, scale = pair.real.mean(axis=0), pair.real.std(axis=0)
    series = [(steps - centre) / scale for steps in (pair.real, *pair.simulated)]
    seed = int(check_rng(rng).integers(2**31))
    found: list[Utility] = []
    for ahead in horizons:
        for learner in LEARNERS:
            for train, test, scores in _contests(series, learner, max_lag, ahead, seed):
                rows = zip(pair.names, *map(_known, scores), strict=True)
                found += [Utility(train, test, learner, ahead, *row) for row in rows]
    return tuple(found)


def _contests(
    series: Sequence[Floats], learner: str, max_lag: int, ahead: int, seed: int
) -> Iterator[tuple[str, str, Floats]]:
    """Give where a learner was trained, judged, and its R2 and MASE, shape (2, p)."""
    (train, test), *others = [_split(steps, max_lag, ahead) for steps in series]
    model = _learnt(learner, train, seed)
    yield "real", "real", _scores(model, test)
    own = [_scores(_learnt(learner, path, seed), test) for path, _ in others]
    yield "simulated", "real", np.mean(own, axis=0)
    yield "real", "simulated", np.mean([_scores(model, path) for _, path in others], axis=0)


def _split(steps: Floats, max_lag: int, ahead: int) -> tuple[_Part, _Part]:
    """Give the training and the judged windows; no step is in both."""
    cut = int(SHARE_OF_TRAINING * len(steps))
    if len(steps) - cut < max_lag + ahead + 1:
        raise DataError(
            f"a series has {len(steps)} steps; a window of {max_lag} and a horizon of {ahead} "
            f"need {int((max_lag + ahead + 1) / (1 - SHARE_OF_TRAINING)) + 1}."
        )
    naive = np.abs(np.diff(steps[:cut], axis=0)).mean(axis=0)
    return tuple(  # type: ignore[return-value]
        _Part(windows(part[:-ahead], max_lag), part[max_lag + ahead - 1 :], naive)
        for part in (steps[:cut], steps[cut:])
    )


def _learnt(learner: str, part: _Part, seed: int) -> Any:
    """Train one learner on all variables at once."""
    from sklearn.ensemble import ExtraTreesRegressor
    from sklearn.linear_model import RidgeCV

    if learner == "ridge":
        model = RidgeCV(PENALTIES, alpha_per_target=True)
    else:
        model = ExtraTreesRegressor(50, min_samples_leaf=5, random_state=seed)
    alone = part.future.shape[1] == 1
    return model.fit(part.past, part.future[:, 0] if alone else part.future)


def _scores(model: Any, part: _Part) -> Floats:
    """Give R2 and MASE of every variable, NaN where there is nothing to explain."""
    errors = part.future - model.predict(part.past).reshape(part.future.shape)
    moves, naive = np.ptp(part.future, axis=0) > 0, part.naive
    return np.array(
        [
            1 - (errors**2).mean(axis=0) / np.where(moves, part.future.var(axis=0), np.nan),
            np.abs(errors).mean(axis=0) / np.where(naive > 0, naive, np.nan),
        ]
    )


def _known(scores: Floats) -> list[float | None]:
    return [None if np.isnan(score) else float(score) for score in scores]
