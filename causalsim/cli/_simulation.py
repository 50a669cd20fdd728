"""What ``causalsim simulate`` reads and writes: a series, interventions, a folder of files."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, final

import numpy as np

from causalsim._files import reason
from causalsim.cli._inputs import load_table
from causalsim.cli._outputs import write_all
from causalsim.errors import DataError, NameNotFoundError, OptionError
from causalsim.graph.intervention import Intervention, Set, Shift, Window

if TYPE_CHECKING:
    import pandas as pd

    from causalsim.scm import Paths

__all__ = ["Folder", "check_actions", "long_csv", "read_actions", "read_series"]

FILES = (
    "data.csv",
    "intervened.csv",
    "truth.json",
    "model.json",
    "simulation.json",
    "leaderboard.csv",
    "fidelity.json",
    "fidelity.html",
)
_ACTION = re.compile(
    r"(?P<name>.+?)(?P<added>\+?)=(?P<value>[^=@]+)(?:@(?P<start>\d*):(?P<stop>\d*))?"
)
_UNEVEN = 1.5


def read_series(
    data: str, drop: Sequence[str], time: str | None
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Read a series of numbers, one row per step, and say what is doubtful about its times.

    ``time`` is a column of dates or numbers that must increase; it is no variable.
    """
    import pandas as pd

    table = load_table(
        data,
        kinds=["continuous"],
        drop=drop,
        time=time,
        missing="testwise",
        degenerate="keep",
    )
    frame = pd.DataFrame(np.array(table.values), columns=list(table.names))
    if time is None:
        return frame, table.notes
    if time not in frame:
        raise NameNotFoundError.from_names("column (in --time)", time, frame.columns)
    doubts = _doubts_of_times(frame.pop(time).to_numpy(), time)
    return frame, (*table.notes, *doubts)


def _doubts_of_times(times: np.ndarray, name: str) -> tuple[str, ...]:
    """Refuse times that do not increase; tell if they are not evenly spaced."""
    gone = int(np.isnan(times).sum())
    if gone:
        raise DataError(f"the time {name!r} has {gone} missing cells; fill them in.")
    gaps = np.diff(times)
    if not (gaps > 0).all():
        row = int(np.flatnonzero(gaps <= 0)[0]) + 1
        raise DataError(
            f"{name!r} does not increase from row {row} to row {row + 1}. Sort the rows by it, or "
            "leave --time out."
        )
    ratio = gaps.max() / np.median(gaps) if len(gaps) else 1.0
    if ratio <= _UNEVEN:
        return ()
    uneven = f"steps of {name!r} are not even: the longest is {ratio:.3g} times the median"
    return (f"{uneven}, and the model takes each for one step",)


def read_actions(texts: Sequence[str]) -> dict[str, Intervention]:
    """Read interventions: set to a value, or add to it; always, or in a window of steps.

    >>> read_actions(["X=1", "Y+=0.5@100:200"])
    {'X': Set(value=1.0), 'Y': Shift(by=0.5, window=(100, 200))}
    """
    actions: dict[str, Intervention] = {}
    for text in texts:
        found = _ACTION.fullmatch(text)
        value = _number(found["value"]) if found else None
        if found is None or value is None:
            raise OptionError(
                f"--do {shlex.quote(text)}: expected COLUMN=VALUE, or COLUMN+=VALUE to add to "
                "it, perhaps with @START:STOP, such as --do 'X=1@100:200'."
            )
        if found["name"] in actions:
            raise OptionError(f"--do names {found['name']!r} twice; act on it once.")
        window = _window(text, found["start"], found["stop"])
        actions[found["name"]] = (
            Shift(value, window=window) if found["added"] else Set(value, window=window)
        )
    return actions


def check_actions(actions: Mapping[str, Intervention], series: pd.DataFrame) -> None:
    """Refuse interventions on what is no column."""
    for name in actions:
        if name not in series:
            raise NameNotFoundError.from_names("column (in --do)", name, series.columns)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def _window(text: str, start: str | None, stop: str | None) -> Window:
    """Read the steps between which an intervention acts; None for always."""
    if start is None or stop is None:
        return None
    first, last = (int(step) if step else None for step in (start, stop))
    if first is not None and last is not None and first >= last:
        raise OptionError(f"--do {shlex.quote(text)}: the window ends before it starts.")
    return first, last


def long_csv(paths: Paths) -> bytes:
    """Write all paths as one table, with a column ``path`` and a column ``step``."""
    import pandas as pd

    whole = pd.concat(dict(enumerate(paths)), names=["path", "step"])
    return whole.to_csv(lineterminator="\n").encode()


@final
@dataclass(frozen=True)
class Folder:
    """The folder of results: checked before the run, written after it, all files or none.

    Parameters
    ----------
    path : Path
    overwrite : bool
        Whether the results of an earlier run are replaced.
    """

    path: Path
    overwrite: bool

    def check(self, source: str) -> None:
        """Refuse a folder that could not be written, or that holds what would be lost."""
        existing = next(p for p in (self.path, *self.path.absolute().parents) if p.exists())
        if not existing.is_dir():
            raise OptionError(f"--out {self.path}: {existing} is no folder; choose another.")
        if not os.access(existing, os.W_OK):
            raise OptionError(f"--out {self.path}: {existing} cannot be written; choose another.")
        for name in FILES:
            old = self.path / name
            if os.path.realpath(old) == os.path.realpath(source):
                raise OptionError(f"--out {self.path}: it holds the input {source}.")
            if old.exists() and not self.overwrite:
                raise OptionError(f"{old} exists; write --overwrite, or choose another folder.")

    def write(self, files: Mapping[str, bytes]) -> tuple[Path, ...]:
        """Write files by name; what an earlier run left under other names goes away."""
        new = [p for p in (self.path, *self.path.absolute().parents) if not p.exists()]
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            write_all({self.path / name: content for name, content in files.items()})
        except BaseException as error:
            for made in new:
                if made.exists():
                    made.rmdir()
            if isinstance(error, OSError):
                raise OptionError(f"--out {self.path}: {reason(error)}.") from error
            raise
        for name in set(FILES) - set(files):
            (self.path / name).unlink(missing_ok=True)
        return tuple(self.path / name for name in files)
