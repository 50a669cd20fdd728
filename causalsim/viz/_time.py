"""Pictures of time: the window of a temporal graph, strength by lag, and what drives a module."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from causalsim.errors import GraphError
from causalsim.graph.labels import parse_label
from causalsim.graph.marks import Edge, Mark, parse_edge
from causalsim.graph.temporal import TemporalGraph
from causalsim.viz._subject import subject

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from causalsim.discovery import DrivingForce
    from causalsim.graph.draw import Strengths

__all__ = ["driving_force", "lags", "window"]

_INK, _FAINT, _ALARM = "#334155", "#cbd5e1", "#b45309"
_STYLES = {
    (Mark.TAIL, Mark.ARROW): "-|>",
    (Mark.ARROW, Mark.TAIL): "<|-",
    (Mark.ARROW, Mark.ARROW): "<|-|>",
    (Mark.TAIL, Mark.TAIL): "-",
    (Mark.CONFLICT, Mark.CONFLICT): "|-|",
}


def window(source: object, *, ax: Axes | None = None, title: str | None = None) -> Axes:
    """Draw a temporal graph unrolled: a column per lag, a row per variable.

    Edges into the present are dark; their repetitions in the past are faint.

    Parameters
    ----------
    source : TemporalGraph or result
        Such as that of :func:`causalsim.pcmci_plus`.
    ax : matplotlib Axes, optional
        By default those of a new figure.
    title : str, optional

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    GraphError
        If ``source`` is no temporal graph and has none.

    Examples
    --------
    >>> import causalsim as cs
    >>> from matplotlib.figure import Figure
    >>> graph = cs.TemporalGraph.from_edges(["X[t-2] --> Y"])
    >>> axes = window(graph, ax=Figure().add_subplot())
    >>> [text.get_text() for text in axes.get_xticklabels()]
    ['t-2', 't-1', 't']
    """
    graph, _ = _temporal(source)
    axes = _new_axes(2.0 * graph.max_lag + 2.5, 0.9 * len(graph) + 1.0) if ax is None else ax
    for text in graph.edges:
        edge = parse_edge(text)
        depth = max(parse_label(edge.x)[1], parse_label(edge.y)[1])
        for back in range(graph.max_lag - depth, -1, -1):
            _draw_edge(axes, graph, edge, back)
    p, steps = len(graph), graph.max_lag
    at = np.stack(np.meshgrid(np.arange(-steps, 1), np.arange(p)), axis=-1).reshape(-1, 2)
    axes.scatter(at[:, 0], at[:, 1], s=150, facecolor="white", edgecolor=_INK, zorder=3)
    axes.set_xticks(range(-steps, 1), [f"t-{lag}" for lag in range(steps, 0, -1)] + ["t"])
    axes.set_yticks(range(p), graph.nodes)
    axes.set(xlim=(-steps - 0.5, 0.5), ylim=(p - 0.2, -0.5), title=title or "")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return axes


def _draw_edge(axes: Axes, graph: TemporalGraph, edge: Edge, back: int) -> None:
    """Draw an edge ``back`` steps before the present."""
    from matplotlib.patches import FancyArrowPatch

    (x, lag_x), (y, lag_y) = parse_label(edge.x), parse_label(edge.y)
    start = (float(-lag_x - back), float(graph.index(x)))
    end = (float(-lag_y - back), float(graph.index(y)))
    far = abs(start[0] - end[0]) > 1 or (lag_x == lag_y and abs(start[1] - end[1]) > 1)
    bow = -0.25 if lag_x == lag_y and end[1] > start[1] else 0.25
    colour = _ALARM if Mark.CONFLICT in (edge.at_x, edge.at_y) else _INK
    axes.add_patch(
        FancyArrowPatch(
            start,
            end,
            arrowstyle=_STYLES[edge.at_x, edge.at_y],
            connectionstyle=f"arc3,rad={bow if far else 0.0}",
            shrinkA=8,
            shrinkB=8,
            mutation_scale=12,
            clip_on=False,
            color=_FAINT if back else colour,
            zorder=1 if back else 2,
        )
    )


def lags(source: object, *, strengths: Strengths | None = None) -> Figure:
    """Draw strength by lag for every pair: row the cause, column the effect.

    Parameters
    ----------
    source : TemporalGraph or result
        A result brings its strengths; a bare graph shows each link at height 1.
    strengths : mapping, optional
        Strength by edge text.

    Returns
    -------
    matplotlib Figure
        p x p axes. Bars are links of the graph, brown where the direction is open or disputed;
        what has no bar was not found.

    Raises
    ------
    GraphError
        If ``source`` is no temporal graph and has none.

    Examples
    --------
    >>> import causalsim as cs
    >>> figure = lags(cs.TemporalGraph.from_edges(["X[t-2] --> Y"]))
    >>> len(figure.axes)
    4
    """
    from matplotlib.figure import Figure

    graph, known = _temporal(source)
    weights = known if strengths is None else strengths
    p = len(graph)
    figure = Figure(figsize=(1.4 * p + 1, 1.1 * p + 0.8), layout="constrained")
    grid = figure.subplots(p, p, sharex=True, sharey=True, squeeze=False)
    for text in graph.edges:
        edge = parse_edge(text)
        (x, lag), (y, _) = parse_label(edge.x), parse_label(edge.y)
        height = float(weights.get(text, 1.0))
        at = grid[graph.index(x), graph.index(y)]
        at.bar(lag, height, color=_INK if edge.at_y == Mark.ARROW else _ALARM, width=0.7)
        if lag == 0 and edge.at_x == edge.at_y:
            grid[graph.index(y), graph.index(x)].bar(0, height, color=_ALARM, width=0.7)
    _dress(grid, graph)
    return figure


def driving_force(
    force: DrivingForce, *, ax: Axes | None = None, components: int | None = None
) -> Axes:
    """Draw what drives a changing module: over time, or by domain.

    Parameters
    ----------
    force : DrivingForce
        Of :meth:`CDNODResult.driving_force`.
    ax : matplotlib Axes, optional
        By default those of a new figure.
    components : int, optional
        How many to draw; all by default. The first is the darkest; the legend gives the
        share of each in the change.

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> from causalsim.discovery import DrivingForce
    >>> from matplotlib.figure import Figure
    >>> path = np.column_stack([np.arange(4.0), np.ones(4)])
    >>> known = DrivingForce(path, np.arange(4.0), "time", np.array([0.9, 0.1]), 1.0, "linear")
    >>> axes = driving_force(known, ax=Figure().add_subplot(), components=1)
    >>> axes.get_legend_handles_labels()[1]
    ['component 1: 90% of the change']
    """
    axes = _new_axes(6.0, 3.0) if ax is None else ax
    shown = force.array.shape[1] if components is None else components
    for k, path in enumerate(force.array.T[:shown]):
        said = f"component {k + 1}: {force.shares[k]:.0%} of the change"
        shade: dict[str, Any] = {"color": _INK, "alpha": 0.75**k, "label": said, "zorder": 3 - k}
        if force.kind == "time":
            axes.plot(force.contexts, path, **shade)
        else:
            axes.bar(force.contexts + k / (shown + 1), path, 1 / (shown + 1), **shade)
    axes.set(xlabel=force.kind, ylabel="driving force")
    axes.legend(edgecolor="none", framealpha=0.8, fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    return axes


def _dress(grid: Any, graph: TemporalGraph) -> None:
    for i, name in enumerate(graph.nodes):
        grid[0, i].set_title(f"to {name}", fontsize=9)
        grid[i, 0].set_ylabel(f"from {name}", fontsize=9)
        grid[-1, i].set_xlabel("lag", fontsize=8)
    for axes in grid.flat:
        axes.axhline(0, color=_FAINT, linewidth=0.8, zorder=0)
        axes.set_xticks(range(graph.max_lag + 1))
        axes.tick_params(labelsize=7)
        axes.spines[["top", "right"]].set_visible(False)


def _temporal(source: object) -> tuple[TemporalGraph, Strengths]:
    graph, strengths = subject(source, None)
    if not isinstance(graph, TemporalGraph):
        raise GraphError(
            f"expected a TemporalGraph or a result with one, got a {type(graph).__name__}; "
            "write cs.viz.plot for a graph without time."
        )
    return graph, strengths or {}


def _new_axes(width: float, height: float) -> Axes:
    from matplotlib import pyplot as plt

    return plt.figure(figsize=(width, height), layout="constrained").add_subplot()
