"""The one seam to joblib: ordered maps over tasks, and progress."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from causalsim.errors import InterruptedRunError, OptionError

__all__ = ["Progress", "check_n_jobs", "check_progress", "interruptible", "parallel_map"]

_SHORT = 1_000_000
Progress = Callable[[int, int, str], None]
Item = TypeVar("Item")
Result = TypeVar("Result")


def check_n_jobs(n_jobs: int) -> int:
    """Validate a number of workers: positive, or negative to count back from all cores."""
    if type(n_jobs) is not int or n_jobs == 0:
        raise OptionError(f"n_jobs={n_jobs!r}: expected a positive integer, or -1 for all cores.")
    return n_jobs


def _quiet(done: int, total: int, message: str) -> None:
    """Show nothing."""


class _Line:
    """A progress line on stderr, rewritten at most ten times a second."""

    def __init__(self) -> None:
        self._last = 0.0

    def __call__(self, done: int, total: int, message: str) -> None:
        now = time.monotonic()
        finished = done >= total
        if not finished and now - self._last < 0.1:
            return
        self._last = now
        end = "\n" if finished else ""
        start = "\r" if sys.stderr.isatty() else ""
        if start or finished:
            sys.stderr.write(f"{start}{message}: {done}/{total}{end}")
            sys.stderr.flush()


def check_progress(progress: bool | Progress) -> Progress:
    """Turn ``progress`` (False, True or a callable(done, total, message)) into a callable.

    >>> check_progress(False)(1, 2, "levels")
    """
    if callable(progress):
        return progress
    return _Line() if progress else _quiet


def interruptible(kernel: Callable[..., Result], *arguments: Any, steps: float) -> Result:
    """Run a compiled kernel so that Ctrl-C stops it.

    Compiled code does not look for signals. With many ``steps`` to go it runs in a thread of
    its own, without the GIL, and gets one more argument: a flag of shape (1,) that it must look
    at and return early.

    >>> interruptible(lambda x, stop: x + int(stop[0]), 2, steps=10)
    2
    """
    import threading

    import numpy as np

    stop = np.zeros(1, np.bool_)
    if steps < _SHORT:
        try:
            return kernel(*arguments, stop)
        except SystemError as error:
            if isinstance(error.__cause__, KeyboardInterrupt):
                raise KeyboardInterrupt from error
            raise
    outcome: list[Result] = []
    failure: list[BaseException] = []
    done = threading.Event()

    def run() -> None:
        try:
            outcome.append(kernel(*arguments, stop))
        except BaseException as error:  # noqa: BLE001  -- raised again below
            failure.append(error)
        finally:
            done.set()

    threading.Thread(target=run, daemon=True).start()
    try:
        while not done.wait(0.5):
            pass
    except KeyboardInterrupt:
        stop[0] = True
        done.wait()
        raise
    if failure:
        raise failure[0]
    return outcome[0]


def parallel_map(
    function: Callable[..., Result],
    tasks: Sequence[Iterable[Any]],
    *,
    n_jobs: int = 1,
    progress: bool | Progress = False,
    message: str = "tasks",
) -> list[Result]:
    """Apply ``function(*task)`` to every task, in order, serially or through joblib.

    The result does not depend on ``n_jobs``: a task carries its own random stream. Workers use
    one BLAS thread each. A cluster is chosen by the user with ``joblib.parallel_config``.

    Raises
    ------
    InterruptedRunError
        On Ctrl-C; ``.partial`` is the list of results so far.

    >>> parallel_map(pow, [(2, 3), (3, 2)])
    [8, 9]
    """
    report = check_progress(progress)
    results: list[Result] = []
    if check_n_jobs(n_jobs) == 1:
        stream: Iterable[Result] = (function(*task) for task in tasks)
    else:
        import joblib

        backend, _ = joblib.parallel.get_active_backend()
        local = type(backend).__name__ == "LokyBackend"
        own = {"backend": "loky", "inner_max_num_threads": 1} if local else {}
        with joblib.parallel_config(**own):
            stream = joblib.Parallel(n_jobs=n_jobs, return_as="generator")(
                joblib.delayed(function)(*task) for task in tasks
            )
    try:
        for result in stream:
            results.append(result)
            report(len(results), len(tasks), message)
    except KeyboardInterrupt as error:
        raise InterruptedRunError(
            f"interrupted after {len(results)} of {len(tasks)} {message}; "
            "error.partial holds their results.",
            results,
        ) from error
    return results
