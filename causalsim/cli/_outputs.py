"""What a command writes: checked before the run, and all files together or none."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from causalsim._files import atomic, reason
from causalsim.errors import OptionError

__all__ = ["check_outputs", "check_suffix", "write_all"]


def check_suffix(path: Path | None, option: str, suffixes: Sequence[str]) -> None:
    """Refuse a file name that does not end as the option's format does."""
    if path is not None and path.suffix.lower() not in suffixes:
        raise OptionError(
            f"{option} {path}: expected a name that ends in {' or '.join(suffixes)}."
        )


def check_outputs(outputs: Iterable[Path], inputs: Iterable[str] = ()) -> None:
    """Refuse outputs that could not be written, or that would destroy an input."""
    taken = {os.path.realpath(name): f"it is read as input ({name})" for name in inputs}
    for path in outputs:
        real = os.path.realpath(path)
        obstacle = _obstacle(path) or taken.get(real)
        if obstacle:
            raise OptionError(f"cannot write {path}: {obstacle}.")
        taken[real] = "two outputs have this name; give each its own"


def _obstacle(path: Path) -> str:
    """Say why a file cannot be written, or nothing."""
    folder = path.parent
    if not folder.is_dir():
        return f"the folder {folder} does not exist; create it first, as with: mkdir -p '{folder}'"
    try:
        if path.exists() and not path.is_file():
            return "it exists and is no file; give a file name"
        with tempfile.TemporaryFile(dir=Path(os.path.realpath(path)).parent):
            return ""
    except OSError as error:
        return f"{reason(error)}; choose another"


def write_all(files: Mapping[Path, bytes]) -> None:
    """Write files that appear under their names once all of them are complete."""
    with ExitStack() as stack:
        for path, content in files.items():
            stack.enter_context(atomic(path)).write(content)
