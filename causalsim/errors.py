"""Errors that say what was got, what was expected, and what to write instead.

Every error derives from :class:`CausalSimError` and from the built-in class that a caller
would guess (``ValueError``, ``KeyError``, ...), so either can be caught. Named constructors
build the messages that occur in more than one place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Self

__all__ = [
    "CausalSimError",
    "CycleError",
    "DataError",
    "DivergenceError",
    "FitWarning",
    "FormatError",
    "GraphError",
    "InterruptedRunError",
    "KnowledgeError",
    "LimitError",
    "MissingExtraError",
    "NameNotFoundError",
    "NotAClassError",
    "NotIdentifiableError",
    "OptionError",
    "PositivityError",
]


def nearest(name: str, available: Iterable[str]) -> str:
    """Give a hint with the closest existing name, or an empty string.

    >>> nearest("pka", ["PKA", "PKC"])
    " Did you mean 'PKA'?"
    """
    from difflib import get_close_matches

    names = {str(a).casefold(): str(a) for a in available}
    hits = get_close_matches(str(name).casefold(), names, n=1, cutoff=0.6)
    return f" Did you mean {names[hits[0]]!r}?" if hits else ""


def listing(names: Iterable[Any], limit: int = 12) -> str:
    """Write names for a message, cut after ``limit``.

    >>> listing(["a", "b", "c"], limit=2)
    "'a', 'b', ... (3 in all)"
    """
    all_names = [repr(name) for name in names]
    if len(all_names) <= limit:
        return ", ".join(all_names)
    return ", ".join(all_names[:limit]) + f", ... ({len(all_names)} in all)"


class CausalSimError(Exception):
    """Base of every error raised on purpose by causalsim."""


class DataError(CausalSimError, ValueError):
    """The data cannot be used as given."""


class DivergenceError(CausalSimError, ArithmeticError):
    """A simulation grew beyond all numbers."""


class FitWarning(UserWarning):
    """A model was fitted, but there is a reason not to trust it; ``model.notes`` tells it too."""


class FormatError(CausalSimError, ValueError):
    """A text, file or matrix does not follow the format it should have."""


class GraphError(CausalSimError, ValueError):
    """The graph breaks a rule of its kind."""


class CycleError(GraphError):
    """A graph that must be acyclic has a directed cycle."""

    @classmethod
    def from_cycle(cls, cycle: Sequence[str]) -> Self:
        """Build the message from the nodes of a cycle, without repeating the first."""
        walk = " --> ".join([*cycle, cycle[0]])
        return cls(f"directed cycle: {walk}. Remove or turn one of these edges.")


class NotAClassError(GraphError):
    """A partially directed graph stands for no Markov equivalence class."""


class NotIdentifiableError(CausalSimError, ValueError):
    """The graph and the observational law do not determine the quantity asked for."""


class PositivityError(DataError):
    """A conditional probability is needed on cells that have probability zero."""


class KnowledgeError(CausalSimError, ValueError):
    """Background knowledge contradicts itself or the variables."""


class OptionError(CausalSimError, ValueError):
    """An option has a value that the function does not know."""

    @classmethod
    def from_choice(cls, option: str, got: object, choices: Iterable[str]) -> Self:
        """Build the message for an option with a fixed set of values."""
        known = list(choices)
        return cls(
            f"{option}={got!r} is unknown; expected one of {listing(known, 30)}."
            f"{nearest(str(got), known)}"
        )


class NameNotFoundError(CausalSimError, KeyError):
    """A node, column, test or data set of that name does not exist."""

    @classmethod
    def from_names(cls, what: str, got: object, available: Iterable[str]) -> Self:
        """Build the message with the names that exist and the nearest one.

        >>> print(NameNotFoundError.from_names("changing module", "X", ()))
        no changing module 'X'. Known: none.
        """
        known = [str(name) for name in available]
        there = listing(known) if known else "none"
        return cls(f"no {what} {got!r}. Known: {there}.{nearest(str(got), known)}")

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class LimitError(CausalSimError, ValueError):
    """An enumeration is larger than the limit the caller set."""


class MissingExtraError(CausalSimError, ImportError):
    """An optional package is needed and not installed."""

    @classmethod
    def from_extra(cls, package: str, extra: str, purpose: str) -> Self:
        """Build the message with the exact install command."""
        return cls(
            f"{purpose} needs {package}, which is not installed. "
            f"Install it with: pip install 'causalsim[{extra}]'"
        )


class InterruptedRunError(CausalSimError, KeyboardInterrupt):
    """A long run was interrupted; what was finished is in ``partial``."""

    def __init__(self, message: str, partial: object = None) -> None:
        super().__init__(message)
        self.partial = partial
