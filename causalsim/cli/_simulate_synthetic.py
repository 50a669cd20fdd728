"""``causalsim simulate --synthetic``: a benchmark from a file of settings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import typer

from causalsim.cli._console import note, notes

__all__ = ["simulate_synthetic"]


def simulate_synthetic(
    settings: Path,
    out: Path,
    *,
    layout: str = "csv",
    overwrite: bool = False,
    seed: int | None = None,
    quiet: bool = False,
) -> None:
    """Draw a synthetic benchmark, write it to a folder, and print its true edges.

    Parameters
    ----------
    settings : Path
        A TOML file; see :class:`causalsim.simulate.SyntheticSpec`.
    out : Path
        The folder, made if it does not exist.
    layout : {"csv", "parquet", "npz", "tigramite", "causeme"}
    overwrite : bool
        Whether files may be replaced.
    seed : int, optional
        Instead of the file's own.
    quiet : bool
        Whether to leave out notes.

    Raises
    ------
    CausalSimError
        If the settings are wrong, or the folder cannot be written.
    """
    from causalsim.simulate._synthetic import synthesise
    from causalsim.simulate._synthetic_spec import SyntheticSpec

    spec = SyntheticSpec.from_toml(settings)
    if seed is not None:
        spec = replace(spec, seed=seed)
    with notes(quiet=quiet):
        made = synthesise(spec)
        written = made.export(out, layout, overwrite=overwrite)
    typer.echo(str(made.truth))
    for path in written:
        note(f"wrote {path}", quiet=quiet)
    for limit in made.sheet["limits"]:
        note(f"note: {limit}", quiet=quiet)
