"""Files: atomic writes and one versioned codec (JSON, and npz for arrays). Never pickle."""

from __future__ import annotations

import json
import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from causalsim.errors import FormatError

__all__ = [
    "atomic",
    "dump_json",
    "load_json",
    "open_versioned",
    "reason",
    "versioned",
    "write_text",
]

Pathish = str | os.PathLike[str]


def reason(error: Exception) -> str:
    """Say why a file could not be read or written, without error numbers or names of files.

    >>> reason(FileNotFoundError(2, "No such file or directory", "a.txt"))
    'No such file or directory'
    """
    if isinstance(error, UnicodeDecodeError):
        byte = error.object[error.start]
        return f"byte 0x{byte:02x} at position {error.start} is not UTF-8; save the file as UTF-8"
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


@contextmanager
def atomic(path: Pathish) -> Iterator[BinaryIO]:
    """Open a file that appears under its name only when the block ends without an error.

    A symbolic link is followed, and a file that exists keeps its permissions.

    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     target = pathlib.Path(folder, "a.txt")
    ...     with atomic(target) as file:
    ...         _ = file.write(b"done")
    ...     target.read_bytes()
    b'done'
    """
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise FormatError(f"cannot write {path}: the folder {target.parent} does not exist.")
    try:
        if target.exists() and not target.is_file():
            raise FormatError(f"cannot write {path}: it is no file; give a file name.")
        with _replacing(target) as file:
            yield file
    except OSError as error:
        raise FormatError(f"cannot write {path}: {reason(error)}.") from error


@contextmanager
def _replacing(target: Path) -> Iterator[BinaryIO]:
    """Write beside a file and take its place, and its permissions if it exists."""
    handle, name = tempfile.mkstemp(prefix=".causalsim-", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        temporary.chmod(stat.S_IMODE(target.stat().st_mode) if target.exists() else _new_mode())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _new_mode() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


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
        return json.loads(Path(path).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise FormatError(f"cannot read {path}: {reason(error)}") from error
    except (ValueError, RecursionError) as error:
        raise FormatError(f"cannot read {path} as JSON: {reason(error)}") from error


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
        hint = " Read graphs with causalsim.graph.io.read." if got == "causalsim/graph" else ""
        raise FormatError(f"expected format 'causalsim/{kind}', got {got!r}.{hint}")
    if not isinstance(payload.get("version"), int) or payload["version"] > version:
        raise FormatError(
            f"causalsim/{kind} version {payload.get('version')!r} is newer than this release "
            f"reads ({version}); upgrade causalsim."
        )
    return payload
