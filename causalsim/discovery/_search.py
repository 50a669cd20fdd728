"""What every search over a table begins with: its rows, and a skeleton that can be interrupted."""

from __future__ import annotations

from typing import Any

from causalsim._parallel import Progress
from causalsim.citest import BoundTest, Oracle
from causalsim.citest._reading import read_for
from causalsim.data import Table
from causalsim.discovery._record import Record
from causalsim.discovery._skeleton import Policy, Skeleton, Tester, skeleton
from causalsim.errors import DataError, InterruptedRunError

__all__ = ["read_rows", "search"]


def read_rows(data: object, test: Any, **reading: Any) -> Table | None:
    """Read the data, unless the test brings its own."""
    if data is not None:
        return read_for(test, data, min_columns=2, **reading)
    if isinstance(test, BoundTest | Oracle):
        return None
    raise DataError("data=None goes only with a bound test or an oracle; give a DataFrame.")


def search(
    tester: Tester, policy: Policy, keep_all: bool = False, progress: bool | Progress = False
) -> Skeleton:
    """Search for the skeleton; an interruption carries what was found."""
    found = Skeleton(policy.start.copy(), Record(len(tester.test.names), keep_all=keep_all))
    try:
        return skeleton(tester, policy, found, progress)
    except KeyboardInterrupt as error:
        at = f"at conditioning sets of {found.depth} after {found.record.n_tests} tests"
        if found.record.n_tests == 0:
            at = "before the first test"
        raise InterruptedRunError(
            f"interrupted {at}; error.partial holds the skeleton so far.", found
        ) from error
