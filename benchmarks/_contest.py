"""Contests of CPU time: our calls against those of peers, with a verdict on the results."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from _measure import warm
from numpy.typing import NDArray

__all__ = ["HEADER", "Calls", "Matrix", "Row", "Trial", "compare", "contest"]

HEADER = ("case", "ours", "theirs", "ours, s", "theirs, s", "ratio", "equal?")
Matrix = NDArray[Any]
Calls = Mapping[str, Callable[[], Matrix]]


@dataclass(frozen=True)
class Trial:
    """One data set: what we do with it and what peers do, by the name each has in the report."""

    ours: Calls
    theirs: Calls


@dataclass(frozen=True)
class Row:
    """One line of the report."""

    case: str
    ours: str
    theirs: str
    our_seconds: float
    their_seconds: float | None = None
    ratio: float | None = None
    verdict: str = ""

    def cells(self) -> tuple[str, ...]:
        """Write the row."""
        theirs = "" if self.their_seconds is None else f"{self.their_seconds:.3g}"
        ratio = "" if self.ratio is None else f"{self.ratio:.3g}"
        seconds = f"{self.our_seconds:.3g}"
        return self.case, self.ours, self.theirs, seconds, theirs, ratio, self.verdict


def compare(ours: Matrix, theirs: Matrix) -> Counter[str]:
    """Count the pairs on which two matrices differ; only as skeletons if ours is one."""
    if ours.dtype == bool:
        theirs = theirs != 0
    different = np.triu((ours != theirs) | (ours != theirs).T)
    counts = {
        "pairs only ours": different & (theirs == 0) & (theirs.T == 0),
        "only theirs": different & (ours == 0) & (ours.T == 0),
        "marked otherwise": different & (ours != 0) & (theirs != 0),
    }
    return Counter({what: int(where.sum()) for what, where in counts.items() if where.any()})


def contest(case: str, trials: Iterable[Trial]) -> list[Row]:
    """Time all calls of all trials, and pair each of ours with each of theirs."""
    timed = [({n: _timed(c, 1) for n, c in t.ours.items()}, _all_timed(t)) for t in trials]
    rows = []
    first_ours, first_theirs = timed[0]
    for ours, theirs in product(first_ours, first_theirs or [""]):
        mine = [each[ours] for each, _ in timed]
        other = [each[theirs] for _, each in timed if theirs]
        rows.append(_row(case, (ours, theirs), mine, other))
        print(" | ".join(rows[-1].cells()), flush=True)
    return rows


def _timed(call: Callable[[], Matrix], before: int) -> tuple[float, Matrix]:
    """Time a call after some that do not count."""
    for _ in range(before):
        call()
    return warm(call)


def _all_timed(trial: Trial) -> dict[str, tuple[float, Matrix]]:
    return {name: _timed(call, 0) for name, call in trial.theirs.items()}


def _row(
    case: str,
    names: tuple[str, str],
    mine: list[tuple[float, Matrix]],
    other: list[tuple[float, Matrix]],
) -> Row:
    seconds = statistics.median(s for s, _ in mine)
    if not other:
        return Row(case, *names, seconds)
    ratio = statistics.median(b / a for (a, _), (b, _) in zip(mine, other, strict=True))
    differences = [compare(a, b) for (_, a), (_, b) in zip(mine, other, strict=True)]
    parts = [f"{differences.count(Counter())} of {len(differences)}"]
    parts += [f"{number} {what}" for what, number in sum(differences, Counter()).items()]
    verdict = ", ".join(parts)
    return Row(case, *names, seconds, statistics.median(s for s, _ in other), ratio, verdict)
