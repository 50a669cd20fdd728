"""``causalsim simulate``: from a real series to realistic ones with a known graph."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from causalsim.cli._console import INTERRUPTED, guarded, note, notes, progress
from causalsim.cli._shell import flag
from causalsim.cli._simulate_synthetic import simulate_synthetic
from causalsim.cli._simulated import Simulation, fitted, judged
from causalsim.cli._simulation import Folder, check_actions, read_actions, read_series
from causalsim.errors import OptionError

if TYPE_CHECKING:
    import pandas as pd

    from causalsim.simulate import TuningResult

__all__ = ["simulate"]


@guarded
def simulate(
    data: Annotated[
        str | None,
        typer.Argument(
            help="A .csv, .tsv or .parquet file of numbers, one row per step, oldest first, or "
            "a bundled data set such as dataset:macro (see: causalsim datasets)."
        ),
    ] = None,
    *,
    out: Annotated[
        Path,
        typer.Option(
            help="Folder for data.csv (columns path, step and the variables), truth.json (the "
            "graph), model.json, simulation.json (settings and seed), fidelity.json and .html."
        ),
    ],
    max_lag: Annotated[int | None, typer.Option(help="Largest lag of a cause, in rows.")] = None,
    steps: Annotated[
        int | None, typer.Option(help="Steps of each path; by default as many as DATA has rows.")
    ] = None,
    paths: Annotated[int | None, typer.Option(help="Paths to simulate, 10 if left out.")] = None,
    discovery: Annotated[
        str | None,
        typer.Option(help="pcmci-plus (default), pcmci, cdnod, dense or ar (self-lags alone)."),
    ] = None,
    alpha: Annotated[
        float | None, typer.Option(help="Level of the discovery, 0.01 if left out.")
    ] = None,
    mechanism: Annotated[
        str | None,
        typer.Option(help="auto (default: chosen for each column), ridge, extra-trees, ..."),
    ] = None,
    noise: Annotated[
        str | None, typer.Option(help="auto (default), empirical, gaussian, student-t, ...")
    ] = None,
    joint: Annotated[
        str | None,
        typer.Option(help="Dependent noises of one step: auto (default), rows, gaussian or none."),
    ] = None,
    season: Annotated[
        list[float] | None, typer.Option(help="Period of a season, in rows; repeatable.")
    ] = None,
    trend: Annotated[
        int | None, typer.Option(help="Knots of a trend: 2 for a line, more for a curve.")
    ] = None,
    tune: Annotated[
        str | None,
        typer.Option(
            help="Instead of the options above: choose among configurations, default or small, "
            "the one that discriminators can least tell from DATA."
        ),
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option(help="For --tune: a number of configurations, or a time such as '90 s'."),
    ] = None,
    leaderboard: Annotated[
        Path | None,
        typer.Option(help="For --tune: a file from which an interrupted search goes on."),
    ] = None,
    do: Annotated[
        list[str] | None,
        typer.Option(
            help="COLUMN=VALUE, or COLUMN+=VALUE, perhaps within steps: X=1@100:200; repeatable. "
            "intervened.csv has the same noises as data.csv."
        ),
    ] = None,
    time: Annotated[
        str | None, typer.Option(help="The column of dates or times; no variable.")
    ] = None,
    drop: Annotated[list[str] | None, typer.Option(help="Leave a column out; repeatable.")] = None,
    fidelity: Annotated[
        bool, typer.Option(help="Judge how real the series look; --no-fidelity saves the time.")
    ] = True,
    null: Annotated[
        int | None,
        typer.Option(
            help="For p-values: how often the model is fitted again to its own paths, such as 39.",
            min=1,
        ),
    ] = None,
    panel: Annotated[
        list[str] | None,
        typer.Option(
            help="Discriminators of the report, repeatable; all if left out. logistic, "
            "logistic-quadratic and svc are fast, extra-trees is not."
        ),
    ] = None,
    synthetic: Annotated[
        Path | None,
        typer.Option(help="Instead of DATA: a TOML file that describes a synthetic benchmark."),
    ] = None,
    layout: Annotated[
        str | None,
        typer.Option(help="For --synthetic: csv (default), parquet, npz, tigramite, causeme."),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(help="Workers for --tune and the report; -1 for all.", min=-1)
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="0 if left out, or that of the TOML file.", min=0)
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the results of an earlier run.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print simulation.json.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only errors on stderr.")] = False,
) -> None:
    """Simulate realistic series from a real one, or a synthetic benchmark.

    A causal model is fitted to DATA and written with its graph, new series and a report on how
    real they look. The summary, or JSON, goes to stdout. Exit codes: 0 done, 1 the data or the
    run failed, 2 the command line must change, 130 interrupted. Files appear all together or
    not at all.
    """
    fitting = {
        "discovery": discovery,
        "alpha": alpha,
        "mechanism": mechanism,
        "noise": noise,
        "joint": joint,
        "season": season,
        "trend": trend,
    }
    tuning = {"budget": budget, "leaderboard": leaderboard}
    judging = {"null": null, "panel": panel}
    of_series: dict[str, object] = {
        "max_lag": max_lag,
        "steps": steps,
        "paths": paths,
        "tune": tune,
        "do": do,
    }
    of_series |= {"time": time, "drop": drop, "json": json or None}
    of_series |= {"no_fidelity": None if fidelity else True}
    if synthetic is not None:
        _refuse({"DATA": data} | of_series | fitting | tuning, "--synthetic")
        simulate_synthetic(
            synthetic,
            out,
            layout=layout or "csv",
            overwrite=overwrite,
            seed=seed,
            quiet=quiet,
        )
        return
    if data is None or max_lag is None:
        what = "DATA, or --synthetic spec.toml" if data is None else "--max-lag, in rows"
        raise OptionError(
            f"simulate needs {what}: causalsim simulate series.csv --max-lag 4 --out sim."
        )
    _refuse({"layout": layout}, "DATA, which gives data.csv")
    if tune is None:
        _refuse(tuning, "a fit without --tune")
    else:
        _refuse(fitting, "--tune, which chooses that itself")
    if not fidelity:
        _refuse(judging, "--no-fidelity")
    judge = {
        "rng": seed or 0,
        "n_jobs": 1 if jobs is None else jobs,
        "progress": progress(quiet=quiet),
    }
    folder = Folder(out, overwrite)
    folder.check(data)
    actions = read_actions(do or [])
    given = {key: value for key, value in fitting.items() if value is not None}
    with notes(quiet=quiet):
        series, doubts = read_series(data, drop or [], time)
        check_actions(actions, series)
        if tune is None:
            model, tuned = fitted(series, max_lag, given, seed or 0), None
        else:
            tuned = _tuned(series, max_lag, tune, budget, leaderboard, judge)
            model = tuned.best
        run = Simulation(
            model=model,
            tuned=tuned,
            report=judged(series, model, tuned, null, panel, **judge) if fidelity else None,
            actions=actions,
            steps=len(series) if steps is None else steps,
            paths=10 if paths is None else paths,
            seed=seed or 0,
            asked={"source": data, "max_lag": max_lag, "do": do or [], "tune": tune, **given},
            doubts=doubts,
        )
        files = run.files()
    written = folder.write(files)
    typer.echo(files["simulation.json"].decode().rstrip() if json else run.text())
    for path in written:
        note(f"wrote {path}", quiet=quiet)


def _refuse(options: Mapping[str, object], beside: str) -> None:
    """Refuse options that would have no effect."""
    for name, value in options.items():
        if value is not None:
            option = name if name.isupper() else flag(name)
            raise OptionError(f"{option} does not go with {beside}; leave one of them out.")


def _tuned(
    series: pd.DataFrame,
    max_lag: int,
    space: str,
    budget: str | None,
    leaderboard: Path | None,
    options: Mapping[str, Any],
) -> TuningResult:
    """Choose among configurations; an interruption says where the search can go on."""
    from causalsim.simulate import act

    most = int(budget) if budget and budget.isdecimal() else budget
    try:
        return act(
            series,
            max_lag=max_lag,
            space=space,
            budget=most,
            leaderboard=leaderboard,
            **options,
        )
    except KeyboardInterrupt:
        if leaderboard is None:
            raise
        note(f"interrupted; the same command goes on from {leaderboard}.")
        raise typer.Exit(INTERRUPTED) from None
