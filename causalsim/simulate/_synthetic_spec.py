"""What a synthetic benchmark is to be: settings in Python or in a TOML file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from os import PathLike
from pathlib import Path
from typing import Any, Self, final

from causalsim._files import reason
from causalsim.errors import FormatError, NameNotFoundError, OptionError
from causalsim.graph.intervention import Intervention, interventions
from causalsim.graph.labels import check_names
from causalsim.scm._families import FORMS, NOISES
from causalsim.scm._scales import SCALES
from causalsim.simulate._synthetic_parts import (
    Drift,
    Missing,
    Regimes,
    check_choice,
    check_count,
    check_range,
    known_settings,
    pair_of,
    plain_action,
    read_action,
    rows_of,
)

__all__ = ["SyntheticSpec"]

KINDS = ("table", "series")


@final
@dataclass(frozen=True)
class SyntheticSpec:
    """Settings of a synthetic benchmark.

    Parameters
    ----------
    kind : {"table", "series"}
    nodes : int or sequence of str
        Visible variables, or their number p for ``X0`` to ``X{p-1}``.
    length : int
        Rows of a table, or steps of each series.
    paths : int
        Number of series.
    max_lag : int
        Largest lag; series only.
    degree : float, optional
        Expected average degree of the graph; by default that of the random graphs.
    contemporaneous : bool
        Whether edges at lag 0 may occur; series only.
    mechanism, noise, weights, scale
        As in :func:`causalsim.random_scm`; ``noise`` by name; ``weights`` by default as there.
    latent : int
        Number of hidden common causes. Each causes two variables.
    missing : Missing, optional
    irregular : float
        Share of steps that are not observed at all; series only.
    measurement_error : float
        Variance of the error of a column as a share of the column's own: the inverse of the
        signal-to-noise ratio.
    discrete : mapping of str to int
        Columns cut into this many equally frequent levels.
    regimes : Regimes, optional
        Series only.
    drift : Drift, optional
        Series only.
    interventions : sequence of mappings
        Each gives one more sample, under ``do`` of a mapping from variables to numbers,
        ``Set`` or ``Shift``; in TOML also ``{ shift = 1.0 }`` or
        ``{ set = 1.0, window = [0, 50] }``.
    seed : int

    Raises
    ------
    OptionError
        If a setting is out of range, or has no meaning for the kind.
    NameNotFoundError
        If a column does not exist.

    Examples
    --------
    >>> spec = SyntheticSpec("series", nodes=3, length=100, missing=Missing("mar"))
    >>> spec.names, spec.missing.rate
    (('X0', 'X1', 'X2'), 0.1)
    """

    kind: str = "series"
    nodes: int | tuple[str, ...] = 5
    length: int = 500
    paths: int = 1
    max_lag: int = 2
    degree: float | None = None
    contemporaneous: bool = True
    mechanism: str = "linear"
    noise: str = "gaussian"
    weights: tuple[float, float] | None = None
    scale: str = "raw"
    latent: int = 0
    missing: Missing | None = None
    irregular: float = 0.0
    measurement_error: float = 0.0
    discrete: Mapping[str, int] = field(default_factory=dict)
    regimes: Regimes | None = None
    drift: Drift | None = None
    interventions: tuple[Mapping[str, Intervention], ...] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.nodes, int):
            object.__setattr__(self, "nodes", check_names(self.nodes))
        if self.weights is not None:
            object.__setattr__(self, "weights", pair_of("weights", self.weights))
        self._check_values()
        self._refuse_time()
        self._check_columns()
        dos = tuple(interventions(do, known=self.names) for do in self.interventions)
        object.__setattr__(self, "interventions", dos)

    __hash__ = None  # type: ignore[assignment]

    def _check_values(self) -> None:
        for name, choices in (
            ("kind", KINDS),
            ("mechanism", FORMS),
            ("noise", NOISES),
            ("scale", SCALES),
        ):
            check_choice(name, getattr(self, name), choices)
        for name, least in (
            ("length", 2),
            ("paths", 1),
            ("max_lag", 1),
            ("latent", 0),
            ("seed", 0),
        ):
            check_count(name, getattr(self, name), least)
        if isinstance(self.nodes, int):
            check_count("nodes", self.nodes, 1)
        check_range("irregular", self.irregular, 0, 1)
        check_range("measurement_error", self.measurement_error, 0, 1e6)

    def _refuse_time(self) -> None:
        """Refuse what a table cannot have."""
        if self.kind == "series":
            return
        plain = {f.name: f.default for f in fields(self)}
        for name in ("paths", "max_lag", "contemporaneous", "irregular", "regimes", "drift"):
            if getattr(self, name) != plain[name]:
                raise OptionError(f"{name} has no meaning for a table; write kind='series'.")

    def _check_columns(self) -> None:
        lossy = self.missing.columns if self.missing else ()
        for name in (*lossy, *self.discrete):
            if name not in self.names:
                raise NameNotFoundError.from_names("column", name, self.names)
        for name, levels in self.discrete.items():
            check_count(f"discrete[{name!r}]", levels, 2)
        if self.missing and self.missing.mechanism == "mar":
            complete = len(self.names) - len(set(lossy))
            if complete < 1 or (not lossy and complete < 2):
                raise OptionError(
                    "missing.mechanism='mar' needs a column that is always observed; name fewer "
                    "columns in missing.columns, or have at least 2 nodes."
                )

    @property
    def names(self) -> tuple[str, ...]:
        """The visible variables."""
        if isinstance(self.nodes, int):
            return tuple(f"X{i}" for i in range(self.nodes))
        return self.nodes

    @classmethod
    def from_toml(cls, path: str | PathLike[str]) -> Self:
        """Read settings from a TOML file.

        Parameters
        ----------
        path : path of a TOML file
            With the names of the parameters as keys, ``[missing]``, ``[regimes]``, ``[drift]``
            and ``[discrete]`` as tables, and one ``[[interventions]]`` for each intervention.

        Raises
        ------
        FormatError
            If the file cannot be read as TOML.
        NameNotFoundError
            If a key is unknown; the message has the nearest one.
        OptionError
            If a setting is out of range.
        """
        import tomllib

        try:
            payload = tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise FormatError(f"cannot read settings from {path}: {reason(error)}") from error
        return cls.from_dict(payload)

    @classmethod
    def from_dict(cls, payload: Mapping[str, Any]) -> Self:
        """Read settings from plain values; what :meth:`to_dict` writes.

        >>> SyntheticSpec.from_dict(
        ...     {"kind": "table", "drift": None, "discrete": {"X0": 3}}
        ... ).discrete
        {'X0': 3}
        """
        options = known_settings(cls, "setting", payload)
        for name, part in (("missing", Missing), ("regimes", Regimes), ("drift", Drift)):
            if options.get(name) is not None:
                options[name] = part(**known_settings(part, f"setting of {name}", options[name]))
        dos = rows_of("interventions", options.pop("interventions", ()))
        acts = tuple({name: read_action(name, what) for name, what in do.items()} for do in dos)
        return cls(**options, interventions=acts)

    def to_dict(self) -> dict[str, Any]:
        """Give the settings as plain values."""
        dos = [{n: plain_action(action) for n, action in do.items()} for do in self.interventions]
        plain = {f.name: getattr(self, f.name) for f in fields(self)}
        parts = {
            n: asdict(v) for n, v in plain.items() if isinstance(v, Missing | Regimes | Drift)
        }
        return {**plain, **parts, "discrete": dict(self.discrete), "interventions": dos}
