"""The bench: a plan of the test, and a real series prepared once for all paths judged on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, final, get_args

import numpy as np
from numpy.typing import NDArray

from causalsim._parallel import Progress, parallel_map
from causalsim._rng import RNG, check_rng, spawn
from causalsim.errors import DataError, OptionError
from causalsim.simulate._c2st_result import C2ST, FEW, ProtocolName
from causalsim.simulate._contest import Contest, areas, standard_errors, tally
from causalsim.simulate._discriminators import SVC, Discriminator, get_panel, importance
from causalsim.simulate._windows import (
    autocorrelation_time,
    complement,
    fold_numbers,
    interleaved,
    purge_gap,
    read_series,
    time_splits,
    window_starts,
    windows,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Bench", "Plan"]

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]

_BLOCK = 100
_PUBLISHED = tuple(SVC(C, kernel) for C in (1.0, 0.5) for kernel in ("linear", "rbf"))


@final
@dataclass(frozen=True)
class Plan:
    """Settings of the test.

    Parameters
    ----------
    panel : str, Discriminator, or a sequence of them
        ``"default"`` is the panel of :func:`._discriminators.get_panel`, or under the published
        protocol its four support vector machines.
    widths : tuple of int, optional
        Steps of a window; (6,) if left out, and (2, 6) under the published protocol: one and
        five lags. Add 1 to judge margins alone, 24 for a daily cycle of hourly data.
    folds : int
    gap : int or "auto"
        Steps between training and judged windows; see :func:`._windows.purge_gap`.
    max_lag : int
        Of the model, so that no judged window has a cause in training.
    protocol : {"blocked", "published"}
    held : sequence of slice, optional
        The rows judged, on both sides; all if left out. Windows never cross their borders.

    Raises
    ------
    OptionError
        If a value is out of range.

    Examples
    --------
    >>> Plan(panel="svc").panel, Plan(protocol="published").widths
    ((SVC(C=1.0, kernel='rbf'),), (2, 6))
    """

    panel: Any = "default"
    widths: Sequence[int] | None = None
    folds: int = 5
    gap: int | Literal["auto"] = "auto"
    max_lag: int = 0
    protocol: ProtocolName = "blocked"
    held: Sequence[slice] | None = None

    def __post_init__(self) -> None:
        if self.protocol not in get_args(ProtocolName):
            raise OptionError.from_choice("protocol", self.protocol, get_args(ProtocolName))
        published = self.protocol == "published"
        widths = self.widths or ((2, 6) if published else (6,))
        panel = _PUBLISHED if published and self.panel == "default" else get_panel(self.panel)
        for option, least, got in (
            *(("widths", 1, width) for width in widths),
            ("folds", 2, self.folds),
            ("max_lag", 0, self.max_lag),
            *(() if self.gap == "auto" else (("gap", 0, self.gap),)),
        ):
            if type(got) is not int or got < least:
                raise OptionError(f"{option}={got!r}: expected whole numbers from {least} on.")
        object.__setattr__(self, "panel", panel)
        object.__setattr__(self, "widths", tuple(widths))
        object.__setattr__(self, "held", None if self.held is None else tuple(self.held))

    @property
    def configs(self) -> tuple[tuple[str, int], ...]:
        """Name and width of every classifier; settings are written out where names repeat."""
        names = Counter(each.name for each in self.panel)
        labels = [each.name if names[each.name] == 1 else repr(each) for each in self.panel]
        return tuple((label, width) for width in self.widths or () for label in labels)

    def bench(self, real: Any, *, reference: bool = True, rng: RNG = None) -> Bench:
        """Prepare a real series, once for all paths that are judged against it.

        Parameters
        ----------
        real : DataFrame, array of shape (steps, variables), or Paths with one path
        reference : bool
            Whether to compute real against real.
        rng : int, Generator or None

        Returns
        -------
        Bench

        Raises
        ------
        DataError
            If there is not exactly one series, or it is too short.
        """
        several, names = read_series(real)
        if len(several) != 1:
            raise DataError(f"{len(several)} real series; give one, or judge each by itself.")
        series = several[0]
        rows = tuple(self.held or [slice(0, len(series))])
        if any(not 0 <= row.start < row.stop <= len(series) for row in rows):
            raise OptionError(f"held={rows}: expected slices within the {len(series)} steps.")
        widest = max(self.widths or ())
        gap, note = (
            (self.gap, "")
            if isinstance(self.gap, int)
            else purge_gap(series, widest, max_lag=self.max_lag, folds=self.folds)
        )
        steps = sum(row.stop - row.start for row in rows)
        bench = Bench(self, series, names, rows, gap, steps / autocorrelation_time(series))
        notes = [note, bench.shortness()]
        if reference:
            line = bench.real_against_real(rng)
            bench = replace(bench, reference=line)
            notes.append("" if line else "too few blocks to compare real with real")
        return replace(bench, notes=tuple(filter(None, notes)))


@final
@dataclass(frozen=True, eq=False)
class Bench:
    """A real series, prepared to judge simulated paths; made by :meth:`Plan.bench`.

    Parameters
    ----------
    plan : Plan
    series : array of shape (steps, variables)
    names : tuple of str
    rows : tuple of slice
        The rows judged.
    gap : int
        Steps between training and judged windows.
    independent_steps : float
        What the judged rows are worth.
    reference : C2ST, optional
        Real against real.
    notes : tuple of str

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> bench = Plan("logistic", widths=(2,)).bench(rng.normal(size=(300, 2)), rng=0)
    >>> same, far = (bench.judge(rng.normal(shift, size=(300, 2)), rng=0) for shift in (0, 2))
    >>> bool(same.auc < 0.6 < 0.9 < far.auc)
    True
    """

    plan: Plan
    series: Floats
    names: tuple[str, ...]
    rows: tuple[slice, ...]
    gap: int
    independent_steps: float
    reference: C2ST | None = None
    notes: tuple[str, ...] = ()

    def judge(
        self, paths: Any, *, rng: RNG = None, n_jobs: int = 1, progress: bool | Progress = False
    ) -> C2ST:
        """Test simulated paths, the same rows of each as of the real series.

        Parameters
        ----------
        paths : Paths, DataFrame, array, or a list of DataFrames or of arrays
            Of the same variables, each at least as long as the real series; later steps are
            not looked at.
        rng : int, Generator or None
        n_jobs : int
        progress : bool or callable

        Returns
        -------
        C2ST

        Raises
        ------
        DataError
            If a path is too short, or too few windows are left to train on.
        """
        rng = check_rng(rng)
        series = self._read(paths)
        tasks = [
            (self, path, stream)
            for path, stream in zip(series, rng.spawn(len(series)), strict=True)
        ]
        tallies = np.array(
            parallel_map(_against_path, tasks, n_jobs=n_jobs, progress=progress, message="paths")
        )
        return self._result(tallies, rng)

    def giveaways(
        self, paths: Any, discriminator: str | Discriminator = "svc", *, rng: RNG = None
    ) -> pd.DataFrame:
        """Tell which variable at which lag gives the simulation away.

        Parameters
        ----------
        paths : as in :meth:`judge`
        discriminator : str or Discriminator
        rng : int, Generator or None

        Returns
        -------
        DataFrame
            Columns variable, lag, drop: the AUC lost when that value is shuffled among the
            judged windows of the first of the widths, mean over folds and paths. Largest first.
        """
        import pandas as pd

        (member,), drops = get_panel(discriminator), []
        series = self._read(paths)
        for path, stream in zip(series, spawn(rng, len(series)), strict=True):
            contest = self.contests(path, stream)[0]
            drops += [
                importance(member, contest.part(train), contest.part(judged), stream)
                for train, judged in contest.splits
            ]
        mean = np.mean(drops, axis=0)
        width = len(mean)
        table = pd.DataFrame(
            [
                {"variable": name, "lag": width - 1 - k, "drop": float(mean[k, j])}
                for k in range(width)
                for j, name in enumerate(self.names)
            ]
        )
        return table.sort_values("drop", ascending=False, ignore_index=True)

    def shortness(self) -> str:
        """Say that the series is too short to judge, or nothing."""
        if self.independent_steps >= FEW:
            return ""
        return (
            f"too short to judge: by their autocorrelation time the judged steps are worth "
            f"{self.independent_steps:.1f} independent ones, fewer than {FEW}; near a unit root "
            "the AUC of a right model lies above .5. Give more steps, or differences"
        )

    def _read(self, paths: Any) -> list[Floats]:
        """Read paths of the same variables, cut to the length of the real series."""
        series, _ = read_series(paths, self.names)
        steps = len(self.series)
        if min(map(len, series)) < steps:
            raise DataError(
                f"a path of {min(map(len, series))} steps beside {steps} real ones; simulate as "
                f"many: sample({steps}, ...)."
            )
        return [path[:steps] for path in series]

    def contests(self, path: Floats, rng: np.random.Generator) -> list[Contest]:
        """Pair real and simulated windows of each width, the same rows of both.

        Parameters
        ----------
        path : array of shape (steps, variables)
        rng : Generator
            Of the random split of the published protocol.

        Returns
        -------
        list of Contest

        Raises
        ------
        DataError
            If too few windows are left to train on.
        """
        made = []
        for width in self.plan.widths or ():
            starts = window_starts(self.rows, width)
            x = np.concatenate([_cut(one, width, starts) for one in (self.series, path)])
            numbers = np.tile(fold_numbers(starts, self.plan.folds), 2)
            blocks = np.tile(fold_numbers(starts, self._blocks(self.rows)), 2)
            splits = self._splits(np.tile(starts, 2), numbers, rng)
            made.append(Contest(x, np.arange(len(x)) >= len(starts), blocks, splits))
        if not all(contest.fair for contest in made):
            raise DataError(
                f"with folds={self.plan.folds} and a gap of {self.gap} steps no windows are left "
                "to train on; lower gap= or widths=, or give more rows."
            )
        return made

    def real_against_real(self, rng: RNG) -> C2ST | None:
        """Test held-out blocks against the others.

        A stretch of time judged at once holds blocks of both kinds, so that training and judged
        windows are apart in time as they are for a path.

        Parameters
        ----------
        rng : int, Generator or None

        Returns
        -------
        C2ST or None
            None if there are too few blocks.
        """
        rng, held = check_rng(rng), self.rows
        fit = complement(held, len(self.series))
        if self.plan.held is None:
            block = min(_BLOCK, len(self.series) // (2 * self.plan.folds))
            fit, held = interleaved(len(self.series), block)
        opened = np.sort([row.start for row in fit])
        folds = min(self.plan.folds, len(opened))
        if folds < 2:
            return None
        borders = opened[np.arange(1, folds) * len(opened) // folds]
        contests = [
            self._within(width, (held, fit), borders, rng) for width in self.plan.widths or ()
        ]
        if not all(contest.fair for contest in contests):
            return None
        return self._result(tally(self.plan.panel, contests, rng)[None], rng)

    def _within(
        self,
        width: int,
        sides: tuple[Sequence[slice], Sequence[slice]],
        borders: Integers,
        rng: np.random.Generator,
    ) -> Contest:
        """Pair the windows of two sets of rows of the real series."""
        apart = [window_starts(rows, width) for rows in sides]
        starts, count = np.concatenate(apart), min(map(self._blocks, sides))
        blocks = np.concatenate([fold_numbers(one, count) for one in apart])
        splits = self._splits(starts, np.searchsorted(borders, starts, side="right"), rng)
        y = np.arange(len(starts)) >= len(apart[0])
        return Contest(_cut(self.series, width, starts), y, blocks, splits)

    def _splits(
        self, starts: Integers, numbers: Integers, rng: np.random.Generator
    ) -> list[tuple[Integers, Integers]]:
        """Split by stretches of time, or at random into 75 % and 25 % as published."""
        if self.plan.protocol == "blocked":
            return time_splits(starts, numbers, self.gap)
        order = rng.permutation(len(starts))
        cut = round(0.75 * len(order))
        return [(order[:cut], order[cut:])]

    def _blocks(self, rows: Sequence[slice]) -> int:
        """Count the blocks of time that are drawn anew for standard errors."""
        windows_of_widest = len(window_starts(rows, max(self.plan.widths or ())))
        return max(2, windows_of_widest // max(self.gap, 10))

    def _result(self, tallies: Floats, rng: np.random.Generator) -> C2ST:
        errors = standard_errors(tallies, rng)
        plan = self.plan
        return C2ST(
            plan.protocol, plan.configs, areas(tallies).T, errors, self.independent_steps,
            self.reference, notes=self.notes,
        )  # fmt: skip


def _cut(series: Floats, width: int, starts: Integers) -> Floats:
    """Give windows of shape (n, width, variables)."""
    return windows(series, width, starts).reshape(len(starts), width, series.shape[1])


def _against_path(bench: Bench, path: Floats, rng: np.random.Generator) -> Floats:
    return tally(bench.plan.panel, bench.contests(path, rng), rng)
