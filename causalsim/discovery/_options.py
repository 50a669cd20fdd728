"""Checks of the options that searches share."""

from __future__ import annotations

import numpy as np

from causalsim.discovery._colliders import RULES
from causalsim.discovery._orientation import POLICIES
from causalsim.errors import OptionError

__all__ = [
    "as_whole",
    "check_counts",
    "check_levels",
    "check_options",
    "check_record",
    "check_rules",
]


def check_levels(*, optional: bool = False, **levels: object) -> None:
    """Refuse what is no number between 0 and 1, nor None where that is allowed."""
    for name, value in levels.items():
        if optional and value is None:
            continue
        if not (isinstance(value, float | np.floating) and 0 < value < 1):
            rest = ", or None" if optional else ""
            hint = f" Write {name}=None to choose it." if optional and value == "auto" else ""
            raise OptionError(f"{name}={value!r}: expected a number between 0 and 1{rest}.{hint}")


def as_whole(value: object) -> int:
    """Read a whole number; -1 for what is none.

    >>> as_whole(np.int64(3)), as_whole(True), as_whole(2.0)
    (3, -1, -1)
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        return -1
    return int(value)


def check_counts(**counts: object) -> None:
    """Refuse what is neither a non-negative integer nor None."""
    for name, value in counts.items():
        if value is not None and as_whole(value) < 0:
            raise OptionError(f"{name}={value!r}: expected a non-negative integer, or None.")


def check_record(record: str) -> None:
    """Refuse an unknown way to keep tests."""
    if record not in ("decisive", "all"):
        raise OptionError.from_choice("record", record, ("decisive", "all"))


def check_rules(sepset: str, conflict: str) -> None:
    """Refuse unknown collider rules and conflict policies."""
    for name, got, choices in (("sepset", sepset, RULES), ("conflict", conflict, POLICIES)):
        if got not in choices:
            raise OptionError.from_choice(name, got, choices)


def check_options(
    alpha: object, sepset: str, conflict: str, max_cond: object, record: str, fdr: object
) -> None:
    """Check what PC and CD-NOD share."""
    check_levels(optional=True, alpha=alpha, fdr=fdr)
    check_counts(max_cond=max_cond)
    check_rules(sepset, conflict)
    check_record(record)
