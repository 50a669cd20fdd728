"""``causalsim intervene``: effects of interventions as numbers, or as formulas with a proof."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from causalsim.cli._console import guarded, note
from causalsim.cli._graphs import GRAPH_HELP
from causalsim.cli._inputs import PREFIX, load_graph, without_tables
from causalsim.cli._outputs import check_outputs, check_suffix, write_all
from causalsim.errors import DataError, OptionError

if TYPE_CHECKING:
    from causalsim.diagrams import Diagram
    from causalsim.graph import DiscreteNetwork
    from causalsim.graph.io._common import AnyGraph

__all__ = ["intervene"]


@guarded
def intervene(
    graph: Annotated[str, typer.Argument(help=GRAPH_HELP)],
    *,
    query: Annotated[
        list[str] | None,
        typer.Option(help="Variable whose law is wanted; needs tables (BIF). Repeatable."),
    ] = None,
    do: Annotated[
        list[str] | None, typer.Option(help="VARIABLE=STATE to hold, for --query; repeatable.")
    ] = None,
    outcome: Annotated[
        list[str] | None,
        typer.Option(help="Variable whose effect is to be identified; repeatable."),
    ] = None,
    treatment: Annotated[
        list[str] | None, typer.Option(help="Variable intervened on, for --outcome; repeatable.")
    ] = None,
    given: Annotated[
        list[str] | None,
        typer.Option(help="VARIABLE=STATE seen, or VARIABLE for --outcome; repeatable."),
    ] = None,
    latent: Annotated[
        list[str] | None, typer.Option(help="A node that nobody measured; repeatable.")
    ] = None,
    latex: Annotated[bool, typer.Option("--latex", help="Print the formula as LaTeX.")] = False,
    svg: Annotated[
        Path | None, typer.Option(help="Draw the diagram before and after surgery.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only errors on stderr.")] = False,
) -> None:
    """Say what an intervention does.

    With tables: causalsim intervene dataset:asia --query dysp --do smoke=yes. Without: causalsim
    intervene graph.txt --treatment X --outcome Y writes the effect in what can be observed, with
    its proof, or shows the hedge that forbids it. Exit code 0 in both cases.
    """
    if bool(query) == bool(outcome):
        raise OptionError("give --query (numbers, from tables) or --outcome (a formula).")
    if query and (treatment or latent or latex):
        raise OptionError("--treatment, --latent and --latex go with --outcome, not with --query.")
    if outcome and do:
        raise OptionError("--do goes with --query; with --outcome write --treatment VARIABLE.")
    check_suffix(svg, "--svg", [".svg"])
    check_outputs([svg] if svg else [], [] if graph.startswith(PREFIX) else [graph])
    source = load_graph(graph)
    if query:
        held, seen = _states("--do", do), _states("--given", given)
        text, picture = _numbers(source, query, held, seen, json=json)
    else:
        names = outcome or [], treatment or [], given or [], latent or []
        text, picture = _formula(without_tables(source), *names, json=json, latex=latex)
    if svg:
        write_all({svg: picture.encode()})
        note(f"wrote {svg}", quiet=quiet)
    typer.echo(text)


def _states(option: str, texts: list[str] | None) -> dict[str, str]:
    """Read VARIABLE=STATE."""
    found: dict[str, str] = {}
    for text in texts or []:
        name, sign, state = text.partition("=")
        if not sign or not name or not state:
            raise OptionError(f"{option} {text}: write VARIABLE=STATE, such as smoke=yes.")
        if name in found:
            raise OptionError(f"{option} names {name!r} twice.")
        found[name] = state
    return found


def _numbers(
    source: AnyGraph | DiscreteNetwork,
    query: list[str],
    do: dict[str, str],
    given: dict[str, str],
    *,
    json: bool,
) -> tuple[str, str]:
    """Give P(query | do, given) and the picture."""
    from causalsim._files import dump_json
    from causalsim.diagrams import CausalModel
    from causalsim.graph import DiscreteNetwork

    if not isinstance(source, DiscreteNetwork):
        raise DataError(
            "the graph has no probability tables; give a BIF file, or ask for a formula with "
            "--outcome and --treatment."
        )
    model = CausalModel.from_network(source)
    law = model.query(query, do=do, given=given)
    text = dump_json(law.to_dict()).rstrip() if json else str(law)
    return text, _picture(model.diagram, model.do(do).diagram, query)


def _formula(
    graph: AnyGraph,
    outcome: list[str],
    treatment: list[str],
    given: list[str],
    latent: list[str],
    *,
    json: bool,
    latex: bool,
) -> tuple[str, str]:
    """Give the estimand or the hedge, and the picture."""
    from causalsim._files import dump_json
    from causalsim.diagrams import Diagram, Estimand, draw, identify, surgery
    from causalsim.graph import DAG

    found = identify(_solid(graph), outcome, treatment, given, latents=latent)
    seen = found.question.graph
    diagram = Diagram.from_dag(seen) if isinstance(seen, DAG) else Diagram.from_admg(seen)
    if json:
        text = dump_json(found.to_dict()).rstrip()
    elif isinstance(found, Estimand) and latex:
        text = found.to_latex()
    else:
        text = found.summary()
    if isinstance(found, Estimand):
        return text, _picture(diagram, surgery.cut(*treatment)(diagram), outcome)
    return text, draw.to_svg(diagram, highlight=sorted(found.hedge.outer), keep=outcome)


def _solid(graph: AnyGraph) -> Any:
    """Refuse graphs that are no single model with the words of a shell."""
    from causalsim.graph import ADMG, DAG

    if not isinstance(graph, DAG | ADMG):
        raise DataError(
            f"the graph is a {type(graph).__name__}, a class of models or one over time; "
            "intervene takes a DAG or an ADMG."
        )
    return graph


def _picture(before: Diagram, after: Diagram, keep: list[str]) -> str:
    from causalsim.diagrams import draw

    if before == after:
        return draw.to_svg(before, keep=keep)
    return draw.before_after(before, after, keep=keep)
