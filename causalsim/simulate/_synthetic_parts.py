"""Parts of the settings of a synthetic benchmark, and what checks them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from causalsim.errors import FormatError, NameNotFoundError, OptionError
from causalsim.graph.intervention import Intervention, Set, Shift
from causalsim.scm.nonstationary import DRIFTING

__all__ = [
    "Drift",
    "Missing",
    "Regimes",
    "check_choice",
    "check_count",
    "check_range",
    "known_settings",
    "pair_of",
    "plain_action",
    "read_action",
    "rows_of",
]

MISSING = ("mcar", "mar", "mnar")
SHAPES = ("linear", "sine", "step")
ACTIONS = ("set", "shift", "window")


@final
@dataclass(frozen=True)
class Missing:
    """Missing cells.

    Parameters
    ----------
    mechanism : {"mcar", "mar", "mnar"}
        ``"mcar"``: each cell alike. ``"mar"``: the chance rises with the rank of another column
        in the same row, which is always observed. ``"mnar"``: it rises with the rank of the
        value itself.
    rate : float
        Expected share of missing cells in each column that has any; from 0 to below 1.
    columns : sequence of str
        Columns that lose cells; by default all, but under ``"mar"`` a random half.

    Examples
    --------
    >>> Missing("mnar", rate=0.2).rate
    0.2
    """

    mechanism: str = "mcar"
    rate: float = 0.1
    columns: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", tuple(self.columns))
        check_choice("missing.mechanism", self.mechanism, MISSING)
        check_range("missing.rate", self.rate, 0, 1)


@final
@dataclass(frozen=True)
class Regimes:
    """A Markov chain over parameter sets of one graph; the column ``regime`` tells its state.

    Parameters
    ----------
    count : int
        Number of regimes, at least 2.
    stay : float
        Probability of staying in a regime from one step to the next.

    Examples
    --------
    >>> Regimes(3).stay
    0.98
    """

    count: int = 2
    stay: float = 0.98

    def __post_init__(self) -> None:
        check_count("regimes.count", self.count, 2)
        check_range("regimes.stay", self.stay, 0, 1)


@final
@dataclass(frozen=True)
class Drift:
    """A change over the sample; the column ``drift`` tells how far it has come, from 0 to 1.

    Parameters
    ----------
    on : {"weights", "mean"}
        ``"weights"``: effects of parents shrink by the share ``size``. ``"mean"``: intercepts
        move up or down, at random, by ``size`` standard deviations of the noise.
    shape : {"linear", "sine", "step"}
        Over the sample from 0 to 1; from 0 to 1 and back; 0 in the first half and 1 after.
    size : float
        Above 0, and at most 2 for weights (which turns their signs).

    Examples
    --------
    >>> Drift("mean", "step", size=3.0).shape
    'step'
    """

    on: str = "weights"
    shape: str = "linear"
    size: float = 0.5

    def __post_init__(self) -> None:
        check_choice("drift.on", self.on, DRIFTING)
        check_choice("drift.shape", self.shape, SHAPES)
        most = 2 if self.on == "weights" else 1e6
        if not 0 < self.size <= most:
            raise OptionError(f"drift.size={self.size}: expected more than 0, at most {most:g}.")


def check_choice(name: str, got: object, choices: Sequence[str]) -> None:
    """Refuse a value that is not among the choices."""
    if got not in choices:
        raise OptionError.from_choice(name, got, choices)


def check_count(name: str, got: object, least: int) -> None:
    """Refuse what is no whole number, or too small."""
    if isinstance(got, bool) or not isinstance(got, int) or got < least:
        raise OptionError(f"{name}={got!r}: expected a whole number, at least {least}.")


def check_range(name: str, got: object, low: float, high: float) -> None:
    """Refuse what is no number from ``low`` to below ``high``."""
    if isinstance(got, bool) or not isinstance(got, int | float) or not low <= got < high:
        raise OptionError(f"{name}={got!r}: expected a number from {low:g} to below {high:g}.")


def known_settings(kind: type, what: str, payload: object) -> dict[str, Any]:
    """Give a table of settings, refusing names that the class does not have."""
    if not isinstance(payload, Mapping):
        raise OptionError(f"{what}={payload!r}: expected a table of settings.")
    names = list(kind.__dataclass_fields__)  # type: ignore[attr-defined]
    for name in payload:
        if name not in names:
            raise NameNotFoundError.from_names(what, name, names)
    return dict(payload)


def rows_of(what: str, rows: object) -> Sequence[Mapping[str, Any]]:
    """Give a list of tables."""
    if isinstance(rows, list | tuple) and all(isinstance(row, Mapping) for row in rows):
        return rows
    raise OptionError(f"{what}={rows!r}: write [[{what}]] before each table.")


def read_action(name: str, what: Any) -> Any:
    """Read a number, an intervention, or a table with ``set`` or ``shift``."""
    if not isinstance(what, Mapping):
        return what
    for key in what:
        if key not in ACTIONS:
            raise NameNotFoundError.from_names(
                f"key of an intervention on {name!r}:", key, ACTIONS
            )
    if ("set" in what) == ("shift" in what):
        raise OptionError(f"intervention on {name!r}: give either set or shift, as {{ set = 1 }}.")
    window = pair_of("window", what["window"]) if "window" in what else None
    return (
        Set(what["set"], window=window) if "set" in what else Shift(what["shift"], window=window)
    )


def pair_of(what: str, values: Any) -> tuple[Any, Any]:
    """Give two values, or refuse."""
    if not isinstance(values, list | tuple) or len(values) != 2:
        raise OptionError(f"{what}={values!r}: expected two numbers, as [0, 1].")
    return values[0], values[1]


def plain_action(action: Intervention) -> Any:
    """Write what :func:`read_action` reads."""
    if isinstance(action, Set):
        content: dict[str, Any] = {"set": action.value}
    elif isinstance(action, Shift):
        content = {"shift": action.by}
    else:
        raise FormatError(f"a {type(action).__name__} holds a Python function; use Set or Shift.")
    return content if action.window is None else {**content, "window": list(action.window)}
