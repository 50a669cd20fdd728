"""The fidelity report: what it holds, says, shows and writes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any, Self, final

import numpy as np

from causalsim import _files
from causalsim.errors import listing
from causalsim.simulate._c2st_result import C2ST
from causalsim.simulate._copying import CopyCheck

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["HEADER", "FidelityReport"]

VERSION = 1
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
}
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
    """

    c2st: C2ST
    copies: CopyCheck
    rows: Mapping[str, Rows]
    refitted: bool
    notes: tuple[str, ...] = field(default=())

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
        if c2st.ceiling is not None and c2st.excess is not None:
            said.append(f"real against real {c2st.ceiling:.3f}, excess {c2st.excess:.3f}")
        if c2st.p_value is not None:
            said.append(f"p = {c2st.p_value:.3f} against {len(c2st.null)} refits of a right model")
        if c2st.copying:
            said.append("the AUC lies significantly BELOW its null: copies do that")
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

    def to_dict(self) -> dict[str, Any]:
        """Give the report as plain values."""
        content = {
            "auc": self.c2st.auc,
            "interval": self.c2st.interval,
            "ceiling": self.c2st.ceiling,
            "excess": self.c2st.excess,
            "p_value": self.c2st.p_value,
            "null": np.asarray(self.c2st.null).tolist(),
            "protocol": self.c2st.protocol,
            "copying_alarm": bool(self.copies.alarm),
            "copies": self.copies.summary(),
            "refitted": self.refitted,
            "tables": {name: [dict(row) for row in rows] for name, rows in self.rows.items()},
            "notes": list(self.notes),
        }
        return _files.versioned("fidelity", VERSION, content)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the report as JSON."""
        _files.write_text(path, _files.dump_json(self.to_dict()))

    def to_html(self, figures: Sequence[str] = ()) -> str:
        """Give the report as a page that stands alone.

        Parameters
        ----------
        figures : sequence of str
            SVG texts to show, such as those of ``causalsim.viz``.
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
        """Turn frozen records into rows."""
        return [dict(one) if isinstance(one, Mapping) else asdict(one) for one in records]

    @classmethod
    def of(
        cls,
        c2st: C2ST,
        copies: CopyCheck,
        records: Mapping[str, Sequence[Any]],
        *,
        refitted: bool,
        notes: Sequence[str],
    ) -> Self:
        """Build a report from the records of its parts.

        Parameters
        ----------
        c2st : C2ST
        copies : CopyCheck
        records : mapping of str to sequence of dataclasses or mappings
        refitted : bool
        notes : sequence of str
        """
        rows = {name: cls._plain(found) for name, found in records.items()}
        return cls(c2st, copies, rows, refitted, tuple(dict.fromkeys(notes)))
