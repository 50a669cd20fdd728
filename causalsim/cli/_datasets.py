"""``causalsim datasets`` and ``causalsim demo``: bundled data, and a first run on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from causalsim.cli._console import guarded, note
from causalsim.cli._inputs import PREFIX, catalogue, open_dataset, without_tables
from causalsim.cli._outputs import check_outputs, write_all
from causalsim.errors import OptionError

if TYPE_CHECKING:
    import pandas as pd

    from causalsim.discovery import DiscoveryResult
    from causalsim.graph import CPDAG, DAG, DiscreteNetwork

__all__ = ["datasets", "demo"]

SEPARATORS = {".csv": ",", ".tsv": "\t"}
ALPHA = 0.01


@guarded
def datasets(
    name: Annotated[
        str, typer.Argument(help="list, or a name from the list, such as sachs or network:asia.")
    ] = "list",
    *,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Rows as .csv or .tsv; for a network also .json, .bif (with tables), .dot, "
            ".graphml or .dagitty. Without it, rows go to stdout as CSV."
        ),
    ] = None,
    rows: Annotated[
        int | None,
        typer.Option(help="Rows to draw from a network (1000), or first rows of a table.", min=1),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="For drawing from a network (0).", min=0)
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the list as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only errors on stderr.")] = False,
) -> None:
    """List the bundled data sets and networks, or write one of them."""
    if name == "list":
        _refuse({"--out": out, "--rows": rows, "--seed": seed}, "belongs to one data set")
        frame = catalogue()
        typer.echo(
            frame.to_json(orient="records", force_ascii=False, indent=1)
            if json
            else frame.to_string(index=False)
        )
        return
    _refuse({"--json": json or None}, "belongs to the list; a network goes to --out NAME.json")
    found = open_dataset(name.removeprefix(PREFIX))
    if out is None:
        typer.echo(_rows(found, rows, seed).to_csv(index=False), nl=False)
        return
    check_outputs([out])
    write_all({out: _content(found, out, rows, seed)})
    note(f"wrote {out}", quiet=quiet)


def _refuse(options: Mapping[str, object], why: str) -> None:
    """Refuse options that would have no effect."""
    for option, value in options.items():
        if value is not None:
            raise OptionError(f"{option} {why}.")


def _rows(
    found: pd.DataFrame | DiscreteNetwork, rows: int | None, seed: int | None
) -> pd.DataFrame:
    """Give the first rows of the table, or a sample of the network."""
    from causalsim.graph import DiscreteNetwork

    if isinstance(found, DiscreteNetwork):
        return found.sample(rows or 1000, rng=seed or 0)
    _refuse({"--seed": seed}, "is for drawing from a network; this is a table")
    return found.head(rows or len(found))


def _content(
    found: pd.DataFrame | DiscreteNetwork, out: Path, rows: int | None, seed: int | None
) -> bytes:
    from causalsim.graph import DiscreteNetwork
    from causalsim.graph.io._paths import encode, extension

    suffix = out.suffix.lower()
    if suffix in SEPARATORS:
        text = _rows(found, rows, seed).to_csv(index=False, sep=SEPARATORS[suffix])
        return text.encode()
    if not isinstance(found, DiscreteNetwork):
        raise OptionError(f"--out {out}: expected a name that ends in .csv or .tsv.")
    suffix = extension(out)
    _refuse({"--rows": rows, "--seed": seed}, "is for rows: --out NAME.csv")
    return encode(found if suffix in {".json", ".bif"} else without_tables(found), out)


@guarded
def demo(
    *,
    out: Annotated[Path, typer.Option(help="Folder for graph.svg and result.json.")] = Path(
        "demo"
    ),
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only errors on stderr.")] = False,
) -> None:
    """Discover a graph of signalling proteins, and compare it with the published network.

    PC with Fisher's Z at alpha = 0.01 on the logarithms of 853 single-cell measurements
    (Sachs et al. 2005). No setting was chosen by its agreement with the published network.
    """
    import numpy as np

    from causalsim import datasets as bundled
    from causalsim._files import dump_json
    from causalsim.discovery import pc

    if out.exists() and not out.is_dir():
        raise OptionError(f"--out {out}: it exists and is no folder; choose another.")
    data = np.log(bundled.sachs())
    found = pc(data, "fisher_z", alpha=ALPHA, rng=0)
    found = replace(found, options={**found.options, "seed": 0, "source": "log dataset:sachs"})
    text = f"{found.summary()}\nseed = 0\n\n{_agreement(found, bundled.reference('sachs'))}"
    out.mkdir(parents=True, exist_ok=True)
    files = {
        out / "graph.svg": found.to_svg().encode(),
        out / "result.json": dump_json(found.to_dict()).encode(),
    }
    check_outputs(files)
    write_all(files)
    typer.echo(text)
    for path in files:
        note(f"wrote {path}", quiet=quiet)


def _agreement(found: DiscoveryResult[CPDAG], published: DAG) -> str:
    """Write how far a graph agrees with a published one, without calling either true."""
    from causalsim.metrics import arrowhead_scores, shd, skeleton_scores

    reference = published.to_cpdag()
    edges = skeleton_scores(found.graph, reference)
    heads = arrowhead_scores(found.graph, reference)
    total = len(published) * (len(published) - 1) // 2
    return (
        f"agreement with the network published for these data ({published.n_edges} edges):\n"
        f"  adjacencies: {edges.tp} of the {edges.tp + edges.fp} found are published "
        f"(precision {edges.precision:.2f}), of the {edges.tp + edges.fn} published {edges.tp} "
        f"are found (recall {edges.recall:.2f})\n"
        f"  arrowheads: {heads.tp + heads.fp} found, {heads.tp} of them published; the class of "
        f"the published graph has {heads.tp + heads.fn}\n"
        f"  structural Hamming distance between the classes: {shd(found.graph, reference):.0f} "
        f"of {total} pairs\n"
        "Agreement is not truth: the published network was itself inferred, with the help of "
        "interventions\nthat are left out here, and nobody knows the true graph."
    )
