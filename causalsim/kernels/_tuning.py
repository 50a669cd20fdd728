"""The scale of a kernel, tuned on rows that no test sees afterwards.

References
----------
.. [He2025] He et al., On the hardness of conditional independence testing in practice,
   NeurIPS 2025, arXiv 2512.14000: tuning on the tested rows inflates the level.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import ArrayLike

from causalsim._rng import spawn
from causalsim.errors import DataError, OptionError
from causalsim.kernels._alignment import snr
from causalsim.kernels._base import Floats, Kernel, as_rows
from causalsim.kernels._rates import Ints, Rates, Trial
from causalsim.kernels._widths import content_order
from causalsim.kernels.classical import Gaussian

__all__ = ["ScaleChoice", "tune_scale"]

FEWEST = 8
GRID = 9
GOLDEN_STEPS = 8
MOST_REPEATS = 10_000
INVERSE_GOLDEN = (np.sqrt(5) - 1) / 2
SAME_ROWS = (
    "tuned and tested on the same rows: p-values at this scale are too small; compare the level "
    "after with the level before."
)


@final
@dataclass(frozen=True)
class ScaleChoice:
    """A tuned scale, with the rows that saw the tuning and those that did not.

    Parameters
    ----------
    scale : float
    curve : tuple of (float, float)
        Scales tried and their signal-to-noise ratios on the tuning rows, by scale.
    tuning_rows, testing_rows : tuple of int
        Row numbers, ascending. Test on ``testing_rows`` only.
    before, after : Rates
        At the starting scale and at the chosen one, on the testing rows.
    note : str
        A warning if the two sets of rows are the same, else empty.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=60)
    >>> choice = tune_scale(Gaussian, x, x**2, bounds=(0.1, 10))
    >>> len(choice.tuning_rows), set(choice.tuning_rows) & set(choice.testing_rows)
    (30, set())
    """

    scale: float
    curve: tuple[tuple[float, float], ...]
    tuning_rows: tuple[int, ...]
    testing_rows: tuple[int, ...]
    before: Rates
    after: Rates
    note: str


def tune_scale(
    make_kernel: Callable[[float], Kernel],
    x: ArrayLike,
    y: ArrayLike,
    *,
    bounds: tuple[float, float],
    target: Kernel | None = None,
    start: float = 1.0,
    holdout: float = 0.5,
    tuning_rows: Sequence[int] | None = None,
    same_rows: bool = False,
    repeats: int = 200,
    seed: int = 0,
) -> ScaleChoice:
    """Choose the scale of x's kernel with the largest signal-to-noise ratio against y.

    The rows are split in two. Nine scales, evenly spaced in the logarithm, are tried on the
    tuning rows, then golden-section search goes on around the best of them. The testing rows are
    read only to report :class:`Rates` before and after.

    Parameters
    ----------
    make_kernel : callable
        Gives the kernel of a scale, such as ``Gaussian`` (its width).
    x, y : arrays of shape (n, d) or (n,)
        Rows, not Gram matrices: what a kernel reads off the data it must read off one half.
    bounds : (float, float)
        Smallest and largest scale, both positive. Keep the phase of a quantum kernel below pi.
    target : Kernel, optional
        Of y; ``Gaussian()`` if left out.
    start : float
        The scale before tuning, for comparison only.
    holdout : float
        Share of the testing rows.
    tuning_rows : sequence of int, optional
        Rows to tune on, in place of a random half. To tune a second variable, give it those of
        the first choice, lest the rows that one was tested on tune the other.
    same_rows : bool
        Tune and test on all rows. The result then says so in its ``note``, and its rates ``after``
        choose anew among the scales tried in each repetition, so that they show what the choice
        did to the level [He2025]_.
    repeats : int
        Permutations and subsamples behind the rates; 200 to 10 000.
    seed : int
        Of the split and the repetitions.

    Returns
    -------
    ScaleChoice

    Raises
    ------
    OptionError
        If a setting is out of range, or ``same_rows`` and ``tuning_rows`` are both given.
    DataError
        If x and y differ in rows, one part would have fewer than 8, or a kernel sees all rows
        alike.

    Notes
    -----
    Rows are numbered by their order in (x, y) sorted by the first column, ties by the next, before
    the seed splits them. The choice depends neither on the order of the table nor on units.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=100)
    >>> choice = tune_scale(Gaussian, x, np.cos(4 * x), bounds=(0.05, 5))
    >>> choice.scale < 0.5, choice.after.power > choice.before.power
    (True, True)
    """
    _check_settings(bounds, start, holdout, repeats)
    first, second = as_rows(x), as_rows(y)
    split, *streams = spawn(seed, 3)
    tuning, testing = _split(first, second, holdout, tuning_rows, same_rows, split)
    kernel_y = Gaussian() if target is None else target
    gram_y = kernel_y(second[tuning])
    curve = _search(lambda scale: snr(make_kernel(scale)(first[tuning]), gram_y), bounds)
    scale = max(curve, key=lambda tried: curve[tried])
    gram_y = kernel_y(second[testing])
    trial = Trial.drawn(make_kernel, first[testing], gram_y, repeats, streams)
    return ScaleChoice(
        scale,
        tuple(sorted(curve.items())),
        tuple(np.sort(tuning).tolist()),
        tuple(np.sort(testing).tolist()),
        trial.rates(start, [start]),
        trial.rates(scale, list(curve) if same_rows else [scale]),
        SAME_ROWS if same_rows else "",
    )


def _check_settings(
    bounds: tuple[float, float], start: float, holdout: float, repeats: int
) -> None:
    """Refuse settings out of range."""
    low, high = bounds
    if not 0 < low < high < np.inf:
        raise OptionError(f"bounds={bounds!r}: expected (low, high) with 0 < low < high.")
    if not 0 < start < np.inf:
        raise OptionError(f"start={start!r}: expected a positive scale.")
    if not 0 < holdout < 1:
        raise OptionError(f"holdout={holdout!r}: expected a share of the rows between 0 and 1.")
    if repeats < 200:
        raise OptionError(f"repeats={repeats!r}: fewer than 200 tell no rate; write repeats=200.")
    if repeats > MOST_REPEATS:
        raise OptionError(f"repeats={repeats!r}: expected at most {MOST_REPEATS}.")


def _split(
    x: Floats,
    y: Floats,
    holdout: float,
    tuning_rows: Sequence[int] | None,
    same_rows: bool,
    rng: np.random.Generator,
) -> tuple[Ints, Ints]:
    """Give the tuning and the testing rows, each in the order of their content."""
    if len(x) != len(y):
        raise DataError(f"x and y share their rows; got {len(x)} and {len(y)}.")
    if same_rows and tuning_rows is not None:
        raise OptionError("same_rows=True tunes on all rows; leave tuning_rows out.")
    order = content_order(np.column_stack([x, y]))
    n = len(order)
    if same_rows:
        tuning = testing = order
    else:
        drawn = order[rng.permutation(n)[round(holdout * n) :]]
        chosen = drawn if tuning_rows is None else _row_numbers(tuning_rows, n)
        seen = np.isin(order, chosen)
        tuning, testing = order[seen], order[~seen]
    if min(len(tuning), len(testing)) < FEWEST:
        raise DataError(
            f"{len(tuning)} rows to tune and {len(testing)} to test; each part needs {FEWEST}."
        )
    return tuning, testing


def _row_numbers(rows: Sequence[int], n: int) -> Ints:
    """Check that rows are distinct numbers below n."""
    if len(set(rows)) < len(rows) or not set(rows) <= set(range(n)):
        raise OptionError(f"tuning_rows: expected distinct row numbers from 0 to {n - 1}.")
    return np.asarray(rows, np.intp)


def _search(score: Callable[[float], float], bounds: tuple[float, float]) -> dict[float, float]:
    """Give scores by scale: of a grid, then of golden-section steps around its best point."""
    scores: dict[float, float] = {}

    def at(log_scale: float) -> float:
        scale = float(np.clip(np.exp(log_scale), *bounds))
        return scores.setdefault(scale, score(scale))

    grid = np.linspace(float(np.log(bounds[0])), float(np.log(bounds[1])), GRID)
    best = int(np.argmax([at(point) for point in grid]))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, GRID - 1)]
    left, right = high - INVERSE_GOLDEN * (high - low), low + INVERSE_GOLDEN * (high - low)
    at_left, at_right = at(left), at(right)
    for _ in range(GOLDEN_STEPS):
        if at_left >= at_right:
            high, right, at_right = right, left, at_left
            left = high - INVERSE_GOLDEN * (high - low)
            at_left = at(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + INVERSE_GOLDEN * (high - low)
            at_right = at(right)
    return scores
