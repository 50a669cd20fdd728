"""Dates and times written as text, read as seconds since 1970-01-01 UTC."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np

from causalsim.errors import DataError

__all__ = ["WRITTEN", "as_seconds", "refuse_mixed_zones"]

WRITTEN = "YYYY-MM-DD or YYYY-MM-DD HH:MM:SS"

_ISO = re.compile(
    r"(?P<local>\d{4}(-\d\d(-\d\d(?P<clock>[T ]\d\d(:\d\d(:\d\d(\.\d{1,9})?)?)?)?)?)?)"
    r"(?(clock) ?(?P<zone>Z|[+-]\d\d(:?\d\d)?)?)"
)


def as_seconds(text: str) -> float | None:
    """Read a date of ISO 8601, or give None; without a zone it counts as UTC.

    >>> as_seconds("1970-01-02"), as_seconds("1970-01-01 02:00+01:00"), as_seconds("1.1.1970")
    (86400.0, 3600.0, None)
    """
    found = _ISO.fullmatch(text.strip())
    if found is None:
        return None
    try:
        local = np.datetime64(found["local"], "us").astype(np.int64)
    except ValueError:
        return None
    return float(local) / 1e6 - _offset(found["zone"])


def _offset(zone: str | None) -> int:
    """Give the seconds by which a zone is ahead of UTC."""
    if zone in {None, "Z"}:
        return 0
    digits = zone[1:].replace(":", "").ljust(4, "0")
    return int(f"{zone[0]}1") * (int(digits[:2]) * 3600 + int(digits[2:]) * 60)


def refuse_mixed_zones(name: str, texts: Iterable[str]) -> None:
    """Refuse a column in which some times have a zone and others none."""
    first: dict[bool, str] = {}
    for text in texts:
        found = _ISO.fullmatch(text.strip())
        if found is not None:
            first.setdefault(found["zone"] is not None, text)
    if len(first) == 2:
        raise DataError(
            f"column {name!r} mixes times with a zone ({first[True]!r}) and without "
            f"({first[False]!r}), which cannot be compared; write a zone in all rows, or in none."
        )
