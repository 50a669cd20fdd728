"""Errors about data that advise only what the chosen test will not refuse in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from causalsim.data import Kind
from causalsim.errors import CausalSimError, DataError

if TYPE_CHECKING:
    from causalsim.citest import CITest
    from causalsim.data import Table

__all__ = ["takes", "workable"]

ADVICE: Mapping[str, Mapping[str, str]] = {
    ", or missing='testwise' to leave them to each test": {"missing": "testwise"},
    " or 'testwise'": {"missing": "testwise"},
    " or degenerate='keep'": {"degenerate": "keep"},
}


@contextmanager
def workable(accepted: Callable[..., bool]) -> Iterator[None]:
    """Leave out of an error's advice what would be refused.

    Parameters
    ----------
    accepted : callable
        Tells whether data read with ``missing=`` or ``degenerate=`` as advised are taken.
    """
    try:
        yield
    except DataError as error:
        text = str(error)
        for advice, reading in ADVICE.items():
            if advice in text and not accepted(**reading):
                text = text.replace(advice, "")
        raise DataError(text) from error


def takes(spec: CITest, read: Callable[[], Table]) -> bool:
    """Tell whether a test can be bound to a table; times are no part of it."""
    from causalsim.citest import Auto

    try:
        table = read()
        pairs = zip(table.names, table.kinds, strict=True)
        table = table.select([name for name, kind in pairs if kind is not Kind.TIME])
        (spec.choose(table).spec if isinstance(spec, Auto) else spec).bind(table)
    except CausalSimError:
        return False
    return True
