"""CPU seconds, warm and cold, and the machine they were taken on.

CPU time is used throughout, because other work on a machine stretches the clock on the wall.
Warm means: in a running interpreter, everything imported and compiled, on data seen for the
first time. Cold means: a fresh interpreter from its start to its end, imports included.
"""

from __future__ import annotations

import gc
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar

__all__ = ["cold", "machine", "single_thread", "warm"]

T = TypeVar("T")

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
PACKAGES = (
    *("causalsim", "numpy", "scipy", "pandas", "numba"),
    *("causal-learn", "tigramite", "antecedent", "scikit-learn"),
)


def single_thread() -> None:
    """Start this script again with one thread, unless it already has one."""
    if any(os.environ.get(name) != "1" for name in THREADS):
        os.environ.update(dict.fromkeys(THREADS, "1"))
        os.execv(sys.executable, [sys.executable, *sys.argv])  # noqa: S606  -- our own command


def warm(run: Callable[[], T], budget: float = 0.3, most: int = 25) -> tuple[float, T]:
    """Give the median CPU seconds of a call, and its last result.

    The call is repeated until ``budget`` seconds are spent. The garbage collector runs as it
    does for a user, from a clean start.
    """
    taken: list[float] = []
    gc.collect()
    while True:
        start = time.process_time()
        result = run()
        taken.append(time.process_time() - start)
        if sum(taken) >= budget or len(taken) >= most:
            return statistics.median(taken), result


def cold(
    code: str, arguments: tuple[str, ...] = (), environment: Mapping[str, str] | None = None
) -> float:
    """Give user and system seconds of a fresh interpreter that runs ``code``."""
    command = [sys.executable, "-c", code, *arguments]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, env={**os.environ, **(environment or {})})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def machine() -> dict[str, str]:
    """Describe processor, BLAS, versions and date."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "processor": f"{_processor()}, {os.cpu_count()} cores, one thread used",
        "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "BLAS": _blas(),
        "versions": ", ".join(f"{name} {_version(name)}" for name in PACKAGES),
    }


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    values = {key.strip(): value.strip() for key, value in fields.items()}
    if "model name" not in values:
        return platform.processor()
    numbers = (f"{key} {values[key]}" for key in ("cpu family", "model") if key in values)
    return f"{values['model name']} ({', '.join(numbers)})"


def _blas() -> str:
    """Name the BLAS kernels in use, and the variable that may have forced them."""
    from threadpoolctl import threadpool_info  # type: ignore[import-untyped]

    pools: list[dict[str, Any]] = [p for p in threadpool_info() if p["user_api"] == "blas"]
    kernels = {f"{p['internal_api']} {p['version']} ({p.get('architecture', '?')})" for p in pools}
    forced = os.environ.get("OPENBLAS_CORETYPE")
    note = f"; forced by OPENBLAS_CORETYPE={forced}" if forced else ""
    return ", ".join(sorted(kernels)) + note


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"
