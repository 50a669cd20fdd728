"""Pictures of time: the window of a temporal graph, and strength by lag."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from causalsim.errors import GraphError
from causalsim.graph.labels import parse_label
from causalsim.graph.marks import Edge, Mark, parse_edge
from causalsim.graph.temporal import TemporalGraph
from causalsim.viz._sheet import INK, new_axes, new_figure
from causalsim.viz._subject import subject

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from causalsim.graph.draw import Strengths

Floats = NDArray[np.float64]

__all__ = ["lags", "window"]

_FAINT, _ALARM = "#cbd5e1", "#b45309"
_NODE = 150
_ROOM = 1.6
_BOWS = tuple(sign * size for size in (0.0, 0.15, 0.25, 0.35, 0.5, 0.7) for sign in (1, -1))
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
    axes = new_axes(2.0 * graph.max_lag + 2.5, 0.9 * len(graph) + 1.0) if ax is None else ax
    p, steps = len(graph), graph.max_lag
    at = np.stack(np.meshgrid(np.arange(-steps, 1), np.arange(p)), axis=-1).reshape(-1, 2)
    axes.scatter(at[:, 0], at[:, 1], s=_NODE, facecolor="white", edgecolor=INK, zorder=3)
    axes.set_xticks(range(-steps, 1), [f"t-{lag}" for lag in range(steps, 0, -1)] + ["t"])
    axes.set_yticks(range(p), graph.nodes)
    axes.set(xlim=(-steps - 0.5, 0.5), ylim=(p - 0.2, -0.5), title=title or "")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.figure.canvas.figure.draw_without_rendering()  # settles where nodes stand
    for text in graph.edges:
        edge = parse_edge(text)
        depth = max(parse_label(edge.x)[1], parse_label(edge.y)[1])
        bow = _bow(axes, graph, edge)
        for back in range(graph.max_lag - depth, -1, -1):
            _draw_edge(axes, graph, edge, back, bow)
    return axes


def _ends(graph: TemporalGraph, edge: Edge) -> tuple[tuple[float, float], tuple[float, float]]:
    (x, lag_x), (y, lag_y) = parse_label(edge.x), parse_label(edge.y)
    return (float(-lag_x), float(graph.index(x))), (float(-lag_y), float(graph.index(y)))


def _bow(axes: Axes, graph: TemporalGraph, edge: Edge) -> float:
    """Give the flattest bow that passes all other nodes, or that keeps furthest from them."""
    ends = _ends(graph, edge)
    lattice = [
        (float(column), float(row))
        for column in range(-graph.max_lag - 1, 2)
        for row in range(len(graph))
        if (column, row) not in ends
    ]
    if not lattice:
        return 0.0
    (start, end), nodes = axes.transData.transform(ends), axes.transData.transform(lattice)
    radius = np.sqrt(_NODE / np.pi) * axes.figure.dpi / 72
    room = [_clearance(start, end, nodes, bow) / radius for bow in _BOWS]
    wide = [bow for bow, space in zip(_BOWS, room, strict=True) if space > _ROOM]
    return wide[0] if wide else _BOWS[int(np.argmax(room))]


def _clearance(start: Floats, end: Floats, nodes: Floats, bow: float) -> float:
    """Give the distance of an arc (matplotlib's ``arc3``) to the nearest node."""
    along = np.linspace(0, 1, 60)[:, None]
    span = end - start
    control = (start + end) / 2 + bow * np.array([span[1], -span[0]])
    arc = (1 - along) ** 2 * start + 2 * along * (1 - along) * control + along**2 * end
    return float(np.linalg.norm(arc[:, None] - nodes, axis=2).min())


def _draw_edge(axes: Axes, graph: TemporalGraph, edge: Edge, back: int, bow: float) -> None:
    """Draw an edge ``back`` steps before the present."""
    from matplotlib.patches import FancyArrowPatch

    start, end = ((column - back, row) for column, row in _ends(graph, edge))
    colour = _ALARM if Mark.CONFLICT in (edge.at_x, edge.at_y) else INK
    axes.add_patch(
        FancyArrowPatch(
            start,
            end,
            arrowstyle=_STYLES[edge.at_x, edge.at_y],
            connectionstyle=f"arc3,rad={bow}",
            shrinkA=8,
            shrinkB=8,
            mutation_scale=12,
            clip_on=False,
            color=_FAINT if back else colour,
            zorder=1 if back else 2,
        )
    )


def lags(
    source: object, *, strengths: Strengths | None = None, figure: Figure | None = None
) -> NDArray[np.object_]:
    """Draw strength by lag for every pair: row the cause, column the effect.

    Parameters
    ----------
    source : TemporalGraph or result
        A result brings its strengths; a bare graph shows each link at height 1.
    strengths : mapping, optional
        Strength by edge text.
    figure : matplotlib Figure, optional
        An empty one; by default a new one, of about an inch a pair.

    Returns
    -------
    array of matplotlib Axes, shape (p, p)
        Row the cause, column the effect. Bars are links of the graph, brown where the direction
        is open or disputed; what has no bar was not found.

    Raises
    ------
    GraphError
        If ``source`` is no temporal graph and has none.

    Examples
    --------
    >>> import causalsim as cs
    >>> from matplotlib.figure import Figure
    >>> graph = cs.TemporalGraph.from_edges(["X[t-2] --> Y"])
    >>> axes = lags(graph, figure=Figure())
    >>> axes.shape, len(axes[0, 1].patches)
    ((2, 2), 1)
    """
    graph, known = _temporal(source)
    weights = known if strengths is None else strengths
    p = len(graph)
    sheet = new_figure(1.4 * p + 1, 1.1 * p + 0.8) if figure is None else figure
    grid: NDArray[np.object_] = sheet.subplots(p, p, sharex=True, sharey=True, squeeze=False)
    for text in graph.edges:
        edge = parse_edge(text)
        (x, lag), (y, _) = parse_label(edge.x), parse_label(edge.y)
        height = float(weights.get(text, 1.0))
        at = grid[graph.index(x), graph.index(y)]
        at.bar(lag, height, color=INK if edge.at_y == Mark.ARROW else _ALARM, width=0.7)
        if lag == 0 and edge.at_x == edge.at_y:
            grid[graph.index(y), graph.index(x)].bar(0, height, color=_ALARM, width=0.7)
    _dress(grid, graph)
    return grid


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
