"""The one seam to joblib: order, choice of back end, and interruption."""

from __future__ import annotations

import signal
import threading
import time

import joblib
import pytest

from causalsim._parallel import interruptible, parallel_map
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
