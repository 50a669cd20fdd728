"""``causalsim discover``: from a table to a graph that explains itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from causalsim.cli._console import INTERRUPTED, guarded, note, notes, progress
from causalsim.cli._inputs import load_table
from causalsim.cli._methods import METHOD_HELP, Method
from causalsim.cli._names import Names, as_targets, load_rules, naming
from causalsim.cli._outputs import write_all
from causalsim.cli._products import Products, result_json
from causalsim.cli._shell import in_shell
from causalsim.cli._tests import MAP_HELP, SETTING_HELP, SHOTS_HELP, TEST_HELP, read_test
from causalsim.cli._unfinished import unfinished
from causalsim.errors import InterruptedRunError, KnowledgeError, OptionError

if TYPE_CHECKING:
    from causalsim.citest import CITest
    from causalsim.data import Table
    from causalsim.discovery._result import AnyResult

__all__ = ["discover"]


@guarded
def discover(
    data: Annotated[
        str,
        typer.Argument(
            help="A .csv, .tsv or .parquet file with one row of column names, or a bundled data "
            "set such as dataset:sachs (see: causalsim datasets)."
        ),
    ],
    *,
    method: Annotated[str, typer.Option(help=METHOD_HELP)] = "pc",
    test: Annotated[
        str | None,
        typer.Option(help=f"{TEST_HELP} By default auto, or par_corr for pcmci and pcmci-plus."),
    ] = None,
    setting: Annotated[list[str] | None, typer.Option("--set", help=SETTING_HELP)] = None,
    feature_map: Annotated[str | None, typer.Option(help=MAP_HELP)] = None,
    shots: Annotated[int | None, typer.Option(help=SHOTS_HELP)] = None,
    context: Annotated[
        list[str] | None,
        typer.Option(
            help="The column of domains or times (cdnod), of environments (exchangeable) or of "
            "what nothing causes (pcmci-plus); repeatable, but for exchangeable."
        ),
    ] = None,
    targets: Annotated[
        list[str] | None,
        typer.Option(
            help="A known intervention of cdnod, LEVEL=X,Y: a level of --context and the columns "
            "that it acts on; LEVEL alone where these are unknown; repeatable."
        ),
    ] = None,
    lags: Annotated[
        int | None,
        typer.Option(help="For cdnod: own past steps of each column, where rows hang together."),
    ] = None,
    time_kernel: Annotated[
        str | None,
        typer.Option(help="For cdnod: width of the kernel over times, in their unit, or auto."),
    ] = None,
    max_lag: Annotated[
        int | None,
        typer.Option(help="Largest lag of a cause, in rows, for pcmci and pcmci-plus."),
    ] = None,
    time: Annotated[
        str | None,
        typer.Option(
            help="The column of dates (YYYY-MM-DD) of a series, which must increase; no variable."
        ),
    ] = None,
    alpha: Annotated[
        str | None,
        typer.Option(
            help="Level of the tests, 0.05 or, for pcmci-plus, 0.01 if left out; auto chooses by "
            "the fit of the graph, for pc and pcmci-plus."
        ),
    ] = None,
    knowledge: Annotated[
        Path | None,
        typer.Option(help="TOML file with required, forbidden, tiers and within_tiers."),
    ] = None,
    sepset: Annotated[
        str | None,
        typer.Option(
            help="conservative, majority, max_p, first or union; not for pcmci and exchangeable."
        ),
    ] = None,
    conflict: Annotated[
        str | None,
        typer.Option(
            help="mark, overwrite, bidirect, keep or strength; for pc, cdnod and pcmci-plus."
        ),
    ] = None,
    max_cond: Annotated[
        int | None, typer.Option(help="Largest conditioning set; not for pcmci and exchangeable.")
    ] = None,
    fdr: Annotated[
        float | None,
        typer.Option(help="Also control the false-discovery rate of edges, for pc and pcmci."),
    ] = None,
    missing: Annotated[
        str, typer.Option(help="Missing values: error, listwise or testwise.")
    ] = "error",
    degenerate: Annotated[
        str, typer.Option(help="Constant, repeated, collinear columns: error, drop or keep.")
    ] = "error",
    kinds: Annotated[
        list[str] | None,
        typer.Option(help="COLUMN=KIND, repeatable, or one KIND for all columns."),
    ] = None,
    drop: Annotated[list[str] | None, typer.Option(help="Leave a column out; repeatable.")] = None,
    jobs: Annotated[int, typer.Option(help="Workers; -1 for all cores.", min=-1)] = 1,
    seed: Annotated[int, typer.Option(help="For tests that draw random numbers.")] = 0,
    out: Annotated[
        list[Path] | None,
        typer.Option(
            help="Write the graph: .json, .dot, .graphml, .dagitty, or, for pc, .bif with tables "
            "estimated from discrete data; repeatable."
        ),
    ] = None,
    svg: Annotated[Path | None, typer.Option(help="Draw the graph.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a report with all reasons.")] = None,
    result: Annotated[Path | None, typer.Option(help="Write the whole result as JSON.")] = None,
    explain: Annotated[
        tuple[str, str] | None,
        typer.Option(help="Say why two columns are joined, or not; the past of one is 'X[t-1]'."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only errors on stderr.")] = False,
) -> None:
    """Discover a causal graph from a table or a time series.

    The summary, or JSON, goes to stdout. Exit codes: 0 done, 1 the data or the run failed, 2 the
    command line must change, 130 interrupted. Files appear all together or not at all; they are
    written before the summary, so that they are there if its reader is gone (exit code 1).
    """
    algorithm = Method(method)
    products = Products(tuple(out or ()), svg, html, result)
    products.check(data, knowledge)
    products.check_method(algorithm)
    algorithm.check_time(time)
    contexts = context or []
    rules = load_rules(knowledge)
    options = algorithm.check(
        {
            "max_lag": max_lag,
            "context": contexts[0] if len(contexts) == 1 else context,
            "targets": targets,
            "lags": lags,
            "time_kernel": None if time_kernel is None else _width(time_kernel),
            "sepset": sepset,
            "conflict": conflict,
            "max_cond": max_cond,
            "fdr": fdr,
            "knowledge": rules,
            "alpha": alpha,
        }
    )
    if alpha is not None:
        options["alpha"] = algorithm.level(alpha)
    usual = "par_corr" if algorithm.in_time else "auto"
    spec = read_test(test or usual, setting, feature_map=feature_map, shots=shots, seed=seed)
    if test or setting or feature_map is not None or shots is not None:
        options["test"] = spec
    if options.get("alpha") is not None:
        spec.refuse_level(options["alpha"])
    if algorithm.screens:
        options["degenerate"] = degenerate
    options |= {"n_jobs": jobs, "progress": progress(quiet=quiet), "rng": seed}
    with notes(quiet=quiet):
        table = _load(
            algorithm,
            spec,
            data,
            kinds=algorithm.kinds(kinds or [], contexts),
            drop=drop or [],
            time=time,
            missing=algorithm.reading(missing),
            degenerate="keep" if algorithm.screens else degenerate,
        )
        if targets is not None:
            options["targets"] = as_targets(targets, table, contexts)
        names = Names(algorithm, table, contexts, max_lag, time, options.get("targets", {}))
        for line in names.hints():
            note(line, quiet=quiet)
        names.check_times()
        names.check_contexts()
        names.check_labels()
        names.check_rules(rules, knowledge)
        pair = names.pair(explain)
        products.check_kinds(table)
        with naming(knowledge, errors=KnowledgeError):
            found = _run(names, missing, options)
    found = replace(found, options={**found.options, "seed": seed, "source": data})
    files = products.render(found, table)
    text = result_json(found, pair) if json else _text(found, seed, pair)
    write_all(files)
    typer.echo(text)
    for line in products.report():
        note(line, quiet=quiet)


def _load(method: Method, spec: CITest, data: str, **reading: Any) -> Table:
    """Read the table, with no advice that the method or the test would refuse."""
    from causalsim.citest._reading import takes, workable

    def accepted(**change: str) -> bool:
        if change.get("missing") == "testwise" and not method.leaves_missing:
            return False
        return takes(spec, lambda: load_table(data, **{**reading, "degenerate": "drop", **change}))

    with workable(accepted):
        return load_table(data, **reading)


def _width(text: str) -> float | str:
    """Read a width, or ``auto``."""
    try:
        return text if text == "auto" else float(text)
    except ValueError:
        raise OptionError(f"--time-kernel {text}: expected a positive width, or auto.") from None


def _run(names: Names, missing: str, options: dict[str, Any]) -> AnyResult:
    """Run the method; an interruption says what was found so far."""
    rows, reading = names.method.rows(names.table, names.times, missing)
    try:
        found: AnyResult = names.method.function(rows, **reading, **options)
    except InterruptedRunError as error:
        for line in unfinished(error, names.nodes, names.max_lag):
            note(line)
        raise typer.Exit(INTERRUPTED) from error
    return found


def _text(found: AnyResult, seed: int, explain: tuple[str, str] | None) -> str:
    said = found.summary().splitlines()
    lines = [in_shell(line) if line.startswith("note: ") else line for line in said]
    lines = [*lines, f"seed = {seed}"]
    return "\n".join(lines if explain is None else [*lines, "", str(found.explain(*explain))])
