"""The leaderboard of a search: one entry for each configuration, kept on disk if wished."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from causalsim import _files
from causalsim.errors import FormatError

__all__ = ["Entry", "Store", "digest"]

VERSION = 1


@final
@dataclass(frozen=True)
class Entry:
    """What is known of one configuration.

    Parameters
    ----------
    label : str
    edges : int or None
        Of its graph, without those of drivers; None if it could not be fitted.
    round : int
        The last round in which it was judged, from 1; 0 if in none.
    auc, error : float or None
        Mean over paths of the largest AUC over the panel of that round, and standard error.
    paths : int
        Judged in that round.
    seconds : float
        Spent on judging.
    failure : str
        Why it was not judged; empty if it was.
    """

    label: str
    edges: int | None = None
    round: int = 0
    auc: float | None = None
    error: float | None = None
    paths: int = 0
    seconds: float = 0.0
    failure: str = ""


def digest(array: NDArray[np.float64], *settings: object) -> str:
    """Give a short text that changes with data or settings.

    >>> digest(np.zeros(2), "a") == digest(np.zeros(2), "b")
    False
    """
    text = "|".join(map(repr, settings)).encode()
    return blake2b(np.ascontiguousarray(array).tobytes() + text, digest_size=12).hexdigest()


@final
@dataclass
class Store:
    """Entries by key, written to a file after each one, so that a search can be resumed.

    Parameters
    ----------
    path : path, optional
        A JSON file; kept in memory alone if left out.

    Raises
    ------
    FormatError
        If the file exists and holds something else.
    """

    path: str | os.PathLike[str] | None = None
    _entries: dict[str, Entry] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        if self.path is not None and Path(self.path).exists():
            payload = _files.open_versioned(_files.load_json(self.path), "leaderboard", VERSION)
            self._entries = _read(payload["entries"])

    def get(self, key: str) -> Entry | None:
        """Give an entry, or None."""
        return self._entries.get(key)

    def put(self, key: str, entry: Entry) -> None:
        """Keep an entry, on disk too."""
        self._entries[key] = entry
        if self.path is not None:
            entries = {name: asdict(each) for name, each in self._entries.items()}
            content = _files.versioned("leaderboard", VERSION, {"entries": entries})
            _files.write_text(self.path, _files.dump_json(content))


def _read(entries: Mapping[str, Mapping[str, Any]]) -> dict[str, Entry]:
    try:
        return {key: Entry(**each) for key, each in entries.items()}
    except (TypeError, AttributeError) as error:
        raise FormatError(f"the leaderboard holds entries of another form: {error}.") from error
