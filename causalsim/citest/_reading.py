"""Errors about data that advise only what the chosen test will not refuse in turn."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from causalsim.citest._base import BoundTest, CITest
from causalsim.data import Kind, Table, read_table
from causalsim.errors import CausalSimError, DataError

__all__ = ["read_for", "takes", "workable", "works"]

_CLAUSE = re.compile(r"(missing|degenerate)='(\w+)'(?: to [a-z ]+)?")
_ADVICE = re.compile(rf"(Choose|, or choose) {_CLAUSE.pattern}(?:,? or {_CLAUSE.pattern})*")
_PLAIN = {"Choose": "Drop those rows, or fill the values in", ", or choose": ""}
_THROUGH = {
    "Choose": "Read with causalsim.data.read_table and",
    ", or choose": ", or read with causalsim.data.read_table and",
}


@contextmanager
def workable(accepted: Callable[..., bool], *, itself: bool = True) -> Iterator[None]:
    """Leave out of an error's advice what would be refused.

    Parameters
    ----------
    accepted : callable
        Tells whether data read with ``missing=`` or ``degenerate=`` as advised are taken.
    itself : bool
        Whether the caller has these options; else they are those of ``read_table``.
    """
    try:
        yield
    except DataError as error:

        def kept(found: re.Match[str]) -> str:
            lead, clauses = found[1], _CLAUSE.finditer(found[0])
            fine = [clause[0] for clause in clauses if accepted(**{clause[1]: clause[2]})]
            opening = lead if itself else _THROUGH[lead]
            return f"{opening} {', or '.join(fine)}" if fine else _PLAIN[lead]

        text = _ADVICE.sub(kept, str(error))
        if text == str(error):
            raise
        raise DataError(text) from None


def works(attempt: Callable[[], object]) -> bool:
    """Tell whether something ends without one of our errors."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            attempt()
        except CausalSimError:
            return False
    return True


def takes(test: str | CITest | type[CITest] | BoundTest, read: Callable[[], Table]) -> bool:
    """Tell whether a test can be bound to a table; times are no part of it."""
    from causalsim.citest import Auto, get

    def attempt() -> None:
        table = read()
        pairs = zip(table.names, table.kinds, strict=True)
        table = table.select([name for name, kind in pairs if kind is not Kind.TIME])
        spec: Any = get(test) if isinstance(test, str) else test
        spec = spec() if isinstance(spec, type) else spec
        if not isinstance(spec, BoundTest):
            (spec.choose(table).spec if isinstance(spec, Auto) else spec).bind(table)

    return works(attempt)


def read_for(
    test: str | CITest | type[CITest] | BoundTest,
    data: Any,
    *,
    itself: bool = True,
    **reading: Any,
) -> Table:
    """Read a table for a test; see :func:`causalsim.data.read_table` for ``reading``."""

    def accepted(**change: str) -> bool:
        return takes(test, lambda: read_table(data, **{**reading, "degenerate": "drop", **change}))

    with workable(accepted, itself=itself):
        return read_table(data, **reading)
