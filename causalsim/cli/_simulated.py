"""What ``causalsim simulate`` makes of a series: a model, new series, a report, files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

from causalsim._files import dump_json, versioned
from causalsim._version import __version__
from causalsim.cli._shell import in_shell
from causalsim.cli._simulation import long_csv
from causalsim.errors import OptionError

if TYPE_CHECKING:
    import pandas as pd

    from causalsim.graph.intervention import Intervention
    from causalsim.scm.temporal import TemporalSCM
    from causalsim.simulate import TuningResult
    from causalsim.simulate._report import FidelityReport

__all__ = ["Simulation", "fitted", "judged"]

VERSION = 1
JOINTS = ("auto", "rows", "gaussian", "none")


def fitted(series: pd.DataFrame, max_lag: int, given: Mapping[str, Any], seed: int) -> TemporalSCM:
    """Fit one model, by the options that were given; names may be written with hyphens."""
    from causalsim.scm.exogenous import Clock, Driver, Trend
    from causalsim.simulate import tcs

    options: dict[str, Any] = {
        key: value.replace("-", "_") if isinstance(value, str) else value
        for key, value in given.items()
    }
    if options.get("joint", "auto") not in JOINTS:
        raise OptionError.from_choice("joint", options["joint"], JOINTS)
    periods: Sequence[float] = options.pop("season", ())
    drivers: list[Driver] = [
        Clock(period, name=f"clock{k}" if k > 1 else "clock")
        for k, period in enumerate(periods, 1)
    ]
    if "trend" in options:
        drivers.append(Trend(options.pop("trend")))
    return tcs(series, max_lag=max_lag, exogenous=drivers or None, rng=seed, **options)


def judged(
    series: pd.DataFrame,
    model: TemporalSCM,
    tuned: TuningResult | None,
    null: int | None,
    panel: Sequence[str] | None,
    **options: Any,
) -> FidelityReport:
    """Judge a model on the series, or the winner of a search on rows that did not choose it."""
    from causalsim.simulate._fidelity import fidelity

    names = [name.replace("-", "_") for name in panel or ()]
    options |= {"null": null or 0, "panel": names or "default"}
    return fidelity(series, model, **options) if tuned is None else tuned.report(**options)


@final
@dataclass(frozen=True)
class Simulation:
    """What is simulated from a model, and what is written and told about it."""

    model: TemporalSCM
    tuned: TuningResult | None
    report: FidelityReport | None
    actions: Mapping[str, Intervention]
    steps: int
    paths: int
    seed: int
    asked: Mapping[str, Any]
    doubts: tuple[str, ...]

    def files(self) -> dict[str, bytes]:
        """Prepare the content of every file."""
        from causalsim.graph.io import to_json

        files = {"data.csv": self._series(self.model)}
        if self.actions:
            files["intervened.csv"] = self._series(self.model.do(self.actions))
        files["truth.json"] = to_json(self.model.graph).encode()
        files["model.json"] = dump_json(self.model.to_dict()).encode()
        if self.tuned is not None:
            board = self.tuned.leaderboard.to_csv(index=False, lineterminator="\n")
            files["leaderboard.csv"] = board.encode()
        if self.report is not None:
            from causalsim.viz import report_svgs

            files["fidelity.json"] = dump_json(self.report.to_dict()).encode()
            files["fidelity.html"] = self.report.to_html(report_svgs(self.report)).encode()
        files["simulation.json"] = dump_json(self._told([*files])).encode()
        return files

    def _series(self, model: TemporalSCM) -> bytes:
        return long_csv(model.sample(self.steps, self.paths, rng=self.seed))

    def _told(self, files: Sequence[str]) -> dict[str, Any]:
        """Give what ``simulation.json`` tells: enough to run it again."""
        chosen = None if self.tuned is None else self.tuned.configuration.label
        content = {
            "options": {**self.asked, "steps": self.steps, "paths": self.paths},
            "seed": self.seed,
            "causalsim": __version__,
            "configuration": chosen,
            "edges": list(self.model.graph.edges),
            "notes": list(self._notes()),
            "files": list(files),
        }
        return versioned("simulation", VERSION, content)

    def _notes(self) -> tuple[str, ...]:
        return tuple(map(in_shell, (*self.doubts, *self.model.notes)))

    def text(self) -> str:
        """Tell the graph, what is doubtful, and how real the series look."""
        names = self.model.variables
        lines = [
            f"{self.paths} paths of {self.steps} steps of {', '.join(names)}",
            f"graph: {self.model.graph.n_edges} edges",
            *(f"  {edge}" for edge in self.model.graph.edges),
        ]
        if self.tuned is not None:
            lines.append(f"chosen: {self.tuned.configuration.label}")
        lines += [f"intervened: do {text}" for text in self.asked["do"]]
        lines += [f"note: {text}" for text in self._notes()]
        if self.report is not None:
            lines += ["", in_shell(self.report.summary()), ""]
        return "\n".join([*lines, f"seed = {self.seed}"])
