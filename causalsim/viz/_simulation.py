"""Pictures of simulators: how real they look, fans of paths, responses, and the search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from causalsim.errors import OptionError
from causalsim.simulate import FidelityReport, TuningResult
from causalsim.simulate._windows import read_series
from causalsim.viz._sheet import INK, new_axes, new_figure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["BLUE", "FAINT", "checked_report", "fan", "fidelity", "leaderboard", "responses"]

Floats = NDArray[np.float64]
FAINT, BLUE, ALARM = "#cbd5e1", "#2563eb", "#b45309"
_LEVELS = ((0.05, 0.95), (0.25, 0.75))


def fan(paths: Any, real: Any = None, *, title: str | None = None) -> Figure:
    """Draw simulated paths as bands of quantiles, a panel for each variable.

    Parameters
    ----------
    paths : Paths, or a list of DataFrames or of arrays
    real : DataFrame or array of shape (steps, variables), optional
        Drawn over the bands.
    title : str, optional

    Returns
    -------
    matplotlib Figure

    Examples
    --------
    >>> import causalsim as cs
    >>> scm = cs.TemporalSCM.from_weights({"X[t-1] --> X": 0.5})
    >>> len(fan(scm.sample(50, paths=20, rng=0)).axes)
    1
    """
    series, names = read_series(paths)
    shown = None if real is None else read_series(real, names)[0][0]
    steps = min(len(one) for one in series)
    cube = np.stack([one[:steps] for one in series])
    figure = new_figure(8, 1.2 + 1.5 * len(names))
    figure.suptitle(title or f"{len(series)} simulated paths")
    panels = np.atleast_1d(figure.subplots(len(names), sharex=True))
    for k, (axes, name) in enumerate(zip(panels, names, strict=True)):
        _band(axes, cube[:, :, k], None if shown is None else shown[:steps, k])
        axes.set_ylabel(name)
    panels[0].legend(loc="upper right", ncols=3, fontsize="small", framealpha=0.9)
    panels[-1].set_xlabel("step")
    return figure


def _band(axes: Axes, paths: Floats, real: Floats | None) -> None:
    steps = np.arange(paths.shape[1])
    for (low, high), alpha in zip(_LEVELS, (0.2, 0.35), strict=True):
        a, b = np.quantile(paths, [low, high], axis=0)
        label = f"{high - low:.0%} of paths"
        axes.fill_between(steps, a, b, color=BLUE, alpha=alpha, linewidth=0, label=label)
    if real is not None:
        axes.plot(steps[: len(real)], real, color=INK, linewidth=0.9, label="real")


def responses(effects: pd.DataFrame, *, ax: Axes | None = None, title: str | None = None) -> Axes:
    """Draw the responses of :meth:`causalsim.TemporalSCM.impulse_response`.

    Parameters
    ----------
    effects : DataFrame of shape (steps, variables)
    ax : matplotlib Axes, optional
        By default those of a new figure.
    title : str, optional

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import causalsim as cs
    >>> scm = cs.TemporalSCM.from_weights({"X[t-1] --> X": 0.5})
    >>> responses(scm.impulse_response("X", steps=4, rng=0)).get_xlabel()
    'steps after the impulse'
    """
    axes = new_axes(6, 3.6) if ax is None else ax
    for name in effects.columns:
        axes.plot(np.arange(len(effects)), effects[name], marker="o", markersize=3, label=name)
    axes.axhline(0, color=FAINT, zorder=0)
    axes.set_xlabel("steps after the impulse")
    axes.set_ylabel("mean effect")
    axes.legend(fontsize="small")
    axes.set_title(title or "")
    return axes


def leaderboard(result: TuningResult, *, ax: Axes | None = None) -> Axes:
    """Draw the configurations of a search: AUC against edges, the winner marked.

    Parameters
    ----------
    result : TuningResult
    ax : matplotlib Axes, optional
        By default those of a new figure.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    OptionError
        If ``result`` is something else.
    """
    if not isinstance(result, TuningResult):
        raise OptionError(
            f"result is a {type(result).__name__}; give what causalsim.act(...) returned."
        )
    axes = new_axes(7, 4.2) if ax is None else ax
    board = result.leaderboard.dropna(subset=["auc"])
    last = board["round"] == board["round"].max()
    early, late = board[~last], board[last]
    axes.scatter(early["edges"], early["auc"], color=FAINT, label="earlier rounds, other panels")
    axes.errorbar(
        late["edges"], late["auc"], yerr=late["error"], fmt="o", color=INK, label="last round"
    )
    front = result.pareto
    axes.step(front["edges"], front["auc"], where="post", color=BLUE, alpha=0.5)
    won = board[board["chosen"]].iloc[0]
    axes.scatter([won["edges"]], [won["auc"]], s=140, facecolors="none", edgecolors=ALARM,
                 linewidths=2, label=f"chosen: {won['label']}")  # fmt: skip
    axes.axhline(0.5, color=FAINT, zorder=0)
    axes.set_xlabel("edges")
    axes.set_ylabel("AUC of the best discriminator")
    axes.legend(fontsize="small")
    return axes


def fidelity(report: FidelityReport) -> Figure:
    """Draw a fidelity report: who tells it apart, what gives it away, how far the dynamics are.

    Parameters
    ----------
    report : FidelityReport

    Returns
    -------
    matplotlib Figure
        With three panels, or fewer where the report has no such table.

    Raises
    ------
    OptionError
        If ``report`` is something else.
    """
    tables = checked_report(report).tables
    panels: list[Any] = [(_judges, report)]
    panels += [(_giveaways, tables["giveaways"])] if len(tables.get("giveaways", ())) else []
    panels += [(_distances, tables["distances"])] if len(tables.get("distances", ())) else []
    figure = new_figure(5.6 * len(panels), 4.2)
    figure.suptitle("Observational only: a good score proves no arrow", color=ALARM)
    for axes, (draw, what) in zip(
        np.atleast_1d(figure.subplots(1, len(panels))), panels, strict=True
    ):
        draw(axes, what)
    return figure


def checked_report(report: object) -> FidelityReport:
    """Give the report back, or refuse what is none."""
    if not isinstance(report, FidelityReport):
        raise OptionError(
            f"report is a {type(report).__name__}; give what causalsim.fidelity(...) returned."
        )
    return report


def _judges(axes: Axes, report: FidelityReport) -> None:
    """Mark the simulation among real data and baselines."""
    c2st, (low, high) = report.c2st, report.c2st.interval
    rows: list[tuple[str, float, str]] = [("this simulation, whole panel", c2st.auc, BLUE)]
    if c2st.ceiling is not None:
        rows.append(("real against real, whole panel", c2st.ceiling, INK))
    others = report.rows.get("baselines", ())
    rows += [
        (
            row["baseline"].replace("_", " ") + (" (copies)" if row["copying_alarm"] else ""),
            row["auc"],
            ALARM if row["copying_alarm"] else INK,
        )
        for row in others
    ]
    for k, (_, value, colour) in enumerate(rows):
        axes.plot(value, k, "o", color=colour)
    axes.hlines(0, low, high, color=BLUE)
    if len(c2st.null):
        axes.axvspan(*np.quantile(c2st.null, [0.05, 0.95]), color=FAINT, alpha=0.5, zorder=0)
    axes.axvline(0.5, color=FAINT, zorder=0)
    axes.set_yticks(range(len(rows)), [name for name, *_ in rows])
    axes.invert_yaxis()
    axes.set_xlabel("AUC, .5 cannot be told apart")
    axes.set_title("Who tells it apart; baselines by two judges", fontsize="medium")


def _giveaways(axes: Axes, table: pd.DataFrame) -> None:
    grid = table.pivot_table(index="variable", columns="lag", values="drop", fill_value=0.0)
    image = axes.imshow(grid.to_numpy(), cmap="Blues", aspect="auto", vmin=0)
    axes.set_xticks(range(len(grid.columns)), [f"t-{lag}" if lag else "t" for lag in grid.columns])
    axes.set_yticks(range(len(grid)), list(grid.index))
    axes.figure.colorbar(image, ax=axes, label="AUC lost when shuffled")
    axes.set_title("What gives it away", fontsize="medium")


def _distances(axes: Axes, table: pd.DataFrame) -> None:
    ratio = table["value"] / table["reference"].where(table["reference"] > 0)
    measures: Sequence[str] = list(dict.fromkeys(table["measure"]))
    for k, measure in enumerate(measures):
        mine = ratio[table["measure"] == measure].dropna()
        axes.plot(mine, [k] * len(mine), "o", color=INK, alpha=0.6)
    axes.axvline(1, color=ALARM, linestyle="--", label="95 % between bootstraps of real data")
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_yticks(range(len(measures)), [m.replace("_", " ") for m in measures])
    axes.invert_yaxis()
    axes.set_xlabel("distance, in units of the real series' own")
    axes.legend(fontsize="small")
    axes.set_title("Margins and dynamics, a dot a variable", fontsize="medium")
