"""The two-sample test by classification over time: what tells simulated windows from real.

For each simulated path, classifiers are trained on the windows of some stretches of time, real
and simulated alike, and judged by the area under the ROC curve on the windows of another
stretch; the stretches take turns, and a gap around the judged one is left out of training.
Windows split at random, as in the reference implementation of the paper [Gkorgkolis2025]_, would
share their rows: on two independent draws of one AR(1) law with coefficient .97 that gives about
.94 in place of .5. ``protocol="published"`` does so, to compare with published numbers.

Three lines are needed to read an AUC:

* .5 is the mean for one discriminator and a right model; one series scatters widely around it;
* *real against real*, held-out blocks against the others, tells what drift and length allow;
* the *null of a refitted right model* (:func:`parametric_null`) gives the p-value.

References
----------
.. [Gkorgkolis2025] Gkorgkolis, Kougioulis, Wang, Caglayan, Tonon, Simionato & Tsamardinos,
   Temporal causal-based simulation for realistic time-series generation, arXiv 2506.02084.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from causalsim._parallel import Progress, parallel_map
from causalsim._rng import RNG, check_rng, spawn
from causalsim.errors import OptionError
from causalsim.simulate._bench import Bench, Plan
from causalsim.simulate._c2st_result import C2ST, ProtocolName
from causalsim.simulate._windows import read_series

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["C2ST", "Bench", "Plan", "c2st", "parametric_null"]

Floats = NDArray[np.float64]
Sampler = Callable[[int, int, np.random.Generator], Any]
Refit = Callable[["pd.DataFrame", np.random.Generator], Sampler]


def c2st(
    real: Any,
    paths: Any,
    *,
    panel: Any = "default",
    widths: Sequence[int] | None = None,
    folds: int = 5,
    gap: int | Literal["auto"] = "auto",
    max_lag: int = 0,
    protocol: ProtocolName = "blocked",
    held: Sequence[slice] | None = None,
    reference: bool = True,
    rng: RNG = None,
    n_jobs: int = 1,
    progress: bool | Progress = False,
) -> C2ST:
    """Test whether discriminators tell simulated paths from a real series.

    Parameters
    ----------
    real : DataFrame or array of shape (steps, variables)
    paths : Paths, DataFrame, array, or a list of DataFrames or of arrays
        Each at least as long as the real series.
    panel, widths, folds, gap, max_lag, protocol, held
        As in :class:`Plan`.
    reference : bool
        Whether to compare real with real, too.
    rng : int, Generator or None
    n_jobs : int
    progress : bool or callable

    Returns
    -------
    C2ST

    Raises
    ------
    DataError
        If values are missing, variables differ or a series is too short.
    OptionError
        If an option is out of range.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> real, right, wrong = rng.normal(size=(3, 400, 2))
    >>> wrong[:, 1] = wrong[:, 0]
    >>> panel = ["logistic", "logistic_quadratic"]
    >>> [c2st(real, x, panel=panel, rng=0, widths=(1,)).auc for x in (right, wrong)]
    [0.5, 0.9]
    """
    rng = check_rng(rng)
    plan = Plan(panel, widths, folds, gap, max_lag, protocol, held)
    bench = plan.bench(real, reference=reference, rng=rng)
    return bench.judge(paths, rng=rng, n_jobs=n_jobs, progress=progress)


def parametric_null(
    bench: Bench,
    sample: Sampler,
    refit: Refit,
    *,
    paths: int,
    repetitions: int = 39,
    rng: RNG = None,
    n_jobs: int = 1,
    progress: bool | Progress = False,
) -> Floats:
    """Draw the AUC that the same test gives where the model is right.

    A path of the model plays the real series. The model is fitted anew to it, the new fit
    simulates as many paths as were judged, and the same plan with the same maximum judges them.
    Without the new fit the p-values are wrong: a model follows the rows that it was fitted to more
    closely than two of its paths follow each other, and others less. Of 200 right models 1 had
    p <= .05 without on the rows of the fit and 20 on held-out blocks; 8 and 9 with it.

    Parameters
    ----------
    bench : Bench
    sample : callable (steps, paths, rng) -> Paths or array of shape (paths, steps, variables)
        Of the fitted model.
    refit : callable (DataFrame, rng) -> sample
        Must do to a series all that was done to the real one, a cut into fitting and held-out
        blocks included.
    paths : int
        As many as were judged.
    repetitions : int
    rng : int, Generator or None
    n_jobs : int
    progress : bool or callable

    Returns
    -------
    array of shape (repetitions,)
        For :meth:`C2ST.against`.

    Raises
    ------
    OptionError
        If a count is out of range.

    Examples
    --------
    >>> draw = lambda steps, paths, rng: rng.normal(size=(paths, steps, 1))
    >>> bench = Plan("logistic", widths=(1,)).bench(np.arange(200.0)[:, None] % 7, rng=0)
    >>> null = parametric_null(
    ...     bench, draw, lambda series, rng: draw, paths=2, repetitions=3, rng=0
    ... )
    >>> null.shape, bool(abs(null - 0.5).max() < 0.2)
    ((3,), True)
    """
    for option, got in (("paths", paths), ("repetitions", repetitions)):
        if type(got) is not int or got < 1:
            raise OptionError(f"{option}={got!r}: expected a whole number from 1 on.")
    tasks = [(bench, sample, refit, paths, stream) for stream in spawn(rng, repetitions)]
    areas = parallel_map(
        _null_auc, tasks, n_jobs=n_jobs, progress=progress, message="null repetitions"
    )
    return np.array(areas)


def _null_auc(
    bench: Bench, sample: Sampler, refit: Refit, paths: int, rng: np.random.Generator
) -> float:
    import pandas as pd

    steps = len(bench.series)
    (played, *_), _ = read_series(sample(steps, 1, rng), bench.names)
    frame = pd.DataFrame(played, columns=list(bench.names))
    simulated = refit(frame, rng)(steps, paths, rng)
    return bench.plan.bench(frame, reference=False).judge(simulated, rng=rng).auc
