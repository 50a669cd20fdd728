"""Pictures of what a fidelity report compares: real and simulated series, line by line."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from causalsim.errors import NameNotFoundError, OptionError
from causalsim.simulate import FidelityReport
from causalsim.simulate._curves import Curves
from causalsim.viz._sheet import INK, new_figure
from causalsim.viz._simulation import BLUE, FAINT, checked_report, fidelity

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["acf", "panels", "psd", "qq", "report_svgs"]

Floats = NDArray[np.float64]
_MOST = 12
_WIDE = 4
_FLOOR = 1e-6


def panels(report: FidelityReport, variables: Sequence[str] | None = None) -> Figure:
    """Draw the real series beside one simulated path, a row for each variable.

    Parameters
    ----------
    report : FidelityReport
        Or one read from a file; it holds the first 500 steps.
    variables : sequence of str, optional
        At most 12; by default the first 12.

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    OptionError
        If ``report`` is something else or holds no series, or for more than 12 variables.
    NameNotFoundError
        If a variable is not in the report.

    Examples
    --------
    >>> import causalsim as cs
    >>> truth = cs.TemporalSCM.from_weights({"X[t-1] --> X": 0.5})
    >>> report = cs.fidelity(truth.sample(200, rng=0).frame(), truth, panel="logistic", rng=0)
    >>> [axes.get_title() for axes in panels(report).axes]
    ['real', 'simulated']
    """
    lines, chosen = _chosen(report, variables)
    figure = new_figure(10, 1.0 + 1.15 * len(chosen))
    grid = figure.subplots(len(chosen), 2, sharex=True, sharey="row", squeeze=False)
    for row, k in zip(grid, chosen, strict=True):
        for axes, values, colour in zip(row, lines.series[:, :, k], (INK, BLUE), strict=True):
            axes.plot(values, color=colour, linewidth=0.8)
            axes.margins(x=0)
        row[0].set_ylabel(lines.names[k], rotation=0, ha="right", va="center", parse_math=False)
    for axes, title in zip(grid[0], ("real", "simulated"), strict=True):
        axes.set_title(title)
    for axes in grid[-1]:
        axes.set_xlabel("step")
    return figure


def qq(report: FidelityReport, variables: Sequence[str] | None = None) -> Figure:
    """Draw simulated against real quantiles, a square for each variable.

    Parameters
    ----------
    report, variables
        As in :func:`panels`.

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    OptionError, NameNotFoundError
        As in :func:`panels`.
    """
    return _grid(report, variables, _qq, ("real", "simulated"), title="Quantiles, 1 % to 99 %")


def acf(report: FidelityReport, variables: Sequence[str] | None = None) -> Figure:
    """Draw autocorrelations, with a 95 % band of the real ones, a panel for each variable.

    Parameters
    ----------
    report, variables
        As in :func:`panels`.

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    OptionError, NameNotFoundError
        As in :func:`panels`.

    Notes
    -----
    The band is pointwise, from stationary bootstraps of the real series. On autoregressive series
    of 400 to 1000 steps it covered the autocorrelation of the law at nine lags in ten: to leave
    it here and there tells nothing.
    """
    return _grid(report, variables, _acf, ("lag", "correlation"), title="Autocorrelation")


def psd(report: FidelityReport, variables: Sequence[str] | None = None) -> Figure:
    """Draw the power of real and simulated series by frequency, a panel for each variable.

    Parameters
    ----------
    report, variables
        As in :func:`panels`.

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    OptionError, NameNotFoundError
        As in :func:`panels`.

    Notes
    -----
    By Welch's method. The simulated line is a mean over the paths, and smoother for that.
    """
    return _grid(report, variables, _psd, ("cycles a step", "decibels"), title="Spectrum of power")


def report_svgs(report: FidelityReport) -> tuple[str, ...]:
    """Draw all pictures of a report as SVG texts, for :meth:`FidelityReport.to_html`.

    Parameters
    ----------
    report : FidelityReport

    Returns
    -------
    tuple of str
        Judges, giveaways and dynamics; then, if the report holds series, those of
        :func:`panels`, :func:`qq`, :func:`acf` and :func:`psd`. The same report gives the same
        texts.

    Raises
    ------
    OptionError
        If ``report`` is something else.
    """
    shown: list[Callable[[FidelityReport], Figure]] = [fidelity]
    if checked_report(report).curves is not None:
        shown += [panels, qq, acf, psd]
    return tuple(_svg(draw, report) for draw in shown)


def _svg(draw: Callable[[FidelityReport], Figure], report: FidelityReport) -> str:
    """Write a picture without date and header, and close it."""
    from matplotlib import pyplot as plt

    page = io.StringIO()
    with plt.rc_context({"svg.hashsalt": draw.__name__, "svg.fonttype": "none"}):
        figure = draw(report)
        figure.savefig(page, format="svg", metadata={"Date": None, "Creator": None})
    plt.close(figure)
    text = page.getvalue()
    return text[text.index("<svg") :]


def _chosen(report: object, variables: Sequence[str] | None) -> tuple[Curves, list[int]]:
    """Give the lines of a report and the columns to draw."""
    lines = checked_report(report).curves
    if lines is None:
        raise OptionError(
            "this report holds no series to draw; its notes say why: print(report.summary())."
        )
    wanted = lines.names[:_MOST] if variables is None else tuple(variables)
    if not 1 <= len(wanted) <= _MOST:
        raise OptionError(f"{len(wanted)} variables; choose 1 to {_MOST} for a legible picture.")
    for name in wanted:
        if name not in lines.names:
            raise NameNotFoundError.from_names("variable", name, lines.names)
    return lines, [lines.names.index(name) for name in wanted]


def _grid(
    report: FidelityReport,
    variables: Sequence[str] | None,
    draw: Callable[[Axes, Curves, int], None],
    labels: tuple[str, str],
    *,
    title: str,
) -> Figure:
    """Draw a panel a variable, up to four beside one another, under one legend."""
    lines, chosen = _chosen(report, variables)
    wide = min(len(chosen), _WIDE)
    high = -(-len(chosen) // wide)
    figure = new_figure(max(2.9 * wide, 4.5), 1.0 + 2.5 * high)
    figure.suptitle(title)
    grid = figure.subplots(high, wide, squeeze=False).ravel()
    for i, (axes, k) in enumerate(zip(grid, chosen, strict=False)):
        draw(axes, lines, k)
        axes.set_title(lines.names[k], fontsize="medium", parse_math=False)
        axes.set_xlabel(labels[0] if i + wide >= len(chosen) else "")
        axes.set_ylabel("" if i % wide else labels[1])
    for axes in grid[len(chosen) :]:
        axes.remove()
    handles, names = grid[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=len(names), fontsize="small")
    return figure


def _qq(axes: Axes, lines: Curves, k: int) -> None:
    real, simulated = lines.quantiles[:, :, k]
    axes.axline((real[0], real[0]), slope=1, color=FAINT, zorder=0, label="the same")
    axes.plot(real, simulated, "o", color=BLUE, markersize=3, label="quantiles")
    axes.set_box_aspect(1)


def _acf(axes: Axes, lines: Curves, k: int) -> None:
    low, high = lines.band[:, 1:, k]
    lags = np.arange(1.0, len(low) + 1)
    axes.fill_between(lags, low, high, color=FAINT, linewidth=0, label="95 % band of the real one")
    axes.axhline(0, color=INK, linewidth=0.5)
    _both(axes, lags, lines.autocorrelations[:, 1:, k])
    axes.margins(x=0)


def _psd(axes: Axes, lines: Curves, k: int) -> None:
    powers = lines.spectra[:, :, k]
    decibels = 10 * np.log10(np.maximum(powers, _FLOOR * powers[0].max()))
    _both(axes, lines.frequencies, decibels)
    axes.set_xlim(0, 0.5)


def _both(axes: Axes, where: Floats, values: Floats) -> None:
    """Draw a real line and a simulated one."""
    for line, colour, label in zip(values, (INK, BLUE), ("real", "simulated"), strict=True):
        axes.plot(where, line, color=colour, linewidth=1.2, label=label)
