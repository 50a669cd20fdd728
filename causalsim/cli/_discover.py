"""``causalsim discover``: from a table to a graph that explains itself."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from causalsim.cli._advice import takes, workable
from causalsim.cli._console import INTERRUPTED, guarded, note, notes
from causalsim.cli._inputs import load_table
from causalsim.cli._methods import METHOD_HELP, Method
from causalsim.cli._outputs import check_outputs, check_suffix, write_all
from causalsim.cli._tests import MAP_HELP, SETTING_HELP, SHOTS_HELP, TEST_HELP, read_test
from causalsim.errors import (
    CausalSimError,
    InterruptedRunError,
    KnowledgeError,
    OptionError,
)

if TYPE_CHECKING:
    from causalsim.citest import CITest
    from causalsim.data import Table
    from causalsim.discovery import Knowledge
    from causalsim.discovery._result import AnyResult
    from causalsim.discovery._skeleton import Skeleton

__all__ = ["discover"]

SHOWN = 60
_DRAWN = {".svg": "--svg", ".html": "--html"}


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
        str | None, typer.Option(help=f"{TEST_HELP} By default auto, or par_corr for series.")
    ] = None,
    setting: Annotated[list[str] | None, typer.Option("--set", help=SETTING_HELP)] = None,
    feature_map: Annotated[str | None, typer.Option(help=MAP_HELP)] = None,
    shots: Annotated[int | None, typer.Option(help=SHOTS_HELP)] = None,
    context: Annotated[
        list[str] | None,
        typer.Option(help="The column of domains, environments or times; repeatable."),
    ] = None,
    max_lag: Annotated[int | None, typer.Option(help="Largest lag of a cause, in rows.")] = None,
    time: Annotated[
        str | None,
        typer.Option(help="The column of dates of a series, which must increase; no variable."),
    ] = None,
    alpha: Annotated[
        str | None,
        typer.Option(
            help="Level of the tests, 0.05 or, for pcmci-plus, 0.01 if left out; auto chooses by "
            "the fit of the graph."
        ),
    ] = None,
    knowledge: Annotated[
        Path | None,
        typer.Option(help="TOML file with required, forbidden, tiers and within_tiers."),
    ] = None,
    sepset: Annotated[
        str | None, typer.Option(help="conservative, majority, max_p, first or union.")
    ] = None,
    conflict: Annotated[
        str | None, typer.Option(help="mark, overwrite, bidirect, keep or strength.")
    ] = None,
    max_cond: Annotated[int | None, typer.Option(help="Largest conditioning set.")] = None,
    fdr: Annotated[
        float | None, typer.Option(help="Also control the false-discovery rate of edges.")
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
            help="Write the graph: .json, .dot, .graphml, .dagitty, or .bif with tables "
            "estimated from discrete data; repeatable."
        ),
    ] = None,
    svg: Annotated[Path | None, typer.Option(help="Draw the graph.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a report with all reasons.")] = None,
    result: Annotated[Path | None, typer.Option(help="Write the whole result as JSON.")] = None,
    explain: Annotated[
        tuple[str, str] | None, typer.Option(help="Say why two columns are joined, or not.")
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
    targets = Targets(tuple(out or ()), svg, html, result)
    targets.check(data, knowledge)
    targets.check_method(algorithm)
    algorithm.check_explain(explain)
    rules = _rules(knowledge)
    options = algorithm.check(
        {
            "max_lag": max_lag,
            "context": context and (context[0] if len(context) == 1 else context),
            "sepset": sepset,
            "conflict": conflict,
            "max_cond": max_cond,
            "fdr": fdr,
            "knowledge": rules,
        }
    )
    if alpha is not None:
        options["alpha"] = _alpha(alpha)
    usual = "par_corr" if algorithm.in_time else "auto"
    spec = read_test(test or usual, setting, feature_map=feature_map, shots=shots, seed=seed)
    if test or setting or feature_map is not None or shots is not None:
        options["test"] = spec
    if options.get("alpha") is not None:
        spec.refuse_level(options["alpha"])
    options |= {"n_jobs": jobs, "progress": not quiet and sys.stderr.isatty(), "rng": seed}
    with notes(quiet=quiet):
        table = _load(
            spec,
            data,
            kinds=[*(kinds or []), *algorithm.times(time)],
            drop=drop or [],
            missing=algorithm.reading(missing),
            degenerate=degenerate,
        )
        _check_names(table, rules, knowledge, max_lag)
        _check_pair(table, explain)
        targets.check_kinds(table)
        found = _run(algorithm, table, missing, options)
    found = replace(found, options={**found.options, "seed": seed, "source": data})
    files = targets.render(found, table)
    text = _json(found, explain) if json else _text(found, seed, explain)
    write_all(files)
    typer.echo(text)
    for line in targets.report():
        note(line, quiet=quiet)


@dataclass(frozen=True)
class Targets:
    """The files that a discovery is to leave."""

    graphs: tuple[Path, ...]
    svg: Path | None
    html: Path | None
    result: Path | None

    @property
    def paths(self) -> list[Path]:
        """Give all files."""
        single = (self.svg, self.html, self.result)
        return [*self.graphs, *(path for path in single if path is not None)]

    def check(self, *inputs: object) -> None:
        """Refuse what could not be written, before any work is done."""
        from causalsim.graph.io._paths import extension

        for path in self.graphs:
            option = _DRAWN.get(path.suffix.lower())
            if option:
                raise OptionError(f"--out {path}: write {option} {path}.")
            extension(path)
        check_suffix(self.svg, "--svg", [".svg"])
        check_suffix(self.html, "--html", [".html", ".htm"])
        check_suffix(self.result, "--result", [".json"])
        check_outputs(self.paths, [str(name) for name in inputs if name is not None])

    def networks(self) -> Iterator[Path]:
        """Give the graph files that need probability tables."""
        from causalsim.graph.io._paths import extension

        return (path for path in self.graphs if extension(path) == ".bif")

    def check_method(self, method: Method) -> None:
        """Refuse a BIF file for graphs without a DAG."""
        for path in self.networks():
            if method.name not in ("pc", "exchangeable"):
                raise OptionError(
                    f"--out {path}: probability tables need a DAG, which --method {method.name} "
                    "does not give."
                )

    def check_kinds(self, table: Table) -> None:
        """Refuse a BIF file for columns that have no states."""
        from causalsim.cli._tables import refuse_numbers

        for path in self.networks():
            refuse_numbers(table, path)

    def render(self, found: AnyResult, table: Table) -> dict[Path, bytes]:
        """Prepare the content of every file."""
        from causalsim.cli._tables import fit_tables
        from causalsim.graph import CPDAG, DAG
        from causalsim.graph.io._paths import encode

        networks, graph = set(self.networks()), found.graph
        dag = graph.extension() if networks and isinstance(graph, CPDAG) else graph
        network = fit_tables(dag, table) if networks and isinstance(dag, DAG) else None
        files = {
            path: encode(network if network and path in networks else found.graph, path)
            for path in self.graphs
        }
        for path, content in (
            (self.svg, found.to_svg),
            (self.html, found.to_html),
            (self.result, lambda: _json(found) + "\n"),
        ):
            if path is not None:
                files[path] = content().encode()
        return files

    def report(self) -> Iterator[str]:
        """Say what was written."""
        for path in self.paths:
            yield f"wrote {path}"
        for path in self.networks():
            yield f"note: {path} holds one DAG of the class, with tables estimated by counts"


def _load(spec: CITest, data: str, **reading: Any) -> Table:
    """Read the table, with no advice that the test would refuse."""

    def accepted(**change: str) -> bool:
        return takes(spec, lambda: load_table(data, **{**reading, **change}))

    with workable(accepted):
        return load_table(data, **reading)


def _alpha(text: str) -> float | None:
    """Read a level, or None for ``auto``."""
    if text == "auto":
        return None
    try:
        return float(text)
    except ValueError:
        raise OptionError(f"--alpha {text}: expected a number such as 0.05, or auto.") from None


def _rules(path: Path | None) -> Knowledge | None:
    from causalsim.discovery import Knowledge

    with _naming(path):
        return None if path is None else Knowledge.load(path)


@contextmanager
def _naming(path: Path | None) -> Iterator[None]:
    """Put the file in front of what is wrong with its knowledge."""
    try:
        yield
    except CausalSimError as error:
        text = str(error)
        raise KnowledgeError(text if str(path) in text else f"{path}: {text}") from error


def _check_names(
    table: Table, rules: Knowledge | None, path: Path | None, max_lag: int | None
) -> None:
    """Compare the names in the knowledge with the columns."""
    with _naming(path):
        if rules is not None and max_lag is not None:
            rules.resolve_lagged(table.names, max_lag)
        elif rules is not None:
            rules.resolve(table.names)


def _check_pair(table: Table, explain: tuple[str, str] | None) -> None:
    """Compare the names to explain with the columns."""
    from causalsim.graph.labels import parse_label

    for name in explain or ():
        if "," in name and name not in table.names:
            raise OptionError(f"--explain {name}: give two names apart, as in --explain X Y.")
        table.index(name if name in table.names else parse_label(name)[0])
    if explain and explain[0] == explain[1]:
        raise OptionError(f"--explain {explain[0]} {explain[1]}: give two different columns.")


def _run(method: Method, table: Table, missing: str, options: dict[str, Any]) -> AnyResult:
    """Run the method; an interruption says what was found so far."""
    rows, reading = method.rows(table, missing)
    try:
        found: AnyResult = method.function(rows, **reading, **options)
    except InterruptedRunError as error:
        for line in _partial(table, str(error), error.partial):
            note(line)
        raise typer.Exit(INTERRUPTED) from error
    return found


def _partial(table: Table, message: str, state: Skeleton | Any) -> Iterator[str]:
    """Write an unfinished skeleton as text."""
    import numpy as np

    from causalsim.graph.labels import label

    p = len(table.names)
    lags = -(-len(state.adjacency) // p)
    names = [label(name, lag) for lag in range(lags) for name in table.names]
    pairs = np.argwhere(np.triu(state.adjacency)).tolist()
    total = len(names) * (len(names) - 1) // 2 if lags == 1 else lags * p * p - p * (p + 1) // 2
    yield f"error: {message.partition(';')[0]}; nothing was written."
    yield f"not yet separated: {len(pairs)} of {total} pairs"
    yield from (f"  {names[i]} --- {names[j]}" for i, j in pairs[:SHOWN])
    if len(pairs) > SHOWN:
        yield f"  ... {len(pairs) - SHOWN} more"


def _text(found: AnyResult, seed: int, explain: tuple[str, str] | None) -> str:
    lines = [found.summary(), f"seed = {seed}"]
    return "\n".join(lines if explain is None else [*lines, "", str(found.explain(*explain))])


def _json(found: AnyResult, explain: tuple[str, str] | None = None) -> str:
    from causalsim._files import dump_json

    payload = found.to_dict()
    if explain is not None:
        payload["explanation"] = list(found.explain(*explain).lines)
    return dump_json(payload).removesuffix("\n")
