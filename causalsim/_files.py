"""Files: atomic writes and one versioned codec (JSON, and npz for arrays). Never pickle."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from causalsim.errors import FormatError

__all__ = ["atomic", "dump_json", "load_json", "open_versioned", "versioned", "write_text"]

Pathish = str | os.PathLike[str]


@contextmanager
def atomic(path: Pathish) -> Iterator[BinaryIO]:
    """Open a file that appears under its name only when the block ends without an error.

    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     target = pathlib.Path(folder, "a.txt")
    ...     with atomic(target) as file:
    ...         _ = file.write(b"done")
    ...     target.read_bytes()
    b'done'
    """
    target = Path(path)
    if not target.parent.is_dir():
        raise FormatError(f"cannot write {target}: the folder {target.parent} does not exist.")
    if target.is_dir():
        raise FormatError(f"cannot write {target}: it is a folder; give a file name.")
    handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        mask = os.umask(0)
        os.umask(mask)
        Path(temporary).chmod(0o666 & ~mask)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def write_text(path: Pathish, text: str) -> None:
    """Write a text file atomically, in UTF-8."""
    with atomic(path) as file:
        file.write(text.encode())


def _plain(value: object) -> object:
    """Turn numpy values into JSON's own."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON.")


def dump_json(value: object) -> str:
    """Write a value as JSON text; numpy values become plain ones."""
    return json.dumps(value, default=_plain, ensure_ascii=False, indent=1) + "\n"


def load_json(path: Pathish) -> Any:
    """Read a JSON file, or say why it is none."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise FormatError(f"cannot read {path} as JSON: {error}") from error


def versioned(kind: str, version: int, content: Mapping[str, Any]) -> dict[str, Any]:
    """Put a format name and version in front of a payload."""
    return {"format": f"causalsim/{kind}", "version": version, **content}


def open_versioned(payload: object, kind: str, version: int) -> dict[str, Any]:
    """Check format name and version of a payload and give it back.

    Older versions are accepted: the reader of each kind upgrades them by their number.

    >>> open_versioned({"format": "causalsim/graph", "version": 1}, "graph", 1)["version"]
    1
    """
    if not isinstance(payload, dict) or payload.get("format") != f"causalsim/{kind}":
        got = payload.get("format") if isinstance(payload, dict) else type(payload).__name__
        raise FormatError(f"expected format 'causalsim/{kind}', got {got!r}.")
    if not isinstance(payload.get("version"), int) or payload["version"] > version:
        raise FormatError(
            f"causalsim/{kind} version {payload.get('version')!r} is newer than this release "
            f"reads ({version}); upgrade causalsim."
        )
    return payload
