"""A result as HTML: a fragment for notebooks, and a page that stands alone."""

from __future__ import annotations

from html import escape
from string import Template
from typing import TYPE_CHECKING, Protocol

from causalsim.discovery._summary import TITLES

if TYPE_CHECKING:
    import pandas as pd

    from causalsim.discovery._result import AnyResult
    from causalsim.graph._base import MarkedGraph
    from causalsim.graph.temporal import TemporalGraph

__all__ = ["Drawable", "fragment", "page"]

MAX_DRAWN = 150
MAX_ROWS = 500

_PAGE = Template(
    """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>$title</title>
<style>
body { font-family: sans-serif; max-width: 70em; margin: 2em auto; padding: 0 1em; color: #222; }
table { border-collapse: collapse; font-size: 90%; }
td, th { padding: .2em .7em; border-bottom: 1px solid #ddd; text-align: left; }
pre { background: #f6f6f6; padding: 1em; overflow-x: auto; }
svg { max-width: 100%; height: auto; }
</style></head><body>
<h1>$title</h1>
$body
</body></html>
"""
)


def _table(frame: pd.DataFrame) -> str:
    shown = frame[:MAX_ROWS]
    head = "".join(f"<th>{escape(str(name))}</th>" for name in shown.columns)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(_cell(value))}</td>" for value in row) + "</tr>"
        for row in shown.itertuples(index=False)
    )
    more = f"<p>{len(frame) - MAX_ROWS} more rows</p>" if len(frame) > MAX_ROWS else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{more}"


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _details(title: str, content: str, opened: bool = False) -> str:
    state = " open" if opened else ""
    return f"<details{state}><summary>{escape(title)}</summary>{content}</details>"


class Drawable(Protocol):
    """A result with a graph, a picture and a summary."""

    @property
    def graph(self) -> MarkedGraph | TemporalGraph: ...

    def to_svg(self) -> str: ...

    def summary(self) -> str: ...


def fragment(result: Drawable) -> str:
    """Give the picture and the summary, for a notebook."""
    drawn = len(result.graph) <= MAX_DRAWN
    picture = result.to_svg() if drawn else "<p>too many variables to draw</p>"
    return f"{picture}{_details('summary', f'<pre>{escape(result.summary())}</pre>')}"


def short_page(result: Drawable, title: str, tests: pd.DataFrame) -> str:
    """Give a self-contained page of a result that explains no edges: picture, summary, tests."""
    body = [fragment(result), "<h2>Tests</h2>", _details("all tests", _table(tests))]
    return _PAGE.substitute(title=escape(title), body="\n".join(body))


def page(result: AnyResult) -> str:
    """Give one self-contained page: picture, edges with reasons, tests, provenance."""
    graph, static, names = result.graph, result.static, result.labels
    reasons = [
        _details(edge, f"<pre>{escape(str(result.explain(names[i], names[j])))}</pre>")
        for edge, (i, j) in zip(static.edges[:MAX_ROWS], result.pairs(), strict=False)
    ]
    facts = {**result.options, **result.provenance, "test": result.test, "rows": result.n}
    provenance = "".join(
        f"<tr><th>{escape(str(k))}</th><td>{escape(str(v))}</td></tr>" for k, v in facts.items()
    )
    body = [
        fragment(result),
        "<h2>Why each edge</h2>",
        *reasons,
        "<h2>Tests</h2>",
        _details("the decisive test of each pair", _table(result.tests.drop(columns="log_p"))),
        "<h2>Provenance</h2>",
        f"<table>{provenance}</table>",
    ]
    title = f"{TITLES[result.algorithm]}: {len(graph)} variables, {graph.n_edges} edges"
    return _PAGE.substitute(title=escape(title), body="\n".join(body))
