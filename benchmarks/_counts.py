"""Counts kept in a file, so that a long run can be interrupted and resumed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

from causalsim._parallel import parallel_map

__all__ = ["Cell", "Counts", "as_often", "collect"]

Counts = dict[str, dict[str, Any]]


class Cell(Protocol):
    """Something to measure."""

    @property
    def key(self) -> str:
        """Give the name under which it is kept."""

    @property
    def repetitions(self) -> int:
        """Give how often it is to be repeated."""

    def measure(self) -> dict[str, Any]:
        """Measure it."""


AnyCell = TypeVar("AnyCell", bound=Cell)


def as_often(cell: Cell, count: dict[str, Any]) -> bool:
    """Say whether counts come from at least as many repetitions."""
    return bool(count.get("repetitions", 0) >= cell.repetitions)


def collect(
    cells: Sequence[AnyCell],
    path: Path,
    n_jobs: int = 1,
    *,
    batch: int = 8,
    known: Callable[[AnyCell, dict[str, Any]], bool] = as_often,
) -> Counts:
    """Measure cells that are not known, and keep what was found.

    Parameters
    ----------
    cells : sequence of Cell
    path : Path
        A JSON file; rewritten after every ``batch`` cells.
    n_jobs : int
    batch : int
    known : callable
        Whether what is kept of a cell, if anything, need not be measured again.
    """
    counts: Counts = json.loads(path.read_text()) if path.exists() else {}
    todo = [cell for cell in cells if not known(cell, counts.get(cell.key, {}))]
    for start in range(0, len(todo), batch):
        part = todo[start : start + batch]
        found = parallel_map(_measure, [(cell,) for cell in part], n_jobs=n_jobs)
        for cell, one in zip(part, found, strict=True):
            counts[cell.key] = {**one, "repetitions": cell.repetitions}
        path.write_text(json.dumps(counts, indent=0, sort_keys=True) + "\n")
        print(f"{start + len(part)} of {len(todo)} cells", flush=True)
    return counts


def _measure(cell: Cell) -> dict[str, Any]:
    return cell.measure()
