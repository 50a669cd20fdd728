"""A picture of what drives a changing module."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from causalsim.errors import GraphError, listing
from causalsim.viz._sheet import INK, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from causalsim.discovery import DrivingForce

__all__ = ["driving_force"]


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
        Domains carry their names, times their dates where they have some.

    Raises
    ------
    GraphError
        If ``force`` is no driving force.

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
    _check_force(force)
    axes = new_axes(6.0, 3.0) if ax is None else ax
    shown = force.array.shape[1] if components is None else components
    for k, path in enumerate(force.array.T[:shown]):
        said = f"component {k + 1}: {force.shares[k]:.0%} of the change"
        shade: dict[str, Any] = {"color": INK, "alpha": 0.75**k, "label": said, "zorder": 3 - k}
        if force.kind == "time":
            axes.plot(_times(force), path, **shade)
        else:
            beside = (k - (shown - 1) / 2) / (shown + 1)
            axes.bar(force.contexts + beside, path, 1 / (shown + 1), **shade)
    if force.labels:
        _mark(axes, force)
    axes.set(xlabel="" if force.labels else force.kind, ylabel="driving force")
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), edgecolor="none", fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    return axes


def _mark(axes: Axes, force: DrivingForce) -> None:
    """Write the names of domains, or a few dates, below the axis."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    if force.kind == "domain":
        axes.set_xticks(force.contexts, force.labels)
        return
    dates = AutoDateLocator(maxticks=7)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(dates)
    formatter = ConciseDateFormatter(dates)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(formatter)


def _times(force: DrivingForce) -> Any:
    """Give dates where they are known, or else numbers."""
    return np.array(force.labels, "datetime64[us]") if force.labels else force.contexts


def _check_force(force: object) -> None:
    from causalsim.discovery import CDNODResult, DrivingForce

    if isinstance(force, DrivingForce):
        return
    changing = force.changing if isinstance(force, CDNODResult) else ()
    known = f" {listing(changing)}" if changing else ""
    name = changing[0] if changing else "name"
    raise GraphError(
        f"expected a DrivingForce, got a {type(force).__name__}; write "
        f"cs.viz.driving_force(found.driving_force({name!r})), with one of the changing "
        f"modules{known}."
    )
