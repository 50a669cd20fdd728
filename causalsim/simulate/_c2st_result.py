"""What the two-sample test by classification gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, Self, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causalsim.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["C2ST", "ProtocolName"]

Floats = NDArray[np.float64]
ProtocolName = Literal["blocked", "published"]
Interval = tuple[float, float]

ALARM = 0.05
FEW = 10
_Z = 1.96
_HEADERS = {
    "blocked": "two-sample test by classification, contiguous folds over time with a purge gap",
    "published": (
        "two-sample test by classification, PUBLISHED protocol: overlapping windows split at "
        "random, so that persistence alone raises it; only to compare with published numbers"
    ),
}


@final
@dataclass(frozen=True, eq=False, repr=False)
class C2ST:
    """How well a panel of discriminators tells real windows from simulated ones.

    Parameters
    ----------
    protocol : {"blocked", "published"}
    configs : tuple of (str, int)
        Discriminator and width of the windows in steps.
    scores : array of shape (configs, paths)
        AUC of each against each path.
    errors : array of shape (1 + configs,)
        Standard errors of ``auc`` and of each mean over paths, from blocks of time and paths
        drawn anew with the trained classifiers kept.
    independent_steps : float
        Steps judged, by the autocorrelation time of the real series: how many independent ones
        they are worth. Fewer than ten are too short to judge.
    reference : C2ST, optional
        Real against real: held-out blocks against the others, by the same panel.
    null : array of shape (repetitions,)
        ``auc`` where the model is right; empty if not computed.
    notes : tuple of str

    Examples
    --------
    >>> scores = np.array([[0.6, 0.5], [0.7, 0.7]])
    >>> result = C2ST("blocked", (("logistic", 6), ("svc", 6)), scores, np.full(3, 0.02), 50.0)
    >>> result.auc, result.interval
    (0.70, (0.66, 0.74))
    >>> result.against([0.5, 0.6, 0.72]).p_value
    0.5
    """

    protocol: ProtocolName
    configs: tuple[tuple[str, int], ...]
    scores: Floats
    errors: Floats
    independent_steps: float
    reference: C2ST | None = None
    null: Floats = ()  # type: ignore[assignment]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("scores", "errors", "null"):
            array = np.array(getattr(self, name), np.float64)
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    @property
    def auc(self) -> float:
        """Mean over paths of the largest AUC over the panel; .5 cannot be told apart.

        At the null the maximum lies above .5: judge it by ``p_value`` or ``excess``.
        """
        return float(self.scores.max(axis=0).mean())

    @property
    def interval(self) -> Interval:
        """A 95 % interval of ``auc``, for these classifiers; see ``errors``."""
        return _interval(self.auc, float(self.errors[0]), 0.0)

    @property
    def ceiling(self) -> float | None:
        """The AUC of real against real: what a perfect simulator could be asked for."""
        return None if self.reference is None else self.reference.auc

    @property
    def excess(self) -> float | None:
        """How far ``auc`` lies above real against real."""
        return None if self.reference is None else self.auc - self.reference.auc

    @property
    def excess_interval(self) -> Interval | None:
        """A 95 % interval of ``excess``; both ``errors`` enter as if independent."""
        if self.reference is None:
            return None
        error = float(np.hypot(self.errors[0], self.reference.errors[0]))
        return _interval(self.auc - self.reference.auc, error, -1.0)

    @property
    def p_value(self) -> float | None:
        """Share of null values at least as large, (1 + count) / (1 + B); None without a null."""
        return self._share(self.null >= self.auc)

    @property
    def p_low(self) -> float | None:
        """Share of null values at most as large, (1 + count) / (1 + B); None without a null."""
        return self._share(self.null <= self.auc)

    def _share(self, hits: NDArray[np.bool_]) -> float | None:
        return float(1 + hits.sum()) / (1 + hits.size) if hits.size else None

    @property
    def copying(self) -> bool | None:
        """Whether ``auc`` lies significantly below its null, as copies of real data do.

        The twin of a judged window then stands among the training windows under the other label.
        """
        return None if self.p_low is None else self.p_low <= ALARM

    @property
    def too_short(self) -> bool:
        """Whether the real series is worth fewer than ten independent steps."""
        return self.independent_steps < FEW

    @property
    def table(self) -> pd.DataFrame:
        """One row for each discriminator and width.

        Columns: discriminator, width, auc (mean over paths), sd (over paths), low, high; with a
        reference also real_vs_real, excess, excess_low, excess_high.
        """
        import pandas as pd

        return pd.DataFrame(list(self._rows()))

    def _rows(self) -> Iterator[dict[str, Any]]:
        means, spread = self.scores.mean(axis=1), self.scores.std(axis=1)
        for k, (name, width) in enumerate(self.configs):
            auc, error = float(means[k]), float(self.errors[1 + k])
            low, high = _interval(auc, error, 0.0)
            row = {"discriminator": name, "width": width, "auc": auc, "sd": float(spread[k])}
            row |= {"low": low, "high": high}
            if self.reference is not None:
                line = float(self.reference.scores[k].mean())
                both = float(np.hypot(error, self.reference.errors[1 + k]))
                low, high = _interval(auc - line, both, -1.0)
                row |= {"real_vs_real": line, "excess": auc - line}
                row |= {"excess_low": low, "excess_high": high}
            yield row

    def against(self, null: ArrayLike) -> Self:
        """Give the same result with a null distribution of ``auc``.

        Parameters
        ----------
        null : array of shape (repetitions,)
            From :func:`._c2st.parametric_null` with the same settings and number of paths.

        Returns
        -------
        C2ST

        Raises
        ------
        DataError
            If it is empty or no vector.
        """
        values = np.asarray(null, np.float64)
        if values.ndim != 1 or not values.size:
            raise DataError(f"a null of shape {values.shape}; expected one AUC a repetition.")
        return replace(self, null=values)

    def __repr__(self) -> str:
        return self.summary()

    def summary(self) -> str:
        """Give the result in plain words."""
        lines = [
            _HEADERS[self.protocol],
            self._headline(),
            *self._lines(),
        ]
        for row in self._rows():
            said = _said(row["auc"], (row["low"], row["high"]))
            lines.append(f"  {row['discriminator']}, windows of {row['width']}: {said}")
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])

    def _headline(self) -> str:
        paths = self.scores.shape[1]
        said = _said(self.auc, self.interval)
        many = f"{paths} paths" if paths > 1 else "1 path"
        return f"AUC {said}: the largest of {len(self.configs)}, mean over {many}"

    def _lines(self) -> Iterator[str]:
        """Say what the AUC is to be compared with."""
        if self.excess is not None and self.excess_interval is not None:
            yield f"real against real {self.ceiling:.3f}"
            yield f"excess {_said(self.excess, self.excess_interval)}"
        if self.null.size:
            yield (
                f"null of a right model {self.null.mean():.3f} ({self.null.size} repetitions), "
                f"p = {self.p_value:.3g}"
            )
        if self.copying:
            yield f"COPYING ALARM: below its null (p = {self.p_low:.3g}); look for copied rows"

    def to_dict(self) -> dict[str, Any]:
        """Give plain values, readable by :meth:`from_dict`."""
        return {
            "protocol": self.protocol,
            "configs": [list(config) for config in self.configs],
            "scores": self.scores.tolist(),
            "errors": self.errors.tolist(),
            "independent_steps": self.independent_steps,
            "reference": None if self.reference is None else self.reference.to_dict(),
            "null": self.null.tolist(),
            "notes": list(self.notes),
        }

    @classmethod
    def from_dict(cls, payload: Mapping[str, Any]) -> Self:
        """Rebuild what :meth:`to_dict` gave."""
        inner = payload["reference"]
        return cls(
            payload["protocol"],
            tuple((name, width) for name, width in payload["configs"]),
            np.array(payload["scores"], np.float64),
            np.array(payload["errors"], np.float64),
            payload["independent_steps"],
            None if inner is None else cls.from_dict(inner),
            np.array(payload["null"], np.float64),
            tuple(payload["notes"]),
        )


def _interval(value: float, error: float, least: float) -> Interval:
    return max(least, value - _Z * error), min(1.0, value + _Z * error)


def _said(value: float, interval: Interval) -> str:
    return f"{value:.3f} [{interval[0]:.3f}, {interval[1]:.3f}]"
