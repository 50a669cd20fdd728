"""The one seam to joblib: order, choice of back end, and interruption."""

from __future__ import annotations

import io
import pickle
import signal
import subprocess
import sys
import threading
import time

import joblib
import pytest

from causalsim._parallel import Lasting, check_progress, interruptible, parallel_map, stream
from causalsim.errors import InterruptedRunError, OptionError


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_results_come_in_the_order_of_tasks(n_jobs):
    tasks = [(base, 2) for base in range(20)]
    assert parallel_map(pow, tasks, n_jobs=n_jobs) == [base**2 for base in range(20)]


def test_a_back_end_chosen_by_the_user_is_kept():
    inside = []

    def where(_):
        inside.append(threading.current_thread() is not threading.main_thread())

    with joblib.parallel_config(backend="threading"):
        parallel_map(where, [(k,) for k in range(4)], n_jobs=2)
    assert inside == [True] * 4


def test_an_interruption_carries_the_results_so_far():
    def stop_at_two(k):
        if k == 2:
            raise KeyboardInterrupt
        return k

    with pytest.raises(InterruptedRunError, match="interrupted after 2 of 5 jobs") as caught:
        parallel_map(stop_at_two, [(k,) for k in range(5)], message="jobs")
    assert caught.value.partial == [0, 1]


def test_zero_workers_are_refused():
    with pytest.raises(OptionError, match="n_jobs=0: expected a positive integer"):
        parallel_map(pow, [(1, 1)], n_jobs=0)


@pytest.fixture
def heeds_ctrl_c():
    """A process started in the background of a script ignores Ctrl-C unless told otherwise."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeds_ctrl_c")
def test_ctrl_c_stops_a_long_kernel():
    seen = []

    def kernel(stop):
        while not stop[0]:
            time.sleep(0.01)
        seen.append("stopped")

    threading.Timer(0.1, signal.raise_signal, [signal.SIGINT]).start()
    with pytest.raises(KeyboardInterrupt, match="^$"):
        interruptible(kernel, steps=1e9)
    assert seen == ["stopped"]


def test_a_kernel_s_own_error_comes_through():
    def kernel(x, stop):
        raise ValueError(f"no {x}")

    for steps in (1, 1e9):
        with pytest.raises(ValueError, match="no luck"):
            interruptible(kernel, "luck", steps=steps)


def test_ctrl_c_inside_a_short_kernel_is_told_from_a_fault():
    def kernel(cause, stop):
        raise SystemError("exception set") from cause

    with pytest.raises(KeyboardInterrupt, match="^$"):
        interruptible(kernel, KeyboardInterrupt(), steps=1)
    with pytest.raises(SystemError, match="exception set"):
        interruptible(kernel, None, steps=1)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_stream_gives_each_result_before_the_last_is_due(n_jobs):
    results = stream(pow, [(2, k) for k in range(6)], n_jobs)
    assert next(results) == 1
    assert list(results) == [2, 4, 8, 16, 32]


def test_a_stream_that_is_left_early_cancels_the_rest_without_a_warning(recwarn):
    results = stream(time.sleep, [(0.01,) for _ in range(40)], 2)
    next(results)
    results.close()
    assert list(results) == []
    assert not recwarn.list


def test_a_lasting_value_is_the_first_of_its_copies():
    value = Lasting([1])
    copies = [pickle.loads(pickle.dumps(value)) for _ in range(2)]  # noqa: S301
    copies[0].kept().append(2)
    assert copies[1].kept() == [1, 2]
    assert Lasting([1]).kept() == [1]
    assert value.value == copies[1].value == [1]


def test_a_worker_that_retires_leaves_nobody_waiting(tmp_path):
    """A warning as an error in loky's thread would stop the results from coming, for ever."""
    pytest.importorskip("psutil", reason="without psutil loky does not look at memory")
    script = tmp_path / "leaking.py"
    script.write_text(
        "import builtins, time\n"
        "from causalsim._parallel import parallel_map\n"
        "def leak(k):\n"
        "    vars(builtins).setdefault('leaked', []).append(bytearray(400_000_000))\n"
        "    time.sleep(0.5)\n"
        "    return k\n"
        "if __name__ == '__main__':\n"
        "    print(parallel_map(leak, [(k,) for k in range(8)], n_jobs=2))\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", script],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert done.stdout == f"{list(range(8))}\n"
    assert "A worker stopped" in done.stderr


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    """A clock set by hand; 100 s at the start."""
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    return now


def told(monkeypatch, clock, steps, screen):
    """Report (second, done, total, message) and give what stands on the screen."""
    monkeypatch.setattr(sys, "stderr", screen)
    line = check_progress(True)
    for second, *step in steps:
        clock[0] = 100.0 + second
        line(*step)
    return screen.getvalue()


@pytest.mark.parametrize(
    ("second", "done", "total", "left"),
    [
        (1.9, 1, 100, ""),
        (2.0, 1, 11, ", about 20 s left"),
        (30, 1, 5, ", about 2 min left"),
        (3600, 1, 4, ", about 3.0 h left"),
        (30, 0, 5, ""),
    ],
)
def test_what_is_left_is_told_after_two_seconds(monkeypatch, clock, second, done, total, left):
    written = told(monkeypatch, clock, [(second, done, total, "runs")], Terminal())
    assert written == f"\rruns: {done}/{total}{left}"


def test_the_clock_starts_anew_with_each_message(monkeypatch, clock):
    steps = [(10, 4, 4, "level 0"), (11, 1, 5, "level 1"), (14, 2, 5, "level 1")]
    lines = told(monkeypatch, clock, steps, Terminal()).split("\r")
    assert lines[1:] == ["level 0: 4/4\n", "level 1: 1/5", "level 1: 2/5, about 6 s left"]


def test_a_shorter_line_wipes_the_longer_one(monkeypatch, clock):
    steps = [(10, 1, 2, "runs"), (20, 2, 2, "runs")]
    lines = told(monkeypatch, clock, steps, Terminal()).split("\r")
    assert lines[2] == "runs: 2/2".ljust(len(lines[1])) + "\n"


def test_a_file_gets_finished_lines_only(monkeypatch, clock):
    steps = [(10, 1, 2, "runs"), (20, 2, 2, "runs")]
    assert told(monkeypatch, clock, steps, io.StringIO()) == "runs: 2/2\n"
