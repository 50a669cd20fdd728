"""The commands put together, and the entry point."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from causalsim._version import __version__
from causalsim.cli._console import USAGE, complain, guarded
from causalsim.cli._datasets import datasets, demo
from causalsim.cli._discover import discover
from causalsim.cli._graphs import check, convert
from causalsim.cli._intervene import intervene
from causalsim.cli._simulate import simulate
from causalsim.cli._tests import self_check
from causalsim.errors import OptionError

__all__ = ["app", "main"]

app = typer.Typer(
    name="causalsim",
    help="Causal graphs from data. Start with: causalsim demo",
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"causalsim {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """Take the options that belong to no command."""


COMMANDS = (discover, simulate, intervene, check, convert, self_check, datasets, demo)
for command in COMMANDS:
    app.command()(command)


@app.command()
def version() -> None:
    """Show the version."""
    _show_version(wanted=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line.

    Parameters
    ----------
    argv : sequence of str, optional
        The words after ``causalsim``; by default those of this process.

    Returns
    -------
    int
        The exit code.

    Examples
    --------
    >>> main(["version"])
    causalsim ...
    0
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    words = list(sys.argv[1:] if argv is None else argv) or ["--help"]
    try:
        _call(words)
    except typer.Exit as error:
        return error.exit_code
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        return _refuse(error, words)
    return 0


@guarded
def _call(words: list[str]) -> None:
    if "" in words:
        raise OptionError("an argument is empty (''); leave it out, or give a name.")
    code = app(words, prog_name="causalsim", standalone_mode=False)
    sys.stdout.flush()
    raise typer.Exit(int(code or 0))


def _refuse(error: Any, words: list[str]) -> int:
    """Say in one line what is wrong with a command line."""
    known = words[0] in {command.__name__.replace("_", "-") for command in (*COMMANDS, version)}
    alone = f"causalsim {words[0]}" if known else "causalsim"
    path = error.ctx.command_path if error.ctx is not None else alone
    first = str(error.format_message()).partition("\n")[0].rstrip(".")
    complain(f"{first}. See: {path} --help")
    return USAGE
