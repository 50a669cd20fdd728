"""The table before any decision: numbers or level codes, and where each column came from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from causalsim.errors import DataError, listing

__all__ = [
    "CLEARLY_CONTINUOUS",
    "Floats",
    "Origin",
    "Raw",
    "as_number",
    "encode",
    "ordered",
    "unique_names",
]

Floats = NDArray[np.float64]

CLEARLY_CONTINUOUS = 20

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class Origin(Enum):
    """How a column was stored where it came from; whole are floats with holes but no fractions."""

    FLOAT = auto()
    WHOLE = auto()
    INTEGER = auto()
    BOOLEAN = auto()
    LABEL = auto()
    CATEGORY = auto()
    TIME = auto()


@final
@dataclass(frozen=True, eq=False)
class Raw:
    """Columns as they came; label columns hold codes into ``levels``, missing values are NaN."""

    names: tuple[str, ...]
    values: Floats
    origins: tuple[Origin, ...]
    levels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def unique_names(labels: Sequence[Any]) -> tuple[str, ...]:
    """Turn column labels into distinct strings, or name those that clash."""
    names = tuple(str(label) for label in labels)
    unprintable = [name for name in names if _CONTROL.search(name)]
    if unprintable:
        raise DataError(
            f"column names hold line breaks or control characters: {listing(unprintable)}. "
            f"Rename these columns."
        )
    if len(set(names)) < len(names):
        twice = [name for i, name in enumerate(names) if name in names[:i]]
        raise DataError(
            f"column names must be distinct as text; more than once: "
            f"{listing(dict.fromkeys(twice))}. Rename these columns."
        )
    return names


def as_number(text: str) -> float | None:
    """Read a finite number, or give None."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if np.isfinite(number) and "_" not in text else None


def ordered(labels: Sequence[str]) -> list[int]:
    """Give the order of labels: by value if all are numbers, else by text."""
    numbers = [as_number(label) for label in labels]
    if any(number is None for number in numbers):
        numbers = [0.0] * len(labels)
    keys = list(zip(numbers, labels, strict=True))
    return sorted(range(len(labels)), key=keys.__getitem__)


def encode(labels: NDArray[Any], missing: NDArray[np.bool_]) -> tuple[Floats, tuple[str, ...]]:
    """Give codes of the labels (NaN where missing) and the text that each code stands for."""
    number: dict[str, int] = {}
    codes = np.full(len(labels), np.nan)
    codes[~missing] = [number.setdefault(str(x), len(number)) for x in labels[~missing]]
    return codes, tuple(number)
