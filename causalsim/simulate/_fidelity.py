"""How real simulated series look; discriminators judge rows that were not fitted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, final

import numpy as np

from causalsim._parallel import Progress
from causalsim._rng import RNG, check_rng
from causalsim.errors import CausalSimError, OptionError
from causalsim.graph.temporal import TemporalGraph
from causalsim.metrics import temporal_sortability
from causalsim.scm.functions import Floats
from causalsim.scm.temporal import TemporalSCM
from causalsim.simulate._baselines import BASELINES
from causalsim.simulate._bench import Bench, Plan
from causalsim.simulate._c2st import parametric_null
from causalsim.simulate._c2st_result import C2ST, ProtocolName
from causalsim.simulate._copying import CopyCheck, copy_check
from causalsim.simulate._curves import Curves, curves
from causalsim.simulate._discriminators import get_panel
from causalsim.simulate._dynamics import distances, stationarity
from causalsim.simulate._interventional import recovery
from causalsim.simulate._marginals import atoms, marginals
from causalsim.simulate._mmd import window_distance
from causalsim.simulate._ranges import Range, ranges
from causalsim.simulate._report import FidelityReport
from causalsim.simulate._utility import utility
from causalsim.simulate._windows import as_frame, complement, interleaved, read_series

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FidelityReport", "fidelity"]

Held = tuple[slice, ...]
_BLOCK = 100
_FEW_PATHS = 3
_FAST = ("logistic_quadratic", "svc")


@final
@dataclass(frozen=True)
class _Case:
    """One question: real series, simulated paths, and what made them."""

    series: Floats
    names: tuple[str, ...]
    paths: list[Floats]
    held: Held
    model: TemporalSCM | None
    given: TemporalSCM | None
    refitted: bool
    others: tuple[TemporalSCM, ...] = ()


def fidelity(
    real: Any,
    simulated: Any,
    *,
    held: Sequence[slice] | None = None,
    paths: int = 10,
    panel: Any = "default",
    widths: Sequence[int] | None = None,
    null: int = 0,
    protocol: ProtocolName = "blocked",
    others: Sequence[TemporalSCM] = (),
    rng: RNG = None,
    n_jobs: int = 1,
    progress: bool | Progress = False,
) -> FidelityReport:
    """Report how real simulated series look.

    A fitted model is fitted anew without the judged rows first: its directed edges and drivers
    stay, and its recipe is repeated on the other blocks, so that ``"auto"`` may choose other
    mechanisms and joint noise there. The graph itself may have been found on judged rows, and
    p-values are conditional on it. Anything else is judged as it is, and the report says that it
    may have seen the judged rows. Marginals, dynamics and usefulness are compared on all rows.

    Parameters
    ----------
    real : DataFrame or array of shape (steps, variables)
    simulated : TemporalSCM, Paths, or a list of DataFrames or of arrays
    held : sequence of slice, optional
        The judged rows; by default every second block of 100 steps.
    paths : int
        Simulated by a model.
    panel, widths
        Discriminators and window lengths; see :class:`._bench.Plan`.
    null : int
        Repetitions of the null, in each of which the model is fitted again: what p-values need,
        and the dearest part. 0 for none.
    protocol : {"blocked", "published"}
        The published one is only for comparison with published numbers.
    others : sequence of TemporalSCM
        Models that look as real, such as tied configurations of a search: what they say of
        do() widens the ranges over twins.
    rng : int, Generator or None
    n_jobs : int
    progress : bool or callable

    Returns
    -------
    FidelityReport

    Raises
    ------
    DataError
        If the series cannot be compared.
    OptionError
        If a null is asked for without a fitted model.

    Examples
    --------
    >>> import causalsim as cs
    >>> truth = cs.TemporalSCM.from_weights({"X[t-1] --> X": 0.5, "X[t-1] --> Y": 1.0})
    >>> real, paths = truth.sample(400, rng=0).frame(), truth.sample(400, 2, rng=1)
    >>> report = cs.fidelity(real, paths, panel="logistic", rng=0)
    >>> bool(report.c2st.auc < 0.65), report.copies.alarm
    (True, False)
    """
    stream = check_rng(rng)
    wanted = simulated.variables if isinstance(simulated, TemporalSCM) else None
    series, names = read_series(real, wanted)
    steps = len(series[0])
    rows = tuple(held) if held is not None else interleaved(steps, _block(steps))[1]
    case = _case(series[0], names, simulated, rows, paths, stream)
    case = replace(case, others=tuple(others))
    lag = case.model.graph.max_lag if case.model else 0
    judged = None if protocol == "published" else case.held
    plan = Plan(panel, widths, max_lag=lag, protocol=protocol, held=judged)
    bench = plan.bench(as_frame(case.series, case.names), rng=stream)
    c2st = bench.judge(case.paths, rng=stream, n_jobs=n_jobs, progress=progress)
    told_of_model = case.given.notes if case.given else ()
    notes = [*bench.notes, *_provenance(case, protocol), *told_of_model]
    if null:
        c2st = c2st.against(_null(case, bench, null, stream, n_jobs, progress))
    elif case.refitted:
        notes.append("no p-value: write null=39 to fit the model again to its own paths")
    records, told = _records(case, bench, c2st, stream)
    lines, silent = _lines(case, stream)
    return FidelityReport.of(
        c2st,
        _copies(case),
        records,
        refitted=case.refitted,
        notes=[*notes, *told, *silent],
        lines=lines,
    )


def _block(steps: int) -> int:
    return max(min(_BLOCK, steps // 8), 1)


def _case(
    series: Floats,
    names: tuple[str, ...],
    simulated: Any,
    held: Held,
    paths: int,
    rng: np.random.Generator,
) -> _Case:
    """Fit a model anew if that can be done, and simulate."""
    if not isinstance(simulated, TemporalSCM):
        given, _ = read_series(simulated, names)
        return _Case(series, names, given, held, None, None, refitted=False)
    model = simulated
    if model.recipe is not None and not model.actions:
        model = _refitted(model, as_frame(series, names), held, rng)
    sampled, _ = read_series(model.sample(len(series), paths, rng=rng), names)
    return _Case(series, names, sampled, held, model, simulated, refitted=model is not simulated)


def _refitted(
    model: TemporalSCM, frame: pd.DataFrame, held: Held, rng: np.random.Generator
) -> TemporalSCM:
    """Fit the same kinds of mechanism to the rows that are not judged."""
    from causalsim.simulate._tcs import checked_panel

    fit = [
        row for row in complement(held, len(frame)) if row.stop - row.start > model.graph.max_lag
    ]
    panel = checked_panel([frame.iloc[row] for row in fit], max(model.graph.max_lag, 1))
    return model.refit(panel, starts=[row.start for row in fit], rng=rng)


def _provenance(case: _Case, protocol: str) -> list[str]:
    notes = []
    if protocol == "published":
        notes.append(
            "PUBLISHED protocol: every row is judged, by overlapping windows split at random"
        )
    elif case.refitted:
        notes.append(
            "the recipe was repeated without the judged rows: directed edges and drivers were kept"
        )
    if not case.refitted:
        what = "these paths" if case.model is None else "this model, whose fit cannot be repeated,"
        notes.append(f"{what} may have seen the judged rows; no p-value, nothing can be refitted")
    return notes


def _copies(case: _Case) -> CopyCheck:
    """Look for copies of the rows fitted; of all rows, if it is not known which were."""
    if not case.refitted:
        return copy_check(case.paths, case.series)
    fit = [case.series[row] for row in complement(case.held, len(case.series))]
    return copy_check(case.paths, np.vstack(fit), np.vstack([case.series[r] for r in case.held]))


def _null(
    case: _Case,
    bench: Bench,
    repetitions: int,
    rng: np.random.Generator,
    n_jobs: int,
    progress: bool | Progress,
) -> Floats:
    model = case.model
    if model is None or not case.refitted:
        raise OptionError(
            f"null={repetitions} needs a model that can be fitted again; give what "
            "causalsim.tcs(series, ...) returned, or null=0."
        )
    return parametric_null(
        bench,
        partial(_draw, model),
        partial(_refit_and_draw, model, case.held),
        paths=len(case.paths),
        repetitions=repetitions,
        rng=rng,
        n_jobs=n_jobs,
        progress=progress,
    )


def _draw(model: TemporalSCM, steps: int, paths: int, rng: np.random.Generator) -> Any:
    return model.sample(steps, paths, rng=rng)


def _refit_and_draw(
    model: TemporalSCM, held: Held, series: pd.DataFrame, rng: np.random.Generator
) -> Callable[..., Any]:
    return partial(_draw, _refitted(model, series, held, rng))


def _records(
    case: _Case, bench: Bench, c2st: C2ST, rng: np.random.Generator
) -> tuple[dict[str, Sequence[Any]], list[str]]:
    """Compute the tables, and notes: of a part that cannot be had, of how many twins there are."""
    notes: list[str] = []
    few = case.paths[:_FEW_PATHS]
    lags = max(case.model.graph.max_lag if case.model else 1, 1)
    parts: dict[str, Callable[[], Sequence[Any]]] = {
        "discriminators": lambda: _discriminators(c2st),
        "baselines": lambda: _baselines(case, bench, rng),
        "giveaways": lambda: bench.giveaways(few, rng=rng).to_dict("records"),
        "marginals": lambda: marginals(case.series, case.paths, case.names),
        "atoms": lambda: atoms(case.series, case.paths, case.names),
        "distances": lambda: distances(case.series, few, case.names, max_lag=lags, rng=rng),
        "stationarity": lambda: stationarity(case.series, few, case.names),
        "windows": lambda: [window_distance(case.series, few, held=case.held, rng=rng)],
        "utility": lambda: utility(case.series, few, case.names, max_lag=lags, rng=rng),
    }
    if case.model is not None:
        model = case.model
        parts["recovery"] = lambda: recovery(model, rng=rng)
        parts["twins"] = lambda: _twins(case, rng, notes)
        parts["sortability"] = lambda: _sortability(model, case)
    if bench.plan.protocol != "published":
        parts["published"] = lambda: _published(case, bench, rng)
    records: dict[str, Sequence[Any]] = {}
    for name, part in parts.items():
        try:
            records[name] = part()
        except CausalSimError as error:
            notes.append(f"no {name}: {error}")
    return records, notes


def _lines(case: _Case, rng: np.random.Generator) -> tuple[Curves | None, list[str]]:
    """Compute what is drawn of the series, or say why it cannot be had."""
    try:
        return curves(case.series, case.paths, case.names, rng=rng), []
    except CausalSimError as error:
        return None, [f"no curves: {error}"]


def _discriminators(c2st: C2ST) -> list[dict[str, Any]]:
    return [
        {
            "discriminator": name,
            "width": width,
            "auc": float(row.mean()),
            "sd_over_paths": float(row.std()),
        }
        for (name, width), row in zip(c2st.configs, c2st.scores, strict=True)
    ]


def _published(case: _Case, bench: Bench, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Judge one path by the published protocol; its own panel stands for the default one."""
    panel = "default" if bench.plan.panel == get_panel("default") else bench.plan.panel
    judge = Plan(panel, protocol="published").bench(
        as_frame(case.series, case.names), reference=False
    )
    found = judge.judge(case.paths[:1], rng=rng)
    low, high = found.interval
    return [{"auc": found.auc, "low": low, "high": high, "paths": 1}]


