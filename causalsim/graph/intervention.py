"""What can be done to a variable; parsed once, for every engine.

>>> interventions({"X": 1}, Y=Shift(0.5))
{'X': Set(value=1), 'Y': Shift(by=0.5)}
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, final

from causalsim.errors import NameNotFoundError, OptionError

__all__ = ["Intervention", "Policy", "Replace", "Set", "Shift", "Window", "interventions"]

Window = tuple[int | None, int | None] | None


def _check_window(window: Window) -> None:
    if window is None:
        return
    start, stop = window
    if start is not None and stop is not None and start >= stop:
        raise OptionError(f"window={window}: starts at or after its end; write (start, stop).")


@dataclass(frozen=True)
class Intervention:
    """What is done to one variable; abstract.

    Parameters
    ----------
    window : (start, stop), optional
        Time steps during which it acts, ``stop`` excluded, ``None`` for an open end. By
        default always. Static models ignore time and refuse a window.
    """

    window: Window = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        _check_window(self.window)

    def active(self, step: int) -> bool:
        """Tell whether the intervention acts at a time step.

        >>> Set(1, window=(2, 4)).active(3), Set(1, window=(2, 4)).active(4)
        (True, False)
        """
        start, stop = self.window or (None, None)
        return (start is None or step >= start) and (stop is None or step < stop)

    def __repr__(self) -> str:
        fields = [name for name in self.__dataclass_fields__ if name != "window"]
        parts = [f"{name}={getattr(self, name)!r}" for name in fields]
        if self.window is not None:
            parts.append(f"window={self.window!r}")
        return f"{type(self).__name__}({', '.join(parts)})"


@final
@dataclass(frozen=True, repr=False)
class Set(Intervention):
    """Hold the variable at ``value``: a number, a state, or an array of one value per step."""

    value: Any


@final
@dataclass(frozen=True, repr=False)
class Shift(Intervention):
    """Add ``by`` to what the variable would have been."""

    by: float


@final
@dataclass(frozen=True, repr=False)
class Replace(Intervention):
    """Draw the variable anew, without its parents: ``sampler(n, rng) -> array of shape (n,)``."""

    sampler: Callable[[int, Any], Any]


@final
@dataclass(frozen=True, repr=False)
class Policy(Intervention):
    """Let the variable follow ``rule(values) -> array``, with ``values`` by name.

    A static rule sees the variables that come before it; a temporal rule sees the last step.
    """

    rule: Callable[[Mapping[str, Any]], Any]


def interventions(
    values: Mapping[str, Any] | None = None,
    /,
    *,
    known: Iterable[str] | None = None,
    **named: Any,
) -> dict[str, Intervention]:
    """Read ``do={"X": 1}`` or ``X=1``; a plain value means :class:`Set`.

    Parameters
    ----------
    values : mapping of str to value or Intervention, optional
        For names that are no Python identifiers.
    known : iterable of str, optional
        Names that exist; others are refused.
    **named
        The same by keyword.

    Raises
    ------
    OptionError
        If a variable is named twice or ``values`` is no mapping.
    NameNotFoundError
        If a variable does not exist.
    """
    if values is not None and not isinstance(values, Mapping):
        raise OptionError(f"do={values!r}: expected a mapping; write do={{'X': 1}}.")
    first = dict(values or {})
    twice = first.keys() & named.keys()
    if twice:
        raise OptionError(f"{min(twice)!r} is intervened on twice; give it once.")
    merged = {**first, **named}
    if known is not None:
        names = list(known)
        for name in merged:
            if name not in names:
                raise NameNotFoundError.from_names("variable", name, names)
    return {
        name: value if isinstance(value, Intervention) else Set(value)
        for name, value in merged.items()
    }
