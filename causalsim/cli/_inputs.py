"""What a command reads: tables, bundled data sets, graphs, column kinds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from causalsim.data import Kind
from causalsim.errors import NameNotFoundError, OptionError

if TYPE_CHECKING:
    import pandas as pd

    from causalsim.data import Table
    from causalsim.graph import DiscreteNetwork
    from causalsim.graph.io._common import AnyGraph

__all__ = ["PREFIX", "catalogue", "load_graph", "load_table", "open_dataset", "without_tables"]

PREFIX = "dataset:"


def catalogue() -> pd.DataFrame:
    """List the bundled data sets, each with the name that the command line knows it by."""
    from causalsim import datasets

    frame = datasets.list()
    frame["name"] = (
        frame["call"].str.replace(r"\('(\w+)'\)", r":\1", regex=True).str.removesuffix("()")
    )
    return frame.drop(columns="call")


def open_dataset(name: str) -> pd.DataFrame | DiscreteNetwork:
    """Open a bundled data set or network by the name of :func:`catalogue`."""
    from causalsim import datasets

    known = list(catalogue()["name"])
    full = name if name in known else f"network:{name}"
    if full not in known:
        raise NameNotFoundError.from_names("data set", name, known)
    call, _, argument = full.partition(":")
    found: pd.DataFrame | DiscreteNetwork = getattr(datasets, call)(*filter(None, [argument]))
    return found


def load_table(
    data: str,
    *,
    kinds: Sequence[str],
    drop: Sequence[str],
    time: str | None = None,
    **options: str,
) -> Table:
    """Read the table that ``DATA`` names; options are those of ``read_table``.

    ``time`` is a column of times, whatever one kind for all says.
    """
    from dataclasses import replace

    from causalsim.data import read_table

    told = _kinds(kinds)
    source, file_notes = _open(data, drop, parsed=time is not None)
    choices: Mapping[str, Any] = options
    told = told if time is None else _with_time(told, time, source)
    table = read_table(source, kinds=told, min_columns=2, **choices)
    return replace(table, notes=(*file_notes, *table.notes))


def _open(data: str, drop: Sequence[str], *, parsed: bool) -> tuple[Any, tuple[str, ...]]:
    """Open a file or data set; columns are dropped before anything is asked of them.

    A file is given back as its path if nothing is dropped, unless it is to be ``parsed``.
    """
    if data.startswith(PREFIX):
        return _without(_rows(data.removeprefix(PREFIX)), drop), ()
    if not (drop or parsed):
        return Path(data), ()
    from causalsim.data._sources import read_file

    frame, file_notes = read_file(Path(data))
    said = (f"left out on request: {', '.join(drop)}",) if drop else ()
    return _without(frame, drop), (*file_notes, *said)


def _rows(name: str) -> pd.DataFrame:
    from causalsim.graph import DiscreteNetwork

    found = open_dataset(name)
    if isinstance(found, DiscreteNetwork):
        raise OptionError(
            f"{PREFIX}{name} is a network, which has no rows. Draw some first: "
            f"causalsim datasets {name} --rows 1000 --out {name.rpartition(':')[2]}.csv"
        )
    return found


def _without(frame: Any, drop: Sequence[str]) -> Any:
    names = _column_names(frame)
    for name in drop:
        if name not in names:
            raise NameNotFoundError.from_names("column (in --drop)", name, names)
    kept = [i for i, name in enumerate(names) if name not in drop]
    return frame.select(kept) if hasattr(frame, "column_names") else frame.iloc[:, kept]


def _column_names(frame: Any) -> list[str]:
    """Give the names of the columns of a pyarrow or pandas table."""
    arrow = hasattr(frame, "column_names")
    return [str(name) for name in (frame.column_names if arrow else frame.columns)]


def _kinds(texts: Sequence[str]) -> dict[str, str] | str | None:
    """Read ``column=kind`` texts, or one kind for all columns."""
    if len(texts) == 1 and texts[0] in list(Kind):
        return texts[0]
    pairs: dict[str, str] = {}
    for text in texts:
        name, sign, kind = text.rpartition("=")
        if not sign:
            raise OptionError(
                f"--kinds {text}: write --kinds COLUMN=KIND once for each column, or one kind "
                f"for all: --kinds discrete. Kinds are {', '.join(Kind)}."
            )
        if pairs.get(name, kind) != kind:
            raise OptionError(f"--kinds {text} contradicts --kinds {name}={pairs[name]}.")
        pairs[name] = kind
    return pairs or None


def _with_time(told: Mapping[str, str] | str | None, time: str, source: Any) -> dict[str, str]:
    """Add that a column holds times: dates, unless it holds numbers."""
    kind = Kind.CONTINUOUS if _holds_numbers(source, time) else Kind.TIME
    if isinstance(told, str):
        told = dict.fromkeys(set(_column_names(source)) - {time}, told)
    stated = (told or {}).get(time, kind)
    if stated not in {kind, Kind.TIME}:
        raise OptionError(f"--kinds {time}={stated} contradicts --time {time}; keep one of them.")
    return {**(told or {}), time: kind}


def _holds_numbers(frame: Any, name: str) -> bool:
    import narwhals as nw

    if _column_names(frame).count(name) != 1:
        return False
    return bool(nw.from_native(frame, eager_only=True).get_column(name).dtype.is_numeric())


def load_graph(source: str, kind: str | None = None) -> AnyGraph | DiscreteNetwork:
    """Read a graph from a file, from a discovery result, or from a bundled network."""
    from causalsim.graph.io import read

    if source.startswith(PREFIX):
        from causalsim import datasets

        name = source.removeprefix(PREFIX)
        return datasets.network(name.removeprefix("network:"))
    if source.startswith("network:"):
        raise OptionError(f"{source}: write {PREFIX}{source.removeprefix('network:')}.")
    path = Path(source)
    if path.suffix.lower() == ".json" and kind is None:
        from causalsim._files import load_json
        from causalsim.discovery import DiscoveryResult

        payload = load_json(path)
        if isinstance(payload, dict) and payload.get("format") == "causalsim/discovery":
            return DiscoveryResult.from_dict(payload).graph
    return read(path, kind=kind)


def without_tables(graph: AnyGraph | DiscreteNetwork) -> AnyGraph:
    """Give the graph of a network, or the graph itself."""
    from causalsim.graph import DiscreteNetwork

    return graph.dag if isinstance(graph, DiscreteNetwork) else graph
