"""Answers kept in a file, so that a long run can be interrupted and resumed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

__all__ = ["measured"]


def measured(path: Path, tasks: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
    """Run the tasks whose answers a JSON file does not hold, and write each answer down.

    Parameters
    ----------
    path : Path
        Rewritten after every task; answers to other tasks stay.
    tasks : mapping of str to callable

    Returns
    -------
    dict
        The answers to these tasks, and all others that the file holds.
    """
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    for key, task in tasks.items():
        if key not in found:
            found[key] = task()
            path.write_text(json.dumps(found, indent=0, sort_keys=True) + "\n")
            print(key, flush=True)
    return found
