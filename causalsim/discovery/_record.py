"""What a search remembers of its tests: the decisive one of each pair, or all.

The decisive test of a pair is the one with the largest p: the test that removed the edge, or the
one that came nearest to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Record", "plain"]

Pairs = NDArray[np.intp]
Floats = NDArray[np.float64]


class Record:
    """Test outcomes by pair, the smaller node first; mutable while a search runs.

    ``log_p[i, j]`` and ``statistic[i, j]`` belong to i < j; NaN there means never tested.

    Parameters
    ----------
    p : int
        Number of variables.
    keep_all : bool
        Keep every test beside the decisive ones.
    """

    def __init__(self, p: int, keep_all: bool = False) -> None:
        self.log_p = np.full((p, p), np.nan)
        self.statistic = np.full((p, p), np.nan)
        self._chunks: list[Pairs] = [np.empty((1, 0), np.intp)]
        self._chunk = np.zeros((p, p), np.int32)
        self._row = np.zeros((p, p), np.int32)
        self.n_tests = 0
        self.everything: list[tuple[Pairs, Floats, Floats]] | None = [] if keep_all else None

    def add_level(self, pairs: Pairs, statistic: Floats, log_p: Floats) -> None:
        """Book the first test of each pair, given nothing."""
        i, j = pairs.T
        self.log_p[i, j] = log_p
        self.statistic[i, j] = statistic
        self.n_tests += len(pairs)
        if self.everything is not None:
            self.everything.append((pairs, statistic, log_p))

    def add_best(self, pairs: Pairs, sets: Pairs, statistic: Floats, log_p: Floats) -> None:
        """Book at most one test per pair, kept where its p is the largest so far."""
        i, j = pairs.T
        with np.errstate(invalid="ignore"):
            better = ~(log_p <= self.log_p[i, j])
        i, j = i[better], j[better]
        self.log_p[i, j] = log_p[better]
        self.statistic[i, j] = statistic[better]
        self._chunk[i, j] = len(self._chunks)
        self._row[i, j] = np.arange(len(i))
        self._chunks.append(sets[better])

    def p_value(self, i: int, j: int) -> float:
        """Give the p-value of a pair's decisive test; NaN if there was none that could tell."""
        i, j = min(i, j), max(i, j)
        untold = np.isnan(self.statistic[i, j])
        return float("nan") if untold else float(np.exp(self.log_p[i, j]))

    def given(self, i: int, j: int) -> tuple[int, ...]:
        """Give the conditioning set of a pair's decisive test."""
        i, j = min(i, j), max(i, j)
        return tuple(sorted(self._chunks[self._chunk[i, j]][self._row[i, j]].tolist()))

    def add_tests(self, asked: Pairs, statistic: Floats, log_p: Floats) -> None:
        """Book rows of (x, y, *given), several per pair, the first of equals winning."""
        if self.everything is not None:
            self.everything.append((asked, statistic, log_p))
        order = np.lexsort((-np.arange(len(asked)), log_p, asked[:, 1], asked[:, 0]))
        pairs = asked[order, :2]
        last = np.append((pairs[1:] != pairs[:-1]).any(axis=1), True)
        best = order[last]
        self.add_best(asked[best, :2], asked[best, 2:], statistic[best], log_p[best])

    def frame(self, names: tuple[str, ...]) -> pd.DataFrame:
        """Give the tests as a table: x, y, given, statistic, p_value, log_p, depth."""
        import pandas as pd

        label = np.array(names, object)
        if not self.everything:
            i, j = np.nonzero(np.triu(~np.isnan(self.log_p), 1))
            given = [self.given(a, b) for a, b in zip(i.tolist(), j.tolist(), strict=True)]
            statistic, log_p = self.statistic[i, j], self.log_p[i, j]
        else:
            i = np.concatenate([asked[:, 0] for asked, _, _ in self.everything])
            j = np.concatenate([asked[:, 1] for asked, _, _ in self.everything])
            given = [
                tuple(row) for asked, _, _ in self.everything for row in asked[:, 2:].tolist()
            ]
            statistic = np.concatenate([part for _, part, _ in self.everything])
            log_p = np.concatenate([part for _, _, part in self.everything])
        sets = [tuple(names[k] for k in sorted(s)) for s in given]
        return pd.DataFrame(
            {
                "x": label[i],
                "y": label[j],
                "given": pd.Series(sets, dtype=object),
                "statistic": statistic,
                "p_value": np.exp(log_p),
                "log_p": log_p,
                "depth": np.array([len(s) for s in given], np.intp),
            }
        )

    def to_lists(self) -> list[list[object]]:
        """Give the decisive tests as rows of [i, j, given, statistic, log p]."""
        i, j = np.nonzero(np.triu(~np.isnan(self.log_p), 1))
        rows = zip(i, j, self.statistic[i, j], self.log_p[i, j], strict=True)
        return [
            [int(a), int(b), list(self.given(int(a), int(b))), plain(s), plain(lp)]
            for a, b, s, lp in rows
        ]

    @classmethod
    def from_lists(cls, p: int, n_tests: int, rows: list[list[Any]]) -> Record:
        """Rebuild the decisive tests from :meth:`to_lists`."""
        record = cls(p)
        for size in sorted({len(given) for _, _, given, _, _ in rows}):
            i, j, sets, statistic, log_p = zip(
                *(row for row in rows if len(row[2]) == size), strict=True
            )
            record.add_best(
                np.column_stack([i, j]),
                np.array(sets, np.intp).reshape(len(i), size),
                np.array(statistic, np.float64),
                np.array(log_p, np.float64),
            )
        record.n_tests = n_tests
        return record


def plain(value: float) -> float | str:
    """Write a number for JSON, which has no infinities."""
    return float(value) if np.isfinite(value) else str(float(value))