def _baselines(case: _Case, bench: Bench, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Judge the baselines on the same rows by two fast discriminators, and look for copies."""
    fit = np.vstack([case.series[row] for row in complement(case.held, len(case.series))])
    judge = replace(bench, plan=replace(bench.plan, panel=get_panel(_FAST)))
    ours = judge.judge(case.paths[:_FEW_PATHS], rng=rng).auc
    alarm = bool(copy_check(case.paths[:_FEW_PATHS], fit).alarm)
    found = [{"baseline": "this simulation", "role": "", "auc": ours, "copying_alarm": alarm}]
    for name, baseline in BASELINES.items():
        try:
            made = baseline.simulate(case.series, _FEW_PATHS, rng)
            auc, alarm = judge.judge(made, rng=rng).auc, bool(copy_check(made, fit).alarm)
        except CausalSimError:
            continue  # a short series has no such baseline; the others stand
        found.append({"baseline": name, "role": baseline.role, "auc": auc, "copying_alarm": alarm})
    return found


def _sortability(model: TemporalSCM, case: _Case) -> list[dict[str, Any]]:
    """Measure how far variances and R2 alone sort the graph, in real and simulated series."""
    graph = model.graph.subgraph(case.names)
    directed = TemporalGraph.from_edges(
        [edge for edge in graph.edges if " --> " in edge], graph.nodes, max_lag=graph.max_lag
    )
    return [
        {"series": what, **asdict(one)}
        for what, series in (("real", case.series), ("simulated", case.paths[0]))
        for one in temporal_sortability(directed, as_frame(series, case.names))
    ]


def _twins(case: _Case, rng: np.random.Generator, notes: list[str]) -> tuple[Range, ...]:
    """Give the range of each effect over models like the one given, and say how many there are."""
    assert case.given is not None  # noqa: S101  only models have twins
    rows, said = ranges(case.given, as_frame(case.series, case.names), case.others, rng=rng)
    notes.append(said)
    return rows
