"""The files that ``causalsim discover`` leaves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, final

from causalsim.cli._outputs import check_outputs, check_suffix
from causalsim.errors import OptionError

if TYPE_CHECKING:
    from causalsim.cli._methods import Method
    from causalsim.data import Table
    from causalsim.discovery._result import AnyResult

__all__ = ["Products", "result_json"]

_DRAWN = {".svg": "--svg", ".html": "--html"}
_WITHOUT_LAGS = {".dagitty", ".txt"}


@final
@dataclass(frozen=True)
class Products:
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
        return self._ending({".bif"})

    def _ending(self, extensions: set[str]) -> Iterator[Path]:
        from causalsim.graph.io._paths import extension

        return (path for path in self.graphs if extension(path) in extensions)

    def check_method(self, method: Method) -> None:
        """Refuse formats that cannot hold the graphs of a method."""
        if method.name != "pc":
            for path in self.networks():
                raise OptionError(
                    f"--out {path}: probability tables need a DAG, or the class of one, and "
                    f"mechanisms that do not change; --method {method.name} does not give that."
                )
        if method.in_time:
            for path in self._ending(_WITHOUT_LAGS):
                raise OptionError(
                    f"--out {path}: dagitty text has no lags; write .json, .dot or .graphml."
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
            (self.result, lambda: result_json(found) + "\n"),
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


def result_json(found: AnyResult, explain: tuple[str, str] | None = None) -> str:
    """Write a result, and perhaps the reasons for one pair, as JSON."""
    from causalsim._files import dump_json

    payload = found.to_dict()
    if explain is not None:
        payload["explanation"] = list(found.explain(*explain).lines)
    return dump_json(payload).removesuffix("\n")
