"""Counts kept in a file, so that a long run can be interrupted and resumed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from causalsim._parallel import parallel_map

__all__ = ["Cell", "Counts", "collect"]

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


def collect(cells: Sequence[Cell], path: Path, n_jobs: int = 1, *, batch: int = 8) -> Counts:
    """Measure cells that are not known with as many repetitions, and keep what was found.

    Parameters
    ----------
    cells : sequence of Cell
    path : Path
        A JSON file; rewritten after every ``batch`` cells.
    n_jobs : int
    batch : int
    """
    counts: Counts = json.loads(path.read_text()) if path.exists() else {}
    todo = [c for c in cells if counts.get(c.key, {}).get("repetitions", 0) < c.repetitions]
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
