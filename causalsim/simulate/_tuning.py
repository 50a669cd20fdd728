"""What a search gives: the winner, the leaderboard, and how real the winner looks."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Self, final

import numpy as np

from causalsim.data import Table
from causalsim.errors import DataError
from causalsim.scm.temporal import TemporalSCM
from causalsim.simulate._candidates import fit_candidates
from causalsim.simulate._leaderboard import Entry
from causalsim.simulate._space import Configuration
from causalsim.simulate._windows import as_frame

if TYPE_CHECKING:
    import pandas as pd

    from causalsim.simulate._report import FidelityReport

__all__ = ["Split", "TuningResult"]

Rows = tuple[slice, ...]
_LEAST = 8
_MOST_TIED = 3


@final
@dataclass(frozen=True)
class Split:
    """Blocks of time: half to fit on, a quarter to choose on, a quarter to report on.

    Under the published protocol every row is all of it.

    Parameters
    ----------
    fit : tuple of slice
    select, held : tuple of slice or None
        None for all rows.

    Examples
    --------
    >>> Split.of(400, 50, "blocked").held
    (slice(150, 200, None), slice(350, 400, None))
    """

    fit: Rows
    select: Rows | None
    held: Rows | None

    @classmethod
    def of(cls, steps: int, block: int, protocol: str) -> Self:
        """Split a series into blocks that take turns: fit, select, fit, hold out.

        Raises
        ------
        DataError
            If there are fewer than eight blocks.
        """
        if protocol == "published":
            return cls((slice(0, steps),), None, None)
        count = steps // block
        if count < _LEAST:
            raise DataError(
                f"{steps} steps make {count} blocks of {block}; a search needs at least {_LEAST}. "
                f"Give a longer series, or block={max(steps // _LEAST, 1)}."
            )
        edges = np.linspace(0, steps, count + 1).astype(int).tolist()
        rows = [slice(a, b) for a, b in pairwise(edges)]
        return cls(tuple(rows[::2]), tuple(rows[1::4]), tuple(rows[3::4]))


@final
@dataclass(frozen=True, eq=False, repr=False)
class TuningResult:
    """The winner of :func:`causalsim.act`, and all that it was compared with.

    Parameters
    ----------
    best : TemporalSCM
        The winner, fitted to the whole series.
    entries : tuple of Entry
        In the order of the configurations.
    winner : int
        Position of the winner.
    configuration : Configuration
        Of the winner.
    protocol, penalty : str
    table : Table
        The series.
    split : Split
    max_lag, seed : int
    configurations : tuple of Configuration
        Of the entries; empty if they are not known.
    """

    best: TemporalSCM
    entries: tuple[Entry, ...]
    winner: int
    configuration: Configuration
    protocol: str
    penalty: str
    table: Table
    split: Split
    max_lag: int
    seed: int
    configurations: tuple[Configuration, ...] = ()

    def __repr__(self) -> str:
        return f"TuningResult({self.configuration.label!r} of {len(self.entries)})"

    @cached_property
    def leaderboard(self) -> pd.DataFrame:
        """One row for each configuration, failures with their reason; the best first.

        Columns label, edges, round, auc, error, paths, seconds, failure, chosen. Those that
        went further stand above the others: AUCs of different rounds are of different panels.
        """
        import pandas as pd

        rows = [
            {**asdict(entry), "chosen": k == self.winner} for k, entry in enumerate(self.entries)
        ]
        table = pd.DataFrame(rows)
        return table.sort_values(
            ["round", "auc"], ascending=[False, True], ignore_index=True, kind="stable"
        )

    @cached_property
    def pareto(self) -> pd.DataFrame:
        """The configurations of the last round that no other beats in edges and AUC at once."""
        board = self.leaderboard.dropna(subset=["auc"])
        last = board[board["round"] == board["round"].max()].sort_values(["edges", "auc"])
        front: pd.DataFrame = last[last["auc"].cummin() == last["auc"]]
        return front.drop_duplicates("auc", ignore_index=True)

    @cached_property
    def tied(self) -> tuple[int, ...]:
        """Positions of the others that are tied with the best, the best first.

        Those of the last round within one standard error of the smallest AUC, whatever the
        penalty.
        """
        last = max(entry.round for entry in self.entries)
        found = {
            k: (entry.auc, entry.error or 0.0)
            for k, entry in enumerate(self.entries)
            if entry.round == last and entry.auc is not None
        }
        limit = sum(min(found.values()))
        ranked = sorted(found, key=lambda k: found[k])
        return tuple(k for k in ranked if k != self.winner and found[k][0] <= limit)

    def rivals(self, most: int = _MOST_TIED) -> tuple[TemporalSCM, ...]:
        """Fit tied configurations to the whole series: as real, with effects of their own.

        Parameters
        ----------
        most : int
            How many, the best first; those that cannot be fitted are left out.
        """
        if not self.configurations:
            return ()
        chosen = [self.configurations[k] for k in self.tied[:most]]
        candidates = fit_candidates(
            chosen, [self.table], [0], len(self.table), self.max_lag, seed=self.seed
        )
        return tuple(each.model for each in candidates if each.model is not None)

    @cached_property
    def fidelity(self) -> FidelityReport:
        """How real the winner looks, judged on rows that neither fitted nor chose it."""
        return self.report()

    def report(self, **options: Any) -> FidelityReport:
        """Judge the winner with options of :func:`causalsim.fidelity`.

        What the tied configurations say of do() widens the ranges over twins.

        Parameters
        ----------
        **options
            Such as ``panel``, ``paths``, ``null`` and ``rng``.
        """
        from causalsim.simulate._fidelity import fidelity

        real = as_frame(self.table.values, self.table.names)
        settings = {"held": self.split.held, "others": self.rivals(), "rng": self.seed}
        found = fidelity(real, self.best, **{**settings, **options})
        if not self.configurations or len(self.tied) <= _MOST_TIED:
            return found
        note = f"{len(self.tied)} configurations are tied with the best, {_MOST_TIED} looked at"
        return replace(found, notes=(*found.notes, note))

    def summary(self) -> str:
        """Say who won, and how close the others came."""
        entry = self.entries[self.winner]
        failed = [each.label for each in self.entries if each.failure]
        how = f"{self.protocol} protocol, penalty {self.penalty}"
        lines = [
            f"{self.configuration.label}: {entry.edges} edges",
            f"AUC {entry.auc:.3f} on the rows that chose it ({how})",
            f"{len(self.entries)} configurations, {len(failed)} failed",
            self.leaderboard.head(8).to_string(index=False),
        ]
        return "\n".join(lines)
