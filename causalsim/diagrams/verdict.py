"""Answers that are true or false, with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

__all__ = ["Verdict"]


@final
@dataclass(frozen=True)
class Verdict:
    """Whether a criterion holds; true or false in an ``if``.

    Parameters
    ----------
    reason : str
        Why it does not hold; empty if it does.

    Examples
    --------
    >>> bool(Verdict()), bool(Verdict("'Z' is a descendant of 'X'"))
    (True, False)
    """

    reason: str = ""

    def __bool__(self) -> bool:
        return not self.reason
