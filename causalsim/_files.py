"""Files: atomic writes and one versioned codec (JSON, and npz for arrays). Never pickle."""

from __future__ import annotations

import io
import json
import os
import stat
import tempfile
import zipfile
import zlib
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
    "read_content",
    "reason",
    "versioned",
    "write_content",
    "write_text",
]

Pathish = str | os.PathLike[str]
TEXT = "content.json"
LINK = "npz array"
EPOCH = (1980, 1, 1, 0, 0, 0)


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


# -- values with arrays -------------------------------------------------------------------


def write_content(path: Pathish, content: Mapping[str, Any]) -> None:
    """Write plain values and arrays: an npz if the path ends in ``.npz``, JSON otherwise.

    The same content gives the same bytes. In JSON arrays are lists, which keep every float. An
    npz is a zip of ``content.json``, which names an array in its place, and of the arrays.

    Parameters
    ----------
    path : str or path
    content : mapping
        Nested mappings and sequences; floats outside arrays must be finite.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     target = pathlib.Path(folder, "a.npz")
    ...     write_content(target, {"name": "X", "value": np.array([1.5, 2.0])})
    ...     read_content(target)
    {'name': 'X', 'value': array([1.5, 2. ])}
    """
    if Path(path).suffix.lower() != ".npz":
        write_text(path, dump_json(content))
        return
    arrays: dict[str, Any] = {}
    text = dump_json(_linked(content, arrays))
    with atomic(path) as file, zipfile.ZipFile(file, "w") as archive:
        archive.writestr(_member(TEXT), text.encode())
        for name, array in arrays.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, array, allow_pickle=False)
            archive.writestr(_member(name), buffer.getvalue())


def _member(name: str) -> zipfile.ZipInfo:
    """Describe a member of a zip, without the time and the system."""
    member = zipfile.ZipInfo(name, EPOCH)
    member.compress_type = zipfile.ZIP_DEFLATED
    member.create_system, member.external_attr = 3, 0o644 << 16
    return member


def _linked(value: Any, arrays: dict[str, Any]) -> Any:
    """Put links in the place of arrays, and the arrays by name into ``arrays``."""
    if isinstance(value, np.ndarray):
        name = f"array_{len(arrays)}.npy"
        arrays[name] = np.ascontiguousarray(value)
        return {LINK: name}
    if isinstance(value, Mapping):
        return {key: _linked(item, arrays) for key, item in value.items()}
    return [_linked(item, arrays) for item in value] if isinstance(value, list | tuple) else value


def _unlinked(value: Any, archive: zipfile.ZipFile) -> Any:
    """Undo :func:`_linked`."""
    if isinstance(value, list):
        return [_unlinked(item, archive) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {LINK}:
        buffer = io.BytesIO(archive.read(value[LINK]))
        return np.lib.format.read_array(buffer, allow_pickle=False)
    return {key: _unlinked(item, archive) for key, item in value.items()}


def read_content(path: Pathish) -> Any:
    """Read what :func:`write_content` wrote; the content tells the kind of file, not the name.

    Raises
    ------
    FormatError
        If the file is neither.
    """
    try:
        with Path(path).open("rb") as file:
            zipped = file.read(4) == b"PK\x03\x04"
        if not zipped:
            return load_json(path)
        with zipfile.ZipFile(path) as archive:
            return _unlinked(json.loads(archive.read(TEXT)), archive)
    except OSError as error:
        raise FormatError(f"cannot read {path}: {reason(error)}") from error
    except (
        ValueError,
        KeyError,
        RuntimeError,
        EOFError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise FormatError(f"cannot read {path} as npz of causalsim: {reason(error)}") from error


# -- versions -----------------------------------------------------------------------------


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
