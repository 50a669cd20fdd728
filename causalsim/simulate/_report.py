"""The fidelity report: what it holds, says, shows and writes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any, Self, final

from causalsim import _files
from causalsim.errors import FormatError, listing
from causalsim.simulate._c2st_result import C2ST
from causalsim.simulate._copying import CopyCheck
from causalsim.simulate._curves import Curves

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["HEADER", "FidelityReport"]

VERSION = 2
HEADER = (
    "OBSERVATIONAL ONLY. A series that cannot be told from the real one proves no arrow: other "
    "graphs give the same series and differ under intervention. That doing nothing gives the "
    "series back is an identity and no evidence."
)
_TITLES = {
    "baselines": "Baselines, by a quadratic logistic and a support vector machine",
    "discriminators": "Who tells them apart",
    "giveaways": "What gives it away",
    "atoms": "Values that recur",
    "marginals": "Margins",
    "distances": "Dynamics",
    "stationarity": "Stationarity",
    "windows": "Windows: MMD and energy distance",
    "utility": "Learning from the simulation",
    "recovery": "The simulator's own graph, found again",
    "twins": "Observational twins: ranges of effects",
    "sortability": "Sortability",
    "published": "The published protocol, only to compare",
}
_PUBLISHED = (
    "published protocol, one path: AUC {:.3f}, only to compare with published numbers; all rows "
    "are judged by overlapping windows split at random, which share their rows, so that "
    "persistence alone raises it (two draws of one AR(1) law with coefficient .97: about .94)"
)
Rows = Sequence[Mapping[str, Any]]


@final
@dataclass(frozen=True, eq=False, repr=False)
class FidelityReport:
    """How real simulated series look; made by :func:`causalsim.fidelity`.

    Parameters
    ----------
    c2st : C2ST
        The test by classification on the judged rows.
    copies : CopyCheck
        Whether the simulation repeats real rows.
    rows : mapping of str to sequence of mappings
        The tables, as plain values by column.
    refitted : bool
        Whether the model was fitted anew without the judged rows.
    notes : tuple of str
    curves : Curves, optional
        The lines that :mod:`causalsim.viz` draws: series, quantiles, autocorrelations, spectra.
    """

    c2st: C2ST
    copies: CopyCheck
    rows: Mapping[str, Rows]
    refitted: bool
    notes: tuple[str, ...] = field(default=())
    curves: Curves | None = None

    def __repr__(self) -> str:
        return f"FidelityReport(AUC {self.c2st.auc:.3f})"

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Give every table by name."""
        import pandas as pd

        return {name: pd.DataFrame(list(rows)) for name, rows in self.rows.items()}

    @property
    def lines(self) -> list[str]:
        """What matters, a line each."""
        c2st = self.c2st
        low, high = c2st.interval
        published = "PUBLISHED protocol, only to compare: " if c2st.protocol == "published" else ""
        said = [
            f"{published}AUC of the best discriminator {c2st.auc:.3f} ({low:.3f} to {high:.3f})"
        ]
        if c2st.excess is not None and c2st.excess_interval is not None:
            low, high = c2st.excess_interval
            excess = f"excess {c2st.excess:.3f} ({low:.3f} to {high:.3f})"
            said.append(f"real against real {c2st.ceiling:.3f}, {excess}")
        said.append("intervals are for the classifiers as trained; other series would vary more")
        if c2st.p_value is not None:
            said.append(f"p = {c2st.p_value:.3f} against {len(c2st.null)} refits of a right model")
        if c2st.copying:
            said.append(
                "the AUC lies BELOW its null: copies do that, and a right model in 5 of 100"
            )
        said += [_PUBLISHED.format(row["auc"]) for row in self.rows.get("published", ())]
        drifting = [row["variable"] for row in self.rows.get("stationarity", ()) if not row["adf"]]
        if drifting:
            said.append(
                f"not clearly stationary by ADF: {listing(drifting)}; read all this with care"
            )
        said.append(("ALARM, " if self.copies.alarm else "") + self.copies.summary())
        return said

    def summary(self) -> str:
        """Say it in words, the warning first."""
        parts = [HEADER, "", *self.lines]
        frames = self.tables
        for name in ("baselines", "giveaways", "twins"):
            if len(frames.get(name, ())):
                parts += ["", f"{_TITLES[name]}:", frames[name].head(8).to_string(index=False)]
        return "\n".join([*parts, *([""] if self.notes else []), *(f"* {n}" for n in self.notes)])

    # -- files ----------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Give the report as plain values, readable by :meth:`from_dict`; its headlines first."""
        content = {
            "auc": self.c2st.auc,
            "interval": self.c2st.interval,
            "ceiling": self.c2st.ceiling,
            "excess": self.c2st.excess,
            "p_value": self.c2st.p_value,
            "copying_alarm": bool(self.copies.alarm),
            "refitted": self.refitted,
            "notes": list(self.notes),
            "c2st": self.c2st.to_dict(),
            "copies": asdict(self.copies),
            "tables": {name: [dict(row) for row in rows] for name, rows in self.rows.items()},
            "curves": None if self.curves is None else self.curves.to_dict(),
        }
        return _files.versioned("fidelity", VERSION, content)

    @classmethod
    def from_dict(cls, payload: Mapping[str, Any]) -> Self:
        """Rebuild a report from :meth:`to_dict`.

        Raises
        ------
        FormatError
            If it is something else, or of version 1, which did not hold all of a report.
        """
        content = _files.open_versioned(payload, "fidelity", VERSION)
        if content["version"] < VERSION:
            raise FormatError(
                f"causalsim/fidelity version {content['version']} holds headlines and tables "
                "alone; write the report anew with this release."
            )
        lines = content["curves"]
        return cls(
            C2ST.from_dict(content["c2st"]),
            CopyCheck(**content["copies"]),
            content["tables"],
            content["refitted"],
            tuple(content["notes"]),
            None if lines is None else Curves.from_dict(lines),
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the report as JSON; the file appears whole or not at all."""
        _files.write_text(path, _files.dump_json(self.to_dict()))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a report written by :meth:`save`: it says, draws and exports the same."""
        return cls.from_dict(_files.load_json(path))

    # -- pages ----------------------------------------------------------------------------

    def to_html(self, figures: Sequence[str] = ()) -> str:
        """Give the report as a page that stands alone.

        Parameters
        ----------
        figures : sequence of str
            SVG texts to show: those of ``causalsim.viz.report_svgs(report)``.
        """
        style = (
            "body{font-family:sans-serif;max-width:70em;margin:2em auto;padding:0 1em}"
            "table{border-collapse:collapse;font-size:90%}"
            "td,th{padding:.2em .7em;border-bottom:1px solid #ddd;text-align:left}"
            "svg{max-width:100%;height:auto}"
        )
        return (
            f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
            f"<title>Fidelity</title><style>{style}</style></head><body><h1>Fidelity</h1>"
            f"{self._repr_html_()}{''.join(figures)}</body></html>\n"
        )

    def _repr_html_(self) -> str:
        said = "".join(f"<li>{escape(line)}</li>" for line in (*self.lines, *self.notes))
        parts = [f"<p><strong>{escape(HEADER)}</strong></p><ul>{said}</ul>"]
        for name, frame in self.tables.items():
            if len(frame):
                table = frame.head(200).to_html(index=False, float_format="{:.4g}".format)
                title = escape(_TITLES.get(name, name))
                parts.append(f"<details><summary>{title}</summary>{table}</details>")
        return "".join(parts)

    @classmethod
    def _plain(cls, records: Sequence[Any]) -> Rows:
        """Turn frozen records into rows; several texts become one."""
        found = [dict(one) if isinstance(one, Mapping) else asdict(one) for one in records]
        return [
            {
                key: "; ".join(value) if isinstance(value, tuple) else value
                for key, value in row.items()
            }
            for row in found
        ]

    @classmethod
    def of(
        cls,
        c2st: C2ST,
        copies: CopyCheck,
        records: Mapping[str, Sequence[Any]],
        *,
        refitted: bool,
        notes: Sequence[str],
        lines: Curves | None = None,
    ) -> Self:
        """Build a report from the records of its parts.

        Parameters
        ----------
        c2st : C2ST
        copies : CopyCheck
        records : mapping of str to sequence of dataclasses or mappings
        refitted : bool
        notes : sequence of str
        lines : Curves, optional
        """
        rows = {name: cls._plain(found) for name, found in records.items()}
        return cls(c2st, copies, rows, refitted, tuple(dict.fromkeys(notes)), lines)
