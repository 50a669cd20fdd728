"""Telling simulated series from copies of the series that they were learnt from.

A simulator that pastes stretches of its training data looks perfect to a classifier, and worse
than perfect: the twin of a judged window stands in the training set with the other label. Three
signs tell it:

* rows that repeat a training row;
* runs of steps that repeat a run of training steps. Counts and frozen sensors repeat rows by
  chance, so the runs are made long enough for new rows of the real series hardly ever to do so;
* rows nearer to training rows than these are to one another, which also finds copies with noise.

A row is the same if no variable differs by more than 1e-4 standard deviations, which lets the
rounding of single precision pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from causalsim.errors import DataError
from causalsim.simulate._marginals import read_pair
from causalsim.simulate._windows import read_series, windows

__all__ = ["CopyCheck", "copy_check"]

Floats = NDArray[np.float64]

SAME = 1e-4
RUNS = (3, 6, 12, 24)
BY_CHANCE = 0.05
EXCESS = 0.05
NEAR = 0.5
PARTS = 10
QUERIES = 5000


@final
@dataclass(frozen=True)
class CopyCheck:
    """What of a simulated series repeats the series it was learnt from.

    Parameters
    ----------
    rows, new_rows : float
        Share of simulated, and of new real steps, that repeat a training step.
    run : int
        Length of a run.
    runs, new_runs : float
        Share of simulated, and of new real steps, within a repeated run.
    nearness : float
        Median distance of simulated rows to the nearest training row, over that of training rows
        to those of other times. 1: as far as real rows are; 0: copies.
    held_nearness : float or None
        The same over the distance of simulated rows to the nearest held-out row, as many of each;
        None without held-out rows. A drift lowers it too.
    reason : str
        What raised the alarm; empty if nothing did.

    Examples
    --------
    >>> real = np.random.default_rng(0).normal(size=(300, 2))
    >>> check = copy_check(real[100:], real)
    >>> check.alarm, check.rows
    (True, 1.0)
    >>> print(check.summary())
    copied: 100% of the steps repeat a training step (new real steps: 0%); ...
    """

    rows: float
    new_rows: float
    run: int
    runs: float
    new_runs: float
    nearness: float
    held_nearness: float | None
    reason: str

    @property
    def alarm(self) -> bool:
        """Whether the series is a copy, in part at least."""
        return bool(self.reason)

    def summary(self) -> str:
        """Give the result as text."""
        if self.reason:
            return f"copied: {self.reason}"
        return (
            f"not copied: {self.rows:.1%} of the steps repeat a training step (new real steps: "
            f"{self.new_rows:.1%}), {self.runs:.1%} stand in repeated runs of {self.run} "
            f"({self.new_runs:.1%}), nearness {self.nearness:.2f}"
        )


def copy_check(simulated: Any, fit: Any, held: Any = None) -> CopyCheck:
    """Tell copies from new series.

    Parameters
    ----------
    simulated : Paths, DataFrame, array or list
        One or several series.
    fit : DataFrame or array of shape (steps, variables)
        The series that the simulator has seen.
    held : DataFrame, array or list, optional
        Steps of the real series that it has not seen. Without them, each tenth of ``fit``
        is compared with the rest of it.

    Returns
    -------
    CopyCheck
        The alarm is raised by rows, or by runs, that the simulated series repeats for 5 % of its
        steps more than new real ones do (by rows only if new ones repeat less than 5 %), and by
        a nearness below 1/2.

    Raises
    ------
    DataError
        If the series cannot be read, have other variables, or are too short.

    Examples
    --------
    >>> first, second = np.random.default_rng(0).normal(size=(2, 300, 2))
    >>> copy_check(first, second).alarm
    False
    """
    pair = read_pair(fit, simulated)
    _refuse_short([pair.real])
    scale = pair.real.std(axis=0)
    seen, paths = pair.real / scale, [path / scale for path in pair.simulated]
    new = None if held is None else [x / scale for x in read_series(held, pair.names)[0]]
    rows, new_rows = _shares(paths, seen, new, 1)
    run, runs, new_runs = _long_enough(paths, seen, new)
    near = _medium_distance(np.concatenate(paths), seen)
    own = np.median(np.concatenate([_distances(x, y) for x, y in _left_out(seen)]))
    nearness = _ratio(near, float(own))
    reasons = []
    if new_rows <= BY_CHANCE and rows > new_rows + EXCESS:
        reasons.append(
            f"{rows:.0%} of the steps repeat a training step (new real steps: {new_rows:.0%})"
        )
    if runs > new_runs + EXCESS:
        reasons.append(f"{runs:.0%} stand in repeated runs of {run} steps ({new_runs:.0%})")
    if nearness < NEAR:
        reasons.append(f"rows are {nearness:.2f} times as far from training rows as real ones")
    held_nearness = None if new is None else _against_held(np.concatenate(paths), seen, new)
    return CopyCheck(
        rows, new_rows, run, runs, new_runs, nearness, held_nearness, "; ".join(reasons)
    )


def _refuse_short(series: Sequence[Floats]) -> None:
    if len(series[0]) < 3 * PARTS:
        raise DataError(f"fit has {len(series[0])} steps; give at least {3 * PARTS}.")


def _long_enough(
    paths: list[Floats], seen: Floats, new: list[Floats] | None
) -> tuple[int, float, float]:
    """Give the shortest run that new rows hardly ever repeat, and who repeats it how often."""
    run, runs, new_runs = 1, 1.0, 1.0
    for run in RUNS:
        if run > len(seen) // PARTS:
            break
        runs, new_runs = _shares(paths, seen, new, run)
        if new_runs <= BY_CHANCE:
            break
    return run, runs, new_runs


def _shares(
    paths: list[Floats], seen: Floats, new: list[Floats] | None, width: int
) -> tuple[float, float]:
    """Give the share of simulated, and of new real steps, in repeated runs of ``width``."""
    pairs = _left_out(seen) if new is None else [(part, [seen]) for part in new]
    return _share([(path, [seen]) for path in paths], width), _share(pairs, width)


def _share(pairs: Sequence[tuple[Floats, list[Floats]]], width: int) -> float:
    return float(np.concatenate([_repeated(x, among, width) for x, among in pairs]).mean())


def _repeated(series: Floats, among: list[Floats], width: int) -> NDArray[np.bool_]:
    """Tell which steps lie in a run of ``width`` that occurs in ``among``; shape (steps,)."""
    from scipy.spatial import cKDTree

    there = np.concatenate([windows(part, width) for part in among if len(part) >= width])
    covered = np.zeros(len(series), bool)
    if len(series) < width:
        return covered
    nearest, _ = cKDTree(there).query(windows(series, width), p=np.inf, distance_upper_bound=SAME)
    hits = np.isfinite(nearest)
    for offset in range(width):
        covered[offset : offset + len(hits)] |= hits
    return covered


def _left_out(seen: Floats) -> list[tuple[Floats, list[Floats]]]:
    """Pair each tenth of a series with what lies before and after it."""
    parts = np.array_split(seen, PARTS)
    return [(part, parts[:k] + parts[k + 1 :]) for k, part in enumerate(parts)]


def _distances(rows: Floats, among: list[Floats]) -> Floats:
    from scipy.spatial import cKDTree

    return np.asarray(cKDTree(np.concatenate(among)).query(rows)[0])


def _medium_distance(rows: Floats, among: Floats) -> float:
    """Give the median distance to the nearest row, over at most 5000 evenly spaced rows."""
    stride = -(-len(rows) // QUERIES)
    return float(np.median(_distances(rows[::stride], [among])))


def _against_held(rows: Floats, seen: Floats, new: list[Floats]) -> float:
    """Compare distances to as many training as held-out rows, evenly spaced."""
    others = np.concatenate(new)
    count = min(len(seen), len(others))
    thin = [x[np.linspace(0, len(x) - 1, count).astype(np.intp)] for x in (seen, others)]
    return _ratio(_medium_distance(rows, thin[0]), _medium_distance(rows, thin[1]))


def _ratio(part: float, whole: float) -> float:
    """Divide two distances; two zeros are as far as each other."""
    if whole == 0:
        return 1.0 if part == 0 else np.inf
    return part / whole
