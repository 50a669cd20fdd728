"""The one seam to joblib: ordered maps over tasks, and progress."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Generic, TypeVar, final
from uuid import uuid4

from causalsim.errors import InterruptedRunError, OptionError

__all__ = [
    "Lasting",
    "Progress",
    "check_n_jobs",
    "check_progress",
    "interruptible",
    "parallel_map",
    "stream",
]

_SHORT = 1_000_000
_PATIENCE = 2.0
Progress = Callable[[int, int, str], None]
Result = TypeVar("Result")
Value = TypeVar("Value")


def check_n_jobs(n_jobs: int) -> int:
    """Validate a number of workers: positive, or negative to count back from all cores."""
    if type(n_jobs) is not int or n_jobs == 0:
        raise OptionError(f"n_jobs={n_jobs!r}: expected a positive integer, or -1 for all cores.")
    return n_jobs


def _quiet(done: int, total: int, message: str) -> None:
    """Show nothing."""


class _Line:
    """A progress line on stderr, rewritten at most ten times a second.

    Its clock starts anew with each message; after two seconds it tells what is left at this pace.
    """

    def __init__(self) -> None:
        self._seen = self._began = time.monotonic()
        self._written, self._width = 0.0, 0
        self._message = ""

    def __call__(self, done: int, total: int, message: str) -> None:
        now = time.monotonic()
        if message != self._message:
            self._message, self._began = message, self._seen
        self._seen = now
        finished = done >= total
        if finished or now - self._written >= 0.1:
            self._written = now
            self._write(f"{message}: {done}/{total}{self._left(done, total)}", finished)

    def _left(self, done: int, total: int) -> str:
        spent = self._seen - self._began
        if done == 0 or done >= total or spent < _PATIENCE:
            return ""
        return f", about {_duration(spent * (total - done) / done)} left"

    def _write(self, text: str, finished: bool) -> None:
        live = sys.stderr.isatty()
        if live or finished:
            line = f"\r{text.ljust(self._width)}" if live else text
            sys.stderr.write(line + "\n" * finished)
            sys.stderr.flush()
            self._width = 0 if finished else len(text)


def _duration(seconds: float) -> str:
    """Write a duration in one rounded number.

    >>> _duration(40.2), _duration(130), _duration(9000)
    ('40 s', '2 min', '2.5 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


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


@final
@dataclass(frozen=True)
class Lasting(Generic[Value]):
    """A value that a worker keeps from task to task, with whatever it has remembered meanwhile.

    A worker gets a new copy with each task and goes on with the first; it holds one value.

    Parameters
    ----------
    value : object
    token : str
        Tells copies of one value from other values.

    Examples
    --------
    >>> first = Lasting([])
    >>> copy = Lasting([], first.token)
    >>> first.kept() is copy.kept()
    True
    """

    value: Value = field(compare=False)
    token: str = field(default_factory=lambda: uuid4().hex)

    def kept(self) -> Value:
        """Give the value of the first copy that came to this process.

        Returns
        -------
        object
        """
        first: Value = _first(self).value
        return first


@lru_cache(maxsize=1)
def _first(copy: Lasting[Any]) -> Lasting[Any]:
    return copy


def stream(
    function: Callable[..., Result], tasks: Iterable[Iterable[Any]], n_jobs: int = 1
) -> Iterator[Result]:
    """Give ``function(*task)`` for every task, in order and as it comes; see `parallel_map`.

    >>> list(stream(pow, [(2, 3), (3, 2)]))
    [8, 9]
    """
    if check_n_jobs(n_jobs) == 1:
        return (function(*task) for task in tasks)
    import joblib

    _let_workers_retire()
    backend, _ = joblib.parallel.get_active_backend()
    local = type(backend).__name__ == "LokyBackend"
    own = {"backend": "loky", "inner_max_num_threads": 1} if local else {}
    with joblib.parallel_config(**own):
        results: Generator[Result, None, None] = joblib.Parallel(
            n_jobs=n_jobs, return_as="generator"
        )(joblib.delayed(function)(*task) for task in tasks)
    return _until_closed(results)


def _let_workers_retire() -> None:
    """Keep a warning a warning: as an error it kills the thread that hands out the results.

    loky gives it when a worker is replaced, for its memory or after a long rest.
    """
    import warnings

    warnings.filterwarnings("default", "A worker stopped while some jobs", UserWarning)


def _until_closed(results: Generator[Result, None, None]) -> Iterator[Result]:
    """Pass results on; if the caller stops early, cancel the rest without joblib's warning."""
    import warnings

    try:
        for result in results:  # noqa: UP028  -- `yield from` would close it too early
            yield result
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            results.close()


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
    try:
        for result in stream(function, tasks, n_jobs):
            results.append(result)
            report(len(results), len(tasks), message)
    except KeyboardInterrupt as error:
        raise InterruptedRunError(
            f"interrupted after {len(results)} of {len(tasks)} {message}; "
            "error.partial holds their results.",
            results,
        ) from error
    return results
