"""What every command shares: notes and errors on stderr, and exit codes."""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import NoReturn, ParamSpec

import typer

from causalsim._files import reason
from causalsim._parallel import Progress
from causalsim.cli._shell import in_shell
from causalsim.errors import CausalSimError, NameNotFoundError, OptionError

__all__ = [
    "FAILED",
    "INTERRUPTED",
    "USAGE",
    "complain",
    "fail",
    "guarded",
    "note",
    "notes",
    "progress",
]

FAILED, USAGE, INTERRUPTED = 1, 2, 130
LOG_EVERY = 60.0

P = ParamSpec("P")


def _say(text: str, colour: str | None) -> None:
    """Write a line to stderr, in colour only where a person reads it."""
    typer.secho(text, fg=colour, err=True, color=False if "NO_COLOR" in os.environ else None)


def note(text: str, *, quiet: bool = False) -> None:
    """Write a line for the reader to stderr."""
    if not quiet:
        _say(text, None)


def progress(*, quiet: bool) -> bool | Progress:
    """Give how a run tells where it is: a live line to a person, a line now and then to a log."""
    if quiet or sys.stderr.isatty():
        return not quiet
    told = time.monotonic()

    def tell(done: int, total: int, message: str) -> None:
        nonlocal told
        if time.monotonic() - told >= LOG_EVERY:
            told = time.monotonic()
            note(f"{message}: {done}/{total}")

    return tell


def complain(message: str) -> None:
    """Write an error to stderr, in one line and in the words of the shell."""
    _say(f"error: {in_shell(' '.join(message.split()))}", "red")


def fail(message: str, code: int) -> NoReturn:
    """End the command with an error."""
    complain(message)
    raise typer.Exit(code)


@contextmanager
def notes(*, quiet: bool) -> Iterator[None]:
    """Turn the warnings of a block into notes, each once."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        try:
            yield
        finally:
            for text in dict.fromkeys(str(warning.message) for warning in caught):
                note(f"note: {in_shell(text)}", quiet=quiet)


def guarded(command: Callable[P, None]) -> Callable[P, None]:
    """Let a command end in an exit code and one line, never in a traceback."""

    @wraps(command)
    def safe(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except BaseException as error:
            if os.environ.get("CAUSALSIM_DEBUG", "") not in {"", "0"}:
                raise
            _end(error)

    return safe


def _end(error: BaseException) -> NoReturn:
    """Say what went wrong, and choose the exit code."""
    if isinstance(error, KeyboardInterrupt):
        fail("interrupted; nothing was written.", INTERRUPTED)
    if isinstance(error, OptionError | NameNotFoundError):
        fail(str(error), USAGE)
    if isinstance(error, CausalSimError):
        fail(str(error), FAILED)
    if isinstance(error, BrokenPipeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(FAILED)
    if isinstance(error, OSError):
        fail(": ".join(filter(None, [error.filename, reason(error)])), FAILED)
    if isinstance(error, MemoryError):
        fail("out of memory.", FAILED)
    known = isinstance(error, typer.Exit | SystemExit) or hasattr(error, "format_message")
    if known or not isinstance(error, Exception):
        raise error
    fail(
        f"unexpected {type(error).__name__}: {error} (CAUSALSIM_DEBUG=1 shows where; please "
        "report it)",
        FAILED,
    )
