"""``causalsim check`` and ``causalsim convert``: graphs against data, and between formats."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from causalsim.cli._console import guarded, note, notes
from causalsim.cli._inputs import PREFIX, load_graph, load_table, without_tables
from causalsim.cli._outputs import check_outputs, write_all
from causalsim.cli._tests import MAP_HELP, SETTING_HELP, SHOTS_HELP, TEST_HELP, read_test
from causalsim.errors import DataError, NameNotFoundError, OptionError

if TYPE_CHECKING:
    from causalsim.graph import DiscreteNetwork
    from causalsim.graph.io._common import AnyGraph

__all__ = ["check", "convert"]

CORRECTIONS = ("holm", "bh", "by", "none")
GRAPH_HELP = (
    "A .json, .dot, .graphml, .dagitty or .bif file, a result of discover, or the graph of a "
    "bundled network such as dataset:asia."
)


@guarded
def check(
    graph: Annotated[str, typer.Argument(help=GRAPH_HELP)],
    data: Annotated[str, typer.Argument(help="A table, as for discover.")],
    *,
    test: Annotated[str, typer.Option(help=TEST_HELP)] = "auto",
    setting: Annotated[list[str] | None, typer.Option("--set", help=SETTING_HELP)] = None,
    feature_map: Annotated[str | None, typer.Option(help=MAP_HELP)] = None,
    shots: Annotated[int | None, typer.Option(help=SHOTS_HELP)] = None,
    alpha: Annotated[float, typer.Option(help="Level, after correction.")] = 0.05,
    correction: Annotated[
        str, typer.Option(help="For many tests: holm, bh, by or none.")
    ] = "holm",
    max_cond: Annotated[int | None, typer.Option(help="Largest conditioning set.")] = None,
    latent: Annotated[
        list[str] | None, typer.Option(help="A node that nobody measured; repeatable.")
    ] = None,
    missing: Annotated[
        str, typer.Option(help="Missing values: error, listwise or testwise.")
    ] = "error",
    kinds: Annotated[
        list[str] | None,
        typer.Option(help="COLUMN=KIND, repeatable, or one KIND for all columns."),
    ] = None,
    drop: Annotated[list[str] | None, typer.Option(help="Leave a column out; repeatable.")] = None,
    jobs: Annotated[int, typer.Option(help="Workers; -1 for all cores.", min=-1)] = 1,
    seed: Annotated[int, typer.Option(help="For tests that draw random numbers.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only errors on stderr.")] = False,
) -> None:
    """Test the independencies that a graph implies, worst offenders first.

    A refuted independence speaks against the graph; an unrefuted one does not prove it. Exit
    codes as for discover: 0 says that the tests were made, whatever they found.
    """
    from causalsim.citest._reading import workable
    from causalsim.discovery import check as check_graph

    if correction not in CORRECTIONS:
        raise OptionError.from_choice("correction", correction, CORRECTIONS)
    options: dict[str, Any] = {
        "alpha": alpha,
        "correction": None if correction == "none" else correction,
        "max_cond": max_cond,
        "latents": latent or (),
        "missing": missing,
        "n_jobs": jobs,
        "rng": seed,
    }
    spec = read_test(test, setting, feature_map=feature_map, shots=shots, seed=seed)
    spec.refuse_level(alpha)
    structure: Any = without_tables(load_graph(graph))
    with notes(quiet=quiet):
        table = load_table(
            data, kinds=kinds or [], drop=drop or [], missing="testwise", degenerate="keep"
        )
        try:
            with workable(lambda **change: "missing" in change):
                found = check_graph(structure, table, spec, **options)
        except NameNotFoundError as error:
            raise DataError(str(error)) from error
    if json:
        from causalsim._files import dump_json

        typer.echo(dump_json(found.to_dict()), nl=False)
    else:
        typer.echo(found.summary())


@guarded
def convert(
    source: Annotated[str, typer.Argument(metavar="IN", help=GRAPH_HELP)],
    target: Annotated[
        Path,
        typer.Argument(
            metavar="OUT", help="A .json, .dot, .graphml, .dagitty, .bif or .svg file."
        ),
    ],
    *,
    kind: Annotated[
        str | None,
        typer.Option(
            help="DAG, CPDAG, ADMG, PAG or TemporalGraph, where a format leaves it open."
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only errors on stderr.")] = False,
) -> None:
    """Convert a graph from one format to another, by the extensions of the files."""
    from causalsim.graph.io._paths import extension

    drawn = target.suffix.lower() == ".svg"
    holds_tables = not drawn and extension(target) in {".json", ".bif"}
    check_outputs([target], [] if source.startswith(PREFIX) else [source])
    graph = load_graph(source, kind)
    kept = graph if holds_tables else without_tables(graph)
    write_all({target: _content(kept, target)})
    if kept is not graph:
        note("note: the probability tables were left out; .json and .bif hold them", quiet=quiet)
    note(f"wrote {target}: {_words(kept)}", quiet=quiet)


def _content(graph: AnyGraph | DiscreteNetwork, target: Path) -> bytes:
    from causalsim.graph.draw import to_svg
    from causalsim.graph.io._paths import encode

    if target.suffix.lower() == ".svg":
        return to_svg(without_tables(graph)).encode()
    return encode(graph, target)


def _words(graph: AnyGraph | DiscreteNetwork) -> str:
    plain = without_tables(graph)
    return f"{type(graph).__name__}, {len(plain.nodes)} nodes, {plain.n_edges} edges"
