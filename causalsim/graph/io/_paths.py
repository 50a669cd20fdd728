"""Files by extension; ``.gz`` may follow any of them."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from causalsim._files import Pathish, atomic, reason
from causalsim.errors import FormatError, OptionError
from causalsim.graph.io._bif import from_bif, to_bif
from causalsim.graph.io._common import AnyGraph
from causalsim.graph.io._dagitty import from_dagitty, to_dagitty
from causalsim.graph.io._dot import from_dot, to_dot
from causalsim.graph.io._json import from_json, to_json
from causalsim.graph.io._networkx import from_graphml, to_graphml
from causalsim.graph.network import DiscreteNetwork

__all__ = ["encode", "extension", "read", "write"]

_WITHOUT_KIND = {".json": from_json, ".bif": from_bif}
_WITH_KIND = {
    ".dot": from_dot,
    ".gv": from_dot,
    ".graphml": from_graphml,
    ".dagitty": from_dagitty,
    ".txt": from_dagitty,
}
_WRITERS: dict[str, Callable[[Any], str]] = {
    ".json": to_json,
    ".dot": to_dot,
    ".gv": to_dot,
    ".graphml": to_graphml,
    ".bif": to_bif,
    ".dagitty": to_dagitty,
    ".txt": to_dagitty,
}


def read(path: Pathish, kind: str | None = None) -> AnyGraph | DiscreteNetwork:
    """Read a graph or network from a file; its extension tells the format.

    Parameters
    ----------
    path : path
        ``.json``, ``.dot`` or ``.gv``, ``.graphml``, ``.bif``, ``.dagitty`` or ``.txt``
        (dagitty text); ``.gz`` may follow.
    kind : str, optional
        For formats that leave the kind open, as in :func:`from_dot`. JSON and BIF state it;
        there another kind is refused.

    Raises
    ------
    OptionError
        If the extension is unknown, or ``kind`` is not what the file holds.
    FormatError
        If the file cannot be read or does not follow its format; with the path.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from causalsim.graph import DAG
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "graph.dot")
    ...     write(DAG.from_edges(["X --> Y"]), path)
    ...     read(path)
    DAG.from_edges(['X --> Y'])
    """
    suffix = extension(path)
    text = _text(path)
    try:
        if suffix in _WITH_KIND:
            return _WITH_KIND[suffix](text, kind=kind)
        found = _WITHOUT_KIND[suffix](text)
    except FormatError as error:
        raise FormatError(f"{path}: {error}") from error
    if kind not in {None, type(found).__name__}:
        raise OptionError(f"kind={kind!r}, but {path} holds a {type(found).__name__}.")
    return found


def write(graph: AnyGraph | DiscreteNetwork, path: Pathish) -> None:
    """Write a graph or network to a file; its extension tells the format.

    The file appears whole or not at all.

    Parameters
    ----------
    graph : DAG, CPDAG, ADMG, PAG, TemporalGraph or DiscreteNetwork
    path : path
        With one of the extensions of :func:`read`.

    Raises
    ------
    OptionError
        If the extension is unknown.
    FormatError, GraphError
        If the format cannot hold the graph, or the folder does not exist.
    """
    data = encode(graph, path)
    with atomic(path) as file:
        file.write(data)


def encode(graph: AnyGraph | DiscreteNetwork, path: Pathish) -> bytes:
    """Give what :func:`write` puts into ``path``, and write nothing."""
    data = _WRITERS[extension(path)](graph).encode()
    return gzip.compress(data, mtime=0) if Path(path).suffix.lower() == ".gz" else data


def extension(path: Pathish) -> str:
    """Give the extension that tells the format, without ``.gz``."""
    name = Path(path).name.lower().removesuffix(".gz")
    suffix = Path(name).suffix
    if suffix not in _WRITERS:
        raise OptionError(
            f"{path}: extension {suffix!r} is unknown; expected one of "
            f"{', '.join(_WRITERS)} (.gz may follow)."
        )
    return suffix


def _text(path: Pathish) -> str:
    """Read a text file in UTF-8, unpacked if it ends in ``.gz``."""
    try:
        data = Path(path).read_bytes()
        if Path(path).suffix.lower() == ".gz":
            data = gzip.decompress(data)
        return data.decode("utf-8-sig")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise FormatError(f"cannot read {path}: {reason(error)}") from error
